/* test_rows.h: bags of rows as text, and how two of them differ. */
#ifndef WEIR_SHELL_TEST_ROWS_H
#define WEIR_SHELL_TEST_ROWS_H

#include "include/weir.h"

#include <stdbool.h>
#include <stdio.h>

/* Rows as one line of text each; equal rows are equal lines. */
typedef struct RowBag {
    char **lines;
    int n, cap;
} RowBag;

/* Takes one line over. */
void row_bag_add(RowBag *b, char *line);
/* The current row of a statement: values as SQL shows them, NULL as NULL. */
void row_bag_add_row(RowBag *b, weir_stmt *s);
void row_bag_copy(RowBag *to, const RowBag *from);
void row_bag_free(RowBag *b);
/* Both are sorted. Lines of `missing`: in `expected` only; of `extra`: in `actual` only. Texts stay
 * those of the bags. */
void row_bag_diff(RowBag *expected, RowBag *actual, RowBag *missing, RowBag *extra);

#endif
