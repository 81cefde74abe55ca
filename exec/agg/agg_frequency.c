/* agg_frequency.c: what the values of a group are and how often: HISTOGRAM, APPROX_TOP_K, TOPK, COLLECT_SET, ENTROPY.
 *
 * All count exactly. APPROX_TOP_K bounds how many different values it looks at: beyond the bound it
 * is an error, not a guess. */
#include "exec/agg/multiset.h"
#include "exec/agg/sums.h"
#include "exec/expr/json_text.h"
#include "exec/expr/nested.h"

#include <math.h>
#include <stdlib.h>

enum { TOP_K_VALUES_MAX = 100000 };

/* ---- histogram ------------------------------------------------------------------------------- */

static void put_counts(const AggCall *call, const Treap *t, StrBuf *b)
{
    sb_char(b, '{');
    EACH_VALUE (t, n) {
        StrBuf key = {.arena = b->arena};
        Value v = multiset_value(call, n, b->arena);
        nested_put_key(&key, &v);
        if (b->n > 1) sb_char(b, ',');
        json_quote(b, str_of(key.p, key.n));
        sb_printf(b, ":%lld", (long long)n->count);
    }
    sb_char(b, '}');
}

static void histogram_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        StrBuf b = {.arena = a};
        Value v = value_null(out->type);
        const Treap *t = multiset_at(groups[i], offset);
        if (treap_weight(t) > 0) {
            put_counts(c->call, t, &b);
            nested_read(str_of(b.p, b.n), NULL, out->type, NESTED_CAST, a, &v);
        }
        column_put(out, a, i, &v);
    }
}
static const AggImpl histogram_impl = MULTISET_IMPL(histogram_final);

/* ---- lists of values ------------------------------------------------------------------------- */

static void put_item(StrBuf *b, const AggCall *call, const TreapNode *n)
{
    Value v = multiset_value(call, n, b->arena);
    if (b->n > 1) sb_char(b, ',');
    nested_put(b, &v);
}

typedef void (*PutItems)(const AggCall *call, const Treap *t, Arena *scratch, StrBuf *b);

/* NULL of no value. */
static void list_final(AggCtx *c, const uint8_t *group, ptrdiff_t offset, PutItems put, int row, Column *out, Arena *a)
{
    const Treap *t = multiset_at(group, offset);
    StrBuf b = {.arena = a};
    if (treap_weight(t) <= 0) {
        column_set_null(out, a, row);
        return;
    }
    sb_char(&b, '[');
    put(c->call, t, c->scratch, &b);
    sb_char(&b, ']');
    COL(Text, out)[row] = text_ref(b.p, b.n);
}

static void put_set(const AggCall *call, const Treap *t, Arena *scratch, StrBuf *b)
{
    (void)scratch;
    EACH_VALUE (t, n) put_item(b, call, n);
}

static void put_greatest(const AggCall *call, const Treap *t, Arena *scratch, StrBuf *b)
{
    (void)scratch;
    bool distinct = call->def->name[4] == '_'; /* topk_distinct */
    int64_t left = (int64_t)multiset_number(call, 1, 1);
    for (const TreapNode *n = treap_max(t); n && left > 0; n = treap_prev(n))
        for (int64_t k = distinct && n->count > 0 ? 1 : n->count; k > 0 && left > 0; k--, left--) put_item(b, call, n);
}

/* The most frequent first; of equals the least value. */
static int frequency_cmp(const void *a, const void *b)
{
    const TreapNode *x = *(const TreapNode *const *)a, *y = *(const TreapNode *const *)b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return str_cmp(treap_key(x), treap_key(y));
}

static void put_most_frequent(const AggCall *call, const Treap *t, Arena *scratch, StrBuf *b)
{
    ptrdiff_t n = 0, k = (ptrdiff_t)multiset_number(call, 1, 1);
    const TreapNode **list = new_raw(scratch, const TreapNode *, t->distinct);
    EACH_VALUE (t, node) list[n++] = node;
    qsort(list, (size_t)n, sizeof *list, frequency_cmp);
    for (ptrdiff_t i = 0; i < n && i < k; i++) put_item(b, call, list[i]);
}

static void set_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) list_final(c, groups[i], offset, put_set, i, out, a);
}
static const AggImpl set_impl = MULTISET_IMPL(set_final);

static void topk_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) list_final(c, groups[i], offset, put_greatest, i, out, a);
}
static const AggImpl topk_impl = MULTISET_IMPL(topk_final);

static void top_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    double most = multiset_number(c->call, 2, TOP_K_VALUES_MAX);
    for (int i = 0; i < n; i++) {
        if ((double)multiset_at(groups[i], offset)->distinct > most)
            agg_fault(out, a, i, S("more different values than approx_top_k may count; give it a greater sketch_limit, its third argument"));
        else
            list_final(c, groups[i], offset, put_most_frequent, i, out, a);
    }
}
static const AggImpl top_impl = MULTISET_IMPL(top_final);

/* ---- entropy --------------------------------------------------------------------------------- */

/* log2 n − (Σ c log2 c) / n over the counts c, in the order of the values. */
static void entropy_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    (void)c;
    for (int i = 0; i < n; i++) {
        const Treap *t = multiset_at(groups[i], offset);
        double rows = (double)treap_weight(t), sum = 0;
        if (rows <= 0) {
            column_set_null(out, a, i);
            continue;
        }
        EACH_VALUE (t, node) sum += (double)node->count * log2((double)node->count);
        double bits = log2(rows) - sum / rows;
        COL(double, out)[i] = bits > 0 && t->distinct > 1 ? bits : 0;
    }
}
static const AggImpl entropy_impl = MULTISET_IMPL(entropy_final);

enum { FREQUENCY_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE };
#define FREQUENCY(name_, other, args_, result_, impl_, more, doc_) \
    {.name = name_, .aliases = other, .args = args_, .result = result_, .flags = FREQUENCY_FLAGS | (more), \
     .impl = &impl_, .doc = doc_}

extern const AggDef agg_frequency[];
const AggDef agg_frequency[] = {
    FREQUENCY("histogram", NULL, "a", "M1", histogram_impl, 0, "map of the values to how often each is there"),
    FREQUENCY("approx_top_k", NULL, "aii?", "A1", top_impl, AGG_CONST_REST,
              "the k most frequent values, counted exactly among up to sketch_limit (third argument, default 100,000) different ones"),
    FREQUENCY("topk", NULL, "ai", "A1", topk_impl, AGG_CONST_REST, "the k greatest values, equal ones included"),
    FREQUENCY("topk_distinct", "topkdistinct", "ai", "A1", topk_impl, AGG_CONST_REST, "the k greatest different values"),
    FREQUENCY("collect_set", NULL, "a", "A1", set_impl, 0, "the different values in ascending order"),
    FREQUENCY("entropy", NULL, "a", "d", entropy_impl, 0, "Shannon's entropy of the values' frequencies, in bits"),
    {0},
};
