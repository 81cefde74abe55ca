/* aggregate_harness.h: drives one aggregate operator with random deltas and compares what it hands
 * on with a twin that knows nothing but the rows so far: it recomputes every window from scratch.
 *
 * Rows have all kinds of columns, NULLs and duplicates; batches and epochs are cut anywhere; now and
 * then the operator is closed and rebuilt from its records. */
#ifndef WEIR_TESTS_AGGREGATE_HARNESS_H
#define WEIR_TESTS_AGGREGATE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/datetime.h"
#include "exec/op/op.h"
#include "exec/state/fold.h"
#include "exec/state/log.h"
#include "tests/unit/aggregate_twin.h"
#include "tests/unit/random.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* How many of n random runs are made: a third of them where sanitizers make each several times as long. */
static inline uint64_t runs_of(uint64_t n)
{
#ifdef __SANITIZE_ADDRESS__
    return n < 6 ? 2 : n / 3;
#else
    return n;
#endif
}

/* ---- the view: a bag of printed rows ---------------------------------------------------------- */

typedef struct Line {
    char *text;
    uint64_t hash;
    int64_t count;
} Line;
typedef struct View {
    Line *lines;
    int n, cap;
} View;

static uint64_t text_hash(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text; text++) h = (h ^ (uint8_t)*text) * 0x100000001b3u;
    return h;
}

static void view_add(View *v, const char *text, int64_t weight)
{
    uint64_t hash = text_hash(text);
    for (int i = 0; i < v->n; i++) {
        if (v->lines[i].hash != hash || strcmp(v->lines[i].text, text) != 0) continue;
        v->lines[i].count += weight;
        if (v->lines[i].count == 0) {
            free(v->lines[i].text);
            v->lines[i] = v->lines[--v->n];
        }
        return;
    }
    if (v->n == v->cap) {
        v->cap = v->cap ? v->cap * 2 : 64;
        v->lines = realloc(v->lines, (size_t)v->cap * sizeof *v->lines);
    }
    v->lines[v->n++] = (Line){strdup(text), hash, weight};
}
static void view_clear(View *v)
{
    for (int i = 0; i < v->n; i++) free(v->lines[i].text);
    free(v->lines);
    *v = (View){0};
}
static int line_order(const void *a, const void *b) { return strcmp(((const Line *)a)->text, ((const Line *)b)->text); }

/* ---- printing --------------------------------------------------------------------------------- */

static void print_value(char *out, const Column *c, int row)
{
    Value v = column_value(c, row);
    char *p = out + strlen(out);
    size_t room = LINE_MAX_BYTES - (size_t)(p - out);
    if (col_is_err(c, row)) {
        snprintf(p, room, "!|");
    } else if (v.is_null) {
        snprintf(p, room, "NULL|");
    } else if (c->type.kind == TYPE_DOUBLE) {
        snprintf(p, room, "%.17g|", v.d);
    } else if (c->type.kind == TYPE_DECIMAL) {
        snprintf(p, room, "%" PRId64 "e-%d|", (int64_t)v.dec, c->type.scale);
    } else if (type_is_text(c->type.kind)) {
        snprintf(p, room, "%.*s|", STR_ARG(v.s));
    } else {
        snprintf(p, room, "%" PRId64 "|", v.i);
    }
}

static const AggDef *def_of(const AggDef *list, const char *name, int nth)
{
    for (const AggDef *d = list; d->name; d++)
        if (strcmp(d->name, name) == 0 && nth-- == 0) return d;
    assert_true(!"no such aggregate");
    return NULL;
}

/* ---- the operator and its surroundings -------------------------------------------------------- */

typedef struct Harness {
    Arena arena;              /* of the operator */
    Arena plan_arena, batch_scratch, epoch_scratch, fold_arena;
    OpContext ctx;
    PhysOp input, plan;
    PhysOp table_function;    /* between them, where expands */
    bool expands;
    Op *entry;                /* what batches are pushed into */
    WindowSpec window;
    Op *op;
    Op sink;
    StateFold *fold;
    View view;                /* sum of all deltas */
    const Case *cases;
    int ncases;
    Row *rows;                /* live rows, in the order of arrival */
    int nrows;
    int64_t arrivals, offsets[PARTITIONS];
    int64_t late, gaps;       /* what the twin counts */
    int64_t emitted;          /* rows handed on in the last flush */
    View delta;               /* of the last flush: each row at most once */
    int64_t watermark_lag;    /* of the output's behind the input's */
    void (*check)(int64_t watermark); /* compares the view with the twin's */
} Harness;

