/* group_order.c: groups in the order of their keys: by the first eight bytes of the first column, a
 * digit at a time, and where these are equal by whole keys. */
#include "exec/state/group_table.h"

typedef struct Ranked {
    uint64_t rank; /* in the order of the keys, as far as it goes */
    uint8_t *group;
} Ranked;

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, RADIX_FROM = 64, DEPTH_MAX = 4 };

static bool group_before(const GroupTable *t, const uint8_t *a, const uint8_t *b)
{
    return key_cmp(t->keys, group_words(t, a), group_head(t, a)->nulls, group_words(t, b),
                   group_head(t, b)->nulls) < 0;
}

/* ---- ranks ------------------------------------------------------------------------------------ */

/* Of the eight bytes from the depth-th eight on. */
static uint64_t text_rank(const uint64_t *words, uint32_t depth)
{
    Text t;
    memcpy(&t, words, sizeof t);
    uint64_t rank = 0;
    if (t.len > 8 * depth) memcpy(&rank, text_p(&t) + 8 * depth, t.len - 8 * depth < 8 ? t.len - 8 * depth : 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    rank = __builtin_bswap64(rank);
#endif
    return rank;
}

static uint64_t double_rank(uint64_t bits)
{
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static uint64_t rank_of(const KeyColumn *c, const uint64_t *words)
{
    if (c->is_text) return text_rank(&words[c->at], 0);
    if (c->words > 1) return 0;
    return c->type.kind == TYPE_DOUBLE ? double_rank(words[c->at]) : words[c->at] ^ UINT64_C(1) << 63;
}

/* Bits in which the ranks differ. NULL comes first: it ranks lowest, with the least value. */
static uint64_t rank_all(const GroupTable *t, uint8_t *const *groups, ptrdiff_t n, Ranked *out)
{
    const KeyLayout *k = t->keys;
    uint64_t differ = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        bool is_null = k->ncols == 0 || group_head(t, groups[i])->nulls & 1;
        out[i] = (Ranked){is_null ? 0 : rank_of(&k->cols[0], group_words(t, groups[i])), groups[i]};
        differ |= out[i].rank ^ out[0].rank;
    }
    return differ;
}

/* ---- sorting ---------------------------------------------------------------------------------- */

static void pass(const Ranked *from, Ranked *to, ptrdiff_t n, int shift)
{
    uint32_t at[DIGITS] = {0};
    for (ptrdiff_t i = 0; i < n; i++) at[from[i].rank >> shift & (DIGITS - 1)]++;
    uint32_t sum = 0;
    for (int d = 0; d < DIGITS; d++) {
        uint32_t many = at[d];
        at[d] = sum;
        sum += many;
    }
    for (ptrdiff_t i = 0; i < n; i++) to[at[from[i].rank >> shift & (DIGITS - 1)]++] = from[i];
}

/* Least digit first; digits that are the same in all ranks are passed over. Returns where it is. */
static Ranked *sort_by_rank(Ranked *from, Ranked *to, ptrdiff_t n, uint64_t differ)
{
    for (int shift = 0; shift < 64; shift += DIGIT_BITS) {
        if (!(differ >> shift & (DIGITS - 1))) continue;
        pass(from, to, n, shift);
        Ranked *other = from;
        from = to;
        to = other;
    }
    return from;
}

static bool ranked_before(const GroupTable *t, const Ranked *a, const Ranked *b)
{
    return a->rank != b->rank ? a->rank < b->rank : group_before(t, a->group, b->group);
}

/* Merges the sorted runs [lo, mid) and [mid, hi) of from into to. */
static void merge_runs(const GroupTable *t, const Ranked *from, Ranked *to, ptrdiff_t lo, ptrdiff_t mid, ptrdiff_t hi)
{
    ptrdiff_t a = lo, b = mid;
    for (ptrdiff_t i = lo; i < hi; i++)
        to[i] = b >= hi || (a < mid && !ranked_before(t, &from[b], &from[a])) ? from[a++] : from[b++];
}

static Ranked *sort_by_merging(const GroupTable *t, Ranked *from, Ranked *to, ptrdiff_t n)
{
    for (ptrdiff_t width = 1; width < n; width *= 2) {
        for (ptrdiff_t lo = 0; lo < n; lo += 2 * width) {
            ptrdiff_t mid = lo + width < n ? lo + width : n, hi = mid + width < n ? mid + width : n;
            merge_runs(t, from, to, lo, mid, hi);
        }
        Ranked *other = from;
        from = to;
        to = other;
    }
    return from;
}

static void settle_ties(const GroupTable *t, Ranked *all, Ranked *room, ptrdiff_t n, uint32_t depth);

/* Many texts that begin alike: by the eight bytes that come next. */
static void settle_texts(const GroupTable *t, Ranked *all, Ranked *room, ptrdiff_t n, uint32_t depth)
{
    uint64_t differ = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        all[i].rank = text_rank(&group_words(t, all[i].group)[t->keys->cols[0].at], depth);
        differ |= all[i].rank ^ all[0].rank;
    }
    Ranked *sorted = sort_by_rank(all, room, n, differ);
    if (sorted != all) memcpy(all, sorted, (size_t)n * sizeof *all);
    settle_ties(t, all, room, n, depth);
}

/* Groups of one rank, which the rank does not tell apart. */
static void settle_ties(const GroupTable *t, Ranked *all, Ranked *room, ptrdiff_t n, uint32_t depth)
{
    for (ptrdiff_t lo = 0, hi; lo < n; lo = hi) {
        for (hi = lo + 1; hi < n && all[hi].rank == all[lo].rank;) hi++;
        if (hi - lo < 2) continue;
        if (hi - lo >= RADIX_FROM && depth < DEPTH_MAX && t->keys->cols[0].is_text) {
            settle_texts(t, all + lo, room + lo, hi - lo, depth + 1);
            continue;
        }
        Ranked *sorted = sort_by_merging(t, all + lo, room + lo, hi - lo);
        if (sorted != all + lo) memcpy(all + lo, sorted, (size_t)(hi - lo) * sizeof *all);
    }
}

void group_table_sort(const GroupTable *t, uint8_t **groups, ptrdiff_t n, Arena *scratch)
{
    if (n < 2) return;
    ArenaMark mark = arena_mark(scratch);
    Ranked *one = new_raw(scratch, Ranked, n), *other = new_raw(scratch, Ranked, n), *sorted;
    uint64_t differ = rank_all(t, groups, n, one);
    if (n < RADIX_FROM || n > UINT32_MAX) {
        sorted = sort_by_merging(t, one, other, n);
    } else {
        sorted = sort_by_rank(one, other, n, differ);
        settle_ties(t, sorted, sorted == one ? other : one, n, 0);
    }
    for (ptrdiff_t i = 0; i < n; i++) groups[i] = sorted[i].group;
    arena_release(scratch, mark);
}
