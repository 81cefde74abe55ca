/* join_harness.h: drives one join operator with random deltas and compares the sum of what it hands
 * on with a twin that joins all rows so far by two nested loops, after every flush.
 *
 * Rows have NULLs, duplicates, long text and both zeros; batches and epochs are cut anywhere; now
 * and then the operator is closed and rebuilt from its records, which are all it may go by. */
#ifndef WEIR_TESTS_JOIN_HARNESS_H
#define WEIR_TESTS_JOIN_HARNESS_H

#include "tests/unit/expr_fixture.h"

#include "exec/op/op.h"
#include "exec/state/fold.h"
#include "exec/state/log.h"
#include "tests/unit/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { COL_K, COL_S, COL_T, COL_V, COL_E, COL_D, NCOLS };
enum { PARTITIONS = 2, ROWS_MAX = 4000, TICK = 1000 };
enum { L, R };

typedef struct Row {
    int64_t k, t, v, e;     /* e: the end of a window */
    double d;
    const char *s;
    bool null[NCOLS];
    bool is_marked;         /* v is NULL since it could not be computed */
    int64_t judge, offset;
    int partition, ordinal;
} Row;

static uint64_t last_seed; /* of the run at work, for messages */

/* ---- what has been handed on ------------------------------------------------------------------ */

typedef struct Line {
    char *text;
    int64_t weight;
    int64_t seq;            /* order in which lines came */
} Line;
typedef struct Lines {
    Line *list;
    int64_t n, cap;
} Lines;

static void lines_add(Lines *v, const char *text, int64_t weight, int64_t seq)
{
    if (v->n == v->cap) {
        v->cap = v->cap ? v->cap * 2 : 256;
        v->list = realloc(v->list, (size_t)v->cap * sizeof *v->list);
    }
    v->list[v->n++] = (Line){strdup(text), weight, seq};
}
static void lines_clear(Lines *v)
{
    for (int64_t i = 0; i < v->n; i++) free(v->list[i].text);
    free(v->list);
    *v = (Lines){0};
}
static int line_order(const void *a, const void *b)
{
    const Line *x = a, *y = b;
    int c = strcmp(x->text, y->text);
    return c ? c : (x->seq > y->seq) - (x->seq < y->seq);
}
/* Sums lines of one text; no sum may fall below zero on the way. */
static void lines_settle(Lines *v)
{
    if (v->n) qsort(v->list, (size_t)v->n, sizeof *v->list, line_order);
    int64_t kept = 0;
    for (int64_t i = 0; i < v->n;) {
        Line sum = v->list[i++];
        assert_true(sum.weight >= 0);
        for (; i < v->n && strcmp(v->list[i].text, sum.text) == 0; i++) {
            sum.weight += v->list[i].weight;
            free(v->list[i].text);
            if (sum.weight < 0) fail_msg("below zero: %s (seed %" PRIu64 ")", sum.text, last_seed);
        }
        sum.seq = -1;
        if (sum.weight) v->list[kept++] = sum;
        else free(sum.text);
    }
    v->n = kept;
}

/* ---- the operator and its surroundings -------------------------------------------------------- */

typedef struct Harness {
    Arena arena;              /* of the operator */
    Arena plan_arena, batch_scratch, epoch_scratch, fold_arena;
    OpContext ctx;
    PhysOp inputs[2], plan;
    JoinSpec spec;
    Op *op;
    Op sink;
    StateFold *fold;
    Lines view, expected;
    int64_t seq;
    Row rows[2][ROWS_MAX];    /* that take part */
    int nrows[2];
    int64_t marks[2][PARTITIONS], offsets[2][PARTITIONS];
    int ordinals[2][PARTITIONS];
    int64_t watermark[2], out_watermark;
    int64_t late, errors;
    bool checks_time;         /* rows handed on are not behind the output's watermark */
    bool stays;               /* half of the batches stay as long as the operator */
    Arena staying;
} Harness;
static Harness H;
static bool above_anyway[2]; /* sides that only grow are above a stateful operator too */

