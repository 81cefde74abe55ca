/* bench_file.c: end to end: events from a file or a pipe, through a view, into a database. */
#include "shell/bench/load.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- one run ------------------------------------------------------------------------------------------ */

static void count_rows(weir *db, Figure *f)
{
    weir_source_stats source;
    weir_view_stats view;
    f->r.rows_in = f->r.rows_out = 0;
    for (int i = 0; i < weir_source_count(db); i++)
        if (weir_source_stat(db, i, &source) == WEIR_OK && !strcmp(source.stream, "events")) f->r.rows_in = source.rows;
    for (int i = 0; i < weir_view_count(db); i++)
        if (weir_view_stat(db, i, &view) == WEIR_OK) f->r.rows_out += view.rows;
}

/* A database with the streams and views of a script, run until its inputs have ended. */
static bool run_script(const Bench *b, const char *path, const char *script, Figure *f)
{
    weir *db;
    weir_options opt = {.settings = b->session->settings};
    weir_exec_options none = {0};
    weir_status st = weir_open(path, &opt, &db);
    if (st == WEIR_OK) st = weir_exec(db, script, -1, "bench", &none);
    while (st == WEIR_OK || st == WEIR_ROW || st == WEIR_IDLE) st = weir_run(db, 100);
    if (st == WEIR_DONE) count_rows(db, f);
    else fputs(weir_errmsg(db), stderr);
    weir_close(db);
    return st == WEIR_DONE;
}

static void remove_database(const char *path)
{
    static const char *const parts[] = {"", "-wal", "-shm", "-journal", "-weir.lock"};
    char part[4096];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(part, sizeof part, "%s%s", path, parts[i]);
        unlink(part);
    }
}

void bench_database(const Bench *b, const Load *l, char *path, size_t size)
{
    snprintf(path, size, "%s/%s.db", b->folder, l->name);
    remove_database(path);
}

static bool run_measured(const Bench *b, const Load *l, const char *script, weir_bench_run *run, Figure *f)
{
    char path[4096];
    bench_database(b, l, path, sizeof path);
    int64_t wall = bench_wall_us(), cpu = bench_cpu_us();
    bool ok = run_script(b, path, script, f);
    *run = (weir_bench_run){bench_wall_us() - wall, bench_cpu_us() - cpu};
    return ok;
}

/* ---- what it reads ------------------------------------------------------------------------------------ */

/* q20 reads auctions too, which are there first. */
static char *declare_all(const Bench *b, const Load *l, const char *connector, const char *path)
{
    char *events = bench_declare("events", l->input, connector, path), *auctions = NULL, *all = NULL;
    if (strstr(l->sql, "auction AS A")) {
        char *file = bench_input(b, "auction.ndjson");
        if (file) auctions = bench_declare("auction", "auction.ndjson", "file", file);
        free(file);
    }
    if (events && asprintf(&all, "%s%s", auctions ? auctions : "", events) < 0) all = NULL;
    free(auctions);
    free(events);
    return all;
}

/* The view, `views` times. */
static char *script_of(const Bench *b, const Load *l, const char *connector, const char *path, int views)
{
    char *text = NULL, *streams = declare_all(b, l, connector, path);
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (streams) fputs(streams, out);
    for (int i = 0; i < views; i++) fprintf(out, "CREATE MATERIALIZED VIEW result%d AS %s;\n", i, l->sql);
    fclose(out);
    free(streams);
    return text;
}

static bool run_file(const Bench *b, const Load *l, int views, Figure *f)
{
    char *path = bench_input(b, l->input), *script = path ? script_of(b, l, "file", path, views) : NULL;
    bool ok = script != NULL;
    f->runs = b->runs;
    for (int i = 0; ok && i < b->runs; i++) ok = run_measured(b, l, script, &f->r.runs[i], f);
    free(script);
    free(path);
    return ok;
}

bool load_file(const Bench *b, const Load *l, Figure *f) { return run_file(b, l, 1, f); }

bool load_views(const Bench *b, const Load *l, Figure *f)
{
    const char *n = strrchr(l->name, '-') + 1;
    return run_file(b, l, (int)strtol(n, NULL, 10), f);
}

/* ---- the same through a pipe --------------------------------------------------------------------------- */

enum { PIPE_BYTES = 1 << 20 };

/* What writes, in blocks of 1 MB. */
static void pour_file(const void *path, int to)
{
    static char block[PIPE_BYTES];
    int from = open(path, O_RDONLY);
    ssize_t n, done = 0;
    while (from >= 0 && (n = read(from, block, sizeof block)) > 0)
        for (ssize_t at = 0; at < n && (done = write(to, block + at, (size_t)(n - at))) > 0;) at += done;
}

pid_t bench_pipe(void (*pour)(const void *arg, int to), const void *arg)
{
    int ends[2];
    if (pipe(ends)) return -1;
    fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        pour(arg, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    return pid;
}

bool load_pipe(const Bench *b, const Load *l, Figure *f)
{
    char *path = bench_input(b, l->input), *script = path ? script_of(b, l, "stdin", NULL, 1) : NULL;
    bool ok = script != NULL;
    f->runs = b->runs;
    for (int i = 0; ok && i < b->runs; i++) {
        pid_t pid = bench_pipe(pour_file, path);
        ok = pid > 0 && run_measured(b, l, script, &f->r.runs[i], f);
        if (pid > 0) waitpid(pid, NULL, 0);
    }
    free(script);
    free(path);
    return ok;
}
