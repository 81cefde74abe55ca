/* op_over.c: window functions: every row with values computed over rows around it.
 *
 * A flush computes the values of the rows that a change can touch, before it and after it, and hands
 * on what is different. Under EMIT FINAL over windows the rows of a partition are computed once, when
 * their window closes.
 * State: all rows of open partitions; for aggregates over frames that begin with the partition the
 * state over all rows, made anew from them after a restart. */
#include "exec/op/over.h"

#include <assert.h>

/* ---- making ------------------------------------------------------------------------------------- */

/* The constant that a column of the input holds; NULL: it is not known. */
static const Value *constant_of(const PhysOp *in, int32_t col)
{
    while (in->kind == PHYS_PROJECT && in->exprs) {
        const BExpr *e = in->exprs[col];
        if (e->kind == BE_CONST) return &e->value;
        if (e->kind != BE_COLUMN) return NULL;
        col = e->col;
        in = in->inputs[0];
    }
    return NULL;
}

static void find_offset(OverFn *fn, const PhysOp *in)
{
    bool is_shift = fn->call->func == OVER_LAG || fn->call->func == OVER_LEAD;
    if (!is_shift) return;
    const Value *k = fn->call->nargs > 1 ? constant_of(in, fn->call->args[1]) : NULL;
    fn->is_offset_known = fn->call->nargs < 2 || k;
    fn->offset = fn->call->nargs < 2 ? 1 : k ? k->is_null ? 0 : k->i : 0;
}

/* Frames that lose rows, and totals, need states that can give rows back. */
static Status aggregate_open(Over *o, OverFn *fn, Arena *a, Diags *d)
{
    const OverFrame *f = &fn->call->frame;
    fn->agg = fn->call->agg;
    bool is_whole = f->start.kind == OVER_UNBOUNDED_PRECEDING;
    bool only_grows = is_whole && f->exclude == OVER_EXCLUDE_NONE && !o->shows_changes;
    bool is_retractable = (fn->agg.def->flags & AGG_RETRACTABLE) != 0;
    fn->agg.input_retracts = is_retractable && !only_grows;
    fn->agg.by_position = false;
    fn->agg.norder = 0;
    if (fn->agg.def->flags & AGG_ORDERED) {
        const AggCall *written = &fn->call->agg;
        fn->agg.norder = written->norder + 1;
        fn->agg.order = new (a, OrderKey, fn->agg.norder);
        if (written->norder) memcpy(fn->agg.order, written->order, (size_t)written->norder * sizeof *written->order);
        fn->agg.order[written->norder] = (OrderKey){.col = o->r.nfields, .nulls_first = true};
        o->needs_keys = true;
        for (int i = 0; i < written->norder; i++) o->wanted[written->order[i].col] = true;
    }
    TRY(agg_set_new(&fn->agg, 1, a, &fn->set, d));
    fn->can_take_back = agg_set_can_subtract(&fn->set);
    fn->has_total = is_whole && ((o->shows_changes && fn->can_take_back) || (o->by_time && (only_grows || fn->can_take_back)));
    fn->cell = new (a, uint8_t, fn->set.cell_size + 8);
    fn->cell += -(uintptr_t)fn->cell & 7;
    for (int i = 0; i < fn->agg.nargs; i++) o->wanted[fn->agg.args[i]] = true;
    if (fn->agg.filter >= 0) o->wanted[fn->agg.filter] = true;
    return WEIR_OK;
}

static void drop_totals(Ranked *r, uint8_t *part)
{
    over_totals_free((Over *)r, part);
}

/* A column that is computed only for calls with a FILTER matters where that takes the row. */
static bool is_column_needed(const Ranked *r, const Batch *b, int col, int row)
{
    const Over *o = (const Over *)r;
    if (!r->conditional[col]) return true;
    for (int k = 0; k < o->nfns; k++) {
        const AggCall *c = &o->fns[k].call->agg;
        if (o->fns[k].call->func != OVER_AGGREGATE) continue;
        const Column *f = c->filter >= 0 ? &b->cols[c->filter] : NULL;
        bool takes = !f || col_is_err(f, row) || (!col_is_null(f, row) && COL(uint8_t, f)[col_at(f, row)]);
        for (int i = 0; i < c->nargs && takes; i++)
            if (c->args[i] == col) return true;
        for (int i = 0; i < c->norder && takes; i++)
            if (c->order[i].col == col) return true;
    }
    return false;
}

