/* op_count.c: windows of SIZE rows of a group, in the order of arrival, one every ADVANCE BY rows.
 *
 * Rows go into panes, runs of gcd(size, advance) rows that no window boundary crosses (where windows
 * do not overlap, a pane is a window and the rows between are in none). A window is a merge of its
 * panes, taken when its last row has come. Panes that no later window needs go. */
#include "base/plant.h"
#include "exec/op/state_rows.h"

#include <assert.h>

typedef struct CountPane {
    int64_t min, max;  /* event times in it; WINDOW_TIME_NONE: none */
    _Alignas(8) uint8_t cell[];
} CountPane;

/* Payload of a group. */
typedef struct CountGroup {
    int64_t rows;         /* arrived so far */
    int64_t first;        /* number of panes[0] */
    CountPane **panes;
    int32_t n, cap;
    int32_t shown;        /* its open window before the epoch, place + 1; 0: none */
    bool is_looked_at;    /* in this epoch */
} CountGroup;

/* A window's row: one that closed in the epoch, or an open one from before. */
typedef struct CountRow {
    uint8_t *group;
    int64_t window[3];    /* window_no, window_start, window_end */
    BeforeRef at;
    bool is_same;         /* old and new agree: nothing goes out */
} CountRow;

typedef VEC(CountRow) CountRows;

typedef struct CountOp {
    AggregateOp agg;
    int64_t size, advance;
    int64_t pane_rows, panes, step; /* rows of a pane; panes of a window; panes to the next one */
    int32_t time_col;
    GroupTable groups;
    StateHeap merged;
    CountRows closed, shown;        /* in the epoch's arena, as what follows */
    VEC(Column *) images;
} CountOp;

static CountGroup *count_group(uint8_t *group)
{
    return (CountGroup *)(void *)group;
}

static void count_begin(CountOp *s)
{
    if (s->agg.is_settled) return;
    for (uint32_t i = 0; i < s->groups.ntouched; i++) {
        CountGroup *g = count_group(s->groups.touched[i]);
        g->is_looked_at = false;
        g->shown = 0;
    }
    group_table_settle(&s->groups);
    s->closed.data = s->shown.data = NULL;
    s->closed.len = s->closed.cap = s->shown.len = s->shown.cap = 0;
    s->images.data = NULL;
    s->images.len = s->images.cap = 0;
    arena_reset(&s->agg.epoch);
    s->agg.is_settled = true;
}

/* ---- panes ------------------------------------------------------------------------------------ */

static ptrdiff_t pane_bytes(const CountOp *s)
{
    return (ptrdiff_t)sizeof(CountPane) + s->agg.aggs.cell_size;
}

static CountPane *pane_new(CountOp *s)
{
    CountPane *p = heap_alloc(&s->groups.heap, pane_bytes(s));
    memset(p, 0, (size_t)pane_bytes(s));
    p->min = p->max = WINDOW_TIME_NONE;
    return p;
}

static void pane_add(CountOp *s, CountGroup *g)
{
    if (g->n == g->cap) {
        int32_t cap = g->cap ? g->cap * 2 : 2;
        g->panes = heap_realloc(&s->groups.heap, g->panes, g->cap * (ptrdiff_t)sizeof *g->panes,
                                checked_mul(cap, sizeof *g->panes));
        g->cap = cap;
    }
    g->panes[g->n++] = pane_new(s);
}

/* The pane of the i-th row (from 0); -1: between windows. */
static int64_t pane_of(const CountOp *s, int64_t i)
{
    if (s->advance < s->size) return i / s->pane_rows;
    return i % s->advance < s->size ? i / s->advance : -1;
}

/* The window that the i-th row (from 0) closes, from 0; -1: none. */
static int64_t closed_by(const CountOp *s, int64_t i)
{
    if (i + 1 < s->size || (i + (WEIR_PLANT("count-from-zero") ? 0 : 1) - s->size) % s->advance != 0) return -1;
    return (i + 1 - s->size) / s->advance;
}

/* The next window to close of a group with so many rows, from 0. */
static int64_t next_window(const CountOp *s, int64_t rows)
{
    return rows < s->size ? 0 : (rows - s->size) / s->advance + 1;
}

static void drop_panes(CountOp *s, CountGroup *g)
{
    int64_t keep = next_window(s, g->rows) * s->step, gone = keep - g->first;
    if (gone <= 0) return;
    if (gone > g->n) gone = g->n;
    for (int64_t i = 0; i < gone; i++) {
        agg_set_destroy(&s->agg.aggs, &s->groups.heap, g->panes[i]->cell);
        heap_free(&s->groups.heap, g->panes[i], pane_bytes(s));
    }
    g->n -= (int32_t)gone;
    memmove(g->panes, g->panes + gone, (size_t)g->n * sizeof *g->panes);
    g->first = g->n ? g->first + gone : keep;
}

