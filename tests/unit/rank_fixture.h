/* rank_fixture.h: drives operators that keep whole rows (Top-N, OVER, set operations) with random
 * deltas, and compares what they have handed on with a twin that knows nothing but the rows so far. */
#ifndef WEIR_TESTS_RANK_FIXTURE_H
#define WEIR_TESTS_RANK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/datetime.h"
#include "exec/op/op.h"
#include "exec/state/fold.h"
#include "exec/state/log.h"
#include "tests/unit/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { COL_K, COL_S, COL_T, COL_V, COL_D, COL_M, COL_F, COL_START, COL_END, NCOLS };
enum { LIVE_MAX = 6000, LINE_BYTES = 4000, TEXT_BYTES = 40 };

static const Type COLUMN_TYPES[NCOLS] = {
    [COL_K] = {.kind = TYPE_BIGINT, .int_bits = 64}, [COL_S] = {.kind = TYPE_TEXT},
    [COL_T] = {.kind = TYPE_TIMESTAMP, .precision = 3}, [COL_V] = {.kind = TYPE_BIGINT, .int_bits = 64},
    [COL_D] = {.kind = TYPE_DOUBLE}, [COL_M] = {.kind = TYPE_DECIMAL, .precision = 18, .scale = 2},
    [COL_F] = {.kind = TYPE_BOOLEAN}, [COL_START] = {.kind = TYPE_TIMESTAMP, .precision = 3},
    [COL_END] = {.kind = TYPE_TIMESTAMP, .precision = 3},
};

/* D is exact in quarters, so sums have no rounding. */
typedef struct Row {
    int64_t v[NCOLS];      /* D: quarters; M: cents; S: see text */
    bool null[NCOLS];
    bool mark;             /* V cannot be computed */
    char text[TEXT_BYTES];
    int64_t offset, judge;
    int partition;
} Row;

/* ---- bags of printed rows ----------------------------------------------------------------------- */

typedef struct Line {
    char *text;
    int64_t count;
} Line;
typedef struct Bag {
    Line *lines;
    int n, cap;
    int *slots, nslots;
} Bag;

static uint64_t text_hash(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text; text++) h = (h ^ (uint8_t)*text) * 0x100000001b3u;
    return h ^ h >> 29;
}

static int *bag_slot(const Bag *b, const char *text)
{
    for (uint64_t at = text_hash(text);; at++) {
        int *slot = &b->slots[at & (uint64_t)(b->nslots - 1)];
        if (*slot == 0 || strcmp(b->lines[*slot - 1].text, text) == 0) return slot;
    }
}

static int64_t bag_add(Bag *b, const char *text, int64_t weight)
{
    if (b->n * 2 >= b->nslots) {
        free(b->slots);
        b->nslots = b->nslots ? b->nslots * 2 : 64;
        b->slots = calloc((size_t)b->nslots, sizeof *b->slots);
        for (int i = 0; i < b->n; i++) *bag_slot(b, b->lines[i].text) = i + 1;
    }
    int *slot = bag_slot(b, text);
    if (*slot == 0) {
        if (b->n == b->cap) {
            b->cap = b->cap ? b->cap * 2 : 64;
            b->lines = realloc(b->lines, (size_t)b->cap * sizeof *b->lines);
        }
        b->lines[b->n++] = (Line){strdup(text), 0};
        *slot = b->n;
    }
    return b->lines[*slot - 1].count += weight;
}

static void bag_clear(Bag *b)
{
    for (int i = 0; i < b->n; i++) free(b->lines[i].text);
    free(b->lines);
    free(b->slots);
    *b = (Bag){0};
}

static int64_t bag_count(const Bag *b, const char *text)
{
    if (b->n == 0) return 0;
    int slot = *bag_slot(b, text);
    return slot ? b->lines[slot - 1].count : 0;
}

/* ---- printing ----------------------------------------------------------------------------------- */

