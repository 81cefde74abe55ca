/* op_session.c: sessions over append-only input.
 *
 * A batch is taken in two passes. First each row finds its place: it begins a session, extends
 * one, or bridges two, of which the later goes into the earlier. Then, before-images taken and
 * absorbed cells merged, all rows step into the cells of the sessions they ended up in.
 * A session closes when the watermark reaches its last row + gap + grace; one whose end has moved
 * since it was put into the heap is put back, so a row costs nothing there. */
#include "base/plant.h"
#include "exec/op/due_heap.h"
#include "exec/op/session.h"
#include "exec/op/state_rows.h"

#include <assert.h>

/* A session touched in the epoch, as it was before. */
typedef struct TouchedSession {
    Session *session;
    int64_t min, max;
    BeforeRef before;
} TouchedSession;

typedef struct SessionOp {
    AggregateOp agg;
    int64_t gap;
    GroupTable groups;          /* payload: SessionList */
    DueHeap due;                /* sessions by the end they had when they were put in */
    VEC(TouchedSession) touched; /* in the epoch's arena, as what follows */
    VEC(Column *) images;
    VEC(Session *) ended;        /* absorbed or closed in the epoch */
    int64_t live;
} SessionOp;

/* ---- sessions --------------------------------------------------------------------------------- */

static ptrdiff_t session_bytes(const SessionOp *s)
{
    return (ptrdiff_t)sizeof(Session) + s->agg.aggs.cell_size;
}

static void session_free(SessionOp *s, Session *e)
{
    heap_free(&s->groups.heap, e, session_bytes(s));
}

static Session *session_new(SessionOp *s, uint8_t *group, int64_t t)
{
    Session *e = heap_alloc(&s->groups.heap, session_bytes(s));
    memset(e, 0, (size_t)session_bytes(s));
    e->group = group;
    e->min = e->max = t;
    s->live++;
    return e;
}

static void session_await(SessionOp *s, Session *e)
{
    if (s->agg.window->by_value) return;
    due_heap_add(&s->due, e->max + s->gap, e);
    e->in_heap = true;
}

static void session_touch(SessionOp *s, Session *e)
{
    if (e->touched) return;
    vec_push(&s->touched, &s->agg.epoch, (TouchedSession){e, e->min, e->max, {-1, 0}});
    e->touched = (int32_t)s->touched.len;
}

/* It is no longer one of its group's: its cell is empty or of no more use. */
static void session_end(SessionOp *s, Session *e)
{
    e->is_dead = e->is_listed = true;
    s->live--;
    vec_push(&s->ended, &s->agg.epoch, e);
}

static void session_begin(SessionOp *s)
{
    if (s->agg.is_settled) return;
    for (ptrdiff_t i = 0; i < s->touched.len; i++) s->touched.data[i].session->touched = 0;
    for (ptrdiff_t i = 0; i < s->ended.len; i++) {
        Session *e = s->ended.data[i];
        e->is_listed = false;
        if (!e->in_heap) session_free(s, e);
    }
    for (uint32_t i = 0; i < s->groups.ntouched; i++) {
        uint8_t *group = s->groups.touched[i];
        group_head(&s->groups, group)->touched = 0;
        if (((SessionList *)(void *)group)->n == 0) group_table_remove(&s->groups, group);
    }
    s->groups.ntouched = 0;
    s->touched.data = NULL;
    s->images.data = NULL;
    s->ended.data = NULL;
    s->touched.len = s->touched.cap = s->images.len = s->images.cap = s->ended.len = s->ended.cap = 0;
    arena_reset(&s->agg.epoch);
    s->agg.is_settled = true;
}

/* ---- rows to sessions ------------------------------------------------------------------------- */

typedef struct Absorption {
    Session *left, *right;
} Absorption;

typedef struct SessionBatch {
    Session **of_row;
    Absorption *absorbed;
    int32_t n, nabsorbed;
} SessionBatch;

