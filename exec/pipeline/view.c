/* view.c: changes of a standing query into ids and rows (see view.h).
 *
 * push collects rows in a buffer and, per key, the net weight and the newest row. op_view_take
 * compares with the ids the key had before: more copies are inserts, fewer are deletes, the same
 * key with a new row is an update. What cancels out within the epoch is never written. */
#include "exec/pipeline/view.h"

#include "base/datetime.h"
#include "base/keyenc.h"
#include "exec/pipeline/row_buffer.h"
#include "exec/pipeline/row_write.h"
#include "exec/pipeline/settle.h"
#include "exec/pipeline/view_span.h"

enum { SPACE_NAMED = 'n' };
static const int64_t SPAN_MIN_US = 60 * 1000000LL;

/* What an epoch did to a key. Rows are indexes into the buffer, -1: none. */
typedef struct Pending {
    IdEntry *entry;
    ViewSpan *span;
    int64_t net;
    int32_t row;         /* newest inserted one */
    int32_t old_row;     /* the one that stood in the view, where it may have come back unchanged */
    int32_t fault_row;   /* newest inserted one with a fault */
    int32_t net_faults;  /* copies with a fault */
    bool is_new;         /* the key had no entry before this epoch */
    bool had_faults;
} Pending;

typedef struct ViewOp {
    Op op;
    bool is_append_only, is_windowed, is_keyed;
    bool is_forgetful;       /* state_ttl: a key's row may come anew without the old one having gone */
    bool closes;             /* windowed by event time */
    bool may_repeat;         /* an update may leave a row as it was */
    bool is_named;           /* keyed by the columns that name a row where the plan has no key (Props.row_key) */
    bool has_whole_keys;     /* of such a view: its state was saved by whole rows, and is yet to be saved anew */
    int32_t *key, nkey;      /* columns of the key; all of them for a bag */
    int64_t span_width, retention_us, tick_us;
    ViewSpans spans;
    int64_t next_block;
    ViewProgress progress;
    /* the epoch's */
    RowBuffer rows;
    bool has_rows;
    VEC(Pending) pending;
    VEC(RowWrite) writes;
    int64_t rows_before;     /* that the epoch before kept: room for as many */
    VEC(int64_t) drop_ranges;
    VEC(BlockGrant) grants;
    VEC(FaultRow) faults;
    StrBuf keys;             /* of the batch in work, one after the other */
} ViewOp;

static Arena *scratch(ViewOp *v) { return v->op.ctx->epoch_scratch; }

/* ---- ids -------------------------------------------------------------------------------------- */

static ViewSpan *span_of_row(ViewOp *v, const Batch *b, int row)
{
    if (!v->is_windowed) return view_span_get(&v->spans, 0);
    const Column *end = &b->cols[v->op.plan->props.window_end];
    if (col_is_null(end, row)) return view_span_get(&v->spans, INT64_MIN);
    int64_t us = COL(int64_t, end)[col_at(end, row)];
    ViewSpan *s = view_span_get(&v->spans, floor_div(us, v->span_width));
    if (us > s->end_max_us) {
        s->end_max_us = us;
        s->is_changed = true;
    }
    return s;
}

static int64_t next_id(ViewOp *v, ViewSpan *s)
{
    if (!v->is_windowed) return v->progress.next_id++;
    if (view_span_is_full(s)) {
        int64_t block = v->next_block++;
        view_span_add_block(s, block);
        v->progress.next_id = v->next_block + 1; /* of a windowed view: blocks taken, plus one */
        vec_push(&v->grants, scratch(v), (BlockGrant){v->op.plan->rel->id, s->number, block});
    }
    s->is_changed = true;
    return s->next_id++;
}

static void count_rows(ViewSpan *s, int64_t more)
{
    s->rows += more;
    s->is_changed |= more != 0;
}

/* ---- push ------------------------------------------------------------------------------------- */

static void epoch_start(ViewOp *v)
{
    v->rows.arena = scratch(v); /* that of who works at it now */
    if (v->has_rows) return;
    v->has_rows = true;
    const PhysOp *p = v->op.plan;
    Type *types = new (scratch(v), Type, p->nfields);
    for (int i = 0; i < p->nfields; i++) types[i] = p->fields[i].type;
    row_buffer_init(&v->rows, scratch(v), types, p->nfields);
    row_buffer_reserve(&v->rows, v->rows_before);
}

