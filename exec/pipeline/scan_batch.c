/* scan_batch.c: one batch of a partition: computed columns, refusal, judgement, and the readers.
 *
 * A row that is refused reaches no query and moves no watermark. A private scan is silent: what the
 * shared one refused was logged then. */
#include "base/plant.h"
#include "exec/pipeline/crew.h"
#include "exec/pipeline/scan_impl.h"

#include <assert.h>

typedef struct Refusals {
    Scan *scan;
    Epoch *epoch;
    Partition *part;
    uint64_t bad[BATCH_WORDS];
    bool any;
    void (*tell)(Scan *s, uint64_t offset, Str message); /* instead of logging */
} Refusals;

/* ---- refusing --------------------------------------------------------------------------------- */

static void drop(Refusals *r, int row)
{
    bit_set(r->bad, row);
    r->any = true;
}

static void refuse(Refusals *r, int row, Status code, Str message)
{
    if (bit_get(r->bad, row)) return;
    drop(r, row);
    if (r->tell) {
        r->tell(r->scan, r->scan->current->batch.offset[row], message);
        return;
    }
    r->part->errors++;
    if (r->scan->is_private) return;
    const Batch *b = &r->scan->current->batch;
    int64_t bytes;
    Str raw = scan_raw(r->scan, row, &r->epoch->batch, &bytes);
    ErrorRow e = {.stream = r->scan->spec.rel->name, .partition = r->part->name,
                  .generation = b->generation, .offset = b->offset ? b->offset[row] : 0,
                  .code = str_z(status_name(code)), .message = message, .raw = raw, .raw_bytes = bytes};
    epoch_error(r->epoch, &e);
}

static void refuse_missing(Refusals *r, const Required *q, int row)
{
    Str name = r->scan->spec.rel->cols[q->col].name;
    const char *format = q->is_time ? "event time \"%.*s\" is missing" : "column \"%.*s\" is NULL but declared NOT NULL";
    refuse(r, row, WEIR_E_DATA, str_printf(&r->epoch->batch, format, STR_ARG(name)));
}

/* The end of a table's row: of its columns the key alone counts. */
static bool is_end_of_row(const Batch *b, int row) { return b->weights && b->weights[row] < 0; }

static void require_column(Refusals *r, const Required *q, int rows)
{
    const Column *c = &r->scan->cols[q->col];
    bool may_miss = q->is_time && r->scan->spec.rel->watermark.drop_null_time;
    bool may_be_null = q->is_time && r->scan->spec.rel->watermark.keep_null_time;
    bool is_needed = q->is_time || r->scan->spec.rel->cols[q->col].primary_key;
    if (!c->valid && !c->err) return;
    for (int i = 0; i < rows; i++) {
        if (!is_needed && is_end_of_row(&r->scan->current->batch, i)) continue;
        const RowError *e = col_is_err(c, i) ? column_error(c, i) : NULL;
        if (e) refuse(r, i, e->code, e->message);
        else if (!col_is_null(c, i)) continue;
        else if (may_miss) drop(r, i);
        else if (may_be_null) continue;
        else refuse_missing(r, q, i);
    }
}

static int64_t future_limit(const Scan *s, int64_t now)
{
    int64_t limit;
    return __builtin_add_overflow(now, s->max_future_us, &limit) ? INT64_MAX : limit;
}

static void refuse_future_row(Refusals *r, int row)
{
    const Batch *b = &r->scan->current->batch;
    refuse(r, row, WEIR_E_DATA, S("event time is further ahead of the clock than max_future allows"));
    if (r->tell) return;
    vec_push(&r->epoch->ws.rulings, &r->epoch->arena,
             (Ruling){r->scan->spec.rel->id, str_dup(&r->epoch->arena, r->part->name), b->generation,
                      b->offset[row], S("max_future"), r->epoch->now_us});
}

static void refuse_future(Refusals *r, const Column *time, int rows)
{
    int64_t limit = future_limit(r->scan, r->epoch->now_us);
    for (int i = 0; i < rows; i++)
        if (!bit_get(r->bad, i) && !col_is_null(time, i) && COL(int64_t, time)[col_at(time, i)] > limit)
            refuse_future_row(r, i);
}

