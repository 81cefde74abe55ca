/* bind_group.c: GROUP BY, and what may be selected over it.
 *
 * The select list and HAVING are bound over the relation below the aggregate. Aggregates and
 * window columns met on the way become columns with numbers from a range of their own; when all is
 * bound, grouping_finish turns such an expression into one over the aggregate's output: what
 * equals a key is that key, what remains of the relation's columns is an error. */
#include "planner/bind.h"
#include "planner/casts.h"
#include "planner/interval.h"
#include "planner/rewrite/rewrite.h"
#include "planner/subquery.h"

#include <assert.h>

struct Grouping {
    Binder *b;
    LNode *input;
    const Scope *scope;
    VEC(BExpr *) keys;
    VEC(LAgg) aggs;
    BoundWindow window; /* spec NULL: none */
    /* GROUPING SETS and its kind: masks over the keys; has_sets false: one of all keys. */
    bool has_sets;
    GroupSets sets;
    VEC(GroupSets) calls; /* of GROUPING (…): the masks of its arguments */
    int last_key;         /* index of the key that add_key added or found, -1: a window */
};

Grouping *grouping_new(Binder *b, LNode *input, const Scope *scope)
{
    Grouping *g = new_one(b->p->arena, Grouping);
    g->b = b;
    g->input = input;
    g->scope = scope;
    return g;
}

LNode *grouping_identified(Grouping *g)
{
    bool has_position = g->input->props.has_position && g->input->props.is_append_only;
    if (!has_position) g->input = lnode_identified(g->b->p, g->input);
    return g->input;
}

LNode *grouping_input(const Grouping *g)
{
    return g->input;
}

bool grouping_has_window(const Grouping *g)
{
    return g->window.spec != NULL;
}

bool grouping_is_needed(const Grouping *g, const Select *s)
{
    return s->group_by.len > 0 || s->window || s->having || g->aggs.len > 0;
}

Status grouping_set_window(Grouping *g, const BoundWindow *w)
{
    if (g->window.spec && !window_same(&g->window, w))
        return diag_error(g->b->p->diags, WEIR_E_WINDOW, w->span,
                          "a query has one window, and this is another");
    g->window = *w;
    return WEIR_OK;
}

/* ---- keys ----------------------------------------------------------------------------------- */

static Status add_key_expr(Grouping *g, const ExprContext *c, const Expr *e,
                           const OutputList *items);

static void add_key(Grouping *g, BExpr *key)
{
    if (key->type.kind == TYPE_NULL)
        key = bexpr_const(g->b->p->arena, value_null(TYPE_OF(TYPE_TEXT)), key->span);
    g->last_key = 0;
    while (g->last_key < g->keys.len && !bexpr_eq(g->keys.data[g->last_key], key)) g->last_key++;
    if (g->last_key == g->keys.len) vec_push(&g->keys, g->b->p->arena, key);
}

static Status add_ordinal(Grouping *g, const ExprContext *c, const Expr *e, int64_t n,
                          const OutputList *items)
{
    if (n < 1 || n > items->n)
        return diag_error(g->b->p->diags, WEIR_E_NAME, bind_at(g->b, e->span),
                          "GROUP BY %lld: the select list has %d column%s", (long long)n, items->n,
                          items->n == 1 ? "" : "s");
    const OutputItem *item = &items->items[n - 1];
    if (item->expr) return add_key_expr(g, c, item->expr, NULL);
    add_key(g, bexpr_column(g->b->p->arena, item->column->col, item->column->type,
                            bind_at(g->b, e->span)));
    return WEIR_OK;
}

/* The window belongs to the key by itself; naming its columns too changes nothing. */
static bool names_own_window(const Grouping *g, const Expr *e)
{
    const WindowDef *d;
    if (!grouping_has_window(g)) return false;
    if (window_accessor(g->b, e, &d) != WINCOL_NONE) return true;
    return e->kind == EX_COLUMN && e->parts.len == 1 &&
           name_in_list("window_start,window_end,window_time,window_no", e->parts.data[0].text);
}

