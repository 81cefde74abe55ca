/* engine_fixture.h: an engine on a database in a folder of its own, with a clock that stands still,
 * and a second, ordinary SQLite connection that looks at the database as any reader would. */
#ifndef WEIR_TESTS_ENGINE_FIXTURE_H
#define WEIR_TESTS_ENGINE_FIXTURE_H

#include "include/weir.h"
#include "include/weir_test.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct Engine {
    weir *db;
    char folder[64], path[128];
    int64_t clock_us;        /* monotonic */
    int64_t clock_step_us;   /* how far it goes at every look */
    int64_t set_by_us;       /* the wall clock has been set by so much */
    int64_t slept_us;
    const char *settings[4];
    void (*on_sleep)(struct Engine *e);
    void *other;             /* a test's own */
} Engine;

static int64_t engine_mono(void *arg)
{
    Engine *e = arg;
    if (e->clock_step_us) e->clock_us += e->clock_step_us;
    return e->clock_us;
}
static int64_t engine_wall(void *arg) { return ((Engine *)arg)->clock_us + ((Engine *)arg)->set_by_us; }

static void engine_sleep(void *arg, int64_t us)
{
    Engine *e = arg;
    e->clock_us += us;
    e->slept_us += us;
    if (e->on_sleep) e->on_sleep(e);
}

__attribute__((unused)) static weir_status engine_try_open(Engine *e, bool read_only)
{
    weir_seams seams = {.now_us = engine_wall, .mono_us = engine_mono, .sleep_us = engine_sleep, .arg = e, .seed = 1, .state_log_min = 300};
    weir_options opt = {.read_only = read_only, .seams = &seams, .settings = e->settings};
    return weir_open(e->path, &opt, &e->db);
}

#define ok(e, call) \
    do { \
        weir_status ok_status = (call); \
        if (ok_status != WEIR_OK) fail_msg("%s: %s", weir_status_name(ok_status), weir_errmsg((e)->db)); \
    } while (0)

__attribute__((unused)) static void engine_open(Engine *e) { ok(e, engine_try_open(e, false)); }

__attribute__((unused)) static void engine_close(Engine *e)
{
    weir_close(e->db);
    e->db = NULL;
}

__attribute__((unused)) static void engine_reopen(Engine *e)
{
    engine_close(e);
    engine_open(e);
}

__attribute__((unused)) static void engine_remove(Engine *e)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", e->folder);
    assert_int_equal(system(command), 0);
}

__attribute__((unused)) static int engine_setup(void **state)
{
    Engine *e = calloc(1, sizeof *e);
    strcpy(e->folder, "/tmp/weir-engine-XXXXXX");
    if (!mkdtemp(e->folder)) return -1;
    snprintf(e->path, sizeof e->path, "%s/e.db", e->folder);
    e->clock_us = INT64_C(1700000000) * 1000000;
    *state = e;
    return 0;
}

__attribute__((unused)) static int engine_teardown(void **state)
{
    Engine *e = *state;
    weir_close(e->db);
    engine_remove(e);
    free(e);
    return 0;
}

__attribute__((unused)) static weir_status exec_in(Engine *e, const char *sql)
{
    weir_exec_options opt = {.base_dir = e->folder};
    return weir_exec(e->db, sql, -1, "test.sql", &opt);
}

/* Writes `text` to a file of the folder; "a" adds to it. */
__attribute__((unused)) static void file_put(Engine *e, const char *name, const char *mode, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", e->folder, name);
    FILE *f = fopen(path, mode);
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

__attribute__((unused)) static void run_all(Engine *e)
{
    weir_status st;
    while ((st = weir_run(e->db, 0)) == WEIR_ROW) {}
    if (st > WEIR_IDLE) fail_msg("%s", weir_errmsg(e->db));
}

/* Rows that an outside reader sees, as "a|b\nc|d"; valid until the next call. */
__attribute__((unused)) static const char *rows(Engine *e, const char *sql)
{
    static char out[1 << 16];
    sqlite3 *db;
    sqlite3_stmt *st;
    size_t n = 0;
    assert_int_equal(sqlite3_open_v2(e->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK) {
        snprintf(out, sizeof out, "%s", sqlite3_errmsg(db));
        sqlite3_close(db);
        return out;
    }
    out[0] = 0;
    while (sqlite3_step(st) == SQLITE_ROW) {
        if (n) n += (size_t)snprintf(out + n, sizeof out - n, "\n");
        for (int i = 0; i < sqlite3_column_count(st) && n < sizeof out; i++) {
            const unsigned char *t = sqlite3_column_text(st, i);
            n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", i ? "|" : "", t ? (const char *)t : "NULL");
        }
    }
    sqlite3_finalize(st);
    sqlite3_close(db);
    return out;
}

#define assert_error(e, call, code) \
    do { \
        weir_status error_status = (call); \
        if (error_status != (code)) \
            fail_msg("%s instead of %s: %s", weir_status_name(error_status), weir_status_name(code), weir_errmsg((e)->db)); \
    } while (0)

#define TEST(f) cmocka_unit_test_setup_teardown(f, engine_setup, engine_teardown)

#endif
