/* op_keyed_window.c: GROUP BY over the bounds of a window that was made further down, by a table
 * function or a windowed view. Groups of one window_end are kept together and end together, when
 * the watermark reaches its last tick; rows that come later are late. */
#include "exec/op/time_tables.h"
#include "exec/window/window.h"

/* A window table function below, and by how much it multiplies ordinals. */
typedef struct Expander {
    const PhysOp *plan;
    uint32_t copies;
} Expander;

/* A late row. A table function hands on a row once per window, in the order of their ends, so a row
 * is late for all its windows when the last copy is. */
typedef struct LateRow {
    Pos pos;            /* of the row before it was copied */
    int32_t weight;     /* 0: there is none */
} LateRow;

typedef struct KeyedWindowOp {
    AggregateOp agg;
    int32_t end_col;    /* of the input */
    TimeTables windows;
    VEC(Expander) expanders;
    LateRow late;       /* its next copy may be in time */
} KeyedWindowOp;

static void keyed_begin(KeyedWindowOp *k)
{
    if (k->agg.is_settled) return;
    time_tables_settle(&k->agg, &k->windows);
    arena_reset(&k->agg.epoch);
    k->agg.is_settled = true;
}

/* Rows without a window end belong to one that only the end of the input closes. */
static int64_t end_of_row(const Column *ends, int row)
{
    return col_is_null(ends, row) ? INT64_MAX : COL(int64_t, ends)[col_at(ends, row)];
}

static void late_count(KeyedWindowOp *k)
{
    if (k->late.weight > 0) k->agg.op.ctx->late_rows += k->late.weight;
    k->late.weight = 0;
}

static uint32_t copies_of(const KeyedWindowOp *k, const PhysOp *window)
{
    for (ptrdiff_t i = 0; i < k->expanders.len; i++)
        if (k->expanders.data[i].plan == window) return k->expanders.data[i].copies;
    return 1;
}

/* The ordinal that the row had before table functions copied it; the branches of a UNION ALL stay
 * apart. */
static uint32_t ordinal_before(const KeyedWindowOp *k, const PhysOp *p, uint32_t ordinal)
{
    while (p->kind == PHYS_FILTER || p->kind == PHYS_PROJECT) p = p->inputs[0];
    if (p->kind == PHYS_WINDOW) return ordinal / copies_of(k, p);
    if (p->kind != PHYS_UNION) return ordinal;
    uint32_t n = (uint32_t)p->ninputs;
    return ordinal_before(k, p->inputs[ordinal % n], ordinal / n) * n + ordinal % n;
}

/* Whether the row is late. Counts the late row before it, unless this is another copy of that. */
static bool look_for_late(KeyedWindowOp *k, const Batch *b, int row, int64_t end)
{
    bool is_late = end <= aggregate_late_end(&k->agg, b, row);
    if (!is_late && !k->late.weight) return false;
    Pos pos = batch_pos(b, row);
    pos.ordinal = ordinal_before(k, k->agg.op.plan->inputs[0], pos.ordinal);
    if (!b->offset || !k->late.weight || pos_cmp(&k->late.pos, &pos) != 0) late_count(k);
    k->late = (LateRow){pos, is_late ? batch_weight(b, row) : 0};
    return is_late;
}

static void keyed_push(Op *op, int port, const Batch *b)
{
    (void)port;
    KeyedWindowOp *k = (KeyedWindowOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    keyed_begin(k);
    int32_t *rows;
    int n = aggregate_rows(&k->agg, b, &rows, scratch), taken = 0;
    TimeTable **tables = new_raw(scratch, TimeTable *, n), *last = NULL;
    for (int i = 0; i < n; i++) {
        int64_t end = end_of_row(&b->cols[k->end_col], rows[i]);
        if (look_for_late(k, b, rows[i], end)) continue;
        if (!last || last->id != end) last = time_tables_add(&k->agg, &k->windows, end, 0, (TimeSpan){0, end});
        rows[taken] = rows[i];
        tables[taken++] = last;
    }
    time_tables_push(&k->agg, b, rows, tables, taken);
    arena_release(scratch, mark);
}

static int64_t keyed_flush(Op *op, int64_t watermark)
{
    KeyedWindowOp *k = (KeyedWindowOp *)op;
    keyed_begin(k);
    late_count(k);
    if (k->agg.shows_changes) time_tables_emit_changes(&k->agg, &k->windows);
    time_tables_close_windows(&k->agg, &k->windows, aggregate_closed_end(&k->agg, watermark));
    if (watermark > k->agg.closed_at) k->agg.closed_at = watermark;
    k->agg.is_settled = false;
    return watermark;
}

static void keyed_save(Op *op, StateWriter *w, bool all)
{
    KeyedWindowOp *k = (KeyedWindowOp *)op;
    time_tables_save(&k->agg, &k->windows, w, all);
}

static Status keyed_load(Op *op, Str space, Str key, Str value)
{
    KeyedWindowOp *k = (KeyedWindowOp *)op;
    return time_tables_load(&k->agg, &k->windows, space, key, value);
}

static void keyed_close(Op *op)
{
    KeyedWindowOp *k = (KeyedWindowOp *)op;
    time_tables_free(&k->windows);
    aggregate_close(&k->agg);
}

static int64_t keyed_bytes(const Op *op)
{
    return time_tables_bytes(&((const KeyedWindowOp *)op)->windows);
}

static int64_t keyed_rows(const Op *op)
{
    return time_tables_rows(&((const KeyedWindowOp *)op)->windows);
}

static const OpClass keyed_class = {
    .name = "window aggregate", .push = keyed_push, .flush = keyed_flush, .save = keyed_save,
    .load = keyed_load, .close = keyed_close, .state_bytes = keyed_bytes, .state_rows = keyed_rows,
};

static Status find_expanders(KeyedWindowOp *k, const PhysOp *p, Arena *a, Diags *d)
{
    bool is_stateless = p->kind == PHYS_FILTER || p->kind == PHYS_PROJECT || p->kind == PHYS_UNION;
    for (int i = 0; is_stateless && i < p->ninputs; i++) TRY(find_expanders(k, p->inputs[i], a, d));
    if (p->kind != PHYS_WINDOW || p->window->def->shape != WINDOW_SHAPE_PANES) return WEIR_OK;
    PaneGrid grid;
    TRY(pane_grid_new(p->window, a, &grid, d));
    vec_push(&k->expanders, a, (Expander){p, pane_grid_copies(&grid)});
    return WEIR_OK;
}

Status op_keyed_window_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    KeyedWindowOp *k = new_one(a, KeyedWindowOp);
    TRY(aggregate_init(&k->agg, &keyed_class, p, c, a, d));
    k->end_col = p->keys[p->key_window_end];
    k->agg.tick = type_tick_us(p->inputs[0]->fields[k->end_col].type);
    k->windows.tag = 'k';
    TRY(find_expanders(k, p->inputs[0], a, d));
    *out = &k->agg.op;
    return WEIR_OK;
}