static void print_column(char *out, const Column *c, int row)
{
    Value v = column_value(c, row);
    char *p = out + strlen(out);
    size_t room = LINE_BYTES - (size_t)(p - out);
    if (col_is_err(c, row)) snprintf(p, room, "!|");
    else if (v.is_null) snprintf(p, room, "NULL|");
    else if (c->type.kind == TYPE_DOUBLE) snprintf(p, room, "%.17g|", v.d); /* never -0 */
    else if (c->type.kind == TYPE_DECIMAL) snprintf(p, room, "%" PRId64 "c|", (int64_t)v.dec);
    else if (type_is_text(c->type.kind)) snprintf(p, room, "%.*s|", STR_ARG(v.s));
    else snprintf(p, room, "%" PRId64 "|", v.i);
}

static void print_row(char *out, const Row *r)
{
    *out = 0;
    for (int c = 0; c < NCOLS; c++) {
        char *p = out + strlen(out);
        size_t room = LINE_BYTES - (size_t)(p - out);
        if (c == COL_V && r->mark) snprintf(p, room, "!|");
        else if (r->null[c]) snprintf(p, room, "NULL|");
        else if (c == COL_S) snprintf(p, room, "%s|", r->text);
        else if (c == COL_D) snprintf(p, room, "%.17g|", (double)r->v[c] / 4);
        else if (c == COL_M) snprintf(p, room, "%" PRId64 "c|", r->v[c]);
        else snprintf(p, room, "%" PRId64 "|", r->v[c]);
    }
}

/* ---- the operator and its surroundings ---------------------------------------------------------- */

typedef Status (*OpenOp)(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);

typedef struct Fixture {
    Arena arena, plan_arena, batch_scratch, epoch_scratch, fold_arena;
    OpContext ctx;
    PhysOp inputs[2], *input_list[2];
    PhysOp plan;
    RankSpec ranks;
    OpenOp open;
    Op *op, sink;
    StateFold *fold;
    Bag view, delta;
    char **order;          /* rows in the order in which they were handed on in the last flush */
    int norder;
    Row *live;
    int nlive;
    int64_t offsets[3], late, handed_on;
    int ports;
    bool stays;            /* half of the batches stay as long as the operator, most with their positions */
    Arena staying;
} Fixture;

static Fixture F;
static uint64_t last_seed;
static const char *last_what = "";

static void sink_push(Op *op, int port, const Batch *b)
{
    (void)op, (void)port;
    static char line[LINE_BYTES];
    assert_true(b->rows <= BATCH_ROWS_MAX);
    assert_int_equal(b->ncols, F.plan.nfields);
    for (int i = 0; i < batch_count(b); i++) {
        int row = batch_row(b, i), weight = batch_weight(b, row);
        line[0] = 0;
        for (int c = 0; c < b->ncols; c++) {
            assert_true(type_eq(b->cols[c].type, F.plan.fields[c].type));
            print_column(line, &b->cols[c], row);
        }
        assert_true(weight != 0);
        int64_t before = bag_count(&F.delta, line);
        if (before) fail_msg("not consolidated: %s (seed %" PRIu64 ", %s)", line, last_seed, last_what);
        bag_add(&F.delta, line, weight);
        if (bag_add(&F.view, line, weight) < 0) fail_msg("taken back, not there: %s (seed %" PRIu64 ", %s)", line, last_seed, last_what);
        F.order = realloc(F.order, (size_t)(F.norder + 1) * sizeof *F.order);
        F.order[F.norder++] = strdup(line);
        F.handed_on++;
    }
}
static const OpClass sink_class = {.name = "sink", .push = sink_push};

static void count_error(OpContext *c, const Op *op, const Batch *b, int row, Status code, Str message)
{
    (void)op, (void)b, (void)row, (void)code, (void)message;
    c->row_errors++;
}

static void fixture_connect(void)
{
    Diags d = {.arena = &F.arena};
    Status st = F.open(&F.plan, &F.ctx, &F.arena, &F.op, &d);
    if (st != WEIR_OK) fail_msg("open: %.*s", STR_ARG(d.list.data[0].message));
    op_init(&F.sink, &sink_class, &(PhysOp){.ninputs = 1}, &F.ctx, &F.arena);
    op_connect(F.op, &F.sink, 0);
}

