/* node_join.c: joins as logical nodes.
 *
 * A join is its kind, its inputs and its condition; everything else is found in the condition
 * whenever the node's properties are (planner/join_terms.c), so that rewrites have only the
 * condition to carry along. Conjuncts about one side go below it when the node is made, where the
 * kind allows that and they cannot fail. */
#include "planner/explain_facts.h"
#include "planner/node.h"
#include "planner/node_memo.h"

#include <assert.h>

/* ---- conjuncts ------------------------------------------------------------------------------ */

int32_t conjunct_count(const BExpr *e)
{
    if (!e) return 0;
    return e->kind == BE_AND ? e->nargs : 1;
}

BExpr *conjunct_at(BExpr *e, int32_t i)
{
    return e->kind == BE_AND ? e->args[i] : e;
}

bool join_is_half(const LJoin *j)
{
    return j->kind == JOIN_SEMI || j->kind == JOIN_ANTI;
}

static void read_sides(const BExpr *e, int32_t nleft, bool *reads)
{
    if (e->kind == BE_COLUMN) reads[e->col >= nleft] = true;
    for (int i = 0; i < e->nargs; i++) read_sides(e->args[i], nleft, reads);
}

JoinReads join_reads(const BExpr *e, int32_t nleft)
{
    bool reads[2] = {false, false};
    read_sides(e, nleft, reads);
    if (reads[0]) return reads[1] ? READS_BOTH : READS_LEFT;
    return reads[1] ? READS_RIGHT : READS_NEITHER;
}

typedef struct JoinSide {
    Arena *arena;
    int32_t base;
} JoinSide;

static BExpr *to_side(void *arg, const BExpr *e)
{
    const JoinSide *s = arg;
    return bexpr_column(s->arena, e->col - s->base, e->type, e->span);
}

BExpr *join_side_expr(Arena *a, BExpr *e, int32_t base)
{
    return base ? bexpr_map(a, e, to_side, &(JoinSide){a, base}) : e;
}

/* ---- making --------------------------------------------------------------------------------- */

/* A row of this side that a conjunct of ON about it refuses has no match; here it is also left out. */
static bool on_goes_below(JoinKind kind, JoinReads side)
{
    switch (kind) {
    case JOIN_INNER:
    case JOIN_SEMI: return true;
    case JOIN_LEFT:
    case JOIN_ANTI: return side == READS_RIGHT;
    case JOIN_RIGHT: return side == READS_LEFT;
    case JOIN_FULL: return false;
    }
    return false;
}

/* A row that a filter above refuses need not come to the join at all. */
static bool where_goes_below(JoinKind kind, JoinReads side)
{
    switch (kind) {
    case JOIN_INNER: return true;
    case JOIN_LEFT:
    case JOIN_SEMI:
    case JOIN_ANTI: return side == READS_LEFT;
    case JOIN_RIGHT: return side == READS_RIGHT;
    case JOIN_FULL: return false;
    }
    return false;
}

static bool can_move(const BExpr *e)
{
    return !e->can_fail && !e->is_volatile;
}

/* The right row of an ASOF join is the nearest of all rows, whatever is asked of it afterwards; of a
 * version likewise. What ON asks of it is part of the choice. */
static bool chooses(const LJoin *j)
{
    return j->wanted != JOIN_REGULAR;
}

static void add_filter(Arena *a, LNode **input, BExpr *pred, Span at, bool is_judged)
{
    if (pred) *input = is_judged ? lnode_where_judged(a, *input, pred, at) : lnode_where(a, *input, pred, at);
}

static void push_on(Arena *a, LJoin *j, LNode **inputs, Span at)
{
    BExpr *below[2] = {NULL, NULL}, *rest = NULL;
    int32_t nleft = inputs[0]->nfields;
    for (int32_t i = 0; i < conjunct_count(j->on); i++) {
        BExpr *e = conjunct_at(j->on, i);
        JoinReads side = join_reads(e, nleft);
        bool is_one = side == READS_LEFT || side == READS_RIGHT;
        if (e->kind == BE_CONST && !e->value.is_null && e->value.i) continue; /* ON TRUE */
        bool is_of_version = side == READS_RIGHT && j->wanted == JOIN_TEMPORAL; /* asked of the one chosen */
        if (is_one && !is_of_version && can_move(e) && on_goes_below(j->kind, side)) {
            bool is_right = side == READS_RIGHT;
            BExpr *own = join_side_expr(a, e, is_right ? nleft : 0);
            below[is_right] = bexpr_and(a, below[is_right], own);
        } else {
            rest = bexpr_and(a, rest, e);
        }
    }
    j->on = rest;
    for (int i = 0; i < 2; i++) add_filter(a, &inputs[i], below[i], at, false);
}

