/* dot_wrap.c: .wrap on|off */
#include "shell/session.h"

static bool wrap(Session *s, const char *arg) { return dot_switch(arg, &s->style.wraps); }

const DotCommand dot_wrap = {"wrap", "[on|off]", "continue wide values below instead of cutting them", wrap};
