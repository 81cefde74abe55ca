/* render_list.c: values as they are, separated by |. */
#include "shell/render/render.h"

static void begin(Render *r)
{
    if (r->style.headers && r->shows_weight) fputs("change|", r->out);
    for (int i = 0; r->style.headers && i < r->ncols; i++) fprintf(r->out, "%s%s", r->names[i], i == r->ncols - 1 ? "\n" : "|");
}

static void row(Render *r, const Row *x)
{
    if (r->shows_weight) fprintf(r->out, "%d|", x->weight);
    for (int i = 0; i < r->ncols; i++) {
        const Cell *c = &x->cells[i];
        if (i) fputc('|', r->out);
        if (c->text) fwrite(c->text, 1, (size_t)c->len, r->out);
        else fputs(r->style.null_text, r->out);
    }
    fputc('\n', r->out);
    if (r->is_push) fflush(r->out);
}

static void end(Render *r) { (void)r; }

const RenderMode render_list_mode = {"list", "values separated by |", begin, row, end};
