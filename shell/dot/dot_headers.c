/* dot_headers.c: .headers on|off */
#include "shell/session.h"

#include <string.h>

static bool headers(Session *s, const char *arg)
{
    s->headers = strcmp(arg, "off") != 0;
    return true;
}

const DotCommand dot_headers = {"headers", "on|off", "column names above rows", headers};