static Str row_key(ViewOp *v, const Batch *b, int row)
{
    ptrdiff_t at = v->keys.n;
    for (int i = 0; i < v->nkey; i++) key_encode(&v->keys, &b->cols[v->key[i]], row, KEY_PLAIN);
    return (Str){v->keys.p + at, v->keys.n - at};
}

static Pending *pending_of(ViewOp *v, ViewSpan *s, Str key, uint64_t hash)
{
    IdEntry *e = id_map_find(&s->map, key, hash, true);
    if (!e->pending) {
        vec_push(&v->pending, scratch(v),
                 (Pending){.entry = e, .span = s, .row = -1, .old_row = -1, .fault_row = -1,
                           .is_new = e->n == 0 && e->faults == 0, .had_faults = e->faults > 0});
        e->pending = (int32_t)v->pending.len;
    }
    return &v->pending.data[e->pending - 1];
}

static bool has_marks(const Batch *b)
{
    for (int c = 0; c < b->ncols; c++)
        if (b->cols[c].err && b->cols[c].err->n) return true;
    return false;
}

static bool is_faulty(const Batch *b, int row)
{
    for (int c = 0; c < b->ncols; c++)
        if (col_is_err(&b->cols[c], row)) return true;
    return false;
}

static void check_room(ViewOp *v, int n)
{
    if (v->rows.rows > INT32_MAX - n || v->writes.len > INT32_MAX - n) oom_raise();
}

static void note_append_fault(ViewOp *v, ViewSpan *s, const Batch *b, int row, int32_t at)
{
    v->keys.n = 0;
    Str key = row_key(v, b, row);
    Pending *p = pending_of(v, s, key, id_map_hash(key));
    p->net_faults += batch_weight(b, row);
    p->fault_row = at;
}

/* Rows of an append-only view are not remembered, but for the faults that retention takes away. */
static void push_append(ViewOp *v, const Batch *b)
{
    uint16_t *rows = new_raw(v->op.ctx->batch_scratch, uint16_t, BATCH_ROWS_MAX);
    int n = batch_count(b);
    bool marks = has_marks(b);
    for (int i = 0; i < n; i++) rows[i] = (uint16_t)batch_row(b, i);
    int32_t first = (int32_t)row_buffer_append(&v->rows, b, rows, n);
    for (int i = 0; i < n; i++) {
        int w = batch_weight(b, rows[i]);
        if (w < 0) v->op.ctx->broken = S("a retraction reached an append-only view");
        ViewSpan *s = span_of_row(v, b, rows[i]);
        count_rows(s, w);
        for (int k = 0; k < w; k++)
            vec_push(&v->writes, scratch(v), (RowWrite){next_id(v, s), first + i, ROW_INSERT});
        if (marks && is_faulty(b, rows[i])) note_append_fault(v, s, b, rows[i], first + i);
    }
}

/* The key of a row of the batch in work. */
typedef struct RowKey {
    ViewSpan *span;
    uint64_t hash;
    int32_t at, len; /* in v->keys */
} RowKey;

static void encode_keys(ViewOp *v, const Batch *b, int n, RowKey *keys)
{
    v->keys.n = 0;
    for (int i = 0; i < n; i++) {
        int row = batch_row(b, i);
        ViewSpan *s = span_of_row(v, b, row);
        ptrdiff_t at = v->keys.n;
        if (at > INT32_MAX / 2) oom_raise();
        Str key = row_key(v, b, row);
        keys[i] = (RowKey){s, id_map_hash(key), (int32_t)at, (int32_t)key.n};
        id_map_prefetch(&s->map, keys[i].hash);
    }
}

/* Whether the row is needed, as row `at` of the buffer. */
static bool push_row(ViewOp *v, Pending *p, int w, bool is_faulty, int32_t at)
{
    bool stood = v->may_repeat && w < 0 && p->net == 0 && p->row < 0 && p->entry->n == 1;
    p->net += w;
    if (w > 0) p->row = at;
    else if (stood) p->old_row = at;
    if (is_faulty) {
        p->net_faults += w;
        if (w > 0) p->fault_row = at;
    }
    return w > 0 || stood;
}

