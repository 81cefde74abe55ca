/* query.c: wires a plan's operators together and runs them through an epoch.
 *
 * Deltas flow by push, depth first; flush goes through the operators in the plan's order, which is
 * topological, so a watermark never overtakes the delta it follows. */
#include "exec/pipeline/query.h"

#include "exec/pipeline/compact.h"
#include "exec/pipeline/scan.h"
#include "exec/pipeline/settle.h"
#include "exec/pipeline/view.h"

#include "base/datetime.h"
#include "base/hash.h"

#include <assert.h>

enum { LOG_PIECE_BYTES = 256 << 10 };

/* ---- leaves ----------------------------------------------------------------------------------- */

static void leaf_filter(Leaf *leaf, Batch *b)
{
    OpContext *c = leaf->op.ctx;
    uint16_t *sel = new_raw(c->batch_scratch, uint16_t, BATCH_ROWS_MAX);
    ErrMask *errors = NULL;
    int n = expr_filter(leaf->filter, b, &c->eval, c->batch_scratch, sel, &errors);
    if (errors)
        for (int i = 0; i < errors->n; i++) {
            const RowError *e = &errors->list[i];
            op_row_error(&leaf->op, b, e->row, e->code, e->message);
        }
    b->sel = sel;
    b->nsel = n;
}

/* SCAN_END_OF_ROW: what the weights say becomes a column. */
static Column end_of_row(Batch *mine, const Batch *b, Arena *a)
{
    Column c = column_new(a, TYPE_OF(TYPE_BOOLEAN), b->rows);
    for (int i = 0; i < b->rows; i++) COL(uint8_t, &c)[i] = batch_weight(b, i) < 0;
    mine->weights = NULL;
    return c;
}

void leaf_push(Leaf *leaf, const Batch *b)
{
    const PhysOp *p = leaf->op.plan;
    OpContext *c = leaf->op.ctx;
    Batch mine = *b;
    mine.ncols = p->nfields;
    mine.cols = new_raw(c->batch_scratch, Column, p->nfields);
    for (int i = 0; i < p->nfields; i++)
        mine.cols[i] = p->scan_cols[i] >= 0 ? b->cols[p->scan_cols[i]] : end_of_row(&mine, b, c->batch_scratch);
    if (mine.offset) mine.label |= (uint64_t)p->stream_rank << 48;
    leaf_emit(leaf, &mine);
}

static void emit_filtered(Leaf *leaf, Batch *b)
{
    if (leaf->filter) leaf_filter(leaf, b);
    if (batch_count(b) > 0) op_emit(&leaf->op, b);
}

static void emit_measured(Leaf *leaf, Batch *b, Meter *m, int64_t weight)
{
    int64_t *was = meter_switch(m, &leaf->op.time_us), start = m->at_us;
    m->weight = weight;
    emit_filtered(leaf, b);
    meter_switch(m, was);
    m->weight = 1;
    if (was) *was -= (weight - 1) * (m->at_us - start); /* the batches that it stands for were in there */
}

/* Whether this batch is measured is settled here for all that it comes to. */
void leaf_emit(Leaf *leaf, Batch *b)
{
    Meter *m = leaf->op.ctx->meter;
    int64_t weight = m ? meter_weight(leaf->op.batches_in) : 0;
    leaf->op.rows_in += batch_count(b);
    leaf->op.batches_in++;
    if (weight) {
        emit_measured(leaf, b, m, weight);
        return;
    }
    if (m) m->weight = 0;
    emit_filtered(leaf, b);
    if (m) m->weight = 1;
}

static void leaf_relay(Op *op, int port, const Batch *b)
{
    (void)port;
    Leaf *leaf = (Leaf *)op;
    query_enter(leaf->query, leaf->upstream ? leaf->upstream->current : NULL);
    op_emit(op, b);
    query_enter(leaf->query, NULL);
}

/* The same batch may come once more, by another leaf: a join of a stream with itself. */
void query_enter(Query *q, struct Scan *scan)
{
    q->current = scan;
    if (!scan || (scan == q->erred_scan && scan_batch_number(scan) == q->erred_batch)) return;
    memset(q->has_erred, 0, sizeof q->has_erred);
    q->erred_scan = scan;
    q->erred_batch = scan_batch_number(scan);
}

