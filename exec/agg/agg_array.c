/* agg_array.c: arrays and JSON objects of the rows of a group, in their order, NULLs included. */
#include "exec/agg/row_list.h"
#include "exec/expr/json_text.h"
#include "exec/expr/nested.h"

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
        nested_put(out, &args[c->call->nargs - 1]);
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
    {.name = "array_agg", .aliases = "collect_list,list", .args = "a", .result = "A1", .flags = ARRAY_FLAGS,
     .impl = &array_impl, .doc = "array of the values in the order of ORDER BY, else of event time and position"},
    {.name = "json_agg", .aliases = "json_group_array,json_arrayagg,jsonb_agg", .args = "a", .result = "j",
     .flags = ARRAY_FLAGS, .impl = &array_impl, .doc = "the same as a JSON array"},
    {.name = "json_group_object", .aliases = "json_object_agg,json_objectagg,jsonb_object_agg", .args = "ta", .result = "j", .flags = ARRAY_FLAGS,
     .impl = &array_impl, .doc = "JSON object of names and values, in the order of the rows"},
    {0},
};
