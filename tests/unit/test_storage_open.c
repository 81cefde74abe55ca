/* test_storage_open.c: opening a database: whose it is, what it may be, who else may have it. */
#include "storage_fixture.h"

#include <sys/wait.h>

static void opens_a_new_file_and_finds_it_again(void **state)
{
    Fixture *f = *state;
    int64_t epoch = -1;
    fixture_open(f);
    assert_int_equal(storage_load_epoch(f->s, &epoch, &f->diags), WEIR_OK);
    assert_int_equal(epoch, 0);
    assert_string_equal(outside_rows(f, "PRAGMA application_id"), "2003134834");
    assert_string_equal(outside_rows(f, "PRAGMA user_version"), "0");
    assert_string_equal(outside_rows(f, "PRAGMA journal_mode"), "wal");
    fixture_reopen(f);
    assert_string_equal(outside_rows(f, "SELECT value FROM _weir_meta WHERE key = 'format'"), "3");
}

static void schema_documents_itself(void **state)
{
    Fixture *f = *state;
    fixture_open(f);
    const char *bare = outside_rows(f, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
                                       " AND sql NOT LIKE '%-- %'");
    assert_string_equal(bare, "");
    assert_string_equal(outside_rows(f, "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE '%weir_%'"), "0");
}

static void temporary_database_is_gone_afterwards(void **state)
{
    Fixture *f = *state;
    StorageOptions o = {0};
    struct sqlite3 *reader;
    assert_int_equal(storage_open(NULL, &o, &f->s, &f->diags), WEIR_OK);
    const char *path = str_cstr(&f->arena, str_z(storage_path(f->s)));
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(storage_reader(f->s, &reader, &f->diags), WEIR_OK);
    assert_string_equal(rows_of(f, reader, "SELECT count(*) FROM weir_errors"), "0");
    storage_close(f->s);
    f->s = NULL;
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(str_cstr(&f->arena, str_of(path, strrchr(path, '/') - path)), F_OK), -1);
}

static void leaves_other_tables_alone(void **state)
{
    Fixture *f = *state;
    outside_run(f, "CREATE TABLE mine(a); INSERT INTO mine VALUES (1); PRAGMA user_version = 77; PRAGMA application_id = 5");
    fixture_open(f);
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    save(f, &v);
    fixture_reopen(f);
    assert_string_equal(outside_rows(f, "SELECT a FROM mine"), "1");
    assert_string_equal(outside_rows(f, "PRAGMA user_version"), "77");
    assert_string_equal(outside_rows(f, "PRAGMA application_id"), "5");
}

static void refuses_foreign_tables_with_its_names(void **state)
{
    Fixture *f = *state;
    StorageOptions o = {0};
    outside_run(f, "CREATE TABLE Weir_errors(a)");
    assert_int_equal(storage_open(f->path, &o, &f->s, &f->diags), WEIR_E_EXISTS);
    assert_null(f->s);
    assert_string_equal(outside_rows(f, "SELECT count(*) FROM sqlite_schema"), "1");
}

static void the_second_format_becomes_the_third(void **state)
{
    Fixture *f = *state;
    fixture_open(f);
    storage_close(f->s);
    f->s = NULL;
    outside_run(f, "DROP TABLE _weir_subscribed; DROP TABLE _weir_changes; UPDATE _weir_meta SET value = 2 WHERE key = 'format'");
    fixture_open(f);
    assert_string_equal(outside_rows(f, "SELECT value FROM _weir_meta WHERE key = 'format'"), "3");
    assert_string_equal(outside_rows(f, "SELECT count(*) FROM _weir_changes JOIN _weir_subscribed"), "0");
}

static void refuses_a_newer_format(void **state)
{
    Fixture *f = *state;
    StorageOptions o = {0};
    fixture_open(f);
    storage_close(f->s);
    f->s = NULL;
    outside_run(f, "UPDATE _weir_meta SET value = 99 WHERE key = 'format'");
    assert_int_equal(storage_open(f->path, &o, &f->s, &f->diags), WEIR_E_FORMAT);
    assert_non_null(strstr(first_error(f), "99"));
    o.read_only = true;
    assert_int_equal(storage_open(f->path, &o, &f->s, &f->diags), WEIR_E_FORMAT);
    assert_string_equal(outside_rows(f, "SELECT value FROM _weir_meta WHERE key = 'format'"), "99");
}

static void refuses_what_is_no_database(void **state)
{
    Fixture *f = *state;
    StorageOptions o = {0};
    FILE *file = fopen(f->path, "w");
    for (int i = 0; i < 200; i++) fputs("this is a diary, not a database\n", file);
    fclose(file);
    assert_int_equal(storage_open(f->path, &o, &f->s, &f->diags), WEIR_E_CORRUPT);
    file = fopen(f->path, "r");
    char head[5] = {0};
    assert_int_equal(fread(head, 1, 4, file), 4);
    fclose(file);
    assert_string_equal(head, "this");
}

static void refuses_folders_that_are_not_there(void **state)
{
    Fixture *f = *state;
    StorageOptions o = {0};
    assert_int_equal(storage_open("/nowhere/at/all.db", &o, &f->s, &f->diags), WEIR_E_IO);
    assert_non_null(strstr(first_error(f), "/nowhere/at/all.db"));
}

