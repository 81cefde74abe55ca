/* test_storage_retry.c: writes that fail. A VFS that fails its n-th write, sync or truncation
 * shows that a commit is whole or not at all, and which failures may be tried again (wound 41). */
#include "failing_vfs.h"
#include "storage_fixture.h"
#include "storage/storage_impl.h"

/* ---- an epoch of some size --------------------------------------------------------------------- */

static const char schema_of_v[] = "SELECT count(*), sum(c0), (SELECT epoch FROM _weir_epoch),"
                                  " (SELECT count(*) FROM _weir_state_log), (SELECT sum(rows) FROM _weir_positions) FROM v";

static void fill(Fixture *f, WriteSet *ws, const Relation *v, int64_t epoch, int n)
{
    int64_t *ids = new (&f->arena, int64_t, n);
    uint8_t *change = new (&f->arena, uint8_t, n);
    for (int i = 0; i < n; i++) ids[i] = epoch * 100000 + i, change[i] = ROW_INSERT;
    *ws = (WriteSet){.epoch = epoch};
    vec_push(&ws->views, &f->arena, delta_of(f, v, n, ids, change, 0));
    vec_push(&ws->state, &f->arena, (StateBlob){.view = 1, .records = S("some state")});
    vec_push(&ws->positions, &f->arena, (SavedPosition){.stream = 1, .rows = epoch});
}

static void open_shimmed(Fixture *f, const char *synchronous)
{
    StorageOptions o = {.synchronous = str_z(synchronous), .vfs = "shim"};
    assert_int_equal(storage_open(f->path, &o, &f->s, &f->diags), WEIR_OK);
}

static const char *expected(Fixture *f, int64_t epoch, int n)
{
    int64_t rows = epoch * n, sum = 0;
    for (int64_t e = 1; e <= epoch; e++)
        for (int i = 0; i < n; i++) sum += (e * 100000 + i) * 10;
    return str_printf(&f->arena, "%lld|%lld|%lld|%lld|%lld", (long long)rows, (long long)sum, (long long)epoch,
                      (long long)epoch, (long long)epoch).p;
}

/* ---- tests ------------------------------------------------------------------------------------- */

/* Fails the 1st, 2nd, … write of a commit, and of the checkpoints that commits lead to, until one
 * runs clean; after each the same write set is applied again. */
static void sweep(Fixture *f, int code, bool stays)
{
    enum { ROWS = 40000 }; /* some writes of many frames each */
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    open_shimmed(f, "normal");
    save(f, &v);
    int64_t epoch = 0;
    bool hit = true;
    for (int nth = 1; hit; nth++) {
        WriteSet ws;
        bool can_retry = false;
        fill(f, &ws, &v, ++epoch, ROWS);
        arm(FAIL_WRITE, code, nth, stays);
        Status st = storage_apply(f->s, &ws, &can_retry, &f->diags);
        hit = shim.hit;
        disarm();
        if (st != WEIR_OK) {
            assert_true(hit);
            assert_int_equal(st, WEIR_E_STORAGE);
            assert_true(can_retry);
            assert_string_equal(outside_rows(f, schema_of_v), epoch == 1 ? "0|NULL|0|0|NULL" : expected(f, epoch - 1, ROWS));
            apply_ok(f, &ws);
        }
        assert_string_equal(outside_rows(f, schema_of_v), expected(f, epoch, ROWS));
    }
    assert_true(epoch > 5);
    storage_close(f->s);
    open_shimmed(f, "normal");
    assert_string_equal(outside_rows(f, schema_of_v), expected(f, epoch, ROWS));
    assert_string_equal(outside_rows(f, "PRAGMA integrity_check"), "ok");
}

static void a_full_disk_can_be_tried_again(void **state) { sweep(*state, SQLITE_FULL, false); }
static void a_disk_that_stays_full_can_be_tried_again(void **state) { sweep(*state, SQLITE_FULL, true); }
static void a_failed_write_can_be_tried_again(void **state) { sweep(*state, SQLITE_IOERR_WRITE, true); }

static void a_failed_sync_is_final(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    WriteSet ws;
    bool can_retry = true;
    open_shimmed(f, "full");
    save(f, &v);
    fill(f, &ws, &v, 1, 10);
    arm(FAIL_SYNC, SQLITE_IOERR_FSYNC, 1, true);
    assert_int_equal(storage_apply(f->s, &ws, &can_retry, &f->diags), WEIR_E_STORAGE);
    disarm();
    assert_false(can_retry);
}