static Session *place_row(SessionOp *s, uint8_t *group, int64_t t, SessionBatch *batch)
{
    SessionList *l = (SessionList *)(void *)group;
    uint32_t at = session_after(l, t);
    Session *left = at > 0 ? session_items(l)[at - 1] : NULL, *right = at < l->n ? session_items(l)[at] : NULL;
    if (left && t > left->max && t - left->max > s->gap) left = NULL;
    if (right && right->min - t > s->gap) right = NULL;
    if (right && cell_row_count(right->cell) && WEIR_PLANT("session-merge-forgotten")) right = left ? NULL : right;
    Session *e = left ? left : right;
    if (!e) {
        e = session_new(s, group, t);
        session_await(s, e);
        session_touch(s, e);
        session_insert(l, &s->groups.heap, at, e);
        return e;
    }
    session_touch(s, e);
    if (t > e->max) e->max = t;
    if (t < e->min) e->min = t;
    if (left && right) {
        session_touch(s, right);
        left->max = right->max;
        right->into = left;
        batch->absorbed[batch->nabsorbed++] = (Absorption){left, right};
        session_remove(l, &s->groups.heap, at);
    }
    return e;
}

/* Results of the sessions touched since `from`, but for those made since. */
static void take_before(SessionOp *s, ptrdiff_t from, Arena *scratch)
{
    ptrdiff_t to = s->touched.len;
    const uint8_t **cells = new_raw(scratch, const uint8_t *, to - from);
    TouchedSession **taken = new_raw(scratch, TouchedSession *, to - from);
    int n = 0;
    for (ptrdiff_t i = from; i < to; i++) {
        TouchedSession *t = &s->touched.data[i];
        if (cell_row_count(t->session->cell) == 0) continue;
        taken[n] = t;
        cells[n++] = t->session->cell;
    }
    for (int at = 0; at < n; at += BATCH_ROWS_MAX) {
        int some = n - at < BATCH_ROWS_MAX ? n - at : BATCH_ROWS_MAX;
        Column *image = new (&s->agg.epoch, Column, s->agg.aggs.n);
        agg_set_final(&s->agg.aggs, scratch, cells + at, some, image, &s->agg.epoch);
        for (int i = 0; i < some; i++) taken[at + i]->before = (BeforeRef){(int32_t)s->images.len, i};
        vec_push(&s->images, &s->agg.epoch, image);
    }
}

static void absorb(SessionOp *s, const SessionBatch *batch, Arena *scratch)
{
    for (int32_t i = 0; i < batch->nabsorbed; i++) {
        Absorption *a = &batch->absorbed[i];
        agg_set_merge(&s->agg.aggs, &s->groups.heap, scratch, a->left->cell, a->right->cell, 1);
        agg_set_destroy(&s->agg.aggs, &s->groups.heap, a->right->cell);
        session_end(s, a->right);
    }
}

/* Rows at or before this time are late. */
static int64_t late_limit(const SessionOp *s, const Batch *b, int row)
{
    int64_t j = batch_judge(b, row), limit;
    if (s->agg.window->by_value) return INT64_MIN;
    if (j < s->agg.closed_at) j = s->agg.closed_at;
    return __builtin_sub_overflow(j, s->agg.grace, &limit) ? INT64_MIN : limit;
}

static int drop_late(SessionOp *s, const Batch *b, const int64_t *time, int32_t *rows, int n)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (time[rows[i]] > late_limit(s, b, rows[i]))
            rows[kept++] = rows[i];
        else
            aggregate_late(&s->agg, b, rows[i], time[rows[i]], time[rows[i]] + s->agg.window->size_us);
    }
    return kept;
}

static void push_rows(SessionOp *s, const Batch *b, int32_t *rows, int n, Arena *scratch)
{
    const int64_t *time = aggregate_times(b, s->agg.window->time_col, scratch);
    n = drop_late(s, b, time, rows, n);
    if (n == 0) return;
    PackedKeys keys = key_pack(&s->agg.keys, b->cols, s->agg.op.plan->keys, rows, n, scratch);
    uint8_t **groups = new_raw(scratch, uint8_t *, n);
    group_table_find(&s->groups, &keys, groups, NULL);
    SessionBatch batch = {new_raw(scratch, Session *, n), new_raw(scratch, Absorption, n), n, 0};
    ptrdiff_t touched = s->touched.len;
    for (int i = 0; i < n; i++) {
        assert(batch_weight(b, rows[i]) > 0);
        batch.of_row[i] = place_row(s, groups[i], time[rows[i]], &batch);
    }
    if (s->agg.shows_changes) take_before(s, touched, scratch);
    absorb(s, &batch, scratch);
    for (int i = 0; i < n; i++) {
        Session *e = batch.of_row[i];
        while (e->into) e = e->into;
        groups[i] = e->cell;
    }
    agg_set_step(&s->agg.aggs, &s->groups.heap, scratch, b, rows, n, groups);
}

