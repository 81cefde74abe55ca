/* scan.c: polling, refusing, judging and sharing the rows of one stream (see scan.h). */
#include "exec/pipeline/scan.h"

#include <assert.h>

/* What is known of one partition beyond the source's own position. */
typedef struct Partition {
    Str name;
    int64_t watermark;    /* made by the rows accepted so far */
    int64_t rows, errors;
    SavedPosition saved;  /* as last put into a write set */
    bool is_known;        /* saved is filled */
    bool ended;           /* counts no longer */
} Partition;

/* One column that must have a value for a row to be accepted. */
typedef struct Required {
    int32_t col;
    bool is_time;
} Required;

struct Scan {
    ScanSpec spec;
    Arena arena;            /* of the scan */
    Arena source_arena;     /* of the open source: replaced when it is opened anew */
    Source *source;
    SourceSpec source_spec;
    bool *wanted;
    bool is_open, is_ended, is_started, must_reopen, on_error_fail;
    int64_t max_future_us;
    ExprProgram *computed;  /* the computed columns somebody needs */
    int32_t *computed_cols, ncomputed;
    ExprProgram *when;      /* condition of a punctuated watermark */
    VEC(Required) required;
    VEC(Partition) partitions;
    VEC(Leaf *) leaves;
    SavedPosition *restore;
    int32_t nrestore;
    int64_t data_watermark; /* greatest over the partitions */
    int64_t bytes;
    /* rows by hand */
    Arena insert_arena;
    VEC(Batch) inserts;
    int32_t insert_at;      /* next batch */
    uint64_t insert_number; /* offset of the next row */
    /* the batch in work */
    const SourceBatch *current;
    Column *cols;
    int64_t judge[BATCH_ROWS_MAX];
    uint16_t sel[BATCH_ROWS_MAX];
};

Status scan_new(const ScanSpec *spec, Scan **out, Diags *d)
{
    (void)d;
    Scan *s = mem_alloc(sizeof *s);
    s->spec = *spec;
    s->data_watermark = INT64_MIN;
    const Options *o = &spec->rel->options;
    s->on_error_fail = str_ieq(options_text(o, "on_error", "skip"), S("fail"));
    *out = s;
    return WEIR_OK;
}

void scan_free(Scan *s)
{
    if (!s) return;
    if (s->is_open && s->source) source_close(s->source);
    arena_free(&s->source_arena);
    arena_free(&s->insert_arena);
    arena_free(&s->arena);
    mem_free(s, sizeof *s);
}

const Relation *scan_relation(const Scan *s) { return s->spec.rel; }
bool scan_has_source(const Scan *s) { return options_get(&s->spec.rel->options, "connector") != NULL; }
bool scan_is_ended(const Scan *s) { return s->is_ended; }
int scan_readers(const Scan *s) { return (int)s->leaves.len; }

void scan_add(Scan *s, Leaf *leaf)
{
    leaf->scan = s;
    vec_push(&s->leaves, &s->arena, leaf);
    s->must_reopen = true;
}

void scan_remove(Scan *s, const Leaf *leaf)
{
    for (ptrdiff_t i = 0; i < s->leaves.len; i++) {
        if (s->leaves.data[i] != leaf) continue;
        memmove(s->leaves.data + i, s->leaves.data + i + 1,
                (size_t)(s->leaves.len - i - 1) * sizeof *s->leaves.data);
        s->leaves.len--;
        return;
    }
}

void scan_set_once(Scan *s, bool once)
{
    if (s->spec.once == once) return;
    s->spec.once = once;
    s->must_reopen = true;
}

static const SourcePosition *scan_position(const Scan *s, int i)
{
    const SourcePosition *p;
    source_positions(s->source, &p);
    return &p[i];
}

/* ---- positions -------------------------------------------------------------------------------- */

static Partition *partition_named(Scan *s, Str name)
{
    for (ptrdiff_t i = 0; i < s->partitions.len; i++)
        if (str_eq(s->partitions.data[i].name, name)) return &s->partitions.data[i];
    vec_push(&s->partitions, &s->arena,
             (Partition){.name = str_dup(&s->arena, name), .watermark = INT64_MIN});
    return &s->partitions.data[s->partitions.len - 1];
}

