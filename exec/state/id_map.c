/* id_map.c: open addressing with backward-shift deletion, entries in the map's heap. */
#include "exec/state/id_map.h"

#include "base/hash.h"

#include <assert.h>
#include <stddef.h>

enum { ID_MAP_MIN = 16, RESERVED_MAX = 1 << 25 /* slots: more are only made for keys that came */ };

static void place(IdMap *m, IdEntry *e, uint32_t hash)
{
    int64_t i = (int64_t)(hash & (uint64_t)(m->nslots - 1));
    while (m->slots[i]) i = (i + 1) & (m->nslots - 1);
    m->slots[i] = e;
    m->hashes[i] = hash;
}

enum { SLOT_BYTES = sizeof(IdEntry *) + sizeof(uint32_t) };

/* Slots and hashes lie in one piece. */
static void resize(IdMap *m, int64_t nslots)
{
    IdEntry **old = m->slots;
    uint32_t *old_hashes = m->hashes;
    int64_t old_n = m->nslots;
    m->slots = mem_alloc(checked_mul(nslots, SLOT_BYTES));
    m->hashes = (uint32_t *)(void *)(m->slots + nslots);
    m->nslots = nslots;
    for (int64_t i = 0; i < old_n; i++)
        if (old[i]) place(m, old[i], old_hashes[i]);
    mem_free(old, old_n * SLOT_BYTES);
}

void id_map_reserve(IdMap *m, int64_t keys)
{
    int64_t nslots = m->nslots ? m->nslots : ID_MAP_MIN;
    while (nslots / 2 < keys && nslots < RESERVED_MAX) nslots *= 2;
    if (keys > 0 && nslots > m->nslots) resize(m, nslots);
}

uint64_t id_map_hash(Str key) { return hash_bytes(key.p, key.n) & UINT32_MAX; }

static ptrdiff_t entry_bytes(ptrdiff_t key_len) { return (ptrdiff_t)offsetof(IdEntry, key) + key_len; }

static IdEntry *entry_make(IdMap *m, Str key, uint64_t hash)
{
    if (key.n > INT32_MAX) oom_raise();
    IdEntry *e = heap_alloc(&m->heap, entry_bytes(key.n));
    memset(e, 0, offsetof(IdEntry, key));
    e->hash = (uint32_t)hash;
    e->key_len = (int32_t)key.n;
    if (key.n) memcpy(e->key, key.p, (size_t)key.n);
    return e;
}

IdEntry *id_map_find(IdMap *m, Str key, uint64_t hash, bool create)
{
    if (!m->nslots && !create) return NULL;
    if (!key.n) key.p = "";
    if (create && (m->used + 1) * 2 > m->nslots) resize(m, m->nslots ? m->nslots * 2 : ID_MAP_MIN);
    int64_t i = (int64_t)(hash & (uint64_t)(m->nslots - 1));
    for (IdEntry *e; (e = m->slots[i]); i = (i + 1) & (m->nslots - 1))
        if (m->hashes[i] == hash && e->key_len == key.n && (!key.n || !memcmp(e->key, key.p, (size_t)key.n))) return e;
    if (!create) return NULL;
    IdEntry *e = entry_make(m, key, hash);
    m->used++;
    m->hashes[i] = (uint32_t)hash;
    return m->slots[i] = e;
}

IdEntry *id_map_get(IdMap *m, Str key, bool create)
{
    return id_map_find(m, key, id_map_hash(key), create);
}

void id_map_remove(IdMap *m, IdEntry *e)
{
    int64_t mask = m->nslots - 1, i = (int64_t)(e->hash & (uint64_t)mask);
    while (m->slots[i] != e) i = (i + 1) & mask;
    m->slots[i] = NULL;
    for (int64_t j = (i + 1) & mask; m->slots[j]; j = (j + 1) & mask) {
        int64_t home = (int64_t)(m->hashes[j] & (uint64_t)mask);
        if (((j - home) & mask) < ((j - i) & mask)) continue; /* already at or behind its home */
        m->slots[i] = m->slots[j];
        m->hashes[i] = m->hashes[j];
        m->slots[j] = NULL;
        i = j;
    }
    m->used--;
    if (e->cap) heap_free(&m->heap, e->ids.many, e->cap * (ptrdiff_t)sizeof(int64_t));
    heap_free(&m->heap, e, entry_bytes(e->key_len));
}

static void entry_grow(IdMap *m, IdEntry *e)
{
    int32_t cap = e->cap ? e->cap * 2 : 4;
    int64_t *many = heap_alloc(&m->heap, cap * (ptrdiff_t)sizeof *many);
    memcpy(many, id_entry_ids(e), (size_t)e->n * sizeof *many);
    if (e->cap) heap_free(&m->heap, e->ids.many, e->cap * (ptrdiff_t)sizeof *many);
    e->ids.many = many;
    e->cap = cap;
}

void id_entry_add(IdMap *m, IdEntry *e, int64_t id)
{
    if (e->n == (e->cap ? e->cap : 1)) entry_grow(m, e);
    if (e->cap) e->ids.many[e->n] = id;
    else e->ids.one = id;
    e->n++;
}

int64_t id_entry_take(IdEntry *e)
{
    assert(e->n > 0);
    e->n--;
    return id_entry_ids(e)[e->n];
}

void id_map_free(IdMap *m)
{
    mem_free(m->slots, m->nslots * SLOT_BYTES);
    heap_clear(&m->heap);
    *m = (IdMap){0};
}

int64_t id_map_bytes(const IdMap *m)
{
    return m->heap.used + m->nslots * SLOT_BYTES;
}
