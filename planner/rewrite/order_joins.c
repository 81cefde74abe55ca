/* order_joins.c: FROM a, b, c WHERE a.x = c.x AND b.y = c.y without all pairs of a and b.
 *
 * A cross join below a join is put off: the sides that a condition connects meet first. Only plain
 * inner joins move, by conditions that cannot fail, and only if they stay plain: a bound in time that
 * comes to hold between other sides would make rows late that were not. */
#include "planner/node.h"
#include "planner/rewrite/rewrite.h"

static LNode *order(Planner *p, LNode *n);

/* (a × b) ⋈ c */
typedef struct Crossed {
    Planner *p;
    Arena *arena;
    LNode *join, *cross, *a, *b, *c;
    BExpr *on;           /* of both joins: their columns have the same numbers */
    BExpr *first, *rest; /* conjuncts of the two that meet first; the others */
} Crossed;

static bool is_plain(const LNode *n)
{
    return n->kind == L_JOIN && n->join->kind == JOIN_INNER && n->join->wanted == JOIN_REGULAR &&
           n->join->match == JOIN_REGULAR && !n->join->is_settled;
}

static bool find_shape(Crossed *x)
{
    if (!is_plain(x->join) || x->join->join->nkeys == 0) return false;
    x->cross = x->join->inputs[0];
    x->c = x->join->inputs[1];
    if (!is_plain(x->cross) || x->cross->join->nkeys > 0) return false;
    x->on = bexpr_and(x->arena, x->join->join->on, x->cross->join->on);
    if (x->on->can_fail) return false;
    x->a = x->cross->inputs[0];
    x->b = x->cross->inputs[1];
    return true;
}

/* Columns of the join's output that e reads lie outside [from, to). */
static bool avoids(const BExpr *e, int32_t from, int32_t to)
{
    if (e->kind == BE_COLUMN) return e->col < from || e->col >= to;
    for (int i = 0; i < e->nargs; i++)
        if (!avoids(e->args[i], from, to)) return false;
    return true;
}

/* Conjuncts that read nothing of [from, to), with an equality across `nleft` among them. */
static bool split(Crossed *x, int32_t from, int32_t to)
{
    BExpr *on = x->on;
    int32_t nleft = x->cross->nfields;
    bool connects = false;
    int left;
    x->first = x->rest = NULL;
    for (int32_t i = 0; i < conjunct_count(on); i++) {
        BExpr *e = conjunct_at(on, i);
        bool is_first = avoids(e, from, to);
        connects |= is_first && join_is_key(e, nleft, &left);
        BExpr **place = is_first ? &x->first : &x->rest;
        *place = bexpr_and(x->arena, *place, e);
    }
    return connects;
}

static LNode *joined(const Crossed *x, const LNode *like, BExpr *on, LNode *left, LNode *right)
{
    LNode *n = lnode_join_with_on(x->arena, like, on, left, right);
    return n->join->match == JOIN_REGULAR ? n : NULL;
}

/* a ⋈ (b ⋈ c): columns stay where they are. */
static LNode *right_first(Crossed *x)
{
    int32_t na = x->a->nfields;
    if (!split(x, 0, na)) return NULL;
    LNode *inner = joined(x, x->cross, join_side_expr(x->arena, x->first, na), x->b, x->c);
    LNode *outer = inner ? joined(x, x->join, x->rest, x->a, inner) : NULL;
    return outer ? order(x->p, outer) : NULL; /* a may be a cross join itself */
}

static BExpr *renumbered(const Crossed *x, BExpr *e, const int32_t *to)
{
    return e ? bexpr_renumber(x->arena, e, to) : NULL;
}

/* (a ⋈ c) ⋈ b, and the columns in their old order above. */
static LNode *left_first(Crossed *x)
{
    int32_t na = x->a->nfields, nb = x->b->nfields, nc = x->c->nfields, n = na + nb + nc;
    int32_t *to = new (x->arena, int32_t, n);
    if (!split(x, na, na + nb)) return NULL;
    for (int32_t i = 0; i < n; i++) to[i] = i < na ? i : i < na + nb ? i + nc : i - nb;
    LNode *inner = joined(x, x->cross, renumbered(x, x->first, to), x->a, x->c);
    if (inner) inner = order(x->p, inner);
    LNode *outer = inner ? joined(x, x->join, renumbered(x, x->rest, to), inner, x->b) : NULL;
    if (!outer) return NULL;
    BExpr **exprs = new (x->arena, BExpr *, n);
    for (int32_t i = 0; i < n; i++)
        exprs[i] = bexpr_column(x->arena, to[i], x->join->fields[i].type, x->join->span);
    return lnode_project(x->arena, outer, exprs, x->join->fields, n, x->join->span);
}

static LNode *order(Planner *p, LNode *n)
{
    Crossed x = {.p = p, .arena = p->arena, .join = n};
    if (!find_shape(&x)) return n;
    LNode *moved = right_first(&x);
    if (!moved) moved = left_first(&x);
    return moved ? moved : n;
}

static LNode *apply(Planner *p, LNode *root)
{
    return rewrite_nodes(p, root, order);
}

extern const RewriteRule rewrite_order_joins;
const RewriteRule rewrite_order_joins = {"order_joins", apply, "sides that a condition connects meet first"};