static const Type TYPES[NCOLS] = {
    [COL_K] = {.kind = TYPE_BIGINT, .int_bits = 64}, [COL_S] = {.kind = TYPE_TEXT},
    [COL_T] = {.kind = TYPE_TIMESTAMP, .precision = 3}, [COL_V] = {.kind = TYPE_BIGINT, .int_bits = 64},
    [COL_E] = {.kind = TYPE_TIMESTAMP, .precision = 3}, [COL_D] = {.kind = TYPE_DOUBLE},
};

static char *print_column(char *p, const Column *c, int row)
{
    Value v = column_value(c, row);
    if (col_is_err(c, row)) return p + sprintf(p, "!|");
    if (v.is_null) return p + sprintf(p, "-|");
    bool is_kept = H.spec.match != JOIN_LOOKUP; /* then never as -0 */
    if (c->type.kind == TYPE_DOUBLE) return p + sprintf(p, "%g|", v.d == 0 && !is_kept ? 0.0 : v.d);
    if (type_is_text(c->type.kind)) return p + sprintf(p, "%.*s|", STR_ARG(v.s));
    return p + sprintf(p, "%" PRId64 "|", v.i);
}

static void check_time(const Batch *b, int row, int col)
{
    if (!H.checks_time || col >= b->ncols || col_is_null(&b->cols[col], row)) return;
    assert_true(COL(int64_t, &b->cols[col])[row] > H.out_watermark);
}

static void sink_push(Op *op, int port, const Batch *b)
{
    (void)op, (void)port;
    assert_true(b->rows <= BATCH_ROWS_MAX && b->rows > 0);
    assert_int_equal(b->ncols, H.plan.nfields);
    for (int i = 0; i < batch_count(b); i++) {
        char line[2000], *p = line;
        int row = batch_row(b, i);
        for (int c = 0; c < b->ncols; c++) {
            p = print_column(p, &b->cols[c], row);
            assert_true(type_eq(b->cols[c].type, H.plan.fields[c].type));
        }
        assert_true(batch_weight(b, row) != 0);
        bool is_written = H.spec.emit_final && (H.spec.match == JOIN_WINDOW || (!H.spec.left_retracts && !H.spec.right_retracts));
        assert_true(batch_weight(b, row) > 0 || !is_written); /* what is final stays */
        check_time(b, row, COL_T);
        check_time(b, row, NCOLS + COL_T);
        lines_add(&H.view, line, batch_weight(b, row), H.seq++);
    }
}
static const OpClass sink_class = {.name = "sink", .push = sink_push};

static void count_error(OpContext *c, const Op *op, const Batch *b, int row, Status code, Str message)
{
    (void)op, (void)b, (void)row, (void)code, (void)message;
    c->row_errors++;
}

static void harness_open(void)
{
    Diags d = {.arena = &H.arena};
    Status st = op_join_open(&H.plan, &H.ctx, &H.arena, &H.op, &d);
    if (st != WEIR_OK) fail_msg("open: %.*s", STR_ARG(d.list.data[0].message));
    static const PhysOp anybody = {.kind = PHYS_VIEW, .ninputs = 1};
    op_init(&H.sink, &sink_class, &anybody, &H.ctx, &H.arena);
    op_connect(H.op, &H.sink, 0);
}

static bool is_half(void) { return H.spec.kind == JOIN_SEMI || H.spec.kind == JOIN_ANTI; }
static bool retracts(int side) { return side == L ? H.spec.left_retracts : H.spec.right_retracts; }
static bool is_above(int side) { return H.inputs[side].props.above_state; }

/* Inner joins of inputs that only grow are operators of their own. */
__attribute__((unused)) static void only_grows(JoinSpec *spec)
{
    spec->kind = JOIN_INNER;
    spec->left_retracts = spec->right_retracts = false;
}

