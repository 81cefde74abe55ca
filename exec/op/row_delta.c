/* row_delta.c: a table of rows by their bytes. */
#include "exec/op/row_delta.h"
#include "base/hash.h"

enum { FIRST_BATCH = 64 };

void row_delta_init(RowDelta *d, Op *op, const RowBytes *row, const RowBytes *more)
{
    *d = (RowDelta){.op = op, .row = row, .more = more, .cap = FIRST_BATCH};
}

void row_delta_free(RowDelta *d)
{
    arena_free(&d->arena);
    arena_free(&d->out_arena);
}

static uint32_t *slot_of(const RowDelta *d, Str bytes, uint64_t hash)
{
    uint64_t mask = (uint64_t)d->nslots - 1;
    for (uint64_t at = hash & mask;; at = (at + 1) & mask) {
        uint32_t *slot = &d->slots[at];
        if (!*slot) return slot;
        const DeltaRow *r = &d->rows.data[*slot - 1];
        if (r->hash == hash && str_eq(r->bytes, bytes)) return slot;
    }
}

static void slots_grow(RowDelta *d)
{
    d->nslots = d->nslots ? d->nslots * 2 : 16;
    d->slots = new (&d->arena, uint32_t, d->nslots);
    for (ptrdiff_t i = 0; i < d->rows.len; i++)
        *slot_of(d, d->rows.data[i].bytes, d->rows.data[i].hash) = (uint32_t)i + 1;
}

void row_delta_add(RowDelta *d, Str bytes, int64_t weight)
{
    if (d->rows.len * 2 >= d->nslots) slots_grow(d);
    uint64_t hash = hash_bytes(bytes.p, bytes.n);
    uint32_t *slot = slot_of(d, bytes, hash);
    if (*slot) {
        d->rows.data[*slot - 1].weight += weight;
        return;
    }
    vec_push(&d->rows, &d->arena, (DeltaRow){str_dup(&d->arena, bytes), hash, weight});
    *slot = (uint32_t)d->rows.len;
}

static void batch_begin(RowDelta *d)
{
    const PhysOp *p = d->op->plan;
    arena_reset(&d->out_arena);
    d->cols = new (&d->out_arena, Column, p->nfields);
    for (int i = 0; i < p->nfields; i++) d->cols[i] = column_new(&d->out_arena, p->fields[i].type, d->cap);
    d->weights = new_raw(&d->out_arena, int32_t, d->cap);
}

void row_delta_flush(RowDelta *d)
{
    d->cap = FIRST_BATCH;
    if (d->n == 0) return;
    Batch b = {.rows = d->n, .ncols = d->op->plan->nfields, .cols = d->cols, .weights = d->weights,
               .judge_max = INT64_MIN};
    d->n = 0;
    op_emit(d->op, &b);
}

static void put_once(RowDelta *d, Str bytes, int32_t weight)
{
    if (d->n == 0) batch_begin(d);
    StrReader in = {.at = bytes.p, .end = bytes.p + bytes.n};
    row_bytes_decode(d->row, &in, d->cols, NULL, &d->out_arena, d->n);
    if (d->more) row_bytes_decode(d->more, &in, d->cols + d->row->layout.ncols, NULL, &d->out_arena, d->n);
    d->weights[d->n] = weight;
    if (++d->n < d->cap) return;
    row_delta_flush(d);
    d->cap = BATCH_ROWS_MAX;
}

void row_delta_put(RowDelta *d, Str bytes, int64_t weight)
{
    while (weight > INT32_MAX || weight < -INT32_MAX) {
        int32_t some = weight > 0 ? INT32_MAX : -INT32_MAX;
        put_once(d, bytes, some);
        weight -= some;
    }
    if (weight) put_once(d, bytes, (int32_t)weight);
}

void row_delta_emit(RowDelta *d)
{
    for (ptrdiff_t i = 0; i < d->rows.len; i++)
        if (d->rows.data[i].weight < 0) row_delta_put(d, d->rows.data[i].bytes, d->rows.data[i].weight);
    for (ptrdiff_t i = 0; i < d->rows.len; i++)
        if (d->rows.data[i].weight > 0) row_delta_put(d, d->rows.data[i].bytes, d->rows.data[i].weight);
    row_delta_flush(d);
    d->rows.data = NULL;
    d->rows.len = d->rows.cap = 0;
    d->slots = NULL;
    d->nslots = 0;
    arena_reset(&d->arena);
}
