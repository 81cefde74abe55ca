/* The public calls in the order nobody expects: without arguments, after errors, on what is gone,
 * interrupted, while somebody else holds the database; and memory that must not grow. */
#include "base/arena.h"
#include "tests/unit/engine_fixture.h"

#include <limits.h>

/* ---- misuse --------------------------------------------------------------------------------------- */

static void nothing_is_given(void **state)
{
    Engine *e = *state;
    int n = 7;
    assert_int_equal(weir_open("x", NULL, NULL), WEIR_E_MISUSE);
    assert_int_equal(weir_run(NULL, 0), WEIR_E_MISUSE);
    assert_int_equal(weir_run_once(NULL), WEIR_E_MISUSE);
    assert_int_equal(weir_exec(NULL, "", -1, NULL, NULL), WEIR_E_MISUSE);
    assert_int_equal(weir_step(NULL), WEIR_E_MISUSE);
    assert_int_equal(weir_push(NULL, "s", "json", "{}", -1), WEIR_E_MISUSE);
    assert_null(weir_diags(NULL, &n));
    assert_int_equal(n, 0);
    assert_string_equal(weir_errmsg(NULL), "");
    assert_int_equal(weir_column_count(NULL), 0);
    assert_int_equal(weir_source_count(NULL), 0);
    assert_int_equal(weir_view_count(NULL), 0);
    assert_int_equal(weir_names(NULL, "a", NULL, NULL), 0);
    weir_close(NULL);
    weir_finalize(NULL);
    weir_interrupt(NULL);
    engine_open(e);
    assert_int_equal(weir_exec(e->db, NULL, -1, NULL, NULL), WEIR_E_MISUSE);
    assert_int_equal(weir_prepare(e->db, "SELECT 1", -1, NULL, NULL), WEIR_E_MISUSE);
    assert_int_equal(weir_push(e->db, NULL, "json", "{}", -1), WEIR_E_MISUSE);
    assert_int_equal(weir_source_stat(e->db, 0, NULL), WEIR_E_MISUSE);
    ok(e, weir_exec(e->db, "", -1, NULL, NULL));
    weir_stmt *s = (weir_stmt *)e;
    ok(e, weir_prepare(e->db, " -- nothing", -1, &s, NULL));
    assert_null(s);
}

static void a_database_that_did_not_open(void **state)
{
    Engine *e = *state;
    file_put(e, "e.db", "w", "this is no database, and long enough to be looked at as one .....................");
    assert_error(e, engine_try_open(e, false), WEIR_E_CORRUPT);
    assert_true(strlen(weir_errmsg(e->db)) > 0);
    weir_stmt *s;
    assert_error(e, weir_run(e->db, 0), WEIR_E_MISUSE);
    assert_error(e, weir_exec(e->db, "SELECT 1", -1, NULL, NULL), WEIR_E_MISUSE);
    assert_error(e, weir_prepare(e->db, "SELECT 1", -1, &s, NULL), WEIR_E_MISUSE);
    assert_error(e, weir_push(e->db, "s", "json", "{}", -1), WEIR_E_MISUSE);
}

static void only_reading(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT v FROM s; INSERT INTO s VALUES (1)"));
    engine_close(e);
    assert_int_equal(engine_try_open(e, true), WEIR_OK);
    weir_stmt *s;
    ok(e, weir_prepare(e->db, "SELECT v FROM m", -1, &s, NULL));
    assert_int_equal(weir_step(s), WEIR_ROW);
    assert_int_equal(weir_column_int64(s, 0), 1);
    weir_finalize(s);
    assert_error(e, weir_run(e->db, 0), WEIR_E_READONLY);
    assert_error(e, exec_in(e, "INSERT INTO s VALUES (2)"), WEIR_E_READONLY);
    assert_error(e, exec_in(e, "CREATE STREAM t (v BIGINT)"), WEIR_E_READONLY);
    assert_error(e, exec_in(e, "DROP STREAM s CASCADE"), WEIR_E_READONLY);
    assert_error(e, weir_push(e->db, "s", "json", "{\"v\":1}", -1), WEIR_E_READONLY);
    ok(e, weir_prepare(e->db, "SELECT count(*) FROM m", -1, &s, NULL)); /* nothing has stopped it */
    assert_int_equal(weir_step(s), WEIR_ROW);
    weir_finalize(s);
}

