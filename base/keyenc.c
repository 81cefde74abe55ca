/* keyenc.c: order-preserving bytes.
 *
 * Integers are written big-endian with their sign bit flipped; doubles likewise, negative ones
 * inverted whole; in text a zero byte becomes 00 FF and the end is 00 01, so a prefix sorts before
 * what continues it. Intervals go by their length (months of 30 days, as PostgreSQL compares them),
 * then by months and days. */
#include "base/keyenc.h"
#include "base/datetime.h"

enum { TAG_NULL_FIRST = 0, TAG_VALUE = 1, TAG_NULL_LAST = 2 };
enum { ESCAPE = 0x00, ESCAPED_ZERO = 0xFF, TERMINATOR = 0x01 };

static void put_big_endian(StrBuf *b, UInt128 v, int bytes, uint8_t invert)
{
    sb_reserve(b, bytes);
    for (int i = bytes - 1; i >= 0; i--)
        b->p[b->n++] = (char)((uint8_t)(v >> (8 * i)) ^ invert);
}

static UInt128 take_big_endian(StrReader *r, int bytes, uint8_t invert)
{
    Str s = sr_bytes(r, bytes);
    UInt128 v = 0;
    for (ptrdiff_t i = 0; i < s.n; i++) v = v << 8 | ((uint8_t)s.p[i] ^ invert);
    return v;
}

static UInt128 sign_bit(int bytes)
{
    return (UInt128)1 << (8 * bytes - 1);
}

static void put_signed(StrBuf *b, Int128 v, int bytes, uint8_t invert)
{
    put_big_endian(b, (UInt128)v ^ sign_bit(bytes), bytes, invert);
}

/* The lowest `bytes` of the result carry the number; the sign is spread above them. */
static Int128 take_signed(StrReader *r, int bytes, uint8_t invert)
{
    UInt128 v = take_big_endian(r, bytes, invert) ^ sign_bit(bytes);
    int unused = 128 - 8 * bytes;
    return (Int128)(v << unused) >> unused;
}

static void put_double(StrBuf *b, double d, uint8_t invert)
{
    uint64_t bits;
    if (d == 0) d = 0;
    memcpy(&bits, &d, sizeof bits);
    bits ^= bits >> 63 ? ~(uint64_t)0 : (uint64_t)1 << 63;
    put_big_endian(b, bits, 8, invert);
}

static double take_double(StrReader *r, uint8_t invert)
{
    uint64_t bits = (uint64_t)take_big_endian(r, 8, invert);
    double d;
    bits ^= bits >> 63 ? (uint64_t)1 << 63 : ~(uint64_t)0;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static void invert_bytes(char *p, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) p[i] = (char)~p[i];
}

static void put_text(StrBuf *b, Str s, uint8_t invert)
{
    sb_reserve(b, s.n + 2);
    ptrdiff_t start = b->n;
    while (s.n) {
        const char *zero = memchr(s.p, 0, (size_t)s.n);
        ptrdiff_t plain = zero ? zero - s.p : s.n;
        sb_bytes(b, s.p, plain);
        if (zero) {
            sb_char(b, ESCAPE);
            sb_char(b, (char)ESCAPED_ZERO);
            plain++;
        }
        s = str_of(s.p + plain, s.n - plain);
    }
    sb_char(b, ESCAPE);
    sb_char(b, TERMINATOR);
    if (invert) invert_bytes(b->p + start, b->n - start);
}

static Str take_text(StrReader *r, uint8_t invert, Arena *a)
{
    StrBuf b = {.arena = a};
    while (r->at < r->end) {
        uint8_t c = (uint8_t)*r->at++ ^ invert;
        if (c == ESCAPE) {
            uint8_t next = r->at < r->end ? (uint8_t)((uint8_t)*r->at++ ^ invert) : 0;
            if (next == TERMINATOR) return sb_done(&b);
            if (next != ESCAPED_ZERO) break;
        }
        sb_char(&b, (char)c);
    }
    r->bad = true;
    return (Str){"", 0};
}

static Int128 interval_length(Interval iv)
{
    return ((Int128)iv.months * 30 + iv.days) * US_PER_DAY + iv.us;
}

static void put_interval(StrBuf *b, Interval iv, uint8_t invert)
{
    put_signed(b, interval_length(iv), 12, invert);
    put_signed(b, iv.months, 4, invert);
    put_signed(b, iv.days, 4, invert);
}

