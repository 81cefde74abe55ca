/* push_or_pull.c: whether a SELECT runs over streams, or reads what is stored.
 *
 * A query that reads a stream, directly or through views, is a push query. Only names are looked
 * at: all that it reads must exist, so that it is told apart before either binder sees it. */
#include "planner/planner.h"

/* Common tables in sight. */
typedef struct Names {
    const CommonTableList *tables;
    const struct Names *outer;
} Names;

typedef struct Search {
    Planner *p;
    int depth;
    bool reads_stream;
} Search;

enum { SEARCH_DEPTH_MAX = 200 };

static Status search_select(Search *s, const Select *q, const Names *outer);
static Status search_expr(Search *s, const Expr *e, const Names *names);

static bool is_common(const Names *n, Str name)
{
    for (; n; n = n->outer)
        for (int i = 0; i < n->tables->len; i++)
            if (str_ieq(n->tables->data[i].name.text, name)) return true;
    return false;
}

static Status unknown(Search *s, const Name *name)
{
    const Map *m = &s->p->catalog->relations;
    VEC(Str) names = {0};
    for (ptrdiff_t i = 0; i < m->len; i++)
        if (m->items[i].value) vec_push(&names, s->p->arena, m->items[i].key);
    Status st = diag_error(s->p->diags, WEIR_E_NAME, name->span, "unknown stream or view \"%.*s\"",
                           STR_ARG(name->text));
    Str near = diag_nearest(name->text, names.data, names.len);
    if (near.n) diag_hint(s->p->diags, "did you mean \"%.*s\"?", STR_ARG(near));
    return st;
}

static Status search_name(Search *s, const Name *name, const Names *names)
{
    if (is_common(names, name->text)) return WEIR_OK;
    const Relation *r = catalog_find(s->p->catalog, name->text);
    Field *cols;
    int ncols;
    if (!r && s->p->sqlite_table &&
        s->p->sqlite_table(s->p->callback_arg, name->text, s->p->arena, &cols, &ncols))
        return WEIR_OK;
    if (!r) return unknown(s, name);
    if (r->kind == REL_STREAM) s->reads_stream = true;
    return r->kind == REL_VIEW && r->query ? search_select(s, r->query, NULL) : WEIR_OK;
}

/* The table argument of a window function may be a bare name. */
static Status search_table_args(Search *s, const Expr *f, const Names *names)
{
    const WindowDef *d = registry_window(s->p->catalog->registry, f->text);
    bool is_window = d && d->table_func && str_ieq(str_z(d->table_func), f->text);
    for (int i = 0; i < f->args.len; i++) {
        const Expr *arg = f->args.data[i];
        if (is_window && i == 0 && arg->kind == EX_COLUMN)
            TRY(search_name(s, &arg->parts.data[arg->parts.len - 1], names));
        else
            TRY(search_expr(s, arg, names));
    }
    return WEIR_OK;
}

static Status search_from(Search *s, const TableRef *t, const Names *names)
{
    if (!t) return WEIR_OK;
    switch (t->kind) {
    case TABLE_NAME: return search_name(s, &t->parts.data[t->parts.len - 1], names);
    case TABLE_FILE: s->reads_stream = true; return WEIR_OK;
    case TABLE_SUBQUERY: return search_select(s, t->query, names);
    case TABLE_FUNCTION: return search_table_args(s, t->func, names);
    case TABLE_MATCH: return search_from(s, t->left, names);
    case TABLE_JOIN: break;
    }
    TRY(search_from(s, t->left, names));
    TRY(search_from(s, t->right, names));
    return search_expr(s, t->on, names);
}

static Status search_list(Search *s, const ExprList *list, const Names *names)
{
    for (int i = 0; i < list->len; i++) TRY(search_expr(s, list->data[i], names));
    return WEIR_OK;
}

static Status search_order(Search *s, const OrderList *list, const Names *names)
{
    for (int i = 0; i < list->len; i++) TRY(search_expr(s, list->data[i].expr, names));
    return WEIR_OK;
}

static Status search_over(Search *s, const OverSpec *o, const Names *names)
{
    TRY(search_list(s, &o->partition_by, names));
    return search_order(s, &o->order_by, names);
}

static Status search_call(Search *s, const CallInfo *call, const Names *names)
{
    if (call->table) TRY(search_from(s, call->table, names));
    if (call->over) TRY(search_over(s, call->over, names));
    TRY(search_order(s, &call->order_by, names));
    return search_expr(s, call->filter, names);
}

static Status search_groups(Search *s, const GroupList *list, const Names *names)
{
    for (int i = 0; i < list->len; i++) {
        TRY(search_list(s, &list->data[i].exprs, names));
        TRY(search_groups(s, &list->data[i].items, names));
    }
    return WEIR_OK;
}

static Status search_expr(Search *s, const Expr *e, const Names *names)
{
    if (!e) return WEIR_OK;
    if (e->query) TRY(search_select(s, e->query, names));
    if (e->call) TRY(search_call(s, e->call, names));
    TRY(search_expr(s, e->operand, names));
    return search_list(s, &e->args, names);
}

static Status search_parts(Search *s, const Select *q, const Names *names)
{
    for (int i = 0; i < q->with.len; i++) TRY(search_select(s, q->with.data[i].query, names));
    for (int i = 0; i < q->branches.len; i++) TRY(search_select(s, q->branches.data[i], names));
    for (int i = 0; i < q->items.len; i++) TRY(search_expr(s, q->items.data[i].expr, names));
    for (int i = 0; i < q->rows.len; i++) TRY(search_list(s, &q->rows.data[i], names));
    TRY(search_from(s, q->from, names));
    TRY(search_expr(s, q->where, names));
    TRY(search_groups(s, &q->group_by, names));
    TRY(search_expr(s, q->having, names));
    for (int i = 0; i < q->windows.len; i++) TRY(search_over(s, q->windows.data[i].spec, names));
    TRY(search_expr(s, q->qualify, names));
    TRY(search_list(s, &q->distinct_on, names));
    return search_order(s, &q->order_by, names);
}

static Status search_select(Search *s, const Select *q, const Names *outer)
{
    Names names = {&q->with, outer};
    if (s->depth >= SEARCH_DEPTH_MAX)
        return diag_error(s->p->diags, WEIR_E_LIMIT, q->span,
                          "queries and views are nested at most %d deep", SEARCH_DEPTH_MAX);
    s->depth++;
    Status st = search_parts(s, q, &names);
    s->depth--;
    return st;
}

Status plan_is_push(Planner *p, const Select *q, bool *out)
{
    Search s = {.p = p};
    TRY(search_select(&s, q, NULL));
    *out = s.reads_stream;
    return WEIR_OK;
}
