/* infer_formats.h: inference of the formats whose columns are in the data. */
#ifndef WEIR_EXEC_INFER_FORMATS_H
#define WEIR_EXEC_INFER_FORMATS_H

#include "exec/format/infer.h"
#include "exec/format/json_tree.h"

Status json_infer(Inference *inf, Diags *d);
Status csv_infer(Inference *inf, Diags *d);
Status tsv_infer(Inference *inf, Diags *d);

#endif
