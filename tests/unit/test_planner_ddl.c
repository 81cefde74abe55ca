/* CREATE STREAM, CREATE VIEW, options, settings, SHOW and DESCRIBE. */
#include "ddl_fixture.h"

#define FILE_WITH " WITH (connector = 'file', path = 'x', format = 'json')"

/* ---- columns ------------------------------------------------------------------------------------ */

static void columns_of_every_kind(void **state)
{
    (void)state;
    Relation *r = create("CREATE STREAM s (a INT NOT NULL, b TEXT DEFAULT 'x', c BIGINT PATH '$.q.c[0]', "
                         "f STRING METADATA FROM 'file', \"offset\" BIGINT METADATA, "
                         "twice AS (a + a), more DOUBLE AS (twice + 1), PRIMARY KEY (c))" FILE_WITH);
    assert_int_equal(r->ncols, 7);
    assert_int_equal(r->kind, REL_STREAM);
    assert_true(r->is_append_only);
    assert_int_equal(r->watermark.col, -1);
    assert_true(r->cols[0].not_null);
    assert_int_equal(r->cols[0].type.int_bits, 32);
    check_str(r->cols[1].default_value->value.s, "x");
    check_str(r->cols[2].path, "$.q.c[0]");
    assert_true(r->cols[2].primary_key && r->cols[2].not_null);
    assert_int_equal(r->cols[3].kind, COL_METADATA);
    check_str(r->cols[3].metadata, "file");
    check_str(r->cols[4].metadata, "offset");
    assert_int_equal(r->cols[5].kind, COL_COMPUTED);
    assert_int_equal(r->cols[5].type.kind, TYPE_BIGINT);
    assert_int_equal(r->cols[6].type.kind, TYPE_DOUBLE);
}

/* A computed column reads physical columns only, whatever its text says. */
static void computed_columns_are_inlined(void **state)
{
    (void)state;
    Relation *r = create("CREATE STREAM s (a BIGINT, b AS (a + 1), c AS (b + b))" FILE_WITH);
    bool used[3] = {0};
    bexpr_columns(r->cols[2].expr, used);
    assert_true(used[0]);
    assert_false(used[1]);
}

static void bad_columns(void **state)
{
    (void)state;
    refuse("CREATE STREAM s (a INT, A TEXT)" FILE_WITH, WEIR_E_NAME, "two columns called \"A\"", "A");
    refuse("CREATE STREAM s (a INTTT)" FILE_WITH, WEIR_E_TYPE, "inttt", "INTTT");
    refuse("CREATE STREAM s (a INT PATH 'q.c')" FILE_WITH, WEIR_E_VALUE, "\"q.c\" is not a path", "'q.c'");
    refuse("CREATE STREAM s (a INT PATH '$.a[x]')" FILE_WITH, WEIR_E_VALUE, "not a path", NULL);
    refuse("CREATE STREAM s (a INT PATH '$')" FILE_WITH, WEIR_E_VALUE, "not a path", NULL);
    refuse("CREATE STREAM s (a TEXT METADATA FROM 'fil')" FILE_WITH, WEIR_E_NAME, "\"fil\"", NULL);
    check_hint("\"file\"");
    refuse("CREATE STREAM s (a TEXT METADATA FROM 'line')" FILE_WITH, WEIR_E_TYPE, "is BIGINT, not TEXT", "TEXT");
    refuse("CREATE STREAM s (a INT, b AS (c + 1), c AS (a + 1))" FILE_WITH, WEIR_E_NAME, "\"c\"", "c");
    refuse("CREATE STREAM s (a INT, b AS (b + 1))" FILE_WITH, WEIR_E_NAME, "\"b\"", "b");
    refuse("CREATE STREAM s (a INT DEFAULT a)" FILE_WITH, WEIR_E_NAME, "\"a\"", "a");
    refuse("CREATE STREAM s (a INT DEFAULT 'x')" FILE_WITH, WEIR_E_VALUE, "'x'", "'x'");
    refuse("CREATE STREAM s (a INT, PRIMARY KEY (b))" FILE_WITH, WEIR_E_NAME, "no column \"b\"", "b");
}

