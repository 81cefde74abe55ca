/* nested.c: see nested.h. Depth is bounded by that of the type. */
#include "exec/expr/nested.h"
#include "base/base64.h"
#include "base/datetime.h"
#include "base/decimal.h"
#include "base/number.h"
#include "base/utf8.h"
#include "exec/expr/json_text.h"

#include <math.h>
#include <stdlib.h>

/* ---- writing --------------------------------------------------------------------------------- */

static void put_double(StrBuf *b, double d)
{
    char text[DOUBLE_TEXT_MAX + 1];
    if (isinf(d))
        sb_z(b, d > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    else
        sb_bytes(b, text, double_print(d == 0 ? 0 : d, text));
}

static void put_quoted(StrBuf *b, const Value *v)
{
    StrBuf text = {.arena = b->arena};
    value_print(&text, v);
    json_quote(b, str_of(text.p, text.n));
}

static void put_blob(StrBuf *b, Str bytes)
{
    sb_char(b, '"');
    base64_put(b, bytes);
    sb_char(b, '"');
}

void nested_put_key(StrBuf *b, const Value *key)
{
    if (key->type.kind == TYPE_BLOB) base64_put(b, key->s);
    else value_print(b, key);
}

void nested_put(StrBuf *b, const Value *v)
{
    if (v->is_null) {
        sb_lit(b, "null");
        return;
    }
    switch ((TypeKind)v->type.kind) {
    case TYPE_NULL: sb_lit(b, "null"); return;
    case TYPE_DOUBLE: put_double(b, v->d); return;
    case TYPE_BOOLEAN:
    case TYPE_BIGINT:
    case TYPE_DECIMAL: value_print(b, v); return;
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP: sb_str(b, v->s); return;
    case TYPE_TEXT: json_quote(b, v->s); return;
    case TYPE_BLOB: put_blob(b, v->s); return;
    case TYPE_TIMESTAMP:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_INTERVAL: put_quoted(b, v); return;
    case TYPE_COUNT: break;
    }
}

/* ---- reading scalars ------------------------------------------------------------------------- */

static bool read_boolean(Str s, int64_t *out)
{
    static const char *const WORDS[] = {"false", "true", "f", "t", "no", "yes", "n", "y", "off", "on", "0", "1"};
    for (int i = 0; i < 12; i++) {
        if (!str_ieq(s, str_z(WORDS[i]))) continue;
        *out = i & 1;
        return true;
    }
    return false;
}

static bool read_int(Str s, int bits, int64_t *out)
{
    if (!str_to_int64(s, out)) return false;
    if (bits == 65) return *out >= 0;
    if (bits == 0 || bits >= 64) return true;
    int64_t limit = INT64_C(1) << (bits - 1);
    return *out >= -limit && *out < limit;
}

static bool read_date(Str s, int64_t *out)
{
    int32_t days;
    int64_t us;
    if (date_parse(s, &days))
        *out = days;
    else if (timestamp_parse(s, 6, &us))
        *out = floor_div(us, US_PER_DAY);
    else
        return false;
    return true;
}

static bool read_text(Str s, Type t, Value *v)
{
    switch ((TypeKind)t.kind) {
    case TYPE_BOOLEAN: return read_boolean(s, &v->i);
    case TYPE_BIGINT: return read_int(s, t.int_bits, &v->i);
    case TYPE_DOUBLE: return str_to_double(s, &v->d) && !isnan(v->d);
    case TYPE_DECIMAL: return decimal_parse(s, t, &v->dec) == DECIMAL_OK;
    case TYPE_TIMESTAMP: return timestamp_parse(s, t.precision, &v->i);
    case TYPE_DATE: return read_date(s, &v->i);
    case TYPE_TIME: return time_parse(s, &v->i);
    case TYPE_INTERVAL: return interval_parse(s, &v->iv);
    case TYPE_NULL:
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
    case TYPE_COUNT: break;
    }
    return false;
}

/* Whether a JSON value of kind k is the natural one for the type. */
static bool is_own_kind(JsonKind k, Type t, Str text)
{
    if (t.kind == TYPE_BOOLEAN) return k == JSON_TRUE || k == JSON_FALSE;
    if (t.kind == TYPE_DOUBLE && k == JSON_STRING) return str_eq(text, S("Infinity")) || str_eq(text, S("-Infinity"));
    if (type_is_number((TypeKind)t.kind)) return k == JSON_NUMBER;
    return k == JSON_STRING;
}

/* BLOBs are base 64; from a TEXT, and to one, they are its bytes, as in a cast. */
static bool read_bytes(Str text, const Type *from, Type t, Arena *a, Value *v)
{
    v->s = text;
    if (t.kind == TYPE_BLOB) return (from && from->kind == TYPE_TEXT) || base64_read(text, a, &v->s);
    return !from || from->kind != TYPE_BLOB || (base64_read(text, a, &v->s) && utf8_is_valid(v->s));
}

static bool read_scalar(Str json, JsonKind k, const Type *from, Type t, NestedReading how, Arena *a, Value *v)
{
    Str text = json;
    if (k == JSON_STRING && !json_unquote(a, json, &text)) return false;
    if (t.kind == TYPE_BLOB && k != JSON_STRING) return false;
    if (t.kind == TYPE_TEXT || t.kind == TYPE_BLOB) return read_bytes(text, from, t, a, v);
    if (how == NESTED_STRICT && !is_own_kind(k, t, text)) return false;
    return k != JSON_ARRAY && k != JSON_OBJECT && read_text(str_trim(text), t, v);
}

/* ---- reading nested values ------------------------------------------------------------------- */

Type nested_element(Type array)
{
    return array.nargs == 1 ? array.args[0].type : TYPE_OF(TYPE_JSON);
}

static bool put_as(StrBuf *b, Str json, const Type *from, Type t, NestedReading how)
{
    Value v;
    if (!nested_read(json, from, t, how, b->arena, &v)) return false;
    nested_put(b, &v);
    return true;
}

static const Type *part_of(const Type *from, TypeKind kind, int i)
{
    return from && from->kind == kind && i < from->nargs ? &from->args[i].type : NULL;
}

static bool read_array(StrBuf *b, Str json, const Type *from, Type t, NestedReading how)
{
    JsonIter it = json_iter(json);
    sb_char(b, '[');
    for (bool first = true; json_next(&it); first = false) {
        if (!first) sb_char(b, ',');
        if (!put_as(b, it.value, part_of(from, TYPE_ARRAY, 0), nested_element(t), how)) return false;
    }
    sb_char(b, ']');
    return true;
}

/* The member that a name means: as it is written, else without regard to case; the last of equal ones. */
static Str field_text(Str object, Str name, Arena *a)
{
    Str exact = {0}, near = {0}, key;
    JsonIter it = json_iter(object);
    while (json_next(&it)) {
        if (!json_unquote(a, it.key, &key)) continue;
        if (str_eq(key, name)) exact = it.value;
        if (str_ieq(key, name)) near = it.value;
    }
    return exact.p ? exact : near.p ? near : S("null");
}

static Str nth_member(Str object, int i)
{
    JsonIter it = json_iter(object);
    while (json_next(&it))
        if (i-- == 0) return it.value;
    return S("null");
}

static bool read_row(StrBuf *b, Str json, const Type *from, Type t, NestedReading how)
{
    bool by_place = from && from->kind == TYPE_ROW;
    if (by_place && from->nargs != t.nargs) return false;
    sb_char(b, '{');
    for (int i = 0; i < t.nargs; i++) {
        if (i) sb_char(b, ',');
        json_quote(b, t.args[i].name);
        sb_char(b, ':');
        Str part = by_place ? nth_member(json, i) : field_text(json, t.args[i].name, b->arena);
        if (!put_as(b, part, part_of(from, TYPE_ROW, i), t.args[i].type, how)) return false;
    }
    sb_char(b, '}');
    return true;
}

typedef struct MapEntry {
    Str key, value;  /* the key's text; the value as it stood */
    ptrdiff_t place; /* of equal keys the last counts */
} MapEntry;

static bool key_value(Str s, const Type *from, Type t, NestedReading how, Arena *a, Value *v)
{
    if (type_is_nested(t.kind)) return json_check(s, &s) != JSON_INVALID && nested_read(s, from, t, how, a, v) && !v->is_null;
    if (t.kind == TYPE_TEXT || t.kind == TYPE_BLOB) return read_bytes(s, from, t, a, v);
    v->s = s;
    return t.kind == TYPE_JSON || read_text(str_trim(s), t, v);
}

static bool read_key(Str quoted, const Type *from, Type t, NestedReading how, Arena *a, Str *out)
{
    Value v = {.type = t};
    StrBuf text = {.arena = a};
    Str s;
    if (!json_unquote(a, quoted, &s) || !key_value(s, from, t, how, a, &v)) return false;
    if (t.kind == TYPE_DOUBLE && v.d == 0) v.d = 0;
    nested_put_key(&text, &v);
    *out = str_of(text.p, text.n);
    return true;
}

static int entry_cmp(const void *a, const void *b)
{
    const MapEntry *x = a, *y = b;
    int order = str_cmp(x->key, y->key);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* Sorted by key, then as they stood. False: a key that does not fit. */
static bool read_entries(Str json, const Type *from, Type key, NestedReading how, Arena *a, MapEntry *list, ptrdiff_t *n)
{
    JsonIter it = json_iter(json);
    while (json_next(&it)) {
        MapEntry *e = &list[*n];
        if (!read_key(it.key, from, key, how, a, &e->key)) return false;
        e->value = it.value;
        e->place = (*n)++;
    }
    if (*n) qsort(list, (size_t)*n, sizeof *list, entry_cmp);
    return true;
}

static bool read_map(StrBuf *b, Str json, const Type *from, Type t, NestedReading how)
{
    Type key = t.nargs == 2 ? t.args[0].type : TYPE_OF(TYPE_TEXT);
    Type value = t.nargs == 2 ? t.args[1].type : TYPE_OF(TYPE_JSON);
    ptrdiff_t n = 0;
    MapEntry *list = new_raw(b->arena, MapEntry, json_count(json) + 1);
    if (!read_entries(json, part_of(from, TYPE_MAP, 0), key, how, b->arena, list, &n)) return false;
    sb_char(b, '{');
    ptrdiff_t start = b->n;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (i + 1 < n && str_eq(list[i].key, list[i + 1].key)) continue;
        if (b->n > start) sb_char(b, ',');
        json_quote(b, list[i].key);
        sb_char(b, ':');
        if (!put_as(b, list[i].value, part_of(from, TYPE_MAP, 1), value, how)) return false;
    }
    sb_char(b, '}');
    return true;
}

static bool read_container(StrBuf *b, Str json, JsonKind k, const Type *from, Type t, NestedReading how)
{
    if (t.kind == TYPE_ARRAY) return k == JSON_ARRAY && read_array(b, json, from, t, how);
    if (k != JSON_OBJECT) return false;
    return t.kind == TYPE_ROW ? read_row(b, json, from, t, how) : read_map(b, json, from, t, how);
}

bool nested_read(Str json, const Type *from, Type t, NestedReading how, Arena *a, Value *out)
{
    Str text = str_trim(json);
    JsonKind k = json_kind(text);
    Value v = {.type = t, .is_null = k == JSON_NULL && t.kind != TYPE_JSON};
    StrBuf b = {.arena = a};
    bool ok = k != JSON_INVALID;
    if (v.is_null) {
        *out = v;
        return true;
    }
    switch ((TypeKind)t.kind) {
    case TYPE_JSON: v.s = text; break;
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
        ok = ok && read_container(&b, text, k, from, t, how);
        v.s = str_of(b.p, b.n);
        break;
    case TYPE_BOOLEAN:
    case TYPE_BIGINT:
    case TYPE_DOUBLE:
    case TYPE_DECIMAL:
    case TYPE_TEXT:
    case TYPE_TIMESTAMP:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_BLOB:
    case TYPE_INTERVAL: ok = ok && read_scalar(text, k, from, t, how, a, &v); break;
    case TYPE_NULL:
    case TYPE_COUNT: ok = false; break;
    }
    if (ok) *out = v;
    return ok;
}
