/* bench_commit.c: what a commit costs that touches 1,000 random groups, of ten thousand and of a
 * million: bytes of the state log, time, and bare SQLite doing the same upserts beside it. Moving the
 * write-ahead log into the database is no part of a commit: both do it afterwards, when nothing waits. */
#include "include/weir.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TOUCHED = 1000, LOAD_ROWS = 50000, ROUNDS_MAX = 4000, GROUPS_MAX = 1000000 };

/* What the process has used of its processors: others on the machine don't show. */
static int64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static uint64_t seed = 1;
static int64_t random_below(int64_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((seed >> 33) % (uint64_t)n);
}

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void check(weir *db, weir_status st)
{
    if (st >= WEIR_E_SYNTAX) fail(weir_errmsg(db));
}

/* Nanoseconds that the commits took. */
static int64_t run_dry(weir *db)
{
    int64_t spent = 0;
    for (;;) {
        int64_t start = nanoseconds();
        weir_status st = weir_run(db, 0);
        check(db, st);
        if (st != WEIR_ROW) return spent;
        spent += nanoseconds() - start;
    }
}

static void check_sql(sqlite3 *db, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE) fail(sqlite3_errmsg(db));
}

/* A table like the view's, filled, and the time of upserts like the view's. */
typedef struct Bare {
    sqlite3 *db;
    sqlite3_stmt *put;
} Bare;

/* What the view has of each group. */
static int64_t count[GROUPS_MAX], sum[GROUPS_MAX];

static void bare_put(Bare *b, int64_t k)
{
    sqlite3_bind_int64(b->put, 1, k + 1);
    sqlite3_bind_int64(b->put, 2, k);
    sqlite3_bind_int64(b->put, 3, count[k]);
    sqlite3_bind_int64(b->put, 4, sum[k]);
    check_sql(b->db, sqlite3_step(b->put));
    sqlite3_reset(b->put);
}

