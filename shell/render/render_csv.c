/* render_csv.c: RFC 4180; NULL is an empty field, an empty text is "". */
#include "shell/render/render.h"

#include <string.h>

static void field(FILE *f, const char *p, int64_t n)
{
    bool quote = n == 0;
    for (int64_t i = 0; i < n && !quote; i++) quote = strchr(",\"\r\n", p[i]) != NULL;
    if (!quote) {
        fwrite(p, 1, (size_t)n, f);
        return;
    }
    fputc('"', f);
    for (int64_t i = 0; i < n; i++) {
        if (p[i] == '"') fputc('"', f);
        fputc(p[i], f);
    }
    fputc('"', f);
}

static void begin(Render *r)
{
    if (!r->style.headers) return;
    if (r->shows_weight) fputs("change,", r->out);
    for (int i = 0; i < r->ncols; i++) {
        if (i) fputc(',', r->out);
        field(r->out, r->names[i], (int64_t)strlen(r->names[i]));
    }
    fputc('\n', r->out);
}

static void row(Render *r, const Row *x)
{
    if (r->shows_weight) fprintf(r->out, "%d,", x->weight);
    for (int i = 0; i < r->ncols; i++) {
        if (i) fputc(',', r->out);
        if (x->cells[i].text) field(r->out, x->cells[i].text, x->cells[i].len);
    }
    fputc('\n', r->out);
    if (r->is_push) fflush(r->out);
}

static void end(Render *r) { (void)r; }

const RenderMode render_csv_mode = {"csv", "comma-separated values (RFC 4180)", begin, row, end};
