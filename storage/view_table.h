/* view_table.h: the table behind a materialized view or a table of weir's, and how rows get into it.
 *
 * A view `v` is a SQL VIEW over _weir_mv_<id>(_id INTEGER PRIMARY KEY, the user's columns, and the
 * hidden column of a Top-N, by which the VIEW orders). Rows
 * go in through a virtual table that shows a ViewDelta to SQLite: against a prepared statement a row,
 * one INSERT … SELECT a delta appends 1.7 × and updates 3 × as many rows a second (five columns,
 * deltas of 1,000 rows; 1.3 × and 1.9 × at 100), and no value is copied on the way. */
#ifndef WEIR_STORAGE_VIEW_TABLE_H
#define WEIR_STORAGE_VIEW_TABLE_H

#include "storage/sql.h"
#include "storage/write_set.h"

/* How a column of a view stands in its table. */
typedef struct ViewColumn ViewColumn;
struct ViewColumn {
    /* Hands row `row` of the delta's column to SQLite; not called for NULL. */
    void (*put)(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row);
    const char *affinity; /* declared type inside SQLite */
    Type type;            /* as the view declares it */
};

/* What the virtual table shows: the delta that is being applied. */
typedef struct ViewFeed {
    const ViewDelta *delta;
    const ViewColumn *cols;
} ViewFeed;

/* A view's statements. */
typedef struct ViewTable {
    struct ViewTable *next;
    int64_t view;
    int32_t ncols;
    ViewColumn *cols;
    SqlStmt insert, upsert, remove, remove_range, remove_blocks;
} ViewTable;

/* How values of type t stand in a view with these options (decimals, timestamps). */
ViewColumn view_column(Type t, const Options *o);

/* Registers the virtual table on the writing connection. */
Status view_feed_register(Sql *q, ViewFeed *feed, Diags *d);

/* Creates the table and its SQL VIEW, or, where the table is there already, the VIEW anew.
 * WEIR_E_EXISTS: something else has the name. WEIR_E_NAME: the name is weir's or SQLite's. */
Status view_table_create(Sql *q, const Relation *r, Diags *d);
/* The same refusals for any other name. */
Status view_table_check_name(Sql *q, Str name, Diags *d);
Status view_table_drop(Sql *q, int64_t view, Diags *d);

/* Finds the statements of a view's table in *list, or prepares them and adds them to it. */
Status view_table_open(Sql *q, const Relation *r, ViewTable **list, ViewTable **out, Diags *d);
/* Takes the view out of *list. */
void view_table_close(ViewTable **list, int64_t view);
/* Writes the delta: changed rows first, then the ranges that go. */
Status view_table_apply(Sql *q, ViewFeed *feed, ViewTable *t, const ViewDelta *delta, Diags *d);
Status view_table_expire(Sql *q, ViewTable *t, const ViewDelta *delta, Diags *d);

#endif
