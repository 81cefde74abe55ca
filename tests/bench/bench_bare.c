/* bench_bare.c: the least that SQLite itself takes for the rows of a view: they are read from a database into
 * memory, then written into an empty one by a prepared INSERT, sorted, in transactions of 10,000. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { COLUMNS_MAX = 64, ROWS_OF_TRANSACTION = 10000 };

typedef struct Rows {
    sqlite3_value **values;
    int64_t n, cap;
    int columns;
} Rows;

static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench-bare: %s\n", what);
    exit(1);
}

static void check(sqlite3 *db, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW) fail(sqlite3_errmsg(db));
}

static void run(sqlite3 *db, const char *sql) { check(db, sqlite3_exec(db, sql, NULL, NULL, NULL)); }

/* The table that holds the rows of a view: weir's own name for it, and how it is made. */
static void find_table(sqlite3 *db, const char *view, char *name, size_t name_size, char *sql, size_t sql_size)
{
    sqlite3_stmt *st;
    check(db, sqlite3_prepare_v2(db, "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '% -- rows of view ' || ?1 || char(10) || '%'",
                                 -1, &st, NULL));
    sqlite3_bind_text(st, 1, view, -1, SQLITE_STATIC);
    if (sqlite3_step(st) != SQLITE_ROW) fail("no such view");
    snprintf(name, name_size, "%s", (const char *)sqlite3_column_text(st, 0));
    snprintf(sql, sql_size, "%s", (const char *)sqlite3_column_text(st, 1));
    sqlite3_finalize(st);
}

static Rows read_rows(sqlite3 *db, const char *table)
{
    char sql[512];
    sqlite3_stmt *st;
    Rows r = {0};
    snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1", table);
    check(db, sqlite3_prepare_v2(db, sql, -1, &st, NULL));
    r.columns = sqlite3_column_count(st);
    while (sqlite3_step(st) == SQLITE_ROW) {
        if (r.n == r.cap) {
            r.cap = r.cap ? r.cap * 2 : 4096;
            r.values = realloc(r.values, (size_t)(r.cap * r.columns) * sizeof *r.values);
            if (!r.values) fail("no memory");
        }
        for (int c = 0; c < r.columns; c++) r.values[r.n * r.columns + c] = sqlite3_value_dup(sqlite3_column_value(st, c));
        r.n++;
    }
    sqlite3_finalize(st);
    return r;
}

static void write_rows(sqlite3 *db, const char *table, const Rows *r)
{
    char sql[512 + 2 * COLUMNS_MAX];
    sqlite3_stmt *st;
    int at = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (?", table);
    for (int c = 1; c < r->columns; c++) at += snprintf(sql + at, sizeof sql - (size_t)at, ",?");
    snprintf(sql + at, sizeof sql - (size_t)at, ")");
    check(db, sqlite3_prepare_v2(db, sql, -1, &st, NULL));
    for (int64_t i = 0; i < r->n; i++) {
        if (i % ROWS_OF_TRANSACTION == 0) run(db, i ? "COMMIT; BEGIN" : "BEGIN");
        for (int c = 0; c < r->columns; c++) check(db, sqlite3_bind_value(st, c + 1, r->values[i * r->columns + c]));
        check(db, sqlite3_step(st));
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    if (r->n) run(db, "COMMIT");
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t write_once(const char *path, const char *table, const char *sql, const Rows *r)
{
    char other[4096];
    sqlite3 *db;
    int64_t start = cpu_us();
    check(NULL, sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
    run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 20000; PRAGMA cache_size = -65536;"
            "PRAGMA mmap_size = 268435456");
    run(db, sql);
    write_rows(db, table, r);
    sqlite3_close(db);
    int64_t spent = cpu_us() - start;
    const char *const parts[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        snprintf(other, sizeof other, "%s%s", path, parts[i]);
        unlink(other);
    }
    return spent;
}

int main(int argc, char **argv)
{
    enum { RUNS_MAX = 64 };
    char name[256], sql[8192], path[4096];
    int64_t spent[RUNS_MAX];
    int runs = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 5;
    sqlite3 *db;
    if (argc < 3 || runs < 1 || runs > RUNS_MAX) fail("usage: bench-bare DB VIEW [RUNS]");
    check(NULL, sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL));
    find_table(db, argv[2], name, sizeof name, sql, sizeof sql);
    Rows r = read_rows(db, name);
    snprintf(path, sizeof path, "%s.bare", argv[1]);
    for (int i = 0; i < runs; i++) spent[i] = write_once(path, name, sql, &r);
    qsort(spent, (size_t)runs, sizeof *spent, by_value);
    printf("{\"rows\":%" PRId64 ",\"cpu_s\":%.6f}\n", r.n, (double)spent[runs / 2] / 1e6);
    for (int64_t i = 0; i < r.n * r.columns; i++) sqlite3_value_free(r.values[i]);
    free(r.values);
    return sqlite3_close(db);
}
