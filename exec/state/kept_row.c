/* kept_row.c: see kept_row.h. */
#include "exec/state/kept_row.h"

#include <assert.h>

enum { SOME_ROWS = 64, FETCHED_BYTES = 512 }; /* as many blocks as stay in the first caches while their columns are filled */

KeptRows kept_rows_new(const KeyLayout *layout, int front, bool has_marks)
{
    assert(front % 8 == 0);
    return (KeptRows){.layout = *layout, .front = front, .words = layout->words + (has_marks ? 2 : 0), .has_marks = has_marks};
}

/* ---- filling ---------------------------------------------------------------------------------- */

/* Some rows on their way into their blocks. */
typedef struct Filling {
    const KeptRows *k;
    const Column *col;
    int32_t at, number;    /* first word and number of the column */
    const int32_t *rows;
    int n;
    uint8_t **out;
    uint32_t *tail;        /* per row: bytes of long text, then where the next goes */
    StateHeap *heap;       /* where blocks come from */
} Filling;

static inline int filled_row(const Filling *f, int i) { return f->col->is_const ? 0 : f->rows[i]; }
static inline uint64_t *filled_words(const Filling *f, int i) { return kept_words(f->k, f->out[i]) + f->at; }

static void add_lengths(const Filling *f)
{
    const Text *v = f->col->data;
    if (f->col->is_lasting) return;
    for (int i = 0; i < f->n; i++) {
        uint32_t len = v[filled_row(f, i)].len;
        if (len <= TEXT_INLINE) continue;
        const char *bytes = v[filled_row(f, i)].ptr;
        __builtin_prefetch(bytes);
        __builtin_prefetch(bytes + len - 1);
        if (__builtin_add_overflow(f->tail[i], len, &f->tail[i])) oom_raise();
    }
}

static void fill_1(const Filling *f)
{
    const uint8_t *v = f->col->data;
    for (int i = 0; i < f->n; i++) *filled_words(f, i) = v[filled_row(f, i)];
}

static void fill_4(const Filling *f)
{
    const int32_t *v = f->col->data;
    for (int i = 0; i < f->n; i++) *filled_words(f, i) = (uint64_t)(int64_t)v[filled_row(f, i)];
}

static void fill_8(const Filling *f)
{
    const uint64_t *v = f->col->data;
    for (int i = 0; i < f->n; i++) *filled_words(f, i) = v[filled_row(f, i)];
}

static void fill_double(const Filling *f)
{
    const double *v = f->col->data;
    for (int i = 0; i < f->n; i++) {
        double d = v[filled_row(f, i)] + 0.0; /* -0.0 becomes 0.0 */
        memcpy(filled_words(f, i), &d, sizeof d);
    }
}

static void fill_16(const Filling *f)
{
    const char *v = f->col->data;
    for (int i = 0; i < f->n; i++) memcpy(filled_words(f, i), v + (ptrdiff_t)filled_row(f, i) * 16, 16);
}

/* Copies long text behind the words. */
static inline void put_text(uint8_t *block, uint64_t *to, Text t, uint32_t *tail)
{
    if (t.len > TEXT_INLINE) {
        char *p = (char *)block + *tail;
        memcpy(p, t.ptr, t.len);
        *tail += t.len;
        t.ptr = p;
    }
    memcpy(to, &t, sizeof t);
}

static void fill_text(const Filling *f)
{
    const Text *v = f->col->data;
    if (f->col->is_lasting) {
        fill_16(f);
        return;
    }
    for (int i = 0; i < f->n; i++) put_text(f->out[i], filled_words(f, i), v[filled_row(f, i)], &f->tail[i]);
}

static void fill_nulls(const Filling *f)
{
    for (int i = 0; i < f->n; i++) {
        if (bit_get(f->col->valid, filled_row(f, i))) continue;
        memset(filled_words(f, i), 0, (size_t)f->k->layout.cols[f->number].words * 8);
        if (f->number < KEY_NULLS_INSIDE) kept_head(f->k, f->out[i])->nulls |= (uint32_t)1 << f->number;
        else bit_set(kept_words(f->k, f->out[i]), f->number - KEY_NULLS_INSIDE);
    }
}

