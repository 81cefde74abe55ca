/* dot_help.c: .help */
#include "shell/session.h"

static bool help(Session *s, const char *arg)
{
    (void)arg;
    for (int i = 0; dot_table[i]; i++)
        fprintf(s->out, ".%-10s %-14s %s\n", dot_table[i]->name, dot_table[i]->args, dot_table[i]->doc);
    fputs("SQL statements end with ;  Ctrl-C cancels, Ctrl-D leaves\n", s->out);
    return true;
}

const DotCommand dot_help = {"help", "", "this list", help};
