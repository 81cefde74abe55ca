/* fold.c: see fold.h. A hash table of keys, and one of spaces. A key's entry counts unless its space
 * was dropped after it: so a drop costs nothing, however much it drops. */
#include "exec/state/fold.h"

#include "base/hash.h"
#include "exec/state/log.h"

#include <assert.h>
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
void state_place(StrBuf *b, Str space, Str key)
{
    sb_reserve(b, 2 * space.n + 2 + key.n);
    char *p = b->p + b->n;
    for (ptrdiff_t i = 0; i < space.n; i++) {
        *p++ = space.p[i];
        if (space.p[i] == 0) *p++ = (char)0xff;
    }
    *p++ = 0;
    *p++ = 0;
    if (key.n) memcpy(p, key.p, (size_t)key.n);
    b->n = p + key.n - b->p;
}

static ptrdiff_t common(Str a, Str b, ptrdiff_t most)
{
    ptrdiff_t n = a.n < b.n ? a.n : b.n, i = 0;
    if (n > most) n = most;
    while (i < n && a.p[i] == b.p[i]) i++;
    return i;
}

static Str tail(Str s, ptrdiff_t from) { return str_of(s.p + from, s.n - from); }

ptrdiff_t place_common(PlaceParts p, Str place, ptrdiff_t most)
{
    ptrdiff_t n = common(p.space, place, most);
    return n < p.space.n ? n : n + common(p.key, tail(place, n), most - n);
}

int place_cmp(PlaceParts p, Str place)
{
    if (place.n < p.space.n) return str_cmp(p.space, place);
    int order = memcmp(p.space.p, place.p, (size_t)p.space.n);
    return order ? order : str_cmp(p.key, tail(place, p.space.n));
}

uint64_t place_head(PlaceParts p, ptrdiff_t at)
{
    uint64_t head = 0;
    for (ptrdiff_t i = at; i < at + 8; i++) {
        ptrdiff_t k = i - p.space.n;
        uint8_t byte = k < 0 ? (uint8_t)p.space.p[i] : k < p.key.n ? (uint8_t)p.key.p[k] : 0;
        head = head << 8 | byte;
    }
    return head;
}

static int entry_cmp(const FoldEntry *a, const FoldEntry *b)
{
    return a->space == b->space ? str_cmp(entry_key(a), entry_key(b)) : str_cmp(a->space->place, b->space->place);
}

static ptrdiff_t entries_common(FoldEntry **entries, ptrdiff_t n)
{
    ptrdiff_t most = PTRDIFF_MAX;
    const FoldEntry *first = entries[0];
    for (ptrdiff_t i = 1; i < n; i++) {
        const FoldEntry *e = entries[i];
        ptrdiff_t space = first->space->place.n;
        if (e->space != first->space) most = common(first->space->place, e->space->place, most);
        else if (most > space) most = space + common(entry_key(first), entry_key(e), most - space);
    }
    return most;
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
    return entry_cmp(x->entry, y->entry);
}

enum { FEW_ENTRIES = 64, BYTES = 256 };

/* How often each byte has each value. */
static void count_bytes(const Headed *list, ptrdiff_t n, uint32_t count[8][BYTES])
{
    memset(count, 0, 8 * sizeof *count);
    for (ptrdiff_t i = 0; i < n; i++)
        for (int b = 0; b < 8; b++) count[b][list[i].head >> 8 * b & (BYTES - 1)]++;
}

static void deal(const Headed *from, Headed *to, ptrdiff_t n, int shift, const uint32_t count[BYTES])
{
    ptrdiff_t start[BYTES], at = 0;
    for (int v = 0; v < BYTES; v++) {
        start[v] = at;
        at += count[v];
    }
    for (ptrdiff_t i = 0; i < n; i++) to[start[from[i].head >> shift & (BYTES - 1)]++] = from[i];
}

