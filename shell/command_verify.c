/* command_verify.c: weir verify: makes every view anew in a copy of the database and compares. */
#include "shell/command.h"

#include <inttypes.h>

typedef struct Count {
    Session *session;
    int compared, differing, left_out;
} Count;

static void tell(void *arg, const weir_verdict *v)
{
    Count *n = arg;
    bool differs = v->missing || v->extra;
    bar_end(&n->session->bar);
    if (v->is_forgetful) printf("%s: not compared: state_ttl makes its rows depend on when commits were made\n", v->view);
    else if (!v->is_compared) printf("%s: not compared: not all that it has read is still there\n", v->view);
    else if (!differs) printf("%s: ok, %" PRId64 " rows\n", v->view, v->rows);
    else printf("%s: differs: %" PRId64 " rows are missing, %" PRId64 " should not be there\n", v->view, v->missing, v->extra);
    n->compared += v->is_compared;
    n->differing += differs;
    n->left_out += !v->is_compared;
}

int command_verify(const Args *a)
{
    const char *path = a->db ? a->db : a->nfiles == 1 ? a->files[0] : NULL;
    if (!path) {
        fputs("weir: verify needs a database; weir help verify\n", stderr);
        return EXIT_USAGE;
    }
    Session s = session_of(a);
    Count n = {.session = &s};
    int code = session_open(&s, path, true);
    if (code == EXIT_DONE) {
        session_busy(&s);
        weir_status st = weir_verify(s.db, tell, &n);
        code = st != WEIR_OK ? exit_code(st) : n.differing ? EXIT_FAILED : EXIT_DONE;
        session_idle(&s);
        if (st != WEIR_OK) session_tell(&s);
    }
    session_close(&s);
    return code;
}
