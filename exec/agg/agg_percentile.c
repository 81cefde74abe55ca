/* agg_percentile.c: MEDIAN, PERCENTILE_CONT, PERCENTILE_DISC and MODE over a multiset of values. */
#include "exec/agg/multiset.h"

#include <math.h>

/* The fraction asked for, from 0 to 1. */
static double fraction_of(const AggCall *call)
{
    return multiset_number(call, 1, 0.5);
}

/* Between two neighbours in proportion, as ISO 9075 has it. */
static bool value_cont(AggCtx *c, const Treap *t, Arena *a, double *out)
{
    double at = fraction_of(c->call) * (double)(treap_weight(t) - 1), low = floor(at);
    double x = multiset_value(c->call, multiset_nth(c->call, t, (int64_t)low), a).d;
    double y = multiset_value(c->call, multiset_nth(c->call, t, (int64_t)ceil(at)), a).d;
    *out = x == y ? x : x + (at - low) * (y - x);
    return !isnan(*out);
}

static void cont_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const Treap *t = multiset_at(groups[i], offset);
        bool has = treap_weight(t) > 0 && t->negative == 0;
        if (!has || !value_cont(c, t, c->scratch, &COL(double, out)[i])) column_set_null(out, a, i);
    }
}

/* The first value that at least the fraction of the rows does not exceed. */
static void disc_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    double fraction = fraction_of(c->call);
    for (int i = 0; i < n; i++) {
        const Treap *t = multiset_at(groups[i], offset);
        Value v = value_null(out->type);
        if (treap_weight(t) > 0 && t->negative == 0) {
            v = multiset_value(c->call, multiset_at_fraction(c->call, t, fraction), a);
            v.type = out->type;
        }
        column_put(out, a, i, &v);
    }
}

/* Of equals the first in the order. */
static const TreapNode *most_frequent(const AggCall *call, const Treap *t)
{
    const TreapNode *best = NULL;
    EACH_VALUE (t, n)
        if (!best || n->count > best->count || (call->descending && n->count == best->count)) best = n;
    return best;
}

static void mode_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const TreapNode *best = most_frequent(c->call, multiset_at(groups[i], offset));
        Value v = best ? multiset_value(c->call, best, a) : value_null(out->type);
        v.type = out->type;
        column_put(out, a, i, &v);
    }
}

static const AggImpl cont_impl = MULTISET_IMPL(cont_final);
static const AggImpl disc_impl = MULTISET_IMPL(disc_final);
static const AggImpl mode_impl = MULTISET_IMPL(mode_final);

enum {
    PERCENTILE_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE,
    FRACTION_FLAGS = PERCENTILE_FLAGS | AGG_CONST_REST | AGG_FRACTION
};

extern const AggDef agg_percentile[];
const AggDef agg_percentile[] = {
    {.name = "median", .args = "d", .result = "d", .flags = PERCENTILE_FLAGS, .impl = &cont_impl,
     .doc = "the middle value, or the mean of the two in the middle"},
    {.name = "percentile_cont", .aliases = "quantile_cont,quantile,percentile", .args = "dd", .result = "d",
     .flags = FRACTION_FLAGS, .impl = &cont_impl,
     .doc = "value at a constant fraction (0 to 1) of the ordered values, between two neighbours in proportion"},
    {.name = "percentile_disc", .aliases = "quantile_disc", .args = "ad", .result = "1", .flags = FRACTION_FLAGS,
     .impl = &disc_impl, .doc = "first value at or past a constant fraction (0 to 1) of the ordered values"},
    {.name = "mode", .args = "a", .result = "1", .flags = PERCENTILE_FLAGS, .impl = &mode_impl,
     .doc = "most frequent value, of equals the least (WITHIN GROUP … DESC: the greatest)"},
    {0},
};
