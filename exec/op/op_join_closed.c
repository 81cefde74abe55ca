/* op_join_closed.c: inner window joins of inputs that only grow, under EMIT FINAL.
 *
 * Nothing goes out before a window closes, so until then rows are only put down, side by side with
 * the hashes of their keys: no table is kept. At the end the lesser side of a window makes one, and
 * the hashes of the other are run past it; rows that match nothing are not looked at again.
 * A kept row has its key columns first. Records are those of join_records.c. */
#include "exec/op/join.h"
#include "exec/op/state_rows.h"
#include "exec/state/kept_row.h"

#include <assert.h>

/* What stands in front of a kept row. */
typedef struct ClosedRow {
    uint64_t number;      /* of its record */
    int64_t weight;
} ClosedRow;

/* Rows of one side of a window. */
typedef struct WindowSide {
    uint8_t **rows;
    uint32_t *hashes;
    int64_t n, cap;
} WindowSide;
typedef struct JoinWindow {
    int64_t end;
    WindowSide side[SIDES];
} JoinWindow;

typedef struct FreshRow {
    uint8_t *row;
    int64_t end;
    int32_t side;
} FreshRow;

typedef struct ClosedJoin {
    JoinOp j;
    KeptRows rows[SIDES];
    KeyLayout own[SIDES];  /* of the columns behind the key */
    StateHeap heap;
    JoinWindow *windows;   /* ascending by end */
    int32_t nwindows, cap, last;
    int64_t live[SIDES];
    int64_t closed_at;     /* windows that end until here are closed */
    VEC(FreshRow) fresh;   /* of this epoch */
    uint8_t **pairs[SIDES];
    int32_t *weights;
    int32_t npairs;
} ClosedJoin;

static inline ClosedRow *closed_row(const uint8_t *row) { return (ClosedRow *)(uintptr_t)row; }

/* ---- windows ------------------------------------------------------------------------------------ */

static JoinWindow *window_insert(ClosedJoin *c, int32_t at, int64_t end)
{
    if (c->nwindows == c->cap) {
        int32_t cap = c->cap ? c->cap * 2 : 4;
        c->windows = mem_realloc(c->windows, checked_mul(c->cap, sizeof *c->windows), checked_mul(cap, sizeof *c->windows));
        c->cap = cap;
    }
    memmove(c->windows + at + 1, c->windows + at, (size_t)(c->nwindows - at) * sizeof *c->windows);
    c->windows[at] = (JoinWindow){.end = end};
    c->nwindows++;
    c->last = at;
    return &c->windows[at];
}

static JoinWindow *window_of(ClosedJoin *c, int64_t end)
{
    if (c->last < c->nwindows && c->windows[c->last].end == end) return &c->windows[c->last];
    int32_t low = 0, high = c->nwindows;
    while (low < high) {
        int32_t mid = (low + high) / 2;
        if (c->windows[mid].end < end) low = mid + 1;
        else high = mid;
    }
    if (low == c->nwindows || c->windows[low].end != end) return window_insert(c, low, end);
    c->last = low;
    return &c->windows[low];
}

static void side_add(WindowSide *s, uint8_t *row, uint32_t hash)
{
    if (s->n == s->cap) {
        int64_t cap = s->cap ? s->cap * 2 : 64;
        s->rows = mem_realloc(s->rows, checked_mul(s->cap, sizeof *s->rows), checked_mul(cap, sizeof *s->rows));
        s->hashes = mem_realloc(s->hashes, checked_mul(s->cap, sizeof *s->hashes), checked_mul(cap, sizeof *s->hashes));
        s->cap = cap;
    }
    s->rows[s->n] = row;
    s->hashes[s->n++] = hash;
}

static void side_free(WindowSide *s)
{
    mem_free(s->rows, s->cap * (ptrdiff_t)sizeof *s->rows);
    mem_free(s->hashes, s->cap * (ptrdiff_t)sizeof *s->hashes);
}

static void begin(ClosedJoin *c)
{
    if (c->j.is_settled) return;
    memset(&c->fresh, 0, sizeof c->fresh);
    c->j.closed_ends.data = NULL;
    c->j.closed_ends.len = c->j.closed_ends.cap = 0;
    arena_reset(&c->j.epoch);
    c->j.is_settled = true;
}

/* ---- rows that come in -------------------------------------------------------------------------- */

