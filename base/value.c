/* value.c: texts and equality of single values. */
#include "base/value.h"
#include "base/datetime.h"
#include "base/decimal.h"
#include "base/number.h"

#include <math.h>

enum { SCALAR_TEXT_MAX = 96 };
_Static_assert(SCALAR_TEXT_MAX > (int)TIME_TEXT_MAX && SCALAR_TEXT_MAX > (int)DECIMAL_TEXT_MAX,
               "room for every scalar");

static int print_bool(bool b, char *out)
{
    Str s = b ? S("true") : S("false");
    memcpy(out, s.p, (size_t)s.n);
    return (int)s.n;
}

/* The text of a value that isn't a text. */
static int print_scalar(const Value *v, char *out)
{
    switch ((TypeKind)v->type.kind) {
    case TYPE_BOOLEAN: return print_bool(v->i != 0, out);
    case TYPE_BIGINT: return int64_print(v->i, out);
    case TYPE_DOUBLE: return double_print(v->d, out);
    case TYPE_DECIMAL: return decimal_print(v->dec, v->type.scale, out);
    case TYPE_TIMESTAMP: return timestamp_print(v->i, v->type.precision, out);
    case TYPE_DATE: return date_print((int32_t)v->i, out);
    case TYPE_TIME: return time_print(v->i, out);
    case TYPE_INTERVAL: return interval_print(v->iv, out);
    case TYPE_NULL:
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
    case TYPE_COUNT: break;
    }
    return 0;
}

void value_print(StrBuf *b, const Value *v)
{
    if (v->is_null || v->type.kind == TYPE_NULL) {
        sb_lit(b, "NULL");
    } else if (type_is_text(v->type.kind)) {
        sb_str(b, v->s);
    } else {
        char text[SCALAR_TEXT_MAX];
        int n = print_scalar(v, text);
        sb_bytes(b, text, n);
    }
}

static void quote(StrBuf *b, Str s)
{
    sb_char(b, '\'');
    for (ptrdiff_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'') sb_char(b, '\'');
        sb_char(b, s.p[i]);
    }
    sb_char(b, '\'');
}

static void literal_blob(StrBuf *b, Str s)
{
    sb_lit(b, "X'");
    for (ptrdiff_t i = 0; i < s.n; i++) sb_printf(b, "%02X", (unsigned char)s.p[i]);
    sb_char(b, '\'');
}

/* A point alone makes a DECIMAL of a literal, so a DOUBLE always shows an exponent. */
static void literal_double(StrBuf *b, const Value *v)
{
    char text[SCALAR_TEXT_MAX];
    int n = double_print(v->d, text);
    if (isinf(v->d)) {
        sb_printf(b, "CAST('%s' AS DOUBLE)", text);
        return;
    }
    sb_bytes(b, text, n);
    if (!memchr(text, 'e', (size_t)n)) sb_lit(b, "e0");
}

/* Without a point it would be a BIGINT. */
static void literal_decimal(StrBuf *b, const Value *v)
{
    value_print(b, v);
    if (v->type.scale == 0) sb_char(b, '.');
}

static void literal_cast(StrBuf *b, const Value *v)
{
    sb_lit(b, "CAST(");
    quote(b, v->s);
    sb_lit(b, " AS ");
    sb_str(b, type_name(v->type, b->arena));
    sb_char(b, ')');
}

static void literal_named(StrBuf *b, const char *name, const Value *v)
{
    char text[SCALAR_TEXT_MAX];
    int n = print_scalar(v, text);
    sb_z(b, name);
    sb_char(b, ' ');
    quote(b, str_of(text, n));
}

void value_literal(StrBuf *b, const Value *v)
{
    if (v->is_null) {
        sb_lit(b, "NULL");
        return;
    }
    switch ((TypeKind)v->type.kind) {
    case TYPE_NULL:
    case TYPE_BOOLEAN:
    case TYPE_BIGINT: value_print(b, v); break;
    case TYPE_DOUBLE: literal_double(b, v); break;
    case TYPE_DECIMAL: literal_decimal(b, v); break;
    case TYPE_TEXT: quote(b, v->s); break;
    case TYPE_BLOB: literal_blob(b, v->s); break;
    case TYPE_TIMESTAMP:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_INTERVAL: literal_named(b, type_kind_name(v->type.kind), v); break;
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP: literal_cast(b, v); break;
    case TYPE_COUNT: break;
    }
}

bool value_eq(const Value *a, const Value *b)
{
    if (a->type.kind != b->type.kind) return false;
    if (a->is_null || b->is_null) return a->is_null == b->is_null;
    switch ((TypeKind)a->type.kind) {
    case TYPE_DOUBLE: return a->d == b->d;
    case TYPE_DECIMAL: return decimal_cmp(a->dec, a->type.scale, b->dec, b->type.scale) == 0;
    case TYPE_INTERVAL:
        return a->iv.months == b->iv.months && a->iv.days == b->iv.days && a->iv.us == b->iv.us;
    case TYPE_BOOLEAN:
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
    case TYPE_DATE:
    case TYPE_TIME: return a->i == b->i;
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP: return str_eq(a->s, b->s);
    case TYPE_NULL:
    case TYPE_COUNT: break;
    }
    return true;
}
