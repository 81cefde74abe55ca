/* op_panes.c: tumbling, hopping and cumulating windows.
 *
 * A row goes to one pane (exec/window/window.h); where a row is late for some of its windows, to a
 * pane of its own that counts in the later ones. Three ways from panes to windows:
 *   flat            every window is one pane: its table is the window's.
 *   EMIT FINAL      panes stay until their last window; a window is merged from them when it closes.
 *   EMIT CHANGES    panes collect an epoch's rows and are merged into the tables of open windows. */
#include "base/plant.h"
#include "exec/kernel/kernel.h"
#include "exec/op/fill.h"
#include "exec/op/pane_merge.h"
#include "exec/op/state_rows.h"

#include <assert.h>

typedef struct PanesOp {
    AggregateOp agg;
    PaneGrid grid;
    bool is_flat;
    TimeTables panes;   /* flat: the windows */
    TimeTables late;    /* panes of rows that are late for the first windows with them */
    TimeTables windows; /* EMIT CHANGES, not flat */
    PaneMerge merge;    /* EMIT FINAL, not flat */
    Fill fill;
} PanesOp;

/* EMIT CHANGES: where the open windows are. */
static TimeTables *open_tables(PanesOp *p)
{
    return p->is_flat ? &p->panes : &p->windows;
}

static void panes_begin(PanesOp *p)
{
    if (p->agg.fill) fill_restore(&p->fill, open_tables(p));
    if (p->agg.is_settled) return;
    if (p->agg.fill) fill_settle(&p->fill);
    time_tables_settle(&p->agg, &p->panes);
    time_tables_settle(&p->agg, &p->late);
    time_tables_settle(&p->agg, &p->windows);
    arena_reset(&p->agg.epoch);
    p->agg.is_settled = true;
}

/* ---- rows to panes ---------------------------------------------------------------------------- */

/* The pane of the last row looked at. */
typedef struct PaneSeen {
    TimeSpan pane, first; /* first: the window with it that ends first */
    TimeTable *table;     /* of rows that are in all its windows; NULL: not asked for yet */
    bool is_gap;
} PaneSeen;

static void pane_look(PanesOp *p, int64_t t, PaneSeen *seen)
{
    if (t >= seen->pane.start && t < seen->pane.end) return;
    *seen = (PaneSeen){0};
    seen->is_gap = !pane_at(&p->grid, t, &seen->pane);
    if (seen->is_gap) {
        seen->pane = (TimeSpan){t, t + 1};
        return;
    }
    bool found = window_after(&p->grid, seen->pane, INT64_MIN, &seen->first);
    assert(found);
    (void)found;
}

static TimeTable *pane_on_time(PanesOp *p, PaneSeen *seen)
{
    if (seen->table) return seen->table;
    int64_t id = p->is_flat ? seen->first.end : seen->pane.start;
    TimeSpan span = p->is_flat ? seen->first : seen->pane;
    pane_merge_note(&p->merge, seen->pane);
    return seen->table = time_tables_add(&p->agg, &p->panes, id, seen->first.end, span);
}

static TimeSpan last_window(const PanesOp *p, const PaneSeen *seen)
{
    TimeSpan last = seen->first, next;
    while (window_after(&p->grid, seen->pane, last.end, &next)) last = next;
    return last;
}

/* Where the row goes; NULL: nowhere, and it has been counted. */
static TimeTable *table_of_row(PanesOp *p, const Batch *b, int row, int64_t t, PaneSeen *seen)
{
    pane_look(p, t, seen);
    if (seen->is_gap) {
        int weight = batch_weight(b, row);
        if (weight > 0 && !p->agg.op.plan->is_repeat) p->agg.op.ctx->gap_rows += weight;
        return NULL;
    }
    int64_t late_end = p->agg.window->by_value ? INT64_MIN : aggregate_late_end(&p->agg, b, row);
    if (WEIR_PLANT("late-admitted")) late_end = INT64_MIN;
    if (late_end < seen->first.end || (!p->is_flat && WEIR_PLANT("judge-ignored-in-panes"))) return pane_on_time(p, seen);
    TimeSpan window;
    if (!window_after(&p->grid, seen->pane, late_end, &window)) {
        TimeSpan last = last_window(p, seen);
        aggregate_late(&p->agg, b, row, last.start, last.end);
        return NULL;
    }
    return time_tables_add(&p->agg, &p->late, seen->pane.start, window.end, seen->pane);
}

/* Whether rows of this batch are in time for all windows with the pane. */
static bool is_in_time(const PanesOp *p, const Batch *b, const PaneSeen *seen)
{
    if (p->agg.window->by_value) return true;
    int64_t j = b->judge_max > p->agg.closed_at ? b->judge_max : p->agg.closed_at;
    return aggregate_closed_end(&p->agg, j) < seen->first.end;
}

