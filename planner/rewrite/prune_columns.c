/* prune_columns.c: what nobody reads is not decoded, computed or carried.
 *
 * Goes down with the set of columns that are wanted and comes back with where each has gone. The
 * event-time column of a stream always stays. An aggregate whose argument can fail stays too, for
 * its errors are part of the answer. */
#include "planner/node_memo.h"
#include "planner/rewrite/rewrite.h"

#include <assert.h>

/* A pruned node: column i of the old one is to[i], -1: gone. */
typedef struct Pruned {
    LNode *node;
    int32_t *to;
} Pruned;

typedef struct Pruning {
    Arena *arena;
    NodeMemo seen;   /* nodes; those that are used twice are in `shared` too: */
    NodeMemo shared; /* they keep all their columns, so that one node serves all who use it */
    NodeMemo done;   /* Pruned of those */
} Pruning;

static Pruned prune(Pruning *p, LNode *n, const bool *wanted);

static int32_t *identity_map(Arena *a, int32_t n)
{
    int32_t *to = new (a, int32_t, n);
    for (int i = 0; i < n; i++) to[i] = i;
    return to;
}

static Pruned as_it_is(Pruning *p, LNode *n)
{
    return (Pruned){n, identity_map(p->arena, n->nfields)};
}

static bool *none_of(Pruning *p, int32_t n)
{
    return new (p->arena, bool, n);
}

static void want_expr(void *arg, const BExpr *e)
{
    bexpr_columns(e, arg);
}

/* Numbers what is wanted; returns how many. */
static int32_t number_wanted(const bool *wanted, int32_t n, int32_t *to)
{
    int32_t kept = 0;
    for (int i = 0; i < n; i++) to[i] = wanted[i] ? kept++ : -1;
    return kept;
}

typedef struct Renumber {
    Arena *arena;
    const int32_t *to;
} Renumber;

static BExpr *renumber(void *arg, BExpr *e)
{
    Renumber *r = arg;
    return bexpr_renumber(r->arena, e, r->to);
}

/* ---- leaves --------------------------------------------------------------------------------- */

static Pruned prune_scan(Pruning *p, LNode *n, const bool *wanted)
{
    bool *keep = none_of(p, n->nfields);
    for (int i = 0; i < n->nfields; i++) keep[i] = wanted[i] || i == n->props.time_col;
    if (n->pred) bexpr_columns(n->pred, keep);
    int32_t *to = new (p->arena, int32_t, n->nfields), *cols = new (p->arena, int32_t, n->nfields);
    int32_t kept = number_wanted(keep, n->nfields, to);
    if (kept == n->nfields) return as_it_is(p, n);
    for (int i = 0; i < n->nfields; i++)
        if (keep[i]) cols[to[i]] = n->scan_cols[i];
    LNode *scan = lnode_scan(p->arena, n->rel, cols, kept, n->span);
    if (n->pred) scan->pred = bexpr_renumber(p->arena, n->pred, to);
    return (Pruned){scan, to};
}

/* ---- one input ------------------------------------------------------------------------------ */

/* n over its pruned input, its expressions renumbered; the output columns stay as they are. */
static LNode *over_pruned(Pruning *p, LNode *n, const Pruned *in)
{
    if (in->node == n->inputs[0]) return n;
    Renumber r = {p->arena, in->to};
    return rewrite_exprs(p->arena, n, in->node, renumber, &r);
}

static Pruned prune_filter(Pruning *p, LNode *n, const bool *wanted)
{
    bool *below = none_of(p, n->nfields);
    memcpy(below, wanted, (size_t)n->nfields * sizeof *below);
    bexpr_columns(n->pred, below);
    Pruned in = prune(p, n->inputs[0], below);
    if (in.node == n->inputs[0]) return as_it_is(p, n);
    BExpr *pred = bexpr_renumber(p->arena, n->pred, in.to);
    return (Pruned){lnode_filter(p->arena, in.node, pred, n->span), in.to};
}

static LNode *narrow_project(Pruning *p, LNode *n, const bool *wanted, int32_t *to)
{
    int32_t kept = number_wanted(wanted, n->nfields, to);
    if (kept == n->nfields) return n;
    BExpr **exprs = new (p->arena, BExpr *, kept);
    Field *fields = new (p->arena, Field, kept);
    for (int i = 0; i < n->nfields; i++) {
        if (!wanted[i]) continue;
        exprs[to[i]] = n->exprs[i];
        fields[to[i]] = n->fields[i];
    }
    return lnode_project(p->arena, n->inputs[0], exprs, fields, kept, n->span);
}

