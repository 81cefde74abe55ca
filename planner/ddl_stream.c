/* ddl_stream.c: CREATE STREAM and what CREATE TABLE has in common with it: names, options, columns. */
#include "planner/ddl.h"

#include "parser/unparse.h"

/* ---- names -------------------------------------------------------------------------------------- */

static bool is_reserved(Str name)
{
    return str_istarts(name, S("weir_")) || str_istarts(name, S("_weir_")) ||
           str_istarts(name, S("sqlite_"));
}

static const char *const KIND_NAMES[] = {
    [REL_STREAM] = "stream", [REL_TABLE] = "table", [REL_VIEW] = "view",
    [REL_MATERIALIZED] = "materialized view", [REL_SINK] = "sink",
};

Status ddl_check_name(Planner *p, const Name *name, bool may_exist)
{
    Str n = name->text;
    if (is_reserved(n)) {
        Status st = diag_error(p->diags, WEIR_E_NAME, name->span, "the name \"%.*s\" is reserved", STR_ARG(n));
        diag_hint(p->diags, "names that begin with weir_, _weir_ or sqlite_ belong to the database itself");
        return st;
    }
    const Relation *there = may_exist || p->may_redefine ? NULL : catalog_find(p->catalog, n);
    if (!there) return WEIR_OK;
    Status st = diag_error(p->diags, WEIR_E_EXISTS, name->span, "a %s \"%.*s\" exists already",
                           KIND_NAMES[there->kind], STR_ARG(there->name));
    diag_hint(p->diags, "choose another name, write IF NOT EXISTS, or drop it first");
    return st;
}

/* ---- what is not built -------------------------------------------------------------------------- */

/* Understood, so that the answer is not "unknown". */
static const char LATER_CONNECTORS[] = "kafka,upsert-kafka,mqtt,http,tcp,socket,unix,kinesis,jdbc";
static const char LATER_FORMATS[] = "canal-json,maxwell-json,avro,protobuf,parquet";

static const OptionItem *given(const CreateStream *s, const char *key)
{
    for (ptrdiff_t i = 0; i < s->options.len; i++)
        if (str_ieq(s->options.data[i].key.text, str_z(key))) return &s->options.data[i];
    return NULL;
}

static Status refuse_unbuilt(Planner *p, const CreateStream *s)
{
    if (s->like.text.n)
        return diag_error(p->diags, WEIR_E_UNSUPPORTED, s->like.span, "LIKE is not built; write the columns");
    const OptionItem *format = given(s, "format");
    if (format && name_in_list(LATER_FORMATS, format->value))
        return diag_error(p->diags, WEIR_E_UNSUPPORTED, format->span, "format \"%.*s\" is not built",
                          STR_ARG(format->value));
    const OptionItem *connector = given(s, "connector");
    bool known = connector && registry_connector(p->catalog->registry, connector->value);
    if (connector && !known && name_in_list(LATER_CONNECTORS, connector->value))
        return diag_error(p->diags, WEIR_E_UNSUPPORTED, connector->span, "connector \"%.*s\" is not built",
                          STR_ARG(connector->value));
    return WEIR_OK;
}

/* ---- connector and format ----------------------------------------------------------------------- */

static Status find_connector(Planner *p, const OptionItem *item, const ConnectorDef **out)
{
    const Registry *r = p->catalog->registry;
    const ConnectorDef *c = registry_connector(r, item->value);
    if (c && c->is_source) {
        *out = c;
        return WEIR_OK;
    }
    if (c)
        return diag_error(p->diags, WEIR_E_OPTION, item->span, "connector \"%s\" takes rows, it does not bring them",
                          c->name);
    Words words = {0};
    for (const ConnectorDef *const *l = r->connectors; l && *l; l++)
        for (const ConnectorDef *d = *l; d->name; d++)
            if (d->is_source) vec_push(&words, p->arena, str_z(d->name));
    Status st = diag_error(p->diags, WEIR_E_OPTION, item->span, "unknown connector \"%.*s\"",
                           STR_ARG(item->value));
    ddl_hint_words(p, item->value, &words, "connectors");
    return st;
}

static Words format_names(Planner *p)
{
    Words words = {0};
    for (const FormatDef *const *l = p->catalog->registry->formats; l && *l; l++)
        for (const FormatDef *d = *l; d->name; d++) vec_push(&words, p->arena, str_z(d->name));
    return words;
}

static Status changelog_of_stream(Planner *p, const FormatDef *f, const OptionItem *item)
{
    Status st = diag_error(p->diags, WEIR_E_OPTION, item->span, "format \"%s\" is of tables with a primary key", f->name);
    diag_hint(p->diags, "CREATE TABLE … (…, PRIMARY KEY (…)); an append-only stream has no row to change");
    return st;
}

