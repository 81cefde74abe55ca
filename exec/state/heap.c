/* heap.c: blocks in size classes from an arena; freed ones wait in a list per class.
 *
 * Four classes to each power of two, so at most a fifth of a block is slack. What is larger than
 * the last class comes from the allocator and goes back to it. */
#include "exec/state/heap.h"
#include "base/poison.h"

#include <assert.h>
#include <string.h>

enum { LARGEST_CLASS = 8 << ((HEAP_CLASSES - 4) / 4 + 3) };

typedef struct HeapLarge {
    struct HeapLarge *next, *prev;
    ptrdiff_t size; /* with this header */
} HeapLarge;

static int class_of(ptrdiff_t size)
{
    if (size <= 32) return size <= 16 ? 0 : size <= 24 ? 1 : 2;
    int k = 63 - __builtin_clzll((unsigned long long)(size - 1)); /* 2^k < size <= 2^(k+1) */
    return 4 * (k - 5) + (int)((size - 1) >> (k - 2)) - 1; /* 3 … for 2^5 and a quarter … */
}

static ptrdiff_t class_size(int c)
{
    if (c < 3) return 16 + 8 * (ptrdiff_t)c;
    return (ptrdiff_t)(5 + (c - 3) % 4) << ((c - 3) / 4 + 3);
}

static void *large_alloc(StateHeap *h, ptrdiff_t size)
{
    if (size > PTRDIFF_MAX - (ptrdiff_t)sizeof(HeapLarge)) oom_raise();
    ptrdiff_t whole = size + (ptrdiff_t)sizeof(HeapLarge);
    HeapLarge *b = mem_alloc_raw(whole);
    *b = (HeapLarge){.next = h->large, .size = whole};
    if (h->large) h->large->prev = b;
    h->large = b;
    h->used += size;
    return b + 1;
}

static void large_free(StateHeap *h, void *p)
{
    HeapLarge *b = (HeapLarge *)p - 1;
    *(b->prev ? &b->prev->next : &h->large) = b->next;
    if (b->next) b->next->prev = b->prev;
    h->used -= b->size - (ptrdiff_t)sizeof *b;
    mem_free(b, b->size);
}

void *heap_alloc(StateHeap *h, ptrdiff_t size)
{
    assert(size >= 0);
    if (size == 0) return NULL;
    if (size > LARGEST_CLASS) return large_alloc(h, size);
    int c = class_of(size);
    ptrdiff_t bytes = class_size(c);
    if (!h->free) h->free = new (&h->arena, void *, HEAP_CLASSES);
    void *p = h->free[c];
    if (p) {
        UNPOISON(p, bytes);
        memcpy(&h->free[c], p, sizeof(void *));
    } else {
        p = arena_alloc_raw(&h->arena, bytes, 8);
    }
    h->used += bytes;
    POISON((char *)p + size, bytes - size);
    return p;
}

void *heap_copy(StateHeap *h, const void *p, ptrdiff_t size)
{
    void *copy = heap_alloc(h, size);
    if (size) memcpy(copy, p, (size_t)size);
    return copy;
}

void heap_free(StateHeap *h, void *p, ptrdiff_t size)
{
    if (!p) return;
    assert(size > 0);
    if (size > LARGEST_CLASS) {
        large_free(h, p);
        return;
    }
    int c = class_of(size);
    assert(h->free);
    h->used -= class_size(c);
    UNPOISON(p, class_size(c));
    memcpy(p, &h->free[c], sizeof(void *));
    h->free[c] = p;
    POISON(p, class_size(c));
}

void *heap_realloc(StateHeap *h, void *p, ptrdiff_t old_size, ptrdiff_t new_size)
{
    if (p && old_size <= LARGEST_CLASS && new_size <= LARGEST_CLASS && new_size > 0 &&
        class_of(old_size) == class_of(new_size)) {
        UNPOISON(p, new_size);
        return p;
    }
    void *q = heap_alloc(h, new_size);
    ptrdiff_t kept = old_size < new_size ? old_size : new_size;
    if (p && kept > 0) memcpy(q, p, (size_t)kept);
    heap_free(h, p, old_size);
    return q;
}

void heap_clear(StateHeap *h)
{
    while (h->large) large_free(h, h->large + 1);
    arena_free(&h->arena);
    *h = (StateHeap){0};
}
