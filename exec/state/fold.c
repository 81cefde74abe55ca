/* fold.c: see fold.h. A hash table of keys, and one of spaces. A key's entry counts unless its space
 * was dropped after it: so a drop costs nothing, however much it drops. */
#include "exec/state/fold.h"

#include "base/hash.h"
#include "exec/state/log.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 64 };

StateFold *state_fold_new(Arena *a)
{
    StateFold *f = new_one(a, StateFold);
    f->arena = a;
    return f;
}

/* ---- places ------------------------------------------------------------------------------------ */

/* A NUL in a space becomes 00 FF, its end 00 00: the order is that of the spaces, then of the keys. */
static char *write_place(char *p, Str space, Str key)
{
    for (ptrdiff_t i = 0; i < space.n; i++) {
        *p++ = space.p[i];
        if (space.p[i] == 0) *p++ = (char)0xff;
    }
    *p++ = 0;
    *p++ = 0;
    if (key.n) memcpy(p, key.p, (size_t)key.n);
    return p + key.n;
}

static ptrdiff_t place_bytes(Str space, Str key)
{
    ptrdiff_t n = space.n + 2 + key.n;
    for (ptrdiff_t i = 0; i < space.n; i++) n += space.p[i] == 0;
    return n;
}

void state_place(StrBuf *b, Str space, Str key)
{
    sb_reserve(b, 2 * space.n + 2 + key.n);
    b->n = write_place(b->p + b->n, space, key) - b->p;
}

ptrdiff_t place_common(Str a, Str b, ptrdiff_t most)
{
    ptrdiff_t n = a.n < b.n ? a.n : b.n, i = 0;
    if (n > most) n = most;
    while (i < n && a.p[i] == b.p[i]) i++;
    return i;
}

uint64_t place_head(Str place, ptrdiff_t at)
{
    uint64_t head = 0;
    for (ptrdiff_t i = at; i < at + 8; i++) head = head << 8 | (i < place.n ? (uint8_t)place.p[i] : 0);
    return head;
}

/* An entry by what follows the beginning that all places share: few comparisons need more. */
typedef struct Headed {
    uint64_t head;
    FoldEntry *entry;
} Headed;

static int by_place(const void *a, const void *b)
{
    const Headed *x = a, *y = b;
    if (x->head != y->head) return x->head < y->head ? -1 : 1;
    return str_cmp(x->entry->place, y->entry->place);
}

void fold_entries_sort(FoldEntry **entries, ptrdiff_t n, Arena *scratch)
{
    if (n < 2) return;
    ArenaMark mark = arena_mark(scratch);
    Headed *list = new_raw(scratch, Headed, n);
    ptrdiff_t common = PTRDIFF_MAX;
    for (ptrdiff_t i = 1; i < n; i++) common = place_common(entries[0]->place, entries[i]->place, common);
    for (ptrdiff_t i = 0; i < n; i++) list[i] = (Headed){place_head(entries[i]->place, common), entries[i]};
    qsort(list, (size_t)n, sizeof *list, by_place);
    for (ptrdiff_t i = 0; i < n; i++) entries[i] = list[i].entry;
    arena_release(scratch, mark);
}

void state_fold_sort(StateFold *f) { fold_entries_sort(f->entries.data, f->entries.len, f->arena); }

/* ---- the tables -------------------------------------------------------------------------------- */

static void grow_spaces(StateFold *f)
{
    f->nspace_slots = f->nspace_slots ? f->nspace_slots * 2 : SLOTS_FIRST;
    f->space_slots = new (f->arena, FoldSpace *, f->nspace_slots);
    for (ptrdiff_t i = 0; i < f->spaces.len; i++) {
        FoldSpace *s = f->spaces.data[i], **slot = &f->space_slots[s->hash & (uint64_t)(f->nspace_slots - 1)];
        s->next = *slot;
        *slot = s;
    }
}

static FoldSpace *space_find(StateFold *f, Str name, uint64_t hash)
{
    if (f->last && str_eq(f->last->name, name)) return f->last;
    if (!f->nspace_slots) return NULL;
    FoldSpace *s = f->space_slots[hash & (uint64_t)(f->nspace_slots - 1)];
    while (s && (s->hash != hash || !str_eq(s->name, name))) s = s->next;
    if (s) f->last = s;
    return s;
}

static FoldSpace *space_ensure(StateFold *f, Str name)
{
    uint64_t hash = hash_bytes(name.p, name.n);
    FoldSpace *s = space_find(f, name, hash);
    if (s) return s;
    if (f->spaces.len >= f->nspace_slots) grow_spaces(f);
    s = new_one(f->arena, FoldSpace);
    *s = (FoldSpace){.hash = hash, .name = str_dup(f->arena, name)};
    FoldSpace **slot = &f->space_slots[hash & (uint64_t)(f->nspace_slots - 1)];
    s->next = *slot;
    *slot = s;
    vec_push(&f->spaces, f->arena, s);
    return f->last = s;
}

static void grow_entries(StateFold *f)
{
    f->nslots = f->nslots ? f->nslots * 2 : SLOTS_FIRST;
    f->slots = new (f->arena, FoldEntry *, f->nslots);
    for (ptrdiff_t i = 0; i < f->entries.len; i++) {
        FoldEntry *e = f->entries.data[i], **slot = &f->slots[e->hash & (uint64_t)(f->nslots - 1)];
        e->next = *slot;
        *slot = e;
    }
}

static Str entry_key(const FoldEntry *e) { return str_of(e->place.p + e->key_at, e->place.n - e->key_at); }

