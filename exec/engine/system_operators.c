/* system_operators.c: weir_operators: what the operators of every standing query have done and hold. */
#include "exec/engine/system_tables.h"

enum {
    COL_VIEW, COL_OPERATOR, COL_PARENT, COL_KIND, COL_DETAIL, COL_ROWS_IN, COL_ROWS_OUT, COL_BATCHES, COL_TIME,
    COL_IN_PER_S, COL_OUT_PER_S, COL_BUSY, COL_STATE_ROWS, COL_STATE_BYTES, COL_STATE_BOUND, COL_WATERMARK,
    COL_ENDED, COLUMNS
};

static Value integer(int64_t i) { return (Value){.type = TYPE_BIGINT_, .i = i}; }

/* The first that reads it; the root has none. */
static int32_t parent_of(const PhysPlan *plan, int32_t id)
{
    for (int32_t i = id + 1; i < plan->nops; i++)
        for (int32_t k = 0; k < plan->ops[i]->ninputs; k++)
            if (plan->ops[i]->inputs[k]->id == id) return i;
    return -1;
}

static void put_plan(SystemRows *r, const Relation *rel, int32_t i, Value *row)
{
    const PhysOp *op = rel->plan->ops[i];
    int32_t parent = parent_of(rel->plan, i);
    row[COL_VIEW] = value_text(rel->name);
    row[COL_OPERATOR] = integer(i);
    if (parent >= 0) row[COL_PARENT] = integer(parent);
    row[COL_KIND] = value_text(str_z(explain_kind(op)));
    row[COL_DETAIL] = value_text(explain_detail(rel->plan, op, &r->arena));
    row[COL_STATE_BOUND] = value_text(op->props.state_bound);
}

static void put_actual(SystemRows *r, const OpActual *a, Value *row)
{
    row[COL_ROWS_IN] = integer(a->rows_in);
    row[COL_ROWS_OUT] = integer(a->rows_out);
    row[COL_BATCHES] = integer(a->batches);
    row[COL_TIME] = system_real((double)a->time_us / 1e3, 3);
    if (a->has_rates) {
        row[COL_IN_PER_S] = system_real(a->in_per_s, 1);
        row[COL_OUT_PER_S] = system_real(a->out_per_s, 1);
        row[COL_BUSY] = system_real(a->busy, 4);
    }
    if (a->state_rows >= 0) row[COL_STATE_ROWS] = integer(a->state_rows);
    if (a->state_bytes >= 0) row[COL_STATE_BYTES] = integer(a->state_bytes);
    row[COL_ENDED] = integer(a->watermark_us == INT64_MAX);
    if (a->watermark_us == INT64_MAX || a->watermark_us == INT64_MIN) return;
    Value at = {.type = TYPE_TIMESTAMP_(6), .i = a->watermark_us};
    StrBuf text = {.arena = &r->arena};
    value_print(&text, &at);
    row[COL_WATERMARK] = value_text(sb_done(&text));
}

static void put_relation(SystemRows *r, const Relation *rel, int64_t now)
{
    const Query *q = engine_query(r->db, rel->id);
    for (int32_t i = 0; i < rel->plan->nops; i++) {
        Value *row = system_row(r);
        put_plan(r, rel, i, row);
        if (!q) continue; /* another process runs it */
        OpActual a = query_actual(q, i, now);
        put_actual(r, &a, row);
    }
}

static void fill_operators(SystemRows *r)
{
    const Map *m = &r->db->catalog.relations;
    int64_t now = r->db->env.mono_us(r->db->env.arg);
    for (ptrdiff_t i = 0; i < m->len; i++) {
        const Relation *rel = m->items[i].value;
        if (rel && rel->plan && engine_is_standing(rel)) put_relation(r, rel, now);
    }
}

const SystemTable system_operators = {
    .name = "weir_operators", .ncols = COLUMNS, .fill = fill_operators,
    .columns = "\"view\" TEXT, operator INTEGER, parent INTEGER, kind TEXT, detail TEXT, rows_in INTEGER, "
               "rows_out INTEGER, batches INTEGER, time_ms REAL, rows_in_per_s REAL, rows_out_per_s REAL, busy REAL, "
               "state_rows INTEGER, state_bytes INTEGER, state_bound TEXT, watermark TEXT, ended INTEGER"};
