/* bind_core.c: SELECT … FROM … WHERE … GROUP BY … HAVING, in the order in which it is meant. */
#include "planner/bind.h"
#include "planner/casts.h"
#include "planner/rewrite/rewrite.h"
#include "planner/subquery.h"

/* One SELECT on its way to a node. */
typedef struct Core {
    Binder *b;
    const Select *s;
    LNode *node;       /* what FROM and WHERE made */
    Scope scope;
    OutputList items;
    BExpr **exprs;     /* one per item */
    VEC(int32_t) unnest; /* the items that are unnest(x) */
    const RowLimit *limit;
    Grouping *grouping;
    OverCalls *overs;
    BExpr *having, *qualify;
    BExpr **first_by;  /* DISTINCT ON */
    LOrder *order;     /* ORDER BY */
    int32_t norder;
    Status status;     /* the first error */
} Core;

/* Goes on after an error, which is kept. */
static void note(Core *c, Status st)
{
    if (c->status == WEIR_OK) c->status = st;
}

/* ---- output columns ------------------------------------------------------------------------- */

typedef VEC(OutputItem) ItemList;

static Status add_star(Core *c, const Expr *e, ItemList *list)
{
    Str table = e->parts.len ? e->parts.data[e->parts.len - 1].text : (Str){0};
    bool any = false;
    for (int i = 0; i < c->scope.ncols; i++) {
        const ScopeColumn *col = &c->scope.cols[i];
        if (col->hidden || (table.n ? !str_ieq(col->table, table) : col->is_merged)) continue;
        OutputItem item = {
            .column = col, .name = col->name, .is_named = true, .span = bind_at(c->b, e->span)};
        vec_push(list, c->b->p->arena, item);
        any = true;
    }
    if (any) return WEIR_OK;
    if (!table.n)
        return diag_error(c->b->p->diags, WEIR_E_NAME, bind_at(c->b, e->span), "* without FROM");
    return diag_error(c->b->p->diags, WEIR_E_NAME, bind_at(c->b, e->span),
                      "there is no \"%.*s\" in FROM", STR_ARG(table));
}

static Str column_name(const Expr *e)
{
    if (e->kind == EX_COLUMN || e->kind == EX_FIELD) return e->parts.data[e->parts.len - 1].text;
    return (Str){0};
}

/* The name that an expression without alias gets. */
static Str implicit_name(Arena *a, const Expr *e, int number)
{
    Str name = column_name(e);
    if (name.n) return name;
    if (e->kind == EX_CALL) return str_lower(a, e->text);
    if (e->kind == EX_CAST) return implicit_name(a, e->args.data[0], number);
    if (e->kind == EX_CASE) return S("case");
    if (e->kind == EX_EXISTS) return S("exists");
    return str_printf(a, "column%d", number);
}

static void add_item(Core *c, const SelectItem *i, ItemList *list)
{
    Arena *a = c->b->p->arena;
    bool has_alias = i->alias.text.n > 0;
    OutputItem item = {.expr = i->expr, .span = bind_at(c->b, i->expr->span)};
    item.is_named = has_alias || column_name(i->expr).n > 0;
    item.name = has_alias ? i->alias.text : implicit_name(a, i->expr, (int)list->len + 1);
    vec_push(list, a, item);
}

static bool is_taken(const ItemList *list, ptrdiff_t except, Str name)
{
    for (ptrdiff_t i = 0; i < list->len; i++)
        if (i != except && (list->data[i].is_named || i < except) &&
            str_ieq(list->data[i].name, name))
            return true;
    return false;
}

/* count(*), count(x): the second becomes "count_1". */
static void make_unique(Core *c, ItemList *list)
{
    for (ptrdiff_t i = 0; i < list->len; i++) {
        OutputItem *item = &list->data[i];
        Str base = item->name;
        for (int n = 1; !item->is_named && is_taken(list, i, item->name); n++)
            item->name = str_printf(c->b->p->arena, "%.*s_%d", STR_ARG(base), n);
    }
}

static Status collect_items(Core *c)
{
    ItemList list = {0};
    Status first = WEIR_OK;
    for (int i = 0; i < c->s->items.len; i++) {
        const SelectItem *item = &c->s->items.data[i];
        Status st = WEIR_OK;
        if (item->expr->kind == EX_STAR)
            st = add_star(c, item->expr, &list);
        else
            add_item(c, item, &list);
        if (first == WEIR_OK) first = st;
    }
    make_unique(c, &list);
    c->items = (OutputList){list.data, (int)list.len};
    return first;
}

/* ---- clauses -------------------------------------------------------------------------------- */

static Status core_from(Core *c)
{
    if (c->s->from) return bind_from(c->b, c->s->from, &c->node, &c->scope);
    c->node = bind_one_row(c->b, bind_at(c->b, c->s->span));
    return WEIR_OK;
}