static Pruned prune_project(Pruning *p, LNode *n, const bool *wanted)
{
    int32_t *to = new (p->arena, int32_t, n->nfields);
    LNode *narrow = narrow_project(p, n, wanted, to);
    bool *below = none_of(p, n->inputs[0]->nfields);
    visit_exprs(narrow, want_expr, below);
    Pruned in = prune(p, n->inputs[0], below);
    return (Pruned){over_pruned(p, narrow, &in), to};
}

static Pruned prune_window(Pruning *p, LNode *n, const bool *wanted)
{
    int32_t base = n->inputs[0]->nfields;
    bool *below = none_of(p, base);
    memcpy(below, wanted, (size_t)base * sizeof *below);
    visit_exprs(n, want_expr, below);
    Pruned in = prune(p, n->inputs[0], below);
    if (in.node == n->inputs[0]) return as_it_is(p, n);
    BExpr **partition = new (p->arena, BExpr *, n->npartition);
    for (int i = 0; i < n->npartition; i++)
        partition[i] = bexpr_renumber(p->arena, n->partition[i], in.to);
    BExpr *time = bexpr_renumber(p->arena, n->time, in.to);
    int32_t *to = new (p->arena, int32_t, n->nfields);
    memcpy(to, in.to, (size_t)base * sizeof *to);
    for (int i = 0; i < 3; i++) to[base + i] = in.node->nfields + i;
    return (Pruned){
        lnode_window(p->arena, in.node, n->window, time, partition, n->npartition, n->emit_final, n->span), to};
}

/* ---- aggregates ----------------------------------------------------------------------------- */

static bool agg_can_fail(const LAgg *g)
{
    bool fails = g->filter && g->filter->can_fail;
    for (int i = 0; i < g->nargs; i++) fails |= g->args[i]->can_fail;
    for (int i = 0; i < g->norder; i++) fails |= g->order[i].expr->can_fail;
    return fails;
}

static LNode *narrow_aggregate(Pruning *p, LNode *n, const bool *wanted, int32_t *to)
{
    int32_t first = n->nkeys + window_column_count(n->window), kept = 0;
    for (int i = 0; i < first; i++) to[i] = i;
    LAgg *aggs = new (p->arena, LAgg, n->naggs);
    for (int i = 0; i < n->naggs; i++) {
        bool keep = wanted[first + i] || agg_can_fail(&n->aggs[i]) ||
                    ((n->is_global || n->nsets) && kept == 0 && i == n->naggs - 1);
        to[first + i] = keep ? first + kept : -1;
        if (keep) aggs[kept++] = n->aggs[i];
    }
    if (n->nsets > 0) to[n->nfields - 1] = first + kept;
    if (kept == n->naggs) return n;
    LNode parts = *n;
    parts.aggs = aggs;
    parts.naggs = kept;
    return lnode_aggregate(p->arena, &parts, n->span);
}

static Pruned prune_aggregate(Pruning *p, LNode *n, const bool *wanted)
{
    int32_t *to = new (p->arena, int32_t, n->nfields);
    LNode *narrow = narrow_aggregate(p, n, wanted, to);
    bool *below = none_of(p, n->inputs[0]->nfields);
    visit_exprs(narrow, want_expr, below);
    Pruned in = prune(p, n->inputs[0], below);
    return (Pruned){over_pruned(p, narrow, &in), to};
}

/* ---- union ---------------------------------------------------------------------------------- */

/* A branch that shows exactly the wanted columns. */
static LNode *exactly(Pruning *p, const Pruned *in, const LNode *n, const bool *wanted,
                      int32_t kept)
{
    BExpr **exprs = new (p->arena, BExpr *, kept);
    Field *fields = new (p->arena, Field, kept);
    int32_t k = 0;
    bool same = in->node->nfields == kept;
    for (int i = 0; i < n->nfields; i++) {
        if (!wanted[i]) continue;
        same &= in->to[i] == k;
        fields[k] = n->fields[i];
        exprs[k++] = bexpr_column(p->arena, in->to[i], n->fields[i].type, n->span);
    }
    return same ? in->node : lnode_project(p->arena, in->node, exprs, fields, kept, n->span);
}

static Pruned prune_union(Pruning *p, LNode *n, const bool *wanted)
{
    bool *keep = none_of(p, n->nfields);
    for (int i = 0; i < n->nfields; i++) keep[i] = wanted[i] || i == n->props.time_col;
    int32_t *to = new (p->arena, int32_t, n->nfields);
    int32_t kept = number_wanted(keep, n->nfields, to);
    LNode **inputs = new (p->arena, LNode *, n->ninputs);
    bool same = kept == n->nfields;
    for (int i = 0; i < n->ninputs; i++) {
        Pruned in = prune(p, n->inputs[i], keep);
        inputs[i] = exactly(p, &in, n, keep, kept);
        same &= inputs[i] == n->inputs[i];
    }
    if (same) return as_it_is(p, n);
    return (Pruned){lnode_union(p->arena, inputs, n->ninputs, n->span), to};
}