void leaf_connect(Leaf *leaf, Query *upstream)
{
    leaf->upstream = upstream;
    op_connect(upstream->root, &leaf->op, 0);
}

void leaf_disconnect(Leaf *leaf)
{
    Op *from = leaf->upstream ? leaf->upstream->root : NULL;
    leaf->upstream = NULL;
    for (int i = 0; from && i < from->nouts; i++)
        if (from->outs[i].to == &leaf->op) {
            memmove(from->outs + i, from->outs + i + 1, (size_t)(from->nouts - i - 1) * sizeof *from->outs);
            from->nouts--;
            return;
        }
}

static int64_t leaf_flush(Op *op, int64_t watermark)
{
    (void)watermark;
    return ((Leaf *)op)->next_watermark;
}

static const OpClass scan_class = {.name = "scan", .flush = leaf_flush};
static const OpClass view_input_class = {.name = "view input", .push = leaf_relay, .flush = leaf_flush};

static int64_t values_flush(Op *op, int64_t watermark)
{
    (void)watermark;
    Leaf *leaf = (Leaf *)op;
    const PhysOp *p = op->plan;
    for (int at = 0; !leaf->is_done && at < p->nrows; at += BATCH_ROWS_MAX) {
        int n = p->nrows - at < BATCH_ROWS_MAX ? p->nrows - at : BATCH_ROWS_MAX;
        Arena *a = op->ctx->epoch_scratch;
        Batch b = {.rows = n, .ncols = p->nfields, .cols = new (a, Column, p->nfields),
                   .judge_max = INT64_MIN};
        for (int c = 0; c < p->nfields; c++) {
            b.cols[c] = column_new(a, p->fields[c].type, n);
            for (int i = 0; i < n; i++) column_put(&b.cols[c], a, i, &p->rows[at + i][c]);
        }
        op_emit(op, &b);
    }
    leaf->is_done = true;
    leaf->next_watermark = INT64_MAX; /* constants have ended */
    return INT64_MAX;
}

static void values_save(Op *op, StateWriter *w, bool all)
{
    Leaf *leaf = (Leaf *)op;
    if (all || !leaf->is_saved) state_put(w, S(""), S("done"), S(""));
    leaf->is_saved = true;
}

static Status values_load(Op *op, Str space, Str key, Str value)
{
    (void)space, (void)key, (void)value;
    Leaf *leaf = (Leaf *)op;
    leaf->is_done = leaf->is_saved = true;
    return WEIR_OK;
}

static const OpClass values_class = {
    .name = "values", .flush = values_flush, .save = values_save, .load = values_load};

/* Statements push; constants and tables hold no time back. */
static const OpClass table_class = {.name = "table", .flush = leaf_flush};

static Status leaf_open(const PhysOp *p, OpContext *c, Arena *a, const OpClass *cls, Op **out, Diags *d)
{
    Leaf *leaf = new_one(a, Leaf);
    op_init(&leaf->op, cls, p, c, a);
    leaf->next_watermark = INT64_MIN;
    if (p->kind == PHYS_VIEW_INPUT) { /* its input is the root of another query */
        leaf->op.nports = 1;
        leaf->op.port_watermark = new_one(a, int64_t);
        leaf->op.port_watermark[0] = INT64_MIN;
    }
    if (p->scan_filter) {
        const BExpr *root = p->scan_filter;
        TRY(expr_compile(&root, 1, a, &leaf->filter, d));
    }
    *out = &leaf->op;
    return WEIR_OK;
}

static Status op_scan_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    return leaf_open(p, c, a, &scan_class, out, d);
}

static Status op_view_input_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    return leaf_open(p, c, a, &view_input_class, out, d);
}

static Status op_values_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    return leaf_open(p, c, a, &values_class, out, d);
}

static Status op_table_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    TRY(leaf_open(p, c, a, &table_class, out, d));
    ((Leaf *)*out)->next_watermark = INT64_MAX;
    return WEIR_OK;
}

