/* system_state.c: weir_state(view [, operator]): what operators of a view hold, as it is at the last
 * commit. Only looked at: nothing of it can be changed. */
#include "exec/engine/system_tables.h"
#include "exec/op/state_rows.h"

enum { COL_OPERATOR, COL_PART, COL_KEY, COL_VALUE, COL_COUNT, COLUMNS };
enum { STATE_ROWS_MAX = 1000000 };

typedef struct Telling {
    StateRows base;
    SystemRows *rows;
    int32_t op;
} Telling;

static Value json_object(const StrBuf *members, Arena *a)
{
    return value_text(str_printf(a, "{%.*s}", (int)members->n, members->p ? members->p : ""));
}

static void take(StateRows *base, const StateRow *row)
{
    Telling *t = (Telling *)base;
    SystemRows *r = t->rows;
    if (r->rows.len == STATE_ROWS_MAX) {
        system_fail(r, WEIR_E_LIMIT, "there are more than %d rows of state", STATE_ROWS_MAX);
        return;
    }
    if (r->status != WEIR_OK) return;
    Value *out = system_row(r);
    out[COL_OPERATOR] = (Value){.type = TYPE_BIGINT_, .i = t->op};
    out[COL_PART] = value_text(str_z(row->part));
    out[COL_KEY] = json_object(&row->key, &r->arena);
    out[COL_VALUE] = json_object(&row->value, &r->arena);
    out[COL_COUNT] = (Value){.type = TYPE_BIGINT_, .i = row->count};
}

static void tell_op(SystemRows *r, const Query *q, int32_t i)
{
    Telling t = {.base = {.scratch = &r->scratch, .take = take}, .rows = r, .op = i};
    Op *op = q->ops[i];
    if (op->cls->tell) op->cls->tell(op, &t.base);
    else if (op->cls->state_rows && op != q->root)
        system_fail(r, WEIR_E_UNSUPPORTED, "the state of operator %d (%s) cannot be shown yet", i, op->cls->name);
    arena_reset(&r->scratch);
}

static const Query *named_query(SystemRows *r)
{
    const Value *name = &r->args[0];
    if (name->is_null || name->type.kind != TYPE_TEXT) {
        system_fail(r, WEIR_E_MISUSE, "weir_state takes the name of a view, then, if you like, the number of an operator");
        return NULL;
    }
    const Relation *rel = catalog_find(&r->db->catalog, name->s);
    const Query *q = rel ? engine_query(r->db, rel->id) : NULL;
    if (!rel || !engine_is_standing(rel))
        system_fail(r, WEIR_E_NOT_FOUND, "there is no materialized view \"%.*s\"", STR_ARG(name->s));
    else if (!q) system_fail(r, WEIR_E_READONLY, "\"%.*s\" is not at work here: its state is with the weir that runs it", STR_ARG(name->s));
    return q;
}

static void fill_state(SystemRows *r)
{
    const Query *q = named_query(r);
    const Value *op = &r->args[1];
    if (!q) return;
    if (!op->is_null && (op->type.kind != TYPE_BIGINT || op->i < 0 || op->i >= q->nops)) {
        system_fail(r, WEIR_E_VALUE, "\"%.*s\" has operators 0 to %d", STR_ARG(q->rel->name), q->nops - 1);
        return;
    }
    for (int32_t i = 0; i < q->nops && r->status == WEIR_OK; i++)
        if (op->is_null || op->i == i) tell_op(r, q, i);
}

const SystemTable system_state = {
    .name = "weir_state", .ncols = COLUMNS, .nargs = 2, .fill = fill_state,
    .columns = "operator INTEGER, part TEXT, \"key\" TEXT, value TEXT, \"count\" INTEGER, of_view HIDDEN, of_operator HIDDEN"};
