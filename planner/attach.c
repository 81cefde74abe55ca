/* attach.c: subqueries of expressions become joins, so that they stay right by themselves when
 * rows come and go on either side.
 *
 * As conjuncts of a filter, EXISTS and IN are SEMI joins and their negations ANTI joins. Elsewhere
 * a subquery widens the relation under the expression by a LEFT JOIN: with the one row of a scalar
 * subquery, with a marker on the keys that EXISTS finds, with the found key and a summary of each
 * list (is there a row, a NULL, the least and greatest value) for IN and ANY. */
#include "planner/casts.h"
#include "planner/resolve.h"
#include "planner/rewrite/rewrite.h"
#include "planner/subquery.h"

#include <assert.h>

/* The relation under the expressions. It only grows at its end. */
typedef struct Attach {
    Planner *p;
    Arena *arena;
    bool emit_final;
    LNode *node, *first; /* now, and before anything was joined: the domains of subqueries come from there */
    VEC(BExpr *) known, values; /* subqueries that are joined already, and where */
} Attach;

bool has_subquery(const BExpr *e)
{
    if (e->kind == BE_SUBQUERY) return true;
    for (int i = 0; i < e->nargs; i++)
        if (has_subquery(e->args[i])) return true;
    return false;
}

bool subquery_same(const Subquery *a, const Subquery *b)
{
    return a->kind == b->kind && str_eq(a->text, b->text);
}

/* ---- expressions ------------------------------------------------------------------------------ */

static BExpr *truth(Attach *s, bool v, Span at)
{
    return bexpr_const(s->arena, value_bool(v), at);
}

static BExpr *unknown(Attach *s, Span at)
{
    return bexpr_const(s->arena, value_null(TYPE_OF(TYPE_BOOLEAN)), at);
}

static BExpr *column(Attach *s, const LNode *n, int32_t col, Span at)
{
    return bexpr_column(s->arena, col, n->fields[col].type, at);
}

static BExpr *case_of(Attach *s, BExpr *const *parts, int32_t n, Span at)
{
    BExpr **args = new (s->arena, BExpr *, n);
    memcpy(args, parts, (size_t)n * sizeof *args);
    return bexpr_form(s->arena, BE_CASE, parts[1]->type, args, n, at);
}

static BExpr *either_of(Arena *a, BExpr *x, BExpr *y, Span at)
{
    BExpr **args = new (a, BExpr *, 2);
    args[0] = x;
    args[1] = y;
    return bexpr_form(a, BE_OR, TYPE_OF(TYPE_BOOLEAN), args, 2, at);
}

static BExpr *either(Attach *s, BExpr *x, BExpr *y, Span at)
{
    return either_of(s->arena, x, y, at);
}

static Status call(Attach *s, const char *name, BExpr *x, BExpr *y, Span at, BExpr **out)
{
    return subquery_call(s->p, name, x, y, at, out);
}

/* Parameters become their values, which are over the relation around. */
static BExpr *to_value(void *arg, const BExpr *e)
{
    BExpr *const *params = arg;
    return params[e->col];
}

static BExpr *with_params(Attach *s, BExpr *e, BExpr *const *params)
{
    return e ? bexpr_map_outer(s->arena, e, to_value, (void *)params) : NULL;
}

typedef struct Shift {
    Arena *arena;
    int32_t by;
} Shift;

static BExpr *shift_column(void *arg, const BExpr *e)
{
    Shift *t = arg;
    return bexpr_column(t->arena, e->col + t->by, e->type, e->span);
}

/* An expression over the right side of a join with s->node, seen from the join. */
static BExpr *on_right(Attach *s, BExpr *e)
{
    return bexpr_map(s->arena, e, shift_column, &(Shift){s->arena, s->node->nfields});
}

/* ---- relations --------------------------------------------------------------------------------- */

typedef struct Columns {
    VEC(BExpr *) exprs;
    VEC(Field) fields;
} Columns;

static void put(Attach *s, Columns *c, BExpr *e, Str name)
{
    Field f = {name, e->type};
    vec_push(&c->exprs, s->arena, e);
    vec_push(&c->fields, s->arena, f);
}

static void put_range(Attach *s, Columns *c, const LNode *n, int32_t from, int32_t count)
{
    for (int i = from; i < from + count; i++) put(s, c, column(s, n, i, n->span), n->fields[i].name);
}

static LNode *project(Attach *s, const Columns *c, LNode *n)
{
    return lnode_project(s->arena, n, c->exprs.data, c->fields.data, (int32_t)c->exprs.len, n->span);
}

/* n and a last column that is TRUE. */
static LNode *marked(Attach *s, LNode *n)
{
    Columns c = {0};
    put_range(s, &c, n, 0, n->nfields);
    put(s, &c, truth(s, true, n->span), S("is_row"));
    return project(s, &c, n);
}

static LNode *narrowed(Attach *s, LNode *n, int32_t nfields)
{
    Columns c = {0};
    if (n->nfields == nfields) return n;
    put_range(s, &c, n, 0, nfields);
    return project(s, &c, n);
}

