/* dot.c: finds the dot-command a line names; psql's spellings of some. */
#include "shell/session.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *psql, *dot;
} spellings[] = {
    {"\\q", ".quit"},   {"\\timing", ".timer"}, {"\\x", ".expanded"},  {"\\i", ".read"},  {"\\?", ".help"},
    {"\\o", ".output"}, {"\\!", ".shell"},      {"\\dt", ".streams"}, {"\\dv", ".views"}, {"\\df", ".functions"},
    {"\\l", ".open"},   {"\\pset", ".show"},    {"\\watch", ".watch"}, {"\\conninfo", ".show"},
};

static char *translate(const char *line)
{
    char *out;
    size_t n = strcspn(line, " \t");
    if (!strncmp(line, "\\d", n) && n == 2) {
        const char *name = line + n + strspn(line + n, " \t");
        if (asprintf(&out, *name ? ".describe %s" : ".tables", name) < 0) return NULL;
        return out;
    }
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strlen(spellings[i].psql) == n && !strncmp(line, spellings[i].psql, n)) {
            if (asprintf(&out, "%s%s", spellings[i].dot, line + n) < 0) return NULL;
            return out;
        }
    return strdup(line);
}

bool dot_switch(const char *arg, bool *value)
{
    if (!*arg) *value = !*value;
    else if (!strcmp(arg, "on") || !strcmp(arg, "1")) *value = true;
    else if (!strcmp(arg, "off") || !strcmp(arg, "0")) *value = false;
    else {
        fprintf(stderr, "weir: \"%s\" is neither on nor off\n", arg);
        return false;
    }
    return true;
}

char *dot_word(const char **arg)
{
    const char *p = *arg + strspn(*arg, " \t");
    if (!*p) return NULL;
    char end[2] = {*p == '\'' || *p == '"' ? *p : 0, 0};
    p += end[0] != 0;
    size_t n = strcspn(p, end[0] ? end : " \t");
    *arg = p + n + (end[0] && p[n]);
    return strndup(p, n);
}

char *sql_quoted(const char *text, char quote)
{
    char *out = malloc(strlen(text) * 2 + 3), *p = out;
    *p++ = quote;
    for (; *text; text++) {
        if (*text == quote) *p++ = quote;
        *p++ = *text;
    }
    *p++ = quote;
    *p = 0;
    return out;
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
