/* func_json.c: reading and making JSON.
 *
 * A path that is constant is parsed once. Values are found by walking the text; what is found is
 * referred to, not copied. Of TEXT that is no JSON, -> and json_extract make an error of the row,
 * json_value, json_query and json_exists (the standard's functions) NULL. */
#include "exec/expr/json_text.h"
#include "exec/expr/nested.h"
#include "exec/expr/program.h"
#include "exec/func/call.h"

/* ---- paths ----------------------------------------------------------------------------------- */

static Status bad_path(Diags *d, const BExpr *call, int i, Str path)
{
    Status st =
        diag_error(d, WEIR_E_VALUE, call->args[i]->span, "\"%.*s\" is no path", STR_ARG(path));
    diag_hint(d, "paths are like '$.a.b[0]'");
    return st;
}

static Status path_prepare(const BExpr *call, Arena *a, void **out, Diags *d)
{
    const Value *path = call->nargs > 1 ? constant_arg(call, 1) : NULL;
    *out = NULL;
    if (!path || path->type.kind != TYPE_TEXT) return WEIR_OK;
    JsonPath *p = new_one(a, JsonPath);
    if (!json_path_parse(path->s, a, p)) return bad_path(d, call, 1, path->s);
    *out = p;
    return WEIR_OK;
}

/* The JSON value of argument 0. A column of type JSON is JSON already. */
static bool document(const Column *args, int row, Str *v)
{
    Str text = ARG_STR(0, row);
    if (args[0].type.kind == TYPE_TEXT) return json_check(text, v) != JSON_INVALID;
    *v = str_trim(text);
    return true;
}

static void not_json(EvalCtx *c, Column *out, int row, Str text)
{
    call_failed(c, out, row, "\"%.*s\" is no JSON", (int)(text.n < 60 ? text.n : 60), text.p);
}

typedef enum Found { FOUND, MISSING, BROKEN } Found;

/* The value at the path of argument 1, or the whole where there is none. */
static Found find(EvalCtx *c, const Column *args, int nargs, int row, Str *v)
{
    JsonPath path = {0};
    if (!document(args, row, v)) return BROKEN;
    if (nargs < 2) return FOUND;
    if (c->prepared)
        path = *(const JsonPath *)c->prepared;
    else if (!json_path_parse(ARG_STR(1, row), c->arena, &path))
        return BROKEN;
    return json_path_find(*v, &path, v) ? FOUND : MISSING;
}

/* A value as SQL has it: a string's characters, NULL for null, the text of anything else. */
static bool as_text(EvalCtx *c, Str v, Str *out)
{
    JsonKind k = json_kind(v);
    if (k == JSON_NULL || k == JSON_INVALID) return false;
    *out = v;
    return k != JSON_STRING || json_unquote(c->arena, v, out);
}

/* ---- extracting ------------------------------------------------------------------------------ */

static void json_extract(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    EACH_ROW (c, row) {
        Str v;
        Found f = find(c, args, nargs, row, &v);
        if (f == FOUND)
            put_text(out, row, v);
        else if (f == MISSING)
            column_set_null(out, c->arena, row);
        else
            not_json(c, out, row, ARG_STR(0, row));
    }
}
static const FuncImpl json_extract_impl = {.columns = json_extract, .prepare = path_prepare};

static void json_extract_text(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    EACH_ROW (c, row) {
        Str v;
        Found f = find(c, args, nargs, row, &v);
        if (f == BROKEN)
            not_json(c, out, row, ARG_STR(0, row));
        else if (f == FOUND && as_text(c, v, &v))
            put_text(out, row, v);
        else
            column_set_null(out, c->arena, row);
    }
}
static const FuncImpl json_extract_text_impl = {.columns = json_extract_text,
                                                .prepare = path_prepare};