static SavedPosition copy_position(Arena *a, const SavedPosition *p)
{
    SavedPosition c = *p;
    c.partition = str_dup(a, p->partition);
    c.identity = str_dup(a, p->identity);
    return c;
}

void scan_restore(Scan *s, const SavedPosition *p, int n)
{
    s->restore = new (&s->arena, SavedPosition, n);
    s->nrestore = n;
    s->is_started = n > 0;
    for (int i = 0; i < n; i++) {
        s->restore[i] = copy_position(&s->arena, &p[i]);
        Partition *part = partition_named(s, p[i].partition);
        part->watermark = p[i].watermark;
        part->rows = p[i].rows;
        part->errors = p[i].errors;
        part->ended = p[i].ended;
        part->saved = s->restore[i];
        part->is_known = true;
        if (p[i].watermark > s->data_watermark) s->data_watermark = p[i].watermark;
        if (!scan_has_source(s)) s->insert_number = p[i].offset;
    }
}

static SavedPosition position_of(Scan *s, const SourcePosition *p)
{
    Partition *part = partition_named(s, p->partition);
    return (SavedPosition){.stream = s->spec.rel->id, .partition = p->partition, .label = p->label,
                           .generation = p->generation, .offset = p->offset, .identity = p->identity,
                           .watermark = part->watermark, .rows = part->rows, .errors = part->errors,
                           .ended = p->ended};
}

int scan_positions(Scan *s, Arena *a, SavedPosition **out)
{
    if (!s->is_open || !s->source) {
        *out = new (a, SavedPosition, s->partitions.len);
        int n = 0;
        for (ptrdiff_t i = 0; i < s->partitions.len; i++)
            if (s->partitions.data[i].is_known) (*out)[n++] = s->partitions.data[i].saved;
        return n;
    }
    const SourcePosition *p;
    int n = source_positions(s->source, &p);
    *out = new (a, SavedPosition, n);
    for (int i = 0; i < n; i++) {
        SavedPosition now = position_of(s, &p[i]);
        (*out)[i] = copy_position(a, &now);
    }
    return n;
}

static bool position_moved(const SavedPosition *a, const SavedPosition *b)
{
    return a->generation != b->generation || a->offset != b->offset || a->ended != b->ended ||
           a->watermark != b->watermark || a->rows != b->rows || a->errors != b->errors ||
           !str_eq(a->identity, b->identity);
}

static void save_position(Scan *s, Epoch *e, const SavedPosition *now)
{
    Partition *part = partition_named(s, now->partition);
    if (part->is_known && (part->saved.ended || !position_moved(&part->saved, now))) return;
    part->saved = copy_position(&s->arena, now);
    part->is_known = true;
    vec_push(&e->ws.positions, &e->arena, copy_position(&e->arena, now));
}

void scan_save(Scan *s, Epoch *e)
{
    if (!scan_has_source(s)) {
        Partition *part = partition_named(s, S(""));
        SavedPosition now = {.stream = s->spec.rel->id, .offset = s->insert_number,
                             .watermark = part->watermark, .rows = part->rows, .errors = part->errors};
        if (part->is_known || part->rows + part->errors > 0) save_position(s, e, &now);
        if (s->insert_at == s->inserts.len) {
            memset(&s->inserts, 0, sizeof s->inserts);
            s->insert_at = 0;
            arena_reset(&s->insert_arena);
        }
        return;
    }
    if (!s->is_open) return;
    const SourcePosition *p;
    int n = source_positions(s->source, &p);
    for (int i = 0; i < n; i++) {
        SavedPosition now = position_of(s, &p[i]);
        save_position(s, e, &now);
    }
}

/* ---- opening ---------------------------------------------------------------------------------- */

static void want_expr(Scan *s, const BExpr *e)
{
    if (e) bexpr_columns(e, s->wanted);
}

