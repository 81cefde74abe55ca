/* push_filters.c: rows that a filter refuses are refused as early as possible.
 *
 * Through a project and into the branches of a union a filter goes whole. Below a window or an
 * aggregate go only those of its conjuncts that cannot fail: an error above state is a fault, one
 * below it withholds a row. For the same reason two filters become one only if the first to be
 * asked cannot fail: false AND error is false, but an error that is asked first is an error. */
#include "planner/rewrite/rewrite.h"

#include <assert.h>

static LNode *push(Planner *p, LNode *n);

static LNode *filter_over(Planner *p, LNode *input, BExpr *pred, Span at)
{
    return push(p, lnode_filter(p->arena, input, pred, at));
}

static LNode *into_scan(Planner *p, LNode *n)
{
    LNode *scan = n->inputs[0];
    if (scan->pred && scan->pred->can_fail) return n;
    LNode *copy = new_one(p->arena, LNode);
    *copy = *scan;
    copy->pred = bexpr_and(p->arena, scan->pred, n->pred);
    return copy;
}

static LNode *into_filter(Planner *p, LNode *n)
{
    LNode *below = n->inputs[0];
    if (below->pred->can_fail) return n;
    return filter_over(p, below->inputs[0], bexpr_and(p->arena, below->pred, n->pred), n->span);
}

static bool reads_volatile(const BExpr *e, BExpr *const *exprs)
{
    if (e->kind == BE_COLUMN) return exprs[e->col]->is_volatile;
    for (int i = 0; i < e->nargs; i++)
        if (reads_volatile(e->args[i], exprs)) return true;
    return false;
}

static LNode *through_project(Planner *p, LNode *n)
{
    LNode *project = n->inputs[0];
    if (n->pred->is_volatile || reads_volatile(n->pred, project->exprs)) return n;
    BExpr *pred = bexpr_substitute(p->arena, n->pred, project->exprs);
    LNode **input = new (p->arena, LNode *, 1);
    input[0] = filter_over(p, project->inputs[0], pred, n->span);
    return lnode_with_inputs(p->arena, project, input);
}

static LNode *through_union(Planner *p, LNode *n)
{
    LNode *all = n->inputs[0];
    LNode **inputs = new (p->arena, LNode *, all->ninputs);
    if (n->pred->is_volatile) return n;
    for (int i = 0; i < all->ninputs; i++)
        inputs[i] = filter_over(p, all->inputs[i], n->pred, n->span);
    return lnode_with_inputs(p->arena, all, inputs);
}

/* ---- below windows and aggregates ----------------------------------------------------------- */

/* What part of a filter goes down, in terms of the columns below; the rest stays. */
typedef struct Split {
    BExpr *down, *stay;
} Split;

/* The conjunct below node n, NULL: it cannot go there. */
typedef BExpr *(*Lowering)(Planner *p, const LNode *n, BExpr *conjunct);

static void split_one(Planner *p, const LNode *n, BExpr *conjunct, Lowering lower, Split *s)
{
    BExpr *below = conjunct->can_fail || conjunct->is_volatile ? NULL : lower(p, n, conjunct);
    if (below && !below->can_fail && !below->is_volatile)
        s->down = bexpr_and(p->arena, s->down, below);
    else
        s->stay = bexpr_and(p->arena, s->stay, conjunct);
}

static Split split(Planner *p, const LNode *n, BExpr *pred, Lowering lower)
{
    Split s = {0};
    if (pred->kind != BE_AND)
        split_one(p, n, pred, lower, &s);
    else
        for (int i = 0; i < pred->nargs; i++) split_one(p, n, pred->args[i], lower, &s);
    return s;
}

static LNode *through(Planner *p, LNode *n, Lowering lower)
{
    LNode *below = n->inputs[0];
    Split s = split(p, below, n->pred, lower);
    if (!s.down) return n;
    LNode **input = new (p->arena, LNode *, 1);
    input[0] = filter_over(p, below->inputs[0], s.down, n->span);
    LNode *moved = lnode_with_inputs(p->arena, below, input);
    return s.stay ? lnode_filter(p->arena, moved, s.stay, n->span) : moved;
}

static bool is_among(const BExpr *e, BExpr *const *list, int32_t n)
{
    for (int i = 0; i < n; i++)
        if (bexpr_eq(e, list[i])) return true;
    return false;
}

static bool reads_only_partition(const BExpr *e, const LNode *w)
{
    if (e->kind == BE_COLUMN) return is_among(e, w->partition, w->npartition);
    for (int i = 0; i < e->nargs; i++)
        if (!reads_only_partition(e->args[i], w)) return false;
    return true;
}

