/* bench.c: operators over ready batches, timed inside the engine. */
#include "exec/engine/engine.h"

#include "include/weir_test.h"
#include "parser/parser.h"

enum { BENCH_EPOCH_ROWS = 65536 };

/* ---- what the streams have, in memory ------------------------------------------------------------- */

/* The batches of a leaf, copied out of the source's buffers. */
typedef struct Recording {
    Op op;
    Arena arena;
    VEC(Batch) batches;
    int64_t rows, taken; /* taken: by the tape so far */
    ptrdiff_t at;        /* the batch from which it takes next, and its row */
    int at_row;
} Recording;

/* What a leaf is handed next. */
typedef struct Piece {
    int leaf;
    Batch batch;
} Piece;

/* The recordings of all leaves of a query in one order. */
typedef struct Tape {
    Arena arena;
    Recording *leaves;
    int nleaves;
    VEC(Piece) pieces;
    int64_t rows;        /* of the streams: one that is read twice counts once */
    bool outlasts;       /* the queries: they may refer to its rows */
} Tape;

/* Rows of a batch (by number: those of its selection) from `from` on, densely. */
static Batch copy_rows(Arena *a, const Batch *b, int from, int n)
{
    Batch copy = *b;
    int32_t *rows = new_raw(a, int32_t, n);
    uint64_t *offset = b->offset ? new_raw(a, uint64_t, n) : NULL;
    int64_t *judge = b->judge ? new_raw(a, int64_t, n) : NULL;
    for (int i = 0; i < n; i++) {
        rows[i] = batch_row(b, from + i);
        if (offset) offset[i] = b->offset[rows[i]];
        if (judge) judge[i] = b->judge[rows[i]];
    }
    copy.rows = n;
    copy.sel = NULL;
    copy.nsel = 0;
    copy.judge = judge;
    copy.offset = offset;
    copy.cols = new (a, Column, b->ncols);
    for (int c = 0; c < b->ncols; c++) copy.cols[c] = column_gather(a, &b->cols[c], rows, n);
    return copy;
}

static void record(Op *op, int port, const Batch *b)
{
    (void)port;
    Recording *r = (Recording *)op;
    Batch copy = copy_rows(&r->arena, b, 0, batch_count(b));
    vec_push(&r->batches, &r->arena, copy);
    r->rows += copy.rows;
}

static const OpClass record_class = {.name = "recording", .push = record};

/* Fills the recording with all rows of the leaf's stream, before the leaf's filter. */
static Status record_leaf(weir *db, Query *q, Leaf *leaf, Recording *rec)
{
    rec->op.cls = &record_class;
    rec->op.ctx = &q->ctx;
    OpEdge edge = {&rec->op, 0}, *outs = leaf->op.outs;
    int32_t nouts = leaf->op.nouts;
    ExprProgram *filter = leaf->filter;
    leaf->op.outs = &edge;
    leaf->op.nouts = 1;
    leaf->filter = NULL;
    Scan *scan = engine_new_scan(db, leaf->op.plan->rel, &db->meter);
    scan_add(scan, leaf);
    ScanStatus st;
    while ((st = scan_poll(scan, &db->epoch)) == SCAN_ROWS) {}
    scan_free(scan);
    leaf->scan = NULL;
    leaf->op.outs = outs;
    leaf->op.nouts = nouts;
    leaf->filter = filter;
    return st == SCAN_ENDED ? WEIR_OK : diag_status(&db->diags);
}

/* The next rows of a recording, up to `until` of them in all. */
static void take_rows(Tape *t, int leaf, int64_t until)
{
    Recording *r = &t->leaves[leaf];
    while (r->taken < until) {
        const Batch *b = &r->batches.data[r->at];
        int left = b->rows - r->at_row, n = until - r->taken < left ? (int)(until - r->taken) : left;
        Batch part = n == b->rows ? *b : copy_rows(&t->arena, b, r->at_row, n);
        if (n < left) part.judge_max = batch_judge(b, r->at_row + n);
        vec_push(&t->pieces, &t->arena, ((Piece){leaf, part}));
        r->taken += n;
        r->at_row += n;
        if (n < left) continue;
        r->at++;
        r->at_row = 0;
    }
}

/* Each leaf goes at the pace at which all end together; who has few rows goes first, as an auction comes
 * before its bids. */
