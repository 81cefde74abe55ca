/* agg_sum.c: SUM, exact whatever the order: BIGINT in 128 bits, DECIMAL in 192, DOUBLE in a long
 * accumulator rounded once. SUM0 is 0 over nothing. */
#include "base/decimal.h"
#include "exec/agg/sums.h"

static bool is_sum0(const AggCtx *c)
{
    return c->call->def->name[3] == '0';
}

static bool nothing(const AggCtx *c, int64_t n, Column *out, Arena *a, int row)
{
    if (n != 0) return false;
    if (!is_sum0(c)) column_set_null(out, a, row);
    return true;
}

static void bigint_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const BigintSum *s = (const BigintSum *)(const void *)(groups[i] + offset);
        if (nothing(c, s->n, out, a, i)) continue;
        Int128 v = bigint_sum_value(s);
        if (v < INT64_MIN || v > INT64_MAX)
            agg_fault(out, a, i, S("the sum is beyond BIGINT; sum CAST(… AS DECIMAL(38, 0)) instead"));
        else
            COL(int64_t, out)[i] = (int64_t)v;
    }
}

static void decimal_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const DecimalSum *s = (const DecimalSum *)(const void *)(groups[i] + offset);
        if (nothing(c, s->n, out, a, i)) continue;
        Int128 v;
        if (!wide_to_int128(&s->sum, &v) || !decimal_fits(v, DECIMAL_DIGITS_MAX))
            agg_fault(out, a, i, S("the sum is beyond 38 digits; sum CAST(… AS DOUBLE) instead"));
        else
            COL(Int128, out)[i] = v;
    }
}

static void double_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const DoubleSum *s = (const DoubleSum *)(const void *)(groups[i] + offset);
        if (nothing(c, s->n, out, a, i)) continue;
        if (!exact_round(&s->sum, &COL(double, out)[i])) column_set_null(out, a, i);
    }
}

static const AggImpl bigint_impl = BIGINT_SUM_IMPL(bigint_final);
static const AggImpl decimal_impl = DECIMAL_SUM_IMPL(decimal_final);
static const AggImpl double_impl = DOUBLE_SUM_IMPL(double_final);

static bool decimal_result(const Type *args, const Value *const *consts, int nargs, Type *out)
{
    (void)consts;
    if (nargs != 1) return false;
    *out = TYPE_DECIMAL_(DECIMAL_DIGITS_MAX, args[0].scale);
    return true;
}

enum { SUM_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE };
#define SUM_DOC "exact sum of the values that are not NULL"
#define SUM0_DOC "exact sum; 0 where there is no value"

extern const AggDef agg_sum[];
const AggDef agg_sum[] = {
    {.name = "sum", .args = "i", .result = "i", .flags = SUM_FLAGS, .impl = &bigint_impl, .doc = SUM_DOC},
    {.name = "sum", .args = "m", .result_of = decimal_result, .flags = SUM_FLAGS, .impl = &decimal_impl,
     .doc = SUM_DOC},
    {.name = "sum", .aliases = "fsum,kahan_sum,sumkahan", .args = "d", .result = "d", .flags = SUM_FLAGS, .impl = &double_impl, .doc = SUM_DOC},
    {.name = "sum0", .args = "i", .result = "i", .flags = SUM_FLAGS, .impl = &bigint_impl, .doc = SUM0_DOC},
    {.name = "sum0", .args = "m", .result_of = decimal_result, .flags = SUM_FLAGS, .impl = &decimal_impl,
     .doc = SUM0_DOC},
    {.name = "sum0", .aliases = "total", .args = "d", .result = "d", .flags = SUM_FLAGS, .impl = &double_impl,
     .doc = SUM0_DOC},
    {0},
};
