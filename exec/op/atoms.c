/* atoms.c: see atoms.h. */
#include "exec/op/atoms.h"
#include "exec/op/state_rows.h"

#include <assert.h>

Status atoms_init(Atoms *s, const OpClass *cls, const PhysOp *p, OpContext *c, Arena *a, Diags *d)
{
    TRY(aggregate_init(&s->agg, cls, p, c, a, d));
    group_table_init(&s->groups, &s->agg.keys, sizeof(AtomList));
    return WEIR_OK;
}

void atoms_close(Op *op)
{
    Atoms *s = (Atoms *)op;
    group_table_free(&s->groups);
    due_heap_free(&s->due);
    heap_clear(&s->merged);
    aggregate_close(&s->agg);
}

/* ---- lists ------------------------------------------------------------------------------------ */

static bool atom_before(const Atom *e, int64_t t, int64_t from)
{
    return e->t != t ? e->t < t : e->from < from;
}

uint32_t atoms_find(const AtomList *l, int64_t t, int64_t from)
{
    if (l->n == 0 || atom_before(l->items[l->n - 1], t, from)) return l->n; /* the usual place */
    uint32_t low = 0, high = l->n - 1;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (atom_before(l->items[mid], t, from))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void list_insert(AtomList *l, StateHeap *h, uint32_t at, Atom *e)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 2;
        l->items = heap_realloc(h, l->items, l->cap * (ptrdiff_t)sizeof e, checked_mul(cap, sizeof e));
        l->cap = cap;
    }
    memmove(&l->items[at + 1], &l->items[at], (l->n - at) * sizeof e);
    l->items[at] = e;
    l->n++;
}

static void list_remove(AtomList *l, StateHeap *h, uint32_t at)
{
    memmove(&l->items[at], &l->items[at + 1], (l->n - at - 1) * sizeof(Atom *));
    if (--l->n > 0) return;
    heap_free(h, l->items, l->cap * (ptrdiff_t)sizeof(Atom *));
    *l = (AtomList){0};
}

/* ---- atoms ------------------------------------------------------------------------------------ */

static ptrdiff_t atom_bytes(const Atoms *s)
{
    return (ptrdiff_t)sizeof(Atom) + s->agg.aggs.cell_size;
}

static Atom *atom_new(Atoms *s, uint8_t *group, int64_t t, int64_t from)
{
    Atom *e = heap_alloc(&s->groups.heap, atom_bytes(s));
    memset(e, 0, (size_t)atom_bytes(s));
    e->group = group;
    e->t = t;
    e->from = from;
    list_insert(atom_list(group), &s->groups.heap, atoms_find(atom_list(group), t, from), e);
    s->live++;
    atoms_await(s, e, s->due_of(s, e));
    return e;
}

void atoms_await(Atoms *s, Atom *e, int64_t due)
{
    if (s->agg.window->by_value) return;
    due_heap_add(&s->due, due, e);
    e->in_heap = true;
}

void atoms_free(Atoms *s, Atom *e)
{
    heap_free(&s->groups.heap, e, atom_bytes(s));
}

void atoms_mark_dirty(Atoms *s, Atom *e)
{
    if (e->is_dirty) return;
    e->is_dirty = true;
    vec_push(&s->dirty, &s->agg.epoch, e);
}

void atoms_mark_changed(Atoms *s, Atom *e)
{
    if (e->is_changed) return;
    e->is_changed = true;
    vec_push(&s->changed, &s->agg.epoch, e);
}

Atom *atoms_get(Atoms *s, uint8_t *group, int64_t t, int64_t from)
{
    AtomList *l = atom_list(group);
    uint32_t at = atoms_find(l, t, from);
    if (at < l->n && l->items[at]->t == t && l->items[at]->from == from) return l->items[at];
    Atom *e = atom_new(s, group, t, from);
    atoms_mark_dirty(s, e);
    return e;
}