/* A plan of the kind with `more` columns behind those of the input; fixture_open comes next. */
static void fixture_plan(PhysKind kind, int ports, int more, bool retracts, bool above_state)
{
    memset(&F, 0, sizeof F);
    F.live = calloc(LIVE_MAX, sizeof *F.live);
    F.ctx = (OpContext){.batch_scratch = &F.batch_scratch, .epoch_scratch = &F.epoch_scratch,
                        .data_watermark = INT64_MIN, .on_error = count_error};
    Arena *a = &F.plan_arena;
    F.ports = ports;
    for (int i = 0; i < 2; i++) {
        F.inputs[i] = (PhysOp){.fields = new (a, Field, NCOLS), .nfields = NCOLS};
        F.inputs[i].props = (Props){.other_time = -1, .is_append_only = !retracts, .has_position = !above_state, .above_state = above_state,
                                    .time_col = COL_T, .window_start = -1, .window_end = -1};
        for (int c = 0; c < NCOLS; c++) F.inputs[i].fields[c].type = COLUMN_TYPES[c];
        F.input_list[i] = &F.inputs[i];
    }
    F.plan = (PhysOp){.kind = kind, .inputs = F.input_list, .ninputs = ports, .nfields = NCOLS + more,
                      .fields = new (a, Field, NCOLS + more), .input_retracts = retracts, .ranks = &F.ranks,
                      .keys = new (a, int32_t, 4), .key_window_start = -1, .key_window_end = -1};
    F.plan.props.above_state = true;
    for (int c = 0; c < NCOLS; c++) F.plan.fields[c].type = COLUMN_TYPES[c];
    F.ranks.order = new (a, OrderKey, NCOLS * 2);
    F.fold = state_fold_new(&F.fold_arena);
}

static void fixture_open(OpenOp open)
{
    F.open = open;
    fixture_connect();
}

__attribute__((unused)) static void order_by(int col, bool descending, bool nulls_first)
{
    F.ranks.order[F.ranks.norder++] = (OrderKey){col, descending, nulls_first};
    F.ranks.npeer = F.ranks.norder;
}

/* What tells rows apart comes behind the order of the text. */
__attribute__((unused)) static void order_whole(void)
{
    F.ranks.npeer = F.ranks.norder;
    for (int c = 0; c < NCOLS; c++) {
        bool is_there = false;
        for (int i = 0; i < F.ranks.norder; i++) is_there |= F.ranks.order[i].col == c;
        if (!is_there) F.ranks.order[F.ranks.norder++] = (OrderKey){c, false, true};
    }
}

static void order_clear(void)
{
    for (int i = 0; i < F.norder; i++) free(F.order[i]);
    free(F.order);
    F.order = NULL;
    F.norder = 0;
}

static void fixture_end(void)
{
    F.op->cls->close(F.op);
    bag_clear(&F.view);
    bag_clear(&F.delta);
    order_clear();
    free(F.live);
    arena_free(&F.arena);
    arena_free(&F.plan_arena);
    arena_free(&F.batch_scratch);
    arena_free(&F.epoch_scratch);
    arena_free(&F.fold_arena);
    arena_free(&F.staying);
    assert_int_equal(mem_in_use(), 0);
}

/* ---- rows --------------------------------------------------------------------------------------- */