/* What the stream's own rules read, and what the readers ask for. */
static void find_wanted(Scan *s)
{
    const Relation *r = s->spec.rel;
    s->wanted = new (&s->source_arena, bool, r->ncols);
    if (r->watermark.col >= 0) s->wanted[r->watermark.col] = true;
    want_expr(s, r->watermark.when);
    for (int i = 0; i < r->ncols; i++)
        if (r->cols[i].not_null || r->cols[i].primary_key) s->wanted[i] = true;
    for (ptrdiff_t l = 0; l < s->leaves.len; l++) {
        const PhysOp *p = s->leaves.data[l]->op.plan;
        for (int i = 0; i < p->nfields; i++) s->wanted[p->scan_cols[i]] = true;
    }
    for (int i = r->ncols - 1; i >= 0; i--) /* a computed column reads columns before it */
        if (r->cols[i].kind == COL_COMPUTED && s->wanted[i]) want_expr(s, r->cols[i].expr);
}

static Status compile_computed(Scan *s, Diags *d)
{
    const Relation *r = s->spec.rel;
    const BExpr **roots = new (&s->source_arena, const BExpr *, r->ncols);
    s->computed_cols = new (&s->source_arena, int32_t, r->ncols);
    s->ncomputed = 0;
    for (int i = 0; i < r->ncols; i++) {
        if (r->cols[i].kind != COL_COMPUTED || !s->wanted[i]) continue;
        roots[s->ncomputed] = r->cols[i].expr;
        s->computed_cols[s->ncomputed++] = i;
    }
    s->computed = NULL;
    s->when = NULL;
    if (s->ncomputed) TRY(expr_compile(roots, s->ncomputed, &s->source_arena, &s->computed, d));
    if (r->watermark.when) {
        const BExpr *when = r->watermark.when;
        TRY(expr_compile(&when, 1, &s->source_arena, &s->when, d));
    }
    return WEIR_OK;
}

static void find_required(Scan *s)
{
    const Relation *r = s->spec.rel;
    memset(&s->required, 0, sizeof s->required);
    for (int i = 0; i < r->ncols; i++) {
        bool is_time = i == r->watermark.col;
        if (is_time || r->cols[i].not_null || r->cols[i].primary_key)
            vec_push(&s->required, &s->source_arena, (Required){i, is_time});
    }
}

static Status seek_source(Scan *s, Diags *d)
{
    int n = s->nrestore;
    SourcePosition *p = new (&s->source_arena, SourcePosition, n);
    bool all_ended = n > 0;
    for (int i = 0; i < n; i++) {
        const SavedPosition *from = &s->restore[i];
        p[i] = (SourcePosition){from->partition, from->label, from->generation, from->offset,
                                from->identity, from->ended};
        all_ended &= from->ended;
    }
    s->is_ended = all_ended;
    return n ? source_seek(s->source, p, n, d) : WEIR_OK;
}

static void close_source(Scan *s)
{
    if (!s->is_open) return;
    SavedPosition *now;
    s->nrestore = scan_positions(s, &s->arena, &now);
    s->restore = now;
    if (s->source) source_close(s->source);
    s->source = NULL;
    s->is_open = false;
    arena_reset(&s->source_arena);
}

/* How far ahead of the wall clock a row of a live source may be. */
static int64_t max_future(const Scan *s)
{
    Str given = options_text(&s->spec.rel->options, "max_future", "1 DAY");
    if (str_ieq(given, S("off")) || !s->source || source_is_bounded(s->source)) return 0;
    if (str_ieq(options_text(&s->spec.rel->options, "connector", ""), S("stdin"))) return 0;
    return options_us(&s->spec.rel->options, "max_future", 86400 * 1000000LL);
}

Status scan_open(Scan *s, Diags *d)
{
    if (s->is_open && !s->must_reopen) return WEIR_OK;
    close_source(s);
    find_wanted(s);
    find_required(s);
    TRY(compile_computed(s, d));
    if (scan_has_source(s)) {
        s->source_spec = (SourceSpec){.rel = s->spec.rel, .wanted = s->wanted, .env = s->spec.env,
                                      .once = s->spec.once, .rows_max = s->spec.batch_rows};
        TRY(source_open(&s->source_spec, &s->source_arena, &s->source, d));
        Status st = seek_source(s, d);
        if (st != WEIR_OK) {
            source_close(s->source);
            s->source = NULL;
            return st;
        }
    }
    s->max_future_us = max_future(s);
    s->is_open = true;
    s->must_reopen = false;
    return WEIR_OK;
}