static void json_value(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    EACH_ROW (c, row) {
        Str v;
        bool ok = find(c, args, nargs, row, &v) == FOUND && json_kind(v) < JSON_ARRAY &&
                  as_text(c, v, &v);
        if (ok)
            put_text(out, row, v);
        else
            column_set_null(out, c->arena, row);
    }
}
static const FuncImpl json_value_impl = {.columns = json_value, .prepare = path_prepare};

static void json_query(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    EACH_ROW (c, row) {
        Str v;
        if (find(c, args, nargs, row, &v) == FOUND && json_kind(v) >= JSON_ARRAY)
            put_text(out, row, v);
        else
            column_set_null(out, c->arena, row);
    }
}
static const FuncImpl json_query_impl = {.columns = json_query, .prepare = path_prepare};

static void json_exists(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    uint8_t *to = out->data;
    EACH_ROW (c, row) {
        Str v;
        to[row] = find(c, args, nargs, row, &v) == FOUND;
    }
}
static const FuncImpl json_exists_impl = {.columns = json_exists, .prepare = path_prepare};

/* ---- -> and ->> ------------------------------------------------------------------------------ */

static bool looks_like_path(Str key)
{
    return str_starts(key, S("$.")) || str_starts(key, S("$["));
}

/* A key, or a path where it begins with $; an index from 0, negative from the end. */
static Status arrow_prepare(const BExpr *call, Arena *a, void **out, Diags *d)
{
    const Value *key = constant_arg(call, 1);
    *out = NULL;
    bool is_path = key && key->type.kind == TYPE_TEXT && looks_like_path(key->s);
    return is_path ? path_prepare(call, a, out, d) : WEIR_OK;
}

static Found arrow_find(EvalCtx *c, const Column *args, int row, Str *v)
{
    bool found;
    JsonPath path;
    if (!document(args, row, v)) return BROKEN;
    if (c->prepared)
        found = json_path_find(*v, c->prepared, v);
    else if (args[1].type.kind == TYPE_BIGINT)
        found = json_element(*v, ARG(int64_t, 1, row), v);
    else if (looks_like_path(ARG_STR(1, row)))
        return json_path_parse(ARG_STR(1, row), c->arena, &path) && json_path_find(*v, &path, v)
                   ? FOUND
                   : MISSING;
    else
        found = json_member(*v, ARG_STR(1, row), v);
    return found ? FOUND : MISSING;
}

static void arrow_rows(EvalCtx *c, const Column *args, bool to_text, Column *out)
{
    EACH_ROW (c, row) {
        Str v;
        Found f = arrow_find(c, args, row, &v);
        if (f == BROKEN)
            not_json(c, out, row, ARG_STR(0, row));
        else if (f == FOUND && (!to_text || as_text(c, v, &v)))
            put_text(out, row, v);
        else
            column_set_null(out, c->arena, row);
    }
}
static void arrow(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    arrow_rows(c, args, false, out);
}
static void arrow_text(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    arrow_rows(c, args, true, out);
}
static const FuncImpl arrow_impl = {.columns = arrow, .prepare = arrow_prepare};
static const FuncImpl arrow_text_impl = {.columns = arrow_text, .prepare = arrow_prepare};

/* ---- subscripts ------------------------------------------------------------------------------ */

static const TypeField *field_named(Type t, Str name)
{
    for (int i = 0; i < t.nargs; i++)
        if (str_ieq(t.args[i].name, name)) return &t.args[i];
    return NULL;
}

/* ARRAY[i] from 1, MAP[key], ROW.field, JSON[i] from 0, JSON[key]. */
RESULT_OF(subscript_type)
{
    UNUSED_TYPES;
    Type t = args[0];
    bool by_name = args[1].kind == TYPE_TEXT;
    if (t.kind == TYPE_JSON) {
        *out = TYPE_OF(TYPE_JSON);
        return true;
    }
    if (t.kind == TYPE_ARRAY && t.nargs == 1 && !by_name) {
        *out = t.args[0].type;
        return true;
    }
    if (t.kind == TYPE_MAP && t.nargs == 2) {
        *out = t.args[1].type;
        return true;
    }
    if (t.kind != TYPE_ROW || !by_name || !consts[1] || consts[1]->is_null) return false;
    const TypeField *f = field_named(t, consts[1]->s);
    if (f) *out = f->type;
    return f != NULL;
}

