/* agg_set.c: what all aggregates share is settled here, so that their loops see only rows that
 * count. */
#include "exec/agg/agg_set.h"
#include "exec/state/key_layout.h"

#include <assert.h>

static AggCtx slot_ctx(const AggSlot *slot, StateHeap *h, Arena *scratch)
{
    return (AggCtx){.call = slot->call, .heap = h, .scratch = scratch, .values = slot->values};
}

/* ---- making ----------------------------------------------------------------------------------- */

static bool call_is_row_count(const AggCall *c)
{
    return c->nargs == 0 && c->filter < 0 && !c->distinct && (c->def->flags & AGG_STAR);
}

static Status slot_new(const AggCall *call, AggSlot *slot, AggSet *s, Arena *a, Diags *d)
{
    const AggImpl *impl = agg_impl(call);
    *slot = (AggSlot){.call = call, .impl = impl, .offset = s->cell_size};
    if (!impl)
        return diag_error(d, WEIR_E_UNSUPPORTED, call->span, "\"%s\" is not built yet", call->def->name);
    slot->is_row_count = call_is_row_count(call);
    slot->is_ordered = (call->def->flags & AGG_ORDERED) != 0;
    if (slot->is_row_count) {
        slot->offset = 0;
        return WEIR_OK;
    }
    if (call->distinct && !impl->ignores_distinct) {
        KeyLayout *values = new_one(a, KeyLayout);
        *values = key_layout_new(a, call->arg_types, call->nargs);
        slot->values = values;
        slot->impl = &agg_distinct_impl;
    }
    s->cell_size += (slot->impl->state_size(call) + 7) & ~7;
    s->owns_heap |= slot->impl->destroy != NULL;
    return WEIR_OK;
}

Status agg_set_new(const AggCall *calls, int ncalls, Arena *a, AggSet *out, Diags *d)
{
    AggSet s = {.slots = new (a, AggSlot, ncalls), .n = ncalls, .cell_size = sizeof(int64_t)};
    for (int i = 0; i < ncalls; i++) TRY(slot_new(&calls[i], &s.slots[i], &s, a, d));
    *out = s;
    return WEIR_OK;
}

void agg_set_init(const AggSet *s, StateHeap *h, Arena *scratch, uint8_t *cell)
{
    for (int i = 0; i < s->n; i++) {
        const AggSlot *slot = &s->slots[i];
        if (slot->is_row_count || !slot->impl->init) continue;
        AggCtx c = slot_ctx(slot, h, scratch);
        slot->impl->init(&c, cell + slot->offset);
    }
}

