/* dot_chart.c: .chart VIEW X Y: a bar for each row of a view, as long as its Y. */
#include "shell/session.h"

#include <stdlib.h>
#include <string.h>

enum { BAR_COLUMNS = 50, LABEL_MAX = 24, ROWS_MAX = 1000 };

typedef struct ChartBar {
    char *label;
    double value;
    bool is_null;
} ChartBar;

typedef struct Chart {
    ChartBar bars[ROWS_MAX];
    int n, label_width;
    double least, greatest;
} Chart;

static void add_bar(Chart *c, const Cursor *row)
{
    const CursorCell *label = &row->cells[0];
    ChartBar *b = &c->bars[c->n++];
    b->label = label->text ? strndup(label->text, (size_t)label->len) : strdup("");
    b->is_null = row->cells[1].type == WEIR_NULL;
    b->value = cursor_double(row, 1);
    if (b->value < c->least) c->least = b->value;
    if (b->value > c->greatest) c->greatest = b->value;
    int width = text_width(b->label, (int64_t)strlen(b->label));
    if (width > c->label_width) c->label_width = width < LABEL_MAX ? width : LABEL_MAX;
}

/* Eighths of a character cell, so that small differences show. */
static void draw_bar(FILE *f, double share)
{
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int eighths = (int)(share * BAR_COLUMNS * 8 + 0.5);
    for (int i = 0; i < eighths / 8; i++) fputs("█", f);
    fputs(parts[eighths % 8], f);
}

static void draw(const Session *s, const Chart *c)
{
    double span = c->greatest > 0 ? c->greatest : 1;
    for (int i = 0; i < c->n; i++) {
        const ChartBar *b = &c->bars[i];
        int64_t fits = text_fit(b->label, (int64_t)strlen(b->label), LABEL_MAX);
        text_show(s->out, b->label, fits);
        for (int k = text_width(b->label, fits); k <= c->label_width; k++) fputc(' ', s->out);
        if (b->value > 0) draw_bar(s->out, b->value / span);
        if (b->is_null) fprintf(s->out, " %s\n", s->style.null_text);
        else fprintf(s->out, " %.10g\n", b->value);
    }
}

static bool read_rows(Session *s, Chart *c, const char *sql)
{
    Cursor cursor;
    weir_status st = WEIR_E_NAME;
    bool is_open = cursor_open(s, sql, NULL, false, &cursor);
    while (is_open && (st = cursor_next(s, &cursor)) == WEIR_ROW && c->n < ROWS_MAX) add_bar(c, &cursor);
    if (st != WEIR_DONE && st != WEIR_ROW) session_tell(s);
    cursor_close(&cursor);
    return st == WEIR_DONE || st == WEIR_ROW;
}

static bool chart(Session *s, const char *arg)
{
    char *view = dot_word(&arg), *x = dot_word(&arg), *y = dot_word(&arg), *sql = NULL;
    bool ok = y != NULL;
    if (!ok) fputs("weir: .chart VIEW X Y\n", stderr);
    if (ok) {
        char *v = sql_quoted(view, '"'), *a = sql_quoted(x, '"'), *b = sql_quoted(y, '"');
        Chart *c = calloc(1, sizeof *c);
        ok = asprintf(&sql, "SELECT %s, %s FROM %s LIMIT %d", a, b, v, ROWS_MAX) >= 0 && read_rows(s, c, sql);
        if (ok) draw(s, c);
        for (int i = 0; i < c->n; i++) free(c->bars[i].label);
        free(c);
        free(v);
        free(a);
        free(b);
        free(sql);
    }
    free(view);
    free(x);
    free(y);
    return ok;
}

const DotCommand dot_chart = {"chart", "VIEW X Y", "a bar for each row", chart};
