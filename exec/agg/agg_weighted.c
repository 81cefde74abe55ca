/* agg_weighted.c: WEIGHTED_AVG(x, w): Σx·w and Σw, each exact and rounded once, divided. */
#include "exec/agg/sums.h"

#include <math.h>

/* Pairs without NULL. */
typedef struct WeightedSum {
    int64_t n;
    ExactSum xw, w;
} WeightedSum;

static int weighted_size(const AggCall *call)
{
    (void)call;
    return sizeof(WeightedSum);
}

static void weighted_step(AggCtx *c, const AggRows *in)
{
    const Column *xs = &in->args[0], *ws = &in->args[1];
    ExactMem mem = agg_exact_mem(c->heap);
    for (int i = 0; i < in->n; i++) {
        int row = in->rows[i], weight = batch_weight(in->batch, row);
        if (col_is_null(xs, row) || col_is_null(ws, row)) continue;
        WeightedSum *s = (WeightedSum *)(void *)(in->groups[i] + in->offset);
        double x = COL(double, xs)[col_at(xs, row)], w = COL(double, ws)[col_at(ws, row)];
        s->n += weight;
        exact_add_product(&s->xw, mem, x, w, weight);
        exact_add_double(&s->w, mem, w, weight);
    }
}

static void weighted_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    WeightedSum *to = dst;
    const WeightedSum *from = src;
    to->n += sign * from->n;
    exact_merge(&to->xw, agg_exact_mem(c->heap), &from->xw, sign);
    exact_merge(&to->w, agg_exact_mem(c->heap), &from->w, sign);
}

static void weighted_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    (void)c;
    for (int i = 0; i < n; i++) {
        const WeightedSum *s = (const WeightedSum *)(const void *)(groups[i] + offset);
        double xw, w, v = NAN;
        if (s->n > 0 && exact_round(&s->xw, &xw) && exact_round(&s->w, &w) && w != 0) v = xw / w;
        if (isnan(v))
            column_set_null(out, a, i);
        else
            COL(double, out)[i] = v + 0.0;
    }
}

static void weighted_destroy(AggCtx *c, void *state)
{
    WeightedSum *s = state;
    exact_free(&s->xw, agg_exact_mem(c->heap));
    exact_free(&s->w, agg_exact_mem(c->heap));
}

static void weighted_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    const WeightedSum *s = state;
    agg_put_int(out, s->n);
    exact_save(&s->xw, out);
    exact_save(&s->w, out);
}

static Status weighted_load(AggCtx *c, void *state, StrReader *in)
{
    WeightedSum *s = state;
    s->n = agg_get_int(in);
    bool ok = exact_load(&s->xw, agg_exact_mem(c->heap), in) && exact_load(&s->w, agg_exact_mem(c->heap), in);
    return ok && !in->bad ? WEIR_OK : WEIR_E_CORRUPT;
}

static const AggImpl weighted_impl = {
    .state_size = weighted_size, .step = weighted_step, .merge = weighted_merge, .final = weighted_final,
    .destroy = weighted_destroy, .save = weighted_save, .load = weighted_load,
};

extern const AggDef agg_weighted[];
const AggDef agg_weighted[] = {
    {.name = "weighted_avg", .aliases = "wavg,avg_weighted", .args = "dd", .result = "d",
     .flags = AGG_RETRACTABLE | AGG_MERGEABLE, .impl = &weighted_impl,
     .doc = "average of the first argument, weighed by the second; NULL where the weights add up to 0"},
    {0},
};
