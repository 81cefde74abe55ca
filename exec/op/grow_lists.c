/* grow_lists.c: rows of a key, and what goes together. */
#include "exec/op/grow.h"

/* ---- lists -------------------------------------------------------------------------------------- */

static ptrdiff_t entries_bytes(uint32_t cap) { return checked_mul(cap, sizeof(GrowEntry)); }

static void list_reserve(GrowList *l, StateHeap *h)
{
    if (!l->is_many) {
        GrowEntry *many = heap_alloc(h, entries_bytes(4));
        many[0] = l->one;
        l->many = many;
        l->first = 0;
        l->cap = 4;
        l->is_many = true;
    } else if (l->first + l->n == l->cap && l->first >= (l->n + 1) / 2) { /* the free part in front is great enough */
        memmove(l->many, l->many + l->first, l->n * sizeof *l->many);
        l->first = 0;
    } else if (l->first + l->n == l->cap) {
        l->many = heap_realloc(h, l->many, entries_bytes(l->cap), entries_bytes(l->cap * 2));
        l->cap *= 2;
    }
}

void grow_list_add(GrowList *l, StateHeap *h, GrowEntry e)
{
    if (l->n == 0 && !l->is_many) {
        l->one = e;
        l->n = 1;
        return;
    }
    list_reserve(l, h);
    GrowEntry *entries = grow_entries(l);
    uint32_t at = l->n;
    if (at > 0 && entries[at - 1].time > e.time) {
        at = e.time == INT64_MAX ? l->n : grow_list_from(l, e.time + 1);
        memmove(entries + at + 1, entries + at, (l->n - at) * sizeof *entries);
    }
    entries[at] = e;
    l->n++;
}

void grow_list_drop(GrowList *l, StateHeap *h, uint32_t n)
{
    l->n -= n;
    if (l->is_many) l->first += n;
    if (l->n > 0) return;
    if (l->is_many) heap_free(h, l->many, entries_bytes(l->cap));
    *l = (GrowList){.n = 0};
}

uint32_t grow_list_from(GrowList *l, int64_t t)
{
    const GrowEntry *entries = grow_entries(l);
    uint32_t low = 0, high = l->n;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (entries[mid].time < t) low = mid + 1;
        else high = mid;
    }
    return low;
}

/* ---- buckets ------------------------------------------------------------------------------------ */

enum { BUCKETS_MIN = 8, ITEMS_MIN = 32 };

static GrowBucket *bucket_insert(GrowBuckets *b, int32_t at, int64_t number)
{
    if (b->n == b->cap) {
        int32_t cap = b->cap ? b->cap * 2 : BUCKETS_MIN;
        b->list = mem_realloc(b->list, checked_mul(b->cap, sizeof *b->list), checked_mul(cap, sizeof *b->list));
        b->cap = cap;
    }
    memmove(b->list + at + 1, b->list + at, (size_t)(b->n - at) * sizeof *b->list);
    b->list[at] = (GrowBucket){.number = number};
    b->n++;
    b->last = at;
    return &b->list[at];
}

static GrowBucket *bucket_of(GrowBuckets *b, int64_t number)
{
    if (b->last >= b->ngone && b->last < b->n && b->list[b->last].number == number) return &b->list[b->last];
    int32_t low = b->ngone, high = b->n;
    while (low < high) {
        int32_t mid = (low + high) / 2;
        if (b->list[mid].number < number) low = mid + 1;
        else high = mid;
    }
    if (low == b->n || b->list[low].number != number) return bucket_insert(b, low, number);
    b->last = low;
    return &b->list[low];
}

void grow_bucket_add(GrowBuckets *b, int64_t number, uint8_t *item)
{
    GrowBucket *to = bucket_of(b, number);
    if (to->n == to->cap) {
        int64_t cap = to->cap ? to->cap * 2 : ITEMS_MIN;
        to->items = mem_realloc(to->items, checked_mul(to->cap, sizeof *to->items), checked_mul(cap, sizeof *to->items));
        to->cap = cap;
    }
    to->items[to->n++] = item;
}

GrowRoom *grow_bucket_room(GrowBuckets *b, int64_t number)
{
    GrowBucket *of = bucket_of(b, number);
    if (!of->room && b->spare) {
        of->room = b->spare;
        b->spare = of->room->next;
    } else if (!of->room) {
        of->room = mem_alloc(sizeof *of->room);
    }
    return of->room;
}

const GrowBucket *grow_bucket_take(GrowBuckets *b, int64_t number)
{
    if (b->n == b->ngone || b->list[b->ngone].number > number) return NULL;
    return &b->list[b->ngone++];
}

static void items_free(GrowBucket *b)
{
    mem_free(b->items, b->cap * (ptrdiff_t)sizeof *b->items);
}

void grow_buckets_settle(GrowBuckets *b)
{
    for (int32_t i = 0; i < b->ngone; i++) {
        GrowRoom *room = b->list[i].room;
        items_free(&b->list[i]);
        if (!room) continue;
        arena_reset(&room->arena);
        room->bytes = 0;
        room->next = b->spare;
        b->spare = room;
    }
    b->n -= b->ngone;
    if (b->ngone) memmove(b->list, b->list + b->ngone, (size_t)b->n * sizeof *b->list);
    b->ngone = b->last = 0;
}

void grow_buckets_free(GrowBuckets *b)
{
    b->ngone = b->n;
    grow_buckets_settle(b);
    for (GrowRoom *room = b->spare, *next; room; room = next) {
        next = room->next;
        arena_free(&room->arena);
        mem_free(room, sizeof *room);
    }
    mem_free(b->list, b->cap * (ptrdiff_t)sizeof *b->list);
    *b = (GrowBuckets){0};
}

int64_t grow_buckets_bytes(const GrowBuckets *b)
{
    int64_t bytes = b->cap * (int64_t)sizeof *b->list;
    for (int32_t i = 0; i < b->n; i++) {
        const GrowBucket *of = &b->list[i];
        bytes += of->cap * (int64_t)sizeof *of->items;
        if (of->room) bytes += (int64_t)sizeof *of->room + of->room->bytes;
    }
    return bytes;
}