/* ---- windows ---------------------------------------------------------------------------------- */

/* A window, as far as its rows have come. */
typedef struct CountRun {
    uint8_t *group;
    int64_t no;       /* from 0 */
    CountPane **panes;
    int32_t n;
} CountRun;

static CountRun run_of(const CountOp *s, uint8_t *group, int64_t no)
{
    CountGroup *g = count_group(group);
    int64_t from = no * s->step - g->first, to = from + s->panes;
    if (to > g->n) to = g->n;
    assert(from >= 0);
    return (CountRun){group, no, g->panes + from, to > from ? (int32_t)(to - from) : 0};
}

/* The row of a window, but for its results. */
static CountRow row_of(const CountRun *run)
{
    CountRow r = {run->group, {run->no + 1, WINDOW_TIME_NONE, WINDOW_TIME_NONE}, {-1, 0}, false};
    for (int32_t i = 0; i < run->n; i++) {
        const CountPane *p = run->panes[i];
        if (p->min == WINDOW_TIME_NONE) continue;
        if (r.window[1] == WINDOW_TIME_NONE || p->min < r.window[1]) r.window[1] = p->min;
        if (p->max > r.window[2]) r.window[2] = p->max;
    }
    return r;
}

static const uint8_t *run_cell(CountOp *s, const CountRun *run, Arena *scratch)
{
    if (run->n == 1) return run->panes[0]->cell;
    uint8_t *cell = arena_alloc(scratch, s->agg.aggs.cell_size, 8);
    for (int32_t i = 0; i < run->n; i++)
        agg_set_merge(&s->agg.aggs, &s->merged, scratch, cell, run->panes[i]->cell, 1);
    return cell;
}

/* Appends the rows of n runs, results included. */
static void take_rows(CountOp *s, const CountRun *runs, ptrdiff_t n, CountRows *out, Arena *scratch)
{
    for (ptrdiff_t at = 0; at < n; at += BATCH_ROWS_MAX) {
        ArenaMark mark = arena_mark(scratch);
        int some = (int)(n - at < BATCH_ROWS_MAX ? n - at : BATCH_ROWS_MAX);
        const uint8_t **cells = new_raw(scratch, const uint8_t *, some);
        for (int i = 0; i < some; i++) cells[i] = run_cell(s, &runs[at + i], scratch);
        Column *image = new (&s->agg.epoch, Column, s->agg.aggs.n);
        agg_set_final(&s->agg.aggs, scratch, cells, some, image, &s->agg.epoch);
        heap_clear(&s->merged);
        for (int i = 0; i < some; i++) {
            CountRow r = row_of(&runs[at + i]);
            r.at = (BeforeRef){(int32_t)s->images.len, i};
            vec_push(out, &s->agg.epoch, r);
        }
        vec_push(&s->images, &s->agg.epoch, image);
        arena_release(scratch, mark);
    }
}

static bool has_open_rows(const CountOp *s, uint8_t *group)
{
    CountGroup *g = count_group(group);
    return run_of(s, group, next_window(s, g->rows)).n > 0;
}

/* ---- rows ------------------------------------------------------------------------------------- */

/* Remembers the open windows of the groups that the epoch meets for the first time. */
static void capture(CountOp *s, uint8_t *const *groups, int n, Arena *scratch)
{
    CountRun *runs = new_raw(scratch, CountRun, n);
    ptrdiff_t nruns = 0;
    for (int i = 0; i < n; i++) {
        CountGroup *g = count_group(groups[i]);
        if (g->is_looked_at) continue;
        g->is_looked_at = true;
        if (!has_open_rows(s, groups[i])) continue;
        runs[nruns++] = run_of(s, groups[i], next_window(s, g->rows));
        g->shown = (int32_t)(s->shown.len + nruns);
    }
    take_rows(s, runs, nruns, &s->shown, scratch);
}

static CountPane *place_row(CountOp *s, CountGroup *g)
{
    int64_t pane = pane_of(s, g->rows++);
    if (pane < 0) return NULL;
    while (pane >= g->first + g->n) pane_add(s, g);
    return g->panes[pane - g->first];
}

static void pane_time(CountPane *p, int64_t t)
{
    if (p->min == WINDOW_TIME_NONE || t < p->min) p->min = t;
    if (t > p->max) p->max = t;
}