static void paths_that_are_paths(void **state)
{
    (void)state;
    create("CREATE STREAM s (a INT PATH '$.a.b_2[10].c', b INT PATH '$[\"x y\"][0]', c INT PATH '$[0]')" FILE_WITH);
}

static void too_many_columns(void **state)
{
    (void)state;
    for (int n = 1990; n <= 1991; n++) {
        StrBuf b = {.arena = &fx.arena};
        sb_printf(&b, "CREATE STREAM s%d (", n);
        for (int i = 0; i < n; i++) sb_printf(&b, "%sc%d INT", i ? ", " : "", i);
        sb_lit(&b, ")" FILE_WITH);
        if (n == 1990)
            create(sb_done(&b).p);
        else
            refuse(sb_done(&b).p, WEIR_E_LIMIT, "1991 columns", "s1991");
    }
}

static void every_error_is_reported(void **state)
{
    (void)state;
    refuse("CREATE STREAM s (a INTT, b FOO) WITH (connector = 'file', paht = 'x', format = 'json')",
           WEIR_E_OPTION, "paht", "paht");
    assert_int_equal(fx.diags.list.len, 3);
}

/* ---- names -------------------------------------------------------------------------------------- */

static void names(void **state)
{
    (void)state;
    refuse("CREATE STREAM weir_s (a INT)", WEIR_E_NAME, "reserved", "weir_s");
    refuse("CREATE STREAM _WEIR_s (a INT)", WEIR_E_NAME, "reserved", "_WEIR_s");
    refuse("CREATE STREAM sqlite_s (a INT)", WEIR_E_NAME, "reserved", "sqlite_s");
    create("CREATE STREAM s (a INT)");
    refuse("CREATE STREAM S (a INT)", WEIR_E_EXISTS, "a stream \"s\" exists", "S");
    create("CREATE STREAM IF NOT EXISTS s (a INT)");
}

/* ---- connectors, formats, options --------------------------------------------------------------- */

static void options_are_canonical(void **state)
{
    (void)state;
    Relation *r = create("CREATE STREAM s (a INT) WITH ('connector' = 'FileSystem', PATH = 'x', "
                         "format = 'NDJSON', follow = ON, start = 'END', max_future = 'Off')");
    check_str(options_text(&r->options, "connector", ""), "file");
    check_str(options_text(&r->options, "format", ""), "json");
    check_str(options_text(&r->options, "path", ""), "x");
    check_str(options_text(&r->options, "follow", ""), "true");
    check_str(options_text(&r->options, "start", ""), "end");
    check_str(options_text(&r->options, "max_future", ""), "off");
}

static void bad_options(void **state)
{
    (void)state;
    refuse("CREATE STREAM s (a INT) WITH (connector = 'fil', format = 'json')", WEIR_E_OPTION, "unknown connector", "'fil'");
    check_hint("\"file\"");
    refuse("CREATE STREAM s (a INT) WITH (connector = 'blackhole')", WEIR_E_OPTION, "takes rows", "'blackhole'");
    refuse("CREATE STREAM s (a INT) WITH (connector = 'kafka')", WEIR_E_UNSUPPORTED, "kafka", "'kafka'");
    refuse("CREATE STREAM s (a INT) WITH (connector = 'file', path = 'x')", WEIR_E_OPTION, "\"format\" is missing", NULL);
    check_hint("json");
    refuse("CREATE STREAM s (a INT) WITH (connector = 'file', format = 'jsn')", WEIR_E_OPTION, "unknown format", "'jsn'");
    refuse("CREATE STREAM s (a INT) WITH (connector = 'file', format = 'debezium')", WEIR_E_OPTION, "debezium", "'debezium'");
    refuse("CREATE STREAM s (a INT) WITH (connector = 'file', format = 'avro')", WEIR_E_UNSUPPORTED, "avro", "'avro'");
    refuse("CREATE STREAM s (a INT) WITH (connector = 'file', paht = 'x', format = 'json')", WEIR_E_OPTION, "\"paht\"", "paht");
    check_hint("\"path\"");
    refuse("CREATE STREAM s (a INT) WITH (connector = 'file', path = 'x', path = 'y', format = 'json')", WEIR_E_OPTION, "twice", "path");
    refuse("CREATE STREAM s (a INT) WITH (connector = 'file', follow = 'perhaps', format = 'json')", WEIR_E_OPTION, "perhaps", "'perhaps'");
    check_hint("true or false");
    refuse("CREATE STREAM s (a INT) WITH (path = 'x')", WEIR_E_OPTION, "needs a connector", "path");
    check_hint("connector = 'file'");
    refuse("CREATE STREAM s (number BIGINT) WITH (connector = 'generator', format = 'json')", WEIR_E_OPTION, "takes no format", "format");
    refuse("CREATE STREAM s (number BIGINT) WITH (connector = 'generator', rows = 1001)", WEIR_E_OPTION, "\"1001\"", "1001");
    check_hint("from 0 to 1000");
    refuse("CREATE STREAM s (a INT) WITH (on_error = 'stop')", WEIR_E_OPTION, "\"stop\"", "'stop'");
    check_hint("skip,fail");
    refuse("CREATE STREAM s (a INT) WITH (max_future = '1 MONTH')", WEIR_E_OPTION, "1 MONTH", NULL);
}

