/* command_bench.c: weir bench: goes through the table of loads (bench/loads.c). */
#include "shell/bench/load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS_DEFAULT = 5, EVENTS_DEFAULT = 2000000 };

/* Whether the list (name,name*,…) has it. */
static bool is_wanted(const char *list, const char *name)
{
    if (!list || !strcmp(list, "all")) return true;
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
        size_t n = strcspn(p, ",");
        bool is_prefix = n > 0 && p[n - 1] == '*';
        if (strncmp(p, name, n - is_prefix) == 0 && (is_prefix || strlen(name) == n)) return true;
    }
    return false;
}

static bool make_streams(Session *s, int64_t events)
{
    char *sql = bench_streams(events);
    weir_exec_options none = {0};
    bool ok = sql && weir_exec(s->db, sql, -1, "bench", &none) == WEIR_OK;
    if (!ok) session_tell(s);
    free(sql);
    return ok;
}

static void list_loads(bool json)
{
    for (const Load *l = bench_loads; l->name; l++) {
        if (!json) printf("%-12s %s\n", l->name, l->what);
        else printf("{\"load\":\"%s\",\"input\":\"%s\",\"sql\":\"", l->name, l->input ? l->input : "");
        for (const char *p = json && l->sql ? l->sql : ""; *p; p++) printf(*p == '"' ? "\\\"" : *p == '\\' ? "\\\\" : "%c", *p);
        if (json) puts("\"}");
    }
}

static bool run_loads(const Bench *b, const Args *a)
{
    bool ok = true;
    int n = 0;
    for (const Load *l = bench_loads; l->name; l++) {
        if (!is_wanted(a->query, l->name)) continue;
        Figure f = {0};
        n++;
        if (l->run(b, l, &f)) figure_show(l, &f, b->json);
        else ok = false;
    }
    if (n == 0) fprintf(stderr, "weir: no load \"%s\"; weir bench --list names them\n", a->query);
    return ok && n > 0;
}

/* A SELECT of one's own over bid, auction and person. */
static bool run_own(const Bench *b, const char *sql)
{
    Load own = {"own", load_operators, NULL, sql, ""};
    Figure f = {0};
    if (!load_operators(b, &own, &f)) return false;
    figure_show(&own, &f, b->json);
    return true;
}

static bool make_input(const Bench *b, const char *name)
{
    char *path = bench_input(b, name);
    if (path) puts(path);
    free(path);
    return path != NULL;
}

/* The files of events stay where a folder is given. */
static bool in_folder(Bench *b, const Args *a)
{
    char own[] = "/tmp/weir-bench-XXXXXX", *remove = NULL;
    b->folder = a->nfiles ? a->files[0] : mkdtemp(own);
    if (!b->folder) {
        fputs("weir: no folder for files of events\n", stderr);
        return false;
    }
    bool ok = a->make ? make_input(b, a->make) : a->sql ? run_own(b, a->sql) : run_loads(b, a);
    if (!a->nfiles && asprintf(&remove, "rm -rf %s", own) > 0 && system(remove)) ok = false;
    free(remove);
    return ok;
}

int command_bench(const Args *a)
{
    if (a->list) {
        list_loads(a->json);
        return EXIT_DONE;
    }
    Session s = session_of(a);
    int code = session_open(&s, NULL, false);
    if (code != EXIT_DONE) return code;
    Bench b = {.session = &s, .events = a->events > 0 ? a->events : EVENTS_DEFAULT, .json = a->json,
               .runs = a->runs > 0 && a->runs <= WEIR_BENCH_RUNS_MAX ? (int)a->runs : RUNS_DEFAULT};
    bool ok = make_streams(&s, b.events) && in_folder(&b, a);
    session_close(&s);
    return ok ? EXIT_DONE : EXIT_FAILED;
}
