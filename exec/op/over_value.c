/* over_value.c: values of calls for rows that stand together.
 *
 * An aggregate's frame moves over the rows: what enters is added to its state, what leaves is taken
 * out where the aggregate can, else the state is made anew. Where the frame begins with the
 * partition, the state over all rows is kept: seen from the last row backwards, rows are taken out
 * down to the changed ones; then the changed rows are in place, and forwards rows are added again.
 * So a row at the end costs one step. */
#include "exec/op/over.h"
#include "exec/op/aggregate.h"

#include <assert.h>

/* ---- frames without excluded rows --------------------------------------------------------------- */

/* What is left of a frame: up to three ranges. */
typedef struct Parts {
    Frame list[3];
    int n;
} Parts;

static void parts_add(Parts *p, int64_t from, int64_t to)
{
    if (from < to) p->list[p->n++] = (Frame){from, to};
}

/* The rows [from, to) of the partition, of the frame, that are not computed over. */
static Parts excluded(Places *p, const OverCall *call, int64_t i, Frame f)
{
    Parts out = {.n = 0};
    int64_t from = i, to = i + 1;
    if (call->frame.exclude == OVER_EXCLUDE_NONE) return out;
    if (call->frame.exclude != OVER_EXCLUDE_CURRENT) place_peers(p, i, &from, &to);
    if (from < f.from) from = f.from;
    if (to > f.to) to = f.to;
    if (call->frame.exclude != OVER_EXCLUDE_TIES) {
        parts_add(&out, from, to);
    } else {
        parts_add(&out, from, to < i ? to : i);
        parts_add(&out, from > i + 1 ? from : i + 1, to);
    }
    return out;
}

static Parts included(Places *p, const OverCall *call, int64_t i, Frame f)
{
    Parts gaps = excluded(p, call, i, f), out = {.n = 0};
    int64_t at = f.from;
    for (int k = 0; k < gaps.n; k++) {
        parts_add(&out, at, gaps.list[k].from);
        at = gaps.list[k].to;
    }
    parts_add(&out, at, f.to);
    return out;
}

/* ---- aggregates --------------------------------------------------------------------------------- */

/* A state over the rows [from, to). */
typedef struct Slide {
    Over *o;
    OverFn *fn;
    StateHeap *heap;
    uint8_t *cell;
    int64_t from, to;
    bool is_total;      /* may not be thrown away */
    bool moved;         /* since the last result */
} Slide;

static const int32_t *taken_back(void)
{
#define FOUR(x) x, x, x, x
#define SIXTEEN(x) FOUR(x), FOUR(x), FOUR(x), FOUR(x)
    static const int32_t WEIGHTS[PLACE_CHUNK] = {SIXTEEN(-1), SIXTEEN(-1), SIXTEEN(-1), SIXTEEN(-1)};
#undef SIXTEEN
#undef FOUR
    return WEIGHTS;
}

/* Rows [from, to) come to the cell, or go. */
static void slide_step(Slide *s, int64_t from, int64_t to, int sign)
{
    Arena *scratch = s->o->r.op.ctx->batch_scratch;
    uint8_t *cells[PLACE_CHUNK];
    int32_t rows[PLACE_CHUNK];
    while (from < to) {
        int n = 0, row;
        const Batch *b = NULL;
        do {
            b = place_row(&s->o->places, from++, &row);
            rows[n] = row;
            cells[n++] = s->cell;
        } while (from < to && from % PLACE_CHUNK);
        Batch part = *b;
        part.weights = sign > 0 ? NULL : taken_back();
        agg_set_step(&s->fn->set, s->heap, scratch, &part, rows, n, cells);
        s->moved = true;
    }
}

static void slide_reset(Slide *s, int64_t at)
{
    assert(!s->is_total);
    agg_set_destroy(&s->fn->set, s->heap, s->cell);
    s->from = s->to = at;
    s->moved = true;
}

/* Whether making it anew costs less than moving it, or moving is impossible. */
static bool must_reset(const Slide *s, Frame f)
{
    if (s->is_total) return false;
    if (s->to <= f.from || f.to <= s->from) return s->from < s->to;
    return !s->fn->can_take_back && (f.from > s->from || f.to < s->to);
}

static void slide_move(Slide *s, Frame f)
{
    if (f.to < f.from) f.to = f.from;
    if (must_reset(s, f)) slide_reset(s, f.from);
    if (s->from == s->to && !s->is_total) s->from = s->to = f.from;
    if (f.from < s->from) slide_step(s, f.from, s->from, 1);
    if (f.to > s->to) slide_step(s, s->to, f.to, 1);
    if (f.from > s->from) slide_step(s, s->from, f.from, -1);
    if (f.to < s->to) slide_step(s, f.to, s->to, -1);
    s->from = f.from;
    s->to = f.to;
}

