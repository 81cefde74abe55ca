/* op_session_rows.c: SESSION as a table function: each row with the bounds of the session it is in.
 *
 * A session is a chain of rows of one partition that stand at most the gap apart in the order of time.
 * A change can touch the chains it lies in and those within the gap on either side of it: their rows
 * go with the bounds they had and come with those they have. A session closes when the watermark
 * reaches its last row + gap; its rows are then shown (EMIT FINAL) and kept no longer.
 * State: the rows of open sessions. */
#include "exec/op/ranked.h"

#include <assert.h>

typedef struct SessionRows {
    Ranked r;
    int64_t gap, tick;
    bool shows_changes, by_value;
    StrBuf bytes;          /* of a row on its way out */
} SessionRows;

typedef struct SessionPartition {
    Partition p;
    int64_t due;           /* when it is looked at next, where it waits */
} SessionPartition;

static SessionPartition *session_partition(uint8_t *part) { return (SessionPartition *)(void *)part; }

/* ---- chains ------------------------------------------------------------------------------------- */

typedef struct Chain {
    const TreapNode *first, *last;
    int64_t min, max;      /* their times */
} Chain;

static int64_t time_of(const SessionRows *s, const TreapNode *n)
{
    Arena *scratch = s->r.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    int64_t t = ranked_time(&s->r, n, scratch);
    arena_release(scratch, mark);
    return t;
}

/* From `first`, where a chain begins, to its end. */
static Chain chain_from(const SessionRows *s, const TreapNode *first)
{
    Chain c = {.first = first, .last = first, .min = time_of(s, first)};
    c.max = c.min;
    for (const TreapNode *n = treap_next(first); n; n = treap_next(n)) {
        int64_t t = time_of(s, n);
        if (t - c.max > s->gap) break;
        c.last = n;
        c.max = t;
    }
    return c;
}

static const TreapNode *chain_start(const SessionRows *s, const TreapNode *n)
{
    int64_t t = time_of(s, n);
    for (const TreapNode *before = treap_prev(n); before; before = treap_prev(before)) {
        int64_t u = time_of(s, before);
        if (t - u > s->gap) break;
        n = before;
        t = u;
    }
    return n;
}

/* window_start, window_end, window_time as they stand behind a row. */
static void encode_bounds(const SessionRows *s, const Chain *c, StrBuf *out)
{
    Arena *a = out->arena;
    const Field *fields = s->r.op.plan->fields + s->r.nfields;
    int64_t values[] = {c->min, c->max + s->gap, c->max + s->gap - s->tick};
    Column *cols = new (a, Column, 3);
    int32_t row = 0;
    ptrdiff_t end;
    for (int i = 0; i < 3; i++) {
        cols[i] = column_new(a, fields[i].type, 1);
        *(int64_t *)cols[i].data = values[i];
    }
    row_bytes_encode(&s->r.more, cols, &row, 1, a, out, &end);
}

static Str row_within(SessionRows *s, const TreapNode *n, Str bounds)
{
    s->bytes.n = 0;
    sb_str(&s->bytes, row_bytes(n));
    sb_str(&s->bytes, bounds);
    return str_of(s->bytes.p, s->bytes.n);
}

/* ---- changes ------------------------------------------------------------------------------------ */

/* Adds rows [from, to), whole chains, to what goes out. */
static void put_chains(SessionRows *s, const Treap *rows, int64_t from, int64_t to, int64_t weight)
{
    Arena *scratch = s->r.op.ctx->batch_scratch;
    const TreapNode *n = from < to ? treap_at(rows, from) : NULL;
    while (n && from < to) {
        ArenaMark mark = arena_mark(scratch);
        Chain c = chain_from(s, n);
        StrBuf bounds = {.arena = scratch};
        encode_bounds(s, &c, &bounds);
        for (const TreapNode *end = treap_next(c.last); n != end; n = treap_next(n)) {
            row_delta_add(&s->r.delta, row_within(s, n, str_of(bounds.p, bounds.n)), weight * n->count);
            from += n->count;
        }
        arena_release(scratch, mark);
    }
    assert(from == to);
}

