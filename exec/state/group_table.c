/* group_table.c: see group_table.h. Linear probing, load at most 1/2, backward-shift deletion. */
#include "exec/state/group_table.h"

#include <assert.h>

enum {
    CHUNK_FIRST_LOG2 = 4,   /* 16 entries in the first chunk; each next doubles */
    SLOTS_MIN = 16,
    LINE_BYTES = 64,
    PREFETCH_AHEAD = 16,
    PREFETCH_FROM = 1 << 15 /* slots: below, index and entries stay in the second-level cache */
};

void group_table_init(GroupTable *t, const KeyLayout *keys, int payload)
{
    assert(payload % 8 == 0);
    *t = (GroupTable){.keys = keys, .payload = payload};
    t->entry = payload + (int32_t)sizeof(GroupHead) + keys->words * 8;
}

/* ---- entries ---------------------------------------------------------------------------------- */

/* Chunk c holds 16 << c entries, so entry i lies in chunk log2(i / 16 + 1). */
static inline int chunk_of(uint32_t i)
{
    return 31 - __builtin_clz((i >> CHUNK_FIRST_LOG2) + 1);
}

static inline uint32_t chunk_base(int c)
{
    return (((uint32_t)1 << c) - 1) << CHUNK_FIRST_LOG2;
}

static ptrdiff_t chunk_bytes(const GroupTable *t, int c)
{
    return checked_mul((ptrdiff_t)1 << (c + CHUNK_FIRST_LOG2), (size_t)t->entry);
}

static inline uint8_t *entry_at(const GroupTable *t, uint32_t i)
{
    int c = chunk_of(i);
    return t->chunks[c] + (size_t)(i - chunk_base(c)) * (size_t)t->entry;
}

uint8_t *group_table_at(const GroupTable *t, uint32_t i)
{
    uint8_t *g = entry_at(t, i);
    return group_head(t, g)->number == GROUP_FREE ? NULL : g;
}

/* An entry with zeroed payload. */
static uint8_t *entry_new(GroupTable *t)
{
    uint8_t *g;
    uint32_t number;
    if (t->free_head) {
        number = t->free_head - 1;
        g = entry_at(t, number);
        t->free_head = group_head(t, g)->hash;
    } else {
        number = t->len;
        int c = chunk_of(number);
        if (c >= GROUP_CHUNKS || number == GROUP_FREE - 1) oom_raise();
        if (!t->chunks[c]) t->chunks[c] = mem_alloc(chunk_bytes(t, c));
        t->len++;
        g = entry_at(t, number);
    }
    memset(g, 0, (size_t)t->payload);
    *group_head(t, g) = (GroupHead){.number = number};
    t->live++;
    return g;
}

/* ---- the index -------------------------------------------------------------------------------- */

static inline uint64_t slot_make(uint32_t hash, uint32_t number)
{
    return (uint64_t)hash << 32 | (number + 1);
}

static void slots_put(uint64_t *slots, uint32_t nslots, uint64_t slot)
{
    uint32_t at = (uint32_t)(slot >> 32) & (nslots - 1);
    while (slots[at]) at = (at + 1) & (nslots - 1);
    slots[at] = slot;
}

static void slots_grow(GroupTable *t)
{
    uint32_t n = t->nslots ? t->nslots * 2 : SLOTS_MIN;
    if (n == 0) oom_raise();
    uint64_t *slots = mem_alloc(checked_mul(n, sizeof *slots));
    for (uint32_t i = 0; i < t->nslots; i++)
        if (t->slots[i]) slots_put(slots, n, t->slots[i]);
    mem_free(t->slots, (ptrdiff_t)t->nslots * 8);
    t->slots = slots;
    t->nslots = n;
}

static inline bool entry_is(const GroupTable *t, const uint8_t *g, const uint64_t *words, uint32_t nulls)
{
    return group_head(t, g)->nulls == nulls && key_words_eq(t->keys, group_words(t, g), words);
}

