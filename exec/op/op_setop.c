/* op_setop.c: INTERSECT and EXCEPT, of sets or of bags: how often a whole row is there on each side
 * decides how often it is there in the result. NULLs are equal.
 *
 * State: two counts per different row, as long as one is not 0 and state_ttl leaves it, or its window
 * is open. */
#include "exec/op/due_heap.h"
#include "exec/op/late_copies.h"
#include "exec/op/row_delta.h"
#include "exec/op/state_rows.h"
#include "exec/state/ttl.h"

typedef enum Side { LEFT, RIGHT, SIDES } Side;

/* Payload of a row. */
typedef struct Counts {
    int64_t n[SIDES], before[SIDES]; /* before the epoch, while it is touched */
    bool is_seen;     /* before is set */
    bool is_waiting;  /* for its window to close */
    bool is_saved, is_closed;
} Counts;

typedef struct SetOp {
    Op op;
    KeyLayout layout;    /* all columns; above state the marks, as text */
    RowBytes row;
    bool has_marks, above_state[SIDES];
    GroupTable rows;     /* payload: Counts */
    Ttl ttl;
    Arena epoch;         /* reset when the next epoch begins */
    VEC(uint8_t *) closed;
    RowDelta out;
    DueHeap due;         /* rows by the end of their window */
    int32_t end_col;     /* -1: none */
    int64_t tick, closed_at;
    LateCopies late[SIDES];
    int64_t live;        /* rows that are there on a side */
    bool is_settled, shows_changes;
} SetOp;

static Counts *counts(uint8_t *row) { return (Counts *)(void *)row; }
static bool is_there(const Counts *c) { return c->n[LEFT] || c->n[RIGHT]; }

/* ---- what the counts mean ----------------------------------------------------------------------- */

static int64_t shown(const SetOp *s, const int64_t *n)
{
    int64_t l = n[LEFT] > 0 ? n[LEFT] : 0, r = n[RIGHT] > 0 ? n[RIGHT] : 0;
    switch (s->op.plan->set) {
    case SETOP_INTERSECT: return s->op.plan->set_all ? (l < r ? l : r) : l && r;
    case SETOP_EXCEPT: return s->op.plan->set_all ? (l > r ? l - r : 0) : l && !r;
    }
    return 0;
}

/* ---- an epoch ----------------------------------------------------------------------------------- */

static bool setop_forget(void *arg, uint8_t *row, StateWriter *w)
{
    SetOp *s = arg;
    StrBuf key = {.arena = w->buf.arena};
    group_table_save_key(&s->rows, row, &key);
    state_del(w, (Str){0}, str_of(key.p, key.n));
    s->live -= is_there(counts(row));
    return true;
}

static void setop_begin(SetOp *s)
{
    if (s->is_settled) return;
    for (uint32_t i = 0; i < s->rows.ntouched; i++) {
        uint8_t *row = s->rows.touched[i];
        Counts *c = counts(row);
        group_head(&s->rows, row)->touched = 0;
        c->is_seen = false;
        if (is_there(c) || c->is_waiting || c->is_closed) continue;
        ttl_leave(&s->ttl, row);
        group_table_remove(&s->rows, row);
    }
    s->rows.ntouched = 0;
    for (ptrdiff_t i = 0; i < s->closed.len; i++) group_table_remove(&s->rows, s->closed.data[i]);
    memset(&s->closed, 0, sizeof s->closed);
    arena_reset(&s->epoch);
    s->is_settled = true;
    ttl_expire(&s->ttl, op_ttl_now(&s->op));
}

/* Windows that end at or before this are closed once the watermark is w. */
static int64_t closed_end(const SetOp *s, int64_t w)
{
    int64_t end;
    if (w == INT64_MIN || w == INT64_MAX) return w;
    return __builtin_add_overflow(w, s->tick, &end) ? INT64_MAX : end;
}

/* A row without a window end belongs to a window that only the end of the input closes. */
static int64_t end_of(const SetOp *s, const uint8_t *row)
{
    const uint64_t *words = group_words(&s->rows, row);
    if (key_column_is_null(&s->layout, words, group_head(&s->rows, row)->nulls, s->end_col)) return INT64_MAX;
    return (int64_t)words[s->layout.cols[s->end_col].at];
}

static bool is_late(const SetOp *s, const Batch *b, int row)
{
    const Column *ends = &b->cols[s->end_col];
    int64_t j = batch_judge(b, row), end = col_is_null(ends, row) ? INT64_MAX : COL(int64_t, ends)[col_at(ends, row)];
    return end <= closed_end(s, j > s->closed_at ? j : s->closed_at);
}

