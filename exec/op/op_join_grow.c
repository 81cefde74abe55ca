/* op_join_grow.c: see grow.h. */
#include "exec/op/grow.h"
#include "base/datetime.h"

#include <assert.h>

/* ---- what is kept ------------------------------------------------------------------------------- */

static int64_t floor_of(int64_t t, int64_t width)
{
    int64_t n = t / width;
    return n - (t % width < 0);
}

static bool is_empty(uint8_t *group)
{
    const GrowKey *k = grow_key(group);
    return k->list[SIDE_LEFT].n + k->list[SIDE_RIGHT].n == 0;
}

static void await_window(Grow *g, uint8_t *group)
{
    grow_bucket_add(&g->side[SIDE_LEFT].buckets, join_window_end(&g->j, group), group);
}

/* Rows of a bucket lie together and go together. */
static bool has_rooms(const Grow *g) { return g->j.spec->match == JOIN_INTERVAL; }

GrowRoom *grow_room(Grow *g, int side, int64_t time)
{
    GrowSide *own = &g->side[side];
    if (has_rooms(g)) return grow_bucket_room(&own->buckets, floor_of(time, own->width));
    return g->are_lasting ? &g->room : NULL;
}

/* `bucket`: where time plays a part, the number of its own. */
static void enter(Grow *g, int side, uint8_t *group, uint8_t *row, int64_t bucket)
{
    const JoinSide *s = &g->j.side[side];
    GrowSide *own = &g->side[side];
    int64_t time = s->time_col >= 0 ? (int64_t)kept_words(&own->rows, row)[s->time_word] : 0;
    grow_row(row)->group = group;
    grow_list_add(&grow_key(group)->list[side], &g->j.keys.heap, (GrowEntry){time, row});
    own->live++;
    if (s->time_col >= 0) grow_bucket_add(&own->buckets, bucket, group);
}

void grow_load_row(Grow *g, int side, uint8_t *group, uint8_t *row)
{
    const JoinSide *s = &g->j.side[side];
    const GrowSide *own = &g->side[side];
    if (g->j.spec->match == JOIN_WINDOW && is_empty(group)) await_window(g, group);
    enter(g, side, group, row, s->time_col >= 0 ? floor_of((int64_t)kept_words(&own->rows, row)[s->time_word], own->width) : 0);
}

static void leave(Grow *g, int side, uint8_t *row)
{
    g->side[side].live--;
    if (has_rooms(g) && !g->are_saved) return; /* it is not looked at again */
    grow_row(row)->is_gone = true;
    vec_push(&g->gone, &g->j.epoch, row);
}

bool grow_has_left(const Grow *g, const uint8_t *row)
{
    const GrowRow *r = grow_row(row);
    const GrowSide *own = &g->side[r->side];
    if (!has_rooms(g) || own->left_until == INT64_MIN) return r->is_gone;
    return floor_of((int64_t)kept_words(&own->rows, row)[g->j.side[r->side].time_word], own->width) <= own->left_until;
}

/* Both lists of a key that state_ttl takes. */
static bool forget_key(void *arg, uint8_t *group, StateWriter *w)
{
    Grow *g = arg;
    for (int s = 0; s < SIDES; s++) {
        GrowList *l = &grow_key(group)->list[s];
        grow_delete_records(g, s, l, w);
        for (uint32_t i = 0; i < l->n; i++) kept_row_free(&g->side[s].rows, &g->j.keys.heap, grow_entries(l)[i].row);
        g->side[s].live -= l->n;
        grow_list_drop(l, &g->j.keys.heap, l->n);
    }
    return true;
}

static void begin(Grow *g)
{
    JoinOp *j = &g->j;
    if (j->is_settled) return;
    for (ptrdiff_t i = 0; i < g->gone.len && !has_rooms(g); i++) {
        uint8_t *row = g->gone.data[i];
        if (i + PREFETCH_KEYS < g->gone.len) __builtin_prefetch(g->gone.data[i + PREFETCH_KEYS]);
        kept_row_free(&g->side[grow_row(row)->side].rows, &j->keys.heap, row);
    }
    for (int s = 0; s < SIDES; s++) {
        grow_buckets_settle(&g->side[s].buckets);
        g->side[s].left_until = INT64_MIN;
    }
    memset(&g->gone, 0, sizeof g->gone);
    memset(&g->fresh, 0, sizeof g->fresh);
    j->closed_ends.data = NULL;
    j->closed_ends.len = j->closed_ends.cap = 0;
    arena_reset(&j->epoch);
    j->is_settled = true;
    group_table_settle(&j->keys);
    ttl_expire(&j->ttl, op_ttl_now(&j->op));
}

