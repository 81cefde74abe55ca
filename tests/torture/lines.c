/* lines.c: lists of texts: cases, and rows of views as they are compared. */
#include "tests/torture/torture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lines_add(Lines *l, const char *text)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 32;
        l->text = realloc(l->text, (size_t)l->cap * sizeof *l->text);
    }
    l->text[l->n++] = strdup(text);
}

void lines_addf(Lines *l, const char *fmt, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lines_add(l, text);
}

static int text_order(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

void lines_sort(Lines *l)
{
    if (l->n) qsort(l->text, (size_t)l->n, sizeof *l->text, text_order);
}

void lines_free(Lines *l)
{
    for (int i = 0; i < l->n; i++) free(l->text[i]);
    free(l->text);
    *l = (Lines){0};
}

char *lines_difference(const Lines *want, const Lines *got)
{
    char *out;
    for (int i = 0; i < want->n || i < got->n; i++) {
        const char *x = i < want->n ? want->text[i] : "nothing", *y = i < got->n ? got->text[i] : "nothing";
        if (strcmp(x, y) && asprintf(&out, "want %s, got %s", x, y) >= 0) return out;
    }
    return NULL;
}

bool lines_read(Lines *l, const char *path)
{
    char text[4096];
    FILE *f = fopen(path, "r");
    if (!f) return false;
    while (fgets(text, sizeof text, f)) {
        text[strcspn(text, "\n")] = 0;
        lines_add(l, text);
    }
    fclose(f);
    return true;
}

bool lines_write(const Lines *l, const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f) return false;
    for (int i = 0; i < l->n; i++) fprintf(f, "%s\n", l->text[i]);
    return fclose(f) == 0;
}

int64_t line_number(const char *line, const char *name, int64_t fallback)
{
    size_t n = strlen(name);
    for (const char *p = line; (p = strchr(p, ' ')); p++)
        if (!strncmp(p + 1, name, n) && p[1 + n] == '=') return strtoll(p + n + 2, NULL, 10);
    return fallback;
}
