/* agg_variance.c: VAR and STDDEV from exact sums.
 *
 * With m = nΣx² − (Σx)², exact and rounded once: var_pop = m / n / n, var_samp = m / n / (n − 1),
 * in IEEE double from left to right; stddev is the square root. */
#include "exec/agg/sums.h"

#include <math.h>

typedef struct Moments {
    int64_t n;
    ExactSum x, xx;
} Moments;

static int variance_size(const AggCall *call)
{
    (void)call;
    return sizeof(Moments);
}

static void add_double(Moments *m, ExactMem mem, double x, int64_t weight)
{
    exact_add_double(&m->x, mem, x, weight);
    exact_add_product(&m->xx, mem, x, x, weight);
}

static void add_int64(Moments *m, ExactMem mem, int64_t x, int64_t weight)
{
    exact_add_int128(&m->x, mem, x, weight);
    exact_add_int128(&m->xx, mem, (Int128)x * x, weight);
}

static void variance_step(AggCtx *c, const AggRows *in)
{
    const Column *arg = &in->args[0];
    ExactMem mem = agg_exact_mem(c->heap);
    bool is_double = arg->type.kind == TYPE_DOUBLE;
    for (int i = 0; i < in->n; i++) {
        Moments *m = (Moments *)(void *)(in->groups[i] + in->offset);
        int row = in->rows[i], weight = batch_weight(in->batch, row), at = col_at(arg, row);
        m->n += weight;
        if (is_double)
            add_double(m, mem, COL(double, arg)[at], weight);
        else
            add_int64(m, mem, COL(int64_t, arg)[at], weight);
    }
}

static void variance_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    Moments *to = dst;
    const Moments *from = src;
    ExactMem mem = agg_exact_mem(c->heap);
    to->n += sign * from->n;
    exact_merge(&to->x, mem, &from->x, sign);
    exact_merge(&to->xx, mem, &from->xx, sign);
}

/* "var_pop", "var_samp", "stddev_pop", "stddev_samp" */
static bool variance_value(const AggCall *call, const Moments *m, double *out)
{
    bool is_root = call->def->name[0] == 's';
    bool is_sample = call->def->name[is_root ? 7 : 4] == 's';
    if (m->n <= is_sample || !exact_round_moment(m->n, &m->x, &m->x, &m->xx, out)) return false;
    double v = *out / (double)m->n / (double)(m->n - is_sample);
    *out = is_root ? sqrt(v) : v;
    return !isnan(*out);
}

static void variance_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const Moments *m = (const Moments *)(const void *)(groups[i] + offset);
        if (!variance_value(c->call, m, &COL(double, out)[i])) column_set_null(out, a, i);
    }
}

static void variance_destroy(AggCtx *c, void *state)
{
    Moments *m = state;
    exact_free(&m->x, agg_exact_mem(c->heap));
    exact_free(&m->xx, agg_exact_mem(c->heap));
}

static void variance_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    const Moments *m = state;
    agg_put_int(out, m->n);
    exact_save(&m->x, out);
    exact_save(&m->xx, out);
}

static Status variance_load(AggCtx *c, void *state, StrReader *in)
{
    Moments *m = state;
    ExactMem mem = agg_exact_mem(c->heap);
    m->n = agg_get_int(in);
    bool ok = exact_load(&m->x, mem, in) && exact_load(&m->xx, mem, in);
    return ok && !in->bad ? WEIR_OK : WEIR_E_CORRUPT;
}

static const AggImpl variance_impl = {
    .state_size = variance_size, .step = variance_step, .merge = variance_merge, .final = variance_final,
    .destroy = variance_destroy, .save = variance_save, .load = variance_load,
};

enum { VARIANCE_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE };
#define BOTH(name_, aliases_, doc_) \
    {.name = name_, .aliases = aliases_, .args = "i", .result = "d", .flags = VARIANCE_FLAGS, \
     .impl = &variance_impl, .doc = doc_}, \
    {.name = name_, .aliases = aliases_, .args = "d", .result = "d", .flags = VARIANCE_FLAGS, \
     .impl = &variance_impl, .doc = doc_}

extern const AggDef agg_variance[];
const AggDef agg_variance[] = {
    BOTH("var_pop", NULL, "variance of all values: (nΣx² − (Σx)²) / n / n"),
    BOTH("var_samp", "variance,var", "variance of a sample: (nΣx² − (Σx)²) / n / (n − 1)"),
    BOTH("stddev_pop", NULL, "square root of var_pop"),
    BOTH("stddev_samp", "stddev,std", "square root of var_samp"),
    {0},
};
