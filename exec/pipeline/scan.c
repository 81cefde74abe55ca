/* scan.c: a scan's life: readers come and go, the source is opened for what they need, and polled
 * (see scan.h). */
#include "base/plant.h"
#include "exec/pipeline/scan_impl.h"

#include <assert.h>

Scan *scan_new(const ScanSpec *spec)
{
    Scan *s = mem_alloc(sizeof *s);
    s->spec = *spec;
    s->data_watermark = s->reached = INT64_MIN;
    s->rows_max = spec->batch_rows;
    s->taken_us = spec->env->mono_us(spec->env->arg);
    const Options *o = &spec->rel->options;
    s->on_error_fail = str_ieq(options_text(o, "on_error", "skip"), S("fail"));
    s->idle_us = options_us(o, "idle_timeout", 0);
    s->drift_us = options_us(o, "max_drift", 0);
    s->close_us = spec->rel->watermark.close_after_idle_us;
    return s;
}

void scan_free(Scan *s)
{
    if (!s) return;
    if (s->source) source_close(s->source);
    scan_forget_positions(s);
    arena_free(&s->source_arena);
    arena_free(&s->insert_arena);
    arena_free(&s->arena);
    mem_free(s, sizeof *s);
}

const Relation *scan_relation(const Scan *s) { return s->spec.rel; }
bool scan_has_source(const Scan *s) { return options_get(&s->spec.rel->options, "connector") != NULL; }
bool scan_is_ended(const Scan *s) { return s->is_ended; }
bool scan_is_near(const Scan *s) { return !s->source || source_is_near(s->source); }
int scan_readers(const Scan *s) { return (int)s->leaves.len; }

/* ---- readers ---------------------------------------------------------------------------------- */

bool scan_decodes(const Scan *s, const Leaf *leaf)
{
    const PhysOp *p = leaf->op.plan;
    for (int i = 0; i < p->nfields; i++)
        if (p->scan_cols[i] >= 0 && !s->wanted[p->scan_cols[i]]) return false;
    return true;
}

bool scan_is_open(const Scan *s) { return s->is_open && !s->must_reopen; }

