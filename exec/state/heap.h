/* heap.h: variable-sized memory of operator state: freed piece by piece or all at once, counted. */
#ifndef WEIR_EXEC_STATE_HEAP_H
#define WEIR_EXEC_STATE_HEAP_H

#include "base/arena.h"

enum { HEAP_CLASSES = 55 };

typedef struct StateHeap {
    Arena arena;              /* where blocks come from */
    void **free;              /* free lists by size class: 16, 24, 32, 40, 48, 56, 64, 80, 96, … bytes; NULL: nothing was asked for */
    struct HeapLarge *large;  /* blocks beyond the largest class, each from the allocator */
    int64_t used;             /* bytes in live blocks */
} StateHeap;

/* At least `size` bytes, 8-byte aligned, not zeroed. size 0 gives NULL. */
void *heap_alloc(StateHeap *h, ptrdiff_t size);
void *heap_copy(StateHeap *h, const void *p, ptrdiff_t size);
/* `size` as it was asked for. */
void heap_free(StateHeap *h, void *p, ptrdiff_t size);
void *heap_realloc(StateHeap *h, void *p, ptrdiff_t old_size, ptrdiff_t new_size);
/* Everything at once; the heap can be used again. */
void heap_clear(StateHeap *h);

#endif
