/* group_table.c: see group_table.h. Linear probing by the highest bits of the hash, load at most
 * 1/2, backward-shift deletion. */
#include "exec/state/group_table.h"

#include <assert.h>

enum {
    CHUNK_FIRST = GROUP_CHUNK_FIRST,
    CHUNK_FIRST_LOG2 = 3,
    SLOTS_MIN_LOG2 = 4,
    LINE_BYTES = 64,
    MOVED_MAX = 64,
    PREFETCH_AHEAD = 32,
    WRITE_AHEAD = 16, /* entries made one after the other */
    GROW_FAST_FROM = 1 << 14, /* slots: between them the index becomes four times as large, not twice */
    GROW_FAST_TO = 1 << 20,
    SETTLED_MAX = 1 << 30,
    PREFETCH_FROM = 1 << 15 /* slots: below, index and entries stay in the second-level cache */
};

_Static_assert(1 << CHUNK_FIRST_LOG2 == CHUNK_FIRST, "entries of the first chunk");

void group_table_init(GroupTable *t, const KeyLayout *keys, int payload)
{
    assert(payload % 8 == 0);
    *t = (GroupTable){.keys = keys, .payload = payload};
    t->entry = payload + (int32_t)sizeof(GroupHead) + keys->words * 8;
    if (t->entry % LINE_BYTES == LINE_BYTES - 8) t->entry += 8; /* then it lies in as few lines as it can */
}

/* ---- entries ---------------------------------------------------------------------------------- */

/* Chunk c holds 8 << c entries, so with i + 8 instead of i the highest bit names the chunk and the
 * others the place in it. */
static inline int chunk_of(uint32_t i)
{
    return 31 - CHUNK_FIRST_LOG2 - __builtin_clz(i + CHUNK_FIRST);
}

static inline uint32_t chunk_base(int c)
{
    return (((uint32_t)1 << c) - 1) << CHUNK_FIRST_LOG2;
}

static ptrdiff_t chunk_bytes(const GroupTable *t, int c)
{
    return checked_mul((ptrdiff_t)1 << (c + CHUNK_FIRST_LOG2), (size_t)t->entry) + LINE_BYTES;
}

static inline uint8_t *entry_at(const GroupTable *t, uint32_t i)
{
    int c = chunk_of(i);
    return t->chunks[c] + (size_t)(i + CHUNK_FIRST - ((uint32_t)CHUNK_FIRST << c)) * (size_t)t->entry;
}

uint8_t *group_table_at(const GroupTable *t, uint32_t i)
{
    uint8_t *g = entry_at(t, i);
    return group_head(t, g)->number == GROUP_FREE ? NULL : g;
}

static void chunk_make(GroupTable *t, int c)
{
    uint8_t *block = mem_alloc_raw(chunk_bytes(t, c));
    t->indent[c] = (uint8_t)(-(uintptr_t)block & (LINE_BYTES - 1));
    t->chunks[c] = block + t->indent[c];
}

/* Its head is to be filled. */
static uint8_t *entry_take(GroupTable *t, uint32_t *number)
{
    if (t->free_head) {
        *number = t->free_head - 1;
        uint8_t *g = entry_at(t, *number);
        t->free_head = group_head(t, g)->hash;
        return g;
    }
    int c = chunk_of(t->len);
    if (c >= GROUP_CHUNKS || t->len >= GROUP_FREE - CHUNK_FIRST) oom_raise();
    if (!t->chunks[c]) chunk_make(t, c);
    *number = t->len++;
    uint8_t *g = entry_at(t, *number);
    __builtin_prefetch(g + WRITE_AHEAD * (ptrdiff_t)t->entry, 1);
    return g;
}

/* An entry with zeroed payload, a word at a time: it is as short as a call. */
static inline uint8_t *entry_new(GroupTable *t, uint32_t nulls, uint32_t hash)
{
    uint32_t number;
    uint8_t *g = entry_take(t, &number);
    uint64_t *words = (uint64_t *)(void *)g;
    for (int32_t i = 0; i < t->payload / 8; i++) words[i] = 0;
    *group_head(t, g) = (GroupHead){.hash = hash, .nulls = nulls, .number = number};
    t->live++;
    return g;
}

/* ---- the index -------------------------------------------------------------------------------- */

static inline uint64_t slot_make(uint32_t hash, uint32_t number)
{
    return (uint64_t)hash << 32 | (number + CHUNK_FIRST);
}

static inline uint8_t *slot_entry(const GroupTable *t, uint64_t slot)
{
    return entry_at(t, (uint32_t)slot - CHUNK_FIRST);
}

static inline uint32_t slot_home(const GroupTable *t, uint64_t slot)
{
    return (uint32_t)(slot >> 32) >> t->shift;
}

