/* agg_count.c: COUNT(x), COUNT(*) and COUNT_IF: a sum of weights. */
#include "exec/agg/agg.h"

static int count_size(const AggCall *call)
{
    (void)call;
    return sizeof(int64_t);
}

static void count_step(AggCtx *c, const AggRows *in)
{
    (void)c;
    const int32_t *weights = in->batch->weights;
    if (!weights)
        for (int i = 0; i < in->n; i++) ++*(int64_t *)(void *)(in->groups[i] + in->offset);
    else
        for (int i = 0; i < in->n; i++) *(int64_t *)(void *)(in->groups[i] + in->offset) += weights[in->rows[i]];
}

static void count_fold(AggCtx *c, void *state, const AggRows *in)
{
    (void)c;
    *(int64_t *)state += agg_rows_weight(in);
}

static void count_if_step(AggCtx *c, const AggRows *in)
{
    (void)c;
    const Column *arg = &in->args[0];
    for (int i = 0; i < in->n; i++) {
        int row = in->rows[i];
        if (COL(uint8_t, arg)[col_at(arg, row)])
            *(int64_t *)(void *)(in->groups[i] + in->offset) += batch_weight(in->batch, row);
    }
}

static void count_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    (void)c;
    *(int64_t *)dst += sign * *(const int64_t *)src;
}

static void count_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out,
                        Arena *a)
{
    (void)c, (void)a;
    for (int i = 0; i < n; i++)
        COL(int64_t, out)[i] = *(const int64_t *)(const void *)(groups[i] + offset);
}

static void count_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    agg_put_int(out, *(const int64_t *)state);
}

static Status count_load(AggCtx *c, void *state, StrReader *in)
{
    (void)c;
    *(int64_t *)state = agg_get_int(in);
    return in->bad ? WEIR_E_CORRUPT : WEIR_OK;
}

static const AggImpl count_impl = {
    .state_size = count_size, .step = count_step, .fold = count_fold, .merge = count_merge, .final = count_final,
    .save = count_save, .load = count_load,
};
static const AggImpl count_if_impl = {
    .state_size = count_size, .step = count_if_step, .merge = count_merge, .final = count_final,
    .save = count_save, .load = count_load,
};

enum { COUNT_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE };

extern const AggDef agg_count[];
const AggDef agg_count[] = {
    {.name = "count", .args = "a?", .result = "i", .flags = COUNT_FLAGS | AGG_STAR, .impl = &count_impl,
     .doc = "number of rows, or of rows where x is not NULL"},
    {.name = "count_if", .aliases = "countif", .args = "b", .result = "i", .flags = COUNT_FLAGS,
     .impl = &count_if_impl, .doc = "number of rows where the condition is true"},
    {0},
};
