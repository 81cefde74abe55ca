/* dot_expanded.c: .expanded, psql's \x: one column a line, and back. */
#include "shell/session.h"

#include <string.h>

static bool expanded(Session *s, const char *arg)
{
    const RenderMode *line = render_mode("line");
    bool on = s->style.mode == line;
    if (!dot_switch(arg, &on)) return false;
    if (on && s->style.mode != line) {
        s->mode_before = s->style.mode;
        s->style.mode = line;
    } else if (!on && s->style.mode == line) {
        s->style.mode = s->mode_before ? s->mode_before : render_mode("table");
    }
    return true;
}

const DotCommand dot_expanded = {"expanded", "[on|off]", "one column a line", expanded};
