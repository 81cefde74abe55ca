/* test_engine_formats.c: databases of every format that was ever written open, and go on to what a
 * database that was never anything else comes to. data/format_<n>.sql: the dump of one. */
#include "engine_fixture.h"

/* A file that is followed is looked at now and then. */
static void follow(Engine *e)
{
    for (int i = 0; i < 3; i++, e->clock_us += 2000000) run_all(e);
}

static const char first_rows[] =
    "INSERT INTO names VALUES ('a', 'first'), ('b', 'second');"
    "INSERT INTO s VALUES ('2024-01-01 00:00:00', 'a', 1), ('2024-01-01 00:00:01', 'b', 20),"
    " ('2024-01-01 00:00:04', 'a', 3), ('2024-01-01 00:00:12', 'c', -4), ('2024-01-01 00:00:11', 'a', 5),"
    " ('2024-01-01 00:00:21', NULL, 6), ('2024-01-01 00:00:22', 'b', NULL);"
    "INSERT INTO r VALUES ('2024-01-01 00:00:02', 'a', 0.5), ('2024-01-01 00:00:20', 'b', 1.25);";

/* Every kind of operator that keeps state goes on from it. */
static const char more_rows[] =
    "INSERT INTO names VALUES ('c', 'third');"
    "DELETE FROM names WHERE k = 'b';"
    "INSERT INTO s VALUES ('2024-01-01 00:00:19', 'a', 7), ('2024-01-01 00:00:24', 'b', 2), ('2024-01-01 00:00:25', NULL, 8),"
    " ('2024-01-01 00:00:13', 'b', 9), ('2024-01-01 00:00:33', 'c', 30);"
    "INSERT INTO r VALUES ('2024-01-01 00:00:21', 'c', 2), ('2024-01-01 00:00:24', 'a', 3);";

static const char *const views[] = {"groups", "tumbling", "hopping", "sessions", "counts", "pairs", "named",
                                    "top", "ranks", "kinds", "above"};

static const char *definitions =
    "CREATE STREAM s (t TIMESTAMP(3), k TEXT, v BIGINT, WATERMARK FOR t AS t - INTERVAL '5' SECOND);"
    "CREATE STREAM r (t TIMESTAMP(3), k TEXT, w DOUBLE, WATERMARK FOR t AS t - INTERVAL '5' SECOND);"
    "CREATE TABLE names (k TEXT PRIMARY KEY, name TEXT);"
    "CREATE MATERIALIZED VIEW groups AS SELECT k, count(*) AS n, sum(v) AS total, min(v) AS low, max(v) AS high, avg(v) AS mean FROM s GROUP BY k;"
    "CREATE MATERIALIZED VIEW tumbling AS SELECT k, count(*) AS n, sum(v) AS total FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k EMIT FINAL;"
    "CREATE MATERIALIZED VIEW hopping AS SELECT k, count(*) AS n, max(v) AS high FROM s WINDOW HOPPING (SIZE 20 SECONDS, ADVANCE BY 10 SECONDS) GROUP BY k;"
    "CREATE MATERIALIZED VIEW sessions AS SELECT k, count(*) AS n FROM s WINDOW SESSION (GAP 3 SECONDS) GROUP BY k;"
    "CREATE MATERIALIZED VIEW counts AS SELECT k, sum(v) AS total FROM s WINDOW COUNT (SIZE 3 ROWS) GROUP BY k;"
    "CREATE MATERIALIZED VIEW pairs AS SELECT s.k, s.v, r.w FROM s JOIN r ON s.k = r.k AND s.t BETWEEN r.t - INTERVAL '10' SECOND AND r.t + INTERVAL '10' SECOND;"
    "CREATE MATERIALIZED VIEW named AS SELECT s.k, s.v, names.name FROM s LEFT JOIN names ON s.k = names.k;"
    "CREATE MATERIALIZED VIEW top AS SELECT k, v FROM s ORDER BY v DESC, k LIMIT 5;"
    "CREATE MATERIALIZED VIEW ranks AS SELECT k, v, row_number() OVER (PARTITION BY k ORDER BY v DESC) AS place FROM s;"
    "CREATE MATERIALIZED VIEW kinds AS SELECT DISTINCT k FROM s EXCEPT SELECT k FROM r;"
    "CREATE MATERIALIZED VIEW above AS SELECT n, count(*) AS groups, max(total) AS best FROM groups GROUP BY n;";

/* All rows of all views, as one text of the caller's. */
static char *everything(Engine *e)
{
    size_t n = 0, room = 1 << 16;
    char *all = malloc(room), sql[160];
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        snprintf(sql, sizeof sql, "SELECT * FROM (SELECT * FROM \"%s\") ORDER BY 1, 2, 3", views[i]);
        if (!strcmp(views[i], "kinds")) snprintf(sql, sizeof sql, "SELECT * FROM kinds ORDER BY 1");
        const char *text = rows(e, sql);
        if (n + strlen(text) + 100 > room) fail_msg("too many rows");
        n += (size_t)snprintf(all + n, room - n, "%s:\n%s\n", views[i], text);
    }
    return all;
}

