/* decorrelate.c: frees a plan of its parameters, after Neumann and Kemper, "Unnesting Arbitrary
 * Queries" (BTW 2015).
 *
 * Two ways. Where the plan meets its parameters in equalities with its own columns only, those
 * columns are carried up as keys (pull): grouped, partitioned and joined by them, the plan is
 * computed for all values at once. Otherwise the plan is computed for the domain: the distinct
 * values that the parameters take in the rows around it are joined to its leaves and carried up
 * (push). Either way every operator works per binding: an aggregate has the keys in its GROUP BY, a
 * Top-N and OVER in their PARTITION BY, set operations and joins compare them too.
 *
 * An aggregate without GROUP BY has a row for no input, too. Pulled, it says what that row is
 * (Keyed.nothing) and the join above puts it in; pushed, the domain is outer joined below it. */
#include "planner/resolve.h"
#include "planner/rewrite/rewrite.h"
#include "planner/subquery.h"

#include <assert.h>

/* ---- what is correlated ----------------------------------------------------------------------- */

bool expr_is_correlated(const BExpr *e)
{
    if (e->kind == BE_OUTER) return true;
    for (int i = 0; i < e->nargs; i++)
        if (expr_is_correlated(e->args[i])) return true;
    return false;
}

static void visit_outer(void *arg, const BExpr *e)
{
    bool *found = arg;
    *found |= expr_is_correlated(e);
}

/* The node itself, apart from its inputs. */
static bool node_is_correlated(const LNode *n)
{
    bool found = false;
    visit_exprs(n, visit_outer, &found);
    return found;
}

bool plan_is_correlated(const LNode *n)
{
    for (int i = 0; i < n->ninputs; i++)
        if (plan_is_correlated(n->inputs[i])) return true;
    return node_is_correlated(n);
}

/* ---- expressions ------------------------------------------------------------------------------ */

Status subquery_call(Planner *p, const char *name, BExpr *x, BExpr *y, Span at, BExpr **out)
{
    BExpr **args = new (p->arena, BExpr *, 2);
    args[0] = x;
    args[1] = y;
    return resolve_func(p, str_z(name), args, y ? 2 : 1, true, at, out);
}

static BExpr *column(Arena *a, const LNode *n, int32_t col, Span at)
{
    return bexpr_column(a, col, n->fields[col].type, at);
}

typedef struct Shift {
    Arena *arena;
    int32_t from, by; /* columns from `from` on move by `by` */
} Shift;

static BExpr *shift_column(void *arg, const BExpr *e)
{
    Shift *s = arg;
    return bexpr_column(s->arena, e->col + (e->col >= s->from ? s->by : 0), e->type, e->span);
}

static BExpr *shifted(Arena *a, BExpr *e, int32_t from, int32_t by)
{
    if (!e || by == 0) return e;
    return bexpr_map(a, e, shift_column, &(Shift){a, from, by});
}

/* Columns of `n` in another order. */
typedef struct Layout {
    VEC(BExpr *) exprs;
    VEC(Field) fields;
} Layout;

static void lay(Arena *a, Layout *l, const LNode *n, int32_t from, int32_t count)
{
    for (int32_t i = from; i < from + count; i++) {
        vec_push(&l->exprs, a, column(a, n, i, n->span));
        vec_push(&l->fields, a, n->fields[i]);
    }
}

static void lay_expr(Arena *a, Layout *l, BExpr *e, Str name)
{
    Field f = {name, e->type};
    vec_push(&l->exprs, a, e);
    vec_push(&l->fields, a, f);
}

static LNode *laid(Arena *a, const Layout *l, LNode *n, Span at)
{
    return lnode_project(a, n, l->exprs.data, l->fields.data, (int32_t)l->exprs.len, at);
}

/* [x | y | z] becomes [x | z | y]: what an operator appended goes before the keys. */
static LNode *keys_last(Arena *a, LNode *n, int32_t ncols, int32_t nkeys)
{
    Layout l = {0};
    if (ncols + nkeys == n->nfields) return n;
    lay(a, &l, n, 0, ncols);
    lay(a, &l, n, ncols + nkeys, n->nfields - ncols - nkeys);
    lay(a, &l, n, ncols, nkeys);
    return laid(a, &l, n, n->span);
}

