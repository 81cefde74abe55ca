/* id_map.h: from the bytes of a row's key to the ids of its rows in a view's table. */
#ifndef WEIR_EXEC_ID_MAP_H
#define WEIR_EXEC_ID_MAP_H

#include "base/prefetch.h"
#include "base/str.h"
#include "exec/state/heap.h"

/* A key and the table rows that carry it: one for a keyed view, one per copy in a bag. */
typedef struct IdEntry {
    union {
        int64_t one;     /* while cap == 0 */
        int64_t *many;
    } ids;
    int32_t n, cap;      /* ids in use, room */
    uint32_t hash;
    int32_t pending;     /* index + 1 of its change in the epoch, 0: none */
    int32_t faults;      /* copies with a value that cannot be computed (weir_faults) */
    int32_t key_len;
    char key[];
} IdEntry;

typedef struct IdMap {
    StateHeap heap;
    IdEntry **slots;     /* open addressing, linear probing by hash; power of two */
    uint32_t *hashes;    /* of the entries in the slots, so that others than the one looked for are not touched */
    int64_t nslots, used;
} IdMap;

uint64_t id_map_hash(Str key);
/* The entry of a key, made when `create`; NULL: absent. */
IdEntry *id_map_get(IdMap *m, Str key, bool create);
/* The same where the hash is known; and what brings its slot near before. */
IdEntry *id_map_find(IdMap *m, Str key, uint64_t hash, bool create);
PREFETCHER void id_map_prefetch(const IdMap *m, uint64_t hash)
{
    if (!m->nslots) return;
    __builtin_prefetch(&m->hashes[hash & (uint64_t)(m->nslots - 1)]);
    __builtin_prefetch(&m->slots[hash & (uint64_t)(m->nslots - 1)]);
}
/* The entry behind a slot that has come near. */
PREFETCHER void id_map_prefetch_entry(const IdMap *m, uint64_t hash)
{
    int64_t i = (int64_t)(hash & (uint64_t)(m->nslots - 1));
    if (!m->nslots || m->hashes[i] != hash || !m->slots[i]) return;
    __builtin_prefetch(m->slots[i]);
    __builtin_prefetch(m->slots[i]->key);
}
/* Makes room for so many keys. */
void id_map_reserve(IdMap *m, int64_t keys);
void id_map_remove(IdMap *m, IdEntry *e);
void id_entry_add(IdMap *m, IdEntry *e, int64_t id);
int64_t id_entry_take(IdEntry *e);              /* the newest id; n > 0 */
static inline const int64_t *id_entry_ids(const IdEntry *e) { return e->cap ? e->ids.many : &e->ids.one; }
/* Releases everything. */
void id_map_free(IdMap *m);
int64_t id_map_bytes(const IdMap *m);

#endif