static Str kind_name(const LJoin *j)
{
    static const char *const NAMES[] = {
        [JOIN_INNER] = "JOIN", [JOIN_LEFT] = "LEFT JOIN", [JOIN_RIGHT] = "RIGHT JOIN",
        [JOIN_FULL] = "FULL JOIN", [JOIN_SEMI] = "SEMI JOIN", [JOIN_ANTI] = "ANTI JOIN"};
    if (j->wanted == JOIN_ASOF) return j->kind == JOIN_LEFT ? S("ASOF LEFT JOIN") : S("ASOF JOIN");
    return str_z(NAMES[j->kind]);
}

/* The node over inputs that take nothing more. */
static LNode *join_over(Arena *a, const LJoin *j, LNode *const *inputs, Str what, Span at)
{
    LNode *n = lnode_make(a, L_JOIN, inputs, 2, at);
    const LNode *left = inputs[0], *right = inputs[1];
    n->join = new_one(a, LJoin);
    *n->join = *j;
    n->what = what;
    n->nfields = left->nfields + (join_is_half(j) ? 0 : right->nfields);
    n->fields = new (a, Field, n->nfields);
    memcpy(n->fields, left->fields, (size_t)left->nfields * sizeof(Field));
    if (!join_is_half(j))
        memcpy(n->fields + left->nfields, right->fields, (size_t)right->nfields * sizeof(Field));
    lnode_props(a, n);
    return n;
}

LNode *lnode_join_of(Arena *a, const LJoin *parts, LNode *left, LNode *right, Span at)
{
    LJoin j = *parts;
    LNode *inputs[] = {left, right};
    push_on(a, &j, inputs, at);
    return join_over(a, &j, inputs, kind_name(&j), at);
}

LNode *lnode_join(Arena *a, JoinKind kind, LNode *left, LNode *right, BExpr *on, Span at)
{
    return lnode_join_of(a, &(LJoin){.kind = kind, .on = on}, left, right, at);
}

/* ---- filters above -------------------------------------------------------------------------- */

/* Where the conjuncts of a filter above a join go. `may`: those that can fail, to be part of the
 * condition only where they are never computed as such or where there is no other. */
typedef struct Where {
    Arena *arena;
    const LNode *join;
    bool is_judged;
    BExpr *below[2], *on, *may, *above;
} Where;

static void add(const Where *w, BExpr **to, BExpr *e)
{
    *to = bexpr_and(w->arena, *to, e);
}

static void place(Where *w, BExpr *e)
{
    const LJoin *j = w->join->join;
    int32_t nleft = w->join->inputs[0]->nfields;
    JoinReads side = join_reads(e, nleft);
    bool is_right = side == READS_RIGHT, is_one = is_right || side == READS_LEFT;
    if (!e->is_volatile && side == READS_BOTH && j->kind == JOIN_INNER && !chooses(j))
        add(w, e->can_fail ? &w->may : &w->on, e);
    else if (can_move(e) && is_one && where_goes_below(j->kind, side) && !(is_right && chooses(j)))
        add(w, &w->below[is_right], join_side_expr(w->arena, e, is_right ? nleft : 0));
    else
        add(w, &w->above, e);
}

/* l.t BETWEEN r.t - d AND r.t + d can fail, far from today, if it is computed; as a time bound it is
 * not. A join that has no other condition takes what there is. */
static void place_failing(Where *w)
{
    const LNode *n = w->join;
    if (!w->may) return;
    BExpr *on = bexpr_and(w->arena, n->join->on, w->on);
    LNode *with = lnode_join_with_on(w->arena, n, bexpr_and(w->arena, on, w->may), n->inputs[0], n->inputs[1]);
    for (int32_t i = 0; i < conjunct_count(w->may); i++) {
        BExpr *e = conjunct_at(w->may, i);
        add(w, !on || join_is_time(with, e) ? &w->on : &w->above, e);
    }
}