/* Byte by byte, the last one first; a byte that is the same in all is passed over. */
static Headed *sort_by_head(Headed *list, ptrdiff_t n, Arena *scratch)
{
    uint32_t count[8][BYTES];
    Headed *other = new_raw(scratch, Headed, n);
    if (n > UINT32_MAX) oom_raise();
    count_bytes(list, n, count);
    for (int b = 0; b < 8; b++) {
        if (count[b][list[0].head >> 8 * b & (BYTES - 1)] == n) continue;
        deal(list, other, n, 8 * b, count[b]);
        Headed *sorted = other;
        other = list;
        list = sorted;
    }
    return list;
}

static void sort_equal_heads(Headed *list, ptrdiff_t n)
{
    for (ptrdiff_t i = 0, to; i < n; i = to) {
        for (to = i + 1; to < n && list[to].head == list[i].head;) to++;
        if (to - i > 1) qsort(list + i, (size_t)(to - i), sizeof *list, by_place);
    }
}

void fold_entries_sort(FoldEntry **entries, ptrdiff_t n, Arena *scratch)
{
    if (n < 2) return;
    ArenaMark mark = arena_mark(scratch);
    Headed *list = new_raw(scratch, Headed, n);
    ptrdiff_t at = entries_common(entries, n);
    for (ptrdiff_t i = 0; i < n; i++) list[i] = (Headed){place_head(entry_place(entries[i]), at), entries[i]};
    if (n <= FEW_ENTRIES) {
        qsort(list, (size_t)n, sizeof *list, by_place);
    } else {
        list = sort_by_head(list, n, scratch);
        sort_equal_heads(list, n);
    }
    for (ptrdiff_t i = 0; i < n; i++) entries[i] = list[i].entry;
    arena_release(scratch, mark);
}

void state_fold_sort(StateFold *f)
{
    fold_entries_sort(f->entries.data, f->entries.len, f->arena);
    f->is_sorted = true;
}

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
    if (!f->nspace_slots) return NULL;
    FoldSpace *s = f->space_slots[hash & (uint64_t)(f->nspace_slots - 1)];
    while (s && (s->hash != hash || !str_eq(s->name, name))) s = s->next;
    if (s) f->last = s;
    return s;
}

static FoldSpace *space_make(StateFold *f, Str name, uint64_t hash)
{
    if (f->spaces.len >= f->nspace_slots) grow_spaces(f);
    FoldSpace *s = new_one(f->arena, FoldSpace);
    StrBuf place = {.arena = f->arena};
    state_place(&place, name, S(""));
    *s = (FoldSpace){.hash = hash, .name = name, .place = str_of(place.p, place.n)};
    FoldSpace **slot = &f->space_slots[hash & (uint64_t)(f->nspace_slots - 1)];
    s->next = *slot;
    *slot = s;
    vec_push(&f->spaces, f->arena, s);
    return f->last = s;
}

static FoldSpace *space_ensure(StateFold *f, Str name)
{
    if (f->last && str_eq(f->last->name, name)) return f->last;
    uint64_t hash = hash_bytes(name.p, name.n);
    FoldSpace *s = space_find(f, name, hash);
    return s ? s : space_make(f, name, hash);
}

static ptrdiff_t free_slot(const StateFold *f, uint32_t hash)
{
    ptrdiff_t at = (ptrdiff_t)hash & (f->nslots - 1);
    while (f->slots[at].entry) at = (at + 1) & (f->nslots - 1);
    return at;
}

/* At most half of the slots are in use. */
static void grow_entries(StateFold *f)
{
    const FoldSlot *old = f->slots;
    ptrdiff_t n = f->nslots;
    if (n > UINT32_MAX / 2) oom_raise();
    f->nslots = n ? n * 2 : SLOTS_FIRST;
    f->slots = new (f->arena, FoldSlot, f->nslots);
    for (ptrdiff_t i = 0; i < n; i++)
        if (old[i].entry) f->slots[free_slot(f, old[i].hash)] = old[i];
}