static BExpr **with_columns(Arena *a, BExpr *const *list, int32_t n, const LNode *in, int32_t from, int32_t more)
{
    BExpr **out = new (a, BExpr *, n + more);
    for (int32_t i = 0; i < n; i++) out[i] = list[i];
    for (int32_t i = 0; i < more; i++) out[n + i] = column(a, in, from + i, in->span);
    return out;
}

LNode *subquery_join(Arena *a, bool emit_final, JoinKind kind, LNode *left, LNode *right, BExpr *on, Span at)
{
    return lnode_join_of(a, &(LJoin){.kind = kind, .on = on, .emit_final = emit_final}, left, right, at);
}

LNode *subquery_distinct(Arena *a, bool emit_final, LNode *n, BExpr *const *exprs, int32_t nexprs, Span at)
{
    LNode parts = {.inputs = &n, .keys = with_columns(a, exprs, nexprs, n, 0, 0), .nkeys = nexprs,
                   .emit_final = emit_final, .what = S("the distinct values of a subquery")};
    return lnode_aggregate(a, &parts, at);
}

/* ---- operators that both ways treat alike ------------------------------------------------------ */

/* An aggregate over `in`, whose last nkeys columns join its key. Output: as before, then these. */
static LNode *aggregate_by(Arena *a, const LNode *n, LNode *in, int32_t nkeys)
{
    LNode parts = *n;
    parts.inputs = &in;
    parts.keys = with_columns(a, n->keys, n->nkeys, in, in->nfields - nkeys, nkeys);
    parts.nkeys = n->nkeys + nkeys;
    parts.is_global = false;
    return keys_last(a, lnode_aggregate(a, &parts, n->span), n->nkeys, nkeys);
}

/* OVER, Top-N: the keys join its PARTITION BY. */
static LNode *rank_by(Arena *a, const LNode *n, LNode *in, int32_t nkeys)
{
    LNode parts = *n;
    int32_t ncols = in->nfields - nkeys;
    parts.inputs = &in;
    parts.keys = with_columns(a, n->keys, n->nkeys, in, ncols, nkeys);
    parts.nkeys = n->nkeys + nkeys;
    LNode *ranked = n->kind == L_OVER ? lnode_over(a, &parts, n->span) : lnode_topn(a, &parts, n->span);
    return keys_last(a, ranked, ncols, nkeys);
}

/* A window table function: the keys part sessions too. */
static LNode *window_by(Arena *a, const LNode *n, LNode *in, BExpr *time, BExpr **partition, int32_t nkeys)
{
    int32_t ncols = in->nfields - nkeys, parts = n->npartition;
    if (is_session_rows(n)) {
        partition = with_columns(a, partition, parts, in, ncols, nkeys);
        parts += nkeys;
    }
    LNode *w = lnode_window(a, in, n->window, time, partition, parts, n->emit_final, n->span);
    return keys_last(a, w, ncols, nkeys);
}

static LNode *unnest_by(Arena *a, const LNode *n, LNode *in, BExpr *list, int32_t nkeys)
{
    int32_t ncols = in->nfields - nkeys;
    Type element = n->fields[ncols].type;
    LNode *u = lnode_unnest(a, in, list, element, n->unnest_outer, n->unnest_ordinality, n->span);
    return keys_last(a, u, ncols, nkeys);
}

static LNode *project_by(Arena *a, const LNode *n, LNode *in, BExpr *const *exprs, int32_t nkeys)
{
    Layout l = {0};
    for (int i = 0; i < n->nfields; i++) lay_expr(a, &l, exprs[i], n->fields[i].name);
    lay(a, &l, in, in->nfields - nkeys, nkeys);
    return laid(a, &l, in, n->span);
}

/* ---- pulling keys up --------------------------------------------------------------------------- */

typedef struct Pull {
    Planner *p;
    Arena *arena;
} Pull;

static bool pull(Pull *s, LNode *n, Keyed *k);

static void key_room(Arena *a, Keyed *k, int32_t more)
{
    BExpr **outer = new (a, BExpr *, k->nkeys + more);
    bool *null_safe = new (a, bool, k->nkeys + more);
    for (int i = 0; i < k->nkeys; i++) {
        outer[i] = k->outer[i];
        null_safe[i] = k->null_safe[i];
    }
    k->outer = outer;
    k->null_safe = null_safe;
}

static bool reads_columns(const BExpr *e)
{
    if (e->kind == BE_COLUMN) return true;
    for (int i = 0; i < e->nargs; i++)
        if (reads_columns(e->args[i])) return true;
    return false;
}

