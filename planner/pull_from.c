/* pull_from.c: FROM and WITH in SQLite's SQL, and what names mean in them. */
#include "planner/ddl.h"
#include "planner/pull.h"

#include <assert.h>

/* ---- scopes ------------------------------------------------------------------------------------- */

static Str qualified(Arena *a, Str table, Str column)
{
    StrBuf b = {.arena = a};
    if (table.n) {
        pull_name(&b, table);
        sb_char(&b, '.');
    }
    pull_name(&b, column);
    return sb_done(&b);
}

static void add_column(Pull *l, PullScope *s, Str table, Str name, PullType t, bool hidden)
{
    PullColumn c = {.table = table, .name = name, .sql = qualified(l->arena, table, name), .type = t, .hidden = hidden};
    vec_push(&s->cols, l->arena, c);
}

static void add_columns(Pull *l, PullScope *s, Str table, const PullColumnList *cols)
{
    for (ptrdiff_t i = 0; i < cols->len; i++)
        add_column(l, s, table, cols->data[i].name, cols->data[i].type, cols->data[i].hidden);
}

static bool in_names(const Str *names, ptrdiff_t n, Str name)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_ieq(names[i], name)) return true;
    return false;
}

/* Visible columns win against hidden ones; a merged one counts only by its table. */
static const PullColumn *find_among(const PullScope *s, Str table, Str name, bool hidden, int *count)
{
    const PullColumn *found = NULL;
    *count = 0;
    for (ptrdiff_t i = 0; i < s->cols.len; i++) {
        const PullColumn *c = &s->cols.data[i];
        if (c->hidden != hidden || !str_ieq(c->name, name)) continue;
        if (table.n ? !str_ieq(c->table, table) : c->is_merged) continue;
        if (!found) found = c;
        (*count)++;
    }
    return found;
}

const PullColumn *pull_own_column(const PullScope *s, Str table, Str name, bool *ambiguous)
{
    int count;
    *ambiguous = false;
    if (!s) return NULL;
    const PullColumn *c = find_among(s, table, name, false, &count);
    if (count == 0) c = find_among(s, table, name, true, &count);
    *ambiguous = count > 1;
    return count == 1 ? c : NULL;
}

static bool has_open(const PullScope *s, Str table)
{
    return table.n ? in_names(s->open_tables.data, s->open_tables.len, table) : s->open_tables.len > 0;
}

static Status ambiguous_column(const PullContext *c, const Expr *e, Str name)
{
    Pull *l = c->pull;
    Status st = diag_error(l->p->diags, WEIR_E_NAME, pull_at(l, e->span), "column \"%.*s\" is ambiguous", STR_ARG(name));
    diag_hint(l->p->diags, "write it with its table: t.%.*s", STR_ARG(name));
    return st;
}

static Status unknown_column(const PullContext *c, const Expr *e)
{
    Pull *l = c->pull;
    Words words = {0};
    StrBuf shown = {.arena = l->arena};
    for (const PullScope *s = c->scope; s; s = s->outer)
        for (ptrdiff_t i = 0; i < s->cols.len; i++)
            if (!s->cols.data[i].is_merged) vec_push(&words, l->arena, s->cols.data[i].name);
    for (ptrdiff_t i = 0; i < e->parts.len; i++) {
        if (i) sb_char(&shown, '.');
        sb_str(&shown, e->parts.data[i].text);
    }
    Str name = e->parts.data[e->parts.len - 1].text;
    Str text = sb_done(&shown);
    Status st = diag_error(l->p->diags, WEIR_E_NAME, pull_at(l, e->span), "unknown column \"%.*s\"", STR_ARG(text));
    ddl_hint_words(l->p, name, &words, "there are");
    return st;
}

