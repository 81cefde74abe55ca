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

/* ---- who reads what ----------------------------------------------------------------------------- */

static void read_by_call(const AggCall *c, bool *read)
{
    for (int i = 0; i < c->nargs; i++) read[c->args[i]] = true;
    for (int i = 0; i < c->norder; i++) read[c->order[i].col] = true;
    if (c->filter >= 0) read[c->filter] = true;
}

/* False: it may read any. */
static bool knows_columns(const PhysOp *p)
{
    if (!p) return false;
    return p->kind == PHYS_PROJECT || (p->kind == PHYS_AGGREGATE && !p->window && p->key_window_end < 0);
}

static void read_by(const PhysOp *p, int32_t ncolumns, bool *read)
{
    if (!knows_columns(p)) {
        memset(read, 1, (size_t)ncolumns * sizeof *read);
        return;
    }
    for (int i = 0; p->kind == PHYS_PROJECT && i < p->nfields; i++) bexpr_columns(p->exprs[i], read);
    for (int i = 0; i < p->nkeys; i++) read[p->keys[i]] = true;
    for (int i = 0; i < p->naggs; i++) read_by_call(&p->aggs[i], read);
}

void op_read_columns(const Op *op, bool *read)
{
    for (int i = 0; i < op->nouts; i++) read_by(op->outs[i].to->plan, op->plan->nfields, read);
}

/* ---- going on ----------------------------------------------------------------------------------- */

void op_take(Op *op, int port, const Batch *b)
{
    Meter *m = op->ctx->meter;
    int64_t *was = meter_switch(m, &op->time_us);
    op->rows_in += batch_count(b);
    op->batches_in++;
    op->cls->push(op, port, b);
    meter_switch(m, was);
}

static void tell_errors(Op *op, int port, const Batch *b)
{
    for (int i = 0; i < batch_count(b); i++) {
        const RowError *e = op->cls->row_error(op, port, b, batch_row(b, i));
        if (e) op_row_error(op, b, batch_row(b, i), e->code, e->message);
    }
}

/* What the operator would withhold, and, where it is stateless, those behind it. */
static void look_through(Op *op, int port, const Batch *b, const OpLook *look)
{
    OpContext *c = op->ctx;
    const OpLook *outer = c->look;
    int64_t late_rows = c->late_rows, gap_rows = c->gap_rows;
    c->look = look;
    if (op->cls->row_error) tell_errors(op, port, b);
    else if (!op->cls->save) op->cls->push(op, port, b);
    if (op->cls->hands_on) op_emit(op, b);
    c->look = outer;
    c->late_rows = late_rows;
    c->gap_rows = gap_rows;
}

void op_emit(Op *op, const Batch *b)
{
    int n = batch_count(b);
    if (n == 0) return;
    if (op->ctx->look) {
        for (int i = 0; i < op->nouts; i++) look_through(op->outs[i].to, op->outs[i].port, b, op->ctx->look);
        return;
    }
    op->rows_out += n;
    for (int i = 0; i < op->nouts; i++) op_take(op->outs[i].to, op->outs[i].port, b);
}