static Status add_group_window(Grouping *g, const ExprContext *c, const Expr *e)
{
    BoundWindow w;
    TRY(bind_group_window(g->b, c, e, &w));
    return grouping_set_window(g, &w);
}

static bool is_alias_of_window(const Grouping *g, const ExprContext *c, const Expr *e,
                               const OutputList *items, const Expr **window)
{
    bool ambiguous;
    if (!items || e->kind != EX_COLUMN || e->parts.len != 1) return false;
    if (scope_find(c->scope, (Str){0}, e->parts.data[0].text, &ambiguous) || ambiguous)
        return false;
    for (int i = 0; i < items->n; i++) {
        *window = items->items[i].expr;
        if (*window && is_group_window(g->b, *window) &&
            str_ieq(items->items[i].name, e->parts.data[0].text))
            return true;
    }
    return false;
}

static Status add_key_expr(Grouping *g, const ExprContext *c, const Expr *e,
                           const OutputList *items)
{
    int64_t ordinal;
    const Expr *window;
    if (names_own_window(g, e)) return WEIR_OK;
    if (is_group_window(g->b, e)) return add_group_window(g, c, e);
    if (is_alias_of_window(g, c, e, items, &window)) return add_group_window(g, c, window);
    if (items && e->kind == EX_NUMBER && str_to_int64(e->text, &ordinal))
        return add_ordinal(g, c, e, ordinal, items);
    ExprContext inner = *c;
    inner.aliases = items;
    BExpr *key;
    TRY(bind_expr(g->b, &inner, e, &key));
    add_key(g, key);
    return WEIR_OK;
}

static bool makes_sets(const GroupItem *item)
{
    return item->kind != GROUP_EXPR && (item->kind != GROUP_SET || item->exprs.len == 0);
}

Status grouping_key_mask(Grouping *g, const ExprContext *c, const Expr *e, const OutputList *items,
                         uint64_t *out)
{
    g->last_key = -1;
    TRY(add_key_expr(g, c, e, items));
    if (g->last_key >= GROUPING_KEYS_MAX)
        return diag_error(g->b->p->diags, WEIR_E_LIMIT, bind_at(g->b, e->span),
                          "grouping sets are made of at most %d keys", GROUPING_KEYS_MAX);
    *out = g->last_key < 0 ? 0 : (uint64_t)1 << g->last_key;
    return WEIR_OK;
}

static Status add_group_item(Grouping *g, const ExprContext *c, const GroupItem *item,
                             const OutputList *items)
{
    Status first = WEIR_OK;
    if (g->has_sets) return bind_grouping_sets(g->b, g, c, item, items, &g->sets);
    for (int i = 0; i < item->exprs.len; i++) {
        Status st = add_key_expr(g, c, item->exprs.data[i], items);
        if (first == WEIR_OK) first = st;
    }
    return first;
}

Status grouping_add_keys(Grouping *g, const ExprContext *c, const GroupList *list,
                         const OutputList *items)
{
    Status first = WEIR_OK;
    ExprContext inner = *c;
    inner.clause = "GROUP BY";
    inner.grouping = NULL;
    for (int i = 0; i < list->len; i++) g->has_sets |= makes_sets(&list->data[i]);
    for (int i = 0; i < list->len; i++) {
        Status st = add_group_item(g, &inner, &list->data[i], items);
        if (first == WEIR_OK) first = st;
    }
    return first;
}

/* ---- GROUPING (a, b) ------------------------------------------------------------------------ */

bool is_grouping_call(const Binder *b, const Expr *e)
{
    return name_in_list("grouping,grouping_id", e->text) &&
           !registry_func(b->p->catalog->registry, e->text, 0);
}

static Status find_key(Grouping *g, const ExprContext *c, const Expr *e, uint64_t *out)
{
    ExprContext inner = *c;
    BExpr *key;
    inner.grouping = NULL;
    inner.overs = NULL;
    TRY(bind_expr(g->b, &inner, e, &key));
    for (int i = 0; i < g->keys.len && i < GROUPING_KEYS_MAX; i++) {
        *out = (uint64_t)1 << i;
        if (bexpr_eq(g->keys.data[i], key)) return WEIR_OK;
    }
    return diag_error(g->b->p->diags, WEIR_E_GROUP, bind_at(g->b, e->span), "GROUPING takes what is in GROUP BY");
}