/* ---- opening ---------------------------------------------------------------------------------- */

/* The root of a shadow. */
static void relay_push(Op *op, int port, const Batch *b)
{
    (void)port;
    op_emit(op, settle_errors(op, b));
}

static const OpClass relay_class = {.name = "relay", .push = relay_push, .row_error = settle_row_error, .hands_on = true};

static Status op_relay_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    (void)d;
    *out = new_one(a, Op);
    op_init(*out, &relay_class, p, c, a);
    return WEIR_OK;
}

typedef Status (*OpOpen)(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);

static const OpOpen openers[] = {
    [PHYS_SCAN] = op_scan_open,           [PHYS_VIEW_INPUT] = op_view_input_open,
    [PHYS_VALUES] = op_values_open,       [PHYS_TABLE] = op_table_open,
    [PHYS_FILTER] = op_filter_open,
    [PHYS_PROJECT] = op_project_open,     [PHYS_WINDOW] = op_window_open,
    [PHYS_UPSERT] = op_upsert_open,
    [PHYS_AGGREGATE] = op_aggregate_open, [PHYS_UNION] = op_union_open,
    [PHYS_JOIN] = op_join_open,           [PHYS_UNNEST] = op_unnest_open,
    [PHYS_OVER] = op_over_open,           [PHYS_TOPN] = op_topn_open,
    [PHYS_SETOP] = op_setop_open,         [PHYS_CONTEND] = op_contend_open,
    [PHYS_VIEW] = op_view_open,           [PHYS_OUTPUT] = op_output_open,
};

static bool is_leaf(PhysKind k) { return k == PHYS_SCAN || k == PHYS_VIEW_INPUT || k == PHYS_VALUES || k == PHYS_TABLE; }

/* A row gets one dead letter, whatever the number of windows it came to. */
static bool has_letter(Query *q, const Batch *b, int row)
{
    int at = q->current ? scan_row_of(q->current, b, row) : -1;
    if (at < 0) return false;
    if (bit_get(q->has_erred, at)) return true;
    bit_set(q->has_erred, at);
    return false;
}

static void on_row_error(OpContext *c, const Op *op, const Batch *b, int row, Status code, Str message)
{
    (void)op;
    Query *q = c->owner;
    if (q->is_shadow || has_letter(q, b, row)) return;
    c->row_errors++;
    ErrorRow e = {.query = q->rel ? q->rel->name : S("(query)"), .code = str_z(status_name(code)),
                  .message = message, .stream = S("")};
    if (q->current) {
        e.stream = scan_relation(q->current)->name;
        e.partition = scan_partition_name(q->current);
        e.raw = scan_raw(q->current, scan_record_row(q->current, b, row), &q->epoch->batch, &e.raw_bytes);
    }
    e.generation = b->generation;
    e.offset = b->offset ? b->offset[row] : 0;
    epoch_error(q->epoch, &e);
}

static void on_fault(OpContext *c, bool is_there, Str key, Str column, Status code, Str message)
{
    Query *q = c->owner;
    if (q->is_shadow || !q->rel || !q->epoch) return;
    Arena *a = &q->epoch->arena;
    vec_push(&q->epoch->ws.faults, a,
             (FaultRow){.view = q->rel->name, .key = str_dup(a, key), .remove = !is_there, .column = str_dup(a, column),
                        .code = str_z(status_name(code)), .message = str_dup(a, message)});
}

static Status open_ops(Query *q, Diags *d)
{
    q->nops = q->plan->nops;
    q->ops = new (&q->arena, Op *, q->nops);
    q->logs = new (&q->arena, OpLog, q->nops);
    q->leaves = new (&q->arena, Leaf *, q->nops);
    for (int i = 0; i < q->nops; i++) {
        const PhysOp *p = q->plan->ops[i];
        assert(p->id == i);
        OpOpen open = q->is_shadow && p->kind == PHYS_VIEW ? op_relay_open : openers[p->kind];
        if (!open)
            return diag_error(d, WEIR_E_UNSUPPORTED, p->span, "standing queries with this operator are not built yet");
        TRY(open(p, &q->ctx, &q->arena, &q->ops[i], d));
        for (int port = 0; port < p->ninputs; port++)
            op_connect(q->ops[p->inputs[port]->id], q->ops[i], port);
        if (!is_leaf(p->kind)) continue;
        Leaf *leaf = (Leaf *)q->ops[i];
        leaf->query = q;
        q->leaves[q->nleaves++] = leaf;
    }
    q->root = q->ops[q->nops - 1];
    return WEIR_OK;
}

