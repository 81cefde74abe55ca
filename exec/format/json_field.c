/* json_field.c: JSON values to column values (see json_field.h). */
#include "exec/format/json_field.h"

static bool is_time(TypeKind k)
{
    return k == TYPE_TIMESTAMP || k == TYPE_DATE || k == TYPE_TIME || k == TYPE_INTERVAL;
}

static bool is_epoch(TimeStyle s)
{
    return s == TIME_STYLE_EPOCH_S || s == TIME_STYLE_EPOCH_MS || s == TIME_STYLE_EPOCH_US;
}

static bool is_json(TypeKind k)
{
    return k == TYPE_JSON || k == TYPE_ARRAY || k == TYPE_ROW || k == TYPE_MAP;
}

/* The value as it stands, quotes included. */
static Str span_text(JsonSpan v)
{
    bool quoted = v.kind == JSON_STRING || v.kind == JSON_ESCAPED;
    return quoted ? str_of(v.p - 1, v.n + 2) : str_of(v.p, v.n);
}

static bool from_string(Type t, Str s, const FieldOptions *o, Arena *a, Value *out)
{
    if (t.kind == TYPE_TEXT || t.kind == TYPE_BLOB) return field_parse(t, s, o, a, out);
    if (is_time(t.kind) && (t.kind != TYPE_TIMESTAMP || !is_epoch(o->time_style) || o->is_lenient))
        return field_parse(t, s, o, a, out);
    bool is_scalar = type_is_number(t.kind) || t.kind == TYPE_BOOLEAN;
    return is_scalar && o->is_lenient && field_parse(t, s, o, a, out);
}

/* Numbers, true and false. */
static bool from_word(Type t, Str s, const FieldOptions *o, Arena *a, Value *out)
{
    bool is_truth = str_eq(s, S("true")) || str_eq(s, S("false"));
    if (t.kind == TYPE_BOOLEAN) return (is_truth || o->is_lenient) && field_parse(t, s, o, a, out);
    if (t.kind == TYPE_BIGINT) return json_is_integer(s) && field_parse(t, s, o, a, out);
    bool is_number = json_is_number(s);
    if (t.kind == TYPE_TEXT) return (is_truth || is_number) && field_parse(t, s, o, a, out);
    if (t.kind == TYPE_TIMESTAMP && !is_epoch(o->time_style)) return false;
    bool takes_number = type_is_number(t.kind) || t.kind == TYPE_TIMESTAMP;
    return takes_number && is_number && field_parse(t, s, o, a, out);
}

static bool convert(Type t, JsonSpan v, const FieldOptions *o, Arena *a, Value *out)
{
    Str inside = str_of(v.p, v.n);
    if (is_json(t.kind)) return field_parse(t, span_text(v), o, a, out);
    switch (v.kind) {
    case JSON_NONE: return false;
    case JSON_ESCAPED: return json_unescape(inside, a, &inside) && from_string(t, inside, o, a, out);
    case JSON_STRING: return from_string(t, inside, o, a, out);
    case JSON_WORD: return from_word(t, inside, o, a, out);
    case JSON_OBJECT:
    case JSON_ARRAY:
        *out = value_text(inside);
        out->type = t;
        return t.kind == TYPE_TEXT && json_is_value(inside, TYPE_JSON);
    }
    return false;
}

void json_field(RowBuilder *out, int col, JsonSpan v, const FieldOptions *o)
{
    bool is_null = v.kind == JSON_NONE ||
                   (v.kind == JSON_WORD && v.n == 4 && memcmp(v.p, "null", 4) == 0);
    if (is_null) {
        field_null(out, col);
        return;
    }
    Value value;
    if (convert(out->cols[col].type, v, o, out->arena, &value)) {
        field_value(out, col, &value);
        return;
    }
    Str shown = span_text(v);
    if (v.kind == JSON_STRING || v.kind == JSON_ESCAPED) shown = str_of(v.p, v.n);
    field_misfit(out, col, shown.p, shown.n, o);
}
