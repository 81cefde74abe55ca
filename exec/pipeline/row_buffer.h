/* row_buffer.h: rows collected in columns over an epoch, copied out of the batches they came in. */
#ifndef WEIR_EXEC_ROW_BUFFER_H
#define WEIR_EXEC_ROW_BUFFER_H

#include "base/batch.h"

typedef struct RowFault {
    int64_t row;
    int32_t col;
    Status code;
    Str message;
} RowFault;

typedef struct RowBuffer {
    Arena *arena;       /* of the epoch */
    int32_t ncols;
    int64_t rows, cap;
    Column *cols;       /* data and valid for `cap` rows; valid always present */
    VEC(RowFault) faults;
} RowBuffer;

void row_buffer_init(RowBuffer *b, Arena *arena, const Type *types, int ncols);
/* Makes room for so many more. */
void row_buffer_reserve(RowBuffer *b, int64_t more);
/* Appends n rows of `from`, text included; returns the index of the first. */
int64_t row_buffer_append(RowBuffer *b, const Batch *from, const uint16_t *rows, int n);
/* Whether two rows hold the same values. */
bool row_buffer_eq(const RowBuffer *b, int64_t x, int64_t y);
/* The rows named, in that order, as dense columns; row -1 gives NULLs. Those of the
 * buffer itself where they are all of its rows as they stand: nothing may be appended any more. */
Column *row_buffer_gather(const RowBuffer *b, const int64_t *rows, int64_t n, Arena *a);

#endif
