/* late_copies.h: rows that are late for their windows, where a window table function below has made
 * a copy of a row for each of its windows.
 *
 * Copies come in the order of their windows' ends, so a row is late for all of them when the last
 * copy is; only then it counts, once. */
#ifndef WEIR_EXEC_OP_LATE_COPIES_H
#define WEIR_EXEC_OP_LATE_COPIES_H

#include "exec/op/op.h"

/* A window table function below, and by how much it multiplies ordinals. */
typedef struct WindowExpander {
    const PhysOp *plan;
    uint32_t copies;
} WindowExpander;

typedef struct LateCopies {
    const PhysOp *input;
    OpContext *ctx;
    VEC(WindowExpander) expanders;
    Pos pos;            /* of the late row before it was copied: its next copy may be in time */
    int32_t weight;     /* 0: there is none */
    int64_t handed_on;  /* its number with who asks for late rows */
    bool is_repeat;     /* another operator over the same rows counts them */
} LateCopies;

/* Of rows that come from `input`. */
Status late_copies_init(LateCopies *l, const PhysOp *input, OpContext *c, Arena *a, Diags *d);
/* Gives is_late back. Counts the late row before this one, unless this is another copy of it. */
bool late_copies_see(LateCopies *l, const Batch *b, int row, bool is_late);
/* All rows of the epoch have been seen. */
void late_copies_count(LateCopies *l);

#endif