/* inner = outer, either way round. */
static bool is_equality(BExpr *e, BExpr **inner, BExpr **outer, bool *null_safe)
{
    *null_safe = bexpr_is_call(e, "is_not_distinct");
    if (!*null_safe && !bexpr_is_call(e, "=")) return false;
    bool first_is_outer = expr_is_correlated(e->args[0]);
    *outer = e->args[first_is_outer ? 0 : 1];
    *inner = e->args[first_is_outer ? 1 : 0];
    return expr_is_correlated(*outer) && !reads_columns(*outer) && !expr_is_correlated(*inner) &&
           reads_columns(*inner);
}

static int32_t conjuncts_of(BExpr *pred, BExpr ***list)
{
    *list = pred->args;
    return pred->kind == BE_AND ? pred->nargs : 1;
}

/* Conditions over k's columns: what is free of parameters filters, equalities become keys. */
static bool pull_condition(Pull *s, BExpr *pred, Span at, Keyed *k)
{
    BExpr **list, *one = pred, *rest = NULL;
    int32_t n = conjuncts_of(pred, &list), first = k->nkeys;
    if (pred->kind != BE_AND) list = &one;
    BExpr **inner = new (s->arena, BExpr *, n);
    key_room(s->arena, k, n);
    for (int i = 0; i < n; i++) {
        if (!expr_is_correlated(list[i])) {
            rest = bexpr_and(s->arena, rest, list[i]);
            continue;
        }
        if (!is_equality(list[i], &inner[k->nkeys - first], &k->outer[k->nkeys], &k->null_safe[k->nkeys]))
            return false;
        k->nkeys++;
    }
    if (rest) k->node = lnode_filter(s->arena, k->node, rest, at);
    if (k->nkeys == first) return true;
    Layout l = {0};
    lay(s->arena, &l, k->node, 0, k->node->nfields);
    for (int i = first; i < k->nkeys; i++) {
        BExpr *e = inner[i - first];
        lay_expr(s->arena, &l, e, e->kind == BE_COLUMN ? k->node->fields[e->col].name : S("key"));
    }
    k->node = laid(s->arena, &l, k->node, at);
    return true;
}

static bool pull_filter(Pull *s, LNode *n, Keyed *k)
{
    return pull(s, n->inputs[0], k) && !k->nothing && pull_condition(s, n->pred, n->span, k);
}

static bool pull_project(Pull *s, LNode *n, Keyed *k)
{
    if (node_is_correlated(n) || !pull(s, n->inputs[0], k)) return false;
    k->node = project_by(s->arena, n, k->node, n->exprs, k->nkeys);
    k->ncols = n->nfields;
    if (!k->nothing) return true;
    BExpr **nothing = new (s->arena, BExpr *, n->nfields);
    for (int i = 0; i < n->nfields; i++) nothing[i] = bexpr_substitute(s->arena, n->exprs[i], k->nothing);
    k->nothing = nothing;
    return true;
}

/* What an aggregate is over nothing: a count 0, all others NULL. */
static BExpr *agg_of_nothing(Arena *a, const LAgg *g)
{
    static const char COUNTS[] = "count,count_if,countif,approx_count_distinct,regr_count,sum0,grouping";
    Value v = value_null(g->type);
    if (name_in_list(COUNTS, str_z(g->def->name))) v = (Value){.type = g->type};
    return bexpr_const(a, v, g->span);
}

static bool pull_aggregate(Pull *s, LNode *n, Keyed *k)
{
    if (node_is_correlated(n) || (n->is_global && n->window) || n->nsets) return false;
    if (!pull(s, n->inputs[0], k) || k->nothing) return false;
    k->node = aggregate_by(s->arena, n, k->node, k->nkeys);
    k->ncols = n->nfields;
    if (!n->is_global) return true;
    k->nothing = new (s->arena, BExpr *, n->nfields);
    for (int i = 0; i < n->naggs; i++) k->nothing[i] = agg_of_nothing(s->arena, &n->aggs[i]);
    return true;
}

static bool pull_window(Pull *s, LNode *n, Keyed *k)
{
    if (node_is_correlated(n) || !pull(s, n->inputs[0], k) || k->nothing) return false;
    k->node = window_by(s->arena, n, k->node, n->time, n->partition, k->nkeys);
    k->ncols = n->nfields;
    return true;
}