static void join(Attach *s, JoinKind kind, LNode *right, BExpr *on, Span at)
{
    s->node = subquery_join(s->arena, s->emit_final, kind, s->node, right, on, at);
}

/* Columns [at, at + nkeys) of the right side equal what the keys stand for. */
static Status match_keys(Attach *s, const Keyed *k, BExpr *const *params, int32_t first, Span at, BExpr **on)
{
    for (int i = 0; i < k->nkeys; i++) {
        BExpr *x = with_params(s, k->outer[i], params), *same;
        BExpr *y = bexpr_column(s->arena, s->node->nfields + first + i,
                                k->node->fields[k->ncols + i].type, at);
        TRY(call(s, k->null_safe[i] ? "is_not_distinct" : "=", x, y, at, &same));
        *on = bexpr_and(s->arena, *on, same);
    }
    return WEIR_OK;
}

/* The keys of n that has them from `first` on, and more expressions over n, each value once. With
 * nothing to tell rows apart by: one constant. */
static LNode *distinct_keys(Attach *s, LNode *n, const Keyed *k, BExpr *const *more, int32_t nmore, Span at)
{
    BExpr **keys = new (s->arena, BExpr *, k->nkeys + nmore + 1);
    int32_t nkeys = 0;
    for (int i = 0; i < k->nkeys; i++) keys[nkeys++] = column(s, n, k->ncols + i, at);
    for (int i = 0; i < nmore; i++) keys[nkeys++] = more[i];
    if (nkeys == 0) keys[nkeys++] = truth(s, true, at);
    return subquery_distinct(s->arena, s->emit_final, n, keys, nkeys, at);
}

static Status aggregate_call(Attach *s, const char *name, BExpr *arg, Span at, LAgg *out)
{
    *out = (LAgg){.args = new_one(s->arena, BExpr *), .nargs = 1, .span = at, .text = str_z(name)};
    out->args[0] = arg;
    return resolve_agg(s->p, str_z(name), out->args, 1, false, at, &out->def, &out->type);
}

/* ---- what a plan is at most ------------------------------------------------------------------- */

static bool is_one_row_always(const LNode *n)
{
    if (n->kind == L_PROJECT) return is_one_row_always(n->inputs[0]);
    return (n->kind == L_AGGREGATE && n->is_global && !n->window) || (n->kind == L_VALUES && n->nrows == 1);
}

/* A filter by equality with parameters or constants on a whole key. */
static bool mark_equated(const LNode *filter, bool *equated)
{
    BExpr *const *list = filter->pred->kind == BE_AND ? filter->pred->args : &filter->pred;
    int32_t n = filter->pred->kind == BE_AND ? filter->pred->nargs : 1;
    const Props *props = &filter->inputs[0]->props;
    for (int i = 0; i < n; i++) {
        if (!bexpr_is_call(list[i], "=")) continue;
        const BExpr *x = list[i]->args[0], *y = list[i]->args[1];
        if (x->kind == BE_COLUMN && reads_only_below(y, 0)) equated[x->col] = true;
        if (y->kind == BE_COLUMN && reads_only_below(x, 0)) equated[y->col] = true;
    }
    for (int i = 0; i < props->nkey; i++)
        if (!equated[props->key[i]]) return false;
    return props->nkey > 0;
}

static bool has_at_most_one_row(Attach *s, const LNode *n)
{
    if (is_one_row_always(n)) return true;
    switch (n->kind) {
    case L_PROJECT: return has_at_most_one_row(s, n->inputs[0]);
    case L_FILTER:
        return mark_equated(n, new (s->arena, bool, n->nfields)) || has_at_most_one_row(s, n->inputs[0]);
    case L_TOPN: return n->nkeys == 0 && n->rank == TOP_ROW_NUMBER && n->limit >= 0 && n->limit <= 1;
    case L_JOIN:
        return n->join->kind == JOIN_INNER && has_at_most_one_row(s, n->inputs[0]) &&
               has_at_most_one_row(s, n->inputs[1]);
    case L_SCAN:
    case L_VIEW_INPUT:
    case L_VALUES:
    case L_WINDOW:
    case L_AGGREGATE:
    case L_UNION:
    case L_OVER:
    case L_SETOP:
    case L_UNNEST:
    case L_CONTEND: return false;
    }
    return false;
}

/* Whether there is a row does not depend on which: what only orders or merges rows goes. */
static LNode *for_existence(LNode *n)
{
    for (;;) {
        bool merges = n->kind == L_AGGREGATE && n->nkeys > 0 && !n->nsets && !n->window && n->key_window_end < 0;
        bool limits = n->kind == L_TOPN && n->offset == 0 && n->limit != 0;
        if (!merges && !limits && n->kind != L_PROJECT) return n;
        n = n->inputs[0];
    }
}

/* ---- a plan opened for a join ------------------------------------------------------------------ */