static Harness H;
static uint64_t last_seed; /* of the run at work, for messages */

static void sink_push(Op *op, int port, const Batch *b)
{
    (void)op, (void)port;
    assert_true(b->rows <= BATCH_ROWS_MAX);
    assert_int_equal(b->ncols, H.plan.nfields);
    for (int i = 0; i < batch_count(b); i++) {
        int row = batch_row(b, i);
        static char line[LINE_MAX_BYTES];
        line[0] = 0;
        for (int c = 0; c < b->ncols; c++) {
            print_value(line, &b->cols[c], row);
            assert_true(type_eq(b->cols[c].type, H.plan.fields[c].type));
        }
        view_add(&H.view, line, batch_weight(b, row));
        int distinct = H.delta.n;
        if (H.delta.n < 3000) view_add(&H.delta, line, 1);
        if (distinct == H.delta.n && distinct < 3000) fail_msg("not consolidated: %s", line);
        H.emitted++;
    }
}
static const OpClass sink_class = {.name = "sink", .push = sink_push};

static void unexpected_error(OpContext *c, const Op *op, const Batch *b, int row, Status code, Str message)
{
    (void)op, (void)b, (void)row, (void)code;
    (void)message;
    c->row_errors++;
}

static const Type INPUT_TYPES[NCOLS] = {
    [COL_K] = {.kind = TYPE_BIGINT, .int_bits = 64}, [COL_S] = {.kind = TYPE_TEXT},
    [COL_T] = {.kind = TYPE_TIMESTAMP, .precision = 3}, [COL_V] = {.kind = TYPE_BIGINT, .int_bits = 64},
    [COL_D] = {.kind = TYPE_DOUBLE}, [COL_FLAG] = {.kind = TYPE_BOOLEAN},
    [COL_M] = {.kind = TYPE_DECIMAL, .precision = 18, .scale = 2},
};

static void harness_open(void)
{
    Diags d = {.arena = &H.arena};
    Status st = op_aggregate_open(&H.plan, &H.ctx, &H.arena, &H.op, &d);
    if (st != WEIR_OK) fail_msg("open: %.*s", STR_ARG(d.list.data[0].message));
    H.entry = H.op;
    if (H.expands) {
        assert_int_equal(op_window_open(&H.table_function, &H.ctx, &H.arena, &H.entry, &d), WEIR_OK);
        op_connect(H.entry, H.op, 0);
    }
    op_init(&H.sink, &sink_class, &(PhysOp){.ninputs = 1}, &H.ctx, &H.arena);
    op_connect(H.op, &H.sink, 0);
}

static void make_calls(bool retracts)
{
    Arena *a = &H.plan_arena;
    H.plan.naggs = H.ncases;
    H.plan.aggs = new (a, AggCall, H.ncases);
    for (int i = 0; i < H.ncases; i++) {
        const Case *c = &H.cases[i];
        AggCall *call = &H.plan.aggs[i];
        *call = (AggCall){.def = def_of(c->list, c->name, c->overload), .args = new (a, int32_t, 3), .nargs = c->nargs,
                          .filter = c->filter, .distinct = c->distinct, .by_position = c->by_position,
                          .input_retracts = retracts, .type = c->type, .arg_types = new (a, Type, 3),
                          .consts = new (a, const Value *, 3)};
        for (int k = 0; k < c->nargs; k++) {
            call->args[k] = c->args[k];
            call->arg_types[k] = INPUT_TYPES[c->args[k]];
        }
        if (c->order_col >= 0) {
            call->order = new_one(a, OrderKey);
            *call->order = (OrderKey){c->order_col, c->descending, !c->descending};
            call->norder = 1;
        }
    }
}