static Column *kept_columns(const ClosedJoin *c, const JoinSide *s, const Batch *b, const int32_t *rows, int n, Arena *scratch)
{
    int nkeys = c->j.spec->nkeys, nown = c->own[s->no].ncols;
    Column *cols = new (scratch, Column, nkeys + nown);
    const Column *own = join_kept_columns(s, b, rows, n, scratch);
    for (int i = 0; i < nkeys; i++) cols[i] = b->cols[s->keys[i]];
    for (int i = 0; i < nown; i++) cols[nkeys + i] = own[i];
    return cols;
}

/* NULL keys are those that equal each other: their windows close with the input. */
static int64_t end_of(const ClosedJoin *c, const uint64_t *words, uint32_t nulls)
{
    const KeyLayout *k = &c->j.key_layout;
    int col = c->j.spec->key_window_end;
    return key_column_is_null(k, words, nulls, col) ? INT64_MAX : (int64_t)words[k->cols[col].at];
}

static void closed_push(Op *op, int port, const Batch *b)
{
    ClosedJoin *c = (ClosedJoin *)op;
    JoinSide *s = &c->j.side[port];
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    begin(c);
    int32_t *rows;
    int n = join_take(&c->j, s, b, &rows, scratch);
    PackedKeys keys = key_pack(&c->j.key_layout, b->cols, s->keys, rows, n, scratch);
    uint8_t **kept = new_raw(scratch, uint8_t *, n);
    kept_rows_make(&c->rows[port], &c->heap, kept_columns(c, s, b, rows, n, scratch), NULL, NULL, rows, n, kept);
    for (int i = 0; i < n; i++) {
        assert(batch_weight(b, rows[i]) > 0);
        int64_t end = end_of(c, keys.words + (ptrdiff_t)i * c->j.key_layout.words, keys.nulls[i]);
        *closed_row(kept[i]) = (ClosedRow){s->next_number++, batch_weight(b, rows[i])};
        side_add(&window_of(c, end)->side[port], kept[i], keys.hash[i]);
        vec_push(&c->fresh, &c->j.epoch, (FreshRow){kept[i], end, port});
    }
    c->live[port] += n;
    arena_release(scratch, mark);
}

/* ---- pairs -------------------------------------------------------------------------------------- */

/* Marks column `input` of the rows whose marks name it (join_input.c). */
static void gather_marks(const ClosedJoin *c, int side, int32_t input, Column *out, Arena *a)
{
    const KeptRows *k = &c->rows[side];
    int at = k->layout.cols[c->j.spec->nkeys + c->j.side[side].marks].at;
    for (int i = 0; i < c->npairs; i++) {
        Str text = text_str((const Text *)(const void *)&kept_words(k, c->pairs[side][i])[at]);
        for (StrReader in = {.at = text.p, .end = text.p + text.n}; in.at < in.end && !in.bad;) {
            int col = (int)sr_varint(&in);
            Status code = (Status)sr_varint(&in);
            Str message = sr_bytes(&in, (ptrdiff_t)sr_varint(&in));
            if (col == input && !in.bad) column_set_err(out, a, i, code, message);
        }
    }
}

static Column *gather(const ClosedJoin *c, bool residual, Arena *a)
{
    const JoinOp *j = &c->j;
    Column *cols = new (a, Column, j->ncolumns);
    for (int i = 0; i < j->ncolumns; i++) {
        const JoinColumn *col = &j->columns[i];
        if ((col->key < 0 && col->col < 0) || (residual && !col->is_residual)) continue;
        cols[i] = column_new(a, col->type, c->npairs);
        int at = col->key >= 0 ? col->key : j->spec->nkeys + col->col;
        kept_rows_column(&c->rows[col->side], c->pairs[col->side], c->npairs, at, &cols[i], a);
        if (j->side[col->side].marks >= 0) gather_marks(c, col->side, col->input, &cols[i], a);
    }
    return cols;
}

static void keep_matching(ClosedJoin *c, Arena *a)
{
    Batch pairs = {.rows = c->npairs, .ncols = c->j.ncolumns, .cols = gather(c, true, a), .judge_max = INT64_MIN};
    EvalEnv env = c->j.op.ctx->eval;
    env.faults = true;
    uint16_t *sel = new_raw(a, uint16_t, BATCH_ROWS_MAX);
    c->npairs = expr_filter(c->j.residual, &pairs, &env, a, sel, NULL);
    for (int i = 0; i < c->npairs; i++) {
        for (int s = 0; s < SIDES; s++) c->pairs[s][i] = c->pairs[s][sel[i]];
        c->weights[i] = c->weights[sel[i]];
    }
}

