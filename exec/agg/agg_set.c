/* agg_set.c: what all aggregates share is settled here, so that their loops see only rows that
 * count. */
#include "exec/agg/agg_set.h"
#include "exec/agg/distinct.h"

#include <assert.h>

static AggCtx slot_ctx(const AggSlot *slot, StateHeap *h, Arena *scratch)
{
    return (AggCtx){.call = slot->call, .heap = h, .scratch = scratch};
}

/* ---- making ----------------------------------------------------------------------------------- */

/* count(*), perhaps with a FILTER. */
static bool call_counts_rows(const AggCall *c)
{
    return c->nargs == 0 && !c->distinct && (c->def->flags & AGG_STAR);
}

/* Whether the states of two calls are the same bytes whatever rows come. */
static bool shares_state(const AggSlot *a, const AggCall *call, const AggImpl *impl)
{
    const AggCall *other = a->call;
    if (a->is_row_count || a->is_ordered || !impl->merge || a->impl->merge != impl->merge || a->impl->step != impl->step ||
        a->impl->save != impl->save || a->impl->state_size != impl->state_size) return false;
    if (call->def->flags != other->def->flags || call->filter != other->filter || call->distinct || other->distinct ||
        call->nargs != 1 || other->nargs != 1 || call->args[0] != other->args[0]) return false;
    return a->impl->load == impl->load && call->input_retracts == other->input_retracts && !impl->destroy && !impl->keeps_best;
}

static const AggSlot *slot_with_state(const AggSet *s, const AggSlot *slot, const AggCall *call)
{
    for (const AggSlot *a = s->slots; a < slot; a++)
        if (shares_state(a, call, agg_impl(call))) return a;
    return NULL;
}

/* The family of a call before it with the same arguments, or one of its own with a set in the cell. */
static void join_family(AggSlot *slot, AggSet *s, Arena *a)
{
    DistinctFamily *f = NULL;
    for (const AggSlot *other = s->slots; other < slot && !f; other++)
        if (other->family && distinct_takes(other->family, slot->call)) f = other->family;
    if (!f) {
        f = new_one(a, DistinctFamily);
        f->shape.keys = key_layout_new(a, slot->call->arg_types, slot->call->nargs);
        f->set_at = s->cell_size;
        s->cell_size += (int32_t)sizeof(ValueSet);
    }
    slot->family = f;
    slot->member = f->n;
    f->calls[f->n++] = slot->call;
    f->shape.ncounts = f->n;
}

static Status slot_new(const AggCall *call, AggSlot *slot, AggSet *s, Arena *a, Diags *d)
{
    const AggImpl *impl = agg_impl(call);
    *slot = (AggSlot){.call = call, .impl = impl, .offset = s->cell_size};
    if (!impl)
        return diag_error(d, WEIR_E_UNSUPPORTED, call->span, "\"%s\" is not built yet", call->def->name);
    slot->is_row_count = call_counts_rows(call) && call->filter < 0;
    slot->is_truth_count = call_counts_rows(call) && call->filter >= 0;
    slot->is_ordered = (call->def->flags & AGG_ORDERED) != 0;
    if (slot->is_row_count) {
        slot->offset = 0;
        return WEIR_OK;
    }
    const AggSlot *same = slot_with_state(s, slot, call);
    if (same) {
        slot->offset = same->offset;
        slot->is_alias = true;
        return WEIR_OK;
    }
    if (call->distinct && !impl->ignores_distinct) join_family(slot, s, a);
    slot->offset = s->cell_size;
    if (slot->family) slot->family->offset[slot->member] = slot->offset;
    s->cell_size += (slot->impl->state_size(call) + 7) & ~7;
    s->owns_heap |= slot->family || (slot->impl->destroy && !(slot->impl->is_flat && slot->impl->is_flat(call)));
    return WEIR_OK;
}

