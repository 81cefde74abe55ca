/* render.h: how rows look. A mode gets the columns, then row after row, then the end.
 *
 * Modes are one file each and one line in meson.build; .mode and --mode find them by name. */
#ifndef WEIR_SHELL_RENDER_H
#define WEIR_SHELL_RENDER_H

#include "shell/cursor.h"

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

enum { WIDTHS_MAX = 64 };

/* How rows are to look, whatever the mode. */
typedef struct RenderStyle {
    const struct RenderMode *mode;
    const char *null_text;   /* shown for NULL where the mode has no word of its own */
    const char *insert_into; /* insert: the table's name */
    bool headers, wraps, colours;
    int screen;              /* columns of the terminal, 0: as wide as need be */
    int given[WIDTHS_MAX];   /* .width: of single columns, 0: by their values */
} RenderStyle;

typedef struct RenderMode {
    const char *name, *doc;
    void (*begin)(Render *r);
    void (*row)(Render *r, const Row *row);
    void (*end)(Render *r);
} RenderMode;

/* What a mode may use. Modes keep what they need between calls in `rows`. */
struct Render {
    RenderStyle style;
    FILE *out;
    bool shows_weight, is_push;
    int ncols;
    char **names;
    Row *rows;               /* kept by modes that need to see several */
    int64_t nrows, cap;
    int64_t count;           /* rows so far */
    int *widths;
    bool has_kept;           /* the row in work was kept */
};

extern const RenderMode *const render_table[];  /* NULL-terminated, made by meson */
const RenderMode *render_mode(const char *name); /* NULL: unknown */

/* Takes the shape of a statement's result. */
void render_begin(Render *r, const Cursor *c);
void render_row(Render *r, const Cursor *c);
void render_end(Render *r);
/* Keeps a row (the render owns it from now on). */
void render_keep(Render *r, const Row *row);
void render_forget(Render *r);

/* Widths of all columns from names and kept rows, within what .width and the screen allow; `gap`
 * columns stand between two of them, `edge` around all. */
void render_measure(Render *r, int gap, int edge);
/* One value in its column: cut with an ellipsis or, from `*from` on, as much as fits of a value that
 * wraps; *from is then where the next line goes on, -1: it is all there. */
void render_cell(Render *r, int col, const char *p, int64_t n, bool right, bool pad_right, int64_t *from);
/* Whether the values of a column stand to the right. */
bool render_is_number(const Render *r, int col);
/* Switches a colour on where colours are wanted: "1" bold, "2" dim, "32" green; NULL: off. */
void render_colour(const Render *r, const char *code);

/* Columns that a text takes on a terminal; control characters count as they are shown (\n as two). */
int text_width(const char *p, int64_t n);
/* Writes text so that no control character reaches the terminal. */
void text_show(FILE *f, const char *p, int64_t n);
/* Bytes of p[0..n) that fit into `columns` columns. */
int64_t text_fit(const char *p, int64_t n, int columns);
void text_json(FILE *f, const char *p, int64_t n);

#endif