/* Where the key's slot is, or the empty one where it would go. */
static inline uint32_t slot_find(const GroupTable *t, const uint64_t *words, uint32_t nulls, uint32_t hash)
{
    uint32_t mask = t->nslots - 1, at = hash & mask;
    for (; t->slots[at]; at = (at + 1) & mask) {
        uint64_t s = t->slots[at];
        if ((uint32_t)(s >> 32) == hash && entry_is(t, entry_at(t, (uint32_t)s - 1), words, nulls)) break;
    }
    return at;
}

static uint8_t *group_make(GroupTable *t, uint32_t at, const uint64_t *words, uint32_t nulls, uint32_t hash)
{
    uint8_t *g = entry_new(t);
    GroupHead *h = group_head(t, g);
    h->hash = hash;
    h->nulls = nulls;
    key_store(t->keys, &t->heap, group_words(t, g), words);
    t->slots[at] = slot_make(hash, h->number);
    return g;
}

static inline void make_room(GroupTable *t)
{
    if ((uint64_t)(t->live + 1) * 2 > t->nslots) slots_grow(t);
}

static void touched_grow(GroupTable *t)
{
    uint32_t cap = t->touched_cap ? t->touched_cap * 2 : 64;
    t->touched = mem_realloc(t->touched, (ptrdiff_t)t->touched_cap * 8, checked_mul(cap, 8));
    t->touched_cap = cap;
}

void group_table_touch(GroupTable *t, uint8_t *group)
{
    GroupHead *h = group_head(t, group);
    if (h->touched) return;
    if (t->ntouched == t->touched_cap) touched_grow(t);
    t->touched[t->ntouched++] = group;
    h->touched = t->ntouched;
}

void group_table_settle(GroupTable *t)
{
    for (uint32_t i = 0; i < t->ntouched; i++) group_head(t, t->touched[i])->touched = 0;
    t->ntouched = 0;
}

uint8_t *group_table_get(const GroupTable *t, const uint64_t *words, uint32_t nulls, uint32_t hash)
{
    if (t->live == 0) return NULL;
    uint64_t s = t->slots[slot_find(t, words, nulls, hash)];
    return s ? entry_at(t, (uint32_t)s - 1) : NULL;
}

uint8_t *group_table_add(GroupTable *t, const uint64_t *words, uint32_t nulls, uint32_t hash, bool *is_new)
{
    make_room(t);
    uint32_t at = slot_find(t, words, nulls, hash);
    *is_new = t->slots[at] == 0;
    uint8_t *g = *is_new ? group_make(t, at, words, nulls, hash) : entry_at(t, (uint32_t)t->slots[at] - 1);
    group_table_touch(t, g);
    return g;
}

uint8_t *group_table_append(GroupTable *t, const uint64_t *words, uint32_t nulls)
{
    assert(t->is_store);
    uint8_t *g = entry_new(t);
    group_head(t, g)->nulls = nulls;
    key_store(t->keys, &t->heap, group_words(t, g), words);
    group_table_touch(t, g);
    return g;
}

/* Keys of one word need no call to compare. */
static inline uint32_t slot_find_word(const GroupTable *t, uint64_t word, uint32_t nulls, uint32_t hash)
{
    uint32_t mask = t->nslots - 1, at = hash & mask;
    for (; t->slots[at]; at = (at + 1) & mask) {
        uint64_t s = t->slots[at];
        if ((uint32_t)(s >> 32) != hash) continue;
        const uint8_t *g = entry_at(t, (uint32_t)s - 1);
        if (group_words(t, g)[0] == word && group_head(t, g)->nulls == nulls) break;
    }
    return at;
}

