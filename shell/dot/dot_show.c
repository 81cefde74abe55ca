/* dot_show.c: .show: what the shell itself is set to. */
#include "shell/remote/client.h"
#include "shell/session.h"

#include <string.h>

static void show_widths(const Session *s)
{
    int last = WIDTHS_MAX;
    while (last > 0 && s->style.given[last - 1] == 0) last--;
    fprintf(s->out, "%10s:", "width");
    for (int i = 0; i < last; i++) fprintf(s->out, " %d", s->style.given[i]);
    fputc('\n', s->out);
}

static void show_switch(const Session *s, const char *name, bool on)
{
    fprintf(s->out, "%10s: %s\n", name, on ? "on" : "off");
}

static bool show(Session *s, const char *arg)
{
    (void)arg;
    fprintf(s->out, "%10s: %s\n", "database", s->path ? s->path : "(temporary)");
    if (s->client) fprintf(s->out, "%10s: process %lld, weir %s\n", "engine", (long long)s->client->pid, s->client->version);
    fprintf(s->out, "%10s: %s\n", "mode", s->style.mode->name);
    fprintf(s->out, "%10s: \"%s\"\n", "nullvalue", s->style.null_text);
    fprintf(s->out, "%10s: %s\n", "output", s->out_name ? s->out_name : "stdout");
    show_switch(s, "headers", s->style.headers);
    show_switch(s, "timer", s->timer);
    show_switch(s, "bail", s->bail);
    show_switch(s, "wrap", s->style.wraps);
    show_switch(s, "pager", s->pager);
    show_widths(s);
    return true;
}

const DotCommand dot_show = {"show", "", "what the shell is set to", show};
