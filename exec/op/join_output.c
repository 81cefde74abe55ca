/* join_output.c: pairs of rows become columns.
 *
 * Candidates gather until there is a batch of them; the residual is evaluated over all at once, on
 * the columns that it reads; the others are filled for the pairs that are left. */
#include "exec/op/join.h"

#include <assert.h>

/* ---- columns ---------------------------------------------------------------------------------- */

/* Rows of a side, in the order of an output's rows; NULL: absent. */
typedef struct Gather {
    JoinOp *j;
    JoinRow *const *rows[SIDES];
    const uint16_t *sel; /* NULL: all n */
    int32_t n;
    int32_t size;        /* rows that columns have */
    Arena *a;
} Gather;

static inline int gather_at(const Gather *g, int i) { return g->sel ? g->sel[i] : i; }

static inline bool word_is_null(uint32_t nulls, int col) { return nulls >> col & 1; }

/* Values of one word that a single NULL bit guards: nearly all. */
static void gather_packed_words(const Gather *g, const JoinColumn *c, Column *out)
{
    const JoinSide *s = &g->j->side[c->side];
    int at = s->layout.cols[c->col].at;
    for (int i = 0; i < g->n; i++) {
        int row = gather_at(g, i);
        const JoinRow *r = g->rows[c->side][row];
        if (r && !word_is_null(group_head(&s->rows, row_entry(r))->nulls, c->col))
            COL(uint64_t, out)[row] = row_words(s, r)[at];
        else
            column_set_null(out, g->a, row);
    }
}

static void gather_key_words(const Gather *g, const JoinColumn *c, Column *out)
{
    const JoinOp *j = g->j;
    const JoinSide *s = &j->side[c->side];
    int at = j->key_layout.cols[c->key].at;
    for (int i = 0; i < g->n; i++) {
        int row = gather_at(g, i);
        const JoinRow *r = g->rows[c->side][row];
        const uint8_t *group = r ? row_group(s, r) : NULL;
        if (group && !word_is_null(group_head(&j->keys, group)->nulls, c->key))
            COL(uint64_t, out)[row] = group_words(&j->keys, group)[at];
        else
            column_set_null(out, g->a, row);
    }
}

static void gather_value(const JoinOp *j, const JoinColumn *c, const JoinRow *r, Column *out, Arena *a, int row)
{
    const JoinSide *s = &j->side[c->side];
    if (c->key >= 0) {
        const uint8_t *group = row_group(s, r);
        key_unpack(&j->key_layout, group_words(&j->keys, group), group_head(&j->keys, group)->nulls, c->key, out, a, row);
    } else {
        key_unpack(&s->layout, row_words(s, r), group_head(&s->rows, row_entry(r))->nulls, c->col, out, a, row);
    }
}

static void gather_any(const Gather *g, const JoinColumn *c, Column *out)
{
    for (int i = 0; i < g->n; i++) {
        int row = gather_at(g, i);
        const JoinRow *r = g->rows[c->side][row];
        if (r) gather_value(g->j, c, r, out, g->a, row);
        else column_set_null(out, g->a, row);
    }
}

/* Marks column `col` of the side's input in the rows whose marks name it. */
static void gather_marks(const Gather *g, const JoinColumn *c, Column *out)
{
    const JoinSide *s = &g->j->side[c->side];
    int at = s->layout.cols[s->marks].at;
    for (int i = 0; i < g->n; i++) {
        int row = gather_at(g, i);
        const JoinRow *r = g->rows[c->side][row];
        const Text *marks = r ? (const Text *)(const void *)&row_words(s, r)[at] : NULL;
        if (!marks || marks->len == 0) continue;
        Str text = text_str(marks);
        for (StrReader in = {.at = text.p, .end = text.p + text.n}; in.at < in.end && !in.bad;) {
            int col = (int)sr_varint(&in);
            Status code = (Status)sr_varint(&in);
            Str message = sr_bytes(&in, (ptrdiff_t)sr_varint(&in));
            if (col == c->input && !in.bad) column_set_err(out, g->a, row, code, message);
        }
    }
}

static void gather_column(const Gather *g, const JoinColumn *c, Column *out)
{
    *out = column_new(g->a, c->type, g->size);
    bool is_word = type_width(c->type.kind) == 8;
    if (c->key >= 0 && is_word && c->key < KEY_NULLS_INSIDE) gather_key_words(g, c, out);
    else if (c->key < 0 && is_word && c->col < KEY_NULLS_INSIDE) gather_packed_words(g, c, out);
    else gather_any(g, c, out);
    if (g->j->side[c->side].marks >= 0) gather_marks(g, c, out);
}

/* The columns of both inputs, for the residual; or the others of the output. */
static void gather_columns(const Gather *g, Column *cols, bool residual)
{
    int nout = g->j->op.plan->nfields;
    for (int i = 0; i < g->j->ncolumns; i++) {
        const JoinColumn *c = &g->j->columns[i];
        bool is_kept = c->key >= 0 || c->col >= 0;
        if (is_kept && (residual ? c->is_residual : i < nout && !cols[i].data)) gather_column(g, c, &cols[i]);
    }
}

