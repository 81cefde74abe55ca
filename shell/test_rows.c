/* test_rows.c: rows as sorted lines of text: what a view holds against what a test expects. */
#include "shell/test_rows.h"

#include <stdlib.h>
#include <string.h>

static void push(RowBag *b, char *line)
{
    if (b->n == b->cap) b->lines = realloc(b->lines, (size_t)(b->cap = b->cap ? b->cap * 2 : 16) * sizeof *b->lines);
    b->lines[b->n++] = line;
}

void row_bag_add(RowBag *b, char *line) { push(b, line); }

void row_bag_add_row(RowBag *b, weir_stmt *s)
{
    char *line;
    size_t size;
    FILE *f = open_memstream(&line, &size);
    for (int i = 0; i < weir_column_count(s); i++) {
        int64_t n = 0;
        const char *p = weir_column_text(s, i, &n);
        bool is_text = weir_column_type(s, i) == WEIR_TEXT || weir_column_type(s, i) == WEIR_BLOB;
        if (i) fputs(", ", f);
        if (!p) fputs("NULL", f);
        else if (is_text) fprintf(f, "'%.*s'", (int)n, p);
        else fwrite(p, 1, (size_t)n, f);
    }
    fclose(f);
    push(b, line);
}

void row_bag_copy(RowBag *to, const RowBag *from)
{
    row_bag_free(to);
    for (int i = 0; i < from->n; i++) push(to, strdup(from->lines[i]));
}

void row_bag_free(RowBag *b)
{
    for (int i = 0; i < b->n; i++) free(b->lines[i]);
    free(b->lines);
    *b = (RowBag){0};
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(RowBag *b)
{
    if (b->n) qsort(b->lines, (size_t)b->n, sizeof *b->lines, by_text);
}

void row_bag_diff(RowBag *expected, RowBag *actual, RowBag *missing, RowBag *extra)
{
    int i = 0, k = 0;
    sort(expected);
    sort(actual);
    while (i < expected->n || k < actual->n) {
        int order = i == expected->n ? 1 : k == actual->n ? -1 : strcmp(expected->lines[i], actual->lines[k]);
        if (order < 0) push(missing, expected->lines[i]);
        if (order > 0) push(extra, actual->lines[k]);
        i += order <= 0;
        k += order >= 0;
    }
}
