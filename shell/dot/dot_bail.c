/* dot_bail.c: .bail on|off */
#include "shell/session.h"

#include <string.h>

static bool bail(Session *s, const char *arg)
{
    s->bail = strcmp(arg, "off") != 0;
    return true;
}

const DotCommand dot_bail = {"bail", "on|off", "stop a script at its first error", bail};
