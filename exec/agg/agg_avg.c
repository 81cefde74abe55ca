/* agg_avg.c: AVG: the exact sum divided once. DOUBLE for BIGINT and DOUBLE, DECIMAL for DECIMAL. */
#include "base/decimal.h"
#include "exec/agg/sums.h"

static const int64_t EXACT_IN_DOUBLE = INT64_C(1) << 53;

static double bigint_mean(Arena *scratch, Int128 sum, int64_t n)
{
    bool is_small = sum > -EXACT_IN_DOUBLE && sum < EXACT_IN_DOUBLE && n < EXACT_IN_DOUBLE;
    if (is_small) return (double)(int64_t)sum / (double)n; /* both exact, so rounded once */
    ExactSum s = {0};
    double mean = 0;
    exact_add_int128(&s, agg_exact_scratch(scratch), sum, 1);
    exact_round_div(&s, n, &mean);
    return mean;
}

static void bigint_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const BigintSum *s = (const BigintSum *)(const void *)(groups[i] + offset);
        if (s->n <= 0)
            column_set_null(out, a, i);
        else
            COL(double, out)[i] = bigint_mean(c->scratch, bigint_sum_value(s), s->n);
    }
}

static void decimal_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    int more = out->type.scale - c->call->arg_types[0].scale;
    for (int i = 0; i < n; i++) {
        const DecimalSum *s = (const DecimalSum *)(const void *)(groups[i] + offset);
        Int128 v;
        if (s->n <= 0)
            column_set_null(out, a, i);
        else if (!wide_div(&s->sum, s->n, more, &v) || !decimal_fits(v, out->type.precision))
            agg_fault(out, a, i, S("the average is beyond 38 digits"));
        else
            COL(Int128, out)[i] = v;
    }
}

static void double_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    (void)c;
    for (int i = 0; i < n; i++) {
        const DoubleSum *s = (const DoubleSum *)(const void *)(groups[i] + offset);
        if (s->n <= 0 || !exact_round_div(&s->sum, s->n, &COL(double, out)[i])) column_set_null(out, a, i);
    }
}

static const AggImpl bigint_impl = BIGINT_SUM_IMPL(bigint_final);
static const AggImpl decimal_impl = DECIMAL_SUM_IMPL(decimal_final);
static const AggImpl double_impl = DOUBLE_SUM_IMPL(double_final);

static bool decimal_result(const Type *args, const Value *const *consts, int nargs, Type *out)
{
    (void)consts;
    if (nargs != 1) return false;
    *out = TYPE_DECIMAL_(DECIMAL_DIGITS_MAX, args[0].scale > 6 ? args[0].scale : 6);
    return true;
}

enum { AVG_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE };
#define AVG_DOC "exact sum divided by the number of values"

extern const AggDef agg_avg[];
const AggDef agg_avg[] = {
    {.name = "avg", .aliases = "mean", .args = "i", .result = "d", .flags = AVG_FLAGS, .impl = &bigint_impl,
     .doc = AVG_DOC},
    {.name = "avg", .aliases = "mean", .args = "m", .result_of = decimal_result, .flags = AVG_FLAGS,
     .impl = &decimal_impl, .doc = AVG_DOC},
    {.name = "avg", .aliases = "mean,favg", .args = "d", .result = "d", .flags = AVG_FLAGS, .impl = &double_impl,
     .doc = AVG_DOC},
    {0},
};