/* MAP[key] where keys are neither texts nor whole numbers. */
RESULT_OF(map_subscript_type)
{
    UNUSED_TYPES;
    if (args[0].kind != TYPE_MAP || args[0].nargs != 2 || !type_eq(args[0].args[0].type, args[1])) return false;
    *out = args[0].args[1].type;
    return true;
}

static bool field_without_case(Str object, Str name, Str *v)
{
    bool found = false;
    JsonIter it = json_iter(object);
    while (json_next(&it)) {
        if (it.key.n < 2 || !str_ieq(str_of(it.key.p + 1, it.key.n - 2), name)) continue;
        *v = it.value;
        found = true;
    }
    return found;
}

static bool subscript_find(EvalCtx *c, const Column *args, int row, Str *v)
{
    Str doc = str_trim(ARG_STR(0, row));
    TypeKind kind = (TypeKind)args[0].type.kind;
    if (args[1].type.kind == TYPE_BIGINT && kind != TYPE_MAP) {
        int64_t i = ARG(int64_t, 1, row);
        if (kind == TYPE_ARRAY && i < 1) return false;
        return json_element(doc, kind == TYPE_ARRAY ? i - 1 : i, v);
    }
    Value key = column_value(&args[1], row);
    StrBuf b = {.arena = c->arena};
    nested_put_key(&b, &key);
    if (json_member(doc, str_of(b.p, b.n), v)) return true;
    return kind == TYPE_ROW && field_without_case(doc, str_of(b.p, b.n), v);
}

static void subscript(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    bool can_fail;
    Column found = column_new(c->arena, TYPE_OF(TYPE_JSON), c->rows);
    uint16_t *sel = new_raw(c->arena, uint16_t, c->n);
    EvalCtx inner = *c;
    inner.sel = sel;
    inner.n = 0;
    EACH_ROW (c, row) {
        Str v;
        if (col_is_null(out, row) || !subscript_find(c, args, row, &v) ||
            json_kind(v) == JSON_NULL) {
            column_set_null(out, c->arena, row);
            continue;
        }
        bool is_text = out->type.kind == TYPE_TEXT;
        if (is_text && !as_text(c, v, &v)) v = str_of(v.p, 0);
        put_text(&found, row, v);
        sel[inner.n++] = (uint16_t)row;
    }
    const FuncImpl *cast = cast_find(found.type, out->type, &can_fail);
    cast->columns(&inner, &found, 1, out);
}
static const FuncImpl subscript_impl = {.columns = subscript};

/* ---- asking ---------------------------------------------------------------------------------- */

static void json_array_length(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        Str v;
        Found f = find(c, args, nargs, row, &v);
        if (f == BROKEN)
            not_json(c, out, row, ARG_STR(0, row));
        else if (f == FOUND && json_kind(v) == JSON_ARRAY)
            to[row] = json_count(v);
        else
            column_set_null(out, c->arena, row);
    }
}
static const FuncImpl json_array_length_impl = {.columns = json_array_length,
                                                .prepare = path_prepare};

static const char *kind_name(Str v, bool sqlite)
{
    static const char *const PG[] = {NULL,     "null",   "boolean", "boolean",
                                     "number", "string", "array",   "object"};
    static const char *const SQLITE[] = {NULL, "null", "false", "true",
                                         NULL, "text", "array", "object"};
    JsonKind k = json_kind(v);
    if (!sqlite) return PG[k];
    if (k != JSON_NUMBER) return SQLITE[k];
    for (ptrdiff_t i = 0; i < v.n; i++)
        if (strchr(".eE", v.p[i]) && v.p[i]) return "real";
    return "integer";
}