static void pairs_flush(ClosedJoin *c)
{
    Op *op = &c->j.op;
    Arena *a = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    if (c->j.residual && c->npairs > 0) keep_matching(c, a);
    if (c->npairs > 0) {
        Batch out = {.rows = c->npairs, .ncols = op->plan->nfields, .cols = gather(c, false, a), .weights = c->weights,
                     .judge_max = INT64_MIN};
        op_emit(op, &out);
    }
    c->npairs = 0;
    arena_release(a, mark);
}

static void pair(ClosedJoin *c, uint8_t *left, uint8_t *right)
{
    int64_t weight = closed_row(left)->weight * closed_row(right)->weight; /* of batches: below 2^31 each */
    for (; weight > 0; weight -= INT32_MAX) {
        c->pairs[SIDE_LEFT][c->npairs] = left;
        c->pairs[SIDE_RIGHT][c->npairs] = right;
        c->weights[c->npairs++] = weight < INT32_MAX ? (int32_t)weight : INT32_MAX;
        if (c->npairs == BATCH_ROWS_MAX) pairs_flush(c);
    }
}

/* ---- windows that close ------------------------------------------------------------------------- */

/* The lesser side of a window by hash: rows + 1 of a slot, then of the row before. */
typedef struct Slots {
    uint32_t *first, *next;
    int shift;
} Slots;

static Slots slots_of(const WindowSide *s, Arena *a)
{
    Slots t = {.shift = 31};
    while (t.shift > 0 && (int64_t)1 << (32 - t.shift) < 2 * s->n) t.shift--;
    t.first = new (a, uint32_t, (ptrdiff_t)1 << (32 - t.shift));
    t.next = new_raw(a, uint32_t, s->n);
    for (int64_t i = s->n - 1; i >= 0; i--) {
        uint32_t *slot = &t.first[s->hashes[i] >> t.shift];
        t.next[i] = *slot;
        *slot = (uint32_t)i + 1;
    }
    return t;
}

static bool is_same_key(const ClosedJoin *c, const uint8_t *left, const uint8_t *right)
{
    uint32_t keys = ((uint32_t)1 << (c->j.spec->nkeys - 1) << 1) - 1;
    uint32_t differ = kept_head(&c->rows[SIDE_LEFT], left)->nulls ^ kept_head(&c->rows[SIDE_RIGHT], right)->nulls;
    return !(differ & keys) && key_words_eq(&c->j.key_layout, kept_words(&c->rows[SIDE_LEFT], left), kept_words(&c->rows[SIDE_RIGHT], right));
}

static void match(ClosedJoin *c, const JoinWindow *w)
{
    int few = w->side[SIDE_LEFT].n <= w->side[SIDE_RIGHT].n ? SIDE_LEFT : SIDE_RIGHT;
    const WindowSide *lesser = &w->side[few], *greater = &w->side[1 - few];
    if (lesser->n == 0) return;
    if (greater->n >= UINT32_MAX) oom_raise();
    ArenaMark mark = arena_mark(&c->j.epoch);
    Slots t = slots_of(lesser, &c->j.epoch);
    for (int64_t i = 0; i < greater->n; i++) {
        uint32_t hash = greater->hashes[i];
        for (uint32_t at = t.first[hash >> t.shift]; at; at = t.next[at - 1]) {
            if (lesser->hashes[at - 1] != hash) continue;
            uint8_t *left = few == SIDE_LEFT ? lesser->rows[at - 1] : greater->rows[i];
            uint8_t *right = few == SIDE_LEFT ? greater->rows[i] : lesser->rows[at - 1];
            if (is_same_key(c, left, right)) pair(c, left, right);
        }
    }
    pairs_flush(c);
    arena_release(&c->j.epoch, mark);
}

static void forget(ClosedJoin *c, JoinWindow *w)
{
    for (int s = 0; s < SIDES; s++) {
        WindowSide *side = &w->side[s];
        for (int64_t i = 0; i < side->n; i++) {
            if (i + PREFETCH_KEYS < side->n) __builtin_prefetch(side->rows[i + PREFETCH_KEYS]);
            kept_row_free(&c->rows[s], &c->heap, side->rows[i]);
        }
        c->live[s] -= side->n;
        side_free(side);
    }
}

static int64_t closed_flush(Op *op, int64_t watermark)
{
    ClosedJoin *c = (ClosedJoin *)op;
    begin(c);
    c->j.is_settled = false; /* by the next epoch */
    for (int s = 0; s < SIDES; s++) late_copies_count(&c->j.side[s].late);
    int64_t end = watermark_minus(watermark, -c->j.window_tick);
    if (end > c->closed_at) c->closed_at = end;
    int32_t n = 0;
    for (; n < c->nwindows && c->windows[n].end <= end; n++) {
        match(c, &c->windows[n]);
        vec_push(&c->j.closed_ends, &c->j.epoch, c->windows[n].end);
        forget(c, &c->windows[n]);
    }
    c->nwindows -= n;
    if (n > 0) memmove(c->windows, c->windows + n, (size_t)c->nwindows * sizeof *c->windows);
    return watermark;
}

