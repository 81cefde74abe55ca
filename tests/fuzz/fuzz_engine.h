/* fuzz_engine.h: an engine on a file in memory's folder, on a clock that stands still, for targets
 * that reach the whole library. */
#ifndef WEIR_TESTS_FUZZ_ENGINE_H
#define WEIR_TESTS_FUZZ_ENGINE_H

#include "include/weir.h"
#include "include/weir_test.h"
#include "tests/fuzz/fuzz.h"

#include <unistd.h>

#define UNUSED __attribute__((unused))

typedef struct FuzzEngine {
    weir *db;
    const char *path;          /* NULL: a temporary database */
    const char *settings[4];
    const char *rules_off;
    int64_t clock_us;
} FuzzEngine;

static inline int64_t fuzz_now(void *arg) { return ((FuzzEngine *)arg)->clock_us; }
static inline void fuzz_sleep(void *arg, int64_t us) { ((FuzzEngine *)arg)->clock_us += us; }

static inline weir_status fuzz_open(FuzzEngine *e)
{
    if (!e->clock_us) e->clock_us = INT64_C(1700000000) * 1000000;
    weir_seams seams = {.now_us = fuzz_now, .mono_us = fuzz_now, .sleep_us = fuzz_sleep, .arg = e, .seed = 1,
                        .rules_off = e->rules_off};
    weir_options opt = {.seams = &seams, .settings = e->settings};
    return weir_open(e->path, &opt, &e->db);
}

static inline void fuzz_close(FuzzEngine *e)
{
    weir_close(e->db);
    e->db = NULL;
}

static inline void fuzz_exec(FuzzEngine *e, const char *sql)
{
    must(weir_exec(e->db, sql, -1, "fuzz.sql", NULL) == WEIR_OK, "%s", weir_errmsg(e->db));
}

/* A folder of this process's own: in memory where the machine has such a place. */
static inline const char *fuzz_folder(void)
{
    static char folder[64];
    if (folder[0]) return folder;
    snprintf(folder, sizeof folder, "%s/weir-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    must(mkdtemp(folder) != NULL, "no folder");
    return folder;
}

static inline char *fuzz_path(const char *name)
{
    char *path;
    must(asprintf(&path, "%s/%s", fuzz_folder(), name) >= 0, "no memory");
    return path;
}

UNUSED static void fuzz_remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", fuzz_folder());
    if (system(command) != 0) fprintf(stderr, "%s: failed\n", command);
}

static inline void fuzz_write(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    must(f && fwrite(p, 1, n, f) == n && fclose(f) == 0, "cannot write %s", path);
}

/* Every row of a query, cells between bars, a row a line; *st is how it ended. */
static inline char *fuzz_rows(FuzzEngine *e, const char *sql, weir_status *st)
{
    char *out;
    size_t size;
    weir_stmt *s = NULL;
    FILE *f = open_memstream(&out, &size);
    *st = weir_prepare(e->db, sql, -1, &s, NULL);
    while (s && (*st = weir_step(s)) == WEIR_ROW) {
        for (int i = 0; i < weir_column_count(s); i++) {
            int64_t n;
            const char *p = weir_column_text(s, i, &n);
            fputc(i ? '|' : ' ', f);
            if (p) fwrite(p, 1, (size_t)n, f);
            else fputc('~', f);
        }
        fputc('\n', f);
    }
    weir_finalize(s);
    fclose(f);
    return out;
}

/* Takes what the sources have. WEIR_OK: nothing is left; otherwise the error. */
static inline weir_status fuzz_run(FuzzEngine *e)
{
    weir_status st;
    while ((st = weir_run(e->db, 0)) == WEIR_ROW) {}
    return st == WEIR_DONE || st == WEIR_IDLE ? WEIR_OK : st;
}

#endif