/* keys: columns of the input; nwindow: window columns of the output. */
static void harness_start(const int *keys, int nkeys, int nwindow, const Case *cases, int ncases, bool retracts,
                          bool final, const WindowSpec *w)
{
    memset(&H, 0, sizeof H);
    H.cases = cases;
    H.ncases = ncases;
    H.rows = calloc(ROWS_MAX, sizeof *H.rows);
    H.ctx = (OpContext){.batch_scratch = &H.batch_scratch, .epoch_scratch = &H.epoch_scratch,
                        .data_watermark = INT64_MIN, .on_error = unexpected_error};
    Arena *a = &H.plan_arena;
    H.input.fields = new (a, Field, NCOLS);
    H.input.nfields = NCOLS;
    for (int i = 0; i < NCOLS; i++) H.input.fields[i].type = INPUT_TYPES[i];
    H.plan.kind = PHYS_AGGREGATE;
    H.plan.inputs = new (a, PhysOp *, 1);
    H.plan.inputs[0] = &H.input;
    H.plan.ninputs = 1;
    H.plan.keys = new (a, int32_t, nkeys);
    H.plan.nkeys = nkeys;
    H.plan.key_window_start = H.plan.key_window_end = -1;
    H.plan.emit_final = final;
    H.plan.input_retracts = retracts;
    if (w) {
        H.window = *w;
        H.plan.window = &H.window;
    }
    make_calls(retracts);
    H.plan.nfields = nkeys + nwindow + ncases;
    H.plan.fields = new (a, Field, H.plan.nfields);
    for (int i = 0; i < nkeys; i++) {
        H.plan.keys[i] = keys[i];
        H.plan.fields[i].type = INPUT_TYPES[keys[i]];
    }
    for (int i = 0; i < nwindow; i++)
        H.plan.fields[nkeys + i].type = nwindow == 3 && i == 0 ? TYPE_BIGINT_ : TYPE_TIMESTAMP_(3);
    for (int i = 0; i < ncases; i++) H.plan.fields[nkeys + nwindow + i].type = cases[i].type;
    H.fold = state_fold_new(&H.fold_arena);
    harness_open();
}

static void harness_end(void)
{
    H.op->cls->close(H.op);
    view_clear(&H.view);
    view_clear(&H.delta);
    free(H.rows);
    arena_free(&H.arena);
    arena_free(&H.plan_arena);
    arena_free(&H.batch_scratch);
    arena_free(&H.epoch_scratch);
    arena_free(&H.fold_arena);
    assert_int_equal(mem_in_use(), 0);
}

/* Puts the window table function before the aggregate, which groups by window_start, window_end and
 * the keys it had. Called right after harness_start. */
__attribute__((unused)) static void harness_expand(const int *keys, int nkeys)
{
    Arena *a = &H.plan_arena;
    H.op->cls->close(H.op);
    arena_free(&H.arena);
    H.expands = true;
    H.table_function = (PhysOp){.kind = PHYS_WINDOW, .inputs = H.plan.inputs, .ninputs = 1, .window = &H.window,
                                .nfields = NCOLS + 3, .fields = new (a, Field, NCOLS + 3)};
    for (int i = 0; i < NCOLS + 3; i++)
        H.table_function.fields[i].type = i < NCOLS ? INPUT_TYPES[i] : TYPE_TIMESTAMP_(3);
    H.plan.inputs = new (a, PhysOp *, 1);
    H.plan.inputs[0] = &H.table_function;
    H.plan.window = NULL;
    H.plan.nkeys = nkeys + 2;
    H.plan.keys = new (a, int32_t, nkeys + 2);
    H.plan.key_window_start = 0;
    H.plan.key_window_end = 1;
    for (int i = 0; i < nkeys + 2; i++) {
        H.plan.keys[i] = i < 2 ? NCOLS + i : keys[i - 2];
        H.plan.fields[i].type = H.table_function.fields[H.plan.keys[i]].type;
    }
    harness_open();
}

/* ---- rows ------------------------------------------------------------------------------------- */