static Status core_where(Core *c)
{
    if (!c->s->where) return WEIR_OK;
    ExprContext ctx = {.scope = &c->scope, .props = &c->node->props, .clause = "WHERE"};
    BExpr *pred;
    TRY(bind_condition(c->b, &ctx, c->s->where, &pred));
    if (c->node->kind == L_JOIN) pred = rewrite_folded(c->b->p, pred);
    return attach_filter(c->b->p, c->b->emit_final, c->node, pred, bind_at(c->b, c->s->where->span), &c->node);
}

static Status core_window(Core *c)
{
    if (!c->s->window) return WEIR_OK;
    ExprContext ctx = {.scope = &c->scope, .props = &c->node->props, .clause = "WINDOW"};
    BoundWindow w;
    TRY(bind_window_clause(c->b, &ctx, c->s->window, &w));
    return grouping_set_window(c->grouping, &w);
}

static Status core_group_by(Core *c)
{
    ExprContext ctx = {.scope = &c->scope, .props = &c->node->props, .clause = "GROUP BY"};
    return grouping_add_keys(c->grouping, &ctx, &c->s->group_by, &c->items);
}

static Status bind_item(Core *c, const ExprContext *ctx, int i)
{
    const OutputItem *item = &c->items.items[i];
    if (item->expr && is_unnest_call(item->expr)) {
        vec_push(&c->unnest, c->b->p->arena, (int32_t)i);
        return bind_unnest_item(c->b, ctx, item->expr, &c->exprs[i]);
    }
    if (item->expr) return bind_expr(c->b, ctx, item->expr, &c->exprs[i]);
    c->exprs[i] = bexpr_column(c->b->p->arena, item->column->col, item->column->type, item->span);
    return WEIR_OK;
}

/* What sees groups and OVER. */
static ExprContext context_above(const Core *c, const char *clause)
{
    return (ExprContext){.scope = &c->scope, .props = &c->node->props, .grouping = c->grouping,
                         .overs = c->overs, .clause = clause};
}

static Status core_items(Core *c)
{
    ExprContext ctx = context_above(c, "SELECT");
    Status first = WEIR_OK;
    c->exprs = new (c->b->p->arena, BExpr *, c->items.n);
    for (int i = 0; i < c->items.n; i++) {
        Status st = bind_item(c, &ctx, i);
        if (first == WEIR_OK) first = st;
    }
    return first;
}

static Status core_having(Core *c)
{
    if (!c->s->having) return WEIR_OK;
    ExprContext ctx = {.scope = &c->scope, .props = &c->node->props, .grouping = c->grouping,
                       .aliases = &c->items, .clause = "HAVING"};
    return bind_condition(c->b, &ctx, c->s->having, &c->having);
}

static Status core_qualify(Core *c)
{
    ExprContext ctx = context_above(c, "QUALIFY");
    ctx.aliases = &c->items;
    Status st = overs_check(c->overs, &ctx);
    return c->s->qualify ? bind_condition(c->b, &ctx, c->s->qualify, &c->qualify) : st;
}

static Status bind_first_by(Core *c, const ExprContext *ctx)
{
    const ExprList *on = &c->s->distinct_on;
    OrderList list = {0};
    LOrder *keys;
    int32_t n;
    for (int i = 0; i < on->len; i++)
        vec_push(&list, c->b->p->arena, (OrderItem){.expr = on->data[i], .span = on->data[i]->span});
    TRY(bind_order_list(c->b, ctx, &list, &c->items, c->exprs, &keys, &n));
    c->first_by = new (c->b->p->arena, BExpr *, n);
    for (int i = 0; i < n; i++) c->first_by[i] = keys[i].expr;
    return WEIR_OK;
}

static Status core_order(Core *c)
{
    ExprContext ctx = context_above(c, c->s->distinct_on.len ? "DISTINCT ON" : "ORDER BY");
    ctx.aliases = &c->items;
    if (c->s->distinct_on.len) TRY(bind_first_by(c, &ctx));
    ctx.clause = "ORDER BY";
    return bind_order_list(c->b, &ctx, &c->s->order_by, &c->items, c->exprs, &c->order, &c->norder);
}

/* ---- putting it together -------------------------------------------------------------------- */

/* What makes it an aggregate: GROUP BY, else the window, else HAVING or the select list. */
static Span grouping_span(const Core *c)
{
    const GroupList *g = &c->s->group_by;
    if (g->len) return span_join(g->data[0].span, g->data[g->len - 1].span);
    if (c->s->window) return c->s->window->span;
    if (c->s->having) return c->s->having->span;
    return c->items.n ? span_join(c->items.items[0].span, c->items.items[c->items.n - 1].span)
                      : c->s->span;
}

