/* dot_shell.c: .shell COMMAND */
#include "shell/session.h"

#include <stdlib.h>
#include <sys/wait.h>

static bool shell(Session *s, const char *arg)
{
    fflush(s->out);
    int status = system(*arg ? arg : "${SHELL:-sh}");
    if (status == 0) return true;
    fprintf(stderr, "weir: the command ended with %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return false;
}

const DotCommand dot_shell = {"shell", "COMMAND", "run a command of the system", shell};