/* Few different values, so that there are ties and equal rows; nullable: NULLs too. */
static Row random_row(int64_t keys, int64_t from, int64_t to, bool nullable)
{
    static const char *const TEXTS[] = {"", "a", "b", "twelve bytes", "thirteen byte", "thirteen bytf"};
    Row r = {.judge = INT64_MIN};
    r.v[COL_K] = below(keys);
    snprintf(r.text, sizeof r.text, "%s", TEXTS[below(6)]);
    r.v[COL_T] = floor_div(from + below(to - from + 1), 1000) * 1000;
    r.v[COL_V] = below(9) - 4;
    r.v[COL_D] = below(9) - 4;
    r.v[COL_M] = below(5) * 25 - 50;
    r.v[COL_F] = below(2);
    for (int c = 0; nullable && c < COL_START; c++)
        if (c != COL_T) r.null[c] = one_in(8);
    r.v[COL_START] = floor_div(r.v[COL_T], 20000) * 20000;
    r.v[COL_END] = r.v[COL_START] + 20000;
    for (int c = 0; c < NCOLS; c++)
        if (r.null[c]) r.v[c] = 0;
    if (r.null[COL_S]) r.text[0] = 0;
    return r;
}

static void put_row(Column *cols, Arena *a, int at, const Row *r, int zeros)
{
    for (int c = 0; c < NCOLS; c++) {
        Value v = {.type = COLUMN_TYPES[c], .is_null = r->null[c], .i = r->v[c]};
        if (c == COL_S) v.s = str_dup(a, str_z(r->text));
        if (c == COL_D) v.d = one_in(zeros) && r->v[c] == 0 ? -0.0 : (double)r->v[c] / 4;
        if (c == COL_M) v.dec = r->v[c];
        if (c == COL_V && r->mark) v.is_null = true;
        column_put(&cols[c], a, at, &v);
        if (c == COL_V && r->mark) column_set_err(&cols[c], a, at, WEIR_E_VALUE, S("too much"));
    }
}

static void push_rows(int port, const Row *rows, const int32_t *weights, int n, bool judged)
{
    Arena own = {0};
    bool sparse = one_in(2), stays = F.stays && one_in(2), keeps_pos = stays && !one_in(4);
    Arena *a = stays ? &F.staying : &own;
    int size = sparse ? n * 2 + 1 : n;
    Column cols[NCOLS];
    for (int c = 0; c < NCOLS; c++) cols[c] = column_new(a, COLUMN_TYPES[c], size);
    uint16_t *sel = new (&own, uint16_t, n);
    int32_t *w = weights ? new (&own, int32_t, size) : NULL;
    int64_t *judge = judged ? new (&own, int64_t, size) : NULL;
    uint64_t *offset = new (keeps_pos ? a : &own, uint64_t, size);
    Batch b = {.rows = size, .ncols = NCOLS, .cols = cols, .weights = w, .judge = judge, .judge_max = INT64_MIN,
               .label = (uint64_t)rows[0].partition, .has_resident_pos = keeps_pos};
    if (F.inputs[port].props.has_position) b.offset = offset;
    for (int i = 0; i < n; i++) {
        int at = sparse ? 2 * i + 1 : i;
        sel[i] = (uint16_t)at;
        put_row(cols, a, at, &rows[i], stays ? 200 : 2);
        if (w) w[at] = weights[i];
        if (judge) judge[at] = rows[i].judge;
        offset[at] = (uint64_t)rows[i].offset;
        if (judged && rows[i].judge > b.judge_max) b.judge_max = rows[i].judge;
    }
    if (sparse) {
        b.sel = sel;
        b.nsel = n;
    }
    for (int c = 0; c < NCOLS; c++) cols[c].is_lasting = cols[c].is_resident = stays;
    F.op->cls->push(F.op, port, &b);
    arena_reset(&F.batch_scratch);
    arena_free(&own); /* nothing else of a batch may be needed any more */
}

__attribute__((unused)) static void live_add(const Row *r)
{
    assert_true(F.nlive < LIVE_MAX);
    F.live[F.nlive++] = *r;
}
__attribute__((unused)) static void live_remove(int i)
{
    memmove(F.live + i, F.live + i + 1, (size_t)(F.nlive - i - 1) * sizeof *F.live);
    F.nlive--;
}

/* ---- an epoch ----------------------------------------------------------------------------------- */