/* keys: columns, of both sides alike. A side that retracts is above a stateful operator. */
static void harness_start(const JoinSpec *spec, const int32_t *keys, int nkeys, bool null_safe)
{
    memset(&H, 0, sizeof H);
    Arena *a = &H.plan_arena;
    H.spec = *spec;
    H.spec.left_keys = new (a, int32_t, nkeys);
    H.spec.right_keys = new (a, int32_t, nkeys);
    H.spec.null_safe = new (a, bool, nkeys);
    H.spec.nkeys = nkeys;
    for (int i = 0; i < nkeys; i++) {
        H.spec.left_keys[i] = H.spec.right_keys[i] = keys[i];
        H.spec.null_safe[i] = null_safe && keys[i] != COL_E;
    }
    H.spec.left_time = H.spec.right_time = COL_T;
    H.ctx = (OpContext){.batch_scratch = &H.batch_scratch, .epoch_scratch = &H.epoch_scratch,
                        .data_watermark = INT64_MIN, .on_error = count_error};
    H.plan = (PhysOp){.kind = PHYS_JOIN, .ninputs = 2, .join = &H.spec, .inputs = new (a, PhysOp *, 2)};
    H.plan.fields = new (a, Field, 2 * NCOLS);
    for (int s = 0; s < 2; s++) {
        H.plan.inputs[s] = &H.inputs[s];
        H.inputs[s].fields = new (a, Field, NCOLS);
        H.inputs[s].nfields = NCOLS;
        H.inputs[s].props.above_state = retracts(s) || above_anyway[s];
        H.inputs[s].props.has_position = !is_above(s);
        for (int c = 0; c < NCOLS; c++) H.inputs[s].fields[c].type = H.plan.fields[s * NCOLS + c].type = TYPES[c];
        for (int p = 0; p < PARTITIONS; p++) H.marks[s][p] = INT64_MIN;
        H.watermark[s] = INT64_MIN;
    }
    H.plan.nfields = is_half() ? NCOLS : 2 * NCOLS;
    H.out_watermark = INT64_MIN;
    H.fold = state_fold_new(&H.fold_arena);
    H.stays = spec->match != JOIN_LOOKUP && one_in(2); /* a lookup tells -0.0 from 0.0 */
    harness_open();
}

static void harness_end(void)
{
    H.op->cls->close(H.op);
    lines_clear(&H.view);
    lines_clear(&H.expected);
    arena_free(&H.arena);
    arena_free(&H.plan_arena);
    arena_free(&H.batch_scratch);
    arena_free(&H.epoch_scratch);
    arena_free(&H.fold_arena);
    arena_free(&H.staying);
}

/* ---- rows ------------------------------------------------------------------------------------- */

static Row random_row(int64_t keys, int64_t time_from, int64_t time_to)
{
    static const char *const TEXTS[] = {"", "a", "twelve bytes", "thirteen byte", "thirteen bytf"};
    Row r = {.k = one_in(3) ? 0 : below(keys), .s = TEXTS[below(5)], .v = below(4) - 2, .judge = INT64_MIN};
    r.t = floor_div(time_from + below(time_to - time_from + 1), TICK) * TICK;
    r.e = floor_div(r.t, 10 * TICK) * 10 * TICK + 10 * TICK;
    r.d = one_in(4) ? -0.0 : (double)below(3) / 2;
    if (one_in(15)) r.v = INT64_MAX - below(2);
    for (int c = 0; c < NCOLS; c++) r.null[c] = c != COL_T && c != COL_E && one_in(c == COL_V ? 4 : 7);
    return r;
}

static void put_row(Column *cols, Arena *a, int at, const Row *r)
{
    const Value values[NCOLS] = {
        [COL_K] = value_int(r->k), [COL_S] = value_text(str_z(r->s)), [COL_T] = {.type = TYPES[COL_T], .i = r->t},
        [COL_V] = value_int(r->v), [COL_E] = {.type = TYPES[COL_E], .i = r->e}, [COL_D] = value_double(r->d)};
    for (int c = 0; c < NCOLS; c++) {
        Value v = r->null[c] ? value_null(TYPES[c]) : values[c];
        column_put(&cols[c], a, at, &v);
    }
    if (r->is_marked) column_set_err(&cols[COL_V], a, at, WEIR_E_VALUE, S("out of range"));
}

