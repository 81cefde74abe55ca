/* pane_merge.h: windows of EMIT FINAL, merged from panes as they close.
 *
 * So that a window costs no more the more panes it has, one of two ways:
 *   running   one table is carried from window to window: panes that enter are added, panes that
 *             leave are taken back. For aggregates that can be taken back, and for windows that
 *             only grow.
 *   nodes     merges of 2, 4, 8 … neighbouring panes, each made once: a window of n panes is
 *             merged from about 2·log n of them. For the others. */
#ifndef WEIR_EXEC_OP_PANE_MERGE_H
#define WEIR_EXEC_OP_PANE_MERGE_H

#include "exec/op/time_tables.h"

typedef struct PaneMerge {
    AggregateOp *agg;
    const PaneGrid *grid;
    bool is_running;
    AggTable window;      /* the one that closes, or the running one */
    TimeSpan running;     /* what the running one holds, where has_running */
    bool has_running;
    bool has_missed;      /* a pane has come that the running one should have held */
    TimeTables nodes;     /* id: number of the first pane, from: level (1: two panes) */
    int64_t closed_end;   /* windows that end at or before this have been written */
    bool is_moved;        /* closed_end, in this epoch */
} PaneMerge;

/* A pane for rows in time is looked up. What lies before the running window's end has none any more; if it had,
 * the next window would look at all panes. */
static inline void pane_merge_note(PaneMerge *m, TimeSpan pane)
{
    m->has_missed |= m->has_running && pane.start < m->running.end;
}

void pane_merge_init(PaneMerge *m, AggregateOp *g, const PaneGrid *grid);
/* Windows that end at or before `end` go out in that order; panes without a later window go. `late`
 * are panes of rows that do not count in the first windows with them. */
void pane_merge_close(PaneMerge *m, TimeTables *panes, TimeTables *late, int64_t end);
void pane_merge_save(PaneMerge *m, StateWriter *w, bool all);
Status pane_merge_load(PaneMerge *m, Str key, Str value);
void pane_merge_free(PaneMerge *m);

#endif
