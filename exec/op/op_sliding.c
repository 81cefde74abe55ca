/* op_sliding.c: for each time u of a group's rows the window [u − size + 1 tick, u + 1 tick).
 *
 * Rows are kept by (time, from) (exec/op/atoms.h): `from` is the first u whose window takes them,
 * their own time unless they are late for that. A row changes the windows of all u in
 * [from, t + size); those are remembered before it does. A window closes when the watermark
 * reaches u + grace, an atom goes when the last window that could hold it has closed. */
#include "base/plant.h"
#include "exec/op/atoms.h"

#include <assert.h>

typedef struct SlidingOp {
    Atoms atoms;
    int64_t size;
} SlidingOp;

/* Whether a window ends with the atom: it has rows that were in time for it. */
static bool has_window(const Atom *e)
{
    return e->from == e->t && cell_row_count(e->cell) > 0;
}

static int64_t last_window(const SlidingOp *s, const Atom *e)
{
    return e->t + s->size - s->atoms.agg.tick;
}

/* First its own window, then its end. */
static int64_t due_of(const Atoms *atoms, const Atom *e)
{
    return e->from == e->t && !e->is_closed ? e->t : last_window((const SlidingOp *)atoms, e);
}

static bool takes(const Atom *e, int64_t u)
{
    return e->from <= u && cell_row_count(e->cell) != 0;
}

/* The atoms whose rows are in the window. `borrow`: where they lie side by side, the group's list
 * serves as it is, until it changes. */
static AtomRun run_of(const SlidingOp *s, const Atom *window, bool borrow, Arena *a)
{
    const AtomList *l = atom_list(window->group);
    int64_t u = window->t, tick = s->atoms.agg.tick;
    AtomRun run = {window->group, u - s->size + tick, u + tick, NULL, 0, window->shown};
    uint32_t first = atoms_find(l, run.start, INT64_MIN), last = first;
    bool takes_all = true;
    for (; last < l->n && l->items[last]->t <= u; last++) takes_all &= takes(l->items[last], u);
    if (borrow && takes_all) {
        run.atoms = l->items + first;
        run.n = (int32_t)(last - first);
        return run;
    }
    run.atoms = new_raw(a, Atom *, last - first);
    for (uint32_t i = first; i < last; i++)
        if (takes(l->items[i], u)) run.atoms[run.n++] = l->items[i];
    return run;
}

/* Remembers the windows that rows of (t, from) change. */
static void capture(SlidingOp *s, uint8_t *group, int64_t t, int64_t from, AtomRuns *runs, Arena *scratch)
{
    const AtomList *l = atom_list(group);
    for (uint32_t i = atoms_find(l, from, INT64_MIN); i < l->n && l->items[i]->t < t + s->size; i++) {
        Atom *e = l->items[i];
        if (e->is_dirty || e->is_closed || !has_window(e)) continue;
        AtomRun run = run_of(s, e, false, scratch);
        e->shown = (int32_t)(s->atoms.shown.len + runs->len + 1);
        atoms_mark_dirty(&s->atoms, e);
        vec_push(runs, scratch, run);
    }
}

/* The first window that takes the row; past t + size - 1 tick there is none. */
static int64_t from_of(const SlidingOp *s, const Batch *b, int row, int64_t t)
{
    const AggregateOp *g = &s->atoms.agg;
    int64_t j = batch_judge(b, row), limit;
    if (g->window->by_value) return t;
    if (j < g->closed_at) j = g->closed_at;
    if (j == INT64_MIN || __builtin_sub_overflow(j, g->grace, &limit) || limit < t) return t;
    return limit >= (WEIR_PLANT("sliding-late-at-own-time") ? t : t + s->size - g->tick) ? INT64_MAX : limit + 1;
}

static int drop_late(SlidingOp *s, const Batch *b, const int64_t *time, int32_t *rows, int64_t *from, int n)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        from[kept] = from_of(s, b, rows[i], time[rows[i]]);
        if (from[kept] == INT64_MAX)
            aggregate_late(&s->atoms.agg, b, rows[i], time[rows[i]], time[rows[i]] + s->size);
        else
            rows[kept++] = rows[i];
    }
    return kept;
}

