/* op_aggregate.c: which operator a PHYS_AGGREGATE is: one per window shape. */
#include "exec/op/aggregate.h"

typedef Status (*OpenAggregate)(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);

Status op_aggregate_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    static const OpenAggregate SHAPES[] = {
        [WINDOW_SHAPE_PANES] = op_panes_open,     [WINDOW_SHAPE_SESSION] = op_session_open,
        [WINDOW_SHAPE_SLIDING] = op_sliding_open, [WINDOW_SHAPE_COUNT] = op_count_open,
        [WINDOW_SHAPE_GLOBAL] = op_global_open,
    };
    if (p->window) return SHAPES[p->window->def->shape](p, c, a, out, d);
    if (p->key_window_end >= 0) return op_keyed_window_open(p, c, a, out, d);
    return op_group_open(p, c, a, out, d);
}