/* A key that was meant to be `name`: near to it, and none of the others. */
static const OptionItem *misspelt(const CreateStream *s, const char *name)
{
    enum { EDITS = 2 };
    for (ptrdiff_t i = 0; i < s->options.len; i++)
        if (str_edit_distance(s->options.data[i].key.text, str_z(name), EDITS) <= EDITS) return &s->options.data[i];
    return NULL;
}

static Status meant_key(Planner *p, const OptionItem *item, const char *name)
{
    Status st = diag_error(p->diags, WEIR_E_OPTION, item->key.span, "unknown option \"%.*s\"", STR_ARG(item->key.text));
    diag_hint(p->diags, "did you mean \"%s\"?", name);
    return st;
}

static Status find_format(Planner *p, const CreateStream *s, const ConnectorDef *c, const FormatDef **out)
{
    const OptionItem *item = given(s, "format");
    if (c->makes_rows) {
        if (!item) return WEIR_OK;
        return diag_error(p->diags, WEIR_E_OPTION, item->key.span,
                          "connector \"%s\" makes rows by itself and takes no format", c->name);
    }
    Words words = format_names(p);
    if (!item) {
        const OptionItem *meant = misspelt(s, "format");
        if (meant) return meant_key(p, meant, "format");
        Status st = diag_error(p->diags, WEIR_E_OPTION, s->options_span.line ? s->options_span : s->name.span,
                               "option \"format\" is missing");
        ddl_hint_words(p, (Str){0}, &words, "formats");
        return st;
    }
    *out = registry_format(p->catalog->registry, item->value);
    if (*out && (*out)->is_changelog && !(s->is_table && ddl_has_key(s))) return changelog_of_stream(p, *out, item);
    if (*out) return WEIR_OK;
    Status st = diag_error(p->diags, WEIR_E_OPTION, item->span, "unknown format \"%.*s\"", STR_ARG(item->value));
    ddl_hint_words(p, item->value, &words, "formats");
    return st;
}

/* Options by which rows come from somewhere make no sense without a connector. */
static Status check_unconnected(Planner *p, const CreateStream *s)
{
    const Registry *r = p->catalog->registry;
    const OptionItem *meant = misspelt(s, "connector");
    if (meant) return meant_key(p, meant, "connector");
    for (ptrdiff_t i = 0; i < s->options.len; i++) {
        const OptionItem *item = &s->options.data[i];
        const ConnectorDef *owner = NULL;
        for (const ConnectorDef *const *l = r->connectors; l && *l && !owner; l++)
            for (const ConnectorDef *d = *l; d->name && !owner; d++)
                if (options_find(d->options, item->key.text)) owner = d;
        bool shared = options_find(r->stream_options, item->key.text) != NULL;
        bool is_format = str_ieq(item->key.text, S("format"));
        if (!is_format && (shared || !owner)) continue;
        Status st = diag_error(p->diags, WEIR_E_OPTION, item->key.span, "option \"%.*s\" needs a connector",
                               STR_ARG(item->key.text));
        diag_hint(p->diags, "add connector = '%s'", owner ? owner->name : "file");
        return st;
    }
    return WEIR_OK;
}

static const OptionDef PLACE_OPTIONS[] = {
    {"connector", OPT_TEXT, .doc = "where the bytes come from"},
    {"format", OPT_TEXT, .doc = "how the bytes become rows"},
    {0},
};

static void set_option(Options *o, const char *name, const char *value)
{
    for (int32_t i = 0; i < o->n; i++)
        if (str_ieq(o->items[i].name, str_z(name))) o->items[i].value = str_z(value);
}

/* All options against what the stream, its connector and its format know. */
static Status check_options(Planner *p, const CreateStream *s, Relation *rel, const ConnectorDef **connector)
{
    const OptionItem *where = given(s, "connector");
    const ConnectorDef *c = NULL;
    const FormatDef *f = NULL;
    if (where) {
        TRY(find_connector(p, where, &c));
        TRY(find_format(p, s, c, &f));
    } else {
        TRY(check_unconnected(p, s));
    }
    const OptionDef *lists[4] = {p->catalog->registry->stream_options, PLACE_OPTIONS};
    int n = 2;
    if (c) lists[n++] = c->options;
    if (f) lists[n++] = f->options;
    TRY(ddl_options(p, &s->options, lists, n, &rel->options));
    if (c) set_option(&rel->options, "connector", c->name);
    if (f) set_option(&rel->options, "format", f->name);
    *connector = c;
    return WEIR_OK;
}

/* ---- columns that the connector brings ---------------------------------------------------------- */

/* Names that differ in case and underscores only: dateTime, date_time. */
static bool is_same_word(Str a, Str b)
{
    ptrdiff_t i = 0, k = 0;
    for (;;) {
        while (i < a.n && a.p[i] == '_') i++;
        while (k < b.n && b.p[k] == '_') k++;
        if (i == a.n || k == b.n) return i == a.n && k == b.n;
        if (!str_ieq(str_of(a.p + i, 1), str_of(b.p + k, 1))) return false;
        i++, k++;
    }
}

