/* func_array.c: making ARRAY, ROW and MAP values, and asking them.
 *
 * Their form is that of exec/expr/nested.h. What is looked for in an array is first read as a value
 * of its element type, so that 1 is found in an ARRAY<DOUBLE>; then equal values are equal bytes. */
#include "base/keyenc.h"
#include "exec/expr/json_text.h"
#include "exec/expr/nested.h"
#include "exec/func/call.h"

#include <stdlib.h>

/* ---- making ---------------------------------------------------------------------------------- */

static Status make_array(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
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
static const FuncImpl make_array_impl = {.row = make_array};

static Status make_row(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)message;
    StrBuf b = {.arena = c->arena};
    sb_char(&b, '{');
    for (int i = 0; i < nargs; i++) {
        if (i) sb_char(&b, ',');
        json_quote(&b, out->type.args[i].name);
        sb_char(&b, ':');
        nested_put(&b, &args[i]);
    }
    sb_char(&b, '}');
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl make_row_impl = {.row = make_row};

/* Text that holds an object becomes the value of the type, its keys in their order. */
static Status settle(EvalCtx *c, StrBuf *b, Value *out, Str *message)
{
    Value v;
    if (!nested_read(str_of(b->p, b->n), NULL, out->type, NESTED_CAST, c->arena, &v)) {
        *message = S("a value does not fit its place");
        return WEIR_E_VALUE;
    }
    *out = v;
    return WEIR_OK;
}

static void put_entry(StrBuf *b, Str key, Str json)
{
    if (b->n > 1) sb_char(b, ',');
    json_quote(b, key);
    sb_char(b, ':');
    sb_str(b, json);
}

static Status make_map(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    StrBuf b = {.arena = c->arena};
    sb_char(&b, '{');
    for (int i = 0; i + 1 < nargs; i += 2) {
        StrBuf key = {.arena = c->arena}, value = {.arena = c->arena};
        if (args[i].is_null) {
            *message = S("the key of a map is NULL");
            return WEIR_E_VALUE;
        }
        nested_put_key(&key, &args[i]);
        nested_put(&value, &args[i + 1]);
        put_entry(&b, str_of(key.p, key.n), str_of(value.p, value.n));
    }
    sb_char(&b, '}');
    return settle(c, &b, out, message);
}
static const FuncImpl make_map_impl = {.row = make_map};

/* ---- what an array holds --------------------------------------------------------------------- */

typedef struct Items {
    Str *list; /* JSON, in the array's form */
    ptrdiff_t n;
} Items;

static Items items_of(Arena *a, Str array)
{
    Items items = {.list = new_raw(a, Str, json_count(array))};
    JsonIter it = json_iter(array);
    while (json_next(&it)) items.list[items.n++] = it.value;
    return items;
}

static Str items_text(Arena *a, const Items *items)
{
    StrBuf b = {.arena = a};
    sb_char(&b, '[');
    for (ptrdiff_t i = 0; i < items->n; i++) {
        if (i) sb_char(&b, ',');
        sb_str(&b, items->list[i]);
    }
    sb_char(&b, ']');
    return str_of(b.p, b.n);
}

/* v as the array holds it. False: the array cannot hold it. */
static bool item_of(Arena *a, Type array, const Value *v, Str *out)
{
    StrBuf own = {.arena = a}, as_element = {.arena = a};
    Value element;
    nested_put(&own, v);
    if (!nested_read(str_of(own.p, own.n), NULL, nested_element(array), NESTED_CAST, a, &element)) return false;
    nested_put(&as_element, &element);
    *out = str_of(as_element.p, as_element.n);
    return true;
}

static bool is_null_item(Str json)
{
    return json_kind(json) == JSON_NULL;
}

/* The places of v from 0, or -1. */
static ptrdiff_t item_find(const Items *items, Str item)
{
    for (ptrdiff_t i = 0; i < items->n; i++)
        if (str_eq(items->list[i], item)) return i;
    return -1;
}

static Status not_held(Str *message)
{
    *message = S("the value does not fit the elements of the array");
    return WEIR_E_VALUE;
}

static Status element_value(EvalCtx *c, Str json, Value *out)
{
    Type t = out->type;
    Value v;
    if (!nested_read(json, NULL, t, NESTED_CAST, c->arena, &v)) v = value_null(t);
    *out = v;
    if (t.kind == TYPE_JSON && is_null_item(json)) out->is_null = true;
    return WEIR_OK;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static Status cardinality(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)c, (void)message;
    if (nargs > 1 && args[1].i != 1)
        *out = value_null(out->type); /* of more dimensions than there are */
    else
        out->i = json_count(args[0].s);
    return WEIR_OK;
}
static const FuncImpl cardinality_impl = {.row = cardinality};

static Status array_contains(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    Items items = items_of(c->arena, args[0].s);
    Str item;
    bool fits = item_of(c->arena, args[0].type, &args[1], &item);
    out->i = fits && item_find(&items, item) >= 0;
    return WEIR_OK;
}
static const FuncImpl array_contains_impl = {.row = array_contains};

static Status array_position(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    Items items = items_of(c->arena, args[0].s);
    Str item;
    ptrdiff_t at = item_of(c->arena, args[0].type, &args[1], &item) ? item_find(&items, item) : -1;
    if (at < 0)
        *out = value_null(out->type);
    else
        out->i = at + 1;
    return WEIR_OK;
}
static const FuncImpl array_position_impl = {.row = array_position};

/* From 1, negative from the end. */
static Status element_at(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    Str json;
    int64_t i = args[1].i;
    if (i == 0 || !json_element(args[0].s, i > 0 ? i - 1 : i, &json)) {
        *out = value_null(out->type);
        return WEIR_OK;
    }
    return element_value(c, json, out);
}
static const FuncImpl element_at_impl = {.row = element_at};

/* The one element; of none NULL. */
static Status only_element(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs;
    Str json;
    int64_t n = json_count(args[0].s);
    if (n > 1) {
        *message = S("the array has more than one element");
        return WEIR_E_VALUE;
    }
    if (n == 0 || !json_element(args[0].s, 0, &json)) {
        *out = value_null(out->type);
        return WEIR_OK;
    }
    return element_value(c, json, out);
}
static const FuncImpl only_element_impl = {.row = only_element};

/* ---- arrays from arrays ---------------------------------------------------------------------- */

static Status array_append(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs;
    Items items = items_of(c->arena, args[0].s), more = {.list = new_raw(c->arena, Str, items.n + 1)};
    Str item;
    if (args[0].is_null || !item_of(c->arena, args[0].type, &args[1], &item)) {
        if (!args[0].is_null) return not_held(message);
        *out = value_null(out->type);
        return WEIR_OK;
    }
    bool first = c->call->func->name[6] == 'p' && c->call->func->name[7] == 'r'; /* array_prepend */
    if (first) more.list[more.n++] = item;
    for (ptrdiff_t i = 0; i < items.n; i++) more.list[more.n++] = items.list[i];
    if (!first) more.list[more.n++] = item;
    out->s = items_text(c->arena, &more);
    return WEIR_OK;
}
static const FuncImpl array_append_impl = {.row = array_append};

static Status array_concat(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)message;
    StrBuf b = {.arena = c->arena};
    sb_char(&b, '[');
    for (int i = 0; i < nargs; i++) {
        JsonIter it = json_iter(args[i].s);
        while (json_next(&it)) {
            if (b.n > 1) sb_char(&b, ',');
            sb_str(&b, it.value);
        }
    }
    sb_char(&b, ']');
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl array_concat_impl = {.row = array_concat};

RESULT_OF(same_arrays)
{
    (void)consts;
    for (int i = 1; i < nargs; i++)
        if (!type_eq(args[0], args[i])) return false;
    *out = args[0];
    return true;
}

static Status array_remove(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    Items items = items_of(c->arena, args[0].s);
    Str item;
    if (args[0].is_null) {
        *out = value_null(out->type);
        return WEIR_OK;
    }
    ptrdiff_t n = 0;
    bool fits = item_of(c->arena, args[0].type, &args[1], &item);
    for (ptrdiff_t i = 0; i < items.n; i++)
        if (!fits || !str_eq(items.list[i], item)) items.list[n++] = items.list[i];
    items.n = n;
    out->s = items_text(c->arena, &items);
    return WEIR_OK;
}
static const FuncImpl array_remove_impl = {.row = array_remove};

static Status array_reverse(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    Items items = items_of(c->arena, args[0].s);
    for (ptrdiff_t i = 0, j = items.n - 1; i < j; i++, j--) {
        Str t = items.list[i];
        items.list[i] = items.list[j];
        items.list[j] = t;
    }
    out->s = items_text(c->arena, &items);
    return WEIR_OK;
}
static const FuncImpl array_reverse_impl = {.row = array_reverse};

/* Places from 1, both inclusive; negative ones from the end. */
static Status array_slice(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)message;
    Items items = items_of(c->arena, args[0].s);
    int64_t from = args[1].i, to = nargs > 2 ? args[2].i : items.n;
    if (from < 0) from += items.n + 1;
    if (to < 0) to += items.n + 1;
    if (from < 1) from = 1;
    if (to > items.n) to = items.n;
    Items part = {items.list + (from <= to ? from - 1 : 0), from <= to ? to - from + 1 : 0};
    out->s = items_text(c->arena, &part);
    return WEIR_OK;
}
static const FuncImpl array_slice_impl = {.row = array_slice};