Status grouping_call(Grouping *g, const ExprContext *c, const Expr *e, BExpr **out)
{
    Span at = bind_at(g->b, e->span);
    GroupSets args = {0};
    if (e->args.len < 1 || e->args.len > 62)
        return diag_error(g->b->p->diags, WEIR_E_TYPE, at, "\"%.*s\" takes 1 to 62 keys", STR_ARG(e->text));
    for (int i = 0; i < e->args.len; i++) {
        uint64_t key = 0;
        TRY(find_key(g, c, e->args.data[i], &key));
        vec_push(&args, g->b->p->arena, key);
    }
    *out = bexpr_column(g->b->p->arena, COL_GROUPING + (int32_t)g->calls.len, TYPE_BIGINT_, at);
    vec_push(&g->calls, g->b->p->arena, args);
    return WEIR_OK;
}

/* The first argument is the highest bit. */
static int64_t grouping_value(const GroupSets *args, uint64_t set)
{
    int64_t value = 0;
    for (int i = 0; i < args->len; i++) value = value * 2 + ((args->data[i] & set) == 0);
    return value;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

static bool same_expr(const BExpr *a, const BExpr *b)
{
    return a && b ? bexpr_eq(a, b) : a == b;
}

static bool same_agg(const LAgg *a, const LAgg *b)
{
    if (a->def != b->def || a->nargs != b->nargs || a->distinct != b->distinct ||
        a->descending != b->descending || a->norder != b->norder)
        return false;
    if (!same_expr(a->filter, b->filter) || !type_eq(a->type, b->type)) return false;
    for (int i = 0; i < a->nargs; i++)
        if (!bexpr_eq(a->args[i], b->args[i])) return false;
    for (int i = 0; i < a->norder; i++)
        if (!bexpr_eq(a->order[i].expr, b->order[i].expr) ||
            a->order[i].descending != b->order[i].descending ||
            a->order[i].nulls_first != b->order[i].nulls_first)
            return false;
    return true;
}

Status grouping_add_agg(Grouping *g, const LAgg *agg, BExpr **out)
{
    ptrdiff_t i = 0;
    while (i < g->aggs.len && !same_agg(&g->aggs.data[i], agg)) i++;
    if (i == g->aggs.len) vec_push(&g->aggs, g->b->p->arena, *agg);
    *out = bexpr_column(g->b->p->arena, COL_AGG + (int32_t)i, agg->type, agg->span);
    return WEIR_OK;
}

/* ---- window columns ------------------------------------------------------------------------- */

static Type bound_type(const Grouping *g)
{
    return g->window.time ? g->window.time->type : TYPE_TIMESTAMP_(6);
}

static BExpr *window_column(Grouping *g, WindowColumn which, Span at)
{
    Type t = which == WINCOL_NO ? TYPE_BIGINT_ : bound_type(g);
    return bexpr_column(g->b->p->arena, COL_WINDOW + (int32_t)which, t, at);
}

/* window_end - 1 tick */
static Status window_time(Grouping *g, Span at, BExpr **out)
{
    BExpr **args = new (g->b->p->arena, BExpr *, 2);
    Value tick = {.type = TYPE_OF(TYPE_INTERVAL), .iv.us = g->window.spec->tick_us};
    args[0] = window_column(g, WINCOL_END, at);
    args[1] = bexpr_const(g->b->p->arena, tick, at);
    TRY(bind_operator(g->b, "-", args, 2, at, out));
    return plan_cast(g->b->p, *out, bound_type(g), true, out);
}

static bool window_has_column(const WindowSpec *w, WindowColumn which)
{
    int32_t n = window_column_count(w);
    if (which == WINCOL_NO) return n == 3;
    if (which == WINCOL_TIME) return n == 2;
    return n > 0;
}

Status grouping_window_column(Grouping *g, WindowColumn which, Span at, BExpr **out)
{
    static const char *const NAMES[] = {[WINCOL_NO] = "window_no", [WINCOL_START] = "window_start",
                                        [WINCOL_END] = "window_end", [WINCOL_TIME] = "window_time"};
    const WindowSpec *w = g->window.spec;
    assert(w && which != WINCOL_NONE);
    if (!window_has_column(w, which))
        return diag_error(g->b->p->diags, WEIR_E_NAME, at, "a %s window has no \"%s\"",
                          w->def->name, NAMES[which]);
    if (which == WINCOL_TIME) return window_time(g, at, out);
    *out = window_column(g, which, at);
    return WEIR_OK;
}

/* TUMBLE_START(ts, INTERVAL …): its arguments must be those in GROUP BY. */
Status grouping_accessor(Grouping *g, const ExprContext *c, const Expr *e, BExpr **out)
{
    const WindowDef *d;
    WindowColumn which = window_accessor(g->b, e, &d);
    Span at = bind_at(g->b, e->span);
    if (!grouping_has_window(g) || g->window.spec->def != d) {
        Status st = diag_error(g->b->p->diags, WEIR_E_WINDOW, at, "\"%.*s\" needs GROUP BY %s(…)",
                               STR_ARG(e->text), d->table_func);
        diag_hint(g->b->p->diags, "group by the window, or select window_start and window_end");
        return st;
    }
    if (e->args.len > 0) {
        BoundWindow w;
        Expr call = *e;
        ExprContext inner = *c;
        inner.grouping = NULL;
        call.text = str_z(d->table_func);
        TRY(bind_group_window(g->b, &inner, &call, &w));
        TRY(grouping_set_window(g, &w));
    }
    return grouping_window_column(g, which, at, out);
}

/* ---- the node ------------------------------------------------------------------------------- */

static Str describe(const Grouping *g)
{
    Arena *a = g->b->p->arena;
    Str *names = new (a, Str, g->input->nfields);
    for (int i = 0; i < g->input->nfields; i++) names[i] = g->input->fields[i].name;
    if (g->keys.len == 0 && !g->window.spec) return S("aggregate without GROUP BY");
    StrBuf t = {.arena = a};
    sb_lit(&t, "GROUP BY ");
    for (int i = 0; i < g->keys.len; i++) {
        if (i) sb_lit(&t, ", ");
        bexpr_print(&t, g->keys.data[i], names);
    }
    if (g->window.spec)
        sb_printf(&t, "%s%s window", g->keys.len ? ", " : "", g->window.spec->def->name);
    return sb_done(&t);
}

/* Rows of a join have no position. Of rows that are equal in the order that is left, the arguments
 * decide: those equal in them too are the same to the aggregate. */
static void order_by_arguments(Grouping *g, LAgg *agg)
{
    LOrder *order = new (g->b->p->arena, LOrder, agg->norder + agg->nargs);
    memcpy(order, agg->order, (size_t)agg->norder * sizeof *order);
    for (int i = 0; i < agg->nargs; i++) order_add(order, &agg->norder, agg->args[i], false, true);
    agg->order = order;
    agg->by_position = false;
}

/* Subqueries in keys and in arguments of aggregates. */
static Status attach_agg(Grouping *g, LNode **in, LAgg *agg)
{
    Planner *p = g->b->p;
    bool is_final = g->b->emit_final;
    TRY(attach_values(p, is_final, in, agg->args, agg->nargs));
    TRY(attach_values(p, is_final, in, &agg->filter, 1));
    for (int i = 0; i < agg->norder; i++) TRY(attach_values(p, is_final, in, &agg->order[i].expr, 1));
    return WEIR_OK;
}

static Status attach_all(Grouping *g)
{
    LNode *before = g->input;
    TRY(attach_values(g->b->p, g->b->emit_final, &g->input, g->keys.data, (int32_t)g->keys.len));
    for (int i = 0; i < g->aggs.len; i++) TRY(attach_agg(g, &g->input, &g->aggs.data[i]));
    if (g->input == before) return WEIR_OK;
    for (int i = 0; i < g->aggs.len; i++)
        if (g->aggs.data[i].by_position) order_by_arguments(g, &g->aggs.data[i]);
    if (!g->window.spec || !g->window.time) return WEIR_OK;
    WindowSpec *by_value = new_one(g->b->p->arena, WindowSpec); /* a regular join has no event time */
    *by_value = *g->window.spec;
    by_value->by_value = true;
    g->window.spec = by_value;
    return WEIR_OK;
}

/* TRUE, or an error where e is one. */
static Status known(Grouping *g, BExpr *e, BExpr **out)
{
    BExpr **args = new (g->b->p->arena, BExpr *, 1);
    args[0] = e;
    TRY(bind_operator(g->b, "is_null", args, 1, e->span, out));
    args = new (g->b->p->arena, BExpr *, 1);
    args[0] = *out;
    return bind_operator(g->b, "is_not_null", args, 1, e->span, out);
}

/* Event time and the bounds of windows are there and right, or the row would not be here. */
static bool cannot_err(const Grouping *g, const BExpr *e)
{
    const Props *p = &g->input->props;
    if (e->kind != BE_COLUMN) return e->kind == BE_CONST;
    return e->col == p->time_col || e->col == p->window_start || e->col == p->window_end ||
           e->col == g->input->window_time;
}

static Status guard_list(Grouping *g, BExpr *const *list, int32_t n, BExpr **guard)
{
    for (int i = 0; i < n; i++) {
        BExpr *one;
        if (!list[i] || cannot_err(g, list[i])) continue;
        TRY(known(g, list[i], &one));
        *guard = bexpr_and(g->b->p->arena, *guard, one);
    }
    return WEIR_OK;
}

/* A row in error is withheld from every set, and reported once: before it comes to the first. */
static Status guard_input(Grouping *g, Span at)
{
    BExpr *guard = NULL;
    if (g->input->props.above_state) return WEIR_OK;
    TRY(guard_list(g, g->keys.data, (int32_t)g->keys.len, &guard));
    for (int i = 0; i < g->aggs.len; i++) {
        const LAgg *agg = &g->aggs.data[i];
        TRY(guard_list(g, &agg->filter, 1, &guard));
        TRY(guard_list(g, agg->args, agg->nargs, &guard));
        for (int k = 0; k < agg->norder; k++) TRY(guard_list(g, &agg->order[k].expr, 1, &guard));
    }
    if (guard) g->input = lnode_filter(g->b->p->arena, g->input, guard, at);
    return WEIR_OK;
}

static GroupSet *group_sets(const Grouping *g)
{
    uint64_t all = g->keys.len == GROUPING_KEYS_MAX ? UINT64_MAX : ((uint64_t)1 << g->keys.len) - 1;
    GroupSet *sets = new (g->b->p->arena, GroupSet, g->sets.len);
    for (int i = 0; i < g->sets.len; i++)
        sets[i] = (GroupSet){g->sets.data[i], (int64_t)(all & ~g->sets.data[i])};
    return sets;
}

Status grouping_node(Grouping *g, Span at, LNode **out)
{
    TRY(attach_all(g));
    if (g->has_sets) TRY(guard_input(g, at));
    const WindowSpec *w = g->window.spec;
    LNode parts = {.inputs = &g->input,
                   .keys = g->keys.data,
                   .nkeys = (int32_t)g->keys.len,
                   .window = g->window.spec,
                   .time = g->window.time,
                   .aggs = g->aggs.data,
                   .naggs = (int32_t)g->aggs.len,
                   .sets = g->has_sets ? group_sets(g) : NULL,
                   .nsets = g->has_sets ? (int32_t)g->sets.len : 0,
                   .is_global = g->keys.len == 0 && !g->has_sets && (!w || w->def->shape == WINDOW_SHAPE_GLOBAL),
                   .emit_final = g->b->emit_final,
                   .what = describe(g)};
    *out = rewrite_session(g->b->p, lnode_aggregate(g->b->p->arena, &parts, at));
    return WEIR_OK;
}

LNode *bind_distinct(Binder *b, LNode *n, Span at)
{
    BExpr **keys = new (b->p->arena, BExpr *, n->nfields);
    for (int i = 0; i < n->nfields; i++)
        keys[i] = bexpr_column(b->p->arena, i, n->fields[i].type, at);
    LNode parts = {.inputs = &n, .keys = keys, .nkeys = n->nfields, .emit_final = b->emit_final,
                   .what = S("DISTINCT")};
    return rewrite_session(b->p, lnode_aggregate(b->p->arena, &parts, at));
}

/* ---- over the node -------------------------------------------------------------------------- */

static Status not_grouped(Grouping *g, const BExpr *e)
{
    Str name = g->input->fields[e->col].name;
    Status st =
        diag_error(g->b->p->diags, WEIR_E_GROUP, e->span,
                   "column \"%.*s\" must be in GROUP BY or inside an aggregate", STR_ARG(name));
    diag_hint(g->b->p->diags, "add it to GROUP BY, or take max(%.*s) or last_value(%.*s)",
              STR_ARG(name), STR_ARG(name));
    return st;
}

/* CASE WHEN grouping_id = … THEN … END */
static Status finish_call(Grouping *g, const GroupSets *args, Span at, BExpr **out)
{
    Arena *a = g->b->p->arena;
    const GroupSet *sets = group_sets(g);
    int32_t n = g->has_sets ? (int32_t)g->sets.len : 0, count = 0;
    int32_t col = (int32_t)g->keys.len + window_column_count(g->window.spec) + (int32_t)g->aggs.len;
    BExpr **parts = new (a, BExpr *, 2 * n + 1);
    for (int i = 0; i < n; i++) {
        BExpr **sides = new (a, BExpr *, 2);
        sides[0] = bexpr_column(a, col, TYPE_BIGINT_, at);
        sides[1] = bexpr_const(a, value_int(sets[i].left_out), at);
        TRY(bind_operator(g->b, "=", sides, 2, at, &parts[count++]));
        parts[count++] = bexpr_const(a, value_int(grouping_value(args, sets[i].keys)), at);
    }
    parts[count++] = bexpr_const(a, value_int(0), at);
    *out = n ? bexpr_form(a, BE_CASE, TYPE_BIGINT_, parts, count, at) : parts[0];
    return WEIR_OK;
}

static Status finish_column(Grouping *g, BExpr *e, BExpr **out)
{
    int32_t nkeys = (int32_t)g->keys.len, nwindow = window_column_count(g->window.spec), col;
    if (e->col >= COL_OVER) {
        *out = e;
        return WEIR_OK;
    }
    if (e->col >= COL_GROUPING && e->col < COL_AGG)
        return finish_call(g, &g->calls.data[e->col - COL_GROUPING], e->span, out);
    if (e->col >= COL_AGG)
        col = nkeys + nwindow + e->col - COL_AGG;
    else if (e->col >= COL_WINDOW)
        col = nkeys + e->col - COL_WINDOW - (nwindow == 3 ? 0 : 1);
    else
        return not_grouped(g, e);
    *out = bexpr_column(g->b->p->arena, col, e->type, e->span);
    return WEIR_OK;
}

Status grouping_finish(Grouping *g, BExpr *e, BExpr **out)
{
    Arena *a = g->b->p->arena;
    for (int i = 0; i < g->keys.len; i++)
        if (bexpr_eq(g->keys.data[i], e)) {
            *out = bexpr_column(a, i, e->type, e->span);
            return WEIR_OK;
        }
    if (e->kind == BE_COLUMN) return finish_column(g, e, out);
    *out = e;
    if (e->nargs == 0) return WEIR_OK;
    BExpr **args = new (a, BExpr *, e->nargs);
    Status first = WEIR_OK;
    for (int i = 0; i < e->nargs; i++) {
        Status st = grouping_finish(g, e->args[i], &args[i]);
        if (first == WEIR_OK) first = st;
    }
    if (first == WEIR_OK) *out = bexpr_with_args(a, e, args);
    return first;
}
