/* op_join_grow.c: see grow.h. */
#include "exec/op/grow.h"
#include "base/prefetch.h"

#include <assert.h>
#include <stddef.h>

/* ---- what is kept ------------------------------------------------------------------------------- */

static int64_t floor_of(int64_t t, int64_t width)
{
    int64_t n = t / width;
    return n - (t % width < 0);
}

int64_t grow_bucket_of(const Grow *g, int side, const uint8_t *group, int64_t time)
{
    if (grow_is_timed(g)) return floor_of(time, g->side[side].width);
    return g->j.spec->match == JOIN_WINDOW ? join_window_end(&g->j, group) : 0;
}

static void begin(Grow *g)
{
    JoinOp *j = &g->j;
    if (j->is_settled) return;
    for (ptrdiff_t i = 0; i < g->dirty.len; i++) g->dirty.data[i]->is_dirty = false;
    for (int s = 0; s < SIDES; s++) grow_rows_settle(&g->side[s]);
    memset(&g->dirty, 0, sizeof g->dirty);
    arena_reset(&j->epoch);
    grow_sweep(g);
    memset(g->is_read, 0, (size_t)j->ncolumns * sizeof *g->is_read);
    op_read_columns(&j->op, g->is_read);
    j->is_settled = true;
}

/* ---- rows that come in -------------------------------------------------------------------------- */

/* The rows at work, their keys' entries, their times where these play a part. */
typedef struct Coming {
    Grow *g;
    int side;
    const Batch *b;
    const int32_t *rows;
    uint8_t **groups;
    int n;
    Arena *scratch;
} Coming;

static int64_t coming_time(const Coming *in, int i)
{
    const Column *time = &in->b->cols[in->g->j.side[in->side].time_col];
    return COL(int64_t, time)[col_at(time, in->rows[i])];
}

/* How many of the rows from `at` on stand in the bucket of that one. 0: it matches nothing that is to come. */
static int run_of_time(const Coming *in, int at, int64_t *bucket)
{
    const GrowSide *s = &in->g->side[in->side];
    int64_t first = coming_time(in, at), end;
    if (first <= s->passed) return 0;
    *bucket = floor_of(first, s->width);
    if (__builtin_mul_overflow(*bucket + 1, s->width, &end)) return 1;
    int64_t least = end - s->width > s->passed ? end - s->width : s->passed + 1;
    int len = 1;
    for (int64_t t; at + len < in->n && (t = coming_time(in, at + len)) >= least && t < end;) len++;
    return len;
}

static int run_of_window(const Coming *in, int at, int64_t *bucket)
{
    *bucket = join_window_end(&in->g->j, in->groups[at]);
    int len = 1;
    while (at + len < in->n && join_window_end(&in->g->j, in->groups[at + len]) == *bucket) len++;
    return len;
}

static int run_of(const Coming *in, int at, int64_t *bucket)
{
    *bucket = 0;
    switch (in->g->j.spec->match) {
    case JOIN_INTERVAL: return run_of_time(in, at, bucket);
    case JOIN_WINDOW: return run_of_window(in, at, bucket);
    case JOIN_REGULAR:
    case JOIN_ASOF:
    case JOIN_TEMPORAL:
    case JOIN_LOOKUP: break;
    }
    return in->n - at;
}

static void keep_run(const Coming *in, const Column *cols, int at, int n, int64_t bucket)
{
    Grow *g = in->g;
    for (int some; n > 0; n -= some, at += some) {
        GrowInput rows = {.cols = cols, .rows = in->rows + at, .groups = in->groups + at, .weights = in->b->weights, .n = n};
        GrowBlock *block = grow_rows_add(g, in->side, bucket, &rows, &some);
        int from = block->n - some;
        grow_chain_add(g, in->side, in->groups + at, block, from, some);
        for (int i = 0; i < some && g->are_lasting; i++) g->kept[in->rows[at + i]] = block->no << PLACE_BITS | (uint32_t)(from + i);
    }
}

