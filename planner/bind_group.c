/* bind_group.c: GROUP BY, and what may be selected over it.
 *
 * The select list and HAVING are bound over the relation below the aggregate. Aggregates and
 * window columns met on the way become columns with numbers from a range of their own; when all is
 * bound, grouping_finish turns such an expression into one over the aggregate's output: what
 * equals a key is that key, what remains of the relation's columns is an error. */
#include "planner/bind.h"
#include "planner/casts.h"
#include "planner/interval.h"
#include "planner/subquery.h"

#include <assert.h>

struct Grouping {
    Binder *b;
    LNode *input;
    const Scope *scope;
    VEC(BExpr *) keys;
    VEC(LAgg) aggs;
    BoundWindow window; /* spec NULL: none */
};

Grouping *grouping_new(Binder *b, LNode *input, const Scope *scope)
{
    Grouping *g = new_one(b->p->arena, Grouping);
    g->b = b;
    g->input = input;
    g->scope = scope;
    return g;
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
    for (int i = 0; i < g->keys.len; i++)
        if (bexpr_eq(g->keys.data[i], key)) return;
    vec_push(&g->keys, g->b->p->arena, key);
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

static const char *const GROUP_KIND_NAMES[] = {
    [GROUP_EXPR] = "", [GROUP_SET] = "", [GROUP_ROLLUP] = "ROLLUP", [GROUP_CUBE] = "CUBE",
    [GROUP_SETS] = "GROUPING SETS"};

static Status add_group_item(Grouping *g, const ExprContext *c, const GroupItem *item,
                             const OutputList *items)
{
    Status first = WEIR_OK;
    if (item->kind != GROUP_EXPR && item->kind != GROUP_SET)
        return bind_unsupported(g->b, item->span, GROUP_KIND_NAMES[item->kind]);
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
    for (int i = 0; i < list->len; i++) {
        Status st = add_group_item(g, &inner, &list->data[i], items);
        if (first == WEIR_OK) first = st;
    }
    return first;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

static bool same_expr(const BExpr *a, const BExpr *b)
{
    return a && b ? bexpr_eq(a, b) : a == b;
}

static bool same_agg(const LAgg *a, const LAgg *b)
{
    if (a->def != b->def || a->nargs != b->nargs || a->distinct != b->distinct ||
        a->norder != b->norder)
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

/* Rows of a join have no position: what stood for it is all of the row. */
static void order_by_row(Grouping *g, LAgg *agg, const LNode *in)
{
    Arena *a = g->b->p->arena;
    LOrder *order = new (a, LOrder, agg->norder + in->nfields);
    memcpy(order, agg->order, (size_t)agg->norder * sizeof *order);
    for (int i = 0; i < in->nfields; i++)
        order[agg->norder + i] = (LOrder){bexpr_column(a, i, in->fields[i].type, agg->span), false, true};
    agg->order = order;
    agg->norder += in->nfields;
    agg->by_position = false;
}

/* Subqueries in keys and in arguments of aggregates. */
static Status attach_agg(Grouping *g, LNode **in, LAgg *agg)
{
    Planner *p = g->b->p;
    TRY(attach_values(p, in, agg->args, agg->nargs));
    TRY(attach_values(p, in, &agg->filter, 1));
    for (int i = 0; i < agg->norder; i++) TRY(attach_values(p, in, &agg->order[i].expr, 1));
    return WEIR_OK;
}

static Status attach_all(Grouping *g)
{
    LNode *before = g->input;
    TRY(attach_values(g->b->p, &g->input, g->keys.data, (int32_t)g->keys.len));
    for (int i = 0; i < g->aggs.len; i++) TRY(attach_agg(g, &g->input, &g->aggs.data[i]));
    if (g->input == before) return WEIR_OK;
    for (int i = 0; i < g->aggs.len; i++)
        if (g->aggs.data[i].by_position) order_by_row(g, &g->aggs.data[i], before);
    if (!g->window.spec || !g->window.time) return WEIR_OK;
    return bind_unsupported(g->b, g->window.span, "a subquery among the keys and aggregates of a window");
}

Status grouping_node(Grouping *g, Span at, LNode **out)
{
    TRY(attach_all(g));
    const WindowSpec *w = g->window.spec;
    LNode parts = {.inputs = &g->input,
                   .keys = g->keys.data,
                   .nkeys = (int32_t)g->keys.len,
                   .window = g->window.spec,
                   .time = g->window.time,
                   .aggs = g->aggs.data,
                   .naggs = (int32_t)g->aggs.len,
                   .is_global = g->keys.len == 0 && (!w || w->def->shape == WINDOW_SHAPE_GLOBAL),
                   .emit_final = g->b->emit_final,
                   .what = describe(g)};
    *out = lnode_aggregate(g->b->p->arena, &parts, at);
    return WEIR_OK;
}

LNode *bind_distinct(Binder *b, LNode *n, Span at)
{
    BExpr **keys = new (b->p->arena, BExpr *, n->nfields);
    for (int i = 0; i < n->nfields; i++)
        keys[i] = bexpr_column(b->p->arena, i, n->fields[i].type, at);
    LNode parts = {.inputs = &n, .keys = keys, .nkeys = n->nfields, .emit_final = b->emit_final,
                   .what = S("DISTINCT")};
    return lnode_aggregate(b->p->arena, &parts, at);
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

static Status finish_column(Grouping *g, BExpr *e, BExpr **out)
{
    int32_t nkeys = (int32_t)g->keys.len, nwindow = window_column_count(g->window.spec), col;
    if (e->col >= COL_OVER) {
        *out = e;
        return WEIR_OK;
    }
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
