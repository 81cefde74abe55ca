/* collapse_windows.c: GROUP BY window_start, window_end over a window table function becomes a
 * windowed aggregate, as if it had been written with a WINDOW clause.
 *
 * The rows are then not multiplied by the number of their windows: the aggregate works on panes.
 * Nothing but the keys may look at the window's columns. A session is kept whole by its table function
 * and as one row by an aggregate, so that where its PARTITION BY is the rest of the key it becomes one
 * when it is bound (rewrite_session): whether errors withhold rows must not depend on rules. */
#include "planner/resolve.h"
#include "planner/rewrite/rewrite.h"

/* A match of the rule. */
typedef struct Collapse {
    Planner *p;
    LNode *agg, *window;
    LNode *filter;     /* between the two, or NULL */
    int32_t base;      /* columns of the window's input; then start, end, time */
    BExpr **keys;      /* those that are not of the window */
    int32_t nkeys;
    LAgg *aggs;
    GroupSet *sets; /* over those keys */
} Collapse;

static bool find_shape(Collapse *c)
{
    LNode *in = c->agg->inputs[0];
    if (in->kind == L_FILTER) {
        c->filter = in;
        in = in->inputs[0];
    }
    c->window = in;
    c->base = in->kind == L_WINDOW ? in->inputs[0]->nfields : 0;
    return in->kind == L_WINDOW;
}

static bool is_window_column(const Collapse *c, const BExpr *e)
{
    return e->kind == BE_COLUMN && e->col >= c->base;
}

/* Key `from` is now key `to`; -1: it belongs to every set by itself. */
static bool take_bit(Collapse *c, int32_t from, int32_t to)
{
    for (int i = 0; i < c->agg->nsets; i++) {
        uint64_t has = c->agg->sets[i].keys >> from & 1;
        if (to < 0 && !has) return false;
        if (to >= 0) c->sets[i].keys |= has << to;
    }
    return true;
}

static bool take_keys(Collapse *c)
{
    c->keys = new (c->p->arena, BExpr *, c->agg->nkeys);
    c->sets = new (c->p->arena, GroupSet, c->agg->nsets);
    for (int i = 0; i < c->agg->nsets; i++) c->sets[i].left_out = c->agg->sets[i].left_out;
    for (int i = 0; i < c->agg->nkeys; i++) {
        BExpr *key = c->agg->keys[i];
        bool is_window = is_window_column(c, key);
        if (!take_bit(c, i, is_window ? -1 : c->nkeys)) return false;
        if (is_window) continue;
        if (!reads_only_below(key, c->base)) return false;
        c->keys[c->nkeys++] = key;
    }
    return true;
}

/* The window's columns are the same in all rows of a group: they order nothing. */
static void drop_window_order(Collapse *c, LAgg *agg)
{
    LOrder *order = new (c->p->arena, LOrder, agg->norder);
    int32_t n = 0;
    for (int i = 0; i < agg->norder; i++)
        if (!is_window_column(c, agg->order[i].expr)) order[n++] = agg->order[i];
    agg->order = order;
    agg->norder = n;
}

static bool is_position(const LNode *n, int32_t col)
{
    while (n->kind == L_FILTER || (n->kind == L_PROJECT && n->exprs[col]->kind == BE_COLUMN)) {
        if (n->kind == L_PROJECT) col = n->exprs[col]->col;
        n = n->inputs[0];
    }
    return n->kind == L_PROJECT && bexpr_is_call(n->exprs[col], ROW_POSITION);
}

/* Below a session rows have the position that its table function made a column of. */
static void order_by_position(const Collapse *c, LAgg *agg)
{
    const LNode *in = c->window->inputs[0];
    const LOrder *last = agg->norder ? &agg->order[agg->norder - 1] : NULL;
    if (!last || !in->props.has_position || !in->props.is_append_only || last->expr->kind != BE_COLUMN) return;
    if (!is_position(in, last->expr->col)) return;
    agg->norder--;
    agg->by_position = true;
}

static bool agg_reads_below(const Collapse *c, const LAgg *agg)
{
    if (agg->filter && !reads_only_below(agg->filter, c->base)) return false;
    for (int i = 0; i < agg->nargs; i++)
        if (!reads_only_below(agg->args[i], c->base)) return false;
    for (int i = 0; i < agg->norder; i++)
        if (!reads_only_below(agg->order[i].expr, c->base)) return false;
    return true;
}

static bool take_aggs(Collapse *c)
{
    c->aggs = new (c->p->arena, LAgg, c->agg->naggs);
    for (int i = 0; i < c->agg->naggs; i++) {
        c->aggs[i] = c->agg->aggs[i];
        drop_window_order(c, &c->aggs[i]);
        if (is_session_rows(c->window)) order_by_position(c, &c->aggs[i]);
        if (!agg_reads_below(c, &c->aggs[i])) return false;
    }
    return true;
}

static bool contains(BExpr *const *list, int32_t n, const BExpr *e)
{
    for (int i = 0; i < n; i++)
        if (bexpr_eq(list[i], e)) return true;
    return false;
}

static bool is_partition_the_key(const Collapse *c)
{
    const LNode *w = c->window;
    if (c->agg->nsets > 0) return false;
    for (int i = 0; i < w->npartition; i++)
        if (!contains(c->keys, c->nkeys, w->partition[i])) return false;
    for (int i = 0; i < c->nkeys; i++)
        if (!contains(w->partition, w->npartition, c->keys[i])) return false;
    return true;
}