/* ---- rows that come in -------------------------------------------------------------------------- */

static int64_t time_plus(int64_t t, int64_t d)
{
    int64_t out;
    if (__builtin_add_overflow(t, d, &out)) return d > 0 ? INT64_MAX : INT64_MIN;
    return out;
}

/* Pairs of a row with those of a list whose times are near enough: right - before <= left <= right +
 * after. */
static void pair_near(Grow *g, int side, const Batch *b, int32_t row, int64_t t, GrowList *l)
{
    const JoinSpec *spec = g->j.spec;
    int64_t down = side == SIDE_LEFT ? spec->after_us : spec->before_us, up = side == SIDE_LEFT ? spec->before_us : spec->after_us;
    int64_t from = time_plus(t, -down), to = time_plus(t, up), passed = g->side[1 - side].passed;
    if (from <= passed) from = passed == INT64_MAX ? passed : passed + 1;
    const GrowEntry *e = grow_entries(l);
    for (uint32_t i = l->n > 8 ? grow_list_from(l, from) : 0; i < l->n && e[i].time <= to; i++)
        if (e[i].time >= from) grow_pair(g, side, b, row, e[i].row);
}

static void pair_all(Grow *g, int side, const Batch *b, int32_t row, GrowList *l)
{
    const GrowEntry *e = grow_entries(l);
    for (uint32_t i = 0; i < l->n; i++) grow_pair(g, side, b, row, e[i].row);
}

/* What a row of the other side meets. */
PREFETCHER void prefetch_rows(const GrowList *l)
{
    if (l->n > 0) __builtin_prefetch(l->is_many ? (const void *)(l->many + l->first + l->n - 1) : l->one.row);
}

static void pair_rows(Grow *g, int side, const Batch *b, const int32_t *rows, uint8_t *const *groups, int n)
{
    const JoinSide *s = &g->j.side[side];
    const Column *time = s->time_col >= 0 ? &b->cols[s->time_col] : NULL;
    for (int i = 0; i < n; i++) {
        if (i + PREFETCH_KEYS < n) prefetch_rows(&grow_key(groups[i + PREFETCH_KEYS])->list[1 - side]);
        GrowList *l = &grow_key(groups[i])->list[1 - side];
        if (l->n == 0) continue;
        if (time) pair_near(g, side, b, rows[i], COL(int64_t, time)[col_at(time, rows[i])], l);
        else pair_all(g, side, b, rows[i], l);
    }
    grow_pairs_flush(g, side, b);
}

/* How many of the rows stand in the bucket of the first, and its number. */
static int run_of(const Grow *g, int side, const Batch *b, const int32_t *rows, int n, int64_t *number)
{
    const JoinSide *s = &g->j.side[side];
    *number = 0;
    if (s->time_col < 0) return n;
    const Column *time = &b->cols[s->time_col];
    int64_t width = g->side[side].width, first = COL(int64_t, time)[col_at(time, rows[0])], end;
    int len = 1;
    *number = floor_of(first, width);
    if (__builtin_mul_overflow(*number + 1, width, &end)) return len;
    for (; len < n; len++) {
        int64_t t = COL(int64_t, time)[col_at(time, rows[len])];
        if (t >= end || t < end - width) break;
    }
    return len;
}

static void keep_run(Grow *g, int side, const Batch *b, const int32_t *rows, uint8_t *const *groups, uint8_t *const *kept, int n,
                     int64_t bucket)
{
    JoinSide *s = &g->j.side[side];
    for (int i = 0; i < n; i++) {
        assert(batch_weight(b, rows[i]) > 0);
        *grow_row(kept[i]) = (GrowRow){.number = s->next_number++, .weight = batch_weight(b, rows[i]), .side = (uint8_t)side};
        enter(g, side, groups[i], kept[i], bucket);
        vec_push(&g->fresh, &g->j.epoch, kept[i]);
        g->kept[rows[i]] = kept[i];
    }
}