static void a_failing_checkpoint_does_not_undo_the_commit(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    StorageOptions o = {.synchronous = S("off"), .wal_limit = 100000, .vfs = "shim"};
    bool can_retry;
    assert_int_equal(storage_open(f->path, &o, &f->s, &f->diags), WEIR_OK);
    save(f, &v);
    int failed = 0;
    for (int nth = 1; nth < 60; nth++) {
        WriteSet ws;
        fill(f, &ws, &v, nth, 300);
        arm(FAIL_WRITE, SQLITE_FULL, nth, true);
        Status st = storage_apply(f->s, &ws, &can_retry, &f->diags);
        failed += shim.hit && st == WEIR_OK;
        disarm();
        if (st != WEIR_OK) apply_ok(f, &ws);
        assert_string_equal(outside_rows(f, schema_of_v), expected(f, nth, 300));
    }
    assert_true(failed > 0);
}

static void a_page_limit_is_a_full_disk(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    struct sqlite3 *reader;
    WriteSet ws;
    bool can_retry = false;
    fixture_open(f);
    save(f, &v);
    assert_int_equal(storage_reader(f->s, &reader, &f->diags), WEIR_OK);
    assert_int_equal(storage_begin(f->s, &f->diags), WEIR_OK);
    storage_rollback(f->s);
    sql_exec(&f->s->db, "PRAGMA max_page_count = 60", NULL);
    fill(f, &ws, &v, 1, 50000);
    assert_int_equal(storage_apply(f->s, &ws, &can_retry, &f->diags), WEIR_E_STORAGE);
    assert_true(can_retry);
    assert_string_equal(rows_of(f, reader, "SELECT count(*) FROM v"), "0");
    sql_exec(&f->s->db, "PRAGMA max_page_count = 1073741823", NULL);
    apply_ok(f, &ws);
    assert_string_equal(rows_of(f, reader, "SELECT count(*) FROM v"), "50000");
}

static void another_writer_is_waited_for_and_then_retried(void **state)
{
    Fixture *f = *state;
    WriteSet ws = {.epoch = 1};
    bool can_retry = false;
    fixture_open(f);
    sqlite3 *other = outside(f);
    run_on(other, "BEGIN IMMEDIATE");
    assert_int_equal(storage_apply(f->s, &ws, &can_retry, &f->diags), WEIR_E_STORAGE);
    assert_true(can_retry);
    run_on(other, "COMMIT");
    sqlite3_close(other);
    apply_ok(f, &ws);
}

static void what_damaged_the_file_is_not_retried(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    WriteSet ws;
    bool can_retry = true;
    fixture_open(f);
    save(f, &v);
    outside_run(f, "DROP VIEW v; DROP TABLE _weir_mv_1");
    fill(f, &ws, &v, 1, 1);
    assert_int_equal(storage_apply(f->s, &ws, &can_retry, &f->diags), WEIR_E_STORAGE);
    assert_false(can_retry);
}

/* Fails the n-th allocation while a write set is applied: the next call starts clean. */
static void running_out_of_memory_leaves_no_transaction(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 200);
    fixture_open(f);
    save(f, &v);
    bool clean = false;
    volatile int nth = 0;
    for (; !clean; nth++) {
        WriteSet ws;
        OomFrame frame;
        bool can_retry;
        fill(f, &ws, &v, nth + 1, 1);
        mem_fail_after(nth + 1);
        if (OOM_TRY(&frame)) {
            Status st = storage_apply(f->s, &ws, &can_retry, &f->diags);
            OOM_END(&frame);
            clean = st == WEIR_OK;
        }
        mem_fail_after(-1);
        if (!clean) apply_ok(f, &ws);
    }
    assert_string_equal(outside_rows(f, "SELECT count(*) = epoch FROM v, _weir_epoch"), "1");
}

int main(void)
{
    shim_register();
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_can_be_tried_again),
        TEST(a_disk_that_stays_full_can_be_tried_again),
        TEST(a_failed_write_can_be_tried_again),
        TEST(a_failed_sync_is_final),
        TEST(a_failing_checkpoint_does_not_undo_the_commit),
        TEST(a_page_limit_is_a_full_disk),
        TEST(another_writer_is_waited_for_and_then_retried),
        TEST(what_damaged_the_file_is_not_retried),
        TEST(running_out_of_memory_leaves_no_transaction),
    };
    return cmocka_run_group_tests_name("storage_retry", tests, NULL, NULL);
}