static void keep_rows(const Coming *in)
{
    Grow *g = in->g;
    Column *cols = join_kept_columns(&g->j.side[in->side], in->b, in->rows, in->n, in->scratch);
    if (g->are_lasting) g->kept = new_raw(in->scratch, GrowPlace, in->b->rows);
    for (int at = 0, len; at < in->n; at += len) {
        int64_t bucket;
        len = run_of(in, at, &bucket);
        if (len > 0) keep_run(in, cols, at, len, bucket);
        else len = 1;
    }
}

static void find_keys(Coming *in)
{
    JoinOp *j = &in->g->j;
    in->groups = new_raw(in->scratch, uint8_t *, in->n);
    PackedKeys keys = key_pack(&j->key_layout, in->b->cols, j->side[in->side].keys, in->rows, in->n, in->scratch);
    group_table_find(&j->keys, &keys, in->groups, NULL);
    group_table_unlist(&j->keys);
}

/* ---- pairs -------------------------------------------------------------------------------------- */

static int64_t time_plus(int64_t t, int64_t d)
{
    int64_t out;
    if (__builtin_add_overflow(t, d, &out)) return d > 0 ? INT64_MAX : INT64_MIN;
    return out;
}

/* A row on its way along a chain of the other side: the times of those that it pairs with. */
typedef struct Walk {
    GrowPlace at;
    int32_t row;
    int64_t from, to;
} Walk;

/* What walks of a batch share. */
typedef struct Walking {
    const Coming *in;
    GrowBlock *const *blocks; /* of the other side */
    int other, time;
    int64_t down, up, passed; /* how far from a row's own time */
} Walking;

/* right - before <= left <= right + after. */
static Walking walking_of(const Coming *in)
{
    const JoinSpec *spec = in->g->j.spec;
    const GrowSide *other = &in->g->side[1 - in->side];
    bool is_left = in->side == SIDE_LEFT;
    return (Walking){.in = in, .blocks = other->blocks, .other = 1 - in->side, .time = other->time, .passed = other->passed,
                     .down = is_left ? spec->after_us : spec->before_us, .up = is_left ? spec->before_us : spec->after_us};
}

static inline const int64_t *times_of(const Walking *s, const GrowBlock *b) { return b->cols[s->time].data; }

PREFETCHER void prefetch_place(const Walking *s, GrowPlace p, bool is_timed)
{
    const GrowBlock *b = p ? s->blocks[place_block(p)] : NULL;
    if (!b) return;
    __builtin_prefetch(&b->next[place_row(p)]);
    if (is_timed) __builtin_prefetch(&times_of(s, b)[place_row(p)]);
}

static inline GrowPlace walk_begin(const Walking *s, int i, Walk *w, bool is_timed)
{
    uint8_t *group = s->in->groups[i];
    w->row = s->in->rows[i];
    w->at = grow_key(group)->first[s->other];
    if (!w->at) return 0;
    if (!is_timed) return w->at = s->blocks[place_block(w->at)] ? w->at : 0;
    int64_t t = coming_time(s->in, i);
    w->from = time_plus(t, -s->down);
    w->to = time_plus(t, s->up);
    if (w->from <= s->passed) w->from = s->passed == INT64_MAX ? s->passed : s->passed + 1;
    return w->at = w->from <= w->to ? grow_chain_enter(s->in->g, s->other, group, w->to) : 0;
}

/* One row further: false at the end. */
static inline bool walk_step(const Walking *s, Walk *w, bool is_timed)
{
    const GrowBlock *b = s->blocks[place_block(w->at)];
    uint32_t row = place_row(w->at);
    int64_t t = is_timed ? times_of(s, b)[row] : 0;
    if (is_timed && t < w->from) return false;
    GrowPlace next = b->next[row];
    if (!is_timed || t <= w->to) grow_pair(s->in->g, s->in->side, s->in->b, w->row, w->at);
    w->at = next;
    return next && s->blocks[place_block(next)];
}