static void slide_result(Slide *s, Column *out, int row)
{
    Arena *a = &s->o->results;
    Column one;
    const uint8_t *cell = s->cell;
    agg_set_final(&s->fn->set, s->o->r.op.ctx->batch_scratch, &cell, 1, &one, a);
    result_copy(out, a, row, &one, 0);
    s->moved = false;
}

/* Without the excluded rows: they are taken out and put back, or the rest is added up. */
static void excluding_result(Slide *s, int64_t i, Frame f, Column *out, int row)
{
    const OverCall *call = s->fn->call;
    Places *p = &s->o->places;
    if (s->fn->can_take_back) {
        slide_move(s, f);
        Parts gaps = excluded(p, call, i, f);
        for (int k = 0; k < gaps.n; k++) slide_step(s, gaps.list[k].from, gaps.list[k].to, -1);
        slide_result(s, out, row);
        for (int k = 0; k < gaps.n; k++) slide_step(s, gaps.list[k].from, gaps.list[k].to, 1);
        return;
    }
    Parts rest = included(p, call, i, f);
    slide_reset(s, 0);
    for (int k = 0; k < rest.n; k++) slide_step(s, rest.list[k].from, rest.list[k].to, 1);
    slide_result(s, out, row);
}

static void aggregate_row(Slide *s, OverValues *v, int fn, int64_t i, int64_t last)
{
    Column *out = over_column(v, fn, i);
    int row = (int)((i - v->from) % BATCH_ROWS_MAX);
    Frame f = over_frame(&s->o->places, s->fn, i);
    if (f.to < f.from) f.to = f.from;
    if (s->fn->call->frame.exclude != OVER_EXCLUDE_NONE) {
        excluding_result(s, i, f, out, row);
        return;
    }
    slide_move(s, f);
    if (s->moved || last < 0)
        slide_result(s, out, row);
    else
        result_copy(out, &s->o->results, row, over_column(v, fn, last), (int)((last - v->from) % BATCH_ROWS_MAX));
}

static uint8_t *total_of(const OverFn *fn, uint8_t *part)
{
    return part + fn->total_at;
}

/* Backwards, from the state over all rows down to what stays. */
static void total_before(Over *o, OverFn *fn, int at, uint8_t *part, OverValues *v, int64_t keep)
{
    Slide s = {.o = o, .fn = fn, .heap = &o->r.parts.heap, .cell = total_of(fn, part), .to = o->places.n, .is_total = true};
    s.moved = true;
    for (int64_t i = v->to - 1; i >= v->from; i--) aggregate_row(&s, v, at, i, i + 1 < v->to ? i + 1 : -1);
    slide_move(&s, (Frame){0, s.to < keep ? s.to : keep});
    fn->total_to = s.to;
}

static void total_after(Over *o, OverFn *fn, int at, uint8_t *part, OverValues *v)
{
    Slide s = {.o = o, .fn = fn, .heap = &o->r.parts.heap, .cell = total_of(fn, part), .to = fn->total_to, .is_total = true};
    s.moved = true;
    for (int64_t i = v->from; i < v->to; i++) aggregate_row(&s, v, at, i, i > v->from ? i - 1 : -1);
    slide_move(&s, (Frame){0, o->places.n});
}

/* In the order of time nothing comes before what has been added. */
static void total_onwards(Over *o, OverFn *fn, int at, uint8_t *part, OverValues *v)
{
    int64_t *reach = (int64_t *)(void *)(part + fn->reach_at);
    Slide s = {.o = o, .fn = fn, .heap = &o->r.parts.heap, .cell = total_of(fn, part), .to = *reach, .is_total = true};
    s.moved = true;
    for (int64_t i = v->from; i < v->to; i++) aggregate_row(&s, v, at, i, i > v->from ? i - 1 : -1);
    *reach = s.to;
}

static void moving_frame(Over *o, OverFn *fn, int at, OverValues *v)
{
    Slide s = {.o = o, .fn = fn, .heap = &o->heap, .cell = fn->cell, .moved = true};
    for (int64_t i = v->from; i < v->to; i++) aggregate_row(&s, v, at, i, i > v->from ? i - 1 : -1);
    agg_set_destroy(&fn->set, s.heap, s.cell);
}

/* ---- values of other rows ----------------------------------------------------------------------- */

static const Column *argument(Over *o, const OverFn *fn, int arg, int64_t i, int *row)
{
    const Batch *b = place_row(&o->places, i, row);
    return &b->cols[fn->call->args[arg]];
}

static bool is_null_at(Over *o, const OverFn *fn, int64_t i)
{
    int row;
    const Column *c = argument(o, fn, 0, i, &row);
    return col_is_null(c, row);
}