/* A plan as the right side of a join with s->node. Conditions and expressions are over the join. */
typedef struct Opened {
    LNode *right;
    BExpr **exprs;  /* the plan's columns */
    BExpr *on;      /* which rows of `right` are the plan's; NULL: all */
    bool is_filled; /* joined by LEFT, there is one row for each of s->node; `having` says */
    BExpr *having;  /* whether it is the plan's; NULL: it is */
} Opened;

/* The projects and filters at the top of a plan, over what lies below them. */
typedef struct Peeled {
    LNode *base;
    BExpr **exprs;
    BExpr *pred;
} Peeled;

static bool is_any_volatile(const LNode *n)
{
    for (int i = 0; i < n->nfields; i++)
        if (n->exprs[i]->is_volatile) return true;
    return false;
}

static Peeled peel(Attach *s, LNode *plan)
{
    Peeled x = {.base = plan, .exprs = new (s->arena, BExpr *, plan->nfields)};
    for (int i = 0; i < plan->nfields; i++) x.exprs[i] = column(s, plan, i, plan->span);
    for (; plan_is_correlated(x.base); x.base = x.base->inputs[0]) {
        if (x.base->kind == L_FILTER) {
            x.pred = bexpr_and(s->arena, x.base->pred, x.pred);
        } else if (x.base->kind == L_PROJECT && !is_any_volatile(x.base)) {
            for (int i = 0; i < plan->nfields; i++)
                x.exprs[i] = bexpr_substitute(s->arena, x.exprs[i], x.base->exprs);
            if (x.pred) x.pred = bexpr_substitute(s->arena, x.pred, x.base->exprs);
        } else {
            break;
        }
    }
    return x;
}

/* The conjuncts of *pred that are free of parameters, taken out of it. */
static BExpr *take_free(Attach *s, BExpr **pred)
{
    BExpr *all = *pred, *free = NULL;
    if (!all) return NULL;
    int32_t n = all->kind == BE_AND ? all->nargs : 1;
    *pred = NULL;
    for (int i = 0; i < n; i++) {
        BExpr *e = all->kind == BE_AND ? all->args[i] : all;
        BExpr **to = expr_is_correlated(e) ? pred : &free;
        *to = bexpr_and(s->arena, *to, e);
    }
    return free;
}

/* What is free of parameters is computed below the join; what is not is NULL where, under a LEFT
 * join, there is no row: is_row says. */
static void open_rows(Attach *s, Peeled *x, int32_t n, BExpr *const *params, bool pads, Opened *o)
{
    Columns c = {0};
    bool needs_mark = false;
    BExpr *free = take_free(s, &x->pred);
    if (free) o->right = lnode_filter(s->arena, o->right, free, free->span);
    put_range(s, &c, o->right, 0, o->right->nfields);
    for (int i = 0; i < n; i++) {
        bool is_bound = expr_is_correlated(x->exprs[i]);
        needs_mark |= is_bound && pads;
        if (is_bound || x->exprs[i]->kind == BE_COLUMN) continue;
        put(s, &c, x->exprs[i], S("value"));
        x->exprs[i] = bexpr_column(s->arena, (int32_t)c.exprs.len - 1, x->exprs[i]->type, x->exprs[i]->span);
    }
    if (needs_mark) put(s, &c, truth(s, true, o->right->span), S("is_row"));
    if (c.exprs.len > o->right->nfields) o->right = project(s, &c, o->right);
    BExpr *mark = needs_mark ? on_right(s, column(s, o->right, o->right->nfields - 1, o->right->span)) : NULL;
    for (int i = 0; i < n; i++) {
        bool is_bound = expr_is_correlated(x->exprs[i]);
        o->exprs[i] = with_params(s, on_right(s, x->exprs[i]), params);
        if (is_bound && mark) o->exprs[i] = case_of(s, (BExpr *[]){mark, o->exprs[i]}, 2, o->exprs[i]->span);
    }
    if (x->pred) o->on = bexpr_and(s->arena, o->on, with_params(s, on_right(s, x->pred), params));
}

/* Where the join finds no row, the columns are what an aggregate is over nothing. */
static void open_filled(Attach *s, Peeled *x, int32_t n, BExpr *const *params, const Keyed *k, Opened *o)
{
    o->is_filled = true;
    o->right = marked(s, k->node);
    BExpr *mark = on_right(s, column(s, o->right, o->right->nfields - 1, o->right->span));
    BExpr **filled = new (s->arena, BExpr *, k->ncols);
    for (int i = 0; i < k->ncols; i++) {
        filled[i] = on_right(s, column(s, k->node, i, k->node->span));
        if (!bexpr_is_null(k->nothing[i]))
            filled[i] = case_of(s, (BExpr *[]){mark, filled[i], k->nothing[i]}, 3, filled[i]->span);
    }
    for (int i = 0; i < n; i++)
        o->exprs[i] = with_params(s, bexpr_substitute(s->arena, x->exprs[i], filled), params);
    if (x->pred) o->having = with_params(s, bexpr_substitute(s->arena, x->pred, filled), params);
}

