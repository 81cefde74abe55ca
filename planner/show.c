/* show.c: SHOW and DESCRIBE: the catalog and the registry as rows of text. */
#include "planner/bind.h"
#include "planner/ddl.h"

typedef struct Listing {
    Planner *planner;
    TextRows *out;
    const Expr *like; /* or NULL */
} Listing;

static Str *add_row(Planner *p, TextRows *out)
{
    Str *row = new (p->arena, Str, out->ncols);
    vec_push(&out->rows, p->arena, row);
    return row;
}

/* ---- LIKE --------------------------------------------------------------------------------------- */

/* SQL's LIKE without case: names compare so. */
static bool is_like(Str s, Str pattern)
{
    while (pattern.n) {
        char c = pattern.p[0];
        Str rest = str_of(pattern.p + 1, pattern.n - 1);
        if (c == '%') {
            for (ptrdiff_t i = 0; i <= s.n; i++)
                if (is_like(str_of(s.p + i, s.n - i), rest)) return true;
            return false;
        }
        if (s.n == 0 || (c != '_' && !str_ieq(str_of(&c, 1), str_of(s.p, 1)))) return false;
        s = str_of(s.p + 1, s.n - 1);
        pattern = rest;
    }
    return s.n == 0;
}

static bool is_wanted(const Listing *l, Str name)
{
    return !l->like || is_like(name, l->like->text);
}

/* ---- relations ---------------------------------------------------------------------------------- */

static Str event_time(const Relation *r)
{
    return r->watermark.col >= 0 ? r->cols[r->watermark.col].name : (Str){0};
}

static const char *const STREAM_NAMES[] = {"name", "source", "format", "event_time", "columns"};
static void stream_row(Planner *p, const Relation *r, Str *row)
{
    const Option *format = options_get(&r->options, "format");
    row[1] = options_text(&r->options, "connector", "INSERT");
    if (format) row[2] = format->value;
    row[3] = event_time(r);
    row[4] = str_printf(p->arena, "%d", r->ncols);
}

static const char *const VIEW_NAMES[] = {"name", "kind", "emit", "event_time", "columns"};
static void view_row(Planner *p, const Relation *r, Str *row)
{
    bool stored = r->kind != REL_VIEW;
    row[1] = r->kind == REL_VIEW ? S("view") : S("materialized view");
    if (stored) row[2] = r->emit_final ? S("final") : S("changes");
    row[3] = event_time(r);
    row[4] = str_printf(p->arena, "%d", r->ncols);
}

typedef struct RelationList {
    const char *what;
    RelKind kinds[2];
    const char *const *names;
    int32_t ncols;
    void (*row)(Planner *p, const Relation *r, Str *row);
} RelationList;

enum { STREAM_COLUMNS = sizeof STREAM_NAMES / sizeof *STREAM_NAMES,
       VIEW_COLUMNS = sizeof VIEW_NAMES / sizeof *VIEW_NAMES };

static const RelationList RELATION_LISTS[] = {
    {"streams", {REL_STREAM, REL_STREAM}, STREAM_NAMES, STREAM_COLUMNS, stream_row},
    {"tables", {REL_TABLE, REL_TABLE}, STREAM_NAMES, STREAM_COLUMNS, stream_row},
    {"views", {REL_VIEW, REL_MATERIALIZED}, VIEW_NAMES, VIEW_COLUMNS, view_row},
    {"materialized views", {REL_MATERIALIZED, REL_MATERIALIZED}, VIEW_NAMES, VIEW_COLUMNS, view_row},
    {"sinks", {REL_SINK, REL_SINK}, VIEW_NAMES, VIEW_COLUMNS, view_row},
};

static const RelationList *relation_list(Str what)
{
    for (size_t i = 0; i < sizeof RELATION_LISTS / sizeof *RELATION_LISTS; i++)
        if (str_ieq(what, str_z(RELATION_LISTS[i].what))) return &RELATION_LISTS[i];
    return NULL;
}

static void list_relations(const Listing *l, const RelationList *list)
{
    Planner *p = l->planner;
    l->out->names = list->names;
    l->out->ncols = list->ncols;
    for (ptrdiff_t i = 0; i < p->catalog->relations.len; i++) {
        const Relation *r = p->catalog->relations.items[i].value;
        if (!r || (r->kind != list->kinds[0] && r->kind != list->kinds[1])) continue;
        if (!is_wanted(l, r->name)) continue;
        Str *row = add_row(p, l->out);
        row[0] = r->name;
        list->row(p, r, row);
    }
}

