/* row_write.h: the changes of a view's table in the order of its ids. */
#ifndef WEIR_EXEC_ROW_WRITE_H
#define WEIR_EXEC_ROW_WRITE_H

#include "base/arena.h"

/* What is done to the row with an id. */
typedef struct RowWrite {
    int64_t id;
    int32_t row;    /* of the epoch's rows; -1: none */
    int32_t change; /* RowChange */
} RowWrite;

/* Sorts by id, ascending: at once where they are in order already, else by digits. */
void row_writes_sort(RowWrite *w, int64_t n, Arena *scratch);

#endif
