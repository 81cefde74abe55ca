/* push.c: a SELECT over streams: runs by itself, beside the standing queries, until its inputs end,
 * its LIMIT is reached or it is interrupted. Nothing of it is saved. */
#include "exec/engine/statement.h"

enum { PUSH_WAIT_US = 5000, PUSH_EPOCH_ROWS = 65536, PUSH_ERRORS_MAX = 10000 };

typedef struct PushStatement {
    Query *query;
    Epoch epoch;
    Meter meter;
    int64_t left;      /* rows until LIMIT, -1: no limit */
    bool has_ended;    /* every input has ended and the last flush is done */
    bool is_begun;
    bool is_answered_once; /* one epoch, up to the end of the files it names */
    bool is_open;      /* the epoch goes on */
    int64_t flushed_us; /* when the last flush was, for windows that fire by the clock */
} PushStatement;

static Scan *own_scan(weir_stmt *s, Query *q, const Relation *rel)
{
    for (ptrdiff_t i = 0; i < q->own_scans.len; i++)
        if (scan_relation(q->own_scans.data[i]) == rel) return q->own_scans.data[i];
    vec_push(&q->own_scans, &q->arena, NULL);
    return q->own_scans.data[q->own_scans.len - 1] = engine_new_scan(s->db, rel, q->ctx.meter);
}

static Status push_scans(weir_stmt *s, Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        Leaf *leaf = q->leaves[i];
        const PhysOp *p = leaf->op.plan;
        if (p->kind == PHYS_VALUES) continue;
        if (p->kind != PHYS_SCAN || !options_get(&p->rel->options, "connector"))
            return diag_error(&s->db->diags, WEIR_E_UNSUPPORTED, p->span,
                              "a SELECT cannot wait for changes of \"%.*s\" yet; create a materialized view and read that",
                              STR_ARG(p->rel->name));
        scan_add(own_scan(s, q, p->rel), leaf);
    }
    return WEIR_OK;
}

/* Whoever asks for a total over a file wants it once, unless he says EMIT CHANGES. A declared stream, or
 * one that is followed, shows how its answer changes. */
static bool is_answered_once(const weir_stmt *s, const Query *q)
{
    if (s->ast->select->emit == EMIT_CHANGES || q->root->plan->props.is_append_only) return false;
    for (ptrdiff_t i = 0; i < q->own_scans.len; i++) {
        const Relation *r = scan_relation(q->own_scans.data[i]);
        if (catalog_find(&s->db->catalog, r->name) == r || options_bool(&r->options, "follow", false)) return false;
    }
    return true;
}

static Status push_prepare(weir_stmt *s)
{
    Planner planner = statement_planner(s);
    PhysPlan *plan;
    TRY(plan_query(&planner, s->ast->select, NULL, &plan));
    PushStatement *p = s->impl = new_one(&s->arena, PushStatement);
    p->epoch.env = &s->db->env;
    p->epoch.rows_max = PUSH_EPOCH_ROWS;
    p->left = plan->limit;
    const PhysOp *root = plan->ops[plan->nops - 1];
    QueryEnv env = {.eval = engine_eval(s->db), .batch_scratch = &p->epoch.batch, .epoch_scratch = &p->epoch.arena,
                    .meter = &p->meter};
    TRY(query_open(plan, NULL, &env, &p->query, &s->db->diags));
    TRY(push_scans(s, p->query));
    p->is_answered_once = is_answered_once(s, p->query);
    s->ncols = root->nfields;
    s->cols = root->fields;
    s->row = new (&s->arena, Value, s->ncols);
    s->is_push = true;
    s->has_retractions = !root->props.is_append_only;
    return WEIR_OK;
}

static void begin_epoch(weir_stmt *s, PushStatement *p)
{
    memset(&p->epoch.ws, 0, sizeof p->epoch.ws);
    arena_reset(&p->epoch.arena);
    p->epoch.number++;
    p->epoch.now_us = engine_now(s->db);
    p->epoch.diags = &s->db->diags;
    p->epoch.rows = 0;
    p->epoch.errors = 0;
    p->epoch.has_earliest = false;
    query_begin(p->query, &p->epoch);
}

/* One turn over the query's scans. */
static Status take_rows(weir_stmt *s, PushStatement *p, bool *any, bool *all_ended)
{
    *any = false;
    *all_ended = true;
    for (ptrdiff_t i = 0; i < p->query->own_scans.len; i++) {
        ScanStatus st = scan_poll(p->query->own_scans.data[i], &p->epoch);
        if (st == SCAN_FAILED) return diag_status(&s->db->diags);
        if (st == SCAN_STOPPED && p->epoch.rows == 0) return scan_stop_error(p->query->own_scans.data[i], &s->db->diags);
        *any |= st == SCAN_ROWS;
        *all_ended &= st == SCAN_ENDED;
    }
    return WEIR_OK;
}

static int64_t us_left(const weir_stmt *s)
{
    const Env *env = &s->db->env;
    return s->deadline_us == INT64_MAX ? INT64_MAX : s->deadline_us - env->mono_us(env->arg);
}

static void wait_for_rows(weir_stmt *s)
{
    int64_t left = us_left(s);
    if (left > 0) s->db->env.sleep_us(s->db->env.arg, left < PUSH_WAIT_US ? left : PUSH_WAIT_US);
}

static Status run_epoch(weir_stmt *s, PushStatement *p)
{
    meter_begin(&p->meter, &s->db->env);
    if (!p->is_open) begin_epoch(s, p);
    bool any = false, all_ended = false;
    TRY(take_rows(s, p, &any, &all_ended));
    p->is_open = p->is_answered_once && any && !all_ended && p->epoch.errors < PUSH_ERRORS_MAX;
    if (p->is_open) return WEIR_OK;
    bool has_tick = query_ticks(p->query, p->flushed_us, p->epoch.now_us);
    if (!any && !all_ended && !has_tick && p->is_begun) {
        wait_for_rows(s);
        return WEIR_OK;
    }
    p->is_begun = true;
    p->flushed_us = p->epoch.now_us;
    query_flush(p->query);
    p->has_ended = all_ended;
    if (p->query->ctx.broken.n)
        return diag_error(&s->db->diags, WEIR_E_INTERNAL, (Span){0}, "%.*s", STR_ARG(p->query->ctx.broken));
    return WEIR_OK;
}

static Status run_with_workers(weir_stmt *s, PushStatement *p)
{
    workers_resume(s->db->workers);
    Status st = run_epoch(s, p);
    workers_pause(s->db->workers);
    return st;
}

static Status push_step(weir_stmt *s)
{
    PushStatement *p = s->impl;
    OutputRow row;
    for (bool has_run = false; p->left != 0; has_run = true) {
        TRY(engine_interrupted(s->db));
        if (op_output_next(p->query->root, &row)) {
            memcpy(s->row, row.values, (size_t)s->ncols * sizeof *s->row);
            s->weight = row.weight;
            p->left -= p->left > 0;
            return WEIR_ROW;
        }
        if (p->has_ended) return WEIR_DONE;
        if (has_run && us_left(s) <= 0) return WEIR_IDLE;
        TRY(run_with_workers(s, p));
    }
    return WEIR_DONE;
}

const Query *push_query(const weir_stmt *s) { return ((const PushStatement *)s->impl)->query; }

static void push_close(weir_stmt *s)
{
    PushStatement *p = s->impl;
    if (!p) return;
    query_close(p->query);
    arena_free(&p->epoch.arena);
    arena_free(&p->epoch.batch);
}

const StatementClass push_statement = {push_prepare, push_step, push_close};
