/* bench_latency.c: how long it takes from an event to the commit that shows it: of one event while nothing else
 * happens, and under a set rate. */
#include "shell/bench/load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REST_EVENTS = 1000, REST_WARM = 100, REST_PAUSE_US = 3000 };
enum { PACED_RATE = 1000000, PACED_KEYS = 100000, PACED_STEP_MS = 10, PACED_STEP_ROWS = PACED_RATE / 1000 * PACED_STEP_MS,
       PACED_STEPS_MAX = 500, EPOCHS_MAX = 4096 };

/* Few events: a look whether it works at all. */
static int rest_events(const Bench *b) { return b->events < 100 * REST_EVENTS ? (int)(b->events / 100) + 1 : REST_EVENTS; }
static int paced_steps(const Bench *b)
{
    int64_t steps = b->events / PACED_STEP_ROWS + 1;
    return steps < PACED_STEPS_MAX ? (int)steps : PACED_STEPS_MAX;
}

static weir *open_at(const Bench *b, const Load *l, const char *script)
{
    char path[4096];
    weir *db;
    weir_options opt = {.settings = b->session->settings};
    weir_exec_options none = {0};
    bench_database(b, l, path, sizeof path);
    if (weir_open(path, &opt, &db) == WEIR_OK && weir_exec(db, script, -1, "bench", &none) == WEIR_OK) return db;
    fputs(weir_errmsg(db), stderr);
    weir_close(db);
    return NULL;
}

#define NORMAL "SET synchronous = 'normal';\n"
#define STREAM "CREATE STREAM s (k BIGINT, v BIGINT)"
#define COUNTS ";\nCREATE MATERIALIZED VIEW counts AS SELECT k, count(*) AS n, sum(v) AS total FROM s GROUP BY k;\n"

/* ---- at rest: an embedder pushes a row -------------------------------------------------------------- */

static bool push_one(weir *db, int i)
{
    char record[64];
    int n = snprintf(record, sizeof record, "{\"k\":%d,\"v\":%d}\n", i % 1000, i);
    weir_status st = weir_push(db, "s", "json", record, n);
    while (st == WEIR_OK || st == WEIR_ROW) st = weir_run(db, 0);
    if (st == WEIR_IDLE || st == WEIR_DONE) return true;
    fputs(weir_errmsg(db), stderr);
    return false;
}

bool load_push(const Bench *b, const Load *l, Figure *f)
{
    static int64_t us[REST_EVENTS];
    weir *db = open_at(b, l, NORMAL STREAM COUNTS);
    bool ok = db != NULL;
    int n = rest_events(b);
    for (int i = -REST_WARM; ok && i < n; i++) {
        int64_t start = bench_wall_us();
        ok = push_one(db, i + REST_WARM);
        if (i >= 0) us[i] = bench_wall_us() - start;
    }
    weir_close(db);
    if (ok) figure_times(f, us, n, "p50_us", "p99_us", "most_us");
    f->r.rows_in = n;
    return ok;
}

/* ---- at rest: a row comes through a pipe -------------------------------------------------------------- */

/* When each row was written, in memory that both processes see. */
typedef struct Sent {
    int rows;
    int64_t at_us[REST_EVENTS + REST_WARM];
} Sent;

static void pour_now_and_then(const void *arg, int to)
{
    Sent *sent = *(Sent *const *)arg;
    for (int i = 0; i < sent->rows; i++) {
        char record[64];
        int n = snprintf(record, sizeof record, "{\"k\":%d,\"v\":%d}\n", i % 1000, i);
        usleep(REST_PAUSE_US + (useconds_t)(i * 7919 % 1000));
        sent->at_us[i] = bench_wall_us();
        if (write(to, record, (size_t)n) != n) return;
    }
}

static int64_t rows_taken(weir *db)
{
    weir_source_stats st;
    return weir_source_count(db) && weir_source_stat(db, 0, &st) == WEIR_OK ? st.rows : 0;
}

