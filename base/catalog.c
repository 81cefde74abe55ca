/* catalog.c: finding relations and their columns. */
#include "base/catalog.h"

#include <assert.h>

Relation *catalog_find(const Catalog *c, Str name)
{
    return map_get(&c->relations, name);
}

Relation *catalog_by_id(const Catalog *c, int64_t id)
{
    for (ptrdiff_t i = 0; i < c->relations.len; i++) {
        Relation *r = c->relations.items[i].value;
        if (r && r->id == id) return r;
    }
    return NULL;
}

void catalog_put(Catalog *c, Relation *r)
{
    assert(r->name.n > 0);
    map_put(&c->relations, c->arena, r->name, r);
    if (r->id >= c->next_id) c->next_id = r->id + 1;
}

void catalog_remove(Catalog *c, Str name)
{
    map_remove(&c->relations, name);
}

int relation_column(const Relation *r, Str name)
{
    for (int i = 0; i < r->ncols; i++)
        if (str_ieq(r->cols[i].name, name)) return i;
    return -1;
}

Str relation_stored_name(const Relation *r, int32_t i, Arena *a)
{
    Str name = r->cols[i].name;
    if (!str_ieq(name, S("_id"))) return name;
    do
        name = str_printf(a, "%.*s_", STR_ARG(name));
    while (relation_column(r, name) >= 0);
    return name;
}