/* ---- arrays as sets ---------------------------------------------------------------------------- */

static bool holds(const Items *items, Str item)
{
    return item_find(items, item) >= 0;
}

/* Of two arrays: all, the common ones, or those of the first alone; each once. */
typedef enum SetKind { SET_UNION, SET_COMMON, SET_REST } SetKind;

static void set_of(EvalCtx *c, const Value *args, SetKind kind, Value *out)
{
    Items x = items_of(c->arena, args[0].s), y = items_of(c->arena, args[1].s);
    Items made = {new_raw(c->arena, Str, x.n + y.n), 0};
    for (ptrdiff_t i = 0; i < x.n; i++) {
        bool wanted = kind == SET_UNION || holds(&y, x.list[i]) == (kind == SET_COMMON);
        if (wanted && !holds(&made, x.list[i])) made.list[made.n++] = x.list[i];
    }
    for (ptrdiff_t i = 0; kind == SET_UNION && i < y.n; i++)
        if (!holds(&made, y.list[i])) made.list[made.n++] = y.list[i];
    out->s = items_text(c->arena, &made);
}

static Status array_union(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    set_of(c, args, SET_UNION, out);
    return WEIR_OK;
}

static Status array_intersect(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    set_of(c, args, SET_COMMON, out);
    return WEIR_OK;
}