static void time_bounds(const Batch *b, const int64_t *time, const int32_t *rows, int n, int64_t *least, int64_t *greatest)
{
    if (n == b->rows) { /* rows ascend: they are all */
        kernel_bounds_i64(time, n, least, greatest);
        return;
    }
    *least = *greatest = time[rows[0]];
    for (int i = 1; i < n; i++) {
        int64_t t = time[rows[i]];
        *least = t < *least ? t : *least;
        *greatest = t > *greatest ? t : *greatest;
    }
}

/* Whether all rows lie in one pane and are in time for all its windows. */
static bool is_one_pane(PanesOp *p, const Batch *b, const int64_t *time, const int32_t *rows, int n, PaneSeen *seen)
{
    int64_t least, greatest;
    time_bounds(b, time, rows, n, &least, &greatest);
    pane_look(p, least, seen);
    return !seen->is_gap && greatest < seen->pane.end && is_in_time(p, b, seen);
}

enum { RUNS_MAX = 8 };

/* Cuts the rows where the pane changes; the i-th run ends at ends[i]. 0: there are many, or not all rows are
 * in time. Rows come nearly in order: a batch lies in one pane or in two. */
static int pane_runs(PanesOp *p, const Batch *b, const int64_t *time, const int32_t *rows, int n, PaneSeen *seen, int *ends)
{
    int runs = 0;
    for (int at = 0; at < n; ends[runs++] = at) {
        if (runs == RUNS_MAX) return 0;
        pane_look(p, time[rows[at]], &seen[runs]);
        if (seen[runs].is_gap || !is_in_time(p, b, &seen[runs])) return 0;
        TimeSpan pane = seen[runs].pane;
        while (at < n && time[rows[at]] >= pane.start && time[rows[at]] < pane.end) at++;
    }
    return runs;
}

static void push_row_by_row(PanesOp *p, const Batch *b, const int64_t *time, int32_t *rows, int n, Arena *scratch)
{
    PaneSeen seen = {0};
    TimeTable **tables = new_raw(scratch, TimeTable *, n);
    int taken = 0;
    for (int i = 0; i < n; i++) {
        TimeTable *e = table_of_row(p, b, rows[i], time[rows[i]], &seen);
        if (!e) continue;
        rows[taken] = rows[i];
        tables[taken++] = e;
    }
    time_tables_push(&p->agg, b, rows, tables, taken);
}

static void push_rows(PanesOp *p, const Batch *b, int32_t *rows, int n, Arena *scratch)
{
    const int64_t *time = aggregate_times(b, p->agg.window->time_col, scratch);
    PaneSeen seen[RUNS_MAX] = {0};
    int ends[RUNS_MAX] = {n}, runs = 1;
    if (!is_one_pane(p, b, time, rows, n, &seen[0])) runs = pane_runs(p, b, time, rows, n, seen, ends);
    if (runs == 0) push_row_by_row(p, b, time, rows, n, scratch);
    for (int i = 0, at = 0; i < runs; at = ends[i++])
        time_tables_push_one(&p->agg, b, rows + at, ends[i] - at, pane_on_time(p, &seen[i]));
}

