/* type.c: names, sizes and common types. */
#include "base/type.h"
#include "base/decimal.h"

#include <assert.h>

typedef struct KindInfo {
    const char *name;
    uint8_t width;
    bool is_text, is_number;
} KindInfo;

static const KindInfo KINDS[TYPE_COUNT] = {
    [TYPE_NULL] = {"NULL", 1, false, false},
    [TYPE_BOOLEAN] = {"BOOLEAN", 1, false, false},
    [TYPE_BIGINT] = {"BIGINT", 8, false, true},
    [TYPE_DOUBLE] = {"DOUBLE", 8, false, true},
    [TYPE_DECIMAL] = {"DECIMAL", 16, false, true},
    [TYPE_TEXT] = {"TEXT", 16, true, false},
    [TYPE_BLOB] = {"BLOB", 16, true, false},
    [TYPE_TIMESTAMP] = {"TIMESTAMP", 8, false, false},
    [TYPE_DATE] = {"DATE", 4, false, false},
    [TYPE_TIME] = {"TIME", 8, false, false},
    [TYPE_INTERVAL] = {"INTERVAL", 16, false, false},
    [TYPE_JSON] = {"JSON", 16, true, false},
    [TYPE_ARRAY] = {"ARRAY", 16, true, false},
    [TYPE_ROW] = {"ROW", 16, true, false},
    [TYPE_MAP] = {"MAP", 16, true, false},
};

int type_width(TypeKind k)
{
    assert(k < TYPE_COUNT);
    return KINDS[k].width;
}

bool type_is_text(TypeKind k)
{
    return KINDS[k].is_text;
}

bool type_is_nested(TypeKind k)
{
    return k == TYPE_ARRAY || k == TYPE_ROW || k == TYPE_MAP;
}

Type type_array(Type element, Arena *a)
{
    TypeField *of = new_one(a, TypeField);
    of->type = element;
    return (Type){.kind = TYPE_ARRAY, .args = of, .nargs = 1};
}

Type type_map(Type key, Type value, Arena *a)
{
    TypeField *of = new (a, TypeField, 2);
    of[0].type = key;
    of[1].type = value;
    return (Type){.kind = TYPE_MAP, .args = of, .nargs = 2};
}

bool type_is_number(TypeKind k)
{
    return KINDS[k].is_number;
}

const char *type_kind_name(TypeKind k)
{
    assert(k < TYPE_COUNT);
    return KINDS[k].name;
}

int64_t type_tick_us(Type timestamp)
{
    static const int64_t TICKS[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    assert(timestamp.precision <= 6);
    return TICKS[timestamp.precision];
}

static bool args_eq(Type a, Type b)
{
    if (a.nargs != b.nargs) return false;
    for (int i = 0; i < a.nargs; i++) {
        if (a.kind == TYPE_ROW && !str_ieq(a.args[i].name, b.args[i].name)) return false;
        if (!type_eq(a.args[i].type, b.args[i].type)) return false;
    }
    return true;
}

bool type_eq(Type a, Type b)
{
    if (a.kind != b.kind) return false;
    if (a.kind == TYPE_DECIMAL) return a.precision == b.precision && a.scale == b.scale;
    if (a.kind == TYPE_TIMESTAMP) return a.precision == b.precision;
    return args_eq(a, b);
}

static const char *int_name(int bits)
{
    switch (bits) {
    case 8: return "TINYINT";
    case 16: return "SMALLINT";
    case 32: return "INT";
    case 65: return "BIGINT UNSIGNED";
    }
    return "BIGINT";
}

static void print_type(StrBuf *b, Type t);

static void print_args(StrBuf *b, Type t)
{
    if (t.nargs == 0) return;
    sb_char(b, '<');
    for (int i = 0; i < t.nargs; i++) {
        if (i) sb_lit(b, ", ");
        if (t.kind == TYPE_ROW) {
            sb_str(b, t.args[i].name);
            sb_char(b, ' ');
        }
        print_type(b, t.args[i].type);
    }
    sb_char(b, '>');
}

static void print_type(StrBuf *b, Type t)
{
    sb_z(b, t.kind == TYPE_BIGINT ? int_name(t.int_bits) : type_kind_name(t.kind));
    if (t.kind == TYPE_DECIMAL) sb_printf(b, "(%d, %d)", t.precision, t.scale);
    if (t.kind == TYPE_TIMESTAMP) sb_printf(b, "(%d)", t.precision);
    print_args(b, t);
}

Str type_name(Type t, Arena *a)
{
    StrBuf b = {.arena = a};
    print_type(&b, t);
    return sb_done(&b);
}

static Type common_number(Type a, Type b)
{
    if (a.kind == TYPE_DOUBLE || b.kind == TYPE_DOUBLE) return TYPE_OF(TYPE_DOUBLE);
    if (a.kind == TYPE_DECIMAL || b.kind == TYPE_DECIMAL) return decimal_type_common(a, b);
    Type t = TYPE_BIGINT_;
    if (a.int_bits == b.int_bits && a.int_bits) t.int_bits = a.int_bits;
    return t;
}

static bool is_time_point(Type t)
{
    return t.kind == TYPE_TIMESTAMP || t.kind == TYPE_DATE;
}

static Type common_time_point(Type a, Type b)
{
    if (a.kind == TYPE_DATE) return b;
    if (b.kind == TYPE_DATE) return a;
    return a.precision > b.precision ? a : b;
}

bool type_common(Type a, Type b, Type *out)
{
    if (a.kind == TYPE_NULL)
        *out = b;
    else if (b.kind == TYPE_NULL)
        *out = a;
    else if (type_is_number(a.kind) && type_is_number(b.kind))
        *out = common_number(a, b);
    else if (is_time_point(a) && is_time_point(b))
        *out = common_time_point(a, b);
    else if (type_eq(a, b))
        *out = a;
    else
        return false;
    return true;
}