static bool pull_rank(Pull *s, LNode *n, Keyed *k)
{
    if (node_is_correlated(n) || !pull(s, n->inputs[0], k) || k->nothing) return false;
    k->node = rank_by(s->arena, n, k->node, k->nkeys);
    k->ncols = n->nfields;
    return true;
}

static bool pull_unnest(Pull *s, LNode *n, Keyed *k)
{
    if (node_is_correlated(n) || !pull(s, n->inputs[0], k) || k->nothing) return false;
    k->node = unnest_by(s->arena, n, k->node, n->unnest, k->nkeys);
    k->ncols = n->nfields;
    return true;
}

static bool same_keys(const Keyed *x, const Keyed *y)
{
    if (x->nkeys != y->nkeys || y->nothing) return false;
    for (int i = 0; i < x->nkeys; i++) {
        Type t = x->node->fields[x->ncols + i].type, u = y->node->fields[y->ncols + i].type;
        if (!type_eq(t, u) || x->null_safe[i] != y->null_safe[i] || !bexpr_eq(x->outer[i], y->outer[i]))
            return false;
    }
    return true;
}

/* UNION ALL, INTERSECT, EXCEPT: all branches have the same keys. */
static bool pull_branches(Pull *s, LNode *n, Keyed *k)
{
    LNode **in = new (s->arena, LNode *, n->ninputs);
    for (int i = 0; i < n->ninputs; i++) {
        Keyed branch = {0};
        if (!pull(s, n->inputs[i], &branch)) return false;
        if (i == 0) *k = branch;
        if (!same_keys(k, &branch)) return false;
        in[i] = branch.node;
    }
    k->node = n->kind == L_UNION ? lnode_union(s->arena, in, n->ninputs, n->span)
                                 : lnode_setop(s->arena, n->set, n->set_all, n->emit_final, in[0], in[1], n->span);
    return true;
}

static bool key_of(const Keyed *k, const BExpr *outer, bool null_safe, int32_t *which)
{
    for (*which = 0; *which < k->nkeys; ++*which)
        if (k->null_safe[*which] == null_safe && bexpr_eq(k->outer[*which], outer)) return true;
    return false;
}

/* A join of both sides, whose keys for the same parameter must agree. */
typedef struct PulledJoin {
    Pull *pull;
    LNode *n;
    Keyed left, right;
    BExpr *on;
    bool right_has_own; /* a key of the right side has none on the left */
} PulledJoin;

static bool match_keys(PulledJoin *j)
{
    Arena *a = j->pull->arena;
    for (int i = 0; i < j->right.nkeys; i++) {
        int32_t l;
        BExpr *same;
        if (!key_of(&j->left, j->right.outer[i], j->right.null_safe[i], &l)) {
            j->right_has_own = true;
            continue;
        }
        BExpr *x = column(a, j->left.node, j->left.ncols + l, j->n->span);
        BExpr *y = column(a, j->right.node, j->right.ncols + i, j->n->span);
        y = shifted(a, y, 0, j->left.node->nfields);
        const char *op = j->right.null_safe[i] ? "is_not_distinct" : "=";
        if (subquery_call(j->pull->p, op, x, y, j->n->span, &same) != WEIR_OK) return false;
        j->on = bexpr_and(a, j->on, same);
    }
    return true;
}

static bool is_half(JoinKind k)
{
    return k == JOIN_SEMI || k == JOIN_ANTI;
}

/* [left | left keys | right | right keys] becomes [left | right | keys]. */
static void join_columns(PulledJoin *j, LNode *joined, Keyed *k)
{
    Arena *a = j->pull->arena;
    Layout l = {0};
    const Keyed *x = &j->left, *y = &j->right;
    int32_t right = x->node->nfields;
    *k = *x;
    lay(a, &l, joined, 0, x->ncols);
    if (!is_half(j->n->join->kind)) lay(a, &l, joined, right, y->ncols);
    k->ncols = (int32_t)l.exprs.len;
    lay(a, &l, joined, x->ncols, x->nkeys);
    key_room(a, k, y->nkeys);
    for (int i = 0; j->right_has_own && i < y->nkeys; i++) {
        lay(a, &l, joined, right + y->ncols + i, 1);
        k->outer[k->nkeys] = y->outer[i];
        k->null_safe[k->nkeys++] = y->null_safe[i];
    }
    k->node = laid(a, &l, joined, j->n->span);
}

