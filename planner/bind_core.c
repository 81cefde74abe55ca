/* bind_core.c: SELECT … FROM … WHERE … GROUP BY … HAVING, in the order in which it is meant. */
#include "planner/bind.h"
#include "planner/casts.h"

/* One SELECT on its way to a node. */
typedef struct Core {
    Binder *b;
    const Select *s;
    LNode *node;       /* what FROM and WHERE made */
    Scope scope;
    OutputList items;
    BExpr **exprs;     /* one per item */
    Grouping *grouping;
    BExpr *having;
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
        if (col->hidden || (table.n && !str_ieq(col->table, table))) continue;
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

static Status refuse_unbuilt(Core *c)
{
    const Select *s = c->s;
    if (s->distinct_on.len) return bind_unsupported(c->b, s->span, "DISTINCT ON");
    if (s->windows.len)
        return bind_unsupported(c->b, s->windows.data[0].name.span, "named windows");
    if (s->qualify) return bind_unsupported(c->b, s->qualify->span, "QUALIFY");
    return WEIR_OK;
}

/* A SELECT without FROM reads one row of nothing. */
static LNode *one_row(Binder *b, Span at)
{
    Arena *a = b->p->arena;
    BExpr ***rows = new (a, BExpr **, 1);
    Field *field = new_one(a, Field);
    rows[0] = new (a, BExpr *, 1);
    rows[0][0] = bexpr_const(a, value_bool(true), at);
    *field = (Field){S("one"), TYPE_OF(TYPE_BOOLEAN)};
    return lnode_values(a, rows, 1, field, 1, at);
}

static Status core_from(Core *c)
{
    if (c->s->from) return bind_from(c->b, c->s->from, &c->node, &c->scope);
    c->node = one_row(c->b, bind_at(c->b, c->s->span));
    return WEIR_OK;
}

static Status core_where(Core *c)
{
    if (!c->s->where) return WEIR_OK;
    ExprContext ctx = {.scope = &c->scope, .props = &c->node->props, .clause = "WHERE"};
    BExpr *pred;
    TRY(bind_condition(c->b, &ctx, c->s->where, &pred));
    c->node = lnode_filter(c->b->p->arena, c->node, pred, bind_at(c->b, c->s->where->span));
    return WEIR_OK;
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
    if (item->expr) return bind_expr(c->b, ctx, item->expr, &c->exprs[i]);
    c->exprs[i] = bexpr_column(c->b->p->arena, item->column->col, item->column->type, item->span);
    return WEIR_OK;
}

static Status core_items(Core *c)
{
    ExprContext ctx = {
        .scope = &c->scope, .props = &c->node->props, .grouping = c->grouping, .clause = "SELECT"};
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

/* Everything above the aggregate, in terms of its output. */
static Status finish_grouping(Core *c)
{
    Status first = WEIR_OK;
    for (int i = 0; i < c->items.n; i++) {
        Status st = grouping_finish(c->grouping, c->exprs[i], &c->exprs[i]);
        if (first == WEIR_OK) first = st;
    }
    if (c->having) {
        Status st = grouping_finish(c->grouping, c->having, &c->having);
        if (first == WEIR_OK) first = st;
    }
    TRY(first);
    c->node = grouping_node(c->grouping, bind_at(c->b, grouping_span(c)));
    if (c->having) c->node = lnode_filter(c->b->p->arena, c->node, c->having, c->having->span);
    return WEIR_OK;
}

/* random() above an aggregate has no row to be a function of; bind_call has seen the row below. */
static Status check_volatile_above(Core *c)
{
    for (int i = 0; i < c->items.n; i++)
        if (c->exprs[i]->is_volatile && c->b->is_standing)
            return bind_unsupported(c->b, c->exprs[i]->span, "volatile functions over groups");
    return WEIR_OK;
}

static LNode *project_items(Core *c)
{
    Arena *a = c->b->p->arena;
    Field *fields = new (a, Field, c->items.n);
    for (int i = 0; i < c->items.n; i++) {
        if (c->exprs[i]->type.kind == TYPE_NULL)
            c->exprs[i] = bexpr_const(a, value_null(TYPE_OF(TYPE_TEXT)), c->exprs[i]->span);
        fields[i] = (Field){c->items.items[i].name, c->exprs[i]->type};
    }
    return lnode_project(a, c->node, c->exprs, fields, c->items.n, bind_at(c->b, c->s->span));
}

/* Keys are bound before the select list, so that they are known when it is; errors of all clauses
 * are reported together, and only then it is asked whether the pieces fit. */
static Status bind_clauses(Core *c)
{
    TRY(core_from(c));
    note(c, core_where(c));
    note(c, collect_items(c));
    c->grouping = grouping_new(c->b, c->node, &c->scope);
    note(c, core_window(c));
    note(c, core_group_by(c));
    if (c->status != WEIR_OK && c->s->window && !grouping_has_window(c->grouping)) return c->status;
    note(c, core_items(c));
    note(c, core_having(c));
    return c->status;
}

Status bind_core(Binder *b, const Select *s, LNode **out)
{
    Core c = {.b = b, .s = s};
    TRY(refuse_unbuilt(&c));
    TRY(bind_clauses(&c));
    if (grouping_is_needed(c.grouping, s)) {
        TRY(finish_grouping(&c));
        TRY(check_volatile_above(&c));
    }
    *out = project_items(&c);
    if (s->is_distinct) *out = bind_distinct(b, *out, bind_at(b, s->span));
    return WEIR_OK;
}
