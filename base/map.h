/* map.h: names to things. Keys compare without ASCII case; insertion order is kept. */
#ifndef WEIR_BASE_MAP_H
#define WEIR_BASE_MAP_H

#include "base/str.h"

typedef struct MapItem {
    Str key;
    void *value;
} MapItem;

typedef struct Map {
    MapItem *items; /* 0..len, in insertion order; removed ones have value NULL */
    ptrdiff_t len, cap;
    int32_t *slots; /* index + 1 into items, 0 empty */
    ptrdiff_t nslots;
} Map;

void *map_get(const Map *m, Str key);                        /* NULL: absent */
void map_put(Map *m, Arena *a, Str key, void *value);        /* replaces; value not NULL */
bool map_remove(Map *m, Str key);
Map map_clone(const Map *m, Arena *a);

#endif
