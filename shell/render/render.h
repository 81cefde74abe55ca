/* render.h: how rows look. A mode gets the columns, then row after row, then the end.
 *
 * Modes are one file each and one line in meson.build; .mode and --mode find them by name. */
#ifndef WEIR_SHELL_RENDER_H
#define WEIR_SHELL_RENDER_H

#include "include/weir.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct Cell {
    char *text;      /* owned by the row; NULL: the value is NULL */
    int64_t len;
    weir_type type;
} Cell;

typedef struct Row {
    Cell *cells;
    int weight;      /* of push queries */
} Row;

typedef struct Render Render;

typedef struct RenderMode {
    const char *name, *doc;
    void (*begin)(Render *r);
    void (*row)(Render *r, const Row *row);
    void (*end)(Render *r);
} RenderMode;

/* What a mode may use. Modes keep what they need between calls in `rows`. */
struct Render {
    const RenderMode *mode;
    FILE *out;
    const char *null_text;   /* shown for NULL where the mode has no word of its own */
    bool headers, shows_weight, is_push;
    int ncols;
    char **names;
    Row *rows;               /* kept by modes that need to see several */
    int64_t nrows, cap;
    int64_t count;           /* rows so far */
    int *widths;
};

extern const RenderMode *const render_table[];  /* NULL-terminated, made by meson */
const RenderMode *render_mode(const char *name); /* NULL: unknown */

/* Takes the shape of a statement's result. */
void render_begin(Render *r, weir_stmt *s);
void render_row(Render *r, weir_stmt *s);
void render_end(Render *r);
/* Keeps a row (the render owns it from now on). */
void render_keep(Render *r, const Row *row);
void render_forget(Render *r);

/* Columns that a text takes on a terminal; control characters count as they are shown (\n as two). */
int text_width(const char *p, int64_t n);
/* Writes text so that no control character reaches the terminal. */
void text_show(FILE *f, const char *p, int64_t n);
void text_json(FILE *f, const char *p, int64_t n);

#endif
