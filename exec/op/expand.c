/* expand.c: rows of which one makes several. */
#include "exec/op/expand.h"

/* The rows of a column, in a new one. */
static Column column_pick(const Column *c, const int32_t *rows, int n, Arena *a)
{
    if (c->is_const || !c->data) return *c;
    Column out = column_new(a, c->type, n);
    int width = type_width(c->type.kind);
    for (int i = 0; i < n; i++)
        memcpy(COL(char, &out) + (ptrdiff_t)i * width, COL(char, c) + (ptrdiff_t)rows[i] * width, (size_t)width);
    for (int i = 0; c->valid && i < n; i++)
        if (!bit_get(c->valid, rows[i])) bit_clear(column_valid(&out, a), i);
    for (int i = 0; c->err && i < n; i++) {
        const RowError *e = column_error(c, rows[i]);
        if (e) column_set_err(&out, a, i, e->code, e->message);
    }
    return out;
}

#define PICK(T, from, rows, n, a) \
    ({ \
        T *picked = NULL; \
        if (from) { \
            picked = new_raw(a, T, n); \
            for (int pick_i = 0; pick_i < (n); pick_i++) picked[pick_i] = (from)[(rows)[pick_i]]; \
        } \
        picked; \
    })

Batch batch_expand(const Batch *b, const int32_t *rows, uint32_t *ordinal, int n, int more, Arena *a)
{
    Batch out = *b;
    out.rows = n;
    out.ncols = b->ncols + more;
    out.sel = NULL;
    out.cols = new (a, Column, out.ncols);
    for (int i = 0; i < b->ncols; i++) out.cols[i] = column_pick(&b->cols[i], rows, n, a);
    out.weights = PICK(int32_t, b->weights, rows, n, a);
    out.judge = PICK(int64_t, b->judge, rows, n, a);
    out.offset = PICK(uint64_t, b->offset, rows, n, a);
    out.ordinal = b->offset ? ordinal : NULL;
    out.has_resident_pos = false;
    return out;
}

void column_copy_errors(Column *to, const Column *from, const int32_t *rows, int n, Arena *a)
{
    for (int i = 0; from->err && i < n; i++) {
        const RowError *e = column_error(from, rows[i]);
        if (!e) continue;
        column_set_null(to, a, i);
        column_set_err(to, a, i, e->code, e->message);
    }
}
