/* Epochs: what makes one, what ends one, and what each call of weir_run says. */
#include "tests/unit/engine_fixture.h"

#include <poll.h>

static int64_t epoch(Engine *e) { return atoll(rows(e, "SELECT epoch FROM _weir_epoch")); }

static void nothing_to_run(void **state)
{
    Engine *e = *state;
    engine_open(e);
    assert_int_equal(weir_run(e->db, 1000), WEIR_DONE);
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT)"));
    assert_int_equal(weir_run(e->db, 1000), WEIR_DONE);
    assert_int_equal(epoch(e), 0);
    assert_int_equal(e->slept_us, 0);
}

/* A global aggregate has its row from the first epoch on. */
static void a_row_over_nothing(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n, sum(v) AS total FROM s;"
                     "CREATE MATERIALIZED VIEW up AS SELECT n, count(*) AS rows FROM m GROUP BY n"));
    assert_int_equal(weir_run(e->db, 0), WEIR_DONE);
    assert_string_equal(rows(e, "SELECT n, total FROM m"), "0|NULL");
    assert_string_equal(rows(e, "SELECT n, rows FROM up"), "0|1");
    int64_t first = epoch(e);
    assert_int_equal(weir_run(e->db, 0), WEIR_DONE);
    assert_int_equal(epoch(e), first); /* nothing new, nothing written */
    ok(e, exec_in(e, "CREATE MATERIALIZED VIEW late AS SELECT sum(n) AS n FROM m"));
    run_all(e);
    assert_string_equal(rows(e, "SELECT n FROM late"), "0");
}

static void the_clock_ticks(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (k TEXT, v BIGINT);"
                     "CREATE MATERIALIZED VIEW m AS SELECT k, sum(v) AS total FROM s WINDOW GLOBAL (TRIGGER EVERY 10 SECONDS) GROUP BY k"));
    ok(e, exec_in(e, "INSERT INTO s VALUES ('a', 1)"));
    assert_string_equal(rows(e, "SELECT count(*) FROM m"), "0");
    assert_int_equal(weir_run(e->db, 0), WEIR_DONE);
    e->clock_us += 10000000;
    weir_run(e->db, 0);
    assert_string_equal(rows(e, "SELECT k, total FROM m"), "a|1");
    int64_t before = epoch(e);
    for (int i = 0; i < 5; i++) weir_run(e->db, 0);
    assert_int_equal(epoch(e), before); /* no tick, no commit */
    ok(e, exec_in(e, "INSERT INTO s VALUES ('a', 2)"));
    engine_reopen(e);
    weir_run(e->db, 0);
    assert_string_equal(rows(e, "SELECT k, total FROM m"), "a|1");
    e->clock_us += 10000000;
    weir_run(e->db, 0);
    assert_string_equal(rows(e, "SELECT k, total FROM m"), "a|3");
}

/* One long call sees the tick that comes while it waits. */
static void the_clock_ticks_during_a_call(void **state)
{
    Engine *e = *state;
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n");
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json', follow = true);"
                     "CREATE MATERIALIZED VIEW m AS SELECT sum(v) AS total FROM f WINDOW GLOBAL (TRIGGER EVERY 10 SECONDS)"));
    run_all(e);
    assert_string_equal(rows(e, "SELECT count(*) FROM m"), "0");
    assert_int_equal(weir_run(e->db, 60000), WEIR_IDLE);
    assert_string_equal(rows(e, "SELECT total FROM m"), "1");
    assert_true(e->slept_us <= 10100000);
}

