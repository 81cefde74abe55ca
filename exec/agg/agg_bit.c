/* agg_bit.c: BIT_AND, BIT_OR, BIT_XOR of integers: for each bit, in how many values it is set.
 *
 * That takes 64 counters, so that rows can be taken back; append-only input keeps one word. */
#include "exec/agg/agg.h"

typedef struct BitCounts {
    int64_t n;
    union {
        uint64_t word;    /* append-only: the result so far */
        int64_t bits[64];
    };
} BitCounts;

static int bit_size(const AggCall *call)
{
    return call->input_retracts ? (int)sizeof(BitCounts) : 2 * (int)sizeof(int64_t);
}

/* 'a', 'o', 'x' */
static char bit_op(const AggCtx *c)
{
    return c->call->def->name[4];
}

static uint64_t combine(char op, uint64_t a, uint64_t b)
{
    return op == 'a' ? a & b : op == 'o' ? a | b : a ^ b;
}

static void bit_add(AggCtx *c, BitCounts *s, uint64_t v, int64_t weight)
{
    if (!c->call->input_retracts)
        s->word = s->n ? combine(bit_op(c), s->word, bit_op(c) == 'x' && !(weight & 1) ? 0 : v)
                       : (bit_op(c) == 'x' && !(weight & 1) ? 0 : v);
    else
        for (; v; v &= v - 1) s->bits[__builtin_ctzll(v)] += weight;
    s->n += weight;
}

static void bit_step(AggCtx *c, const AggRows *in)
{
    const Column *arg = &in->args[0];
    for (int i = 0; i < in->n; i++)
        bit_add(c, (BitCounts *)(void *)(in->groups[i] + in->offset),
                (uint64_t)COL(int64_t, arg)[col_at(arg, in->rows[i])], batch_weight(in->batch, in->rows[i]));
}

static void bit_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    BitCounts *to = dst;
    const BitCounts *from = src;
    if (from->n == 0 && !c->call->input_retracts) return;
    if (!c->call->input_retracts)
        to->word = to->n ? combine(bit_op(c), to->word, from->word) : from->word;
    else
        for (int i = 0; i < 64; i++) to->bits[i] += sign * from->bits[i];
    to->n += sign * from->n;
}

static uint64_t bit_value(const AggCtx *c, const BitCounts *s)
{
    uint64_t v = 0;
    if (!c->call->input_retracts) return s->word;
    for (int i = 0; i < 64; i++) {
        bool set = bit_op(c) == 'a' ? s->bits[i] >= s->n : bit_op(c) == 'o' ? s->bits[i] > 0 : s->bits[i] & 1;
        v |= (uint64_t)set << i;
    }
    return v;
}

static void bit_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const BitCounts *s = (const BitCounts *)(const void *)(groups[i] + offset);
        if (s->n <= 0)
            column_set_null(out, a, i);
        else
            COL(uint64_t, out)[i] = bit_value(c, s);
    }
}

static void bit_save(AggCtx *c, const void *state, StrBuf *out)
{
    const BitCounts *s = state;
    agg_put_int(out, s->n);
    if (!c->call->input_retracts)
        sb_u64(out, s->word);
    else
        for (int i = 0; i < 64; i++) agg_put_int(out, s->bits[i]);
}

static Status bit_load(AggCtx *c, void *state, StrReader *in)
{
    BitCounts *s = state;
    s->n = agg_get_int(in);
    if (!c->call->input_retracts)
        s->word = sr_u64(in);
    else
        for (int i = 0; i < 64; i++) s->bits[i] = agg_get_int(in);
    return in->bad ? WEIR_E_CORRUPT : WEIR_OK;
}

static const AggImpl bit_impl = {
    .state_size = bit_size, .step = bit_step, .merge = bit_merge, .final = bit_final,
    .save = bit_save, .load = bit_load, .keeps_best = true,
};

enum { BIT_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE };

extern const AggDef agg_bit[];
const AggDef agg_bit[] = {
    {.name = "bit_and", .args = "i", .result = "i", .flags = BIT_FLAGS, .impl = &bit_impl,
     .doc = "bits set in all values"},
    {.name = "bit_or", .args = "i", .result = "i", .flags = BIT_FLAGS, .impl = &bit_impl,
     .doc = "bits set in some value"},
    {.name = "bit_xor", .args = "i", .result = "i", .flags = BIT_FLAGS, .impl = &bit_impl,
     .doc = "bits set in an odd number of values"},
    {0},
};