static Status array_except(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    set_of(c, args, SET_REST, out);
    return WEIR_OK;
}
static const FuncImpl array_union_impl = {.row = array_union}, array_intersect_impl = {.row = array_intersect},
                      array_except_impl = {.row = array_except};

RESULT_OF(two_arrays)
{
    (void)consts;
    *out = TYPE_OF(TYPE_BOOLEAN);
    return nargs == 2 && type_eq(args[0], args[1]);
}

/* NULLs are no elements here. */
static Status arrays_overlap(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    Items x = items_of(c->arena, args[0].s), y = items_of(c->arena, args[1].s);
    out->i = 0;
    for (ptrdiff_t i = 0; i < x.n && !out->i; i++) out->i = !is_null_item(x.list[i]) && holds(&y, x.list[i]);
    return WEIR_OK;
}
static const FuncImpl arrays_overlap_impl = {.row = arrays_overlap};

static Status array_contains_all(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    Items x = items_of(c->arena, args[0].s), y = items_of(c->arena, args[1].s);
    out->i = 1;
    for (ptrdiff_t i = 0; i < y.n && out->i; i++) out->i = is_null_item(y.list[i]) || holds(&x, y.list[i]);
    return WEIR_OK;
}
static const FuncImpl array_contains_all_impl = {.row = array_contains_all};

RESULT_OF(flat_type)
{
    (void)consts;
    if (nargs != 1 || nested_element(args[0]).kind != TYPE_ARRAY) return false;
    *out = nested_element(args[0]);
    return true;
}