enum { ENTRIES_AHEAD = 16 };

static void push_rows(ViewOp *v, const Batch *b)
{
    Arena *a = v->op.ctx->batch_scratch;
    int n = batch_count(b), nkept = 0;
    uint16_t *kept = new_raw(a, uint16_t, n);
    RowKey *keys = new_raw(a, RowKey, n);
    bool marks = has_marks(b);
    encode_keys(v, b, n, keys);
    for (int i = 0; i < n; i++) {
        if (i + ENTRIES_AHEAD < n) id_map_prefetch_entry(&keys[i + ENTRIES_AHEAD].span->map, keys[i + ENTRIES_AHEAD].hash);
        int row = batch_row(b, i);
        Pending *p = pending_of(v, keys[i].span, str_of(v->keys.p + keys[i].at, keys[i].len), keys[i].hash);
        int32_t at = (int32_t)v->rows.rows + nkept;
        if (push_row(v, p, batch_weight(b, row), marks && is_faulty(b, row), at)) kept[nkept++] = (uint16_t)row;
    }
    row_buffer_append(&v->rows, b, kept, nkept);
}

static void view_push(Op *op, int port, const Batch *b)
{
    (void)port;
    ViewOp *v = (ViewOp *)op;
    b = settle_errors(op, b);
    epoch_start(v);
    check_room(v, batch_count(b));
    if (v->is_append_only) push_append(v, b);
    else push_rows(v, b);
    op_emit(op, b);
}

/* ---- the epoch's changes ---------------------------------------------------------------------- */

static void write_row(ViewOp *v, int64_t id, int32_t row, RowChange change)
{
    vec_push(&v->writes, scratch(v), (RowWrite){id, row, change});
}

static void settle_rows(ViewOp *v, Pending *p)
{
    IdEntry *e = p->entry;
    int64_t after = e->n + p->net;
    if (v->is_forgetful && v->is_keyed && after > 1) {
        after = 1; /* it began anew: the old row is replaced, with its faults */
        e->faults = 0;
        p->net_faults = p->fault_row >= 0 && p->fault_row == p->row;
    }
    if (after < 0 || (v->is_keyed && after > 1)) {
        v->op.ctx->broken = S("a view's row has a weight that cannot be");
        return;
    }
    if (v->is_keyed && e->n == 1 && after == 1) {
        bool same = p->old_row >= 0 && p->row >= 0 && row_buffer_eq(&v->rows, p->old_row, p->row);
        if (p->row >= 0 && !same) write_row(v, id_entry_ids(e)[0], p->row, ROW_UPDATE);
        return;
    }
    int64_t had = e->n;
    while (e->n < after) {
        int64_t id = next_id(v, p->span);
        id_entry_add(&p->span->map, e, id);
        write_row(v, id, p->row, ROW_INSERT);
    }
    while (e->n > after) write_row(v, id_entry_take(e), -1, ROW_DELETE);
    count_rows(p->span, after - had);
}

/* ---- faults ----------------------------------------------------------------------------------- */

/* The values of a key, as weir_faults shows them: "['a', 1]". */
static Str key_text(ViewOp *v, const IdEntry *e)
{
    StrReader r = {e->key, e->key + e->key_len, false};
    StrBuf b = {.arena = scratch(v)};
    sb_char(&b, '[');
    for (int i = 0; i < v->nkey; i++) {
        Value x;
        Type t = v->op.plan->fields[v->key[i]].type;
        if (!key_decode(&r, t, KEY_PLAIN, scratch(v), &x)) break;
        if (i) sb_lit(&b, ", ");
        value_literal(&b, &x);
    }
    sb_char(&b, ']');
    return sb_done(&b);
}

static void remove_faults(ViewOp *v, const IdEntry *e)
{
    vec_push(&v->faults, scratch(v),
             (FaultRow){.view = v->op.plan->rel->name, .key = key_text(v, e), .remove = true});
}