bool load_rest(const Bench *b, const Load *l, Figure *f)
{
    static int64_t us[REST_EVENTS];
    Sent *sent = mmap(NULL, sizeof *sent, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    weir *db = sent == MAP_FAILED ? NULL : open_at(b, l, NORMAL STREAM " WITH (connector = 'stdin', format = 'json')" COUNTS);
    if (!db) return false;
    sent->rows = REST_WARM + rest_events(b);
    pid_t pid = bench_pipe(pour_now_and_then, &sent);
    int64_t seen = 0;
    weir_status st = pid > 0 ? WEIR_ROW : WEIR_E_IO;
    while (st == WEIR_ROW || st == WEIR_IDLE) {
        st = weir_run(db, 100);
        int64_t now = bench_wall_us();
        for (int64_t rows = rows_taken(db); seen < rows && seen < sent->rows; seen++)
            if (seen >= REST_WARM) us[seen - REST_WARM] = now - sent->at_us[seen];
    }
    if (pid > 0) waitpid(pid, NULL, 0);
    weir_close(db);
    bool ok = st == WEIR_DONE && seen == sent->rows;
    f->r.rows_in = seen;
    if (ok) figure_times(f, us, sent->rows - REST_WARM, "p50_us", "p99_us", "most_us");
    munmap(sent, sizeof *sent);
    return ok;
}

/* ---- a set rate ------------------------------------------------------------------------------------------ */

/* Rows of 100,000 keys, those of a step at a time, as the clock goes on. */
static void pour_at_rate(const void *arg, int to)
{
    enum { ROW_BYTES = 40 };
    static char block[PACED_STEP_ROWS * ROW_BYTES];
    uint64_t seed = 1;
    int64_t begin = bench_wall_us();
    for (int64_t step = 0; step < *(const int *)arg; step++) {
        size_t n = 0;
        for (int i = 0; i < PACED_STEP_ROWS; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            n += (size_t)snprintf(block + n, ROW_BYTES, "{\"k\":%d,\"v\":%d}\n", (int)((seed >> 33) % PACED_KEYS), i % 1000);
        }
        int64_t wait = begin + step * PACED_STEP_MS * 1000 - bench_wall_us();
        if (wait > 0) usleep((useconds_t)wait);
        for (size_t at = 0; at < n;) {
            ssize_t done = write(to, block + at, n - at);
            if (done <= 0) return;
            at += (size_t)done;
        }
    }
}

bool load_paced(const Bench *b, const Load *l, Figure *f)
{
    static int64_t commits[EPOCHS_MAX];
    weir *db = open_at(b, l, NORMAL "SET refresh = '100 MILLISECONDS';\n" STREAM " WITH (connector = 'stdin', format = 'json')" COUNTS);
    if (!db) return false;
    int64_t wall = bench_wall_us(), cpu = bench_cpu_us(), before = 0;
    int steps = paced_steps(b);
    pid_t pid = bench_pipe(pour_at_rate, &steps);
    weir_status st = pid > 0 ? WEIR_ROW : WEIR_E_IO;
    int n = 0;
    while (st == WEIR_ROW || st == WEIR_IDLE) {
        st = weir_run(db, 100);
        int64_t spent = weir_bench_commit_us(db);
        if (st == WEIR_ROW && n < EPOCHS_MAX && spent > before) commits[n++] = spent - before;
        before = spent;
    }
    wall = bench_wall_us() - wall;
    f->r.rows_in = rows_taken(db);
    figure_times(f, commits, n, "commit_p50_us", "commit_p99_us", "commit_most_us");
    figure_add(f, "commits", n);
    figure_add(f, "rate", (double)f->r.rows_in / (double)wall * 1e6);
    figure_add(f, "cores", (double)(bench_cpu_us() - cpu) / (double)wall);
    if (pid > 0) waitpid(pid, NULL, 0);
    weir_close(db);
    return st == WEIR_DONE;
}