/* ---- refusing --------------------------------------------------------------------------------- */

typedef struct Refusals {
    Scan *scan;
    Epoch *epoch;
    Partition *part;
    uint64_t bad[BATCH_WORDS];
    bool any, is_silent; /* is_silent: logged already, by the scan that came first */
} Refusals;

static void refuse(Refusals *r, int row, Status code, Str message)
{
    if (bit_get(r->bad, row)) return;
    bit_set(r->bad, row);
    r->any = true;
    r->part->errors++;
    if (r->is_silent) return;
    const SourceBatch *b = r->scan->current;
    Str raw = scan_render_row(r->scan, row, &r->epoch->batch);
    ErrorRow e = {.stream = r->scan->spec.rel->name, .partition = r->part->name,
                  .generation = b->batch.generation, .offset = b->batch.offset ? b->batch.offset[row] : 0,
                  .code = str_z(status_name(code)), .message = message, .raw = raw,
                  .raw_bytes = raw.n};
    epoch_error(r->epoch, &e);
}

static void drop(Refusals *r, int row)
{
    bit_set(r->bad, row);
    r->any = true;
}

static void require_column(Refusals *r, const Required *q, int rows)
{
    const Column *c = &r->scan->cols[q->col];
    const ColumnDef *def = &r->scan->spec.rel->cols[q->col];
    if (!c->valid && !c->err) return;
    for (int i = 0; i < rows; i++) {
        const RowError *e = col_is_err(c, i) ? column_error(c, i) : NULL;
        if (!e && !col_is_null(c, i)) continue;
        if (!e && q->is_time && r->scan->spec.rel->watermark.drop_null_time) {
            drop(r, i);
            continue;
        }
        if (e) refuse(r, i, e->code, e->message);
        else refuse(r, i, WEIR_E_DATA, str_printf(&r->epoch->batch, q->is_time
                        ? "event time \"%.*s\" is missing" : "column \"%.*s\" is NULL but declared NOT NULL",
                        STR_ARG(def->name)));
    }
}

static void refuse_future(Refusals *r, int rows)
{
    Scan *s = r->scan;
    if (s->max_future_us <= 0 || s->spec.rel->watermark.col < 0 || s->current->is_history) return;
    const Column *c = &s->cols[s->spec.rel->watermark.col];
    int64_t limit = r->epoch->now_us + s->max_future_us;
    for (int i = 0; i < rows; i++) {
        if (bit_get(r->bad, i) || COL(int64_t, c)[col_at(c, i)] <= limit) continue;
        if (r->is_silent) continue; /* the rulings decide */
        refuse(r, i, WEIR_E_DATA, S("event time is further ahead of the clock than max_future allows"));
        vec_push(&r->epoch->ws.rulings, &r->epoch->arena,
                 (Ruling){s->spec.rel->id, str_dup(&r->epoch->arena, r->part->name),
                          s->current->batch.generation, s->current->batch.offset[i], S("max_future"),
                          r->epoch->now_us});
    }
}

/* ---- judging ---------------------------------------------------------------------------------- */

/* Fills judge for all rows and moves the partition's watermark; a row that is not accepted, or
 * that does not satisfy WHEN, moves nothing. */
static void judge_rows(Scan *s, Partition *part, const Batch *b, const uint64_t *bad, const uint64_t *moves)
{
    const Column *c = &s->cols[s->spec.rel->watermark.col];
    const int64_t *t = c->data;
    int64_t w = part->watermark, delay = s->spec.rel->watermark.delay_us;
    if (!bad && !moves && !c->is_const) {
        for (int i = 0; i < b->rows; i++) {
            s->judge[i] = w;
            int64_t x = t[i] - delay;
            w = x > w ? x : w;
        }
    } else {
        for (int i = 0; i < b->rows; i++) {
            s->judge[i] = w;
            if ((bad && bit_get(bad, i)) || (moves && !bit_get(moves, i))) continue;
            int64_t x = t[col_at(c, i)] - delay;
            w = x > w ? x : w;
        }
    }
    part->watermark = w;
    if (w > s->data_watermark) s->data_watermark = w;
}

