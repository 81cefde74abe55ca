/* id_map.c: open addressing with backward-shift deletion, entries in the map's heap. */
#include "exec/state/id_map.h"

#include "base/hash.h"

#include <assert.h>

enum { ID_MAP_MIN = 16 };

static void place(IdMap *m, IdEntry *e)
{
    int64_t i = (int64_t)(e->hash & (uint64_t)(m->nslots - 1));
    while (m->slots[i]) i = (i + 1) & (m->nslots - 1);
    m->slots[i] = e;
}

static void resize(IdMap *m, int64_t nslots)
{
    IdEntry **old = m->slots;
    int64_t old_n = m->nslots;
    m->slots = mem_alloc(checked_mul(nslots, sizeof *m->slots));
    m->nslots = nslots;
    for (int64_t i = 0; i < old_n; i++)
        if (old[i]) place(m, old[i]);
    mem_free(old, old_n * (ptrdiff_t)sizeof *old);
}

IdEntry *id_map_get(IdMap *m, Str key, bool create)
{
    if (!m->nslots && !create) return NULL;
    if (create && (m->used + 1) * 2 > m->nslots) resize(m, m->nslots ? m->nslots * 2 : ID_MAP_MIN);
    uint64_t h = hash_bytes(key.p, key.n);
    int64_t i = (int64_t)(h & (uint64_t)(m->nslots - 1));
    for (IdEntry *e; (e = m->slots[i]); i = (i + 1) & (m->nslots - 1))
        if (e->hash == h && e->key_len == key.n && !memcmp(e->key, key.p, (size_t)key.n)) return e;
    if (!create) return NULL;
    IdEntry *e = heap_alloc(&m->heap, sizeof *e);
    *e = (IdEntry){.hash = h, .key_len = (int32_t)key.n, .key = heap_copy(&m->heap, key.p, key.n)};
    m->slots[i] = e;
    m->used++;
    return e;
}

void id_map_remove(IdMap *m, IdEntry *e)
{
    int64_t mask = m->nslots - 1, i = (int64_t)(e->hash & (uint64_t)mask);
    while (m->slots[i] != e) i = (i + 1) & mask;
    m->slots[i] = NULL;
    for (int64_t j = (i + 1) & mask; m->slots[j]; j = (j + 1) & mask) {
        int64_t home = (int64_t)(m->slots[j]->hash & (uint64_t)mask);
        if (((j - home) & mask) < ((j - i) & mask)) continue; /* already at or behind its home */
        m->slots[i] = m->slots[j];
        m->slots[j] = NULL;
        i = j;
    }
    m->used--;
    heap_free(&m->heap, (void *)e->key, e->key_len);
    if (e->cap) heap_free(&m->heap, e->many, e->cap * (ptrdiff_t)sizeof(int64_t));
    heap_free(&m->heap, e, sizeof *e);
}

void id_entry_add(IdMap *m, IdEntry *e, int64_t id)
{
    if (e->n == 0 && e->cap == 0) {
        e->one = id;
    } else {
        if (e->cap == 0) {
            int64_t *many = heap_alloc(&m->heap, 4 * (ptrdiff_t)sizeof *many);
            many[0] = e->one;
            e->many = many;
            e->cap = 4;
        } else if (e->n == e->cap) {
            e->many = heap_realloc(&m->heap, e->many, e->cap * (ptrdiff_t)sizeof *e->many,
                                   2 * e->cap * (ptrdiff_t)sizeof *e->many);
            e->cap *= 2;
        }
        e->many[e->n] = id;
    }
    e->n++;
}

int64_t id_entry_take(IdEntry *e)
{
    assert(e->n > 0);
    e->n--;
    return e->cap ? e->many[e->n] : e->one;
}

void id_map_free(IdMap *m)
{
    mem_free(m->slots, m->nslots * (ptrdiff_t)sizeof *m->slots);
    heap_clear(&m->heap);
    *m = (IdMap){0};
}

int64_t id_map_bytes(const IdMap *m)
{
    return m->heap.used + m->nslots * (int64_t)sizeof *m->slots;
}