/* Brings the index slot of a key to come into the cache, and the entry of one that comes sooner. */
static inline void prefetch(const GroupTable *t, const PackedKeys *k, int i)
{
    uint32_t mask = t->nslots - 1;
    if (i + PREFETCH_AHEAD < k->n) __builtin_prefetch(&t->slots[k->hash[i + PREFETCH_AHEAD] & mask]);
    if (i + PREFETCH_AHEAD / 2 >= k->n) return;
    uint64_t s = t->slots[k->hash[i + PREFETCH_AHEAD / 2] & mask];
    if (!s) return;
    const uint8_t *g = entry_at(t, (uint32_t)s - 1);
    __builtin_prefetch(g);
    if (t->payload >= LINE_BYTES / 2) __builtin_prefetch(g + t->payload); /* the key stands behind */
}

static uint8_t *find_or_make(GroupTable *t, const PackedKeys *k, int i, uint8_t **fresh, int *made)
{
    make_room(t);
    const uint64_t *w = k->words + (ptrdiff_t)i * t->keys->words;
    uint32_t at = t->keys->is_one_word ? slot_find_word(t, *w, k->nulls[i], k->hash[i])
                                       : slot_find(t, w, k->nulls[i], k->hash[i]);
    if (t->slots[at]) return entry_at(t, (uint32_t)t->slots[at] - 1);
    uint8_t *g = group_make(t, at, w, k->nulls[i], k->hash[i]);
    if (fresh) fresh[*made] = g;
    ++*made;
    return g;
}

/* Whether the first slot looked at holds the key, which it does nearly always. */
static inline uint8_t *first_slot(const GroupTable *t, uint64_t word, uint32_t nulls, uint32_t hash)
{
    uint64_t s = t->slots[hash & (t->nslots - 1)];
    if (s >> 32 != hash || !(uint32_t)s) return NULL;
    uint8_t *g = entry_at(t, (uint32_t)s - 1);
    return group_words(t, g)[0] == word && group_head(t, g)->nulls == nulls ? g : NULL;
}

int group_table_find(GroupTable *t, const PackedKeys *k, uint8_t **groups, uint8_t **fresh)
{
    int made = 0;
    bool is_one_word = t->keys->is_one_word && t->nslots;
    for (int i = 0; i < k->n; i++) {
        if (t->nslots > PREFETCH_FROM) prefetch(t, k, i);
        uint8_t *g = is_one_word ? first_slot(t, k->words[i], k->nulls[i], k->hash[i]) : NULL;
        if (!g) {
            g = find_or_make(t, k, i, fresh, &made);
            is_one_word = t->keys->is_one_word;
        }
        if (!group_head(t, g)->touched) group_table_touch(t, g);
        groups[i] = g;
    }
    return made;
}

/* Closes the gap at `at`: later entries of the same run move up where their home allows. */
static void slots_shift_back(GroupTable *t, uint32_t at)
{
    uint32_t mask = t->nslots - 1;
    for (uint32_t next = (at + 1) & mask; t->slots[next]; next = (next + 1) & mask) {
        uint32_t home = (uint32_t)(t->slots[next] >> 32) & mask;
        if (((next - home) & mask) < ((next - at) & mask)) continue;
        t->slots[at] = t->slots[next];
        at = next;
    }
    t->slots[at] = 0;
}

static void slot_remove(GroupTable *t, const GroupHead *h)
{
    uint64_t slot = slot_make(h->hash, h->number);
    uint32_t mask = t->nslots - 1, at = h->hash & mask;
    while (t->slots[at] != slot) {
        assert(t->slots[at]);
        at = (at + 1) & mask;
    }
    slots_shift_back(t, at);
}

void group_table_remove(GroupTable *t, uint8_t *group)
{
    GroupHead *h = group_head(t, group);
    if (!t->is_store) slot_remove(t, h);
    key_drop(t->keys, &t->heap, group_words(t, group));
    uint32_t number = h->number;
    *h = (GroupHead){.hash = t->free_head, .number = GROUP_FREE};
    t->free_head = number + 1;
    t->live--;
}

/* ---- the whole -------------------------------------------------------------------------------- */

void group_table_clear(GroupTable *t)
{
    heap_clear(&t->heap);
    if (t->slots) memset(t->slots, 0, (size_t)t->nslots * 8);
    t->len = t->live = t->free_head = t->ntouched = 0;
}

