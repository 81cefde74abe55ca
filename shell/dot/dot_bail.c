/* dot_bail.c: .bail on|off */
#include "shell/session.h"

static bool bail(Session *s, const char *arg) { return dot_switch(arg, &s->bail); }

const DotCommand dot_bail = {"bail", "on|off", "stop a script at its first error", bail};
