/* session.c: see session.h. */
#include "exec/op/session.h"

static void list_grow(SessionList *l, StateHeap *h)
{
    uint32_t cap = l->cap ? l->cap * 2 : 4;
    Session **many = heap_alloc(h, checked_mul(cap, sizeof *many));
    if (l->n) memcpy(many, session_items(l), l->n * sizeof *many);
    if (l->cap) heap_free(h, l->many, l->cap * (ptrdiff_t)sizeof *many);
    l->many = many;
    l->cap = cap;
}

void session_insert(SessionList *l, StateHeap *h, uint32_t at, Session *s)
{
    if (l->n == (l->cap ? l->cap : 1)) list_grow(l, h);
    Session **items = session_items(l);
    memmove(&items[at + 1], &items[at], (l->n - at) * sizeof *items);
    items[at] = s;
    l->n++;
}

void session_remove(SessionList *l, StateHeap *h, uint32_t at)
{
    Session **items = session_items(l);
    memmove(&items[at], &items[at + 1], (l->n - at - 1) * sizeof *items);
    if (--l->n > 0 || !l->cap) return;
    heap_free(h, l->many, l->cap * (ptrdiff_t)sizeof *items);
    *l = (SessionList){0};
}

uint32_t session_after(SessionList *l, int64_t t)
{
    Session **items = session_items(l);
    if (l->n == 0 || items[l->n - 1]->min <= t) return l->n; /* the usual place */
    uint32_t low = 0, high = l->n - 1;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (items[mid]->min > t)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}