/* What the definitions come to in a database of today. */
static char *expected(const char *with)
{
    void *state = NULL;
    assert_int_equal(engine_setup(&state), 0);
    Engine *e = state;
    engine_open(e);
    ok(e, exec_in(e, definitions));
    ok(e, exec_in(e, first_rows));
    follow(e);
    ok(e, exec_in(e, with));
    follow(e);
    char *all = everything(e);
    engine_teardown(&state);
    return all;
}

static void load_dump(Engine *e, int format)
{
    const char *data = getenv("WEIR_UNIT_DATA");
    char path[512], *text, *error = NULL;
    snprintf(path, sizeof path, "%s/format_%d.sql", data ? data : "tests/unit/data", format);
    FILE *f = fopen(path, "r");
    if (!f) fail_msg("cannot open %s", path);
    text = calloc(1, 1 << 20);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(e->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &error) != SQLITE_OK) fail_msg("%s: %s", path, error);
    sqlite3_close(db);
    free(text);
}

static void goes_on(Engine *e, int format)
{
    load_dump(e, format);
    engine_open(e);
    char *want = expected(""), *got = everything(e);
    assert_string_equal(got, want);
    free(got);
    free(want);
    for (int restart = 0; restart < 2; restart++) {
        ok(e, exec_in(e, more_rows + (restart ? strlen(more_rows) : 0)));
        follow(e);
        want = expected(more_rows), got = everything(e);
        assert_string_equal(got, want);
        free(got);
        free(want);
        engine_reopen(e);
    }
}

static void format_1_opens_and_goes_on(void **state) { goes_on(*state, 1); }
static void format_2_opens_and_goes_on(void **state) { goes_on(*state, 2); }
static void format_3_opens_and_goes_on(void **state) { goes_on(*state, 3); }

/* ---- a plan that has changed ------------------------------------------------------------------- */

static const char past[] = "{\"t\":\"2023-01-01 00:00:01\",\"k\":\"a\",\"v\":3}\n{\"t\":\"2023-01-01 00:00:02\",\"k\":\"b\",\"v\":5}\n"
                           "{\"t\":\"2023-01-01 00:00:12\",\"k\":\"a\",\"v\":1}\n";
static const char rest[] = "{\"t\":\"2023-01-01 00:00:13\",\"k\":\"b\",\"v\":9}\n{\"t\":\"2023-01-01 00:00:31\",\"k\":\"a\",\"v\":2}\n";

static const char over_files[] =
    "CREATE STREAM f (t TIMESTAMP(0), k TEXT, v BIGINT, WATERMARK FOR t)"
    " WITH (connector = 'file', path = 'f.ndjson', format = 'json', follow = true);"
    "CREATE MATERIALIZED VIEW m AS SELECT k, sum(v) AS x FROM f GROUP BY k;"
    "CREATE MATERIALIZED VIEW up AS SELECT x, count(*) AS n FROM m GROUP BY x;"
    "CREATE MATERIALIZED VIEW w AS SELECT window_end, sum(v) AS x FROM f WINDOW TUMBLING (SIZE 10 SECONDS);";

static void change_plan(Engine *e, const char *name)
{
    char sql[256];
    snprintf(sql, sizeof sql, "UPDATE _weir_relations SET sql = replace(sql, 'sum(v)', 'max(v)') WHERE name = '%s'", name);
    rows(e, sql);
}

/* As if a newer weir planned it otherwise: the view, and what reads it, are made anew from the files. */
static void another_plan_is_made_anew(void **state)
{
    Engine *e = *state;
    file_put(e, "f.ndjson", "w", past);
    engine_open(e);
    ok(e, exec_in(e, over_files));
    follow(e);
    engine_close(e);
    change_plan(e, "m");
    engine_open(e);
    follow(e);
    assert_string_equal(rows(e, "SELECT * FROM m ORDER BY k"), "a|3\nb|5");
    assert_string_equal(rows(e, "SELECT * FROM up ORDER BY x"), "3|1\n5|1");
    assert_string_equal(rows(e, "SELECT x FROM w ORDER BY 1"), "1\n8"); /* as it was */
    file_put(e, "f.ndjson", "a", rest);
    follow(e);
    engine_reopen(e);
    follow(e);
    assert_string_equal(rows(e, "SELECT * FROM m ORDER BY k"), "a|3\nb|9");
    assert_string_equal(rows(e, "SELECT * FROM up ORDER BY x"), "3|1\n9|1");
    assert_string_equal(rows(e, "SELECT x FROM w ORDER BY 1"), "2\n8\n10");
}

static void without_its_past_it_is_refused(Engine *e, const char *why)
{
    assert_int_equal(engine_try_open(e, false), WEIR_E_FORMAT);
    if (!strstr(weir_errmsg(e->db), why)) fail_msg("%s", weir_errmsg(e->db));
    engine_close(e);
    rows(e, "UPDATE _weir_relations SET sql = replace(sql, 'max(v)', 'sum(v)')");
    engine_open(e);
    follow(e);
}