static const RowError *first_error(const SetOp *s, int port, const Batch *b, int row)
{
    for (int c = 0; c < b->ncols && !s->above_state[port]; c++)
        if (col_is_err(&b->cols[c], row)) return column_error(&b->cols[c], row);
    return NULL;
}

static const RowError *setop_row_error(const Op *op, int port, const Batch *b, int row)
{
    return first_error((const SetOp *)op, port, b, row);
}

static int rows_that_count(SetOp *s, int port, const Batch *b, int32_t *rows)
{
    int n = 0;
    for (int i = 0; i < batch_count(b); i++) {
        int row = batch_row(b, i);
        const RowError *e = first_error(s, port, b, row);
        if (e)
            op_row_error(&s->op, b, row, e->code, e->message);
        else if (s->end_col < 0 || !late_copies_see(&s->late[port], b, row, is_late(s, b, row)))
            rows[n++] = row;
    }
    return n;
}

/* The marks of each row as one more column of text; empty: it has none. */
static const Column *with_marks(const SetOp *s, const Batch *b, const int32_t *rows, int n, Arena *scratch)
{
    if (!s->has_marks) return b->cols;
    Column *cols = new (scratch, Column, b->ncols + 1);
    memcpy(cols, b->cols, (size_t)b->ncols * sizeof *cols);
    cols[b->ncols] = column_new(scratch, TYPE_OF(TYPE_TEXT), b->rows);
    for (int i = 0; i < n; i++) {
        StrBuf marks = {.arena = scratch};
        row_bytes_marks(b->cols, b->ncols, rows[i], &marks);
        if (marks.n > 1) COL(Text, &cols[b->ncols])[rows[i]] = text_ref(marks.p, marks.n);
    }
    return cols;
}

static void count(SetOp *s, Counts *c, int port, int64_t weight)
{
    s->live -= is_there(c);
    c->n[port] += weight;
    s->live += is_there(c);
}

static void see(SetOp *s, uint8_t *row)
{
    Counts *c = counts(row);
    if (!c->is_seen) memcpy(c->before, c->n, sizeof c->n);
    c->is_seen = true;
    if (s->end_col < 0 || c->is_waiting) return;
    due_heap_add(&s->due, end_of(s, row), row);
    c->is_waiting = true;
}