static const ColumnDef *schema_column(const ColumnDef *cols, int n, Str name)
{
    for (int i = 0; i < n; i++)
        if (is_same_word(cols[i].name, name)) return &cols[i];
    return NULL;
}

/* Declared columns of a generator: each is one that it makes, of the same type. */
static Status check_against_schema(Planner *p, Relation *rel, const ConnectorDef *c, const ColumnDef *cols, int n)
{
    Relation brought = {.name = str_z(c->name), .cols = (ColumnDef *)cols, .ncols = n};
    for (int32_t i = 0; i < rel->ncols; i++) {
        const ColumnDef *mine = &rel->cols[i];
        if (mine->kind != COL_PHYSICAL) continue;
        const ColumnDef *its = schema_column(cols, n, mine->name);
        if (!its) return ddl_unknown_column(p, &brought, mine->name, mine->span);
        if (its->type.kind == mine->type.kind) continue;
        Str type = type_name(its->type, p->arena);
        return diag_error(p->diags, WEIR_E_TYPE, mine->span, "\"%s\" makes \"%.*s\" as %.*s", c->name,
                          STR_ARG(its->name), STR_ARG(type));
    }
    return WEIR_OK;
}

static Status no_columns(Planner *p, const CreateStream *s)
{
    Status st = diag_error(p->diags, WEIR_E_SYNTAX, s->name.span, "%s \"%.*s\" has no columns",
                           s->is_table ? "table" : "stream", STR_ARG(s->name.text));
    diag_hint(p->diags, "list them, or write CREATE STREAM %.*s FROM 'file' to find them in a file",
              STR_ARG(s->name.text));
    return st;
}

static Status take_columns(Planner *p, const CreateStream *s, Relation *rel, const ConnectorDef *c)
{
    const ColumnDef *cols = NULL;
    int n = 0;
    Str time_column = {0};
    int64_t delay_us = 0;
    bool brings = c && p->connector_schema &&
                  p->connector_schema(p->callback_arg, c, &rel->options, &cols, &n, &time_column, &delay_us);
    if (rel->ncols > 0) return brings ? check_against_schema(p, rel, c, cols, n) : WEIR_OK;
    if (!brings) return no_columns(p, s);
    rel->ncols = n;
    rel->cols = new (p->arena, ColumnDef, n);
    memcpy(rel->cols, cols, (size_t)n * sizeof *cols);
    if (time_column.n) rel->watermark = (WatermarkDef){.col = relation_column(rel, time_column), .delay_us = delay_us};
    return WEIR_OK;
}

/* ---- CREATE STREAM s FROM 'file' ---------------------------------------------------------------- */

static Status inferred_options(Planner *p, const CreateStream *s, Options *out)
{
    const Registry *r = p->catalog->registry;
    const OptionItem *format = given(s, "format");
    const FormatDef *f = format ? registry_format(r, format->value) : NULL;
    const ConnectorDef *file = registry_connector(r, S("file"));
    const OptionDef *lists[4] = {r->stream_options, PLACE_OPTIONS};
    int n = 2;
    if (file) lists[n++] = file->options;
    if (f) lists[n++] = f->options;
    return ddl_options(p, &s->options, lists, n, out);
}

/* What was given and is not among what inference found. */
static void add_options(Planner *p, const Options *more, Options *out)
{
    Option *items = new (p->arena, Option, out->n + more->n);
    if (out->n) memcpy(items, out->items, (size_t)out->n * sizeof *items);
    int32_t n = out->n;
    for (int32_t i = 0; i < more->n; i++) {
        char *name = str_cstr(p->arena, more->items[i].name);
        if (!options_get(out, name)) items[n++] = more->items[i];
    }
    *out = (Options){items, n};
}

static Status infer(Planner *p, const CreateStream *s, Relation *rel)
{
    if (s->columns.len > 0) {
        Status st = diag_error(p->diags, WEIR_E_UNSUPPORTED, s->from_file_span,
                               "columns are either listed or found in the file");
        diag_hint(p->diags, "with a list, write WITH (connector = 'file', path = '…', format = '…')");
        return st;
    }
    if (!p->infer_file)
        return diag_error(p->diags, WEIR_E_UNSUPPORTED, s->from_file_span, "files cannot be read here");
    Options options = {0};
    TRY(inferred_options(p, s, &options));
    TRY(p->infer_file(p->callback_arg, s->from_file, &options, rel, s->from_file_span, p->diags));
    add_options(p, &options, &rel->options);
    return ddl_check_columns(p, rel, "stream", s->from_file_span);
}

/* ---- the whole ---------------------------------------------------------------------------------- */