static void without_connector(void **state)
{
    (void)state;
    Relation *r = create("CREATE STREAM s (a INT, WATERMARK FOR t AS t, t TIMESTAMP) WITH (on_error = 'fail')");
    assert_null(options_get(&r->options, "connector"));
}

static void generators_bring_columns(void **state)
{
    (void)state;
    Relation *r = create("CREATE STREAM g (WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND) "
                         "WITH (connector = 'generator', rows = 10, 'number.min' = 3)");
    assert_int_equal(r->ncols, 2);
    assert_int_equal(r->watermark.col, 1);
    assert_int_equal(r->watermark.delay_us, 4000000);
    check_str(options_text(&r->options, "number.min", ""), "3");
    create("CREATE STREAM h (dateTime TIMESTAMP(3)) WITH (connector = 'generator')");
    refuse("CREATE STREAM i (numbr BIGINT) WITH (connector = 'generator')", WEIR_E_NAME, "numbr", "numbr");
    refuse("CREATE STREAM i (number TEXT) WITH (connector = 'generator')", WEIR_E_TYPE, "as BIGINT", "number");
    refuse("CREATE STREAM i WITH (connector = 'file', path = 'x', format = 'json')", WEIR_E_SYNTAX, "no columns", "i");
}

static void tables(void **state)
{
    (void)state;
    Relation *r = create("CREATE TABLE t (a INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE)" FILE_WITH);
    assert_int_equal(r->kind, REL_STREAM);
    r = create("CREATE TABLE bag (a INT)");
    assert_int_equal(r->kind, REL_TABLE);
    assert_int_equal(r->nkey, 0);
    assert_false(r->is_append_only);
    r = create("CREATE TABLE keyed (a INT, b TEXT, c INT, PRIMARY KEY (c, a))");
    assert_int_equal(r->nkey, 2);
    assert_int_equal(r->key[0], 2);
    assert_int_equal(r->plan->ops[0]->kind, PHYS_TABLE);
    r = create("CREATE TABLE changes (a INT PRIMARY KEY)" FILE_WITH);
    assert_int_equal(r->kind, REL_TABLE);
    assert_int_equal(r->plan->ops[1]->kind, PHYS_UPSERT);
    refuse("CREATE TABLE u (a INT) WITH (max_future = '1 DAY')", WEIR_E_OPTION, "needs a connector", NULL);
    refuse("CREATE TABLE u (a INT, o BIGINT METADATA FROM 'offset')", WEIR_E_OPTION, "metadata", "o");
    refuse("CREATE TABLE u (a INT, b INT AS (a + 1), PRIMARY KEY (b))", WEIR_E_TYPE, "computed", "b");
    refuse("CREATE TABLE u (a INT, PRIMARY KEY (z))", WEIR_E_NAME, "no column", "z");
}