static void setop_push(Op *op, int port, const Batch *b)
{
    SetOp *s = (SetOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    setop_begin(s);
    int32_t *rows = new_raw(scratch, int32_t, batch_count(b));
    int n = rows_that_count(s, port, b, rows);
    PackedKeys keys = key_pack(&s->layout, with_marks(s, b, rows, n, scratch), NULL, rows, n, scratch);
    uint8_t **entries = new_raw(scratch, uint8_t *, n);
    group_table_find(&s->rows, &keys, entries, NULL);
    for (int i = 0; i < n; i++) {
        see(s, entries[i]);
        count(s, counts(entries[i]), port, batch_weight(b, rows[i]));
    }
    arena_release(scratch, mark);
}

/* ---- output ------------------------------------------------------------------------------------- */

static void put(SetOp *s, const uint8_t *row, int64_t weight)
{
    StrBuf bytes = {.arena = &s->epoch};
    const uint64_t *words = group_words(&s->rows, row);
    uint32_t nulls = group_head(&s->rows, row)->nulls;
    key_save(&s->row.layout, words, nulls, &bytes);
    if (s->has_marks) {
        Text marks;
        memcpy(&marks, &words[s->layout.cols[s->row.layout.ncols].at], sizeof marks);
        if (marks.len) sb_bytes(&bytes, text_p(&marks), marks.len);
        else sb_varint(&bytes, 0);
    }
    row_delta_put(&s->out, str_of(bytes.p, bytes.n), weight);
}

static void emit_changes(SetOp *s)
{
    for (int sign = -1; sign <= 1; sign += 2)
        for (uint32_t i = 0; i < s->rows.ntouched; i++) {
            uint8_t *row = s->rows.touched[i];
            int64_t change = shown(s, counts(row)->n) - shown(s, counts(row)->before);
            if (change * sign > 0) put(s, row, change);
        }
    row_delta_flush(&s->out);
}

typedef VEC(uint8_t *) RowList;

static void sort_by_end(const SetOp *s, RowList *rows)
{
    uint8_t **to = new_raw(s->op.ctx->batch_scratch, uint8_t *, rows->len), **from = rows->data;
    group_table_sort(&s->rows, from, rows->len, s->op.ctx->batch_scratch);
    for (ptrdiff_t width = 1, n = rows->len; width < n; width *= 2) {
        for (ptrdiff_t lo = 0; lo < n; lo += 2 * width) {
            ptrdiff_t mid = lo + width < n ? lo + width : n, hi = mid + width < n ? mid + width : n, a = lo, b = mid;
            for (ptrdiff_t i = lo; i < hi; i++)
                to[i] = b >= hi || (a < mid && end_of(s, from[a]) <= end_of(s, from[b])) ? from[a++] : from[b++];
        }
        memcpy(from, to, (size_t)n * sizeof *from);
    }
}

/* Rows of windows that are over go; under EMIT FINAL they are handed on, in the order of (end, row). */
static void close_windows(SetOp *s, int64_t watermark)
{
    Arena *scratch = s->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    RowList rows = {0};
    int64_t end = closed_end(s, watermark);
    while (s->due.n && s->due.items[0].due <= end) vec_push(&rows, &s->epoch, (uint8_t *)due_heap_take(&s->due).item);
    if (!s->shows_changes && rows.len) sort_by_end(s, &rows);
    for (ptrdiff_t i = 0; i < rows.len; i++) {
        Counts *c = counts(rows.data[i]);
        if (!s->shows_changes) put(s, rows.data[i], shown(s, c->n));
        c->is_closed = true;
        s->live -= is_there(c);
        vec_push(&s->closed, &s->epoch, rows.data[i]);
    }
    row_delta_flush(&s->out);
    arena_release(scratch, mark);
    if (watermark > s->closed_at) s->closed_at = watermark;
}

/* Under state_ttl the rows may have gone before. */
static void forget_missing(SetOp *s, Counts *c)
{
    for (int side = 0; side < SIDES && s->ttl.span_us > 0; side++) {
        if (c->n[side] >= 0) continue;
        op_count_missing(&s->op, -c->n[side]);
        count(s, c, side, -c->n[side]);
    }
}

static void check_counts(SetOp *s)
{
    for (uint32_t i = 0; i < s->rows.ntouched; i++) {
        Counts *c = counts(s->rows.touched[i]);
        forget_missing(s, c);
        if ((c->n[LEFT] < 0 || c->n[RIGHT] < 0) && !s->op.ctx->broken.n)
            s->op.ctx->broken = S("a row was taken back that was not there");
    }
}

static int64_t setop_flush(Op *op, int64_t watermark)
{
    SetOp *s = (SetOp *)op;
    setop_begin(s);
    for (int i = 0; i < SIDES; i++) late_copies_count(&s->late[i]);
    check_counts(s);
    if (s->shows_changes) emit_changes(s);
    ttl_touch(&s->ttl, op_ttl_now(op));
    ttl_expire(&s->ttl, op_ttl_now(op));
    s->is_settled = false;
    if (s->end_col < 0) return watermark == INT64_MAX ? INT64_MAX : INT64_MIN; /* no event time */
    close_windows(s, watermark);
    return watermark;
}

/* ---- records ------------------------------------------------------------------------------------ */

static void save_row(SetOp *s, uint8_t *row, StateWriter *w)
{
    Counts *c = counts(row);
    Arena *scratch = s->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    StrBuf key = {.arena = scratch}, value = {.arena = scratch};
    group_table_save_key(&s->rows, row, &key);
    bool stays = is_there(c) && !c->is_closed;
    if (stays) {
        sb_signed(&value, c->n[LEFT]);
        sb_signed(&value, c->n[RIGHT]);
        state_put(w, (Str){0}, str_of(key.p, key.n), str_of(value.p, value.n));
    } else if (c->is_saved) {
        state_del(w, (Str){0}, str_of(key.p, key.n));
    }
    c->is_saved = stays;
    arena_release(scratch, mark);
}

static void setop_save(Op *op, StateWriter *w, bool all)
{
    SetOp *s = (SetOp *)op;
    ttl_save(&s->ttl, w, all);
    for (uint32_t i = 0; i < s->rows.len && all; i++) {
        uint8_t *row = group_table_at(&s->rows, i);
        if (!row) continue;
        counts(row)->is_saved = false; /* a base says what is there, not what has gone */
        save_row(s, row, w);
    }
    for (uint32_t i = 0; i < s->rows.ntouched && !all; i++) save_row(s, s->rows.touched[i], w);
    for (ptrdiff_t i = 0; i < s->closed.len && !all; i++)
        if (counts(s->closed.data[i])->is_saved) save_row(s, s->closed.data[i], w);
}

static bool has_good_marks(const SetOp *s, const uint64_t *words)
{
    if (!s->has_marks) return true;
    Text marks;
    memcpy(&marks, &words[s->layout.cols[s->row.layout.ncols].at], sizeof marks);
    StrReader in = {.at = text_p(&marks), .end = text_p(&marks) + marks.len};
    return marks.len == 0 || (row_bytes_marks_check(&in, s->row.layout.ncols) && in.at == in.end);
}

static Status setop_load(Op *op, Str space, Str key, Str value)
{
    SetOp *s = (SetOp *)op;
    if (ttl_is_space(&s->ttl, space)) return ttl_load(&s->ttl, key, value);
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    StrReader in = {.at = key.p, .end = key.p + key.n};
    uint64_t *words = new (scratch, uint64_t, s->layout.words + 1);
    uint32_t nulls;
    if (space.n || !key_load(&s->layout, &in, words, &nulls) || in.at != in.end || !has_good_marks(s, words)) return WEIR_E_CORRUPT;
    bool is_new;
    uint8_t *row = group_table_add(&s->rows, words, nulls, key_hash(&s->layout, words, nulls), &is_new);
    group_table_settle(&s->rows);
    arena_release(scratch, mark);
    if (!is_new) return WEIR_E_CORRUPT;
    in = (StrReader){.at = value.p, .end = value.p + value.n};
    Counts *c = counts(row);
    count(s, c, LEFT, sr_signed(&in));
    count(s, c, RIGHT, sr_signed(&in));
    if (in.bad || in.at != in.end || c->n[LEFT] < 0 || c->n[RIGHT] < 0) return WEIR_E_CORRUPT;
    see(s, row);
    c->is_seen = false;
    c->is_saved = true;
    return WEIR_OK;
}

/* ---- the class ---------------------------------------------------------------------------------- */

static void setop_close(Op *op)
{
    SetOp *s = (SetOp *)op;
    group_table_free(&s->rows);
    due_heap_free(&s->due);
    row_delta_free(&s->out);
    ttl_free(&s->ttl);
    arena_free(&s->epoch);
}

static int64_t setop_bytes(const Op *op)
{
    const SetOp *s = (const SetOp *)op;
    return group_table_bytes(&s->rows) + s->due.cap * (int64_t)sizeof(DueItem);
}

static int64_t setop_rows(const Op *op)
{
    return ((const SetOp *)op)->live;
}

static void setop_tell(Op *op, StateRows *out)
{
    SetOp *s = (SetOp *)op;
    ArenaMark mark = arena_mark(out->scratch);
    uint8_t **rows = new_raw(out->scratch, uint8_t *, s->rows.live);
    uint32_t n = group_table_list(&s->rows, rows);
    group_table_sort(&s->rows, rows, n, out->scratch);
    for (uint32_t i = 0; i < n; i++) {
        const Counts *c = counts(rows[i]);
        if (!is_there(c) || c->is_closed) continue;
        ArenaMark inner = arena_mark(out->scratch);
        StateRow row = {.part = "row", .key.arena = out->scratch, .value.arena = out->scratch, .count = shown(s, c->n)};
        for (int k = 0; k < op->plan->nfields; k++) state_rows_key(&row.key, op->plan->fields[k].name, &s->rows, rows[i], k);
        sb_printf(&row.value, "\"left\": %lld, \"right\": %lld", (long long)c->n[LEFT], (long long)c->n[RIGHT]);
        out->take(out, &row);
        arena_release(out->scratch, inner);
    }
    arena_release(out->scratch, mark);
}

static const OpClass setop_class = {
    .name = "set operation", .push = setop_push, .row_error = setop_row_error, .flush = setop_flush, .save = setop_save, .load = setop_load,
    .close = setop_close, .state_bytes = setop_bytes, .state_rows = setop_rows,
    .tell = setop_tell,
};

Status op_setop_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    SetOp *s = new_one(a, SetOp);
    op_init(&s->op, &setop_class, p, c, a);
    for (int i = 0; i < SIDES; i++) {
        s->above_state[i] = p->inputs[i]->props.above_state;
        TRY(late_copies_init(&s->late[i], p->inputs[i], c, a, d));
    }
    s->has_marks = s->above_state[LEFT] || s->above_state[RIGHT];
    Type *types = new (a, Type, p->nfields + 1);
    for (int i = 0; i < p->nfields; i++) types[i] = p->fields[i].type;
    types[p->nfields] = TYPE_OF(TYPE_TEXT);
    s->layout = key_layout_new(a, types, p->nfields + s->has_marks);
    s->row = (RowBytes){.layout = s->layout, .has_marks = s->has_marks, .words = new (a, uint64_t, s->layout.words + 1)};
    s->row.layout.ncols = p->nfields; /* the same words, without the marks */
    group_table_init(&s->rows, &s->layout, (int)sizeof(Counts) + ttl_payload(p->state_ttl_us));
    ttl_init(&s->ttl, p->state_ttl_us, &s->rows, setop_forget, s);
    row_delta_init(&s->out, &s->op, &s->row, NULL);
    s->end_col = p->key_window_end;
    if (s->end_col >= 0) s->tick = type_tick_us(p->fields[s->end_col].type);
    s->closed_at = INT64_MIN;
    s->shows_changes = !p->emit_final;
    *out = &s->op;
    return WEIR_OK;
}