/* Only an inner join may have its condition asked later, and right rows without a left key. */
static bool pull_join(Pull *s, LNode *n, Keyed *k)
{
    PulledJoin j = {.pull = s, .n = n};
    JoinKind kind = n->join->kind;
    JoinMatch match = n->join->match;
    if (kind == JOIN_RIGHT || kind == JOIN_FULL) return false;
    if (match == JOIN_ASOF || match == JOIN_TEMPORAL || match == JOIN_LOOKUP) return false;
    BExpr *on = n->join->on, *later = NULL;
    if (on && expr_is_correlated(on)) {
        if (kind != JOIN_INNER) return false;
        later = on;
        on = NULL;
    }
    if (!pull(s, n->inputs[0], &j.left) || !pull(s, n->inputs[1], &j.right)) return false;
    if (j.left.nothing || j.right.nothing) return false;
    j.on = shifted(s->arena, on, j.left.ncols, j.left.nkeys);
    if (!match_keys(&j) || (j.right_has_own && kind != JOIN_INNER)) return false;
    LNode *joined = subquery_join(s->arena, n->join->emit_final, kind, j.left.node, j.right.node, j.on, n->span);
    join_columns(&j, joined, k);
    return !later || pull_condition(s, later, n->span, k);
}

static bool pull(Pull *s, LNode *n, Keyed *k)
{
    if (!plan_is_correlated(n)) {
        *k = (Keyed){.node = n, .ncols = n->nfields};
        return true;
    }
    switch (n->kind) {
    case L_FILTER: return pull_filter(s, n, k);
    case L_PROJECT: return pull_project(s, n, k);
    case L_WINDOW: return pull_window(s, n, k);
    case L_AGGREGATE: return pull_aggregate(s, n, k);
    case L_UNION:
    case L_SETOP: return pull_branches(s, n, k);
    case L_JOIN: return pull_join(s, n, k);
    case L_OVER:
    case L_TOPN: return pull_rank(s, n, k);
    case L_UNNEST: return pull_unnest(s, n, k);
    case L_CONTEND:
    case L_SCAN:
    case L_VIEW_INPUT:
    case L_VALUES: break;
    }
    return false;
}

/* ---- pushing the domain down ------------------------------------------------------------------- */

typedef struct Push {
    Planner *p;
    Arena *arena;
    LNode *domain;   /* one column per parameter that is used */
    int32_t *place;  /* parameter → column of the domain */
    int32_t nd;
    bool emit_final;
} Push;

/* n for every binding: its columns, then the domain's. */
static Status push(Push *s, LNode *n, LNode **out);

typedef struct ToDomain {
    Push *push;
    int32_t first; /* where the domain's columns begin */
} ToDomain;

static BExpr *to_domain(void *arg, const BExpr *e)
{
    ToDomain *t = arg;
    return bexpr_column(t->push->arena, t->first + t->push->place[e->col], e->type, e->span);
}

/* Parameters become the columns from `first` on. */
static BExpr *bound(Push *s, BExpr *e, int32_t first)
{
    return e ? bexpr_map_outer(s->arena, e, to_domain, &(ToDomain){s, first}) : NULL;
}

static BExpr **bound_list(Push *s, BExpr *const *list, int32_t n, int32_t first)
{
    BExpr **out = new (s->arena, BExpr *, n);
    for (int i = 0; i < n; i++) out[i] = bound(s, list[i], first);
    return out;
}

static LOrder *bound_order(Push *s, const LOrder *order, int32_t n, int32_t first)
{
    LOrder *out = new (s->arena, LOrder, n);
    for (int i = 0; i < n; i++) {
        out[i] = order[i];
        out[i].expr = bound(s, order[i].expr, first);
    }
    return out;
}

static LAgg bound_agg(Push *s, const LAgg *g, int32_t first)
{
    LAgg out = *g;
    out.args = bound_list(s, g->args, g->nargs, first);
    out.filter = bound(s, g->filter, first);
    out.order = bound_order(s, g->order, g->norder, first);
    return out;
}

