/* join_delta.c: how a join's result changed.
 *
 * Pairs come from the changed rows of the left with all rows of the right, then from the changed
 * rows of the right with the unchanged ones of the left. Rows that are shown for having no match,
 * or for having one, follow when all matches are counted: per row where the residual or the time
 * decides, per key elsewhere. */
#include "exec/op/join.h"

/* ---- pairs ------------------------------------------------------------------------------------ */

/* The rows of the other side's list that row r of side s may match. */
typedef struct ListRange {
    uint32_t from, to;
} ListRange;

static int64_t time_plus(int64_t t, int64_t d)
{
    int64_t out;
    if (__builtin_add_overflow(t, d, &out)) return d > 0 ? INT64_MAX : INT64_MIN;
    return out;
}

static ListRange candidates_of(const JoinOp *j, const JoinSide *s, const JoinRow *r, const JoinList *others)
{
    if (j->spec->match != JOIN_INTERVAL) return (ListRange){0, others->n};
    const JoinSide *other = &j->side[1 - s->no];
    const JoinSpec *spec = j->spec; /* right - before <= left <= right + after */
    bool is_left = s->no == SIDE_LEFT;
    int64_t t = row_time(s, r), down = is_left ? spec->after_us : spec->before_us;
    int64_t up = is_left ? spec->before_us : spec->after_us;
    ListRange range = {join_list_from(other, others, time_plus(t, -down)), join_list_after(other, others, time_plus(t, up))};
    if (range.to < range.from) range.to = range.from; /* an empty interval */
    return range;
}

static bool has_changed(const JoinOp *j, const JoinSide *s, const JoinRow *r)
{
    return row_before(j, s, r) != r->weight;
}

static void match_left(JoinOp *j, JoinRow *l)
{
    const JoinSide *s = &j->side[SIDE_LEFT];
    const JoinList *others = &row_key(s, l)->list[SIDE_RIGHT];
    ListRange range = candidates_of(j, s, l, others);
    for (uint32_t i = range.from; i < range.to; i++) join_candidate(j, l, list_row(others, i));
}

static void match_right(JoinOp *j, JoinRow *r)
{
    const JoinSide *s = &j->side[SIDE_RIGHT], *left = &j->side[SIDE_LEFT];
    const JoinList *others = &row_key(s, r)->list[SIDE_LEFT];
    ListRange range = candidates_of(j, s, r, others);
    for (uint32_t i = range.from; i < range.to; i++) {
        JoinRow *l = list_row(others, i);
        if (!has_changed(j, left, l)) join_candidate(j, l, r);
    }
}

static bool needs_pairs(const JoinOp *j)
{
    return !j->is_half || j->side[SIDE_LEFT].counts_matches;
}

/* The list that a touched row is to be matched with, its first row being asked for soon after. */
PREFETCHER void prefetch_matches(const JoinSide *s, uint32_t touched)
{
    if (touched >= s->rows.ntouched) return;
    const JoinList *l = &row_key(s, (const JoinRow *)(const void *)s->rows.touched[touched])->list[1 - s->no];
    if (l->rows) __builtin_prefetch(&l->rows[l->first]);
    if (touched < PREFETCH_LISTS / 2) return;
    l = &row_key(s, (const JoinRow *)(const void *)s->rows.touched[touched - PREFETCH_LISTS / 2])->list[1 - s->no];
    if (l->n > 0) __builtin_prefetch(list_row(l, 0));
}

static void match_changed(JoinOp *j, JoinSide *s, void (*match)(JoinOp *, JoinRow *))
{
    uint32_t n = s->rows.ntouched; /* counting touches more */
    for (uint32_t i = 0; i < n; i++) {
        join_prefetch(s, i + PREFETCH_KEYS);
        prefetch_matches(s, i + PREFETCH_LISTS);
        JoinRow *r = (JoinRow *)(void *)s->rows.touched[i];
        if (!(r->flags & ROW_NEVER) && has_changed(j, s, r) && needs_pairs(j)) match(j, r);
    }
}

static void forget_missing(JoinOp *j, const JoinSide *s, JoinRow *r)
{
    op_count_missing(&j->op, -r->weight);
    row_key(s, r)->weight[s->no] -= r->weight;
    r->weight = 0;
}

