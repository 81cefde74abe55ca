/* op_join.c: regular, interval and window joins (semantics: docs/sql/joins.md).
 *
 * State: the rows of both sides by key. Regular joins keep them for ever, or while state_ttl has their key; a row of an interval join
 * goes when the other side's watermark has passed all that it could match, the rows of a window
 * when it closes. Late rows: settled here where this is the query's first stateful operator. */
#include "exec/op/join.h"

static void begin_flush(JoinOp *j)
{
    join_begin(j);
    j->is_settled = false; /* by the next epoch */
    for (int s = 0; s < SIDES; s++) late_copies_count(&j->side[s].late);
    join_check(j);
}

static int64_t regular_flush(Op *op, int64_t watermark)
{
    JoinOp *j = (JoinOp *)op;
    begin_flush(j);
    join_emit_changes(j);
    ttl_touch(&j->ttl, op_ttl_now(op));
    ttl_expire(&j->ttl, op_ttl_now(op));
    return watermark == INT64_MAX ? INT64_MAX : INT64_MIN; /* no event time; it may have ended */
}

static int64_t window_flush(Op *op, int64_t watermark)
{
    JoinOp *j = (JoinOp *)op;
    begin_flush(j);
    for (int s = 0; j->spec->emit_final && s < SIDES; s++) join_emit_never(j, &j->side[s]);
    if (!j->spec->emit_final) join_emit_changes(j);
    join_close_windows(j, watermark_minus(watermark, -j->window_tick));
    return watermark;
}

/* ---- intervals -------------------------------------------------------------------------------- */

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

/* Rows of a side up to this time can't match what is to come: `reach` is how far behind the other
 * side's time they may be. Those that may still be taken back stay. */
static int64_t expiry(const int64_t *w, int side, int64_t reach, bool retracts)
{
    int64_t t = watermark_minus(w[1 - side], reach);
    return retracts ? lesser(t, w[side]) : t;
}

static int64_t interval_flush(Op *op, int64_t watermark)
{
    JoinOp *j = (JoinOp *)op;
    const JoinSpec *spec = j->spec;
    const int64_t *w = op->port_watermark;
    begin_flush(j);
    join_emit_changes(j);
    join_expire(j, &j->side[SIDE_LEFT], expiry(w, SIDE_LEFT, spec->before_us, spec->left_retracts));
    join_expire(j, &j->side[SIDE_RIGHT], expiry(w, SIDE_RIGHT, spec->after_us, spec->right_retracts));
    int64_t left = watermark_minus(w[SIDE_LEFT], spec->after_us), right = watermark_minus(w[SIDE_RIGHT], spec->before_us);
    return lesser(watermark, lesser(left, right));
}

static const OpClass regular_class = {
    .name = "join", .push = join_push, .row_error = join_row_error, .flush = regular_flush, .save = join_save, .load = join_load,
    .close = join_close, .state_bytes = join_bytes, .state_rows = join_rows, .tell = join_tell,
};
static const OpClass interval_class = {
    .name = "interval join", .push = join_push, .row_error = join_row_error, .flush = interval_flush, .save = join_save, .load = join_load,
    .close = join_close, .state_bytes = join_bytes, .state_rows = join_rows, .tell = join_tell,
};
static const OpClass window_class = {
    .name = "window join", .push = join_push, .row_error = join_row_error, .flush = window_flush, .save = join_save, .load = join_load,
    .close = join_close, .state_bytes = join_bytes, .state_rows = join_rows, .tell = join_tell,
};

static Status open_as(const OpClass *cls, const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    JoinOp *j = new_one(a, JoinOp);
    TRY(join_init(j, cls, p, c, a, d));
    *out = &j->op;
    return WEIR_OK;
}

Status op_join_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    if (op_join_closed_takes(p)) return op_join_closed_open(p, c, a, out, d);
    if (op_join_grow_takes(p)) return op_join_grow_open(p, c, a, out, d);
    switch (p->join->match) {
    case JOIN_REGULAR: return open_as(&regular_class, p, c, a, out, d);
    case JOIN_INTERVAL: return open_as(&interval_class, p, c, a, out, d);
    case JOIN_WINDOW: return open_as(&window_class, p, c, a, out, d);
    case JOIN_ASOF:
    case JOIN_TEMPORAL: return op_join_asof_open(p, c, a, out, d);
    case JOIN_LOOKUP: return op_join_lookup_open(p, c, a, out, d);
    }
    return WEIR_E_INTERNAL;
}