/* ---- functions ---------------------------------------------------------------------------------- */

typedef struct LetterName {
    char letter;
    const char *name;
} LetterName;

/* The pattern language of base/def.h in words. */
static const LetterName LETTERS[] = {
    {'b', "BOOLEAN"}, {'i', "BIGINT"},   {'d', "DOUBLE"}, {'m', "DECIMAL"},  {'t', "TEXT"},
    {'x', "BLOB"},    {'s', "TIMESTAMP"}, {'D', "DATE"},   {'T', "TIME"},     {'v', "INTERVAL"},
    {'j', "JSON"},    {'n', "number"},   {'a', "any"},    {'c', "any"},      {'A', "ARRAY"},
    {'M', "MAP"},
};

static const char *letter_name(char c)
{
    for (size_t i = 0; i < sizeof LETTERS / sizeof *LETTERS; i++)
        if (LETTERS[i].letter == c) return LETTERS[i].name;
    return "?";
}

static Str pattern_text(const char *pattern, Arena *a)
{
    StrBuf b = {.arena = a};
    bool optional = false, first = true;
    for (const char *c = pattern; c && *c; c++) {
        if (*c == '?') continue;
        if (*c == '*') {
            sb_lit(&b, ", …");
            continue;
        }
        if (c[1] == '?') {
            sb_lit(&b, "[");
            optional = true;
        }
        if (!first) sb_lit(&b, ", ");
        sb_z(&b, letter_name(*c));
        first = false;
    }
    if (optional) sb_char(&b, ']');
    return sb_done(&b);
}

/* The result, where it is one type; otherwise it follows from the arguments. */
static Str result_text(const char *result, const char *args)
{
    if (!result || result[0] == 'e') return S("by arguments");
    if (result[0] == 'A') return S("ARRAY");
    if (result[0] == 'M') return S("MAP");
    if (result[0] >= '1' && result[0] <= '9') {
        int n = result[0] - '1';
        for (const char *c = args; c && *c; c++)
            if (*c != '?' && *c != '*' && n-- == 0) return str_z(letter_name(*c));
    }
    return str_z(letter_name(result[0]));
}

static const char *const FUNCTION_NAMES[] = {"name", "kind", "arguments", "result", "description", "aliases"};

static void function_row(const Listing *l, const char *name, const char *kind, const char *args,
                         const char *result, const char *doc, const char *aliases)
{
    if (!is_wanted(l, str_z(name))) return;
    Str *row = add_row(l->planner, l->out);
    row[0] = str_z(name);
    row[1] = str_z(kind);
    row[2] = pattern_text(args, l->planner->arena);
    row[3] = result_text(result, args);
    row[4] = str_z(doc);
    row[5] = str_z(aliases);
}

static void list_functions(const Listing *l)
{
    const Registry *r = l->planner->catalog->registry;
    l->out->names = FUNCTION_NAMES;
    l->out->ncols = sizeof FUNCTION_NAMES / sizeof *FUNCTION_NAMES;
    for (const FuncDef *const *f = r->funcs; f && *f; f++)
        for (const FuncDef *d = *f; d->name; d++)
            if (!(d->flags & FUNC_INTERNAL))
                function_row(l, d->name, d->group ? d->group : "scalar", d->args, d->result, d->doc, d->aliases);
    for (const AggDef *const *f = r->aggs; f && *f; f++)
        for (const AggDef *d = *f; d->name; d++)
            if (!(d->flags & AGG_INTERNAL)) function_row(l, d->name, "aggregate", d->args, d->result, d->doc, d->aliases);
    for (const WindowDef *const *f = r->windows; f && *f; f++)
        for (const WindowDef *d = *f; d->name; d++)
            if (d->table_func) function_row(l, d->table_func, "window table function", "", "a", d->doc, NULL);
    for (const OverDef *d = OVER_FUNCTIONS; d->name; d++)
        function_row(l, d->name, "over", d->args, d->result, d->doc, NULL);
}

/* ---- settings ----------------------------------------------------------------------------------- */

static const char *const SETTING_NAMES[] = {"name", "value", "default", "kind", "meaning"};
static const char *const OPTION_TYPES[] = {
    [OPT_TEXT] = "text",     [OPT_BOOL] = "true or false", [OPT_INT] = "integer",
    [OPT_DOUBLE] = "number", [OPT_INTERVAL] = "interval",  [OPT_ENUM] = "",
};

