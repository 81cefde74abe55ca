/* copy.c: COPY relation FROM 'file': the records of a file, as INSERT takes rows: all of them, or none.
 * COPY view TO 'file': rows at one commit, written beside the file and then put in its place (copy_rows.c). */
#include "exec/engine/copy.h"

#include "exec/format/format.h"
#include "exec/io/source.h"
#include "parser/parser.h"
#include "storage/sql.h"

#include <stdio.h>

enum { ROWS_BETWEEN_LOOKS = 256 };

typedef struct CopyStatement {
    RowFeed feed;
    weir_stmt *s;
    weir_stmt *inner;       /* the INSERT or the SELECT, while it works */
    Stmt inner_ast;
    Insert insert;
    const Relation *rel;
    int64_t rel_id;
    int64_t rows;           /* taken so far; of TO: that there are, 0: not known */
    Relation file;          /* the file as a stream of the columns that are copied */
    bool *wanted;
    SourceSpec spec;
    Source *source;
    SourceBatch batch;
    Arena arena;            /* of the source */
    CopyOutput output;
    Str path;               /* with the folder of the script */
    CopyForm form;
} CopyStatement;

static Str full_path(weir_stmt *s)
{
    Str path = s->ast->copy->path;
    if (!s->base_dir.n || str_starts(path, S("/"))) return path;
    return str_printf(&s->arena, "%.*s/%.*s", STR_ARG(s->base_dir), STR_ARG(path));
}

/* ---- FROM -------------------------------------------------------------------------------------------- */

static const OptionDef from_options[] = {
    {"format", OPT_TEXT, .doc = "how the bytes become rows"},
    {"time_zone", OPT_TEXT, .fallback = "UTC", .doc = "zone of times written without an offset"},
    {"compression", OPT_TEXT, .fallback = "auto", .doc = "auto or none"},
    {0}};

static const OptionItem *item_named(const OptionList *list, Str name)
{
    for (ptrdiff_t i = 0; i < list->len; i++)
        if (str_ieq(list->data[i].key.text, name)) return &list->data[i];
    return NULL;
}

/* What a file is by its name, where nothing is said. */
static Str form_by_name(Str path)
{
    if (str_ends(path, S(".csv"))) return S("csv");
    return str_ends(path, S(".tsv")) || str_ends(path, S(".tab")) ? S("tsv") : S("json");
}

static Status find_format(weir_stmt *s, const FormatDef **out)
{
    const Copy *c = s->ast->copy;
    const OptionItem *item = item_named(&c->options, S("format"));
    Span at = item ? item->span : c->path_span;
    const FormatDef *f = *out = registry_format(&s->db->registry, item ? item->value : form_by_name(c->path));
    if (!f || !f->impl) return diag_error(&s->db->diags, WEIR_E_OPTION, at, "unknown format \"%.*s\"", STR_ARG(item->value));
    if (!f->is_changelog) return WEIR_OK;
    diag_error(&s->db->diags, WEIR_E_UNSUPPORTED, at, "COPY takes rows, and \"%s\" is a format of changes", f->name);
    diag_hint(&s->db->diags, "CREATE TABLE … WITH (connector = 'file', format = '%s') reads it", f->name);
    return WEIR_E_UNSUPPORTED;
}

static Status file_options(weir_stmt *s, CopyStatement *x)
{
    const Copy *c = s->ast->copy;
    const FormatDef *f;
    Options given;
    Planner p = statement_planner(s);
    TRY(find_format(s, &f));
    const OptionDef *const lists[] = {from_options, f->options};
    TRY(ddl_options(&p, &c->options, lists, 2, &given));
    Option *items = new (&s->arena, Option, given.n + 3);
    if (given.n) memcpy(items, given.items, (size_t)given.n * sizeof *items);
    int n = given.n;
    items[n++] = (Option){S("connector"), S("file"), c->path_span};
    items[n++] = (Option){S("path"), c->path, c->path_span};
    if (!options_get(&given, "format")) items[n++] = (Option){S("format"), str_z(f->name), c->path_span};
    x->file.options = (Options){items, n};
    return WEIR_OK;
}

