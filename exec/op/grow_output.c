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

typedef struct Gather {
    const GrowSide *side;
    const GrowPlace *places;
    int n, col;
    Column *out;
    Arena *a;
} Gather;

#define GATHER(name, T)                                                                       \
    static void name(const Gather *g)                                                         \
    {                                                                                         \
        T *to = g->out->data;                                                                 \
        for (int i = 0; i < g->n; i++) {                                                      \
            const GrowBlock *b = grow_block(g->side, g->places[i]);                           \
            to[i] = COL(T, &b->cols[g->col])[place_row(g->places[i])];                        \
        }                                                                                     \
    }
GATHER(gather_1, uint8_t)
GATHER(gather_4, uint32_t)
GATHER(gather_8, uint64_t)
GATHER(gather_16, Int128)
#undef GATHER

static void gather_nulls(const Gather *g)
{
    for (int i = 0; i < g->n; i++) {
        const GrowBlock *b = grow_block(g->side, g->places[i]);
        if (col_is_null(&b->cols[g->col], (int)place_row(g->places[i]))) column_set_null(g->out, g->a, i);
    }
}

static void gather(const Gather *g)
{
    switch (type_width(g->out->type.kind)) {
    case 1: gather_1(g); break;
    case 4: gather_4(g); break;
    case 8: gather_8(g); break;
    default: gather_16(g); break;
    }
    if (g->side->has_nulls[g->col]) gather_nulls(g);
}

/* Marks column `input` of the rows whose marks name it (join_input.c). */
static void kept_marks_of(const Grow *g, int side, int32_t input, Column *out, Arena *a)
{
    const GrowSide *s = &g->side[side];
    for (int i = 0; i < g->pairs.n; i++) {
        GrowPlace at = g->pairs.places[i];
        Str text = text_str(&COL(Text, &grow_block(s, at)->cols[g->j.side[side].marks])[place_row(at)]);
        for (StrReader in = {.at = text.p, .end = text.p + text.n}; in.at < in.end && !in.bad;) {
            int col = (int)sr_varint(&in);
            Status code = (Status)sr_varint(&in);
            Str message = sr_bytes(&in, (ptrdiff_t)sr_varint(&in));
            if (col == input && !in.bad) column_set_err(out, a, i, code, message);
        }
    }
}

static bool has_lasting_text(const Grow *g, const JoinColumn *c) { return g->are_lasting && c->key < 0 && type_is_text((TypeKind)c->type.kind); }

/* Keys are the same on both sides: those of the batch stand in order. Text is referred to where it is
 * kept, so that it lasts. */
static void fill_column(const Grow *g, int side, const Batch *b, const JoinColumn *c, Column *out, Arena *a)
{
    const JoinSide *own = &g->j.side[side];
    const GrowPairs *p = &g->pairs;
    const Column *from = &b->cols[c->key >= 0 ? own->keys[c->key] : c->input];
    bool is_own = c->side == side, is_kept = c->key < 0 && (!is_own || (has_lasting_text(g, c) && !from->is_lasting));
    *out = column_new_raw(a, c->type, p->n);
    Taking t = {.from = from, .rows = p->batch_rows, .n = p->n, .out = out, .a = a};
    Gather k = {.side = &g->side[c->side], .places = is_own ? p->own : p->places, .n = p->n, .col = c->col, .out = out, .a = a};
    if (is_kept) gather(&k);
    else take_values(&t, (TypeKind)c->type.kind);
    out->is_lasting = has_lasting_text(g, c);
    if (is_own && own->above_state) take_marks(&t);
    else if (!is_own && g->j.side[c->side].marks >= 0) kept_marks_of(g, c->side, c->input, out, a);
}

/* What the residual reads; or what else is read of the output. */
static void fill_columns(const Grow *g, int side, const Batch *b, bool residual, Column *cols, Arena *a)
{
    const JoinOp *j = &g->j;
    for (int i = 0; i < j->ncolumns; i++) {
        const JoinColumn *c = &j->columns[i];
        bool is_kept = c->key >= 0 || c->col >= 0, is_read = residual ? c->is_residual : g->is_read[i] && !cols[i].data;
        if (is_kept && is_read) fill_column(g, side, b, c, &cols[i], a);
    }
}

/* ---- going out ---------------------------------------------------------------------------------- */

void grow_pair_weighted(Grow *g, int side, const Batch *b, int32_t batch_row, GrowPlace at)
{
    int64_t weight = (int64_t)batch_weight(b, batch_row) * grow_weight(grow_block(&g->side[1 - side], at), (int)place_row(at));
    assert(weight > 0);
    while (weight > 0) {
        GrowPairs *p = &g->pairs;
        p->batch_rows[p->n] = batch_row;
        p->places[p->n] = at;
        p->weights[p->n++] = weight < INT32_MAX ? (int32_t)weight : INT32_MAX;
        weight -= INT32_MAX;
        if (p->n == BATCH_ROWS_MAX) grow_pairs_flush(g, side, b);
    }
}

static void find_own(const Grow *g)
{
    const GrowPairs *p = &g->pairs;
    for (int i = 0; i < p->n && g->are_lasting; i++) p->own[i] = g->kept[p->batch_rows[i]];
}

/* Only the pairs of sel stay. */
static void keep_pairs(Grow *g, const uint16_t *sel, int n)
{
    GrowPairs *p = &g->pairs;
    p->n = n;
    for (int i = 0; i < n; i++) {
        p->batch_rows[i] = p->batch_rows[sel[i]];
        p->places[i] = p->places[sel[i]];
        if (!p->are_plain) p->weights[i] = p->weights[sel[i]];
    }
    find_own(g);
}

/* Judges the pairs. Where most match, the others are only not selected. */
static void judge_pairs(Grow *g, int side, const Batch *b, Batch *out, Arena *a)
{
    GrowPairs *p = &g->pairs;
    fill_columns(g, side, b, true, out->cols, a);
    Batch pairs = {.rows = p->n, .ncols = g->j.ncolumns, .cols = out->cols, .judge_max = INT64_MIN};
    EvalEnv env = g->j.op.ctx->eval;
    env.faults = true;
    uint16_t *sel = new_raw(a, uint16_t, BATCH_ROWS_MAX);
    int n = expr_filter(g->j.residual, &pairs, &env, a, sel, NULL);
    if (n == p->n) return;
    if (n >= p->n / 4 * 3) {
        out->sel = sel;
        out->nsel = n;
        return;
    }
    keep_pairs(g, sel, n);
    memset(out->cols, 0, (size_t)g->j.ncolumns * sizeof *out->cols);
}

static void emit_pairs(Grow *g, int side, const Batch *b, Arena *a)
{
    GrowPairs *p = &g->pairs;
    Op *op = &g->j.op;
    Batch out = {.ncols = op->plan->nfields, .cols = new (a, Column, g->j.ncolumns), .judge_max = INT64_MIN};
    find_own(g);
    if (g->j.residual) judge_pairs(g, side, b, &out, a);
    if (p->n == 0 || (out.sel && out.nsel == 0)) return;
    fill_columns(g, side, b, false, out.cols, a);
    out.rows = p->n;
    if (!p->are_plain) out.weights = p->weights;
    op_emit(op, &out);
}

void grow_pairs_flush(Grow *g, int side, const Batch *b)
{
    Arena *a = g->j.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    if (g->pairs.n > 0) emit_pairs(g, side, b, a);
    g->pairs.n = 0;
    arena_release(a, mark);
}
