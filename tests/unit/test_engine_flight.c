/* test_engine_flight.c: a commit that a worker makes beside the next epoch changes nothing but the time: rows, dead
 * letters, positions and state are those of one thread, whatever fails when. */
#include "failing_vfs.h"

#include "engine_fixture.h"

static const char views[] =
    "CREATE STREAM f (k BIGINT, ts TIMESTAMP(0), note TEXT, WATERMARK FOR ts) WITH (connector = 'file', path = 'f.ndjson', format = 'json', follow = true);"
    "CREATE MATERIALIZED VIEW plain AS SELECT k, note FROM f WHERE k % 3 = 0;"
    "CREATE MATERIALIZED VIEW newest AS SELECT k % 5 AS g, count(*) AS n, max(note) AS note FROM f GROUP BY k % 5;"
    "CREATE MATERIALIZED VIEW ratio AS SELECT k % 7 AS g, sum(k / (k % 7 - 3)) AS broken FROM f GROUP BY k % 7;"
    "CREATE MATERIALIZED VIEW closed AS SELECT window_end, count(*) AS n, string_agg(note) AS notes FROM f WINDOW TUMBLING (SIZE 10 SECONDS) EMIT FINAL";

static const char *const told[] = {
    "SELECT k, note FROM plain ORDER BY 1, 2", "SELECT g, n, note FROM newest ORDER BY 1", "SELECT g, broken FROM ratio ORDER BY 1",
    "SELECT window_end, n, notes FROM closed ORDER BY 1", "SELECT offset, code, raw FROM weir_errors ORDER BY offset, code",
    "SELECT \"view\", \"key\", \"column\" FROM weir_faults ORDER BY 1, 2", "SELECT part, offset, rows, errors FROM _weir_positions",
};
enum { TOLD = sizeof told / sizeof *told };

static void add_rows(Engine *e, int from, int n)
{
    char line[160];
    for (int i = from; i < from + n; i++) {
        snprintf(line, sizeof line, i % 11 == 10 ? "{\"k\":%d,\"ts\":\"not a time %04d\",\"note\":\"%0*d\"}\n"
                                                 : "{\"k\":%d,\"ts\":\"2023-11-01 00:%02d:%02d\",\"note\":\"%0*d\"}\n",
                 i, i % 11 == 10 ? i : i / 60 % 60, i % 60, 8 + i % 20, i);
        if (i % 11 == 10) snprintf(line, sizeof line, "{\"k\":%d,\"ts\":\"not a time %04d\"}\n", i, i);
        file_put(e, "f.ndjson", "a", line);
    }
}

static void open_with(Engine *e, const char *workers, bool threads)
{
    e->settings[0] = workers;
    e->settings[1] = "batch_rows=3";
    e->settings[2] = "epoch_rows=7";
    weir_seams seams = {.now_us = engine_wall, .mono_us = engine_mono, .sleep_us = engine_sleep, .arg = e, .seed = 1,
                        .state_log_min = 300, .vfs = "shim", .threads = threads};
    weir_options opt = {.seams = &seams, .settings = e->settings};
    ok(e, weir_open(e->path, &opt, &e->db));
}

/* All that an outside reader can see. */
static char *seen(Engine *e)
{
    char *all = calloc(1, 1 << 18);
    for (int i = 0; i < TOLD; i++) {
        strcat(all, rows(e, told[i]));
        strcat(all, "\n--\n");
    }
    return all;
}

static void begin_anew(Engine *e, int number)
{
    engine_close(e);
    snprintf(e->path, sizeof e->path, "%s/%d.db", e->folder, number);
}

/* What one thread makes of all rows. */
static char *wanted(Engine *e, int nrows)
{
    file_put(e, "f.ndjson", "w", "");
    add_rows(e, 0, nrows);
    begin_anew(e, 1000 + nrows);
    open_with(e, "workers=1", false);
    ok(e, exec_in(e, views));
    run_all(e);
    return seen(e);
}