/* A page of fresh memory that is read first is mapped twice. */
static void write_pages(volatile uint64_t *slots, uint32_t n)
{
    for (uint32_t i = 0; i < n; i += 4096 / sizeof *slots) slots[i] = 0;
}

/* Puts slots of the old index into the new one: first those in use side by side, without a branch, which would
 * guess wrong every other time. */
static void slots_move(const GroupTable *t, const uint64_t *from, int n)
{
    uint64_t used[MOVED_MAX];
    int nused = 0;
    for (int i = 0; i < n; i++) {
        used[nused] = from[i];
        nused += from[i] != 0;
    }
    for (int i = 0; i < nused; i++) {
        uint32_t at = slot_home(t, used[i]);
        while (t->slots[at]) at = (at + 1) & (t->nslots - 1);
        t->slots[at] = used[i];
    }
}

/* What has become large is likely to become larger: then twice as much at once saves half of the moves. */
static int growth_log2(uint32_t nslots)
{
    return nslots >= GROW_FAST_FROM && nslots < GROW_FAST_TO ? 2 : 1;
}

/* Slots lie in the order of their hashes but for collisions, before and after: memory is gone through
 * from front to back. */
static void slots_grow(GroupTable *t)
{
    int more = t->nslots ? growth_log2(t->nslots) : SLOTS_MIN_LOG2;
    uint32_t old = t->nslots, n = (old ? old : 1) << more;
    if (n == 0) oom_raise();
    uint64_t *slots = mem_alloc(checked_mul(n, sizeof *slots)), *from = t->slots;
    write_pages(slots, n);
    t->slots = slots;
    t->nslots = n;
    t->shift = (old ? t->shift : 32) - more;
    for (uint32_t i = 0; i < old; i += MOVED_MAX) slots_move(t, from + i, old < MOVED_MAX ? (int)old : MOVED_MAX);
    mem_free(from, (ptrdiff_t)old * 8);
}

static inline bool entry_is(const GroupTable *t, const uint8_t *g, const uint64_t *words, uint32_t nulls)
{
    return group_head(t, g)->nulls == nulls && key_words_eq(t->keys, group_words(t, g), words);
}

/* Where the key's slot is, or the empty one where it would go. */
static inline uint32_t slot_find(const GroupTable *t, const uint64_t *words, uint32_t nulls, uint32_t hash)
{
    uint32_t mask = t->nslots - 1, at = hash >> t->shift;
    for (; t->slots[at]; at = (at + 1) & mask) {
        uint64_t s = t->slots[at];
        if ((uint32_t)(s >> 32) == hash && entry_is(t, slot_entry(t, s), words, nulls)) break;
    }
    return at;
}

static inline void store_key(GroupTable *t, uint8_t *g, const uint64_t *words)
{
    if (t->keys->is_one_word) group_words(t, g)[0] = words[0];
    else key_store(t->keys, &t->heap, group_words(t, g), words);
}

static uint8_t *group_make(GroupTable *t, uint32_t at, const uint64_t *words, uint32_t nulls, uint32_t hash)
{
    uint8_t *g = entry_new(t, nulls, hash);
    store_key(t, g, words);
    t->slots[at] = slot_make(hash, group_head(t, g)->number);
    return g;
}

static inline void make_room(GroupTable *t)
{
    if ((uint64_t)(t->live + 1) * 2 > t->nslots) slots_grow(t);
}

static void touched_grow(GroupTable *t)
{
    uint32_t cap = t->touched_cap ? t->touched_cap * 2 : 16;
    t->touched = mem_realloc(t->touched, (ptrdiff_t)t->touched_cap * 8, checked_mul(cap, 8));
    t->touched_cap = cap;
}

void group_table_touch(GroupTable *t, uint8_t *group)
{
    GroupHead *h = group_head(t, group);
    if (h->touched > t->settled) return;
    if (t->ntouched == t->touched_cap) touched_grow(t);
    t->touched[t->ntouched++] = group;
    h->touched = t->settled + t->ntouched;
}

void group_table_settle(GroupTable *t)
{
    for (uint32_t i = 0; i < t->ntouched; i++) group_head(t, t->touched[i])->touched = 0;
    t->ntouched = 0;
}

void group_table_settle_at_once(GroupTable *t)
{
    t->settled += t->ntouched;
    t->ntouched = 0;
    if (t->settled < SETTLED_MAX) return;
    for (uint32_t i = 0; i < t->len; i++) group_head(t, entry_at(t, i))->touched = 0;
    t->settled = 0;
}

uint8_t *group_table_get(const GroupTable *t, const uint64_t *words, uint32_t nulls, uint32_t hash)
{
    if (t->live == 0) return NULL;
    uint64_t s = t->slots[slot_find(t, words, nulls, hash)];
    return s ? slot_entry(t, s) : NULL;
}

