/* Hostile pull queries: they read, within bounds, and touch neither the file nor the process. Vast texts; files whose
 * definitions are not what they say. */
#include "tests/unit/engine_fixture.h"

static const char house[] = "CREATE STREAM s (k TEXT, v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT k, v FROM s;"
                            "CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT);"
                            "INSERT INTO s VALUES ('a', 1); INSERT INTO t VALUES (1, 'x')";

static weir_status run(Engine *e, const char *sql)
{
    weir_stmt *s = NULL;
    weir_status st = weir_prepare(e->db, sql, -1, &s, NULL);
    while (s && (st = weir_step(s)) == WEIR_ROW) {}
    weir_finalize(s);
    return st;
}

static void only_reading(void **state)
{
    Engine *e = *state;
    static const char *const refused[] = {
        "PRAGMA hard_heap_limit = 1000", "PRAGMA soft_heap_limit = 1000", "PRAGMA query_only = OFF", "PRAGMA journal_mode = DELETE",
        "PRAGMA temp_store_directory = '/'", "PRAGMA writable_schema = ON", "PRAGMA user_version = 7", "PRAGMA wal_checkpoint",
        "PRAGMA locking_mode = EXCLUSIVE", "PRAGMA mmap_size = 1", "PRAGMA cache_size = 100000000", "PRAGMA optimize", "PRAGMA shrink_memory",
        "EXPLAIN QUERY PLAN DELETE FROM m", "EXPLAIN QUERY PLAN DROP TABLE _weir_meta", "EXPLAIN QUERY PLAN ATTACH 'x.db' AS x",
        "EXPLAIN QUERY PLAN SELECT load_extension('x')", "EXPLAIN QUERY PLAN CREATE TEMP TABLE x (a)", "EXPLAIN QUERY PLAN INSERT INTO t VALUES (7, 'y')"};
    engine_open(e);
    ok(e, exec_in(e, house));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        weir_status st = run(e, refused[i]);
        if (st != WEIR_E_READONLY && st != WEIR_E_STORAGE) fail_msg("%s: %s", refused[i], weir_status_name(st));
    }
    assert_true(run(e, "ATTACH 'x.db' AS x") >= WEIR_E_SYNTAX);
    assert_true(run(e, "SELECT load_extension('x')") >= WEIR_E_SYNTAX);
    assert_true(run(e, "SELECT writefile('x', 'y')") >= WEIR_E_SYNTAX);
    assert_error(e, run(e, "DELETE FROM m"), WEIR_E_READONLY);
    static const char *const fine[] = {"PRAGMA table_info(m)", "PRAGMA integrity_check", "PRAGMA journal_mode", "EXPLAIN QUERY PLAN SELECT * FROM m",
                                       "SELECT * FROM m", "SELECT * FROM weir_errors", "SELECT * FROM t JOIN m ON a = v"};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        if (run(e, fine[i]) != WEIR_DONE) fail_msg("%s: %s", fine[i], weir_errmsg(e->db));
    ok(e, exec_in(e, "INSERT INTO s VALUES ('b', 2)")); /* and the engine goes on as before */
    assert_string_equal(rows(e, "SELECT k, v FROM m ORDER BY v"), "a|1\nb|2");
}

/* One statement at a time: what stands behind a semicolon is not carried out. */
static void one_statement(void **state)
{
    Engine *e = *state;
    weir_stmt *s = NULL;
    const char *tail = NULL, *sql = "SELECT v FROM m; DELETE FROM t; DROP TABLE t";
    engine_open(e);
    ok(e, exec_in(e, house));
    ok(e, weir_prepare(e->db, sql, -1, &s, &tail));
    while (weir_step(s) == WEIR_ROW) {}
    weir_finalize(s);
    assert_string_equal(tail, " DELETE FROM t; DROP TABLE t");
    assert_string_equal(rows(e, "SELECT a FROM t"), "1");
}

static void a_query_without_end(void **state)
{
    Engine *e = *state;
    static const char endless[] = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";
    engine_open(e);
    ok(e, exec_in(e, house));
    ok(e, exec_in(e, "SET pull_timeout = '5 SECONDS'"));
    e->clock_step_us = 100000; /* of the clock, at every look */
    assert_error(e, run(e, endless), WEIR_E_LIMIT);
    e->clock_step_us = 0;
    assert_int_equal(run(e, "SELECT * FROM m"), WEIR_DONE);
    ok(e, exec_in(e, "SET pull_timeout = '0 SECONDS'"));
    weir_interrupt(e->db);
    assert_error(e, run(e, endless), WEIR_E_INTERRUPTED);
}

/* No value of a query grows beyond 16 MB, whatever the query says. */
static void a_value_without_bound(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, house));
    assert_true(run(e, "SELECT length(hex(zeroblob(100000000)))") >= WEIR_E_SYNTAX);
    assert_true(run(e, "SELECT length(repeat(k, 100000000)) FROM m") >= WEIR_E_SYNTAX);
    assert_true(run(e, "WITH RECURSIVE c(n, x) AS (SELECT 1, 'aaaaaaaaaaaaaaaa' UNION ALL SELECT n + 1, x || x FROM c WHERE n < 30) SELECT max(length(x)) FROM c") >= WEIR_E_SYNTAX);
    assert_int_equal(run(e, "SELECT length(repeat(k, 1000000)) FROM m"), WEIR_DONE);
}