static void interleave(Tape *t)
{
    ptrdiff_t steps = 1;
    for (int l = 0; l < t->nleaves; l++)
        if (t->leaves[l].batches.len > steps) steps = t->leaves[l].batches.len;
    int *order = new (&t->arena, int, t->nleaves);
    for (int l = 0; l < t->nleaves; l++) {
        int at = l;
        for (; at > 0 && t->leaves[order[at - 1]].rows > t->leaves[l].rows; at--) order[at] = order[at - 1];
        order[at] = l;
    }
    for (ptrdiff_t s = 1; s <= steps; s++)
        for (int l = 0; l < t->nleaves; l++) take_rows(t, order[l], t->leaves[order[l]].rows * s / steps);
}

static void say_it_stays(Batch *b)
{
    b->has_resident_pos = true;
    for (int c = 0; c < b->ncols; c++) b->cols[c].is_lasting = b->cols[c].is_resident = true;
}

static bool is_first_of_stream(const Query *q, int leaf)
{
    for (int l = 0; l < leaf; l++)
        if (q->leaves[l]->op.plan->rel == q->leaves[leaf]->op.plan->rel) return false;
    return true;
}

static Status make_tape(weir *db, Query *q, Tape *t)
{
    t->nleaves = q->nleaves;
    t->leaves = new (&t->arena, Recording, q->nleaves);
    engine_begin_epoch(db);
    query_begin(q, &db->epoch);
    for (int l = 0; l < q->nleaves; l++) {
        TRY(record_leaf(db, q, q->leaves[l], &t->leaves[l]));
        if (is_first_of_stream(q, l)) t->rows += t->leaves[l].rows;
    }
    interleave(t);
    for (ptrdiff_t i = 0; i < t->pieces.len && t->outlasts; i++) say_it_stays(&t->pieces.data[i].batch);
    return WEIR_OK;
}

static void free_tape(Tape *t)
{
    for (int l = 0; t->leaves && l < t->nleaves; l++) arena_free(&t->leaves[l].arena);
    arena_free(&t->arena);
}

/* ---- runs ----------------------------------------------------------------------------------------- */

static weir_bench_run look_at_clocks(const weir *db)
{
    return (weir_bench_run){db->env.mono_us(db->env.arg), db->env.cpu_us(db->env.arg)};
}

static weir_bench_run since(const weir *db, weir_bench_run start)
{
    weir_bench_run now = look_at_clocks(db);
    return (weir_bench_run){now.wall_us - start.wall_us, now.cpu_us - start.cpu_us};
}

/* Of operators alone. */
static Status end_epoch(weir *db, Query *q)
{
    query_flush(q);
    arena_reset(&db->epoch.arena);
    db->epoch.number++;
    query_begin(q, &db->epoch);
    return WEIR_OK;
}

/* Of a view. */
static Status commit_epoch(weir *db, Query *q)
{
    (void)q;
    TRY(engine_commit(db));
    engine_begin_queries(db);
    return WEIR_OK;
}

static Status replay(weir *db, Query *q, const Tape *t, Status (*end)(weir *db, Query *q))
{
    int64_t rows = 0;
    for (ptrdiff_t i = 0; i < t->pieces.len; i++) {
        const Piece *p = &t->pieces.data[i];
        Leaf *leaf = q->leaves[p->leaf];
        Batch b = p->batch;
        leaf_emit(leaf, &b);
        leaf->next_watermark = p->batch.judge_max;
        arena_reset(&db->epoch.batch);
        rows += b.rows;
        if (rows < BENCH_EPOCH_ROWS) continue;
        TRY(end(db, q));
        rows = 0;
    }
    for (int l = 0; l < q->nleaves; l++) q->leaves[l]->next_watermark = INT64_MAX;
    return end(db, q);
}

static bool has_only_scans(const Query *q)
{
    for (int l = 0; l < q->nleaves; l++)
        if (q->leaves[l]->op.plan->kind != PHYS_SCAN) return false;
    return q->nleaves > 0;
}

static Status open_bench(weir *db, const PhysPlan *plan, Query **q)
{
    QueryEnv env = {.eval = engine_eval(db), .batch_scratch = &db->epoch.batch, .epoch_scratch = &db->epoch.arena,
                    .meter = &db->meter};
    TRY(query_open(plan, NULL, &env, q, &db->diags));
    if (has_only_scans(*q)) return WEIR_OK;
    query_close(*q);
    return diag_error(&db->diags, WEIR_E_UNSUPPORTED, (Span){0}, "a benchmark is over streams alone");
}

