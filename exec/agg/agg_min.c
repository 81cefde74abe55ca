/* agg_min.c: MIN and MAX: one value where the input never retracts, else a multiset of values. */
#include "base/keyenc.h"
#include "exec/agg/multiset.h"

#include <assert.h>

/* ---- one value -------------------------------------------------------------------------------- */

typedef struct BestSmall {
    int64_t has;
    union {
        int64_t i; /* BOOLEAN, DATE too */
        double d;
    };
} BestSmall;
typedef struct BestLarge {
    int64_t has;
    uint64_t w[2]; /* Int128, Interval or Text; long text lies in the heap */
} BestLarge;

static int best_width(const AggCall *call)
{
    return type_width(call->arg_types[0].kind);
}

static bool is_max(const AggCall *call)
{
    return call->def->name[1] == 'a' && call->def->name[2] == 'x';
}

static int min_size(const AggCall *call)
{
    if (call->input_retracts) return sizeof(Treap);
    return best_width(call) > 8 ? sizeof(BestLarge) : sizeof(BestSmall);
}

/* The loops, one per type and direction. `member` is where the state keeps it. */
#define DEFINE_BEST(name, T, member, better) \
    static void name(const AggRows *in) \
    { \
        const Column *arg = &in->args[0]; \
        const T *v = arg->data; \
        for (int i = 0; i < in->n; i++) { \
            BestSmall *s = (BestSmall *)(void *)(in->groups[i] + in->offset); \
            T x = v[col_at(arg, in->rows[i])]; \
            T best = (T)s->member; \
            best = x better best ? x : best; /* no branch: it would guess wrong */ \
            s->member = (s->has ? best : x) + 0; /* never -0.0 */ \
            s->has = 1; \
        } \
    }
DEFINE_BEST(min_int64, int64_t, i, <)
DEFINE_BEST(max_int64, int64_t, i, >)
DEFINE_BEST(min_int32, int32_t, i, <)
DEFINE_BEST(max_int32, int32_t, i, >)
DEFINE_BEST(min_uint8, uint8_t, i, <)
DEFINE_BEST(max_uint8, uint8_t, i, >)
DEFINE_BEST(min_double, double, d, <)
DEFINE_BEST(max_double, double, d, >)

static void best_step_small(const AggCall *call, const AggRows *in)
{
    static void (*const LOOPS[4][2])(const AggRows *) = {
        {min_int64, max_int64}, {min_int32, max_int32}, {min_uint8, max_uint8}, {min_double, max_double}};
    int width = best_width(call);
    int type = call->arg_types[0].kind == TYPE_DOUBLE ? 3 : width == 1 ? 2 : width == 4 ? 1 : 0;
    LOOPS[type][is_max(call)](in);
}

/* One state for all rows: the best of the batch is offered to it. */
#define DEFINE_BEST_OF(name, T, member, better) \
    static void name(BestSmall *s, const AggRows *in) \
    { \
        const T *v = in->args[0].data; \
        T best = v[in->args[0].is_const ? 0 : in->rows[0]]; \
        if (!in->args[0].is_const && agg_rows_are_all(in)) \
            for (int i = 0; i < in->n; i++) best = v[i] better best ? v[i] : best; \
        else if (!in->args[0].is_const) \
            for (int i = 0; i < in->n; i++) best = v[in->rows[i]] better best ? v[in->rows[i]] : best; \
        if (!s->has || best better s->member) s->member = best + 0; \
        s->has = 1; \
    }
DEFINE_BEST_OF(least_int64, int64_t, i, <)
DEFINE_BEST_OF(greatest_int64, int64_t, i, >)
DEFINE_BEST_OF(least_double, double, d, <)
DEFINE_BEST_OF(greatest_double, double, d, >)

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int interval_order(Interval a, Interval b)
{
    if (a.months != b.months) return ORDER(a.months, b.months);
    if (a.days != b.days) return ORDER(a.days, b.days);
    return ORDER(a.us, b.us);
}

static int large_order(TypeKind kind, const void *a, const void *b)
{
    if (kind == TYPE_DECIMAL) {
        Int128 x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return ORDER(x, y);
    }
    if (kind == TYPE_INTERVAL) {
        Interval x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return interval_order(x, y);
    }
    Text x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return str_cmp(text_str(&x), text_str(&y));
}