/* The entry, its place and room for the value lie in one piece. */
static FoldEntry *entry_make(StateFold *f, FoldSpace *s, Str key, uint64_t hash, ptrdiff_t room)
{
    if (f->entries.len >= f->nslots) grow_entries(f);
    ptrdiff_t n = place_bytes(s->name, key);
    FoldEntry *e = arena_alloc_raw(f->arena, (ptrdiff_t)sizeof *e + n + room, _Alignof(FoldEntry));
    char *place = (char *)(e + 1);
    write_place(place, s->name, key);
    *e = (FoldEntry){.hash = hash, .space = s, .place = str_of(place, n), .key_at = (int32_t)(n - key.n),
                     .value.p = place + n, .room = room};
    FoldEntry **slot = &f->slots[hash & (uint64_t)(f->nslots - 1)];
    e->next = *slot;
    *slot = e;
    vec_push(&f->entries, f->arena, e);
    return e;
}

static FoldEntry *entry_ensure(StateFold *f, FoldSpace *s, Str key, ptrdiff_t room)
{
    uint64_t hash = hash_seeded(key.p, key.n, s->hash);
    FoldEntry *e = f->nslots ? f->slots[hash & (uint64_t)(f->nslots - 1)] : NULL;
    while (e && (e->hash != hash || e->space != s || !str_eq(entry_key(e), key))) e = e->next;
    return e ? e : entry_make(f, s, key, hash, room);
}

static void entry_put(StateFold *f, FoldEntry *e, Str value)
{
    if (value.n > e->room) {
        e->value.p = arena_alloc_raw(f->arena, value.n, 1);
        e->room = value.n;
    }
    if (value.n) memcpy((char *)e->value.p, value.p, (size_t)value.n);
    e->value.n = value.n;
}

/* ---- adding ------------------------------------------------------------------------------------ */

static void fold_record(StateFold *f, const StateRecord *r)
{
    FoldSpace *s = space_ensure(f, r->space);
    f->records++;
    if (r->kind == STATE_DROP) {
        s->dropped_at = f->records;
        f->drops++;
        return;
    }
    FoldEntry *e = entry_ensure(f, s, r->key, r->value.n);
    e->number = f->records;
    e->is_del = r->kind == STATE_DEL;
    if (!e->is_del) entry_put(f, e, r->value);
}

Status state_fold_add(StateFold *f, Str records)
{
    StrReader in = {.at = records.p, .end = records.p + records.n};
    StateRecord r;
    while (in.at < in.end) {
        if (!state_read(&in, &r)) return WEIR_E_CORRUPT;
        fold_record(f, &r);
    }
    return WEIR_OK;
}

/* ---- merging ----------------------------------------------------------------------------------- */

static bool is_left(const FoldEntry *e) { return !e->is_del && e->number > e->space->dropped_at; }

static Status hand_out(StateMerge *m, const FoldEntry *e)
{
    return is_left(e) ? m->each(m->arg, e->space->name, entry_key(e), e->value) : WEIR_OK;
}

static bool was_dropped(StateFold *f, Str space)
{
    if (!f->drops) return false;
    const FoldSpace *s = space_find(f, space, hash_bytes(space.p, space.n));
    return s && s->dropped_at;
}

static Status merge_record(StateMerge *m, const StateRecord *r, Str place)
{
    int order = -1;
    for (; m->at < m->n; m->at++) {
        order = str_cmp(m->entries[m->at]->place, place);
        if (order >= 0) break;
        TRY(hand_out(m, m->entries[m->at]));
    }
    if (m->at < m->n && order == 0) return hand_out(m, m->entries[m->at++]);
    return was_dropped(m->fold, r->space) ? WEIR_OK : m->each(m->arg, r->space, r->key, r->value);
}

/* Places of pages ascend, from page to page too. */
static Status check_order(StateMerge *m, const StateRecord *r)
{
    StrBuf spare = m->before;
    m->before = m->place;
    m->place = spare;
    m->place.n = 0;
    state_place(&m->place, r->space, r->key);
    bool ascends = str_cmp(str_of(m->place.p, m->place.n), str_of(m->before.p, m->before.n)) > 0;
    return ascends ? WEIR_OK : WEIR_E_CORRUPT;
}

Status state_merge_page(StateMerge *m, Str records)
{
    StrReader in = {.at = records.p, .end = records.p + records.n};
    StateRecord r;
    while (in.at < in.end) {
        if (!state_read(&in, &r) || r.kind != STATE_PUT) return WEIR_E_CORRUPT;
        TRY(check_order(m, &r));
        TRY(merge_record(m, &r, str_of(m->place.p, m->place.n)));
    }
    return WEIR_OK;
}

Status state_merge_rest(StateMerge *m)
{
    while (m->at < m->n) TRY(hand_out(m, m->entries[m->at++]));
    return WEIR_OK;
}

StateMerge state_merge_begin(StateFold *f, StateEach each, void *arg)
{
    return (StateMerge){.fold = f, .entries = f->entries.data, .n = f->entries.len, .each = each, .arg = arg,
                        .place.arena = f->arena, .before.arena = f->arena};
}

Status state_fold_each(StateFold *f, StateEach each, void *arg)
{
    FoldEntry **left = new (f->arena, FoldEntry *, f->entries.len);
    StateMerge m = {.entries = left, .each = each, .arg = arg};
    for (ptrdiff_t i = 0; i < f->entries.len; i++)
        if (is_left(f->entries.data[i])) left[m.n++] = f->entries.data[i];
    fold_entries_sort(left, m.n, f->arena);
    return state_merge_rest(&m);
}
