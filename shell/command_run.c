/* command_run.c: weir run: register the files' statements, then run until the inputs have ended. */
#include "shell/command.h"
#include "shell/progress.h"
#include "shell/remote/server.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RUN_WAIT_MS = 100, SERVE_PACE_MS = 10, /* for the engine to let rows gather */
    REST_MAX_MS = 60000
};

static bool any_errors(weir *db)
{
    int64_t n = 0;
    for (int i = 0; i < weir_source_count(db); i++) {
        weir_source_stats st;
        if (weir_source_stat(db, i, &st) == WEIR_OK) n += st.errors;
    }
    for (int i = 0; i < weir_view_count(db); i++) {
        weir_view_stats st;
        if (weir_view_stat(db, i, &st) == WEIR_OK) n += st.errors;
    }
    return n > 0;
}

/* Every input has ended, but files may be saved. False: interrupted. */
static bool wait_for_save(void)
{
    usleep(RUN_WAIT_MS * 1000);
    return !interrupt_waits();
}

/* Between epochs other shells are served; while there is nothing to read, the wait is theirs, and as long as the engine's
 * unless something else is to be looked at. */
static weir_status run_a_little(Session *s, const Args *a, weir_status before, const Progress *p)
{
    if (a->once) return weir_run_once(s->db);
    if (!s->server) return weir_run(s->db, RUN_WAIT_MS);
    weir_status st = weir_run(s->db, before == WEIR_ROW ? SERVE_PACE_MS : 0);
    if (st == WEIR_IDLE) server_rest(s->server, a->watch || p->live ? RUN_WAIT_MS : REST_MAX_MS);
    else server_turn(s->server, 0);
    return st;
}

static weir_status run_all(Session *s, const Args *a)
{
    Progress p;
    progress_begin(&p, isatty(2) && !a->quiet && !a->no_progress, s->db);
    weir_status st = WEIR_IDLE;
    do {
        st = run_a_little(s, a, st, &p);
        bar_end(&s->bar);
        progress_tick(&p, s->db);
        bool is_asked = reload_seen(), is_saved = a->watch && registration_is_old(a);
        if (is_asked || is_saved) {
            register_files(s, a, false, true); /* errors leave all as it was */
            server_changed(s->server);
        }
        if (interrupt_seen()) st = WEIR_E_INTERRUPTED;
    } while (st == WEIR_ROW || st == WEIR_IDLE || (a->watch && st == WEIR_DONE && wait_for_save()));
    progress_end(&p, s->db, !a->quiet);
    if (interrupt_seen()) st = WEIR_E_INTERRUPTED; /* while it waited for a file to be saved */
    return st;
}

int command_run(const Args *a)
{
    if (a->nfiles == 0) {
        fputs("weir: run needs a file of statements; weir help run\n", stderr);
        return EXIT_USAGE;
    }
    Session s = session_of(a);
    if (a->mode && !(s.style.mode = render_mode(a->mode))) {
        fprintf(stderr, "weir: no mode \"%s\"; weir help lists them\n", a->mode);
        return EXIT_USAGE;
    }
    interrupt_leaves();
    reload_watch();
    int code = session_open(&s, a->db, false);
    session_busy(&s);
    if (code == EXIT_DONE) code = a->dry_run ? register_dry(&s, a) : register_files(&s, a, false, a->verbose);
    if (code == EXIT_DONE && !a->dry_run) {
        if (!a->once) session_serve(&s, true);
        weir_status st = run_all(&s, a);
        code = exit_code(st);
        if (st == WEIR_E_INTERRUPTED) code = EXIT_INTERRUPTED;
        else if (code != EXIT_DONE) session_tell(&s);
        else if (a->fail_on_errors && any_errors(s.db)) code = EXIT_FAILED;
    }
    session_idle(&s);
    session_close(&s);
    return code == EXIT_INTERRUPTED && termination_seen() ? EXIT_DONE : code;
}

int command_check(const Args *a)
{
    if (a->nfiles == 0) {
        fputs("weir: check needs a file of statements; weir help check\n", stderr);
        return EXIT_USAGE;
    }
    Session s = session_of(a);
    int code = session_open(&s, NULL, false);
    if (code == EXIT_DONE) code = register_files(&s, a, true, false);
    session_close(&s);
    if (code == EXIT_DONE && !a->quiet) fprintf(stderr, "%d file%s checked, no errors\n", a->nfiles, a->nfiles == 1 ? "" : "s");
    return code;
}