/* All rows take their steps in turn, so that what these need is asked for well before. */
static inline __attribute__((always_inline)) void walk(const Walking *s, bool is_timed)
{
    const Coming *in = s->in;
    Walk *walks = new_raw(in->scratch, Walk, in->n), w;
    int n = 0;
    for (int i = 0; i < in->n; i++) {
        if (i + PREFETCH_KEYS < in->n) prefetch_place(s, grow_key(in->groups[i + PREFETCH_KEYS])->first[s->other], is_timed);
        if (walk_begin(s, i, &w, is_timed) && walk_step(s, &w, is_timed)) walks[n++] = w;
    }
    while (n > 0) {
        int left = 0;
        for (int i = 0; i < n; i++) {
            if (i + PREFETCH_KEYS < n) prefetch_place(s, walks[i + PREFETCH_KEYS].at, is_timed);
            w = walks[i];
            if (walk_step(s, &w, is_timed)) walks[left++] = w;
        }
        n = left;
    }
}

static void pair_rows(const Coming *in)
{
    const Walking s = walking_of(in);
    const GrowSide *other = &in->g->side[s.other];
    if (other->live == 0) return;
    in->g->pairs.are_plain = !in->b->weights && !other->has_weights;
    if (grow_is_timed(in->g)) walk(&s, true);
    else walk(&s, false);
    grow_pairs_flush(in->g, in->side, in->b);
}