/* The rows whose session may become another: those of the changed places and, where they are within
 * the gap of a change, those of the chains beside them. */
static void reach(const SessionRows *s, const Partition *p, const Changed *c, int64_t *lo, int64_t *hi)
{
    *lo = c->from;
    *hi = c->to;
    if (c->from > 0) {
        const TreapNode *before = treap_at(&p->rows, c->from - 1);
        if (time_of(s, treap_min(&p->pending)) - time_of(s, before) <= s->gap) *lo = treap_rank(chain_start(s, before));
    }
    if (c->to < treap_weight(&p->rows)) {
        const TreapNode *after = treap_at(&p->rows, c->to);
        if (time_of(s, after) - time_of(s, treap_max(&p->pending)) > s->gap) return;
        Chain rest = chain_from(s, after);
        *hi = treap_rank(rest.last) + rest.last->count;
    }
}

static void change_partition(SessionRows *s, uint8_t *part)
{
    Partition *p = partition(part);
    Changed c;
    int64_t lo, hi;
    if (!partition_changed(p, &c)) return;
    reach(s, p, &c, &lo, &hi);
    put_chains(s, &p->rows, lo, hi, -1);
    ranked_apply(&s->r, part);
    put_chains(s, &p->rows, lo, hi + c.net, 1);
    row_delta_emit(&s->r.delta);
}

/* ---- closing ------------------------------------------------------------------------------------ */

typedef struct ClosedRow {
    Str bytes;
    int64_t n;
} ClosedRow;
typedef struct Closed {
    int64_t end;
    uint8_t *part;
    ClosedRow *rows;
    int64_t n;
} Closed;
typedef VEC(Closed) ClosedList;

static void await(SessionRows *s, uint8_t *part, int64_t due)
{
    SessionPartition *p = session_partition(part);
    if (s->by_value || (p->p.head.waiting && p->due <= due)) return;
    p->due = due;
    ranked_await(&s->r, part, due);
}

/* Its rows may close from then on, not before. */
static void await_first(SessionRows *s, uint8_t *part)
{
    const TreapNode *first = treap_min(&partition(part)->rows);
    if (first) await(s, part, time_of(s, first) + s->gap);
}

static int64_t chain_nodes(const Chain *c)
{
    int64_t n = 1;
    for (const TreapNode *at = c->first; at != c->last; at = treap_next(at)) n++;
    return n;
}

/* The first session of the partition goes; what is shown of it is noted. */
static void close_first(SessionRows *s, uint8_t *part, const Chain *c, ClosedList *out)
{
    Arena *a = &s->r.epoch;
    Closed closed = {c->max + s->gap, part, NULL, 0};
    StrBuf bounds = {.arena = a};
    int64_t nodes = chain_nodes(c);
    if (!s->shows_changes) {
        encode_bounds(s, c, &bounds);
        closed.rows = new (a, ClosedRow, nodes);
    }
    for (; nodes > 0; nodes--) {
        const TreapNode *n = treap_min(&partition(part)->rows);
        if (!s->shows_changes)
            closed.rows[closed.n++] = (ClosedRow){str_dup(a, row_within(s, n, str_of(bounds.p, bounds.n))), n->count};
        ranked_remove(&s->r, part, n, n->count);
    }
    if (!s->shows_changes) vec_push(out, a, closed);
}

static void look_at(SessionRows *s, uint8_t *part, int64_t watermark, ClosedList *out)
{
    if (watermark != INT64_MAX) group_table_touch(&s->r.parts, part);
    for (const TreapNode *first; (first = treap_min(&partition(part)->rows));) {
        Chain c = chain_from(s, first);
        if (c.max + s->gap > watermark) {
            await(s, part, c.max + s->gap);
            return;
        }
        close_first(s, part, &c, out);
    }
    if (watermark == INT64_MAX) ranked_end(&s->r, part);
}