/* Records for a table: all of them or none, at once or with the transaction; changelogs delete. */
static void rows_for_tables(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, "CREATE TABLE t (k BIGINT PRIMARY KEY, v TEXT NOT NULL); CREATE TABLE bag (v TEXT); CREATE STREAM s (v BIGINT);"
                     "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM t"));
    ok(e, weir_push(e->db, "t", "json", "{\"k\":1,\"v\":\"a\"}\n{\"k\":2,\"v\":\"b\"}", -1));
    assert_string_equal(rows(e, "SELECT n FROM m"), "2");
    assert_error(e, weir_push(e->db, "t", "json", "{\"k\":3,\"v\":\"c\"}\n{\"k\":4}", -1), WEIR_E_DATA);
    assert_error(e, weir_push(e->db, "t", "json", "{\"k\":3,\"v\":\"c\"}\n{\"k\":\"x\",\"v\":\"d\"}", -1), WEIR_E_VALUE);
    assert_string_equal(rows(e, "SELECT n FROM m"), "2");
    ok(e, weir_push(e->db, "t", "csv", "k,v\n2,bb\n3,c\n", -1));
    assert_string_equal(rows(e, "SELECT group_concat(k || v) FROM t"), "1a,2bb,3c");
    ok(e, exec_in(e, "BEGIN"));
    ok(e, weir_push(e->db, "t", "json", "{\"k\":4,\"v\":\"d\"}", -1));
    assert_string_equal(rows(e, "SELECT n FROM m"), "3");
    ok(e, exec_in(e, "ROLLBACK"));
    ok(e, weir_push(e->db, "t", "upsert", "{\"key\":1,\"value\":null}\n{\"key\":9,\"value\":null}", -1));
    ok(e, weir_push(e->db, "t", "debezium", "{\"op\":\"u\",\"after\":{\"k\":2,\"v\":\"q\"}}\n{\"op\":\"d\",\"before\":{\"k\":3}}", -1));
    assert_string_equal(rows(e, "SELECT k || v FROM t"), "2q");
    assert_string_equal(rows(e, "SELECT n FROM m"), "1");
    assert_error(e, weir_push(e->db, "bag", "upsert", "{\"key\":1,\"value\":null}", -1), WEIR_E_OPTION);
    assert_error(e, weir_push(e->db, "s", "upsert", "{\"key\":1,\"value\":null}", -1), WEIR_E_OPTION);
    ok(e, weir_push(e->db, "bag", "json", "{\"v\":\"x\"}\n{\"v\":\"x\"}", -1));
    assert_string_equal(rows(e, "SELECT count(*) FROM bag"), "2");
}

/* ---- statements and what they read ----------------------------------------------------------------- */

static void statements_outlive_their_engine(void **state)
{
    Engine *e = *state;
    weir_stmt *pull, *push, *insert;
    engine_open(e);
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n{\"v\":2}\n");
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT v FROM s; INSERT INTO s VALUES (1), (2);"
                     "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json')"));
    ok(e, weir_prepare(e->db, "SELECT v FROM m", -1, &pull, NULL));
    ok(e, weir_prepare(e->db, "SELECT v FROM f", -1, &push, NULL));
    ok(e, weir_prepare(e->db, "INSERT INTO s VALUES (3)", -1, &insert, NULL));
    assert_int_equal(weir_step(pull), WEIR_ROW);
    assert_int_equal(weir_step(push), WEIR_ROW);
    engine_close(e);
    assert_int_equal(weir_step(pull), WEIR_E_MISUSE);
    assert_int_equal(weir_step(push), WEIR_E_MISUSE);
    assert_int_equal(weir_step(insert), WEIR_E_MISUSE);
    assert_string_equal(weir_column_name(pull, 0), "v");
    weir_finalize(insert);
    weir_finalize(pull);
    weir_finalize(push);
    assert_int_equal(mem_in_use(), 0);
}

