/* state_rows.c: values as members of JSON objects, and cells of aggregates as their results. */
#include "exec/op/state_rows.h"

#include "base/datetime.h"
#include "exec/expr/json_text.h"
#include "exec/state/row_code.h"

static void begin_member(StrBuf *object, Str name)
{
    if (object->n) sb_lit(object, ", ");
    json_quote(object, name);
    sb_lit(object, ": ");
}

static bool is_json(TypeKind k) { return k == TYPE_JSON || k == TYPE_ARRAY || k == TYPE_ROW || k == TYPE_MAP; }

void state_rows_column(StrBuf *object, Str name, const Column *c, int row)
{
    begin_member(object, name);
    Value v = col_is_err(c, row) ? value_null(c->type) : column_value(c, row);
    Str null;
    StrBuf text = {.arena = object->arena};
    if (v.is_null) {
        sb_lit(object, "null");
        return;
    }
    if (type_is_text(v.type.kind)) sb_str(&text, v.s);
    else value_print(&text, &v);
    Str s = sb_done(&text);
    bool is_bare = is_json(v.type.kind) || type_is_number(v.type.kind) || v.type.kind == TYPE_BOOLEAN;
    if (is_bare && json_check(s, &null) != JSON_INVALID) sb_str(object, s);
    else json_quote(object, s);
}

void state_rows_key(StrBuf *object, Str name, const GroupTable *t, uint8_t *group, int col)
{
    Column key = column_new(object->arena, t->keys->cols[col].type, 1);
    group_table_keys(t, &group, 1, col, &key, object->arena);
    state_rows_column(object, name, &key, 0);
}

/* Ends of windows that only the end of the input closes are told as null. */
void state_rows_moment(StrBuf *object, const char *name, int64_t us)
{
    char text[64];
    begin_member(object, str_z(name));
    if (us == INT64_MIN || us == INT64_MAX) {
        sb_lit(object, "null");
        return;
    }
    int n = timestamp_print(us, us % 1000000 == 0 ? 0 : us % 1000 == 0 ? 3 : 6, text);
    sb_printf(object, "\"%.*s\"", n, text);
}

void state_rows_encoded(StrBuf *object, const Field *fields, int n, Str bytes)
{
    Arena *a = object->arena;
    Column *cols = new (a, Column, n);
    for (int i = 0; i < n; i++) cols[i] = column_new(a, fields[i].type, 1);
    if (!row_decode(bytes, cols, n, 0, a)) return;
    for (int i = 0; i < n; i++) state_rows_column(object, fields[i].name, &cols[i], 0);
}

/* ---- cells ------------------------------------------------------------------------------------ */

static void put_span(StrBuf *key, const StateCells *c, Arena *a)
{
    if (!c->span) return;
    if (c->span->start == c->span->end) {
        state_rows_moment(key, c->name, c->span->start);
        return;
    }
    state_rows_moment(key, str_printf(a, "%s_start", c->name).p, c->span->start);
    state_rows_moment(key, str_printf(a, "%s_end", c->name).p, c->span->end);
}

void state_rows_cells(StateRows *s, AggregateOp *g, const StateCells *c)
{
    const PhysOp *p = g->op.plan;
    ArenaMark mark = arena_mark(s->scratch);
    Column *results = new (s->scratch, Column, g->aggs.n);
    agg_set_final(&g->aggs, s->scratch, (const uint8_t *const *)c->cells, c->n, results, s->scratch);
    for (int i = 0; i < c->n; i++) {
        StateRow row = {.part = c->part, .key.arena = s->scratch, .value.arena = s->scratch, .count = cell_row_count(c->cells[i])};
        put_span(&row.key, c, s->scratch);
        for (int k = 0; k < p->nkeys; k++)
            state_rows_key(&row.key, p->inputs[0]->fields[p->keys[k]].name, c->table, c->groups[i], k);
        for (int k = 0; k < p->naggs; k++) {
            Str name = p->aggs[k].text.n ? p->aggs[k].text : str_z(p->aggs[k].def->name);
            state_rows_column(&row.value, name, &results[k], i);
        }
        s->take(s, &row);
    }
    arena_release(s->scratch, mark);
}

void state_rows_table(StateRows *s, AggregateOp *g, const AggTable *t, const char *part, const char *name, const TimeSpan *span)
{
    ArenaMark mark = arena_mark(s->scratch);
    uint8_t **groups = new_raw(s->scratch, uint8_t *, t->groups.live);
    int64_t all = group_table_list(&t->groups, groups), n = 0;
    for (int64_t i = 0; i < all; i++)
        if (cell_row_count(groups[i]) != 0 || g->keeps_empty) groups[n++] = groups[i];
    group_table_sort(&t->groups, groups, n, s->scratch);
    for (int64_t i = 0; i < n; i += BATCH_ROWS_MAX) {
        StateCells c = {.part = part, .name = name, .table = &t->groups, .groups = groups + i, .cells = groups + i,
                        .n = (int32_t)(n - i < BATCH_ROWS_MAX ? n - i : BATCH_ROWS_MAX), .span = span};
        state_rows_cells(s, g, &c);
    }
    arena_release(s->scratch, mark);
}
