/* settle.c: see settle.h. */
#include "exec/pipeline/settle.h"

static bool has_marks(const Batch *b)
{
    for (int c = 0; c < b->ncols; c++)
        if (b->cols[c].err && b->cols[c].err->n > 0) return true;
    return false;
}

static const RowError *first_error(const Batch *b, int row)
{
    for (int c = 0; c < b->ncols; c++)
        if (col_is_err(&b->cols[c], row)) return column_error(&b->cols[c], row);
    return NULL;
}

const RowError *settle_row_error(const Op *op, int port, const Batch *b, int row)
{
    (void)port;
    return op->plan->props.above_state ? NULL : first_error(b, row);
}

const Batch *settle_errors(Op *op, const Batch *b)
{
    if (op->plan->props.above_state || !has_marks(b)) return b;
    Arena *a = op->ctx->batch_scratch;
    uint16_t *sel = new_raw(a, uint16_t, BATCH_ROWS_MAX);
    int n = 0;
    for (int i = 0; i < batch_count(b); i++) {
        int row = batch_row(b, i);
        const RowError *e = first_error(b, row);
        if (e) op_row_error(op, b, row, e->code, e->message);
        else sel[n++] = (uint16_t)row;
    }
    Batch *kept = new_one(a, Batch);
    *kept = *b;
    kept->sel = sel;
    kept->nsel = n;
    return kept;
}