/* Index of the first ruling on the partition at or past an offset. */
static int first_ruling(const ScanTarget *t, const Partition *part, uint32_t generation, uint64_t offset)
{
    int lo = 0, hi = t->nrefused;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        const Ruling *q = &t->refused[mid];
        int by_name = str_cmp(q->partition, part->name);
        bool is_before = by_name ? by_name < 0 : q->generation != generation ? q->generation < generation : q->offset < offset;
        if (is_before) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

/* Refuses the rows that were refused when they came, whatever the clock says now. */
static void follow_rulings(Refusals *r, const Batch *b, const Column *time)
{
    const ScanTarget *t = &r->scan->target;
    if (!t->nrefused || !b->rows || WEIR_PLANT("ruling-forgotten")) return;
    int at = first_ruling(t, r->part, b->generation, b->offset[0]);
    for (int i = 0; i < b->rows && at < t->nrefused; i++) {
        const Ruling *q = &t->refused[at];
        if (!str_eq(q->partition, r->part->name) || q->generation != b->generation) return;
        while (at < t->nrefused && t->refused[at].offset < b->offset[i]) at++;
        if (at == t->nrefused || t->refused[at].offset != b->offset[i]) continue;
        int64_t limit = future_limit(r->scan, t->refused[at].value);
        if (!bit_get(r->bad, i) && COL(int64_t, time)[col_at(time, i)] > limit) drop(r, i);
    }
}

static void judge_future(Refusals *r, const Batch *b)
{
    Scan *s = r->scan;
    if (s->max_future_us <= 0 || s->spec.rel->watermark.col < 0) return;
    const Column *time = &s->cols[s->spec.rel->watermark.col];
    if (s->is_private) follow_rulings(r, b, time);
    else if (!s->current->is_history) refuse_future(r, time, b->rows);
}

/* What the shared scan has not read yet comes to the readers through that one. */
static void leave_out_rest(Refusals *r, const Batch *b, const SavedPosition *until)
{
    for (int i = 0; i < b->rows; i++)
        if (!until || b->generation > until->generation ||
            (b->generation == until->generation && b->offset[i] >= until->offset))
            drop(r, i);
}

/* ---- judging ---------------------------------------------------------------------------------- */

/* Rulings have raised the partition's watermark: no row is judged by less. */
static void raise_judgement(Scan *s, Partition *part, const Batch *b)
{
    const ScanTarget *t = &s->target;
    int at = s->is_private && b->rows ? scan_raise_after(t, part, b->generation, b->offset[0]) : t->nraises;
    if (s->is_private && b->rows) part->floor = scan_raised(t, part, at);
    for (int i = 0; i < b->rows; i++) {
        for (; at < t->nraises && str_eq(t->raises[at].partition, part->name); at++) {
            const Ruling *r = &t->raises[at];
            if (r->generation != b->generation || r->offset > b->offset[i]) break;
            part->floor = r->value;
        }
        if (s->judge[i] < part->floor) s->judge[i] = part->floor;
    }
}

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

static int rows_when(Scan *s, const Batch *b, Epoch *e, uint16_t *sel)
{
    if (s->when) return expr_filter(s->when, b, &s->spec.eval, &e->batch, sel, NULL);
    for (int i = 0; i < b->rows; i++) sel[i] = (uint16_t)i;
    return b->rows;
}

/* NULL: all of them. */
static const uint64_t *rows_that_move(Scan *s, const Batch *b, Epoch *e)
{
    const Column *time = &s->cols[s->spec.rel->watermark.col];
    if (!s->when && !(s->spec.rel->watermark.keep_null_time && time->valid)) return NULL;
    uint64_t *moves = new (&e->batch, uint64_t, BATCH_WORDS);
    uint16_t *sel = new_raw(&e->batch, uint16_t, BATCH_ROWS_MAX);
    int n = rows_when(s, b, e, sel);
    for (int i = 0; i < n; i++)
        if (!col_is_null(time, sel[i])) bit_set(moves, sel[i]);
    return moves;
}

static void judge(Scan *s, Partition *part, Batch *b, const Refusals *r)
{
    b->judge_max = INT64_MIN;
    if (s->spec.rel->watermark.col < 0) return;
    judge_rows(s, part, b, r->any ? r->bad : NULL, rows_that_move(s, b, r->epoch));
    if (part->floor != INT64_MIN || s->target.nraises) raise_judgement(s, part, b);
    b->judge = s->judge;
    b->judge_max = partition_watermark(part);
}

/* ---- one batch -------------------------------------------------------------------------------- */

static void record_errors(Scan *s, Epoch *e, Partition *part, const SourceBatch *b)
{
    for (int i = 0; i < b->nerrors && !s->is_private; i++) {
        const StreamError *x = &b->errors[i];
        part->errors++;
        ErrorRow row = {.stream = s->spec.rel->name, .partition = part->name,
                        .generation = b->batch.generation, .offset = x->offset,
                        .code = str_z(status_name(x->code)), .message = x->message,
                        .raw = x->raw, .raw_bytes = x->raw_bytes};
        epoch_error(e, &row);
    }
}

/* Computed columns read physical and metadata columns only. */
static void compute_columns(Scan *s, Batch *b, Epoch *e)
{
    const Relation *r = s->spec.rel;
    s->cols = new_raw(&e->batch, Column, r->ncols);
    memcpy(s->cols, b->cols, (size_t)r->ncols * sizeof *s->cols);
    b->cols = s->cols;
    s->spec.eval.now_us = e->now_us;
    if (!s->ncomputed) return;
    Column *out = new (&e->batch, Column, s->ncomputed);
    expr_eval(s->computed, b, &s->spec.eval, &e->batch, out);
    for (int i = 0; i < s->ncomputed; i++) s->cols[s->computed_cols[i]] = out[i];
}

static void select_rows(Scan *s, Batch *b, const uint64_t *bad)
{
    int n = 0;
    for (int i = 0; i < b->rows; i++) {
        s->sel[n] = (uint16_t)i;
        n += !bit_get(bad, i);
    }
    b->sel = s->sel;
    b->nsel = n;
}

typedef struct Handing {
    Scan *scan;
    const Batch *batch;
} Handing;

static Query *reader_query(void *arg, int i) { return ((Handing *)arg)->scan->leaves.data[i]->query; }

static void push_to_reader(void *arg, int i)
{
    Handing *h = arg;
    Leaf *leaf = h->scan->leaves.data[i];
    query_enter(leaf->query, h->scan);
    leaf_push(leaf, h->batch);
    query_enter(leaf->query, NULL);
}

static void push_to_readers(Scan *s, Epoch *e, const Batch *b)
{
    Handing h = {s, b};
    CrewWork work = {(int)s->leaves.len, reader_query, push_to_reader, &h, batch_count(b)};
    if (crew_run(s->spec.crew, e, &work)) return;
    for (int i = 0; i < work.n; i++) push_to_reader(&h, i);
}

static Status stop_at_error(const Scan *s, Epoch *e)
{
    const ErrorRow *x = &e->earliest;
    Status st = diag_error(e->diags, WEIR_E_DATA, (Span){0}, "stream \"%.*s\" stops at offset %llu%s%.*s: %.*s",
                           STR_ARG(s->spec.rel->name), (unsigned long long)x->offset, x->partition.n ? " of " : "",
                           STR_ARG(x->partition), STR_ARG(x->message));
    diag_hint(e->diags, "repair the record and run again; on_error = 'skip' goes on without it");
    return st;
}

static void take_rows(Scan *s, Epoch *e, SourceBatch *sb, Partition *part)
{
    const SavedPosition *until = s->is_private ? scan_target_of(s, part->name) : NULL;
    sb->batch.generation += part->generation_base;
    if (until) sb->batch.label = until->label;
    Batch b = sb->batch;
    Refusals r = {.scan = s, .epoch = e, .part = part};
    if (s->is_private) leave_out_rest(&r, &b, until);
    record_errors(s, e, part, sb);
    compute_columns(s, &b, e);
    for (ptrdiff_t i = 0; i < s->required.len; i++) require_column(&r, &s->required.data[i], b.rows);
    judge_future(&r, &b);
    judge(s, part, &b, &r);
    if (r.any) select_rows(s, &b, r.bad);
    int n = batch_count(&b);
    part->rows += n;
    e->rows += n;
    if (n > 0) push_to_readers(s, e, &b);
}

void scan_refusals(Scan *s, Epoch *e, Batch *b, Partition *part, void (*tell)(Scan *s, uint64_t offset, Str message))
{
    Refusals r = {.scan = s, .epoch = e, .part = part, .tell = tell};
    compute_columns(s, b, e);
    for (ptrdiff_t i = 0; i < s->required.len; i++) require_column(&r, &s->required.data[i], b->rows);
    judge_future(&r, b);
}

uint64_t scan_first_offset(const SourceBatch *sb)
{
    const Batch *b = &sb->batch;
    uint64_t first = b->rows && b->offset ? b->offset[0] : UINT64_MAX;
    return sb->nerrors && sb->errors[0].offset < first ? sb->errors[0].offset : first;
}

Status scan_take(Scan *s, Epoch *e, SourceBatch *sb, Partition *part)
{
    int64_t errors = e->errors;
    e->has_earliest = false;
    scan_woke(s, e, part, sb->batch.generation, scan_first_offset(sb));
    s->batch_number++;
    s->current = sb;
    s->current_part = part;
    take_rows(s, e, sb, part);
    s->current = NULL;
    s->current_part = NULL;
    return s->on_error_fail && !s->is_private && e->errors > errors ? stop_at_error(s, e) : WEIR_OK;
}
