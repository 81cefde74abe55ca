/* due_heap.c: a binary heap. */
#include "exec/op/due_heap.h"
#include "base/arena.h"

void due_heap_add(DueHeap *q, int64_t due, void *item)
{
    if (q->n == q->cap) {
        int64_t cap = q->cap ? q->cap * 2 : 64;
        q->items = mem_realloc(q->items, checked_mul(q->cap, sizeof *q->items), checked_mul(cap, sizeof *q->items));
        q->cap = cap;
    }
    int64_t at = q->n++;
    for (; at > 0 && q->items[(at - 1) / 2].due > due; at = (at - 1) / 2) q->items[at] = q->items[(at - 1) / 2];
    q->items[at] = (DueItem){due, item};
}

DueItem due_heap_take(DueHeap *q)
{
    DueItem least = q->items[0], last = q->items[--q->n];
    int64_t at = 0;
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= q->n) break;
        if (child + 1 < q->n && q->items[child + 1].due < q->items[child].due) child++;
        if (q->items[child].due >= last.due) break;
        q->items[at] = q->items[child];
        at = child;
    }
    if (q->n) q->items[at] = last;
    return least;
}

void due_heap_free(DueHeap *q)
{
    mem_free(q->items, q->cap * (ptrdiff_t)sizeof *q->items);
    *q = (DueHeap){0};
}