static Row random_row(int64_t keys, int64_t time_from, int64_t time_to)
{
    static const char *const TEXTS[] = {"", "a", "b", "twelve bytes", "thirteen byte", "thirteen bytf", "a much longer text, longer"};
    Row r = {0};
    r.k = below(keys) - keys / 2;
    r.k_null = one_in(9);
    snprintf(r.s, sizeof r.s, "%s", TEXTS[below(7)]);
    r.s_null = one_in(9);
    r.t = floor_div(time_from + below(time_to - time_from + 1), 1000) * 1000;
    r.v = one_in(20) ? INT64_C(1) << 40 : below(7) - 3;
    r.v_null = one_in(6);
    r.d = (double)(below(9) - 4) / 4;
    if (one_in(9)) r.d = -0.0;
    r.d_null = one_in(6);
    r.m = below(9) * 25 - 100;
    r.m_null = one_in(6);
    r.flag = (int8_t)below(3);
    r.judge = INT64_MIN;
    return r;
}

static void put_row(Column *cols, Arena *a, int at, const Row *r)
{
    Value v[NCOLS] = {
        [COL_K] = value_int(r->k), [COL_S] = value_text(str_z(r->s)),
        [COL_T] = {.type = INPUT_TYPES[COL_T], .i = r->t}, [COL_V] = value_int(r->v),
        [COL_D] = value_double(r->d), [COL_FLAG] = value_bool(r->flag == 1),
        [COL_M] = {.type = INPUT_TYPES[COL_M], .dec = r->m},
    };
    v[COL_K].is_null = r->k_null;
    v[COL_S].is_null = r->s_null;
    v[COL_V].is_null = r->v_null;
    v[COL_D].is_null = r->d_null;
    v[COL_FLAG].is_null = r->flag == 2;
    v[COL_M].is_null = r->m_null;
    for (int c = 0; c < NCOLS; c++) column_put(&cols[c], a, at, &v[c]);
}

/* Pushes n rows with their weights (NULL: all +1), spread over a larger batch by a selection. */
static void push_batch(const Row *rows, const int32_t *weights, int n, bool judged)
{
    Arena a = {0};
    bool sparse = one_in(2);
    int size = sparse ? n * 2 + 1 : n;
    Column cols[NCOLS];
    for (int c = 0; c < NCOLS; c++) cols[c] = column_new(&a, INPUT_TYPES[c], size);
    uint16_t *sel = new (&a, uint16_t, n);
    int32_t *w = weights ? new (&a, int32_t, size) : NULL;
    int64_t *judge = judged ? new (&a, int64_t, size) : NULL;
    uint64_t *offset = new (&a, uint64_t, size);
    uint32_t *ordinal = new (&a, uint32_t, size);
    Batch b = {.rows = size, .ncols = NCOLS, .cols = cols, .weights = w, .judge = judge, .judge_max = INT64_MIN,
               .label = (uint64_t)rows[0].partition, .offset = offset, .ordinal = ordinal};
    for (int i = 0; i < n; i++) {
        int at = sparse ? 2 * i + 1 : i;
        sel[i] = (uint16_t)at;
        put_row(cols, &a, at, &rows[i]);
        if (w) w[at] = weights[i];
        if (judge) judge[at] = rows[i].judge;
        offset[at] = (uint64_t)rows[i].offset;
        ordinal[at] = (uint32_t)rows[i].ordinal;
        if (judged && rows[i].judge > b.judge_max) b.judge_max = rows[i].judge;
    }
    if (sparse) {
        b.sel = sel;
        b.nsel = n;
    }
    H.entry->cls->push(H.entry, 0, &b);
    arena_reset(&H.batch_scratch);
    arena_free(&a); /* nothing of a batch may be needed any more */
}

static void rows_add(const Row *r)
{
    assert_true(H.nrows < ROWS_MAX);
    H.rows[H.nrows] = *r;
    H.rows[H.nrows++].arrival = H.arrivals++;
}
static void rows_remove(int i)
{
    memmove(&H.rows[i], &H.rows[i + 1], (size_t)(H.nrows - i - 1) * sizeof *H.rows);
    H.nrows--;
}