static int64_t end_epoch(int64_t watermark)
{
    bag_clear(&F.delta);
    order_clear();
    int64_t out = F.op->cls->flush(F.op, watermark);
    arena_reset(&F.batch_scratch);
    assert_int_equal(F.ctx.broken.n, 0);
    StateWriter w = {.buf.arena = &F.epoch_scratch};
    bool all = one_in(9);
    F.op->cls->save(F.op, &w, all);
    if (all) {
        arena_free(&F.fold_arena);
        F.fold = state_fold_new(&F.fold_arena);
    }
    assert_int_equal(state_fold_add(F.fold, str_of(w.buf.p, w.buf.n)), WEIR_OK);
    arena_reset(&F.epoch_scratch);
    arena_reset(&F.batch_scratch);
    return out;
}

static Status load_record(void *arg, Str space, Str key, Str value)
{
    (void)arg;
    return F.op->cls->load(F.op, space, key, value);
}

static void restart(void)
{
    int64_t rows = F.op->cls->state_rows(F.op);
    F.op->cls->close(F.op);
    arena_free(&F.arena);
    fixture_connect();
    assert_int_equal(state_fold_each(F.fold, load_record, NULL), WEIR_OK);
    assert_int_equal(F.op->cls->state_rows(F.op), rows);
    arena_reset(&F.batch_scratch);
}

static Status refuse_record(void *arg, Str space, Str key, Str value)
{
    (void)arg, (void)key, (void)value;
    if (str_eq(space, S("a"))) return WEIR_OK; /* how far the operator has come */
    fail_msg("a record of what is closed: %.*s (seed %" PRIu64 ")", STR_ARG(space), last_seed);
    return WEIR_E_CORRUPT;
}

/* No record outlives what it is of, once all is closed. */
__attribute__((unused)) static void check_no_records(void)
{
    assert_int_equal(state_fold_each(F.fold, refuse_record, NULL), WEIR_OK);
}

static void compare(const Bag *expected, const char *what)
{
    for (int i = 0; i < expected->n; i++) {
        int64_t is = bag_count(&F.view, expected->lines[i].text);
        if (is != expected->lines[i].count)
            fail_msg("%s (seed %" PRIu64 ", %s): %s is there %d times, not %d", what, last_seed, last_what,
                     expected->lines[i].text, (int)is, (int)expected->lines[i].count);
    }
    for (int i = 0; i < F.view.n; i++) {
        int64_t count = bag_count(expected, F.view.lines[i].text);
        if (F.view.lines[i].count != count)
            fail_msg("%s (seed %" PRIu64 ", %s): %s is there %d times, not %d", what, last_seed, last_what,
                     F.view.lines[i].text, (int)F.view.lines[i].count, (int)count);
    }
}

/* ---- order, naively ----------------------------------------------------------------------------- */

static int cmp_column(const Row *a, const Row *b, int c)
{
    if (c == COL_S) return strcmp(a->text, b->text);
    return (a->v[c] > b->v[c]) - (a->v[c] < b->v[c]);
}

static int cmp_order(const Row *a, const Row *b, int from, int to)
{
    for (int i = from; i < to; i++) {
        const OrderKey *o = &F.ranks.order[i];
        bool a_null = a->null[o->col] || (o->col == COL_V && a->mark), b_null = b->null[o->col] || (o->col == COL_V && b->mark);
        if (a_null && b_null) continue;
        if (a_null || b_null) return a_null == o->nulls_first ? -1 : 1;
        int c = cmp_column(a, b, o->col);
        if (c) return o->descending ? -c : c;
    }
    return 0;
}

__attribute__((unused)) static bool are_peers(const Row *a, const Row *b)
{
    return cmp_order(a, b, 0, F.ranks.npeer) == 0;
}

static bool by_position(void) { return F.inputs[0].props.has_position && F.inputs[0].props.is_append_only; }

static int cmp_rows(const void *x, const void *y)
{
    const Row *a = *(Row *const *)x, *b = *(Row *const *)y;
    int c = cmp_order(a, b, 0, F.ranks.npeer);
    if (c) return c;
    if (by_position()) {
        if (a->partition != b->partition) return a->partition < b->partition ? -1 : 1;
        return (a->offset > b->offset) - (a->offset < b->offset);
    }
    c = cmp_order(a, b, F.ranks.npeer, F.ranks.norder);
    return c ? c : (int)a->mark - (int)b->mark;
}