/* A copy of n whose expressions read the domain's columns instead of parameters. */
static LNode bound_node(Push *s, const LNode *n, int32_t first)
{
    LNode b = *n;
    b.keys = bound_list(s, n->keys, n->nkeys, first);
    b.order = bound_order(s, n->order, n->norder, first);
    b.aggs = new (s->arena, LAgg, n->naggs);
    for (int i = 0; i < n->naggs; i++) b.aggs[i] = bound_agg(s, &n->aggs[i], first);
    b.overs = new (s->arena, LOver, n->novers);
    for (int i = 0; i < n->novers; i++) {
        b.overs[i] = n->overs[i];
        b.overs[i].agg = bound_agg(s, &n->overs[i].agg, first);
        b.overs[i].args = bound_list(s, n->overs[i].args, n->overs[i].nargs, first);
    }
    return b;
}

/* x IS NOT DISTINCT FROM y, for the domain's columns at two places of one relation. */
static Status same_binding(Push *s, int32_t x, int32_t y, Span at, BExpr **on)
{
    for (int i = 0; i < s->nd; i++) {
        Type t = s->domain->fields[i].type;
        BExpr *same;
        TRY(subquery_call(s->p, "is_not_distinct", bexpr_column(s->arena, x + i, t, at),
                          bexpr_column(s->arena, y + i, t, at), at, &same));
        *on = bexpr_and(s->arena, *on, same);
    }
    return WEIR_OK;
}

static Status refuse(Push *s, const LNode *n, const char *what)
{
    Status st = diag_error(s->p->diags, WEIR_E_UNSUPPORTED, n->span,
                           "%s whose input depends on rows of the outer query: not supported yet", what);
    diag_hint(s->p->diags, "compare with the outer columns by = only, or outside of it");
    return st;
}

static bool is_one_row(const LNode *n)
{
    return n->kind == L_VALUES && n->nrows == 1;
}

/* One row of constants, per binding. */
static LNode *row_of_domain(Push *s, const LNode *n)
{
    Layout l = {0};
    for (int i = 0; i < n->nfields; i++) lay_expr(s->arena, &l, n->rows[0][i], n->fields[i].name);
    lay(s->arena, &l, s->domain, 0, s->nd);
    return laid(s->arena, &l, s->domain, n->span);
}

static LNode *times_domain(Push *s, LNode *n, BExpr *on)
{
    if (is_one_row(n) && !on) return row_of_domain(s, n);
    return subquery_join(s->arena, s->emit_final, JOIN_INNER, n, s->domain, on, n->span);
}

static Status push_filter(Push *s, LNode *n, LNode **out)
{
    LNode *in = n->inputs[0];
    if (!plan_is_correlated(in) && !is_one_row(in)) {
        *out = times_domain(s, in, bound(s, n->pred, in->nfields));
        return WEIR_OK;
    }
    TRY(push(s, in, &in));
    *out = lnode_filter(s->arena, in, bound(s, n->pred, n->nfields), n->span);
    return WEIR_OK;
}

static Status push_project(Push *s, LNode *n, LNode **out)
{
    LNode *in;
    TRY(push(s, n->inputs[0], &in));
    BExpr **exprs = bound_list(s, n->exprs, n->nfields, in->nfields - s->nd);
    *out = project_by(s->arena, n, in, exprs, s->nd);
    return WEIR_OK;
}

/* The rows of `in` for every binding, and one of NULLs for a binding that has none: the domain,
 * then the columns of in, then whether it is a row. */
static Status padded(Push *s, LNode *in, LNode **out)
{
    Arena *a = s->arena;
    Layout l = {0};
    BExpr *on = NULL;
    LNode *rows = in;
    while (rows->kind == L_FILTER) { /* conditions over what is free of parameters: one join less */
        on = bexpr_and(a, rows->pred, on);
        rows = rows->inputs[0];
    }
    if (on && !plan_is_correlated(rows) && !is_one_row(rows)) {
        on = bound(s, shifted(a, on, 0, s->nd), 0);
        lay(a, &l, rows, 0, rows->nfields);
    } else {
        TRY(push(s, in, &rows));
        on = NULL;
        TRY(same_binding(s, 0, s->nd + in->nfields, in->span, &on));
        lay(a, &l, rows, 0, rows->nfields);
    }
    lay_expr(a, &l, bexpr_const(a, value_bool(true), in->span), S("is_row"));
    rows = laid(a, &l, rows, in->span);
    LNode *joined = subquery_join(a, s->emit_final, JOIN_LEFT, s->domain, rows, on, in->span);
    Layout o = {0};
    lay(a, &o, joined, s->nd, in->nfields);
    lay(a, &o, joined, joined->nfields - 1, 1);
    lay(a, &o, joined, 0, s->nd);
    *out = laid(a, &o, joined, in->span);
    return WEIR_OK;
}

