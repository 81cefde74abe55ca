/* bind_from.c: FROM: streams, views, subqueries, window functions, files.
 *
 * A view's text is bound where the view is named, as if it stood there in parentheses; errors in
 * it are shown at its name. Joins: bind_join.c. */
#include "planner/bind.h"
#include "planner/subquery.h"

/* ---- names ---------------------------------------------------------------------------------- */

static const CteScope *find_cte(const Binder *b, Str name)
{
    for (const CteScope *s = b->ctes; s; s = s->outer)
        if (str_ieq(s->table->name.text, name)) return s;
    return NULL;
}

static Status unknown_relation(Binder *b, const Name *name)
{
    const Map *m = &b->p->catalog->relations;
    VEC(Str) names = {0};
    for (ptrdiff_t i = 0; i < m->len; i++)
        if (m->items[i].value) vec_push(&names, b->p->arena, m->items[i].key);
    for (const CteScope *s = b->ctes; s; s = s->outer)
        vec_push(&names, b->p->arena, s->table->name.text);
    Status st = diag_error(b->p->diags, WEIR_E_NAME, bind_at(b, name->span),
                           "unknown stream or view \"%.*s\"", STR_ARG(name->text));
    Str near = diag_nearest(name->text, names.data, names.len);
    if (near.n) diag_hint(b->p->diags, "did you mean \"%.*s\"?", STR_ARG(near));
    return st;
}

static void depend_on(Binder *b, int64_t id)
{
    for (int i = 0; i < b->depends.len; i++)
        if (b->depends.data[i] == id) return;
    vec_push(&b->depends, b->p->arena, id);
}

/* ---- relations ------------------------------------------------------------------------------ */

static LNode *scan_all(Binder *b, Relation *r, Span at)
{
    int32_t *cols = new (b->p->arena, int32_t, r->ncols);
    for (int i = 0; i < r->ncols; i++) cols[i] = i;
    return lnode_scan(b->p->arena, r, cols, r->ncols, at);
}

/* Names of a view's columns are those it was declared with. */
static void rename_columns(Scope *s, const Relation *r)
{
    for (int i = 0; i < s->ncols && i < r->ncols; i++) {
        s->cols[i].name = r->cols[i].name;
        s->cols[i].hidden = r->cols[i].hidden;
    }
}

static Status bind_view(Binder *b, const Relation *r, Span at, LNode **out)
{
    Binder saved = *b;
    b->view_span = bind_at(b, at);
    b->in_view = true;
    b->ctes = NULL;
    b->frame = NULL;
    Status st = bind_select(b, r->query, false, out);
    b->view_span = saved.view_span;
    b->in_view = saved.in_view;
    b->ctes = saved.ctes;
    b->frame = saved.frame;
    return st;
}

static Status bind_relation(Binder *b, Relation *r, const TableRef *t, LNode **out)
{
    Span at = bind_at(b, t->span);
    depend_on(b, r->id);
    switch (r->kind) {
    case REL_STREAM: *out = scan_all(b, r, at); return WEIR_OK;
    case REL_TABLE:
    case REL_MATERIALIZED: *out = lnode_view_input(b->p->arena, r, at); return WEIR_OK;
    case REL_VIEW: return bind_view(b, r, t->span, out);
    case REL_SINK:
        return diag_error(b->p->diags, WEIR_E_NAME, at, "\"%.*s\" is a sink and cannot be read",
                          STR_ARG(r->name));
    }
    return WEIR_E_INTERNAL;
}

static Status rename_to(Binder *b, Scope *s, const NameList *names, Span at);

/* FOR SYSTEM_TIME AS OF an event time: the versions that a table's changelog brings. */
Status bind_versions(Binder *b, const TableRef *t, LNode **out, Scope *scope)
{
    Arena *a = b->p->arena;
    const Name *name = t->kind == TABLE_NAME ? &t->parts.data[t->parts.len - 1] : NULL;
    Relation *r = name ? catalog_find(b->p->catalog, name->text) : NULL;
    if (name && !r) return unknown_relation(b, name);
    if (!r || r->kind != REL_TABLE || r->nkey == 0 || r->watermark.col < 0) {
        Status st = diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, t->span), "there are no versions by time here");
        diag_hint(b->p->diags, "FOR SYSTEM_TIME AS OF takes a TABLE with PRIMARY KEY and WATERMARK; or AS OF proctime()");
        return st;
    }
    depend_on(b, r->id);
    int32_t *cols = new (a, int32_t, r->ncols + 1);
    for (int i = 0; i < r->ncols; i++) cols[i] = i;
    cols[r->ncols] = SCAN_END_OF_ROW;
    *out = lnode_scan(a, r, cols, r->ncols + 1, bind_at(b, t->span));
    *scope = scope_of(a, *out, t->alias.text.n ? t->alias.text : name->text);
    return rename_to(b, scope, &t->columns, t->span);
}

static Status bind_cte(Binder *b, const CteScope *cte, LNode **out)
{
    const CteScope *saved = b->ctes;
    *out = *cte->bound;
    if (*out) return WEIR_OK;
    b->ctes = cte->outer;
    frames_hide(b, cte->frame, 1);
    Status st = bind_select(b, cte->table->query, false, out);
    frames_hide(b, cte->frame, -1);
    b->ctes = saved;
    if (st == WEIR_OK && !plan_is_correlated(*out)) *cte->bound = *out;
    return st;
}