/* Faults of a buffered row: the buffer lists them by row, ascending. */
static void add_faults(ViewOp *v, const IdEntry *e, int64_t row)
{
    const RowFault *list = v->rows.faults.data;
    ptrdiff_t lo = 0, hi = v->rows.faults.len;
    while (lo < hi) {
        ptrdiff_t mid = (lo + hi) / 2;
        if (list[mid].row < row) lo = mid + 1;
        else hi = mid;
    }
    for (; lo < v->rows.faults.len && list[lo].row == row; lo++)
        vec_push(&v->faults, scratch(v),
                 (FaultRow){.view = v->op.plan->rel->name, .key = key_text(v, e),
                            .column = v->op.plan->fields[list[lo].col].name,
                            .code = str_z(status_name(list[lo].code)), .message = list[lo].message});
}

/* Lists the values of a key that cannot be computed, for as long as a row of it has one. */
static void settle_faults(ViewOp *v, Pending *p)
{
    IdEntry *e = p->entry;
    e->faults = e->faults + p->net_faults > 0 ? e->faults + p->net_faults : 0;
    bool is_listed_anew = e->faults > 0 && p->fault_row >= 0;
    if (p->had_faults && (e->faults == 0 || is_listed_anew)) remove_faults(v, e);
    if (is_listed_anew) add_faults(v, e, p->fault_row);
    if (!v->is_append_only || v->is_windowed) return;
    e->faults = p->net_faults = 0; /* they stay for ever: nothing to remember */
}

/* ---- retention -------------------------------------------------------------------------------- */

static void expire(ViewOp *v, ViewSpan *s)
{
    for (int i = 0; i < s->nblocks; i++) {
        vec_push(&v->drop_ranges, scratch(v), s->blocks[i] << VIEW_BLOCK_BITS);
        vec_push(&v->drop_ranges, scratch(v), ((s->blocks[i] + 1) << VIEW_BLOCK_BITS) - 1);
    }
    for (int64_t i = 0; i < s->map.nslots; i++)
        if (s->map.slots[i] && s->map.slots[i]->faults) remove_faults(v, s->map.slots[i]);
    v->progress.rows -= s->rows;
    s->is_expired = true;
}

/* Whole spans whose last window ended long enough ago. */
static void expire_spans(ViewOp *v)
{
    int64_t limit, now = v->op.ctx->data_watermark;
    if (v->retention_us <= 0 || !v->is_windowed || now == INT64_MIN) return;
    if (__builtin_sub_overflow(now, v->retention_us, &limit)) return;
    for (int64_t i = 0; i < v->spans.n; i++) {
        ViewSpan *s = v->spans.list[i];
        if (s->end_max_us == INT64_MIN) continue;
        if (s->end_max_us > limit) break;
        expire(v, s);
    }
}

/* ---- the delta -------------------------------------------------------------------------------- */

static void fill_delta(ViewOp *v, ViewDelta *out)
{
    Arena *a = scratch(v);
    int64_t n = v->writes.len;
    row_writes_sort(v->writes.data, n, a);
    int64_t *ids = new_raw(a, int64_t, n), *rows = new_raw(a, int64_t, n);
    uint8_t *change = new_raw(a, uint8_t, n);
    for (int64_t i = 0; i < n; i++) {
        ids[i] = v->writes.data[i].id;
        if (i > 0 && ids[i] == ids[i - 1]) v->op.ctx->broken = S("two rows of a view have one number");
        rows[i] = v->writes.data[i].row;
        change[i] = (uint8_t)v->writes.data[i].change;
        v->progress.rows += (change[i] == ROW_INSERT) - (change[i] == ROW_DELETE);
    }
    v->progress.changes += n;
    *out = (ViewDelta){.view = v->op.plan->rel, .n = (int32_t)n, .ids = ids, .change = change,
                       .cols = row_buffer_gather(&v->rows, rows, n, a),
                       .drop_ranges = v->drop_ranges.data,
                       .ndrops = (int32_t)v->drop_ranges.len / 2};
}