static void sees(Engine *e, const char *want)
{
    char *got = seen(e);
    assert_string_equal(got, want);
    free(got);
}

static void one_call_several_commits(void **state)
{
    Engine *e = *state;
    char *want = wanted(e, 200);
    for (int threads = 0; threads <= 1; threads++) {
        begin_anew(e, 1 + threads);
        open_with(e, threads ? "workers=3" : "workers=2", threads);
        ok(e, exec_in(e, views));
        assert_int_equal(weir_run(e->db, 0), WEIR_ROW);
        assert_true(atoi(rows(e, "SELECT epoch FROM _weir_epoch")) > 10);
        sees(e, want);
        engine_close(e);
        open_with(e, "workers=1", false);
        run_all(e);
        sees(e, want);
    }
    free(want);
}

/* What a call has committed beside it is told, even if all that came after it is a tick of the clock. */
static void a_tick_behind_rows_does_not_hide_them(void **state)
{
    Engine *e = *state;
    file_put(e, "f.ndjson", "w", "");
    open_with(e, "workers=2", false);
    ok(e, exec_in(e, "SET refresh = '1 HOUR'"));
    ok(e, exec_in(e, "CREATE STREAM f (k BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json', follow = true);"
                     "CREATE MATERIALIZED VIEW sums AS SELECT sum(k) AS s FROM f WINDOW GLOBAL (TRIGGER EVERY 10 SECONDS)"));
    run_all(e);
    add_rows(e, 0, 7);
    e->clock_step_us = 3000000;
    assert_int_equal(weir_run(e->db, 0), WEIR_ROW);
    e->clock_step_us = 0;
    assert_string_equal(rows(e, "SELECT s FROM sums"), "21");
}

enum { ROWS_FIRST = 20, ROWS_FAILING = 40, ROWS_MORE = 40, ROWS_LAST = 10 };

/* Its n-th write fails and all after it: what was taken meanwhile waits as well, and nothing more is taken. `want`: when
 * it goes on, and after a few rows more. */
static void writes_fail(Engine *e, char *const want[2], int n, bool has_more, bool threads, bool is_closed)
{
    file_put(e, "f.ndjson", "w", "");
    add_rows(e, 0, ROWS_FIRST);
    begin_anew(e, n);
    open_with(e, threads ? "workers=3" : "workers=2", threads);
    ok(e, exec_in(e, views));
    run_all(e);
    add_rows(e, ROWS_FIRST, ROWS_FAILING);
    arm(FAIL_WRITE, SQLITE_FULL, n, true);
    weir_status st;
    while ((st = weir_run(e->db, 0)) == WEIR_ROW) {}
    assert_int_equal(st, WEIR_IDLE);
    int at = ROWS_FIRST + ROWS_FAILING;
    if (has_more) add_rows(e, at, ROWS_MORE);
    at += has_more ? ROWS_MORE : 0;
    if (shim.hit) {
        assert_string_equal(weir_state(e->db), "degraded: disk full");
        char *held = seen(e);
        for (int i = 0; i < 3; i++) assert_int_equal(weir_run(e->db, 100), WEIR_IDLE);
        sees(e, held);
        free(held);
    }
    if (is_closed) engine_close(e);
    disarm();
    if (is_closed) open_with(e, "workers=2", false);
    run_all(e);
    assert_string_equal(weir_state(e->db), "running");
    sees(e, want[0]);
    engine_close(e);
    open_with(e, "workers=1", false);
    add_rows(e, at, ROWS_LAST);
    run_all(e);
    sees(e, want[1]);
}

static void a_failing_write_holds_up_two_commits(void **state)
{
    Engine *e = *state;
    char *want[4];
    for (int i = 0; i < 4; i++) want[i] = wanted(e, ROWS_FIRST + ROWS_FAILING + i / 2 * ROWS_MORE + i % 2 * ROWS_LAST);
    for (int n = 1; n <= 40; n++) writes_fail(e, want + n % 2 * 2, n, n % 2, n % 4 >= 2, n % 3 == 0);
    for (int i = 0; i < 4; i++) free(want[i]);
}

