/* render.c: rows from a statement to a mode, and text as a terminal may see it. */
#define _XOPEN_SOURCE 700
#include "shell/render/render.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

const RenderMode *render_mode(const char *name)
{
    for (int i = 0; render_table[i]; i++)
        if (!strcmp(render_table[i]->name, name)) return render_table[i];
    return NULL;
}

void render_begin(Render *r, const Cursor *s)
{
    r->ncols = s->ncols;
    r->is_push = s->is_push;
    r->shows_weight = r->is_push && s->has_retractions;
    r->names = calloc((size_t)r->ncols + 1, sizeof *r->names);
    r->widths = calloc((size_t)r->ncols + 1, sizeof *r->widths);
    for (int i = 0; i < r->ncols; i++) r->names[i] = strdup(s->names[i]);
    r->count = 0;
    r->style.mode->begin(r);
    if (r->is_push) fflush(r->out); /* rows may be long in coming */
}

static Row take_row(const Cursor *s)
{
    Row row = {calloc((size_t)s->ncols + 1, sizeof(Cell)), s->weight};
    for (int i = 0; i < s->ncols; i++) {
        const CursorCell *from = &s->cells[i];
        Cell *c = &row.cells[i];
        c->type = from->type;
        c->len = from->len;
        if (!from->text) continue;
        c->text = malloc((size_t)c->len + 1);
        memcpy(c->text, from->text, (size_t)c->len);
        c->text[c->len] = 0;
    }
    return row;
}

static void free_row(Row *row, int ncols)
{
    for (int i = 0; i < ncols; i++) free(row->cells[i].text);
    free(row->cells);
}

void render_row(Render *r, const Cursor *s)
{
    Row row = take_row(s);
    r->has_kept = false;
    r->count++;
    r->style.mode->row(r, &row);
    if (!r->has_kept) free_row(&row, r->ncols);
}

void render_keep(Render *r, const Row *row)
{
    if (r->nrows == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 256;
        r->rows = realloc(r->rows, (size_t)r->cap * sizeof *r->rows);
    }
    r->rows[r->nrows++] = *row;
    r->has_kept = true;
}

void render_forget(Render *r)
{
    for (int64_t i = 0; i < r->nrows; i++) free_row(&r->rows[i], r->ncols);
    r->nrows = 0;
}

void render_end(Render *r)
{
    r->style.mode->end(r);
    render_forget(r);
    for (int i = 0; i < r->ncols; i++) free(r->names[i]);
    free(r->names);
    free(r->widths);
    free(r->rows);
    r->names = NULL;
    r->widths = NULL;
    r->rows = NULL;
    r->cap = 0;
    fflush(r->out);
}

/* ---- text ------------------------------------------------------------------------------------------ */

static bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

/* One character: its bytes, and its columns. */
static int next_char(const char *p, int64_t n, int *columns)
{
    unsigned char c = (unsigned char)*p;
    *columns = 1;
    if (c < 0x80) {
        if (is_control(c)) *columns = c == '\n' || c == '\t' || c == '\r' ? 2 : 4;
        return 1;
    }
    wchar_t w;
    mbstate_t st = {0};
    size_t k = mbrtowc(&w, p, (size_t)n, &st);
    if (k == (size_t)-1 || k == (size_t)-2 || k == 0) { /* not in the terminal's encoding */
        int len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
        return len < n ? len : (int)n;
    }
    int width = wcwidth(w);
    *columns = width < 0 ? 4 : width;
    return (int)k;
}

int text_width(const char *p, int64_t n)
{
    int width = 0;
    for (int64_t i = 0; i < n;) {
        int columns;
        i += next_char(p + i, n - i, &columns);
        width += columns;
    }
    return width;
}

int64_t text_fit(const char *p, int64_t n, int columns)
{
    int64_t i = 0;
    while (i < n) {
        int wide, k = next_char(p + i, n - i, &wide);
        if (wide > columns) break;
        columns -= wide;
        i += k;
    }
    return i;
}

void text_show(FILE *f, const char *p, int64_t n)
{
    for (int64_t i = 0; i < n;) {
        int columns, k = next_char(p + i, n - i, &columns);
        unsigned char c = (unsigned char)p[i];
        if (c == '\n') fputs("\\n", f);
        else if (c == '\t') fputs("\\t", f);
        else if (c == '\r') fputs("\\r", f);
        else if (is_control(c) || (k == 2 && c == 0xc2 && (unsigned char)p[i + 1] < 0xa0)) fprintf(f, "\\x%02x", c);
        else fwrite(p + i, 1, (size_t)k, f);
        i += k;
    }
}

void text_json(FILE *f, const char *p, int64_t n)
{
    fputc('"', f);
    for (int64_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c == '"' || c == '\\') fprintf(f, "\\%c", c);
        else if (c == '\n') fputs("\\n", f);
        else if (c == '\t') fputs("\\t", f);
        else if (is_control(c)) fprintf(f, "\\u%04x", c);
        else fputc(c, f);
    }
    fputc('"', f);
}