/* `pads`: the join is a LEFT one. */
static Status open_plan(Attach *s, LNode *plan, BExpr *const *params, bool pads, Opened *o)
{
    Peeled x = peel(s, plan);
    Keyed k;
    *o = (Opened){.exprs = new (s->arena, BExpr *, plan->nfields)};
    TRY(decorrelate(s->p, s->emit_final, x.base, s->first, s->node, params, &k));
    o->right = k.node;
    TRY(match_keys(s, &k, params, k.ncols, plan->span, &o->on));
    if (k.nothing)
        open_filled(s, &x, plan->nfields, params, &k, o);
    else
        open_rows(s, &x, plan->nfields, params, pads, o);
    return WEIR_OK;
}

/* ---- scalar subqueries -------------------------------------------------------------------------- */

/* One row gives its value, none NULL, several a fault. */
static Status single_value(Attach *s, LNode *plan, Span at, LNode **out)
{
    LAgg agg;
    TRY(aggregate_call(s, "single_value", column(s, plan, 0, at), at, &agg));
    LNode parts = {.inputs = &plan, .aggs = &agg, .naggs = 1, .is_global = true,
                   .emit_final = s->emit_final, .what = S("a scalar subquery")};
    LAgg *kept = new_one(s->arena, LAgg);
    *kept = agg;
    parts.aggs = kept;
    *out = lnode_aggregate(s->arena, &parts, at);
    return WEIR_OK;
}

static Status value_scalar(Attach *s, const BExpr *e, BExpr *const *params, BExpr **out)
{
    LNode *plan = e->sub->plan;
    Opened o;
    if (!has_at_most_one_row(s, plan)) TRY(single_value(s, plan, e->span, &plan));
    TRY(open_plan(s, plan, params, true, &o));
    bool always = is_one_row_always(plan) && !o.on && !o.is_filled;
    join(s, always ? JOIN_INNER : JOIN_LEFT, o.right, o.on, e->span);
    *out = o.exprs[0];
    if (o.having) *out = case_of(s, (BExpr *[]){o.having, *out}, 2, e->span);
    return WEIR_OK;
}

/* ---- EXISTS ------------------------------------------------------------------------------------- */

static Status value_exists(Attach *s, const BExpr *e, BExpr *const *params, BExpr **out)
{
    LNode *plan = for_existence(e->sub->plan);
    Keyed k;
    TRY(decorrelate(s->p, s->emit_final, plan, s->first, s->node, params, &k));
    if (k.nothing) {
        *out = truth(s, true, e->span);
        return WEIR_OK;
    }
    BExpr *on = NULL;
    TRY(match_keys(s, &k, params, 0, e->span, &on));
    join(s, JOIN_LEFT, marked(s, distinct_keys(s, k.node, &k, NULL, 0, e->span)), on, e->span);
    return call(s, "is_not_null", column(s, s->node, s->node->nfields - 1, e->span), NULL, e->span, out);
}

/* As a conjunct. *done false: not that simple, take the value. */
static Status filter_exists(Attach *s, const BExpr *e, BExpr *const *params, bool negated, bool *done)
{
    Opened o;
    TRY(open_plan(s, for_existence(e->sub->plan), params, false, &o));
    *done = !o.is_filled;
    if (o.is_filled) return WEIR_OK;
    if (!o.on) o.right = distinct_keys(s, o.right, &(Keyed){0}, NULL, 0, e->span);
    join(s, negated ? JOIN_ANTI : JOIN_SEMI, o.right, o.on, e->span);
    return WEIR_OK;
}

/* ---- rows --------------------------------------------------------------------------------------- */

Status rows_compare(Arena *a, RowOperator call_of, void *arg, const char *op, BExpr *const *x, BExpr *const *y, int32_t n,
                    Span at, BExpr **out)
{
    bool is_equal = strcmp(op, "=") == 0, is_other = strcmp(op, "<>") == 0;
    const char *strict = is_equal || is_other ? op : op[0] == '<' ? "<" : ">";
    TRY(call_of(arg, op, x[n - 1], y[n - 1], at, out));
    for (int32_t i = n - 2; i >= 0; i--) {
        BExpr *decides, *same;
        TRY(call_of(arg, strict, x[i], y[i], at, &decides));
        if (is_equal) {
            *out = bexpr_and(a, decides, *out);
            continue;
        }
        if (!is_other) {
            TRY(call_of(arg, "=", x[i], y[i], at, &same));
            *out = bexpr_and(a, same, *out);
        }
        *out = either_of(a, decides, *out, at);
    }
    return WEIR_OK;
}

static Status attach_operator(void *arg, const char *op, BExpr *x, BExpr *y, Span at, BExpr **out)
{
    return call(arg, op, x, y, at, out);
}

