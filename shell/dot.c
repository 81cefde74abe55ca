/* dot.c: finds the dot-command a line names; psql's spellings of some. */
#include "shell/session.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *psql, *dot;
} spellings[] = {
    {"\\q", ".quit"}, {"\\timing", ".timer"}, {"\\x", ".mode line"}, {"\\i", ".read"}, {"\\?", ".help"},
};

static char *translate(const char *line)
{
    char *out;
    size_t n = strcspn(line, " \t");
    if (!strncmp(line, "\\d", n) && n == 2) {
        const char *name = line + n + strspn(line + n, " \t");
        if (asprintf(&out, *name ? ".schema %s" : ".tables", name) < 0) return NULL;
        return out;
    }
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strlen(spellings[i].psql) == n && !strncmp(line, spellings[i].psql, n)) {
            if (asprintf(&out, "%s%s", spellings[i].dot, line + n) < 0) return NULL;
            return out;
        }
    return strdup(line);
}

static bool unknown(const char *name, size_t n)
{
    fprintf(stderr, "weir: no command \"%.*s\"; .help lists them\n", (int)n, name);
    return false;
}

bool session_dot(Session *s, const char *given)
{
    char *line = translate(given);
    size_t end = strlen(line);
    while (end && strchr(" \t\r;", line[end - 1])) line[--end] = 0;
    size_t n = strcspn(line, " \t");
    const char *arg = line + n + strspn(line + n, " \t");
    const DotCommand *found = NULL;
    int matches = 0;
    for (int i = 0; dot_table[i]; i++) {
        const char *name = dot_table[i]->name;
        if (strncmp(name, line + 1, n - 1)) continue;
        matches++;
        found = dot_table[i];
        if (strlen(name) == n - 1) { matches = 1; break; }
    }
    bool ok = matches == 1 && n > 1 ? found->run(s, arg) : unknown(line, n);
    free(line);
    return ok;
}