static bool closes_before(const GroupTable *t, const Closed *x, const Closed *y)
{
    if (x->end != y->end) return x->end < y->end;
    return key_cmp(t->keys, group_words(t, x->part), group_head(t, x->part)->nulls, group_words(t, y->part),
                   group_head(t, y->part)->nulls) < 0;
}

/* By (end, key). */
static void sort_closed(const SessionRows *s, ClosedList *list, Arena *a)
{
    Closed *from = list->data, *to = new_raw(a, Closed, list->len);
    for (ptrdiff_t width = 1, n = list->len; width < n; width *= 2) {
        for (ptrdiff_t lo = 0; lo < n; lo += 2 * width) {
            ptrdiff_t mid = lo + width < n ? lo + width : n, hi = mid + width < n ? mid + width : n, x = lo, y = mid;
            for (ptrdiff_t i = lo; i < hi; i++)
                to[i] = y >= hi || (x < mid && !closes_before(&s->r.parts, &from[y], &from[x])) ? from[x++] : from[y++];
        }
        Closed *other = from;
        from = to;
        to = other;
    }
    list->data = from;
}

static void close_sessions(SessionRows *s, int64_t watermark)
{
    Ranked *r = &s->r;
    ClosedList closed = {0};
    while (r->due.n && r->due.items[0].due <= watermark) {
        uint8_t *part = due_heap_take(&r->due).item;
        partition_head(part)->waiting--;
        if (partition_head(part)->is_closed || session_partition(part)->due > watermark) continue;
        session_partition(part)->due = INT64_MAX;
        look_at(s, part, watermark, &closed);
    }
    sort_closed(s, &closed, &r->epoch);
    for (ptrdiff_t i = 0; i < closed.len; i++)
        for (int64_t k = 0; k < closed.data[i].n; k++)
            row_delta_put(&r->delta, closed.data[i].rows[k].bytes, closed.data[i].rows[k].n);
    row_delta_flush(&r->delta);
}

/* ---- an epoch ----------------------------------------------------------------------------------- */

static int64_t session_rows_flush(Op *op, int64_t watermark)
{
    SessionRows *s = (SessionRows *)op;
    Ranked *r = &s->r;
    ranked_flush(r);
    s->bytes = (StrBuf){.arena = &r->epoch};
    for (uint32_t i = 0; i < r->parts.ntouched; i++) {
        uint8_t *part = r->parts.touched[i];
        if (s->shows_changes)
            change_partition(s, part);
        else
            ranked_apply(r, part);
        await_first(s, part);
    }
    if (watermark == INT64_MIN || s->by_value) return watermark == INT64_MAX ? INT64_MAX : INT64_MIN;
    close_sessions(s, watermark);
    if (watermark > r->closed_at) r->closed_at = watermark;
    return watermark == INT64_MAX ? INT64_MAX : watermark - s->tick; /* a row exactly the gap later belongs */
}

static Status session_rows_load(Op *op, Str space, Str key, Str value)
{
    SessionRows *s = (SessionRows *)op;
    uint8_t *part = ranked_of_space(&s->r, space);
    if (!part) return WEIR_E_CORRUPT;
    TRY(ranked_load_row(&s->r, part, key, value));
    await_first(s, part);
    return WEIR_OK;
}

static const OpClass session_rows_class = {
    .name = "session", .push = ranked_push, .row_error = ranked_row_error, .flush = session_rows_flush, .save = ranked_save,
    .load = session_rows_load, .close = ranked_close, .state_bytes = ranked_bytes, .state_rows = ranked_rows,
    .tell = ranked_tell,
};

Status op_session_rows_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    SessionRows *s = new_one(a, SessionRows);
    TRY(ranked_init(&s->r, &session_rows_class, p, c, a, (int)sizeof(SessionPartition), d));
    s->r.time_col = p->window->time_col;
    s->by_value = s->r.nothing_is_late = p->window->by_value;
    s->gap = p->window->size_us;
    s->tick = p->window->tick_us > 0 ? p->window->tick_us : 1;
    s->shows_changes = !p->emit_final;
    *out = &s->r.op;
    return WEIR_OK;
}