/* The condition of a join: that the rows compare so, or that NULLs leave it open too. */
static Status rows_may_compare(Attach *s, const char *op, BExpr *const *x, BExpr *const *y, int32_t n, bool or_unknown,
                               Span at, BExpr **on)
{
    BExpr *holds, *open;
    TRY(rows_compare(s->arena, attach_operator, s, op, x, y, n, at, &holds));
    if (or_unknown) {
        TRY(call(s, "is_null", holds, NULL, at, &open));
        holds = either(s, holds, open, at);
    }
    *on = bexpr_and(s->arena, *on, holds);
    return WEIR_OK;
}

/* ---- IN, ANY ------------------------------------------------------------------------------------ */

/* x1 = y1 AND x2 = y2 …; y are over the right side of the join. */
static Status all_equal(Attach *s, BExpr *const *x, BExpr *const *y, int32_t n, Span at, BExpr **on)
{
    for (int i = 0; i < n; i++) {
        BExpr *same;
        TRY(call(s, "=", x[i], y[i], at, &same));
        *on = bexpr_and(s->arena, *on, same);
    }
    return WEIR_OK;
}

/* x = y where both are there: what a list with NULLs cannot rule out. */
static Status maybe_equal(Attach *s, BExpr *const *x, BExpr *const *y, int32_t n, Span at, BExpr **on)
{
    for (int i = 0; i < n; i++) {
        BExpr *same, *no_x, *no_y;
        TRY(call(s, "=", x[i], y[i], at, &same));
        TRY(call(s, "is_null", x[i], NULL, at, &no_x));
        TRY(call(s, "is_null", y[i], NULL, at, &no_y));
        *on = bexpr_and(s->arena, *on, either(s, same, either(s, no_x, no_y, at), at));
    }
    return WEIR_OK;
}

static BExpr **list_columns(Attach *s, const LNode *n, int32_t count, Span at)
{
    BExpr **y = new (s->arena, BExpr *, count);
    for (int i = 0; i < count; i++) y[i] = on_right(s, column(s, n, i, at));
    return y;
}

static Status filter_in(Attach *s, const BExpr *e, BExpr *const *params, bool *done)
{
    Opened o;
    TRY(open_plan(s, e->sub->plan, params, false, &o));
    *done = !o.is_filled;
    if (o.is_filled) return WEIR_OK;
    TRY(all_equal(s, e->args, o.exprs, e->sub->noperands, e->span, &o.on));
    join(s, JOIN_SEMI, o.right, o.on, e->span);
    return WEIR_OK;
}

/* x NOT IN (…): no element equals x; no element is NULL; x is not NULL, or the list is empty. */
static Status anti_in(Attach *s, const BExpr *e, BExpr *const *params, const Keyed *k)
{
    Span at = e->span;
    BExpr *x = e->args[0], *on = NULL, *no_y, *no_x;
    TRY(match_keys(s, k, params, k->ncols, at, &on));
    TRY(all_equal(s, e->args, list_columns(s, k->node, 1, at), 1, at, &on));
    join(s, JOIN_ANTI, k->node, on, at);
    TRY(call(s, "is_null", column(s, k->node, 0, at), NULL, at, &no_y));
    LNode *nulls = lnode_filter(s->arena, k->node, no_y, at);
    on = NULL;
    TRY(match_keys(s, k, params, 0, at, &on));
    join(s, JOIN_ANTI, distinct_keys(s, nulls, k, NULL, 0, at), on, at);
    if (x->kind == BE_CONST && !x->value.is_null) return WEIR_OK;
    TRY(call(s, "is_null", x, NULL, at, &no_x));
    join(s, JOIN_ANTI, distinct_keys(s, k->node, k, NULL, 0, at), bexpr_and(s->arena, on, no_x), at);
    return WEIR_OK;
}

static Status filter_not_in(Attach *s, const BExpr *e, BExpr *const *params, bool *done)
{
    Keyed k;
    BExpr *on = NULL;
    int32_t n = e->sub->noperands;
    TRY(decorrelate(s->p, s->emit_final, e->sub->plan, s->first, s->node, params, &k));
    *done = !k.nothing;
    if (k.nothing) return WEIR_OK;
    if (n == 1) return anti_in(s, e, params, &k);
    TRY(match_keys(s, &k, params, k.ncols, e->span, &on));
    TRY(maybe_equal(s, e->args, list_columns(s, k.node, n, e->span), n, e->span, &on));
    join(s, JOIN_ANTI, k.node, on, e->span);
    return WEIR_OK;
}

/* Of each list: whether it holds a NULL (NULL: the list is empty), its least and greatest value.
 * Columns of s->node from *first on. */