static void find_conditional(Over *o, const PhysOp *p, Arena *a)
{
    const PhysOp *in = p->inputs[0];
    bool *conditional = new (a, bool, in->nfields), any = false;
    for (int k = 0; k < o->nfns; k++) {
        const AggCall *c = &o->fns[k].call->agg;
        if (o->fns[k].call->func != OVER_AGGREGATE || c->filter < 0 || in->kind != PHYS_PROJECT) continue;
        for (int i = 0; i < c->nargs; i++) any |= conditional[c->args[i]] = in->exprs[c->args[i]]->kind != BE_COLUMN;
        for (int i = 0; i < c->norder; i++)
            any |= conditional[c->order[i].col] = in->exprs[c->order[i].col]->kind != BE_COLUMN;
    }
    for (int i = 0; i < p->nkeys; i++) conditional[p->keys[i]] = false;
    for (int i = 0; i < p->ranks->norder; i++) conditional[p->ranks->order[i].col] = false;
    for (int k = 0; k < o->nfns; k++) {
        for (int i = 0; i < o->fns[k].call->nargs; i++) conditional[o->fns[k].call->args[i]] = false;
        if (o->fns[k].call->func == OVER_AGGREGATE && o->fns[k].call->agg.filter >= 0)
            conditional[o->fns[k].call->agg.filter] = false;
    }
    if (!any) return;
    o->r.conditional = conditional;
    o->r.is_needed = is_column_needed;
}

static Status calls_open(Over *o, const PhysOp *p, Arena *a, Diags *d)
{
    o->nfns = p->novers;
    o->fns = new (a, OverFn, o->nfns);
    o->wanted = new (a, bool, p->inputs[0]->nfields);
    for (int k = 0; k < o->nfns; k++) {
        OverFn *fn = &o->fns[k];
        fn->call = &p->overs[k];
        for (int i = 0; i < fn->call->nargs; i++) o->wanted[fn->call->args[i]] = true;
        find_offset(fn, p->inputs[0]);
        if (fn->call->func == OVER_AGGREGATE) TRY(aggregate_open(o, fn, a, d));
    }
    find_conditional(o, p, a);
    return WEIR_OK;
}

static int32_t totals_size(Over *o)
{
    int32_t at = (int32_t)sizeof(OverPartition);
    for (int k = 0; k < o->nfns; k++) {
        if (!o->fns[k].has_total) continue;
        o->fns[k].total_at = at;
        at += o->fns[k].set.cell_size;
        o->fns[k].reach_at = at;
        at += (int32_t)sizeof(int64_t);
    }
    return at;
}

/* ---- output ------------------------------------------------------------------------------------- */

void over_encode(Over *o, const OverValues *v, Arena *a, Str *out)
{
    ArenaMark mark = arena_mark(&o->results);
    int32_t *numbers = new_raw(&o->results, int32_t, BATCH_ROWS_MAX);
    ptrdiff_t *ends = new_raw(&o->results, ptrdiff_t, BATCH_ROWS_MAX);
    for (int i = 0; i < BATCH_ROWS_MAX; i++) numbers[i] = i;
    StrBuf values = {.arena = &o->results};
    for (int64_t from = v->from; from < v->to; from += BATCH_ROWS_MAX) {
        int n = (int)(v->to - from < BATCH_ROWS_MAX ? v->to - from : BATCH_ROWS_MAX);
        values.n = 0;
        row_bytes_encode(&o->r.more, over_column(v, 0, from), numbers, n, &o->results, &values, ends);
        for (int i = 0; i < n; i++) {
            ptrdiff_t start = i ? ends[i - 1] : 0;
            StrBuf bytes = {.arena = a};
            Str row = row_bytes(place_node(&o->places, from + i));
            sb_reserve(&bytes, row.n + ends[i] - start);
            sb_str(&bytes, row);
            sb_bytes(&bytes, values.p + start, ends[i] - start);
            out[from - v->from + i] = str_of(bytes.p, bytes.n);
        }
    }
    arena_release(&o->results, mark);
}

/* Adds the rows with their values to what goes out. */
static void put_values(Over *o, const OverValues *v, int64_t weight)
{
    Arena *a = o->r.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    Str *rows = new_raw(a, Str, v->to - v->from);
    over_encode(o, v, a, rows);
    for (int64_t i = 0; i < v->to - v->from; i++) row_delta_add(&o->r.delta, rows[i], weight);
    arena_release(a, mark);
}