static void a_rotated_file_is_no_past(void **state)
{
    Engine *e = *state;
    char from[256], to[256];
    file_put(e, "f.ndjson", "w", past);
    engine_open(e);
    ok(e, exec_in(e, over_files));
    follow(e);
    engine_close(e);
    snprintf(from, sizeof from, "%s/f.ndjson", e->folder);
    snprintf(to, sizeof to, "%s/elsewhere", e->folder);
    assert_int_equal(rename(from, to), 0);
    file_put(e, "f.ndjson", "w", rest);
    change_plan(e, "m");
    without_its_past_it_is_refused(e, "\"f\" does not keep the past");
    assert_string_equal(rows(e, "SELECT * FROM m ORDER BY k"), "a|6\nb|14");
}

static void rows_by_hand_are_no_past(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (k TEXT, v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT k, sum(v) AS x FROM s GROUP BY k;"
                     "INSERT INTO s VALUES ('a', 1), ('a', 2)"));
    follow(e);
    engine_close(e);
    change_plan(e, "m");
    without_its_past_it_is_refused(e, "\"s\" does not keep the past");
    assert_string_equal(rows(e, "SELECT * FROM m ORDER BY k"), "a|3");
}

static void open_without(Engine *e, const char *rules)
{
    weir_seams seams = {.now_us = engine_wall, .mono_us = engine_mono, .sleep_us = engine_sleep, .arg = e, .seed = 1,
                        .state_log_min = 300, .rules_off = rules};
    weir_options opt = {.seams = &seams};
    ok(e, weir_open(e->path, &opt, &e->db));
}

/* Of rows by hand, from before there were rules that a view is planned by today: it keeps its plan, and who reads it
 * goes on as well. */
static void a_plan_of_before_goes_on(void **state)
{
    static const char *const without[] = {"contenders", "share_parts", "contenders,share_parts"};
    Engine *e = *state;
    for (int i = 0; i < 3; i++) {
        snprintf(e->path, sizeof e->path, "%s/%d.db", e->folder, i);
        open_without(e, without[i]);
        ok(e, exec_in(e, "SET time_zone = 'Europe/Berlin';"
                         "CREATE STREAM s (t TIMESTAMP(0), v BIGINT, WATERMARK FOR t);"
                         "CREATE MATERIALIZED VIEW best AS SELECT b.t, b.v FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(t), INTERVAL '10' SECOND)) b JOIN"
                         " (SELECT max(v) AS v, window_start, window_end FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(t), INTERVAL '10' SECOND))"
                         " GROUP BY window_start, window_end) m ON b.window_start = m.window_start AND b.window_end = m.window_end AND b.v = m.v"
                         " EMIT FINAL;"
                         "CREATE MATERIALIZED VIEW bests AS SELECT count(*) AS n, sum(v) AS v FROM best;"
                         "CREATE MATERIALIZED VIEW busy AS SELECT a.t, a.n FROM (SELECT count(*) AS n, window_end AS t FROM s WINDOW TUMBLING"
                         " (SIZE 10 SECONDS)) a JOIN (SELECT max(n) AS n FROM (SELECT count(*) AS n, window_end AS t FROM s WINDOW TUMBLING"
                         " (SIZE 10 SECONDS)) x) b ON a.n = b.n"));
        ok(e, exec_in(e, "INSERT INTO s VALUES (TIMESTAMP '2023-01-01 00:00:01', 3), (TIMESTAMP '2023-01-01 00:00:02', 7),"
                         " (TIMESTAMP '2023-01-01 00:00:03', 5), (TIMESTAMP '2023-01-01 00:00:11', 4)"));
        for (int times = 0; times < 2; times++) {
            engine_close(e);
            open_without(e, NULL);
        }
        ok(e, exec_in(e, "INSERT INTO s VALUES (TIMESTAMP '2023-01-01 00:00:12', 2), (TIMESTAMP '2023-01-01 00:00:13', 4),"
                         " (TIMESTAMP '2023-01-01 00:00:31', 1)"));
        assert_string_equal(rows(e, "SELECT v FROM best ORDER BY t"), "7\n4\n4");
        assert_string_equal(rows(e, "SELECT n, v FROM bests"), "3|15");
        assert_string_equal(rows(e, "SELECT n FROM busy"), "3\n3");
        ok(e, exec_in(e, "DROP MATERIALIZED VIEW bests; DROP MATERIALIZED VIEW best"));
        engine_close(e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_plan_of_before_goes_on), TEST(format_1_opens_and_goes_on), TEST(format_2_opens_and_goes_on),
                                       TEST(format_3_opens_and_goes_on),
                                       TEST(another_plan_is_made_anew), TEST(a_rotated_file_is_no_past),
                                       TEST(rows_by_hand_are_no_past)};
    return cmocka_run_group_tests_name("engine_formats", tests, NULL, NULL);
}