/* An hour back: what goes by the clock goes on, slower, and nothing waits for the hour to pass. */
static void the_clock_is_set_back(void **state)
{
    Engine *e = *state;
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n");
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json', follow = true);"
                     "CREATE MATERIALIZED VIEW m AS SELECT sum(v) AS total FROM f WINDOW GLOBAL (TRIGGER EVERY 10 SECONDS);"
                     "CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM f"));
    run_all(e);
    e->set_by_us = -INT64_C(3600000000);
    file_put(e, "f.ndjson", "a", "{\"v\":2}\n");
    assert_int_equal(weir_run(e->db, 30000), WEIR_ROW);
    assert_string_equal(rows(e, "SELECT n FROM n"), "2");
    assert_int_equal(weir_run(e->db, 30000), WEIR_IDLE);
    assert_true(e->slept_us <= 31000000);
    assert_string_equal(rows(e, "SELECT total FROM m"), "3");
    e->set_by_us = INT64_C(86400000000); /* and a day ahead: the next tick is now, not later */
    file_put(e, "f.ndjson", "a", "{\"v\":4}\n");
    weir_run(e->db, 0);
    e->set_by_us = 0;
    weir_run(e->db, 30000);
    assert_string_equal(rows(e, "SELECT total FROM m"), "7");
    engine_reopen(e);
    run_all(e);
    assert_string_equal(rows(e, "SELECT n FROM n"), "3");
}

static const char windowed[] =
    "CREATE STREAM f (ts TIMESTAMP(0), v BIGINT, WATERMARK FOR ts) WITH (connector = 'file', path = 'f.ndjson', format = 'json');"
    "CREATE MATERIALIZED VIEW m AS SELECT window_end, sum(v) AS total FROM f WINDOW TUMBLING (SIZE 10 SECONDS) EMIT FINAL";

static void the_end_comes_once(void **state)
{
    Engine *e = *state;
    file_put(e, "f.ndjson", "w", "{\"ts\":\"2024-01-01 00:00:01\",\"v\":1}\n{\"ts\":\"2024-01-01 00:00:11\",\"v\":2}\n{\"ts\":\"2024-01-01 00:00:12\",\"v\":4}");
    engine_open(e);
    ok(e, exec_in(e, windowed));
    run_all(e);
    assert_string_equal(rows(e, "SELECT total FROM m ORDER BY 1"), "1\n6");
    int64_t last = epoch(e);
    assert_int_equal(weir_run(e->db, 100), WEIR_DONE);
    assert_int_equal(weir_run(e->db, 100), WEIR_DONE);
    assert_int_equal(epoch(e), last);
    engine_reopen(e);
    assert_true(weir_run(e->db, 0) <= WEIR_DONE);
    last = epoch(e);
    assert_int_equal(weir_run(e->db, 0), WEIR_DONE);
    assert_int_equal(epoch(e), last);
    assert_string_equal(rows(e, "SELECT total FROM m ORDER BY 1"), "1\n6");
    ok(e, exec_in(e, "CREATE MATERIALIZED VIEW late AS SELECT window_end, sum(v) AS total FROM f WINDOW TUMBLING (SIZE 10 SECONDS) EMIT FINAL"));
    run_all(e);
    assert_string_equal(rows(e, "SELECT total FROM late ORDER BY 1"), "1\n6");
    engine_close(e);
    file_put(e, "f.ndjson", "a", "\n{\"ts\":\"2024-01-01 00:00:21\",\"v\":8}\n");
    engine_open(e);
    assert_error(e, weir_run(e->db, 0), WEIR_E_ENDED);
    assert_error(e, weir_run(e->db, 0), WEIR_E_ENDED); /* an answer, not a fault */
    ok(e, exec_in(e, "DROP STREAM f CASCADE"));
    assert_int_equal(weir_run(e->db, 0), WEIR_DONE);
}

static void run_once(Engine *e)
{
    weir_status st;
    while ((st = weir_run_once(e->db)) == WEIR_ROW) {}
    if (st != WEIR_DONE) fail_msg("%s", weir_errmsg(e->db));
}

