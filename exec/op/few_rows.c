/* few_rows.c: rows wherever they are: copied into blocks of their own, or in a batch that stays.
 *
 * What goes out of a batch that stays is the batch, with a selection, weights and ranks: nothing is
 * gathered but where a batch has only a few rows that go. */
#include "exec/op/few.h"

#include <assert.h>

enum {
    SELECTED_MIN = 16,   /* fewer rows of a batch are gathered */
    GOING_MAX = 1 << 16
};

/* ---- reading ------------------------------------------------------------------------------------ */

FewValue few_value(const Few *f, FewRef ref, int col)
{
    FewValue v = {.is_null = false};
    if (few_in_batch(ref)) {
        const Column *c = &few_batch(f, ref)->cols[col];
        v.is_null = col_is_null(c, few_batch_row(ref));
        if (!v.is_null) key_value_words(c, few_batch_row(ref), v.words);
        return v;
    }
    const KeyLayout *k = &f->rows.layout;
    const uint64_t *words = kept_words(&f->rows, few_row(ref));
    v.is_null = key_column_is_null(k, words, kept_head(&f->rows, few_row(ref))->nulls, col);
    if (!v.is_null) memcpy(v.words, &words[k->cols[col].at], (size_t)k->cols[col].words * 8);
    return v;
}

/* Of a batch that stays there are none. */
Str few_marks(const Few *f, FewRef ref)
{
    assert(!few_is_new(ref));
    if (!few_in_batch(ref)) return kept_marks(&f->rows, few_row(ref));
    return f->rows.has_marks ? str_of("", 1) : (Str){0};
}

static bool same_value(const Few *f, FewRef a, FewRef b, int col)
{
    FewValue x = few_value(f, a, col), y = few_value(f, b, col);
    if (x.is_null || y.is_null) return x.is_null == y.is_null;
    return key_value_eq(&f->rows.layout.cols[col], x.words, y.words);
}

bool few_eq(const Few *f, FewRef a, FewRef b)
{
    if (a == b) return true;
    if (!few_in_batch(a) && !few_in_batch(b)) return kept_row_eq(&f->rows, few_row(a), few_row(b));
    for (int c = 0; c < f->r.nfields; c++)
        if (!same_value(f, a, b, c)) return false;
    return str_eq(few_marks(f, a), few_marks(f, b));
}

/* Rows of batches. */
static void gather(const Few *f, const FewRef *rows, int n, int col, Column *out, Arena *a)
{
    size_t width = (size_t)type_width(out->type.kind);
    for (int i = 0; i < n; i++) {
        const Column *c = &few_batch(f, rows[i])->cols[col];
        int row = few_batch_row(rows[i]);
        if (col_is_null(c, row)) column_set_null(out, a, i);
        else memcpy(COL(char, out) + (size_t)i * width, COL(char, c) + (size_t)row * width, width);
    }
}

static void copied_columns(const Few *f, const FewRef *rows, int n, Column *cols, Arena *a)
{
    uint8_t **kept = new_raw(a, uint8_t *, n);
    for (int i = 0; i < n; i++) kept[i] = few_row(rows[i]);
    for (int c = 0; c < f->r.nfields; c++) kept_rows_column(&f->rows, kept, n, c, &cols[c], a);
}

void few_columns(const Few *f, const FewRef *rows, int n, Column *cols, Arena *a)
{
    for (int c = 0; c < f->r.nfields; c++) cols[c] = column_new_raw(a, f->r.fields[c].type, n);
    if (!few_in_batch(rows[0])) copied_columns(f, rows, n, cols, a);
    else
        for (int c = 0; c < f->r.nfields; c++) gather(f, rows, n, c, &cols[c], a);
}

/* ---- batches that stay -------------------------------------------------------------------------- */

static bool is_resident(const Few *f, const Batch *b)
{
    if (f->r.by_position && !b->has_resident_pos) return false;
    for (int c = 0; c < f->r.nfields; c++)
        if (!column_stays(&b->cols[c], 0, b->rows)) return false;
    return f->staying.len < FEW_BATCHES_MAX;
}

uint32_t few_stay(Few *f, const Batch *b)
{
    if (!is_resident(f, b)) return 0;
    FewBatch kept = {.b = {.rows = b->rows, .ncols = f->r.nfields, .judge_max = INT64_MIN, .label = b->label,
                           .generation = b->generation, .offset = b->offset, .ordinal = b->ordinal},
                     .epoch = f->epoch};
    kept.b.cols = new_raw(&f->stay, Column, f->r.nfields);
    memcpy(kept.b.cols, b->cols, (size_t)f->r.nfields * sizeof *b->cols);
    vec_push(&f->staying, &f->stay, kept);
    return (uint32_t)f->staying.len;
}

static FewBatch *staying(const Few *f, FewRef ref) { return &f->staying.data[ref / 2 / BATCH_ROWS_MAX - 1]; }

bool few_is_of_epoch(const Few *f, FewRef ref)
{
    return (few_in_batch(ref) ? staying(f, ref)->epoch : few_front(few_row(ref))->epoch) == f->epoch;
}

bool few_is_saved(const Few *f, FewRef ref)
{
    if (!few_in_batch(ref)) return few_front(few_row(ref))->is_saved;
    const FewBatch *b = staying(f, ref);
    return b->saved && bit_get(b->saved, few_batch_row(ref));
}

void few_set_saved(Few *f, FewRef ref, bool is_saved)
{
    if (!few_in_batch(ref)) {
        few_front(few_row(ref))->is_saved = is_saved;
        return;
    }
    FewBatch *b = staying(f, ref);
    if (!b->saved) b->saved = new (&f->stay, uint64_t, BATCH_WORDS);
    if (is_saved) bit_set(b->saved, few_batch_row(ref));
    else bit_clear(b->saved, few_batch_row(ref));
}

