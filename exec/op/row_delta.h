/* row_delta.h: changed rows on their way out: what comes and goes is added up, so that each row is
 * handed on once or not at all.
 *
 * A row is the encoding of one or two rows of columns (row_bytes.h), one after the other: what came
 * in and what was computed. */
#ifndef WEIR_EXEC_OP_ROW_DELTA_H
#define WEIR_EXEC_OP_ROW_DELTA_H

#include "exec/op/op.h"
#include "exec/op/row_bytes.h"

typedef struct DeltaRow {
    Str bytes;
    uint64_t hash;
    int64_t weight;
} DeltaRow;

typedef struct RowDelta {
    Op *op;
    const RowBytes *row, *more; /* more: NULL where there is nothing behind the row */
    Arena arena;                /* rows that wait, until row_delta_emit */
    VEC(DeltaRow) rows;
    uint32_t *slots;            /* row + 1, 0: empty; a power of two */
    int64_t nslots;
    Arena out_arena;            /* the batch being made */
    Column *cols;
    int32_t *weights;
    int32_t n, cap;
} RowDelta;

void row_delta_init(RowDelta *d, Op *op, const RowBytes *row, const RowBytes *more);
void row_delta_free(RowDelta *d);
/* The bytes are copied. */
void row_delta_add(RowDelta *d, Str bytes, int64_t weight);
/* Hands on what is left of the rows added: first what goes, then what comes, else as added. */
void row_delta_emit(RowDelta *d);
/* Hands on one row, past those that wait; the bytes must stay until row_delta_flush. */
void row_delta_put(RowDelta *d, Str bytes, int64_t weight);
/* Batches that are not full go out too. */
void row_delta_flush(RowDelta *d);

#endif