static void statements_outlive_what_they_read(void **state)
{
    Engine *e = *state;
    weir_stmt *running, *prepared, *push, *insert;
    engine_open(e);
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n{\"v\":2}\n");
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT v FROM s; INSERT INTO s VALUES (1), (2);"
                     "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json')"));
    ok(e, weir_prepare(e->db, "SELECT v FROM m ORDER BY v", -1, &running, NULL));
    ok(e, weir_prepare(e->db, "SELECT v FROM m", -1, &prepared, NULL));
    ok(e, weir_prepare(e->db, "SELECT v FROM f", -1, &push, NULL));
    ok(e, weir_prepare(e->db, "INSERT INTO s VALUES (3)", -1, &insert, NULL));
    assert_int_equal(weir_step(running), WEIR_ROW);
    assert_int_equal(weir_step(push), WEIR_ROW);
    ok(e, exec_in(e, "DROP STREAM s CASCADE; DROP STREAM f"));
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT, w TEXT)"));
    assert_int_equal(weir_step(running), WEIR_ROW); /* it reads what was there when it began */
    assert_int_equal(weir_column_int64(running, 0), 2);
    assert_int_equal(weir_step(running), WEIR_DONE);
    assert_int_equal(weir_step(push), WEIR_ROW);
    assert_int_equal(weir_step(push), WEIR_DONE);
    assert_true(weir_step(prepared) >= WEIR_E_SYNTAX);
    assert_error(e, weir_step(insert), WEIR_E_NOT_FOUND);
    assert_error(e, weir_step(insert), WEIR_E_MISUSE);
    weir_finalize(running);
    weir_finalize(prepared);
    weir_finalize(push);
    weir_finalize(insert);
    assert_true(strstr(weir_errmsg(e->db), "WEIR_E_MISUSE") != NULL); /* the diagnosis outlives it too */
}

/* A statement is prepared, with a function of ours, while another one runs. */
static void statements_side_by_side(void **state)
{
    Engine *e = *state;
    weir_stmt *a, *b;
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT v FROM s; INSERT INTO s VALUES (1), (2)"));
    ok(e, weir_prepare(e->db, "SELECT greatest(v, 2) AS g FROM m", -1, &a, NULL));
    assert_int_equal(weir_step(a), WEIR_ROW);
    ok(e, weir_prepare(e->db, "SELECT least(v, 1) AS l FROM m", -1, &b, NULL));
    assert_int_equal(weir_step(b), WEIR_ROW);
    assert_int_equal(weir_column_int64(b, 0), 1);
    assert_int_equal(weir_step(a), WEIR_ROW);
    assert_int_equal(weir_column_int64(a, 0), 2);
    weir_finalize(a);
    assert_int_equal(weir_step(b), WEIR_ROW);
    assert_int_equal(weir_step(b), WEIR_DONE);
    assert_int_equal(weir_step(b), WEIR_DONE);
    assert_null(weir_column_text(b, 0, NULL)); /* no row */
    weir_finalize(b);
}

static void inserts_are_whole(void **state)
{
    Engine *e = *state;
    weir_stmt *s;
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (ts TIMESTAMP(3), v BIGINT NOT NULL, WATERMARK FOR ts);"
                     "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM s"));
    assert_error(e, exec_in(e, "INSERT INTO s VALUES (TIMESTAMP '2024-01-01 00:00:00', 1), (TIMESTAMP '2024-01-01 00:00:00', NULL)"), WEIR_E_DATA);
    assert_error(e, exec_in(e, "INSERT INTO s VALUES (NULL, 1)"), WEIR_E_DATA);
    ok(e, weir_prepare(e->db, "INSERT INTO s VALUES (TIMESTAMP '2024-01-01 00:00:00', 1), (TIMESTAMP '2024-01-01 00:00:00', 2)", -1, &s, NULL));
    assert_int_equal(weir_step(s), WEIR_DONE);
    assert_int_equal(weir_changes(s), 2);
    weir_finalize(s);
    assert_string_equal(rows(e, "SELECT n FROM m"), "2");
    assert_string_equal(rows(e, "SELECT count(*) FROM weir_errors"), "0");
}

