/* due_heap.h: things by the time at which something may be due with them, least first. */
#ifndef WEIR_EXEC_OP_DUE_HEAP_H
#define WEIR_EXEC_OP_DUE_HEAP_H

#include <stdint.h>

typedef struct DueItem {
    int64_t due;
    void *item;
} DueItem;

/* Zero-initialised is empty. */
typedef struct DueHeap {
    DueItem *items; /* items[0] is the least */
    int64_t n, cap;
} DueHeap;

void due_heap_add(DueHeap *q, int64_t due, void *item);
DueItem due_heap_take(DueHeap *q); /* the least; n > 0 */
void due_heap_free(DueHeap *q);

#endif