void few_free(Few *f, FewRef ref)
{
    if (!few_in_batch(ref)) kept_row_free(&f->rows, &f->r.parts.heap, few_row(ref));
}

/* ---- rows that go out, gathered ----------------------------------------------------------------- */

static void out_marks(const Few *f, Column *cols, Arena *a)
{
    for (int i = 0; i < f->nout; i++) {
        Str marks = few_marks(f, f->out[i]);
        StrReader in = {.at = marks.p, .end = marks.p + marks.n};
        row_bytes_take_marks(&in, cols, NULL, a, i);
    }
}

static Column rank_column(const Few *f)
{
    return (Column){.type = f->r.op.plan->fields[f->r.nfields].type, .data = f->ranks};
}

void few_out_flush(Few *f)
{
    if (f->nout == 0) return;
    const PhysOp *p = f->r.op.plan;
    Arena *a = f->r.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    Column *cols = new (a, Column, p->nfields);
    few_columns(f, f->out, f->nout, cols, a);
    if (f->rows.has_marks) out_marks(f, cols, a);
    if (f->ranks) cols[f->r.nfields] = rank_column(f);
    Batch b = {.rows = f->nout, .ncols = p->nfields, .cols = cols, .weights = f->weights, .judge_max = INT64_MIN};
    f->nout = 0;
    op_emit(&f->r.op, &b);
    arena_release(a, mark);
}

/* Copied rows and such of batches don't go together. */
void few_out(Few *f, FewRef ref, int32_t weight, int64_t rank)
{
    if (f->nout == BATCH_ROWS_MAX || (f->nout > 0 && few_in_batch(f->out[0]) != few_in_batch(ref))) few_out_flush(f);
    f->out[f->nout] = ref;
    f->weights[f->nout] = weight;
    if (f->ranks) f->ranks[f->nout] = rank;
    f->nout++;
}

/* ---- rows that go out where they lie ------------------------------------------------------------ */

void few_going(Few *f, FewRef ref, int32_t weight, int64_t rank)
{
    if (f->going.len == GOING_MAX) few_go(f);
    FewBatch *b = staying(f, ref);
    int sign = weight > 0;
    if (!b->ngoing[0] && !b->ngoing[1]) vec_push(&f->leaving, &f->stay, (uint32_t)(b - f->staying.data));
    vec_push(&f->going, &f->stay, (FewGoing){ref, rank, weight, b->going[sign]});
    b->going[sign] = (uint32_t)f->going.len;
    b->ngoing[sign]++;
}

static int take_selection(const uint64_t *bits, uint16_t *sel)
{
    int n = 0;
    for (int w = 0; w < BATCH_WORDS; w++)
        for (uint64_t left = bits[w]; left; left &= left - 1) sel[n++] = (uint16_t)(w * 64 + __builtin_ctzll(left));
    return n;
}

static void emit_selected(Few *f, const FewBatch *from, const uint64_t *bits)
{
    const PhysOp *p = f->r.op.plan;
    Arena *a = f->r.op.ctx->batch_scratch;
    Batch b = {.rows = from->b.rows, .ncols = p->nfields, .weights = f->weights, .judge_max = INT64_MIN};
    uint16_t *sel = new_raw(a, uint16_t, b.rows);
    b.sel = sel;
    b.nsel = take_selection(bits, sel);
    b.cols = new_raw(a, Column, p->nfields);
    memcpy(b.cols, from->b.cols, (size_t)f->r.nfields * sizeof *b.cols);
    if (f->ranks) b.cols[f->r.nfields] = rank_column(f);
    op_emit(&f->r.op, &b);
}

/* What goes out of a batch with one sign, each row once: those that go twice, at two places, wait. Returns
 * the first of these. */
static uint32_t go_once(Few *f, const FewBatch *from, uint32_t first)
{
    Arena *a = f->r.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    uint64_t bits[BATCH_WORDS] = {0};
    uint32_t again = 0;
    for (uint32_t at = first, next; at; at = next) {
        FewGoing *g = &f->going.data[at - 1];
        int row = few_batch_row(g->ref);
        next = g->next;
        if (bit_get(bits, row)) {
            g->next = again;
            again = at;
            continue;
        }
        bit_set(bits, row);
        f->weights[row] = g->weight;
        if (f->ranks) f->ranks[row] = g->rank;
    }
    emit_selected(f, from, bits);
    arena_release(a, mark);
    return again;
}

/* The rows that are gathered come behind: both ways use the same room for weights and ranks. */
static void go_selected(Few *f, FewBatch *b, int sign)
{
    if (b->ngoing[sign] < SELECTED_MIN) return;
    for (uint32_t at = b->going[sign]; at;) at = go_once(f, b, at);
    b->going[sign] = 0;
}

static void go_gathered(Few *f, FewBatch *b, int sign)
{
    for (uint32_t at = b->going[sign]; at; at = f->going.data[at - 1].next) {
        const FewGoing *g = &f->going.data[at - 1];
        few_out(f, g->ref, g->weight, g->rank);
    }
    b->going[sign] = b->ngoing[sign] = 0;
}

void few_go(Few *f)
{
    few_out_flush(f);
    for (int sign = 0; sign < 2; sign++)
        for (ptrdiff_t i = 0; i < f->leaving.len; i++) go_selected(f, &f->staying.data[f->leaving.data[i]], sign);
    for (int sign = 0; sign < 2; sign++)
        for (ptrdiff_t i = 0; i < f->leaving.len; i++) go_gathered(f, &f->staying.data[f->leaving.data[i]], sign);
    few_out_flush(f);
    f->leaving.len = f->going.len = 0;
}