static Status rename_to(Binder *b, Scope *s, const NameList *names, Span at)
{
    if (names->len > s->ncols)
        return diag_error(b->p->diags, WEIR_E_NAME, bind_at(b, at), "%d names for %d columns",
                          (int)names->len, s->ncols);
    for (int i = 0; i < names->len; i++) s->cols[i].name = names->data[i].text;
    return WEIR_OK;
}

static Status bind_table_name(Binder *b, const TableRef *t, LNode **out, Scope *scope)
{
    const Name *name = &t->parts.data[t->parts.len - 1];
    if (t->parts.len > 1)
        return diag_error(b->p->diags, WEIR_E_NAME, bind_at(b, t->span),
                          "relations have no schema: write \"%.*s\"", STR_ARG(name->text));
    if (t->system_time && t != b->as_of)
        return diag_error(b->p->diags, WEIR_E_SYNTAX, bind_at(b, t->system_time->span),
                          "FOR SYSTEM_TIME AS OF stands at the right side of a join");
    Str alias = t->alias.text.n ? t->alias.text : name->text;
    const CteScope *cte = find_cte(b, name->text);
    if (cte) {
        TRY(bind_cte(b, cte, out));
        *scope = scope_of(b->p->arena, *out, alias);
        return rename_to(b, scope, &cte->table->columns, cte->table->name.span);
    }
    Relation *r = catalog_find(b->p->catalog, name->text);
    if (!r) return unknown_relation(b, name);
    TRY(bind_relation(b, r, t, out));
    *scope = scope_of(b->p->arena, *out, alias);
    if (r->kind == REL_VIEW) rename_columns(scope, r);
    return WEIR_OK;
}

static Status bind_subquery(Binder *b, const TableRef *t, LNode **out, Scope *scope)
{
    TRY(bind_select(b, t->query, false, out));
    *scope = scope_of(b->p->arena, *out, t->alias.text);
    return WEIR_OK;
}

/* ---- FROM 'file' ---------------------------------------------------------------------------- */

static Options options_of(Binder *b, const OptionList *list)
{
    Options o = {.items = new (b->p->arena, Option, list->len), .n = (int32_t)list->len};
    for (int i = 0; i < list->len; i++)
        o.items[i] = (Option){list->data[i].key.text, list->data[i].value, list->data[i].span};
    return o;
}

static Status bind_file(Binder *b, const TableRef *t, LNode **out, Scope *scope)
{
    Planner *p = b->p;
    if (!p->infer_file) return bind_unsupported(b, t->span, "reading a file by its name");
    Relation *r = new_one(p->arena, Relation);
    *r = (Relation){.kind = REL_STREAM,
                    .name = t->file,
                    .base_dir = p->base_dir,
                    .is_append_only = true,
                    .watermark.col = -1};
    Options given = options_of(b, &t->options);
    TRY(p->infer_file(p->callback_arg, t->file, &given, r, bind_at(b, t->span), p->diags));
    *out = scan_all(b, r, bind_at(b, t->span));
    *scope = scope_of(p->arena, *out, t->alias.text);
    return WEIR_OK;
}

/* ---- nothing ---------------------------------------------------------------------------------- */

LNode *bind_one_row(Binder *b, Span at)
{
    Arena *a = b->p->arena;
    BExpr ***rows = new (a, BExpr **, 1);
    Field *field = new_one(a, Field);
    rows[0] = new (a, BExpr *, 1);
    rows[0][0] = bexpr_const(a, value_bool(true), at);
    *field = (Field){S("one"), TYPE_OF(TYPE_BOOLEAN)};
    return lnode_values(a, rows, 1, field, 1, at);
}

/* ---- the clause ----------------------------------------------------------------------------- */

static Status bind_table_function(Binder *b, const TableRef *t, LNode **out, Scope *scope)
{
    if (is_table_window(b, t)) return bind_table_window(b, t, out, scope);
    if (is_list_function(t)) return bind_list_function(b, t, out, scope);
    Status st = diag_error(b->p->diags, WEIR_E_NAME, bind_at(b, t->span), "unknown table function \"%.*s\"", STR_ARG(t->func->text));
    diag_hint(b->p->diags, "there are tumble, hop, cumulate, session, unnest, json_each, generate_series");
    return st;
}

static Status bind_any(Binder *b, const TableRef *t, LNode **out, Scope *scope)
{
    switch (t->kind) {
    case TABLE_NAME: return bind_table_name(b, t, out, scope);
    case TABLE_FILE: return bind_file(b, t, out, scope);
    case TABLE_SUBQUERY: return bind_subquery(b, t, out, scope);
    case TABLE_FUNCTION: return bind_table_function(b, t, out, scope);
    case TABLE_JOIN: return is_lateral(t->right) ? bind_lateral_join(b, t, out, scope) : bind_join(b, t, out, scope);
    case TABLE_MATCH: return bind_unsupported(b, t->span, "MATCH_RECOGNIZE");
    }
    return WEIR_E_INTERNAL;
}

Status bind_from(Binder *b, const TableRef *t, LNode **out, Scope *scope)
{
    if (++b->nodes > BIND_NODES_MAX)
        return diag_error(b->p->diags, WEIR_E_LIMIT, bind_at(b, t->span),
                          "a query reads at most %d relations, views expanded", BIND_NODES_MAX);
    TRY(bind_any(b, t, out, scope));
    if (is_list_function(t)) return WEIR_OK; /* has its names */
    return rename_to(b, scope, &t->columns, t->span);
}
