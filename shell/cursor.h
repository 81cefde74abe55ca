/* cursor.h: the rows of a statement, wherever it is carried out: by the engine of this process, or by the
 * one that owns the database while this process only reads the file. */
#ifndef WEIR_SHELL_CURSOR_H
#define WEIR_SHELL_CURSOR_H

#include "include/weir.h"

#include <stdbool.h>

struct Session;
struct Client;

/* A value as text. */
typedef struct CursorCell {
    const char *text; /* NULL: NULL; until the next step, with `len` bytes */
    int64_t len;
    weir_type type;
} CursorCell;

typedef struct Cursor {
    weir_stmt *stmt;       /* here; NULL: there */
    struct Client *client;
    bool is_blank;         /* no statement at all */
    bool is_push, has_retractions;
    int ncols;
    char **names;
    CursorCell *cells;     /* of the current row */
    int weight;
} Cursor;

/* Prepares the first statement of `sql`; *tail (if given) is what follows it. A query sees what the
 * sources have now, unless `looks_only`. False: an error, not told yet. */
bool cursor_open(struct Session *s, const char *sql, const char **tail, bool looks_only, Cursor *out);
/* Over a statement that belongs to somebody else. */
Cursor cursor_of(weir_stmt *stmt);
/* As weir_step_for: WEIR_ROW, WEIR_DONE, WEIR_IDLE or an error; while it waits, other shells are served. */
weir_status cursor_next(struct Session *s, Cursor *c);
double cursor_double(const Cursor *c, int i);
void cursor_close(Cursor *c); /* the statement of cursor_of stays */

#endif
