/* test_engine_owner.c: one engine at a time owns a database, whatever becomes of its lock; a copy made
 * from a running engine goes on as the original does (wounds 1, 3, 6, 7, 8, 10, 12, 13 and 17). */
#include "engine_fixture.h"

#include <signal.h>
#include <sys/wait.h>

static const char views[] =
    "CREATE STREAM f (t TIMESTAMP(0), k TEXT, v BIGINT, WATERMARK FOR t)"
    " WITH (connector = 'file', path = 'f.ndjson', format = 'json', follow = true);"
    "CREATE MATERIALIZED VIEW m AS SELECT k, count(*) AS n, sum(v) AS total FROM f GROUP BY k;"
    "CREATE MATERIALIZED VIEW w AS SELECT window_end, k, count(*) AS n FROM f WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k EMIT FINAL;"
    "CREATE MATERIALIZED VIEW h AS SELECT window_end, max(v) AS high FROM f WINDOW HOPPING (SIZE 20 SECONDS, ADVANCE BY 5 SECONDS);"
    "CREATE MATERIALIZED VIEW se AS SELECT k, window_start, count(*) AS n FROM f WINDOW SESSION (GAP 3 SECONDS) GROUP BY k;"
    "CREATE MATERIALIZED VIEW j AS SELECT a.k, a.v, b.v AS other FROM f a JOIN f b ON a.k = b.k AND a.t BETWEEN b.t - INTERVAL '3' SECOND AND b.t;";

/* A file that is followed is looked at now and then. */
static void follow(Engine *e)
{
    for (int i = 0; i < 3; i++, e->clock_us += 2000000) run_all(e);
}

static void put_rows(Engine *e, int from, int to)
{
    char line[128];
    for (int i = from; i < to; i++) {
        snprintf(line, sizeof line, "{\"t\":\"2023-01-01 00:%02d:%02d\",\"k\":\"%c\",\"v\":%d}\n", i / 60, i % 60, 'a' + i % 3, i * 7 % 11);
        file_put(e, "f.ndjson", from == 0 && i == 0 ? "w" : "a", line);
    }
}

static char *everything(Engine *e)
{
    static const char *const queries[] = {"SELECT * FROM m ORDER BY 1", "SELECT * FROM w ORDER BY 1, 2", "SELECT * FROM h ORDER BY 1",
                                          "SELECT * FROM se ORDER BY 1, 2", "SELECT * FROM j ORDER BY 1, 2, 3",
                                          "SELECT count(*), min(n) FROM (SELECT count(*) AS n FROM weir_errors)"};
    char *all = calloc(1, 1 << 17);
    for (int i = 0; i < 6; i++) strcat(strcat(all, rows(e, queries[i])), "\n--\n");
    return all;
}

/* What a run without any interruption comes to. */
static char *uninterrupted(int n)
{
    void *state = NULL;
    assert_int_equal(engine_setup(&state), 0);
    Engine *e = state;
    put_rows(e, 0, n);
    engine_open(e);
    ok(e, exec_in(e, views));
    follow(e);
    char *all = everything(e);
    engine_teardown(&state);
    return all;
}

static void same_as_uninterrupted(Engine *e, int n)
{
    char *want = uninterrupted(n), *got = everything(e);
    assert_string_equal(got, want);
    free(want);
    free(got);
}

/* ---- two engines ------------------------------------------------------------------------------- */

static void remove_lock(Engine *e)
{
    char path[192];
    snprintf(path, sizeof path, "%s-weir.lock", e->path);
    assert_int_equal(unlink(path), 0);
}

/* An engine of another process, which says when it has committed, and commits more when it is told to. */
static pid_t start_other(Engine *e, int *tell, int *hear)
{
    int in[2], out[2];
    char byte;
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    if (pid != 0) {
        close(in[0]);
        close(out[1]);
        *tell = in[1], *hear = out[0];
        return pid;
    }
    weir_status st = engine_try_open(e, false);
    if (st == WEIR_OK) st = exec_in(e, views);
    while (st == WEIR_OK && (st = weir_run(e->db, 0)) == WEIR_ROW) st = WEIR_OK;
    if (write(out[1], "x", 1) != 1 || read(in[0], &byte, 1) != 1) _exit(99);
    e->clock_us += 2000000;
    st = weir_run(e->db, 0);
    _exit(st);
}