/* Those that are named, or all that rows come with. */
static Status file_columns(weir_stmt *s, CopyStatement *x)
{
    const Copy *c = s->ast->copy;
    const Relation *rel = x->rel;
    Planner p = statement_planner(s);
    x->feed.ntargets = (int32_t)c->columns.len;
    if (c->columns.len) TRY(dml_targets(&p, rel, &c->columns, &x->feed.targets));
    else x->feed.targets = new (&s->arena, int32_t, rel->ncols);
    for (int i = 0; !c->columns.len && i < rel->ncols; i++)
        if (rel->cols[i].kind == COL_PHYSICAL) x->feed.targets[x->feed.ntargets++] = i;
    x->file.ncols = x->feed.ntargets;
    x->file.cols = new (&s->arena, ColumnDef, x->file.ncols);
    x->wanted = new (&s->arena, bool, x->file.ncols);
    for (int i = 0; i < x->file.ncols; i++) {
        x->file.cols[i] = rel->cols[x->feed.targets[i]];
        x->wanted[i] = x->file.cols[i].kind == COL_PHYSICAL;
        if (!x->wanted[i])
            return diag_error(&s->db->diags, WEIR_E_NAME, c->columns.data[i].span, "column \"%.*s\" is not read from records", STR_ARG(x->file.cols[i].name));
    }
    return WEIR_OK;
}

static Status from_prepare(weir_stmt *s, CopyStatement *x)
{
    TRY(change_find(s->db, &s->ast->copy->name, CHANGES_ROWS_IN, &x->rel));
    x->rel_id = x->rel->id;
    x->file = (Relation){.kind = REL_STREAM, .name = x->rel->name, .base_dir = s->base_dir, .is_append_only = true, .watermark.col = -1};
    x->spec = (SourceSpec){.rel = &x->file, .env = &s->db->env, .rows_max = BATCH_ROWS_MAX, .decoding = engine_decoding(s->db)};
    TRY(file_columns(s, x));
    x->spec.wanted = x->wanted;
    return file_options(s, x);
}

/* Which record it was: the line, where the file can be read again. */
static Str place_of(CopyStatement *x, uint64_t offset)
{
    const SourcePosition *p;
    Arena *a = &x->s->db->call;
    int n = source_positions(x->source, &p);
    Str name = x->batch.partition < n ? p[x->batch.partition].partition : x->s->ast->copy->path;
    bool is_relative = x->s->base_dir.n && !str_starts(name, S("/"));
    Str path = is_relative ? str_printf(a, "%.*s/%.*s", STR_ARG(x->s->base_dir), STR_ARG(name)) : name;
    FILE *f = fopen(str_cstr(a, path), "rb");
    int64_t line = 1;
    if (!f) return str_printf(a, "\"%.*s\" at byte %llu", STR_ARG(name), (unsigned long long)offset);
    for (int c; offset > 0 && (c = getc(f)) != EOF; offset--) line += c == '\n';
    fclose(f);
    return str_printf(a, "\"%.*s\" line %lld", STR_ARG(name), (long long)line);
}

static void tell_taken(CopyStatement *x)
{
    int64_t done, total;
    if (!engine_progress_is_due(x->s->db)) return;
    source_progress(x->source, &done, &total);
    engine_tell_progress(x->s->db, x->s->ast->copy->path, done, total, x->rows);
}

static Status next_batch(RowFeed *feed, const Batch **out)
{
    CopyStatement *x = (CopyStatement *)feed;
    Diags *d = &x->s->db->diags;
    *out = NULL;
    TRY(engine_interrupted(x->s->db));
    SourceStatus st = source_poll(x->source, &x->batch, d);
    if (st == SOURCE_FAILED) return diag_status(d);
    if (st != SOURCE_ROWS) return WEIR_OK;
    const StreamError *e = x->batch.errors;
    if (x->batch.nerrors > 0)
        return diag_error(d, e->code, x->s->ast->span, "%.*s: %.*s", STR_ARG(place_of(x, e->offset)), STR_ARG(e->message));
    *out = &x->batch.batch;
    x->rows += x->batch.batch.rows;
    tell_taken(x);
    return WEIR_OK;
}

