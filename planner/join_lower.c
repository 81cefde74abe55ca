/* join_lower.c: from the join as it is understood to the join that exec runs.
 *
 * Keys that are computed become columns of their input, and so do those parts of the residual that
 * are about one side and may fail: their errors belong to the row of that side. */
#include "planner/node.h"

#include <assert.h>

/* ---- settling ------------------------------------------------------------------------------- */

/* An input with computed columns behind its own. */
typedef struct Widened {
    BExpr **exprs;
    int32_t n, base, room;
} Widened;

typedef struct Settling {
    Arena *arena;
    int32_t nleft;
    Widened side[2]; /* exprs are over the side's columns */
} Settling;

static void widen_init(Arena *a, Widened *w, const LNode *in)
{
    *w = (Widened){.base = in->nfields, .n = in->nfields, .room = in->nfields + 8};
    w->exprs = new (a, BExpr *, w->room);
    for (int32_t i = 0; i < in->nfields; i++) w->exprs[i] = bexpr_column(a, i, in->fields[i].type, in->span);
}

static int32_t widen_by(Arena *a, Widened *w, BExpr *e)
{
    for (int32_t i = 0; i < w->n; i++)
        if (bexpr_eq(w->exprs[i], e)) return i;
    if (w->n == w->room) {
        BExpr **more = new (a, BExpr *, w->room * 2);
        memcpy(more, w->exprs, (size_t)w->n * sizeof *more);
        w->exprs = more;
        w->room *= 2;
    }
    w->exprs[w->n] = e;
    return w->n++;
}

/* Columns are numbered as before; those that are computed stand for their place on their side,
 * right ones from COL_RIGHT on, until both sides are as wide as they get. */
enum { COL_RIGHT = 1 << 27 };

static BExpr *column_for(Settling *s, BExpr *e, bool is_right)
{
    BExpr *own = join_side_expr(s->arena, e, is_right ? s->nleft : 0);
    int32_t col = widen_by(s->arena, &s->side[is_right], own);
    return bexpr_column(s->arena, is_right ? COL_RIGHT + col : col, e->type, e->span);
}

static BExpr *settle_columns(Settling *s, BExpr *e)
{
    JoinReads side = join_reads(e, s->nleft);
    if (e->kind == BE_COLUMN || (e->can_fail && (side == READS_LEFT || side == READS_RIGHT)))
        return column_for(s, e, side == READS_RIGHT);
    if (e->nargs == 0) return e;
    BExpr **args = new (s->arena, BExpr *, e->nargs);
    for (int32_t i = 0; i < e->nargs; i++) args[i] = settle_columns(s, e->args[i]);
    return bexpr_with_args(s->arena, e, args);
}

static BExpr *settle_key(Settling *s, BExpr *e)
{
    BExpr **args = new (s->arena, BExpr *, 2);
    for (int i = 0; i < 2; i++)
        args[i] = column_for(s, e->args[i], join_reads(e->args[i], s->nleft) == READS_RIGHT);
    return bexpr_with_args(s->arena, e, args);
}

static BExpr *settle_term(Settling *s, BExpr *e)
{
    int left;
    return join_is_key(e, s->nleft, &left) ? settle_key(s, e) : settle_columns(s, e);
}

/* Right columns behind the wider left. */
static BExpr *to_final(void *arg, const BExpr *e)
{
    const Settling *s = arg;
    int32_t col = e->col >= COL_RIGHT ? s->side[0].n + e->col - COL_RIGHT : e->col;
    return bexpr_column(s->arena, col, e->type, e->span);
}

/* Keys and residual over columns; an equality that is a time bound too is a key still. */
static BExpr *settled_on(Settling *s, const LNode *n)
{
    BExpr *on = NULL;
    int left;
    for (int32_t i = 0; i < conjunct_count(n->join->on); i++) {
        BExpr *e = conjunct_at(n->join->on, i);
        if (join_is_key(e, s->nleft, &left) || !join_is_time(n, e))
            on = bexpr_and(s->arena, on, settle_term(s, e));
    }
    return on ? bexpr_map(s->arena, on, to_final, s) : NULL;
}

