/* aggregate.c: which rows of a batch count, and the rows that go out. */
#include "exec/op/aggregate.h"
#include "base/plant.h"

#include <assert.h>

/* ---- making ----------------------------------------------------------------------------------- */

static int32_t window_columns(const PhysOp *p)
{
    if (!p->window) return 0;
    switch (p->window->def->shape) {
    case WINDOW_SHAPE_PANES:
    case WINDOW_SHAPE_SESSION:
    case WINDOW_SHAPE_SLIDING: return 2;
    case WINDOW_SHAPE_COUNT: return 3;
    case WINDOW_SHAPE_GLOBAL: return 0;
    }
    return 0;
}

Status aggregate_init(AggregateOp *g, const OpClass *cls, const PhysOp *p, OpContext *c, Arena *a, Diags *d)
{
    op_init(&g->op, cls, p, c, a);
    Type *types = new (a, Type, p->nkeys);
    for (int i = 0; i < p->nkeys; i++) types[i] = p->inputs[0]->fields[p->keys[i]].type;
    g->keys = key_layout_new(a, types, p->nkeys);
    TRY(agg_set_new(p->aggs, p->naggs, a, &g->aggs, d));
    g->window = p->window;
    if (g->window) {
        g->tick = g->window->tick_us > 0 ? g->window->tick_us : 1;
        g->grace = g->window->grace_us;
    }
    g->nwindow = window_columns(p);
    g->shows_changes = !p->emit_final;
    g->above_state = p->inputs[0]->props.above_state;
    g->is_settled = true;
    g->closed_at = INT64_MIN;
    assert(p->nfields == p->nkeys + g->nwindow + p->naggs);
    return WEIR_OK;
}

void aggregate_close(AggregateOp *g)
{
    arena_free(&g->epoch);
    arena_free(&g->out[0]);
    arena_free(&g->out[1]);
}

int64_t aggregate_closed_end(const AggregateOp *g, int64_t w)
{
    if (w == INT64_MIN || w == INT64_MAX) return w;
    int64_t end;
    if (__builtin_sub_overflow(w, g->grace, &end)) return INT64_MIN;
    if (__builtin_add_overflow(end, WEIR_PLANT("lateness-off-by-one") ? 2 * g->tick : g->tick, &end)) return INT64_MAX;
    return end;
}

/* ---- rows that count -------------------------------------------------------------------------- */

static void row_error_of(const Batch *b, int col, int row, int *first, const RowError **error)
{
    if (col < 0 || !col_is_err(&b->cols[col], row) || (*error && *first <= col)) return;
    *first = col;
    *error = column_error(&b->cols[col], row);
}

static bool call_takes_row(const AggCall *c, const Batch *b, int row)
{
    if (c->filter < 0) return true;
    const Column *f = &b->cols[c->filter];
    return !col_is_null(f, row) && COL(uint8_t, f)[col_at(f, row)];
}

/* The first error, by column, among what the row's key, window and aggregates need. */
static const RowError *needed_error(const AggregateOp *g, const Batch *b, int row)
{
    const PhysOp *p = g->op.plan;
    const RowError *error = NULL;
    int first = 0;
    for (int i = 0; i < p->nkeys; i++) row_error_of(b, p->keys[i], row, &first, &error);
    if (g->window) row_error_of(b, g->window->time_col, row, &first, &error);
    for (int i = 0; i < p->naggs; i++) {
        const AggCall *c = &p->aggs[i];
        row_error_of(b, c->filter, row, &first, &error);
        if (c->filter >= 0 && col_is_err(&b->cols[c->filter], row)) continue;
        if (!call_takes_row(c, b, row)) continue;
        for (int k = 0; k < c->nargs; k++) row_error_of(b, c->args[k], row, &first, &error);
        for (int k = 0; k < c->norder; k++) row_error_of(b, c->order[k].col, row, &first, &error);
    }
    return error;
}

