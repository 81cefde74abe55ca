/* over_frame.c: where frames begin and end, and how far a change reaches.
 *
 * A distance in RANGE is added to the first column of the order, and the sum, encoded as that column
 * is, is looked up among the rows. What leaves the type lies before or behind all values, but not
 * behind NULLs. */
#include "exec/op/over.h"
#include "base/datetime.h"
#include "base/keyenc.h"

/* ---- by rows ------------------------------------------------------------------------------------ */

static int64_t clamp(int64_t v, int64_t n) { return v < 0 ? 0 : v > n ? n : v; }
static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static Frame rows_frame(const OverFrame *f, int64_t i, int64_t n)
{
    Frame out = {0, n};
    switch (f->start.kind) {
    case OVER_UNBOUNDED_PRECEDING: break;
    case OVER_PRECEDING: out.from = clamp(i - f->start.offset.i, n); break;
    case OVER_CURRENT_ROW: out.from = i; break;
    case OVER_FOLLOWING: out.from = clamp(plus(i, f->start.offset.i), n); break;
    case OVER_UNBOUNDED_FOLLOWING: out.from = n; break;
    }
    switch (f->end.kind) {
    case OVER_UNBOUNDED_PRECEDING: out.to = 0; break;
    case OVER_PRECEDING: out.to = clamp(i - f->end.offset.i + 1, n); break;
    case OVER_CURRENT_ROW: out.to = i + 1; break;
    case OVER_FOLLOWING: out.to = clamp(plus(i + 1, f->end.offset.i), n); break;
    case OVER_UNBOUNDED_FOLLOWING: break;
    }
    return out;
}

/* ---- by groups of peers ------------------------------------------------------------------------- */

/* The group k before or behind the one of [*from, *to); false: there are fewer. */
static bool step_groups(Places *p, int64_t k, int direction, int64_t *from, int64_t *to)
{
    for (; k > 0; k--) {
        if (direction < 0 ? *from == 0 : *to >= p->n) return false;
        place_peers(p, direction < 0 ? *from - 1 : *to, from, to);
    }
    return true;
}

static int64_t groups_bound(Places *p, const OverBound *b, int64_t from, int64_t to, bool is_start)
{
    switch (b->kind) {
    case OVER_UNBOUNDED_PRECEDING: return 0;
    case OVER_PRECEDING: return step_groups(p, b->offset.i, -1, &from, &to) ? (is_start ? from : to) : 0;
    case OVER_CURRENT_ROW: return is_start ? from : to;
    case OVER_FOLLOWING: return step_groups(p, b->offset.i, 1, &from, &to) ? (is_start ? from : to) : p->n;
    case OVER_UNBOUNDED_FOLLOWING: return p->n;
    }
    return 0;
}

/* ---- by distance -------------------------------------------------------------------------------- */

/* v + sign * d, rounded down or up where d is finer than the type. False: beyond the type. */
static bool shift_value(Value *v, const Value *d, int sign, bool round_up)
{
    int64_t us, days;
    switch ((TypeKind)v->type.kind) {
    case TYPE_BIGINT:
        return sign > 0 ? !__builtin_add_overflow(v->i, d->i, &v->i) : !__builtin_sub_overflow(v->i, d->i, &v->i);
    case TYPE_DOUBLE: v->d = sign > 0 ? v->d + d->d : v->d - d->d; return v->d == v->d;
    case TYPE_DECIMAL:
        return sign > 0 ? !__builtin_add_overflow(v->dec, d->dec, &v->dec) : !__builtin_sub_overflow(v->dec, d->dec, &v->dec);
    case TYPE_TIMESTAMP: return timestamp_add_interval(v->i, d->iv, sign, &v->i);
    case TYPE_DATE:
        if (!timestamp_add_interval(v->i * US_PER_DAY, d->iv, sign, &us)) return false;
        days = floor_div(us, US_PER_DAY);
        v->i = days + (round_up && days * US_PER_DAY < us);
        return true;
    case TYPE_NULL:
    case TYPE_BOOLEAN:
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_TIME:
    case TYPE_INTERVAL:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
    case TYPE_COUNT: break;
    }
    return false;
}

static int64_t distance_bound(Places *p, const OverBound *b, int64_t i, bool is_start)
{
    const OrderKey *k = &p->over->r.spec->order[0];
    KeyOrder order = {k->descending, k->nulls_first};
    Arena *a = p->over->r.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    Str peers = row_peers(place_node(p, i));
    StrReader in = {.at = peers.p, .end = peers.p + peers.n};
    Value v;
    key_decode(&in, p->over->r.fields[k->col].type, order, a, &v);
    int sign = (b->kind == OVER_FOLLOWING) == !k->descending ? 1 : -1;
    bool is_later = b->kind == OVER_FOLLOWING, is_lower_limit = is_start == !k->descending;
    StrBuf bytes = {.arena = a};
    int64_t at;
    if (shift_value(&v, &b->offset, sign, is_lower_limit)) {
        key_encode_value(&bytes, &v, order);
        Str key = str_of(bytes.p, bytes.n);
        at = is_start ? rows_before(p->rows, key) : rows_through(p->rows, key, a);
    } else {
        at = rows_before(p->rows, is_later ? S("\2") : S("\1")); /* behind, before all values */
    }
    arena_release(a, mark);
    return at;
}

int64_t over_first_within(Places *p, const OverBound *b, int64_t time)
{
    const OrderKey *k = &p->over->r.spec->order[0];
    Value v = {.type = p->over->r.fields[k->col].type, .i = time};
    if (time == INT64_MAX || !shift_value(&v, &b->offset, -1, true)) return time == INT64_MAX ? p->n : 0;
    StrBuf bytes = {.arena = &p->over->results};
    key_encode_value(&bytes, &v, (KeyOrder){k->descending, k->nulls_first});
    return rows_before(p->rows, str_of(bytes.p, bytes.n));
}

