/* command_shell.c: weir [DB]: statements from -c, from standing input, or typed. */
#include "shell/command.h"
#include "shell/remote/client.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* https://no-color.org: any text in NO_COLOR means none. */
static bool wants_colours(const Args *a)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return !a->no_color && !(no && *no) && isatty(1) && term && strcmp(term, "dumb") != 0;
}

/* weir DB 'SELECT …', as sqlite3 has it: no file is called so. */
static const char *statement_among(const Args *a)
{
    if (a->nfiles != 2 || a->sql) return NULL;
    return a->files[1][0] == '.' || strpbrk(a->files[1], " ;\n") ? a->files[1] : NULL;
}

/* Statements and events are files too: what to do with them instead. */
static void tell_no_database(const char *path)
{
    const char *dot = path ? strrchr(path, '.') : NULL;
    FILE *f = path ? fopen(path, "rb") : NULL;
    char head[16] = "";
    size_t n = f ? fread(head, 1, sizeof head, f) : 0;
    if (f) fclose(f);
    if (n == 0 || !memcmp(head, "SQLite format 3", sizeof head)) return;
    if (dot && !strcasecmp(dot, ".sql")) fprintf(stderr, "  hint: weir run %s carries out its statements\n", path);
    else fprintf(stderr, "  hint: weir -c \"SELECT * FROM '%s' LIMIT 10\" looks into it\n", path);
}

int command_shell(const Args *a)
{
    const char *sql = a->sql ? a->sql : statement_among(a);
    if (a->nfiles > 1 && !(a->nfiles == 2 && sql && sql != a->sql)) {
        fputs("weir: one database at a time; weir help\n", stderr);
        return EXIT_USAGE;
    }
    Session s = session_of(a);
    const char *mode = a->mode ? a->mode : getenv("WEIR_MODE");
    if (mode && !render_mode(mode)) {
        fprintf(stderr, "weir: no mode \"%s\"; weir help lists them\n", mode);
        return EXIT_USAGE;
    }
    const char *path = a->nfiles ? a->files[0] : a->db ? a->db : getenv("WEIR_DB");
    s.may_join = !a->read_only;
    int code = session_open(&s, path, a->read_only);
    if (code) tell_no_database(path);
    if (code) return code;
    s.interactive = !sql && isatty(0);
    if (s.client && a->nsettings) {
        fprintf(stderr, "weir: settings are those of the engine that runs, process %lld; use SET\n", (long long)s.client->pid);
        session_close(&s);
        return EXIT_USAGE;
    }
    if (s.interactive && !a->read_only) session_serve(&s, false);
    s.pager = s.interactive && isatty(1);
    s.style.colours = wants_colours(a);
    session_read_rc(&s);
    if (mode) s.style.mode = render_mode(mode);
    bool ok = true;
    if (sql) ok = session_run(&s, sql, "-c");
    else if (s.interactive) ok = repl(&s) == 0;
    else ok = session_run_input(&s);
    bool stopped = interrupt_seen();
    session_close(&s);
    return stopped && !s.interactive ? EXIT_INTERRUPTED : ok ? EXIT_DONE : EXIT_FAILED;
}
