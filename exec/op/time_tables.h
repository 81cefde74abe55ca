/* time_tables.h: open panes or windows, each with a table of its groups.
 *
 * They are found by (id, from) and go in the order of their ends. What a closed one leaves behind
 * (its buffers) serves the next. */
#ifndef WEIR_EXEC_OP_TIME_TABLES_H
#define WEIR_EXEC_OP_TIME_TABLES_H

#include "exec/op/aggregate.h"
#include "exec/window/window.h"

typedef struct TimeTable {
    struct TimeTables *owner;
    int64_t id;         /* of a pane its start, of a window its end */
    int64_t from;       /* panes: the end of the first window that these rows count in */
    TimeSpan span;
    AggTable table;
    struct TimeTable *next; /* of the same slot, or unused */
    int32_t heap_at;
    int32_t mark;       /* while a batch is split: its place + 1 */
    int32_t touched_at; /* place in the list of the touched + 1 */
    bool is_saved;      /* it has records */
    bool is_merged;     /* panes: its rows are in the running window (pane_merge.h) */
} TimeTable;

typedef struct TimeTables {
    char tag;           /* of its spaces in the state's records */
    TimeTable **slots;  /* chains by (id, from); a power of two */
    TimeTable **heap;   /* binary, by (end, from) */
    int32_t nslots, n, cap;
    TimeTable **touched;
    int32_t ntouched, touched_cap;
    TimeTable *unused;
    int32_t nunused;
    TimeTable **dropped; /* saved once, gone in this epoch: id, from and span alone */
    int32_t ndropped, dropped_cap;
} TimeTables;

/* NULL: there is none. */
TimeTable *time_tables_get(const TimeTables *t, int64_t id, int64_t from);
/* Made where it is missing. */
TimeTable *time_tables_add(AggregateOp *g, TimeTables *t, int64_t id, int64_t from, TimeSpan span);
/* The one that ends first; NULL: none. */
static inline TimeTable *time_tables_first(const TimeTables *t) { return t->n ? t->heap[0] : NULL; }
void time_tables_touch(TimeTable *e);
/* Brings near those that may be the first ones after the next. */
void time_tables_prefetch(const TimeTables *t);
/* Takes it out, with all its groups. */
void time_tables_drop(TimeTables *t, TimeTable *e);
void time_tables_free(TimeTables *t);

/* Adds row rows[i] to its group in tables[i], for i in 0..n; touches the tables. */
void time_tables_push(AggregateOp *g, const Batch *b, const int32_t *rows, TimeTable *const *tables, int n);
/* All rows to one table. */
void time_tables_push_one(AggregateOp *g, const Batch *b, const int32_t *rows, int n, TimeTable *e);

/* Windows: hands on what changed in those touched. */
void time_tables_emit_changes(AggregateOp *g, TimeTables *t);
/* Windows that end at or before `end` go, in that order; under EMIT FINAL their rows go out. */
void time_tables_close_windows(AggregateOp *g, TimeTables *t, int64_t end);
/* EMIT FINAL: all rows of one window, after what FILL adds. */
void aggregate_emit_window(AggregateOp *g, AggTable *t, TimeSpan window);

void time_tables_save(AggregateOp *g, TimeTables *t, StateWriter *w, bool all);
/* Takes back one record whose space begins with the tag. */
Status time_tables_load(AggregateOp *g, TimeTables *t, Str space, Str key, Str value);
/* The epoch is over. */
void time_tables_settle(AggregateOp *g, TimeTables *t);
int64_t time_tables_bytes(const TimeTables *t);
int64_t time_tables_rows(const TimeTables *t);
/* In the order of their spans, which are called `name`; NULL: the keys have them. */
void time_tables_tell(AggregateOp *g, const TimeTables *t, struct StateRows *out, const char *name);

#endif
