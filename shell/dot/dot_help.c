/* dot_help.c: .help [NAME] */
#include "shell/session.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    const DotCommand *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static bool help(Session *s, const char *arg)
{
    int n = 0, shown = 0;
    while (dot_table[n]) n++;
    const DotCommand **sorted = malloc((size_t)n * sizeof *sorted);
    memcpy(sorted, dot_table, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_name);
    arg += *arg == '.';
    for (int i = 0; i < n; i++) {
        if (strncmp(sorted[i]->name, arg, strlen(arg))) continue;
        fprintf(s->out, ".%-10s %-14s %s\n", sorted[i]->name, sorted[i]->args, sorted[i]->doc);
        shown++;
    }
    free(sorted);
    if (shown == 0) fprintf(stderr, "weir: no command \"%s\"; .help lists them\n", arg);
    if (!*arg) fputs("SQL statements end with ;  Ctrl-C cancels, Ctrl-D leaves\n", s->out);
    return shown > 0;
}

const DotCommand dot_help = {"help", "[NAME]", "this list", help};
