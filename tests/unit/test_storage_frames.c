/* test_storage_frames.c: frames that are held back on their way into the write-ahead log: a commit is in the file
 * when it is told, whatever happened to the transaction before, and what failed is not in it later. */
#include "failing_vfs.h"
#include "storage_fixture.h"
#include "storage/frames.h"

enum { PAGE = 4096 };

typedef struct Writer {
    Frames *frames;
    sqlite3 *db;
} Writer;

static int try_exec(sqlite3 *db, const char *sql) { return sqlite3_exec(db, sql, NULL, NULL, NULL); }
static void exec(sqlite3 *db, const char *sql) { assert_int_equal(try_exec(db, sql), SQLITE_OK); }

static int64_t one(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return v;
}

/* With a cache of few pages, so that transactions leave it before they commit. */
static Writer open_writer(Fixture *f)
{
    Writer w = {.frames = frames_new("shim")};
    assert_non_null(w.frames);
    frames_set_page(w.frames, PAGE);
    assert_int_equal(sqlite3_open_v2(f->path, &w.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, frames_name(w.frames)), SQLITE_OK);
    int keep = 1;
    sqlite3_file_control(w.db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
    exec(w.db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 10;"
               "CREATE TABLE IF NOT EXISTS t (k INTEGER PRIMARY KEY, v BLOB)");
    assert_int_equal(one(w.db, "PRAGMA page_size"), PAGE);
    return w;
}

static void close_writer(Writer *w)
{
    sqlite3_close(w->db);
    frames_free(w->frames);
}

static void put(sqlite3 *db, int from, int to)
{
    char *sql = sqlite3_mprintf("WITH i(k) AS (VALUES (%d) UNION ALL SELECT k + 1 FROM i WHERE k < %d) "
                                "INSERT OR REPLACE INTO t SELECT k, zeroblob(k %% 3000 + 500) FROM i", from, to);
    exec(db, sql);
    sqlite3_free(sql);
}

static sqlite3 *other(Fixture *f)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    return db;
}

/* As another program finds it. */
static void assert_rows(Fixture *f, int64_t n)
{
    sqlite3 *db = other(f);
    assert_int_equal(one(db, "SELECT count(*) FROM t"), n);
    assert_int_equal(one(db, "SELECT quick_check = 'ok' FROM pragma_quick_check"), 1);
    sqlite3_close(db);
}

/* ---- tests ------------------------------------------------------------------------------------- */

static void a_commit_takes_few_writes_and_is_seen_at_once(void **state)
{
    Fixture *f = *state;
    Writer w = open_writer(f);
    exec(w.db, "PRAGMA cache_size = 2000");
    arm(FAIL_WRITE, 0, 0, false);
    put(w.db, 1, 1000);
    assert_in_range(shim.writes, 1, one(w.db, "PRAGMA page_count") / 6);
    assert_rows(f, 1000);
    arm(FAIL_WRITE, 0, 0, false);
    put(w.db, 1001, 1001);
    assert_in_range(shim.writes, 1, 2);
    assert_rows(f, 1001);
    close_writer(&w);
    assert_rows(f, 1001);
}

static void what_left_the_cache_is_read_back(void **state)
{
    Fixture *f = *state;
    Writer w = open_writer(f);
    exec(w.db, "BEGIN");
    put(w.db, 1, 2000);
    assert_int_equal(one(w.db, "SELECT sum(length(v) = k % 3000 + 500) FROM t"), 2000);
    exec(w.db, "SAVEPOINT s");
    put(w.db, 1001, 3000);
    exec(w.db, "UPDATE t SET v = zeroblob(100) WHERE k % 7 = 0; ROLLBACK TO s; RELEASE s");
    assert_int_equal(one(w.db, "SELECT sum(length(v) = k % 3000 + 500) FROM t"), 2000);
    exec(w.db, "UPDATE t SET v = zeroblob(600) WHERE k % 5 = 0"); /* frames that were written are written anew */
    assert_rows(f, 0);
    exec(w.db, "COMMIT");
    assert_rows(f, 2000);
    close_writer(&w);
    assert_rows(f, 2000);
}

/* After a savepoint frames come once more where others are held: the one that commits may be the last but some. */
static void a_commit_over_frames_that_were_undone_is_seen(void **state)
{
    Fixture *f = *state;
    Writer w = open_writer(f);
    for (int i = 1; i <= 60; i++) {
        exec(w.db, "BEGIN");
        put(w.db, i, i);
        exec(w.db, "SAVEPOINT s");
        put(w.db, 100000, 100000 + i);
        exec(w.db, "ROLLBACK TO s; RELEASE s; COMMIT");
        assert_rows(f, i);
    }
    close_writer(&w);
    assert_rows(f, 60);
}

