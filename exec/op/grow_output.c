/* grow_output.c: pairs of a row that came and one that is kept become columns. */
#include "exec/op/grow.h"

#include <assert.h>

/* ---- columns of the batch ----------------------------------------------------------------------- */

typedef struct Taking {
    const Column *from;
    const int32_t *rows;
    int n;
    Column *out;
    Arena *a;
} Taking;

static inline int taken_row(const Taking *t, int i) { return t->from->is_const ? 0 : t->rows[i]; }

static void take_8(const Taking *t)
{
    const uint64_t *v = t->from->data;
    for (int i = 0; i < t->n; i++) COL(uint64_t, t->out)[i] = v[taken_row(t, i)];
}

static void take_double(const Taking *t)
{
    const double *v = t->from->data;
    for (int i = 0; i < t->n; i++) COL(double, t->out)[i] = v[taken_row(t, i)] + 0.0; /* as it is kept */
}

static void take_16(const Taking *t)
{
    const char *v = t->from->data;
    for (int i = 0; i < t->n; i++) memcpy(COL(char, t->out) + (ptrdiff_t)i * 16, v + (ptrdiff_t)taken_row(t, i) * 16, 16);
}

static void take_small(const Taking *t, int width)
{
    const char *v = t->from->data;
    for (int i = 0; i < t->n; i++)
        memcpy(COL(char, t->out) + (ptrdiff_t)i * width, v + (ptrdiff_t)taken_row(t, i) * width, (size_t)width);
}

static void take_values(const Taking *t, TypeKind kind)
{
    assert(t->from->data);
    if (kind == TYPE_DOUBLE) take_double(t);
    else if (type_width(kind) == 8) take_8(t);
    else if (type_width(kind) == 16) take_16(t);
    else take_small(t, type_width(kind));
    for (int i = 0; t->from->valid && i < t->n; i++)
        if (!bit_get(t->from->valid, taken_row(t, i))) column_set_null(t->out, t->a, i);
}

static void take_marks(const Taking *t)
{
    for (int i = 0; t->from->err && i < t->n; i++) {
        const RowError *e = column_error(t->from, t->rows[i]);
        if (e) column_set_err(t->out, t->a, i, e->code, e->message);
    }
}

/* ---- columns of kept rows ----------------------------------------------------------------------- */

/* Marks column `input` of the rows whose marks name it (join_input.c). */
static void kept_marks_of(const Grow *g, int side, int32_t input, Column *out, Arena *a)
{
    const KeptRows *k = &g->side[side].rows;
    int at = k->layout.cols[g->j.side[side].marks].at;
    for (int i = 0; i < g->pairs.n; i++) {
        Str text = text_str((const Text *)(const void *)&kept_words(k, g->pairs.rows[i])[at]);
        for (StrReader in = {.at = text.p, .end = text.p + text.n}; in.at < in.end && !in.bad;) {
            int col = (int)sr_varint(&in);
            Status code = (Status)sr_varint(&in);
            Str message = sr_bytes(&in, (ptrdiff_t)sr_varint(&in));
            if (col == input && !in.bad) column_set_err(out, a, i, code, message);
        }
    }
}

/* Keys are the same on both sides: those of the batch stand in order. Text is referred to where it is
 * kept, so that it lasts. */
static void fill_column(const Grow *g, int side, const Batch *b, const JoinColumn *c, Column *out, Arena *a)
{
    const JoinSide *own = &g->j.side[side];
    bool is_own = c->side == side, is_kept = c->key < 0 && (!is_own || (g->are_lasting && type_is_text((TypeKind)c->type.kind)));
    *out = column_new_raw(a, c->type, g->pairs.n);
    Taking t = {.from = &b->cols[c->key >= 0 ? own->keys[c->key] : c->input], .rows = g->pairs.batch_rows, .n = g->pairs.n, .out = out, .a = a};
    if (!is_kept) take_values(&t, (TypeKind)c->type.kind);
    else kept_rows_column(&g->side[c->side].rows, is_own ? g->pairs.own : g->pairs.rows, g->pairs.n, c->col, out, a);
    out->is_lasting = is_kept && g->are_lasting;
    if (is_own && own->above_state) take_marks(&t);
    else if (!is_own && g->j.side[c->side].marks >= 0) kept_marks_of(g, c->side, c->input, out, a);
}

static Column *fill_columns(const Grow *g, int side, const Batch *b, bool residual, Arena *a)
{
    const JoinOp *j = &g->j;
    Column *cols = new (a, Column, j->ncolumns);
    for (int i = 0; i < j->ncolumns; i++) {
        const JoinColumn *c = &j->columns[i];
        if ((c->key >= 0 || c->col >= 0) && (!residual || c->is_residual)) fill_column(g, side, b, c, &cols[i], a);
    }
    return cols;
}

/* ---- going out ---------------------------------------------------------------------------------- */

static void keep_matching(Grow *g, int side, const Batch *b, Arena *a)
{
    GrowPairs *p = &g->pairs;
    Batch pairs = {.rows = p->n, .ncols = g->j.ncolumns, .cols = fill_columns(g, side, b, true, a), .judge_max = INT64_MIN};
    EvalEnv env = g->j.op.ctx->eval;
    env.faults = true;
    uint16_t *sel = new_raw(a, uint16_t, BATCH_ROWS_MAX);
    p->n = expr_filter(g->j.residual, &pairs, &env, a, sel, NULL);
    for (int i = 0; i < p->n; i++) {
        p->batch_rows[i] = p->batch_rows[sel[i]];
        p->rows[i] = p->rows[sel[i]];
        p->own[i] = p->own[sel[i]];
        p->weights[i] = p->weights[sel[i]];
    }
}

static bool are_plain(const GrowPairs *p)
{
    bool is_plain = true;
    for (int i = 0; i < p->n; i++) is_plain &= p->weights[i] == 1;
    return is_plain;
}

void grow_pairs_flush(Grow *g, int side, const Batch *b)
{
    GrowPairs *p = &g->pairs;
    for (int i = 0; i < p->n; i++) p->own[i] = g->kept[p->batch_rows[i]];
    Op *op = &g->j.op;
    Arena *a = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    if (g->j.residual && p->n > 0) keep_matching(g, side, b, a);
    if (p->n > 0) {
        Batch out = {.rows = p->n, .ncols = op->plan->nfields, .cols = fill_columns(g, side, b, false, a), .judge_max = INT64_MIN};
        if (!are_plain(p)) out.weights = p->weights;
        op_emit(op, &out);
    }
    p->n = 0;
    arena_release(a, mark);
}