void atoms_end(Atoms *s, Atom *e)
{
    AtomList *l = atom_list(e->group);
    list_remove(l, &s->groups.heap, atoms_find(l, e->t, e->from));
    agg_set_destroy(&s->agg.aggs, &s->groups.heap, e->cell);
    group_table_touch(&s->groups, e->group);
    e->is_dead = e->is_listed = true;
    s->live--;
    vec_push(&s->ended, &s->agg.epoch, e);
}

static void forget_lists(Atoms *s)
{
    s->dirty.data = s->changed.data = s->ended.data = NULL;
    s->dirty.len = s->changed.len = s->ended.len = 0;
    s->dirty.cap = s->changed.cap = s->ended.cap = 0;
    s->shown.data = NULL;
    s->shown.len = s->shown.cap = 0;
    s->images.data = NULL;
    s->images.len = s->images.cap = 0;
}

static void drop_empty_groups(Atoms *s)
{
    for (uint32_t i = 0; i < s->groups.ntouched; i++) {
        uint8_t *group = s->groups.touched[i];
        group_head(&s->groups, group)->touched = 0;
        if (atom_list(group)->n == 0) group_table_remove(&s->groups, group);
    }
    s->groups.ntouched = 0;
}

void atoms_begin(Atoms *s)
{
    if (s->agg.is_settled) return;
    for (ptrdiff_t i = 0; i < s->dirty.len; i++) {
        Atom *e = s->dirty.data[i];
        e->is_dirty = e->is_visited = false;
        e->shown = 0;
    }
    for (ptrdiff_t i = 0; i < s->changed.len; i++) {
        Atom *e = s->changed.data[i];
        e->is_changed = false;
        if (!e->is_dead && cell_row_count(e->cell) == 0) atoms_end(s, e);
    }
    for (ptrdiff_t i = 0; i < s->ended.len; i++) {
        Atom *e = s->ended.data[i];
        e->is_listed = false;
        if (!e->in_heap) atoms_free(s, e);
    }
    drop_empty_groups(s);
    forget_lists(s);
    arena_reset(&s->agg.epoch);
    s->agg.is_settled = true;
}

/* ---- results ---------------------------------------------------------------------------------- */

static const uint8_t *run_cell(Atoms *s, const AtomRun *run, Arena *scratch)
{
    if (run->n == 1) return run->atoms[0]->cell;
    uint8_t *cell = arena_alloc(scratch, s->agg.aggs.cell_size, 8);
    for (int32_t i = 0; i < run->n; i++) agg_set_merge(&s->agg.aggs, &s->merged, scratch, cell, run->atoms[i]->cell, 1);
    return cell;
}

Column *atoms_results(Atoms *s, const AtomRun *runs, int n, Arena *scratch, Arena *a)
{
    const uint8_t **cells = new_raw(scratch, const uint8_t *, n);
    for (int i = 0; i < n; i++) cells[i] = run_cell(s, &runs[i], scratch);
    Column *results = new (a, Column, s->agg.aggs.n);
    agg_set_final(&s->agg.aggs, scratch, cells, n, results, a);
    heap_clear(&s->merged);
    return results;
}

void atoms_take_before(Atoms *s, const AtomRun *runs, int64_t n, Arena *scratch)
{
    for (int64_t at = 0; at < n; at += BATCH_ROWS_MAX) {
        int some = (int)(n - at < BATCH_ROWS_MAX ? n - at : BATCH_ROWS_MAX);
        Column *image = atoms_results(s, runs + at, some, scratch, &s->agg.epoch);
        for (int i = 0; i < some; i++) {
            const AtomRun *r = &runs[at + i];
            Shown shown = {r->group, r->start, r->end, {(int32_t)s->images.len, i}, false};
            vec_push(&s->shown, &s->agg.epoch, shown);
        }
        vec_push(&s->images, &s->agg.epoch, image);
    }
}

static bool is_as_shown(const Atoms *s, const AtomRun *run, const Column *results, int at)
{
    if (!run->shown) return false;
    const Shown *w = &s->shown.data[run->shown - 1];
    if (w->start != run->start || w->end != run->end) return false;
    const Column *image = s->images.data[w->before.image];
    for (int k = 0; k < s->agg.aggs.n; k++)
        if (!result_eq(&image[k], w->before.row, &results[k], at)) return false;
    return true;
}

