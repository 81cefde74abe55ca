/* row_buffer.c: growing columns. The old copy of a grown column stays in the epoch's arena until
 * the commit: doubling bounds the waste to what is used. */
#include "exec/pipeline/row_buffer.h"

#include "base/plant.h"

#include <assert.h>

enum { ROW_BUFFER_MIN = 256 };

void row_buffer_init(RowBuffer *b, Arena *arena, const Type *types, int ncols)
{
    *b = (RowBuffer){.arena = arena, .ncols = ncols, .cols = new (arena, Column, ncols)};
    for (int i = 0; i < ncols; i++) b->cols[i].type = types[i];
}

static void *grow(Arena *a, void *old, int64_t old_bytes, int64_t new_bytes)
{
    char *p = arena_alloc_raw(a, new_bytes, 64);
    if (old_bytes > 0) memcpy(p, old, (size_t)old_bytes);
    return p;
}

static uint64_t *grow_valid(Arena *a, void *old, int64_t old_bytes, int64_t new_bytes)
{
    char *p = grow(a, old, old_bytes, new_bytes);
    memset(p + old_bytes, 0, (size_t)(new_bytes - old_bytes));
    return (uint64_t *)(void *)p;
}

void row_buffer_reserve(RowBuffer *b, int64_t more)
{
    if (b->rows + more <= b->cap) return;
    int64_t cap = b->cap ? b->cap : ROW_BUFFER_MIN;
    while (cap < b->rows + more) cap *= 2;
    for (int i = 0; i < b->ncols; i++) {
        Column *c = &b->cols[i];
        int w = type_width(c->type.kind);
        c->data = grow(b->arena, c->data, b->cap * w, cap * w);
        c->valid = grow_valid(b->arena, c->valid, (b->cap + 63) / 64 * 8, (cap + 63) / 64 * 8);
    }
    b->cap = cap;
}

static void copy_text(RowBuffer *b, Column *to, int64_t at, const Column *from, const uint16_t *rows,
                      int n)
{
    for (int i = 0; i < n; i++) {
        Text t = COL(Text, from)[col_at(from, rows[i])];
        if (t.len > TEXT_INLINE && !WEIR_PLANT("aliased-write-set")) {
            char *p = arena_alloc_raw(b->arena, t.len, 1);
            memcpy(p, t.ptr, t.len);
            t.ptr = p;
        }
        COL(Text, to)[at + i] = t;
    }
}

static void copy_fixed(Column *to, int64_t at, const Column *from, const uint16_t *rows, int n)
{
#define COPY(T) \
    for (int i = 0; i < n; i++) COL(T, to)[at + i] = COL(T, from)[col_at(from, rows[i])]
    switch (type_width(to->type.kind)) {
    case 1: COPY(uint8_t); break;
    case 4: COPY(int32_t); break;
    case 8: COPY(int64_t); break;
    case 16: COPY(Int128); break;
    }
#undef COPY
}

static void set_range(uint64_t *bits, int64_t at, int64_t n)
{
    for (; n > 0 && at & 63; at++, n--) bit_set(bits, at);
    for (; n >= 64; at += 64, n -= 64) bits[at >> 6] = UINT64_MAX;
    for (; n > 0; at++, n--) bit_set(bits, at);
}

static void copy_nulls(Column *to, int64_t at, const Column *from, const uint16_t *rows, int n)
{
    if (!from->valid) {
        set_range(to->valid, at, n);
        return;
    }
    for (int i = 0; i < n; i++)
        if (!col_is_null(from, rows[i])) bit_set(to->valid, at + i);
}

static void copy_faults(RowBuffer *b, int col, int64_t at, const Column *from, const uint16_t *rows,
                        int n)
{
    if (!from->err) return;
    for (int i = 0; i < n; i++) {
        if (!col_is_err(from, rows[i])) continue;
        const RowError *e = column_error(from, rows[i]);
        vec_push(&b->faults, b->arena, (RowFault){at + i, col, e->code, str_dup(b->arena, e->message)});
    }
}

int64_t row_buffer_append(RowBuffer *b, const Batch *from, const uint16_t *rows, int n)
{
    row_buffer_reserve(b, n);
    int64_t at = b->rows;
    for (int c = 0; c < b->ncols; c++) {
        const Column *src = &from->cols[c];
        assert(src->type.kind == b->cols[c].type.kind);
        if (type_is_text(src->type.kind))
            copy_text(b, &b->cols[c], at, src, rows, n);
        else
            copy_fixed(&b->cols[c], at, src, rows, n);
        copy_nulls(&b->cols[c], at, src, rows, n);
        copy_faults(b, c, at, src, rows, n);
    }
    b->rows += n;
    return at;
}

static bool slot_eq(const Column *c, int64_t x, int64_t y)
{
    bool is_there = bit_get(c->valid, x);
    if (is_there != bit_get(c->valid, y)) return false;
    if (!is_there) return true;
    if (type_is_text(c->type.kind)) return text_eq(&COL(Text, c)[x], &COL(Text, c)[y]);
    size_t w = (size_t)type_width(c->type.kind);
    return !memcmp(COL(char, c) + (size_t)x * w, COL(char, c) + (size_t)y * w, w);
}

bool row_buffer_eq(const RowBuffer *b, int64_t x, int64_t y)
{
    for (int c = 0; c < b->ncols; c++)
        if (!slot_eq(&b->cols[c], x, y)) return false;
    return true;
}

static void gather_column(const Column *from, Column *to, const int64_t *rows, int64_t n)
{
#define GATHER(T) \
    for (int64_t i = 0; i < n; i++) \
        if (rows[i] >= 0) COL(T, to)[i] = COL(T, from)[rows[i]]
    switch (type_width(to->type.kind)) {
    case 1: GATHER(uint8_t); break;
    case 4: GATHER(int32_t); break;
    case 8: GATHER(int64_t); break;
    case 16: GATHER(Int128); break;
    }
#undef GATHER
    for (int64_t i = 0; i < n; i++)
        if (rows[i] >= 0 && bit_get(from->valid, rows[i])) bit_set(to->valid, i);
}

/* Whether they are all there are, as they stand. */
static bool is_whole(const RowBuffer *b, const int64_t *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (rows[i] != i) return false;
    return n == b->rows;
}

Column *row_buffer_gather(const RowBuffer *b, const int64_t *rows, int64_t n, Arena *a)
{
    if (is_whole(b, rows, n)) return b->cols;
    Column *out = new (a, Column, b->ncols);
    for (int c = 0; c < b->ncols; c++) {
        int w = type_width(b->cols[c].type.kind);
        out[c].type = b->cols[c].type;
        out[c].data = arena_alloc(a, n * w, 64);
        out[c].valid = arena_alloc(a, (n + 63) / 64 * 8, 8);
        gather_column(&b->cols[c], &out[c], rows, n);
    }
    return out;
}
