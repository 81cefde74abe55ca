/* map.c: an insertion-ordered hash table with open addressing over an array of items. */
#include "base/map.h"

/* FNV-1a over the bytes in lower case. */
static uint64_t hash_name(Str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (ptrdiff_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 'A' && c <= 'Z') c = (unsigned char)(c + 32);
        h = (h ^ c) * 0x100000001b3u;
    }
    return h ^ h >> 29;
}

/* The slot of the live item with this key, or the free slot that ends its chain. */
static ptrdiff_t find_slot(const Map *m, Str key)
{
    ptrdiff_t mask = m->nslots - 1;
    ptrdiff_t i = (ptrdiff_t)(hash_name(key) & (uint64_t)mask);
    for (;; i = (i + 1) & mask) {
        if (m->slots[i] == 0) return i;
        const MapItem *item = &m->items[m->slots[i] - 1];
        if (item->value && str_ieq(item->key, key)) return i;
    }
}

static MapItem *find_item(const Map *m, Str key)
{
    if (m->nslots == 0) return NULL;
    ptrdiff_t slot = find_slot(m, key);
    return m->slots[slot] ? &m->items[m->slots[slot] - 1] : NULL;
}

void *map_get(const Map *m, Str key)
{
    MapItem *item = find_item(m, key);
    return item ? item->value : NULL;
}

bool map_remove(Map *m, Str key)
{
    MapItem *item = find_item(m, key);
    if (item) item->value = NULL;
    return item != NULL;
}

static void grow(Map *m, Arena *a)
{
    Map old = *m;
    m->cap = old.cap ? old.cap * 2 : 8;
    m->items = new (a, MapItem, m->cap);
    m->nslots = m->cap * 2;
    m->slots = new (a, int32_t, m->nslots);
    m->len = 0;
    for (ptrdiff_t i = 0; i < old.len; i++) {
        if (!old.items[i].value) continue;
        ptrdiff_t slot = find_slot(m, old.items[i].key);
        m->items[m->len] = old.items[i];
        m->slots[slot] = (int32_t)++m->len;
    }
}

void map_put(Map *m, Arena *a, Str key, void *value)
{
    MapItem *item = find_item(m, key);
    if (item) {
        item->value = value;
        return;
    }
    if (m->len == m->cap) grow(m, a);
    ptrdiff_t slot = find_slot(m, key);
    m->items[m->len] = (MapItem){str_dup(a, key), value};
    m->slots[slot] = (int32_t)++m->len;
}

Map map_clone(const Map *m, Arena *a)
{
    Map copy = {0};
    for (ptrdiff_t i = 0; i < m->len; i++)
        if (m->items[i].value) map_put(&copy, a, m->items[i].key, m->items[i].value);
    return copy;
}