void group_table_free(GroupTable *t)
{
    for (int c = 0; c < GROUP_CHUNKS; c++)
        if (t->chunks[c]) mem_free(t->chunks[c], chunk_bytes(t, c));
    mem_free(t->slots, (ptrdiff_t)t->nslots * 8);
    mem_free(t->touched, (ptrdiff_t)t->touched_cap * 8);
    heap_clear(&t->heap);
    arena_free(&t->heap.arena);
    bool is_store = t->is_store;
    group_table_init(t, t->keys, t->payload);
    t->is_store = is_store;
}

uint32_t group_table_list(const GroupTable *t, uint8_t **out)
{
    uint32_t n = 0;
    for (int c = 0; c < GROUP_CHUNKS && chunk_base(c) < t->len; c++) {
        uint32_t size = (uint32_t)1 << (c + CHUNK_FIRST_LOG2), left = t->len - chunk_base(c);
        uint8_t *g = t->chunks[c];
        for (uint32_t i = 0; i < size && i < left; i++, g += t->entry)
            if (group_head(t, g)->number != GROUP_FREE) out[n++] = g;
    }
    assert(n == t->live);
    return n;
}

int64_t group_table_bytes(const GroupTable *t)
{
    int64_t bytes = (int64_t)t->nslots * 8 + (int64_t)t->touched_cap * 8 + t->heap.arena.bytes;
    for (int c = 0; c < GROUP_CHUNKS; c++)
        if (t->chunks[c]) bytes += chunk_bytes(t, c);
    return bytes;
}

void group_table_keys(const GroupTable *t, uint8_t *const *groups, int n, int col, Column *out, Arena *a)
{
    const KeyLayout *k = t->keys;
    int at = k->cols[col].at;
    if (type_width(k->cols[col].type.kind) == 8 && col < KEY_NULLS_INSIDE) {
        for (int i = 0; i < n; i++) {
            COL(uint64_t, out)[i] = group_words(t, groups[i])[at];
            if (group_head(t, groups[i])->nulls >> col & 1) column_set_null(out, a, i);
        }
        return;
    }
    for (int i = 0; i < n; i++)
        key_unpack(k, group_words(t, groups[i]), group_head(t, groups[i])->nulls, col, out, a, i);
}

void group_table_save_key(const GroupTable *t, const uint8_t *group, StrBuf *out)
{
    key_save(t->keys, group_words(t, group), group_head(t, group)->nulls, out);
}

/* ---- order ------------------------------------------------------------------------------------ */

static bool group_before(const GroupTable *t, const uint8_t *a, const uint8_t *b)
{
    return key_cmp(t->keys, group_words(t, a), group_head(t, a)->nulls, group_words(t, b),
                   group_head(t, b)->nulls) < 0;
}

/* Merges the sorted runs [lo, mid) and [mid, hi) of from into to. */
static void merge_runs(const GroupTable *t, uint8_t **from, uint8_t **to, ptrdiff_t lo, ptrdiff_t mid,
                       ptrdiff_t hi)
{
    ptrdiff_t a = lo, b = mid;
    for (ptrdiff_t i = lo; i < hi; i++)
        to[i] = b >= hi || (a < mid && !group_before(t, from[b], from[a])) ? from[a++] : from[b++];
}

void group_table_sort(const GroupTable *t, uint8_t **groups, ptrdiff_t n, Arena *scratch)
{
    uint8_t **from = groups, **to = new_raw(scratch, uint8_t *, n);
    for (ptrdiff_t width = 1; width < n; width *= 2) {
        for (ptrdiff_t lo = 0; lo < n; lo += 2 * width) {
            ptrdiff_t mid = lo + width < n ? lo + width : n, hi = mid + width < n ? mid + width : n;
            merge_runs(t, from, to, lo, mid, hi);
        }
        uint8_t **other = from;
        from = to;
        to = other;
    }
    if (from != groups) memcpy(groups, from, (size_t)n * sizeof *groups);
}