/* The value of argument `arg` at place i; -1: NULL. */
static void take_value(Over *o, const OverFn *fn, int arg, int64_t i, Column *out, int row)
{
    if (i < 0) {
        column_set_null(out, &o->results, row);
        return;
    }
    int at;
    const Column *c = argument(o, fn, arg, i, &at);
    result_copy(out, &o->results, row, c, at);
}

/* A number that says which row. False: it is NULL, and so is the result. */
static bool number_at(Over *o, const OverFn *fn, int arg, int64_t i, int64_t *out)
{
    int row;
    const Column *c = argument(o, fn, arg, i, &row);
    if (col_is_null(c, row)) return false;
    *out = COL(int64_t, c)[row];
    return true;
}

static void shifted_row(Over *o, const OverFn *fn, int64_t i, Column *out, int row)
{
    const OverCall *c = fn->call;
    int64_t k = 1, n = o->places.n, at = i;
    if (c->nargs > 1 && !number_at(o, fn, 1, i, &k)) {
        column_set_null(out, &o->results, row);
        return;
    }
    int step = (c->func == OVER_LAG) == (k >= 0) ? -1 : 1;
    uint64_t far = k >= 0 ? (uint64_t)k : -(uint64_t)k;
    if (!c->ignore_nulls) {
        uint64_t room = (uint64_t)(step < 0 ? i : n - 1 - i);
        at = far > room ? -1 : i + step * (int64_t)far;
    } else {
        while (far > 0 && (at += step) >= 0 && at < n) far -= !is_null_at(o, fn, at);
    }
    if (at >= 0 && at < n)
        take_value(o, fn, 0, at, out, row);
    else
        take_value(o, fn, 2, c->nargs > 2 ? i : -1, out, row);
}

/* The k-th row (from 1) of the parts that counts, from the front or the back; -1: there is none. */
static int64_t nth_row(Over *o, const OverFn *fn, const Parts *parts, int64_t k, bool from_back)
{
    for (int p = 0; p < parts->n; p++) {
        Frame f = parts->list[from_back ? parts->n - 1 - p : p];
        if (!fn->call->ignore_nulls) {
            if (k <= f.to - f.from) return from_back ? f.to - k : f.from + k - 1;
            k -= f.to - f.from;
            continue;
        }
        for (int64_t i = 0; i < f.to - f.from; i++) {
            int64_t at = from_back ? f.to - 1 - i : f.from + i;
            if (!is_null_at(o, fn, at) && --k == 0) return at;
        }
    }
    return -1;
}

static void fault(Over *o, Column *out, int row, Str message)
{
    column_set_null(out, &o->results, row);
    column_set_err(out, &o->results, row, WEIR_E_VALUE, message);
}

static void framed_row(Over *o, OverFn *fn, int64_t i, Column *out, int row)
{
    int64_t k = 1;
    bool is_nth = fn->call->func == OVER_NTH_VALUE;
    if (is_nth && !number_at(o, fn, 1, i, &k)) {
        column_set_null(out, &o->results, row);
    } else if (k <= 0) {
        fault(o, out, row, S("nth_value counts from 1"));
    } else {
        Parts parts = included(&o->places, fn->call, i, over_frame(&o->places, fn, i));
        take_value(o, fn, 0, nth_row(o, fn, &parts, k, fn->call->func == OVER_LAST_VALUE), out, row);
    }
}

/* ---- ranks -------------------------------------------------------------------------------------- */

static void tile_row(Over *o, const OverFn *fn, int64_t i, Column *out, int row)
{
    int64_t buckets, n = o->places.n;
    if (!number_at(o, fn, 0, i, &buckets)) {
        column_set_null(out, &o->results, row);
    } else if (buckets <= 0) {
        fault(o, out, row, S("ntile takes a number of buckets greater than 0"));
    } else {
        int64_t size = n / buckets, larger = n % buckets; /* so many buckets have a row more */
        int64_t in_larger = larger * (size + 1);
        COL(int64_t, out)[row] = i < in_larger ? i / (size + 1) + 1 : larger + (i - in_larger) / size + 1;
    }
}

static void rank_row(Over *o, OverFn *fn, int64_t i, Column *out, int row)
{
    Places *p = &o->places;
    int64_t from, to;
    place_peers(p, i, &from, &to);
    switch (fn->call->func) {
    case OVER_RANK: COL(int64_t, out)[row] = o->gone + from + 1; break;
    case OVER_PERCENT_RANK: COL(double, out)[row] = p->n > 1 ? (double)from / (double)(p->n - 1) : 0; break;
    case OVER_CUME_DIST: COL(double, out)[row] = (double)to / (double)p->n; break;
    case OVER_ROW_NUMBER:
    case OVER_DENSE_RANK:
    case OVER_NTILE:
    case OVER_LAG:
    case OVER_LEAD:
    case OVER_FIRST_VALUE:
    case OVER_LAST_VALUE:
    case OVER_NTH_VALUE:
    case OVER_AGGREGATE: break;
    }
}