static Status push_global(Push *s, LNode *n, LNode **out)
{
    LNode *in;
    TRY(padded(s, n->inputs[0], &in));
    int32_t ncols = n->inputs[0]->nfields;
    LNode b = bound_node(s, n, ncols + 1);
    for (int i = 0; i < b.naggs; i++)
        b.aggs[i].filter = bexpr_and(s->arena, column(s->arena, in, ncols, n->span), b.aggs[i].filter);
    *out = aggregate_by(s->arena, &b, in, s->nd);
    return WEIR_OK;
}

static Status push_aggregate(Push *s, LNode *n, LNode **out)
{
    LNode *in;
    if (n->window || n->key_window_end >= 0) return refuse(s, n, "a window aggregate");
    if (n->nsets) return refuse(s, n, "GROUPING SETS");
    if (n->is_global) return push_global(s, n, out);
    TRY(push(s, n->inputs[0], &in));
    LNode b = bound_node(s, n, in->nfields - s->nd);
    *out = aggregate_by(s->arena, &b, in, s->nd);
    return WEIR_OK;
}

static Status push_rank(Push *s, LNode *n, LNode **out)
{
    LNode *in;
    TRY(push(s, n->inputs[0], &in));
    LNode b = bound_node(s, n, in->nfields - s->nd);
    *out = rank_by(s->arena, &b, in, s->nd);
    return WEIR_OK;
}

/* A table function judges nothing late, so its rows may be found for each binding; sessions do. */
static Status push_window(Push *s, LNode *n, LNode **out)
{
    LNode *in;
    if (is_session_rows(n)) return refuse(s, n, "SESSION");
    TRY(push(s, n->inputs[0], &in));
    *out = window_by(s->arena, n, in, bound(s, n->time, in->nfields - s->nd), n->partition, s->nd);
    return WEIR_OK;
}

static Status push_unnest(Push *s, LNode *n, LNode **out)
{
    LNode *in;
    TRY(push(s, n->inputs[0], &in));
    *out = unnest_by(s->arena, n, in, bound(s, n->unnest, in->nfields - s->nd), s->nd);
    return WEIR_OK;
}

static Status push_branches(Push *s, LNode *n, LNode **out)
{
    LNode **in = new (s->arena, LNode *, n->ninputs);
    for (int i = 0; i < n->ninputs; i++) TRY(push(s, n->inputs[i], &in[i]));
    *out = n->kind == L_UNION ? lnode_union(s->arena, in, n->ninputs, n->span)
                              : lnode_setop(s->arena, n->set, n->set_all, n->emit_final, in[0], in[1], n->span);
    return WEIR_OK;
}

/* Which sides of a join get the domain: those that need it, and those whose rows stay unmatched. */
static void sides_to_bind(const LNode *n, bool *left, bool *right)
{
    JoinKind k = n->join->kind;
    *left = plan_is_correlated(n->inputs[0]);
    *right = plan_is_correlated(n->inputs[1]);
    bool neither = !*left && !*right;
    if (k == JOIN_FULL) {
        *left = *right = true;
    } else if (k == JOIN_RIGHT) {
        *right |= *left || neither;
    } else if (k != JOIN_INNER || neither) {
        *left |= *right || neither;
    }
}

/* The domain's columns of a FULL join: of the side that is there. */
static void lay_either(Push *s, Layout *l, const LNode *n, int32_t x, int32_t y)
{
    for (int i = 0; i < s->nd; i++) {
        BExpr **args = new (s->arena, BExpr *, 2);
        args[0] = column(s->arena, n, x + i, n->span);
        args[1] = column(s->arena, n, y + i, n->span);
        BExpr *e = bexpr_form(s->arena, BE_COALESCE, args[0]->type, args, 2, n->span);
        lay_expr(s->arena, l, e, n->fields[x + i].name);
    }
}

