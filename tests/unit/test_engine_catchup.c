/* A view that comes later holds what it would hold had it been there from the start: over streams
 * of several files, over views, whatever the clock decided meanwhile, and through restarts (wound 2). */
#include "tests/unit/engine_fixture.h"

#define FOLLOW "WITH (connector = 'file', path = 'd', format = 'json', follow = true)"

static const char stream[] =
    "CREATE STREAM f (ts TIMESTAMP(0), k TEXT, v BIGINT, WATERMARK FOR ts) " FOLLOW ";";

/* Views named with a letter in front, so that the same text can be given twice. */
static void define(Engine *e, char letter, const char *text)
{
    char sql[4096];
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '@') sql[n++] = letter;
        else sql[n++] = *p;
    }
    sql[n] = 0;
    ok(e, exec_in(e, sql));
}

static void assert_same(Engine *e, const char *view)
{
    char sql[256], first[1 << 16];
    snprintf(sql, sizeof sql, "SELECT * FROM a%s ORDER BY 1, 2", view);
    snprintf(first, sizeof first, "%s", rows(e, sql));
    assert_true(strlen(first) > 0);
    snprintf(sql, sizeof sql, "SELECT * FROM b%s ORDER BY 1, 2", view);
    assert_string_equal(rows(e, sql), first);
    snprintf(sql, sizeof sql, "SELECT late_rows, errors, rows FROM weir_views WHERE name = 'a%s'", view);
    snprintf(first, sizeof first, "%s", rows(e, sql));
    snprintf(sql, sizeof sql, "SELECT late_rows, errors, rows FROM weir_views WHERE name = 'b%s'", view);
    assert_string_equal(rows(e, sql), first);
}

static void folder(Engine *e)
{
    char path[128];
    e->clock_us = INT64_C(1704067200) * 1000000; /* 2024-01-01 */
    snprintf(path, sizeof path, "mkdir %s/d", e->folder);
    assert_int_equal(system(path), 0);
}

/* A bounded number of epochs; the clock goes on, so that folders are looked at again. */
static void some_epochs(Engine *e, int n)
{
    for (int i = 0; i < n; i++) {
        e->clock_us += 1000000;
        assert_true(weir_run(e->db, 0) <= WEIR_IDLE);
    }
}

static const char rows_a[] =
    "{\"ts\":\"2024-01-01 00:00:01\",\"k\":\"x\",\"v\":1}\n"
    "{\"ts\":\"2024-01-01 00:00:31\",\"k\":\"y\",\"v\":2}\n"
    "{\"ts\":\"2024-01-01 00:00:02\",\"k\":\"x\",\"v\":4}\n" /* late */
    "{\"ts\":\"2024-01-01 00:00:35\",\"k\":\"x\",\"v\":8}\n"
    "not json\n"
    "{\"ts\":\"2024-01-01 00:01:05\",\"k\":\"y\",\"v\":0}\n";
static const char rows_b[] =
    "{\"ts\":\"2024-01-01 00:00:03\",\"k\":\"x\",\"v\":16}\n"
    "{\"ts\":\"2024-01-01 00:01:08\",\"k\":\"y\",\"v\":32}\n"
    "{\"ts\":\"2024-01-01 00:01:31\",\"k\":\"x\",\"v\":64}\n";

static const char views[] =
    "CREATE MATERIALIZED VIEW @plain AS SELECT ts, k, v FROM f WHERE v < 100;"
    "CREATE MATERIALIZED VIEW @over AS SELECT ts, k, v, 64 / v AS inverse FROM @plain WHERE k <> 'z';"
    "CREATE MATERIALIZED VIEW @both AS SELECT ts, v FROM @plain UNION ALL SELECT ts, inverse FROM @over;"
    "CREATE MATERIALIZED VIEW @window AS SELECT window_end, sum(v) AS total, count(*) AS n FROM @over"
    "    WINDOW TUMBLING (SIZE 10 SECONDS) EMIT FINAL;"
    "CREATE MATERIALIZED VIEW @hop AS SELECT window_end, k, sum(v) AS total FROM @both2"
    "    WINDOW HOPPING (SIZE 20 SECONDS, ADVANCE BY 10 SECONDS) GROUP BY k;"
    "CREATE MATERIALIZED VIEW @groups AS SELECT k, count(*) AS n, sum(v) AS total FROM @over GROUP BY k;"
    "CREATE MATERIALIZED VIEW @above AS SELECT n, count(*) AS keys FROM @groups GROUP BY n;"
    "CREATE MATERIALIZED VIEW @direct AS SELECT window_end, count(*) AS n FROM f WINDOW TUMBLING (SIZE 10 SECONDS) EMIT FINAL;";