/* What INSERT says of a row is told with the record's place. */
static void tell_place(CopyStatement *x)
{
    Diags *d = &x->s->db->diags;
    if (!x->feed.row || d->list.len == 0) return;
    Diag *e = &d->list.data[d->list.len - 1];
    Str place = place_of(x, x->batch.batch.offset[x->feed.row - 1]);
    e->message = str_printf(&x->s->db->call, "%.*s: %.*s", STR_ARG(place), STR_ARG(e->message));
}

static Status from_step(weir_stmt *s, CopyStatement *x)
{
    TRY(engine_can(s->db, NEED_WRITE));
    if (catalog_by_id(&s->db->catalog, x->rel_id) != x->rel)
        return diag_error(&s->db->diags, WEIR_E_NOT_FOUND, s->ast->span, "\"%.*s\" has been dropped", STR_ARG(x->file.name));
    TRY(source_open(&x->spec, &x->arena, &x->source, &s->db->diags));
    x->insert = (Insert){.into = s->ast->copy->name, .conflict = CONFLICT_NONE};
    x->inner_ast = (Stmt){.kind = STMT_INSERT, .span = s->ast->span, .insert = &x->insert};
    x->inner = statement_new(s->db);
    x->inner->ast = &x->inner_ast;
    x->inner->mark = s->mark;
    x->inner->mark_text = s->mark_text;
    x->feed.next = next_batch;
    Status st = insert_feed(x->inner, x->rel, &x->feed);
    if (st != WEIR_DONE) tell_place(x);
    s->changes = x->inner->changes;
    return st;
}

/* ---- TO ---------------------------------------------------------------------------------------------- */

static const OptionDef to_options[] = {
    {"format", OPT_ENUM, .choices = "csv,tsv,json", .doc = "csv, tsv or json (an object a line); by the file's name, else json"},
    {"header", OPT_BOOL, .fallback = "true", .doc = "csv and tsv: the first line names the columns"},
    {"delimiter", OPT_TEXT, .doc = "csv and tsv: character between fields"},
    {"null", OPT_TEXT, .fallback = "", .doc = "csv and tsv: what stands for NULL"},
    {0}};

static Status to_form(weir_stmt *s, CopyStatement *x)
{
    const Copy *c = s->ast->copy;
    Options o;
    Planner p = statement_planner(s);
    const OptionDef *const lists[] = {to_options};
    TRY(ddl_options(&p, &c->options, lists, 1, &o));
    Str form = options_text(&o, "format", ""), delimiter = options_text(&o, "delimiter", "");
    if (form.n == 0) form = form_by_name(c->path);
    x->form = (CopyForm){.is_json = str_ieq(form, S("json")), .has_header = options_bool(&o, "header", true),
                         .delimiter = str_ieq(form, S("tsv")) ? '\t' : ',', .null = options_text(&o, "null", "")};
    for (int i = 0; i < o.n && x->form.is_json; i++)
        if (!str_ieq(o.items[i].name, S("format")))
            return diag_error(&s->db->diags, WEIR_E_OPTION, o.items[i].span, "\"%.*s\" is an option of csv and tsv", STR_ARG(o.items[i].name));
    if (delimiter.n > 1 || (delimiter.n && strchr("\"\r\n", delimiter.p[0])))
        return diag_error(&s->db->diags, WEIR_E_OPTION, options_get(&o, "delimiter")->span, "a delimiter is one character, no quote and no line end");
    if (delimiter.n) x->form.delimiter = delimiter.p[0];
    return WEIR_OK;
}

/* SELECT columns FROM view, with the place of its name. */
static Status select_of_name(weir_stmt *s, Select **out)
{
    const Copy *c = s->ast->copy;
    Stmt *stmt = NULL;
    ptrdiff_t end;
    StrBuf b = {.arena = &s->arena};
    sb_lit(&b, "SELECT ");
    for (ptrdiff_t i = 0; i < c->columns.len; i++) {
        if (i) sb_lit(&b, ", ");
        sql_quote_name(&b, c->columns.data[i].text);
    }
    sb_printf(&b, "%s FROM ", c->columns.len ? "" : "*");
    sql_quote_name(&b, c->name.text);
    TRY(parser_parse_first(sb_done(&b), &s->arena, &s->db->diags, &stmt, &end));
    *out = stmt->select;
    return WEIR_OK;
}

