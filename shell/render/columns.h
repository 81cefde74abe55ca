/* columns.h: drawing rows in columns: what `table` and `box` share. */
#ifndef WEIR_SHELL_COLUMNS_H
#define WEIR_SHELL_COLUMNS_H

#include "shell/render/render.h"

/* What stands between and around columns; NULL: nothing. */
typedef struct ColumnLines {
    const char *left, *between, *right;
    const char *rule, *rule_left, *cross, *rule_right; /* under the headings */
    const char *top_left, *top_cross, *top_right;      /* NULL: no line above */
    const char *end_left, *end_cross, *end_right;      /* NULL: no line below */
} ColumnLines;

/* Keeps a row; of a push query, shows what has come when there is enough of it. */
void columns_row(Render *r, const ColumnLines *lines, const Row *x);
void columns_end(Render *r, const ColumnLines *lines);

#endif