static void push_rows(SlidingOp *s, const Batch *b, int32_t *rows, int n, Arena *scratch)
{
    AggregateOp *g = &s->atoms.agg;
    const int64_t *time = aggregate_times(b, g->window->time_col, scratch);
    int64_t *from = new_raw(scratch, int64_t, n);
    n = drop_late(s, b, time, rows, from, n);
    PackedKeys keys = key_pack(&g->keys, b->cols, g->op.plan->keys, rows, n, scratch);
    uint8_t **cells = new_raw(scratch, uint8_t *, n);
    group_table_find(&s->atoms.groups, &keys, cells, NULL);
    AtomRuns before = {0};
    for (int i = 0; i < n; i++) {
        int64_t t = time[rows[i]];
        if (g->shows_changes) capture(s, cells[i], t, from[i], &before, scratch);
        Atom *e = atoms_get(&s->atoms, cells[i], t, from[i]);
        atoms_mark_changed(&s->atoms, e);
        cells[i] = e->cell;
    }
    atoms_take_before(&s->atoms, before.data, before.len, scratch);
    agg_set_step(&g->aggs, &s->atoms.groups.heap, scratch, b, rows, n, cells);
}

static void sliding_push(Op *op, int port, const Batch *b)
{
    (void)port;
    SlidingOp *s = (SlidingOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    atoms_begin(&s->atoms);
    int32_t *rows;
    int n = aggregate_rows(&s->atoms.agg, b, &rows, scratch);
    if (n > 0) push_rows(s, b, rows, n, scratch);
    arena_release(scratch, mark);
}

/* ---- flush ------------------------------------------------------------------------------------ */

static void emit_changes(SlidingOp *s, Arena *scratch)
{
    AtomRuns now = {0};
    for (ptrdiff_t i = 0; i < s->atoms.dirty.len; i++) {
        Atom *e = s->atoms.dirty.data[i];
        if (!e->is_dead && has_window(e)) vec_push(&now, scratch, run_of(s, e, true, scratch));
    }
    atoms_emit_changes(&s->atoms, now.data, now.len);
}

/* Windows of u <= limit close; atoms that no open window can hold go. The results of a window are
 * taken before any of its atoms goes, so ends come after windows. */
static void close_windows(SlidingOp *s, int64_t limit, Arena *scratch)
{
    AtomRuns closing = {0};
    VEC(Atom *) ends = {0};
    while (s->atoms.due.n && s->atoms.due.items[0].due <= limit) {
        Atom *e = due_heap_take(&s->atoms.due).item;
        e->in_heap = false;
        if (e->is_dead) {
            if (!e->is_listed) atoms_free(&s->atoms, e);
            continue;
        }
        if (e->from == e->t && !e->is_closed) {
            if (has_window(e) && !s->atoms.agg.shows_changes) vec_push(&closing, scratch, run_of(s, e, true, scratch));
            e->is_closed = true;
            atoms_mark_changed(&s->atoms, e);
        }
        if (last_window(s, e) > limit)
            atoms_await(&s->atoms, e, last_window(s, e));
        else
            vec_push(&ends, scratch, e);
    }
    if (!s->atoms.agg.shows_changes) atoms_emit_final(&s->atoms, closing.data, closing.len);
    for (ptrdiff_t i = 0; i < ends.len; i++) atoms_end(&s->atoms, ends.data[i]);
}

static int64_t sliding_flush(Op *op, int64_t watermark)
{
    SlidingOp *s = (SlidingOp *)op;
    AggregateOp *g = &s->atoms.agg;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    atoms_begin(&s->atoms);
    if (g->shows_changes) emit_changes(s, scratch);
    g->is_settled = false;
    bool closes = watermark != INT64_MIN && !g->window->by_value;
    if (closes) close_windows(s, watermark == INT64_MAX ? INT64_MAX : watermark - g->grace, scratch);
    if (closes && watermark > g->closed_at) g->closed_at = watermark;
    arena_release(scratch, mark);
    if (watermark == INT64_MAX) return INT64_MAX;
    return closes ? watermark - g->grace : INT64_MIN;
}

static const OpClass sliding_class = {
    .name = "sliding aggregate", .push = sliding_push, .row_error = aggregate_row_error, .flush = sliding_flush, .save = atoms_save,
    .load = atoms_load, .close = atoms_close, .state_bytes = atoms_state_bytes, .state_rows = atoms_state_rows,
    .tell = atoms_tell,
};

Status op_sliding_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    SlidingOp *s = new_one(a, SlidingOp);
    TRY(atoms_init(&s->atoms, &sliding_class, p, c, a, d));
    s->size = p->window->size_us;
    s->atoms.due_of = due_of;
    *out = &s->atoms.agg.op;
    return WEIR_OK;
}
