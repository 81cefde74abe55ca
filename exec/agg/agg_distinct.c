/* agg_distinct.c: DISTINCT around any aggregate that does not see to it itself.
 *
 * The state is the set of the group's values with their counts, then the state of the aggregate,
 * which is told of a value when its first row comes and when its last one goes. */
#include "exec/agg/agg_set.h"
#include "exec/agg/value_set.h"

static int distinct_size(const AggCall *call)
{
    return (int)sizeof(ValueSet) + agg_impl(call)->state_size(call);
}

static void *inner_state(void *state)
{
    return (char *)state + sizeof(ValueSet);
}

static void distinct_init(AggCtx *c, void *state)
{
    if (agg_impl(c->call)->init) agg_impl(c->call)->init(c, inner_state(state));
}

/* What the count of a value does to the aggregate: 1 it comes, -1 it goes. */
static int value_count(AggCtx *c, const KeyLayout *k, ValueSet *s, const uint64_t *words, uint32_t nulls,
                       uint32_t hash, int64_t weight)
{
    ValueElem *e = value_set_get(s, k, c->heap, words, nulls, hash);
    bool was = e->count > 0;
    e->count += weight;
    bool is = e->count > 0;
    if (e->count == 0) value_set_remove(s, k, c->heap, e);
    return (int)is - (int)was;
}

static void distinct_step(AggCtx *c, const AggRows *in)
{
    const KeyLayout *k = c->values;
    PackedKeys keys = key_pack(k, in->args, NULL, in->rows, in->n, c->scratch);
    int32_t *weights = new_raw(c->scratch, int32_t, in->batch->rows), *rows = new_raw(c->scratch, int32_t, in->n);
    uint8_t **groups = new_raw(c->scratch, uint8_t *, in->n);
    AggRows out = *in;
    out.n = 0;
    for (int i = 0; i < in->n; i++) {
        ValueSet *s = (ValueSet *)(void *)(in->groups[i] + in->offset);
        int change = value_count(c, k, s, keys.words + (ptrdiff_t)i * k->words, keys.nulls[i], keys.hash[i],
                                 batch_weight(in->batch, in->rows[i]));
        if (!change) continue;
        weights[in->rows[i]] = change;
        rows[out.n] = in->rows[i];
        groups[out.n++] = in->groups[i];
    }
    Batch b = *in->batch;
    b.weights = weights;
    out.batch = &b;
    out.rows = rows;
    out.groups = groups;
    out.offset = in->offset + (ptrdiff_t)sizeof(ValueSet);
    if (out.n) agg_impl(c->call)->step(c, &out);
}

/* Values that change, as rows for the aggregate. */
typedef struct ValueRows {
    Column *cols;
    int32_t *weights, *rows;
    uint8_t **groups;
    int32_t n;
} ValueRows;

static ValueRows value_rows(const AggCall *call, uint8_t *state, Arena *a)
{
    ValueRows v = {new (a, Column, call->nargs), new_raw(a, int32_t, BATCH_ROWS_MAX),
                   new_raw(a, int32_t, BATCH_ROWS_MAX), new_raw(a, uint8_t *, BATCH_ROWS_MAX), 0};
    for (int i = 0; i < call->nargs; i++) v.cols[i] = column_new(a, call->arg_types[i], BATCH_ROWS_MAX);
    for (int i = 0; i < BATCH_ROWS_MAX; i++) {
        v.rows[i] = i;
        v.groups[i] = state;
    }
    return v;
}

static void value_rows_step(AggCtx *c, ValueRows *v)
{
    if (v->n == 0) return;
    Batch b = {.rows = v->n, .ncols = c->call->nargs, .cols = v->cols, .weights = v->weights, .judge_max = INT64_MIN};
    AggRows in = {.batch = &b, .args = v->cols, .rows = v->rows, .n = v->n, .groups = v->groups,
                  .offset = sizeof(ValueSet)};
    agg_impl(c->call)->step(c, &in);
    for (int i = 0; i < c->call->nargs; i++) v->cols[i].valid = NULL;
    v->n = 0;
}

static void distinct_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    const ValueSet *from = src;
    ArenaMark mark = arena_mark(c->scratch);
    const KeyLayout *k = c->values;
    ValueRows v = {0};
    for (uint32_t i = 0; i < from->n; i++) {
        const ValueElem *e = value_set_at(from, k, i);
        int change = value_count(c, k, dst, e->words, e->nulls, e->hash, sign * e->count);
        if (!change) continue;
        if (!v.cols) v = value_rows(c->call, dst, c->scratch);
        for (int col = 0; col < k->ncols; col++) key_unpack(k, e->words, e->nulls, col, &v.cols[col], c->scratch, v.n);
        v.weights[v.n++] = change;
        if (v.n == BATCH_ROWS_MAX) value_rows_step(c, &v);
    }
    value_rows_step(c, &v);
    arena_release(c->scratch, mark);
}

static void distinct_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    agg_impl(c->call)->final(c, groups, offset + (ptrdiff_t)sizeof(ValueSet), n, out, a);
}

static void distinct_destroy(AggCtx *c, void *state)
{
    value_set_free(state, c->values, c->heap);
    if (agg_impl(c->call)->destroy) agg_impl(c->call)->destroy(c, inner_state(state));
}

static void distinct_save(AggCtx *c, const void *state, StrBuf *out)
{
    const ValueSet *s = state;
    const KeyLayout *k = c->values;
    sb_varint(out, s->n);
    for (uint32_t i = 0; i < s->n; i++) {
        const ValueElem *e = value_set_at(s, k, i);
        key_save(k, e->words, e->nulls, out);
        agg_put_int(out, e->count);
    }
    agg_impl(c->call)->save(c, (const char *)state + sizeof(ValueSet), out);
}

static Status distinct_load(AggCtx *c, void *state, StrReader *in)
{
    const KeyLayout *k = c->values;
    uint64_t *words = new (c->scratch, uint64_t, k->words), n = sr_varint(in);
    for (uint64_t i = 0; i < n; i++) {
        uint32_t nulls;
        if (in->bad || !key_load(k, in, words, &nulls)) return WEIR_E_CORRUPT;
        value_set_get(state, k, c->heap, words, nulls, key_hash(k, words, nulls))->count = agg_get_int(in);
    }
    return agg_impl(c->call)->load(c, inner_state(state), in);
}

const AggImpl agg_distinct_impl = {
    .state_size = distinct_size, .init = distinct_init, .step = distinct_step, .merge = distinct_merge,
    .final = distinct_final, .destroy = distinct_destroy, .save = distinct_save, .load = distinct_load,
};
