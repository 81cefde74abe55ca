/* op_session_atoms.c: sessions over input that retracts: a session splits when its bridge goes.
 *
 * Rows are kept by time (exec/op/atoms.h); a session is a chain of atoms that are at most the gap
 * apart. An epoch looks only at chains that it touches: before a row changes anything near it, the
 * clean chain there is remembered and its atoms are marked dirty; at the flush every chain with a
 * dirty atom is compared with what was. */
#include "exec/op/atoms.h"

#include <assert.h>

typedef struct SessionAtoms {
    Atoms atoms;
    int64_t gap;
} SessionAtoms;

static int64_t due_of(const Atoms *s, const Atom *e)
{
    return e->t + ((const SessionAtoms *)s)->gap;
}

/* Whether the atom counts: rows may have come and gone, or the atom is no part of the old chains. */
typedef bool (*AtomTest)(const Atom *e);

static bool is_clean(const Atom *e)
{
    return !e->is_dirty;
}

static bool has_rows(const Atom *e)
{
    return cell_row_count(e->cell) > 0;
}

/* The next atom from `at` in direction `step` that counts, at most the gap from t; -1: none. */
static int64_t neighbour(const SessionAtoms *s, const AtomList *l, int64_t at, int step, int64_t t, AtomTest counts)
{
    for (; at >= 0 && at < l->n; at += step) {
        int64_t distance = l->items[at]->t - t;
        if ((distance < 0 ? -distance : distance) > s->gap) return -1;
        if (counts(l->items[at])) return at;
    }
    return -1;
}

/* The chain of atoms that count around atom `at`, which counts. */
static AtomRun chain_around(const SessionAtoms *s, uint8_t *group, int64_t at, AtomTest counts, Arena *a)
{
    const AtomList *l = atom_list(group);
    int64_t first = at, next;
    while ((next = neighbour(s, l, first - 1, -1, l->items[first]->t, counts)) >= 0) first = next;
    VEC(Atom *) atoms = {0};
    int64_t last = first;
    for (next = first; next >= 0; next = neighbour(s, l, next + 1, 1, l->items[last]->t, counts)) {
        vec_push(&atoms, a, l->items[next]);
        last = next;
    }
    return (AtomRun){group, l->items[first]->t, l->items[last]->t + s->gap, atoms.data, (int32_t)atoms.len, 0};
}

/* Remembers the clean chains that a row at t may change. */
static void capture_near(SessionAtoms *s, uint8_t *group, int64_t t, AtomRuns *runs, Arena *scratch)
{
    const AtomList *l = atom_list(group);
    for (int side = 0; side < 2; side++) {
        uint32_t at = atoms_find(l, t, INT64_MIN);
        int64_t near = side ? neighbour(s, l, at, 1, t, is_clean) : neighbour(s, l, (int64_t)at - 1, -1, t, is_clean);
        if (near < 0) continue;
        AtomRun run = chain_around(s, group, near, is_clean, scratch);
        run.atoms[0]->shown = (int32_t)(s->atoms.shown.len + runs->len + 1);
        for (int32_t i = 0; i < run.n; i++) atoms_mark_dirty(&s->atoms, run.atoms[i]);
        vec_push(runs, scratch, run);
    }
}

/* Rows at or before this time are late. */
static int64_t late_limit(const SessionAtoms *s, const Batch *b, int row)
{
    const AggregateOp *g = &s->atoms.agg;
    int64_t j = batch_judge(b, row), limit;
    if (g->window->by_value) return INT64_MIN;
    if (j < g->closed_at) j = g->closed_at;
    return __builtin_sub_overflow(j, g->grace, &limit) ? INT64_MIN : limit;
}

static int drop_late(SessionAtoms *s, const Batch *b, const int64_t *time, int32_t *rows, int n)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (time[rows[i]] > late_limit(s, b, rows[i]))
            rows[kept++] = rows[i];
        else
            aggregate_late(&s->atoms.agg, b, rows[i], time[rows[i]], time[rows[i]] + s->atoms.agg.window->size_us);
    }
    return kept;
}

static void push_rows(SessionAtoms *s, const Batch *b, int32_t *rows, int n, Arena *scratch)
{
    AggregateOp *g = &s->atoms.agg;
    const int64_t *time = aggregate_times(b, g->window->time_col, scratch);
    n = drop_late(s, b, time, rows, n);
    PackedKeys keys = key_pack(&g->keys, b->cols, g->op.plan->keys, rows, n, scratch);
    uint8_t **cells = new_raw(scratch, uint8_t *, n);
    group_table_find(&s->atoms.groups, &keys, cells, NULL);
    AtomRuns before = {0};
    for (int i = 0; i < n; i++) {
        int64_t t = time[rows[i]];
        if (g->shows_changes) capture_near(s, cells[i], t, &before, scratch);
        Atom *e = atoms_get(&s->atoms, cells[i], t, t);
        atoms_mark_changed(&s->atoms, e);
        cells[i] = e->cell;
    }
    atoms_take_before(&s->atoms, before.data, before.len, scratch);
    agg_set_step(&g->aggs, &s->atoms.groups.heap, scratch, b, rows, n, cells);
}

