/* multiset.c: see multiset.h. */
#include "exec/agg/multiset.h"
#include "base/decimal.h"
#include "base/keyenc.h"

#include <assert.h>
#include <math.h>

int multiset_size(const AggCall *call)
{
    (void)call;
    return sizeof(Treap);
}

void multiset_step(AggCtx *c, const AggRows *in)
{
    StrBuf key = {.arena = c->scratch};
    for (int i = 0; i < in->n; i++) {
        key.n = 0;
        key_encode(&key, &in->args[0], in->rows[i], KEY_PLAIN);
        treap_add((Treap *)(void *)(in->groups[i] + in->offset), c->heap, str_of(key.p, key.n), (Str){0},
                  batch_weight(in->batch, in->rows[i]));
    }
}

void multiset_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    treap_merge(dst, c->heap, src, sign);
}

void multiset_destroy(AggCtx *c, void *state)
{
    treap_clear(state, c->heap);
}

void multiset_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    treap_save(state, out);
}

Status multiset_load(AggCtx *c, void *state, StrReader *in)
{
    return treap_load(state, c->heap, in) && !in->bad ? WEIR_OK : WEIR_E_CORRUPT;
}

Value multiset_value(const AggCall *call, const TreapNode *n, Arena *a)
{
    Value v;
    Str key = treap_key(n);
    StrReader in = {.at = key.p, .end = key.p + key.n};
    bool ok = key_decode(&in, call->arg_types[0], KEY_PLAIN, a, &v);
    assert(ok);
    (void)ok;
    return v;
}

double multiset_number(const AggCall *call, int arg, double fallback)
{
    if (call->nargs <= arg) return fallback;
    const Value *v = call->consts[arg];
    if (!v || v->is_null) return fallback;
    return v->type.kind == TYPE_DOUBLE    ? v->d
           : v->type.kind == TYPE_DECIMAL ? decimal_to_double(v->dec, v->type.scale)
                                          : (double)v->i;
}

const TreapNode *multiset_at_fraction(const AggCall *call, const Treap *t, double fraction)
{
    int64_t k = (int64_t)ceil(fraction * (double)treap_weight(t)) - 1;
    return multiset_nth(call, t, k < 0 ? 0 : k);
}