/* ---- changes ------------------------------------------------------------------------------------ */

static void change_partition(Over *o, uint8_t *part)
{
    Partition *p = partition(part);
    Changed c;
    if (!partition_changed(p, &c)) return;
    uint32_t first_n = row_lengths(treap_min(&p->pending)).peer_n, last_n = row_lengths(treap_max(&p->pending)).peer_n;
    places_begin(&o->places, &p->rows);
    int64_t lo = c.from, hi = c.to;
    for (int k = 0; k < o->nfns; k++) {
        int64_t from, to;
        over_reach(&o->places, &o->fns[k], &c, first_n, last_n, &from, &to);
        if (from < lo) lo = from;
        if (to > hi) hi = to;
    }
    OverValues was = over_values(o, part, lo, hi, OVER_WAS, c.from);
    put_values(o, &was, -1);
    arena_reset(&o->results);
    ranked_apply(&o->r, part);
    places_begin(&o->places, &p->rows);
    OverValues is = over_values(o, part, lo, hi + c.net, OVER_IS, 0);
    put_values(o, &is, 1);
    arena_reset(&o->results);
    row_delta_emit(&o->r.delta);
}

/* ---- an epoch ----------------------------------------------------------------------------------- */

static void close_partition(Over *o, uint8_t *part)
{
    if (!o->shows_changes) {
        places_begin(&o->places, &partition(part)->rows);
        OverValues v = over_values(o, part, 0, o->places.n, OVER_CLOSED, 0);
        put_values(o, &v, 1);
        row_delta_emit(&o->r.delta);
        arena_reset(&o->results);
    }
    ranked_end(&o->r, part);
}

static int64_t over_flush(Op *op, int64_t watermark)
{
    Over *o = (Over *)op;
    Ranked *r = &o->r;
    ranked_flush(r);
    for (uint32_t i = 0; i < r->parts.ntouched; i++) {
        if (o->shows_changes)
            change_partition(o, r->parts.touched[i]);
        else
            ranked_apply(r, r->parts.touched[i]);
    }
    ranked_end_flush(r);
    if (r->end_col < 0) return watermark == INT64_MAX ? INT64_MAX : INT64_MIN; /* no event time */
    uint8_t **closed;
    int64_t n = ranked_take_closed(r, watermark, &closed);
    for (int64_t i = 0; i < n; i++) close_partition(o, closed[i]);
    if (watermark > r->closed_at) r->closed_at = watermark;
    return watermark;
}

static void over_close(Op *op)
{
    Over *o = (Over *)op;
    places_free(&o->places);
    heap_clear(&o->heap);
    arena_free(&o->heap.arena);
    arena_free(&o->results);
    ranked_close(op);
}

static const OpClass over_class = {
    .name = "over", .push = ranked_push, .row_error = ranked_row_error, .flush = over_flush, .save = ranked_save, .load = ranked_load,
    .close = over_close, .state_bytes = ranked_bytes, .state_rows = ranked_rows, .tell = ranked_tell,
};

static const OpClass final_class = {
    .name = "over", .push = ranked_push, .row_error = ranked_row_error, .flush = over_final_flush, .save = over_final_save, .load = over_final_load,
    .close = over_close, .state_bytes = ranked_bytes, .state_rows = ranked_rows, .tell = ranked_tell,
};

Status op_over_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    Over *o = new_one(a, Over);
    o->r.fields = p->inputs[0]->fields;
    o->r.nfields = p->inputs[0]->nfields;
    o->shows_changes = !p->emit_final;
    o->by_time = p->emit_final && p->key_window_end < 0;
    TRY(calls_open(o, p, a, d));
    TRY(ranked_init(&o->r, o->by_time ? &final_class : &over_class, p, c, a, totals_size(o), d));
    o->r.drop = drop_totals;
    if (o->by_time) o->r.time_col = p->ranks->order[0].col;
    o->saved_at = INT64_MIN;
    for (int k = 0; k < o->nfns; k++)
        o->has_counters |= o->fns[k].has_total || o->fns[k].call->func <= OVER_DENSE_RANK;
    places_init(&o->places, o);
    assert(p->nfields == o->r.nfields + o->nfns);
    *out = &o->r.op;
    return WEIR_OK;
}
