/* ddl_fixture.h: a catalog over weir's own functions and a few made-up connectors, formats and
 * options; statements by their text; errors with what their caret stands under. */
#ifndef WEIR_TESTS_DDL_FIXTURE_H
#define WEIR_TESTS_DDL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exec/expr/expr.h"
#include "parser/parser.h"
#include "planner/planner.h"

extern const FuncDef *const func_table[];

/* ---- definitions -------------------------------------------------------------------------------- */

enum { ANY_AGG = AGG_RETRACTABLE | AGG_MERGEABLE };

static inline bool decimal_sum(const Type *args, const Value *const *consts, int nargs, Type *out)
{
    (void)consts, (void)nargs;
    *out = TYPE_DECIMAL_(38, args[0].scale);
    return true;
}

static const AggDef fixture_aggs[] = {
    {.name = "count", .args = "a?", .result = "i", .flags = ANY_AGG | AGG_STAR, .doc = "rows"},
    {.name = "sum", .args = "i", .result = "i", .flags = ANY_AGG},
    {.name = "sum", .args = "m", .result_of = decimal_sum, .flags = ANY_AGG},
    {.name = "sum", .args = "d", .result = "d", .flags = ANY_AGG},
    {.name = "min", .args = "a", .result = "1", .flags = ANY_AGG},
    {.name = "max", .args = "a", .result = "1", .flags = ANY_AGG},
    {.name = "avg", .aliases = "mean", .args = "d", .result = "d", .flags = ANY_AGG},
    {.name = "count_if", .args = "b", .result = "i", .flags = ANY_AGG},
    {.name = "string_agg", .aliases = "listagg", .args = "tt?", .result = "t", .flags = ANY_AGG | AGG_ORDERED},
    {.name = "median", .args = "d", .result = "d", .flags = ANY_AGG},
    {0},
};
static const AggDef *const fixture_agg_lists[] = {fixture_aggs, NULL};

static const WindowDef fixture_windows[] = {
    {.name = "tumbling", .table_func = "tumble", .shape = WINDOW_SHAPE_PANES, .required = WINDOW_SIZE,
     .optional = WINDOW_OFFSET | WINDOW_CALENDAR | WINDOW_GRACE},
    {.name = "hopping", .table_func = "hop", .shape = WINDOW_SHAPE_PANES,
     .required = WINDOW_SIZE | WINDOW_ADVANCE, .optional = WINDOW_GRACE},
    {.name = "count", .shape = WINDOW_SHAPE_COUNT, .required = WINDOW_ROWS, .optional = WINDOW_ADVANCE},
    {0},
};
static const WindowDef *const fixture_window_lists[] = {fixture_windows, NULL};

static const OptionDef file_options[] = {
    {.name = "path", .type = OPT_TEXT}, {.name = "follow", .type = OPT_BOOL},
    {.name = "start", .type = OPT_ENUM, .choices = "beginning,end"}, {0}};
static const OptionDef generator_options[] = {
    {.name = "rows", .type = OPT_INT, .min = 0, .max = 1000}, {.name = "rate", .type = OPT_DOUBLE},
    {.name = "*.min", .type = OPT_INT}, {0}};
static const ConnectorDef fixture_connectors[] = {
    {.name = "file", .aliases = "filesystem", .is_source = true, .options = file_options},
    {.name = "generator", .is_source = true, .makes_rows = true, .options = generator_options},
    {.name = "blackhole", .is_sink = true}, {0}};
static const ConnectorDef *const fixture_connector_lists[] = {fixture_connectors, NULL};

static const OptionDef json_options[] = {{.name = "timestamp_format", .type = OPT_TEXT}, {0}};
static const FormatDef fixture_formats[] = {
    {.name = "json", .aliases = "ndjson", .options = json_options}, {.name = "raw"}, {0}};
static const FormatDef *const fixture_format_lists[] = {fixture_formats, NULL};

static const OptionDef fixture_settings[] = {
    {.name = "refresh", .type = OPT_INTERVAL, .fallback = "100 MILLISECONDS", .doc = "how often"},
    {.name = "memory_limit", .type = OPT_INT, .fallback = "1073741824", .min = 1 << 20, .max = INT64_C(1) << 40},
    {.name = "time_zone", .type = OPT_TEXT, .fallback = "UTC"},
    {.name = "synchronous", .type = OPT_ENUM, .choices = "normal,full,off", .fallback = "normal"},
    {.name = "strict", .type = OPT_BOOL, .fallback = "off"}, {0}};
static const OptionDef fixture_stream_options[] = {
    {.name = "on_error", .type = OPT_ENUM, .choices = "skip,fail", .fallback = "skip"},
    {.name = "max_future", .type = OPT_INTERVAL, .choices = "off", .fallback = "1 DAY"},
    {.name = "time_zone", .type = OPT_TEXT, .fallback = "UTC"}, {0}};
static const OptionDef fixture_view_options[] = {
    {.name = "retention", .type = OPT_INTERVAL},
    {.name = "decimals", .type = OPT_ENUM, .choices = "auto,text,real"},
    {.name = "timestamps", .type = OPT_ENUM, .choices = "text,ms,s"}, {0}};

static const Registry fixture_registry = {
    .funcs = func_table, .aggs = fixture_agg_lists, .windows = fixture_window_lists,
    .connectors = fixture_connector_lists, .formats = fixture_format_lists, .settings = fixture_settings,
    .stream_options = fixture_stream_options, .view_options = fixture_view_options};

/* ---- what exec brings --------------------------------------------------------------------------- */

static const EvalEnv FIXTURE_ENV = {.now_us = INT64_C(1700000000000000), .watermark_us = INT64_MIN, .seed = 7,
                                    .regex_match_limit = 100000};