static LNode *placed(const Where *w, Span at)
{
    Arena *a = w->arena;
    const LNode *n = w->join;
    LNode *inputs[] = {n->inputs[0], n->inputs[1]};
    LJoin j = *n->join;
    for (int i = 0; i < 2; i++) add_filter(a, &inputs[i], w->below[i], at, w->is_judged);
    j.on = bexpr_and(a, j.on, w->on);
    return join_over(a, &j, inputs, n->what, n->span);
}

/* A join that has been judged stays what it is: as a bound in time, say, a condition would make rows
 * late that were not. */
static LNode *where_join(Arena *a, LNode *n, BExpr *pred, Span at, bool is_judged)
{
    Where w = {.arena = a, .join = n, .is_judged = is_judged};
    for (int32_t i = 0; i < conjunct_count(pred); i++) place(&w, conjunct_at(pred, i));
    place_failing(&w);
    LNode *moved = placed(&w, at);
    if (is_judged && moved->join->match != n->join->match) {
        w.above = bexpr_and(a, w.on, w.above);
        w.on = NULL;
        moved = placed(&w, at);
    }
    if (!w.on && !w.below[0] && !w.below[1]) return lnode_filter(a, n, pred, at);
    return w.above ? lnode_filter(a, moved, w.above, at) : moved;
}

LNode *lnode_where(Arena *a, LNode *n, BExpr *pred, Span at)
{
    return n->kind == L_JOIN ? where_join(a, n, pred, at, false) : lnode_filter(a, n, pred, at);
}

LNode *lnode_where_judged(Arena *a, LNode *n, BExpr *pred, Span at)
{
    return n->kind == L_JOIN ? where_join(a, n, pred, at, true) : lnode_filter(a, n, pred, at);
}

LNode *lnode_join_with_on(Arena *a, const LNode *n, BExpr *on, LNode *left, LNode *right)
{
    LJoin j = *n->join;
    LNode *inputs[] = {left, right};
    j.on = on;
    return join_over(a, &j, inputs, n->what, n->span);
}

/* ---- EMIT FINAL ----------------------------------------------------------------------------- */

static LNode *final_node(NodeMemo *memo, LNode *n)
{
    LNode *done = node_memo_get(memo, n), **inputs = new (memo->arena, LNode *, n->ninputs);
    bool same = true;
    if (done) return done;
    for (int i = 0; i < n->ninputs; i++) {
        inputs[i] = final_node(memo, n->inputs[i]);
        same &= inputs[i] == n->inputs[i];
    }
    done = same ? n : lnode_with_inputs(memo->arena, n, inputs);
    if (n->kind == L_JOIN && !n->join->emit_final) {
        LJoin j = *n->join;
        j.emit_final = true;
        done = join_over(memo->arena, &j, inputs, n->what, n->span);
    }
    node_memo_put(memo, n, done);
    return done;
}

LNode *lnode_final(Arena *a, LNode *n)
{
    return final_node(&(NodeMemo){.arena = a}, n);
}

/* ---- properties ----------------------------------------------------------------------------- */

static bool is_key_column(const LJoin *j, int side, int32_t col)
{
    BExpr *const *keys = side ? j->right_keys : j->left_keys;
    for (int32_t i = 0; i < j->nkeys; i++)
        if (keys[i]->kind == BE_COLUMN && keys[i]->col == col) return true;
    return false;
}

/* A row of the other side meets at most one row of this one. */
static bool meets_one(const LNode *n, int side)
{
    const Props *p = &n->inputs[side]->props;
    for (int32_t i = 0; i < p->nkey; i++)
        if (!is_key_column(n->join, side, p->key[i])) return false;
    return p->nkey > 0;
}

static void take_key(Props *p, const Props *of, int32_t base)
{
    for (int32_t i = 0; i < of->nkey; i++) p->key[p->nkey++] = base + of->key[i];
}

/* A padded row has NULL for the key of the side that is missing, and it is the only one of its row;
 * but where both sides may be missing, NULLs of one could be taken for those of the other. */
static void join_key(Arena *a, LNode *n)
{
    const LJoin *j = n->join;
    const Props *l = &n->inputs[0]->props, *r = &n->inputs[1]->props;
    int32_t nleft = n->inputs[0]->nfields;
    Props *p = &n->props;
    bool takes_one = join_is_half(j) || chooses(j) || meets_one(n, 1);
    p->key = new (a, int32_t, l->nkey + r->nkey);
    if (j->kind == JOIN_FULL) return;
    if (takes_one && j->kind != JOIN_RIGHT) {
        take_key(p, l, 0);
    } else if (meets_one(n, 0) && j->kind != JOIN_LEFT) {
        take_key(p, r, nleft);
    } else if (l->nkey > 0 && r->nkey > 0) {
        take_key(p, l, 0);
        take_key(p, r, nleft);
    }
}

