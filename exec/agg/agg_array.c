/* agg_array.c: JSON arrays and objects of the rows of a group, in their order, NULLs included. */
#include "base/number.h"
#include "exec/agg/row_list.h"
#include "exec/expr/json_text.h"

#include <math.h>

static void print_double(StrBuf *b, double d)
{
    char text[DOUBLE_TEXT_MAX + 1];
    if (!isfinite(d))
        sb_lit(b, "null"); /* JSON has no infinity */
    else
        sb_bytes(b, text, double_print(d, text));
}

static void print_json(StrBuf *b, const Value *v)
{
    if (v->is_null) {
        sb_lit(b, "null");
        return;
    }
    switch ((TypeKind)v->type.kind) {
    case TYPE_BOOLEAN:
        sb_z(b, v->i ? "true" : "false");
        return;
    case TYPE_DOUBLE:
        print_double(b, v->d);
        return;
    case TYPE_BIGINT:
    case TYPE_DECIMAL:
        value_print(b, v);
        return;
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
        sb_str(b, v->s);
        return;
    case TYPE_TEXT:
        json_quote(b, v->s);
        return;
    case TYPE_NULL:
    case TYPE_BLOB:
    case TYPE_TIMESTAMP:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_INTERVAL:
    case TYPE_COUNT:
        break;
    }
    StrBuf text = {.arena = b->arena};
    value_print(&text, v);
    json_quote(b, str_of(text.p, text.n));
}

static bool is_object(const AggCall *call)
{
    return call->nargs == 2;
}

/* False: there is no row. */
static bool print_rows(AggCtx *c, const Treap *rows, StrBuf *out)
{
    RowWalk w;
    Value args[2];
    ptrdiff_t n = 0;
    row_walk_begin(&w, c->call, rows, c->scratch);
    sb_char(out, is_object(c->call) ? '{' : '[');
    while (row_walk_next(&w, args)) {
        if (n++) sb_char(out, ',');
        if (is_object(c->call)) {
            json_quote(out, args[0].is_null ? S("null") : args[0].s);
            sb_char(out, ':');
        }
        print_json(out, &args[c->call->nargs - 1]);
    }
    sb_char(out, is_object(c->call) ? '}' : ']');
    return n > 0;
}

static void array_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        StrBuf text = {.arena = a};
        if (print_rows(c, (const Treap *)(const void *)(groups[i] + offset), &text))
            COL(Text, out)[i] = text_ref(text.p, text.n);
        else
            column_set_null(out, a, i);
    }
}

static const AggImpl array_impl = {
    .state_size = row_list_size, .step = row_list_step, .merge = row_list_merge, .final = array_final,
    .destroy = row_list_destroy, .save = row_list_save, .load = row_list_load, .ignores_distinct = true,
};

enum { ARRAY_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE | AGG_ORDERED | AGG_NULL_INPUT };

extern const AggDef agg_array[];
const AggDef agg_array[] = {
    {.name = "array_agg", .aliases = "json_agg,json_group_array,collect_list", .args = "a", .result = "j",
     .flags = ARRAY_FLAGS, .impl = &array_impl,
     .doc = "JSON array of the values in the order of ORDER BY, else of event time and position"},
    {.name = "json_group_object", .aliases = "json_object_agg", .args = "ta", .result = "j", .flags = ARRAY_FLAGS,
     .impl = &array_impl, .doc = "JSON object of names and values, in the order of the rows"},
    {0},
};