static void push_rows(CountOp *s, const Batch *b, int32_t *rows, int n, Arena *scratch)
{
    AggregateOp *g = &s->agg;
    PackedKeys keys = key_pack(&g->keys, b->cols, g->op.plan->keys, rows, n, scratch);
    uint8_t **groups = new_raw(scratch, uint8_t *, n), **cells = new_raw(scratch, uint8_t *, n);
    group_table_find(&s->groups, &keys, groups, NULL);
    if (g->shows_changes) capture(s, groups, n, scratch);
    struct Closing {
        uint8_t *group;
        int64_t no;
    } *closing = arena_alloc_raw(scratch, checked_mul(n, sizeof *closing), 8);
    int taken = 0;
    ptrdiff_t nclosing = 0;
    for (int i = 0; i < n; i++) {
        CountGroup *group = count_group(groups[i]);
        int64_t no = closed_by(s, group->rows);
        CountPane *p = place_row(s, group);
        if (no >= 0) closing[nclosing++] = (struct Closing){groups[i], no};
        if (!p) continue;
        if (s->time_col >= 0 && !col_is_null(&b->cols[s->time_col], rows[i]))
            pane_time(p, COL(int64_t, &b->cols[s->time_col])[col_at(&b->cols[s->time_col], rows[i])]);
        rows[taken] = rows[i];
        cells[taken++] = p->cell;
    }
    agg_set_step(&g->aggs, &s->groups.heap, scratch, b, rows, taken, cells);
    CountRun *runs = new_raw(scratch, CountRun, nclosing);
    for (ptrdiff_t i = 0; i < nclosing; i++) runs[i] = run_of(s, closing[i].group, closing[i].no);
    take_rows(s, runs, nclosing, &s->closed, scratch);
    for (ptrdiff_t i = 0; i < n; i++) drop_panes(s, count_group(groups[i]));
}

