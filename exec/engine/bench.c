/* bench.c: operators over ready batches, and decoding alone, timed inside the engine. */
#include "exec/engine/engine.h"

#include "include/weir_test.h"
#include "parser/parser.h"

enum { BENCH_EPOCH_ROWS = 65536 };

/* The batches of a leaf, copied out of the source's buffers. */
typedef struct Recording {
    Op op;
    Arena arena;
    VEC(Batch) batches;
    int64_t rows;
} Recording;

static const int64_t *copy_judge(Recording *r, const Batch *b)
{
    if (!b->judge) return NULL;
    int64_t *j = new_raw(&r->arena, int64_t, b->rows);
    memcpy(j, b->judge, (size_t)b->rows * sizeof *j);
    return j;
}

static void record(Op *op, int port, const Batch *b)
{
    (void)port;
    Recording *r = (Recording *)op;
    Batch copy = *b;
    int32_t *rows = new_raw(&r->arena, int32_t, b->rows);
    uint64_t *offset = b->offset ? new_raw(&r->arena, uint64_t, b->rows) : NULL;
    int n = batch_count(b);
    for (int i = 0; i < n; i++) {
        rows[i] = batch_row(b, i);
        if (offset) offset[i] = b->offset[rows[i]];
    }
    copy.rows = n;
    copy.sel = NULL;
    copy.nsel = 0;
    copy.judge = copy_judge(r, b);
    copy.offset = offset;
    copy.cols = new (&r->arena, Column, b->ncols);
    for (int c = 0; c < b->ncols; c++) copy.cols[c] = column_gather(&r->arena, &b->cols[c], rows, n);
    vec_push(&r->batches, &r->arena, copy);
    r->rows += n;
}

static const OpClass record_class = {.name = "recording", .push = record};

/* Fills the recording with all rows of the leaf's stream, before the leaf's filter. */
static Status record_stream(weir *db, Query *q, Leaf *leaf, Recording *rec)
{
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
    engine_begin_epoch(db);
    query_begin(q, &db->epoch);
    while ((st = scan_poll(scan, &db->epoch)) == SCAN_ROWS) {}
    scan_free(scan);
    leaf->scan = NULL;
    leaf->op.outs = outs;
    leaf->op.nouts = nouts;
    leaf->filter = filter;
    return st == SCAN_ENDED ? WEIR_OK : diag_status(&db->diags);
}

static void end_epoch(weir *db, Query *q, Leaf *leaf, int64_t watermark)
{
    leaf->next_watermark = watermark;
    query_flush(q);
    arena_reset(&db->epoch.arena);
    db->epoch.number++;
    query_begin(q, &db->epoch);
}

static int64_t replay(weir *db, Query *q, Leaf *leaf, const Recording *rec)
{
    int64_t start = db->env.mono_us(db->env.arg), rows = 0;
    for (ptrdiff_t i = 0; i < rec->batches.len; i++) {
        Batch b = rec->batches.data[i];
        leaf_emit(leaf, &b);
        arena_reset(&db->epoch.batch);
        rows += b.rows;
        if (rows < BENCH_EPOCH_ROWS) continue;
        end_epoch(db, q, leaf, rec->batches.data[i].judge_max);
        rows = 0;
    }
    end_epoch(db, q, leaf, INT64_MAX);
    return (db->env.mono_us(db->env.arg) - start) * 1000;
}

static Leaf *only_scan(Query *q)
{
    return q->nleaves == 1 && q->leaves[0]->op.plan->kind == PHYS_SCAN ? q->leaves[0] : NULL;
}

static Status open_bench(weir *db, const PhysPlan *plan, Query **q)
{
    QueryEnv env = {.eval = engine_eval(db), .batch_scratch = &db->epoch.batch, .epoch_scratch = &db->epoch.arena,
                    .meter = &db->meter};
    TRY(query_open(plan, NULL, &env, q, &db->diags));
    if (only_scan(*q)) return WEIR_OK;
    query_close(*q);
    return diag_error(&db->diags, WEIR_E_UNSUPPORTED, (Span){0}, "a benchmark is over exactly one stream");
}

static Status bench_plan(weir *db, const PhysPlan *plan, int runs, bool with_hash, Recording *rec,
                         weir_bench_result *out)
{
    for (int i = with_hash ? -1 : 0; i < runs; i++) {
        Query *q;
        TRY(open_bench(db, plan, &q));
        Leaf *leaf = only_scan(q);
        Status st = rec->rows ? WEIR_OK : record_stream(db, q, leaf, rec);
        if (st == WEIR_OK) {
            query_begin(q, &db->epoch);
            op_output_count(q->root, i < 0);
            int64_t ns = replay(db, q, leaf, rec);
            if (i >= 0) out->nanoseconds[i] = ns;
            else out->hash = op_output_hash(q->root);
            out->rows_in = rec->rows;
            out->rows_out = q->root->rows_in;
        }
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
    Recording rec = {.op.cls = &record_class};
    Status st = bench_plan(db, plan, runs, with_hash, &rec, out);
    arena_free(&rec.arena);
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

/* ---- decoding ------------------------------------------------------------------------------------------- */

static void want_columns(const Relation *rel, const char *columns, bool *wanted)
{
    for (int i = 0; i < rel->ncols; i++)
        wanted[i] = rel->cols[i].kind != COL_COMPUTED && (!columns || name_in_list(columns, rel->cols[i].name));
}

static Status decode_once(weir *db, Relation *rel, const bool *wanted, int64_t *rows)
{
    Arena a = {0};
    SourceSpec spec = {.rel = rel, .wanted = wanted, .env = &db->env, .rows_max = db->settings.batch_rows};
    Source *src;
    Status st = source_open(&spec, &a, &src, &db->diags);
    SourceBatch b;
    SourceStatus got = SOURCE_ENDED;
    *rows = 0;
    while (st == WEIR_OK && (got = source_poll(src, &b, &db->diags)) == SOURCE_ROWS) *rows += b.batch.rows;
    if (st == WEIR_OK) source_close(src);
    arena_free(&a);
    return st == WEIR_OK && got == SOURCE_FAILED ? diag_status(&db->diags) : st;
}

static Status decode_checked(weir *db, Str stream, const char *columns, int runs, weir_bench_result *out)
{
    TRY(engine_enter(db, NEED_NOTHING));
    Relation *rel = catalog_find(&db->catalog, stream);
    if (!rel || rel->kind != REL_STREAM)
        return diag_error(&db->diags, WEIR_E_NOT_FOUND, (Span){0}, "there is no stream \"%.*s\"", STR_ARG(stream));
    bool *wanted = new (&db->call, bool, rel->ncols);
    want_columns(rel, columns, wanted);
    for (int i = 0; i < runs && i < WEIR_BENCH_RUNS_MAX; i++) {
        int64_t start = db->env.mono_us(db->env.arg);
        TRY(decode_once(db, rel, wanted, &out->rows_in));
        out->nanoseconds[i] = (db->env.mono_us(db->env.arg) - start) * 1000;
    }
    return WEIR_OK;
}

weir_status weir_bench_decode(weir *db, const char *stream, const char *columns, int runs, weir_bench_result *out)
{
    OomFrame f;
    if (OOM_TRY(&f)) {
        *out = (weir_bench_result){0};
        Status st = decode_checked(db, str_z(stream), columns, runs, out);
        OOM_END(&f);
        return st;
    }
    return engine_nomem(db);
}