static void define_views(Engine *e, char letter)
{
    char first[256];
    snprintf(first, sizeof first, "CREATE MATERIALIZED VIEW @both2 AS SELECT ts, k, v FROM f UNION ALL SELECT ts, k, v + 1 FROM f;");
    define(e, letter, first);
    define(e, letter, views);
}

static void assert_all_same(Engine *e)
{
    static const char *const names[] = {"plain", "over", "both", "window", "hop", "groups", "above", "direct"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) assert_same(e, names[i]);
}

static void late_views_are_like_early_ones(void **state)
{
    Engine *e = *state;
    folder(e);
    engine_open(e);
    ok(e, exec_in(e, stream));
    define_views(e, 'a');
    file_put(e, "d/a.ndjson", "w", rows_a);
    some_epochs(e, 5);
    file_put(e, "d/b.ndjson", "w", rows_b);
    some_epochs(e, 5);
    define_views(e, 'b');
    some_epochs(e, 30);
    assert_all_same(e);
    file_put(e, "d/a.ndjson", "a", "{\"ts\":\"2024-01-01 00:01:01\",\"k\":\"x\",\"v\":3}\n{\"ts\":\"2024-01-01 00:02:01\",\"k\":\"x\",\"v\":5}\n");
    file_put(e, "d/b.ndjson", "a", "{\"ts\":\"2024-01-01 00:02:11\",\"k\":\"y\",\"v\":7}\n");
    some_epochs(e, 5);
    assert_all_same(e);
}

/* One row an epoch, and a restart after every one. */
static void through_restarts(void **state)
{
    Engine *e = *state;
    folder(e);
    engine_open(e);
    ok(e, exec_in(e, stream));
    define_views(e, 'a');
    file_put(e, "d/a.ndjson", "w", rows_a);
    some_epochs(e, 5);
    file_put(e, "d/b.ndjson", "w", rows_b);
    some_epochs(e, 5);
    define_views(e, 'b');
    e->settings[0] = "epoch_rows=1";
    e->settings[1] = "batch_rows=1";
    for (int i = 0; i < 60; i++) {
        engine_reopen(e);
        some_epochs(e, 1);
    }
    file_put(e, "d/a.ndjson", "a", "{\"ts\":\"2024-01-01 00:02:01\",\"k\":\"x\",\"v\":5}\n");
    file_put(e, "d/b.ndjson", "a", "{\"ts\":\"2024-01-01 00:02:11\",\"k\":\"y\",\"v\":7}\n");
    some_epochs(e, 60);
    assert_all_same(e);
}

/* A file that the others have not seen yet is read once, with everybody. */
static void a_new_file_is_read_once(void **state)
{
    Engine *e = *state;
    folder(e);
    engine_open(e);
    ok(e, exec_in(e, stream));
    define_views(e, 'a');
    file_put(e, "d/a.ndjson", "w", rows_a);
    some_epochs(e, 5);
    define_views(e, 'b');
    file_put(e, "d/0.ndjson", "w", rows_b);
    some_epochs(e, 30);
    assert_all_same(e);
}

static void rotation_and_truncation(void **state)
{
    Engine *e = *state;
    folder(e);
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'd/log', format = 'json', follow = true);"
                     "CREATE MATERIALIZED VIEW aall AS SELECT count(*) AS n, sum(v) AS total FROM f"));
    file_put(e, "d/log", "w", "{\"v\":1}\n{\"v\":2}\n");
    some_epochs(e, 3);
    char from[128], to[128];
    snprintf(from, sizeof from, "%s/d/log", e->folder);
    snprintf(to, sizeof to, "%s/d/log.1", e->folder);
    assert_int_equal(rename(from, to), 0);
    file_put(e, "d/log", "w", "{\"v\":4}\n{\"v\":8}\n");
    some_epochs(e, 3);
    assert_string_equal(rows(e, "SELECT n, total FROM aall"), "4|15");
    ok(e, exec_in(e, "CREATE MATERIALIZED VIEW ball AS SELECT count(*) AS n, sum(v) AS total FROM f"));
    some_epochs(e, 3);
    assert_string_equal(rows(e, "SELECT n, total FROM ball"), "2|12"); /* what there is of the past */
    file_put(e, "d/log", "a", "{\"v\":16}\n");
    some_epochs(e, 3);
    assert_string_equal(rows(e, "SELECT n, total FROM aall"), "5|31");
    assert_string_equal(rows(e, "SELECT n, total FROM ball"), "3|28");
    engine_close(e);
    file_put(e, "d/log", "w", "{\"v\":32}\n"); /* cut and written anew while nobody looked */
    engine_open(e);
    ok(e, exec_in(e, "CREATE MATERIALIZED VIEW call AS SELECT count(*) AS n, sum(v) AS total FROM f"));
    some_epochs(e, 5);
    assert_string_equal(rows(e, "SELECT n, total FROM aall"), "6|63");
    assert_string_equal(rows(e, "SELECT n, total FROM call"), "1|32");
}

