/* epoch.h: what is collected between two commits. */
#ifndef WEIR_EXEC_EPOCH_H
#define WEIR_EXEC_EPOCH_H

#include "base/env.h"
#include "storage/write_set.h"

/* One epoch in work. Everything it points to lives in `arena` until the commit succeeded. */
typedef struct Epoch {
    int64_t number;      /* from 1 */
    int64_t now_us;      /* wall clock, one value an epoch, never decreasing */
    Arena arena;         /* until the commit */
    Arena batch;         /* until the next batch of a source */
    int64_t rows;        /* accepted in this epoch */
    int64_t rows_max;    /* bound on rows */
    WriteSet ws;
    Diags *diags;
    const Env *env;
    int64_t error_limit; /* dead letters kept in one epoch: older ones could not stay anyway */
    int64_t errors;      /* dead letters of this epoch, kept or not */
    bool has_earliest;   /* earliest: the one of least offset since this was last cleared */
    ErrorRow earliest;
} Epoch;

/* Adds a dead letter (texts are copied). */
void epoch_error(Epoch *e, const ErrorRow *row);
/* The same of one whose texts live as long as the epoch. */
void epoch_take_error(Epoch *e, const ErrorRow *row);
/* Puts the ones that were kept in the order in which they came. */
void epoch_sort_errors(Epoch *e);
/* The epoch's memory changes places with two arenas that are not in use, and its write set is empty: who
 * still needs that one has a copy, which refers to what is now there. */
void epoch_set_aside(Epoch *e, Arena *arena, Arena *batch);

#endif
