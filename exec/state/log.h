/* log.h: how operator state reaches the database: records of (space, key) → value.
 *
 * An operator writes only what an epoch changed; storage keeps a base and the records since. A
 * space is a part of the state that goes at once: a pane, a window. Folding the records in order
 * gives the state: put replaces, del removes, drop removes a whole space. */
#ifndef WEIR_EXEC_STATE_LOG_H
#define WEIR_EXEC_STATE_LOG_H

#include "base/diag.h"

typedef struct StateWriter {
    StrBuf buf;       /* encoded records */
    int64_t records;
} StateWriter;

void state_put(StateWriter *w, Str space, Str key, Str value);
void state_del(StateWriter *w, Str space, Str key);
void state_drop(StateWriter *w, Str space);

/* A fold of records; what is left is handed out in an order that is a function of the records. */
typedef struct StateFold StateFold;
StateFold *state_fold_new(Arena *a);
Status state_fold_add(StateFold *f, Str records); /* WEIR_E_CORRUPT: not what state_* wrote */
Status state_fold_each(StateFold *f, Status (*each)(void *arg, Str space, Str key, Str value), void *arg);

#endif
