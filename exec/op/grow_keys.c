/* grow_keys.c: the chains of keys: rows come in, are found by time, and are gone.
 *
 * Rows go with their bucket, the oldest first, so what is gone stands at the end of a chain: it ends
 * where a place is in a block that is not there any more. Numbers of blocks are not given twice while
 * a chain may name them: now and then all are numbered anew, and keys without rows are taken out. */
#include "exec/op/grow.h"

#include <assert.h>

/* ---- marks: a way into long chains ---------------------------------------------------------------- */

enum { MARKS_MIN = 3 };

static ptrdiff_t marks_bytes(uint32_t cap) { return (ptrdiff_t)sizeof(GrowMarks) + checked_mul(cap, sizeof(GrowMark)); }

static void marks_free(GrowMarks **m, StateHeap *h)
{
    if (*m) heap_free(h, *m, marks_bytes((*m)->cap));
    *m = NULL;
}

/* One row of 64 has a mark, whatever the order of keys. */
static bool has_mark(GrowPlace p) { return (uint32_t)(p * 2654435761u) >> 26 == 0; }

/* Those of rows that are gone stand in front. */
static void marks_trim(const GrowSide *s, GrowMarks *m)
{
    uint32_t gone = 0;
    while (gone < m->n && !grow_block(s, m->list[gone].at)) gone++;
    if (gone == 0) return;
    m->n -= gone;
    memmove(m->list, m->list + gone, m->n * sizeof *m->list);
}

static void marks_reserve(GrowMarks **m, StateHeap *h)
{
    if (*m && (*m)->n < (*m)->cap) return;
    uint32_t cap = *m ? (*m)->cap * 2 : MARKS_MIN;
    GrowMarks *more = heap_realloc(h, *m, *m ? marks_bytes((*m)->cap) : 0, marks_bytes(cap));
    if (!*m) more->n = 0;
    more->cap = cap;
    *m = more;
}

static void marks_add(const GrowSide *s, GrowMarks **marks, StateHeap *h, GrowMark mark)
{
    if (*marks) marks_trim(s, *marks);
    marks_reserve(marks, h);
    GrowMarks *m = *marks;
    uint32_t at = m->n++;
    for (; at > 0 && m->list[at - 1].time > mark.time; at--) m->list[at] = m->list[at - 1];
    m->list[at] = mark;
}

/* The first with a time > t; NULL: none. */
static const GrowMark *mark_after(const GrowMarks *m, int64_t t)
{
    uint32_t low = 0, high = m->n;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (m->list[mid].time > t) high = mid;
        else low = mid + 1;
    }
    return low < m->n ? &m->list[low] : NULL;
}

/* ---- chains --------------------------------------------------------------------------------------- */

GrowPlace grow_marks_enter(const Grow *g, int side, uint8_t *group, int64_t t)
{
    const GrowKey *k = grow_key(group);
    const GrowMark *mark = mark_after(k->marks[side], t);
    return mark && grow_block(&g->side[side], mark->at) ? mark->at : k->first[side];
}

/* Behind the rows that are later. */
static void put_behind(Grow *g, int side, uint8_t *group, GrowPlace at, int64_t t)
{
    const GrowSide *s = &g->side[side];
    GrowPlace before = grow_chain_enter(g, side, group, t);
    for (GrowPlace next; (next = grow_next(s, before)) && grow_block(s, next) && grow_time(s, next) > t;) before = next;
    assert(grow_time(s, before) > t);
    grow_block(s, at)->next[place_row(at)] = grow_next(s, before);
    grow_block(s, before)->next[place_row(before)] = at;
}

static void chain_add_timed(Grow *g, int side, uint8_t *const *groups, GrowBlock *b, int at, int n)
{
    const GrowSide *s = &g->side[side];
    const int64_t *times = grow_times(s, b);
    for (int i = 0; i < n; i++) {
        GrowKey *k = grow_key(groups[i]);
        GrowPlace place = b->no << PLACE_BITS | (uint32_t)(at + i), first = k->first[side];
        int64_t t = times[at + i];
        if (first && !grow_block(s, first)) first = 0;
        if (!first || t >= k->newest[side]) {
            b->next[at + i] = first;
            k->first[side] = place;
            k->newest[side] = t;
        } else {
            put_behind(g, side, groups[i], place, t);
        }
        if (first && has_mark(place)) marks_add(s, &k->marks[side], &g->j.keys.heap, (GrowMark){t, place});
    }
}