bool agg_set_can_subtract(const AggSet *s)
{
    for (int i = 0; i < s->n; i++) {
        const AggSlot *slot = &s->slots[i];
        if (slot->is_row_count) continue;
        if (!(slot->call->def->flags & AGG_RETRACTABLE)) return false;
        if (slot->impl->keeps_best && !slot->call->input_retracts) return false;
    }
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------- */

static void add_rows(const Batch *b, const int32_t *rows, int n, uint8_t *const *cells)
{
    if (!b->weights)
        for (int i = 0; i < n; i++) ++*cell_rows(cells[i]);
    else
        for (int i = 0; i < n; i++) *cell_rows(cells[i]) += b->weights[rows[i]];
}

static inline bool filter_takes(const Column *filter, int row)
{
    return !filter || (!col_is_null(filter, row) && COL(uint8_t, filter)[col_at(filter, row)]);
}

/* Leaves the rows that the call counts: FILTER is true, the first argument is not NULL. */
static void narrow(const AggSlot *slot, const Batch *b, AggRows *in, Arena *scratch)
{
    const AggCall *call = slot->call;
    const Column *filter = call->filter >= 0 ? &b->cols[call->filter] : NULL;
    bool skips_nulls = call->nargs > 0 && !(call->def->flags & AGG_NULL_INPUT);
    const Column *arg = skips_nulls && in->args[0].valid ? &in->args[0] : NULL;
    if (!filter && !arg) return;
    int32_t *rows = new_raw(scratch, int32_t, in->n), n = 0;
    uint8_t **cells = new_raw(scratch, uint8_t *, in->n);
    for (int i = 0; i < in->n; i++) {
        int row = in->rows[i];
        if (!filter_takes(filter, row) || (arg && col_is_null(arg, row))) continue;
        rows[n] = row;
        cells[n++] = in->groups[i];
    }
    in->rows = rows;
    in->groups = cells;
    in->n = n;
}

static void step_slot(const AggSlot *slot, StateHeap *h, Arena *scratch, AggRows in)
{
    const AggCall *call = slot->call;
    Column *args = new (scratch, Column, call->nargs);
    for (int i = 0; i < call->nargs; i++) args[i] = in.batch->cols[call->args[i]];
    in.args = args;
    in.offset = slot->offset;
    narrow(slot, in.batch, &in, scratch);
    if (in.n == 0) return;
    if (slot->is_ordered) {
        Str *keys = new_raw(scratch, Str, in.n);
        agg_order_keys(call, in.batch, in.rows, in.n, keys, scratch);
        in.order_key = keys;
    }
    AggCtx c = slot_ctx(slot, h, scratch);
    slot->impl->step(&c, &in);
}

void agg_set_step(const AggSet *s, StateHeap *h, Arena *scratch, const Batch *b, const int32_t *rows,
                  int n, uint8_t *const *cells)
{
    add_rows(b, rows, n, cells);
    for (int i = 0; i < s->n; i++) {
        if (s->slots[i].is_row_count) continue;
        ArenaMark mark = arena_mark(scratch);
        step_slot(&s->slots[i], h, scratch, (AggRows){.batch = b, .rows = rows, .n = n, .groups = cells});
        arena_release(scratch, mark);
    }
}

/* ---- whole states ----------------------------------------------------------------------------- */

void agg_set_merge(const AggSet *s, StateHeap *h, Arena *scratch, uint8_t *dst, const uint8_t *src, int sign)
{
    assert(dst != src);
    *cell_rows(dst) += sign * cell_row_count(src);
    for (int i = 0; i < s->n; i++) {
        const AggSlot *slot = &s->slots[i];
        if (slot->is_row_count) continue;
        AggCtx c = slot_ctx(slot, h, scratch);
        slot->impl->merge(&c, dst + slot->offset, src + slot->offset, sign);
    }
}

static void final_row_counts(const uint8_t *const *cells, int n, Column *out)
{
    for (int i = 0; i < n; i++) COL(int64_t, out)[i] = cell_row_count(cells[i]);
}

void agg_set_final(const AggSet *s, Arena *scratch, const uint8_t *const *cells, int n, Column *out, Arena *a)
{
    assert(n <= BATCH_ROWS_MAX);
    for (int i = 0; i < s->n; i++) {
        const AggSlot *slot = &s->slots[i];
        out[i] = column_new(a, slot->call->type, n);
        AggCtx c = slot_ctx(slot, NULL, scratch);
        if (slot->is_row_count)
            final_row_counts(cells, n, &out[i]);
        else
            slot->impl->final(&c, cells, slot->offset, n, &out[i], a);
    }
}

void agg_set_destroy(const AggSet *s, StateHeap *h, uint8_t *cell)
{
    for (int i = 0; s->owns_heap && i < s->n; i++) {
        const AggSlot *slot = &s->slots[i];
        if (slot->is_row_count || !slot->impl->destroy) continue;
        AggCtx c = slot_ctx(slot, h, NULL);
        slot->impl->destroy(&c, cell + slot->offset);
    }
    memset(cell, 0, (size_t)s->cell_size);
}

/* ---- as bytes --------------------------------------------------------------------------------- */

void agg_set_save(const AggSet *s, Arena *scratch, const uint8_t *cell, StrBuf *out)
{
    agg_put_int(out, cell_row_count(cell));
    for (int i = 0; i < s->n; i++) {
        const AggSlot *slot = &s->slots[i];
        if (slot->is_row_count) continue;
        AggCtx c = slot_ctx(slot, NULL, scratch);
        slot->impl->save(&c, cell + slot->offset, out);
    }
}

Status agg_set_load(const AggSet *s, StateHeap *h, Arena *scratch, uint8_t *cell, StrReader *in)
{
    *cell_rows(cell) = agg_get_int(in);
    for (int i = 0; i < s->n; i++) {
        const AggSlot *slot = &s->slots[i];
        if (slot->is_row_count) continue;
        AggCtx c = slot_ctx(slot, h, scratch);
        TRY(slot->impl->load(&c, cell + slot->offset, in));
    }
    return in->bad ? WEIR_E_CORRUPT : WEIR_OK;
}
