/* What an engine tells of itself, on a clock that goes only as far as the test says. */
#include "tests/unit/engine_fixture.h"

/* The first row of a pull query, as "a|b"; valid until the next call. */
static const char *pulled(Engine *e, const char *sql)
{
    static char out[4096];
    weir_stmt *s;
    size_t n = 0;
    ok(e, weir_prepare(e->db, sql, -1, &s, NULL));
    weir_status st = weir_step(s);
    if (st > WEIR_DONE) fail_msg("%s", weir_errmsg(e->db));
    out[0] = 0;
    for (int i = 0; st == WEIR_ROW && i < weir_column_count(s); i++) {
        const char *text = weir_column_text(s, i, NULL);
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", i ? "|" : "", text ? text : "NULL");
    }
    weir_finalize(s);
    return out;
}

static void put_rows(Engine *e, int n)
{
    for (int i = 0; i < n; i++) file_put(e, "in.ndjson", "a", "{\"v\":1}\n");
}

static void define(Engine *e)
{
    file_put(e, "in.ndjson", "w", "");
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json', follow = true);"
                     "CREATE MATERIALIZED VIEW m AS SELECT v, v + 1 AS w FROM s"));
}

static const char SCAN[] = "SELECT rows_in, rows_out, rows_in_per_s FROM weir_operators WHERE kind = 'Scan'";

static void rates_are_those_of_the_last_seconds(void **state)
{
    Engine *e = *state;
    engine_open(e);
    define(e);
    run_all(e);
    int64_t start = e->clock_us;
    put_rows(e, 100);
    run_all(e);
    e->clock_us = start + 2000000;
    assert_string_equal(pulled(e, SCAN), "100|100|50.0");
    e->clock_us = start + 6000000;
    run_all(e); /* marks: 0 rows at 0 s, 100 at 6 s */
    put_rows(e, 60);
    run_all(e);
    assert_string_equal(pulled(e, SCAN), "160|160|26.7");
    e->clock_us = start + 11000000;
    run_all(e); /* 100 at 6 s, 160 at 11 s */
    assert_string_equal(pulled(e, SCAN), "160|160|12.0");
    e->clock_us = start + 16000000;
    run_all(e);
    assert_string_equal(pulled(e, SCAN), "160|160|0.0");
    assert_string_equal(pulled(e, "SELECT state, rows_per_s, limited_by FROM weir_jobs"), "live|0.0|input");
    engine_reopen(e);
    assert_string_equal(pulled(e, SCAN), "0|0|NULL"); /* since the engine was opened */
}

/* One batch in sixteen is measured, and counts for all of them. */
static void time_is_measured_now_and_then(void **state)
{
    Engine *e = *state;
    e->settings[0] = "batch_rows=1";
    engine_open(e);
    define(e);
    run_all(e);
    put_rows(e, 640);
    e->clock_step_us = 1; /* a look takes a microsecond: a batch takes a projection two */
    run_all(e);
    e->clock_step_us = 0;
    const char *shown = pulled(e, "SELECT batches, CAST(time_ms * 1000 AS BIGINT) FROM weir_operators WHERE kind = 'Project'");
    int batches = 0, us = 0;
    assert_int_equal(sscanf(shown, "%d|%d", &batches, &us), 2);
    assert_int_equal(batches, 640);
    if (us < 1280 || us > 1320) fail_msg("%s", shown); /* and what flushes take */
    assert_string_not_equal(pulled(e, "SELECT limited_by FROM weir_jobs"), "input");
}

static void looking_changes_nothing(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (k TEXT, v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT k, sum(v) AS v FROM s GROUP BY k;"
                     "INSERT INTO s VALUES ('a', 1), ('b', 2), ('a', 3)"));
    run_all(e);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(pulled(e, "SELECT \"key\", value, \"count\" FROM weir_state('m')"), "{\"k\": \"a\"}|{\"sum(v)\": 4}|2");
        assert_string_equal(pulled(e, "EXPLAIN ANALYZE m"), "Materialized View m");
        ok(e, exec_in(e, "INSERT INTO s VALUES ('b', 1)"));
        run_all(e);
    }
    assert_string_equal(rows(e, "SELECT * FROM m ORDER BY k"), "a|4\nb|5");
    engine_reopen(e);
    assert_string_equal(pulled(e, "SELECT value FROM weir_state('m') WHERE \"key\" ->> '$.k' = 'b'"), "{\"sum(v)\": 5}");
}

/* Operators clear away what is gone when their next epoch begins; it is not there all the same. */
static void what_is_gone_is_not_told(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, "CREATE TABLE t (k TEXT, v BIGINT); CREATE MATERIALIZED VIEW c AS SELECT k, count(*) AS n FROM t GROUP BY k;"
                     "CREATE MATERIALIZED VIEW j AS SELECT t.k, c.n FROM t JOIN c ON c.k = t.k;"
                     "CREATE MATERIALIZED VIEW x AS SELECT k FROM t EXCEPT SELECT k FROM c WHERE n > 9;"
                     "INSERT INTO t VALUES ('a', 1), ('b', 2); DELETE FROM t WHERE k = 'a'"));
    assert_string_equal(pulled(e, "SELECT \"key\", \"count\" FROM weir_state('c')"), "{\"k\": \"b\"}|1");
    assert_string_equal(pulled(e, "SELECT count(*), min(\"key\") FROM weir_state('j')"), "2|{\"k\": \"b\"}");
    assert_string_equal(pulled(e, "SELECT count(*), min(\"key\") FROM weir_state('x')"), "1|{\"k\": \"b\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rates_are_those_of_the_last_seconds, engine_setup, engine_teardown),
        cmocka_unit_test_setup_teardown(time_is_measured_now_and_then, engine_setup, engine_teardown),
        cmocka_unit_test_setup_teardown(looking_changes_nothing, engine_setup, engine_teardown),
        cmocka_unit_test_setup_teardown(what_is_gone_is_not_told, engine_setup, engine_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