static const uint64_t *rows_that_move(Scan *s, const Batch *b, Epoch *e)
{
    if (!s->when) return NULL;
    uint64_t *moves = new (&e->batch, uint64_t, BATCH_WORDS);
    uint16_t *sel = new_raw(&e->batch, uint16_t, BATCH_ROWS_MAX);
    int n = expr_filter(s->when, b, &s->spec.eval, &e->batch, sel, NULL);
    for (int i = 0; i < n; i++) bit_set(moves, sel[i]);
    return moves;
}

/* ---- one batch -------------------------------------------------------------------------------- */

static void record_errors(Scan *s, Epoch *e, Partition *part, const SourceBatch *b)
{
    for (int i = 0; i < b->nerrors; i++) {
        const StreamError *x = &b->errors[i];
        part->errors++;
        ErrorRow row = {.stream = s->spec.rel->name, .partition = part->name,
                        .generation = b->batch.generation, .offset = x->offset,
                        .code = str_z(status_name(x->code)), .message = x->message,
                        .raw = x->raw, .raw_bytes = x->raw_bytes};
        epoch_error(e, &row);
    }
}

static void compute_columns(Scan *s, Batch *b, Epoch *e)
{
    const Relation *r = s->spec.rel;
    s->cols = new_raw(&e->batch, Column, r->ncols);
    memcpy(s->cols, b->cols, (size_t)r->ncols * sizeof *s->cols);
    b->cols = s->cols;
    if (!s->ncomputed) return;
    Column *out = new (&e->batch, Column, s->ncomputed);
    s->spec.eval.now_us = e->now_us;
    expr_eval(s->computed, b, &s->spec.eval, &e->batch, out);
    for (int i = 0; i < s->ncomputed; i++) s->cols[s->computed_cols[i]] = out[i];
}

static int select_rows(Scan *s, const uint64_t *bad, int rows)
{
    int n = 0;
    for (int i = 0; i < rows; i++) {
        s->sel[n] = (uint16_t)i;
        n += !bit_get(bad, i);
    }
    return n;
}

static void push_to_readers(Scan *s, const Batch *b)
{
    for (ptrdiff_t i = 0; i < s->leaves.len; i++) {
        Leaf *leaf = s->leaves.data[i];
        query_enter(leaf->query, s);
        leaf_push(leaf, b);
        query_enter(leaf->query, NULL);
    }
}

/* Rows of b at or past the position `until` has for its partition are left out. */
static void leave_out_rest(const SourceBatch *sb, const SavedPosition *until, Refusals *r)
{
    for (int i = 0; i < sb->batch.rows; i++) {
        bool past = sb->batch.generation > until->generation ||
                    (sb->batch.generation == until->generation && sb->batch.offset[i] >= until->offset);
        if (past) drop(r, i);
    }
}

static Status take_batch(Scan *s, Epoch *e, SourceBatch *sb, Partition *part, const SavedPosition *until)
{
    s->current = sb;
    int64_t errors_before = e->errors;
    Batch b = sb->batch;
    Refusals r = {.scan = s, .epoch = e, .part = part, .is_silent = until != NULL};
    if (until) leave_out_rest(sb, until, &r);
    else record_errors(s, e, part, sb);
    compute_columns(s, &b, e);
    for (ptrdiff_t i = 0; i < s->required.len; i++) require_column(&r, &s->required.data[i], b.rows);
    refuse_future(&r, b.rows);
    if (s->spec.rel->watermark.col >= 0) {
        judge_rows(s, part, &b, r.any ? r.bad : NULL, rows_that_move(s, &b, e));
        b.judge = s->judge;
        b.judge_max = part->watermark;
    } else {
        b.judge_max = INT64_MIN;
    }
    if (r.any) {
        b.sel = s->sel;
        b.nsel = select_rows(s, r.bad, b.rows);
    }
    int n = batch_count(&b);
    part->rows += n;
    e->rows += n;
    s->bytes += sb->bytes;
    if (n > 0) push_to_readers(s, &b);
    s->current = NULL;
    if (s->on_error_fail && e->errors > errors_before) {
        const ErrorRow *first = e->ws.errors.len ? &e->ws.errors.data[e->ws.errors.len - 1] : NULL;
        return diag_error(e->diags, WEIR_E_DATA, (Span){0}, "stream \"%.*s\" stops at a bad row: %.*s",
                          STR_ARG(s->spec.rel->name), first ? (int)first->message.n : 0,
                          first ? first->message.p : "");
    }
    return WEIR_OK;
}