void op_view_take(Op *op, Epoch *e)
{
    ViewOp *v = (ViewOp *)op;
    epoch_start(v);
    for (ptrdiff_t i = 0; i < v->pending.len; i++) {
        Pending *p = &v->pending.data[i];
        if (!v->is_append_only) settle_rows(v, p);
        if (p->net_faults || p->fault_row >= 0 || p->had_faults) settle_faults(v, p);
    }
    expire_spans(v);
    if (v->writes.len || v->drop_ranges.len) {
        ViewDelta delta;
        fill_delta(v, &delta);
        vec_push(&e->ws.views, &e->arena, delta);
    }
    for (ptrdiff_t i = 0; i < v->grants.len; i++)
        vec_push(&e->ws.blocks, &e->arena, v->grants.data[i]);
    for (ptrdiff_t i = 0; i < v->faults.len; i++)
        vec_push(&e->ws.faults, &e->arena, v->faults.data[i]);
    v->progress.late_rows = op->ctx->late_rows;
    v->progress.gap_rows = op->ctx->gap_rows;
    v->progress.errors = op->ctx->row_errors;
}

/* ---- state ------------------------------------------------------------------------------------ */

/* Entries by names lie beside where those by whole rows would be: views had none before. */
static Str span_space(const ViewOp *v, const ViewSpan *s, StrBuf *b)
{
    b->n = 0;
    if (v->is_windowed) sb_u64(b, (uint64_t)s->number);
    if (v->is_named) sb_char(b, SPACE_NAMED);
    return (Str){b->p, b->n};
}

static void save_span_all(ViewOp *v, StateWriter *w, const ViewSpan *s)
{
    StrBuf sp = {.arena = scratch(v)}, b = {.arena = scratch(v)};
    Str space = span_space(v, s, &sp);
    if (v->is_windowed) view_span_save(w, space, s, &b);
    for (int64_t j = 0; j < s->map.nslots; j++)
        if (s->map.slots[j]) view_entry_save(w, space, s->map.slots[j], &b);
}

static void save_pending(ViewOp *v, StateWriter *w)
{
    StrBuf sp = {.arena = scratch(v)}, b = {.arena = scratch(v)};
    for (ptrdiff_t i = 0; i < v->pending.len; i++) {
        Pending *p = &v->pending.data[i];
        IdEntry *e = p->entry;
        bool is_empty = e->n == 0 && e->faults == 0;
        Str space = span_space(v, p->span, &sp);
        e->pending = 0;
        if (p->net != 0 || p->net_faults != 0) {
            if (!is_empty) view_entry_save(w, space, e, &b);
            else if (!p->is_new) state_del(w, space, str_of(e->key, e->key_len));
        }
        if (is_empty) id_map_remove(&p->span->map, e);
    }
}

static void save_spans(ViewOp *v, StateWriter *w)
{
    StrBuf sp = {.arena = scratch(v)}, b = {.arena = scratch(v)};
    for (int64_t i = 0; i < v->spans.n && v->is_windowed; i++) {
        ViewSpan *s = v->spans.list[i];
        if (s->is_expired) state_drop(w, span_space(v, s, &sp));
        else if (s->is_changed) view_span_save(w, span_space(v, s, &sp), s, &b);
        s->is_changed = false;
    }
    view_spans_drop_expired(&v->spans);
}

/* Drops the keys without faults from a span. */
static void forget_keys(ViewSpan *s, Arena *a)
{
    IdEntry **gone = new_raw(a, IdEntry *, s->map.used);
    int64_t n = 0;
    for (int64_t i = 0; i < s->map.nslots; i++)
        if (s->map.slots[i] && !s->map.slots[i]->faults) gone[n++] = s->map.slots[i];
    if (n == s->map.used) id_map_free(&s->map);
    else
        for (int64_t i = 0; i < n; i++) id_map_remove(&s->map, gone[i]);
}

/* Keys of windows that have closed never change again: their ids can be forgotten. Their blocks and
 * their faults are still needed where retention will remove them. */
static void forget_closed(ViewOp *v, StateWriter *w)
{
    StrBuf sp = {.arena = scratch(v)};
    if (!v->closes || v->op.watermark == INT64_MIN) return;
    for (int64_t i = v->spans.n - 1; i >= 0; i--) {
        ViewSpan *s = v->spans.list[i];
        if (s->is_forgotten || s->end_max_us == INT64_MIN) continue;
        if (s->end_max_us - v->tick_us > v->op.watermark) continue;
        if (v->retention_us > 0) {
            bool had_keys = s->map.used > 0;
            forget_keys(s, scratch(v));
            s->is_forgotten = true;
            if (!had_keys) continue;
            state_drop(w, span_space(v, s, &sp));
            save_span_all(v, w, s);
        } else {
            state_drop(w, span_space(v, s, &sp));
            view_span_free(&v->spans, i);
        }
    }
}

