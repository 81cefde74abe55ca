/* dot_timer.c: .timer on|off */
#include "shell/session.h"

static bool timer(Session *s, const char *arg) { return dot_switch(arg, &s->timer); }

const DotCommand dot_timer = {"timer", "[on|off]", "show how long each statement took", timer};