static void best_drop(AggCtx *c, BestLarge *s)
{
    Text t;
    if (!s->has || !type_is_text(c->call->arg_types[0].kind)) return;
    memcpy(&t, s->w, sizeof t);
    if (t.len > TEXT_INLINE) heap_free(c->heap, (void *)(uintptr_t)t.ptr, t.len);
}

static void best_take(AggCtx *c, BestLarge *s, const void *value)
{
    Text t;
    best_drop(c, s);
    memcpy(&t, value, sizeof t);
    if (type_is_text(c->call->arg_types[0].kind) && t.len > TEXT_INLINE) t.ptr = heap_copy(c->heap, t.ptr, t.len);
    memcpy(s->w, &t, sizeof t);
    s->has = 1;
}

static void best_offer(AggCtx *c, BestLarge *s, const void *value)
{
    int order = s->has ? large_order(c->call->arg_types[0].kind, value, s->w) : 0;
    if (!s->has || (is_max(c->call) ? order > 0 : order < 0)) best_take(c, s, value);
}

static void best_step_large(AggCtx *c, const AggRows *in)
{
    const Column *arg = &in->args[0];
    for (int i = 0; i < in->n; i++)
        best_offer(c, (BestLarge *)(void *)(in->groups[i] + in->offset),
                   COL(char, arg) + (ptrdiff_t)col_at(arg, in->rows[i]) * 16);
}

static void best_merge(AggCtx *c, void *dst, const void *src)
{
    const BestSmall *from = src;
    BestSmall *to = dst;
    if (!from->has) return;
    if (best_width(c->call) > 8) {
        best_offer(c, dst, ((const BestLarge *)src)->w);
        return;
    }
    bool is_double = c->call->arg_types[0].kind == TYPE_DOUBLE;
    int order = !to->has ? 0 : is_double ? ORDER(from->d, to->d) : ORDER(from->i, to->i);
    if (!to->has || (is_max(c->call) ? order > 0 : order < 0)) *to = *from;
}

static void put_small(Column *out, int row, const BestSmall *s)
{
    switch (type_width(out->type.kind)) {
    case 1: COL(uint8_t, out)[row] = (uint8_t)s->i; return;
    case 4: COL(int32_t, out)[row] = (int32_t)s->i; return;
    default: COL(int64_t, out)[row] = s->i; return;
    }
}

static void put_large(Column *out, Arena *a, int row, const BestLarge *s)
{
    Text t;
    memcpy(&t, s->w, sizeof t);
    if (type_is_text(out->type.kind) && t.len > TEXT_INLINE) t.ptr = str_dup(a, text_str(&t)).p;
    memcpy(COL(char, out) + (ptrdiff_t)row * 16, &t, sizeof t);
}

static void best_final(const uint8_t *state, Column *out, Arena *a, int row)
{
    const BestSmall *s = (const BestSmall *)(const void *)state;
    if (!s->has)
        column_set_null(out, a, row);
    else if (type_width(out->type.kind) > 8)
        put_large(out, a, row, (const BestLarge *)(const void *)state);
    else
        put_small(out, row, s);
}

static void best_save(const AggCall *call, const void *state, StrBuf *out)
{
    const BestLarge *s = state;
    sb_varint(out, (uint64_t)s->has);
    if (!s->has) return;
    if (best_width(call) <= 8) {
        agg_put_int(out, ((const BestSmall *)state)->i);
    } else if (type_is_text(call->arg_types[0].kind)) {
        Text t;
        memcpy(&t, s->w, sizeof t);
        sb_varint(out, t.len);
        sb_bytes(out, text_p(&t), t.len);
    } else {
        sb_u64(out, s->w[0]);
        sb_u64(out, s->w[1]);
    }
}

static Status best_load(AggCtx *c, void *state, StrReader *in)
{
    if (!sr_varint(in)) return in->bad ? WEIR_E_CORRUPT : WEIR_OK;
    if (best_width(c->call) <= 8) {
        *(BestSmall *)state = (BestSmall){.has = 1, .i = agg_get_int(in)};
    } else if (type_is_text(c->call->arg_types[0].kind)) {
        uint64_t n = sr_varint(in);
        if (in->bad || (int64_t)n < 0 || (int64_t)n > in->end - in->at) return WEIR_E_CORRUPT;
        Text t = text_ref(in->at, (ptrdiff_t)n);
        best_take(c, state, &t);
        sr_bytes(in, (ptrdiff_t)n);
    } else {
        BestLarge *s = state;
        s->has = 1;
        s->w[0] = sr_u64(in);
        s->w[1] = sr_u64(in);
    }
    return in->bad ? WEIR_E_CORRUPT : WEIR_OK;
}

