/* agg_bool.c: BOOL_AND, BOOL_OR: how many are true, how many false. */
#include "exec/agg/agg.h"

typedef struct BoolCounts {
    int64_t trues, falses;
} BoolCounts;

static int bool_size(const AggCall *call)
{
    (void)call;
    return sizeof(BoolCounts);
}

static void bool_step(AggCtx *c, const AggRows *in)
{
    (void)c;
    const Column *arg = &in->args[0];
    for (int i = 0; i < in->n; i++) {
        BoolCounts *s = (BoolCounts *)(void *)(in->groups[i] + in->offset);
        int row = in->rows[i];
        *(COL(uint8_t, arg)[col_at(arg, row)] ? &s->trues : &s->falses) += batch_weight(in->batch, row);
    }
}

static void bool_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    (void)c;
    BoolCounts *to = dst;
    const BoolCounts *from = src;
    to->trues += sign * from->trues;
    to->falses += sign * from->falses;
}

static void bool_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    bool is_and = c->call->def->name[5] == 'a';
    for (int i = 0; i < n; i++) {
        const BoolCounts *s = (const BoolCounts *)(const void *)(groups[i] + offset);
        if (s->trues + s->falses <= 0)
            column_set_null(out, a, i);
        else
            COL(uint8_t, out)[i] = is_and ? s->falses <= 0 : s->trues > 0;
    }
}

static void bool_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    const BoolCounts *s = state;
    agg_put_int(out, s->trues);
    agg_put_int(out, s->falses);
}

static Status bool_load(AggCtx *c, void *state, StrReader *in)
{
    (void)c;
    BoolCounts *s = state;
    s->trues = agg_get_int(in);
    s->falses = agg_get_int(in);
    return in->bad ? WEIR_E_CORRUPT : WEIR_OK;
}

static const AggImpl bool_impl = {
    .state_size = bool_size, .step = bool_step, .merge = bool_merge, .final = bool_final,
    .save = bool_save, .load = bool_load, .ignores_distinct = true,
};

enum { BOOL_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE };

extern const AggDef agg_bool[];
const AggDef agg_bool[] = {
    {.name = "bool_and", .aliases = "every,logical_and,booland_agg", .args = "b", .result = "b", .flags = BOOL_FLAGS, .impl = &bool_impl,
     .doc = "whether all values are true"},
    {.name = "bool_or", .aliases = "bool_any,logical_or,boolor_agg", .args = "b", .result = "b", .flags = BOOL_FLAGS, .impl = &bool_impl,
     .doc = "whether some value is true"},
    {0},
};
