/* op_join_asof.c: the nearest row of the right by time.
 *
 * State: per key the rows of both sides in the order of time; right rows of one time in their total
 * order, the last of which wins. EMIT CHANGES keeps all of them: a right row that comes or goes
 * changes the left rows from its own time to that of the next right row that stays. EMIT FINAL
 * writes a left row when its nearest cannot change any more and forgets it, and right rows that are
 * nearest to nothing to come. Late rows: settled here under EMIT FINAL; EMIT CHANGES corrects itself.
 *
 * A temporal join is one whose right rows are the versions of a table's rows. What is late is dropped
 * under EMIT CHANGES too, so there as well nothing needs to be kept that the watermark has passed. */
#include "exec/op/join.h"

/* ---- the nearest ------------------------------------------------------------------------------ */

static bool looks_back(const JoinOp *j)
{
    return j->spec->asof == ASOF_GE || j->spec->asof == ASOF_GT;
}

static bool takes_equal(const JoinOp *j)
{
    return j->spec->asof == ASOF_GE || j->spec->asof == ASOF_LE;
}

/* Whether a right row is there, or was before the epoch. */
static bool is_there(const JoinOp *j, const JoinRow *r, bool was)
{
    return (was ? row_before(j, &j->side[SIDE_RIGHT], r) : r->weight) > 0;
}

static JoinRow *last_before(const JoinOp *j, const JoinList *rights, int64_t t, bool was)
{
    const JoinSide *s = &j->side[SIDE_RIGHT];
    uint32_t i = takes_equal(j) ? join_list_after(s, rights, t) : join_list_from(s, rights, t);
    while (i-- > 0)
        if (is_there(j, list_row(rights, i), was)) return list_row(rights, i);
    return NULL;
}

/* Of the rows of the least time, the last one. */
static JoinRow *first_after(const JoinOp *j, const JoinList *rights, int64_t t, bool was)
{
    const JoinSide *s = &j->side[SIDE_RIGHT];
    JoinRow *best = NULL;
    for (uint32_t i = takes_equal(j) ? join_list_from(s, rights, t) : join_list_after(s, rights, t); i < rights->n; i++) {
        JoinRow *r = list_row(rights, i);
        if (best && row_time(s, r) != row_time(s, best)) break;
        if (is_there(j, r, was)) best = r;
    }
    return best;
}

static JoinRow *nearest(const JoinOp *j, const JoinRow *l, bool was)
{
    const JoinSide *left = &j->side[SIDE_LEFT];
    const JoinList *rights = &row_key(left, l)->list[SIDE_RIGHT];
    int64_t t = row_time(left, l);
    return looks_back(j) ? last_before(j, rights, t, was) : first_after(j, rights, t, was);
}

static void out_nearest(JoinOp *j, JoinRow *l, JoinRow *r, int64_t weight)
{
    if (r || j->spec->kind == JOIN_LEFT) join_out(j, l, r, weight);
}

/* ---- EMIT CHANGES ----------------------------------------------------------------------------- */

/* Touches the left rows to which r may be or may have been the nearest. */
static void touch_around(JoinOp *j, const JoinRow *r)
{
    const JoinSide *right = &j->side[SIDE_RIGHT];
    JoinSide *left = &j->side[SIDE_LEFT];
    const JoinKey *k = row_key(right, r);
    const JoinList *rights = &k->list[SIDE_RIGHT], *lefts = &k->list[SIDE_LEFT];
    int64_t t = row_time(right, r);
    uint32_t n = lefts->n, from = join_list_from(left, lefts, t), after = join_list_after(left, lefts, t);
    if (looks_back(j)) {
        uint32_t i = join_list_after(right, rights, t);
        while (i < rights->n && !(is_there(j, list_row(rights, i), true) && is_there(j, list_row(rights, i), false))) i++;
        if (i < rights->n) n = join_list_after(left, lefts, row_time(right, list_row(rights, i)));
        for (uint32_t at = from; at < n; at++) join_touch_row(j, left, list_row(lefts, at));
    } else {
        uint32_t i = join_list_from(right, rights, t), start = 0;
        while (i > 0 && !(is_there(j, list_row(rights, i - 1), true) && is_there(j, list_row(rights, i - 1), false))) i--;
        if (i > 0) start = join_list_from(left, lefts, row_time(right, list_row(rights, i - 1)));
        for (uint32_t at = start; at < after; at++) join_touch_row(j, left, list_row(lefts, at));
    }
}

static void emit_change(JoinOp *j, JoinRow *l, int64_t before)
{
    JoinRow *was = before > 0 ? nearest(j, l, true) : NULL, *is = l->weight > 0 ? nearest(j, l, false) : NULL;
    if (was == is) {
        out_nearest(j, l, is, l->weight - before);
        return;
    }
    out_nearest(j, l, was, -before);
    out_nearest(j, l, is, l->weight);
}

static void emit_changes(JoinOp *j)
{
    JoinSide *left = &j->side[SIDE_LEFT], *right = &j->side[SIDE_RIGHT];
    for (uint32_t i = 0; i < right->rows.ntouched; i++) {
        const JoinRow *r = (const JoinRow *)(const void *)right->rows.touched[i];
        if (is_there(j, r, true) != is_there(j, r, false)) touch_around(j, r);
    }
    for (uint32_t i = 0; i < left->rows.ntouched; i++) {
        JoinRow *l = (JoinRow *)(void *)left->rows.touched[i];
        if (!(l->flags & ROW_NEVER)) emit_change(j, l, left->before.data[i].weight);
    }
}