static void query_init(Query *q, const PhysPlan *plan, Relation *rel, const QueryEnv *env)
{
    q->plan = plan;
    q->rel = rel;
    q->is_shadow = env->as_shadow;
    q->ctx = (OpContext){.eval = env->eval, .batch_scratch = env->batch_scratch,
                         .epoch_scratch = env->epoch_scratch, .data_watermark = INT64_MIN,
                         .on_error = on_row_error, .on_fault = on_fault, .meter = env->meter, .owner = q};
}

Status query_open(const PhysPlan *plan, Relation *rel, const QueryEnv *env, Query **out, Diags *d)
{
    Query *volatile q = mem_alloc(sizeof *q);
    OomFrame f;
    Status st = WEIR_E_NOMEM;
    bool volatile is_short = true;
    if (OOM_TRY(&f)) {
        query_init(q, plan, rel, env);
        st = open_ops(q, d);
        OOM_END(&f);
        is_short = false;
    }
    if (!is_short && st == WEIR_OK) {
        *out = q;
        return WEIR_OK;
    }
    query_close(q);
    if (is_short) oom_raise();
    return st;
}

void query_drop_helpers(Query *q)
{
    for (ptrdiff_t i = 0; i < q->shadows.len; i++) query_close(q->shadows.data[i]);
    for (ptrdiff_t i = 0; i < q->own_scans.len; i++) scan_free(q->own_scans.data[i]);
    q->shadows.len = q->own_scans.len = 0;
}

void query_close(Query *q)
{
    if (!q) return;
    query_drop_helpers(q);
    for (int i = 0; q->ops && i < q->nops; i++)
        if (q->ops[i] && q->ops[i]->cls->close) q->ops[i]->cls->close(q->ops[i]);
    for (int i = 0; q->logs && i < q->nops; i++) compaction_free(q->logs[i].round);
    arena_free(&q->arena);
    arena_free(&q->state_arena);
    mem_free(q, sizeof *q);
}

Status query_load_op(Query *q, int op, Str space, Str key, Str value)
{
    if (op < 0 || op >= q->nops || !q->ops[op]->cls->load) return WEIR_E_CORRUPT;
    return q->ops[op]->cls->load(q->ops[op], space, key, value);
}

void query_foresee_op(const Query *q, int op, Str space, Str key)
{
    if (op >= 0 && op < q->nops && q->ops[op]->cls->foresee) q->ops[op]->cls->foresee(q->ops[op], space, key);
}

static void shape_window(StrBuf *b, const WindowSpec *w)
{
    const int64_t measures[] = {w->size_us, w->slide_us, w->size_months, w->slide_months, w->size_days,
                                w->slide_days, w->offset_us, w->grace_us, w->size_rows, w->advance_rows,
                                w->trigger_us, w->by_value, w->tick_us};
    sb_z(b, w->def->name);
    sb_bytes(b, measures, sizeof measures);
    sb_str(b, w->time_zone);
}

static void shape_join(StrBuf *b, const JoinSpec *j)
{
    const int64_t measures[] = {j->kind, j->match, j->residual != NULL, j->left_time, j->right_time,
                                j->before_us, j->after_us, j->key_window_end, j->window_tick_us, j->asof,
                                j->left_retracts, j->right_retracts, j->emit_final,
                                0 /* kept databases know a number here */};
    sb_bytes(b, measures, sizeof measures);
    for (int i = 0; i < j->nkeys; i++) sb_printf(b, "j%d,%d,%d;", j->left_keys[i], j->right_keys[i], j->null_safe[i]);
}