static void once_ends_nothing(void **state)
{
    Engine *e = *state;
    file_put(e, "f.ndjson", "w", "{\"ts\":\"2024-01-01 00:00:01\",\"v\":1}\n{\"ts\":\"2024-01-01 00:00:11\",\"v\":2}\n{\"ts\":\"2024-01-01");
    engine_open(e);
    ok(e, exec_in(e, windowed));
    run_once(e);
    assert_string_equal(rows(e, "SELECT total FROM m ORDER BY 1"), "1");
    assert_int_equal(weir_run_once(e->db), WEIR_DONE);
    engine_reopen(e);
    file_put(e, "f.ndjson", "a", " 00:00:12\",\"v\":4}\n");
    run_once(e);
    assert_string_equal(rows(e, "SELECT total FROM m ORDER BY 1"), "1");
    ok(e, exec_in(e, "CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM f"));
    run_once(e);
    assert_string_equal(rows(e, "SELECT n FROM n"), "3");
    run_all(e); /* this ends it */
    assert_string_equal(rows(e, "SELECT total FROM m ORDER BY 1"), "1\n6");
}

static void the_newest_errors_stay(void **state)
{
    Engine *e = *state;
    engine_open(e);
    file_put(e, "f.ndjson", "w", "{\"v\":0}\n1\n2\n3\n4\n5\n{\"v\":1}\n6\n7\n");
    ok(e, exec_in(e, "SET error_limit = 3; CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json');"
                     "CREATE MATERIALIZED VIEW m AS SELECT v FROM f"));
    run_all(e);
    assert_string_equal(rows(e, "SELECT raw FROM weir_errors ORDER BY seq"), "5\n6\n7");
    assert_string_equal(rows(e, "SELECT errors, rows FROM weir_streams"), "7|2");
    assert_string_equal(rows(e, "SELECT count(*) FROM m"), "2");
}

/* Rows for a stream that nobody reads are accepted, and gone. */
static void nobody_reads(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT)"));
    ok(e, weir_push(e->db, "s", "json", "{\"v\":1}", -1));
    assert_int_equal(weir_run(e->db, 0), WEIR_ROW);
    assert_string_equal(rows(e, "SELECT rows FROM weir_streams"), "1");
    ok(e, exec_in(e, "CREATE MATERIALIZED VIEW m AS SELECT v FROM s; INSERT INTO s VALUES (2)"));
    assert_string_equal(rows(e, "SELECT v FROM m"), "2");
    assert_error(e, weir_push(e->db, "s", "json", "{\"v\":3}\n{\"v\":", -1), WEIR_E_DATA);
    run_all(e);
    assert_string_equal(rows(e, "SELECT v FROM m"), "2"); /* all of a record, or nothing */
}

/* Bounds on an epoch change no result. */
static void small_epochs(void **state)
{
    Engine *e = *state;
    e->settings[0] = "epoch_rows=2";
    e->settings[1] = "batch_rows=3";
    engine_open(e);
    file_put(e, "f.ndjson", "w", "");
    for (int i = 0; i < 20; i++) {
        char line[64];
        snprintf(line, sizeof line, "{\"ts\":\"2024-01-01 00:00:%02d\",\"v\":%d}\n", i * 2, i);
        file_put(e, "f.ndjson", "a", line);
    }
    ok(e, exec_in(e, windowed));
    run_all(e);
    assert_string_equal(rows(e, "SELECT total FROM m ORDER BY window_end"), "10\n35\n60\n85");
    assert_true(epoch(e) >= 7);
}

/* A row that is named by less than all of its columns changes where it stands, and after a restart too. */
static void rows_change_where_they_stand(void **state)
{
    Engine *e = *state;
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (k BIGINT, v BIGINT); CREATE MATERIALIZED VIEW total AS SELECT sum(v) AS v FROM s;"
                     "CREATE MATERIALIZED VIEW newest AS SELECT k, v FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY v DESC) AS n FROM s) WHERE n = 1;"
                     "CREATE MATERIALIZED VIEW ranks AS SELECT n, k, v FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY v DESC) AS n FROM s) WHERE n <= 2"));
    ok(e, exec_in(e, "INSERT INTO s VALUES (1, 10), (2, 20), (NULL, 5)"));
    assert_string_equal(rows(e, "SELECT _id, v FROM _weir_mv_2"), "1|35");
    assert_string_equal(rows(e, "SELECT _id, k, v FROM _weir_mv_3 ORDER BY k"), "3|NULL|5\n1|1|10\n2|2|20");
    engine_reopen(e);
    ok(e, exec_in(e, "INSERT INTO s VALUES (1, 11), (NULL, 6)"));
    assert_string_equal(rows(e, "SELECT _id, v FROM _weir_mv_2"), "1|52");
    assert_string_equal(rows(e, "SELECT _id, k, v FROM _weir_mv_3 ORDER BY k"), "3|NULL|6\n1|1|11\n2|2|20");
    assert_string_equal(rows(e, "SELECT k, n, v FROM _weir_mv_4 ORDER BY k, n"), "NULL|1|6\nNULL|2|5\n1|1|11\n1|2|10\n2|1|20");
    assert_string_equal(rows(e, "SELECT changes FROM _weir_view_progress WHERE view = 2"), "2");
}

