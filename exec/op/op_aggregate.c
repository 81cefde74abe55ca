/* op_aggregate.c: which operator a PHYS_AGGREGATE is: one per window shape. */
#include "exec/op/aggregate.h"

typedef Status (*OpenAggregate)(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);

Status op_aggregate_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    static const OpenAggregate SHAPES[] = {
        [WINDOW_SHAPE_PANES] = op_panes_open,
        [WINDOW_SHAPE_GLOBAL] = NULL,
    };
    if (!p->window && p->key_window_end >= 0) return op_keyed_window_open(p, c, a, out, d);
    if (!p->window) return op_group_open(p, c, a, out, d);
    OpenAggregate open = SHAPES[p->window->def->shape];
    if (!open)
        return diag_error(d, WEIR_E_UNSUPPORTED, p->span, "%s windows are not built yet", p->window->def->name);
    return open(p, c, a, out, d);
}
