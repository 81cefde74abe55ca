/* ranked.c: partitions of ordered rows: what comes in, what an epoch changes, records. */
#include "exec/op/ranked.h"
#include "exec/op/state_rows.h"
#include "base/keyenc.h"
#include "base/plant.h"

#include <assert.h>

static bool partition_forget(void *arg, uint8_t *part, StateWriter *w);
static int64_t rows_count(const uint8_t *part);
static void rows_clear(Ranked *r, uint8_t *part);
static bool rows_settle(Ranked *r, uint8_t *part);

/* ---- making ------------------------------------------------------------------------------------- */

Status ranked_init(Ranked *r, const OpClass *cls, const PhysOp *p, OpContext *c, Arena *a, int payload, Diags *d)
{
    const PhysOp *in = p->inputs[0];
    op_init(&r->op, cls, p, c, a);
    r->spec = p->ranks;
    r->fields = in->fields;
    r->nfields = in->nfields;
    Type *types = new (a, Type, p->nkeys);
    for (int i = 0; i < p->nkeys; i++) types[i] = in->fields[p->keys[i]].type;
    r->keys = key_layout_new(a, types, p->nkeys);
    r->above_state = in->props.above_state;
    r->by_position = in->props.has_position && in->props.is_append_only;
    row_bytes_init(&r->row, in->fields, in->nfields, r->above_state, a);
    row_bytes_init(&r->more, p->fields + in->nfields, p->nfields - in->nfields, true, a);
    r->count = rows_count;
    r->clear = rows_clear;
    r->settle = rows_settle;
    payload = (payload + 7) & ~7;
    group_table_init(&r->parts, &r->keys, payload + ttl_payload(p->state_ttl_us));
    ttl_init(&r->ttl, p->state_ttl_us, &r->parts, partition_forget, r);
    r->closed_at = INT64_MIN;
    r->time_col = r->end_col = -1;
    if (p->key_window_end >= 0) {
        r->end_col = p->keys[p->key_window_end];
        r->tick = type_tick_us(in->fields[r->end_col].type);
    }
    row_delta_init(&r->delta, &r->op, &r->row, p->nfields > in->nfields ? &r->more : NULL);
    return late_copies_init(&r->late, in, c, a, d);
}

void ranked_close(Op *op)
{
    Ranked *r = (Ranked *)op;
    group_table_free(&r->parts);
    due_heap_free(&r->due);
    ttl_free(&r->ttl);
    row_delta_free(&r->delta);
    arena_free(&r->epoch);
}

int64_t ranked_bytes(const Op *op)
{
    const Ranked *r = (const Ranked *)op;
    return group_table_bytes(&r->parts) + r->due.cap * (int64_t)sizeof(DueItem);
}

int64_t ranked_rows(const Op *op)
{
    return ((const Ranked *)op)->nrows;
}

static void tell_row(const Ranked *r, const TreapNode *node, StrBuf *members, Arena *a)
{
    Column *cols = new (a, Column, r->nfields);
    for (int i = 0; i < r->nfields; i++) cols[i] = column_new(a, r->fields[i].type, 1);
    Str bytes = row_bytes(node);
    StrReader in = {.at = bytes.p, .end = bytes.p + bytes.n};
    row_bytes_decode(&r->row, &in, cols, NULL, a, 0);
    for (int i = 0; i < r->nfields; i++) state_rows_column(members, r->fields[i].name, &cols[i], 0);
}

void ranked_tell_key(const Ranked *r, uint8_t *part, StrBuf *object)
{
    const PhysOp *p = r->op.plan;
    for (int i = 0; i < p->nkeys; i++) state_rows_key(object, r->fields[p->keys[i]].name, &r->parts, part, i);
}

static void tell_partition(const Ranked *r, uint8_t *part, StateRows *out)
{
    for (const TreapNode *n = treap_min(&partition(part)->rows); n; n = treap_next(n)) {
        ArenaMark mark = arena_mark(out->scratch);
        StateRow row = {.part = "row", .key.arena = out->scratch, .value.arena = out->scratch, .count = n->count};
        ranked_tell_key(r, part, &row.key);
        tell_row(r, n, &row.value, out->scratch);
        out->take(out, &row);
        arena_release(out->scratch, mark);
    }
}

