/* over_final.c: EMIT FINAL over event time: a row goes out, once, when the watermark reaches its time.
 *
 * Frames end at or before the current row, so by then all of a row's frame is there. The rows of a
 * partition that have gone out stand before those that wait; what no later frame can reach goes, and
 * is remembered as numbers and as the states of aggregates over all rows.
 * Records: rows; per partition the numbers and states, where there are any; the watermark. */
#include "exec/op/over.h"
#include "base/datetime.h"
#include "base/keyenc.h"

static OverPartition *over_partition(uint8_t *part) { return (OverPartition *)(void *)part; }
static int64_t *reach_of(const OverFn *fn, uint8_t *part) { return (int64_t *)(void *)(part + fn->reach_at); }

/* ---- time --------------------------------------------------------------------------------------- */

/* Of rows with a time at or before t. */
static int64_t rows_until(const Over *o, const Treap *rows, int64_t t, Arena *scratch)
{
    if (t == INT64_MAX) return treap_weight(rows);
    if (t == INT64_MIN) return 0;
    Value v = {.type = o->r.fields[o->r.time_col].type, .i = t + 1};
    StrBuf key = {.arena = scratch};
    const OrderKey *k = &o->r.spec->order[0];
    key_encode_value(&key, &v, (KeyOrder){k->descending, k->nulls_first});
    return rows_before(rows, str_of(key.p, key.n));
}

static void await(Over *o, uint8_t *part, int64_t due)
{
    OverPartition *p = over_partition(part);
    if (p->p.head.waiting && p->due <= due) return;
    p->due = due;
    ranked_await(&o->r, part, due);
}

/* ---- what is kept ------------------------------------------------------------------------------- */

/* The first of the rows that have gone out that a later row's value may depend on. */
static int64_t first_needed(Over *o, OverFn *fn, uint8_t *part, int64_t watermark)
{
    const OverCall *c = fn->call;
    const OverFrame *f = &c->frame;
    int64_t done = over_partition(part)->done, from, to;
    if (c->func <= OVER_DENSE_RANK || done == 0) return done;
    if (c->func == OVER_LAG || c->func == OVER_LEAD) {
        bool is_near = fn->is_offset_known && !c->ignore_nulls;
        return is_near && fn->offset < done ? done - fn->offset : 0;
    }
    if (fn->has_total) return *reach_of(fn, part) < done ? *reach_of(fn, part) : done;
    switch (f->start.kind) {
    case OVER_UNBOUNDED_PRECEDING:
        return c->func == OVER_LAST_VALUE && !c->ignore_nulls && f->end.kind == OVER_CURRENT_ROW && !f->exclude ? done : 0;
    case OVER_PRECEDING: break;
    case OVER_CURRENT_ROW:
    case OVER_FOLLOWING:
    case OVER_UNBOUNDED_FOLLOWING: return done;
    }
    if (f->mode == OVER_ROWS) return f->start.offset.i < done ? done - f->start.offset.i : 0;
    if (f->mode == OVER_RANGE) {
        int64_t first = over_first_within(&o->places, &f->start, watermark);
        return first < done ? first : done;
    }
    from = to = done;
    for (int64_t k = f->start.offset.i; k > 0 && from > 0; k--) place_peers(&o->places, from - 1, &from, &to);
    return from;
}

static void forget_rows(Over *o, uint8_t *part, int64_t n)
{
    OverPartition *p = over_partition(part);
    p->gone += n;
    p->gone_groups += over_groups_before(&o->places, n);
    p->done -= n;
    for (int k = 0; k < o->nfns; k++)
        if (o->fns[k].has_total) *reach_of(&o->fns[k], part) -= n;
    while (n > 0) {
        const TreapNode *first = treap_min(&p->p.rows);
        int64_t some = first->count < n ? first->count : n;
        ranked_remove(&o->r, part, first, some);
        n -= some;
    }
}

/* When the last of the rows that only distances keep can go; INT64_MAX: not by itself. */
static int64_t expiry(const Over *o, const TreapNode *last, Arena *scratch)
{
    int64_t latest = ranked_time(&o->r, last, scratch), due = latest;
    for (int k = 0; k < o->nfns; k++) {
        const OverFrame *f = &o->fns[k].call->frame;
        int64_t t = latest;
        if (o->fns[k].has_total || o->fns[k].call->func <= OVER_DENSE_RANK) continue;
        bool is_distance = o->fns[k].call->func >= OVER_FIRST_VALUE && f->mode == OVER_RANGE && f->start.kind == OVER_PRECEDING;
        if (!is_distance || !timestamp_add_interval(latest, f->start.offset.iv, 1, &t)) return INT64_MAX;
        if (t > due) due = t;
    }
    return due < INT64_MAX ? due + 1 : due;
}