static void shape_ranks(StrBuf *b, const PhysOp *p)
{
    const RankSpec *r = p->ranks;
    sb_printf(b, "r%d %d %lld %lld %d;", r->npeer, r->rank, (long long)r->limit, (long long)r->offset, r->shows_rank);
    for (int i = 0; i < r->norder; i++)
        sb_printf(b, "o%d %d %d;", r->order[i].col, r->order[i].descending, r->order[i].nulls_first);
    for (int i = 0; i < p->novers; i++) sb_printf(b, "c%.*s;", STR_ARG(p->overs[i].text));
    sb_printf(b, "p%d;", p->inputs[0]->props.has_position && p->inputs[0]->props.is_append_only);
}

static void shape_op(StrBuf *b, const PhysOp *p)
{
    sb_printf(b, "|%d %d %d %d;", p->kind, p->nfields, p->emit_final, p->input_retracts);
    for (int i = 0; i < p->nfields; i++)
        sb_printf(b, "%d,%d,%d;", p->fields[i].type.kind, p->fields[i].type.precision, p->fields[i].type.scale);
    for (int i = 0; i < p->nkeys; i++) sb_printf(b, "k%d", p->keys[i]);
    for (int i = 0; i < p->naggs; i++)
        sb_printf(b, "a%s %d %d %d%s;", p->aggs[i].def->name, p->aggs[i].distinct, p->aggs[i].norder,
                  p->aggs[i].input_retracts, p->aggs[i].descending ? " desc" : "");
    for (int i = 0; i < p->props.nkey; i++) sb_printf(b, "v%d", p->props.key[i]);
    if (p->window) shape_window(b, p->window);
    if (p->join) shape_join(b, p->join);
    if (p->ranks) shape_ranks(b, p);
    if (p->kind == PHYS_SETOP) sb_printf(b, "s%d %d;", p->set, p->set_all);
    if (p->ranks || p->kind == PHYS_SETOP) sb_printf(b, "w%d;", p->key_window_end);
    if (p->state_ttl_us > 0 || p->is_forgetful) sb_lit(b, "t;");
}

/* Records of another version of an operator's code. */
static void shape_version(StrBuf *b, const OpClass *c)
{
    if (c->version) sb_printf(b, "%s version %d;", c->name, c->version);
}

uint64_t query_shape(const Query *q)
{
    Arena *a = q->ctx.epoch_scratch;
    ArenaMark mark = arena_mark(a);
    StrBuf b = {.arena = a};
    for (int i = 0; i < q->nops; i++) {
        shape_op(&b, q->plan->ops[i]);
        shape_version(&b, q->ops[i]->cls);
    }
    uint64_t h = hash_bytes(b.p, b.n);
    arena_release(a, mark);
    return h;
}

/* ---- an epoch --------------------------------------------------------------------------------- */

void query_begin(Query *q, Epoch *e)
{
    for (ptrdiff_t i = 0; i < q->shadows.len; i++) query_begin(q->shadows.data[i], e);
    if (q->ctx.meter) query_mark(q, meter_now(q->ctx.meter));
    memset(&q->late, 0, sizeof q->late);
    q->epoch = e;
    q->ctx.epoch = e->number;
    q->ctx.now_us = e->now_us;
    q->ctx.eval.now_us = e->now_us;
    q->ctx.eval.watermark_us = q->ctx.data_watermark;
}

bool query_ticks(const Query *q, int64_t from_us, int64_t to_us)
{
    for (int i = 0; i < q->nops; i++) {
        const WindowSpec *w = q->plan->ops[i]->window;
        if (w && w->trigger_us > 0 && floor_div(to_us, w->trigger_us) > floor_div(from_us, w->trigger_us)) return true;
    }
    return false;
}

bool query_has_clock(const Query *q)
{
    for (int i = 0; i < q->nops; i++)
        if (q->plan->ops[i]->window && q->plan->ops[i]->window->trigger_us > 0) return true;
    return false;
}

