/* group_table.h: groups by key: an open-addressing index over densely kept entries.
 *
 * An entry is a payload that belongs to the caller (aggregate states, a list of sessions), a head
 * and the packed key. Entries never move, so a pointer to a payload names its group until it is
 * removed. The index holds (hash, entry number) pairs: a probe touches an entry only when the
 * hashes agree. Everything a table holds goes at once with group_table_clear.
 *
 * Every group found is "touched" once until group_table_settle: the list of what an epoch changed.
 *
 * A table may also be a mere store: entries are appended, equal ones too, and none is looked up. */
#ifndef WEIR_EXEC_STATE_GROUP_TABLE_H
#define WEIR_EXEC_STATE_GROUP_TABLE_H

#include "base/prefetch.h"
#include "exec/state/key_layout.h"

typedef struct GroupHead {
    uint32_t hash;
    uint32_t nulls;   /* NULL bits of the key */
    uint32_t touched; /* place in the touched list + 1 + t->settled; else at most t->settled: not in it */
    uint32_t number;  /* of the entry; GROUP_FREE: not in use */
} GroupHead;

enum { GROUP_CHUNKS = 28, GROUP_CHUNK_FIRST = 8 /* entries of the first; each next has twice as many */ };
#define GROUP_FREE UINT32_MAX

typedef struct GroupTable {
    const KeyLayout *keys;
    StateHeap heap;            /* of keys and payloads */
    int32_t payload, entry;    /* bytes */
    uint64_t *slots;           /* hash << 32 | number + 8; 0: empty */
    uint32_t nslots;           /* a power of two, or 0 */
    int32_t shift;             /* of a hash to its slot */
    uint32_t len, live;        /* entries ever made, in use */
    uint32_t free_head;        /* entry number + 1 of the first free one, 0: none */
    uint8_t *chunks[GROUP_CHUNKS]; /* each begins with a cache line */
    uint8_t indent[GROUP_CHUNKS]; /* in the blocks that they lie in */
    uint8_t **touched;
    uint32_t ntouched, touched_cap;
    uint32_t settled;          /* how many were touched and forgotten at once, since the last that took each */
    bool is_store;             /* it has no index */
} GroupTable;

/* The table keeps `keys`; payload is 8-byte aligned and zeroed when a group is made. */
void group_table_init(GroupTable *t, const KeyLayout *keys, int payload);
/* Empties the table and keeps its buffers for reuse. */
void group_table_clear(GroupTable *t);
/* Gives everything back. */
void group_table_free(GroupTable *t);

/* The group of each key, made where it is missing; groups[i] is its payload. Newly touched groups
 * are appended to t->touched. `fresh` (room for n, or NULL) gets the payloads of those just made;
 * returns their number. */
int group_table_find(GroupTable *t, const PackedKeys *keys, uint8_t **groups, uint8_t **fresh);
/* The group of one key with hash; NULL: none. Touches nothing. */
uint8_t *group_table_get(const GroupTable *t, const uint64_t *words, uint32_t nulls, uint32_t hash);
/* The same, made where it is missing (and then *is_new). Touches it. */
uint8_t *group_table_add(GroupTable *t, const uint64_t *words, uint32_t nulls, uint32_t hash, bool *is_new);
/* Of a store: one more entry, touched. */
uint8_t *group_table_append(GroupTable *t, const uint64_t *words, uint32_t nulls);
/* Takes a group out. Its payload must hold nothing of the heap any more. It must not be touched
 * or the list must be settled right after. */
void group_table_remove(GroupTable *t, uint8_t *group);
/* Puts a group on the touched list. */
void group_table_touch(GroupTable *t, uint8_t *group);
/* Forgets who was touched. */
void group_table_settle(GroupTable *t);
/* The same for who never asks: those who are on the list come onto none any more. */
static inline void group_table_unlist(GroupTable *t) { t->ntouched = 0; }
/* The same without looking at them: places are then no longer to be had from heads. */
void group_table_settle_at_once(GroupTable *t);

/* Entry number i of 0 … t->len; NULL: not in use. */
uint8_t *group_table_at(const GroupTable *t, uint32_t i);
/* Payloads of all groups, into out (room for t->live), in the order of their numbers. */
uint32_t group_table_list(const GroupTable *t, uint8_t **out);
/* Sorts n groups by key, ascending, NULL first. */
void group_table_sort(const GroupTable *t, uint8_t **groups, ptrdiff_t n, Arena *scratch);
int64_t group_table_bytes(const GroupTable *t);

/* Brings the slot of a hash near. */
PREFETCHER void group_table_prefetch(const GroupTable *t, uint32_t hash)
{
    if (t->nslots) __builtin_prefetch(&t->slots[hash >> t->shift], 1);
}

static inline GroupHead *group_head(const GroupTable *t, const uint8_t *group)
{
    return (GroupHead *)(uintptr_t)(group + t->payload);
}
static inline uint64_t *group_words(const GroupTable *t, const uint8_t *group)
{
    return (uint64_t *)(uintptr_t)(group + t->payload + sizeof(GroupHead));
}

/* Column `col` of the keys of n groups; text refers to the groups. */
void group_table_keys(const GroupTable *t, uint8_t *const *groups, int n, int col, Column *out, Arena *a);
void group_table_save_key(const GroupTable *t, const uint8_t *group, StrBuf *out);

#endif
