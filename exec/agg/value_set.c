/* value_set.c: see value_set.h. */
#include "exec/agg/value_set.h"

enum { LIST_MAX = 8 };

static ptrdiff_t elem_bytes(const ValueShape *v)
{
    return (ptrdiff_t)sizeof(ValueElem) + (ptrdiff_t)(v->ncounts + v->keys.words) * 8;
}

ValueElem *value_set_at(const ValueSet *s, const ValueShape *v, uint32_t i)
{
    return (ValueElem *)(void *)(s->elems + (ptrdiff_t)i * elem_bytes(v));
}

static uint32_t home_of(const ValueSet *s, uint32_t hash)
{
    return hash >> (__builtin_clz(s->nslots) + 1);
}

static uint64_t slot_make(uint32_t hash, uint32_t at)
{
    return (uint64_t)hash << 32 | (at + 1);
}

static void slots_put(ValueSet *s, uint64_t slot)
{
    uint32_t mask = s->nslots - 1, at = home_of(s, (uint32_t)(slot >> 32));
    while (s->slots[at]) at = (at + 1) & mask;
    s->slots[at] = slot;
}

static void slots_build(ValueSet *s, const ValueShape *v, StateHeap *h)
{
    uint32_t want = s->nslots ? s->nslots * 2 : LIST_MAX * 4;
    heap_free(h, s->slots, (ptrdiff_t)s->nslots * 8);
    s->slots = heap_alloc(h, checked_mul(want, 8));
    memset(s->slots, 0, (size_t)want * 8);
    s->nslots = want;
    for (uint32_t i = 0; i < s->n; i++) slots_put(s, slot_make(value_set_at(s, v, i)->hash, i));
}

static inline bool elem_is(const ValueShape *v, ValueElem *e, const uint64_t *words, uint32_t nulls, uint32_t hash)
{
    if (e->hash != hash || e->nulls != nulls) return false;
    if (v->keys.is_one_word) return value_words(v, e)[0] == words[0];
    return key_words_eq(&v->keys, value_words(v, e), words);
}

/* The value's place in the list; s->n: it has none. */
static uint32_t find(const ValueSet *s, const ValueShape *v, const uint64_t *words, uint32_t nulls, uint32_t hash)
{
    if (!s->slots) {
        uint32_t i = 0;
        while (i < s->n && !elem_is(v, value_set_at(s, v, i), words, nulls, hash)) i++;
        return i;
    }
    uint32_t mask = s->nslots - 1;
    for (uint32_t at = home_of(s, hash); s->slots[at]; at = (at + 1) & mask) {
        uint32_t i = (uint32_t)s->slots[at] - 1;
        if ((uint32_t)(s->slots[at] >> 32) == hash && elem_is(v, value_set_at(s, v, i), words, nulls, hash)) return i;
    }
    return s->n;
}

static void grow(ValueSet *s, const ValueShape *v, StateHeap *h)
{
    uint32_t cap = s->cap ? s->cap * 2 : 2;
    s->elems = heap_realloc(h, s->elems, s->cap * elem_bytes(v), checked_mul(cap, (size_t)elem_bytes(v)));
    s->cap = cap;
}

ValueElem *value_set_get(ValueSet *s, const ValueShape *v, StateHeap *h, const uint64_t *words, uint32_t nulls,
                         uint32_t hash)
{
    uint32_t i = find(s, v, words, nulls, hash);
    if (i < s->n) return value_set_at(s, v, i);
    if (s->n == s->cap) grow(s, v, h);
    ValueElem *e = value_set_at(s, v, s->n++);
    memset(e, 0, sizeof *e + (size_t)v->ncounts * 8);
    e->hash = hash;
    e->nulls = nulls;
    key_store(&v->keys, h, value_words(v, e), words);
    if (s->n > LIST_MAX && (uint64_t)s->n * 4 > (uint64_t)s->nslots * 3)
        slots_build(s, v, h);
    else if (s->slots)
        slots_put(s, slot_make(hash, i));
    return e;
}

static uint32_t slot_at(const ValueSet *s, uint64_t slot)
{
    uint32_t mask = s->nslots - 1, at = home_of(s, (uint32_t)(slot >> 32));
    while (s->slots[at] != slot) at = (at + 1) & mask;
    return at;
}

static void slots_remove(ValueSet *s, uint32_t at)
{
    uint32_t mask = s->nslots - 1;
    for (uint32_t next = (at + 1) & mask; s->slots[next]; next = (next + 1) & mask) {
        uint32_t home = home_of(s, (uint32_t)(s->slots[next] >> 32));
        if (((next - home) & mask) < ((next - at) & mask)) continue;
        s->slots[at] = s->slots[next];
        at = next;
    }
    s->slots[at] = 0;
}

void value_set_remove(ValueSet *s, const ValueShape *v, StateHeap *h, ValueElem *e)
{
    uint32_t i = (uint32_t)(((uint8_t *)e - s->elems) / elem_bytes(v)), last = s->n - 1;
    key_drop(&v->keys, h, value_words(v, e));
    if (s->slots) slots_remove(s, slot_at(s, slot_make(e->hash, i)));
    if (i != last) {
        ValueElem *moved = value_set_at(s, v, last);
        if (s->slots) s->slots[slot_at(s, slot_make(moved->hash, last))] = slot_make(moved->hash, i);
        memcpy(e, moved, (size_t)elem_bytes(v));
    }
    if (--s->n == 0) value_set_free(s, v, h);
}

void value_set_free(ValueSet *s, const ValueShape *v, StateHeap *h)
{
    for (uint32_t i = 0; v->keys.has_text && i < s->n; i++) key_drop(&v->keys, h, value_words(v, value_set_at(s, v, i)));
    heap_free(h, s->elems, (ptrdiff_t)s->cap * elem_bytes(v));
    heap_free(h, s->slots, (ptrdiff_t)s->nslots * 8);
    *s = (ValueSet){0};
}