static Status join_summary(Attach *s, const BExpr *e, BExpr *const *params, const Keyed *k, bool bounds,
                           int32_t *first)
{
    Span at = e->span;
    BExpr *y = column(s, k->node, 0, at), *no_y, *on = NULL;
    BExpr **keys = new (s->arena, BExpr *, k->nkeys + 1);
    LAgg *aggs = new (s->arena, LAgg, 3);
    int32_t nkeys = k->nkeys;
    for (int i = 0; i < nkeys; i++) keys[i] = column(s, k->node, k->ncols + i, at);
    if (nkeys == 0) keys[nkeys++] = truth(s, true, at);
    TRY(call(s, "is_null", y, NULL, at, &no_y));
    TRY(aggregate_call(s, "bool_or", no_y, at, &aggs[0]));
    if (bounds) TRY(aggregate_call(s, "min", y, at, &aggs[1]));
    if (bounds) TRY(aggregate_call(s, "max", y, at, &aggs[2]));
    LNode *in = k->node;
    LNode parts = {.inputs = &in, .keys = keys, .nkeys = nkeys, .aggs = aggs, .naggs = bounds ? 3 : 1,
                   .emit_final = s->emit_final, .what = S("the list of a subquery")};
    TRY(match_keys(s, k, params, 0, at, &on));
    *first = s->node->nfields + nkeys;
    join(s, JOIN_LEFT, lnode_aggregate(s->arena, &parts, at), on, at);
    return WEIR_OK;
}

/* CASE WHEN found THEN TRUE WHEN the list is empty THEN FALSE
 *      WHEN it holds a NULL OR x is NULL THEN NULL ELSE FALSE END */
static Status by_summary(Attach *s, const BExpr *e, BExpr *found, int32_t summary, BExpr **out)
{
    Span at = e->span;
    BExpr *has_null = column(s, s->node, summary, at), *empty, *no_x;
    TRY(call(s, "is_null", has_null, NULL, at, &empty));
    TRY(call(s, "is_null", e->args[0], NULL, at, &no_x));
    BExpr *parts[] = {found, truth(s, true, at), empty, truth(s, false, at),
                      either(s, has_null, no_x, at), unknown(s, at), truth(s, false, at)};
    *out = case_of(s, parts, 7, at);
    return WEIR_OK;
}

/* A LEFT JOIN with the distinct keys and values; *out: its marker. */
static Status join_found(Attach *s, const BExpr *e, BExpr *const *params, const Keyed *k, BExpr **out)
{
    int32_t n = e->sub->noperands;
    BExpr *on = NULL, **y = new (s->arena, BExpr *, n);
    for (int i = 0; i < n; i++) y[i] = column(s, k->node, i, e->span);
    LNode *right = marked(s, distinct_keys(s, k->node, k, y, n, e->span));
    TRY(match_keys(s, k, params, 0, e->span, &on));
    for (int i = 0; i < n; i++) y[i] = on_right(s, column(s, right, k->nkeys + i, e->span));
    TRY(all_equal(s, e->args, y, n, e->span, &on));
    join(s, JOIN_LEFT, right, on, e->span);
    *out = column(s, s->node, s->node->nfields - 1, e->span);
    return WEIR_OK;
}

/* (x1, x2) op ANY (…): a marker of those bindings for which some row compares so; `or_unknown`: or may, for
 * all that NULLs leave open. */
static Status join_maybe(Attach *s, const BExpr *e, BExpr *const *params, const Keyed *k, bool or_unknown, BExpr **out)
{
    int32_t n = e->sub->noperands, nx = k->nkeys + n;
    Span at = e->span;
    BExpr **x = new (s->arena, BExpr *, nx), *on = NULL;
    for (int i = 0; i < k->nkeys; i++) x[i] = with_params(s, k->outer[i], params);
    for (int i = 0; i < n; i++) x[k->nkeys + i] = e->args[i];
    LNode *around = s->first;
    for (int i = 0; i < nx; i++)
        if (!reads_only_below(x[i], around->nfields)) around = s->node;
    LNode *asked = subquery_distinct(s->arena, s->emit_final, around, x, nx, at);
    Attach t = {.p = s->p, .arena = s->arena, .emit_final = s->emit_final, .node = asked, .first = asked};
    for (int i = 0; i < k->nkeys; i++) {
        BExpr *key = on_right(&t, column(s, k->node, k->ncols + i, at)), *same;
        TRY(call(s, k->null_safe[i] ? "is_not_distinct" : "=", column(s, asked, i, at), key, at, &same));
        on = bexpr_and(s->arena, on, same);
    }
    BExpr **asked_x = new (s->arena, BExpr *, n);
    for (int i = 0; i < n; i++) asked_x[i] = column(s, asked, k->nkeys + i, at);
    BExpr **y = list_columns(&t, k->node, n, at);
    if (strcmp(e->sub->op, "=") == 0)
        TRY(maybe_equal(s, asked_x, y, n, at, &on));
    else
        TRY(rows_may_compare(s, e->sub->op, asked_x, y, n, or_unknown, at, &on));
    join(&t, JOIN_SEMI, k->node, on, at);
    LNode *right = marked(s, t.node);
    on = NULL;
    for (int i = 0; i < nx; i++) {
        BExpr *same;
        TRY(call(s, "is_not_distinct", x[i], on_right(s, column(s, right, i, at)), at, &same));
        on = bexpr_and(s->arena, on, same);
    }
    join(s, JOIN_LEFT, right, on, at);
    *out = column(s, s->node, s->node->nfields - 1, at);
    return WEIR_OK;
}

