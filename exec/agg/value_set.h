/* value_set.h: the distinct values of one group, each with how often it is there: a count for each of
 * the calls that share the set, which differ in their FILTER.
 *
 * Small sets are a list; an index comes with the ninth value. Elements lie densely; the last one
 * fills the place of one that goes. */
#ifndef WEIR_EXEC_AGG_VALUE_SET_H
#define WEIR_EXEC_AGG_VALUE_SET_H

#include "base/prefetch.h"
#include "exec/state/key_layout.h"

/* What is the same for all sets of a call, or of the calls that share them. */
typedef struct ValueShape {
    KeyLayout keys;
    int32_t ncounts;
} ValueShape;

typedef struct ValueElem {
    uint32_t hash, nulls;
    int64_t counts[];  /* ncounts; may be negative while changes are pending. Then the packed values */
} ValueElem;

static inline uint64_t *value_words(const ValueShape *v, ValueElem *e)
{
    return (uint64_t *)(void *)(e->counts + v->ncounts);
}

/* Zero-initialised is empty. */
typedef struct ValueSet {
    uint8_t *elems;
    uint64_t *slots;   /* hash << 32 | element + 1; NULL while the set is small */
    uint32_t n, cap, nslots, unused;
} ValueSet;

/* The element of a value, made with counts 0 where it is missing. Valid until the set changes. */
ValueElem *value_set_get(ValueSet *s, const ValueShape *v, StateHeap *h, const uint64_t *words, uint32_t nulls,
                         uint32_t hash);
/* Brings what value_set_get will look at to come into the cache. */
PREFETCHER void value_set_prefetch(const ValueSet *s, uint32_t hash)
{
    if (s->slots) __builtin_prefetch(&s->slots[hash >> (__builtin_clz(s->nslots) + 1)]);
    else if (s->elems) __builtin_prefetch(s->elems);
}
ValueElem *value_set_at(const ValueSet *s, const ValueShape *v, uint32_t i);
void value_set_remove(ValueSet *s, const ValueShape *v, StateHeap *h, ValueElem *e);
void value_set_free(ValueSet *s, const ValueShape *v, StateHeap *h);

#endif