static void session_push(Op *op, int port, const Batch *b)
{
    (void)port;
    SessionOp *s = (SessionOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    session_begin(s);
    int32_t *rows;
    int n = aggregate_rows(&s->agg, b, &rows, scratch);
    if (n > 0) push_rows(s, b, rows, n, scratch);
    arena_release(scratch, mark);
}

/* ---- output ----------------------------------------------------------------------------------- */

static bool results_differ(const SessionOp *s, const Column *a, int i, const Column *b, int j)
{
    for (int k = 0; k < s->agg.aggs.n; k++)
        if (!result_eq(&a[k], i, &b[k], j)) return true;
    return false;
}

/* Results of n sessions, dead ones included (their rows hold anything). */
static Column *session_results(const SessionOp *s, Session *const *sessions, int n, Arena *scratch)
{
    const uint8_t **cells = new_raw(scratch, const uint8_t *, n);
    Column *results = new (scratch, Column, s->agg.aggs.n);
    for (int i = 0; i < n; i++) cells[i] = sessions[i]->cell;
    agg_set_final(&s->agg.aggs, scratch, cells, n, results, scratch);
    return results;
}

static void emit_change(SessionOp *s, const TouchedSession *t, const Column *now, int at, OutBuffer *gone, OutBuffer *come)
{
    const Session *e = t->session;
    const Column *image = t->before.image < 0 ? NULL : s->images.data[t->before.image];
    bool is_same = image && !e->is_dead && t->min == e->min && t->max == e->max &&
                   !results_differ(s, image, t->before.row, now, at);
    if (is_same) return;
    if (image) out_buffer_add(gone, e->group, (int64_t[]){t->min, t->max + s->gap}, image, t->before.row);
    if (!e->is_dead) out_buffer_add(come, e->group, (int64_t[]){e->min, e->max + s->gap}, now, at);
}

static void emit_changes(SessionOp *s)
{
    Arena *scratch = s->agg.op.ctx->batch_scratch;
    OutBuffer gone, come;
    out_buffer_init(&gone, &s->agg, &s->groups, -1, s->touched.len);
    out_buffer_init(&come, &s->agg, &s->groups, 1, s->touched.len);
    for (ptrdiff_t at = 0; at < s->touched.len; at += BATCH_ROWS_MAX) {
        ArenaMark mark = arena_mark(scratch);
        int n = (int)(s->touched.len - at < BATCH_ROWS_MAX ? s->touched.len - at : BATCH_ROWS_MAX);
        Session **sessions = new_raw(scratch, Session *, n);
        for (int i = 0; i < n; i++) sessions[i] = s->touched.data[at + i].session;
        Column *now = session_results(s, sessions, n, scratch);
        for (int i = 0; i < n; i++) emit_change(s, &s->touched.data[at + i], now, i, &gone, &come);
        out_buffer_flush(&gone);
        out_buffer_flush(&come);
        arena_release(scratch, mark);
    }
    out_buffer_free(&gone);
    out_buffer_free(&come);
}

/* ---- closing ---------------------------------------------------------------------------------- */

/* Sessions whose end is at or before `end`, taken from the heap, in any order. */
static int64_t take_due(SessionOp *s, int64_t end, Session ***out, Arena *scratch)
{
    VEC(Session *) closing = {0};
    while (s->due.n && s->due.items[0].due <= end) {
        DueItem d = due_heap_take(&s->due);
        Session *e = d.item;
        e->in_heap = false;
        if (e->is_dead && !e->is_listed)
            session_free(s, e);
        else if (!e->is_dead && e->max + s->gap > d.due)
            session_await(s, e);
        else if (!e->is_dead)
            vec_push(&closing, scratch, e);
    }
    *out = closing.data;
    return closing.len;
}

static bool closes_before(const SessionOp *s, const Session *a, const Session *b)
{
    if (a->max != b->max) return a->max < b->max;
    const GroupTable *t = &s->groups;
    return key_cmp(t->keys, group_words(t, a->group), group_head(t, a->group)->nulls, group_words(t, b->group),
                   group_head(t, b->group)->nulls) < 0;
}

static void sort_closing(const SessionOp *s, Session **list, int64_t n, Arena *scratch)
{
    Session **from = list, **to = new_raw(scratch, Session *, n);
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t lo = 0; lo < n; lo += 2 * width) {
            int64_t mid = lo + width < n ? lo + width : n, hi = mid + width < n ? mid + width : n;
            int64_t a = lo, b = mid;
            for (int64_t i = lo; i < hi; i++)
                to[i] = b >= hi || (a < mid && !closes_before(s, from[b], from[a])) ? from[a++] : from[b++];
        }
        Session **other = from;
        from = to;
        to = other;
    }
    if (n && from != list) memcpy(list, from, (size_t)n * sizeof *list);
}