static void count_push(Op *op, int port, const Batch *b)
{
    (void)port;
    CountOp *s = (CountOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    count_begin(s);
    int32_t *rows;
    int n = aggregate_rows(&s->agg, b, &rows, scratch);
    if (n > 0) push_rows(s, b, rows, n, scratch);
    arena_release(scratch, mark);
}

/* ---- output ----------------------------------------------------------------------------------- */

static bool rows_agree(const CountOp *s, const CountRow *a, const CountRow *b)
{
    if (memcmp(a->window, b->window, sizeof a->window) != 0) return false;
    for (int k = 0; k < s->agg.aggs.n; k++)
        if (!result_eq(&s->images.data[a->at.image][k], a->at.row, &s->images.data[b->at.image][k], b->at.row))
            return false;
    return true;
}

/* What was shown of the group's open window stays, if a new row says the same. */
static void match(CountOp *s, CountRow *now)
{
    int32_t shown = count_group(now->group)->shown;
    if (!shown || !rows_agree(s, now, &s->shown.data[shown - 1])) return;
    now->is_same = s->shown.data[shown - 1].is_same = true;
}

static void emit_rows(CountOp *s, const CountRows *rows, int weight)
{
    OutBuffer out;
    out_buffer_init(&out, &s->agg, &s->groups, weight, rows->len);
    for (ptrdiff_t i = 0; i < rows->len; i++) {
        const CountRow *r = &rows->data[i];
        if (!r->is_same) out_buffer_add(&out, r->group, r->window, s->images.data[r->at.image], r->at.row);
    }
    out_buffer_flush(&out);
    out_buffer_free(&out);
}

static void emit_changes(CountOp *s, Arena *scratch)
{
    CountRun *runs = new_raw(scratch, CountRun, s->groups.ntouched);
    ptrdiff_t n = 0;
    for (uint32_t i = 0; i < s->groups.ntouched; i++) {
        uint8_t *group = s->groups.touched[i];
        if (has_open_rows(s, group)) runs[n++] = run_of(s, group, next_window(s, count_group(group)->rows));
    }
    CountRows open = {0};
    take_rows(s, runs, n, &open, scratch);
    for (ptrdiff_t i = 0; i < s->closed.len; i++) match(s, &s->closed.data[i]);
    for (ptrdiff_t i = 0; i < open.len; i++) match(s, &open.data[i]);
    emit_rows(s, &s->shown, -1);
    emit_rows(s, &s->closed, 1);
    emit_rows(s, &open, 1);
}

static int64_t count_flush(Op *op, int64_t watermark)
{
    CountOp *s = (CountOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    count_begin(s);
    if (s->agg.shows_changes)
        emit_changes(s, scratch);
    else
        emit_rows(s, &s->closed, 1);
    arena_release(scratch, mark);
    s->agg.is_settled = false;
    return watermark == INT64_MAX ? INT64_MAX : INT64_MIN;
}

/* ---- records: key → rows, panes --------------------------------------------------------------- */

static void save_group(CountOp *s, uint8_t *group, StateWriter *w, Arena *scratch)
{
    ArenaMark mark = arena_mark(scratch);
    CountGroup *g = count_group(group);
    StrBuf key = {.arena = scratch}, value = {.arena = scratch};
    group_table_save_key(&s->groups, group, &key);
    agg_put_int(&value, g->rows);
    agg_put_int(&value, g->first);
    agg_put_int(&value, g->n);
    for (int32_t i = 0; i < g->n; i++) {
        sb_u64(&value, (uint64_t)g->panes[i]->min);
        sb_u64(&value, (uint64_t)g->panes[i]->max);
        agg_set_save(&s->agg.aggs, scratch, g->panes[i]->cell, &value);
    }
    state_put(w, (Str){0}, str_of(key.p, key.n), str_of(value.p, value.n));
    arena_release(scratch, mark);
}

static void count_save(Op *op, StateWriter *w, bool all)
{
    CountOp *s = (CountOp *)op;
    for (uint32_t i = 0; !all && i < s->groups.ntouched; i++) save_group(s, s->groups.touched[i], w, op->ctx->batch_scratch);
    for (uint32_t i = 0; all && i < s->groups.len; i++)
        save_group(s, group_table_at(&s->groups, i), w, op->ctx->batch_scratch);
}

static Status count_load(Op *op, Str space, Str key, Str value)
{
    CountOp *s = (CountOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    StrReader in = {.at = key.p, .end = key.p + key.n};
    uint64_t *words = new (scratch, uint64_t, s->agg.keys.words + 1);
    uint32_t nulls;
    if (space.n || !key_load(&s->agg.keys, &in, words, &nulls) || in.at != in.end) return WEIR_E_CORRUPT;
    bool is_new;
    CountGroup *g = count_group(group_table_add(&s->groups, words, nulls, key_hash(&s->agg.keys, words, nulls), &is_new));
    group_table_settle(&s->groups);
    in = (StrReader){.at = value.p, .end = value.p + value.n};
    g->rows = agg_get_int(&in);
    g->first = agg_get_int(&in);
    int64_t n = agg_get_int(&in);
    for (int64_t i = 0; i < n && !in.bad; i++) {
        pane_add(s, g);
        CountPane *p = g->panes[g->n - 1];
        p->min = (int64_t)sr_u64(&in);
        p->max = (int64_t)sr_u64(&in);
        TRY(agg_set_load(&s->agg.aggs, &s->groups.heap, scratch, p->cell, &in));
    }
    return in.bad || !is_new ? WEIR_E_CORRUPT : WEIR_OK;
}

/* ---- the class -------------------------------------------------------------------------------- */

static void count_close(Op *op)
{
    CountOp *s = (CountOp *)op;
    group_table_free(&s->groups);
    heap_clear(&s->merged);
    aggregate_close(&s->agg);
}

static int64_t count_bytes(const Op *op)
{
    return group_table_bytes(&((const CountOp *)op)->groups);
}

static int64_t count_rows(const Op *op)
{
    return ((const CountOp *)op)->groups.live;
}

static void count_tell(Op *op, StateRows *out)
{
    CountOp *s = (CountOp *)op;
    ArenaMark mark = arena_mark(out->scratch);
    uint8_t **groups = new_raw(out->scratch, uint8_t *, s->groups.live);
    uint32_t n = group_table_list(&s->groups, groups);
    group_table_sort(&s->groups, groups, n, out->scratch);
    for (uint32_t i = 0; i < n; i++) {
        const CountGroup *g = count_group(groups[i]);
        for (int32_t k = 0; k < g->n; k++) {
            uint8_t *cell = g->panes[k]->cell;
            TimeSpan times = {g->panes[k]->min, g->panes[k]->max};
            bool has_time = s->time_col >= 0 && times.start != WINDOW_TIME_NONE;
            StateCells c = {"pane", "time", &s->groups, &groups[i], &cell, 1, has_time ? &times : NULL};
            if (cell_row_count(cell) != 0) state_rows_cells(out, &s->agg, &c);
        }
    }
    arena_release(out->scratch, mark);
}

static const OpClass count_class = {
    .name = "count aggregate", .push = count_push, .row_error = aggregate_row_error, .flush = count_flush, .save = count_save, .load = count_load,
    .close = count_close, .state_bytes = count_bytes, .state_rows = count_rows,
    .tell = count_tell,
};

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

Status op_count_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    CountOp *s = new_one(a, CountOp);
    TRY(aggregate_init(&s->agg, &count_class, p, c, a, d));
    s->size = p->window->size_rows;
    s->advance = p->window->advance_rows > 0 ? p->window->advance_rows : s->size;
    if (s->size <= 0) return diag_error(d, WEIR_E_WINDOW, p->span, "the size of a window must be positive");
    bool overlaps = s->advance < s->size;
    s->pane_rows = overlaps ? gcd(s->size, s->advance) : s->size;
    s->panes = overlaps ? s->size / s->pane_rows : 1;
    s->step = overlaps ? s->advance / s->pane_rows : 1;
    s->time_col = p->window->time_col;
    group_table_init(&s->groups, &s->agg.keys, sizeof(CountGroup));
    *out = &s->agg.op;
    return WEIR_OK;
}
