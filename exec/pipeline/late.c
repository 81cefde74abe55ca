/* late.c: rows that came too late for a view become rows of the stream that its option late_into
 * names: the columns of the stream's row as it came, by name, with its judgement and the window that
 * refused it. Errors of columns are NULL there; the view itself does not tell of them either. */
#include "exec/pipeline/scan.h"
#include "planner/planner.h"

static Value time_value(Type type, int64_t us)
{
    Value v = {.type = type};
    v.is_null = us == INT64_MIN;
    v.i = us;
    return v;
}

static Value own_value(const ColumnDef *c, int64_t judge, int64_t start, int64_t end)
{
    if (str_ieq(c->name, S("window_start"))) return time_value(c->type, start);
    return time_value(c->type, str_ieq(c->name, S("window_end")) ? end : judge);
}

static Value row_value(const Query *q, const ColumnDef *c, int row, Arena *a)
{
    Value v = {.type = c->type, .is_null = true};
    int col = relation_column(scan_relation(q->current), c->name);
    if (col < 0 || !scan_value(q->current, col, row, &v)) return v;
    if (!v.is_null && type_is_text(v.type.kind)) v.s = str_dup(a, v.s);
    v.type = c->type;
    return v;
}

/* Of a record that holds several rows, a copy that an operator has made is not found again: an error. */
static int64_t on_late(OpContext *ctx, const Batch *b, int row, int64_t start, int64_t end)
{
    Query *q = ctx->owner;
    int at = q->current ? scan_row_of(q->current, b, row) : -1;
    if (at < 0) {
        ctx->on_error(ctx, NULL, b, row, WEIR_E_UNSUPPORTED, S("late_into cannot tell the rows of one record apart"));
        return -1;
    }
    Arena *a = &q->epoch->arena;
    const Relation *into = q->late_into;
    LateRow r = {.values = new (a, Value, into->ncols), .times = batch_weight(b, row)};
    for (int i = 0; i < into->ncols; i++) {
        const ColumnDef *c = &into->cols[i];
        if (c->kind == COL_COMPUTED) continue;
        r.values[i] = late_is_own(c->name) ? own_value(c, batch_judge(b, row), start, end) : row_value(q, c, at, a);
    }
    vec_push(&q->late, a, r);
    return (int64_t)q->late.len - 1;
}

static void off_late(OpContext *ctx, int64_t number)
{
    Query *q = ctx->owner;
    if (number >= 0) q->late.data[number].times = 0;
}

void query_hand_on_late(Query *q, const Relation *into)
{
    q->late_into = into;
    q->ctx.on_late = into ? on_late : NULL;
    q->ctx.off_late = into ? off_late : NULL;
}

static Batch late_batch(const Query *q, const LateRow *const *rows, int n, Arena *a)
{
    const Relation *into = q->late_into;
    Batch b = {.rows = n, .ncols = into->ncols, .cols = new (a, Column, into->ncols)};
    for (int c = 0; c < into->ncols; c++) {
        b.cols[c].type = into->cols[c].type;
        if (into->cols[c].kind == COL_COMPUTED) continue;
        b.cols[c] = column_new(a, into->cols[c].type, n);
        for (int i = 0; i < n; i++) column_put(&b.cols[c], a, i, &rows[i]->values[c]);
    }
    return b;
}

int query_take_late(Query *q, Arena *a, Batch **out)
{
    VEC(Batch) batches = {0};
    const LateRow **rows = new (a, const LateRow *, BATCH_ROWS_MAX);
    int n = 0;
    for (ptrdiff_t i = 0; i < q->late.len; i++)
        for (int k = 0; k < q->late.data[i].times; k++) {
            rows[n++] = &q->late.data[i];
            if (n < BATCH_ROWS_MAX) continue;
            vec_push(&batches, a, late_batch(q, rows, n, a));
            n = 0;
        }
    if (n > 0) vec_push(&batches, a, late_batch(q, rows, n, a));
    memset(&q->late, 0, sizeof q->late);
    *out = batches.data;
    return (int)batches.len;
}
