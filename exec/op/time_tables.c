/* time_tables.c: see time_tables.h. */
#include "exec/op/time_tables.h"
#include "base/hash.h"
#include "exec/op/fill.h"
#include "exec/op/state_rows.h"

#include <assert.h>
#include <stdlib.h>

enum { SLOTS_MIN = 16, UNUSED_MAX = 8, SPACE_BYTES = 33 };

/* ---- finding ---------------------------------------------------------------------------------- */

static TimeTable **slot_of(const TimeTables *t, int64_t id, int64_t from)
{
    return &t->slots[hash_mix(hash_int64(id), (uint64_t)from) & (uint64_t)(t->nslots - 1)];
}

TimeTable *time_tables_get(const TimeTables *t, int64_t id, int64_t from)
{
    if (t->n == 0) return NULL;
    for (TimeTable *e = *slot_of(t, id, from); e; e = e->next)
        if (e->id == id && e->from == from) return e;
    return NULL;
}

static void slots_grow(TimeTables *t)
{
    TimeTable **old = t->slots;
    int32_t n = t->nslots, more = n ? n * 2 : SLOTS_MIN;
    t->slots = mem_alloc(checked_mul(more, sizeof *old));
    t->nslots = more;
    for (int32_t i = 0; i < n; i++) {
        for (TimeTable *e = old[i], *next; e; e = next) {
            next = e->next;
            TimeTable **slot = slot_of(t, e->id, e->from);
            e->next = *slot;
            *slot = e;
        }
    }
    mem_free(old, checked_mul(n, sizeof *old));
}

static void list_reserve(TimeTable ***list, int32_t n, int32_t *cap)
{
    if (n < *cap) return;
    int32_t more = *cap ? *cap * 2 : SLOTS_MIN;
    *list = mem_realloc(*list, checked_mul(*cap, sizeof **list), checked_mul(more, sizeof **list));
    *cap = more;
}

static void list_add(TimeTable ***list, int32_t *n, int32_t *cap, TimeTable *e)
{
    list_reserve(list, *n, cap);
    (*list)[(*n)++] = e;
}

/* ---- the heap --------------------------------------------------------------------------------- */

static bool ends_before(const TimeTable *a, const TimeTable *b)
{
    if (a->span.end != b->span.end) return a->span.end < b->span.end;
    return a->from < b->from;
}

static void heap_set(TimeTables *t, int32_t at, TimeTable *e)
{
    t->heap[at] = e;
    e->heap_at = at;
}

