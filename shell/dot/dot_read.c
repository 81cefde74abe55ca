/* dot_read.c: .read FILE */
#include "shell/session.h"

#include <stdlib.h>

static bool read_script(Session *s, const char *arg)
{
    if (s->depth == READ_DEPTH_MAX) {
        fprintf(stderr, "weir: .read is nested more than %d deep\n", READ_DEPTH_MAX);
        return false;
    }
    char *text = read_file(arg);
    if (!text) return false;
    s->depth++;
    bool ok = session_run(s, text, arg);
    s->depth--;
    free(text);
    return ok;
}

const DotCommand dot_read = {"read", "FILE", "carry out a file of statements", read_script};