/* ---- watermarks --------------------------------------------------------------------------------- */

static int64_t delay(const char *expr)
{
    static int n;
    Str sql = str_printf(&fx.arena, "CREATE STREAM d%d (t TIMESTAMP(3), WATERMARK FOR t %s)", ++n, expr);
    return create(sql.p)->watermark.delay_us;
}

static void watermark_delays(void **state)
{
    (void)state;
    assert_int_equal(delay("AS t"), 0);
    assert_int_equal(delay("AS t - INTERVAL '5' SECOND"), 5000000);
    assert_int_equal(delay("AS t - INTERVAL '1' DAY"), INT64_C(86400000000));
    assert_int_equal(delay("AS t - INTERVAL '1' MINUTE - INTERVAL '0.5' SECOND"), 60500000);
    assert_int_equal(delay("AS t - INTERVAL '0' SECOND"), 0);
    assert_int_equal(delay("AS t - (INTERVAL '3' SECOND + INTERVAL '4' SECOND)"), 7000000);
}

static void bad_watermarks(void **state)
{
    (void)state;
#define W(text) "CREATE STREAM s (t TIMESTAMP(3), x TEXT, n BIGINT, WATERMARK FOR " text ")"
    refuse(W("u AS u"), WEIR_E_NAME, "no column \"u\"", "u");
    refuse(W("x AS x"), WEIR_E_TYPE, "is TEXT, not TIMESTAMP", "x");
    refuse(W("t AS t + INTERVAL '1' SECOND"), WEIR_E_UNSUPPORTED, "minus a constant", "t + INTERVAL '1' SECOND");
    check_hint("t - INTERVAL");
    refuse(W("t AS greatest(t, t)"), WEIR_E_UNSUPPORTED, "minus a constant", NULL);
    refuse(W("t AS t - INTERVAL '1' MONTH"), WEIR_E_VALUE, "months", "INTERVAL '1' MONTH");
    refuse(W("t AS t - INTERVAL '-1' SECOND"), WEIR_E_VALUE, "negative", NULL);
    refuse(W("t AS t - n"), WEIR_E_NAME, "\"n\"", "n");
    refuse(W("t AS t WHEN x"), WEIR_E_TYPE, "BOOLEAN", "x");
    refuse(W("t AS t WHEN y = 'a'"), WEIR_E_NAME, "\"y\"", "y");
    refuse(W("x.t AS x.t"), WEIR_E_UNSUPPORTED, "nested", "x");
#undef W
}

static void watermark_clauses(void **state)
{
    (void)state;
    Relation *r = create("CREATE STREAM s (t TIMESTAMP(3), kind TEXT, WATERMARK FOR t AS t WHEN kind = 'end' "
                         "ON NULL TIME DROP)");
    assert_non_null(r->watermark.when);
    assert_int_equal(r->watermark.when->type.kind, TYPE_BOOLEAN);
    assert_true(r->watermark.drop_null_time);
    r = create("CREATE STREAM i (t TIMESTAMP(3), WATERMARK FOR t AS t SKIP WATERMARK CLOSE AFTER IDLE INTERVAL '10' SECOND)");
    assert_true(r->watermark.keep_null_time);
    assert_int_equal(r->watermark.close_after_idle_us, 10000000);
    refuse("CREATE STREAM k (t TIMESTAMP(3), WATERMARK FOR t AS t CLOSE AFTER IDLE INTERVAL '0' SECOND)",
           WEIR_E_VALUE, "not positive", "INTERVAL '0' SECOND");
    r = create("CREATE STREAM c (s TEXT, t TIMESTAMP(3) AS (CAST(s AS TIMESTAMP(3))), WATERMARK FOR t AS t)");
    assert_int_equal(r->watermark.col, 1);
}

/* ---- CREATE STREAM FROM 'file' ------------------------------------------------------------------ */