/* What the clock refused stays refused, although it would not refuse it now. */
static void rulings_hold(void **state)
{
    Engine *e = *state;
    folder(e);
    engine_open(e);
    ok(e, exec_in(e, stream));
    define_views(e, 'a');
    file_put(e, "d/a.ndjson", "w", rows_a);
    some_epochs(e, 3);
    file_put(e, "d/a.ndjson", "a", "{\"ts\":\"2024-06-01 00:00:00\",\"k\":\"x\",\"v\":7}\n"
                                   "{\"ts\":\"2024-01-01 00:03:00\",\"k\":\"y\",\"v\":9}\n");
    some_epochs(e, 3);
    assert_string_equal(rows(e, "SELECT kind, count(*) FROM _weir_rulings GROUP BY kind"), "max_future|1");
    e->clock_us += INT64_C(365) * 86400 * 1000000;
    define_views(e, 'b');
    some_epochs(e, 30);
    assert_string_equal(rows(e, "SELECT kind, count(*) FROM _weir_rulings GROUP BY kind"), "max_future|1");
    assert_all_same(e);
    assert_string_equal(rows(e, "SELECT count(*) FROM weir_errors WHERE \"query\" = ''"), "2");
}

/* A file that appears behind the others starts with their watermark. */
static void appearances_hold(void **state)
{
    Engine *e = *state;
    folder(e);
    engine_open(e);
    ok(e, exec_in(e, stream));
    define_views(e, 'a');
    file_put(e, "d/b.ndjson", "w", rows_b);
    some_epochs(e, 5);
    file_put(e, "d/a.ndjson", "w", rows_a);
    some_epochs(e, 5);
    assert_string_equal(rows(e, "SELECT part, kind FROM _weir_rulings"), "d/a.ndjson|appeared");
    assert_string_equal(rows(e, "SELECT late_rows FROM weir_views WHERE name = 'adirect'"), "5");
    engine_reopen(e);
    define_views(e, 'b');
    some_epochs(e, 30);
    assert_all_same(e);
}

static void dropped_while_it_catches_up(void **state)
{
    Engine *e = *state;
    folder(e);
    e->settings[0] = "epoch_rows=1";
    e->settings[1] = "batch_rows=1";
    engine_open(e);
    ok(e, exec_in(e, stream));
    define_views(e, 'a');
    file_put(e, "d/a.ndjson", "w", rows_a);
    some_epochs(e, 20);
    define_views(e, 'b');
    some_epochs(e, 7);
    assert_string_equal(rows(e, "SELECT state FROM weir_views WHERE name IN ('aplain', 'bboth2', 'bplain', 'bwindow') ORDER BY name"),
                        "live\nlive\ncatching up\nnew");
    ok(e, exec_in(e, "DROP MATERIALIZED VIEW bplain CASCADE"));
    some_epochs(e, 3);
    ok(e, exec_in(e, "DROP MATERIALIZED VIEW bboth2 CASCADE; DROP MATERIALIZED VIEW bdirect"));
    some_epochs(e, 3);
    define_views(e, 'b');
    some_epochs(e, 80);
    assert_all_same(e);
    ok(e, exec_in(e, "DROP STREAM f CASCADE"));
    some_epochs(e, 2);
}

/* Standard input comes once: what a view needs of it must be decoded already. */
static void input_that_comes_once(void **state)
{
    Engine *e = *state;
    int ends[2], kept = dup(0);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[0], 0);
    close(ends[0]);
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM i (v BIGINT, w TEXT) WITH (connector = 'stdin', format = 'json');"
                     "CREATE MATERIALIZED VIEW m AS SELECT v FROM i"));
    assert_int_equal(write(ends[1], "{\"v\":1}\n{\"v\":2}\n{\"v\"", 20), 20);
    some_epochs(e, 3);
    assert_error(e, exec_in(e, "CREATE MATERIALIZED VIEW x AS SELECT w FROM i"), WEIR_E_UNSUPPORTED);
    ok(e, exec_in(e, "CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n, sum(v) AS total FROM i"));
    assert_int_equal(write(ends[1], ":4}\n{\"v\":8}\n", 12), 12);
    close(ends[1]);
    run_all(e);
    assert_string_equal(rows(e, "SELECT v FROM m ORDER BY v"), "1\n2\n4\n8");
    assert_string_equal(rows(e, "SELECT n, total FROM n"), "2|12"); /* from when it began */
    assert_int_equal(weir_run(e->db, 0), WEIR_DONE);
    dup2(kept, 0);
    close(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(late_views_are_like_early_ones), TEST(through_restarts), TEST(a_new_file_is_read_once),
        TEST(rotation_and_truncation), TEST(rulings_hold), TEST(appearances_hold),
        TEST(dropped_while_it_catches_up), TEST(input_that_comes_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
