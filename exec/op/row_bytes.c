/* row_bytes.c: a packed key of all columns, saved; then the marks: their number, and for each its
 * column, code and message. */
#include "exec/op/row_bytes.h"

#include <assert.h>

void row_bytes_init(RowBytes *r, const Field *fields, int n, bool has_marks, Arena *a)
{
    Type *types = new (a, Type, n);
    for (int i = 0; i < n; i++) types[i] = fields[i].type;
    r->layout = key_layout_new(a, types, n);
    r->has_marks = has_marks;
    r->words = new (a, uint64_t, r->layout.words + 1);
}

void row_bytes_marks(const Column *cols, int ncols, int row, StrBuf *out)
{
    int n = 0;
    for (int c = 0; c < ncols; c++) n += col_is_err(&cols[c], row);
    sb_varint(out, (uint64_t)n);
    for (int c = 0; c < ncols && n; c++) {
        const RowError *e = column_error(&cols[c], row);
        if (!e) continue;
        sb_varint(out, (uint64_t)c);
        sb_varint(out, (uint64_t)e->code);
        sb_varint(out, (uint64_t)e->message.n);
        sb_str(out, e->message);
    }
}

void row_bytes_encode(const RowBytes *r, const Column *cols, const int32_t *rows, int n, Arena *scratch,
                      StrBuf *out, ptrdiff_t *ends)
{
    const KeyLayout *k = &r->layout;
    PackedKeys packed = key_pack(k, cols, NULL, rows, n, scratch);
    for (int i = 0; i < n; i++) {
        key_save(k, packed.words + (ptrdiff_t)i * k->words, packed.nulls[i], out);
        if (r->has_marks) row_bytes_marks(cols, k->ncols, rows[i], out);
        ends[i] = out->n;
    }
}

void row_bytes_int(const RowBytes *r, int64_t v, StrBuf *out)
{
    assert(r->layout.is_one_word);
    key_save(&r->layout, &(uint64_t){(uint64_t)v}, 0, out);
    if (r->has_marks) sb_varint(out, 0);
}

void row_bytes_take_marks(StrReader *in, Column *cols, const bool *wanted, Arena *a, int row)
{
    for (uint64_t n = sr_varint(in); n && !in->bad; n--) {
        int c = (int)sr_varint(in);
        Status code = (Status)sr_varint(in);
        Str message = sr_bytes(in, (ptrdiff_t)sr_varint(in));
        if (!wanted || wanted[c]) column_set_err(&cols[c], a, row, code, message);
    }
}

bool row_bytes_marks_check(StrReader *in, int ncols)
{
    uint64_t n = sr_varint(in);
    if (n > (uint64_t)ncols) return false;
    for (; n && !in->bad; n--) {
        uint64_t c = sr_varint(in), code = sr_varint(in), length = sr_varint(in);
        if (c >= (uint64_t)ncols || code > WEIR_E_INTERNAL || length > (uint64_t)(in->end - in->at)) return false;
        sr_bytes(in, (ptrdiff_t)length);
    }
    return !in->bad;
}

bool row_bytes_check(const RowBytes *r, Str bytes)
{
    StrReader in = {.at = bytes.p, .end = bytes.p + bytes.n};
    uint32_t nulls;
    if (!key_load(&r->layout, &in, r->words, &nulls)) return false;
    return (!r->has_marks || row_bytes_marks_check(&in, r->layout.ncols)) && in.at == in.end;
}

void row_bytes_decode(const RowBytes *r, StrReader *in, Column *cols, const bool *wanted, Arena *a, int row)
{
    const KeyLayout *k = &r->layout;
    uint32_t nulls;
    bool ok = key_load(k, in, r->words, &nulls);
    assert(ok);
    (void)ok;
    for (int c = 0; c < k->ncols; c++)
        if (!wanted || wanted[c]) key_unpack(k, r->words, nulls, c, &cols[c], a, row);
    if (r->has_marks) row_bytes_take_marks(in, cols, wanted, a, row);
    assert(!in->bad);
}