static void what_is_only_checked(void **state)
{
    Engine *e = *state;
    engine_open(e);
    weir_exec_options opt = {.check_only = 1};
    ok(e, weir_exec(e->db, "CREATE STREAM s (v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT v FROM s;"
                           "INSERT INTO s VALUES (1); SELECT v FROM m; SELECT v FROM s; SET seed = 5; EXPLAIN m", -1, "x.sql", &opt));
    assert_error(e, weir_exec(e->db, "CREATE STREAM s (v BIGINT); SELECT w FROM s", -1, "x.sql", &opt), WEIR_E_NAME);
    assert_string_equal(rows(e, "SELECT count(*) FROM weir_streams"), "0");
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT)")); /* nothing was left behind */
    assert_error(e, exec_in(e, "CREATE MATERIALIZED VIEW m AS SELECT v FROM s; SET nonsense = 1"), WEIR_E_OPTION);
    assert_string_equal(rows(e, "SELECT name FROM weir_views"), "");
    ok(e, exec_in(e, "CREATE MATERIALIZED VIEW m AS SELECT v FROM s"));
}

/* ---- interrupts and other writers ------------------------------------------------------------------- */

static void interrupt_now(Engine *e)
{
    weir_interrupt(e->db);
    e->on_sleep = NULL;
}

static void waiting_is_interrupted(void **state)
{
    Engine *e = *state;
    engine_open(e);
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n");
    ok(e, exec_in(e, "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json', follow = true);"
                     "CREATE MATERIALIZED VIEW m AS SELECT v FROM f"));
    run_all(e);
    e->on_sleep = interrupt_now;
    int64_t before = e->slept_us;
    assert_error(e, weir_run(e->db, INT_MAX), WEIR_E_INTERRUPTED);
    assert_true(e->slept_us - before < 100000);
    assert_int_equal(weir_run(e->db, 0), WEIR_IDLE); /* once */
    e->on_sleep = interrupt_now;
    weir_stmt *s;
    ok(e, weir_prepare(e->db, "SELECT v FROM f WHERE v > 1", -1, &s, NULL));
    assert_error(e, weir_step(s), WEIR_E_INTERRUPTED);
    weir_finalize(s);
}

static sqlite3 *writer;

static void hold(Engine *e)
{
    assert_int_equal(sqlite3_open(e->path, &writer), SQLITE_OK);
    assert_int_equal(sqlite3_exec(writer, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
}

static void let_go(Engine *e)
{
    sqlite3_close(writer);
    e->on_sleep = NULL;
}

static void another_writer_is_waited_for(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT v FROM s"));
    ok(e, weir_push(e->db, "s", "json", "{\"v\":1}", -1));
    hold(e);
    e->on_sleep = let_go;
    assert_int_equal(weir_run(e->db, 0), WEIR_ROW);
    assert_string_equal(rows(e, "SELECT v FROM m"), "1");
}

/* What could not be committed is not lost, nor is it done twice. */
static void waiting_for_a_writer_is_interrupted(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT v FROM s;"
                     "CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM s"));
    ok(e, weir_push(e->db, "s", "json", "{\"v\":1}", -1));
    hold(e);
    e->on_sleep = interrupt_now;
    assert_error(e, weir_run(e->db, 0), WEIR_E_INTERRUPTED);
    ok(e, weir_push(e->db, "s", "json", "{\"v\":2}", -1));
    let_go(e);
    assert_int_equal(weir_run(e->db, 0), WEIR_ROW);
    assert_string_equal(rows(e, "SELECT v FROM m ORDER BY v"), "1\n2");
    assert_string_equal(rows(e, "SELECT n FROM n"), "2");
    ok(e, weir_push(e->db, "s", "json", "{\"v\":3}", -1));
    hold(e);
    e->on_sleep = interrupt_now;
    assert_error(e, weir_run(e->db, 0), WEIR_E_INTERRUPTED);
    let_go(e);
    ok(e, exec_in(e, "DROP MATERIALIZED VIEW n")); /* settles first */
    assert_string_equal(rows(e, "SELECT v FROM m ORDER BY v"), "1\n2\n3");
    hold(e);
    ok(e, weir_push(e->db, "s", "json", "{\"v\":4}", -1));
    e->on_sleep = interrupt_now;
    assert_error(e, weir_run(e->db, 0), WEIR_E_INTERRUPTED);
    engine_close(e); /* and a row by hand that was never committed is gone with the engine */
    let_go(e);
    engine_open(e);
    run_all(e);
    assert_string_equal(rows(e, "SELECT v FROM m ORDER BY v"), "1\n2\n3");
}

/* ---- sources that fail ------------------------------------------------------------------------------- */

