/* log.c: records of state, written and folded.
 *
 * A record is its kind (one byte), then its parts, each a LEB128 length and bytes: put has space,
 * key and value, del space and key, drop the space. A fold keeps a table of spaces, each a table
 * of keys; what is left is sorted, so the order depends on nothing but the records. */
#include "exec/state/log.h"
#include "base/hash.h"

#include <stdlib.h>

enum { RECORD_PUT = 1, RECORD_DEL = 2, RECORD_DROP = 3 };

static void write_part(StrBuf *b, Str s)
{
    sb_varint(b, (uint64_t)s.n);
    sb_str(b, s);
}

static void write_head(StateWriter *w, char kind, Str space)
{
    sb_char(&w->buf, kind);
    write_part(&w->buf, space);
    w->records++;
}

void state_put(StateWriter *w, Str space, Str key, Str value)
{
    write_head(w, RECORD_PUT, space);
    write_part(&w->buf, key);
    write_part(&w->buf, value);
}

void state_del(StateWriter *w, Str space, Str key)
{
    write_head(w, RECORD_DEL, space);
    write_part(&w->buf, key);
}

void state_drop(StateWriter *w, Str space)
{
    write_head(w, RECORD_DROP, space);
}

/* One key of a space, or one space (its value is unused, `keys` is its content). */
typedef struct Cell Cell;
typedef struct Table {
    Cell **slots; /* chains */
    ptrdiff_t nslots, n;
} Table;
struct Cell {
    Cell *next;
    uint64_t hash;
    Str key;
    Str value;
    ptrdiff_t room; /* bytes that value.p may hold */
    Table keys;
};

struct StateFold {
    Arena *arena;
    Table spaces;
    Cell *unused; /* cells of deleted keys, for reuse */
};

StateFold *state_fold_new(Arena *a)
{
    StateFold *f = new_one(a, StateFold);
    f->arena = a;
    return f;
}

static Cell **find_link(const Table *t, uint64_t hash, Str key)
{
    Cell **link = &t->slots[hash & (uint64_t)(t->nslots - 1)];
    while (*link && ((*link)->hash != hash || !str_eq((*link)->key, key))) link = &(*link)->next;
    return link;
}

static void table_grow(Table *t, Arena *a)
{
    Table old = *t;
    t->nslots = old.nslots ? old.nslots * 2 : 16;
    t->slots = new (a, Cell *, t->nslots);
    for (ptrdiff_t i = 0; i < old.nslots; i++) {
        for (Cell *c = old.slots[i], *next; c; c = next) {
            next = c->next;
            Cell **slot = &t->slots[c->hash & (uint64_t)(t->nslots - 1)];
            c->next = *slot;
            *slot = c;
        }
    }
}

/* The bytes of s in a cell's own memory, which they may already be. */
static Str own_bytes(Arena *a, Str old, ptrdiff_t *room, Str s)
{
    char *p = (char *)old.p;
    if (s.n > *room || !p) {
        p = arena_alloc_raw(a, s.n, 1);
        *room = s.n;
    }
    if (s.n) memcpy(p, s.p, (size_t)s.n);
    return str_of(p, s.n);
}

static Cell *table_ensure(StateFold *f, Table *t, Str key)
{
    if (t->n >= t->nslots) table_grow(t, f->arena);
    uint64_t hash = hash_bytes(key.p, key.n);
    Cell **link = find_link(t, hash, key);
    if (*link) return *link;
    Cell *c = f->unused;
    if (c)
        f->unused = c->next;
    else
        c = new_one(f->arena, Cell);
    *c = (Cell){.hash = hash, .key = str_dup(f->arena, key), .value = c->value, .room = c->room};
    t->n++;
    return *link = c;
}

static Cell *table_find(const Table *t, Str key)
{
    return t->nslots ? *find_link(t, hash_bytes(key.p, key.n), key) : NULL;
}

static void table_remove(StateFold *f, Table *t, Str key)
{
    if (t->nslots == 0) return;
    Cell **link = find_link(t, hash_bytes(key.p, key.n), key);
    Cell *c = *link;
    if (!c) return;
    *link = c->next;
    c->next = f->unused;
    f->unused = c;
    t->n--;
}

static void table_clear(StateFold *f, Table *t)
{
    for (ptrdiff_t i = 0; i < t->nslots; i++) {
        for (Cell *c = t->slots[i], *next; c; c = next) {
            next = c->next;
            c->next = f->unused;
            f->unused = c;
        }
        t->slots[i] = NULL;
    }
    t->n = 0;
}

static Str read_part(StrReader *r)
{
    uint64_t n = sr_varint(r);
    return sr_bytes(r, n > PTRDIFF_MAX ? -1 : (ptrdiff_t)n);
}

static void fold_put(StateFold *f, Str space, Str key, Str value)
{
    Cell *s = table_ensure(f, &f->spaces, space);
    Cell *c = table_ensure(f, &s->keys, key);
    c->value = own_bytes(f->arena, c->value, &c->room, value);
}

static bool fold_record(StateFold *f, StrReader *r)
{
    Str kind = sr_bytes(r, 1);
    Str space = read_part(r);
    int k = kind.n ? kind.p[0] : 0;
    if (k == RECORD_DROP) {
        Cell *s = table_find(&f->spaces, space);
        if (s) table_clear(f, &s->keys);
        return !r->bad;
    }
    Str key = read_part(r);
    Str value = k == RECORD_PUT ? read_part(r) : (Str){0};
    if (r->bad || (k != RECORD_PUT && k != RECORD_DEL)) return false;
    Cell *s = table_find(&f->spaces, space);
    if (k == RECORD_PUT)
        fold_put(f, space, key, value);
    else if (s)
        table_remove(f, &s->keys, key);
    return true;
}

Status state_fold_add(StateFold *f, Str records)
{
    StrReader r = {.at = records.p, .end = records.p + records.n};
    while (r.at < r.end)
        if (!fold_record(f, &r)) return WEIR_E_CORRUPT;
    return WEIR_OK;
}

static int cell_order(const void *a, const void *b)
{
    return str_cmp((*(Cell *const *)a)->key, (*(Cell *const *)b)->key);
}

static Cell **table_sorted(const Table *t, Arena *a)
{
    Cell **all = new (a, Cell *, t->n);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < t->nslots; i++)
        for (Cell *c = t->slots[i]; c; c = c->next) all[n++] = c;
    if (n) qsort(all, (size_t)n, sizeof *all, cell_order);
    return all;
}

Status state_fold_each(StateFold *f, Status (*each)(void *arg, Str space, Str key, Str value),
                       void *arg)
{
    Cell **spaces = table_sorted(&f->spaces, f->arena);
    for (ptrdiff_t i = 0; i < f->spaces.n; i++) {
        Cell **cells = table_sorted(&spaces[i]->keys, f->arena);
        for (ptrdiff_t k = 0; k < spaces[i]->keys.n; k++)
            TRY(each(arg, spaces[i]->key, cells[k]->key, cells[k]->value));
    }
    return WEIR_OK;
}