static void type_names(EvalCtx *c, const Column *args, int nargs, bool sqlite, Column *out)
{
    EACH_ROW (c, row) {
        Str v;
        Found f = find(c, args, nargs, row, &v);
        const char *name = f == FOUND ? kind_name(v, sqlite) : NULL;
        if (f == BROKEN)
            not_json(c, out, row, ARG_STR(0, row));
        else if (name)
            put_text(out, row, str_z(name));
        else
            column_set_null(out, c->arena, row);
    }
}
static void json_type(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    type_names(c, args, nargs, true, out);
}
static void json_typeof(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    type_names(c, args, nargs, false, out);
}
static const FuncImpl json_type_impl = {.columns = json_type, .prepare = path_prepare};
static const FuncImpl json_typeof_impl = {.columns = json_typeof, .prepare = path_prepare};

static void json_valid(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    uint8_t *to = out->data;
    EACH_ROW (c, row) {
        Str v;
        to[row] = json_check(ARG_STR(0, row), &v) != JSON_INVALID;
    }
}
static const FuncImpl json_valid_impl = {.columns = json_valid};

RESULT_OF(array_of_text)
{
    static const TypeField ELEMENT[] = {{.type = {.kind = TYPE_TEXT}}};
    UNUSED_TYPES;
    *out = (Type){.kind = TYPE_ARRAY, .args = ELEMENT, .nargs = 1};
    return true;
}

static void json_keys(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    EACH_ROW (c, row) {
        Str v;
        Found f = find(c, args, nargs, row, &v);
        if (f == BROKEN) {
            not_json(c, out, row, ARG_STR(0, row));
        } else if (f == MISSING || json_kind(v) != JSON_OBJECT) {
            column_set_null(out, c->arena, row);
        } else {
            StrBuf b = {.arena = c->arena};
            JsonIter it = json_iter(v);
            sb_char(&b, '[');
            while (json_next(&it)) {
                if (b.n > 1) sb_char(&b, ',');
                sb_str(&b, it.key);
            }
            sb_char(&b, ']');
            put_text(out, row, str_of(b.p, b.n));
        }
    }
}
static const FuncImpl json_keys_impl = {.columns = json_keys, .prepare = path_prepare};

/* ---- making ---------------------------------------------------------------------------------- */