static void from_a_file(void **state)
{
    (void)state;
    Relation *r = create("CREATE STREAM s FROM 'a.ndjson' WITH (on_error = 'fail')");
    assert_int_equal(r->ncols, 3);
    check_str(options_text(&r->options, "on_error", ""), "fail");
    check_str(r->sql, "CREATE STREAM s (\n  at TIMESTAMP(3) NOT NULL,\n"
                      "  \"user name\" TEXT PATH '$.user.name',\n  n BIGINT,\n"
                      "  WATERMARK FOR at AS at - INTERVAL '5' SECOND\n)"
                      " WITH (connector = 'file', path = 'a.ndjson', format = 'json', on_error = 'fail')");
    Relation *again;
    catalog_remove(&fx.catalog, S("s"));
    assert_int_equal(define(str_cstr(&fx.arena, r->sql), &again), WEIR_OK);
    assert_int_equal(again->ncols, 3);
    assert_int_equal(again->watermark.delay_us, 5000000);
    refuse("CREATE STREAM t FROM 'nothing'", WEIR_E_IO, "nothing", "'nothing'");
    refuse("CREATE STREAM t FROM 'a.ndjson' WITH (on_eror = 'fail')", WEIR_E_OPTION, "on_eror", "on_eror");
}

/* ---- canonical text ----------------------------------------------------------------------------- */

static void text_means_the_same(void **state)
{
    (void)state;
    Relation *r = create("create stream s(a int not null,t timestamp(3),b as(a+1),watermark for t as t-interval '5' second)"
                         "with('connector'='file','path'='x','format'='json')");
    Relation *again;
    catalog_remove(&fx.catalog, S("s"));
    const char *text = str_cstr(&fx.arena, r->sql);
    assert_int_equal(define(text, &again), WEIR_OK);
    check_str(again->sql, text);
    assert_int_equal(again->ncols, 3);
    assert_int_equal(again->watermark.delay_us, 5000000);
}

static void time_zone_of_the_moment(void **state)
{
    (void)state;
    Option zone = {.name = S("time_zone"), .value = S("Europe/Berlin")};
    fx.catalog.settings = (Options){&zone, 1};
    Relation *r = create("CREATE STREAM s (a INT)");
    check_str(options_text(&r->options, "time_zone", ""), "Europe/Berlin");
    assert_true(str_find(r->sql, S("Europe/Berlin")) > 0);
    r = create("CREATE STREAM u (a INT) WITH (time_zone = 'UTC')");
    check_str(options_text(&r->options, "time_zone", ""), "UTC");
}

/* ---- views -------------------------------------------------------------------------------------- */

static void make_bid(void)
{
    create("CREATE STREAM bid (auction BIGINT, price BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)");
}

static void views(void **state)
{
    (void)state;
    make_bid();
    Relation *v = create("CREATE VIEW v AS SELECT auction, price FROM bid WHERE price > 10");
    assert_int_equal(v->kind, REL_VIEW);
    assert_int_equal(v->ncols, 2);
    assert_non_null(v->query);
    Relation *m = create("CREATE MATERIALIZED VIEW m WITH (retention = '1 DAY') AS "
                         "SELECT auction, count(*) AS n FROM v GROUP BY auction");
    assert_int_equal(m->kind, REL_MATERIALIZED);
    assert_non_null(m->plan);
    check_str(options_text(&m->options, "retention", ""), "1 DAY");
    check_str(m->cols[1].name, "n");
}

static void view_columns(void **state)
{
    (void)state;
    make_bid();
    Relation *v = create("CREATE VIEW v (a, b) AS SELECT auction, price FROM bid");
    check_str(v->cols[1].name, "b");
    Relation *m = create("CREATE MATERIALIZED VIEW m (x, y) AS SELECT a, b FROM v");
    check_str(m->cols[0].name, "x");
    check_str(m->plan->ops[m->plan->nops - 1]->fields[1].name, "y");
    refuse("CREATE VIEW w (a) AS SELECT auction, price FROM bid", WEIR_E_NAME, "names 1 columns, its query has 2", "a");
    refuse("CREATE VIEW w (a, A) AS SELECT auction, price FROM bid", WEIR_E_NAME, "called \"A\"", "A");
    refuse("CREATE VIEW w AS SELECT auction, price AS auction FROM bid", WEIR_E_NAME, "auction", NULL);
    check_hint("AS");
}