/* In one scope: t.c…, then c…. *nparts 0: not there. */
static Status find_in(const PullContext *c, const PullScope *s, const Expr *e, const PullColumn **found, int *nparts)
{
    bool ambiguous = false;
    *found = NULL;
    *nparts = 0;
    Str first = e->parts.data[0].text;
    if (e->parts.len > 1) {
        Str second = e->parts.data[1].text;
        *found = pull_own_column(s, first, second, &ambiguous);
        if (ambiguous) return ambiguous_column(c, e, second);
        if (*found || has_open(s, first)) *nparts = 2;
        if (*nparts) return WEIR_OK;
    }
    *found = pull_own_column(s, (Str){0}, first, &ambiguous);
    if (ambiguous) return ambiguous_column(c, e, first);
    if (*found || (e->parts.len == 1 && has_open(s, (Str){0}))) *nparts = 1;
    return WEIR_OK;
}

Status pull_find_column(const PullContext *c, const Expr *e, const PullColumn **found, int *nparts)
{
    for (const PullScope *s = c->scope; s; s = s->outer) {
        TRY(find_in(c, s, e, found, nparts));
        if (*nparts) return WEIR_OK;
    }
    return unknown_column(c, e);
}

/* ---- relations ---------------------------------------------------------------------------------- */

static const PullCte *find_cte(const Pull *l, Str name)
{
    for (const PullCte *t = l->ctes; t; t = t->next)
        if (str_ieq(t->name, name)) return t;
    return NULL;
}

static Status unknown_table(const PullContext *c, const Name *name)
{
    Pull *l = c->pull;
    const Map *m = &l->p->catalog->relations;
    Words words = {0};
    for (ptrdiff_t i = 0; i < m->len; i++)
        if (m->items[i].value) vec_push(&words, l->arena, ((Relation *)m->items[i].value)->name);
    for (const PullCte *t = l->ctes; t; t = t->next) vec_push(&words, l->arena, t->name);
    Status st = diag_error(l->p->diags, WEIR_E_NAME, pull_at(l, name->span), "unknown view or table \"%.*s\"",
                           STR_ARG(name->text));
    ddl_hint_words(l->p, name->text, &words, "there are");
    return st;
}

/* How a table of FROM is written, before its alias, and its columns. */
typedef struct Source {
    Str sql;
    PullColumnList cols;
    bool is_open;
} Source;

static Status stored_relation(const PullContext *c, const Relation *r, Source *out)
{
    Pull *l = c->pull;
    *out = (Source){.sql = qualified(l->arena, (Str){0}, r->name)};
    for (int32_t i = 0; i < r->ncols; i++) {
        if (r->cols[i].hidden) continue; /* the rank of a Top-N: its VIEW has used it */
        PullColumn col = {.name = r->cols[i].name, .type = pull_stored_type(r->cols[i].type, &r->options)};
        vec_push(&out->cols, l->arena, col);
    }
    return WEIR_OK;
}

/* Rows of a table with their number, which statements that change them go by. */
static Status table_source(const PullContext *c, const Relation *r, Source *out)
{
    Arena *a = c->pull->arena;
    TRY(stored_relation(c, r, out));
    StrBuf b = {.arena = a};
    sb_lit(&b, "(SELECT _id AS " PULL_ROW_ID);
    for (int32_t i = 0; i < r->ncols; i++) {
        sb_lit(&b, ", ");
        pull_name(&b, relation_stored_name(r, i, a));
        sb_lit(&b, " AS ");
        pull_name(&b, r->cols[i].name);
    }
    sb_printf(&b, " FROM _weir_mv_%lld)", (long long)r->id);
    out->sql = sb_done(&b);
    PullColumn id = {.name = S(PULL_ROW_ID), .type = pull_type(TYPE_BIGINT_), .hidden = true};
    vec_push(&out->cols, a, id);
    return WEIR_OK;
}

static NameList column_names(Arena *a, const Relation *r)
{
    NameList names = {0};
    for (int32_t i = 0; i < r->ncols; i++) vec_push(&names, a, (Name){.text = r->cols[i].name});
    return names;
}