/* Text that is gone when the batch is. */
static void own_text(Column *c, Arena *a, int rows)
{
    for (int i = 0; i < rows; i++) {
        Text *t = &COL(Text, c)[i];
        if (t->len <= TEXT_INLINE) continue;
        char *p = new_raw(a, char, t->len);
        memcpy(p, t->ptr, t->len);
        t->ptr = p;
    }
}

static void push_rows(int side, const Row *rows, const int32_t *weights, int n)
{
    Arena own = {0};
    bool is_sparse = one_in(2), stays = H.stays && one_in(2);
    Arena *a = stays ? &H.staying : &own;
    int skipped = one_in(4) ? 64 : 0, size = skipped + (is_sparse ? n * 2 + 1 : n);
    Column cols[NCOLS];
    for (int c = 0; c < NCOLS; c++) cols[c] = column_new(a, TYPES[c], size);
    uint16_t *sel = new (&own, uint16_t, n);
    int32_t *w = weights ? new (&own, int32_t, size) : NULL;
    int64_t *judge = new (&own, int64_t, size);
    uint64_t *offset = new (&own, uint64_t, size);
    uint32_t *ordinal = new (&own, uint32_t, size);
    Batch b = {.rows = size, .ncols = NCOLS, .cols = cols, .weights = w, .judge = is_above(side) ? NULL : judge,
               .judge_max = INT64_MIN, .label = (uint64_t)rows[0].partition, .offset = is_above(side) ? NULL : offset,
               .ordinal = is_above(side) ? NULL : ordinal};
    for (int i = 0; i < n; i++) {
        int at = skipped + (is_sparse ? 2 * i + 1 : i);
        sel[i] = (uint16_t)at;
        put_row(cols, a, at, &rows[i]);
        if (stays && !one_in(100) && !rows[i].null[COL_D]) COL(double, &cols[COL_D])[at] += 0.0; /* else it is copied */
        if (w) w[at] = weights[i];
        judge[at] = rows[i].judge;
        offset[at] = (uint64_t)rows[i].offset;
        ordinal[at] = (uint32_t)rows[i].ordinal;
        if (!is_above(side) && rows[i].judge > b.judge_max) b.judge_max = rows[i].judge;
    }
    own_text(&cols[COL_S], a, size);
    for (int c = 0; c < NCOLS; c++) cols[c].is_lasting = cols[c].is_resident = stays;
    if (is_sparse || skipped) {
        b.sel = sel;
        b.nsel = n;
    }
    H.op->cls->push(H.op, side, &b);
    arena_reset(&H.batch_scratch);
    arena_free(&own); /* nothing else of a batch may be needed any more */
}

static void rows_add(int side, const Row *r)
{
    assert_true(H.nrows[side] < ROWS_MAX);
    H.rows[side][H.nrows[side]++] = *r;
}
static void rows_remove(int side, int i) { H.rows[side][i] = H.rows[side][--H.nrows[side]]; }

/* ---- the twin --------------------------------------------------------------------------------- */

static char *print_row(char *p, const Row *r)
{
    for (int c = 0; c < NCOLS; c++) {
        if (!r || r->null[c]) {
            p += sprintf(p, c == COL_V && r && r->is_marked ? "!|" : "-|");
            continue;
        }
        switch (c) {
        case COL_K: p += sprintf(p, "%" PRId64 "|", r->k); break;
        case COL_S: p += sprintf(p, "%s|", r->s); break;
        case COL_T: p += sprintf(p, "%" PRId64 "|", r->t); break;
        case COL_V: p += sprintf(p, "%" PRId64 "|", r->v); break;
        case COL_E: p += sprintf(p, "%" PRId64 "|", r->e); break;
        case COL_D: p += sprintf(p, "%g|", r->d == 0 ? 0.0 : r->d); break;
        }
    }
    return p;
}

static void expect(const Row *l, const Row *r)
{
    char line[2000];
    char *p = print_row(line, l);
    if (!is_half()) print_row(p, r);
    lines_add(&H.expected, line, 1, 0);
}

static bool value_same(const Row *a, const Row *b, int col)
{
    switch (col) {
    case COL_K: return a->k == b->k;
    case COL_S: return strcmp(a->s, b->s) == 0;
    case COL_E: return a->e == b->e;
    case COL_D: return a->d == b->d;
    default: return false;
    }
}