/* A row less changes the sessions of its partition, so there whole partitions only. A row between
 * windows never comes to a filter above them, so it must not err in one below. */
static BExpr *below_window(Planner *p, const LNode *w, BExpr *e)
{
    (void)p;
    const WindowSpec *s = w->window;
    bool has_gaps = s->slide_us > s->size_us || s->slide_days > s->size_days || s->slide_months > s->size_months;
    if (has_gaps || !reads_only_below(e, w->inputs[0]->nfields)) return NULL;
    if (w->window->def->shape == WINDOW_SHAPE_SESSION && !reads_only_partition(e, w)) return NULL;
    return e;
}

/* Keys that a set leaves out are NULL above it. */
static bool every_set_has(const LNode *n, const BExpr *e)
{
    for (int i = 0; i < n->nsets && e->kind == BE_COLUMN; i++)
        if (!(n->sets[i].keys >> e->col & 1)) return false;
    for (int i = 0; i < e->nargs; i++)
        if (!every_set_has(n, e->args[i])) return false;
    return true;
}

/* Below it a filter without columns would leave the set of no keys its one row. */
static bool suits_sets(const LNode *n, const BExpr *e)
{
    return n->nsets == 0 || (!reads_only_below(e, 0) && every_set_has(n, e));
}

/* Whole groups only. FILL shows windows in which other groups have rows. */
static BExpr *below_aggregate(Planner *p, const LNode *n, BExpr *e)
{
    if (n->is_global || !suits_sets(n, e) || (n->window && n->window->fill) || !reads_only_below(e, n->nkeys))
        return NULL;
    return bexpr_substitute(p->arena, e, n->keys);
}

/* ---- below OVER, Top-N and set operations ----------------------------------------------------- */

static bool reads_only_keys(const BExpr *e, const LNode *n)
{
    if (e->kind == BE_COLUMN) return is_among(e, n->keys, n->nkeys);
    for (int i = 0; i < e->nargs; i++)
        if (!reads_only_keys(e->args[i], n)) return false;
    return true;
}

/* Whole partitions only: a row less changes the ranks of the others. */
static BExpr *below_rank(Planner *p, const LNode *n, BExpr *e)
{
    (void)p;
    return reads_only_keys(e, n) ? e : NULL;
}

static BExpr *below_set(Planner *p, const LNode *n, BExpr *e)
{
    (void)p, (void)n;
    return e;
}

/* Equal rows pass or fail together, so both sides may be asked. */
static LNode *through_set(Planner *p, LNode *n)
{
    LNode *set = n->inputs[0];
    Split s = split(p, set, n->pred, below_set);
    if (!s.down) return n;
    LNode **inputs = new (p->arena, LNode *, 2);
    for (int i = 0; i < 2; i++) inputs[i] = filter_over(p, set->inputs[i], s.down, n->span);
    LNode *moved = lnode_with_inputs(p->arena, set, inputs);
    return s.stay ? lnode_filter(p->arena, moved, s.stay, n->span) : moved;
}

/* A row with no elements never comes to a filter above, so what can fail stays there. */
static BExpr *below_unnest(Planner *p, const LNode *n, BExpr *e)
{
    (void)p;
    return reads_only_below(e, n->inputs[0]->nfields) ? e : NULL;
}

static LNode *into_join(Planner *p, LNode *n)
{
    LNode *moved = lnode_where_judged(p->arena, n->inputs[0], n->pred, n->span);
    return moved->kind == L_FILTER && moved->inputs[0] == n->inputs[0] ? n : moved;
}

static LNode *push(Planner *p, LNode *n)
{
    if (n->kind != L_FILTER) return n;
    switch (n->inputs[0]->kind) {
    case L_SCAN: return into_scan(p, n);
    case L_FILTER: return into_filter(p, n);
    case L_PROJECT: return through_project(p, n);
    case L_UNION: return through_union(p, n);
    case L_WINDOW: return through(p, n, below_window);
    case L_AGGREGATE: return through(p, n, below_aggregate);
    case L_OVER:
    case L_TOPN: return through(p, n, below_rank);
    case L_SETOP: return through_set(p, n);
    case L_UNNEST: return through(p, n, below_unnest);
    case L_JOIN: return into_join(p, n);
    case L_VIEW_INPUT:
    case L_VALUES:
    case L_CONTEND: return n;
    }
    return n;
}

static LNode *apply(Planner *p, LNode *root)
{
    return rewrite_nodes(p, root, push);
}

extern const RewriteRule rewrite_push_filters;
const RewriteRule rewrite_push_filters = {"push_filters", apply, "filters go down to the scans"};