static bool shows_columns_only(const LNode *n)
{
    for (int32_t i = 0; n->kind == L_PROJECT && i < n->nfields; i++)
        if (n->exprs[i]->kind != BE_COLUMN) return false;
    return n->kind == L_PROJECT;
}

/* The input with its computed columns; a project that only takes columns away computes them itself. */
static LNode *widened(Arena *a, const Widened *w, LNode *in)
{
    if (w->n == w->base) return in;
    Field *fields = new (a, Field, w->n);
    Str *names = new (a, Str, w->base);
    for (int32_t i = 0; i < w->base; i++) names[i] = (fields[i] = in->fields[i]).name;
    for (int32_t i = w->base; i < w->n; i++) {
        StrBuf b = {.arena = a};
        bexpr_print(&b, w->exprs[i], names);
        fields[i].name = sb_done(&b);
    }
    if (!shows_columns_only(in)) return lnode_project(a, in, w->exprs, fields, w->n, in->span);
    BExpr **exprs = new (a, BExpr *, w->n);
    for (int32_t i = 0; i < w->n; i++) exprs[i] = bexpr_substitute(a, w->exprs[i], in->exprs);
    return lnode_project(a, in->inputs[0], exprs, fields, w->n, in->span);
}

/* The columns that the join had before its inputs grew. */
static LNode *as_before(const Settling *s, LNode *joined, const LNode *n)
{
    Arena *a = s->arena;
    BExpr **exprs = new (a, BExpr *, n->nfields);
    for (int32_t i = 0; i < n->nfields; i++) {
        int32_t col = i < s->nleft ? i : i - s->nleft + s->side[0].n;
        exprs[i] = bexpr_column(a, col, n->fields[i].type, n->span);
    }
    return lnode_project(a, joined, exprs, n->fields, n->nfields, n->span);
}

/* The condition is settled even where no input grows: then it names keys and residual only. */
LNode *join_settle(Arena *a, LNode *n)
{
    Settling s = {.arena = a, .nleft = n->inputs[0]->nfields};
    LNode *in[2];
    if (n->join->is_settled) return n;
    for (int i = 0; i < 2; i++) widen_init(a, &s.side[i], n->inputs[i]);
    BExpr *on = settled_on(&s, n);
    bool has_grown = s.side[0].n > s.side[0].base || s.side[1].n > s.side[1].base;
    for (int i = 0; i < 2; i++) in[i] = widened(a, &s.side[i], n->inputs[i]);
    LNode found = *n;
    LJoin settled = *n->join;
    settled.is_settled = true;
    found.join = &settled;
    LNode *joined = lnode_join_with_on(a, &found, on, in[0], in[1]);
    return has_grown ? as_before(&s, joined, n) : joined;
}

/* ---- lowering ------------------------------------------------------------------------------- */

static int32_t *key_columns(Arena *a, BExpr *const *keys, int32_t n)
{
    int32_t *cols = new (a, int32_t, n);
    for (int32_t i = 0; i < n; i++) {
        assert(keys[i]->kind == BE_COLUMN);
        cols[i] = keys[i]->col;
    }
    return cols;
}

void join_lower(Arena *a, const LNode *n, PhysOp *op)
{
    const LJoin *j = n->join;
    JoinSpec *s = new_one(a, JoinSpec);
    *s = (JoinSpec){.kind = j->kind, .match = j->match, .null_safe = j->null_safe, .nkeys = j->nkeys,
                    .residual = j->residual, .left_time = j->left_time, .right_time = j->right_time,
                    .before_us = j->before_us, .after_us = j->after_us,
                    .key_window_end = j->key_window_end, .asof = j->asof, .emit_final = j->emit_final};
    s->left_keys = key_columns(a, j->left_keys, j->nkeys);
    s->right_keys = key_columns(a, j->right_keys, j->nkeys);
    s->left_retracts = !n->inputs[0]->props.is_append_only;
    s->right_retracts = !n->inputs[1]->props.is_append_only;
    if (j->key_window_end >= 0) s->window_tick_us = type_tick_us(j->left_keys[j->key_window_end]->type);
    op->join = s;
    op->emit_final = j->emit_final;
}
