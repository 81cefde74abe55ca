/* agg_hll.c: APPROX_COUNT_DISTINCT: HyperLogLog with 4096 registers, 1.6 % standard error.
 *
 * P. Flajolet et al., "HyperLogLog" (2007); the estimator is that of O. Ertl, "New cardinality
 * estimation algorithms for HyperLogLog sketches" (2017), which needs no corrections by range. A
 * register keeps a greatest rank, so order cannot show and nothing can be taken back: over input
 * that retracts the planner refuses it. Few registers in use are a sorted list. */
#include "base/hash.h"
#include "base/keyenc.h"
#include "exec/agg/agg.h"

#include <math.h>

enum { INDEX_BITS = 12, REGISTERS = 1 << INDEX_BITS, RANK_MAX = 64 - INDEX_BITS + 1, LIST_MAX = 256 };

typedef struct Sketch {
    union {
        uint32_t *list;  /* index << 8 | rank, ascending */
        uint8_t *ranks;  /* REGISTERS of them */
    };
    uint32_t n, cap;     /* of the list */
    uint64_t is_full;    /* `ranks` is used */
} Sketch;

static int hll_size(const AggCall *call)
{
    (void)call;
    return sizeof(Sketch);
}

static void spread(Sketch *s, StateHeap *h)
{
    uint8_t *ranks = heap_alloc(h, REGISTERS);
    memset(ranks, 0, REGISTERS);
    for (uint32_t i = 0; i < s->n; i++) ranks[s->list[i] >> 8] = (uint8_t)s->list[i];
    heap_free(h, s->list, (ptrdiff_t)s->cap * 4);
    *s = (Sketch){.ranks = ranks, .is_full = 1};
}

static void list_insert(Sketch *s, StateHeap *h, uint32_t at, uint32_t entry)
{
    if (s->n == s->cap) {
        uint32_t cap = s->cap ? s->cap * 2 : 4;
        s->list = heap_realloc(h, s->list, (ptrdiff_t)s->cap * 4, (ptrdiff_t)cap * 4);
        s->cap = cap;
    }
    memmove(s->list + at + 1, s->list + at, (size_t)(s->n - at) * 4);
    s->list[at] = entry;
    s->n++;
}

static void put_rank(Sketch *s, StateHeap *h, uint32_t index, uint8_t rank)
{
    if (s->is_full) {
        if (s->ranks[index] < rank) s->ranks[index] = rank;
        return;
    }
    uint32_t low = 0, high = s->n;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (s->list[mid] >> 8 < index)
            low = mid + 1;
        else
            high = mid;
    }
    uint32_t entry = index << 8 | rank;
    if (low < s->n && s->list[low] >> 8 == index) {
        if (s->list[low] < entry) s->list[low] = entry;
    } else if (s->n < LIST_MAX) {
        list_insert(s, h, low, entry);
    } else {
        spread(s, h);
        put_rank(s, h, index, rank);
    }
}

static void hll_step(AggCtx *c, const AggRows *in)
{
    StrBuf key = {.arena = c->scratch};
    for (int i = 0; i < in->n; i++) {
        key.n = 0;
        key_encode(&key, &in->args[0], in->rows[i], KEY_PLAIN);
        uint64_t hash = hash_bytes(key.p, key.n), rest = hash << INDEX_BITS;
        int rank = rest ? __builtin_clzll(rest) + 1 : RANK_MAX;
        put_rank((Sketch *)(void *)(in->groups[i] + in->offset), c->heap, (uint32_t)(hash >> (64 - INDEX_BITS)),
                 (uint8_t)rank);
    }
}

static void hll_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    const Sketch *from = src;
    (void)sign;
    for (uint32_t i = 0; !from->is_full && i < from->n; i++)
        put_rank(dst, c->heap, from->list[i] >> 8, (uint8_t)from->list[i]);
    for (uint32_t i = 0; from->is_full && i < REGISTERS; i++)
        if (from->ranks[i]) put_rank(dst, c->heap, i, from->ranks[i]);
}