static Status to_json(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    StrBuf b = {.arena = c->arena};
    nested_put(&b, &args[0]);
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl to_json_impl = {.row = to_json};

static Status json_array(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)message;
    StrBuf b = {.arena = c->arena};
    sb_char(&b, '[');
    for (int i = 0; i < nargs; i++) {
        if (i) sb_char(&b, ',');
        nested_put(&b, &args[i]);
    }
    sb_char(&b, ']');
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl json_array_impl = {.row = json_array};

static Status json_object(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    StrBuf b = {.arena = c->arena};
    sb_char(&b, '{');
    for (int i = 0; i + 1 < nargs; i += 2) {
        if (args[i].is_null) {
            *message = S("the key of an object is NULL");
            return WEIR_E_VALUE;
        }
        StrBuf key = {.arena = c->arena};
        value_print(&key, &args[i]);
        if (i) sb_char(&b, ',');
        json_quote(&b, str_of(key.p, key.n));
        sb_char(&b, ':');
        nested_put(&b, &args[i + 1]);
    }
    sb_char(&b, '}');
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl json_object_impl = {.row = json_object};

RESULT_OF(object_type)
{
    UNUSED_TYPES;
    *out = TYPE_OF(TYPE_JSON);
    return nargs % 2 == 0;
}

/* ---- definitions ----------------------------------------------------------------------------- */

#define FN(n, other, pattern, res, f, more, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, .flags = more, \
        .group = "json", .doc = about \
    }
/* For JSON and for text that holds it. */
#define FN2(n, other, pattern, res, f, more, about) \
    FN(n, other, "j" pattern, res, f, more, about), FN(n, other, "t" pattern, res, f, more, about)
#define OP(n, pattern, res, f, about) \
    { \
        .name = n, .args = pattern, .result = res, .impl = &f, \
        .flags = FUNC_INTERNAL | FUNC_CAN_FAIL, .group = "operator", .doc = about \
    }

const FuncDef func_json[] = {
    OP("->", "jt", "j", arrow_impl, "the member of that name, or at that path"),
    OP("->", "ji", "j", arrow_impl, "the element at that index, from 0"),
    OP("->", "tt", "j", arrow_impl, "the same of a text that holds JSON"),
    OP("->", "ti", "j", arrow_impl, "the same of a text that holds JSON"),
    OP("->>", "jt", "t", arrow_text_impl, "the member of that name as text"),
    OP("->>", "ji", "t", arrow_text_impl, "the element at that index as text"),
    OP("->>", "tt", "t", arrow_text_impl, "the same of a text that holds JSON"),
    OP("->>", "ti", "t", arrow_text_impl, "the same of a text that holds JSON"),
    {.name = "subscript",
     .args = "ai",
     .result_of = subscript_type,
     .impl = &subscript_impl,
     .flags = FUNC_INTERNAL | FUNC_CAN_FAIL,
     .group = "operator",
     .doc = "an element, of ARRAY from 1, of JSON from 0"},
    {.name = "subscript",
     .args = "at",
     .result_of = subscript_type,
     .impl = &subscript_impl,
     .flags = FUNC_INTERNAL | FUNC_CAN_FAIL,
     .group = "operator",
     .doc = "a member or field by its name"},
    {.name = "subscript",
     .args = "aa",
     .result_of = map_subscript_type,
     .impl = &subscript_impl,
     .flags = FUNC_INTERNAL | FUNC_CAN_FAIL,
     .group = "operator",
     .doc = "the value of a key of another type"},
    FN2("json_extract", NULL, "t", "j", json_extract_impl, FUNC_CAN_FAIL,
        "the value at a path, as JSON"),
    FN2("json_extract_string", "json_extract_text,get_json_object,extractjsonfield", "t", "t",
        json_extract_text_impl, FUNC_CAN_FAIL, "the value at a path, as text"),
    FN2("json_value", NULL, "t", "t", json_value_impl, 0,
        "the number, string or truth value at a path, as text; else NULL"),
    FN2("json_query", NULL, "t", "j", json_query_impl, 0,
        "the object or array at a path; else NULL"),
    FN2("json_exists", NULL, "t", "b", json_exists_impl, 0, "whether there is a value at a path"),
    FN2("json_array_length", "json_length,jsonb_array_length", "t?", "i", json_array_length_impl, FUNC_CAN_FAIL,
        "number of elements; NULL of what is no array"),
    FN2("json_type", NULL, "t?", "t", json_type_impl, FUNC_CAN_FAIL,
        "null, true, false, integer, real, text, array or object"),
    FN2("json_typeof", "jsonb_typeof", "t?", "t", json_typeof_impl, FUNC_CAN_FAIL,
        "null, boolean, number, string, array or object"),
    {.name = "json_keys",
     .aliases = "json_object_keys",
     .args = "jt?",
     .result_of = array_of_text,
     .impl = &json_keys_impl,
     .flags = FUNC_CAN_FAIL,
     .group = "json",
     .doc = "names of the members"},
    FN("json_valid", "is_json,is_json_string", "t", "b", json_valid_impl, 0, "whether the text is JSON"),
    FN("to_json", "json_quote,to_jsonb,json_string,row_to_json,array_to_json,to_json_string", "a", "j", to_json_impl, FUNC_NULL_CALL, "the value as JSON"),
    FN("json_array", "json_build_array,jsonb_build_array", "a?*", "j", json_array_impl, FUNC_NULL_CALL,
       "an array of the arguments"),
    {.name = "json_object",
     .aliases = "json_build_object,jsonb_build_object",
     .args = "a?*",
     .result_of = object_type,
     .impl = &json_object_impl,
     .flags = FUNC_NULL_CALL | FUNC_CAN_FAIL,
     .group = "json",
     .doc = "an object of names and values in turn"},
    {0},
};
