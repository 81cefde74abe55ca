/* draw_columns.c: headings, rules and rows of columns. */
#include "shell/render/columns.h"

#include <string.h>

enum { PUSH_GROUP = 32, CELLS_MAX = 2000 };

static void put(const Render *r, const char *s)
{
    if (s) fputs(s, r->out);
}

static int width_of(const char *s) { return s ? text_width(s, (int64_t)strlen(s)) : 0; }

static void rule(const Render *r, const ColumnLines *l, const char *left, const char *cross, const char *right)
{
    if (r->shows_weight) put(r, "   ");
    put(r, left);
    for (int c = 0; c < r->ncols; c++) {
        for (int k = 0; k < r->widths[c]; k++) put(r, l->rule);
        put(r, c == r->ncols - 1 ? right : cross);
    }
    fputc('\n', r->out);
}

static void heading(Render *r, const ColumnLines *l)
{
    if (r->shows_weight) put(r, "   ");
    put(r, l->left);
    for (int c = 0; c < r->ncols; c++) {
        bool last = c == r->ncols - 1;
        render_colour(r, "1");
        render_cell(r, c, r->names[c], (int64_t)strlen(r->names[c]), render_is_number(r, c), !last || l->right, NULL);
        render_colour(r, NULL);
        put(r, last ? l->right : l->between);
    }
    fputc('\n', r->out);
    rule(r, l, l->rule_left, l->cross, l->rule_right);
}

/* One line of a row; true: a value goes on in the next. */
static bool line(Render *r, const ColumnLines *l, const Row *x, int64_t *from)
{
    bool more = false;
    put(r, l->left);
    for (int c = 0; c < r->ncols; c++) {
        const Cell *v = &x->cells[c];
        const char *p = v->text ? v->text : r->style.null_text;
        int64_t n = v->text ? v->len : (int64_t)strlen(p);
        bool last = c == r->ncols - 1, right = v->type == WEIR_INTEGER || v->type == WEIR_FLOAT;
        if (from[c] < 0) p = "", n = 0;
        if (!v->text) render_colour(r, "2");
        render_cell(r, c, p, n, right, !last || l->right, &from[c]);
        if (!v->text) render_colour(r, NULL);
        more |= from[c] > 0;
        put(r, last ? l->right : l->between);
    }
    fputc('\n', r->out);
    return more;
}

static void change_mark(const Render *r, const Row *x)
{
    if (!r->shows_weight) return;
    render_colour(r, x->weight < 0 ? "31" : "32");
    fprintf(r->out, "%c  ", x->weight < 0 ? '-' : '+');
    render_colour(r, NULL);
}

static void one_row(Render *r, const ColumnLines *l, const Row *x)
{
    int64_t from[CELLS_MAX] = {0};
    change_mark(r, x);
    while (line(r, l, x, from))
        if (r->shows_weight) put(r, "   ");
}

static void show(Render *r, const ColumnLines *l, bool first)
{
    int edge = width_of(l->left) + width_of(l->right) + (r->shows_weight ? 3 : 0);
    render_measure(r, width_of(l->between), edge);
    if (first && l->top_left) rule(r, l, l->top_left, l->top_cross, l->top_right);
    if (first && r->style.headers && r->ncols) heading(r, l);
    for (int64_t i = 0; i < r->nrows; i++) one_row(r, l, &r->rows[i]);
    render_forget(r);
    fflush(r->out);
}

/* On a terminal changes are shown as they come. */
static int push_group(const Render *r) { return r->style.screen > 0 ? 1 : PUSH_GROUP; }

void columns_row(Render *r, const ColumnLines *lines, const Row *x)
{
    render_keep(r, x);
    if (r->is_push && r->nrows == push_group(r)) show(r, lines, r->count == push_group(r));
}

void columns_end(Render *r, const ColumnLines *lines)
{
    if (r->nrows || r->count == 0) show(r, lines, !r->is_push || r->count <= push_group(r));
    if (lines->end_left) rule(r, lines, lines->end_left, lines->end_cross, lines->end_right);
}