/* The least data watermark over the inputs; constants and tables have none and don't count. */
static int64_t data_watermark(const Query *q)
{
    int64_t least = INT64_MAX;
    for (int i = 0; i < q->nleaves; i++) {
        const Leaf *leaf = q->leaves[i];
        int64_t w = INT64_MAX;
        if (leaf->scan) w = scan_data_watermark(leaf->scan);
        else if (leaf->upstream && leaf->upstream->rel->kind != REL_TABLE) w = leaf->upstream->ctx.data_watermark;
        if (w < least) least = w;
    }
    return least == INT64_MAX ? INT64_MIN : least;
}

static void set_leaf_watermarks(Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        Leaf *leaf = q->leaves[i];
        if (leaf->scan) leaf->next_watermark = scan_watermark(leaf->scan);
        else if (leaf->upstream) leaf->next_watermark = leaf->upstream->root->watermark;
    }
    q->ctx.data_watermark = data_watermark(q);
    q->ctx.eval.watermark_us = q->ctx.data_watermark;
}

static void flush_op(Op *op)
{
    int64_t *was = meter_switch(op->ctx->meter, &op->time_us);
    int64_t in = op->nports ? INT64_MAX : INT64_MIN;
    for (int i = 0; i < op->nports; i++)
        if (op->port_watermark[i] < in) in = op->port_watermark[i];
    int64_t out = op->cls->flush ? op->cls->flush(op, in) : in;
    if (out > op->watermark) op->watermark = out;
    for (int i = 0; i < op->nouts; i++)
        op->outs[i].to->port_watermark[op->outs[i].port] = op->watermark;
    meter_switch(op->ctx->meter, was);
}

void query_flush_shadows(Query *q)
{
    for (ptrdiff_t i = 0; i < q->shadows.len; i++) query_flush(q->shadows.data[i]);
}

void query_flush(Query *q)
{
    set_leaf_watermarks(q);
    q->current = NULL;
    for (int i = 0; i < q->nops; i++) flush_op(q->ops[i]);
}

static void save_op(Query *q, int i)
{
    Op *op = q->ops[i];
    OpLog *log = &q->logs[i];
    if (!op->cls->save) return;
    StateWriter w = {.buf.arena = &q->epoch->arena, .cut = LOG_PIECE_BYTES};
    int64_t *was = meter_switch(op->ctx->meter, &op->time_us);
    op->cls->save(op, &w, false);
    meter_switch(op->ctx->meter, was);
    state_end_piece(&w);
    log->new_bytes = 0;
    for (ptrdiff_t k = 0; k < w.pieces.len; k++) {
        log->new_bytes += w.pieces.data[k].n;
        vec_push(&q->epoch->ws.state, &q->epoch->arena, (StateBlob){q->rel->id, i, false, w.pieces.data[k]});
    }
    log->log_bytes += log->new_bytes;
    log->new_records = w.records;
    log->log_records += w.records;
}

static void save_shape(Query *q)
{
    uint64_t shape = query_shape(q);
    StateWriter w = {.buf.arena = &q->epoch->arena};
    state_put(&w, S(""), S("shape"), str_of((const char *)&shape, sizeof shape));
    vec_push(&q->epoch->ws.state, &q->epoch->arena,
             (StateBlob){q->rel->id, QUERY_SHAPE_OP, true, str_of(w.buf.p, w.buf.n)});
    q->has_saved_shape = true;
}

static void save_progress(Query *q)
{
    ViewProgress now = op_view_progress(q->root);
    const ViewProgress *was = &q->saved_progress;
    if (now.next_id == was->next_id && now.rows == was->rows && now.changes == was->changes &&
        now.late_rows == was->late_rows && now.gap_rows == was->gap_rows && now.errors == was->errors)
        return;
    vec_push(&q->epoch->ws.progress, &q->epoch->arena, now);
    q->saved_progress = now;
}

void query_save(Query *q)
{
    int64_t *was = meter_switch(q->ctx.meter, &q->root->time_us);
    op_view_take(q->root, q->epoch);
    meter_switch(q->ctx.meter, was);
    save_progress(q);
    for (int i = 0; i < q->nops; i++) save_op(q, i);
    if (!q->has_saved_shape) save_shape(q);
}
