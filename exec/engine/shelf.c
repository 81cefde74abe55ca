/* shelf.c: the memory of definitions, which ends with them. */
#include "exec/engine/engine.h"

Shelf *shelf_new(weir *db)
{
    Shelf *s = mem_alloc(sizeof *s);
    s->is_in_use = true;
    s->next = db->shelves;
    return db->shelves = s;
}

void shelf_done(Shelf *s)
{
    if (s) s->is_in_use = false;
}

void shelf_hold(Shelf *s, int64_t rel_id) { vec_push(&s->relations, &s->arena, rel_id); }

void shelf_release(weir *db, int64_t rel_id)
{
    for (Shelf *s = db->shelves; s; s = s->next)
        for (ptrdiff_t i = 0; i < s->relations.len; i++)
            if (s->relations.data[i] == rel_id) s->relations.data[i--] = s->relations.data[--s->relations.len];
}

static void shelf_free(Shelf *s)
{
    arena_free(&s->arena);
    mem_free(s, sizeof *s);
}

void shelf_sweep(weir *db)
{
    for (Shelf **at = &db->shelves; *at;) {
        Shelf *s = *at;
        if (s->is_in_use || s->relations.len > 0) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        shelf_free(s);
    }
}

void shelf_free_all(weir *db)
{
    while (db->shelves) {
        Shelf *s = db->shelves;
        db->shelves = s->next;
        shelf_free(s);
    }
}
