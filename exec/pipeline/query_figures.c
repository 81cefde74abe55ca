/* query_figures.c: what the operators of a query have done, since it began and of late. */
#include "exec/pipeline/scan.h"

void query_mark(Query *q, int64_t mono_us)
{
    if (!q->marks) q->marks = new (&q->arena, OpMarks, q->nops);
    for (int i = 0; i < q->nops; i++) {
        OpMarks *m = &q->marks[i];
        if (!meter_mark(&m->time_us, mono_us, q->ops[i]->time_us)) return; /* nor for any other */
        meter_mark(&m->rows_in, mono_us, q->ops[i]->rows_in);
        meter_mark(&m->rows_out, mono_us, q->ops[i]->rows_out);
    }
}

bool query_has_ended(const Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        const Leaf *leaf = q->leaves[i];
        if (leaf->op.plan->kind == PHYS_TABLE) return false;
        if (leaf->scan && !scan_is_ended(leaf->scan)) return false;
        if (leaf->upstream && !query_has_ended(leaf->upstream)) return false;
    }
    return true;
}

/* Constants and tables hold no time back, which is not to say that they have ended. */
static int64_t shown_watermark(const Query *q, const Op *op)
{
    return op->watermark == INT64_MAX && !query_has_ended(q) ? INT64_MIN : op->watermark;
}

OpActual query_actual(const Query *q, int i, int64_t mono_us)
{
    const Op *op = q->ops[i];
    OpActual a = {.rows_in = op->rows_in, .rows_out = op->rows_out, .batches = op->batches_in,
                  .time_us = op->time_us, .watermark_us = shown_watermark(q, op),
                  .state_rows = op->cls->state_rows ? op->cls->state_rows(op) : -1,
                  .state_bytes = op->cls->state_bytes ? op->cls->state_bytes(op) : -1};
    if (!q->marks) return a;
    const OpMarks *m = &q->marks[i];
    a.has_rates = true;
    a.in_per_s = meter_rate(&m->rows_in, mono_us, op->rows_in);
    a.out_per_s = meter_rate(&m->rows_out, mono_us, op->rows_out);
    a.busy = meter_rate(&m->time_us, mono_us, op->time_us) / 1e6;
    return a;
}

OpActual *query_actuals(const Query *q, int64_t mono_us, Arena *a)
{
    OpActual *out = new (a, OpActual, q->nops);
    for (int i = 0; i < q->nops; i++) out[i] = query_actual(q, i, mono_us);
    return out;
}