static int64_t state_rows(const Query *q)
{
    int64_t n = 0;
    for (int i = 0; i < q->nops; i++)
        if (q->ops[i]->cls->state_rows) n += q->ops[i]->cls->state_rows(q->ops[i]);
    return n;
}

/* Run -1 is the one that hashes. */
static void bench_run(weir *db, Query *q, const Tape *t, int run, weir_bench_result *out)
{
    int64_t bytes = mem_in_use();
    query_begin(q, &db->epoch);
    op_output_count(q->root, run < 0);
    weir_bench_run start = look_at_clocks(db);
    replay(db, q, t, end_epoch);
    if (run >= 0) out->runs[run] = since(db, start);
    else out->hash = op_output_hash(q->root);
    out->rows_out = q->root->rows_in;
    out->state_bytes = mem_in_use() - bytes;
    out->state_rows = state_rows(q);
}

static Status bench_plan(weir *db, const PhysPlan *plan, int runs, bool with_hash, Tape *t, weir_bench_result *out)
{
    for (int i = with_hash ? -1 : 0; i < runs; i++) {
        Query *q;
        TRY(open_bench(db, plan, &q));
        Status st = t->leaves ? WEIR_OK : make_tape(db, q, t);
        out->rows_in = t->rows;
        if (st == WEIR_OK) bench_run(db, q, t, i, out);
        query_close(q);
        TRY(st);
    }
    return WEIR_OK;
}

static Status bench_checked(weir *db, Str sql, int runs, bool with_hash, weir_bench_result *out)
{
    TRY(engine_enter(db, NEED_NOTHING));
    Stmt *stmt = NULL;
    ptrdiff_t end;
    sql = str_dup(&db->arena, sql);
    db->diags.text = sql;
    TRY(parser_parse_first(sql, &db->arena, &db->diags, &stmt, &end));
    if (!stmt || stmt->kind != STMT_SELECT || runs > WEIR_BENCH_RUNS_MAX)
        return diag_error(&db->diags, WEIR_E_MISUSE, (Span){0}, "a benchmark takes one SELECT and at most %d runs", WEIR_BENCH_RUNS_MAX);
    Planner p = engine_planner(db, &db->arena, S(""));
    PhysPlan *plan;
    TRY(plan_query(&p, stmt->select, NULL, &plan));
    Tape tape = {.outlasts = true};
    Status st = bench_plan(db, plan, runs, with_hash, &tape, out);
    free_tape(&tape);
    arena_reset(&db->epoch.arena);
    return st;
}

weir_status weir_bench_operators(weir *db, const char *sql, int runs, int with_hash, weir_bench_result *out)
{
    OomFrame f;
    if (OOM_TRY(&f)) {
        *out = (weir_bench_result){0};
        Status st = bench_checked(db, str_z(sql), runs, with_hash, out);
        OOM_END(&f);
        return st;
    }
    return engine_nomem(db);
}

static Status sink_checked(weir *db, Str view, weir_bench_result *out)
{
    TRY(engine_enter(db, NEED_WRITE));
    const Relation *rel = catalog_find(&db->catalog, view);
    Query *q = rel ? engine_query(db, rel->id) : NULL;
    if (!q || !q->is_live || !has_only_scans(q))
        return diag_error(&db->diags, WEIR_E_UNSUPPORTED, (Span){0}, "there is no view \"%.*s\" over streams alone", STR_ARG(view));
    Tape tape = {0};
    Status st = make_tape(db, q, &tape);
    out->rows_in = tape.rows;
    weir_bench_run start = look_at_clocks(db);
    engine_begin_queries(db);
    if (st == WEIR_OK) st = replay(db, q, &tape, commit_epoch);
    out->runs[0] = since(db, start);
    out->rows_out = op_view_progress(q->root).rows;
    free_tape(&tape);
    return st;
}

weir_status weir_bench_sink(weir *db, const char *view, weir_bench_result *out)
{
    OomFrame f;
    if (OOM_TRY(&f)) {
        *out = (weir_bench_result){0};
        Status st = sink_checked(db, str_z(view), out);
        OOM_END(&f);
        return st;
    }
    return engine_nomem_fault(db);
}

int64_t weir_bench_commit_us(weir *db) { return db->commit_us; }
