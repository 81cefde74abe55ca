/* row_list.h: the rows of a group in their order, for aggregates that show all of them. */
#ifndef WEIR_EXEC_AGG_ROW_LIST_H
#define WEIR_EXEC_AGG_ROW_LIST_H

#include "exec/agg/agg.h"
#include "exec/state/treap.h"

/* AggImpl members over a Treap: key is the order of the row, payload its arguments, encoded. */
int row_list_size(const AggCall *call);
void row_list_step(AggCtx *c, const AggRows *in);
void row_list_merge(AggCtx *c, void *dst, const void *src, int sign);
void row_list_destroy(AggCtx *c, void *state);
void row_list_save(AggCtx *c, const void *state, StrBuf *out);
Status row_list_load(AggCtx *c, void *state, StrReader *in);

/* Walks the arguments of the rows, each as often as it counts. With DISTINCT a row whose first
 * argument has been seen is left out. */
typedef struct RowWalk {
    const AggCall *call;
    const TreapNode *node;
    int64_t left;      /* times that the node's row is still to come */
    Treap seen;
    StateHeap heap;    /* of seen */
    Arena *arena;      /* text of the values */
} RowWalk;
void row_walk_begin(RowWalk *w, const AggCall *call, const Treap *rows, Arena *a);
/* The arguments of the next row, into args[0..nargs). False: no more; gives back what it holds. */
bool row_walk_next(RowWalk *w, Value *args);

#endif
