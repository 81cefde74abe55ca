/* infer_file.h: CREATE STREAM s FROM 'path': the declaration that a file's first bytes suggest. */
#ifndef WEIR_EXEC_INFER_FILE_H
#define WEIR_EXEC_INFER_FILE_H

#include "base/catalog.h"

/* Fills rel's columns, options (connector, path, format and what the format needs) and watermark
 * from the first file of `path`, a path, folder or pattern relative to rel->base_dir. `given` are
 * the options the user wrote. WEIR_E_IO: it cannot be read; WEIR_E_DATA: nothing can be made of
 * it. */
Status infer_file(const Registry *r, Str path, const Options *given, Relation *rel, Arena *a, Span at,
                  Diags *d);

#endif