static void check_row(JoinOp *j, const JoinSide *s, JoinRow *r)
{
    if (r->weight >= 0 || (r->flags & ROW_NEVER)) return;
    if (j->ttl.span_us > 0) forget_missing(j, s, r);
    else j->op.ctx->broken = S("a join was to take back a row that it does not have");
}

void join_check(JoinOp *j)
{
    for (int s = 0; s < SIDES; s++)
        for (uint32_t i = 0; i < j->side[s].rows.ntouched; i++)
            check_row(j, &j->side[s], (JoinRow *)(void *)j->side[s].rows.touched[i]);
}

/* ---- rows shown alone ------------------------------------------------------------------------- */

static bool shows_alone(const JoinOp *j, const JoinSide *s)
{
    return s->shows_unmatched || (j->spec->kind == JOIN_SEMI && s->no == SIDE_LEFT);
}

/* Copies of a row that are shown by themselves. */
static int64_t shown_alone(const JoinOp *j, bool has_match, int64_t weight)
{
    return (j->spec->kind == JOIN_SEMI) == has_match ? weight : 0;
}

static void out_alone(JoinOp *j, const JoinSide *s, JoinRow *r, int64_t weight)
{
    if (s->no == SIDE_LEFT) join_out(j, r, NULL, weight);
    else join_out(j, NULL, r, weight);
}

static void alone_by_row(JoinOp *j, JoinSide *s)
{
    for (uint32_t i = 0; i < s->rows.ntouched; i++) {
        JoinRow *r = (JoinRow *)(void *)s->rows.touched[i];
        const RowBefore *before = &s->before.data[i];
        out_alone(j, s, r, shown_alone(j, r->matches > 0, r->weight) - shown_alone(j, before->matches > 0, before->weight));
    }
}

/* Whether the key had and has rows of the other side. */
typedef struct KeyMatch {
    bool before, now;
} KeyMatch;

static KeyMatch key_match(const JoinOp *j, const JoinSide *s, uint8_t *group)
{
    uint32_t at = group_head(&j->keys, group)->touched;
    int64_t now = join_key(group)->weight[1 - s->no];
    return (KeyMatch){(at ? j->before.data[at - 1].weight[1 - s->no] : now) > 0, now > 0};
}

static void out_by_key(JoinOp *j, JoinSide *s, JoinRow *r, KeyMatch m)
{
    out_alone(j, s, r, shown_alone(j, m.now, r->weight) - shown_alone(j, m.before, row_before(j, s, r)));
}

/* Changed rows of keys that have matches as before, then all rows of those that have not. */
static void alone_by_key(JoinOp *j, JoinSide *s)
{
    for (uint32_t i = 0; i < s->rows.ntouched; i++) {
        JoinRow *r = (JoinRow *)(void *)s->rows.touched[i];
        KeyMatch m = r->flags & ROW_NEVER ? (KeyMatch){false, false} : key_match(j, s, row_group(s, r));
        if (m.before == m.now) out_by_key(j, s, r, m);
    }
    for (uint32_t i = 0; i < j->keys.ntouched; i++) {
        KeyMatch m = key_match(j, s, j->keys.touched[i]);
        const JoinList *l = &join_key(j->keys.touched[i])->list[s->no];
        for (uint32_t k = 0; m.before != m.now && k < l->n; k++) out_by_key(j, s, list_row(l, k), m);
    }
}

void join_emit_never(JoinOp *j, JoinSide *s)
{
    for (uint32_t i = 0; s->shows_unmatched && i < s->rows.ntouched; i++) {
        JoinRow *r = (JoinRow *)(void *)s->rows.touched[i];
        if (r->flags & ROW_NEVER) out_alone(j, s, r, shown_alone(j, false, r->weight));
    }
}

/* EMIT FINAL: unmatched rows wait until nothing can match them any more. */
static bool waits(const JoinOp *j, const JoinSide *s)
{
    return j->spec->emit_final && s->shows_unmatched;
}