/* The side whose columns every row of the output has; FULL: neither, -1. */
static int whole_side(const LJoin *j)
{
    return j->kind == JOIN_FULL ? -1 : j->kind == JOIN_RIGHT;
}

static int32_t shifted(int32_t col, int32_t base)
{
    return col < 0 ? -1 : col + base;
}

static void interval_time(LNode *n)
{
    const LJoin *j = n->join;
    int32_t nleft = n->inputs[0]->nfields;
    if (j->kind == JOIN_FULL) return;
    n->props.has_watermark = true;
    n->props.time_col = j->kind == JOIN_RIGHT ? nleft + j->right_time : j->left_time;
    if (j->kind == JOIN_INNER) n->props.other_time = nleft + j->right_time;
}

/* FULL: a project above that takes the bounds from either side shows the window. */
static void window_columns(LNode *n)
{
    int side = whole_side(n->join);
    n->props.has_watermark = true;
    if (side < 0) return;
    const LNode *in = n->inputs[side];
    int32_t base = side ? n->inputs[0]->nfields : 0;
    Props *p = &n->props;
    p->window_start = shifted(in->props.window_start, base);
    p->window_end = shifted(in->props.window_end, base);
    p->time_col = n->window_time = shifted(in->window_time, base);
    n->start_determines_end = in->start_determines_end;
}

static void join_time(LNode *n)
{
    const LJoin *j = n->join;
    const LNode *left = n->inputs[0];
    switch (j->match) {
    case JOIN_REGULAR: break;
    case JOIN_INTERVAL: interval_time(n); break;
    case JOIN_WINDOW: window_columns(n); break;
    case JOIN_ASOF:
    case JOIN_TEMPORAL:
        if (!j->emit_final) break;
        n->props.has_watermark = left->props.has_watermark;
        n->props.time_col = left->props.time_col;
        break;
    case JOIN_LOOKUP:
        n->props.has_watermark = left->props.has_watermark;
        n->props.time_col = left->props.time_col;
        break;
    }
}

static bool join_appends(const LNode *n)
{
    const LJoin *j = n->join;
    bool appends = n->inputs[0]->props.is_append_only && n->inputs[1]->props.is_append_only;
    bool adds_only = j->kind == JOIN_INNER || j->kind == JOIN_SEMI;
    switch (j->match) {
    case JOIN_REGULAR: return appends && adds_only;
    case JOIN_INTERVAL: return appends && (adds_only || j->emit_final);
    case JOIN_WINDOW: return j->emit_final || (appends && adds_only);
    case JOIN_ASOF:
    case JOIN_TEMPORAL: return appends && j->emit_final;
    case JOIN_LOOKUP: return n->inputs[0]->props.is_append_only;
    }
    return false;
}

static Str join_bound(Arena *a, const LNode *n)
{
    const LJoin *j = n->join;
    Str span;
    switch (j->match) {
    case JOIN_REGULAR: return S("UNBOUNDED: regular join, add a time bound");
    case JOIN_INTERVAL:
        span = explain_duration(j->before_us + j->after_us, a);
        return str_printf(a, "O(rows in %.*s)", STR_ARG(span));
    case JOIN_WINDOW: return S("O(rows of open windows)");
    case JOIN_ASOF:
    case JOIN_TEMPORAL: return S("UNBOUNDED: keys of the right side");
    case JOIN_LOOKUP: return S("none");
    }
    return S("none");
}

void join_props(Arena *a, LNode *n)
{
    LJoin *found = new_one(a, LJoin); /* another node may share the old one */
    *found = *n->join;
    n->join = found;
    join_find(a, n);
    n->props = no_props();
    join_time(n);
    join_key(a, n);
    n->props.above_state = true;
    n->props.is_append_only = join_appends(n);
    Str below = worse_bound(n->inputs[0]->props.state_bound, n->inputs[1]->props.state_bound);
    n->own_state = join_bound(a, n);
    n->props.state_bound = worse_bound(below, n->own_state);
}