void scan_add(Scan *s, Leaf *leaf)
{
    vec_push(&s->leaves, &s->arena, leaf);
    leaf->scan = s;
    if (s->is_open && !scan_decodes(s, leaf)) s->must_reopen = true;
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

bool scan_is_decoded(const Scan *s, int col) { return s->is_open && s->wanted[col]; }

void scan_want(Scan *s, int col)
{
    if (!s->asked) s->asked = new (&s->arena, bool, s->spec.rel->ncols);
    s->asked[col] = true;
    if (s->is_open && !s->wanted[col]) s->must_reopen = true;
}

/* What cannot be read twice is not opened anew. */
void scan_set_once(Scan *s, bool once)
{
    if (s->spec.once == once) return;
    s->spec.once = once;
    s->source_spec.once = once;
    if (s->source && strcmp(source_delivery(s->source), "exactly-once") == 0) s->must_reopen = true;
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
    for (int i = 0; s->asked && i < r->ncols; i++) s->wanted[i] |= s->asked[i];
    for (int i = 0; i < r->ncols; i++)
        if (r->cols[i].not_null || r->cols[i].primary_key) s->wanted[i] = true;
    for (ptrdiff_t l = 0; l < s->leaves.len; l++) {
        const PhysOp *p = s->leaves.data[l]->op.plan;
        for (int i = 0; i < p->nfields; i++)
            if (p->scan_cols[i] >= 0) s->wanted[p->scan_cols[i]] = true;
    }
    for (int i = 0; i < r->ncols; i++)
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

/* Where it stands is kept; without anything read it is opened where it was to be opened before. */
static void close_source(Scan *s)
{
    if (s->is_open && s->source && s->is_started) scan_remember(s);
    s->is_open = false;
    if (s->source) source_close(s->source);
    s->source = NULL;
    arena_reset(&s->source_arena);
}

/* How far ahead of the wall clock a row may be: of a live source, and of rows by hand where it is said. */
static int64_t max_future(const Scan *s)
{
    const Option *given = options_get(&s->spec.rel->options, "max_future");
    if (given && str_ieq(given->value, S("off"))) return 0;
    if (s->source ? source_is_bounded(s->source) : !given) return 0;
    return options_us(&s->spec.rel->options, "max_future", 86400 * 1000000LL);
}

static Status open_source(Scan *s, Diags *d)
{
    s->source_spec = (SourceSpec){.rel = s->spec.rel, .wanted = s->wanted, .env = s->spec.env,
                                  .once = s->spec.once, .rows_max = s->rows_max, .decoding = s->spec.decoding};
    TRY(source_open(&s->source_spec, &s->source_arena, &s->source, d));
    return seek_source(s, d);
}

Status scan_open(Scan *s, Diags *d)
{
    if (scan_is_open(s)) return WEIR_OK;
    close_source(s);
    find_wanted(s);
    find_required(s);
    TRY(compile_computed(s, d));
    if (scan_has_source(s)) TRY(open_source(s, d));
    s->max_future_us = max_future(s);
    s->is_open = true;
    s->must_reopen = false;
    return WEIR_OK;
}

/* ---- rows by hand ----------------------------------------------------------------------------- */

static Column copy_column(Scan *s, const Column *from, const int32_t *all, int rows)
{
    Arena *a = &s->insert_arena;
    Column to = from->data ? column_gather(a, from, all, rows) : (Column){0};
    to.type = from->type;
    to.err = NULL;
    for (int i = 0; from->err && i < from->err->n; i++) {
        const RowError *e = &from->err->list[i];
        column_set_err(&to, a, e->row, e->code, str_dup(a, e->message));
    }
    return to;
}

static Batch copy_batch(Scan *s, const Batch *rows, uint64_t number)
{
    Arena *a = &s->insert_arena;
    Batch b = {.rows = rows->rows, .ncols = rows->ncols, .cols = new (a, Column, rows->ncols)};
    int32_t *all = new (a, int32_t, rows->rows);
    uint64_t *offset = new (a, uint64_t, rows->rows);
    for (int i = 0; i < rows->rows; i++) {
        all[i] = i;
        offset[i] = number + (uint64_t)i;
    }
    for (int c = 0; c < rows->ncols; c++) b.cols[c] = copy_column(s, &rows->cols[c], all, rows->rows);
    b.offset = offset;
    if (!rows->weights) return b;
    int32_t *weights = new_raw(a, int32_t, rows->rows);
    memcpy(weights, rows->weights, (size_t)rows->rows * sizeof *weights);
    b.weights = weights;
    return b;
}

static void reserve_inserts(Scan *s, ptrdiff_t more)
{
    ptrdiff_t wanted = s->inserts.len + more, cap = s->inserts.cap * 2;
    if (wanted <= s->inserts.cap) return;
    if (cap < wanted) cap = wanted;
    Batch *data = new (&s->insert_arena, Batch, cap);
    if (s->inserts.len) memcpy(data, s->inserts.data, (size_t)s->inserts.len * sizeof *data);
    s->inserts.data = data;
    s->inserts.cap = cap;
}

/* Whoever runs out of memory here has inserted nothing. */
void scan_insert(Scan *s, const Batch *batches, int n)
{
    uint64_t number = s->insert_number;
    reserve_inserts(s, n);
    for (int i = 0; i < n; i++) {
        s->inserts.data[s->inserts.len + i] = copy_batch(s, &batches[i], number);
        number += (uint64_t)batches[i].rows;
    }
    s->inserts.len += n;
    s->insert_number = number;
}

bool scan_has_inserts(const Scan *s) { return s->insert_at < s->inserts.len; }

void scan_advance(Scan *s, int64_t watermark_us)
{
    Partition *p = scan_partition(s, S(""));
    if (watermark_us > p->watermark) p->watermark = watermark_us;
    if (watermark_us > s->data_watermark) s->data_watermark = watermark_us;
}

/* ---- polling ---------------------------------------------------------------------------------- */

static ScanStatus poll_inserts(Scan *s, Epoch *e)
{
    if (!scan_has_inserts(s)) {
        scan_judge_silence(s, e, true);
        return SCAN_EMPTY;
    }
    SourceBatch sb = {.batch = s->inserts.data[s->insert_at++]};
    return scan_take(s, e, &sb, scan_partition(s, S(""))) == WEIR_OK ? SCAN_ROWS : SCAN_FAILED;
}

static Partition *partition_of(Scan *s, const SourceBatch *sb)
{
    const SourcePosition *p;
    source_positions(s->source, &p);
    return scan_partition(s, p[sb->partition].partition);
}

static ScanStatus take_polled(Scan *s, Epoch *e, SourceBatch *sb)
{
    int good;
    Partition *part = partition_of(s, sb);
    if (scan_stops(s) && scan_find_bad(s, e, sb, part, &good)) return scan_stop_before(s, e, sb, part, good);
    return scan_take(s, e, sb, part) == WEIR_OK ? SCAN_ROWS : SCAN_FAILED;
}

static ScanStatus poll_source(Scan *s, Epoch *e)
{
    SourceBatch sb = {0};
    if (s->stop.is_final) return SCAN_STOPPED;
    if (scan_stops(s)) scan_mark(s);
    if (s->is_private) {
        scan_sync_partitions(s, e, NULL);
        if (scan_has_reached(s)) return SCAN_DRAINED;
    }
    scan_pause(s);
    SourceStatus got = source_poll(s->source, &sb, e->diags);
    if (got == SOURCE_FAILED) return SCAN_FAILED;
    scan_sync_partitions(s, e, got == SOURCE_ROWS ? &sb : NULL);
    scan_judge_silence(s, e, got == SOURCE_EMPTY);
    switch (got) {
    case SOURCE_ROWS: return take_polled(s, e, &sb);
    case SOURCE_EMPTY: return SCAN_EMPTY;
    case SOURCE_DRAINED: return SCAN_DRAINED;
    case SOURCE_ENDED: s->is_ended = true; return SCAN_ENDED;
    case SOURCE_FAILED: return SCAN_FAILED;
    }
    return SCAN_FAILED;
}

ScanStatus scan_poll(Scan *s, Epoch *e)
{
    if (scan_open(s, e->diags) != WEIR_OK) return SCAN_FAILED;
    if (s->is_ended) return SCAN_ENDED;
    ScanStatus st;
    int64_t *was = meter_switch(s->spec.meter, &s->time_us);
    do st = s->source ? poll_source(s, e) : poll_inserts(s, e);
    while (st == SCAN_AGAIN);
    s->is_dry = st != SCAN_ROWS;
    arena_reset(&e->batch);
    meter_switch(s->spec.meter, was);
    return st;
}

/* ---- figures ---------------------------------------------------------------------------------- */

int64_t scan_watermark(const Scan *s)
{
    if (s->is_ended) return INT64_MAX;
    int64_t least = INT64_MAX;
    bool has_idle = false;
    for (ptrdiff_t i = 0; i < s->partitions.len; i++) {
        const Partition *p = s->partitions.data[i];
        has_idle |= p->is_idle && !p->ended;
        if (!p->ended && !p->is_idle && partition_watermark(p) < least) least = partition_watermark(p);
    }
    if (least != INT64_MAX) return least;
    return has_idle ? s->reached : s->data_watermark; /* all known ones ended: more may come */
}

int64_t scan_data_watermark(const Scan *s) { return WEIR_PLANT("end-moves-watermark") && s->is_ended ? INT64_MAX : s->data_watermark; }

void scan_sample(Scan *s, int64_t mono_us) { meter_mark(&s->busy, mono_us, s->time_us); }

double scan_busy(const Scan *s, int64_t mono_us) { return meter_rate(&s->busy, mono_us, s->time_us) / 1e6; }

void scan_stats(const Scan *s, ScanStats *out)
{
    *out = (ScanStats){.watermark = scan_watermark(s), .ended = s->is_ended, .bytes_total = -1,
                       .time_us = s->time_us};
    for (ptrdiff_t i = 0; i < s->partitions.len; i++) {
        out->rows += s->partitions.data[i]->rows;
        out->errors += s->partitions.data[i]->errors;
    }
    if (s->source) source_progress(s->source, &out->bytes_read, &out->bytes_total);
}

int scan_partition_count(const Scan *s) { return (int)s->partitions.len; }

void scan_partition_stats(const Scan *s, int i, PartitionStats *out)
{
    const Partition *p = s->partitions.data[i];
    *out = (PartitionStats){.name = p->name, .watermark = partition_watermark(p), .is_idle = p->is_idle,
                            .is_ended = p->ended || s->is_ended,
                            .silent_us = s->spec.env->mono_us(s->spec.env->arg) - p->taken_us};
}