int64_t over_groups_before(Places *p, int64_t i)
{
    int64_t groups = 0, from, to = 0;
    for (int64_t at = 0; at < p->n; at = to, groups++) {
        place_peers(p, at, &from, &to);
        if (i < to) break;
    }
    return groups;
}

static void dense_ranks(Over *o, OverValues *v, int at)
{
    Places *p = &o->places;
    if (v->from >= v->to) return;
    int64_t rank = o->gone_groups + over_groups_before(p, v->from) + 1, from, to, group_end;
    place_peers(p, v->from, &from, &group_end);
    for (int64_t i = v->from; i < v->to; i++) {
        if (i >= group_end) {
            place_peers(p, i, &from, &to);
            group_end = to;
            rank++;
        }
        COL(int64_t, over_column(v, at, i))[(i - v->from) % BATCH_ROWS_MAX] = rank;
    }
}

static void one_row(Over *o, OverFn *fn, int64_t i, Column *out, int row)
{
    switch (fn->call->func) {
    case OVER_ROW_NUMBER: COL(int64_t, out)[row] = o->gone + i + 1; break;
    case OVER_RANK:
    case OVER_PERCENT_RANK:
    case OVER_CUME_DIST: rank_row(o, fn, i, out, row); break;
    case OVER_NTILE: tile_row(o, fn, i, out, row); break;
    case OVER_LAG:
    case OVER_LEAD: shifted_row(o, fn, i, out, row); break;
    case OVER_FIRST_VALUE:
    case OVER_LAST_VALUE:
    case OVER_NTH_VALUE: framed_row(o, fn, i, out, row); break;
    case OVER_DENSE_RANK: /* whole runs at once */
    case OVER_AGGREGATE: break;
    }
}

/* ---- a run of rows ------------------------------------------------------------------------------ */

static OverValues values_new(Over *o, int64_t from, int64_t to)
{
    OverValues v = {.from = from, .to = to, .nfns = o->nfns};
    int64_t blocks = (to - from + BATCH_ROWS_MAX - 1) / BATCH_ROWS_MAX;
    v.cols = new (&o->results, Column, blocks * o->nfns);
    for (int64_t b = 0; b < blocks; b++)
        for (int k = 0; k < o->nfns; k++) {
            int64_t left = to - from - b * BATCH_ROWS_MAX;
            int n = (int)(left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX);
            v.cols[b * o->nfns + k] = column_new(&o->results, o->fns[k].call->type, n);
        }
    return v;
}

static void aggregate_rows_of(Over *o, int at, uint8_t *part, OverValues *v, OverPass pass, int64_t keep)
{
    OverFn *fn = &o->fns[at];
    if (!fn->has_total || pass == OVER_CLOSED)
        moving_frame(o, fn, at, v);
    else if (pass == OVER_FINAL)
        total_onwards(o, fn, at, part, v);
    else if (pass == OVER_WAS)
        total_before(o, fn, at, part, v, keep);
    else
        total_after(o, fn, at, part, v);
}

/* The first time, and after a restart: the rows that are there; by time nothing yet. */
void over_totals_make(Over *o, uint8_t *part)
{
    OverPartition *p = (OverPartition *)(void *)part;
    if (p->has_totals) return;
    p->has_totals = true;
    for (int k = 0; k < o->nfns; k++) {
        OverFn *fn = &o->fns[k];
        if (!fn->has_total) continue;
        Slide s = {.o = o, .fn = fn, .heap = &o->r.parts.heap, .cell = total_of(fn, part), .is_total = true};
            if (!o->by_time) slide_move(&s, (Frame){0, o->places.n});
    }
}

void over_totals_free(Over *o, uint8_t *part)
{
    OverPartition *p = (OverPartition *)(void *)part;
    for (int k = 0; k < o->nfns && p->has_totals; k++)
        if (o->fns[k].has_total) agg_set_destroy(&o->fns[k].set, &o->r.parts.heap, total_of(&o->fns[k], part));
    p->has_totals = false;
}

OverValues over_values(Over *o, uint8_t *part, int64_t from, int64_t to, OverPass pass, int64_t keep)
{
    if (pass == OVER_WAS || pass == OVER_FINAL) over_totals_make(o, part);
    OverValues v = values_new(o, from, to);
    for (int k = 0; k < o->nfns; k++) {
        OverFn *fn = &o->fns[k];
        if (fn->call->func == OVER_AGGREGATE)
            aggregate_rows_of(o, k, part, &v, pass, keep);
        else if (fn->call->func == OVER_DENSE_RANK)
            dense_ranks(o, &v, k);
        else
            for (int64_t i = from; i < to; i++)
                one_row(o, fn, i, over_column(&v, k, i), (int)((i - from) % BATCH_ROWS_MAX));
    }
    return v;
}