/* Everything above the groups and OVER, for a function that moves an expression there. */
typedef Status (*Lift)(Core *c, BExpr **e);

static Status lift_all(Core *c, Lift lift)
{
    Status first = WEIR_OK, st = WEIR_OK;
    for (int i = 0; i < c->items.n; i++) {
        st = lift(c, &c->exprs[i]);
        if (first == WEIR_OK) first = st;
    }
    for (int i = 0; i < c->norder && first == WEIR_OK; i++) first = lift(c, &c->order[i].expr);
    for (int i = 0; i < c->s->distinct_on.len && first == WEIR_OK; i++)
        first = lift(c, &c->first_by[i]);
    if (c->qualify) st = lift(c, &c->qualify);
    return first == WEIR_OK ? st : first;
}

static Status over_groups(Core *c, BExpr **e)
{
    return grouping_finish(c->grouping, *e, e);
}

static Status finish_grouping(Core *c)
{
    Status first = lift_all(c, over_groups);
    if (c->having) {
        Status st = grouping_finish(c->grouping, c->having, &c->having);
        if (first == WEIR_OK) first = st;
    }
    TRY(first);
    TRY(overs_group(c->overs, c->grouping));
    TRY(grouping_node(c->grouping, bind_at(c->b, grouping_span(c)), &c->node));
    if (c->having) TRY(attach_filter(c->b->p, c->b->emit_final, c->node, c->having, c->having->span, &c->node));
    return WEIR_OK;
}

static Status over_calls(Core *c, BExpr **e)
{
    *e = overs_column(c->overs, *e);
    return WEIR_OK;
}

static Status finish_overs(Core *c)
{
    TRY(overs_attach(c->overs, &c->node));
    c->node = overs_node(c->overs, c->node);
    TRY(lift_all(c, over_calls));
    if (!c->qualify) return WEIR_OK;
    return attach_filter(c->b->p, c->b->emit_final, c->node, c->qualify, c->qualify->span, &c->node);
}

/* unnest(x) in the select list: rows as often as x has elements, the longest of several. */
static Status spread_items(Core *c)
{
    Arena *a = c->b->p->arena;
    int32_t n = (int32_t)c->unnest.len;
    BExpr **lists = new (a, BExpr *, n), **elements = new (a, BExpr *, n);
    if (n == 0) return WEIR_OK;
    for (int i = 0; i < n; i++) lists[i] = c->exprs[c->unnest.data[i]];
    TRY(unnest_items(c->b, &c->node, lists, n, elements));
    for (int i = 0; i < n; i++) {
        c->exprs[c->unnest.data[i]] = elements[i];
        for (int k = 0; k < c->norder; k++)
            if (c->order[k].expr == lists[i]) c->order[k].expr = elements[i];
    }
    return WEIR_OK;
}

/* Subqueries of the select list and of the order; equal ones are joined once. */
static Status attach_items(Core *c)
{
    int32_t non = (int32_t)c->s->distinct_on.len, n = 0;
    BExpr **all = new (c->b->p->arena, BExpr *, c->items.n + c->norder + non);
    for (int i = 0; i < c->items.n; i++) all[n++] = c->exprs[i];
    for (int i = 0; i < c->norder; i++) all[n++] = c->order[i].expr;
    for (int i = 0; i < non; i++) all[n++] = c->first_by[i];
    TRY(attach_values(c->b->p, c->b->emit_final, &c->node, all, n));
    n = 0;
    for (int i = 0; i < c->items.n; i++) c->exprs[i] = all[n++];
    for (int i = 0; i < c->norder; i++) c->order[i].expr = all[n++];
    for (int i = 0; i < non; i++) c->first_by[i] = all[n++];
    return WEIR_OK;
}

/* random() above state has no row to be a function of; bind_call has seen the row below. */
static Status check_volatile_above(Core *c)
{
    if (c->node->props.has_position || !c->node->props.above_state) return WEIR_OK;
    for (int i = 0; i < c->items.n; i++)
        if (c->exprs[i]->is_volatile && c->b->is_standing)
            return bind_no_row(c->b, c->exprs[i]->span, S("a volatile function"));
    return WEIR_OK;
}