Status agg_set_new(const AggCall *calls, int ncalls, Arena *a, AggSet *out, Diags *d)
{
    AggSet s = {.slots = new (a, AggSlot, ncalls), .n = ncalls, .cell_size = sizeof(int64_t)};
    for (int i = 0; i < ncalls; i++) TRY(slot_new(&calls[i], &s.slots[i], &s, a, d));
    *out = s;
    return WEIR_OK;
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

/* The rows of a FILTER that is never NULL: no branch, which would guess wrong. */
static int take_true(const uint8_t *truth, const AggRows *in, int32_t *rows, uint8_t **cells)
{
    int n = 0;
    if (!cells) {
        for (int i = 0; i < in->n; i++) {
            rows[n] = in->rows[i];
            n += truth[in->rows[i]];
        }
        return n;
    }
    for (int i = 0; i < in->n; i++) {
        rows[n] = in->rows[i];
        cells[n] = in->groups[i];
        n += truth[in->rows[i]];
    }
    return n;
}

static bool is_plain(const Column *filter)
{
    return !filter->valid && !filter->is_const;
}

static inline bool filter_takes(const Column *filter, int row)
{
    return !filter || (!col_is_null(filter, row) && COL(uint8_t, filter)[col_at(filter, row)]);
}

static int take_present(const Column *filter, const Column *arg, const AggRows *in, int32_t *rows, uint8_t **cells)
{
    int n = 0;
    for (int i = 0; i < in->n; i++) {
        int row = in->rows[i];
        if (!filter_takes(filter, row) || (arg && col_is_null(arg, row))) continue;
        rows[n] = row;
        if (cells) cells[n] = in->groups[i];
        n++;
    }
    return n;
}

/* Leaves the rows that the call counts: FILTER is true, the first argument is not NULL. */
static void narrow(const AggSlot *slot, const Batch *b, AggRows *in, Arena *scratch)
{
    const AggCall *call = slot->call;
    const Column *filter = call->filter >= 0 ? &b->cols[call->filter] : NULL;
    bool skips_nulls = call->nargs > 0 && !(call->def->flags & AGG_NULL_INPUT);
    const Column *arg = skips_nulls && in->args[0].valid ? &in->args[0] : NULL;
    if (!filter && !arg) return;
    int32_t *rows = new_raw(scratch, int32_t, in->n);
    uint8_t **cells = in->groups ? new_raw(scratch, uint8_t *, in->n) : NULL;
    in->n = filter && is_plain(filter) && !arg ? take_true(filter->data, in, rows, cells) : take_present(filter, arg, in, rows, cells);
    in->rows = rows;
    in->groups = cells;
}

static uint8_t *const *same_cell(uint8_t *cell, int n, Arena *scratch)
{
    uint8_t **cells = new_raw(scratch, uint8_t *, n);
    for (int i = 0; i < n; i++) cells[i] = cell;
    return cells;
}

static void step_family(const AggSlot *slot, StateHeap *h, Arena *scratch, const AggRows *in, uint8_t *cell)
{
    if (slot->member != 0) return;
    uint8_t *const *cells = cell ? same_cell(cell, in->n, scratch) : in->groups;
    distinct_step(slot->family, h, scratch, in->batch, in->rows, in->n, cells);
}

/* count(*) with a FILTER that is never NULL: truth is what is added. */
static void count_truth(const uint8_t *truth, const AggRows *in)
{
    const int32_t *weights = in->batch->weights;
    if (!weights)
        for (int i = 0; i < in->n; i++) *(int64_t *)(void *)(in->groups[i] + in->offset) += truth[in->rows[i]];
    else
        for (int i = 0; i < in->n; i++)
            *(int64_t *)(void *)(in->groups[i] + in->offset) += truth[in->rows[i]] ? weights[in->rows[i]] : 0;
}

/* `cell`: all rows go there, and in.groups is NULL; else NULL. */
static void step_slot(const AggSlot *slot, StateHeap *h, Arena *scratch, AggRows in, uint8_t *cell)
{
    if (slot->family) {
        step_family(slot, h, scratch, &in, cell);
        return;
    }
    const AggCall *call = slot->call;
    Column *args = new (scratch, Column, call->nargs);
    for (int i = 0; i < call->nargs; i++) args[i] = in.batch->cols[call->args[i]];
    in.args = args;
    in.offset = slot->offset;
    if (slot->is_truth_count && !cell && is_plain(&in.batch->cols[call->filter])) {
        count_truth(in.batch->cols[call->filter].data, &in);
        return;
    }
    narrow(slot, in.batch, &in, scratch);
    if (in.n == 0) return;
    if (slot->is_ordered) {
        Str *keys = new_raw(scratch, Str, in.n);
        agg_order_keys(call, in.batch, in.rows, in.n, keys, scratch);
        in.order_key = keys;
    }
    AggCtx c = slot_ctx(slot, h, scratch);
    if (cell && slot->impl->fold) {
        slot->impl->fold(&c, cell + slot->offset, &in);
        return;
    }
    if (cell) in.groups = same_cell(cell, in.n, scratch);
    slot->impl->step(&c, &in);
}

void agg_set_step(const AggSet *s, StateHeap *h, Arena *scratch, const Batch *b, const int32_t *rows,
                  int n, uint8_t *const *cells)
{
    add_rows(b, rows, n, cells);
    for (int i = 0; i < s->n; i++) {
        if (s->slots[i].is_row_count || s->slots[i].is_alias) continue;
        ArenaMark mark = arena_mark(scratch);
        step_slot(&s->slots[i], h, scratch, (AggRows){.batch = b, .rows = rows, .n = n, .groups = cells}, NULL);
        arena_release(scratch, mark);
    }
}

void agg_set_fold(const AggSet *s, StateHeap *h, Arena *scratch, const Batch *b, const int32_t *rows, int n,
                  uint8_t *cell)
{
    AggRows in = {.batch = b, .rows = rows, .n = n};
    *cell_rows(cell) += agg_rows_weight(&in);
    for (int i = 0; i < s->n; i++) {
        if (s->slots[i].is_row_count || s->slots[i].is_alias) continue;
        ArenaMark mark = arena_mark(scratch);
        step_slot(&s->slots[i], h, scratch, in, cell);
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
        if (slot->is_row_count || slot->is_alias) continue;
        if (slot->family) {
            if (slot->member == 0) distinct_merge(slot->family, h, scratch, dst, src, sign);
            continue;
        }
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
        if (slot->family && slot->member == 0) distinct_destroy(slot->family, h, cell);
        if (slot->is_row_count || slot->is_alias || !slot->impl->destroy) continue;
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
        if (slot->family) distinct_save(slot->family, slot->member, cell, out);
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
        if (slot->family) TRY(distinct_load(slot->family, slot->member, h, scratch, cell, in));
        AggCtx c = slot_ctx(slot, h, scratch);
        TRY(slot->impl->load(&c, cell + slot->offset, in));
    }
    return in->bad ? WEIR_E_CORRUPT : WEIR_OK;
}
