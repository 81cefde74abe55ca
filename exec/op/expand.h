/* expand.h: rows of which one makes several: window table functions, UNNEST. */
#ifndef WEIR_EXEC_OP_EXPAND_H
#define WEIR_EXEC_OP_EXPAND_H

#include "base/batch.h"

/* Row rows[i] of b as row i, with its weight, judgement and position and ordinal[i] in place of its
 * own; room for `more` columns behind those of b. Text and marks are referred to. */
Batch batch_expand(const Batch *b, const int32_t *rows, uint32_t *ordinal, int n, int more, Arena *a);
/* Marks row i of `to` with the error that row rows[i] of `from` has, if any, for all i. */
void column_copy_errors(Column *to, const Column *from, const int32_t *rows, int n, Arena *a);

#endif
