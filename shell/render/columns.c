/* columns.c: what the modes that draw columns share: widths, cutting, wrapping, colours. */
#include "shell/render/render.h"

#include <string.h>

enum { WIDTH_LEAST = 4 }; /* columns are not cut below this for the screen's sake */

static int value_width(const Render *r, const Cell *x)
{
    return x->text ? text_width(x->text, x->len) : (int)strlen(r->style.null_text);
}

static void natural_widths(Render *r)
{
    for (int c = 0; c < r->ncols; c++) {
        int w = text_width(r->names[c], (int64_t)strlen(r->names[c]));
        if (w > r->widths[c]) r->widths[c] = w;
        for (int64_t i = 0; i < r->nrows; i++) {
            w = value_width(r, &r->rows[i].cells[c]);
            if (w > r->widths[c]) r->widths[c] = w;
        }
        if (c < WIDTHS_MAX && r->style.given[c] > 0) r->widths[c] = r->style.given[c];
    }
}

/* The widest column, -1: none may be cut any more. Numbers and what .width says stay as they are. */
static int widest(const Render *r)
{
    int found = -1;
    for (int c = 0; c < r->ncols; c++) {
        bool is_given = c < WIDTHS_MAX && r->style.given[c] > 0;
        if (is_given || r->widths[c] <= WIDTH_LEAST || render_is_number(r, c)) continue;
        if (found < 0 || r->widths[c] > r->widths[found]) found = c;
    }
    return found;
}

void render_measure(Render *r, int gap, int edge)
{
    natural_widths(r);
    if (r->style.screen <= 0) return;
    int total = edge + gap * (r->ncols - 1);
    for (int c = 0; c < r->ncols; c++) total += r->widths[c];
    for (int c; total > r->style.screen && (c = widest(r)) >= 0; total--) r->widths[c]--;
}

static void pad(const Render *r, int n)
{
    for (; n > 0; n--) fputc(' ', r->out);
}

/* How many bytes of a value stand in this line; *cut: an ellipsis follows. */
static int64_t piece(const Render *r, int width, const char *p, int64_t n, bool *cut)
{
    *cut = false;
    if (text_width(p, n) <= width) return n;
    if (r->style.wraps) return text_fit(p, n, width);
    *cut = true;
    return text_fit(p, n, width - 1);
}

void render_cell(Render *r, int col, const char *p, int64_t n, bool right, bool pad_right, int64_t *from)
{
    bool cut;
    int64_t start = from && *from > 0 ? *from : 0;
    int64_t k = piece(r, r->widths[col], p + start, n - start, &cut);
    if (k == 0 && n > start && !cut) k = n - start; /* a character wider than its column */
    int gap = r->widths[col] - text_width(p + start, k) - cut;
    if (right) pad(r, gap);
    text_show(r->out, p + start, k);
    if (cut) fputs("…", r->out);
    if (!right && pad_right) pad(r, gap);
    if (from) *from = !cut && start + k < n ? start + k : -1;
}

bool render_is_number(const Render *r, int col)
{
    for (int64_t i = 0; i < r->nrows; i++) {
        weir_type t = r->rows[i].cells[col].type;
        if (t == WEIR_TEXT || t == WEIR_BLOB) return false;
    }
    return r->nrows > 0;
}

void render_colour(const Render *r, const char *code)
{
    if (!r->style.colours) return;
    fprintf(r->out, "\x1b[%sm", code ? code : "0");
}