static Status check_name(weir_stmt *s)
{
    const Copy *c = s->ast->copy;
    const Relation *r = catalog_find(&s->db->catalog, c->name.text);
    for (ptrdiff_t i = 0; r && i < c->columns.len; i++)
        if (relation_column(r, c->columns.data[i].text) < 0)
            return diag_error(&s->db->diags, WEIR_E_NAME, c->columns.data[i].span, "\"%.*s\" has no column \"%.*s\"", STR_ARG(r->name),
                              STR_ARG(c->columns.data[i].text));
    if (!r) return diag_error(&s->db->diags, WEIR_E_NOT_FOUND, c->name.span, "there is no view or table \"%.*s\"", STR_ARG(c->name.text));
    if (r->kind != REL_STREAM && r->kind != REL_SINK) return WEIR_OK;
    diag_error(&s->db->diags, WEIR_E_UNSUPPORTED, c->name.span, "\"%.*s\" is a stream; COPY … TO writes views, tables and queries", STR_ARG(r->name));
    diag_hint(&s->db->diags, "COPY (SELECT … FROM %.*s) TO …, where its input ends", STR_ARG(r->name));
    return WEIR_E_UNSUPPORTED;
}

static Status to_prepare(weir_stmt *s, CopyStatement *x)
{
    Select *q = s->ast->copy->query;
    Field *cols;
    int n;
    TRY(to_form(s, x));
    if (!q) {
        TRY(check_name(s));
        TRY(select_of_name(s, &q));
    }
    TRY(change_check_select(s, q, &cols, &n));
    x->inner_ast = (Stmt){.kind = STMT_SELECT, .span = s->ast->span, .select = q};
    x->path = full_path(s);
    return WEIR_OK;
}

static int64_t rows_of(const weir_stmt *s)
{
    const Relation *r = s->ast->copy->query ? NULL : catalog_find(&s->db->catalog, s->ast->copy->name.text);
    const Query *q = r ? engine_query(s->db, r->id) : NULL;
    return q ? op_view_progress(q->root).rows : 0;
}

static Status write_rows(weir_stmt *s, CopyStatement *x)
{
    Status st;
    x->rows = rows_of(s);
    copy_header(&x->output, &x->form, x->inner);
    while ((st = statement_next(x->inner)) == WEIR_ROW) {
        TRY(engine_interrupted(s->db));
        TRY(copy_row(&x->output, &x->form, x->inner));
        s->changes++;
        bool is_due = s->changes % ROWS_BETWEEN_LOOKS == 0 && engine_progress_is_due(s->db);
        if (is_due) engine_tell_progress(s->db, s->ast->copy->path, s->changes, x->rows, s->changes);
    }
    return st == WEIR_DONE ? WEIR_OK : st;
}

static Status to_step(weir_stmt *s, CopyStatement *x)
{
    x->inner = statement_new(s->db);
    TRY(statement_prepare(x->inner, &x->inner_ast, s->text, s->file, s->base_dir));
    x->inner->deadline_us = s->deadline_us;
    TRY(copy_open(&x->output, x->path, &s->arena, s->ast->copy->path_span, &s->db->diags));
    TRY(write_rows(s, x));
    TRY(copy_finish(&x->output));
    return WEIR_DONE;
}

/* ---- the statement ----------------------------------------------------------------------------------- */

static Status copy_prepare(weir_stmt *s)
{
    CopyStatement *x = s->impl = new_one(&s->arena, CopyStatement);
    x->s = s;
    return s->ast->copy->is_to ? to_prepare(s, x) : from_prepare(s, x);
}

/* Rows and files go as soon as they are not needed, whatever has happened. */
static void release(CopyStatement *x)
{
    statement_close(x->inner);
    x->inner = NULL;
    copy_discard(&x->output);
    if (x->source) source_close(x->source);
    x->source = NULL;
    arena_free(&x->arena);
}

static Status copy_step(weir_stmt *s)
{
    CopyStatement *x = s->impl;
    Status st = s->ast->copy->is_to ? to_step(s, x) : from_step(s, x);
    release(x);
    return st;
}

static void copy_close(weir_stmt *s)
{
    if (s->impl) release(s->impl);
}

const StatementClass copy_statement = {copy_prepare, copy_step, copy_close};