static void emit_closing(SessionOp *s, Session *const *list, int64_t n, Arena *scratch)
{
    OutBuffer out;
    out_buffer_init(&out, &s->agg, &s->groups, 1, n);
    for (int64_t at = 0; at < n; at += BATCH_ROWS_MAX) {
        ArenaMark mark = arena_mark(scratch);
        int some = (int)(n - at < BATCH_ROWS_MAX ? n - at : BATCH_ROWS_MAX);
        Column *results = session_results(s, list + at, some, scratch);
        for (int i = 0; i < some; i++) {
            const Session *e = list[at + i];
            out_buffer_add(&out, e->group, (int64_t[]){e->min, e->max + s->gap}, results, i);
        }
        out_buffer_flush(&out);
        arena_release(scratch, mark);
    }
    out_buffer_free(&out);
}

static void close_sessions(SessionOp *s, int64_t end)
{
    Arena *scratch = s->agg.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    Session **list;
    int64_t n = take_due(s, end, &list, scratch);
    if (!s->agg.shows_changes) {
        sort_closing(s, list, n, scratch);
        emit_closing(s, list, n, scratch);
    }
    for (int64_t i = 0; i < n; i++) {
        SessionList *l = (SessionList *)(void *)list[i]->group;
        session_remove(l, &s->groups.heap, session_after(l, list[i]->min) - 1);
        agg_set_destroy(&s->agg.aggs, &s->groups.heap, list[i]->cell);
        group_table_touch(&s->groups, list[i]->group);
        session_end(s, list[i]);
    }
    arena_release(scratch, mark);
}

static int64_t session_flush(Op *op, int64_t watermark)
{
    SessionOp *s = (SessionOp *)op;
    session_begin(s);
    if (s->agg.shows_changes) emit_changes(s);
    s->agg.is_settled = false;
    if (watermark == INT64_MIN || s->agg.window->by_value) return watermark == INT64_MAX ? INT64_MAX : INT64_MIN;
    int64_t early = WEIR_PLANT("session-closes-early") ? s->agg.tick : 0;
    close_sessions(s, watermark == INT64_MAX ? INT64_MAX : watermark - s->agg.grace + early);
    if (watermark > s->agg.closed_at) s->agg.closed_at = watermark;
    return watermark == INT64_MAX ? INT64_MAX : watermark - s->agg.grace - s->agg.tick;
}

/* ---- records: (first time, key) → last time, cell --------------------------------------------- */

static Str session_key(const SessionOp *s, const Session *e, int64_t min, Arena *scratch)
{
    StrBuf key = {.arena = scratch};
    agg_put_int(&key, min);
    group_table_save_key(&s->groups, e->group, &key);
    return str_of(key.p, key.n);
}

static void save_session(SessionOp *s, Session *e, StateWriter *w, Arena *scratch)
{
    ArenaMark mark = arena_mark(scratch);
    StrBuf value = {.arena = scratch};
    agg_put_int(&value, e->max);
    agg_set_save(&s->agg.aggs, scratch, e->cell, &value);
    state_put(w, (Str){0}, session_key(s, e, e->min, scratch), str_of(value.p, value.n));
    e->is_saved = true;
    e->saved_min = e->min;
    arena_release(scratch, mark);
}

static void delete_record(SessionOp *s, Session *e, StateWriter *w, Arena *scratch)
{
    ArenaMark mark = arena_mark(scratch);
    if (e->is_saved) state_del(w, (Str){0}, session_key(s, e, e->saved_min, scratch));
    e->is_saved = false;
    arena_release(scratch, mark);
}

static void save_all(SessionOp *s, StateWriter *w, Arena *scratch)
{
    for (uint32_t i = 0; i < s->groups.len; i++) {
        uint8_t *group = group_table_at(&s->groups, i);
        SessionList *l = (SessionList *)(void *)group;
        for (uint32_t k = 0; group && k < l->n; k++) save_session(s, session_items(l)[k], w, scratch);
    }
}