/* ---- rows by hand ----------------------------------------------------------------------------- */

void scan_insert(Scan *s, Batch *rows)
{
    Batch b = {.rows = rows->rows, .ncols = rows->ncols, .cols = new (&s->insert_arena, Column, rows->ncols)};
    int32_t *all = new (&s->insert_arena, int32_t, rows->rows);
    for (int i = 0; i < rows->rows; i++) all[i] = i;
    for (int c = 0; c < rows->ncols; c++)
        if (rows->cols[c].data) b.cols[c] = column_gather(&s->insert_arena, &rows->cols[c], all, rows->rows);
    for (int c = 0; c < rows->ncols; c++) {
        b.cols[c].type = rows->cols[c].type;
        if (!rows->cols[c].err) continue;
        for (int i = 0; i < rows->cols[c].err->n; i++) {
            const RowError *e = &rows->cols[c].err->list[i];
            column_set_err(&b.cols[c], &s->insert_arena, e->row, e->code,
                           str_dup(&s->insert_arena, e->message));
        }
    }
    uint64_t *offset = new (&s->insert_arena, uint64_t, rows->rows);
    for (int i = 0; i < rows->rows; i++) offset[i] = s->insert_number++;
    b.offset = offset;
    vec_push(&s->inserts, &s->insert_arena, b);
}

static ScanStatus poll_inserts(Scan *s, Epoch *e)
{
    if (s->insert_at == s->inserts.len) return SCAN_EMPTY;
    SourceBatch sb = {.batch = s->inserts.data[s->insert_at++]};
    Status st = take_batch(s, e, &sb, partition_named(s, S("")), NULL);
    return st == WEIR_OK ? SCAN_ROWS : SCAN_FAILED;
}

/* ---- polling ---------------------------------------------------------------------------------- */

/* Takes over the source's partitions. Those there at the start begin without a watermark; one
 * that appears once others are under way starts with the stream's: a recorded ruling. */
static void sync_partitions(Scan *s, Epoch *e)
{
    const SourcePosition *p;
    int n = source_positions(s->source, &p);
    int64_t stream_watermark = s->is_started ? scan_watermark(s) : INT64_MIN;
    for (int i = 0; i < n; i++) {
        ptrdiff_t known = s->partitions.len;
        Partition *part = partition_named(s, p[i].partition);
        part->ended = p[i].ended;
        if (s->partitions.len == known || stream_watermark == INT64_MIN) continue;
        part->watermark = stream_watermark;
        vec_push(&e->ws.rulings, &e->arena,
                 (Ruling){s->spec.rel->id, str_dup(&e->arena, part->name), p[i].generation, p[i].offset,
                          S("appeared"), stream_watermark});
    }
    s->is_started = true;
}

static const SavedPosition *position_named(const SavedPosition *p, int n, Str name)
{
    for (int i = 0; i < n; i++)
        if (str_eq(p[i].partition, name)) return &p[i];
    return NULL;
}

static bool reached_all(Scan *s, const SavedPosition *until, int n)
{
    const SourcePosition *p;
    int have = source_positions(s->source, &p);
    for (int i = 0; i < n; i++) {
        bool reached = false;
        for (int j = 0; j < have; j++)
            if (str_eq(p[j].partition, until[i].partition))
                reached = p[j].generation > until[i].generation ||
                          (p[j].generation == until[i].generation && p[j].offset >= until[i].offset);
        if (!reached) return false;
    }
    return true;
}

