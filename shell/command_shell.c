/* command_shell.c: weir [DB]: statements from -c, from standing input, or typed. */
#include "shell/command.h"

#include <stdlib.h>
#include <unistd.h>

static bool from_input(Session *s)
{
    char *text = read_file("-");
    bool ok = text && session_run(s, text, NULL);
    free(text);
    return ok;
}

int command_shell(const Args *a)
{
    if (a->nfiles > 1) {
        fputs("weir: one database at a time; weir help\n", stderr);
        return EXIT_USAGE;
    }
    Session s = session_of(a);
    if (a->mode && !(s.mode = render_mode(a->mode))) {
        fprintf(stderr, "weir: no mode \"%s\"; weir help lists them\n", a->mode);
        return EXIT_USAGE;
    }
    const char *path = a->nfiles ? a->files[0] : a->db;
    int code = session_open(&s, path, a->read_only);
    if (code) return code;
    s.interactive = !a->sql && isatty(0);
    bool ok = true;
    if (a->sql) ok = session_run(&s, a->sql, "-c");
    else if (s.interactive) ok = repl(&s) == 0;
    else ok = from_input(&s);
    bool stopped = interrupt_seen();
    session_close(&s);
    return stopped && !s.interactive ? EXIT_INTERRUPTED : ok ? EXIT_DONE : EXIT_FAILED;
}
