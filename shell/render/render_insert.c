/* render_insert.c: INSERT statements, one a row. */
#include "shell/render/render.h"

#include <string.h>

static void quoted(FILE *f, const char *p, int64_t n, char quote)
{
    fputc(quote, f);
    for (int64_t i = 0; i < n; i++) {
        if (p[i] == quote) fputc(quote, f);
        fputc(p[i], f);
    }
    fputc(quote, f);
}

static void value(FILE *f, const Cell *c)
{
    if (!c->text) fputs("NULL", f);
    else if (c->type == WEIR_INTEGER || c->type == WEIR_FLOAT) fwrite(c->text, 1, (size_t)c->len, f);
    else if (c->type == WEIR_BLOB) {
        fputs("x'", f);
        for (int64_t i = 0; i < c->len; i++) fprintf(f, "%02x", (unsigned char)c->text[i]);
        fputc('\'', f);
    } else quoted(f, c->text, c->len, '\'');
}

static void begin(Render *r) { (void)r; }

static void row(Render *r, const Row *x)
{
    const char *into = r->style.insert_into ? r->style.insert_into : "table";
    fputs("INSERT INTO ", r->out);
    quoted(r->out, into, (int64_t)strlen(into), '"');
    for (int i = 0; i < r->ncols; i++) {
        fputs(i ? ", " : " (", r->out);
        quoted(r->out, r->names[i], (int64_t)strlen(r->names[i]), '"');
    }
    fputs(") VALUES (", r->out);
    for (int i = 0; i < r->ncols; i++) {
        if (i) fputs(", ", r->out);
        value(r->out, &x->cells[i]);
    }
    fputs(");\n", r->out);
    if (r->is_push) fflush(r->out);
}

static void end(Render *r) { (void)r; }

const RenderMode render_insert_mode = {"insert", "INSERT statements; .mode insert TABLE", begin, row, end};