static void session_save(Op *op, StateWriter *w, bool all)
{
    SessionOp *s = (SessionOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    if (all) {
        save_all(s, w, scratch);
        return;
    }
    for (ptrdiff_t i = 0; i < s->ended.len; i++) delete_record(s, s->ended.data[i], w, scratch);
    for (ptrdiff_t i = 0; i < s->touched.len; i++) {
        Session *e = s->touched.data[i].session;
        if (!e->is_dead && e->saved_min != e->min) delete_record(s, e, w, scratch);
    }
    for (ptrdiff_t i = 0; i < s->touched.len; i++)
        if (!s->touched.data[i].session->is_dead) save_session(s, s->touched.data[i].session, w, scratch);
}

static Status session_load(Op *op, Str space, Str key, Str value)
{
    SessionOp *s = (SessionOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    StrReader in = {.at = key.p, .end = key.p + key.n};
    uint64_t *words = new (scratch, uint64_t, s->agg.keys.words + 1);
    uint32_t nulls;
    int64_t min = agg_get_int(&in);
    if (space.n || in.bad || !key_load(&s->agg.keys, &in, words, &nulls) || in.at != in.end) return WEIR_E_CORRUPT;
    bool is_new;
    uint8_t *group = group_table_add(&s->groups, words, nulls, key_hash(&s->agg.keys, words, nulls), &is_new);
    group_table_settle(&s->groups);
    in = (StrReader){.at = value.p, .end = value.p + value.n};
    int64_t max = agg_get_int(&in);
    Session *e = session_new(s, group, min);
    e->max = max;
    if (!WEIR_PLANT("timer-forgotten")) session_await(s, e);
    e->is_saved = true;
    e->saved_min = min;
    SessionList *l = (SessionList *)(void *)group;
    session_insert(l, &s->groups.heap, session_after(l, min), e);
    return agg_set_load(&s->agg.aggs, &s->groups.heap, scratch, e->cell, &in);
}

/* ---- the class -------------------------------------------------------------------------------- */

static void session_close(Op *op)
{
    SessionOp *s = (SessionOp *)op;
    group_table_free(&s->groups);
    due_heap_free(&s->due);
    aggregate_close(&s->agg);
}

static int64_t session_state_bytes(const Op *op)
{
    const SessionOp *s = (const SessionOp *)op;
    return group_table_bytes(&s->groups) + s->due.cap * (int64_t)sizeof(DueItem);
}

static int64_t session_state_rows(const Op *op)
{
    return ((const SessionOp *)op)->live;
}

static void session_tell(Op *op, StateRows *out)
{
    SessionOp *s = (SessionOp *)op;
    ArenaMark mark = arena_mark(out->scratch);
    uint8_t **groups = new_raw(out->scratch, uint8_t *, s->groups.live);
    uint32_t n = group_table_list(&s->groups, groups);
    group_table_sort(&s->groups, groups, n, out->scratch);
    for (uint32_t i = 0; i < n; i++) {
        SessionList *l = (SessionList *)(void *)groups[i];
        for (uint32_t k = 0; k < l->n; k++) {
            Session *e = session_items(l)[k];
            uint8_t *cell = e->cell;
            TimeSpan span = {e->min, e->max + s->gap};
            StateCells c = {"session", "window", &s->groups, &groups[i], &cell, 1, &span};
            if (!e->is_dead) state_rows_cells(out, &s->agg, &c);
        }
    }
    arena_release(out->scratch, mark);
}

static const OpClass session_class = {
    .name = "session aggregate", .push = session_push, .row_error = aggregate_row_error, .flush = session_flush, .save = session_save,
    .load = session_load, .close = session_close, .state_bytes = session_state_bytes,
    .state_rows = session_state_rows, .tell = session_tell,
};

Status op_session_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    if (p->input_retracts) return op_session_atoms_open(p, c, a, out, d);
    SessionOp *s = new_one(a, SessionOp);
    TRY(aggregate_init(&s->agg, &session_class, p, c, a, d));
    s->gap = p->window->size_us;
    group_table_init(&s->groups, &s->agg.keys, sizeof(SessionList));
    *out = &s->agg.op;
    return WEIR_OK;
}