static bool has_null_key(const Row *r)
{
    for (int i = 0; i < H.spec.nkeys; i++)
        if (!H.spec.null_safe[i] && r->null[H.spec.left_keys[i]]) return true;
    return false;
}

static bool keys_match(const Row *l, const Row *r)
{
    if (has_null_key(l) || has_null_key(r)) return false;
    for (int i = 0; i < H.spec.nkeys; i++) {
        int c = H.spec.left_keys[i];
        if (l->null[c] != r->null[c] || (!l->null[c] && !value_same(l, r, c))) return false;
    }
    return true;
}

/* l.v + r.v > 0; the sum may have no value. */
__attribute__((unused)) static bool residual_holds(const Row *l, const Row *r)
{
    int64_t sum;
    if (!H.spec.residual) return true;
    return !l->null[COL_V] && !r->null[COL_V] && !__builtin_add_overflow(l->v, r->v, &sum) && sum > 0;
}

__attribute__((unused)) static BExpr *make_residual(void)
{
    return e_call(">", e_call("+", e_column(COL_V, TYPES[COL_V]), e_column(NCOLS + COL_V, TYPES[COL_V])), e_int(0));
}

static void compare(void)
{
    lines_settle(&H.view);
    lines_settle(&H.expected);
    for (int64_t i = 0; i < H.view.n || i < H.expected.n; i++) {
        const Line *is = i < H.view.n ? &H.view.list[i] : NULL, *should = i < H.expected.n ? &H.expected.list[i] : NULL;
        if (is && should && strcmp(is->text, should->text) == 0 && is->weight == should->weight) continue;
        fail_msg("seed %" PRIu64 " epoch %" PRId64 " kind %d match %d: is %s x%" PRId64 ", should be %s x%" PRId64, last_seed,
                 H.ctx.epoch, H.spec.kind, H.spec.match, is ? is->text : "nothing", is ? is->weight : 0,
                 should ? should->text : "nothing", should ? should->weight : 0);
    }
    lines_clear(&H.expected);
}

/* All pairs by `matches`; unmatched rows where `shows` says so. */
__attribute__((unused)) static void expect_join(bool (*matches)(const Row *, const Row *), bool (*shows)(int side, const Row *))
{
    static bool has_match[2][ROWS_MAX];
    memset(has_match, 0, sizeof has_match);
    JoinKind k = H.spec.kind;
    for (int i = 0; i < H.nrows[L]; i++)
        for (int j = 0; j < H.nrows[R]; j++) {
            if (!matches(&H.rows[L][i], &H.rows[R][j])) continue;
            has_match[L][i] = has_match[R][j] = true;
            if (!is_half()) expect(&H.rows[L][i], &H.rows[R][j]);
        }
    for (int i = 0; i < H.nrows[L]; i++) {
        bool is_out = k == JOIN_SEMI ? has_match[L][i] : !has_match[L][i] && (k == JOIN_LEFT || k == JOIN_FULL || k == JOIN_ANTI);
        if (is_out && (k == JOIN_SEMI || shows(L, &H.rows[L][i]))) expect(&H.rows[L][i], NULL);
    }
    for (int i = 0; i < H.nrows[R]; i++)
        if (!has_match[R][i] && (k == JOIN_RIGHT || k == JOIN_FULL) && shows(R, &H.rows[R][i])) expect(NULL, &H.rows[R][i]);
}

/* ---- epochs ----------------------------------------------------------------------------------- */

static int64_t least_watermark(void) { return H.watermark[L] < H.watermark[R] ? H.watermark[L] : H.watermark[R]; }

static int64_t end_epoch(void)
{
    H.ctx.epoch++;
    H.op->port_watermark[L] = H.watermark[L];
    H.op->port_watermark[R] = H.watermark[R];
    int64_t out = H.op->cls->flush(H.op, least_watermark());
    if (out > H.out_watermark) H.out_watermark = out;
    StateWriter w = {.buf = {.arena = &H.epoch_scratch}};
    H.op->cls->save(H.op, &w, false);
    assert_int_equal(state_fold_add(H.fold, str_of(w.buf.p, w.buf.n)), WEIR_OK);
    arena_reset(&H.batch_scratch);
    arena_reset(&H.epoch_scratch);
    assert_int_equal(H.ctx.late_rows, H.late);
    assert_int_equal(H.ctx.row_errors, H.errors);
    assert_true(H.ctx.broken.n == 0);
    return H.out_watermark;
}