/* ---- going out -------------------------------------------------------------------------------- */

static const int32_t *batch_weights(const int64_t *weights, int n, Arena *a)
{
    bool is_plain = true;
    for (int i = 0; i < n; i++) is_plain &= weights[i] == 1;
    if (is_plain) return NULL;
    int32_t *w = new_raw(a, int32_t, n);
    for (int i = 0; i < n; i++) w[i] = (int32_t)weights[i];
    return w;
}

void join_out_flush(JoinOp *j)
{
    JoinPairs *p = &j->out;
    if (p->n == 0) return;
    Arena *scratch = j->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    Gather g = {.j = j, .rows = {p->rows[SIDE_LEFT], p->rows[SIDE_RIGHT]}, .n = p->n, .size = p->n, .a = scratch};
    Column *cols = new (scratch, Column, j->ncolumns);
    gather_columns(&g, cols, false);
    Batch b = {.rows = p->n, .ncols = j->op.plan->nfields, .cols = cols, .judge_max = INT64_MIN};
    b.weights = batch_weights(p->weights, p->n, scratch);
    op_emit(&j->op, &b);
    p->n = 0;
    arena_release(scratch, mark);
}

static void out_add(JoinOp *j, JoinRow *left, JoinRow *right, int64_t weight)
{
    JoinPairs *p = &j->out;
    p->rows[SIDE_LEFT][p->n] = left;
    p->rows[SIDE_RIGHT][p->n] = right;
    p->weights[p->n++] = weight;
    if (p->n == BATCH_ROWS_MAX) join_out_flush(j);
}

void join_out(JoinOp *j, JoinRow *left, JoinRow *right, int64_t weight)
{
    for (; weight > INT32_MAX; weight -= INT32_MAX) out_add(j, left, right, INT32_MAX);
    for (; weight < -INT32_MAX; weight += INT32_MAX) out_add(j, left, right, -INT32_MAX);
    if (weight) out_add(j, left, right, weight);
}

/* ---- pairs ------------------------------------------------------------------------------------ */

/* What the pair's rows have become since the epoch began. */
typedef struct PairChange {
    int64_t left_before, right_before;
} PairChange;

static PairChange pair_change(const JoinOp *j, const JoinRow *l, const JoinRow *r)
{
    return (PairChange){row_before(j, &j->side[SIDE_LEFT], l), row_before(j, &j->side[SIDE_RIGHT], r)};
}

/* One row's count of matches: of a row that was there, the change; of a new one, all. */
static void count_matches(JoinOp *j, JoinSide *s, JoinRow *r, int64_t before, int64_t other, int64_t other_before)
{
    int64_t more = before > 0 ? other - other_before : other;
    if (!s->counts_matches || more == 0) return;
    if (!j->is_closing) join_touch_row(j, s, r);
    r->matches += more;
}

/* A pair that matches. */
static void take_pair(JoinOp *j, JoinRow *l, JoinRow *r)
{
    PairChange c = pair_change(j, l, r);
    count_matches(j, &j->side[SIDE_LEFT], l, c.left_before, r->weight, c.right_before);
    count_matches(j, &j->side[SIDE_RIGHT], r, c.right_before, l->weight, c.left_before);
    if (!j->is_half) join_out(j, l, r, l->weight * r->weight - c.left_before * c.right_before);
}

void join_candidate(JoinOp *j, JoinRow *left, JoinRow *right)
{
    if (!j->residual) {
        take_pair(j, left, right);
        return;
    }
    JoinPairs *p = &j->candidates;
    p->rows[SIDE_LEFT][p->n] = left;
    p->rows[SIDE_RIGHT][p->n++] = right;
    if (p->n == BATCH_ROWS_MAX) join_settle_candidates(j);
}

void join_settle_candidates(JoinOp *j)
{
    JoinPairs *p = &j->candidates;
    if (p->n == 0) return;
    Arena *scratch = j->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    Gather g = {.j = j, .rows = {p->rows[SIDE_LEFT], p->rows[SIDE_RIGHT]}, .n = p->n, .size = p->n, .a = scratch};
    Column *cols = new (scratch, Column, j->ncolumns);
    gather_columns(&g, cols, true);
    Batch b = {.rows = p->n, .ncols = j->ncolumns, .cols = cols, .judge_max = INT64_MIN};
    EvalEnv env = j->op.ctx->eval;
    env.faults = true;
    uint16_t *sel = new_raw(scratch, uint16_t, BATCH_ROWS_MAX);
    int n = expr_filter(j->residual, &b, &env, scratch, sel, NULL);
    for (int i = 0; i < n; i++) take_pair(j, p->rows[SIDE_LEFT][sel[i]], p->rows[SIDE_RIGHT][sel[i]]);
    p->n = 0;
    arena_release(scratch, mark);
}