static void emit_gone(Atoms *s)
{
    OutBuffer gone;
    out_buffer_init(&gone, &s->agg, &s->groups, -1, s->shown.len);
    for (ptrdiff_t i = 0; i < s->shown.len; i++) {
        const Shown *w = &s->shown.data[i];
        if (!w->is_same)
            out_buffer_add(&gone, w->group, (int64_t[]){w->start, w->end}, s->images.data[w->before.image],
                           w->before.row);
    }
    out_buffer_flush(&gone);
    out_buffer_free(&gone);
}

/* The results of all runs, a list of columns per BATCH_ROWS_MAX of them. */
static Column **all_results(Atoms *s, const AtomRun *runs, int64_t n, Arena *a)
{
    Column **results = new (a, Column *, n / BATCH_ROWS_MAX + 1);
    for (int64_t at = 0; at < n; at += BATCH_ROWS_MAX) {
        int some = (int)(n - at < BATCH_ROWS_MAX ? n - at : BATCH_ROWS_MAX);
        results[at / BATCH_ROWS_MAX] = atoms_results(s, runs + at, some, a, a);
    }
    return results;
}

/* Hands on the runs that are not as they were shown. */
static void emit_come(Atoms *s, const AtomRun *runs, int64_t n, Column *const *results)
{
    OutBuffer come;
    out_buffer_init(&come, &s->agg, &s->groups, 1, n);
    for (int64_t i = 0; i < n; i++) {
        const AtomRun *r = &runs[i];
        bool is_same = r->shown && s->shown.data[r->shown - 1].is_same;
        if (!is_same)
            out_buffer_add(&come, r->group, (int64_t[]){r->start, r->end}, results[i / BATCH_ROWS_MAX],
                           (int)(i % BATCH_ROWS_MAX));
    }
    out_buffer_flush(&come);
    out_buffer_free(&come);
}

void atoms_emit_changes(Atoms *s, const AtomRun *runs, int64_t n)
{
    Arena *scratch = s->agg.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    Column **results = all_results(s, runs, n, scratch);
    for (int64_t i = 0; i < n; i++)
        if (is_as_shown(s, &runs[i], results[i / BATCH_ROWS_MAX], (int)(i % BATCH_ROWS_MAX)))
            s->shown.data[runs[i].shown - 1].is_same = true;
    emit_gone(s);
    emit_come(s, runs, n, results);
    arena_release(scratch, mark);
}

static bool run_before(const Atoms *s, const AtomRun *a, const AtomRun *b)
{
    if (a->end != b->end) return a->end < b->end;
    const GroupTable *t = &s->groups;
    return key_cmp(t->keys, group_words(t, a->group), group_head(t, a->group)->nulls, group_words(t, b->group),
                   group_head(t, b->group)->nulls) < 0;
}

void atoms_emit_final(Atoms *s, AtomRun *runs, int64_t n)
{
    Arena *scratch = s->agg.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    AtomRun *from = runs, *to = new_raw(scratch, AtomRun, n);
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t lo = 0; lo < n; lo += 2 * width) {
            int64_t mid = lo + width < n ? lo + width : n, hi = mid + width < n ? mid + width : n, a = lo, b = mid;
            for (int64_t i = lo; i < hi; i++)
                to[i] = b >= hi || (a < mid && !run_before(s, &from[b], &from[a])) ? from[a++] : from[b++];
        }
        AtomRun *other = from;
        from = to;
        to = other;
    }
    emit_come(s, from, n, all_results(s, from, n, scratch));
    arena_release(scratch, mark);
}

/* ---- records: (t, from, key) → cell ----------------------------------------------------------- */

static Str atom_key(const Atoms *s, const Atom *e, Arena *scratch)
{
    StrBuf key = {.arena = scratch};
    agg_put_int(&key, e->t);
    agg_put_int(&key, e->from - e->t);
    group_table_save_key(&s->groups, e->group, &key);
    return str_of(key.p, key.n);
}

