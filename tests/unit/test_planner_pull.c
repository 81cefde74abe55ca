/* Pull queries: written in weir's SQL, run by SQLite on tables that stand as views do. */
#include "ddl_fixture.h"

#include "base/datetime.h"
#include "base/decimal.h"

#include <sqlite3.h>
#include <stdio.h>

/* ---- weir_expr and the collations, as exec brings them ------------------------------------------ */

typedef struct Run {
    PullQuery query;
    ExprProgram **programs;
} Run;

static Value argument(sqlite3_value *x, Type t)
{
    Value v = {.type = t, .is_null = sqlite3_value_type(x) == SQLITE_NULL};
    int32_t days = 0;
    Str text = {(const char *)sqlite3_value_text(x), sqlite3_value_bytes(x)};
    bool ok = true;
    if (v.is_null) return v;
    switch ((TypeKind)t.kind) {
    case TYPE_DOUBLE: v.d = sqlite3_value_double(x); break;
    case TYPE_DECIMAL:
        ok = sqlite3_value_type(x) == SQLITE_FLOAT ? decimal_from_double(sqlite3_value_double(x), t, &v.dec)
                                                   : decimal_parse(text, t, &v.dec) == DECIMAL_OK;
        break;
    case TYPE_TIMESTAMP:
        ok = sqlite3_value_type(x) == SQLITE_INTEGER ? timestamp_from_epoch(sqlite3_value_int64(x), 1000, &v.i)
                                                     : timestamp_parse(text, t.precision, &v.i);
        break;
    case TYPE_DATE: ok = date_parse(text, &days), v.i = days; break;
    case TYPE_TIME: ok = time_parse(text, &v.i); break;
    case TYPE_INTERVAL: ok = interval_parse(text, &v.iv); break;
    case TYPE_BOOLEAN: case TYPE_BIGINT: v.i = sqlite3_value_int64(x); break;
    case TYPE_NULL: case TYPE_TEXT: case TYPE_BLOB: case TYPE_JSON: case TYPE_ARRAY: case TYPE_ROW:
    case TYPE_MAP: case TYPE_COUNT: v.s = str_dup(&fx.arena, text); break;
    }
    assert_true(ok);
    return v;
}

static void give_value(sqlite3_context *ctx, const Value *v)
{
    char text[TIME_TEXT_MAX + DECIMAL_TEXT_MAX + 1];
    int n = -1;
    if (v->is_null) return;
    switch ((TypeKind)v->type.kind) {
    case TYPE_BOOLEAN: case TYPE_BIGINT: sqlite3_result_int64(ctx, v->i); return;
    case TYPE_DOUBLE: sqlite3_result_double(ctx, v->d); return;
    case TYPE_DECIMAL:
        if (v->type.precision <= 15) {
            sqlite3_result_double(ctx, decimal_to_double(v->dec, v->type.scale));
            return;
        }
        n = decimal_print(v->dec, v->type.scale, text);
        break;
    case TYPE_TIMESTAMP: n = timestamp_print(v->i, v->type.precision, text); break;
    case TYPE_DATE: n = date_print((int32_t)v->i, text); break;
    case TYPE_TIME: n = time_print(v->i, text); break;
    case TYPE_INTERVAL: n = interval_print(v->iv, text); break;
    case TYPE_BLOB: sqlite3_result_blob(ctx, v->s.p, (int)v->s.n, SQLITE_TRANSIENT); return;
    case TYPE_NULL: case TYPE_TEXT: case TYPE_JSON: case TYPE_ARRAY: case TYPE_ROW: case TYPE_MAP:
    case TYPE_COUNT: sqlite3_result_text(ctx, v->s.p, (int)v->s.n, SQLITE_TRANSIENT); return;
    }
    sqlite3_result_text(ctx, text, n, SQLITE_TRANSIENT);
}

static void weir_expr(sqlite3_context *ctx, int n, sqlite3_value **args)
{
    Run *run = sqlite3_value_pointer(args[0], "weir_pull");
    assert_non_null(run);
    int i = sqlite3_value_int(args[1]);
    const PullExpr *e = &run->query.exprs[i];
    assert_int_equal(n - 2, e->nargs);
    Batch b = {.rows = 1, .ncols = e->nargs, .cols = new (&fx.arena, Column, e->nargs), .judge_max = INT64_MIN};
    for (int k = 0; k < e->nargs; k++) {
        Value v = argument(args[k + 2], e->types[k]);
        b.cols[k] = column_new(&fx.arena, e->types[k], 1);
        column_put(&b.cols[k], &fx.arena, 0, &v);
    }
    Column out;
    expr_eval(run->programs[i], &b, &FIXTURE_ENV, &fx.arena, &out);
    if (col_is_err(&out, 0)) {
        Str m = column_error(&out, 0)->message;
        sqlite3_result_error(ctx, m.p, (int)m.n);
        return;
    }
    Value v = column_value(&out, 0);
    give_value(ctx, &v);
}

static int by_decimal(void *arg, int na, const void *a, int nb, const void *b)
{
    (void)arg;
    Int128 x, y;
    assert_int_equal(decimal_parse((Str){a, na}, TYPE_DECIMAL_(38, 10), &x), DECIMAL_OK);
    assert_int_equal(decimal_parse((Str){b, nb}, TYPE_DECIMAL_(38, 10), &y), DECIMAL_OK);
    return (x > y) - (x < y);
}