static Status push_join(Push *s, LNode *n, LNode **out)
{
    bool left, right;
    JoinKind kind = n->join->kind;
    LNode *x = n->inputs[0], *y = n->inputs[1];
    int32_t nx = x->nfields, ny = y->nfields;
    if (n->join->match != JOIN_REGULAR) return refuse(s, n, "a join by time");
    sides_to_bind(n, &left, &right);
    if (left) TRY(push(s, x, &x));
    if (right) TRY(push(s, y, &y));
    int32_t dx = nx, dy = x->nfields + ny; /* where the domain's columns are */
    BExpr *on = shifted(s->arena, n->join->on, nx, x->nfields - nx);
    on = bound(s, on, left ? dx : dy);
    if (left && right) TRY(same_binding(s, dx, dy, n->span, &on));
    LNode *joined = subquery_join(s->arena, s->emit_final, kind, x, y, on, n->span);
    Layout l = {0};
    lay(s->arena, &l, joined, 0, nx);
    if (!is_half(kind)) lay(s->arena, &l, joined, x->nfields, ny);
    if (kind == JOIN_FULL)
        lay_either(s, &l, joined, dx, dy);
    else
        lay(s->arena, &l, joined, !left || kind == JOIN_RIGHT ? dy : dx, s->nd);
    *out = laid(s->arena, &l, joined, n->span);
    return WEIR_OK;
}

static Status push(Push *s, LNode *n, LNode **out)
{
    if (!plan_is_correlated(n)) {
        *out = times_domain(s, n, NULL);
        return WEIR_OK;
    }
    switch (n->kind) {
    case L_FILTER: return push_filter(s, n, out);
    case L_PROJECT: return push_project(s, n, out);
    case L_WINDOW: return push_window(s, n, out);
    case L_AGGREGATE: return push_aggregate(s, n, out);
    case L_UNION:
    case L_SETOP: return push_branches(s, n, out);
    case L_JOIN: return push_join(s, n, out);
    case L_OVER:
    case L_TOPN: return push_rank(s, n, out);
    case L_UNNEST: return push_unnest(s, n, out);
    case L_CONTEND:
    case L_SCAN:
    case L_VIEW_INPUT:
    case L_VALUES: break;
    }
    return WEIR_E_INTERNAL;
}

/* ---- the domain -------------------------------------------------------------------------------- */

typedef struct Used {
    Arena *arena;
    VEC(int32_t) params;
} Used;

static void use_outer(void *arg, const BExpr *e)
{
    Used *u = arg;
    for (int i = 0; i < e->nargs; i++) use_outer(u, e->args[i]);
    if (e->kind != BE_OUTER) return;
    for (int i = 0; i < u->params.len; i++)
        if (u->params.data[i] == e->col) return;
    vec_push(&u->params, u->arena, e->col);
}

static void use_plan(Used *u, const LNode *n)
{
    for (int i = 0; i < n->ninputs; i++) use_plan(u, n->inputs[i]);
    visit_exprs(n, use_outer, u);
}

static void make_domain(Push *s, LNode *plan, LNode *first, LNode *around, BExpr *const *params, Keyed *k)
{
    Arena *a = s->arena;
    Used u = {.arena = a};
    int32_t last = 0;
    use_plan(&u, plan);
    s->nd = (int32_t)u.params.len;
    BExpr **values = new (a, BExpr *, s->nd);
    k->outer = new (a, BExpr *, s->nd);
    k->null_safe = new (a, bool, s->nd);
    for (int i = 0; i < s->nd; i++)
        if (u.params.data[i] > last) last = u.params.data[i];
    s->place = new (a, int32_t, last + 1);
    for (int i = 0; i < s->nd; i++) {
        int32_t param = u.params.data[i];
        values[i] = params[param];
        if (!reads_only_below(values[i], first->nfields)) first = around;
        s->place[param] = i;
        k->outer[i] = bexpr_outer(a, param, params[param]->type, params[param]->span);
        k->null_safe[i] = true;
    }
    s->domain = subquery_distinct(a, s->emit_final, first, values, s->nd, plan->span);
}

Status decorrelate(Planner *p, bool emit_final, LNode *plan, LNode *first, LNode *around, BExpr *const *params,
                   Keyed *out)
{
    *out = (Keyed){0};
    if (pull(&(Pull){p, p->arena}, plan, out)) return WEIR_OK;
    Push s = {.p = p, .arena = p->arena, .emit_final = emit_final};
    *out = (Keyed){0};
    make_domain(&s, plan, first, around, params, out);
    out->ncols = plan->nfields;
    out->nkeys = s.nd;
    return push(&s, plan, &out->node);
}
