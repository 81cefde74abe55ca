/* view.h: the root of a standing query: turns its changes into rows of the view's table.
 *
 * Every table row has an id that is never reused. The operator remembers the id per key of a keyed
 * view, and per distinct row of a bag (one id a copy); rows of an append-only view need none. Ids
 * of windowed views come in blocks of 2^20, each for one span of window_end, so that the rows of a
 * window lie together and retention removes ranges. */
#ifndef WEIR_EXEC_VIEW_H
#define WEIR_EXEC_VIEW_H

#include "exec/op/op.h"
#include "exec/pipeline/epoch.h"

Status op_view_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
/* Adds this epoch's changes, grants and faults to the write set; call after flush, before save. */
void op_view_take(Op *op, Epoch *e);
/* The id of the row that has this key (key_encode of its key columns, in order); 0: none. Of a keyed
 * view, between epochs. */
int64_t op_view_id(Op *op, Str key);
/* Its relation has another option retention than when it was opened: more than none, as then. */
void op_view_set_retention(Op *op);
/* How many keys, with their ids, it remembers. */
int64_t op_view_keys(const Op *op);
ViewProgress op_view_progress(const Op *op);
void op_view_restore(Op *op, const ViewProgress *p);

#endif