uint8_t **ranked_sorted(const Ranked *r, uint32_t *n, Arena *scratch)
{
    uint8_t **parts = new_raw(scratch, uint8_t *, r->parts.live);
    *n = group_table_list(&r->parts, parts);
    group_table_sort(&r->parts, parts, *n, scratch);
    return parts;
}

void ranked_tell(Op *op, StateRows *out)
{
    Ranked *r = (Ranked *)op;
    ArenaMark mark = arena_mark(out->scratch);
    uint32_t n;
    uint8_t **parts = ranked_sorted(r, &n, out->scratch);
    for (uint32_t i = 0; i < n; i++) tell_partition(r, parts[i], out);
    arena_release(out->scratch, mark);
}

/* ---- order -------------------------------------------------------------------------------------- */

static bool key_before(const TreapNode *n, Str key)
{
    return str_cmp(treap_key(n), key) < 0;
}

int64_t rows_before(const Treap *t, Str key)
{
    int64_t before = 0;
    for (const TreapNode *n = t->root; n;) {
        if (!key_before(n, key)) {
            n = n->left;
            continue;
        }
        before += n->count + (n->left ? n->left->weight : 0);
        n = n->right;
    }
    return before;
}

int64_t ranked_time(const Ranked *r, const TreapNode *n, Arena *scratch)
{
    const OrderKey *k = &r->spec->order[0];
    StrReader in = {.at = n->bytes, .end = n->bytes + n->key_n};
    Value v = {.i = 0};
    key_decode(&in, r->fields[k->col].type, (KeyOrder){k->descending, k->nulls_first}, scratch, &v);
    return v.i;
}

/* The least bytes that are greater than all that begin with the prefix; empty: there are none. */
static Str after_prefix(Str prefix, Arena *scratch)
{
    Str s = str_dup(scratch, prefix);
    char *p = (char *)(uintptr_t)s.p;
    while (s.n && (uint8_t)p[s.n - 1] == 0xFF) s.n--;
    if (s.n) p[s.n - 1] = (char)((uint8_t)p[s.n - 1] + 1);
    return s;
}

int64_t rows_through(const Treap *t, Str prefix, Arena *scratch)
{
    ArenaMark mark = arena_mark(scratch);
    Str after = after_prefix(prefix, scratch);
    int64_t n = after.n ? rows_before(t, after) : treap_weight(t);
    arena_release(scratch, mark);
    return n;
}

/* Whether all that is pending comes behind the rows: so it mostly is where rows come in order. */
static bool is_appended(const Partition *p)
{
    const TreapNode *last = treap_max(&p->rows);
    return !last || str_cmp(treap_key(last), treap_key(treap_min(&p->pending))) < 0;
}

bool partition_changed(const Partition *p, Changed *out)
{
    const TreapNode *first = treap_min(&p->pending), *last = treap_max(&p->pending);
    if (!first) return false;
    *out = (Changed){.first = treap_key(first), .last = treap_key(last), .net = treap_weight(&p->pending)};
    if (is_appended(p)) {
        out->from = out->to = treap_weight(&p->rows);
        return true;
    }
    out->from = rows_before(&p->rows, out->first);
    const TreapNode *same = treap_find(&p->rows, out->last);
    out->to = same ? treap_rank(same) + same->count : rows_before(&p->rows, out->last);
    return true;
}

/* ---- an epoch ----------------------------------------------------------------------------------- */

static int64_t rows_count(const uint8_t *part) { return treap_weight(&((const Partition *)(const void *)part)->rows); }

static void rows_clear(Ranked *r, uint8_t *part)
{
    Partition *p = partition(part);
    treap_clear(&p->rows, &r->parts.heap);
    treap_clear(&p->pending, &r->parts.heap);
}