/* Under the system's clock: whoever waits for the descriptor is told of a file that has grown, and of nothing before. */
static void a_source_tells(void **state)
{
    Engine *e = *state;
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n");
    ok(e, weir_open(e->path, NULL, &e->db));
    ok(e, exec_in(e, "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json', follow = true);"
                     "CREATE MATERIALIZED VIEW m AS SELECT sum(v) AS total FROM f"));
    run_all(e);
    int fd = weir_wait_fd(e->db);
    if (fd < 0) skip(); /* the system has no watches to give */
    run_all(e); /* our own writes lie in the same folder */
    struct pollfd p = {.fd = weir_wait_fd(e->db), .events = POLLIN};
    assert_int_equal(poll(&p, 1, 0), 0);
    file_put(e, "f.ndjson", "a", "{\"v\":2}\n");
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_int_equal(weir_run(e->db, 5000), WEIR_ROW);
    assert_string_equal(rows(e, "SELECT total FROM m"), "3");
    file_put(e, "f.ndjson", "a", "{\"v\":3}\n");
    assert_int_equal(weir_run(e->db, 60000), WEIR_ROW);
    assert_string_equal(rows(e, "SELECT total FROM m"), "6");
}

/* Rows of the second epoch, in those of the first (which takes something to begin), where each look at the clock takes a millisecond. */
static int growth(Engine *e, const char *settings)
{
    char path[256];
    snprintf(path, sizeof path, "%s/f.ndjson", e->folder);
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 30000; i++) fputs("{\"v\":1}\n", f);
    fclose(f);
    e->clock_step_us = 1000;
    e->settings[0] = "batch_rows=1";
    engine_open(e);
    ok(e, exec_in(e, settings));
    ok(e, exec_in(e, "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json');"
                     "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM f"));
    assert_int_equal(weir_run(e->db, 0), WEIR_ROW);
    int first = atoi(rows(e, "SELECT n FROM m"));
    assert_int_equal(weir_run(e->db, 0), WEIR_ROW);
    int both = atoi(rows(e, "SELECT n FROM m"));
    assert_true(first >= 32 && both > first);
    return (both - first + first / 2) / first;
}

/* Commits that take more of the time than commit_share make epochs longer, up to refresh_max. */
static void slow_commits_make_epochs_longer(void **state)
{
    assert_in_range(growth(*state, "SET refresh = '300 MILLISECONDS'; SET commit_share = 1"), 3, 8);
}

static void epochs_grow_up_to_refresh_max(void **state)
{
    assert_in_range(growth(*state, "SET refresh = '300 MILLISECONDS'; SET commit_share = 1; SET refresh_max = '2 SECONDS'"), 9, 14);
}

static void quick_commits_leave_epochs_alone(void **state)
{
    assert_int_equal(growth(*state, "SET refresh = '1 SECOND'; SET commit_share = 90"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_to_run), TEST(a_row_over_nothing), TEST(the_clock_ticks), TEST(the_clock_ticks_during_a_call),
        TEST(the_clock_is_set_back),
        TEST(the_end_comes_once), TEST(once_ends_nothing), TEST(the_newest_errors_stay), TEST(nobody_reads),
        TEST(small_epochs), TEST(rows_change_where_they_stand), TEST(a_source_tells),
        TEST(slow_commits_make_epochs_longer), TEST(epochs_grow_up_to_refresh_max), TEST(quick_commits_leave_epochs_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