uint8_t *group_table_add(GroupTable *t, const uint64_t *words, uint32_t nulls, uint32_t hash, bool *is_new)
{
    make_room(t);
    uint32_t at = slot_find(t, words, nulls, hash);
    *is_new = t->slots[at] == 0;
    uint8_t *g = *is_new ? group_make(t, at, words, nulls, hash) : slot_entry(t, t->slots[at]);
    group_table_touch(t, g);
    return g;
}

uint8_t *group_table_append(GroupTable *t, const uint64_t *words, uint32_t nulls)
{
    assert(t->is_store);
    uint8_t *g = entry_new(t, nulls, 0);
    store_key(t, g, words);
    group_table_touch(t, g);
    return g;
}

/* Brings the index slot of a key to come into the cache, and both ends of the entry of one that comes
 * sooner. */
PREFETCHER void prefetch(const GroupTable *t, const PackedKeys *k, int i)
{
    if (i + PREFETCH_AHEAD < k->n) __builtin_prefetch(&t->slots[k->hash[i + PREFETCH_AHEAD] >> t->shift]);
    if (i + PREFETCH_AHEAD / 2 >= k->n) return;
    uint64_t s = t->slots[k->hash[i + PREFETCH_AHEAD / 2] >> t->shift];
    if (!s) return;
    const uint8_t *g = slot_entry(t, s);
    __builtin_prefetch(g);
    if (t->entry != LINE_BYTES) __builtin_prefetch(g + t->payload + sizeof(GroupHead));
}

/* The group of key i, which is not there; `at` is where it would go. */
static uint8_t *make_missing(GroupTable *t, uint32_t at, const PackedKeys *k, int i)
{
    const uint64_t *w = k->words + (ptrdiff_t)i * t->keys->words;
    if ((uint64_t)(t->live + 1) * 2 > t->nslots) {
        slots_grow(t);
        at = slot_find(t, w, k->nulls[i], k->hash[i]);
    }
    return group_make(t, at, w, k->nulls[i], k->hash[i]);
}

static inline bool same_word(const GroupTable *t, const uint8_t *g, const PackedKeys *k, int i)
{
    return group_words(t, g)[0] == k->words[i] && group_head(t, g)->nulls == k->nulls[i];
}

/* Text of up to 12 bytes is its two words; longer text has the same first one. */
static inline bool same_text(const GroupTable *t, const uint8_t *g, const PackedKeys *k, int i)
{
    const uint64_t *a = group_words(t, g), *b = k->words + (ptrdiff_t)i * 2;
    if (a[0] != b[0] || group_head(t, g)->nulls != k->nulls[i]) return false;
    return a[1] == b[1] || key_words_eq(t->keys, a, b);
}

static inline bool same_key(const GroupTable *t, const uint8_t *g, const PackedKeys *k, int i)
{
    const int32_t words = t->keys->words;
    const uint64_t *a = group_words(t, g), *b = k->words + (ptrdiff_t)i * words;
    if (group_head(t, g)->nulls != k->nulls[i]) return false;
    for (int32_t w = 0; w < words; w++)
        if (a[w] != b[w]) return t->keys->has_text && key_words_eq(t->keys, a, b);
    return true;
}

#define F_NAME find_words
#define F_SAME same_word
#include "exec/state/group_find_tmpl.h"
#define F_NAME find_texts
#define F_SAME same_text
#include "exec/state/group_find_tmpl.h"
#define F_NAME find_keys
#define F_SAME same_key
#include "exec/state/group_find_tmpl.h"

int group_table_find(GroupTable *t, const PackedKeys *k, uint8_t **groups, uint8_t **fresh)
{
    if (!t->nslots) slots_grow(t);
    if (t->keys->is_one_word) return find_words(t, k, groups, fresh);
    if (t->keys->is_one_text) return find_texts(t, k, groups, fresh);
    return find_keys(t, k, groups, fresh);
}

/* Closes the gap at `at`: later entries of the same run move up where their home allows. */
static void slots_shift_back(GroupTable *t, uint32_t at)
{
    uint32_t mask = t->nslots - 1;
    for (uint32_t next = (at + 1) & mask; t->slots[next]; next = (next + 1) & mask) {
        uint32_t home = slot_home(t, t->slots[next]);
        if (((next - home) & mask) < ((next - at) & mask)) continue;
        t->slots[at] = t->slots[next];
        at = next;
    }
    t->slots[at] = 0;
}

static void slot_remove(GroupTable *t, const GroupHead *h)
{
    uint64_t slot = slot_make(h->hash, h->number);
    uint32_t mask = t->nslots - 1, at = h->hash >> t->shift;
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
    for (int c = 0; c < GROUP_CHUNKS && t->chunks[c]; c++) mem_free(t->chunks[c] - t->indent[c], chunk_bytes(t, c));
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
    for (int c = 0; c < GROUP_CHUNKS && t->chunks[c]; c++) bytes += chunk_bytes(t, c);
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
