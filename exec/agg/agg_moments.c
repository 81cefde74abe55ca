/* agg_moments.c: SKEWNESS, KURTOSIS and PRODUCT over a multiset of values.
 *
 * With the mean m (exact sum, divided once) and d = x − m, in IEEE double over the values ascending,
 * each weighed by its count: s2 = Σd², s3 = Σd³, s4 = Σd⁴ as (d·d)·d and (d·d)·(d·d). Then
 *   skewness_pop = s3/n / (s2/n)^1.5        skewness = skewness_pop · √(n(n−1)) / (n−2)
 *   kurtosis_pop = n·s4 / s2² − 3           kurtosis = ((n+1)·kurtosis_pop + 6) · (n−1) / ((n−2)(n−3))
 * So the value depends on the values alone, whatever their order and whatever was taken back. */
#include "exec/agg/multiset.h"
#include "exec/agg/sums.h"

#include <math.h>

typedef struct Moments {
    double n, s2, s3, s4;
} Moments;

static double value_of(const AggCtx *c, const TreapNode *n)
{
    return multiset_value(c->call, n, c->scratch).d;
}

/* False: infinities. */
static bool moments_of(const AggCtx *c, const Treap *t, Moments *m)
{
    ExactSum sum = {0};
    double mean;
    EACH_VALUE (t, node) exact_add_double(&sum, agg_exact_scratch(c->scratch), value_of(c, node), node->count);
    *m = (Moments){.n = (double)treap_weight(t)};
    if (!exact_is_finite(&sum) || !exact_round_div(&sum, treap_weight(t), &mean)) return false;
    EACH_VALUE (t, node) {
        double d = value_of(c, node) - mean, count = (double)node->count;
        m->s2 += count * (d * d);
        m->s3 += count * (d * d * d);
        m->s4 += count * ((d * d) * (d * d));
    }
    return true;
}

static double skewness_pop(const Moments *m)
{
    return m->s2 == 0 ? NAN : m->s3 / m->n / pow(m->s2 / m->n, 1.5);
}

static double kurtosis_pop(const Moments *m)
{
    return m->s2 == 0 ? NAN : m->n * m->s4 / (m->s2 * m->s2) - 3;
}

static double skewness(const Moments *m)
{
    return m->n < 3 ? NAN : skewness_pop(m) * sqrt(m->n * (m->n - 1)) / (m->n - 2);
}

static double kurtosis(const Moments *m)
{
    return m->n < 4 ? NAN : ((m->n + 1) * kurtosis_pop(m) + 6) * (m->n - 1) / ((m->n - 2) * (m->n - 3));
}

typedef double (*MomentFormula)(const Moments *m);

static void moments_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    bool is_skewness = c->call->def->name[0] == 's', is_pop = c->call->def->name[8] == '_';
    MomentFormula formula = is_skewness ? (is_pop ? skewness_pop : skewness) : (is_pop ? kurtosis_pop : kurtosis);
    for (int i = 0; i < n; i++) {
        Moments m;
        const Treap *t = multiset_at(groups[i], offset);
        double v = treap_weight(t) > 0 && t->negative == 0 && moments_of(c, t, &m) ? formula(&m) : NAN;
        if (isnan(v))
            column_set_null(out, a, i);
        else
            COL(double, out)[i] = v;
    }
}
static const AggImpl moments_impl = MULTISET_IMPL(moments_final);

/* x^n by repeated squaring. */
static double power(double x, int64_t n)
{
    double result = 1;
    for (; n > 0; n >>= 1, x *= x)
        if (n & 1) result *= x;
    return result;
}

static void product_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const Treap *t = multiset_at(groups[i], offset);
        double v = treap_weight(t) > 0 ? 1 : NAN;
        EACH_VALUE (t, node) v *= power(value_of(c, node), node->count);
        if (isnan(v))
            column_set_null(out, a, i);
        else
            COL(double, out)[i] = v;
    }
}
static const AggImpl product_impl = MULTISET_IMPL(product_final);

#define MOMENT(name_, impl_, doc_) \
    {.name = name_, .args = "d", .result = "d", .flags = AGG_RETRACTABLE | AGG_MERGEABLE, .impl = &impl_, .doc = doc_}

extern const AggDef agg_moments[];
const AggDef agg_moments[] = {
    MOMENT("skewness", moments_impl, "skewness of a sample; NULL of fewer than 3 values or equal ones"),
    MOMENT("skewness_pop", moments_impl, "skewness of all values"),
    MOMENT("kurtosis", moments_impl, "excess kurtosis of a sample; NULL of fewer than 4 values or equal ones"),
    MOMENT("kurtosis_pop", moments_impl, "excess kurtosis of all values"),
    MOMENT("product", product_impl, "the values multiplied, in ascending order"),
    {0},
};