static void grow_push(Op *op, int port, const Batch *b)
{
    Grow *g = (Grow *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    begin(g);
    int32_t *rows;
    Coming in = {.g = g, .side = port, .b = b, .scratch = scratch};
    in.n = join_take(&g->j, &g->j.side[port], b, &rows, scratch);
    in.rows = rows;
    if (in.n > 0) {
        find_keys(&in);
        keep_rows(&in);
        pair_rows(&in);
    }
    arena_release(scratch, mark);
}

/* ---- an epoch ----------------------------------------------------------------------------------- */

/* Rows of the side up to this time match nothing that is to come. */
static void expire(Grow *g, int side, int64_t limit)
{
    GrowSide *s = &g->side[side];
    if (limit > s->passed) s->passed = limit;
    while (grow_bucket_take(s, limit == INT64_MAX ? INT64_MAX : floor_of(limit, s->width) - 1)) continue;
}

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t flush_by_shape(Grow *g, int64_t watermark)
{
    const JoinSpec *spec = g->j.spec;
    const int64_t *w = g->j.op.port_watermark;
    if (spec->match == JOIN_WINDOW) {
        for (int s = 0; s < SIDES; s++)
            while (grow_bucket_take(&g->side[s], watermark_minus(watermark, -g->j.window_tick))) continue;
        return watermark;
    }
    if (spec->match == JOIN_REGULAR) return watermark == INT64_MAX ? INT64_MAX : INT64_MIN; /* no event time; it may have ended */
    int64_t left = watermark_minus(w[SIDE_RIGHT], spec->before_us), right = watermark_minus(w[SIDE_LEFT], spec->after_us);
    if (left > INT64_MIN) expire(g, SIDE_LEFT, left);
    if (right > INT64_MIN) expire(g, SIDE_RIGHT, right);
    return lesser(watermark, lesser(left, right));
}

static int64_t grow_flush(Op *op, int64_t watermark)
{
    Grow *g = (Grow *)op;
    begin(g);
    g->j.is_settled = false; /* by the next epoch */
    for (int s = 0; s < SIDES; s++) late_copies_count(&g->j.side[s].late);
    return flush_by_shape(g, watermark);
}

/* ---- making ------------------------------------------------------------------------------------- */

static void grow_close(Op *op)
{
    Grow *g = (Grow *)op;
    for (int s = 0; s < SIDES; s++) grow_rows_free(&g->side[s]);
    join_close(op);
}

static int64_t grow_bytes(const Op *op)
{
    const Grow *g = (const Grow *)op;
    int64_t bytes = group_table_bytes(&g->j.keys);
    for (int s = 0; s < SIDES; s++) bytes += grow_rows_bytes(&g->side[s]);
    return bytes;
}

/* Rows that have passed, but not with all of their bucket, which is the first. */
static int64_t passed_rows(const GrowSide *s)
{
    int64_t n = 0;
    for (int32_t i = s->ngone; i < s->nbuckets && s->passed > INT64_MIN; i++) {
        if (floor_of(s->passed, s->width) < s->buckets[i].number) break;
        for (const GrowBlock *b = s->buckets[i].blocks; b; b = b->older)
            for (int32_t row = 0; row < b->n; row++) n += grow_times(s, b)[row] <= s->passed;
    }
    return n;
}

static int64_t grow_rows(const Op *op)
{
    const Grow *g = (const Grow *)op;
    int64_t n = 0;
    for (int s = 0; s < SIDES; s++) n += g->side[s].live - (grow_is_timed(g) ? passed_rows(&g->side[s]) : 0);
    return n;
}

#define GROW_CLASS(what)                                                                                                       \
    {                                                                                                                          \
        .name = what, .push = grow_push, .row_error = join_row_error, .flush = grow_flush, .save = grow_save, .load = grow_load, \
        .close = grow_close, .state_bytes = grow_bytes, .state_rows = grow_rows, .tell = grow_tell,                            \
    }
static const OpClass regular_class = GROW_CLASS("join");
static const OpClass interval_class = GROW_CLASS("interval join");
static const OpClass window_class = GROW_CLASS("window join");

static const OpClass *class_of(JoinMatch match)
{
    switch (match) {
    case JOIN_REGULAR: return &regular_class;
    case JOIN_INTERVAL: return &interval_class;
    case JOIN_WINDOW: return &window_class;
    case JOIN_ASOF:
    case JOIN_TEMPORAL:
    case JOIN_LOOKUP: break;
    }
    return NULL;
}

bool op_join_grow_takes(const PhysOp *p)
{
    const JoinSpec *s = p->join;
    if (!class_of(s->match) || s->kind != JOIN_INNER || s->left_retracts || s->right_retracts) return false;
    if (s->match == JOIN_WINDOW && s->emit_final) return false; /* pairs wait for the window's end */
    if (p->state_ttl_us > 0) return false; /* rows go by their key */
    return !s->residual || !s->residual->is_volatile;
}

/* Buckets of an eighth of the time that rows stay for the sake of the interval, so that little stays longer. */
static int64_t bucket_width(int64_t reach)
{
    enum { LEAST_US = 100000 };
    return reach / 8 > LEAST_US ? reach / 8 : LEAST_US;
}

static void side_init(Grow *g, int side, Arena *a)
{
    const JoinSide *from = &g->j.side[side];
    GrowSide *s = &g->side[side];
    s->layout = from->saved; /* without the key's address, whose word is the last */
    s->layout.words = from->layout.words - 1;
    s->layout.is_one_word = false;
    s->has_nulls = new (a, bool, s->layout.ncols);
    for (int i = 0; i < from->ncols; i++)
        if (from->cols[i] == from->time_col) s->time = i;
    s->width = bucket_width(side == SIDE_LEFT ? g->j.spec->before_us : g->j.spec->after_us);
    s->passed = s->saved_passed = INT64_MIN;
}

Status op_join_grow_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    Grow *g = new_one(a, Grow);
    JoinOp *j = &g->j;
    TRY(join_init(j, class_of(p->join->match), p, c, a, d));
    group_table_init(&j->keys, &j->key_layout, grow_is_timed(g) ? (int)sizeof(GrowKey) : (int)offsetof(GrowKey, newest));
    g->are_lasting = p->join->match == JOIN_REGULAR;
    for (int s = 0; s < SIDES; s++) side_init(g, s, a);
    g->is_read = new (a, bool, j->ncolumns);
    g->pairs.batch_rows = new_raw(a, int32_t, BATCH_ROWS_MAX);
    g->pairs.places = new_raw(a, GrowPlace, BATCH_ROWS_MAX);
    g->pairs.own = new_raw(a, GrowPlace, BATCH_ROWS_MAX);
    g->pairs.weights = new_raw(a, int32_t, BATCH_ROWS_MAX);
    *out = &j->op;
    return WEIR_OK;
}