static void panes_push(Op *op, int port, const Batch *b)
{
    (void)port;
    PanesOp *p = (PanesOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    panes_begin(p);
    int32_t *rows;
    int n = aggregate_rows(&p->agg, b, &rows, scratch);
    if (n > 0) push_rows(p, b, rows, n, scratch);
    arena_release(scratch, mark);
}

/* ---- panes to windows ------------------------------------------------------------------------- */

static void merge_into_windows(PanesOp *p, const TimeTable *pane)
{
    TimeSpan w;
    for (int64_t after = pane->from - 1; window_after(&p->grid, pane->span, after, &w); after = w.end) {
        TimeTable *window = time_tables_add(&p->agg, &p->windows, w.end, w.end, w);
        time_tables_touch(window);
        agg_table_merge(&p->agg, &window->table, &pane->table, 1);
    }
}

/* The before-images of windows are taken as panes are merged into them; panes need none. */
static void merge_epoch(PanesOp *p)
{
    TimeTables *both[] = {&p->panes, &p->late};
    for (int i = 0; i < 2; i++)
        for (TimeTable *pane; (pane = time_tables_first(both[i])); time_tables_drop(both[i], pane))
            merge_into_windows(p, pane);
}

static void flush_changes(PanesOp *p, int64_t closed)
{
    TimeTables *windows = open_tables(p);
    if (!p->is_flat) merge_epoch(p);
    if (p->agg.fill && windows->ntouched) fill_changes(&p->fill, windows);
    time_tables_emit_changes(&p->agg, windows);
    if (p->agg.fill)
        fill_close(&p->fill, windows, closed);
    else
        time_tables_close_windows(&p->agg, windows, closed);
}

static int64_t panes_flush(Op *op, int64_t watermark)
{
    PanesOp *p = (PanesOp *)op;
    panes_begin(p);
    bool by_value = p->agg.window->by_value;
    int64_t closed = by_value ? INT64_MIN : aggregate_closed_end(&p->agg, watermark);
    if (p->agg.shows_changes)
        flush_changes(p, closed);
    else if (p->is_flat)
        time_tables_close_windows(&p->agg, &p->panes, closed);
    else
        pane_merge_close(&p->merge, &p->panes, &p->late, closed);
    if (!by_value && watermark > p->agg.closed_at) p->agg.closed_at = watermark;
    if (p->agg.fill) fill_expire_runs(&p->fill);
    p->agg.is_settled = false;
    if (by_value || watermark == INT64_MIN || watermark == INT64_MAX) return watermark == INT64_MAX ? INT64_MAX : INT64_MIN;
    return watermark - p->agg.grace;
}

/* ---- records ---------------------------------------------------------------------------------- */

static void panes_save(Op *op, StateWriter *w, bool all)
{
    PanesOp *p = (PanesOp *)op;
    time_tables_save(&p->agg, &p->panes, w, all);
    time_tables_save(&p->agg, &p->late, w, all);
    time_tables_save(&p->agg, &p->windows, w, all);
    if (!p->is_flat && !p->agg.shows_changes) pane_merge_save(&p->merge, w, all);
    if (p->agg.fill) fill_save(&p->fill, w, all);
}

static Status panes_load(Op *op, Str space, Str key, Str value)
{
    PanesOp *p = (PanesOp *)op;
    if (space.n == 0) return pane_merge_load(&p->merge, key, value);
    if (space.p[0] == 'f' && p->agg.fill) return fill_load(&p->fill, space, key, value);
    p->fill.is_loaded = true;
    TimeTables *all[] = {&p->panes, &p->late, &p->windows};
    for (int i = 0; i < 3; i++)
        if (space.p[0] == all[i]->tag) return time_tables_load(&p->agg, all[i], space, key, value);
    return WEIR_E_CORRUPT;
}

static void panes_close(Op *op)
{
    PanesOp *p = (PanesOp *)op;
    time_tables_free(&p->panes);
    time_tables_free(&p->late);
    time_tables_free(&p->windows);
    pane_merge_free(&p->merge);
    fill_free(&p->fill);
    aggregate_close(&p->agg);
}

static int64_t panes_bytes(const Op *op)
{
    const PanesOp *p = (const PanesOp *)op;
    return time_tables_bytes(&p->panes) + time_tables_bytes(&p->late) + time_tables_bytes(&p->windows);
}

static int64_t panes_rows(const Op *op)
{
    const PanesOp *p = (const PanesOp *)op;
    return time_tables_rows(&p->panes) + time_tables_rows(&p->late) + time_tables_rows(&p->windows);
}

static void panes_tell(Op *op, StateRows *out)
{
    PanesOp *p = (PanesOp *)op;
    const char *name = p->is_flat ? "window" : "pane";
    time_tables_tell(&p->agg, &p->panes, out, name);
    time_tables_tell(&p->agg, &p->late, out, "pane");
    time_tables_tell(&p->agg, &p->windows, out, "window");
}

static const OpClass panes_class = {
    .name = "window aggregate", .push = panes_push, .row_error = aggregate_row_error, .flush = panes_flush, .save = panes_save,
    .load = panes_load, .close = panes_close, .state_bytes = panes_bytes, .state_rows = panes_rows,
    .tell = panes_tell,
};

Status op_panes_open(const PhysOp *plan, OpContext *c, Arena *a, Op **out, Diags *d)
{
    PanesOp *p = new_one(a, PanesOp);
    TRY(aggregate_init(&p->agg, &panes_class, plan, c, a, d));
    TRY(pane_grid_new(plan->window, a, &p->grid, d));
    if (plan->window->fill) p->agg.fill = &p->fill;
    fill_init(&p->fill, &p->agg, &p->grid);
    p->is_flat = pane_grid_is_flat(&p->grid);
    p->panes.tag = 'p';
    p->late.tag = 'l';
    p->windows.tag = 'w';
    pane_merge_init(&p->merge, &p->agg, &p->grid);
    *out = &p->agg.op;
    return WEIR_OK;
}