/* ---- a database --------------------------------------------------------------------------------- */

static const char SCHEMA[] =
    "CREATE TABLE sales (region TEXT, item TEXT, qty INTEGER, price REAL, total TEXT, paid INTEGER, at TEXT, day TEXT);"
    "INSERT INTO sales VALUES"
    " ('east', 'nut', 10, 0.5, '5.000', 1, '2024-01-01 10:00:00.000', '2024-01-01'),"
    " ('east', 'Bolt', 3, 2.25, '10.000', 0, '2024-01-01 11:30:00.250', '2024-01-01'),"
    " ('west', 'nut', 7, 0.75, '9.500', NULL, '2024-01-02 00:00:00.000', '2024-01-02'),"
    " ('west', NULL, NULL, NULL, NULL, 1, NULL, NULL);"
    "CREATE TABLE regions (region TEXT, boss TEXT);"
    "INSERT INTO regions VALUES ('east', 'Ann'), ('north', 'Bo');"
    "CREATE TABLE ticks (id INTEGER, ms INTEGER);"
    "INSERT INTO ticks VALUES (1, 0), (2, 1500), (3, 86400000);"
    "CREATE TABLE tags (id INTEGER, list TEXT, doc TEXT);"
    "INSERT INTO tags VALUES (1, '[1,2]', '{\"a\":{\"b\":\"x\"}}'), (2, '[]', NULL);"
    "CREATE TABLE other (a, b); INSERT INTO other VALUES (1, 'x'), (2, 'y');";

typedef struct Col {
    const char *name;
    Type type;
} Col;

static void add_view(const char *name, const Col *cols, int n, const char *timestamps)
{
    Relation *r = new_one(&fx.arena, Relation);
    *r = (Relation){.kind = REL_MATERIALIZED, .id = fx.catalog.next_id, .name = str_z(name), .ncols = n,
                    .watermark = {.col = -1}, .cols = new (&fx.arena, ColumnDef, n)};
    for (int i = 0; i < n; i++) r->cols[i] = (ColumnDef){.name = str_z(cols[i].name), .type = cols[i].type};
    Option *o = new_one(&fx.arena, Option);
    *o = (Option){.name = S("timestamps"), .value = str_z(timestamps)};
    r->options = (Options){o, 1};
    catalog_put(&fx.catalog, r);
}

#define T(k) {.kind = TYPE_##k}
#define ARRAY_OF_BIGINT {.kind = TYPE_ARRAY, .args = &bigint_element, .nargs = 1}
static const TypeField bigint_element = {.type = {.kind = TYPE_BIGINT, .int_bits = 64}};
static sqlite3 *db;

static bool other_table(void *arg, Str name, Arena *a, Field **cols, int *n)
{
    (void)arg;
    if (str_ieq(name, S("weir_errors"))) return *n = 0, true;
    if (!str_ieq(name, S("other"))) return false;
    *n = 2;
    *cols = new (a, Field, 2);
    (*cols)[0] = (Field){S("a"), TYPE_OF(TYPE_NULL)};
    (*cols)[1] = (Field){S("b"), TYPE_OF(TYPE_NULL)};
    return true;
}

static int database_open(void **state)
{
    static const Col SALES[] = {{"region", T(TEXT)}, {"item", T(TEXT)}, {"qty", {.kind = TYPE_BIGINT, .int_bits = 64}},
                                {"price", {.kind = TYPE_DECIMAL, .precision = 10, .scale = 2}},
                                {"total", {.kind = TYPE_DECIMAL, .precision = 20, .scale = 3}}, {"paid", T(BOOLEAN)},
                                {"at", {.kind = TYPE_TIMESTAMP, .precision = 3}}, {"day", T(DATE)}};
    static const Col REGIONS[] = {{"region", T(TEXT)}, {"boss", T(TEXT)}};
    static const Col TICKS[] = {{"id", {.kind = TYPE_BIGINT, .int_bits = 64}}, {"ms", {.kind = TYPE_TIMESTAMP, .precision = 3}}};
    static const Col TAGS[] = {{"id", {.kind = TYPE_BIGINT, .int_bits = 64}}, {"list", ARRAY_OF_BIGINT}, {"doc", T(JSON)}};
    fixture_open(state);
    add_view("sales", SALES, 8, "text");
    add_view("regions", REGIONS, 2, "text");
    add_view("ticks", TICKS, 2, "ms");
    add_view("tags", TAGS, 3, "text");
    create("CREATE STREAM clicks (a BIGINT)");
    fx.p.sqlite_table = other_table;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, SCHEMA, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_create_function(db, "weir_expr", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, weir_expr, NULL, NULL);
    sqlite3_create_collation(db, "weir_decimal", SQLITE_UTF8, NULL, by_decimal);
    return 0;
}

static int database_close(void **state)
{
    sqlite3_close(db);
    return fixture_close(state);
}

/* ---- running ------------------------------------------------------------------------------------ */