/* The zone in which times without offset are read is the one of the moment of CREATE. */
static CreateStream with_time_zone(Planner *p, const CreateStream *s)
{
    CreateStream copy = *s;
    Str zone = options_text(&p->catalog->settings, "time_zone", "");
    bool known = options_find(p->catalog->registry->stream_options, S("time_zone")) != NULL;
    if (!known || zone.n == 0 || str_ieq(zone, S("UTC")) || given(s, "time_zone")) return copy;
    OptionItem item = {.key = {.text = S("time_zone")}, .value = str_dup(p->arena, zone), .is_string = true};
    copy.options = (OptionList){0};
    for (ptrdiff_t i = 0; i < s->options.len; i++) vec_push(&copy.options, p->arena, s->options.data[i]);
    vec_push(&copy.options, p->arena, item);
    copy.has_options = true;
    return copy;
}

/* Errors of options and of columns are all reported. */
static Status check_required(Planner *p, const CreateStream *s, const Options *given, const OptionDef *list, const char *of)
{
    for (const OptionDef *o = list; o && o->name; o++) {
        if (!o->is_required || options_get(given, o->name)) continue;
        Status st = diag_error(p->diags, WEIR_E_OPTION, s->options_span, "%s needs the option \"%s\"", of, o->name);
        diag_hint(p->diags, "%s: %s", o->name, o->doc);
        return st;
    }
    return WEIR_OK;
}

/* What the connector and the format cannot do without. */
static Status check_all_required(Planner *p, const CreateStream *s, const Relation *rel, const ConnectorDef *c)
{
    const FormatDef *f = registry_format(p->catalog->registry, options_text(&rel->options, "format", ""));
    if (c) TRY(check_required(p, s, &rel->options, c->options, str_cstr(p->arena, str_printf(p->arena, "connector %s", c->name))));
    return f ? check_required(p, s, &rel->options, f->options, str_cstr(p->arena, str_printf(p->arena, "format %s", f->name))) : WEIR_OK;
}

static Status declared(Planner *p, const CreateStream *s, Relation *rel)
{
    const ConnectorDef *c = NULL;
    Status options = check_options(p, s, rel, &c);
    if (options == WEIR_OK) options = check_all_required(p, s, rel, c);
    Status columns = ddl_columns(p, s, rel);
    if (options != WEIR_OK) return options;
    return columns != WEIR_OK ? columns : take_columns(p, s, rel, c);
}

static Str statement_text(Planner *p, const CreateStream *s, const Relation *rel)
{
    if (s->from_file.n) return ddl_stream_text(rel, p->arena);
    StrBuf b = {.arena = p->arena};
    Stmt stmt = {.kind = STMT_CREATE_STREAM, .create_stream = (CreateStream *)s};
    unparse_stmt(&b, &stmt);
    return sb_done(&b);
}

static void forget_connector(Relation *rel)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < rel->options.n; i++)
        if (!str_ieq(rel->options.items[i].name, S("connector"))) rel->options.items[kept++] = rel->options.items[i];
    rel->options.n = kept;
}

/* Options about time of a stream that has none. */
static Status check_time_options(Planner *p, const Relation *rel)
{
    static const char *const names[] = {"idle_timeout", "max_drift"};
    for (size_t i = 0; i < sizeof names / sizeof *names && rel->watermark.col < 0; i++) {
        const Option *o = options_get(&rel->options, names[i]);
        if (!o) continue;
        Status st = diag_error(p->diags, WEIR_E_OPTION, o->span, "%s is about event time, and \"%.*s\" has none", names[i], STR_ARG(rel->name));
        diag_hint(p->diags, "add WATERMARK FOR a column");
        return st;
    }
    return WEIR_OK;
}

Status ddl_stream(Planner *p, const CreateStream *written, Relation **out)
{
    CreateStream s = with_time_zone(p, written);
    TRY(ddl_check_name(p, &s.name, s.or_replace || s.if_not_exists));
    TRY(refuse_unbuilt(p, &s));
    Relation *rel = new_one(p->arena, Relation);
    *rel = (Relation){.kind = ddl_is_table(&s) ? REL_TABLE : REL_STREAM, .name = str_dup(p->arena, s.name.text),
                      .base_dir = str_dup(p->arena, p->base_dir), .is_append_only = true,
                      .watermark = {.col = -1}};
    TRY(s.from_file.n ? infer(p, &s, rel) : declared(p, &s, rel));
    if (s.watermark) TRY(ddl_watermark(p, s.watermark, rel));
    TRY(check_time_options(p, rel));
    rel->sql = statement_text(p, &s, rel);
    if (p->rows_by_hand) forget_connector(rel);
    if (rel->kind == REL_TABLE) TRY(ddl_table(p, &s, rel));
    *out = rel;
    return WEIR_OK;
}