/* ---- records ------------------------------------------------------------------------------------ */

static Str row_value(const ClosedJoin *c, int side, const uint8_t *row, Arena *a)
{
    StrBuf b = {.arena = a};
    const uint64_t *words = kept_words(&c->rows[side], row);
    uint32_t nulls = kept_head(&c->rows[side], row)->nulls;
    int nkeys = c->j.spec->nkeys;
    sb_signed(&b, closed_row(row)->weight);
    key_save(&c->j.key_layout, words, nulls & (((uint32_t)1 << nkeys) - 1), &b);
    key_save(&c->own[side], words + c->j.key_layout.words, nulls >> nkeys, &b);
    return str_of(b.p, b.n);
}

static void put_row(ClosedJoin *c, int side, int64_t end, const uint8_t *row, StateWriter *w)
{
    Arena *scratch = c->j.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    state_put(w, join_space(side, end, true, scratch), join_number_key(closed_row(row)->number, scratch), row_value(c, side, row, scratch));
    arena_release(scratch, mark);
}

static void save_all(ClosedJoin *c, StateWriter *w)
{
    for (int32_t k = 0; k < c->nwindows; k++)
        for (int s = 0; s < SIDES; s++)
            for (int64_t i = 0; i < c->windows[k].side[s].n; i++) put_row(c, s, c->windows[k].end, c->windows[k].side[s].rows[i], w);
}

static void closed_save(Op *op, StateWriter *w, bool all)
{
    ClosedJoin *c = (ClosedJoin *)op;
    Arena *scratch = op->ctx->batch_scratch;
    if (all) {
        save_all(c, w);
        return;
    }
    ArenaMark mark = arena_mark(scratch);
    for (ptrdiff_t i = 0; i < c->j.closed_ends.len; i++)
        for (int s = 0; s < SIDES; s++) state_drop(w, join_space(s, c->j.closed_ends.data[i], true, scratch));
    arena_release(scratch, mark);
    for (ptrdiff_t i = 0; i < c->fresh.len; i++) {
        const FreshRow *f = &c->fresh.data[i];
        if (f->end > c->closed_at) put_row(c, f->side, f->end, f->row, w);
    }
}

static Status load_row(ClosedJoin *c, int side, uint64_t number, StrReader in, Arena *scratch)
{
    const KeptRows *k = &c->rows[side];
    JoinSide *s = &c->j.side[side];
    uint64_t *words = new (scratch, uint64_t, k->layout.words + 1);
    uint32_t key_nulls, nulls;
    int64_t weight = sr_signed(&in);
    if (in.bad || weight <= 0 || weight > INT32_MAX || !key_load(&c->j.key_layout, &in, words, &key_nulls)) return WEIR_E_CORRUPT;
    if (!key_load(&c->own[side], &in, words + c->j.key_layout.words, &nulls) || in.at != in.end) return WEIR_E_CORRUPT;
    uint8_t *row = kept_row_make(k, &c->heap, words, key_nulls | nulls << c->j.spec->nkeys, (Str){0});
    *closed_row(row) = (ClosedRow){number, weight};
    if (number >= s->next_number) s->next_number = number + 1;
    side_add(&window_of(c, end_of(c, words, key_nulls))->side[side], row, key_hash(&c->j.key_layout, words, key_nulls));
    c->live[side]++;
    return WEIR_OK;
}

static Status closed_load(Op *op, Str space, Str key, Str value)
{
    uint64_t number;
    if (space.n == 0 || (space.p[0] != 'l' && space.p[0] != 'r') || !join_load_number(key, &number)) return WEIR_E_CORRUPT;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    StrReader in = {.at = value.p, .end = value.p + value.n};
    Status st = load_row((ClosedJoin *)op, space.p[0] == 'r', number, in, scratch);
    arena_release(scratch, mark);
    return st;
}

/* ---- telling ------------------------------------------------------------------------------------ */

static void tell_columns(const ClosedJoin *c, int side, uint8_t *row, const int32_t *inputs, int n, int from, StrBuf *members)
{
    for (int i = 0; i < n; i++) {
        const Field *f = &c->j.side[side].input->fields[inputs[i]];
        Column col = column_new(members->arena, f->type, 1);
        kept_rows_column(&c->rows[side], &row, 1, from + i, &col, members->arena);
        state_rows_column(members, f->name, &col, 0);
    }
}

