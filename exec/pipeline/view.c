/* view.c: changes of a standing query into ids and rows (see view.h).
 *
 * push collects rows in a buffer and, per key, the net weight and the newest row. op_view_take
 * compares with the ids the key had before: more copies are inserts, fewer are deletes, the same
 * key with a new row is an update. What cancels out within the epoch is never written. */
#include "exec/pipeline/view.h"

#include "base/datetime.h"
#include "base/keyenc.h"
#include "exec/pipeline/row_buffer.h"
#include "exec/pipeline/settle.h"
#include "exec/state/id_map.h"

#include <assert.h>
#include <stdlib.h>

enum { BLOCK_BITS = 20 };
static const int64_t SPAN_MIN_US = 60 * 1000000LL;

/* The rows whose window_end lies in one span. Unwindowed views have a single one. */
typedef struct ViewSpan {
    int64_t number;      /* floor(window_end / width) */
    int64_t end_max_us;  /* greatest window_end seen */
    int64_t next_id;     /* next id of its newest block; 0: no block yet */
    int64_t rows;
    int64_t *blocks;     /* first ids, for retention */
    int32_t nblocks, blocks_cap;
    bool is_changed;     /* next_id or blocks have to be saved */
    IdMap map;
} ViewSpan;

typedef struct Pending {
    IdEntry *entry;
    ViewSpan *span;
    int64_t net;
    int64_t row;         /* newest inserted row in the buffer, -1: none */
    bool is_new;         /* the key had no entry before this epoch */
} Pending;

typedef struct RowWrite {
    int64_t id, row;
    RowChange change;
} RowWrite;

typedef struct ViewOp {
    Op op;
    bool is_append_only, is_windowed, is_keyed;
    int32_t *key, nkey;      /* columns of the key; all of them for a bag */
    int64_t span_width, retention_us, tick_us;
    ViewSpan **spans;        /* ascending by number */
    int64_t nspans, spans_cap;
    ViewSpan *last;
    int64_t next_block;
    ViewProgress progress;
    /* the epoch's */
    RowBuffer rows;
    bool has_rows;
    VEC(Pending) pending;
    VEC(RowWrite) writes;
    VEC(int64_t) dropped_spans, drop_ranges;
    VEC(BlockGrant) grants;
    VEC(FaultRow) faults;
    StrBuf key_buf;
} ViewOp;

static Arena *scratch(ViewOp *v) { return v->op.ctx->epoch_scratch; }

/* ---- spans ------------------------------------------------------------------------------------ */

