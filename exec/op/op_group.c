/* op_group.c: GROUP BY without a window, DISTINCT, and the one row of a global aggregate.
 *
 * State: one cell per group, forever or while state_ttl has it; a group whose last row was deleted
 * goes. */
#include "exec/op/state_rows.h"

typedef struct GroupOp {
    AggregateOp agg;
    AggTable table;
    Ttl ttl;
} GroupOp;

static bool group_forget(void *arg, uint8_t *cell, StateWriter *w)
{
    GroupOp *g = arg;
    StrBuf key = {.arena = w->buf.arena};
    group_table_save_key(&g->table.groups, cell, &key);
    state_del(w, (Str){0}, str_of(key.p, key.n));
    agg_set_destroy(&g->agg.aggs, &g->table.groups.heap, cell);
    return true;
}

static void group_begin(GroupOp *g)
{
    if (g->agg.is_settled) return;
    agg_table_settle(&g->agg, &g->table, &g->ttl);
    arena_reset(&g->agg.epoch);
    g->agg.is_settled = true;
    ttl_expire(&g->ttl, op_ttl_now(&g->agg.op));
}

static void group_push(Op *op, int port, const Batch *b)
{
    (void)port;
    GroupOp *g = (GroupOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    group_begin(g);
    int32_t *rows;
    int n = aggregate_rows(&g->agg, b, &rows, scratch);
    if (g->ttl.span_us > 0) {
        PackedKeys keys = key_pack(&g->agg.keys, b->cols, op->plan->keys, rows, n, scratch);
        agg_table_push_present(&g->agg, &g->table, b, &keys, rows);
    } else {
        agg_table_push_rows(&g->agg, &g->table, b, rows, n);
    }
    arena_release(scratch, mark);
}

/* A global aggregate has its row over nothing too. */
static void make_global(GroupOp *g)
{
    if (!g->agg.keeps_empty || g->table.groups.live) return;
    uint64_t word = 0;
    PackedKeys none = {.n = 1, .words = &word, .nulls = &(uint32_t){0},
                       .hash = &(uint32_t){key_hash(&g->agg.keys, &word, 0)}};
    uint8_t *cell;
    agg_table_touch(&g->agg, &g->table, &none, &cell);
}

static int64_t group_flush(Op *op, int64_t watermark)
{
    GroupOp *g = (GroupOp *)op;
    group_begin(g);
    make_global(g);
    agg_table_emit_changes(&g->agg, &g->table, NULL);
    ttl_touch(&g->ttl, op_ttl_now(op));
    ttl_expire(&g->ttl, op_ttl_now(op));
    g->agg.is_settled = false;
    return watermark == INT64_MAX ? INT64_MAX : INT64_MIN; /* no event time; it may have ended */
}

static void group_save(Op *op, StateWriter *w, bool all)
{
    GroupOp *g = (GroupOp *)op;
    ttl_save(&g->ttl, w, all);
    agg_table_save(&g->agg, &g->table, (Str){0}, w, all);
}

static Status group_load(Op *op, Str space, Str key, Str value)
{
    GroupOp *g = (GroupOp *)op;
    if (ttl_is_space(&g->ttl, space)) return ttl_load(&g->ttl, key, value);
    if (space.n) return WEIR_E_CORRUPT;
    return agg_table_load(&g->agg, &g->table, key, value);
}

static void group_foresee(const Op *op, Str space, Str key)
{
    const GroupOp *g = (const GroupOp *)op;
    if (!space.n) agg_table_foresee(&g->agg, &g->table, key);
}

static void group_close(Op *op)
{
    GroupOp *g = (GroupOp *)op;
    agg_table_free(&g->table);
    ttl_free(&g->ttl);
    aggregate_close(&g->agg);
}

static int64_t group_bytes(const Op *op)
{
    return group_table_bytes(&((const GroupOp *)op)->table.groups);
}

static int64_t group_rows(const Op *op)
{
    return ((const GroupOp *)op)->table.groups.live;
}

static void group_tell(Op *op, StateRows *out)
{
    GroupOp *g = (GroupOp *)op;
    state_rows_table(out, &g->agg, &g->table, "group", NULL, NULL);
}

static const OpClass group_class = {
    .name = "aggregate", .push = group_push, .row_error = aggregate_row_error, .flush = group_flush, .save = group_save, .load = group_load,
    .foresee = group_foresee, .close = group_close, .state_bytes = group_bytes, .state_rows = group_rows, .tell = group_tell,
};

Status op_group_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    GroupOp *g = new_one(a, GroupOp);
    TRY(aggregate_init(&g->agg, &group_class, p, c, a, d));
    g->agg.shows_changes = true;
    g->agg.is_settled = false; /* after a restart state may be due at once */
    g->agg.keeps_empty = p->is_global;
    agg_table_init_with(&g->agg, &g->table, ttl_payload(p->state_ttl_us));
    ttl_init(&g->ttl, p->state_ttl_us, &g->table.groups, group_forget, g);
    *out = &g->agg.op;
    return WEIR_OK;
}
