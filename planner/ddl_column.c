/* ddl_column.c: the columns of a stream: names, types, defaults, computed and metadata columns.
 *
 * A computed column may use any column declared before it; uses of computed columns are replaced
 * by their expressions, so that every one reads physical and metadata columns only. */
#include "planner/ddl.h"

#include <assert.h>

/* ---- names -------------------------------------------------------------------------------------- */

Status ddl_unknown_column(Planner *p, const Relation *rel, Str name, Span at)
{
    Words words = {0};
    for (int32_t i = 0; i < rel->ncols; i++) vec_push(&words, p->arena, rel->cols[i].name);
    Status st = diag_error(p->diags, WEIR_E_NAME, at, "\"%.*s\" has no column \"%.*s\"",
                           STR_ARG(rel->name), STR_ARG(name));
    ddl_hint_words(p, name, &words, "columns");
    return st;
}

Status ddl_check_columns(Planner *p, const Relation *rel, const char *what, Span at)
{
    if (rel->ncols > COLUMNS_MAX)
        return diag_error(p->diags, WEIR_E_LIMIT, at, "%s \"%.*s\" has %d columns; at most %d are possible",
                          what, STR_ARG(rel->name), rel->ncols, COLUMNS_MAX);
    Map seen = {0};
    Status st = WEIR_OK;
    for (int32_t i = 0; i < rel->ncols; i++) {
        ColumnDef *c = &rel->cols[i];
        if (c->hidden) continue;
        if (map_get(&seen, c->name))
            st = diag_error(p->diags, WEIR_E_NAME, c->span.line ? c->span : at,
                            "%s \"%.*s\" has two columns called \"%.*s\"", what, STR_ARG(rel->name),
                            STR_ARG(c->name));
        map_put(&seen, p->arena, c->name, c);
    }
    return st;
}