static Run translate(const char *sql)
{
    Run run = {0};
    Stmt *s = parse(sql);
    if (pull_translate(&fx.p, s->select, &run.query) != WEIR_OK || fx.diags.list.len) {
        show_errors();
        fail_msg("failed: %s", sql);
    }
    run.programs = new (&fx.arena, ExprProgram *, run.query.nexprs);
    for (int i = 0; i < run.query.nexprs; i++) {
        const BExpr *root = run.query.exprs[i].expr;
        assert_int_equal(expr_compile(&root, 1, &fx.arena, &run.programs[i], &fx.diags), WEIR_OK);
    }
    return run;
}

static void print_row(StrBuf *b, sqlite3_stmt *st)
{
    for (int i = 0; i < sqlite3_column_count(st); i++) {
        const char *text = (const char *)sqlite3_column_text(st, i);
        sb_printf(b, "%s%s", i ? "|" : "", text ? text : "NULL");
    }
    sb_char(b, '\n');
}

/* The rows as lines of values between bars; NULL where the statement failed. */
static const char *run_sql(const char *sql, Run *run)
{
    sqlite3_stmt *st;
    *run = translate(sql);
    if (sqlite3_prepare_v2(db, run->query.sql.p, (int)run->query.sql.n, &st, NULL) != SQLITE_OK)
        fail_msg("%s\n  in %s", sqlite3_errmsg(db), run->query.sql.p);
    int at = sqlite3_bind_parameter_index(st, ":weir");
    if (at) sqlite3_bind_pointer(st, at, run, "weir_pull", NULL);
    if (run->query.ncols) assert_int_equal(run->query.ncols, sqlite3_column_count(st));
    for (int i = 0; i < run->query.ncols; i++) check_str(run->query.cols[i].name, sqlite3_column_name(st, i));
    StrBuf b = {.arena = &fx.arena};
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) print_row(&b, st);
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? sb_done(&b).p : NULL;
}

static void expect_at(const char *sql, const char *rows, const char *file, int line)
{
    Run run;
    const char *got = run_sql(sql, &run);
    if (!got) print_error("%s\n", sqlite3_errmsg(db));
    if (!got || strcmp(got, rows) != 0) print_error("%s\n  %s\n", sql, run.query.sql.p);
    _assert_string_equal(got ? got : "(failed)", rows, file, line);
}
#define expect(sql, rows) expect_at((sql), (rows), __FILE__, __LINE__)

/* SQLite alone does it: nothing is computed by weir. */
static void native(const char *sql)
{
    Run run = translate(sql);
    if (run.query.nexprs) fail_msg("not native: %s", run.query.sql.p);
}

static void refuse_pull(const char *sql, Status code, const char *part, const char *under)
{
    PullQuery q;
    Stmt *s = parse(sql);
    check_error(pull_translate(&fx.p, s->select, &q), code, part, under);
}

static void type_of(const char *sql, const char *type)
{
    Run run = translate(sql);
    check_str(type_name(run.query.cols[0].type, &fx.arena), type);
}

/* ---- the plain ----------------------------------------------------------------------------------- */

static void plain_queries(void **state)
{
    (void)state;
    expect("SELECT * FROM regions", "east|Ann\nnorth|Bo\n");
    expect("SELECT r.*, boss AS b FROM regions r WHERE r.region = 'north'", "north|Bo|Bo\n");
    expect("SELECT REGION FROM Regions ORDER BY region DESC LIMIT 1", "north\n");
    expect("SELECT region FROM regions ORDER BY 1 DESC OFFSET 1", "east\n");
    expect("SELECT DISTINCT region FROM sales ORDER BY region", "east\nwest\n");
    expect("SELECT 1", "1\n");
    expect("SELECT 1 AS a, 'it''s' AS b, TRUE AS c, NULL AS d, 1.5 AS e, x'00ff' IS NULL AS f", "1|it's|1|NULL|1.5|0\n");
    expect("SELECT -9223372036854775808", "-9223372036854775808\n");
    expect("VALUES (1, 'a'), (2, 'b') ORDER BY 1 DESC LIMIT 1", "2|b\n");
    expect("SELECT y FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, y) WHERE x > 1", "b\n");
    expect("SELECT \"a b\" FROM (SELECT 1 AS \"a b\") AS \"q\"\"x\"", "1\n");
    expect("SELECT item FROM sales WHERE region = 'west' FETCH FIRST 1 ROW ONLY", "nut\n");
}

static void nulls_order(void **state)
{
    (void)state;
    expect("SELECT item FROM sales ORDER BY item", "NULL\nBolt\nnut\nnut\n");
    expect("SELECT item FROM sales ORDER BY item DESC LIMIT 1", "nut\n");
    expect("SELECT item FROM sales ORDER BY item NULLS LAST LIMIT 1", "Bolt\n");
    expect("SELECT item FROM sales ORDER BY item DESC NULLS FIRST LIMIT 1", "NULL\n");
    expect("SELECT total FROM sales ORDER BY total", "NULL\n5.000\n9.500\n10.000\n");
    expect("SELECT total FROM sales ORDER BY 1 DESC LIMIT 1", "10.000\n");
    expect("SELECT item AS i FROM sales ORDER BY i, 'constant'", "NULL\nBolt\nnut\nnut\n");
    expect("SELECT qty FROM sales ORDER BY qty % 5, qty", "NULL\n10\n7\n3\n");
}

