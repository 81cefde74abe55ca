/* dot_pager.c: .pager on|off */
#include "shell/session.h"

static bool pager(Session *s, const char *arg) { return dot_switch(arg, &s->pager); }

const DotCommand dot_pager = {"pager", "[on|off]", "show more than a screen through $WEIR_PAGER or $PAGER", pager};
