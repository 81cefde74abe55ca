/* agg_string.c: STRING_AGG(x, separator): texts of the rows in their order. */
#include "exec/agg/row_list.h"

static void join_rows(AggCtx *c, const Treap *rows, StrBuf *text, bool *is_empty)
{
    RowWalk w;
    Value args[2] = {{.is_null = true}, {.is_null = true}};
    bool has_separator = c->call->nargs > 1;
    *is_empty = true;
    row_walk_begin(&w, c->call, rows, c->scratch);
    while (row_walk_next(&w, args)) {
        if (!*is_empty && !has_separator) sb_char(text, ',');
        if (!*is_empty && has_separator && !args[1].is_null) sb_str(text, args[1].s);
        sb_str(text, args[0].s);
        *is_empty = false;
    }
}

static void string_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        StrBuf text = {.arena = a};
        bool is_empty;
        join_rows(c, (const Treap *)(const void *)(groups[i] + offset), &text, &is_empty);
        if (is_empty)
            column_set_null(out, a, i);
        else
            COL(Text, out)[i] = text_ref(text.p, text.n);
    }
}

static const AggImpl string_impl = {
    .state_size = row_list_size, .step = row_list_step, .merge = row_list_merge, .final = string_final,
    .destroy = row_list_destroy, .save = row_list_save, .load = row_list_load, .ignores_distinct = true,
};

extern const AggDef agg_string[];
const AggDef agg_string[] = {
    {.name = "string_agg", .aliases = "listagg,group_concat", .args = "tt?", .result = "t",
     .flags = AGG_RETRACTABLE | AGG_MERGEABLE | AGG_ORDERED, .impl = &string_impl,
     .doc = "texts joined by a separator (default ','), in the order of ORDER BY, else of event time and position"},
    {0},
};