static void like_is_case_sensitive(void **state)
{
    (void)state;
    expect("SELECT item FROM sales WHERE item LIKE 'b%'", "");
    expect("SELECT item FROM sales WHERE item LIKE 'B%'", "Bolt\n");
    expect("SELECT item FROM sales WHERE item ILIKE 'b%'", "Bolt\n");
    expect("SELECT item FROM sales WHERE item NOT LIKE '%t'", "");
    expect("SELECT 'a%' LIKE 'a!%' ESCAPE '!' AS x, 'ab' LIKE 'a!%' ESCAPE '!' AS y", "1|0\n");
}

/* ---- arithmetic and types ----------------------------------------------------------------------- */

static void arithmetic(void **state)
{
    (void)state;
    expect("SELECT 7 / 2 AS a, -7 / 2 AS b, -7 % 3 AS c, 1 / 0 AS d", "3|-3|-1|NULL\n");
    expect("SELECT qty * 2 + 1 AS x FROM sales WHERE item = 'Bolt'", "7\n");
    expect("SELECT price * qty AS x FROM sales WHERE item = 'Bolt'", "6.75\n");
    type_of("SELECT price * qty AS x FROM sales", "DECIMAL(30, 2)");
    expect("SELECT qty || '!' AS x FROM sales WHERE region || '-' || item = 'west-nut'", "7!\n");
    Run run;
    assert_null(run_sql("SELECT qty + 9223372036854775807 AS x FROM sales", &run));
    assert_non_null(strstr(sqlite3_errmsg(db), "BIGINT"));
}

static void casts(void **state)
{
    (void)state;
    expect("SELECT CAST('12' AS BIGINT) AS a, '3.5'::DOUBLE AS b, CAST(2.9 AS INT) AS c, TRUE::TEXT AS d", "12|3.5|2|true\n");
    expect("SELECT TRY_CAST(item AS BIGINT) AS a FROM sales WHERE item = 'nut'", "NULL\nNULL\n");
    expect("SELECT CAST(at AS DATE) AS a FROM sales WHERE qty = 3", "2024-01-01\n");
    expect("SELECT CAST(total AS DOUBLE) / 4 AS a FROM sales WHERE qty = 3", "2.5\n");
    Run run;
    assert_null(run_sql("SELECT CAST(item AS BIGINT) AS a FROM sales", &run));
    refuse_pull("SELECT CAST(qty AS FOO) FROM sales", WEIR_E_TYPE, "foo", "FOO");
    refuse_pull("SELECT qty + item FROM sales", WEIR_E_TYPE, "+", NULL);
}

static void wide_decimals(void **state)
{
    (void)state;
    expect("SELECT qty FROM sales WHERE total > 9.5", "3\n");
    expect("SELECT qty FROM sales WHERE total = 5", "10\n");
    expect("SELECT max(total) AS a, min(total) AS b FROM sales", "10.000|5.000\n");
    expect("SELECT qty FROM sales WHERE total IN (5, 9.5) ORDER BY qty", "7\n10\n");
    expect("SELECT total + 1 AS x FROM sales WHERE qty = 7", "10.500\n");
    expect("SELECT sum(total) AS x, sum(DISTINCT total) + 1 AS y FROM sales", "24.500|25.500\n");
    expect("SELECT region, sum(total) FILTER (WHERE qty > 5) AS x FROM sales GROUP BY region ORDER BY x", "east|5.000\nwest|9.500\n");
    expect("SELECT sum(CAST('0.1' AS DECIMAL(20, 1))) AS x FROM sales", "0.4\n");
    type_of("SELECT sum(total) AS x FROM sales", "DECIMAL(38, 3)");
    expect("SELECT avg(total) AS x FROM sales WHERE qty IN (10, 3)", "7.5\n");
    expect("SELECT sum(price) AS x FROM sales", "3.5\n");
}

static void booleans(void **state)
{
    (void)state;
    native("SELECT qty FROM sales WHERE paid AND NOT (qty IS NULL) OR paid IS NOT TRUE");
    expect("SELECT count(*) AS n FROM sales WHERE paid", "2\n");
    expect("SELECT count(*) AS n FROM sales WHERE paid IS NOT TRUE", "2\n");
    expect("SELECT count(*) AS n FROM sales WHERE paid IS UNKNOWN", "1\n");
    expect("SELECT count(*) AS n FROM sales WHERE paid = FALSE", "1\n");
    expect("SELECT count(*) AS n FROM sales WHERE paid IS DISTINCT FROM TRUE", "2\n");
    expect("SELECT count(*) AS n FROM sales WHERE item IS NOT DISTINCT FROM NULL", "1\n");
    refuse_pull("SELECT 1 FROM sales WHERE qty", WEIR_E_TYPE, "BOOLEAN", "qty");
    refuse_pull("SELECT 1 FROM sales WHERE paid AND item", WEIR_E_TYPE, "BOOLEAN", "item");
}

/* ---- times -------------------------------------------------------------------------------------- */