static int64_t span_search(const ViewOp *v, int64_t number)
{
    int64_t lo = 0, hi = v->nspans;
    while (lo < hi) {
        int64_t mid = (lo + hi) / 2;
        if (v->spans[mid]->number < number) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static ViewSpan *span_get(ViewOp *v, int64_t number)
{
    if (v->last && v->last->number == number) return v->last;
    int64_t at = span_search(v, number);
    if (at == v->nspans || v->spans[at]->number != number) {
        if (v->nspans == v->spans_cap) {
            int64_t cap = v->spans_cap ? v->spans_cap * 2 : 8;
            v->spans = mem_realloc(v->spans, v->spans_cap * (ptrdiff_t)sizeof *v->spans,
                                   cap * (ptrdiff_t)sizeof *v->spans);
            v->spans_cap = cap;
        }
        memmove(v->spans + at + 1, v->spans + at, (size_t)(v->nspans - at) * sizeof *v->spans);
        v->spans[at] = mem_alloc(sizeof(ViewSpan));
        v->spans[at]->number = number;
        v->spans[at]->end_max_us = INT64_MIN;
        v->nspans++;
    }
    return v->last = v->spans[at];
}

static void span_free(ViewOp *v, int64_t at)
{
    ViewSpan *s = v->spans[at];
    id_map_free(&s->map);
    mem_free(s->blocks, s->blocks_cap * (ptrdiff_t)sizeof *s->blocks);
    mem_free(s, sizeof *s);
    memmove(v->spans + at, v->spans + at + 1, (size_t)(v->nspans - at - 1) * sizeof *v->spans);
    v->nspans--;
    v->last = NULL;
}

static ViewSpan *span_of_row(ViewOp *v, const Batch *b, int row)
{
    if (!v->is_windowed) return span_get(v, 0);
    const Column *end = &b->cols[v->op.plan->props.window_end];
    if (col_is_null(end, row)) return span_get(v, INT64_MIN);
    int64_t us = COL(int64_t, end)[col_at(end, row)];
    ViewSpan *s = span_get(v, floor_div(us, v->span_width));
    if (us > s->end_max_us) s->end_max_us = us;
    return s;
}

static void span_add_block(ViewOp *v, ViewSpan *s)
{
    int64_t block = v->next_block++;
    v->progress.next_id = v->next_block + 1; /* of a windowed view: blocks taken, plus one */
    s->next_id = block << BLOCK_BITS;
    if (s->next_id == 0) s->next_id = 1; /* ids are positive */
    if (s->nblocks == s->blocks_cap) {
        int32_t cap = s->blocks_cap ? s->blocks_cap * 2 : 1;
        s->blocks = mem_realloc(s->blocks, s->blocks_cap * (ptrdiff_t)sizeof *s->blocks,
                                cap * (ptrdiff_t)sizeof *s->blocks);
        s->blocks_cap = cap;
    }
    s->blocks[s->nblocks++] = block;
    vec_push(&v->grants, scratch(v), (BlockGrant){v->op.plan->rel->id, s->number, block});
}

static int64_t next_id(ViewOp *v, ViewSpan *s)
{
    if (!v->is_windowed) return v->progress.next_id++;
    if (s->next_id == 0 || (s->next_id & ((1 << BLOCK_BITS) - 1)) == 0) span_add_block(v, s);
    s->is_changed = true;
    return s->next_id++;
}

/* ---- push ------------------------------------------------------------------------------------- */

static void epoch_start(ViewOp *v)
{
    if (v->has_rows) return;
    v->has_rows = true;
    const PhysOp *p = v->op.plan;
    Type *types = new (scratch(v), Type, p->nfields);
    for (int i = 0; i < p->nfields; i++) types[i] = p->fields[i].type;
    row_buffer_init(&v->rows, scratch(v), types, p->nfields);
}

static void push_append(ViewOp *v, const Batch *b)
{
    uint16_t *rows = new_raw(v->op.ctx->batch_scratch, uint16_t, BATCH_ROWS_MAX);
    int n = batch_count(b);
    for (int i = 0; i < n; i++) rows[i] = (uint16_t)batch_row(b, i);
    int64_t first = row_buffer_append(&v->rows, b, rows, n);
    for (int i = 0; i < n; i++) {
        int w = batch_weight(b, rows[i]);
        if (w < 0) v->op.ctx->broken = S("a retraction reached an append-only view");
        ViewSpan *s = span_of_row(v, b, rows[i]);
        s->rows += w;
        for (; w > 0; w--)
            vec_push(&v->writes, scratch(v), (RowWrite){next_id(v, s), first + i, ROW_INSERT});
    }
}

static Str row_key(ViewOp *v, const Batch *b, int row)
{
    v->key_buf.n = 0;
    for (int i = 0; i < v->nkey; i++) key_encode(&v->key_buf, &b->cols[v->key[i]], row, KEY_PLAIN);
    return (Str){v->key_buf.p, v->key_buf.n};
}

static Pending *pending_of(ViewOp *v, ViewSpan *s, Str key)
{
    IdEntry *e = id_map_get(&s->map, key, true);
    if (!e->pending) {
        vec_push(&v->pending, scratch(v), (Pending){.entry = e, .span = s, .row = -1, .is_new = e->n == 0});
        e->pending = (int32_t)v->pending.len;
    }
    return &v->pending.data[e->pending - 1];
}

static void push_keyed(ViewOp *v, const Batch *b)
{
    int n = batch_count(b);
    for (int i = 0; i < n; i++) {
        uint16_t row = (uint16_t)batch_row(b, i);
        int w = batch_weight(b, row);
        Pending *p = pending_of(v, span_of_row(v, b, row), row_key(v, b, row));
        p->net += w;
        if (w > 0) p->row = row_buffer_append(&v->rows, b, &row, 1);
    }
}

static void view_push(Op *op, int port, const Batch *b)
{
    (void)port;
    ViewOp *v = (ViewOp *)op;
    b = settle_errors(op, b);
    epoch_start(v);
    if (v->is_append_only) push_append(v, b);
    else push_keyed(v, b);
    op_emit(op, b);
}

/* ---- the epoch's changes ---------------------------------------------------------------------- */

static int write_order(const void *a, const void *b)
{
    int64_t x = ((const RowWrite *)a)->id, y = ((const RowWrite *)b)->id;
    return (x > y) - (x < y);
}

static void settle_keyed(ViewOp *v, Pending *p)
{
    Arena *a = scratch(v);
    IdEntry *e = p->entry;
    int64_t after = e->n + p->net;
    if (after < 0 || (v->is_keyed && after > 1)) {
        v->op.ctx->broken = S("a view's row has a weight that cannot be");
        return;
    }
    if (v->is_keyed && e->n == 1 && after == 1) {
        if (p->row >= 0) vec_push(&v->writes, a, (RowWrite){id_entry_ids(e)[0], p->row, ROW_UPDATE});
        return;
    }
    for (; e->n < after; ) {
        int64_t id = next_id(v, p->span);
        id_entry_add(&p->span->map, e, id);
        vec_push(&v->writes, a, (RowWrite){id, p->row, ROW_INSERT});
    }
    for (; e->n > after; ) vec_push(&v->writes, a, (RowWrite){id_entry_take(e), -1, ROW_DELETE});
    p->span->rows += p->net;
}

/* The values of a key, as weir_faults shows them: "['a', 1]". */
static Str key_text(ViewOp *v, Str key)
{
    StrReader r = {key.p, key.p + key.n, false};
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

static Str buffered_key(ViewOp *v, int64_t row)
{
    StrBuf b = {.arena = scratch(v)};
    for (int i = 0; i < v->nkey; i++) key_encode(&b, &v->rows.cols[v->key[i]], (int)row, KEY_PLAIN);
    return str_of(b.p, b.n);
}

/* Lists a value that cannot be computed, if its row stayed in the view. */
static void add_fault(ViewOp *v, const RowFault *f, const int32_t *owner)
{
    FaultRow out = {.view = v->op.plan->rel->name, .column = v->op.plan->fields[f->col].name,
                    .key = key_text(v, buffered_key(v, f->row)), .code = str_z(status_name(f->code)),
                    .message = f->message};
    if (!v->is_append_only) {
        IdEntry *e = owner[f->row] ? v->pending.data[owner[f->row] - 1].entry : NULL;
        if (!e || e->n == 0) return;
        e->has_fault = true;
    }
    vec_push(&v->faults, scratch(v), out);
}

static void settle_faults(ViewOp *v)
{
    Str name = v->op.plan->rel->name;
    for (ptrdiff_t i = 0; i < v->pending.len; i++) {
        Pending *p = &v->pending.data[i];
        if (!p->entry->has_fault) continue;
        p->entry->has_fault = false;
        vec_push(&v->faults, scratch(v), (FaultRow){.view = name, .remove = true,
                 .key = key_text(v, str_of(p->entry->key, p->entry->key_len))});
    }
    if (!v->rows.faults.len) return;
    int32_t *owner = new (scratch(v), int32_t, v->rows.rows); /* index + 1 into pending */
    for (ptrdiff_t i = 0; i < v->pending.len; i++)
        if (v->pending.data[i].row >= 0) owner[v->pending.data[i].row] = (int32_t)i + 1;
    for (ptrdiff_t i = 0; i < v->rows.faults.len; i++) add_fault(v, &v->rows.faults.data[i], owner);
}

static void fill_delta(ViewOp *v, ViewDelta *out)
{
    Arena *a = scratch(v);
    int64_t n = v->writes.len;
    qsort(v->writes.data, (size_t)n, sizeof *v->writes.data, write_order);
    int64_t *ids = new_raw(a, int64_t, n), *rows = new_raw(a, int64_t, n);
    uint8_t *change = new_raw(a, uint8_t, n);
    for (int64_t i = 0; i < n; i++) {
        ids[i] = v->writes.data[i].id;
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

/* Retention: whole spans whose last window ended long enough ago. */
static void expire_spans(ViewOp *v)
{
    int64_t now = v->op.ctx->data_watermark;
    if (v->retention_us <= 0 || !v->is_windowed || now == INT64_MIN) return;
    while (v->nspans > 0) {
        ViewSpan *s = v->spans[0];
        if (s->end_max_us == INT64_MIN || s->end_max_us > now - v->retention_us) break;
        for (int i = 0; i < s->nblocks; i++) {
            vec_push(&v->drop_ranges, scratch(v), s->blocks[i] << BLOCK_BITS);
            vec_push(&v->drop_ranges, scratch(v), ((s->blocks[i] + 1) << BLOCK_BITS) - 1);
        }
        v->progress.rows -= s->rows;
        vec_push(&v->dropped_spans, scratch(v), s->number);
        span_free(v, 0);
    }
}

void op_view_take(Op *op, Epoch *e)
{
    ViewOp *v = (ViewOp *)op;
    epoch_start(v);
    for (ptrdiff_t i = 0; i < v->pending.len; i++) settle_keyed(v, &v->pending.data[i]);
    if (v->rows.faults.len || v->pending.len) settle_faults(v);
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

static Str span_space(ViewOp *v, const ViewSpan *s, StrBuf *b)
{
    b->n = 0;
    if (v->is_windowed) sb_u64(b, (uint64_t)s->number);
    return (Str){b->p, b->n};
}

static void save_entry(StateWriter *w, Str space, const IdEntry *e, StrBuf *b)
{
    b->n = 0;
    sb_varint(b, (uint64_t)e->n);
    sb_char(b, e->has_fault);
    for (int i = 0; i < e->n; i++) sb_varint(b, (uint64_t)id_entry_ids(e)[i]);
    state_put(w, space, str_of(e->key, e->key_len), str_of(b->p, b->n));
}

static void save_span(StateWriter *w, Str space, const ViewSpan *s, StrBuf *b)
{
    b->n = 0;
    sb_u64(b, (uint64_t)s->end_max_us);
    sb_varint(b, (uint64_t)s->next_id);
    sb_varint(b, (uint64_t)s->rows);
    sb_varint(b, (uint64_t)s->nblocks);
    for (int i = 0; i < s->nblocks; i++) sb_varint(b, (uint64_t)s->blocks[i]);
    state_put(w, space, S(""), str_of(b->p, b->n));
}

/* Keys of windows that have closed never change again: their ids can be forgotten. */
static void forget_closed(ViewOp *v, StateWriter *w)
{
    if (!v->is_windowed) return;
    StrBuf sp = {.arena = scratch(v)}, b = {.arena = scratch(v)};
    for (int64_t i = v->nspans - 1; i >= 0; i--) {
        ViewSpan *s = v->spans[i];
        if (s->number == INT64_MIN || v->op.watermark == INT64_MIN) continue;
        if (s->end_max_us - v->tick_us > v->op.watermark) continue;
        if (!s->map.used && v->retention_us > 0) continue;
        state_drop(w, span_space(v, s, &sp));
        if (v->retention_us > 0) { /* its blocks are still needed */
            id_map_free(&s->map);
            save_span(w, span_space(v, s, &sp), s, &b);
        } else {
            span_free(v, i);
        }
    }
}

static void save_changes(ViewOp *v, StateWriter *w)
{
    StrBuf sp = {.arena = scratch(v)}, b = {.arena = scratch(v)};
    for (ptrdiff_t i = 0; i < v->dropped_spans.len; i++) {
        ViewSpan s = {.number = v->dropped_spans.data[i]};
        state_drop(w, span_space(v, &s, &sp));
    }
    for (ptrdiff_t i = 0; i < v->pending.len; i++) {
        Pending *p = &v->pending.data[i];
        IdEntry *e = p->entry;
        e->pending = 0;
        Str space = span_space(v, p->span, &sp);
        if (p->net != 0 || e->has_fault) {
            if (e->n > 0) save_entry(w, space, e, &b);
            else if (!p->is_new) state_del(w, space, str_of(e->key, e->key_len));
        }
        if (e->n == 0) id_map_remove(&p->span->map, e);
    }
    for (int64_t i = 0; i < v->nspans; i++) {
        ViewSpan *s = v->spans[i];
        if (v->is_windowed && s->is_changed) save_span(w, span_space(v, s, &sp), s, &b);
        s->is_changed = false;
    }
}

static void save_all(ViewOp *v, StateWriter *w)
{
    StrBuf sp = {.arena = scratch(v)}, b = {.arena = scratch(v)};
    for (int64_t i = 0; i < v->nspans; i++) {
        ViewSpan *s = v->spans[i];
        Str space = span_space(v, s, &sp);
        if (v->is_windowed) save_span(w, space, s, &b);
        for (int64_t j = 0; j < s->map.nslots; j++)
            if (s->map.slots[j]) save_entry(w, space, s->map.slots[j], &b);
    }
}

static void epoch_end(ViewOp *v)
{
    v->has_rows = false;
    memset(&v->pending, 0, sizeof v->pending);
    memset(&v->writes, 0, sizeof v->writes);
    memset(&v->dropped_spans, 0, sizeof v->dropped_spans);
    memset(&v->drop_ranges, 0, sizeof v->drop_ranges);
    memset(&v->grants, 0, sizeof v->grants);
    memset(&v->faults, 0, sizeof v->faults);
    v->rows = (RowBuffer){0};
}

static void view_save(Op *op, StateWriter *w, bool all)
{
    ViewOp *v = (ViewOp *)op;
    StateWriter discard = {.buf.arena = scratch(v)};
    save_changes(v, all ? &discard : w);
    forget_closed(v, all ? &discard : w);
    if (all) save_all(v, w);
    epoch_end(v);
}

static Status load_span(ViewSpan *s, Str value)
{
    StrReader r = {value.p, value.p + value.n, false};
    s->end_max_us = (int64_t)sr_u64(&r);
    s->next_id = (int64_t)sr_varint(&r);
    s->rows = (int64_t)sr_varint(&r);
    uint64_t n = sr_varint(&r);
    if (r.bad || n > (uint64_t)value.n) return WEIR_E_CORRUPT;
    s->blocks = mem_alloc(checked_mul((ptrdiff_t)n, sizeof *s->blocks));
    s->nblocks = s->blocks_cap = (int32_t)n;
    for (uint64_t i = 0; i < n; i++) s->blocks[i] = (int64_t)sr_varint(&r);
    return r.bad ? WEIR_E_CORRUPT : WEIR_OK;
}

static Status view_load(Op *op, Str space, Str key, Str value)
{
    ViewOp *v = (ViewOp *)op;
    StrReader sr = {space.p, space.p + space.n, false};
    ViewSpan *s = span_get(v, v->is_windowed ? (int64_t)sr_u64(&sr) : 0);
    if (sr.bad) return WEIR_E_CORRUPT;
    if (key.n == 0) return load_span(s, value);
    StrReader r = {value.p, value.p + value.n, false};
    IdEntry *e = id_map_get(&s->map, key, true);
    uint64_t n = sr_varint(&r);
    e->has_fault = sr_bytes(&r, 1).n == 1 && r.at[-1];
    for (uint64_t i = 0; i < n && !r.bad; i++) id_entry_add(&s->map, e, (int64_t)sr_varint(&r));
    return r.bad ? WEIR_E_CORRUPT : WEIR_OK;
}

static void view_close(Op *op)
{
    ViewOp *v = (ViewOp *)op;
    while (v->nspans > 0) span_free(v, v->nspans - 1);
    mem_free(v->spans, v->spans_cap * (ptrdiff_t)sizeof *v->spans);
    v->spans = NULL;
    v->spans_cap = 0;
}

static int64_t view_bytes(const Op *op)
{
    const ViewOp *v = (const ViewOp *)op;
    int64_t n = 0;
    for (int64_t i = 0; i < v->nspans; i++) n += id_map_bytes(&v->spans[i]->map) + (int64_t)sizeof(ViewSpan);
    return n;
}

static int64_t view_rows(const Op *op) { return ((const ViewOp *)op)->progress.rows; }

static const OpClass view_class = {
    .name = "view", .push = view_push, .save = view_save, .load = view_load, .close = view_close,
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

Status op_view_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    (void)d;
    ViewOp *v = new_one(a, ViewOp);
    op_init(&v->op, &view_class, p, c, a);
    v->key_buf.arena = a;
    v->is_append_only = p->props.is_append_only;
    v->is_keyed = p->props.nkey > 0;
    v->retention_us = retention_of(p);
    int end = p->props.window_end;
    v->is_windowed = end >= 0 && p->fields[end].type.kind == TYPE_TIMESTAMP &&
                     (!v->is_append_only || v->retention_us > 0);
    v->tick_us = v->is_windowed ? type_tick_us(p->fields[end].type) : 1;
    v->span_width = v->is_windowed ? span_width(p, v->retention_us > 0) : 1;
    v->nkey = v->is_keyed ? p->props.nkey : p->nfields;
    v->key = new (a, int32_t, v->nkey);
    for (int i = 0; i < v->nkey; i++) v->key[i] = v->is_keyed ? p->props.key[i] : i;
    v->progress = (ViewProgress){.view = p->rel->id, .next_id = 1};
    *out = &v->op;
    return WEIR_OK;
}

ViewProgress op_view_progress(const Op *op) { return ((const ViewOp *)op)->progress; }

void op_view_restore(Op *op, const ViewProgress *p)
{
    ViewOp *v = (ViewOp *)op;
    v->progress = *p;
    if (v->progress.next_id < 1) v->progress.next_id = 1;
    if (v->is_windowed) v->next_block = v->progress.next_id - 1;
    op->ctx->late_rows = p->late_rows;
    op->ctx->gap_rows = p->gap_rows;
    op->ctx->row_errors = p->errors;
}