static void heap_up(TimeTables *t, int32_t at, TimeTable *e)
{
    for (; at > 0 && ends_before(e, t->heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap_set(t, at, t->heap[(at - 1) / 2]);
    heap_set(t, at, e);
}

static void heap_down(TimeTables *t, int32_t at, TimeTable *e)
{
    for (;;) {
        int32_t child = 2 * at + 1;
        if (child >= t->n) break;
        if (child + 1 < t->n && ends_before(t->heap[child + 1], t->heap[child])) child++;
        if (!ends_before(t->heap[child], e)) break;
        heap_set(t, at, t->heap[child]);
        at = child;
    }
    heap_set(t, at, e);
}

static void heap_remove(TimeTables *t, TimeTable *e)
{
    int32_t at = e->heap_at;
    TimeTable *last = t->heap[--t->n];
    if (last == e) return;
    if (at > 0 && ends_before(last, t->heap[(at - 1) / 2]))
        heap_up(t, at, last);
    else
        heap_down(t, at, last);
}

enum { NEXT = 3, AFTER_NEXT = 7 }; /* how many places of the heap the first one's children end at, and theirs */

void time_tables_prefetch(const TimeTables *t)
{
    for (int32_t i = 1; i < AFTER_NEXT && i < t->n; i++) {
        const TimeTable *e = t->heap[i];
        if (i >= NEXT) {
            for (size_t at = 0; at < sizeof *e; at += 64) __builtin_prefetch((const char *)e + at);
            continue;
        }
        const GroupTable *g = &e->table.groups;
        ptrdiff_t bytes = (ptrdiff_t)(g->len < GROUP_CHUNK_FIRST ? g->len : GROUP_CHUNK_FIRST) * g->entry;
        for (ptrdiff_t at = 0; at < bytes; at += 64) __builtin_prefetch(g->chunks[0] + at);
    }
}

/* ---- coming and going ------------------------------------------------------------------------- */

/* An unused table, still among the unused: the list owns it if memory runs out. */
static TimeTable *table_ready(AggregateOp *g, TimeTables *t)
{
    if (t->unused) return t->unused;
    t->unused = mem_alloc(sizeof *t->unused);
    t->nunused++;
    agg_table_init(g, &t->unused->table);
    return t->unused;
}

static void table_take(TimeTables *t, TimeTable *e)
{
    AggTable kept = e->table;
    t->unused = e->next;
    t->nunused--;
    *e = (TimeTable){.table = kept};
}

TimeTable *time_tables_add(AggregateOp *g, TimeTables *t, int64_t id, int64_t from, TimeSpan span)
{
    TimeTable *e = time_tables_get(t, id, from);
    if (e) return e;
    if (t->n >= t->nslots) slots_grow(t);
    e = table_ready(g, t);
    list_add(&t->heap, &t->n, &t->cap, e);
    table_take(t, e);
    e->owner = t;
    e->id = id;
    e->from = from;
    e->span = span;
    heap_up(t, t->n - 1, e);
    TimeTable **slot = slot_of(t, id, from);
    e->next = *slot;
    *slot = e;
    return e;
}

void time_tables_touch(TimeTable *e)
{
    TimeTables *t = e->owner;
    if (e->touched_at) return;
    list_add(&t->touched, &t->ntouched, &t->touched_cap, e);
    e->touched_at = t->ntouched;
}

static void table_release(TimeTables *t, TimeTable *e)
{
    if (t->nunused < UNUSED_MAX) {
        agg_table_clear(&e->table);
        e->next = t->unused;
        t->unused = e;
        t->nunused++;
        return;
    }
    agg_table_free(&e->table);
    mem_free(e, sizeof *e);
}

static void touched_remove(TimeTables *t, const TimeTable *e)
{
    TimeTable *last = t->touched[--t->ntouched];
    t->touched[e->touched_at - 1] = last;
    last->touched_at = e->touched_at;
}

static void dropped_add(TimeTables *t, const TimeTable *e)
{
    list_reserve(&t->dropped, t->ndropped, &t->dropped_cap);
    TimeTable *record = mem_alloc(sizeof *record);
    record->id = e->id;
    record->from = e->from;
    record->span = e->span;
    t->dropped[t->ndropped++] = record;
}

void time_tables_drop(TimeTables *t, TimeTable *e)
{
    if (e->is_saved) dropped_add(t, e); /* what needs memory comes first */
    TimeTable **link = slot_of(t, e->id, e->from);
    while (*link != e) link = &(*link)->next;
    *link = e->next;
    heap_remove(t, e);
    if (e->touched_at) touched_remove(t, e);
    table_release(t, e);
}

static void dropped_forget(TimeTables *t)
{
    for (int32_t i = 0; i < t->ndropped; i++) mem_free(t->dropped[i], sizeof(TimeTable));
    t->ndropped = 0;
}

void time_tables_free(TimeTables *t)
{
    for (int32_t i = 0; i < t->n; i++) {
        agg_table_free(&t->heap[i]->table);
        mem_free(t->heap[i], sizeof(TimeTable));
    }
    for (TimeTable *e = t->unused, *next; e; e = next) {
        next = e->next;
        agg_table_free(&e->table);
        mem_free(e, sizeof *e);
    }
    dropped_forget(t);
    mem_free(t->slots, t->nslots * (ptrdiff_t)sizeof *t->slots);
    mem_free(t->heap, t->cap * (ptrdiff_t)sizeof *t->heap);
    mem_free(t->touched, t->touched_cap * (ptrdiff_t)sizeof *t->touched);
    mem_free(t->dropped, t->dropped_cap * (ptrdiff_t)sizeof *t->dropped);
    *t = (TimeTables){.tag = t->tag};
}

/* ---- rows ------------------------------------------------------------------------------------- */

void time_tables_push_one(AggregateOp *g, const Batch *b, const int32_t *rows, int n, TimeTable *e)
{
    if (n == 0) return;
    time_tables_touch(e);
    agg_table_push_rows(g, &e->table, b, rows, n);
}

/* The distinct tables of a batch, in the order in which they appear, and how many rows each gets. */
typedef struct Split {
    TimeTable **tables;
    int32_t *counts;
    int32_t n;
} Split;

static Split split_count(TimeTable *const *tables, int n, Arena *scratch)
{
    Split s = {new_raw(scratch, TimeTable *, n), new (scratch, int32_t, n), 0};
    for (int i = 0; i < n; i++) {
        TimeTable *e = tables[i];
        if (e->mark == 0) {
            s.tables[s.n++] = e;
            e->mark = s.n;
        }
        s.counts[e->mark - 1]++;
    }
    return s;
}

/* Rows in the order of their tables; the order within a table stays. */
static int32_t *split_rows(const Split *s, const int32_t *rows, TimeTable *const *tables, int n, Arena *scratch)
{
    int32_t *sorted = new_raw(scratch, int32_t, n), *at = new_raw(scratch, int32_t, s->n);
    int32_t sum = 0;
    for (int i = 0; i < s->n; i++) {
        at[i] = sum;
        sum += s->counts[i];
    }
    for (int i = 0; i < n; i++) sorted[at[tables[i]->mark - 1]++] = rows[i];
    for (int i = 0; i < s->n; i++) s->tables[i]->mark = 0;
    return sorted;
}

void time_tables_push(AggregateOp *g, const Batch *b, const int32_t *rows, TimeTable *const *tables, int n)
{
    if (n == 0) return;
    Arena *scratch = g->op.ctx->batch_scratch;
    Split s = split_count(tables, n, scratch);
    int32_t *sorted = split_rows(&s, rows, tables, n, scratch);
    PackedKeys keys = key_pack(&g->keys, b->cols, g->op.plan->keys, sorted, n, scratch);
    for (int i = 0; i < s.n; i++) {
        PackedKeys some = keys;
        some.n = s.counts[i];
        time_tables_touch(s.tables[i]);
        agg_table_push(g, &s.tables[i]->table, b, &some, sorted);
        keys.words += (ptrdiff_t)some.n * g->keys.words;
        keys.nulls += some.n;
        keys.hash += some.n;
        sorted += some.n;
    }
}

/* ---- windows ---------------------------------------------------------------------------------- */

static const Column *window_columns(AggregateOp *g, const TimeTable *e)
{
    return g->nwindow ? aggregate_span_columns(g, e->span.start, e->span.end, g->op.ctx->batch_scratch) : NULL;
}

void time_tables_emit_changes(AggregateOp *g, TimeTables *t)
{
    Arena *scratch = g->op.ctx->batch_scratch;
    for (int32_t i = 0; i < t->ntouched; i++) {
        ArenaMark mark = arena_mark(scratch);
        agg_table_emit_changes(g, &t->touched[i]->table, window_columns(g, t->touched[i]));
        arena_release(scratch, mark);
    }
}

void aggregate_emit_window(AggregateOp *g, AggTable *t, TimeSpan window)
{
    Arena *scratch = g->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    if (g->fill) fill_window(g->fill, t, window);
    const Column *cols = g->nwindow ? aggregate_span_columns(g, window.start, window.end, scratch) : NULL;
    agg_table_emit_all(g, t, cols);
    arena_release(scratch, mark);
}

void time_tables_close_windows(AggregateOp *g, TimeTables *t, int64_t end)
{
    for (TimeTable *e; (e = time_tables_first(t)) && e->span.end <= end; time_tables_drop(t, e))
        if (!g->shows_changes) aggregate_emit_window(g, &e->table, e->span);
}

/* ---- records ---------------------------------------------------------------------------------- */

static Str space_of(const TimeTables *t, const TimeTable *e, char *bytes)
{
    int64_t parts[4] = {e->id, e->from, e->span.start, e->span.end};
    bytes[0] = t->tag;
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 8; k++) bytes[1 + i * 8 + k] = (char)((uint64_t)parts[i] >> (56 - 8 * k));
    return str_of(bytes, SPACE_BYTES);
}

static int64_t space_part(Str space, int i)
{
    uint64_t v = 0;
    for (int k = 0; k < 8; k++) v = v << 8 | (uint8_t)space.p[1 + i * 8 + k];
    return (int64_t)v;
}

void time_tables_save(AggregateOp *g, TimeTables *t, StateWriter *w, bool all)
{
    char bytes[SPACE_BYTES];
    for (int32_t i = 0; i < t->ndropped && !all; i++) state_drop(w, space_of(t, t->dropped[i], bytes));
    TimeTable **list = all ? t->heap : t->touched;
    for (int32_t i = 0; i < (all ? t->n : t->ntouched); i++) {
        list[i]->is_saved = true;
        agg_table_save(g, &list[i]->table, space_of(t, list[i], bytes), w, all);
    }
}

Status time_tables_load(AggregateOp *g, TimeTables *t, Str space, Str key, Str value)
{
    if (space.n != SPACE_BYTES || space.p[0] != t->tag) return WEIR_E_CORRUPT;
    TimeSpan span = {space_part(space, 2), space_part(space, 3)};
    TimeTable *e = time_tables_add(g, t, space_part(space, 0), space_part(space, 1), span);
    e->is_saved = true;
    return agg_table_load(g, &e->table, key, value);
}

void time_tables_settle(AggregateOp *g, TimeTables *t)
{
    dropped_forget(t);
    int32_t n = t->ntouched;
    t->ntouched = 0;
    for (int32_t i = 0; i < n; i++) {
        TimeTable *e = t->touched[i];
        e->touched_at = 0;
        agg_table_settle(g, &e->table, NULL);
        if (e->table.groups.live > 0) continue;
        e->is_saved = false; /* its records have been deleted one by one */
        time_tables_drop(t, e);
    }
}

int64_t time_tables_bytes(const TimeTables *t)
{
    int64_t bytes = 0;
    for (int32_t i = 0; i < t->n; i++) bytes += (int64_t)sizeof(TimeTable) + group_table_bytes(&t->heap[i]->table.groups);
    return bytes;
}

int64_t time_tables_rows(const TimeTables *t)
{
    int64_t rows = 0;
    for (int32_t i = 0; i < t->n; i++) rows += t->heap[i]->table.groups.live;
    return rows;
}

static int by_span(const void *a, const void *b)
{
    const TimeTable *x = *(TimeTable *const *)a, *y = *(TimeTable *const *)b;
    if (x->span.start != y->span.start) return x->span.start < y->span.start ? -1 : 1;
    return (x->span.end > y->span.end) - (x->span.end < y->span.end);
}

void time_tables_tell(AggregateOp *g, const TimeTables *t, StateRows *out, const char *name)
{
    ArenaMark mark = arena_mark(out->scratch);
    TimeTable **all = new_raw(out->scratch, TimeTable *, t->n);
    if (t->n) memcpy(all, t->heap, (size_t)t->n * sizeof *all);
    if (t->n) qsort(all, (size_t)t->n, sizeof *all, by_span);
    for (int32_t i = 0; i < t->n; i++)
        state_rows_table(out, g, &all[i]->table, name ? name : "window", name, name ? &all[i]->span : NULL);
    arena_release(out->scratch, mark);
}