static void save_atom(Atoms *s, Atom *e, StateWriter *w, Arena *scratch)
{
    ArenaMark mark = arena_mark(scratch);
    StrBuf value = {.arena = scratch};
    bool is_gone = e->is_dead || cell_row_count(e->cell) == 0;
    if (!is_gone) {
        sb_char(&value, e->is_closed);
        agg_set_save(&s->agg.aggs, scratch, e->cell, &value);
        state_put(w, (Str){0}, atom_key(s, e, scratch), str_of(value.p, value.n));
    } else if (e->is_saved) {
        state_del(w, (Str){0}, atom_key(s, e, scratch));
    }
    e->is_saved = !is_gone;
    arena_release(scratch, mark);
}

void atoms_save(Op *op, StateWriter *w, bool all)
{
    Atoms *s = (Atoms *)op;
    Arena *scratch = op->ctx->batch_scratch;
    for (ptrdiff_t i = 0; !all && i < s->ended.len; i++) save_atom(s, s->ended.data[i], w, scratch);
    for (ptrdiff_t i = 0; !all && i < s->changed.len; i++)
        if (!s->changed.data[i]->is_dead) save_atom(s, s->changed.data[i], w, scratch);
    for (uint32_t i = 0; all && i < s->groups.len; i++) {
        uint8_t *group = group_table_at(&s->groups, i);
        for (uint32_t k = 0; group && k < atom_list(group)->n; k++) {
            Atom *e = atom_list(group)->items[k];
            if (cell_row_count(e->cell) != 0) save_atom(s, e, w, scratch);
        }
    }
}

Status atoms_load(Op *op, Str space, Str key, Str value)
{
    Atoms *s = (Atoms *)op;
    Arena *scratch = op->ctx->batch_scratch;
    StrReader in = {.at = key.p, .end = key.p + key.n};
    uint64_t *words = new (scratch, uint64_t, s->agg.keys.words + 1);
    uint32_t nulls;
    int64_t t = agg_get_int(&in), from = t + agg_get_int(&in);
    if (space.n || in.bad || !key_load(&s->agg.keys, &in, words, &nulls) || in.at != in.end) return WEIR_E_CORRUPT;
    bool is_new;
    uint8_t *group = group_table_add(&s->groups, words, nulls, key_hash(&s->agg.keys, words, nulls), &is_new);
    group_table_settle(&s->groups);
    Atom *e = atom_new(s, group, t, from);
    e->is_saved = true;
    in = (StrReader){.at = value.p, .end = value.p + value.n};
    Str flag = sr_bytes(&in, 1);
    if (in.bad) return WEIR_E_CORRUPT;
    e->is_closed = flag.p[0] != 0;
    return agg_set_load(&s->agg.aggs, &s->groups.heap, scratch, e->cell, &in);
}

int64_t atoms_state_bytes(const Op *op)
{
    const Atoms *s = (const Atoms *)op;
    return group_table_bytes(&s->groups) + s->due.cap * (int64_t)sizeof(DueItem);
}

int64_t atoms_state_rows(const Op *op)
{
    return ((const Atoms *)op)->live;
}

void atoms_tell(Op *op, StateRows *out)
{
    Atoms *s = (Atoms *)op;
    ArenaMark mark = arena_mark(out->scratch);
    uint8_t **groups = new_raw(out->scratch, uint8_t *, s->groups.live);
    uint32_t n = group_table_list(&s->groups, groups);
    group_table_sort(&s->groups, groups, n, out->scratch);
    for (uint32_t i = 0; i < n; i++) {
        const AtomList *l = atom_list(groups[i]);
        for (uint32_t k = 0; k < l->n; k++) {
            uint8_t *cell = l->items[k]->cell;
            TimeSpan at = {l->items[k]->t, l->items[k]->t};
            StateCells c = {"moment", "time", &s->groups, &groups[i], &cell, 1, &at};
            if (!l->items[k]->is_dead && cell_row_count(cell) != 0) state_rows_cells(out, &s->agg, &c);
        }
    }
    arena_release(out->scratch, mark);
}