static Pruned prune_setop(Pruning *p, LNode *n)
{
    bool *all = none_of(p, n->nfields);
    memset(all, 1, (size_t)n->nfields);
    LNode **inputs = new (p->arena, LNode *, n->ninputs);
    bool same = true;
    for (int i = 0; i < n->ninputs; i++) {
        Pruned in = prune(p, n->inputs[i], all);
        inputs[i] = exactly(p, &in, n, all, n->nfields);
        same &= inputs[i] == n->inputs[i];
    }
    return as_it_is(p, same ? n : lnode_with_inputs(p->arena, n, inputs));
}

/* ---- OVER and Top-N -------------------------------------------------------------------------- */

static bool call_can_fail(const LOver *o)
{
    bool fails = agg_can_fail(&o->agg);
    for (int i = 0; i < o->nargs; i++) fails |= o->args[i]->can_fail;
    return fails;
}

/* The calls that are read or may err, at least one: OVER itself, by which rows lose their event time,
 * stays. to[] numbers them from 0. */
static LNode narrow_calls(Pruning *p, const LNode *n, const bool *wanted, int32_t *to)
{
    LNode parts = *n;
    parts.overs = new (p->arena, LOver, n->novers);
    parts.novers = 0;
    for (int i = 0; i < n->novers; i++) {
        bool keep = wanted[i] || call_can_fail(&n->overs[i]);
        to[i] = keep ? parts.novers : -1;
        if (keep) parts.overs[parts.novers++] = n->overs[i];
    }
    if (parts.novers > 0) return parts;
    to[0] = 0;
    parts.overs[parts.novers++] = n->overs[0];
    return parts;
}

static LNode *rank_over(Pruning *p, const LNode *parts, Pruned *in)
{
    Renumber r = {p->arena, in->to};
    LNode moved = *rewrite_exprs(p->arena, (LNode *)parts, in->node, renumber, &r);
    moved.inputs = &in->node;
    return parts->kind == L_OVER ? lnode_over(p->arena, &moved, parts->span)
                                 : lnode_topn(p->arena, &moved, parts->span);
}

static Pruned prune_input(Pruning *p, const LNode *parts, const bool *wanted)
{
    int32_t base = parts->inputs[0]->nfields;
    bool *below = none_of(p, base);
    memcpy(below, wanted, (size_t)base * sizeof *below);
    visit_exprs(parts, want_expr, below);
    return prune(p, parts->inputs[0], below);
}

static Pruned prune_over(Pruning *p, LNode *n, const bool *wanted)
{
    int32_t base = n->inputs[0]->nfields, *to = new (p->arena, int32_t, n->nfields);
    LNode parts = narrow_calls(p, n, wanted + base, to + base);
    Pruned in = prune_input(p, &parts, wanted);
    if (in.node == n->inputs[0] && parts.novers == n->novers) return as_it_is(p, n);
    memcpy(to, in.to, (size_t)base * sizeof *to);
    for (int i = base; i < n->nfields; i++)
        if (to[i] >= 0) to[i] += in.node->nfields;
    return (Pruned){rank_over(p, &parts, &in), to};
}

static Pruned prune_topn(Pruning *p, LNode *n, const bool *wanted)
{
    int32_t base = n->inputs[0]->nfields, *to = new (p->arena, int32_t, n->nfields);
    LNode parts = *n;
    parts.shows_rank = n->shows_rank && wanted[base];
    Pruned in = prune_input(p, &parts, wanted);
    if (in.node == n->inputs[0] && parts.shows_rank == n->shows_rank) return as_it_is(p, n);
    memcpy(to, in.to, (size_t)base * sizeof *to);
    if (n->shows_rank) to[base] = parts.shows_rank ? in.node->nfields : -1;
    return (Pruned){rank_over(p, &parts, &in), to};
}

/* ---- UNNEST --------------------------------------------------------------------------------- */

static Pruned prune_unnest(Pruning *p, LNode *n, const bool *wanted)
{
    int32_t base = n->inputs[0]->nfields;
    bool *below = none_of(p, base);
    memcpy(below, wanted, (size_t)base * sizeof *below);
    bexpr_columns(n->unnest, below);
    Pruned in = prune(p, n->inputs[0], below);
    bool drops_place = n->unnest_ordinality && !wanted[base + 1];
    if (in.node == n->inputs[0] && !drops_place) return as_it_is(p, n);
    int32_t *to = new (p->arena, int32_t, n->nfields);
    memcpy(to, in.to, (size_t)base * sizeof *to);
    to[base] = in.node->nfields;
    if (n->unnest_ordinality) to[base + 1] = drops_place ? -1 : in.node->nfields + 1;
    return (Pruned){lnode_unnest(p->arena, in.node, bexpr_renumber(p->arena, n->unnest, in.to), n->fields[base].type,
                                 n->unnest_outer, n->unnest_ordinality && !drops_place, n->span),
                    to};
}

