/* value_set.h: the distinct values of one group, each with how often it is there.
 *
 * Small sets are a list; an index comes with the ninth value. Elements lie densely; the last one
 * fills the place of one that goes. */
#ifndef WEIR_EXEC_AGG_VALUE_SET_H
#define WEIR_EXEC_AGG_VALUE_SET_H

#include "exec/state/key_layout.h"

typedef struct ValueElem {
    int64_t count;     /* may be negative while changes are pending */
    uint32_t hash, nulls;
    uint64_t words[];  /* the packed values */
} ValueElem;

/* Zero-initialised is empty. */
typedef struct ValueSet {
    uint8_t *elems;
    uint64_t *slots;   /* hash << 32 | element + 1; NULL while the set is small */
    uint32_t n, cap, nslots, unused;
} ValueSet;

/* The element of a value, made with count 0 where it is missing. Valid until the set changes. */
ValueElem *value_set_get(ValueSet *s, const KeyLayout *k, StateHeap *h, const uint64_t *words, uint32_t nulls,
                         uint32_t hash);
ValueElem *value_set_at(const ValueSet *s, const KeyLayout *k, uint32_t i);
void value_set_remove(ValueSet *s, const KeyLayout *k, StateHeap *h, ValueElem *e);
void value_set_free(ValueSet *s, const KeyLayout *k, StateHeap *h);

#endif