static ScanStatus poll_source(Scan *s, Epoch *e, const SavedPosition *until, int nuntil)
{
    if (nuntil && reached_all(s, until, nuntil)) return SCAN_DRAINED;
    SourceBatch sb = {0};
    switch (source_poll(s->source, &sb, e->diags)) {
    case SOURCE_ROWS: {
        sync_partitions(s, e);
        Partition *part = partition_named(s, scan_position(s, sb.partition)->partition);
        const SavedPosition *stop = position_named(until, nuntil, part->name);
        return take_batch(s, e, &sb, part, stop) == WEIR_OK ? SCAN_ROWS : SCAN_FAILED;
    }
    case SOURCE_EMPTY: return SCAN_EMPTY;
    case SOURCE_DRAINED: return SCAN_DRAINED;
    case SOURCE_ENDED: s->is_ended = true; return SCAN_ENDED;
    case SOURCE_FAILED: return SCAN_FAILED;
    }
    return SCAN_FAILED;
}

ScanStatus scan_poll(Scan *s, Epoch *e, const SavedPosition *until, int nuntil)
{
    if (scan_open(s, e->diags) != WEIR_OK) return SCAN_FAILED;
    if (s->is_ended) return SCAN_ENDED;
    ScanStatus st = s->source ? poll_source(s, e, until, nuntil) : poll_inserts(s, e);
    arena_reset(&e->batch);
    return st;
}

/* ---- figures ---------------------------------------------------------------------------------- */

int64_t scan_watermark(const Scan *s)
{
    if (s->is_ended) return INT64_MAX;
    if (s->partitions.len == 0) return INT64_MIN;
    int64_t least = INT64_MAX;
    for (ptrdiff_t i = 0; i < s->partitions.len; i++) {
        const Partition *p = &s->partitions.data[i];
        if (!p->ended && p->watermark < least) least = p->watermark;
    }
    return least == INT64_MAX ? s->data_watermark : least; /* all known ones ended, more may come */
}

int64_t scan_data_watermark(const Scan *s) { return s->data_watermark; }

void scan_stats(const Scan *s, ScanStats *out)
{
    *out = (ScanStats){.watermark = scan_watermark(s), .ended = s->is_ended, .bytes_total = -1};
    for (ptrdiff_t i = 0; i < s->partitions.len; i++) {
        out->rows += s->partitions.data[i].rows;
        out->errors += s->partitions.data[i].errors;
    }
    if (s->source) source_progress(s->source, &out->bytes_read, &out->bytes_total);
}

Str scan_partition_name(const Scan *s)
{
    if (!s->current || !s->source) return S("");
    return scan_position(s, s->current->partition)->partition;
}

int scan_row_at(const Scan *s, uint64_t offset)
{
    const Batch *b = s->current ? &s->current->batch : NULL;
    if (!b || !b->offset || b->ordinal) return -1;
    int lo = 0, hi = b->rows;
    while (lo < hi) { /* offsets ascend */
        int mid = (lo + hi) / 2;
        if (b->offset[mid] < offset) lo = mid + 1;
        else hi = mid;
    }
    return lo < b->rows && b->offset[lo] == offset ? lo : -1;
}

static void render_json_text(StrBuf *b, Str s)
{
    sb_char(b, '"');
    for (ptrdiff_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\') sb_printf(b, "\\%c", c);
        else if (c < 0x20) sb_printf(b, "\\u%04x", c);
        else sb_char(b, (char)c);
    }
    sb_char(b, '"');
}

Str scan_render_row(const Scan *s, int row, Arena *a)
{
    enum { RAW_MAX = 4096 };
    if (!s->cols) return S("");
    const Relation *r = s->spec.rel;
    StrBuf b = {.arena = a};
    sb_char(&b, '{');
    for (int i = 0; i < r->ncols && b.n < RAW_MAX; i++) {
        if (!s->cols[i].data || col_is_err(&s->cols[i], row)) continue;
        if (b.n > 1) sb_char(&b, ',');
        render_json_text(&b, r->cols[i].name);
        sb_char(&b, ':');
        Value v = column_value(&s->cols[i], row);
        StrBuf t = {.arena = a};
        value_print(&t, &v);
        bool bare = v.is_null || type_is_number(v.type.kind);
        if (v.is_null) sb_lit(&b, "null");
        else if (bare) sb_str(&b, sb_done(&t));
        else render_json_text(&b, sb_done(&t));
    }
    sb_char(&b, '}');
    Str out = sb_done(&b);
    return out.n > RAW_MAX ? str_of(out.p, RAW_MAX) : out;
}