static void tell_side(const ClosedJoin *c, int side, const JoinWindow *w, StateRows *out)
{
    const JoinSide *s = &c->j.side[side];
    for (int64_t i = 0; i < w->side[side].n; i++) {
        uint8_t *at = w->side[side].rows[i];
        ArenaMark mark = arena_mark(out->scratch);
        StateRow row = {.part = side == SIDE_LEFT ? "left" : "right", .key.arena = out->scratch, .value.arena = out->scratch,
                        .count = closed_row(at)->weight};
        tell_columns(c, side, at, s->keys, c->j.spec->nkeys, 0, &row.key);
        tell_columns(c, side, at, s->cols, s->ncols, c->j.spec->nkeys, &row.value);
        out->take(out, &row);
        arena_release(out->scratch, mark);
    }
}

static void closed_tell(Op *op, StateRows *out)
{
    const ClosedJoin *c = (const ClosedJoin *)op;
    for (int s = 0; s < SIDES; s++)
        for (int32_t k = 0; k < c->nwindows; k++) tell_side(c, s, &c->windows[k], out);
}

/* ---- making ------------------------------------------------------------------------------------- */

static void closed_close(Op *op)
{
    ClosedJoin *c = (ClosedJoin *)op;
    for (int32_t k = 0; k < c->nwindows; k++)
        for (int s = 0; s < SIDES; s++) side_free(&c->windows[k].side[s]);
    mem_free(c->windows, c->cap * (ptrdiff_t)sizeof *c->windows);
    heap_clear(&c->heap);
    join_close(op);
}

static int64_t closed_bytes(const Op *op)
{
    const ClosedJoin *c = (const ClosedJoin *)op;
    int64_t bytes = c->heap.arena.bytes + c->cap * (int64_t)sizeof *c->windows;
    for (int32_t k = 0; k < c->nwindows; k++)
        for (int s = 0; s < SIDES; s++)
            bytes += c->windows[k].side[s].cap * (int64_t)(sizeof(uint8_t *) + sizeof(uint32_t));
    return bytes;
}

static int64_t closed_rows(const Op *op)
{
    const ClosedJoin *c = (const ClosedJoin *)op;
    return c->live[SIDE_LEFT] + c->live[SIDE_RIGHT];
}

static const OpClass closed_class = {
    .name = "window join", .push = closed_push, .row_error = join_row_error, .flush = closed_flush, .save = closed_save,
    .load = closed_load, .close = closed_close, .state_bytes = closed_bytes, .state_rows = closed_rows, .tell = closed_tell,
};

bool op_join_closed_takes(const PhysOp *p)
{
    const JoinSpec *s = p->join;
    bool is_final = s->match == JOIN_WINDOW && s->emit_final && s->kind == JOIN_INNER;
    if (!is_final || s->left_retracts || s->right_retracts || p->state_ttl_us > 0) return false;
    for (int i = 0; i < SIDES; i++)
        if (s->nkeys + p->inputs[i]->nfields + 2 > KEY_NULLS_INSIDE) return false; /* NULL bits in one word */
    return true;
}

static void side_init(ClosedJoin *c, int side, Arena *a)
{
    const JoinOp *j = &c->j;
    const JoinSide *s = &j->side[side];
    int nkeys = j->key_layout.ncols, nown = s->saved.ncols;
    Type *types = new (a, Type, nkeys + nown);
    for (int i = 0; i < nkeys; i++) types[i] = j->key_layout.cols[i].type;
    for (int i = 0; i < nown; i++) types[nkeys + i] = s->saved.cols[i].type;
    KeyLayout whole = key_layout_new(a, types, nkeys + nown);
    c->own[side] = key_layout_new(a, types + nkeys, nown);
    c->rows[side] = kept_rows_new(&whole, (int)sizeof(ClosedRow), false);
}

Status op_join_closed_open(const PhysOp *p, OpContext *ctx, Arena *a, Op **out, Diags *d)
{
    ClosedJoin *c = new_one(a, ClosedJoin);
    TRY(join_init(&c->j, &closed_class, p, ctx, a, d));
    c->closed_at = INT64_MIN;
    for (int s = 0; s < SIDES; s++) {
        side_init(c, s, a);
        c->pairs[s] = new_raw(a, uint8_t *, BATCH_ROWS_MAX);
    }
    c->weights = new_raw(a, int32_t, BATCH_ROWS_MAX);
    *out = &c->j.op;
    return WEIR_OK;
}