static void keep_rows(Grow *g, int side, const Batch *b, const int32_t *rows, uint8_t *const *groups, int n, Arena *scratch)
{
    Column *cols = join_kept_columns(&g->j.side[side], b, rows, n, scratch);
    uint8_t **kept = new_raw(scratch, uint8_t *, n);
    g->kept = new_raw(scratch, uint8_t *, b->rows);
    for (int at = 0, len; at < n; at += len) {
        int64_t bucket;
        len = run_of(g, side, b, rows + at, n - at, &bucket);
        GrowRoom *room = has_rooms(g) ? grow_bucket_room(&g->side[side].buckets, bucket) : g->are_lasting ? &g->room : NULL;
        const KeptRows *k = &g->side[side].rows;
        if (room) room->bytes += kept_rows_make_in(k, &room->arena, cols, NULL, NULL, rows + at, len, kept + at);
        else kept_rows_make(k, &g->j.keys.heap, cols, NULL, NULL, rows + at, len, kept + at);
        keep_run(g, side, b, rows + at, groups + at, kept + at, len, bucket);
    }
}

static uint8_t **find_keys(Grow *g, int side, const Batch *b, const int32_t *rows, int n, Arena *scratch)
{
    JoinOp *j = &g->j;
    uint8_t **groups = new_raw(scratch, uint8_t *, n), **made = new_raw(scratch, uint8_t *, n);
    PackedKeys keys = key_pack(&j->key_layout, b->cols, j->side[side].keys, rows, n, scratch);
    int nmade = group_table_find(&j->keys, &keys, groups, made);
    if (j->ttl.span_us == 0) group_table_settle(&j->keys);
    for (int i = 0; j->spec->match == JOIN_WINDOW && i < nmade; i++) await_window(g, made[i]);
    return groups;
}