void grow_chain_add(Grow *g, int side, uint8_t *const *groups, GrowBlock *b, int at, int n)
{
    if (grow_is_timed(g)) {
        chain_add_timed(g, side, groups, b, at, n);
        return;
    }
    for (int i = 0; i < n; i++) {
        GrowKey *k = grow_key(groups[i]);
        b->next[at + i] = k->first[side];
        k->first[side] = b->no << PLACE_BITS | (uint32_t)(at + i);
    }
}

/* ---- clearing away -------------------------------------------------------------------------------- */

/* What may be left over before it is cleared away. */
enum { NUMBERS_SPARE = 16, KEYS_SPARE = 16 };

/* New numbers of blocks; NULL: they keep theirs. */
typedef struct Sweep {
    Grow *g;
    uint32_t *map[SIDES];
} Sweep;

static GrowPlace new_place(const Sweep *w, int side, GrowPlace p)
{
    if (w->map[side]) {
        uint32_t no = w->map[side][place_block(p)];
        return no ? no << PLACE_BITS | place_row(p) : 0;
    }
    return p && grow_block(&w->g->side[side], p) ? p : 0;
}

static void sweep_marks(const Sweep *w, int side, GrowMarks *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n; i++) {
        GrowPlace at = new_place(w, side, m->list[i].at);
        if (at) m->list[n++] = (GrowMark){m->list[i].time, at};
    }
    m->n = n;
}

static void sweep_key(const Sweep *w, uint8_t *group)
{
    GrowKey *k = grow_key(group);
    GroupTable *keys = &w->g->j.keys;
    for (int s = 0; s < SIDES; s++) {
        k->first[s] = new_place(w, s, k->first[s]);
        if (!grow_is_timed(w->g)) continue;
        if (!k->first[s]) marks_free(&k->marks[s], &keys->heap);
        else if (k->marks[s]) sweep_marks(w, s, k->marks[s]);
    }
    if (!k->first[SIDE_LEFT] && !k->first[SIDE_RIGHT]) group_table_remove(keys, group);
}

static void sweep_blocks(const Sweep *w, int side)
{
    GrowSide *s = &w->g->side[side];
    for (uint32_t i = 1; i <= s->nblocks; i++) {
        GrowBlock *b = s->blocks[i];
        for (int32_t row = 0; row < b->n; row++) b->next[row] = new_place(w, side, b->next[row]);
    }
}

static void sweep(Sweep *w)
{
    GroupTable *keys = &w->g->j.keys;
    for (uint32_t i = 0; i < keys->len; i++) {
        uint8_t *group = group_table_at(keys, i);
        if (group) sweep_key(w, group);
    }
    for (int s = 0; s < SIDES; s++)
        if (w->map[s]) sweep_blocks(w, s);
    w->g->swept_keys = keys->live;
}

/* So rarely that what has come meanwhile pays for it. */
static bool has_many_numbers(const Grow *g, const GrowSide *s)
{
    return s->nblocks / 4 > s->nlive + g->j.keys.len / 16 + NUMBERS_SPARE;
}

static bool has_many_keys(const Grow *g)
{
    const GroupTable *keys = &g->j.keys;
    return g->j.spec->match != JOIN_REGULAR && keys->live / 2 > g->swept_keys + keys->len / 16 + KEYS_SPARE;
}

void grow_sweep(Grow *g)
{
    Sweep w = {.g = g};
    bool is_due = has_many_keys(g);
    for (int s = 0; s < SIDES; s++) {
        if (!has_many_numbers(g, &g->side[s])) continue;
        is_due = true;
        w.map[s] = new_raw(&g->j.epoch, uint32_t, g->side[s].nblocks + 1);
        grow_blocks_renumber(&g->side[s], w.map[s]);
    }
    if (is_due) sweep(&w);
}
