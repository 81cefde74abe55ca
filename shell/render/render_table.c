/* render_table.c: columns under headings, numbers to the right. Rows of a push query are shown in
 * groups as they come, with the widths seen so far. */
#include "shell/render/render.h"

#include <string.h>

enum { PUSH_GROUP = 32 };

static void begin(Render *r)
{
    for (int i = 0; i < r->ncols; i++) r->widths[i] = text_width(r->names[i], (int64_t)strlen(r->names[i]));
}

static void pad(Render *r, int n)
{
    for (; n > 0; n--) fputc(' ', r->out);
}

static void cell(Render *r, int col, const char *p, int64_t n, bool right, bool last)
{
    int gap = r->widths[col] - text_width(p, n);
    if (right) pad(r, gap);
    text_show(r->out, p, n);
    if (!right && !last) pad(r, gap);
    fputs(last ? "\n" : "  ", r->out);
}

static bool is_number(const Render *r, int col)
{
    for (int64_t i = 0; i < r->nrows; i++) {
        weir_type t = r->rows[i].cells[col].type;
        if (t == WEIR_TEXT || t == WEIR_BLOB) return false;
    }
    return r->nrows > 0;
}

static void heading(Render *r)
{
    if (r->shows_weight) fputs("   ", r->out);
    for (int i = 0; i < r->ncols; i++)
        cell(r, i, r->names[i], (int64_t)strlen(r->names[i]), is_number(r, i), i == r->ncols - 1);
    if (r->shows_weight) fputs("   ", r->out);
    for (int i = 0; i < r->ncols; i++) {
        for (int k = 0; k < r->widths[i]; k++) fputc('-', r->out);
        fputs(i == r->ncols - 1 ? "\n" : "  ", r->out);
    }
}

static void measure(Render *r)
{
    for (int64_t i = 0; i < r->nrows; i++)
        for (int c = 0; c < r->ncols; c++) {
            const Cell *x = &r->rows[i].cells[c];
            int w = x->text ? text_width(x->text, x->len) : (int)strlen(r->null_text);
            if (w > r->widths[c]) r->widths[c] = w;
        }
}

static void show_rows(Render *r, bool first)
{
    measure(r);
    if (first && r->headers && r->ncols) heading(r);
    for (int64_t i = 0; i < r->nrows; i++) {
        if (r->shows_weight) fprintf(r->out, "%c  ", r->rows[i].weight < 0 ? '-' : '+');
        for (int c = 0; c < r->ncols; c++) {
            const Cell *x = &r->rows[i].cells[c];
            const char *p = x->text ? x->text : r->null_text;
            bool right = x->type == WEIR_INTEGER || x->type == WEIR_FLOAT;
            cell(r, c, p, x->text ? x->len : (int64_t)strlen(p), right, c == r->ncols - 1);
        }
    }
    render_forget(r);
    fflush(r->out);
}

static void row(Render *r, const Row *x)
{
    render_keep(r, x);
    if (r->is_push && r->nrows == PUSH_GROUP) show_rows(r, r->count == PUSH_GROUP);
}

static void end(Render *r)
{
    if (r->nrows || r->count == 0) show_rows(r, !r->is_push || r->count <= PUSH_GROUP);
}

const RenderMode render_table_mode = {"table", "columns under headings", begin, row, end};