/* A view's text stands where it is named; errors in it are shown at its name. */
static Status expanded_view(const PullContext *c, const Relation *r, Span at, Source *out)
{
    Pull *l = c->pull;
    const PullCte *ctes = l->ctes;
    Span span = l->view_span;
    if (!l->view_depth) l->view_span = at;
    l->view_depth++;
    l->ctes = NULL;
    NameList names = column_names(l->arena, r);
    PullRows rows;
    Status st = pull_select(l, r->query, NULL, &names, &rows);
    l->view_depth--;
    l->view_span = span;
    l->ctes = ctes;
    if (st != WEIR_OK) return st;
    *out = (Source){str_printf(l->arena, "(%.*s)", STR_ARG(rows.sql)), rows.cols, rows.is_open};
    return WEIR_OK;
}

static Status cannot_read(const PullContext *c, const Name *name, const char *what)
{
    Pull *l = c->pull;
    Status st = diag_error(l->p->diags, WEIR_E_UNSUPPORTED, pull_at(l, name->span), "\"%.*s\" is a %s: its rows are not kept",
                           STR_ARG(name->text), what);
    diag_hint(l->p->diags, "make a materialized view over it and read that");
    return st;
}

static Status relation_source(const PullContext *c, const Relation *r, const Name *name, Source *out)
{
    switch (r->kind) {
    case REL_STREAM: return cannot_read(c, name, "stream");
    case REL_SINK: return cannot_read(c, name, "sink");
    case REL_VIEW: return expanded_view(c, r, name->span, out);
    case REL_TABLE: return table_source(c, r, out);
    case REL_MATERIALIZED: return stored_relation(c, r, out);
    }
    return WEIR_E_INTERNAL;
}

static Status cte_source(const PullContext *c, const PullCte *t, Source *out)
{
    Pull *l = c->pull;
    *out = (Source){.sql = qualified(l->arena, (Str){0}, t->name), .is_open = t->is_open};
    for (int32_t i = 0; i < t->ncols; i++) {
        PullColumn col = {.name = t->cols[i].name, .type = PULL_UNKNOWN};
        if (t->cols[i].type.kind != TYPE_NULL) col.type = (PullType){true, t->cols[i].type, t->forms[i]};
        vec_push(&out->cols, l->arena, col);
    }
    return WEIR_OK;
}

/* A table that the database has and the catalog does not: weir's own, or somebody else's. */
static Status foreign_source(const PullContext *c, const Name *name, Source *out)
{
    Pull *l = c->pull;
    Planner *p = l->p;
    Field *cols = NULL;
    int n = 0;
    bool is_there = p->sqlite_table ? p->sqlite_table(p->callback_arg, name->text, l->arena, &cols, &n)
                                    : str_istarts(name->text, S("weir_"));
    if (!is_there) return unknown_table(c, name);
    *out = (Source){.sql = qualified(l->arena, (Str){0}, name->text), .is_open = n == 0};
    for (int i = 0; i < n; i++) {
        PullType t = cols[i].type.kind == TYPE_NULL ? PULL_UNKNOWN : pull_type(cols[i].type);
        vec_push(&out->cols, l->arena, (PullColumn){.name = cols[i].name, .type = t});
    }
    return WEIR_OK;
}

static Status named_source(const PullContext *c, const TableRef *t, Source *out)
{
    Pull *l = c->pull;
    const Name *name = &t->parts.data[t->parts.len - 1];
    if (t->parts.len > 1)
        return diag_error(l->p->diags, WEIR_E_NAME, pull_at(l, t->span), "relations have no schema: write \"%.*s\"",
                          STR_ARG(name->text));
    if (t->system_time) return pull_unsupported(l, t->system_time->span, "FOR SYSTEM_TIME AS OF", NULL);
    const PullCte *cte = find_cte(l, name->text);
    if (cte) return cte_source(c, cte, out);
    const Relation *r = catalog_find(l->p->catalog, name->text);
    return r ? relation_source(c, r, name, out) : foreign_source(c, name, out);
}

/* ---- aliases ------------------------------------------------------------------------------------ */