const RowError *aggregate_row_error(const Op *op, int port, const Batch *b, int row)
{
    (void)port;
    const AggregateOp *g = (const AggregateOp *)op;
    return g->above_state ? NULL : needed_error(g, b, row);
}

static bool any_marks(const Batch *b)
{
    for (int i = 0; i < b->ncols; i++)
        if (b->cols[i].err) return true;
    return false;
}

static int drop_errors(AggregateOp *g, const Batch *b, int32_t *rows, int n)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        const RowError *e = needed_error(g, b, rows[i]);
        if (e)
            op_row_error(&g->op, b, rows[i], e->code, e->message);
        else
            rows[kept++] = rows[i];
    }
    return kept;
}

static int drop_timeless(AggregateOp *g, const Batch *b, const Column *time, int32_t *rows, int n)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (!col_is_null(time, rows[i]))
            rows[kept++] = rows[i];
        else if (batch_weight(b, rows[i]) > 0 && !g->op.plan->is_repeat)
            g->op.ctx->gap_rows += batch_weight(b, rows[i]);
    }
    return kept;
}

int aggregate_rows(AggregateOp *g, const Batch *b, int32_t **out, Arena *scratch)
{
    int n = batch_count(b);
    int32_t *rows = new_raw(scratch, int32_t, n);
    if (b->sel)
        for (int i = 0; i < n; i++) rows[i] = b->sel[i];
    else
        for (int i = 0; i < n; i++) rows[i] = i;
    if (!g->above_state && any_marks(b)) n = drop_errors(g, b, rows, n);
    bool needs_time = g->window && g->window->time_col >= 0 && g->window->def->shape != WINDOW_SHAPE_COUNT &&
                      g->window->def->shape != WINDOW_SHAPE_GLOBAL;
    if (needs_time && b->cols[g->window->time_col].valid)
        n = drop_timeless(g, b, &b->cols[g->window->time_col], rows, n);
    *out = rows;
    return n;
}

/* ---- output ----------------------------------------------------------------------------------- */

static const int32_t *constant_weights(Arena *a, int n, int32_t weight)
{
    if (weight == 1) return NULL;
    int32_t *w = new_raw(a, int32_t, n);
    for (int i = 0; i < n; i++) w[i] = weight;
    return w;
}

const Column *aggregate_key_columns(AggregateOp *g, const GroupTable *table, uint8_t *const *groups, int n, Arena *a)
{
    const PhysOp *p = g->op.plan;
    Column *cols = new (a, Column, p->nkeys);
    for (int i = 0; i < p->nkeys; i++) {
        cols[i] = column_new(a, p->fields[i].type, n);
        group_table_keys(table, groups, n, i, &cols[i], a);
    }
    return cols;
}

void aggregate_emit(AggregateOp *g, const OutRows *rows)
{
    if (rows->n == 0 || (rows->sel && rows->nsel == 0)) return;
    assert(rows->n <= BATCH_ROWS_MAX);
    const PhysOp *p = g->op.plan;
    Arena *scratch = g->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    Column *cols = new (scratch, Column, p->nfields);
    const Column *keys = rows->keys ? rows->keys : aggregate_key_columns(g, rows->table, rows->groups, rows->n, scratch);
    if (p->nkeys) memcpy(cols, keys, (size_t)p->nkeys * sizeof *cols);
    for (int i = 0; i < g->nwindow; i++) cols[p->nkeys + i] = rows->window[i];
    for (int i = 0; i < p->naggs; i++) cols[p->nkeys + g->nwindow + i] = rows->results[i];
    Batch b = {.rows = rows->n, .ncols = p->nfields, .cols = cols, .sel = rows->sel, .nsel = rows->nsel, .judge_max = INT64_MIN};
    b.weights = constant_weights(scratch, rows->n, rows->weight);
    op_emit(&g->op, &b);
    arena_release(scratch, mark);
}

