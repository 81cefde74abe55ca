/* func_unnest.c: what FROM takes apart, as arrays for UNNEST: the members of a JSON value, the
 * entries of a MAP, the numbers of a series, several lists side by side. The binder makes these calls. */
#include "exec/expr/json_text.h"
#include "exec/func/call.h"

/* ---- members of JSON --------------------------------------------------------------------------- */

/* As SQLite's json_each names them. */
static const TypeField MEMBER[] = {{{"key", 3}, {.kind = TYPE_TEXT}},
                                   {{"value", 5}, {.kind = TYPE_TEXT}},
                                   {{"type", 4}, {.kind = TYPE_TEXT}},
                                   {{"atom", 4}, {.kind = TYPE_TEXT}}};
static const TypeField MEMBERS[] = {{.type = {.kind = TYPE_ROW, .args = MEMBER, .nargs = 4}}};

RESULT_OF(members_type)
{
    UNUSED_TYPES;
    *out = (Type){.kind = TYPE_ARRAY, .args = MEMBERS, .nargs = 1};
    return true;
}

static bool is_whole(Str number)
{
    for (ptrdiff_t i = 0; i < number.n; i++)
        if (strchr(".eE", number.p[i])) return false;
    return true;
}

static const char *member_type(Str v)
{
    static const char *const NAMES[] = {
        [JSON_INVALID] = "null",  [JSON_NULL] = "null",     [JSON_FALSE] = "false", [JSON_TRUE] = "true",
        [JSON_NUMBER] = "real",   [JSON_STRING] = "text",   [JSON_ARRAY] = "array", [JSON_OBJECT] = "object"};
    JsonKind k = json_kind(v);
    return k == JSON_NUMBER && is_whole(v) ? "integer" : NAMES[k];
}

/* A value as text, and that quoted: a string's characters, NULL for null, JSON of what has members. */
static void put_value(StrBuf *b, Str v)
{
    JsonKind k = json_kind(v);
    if (k == JSON_STRING || k == JSON_NULL)
        sb_str(b, v);
    else
        json_quote(b, v);
}

static void put_member(StrBuf *b, Str key, int64_t place, Str v)
{
    if (b->n > 1) sb_char(b, ',');
    sb_lit(b, "{\"key\":");
    if (key.p)
        sb_str(b, key);
    else if (place >= 0)
        sb_printf(b, "\"%lld\"", (long long)place);
    else
        sb_lit(b, "null");
    sb_lit(b, ",\"value\":");
    put_value(b, v);
    sb_printf(b, ",\"type\":\"%s\",\"atom\":", member_type(v));
    put_value(b, json_kind(v) < JSON_ARRAY ? v : S("null"));
    sb_char(b, '}');
}

static Str members_of(Arena *a, Str v)
{
    StrBuf b = {.arena = a};
    int64_t place = 0;
    sb_char(&b, '[');
    if (json_kind(v) < JSON_ARRAY) {
        put_member(&b, (Str){0}, -1, v);
    } else {
        JsonIter it = json_iter(v);
        while (json_next(&it)) put_member(&b, it.is_object ? it.key : (Str){0}, place++, it.value);
    }
    sb_char(&b, ']');
    return str_of(b.p, b.n);
}

static Status no_members(Arena *a, Value *out, Str *message, const char *what, Str text)
{
    out->is_null = true;
    *message = str_printf(a, "\"%.*s\" is no %s", (int)(text.n < 60 ? text.n : 60), text.p, what);
    return WEIR_E_VALUE;
}

/* json_each(value [, path]): of nothing at the path, nothing. */
static Status json_members(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    Str v = str_trim(args[0].s);
    if (args[0].type.kind == TYPE_TEXT && json_check(args[0].s, &v) == JSON_INVALID)
        return no_members(c->arena, out, message, "JSON", args[0].s);
    JsonPath path;
    out->s = S("[]");
    if (nargs > 1) {
        if (!json_path_parse(args[1].s, c->arena, &path))
            return no_members(c->arena, out, message, "path", args[1].s);
        if (!json_path_find(v, &path, &v)) return WEIR_OK;
    }
    out->s = members_of(c->arena, v);
    return WEIR_OK;
}
static const FuncImpl json_members_impl = {.row = json_members};

/* ---- entries of a MAP -------------------------------------------------------------------------- */

RESULT_OF(given_by_binder)
{
    UNUSED_TYPES;
    (void)out;
    return false;
}