/* ---- paths -------------------------------------------------------------------------------------- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '$' || c == '@' || (c & 0x80);
}

/* .name, [12] or ["any text"] at s.p[i]; returns its end, -1: none. */
static ptrdiff_t path_step(Str s, ptrdiff_t i)
{
    ptrdiff_t from = i + 1;
    if (s.p[i] == '.') {
        for (i = from; i < s.n && is_name_char(s.p[i]); i++) {}
        return i > from ? i : -1;
    }
    if (s.p[i] != '[' || from >= s.n) return -1;
    char quote = s.p[from];
    if (quote == '"' || quote == '\'') {
        for (i = from + 1; i < s.n && s.p[i] != quote; i++)
            if (s.p[i] == '\\') i++;
        return i + 1 < s.n && s.p[i + 1] == ']' ? i + 2 : -1;
    }
    for (i = from; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {}
    return i > from && i < s.n && s.p[i] == ']' ? i + 1 : -1;
}

static bool is_path(Str s)
{
    if (s.n < 2 || s.p[0] != '$') return false;
    ptrdiff_t i = 1;
    while (i >= 0 && i < s.n) i = path_step(s, i);
    return i == s.n;
}

static Status check_path(Planner *p, const ColumnDecl *d)
{
    if (d->path.n == 0 || is_path(d->path)) return WEIR_OK;
    Status st = diag_error(p->diags, WEIR_E_VALUE, d->path_span.line ? d->path_span : d->span,
                           "\"%.*s\" is not a path", STR_ARG(d->path));
    diag_hint(p->diags, "write '$.a.b[0]', or '$[\"a b\"]' for other names");
    return st;
}

/* ---- metadata ----------------------------------------------------------------------------------- */

typedef struct MetadataKey {
    const char *name;
    TypeKind kinds[3]; /* what it may be declared as; TYPE_NULL: no more */
} MetadataKey;

static const MetadataKey METADATA[] = {
    {"offset", {TYPE_BIGINT}},
    {"partition", {TYPE_TEXT, TYPE_BIGINT}},
    {"key", {TYPE_TEXT, TYPE_BLOB}},
    {"timestamp", {TYPE_TIMESTAMP}},
    {"file", {TYPE_TEXT}},
    {"line", {TYPE_BIGINT}},
    {"ingest_time", {TYPE_TIMESTAMP}},
    {"headers", {TYPE_TEXT, TYPE_JSON, TYPE_MAP}},
};
enum { METADATA_KEYS = sizeof METADATA / sizeof *METADATA };

static const MetadataKey *find_metadata(Str name)
{
    for (int i = 0; i < METADATA_KEYS; i++)
        if (str_ieq(str_z(METADATA[i].name), name)) return &METADATA[i];
    return NULL;
}

static Status unknown_metadata(Planner *p, const ColumnDecl *d, Str key)
{
    Words words = {0};
    for (int i = 0; i < METADATA_KEYS; i++) vec_push(&words, p->arena, str_z(METADATA[i].name));
    Status st = diag_error(p->diags, WEIR_E_NAME, d->span, "there is no metadata \"%.*s\"", STR_ARG(key));
    ddl_hint_words(p, key, &words, "metadata");
    return st;
}

static Status metadata_column(Planner *p, const ColumnDecl *d, ColumnDef *c)
{
    Str key = d->metadata.n ? d->metadata : d->name.text;
    const MetadataKey *m = find_metadata(key);
    if (!m) return unknown_metadata(p, d, key);
    c->metadata = str_z(m->name);
    for (size_t i = 0; i < sizeof m->kinds / sizeof *m->kinds; i++)
        if (m->kinds[i] != TYPE_NULL && m->kinds[i] == (TypeKind)c->type.kind) return WEIR_OK;
    Str is = type_name(c->type, p->arena);
    return diag_error(p->diags, WEIR_E_TYPE, d->type ? d->type->span : d->span,
                      "metadata \"%s\" is %s, not %.*s", m->name, type_kind_name(m->kinds[0]), STR_ARG(is));
}

/* ---- one column --------------------------------------------------------------------------------- */

/* Name, type and kind; expressions come later, when all names are known. */
static Status declare(Planner *p, const ColumnDecl *d, ColumnDef *c)
{
    *c = (ColumnDef){.name = str_dup(p->arena, d->name.text), .span = d->name.span,
                     .not_null = d->not_null || d->primary_key, .primary_key = d->primary_key};
    if (d->unique)
        return diag_error(p->diags, WEIR_E_UNSUPPORTED, d->span, "UNIQUE is not built: a stream is a bag of rows");
    if (d->type) TRY(plan_type(p, d->type, &c->type));
    switch (d->kind) {
    case DECL_PHYSICAL: c->kind = COL_PHYSICAL; break;
    case DECL_COMPUTED: c->kind = COL_COMPUTED; return WEIR_OK;
    case DECL_METADATA: c->kind = COL_METADATA; break;
    }
    if (!d->type)
        return diag_error(p->diags, WEIR_E_SYNTAX, d->span, "column \"%.*s\" has no type", STR_ARG(d->name.text));
    if (c->kind == COL_METADATA) return metadata_column(p, d, c);
    c->path = str_dup(p->arena, d->path);
    return check_path(p, d);
}

/* The value of DEFAULT: over no columns; folded unless it changes from row to row. */
static Status bind_default(Planner *p, const ColumnDecl *d, ColumnDef *c)
{
    if (!d->default_value) return WEIR_OK;
    BExpr *e;
    TRY(plan_scalar(p, d->default_value, NULL, &e));
    TRY(plan_cast(p, e, c->type, true, &e));
    if (!e->is_volatile && p->constant) {
        Value v;
        TRY(p->constant(p->callback_arg, e, p->arena, &v, p->diags));
        e = bexpr_const(p->arena, v, e->span);
    }
    c->default_value = e;
    return WEIR_OK;
}

/* rel's columns as a computed one sees them: those that are not bound yet have no name. */
static Relation visible(Planner *p, const Relation *rel)
{
    Relation r = *rel;
    r.cols = new (p->arena, ColumnDef, rel->ncols);
    for (int32_t i = 0; i < rel->ncols; i++) {
        r.cols[i] = rel->cols[i];
        if (rel->cols[i].kind == COL_COMPUTED && !rel->cols[i].expr) r.cols[i].name = (Str){0};
    }
    return r;
}

typedef struct Inlining {
    Arena *arena;
    const Relation *rel;
} Inlining;

static BExpr *inline_computed(void *arg, const BExpr *e)
{
    const Inlining *in = arg;
    const ColumnDef *c = &in->rel->cols[e->col];
    if (c->expr) return (BExpr *)c->expr;
    return bexpr_column(in->arena, e->col, e->type, e->span);
}

static Status bind_computed(Planner *p, const ColumnDecl *d, Relation *rel, ColumnDef *c)
{
    if (c->kind != COL_COMPUTED) return WEIR_OK;
    Relation scope = visible(p, rel);
    BExpr *e;
    TRY(plan_scalar(p, d->expr, &scope, &e));
    if (d->type)
        TRY(plan_cast(p, e, c->type, false, &e));
    else
        c->type = e->type;
    if (c->type.kind == TYPE_NULL) {
        Status st = diag_error(p->diags, WEIR_E_TYPE, d->span, "column \"%.*s\" has no type", STR_ARG(c->name));
        diag_hint(p->diags, "write CAST(NULL AS …)");
        return st;
    }
    c->expr = bexpr_map(p->arena, e, inline_computed, &(Inlining){p->arena, rel});
    return WEIR_OK;
}

/* ---- all of them -------------------------------------------------------------------------------- */

static Status mark_key(Planner *p, const CreateStream *s, Relation *rel)
{
    for (ptrdiff_t i = 0; i < s->primary_key.len; i++) {
        const Name *n = &s->primary_key.data[i];
        int at = relation_column(rel, n->text);
        if (at < 0) return ddl_unknown_column(p, rel, n->text, n->span);
        rel->cols[at].primary_key = rel->cols[at].not_null = true;
    }
    return WEIR_OK;
}

Status ddl_columns(Planner *p, const CreateStream *s, Relation *rel)
{
    rel->ncols = (int32_t)s->columns.len;
    rel->cols = new (p->arena, ColumnDef, rel->ncols);
    Status first = WEIR_OK;
    for (int32_t i = 0; i < rel->ncols; i++) {
        Status st = declare(p, &s->columns.data[i], &rel->cols[i]);
        if (first == WEIR_OK) first = st;
    }
    Status st = ddl_check_columns(p, rel, s->is_table ? "table" : "stream", s->name.span);
    if (first == WEIR_OK) first = st;
    if (first != WEIR_OK) return first;
    for (int32_t i = 0; i < rel->ncols; i++) {
        st = bind_default(p, &s->columns.data[i], &rel->cols[i]);
        if (st == WEIR_OK) st = bind_computed(p, &s->columns.data[i], rel, &rel->cols[i]);
        if (first == WEIR_OK) first = st;
    }
    return first != WEIR_OK ? first : mark_key(p, s, rel);
}
