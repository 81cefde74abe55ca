/* query_figures.c: what the operators of a query have done, since it began and of late.
 *
 * Counters only grow; a rate is their growth since a mark. Two marks take turns, so that "of late"
 * is between RATE_US and twice that. */
#include "exec/pipeline/query.h"

enum { RATE_US = 5000000 };

static OpMark mark_of(const Op *op)
{
    return (OpMark){.rows_in = op->rows_in, .rows_out = op->rows_out, .time_us = op->time_us};
}

void query_mark(Query *q, int64_t mono_us)
{
    bool is_first = q->marks == NULL;
    if (is_first) q->marks = new (&q->arena, OpMark, 2 * q->nops);
    if (!is_first && mono_us - q->marked_us[1] < RATE_US) return;
    q->marked_us[0] = is_first ? mono_us : q->marked_us[1];
    q->marked_us[1] = mono_us;
    for (int i = 0; i < q->nops; i++) {
        OpMark now = mark_of(q->ops[i]);
        q->marks[2 * i] = is_first ? now : q->marks[2 * i + 1];
        q->marks[2 * i + 1] = now;
    }
}

static double per_second(int64_t n, int64_t us) { return us > 0 ? (double)n * 1e6 / (double)us : 0; }

/* Constants and what has ended have no time any more. */
static int64_t shown_watermark(const Op *op)
{
    return op->plan->kind == PHYS_VALUES || op->plan->kind == PHYS_TABLE ? INT64_MIN : op->watermark;
}

OpActual query_actual(const Query *q, int i, int64_t mono_us)
{
    const Op *op = q->ops[i];
    OpActual a = {.rows_in = op->rows_in, .rows_out = op->rows_out, .batches = op->batches_in,
                  .time_us = op->time_us, .watermark_us = shown_watermark(op),
                  .state_rows = op->cls->state_rows ? op->cls->state_rows(op) : -1,
                  .state_bytes = op->cls->state_bytes ? op->cls->state_bytes(op) : -1};
    if (!q->marks) return a;
    OpMark was = q->marks[2 * i];
    int64_t us = mono_us - q->marked_us[0];
    a.has_rates = true;
    a.in_per_s = per_second(op->rows_in - was.rows_in, us);
    a.out_per_s = per_second(op->rows_out - was.rows_out, us);
    a.busy = per_second(op->time_us - was.time_us, us) / 1e6;
    return a;
}

OpActual *query_actuals(const Query *q, int64_t mono_us, Arena *a)
{
    OpActual *out = new (a, OpActual, q->nops);
    for (int i = 0; i < q->nops; i++) out[i] = query_actual(q, i, mono_us);
    return out;
}