static void a_stopped_engine_that_was_replaced_commits_nothing(void **state)
{
    Engine *e = *state;
    int tell, hear, status;
    char byte, want[64];
    put_rows(e, 0, 15);
    pid_t pid = start_other(e, &tell, &hear);
    assert_int_equal(read(hear, &byte, 1), 1);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_int_equal(engine_try_open(e, false), WEIR_E_LOCKED);
    snprintf(want, sizeof want, "process %d", (int)pid);
    assert_non_null(strstr(weir_errmsg(e->db), want));
    engine_close(e);
    remove_lock(e);
    engine_open(e); /* takes over */
    put_rows(e, 15, 40);
    follow(e);
    assert_int_equal(write(tell, "x", 1), 1);
    assert_int_equal(kill(pid, SIGCONT), 0);
    put_rows(e, 40, 50);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), WEIR_E_FAULTED);
    follow(e);
    same_as_uninterrupted(e, 50);
    close(tell);
    close(hear);
}

static void killed_between_taking_and_committing(void **state)
{
    Engine *e = *state;
    int tell, hear, status;
    char byte;
    put_rows(e, 0, 15);
    pid_t pid = start_other(e, &tell, &hear);
    assert_int_equal(read(hear, &byte, 1), 1);
    put_rows(e, 15, 40);
    assert_int_equal(write(tell, "x", 1), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    engine_open(e);
    follow(e);
    engine_reopen(e); /* and once more without a row in between: nothing is read again */
    follow(e);
    same_as_uninterrupted(e, 40);
    close(tell);
    close(hear);
}

/* Nothing came: nothing is written, handed on or read again, however often it is opened. */
static void nothing_comes_twice(void **state)
{
    Engine *e = *state;
    char before[256];
    put_rows(e, 0, 33);
    engine_open(e);
    ok(e, exec_in(e, views));
    follow(e);
    const char *figures = "SELECT (SELECT group_concat(changes) FROM weir_views), (SELECT group_concat(offset || '+' || rows) FROM _weir_positions)";
    snprintf(before, sizeof before, "%s", rows(e, figures));
    for (int i = 0; i < 4; i++) {
        engine_reopen(e);
        follow(e);
        assert_string_equal(rows(e, figures), before);
    }
    put_rows(e, 33, 44);
    follow(e);
    same_as_uninterrupted(e, 44);
}

/* One restart after the other, with a few rows between. */
static void forced_restarts_in_a_row(void **state)
{
    Engine *e = *state;
    put_rows(e, 0, 5);
    engine_open(e);
    ok(e, exec_in(e, views));
    for (int n = 5; n < 60; n += 5) {
        put_rows(e, n, n + 5);
        follow(e);
        engine_reopen(e);
    }
    same_as_uninterrupted(e, 60);
}

/* A stream without a row yet keeps its place too. */
static void an_empty_input_keeps_its_place(void **state)
{
    Engine *e = *state;
    file_put(e, "f.ndjson", "w", "");
    engine_open(e);
    ok(e, exec_in(e, views));
    follow(e);
    engine_reopen(e);
    follow(e);
    put_rows(e, 0, 12);
    follow(e);
    engine_reopen(e);
    follow(e);
    same_as_uninterrupted(e, 12);
}

/* ---- a copy ------------------------------------------------------------------------------------ */

static void a_copy_from_the_middle_of_a_window_goes_on(void **state)
{
    Engine *e = *state, copy = *e;
    put_rows(e, 0, 37);
    engine_open(e);
    ok(e, exec_in(e, views));
    follow(e);
    ok(e, exec_in(e, "BACKUP TO 'copy.db'"));
    assert_error(e, exec_in(e, "BACKUP TO 'copy.db'"), WEIR_E_STORAGE);
    put_rows(e, 37, 95);
    follow(e);
    same_as_uninterrupted(e, 95);
    snprintf(copy.path, sizeof copy.path, "%.*s/copy.db", 64, e->folder);
    engine_open(&copy);
    assert_string_equal(rows(&copy, "SELECT sum(n) FROM m"), "37");
    follow(&copy);
    same_as_uninterrupted(&copy, 95);
    engine_reopen(&copy);
    follow(&copy);
    same_as_uninterrupted(&copy, 95);
    engine_close(&copy);
}

static void a_checkpoint_empties_the_log(void **state)
{
    Engine *e = *state;
    char wal[192];
    put_rows(e, 0, 30);
    engine_open(e);
    ok(e, exec_in(e, views));
    follow(e);
    ok(e, exec_in(e, "CHECKPOINT"));
    snprintf(wal, sizeof wal, "%s-wal", e->path);
    FILE *f = fopen(wal, "r");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    assert_int_equal(ftell(f), 0);
    fclose(f);
    same_as_uninterrupted(e, 30);
}

/* ---- verification (wound 16) ------------------------------------------------------------------- */

typedef struct Verdicts {
    int views, compared;
    int64_t missing, extra, rows;
} Verdicts;

static void count_verdict(void *arg, const weir_verdict *v)
{
    Verdicts *n = arg;
    n->views++;
    n->compared += v->is_compared;
    n->missing += v->missing;
    n->extra += v->extra;
    n->rows += v->rows;
}

static void views_are_verified(void **state)
{
    Engine *e = *state;
    Verdicts n = {0};
    put_rows(e, 0, 53);
    engine_open(e);
    ok(e, exec_in(e, views));
    follow(e);
    put_rows(e, 53, 60);
    follow(e);
    put_rows(e, 60, 70); /* not read yet: no part of it */
    ok(e, weir_verify(e->db, count_verdict, &n));
    assert_int_equal(n.views, 5);
    assert_int_equal(n.compared, 5);
    assert_int_equal(n.missing + n.extra, 0);
    assert_true(n.rows > 50);
    engine_close(e);
    rows(e, "UPDATE _weir_mv_2 SET n = n + 1 WHERE k = 'a'");
    rows(e, "DELETE FROM _weir_mv_4 WHERE _id = (SELECT min(_id) FROM _weir_mv_4)");
    n = (Verdicts){0};
    assert_int_equal(engine_try_open(e, true), WEIR_OK);
    ok(e, weir_verify(e->db, count_verdict, &n));
    assert_int_equal(n.missing, 2);
    assert_int_equal(n.extra, 1);
}

/* ---- durability -------------------------------------------------------------------------------- */

/* What can be read again needs no sync of each commit; what cannot does. */
static void durability_follows_what_is_read(void **state)
{
    Engine *e = *state;
    put_rows(e, 0, 3);
    engine_open(e);
    ok(e, exec_in(e, views));
    assert_string_equal(weir_test_synchronous(e->db), "normal");
    ok(e, exec_in(e, "CREATE STREAM s (v BIGINT)"));
    assert_string_equal(weir_test_synchronous(e->db), "full");
    engine_reopen(e);
    assert_string_equal(weir_test_synchronous(e->db), "full");
    ok(e, exec_in(e, "DROP STREAM s"));
    assert_string_equal(weir_test_synchronous(e->db), "normal");
    ok(e, exec_in(e, "SET synchronous = off"));
    assert_string_equal(weir_test_synchronous(e->db), "off");
    ok(e, exec_in(e, "SET synchronous = full"));
    assert_string_equal(weir_test_synchronous(e->db), "full");
}

/* ---- counters near their end (wound 17) -------------------------------------------------------- */

/* Numbers that count commits, rows and errors go on to the last one there is. */
static void counters_near_their_end(void **state)
{
    Engine *e = *state;
    put_rows(e, 0, 20);
    engine_open(e);
    ok(e, exec_in(e, views));
    follow(e);
    engine_close(e);
    rows(e, "UPDATE _weir_epoch SET epoch = 9223372036854775000");
    rows(e, "UPDATE _weir_view_progress SET next_id = 9223372036854775000, changes = 9223372036854770000"
            " WHERE view = (SELECT id FROM _weir_relations WHERE name = 'j')");
    rows(e, "UPDATE _weir_positions SET rows = 9223372036854775000");
    engine_open(e);
    put_rows(e, 20, 70);
    follow(e);
    engine_reopen(e);
    follow(e);
    same_as_uninterrupted(e, 70);
    assert_string_equal(rows(e, "SELECT max(_id) > 9223372036854775000, max(_id) < 9223372036854775807 FROM _weir_mv_6"), "1|1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stopped_engine_that_was_replaced_commits_nothing),
        TEST(killed_between_taking_and_committing),
        TEST(nothing_comes_twice),
        TEST(forced_restarts_in_a_row),
        TEST(an_empty_input_keeps_its_place),
        TEST(a_copy_from_the_middle_of_a_window_goes_on),
        TEST(a_checkpoint_empties_the_log),
        TEST(views_are_verified),
        TEST(durability_follows_what_is_read),
        TEST(counters_near_their_end),
    };
    return cmocka_run_group_tests_name("engine_owner", tests, NULL, NULL);
}
