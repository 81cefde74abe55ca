/* sweep.c: the first, second, … n-th allocation of the library, allocation of SQLite, call to the disk
 * fails, once or for good, until a scenario runs without reaching it. After each the engine is opened
 * again and has to be right at every commit up to the end, and all memory has to be given back. */
#include "tests/torture/torture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define ROWS                                                                                                       \
    "row s 0 at=-4000 key=3 v=5", "row s 0 at=-1 key=4", "row r 0 at=-2000 key=3 v=7", "row s 0 at=2500 key=1 bad=1", \
        "run", "row s 0 at=3000 key=3 v=9", "row s 0 at=3000 key=1 v=2 vbad=1", "row r 0 at=1000 key=4 v=1", "run",   \
        "restart", "row s 0 at=14999 key=0 v=3", "row s 0 at=2000 key=3 v=1", "row r 0 at=16000 key=3 v=2", "run"
#define HEAD "disk seed=1", "set wal_limit=65536", "set synchronous=full", "clock at=100000"

static const struct {
    const char *name;
    const char *lines[32];
} scenarios[] = {
    {"windows", {HEAD, "stream s parts=1 delay=2", "stream r parts=1 delay=0", "view v0 tumbling size=5 final=1",
                 "view v1 hopping size=6 slide=2 keep=20", ROWS}},
    {"sessions", {HEAD, "stream s parts=1 delay=2", "stream r parts=1 delay=0", "view v0 session gap=3",
                  "view v1 session gap=4 final=1", ROWS}},
    {"joins", {HEAD, "stream s parts=1 delay=2", "stream r parts=1 delay=0", "view v0 join left=1",
               "view v1 interval a=5 b=5 left=1 final=1", ROWS}},
    {"order", {HEAD, "stream s parts=1 delay=2", "stream r parts=1 delay=0", "view v0 best n=2", "view v1 over n=1 final=1", ROWS}},
    {"growth", {HEAD, "stream s parts=1 delay=2", "stream r parts=1 delay=0", "view v0 histogram", ROWS, "view v1 distinct",
                "row s 0 at=15000 key=2 v=4", "run"}},
    {"tables", {HEAD, "stream s parts=1 delay=2", "table", "view v0 lookup left=1", "view v1 table-join left=0", "view v2 late size=4",
                "run", "change way=0 key=3 w=4", "change way=0 key=1 w=2", ROWS, "change way=2 w=9", "change way=1 key=3",
                "row s 0 at=17000 key=3 v=8", "run"}},
};
static const char *const kinds[] = {"memory", "any", "sqlite"}; /* what takes longest comes last */
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios, FOR_GOOD = 1 << 30 };
enum { SQLITE_GAP = 20 }; /* SQLite allocates so much more often */

/* The scenario with its fault. */
static void make(int scenario, int kind, int64_t at, int64_t count, Lines *out)
{
    lines_addf(out, "# sweep: %s: %s", scenarios[scenario].name, kinds[kind]);
    lines_add(out, scenarios[scenario].lines[0]);
    if (at) lines_addf(out, "fault %s at=%lld for=%lld", kinds[kind], (long long)at, (long long)count);
    for (int i = 1; scenarios[scenario].lines[i]; i++) lines_add(out, scenarios[scenario].lines[i]);
}

static bool leaks(int64_t ours, int64_t sqlite, char *failure, int cap)
{
    ours = weir_test_memory_used() - ours;
    sqlite = sqlite3_memory_used() - sqlite;
    if (!ours && !sqlite) return false;
    snprintf(failure, (size_t)cap, "memory is not given back: %lld bytes, of SQLite's %lld", (long long)ours, (long long)sqlite);
    return true;
}

/* One fault. *reached: whether it came to it. */
static bool try_fault(const Plan *p, int scenario, int kind, int64_t at, int64_t count, Counts *n, bool *reached)
{
    Lines c = {0};
    char failure[4096] = "", path[600];
    make(scenario, kind, at, count, &c);
    int64_t before = n->faults_reached, ours = weir_test_memory_used(), sqlite = sqlite3_memory_used();
    bool is_well = case_run(&c, n, failure, sizeof failure);
    is_well = is_well && !leaks(ours, sqlite, failure, sizeof failure);
    *reached = n->faults_reached > before;
    if (!is_well) {
        const char *once = count > 1 ? "for-good" : "once";
        fprintf(stderr, "sweep: %s: %s %lld %s: %s\n", scenarios[scenario].name, kinds[kind], (long long)at, once, failure);
        snprintf(path, sizeof path, "%s/torture-sweep-%s-%s-%lld-%s.case", p->regress ? p->regress : "/tmp", scenarios[scenario].name,
                 kinds[kind], (long long)at, once);
        if (lines_write(&c, path)) fprintf(stderr, "  replay: %s --replay %s\n", p->program, path);
    }
    lines_free(&c);
    return is_well;
}

int sweep_run(const Plan *p, int one_in)
{
    Counts n = {0};
    Chance c = {p->seed};
    int failed = 0;
    double begun = seconds_now();
    for (int way = 0; way < 6; way++) {
        for (int scenario = 0; scenario < SCENARIOS; scenario++) {
            int gap = one_in > 1 && way / 2 == 2 ? SQLITE_GAP * one_in : one_in;
            int64_t at = 1 + chance_below(&c, gap), points = 0;
            bool reached = true;
            for (; reached && failed < 20; at += gap == 1 ? 1 : 1 + chance_below(&c, 2 * gap - 1), points += reached)
                failed += !try_fault(p, scenario, way / 2, at, way % 2 ? FOR_GOOD : 1, &n, &reached);
            if (one_in == 1)
                printf("  %-8s %-6s %-8s clean after %lld faults\n", scenarios[scenario].name, kinds[way / 2], way % 2 ? "for good" : "once",
                       (long long)points);
            fflush(stdout);
        }
    }
    printf("sweep: %s: %d scenarios, %lld faults reached; %lld views compared at %lld commits; %.0f s\n", failed ? "FAILED" : "ok",
           SCENARIOS, (long long)n.faults_reached, (long long)n.views_checked, (long long)n.checks, seconds_now() - begun);
    return failed > 0;
}