/* What was saved by whole rows goes, all of it is saved by names. */
static void save_anew(ViewOp *v, StateWriter *w)
{
    StrBuf sp = {.arena = scratch(v)};
    for (int64_t i = 0; i < v->spans.n; i++) {
        Str space = span_space(v, v->spans.list[i], &sp);
        state_drop(w, str_of(space.p, space.n - 1));
        save_span_all(v, w, v->spans.list[i]);
    }
    v->has_whole_keys = false;
}

static void epoch_end(ViewOp *v)
{
    v->has_rows = false;
    v->rows_before = v->rows.rows;
    memset(&v->pending, 0, sizeof v->pending);
    memset(&v->writes, 0, sizeof v->writes);
    memset(&v->drop_ranges, 0, sizeof v->drop_ranges);
    memset(&v->grants, 0, sizeof v->grants);
    memset(&v->faults, 0, sizeof v->faults);
    v->rows = (RowBuffer){0};
}

static void view_save(Op *op, StateWriter *w, bool all)
{
    ViewOp *v = (ViewOp *)op;
    StateWriter discard = {.buf.arena = scratch(v)}, *changes = all ? &discard : w;
    save_pending(v, changes);
    if (v->has_whole_keys) save_anew(v, changes);
    save_spans(v, changes);
    forget_closed(v, changes);
    for (int64_t i = 0; i < v->spans.n && all; i++) save_span_all(v, w, v->spans.list[i]);
    epoch_end(v);
}

/* A row's bytes as a bag knows it: its name alone. */
static Status name_of(ViewOp *v, Str whole, Str *name)
{
    const PhysOp *p = v->op.plan;
    Value *row = new (scratch(v), Value, p->nfields);
    StrReader r = {whole.p, whole.p + whole.n, false};
    for (int i = 0; i < p->nfields; i++)
        if (!key_decode(&r, p->fields[i].type, KEY_PLAIN, scratch(v), &row[i])) return WEIR_E_CORRUPT;
    v->keys.n = 0;
    for (int i = 0; i < v->nkey; i++) key_encode_value(&v->keys, &row[v->key[i]], KEY_PLAIN);
    *name = str_of(v->keys.p, v->keys.n);
    return WEIR_OK;
}

static Status view_load(Op *op, Str space, Str key, Str value)
{
    ViewOp *v = (ViewOp *)op;
    StrReader sr = {space.p, space.p + space.n, false};
    ViewSpan *s = view_span_get(&v->spans, v->is_windowed ? (int64_t)sr_u64(&sr) : 0);
    if (sr.bad) return WEIR_E_CORRUPT;
    bool is_whole = v->is_named && sr.at == sr.end;
    v->has_whole_keys |= is_whole;
    if (v->is_windowed && key.n == 0) return view_span_load(s, value);
    if (!is_whole) return view_entry_load(s, key, value);
    ArenaMark mark = arena_mark(scratch(v));
    Str name;
    Status st = name_of(v, key, &name);
    if (st == WEIR_OK) st = view_entry_load(s, name, value);
    arena_release(scratch(v), mark);
    return st;
}

static void view_foresee(const Op *op, Str space, Str key)
{
    const ViewOp *v = (const ViewOp *)op;
    (void)space;
    if (!v->is_windowed && v->spans.n) id_map_prefetch(&v->spans.list[0]->map, id_map_hash(key));
}

static void view_close(Op *op) { view_spans_free(&((ViewOp *)op)->spans); }

static int64_t view_bytes(const Op *op)
{
    const ViewSpans *s = &((const ViewOp *)op)->spans;
    int64_t n = 0;
    for (int64_t i = 0; i < s->n; i++) n += id_map_bytes(&s->list[i]->map) + (int64_t)sizeof(ViewSpan);
    return n;
}

static int64_t view_rows(const Op *op) { return ((const ViewOp *)op)->progress.rows; }

static const OpClass view_class = {
    .name = "view", .push = view_push, .row_error = settle_row_error, .hands_on = true, .save = view_save, .load = view_load, .foresee = view_foresee, .close = view_close,
    .state_bytes = view_bytes, .state_rows = view_rows,
};