/* Frames of a transaction that was taken back must not come to lie over those that another program commits. */
static void what_was_taken_back_is_not_written_later(void **state)
{
    Fixture *f = *state;
    Writer w = open_writer(f);
    for (int i = 0; i < 30; i++) {
        exec(w.db, "BEGIN");
        put(w.db, 100000, 100040 + 3 * i);
        exec(w.db, "ROLLBACK");
        sqlite3 *db = other(f);
        put(db, i * 10 + 1, i * 10 + 10);
        sqlite3_close(db);
        assert_int_equal(one(w.db, "SELECT count(*) FROM t"), i * 10 + 10);
        sqlite3_wal_checkpoint_v2(w.db, NULL, i % 3 ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        assert_rows(f, i * 10 + 10);
    }
    close_writer(&w);
    assert_rows(f, 300);
}

/* Fails the 1st, 2nd, … write of a transaction that leaves the cache. What is said to have failed has. */
static void sweep(Fixture *f, bool stays)
{
    Writer w = open_writer(f);
    int64_t rows = 0;
    bool hit = true;
    int nth = 1;
    for (; hit; nth++) {
        arm(FAIL_WRITE, SQLITE_FULL, nth, stays);
        int rc = try_exec(w.db, "BEGIN IMMEDIATE");
        for (int k = 0; k < 10 && rc == SQLITE_OK; k++)
            rc = try_exec(w.db, "WITH i(k) AS (VALUES (1) UNION ALL SELECT k + 1 FROM i WHERE k < 40) "
                                "INSERT INTO t SELECT NULL, zeroblob(3000) FROM i");
        if (rc == SQLITE_OK) rc = try_exec(w.db, "COMMIT");
        hit = shim.hit;
        disarm();
        if (rc == SQLITE_OK) rows += 400;
        else if (!sqlite3_get_autocommit(w.db)) exec(w.db, "ROLLBACK");
        assert_true(hit || rc == SQLITE_OK);
        assert_rows(f, rows);
        assert_int_equal(one(w.db, "SELECT count(*) FROM t"), rows);
    }
    assert_true(nth > 8);
    put(w.db, 100001, 100100);
    assert_rows(f, rows + 100);
    close_writer(&w);
    assert_rows(f, rows + 100);
}

static void a_write_that_fails_fails_its_transaction(void **state) { sweep(*state, false); }
static void a_disk_that_stays_full_takes_nothing_in(void **state) { sweep(*state, true); }

static void write_all(sqlite3 *db, int length)
{
    char *sql = sqlite3_mprintf("UPDATE t SET v = zeroblob(%d)", length);
    exec(db, sql);
    sqlite3_free(sql);
}

/* Beside a reader of an old commit a part of the log is moved, and no call behind the last page tells of what failed. */
static void a_part_of_the_log_is_moved_page_by_page(void **state)
{
    Fixture *f = *state;
    Writer w = open_writer(f);
    bool hit = true;
    put(w.db, 1, 40);
    for (int nth = 1; hit; nth++) {
        write_all(w.db, 1000 + 2 * nth);
        sqlite3 *reader = other(f);
        exec(reader, "BEGIN");
        assert_int_equal(one(reader, "SELECT count(*) FROM t"), 40);
        exec(w.db, "DELETE FROM t WHERE k = 1; INSERT INTO t VALUES (1, zeroblob(10))");
        arm(FAIL_WRITE, SQLITE_FULL, nth, true);
        sqlite3_wal_checkpoint_v2(w.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        hit = shim.hit;
        disarm();
        sqlite3 *db = other(f);
        assert_int_equal(one(db, "SELECT sum(length(v)) FROM t"), 39 * (1000 + 2 * nth) + 10);
        sqlite3_close(db);
        assert_rows(f, 40);
        sqlite3_close(reader);
    }
    close_writer(&w);
    assert_rows(f, 40);
}

/* The pages go into the file together when the last one closes it; where they cannot, the log keeps them. */
static void closing_moves_pages_together(void **state)
{
    Fixture *f = *state;
    int64_t least = INT64_MAX;
    for (int nth = 0; nth < 12; nth++) {
        Writer w = open_writer(f);
        exec(w.db, "PRAGMA cache_size = 2000; DELETE FROM t");
        put(w.db, 1, 1000 + nth);
        int64_t pages = one(w.db, "PRAGMA page_count");
        arm(FAIL_WRITE, SQLITE_FULL, nth, true);
        close_writer(&w);
        if (nth == 0) assert_in_range(shim.writes, 1, pages / 6);
        if (!shim.hit && shim.writes < least) least = shim.writes;
        disarm();
        assert_rows(f, 1000 + nth);
    }
    assert_true(least < INT64_MAX);
}

int main(void)
{
    shim_register();
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_commit_takes_few_writes_and_is_seen_at_once),
        TEST(what_left_the_cache_is_read_back),
        TEST(a_commit_over_frames_that_were_undone_is_seen),
        TEST(what_was_taken_back_is_not_written_later),
        TEST(a_write_that_fails_fails_its_transaction),
        TEST(a_disk_that_stays_full_takes_nothing_in),
        TEST(a_part_of_the_log_is_moved_page_by_page),
        TEST(closing_moves_pages_together),
    };
    return cmocka_run_group_tests_name("storage_frames", tests, NULL, NULL);
}
