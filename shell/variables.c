/* variables.c: :name in a file of statements becomes the value given for it. */
#include "shell/variables.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_name(char c) { return isalnum((unsigned char)c) || c == '_'; }

static const char *value_of(const char *const *vars, int n, const char *name, size_t len)
{
    for (int i = n - 1; i >= 0; i--)
        if (!strncmp(vars[i], name, len) && vars[i][len] == '=') return vars[i] + len + 1;
    return NULL;
}

static bool is_number(const char *p)
{
    char *end;
    if (!isdigit((unsigned char)p[*p == '-'])) return false;
    strtod(p, &end);
    return !*end;
}

/* A number stands as it is, anything else as a text. */
static void put_value(FILE *f, const char *value)
{
    if (is_number(value)) {
        fputs(value, f);
        return;
    }
    fputc('\'', f);
    for (; *value; value++) fputs(*value == '\'' ? "''" : (char[2]){*value, 0}, f);
    fputc('\'', f);
}

/* Past a quoted text or a comment; p itself: neither begins here. */
static const char *skip_text(const char *p)
{
    if (*p == '\'' || *p == '"' || *p == '`') {
        const char *end = strchr(p + 1, *p);
        return end ? end + 1 : p + strlen(p);
    }
    if (p[0] == '-' && p[1] == '-') return p + strcspn(p, "\n");
    if (p[0] == '/' && p[1] == '*') {
        const char *end = strstr(p + 2, "*/");
        return end ? end + 2 : p + strlen(p);
    }
    return p;
}

char *variables_apply(const char *text, const char *const *vars, int n)
{
    char *out;
    size_t size;
    FILE *f = open_memstream(&out, &size);
    for (const char *p = text; *p;) {
        const char *past = skip_text(p);
        size_t len = 0;
        bool begins = *p == ':' && (p == text || (p[-1] != ':' && !is_name(p[-1])));
        while (begins && is_name(p[1 + len])) len++;
        const char *value = len ? value_of(vars, n, p + 1, len) : NULL;
        if (value) put_value(f, value);
        else fwrite(p, 1, past > p ? (size_t)(past - p) : 1, f);
        p = value ? p + 1 + len : past > p ? past : p + 1;
    }
    fclose(f);
    return out;
}