static void setting_row(const Listing *l, const OptionDef *d)
{
    Str *row = add_row(l->planner, l->out);
    row[0] = str_z(d->name);
    row[1] = options_text(&l->planner->catalog->settings, d->name, d->fallback);
    row[2] = str_z(d->fallback);
    row[3] = d->type == OPT_ENUM ? str_z(d->choices) : str_z(OPTION_TYPES[d->type]);
    row[4] = str_z(d->doc);
}

static void name_settings(const Listing *l)
{
    l->out->names = SETTING_NAMES;
    l->out->ncols = sizeof SETTING_NAMES / sizeof *SETTING_NAMES;
}

static void list_settings(const Listing *l)
{
    name_settings(l);
    for (const OptionDef *d = l->planner->catalog->registry->settings; d && d->name; d++)
        if (is_wanted(l, str_z(d->name))) setting_row(l, d);
}

/* ---- one relation ------------------------------------------------------------------------------- */

static Status find_relation(Planner *p, const Name *name, const Relation **out)
{
    *out = catalog_find(p->catalog, name->text);
    if (*out) return WEIR_OK;
    Words words = {0};
    for (ptrdiff_t i = 0; i < p->catalog->relations.len; i++) {
        const Relation *r = p->catalog->relations.items[i].value;
        if (r) vec_push(&words, p->arena, r->name);
    }
    Status st = diag_error(p->diags, WEIR_E_NOT_FOUND, name->span, "there is no stream or view \"%.*s\"",
                           STR_ARG(name->text));
    ddl_hint_words(p, name->text, &words, "there are");
    return st;
}

static const char *const CREATE_NAMES[] = {"name", "sql"};
static Status show_create(const Listing *l, const Name *name)
{
    const Relation *r;
    TRY(find_relation(l->planner, name, &r));
    l->out->names = CREATE_NAMES;
    l->out->ncols = 2;
    Str *row = add_row(l->planner, l->out);
    row[0] = r->name;
    row[1] = r->sql;
    return WEIR_OK;
}

static Str *column_names(const Relation *r, Arena *a)
{
    Str *names = new (a, Str, r->ncols);
    for (int32_t i = 0; i < r->ncols; i++) names[i] = r->cols[i].name;
    return names;
}

static void note(StrBuf *b, const char *what)
{
    if (b->n) sb_lit(b, ", ");
    sb_z(b, what);
}

static void note_watermark(StrBuf *b, const Relation *r)
{
    note(b, "event time");
    if (r->kind != REL_STREAM && r->kind != REL_TABLE) return;
    if (r->watermark.delay_us == 0) return;
    Value v = {.type = TYPE_OF(TYPE_INTERVAL), .iv = {.us = r->watermark.delay_us}};
    sb_lit(b, ", watermark - ");
    value_print(b, &v);
}

static bool is_key(const Relation *r, int32_t col)
{
    for (int32_t i = 0; i < r->nkey; i++)
        if (r->key[i] == col) return true;
    return r->cols[col].primary_key;
}

static Str column_notes(const Relation *r, int32_t i, Arena *a)
{
    const ColumnDef *c = &r->cols[i];
    StrBuf b = {.arena = a};
    if (is_key(r, i)) note(&b, "key");
    if (r->watermark.col == i) note_watermark(&b, r);
    if (c->path.n) {
        note(&b, "path ");
        sb_str(&b, c->path);
    }
    if (c->metadata.n) {
        note(&b, "from ");
        sb_str(&b, c->metadata);
    }
    if (c->expr) {
        note(&b, "= ");
        bexpr_print(&b, c->expr, column_names(r, a));
    }
    if (c->default_value) {
        note(&b, "default ");
        bexpr_print(&b, c->default_value, column_names(r, a));
    }
    return b.n ? sb_done(&b) : (Str){0};
}

static const char *const DESCRIBE_NAMES[] = {"column", "type", "null", "kind", "notes"};
static const char *const COLUMN_KINDS[] = {
    [COL_PHYSICAL] = "physical", [COL_COMPUTED] = "computed", [COL_METADATA] = "metadata",
};