static bool rows_settle(Ranked *r, uint8_t *part)
{
    Partition *p = partition(part);
    treap_clear(&p->pending, &r->parts.heap);
    p->pending_kept = 0;
    return !p->rows.root;
}

static void partition_drop(Ranked *r, uint8_t *part)
{
    r->clear(r, part);
    if (r->drop) r->drop(r, part);
}

/* What waits for a watermark has still to go out. */
static bool partition_forget(void *arg, uint8_t *part, StateWriter *w)
{
    Ranked *r = arg;
    const PartitionHead *p = partition_head(part);
    if (p->waiting || p->is_closed) return false;
    if (p->is_saved) state_drop(w, ranked_space(r, part, w->buf.arena));
    r->nrows -= r->count(part);
    partition_drop(r, part);
    return true;
}

void ranked_begin(Ranked *r)
{
    if (r->is_settled) return;
    GroupTable *t = &r->parts;
    for (uint32_t i = 0; i < t->ntouched; i++) {
        uint8_t *part = t->touched[i];
        const PartitionHead *p = partition_head(part);
        group_head(t, part)->touched = 0;
        bool is_empty = r->settle(r, part) && !p->waiting && !p->is_saved && !p->is_kept;
        if (!is_empty || p->is_closed) continue;
        partition_drop(r, part);
        ttl_leave(&r->ttl, part);
        group_table_remove(t, part);
    }
    t->ntouched = 0;
    for (ptrdiff_t i = 0; i < r->closed.len; i++) {
        ttl_leave(&r->ttl, r->closed.data[i]);
        group_table_remove(t, r->closed.data[i]);
    }
    memset(&r->changes, 0, sizeof r->changes);
    memset(&r->closed, 0, sizeof r->closed);
    arena_reset(&r->epoch);
    r->is_settled = true;
    ttl_expire(&r->ttl, op_ttl_now(&r->op));
}

/* Rows that are taken back though they are not there. */
typedef struct Missing {
    Str key;
    int64_t n;
} Missing;

/* Under state_ttl they may have gone before. */
static void forget_missing(Ranked *r, uint8_t *part)
{
    Partition *p = partition(part);
    VEC(Missing) missing = {0};
    for (const TreapNode *n = p->pending.negative ? treap_min(&p->pending) : NULL; n; n = treap_next(n)) {
        const TreapNode *old = n->count < 0 ? treap_find(&p->rows, treap_key(n)) : NULL;
        int64_t after = n->count + (old ? old->count : 0);
        if (n->count < 0 && after < 0) vec_push(&missing, &r->epoch, (Missing){str_dup(&r->epoch, treap_key(n)), -after});
    }
    for (ptrdiff_t i = 0; i < missing.len; i++) {
        treap_add(&p->pending, &r->parts.heap, missing.data[i].key, (Str){0}, missing.data[i].n);
        op_count_missing(&r->op, missing.data[i].n);
    }
}

void ranked_flush(Ranked *r)
{
    ranked_begin(r);
    late_copies_count(&r->late);
    r->is_settled = false;
    for (uint32_t i = 0; i < r->parts.ntouched && r->ttl.span_us > 0; i++) forget_missing(r, r->parts.touched[i]);
}

void ranked_end_flush(Ranked *r)
{
    ttl_touch(&r->ttl, op_ttl_now(&r->op));
    ttl_expire(&r->ttl, op_ttl_now(&r->op));
}

static void note_change(Ranked *r, uint8_t *part, Str key, int64_t before)
{
    vec_push(&r->changes, &r->epoch, (RowChange){part, key, before});
}

void ranked_apply(Ranked *r, uint8_t *part)
{
    Partition *p = partition(part);
    StateHeap *h = &r->parts.heap;
    bool all_new = p->pending.root && is_appended(p);
    for (const TreapNode *n = treap_min(&p->pending); n; n = treap_next(n)) {
        const TreapNode *old = all_new ? NULL : treap_find(&p->rows, treap_key(n));
        note_change(r, part, treap_key(n), old ? old->count : 0);
        treap_add(&p->rows, h, treap_key(n), treap_payload(n), n->count);
        r->nrows += n->count;
    }
    if (p->rows.negative && !r->op.ctx->broken.n) r->op.ctx->broken = S("a row was taken back that was not there");
}