static Status map_entries(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    StrBuf b = {.arena = c->arena};
    JsonIter it = json_iter(args[0].s);
    sb_char(&b, '[');
    while (json_next(&it)) {
        if (b.n > 1) sb_char(&b, ',');
        sb_lit(&b, "{\"key\":");
        sb_str(&b, it.key);
        sb_lit(&b, ",\"value\":");
        sb_str(&b, it.value);
        sb_char(&b, '}');
    }
    sb_char(&b, ']');
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl map_entries_impl = {.row = map_entries};

/* ---- several lists ------------------------------------------------------------------------------ */

typedef struct Zip {
    JsonIter *lists;
    int n;
} Zip;

static Status zip_begin(Zip *z, const Value *args, Str *message)
{
    for (int i = 0; i < z->n; i++) {
        Str list = args[i].is_null ? S("[]") : str_trim(args[i].s);
        JsonKind kind = json_kind(list);
        if (kind != JSON_ARRAY && kind != JSON_NULL) {
            *message = S("UNNEST takes an array, and this JSON value is none");
            return WEIR_E_VALUE;
        }
        z->lists[i] = json_iter(kind == JSON_ARRAY ? list : S("[]"));
    }
    return WEIR_OK;
}

/* The next element of each list, null where it has none; false: no list has one. */
static bool zip_row(Zip *z, StrBuf *b)
{
    ptrdiff_t start = b->n;
    bool any = false;
    for (int i = 0; i < z->n; i++) {
        bool is_there = json_next(&z->lists[i]);
        any |= is_there;
        sb_printf(b, "%c\"value_%d\":", i ? ',' : '{', i + 1);
        sb_str(b, is_there ? z->lists[i].value : S("null"));
    }
    sb_char(b, '}');
    if (!any) b->n = start;
    return any;
}

static Status lists_zip(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    Zip z = {new (c->arena, JsonIter, nargs), nargs};
    StrBuf b = {.arena = c->arena};
    TRY(zip_begin(&z, args, message));
    sb_char(&b, '[');
    while (zip_row(&z, &b)) sb_char(&b, ',');
    if (b.n > 1) b.n--;
    sb_char(&b, ']');
    out->is_null = false;
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl lists_zip_impl = {.row = lists_zip};

/* ---- series ------------------------------------------------------------------------------------ */

enum { SERIES_MAX = 100000 };

/* generate_series(first, last [, step]), both ends in it. */
static Status series(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    int64_t first = args[0].i, last = args[1].i, step = nargs > 2 ? args[2].i : 1;
    StrBuf b = {.arena = c->arena};
    int n = 0;
    if (step == 0) {
        *message = S("the step of a series is not 0");
        return WEIR_E_VALUE;
    }
    sb_char(&b, '[');
    for (int64_t v = first; step > 0 ? v <= last : v >= last;) {
        if (++n > SERIES_MAX) {
            *message = S("a series has at most 100000 values");
            return WEIR_E_LIMIT;
        }
        sb_printf(&b, n > 1 ? ",%lld" : "%lld", (long long)v);
        if (__builtin_add_overflow(v, step, &v)) break;
    }
    sb_char(&b, ']');
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl series_impl = {.row = series};

/* ---- definitions ------------------------------------------------------------------------------- */

extern const FuncDef func_unnest[];
const FuncDef func_unnest[] = {
    {.name = "json_members", .args = "jt?", .result_of = members_type, .impl = &json_members_impl,
     .flags = FUNC_INTERNAL | FUNC_CAN_FAIL, .group = "array", .doc = "json_each as an array"},
    {.name = "json_members", .args = "tt?", .result_of = members_type, .impl = &json_members_impl,
     .flags = FUNC_INTERNAL | FUNC_CAN_FAIL, .group = "array", .doc = "json_each as an array"},
    {.name = "map_entries", .args = "M", .result_of = given_by_binder, .impl = &map_entries_impl,
     .flags = FUNC_INTERNAL, .group = "array", .doc = "UNNEST of a MAP as an array"},
    {.name = "lists_zip", .args = "a*", .result_of = given_by_binder, .impl = &lists_zip_impl,
     .flags = FUNC_INTERNAL | FUNC_CAN_FAIL | FUNC_NULL_CALL, .group = "array", .doc = "several lists as an array of rows"},
    {.name = "series", .args = "iii?", .result = "Ai", .impl = &series_impl, .flags = FUNC_INTERNAL | FUNC_CAN_FAIL,
     .group = "array", .doc = "generate_series as an array"},
    {0},
};
