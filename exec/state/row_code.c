/* row_code.c: see row_code.h: a byte per NULL or value, then the value: fixed width, or length and
 * bytes. */
#include "exec/state/row_code.h"

static void encode_value(StrBuf *b, const Column *c, int row)
{
    int at = col_at(c, row);
    int width = type_width(c->type.kind);
    if (!type_is_text(c->type.kind)) {
        sb_bytes(b, (const char *)c->data + (ptrdiff_t)at * width, width);
        return;
    }
    Str s = text_str(&COL(const Text, c)[at]);
    sb_varint(b, (uint64_t)s.n);
    sb_str(b, s);
}

void row_encode(StrBuf *b, const Column *cols, int n, int row)
{
    for (int i = 0; i < n; i++) {
        bool is_null = col_is_null(&cols[i], row);
        sb_char(b, !is_null);
        if (!is_null) encode_value(b, &cols[i], row);
    }
}

static void decode_value(StrReader *r, Column *c, int row)
{
    int width = type_width(c->type.kind);
    if (type_is_text(c->type.kind)) {
        Str s = sr_bytes(r, (ptrdiff_t)sr_varint(r));
        if (!r->bad) COL(Text, c)[row] = text_ref(s.p, s.n);
        return;
    }
    Str s = sr_bytes(r, width);
    if (!r->bad) memcpy((char *)c->data + (ptrdiff_t)row * width, s.p, (size_t)width);
}

bool row_decode(Str bytes, Column *cols, int n, int row, Arena *a)
{
    StrReader r = {bytes.p, bytes.p + bytes.n, false};
    for (int i = 0; i < n && !r.bad; i++) {
        Str mark = sr_bytes(&r, 1);
        if (r.bad) break;
        if (mark.p[0]) decode_value(&r, &cols[i], row);
        else column_set_null(&cols[i], a, row);
    }
    return !r.bad && r.at == r.end;
}
