/* agg_covariance.c: COVAR, CORR and REGR over pairs, from exact sums.
 *
 * With n pairs (y, x) that are both not NULL and, each exact and rounded once, mxy = nΣxy − ΣxΣy,
 * mxx = nΣx² − (Σx)², myy alike: in IEEE double, as written
 *   covar_pop = mxy / n / n     covar_samp = mxy / n / (n − 1)     corr = mxy / √(mxx · myy)
 *   regr_slope = mxy / mxx      regr_intercept = avg(y) − slope · avg(x)
 *   regr_r2 = mxy / mxx · mxy / myy     regr_sxx = mxx / n, regr_syy, regr_sxy alike. */
#include "exec/agg/sums.h"

#include <float.h>
#include <math.h>

typedef struct PairSums {
    int64_t n;
    ExactSum x, y, xx, yy, xy;
} PairSums;

static int pair_size(const AggCall *call)
{
    (void)call;
    return sizeof(PairSums);
}

static void pair_step(AggCtx *c, const AggRows *in)
{
    const Column *ys = &in->args[0], *xs = &in->args[1];
    ExactMem mem = agg_exact_mem(c->heap);
    for (int i = 0; i < in->n; i++) {
        int row = in->rows[i], weight = batch_weight(in->batch, row);
        if (col_is_null(ys, row) || col_is_null(xs, row)) continue;
        PairSums *s = (PairSums *)(void *)(in->groups[i] + in->offset);
        double y = COL(double, ys)[col_at(ys, row)], x = COL(double, xs)[col_at(xs, row)];
        s->n += weight;
        exact_add_double(&s->x, mem, x, weight);
        exact_add_double(&s->y, mem, y, weight);
        exact_add_product(&s->xx, mem, x, x, weight);
        exact_add_product(&s->yy, mem, y, y, weight);
        exact_add_product(&s->xy, mem, x, y, weight);
    }
}

static void pair_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    PairSums *to = dst;
    const PairSums *from = src;
    ExactMem mem = agg_exact_mem(c->heap);
    to->n += sign * from->n;
    exact_merge(&to->x, mem, &from->x, sign);
    exact_merge(&to->y, mem, &from->y, sign);
    exact_merge(&to->xx, mem, &from->xx, sign);
    exact_merge(&to->yy, mem, &from->yy, sign);
    exact_merge(&to->xy, mem, &from->xy, sign);
}

/* What the formulas are made of. */
typedef struct PairFigures {
    double n, mxy, mxx, myy, mean_x, mean_y;
} PairFigures;

static bool pair_figures(const PairSums *s, PairFigures *f)
{
    f->n = (double)s->n;
    return exact_round_moment(s->n, &s->x, &s->y, &s->xy, &f->mxy) &&
           exact_round_moment(s->n, &s->x, &s->x, &s->xx, &f->mxx) &&
           exact_round_moment(s->n, &s->y, &s->y, &s->yy, &f->myy) && exact_round_div(&s->x, s->n, &f->mean_x) &&
           exact_round_div(&s->y, s->n, &f->mean_y);
}

static double covar_pop(const PairFigures *f) { return f->mxy / f->n / f->n; }
static double covar_samp(const PairFigures *f) { return f->n < 2 ? NAN : f->mxy / f->n / (f->n - 1); }
/* One root where the product fits: exactly linear data then gives exactly 1 or -1. */
static double corr(const PairFigures *f)
{
    double product = f->mxx * f->myy;
    return isfinite(product) && product >= DBL_MIN ? f->mxy / sqrt(product) : f->mxy / sqrt(f->mxx) / sqrt(f->myy);
}
static double regr_slope(const PairFigures *f) { return f->mxx == 0 ? NAN : f->mxy / f->mxx; }
static double regr_intercept(const PairFigures *f) { return f->mean_y - regr_slope(f) * f->mean_x; }
static double regr_r2(const PairFigures *f)
{
    if (f->mxx == 0) return NAN;
    return f->myy == 0 ? 1 : f->mxy / f->mxx * f->mxy / f->myy;
}
static double regr_sxx(const PairFigures *f) { return f->mxx / f->n; }
static double regr_syy(const PairFigures *f) { return f->myy / f->n; }
static double regr_sxy(const PairFigures *f) { return f->mxy / f->n; }
static double regr_avgx(const PairFigures *f) { return f->mean_x; }
static double regr_avgy(const PairFigures *f) { return f->mean_y; }