/* ---- a multiset of values --------------------------------------------------------------------- */

/* The first key from the end asked for whose count is positive. */
static const TreapNode *many_best(const Treap *t, bool max)
{
    const TreapNode *n = max ? treap_max(t) : treap_min(t);
    while (n && n->count <= 0) n = max ? treap_prev(n) : treap_next(n);
    return n;
}

static void many_final(const AggCtx *c, const Treap *t, Column *out, Arena *a, int row)
{
    const TreapNode *n = many_best(t, is_max(c->call));
    Value v = n ? multiset_value(c->call, n, a) : value_null(out->type);
    v.type = out->type;
    column_put(out, a, row, &v);
}

/* ---- both ------------------------------------------------------------------------------------- */

static void min_step(AggCtx *c, const AggRows *in)
{
    if (c->call->input_retracts)
        multiset_step(c, in);
    else if (best_width(c->call) > 8)
        best_step_large(c, in);
    else
        best_step_small(c->call, in);
}

static void step_one(AggCtx *c, void *state, const AggRows *in)
{
    uint8_t **groups = new_raw(c->scratch, uint8_t *, in->n);
    for (int i = 0; i < in->n; i++) groups[i] = state;
    AggRows rows = *in;
    rows.groups = (uint8_t *const *)groups;
    rows.offset = 0;
    min_step(c, &rows);
}

static void min_fold(AggCtx *c, void *state, const AggRows *in)
{
    bool is_double = c->call->arg_types[0].kind == TYPE_DOUBLE, max = is_max(c->call);
    if (c->call->input_retracts || best_width(c->call) != 8) {
        step_one(c, state, in);
        return;
    }
    if (is_double) (max ? greatest_double : least_double)(state, in);
    else (max ? greatest_int64 : least_int64)(state, in);
}

static void min_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    assert(sign > 0 || c->call->input_retracts);
    if (c->call->input_retracts)
        multiset_merge(c, dst, src, sign);
    else
        best_merge(c, dst, src);
}

static void min_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        if (c->call->input_retracts)
            many_final(c, (const Treap *)(const void *)(groups[i] + offset), out, a, i);
        else
            best_final(groups[i] + offset, out, a, i);
    }
}

static void min_destroy(AggCtx *c, void *state)
{
    if (c->call->input_retracts)
        multiset_destroy(c, state);
    else if (best_width(c->call) > 8)
        best_drop(c, state);
}

static bool min_is_flat(const AggCall *call)
{
    return !call->input_retracts && best_width(call) <= 8;
}

static void min_save(AggCtx *c, const void *state, StrBuf *out)
{
    if (c->call->input_retracts)
        multiset_save(c, state, out);
    else
        best_save(c->call, state, out);
}

static Status min_load(AggCtx *c, void *state, StrReader *in)
{
    if (!c->call->input_retracts) return best_load(c, state, in);
    return multiset_load(c, state, in);
}

static const AggImpl min_impl = {
    .state_size = min_size, .step = min_step, .fold = min_fold, .merge = min_merge, .final = min_final,
    .destroy = min_destroy, .is_flat = min_is_flat, .save = min_save, .load = min_load,
    .keeps_best = true, .ignores_distinct = true,
};

/* ARRAY, ROW and MAP have no order. */
static bool ordered_result(const Type *args, const Value *const *consts, int nargs, Type *out)
{
    (void)consts;
    *out = args[0];
    return nargs == 1 && !type_is_nested(args[0].kind);
}

enum { MIN_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE };

extern const AggDef agg_min[];
const AggDef agg_min[] = {
    {.name = "min", .args = "a", .result_of = ordered_result, .flags = MIN_FLAGS, .impl = &min_impl, .doc = "least value"},
    {.name = "max", .args = "a", .result_of = ordered_result, .flags = MIN_FLAGS, .impl = &min_impl,
     .doc = "greatest value"},
    {.name = "any_value", .args = "a", .result = "1", .flags = MIN_FLAGS, .impl = &min_impl,
     .doc = "one of the values that are not NULL: always the least, so that it does not change by chance"},
    {0},
};
