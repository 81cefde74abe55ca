/* op_keyed_window.c: GROUP BY over the bounds of a window that was made further down, by a table
 * function or a windowed view. Groups of one window_end are kept together and end together, when
 * the watermark reaches its last tick; rows that come later are late. */
#include "exec/op/late_copies.h"
#include "exec/op/state_rows.h"
#include "exec/op/time_tables.h"
#include "exec/window/window.h"

typedef struct KeyedWindowOp {
    AggregateOp agg;
    int32_t end_col;    /* of the input */
    TimeTables windows;
    LateCopies late;
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
        if (late_copies_see(&k->late, b, rows[i], end <= aggregate_late_end(&k->agg, b, rows[i]))) continue;
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
    late_copies_count(&k->late);
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

/* The bounds are among the keys. */
static void keyed_tell(Op *op, StateRows *out)
{
    KeyedWindowOp *k = (KeyedWindowOp *)op;
    time_tables_tell(&k->agg, &k->windows, out, NULL);
}

static const OpClass keyed_class = {
    .name = "window aggregate", .push = keyed_push, .row_error = aggregate_row_error, .flush = keyed_flush, .save = keyed_save,
    .load = keyed_load, .close = keyed_close, .state_bytes = keyed_bytes, .state_rows = keyed_rows,
    .tell = keyed_tell,
};

Status op_keyed_window_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    KeyedWindowOp *k = new_one(a, KeyedWindowOp);
    TRY(aggregate_init(&k->agg, &keyed_class, p, c, a, d));
    k->end_col = p->keys[p->key_window_end];
    k->agg.tick = type_tick_us(p->inputs[0]->fields[k->end_col].type);
    k->windows.tag = 'k';
    TRY(late_copies_init(&k->late, p->inputs[0], c, a, d));
    k->late.is_repeat = p->is_repeat;
    *out = &k->agg.op;
    return WEIR_OK;
}