static bool reads_only_partition(const BExpr *e, const LNode *w)
{
    if (contains(w->partition, w->npartition, e)) return true;
    if (e->kind == BE_COLUMN) return false;
    for (int i = 0; i < e->nargs; i++)
        if (!reads_only_partition(e->args[i], w)) return false;
    return true;
}

/* A filter left in between could not go below: it may fail. It may where every row has a window; of
 * sessions only whole ones can go. */
static bool is_filter_movable(const Collapse *c)
{
    const WindowSpec *w = c->window->window;
    if (!c->filter) return true;
    bool has_gaps = w->slide_us > w->size_us || w->slide_days > w->size_days ||
                    w->slide_months > w->size_months;
    if (is_session_rows(c->window)) return reads_only_partition(c->filter->pred, c->window);
    return reads_only_below(c->filter->pred, c->base) && !has_gaps;
}

static LNode *windowed(const Collapse *c)
{
    LNode *input = c->window->inputs[0];
    if (c->filter) input = lnode_filter(c->p->arena, input, c->filter->pred, c->filter->span);
    LNode parts = {.inputs = &input,
                   .keys = c->keys,
                   .nkeys = c->nkeys,
                   .window = c->window->window,
                   .time = c->window->time,
                   .aggs = c->aggs,
                   .naggs = c->agg->naggs,
                   .sets = c->sets,
                   .nsets = c->agg->nsets,
                   .emit_final = c->agg->emit_final,
                   .what = c->agg->what};
    return lnode_aggregate(c->p->arena, &parts, c->agg->span);
}

/* window_end - 1 tick. NULL: the registry has no such operator. */
static BExpr *window_time(const Collapse *c, const LNode *n, Span at)
{
    Arena *a = c->p->arena;
    BExpr **args = new (a, BExpr *, 2), *e;
    Type t = window_bound_type(n);
    Value tick = {.type = TYPE_OF(TYPE_INTERVAL), .iv.us = type_tick_us(t)};
    if (!registry_func(c->p->catalog->registry, S("-"), 0)) return NULL;
    args[0] = bexpr_column(a, n->props.window_end, t, at);
    args[1] = bexpr_const(a, tick, at);
    if (resolve_func(c->p, S("-"), args, 2, true, at, &e) != WEIR_OK) return NULL;
    return type_eq(e->type, t) ? e : bexpr_cast(a, e, t, false, at);
}

/* The columns as they were: keys in their old order, then aggregates. */
static LNode *restore_columns(const Collapse *c, LNode *n)
{
    Arena *a = c->p->arena;
    const LNode *old = c->agg;
    BExpr **exprs = new (a, BExpr *, old->nfields);
    int32_t plain = 0;
    for (int i = 0; i < old->nkeys; i++) {
        const BExpr *key = old->keys[i];
        int32_t which = is_window_column(c, key) ? key->col - c->base : -1;
        int32_t col = which < 0 ? plain++ : n->nkeys + which;
        exprs[i] =
            which == 2 ? window_time(c, n, key->span) : bexpr_column(a, col, key->type, key->span);
        if (!exprs[i]) return NULL;
    }
    for (int i = 0; i < old->naggs; i++)
        exprs[old->nkeys + i] =
            bexpr_column(a, n->nkeys + 2 + i, old->aggs[i].type, old->aggs[i].span);
    if (old->nsets > 0)
        exprs[old->nfields - 1] = bexpr_column(a, n->nfields - 1, TYPE_BIGINT_, old->span);
    return lnode_project(a, n, exprs, old->fields, old->nfields, old->span);
}

static bool has_key(const LNode *n, int32_t col)
{
    for (int i = 0; i < n->nkeys; i++)
        if (n->keys[i]->kind == BE_COLUMN && n->keys[i]->col == col) return true;
    return false;
}

static bool takes_window(Collapse *c)
{
    const LNode *n = c->agg;
    if (n->kind != L_AGGREGATE || n->window || !find_shape(c)) return false;
    int32_t end = n->key_window_end;
    if (end >= 0) return n->keys[end]->col == c->base + 1; /* else an inner window's bounds */
    return is_session_rows(c->window) && has_key(n, c->base) && has_key(n, c->base + 1); /* by value */
}

static LNode *collapsed(Collapse *c)
{
    if (!take_keys(c) || !take_aggs(c) || !is_filter_movable(c)) return NULL;
    if (is_session_rows(c->window) && !is_partition_the_key(c)) return NULL;
    return restore_columns(c, windowed(c));
}

static LNode *collapse(Planner *p, LNode *n)
{
    Collapse c = {.p = p, .agg = n};
    if (!takes_window(&c) || is_session_rows(c.window)) return n;
    LNode *done = collapsed(&c);
    return done ? done : n;
}

LNode *rewrite_session(Planner *p, LNode *n)
{
    Collapse c = {.p = p, .agg = n};
    while (c.agg->inputs[0]->kind == L_PROJECT && !is_volatile_project(c.agg->inputs[0])) c.agg = rewrite_over_input(p, c.agg);
    if (!takes_window(&c) || !is_session_rows(c.window)) return n;
    LNode *done = collapsed(&c);
    return done ? done : n;
}

static LNode *apply(Planner *p, LNode *root)
{
    return rewrite_nodes(p, root, collapse);
}

extern const RewriteRule rewrite_collapse_windows;
const RewriteRule rewrite_collapse_windows = {
    "collapse_windows", apply, "grouping by a table function's window works on panes"};