static Status load_record(void *arg, Str space, Str key, Str value)
{
    (void)arg;
    return H.op->cls->load(H.op, space, key, value);
}

static void restart(void)
{
    if (one_in(2)) {
        StateWriter w = {.buf = {.arena = &H.fold_arena}};
        H.op->cls->save(H.op, &w, true);
        H.fold = state_fold_new(&H.fold_arena);
        assert_int_equal(state_fold_add(H.fold, str_of(w.buf.p, w.buf.n)), WEIR_OK);
    }
    int64_t rows = H.op->cls->state_rows(H.op);
    H.op->cls->close(H.op);
    arena_free(&H.arena);
    harness_open();
    assert_int_equal(state_fold_each(H.fold, load_record, NULL), WEIR_OK);
    assert_true(H.op->cls->state_rows(H.op) <= rows); /* rows of weight 0 stay until the next epoch */
}

/* One delta of a side above state: rows later than its watermark come, and go where it retracts. */
static void push_changes(int side, int64_t keys, int64_t from, int64_t to)
{
    Row rows[30];
    int32_t weights[30];
    int n = 1 + (int)below(one_in(4) ? 30 : 6);
    for (int i = 0; i < n; i++) {
        int victim = H.nrows[side] ? (int)below(H.nrows[side]) : -1;
        if (victim >= 0 && retracts(side) && one_in(2) && (H.spec.match == JOIN_REGULAR || H.rows[side][victim].t > H.watermark[side])) {
            rows[i] = H.rows[side][victim];
            weights[i] = -1;
            rows_remove(side, victim);
            continue;
        }
        rows[i] = victim >= 0 && one_in(4) && H.rows[side][victim].t > H.watermark[side] ? H.rows[side][victim] : random_row(keys, from, to);
        if (one_in(6)) rows[i].null[COL_V] = rows[i].is_marked = true;
        weights[i] = 1 + (int32_t)one_in(5);
        for (int w = 0; w < weights[i]; w++) rows_add(side, &rows[i]);
    }
    push_rows(side, rows, weights, n);
}

/* Rows of one partition of a side that only grows. `is_late`: whether a row is dropped. */
static void push_judged(int side, int64_t keys, int64_t *at, int64_t spread, bool (*is_late)(const Row *))
{
    Row rows[30];
    int n = 1 + (int)below(one_in(4) ? 30 : 6), p = (int)below(PARTITIONS);
    for (int i = 0; i < n; i++) {
        *at += below(spread / 8 + 1);
        Row r = random_row(keys, *at - spread, *at);
        r.partition = p;
        r.ordinal = one_in(2) ? ++H.ordinals[side][p] : (H.ordinals[side][p] = 0);
        r.offset = H.offsets[side][p] += r.ordinal == 0; /* or another row of the same record */
        r.judge = H.marks[side][p];
        int64_t mark = r.t - spread / 3;
        if (mark > H.marks[side][p]) H.marks[side][p] = mark;
        rows[i] = r;
        if (one_in(12)) {
            rows[i].null[COL_V] = rows[i].is_marked = true;
            bool is_needed = side == L || !is_half() || H.spec.residual;
            H.errors += is_needed;
            if (is_needed) continue;
            r = rows[i];
        }
        if (is_late(&r)) H.late++;
        else rows_add(side, &r);
    }
    push_rows(side, rows, NULL, n);
}

static void judge_watermarks(void)
{
    for (int s = 0; s < 2; s++) {
        int64_t least = H.marks[s][0] < H.marks[s][1] ? H.marks[s][0] : H.marks[s][1];
        if (!is_above(s) && least > H.watermark[s]) H.watermark[s] = least;
    }
}

#endif
