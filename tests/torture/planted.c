/* planted.c: wakes the known bugs of a build with -Dplanted=true one by one and looks how soon each is
 * caught. A suite that misses one is not a suite. */
#include "tests/torture/torture.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *what;
    Kind kind;
} plants[] = {
    {"position-apart", "positions in a transaction of their own", KIND_POWER},
    {"skipped-sync", "synchronous as if it were off", KIND_POWER},
    {"aliased-write-set", "text of a write set left in the read buffer", KIND_SIM},
    {"late-admitted", "a late row admitted to its window", KIND_SIM},
    {"lateness-off-by-one", "late one tick too soon", KIND_SIM},
    {"judge-ignored-in-panes", "J ignored where windows share panes", KIND_SIM},
    {"end-moves-watermark", "the end of an input moves watermark()", KIND_SIM},
    {"session-merge-forgotten", "a session of an earlier batch not merged", KIND_SIM},
    {"session-closes-early", "a session closes one tick early", KIND_SIM},
    {"truncation", "windows before 1970 by truncation", KIND_SIM},
    {"ties-by-arrival", "rows equal in an order by arrival", KIND_SIM},
    {"letters-lost-on-retry", "dead letters lost when a commit is tried again", KIND_SIM},
    {"ruling-forgotten", "max_future judged anew by a view that catches up", KIND_SIM},
    {"identity-by-first-kb", "a file known by its first kilobyte", KIND_SIM},
    {"timer-forgotten", "sessions without their timer after a restart", KIND_SIM},
    {"sliding-late-at-own-time", "a late row not in the sliding windows of later ones", KIND_SIM},
    {"count-from-zero", "count windows that close a row late", KIND_SIM},
    {"late-lost-in-catching-up", "late rows of the past not handed on", KIND_SIM},
    {"gap-forgotten", "FILL without the windows between", KIND_SIM},
    {"emptied-unseen", "a file emptied and written again read on", KIND_SIM},
    {"looked-up-forgotten", "a lookup's table not restored", KIND_SIM},
    {"empty-group-kept", "a group that stays when its last row goes", KIND_SIM},
};

/* With no bug awake the same seeds are well; else what is caught would say nothing. */
static bool is_well_asleep(const Plan *p)
{
    char failure[4096] = "";
    Plan few = *p;
    few.cases = 20;
    for (int k = KIND_SIM; k <= KIND_POWER; k++) {
        if (!cases_until_failure(&few, (Kind)k, failure, sizeof failure)) continue;
        printf("planted: FAILED: %s fails with no bug awake: %s\n", kind_names[k], failure);
        return false;
    }
    return true;
}

int planted_run(const Plan *p)
{
    int missed = 0, n = sizeof plants / sizeof *plants;
    Plan each = *p;
    if (!weir_test_plant(NULL)) {
        fputs("this build holds no planted bugs: meson setup -Dplanted=true\n", stderr);
        return 77;
    }
    if (!is_well_asleep(p)) return 1;
    if (!each.cases) each.cases = 1000;
    printf("%-26s %-50s %-6s %s\n", "bug", "what", "suite", "caught");
    for (int i = 0; i < n; i++) {
        char failure[4096] = "";
        double start = seconds_now();
        weir_test_plant(plants[i].name);
        int64_t seeds = cases_until_failure(&each, plants[i].kind, failure, sizeof failure);
        failure[strcspn(failure, "\n")] = 0;
        missed += seeds == 0;
        printf("%-24s %-50s %-6s ", plants[i].name, plants[i].what, kind_names[plants[i].kind]);
        if (seeds) printf("after %lld seeds, %.1f s: %.70s\n", (long long)seeds, seconds_now() - start, failure);
        else printf("NEVER, %lld seeds\n", (long long)each.cases);
        fflush(stdout);
    }
    printf("planted: %s: %d of %d caught\n", missed ? "FAILED" : "ok", n - missed, n);
    return missed > 0;
}