static void interrupt_once(Engine *e)
{
    if (e->other) weir_interrupt(e->db);
    e->other = NULL;
    if (e->slept_us > 60000000) disarm(); /* it goes on trying */
}

/* An interrupt ends a call that waits for the disk: what waits is not waited for once more. */
static void an_interrupt_ends_the_wait_for_two_commits(void **state)
{
    Engine *e = *state;
    for (int n = 1; n <= 30; n++) {
        file_put(e, "f.ndjson", "w", "");
        add_rows(e, 0, ROWS_FIRST);
        begin_anew(e, n);
        open_with(e, "workers=2", false);
        ok(e, exec_in(e, views));
        run_all(e);
        add_rows(e, ROWS_FIRST, ROWS_FAILING);
        arm(FAIL_WRITE, SQLITE_FULL, n, true);
        e->slept_us = 0;
        e->other = e;
        e->on_sleep = interrupt_once;
        weir_status st;
        while ((st = weir_run_once(e->db)) == WEIR_ROW) {}
        e->on_sleep = NULL;
        assert_int_equal(st, shim.hit ? WEIR_E_INTERRUPTED : WEIR_DONE);
        assert_in_range(e->slept_us, 0, 1000000);
        disarm();
    }
    e->other = NULL;
}

/* An error that cannot pass stops the engine; the file goes on from there. */
static void a_failing_sync_stops_it(void **state)
{
    Engine *e = *state;
    char *want = wanted(e, 100);
    for (int n = 1; n <= 10; n++) {
        begin_anew(e, n);
        open_with(e, "workers=2", n % 2);
        ok(e, exec_in(e, "SET synchronous = 'full'"));
        ok(e, exec_in(e, views));
        arm(FAIL_SYNC, SQLITE_IOERR_FSYNC, n, false);
        weir_status st;
        while ((st = weir_run(e->db, 0)) == WEIR_ROW) {}
        bool was_hit = shim.hit;
        disarm();
        if (was_hit) {
            assert_int_equal(st, WEIR_E_FAULTED);
            assert_int_equal(strncmp(weir_state(e->db), "faulted", 7), 0);
            engine_close(e);
            open_with(e, "workers=2", false);
            run_all(e);
        }
        sees(e, want);
    }
    free(want);
}

/* The n-th allocation fails, those for the thread that is to make the commit too: the engine stops, and nobody waits. */
static bool runs_short(Engine *e, int64_t n, const char *want)
{
    begin_anew(e, (int)n);
    open_with(e, "workers=2", n % 2);
    ok(e, exec_in(e, "CREATE STREAM made (k BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts) WITH (connector = 'datagen', rows = '60');"
                     "CREATE MATERIALIZED VIEW groups AS SELECT k % 5 AS g, count(*) AS n FROM made GROUP BY k % 5"));
    weir_test_fail_allocation(n);
    weir_status st;
    while ((st = weir_run(e->db, 0)) == WEIR_ROW) {}
    weir_test_fail_allocation(-1);
    bool was_short = st != WEIR_DONE;
    if (was_short) {
        assert_int_equal(st, WEIR_E_NOMEM);
        engine_close(e);
        open_with(e, "workers=2", false);
        run_all(e);
    }
    assert_string_equal(rows(e, "SELECT sum(n) FROM groups"), want);
    return was_short;
}

static void memory_that_runs_out_stops_it(void **state)
{
    int in_vain = 0;
    for (int64_t n = 1; in_vain < 4 && n < 400; n++) in_vain = runs_short(*state, n, "60") ? 0 : in_vain + 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_call_several_commits), TEST(a_tick_behind_rows_does_not_hide_them), TEST(a_failing_write_holds_up_two_commits), TEST(a_failing_sync_stops_it),
        TEST(an_interrupt_ends_the_wait_for_two_commits),
        TEST(memory_that_runs_out_stops_it),
    };
    shim_register();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
