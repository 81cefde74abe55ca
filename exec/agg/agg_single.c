/* agg_single.c: the value of a scalar subquery: that of its one row, NULL of none; several rows are
 * a fault, and none again as soon as all but one are taken back. */
#include "base/keyenc.h"
#include "exec/agg/sums.h"
#include "exec/state/treap.h"

static int single_size(const AggCall *call)
{
    (void)call;
    return sizeof(Treap);
}

static void single_step(AggCtx *c, const AggRows *in)
{
    StrBuf key = {.arena = c->scratch};
    for (int i = 0; i < in->n; i++) {
        Treap *t = (Treap *)(void *)(in->groups[i] + in->offset);
        key.n = 0;
        if (!c->call->input_retracts && treap_weight(t) > 1) continue; /* it will not get better */
        key_encode(&key, &in->args[0], in->rows[i], KEY_PLAIN);
        treap_add(t, c->heap, str_of(key.p, key.n), (Str){0}, batch_weight(in->batch, in->rows[i]));
    }
}

static void single_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    treap_merge(dst, c->heap, src, sign);
}

/* Pending changes may have left keys that count nothing beside the one that does. */
static Value one_value(const AggCtx *c, const Treap *t, Arena *a)
{
    Value v = value_null(c->call->type);
    const TreapNode *n = treap_min(t);
    while (n && n->count <= 0) n = treap_next(n);
    if (!n) return v;
    Str key = treap_key(n);
    StrReader in = {.at = key.p, .end = key.p + key.n};
    if (!key_decode(&in, c->call->arg_types[0], KEY_PLAIN, a, &v)) return value_null(c->call->type);
    v.type = c->call->type;
    return v;
}

static void single_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const Treap *t = (const Treap *)(const void *)(groups[i] + offset);
        int64_t rows = treap_weight(t);
        Value v = rows == 1 ? one_value(c, t, a) : value_null(c->call->type);
        if (rows > 1)
            agg_fault(out, a, i, S("a subquery that is used as a value has more than one row"));
        else
            column_put(out, a, i, &v);
    }
}

static void single_destroy(AggCtx *c, void *state)
{
    treap_clear(state, c->heap);
}

static void single_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    treap_save(state, out);
}

static Status single_load(AggCtx *c, void *state, StrReader *in)
{
    return treap_load(state, c->heap, in) && !in->bad ? WEIR_OK : WEIR_E_CORRUPT;
}

static const AggImpl single_impl = {
    .state_size = single_size, .step = single_step, .merge = single_merge, .final = single_final,
    .destroy = single_destroy, .save = single_save, .load = single_load,
};

extern const AggDef agg_single[];
const AggDef agg_single[] = {
    {.name = "single_value", .args = "a", .result = "1",
     .flags = AGG_RETRACTABLE | AGG_MERGEABLE | AGG_NULL_INPUT | AGG_INTERNAL, .impl = &single_impl,
     .doc = "the value of a scalar subquery"},
    {0},
};
