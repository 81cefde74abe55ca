/* kill.c: real processes over real files, killed at any moment, in recovery too, while their input grows.
 * The next look at the database, by any SQLite client, has to find the views of some commit, never of an
 * earlier one than before; in the end all of the input is in them. */
#include "tests/torture/torture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SCRIPT_BYTES = 16384, KILLS_PER_CASE = 40, PATIENCE_MS = 30000 };

typedef struct Victim {
    World w;
    Lines rows;          /* not written yet, from `next` on */
    int next;
    Chance c;
    char script[400];    /* path of the statements */
    const char *program; /* weir, or NULL: a process that calls the library */
} Victim;

static void sleep_us(int64_t us)
{
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

/* ---- the process that is killed --------------------------------------------------------------------------- */

static void call_library(const World *w)
{
    char sql[SCRIPT_BYTES];
    weir *db;
    weir_options opt = {.settings = w->settings_list};
    weir_exec_options again = {.base_dir = w->folder, .reregister = 1};
    world_script(w, sql, sizeof sql);
    weir_status st = weir_open(w->db_path, &opt, &db);
    if (st == WEIR_OK) st = weir_exec(db, sql, -1, "case", &again);
    while (st <= WEIR_IDLE && st != WEIR_DONE) st = weir_run(db, 10);
    if (st != WEIR_DONE) fprintf(stderr, "%s\n", weir_errmsg(db));
    weir_close(db);
    _exit(st != WEIR_DONE);
}

static void call_program(const Victim *v)
{
    const char *args[2 * SETTINGS_MAX + 8] = {"weir", "run", "-q", "-d", v->w.db_path};
    int n = 5;
    for (int i = 0; i < v->w.nsettings; i++) {
        args[n++] = "--set";
        args[n++] = v->w.settings[i];
    }
    args[n] = v->script;
    execv(v->program, (char *const *)args);
    _exit(127);
}

static pid_t start(Victim *v)
{
    world_stop_reading(&v->w); /* connections don't survive a fork */
    fflush(NULL);
    pid_t pid = fork();
    if (pid != 0) return pid;
    if (v->program && chance_one_in(&v->c, 2)) call_program(v);
    call_library(&v->w);
    return -1;
}

/* ---- looking and feeding ------------------------------------------------------------------------------------- */

static void feed(Victim *v, int n)
{
    for (; n > 0 && v->next < v->rows.n; n--) world_line(&v->w, v->rows.text[v->next++]);
}

static void look(Victim *v)
{
    World *w = &v->w;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    w->clock_us = (int64_t)now.tv_sec * 1000000;
    if (w->has_failed || (!w->is_registered && (access(w->db_path, F_OK) != 0 || world_has(w, "s") != 1))) return;
    w->is_registered = true;
    world_check(w);
}

static void wait_for(Victim *v, pid_t pid, bool is_killed)
{
    int status;
    waitpid(pid, &status, 0);
    bool is_well = WIFEXITED(status) ? WEXITSTATUS(status) == 0 : is_killed && WTERMSIG(status) == SIGKILL;
    if (!is_well) world_fail(&v->w, "the process ended by itself: status %x", (unsigned)status);
}

static void kill_once(Victim *v)
{
    static const int spans[] = {500, 3000, 10000, 40000};
    feed(v, chance_below(&v->c, 8));
    pid_t pid = start(v);
    sleep_us(chance_below(&v->c, spans[chance_below(&v->c, 4)]));
    if (v->w.s.follows) feed(v, chance_below(&v->c, 8));
    sleep_us(chance_below(&v->c, spans[chance_below(&v->c, 4)]));
    kill(pid, SIGKILL);
    wait_for(v, pid, true);
    v->w.counts->kills++;
    if (!chance_one_in(&v->c, 3)) look(v);
}

static bool is_complete(const World *w)
{
    const Stream *both[] = {&w->s, &w->r};
    for (int k = 0; k < 2; k++) {
        bool is_read = k == 0;
        for (int i = 0; i < w->nviews; i++) is_read |= w->views[i].kind->reads_r;
        for (int i = 0; i < both[k]->nparts && is_read; i++)
            if (both[k]->parts[i].taken < both[k]->parts[i].n || (!both[k]->follows && !both[k]->parts[i].has_ended)) return false;
    }
    return true;
}

/* One that is left alone reads everything. */
static void run_to_the_end(Victim *v)
{
    feed(v, v->rows.n);
    pid_t pid = start(v);
    if (v->w.s.follows) {
        for (int waited = 0; waited < PATIENCE_MS && !v->w.has_failed && !is_complete(&v->w); waited += 20) {
            sleep_us(20000);
            look(v);
        }
        kill(pid, SIGKILL);
    }
    wait_for(v, pid, v->w.s.follows);
    look(v);
    if (!v->w.has_failed && !is_complete(&v->w)) world_fail(&v->w, "not all rows are ever read");
}

/* ---- one case ---------------------------------------------------------------------------------------------------- */

static void write_script(Victim *v)
{
    char sql[SCRIPT_BYTES];
    world_script(&v->w, sql, sizeof sql);
    snprintf(v->script, sizeof v->script, "%s/case.sql", v->w.folder);
    FILE *f = fopen(v->script, "w");
    if (!f || fputs(sql, f) < 0 || fclose(f) != 0) world_fail(&v->w, "cannot write %s", v->script);
}

static void prepare(Victim *v, const Lines *c)
{
    static const char *const heads[] = {"set", "stream", "view"};
    for (int i = 0; i < c->n; i++) {
        if (!strncmp(c->text[i], "row ", 4)) lines_add(&v->rows, c->text[i]);
        for (int k = 0; k < 3; k++)
            if (!strncmp(c->text[i], heads[k], strlen(heads[k]))) world_line(&v->w, c->text[i]);
    }
    if (!v->w.s.follows) feed(v, v->rows.n);
    write_script(v);
}

static bool kill_case(uint64_t seed, const char *program, Counts *counts)
{
    Lines c = {0};
    Victim *v = calloc(1, sizeof *v);
    case_make(KIND_KILL, seed, &c);
    v->c.state = seed;
    v->program = program;
    world_init(&v->w, counts);
    prepare(v, &c);
    for (int i = 0; i < KILLS_PER_CASE && !v->w.has_failed; i++) kill_once(v);
    if (!v->w.has_failed) run_to_the_end(v);
    bool is_well = !v->w.has_failed;
    if (!is_well) fprintf(stderr, "kill: seed %llu: %s\n", (unsigned long long)seed, v->w.failure);
    unlink(v->script);
    world_free(&v->w);
    lines_free(&v->rows);
    lines_free(&c);
    free(v);
    counts->cases++;
    return is_well;
}

int kill_run(const Plan *p)
{
    Counts n = {0};
    int failed = 0;
    double begun = seconds_now();
    for (uint64_t seed = p->seed; p->cases ? seed < p->seed + (uint64_t)p->cases : seconds_now() < begun + p->seconds; seed++) {
        if (kill_case(seed, p->weir, &n)) continue;
        failed++;
        fprintf(stderr, "  again (moments differ): %s --kind kill --seed %llu --cases 1\n", p->program, (unsigned long long)seed);
    }
    printf("kill: %s: %lld cases, %lld kills; %lld views compared at %lld commits, %lld rows; %.0f s\n", failed ? "FAILED" : "ok",
           (long long)n.cases, (long long)n.kills, (long long)n.views_checked, (long long)n.checks, (long long)n.rows_checked,
           seconds_now() - begun);
    return failed > 0;
}