/* AS t(a, b): SELECT c1 AS a, c2 AS b, c3 FROM …. */
static Status rename_source(const PullContext *c, const TableRef *t, Source *s)
{
    Pull *l = c->pull;
    if (t->columns.len == 0) return WEIR_OK;
    if (s->is_open) return pull_unsupported(l, t->span, "naming columns of a table whose columns are not known", NULL);
    if (t->columns.len > s->cols.len)
        return diag_error(l->p->diags, WEIR_E_NAME, pull_at(l, t->span), "%d names for %d columns",
                          (int)t->columns.len, (int)s->cols.len);
    StrBuf b = {.arena = l->arena};
    PullColumnList cols = {0};
    for (ptrdiff_t i = 0; i < s->cols.len; i++) {
        PullColumn col = s->cols.data[i];
        sb_z(&b, i ? ", " : "(SELECT ");
        pull_name(&b, col.name);
        if (i < t->columns.len) col.name = t->columns.data[i].text;
        sb_lit(&b, " AS ");
        pull_name(&b, col.name);
        vec_push(&cols, l->arena, col);
    }
    sb_printf(&b, " FROM %.*s)", STR_ARG(s->sql));
    *s = (Source){.sql = sb_done(&b), .cols = cols};
    return WEIR_OK;
}

static Status check_alias(const PullContext *c, const TableRef *t, const PullScope *scope, Str alias)
{
    if (!in_names(scope->tables.data, scope->tables.len, alias)) return WEIR_OK;
    Pull *l = c->pull;
    Status st = diag_error(l->p->diags, WEIR_E_NAME, pull_at(l, t->span), "two tables in FROM are called \"%.*s\"",
                           STR_ARG(alias));
    diag_hint(l->p->diags, "give one of them another name with AS");
    return st;
}

static Status add_source(const PullContext *c, const TableRef *t, Source *s, Str alias, PullScope *scope, StrBuf *sql)
{
    Pull *l = c->pull;
    if (alias.n == 0) alias = str_printf(l->arena, "_t%d", (int)scope->tables.len + 1);
    TRY(rename_source(c, t, s));
    TRY(check_alias(c, t, scope, alias));
    sb_str(sql, s->sql);
    sb_lit(sql, " AS ");
    pull_name(sql, alias);
    vec_push(&scope->tables, l->arena, alias);
    if (s->is_open) vec_push(&scope->open_tables, l->arena, alias);
    add_columns(l, scope, alias, &s->cols);
    return WEIR_OK;
}

static Status from_name(PullContext *c, const TableRef *t, PullScope *scope, StrBuf *sql)
{
    Source s;
    TRY(named_source(c, t, &s));
    Str alias = t->alias.text.n ? t->alias.text : t->parts.data[t->parts.len - 1].text;
    return add_source(c, t, &s, alias, scope, sql);
}

static Status from_subquery(PullContext *c, const TableRef *t, PullScope *scope, StrBuf *sql)
{
    Pull *l = c->pull;
    if (t->is_lateral) return pull_unsupported(l, t->span, "LATERAL", NULL);
    PullRows rows;
    TRY(pull_select(l, t->query, scope->outer, NULL, &rows));
    Source s = {str_printf(l->arena, "(%.*s)", STR_ARG(rows.sql)), rows.cols, rows.is_open};
    return add_source(c, t, &s, t->alias.text, scope, sql);
}

/* ---- table functions ---------------------------------------------------------------------------- */

static PullType element_type(const PullValue *v)
{
    if (!v->type.known || v->type.type.kind != TYPE_ARRAY || v->type.type.nargs != 1) return PULL_UNKNOWN;
    Type t = v->type.type.args[0].type;
    bool plain = t.kind == TYPE_BIGINT || t.kind == TYPE_TEXT || t.kind == TYPE_DOUBLE || t.kind == TYPE_BOOLEAN;
    return plain ? pull_type(t) : PULL_UNKNOWN;
}