static void a_missing_file_stops_nothing(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT v FROM s;"
                     "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json', on_error = 'fail');"
                     "CREATE MATERIALIZED VIEW fm AS SELECT v FROM f WHERE v <> 2"));
    ok(e, weir_push(e->db, "s", "json", "{\"v\":1}", -1));
    weir_status st = weir_run(e->db, 0);
    assert_true(st == WEIR_E_IO || st == WEIR_E_FAULTED);
    engine_reopen(e);
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n{\"v\":2}\n{\"v\":\"x\"}\n{\"v\":4}\n");
    assert_error(e, weir_run(e->db, 0), WEIR_E_DATA); /* on_error = 'fail' */
    assert_true(strstr(weir_errmsg(e->db), "offset 16") != NULL);
    assert_error(e, weir_run(e->db, 0), WEIR_E_DATA); /* it stands there, what came before is kept */
    assert_string_equal(rows(e, "SELECT v FROM fm"), "1");
    engine_reopen(e);
    assert_error(e, weir_run(e->db, 0), WEIR_E_DATA);
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n{\"v\":2}\n{\"v\":333}\n{\"v\":4}\n");
    run_all(e);
    assert_string_equal(rows(e, "SELECT v FROM fm ORDER BY v"), "1\n4\n333");
    assert_int_equal(weir_run(e->db, 0), WEIR_DONE);
}

/* ---- memory ------------------------------------------------------------------------------------------- */

static void some_of_everything(Engine *e, int i)
{
    char line[64];
    snprintf(line, sizeof line, "{\"v\":%d}\n", i);
    file_put(e, "f.ndjson", "a", line);
    run_all(e);
    ok(e, exec_in(e, "INSERT INTO s VALUES (1)"));
    ok(e, exec_in(e, "SELECT v FROM m; SHOW STREAMS; EXPLAIN m"));
    ok(e, exec_in(e, "CREATE STREAM t (v BIGINT); CREATE MATERIALIZED VIEW tm AS SELECT v + 1 AS w FROM t;"
                     "CREATE MATERIALIZED VIEW tn AS SELECT count(*) AS n FROM tm; INSERT INTO t VALUES (1)"));
    assert_error(e, exec_in(e, "CREATE STREAM u (v BIGINT); CREATE MATERIALIZED VIEW un AS SELECT nothing FROM u"), WEIR_E_NAME);
    ok(e, exec_in(e, "DROP STREAM t CASCADE"));
    ok(e, exec_in(e, "CREATE MATERIALIZED VIEW late AS SELECT v FROM g"));
    run_all(e);
    ok(e, exec_in(e, "DROP MATERIALIZED VIEW late"));
    assert_error(e, weir_exec(e->db, "SELEKT 1", -1, NULL, NULL), WEIR_E_SYNTAX);
}

static void memory_does_not_grow(void **state)
{
    Engine *e = *state;
    engine_open(e);
    file_put(e, "f.ndjson", "w", "");
    file_put(e, "g.ndjson", "w", "{\"v\":1}\n{\"v\":2}\n");
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT count(*) AS v FROM s;"
                     "CREATE STREAM g (v BIGINT) WITH (connector = 'file', path = 'g.ndjson', format = 'json');"
                     "CREATE MATERIALIZED VIEW gm AS SELECT count(*) AS n FROM g;"
                     "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json', follow = true);"
                     "CREATE MATERIALIZED VIEW fm AS SELECT count(*) AS n FROM f"));
    for (int i = 0; i < 50; i++) some_of_everything(e, i);
    int64_t before = mem_in_use();
    for (int i = 0; i < 200; i++) some_of_everything(e, i);
    int64_t grown = mem_in_use() - before;
    if (grown != 0) fail_msg("200 rounds have left %lld bytes", (long long)grown);
    assert_string_equal(rows(e, "SELECT n FROM fm"), "250");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_given), TEST(a_database_that_did_not_open), TEST(only_reading), TEST(rows_for_tables),
        TEST(statements_outlive_their_engine), TEST(statements_outlive_what_they_read), TEST(statements_side_by_side),
        TEST(inserts_are_whole), TEST(what_is_only_checked), TEST(waiting_is_interrupted),
        TEST(another_writer_is_waited_for), TEST(waiting_for_a_writer_is_interrupted),
        TEST(a_missing_file_stops_nothing), TEST(memory_does_not_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
