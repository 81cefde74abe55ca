/* fill.h: FILL: rows for windows in which a group has none, COUNT 0 and the others NULL.
 *
 * A group is filled in the windows between its first one and the last window in which any group has
 * a row, but for runs of more than FILL_RUN_MAX windows in which no group has one. A filled cell is
 * an empty one with a flag behind it, so that before-images and output treat it as any other. */
#ifndef WEIR_EXEC_OP_FILL_H
#define WEIR_EXEC_OP_FILL_H

#include "exec/op/time_tables.h"

enum { FILL_RUN_MAX = 10000 };

typedef struct Fill {
    AggregateOp *agg;
    const PaneGrid *grid;
    GroupTable known;      /* groups that have a row; payload: the end of their first window */
    TimeSpan last;         /* the last closed window with a row; what lies up to it stays */
    bool has_last, is_last_new, is_loaded;
    VEC(TimeSpan) runs;    /* too long to be filled: from the end of a window with rows to the end of the next */
    bool are_runs_new;
    AggTable gap;          /* EMIT FINAL: the groups in a window where none has a row */
} Fill;

void fill_init(Fill *f, AggregateOp *g, const PaneGrid *grid);
void fill_free(Fill *f);
void fill_settle(Fill *f);

/* EMIT FINAL: the window's rows are about to go out: first go those of the windows since the last
 * one, then the table gets its empty cells. */
void fill_window(Fill *f, AggTable *t, TimeSpan window);
/* EMIT CHANGES: sets the flags in all tables, making tables and cells where needed; what changes is
 * touched. Before time_tables_emit_changes. */
void fill_changes(Fill *f, TimeTables *windows);
/* EMIT CHANGES: windows that end at or before `end` go, but those after the last one with rows. */
void fill_close(Fill *f, TimeTables *windows, int64_t end);
/* After loading: sets the flags as they were. */
void fill_restore(Fill *f, TimeTables *windows);

/* ---- fill_runs.c: runs that are too long stand in weir_faults as long as they are there. ---- */
void fill_add_run(Fill *f, TimeSpan run);
/* EMIT CHANGES: those that begin in open windows are these. */
void fill_set_runs(Fill *f, const TimeSpan *open, int n);
/* RETENTION has taken the rows around them. */
void fill_expire_runs(Fill *f);
void fill_save_runs(Fill *f, StateWriter *w, bool all);
Status fill_load_runs(Fill *f, Str value);

void fill_save(Fill *f, StateWriter *w, bool all);
/* Takes back a record of a space that begins with 'f'. */
Status fill_load(Fill *f, Str space, Str key, Str value);

#endif