static int64_t range_bound(Places *p, const OverBound *b, int64_t i, int64_t from, int64_t to, bool is_start)
{
    bool has_distance = b->kind == OVER_PRECEDING || b->kind == OVER_FOLLOWING;
    if (!has_distance) return groups_bound(p, b, from, to, is_start);
    Str peers = row_peers(place_node(p, i));
    bool is_value = peers.n > 0 && peers.p[0] == 1; /* else NULL, or an order by a constant */
    if (!is_value) return is_start ? from : to;
    return distance_bound(p, b, i, is_start);
}

Frame over_frame(Places *p, OverFn *fn, int64_t i)
{
    const OverFrame *f = &fn->call->frame;
    if (f->mode == OVER_ROWS) return rows_frame(f, i, p->n);
    int64_t from, to;
    place_peers(p, i, &from, &to);
    if (fn->frame_peers != from) {
        bool is_range = f->mode == OVER_RANGE;
        fn->frame_from = is_range ? range_bound(p, &f->start, i, from, to, true) : groups_bound(p, &f->start, from, to, true);
        fn->frame_to = is_range ? range_bound(p, &f->end, i, from, to, false) : groups_bound(p, &f->end, from, to, false);
        fn->frame_peers = from;
    }
    return (Frame){fn->frame_from, fn->frame_to};
}

/* ---- how far a change reaches ------------------------------------------------------------------- */

/* The first of the places before `end` whose frame may reach the changed rows. */
static int64_t first_reaching(Places *p, OverFn *fn, int64_t end)
{
    int64_t lo = 0, hi = end;
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        if (over_frame(p, fn, mid).to >= end) hi = mid;
        else lo = mid + 1;
    }
    return lo;
}

/* The first of the places from `start` whose frame begins behind the changed rows. */
static int64_t first_behind(Places *p, OverFn *fn, int64_t start)
{
    int64_t lo = start, hi = p->n;
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        if (over_frame(p, fn, mid).from > start) hi = mid;
        else lo = mid + 1;
    }
    return lo;
}

static void frame_reach(Places *p, OverFn *fn, const Changed *c, uint32_t first_n, uint32_t last_n, int64_t *lo, int64_t *hi)
{
    const OverFrame *f = &fn->call->frame;
    bool is_rows = f->mode == OVER_ROWS;
    Arena *a = p->over->r.op.ctx->batch_scratch;
    switch (f->end.kind) {
    case OVER_UNBOUNDED_PRECEDING: *lo = c->from; break;
    case OVER_PRECEDING: *lo = is_rows ? c->from : first_reaching(p, fn, c->from); break;
    case OVER_CURRENT_ROW: *lo = is_rows ? c->from : peers_start(p->rows, str_of(c->first.p, first_n)); break;
    case OVER_FOLLOWING: *lo = is_rows ? clamp(c->from - f->end.offset.i, p->n) : first_reaching(p, fn, c->from); break;
    case OVER_UNBOUNDED_FOLLOWING: *lo = 0; break;
    }
    switch (f->start.kind) {
    case OVER_UNBOUNDED_PRECEDING: *hi = p->n; break;
    case OVER_PRECEDING: *hi = is_rows ? clamp(plus(c->to, f->start.offset.i), p->n) : first_behind(p, fn, c->to); break;
    case OVER_CURRENT_ROW: *hi = is_rows ? c->to : peers_end(p->rows, str_of(c->last.p, last_n), a); break;
    case OVER_FOLLOWING: *hi = is_rows ? c->to : first_behind(p, fn, c->to); break;
    case OVER_UNBOUNDED_FOLLOWING: *hi = c->to; break;
    }
}

static void shift_reach(Places *p, const OverFn *fn, const Changed *c, int64_t *lo, int64_t *hi)
{
    if (!fn->is_offset_known) {
        *lo = 0;
        *hi = p->n;
        return;
    }
    bool is_back = (fn->call->func == OVER_LAG) == (fn->offset >= 0);
    int64_t far = fn->offset >= 0 ? fn->offset : fn->offset == INT64_MIN ? INT64_MAX : -fn->offset;
    if (fn->call->ignore_nulls) far = INT64_MAX;
    *lo = is_back || far == 0 ? c->from : clamp(c->from - far, p->n);
    *hi = is_back ? clamp(plus(c->to, far), p->n) : c->to;
}

void over_reach(Places *p, OverFn *fn, const Changed *c, uint32_t first_n, uint32_t last_n, int64_t *lo, int64_t *hi)
{
    *lo = c->from;
    *hi = p->n;
    switch (fn->call->func) {
    case OVER_ROW_NUMBER:
        if (c->net == 0) *hi = c->to;
        break;
    case OVER_RANK:
    case OVER_DENSE_RANK: break;
    case OVER_PERCENT_RANK:
    case OVER_CUME_DIST:
    case OVER_NTILE: *lo = 0; break;
    case OVER_LAG:
    case OVER_LEAD: shift_reach(p, fn, c, lo, hi); break;
    case OVER_FIRST_VALUE:
    case OVER_LAST_VALUE:
    case OVER_NTH_VALUE:
    case OVER_AGGREGATE: frame_reach(p, fn, c, first_n, last_n, lo, hi); break;
    }
    if (*lo > c->from) *lo = c->from;
    if (*hi < c->to) *hi = c->to;
}