static void session_push(Op *op, int port, const Batch *b)
{
    (void)port;
    SessionAtoms *s = (SessionAtoms *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    atoms_begin(&s->atoms);
    int32_t *rows;
    int n = aggregate_rows(&s->atoms.agg, b, &rows, scratch);
    if (n > 0) push_rows(s, b, rows, n, scratch);
    arena_release(scratch, mark);
}

/* ---- flush ------------------------------------------------------------------------------------ */

static void emit_changes(SessionAtoms *s, Arena *scratch)
{
    AtomRuns now = {0};
    for (ptrdiff_t i = 0; i < s->atoms.dirty.len; i++) {
        Atom *e = s->atoms.dirty.data[i];
        if (e->is_visited || e->is_dead || !has_rows(e)) continue;
        AtomRun run = chain_around(s, e->group, atoms_find(atom_list(e->group), e->t, e->from), has_rows, scratch);
        run.shown = run.atoms[0]->shown;
        for (int32_t k = 0; k < run.n; k++) {
            assert(run.atoms[k]->is_dirty);
            run.atoms[k]->is_visited = true;
        }
        vec_push(&now, scratch, run);
    }
    atoms_emit_changes(&s->atoms, now.data, now.len);
}

/* The chains whose last atom is due. An atom with a successor has nothing to wait for: a chain ends
 * with its last one, and what could take that away would be late by now. */
static AtomRuns take_due(SessionAtoms *s, int64_t end, Arena *scratch)
{
    AtomRuns closing = {0};
    while (s->atoms.due.n && s->atoms.due.items[0].due <= end) {
        Atom *e = due_heap_take(&s->atoms.due).item;
        e->in_heap = false;
        if (e->is_dead && !e->is_listed) {
            atoms_free(&s->atoms, e);
            continue;
        }
        if (e->is_dead || !has_rows(e)) continue;
        const AtomList *l = atom_list(e->group);
        uint32_t at = atoms_find(l, e->t, e->from);
        if (neighbour(s, l, (int64_t)at + 1, 1, e->t, has_rows) >= 0) continue;
        vec_push(&closing, scratch, chain_around(s, e->group, at, has_rows, scratch));
    }
    return closing;
}

/* Chains that end at or before `end` go out and away. */
static void close_chains(SessionAtoms *s, int64_t end, Arena *scratch)
{
    AtomRuns closing = take_due(s, end, scratch);
    if (!s->atoms.agg.shows_changes) atoms_emit_final(&s->atoms, closing.data, closing.len);
    for (ptrdiff_t i = 0; i < closing.len; i++)
        for (int32_t k = 0; k < closing.data[i].n; k++) atoms_end(&s->atoms, closing.data[i].atoms[k]);
}

static int64_t session_flush(Op *op, int64_t watermark)
{
    SessionAtoms *s = (SessionAtoms *)op;
    AggregateOp *g = &s->atoms.agg;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    atoms_begin(&s->atoms);
    if (g->shows_changes) emit_changes(s, scratch);
    g->is_settled = false;
    bool closes = watermark != INT64_MIN && !g->window->by_value;
    if (closes) close_chains(s, watermark == INT64_MAX ? INT64_MAX : watermark - g->grace, scratch);
    if (closes && watermark > g->closed_at) g->closed_at = watermark;
    arena_release(scratch, mark);
    if (watermark == INT64_MAX) return INT64_MAX;
    return closes ? watermark - g->grace - g->tick : INT64_MIN;
}

static const OpClass session_class = {
    .name = "session aggregate", .push = session_push, .row_error = aggregate_row_error, .flush = session_flush, .save = atoms_save,
    .load = atoms_load, .close = atoms_close, .state_bytes = atoms_state_bytes, .state_rows = atoms_state_rows,
    .tell = atoms_tell,
};

Status op_session_atoms_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    SessionAtoms *s = new_one(a, SessionAtoms);
    TRY(atoms_init(&s->atoms, &session_class, p, c, a, d));
    s->gap = p->window->size_us;
    s->atoms.due_of = due_of;
    *out = &s->atoms.agg.op;
    return WEIR_OK;
}