static void bad_views(void **state)
{
    (void)state;
    make_bid();
    refuse("CREATE MATERIALIZED VIEW m WITH (retenton = '1 DAY') AS SELECT * FROM bid", WEIR_E_OPTION, "retenton", "retenton");
    check_hint("retention");
    refuse("CREATE MATERIALIZED VIEW weir_m AS SELECT * FROM bid", WEIR_E_NAME, "reserved", "weir_m");
    refuse("CREATE MATERIALIZED VIEW bid AS SELECT * FROM bid", WEIR_E_EXISTS, "stream \"bid\"", "bid");
    refuse("CREATE SINK k WITH (connector = 'blackhole') AS SELECT * FROM bid", WEIR_E_UNSUPPORTED, "SINK", "k");
}

static void dependants(void **state)
{
    (void)state;
    make_bid();
    create("CREATE MATERIALIZED VIEW a AS SELECT auction FROM bid");
    create("CREATE VIEW b AS SELECT auction FROM a");
    create("CREATE MATERIALIZED VIEW c AS SELECT auction FROM a UNION ALL SELECT auction FROM b");
    create("CREATE STREAM other (a INT)");
    Relation *out[4];
    assert_int_equal(ddl_dependants(&fx.catalog, catalog_find(&fx.catalog, S("bid")), out, 4), 3);
    check_str(out[0]->name, "a");
    check_str(out[1]->name, "b");
    check_str(out[2]->name, "c");
    assert_int_equal(ddl_dependants(&fx.catalog, catalog_find(&fx.catalog, S("bid")), out, 1), 3);
    assert_int_equal(ddl_dependants(&fx.catalog, catalog_find(&fx.catalog, S("c")), out, 4), 0);
    assert_int_equal(ddl_dependants(&fx.catalog, catalog_find(&fx.catalog, S("other")), out, 4), 0);
}

/* ---- settings ----------------------------------------------------------------------------------- */

static Str setting(const char *name, const char *value)
{
    Str out = {0};
    fx.diags.list.len = 0;
    (void)!ddl_setting(&fx.p, (Name){.text = str_z(name)}, str_z(value), (Span){0}, &out);
    return out;
}

static void settings(void **state)
{
    (void)state;
    check_str(setting("REFRESH", "2 seconds"), "2 seconds");
    check_str(setting("memory_limit", "64 MiB"), "67108864");
    check_str(setting("memory_limit", "64MB"), "64000000");
    check_str(setting("memory_limit", "2097152"), "2097152");
    check_str(setting("synchronous", "FULL"), "full");
    check_str(setting("strict", "ON"), "true");
    assert_int_equal(setting("memory_limit", "1").n, 0);
    assert_int_equal(setting("memory_limit", "99999999999999999999").n, 0);
    assert_int_equal(setting("memory_limit", "9999999999 GiB").n, 0);
    assert_int_equal(setting("memory_limit", "").n, 0);
    assert_int_equal(setting("refresh", "fast").n, 0);
    assert_int_equal(setting("refresh", "-1 second").n, 0);
    assert_int_equal(setting("refrsh", "1 second").n, 0);
    assert_int_equal(fx.diags.list.data[0].code, WEIR_E_OPTION);
    check_hint("refresh");
}

/* ---- SHOW, DESCRIBE ----------------------------------------------------------------------------- */

static TextRows show(const char *sql)
{
    TextRows rows = {0};
    Stmt *s = parse(sql);
    Status st = s->kind == STMT_SHOW ? show_rows(&fx.p, s->show, &rows) : describe_rows(&fx.p, s->describe, &rows);
    if (st != WEIR_OK) show_errors();
    assert_int_equal(st, WEIR_OK);
    return rows;
}