/* A file in which a definition is not its own: another kind, another's name, no definition. */
static void definitions_that_are_not(void **state)
{
    Engine *e = *state;
    static const char *const changes[] = {"UPDATE _weir_relations SET sql = 'CREATE STREAM t (k TEXT)' WHERE name = 's'",
                                          "UPDATE _weir_relations SET sql = 'SELECT 1' WHERE name = 's'",
                                          "UPDATE _weir_relations SET sql = 'CREATE VIEW m AS SELECT 1 AS k' WHERE name = 'm'",
                                          "UPDATE _weir_relations SET sql = '' WHERE name = 'm'",
                                          "UPDATE _weir_relations SET sql = 'CREATE STREAM s (v BIGINT); CREATE STREAM s2 (v BIGINT)' WHERE name = 's'"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        engine_open(e);
        ok(e, exec_in(e, i ? "SELECT 1" : house));
        engine_close(e);
        rows(e, "CREATE TABLE keep AS SELECT * FROM _weir_relations");
        rows(e, changes[i]);
        assert_error(e, engine_try_open(e, false), WEIR_E_CORRUPT);
        engine_close(e);
        rows(e, "UPDATE _weir_relations SET sql = (SELECT sql FROM keep WHERE keep.id = _weir_relations.id)");
    }
    engine_open(e);
    ok(e, exec_in(e, "INSERT INTO s VALUES ('z', 9)"));
    assert_string_equal(rows(e, "SELECT k FROM m WHERE v = 9"), "z");
}

/* `open` n times, `middle`, `close` n times. */
static const char *nested(const char *open, const char *middle, const char *close, int n)
{
    static char *text;
    static size_t size;
    free(text);
    FILE *f = open_memstream(&text, &size);
    for (int i = 0; i < n; i++) fputs(open, f);
    fputs(middle, f);
    for (int i = 0; i < n; i++) fputs(close, f);
    fclose(f);
    return text;
}

/* Texts as large and as deep as the parser lets through: answered, or refused by a limit. */
static void vast_texts(void **state)
{
    Engine *e = *state;
    static const struct {
        const char *open, *middle, *close;
        int n;
    } texts[] = {
        {"", "SELECT v", " + v", 1999},         {"", "SELECT k", " || k", 1999},
        {"", "SELECT v = 1", " OR v = 2", 1999}, {"", "SELECT v = 1", " AND v = 2", 1999},
        {"", "SELECT v", " - v * 2", 120},      {"", "SELECT v", ", v", 1989},
        {"", "SELECT v", ", v", 3000},          {"", "SELECT v IN (1", ", 2", 20000},
        {"", "SELECT 1 AS v", " UNION ALL SELECT 1", 1999}, {"", "SELECT concat(k", ", k", 5000},
        {"", "SELECT CASE", " WHEN v = 1 THEN 2", 5000},
    };
    engine_open(e);
    ok(e, exec_in(e, house));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *sql;
        const char *text = nested(texts[i].open, texts[i].middle, texts[i].close, texts[i].n);
        bool is_list = strstr(text, " IN (") || strstr(text, "concat("), is_case = strstr(text, "CASE") != NULL;
        for (int standing = 0; standing < 2; standing++) {
            bool is_union = strstr(text, "UNION") != NULL;
            if (asprintf(&sql, "%s%s%s FROM %s", standing ? "CREATE MATERIALIZED VIEW x AS " : "", text, is_list ? ")" : is_case ? " END" : "",
                         standing ? "s" : "m") < 0)
                fail();
            if (is_union) sql[strlen(sql) - 7] = 0; /* without FROM */
            weir_status st = standing ? exec_in(e, sql) : run(e, sql);
            bool is_good = st == WEIR_OK || st == WEIR_DONE || st == WEIR_E_LIMIT || st == WEIR_E_TYPE || (standing && st == WEIR_E_NAME);
            if (!is_good) fail_msg("%.60s …: %s", sql, weir_errmsg(e->db));
            if (standing && st == WEIR_OK) ok(e, exec_in(e, "INSERT INTO s VALUES ('c', 3); DROP MATERIALIZED VIEW x"));
            free(sql);
        }
    }
    static const struct {
        const char *open, *middle, *close;
    } deep[] = {{"abs(", "v", ")"}, {"(SELECT ", "1", ")"}, {"NOT ", "v = 1", ""}, {"- ", "v", ""}, {"CASE WHEN v = 1 THEN ", "v", " END"},
                {"coalesce(v, ", "v", ")"}, {"CAST(", "v", " AS BIGINT)"}, {"nullif(", "v", ", 3)"},
                {"(", "v", " BETWEEN 1 AND 7)::BIGINT"}, {"(", "v", " NOT IN (1, 2))::BIGINT"}, {"greatest(2, ", "v", ")"}};
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++)
        for (int n = 50; n <= 250; n += 100) {
            char *sql;
            if (asprintf(&sql, "SELECT %s FROM m", nested(deep[i].open, deep[i].middle, deep[i].close, n)) < 0) fail();
            weir_status st = run(e, sql);
            if (st != WEIR_DONE && st != WEIR_E_LIMIT) fail_msg("%.60s … %d deep: %s", sql, n, weir_errmsg(e->db));
            free(sql);
            if (asprintf(&sql, "CREATE MATERIALIZED VIEW x AS SELECT %s AS x FROM s", nested(deep[i].open, deep[i].middle, deep[i].close, n)) < 0) fail();
            st = exec_in(e, sql);
            if (st != WEIR_OK && st != WEIR_E_LIMIT) fail_msg("%.60s … %d deep: %s", sql, n, weir_errmsg(e->db));
            if (st == WEIR_OK) ok(e, exec_in(e, "DROP MATERIALIZED VIEW x"));
            free(sql);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(only_reading), TEST(one_statement), TEST(a_query_without_end), TEST(a_value_without_bound), TEST(vast_texts), TEST(definitions_that_are_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