/* ---- rows that go out --------------------------------------------------------------------------- */

typedef struct FinalRow {
    Str key, bytes;
} FinalRow;
typedef VEC(FinalRow) FinalRows;

static void take_rows(Over *o, uint8_t *part, int64_t to, FinalRows *out)
{
    OverPartition *p = over_partition(part);
    Arena *a = &o->r.epoch;
    o->gone = p->gone;
    o->gone_groups = p->gone_groups;
    OverValues v = over_values(o, part, p->done, to, OVER_FINAL, 0);
    Str *bytes = new_raw(a, Str, to - p->done);
    over_encode(o, &v, a, bytes);
    for (int64_t i = p->done; i < to; i++)
        vec_push(out, a, (FinalRow){str_dup(a, treap_key(place_node(&o->places, i))), bytes[i - p->done]});
    p->done = to;
    p->p.head.is_kept = o->has_counters;
    arena_reset(&o->results);
}

static void look_at(Over *o, uint8_t *part, int64_t watermark, FinalRows *out)
{
    OverPartition *p = over_partition(part);
    Arena *scratch = o->r.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    if (watermark != INT64_MAX) group_table_touch(&o->r.parts, part);
    int64_t to = rows_until(o, &p->p.rows, watermark, scratch);
    places_begin(&o->places, &p->p.rows);
    if (to > p->done) take_rows(o, part, to, out);
    if (watermark == INT64_MAX) {
        ranked_end(&o->r, part);
    } else {
        int64_t keep = p->done;
        for (int k = 0; k < o->nfns; k++) {
            int64_t need = first_needed(o, &o->fns[k], part, watermark);
            if (need < keep) keep = need;
        }
        if (keep > 0) forget_rows(o, part, keep);
        int64_t n = treap_weight(&p->p.rows);
        if (p->done < n)
            await(o, part, ranked_time(&o->r, treap_at(&p->p.rows, p->done), scratch));
        else if (n > 0) {
            int64_t due = expiry(o, treap_max(&p->p.rows), scratch);
            if (due < INT64_MAX) await(o, part, due > watermark ? due : watermark + 1);
        }
    }
    arena_reset(&o->results);
    arena_release(scratch, mark);
}

static void sort_rows(FinalRows *rows, Arena *scratch)
{
    FinalRow *from = rows->data, *to = new_raw(scratch, FinalRow, rows->len);
    for (ptrdiff_t width = 1, n = rows->len; width < n; width *= 2) {
        for (ptrdiff_t lo = 0; lo < n; lo += 2 * width) {
            ptrdiff_t mid = lo + width < n ? lo + width : n, hi = mid + width < n ? mid + width : n, a = lo, b = mid;
            for (ptrdiff_t i = lo; i < hi; i++)
                to[i] = b >= hi || (a < mid && str_cmp(from[a].key, from[b].key) <= 0) ? from[a++] : from[b++];
        }
        FinalRow *other = from;
        from = to;
        to = other;
    }
    rows->data = from;
}

int64_t over_final_flush(Op *op, int64_t watermark)
{
    Over *o = (Over *)op;
    Ranked *r = &o->r;
    FinalRows out = {0};
    ranked_flush(r);
    for (uint32_t i = 0; i < r->parts.ntouched; i++) {
        uint8_t *part = r->parts.touched[i];
        Partition *p = partition(part);
        if (!p->pending.root) continue;
        ranked_apply(r, part);
        int64_t done = over_partition(part)->done, n = treap_weight(&p->rows);
        if (done < n) await(o, part, ranked_time(&o->r, treap_at(&p->rows, done), &r->epoch));
    }
    while (r->due.n && r->due.items[0].due <= watermark) {
        uint8_t *part = due_heap_take(&r->due).item;
        partition_head(part)->waiting--;
        if (partition_head(part)->is_closed || over_partition(part)->due > watermark) continue;
        over_partition(part)->due = INT64_MAX;
        look_at(o, part, watermark, &out);
    }
    for (uint32_t i = 0; i < r->parts.len && watermark == INT64_MAX; i++) {
        uint8_t *part = group_table_at(&r->parts, i);
        if (part && !partition_head(part)->is_closed) ranked_end(r, part);
    }
    sort_rows(&out, &r->epoch);
    for (ptrdiff_t i = 0; i < out.len; i++) row_delta_put(&r->delta, out.data[i].bytes, 1);
    row_delta_flush(&r->delta);
    ranked_end_flush(r);
    if (watermark > r->closed_at) r->closed_at = watermark;
    return watermark;
}