void ranked_remove(Ranked *r, uint8_t *part, const TreapNode *row, int64_t n)
{
    Str key = str_dup(&r->epoch, treap_key(row));
    note_change(r, part, key, row->count);
    r->nrows -= n;
    treap_add(&partition(part)->rows, &r->parts.heap, key, (Str){0}, -n);
}

void ranked_await(Ranked *r, uint8_t *part, int64_t due)
{
    due_heap_add(&r->due, due, part);
    partition_head(part)->waiting++;
}

/* ---- windows ------------------------------------------------------------------------------------ */

/* Windows that end at or before this are closed once the watermark is w. */
static int64_t closed_end(const Ranked *r, int64_t w)
{
    int64_t end;
    if (w == INT64_MIN || w == INT64_MAX) return w;
    return __builtin_add_overflow(w, r->tick, &end) ? INT64_MAX : end;
}

/* Rows without a window end belong to one that only the end of the input closes. */
static int64_t end_of_row(const Column *ends, int row)
{
    return col_is_null(ends, row) ? INT64_MAX : COL(int64_t, ends)[col_at(ends, row)];
}

static void sort_by_end(uint8_t **parts, int64_t n, Arena *scratch)
{
    uint8_t **to = new_raw(scratch, uint8_t *, n);
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t lo = 0; lo < n; lo += 2 * width) {
            int64_t mid = lo + width < n ? lo + width : n, hi = mid + width < n ? mid + width : n, a = lo, b = mid;
            for (int64_t i = lo; i < hi; i++)
                to[i] = b >= hi || (a < mid && partition_head(parts[a])->end <= partition_head(parts[b])->end) ? parts[a++] : parts[b++];
        }
        memcpy(parts, to, (size_t)n * sizeof *parts);
    }
}

int64_t ranked_take_closed(Ranked *r, int64_t watermark, uint8_t ***out)
{
    int64_t end = closed_end(r, watermark);
    VEC(uint8_t *) parts = {0};
    while (r->due.n && r->due.items[0].due <= end) {
        uint8_t *part = due_heap_take(&r->due).item;
        partition_head(part)->waiting--;
        vec_push(&parts, &r->epoch, part);
    }
    if (parts.len) {
        group_table_sort(&r->parts, parts.data, parts.len, &r->epoch);
        sort_by_end(parts.data, parts.len, &r->epoch);
    }
    *out = parts.data;
    return parts.len;
}

void ranked_end(Ranked *r, uint8_t *part)
{
    r->nrows -= r->count(part);
    partition_drop(r, part);
    partition_head(part)->is_closed = true;
    vec_push(&r->closed, &r->epoch, part);
}

/* ---- rows that come in -------------------------------------------------------------------------- */

static const RowError *needed_error(const Ranked *r, const Batch *b, int row)
{
    for (int c = 0; c < b->ncols; c++)
        if (col_is_err(&b->cols[c], row) && (!r->is_needed || r->is_needed(r, b, c, row)))
            return column_error(&b->cols[c], row);
    return NULL;
}

static bool is_window_late(Ranked *r, const Batch *b, int row)
{
    if (r->end_col < 0) return false;
    int64_t j = batch_judge(b, row);
    bool is_late = end_of_row(&b->cols[r->end_col], row) <= closed_end(r, j > r->closed_at ? j : r->closed_at);
    return late_copies_see(&r->late, b, row, is_late);
}