/* UNNEST(x) AS u(v[, n]): json_each, whose `value` is v and whose `key` counts from 0. */
static Status from_unnest(PullContext *c, const TableRef *t, PullScope *scope, StrBuf *sql)
{
    Pull *l = c->pull;
    const Expr *f = t->func;
    PullValue v;
    if (f->args.len != 1) return pull_unsupported(l, t->span, "UNNEST of several arrays", NULL);
    TRY(pull_value(c, f->args.data[0], &v));
    Str alias = t->alias.text.n ? t->alias.text : S("unnest");
    TRY(check_alias(c, t, scope, alias));
    sb_printf(sql, "json_each(%.*s) AS ", STR_ARG(v.sql));
    pull_name(sql, alias);
    vec_push(&scope->tables, l->arena, alias);
    Str value = t->columns.len > 0 ? t->columns.data[0].text : t->alias.text.n ? t->alias.text : S("value");
    PullColumn col = {.table = alias, .name = value, .sql = qualified(l->arena, alias, S("value")), .type = element_type(&v)};
    vec_push(&scope->cols, l->arena, col);
    if (!t->with_ordinality) return WEIR_OK;
    Str key = qualified(l->arena, alias, S("key"));
    PullColumn number = {.table = alias, .type = pull_type(TYPE_BIGINT_),
                         .name = t->columns.len > 1 ? t->columns.data[1].text : S("ordinality"),
                         .sql = str_printf(l->arena, "(%.*s + 1)", STR_ARG(key))};
    vec_push(&scope->cols, l->arena, number);
    return WEIR_OK;
}

/* json_each(x), json_tree(x): SQLite's own. */
static Status from_json(PullContext *c, const TableRef *t, PullScope *scope, StrBuf *sql)
{
    static const char *const COLUMNS[] = {"key", "value", "type", "atom", "id", "parent", "fullkey", "path"};
    Pull *l = c->pull;
    StrBuf b = {.arena = l->arena};
    Str name = str_lower(l->arena, t->func->text);
    sb_printf(&b, "%.*s(", STR_ARG(name));
    for (ptrdiff_t i = 0; i < t->func->args.len; i++) {
        PullValue v;
        TRY(pull_value(c, t->func->args.data[i], &v));
        sb_printf(&b, "%s%.*s", i ? ", " : "", STR_ARG(v.sql));
    }
    sb_char(&b, ')');
    Source s = {.sql = sb_done(&b)};
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++)
        vec_push(&s.cols, l->arena, (PullColumn){.name = str_z(COLUMNS[i])});
    return add_source(c, t, &s, t->alias.text.n ? t->alias.text : name, scope, sql);
}

/* weir_state(…): a function of the database that gives rows. */
static Status from_system(PullContext *c, const TableRef *t, PullScope *scope, StrBuf *sql, bool *is_there)
{
    Pull *l = c->pull;
    Source s = {0};
    Name name = {.text = str_lower(l->arena, t->func->text), .span = t->func->op_span};
    *is_there = str_istarts(name.text, S("weir_"));
    if (!*is_there) return WEIR_OK;
    TRY(foreign_source(c, &name, &s));
    StrBuf b = {.arena = l->arena};
    sb_printf(&b, "%.*s(", STR_ARG(name.text));
    for (ptrdiff_t i = 0; i < t->func->args.len; i++) {
        PullValue v;
        TRY(pull_value(c, t->func->args.data[i], &v));
        sb_printf(&b, "%s%.*s", i ? ", " : "", STR_ARG(v.sql));
    }
    sb_char(&b, ')');
    s.sql = sb_done(&b);
    return add_source(c, t, &s, t->alias.text.n ? t->alias.text : name.text, scope, sql);
}

bool pull_is_window_function(const Pull *l, Str name)
{
    const WindowDef *w = registry_window(l->p->catalog->registry, name);
    return w && w->table_func && str_ieq(str_z(w->table_func), name);
}

static Status from_function(PullContext *c, const TableRef *t, PullScope *scope, StrBuf *sql)
{
    Pull *l = c->pull;
    Str name = t->func->text;
    if (str_ieq(name, S("unnest"))) return from_unnest(c, t, scope, sql);
    if (name_in_list("json_each,json_tree", name)) return from_json(c, t, scope, sql);
    bool is_there;
    TRY(from_system(c, t, scope, sql, &is_there));
    if (is_there) return WEIR_OK;
    if (pull_is_window_function(l, name))
        return pull_unsupported(l, t->span, "a window table function", "let a materialized view make the windows");
    return diag_error(l->p->diags, WEIR_E_NAME, pull_at(l, t->func->op_span), "unknown table function \"%.*s\"",
                      STR_ARG(name));
}