const int64_t *aggregate_times(const Batch *b, int col, Arena *scratch)
{
    const Column *c = &b->cols[col];
    if (!c->is_const) return c->data;
    int64_t *t = new_raw(scratch, int64_t, b->rows);
    for (int i = 0; i < b->rows; i++) t[i] = COL(int64_t, c)[0];
    return t;
}

void out_buffer_init(OutBuffer *o, AggregateOp *g, const GroupTable *table, int weight, int64_t rows)
{
    *o = (OutBuffer){.agg = g, .table = table, .weight = weight, .arena = &g->out[weight < 0]};
    o->cap = rows < 16 ? 16 : rows > BATCH_ROWS_MAX ? BATCH_ROWS_MAX : (int32_t)rows;
}

static void out_buffer_begin(OutBuffer *o)
{
    const PhysOp *p = o->agg->op.plan;
    int nwindow = o->agg->nwindow;
    arena_reset(o->arena);
    o->groups = new_raw(o->arena, uint8_t *, o->cap);
    o->window = new (o->arena, Column, nwindow);
    o->results = new (o->arena, Column, p->naggs);
    for (int i = 0; i < nwindow; i++)
        o->window[i] = column_new(o->arena, p->fields[p->nkeys + i].type, o->cap);
    for (int i = 0; i < p->naggs; i++) o->results[i] = column_new(o->arena, p->aggs[i].type, o->cap);
}

void out_buffer_add(OutBuffer *o, uint8_t *group, const int64_t *window, const Column *results, int at)
{
    if (o->n == 0) out_buffer_begin(o);
    o->groups[o->n] = group;
    for (int i = 0; i < o->agg->nwindow; i++) {
        if (window[i] == WINDOW_TIME_NONE)
            column_set_null(&o->window[i], o->arena, o->n);
        else
            COL(int64_t, &o->window[i])[o->n] = window[i];
    }
    for (int i = 0; i < o->agg->aggs.n; i++) result_copy(&o->results[i], o->arena, o->n, &results[i], at);
    if (++o->n == o->cap) out_buffer_flush(o);
}

void out_buffer_flush(OutBuffer *o)
{
    aggregate_emit(o->agg, &(OutRows){.table = o->table, .groups = o->groups, .n = o->n, .window = o->window, .results = o->results, .weight = o->weight});
    o->n = 0;
}

void out_buffer_free(OutBuffer *o)
{
    arena_free(o->arena);
}

Column aggregate_window_const(const AggregateOp *g, int i, int64_t us, Arena *a)
{
    Value v = {.type = g->op.plan->fields[g->op.plan->nkeys + i].type, .i = us};
    return column_const(a, &v);
}

const Column *aggregate_span_columns(const AggregateOp *g, int64_t start, int64_t end, Arena *a)
{
    Column *cols = new (a, Column, 2);
    cols[0] = aggregate_window_const(g, 0, start, a);
    cols[1] = aggregate_window_const(g, 1, end, a);
    return cols;
}

bool result_eq(const Column *a, int i, const Column *b, int j)
{
    bool a_null = col_is_null(a, i), b_null = col_is_null(b, j);
    if (a_null != b_null || col_is_err(a, i) != col_is_err(b, j)) return false;
    if (a_null) return true;
    if (type_is_text(a->type.kind)) return text_eq(&COL(Text, a)[col_at(a, i)], &COL(Text, b)[col_at(b, j)]);
    size_t width = (size_t)type_width(a->type.kind);
    return memcmp(COL(char, a) + (size_t)col_at(a, i) * width, COL(char, b) + (size_t)col_at(b, j) * width,
                  width) == 0;
}

void result_copy(Column *to, Arena *a, int row, const Column *from, int at)
{
    const RowError *e = column_error(from, at);
    if (e) column_set_err(to, a, row, e->code, e->message);
    if (col_is_null(from, at)) {
        column_set_null(to, a, row);
        return;
    }
    size_t width = (size_t)type_width(to->type.kind);
    memcpy(COL(char, to) + (size_t)row * width, COL(char, from) + (size_t)col_at(from, at) * width, width);
}