/* Late, or in error, or without the time that it needs: counted here. */
static bool is_time_wrong(Ranked *r, const Batch *b, int row)
{
    if (r->time_col < 0) return false;
    const Column *time = &b->cols[r->time_col];
    int64_t j = batch_judge(b, row), weight = batch_weight(b, row) > 0 ? batch_weight(b, row) : 0;
    if (col_is_null(time, row)) {
        r->op.ctx->gap_rows += weight;
        return true;
    }
    if (r->nothing_is_late) return false;
    bool is_late = COL(int64_t, time)[col_at(time, row)] <= (j > r->closed_at ? j : r->closed_at);
    if (is_late) op_late(&r->op, b, row, LATE_NO_WINDOW, LATE_NO_WINDOW);
    return is_late;
}

const RowError *ranked_row_error(const Op *op, int port, const Batch *b, int row)
{
    (void)port;
    const Ranked *r = (const Ranked *)op;
    return r->above_state ? NULL : needed_error(r, b, row);
}

static int rows_that_count(Ranked *r, const Batch *b, int32_t *rows)
{
    bool has_marks = false;
    for (int c = 0; c < b->ncols && !r->above_state; c++) has_marks |= b->cols[c].err != NULL;
    int n = 0;
    if (!has_marks && r->end_col < 0 && r->time_col < 0) {
        for (; n < batch_count(b); n++) rows[n] = batch_row(b, n);
        return n;
    }
    for (int i = 0; i < batch_count(b); i++) {
        int row = batch_row(b, i);
        const RowError *e = has_marks ? needed_error(r, b, row) : NULL;
        if (e)
            op_row_error(&r->op, b, row, e->code, e->message);
        else if (!is_window_late(r, b, row) && !is_time_wrong(r, b, row))
            rows[n++] = row;
    }
    return n;
}

Pos ranked_pos(const Ranked *r, const Batch *b, int row)
{
    Pos at = batch_pos(b, row);
    if (WEIR_PLANT("ties-by-arrival")) at.label = (uint64_t)r->op.ctx->epoch;
    return at;
}

/* The columns of the order; returns the bytes of those in which peers are equal. */
static uint32_t encode_order(const Ranked *r, const Batch *b, int row, StrBuf *out)
{
    const RankSpec *s = r->spec;
    ptrdiff_t start = out->n, peer_n = 0;
    for (int i = 0; i < s->norder; i++) {
        if (i == s->npeer) {
            peer_n = out->n - start;
            if (r->by_position) key_encode_pos(out, ranked_pos(r, b, row));
        }
        const OrderKey *o = &s->order[i];
        key_encode(out, &b->cols[o->col], row, (KeyOrder){o->descending, o->nulls_first});
    }
    if (s->npeer >= s->norder) {
        peer_n = out->n - start;
        if (r->by_position) key_encode_pos(out, ranked_pos(r, b, row));
    }
    return (uint32_t)peer_n;
}

static void partitions_make(Ranked *r, const Batch *b, const int32_t *rows, int n, uint8_t **parts, Arena *scratch)
{
    uint8_t **fresh = new_raw(scratch, uint8_t *, n);
    PackedKeys keys = key_pack(&r->keys, b->cols, r->op.plan->keys, rows, n, scratch);
    int nfresh = group_table_find(&r->parts, &keys, parts, fresh);
    for (int i = 0, f = 0; i < n && f < nfresh && r->end_col >= 0; i++) {
        if (parts[i] != fresh[f]) continue;
        partition_head(parts[i])->end = end_of_row(&b->cols[r->end_col], rows[i]);
        ranked_await(r, parts[i], partition_head(parts[i])->end);
        f++;
    }
}

/* Rows with their orders encoded. */
typedef struct OrderedRows {
    int32_t *rows;
    uint8_t **parts;
    uint32_t *peer_n;
    ptrdiff_t *ends;
    StrBuf bytes;
    int n;
} OrderedRows;