/* ---- joins -------------------------------------------------------------------------------------- */

static const char *const JOIN_WORDS[] = {
    [AST_JOIN_INNER] = " JOIN ",           [AST_JOIN_LEFT] = " LEFT JOIN ",
    [AST_JOIN_RIGHT] = " RIGHT JOIN ",     [AST_JOIN_FULL] = " FULL JOIN ",
    [AST_JOIN_CROSS] = " JOIN ",
};

/* A column of the tables from `from` to `to` of the scope, by its name. */
static PullColumn *side_column(const PullScope *s, ptrdiff_t from, ptrdiff_t to, Str name)
{
    for (ptrdiff_t i = from; i < to; i++)
        if (!s->cols.data[i].is_merged && !s->cols.data[i].hidden && str_ieq(s->cols.data[i].name, name))
            return &s->cols.data[i];
    return NULL;
}

/* The twins of a USING column become one, called without table. */
static Status merge_column(PullContext *c, const TableRef *t, PullScope *s, ptrdiff_t middle, const Name *name)
{
    PullColumn *left = side_column(s, 0, middle, name->text);
    PullColumn *right = side_column(s, middle, s->cols.len, name->text);
    if ((!left || !right) && s->open_tables.len == 0) {
        Pull *l = c->pull;
        return diag_error(l->p->diags, WEIR_E_NAME, pull_at(l, name->span), "USING: \"%.*s\" is not a column on the %s",
                          STR_ARG(name->text), left ? "right" : "left");
    }
    if (!left || !right) return WEIR_OK;
    right->is_merged = true;
    bool padded = t->join == AST_JOIN_RIGHT || t->join == AST_JOIN_FULL;
    if (padded) left->sql = qualified(c->pull->arena, (Str){0}, left->name);
    return WEIR_OK;
}

static Status join_using(PullContext *c, const TableRef *t, PullScope *s, ptrdiff_t middle, const NameList *names, StrBuf *sql)
{
    for (ptrdiff_t i = 0; i < names->len; i++) {
        TRY(merge_column(c, t, s, middle, &names->data[i]));
        sb_z(sql, i ? ", " : " USING (");
        pull_name(sql, names->data[i].text);
    }
    if (names->len) sb_char(sql, ')');
    return WEIR_OK;
}

static NameList common_names(Pull *l, const TableRef *t, const PullScope *s, ptrdiff_t middle)
{
    NameList names = {0};
    for (ptrdiff_t i = 0; i < middle; i++) {
        const PullColumn *col = &s->cols.data[i];
        if (!col->is_merged && !col->hidden && side_column(s, middle, s->cols.len, col->name))
            vec_push(&names, l->arena, (Name){.text = col->name, .span = t->span});
    }
    return names;
}

static Status join_condition(PullContext *c, const TableRef *t, PullScope *s, ptrdiff_t middle, StrBuf *sql)
{
    if (t->is_natural) {
        if (s->open_tables.len)
            return pull_unsupported(c->pull, t->span, "NATURAL JOIN of a table whose columns are not known", "write USING");
        NameList names = common_names(c->pull, t, s, middle);
        return join_using(c, t, s, middle, &names, sql);
    }
    if (t->using_columns.len) return join_using(c, t, s, middle, &t->using_columns, sql);
    if (!t->on) return WEIR_OK;
    PullContext on = *c;
    on.clause = "ON";
    PullValue v;
    TRY(pull_condition(&on, t->on, &v));
    sb_printf(sql, " ON %.*s", STR_ARG(v.sql));
    return WEIR_OK;
}