static Interval take_interval(StrReader *r, uint8_t invert)
{
    Int128 length = take_signed(r, 12, invert);
    Interval iv = {.months = (int32_t)take_signed(r, 4, invert)};
    iv.days = (int32_t)take_signed(r, 4, invert);
    Int128 us = length - interval_length(iv);
    if (us > INT64_MAX || us < INT64_MIN) r->bad = true;
    iv.us = (int64_t)us;
    return iv;
}

static char tag_of(bool is_null, KeyOrder order)
{
    if (!is_null) return TAG_VALUE;
    return order.nulls_first ? TAG_NULL_FIRST : TAG_NULL_LAST;
}

void key_encode_value(StrBuf *b, const Value *v, KeyOrder order)
{
    bool is_null = v->is_null || v->type.kind == TYPE_NULL;
    uint8_t invert = order.descending ? 0xFF : 0;
    sb_char(b, tag_of(is_null, order));
    if (is_null) return;
    switch ((TypeKind)v->type.kind) {
    case TYPE_BOOLEAN: put_big_endian(b, v->i != 0, 1, invert); break;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
    case TYPE_TIME: put_signed(b, v->i, 8, invert); break;
    case TYPE_DATE: put_signed(b, v->i, 4, invert); break;
    case TYPE_DOUBLE: put_double(b, v->d, invert); break;
    case TYPE_DECIMAL: put_signed(b, v->dec, 16, invert); break;
    case TYPE_INTERVAL: put_interval(b, v->iv, invert); break;
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP: put_text(b, v->s, invert); break;
    case TYPE_NULL:
    case TYPE_COUNT: break;
    }
}

static void put_plain_int64(StrBuf *b, int64_t v)
{
    uint64_t bits = (uint64_t)v ^ (uint64_t)1 << 63;
    sb_reserve(b, 9);
    char *p = b->p + b->n;
    p[0] = TAG_VALUE;
    for (int i = 0; i < 8; i++) p[1 + i] = (char)(bits >> (56 - 8 * i));
    b->n += 9;
}

static bool is_int64(TypeKind k) { return k == TYPE_BIGINT || k == TYPE_TIMESTAMP || k == TYPE_TIME; }

void key_encode(StrBuf *b, const Column *c, int row, KeyOrder order)
{
    if (is_int64((TypeKind)c->type.kind) && !order.descending && !col_is_null(c, row)) {
        put_plain_int64(b, COL(int64_t, c)[col_at(c, row)]);
        return;
    }
    Value v = column_value(c, row);
    key_encode_value(b, &v, order);
}

static bool take_tag(StrReader *r, KeyOrder order, bool *is_null)
{
    Str tag = sr_bytes(r, 1);
    if (r->bad) return false;
    *is_null = tag.p[0] != TAG_VALUE;
    return !*is_null || tag.p[0] == tag_of(true, order);
}

bool key_decode(StrReader *r, Type t, KeyOrder order, Arena *a, Value *out)
{
    Value v = {.type = t};
    uint8_t invert = order.descending ? 0xFF : 0;
    if (!take_tag(r, order, &v.is_null)) return false;
    switch (v.is_null ? TYPE_NULL : (TypeKind)t.kind) {
    case TYPE_BOOLEAN: v.i = (int64_t)take_big_endian(r, 1, invert); break;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
    case TYPE_TIME: v.i = (int64_t)take_signed(r, 8, invert); break;
    case TYPE_DATE: v.i = (int64_t)take_signed(r, 4, invert); break;
    case TYPE_DOUBLE: v.d = take_double(r, invert); break;
    case TYPE_DECIMAL: v.dec = take_signed(r, 16, invert); break;
    case TYPE_INTERVAL: v.iv = take_interval(r, invert); break;
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP: v.s = take_text(r, invert, a); break;
    case TYPE_NULL:
    case TYPE_COUNT: break;
    }
    if (!r->bad) *out = v;
    return !r->bad;
}

void key_encode_pos(StrBuf *b, Pos p)
{
    put_big_endian(b, p.label, 8, 0);
    put_big_endian(b, p.generation, 4, 0);
    put_big_endian(b, p.offset, 8, 0);
    put_big_endian(b, p.ordinal, 4, 0);
}

bool key_decode_pos(StrReader *r, Pos *out)
{
    Pos p = {.label = (uint64_t)take_big_endian(r, 8, 0)};
    p.generation = (uint32_t)take_big_endian(r, 4, 0);
    p.offset = (uint64_t)take_big_endian(r, 8, 0);
    p.ordinal = (uint32_t)take_big_endian(r, 4, 0);
    if (!r->bad) *out = p;
    return !r->bad;
}
