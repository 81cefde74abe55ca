/* cases.c: case after case in a process of its own, so that one that crashes or hangs is a case like
 * any other; what fails is made smaller and kept. */
#include "tests/torture/torture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CASE_SECONDS = 60, SHRINK_SECONDS = 40, REASON_BYTES = 24 };

/* What the process at work tells its parent. */
typedef struct Report {
    uint64_t seed;
    bool has_failed;
    char failure[4096];
    Counts counts;
    DiskStats disk;
} Report;

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static Report *report_new(void)
{
    return mmap(NULL, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* How a process ended, unless it ended well. */
static bool ended_badly(int status, char *why, int cap)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return false;
    if (WIFSIGNALED(status)) snprintf(why, (size_t)cap, "%s", WTERMSIG(status) == SIGALRM ? "it hangs" : strsignal(WTERMSIG(status)));
    else snprintf(why, (size_t)cap, "exit status %d", WEXITSTATUS(status));
    return true;
}

/* ---- making a case smaller ------------------------------------------------------------------------------ */

static void silence(void)
{
    int fd = open("/dev/null", O_WRONLY);
    dup2(fd, 2);
    close(fd);
}

/* What went wrong, without numbers and places: the same in a smaller case. */
static void reason_of(const char *failure, char *out, int cap)
{
    const char *p = strstr(failure, "): ");
    int n = 0;
    p = p ? p + 3 : !strncmp(failure, "at the end: ", 12) ? failure + 12 : failure;
    for (; *p && n < cap - 1 && n < REASON_BYTES; p++)
        if (*p < '0' || *p > '9') out[n++] = *p;
    out[n] = 0;
}

/* Tries a case in a process of its own; what it fails of, or "". */
static void try_case(const Lines *c, Report *r, char *reason, int cap)
{
    int status;
    *r->failure = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        Counts counts = {0};
        alarm(CASE_SECONDS / 4);
        silence();
        case_run(c, &counts, r->failure, sizeof r->failure);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    ended_badly(status, r->failure, sizeof r->failure);
    reason_of(r->failure, reason, cap);
}

static Lines without(const Lines *c, int from, int n)
{
    Lines out = {0};
    for (int i = 0; i < c->n; i++)
        if (i < from || i >= from + n) lines_add(&out, c->text[i]);
    return out;
}

void case_shrink(Lines *c)
{
    char wanted[200], reason[200];
    Report *r = report_new();
    double end = seconds_now() + SHRINK_SECONDS;
    try_case(c, r, wanted, sizeof wanted);
    for (int n = c->n / 2; n >= 1 && *wanted; n /= 2) {
        for (int from = 1; from < c->n && seconds_now() < end;) {
            Lines fewer = without(c, from, n);
            try_case(&fewer, r, reason, sizeof reason);
            bool is_same = !strcmp(wanted, reason);
            lines_free(is_same ? c : &fewer);
            if (is_same) *c = fewer;
            else from += n;
        }
    }
    munmap(r, sizeof *r);
}

/* ---- many ------------------------------------------------------------------------------------------------- */

static void work(const Plan *p, Kind kind, uint64_t from, double end, Report *r)
{
    for (uint64_t seed = from; p->cases ? seed < p->seed + (uint64_t)p->cases : seconds_now() < end; seed++) {
        Lines c = {0};
        r->seed = seed;
        alarm(CASE_SECONDS);
        case_make(kind, seed, &c);
        bool is_well = case_run(&c, &r->counts, r->failure, sizeof r->failure);
        r->disk = *disk_stats();
        lines_free(&c);
        if (is_well) continue;
        r->has_failed = true;
        return;
    }
}

static void keep_failure(const Plan *p, Kind kind, const Report *r)
{
    Lines c = {0};
    char path[600];
    fprintf(stderr, "%s: seed %llu: %s\n  replay: %s --kind %s --seed %llu --cases 1\n", kind_names[kind],
            (unsigned long long)r->seed, r->failure, p->program, kind_names[kind], (unsigned long long)r->seed);
    if (!p->regress) return;
    case_make(kind, r->seed, &c);
    case_shrink(&c);
    snprintf(path, sizeof path, "%s/torture-%s-%llu.case", p->regress, kind_names[kind], (unsigned long long)r->seed);
    if (lines_write(&c, path)) fprintf(stderr, "  made smaller: %s (%d lines)\n", path, c.n);
    lines_free(&c);
}

static void verdict(Kind kind, const Report *r, int failed, double seconds)
{
    const Counts *n = &r->counts;
    printf("%s: %s: %lld cases, %lld epochs, %lld restarts, %lld power losses (%lld nested), %lld faults; "
           "%lld views compared at %lld commits, %lld rows; %.0f s\n",
           kind_names[kind], failed ? "FAILED" : "ok", (long long)n->cases, (long long)n->runs, (long long)n->restarts,
           (long long)n->power_cuts, (long long)n->nested_cuts, (long long)n->faults, (long long)n->views_checked,
           (long long)n->checks, (long long)n->rows_checked, seconds);
    if (n->power_cuts)
        printf("  unsynced sectors: %lld kept, %lld dropped, %lld torn, %lld garbled; %.0f power losses a second\n",
               (long long)r->disk.kept, (long long)r->disk.dropped, (long long)r->disk.torn, (long long)r->disk.garbled,
               (double)n->power_cuts / (seconds > 0 ? seconds : 1));
}

int cases_run(const Plan *p, Kind kind)
{
    double start = seconds_now(), end = start + p->seconds;
    int failed = 0;
    Report *r = report_new();
    uint64_t from = p->seed;
    for (bool goes_on = true; goes_on; from = r->seed + 1) {
        int status;
        char why[200];
        r->has_failed = false;
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            work(p, kind, from, end, r);
            exit(0); /* leaks are told here */
        }
        waitpid(pid, &status, 0);
        bool is_bad = ended_badly(status, why, sizeof why);
        if (is_bad && !r->has_failed) snprintf(r->failure, sizeof r->failure, "%s", why);
        goes_on = (is_bad || r->has_failed) && failed < 10;
        if (is_bad || r->has_failed) {
            keep_failure(p, kind, r);
            failed++;
        }
        goes_on &= p->cases ? r->seed + 1 < p->seed + (uint64_t)p->cases : seconds_now() < end;
    }
    verdict(kind, r, failed, seconds_now() - start);
    munmap(r, sizeof *r);
    return failed > 0;
}

int64_t cases_until_failure(const Plan *p, Kind kind, char *failure, int cap)
{
    int status;
    char why[200];
    Report *r = report_new();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        silence();
        work(p, kind, p->seed, seconds_now() + p->seconds, r);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    bool is_bad = ended_badly(status, why, sizeof why);
    if (is_bad && !r->has_failed) snprintf(r->failure, sizeof r->failure, "%s", why);
    snprintf(failure, (size_t)cap, "%s", r->failure);
    int64_t seeds = is_bad || r->has_failed ? (int64_t)(r->seed - p->seed) + 1 : 0;
    munmap(r, sizeof *r);
    return seeds;
}

int case_replay(const char *path)
{
    Lines c = {0};
    Counts counts = {0};
    char failure[4096] = "";
    if (!lines_read(&c, path)) {
        perror(path);
        return 2;
    }
    int64_t used = weir_test_memory_used();
    bool is_well = case_run(&c, &counts, failure, sizeof failure);
    if (is_well && weir_test_memory_used() != used) snprintf(failure, sizeof failure, "memory is not given back");
    is_well = !*failure;
    if (!is_well) fprintf(stderr, "%s: %s\n", path, failure);
    lines_free(&c);
    return !is_well;
}