static void fill_column(const Filling *f)
{
    TypeKind kind = (TypeKind)f->k->layout.cols[f->number].type.kind;
    assert(f->col->data);
    if (kind == TYPE_DOUBLE) fill_double(f);
    else if (type_is_text(kind)) fill_text(f);
    else if (type_width(kind) == 8) fill_8(f);
    else if (type_width(kind) == 4) fill_4(f);
    else if (type_width(kind) == 1) fill_1(f);
    else fill_16(f);
    if (f->col->valid) fill_nulls(f);
}

static ptrdiff_t fixed_bytes(const KeptRows *k)
{
    return k->front + (ptrdiff_t)sizeof(KeptHead) + (ptrdiff_t)k->words * 8;
}

static uint32_t block_bytes(const KeptRows *k, uint32_t text)
{
    ptrdiff_t fixed = fixed_bytes(k);
    if (text > UINT32_MAX - (uint32_t)fixed - 7) oom_raise();
    return (uint32_t)fixed + text;
}

static inline void fetch_block(uint8_t *row, uint32_t bytes)
{
    for (uint32_t at = 0; at < bytes && at < FETCHED_BYTES; at += 64) __builtin_prefetch(row + at, 1);
}

static void block_begin(const KeptRows *k, uint8_t *row, uint32_t bytes)
{
    *kept_head(k, row) = (KeptHead){.bytes = bytes};
    for (int i = 0; k->layout.ncols > KEY_NULLS_INSIDE && i < k->layout.cols[0].at; i++) kept_words(k, row)[i] = 0;
}

static uint8_t *block_new(const KeptRows *k, StateHeap *h, uint32_t text)
{
    uint32_t bytes = block_bytes(k, text);
    uint8_t *row = heap_alloc(h, bytes);
    fetch_block(row, bytes);
    block_begin(k, row, bytes);
    return row;
}

static const Column *column_at(const Column *cols, const int32_t *which, int c) { return &cols[which ? which[c] : c]; }

static void make_some(const KeptRows *k, const Column *cols, const int32_t *which, const Str *marks, Filling f)
{
    uint32_t tail[SOME_ROWS];
    f.tail = tail;
    memset(tail, 0, (size_t)f.n * sizeof *tail);
    for (int c = 0; k->layout.has_text && c < k->layout.ncols; c++) {
        if (!k->layout.cols[c].is_text) continue;
        f.col = column_at(cols, which, c);
        add_lengths(&f);
    }
    for (int i = 0; marks && i < f.n; i++)
        if (marks[i].n > TEXT_INLINE && __builtin_add_overflow(tail[i], (uint32_t)marks[i].n, &tail[i])) oom_raise();
    for (int i = 0; i < f.n; i++) f.out[i] = block_new(k, f.heap, tail[i]);
    for (int i = 0; i < f.n; i++) tail[i] = (uint32_t)fixed_bytes(k);
    for (int c = 0; c < k->layout.ncols; c++) {
        f.col = column_at(cols, which, c);
        f.at = k->layout.cols[c].at;
        f.number = c;
        fill_column(&f);
    }
    for (int i = 0; k->has_marks && i < f.n; i++) {
        Str m = marks ? marks[i] : (Str){0};
        put_text(f.out[i], kept_words(k, f.out[i]) + k->layout.words, text_ref(m.p, m.n), &tail[i]);
    }
}

static void make_all(const Filling *all, const Column *cols, const int32_t *which, const Str *marks)
{
    for (int at = 0; at < all->n; at += SOME_ROWS) {
        Filling f = *all;
        f.rows = all->rows + at;
        f.n = all->n - at < SOME_ROWS ? all->n - at : SOME_ROWS;
        f.out = all->out + at;
        make_some(f.k, cols, which, marks ? marks + at : NULL, f);
    }
}

