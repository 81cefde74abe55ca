/* render_json.c: one array of objects, and (jsonl) one object a line. */
#include "shell/render/render.h"

#include <string.h>

static void value(FILE *f, const Cell *c)
{
    if (!c->text) fputs("null", f);
    else if (c->type == WEIR_INTEGER || c->type == WEIR_FLOAT) fwrite(c->text, 1, (size_t)c->len, f);
    else text_json(f, c->text, c->len);
}

static void object(Render *r, const Row *x)
{
    fputc('{', r->out);
    if (r->shows_weight) fprintf(r->out, "\"_change\":%d%s", x->weight, r->ncols ? "," : "");
    for (int i = 0; i < r->ncols; i++) {
        if (i) fputc(',', r->out);
        text_json(r->out, r->names[i], (int64_t)strlen(r->names[i]));
        fputc(':', r->out);
        value(r->out, &x->cells[i]);
    }
    fputc('}', r->out);
}

static void array_begin(Render *r) { fputc('[', r->out); }

static void array_row(Render *r, const Row *x)
{
    if (r->count > 1) fputs(",\n", r->out);
    object(r, x);
}

static void array_end(Render *r) { fputs("]\n", r->out); }

static void lines_begin(Render *r) { (void)r; }

static void lines_row(Render *r, const Row *x)
{
    object(r, x);
    fputc('\n', r->out);
    if (r->is_push) fflush(r->out);
}

static void lines_end(Render *r) { (void)r; }

const RenderMode render_json_mode = {"json", "an array of objects", array_begin, array_row, array_end};
const RenderMode render_jsonl_mode = {"jsonl", "one JSON object a line", lines_begin, lines_row, lines_end};
