/* Epochs: what makes one, what ends one, and what each call of weir_run says. */
#include "tests/unit/engine_fixture.h"

#include <poll.h>
#include <sys/stat.h>

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
    int fd = weir_wait_fd(e->db, NULL);
    if (fd < 0) skip(); /* the system has no watches to give */
    run_all(e); /* our own writes lie in the same folder */
    struct pollfd p = {.fd = weir_wait_fd(e->db, NULL), .events = POLLIN};
    assert_int_equal(poll(&p, 1, 0), 0);
    file_put(e, "f.ndjson", "a", "{\"v\":2}\n");
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_int_equal(weir_run(e->db, 5000), WEIR_ROW);
    assert_string_equal(rows(e, "SELECT total FROM m"), "3");
    file_put(e, "f.ndjson", "a", "{\"v\":3}\n");
    assert_int_equal(weir_run(e->db, 60000), WEIR_ROW);
    assert_string_equal(rows(e, "SELECT total FROM m"), "6");
}

/* ---- waiting, by a clock that only waits move ----------------------------------------------------------- */

enum { WAITS_MAX = 16 };

typedef struct Waits {
    int64_t us[WAITS_MAX];
    int n, told; /* which of them were told of something */
    void (*at_last)(Engine *e);
    int last;
} Waits;

static void note_wait(void *arg, int64_t us, int fd)
{
    Engine *e = arg;
    Waits *w = e->other;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_true(w->n < WAITS_MAX);
    w->us[w->n] = us;
    if (w->n == w->last) w->at_last(e);
    if (poll(&p, 1, 0) > 0) w->told |= 1 << w->n;
    else e->clock_us += us;
    w->n++;
}

static void open_waiting(Engine *e, Waits *w)
{
    weir_seams seams = {.now_us = engine_wall, .mono_us = engine_mono, .sleep_us = engine_sleep, .wait_us = note_wait, .arg = e, .seed = 1};
    weir_options opt = {.seams = &seams};
    e->other = w;
    ok(e, weir_open(e->path, &opt, &e->db));
    ok(e, exec_in(e, "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json', follow = true);"
                     "CREATE MATERIALIZED VIEW m AS SELECT sum(v) AS total FROM f"));
    run_all(e);
    if (weir_wait_fd(e->db, NULL) < 0) skip();
    weir_run(e->db, 0); /* what our own writes in that folder told is forgotten */
}

static void grow(Engine *e) { file_put(e, "f.ndjson", "a", "{\"v\":2}\n"); }

/* Nothing tells of it: the file has another name in another folder. */
static void grow_elsewhere(Engine *e) { file_put(e, "other/g.ndjson", "a", "{\"v\":2}\n"); }

static void link_elsewhere(const Engine *e, bool is_symbolic)
{
    char name[256], other[256];
    snprintf(other, sizeof other, "%s/other", e->folder);
    assert_int_equal(mkdir(other, 0700), 0);
    snprintf(other, sizeof other, "%s/other/g.ndjson", e->folder);
    snprintf(name, sizeof name, "%s/f.ndjson", e->folder);
    assert_int_equal(is_symbolic ? symlink(other, name) : link(name, other), 0);
}

/* As long as nothing has come so far, up to twenty times poll_interval. What tells ends the wait. */
static void quiet_sources_are_looked_at_less_and_less(void **state)
{
    Engine *e = *state;
    Waits w = {.at_last = grow, .last = 9};
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n");
    open_waiting(e, &w);
    assert_int_equal(weir_run(e->db, 60000), WEIR_ROW);
    assert_int_equal(w.n, 10);
    for (int i = 0; i < 5; i++) assert_int_equal(w.us[i], (INT64_C(100000) << i) >> (i > 0));
    for (int i = 6; i < 10; i++) assert_int_equal(w.us[i], 2000000);
    assert_int_equal(w.told, 1 << 9);
    assert_string_equal(rows(e, "SELECT total FROM m"), "3");
    assert_int_equal(weir_run(e->db, 0), WEIR_IDLE); /* its own commit lies in that folder, too */
    int ms;
    assert_true(weir_wait_fd(e->db, &ms) >= 0);
    assert_int_equal(ms, 100);
}

static void what_nobody_tells_of_is_late_and_not_lost(void **state)
{
    Engine *e = *state;
    Waits w = {.at_last = grow_elsewhere, .last = 9};
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n");
    link_elsewhere(e, false);
    open_waiting(e, &w);
    assert_int_equal(weir_run(e->db, 60000), WEIR_ROW);
    assert_int_equal(w.told, 0);
    assert_int_equal(w.n, 10);
    assert_string_equal(rows(e, "SELECT total FROM m"), "3");
}

static void behind_a_link_it_is_looked_for(void **state)
{
    Engine *e = *state;
    Waits w = {.at_last = grow_elsewhere, .last = 9};
    link_elsewhere(e, true);
    file_put(e, "other/g.ndjson", "w", "{\"v\":1}\n");
    open_waiting(e, &w);
    assert_int_equal(weir_run(e->db, 60000), WEIR_ROW);
    for (int i = 0; i < 10; i++) assert_int_equal(w.us[i], 100000);
    assert_string_equal(rows(e, "SELECT total FROM m"), "3");
}

/* What the clock alone brings is not slept through. */
static void silence_is_watched_as_before(void **state)
{
    Engine *e = *state;
    Waits w = {.last = -1};
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n");
    open_waiting(e, &w);
    ok(e, exec_in(e, "CREATE STREAM g (ts TIMESTAMP(3), v BIGINT, WATERMARK FOR ts AS ts) WITH (idle_timeout = '1 HOUR');"
                     "CREATE MATERIALIZED VIEW o AS SELECT window_end, count(*) AS n FROM TUMBLE(g, ts, '1 MINUTE') GROUP BY window_end"));
    run_all(e);
    weir_run(e->db, 0);
    e->clock_us += 60000000;
    assert_int_equal(weir_run(e->db, 300), WEIR_IDLE);
    for (int i = 0; i < w.n; i++) assert_true(w.us[i] <= 100000);
}

static void interrupt(Engine *e) { weir_interrupt(e->db); }

static void an_interrupt_ends_the_wait(void **state)
{
    Engine *e = *state;
    Waits w = {.at_last = interrupt, .last = 3};
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n");
    open_waiting(e, &w);
    assert_int_equal(weir_run(e->db, 60000), WEIR_E_INTERRUPTED);
    assert_int_equal(w.told, 1 << 3);
    assert_int_equal(weir_run(e->db, 0), WEIR_IDLE);
    w.last = -1;
    assert_int_equal(weir_run(e->db, 1000), WEIR_IDLE); /* it rings no longer */
    assert_int_equal(w.told, 1 << 3);
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
        TEST(quiet_sources_are_looked_at_less_and_less), TEST(what_nobody_tells_of_is_late_and_not_lost),
        TEST(behind_a_link_it_is_looked_for), TEST(silence_is_watched_as_before), TEST(an_interrupt_ends_the_wait),
        TEST(slow_commits_make_epochs_longer), TEST(epochs_grow_up_to_refresh_max), TEST(quick_commits_leave_epochs_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