static Status from_join(PullContext *c, const TableRef *t, PullScope *scope, StrBuf *sql)
{
    Pull *l = c->pull;
    if (t->is_asof) return pull_unsupported(l, t->join_span, "ASOF JOIN", "use a subquery with ORDER BY … LIMIT 1");
    TRY(pull_from(c, t->left, scope, sql));
    ptrdiff_t middle = scope->cols.len;
    bool nested = t->right->kind == TABLE_JOIN;
    sb_z(sql, JOIN_WORDS[t->join]);
    if (nested) sb_char(sql, '(');
    TRY(pull_from(c, t->right, scope, sql));
    if (nested) sb_char(sql, ')');
    return join_condition(c, t, scope, middle, sql);
}

Status pull_from(PullContext *c, const TableRef *t, PullScope *scope, StrBuf *sql)
{
    switch (t->kind) {
    case TABLE_NAME: return from_name(c, t, scope, sql);
    case TABLE_FILE:
        return pull_unsupported(c->pull, t->span, "a file beside views", "CREATE STREAM … FROM the file first");
    case TABLE_SUBQUERY: return from_subquery(c, t, scope, sql);
    case TABLE_FUNCTION: return from_function(c, t, scope, sql);
    case TABLE_JOIN: return from_join(c, t, scope, sql);
    case TABLE_MATCH: return pull_unsupported(c->pull, t->span, "MATCH_RECOGNIZE", NULL);
    }
    return WEIR_E_INTERNAL;
}

/* ---- WITH --------------------------------------------------------------------------------------- */

static PullCte *cte_of(Pull *l, const CommonTable *t)
{
    PullCte *cte = new_one(l->arena, PullCte);
    *cte = (PullCte){.name = t->name.text, .is_open = t->columns.len == 0, .next = l->ctes};
    Field *cols = new (l->arena, Field, t->columns.len);
    for (ptrdiff_t i = 0; i < t->columns.len; i++) cols[i].name = t->columns.data[i].text;
    cte->cols = cols;
    cte->forms = new (l->arena, PullForm, t->columns.len);
    cte->ncols = (int32_t)t->columns.len;
    return cte;
}

static void fill_cte(Pull *l, PullCte *cte, const PullRows *rows)
{
    Field *cols = new (l->arena, Field, rows->cols.len);
    PullForm *forms = new (l->arena, PullForm, rows->cols.len);
    for (ptrdiff_t i = 0; i < rows->cols.len; i++) {
        const PullColumn *c = &rows->cols.data[i];
        cols[i] = (Field){c->name, c->type.known ? c->type.type : TYPE_OF(TYPE_NULL)};
        forms[i] = c->type.form;
    }
    cte->cols = cols;
    cte->forms = forms;
    cte->ncols = (int32_t)rows->cols.len;
    cte->is_open = rows->is_open;
}

/* Each table sees those before it, and itself under RECURSIVE. */
static Status write_cte(Pull *l, const CommonTable *t, bool is_recursive, const PullScope *outer, StrBuf *sql)
{
    PullCte *cte = cte_of(l, t);
    PullRows rows;
    const PullCte *before = l->ctes;
    if (is_recursive) l->ctes = cte;
    Status st = pull_select(l, t->query, outer, t->columns.len ? &t->columns : NULL, &rows);
    l->ctes = before;
    if (st != WEIR_OK) return st;
    fill_cte(l, cte, &rows);
    l->ctes = cte;
    pull_name(sql, t->name.text);
    for (int32_t i = 0; i < cte->ncols && !cte->is_open; i++) {
        sb_z(sql, i ? ", " : "(");
        pull_name(sql, cte->cols[i].name);
    }
    sb_z(sql, cte->is_open ? "" : ")");
    sb_printf(sql, " AS (%.*s)", STR_ARG(rows.sql));
    return WEIR_OK;
}

Status pull_with(Pull *l, const Select *q, const PullScope *outer, StrBuf *sql)
{
    for (ptrdiff_t i = 0; i < q->with.len; i++) {
        sb_z(sql, i ? ", " : q->is_recursive ? "WITH RECURSIVE " : "WITH ");
        TRY(write_cte(l, &q->with.data[i], q->is_recursive, outer, sql));
    }
    if (q->with.len) sb_char(sql, ' ');
    return WEIR_OK;
}
