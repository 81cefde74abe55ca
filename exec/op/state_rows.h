/* state_rows.h: the state of an operator as rows that a person can read.
 *
 * What holds at the last commit: what an epoch has left to be cleared away is not told. */
#ifndef WEIR_EXEC_OP_STATE_ROWS_H
#define WEIR_EXEC_OP_STATE_ROWS_H

#include "exec/op/aggregate.h"
#include "exec/window/window.h"

typedef struct StateRows StateRows;

/* Members of JSON objects; texts live in the scratch arena until `take` returns. */
typedef struct StateRow {
    const char *part; /* what kind of thing it is: "group", "window", "row", "left", … */
    StrBuf key, value;
    int64_t count;    /* how often it is there; of a group: its rows */
} StateRow;

struct StateRows {
    Arena *scratch;
    void (*take)(StateRows *s, const StateRow *row);
};

/* "name": value */
void state_rows_column(StrBuf *object, Str name, const Column *c, int row);
/* The same of column `col` of a group's key. */
void state_rows_key(StrBuf *object, Str name, const GroupTable *t, uint8_t *group, int col);
void state_rows_moment(StrBuf *object, const char *name, int64_t us);

/* The row that row_encode (exec/state/row_code.h) made of columns like `fields`. */
void state_rows_encoded(StrBuf *object, const Field *fields, int n, Str bytes);

/* n <= BATCH_ROWS_MAX groups of a table with their cells. `span` is called `name`_start and
 * `name`_end, one moment `name`; NULL: none. */
typedef struct StateCells {
    const char *part, *name;
    const GroupTable *table;
    uint8_t *const *groups, *const *cells;
    int32_t n;
    const TimeSpan *span;
} StateCells;
void state_rows_cells(StateRows *s, AggregateOp *g, const StateCells *c);
/* All groups of a table of cells that have rows, in the order of their keys. */
void state_rows_table(StateRows *s, AggregateOp *g, const AggTable *t, const char *part, const char *name, const TimeSpan *span);

#endif