static bool same_partition(const Row *a, const Row *b)
{
    for (int i = 0; i < F.plan.nkeys; i++) {
        int c = F.plan.keys[i];
        if (a->null[c] != b->null[c] || (!a->null[c] && cmp_column(a, b, c) != 0)) return false;
    }
    return true;
}

/* Gives each partition's live rows to `each`, in order. */
__attribute__((unused)) static void each_partition(void (*each)(Row **rows, int n, void *arg), void *arg)
{
    bool *done = calloc((size_t)F.nlive + 1, 1);
    Row **rows = calloc((size_t)F.nlive + 1, sizeof *rows);
    for (int i = 0; i < F.nlive; i++) {
        if (done[i]) continue;
        int n = 0;
        for (int k = i; k < F.nlive; k++)
            if (!done[k] && same_partition(&F.live[i], &F.live[k])) {
                done[k] = true;
                rows[n++] = &F.live[k];
            }
        qsort(rows, (size_t)n, sizeof *rows, cmp_rows);
        each(rows, n, arg);
    }
    free(done);
    free(rows);
}

/* ---- runs --------------------------------------------------------------------------------------- */

typedef struct Run {
    int epochs, batch_max;
    int64_t keys, span;
    bool retracts, marks;  /* marks: above state */
    bool copies;           /* rows that come twice at once, without retractions too */
    void (*check)(void);
} Run;

static int random_delta(const Run *run, Row *rows, int32_t *weights)
{
    int n = 1 + (int)below(one_in(3) ? run->batch_max : 4);
    for (int i = 0; i < n; i++) {
        int victim = F.nlive ? (int)below(F.nlive) : -1;
        weights[i] = 1;
        if (run->retracts && victim >= 0 && one_in(2)) {
            rows[i] = F.live[victim];
            weights[i] = -1;
            live_remove(victim);
            continue;
        }
        rows[i] = random_row(run->keys, -run->span, run->span, true);
        if (victim >= 0 && one_in(4)) rows[i] = F.live[victim]; /* equal rows */
        else if (run->marks && one_in(9)) rows[i].mark = rows[i].null[COL_V] = true, rows[i].v[COL_V] = 0;
        rows[i].offset = F.offsets[0]++;
        weights[i] = 1 + (int32_t)((run->retracts || run->copies) && one_in(5));
        for (int w = 0; w < weights[i]; w++) live_add(&rows[i]);
    }
    return n;
}

/* Rows come (and go); each epoch is compared with the twin. */
__attribute__((unused)) static void run_changes(const Run *run)
{
    for (int e = 0; e < run->epochs; e++) {
        for (int k = (int)below(4); k > 0 && F.nlive < LIVE_MAX - 200; k--) {
            Row rows[100];
            int32_t weights[100];
            int before = F.nlive, n = random_delta(run, rows, weights), partition = (int)below(3);
            for (int i = 0; i < n; i++)
                if (weights[i] > 0) rows[i].partition = partition;
            if (!run->retracts) {
                for (int i = before; i < F.nlive; i++) F.live[i].partition = partition;
            }
            push_rows(0, rows, run->retracts || run->copies ? weights : NULL, n, false);
        }
        end_epoch(INT64_MIN);
        run->check();
        if (one_in(6)) restart();
    }
    while (run->retracts && F.nlive) { /* everything goes */
        push_rows(0, &F.live[0], (int32_t[]){-1}, 1, false);
        live_remove(0);
        if (one_in(20) || F.nlive == 0) {
            end_epoch(INT64_MIN);
            run->check();
        }
    }
    if (run->retracts) {
        assert_int_equal(F.op->cls->state_rows(F.op), 0);
        StateWriter w = {.buf.arena = &F.epoch_scratch};
        F.op->cls->save(F.op, &w, true);
        assert_int_equal(w.records, 0);
    }
}

#endif