/* What a process that opens the file meanwhile gets; its message must name `pid`. */
static int open_in_child(const char *path, const char *pid)
{
    pid_t child = fork();
    if (child == 0) {
        Arena a = {0};
        Diags d = {.arena = &a};
        Storage *s = NULL;
        StorageOptions o = {0};
        Status st = storage_open(path, &o, &s, &d);
        storage_close(s);
        bool named = d.list.len && strstr(str_cstr(&a, d.list.data[0].message), pid);
        _exit(st != WEIR_OK && !named ? 99 : (int)st);
    }
    int status;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void a_second_process_is_refused(void **state)
{
    Fixture *f = *state;
    const char *pid = str_printf(&f->arena, "process %d", (int)getpid()).p;
    const char *link = str_printf(&f->arena, "%s/other-name.db", f->folder).p;
    fixture_open(f);
    assert_int_equal(open_in_child(f->path, pid), WEIR_E_LOCKED);
    assert_int_equal(symlink(f->path, link), 0);
    assert_int_equal(open_in_child(link, pid), WEIR_E_LOCKED);
    storage_close(f->s);
    f->s = NULL;
    assert_int_equal(open_in_child(f->path, pid), WEIR_OK);
    assert_int_equal(access(str_printf(&f->arena, "%s-weir.lock", f->path).p, F_OK), 0);
}

static void a_second_engine_of_this_process_is_refused(void **state)
{
    Fixture *f = *state;
    Storage *second = NULL;
    StorageOptions o = {0};
    fixture_open(f);
    assert_int_equal(storage_open(f->path, &o, &second, &f->diags), WEIR_E_LOCKED);
    assert_null(second);
}

static void an_engine_that_was_replaced_gives_up(void **state)
{
    Fixture *f = *state;
    bool can_retry = true;
    fixture_open(f);
    outside_run(f, "UPDATE _weir_epoch SET owner = 'somebody', pid = 4711");
    WriteSet ws = {.epoch = 1};
    assert_int_equal(storage_apply(f->s, &ws, &can_retry, &f->diags), WEIR_E_LOCKED);
    assert_false(can_retry);
    assert_non_null(strstr(first_error(f), "4711"));
    assert_int_equal(storage_begin(f->s, &f->diags), WEIR_E_LOCKED);
    assert_string_equal(outside_rows(f, "SELECT epoch FROM _weir_epoch"), "0");
}

static void reading_takes_no_lock_and_writes_nothing(void **state)
{
    Fixture *f = *state;
    Storage *reader = NULL;
    StorageOptions o = {.read_only = true};
    bool can_retry;
    int64_t epoch;
    fixture_open(f);
    WriteSet ws = {.epoch = 3};
    apply_ok(f, &ws);
    assert_int_equal(storage_open(f->path, &o, &reader, &f->diags), WEIR_OK);
    assert_int_equal(storage_load_epoch(reader, &epoch, &f->diags), WEIR_OK);
    assert_int_equal(epoch, 3);
    assert_int_equal(storage_apply(reader, &ws, &can_retry, &f->diags), WEIR_E_READONLY);
    assert_int_equal(storage_begin(reader, &f->diags), WEIR_E_READONLY);
    storage_close(reader);
}

static void reading_wants_a_database(void **state)
{
    Fixture *f = *state;
    StorageOptions o = {.read_only = true};
    assert_int_equal(storage_open(f->path, &o, &f->s, &f->diags), WEIR_E_IO);
    assert_int_equal(access(f->path, F_OK), -1);
    outside_run(f, "CREATE TABLE t(a)");
    assert_int_equal(storage_open(f->path, &o, &f->s, &f->diags), WEIR_E_NOT_FOUND);
}

/* A process that dies in the middle leaves the newest commit, and the lock free. */
static void opens_after_a_crash(void **state)
{
    Fixture *f = *state;
    pid_t child = fork();
    if (child == 0) {
        StorageOptions o = {0};
        Diags d = {.arena = &f->arena};
        Storage *s = NULL;
        bool retry;
        WriteSet ws = {.epoch = 8};
        if (storage_open(f->path, &o, &s, &d) != WEIR_OK) _exit(1);
        if (storage_apply(s, &ws, &retry, &d) != WEIR_OK) _exit(2);
        if (storage_begin(s, &d) != WEIR_OK || storage_save_setting(s, S("refresh"), S("1"), &d) != WEIR_OK) _exit(3);
        kill(getpid(), 9);
    }
    int status;
    int64_t epoch;
    Options settings;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    fixture_open(f);
    assert_int_equal(storage_load_epoch(f->s, &epoch, &f->diags), WEIR_OK);
    assert_int_equal(epoch, 8);
    assert_int_equal(storage_load_settings(f->s, &f->arena, &settings, &f->diags), WEIR_OK);
    assert_int_equal(settings.n, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(opens_a_new_file_and_finds_it_again),
        TEST(schema_documents_itself),
        TEST(temporary_database_is_gone_afterwards),
        TEST(leaves_other_tables_alone),
        TEST(refuses_foreign_tables_with_its_names),
        TEST(the_second_format_becomes_the_third),
        TEST(refuses_a_newer_format),
        TEST(refuses_what_is_no_database),
        TEST(refuses_folders_that_are_not_there),
        TEST(a_second_process_is_refused),
        TEST(a_second_engine_of_this_process_is_refused),
        TEST(an_engine_that_was_replaced_gives_up),
        TEST(reading_takes_no_lock_and_writes_nothing),
        TEST(reading_wants_a_database),
        TEST(opens_after_a_crash),
    };
    return cmocka_run_group_tests_name("storage_open", tests, NULL, NULL);
}