/* ---- EMIT FINAL ------------------------------------------------------------------------------- */

/* Whether no right row to come can be nearer to l than r; all up to w are known. */
static bool is_settled(const JoinOp *j, const JoinRow *l, const JoinRow *r, int64_t w)
{
    if (w == INT64_MAX || l->weight == 0) return true;
    if (looks_back(j)) return row_time(&j->side[SIDE_LEFT], l) <= w;
    return r && row_time(&j->side[SIDE_RIGHT], r) <= w;
}

/* Writes the key's left rows that are due; gives false where one has to wait. */
static bool write_due(JoinOp *j, uint8_t *group, int64_t limit)
{
    JoinSide *left = &j->side[SIDE_LEFT];
    const JoinList *l = &join_key(group)->list[SIDE_LEFT];
    uint32_t n = join_list_after(left, l, limit), written = 0;
    for (; written < n; written++) {
        JoinRow *row = list_row(l, written), *r = nearest(j, row, false);
        if (!is_settled(j, row, r, j->op.port_watermark[SIDE_RIGHT])) break;
        if (j->spec->emit_final) out_nearest(j, row, r, row->weight);
    }
    join_drop_front(j, left, group, written);
    return written == n;
}

/* Takes the due keys first: one whose rows wait for a right row goes back with the time it had. */
static void write_left(JoinOp *j, int64_t limit)
{
    JoinSide *left = &j->side[SIDE_LEFT];
    VEC(uint8_t *) again = {0};
    for (uint8_t *group; (group = join_take_due(j, left, limit));)
        if (!write_due(j, group, limit) || join_key(group)->list[SIDE_LEFT].n > 0) vec_push(&again, &j->epoch, group);
    for (ptrdiff_t i = 0; i < again.len; i++)
        join_await_row(j, left, again.data[i], list_row(&join_key(again.data[i])->list[SIDE_LEFT], 0));
}

/* Looking back, of the right rows up to `limit` the last one is still needed; looking ahead, those
 * from the first waiting left row on. */
static uint32_t unneeded(const JoinOp *j, const JoinKey *k, int64_t limit)
{
    const JoinSide *right = &j->side[SIDE_RIGHT];
    const JoinList *rights = &k->list[SIDE_RIGHT], *lefts = &k->list[SIDE_LEFT];
    uint32_t past = join_list_after(right, rights, limit);
    if (looks_back(j)) {
        while (past > 0 && !is_there(j, list_row(rights, past - 1), false)) past--;
        return past > 0 ? past - 1 : 0;
    }
    if (lefts->n == 0) return past;
    uint32_t before = join_list_from(right, rights, row_time(&j->side[SIDE_LEFT], list_row(lefts, 0)));
    return before < past ? before : past;
}

static void prune_right(JoinOp *j, int64_t limit)
{
    JoinSide *right = &j->side[SIDE_RIGHT];
    VEC(uint8_t *) again = {0};
    for (uint8_t *group; (group = join_take_due(j, right, limit));) {
        join_drop_front(j, right, group, unneeded(j, join_key(group), limit));
        vec_push(&again, &j->epoch, group);
    }
    for (ptrdiff_t i = 0; i < again.len; i++) {
        const JoinList *l = &join_key(again.data[i])->list[SIDE_RIGHT];
        uint32_t next = looks_back(j) ? join_list_after(right, l, limit) : 0; /* the next that may make one unneeded */
        if (next < l->n) join_await_row(j, right, again.data[i], list_row(l, next));
    }
}

/* ---- the operator ----------------------------------------------------------------------------- */

static int64_t flush_final(JoinOp *j, int64_t watermark)
{
    DueHeap *waiting = &j->side[SIDE_LEFT].due;
    write_left(j, watermark);
    prune_right(j, watermark);
    if (waiting->n > 0 && waiting->items[0].due <= watermark) return waiting->items[0].due - 1;
    return watermark;
}

static int64_t asof_flush(Op *op, int64_t watermark)
{
    JoinOp *j = (JoinOp *)op;
    join_begin(j);
    j->is_settled = false; /* by the next epoch */
    join_check(j);
    join_emit_never(j, &j->side[SIDE_LEFT]);
    int64_t out = watermark == INT64_MAX ? INT64_MAX : INT64_MIN;
    if (!j->spec->emit_final) emit_changes(j);
    int64_t settled = j->spec->emit_final || j->spec->match == JOIN_TEMPORAL ? flush_final(j, watermark) : watermark;
    if (j->spec->emit_final) out = settled;
    join_out_flush(j);
    return out;
}

static const OpClass asof_class = {
    .name = "asof join", .push = join_push, .row_error = join_row_error, .flush = asof_flush, .save = join_save, .load = join_load,
    .close = join_close, .state_bytes = join_bytes, .state_rows = join_rows, .tell = join_tell,
};

Status op_join_asof_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    const JoinSpec *spec = p->join;
    if (spec->residual || (spec->kind != JOIN_INNER && spec->kind != JOIN_LEFT))
        return diag_error(d, WEIR_E_UNSUPPORTED, p->span, "an ASOF join is ASOF JOIN or ASOF LEFT JOIN on keys and one comparison of times");
    JoinOp *j = new_one(a, JoinOp);
    TRY(join_init(j, &asof_class, p, c, a, d));
    *out = &j->op;
    return WEIR_OK;
}
