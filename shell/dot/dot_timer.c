/* dot_timer.c: .timer on|off */
#include "shell/session.h"

#include <string.h>

static bool timer(Session *s, const char *arg)
{
    s->timer = *arg ? !strcmp(arg, "on") : !s->timer;
    return true;
}

const DotCommand dot_timer = {"timer", "[on|off]", "show how long each statement took", timer};
