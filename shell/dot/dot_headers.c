/* dot_headers.c: .headers on|off */
#include "shell/session.h"

static bool headers(Session *s, const char *arg) { return dot_switch(arg, &s->style.headers); }

const DotCommand dot_headers = {"headers", "on|off", "column names above rows", headers};
