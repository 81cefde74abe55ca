/* test_engine_degraded.c: what stands in the way of a commit holds it up and loses nothing: the same
 * write set is committed once it has gone (wounds 8, 11, 41 and 44). */
#include "failing_vfs.h"

#include "engine_fixture.h"

#include <sys/wait.h>

static const char counted[] =
    "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'f.ndjson', format = 'json', follow = true);"
    "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n, sum(v) AS total FROM f";

static weir_status open_shimmed(Engine *e)
{
    weir_seams seams = {.now_us = engine_wall, .mono_us = engine_mono, .sleep_us = engine_sleep, .arg = e, .seed = 1,
                        .state_log_min = 300, .vfs = "shim"};
    weir_options opt = {.seams = &seams, .settings = e->settings};
    return weir_open(e->path, &opt, &e->db);
}

static void begin(Engine *e)
{
    file_put(e, "f.ndjson", "w", "{\"v\":1}\n{\"v\":2}\n");
    ok(e, open_shimmed(e));
    ok(e, exec_in(e, counted));
    run_all(e);
    assert_string_equal(rows(e, "SELECT n, total FROM m"), "2|3");
    assert_string_equal(weir_state(e->db), "running");
    assert_string_equal(rows(e, "SELECT epoch FROM _weir_epoch"), "1");
}

/* The last column of the first row. */
static const char *one_value(Engine *e, const char *sql)
{
    static char out[256];
    weir_stmt *s;
    ok(e, weir_prepare(e->db, sql, -1, &s, NULL));
    if (weir_step(s) != WEIR_ROW) fail_msg("%s", weir_errmsg(e->db));
    snprintf(out, sizeof out, "%s", weir_column_text(s, weir_column_count(s) - 1, NULL));
    weir_finalize(s);
    return out;
}

/* While it lasts: nothing more is taken, what is there can be read, and the state says why. */
static void holds_up(Engine *e, const char *why)
{
    file_put(e, "f.ndjson", "a", "{\"v\":10}\n");
    assert_int_equal(weir_run(e->db, 0), WEIR_IDLE);
    assert_string_equal(weir_state(e->db), why);
    file_put(e, "f.ndjson", "a", "{\"v\":100}\n");
    for (int i = 0; i < 3; i++) assert_int_equal(weir_run(e->db, 2000), WEIR_IDLE);
    assert_string_equal(rows(e, "SELECT n, total FROM m"), "2|3");
    assert_string_equal(one_value(e, "SELECT total FROM m"), "3");
    assert_string_equal(one_value(e, "SELECT state FROM weir_jobs"), why);
}

static void goes_on(Engine *e)
{
    run_all(e);
    assert_string_equal(weir_state(e->db), "running");
    assert_string_equal(rows(e, "SELECT n, total FROM m"), "4|113");
    assert_string_equal(rows(e, "SELECT epoch FROM _weir_epoch"), "3"); /* each once */
    assert_string_equal(rows(e, "SELECT changes FROM weir_views"), "3"); /* one row comes, then is another */
    engine_reopen(e);
    run_all(e);
    assert_string_equal(rows(e, "SELECT n, total FROM m"), "4|113");
}

static void a_full_disk_degrades(void **state)
{
    Engine *e = *state;
    begin(e);
    arm(FAIL_WRITE, SQLITE_FULL, 1, true);
    holds_up(e, "degraded: disk full");
    disarm();
    goes_on(e);
}

static void a_failing_disk_degrades(void **state)
{
    Engine *e = *state;
    begin(e);
    arm(FAIL_WRITE, SQLITE_IOERR_WRITE, 1, true);
    holds_up(e, "degraded: the disk reports an error");
    disarm();
    goes_on(e);
}