void kept_rows_make(const KeptRows *k, StateHeap *h, const Column *cols, const int32_t *which, const Str *marks,
                    const int32_t *rows, int n, uint8_t **out)
{
    make_all(&(Filling){.k = k, .heap = h, .rows = rows, .n = n, .out = out}, cols, which, marks);
}

static Text text_at(const uint64_t *w)
{
    Text t;
    memcpy(&t, w, sizeof t);
    return t;
}

/* Bytes of the long text of a row. */
static uint32_t long_text(const KeptRows *k, const uint64_t *words, Str marks)
{
    uint32_t text = marks.n > TEXT_INLINE ? (uint32_t)marks.n : 0;
    for (int c = 0; c < k->layout.ncols; c++) {
        uint32_t len = k->layout.cols[c].is_text ? text_at(&words[k->layout.cols[c].at]).len : 0;
        if (len > TEXT_INLINE && __builtin_add_overflow(text, len, &text)) oom_raise();
    }
    return text;
}

static uint8_t *block_fill(const KeptRows *k, uint8_t *row, const uint64_t *words, uint32_t nulls, Str marks)
{
    uint32_t tail = (uint32_t)fixed_bytes(k);
    uint64_t *to = kept_words(k, row);
    kept_head(k, row)->nulls = nulls;
    if (k->layout.words) memcpy(to, words, (size_t)k->layout.words * 8);
    for (int c = 0; c < k->layout.ncols; c++) {
        int at = k->layout.cols[c].at;
        if (k->layout.cols[c].is_text) put_text(row, to + at, text_at(&words[at]), &tail);
    }
    if (k->has_marks) put_text(row, to + k->layout.words, text_ref(marks.p, marks.n), &tail);
    return row;
}

uint8_t *kept_row_make(const KeptRows *k, StateHeap *h, const uint64_t *words, uint32_t nulls, Str marks)
{
    return block_fill(k, block_new(k, h, long_text(k, words, marks)), words, nulls, marks);
}

/* ---- reading ---------------------------------------------------------------------------------- */

bool kept_row_eq(const KeptRows *k, const uint8_t *a, const uint8_t *b)
{
    if (a == b) return true;
    if (kept_head(k, a)->nulls != kept_head(k, b)->nulls) return false;
    return key_words_eq(&k->layout, kept_words(k, a), kept_words(k, b)) && str_eq(kept_marks(k, a), kept_marks(k, b));
}

static void column_8(const KeptRows *k, uint8_t *const *rows, int n, int col, Column *out, Arena *a)
{
    int at = k->layout.cols[col].at;
    uint64_t *to = COL(uint64_t, out);
    for (int i = 0; i < n; i++) {
        if (kept_head(k, rows[i])->nulls >> col & 1) column_set_null(out, a, i);
        else to[i] = kept_words(k, rows[i])[at];
    }
}

static void column_text(const KeptRows *k, uint8_t *const *rows, int n, int col, Column *out, Arena *a)
{
    int at = k->layout.cols[col].at;
    for (int i = 0; i < n; i++) {
        if (kept_head(k, rows[i])->nulls >> col & 1) column_set_null(out, a, i);
        else memcpy(COL(Text, out) + i, kept_words(k, rows[i]) + at, sizeof(Text));
    }
}

void kept_rows_column(const KeptRows *k, uint8_t *const *rows, int n, int col, Column *out, Arena *a)
{
    const KeyColumn *c = &k->layout.cols[col];
    if (col < KEY_NULLS_INSIDE && c->is_text) column_text(k, rows, n, col, out, a);
    else if (col < KEY_NULLS_INSIDE && type_width(c->type.kind) == 8) column_8(k, rows, n, col, out, a);
    else
        for (int i = 0; i < n; i++)
            key_unpack(&k->layout, kept_words(k, rows[i]), kept_head(k, rows[i])->nulls, col, out, a, i);
}
