/* render_line.c: one column a line, for wide rows. */
#include "shell/render/render.h"

#include <string.h>

static void begin(Render *r)
{
    for (int i = 0; i < r->ncols; i++) {
        int w = text_width(r->names[i], (int64_t)strlen(r->names[i]));
        if (w > r->widths[0]) r->widths[0] = w;
    }
}

static void row(Render *r, const Row *x)
{
    if (r->count > 1) fputc('\n', r->out);
    if (r->shows_weight) fprintf(r->out, "%s\n", x->weight < 0 ? "deleted" : "inserted");
    for (int i = 0; i < r->ncols; i++) {
        int64_t n = (int64_t)strlen(r->names[i]);
        for (int k = r->widths[0] - text_width(r->names[i], n); k > 0; k--) fputc(' ', r->out);
        text_show(r->out, r->names[i], n);
        fputs(" = ", r->out);
        if (x->cells[i].text) text_show(r->out, x->cells[i].text, x->cells[i].len);
        else fputs(r->style.null_text, r->out);
        fputc('\n', r->out);
    }
    if (r->is_push) fflush(r->out);
}

static void end(Render *r) { (void)r; }

const RenderMode render_line_mode = {"line", "one column a line", begin, row, end};
