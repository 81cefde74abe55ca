/* render_markdown.c: a table for documents. */
#include "shell/render/render.h"

#include <string.h>

static void field(Render *r, const char *p, int64_t n)
{
    fputs("| ", r->out);
    for (int64_t i = 0; i < n; i++) {
        if (p[i] == '|') fputc('\\', r->out);
        if (p[i] == '\n') fputs("<br>", r->out);
        else fputc(p[i], r->out);
    }
    fputc(' ', r->out);
}

static void heading(Render *r, const Row *x)
{
    for (int i = 0; i < r->ncols; i++) field(r, r->names[i], (int64_t)strlen(r->names[i]));
    fputs("|\n", r->out);
    for (int i = 0; i < r->ncols; i++) {
        bool right = x && (x->cells[i].type == WEIR_INTEGER || x->cells[i].type == WEIR_FLOAT);
        fputs(right ? "|---:" : "|---", r->out);
    }
    fputs("|\n", r->out);
}

static void begin(Render *r) { (void)r; }

static void row(Render *r, const Row *x)
{
    if (r->count == 1) heading(r, x);
    for (int i = 0; i < r->ncols; i++) {
        const Cell *c = &x->cells[i];
        field(r, c->text ? c->text : r->style.null_text, c->text ? c->len : (int64_t)strlen(r->style.null_text));
    }
    fputs("|\n", r->out);
    if (r->is_push) fflush(r->out);
}

static void end(Render *r)
{
    if (r->count == 0) heading(r, NULL);
}

const RenderMode render_markdown_mode = {"markdown", "a Markdown table", begin, row, end};
