/* settle.h: the end of the way for values in error. */
#ifndef WEIR_EXEC_SETTLE_H
#define WEIR_EXEC_SETTLE_H

#include "exec/op/op.h"

/* At the root of a query without state: rows with a value in error are withheld, each with one
 * dead letter for the first of its columns. Returns b itself where there are none, else a copy in
 * the batch's scratch. Above state such values are faults, NULL already, and stay. */
const Batch *settle_errors(Op *op, const Batch *b);
/* OpClass.row_error of who does so. */
const RowError *settle_row_error(const Op *op, int port, const Batch *b, int row);

#endif