/* ---- records ------------------------------------------------------------------------------------ */

static void save_counters(Over *o, uint8_t *part, StateWriter *w, Arena *scratch)
{
    OverPartition *p = over_partition(part);
    if (!o->has_counters || p->p.head.is_closed || !p->has_totals) return;
    ArenaMark mark = arena_mark(scratch);
    StrBuf value = {.arena = scratch};
    sb_signed(&value, p->gone);
    sb_signed(&value, p->gone_groups);
    for (int k = 0; k < o->nfns; k++) {
        const OverFn *fn = &o->fns[k];
        if (!fn->has_total) continue;
        sb_signed(&value, *reach_of(fn, part));
        agg_set_save(&fn->set, scratch, part + fn->total_at, &value);
    }
    state_put(w, ranked_space(&o->r, part, scratch), (Str){0}, str_of(value.p, value.n));
    p->p.head.is_saved = true;
    arena_release(scratch, mark);
}

void over_final_save(Op *op, StateWriter *w, bool all)
{
    Over *o = (Over *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ranked_save(op, w, all);
    for (uint32_t i = 0; i < o->r.parts.len && all; i++) {
        uint8_t *part = group_table_at(&o->r.parts, i);
        if (part) save_counters(o, part, w, scratch);
    }
    for (uint32_t i = 0; i < o->r.parts.ntouched && !all; i++) save_counters(o, o->r.parts.touched[i], w, scratch);
    if (!all && o->saved_at == o->r.closed_at) return;
    ArenaMark mark = arena_mark(scratch);
    StrBuf value = {.arena = scratch};
    sb_signed(&value, o->r.closed_at);
    state_put(w, S("a"), (Str){0}, str_of(value.p, value.n)); /* the least space: it is read first */
    o->saved_at = o->r.closed_at;
    arena_release(scratch, mark);
}

static Status load_counters(Over *o, uint8_t *part, StrReader *in)
{
    OverPartition *p = over_partition(part);
    Arena *scratch = o->r.op.ctx->batch_scratch;
    over_totals_make(o, part);
    p->p.head.is_kept = true;
    p->gone = sr_signed(in);
    p->gone_groups = sr_signed(in);
    for (int k = 0; k < o->nfns; k++) {
        const OverFn *fn = &o->fns[k];
        if (!fn->has_total) continue;
        *reach_of(fn, part) = sr_signed(in);
        TRY(agg_set_load(&fn->set, &o->r.parts.heap, scratch, part + fn->total_at, in));
    }
    return in->bad || in->at != in->end ? WEIR_E_CORRUPT : WEIR_OK;
}

Status over_final_load(Op *op, Str space, Str key, Str value)
{
    Over *o = (Over *)op;
    Arena *scratch = op->ctx->batch_scratch;
    StrReader in = {.at = value.p, .end = value.p + value.n};
    if (ttl_is_space(&o->r.ttl, space)) return ttl_load(&o->r.ttl, key, value);
    if (str_eq(space, S("a"))) {
        o->r.closed_at = o->saved_at = sr_signed(&in);
        return in.bad ? WEIR_E_CORRUPT : WEIR_OK;
    }
    uint8_t *part = ranked_of_space(&o->r, space);
    if (!part) return WEIR_E_CORRUPT;
    if (key.n == 0) return load_counters(o, part, &in);
    TRY(ranked_load_row(&o->r, part, key, value));
    ArenaMark mark = arena_mark(scratch);
    const TreapNode *n = treap_find(&partition(part)->rows, key);
    int64_t t = ranked_time(&o->r, n, scratch);
    if (t <= o->r.closed_at) over_partition(part)->done += n->count;
    await(o, part, t <= o->r.closed_at ? o->r.closed_at : t);
    arena_release(scratch, mark);
    return WEIR_OK;
}