static void another_writer_degrades(void **state)
{
    Engine *e = *state;
    sqlite3 *other;
    begin(e);
    assert_int_equal(sqlite3_open(e->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    holds_up(e, "degraded: another program is writing to the database");
    sqlite3_exec(other, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(other);
    goes_on(e);
}

/* Dropping the engine while a commit waits loses what was not committed, and reads it again. */
static void closed_while_degraded(void **state)
{
    Engine *e = *state;
    begin(e);
    arm(FAIL_WRITE, SQLITE_FULL, 1, true);
    holds_up(e, "degraded: disk full");
    engine_close(e);
    disarm();
    engine_open(e);
    run_all(e);
    assert_string_equal(rows(e, "SELECT n, total FROM m"), "4|113");
}

/* The waits of two engines differ, and grow. */
static void waits_are_uneven(void **state)
{
    Engine *e = *state;
    begin(e);
    arm(FAIL_WRITE, SQLITE_FULL, 1, true);
    file_put(e, "f.ndjson", "a", "{\"v\":10}\n");
    int64_t before = e->slept_us;
    assert_int_equal(weir_run(e->db, 5000), WEIR_IDLE);
    assert_true(e->slept_us - before >= 5000000 && e->slept_us - before < 6100000);
    disarm();
}

/* However long it lasts. */
static void tries_leave_nothing_behind(void **state)
{
    Engine *e = *state;
    begin(e);
    arm(FAIL_WRITE, SQLITE_FULL, 1, true);
    file_put(e, "f.ndjson", "a", "{\"v\":10}\n");
    assert_int_equal(weir_run(e->db, 20000), WEIR_IDLE);
    int64_t used = weir_test_memory_used(), slept = e->slept_us;
    assert_int_equal(weir_run(e->db, 4000000), WEIR_IDLE);
    assert_true(e->slept_us - slept >= 4000000000);
    assert_int_equal(weir_test_memory_used(), used);
    disarm();
}

/* After a sync that failed nothing is written any more: not by a second try, not when the file is closed. */
static void a_failed_sync_is_the_end(void **state)
{
    Engine *e = *state;
    e->settings[0] = "synchronous=full";
    begin(e);
    file_put(e, "f.ndjson", "a", "{\"v\":10}\n");
    arm(FAIL_SYNC, SQLITE_IOERR_FSYNC, 1, false);
    assert_int_equal(weir_run(e->db, 0), WEIR_E_FAULTED);
    assert_true(shim.hit);
    assert_int_equal(shim.syncs, 1);
    assert_true(!strncmp(weir_state(e->db), "faulted: the commit failed", 26));
    assert_int_equal(weir_run(e->db, 0), WEIR_E_FAULTED);
    assert_string_equal(one_value(e, "SELECT n FROM m") ? "read" : "", "read");
    engine_close(e);
    assert_int_equal(shim.syncs, 1);
    disarm();
    engine_open(e);
    run_all(e);
    assert_string_equal(rows(e, "SELECT n, total FROM m"), "3|13");
}

/* What the view cannot take leaves the input where it was: one transaction has both. */
static void a_view_that_cannot_be_written_keeps_the_position(void **state)
{
    Engine *e = *state;
    begin(e);
    char before[64];
    snprintf(before, sizeof before, "%s", rows(e, "SELECT offset, rows FROM _weir_positions"));
    rows(e, "CREATE TRIGGER no BEFORE INSERT ON _weir_mv_2 BEGIN SELECT raise(ABORT, 'no'); END");
    rows(e, "ALTER TABLE _weir_mv_2 RENAME TO elsewhere");
    file_put(e, "f.ndjson", "a", "{\"v\":10}\n");
    e->clock_us += 2000000;
    assert_int_equal(weir_run(e->db, 0), WEIR_E_FAULTED);
    assert_string_equal(rows(e, "SELECT offset, rows FROM _weir_positions"), before);
    rows(e, "ALTER TABLE elsewhere RENAME TO _weir_mv_2");
    rows(e, "DROP TRIGGER no");
    engine_reopen(e);
    run_all(e);
    assert_string_equal(rows(e, "SELECT n, total FROM m"), "3|13");
}

/* ---- a reader that stays ----------------------------------------------------------------------- */

static pid_t start_reader(Engine *e, int *say)
{
    int told[2], ready[2];
    char byte;
    assert_int_equal(pipe(told), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        sqlite3 *db;
        close(told[1]);
        if (sqlite3_open_v2(e->path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) _exit(1);
        sqlite3_exec(db, "BEGIN; SELECT count(*) FROM m", NULL, NULL, NULL);
        if (write(ready[1], "x", 1) != 1) _exit(1);
        _exit(read(told[0], &byte, 1) == 1 ? 2 : 0);
    }
    close(told[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    *say = told[1];
    return pid;
}

static void a_reader_that_stays_slows_down_then_stops(void **state)
{
    Engine *e = *state;
    int say;
    char want[128];
    e->settings[0] = "wal_limit=100000";
    begin(e);
    pid_t pid = start_reader(e, &say);
    int64_t n = 2;
    bool has_slowed = false;
    weir_status st = WEIR_ROW;
    for (int i = 0; i < 2000 && st != WEIR_IDLE; i++) {
        file_put(e, "f.ndjson", "a", "{\"v\":0}\n");
        st = weir_run(e->db, 100);
        n += st == WEIR_ROW;
        has_slowed |= !strncmp(weir_state(e->db), "slowed down", 11);
    }
    assert_true(has_slowed);
    snprintf(want, sizeof want, "degraded: the write-ahead log has 0 MB, process %d reads an old commit", (int)pid);
    assert_string_equal(weir_state(e->db), want);
    for (int i = 0; i < 3; i++) assert_int_equal(weir_run(e->db, 100), WEIR_IDLE);
    close(say);
    waitpid(pid, NULL, 0);
    run_all(e);
    assert_string_equal(weir_state(e->db), "running");
    snprintf(want, sizeof want, "%lld|3", (long long)n + 1);
    assert_string_equal(rows(e, "SELECT n, total FROM m"), want);
}

/* As many lines as `keys`, each with a key of its own. */
static void put_keys(Engine *e, int keys)
{
    char path[256];
    snprintf(path, sizeof path, "%s/k.ndjson", e->folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < keys; i++) fprintf(f, "{\"k\":\"%d of the keys, each of which is kept\"}\n", i);
    fclose(f);
}

static int number(Engine *e, const char *sql) { return atoi(rows(e, sql)); }

static void limit_memory(Engine *e, int64_t bytes)
{
    char sql[64];
    snprintf(sql, sizeof sql, "SET memory_limit = %lld", (long long)bytes);
    ok(e, exec_in(e, sql));
}

static void assert_limited(Engine *e)
{
    weir_status st;
    while ((st = weir_run(e->db, 0)) == WEIR_ROW) {}
    assert_int_equal(st, WEIR_E_LIMIT);
    assert_non_null(strstr(weir_errmsg(e->db), "are state of \"g\""));
    assert_string_equal(weir_state(e->db), "degraded: memory_limit is reached");
}

/* More keys than memory is given for: nothing more is taken, nothing is lost, and more memory makes it go on. */
static void count_equal(void *arg, const weir_verdict *v) { *(int *)arg += v->is_compared && v->missing + v->extra == 0; }

/* Not for good: who waits for a view that catches up hears of the limit too. A copy to verify has none. */
static void spent_memory_ends_waiting(void **state)
{
    Engine *e = *state;
    int equal = 0;
    put_keys(e, 20000);
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM f (k TEXT) WITH (connector = 'file', path = 'k.ndjson', format = 'json');"
                     "CREATE TABLE t (a BIGINT PRIMARY KEY); INSERT INTO t VALUES (1), (2);"
                     "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM f"));
    run_all(e);
    ok(e, exec_in(e, "CREATE MATERIALIZED VIEW g AS SELECT k, count(*) AS n FROM f GROUP BY k"));
    limit_memory(e, 1000);
    assert_int_equal(exec_in(e, "DELETE FROM t WHERE a = 1"), WEIR_E_LIMIT);
    ok(e, exec_in(e, "DROP MATERIALIZED VIEW g"));
    ok(e, exec_in(e, "DELETE FROM t WHERE a = 1"));
    ok(e, weir_verify(e->db, count_equal, &equal));
    assert_int_equal(equal, 1);
}

static void spent_memory_degrades(void **state)
{
    enum { KEYS = 150000 }; /* 40 MB and more */
    Engine *e = *state;
    put_keys(e, KEYS);
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM f (k TEXT) WITH (connector = 'file', path = 'k.ndjson', format = 'json', follow = true);"
                     "CREATE TABLE t (a BIGINT PRIMARY KEY);"
                     "CREATE MATERIALIZED VIEW g AS SELECT k, count(*) AS n FROM f GROUP BY k;"
                     "CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM f"));
    int64_t limit = weir_test_memory_used() + (6 << 20);
    limit_memory(e, limit);
    assert_limited(e);
    int taken = number(e, "SELECT n FROM m");
    assert_true(taken > 0 && taken < KEYS);
    assert_int_equal(number(e, "SELECT count(*) FROM g"), taken);
    assert_true(weir_test_memory_used() < limit + (16 << 20)); /* what one batch and one commit need, and a table that has just doubled */
    assert_int_equal(exec_in(e, "INSERT INTO t VALUES (1)"), WEIR_E_LIMIT);
    assert_int_equal(weir_push(e->db, "t", "json", "{\"a\":1}", -1), WEIR_E_LIMIT);
    assert_int_equal(atoi(one_value(e, "SELECT n FROM m")), taken);
    engine_reopen(e);
    assert_limited(e);
    limit_memory(e, 0);
    run_all(e);
    assert_string_equal(weir_state(e->db), "running");
    assert_int_equal(number(e, "SELECT sum(n) FROM g"), KEYS);
    assert_int_equal(number(e, "SELECT count(*) FROM g"), KEYS);
}

int main(void)
{
    shim_register();
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_degrades),
        TEST(a_failing_disk_degrades),
        TEST(another_writer_degrades),
        TEST(closed_while_degraded),
        TEST(waits_are_uneven),
        TEST(tries_leave_nothing_behind),
        TEST(a_failed_sync_is_the_end),
        TEST(a_view_that_cannot_be_written_keeps_the_position),
        TEST(a_reader_that_stays_slows_down_then_stops),
        TEST(spent_memory_degrades),
        TEST(spent_memory_ends_waiting),
    };
    return cmocka_run_group_tests_name("engine_degraded", tests, NULL, NULL);
}
