/* batch.c: making columns and reaching single values of them. */
#include "base/batch.h"

#include <assert.h>

enum { COLUMN_ALIGN = 64 };

int pos_cmp(const Pos *a, const Pos *b)
{
    if (a->label != b->label) return a->label < b->label ? -1 : 1;
    if (a->generation != b->generation) return a->generation < b->generation ? -1 : 1;
    if (a->offset != b->offset) return a->offset < b->offset ? -1 : 1;
    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

Pos batch_pos(const Batch *b, int row)
{
    Pos p = {.label = b->label, .generation = b->generation};
    if (b->offset) p.offset = b->offset[row];
    if (b->ordinal) p.ordinal = b->ordinal[row];
    return p;
}

/* Kernels read whole vectors, so the end of the data is rounded up too. */
static ptrdiff_t column_bytes(Type t, int rows)
{
    assert(rows >= 0 && rows <= BATCH_ROWS_MAX);
    ptrdiff_t bytes = checked_mul(rows, (size_t)type_width(t.kind));
    return (bytes + COLUMN_ALIGN) & ~(ptrdiff_t)(COLUMN_ALIGN - 1);
}

Column column_new(Arena *a, Type t, int rows)
{
    return (Column){.type = t, .data = arena_alloc(a, column_bytes(t, rows), COLUMN_ALIGN)};
}

Column column_new_raw(Arena *a, Type t, int rows)
{
    return (Column){.type = t, .data = arena_alloc_raw(a, column_bytes(t, rows), COLUMN_ALIGN)};
}

Column column_const(Arena *a, const Value *v)
{
    Column c = column_new(a, v->type, 1);
    c.is_const = true;
    column_put(&c, a, 0, v);
    return c;
}

uint64_t *column_valid(Column *c, Arena *a)
{
    if (!c->valid) {
        c->valid = arena_alloc_raw(a, BATCH_WORDS * sizeof(uint64_t), COLUMN_ALIGN);
        memset(c->valid, 0xff, BATCH_WORDS * sizeof(uint64_t));
    }
    return c->valid;
}

void column_set_null(Column *c, Arena *a, int row)
{
    int at = col_at(c, row);
    int width = type_width(c->type.kind);
    bit_clear(column_valid(c, a), at);
    memset((char *)c->data + (ptrdiff_t)at * width, 0, (size_t)width);
}

static ErrMask *error_mask(Column *c, Arena *a)
{
    if (!c->err) {
        c->err = new_one(a, ErrMask);
        c->err->bits = new (a, uint64_t, BATCH_WORDS);
    }
    return c->err;
}

void column_set_err(Column *c, Arena *a, int row, Status code, Str message)
{
    ErrMask *e = error_mask(c, a);
    if (bit_get(e->bits, row)) return;
    bit_set(e->bits, row);
    if (e->n == e->cap) {
        int32_t cap = e->cap ? e->cap * 2 : 8;
        RowError *list = new (a, RowError, cap);
        if (e->n) memcpy(list, e->list, (size_t)e->n * sizeof *list);
        e->list = list;
        e->cap = cap;
    }
    e->list[e->n++] = (RowError){row, code, message};
}

const RowError *column_error(const Column *c, int row)
{
    if (!col_is_err(c, row)) return NULL;
    for (int32_t i = 0; i < c->err->n; i++)
        if (c->err->list[i].row == row) return &c->err->list[i];
    assert(!"an error bit without its message");
    return NULL;
}

Value column_value(const Column *c, int row)
{
    Value v = {.type = c->type, .is_null = col_is_null(c, row)};
    int at = col_at(c, row);
    if (v.is_null) return v;
    switch ((TypeKind)c->type.kind) {
    case TYPE_BOOLEAN: v.i = COL(uint8_t, c)[at]; break;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
    case TYPE_TIME: v.i = COL(int64_t, c)[at]; break;
    case TYPE_DATE: v.i = COL(int32_t, c)[at]; break;
    case TYPE_DOUBLE: v.d = COL(double, c)[at]; break;
    case TYPE_DECIMAL: v.dec = COL(Int128, c)[at]; break;
    case TYPE_INTERVAL: v.iv = COL(Interval, c)[at]; break;
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP: v.s = text_str(&COL(Text, c)[at]); break;
    case TYPE_NULL:
    case TYPE_COUNT: v.is_null = true; break;
    }
    return v;
}

void column_put(Column *c, Arena *a, int row, const Value *v)
{
    int at = col_at(c, row);
    if (v->is_null || v->type.kind == TYPE_NULL) {
        column_set_null(c, a, row);
        return;
    }
    assert(v->type.kind == c->type.kind);
    if (c->valid) bit_set(c->valid, at);
    switch ((TypeKind)c->type.kind) {
    case TYPE_BOOLEAN: COL(uint8_t, c)[at] = v->i != 0; break;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
    case TYPE_TIME: COL(int64_t, c)[at] = v->i; break;
    case TYPE_DATE: COL(int32_t, c)[at] = (int32_t)v->i; break;
    case TYPE_DOUBLE: COL(double, c)[at] = v->d; break;
    case TYPE_DECIMAL: COL(Int128, c)[at] = v->dec; break;
    case TYPE_INTERVAL: COL(Interval, c)[at] = v->iv; break;
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP: COL(Text, c)[at] = text_ref(v->s.p, v->s.n); break;
    case TYPE_NULL:
    case TYPE_COUNT: break;
    }
}

static void gather_fixed(char *restrict to, const char *restrict from, const int32_t *rows, int n,
                         int width)
{
    for (int i = 0; i < n; i++)
        memcpy(to + (ptrdiff_t)i * width, from + (ptrdiff_t)rows[i] * width, (size_t)width);
}

static void own_texts(Column *c, Arena *a, int n)
{
    Text *t = c->data;
    for (int i = 0; i < n; i++) {
        if (t[i].len <= TEXT_INLINE) continue;
        char *copy = arena_alloc_raw(a, t[i].len, 1);
        memcpy(copy, t[i].ptr, t[i].len);
        t[i].ptr = copy;
    }
}

/* The source's row number of each row of the copy. */
static const int32_t *source_rows(Arena *a, const Column *c, const int32_t *rows, int n)
{
    if (rows && !c->is_const) return rows;
    int32_t *all = new (a, int32_t, n ? n : 1);
    for (int i = 0; i < n && !c->is_const; i++) all[i] = i;
    return all;
}

bool column_stays(const Column *c, int from, int n)
{
    if (!c->is_resident || c->is_const || c->err) return false;
    uint64_t found = 0;
    for (int i = from; i < from + n && c->type.kind == TYPE_DOUBLE; i++) found |= COL(uint64_t, c)[i] == (uint64_t)1 << 63;
    return !found;
}

Column column_gather(Arena *a, const Column *c, const int32_t *rows, int n)
{
    Column copy = column_new(a, c->type, n);
    if (!c->data) {
        copy.data = NULL;
        return copy;
    }
    const int32_t *from = source_rows(a, c, rows, n);
    gather_fixed(copy.data, c->data, from, n, type_width(c->type.kind));
    if (type_is_text(c->type.kind)) own_texts(&copy, a, n);
    for (int i = 0; i < n; i++) {
        int row = rows ? rows[i] : i;
        if (col_is_null(c, row)) bit_clear(column_valid(&copy, a), i);
        const RowError *e = column_error(c, row);
        if (e) column_set_err(&copy, a, i, e->code, str_dup(a, e->message));
    }
    return copy;
}