static void timestamps(void **state)
{
    (void)state;
    native("SELECT qty FROM sales WHERE at >= '2024-01-01 11:30' AND at < TIMESTAMP '2024-01-02 00:00:00'");
    expect("SELECT qty FROM sales WHERE at = '2024-01-01T10:00:00Z'", "10\n");
    expect("SELECT qty FROM sales WHERE at = TIMESTAMP '2024-01-01 10:00:00'", "10\n");
    expect("SELECT qty FROM sales WHERE at > TIMESTAMP '2024-01-01 11:30:00.249999' ORDER BY at", "3\n7\n");
    expect("SELECT qty FROM sales WHERE at BETWEEN '2024-01-01' AND '2024-01-01 23:59:59.999' ORDER BY qty", "3\n10\n");
    expect("SELECT qty FROM sales WHERE at IN ('2024-01-02', '2024-01-03')", "7\n");
    expect("SELECT at + INTERVAL '1' HOUR AS x FROM sales WHERE qty = 3", "2024-01-01 12:30:00.250\n");
    expect("SELECT at - TIMESTAMP '2024-01-01 00:00:00' AS x FROM sales WHERE qty = 3", "11:30:00.25\n");
    expect("SELECT qty FROM sales WHERE at - INTERVAL '1' DAY = '2024-01-01 00:00:00'", "7\n");
    expect("SELECT date_trunc('hour', at) AS x, EXTRACT(HOUR FROM at) AS h FROM sales WHERE qty = 3", "2024-01-01 11:00:00.000|11\n");
    expect("SELECT qty FROM sales WHERE day = DATE '2024-01-02'", "7\n");
    expect("SELECT qty FROM sales WHERE at < now() ORDER BY qty", "");
    refuse_pull("SELECT qty FROM sales WHERE at > 'soon'", WEIR_E_VALUE, "soon", "'soon'");
    refuse_pull("SELECT qty FROM sales WHERE at > 5", WEIR_E_TYPE, "", NULL);
}

static void timestamps_as_numbers(void **state)
{
    (void)state;
    expect("SELECT id FROM ticks WHERE ms > '1970-01-01 00:00:01'", "2\n3\n");
    expect("SELECT id FROM ticks WHERE ms = TIMESTAMP '1970-01-02 00:00:00'", "3\n");
    expect("SELECT ms + INTERVAL '1' SECOND AS x FROM ticks WHERE id = 2", "1970-01-01 00:00:02.500\n");
    expect("SELECT max(ms) AS x FROM ticks", "86400000\n");
    expect("SELECT a.id FROM ticks a JOIN ticks b ON a.ms = b.ms AND b.id = 2", "2\n");
}

/* ---- forms -------------------------------------------------------------------------------------- */

static void forms(void **state)
{
    (void)state;
    expect("SELECT CASE WHEN qty > 5 THEN 'many' WHEN qty IS NULL THEN 'none' ELSE 'few' END AS c FROM sales", "many\nfew\nmany\nnone\n");
    expect("SELECT CASE item WHEN 'nut' THEN 1 ELSE 0.5 END AS c FROM sales WHERE qty = 3", "0.5\n");
    expect("SELECT coalesce(item, '-') AS c FROM sales WHERE qty IS NULL", "-\n");
    expect("SELECT coalesce(qty, 0.5) AS c FROM sales WHERE qty IS NULL", "0.5\n");
    expect("SELECT nullif(item, 'nut') AS c FROM sales WHERE qty = 7", "NULL\n");
    expect("SELECT qty FROM sales WHERE qty NOT BETWEEN 5 AND 20", "3\n");
    expect("SELECT qty FROM sales WHERE qty BETWEEN SYMMETRIC 8 AND 5", "7\n");
    expect("SELECT qty FROM sales WHERE (region, item) = ('east', 'nut')", "10\n");
    expect("SELECT qty FROM sales WHERE (region, item) IN (('east', 'nut'), ('west', 'x'))", "10\n");
    expect("SELECT qty FROM sales WHERE item NOT IN ('nut')", "3\n");
    expect("SELECT upper(item) AS u FROM sales WHERE qty = 3", "BOLT\n");
    expect("SELECT length(item) + length(region) AS n FROM sales WHERE qty = 3", "8\n");
    expect("SELECT doc -> 'a' ->> 'b' AS x FROM tags WHERE id = 1", "x\n");
}

/* One call for a whole expression, one expression for equal texts. */
static void expressions_are_shared(void **state)
{
    (void)state;
    Run run = translate("SELECT upper(item) || '-' || lower(region) AS a FROM sales WHERE upper(item) = 'X' AND upper(item) <> 'Y'");
    assert_int_equal(run.query.nexprs, 2);
    run = translate("SELECT abs(qty * 2 + 1) AS a FROM sales");
    assert_int_equal(run.query.nexprs, 1);
}

/* ---- joins -------------------------------------------------------------------------------------- */