static inline Status fixture_constant(void *arg, const BExpr *e, Arena *a, Value *out, Diags *d)
{
    (void)arg;
    return expr_constant(e, &FIXTURE_ENV, a, out, d);
}

static inline bool fixture_schema(void *arg, const ConnectorDef *c, const Options *o, const ColumnDef **cols, int *n, Str *time_column, int64_t *delay_us)
{
    (void)time_column, (void)delay_us;
    static const ColumnDef made[] = {
        {.name = {"number", 6}, .type = {.kind = TYPE_BIGINT, .int_bits = 64}},
        {.name = {"date_time", 9}, .type = {.kind = TYPE_TIMESTAMP, .precision = 3}}};
    (void)arg, (void)o;
    if (strcmp(c->name, "generator") != 0) return false;
    *cols = made;
    *n = 2;
    return true;
}

static inline Status fixture_infer(void *arg, Str path, const Options *given, Relation *rel, Span at, Diags *d)
{
    Arena *a = arg;
    if (!str_ends(path, S(".ndjson"))) return diag_error(d, WEIR_E_IO, at, "cannot read \"%.*s\"", STR_ARG(path));
    (void)given;
    rel->ncols = 3;
    rel->cols = new (a, ColumnDef, 3);
    rel->cols[0] = (ColumnDef){.name = S("at"), .type = TYPE_TIMESTAMP_(3), .not_null = true};
    rel->cols[1] = (ColumnDef){.name = S("user name"), .type = TYPE_OF(TYPE_TEXT), .path = S("$.user.name")};
    rel->cols[2] = (ColumnDef){.name = S("n"), .type = TYPE_BIGINT_};
    rel->watermark = (WatermarkDef){.col = 0, .delay_us = 5000000};
    Option *items = new (a, Option, 3);
    items[0] = (Option){.name = S("connector"), .value = S("file")};
    items[1] = (Option){.name = S("path"), .value = path};
    items[2] = (Option){.name = S("format"), .value = S("json")};
    rel->options = (Options){items, 3};
    return WEIR_OK;
}

/* ---- the fixture -------------------------------------------------------------------------------- */

typedef struct Fixture {
    Arena arena;
    Catalog catalog;
    Diags diags;
    Planner p;
    OomFrame oom;
    const char *sql; /* the newest statement */
} Fixture;

static Fixture fx;

static inline int fixture_open(void **state)
{
    (void)state;
    fx = (Fixture){0};
    oom_top = &fx.oom;
    fx.catalog = (Catalog){.arena = &fx.arena, .registry = &fixture_registry, .next_id = 1};
    fx.diags.arena = &fx.arena;
    fx.p = (Planner){.catalog = &fx.catalog, .arena = &fx.arena, .diags = &fx.diags, .callback_arg = &fx.arena,
                     .constant = fixture_constant, .connector_schema = fixture_schema, .infer_file = fixture_infer};
    return 0;
}

static inline int fixture_close(void **state)
{
    (void)state;
    oom_top = NULL;
    arena_free(&fx.arena);
    return 0;
}

static inline void show_errors(void)
{
    for (ptrdiff_t i = 0; i < fx.diags.list.len; i++)
        print_error("%s\n", diag_render(&fx.diags, &fx.diags.list.data[i], &fx.arena).p);
}

static inline Stmt *parse(const char *sql)
{
    Stmt *stmt = NULL;
    ptrdiff_t end;
    fx.sql = sql;
    fx.diags.list.len = 0;
    fx.diags.text = str_z(sql);
    if (parser_parse_first(str_z(sql), &fx.arena, &fx.diags, &stmt, &end) != WEIR_OK) {
        show_errors();
        fail_msg("does not parse: %s", sql);
    }
    assert_non_null(stmt);
    return stmt;
}

static inline Status define(const char *sql, Relation **out)
{
    Stmt *s = parse(sql);
    Status st = s->kind == STMT_CREATE_STREAM ? ddl_stream(&fx.p, s->create_stream, out)
                                              : ddl_view(&fx.p, s->create_view, out);
    if (st != WEIR_OK) return st;
    (*out)->id = fx.catalog.next_id;
    catalog_put(&fx.catalog, *out);
    return WEIR_OK;
}

/* Carries out a CREATE that has to work. */
static inline Relation *create(const char *sql)
{
    Relation *r = NULL;
    if (define(sql, &r) != WEIR_OK || fx.diags.list.len) {
        show_errors();
        fail_msg("failed: %s", sql);
    }
    return r;
}

/* The first error: its code, a part of its message, what its caret stands under (NULL: any place). */
static inline void check_error(Status st, Status code, const char *part, const char *under)
{
    if (st == WEIR_OK || st != code) show_errors();
    if (st != code) fail_msg("%s instead of %s: %s", status_name(st), status_name(code), fx.sql);
    const Diag *d = &fx.diags.list.data[0];
    if (str_find(d->message, str_z(part)) < 0) fail_msg("message: %s", d->message.p);
    if (!under) return;
    assert_int_not_equal(d->span.line, 0);
    assert_string_equal(str_cstr(&fx.arena, str_of(fx.sql + d->span.off, d->span.len)), under);
}

static inline void refuse(const char *sql, Status code, const char *part, const char *under)
{
    Relation *r;
    check_error(define(sql, &r), code, part, under);
}

static inline void check_hint(const char *part)
{
    const Diag *d = &fx.diags.list.data[0];
    if (str_find(d->hint, str_z(part)) < 0) fail_msg("hint: %s", d->hint.n ? d->hint.p : "(none)");
}

static inline void check_str(Str s, const char *expected)
{
    assert_string_equal(str_cstr(&fx.arena, s), expected);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)

#endif
