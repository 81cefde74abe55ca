/* dot_mode.c: .mode [NAME [TABLE]] */
#include "shell/session.h"

#include <stdlib.h>

static bool list_modes(Session *s, const char *wrong)
{
    if (wrong) fprintf(stderr, "weir: no mode \"%s\"; there are:\n", wrong);
    FILE *f = wrong ? stderr : s->out;
    for (int i = 0; render_table[i]; i++)
        fprintf(f, "%c %-9s %s\n", render_table[i] == s->style.mode ? '*' : ' ', render_table[i]->name,
                render_table[i]->doc);
    return !wrong;
}

static bool mode(Session *s, const char *arg)
{
    char *name = dot_word(&arg);
    const RenderMode *m = name ? render_mode(name) : NULL;
    bool ok = m || list_modes(s, name);
    free(name);
    if (!m) return ok;
    s->style.mode = m;
    free(s->insert_given);
    s->style.insert_into = s->insert_given = dot_word(&arg);
    return true;
}

const DotCommand dot_mode = {"mode", "[NAME]", "how rows look", mode};