static void joins(void **state)
{
    (void)state;
    expect("SELECT s.qty, r.boss FROM sales s JOIN regions r ON s.region = r.region ORDER BY 1", "3|Ann\n10|Ann\n");
    expect("SELECT s.qty, boss FROM sales s LEFT JOIN regions r USING (region) WHERE qty > 6 ORDER BY qty", "7|NULL\n10|Ann\n");
    expect("SELECT region, boss, item FROM sales FULL JOIN regions USING (region) WHERE boss = 'Bo'", "north|Bo|NULL\n");
    expect("SELECT * FROM regions NATURAL JOIN (SELECT region, qty FROM sales) AS q ORDER BY qty", "east|Ann|3\neast|Ann|10\n");
    expect("SELECT count(*) AS n FROM sales, regions", "8\n");
    expect("SELECT count(*) AS n FROM sales s LEFT JOIN (regions r JOIN ticks t ON t.id = 1) ON s.region = r.region", "4\n");
    expect("SELECT x.v FROM tags, UNNEST(list) AS x(v)", "1\n2\n");
    expect("SELECT v, n FROM tags CROSS JOIN UNNEST(list) WITH ORDINALITY AS x(v, n)", "1|1\n2|2\n");
    expect("SELECT sum(v) AS s FROM tags, UNNEST(list) AS x(v)", "3\n");
    refuse_pull("SELECT region FROM sales JOIN regions ON TRUE", WEIR_E_NAME, "ambiguous", "region");
    refuse_pull("SELECT 1 FROM sales JOIN regions USING (boss)", WEIR_E_NAME, "\"boss\" is not a column on the left", "boss");
    refuse_pull("SELECT 1 FROM sales JOIN sales ON TRUE", WEIR_E_NAME, "two tables", NULL);
}

static void subqueries(void **state)
{
    (void)state;
    expect("SELECT qty FROM sales WHERE qty = (SELECT max(qty) FROM sales)", "10\n");
    expect("SELECT boss FROM regions r WHERE EXISTS (SELECT 1 FROM sales s WHERE s.region = r.region)", "Ann\n");
    expect("SELECT boss FROM regions r WHERE NOT EXISTS (SELECT * FROM sales WHERE region = r.region)", "Bo\n");
    expect("SELECT boss FROM regions WHERE region IN (SELECT region FROM sales)", "Ann\n");
    expect("SELECT boss FROM regions WHERE region = ANY (SELECT region FROM sales)", "Ann\n");
    expect("SELECT boss FROM regions WHERE region <> ALL (SELECT region FROM sales)", "Bo\n");
    expect("SELECT (SELECT count(*) FROM sales s WHERE s.region = r.region) + 1 AS n FROM regions r ORDER BY n", "1\n3\n");
    refuse_pull("SELECT 1 FROM sales WHERE qty = (SELECT qty, item FROM sales)", WEIR_E_TYPE, "2 columns", NULL);
    refuse_pull("SELECT 1 FROM sales WHERE qty > ALL (SELECT qty FROM sales)", WEIR_E_UNSUPPORTED, "ALL", NULL);
}

static void common_tables(void **state)
{
    (void)state;
    expect("WITH big AS (SELECT item, qty FROM sales WHERE qty > 5), b2(i) AS (SELECT item FROM big) "
           "SELECT DISTINCT i FROM b2", "nut\n");
    expect("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT sum(i) AS s FROM n", "10\n");
    expect("WITH sales AS (SELECT 1 AS a) SELECT a FROM sales", "1\n");
    refuse_pull("WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a", WEIR_E_NAME, "\"b\"", "b");
}

static void views_are_expanded(void **state)
{
    (void)state;
    Relation *v = new_one(&fx.arena, Relation);
    Select *q = parse("SELECT region, sum(qty) AS n FROM sales GROUP BY region")->select;
    *v = (Relation){.kind = REL_VIEW, .id = 99, .name = S("per_region"), .ncols = 2, .query = q,
                    .cols = new (&fx.arena, ColumnDef, 2)};
    v->cols[0].name = S("r");
    v->cols[1].name = S("n");
    catalog_put(&fx.catalog, v);
    expect("SELECT a.r, a.n FROM per_region a JOIN per_region b ON a.n < b.n", "west|7\n");
    refuse_pull("SELECT region FROM per_region", WEIR_E_NAME, "\"region\"", "region");
}

/* ---- groups ------------------------------------------------------------------------------------- */

static void groups(void **state)
{
    (void)state;
    expect("SELECT region, count(*), count(item) AS c, sum(qty) AS s, avg(qty) AS a FROM sales GROUP BY region ORDER BY region",
           "east|2|2|13|6.5\nwest|2|1|7|7.0\n");
    expect("SELECT count(*), count(qty) FROM sales", "4|3\n");
    expect("SELECT upper(region) AS u, count(*) AS n FROM sales GROUP BY u HAVING count(*) > 1 ORDER BY 1", "EAST|2\nWEST|2\n");
    expect("SELECT lower(item) AS l FROM sales GROUP BY 1 ORDER BY l", "NULL\nbolt\nnut\n");
    expect("SELECT upper(item) || '!' AS x FROM sales WHERE qty > 3 GROUP BY upper(item)", "NUT!\n");
    expect("SELECT count(*) FILTER (WHERE paid) AS n, count_if(qty > 5) AS m FROM sales", "2|2\n");
    expect("SELECT count(DISTINCT region) AS n FROM sales", "2\n");
    expect("SELECT string_agg(item, '+') AS x FROM sales WHERE region = 'east'", "nut+Bolt\n");
    expect("SELECT count(*) AS n FROM sales GROUP BY 1 + 1", "4\n");
    expect("SELECT max(at) AS x FROM sales", "2024-01-02 00:00:00.000\n");
    expect("SELECT sum(qty * 2) AS x FROM sales", "40\n");
    expect("SELECT sum(qty) * 2 AS x FROM sales HAVING sum(qty) > 1", "40\n");
}

