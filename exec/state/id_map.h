/* id_map.h: from the bytes of a row's key to the ids of its rows in a view's table. */
#ifndef WEIR_EXEC_ID_MAP_H
#define WEIR_EXEC_ID_MAP_H

#include "base/str.h"
#include "exec/state/heap.h"

/* A key and the table rows that carry it: one for a keyed view, one per copy in a bag. */
typedef struct IdEntry {
    uint64_t hash;
    const char *key;
    int32_t key_len;
    int32_t n, cap;      /* ids in use, room */
    int64_t one;         /* the ids themselves while cap == 0 */
    int64_t *many;
    int32_t pending;     /* index + 1 of its change in the epoch, 0: none */
    int32_t faults;      /* copies with a value that cannot be computed (weir_faults) */
} IdEntry;

typedef struct IdMap {
    StateHeap heap;
    IdEntry **slots;     /* open addressing, linear probing; power of two */
    int64_t nslots, used;
} IdMap;

/* The entry of a key, made when `create`; NULL: absent. */
IdEntry *id_map_get(IdMap *m, Str key, bool create);
void id_map_remove(IdMap *m, IdEntry *e);
void id_entry_add(IdMap *m, IdEntry *e, int64_t id);
int64_t id_entry_take(IdEntry *e);              /* the newest id; n > 0 */
static inline const int64_t *id_entry_ids(const IdEntry *e) { return e->cap ? e->many : &e->one; }
/* Releases everything. */
void id_map_free(IdMap *m);
int64_t id_map_bytes(const IdMap *m);

#endif