/* ---- epochs ----------------------------------------------------------------------------------- */

__attribute__((unused)) static int64_t end_epoch(int64_t watermark)
{
    H.ctx.epoch++;
    H.emitted = 0;
    view_clear(&H.delta);
    int64_t out = H.op->cls->flush(H.op, watermark);
    StateWriter w = {.buf = {.arena = &H.epoch_scratch}};
    H.op->cls->save(H.op, &w, false);
    assert_int_equal(state_fold_add(H.fold, str_of(w.buf.p, w.buf.n)), WEIR_OK);
    arena_reset(&H.batch_scratch);
    arena_reset(&H.epoch_scratch);
    return out;
}

static Status load_record(void *arg, Str space, Str key, Str value)
{
    (void)arg;
    return H.op->cls->load(H.op, space, key, value);
}

/* Rebuilds the operator from its records, or from a whole save. */
static void restart(void)
{
    if (one_in(2)) {
        StateWriter w = {.buf = {.arena = &H.fold_arena}};
        H.op->cls->save(H.op, &w, true);
        H.fold = state_fold_new(&H.fold_arena);
        assert_int_equal(state_fold_add(H.fold, str_of(w.buf.p, w.buf.n)), WEIR_OK);
    }
    H.op->cls->close(H.op);
    arena_free(&H.arena);
    harness_open();
    assert_int_equal(state_fold_each(H.fold, load_record, NULL), WEIR_OK);
}

/* ---- comparing -------------------------------------------------------------------------------- */

static void compare(View *expected, const char *what)
{
    if (H.view.n) qsort(H.view.lines, (size_t)H.view.n, sizeof(Line), line_order);
    if (expected->n) qsort(expected->lines, (size_t)expected->n, sizeof(Line), line_order);
    int i = 0, k = 0;
    while (i < H.view.n || k < expected->n) {
        const Line *is = i < H.view.n ? &H.view.lines[i] : NULL, *should = k < expected->n ? &expected->lines[k] : NULL;
        int order = !is ? 1 : !should ? -1 : strcmp(is->text, should->text);
        if (order == 0 && is->count == should->count) {
            i++;
            k++;
            continue;
        }
        if (is) printf("is      %s (%" PRId64 ")\n", is->text, is->count);
        if (should) printf("should  %s (%" PRId64 ")\n", should->text, should->count);
        fail_msg("%s, seed %" PRIu64 ", epoch %" PRId64 ", final %d, retracts %d", what, last_seed, H.ctx.epoch,
                 H.plan.emit_final, H.plan.input_retracts);
    }
    view_clear(expected);
}

static void key_text(char *out, const Row *r)
{
    out[0] = 0;
    for (int i = 0; i < H.plan.nkeys; i++)
        if (H.plan.keys[i] < NCOLS) print_key(out, H.plan.keys[i], r);
}

/* The results over rows (those of one group and window), appended to `line`. */
static void naive_results(char *line, const Row *const *rows, int n)
{
    for (int i = 0; i < H.ncases; i++) naive_value(line, &H.cases[i], rows, n);
}

/* Rows by group and window, as the twin finds them. */
typedef struct Group {
    uint64_t hash;
    char *key;
    const Row **rows;
    int n;
} Group;
static Group *groups;
static int ngroups;

static void group_add(const char *key, const Row *r)
{
    int g = 0;
    uint64_t hash = text_hash(key);
    while (g < ngroups && (groups[g].hash != hash || strcmp(groups[g].key, key) != 0)) g++;
    if (g == ngroups) {
        if ((ngroups & (ngroups - 1)) == 0) groups = realloc(groups, (size_t)(ngroups ? ngroups * 2 : 1) * sizeof *groups);
        ngroups++;
        groups[g] = (Group){.hash = hash, .key = strdup(key)};
    }
    int n = groups[g].n;
    if (r && (n & (n - 1)) == 0) groups[g].rows = realloc(groups[g].rows, (size_t)(n ? n * 2 : 1) * sizeof *groups[g].rows);
    if (r) groups[g].rows[groups[g].n++] = r;
}

