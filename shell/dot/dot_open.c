/* dot_open.c: .open [FILE] */
#include "shell/session.h"

#include <stdlib.h>

static bool open_database(Session *s, const char *arg)
{
    char *path = dot_word(&arg);
    if (!session_reopen(s, path)) {
        free(path);
        return false;
    }
    free(s->path_given);
    s->path_given = path;
    return true;
}

const DotCommand dot_open = {"open", "[FILE]", "another database; without FILE: a temporary one", open_database};