static void encode_orders(Ranked *r, const Batch *b, OrderedRows *o, Arena *scratch)
{
    int kept = 0;
    o->peer_n = new_raw(scratch, uint32_t, o->n);
    o->ends = new_raw(scratch, ptrdiff_t, o->n);
    o->bytes.arena = scratch;
    for (int i = 0; i < o->n; i++) {
        ptrdiff_t start = o->bytes.n;
        uint32_t peer_n = encode_order(r, b, o->rows[i], &o->bytes);
        Str order = str_of(o->bytes.p + start, o->bytes.n - start);
        if (r->is_beyond && r->is_beyond(r, partition(o->parts[i]), order, peer_n)) {
            o->bytes.n = start;
            continue;
        }
        o->rows[kept] = o->rows[i];
        o->parts[kept] = o->parts[i];
        o->peer_n[kept] = peer_n;
        o->ends[kept++] = o->bytes.n;
    }
    o->n = kept;
}

enum { PENDING_MIN = 1024 };

/* Amortised over as many rows as are left. */
static void cut_pending(Ranked *r, Partition *p)
{
    int64_t n = treap_weight(&p->pending);
    if (!r->cut_pending || n < PENDING_MIN || n < 2 * p->pending_kept) return;
    r->cut_pending(r, p);
    p->pending_kept = treap_weight(&p->pending);
}

static void add_rows(Ranked *r, const Batch *b, const OrderedRows *o, Arena *scratch)
{
    StrBuf rows = {.arena = scratch}, key = {.arena = scratch};
    ptrdiff_t *ends = new_raw(scratch, ptrdiff_t, o->n);
    row_bytes_encode(&r->row, b->cols, o->rows, o->n, scratch, &rows, ends);
    for (int i = 0; i < o->n; i++) {
        ptrdiff_t order = i ? o->ends[i - 1] : 0, row = i ? ends[i - 1] : 0;
        RowLengths lengths = {o->peer_n[i], (uint32_t)(o->ends[i] - order)};
        key.n = 0;
        sb_bytes(&key, o->bytes.p + order, o->ends[i] - order);
        sb_bytes(&key, rows.p + row, ends[i] - row);
        Partition *p = partition(o->parts[i]);
        treap_add(&p->pending, &r->parts.heap, str_of(key.p, key.n), str_of((const char *)&lengths, sizeof lengths),
                  batch_weight(b, o->rows[i]));
        cut_pending(r, p);
    }
}

int ranked_take(Ranked *r, const Batch *b, int32_t *rows, uint8_t **parts)
{
    int n = rows_that_count(r, b, rows);
    partitions_make(r, b, rows, n, parts, r->op.ctx->batch_scratch);
    return n;
}

