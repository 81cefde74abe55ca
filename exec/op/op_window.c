/* op_window.c: a window table function: each row once per window that holds it, with the window's
 * bounds as columns. Nothing is late here: the judgement travels on. Rows in no window are counted.
 * The copies of a row share its position and are told apart by their ordinal. */
#include "exec/op/expand.h"
#include "exec/op/op.h"
#include "exec/window/window.h"

typedef struct WindowOp {
    Op op;
    PaneGrid grid;
    int64_t tick;
    uint32_t copies;   /* see pane_grid_copies */
} WindowOp;

/* Copies of rows that wait to go out. */
typedef struct Expansion {
    int32_t *rows;
    int64_t *start, *end;
    uint32_t *ordinal;
    int32_t n;
} Expansion;

static Expansion expansion_new(Arena *a)
{
    return (Expansion){new_raw(a, int32_t, BATCH_ROWS_MAX), new_raw(a, int64_t, BATCH_ROWS_MAX),
                       new_raw(a, int64_t, BATCH_ROWS_MAX), new_raw(a, uint32_t, BATCH_ROWS_MAX), 0};
}

static Column time_column(const WindowOp *w, int field, const int64_t *us, int n, Arena *a)
{
    Column c = column_new(a, w->op.plan->fields[field].type, n);
    if (n) memcpy(c.data, us, (size_t)n * sizeof *us);
    return c;
}

static void expansion_emit(WindowOp *w, const Batch *b, Expansion *x)
{
    if (x->n == 0) return;
    Arena *a = w->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    int first = b->ncols;
    Batch out = batch_expand(b, x->rows, x->ordinal, x->n, 3, a);
    out.cols[first] = time_column(w, first, x->start, x->n, a);
    out.cols[first + 1] = time_column(w, first + 1, x->end, x->n, a);
    for (int i = 0; i < x->n; i++) x->end[i] -= w->tick;
    out.cols[first + 2] = time_column(w, first + 2, x->end, x->n, a);
    for (int k = 0; k < 3; k++) /* a row whose time is in error has windows in error */
        column_copy_errors(&out.cols[first + k], &b->cols[w->op.plan->window->time_col], x->rows, x->n, a);
    op_emit(&w->op, &out);
    arena_release(a, mark);
    x->n = 0;
}

static void expansion_add(WindowOp *w, const Batch *b, Expansion *x, int row, TimeSpan window, uint32_t copy)
{
    x->rows[x->n] = row;
    x->start[x->n] = window.start;
    x->end[x->n] = window.end;
    x->ordinal[x->n++] = (b->ordinal ? b->ordinal[row] : 0) * w->copies + copy;
    if (x->n == BATCH_ROWS_MAX) expansion_emit(w, b, x);
}

static void expand_row(WindowOp *w, const Batch *b, Expansion *x, int row, int64_t t, TimeSpan *pane)
{
    bool is_inside = t >= pane->start && t < pane->end;
    if (!is_inside && !pane_at(&w->grid, t, pane)) {
        int weight = batch_weight(b, row);
        if (weight > 0) w->op.ctx->gap_rows += weight;
        *pane = (TimeSpan){0};
        return;
    }
    TimeSpan window;
    uint32_t copy = 0;
    for (int64_t after = INT64_MIN; window_after(&w->grid, *pane, after, &window); after = window.end)
        expansion_add(w, b, x, row, window, copy++);
}

static void window_push(Op *op, int port, const Batch *b)
{
    (void)port;
    WindowOp *w = (WindowOp *)op;
    const Column *time = &b->cols[op->plan->window->time_col];
    Arena *a = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    Expansion x = expansion_new(a);
    TimeSpan pane = {0};
    for (int i = 0; i < batch_count(b); i++) {
        int row = batch_row(b, i);
        if (col_is_err(time, row) && !op->plan->props.above_state)
            expansion_add(w, b, &x, row, (TimeSpan){0}, 0);
        else if (!col_is_null(time, row))
            expand_row(w, b, &x, row, COL(int64_t, time)[col_at(time, row)], &pane);
        else if (batch_weight(b, row) > 0)
            op->ctx->gap_rows += batch_weight(b, row);
    }
    expansion_emit(w, b, &x);
    arena_release(a, mark);
}

static const OpClass window_class = {.name = "window", .push = window_push};

Status op_window_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    if (p->window->def->shape == WINDOW_SHAPE_SESSION) return op_session_rows_open(p, c, a, out, d);
    WindowOp *w = new_one(a, WindowOp);
    op_init(&w->op, &window_class, p, c, a);
    TRY(pane_grid_new(p->window, a, &w->grid, d));
    w->copies = pane_grid_copies(&w->grid);
    w->tick = p->window->tick_us > 0 ? p->window->tick_us : 1;
    *out = &w->op;
    return WEIR_OK;
}