static Status value_row_any(Attach *s, const BExpr *e, BExpr *const *params, const Keyed *k, BExpr **out)
{
    BExpr *found, *maybe;
    if (strcmp(e->sub->op, "=") == 0)
        TRY(join_found(s, e, params, k, &found));
    else
        TRY(join_maybe(s, e, params, k, false, &found));
    TRY(join_maybe(s, e, params, k, true, &maybe));
    BExpr *parts[] = {found, truth(s, true, e->span), maybe, unknown(s, e->span), truth(s, false, e->span)};
    *out = case_of(s, parts, 5, e->span);
    return WEIR_OK;
}

/* x op ANY: x < ANY means x < the greatest; x <> ANY that x differs from one of the two ends. */
static Status found_by_bounds(Attach *s, const BExpr *e, int32_t summary, BExpr **out)
{
    const char *op = e->sub->op;
    BExpr *least = column(s, s->node, summary + 1, e->span), *most = column(s, s->node, summary + 2, e->span);
    BExpr *x = e->args[0], *other;
    TRY(call(s, op, x, op[0] == '>' ? least : most, e->span, out));
    if (strcmp(op, "<>") != 0) return WEIR_OK;
    TRY(call(s, op, x, least, e->span, &other));
    *out = either(s, *out, other, e->span);
    return WEIR_OK;
}

/* The plan has one row for each binding. */
static Status value_any_of_one(Attach *s, const BExpr *e, BExpr *const *params, BExpr **out)
{
    Opened o;
    TRY(open_plan(s, e->sub->plan, params, true, &o));
    join(s, JOIN_LEFT, o.right, o.on, e->span);
    BExpr *all;
    TRY(rows_compare(s->arena, attach_operator, s, e->sub->op, e->args, o.exprs, e->sub->noperands, e->span, &all));
    if (o.having) all = case_of(s, (BExpr *[]){o.having, all, truth(s, false, e->span)}, 3, e->span);
    *out = all;
    return WEIR_OK;
}

static Status value_any(Attach *s, const BExpr *e, BExpr *const *params, BExpr **out)
{
    Keyed k;
    int32_t summary;
    BExpr *found = NULL;
    bool is_in = strcmp(e->sub->op, "=") == 0;
    TRY(decorrelate(s->p, s->emit_final, e->sub->plan, s->first, s->node, params, &k));
    if (k.nothing) return value_any_of_one(s, e, params, out);
    if (e->sub->noperands > 1) return value_row_any(s, e, params, &k, out);
    if (is_in) TRY(join_found(s, e, params, &k, &found));
    TRY(join_summary(s, e, params, &k, !is_in, &summary));
    if (!is_in) TRY(found_by_bounds(s, e, summary, &found));
    return by_summary(s, e, found, summary, out);
}

/* ---- values ------------------------------------------------------------------------------------- */

static Status attach_one(Attach *s, const BExpr *e, BExpr **out)
{
    BExpr *const *params = e->args + e->sub->noperands;
    for (int i = 0; i < s->known.len; i++)
        if (bexpr_eq(s->known.data[i], e)) {
            *out = s->values.data[i];
            return WEIR_OK;
        }
    switch (e->sub->kind) {
    case SUBQUERY_SCALAR: TRY(value_scalar(s, e, params, out)); break;
    case SUBQUERY_EXISTS: TRY(value_exists(s, e, params, out)); break;
    case SUBQUERY_ANY: TRY(value_any(s, e, params, out)); break;
    }
    vec_push(&s->known, s->arena, (BExpr *)e);
    vec_push(&s->values, s->arena, *out);
    return WEIR_OK;
}

/* Arguments first: an operand may hold a subquery itself. */
static Status attach_expr(Attach *s, BExpr *e, BExpr **out)
{
    *out = e;
    if (!has_subquery(e)) return WEIR_OK;
    BExpr **args = new (s->arena, BExpr *, e->nargs);
    bool same = true;
    for (int i = 0; i < e->nargs; i++) {
        TRY(attach_expr(s, e->args[i], &args[i]));
        same &= args[i] == e->args[i];
    }
    if (!same) e = bexpr_with_args(s->arena, e, args);
    *out = e;
    return e->kind == BE_SUBQUERY ? attach_one(s, e, out) : WEIR_OK;
}

Status attach_values(Planner *p, bool emit_final, LNode **node, BExpr **exprs, int32_t n)
{
    Attach s = {.p = p, .arena = p->arena, .emit_final = emit_final, .node = *node, .first = *node};
    for (int i = 0; i < n; i++)
        if (exprs[i]) TRY(attach_expr(&s, exprs[i], &exprs[i]));
    *node = s.node;
    return WEIR_OK;
}

/* ---- filters ------------------------------------------------------------------------------------ */

