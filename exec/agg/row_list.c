/* row_list.c: see row_list.h. */
#include "exec/agg/row_list.h"
#include "base/keyenc.h"

#include <assert.h>

int row_list_size(const AggCall *call)
{
    (void)call;
    return sizeof(Treap);
}

void row_list_step(AggCtx *c, const AggRows *in)
{
    StrBuf value = {.arena = c->scratch};
    for (int i = 0; i < in->n; i++) {
        value.n = 0;
        for (int k = 0; k < c->call->nargs; k++) key_encode(&value, &in->args[k], in->rows[i], KEY_PLAIN);
        treap_add((Treap *)(void *)(in->groups[i] + in->offset), c->heap, in->order_key[i],
                  str_of(value.p, value.n), batch_weight(in->batch, in->rows[i]));
    }
}

void row_list_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    treap_merge(dst, c->heap, src, sign);
}

void row_list_destroy(AggCtx *c, void *state)
{
    treap_clear(state, c->heap);
}

void row_list_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    treap_save(state, out);
}

Status row_list_load(AggCtx *c, void *state, StrReader *in)
{
    return treap_load(state, c->heap, in) && !in->bad ? WEIR_OK : WEIR_E_CORRUPT;
}

void row_walk_begin(RowWalk *w, const AggCall *call, const Treap *rows, Arena *a)
{
    *w = (RowWalk){.call = call, .arena = a, .node = treap_min(rows)};
    if (w->node) w->left = w->node->count;
}

static void read_args(RowWalk *w, Value *args)
{
    Str bytes = treap_payload(w->node);
    StrReader in = {.at = bytes.p, .end = bytes.p + bytes.n};
    for (int k = 0; k < w->call->nargs; k++) {
        bool ok = key_decode(&in, w->call->arg_types[k], KEY_PLAIN, w->arena, &args[k]);
        assert(ok);
        (void)ok;
    }
}

static bool is_seen(RowWalk *w, const Value *v)
{
    StrBuf key = {.arena = w->arena};
    key_encode_value(&key, v, KEY_PLAIN);
    Str k = str_of(key.p, key.n);
    if (treap_find(&w->seen, k)) return true;
    treap_add(&w->seen, &w->heap, k, (Str){0}, 1);
    return false;
}

bool row_walk_next(RowWalk *w, Value *args)
{
    for (; w->node; w->left = w->node ? w->node->count : 0) {
        if (w->left > 0) {
            w->left--;
            read_args(w, args);
            if (!w->call->distinct || !is_seen(w, &args[0])) return true;
            w->left = 0;
        }
        if (w->left <= 0) w->node = treap_next(w->node);
    }
    heap_clear(&w->heap);
    return false;
}