/* A rank that is shown stands behind the columns that were selected. */
static LNode *project_items(Core *c, bool shows_rank)
{
    Arena *a = c->b->p->arena;
    int32_t n = c->items.n + shows_rank, rank = c->node->nfields - 1;
    Field *fields = new (a, Field, n);
    BExpr **exprs = new (a, BExpr *, n);
    for (int i = 0; i < c->items.n; i++) {
        if (c->exprs[i]->type.kind == TYPE_NULL)
            c->exprs[i] = bexpr_const(a, value_null(TYPE_OF(TYPE_TEXT)), c->exprs[i]->span);
        exprs[i] = c->exprs[i];
        fields[i] = (Field){c->items.items[i].name, c->exprs[i]->type};
    }
    if (shows_rank) {
        exprs[n - 1] = bexpr_column(a, rank, TYPE_BIGINT_, c->limit->span);
        fields[n - 1] = c->node->fields[rank];
    }
    return lnode_project(a, c->node, exprs, fields, n, bind_at(c->b, c->s->span));
}

/* ---- the first rows ------------------------------------------------------------------------- */

static Status not_selected(Core *c, const BExpr *e)
{
    Status st = diag_error(c->b->p->diags, WEIR_E_SYNTAX, e->span,
                           "SELECT DISTINCT: ORDER BY takes what is selected");
    diag_hint(c->b->p->diags, "add it to the select list");
    return st;
}

/* Over DISTINCT, ORDER BY is about selected columns. */
static Status order_selected(Core *c)
{
    for (int i = 0; i < c->norder; i++) {
        BExpr *e = c->order[i].expr;
        int k = 0;
        while (k < c->items.n && !bexpr_eq(c->exprs[k], e)) k++;
        if (k == c->items.n && e->kind != BE_CONST) return not_selected(c, e);
        if (k < c->items.n) c->order[i].expr = bexpr_column(c->b->p->arena, k, e->type, e->span);
    }
    return WEIR_OK;
}

static LNode *first_rows(Core *c, LNode *in)
{
    return c->limit->any ? bind_row_top(c->b, in, c->limit, c->order, c->norder) : in;
}

static Status select_distinct(Core *c, LNode **out)
{
    TRY(order_selected(c));
    LNode *rows = bind_distinct(c->b, project_items(c, false), bind_at(c->b, c->s->span));
    *out = first_rows(c, rows);
    if (c->limit->any || c->norder == 0) return WEIR_OK;
    BExpr **shown = new (c->b->p->arena, BExpr *, rows->nfields);
    for (int i = 0; i < rows->nfields; i++) shown[i] = bexpr_column(c->b->p->arena, i, rows->fields[i].type, rows->span);
    lnode_sort(c->b->p->arena, *out, shown, c->order, c->norder);
    return WEIR_OK;
}

static Status select_first(Core *c)
{
    const ExprList *on = &c->s->distinct_on;
    if (on->len == 0) return WEIR_OK;
    Span at = bind_at(c->b, span_join(on->data[0]->span, on->data[on->len - 1]->span));
    return bind_first_rows(c->b, c->node, c->first_by, (int32_t)on->len, c->order, c->norder, at,
                           &c->node);
}

/* LIMIT by the order of a subquery needs to see it. */
static Status check_sorted(Core *c)
{
    if (!c->limit->any || c->norder > 0 || c->node->nsorted >= 0) return WEIR_OK;
    Status st = diag_error(c->b->p->diags, WEIR_E_SYNTAX, c->limit->span,
                           "LIMIT takes rows in an order, and the subquery's is by what it does not select");
    diag_hint(c->b->p->diags, "put LIMIT into the subquery, or select what it orders by");
    return st;
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Keys are bound before the select list, so that they are known when it is; errors of all clauses
 * are reported together, and only then it is asked whether the pieces fit. */
static Status bind_clauses(Core *c)
{
    TRY(core_from(c));
    note(c, core_where(c));
    note(c, collect_items(c));
    c->grouping = grouping_new(c->b, c->node, &c->scope);
    c->overs = overs_new(c->b, &c->s->windows);
    note(c, core_window(c));
    note(c, core_group_by(c));
    if (c->status != WEIR_OK && c->s->window && !grouping_has_window(c->grouping)) return c->status;
    note(c, core_items(c));
    note(c, core_having(c));
    note(c, core_qualify(c));
    note(c, core_order(c));
    return c->status;
}

Status bind_core(Binder *b, const Select *s, const RowLimit *l, LNode **out)
{
    Core c = {.b = b, .s = s, .limit = l};
    TRY(bind_clauses(&c));
    if (grouping_is_needed(c.grouping, s)) TRY(finish_grouping(&c));
    TRY(finish_overs(&c));
    TRY(attach_items(&c));
    TRY(spread_items(&c));
    TRY(check_volatile_above(&c));
    TRY(check_sorted(&c));
    if (s->is_distinct && s->distinct_on.len == 0) return select_distinct(&c, out);
    TRY(select_first(&c));
    c.node = first_rows(&c, c.node);
    *out = project_items(&c, l->shows_rank);
    if (!l->any && c.norder > 0) lnode_sort(b->p->arena, *out, c.exprs, c.order, c.norder);
    return WEIR_OK;
}
