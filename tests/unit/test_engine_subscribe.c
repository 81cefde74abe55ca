/* test_engine_subscribe.c: what SUBSCRIBE hands out, added up, is the view at every commit: over random rows,
 * through restarts of the engine and of those who follow. */
#include "tests/unit/engine_fixture.h"

enum { ROWS_MAX = 4096, FOLLOWERS = 3 };

/* A bag of rows as text. */
typedef struct Bag {
    char *rows[ROWS_MAX];
    int n;
} Bag;

static void bag_add(Bag *b, const char *row)
{
    assert_true(b->n < ROWS_MAX);
    b->rows[b->n++] = strdup(row);
}

static void bag_take(Bag *b, const char *row)
{
    for (int i = 0; i < b->n; i++)
        if (!strcmp(b->rows[i], row)) {
            free(b->rows[i]);
            b->rows[i] = b->rows[--b->n];
            return;
        }
    fail_msg("a row goes that never came: %s", row);
}

static void bag_clear(Bag *b)
{
    while (b->n) free(b->rows[--b->n]);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void assert_same(Bag *have, Bag *want, const char *what)
{
    qsort(have->rows, (size_t)have->n, sizeof(char *), by_text);
    qsort(want->rows, (size_t)want->n, sizeof(char *), by_text);
    for (int i = 0; i < have->n || i < want->n; i++) {
        const char *h = i < have->n ? have->rows[i] : "nothing", *w = i < want->n ? want->rows[i] : "nothing";
        if (strcmp(h, w)) fail_msg("%s: %s instead of %s (%d rows, %d wanted)", what, h, w, have->n, want->n);
    }
}

/* The columns from `from` on. */
static const char *row_text(weir_stmt *s, int from)
{
    static char out[4096];
    size_t n = 0;
    out[0] = 0;
    for (int i = from; i < weir_column_count(s); i++) {
        const char *t = weir_column_text(s, i, NULL);
        n += (size_t)snprintf(out + n, sizeof out - n, "%s|", t ? t : "NULL");
    }
    return out;
}

/* One who follows a view, and what it makes of it. */
typedef struct Follower {
    weir_stmt *stmt;
    Bag bag;
    int64_t epoch; /* to go on from, -1: begin anew */
} Follower;

static void follow(Engine *e, Follower *f, const char *view)
{
    if (f->epoch < 0) bag_clear(&f->bag);
    ok(e, weir_subscribe(e->db, view, f->epoch < 0, f->epoch, &f->stmt));
}

static void hear(Engine *e, Follower *f)
{
    weir_status st;
    int64_t last = f->epoch;
    while ((st = weir_step_for(f->stmt, 0)) == WEIR_ROW) {
        assert_true(weir_column_int64(f->stmt, 0) >= last);
        last = weir_column_int64(f->stmt, 0);
        assert_true(weir_resume_epoch(f->stmt) < last); /* its epoch is not whole yet */
        const char *row = row_text(f->stmt, 1);
        if (weir_row_weight(f->stmt) > 0) bag_add(&f->bag, row);
        else bag_take(&f->bag, row);
    }
    if (st != WEIR_IDLE) fail_msg("%s: %s", weir_status_name(st), weir_errmsg(e->db));
    f->epoch = weir_resume_epoch(f->stmt);
}

static void leave(Follower *f)
{
    weir_finalize(f->stmt);
    f->stmt = NULL;
}

static void read_view(Engine *e, const char *view, Bag *out)
{
    weir_stmt *s;
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT * FROM %s", view);
    ok(e, weir_prepare(e->db, sql, -1, &s, NULL));
    while (weir_step(s) == WEIR_ROW) bag_add(out, row_text(s, 0));
    weir_finalize(s);
}

static void check(Engine *e, Follower *f, const char *view)
{
    Bag want = {0};
    hear(e, f);
    read_view(e, view, &want);
    assert_same(&f->bag, &want, view);
    bag_clear(&want);
}

/* ---- random rows ----------------------------------------------------------------------------------------- */

static uint64_t chance;

static int below(int n)
{
    chance = chance * 6364136223846793005u + 1442695040888963407u;
    return (int)((chance >> 33) % (uint64_t)n);
}

static const char views_sql[] =
    "CREATE STREAM s (t TIMESTAMP(0), k TEXT, v BIGINT, WATERMARK FOR t AS t - INTERVAL '5' SECOND);"
    "CREATE TABLE r (k TEXT PRIMARY KEY, w DECIMAL(10, 2));"
    "CREATE TABLE bag (k TEXT, v BIGINT);"
    "CREATE MATERIALIZED VIEW plain AS SELECT k, v FROM s WHERE v % 3 <> 0;"
    "CREATE MATERIALIZED VIEW groups AS SELECT k, count(*) AS n, sum(v) AS total, avg(v) AS mean FROM s GROUP BY k;"
    "CREATE MATERIALIZED VIEW top AS SELECT k, v FROM s ORDER BY v DESC, k LIMIT 5;"
    "CREATE MATERIALIZED VIEW joined AS SELECT s.k, s.v, r.w FROM s LEFT JOIN r ON s.k = r.k;"
    "CREATE MATERIALIZED VIEW hops AS SELECT window_start, k, max(v) AS m FROM TABLE(HOP(TABLE s, DESCRIPTOR(t), "
    "INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k;";

static const char *const followed[] = {"plain", "groups", "top", "joined", "hops", "r", "bag"};
enum { VIEWS = 7 };

static void change_something(Engine *e)
{
    char sql[512], k[16];
    snprintf(k, sizeof k, below(9) ? "'k%d'" : "NULL", below(6));
    int v = below(20), t = below(60);
    switch (below(7)) {
    case 0: snprintf(sql, sizeof sql, "INSERT INTO r VALUES ('k%d', %d.%02d) ON CONFLICT (k) DO UPDATE SET w = excluded.w", below(6), v, t); break;
    case 1: snprintf(sql, sizeof sql, "DELETE FROM r WHERE k = 'k%d'", below(6)); break;
    case 2: snprintf(sql, sizeof sql, "INSERT INTO bag VALUES (%s, %d), (%s, %d)", k, v, k, v); break;
    case 3: snprintf(sql, sizeof sql, "UPDATE bag SET v = v + 1 WHERE v %% 4 = %d", below(4)); break;
    case 4: snprintf(sql, sizeof sql, "DELETE FROM bag WHERE v %% 7 = %d", below(7)); break;
    default:
        snprintf(sql, sizeof sql, "INSERT INTO s VALUES ('2024-01-01 00:%02d:%02d', %s, %d), ('2024-01-01 00:00:%02d', 'k%d', NULL)",
                 below(3), t, k, v, t, below(6));
    }
    ok(e, weir_exec(e->db, sql, -1, NULL, NULL));
}

static void changes_add_up(void **state)
{
    Engine *e = *state;
    static Follower all[VIEWS][FOLLOWERS];
    engine_open(e);
    ok(e, exec_in(e, views_sql));
    chance = 7;
    for (int v = 0; v < VIEWS; v++)
        for (int i = 0; i < FOLLOWERS; i++) all[v][i].epoch = -1;
    for (int round = 0; round < 250; round++) {
        for (int n = below(4); n > 0; n--) change_something(e);
        run_all(e);
        bool restarts = below(12) == 0;
        for (int v = 0; v < VIEWS; v++)
            for (int i = 0; i < FOLLOWERS; i++) {
                Follower *f = &all[v][i];
                if (i > 0 && below(i * 5)) continue; /* some listen now and then only */
                if (!f->stmt) follow(e, f, followed[v]);
                check(e, f, followed[v]);
                if (below(10) == 0) leave(f);
                if (below(40) == 0 && !f->stmt) f->epoch = -1;
            }
        for (int v = 0; restarts && v < VIEWS; v++)
            for (int i = 0; i < FOLLOWERS; i++) leave(&all[v][i]);
        if (restarts) engine_reopen(e);
    }
    for (int v = 0; v < VIEWS; v++)
        for (int i = 0; i < FOLLOWERS; i++) {
            leave(&all[v][i]);
            bag_clear(&all[v][i].bag);
        }
}

/* ---- what is kept ------------------------------------------------------------------------------------------ */

static void insert(Engine *e, int v)
{
    char sql[64];
    snprintf(sql, sizeof sql, "INSERT INTO h VALUES (%d)", v);
    ok(e, weir_exec(e->db, sql, -1, NULL, NULL));
}

static void begin_h(Engine *e)
{
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM h (v BIGINT); CREATE MATERIALIZED VIEW m AS SELECT v FROM h;"));
}

static int count(Engine *e, int64_t since, weir_status *end)
{
    weir_stmt *s;
    int n = 0;
    ok(e, weir_subscribe(e->db, "m", 0, since, &s));
    while ((*end = weir_step_for(s, 0)) == WEIR_ROW) n++;
    weir_finalize(s);
    return n;
}

static void old_changes_are_gone(void **state)
{
    Engine *e = *state;
    Follower f = {.epoch = -1};
    weir_status end;
    begin_h(e);
    follow(e, &f, "m");
    hear(e, &f);
    int64_t first = f.epoch;
    leave(&f);
    for (int i = 0; i < 10; i++) {
        insert(e, i);
        e->clock_us += INT64_C(600) * 1000000; /* ten minutes each */
        if (i == 4) count(e, first, &end);     /* somebody still reads */
    }
    assert_int_equal(count(e, first, &end), 0);
    assert_int_equal(end, WEIR_E_GONE);
    assert_int_equal(count(e, first + 5, &end), 5);
    assert_int_equal(end, WEIR_IDLE);
    assert_string_equal(rows(e, "SELECT count(*) < 8 FROM _weir_changes"), "1");
}

static void nobody_reads_nothing_is_kept(void **state)
{
    Engine *e = *state;
    weir_status end;
    begin_h(e);
    count(e, -1, &end);
    insert(e, 1);
    assert_string_equal(rows(e, "SELECT weight, c0 FROM _weir_changes_2"), "1|1");
    e->clock_us += INT64_C(7200) * 1000000;
    insert(e, 2);
    assert_string_equal(rows(e, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '_weir_changes_%'"), "0");
    assert_string_equal(rows(e, "SELECT count(*) FROM _weir_subscribed"), "0");
    engine_reopen(e);
    insert(e, 3);
    assert_int_equal(count(e, 1, &end), 0);
    assert_int_equal(end, WEIR_E_GONE);
    insert(e, 4);
    assert_string_equal(rows(e, "SELECT weight, c0 FROM _weir_changes_2"), "1|4");
}

static void bytes_are_bounded(void **state)
{
    Engine *e = *state;
    weir_status end;
    e->settings[0] = "changes_limit=2000";
    begin_h(e);
    count(e, -1, &end);
    for (int i = 0; i < 500; i++) insert(e, i);
    assert_string_equal(rows(e, "SELECT total(bytes) <= 2000, count(*) > 20, total(bytes) = (SELECT bytes FROM _weir_subscribed) "
                                "FROM _weir_changes"), "1|1|1");
    assert_string_equal(rows(e, "SELECT (SELECT floor FROM _weir_subscribed) = min(epoch) - 1 FROM _weir_changes"), "1");
}

static void retention_is_no_change(void **state)
{
    Engine *e = *state;
    Follower f = {.epoch = -1};
    engine_open(e);
    ok(e, exec_in(e, "CREATE STREAM s (t TIMESTAMP(0), v BIGINT, WATERMARK FOR t AS t);"
                     "CREATE MATERIALIZED VIEW w WITH (retention = '10 SECONDS') AS SELECT window_end, sum(v) AS v FROM TABLE(TUMBLE(TABLE s, "
                     "DESCRIPTOR(t), INTERVAL '1' SECOND)) GROUP BY window_start, window_end EMIT FINAL;"));
    follow(e, &f, "w");
    hear(e, &f);
    for (int i = 0; i < 50; i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "INSERT INTO s VALUES ('2024-01-01 00:00:%02d', %d)", i, i);
        ok(e, weir_exec(e->db, sql, -1, NULL, NULL));
        if (i % 30 == 0) hear(e, &f);
    }
    hear(e, &f);
    assert_int_equal(f.bag.n, 50);
    leave(&f);
    bag_clear(&f.bag);
}

/* ---- names and mistakes ------------------------------------------------------------------------------------ */

static void drop_and_make_anew(void **state)
{
    Engine *e = *state;
    Follower f = {.epoch = -1};
    begin_h(e);
    insert(e, 1);
    follow(e, &f, "M");
    check(e, &f, "m");
    ok(e, exec_in(e, "DROP VIEW m"));
    assert_int_equal(weir_step_for(f.stmt, 0), WEIR_E_NOT_FOUND);
    leave(&f);
    assert_string_equal(rows(e, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '_weir_changes_%'"), "0");
    ok(e, exec_in(e, "CREATE MATERIALIZED VIEW m AS SELECT v + 1 AS v FROM h"));
    weir_status end;
    assert_int_equal(count(e, f.epoch, &end), 0);
    assert_int_equal(end, WEIR_E_GONE);
    bag_clear(&f.bag);
}

static void refusals(void **state)
{
    Engine *e = *state;
    weir_stmt *s = NULL;
    begin_h(e);
    ok(e, exec_in(e, "CREATE VIEW soft AS SELECT v FROM m"));
    assert_error(e, weir_subscribe(e->db, "nosuch", 0, -1, &s), WEIR_E_NOT_FOUND);
    assert_error(e, weir_subscribe(e->db, "h", 0, -1, &s), WEIR_E_UNSUPPORTED);
    assert_error(e, weir_subscribe(e->db, "soft", 0, -1, &s), WEIR_E_UNSUPPORTED);
    assert_error(e, weir_subscribe(e->db, "m", 1, 3, &s), WEIR_E_OPTION);
    assert_error(e, weir_prepare(e->db, "SUBSCRIBE m SINCE 'x'", -1, &s, NULL), WEIR_E_TYPE);
    assert_error(e, weir_prepare(e->db, "SUBSCRIBE TO (SELECT 1)", -1, &s, NULL), WEIR_E_UNSUPPORTED);
    assert_null(s);
    ok(e, weir_subscribe(e->db, "m", 0, 1000, &s));
    assert_error(e, weir_step(s), WEIR_E_VALUE);
    weir_finalize(s);
    assert_int_equal(weir_subscribe(NULL, "m", 0, -1, &s), WEIR_E_MISUSE);
    assert_int_equal(weir_resume_epoch(NULL), -1);
}

/* Beside an engine in another process: the file is read, that engine writes. */
static void follow_from_outside(void **state)
{
    Engine *e = *state;
    weir_stmt *s;
    weir *reader;
    weir_options opt = {.read_only = 1};
    begin_h(e);
    assert_int_equal(weir_open(e->path, &opt, &reader), WEIR_OK);
    assert_int_equal(weir_subscribe(reader, "m", 0, -1, &s), WEIR_OK);
    assert_int_equal(weir_step_for(s, 0), WEIR_E_READONLY);
    weir_finalize(s);
    weir_status end;
    count(e, -1, &end);
    assert_int_equal(weir_subscribe(reader, "m", 1, -1, &s), WEIR_OK);
    assert_int_equal(weir_step_for(s, 0), WEIR_IDLE);
    insert(e, 5);
    assert_int_equal(weir_step_for(s, 0), WEIR_ROW);
    assert_int_equal(weir_column_int64(s, 1), 5);
    assert_int_equal(weir_step_for(s, 0), WEIR_IDLE);
    weir_finalize(s);
    weir_close(reader);
}

/* weir_step runs the engine while it waits. */
static void step_drives_the_engine(void **state)
{
    Engine *e = *state;
    weir_stmt *s;
    engine_open(e);
    file_put(e, "in.ndjson", "w", "{\"v\":1}\n{\"v\":2}\n");
    ok(e, exec_in(e, "CREATE STREAM f (v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json');"
                     "CREATE MATERIALIZED VIEW m AS SELECT v FROM f;"));
    ok(e, weir_subscribe(e->db, "m", 1, -1, &s));
    int n = 0;
    weir_status st;
    while ((st = weir_step(s)) == WEIR_ROW) n++;
    assert_int_equal(st, WEIR_DONE);
    assert_int_equal(n, 2);
    weir_finalize(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, engine_setup, engine_teardown)
    const struct CMUnitTest tests[] = {
        TEST(changes_add_up),          TEST(old_changes_are_gone),   TEST(nobody_reads_nothing_is_kept),
        TEST(bytes_are_bounded),       TEST(retention_is_no_change), TEST(drop_and_make_anew),
        TEST(refusals),                TEST(follow_from_outside),    TEST(step_drives_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