static FoldEntry *entry_make(StateFold *f, FoldSpace *s, Str key, uint32_t hash)
{
    if (f->entries.len >= f->nslots / 2) grow_entries(f);
    FoldEntry *e = new_raw(f->arena, FoldEntry, 1);
    *e = (FoldEntry){.space = s, .key_p = key.p, .key_n = (uint32_t)key.n};
    vec_push(&f->entries, f->arena, e);
    f->slots[free_slot(f, hash)] = (FoldSlot){hash, (uint32_t)f->entries.len};
    return e;
}

static FoldEntry *entry_ensure(StateFold *f, FoldSpace *s, Str key)
{
    uint32_t hash = (uint32_t)hash_seeded(key.p, key.n, s->hash);
    for (ptrdiff_t at = (ptrdiff_t)hash; f->nslots; at++) {
        FoldSlot slot = f->slots[at & (f->nslots - 1)];
        if (!slot.entry) break;
        if (slot.hash != hash) continue;
        FoldEntry *e = f->entries.data[slot.entry - 1];
        if (e->space == s && str_eq(entry_key(e), key)) return e;
    }
    return entry_make(f, s, key, hash);
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
    FoldEntry *e = entry_ensure(f, s, r->key);
    e->number = f->records;
    e->is_del = r->kind == STATE_DEL;
    e->value_p = r->value.p;
    e->value_n = (uint32_t)r->value.n;
}

Status state_fold_add(StateFold *f, Str records)
{
    assert(!f->is_sorted);
    if (records.n > UINT32_MAX) return WEIR_E_CORRUPT; /* SQLite has no blobs of that length */
    records = str_dup(f->arena, records);
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
    return is_left(e) ? m->each(m->arg, e->space->name, entry_key(e), str_of(e->value_p, e->value_n)) : WEIR_OK;
}

static bool was_dropped(StateFold *f, Str space)
{
    if (!f->drops) return false;
    const FoldSpace *s = f->last && str_eq(f->last->name, space) ? f->last : space_find(f, space, hash_bytes(space.p, space.n));
    return s && s->dropped_at;
}

/* As the places of (space, key). */
static int record_cmp(Str space_a, Str key_a, Str space_b, Str key_b)
{
    int order = str_eq(space_a, space_b) ? 0 : str_cmp(space_a, space_b);
    return order ? order : str_cmp(key_a, key_b);
}

static Status merge_record(StateMerge *m, const StateRecord *r)
{
    int order = -1;
    for (; m->at < m->n; m->at++) {
        const FoldEntry *e = m->entries[m->at];
        order = record_cmp(e->space->name, entry_key(e), r->space, r->key);
        if (order >= 0) break;
        TRY(hand_out(m, e));
    }
    if (m->at < m->n && order == 0) return hand_out(m, m->entries[m->at++]);
    return was_dropped(m->fold, r->space) ? WEIR_OK : m->each(m->arg, r->space, r->key, r->value);
}

/* Records ascend, from page to page too. */
static bool ascends(StateMerge *m, const StateRecord *r)
{
    bool is_first = !m->space.p, is_behind = is_first || record_cmp(r->space, r->key, m->space, m->key) > 0;
    m->space = r->space;
    m->key = r->key;
    return is_behind;
}

/* The page goes, its newest record is still needed. */
static void keep_newest(StateMerge *m)
{
    ptrdiff_t n = m->space.n;
    m->kept.n = 0;
    sb_reserve(&m->kept, n + m->key.n + 1);
    sb_str(&m->kept, m->space);
    sb_str(&m->kept, m->key);
    m->key = str_of(m->kept.p + n, m->kept.n - n);
    m->space = str_of(m->kept.p, n);
}

Status state_merge_page(StateMerge *m, Str records)
{
    StrReader in = {.at = records.p, .end = records.p + records.n};
    StateRecord r;
    while (in.at < in.end) {
        if (!state_read(&in, &r) || r.kind != STATE_PUT || !ascends(m, &r)) return WEIR_E_CORRUPT;
        m->records++;
        TRY(merge_record(m, &r));
    }
    if (records.n) keep_newest(m);
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
                        .kept.arena = f->arena};
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
