/* agg_percentile.c: MEDIAN, PERCENTILE_CONT, PERCENTILE_DISC and MODE over a multiset of values. */
#include "base/decimal.h"
#include "base/keyenc.h"
#include "exec/agg/agg.h"
#include "exec/state/treap.h"

#include <assert.h>
#include <math.h>

static int percentile_size(const AggCall *call)
{
    (void)call;
    return sizeof(Treap);
}

static void percentile_step(AggCtx *c, const AggRows *in)
{
    StrBuf key = {.arena = c->scratch};
    for (int i = 0; i < in->n; i++) {
        key.n = 0;
        key_encode(&key, &in->args[0], in->rows[i], KEY_PLAIN);
        treap_add((Treap *)(void *)(in->groups[i] + in->offset), c->heap, str_of(key.p, key.n), (Str){0},
                  batch_weight(in->batch, in->rows[i]));
    }
}

static void percentile_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    treap_merge(dst, c->heap, src, sign);
}

static Value node_value(const AggCtx *c, const TreapNode *n, Arena *a)
{
    Value v;
    Str key = treap_key(n);
    StrReader in = {.at = key.p, .end = key.p + key.n};
    bool ok = key_decode(&in, c->call->arg_types[0], KEY_PLAIN, a, &v);
    assert(ok);
    (void)ok;
    return v;
}

/* The fraction asked for; < 0: none that makes sense. */
static double fraction_of(const AggCall *call)
{
    if (call->nargs < 2) return 0.5;
    const Value *v = call->consts[1];
    if (!v || v->is_null) return -1;
    double f = v->type.kind == TYPE_DOUBLE    ? v->d
               : v->type.kind == TYPE_DECIMAL ? decimal_to_double(v->dec, v->type.scale)
                                              : (double)v->i;
    return f >= 0 && f <= 1 ? f : -1;
}

/* Between two neighbours in proportion, as ISO 9075 has it. */
static bool value_cont(AggCtx *c, const Treap *t, Arena *a, double *out)
{
    double at = fraction_of(c->call) * (double)(treap_weight(t) - 1), low = floor(at);
    double x = node_value(c, treap_at(t, (int64_t)low), a).d;
    double y = node_value(c, treap_at(t, (int64_t)ceil(at)), a).d;
    *out = x == y ? x : x + (at - low) * (y - x);
    return !isnan(*out);
}

static void cont_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const Treap *t = (const Treap *)(const void *)(groups[i] + offset);
        bool has = treap_weight(t) > 0 && t->negative == 0 && fraction_of(c->call) >= 0;
        if (!has || !value_cont(c, t, c->scratch, &COL(double, out)[i])) column_set_null(out, a, i);
    }
}

/* The first value that at least the fraction of the rows does not exceed. */
static void disc_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    double fraction = fraction_of(c->call);
    for (int i = 0; i < n; i++) {
        const Treap *t = (const Treap *)(const void *)(groups[i] + offset);
        Value v = value_null(out->type);
        if (treap_weight(t) > 0 && t->negative == 0 && fraction >= 0) {
            int64_t at = (int64_t)ceil(fraction * (double)treap_weight(t)) - 1;
            v = node_value(c, treap_at(t, at < 0 ? 0 : at), a);
            v.type = out->type;
        }
        column_put(out, a, i, &v);
    }
}

static const TreapNode *most_frequent(const Treap *t)
{
    const TreapNode *best = NULL;
    for (const TreapNode *n = treap_min(t); n; n = treap_next(n))
        if (n->count > 0 && (!best || n->count > best->count)) best = n;
    return best;
}

static void mode_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const TreapNode *best = most_frequent((const Treap *)(const void *)(groups[i] + offset));
        Value v = best ? node_value(c, best, a) : value_null(out->type);
        v.type = out->type;
        column_put(out, a, i, &v);
    }
}

static void percentile_destroy(AggCtx *c, void *state)
{
    treap_clear(state, c->heap);
}

static void percentile_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    treap_save(state, out);
}

static Status percentile_load(AggCtx *c, void *state, StrReader *in)
{
    return treap_load(state, c->heap, in) && !in->bad ? WEIR_OK : WEIR_E_CORRUPT;
}

#define PERCENTILE_IMPL(final_) \
    {.state_size = percentile_size, .step = percentile_step, .merge = percentile_merge, .final = final_, \
     .destroy = percentile_destroy, .save = percentile_save, .load = percentile_load}
static const AggImpl cont_impl = PERCENTILE_IMPL(cont_final);
static const AggImpl disc_impl = PERCENTILE_IMPL(disc_final);
static const AggImpl mode_impl = PERCENTILE_IMPL(mode_final);

enum { PERCENTILE_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE };

extern const AggDef agg_percentile[];
const AggDef agg_percentile[] = {
    {.name = "median", .args = "d", .result = "d", .flags = PERCENTILE_FLAGS, .impl = &cont_impl,
     .doc = "the middle value, or the mean of the two in the middle"},
    {.name = "percentile_cont", .aliases = "quantile_cont,quantile,percentile", .args = "dd", .result = "d",
     .flags = PERCENTILE_FLAGS, .impl = &cont_impl,
     .doc = "value at a constant fraction (0 to 1) of the ordered values, between two neighbours in proportion"},
    {.name = "percentile_disc", .aliases = "quantile_disc", .args = "ad", .result = "1", .flags = PERCENTILE_FLAGS,
     .impl = &disc_impl, .doc = "first value at or past a constant fraction (0 to 1) of the ordered values"},
    {.name = "mode", .args = "a", .result = "1", .flags = PERCENTILE_FLAGS, .impl = &mode_impl,
     .doc = "most frequent value, of equals the least"},
    {0},
};