static void shows(void **state)
{
    (void)state;
    make_bid();
    create("CREATE VIEW v AS SELECT auction FROM bid");
    create("CREATE MATERIALIZED VIEW m AS SELECT auction FROM bid");
    TextRows r = show("SHOW STREAMS");
    assert_int_equal(r.rows.len, 1);
    check_str(r.rows.data[0][0], "bid");
    check_str(r.rows.data[0][1], "INSERT");
    assert_null(r.rows.data[0][2].p);
    check_str(r.rows.data[0][3], "ts");
    r = show("SHOW VIEWS");
    assert_int_equal(r.rows.len, 2);
    check_str(r.rows.data[0][1], "view");
    assert_null(r.rows.data[0][2].p);
    check_str(r.rows.data[1][1], "materialized view");
    check_str(r.rows.data[1][2], "changes");
    assert_int_equal(show("SHOW VIEWS LIKE 'V%'").rows.len, 1);
    assert_int_equal(show("SHOW TABLES").rows.len, 0);
    assert_int_equal(show("SHOW SINKS").ncols, 5);
    r = show("SHOW CREATE v");
    assert_true(str_find(r.rows.data[0][1], S("CREATE VIEW v AS")) == 0);
}

static void shows_definitions(void **state)
{
    (void)state;
    TextRows r = show("SHOW FUNCTIONS LIKE 'string_agg'");
    assert_int_equal(r.rows.len, 1);
    check_str(r.rows.data[0][1], "aggregate");
    check_str(r.rows.data[0][2], "TEXT[, TEXT]");
    check_str(r.rows.data[0][3], "TEXT");
    check_str(r.rows.data[0][5], "listagg");
    r = show("SHOW SETTINGS");
    assert_int_equal(r.rows.len, 5);
    check_str(r.rows.data[0][1], "100 MILLISECONDS");
    Option o = {.name = S("refresh"), .value = S("1 second")};
    fx.catalog.settings = (Options){&o, 1};
    check_str(show("SHOW refresh").rows.data[0][1], "1 second");
}

static void describes(void **state)
{
    (void)state;
    create("CREATE STREAM s (a BIGINT NOT NULL, t TIMESTAMP(3), b AS (a + 1), f TEXT METADATA FROM 'file', "
           "WATERMARK FOR t AS t - INTERVAL '5' SECOND)" FILE_WITH);
    TextRows r = show("DESCRIBE s");
    assert_int_equal(r.rows.len, 4);
    check_str(r.rows.data[0][0], "a");
    check_str(r.rows.data[0][1], "BIGINT");
    check_str(r.rows.data[0][2], "no");
    check_str(r.rows.data[1][4], "event time, watermark - 00:00:05");
    check_str(r.rows.data[2][3], "computed");
    check_str(r.rows.data[2][4], "= a + 1");
    check_str(r.rows.data[3][4], "from file");
    TextRows none;
    assert_int_equal(describe_rows(&fx.p, parse("DESCRIBE t")->describe, &none), WEIR_E_NOT_FOUND);
    check_hint("\"s\"");
}

static void shows_by_query(void **state)
{
    (void)state;
    StrBuf b = {.arena = &fx.arena};
    bool is_query;
    assert_int_equal(show_query(&fx.p, parse("SHOW ERRORS FROM s")->show, &is_query, &b), WEIR_OK);
    assert_true(is_query);
    check_str(sb_done(&b), "SELECT * FROM weir_errors WHERE true AND stream = 's' COLLATE NOCASE ORDER BY seq");
    assert_int_equal(show_query(&fx.p, parse("SHOW STREAMS")->show, &is_query, &b), WEIR_OK);
    assert_false(is_query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(columns_of_every_kind),  TEST(computed_columns_are_inlined),
        TEST(bad_columns),            TEST(paths_that_are_paths),
        TEST(too_many_columns),       TEST(every_error_is_reported),
        TEST(names),                  TEST(options_are_canonical),
        TEST(bad_options),            TEST(without_connector),
        TEST(generators_bring_columns), TEST(tables),
        TEST(watermark_delays),       TEST(bad_watermarks),
        TEST(watermark_clauses),      TEST(from_a_file),
        TEST(text_means_the_same),    TEST(time_zone_of_the_moment),
        TEST(views),                  TEST(view_columns),
        TEST(bad_views),              TEST(dependants),
        TEST(settings),               TEST(shows),
        TEST(shows_definitions),      TEST(describes),
        TEST(shows_by_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