static void bare_open(Bare *b, const char *path, int64_t groups)
{
    check_sql(b->db, sqlite3_open(path, &b->db));
    check_sql(b->db, sqlite3_exec(b->db,
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;"
                "PRAGMA cache_size = -65536; PRAGMA mmap_size = 268435456;"
                "CREATE TABLE t (_id INTEGER PRIMARY KEY, k INTEGER, n INTEGER, s INTEGER)", NULL, NULL, NULL));
    check_sql(b->db, sqlite3_prepare_v2(b->db, "INSERT OR REPLACE INTO t VALUES (?1, ?2, ?3, ?4)", -1, &b->put, NULL));
    check_sql(b->db, sqlite3_exec(b->db, "BEGIN", NULL, NULL, NULL));
    for (int64_t k = 0; k < groups; k++) bare_put(b, k);
    check_sql(b->db, sqlite3_exec(b->db, "COMMIT", NULL, NULL, NULL));
    sqlite3_wal_checkpoint_v2(b->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

static int order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t bare_commit(Bare *b, int64_t *keys)
{
    qsort(keys, TOUCHED, sizeof *keys, order);
    int64_t start = nanoseconds();
    check_sql(b->db, sqlite3_exec(b->db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
    for (int i = 0; i < TOUCHED; i++)
        if (i == 0 || keys[i] != keys[i - 1]) bare_put(b, keys[i]);
    check_sql(b->db, sqlite3_exec(b->db, "COMMIT", NULL, NULL, NULL));
    int64_t spent = nanoseconds() - start;
    int frames = 0;
    sqlite3_wal_checkpoint_v2(b->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, NULL);
    return spent;
}

static int64_t one(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    check_sql(NULL, sqlite3_open(path, &db));
    check_sql(db, sqlite3_prepare_v2(db, sql, -1, &st, NULL));
    int64_t v = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    sqlite3_finalize(st);
    sqlite3_close(db);
    return v;
}

static char text[LOAD_ROWS * 40];

static void push_keys(weir *db, const int64_t *keys, int n)
{
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        at += (size_t)sprintf(text + at, "{\"k\":%" PRId64 ",\"v\":%d}\n", keys[i], i);
        count[keys[i]]++;
        sum[keys[i]] += i;
    }
    check(db, weir_push(db, "s", "json", text, (int64_t)at));
}

typedef struct Figures {
    int64_t log_bytes, median, mean, worst, bare, file_bytes, open;
} Figures;

static Figures measure(const char *folder, int64_t groups, int rounds)
{
    static int64_t keys[LOAD_ROWS], spent[ROUNDS_MAX], bare_spent[ROUNDS_MAX];
    char path[4200], other[4200];
    weir *db;
    Bare bare;
    Figures f = {0};
    memset(count, 0, sizeof count);
    memset(sum, 0, sizeof sum);
    snprintf(path, sizeof path, "%s/%" PRId64 ".db", folder, groups);
    snprintf(other, sizeof other, "%s/%" PRId64 ".bare", folder, groups);
    if (weir_open(path, NULL, &db) != WEIR_OK) fail("cannot open");
    check(db, weir_exec(db, "CREATE STREAM s (k BIGINT, v BIGINT);"
                            "CREATE MATERIALIZED VIEW v AS SELECT k, count(*) AS n, sum(v) AS s FROM s GROUP BY k;",
                        -1, NULL, NULL));
    for (int64_t at = 0; at < groups; at += LOAD_ROWS) {
        int n = groups - at < LOAD_ROWS ? (int)(groups - at) : LOAD_ROWS;
        for (int i = 0; i < n; i++) keys[i] = at + i;
        push_keys(db, keys, n);
        run_dry(db);
    }
    bare_open(&bare, other, groups);
    for (int r = 0; r < rounds; r++) {
        for (int i = 0; i < TOUCHED; i++) keys[i] = random_below(groups);
        push_keys(db, keys, TOUCHED);
        spent[r] = run_dry(db);
        f.mean += spent[r] / rounds;
        if (r == 0) f.log_bytes = one(path, "SELECT length(records) FROM _weir_state_log ORDER BY id DESC LIMIT 1");
        bare_spent[r] = bare_commit(&bare, keys);
    }
    weir_close(db);
    f.file_bytes = one(path, "SELECT (SELECT sum(length(records)) FROM _weir_state_base) + (SELECT sum(length(records)) FROM _weir_state_log)");
    int64_t start = nanoseconds();
    if (weir_open(path, NULL, &db) != WEIR_OK) fail("cannot open again");
    f.open = nanoseconds() - start;
    weir_close(db);
    sqlite3_finalize(bare.put);
    sqlite3_close(bare.db);
    qsort(spent, (size_t)rounds, sizeof *spent, order);
    qsort(bare_spent, (size_t)rounds, sizeof *bare_spent, order);
    f.median = spent[rounds / 2];
    f.worst = spent[rounds - 1];
    f.bare = bare_spent[rounds / 2];
    return f;
}

static void show(int64_t groups, const Figures *f, bool json)
{
    const char *form = json ? "{\"groups\":%" PRId64 ",\"log_bytes\":%" PRId64 ",\"median_us\":%.1f,\"mean_us\":%.1f,\"worst_us\":%.1f,"
                              "\"bare_us\":%.1f,\"state_bytes\":%" PRId64 ",\"open_us\":%.0f}\n"
                            : "%10" PRId64 " %10" PRId64 " %12.1f %12.1f %12.1f %12.1f %14" PRId64 " %10.0f\n";
    printf(form, groups, f->log_bytes, (double)f->median / 1e3, (double)f->mean / 1e3, (double)f->worst / 1e3, (double)f->bare / 1e3,
           f->file_bytes, (double)f->open / 1e3);
}

/* In a folder of its own, or under the one that is given. */
int main(int argc, char **argv)
{
    bool json = argc > 1 && !strcmp(argv[1], "--json");
    int first = json ? 2 : 1, rounds = argc > first ? (int)strtol(argv[first], NULL, 10) : 400;
    char folder[4096], command[4200];
    snprintf(folder, sizeof folder, "%s/weir-bench-XXXXXX", argc > first + 1 ? argv[first + 1] : "/tmp");
    if (rounds < 1 || rounds > ROUNDS_MAX || !mkdtemp(folder)) fail("usage: bench-commit [--json] [ROUNDS [FOLDER]]");
    if (!json)
        printf("%10s %10s %12s %12s %12s %12s %14s %10s\n", "groups", "log bytes", "median us", "mean us", "worst us", "bare us",
               "state bytes", "open us");
    for (int64_t groups = 10000; groups <= 1000000; groups *= 10) {
        Figures f = measure(folder, groups, rounds);
        show(groups, &f, json);
    }
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? 0 : 1;
}