static Status array_flatten(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    StrBuf b = {.arena = c->arena};
    JsonIter outer = json_iter(args[0].s);
    sb_char(&b, '[');
    while (json_next(&outer)) {
        JsonIter it = json_iter(outer.value);
        while (json_next(&it)) {
            if (b.n > 1) sb_char(&b, ',');
            sb_str(&b, it.value);
        }
    }
    sb_char(&b, ']');
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl array_flatten_impl = {.row = array_flatten};

/* ---- in the order of values ------------------------------------------------------------------ */

typedef struct Ranked {
    Str key, item; /* bytes that compare as the value does */
    ptrdiff_t place;
} Ranked;

static int ranked_cmp(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    int order = str_cmp(x->key, y->key);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

static Str key_of(EvalCtx *c, Type t, Str json)
{
    StrBuf key = {.arena = c->arena};
    Value v;
    if (!nested_read(json, NULL, t, NESTED_CAST, c->arena, &v)) return (Str){0};
    key_encode_value(&key, &v, KEY_PLAIN);
    return str_of(key.p, key.n);
}

/* The elements by value; NULLs are left out or come last. */
static Ranked *ranked_items(EvalCtx *c, const Value *array, bool with_nulls, ptrdiff_t *n)
{
    Items items = items_of(c->arena, array->s);
    Ranked *list = new_raw(c->arena, Ranked, items.n);
    Type element = nested_element(array->type);
    *n = 0;
    for (ptrdiff_t i = 0; i < items.n; i++)
        if (!is_null_item(items.list[i])) {
            list[*n] = (Ranked){key_of(c, element, items.list[i]), items.list[i], i};
            ++*n;
        }
    if (*n) qsort(list, (size_t)*n, sizeof *list, ranked_cmp);
    for (ptrdiff_t i = 0; with_nulls && i < items.n; i++)
        if (is_null_item(items.list[i])) list[(*n)++].item = items.list[i];
    return list;
}

static Status array_sort(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    ptrdiff_t n;
    Ranked *list = ranked_items(c, &args[0], true, &n);
    Items sorted = {new_raw(c->arena, Str, n), n};
    for (ptrdiff_t i = 0; i < n; i++) sorted.list[i] = list[i].item;
    out->s = items_text(c->arena, &sorted);
    return WEIR_OK;
}
static const FuncImpl array_sort_impl = {.row = array_sort};

static Status array_best(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    ptrdiff_t n;
    Ranked *list = ranked_items(c, &args[0], false, &n);
    if (n == 0) {
        *out = value_null(out->type);
        return WEIR_OK;
    }
    bool least = c->call->func->name[7] == 'i'; /* array_min */
    return element_value(c, list[least ? 0 : n - 1].item, out);
}
static const FuncImpl array_best_impl = {.row = array_best};

/* Each value once, where it comes first. */
static Status array_distinct(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    Items items = items_of(c->arena, args[0].s);
    Ranked *list = new_raw(c->arena, Ranked, items.n);
    for (ptrdiff_t i = 0; i < items.n; i++) list[i] = (Ranked){items.list[i], items.list[i], i};
    if (items.n) qsort(list, (size_t)items.n, sizeof *list, ranked_cmp);
    bool *again = new (c->arena, bool, items.n);
    for (ptrdiff_t i = 1; i < items.n; i++) again[list[i].place] = str_eq(list[i].key, list[i - 1].key);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < items.n; i++)
        if (!again[i]) items.list[n++] = items.list[i];
    items.n = n;
    out->s = items_text(c->arena, &items);
    return WEIR_OK;
}
static const FuncImpl array_distinct_impl = {.row = array_distinct};

/* ---- text ------------------------------------------------------------------------------------ */

static void put_item_text(EvalCtx *c, StrBuf *b, Str json)
{
    Str text = json;
    if (json_kind(json) == JSON_STRING && !json_unquote(c->arena, json, &text)) text = json;
    sb_str(b, text);
}

/* NULLs are left out, or stand as the third argument says. */
static Status array_to_string(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)message;
    StrBuf b = {.arena = c->arena};
    JsonIter it = json_iter(args[0].s);
    bool first = true;
    while (json_next(&it)) {
        bool is_null = is_null_item(it.value);
        if (is_null && nargs < 3) continue;
        if (!first) sb_str(&b, args[1].s);
        first = false;
        if (is_null)
            sb_str(&b, args[2].s);
        else
            put_item_text(c, &b, it.value);
    }
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl array_to_string_impl = {.row = array_to_string};

static void put_part(StrBuf *b, Str part)
{
    if (b->n > 1) sb_char(b, ',');
    json_quote(b, part);
}

static ptrdiff_t char_bytes(Str s)
{
    ptrdiff_t n = 1;
    while (n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80) n++;
    return n;
}

/* An empty separator gives the characters. */
static Status string_to_array(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    StrBuf b = {.arena = c->arena};
    Str rest = args[0].s, separator = args[1].s;
    sb_char(&b, '[');
    while (separator.n == 0 && rest.n) {
        ptrdiff_t n = char_bytes(rest);
        put_part(&b, str_of(rest.p, n));
        rest = str_of(rest.p + n, rest.n - n);
    }
    for (ptrdiff_t at; separator.n && (at = str_find(rest, separator)) >= 0;) {
        put_part(&b, str_of(rest.p, at));
        rest = str_of(rest.p + at + separator.n, rest.n - at - separator.n);
    }
    if (separator.n && args[0].s.n) put_part(&b, rest);
    sb_char(&b, ']');
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl string_to_array_impl = {.row = string_to_array};

/* ---- maps ------------------------------------------------------------------------------------ */

RESULT_OF(map_keys_type)
{
    static const TypeField TEXT_PART[] = {{.type = {.kind = TYPE_TEXT}}};
    (void)consts;
    if (nargs != 1) return false;
    *out = (Type){.kind = TYPE_ARRAY, .args = args[0].nargs == 2 ? args[0].args : TEXT_PART, .nargs = 1};
    return true;
}

RESULT_OF(map_values_type)
{
    static const TypeField JSON_PART[] = {{.type = {.kind = TYPE_JSON}}};
    (void)consts;
    if (nargs != 1) return false;
    *out = (Type){.kind = TYPE_ARRAY, .args = args[0].nargs == 2 ? args[0].args + 1 : JSON_PART, .nargs = 1};
    return true;
}

static Status map_keys(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs;
    StrBuf b = {.arena = c->arena};
    JsonIter it = json_iter(args[0].s);
    sb_char(&b, '[');
    while (json_next(&it)) {
        Str key = it.key;
        if (b.n > 1) sb_char(&b, ',');
        if (type_is_nested(nested_element(out->type).kind) && !json_unquote(c->arena, it.key, &key)) key = S("null");
        sb_str(&b, key);
    }
    sb_char(&b, ']');
    return settle(c, &b, out, message);
}
static const FuncImpl map_keys_impl = {.row = map_keys};

static Status map_values(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    StrBuf b = {.arena = c->arena};
    JsonIter it = json_iter(args[0].s);
    sb_char(&b, '[');
    while (json_next(&it)) {
        if (b.n > 1) sb_char(&b, ',');
        sb_str(&b, it.value);
    }
    sb_char(&b, ']');
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl map_values_impl = {.row = map_values};

static Status map_contains(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    StrBuf key = {.arena = c->arena};
    Str value;
    nested_put_key(&key, &args[1]);
    out->i = json_member(args[0].s, str_of(key.p, key.n), &value);
    return WEIR_OK;
}
static const FuncImpl map_contains_impl = {.row = map_contains};

/* ---- definitions ----------------------------------------------------------------------------- */

/* The binder makes these calls and knows their types; no call by name finds them. */
RESULT_OF(given_by_binder)
{
    UNUSED_TYPES;
    (void)out;
    return false;
}

#define MAKE(n, f, about) \
    {.name = n, .args = "a?*", .result_of = given_by_binder, .impl = &f, .flags = FUNC_INTERNAL | FUNC_NULL_CALL | FUNC_CAN_FAIL, \
     .group = "array", .doc = about}
#define FN(n, other, pattern, res, f, more, about) \
    {.name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, .flags = more, .group = "array", \
     .doc = about}

extern const FuncDef func_array[];
const FuncDef func_array[] = {
    MAKE("array", make_array_impl, "ARRAY[…]"),
    MAKE("row", make_row_impl, "ROW(…)"),
    MAKE("map", make_map_impl, "MAP[…]"),
    FN("cardinality", "array_length,array_size,list_length", "Ai?", "i", cardinality_impl, 0, "number of elements"),
    FN("cardinality", "map_size", "M", "i", cardinality_impl, 0, "number of keys"),
    FN("array_contains", "list_contains,list_has,array_has", "Aa", "b", array_contains_impl, 0,
       "whether an element equals the value"),
    FN("array_position", "list_position,list_indexof,array_indexof", "Aa", "i", array_position_impl, 0,
       "where the value is first, from 1; NULL: nowhere"),
    FN("element_at", "list_extract,array_extract,list_element", "Ai", "e1", element_at_impl, 0,
       "the element at that place, from 1, negative from the end; NULL beyond"),
    FN("element", NULL, "A", "e1", only_element_impl, FUNC_CAN_FAIL, "the only element"),
    FN("array_append", "list_append,array_push_back", "Aa", "1", array_append_impl, FUNC_NULL_CALL | FUNC_CAN_FAIL,
       "with the value as last element"),
    FN("array_prepend", NULL, "Aa", "1", array_append_impl, FUNC_NULL_CALL | FUNC_CAN_FAIL,
       "with the value as first element"),
    {.name = "array_concat", .aliases = "array_cat,list_concat,list_cat", .args = "AA*", .result_of = same_arrays,
     .impl = &array_concat_impl, .group = "array", .doc = "one array after the other, of the same type"},
    {.name = "||", .args = "AA", .result_of = same_arrays, .impl = &array_concat_impl, .flags = FUNC_INTERNAL,
     .group = "operator", .doc = "one array after the other"},
    FN("array_remove", NULL, "Aa", "1", array_remove_impl, FUNC_NULL_CALL, "without the elements that equal the value"),
    FN("array_reverse", "list_reverse", "A", "1", array_reverse_impl, 0, "from last to first"),
    FN("array_slice", "list_slice", "Aii?", "1", array_slice_impl, 0,
       "the elements from one place to another, from 1, both in it"),
    FN("array_sort", "list_sort,sort_array", "A", "1", array_sort_impl, 0, "in ascending order, NULLs last"),
    FN("array_min", "list_min", "A", "e1", array_best_impl, 0, "the least element"),
    FN("array_max", "list_max", "A", "e1", array_best_impl, 0, "the greatest element"),
    FN("array_distinct", "list_distinct,list_unique", "A", "1", array_distinct_impl, 0, "each element once"),
    {.name = "array_union", .aliases = "list_union", .args = "AA", .result_of = same_arrays, .impl = &array_union_impl,
     .group = "array", .doc = "each element of either array once, in their order"},
    {.name = "array_intersect", .aliases = "list_intersect", .args = "AA", .result_of = same_arrays,
     .impl = &array_intersect_impl, .group = "array", .doc = "each element of the first array once that is in the second too"},
    {.name = "array_except", .aliases = "list_except", .args = "AA", .result_of = same_arrays, .impl = &array_except_impl,
     .group = "array", .doc = "each element of the first array once that is not in the second"},
    {.name = "arrays_overlap", .aliases = "list_has_any,array_has_any", .args = "AA", .result_of = two_arrays,
     .impl = &arrays_overlap_impl, .group = "array", .doc = "whether an element that is not NULL is in both"},
    {.name = "array_contains_all", .aliases = "list_has_all,array_has_all", .args = "AA", .result_of = two_arrays,
     .impl = &array_contains_all_impl, .group = "array", .doc = "whether all elements of the second but NULLs are in the first"},
    {.name = "array_flatten", .aliases = "flatten", .args = "A", .result_of = flat_type, .impl = &array_flatten_impl,
     .group = "array", .doc = "the elements of the arrays in the array"},
    FN("array_to_string", "array_join", "Att?", "t", array_to_string_impl, 0,
       "the elements as text with the second argument between them; the third stands for NULL"),
    FN("string_to_array", "split,string_split,str_split", "tt", "At", string_to_array_impl, 0,
       "the parts of the text between separators"),
    {.name = "map_keys", .args = "M", .result_of = map_keys_type, .impl = &map_keys_impl, .flags = FUNC_CAN_FAIL,
     .group = "array", .doc = "the keys, ascending by their text"},
    {.name = "map_values", .args = "M", .result_of = map_values_type, .impl = &map_values_impl, .group = "array",
     .doc = "the values, in the order of the keys"},
    FN("map_contains_key", "map_contains", "Ma", "b", map_contains_impl, 0, "whether the map has the key"),
    {0},
};
