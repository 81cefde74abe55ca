/* sums.c: stepping, merging and keeping exact sums. */
#include "exec/agg/sums.h"

/* ---- BIGINT: 128 bits ------------------------------------------------------------------------- */

int bigint_sum_size(const AggCall *call)
{
    (void)call;
    return sizeof(BigintSum);
}

static inline void bigint_sum_add(BigintSum *s, Int128 v)
{
    UInt128 sum = ((UInt128)s->high << 64 | s->low) + (UInt128)v;
    s->low = (uint64_t)sum;
    s->high = (int64_t)(sum >> 64);
}

static void bigint_step_inserts(const AggRows *in, const int64_t *v, bool is_const)
{
    for (int i = 0; i < in->n; i++) {
        BigintSum *s = (BigintSum *)(void *)(in->groups[i] + in->offset);
        bigint_sum_add(s, v[is_const ? 0 : in->rows[i]]);
        s->n++;
    }
}

void bigint_sum_step(AggCtx *c, const AggRows *in)
{
    (void)c;
    const Column *arg = &in->args[0];
    if (!in->batch->weights) {
        bigint_step_inserts(in, arg->data, arg->is_const);
        return;
    }
    for (int i = 0; i < in->n; i++) {
        BigintSum *s = (BigintSum *)(void *)(in->groups[i] + in->offset);
        int32_t weight = in->batch->weights[in->rows[i]];
        bigint_sum_add(s, (Int128)COL(int64_t, arg)[col_at(arg, in->rows[i])] * weight);
        s->n += weight;
    }
}

/* Halves of the values are summed apart: neither sum can leave 64 bits within a batch. */
static Int128 sum_all(const int64_t *restrict v, int n)
{
    int64_t high = 0;
    uint64_t low = 0;
    for (int i = 0; i < n; i++) {
        high += v[i] >> 32;
        low += (uint32_t)v[i];
    }
    return (Int128)high * ((Int128)1 << 32) + (Int128)low;
}

static Int128 sum_some(const int64_t *v, const int32_t *rows, int n)
{
    int64_t high = 0;
    uint64_t low = 0;
    for (int i = 0; i < n; i++) {
        high += v[rows[i]] >> 32;
        low += (uint32_t)v[rows[i]];
    }
    return (Int128)high * ((Int128)1 << 32) + (Int128)low;
}

void bigint_sum_fold(AggCtx *c, void *state, const AggRows *in)
{
    (void)c;
    BigintSum *s = state;
    const Column *arg = &in->args[0];
    const int64_t *v = arg->data;
    const int32_t *weights = in->batch->weights;
    int64_t n = agg_rows_weight(in);
    if (arg->is_const)
        bigint_sum_add(s, (Int128)v[0] * n);
    else if (weights)
        for (int i = 0; i < in->n; i++) bigint_sum_add(s, (Int128)v[in->rows[i]] * weights[in->rows[i]]);
    else
        bigint_sum_add(s, agg_rows_are_all(in) ? sum_all(v, in->n) : sum_some(v, in->rows, in->n));
    s->n += n;
}

void bigint_sum_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    (void)c;
    BigintSum *to = dst;
    const BigintSum *from = src;
    bigint_sum_add(to, sign * bigint_sum_value(from));
    to->n += sign * from->n;
}

void bigint_sum_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    const BigintSum *s = state;
    agg_put_int(out, s->n);
    agg_put_int(out, s->high + (int64_t)(s->low >> 63)); /* 0 where the sum fits in 64 bits */
    agg_put_int(out, (int64_t)s->low);
}

Status bigint_sum_load(AggCtx *c, void *state, StrReader *in)
{
    (void)c;
    BigintSum *s = state;
    s->n = agg_get_int(in);
    int64_t high = agg_get_int(in);
    s->low = (uint64_t)agg_get_int(in);
    s->high = (int64_t)((uint64_t)high - (s->low >> 63));
    return in->bad ? WEIR_E_CORRUPT : WEIR_OK;
}

/* ---- DECIMAL: 192 bits ------------------------------------------------------------------------ */

int decimal_sum_size(const AggCall *call)
{
    (void)call;
    return sizeof(DecimalSum);
}

void decimal_sum_step(AggCtx *c, const AggRows *in)
{
    (void)c;
    const Column *arg = &in->args[0];
    for (int i = 0; i < in->n; i++) {
        DecimalSum *s = (DecimalSum *)(void *)(in->groups[i] + in->offset);
        int weight = batch_weight(in->batch, in->rows[i]);
        wide_add_int128(&s->sum, COL(Int128, arg)[col_at(arg, in->rows[i])], weight);
        s->n += weight;
    }
}

void decimal_sum_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    (void)c;
    DecimalSum *to = dst;
    const DecimalSum *from = src;
    wide_add(&to->sum, &from->sum, sign);
    to->n += sign * from->n;
}

void decimal_sum_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    const DecimalSum *s = state;
    agg_put_int(out, s->n);
    for (int i = 0; i < 3; i++) sb_u64(out, s->sum.w[i]);
}

Status decimal_sum_load(AggCtx *c, void *state, StrReader *in)
{
    (void)c;
    DecimalSum *s = state;
    s->n = agg_get_int(in);
    for (int i = 0; i < 3; i++) s->sum.w[i] = sr_u64(in);
    return in->bad ? WEIR_E_CORRUPT : WEIR_OK;
}

/* ---- DOUBLE: a long accumulator --------------------------------------------------------------- */

static void *resize_in_heap(void *arg, void *p, ptrdiff_t old_size, ptrdiff_t new_size)
{
    return heap_realloc(arg, p, old_size, new_size);
}

ExactMem agg_exact_mem(StateHeap *h)
{
    return (ExactMem){resize_in_heap, h};
}

static void *resize_in_arena(void *arg, void *p, ptrdiff_t old_size, ptrdiff_t new_size)
{
    if (new_size <= old_size) return new_size ? p : NULL;
    void *q = arena_alloc(arg, new_size, 8);
    if (old_size) memcpy(q, p, (size_t)old_size);
    return q;
}

ExactMem agg_exact_scratch(Arena *a)
{
    return (ExactMem){resize_in_arena, a};
}

int double_sum_size(const AggCall *call)
{
    (void)call;
    return sizeof(DoubleSum);
}

void double_sum_step(AggCtx *c, const AggRows *in)
{
    const Column *arg = &in->args[0];
    ExactMem mem = agg_exact_mem(c->heap);
    for (int i = 0; i < in->n; i++) {
        DoubleSum *s = (DoubleSum *)(void *)(in->groups[i] + in->offset);
        int weight = batch_weight(in->batch, in->rows[i]);
        exact_add_double(&s->sum, mem, COL(double, arg)[col_at(arg, in->rows[i])], weight);
        s->n += weight;
    }
}

void double_sum_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    DoubleSum *to = dst;
    const DoubleSum *from = src;
    exact_merge(&to->sum, agg_exact_mem(c->heap), &from->sum, sign);
    to->n += sign * from->n;
}

void double_sum_destroy(AggCtx *c, void *state)
{
    exact_free(&((DoubleSum *)state)->sum, agg_exact_mem(c->heap));
}

void double_sum_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    const DoubleSum *s = state;
    agg_put_int(out, s->n);
    exact_save(&s->sum, out);
}

Status double_sum_load(AggCtx *c, void *state, StrReader *in)
{
    DoubleSum *s = state;
    s->n = agg_get_int(in);
    bool ok = exact_load(&s->sum, agg_exact_mem(c->heap), in);
    return ok && !in->bad ? WEIR_OK : WEIR_E_CORRUPT;
}
