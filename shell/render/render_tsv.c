/* render_tsv.c: tab-separated values; tabs, line ends and backslashes are escaped with a backslash, NULL is \N. */
#include "shell/render/render.h"

#include <string.h>

static void field(FILE *f, const char *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        static const char plain[] = "\t\n\r\\", escaped[] = "tnr\\";
        const char *at = p[i] ? strchr(plain, p[i]) : NULL;
        if (at) fprintf(f, "\\%c", escaped[at - plain]);
        else fputc(p[i], f);
    }
}

static void begin(Render *r)
{
    if (!r->style.headers) return;
    if (r->shows_weight) fputs("change\t", r->out);
    for (int i = 0; i < r->ncols; i++) {
        if (i) fputc('\t', r->out);
        field(r->out, r->names[i], (int64_t)strlen(r->names[i]));
    }
    fputc('\n', r->out);
}

static void row(Render *r, const Row *x)
{
    if (r->shows_weight) fprintf(r->out, "%d\t", x->weight);
    for (int i = 0; i < r->ncols; i++) {
        if (i) fputc('\t', r->out);
        if (x->cells[i].text) field(r->out, x->cells[i].text, x->cells[i].len);
        else fputs("\\N", r->out);
    }
    fputc('\n', r->out);
    if (r->is_push) fflush(r->out);
}

static void end(Render *r) { (void)r; }

const RenderMode render_tsv_mode = {"tsv", "tab-separated values", begin, row, end};
