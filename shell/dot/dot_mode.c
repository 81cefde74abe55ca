/* dot_mode.c: .mode [NAME] */
#include "shell/session.h"

#include <string.h>

static bool mode(Session *s, const char *arg)
{
    const RenderMode *m = render_mode(arg);
    if (m) {
        s->mode = m;
        return true;
    }
    if (*arg) fprintf(stderr, "weir: no mode \"%s\"; there are:\n", arg);
    FILE *f = *arg ? stderr : s->out;
    for (int i = 0; render_table[i]; i++)
        fprintf(f, "%c %-9s %s\n", render_table[i] == s->mode ? '*' : ' ', render_table[i]->name, render_table[i]->doc);
    return !*arg;
}

const DotCommand dot_mode = {"mode", "[NAME]", "how rows look", mode};