Status describe_rows(Planner *p, const Describe *s, TextRows *out)
{
    const Relation *r;
    TRY(find_relation(p, &s->name, &r));
    *out = (TextRows){.names = DESCRIBE_NAMES, .ncols = sizeof DESCRIBE_NAMES / sizeof *DESCRIBE_NAMES};
    bool declared = r->kind == REL_STREAM || r->kind == REL_TABLE;
    for (int32_t i = 0; i < r->ncols; i++) {
        if (r->cols[i].hidden) continue;
        Str *row = add_row(p, out);
        row[0] = r->cols[i].name;
        row[1] = type_name(r->cols[i].type, p->arena);
        row[2] = r->cols[i].not_null ? S("no") : S("yes");
        row[3] = declared ? str_z(COLUMN_KINDS[r->cols[i].kind]) : S("derived");
        row[4] = column_notes(r, i, p->arena);
    }
    return WEIR_OK;
}

/* ---- SHOW --------------------------------------------------------------------------------------- */

static Status show_unknown(Planner *p, const Name *what)
{
    static const char *const KNOWN[] = {"streams", "tables", "views", "sinks", "functions",
                                        "settings", "jobs", "errors", "create"};
    Words words = {0};
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) vec_push(&words, p->arena, str_z(KNOWN[i]));
    Status st = diag_error(p->diags, WEIR_E_NAME, what->span, "there is nothing to show called \"%.*s\"",
                           STR_ARG(what->text));
    ddl_hint_words(p, what->text, &words, "SHOW knows");
    return st;
}

static Status check_like(Planner *p, const Show *s)
{
    if (!s->like || s->like->kind == EX_STRING) return WEIR_OK;
    return diag_error(p->diags, WEIR_E_TYPE, s->like->span, "LIKE takes a text, such as 'a%%'");
}

Status show_rows(Planner *p, const Show *s, TextRows *out)
{
    *out = (TextRows){0};
    Listing l = {p, out, s->like};
    const RelationList *list = relation_list(s->what.text);
    const OptionDef *setting = options_find(p->catalog->registry->settings, s->what.text);
    TRY(check_like(p, s));
    if (str_ieq(s->what.text, S("create"))) return show_create(&l, &s->name);
    if (list) {
        list_relations(&l, list);
    } else if (str_ieq(s->what.text, S("functions"))) {
        list_functions(&l);
    } else if (str_ieq(s->what.text, S("settings"))) {
        list_settings(&l);
    } else if (setting) {
        name_settings(&l);
        setting_row(&l, setting);
    } else {
        return show_unknown(p, &s->what);
    }
    return WEIR_OK;
}

static void condition(StrBuf *sql, const char *words, Str text, const char *more)
{
    Value v = value_text(text);
    sb_z(sql, words);
    value_literal(sql, &v);
    sb_z(sql, more);
}

/* What the file knows, then what only the engine at work does. */
static const char JOBS_SQL[] =
    "SELECT p.*, coalesce(j.state, v.state) AS state, j.rows_per_s, "
    "j.changes_per_s, j.limited_by, j.lag_s, j.unread_bytes "
    "FROM weir_progress p LEFT JOIN weir_views v ON v.name = p.\"view\" LEFT JOIN weir_jobs j ON j.\"view\" = p.\"view\" WHERE true";

/* LIKE is about the view of a job; the stream or the query of an error. SQLite's LIKE has no case. */
static Status query_of(Planner *p, const Show *s, StrBuf *sql)
{
    bool jobs = str_ieq(s->what.text, S("jobs"));
    TRY(check_like(p, s));
    sb_z(sql, jobs ? JOBS_SQL : "SELECT * FROM weir_errors WHERE true");
    if (jobs && s->like) condition(sql, " AND p.\"view\" LIKE ", s->like->text, "");
    if (!jobs && s->from.text.n) condition(sql, " AND stream = ", s->from.text, " COLLATE NOCASE");
    if (!jobs && s->like) {
        condition(sql, " AND (stream LIKE ", s->like->text, "");
        condition(sql, " OR \"query\" LIKE ", s->like->text, ")");
    }
    sb_z(sql, jobs ? " ORDER BY p.\"view\", p.source, p.\"partition\"" : " ORDER BY seq");
    return WEIR_OK;
}

Status show_query(Planner *p, const Show *s, bool *is_query, StrBuf *sql)
{
    *is_query = str_ieq(s->what.text, S("jobs")) || str_ieq(s->what.text, S("errors"));
    return *is_query ? query_of(p, s, sql) : WEIR_OK;
}