static void groups_clear(void)
{
    for (int g = 0; g < ngroups; g++) {
        free(groups[g].key);
        free(groups[g].rows);
    }
    free(groups);
    groups = NULL;
    ngroups = 0;
}

/* One line per group: its key and the results over its rows. */
__attribute__((unused)) static void groups_to_view(View *v)
{
    static char line[LINE_MAX_BYTES];
    for (int g = 0; g < ngroups; g++) {
        strcpy(line, groups[g].key);
        naive_results(line, groups[g].rows, groups[g].n);
        view_add(v, line, 1);
    }
    groups_clear();
}

/* ---- runs ------------------------------------------------------------------------------------- */

/* Append-only rows of several partitions, each with its own watermark, the least of which closes. */
__attribute__((unused)) static void run_judged(int epochs, int64_t keys, int64_t spread)
{
    int64_t marks[PARTITIONS], at[PARTITIONS];
    for (int p = 0; p < PARTITIONS; p++) {
        marks[p] = INT64_MIN;
        at[p] = -spread * epochs / 4 + below(spread);
    }
    for (int e = 0; e < epochs; e++) {
        int64_t watermark = INT64_MAX;
        for (int k = (int)below(4); k > 0; k--) {
            Row rows[40];
            int n = 1 + (int)below(one_in(3) ? 40 : 5), p = (int)below(PARTITIONS);
            for (int i = 0; i < n; i++) {
                at[p] += below(spread / 8 + 1);
                rows[i] = random_row(keys, at[p] - spread, at[p]);
                rows[i].partition = p;
                rows[i].offset = H.offsets[p] += 1 + below(2);
                rows[i].judge = marks[p];
                int64_t mark = rows[i].t - spread / 3;
                if (mark > marks[p]) marks[p] = mark;
                rows_add(&rows[i]);
            }
            push_batch(rows, NULL, n, true);
        }
        for (int p = 0; p < PARTITIONS; p++) watermark = marks[p] < watermark ? marks[p] : watermark;
        int64_t out = end_epoch(watermark);
        if (H.window.def && !H.window.by_value && H.window.time_col >= 0 && watermark != INT64_MIN && out != INT64_MIN)
            assert_int_equal(out, watermark - H.watermark_lag);
        H.check(watermark);
        if (one_in(6)) restart();
    }
    assert_int_equal(end_epoch(INT64_MAX), INT64_MAX);
    H.check(INT64_MAX);
}

/* Rows come and go; all later than the watermark, as below a stateful operator. */
__attribute__((unused)) static void run_retracting(int epochs, int64_t keys, int64_t spread)
{
    int64_t watermark = INT64_MIN, at = -spread;
    for (int e = 0; e < epochs; e++) {
        for (int k = (int)below(4); k > 0; k--) {
            Row rows[40];
            int32_t weights[40];
            int n = 1 + (int)below(one_in(3) ? 40 : 5);
            for (int i = 0; i < n; i++) {
                int victim = H.nrows ? (int)below(H.nrows) : -1;
                weights[i] = 1;
                if (victim >= 0 && one_in(2) && (H.rows[victim].t > watermark || !H.window.def)) {
                    rows[i] = H.rows[victim];
                    weights[i] = -1;
                    rows_remove(victim);
                    continue;
                }
                rows[i] = random_row(keys, watermark == INT64_MIN ? at : watermark + 1000, at + spread);
                rows[i].offset = H.offsets[0]++;
                weights[i] = 1 + (int32_t)one_in(5);
                for (int w = 0; w < weights[i]; w++) rows_add(&rows[i]);
            }
            push_batch(rows, weights, n, false);
        }
        at += below(spread / 2);
        if (one_in(2)) watermark = at;
        end_epoch(H.window.def ? watermark : INT64_MIN);
        H.check(watermark);
        if (one_in(6)) restart();
    }
    if (!H.window.def) { /* everything goes */
        while (H.nrows) {
            push_batch(&H.rows[0], (int32_t[]){-1}, 1, false);
            rows_remove(0);
        }
        end_epoch(INT64_MIN);
        H.check(INT64_MIN);
    }
}

#endif