typedef struct PairFormula {
    const char *name;
    double (*value)(const PairFigures *f);
} PairFormula;
static const PairFormula FORMULAS[] = {
    {"covar_pop", covar_pop},   {"covar_samp", covar_samp},         {"corr", corr},
    {"regr_slope", regr_slope}, {"regr_intercept", regr_intercept}, {"regr_r2", regr_r2},
    {"regr_sxx", regr_sxx},     {"regr_syy", regr_syy},             {"regr_sxy", regr_sxy},
    {"regr_avgx", regr_avgx},   {"regr_avgy", regr_avgy},
};

static const PairFormula *formula_of(const AggCall *call)
{
    const PairFormula *f = FORMULAS;
    while (strcmp(f->name, call->def->name) != 0) f++;
    return f;
}

static void pair_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    const PairFormula *formula = formula_of(c->call);
    for (int i = 0; i < n; i++) {
        const PairSums *s = (const PairSums *)(const void *)(groups[i] + offset);
        PairFigures f;
        double v = s->n > 0 && pair_figures(s, &f) ? formula->value(&f) : NAN;
        if (isnan(v))
            column_set_null(out, a, i);
        else
            COL(double, out)[i] = v;
    }
}

static void count_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    (void)c, (void)a;
    for (int i = 0; i < n; i++) COL(int64_t, out)[i] = ((const PairSums *)(const void *)(groups[i] + offset))->n;
}

static void pair_destroy(AggCtx *c, void *state)
{
    PairSums *s = state;
    ExactSum *sums[] = {&s->x, &s->y, &s->xx, &s->yy, &s->xy};
    for (int i = 0; i < 5; i++) exact_free(sums[i], agg_exact_mem(c->heap));
}

static void pair_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    const PairSums *s = state;
    const ExactSum *sums[] = {&s->x, &s->y, &s->xx, &s->yy, &s->xy};
    agg_put_int(out, s->n);
    for (int i = 0; i < 5; i++) exact_save(sums[i], out);
}

static Status pair_load(AggCtx *c, void *state, StrReader *in)
{
    PairSums *s = state;
    ExactSum *sums[] = {&s->x, &s->y, &s->xx, &s->yy, &s->xy};
    s->n = agg_get_int(in);
    for (int i = 0; i < 5; i++)
        if (!exact_load(sums[i], agg_exact_mem(c->heap), in)) return WEIR_E_CORRUPT;
    return in->bad ? WEIR_E_CORRUPT : WEIR_OK;
}

static const AggImpl pair_impl = {
    .state_size = pair_size, .step = pair_step, .merge = pair_merge, .final = pair_final,
    .destroy = pair_destroy, .save = pair_save, .load = pair_load,
};
static const AggImpl pair_count_impl = {
    .state_size = pair_size, .step = pair_step, .merge = pair_merge, .final = count_final,
    .destroy = pair_destroy, .save = pair_save, .load = pair_load,
};

enum { PAIR_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE };
#define PAIR(name_, doc_) \
    {.name = name_, .args = "dd", .result = "d", .flags = PAIR_FLAGS, .impl = &pair_impl, .doc = doc_}

extern const AggDef agg_covariance[];
const AggDef agg_covariance[] = {
    PAIR("covar_pop", "covariance of all pairs (y, x)"),
    PAIR("covar_samp", "covariance of a sample of pairs (y, x)"),
    PAIR("corr", "correlation of pairs (y, x)"),
    PAIR("regr_slope", "slope of the least-squares line through (x, y), called with (y, x)"),
    PAIR("regr_intercept", "intercept of the least-squares line through (x, y), called with (y, x)"),
    PAIR("regr_r2", "square of the correlation of (y, x)"),
    PAIR("regr_sxx", "sum of squares of x about its mean, called with (y, x)"),
    PAIR("regr_syy", "sum of squares of y about its mean, called with (y, x)"),
    PAIR("regr_sxy", "sum of products about the means, called with (y, x)"),
    PAIR("regr_avgx", "mean of x over the pairs (y, x)"),
    PAIR("regr_avgy", "mean of y over the pairs (y, x)"),
    {.name = "regr_count", .args = "dd", .result = "i", .flags = PAIR_FLAGS, .impl = &pair_count_impl,
     .doc = "number of pairs (y, x) without NULL"},
    {0},
};