void ranked_push(Op *op, int port, const Batch *b)
{
    (void)port;
    Ranked *r = (Ranked *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    ranked_begin(r);
    OrderedRows o = {.rows = new_raw(scratch, int32_t, batch_count(b)),
                     .parts = new_raw(scratch, uint8_t *, batch_count(b))};
    o.n = ranked_take(r, b, o.rows, o.parts);
    encode_orders(r, b, &o, scratch);
    add_rows(r, b, &o, scratch);
    arena_release(scratch, mark);
}

/* ---- records ------------------------------------------------------------------------------------ */

Str ranked_space(const Ranked *r, const uint8_t *part, Arena *scratch)
{
    StrBuf b = {.arena = scratch};
    sb_char(&b, 'p');
    group_table_save_key(&r->parts, part, &b);
    return str_of(b.p, b.n);
}

uint8_t *ranked_of_space(Ranked *r, Str space)
{
    if (space.n == 0 || space.p[0] != 'p') return NULL;
    Arena *scratch = r->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    StrReader in = {.at = space.p + 1, .end = space.p + space.n};
    uint64_t *words = new (scratch, uint64_t, r->keys.words + 1);
    uint32_t nulls;
    uint8_t *part = NULL;
    if (key_load(&r->keys, &in, words, &nulls) && in.at == in.end) {
        bool is_new;
        part = group_table_add(&r->parts, words, nulls, key_hash(&r->keys, words, nulls), &is_new);
        group_table_settle(&r->parts);
        partition_head(part)->is_saved = true;
        int at = r->op.plan->key_window_end;
        if (is_new && r->end_col >= 0) {
            partition_head(part)->end = key_column_is_null(&r->keys, words, nulls, at) ? INT64_MAX
                                                                                   : (int64_t)words[r->keys.cols[at].at];
            ranked_await(r, part, partition_head(part)->end);
        }
    }
    arena_release(scratch, mark);
    return part;
}

static void put_row(const TreapNode *n, Str space, StateWriter *w, Arena *scratch)
{
    ArenaMark mark = arena_mark(scratch);
    StrBuf value = {.arena = scratch};
    RowLengths l = row_lengths(n);
    sb_varint(&value, l.peer_n);
    sb_varint(&value, l.order_n);
    sb_signed(&value, n->count);
    state_put(w, space, treap_key(n), str_of(value.p, value.n));
    arena_release(scratch, mark);
}

static void save_all(Ranked *r, StateWriter *w, Arena *scratch)
{
    for (uint32_t i = 0; i < r->parts.len; i++) {
        uint8_t *part = group_table_at(&r->parts, i);
        if (!part || partition_head(part)->is_closed) continue;
        ArenaMark mark = arena_mark(scratch);
        Str space = ranked_space(r, part, scratch);
        for (const TreapNode *n = treap_min(&partition(part)->rows); n; n = treap_next(n)) put_row(n, space, w, scratch);
        partition_head(part)->is_saved = partition(part)->rows.root != NULL;
        arena_release(scratch, mark);
    }
}

static void save_change(const RowChange *c, Str space, StateWriter *w, Arena *scratch)
{
    Partition *p = partition(c->part);
    const TreapNode *n = treap_find(&p->rows, c->key);
    if (n && n->count != c->before) put_row(n, space, w, scratch);
    if (!n && c->before) state_del(w, space, c->key);
    p->head.is_saved = p->rows.root != NULL;
}

void ranked_save(Op *op, StateWriter *w, bool all)
{
    Ranked *r = (Ranked *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    ttl_save(&r->ttl, w, all);
    if (all) save_all(r, w, scratch);
    for (ptrdiff_t i = 0; i < r->changes.len && !all; i++) {
        const RowChange *c = &r->changes.data[i];
        if (partition_head(c->part)->is_closed) continue;
        ArenaMark inner = arena_mark(scratch);
        save_change(c, ranked_space(r, c->part, scratch), w, scratch);
        arena_release(scratch, inner);
    }
    for (ptrdiff_t i = 0; i < r->closed.len && !all; i++)
        if (partition_head(r->closed.data[i])->is_saved) state_drop(w, ranked_space(r, r->closed.data[i], scratch));
    arena_release(scratch, mark);
}

Status ranked_load_row(Ranked *r, uint8_t *part, Str key, Str value)
{
    StrReader in = {.at = value.p, .end = value.p + value.n};
    uint64_t peer_n = sr_varint(&in), order_n = sr_varint(&in);
    int64_t count = sr_signed(&in);
    if (in.bad || in.at != in.end || count <= 0 || peer_n > order_n || order_n > (uint64_t)key.n) return WEIR_E_CORRUPT;
    RowLengths lengths = {(uint32_t)peer_n, (uint32_t)order_n};
    if (!row_bytes_check(&r->row, str_of(key.p + order_n, key.n - (ptrdiff_t)order_n))) return WEIR_E_CORRUPT;
    if (treap_find(&partition(part)->rows, key)) return WEIR_E_CORRUPT;
    treap_add(&partition(part)->rows, &r->parts.heap, key, str_of((const char *)&lengths, sizeof lengths), count);
    r->nrows += count;
    return WEIR_OK;
}

Status ranked_load(Op *op, Str space, Str key, Str value)
{
    Ranked *r = (Ranked *)op;
    if (ttl_is_space(&r->ttl, space)) return ttl_load(&r->ttl, key, value);
    uint8_t *part = ranked_of_space(r, space);
    return part ? ranked_load_row(r, part, key, value) : WEIR_E_CORRUPT;
}