/* ---- the estimate: σ and τ of Ertl's paper ------------------------------------------------------- */

static double sigma(double x)
{
    if (x == 1) return HUGE_VAL;
    double y = 1, z = x, before;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

static double tau(double x)
{
    if (x == 0 || x == 1) return 0;
    double y = 1, z = 1 - x, before;
    do {
        x = sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

static int64_t estimate(const Sketch *s)
{
    int counts[RANK_MAX + 1] = {0};
    for (uint32_t i = 0; s->is_full && i < REGISTERS; i++) counts[s->ranks[i]]++;
    for (uint32_t i = 0; !s->is_full && i < s->n; i++) counts[s->list[i] & 0xff]++;
    if (!s->is_full) counts[0] = REGISTERS - (int)s->n;
    double m = REGISTERS, z = m * tau(1 - counts[RANK_MAX] / m);
    for (int k = RANK_MAX - 1; k >= 1; k--) z = 0.5 * (z + counts[k]);
    z += m * sigma(counts[0] / m);
    return (int64_t)llround(m * m / z / (2 * M_LN2));
}

static void hll_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    (void)c, (void)a;
    for (int i = 0; i < n; i++) COL(int64_t, out)[i] = estimate((const Sketch *)(const void *)(groups[i] + offset));
}

/* ---- the rest ------------------------------------------------------------------------------------ */

static void hll_destroy(AggCtx *c, void *state)
{
    Sketch *s = state;
    heap_free(c->heap, s->list, s->is_full ? REGISTERS : (ptrdiff_t)s->cap * 4);
}

/* Hashes of another version would not meet these. */
static void hll_save(AggCtx *c, const void *state, StrBuf *out)
{
    (void)c;
    const Sketch *s = state;
    sb_varint(out, HASH_VERSION);
    sb_varint(out, s->is_full ? REGISTERS : s->n);
    if (s->is_full) sb_bytes(out, s->ranks, REGISTERS);
    for (uint32_t i = 0; !s->is_full && i < s->n; i++) sb_varint(out, s->list[i]);
}

static Status hll_load(AggCtx *c, void *state, StrReader *in)
{
    Sketch *s = state;
    uint64_t version = sr_varint(in), n = sr_varint(in);
    if (in->bad || version != HASH_VERSION || (n > LIST_MAX && n != REGISTERS)) return WEIR_E_CORRUPT;
    if (n == REGISTERS) {
        Str ranks = sr_bytes(in, REGISTERS);
        if (in->bad) return WEIR_E_CORRUPT;
        spread(s, c->heap);
        memcpy(s->ranks, ranks.p, REGISTERS);
        for (int i = 0; i < REGISTERS; i++)
            if (s->ranks[i] > RANK_MAX) return WEIR_E_CORRUPT;
        return WEIR_OK;
    }
    for (uint64_t i = 0; i < n; i++) {
        uint64_t e = sr_varint(in);
        if (in->bad || e >> 8 >= REGISTERS || (e & 0xff) > RANK_MAX || !(e & 0xff)) return WEIR_E_CORRUPT;
        put_rank(s, c->heap, (uint32_t)(e >> 8), (uint8_t)e);
    }
    return WEIR_OK;
}

static const AggImpl hll_impl = {
    .state_size = hll_size, .step = hll_step, .merge = hll_merge, .final = hll_final,
    .destroy = hll_destroy, .save = hll_save, .load = hll_load, .ignores_distinct = true,
};

extern const AggDef agg_hll[];
const AggDef agg_hll[] = {
    {.name = "approx_count_distinct", .aliases = "approx_distinct,count_distinct_approx", .args = "a", .result = "i",
     .flags = AGG_MERGEABLE, .impl = &hll_impl,
     .doc = "how many different values, with a standard error of 1.6 %, in 4 KB; not over input that retracts"},
    {0},
};
