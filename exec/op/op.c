/* op.c: what every operator has: its users, and handing a delta on to them. */
#include "exec/op/op.h"

#include <assert.h>

void op_init(Op *op, const OpClass *cls, const PhysOp *p, OpContext *c, Arena *a)
{
    op->cls = cls;
    op->plan = p;
    op->ctx = c;
    op->arena = a;
    op->nports = p->ninputs;
    op->port_watermark = new (a, int64_t, p->ninputs);
    for (int i = 0; i < p->ninputs; i++) op->port_watermark[i] = INT64_MIN;
    op->watermark = INT64_MIN;
}

void op_connect(Op *from, Op *to, int port)
{
    assert(port >= 0 && port < to->nports);
    if (from->nouts == from->outs_cap) {
        int32_t cap = from->outs_cap ? from->outs_cap * 2 : 2;
        OpEdge *outs = new (from->arena, OpEdge, cap);
        if (from->nouts) memcpy(outs, from->outs, (size_t)from->nouts * sizeof *outs);
        from->outs = outs;
        from->outs_cap = cap;
    }
    from->outs[from->nouts++] = (OpEdge){to, port};
}

void op_take(Op *op, int port, const Batch *b)
{
    Meter *m = op->ctx->meter;
    int64_t *was = meter_switch(m, &op->time_us);
    op->rows_in += batch_count(b);
    op->batches_in++;
    op->cls->push(op, port, b);
    meter_switch(m, was);
}

void op_emit(Op *op, const Batch *b)
{
    int n = batch_count(b);
    if (n == 0) return;
    op->rows_out += n;
    for (int i = 0; i < op->nouts; i++) op_take(op->outs[i].to, op->outs[i].port, b);
}