/* ---- open ------------------------------------------------------------------------------------- */

/* How far apart window_ends of neighbouring windows are: the width of a span of ids. */
static int64_t span_width(const PhysOp *p, bool exact)
{
    if (exact) return 1;
    for (; p; p = p->ninputs ? p->inputs[0] : NULL) {
        const WindowSpec *w = p->window;
        if (!w) continue;
        if (w->def->shape == WINDOW_SHAPE_PANES && w->slide_us > 0) return w->slide_us;
        if (w->def->shape == WINDOW_SHAPE_PANES && w->size_us > 0) return w->size_us;
        return w->size_us > SPAN_MIN_US ? w->size_us : SPAN_MIN_US;
    }
    return SPAN_MIN_US;
}

static int64_t retention_of(const PhysOp *p)
{
    int64_t us = options_us(&p->rel->options, "retention", 0);
    for (; p; p = p->ninputs ? p->inputs[0] : NULL)
        if (us <= 0 && p->window) us = p->window->retention_us;
    return us;
}

void op_view_set_retention(Op *op) { ((ViewOp *)op)->retention_us = retention_of(op->plan); }

static void find_key(ViewOp *v, const PhysOp *p, Arena *a)
{
    const Props *of = &p->props;
    v->is_named = of->has_row_key && !v->is_append_only && !p->is_forgetful;
    v->is_keyed = v->is_named || of->nkey > 0;
    v->nkey = v->is_named ? of->nrow_key : v->is_keyed ? of->nkey : p->nfields;
    v->key = new (a, int32_t, v->nkey);
    for (int i = 0; i < v->nkey; i++) v->key[i] = v->is_named ? of->row_key[i] : v->is_keyed ? of->key[i] : i;
    /* An aggregate hands on rows that have changed, and only those. */
    v->may_repeat = v->is_keyed && p->inputs[0]->kind != PHYS_AGGREGATE;
}

Status op_view_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    (void)d;
    ViewOp *v = new_one(a, ViewOp);
    op_init(&v->op, &view_class, p, c, a);
    v->keys.arena = a;
    v->is_forgetful = p->is_forgetful;
    v->is_append_only = p->props.is_append_only && !(p->is_forgetful && p->props.nkey > 0);
    v->retention_us = retention_of(p);
    int end = p->props.window_end;
    v->is_windowed = end >= 0 && p->fields[end].type.kind == TYPE_TIMESTAMP &&
                     (!v->is_append_only || v->retention_us > 0);
    v->closes = v->is_windowed && p->props.has_watermark;
    v->tick_us = v->is_windowed ? type_tick_us(p->fields[end].type) : 1;
    v->span_width = v->is_windowed ? span_width(p, v->retention_us > 0) : 1;
    find_key(v, p, a);
    v->progress = (ViewProgress){.view = p->rel->id, .next_id = 1};
    *out = &v->op;
    return WEIR_OK;
}

int64_t op_view_id(Op *op, Str key)
{
    ViewOp *v = (ViewOp *)op;
    const IdEntry *e = id_map_get(&view_span_get(&v->spans, 0)->map, key, false);
    return e && e->n ? id_entry_ids(e)[0] : 0;
}

int64_t op_view_keys(const Op *op)
{
    const ViewSpans *s = &((const ViewOp *)op)->spans;
    int64_t n = s->n;
    for (int64_t i = 0; i < s->n; i++) n += s->list[i]->map.used;
    return n;
}

ViewProgress op_view_progress(const Op *op) { return ((const ViewOp *)op)->progress; }

void op_view_restore(Op *op, const ViewProgress *p)
{
    ViewOp *v = (ViewOp *)op;
    v->progress = *p;
    if (v->progress.next_id < 1) v->progress.next_id = 1;
    if (v->is_windowed) v->next_block = v->progress.next_id - 1;
    if (!v->is_windowed && !v->is_append_only) id_map_reserve(&view_span_get(&v->spans, 0)->map, p->rows);
    op->ctx->late_rows = p->late_rows;
    op->ctx->gap_rows = p->gap_rows;
    op->ctx->row_errors = p->errors;
}