/* A conjunct that is EXISTS or IN, perhaps negated, as a SEMI or ANTI join. */
static Status attach_conjunct(Attach *s, BExpr *e, bool *done)
{
    bool negated = bexpr_is_call(e, "not");
    if (negated) e = e->args[0];
    if (e->kind != BE_SUBQUERY || e->sub->kind == SUBQUERY_SCALAR) return WEIR_OK;
    if (e->sub->kind == SUBQUERY_ANY && strcmp(e->sub->op, "=") != 0) return WEIR_OK;
    BExpr **args = new (s->arena, BExpr *, e->nargs);
    for (int i = 0; i < e->nargs; i++) TRY(attach_expr(s, e->args[i], &args[i]));
    e = bexpr_with_args(s->arena, e, args);
    BExpr *const *params = e->args + e->sub->noperands;
    if (e->sub->kind == SUBQUERY_EXISTS) return filter_exists(s, e, params, negated, done);
    return negated ? filter_not_in(s, e, params, done) : filter_in(s, e, params, done);
}

Status attach_filter(Planner *p, bool emit_final, LNode *in, BExpr *pred, Span at, LNode **out)
{
    Attach s = {.p = p, .arena = p->arena, .emit_final = emit_final, .node = in, .first = in};
    BExpr *plain = NULL, *rest = NULL;
    int32_t n = pred->kind == BE_AND ? pred->nargs : 1;
    for (int i = 0; i < n; i++) {
        BExpr *e = pred->kind == BE_AND ? pred->args[i] : pred;
        if (!has_subquery(e)) plain = bexpr_and(p->arena, plain, e);
    }
    if (plain) s.node = s.first = lnode_where(p->arena, in, plain, at);
    for (int i = 0; i < n; i++) {
        BExpr *e = pred->kind == BE_AND ? pred->args[i] : pred;
        bool done = false;
        if (!has_subquery(e)) continue;
        TRY(attach_conjunct(&s, e, &done));
        if (done) continue;
        TRY(attach_expr(&s, e, &e));
        rest = bexpr_and(p->arena, rest, e);
    }
    if (rest) s.node = lnode_filter(p->arena, s.node, rest, at);
    *out = narrowed(&s, s.node, in->nfields);
    return WEIR_OK;
}

/* ---- LATERAL ------------------------------------------------------------------------------------ */

/* `on` is over left columns, then the plan's; the latter become what they are in the join. */
static BExpr *through(Attach *s, BExpr *on, const LNode *left, const Opened *o, int32_t nplan)
{
    BExpr **exprs = new (s->arena, BExpr *, left->nfields + nplan);
    for (int i = 0; i < left->nfields; i++) exprs[i] = column(s, left, i, left->span);
    for (int i = 0; i < nplan; i++) exprs[left->nfields + i] = o->exprs[i];
    return bexpr_substitute(s->arena, on, exprs);
}

Status attach_lateral(Planner *p, bool emit_final, JoinKind kind, LNode *left, LNode *plan, BExpr **params,
                      BExpr *on, Span at, LNode **out)
{
    Attach s = {.p = p, .arena = p->arena, .emit_final = emit_final, .node = left, .first = left};
    Opened o;
    Columns c = {0};
    TRY(open_plan(&s, plan, params, kind == JOIN_LEFT, &o));
    if (on) on = through(&s, on, left, &o, plan->nfields);
    if (o.is_filled) {
        on = bexpr_and(s.arena, o.having, on);
        join(&s, JOIN_LEFT, o.right, o.on, at);
        if (on && kind == JOIN_INNER) s.node = lnode_filter(s.arena, s.node, on, at);
        for (int i = 0; on && kind == JOIN_LEFT && i < plan->nfields; i++)
            o.exprs[i] = case_of(&s, (BExpr *[]){on, o.exprs[i]}, 2, at);
    } else {
        join(&s, kind, o.right, bexpr_and(s.arena, o.on, on), at);
    }
    put_range(&s, &c, s.node, 0, left->nfields);
    for (int i = 0; i < plan->nfields; i++) put(&s, &c, o.exprs[i], plan->fields[i].name);
    *out = project(&s, &c, s.node);
    return WEIR_OK;
}

/* ---- what is left -------------------------------------------------------------------------------- */

static void find_left(void *arg, const BExpr *e)
{
    const BExpr **found = arg;
    if (e->kind == BE_SUBQUERY || e->kind == BE_OUTER) *found = e;
    for (int i = 0; !*found && i < e->nargs; i++) find_left(arg, e->args[i]);
}

Status attach_check(Planner *p, const LNode *root)
{
    const BExpr *left = NULL;
    for (int i = 0; i < root->ninputs; i++) TRY(attach_check(p, root->inputs[i]));
    visit_exprs(root, find_left, &left);
    if (!left) return WEIR_OK;
    return diag_error(p->diags, WEIR_E_UNSUPPORTED, left->span, "a subquery at this place: not supported yet");
}
