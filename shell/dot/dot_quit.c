/* dot_quit.c: .quit, .exit */
#include "shell/session.h"

static bool quit(Session *s, const char *arg)
{
    (void)arg;
    s->quit = true;
    return true;
}

const DotCommand dot_quit = {"quit", "", "leave", quit};
const DotCommand dot_exit = {"exit", "", "leave", quit};