static void grow_push(Op *op, int port, const Batch *b)
{
    Grow *g = (Grow *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    begin(g);
    int32_t *rows;
    int n = join_take(&g->j, &g->j.side[port], b, &rows, scratch);
    if (n > 0) {
        uint8_t **groups = find_keys(g, port, b, rows, n, scratch);
        keep_rows(g, port, b, rows, groups, n, scratch);
        pair_rows(g, port, b, rows, groups, n);
    }
    arena_release(scratch, mark);
}

/* ---- rows that go ------------------------------------------------------------------------------- */

/* Rows of a key that stand before `end` in the order of time. */
static void drop_rows(Grow *g, int side, uint8_t *group, int64_t end, bool is_end)
{
    GrowList *l = &grow_key(group)->list[side];
    const GrowEntry *e = grow_entries(l);
    uint32_t n = 0;
    while (n < l->n && (is_end || e[n].time < end)) leave(g, side, e[n++].row);
    if (n == 0) return; /* they went with another row of the bucket, and maybe the key with them */
    grow_list_drop(l, &g->j.keys.heap, n);
    if (is_empty(group)) group_table_remove(&g->j.keys, group);
}

PREFETCHER void prefetch_first(uint8_t *group, int side)
{
    const GrowList *l = &grow_key(group)->list[side];
    if (l->is_many) __builtin_prefetch(l->many + l->first);
}

/* Rows of the side up to this time match nothing that is to come. */
static void expire(Grow *g, int side, int64_t limit)
{
    GrowSide *s = &g->side[side];
    if (limit > s->passed) s->passed = limit;
    const GrowBucket *bucket;
    while ((bucket = grow_bucket_take(&s->buckets, limit == INT64_MAX ? INT64_MAX : floor_of(limit, s->width) - 1))) {
        int64_t end;
        bool is_end = __builtin_mul_overflow(bucket->number + 1, s->width, &end);
        for (int64_t i = 0; i < bucket->n; i++) {
            if (i + PREFETCH_KEYS < bucket->n) __builtin_prefetch(bucket->items[i + PREFETCH_KEYS]);
            if (i + PREFETCH_LISTS < bucket->n) prefetch_first(bucket->items[i + PREFETCH_LISTS], side);
            drop_rows(g, side, bucket->items[i], end, is_end);
        }
        s->left_until = bucket->number;
    }
}

static void close_windows(Grow *g, int64_t end)
{
    const GrowBucket *bucket;
    while ((bucket = grow_bucket_take(&g->side[SIDE_LEFT].buckets, end))) {
        vec_push(&g->j.closed_ends, &g->j.epoch, bucket->number);
        for (int64_t i = 0; i < bucket->n; i++) {
            if (i + PREFETCH_KEYS < bucket->n) __builtin_prefetch(bucket->items[i + PREFETCH_KEYS]);
            for (int s = 0; s < SIDES; s++) {
                GrowList *l = &grow_key(bucket->items[i])->list[s];
                for (uint32_t k = 0; k < l->n; k++) leave(g, s, grow_entries(l)[k].row);
                grow_list_drop(l, &g->j.keys.heap, l->n);
            }
            group_table_remove(&g->j.keys, bucket->items[i]);
        }
    }
}

/* ---- an epoch ----------------------------------------------------------------------------------- */

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t flush_by_shape(Grow *g, int64_t watermark)
{
    const JoinSpec *spec = g->j.spec;
    const int64_t *w = g->j.op.port_watermark;
    if (spec->match == JOIN_WINDOW) {
        close_windows(g, watermark_minus(watermark, -g->j.window_tick));
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
    ttl_touch(&g->j.ttl, op_ttl_now(op));
    ttl_expire(&g->j.ttl, op_ttl_now(op));
    return flush_by_shape(g, watermark);
}

/* ---- making ------------------------------------------------------------------------------------- */

static void grow_close(Op *op)
{
    Grow *g = (Grow *)op;
    for (int s = 0; s < SIDES; s++) grow_buckets_free(&g->side[s].buckets);
    arena_free(&g->room.arena);
    join_close(op);
}

static int64_t grow_bytes(const Op *op)
{
    const Grow *g = (const Grow *)op;
    int64_t bytes = group_table_bytes(&g->j.keys) + g->room.bytes;
    for (int s = 0; s < SIDES; s++) bytes += grow_buckets_bytes(&g->side[s].buckets);
    return bytes;
}

/* Rows that have passed, but not with all of their bucket: they are the first of their lists. */
static int64_t passed_rows(Grow *g, int side)
{
    int64_t passed = g->side[side].passed, n = 0;
    if (!has_rooms(g) || passed == INT64_MIN || passed == INT64_MAX) return passed == INT64_MAX ? g->side[side].live : 0;
    for (uint32_t i = 0; i < g->j.keys.len; i++) {
        uint8_t *group = group_table_at(&g->j.keys, i);
        if (group) n += grow_list_from(&grow_key(group)->list[side], passed + 1);
    }
    return n;
}

static int64_t grow_rows(const Op *op)
{
    Grow *g = (Grow *)(uintptr_t)op;
    int64_t n = 0;
    for (int s = 0; s < SIDES; s++) n += g->side[s].live - passed_rows(g, s);
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
    if (s->match != JOIN_REGULAR && p->state_ttl_us > 0) return false;
    return !s->residual || !s->residual->is_volatile;
}

/* Buckets of an eighth of the time that rows stay for the sake of the interval, so that little stays longer. */
static int64_t bucket_width(int64_t reach)
{
    enum { LEAST_US = 100000 };
    return reach / 8 > LEAST_US ? reach / 8 : LEAST_US;
}

static KeptRows kept_of(const JoinSide *s)
{
    KeyLayout k = s->saved; /* without the key's address, whose word is the last */
    k.words = s->layout.words - 1;
    k.is_one_word = false;
    return kept_rows_new(&k, (int)((sizeof(GrowRow) + 7) / 8 * 8), false);
}

Status op_join_grow_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    Grow *g = new_one(a, Grow);
    JoinOp *j = &g->j;
    TRY(join_init(j, class_of(p->join->match), p, c, a, d));
    group_table_init(&j->keys, &j->key_layout, (int)sizeof(GrowKey) + ttl_payload(p->state_ttl_us));
    ttl_init(&j->ttl, p->state_ttl_us, &j->keys, forget_key, g);
    g->are_lasting = p->join->match == JOIN_REGULAR && p->state_ttl_us == 0;
    for (int s = 0; s < SIDES; s++) {
        g->side[s].rows = kept_of(&j->side[s]);
        g->side[s].width = bucket_width(s == SIDE_LEFT ? p->join->before_us : p->join->after_us);
        g->side[s].passed = g->side[s].saved_passed = g->side[s].left_until = INT64_MIN;
    }
    g->pairs.batch_rows = new_raw(a, int32_t, BATCH_ROWS_MAX);
    g->pairs.rows = new_raw(a, uint8_t *, BATCH_ROWS_MAX);
    g->pairs.own = new_raw(a, uint8_t *, BATCH_ROWS_MAX);
    g->pairs.weights = new_raw(a, int32_t, BATCH_ROWS_MAX);
    *out = &j->op;
    return WEIR_OK;
}
