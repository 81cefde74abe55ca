/* storage_fixture.h: a database in a folder of its own, and a second, ordinary SQLite connection
 * that looks at it as any reader would. */
#ifndef WEIR_TESTS_STORAGE_FIXTURE_H
#define WEIR_TESTS_STORAGE_FIXTURE_H

#include "storage/storage.h"
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct Fixture {
    Arena arena;
    Diags diags;
    char folder[64];
    const char *path;
    Storage *s;
} Fixture;

__attribute__((unused)) static void fixture_open(Fixture *f)
{
    StorageOptions o = {.synchronous = S("off")};
    assert_int_equal(storage_open(f->path, &o, &f->s, &f->diags), WEIR_OK);
}

__attribute__((unused)) static void fixture_reopen(Fixture *f)
{
    storage_close(f->s);
    f->s = NULL;
    fixture_open(f);
}

__attribute__((unused)) static int setup(void **state)
{
    Fixture *f = calloc(1, sizeof *f);
    f->diags.arena = &f->arena;
    strcpy(f->folder, "/tmp/weir-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->path = str_printf(&f->arena, "%s/t.db", f->folder).p;
    *state = f;
    return 0;
}

__attribute__((unused)) static int setup_open(void **state)
{
    setup(state);
    fixture_open(*state);
    return 0;
}

__attribute__((unused)) static int teardown(void **state)
{
    Fixture *f = *state;
    storage_close(f->s);
    int rc = system(str_printf(&f->arena, "rm -rf %s", f->folder).p);
    arena_free(&f->arena);
    free(f);
    return rc;
}

/* Opens the file as any SQLite client would. */
__attribute__((unused)) static sqlite3 *outside(Fixture *f)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 1000);
    return db;
}

__attribute__((unused)) static void run_on(sqlite3 *db, const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) fail_msg("%s: %s", sql, error);
}

__attribute__((unused)) static void outside_run(Fixture *f, const char *sql)
{
    sqlite3 *db = outside(f);
    run_on(db, sql);
    sqlite3_close(db);
}

/* All rows of a query, values separated by |, rows by newlines; text and numbers as SQLite prints
 * them, NULL as "NULL". */
__attribute__((unused)) static const char *rows_of(Fixture *f, sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st;
    StrBuf b = {.arena = &f->arena};
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(st) == SQLITE_ROW) {
        if (b.n) sb_char(&b, '\n');
        for (int i = 0; i < sqlite3_column_count(st); i++) {
            const char *text = (const char *)sqlite3_column_text(st, i);
            if (i) sb_char(&b, '|');
            sb_z(&b, text ? text : "NULL");
        }
    }
    sqlite3_finalize(st);
    return sb_done(&b).p;
}

__attribute__((unused)) static const char *outside_rows(Fixture *f, const char *sql)
{
    sqlite3 *db = outside(f);
    const char *out = rows_of(f, db, sql);
    sqlite3_close(db);
    return out;
}

/* The message of the first error since the last call. */
__attribute__((unused)) static const char *first_error(Fixture *f)
{
    const char *text = f->diags.list.len ? str_cstr(&f->arena, f->diags.list.data[0].message) : "";
    f->diags.list.len = 0;
    return text;
}

__attribute__((unused)) static Relation relation(Fixture *f, RelKind kind, int64_t id, const char *name, int ncols)
{
    Relation r = {.kind = kind, .id = id, .name = str_z(name), .sql = str_z("CREATE …"), .base_dir = str_z("/base")};
    r.watermark.col = -1;
    r.ncols = ncols;
    r.cols = new (&f->arena, ColumnDef, ncols);
    for (int i = 0; i < ncols; i++) r.cols[i] = (ColumnDef){.name = str_printf(&f->arena, "c%d", i), .type = TYPE_BIGINT_};
    return r;
}

__attribute__((unused)) static void save(Fixture *f, const Relation *r)
{
    assert_int_equal(storage_begin(f->s, &f->diags), WEIR_OK);
    assert_int_equal(storage_save_relation(f->s, r, &f->diags), WEIR_OK);
    assert_int_equal(storage_commit(f->s, &f->diags), WEIR_OK);
}

/* A delta for a view of BIGINT columns: every column of row id holds id * 10 + its number, plus
 * `shift`. */
__attribute__((unused)) static ViewDelta delta_of(Fixture *f, const Relation *r, int n, const int64_t *ids,
                                                  const uint8_t *change, int64_t shift)
{
    Column *cols = new (&f->arena, Column, r->ncols);
    for (int c = 0; c < r->ncols; c++) {
        int64_t *values = new (&f->arena, int64_t, n); /* a delta may be longer than a batch */
        for (int i = 0; i < n; i++) values[i] = change[i] == ROW_DELETE ? 0 : ids[i] * 10 + c + shift;
        cols[c] = (Column){.type = TYPE_BIGINT_, .data = values};
    }
    return (ViewDelta){.view = r, .n = n, .ids = ids, .change = change, .cols = cols};
}

__attribute__((unused)) static Status apply(Fixture *f, WriteSet *ws)
{
    bool can_retry;
    return storage_apply(f->s, ws, &can_retry, &f->diags);
}

__attribute__((unused)) static void apply_ok(Fixture *f, WriteSet *ws)
{
    if (apply(f, ws) != WEIR_OK) fail_msg("%s", first_error(f));
}

#endif