static void bad_groups(void **state)
{
    (void)state;
    refuse_pull("SELECT region, item, count(*) FROM sales GROUP BY region", WEIR_E_GROUP, "\"item\" is neither", "item");
    refuse_pull("SELECT region, count(*) FROM sales", WEIR_E_GROUP, "\"region\"", "region");
    refuse_pull("SELECT * FROM sales GROUP BY region", WEIR_E_GROUP, "neither", NULL);
    refuse_pull("SELECT count(*) FROM sales HAVING qty > 1", WEIR_E_GROUP, "\"qty\"", "qty");
    refuse_pull("SELECT region FROM sales GROUP BY region ORDER BY qty", WEIR_E_GROUP, "\"qty\"", "qty");
    refuse_pull("SELECT 1 FROM sales WHERE count(*) > 1", WEIR_E_GROUP, "WHERE", NULL);
    refuse_pull("SELECT sum(count(*)) FROM sales", WEIR_E_GROUP, "aggregate", NULL);
    refuse_pull("SELECT count(*) FROM sales GROUP BY count(*)", WEIR_E_GROUP, "GROUP BY", NULL);
    refuse_pull("SELECT 1 FROM sales GROUP BY 2", WEIR_E_NAME, "no column 2", "2");
    refuse_pull("SELECT 1 FROM sales ORDER BY 0", WEIR_E_NAME, "no column 0", "0");
    refuse_pull("SELECT qty FROM sales GROUP BY ROLLUP (region)", WEIR_E_GROUP, "neither grouped", NULL);
    refuse_pull("SELECT (SELECT max(qty) FROM sales) FROM sales GROUP BY ROLLUP (region)", WEIR_E_UNSUPPORTED, "over GROUPING SETS", NULL);
    refuse_pull("SELECT median(qty) FROM sales", WEIR_E_UNSUPPORTED, "median", NULL);
    refuse_pull("SELECT sum(item) FROM sales", WEIR_E_TYPE, "sum", NULL);
}

/* ---- window functions --------------------------------------------------------------------------- */

static void window_functions(void **state)
{
    (void)state;
    expect("SELECT qty, row_number() OVER (ORDER BY qty DESC) AS n FROM sales WHERE qty IS NOT NULL ORDER BY n", "10|1\n7|2\n3|3\n");
    expect("SELECT qty, sum(qty) OVER (PARTITION BY region ORDER BY qty ROWS UNBOUNDED PRECEDING) AS s FROM sales "
           "WHERE qty IS NOT NULL ORDER BY qty", "3|3\n7|7\n10|13\n");
    expect("SELECT lag(qty, 1, 0) OVER w AS p FROM sales WHERE qty IS NOT NULL WINDOW w AS (ORDER BY qty) ORDER BY qty", "0\n3\n7\n");
    expect("SELECT rank() OVER (ORDER BY total) AS r, total FROM sales ORDER BY r", "1|NULL\n2|5.000\n3|9.500\n4|10.000\n");
    expect("SELECT region, sum(count(*)) OVER () AS n FROM sales GROUP BY region ORDER BY region", "east|4\nwest|4\n");
    refuse_pull("SELECT sum(qty) OVER w FROM sales", WEIR_E_NAME, "unknown window", "w");
    refuse_pull("SELECT 1 FROM sales WHERE row_number() OVER () = 1", WEIR_E_GROUP, "WHERE", NULL);
    refuse_pull("SELECT sum(qty) OVER (ORDER BY at RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) FROM sales",
                WEIR_E_UNSUPPORTED, "measured in time", NULL);
}

static void wrapped_queries(void **state)
{
    (void)state;
    expect("SELECT region, qty FROM sales QUALIFY row_number() OVER (PARTITION BY region ORDER BY qty DESC) = 1 ORDER BY qty",
           "west|7\neast|10\n");
    expect("SELECT qty AS q FROM sales QUALIFY rank() OVER (ORDER BY qty DESC) <= 2 ORDER BY abs(qty) LIMIT 1", "7\n");
    expect("SELECT DISTINCT ON (region) region, qty FROM sales ORDER BY region, qty DESC", "east|10\nwest|7\n");
    expect("SELECT region FROM sales ORDER BY region FETCH FIRST 1 ROW WITH TIES", "east\neast\n");
    expect("SELECT qty FROM sales ORDER BY qty DESC OFFSET 1 ROWS FETCH FIRST 1 ROW WITH TIES", "7\n");
    refuse_pull("SELECT DISTINCT ON (region) region FROM sales QUALIFY row_number() OVER () = 1", WEIR_E_UNSUPPORTED, "together", NULL);
}

/* ---- set operations ----------------------------------------------------------------------------- */

