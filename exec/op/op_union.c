/* op_union.c: UNION ALL: deltas of all branches, with their judgement and positions. Where one
 * row of a stream comes by several branches, the branch makes its places distinct. */
#include "exec/op/op.h"

static void union_push(Op *op, int port, const Batch *b)
{
    if (!b->offset || (port == 0 && !b->ordinal)) {
        op_emit(op, b);
        return;
    }
    uint32_t branches = (uint32_t)op->plan->ninputs;
    uint32_t *ordinal = new_raw(op->ctx->batch_scratch, uint32_t, b->rows);
    for (int i = 0; i < b->rows; i++) ordinal[i] = (b->ordinal ? b->ordinal[i] : 0) * branches + (uint32_t)port;
    Batch out = *b;
    out.ordinal = ordinal;
    out.has_resident_pos = false;
    op_emit(op, &out);
}

static const OpClass union_class = {.name = "union", .push = union_push};

Status op_union_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    (void)d;
    Op *op = new_one(a, Op);
    op_init(op, &union_class, p, c, a);
    *out = op;
    return WEIR_OK;
}