/* ---- joins ---------------------------------------------------------------------------------- */

/* The columns of an input that are wanted, and none that is not: a value in error that nobody reads
 * must not reach the join. */
static Pruned prune_side(Pruning *p, LNode *in, const bool *wanted)
{
    Pruned side = prune(p, in, wanted);
    int32_t *to = new (p->arena, int32_t, in->nfields);
    int32_t kept = number_wanted(wanted, in->nfields, to);
    LNode *exact = exactly(p, &side, in, wanted, kept);
    return (Pruned){exact, to};
}

static Pruned prune_join(Pruning *p, LNode *n, const bool *wanted)
{
    const LJoin *j = n->join;
    int32_t nleft = n->inputs[0]->nfields, nright = n->inputs[1]->nfields;
    bool *below = none_of(p, nleft + nright);
    memcpy(below, wanted, (size_t)n->nfields * sizeof *below);
    visit_exprs(n, want_expr, below);
    if (j->left_time >= 0) below[j->left_time] = below[nleft + j->right_time] = true;
    Pruned l = prune_side(p, n->inputs[0], below), r = prune_side(p, n->inputs[1], below + nleft);
    if (l.node == n->inputs[0] && r.node == n->inputs[1]) return as_it_is(p, n);
    int32_t *to = new (p->arena, int32_t, nleft + nright);
    memcpy(to, l.to, (size_t)nleft * sizeof *to);
    for (int i = 0; i < nright; i++) to[nleft + i] = r.to[i] < 0 ? -1 : l.node->nfields + r.to[i];
    BExpr *on = j->on ? bexpr_renumber(p->arena, j->on, to) : NULL;
    LNode moved = *n;
    LJoin join = *j;
    if (j->left_time >= 0) join.left_time = l.to[j->left_time];
    if (j->left_time >= 0) join.right_time = r.to[j->right_time];
    if (j->as_of) join.as_of = bexpr_renumber(p->arena, j->as_of, to);
    moved.join = &join;
    return (Pruned){lnode_join_with_on(p->arena, &moved, on, l.node, r.node), to};
}

/* ---- the tree ------------------------------------------------------------------------------- */

static Pruned prune_kind(Pruning *p, LNode *n, const bool *wanted)
{
    switch (n->kind) {
    case L_SCAN: return prune_scan(p, n, wanted);
    case L_VIEW_INPUT:
    case L_VALUES:
    case L_CONTEND: return as_it_is(p, n);
    case L_FILTER: return prune_filter(p, n, wanted);
    case L_PROJECT: return prune_project(p, n, wanted);
    case L_WINDOW: return prune_window(p, n, wanted);
    case L_AGGREGATE: return prune_aggregate(p, n, wanted);
    case L_UNION: return prune_union(p, n, wanted);
    case L_OVER: return prune_over(p, n, wanted);
    case L_TOPN: return prune_topn(p, n, wanted);
    case L_SETOP: return prune_setop(p, n);
    case L_UNNEST: return prune_unnest(p, n, wanted);
    case L_JOIN: return prune_join(p, n, wanted);
    }
    return as_it_is(p, n);
}

static Pruned prune_shared(Pruning *p, LNode *n)
{
    Pruned *done = node_memo_get(&p->done, n);
    if (done) return *done;
    bool *all = none_of(p, n->nfields);
    memset(all, 1, (size_t)n->nfields);
    done = new_one(p->arena, Pruned);
    *done = prune_kind(p, n, all);
    node_memo_put(&p->done, n, done);
    return *done;
}

static Pruned prune(Pruning *p, LNode *n, const bool *wanted)
{
    return node_memo_get(&p->shared, n) ? prune_shared(p, n) : prune_kind(p, n, wanted);
}

static void find_shared(Pruning *p, LNode *n)
{
    if (node_memo_get(&p->seen, n)) {
        node_memo_put(&p->shared, n, n);
        return;
    }
    node_memo_put(&p->seen, n, n);
    for (int i = 0; i < n->ninputs; i++) find_shared(p, n->inputs[i]);
}

/* Whoever reads the query sees the columns that it had. */
static LNode *apply(Planner *planner, LNode *root)
{
    Arena *a = planner->arena;
    Pruning p = {a, {.arena = a}, {.arena = a}, {.arena = a}};
    bool *all = none_of(&p, root->nfields);
    memset(all, 1, (size_t)root->nfields);
    find_shared(&p, root);
    Pruned r = prune(&p, root, all);
    return exactly(&p, &r, root, all, root->nfields);
}

extern const RewriteRule rewrite_prune_columns;
const RewriteRule rewrite_prune_columns = {"prune_columns", apply, "columns that nobody reads go"};
