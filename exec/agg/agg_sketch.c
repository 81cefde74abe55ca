/* agg_sketch.c: APPROX_PERCENTILE: a histogram of buckets that are a 128th of a power of two wide.
 *
 * A bucket is the sign, the exponent and the first seven bits of the mantissa, and stands for its end
 * next to zero: at most 1/128 away from any value in it, and exact for whole numbers up to 256. It
 * is a function of the value's bits alone, so order cannot show and a value can be taken back. */
#include "base/keyenc.h"
#include "exec/agg/multiset.h"

enum { BITS_DROPPED = 45 };

static double bucket_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= ~(((uint64_t)1 << BITS_DROPPED) - 1);
    memcpy(&x, &bits, sizeof x);
    return x + 0.0; /* never -0.0 */
}

static void sketch_step(AggCtx *c, const AggRows *in)
{
    const Column *arg = &in->args[0];
    StrBuf key = {.arena = c->scratch};
    for (int i = 0; i < in->n; i++) {
        int row = in->rows[i];
        Value bucket = value_double(bucket_of(COL(double, arg)[col_at(arg, row)]));
        key.n = 0;
        key_encode_value(&key, &bucket, KEY_PLAIN);
        treap_add((Treap *)(void *)(in->groups[i] + in->offset), c->heap, str_of(key.p, key.n), (Str){0},
                  batch_weight(in->batch, row));
    }
}

static void sketch_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    double fraction = multiset_number(c->call, 1, 0.5);
    for (int i = 0; i < n; i++) {
        const Treap *t = multiset_at(groups[i], offset);
        if (treap_weight(t) <= 0 || t->negative) {
            column_set_null(out, a, i);
            continue;
        }
        COL(double, out)[i] = multiset_value(c->call, multiset_at_fraction(c->call, t, fraction), c->scratch).d;
    }
}

static const AggImpl sketch_impl = {
    .state_size = multiset_size, .step = sketch_step, .merge = multiset_merge, .final = sketch_final,
    .destroy = multiset_destroy, .save = multiset_save, .load = multiset_load,
};

extern const AggDef agg_sketch[];
const AggDef agg_sketch[] = {
    {.name = "approx_percentile", .aliases = "percentile_approx,approx_quantile", .args = "dd", .result = "d",
     .flags = AGG_RETRACTABLE | AGG_MERGEABLE | AGG_CONST_REST | AGG_FRACTION, .impl = &sketch_impl,
     .doc = "percentile_disc within 1 % of the value, in little state"},
    {.name = "approx_median", .args = "d", .result = "d", .flags = AGG_RETRACTABLE | AGG_MERGEABLE, .impl = &sketch_impl,
     .doc = "the middle value within 1 %, in little state"},
    {0},
};