static void set_operations(void **state)
{
    (void)state;
    expect("SELECT region FROM sales UNION SELECT region FROM regions ORDER BY region", "east\nnorth\nwest\n");
    expect("SELECT region FROM sales INTERSECT SELECT region FROM regions", "east\n");
    expect("SELECT region FROM sales EXCEPT SELECT region FROM regions", "west\n");
    expect("SELECT 1 AS a UNION ALL (SELECT 2 UNION SELECT 3 ORDER BY 1 LIMIT 1) ORDER BY a DESC", "2\n1\n");
    expect("SELECT 1 AS a UNION ALL SELECT 2.5 ORDER BY a", "1.0\n2.5\n");
    expect("SELECT at FROM sales WHERE qty = 3 UNION ALL SELECT TIMESTAMP '2020-01-01 00:00:00.000001'",
           "2024-01-01 11:30:00.250000\n2020-01-01 00:00:00.000001\n");
    expect("VALUES (1) UNION ALL VALUES (2)", "1\n2\n");
    type_of("SELECT NULL AS a UNION ALL SELECT qty FROM sales", "BIGINT");
    refuse_pull("SELECT 1 UNION SELECT 1, 2", WEIR_E_TYPE, "2 columns", NULL);
    refuse_pull("SELECT 1 UNION SELECT 'x'", WEIR_E_TYPE, "column 1", NULL);
    expect("SELECT * FROM (VALUES (1), (1), (1), (2)) AS t (a) EXCEPT ALL VALUES (1), (3) ORDER BY 1", "1\n1\n2\n");
    expect("VALUES (1), (1), (1), (NULL) EXCEPT ALL VALUES (1) EXCEPT ALL VALUES (1), (NULL)", "1\n");
    expect("SELECT region AS r FROM sales INTERSECT ALL (SELECT region FROM regions UNION ALL SELECT region FROM sales LIMIT 9) "
           "ORDER BY r LIMIT 2", "east\neast\n");
    refuse_pull("SELECT qty FROM sales UNION SELECT 1 ORDER BY item", WEIR_E_NAME, "column of the result", "item");
}

/* ---- names -------------------------------------------------------------------------------------- */

static void bad_names(void **state)
{
    (void)state;
    refuse_pull("SELECT regoin FROM sales", WEIR_E_NAME, "unknown column \"regoin\"", "regoin");
    check_hint("\"region\"");
    refuse_pull("SELECT s.qty FROM sales t", WEIR_E_NAME, "\"s.qty\"", "s.qty");
    refuse_pull("SELECT * FROM sale", WEIR_E_NAME, "\"sale\"", "sale");
    check_hint("\"sales\"");
    refuse_pull("SELECT t.* FROM sales", WEIR_E_NAME, "no \"t\" in FROM", "t.*");
    refuse_pull("SELECT lenght(item) FROM sales", WEIR_E_NAME, "lenght", NULL);
    check_hint("length");
    refuse_pull("SELECT * FROM clicks", WEIR_E_UNSUPPORTED, "is a stream", "clicks");
    refuse_pull("SELECT qty FROM sales EMIT CHANGES", WEIR_E_EMIT, "EMIT", NULL);
    refuse_pull("SELECT region, count(*) FROM sales WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY region", WEIR_E_UNSUPPORTED, "window", NULL);
    refuse_pull("SELECT item FROM sales LIMIT 'x'", WEIR_E_VALUE, "LIMIT", "'x'");
    refuse_pull("SELECT item FROM sales LIMIT -1", WEIR_E_VALUE, "LIMIT", NULL);
    refuse_pull("SELECT qty, qyt FROM sales WHERE regon = 'x'", WEIR_E_NAME, "regon", "regon");
    assert_int_equal(fx.diags.list.len, 2);
}

static void other_tables(void **state)
{
    (void)state;
    expect("SELECT a + 1 AS x, b FROM other WHERE a > 1", "3|y\n");
    expect("SELECT upper(b) AS u FROM other ORDER BY a", "X\nY\n");
    expect("SELECT o.b, s.qty FROM other o JOIN sales s ON s.qty = o.a + 2 ORDER BY 1", "x|3\n");
    refuse_pull("SELECT c FROM other", WEIR_E_NAME, "\"c\"", "c");
    Run run = translate("SELECT * FROM weir_errors WHERE stream = 'x' ORDER BY seq");
    check_str(run.query.sql, "SELECT * FROM \"weir_errors\" AS \"weir_errors\" WHERE (\"weir_errors\".\"stream\" = 'x') "
                             "ORDER BY \"weir_errors\".\"seq\"");
    assert_int_equal(run.query.ncols, 0);
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, database_open, database_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plain_queries), TEST(nulls_order), TEST(like_is_case_sensitive), TEST(arithmetic), TEST(casts),
        TEST(wide_decimals), TEST(booleans), TEST(timestamps), TEST(timestamps_as_numbers), TEST(forms),
        TEST(expressions_are_shared), TEST(joins), TEST(subqueries), TEST(common_tables), TEST(views_are_expanded),
        TEST(groups), TEST(bad_groups), TEST(window_functions), TEST(wrapped_queries), TEST(set_operations),
        TEST(bad_names), TEST(other_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