void join_emit_changes(JoinOp *j)
{
    match_changed(j, &j->side[SIDE_LEFT], match_left);
    match_changed(j, &j->side[SIDE_RIGHT], match_right);
    join_settle_candidates(j);
    for (int no = 0; no < SIDES; no++) {
        JoinSide *s = &j->side[no];
        if (!shows_alone(j, s)) continue;
        if (waits(j, s)) join_emit_never(j, s);
        else if (s->counts_matches) alone_by_row(j, s);
        else alone_by_key(j, s);
    }
    join_out_flush(j);
}

/* ---- windows ---------------------------------------------------------------------------------- */

/* Whether a NULL keeps the rows of the key from matching. */
static bool is_never_equal(const JoinOp *j, const uint8_t *group)
{
    uint32_t nulls = group_head(&j->keys, group)->nulls;
    for (int i = 0; i < j->spec->nkeys; i++)
        if (!j->spec->null_safe[i] && key_column_is_null(&j->key_layout, group_words(&j->keys, group), nulls, i)) return true;
    return false;
}

static void match_window(JoinOp *j, uint8_t *group)
{
    const JoinList *l = &join_key(group)->list[SIDE_LEFT];
    if (!needs_pairs(j) || is_never_equal(j, group)) return;
    for (uint32_t i = 0; i < l->n; i++) match_left(j, list_row(l, i));
}

static void alone_in_window(JoinOp *j, JoinSide *s, uint8_t *group)
{
    const JoinKey *k = join_key(group);
    const JoinList *l = &k->list[s->no];
    bool may_match = !is_never_equal(j, group) && k->weight[1 - s->no] > 0;
    for (uint32_t i = 0; shows_alone(j, s) && i < l->n; i++) {
        JoinRow *r = list_row(l, i);
        bool has_match = s->counts_matches ? r->matches > 0 : may_match;
        out_alone(j, s, r, shown_alone(j, has_match, r->weight));
    }
}

typedef struct GroupVec {
    uint8_t **data;
    ptrdiff_t len, cap;
} GroupVec;

/* All rows of the windows at once, as if they had just come. */
static void emit_windows(JoinOp *j, const GroupVec *closed)
{
    j->is_closing = true;
    for (ptrdiff_t i = 0; i < closed->len; i++) match_window(j, closed->data[i]);
    join_settle_candidates(j);
    for (int s = 0; s < SIDES; s++)
        for (ptrdiff_t i = 0; i < closed->len; i++) alone_in_window(j, &j->side[s], closed->data[i]);
    join_out_flush(j);
    j->is_closing = false;
}

void join_close_windows(JoinOp *j, int64_t end)
{
    GroupVec closed = {0};
    for (uint8_t *group; (group = join_take_due(j, &j->side[SIDE_LEFT], end));) {
        vec_push(&closed, &j->epoch, group);
        int64_t at = join_window_end(j, group);
        if (j->closed_ends.len == 0 || j->closed_ends.data[j->closed_ends.len - 1] != at)
            vec_push(&j->closed_ends, &j->epoch, at);
    }
    if (j->spec->emit_final) emit_windows(j, &closed);
    for (ptrdiff_t i = 0; i < closed.len; i++)
        for (int s = 0; s < SIDES; s++)
            join_drop_front(j, &j->side[s], closed.data[i], join_key(closed.data[i])->list[s].n);
}

/* ---- intervals -------------------------------------------------------------------------------- */

static void expire_key(JoinOp *j, JoinSide *s, uint8_t *group, int64_t limit)
{
    const JoinList *l = &join_key(group)->list[s->no];
    uint32_t n = 0; /* few of many, as a rule: from the front */
    while (n < l->n && row_time(s, list_row(l, n)) <= limit) n++;
    for (uint32_t i = 0; waits(j, s) && i < n; i++) {
        JoinRow *r = list_row(l, i);
        out_alone(j, s, r, shown_alone(j, r->matches > 0, r->weight));
    }
    join_drop_front(j, s, group, n);
    if (l->n > 0) join_await_row(j, s, group, list_row(l, 0));
}

void join_expire(JoinOp *j, JoinSide *s, int64_t limit)
{
    for (uint8_t *group; (group = join_take_due(j, s, limit));) expire_key(j, s, group, limit);
    join_out_flush(j);
}
