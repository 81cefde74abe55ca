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
#include "exec/agg/agg.h"
#include "exec/op/op.h"
#include "exec/state/fold.h"
#include "exec/state/log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { COL_K, COL_S, COL_T, COL_V, COL_D, COL_FLAG, COL_M, NCOLS };
enum { PARTITIONS = 3, ROWS_MAX = 20000, TEXT_MAX = 40, LINE_MAX_BYTES = 30000 };

typedef struct Row {
    int64_t k, t, v, judge;
    double d;
    int64_t m;              /* cents */
    char s[TEXT_MAX];
    int8_t flag;            /* 0, 1, 2 NULL */
    bool k_null, s_null, v_null, d_null, m_null;
    int32_t partition, ordinal;
    int64_t offset, arrival;
} Row;

/* ---- random ----------------------------------------------------------------------------------- */

static uint64_t rng_state;
static uint64_t rng(void)
{
    rng_state += 0x9e3779b97f4a7c15u;
    uint64_t x = rng_state;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}
static int64_t below(int64_t n) { return (int64_t)(rng() % (uint64_t)n); }
static bool one_in(int64_t n) { return below(n) == 0; }

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

/* ---- the aggregates under test ---------------------------------------------------------------- */

extern const AggDef agg_array[], agg_avg[], agg_bit[], agg_bool[], agg_count[], agg_covariance[], agg_first[], agg_min[],
    agg_percentile[], agg_string[], agg_sum[], agg_variance[], agg_frequency[], agg_moments[], agg_sketch[], agg_weighted[];

typedef struct Case {
    const AggDef *list;
    const char *name;
    int args[3], nargs;
    int filter;
    bool distinct, by_position;
    int order_col;       /* -1: none */
    bool descending;
    int overload;        /* nth of that name */
    Type type;
} Case;

static const AggDef *def_of(const AggDef *list, const char *name, int nth)
{
    for (const AggDef *d = list; d->name; d++)
        if (strcmp(d->name, name) == 0 && nth-- == 0) return d;
    assert_true(!"no such aggregate");
    return NULL;
}

/* What the twin needs to compute one: implemented below, by name. */
static void naive_value(char *out, const Case *c, const Row *const *rows, int n);

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

static void print_key(char *out, int col, const Row *r)
{
    char *p = out + strlen(out);
    size_t room = LINE_MAX_BYTES - (size_t)(p - out);
    if (col == COL_K && !r->k_null) snprintf(p, room, "%" PRId64 "|", r->k);
    else if (col == COL_S && !r->s_null) snprintf(p, room, "%s|", r->s);
    else if (col == COL_D && !r->d_null) snprintf(p, room, "%.17g|", r->d + 0.0);
    else if (col == COL_FLAG && r->flag != 2) snprintf(p, room, "%d|", r->flag);
    else if (col == COL_M && !r->m_null) snprintf(p, room, "%" PRId64 "e-2|", r->m);
    else if (col == COL_T) snprintf(p, room, "%" PRId64 "|", r->t);
    else if (col == COL_V && !r->v_null) snprintf(p, room, "%" PRId64 "|", r->v);
    else snprintf(p, room, "NULL|");
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

/* ---- the twin's aggregates -------------------------------------------------------------------- */

static bool naive_is_null(const Row *r, int col)
{
    switch (col) {
    case COL_K: return r->k_null;
    case COL_S: return r->s_null;
    case COL_V: return r->v_null;
    case COL_D: return r->d_null;
    case COL_FLAG: return r->flag == 2;
    case COL_M: return r->m_null;
    default: return false;
    }
}
static double naive_number(const Row *r, int col)
{
    switch (col) {
    case COL_K: return (double)r->k;
    case COL_T: return (double)r->t;
    case COL_V: return (double)r->v;
    case COL_D: return r->d + 0.0;
    case COL_FLAG: return r->flag;
    case COL_M: return (double)r->m;
    default: return 0;
    }
}
static int naive_order(const Row *a, const Row *b, int col)
{
    if (naive_is_null(a, col) || naive_is_null(b, col)) return (int)naive_is_null(b, col) - (int)naive_is_null(a, col);
    if (col == COL_S) return strcmp(a->s, b->s);
    double x = naive_number(a, col), y = naive_number(b, col);
    return (x > y) - (x < y);
}
static int position_order(const Row *a, const Row *b)
{
    if (a->partition != b->partition) return a->partition < b->partition ? -1 : 1;
    if (a->offset != b->offset) return a->offset < b->offset ? -1 : 1;
    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}
static const Case *sort_case;
/* ORDER BY, then position; where rows have none, the arguments. NULLs first ascending. */
static int case_order(const void *x, const void *y)
{
    const Row *a = *(const Row *const *)x, *b = *(const Row *const *)y;
    const Case *c = sort_case;
    int order = c->order_col >= 0 ? naive_order(a, b, c->order_col) : 0;
    if (c->descending) order = -order;
    if (order == 0 && c->by_position) order = position_order(a, b);
    for (int i = 0; order == 0 && i < c->nargs; i++) order = naive_order(a, b, c->args[i]);
    return order;
}

/* The rows a case counts: FILTER, NULLs, DISTINCT; in its order. */
static int naive_rows(const Case *c, const Row *const *rows, int n, bool keep_nulls, const Row **out)
{
    int m = 0;
    for (int i = 0; i < n; i++) {
        if (c->filter >= 0 && rows[i]->flag != 1) continue;
        if (!keep_nulls && c->nargs && naive_is_null(rows[i], c->args[0])) continue;
        out[m++] = rows[i];
    }
    sort_case = c;
    if (m) qsort(out, (size_t)m, sizeof *out, case_order);
    if (!c->distinct) return m;
    int kept = 0;
    for (int i = 0; i < m; i++) {
        bool seen = false;
        for (int k = 0; k < kept && !seen; k++) seen = naive_order(out[i], out[k], c->args[0]) == 0;
        if (!seen) out[kept++] = out[i];
    }
    return kept;
}

static void naive_print(char *out, const Case *c, const Row *r)
{
    if (!r) strcat(out, "NULL|");
    else print_key(out, c->args[0], r);
}

static void naive_best(char *out, const Case *c, const Row **rows, int n, int col, int sign)
{
    const Row *best = NULL;
    for (int i = 0; i < n; i++) {
        if (naive_is_null(rows[i], col)) continue;
        if (!best || naive_order(rows[i], best, col) * sign < 0) best = rows[i];
    }
    naive_print(out, c, best);
}

static void naive_sum(char *out, const Case *c, const Row **rows, int n)
{
    char *p = out + strlen(out);
    int col = c->args[0];
    __int128 sum = 0; /* of quarters for doubles */
    for (int i = 0; i < n; i++) sum += col == COL_D ? (int64_t)(rows[i]->d * 4) : col == COL_M ? rows[i]->m : rows[i]->v;
    bool avg = strcmp(c->name, "avg") == 0;
    if (n == 0) sprintf(p, strcmp(c->name, "sum0") == 0 ? "0|" : "NULL|");
    else if (col == COL_D) sprintf(p, "%.17g|", avg ? (double)sum / 4 / n : (double)sum / 4);
    else if (col == COL_M && avg) {
        __int128 big = sum * 10000, q = big / n, r = big % n;
        if (2 * (r < 0 ? -r : r) >= n) q += big < 0 ? -1 : 1;
        sprintf(p, "%" PRId64 "e-6|", (int64_t)q);
    } else if (col == COL_M) sprintf(p, "%" PRId64 "e-2|", (int64_t)sum);
    else if (avg) sprintf(p, "%.17g|", (double)(int64_t)sum / n);
    else sprintf(p, "%" PRId64 "|", (int64_t)sum);
}

/* rows are in the case's order. */
static void naive_first(char *out, const Case *c, const Row **rows, int n)
{
    const Row *best = NULL;
    if (c->name[0] == 'f' && n) best = rows[0];
    if (c->name[0] == 'l' && n) best = rows[n - 1];
    if (c->name[0] == 'a') {
        int sign = strcmp(c->name, "arg_max") == 0 ? -1 : 1;
        for (int i = 0; i < n; i++) {
            if (naive_is_null(rows[i], c->args[1])) continue;
            if (!best || naive_order(rows[i], best, c->args[1]) * sign < 0) best = rows[i];
        }
    }
    naive_print(out, c, best);
}

static void naive_join(char *out, const Row **rows, int n)
{
    for (int i = 0; i < n; i++) sprintf(out + strlen(out), "%s%s", i ? "," : "", rows[i]->s);
    strcat(out, n ? "|" : "NULL|");
}

static void naive_array(char *out, const Case *c, const Row **rows, int n)
{
    char *p = out + strlen(out);
    if (n == 0) {
        strcpy(p, "NULL|");
        return;
    }
    for (int i = 0; i < n; i++) {
        p += sprintf(p, "%c", i ? ',' : '[');
        if (naive_is_null(rows[i], c->args[0])) p += sprintf(p, "null");
        else if (c->args[0] == COL_S) p += sprintf(p, "\"%s\"", rows[i]->s);
        else p += sprintf(p, "%" PRId64, rows[i]->v);
    }
    strcpy(p, "]|");
}

static void naive_variance(char *out, const Case *c, const Row **rows, int n)
{
    bool sample = strstr(c->name, "samp") != NULL;
    __int128 x = 0, xx = 0;
    for (int i = 0; i < n; i++) {
        x += rows[i]->v;
        xx += (__int128)rows[i]->v * rows[i]->v;
    }
    double v = (double)(n * xx - x * x) / n / (n - sample);
    if (n <= sample) strcat(out, "NULL|");
    else sprintf(out + strlen(out), "%.17g|", strncmp(c->name, "std", 3) == 0 ? sqrt(v) : v);
}

static void naive_bits(char *out, const Case *c, const Row **rows, int n)
{
    int64_t v = n ? rows[0]->v : 0;
    for (int i = 1; i < n; i++) v = c->name[4] == 'a' ? v & rows[i]->v : c->name[4] == 'o' ? v | rows[i]->v : v ^ rows[i]->v;
    if (n) sprintf(out + strlen(out), "%" PRId64 "|", v);
    else strcat(out, "NULL|");
}

static void naive_bool(char *out, const Case *c, const Row **rows, int n)
{
    bool all = true, any = false;
    for (int i = 0; i < n; i++) {
        all &= rows[i]->flag == 1;
        any |= rows[i]->flag == 1;
    }
    if (n == 0) strcat(out, "NULL|");
    else strcat(out, (strcmp(c->name, "bool_and") == 0 ? all : any) ? "1|" : "0|");
}

/* Values in order, NULLs left out. */
static void naive_quantile(char *out, const Case *c, const Row **rows, int n)
{
    Case by_value = *c;
    by_value.order_col = c->args[0];
    by_value.by_position = by_value.descending = false;
    sort_case = &by_value;
    if (n) qsort(rows, (size_t)n, sizeof *rows, case_order);
    if (n == 0) {
        strcat(out, "NULL|");
    } else if (strcmp(c->name, "mode") == 0) {
        int best = 0, most = 0;
        for (int i = 0, run = 1; i < n; i++, run++) {
            if (i + 1 < n && naive_order(rows[i], rows[i + 1], c->args[0]) == 0) continue;
            if (run > most) {
                most = run;
                best = i;
            }
            run = 0;
        }
        naive_print(out, c, rows[best]);
    } else {
        sprintf(out + strlen(out), "%.17g|", (naive_number(rows[(n - 1) / 2], COL_D) + naive_number(rows[n / 2], COL_D)) / 2);
    }
}

/* Rows sorted by their first argument: the next run of equal ones begins behind the one at `from`. */
static int run_end(const Case *c, const Row **rows, int n, int from)
{
    int to = from + 1;
    while (to < n && naive_order(rows[from], rows[to], c->args[0]) == 0) to++;
    return to;
}

static void naive_json(char *out, const Case *c, const Row *r)
{
    if (c->args[0] == COL_S) sprintf(out + strlen(out), "\"%s\"", r->s);
    else sprintf(out + strlen(out), "%" PRId64, r->v);
}

static double naive_moment(const Case *c, const Row **rows, int n)
{
    int64_t quarters = 0;
    double s2 = 0, s3 = 0, s4 = 0;
    for (int i = 0; i < n; i++) quarters += (int64_t)(rows[i]->d * 4);
    double mean = (double)quarters / 4 / n, count;
    for (int i = 0, to; i < n; i = to) {
        to = run_end(c, rows, n, i);
        double d = naive_number(rows[i], COL_D) - mean;
        count = to - i;
        s2 += count * (d * d);
        s3 += count * (d * d * d);
        s4 += count * ((d * d) * (d * d));
    }
    if (s2 == 0) return NAN;
    double skew = s3 / n / pow(s2 / n, 1.5), kurt = n * s4 / (s2 * s2) - 3, m = n;
    if (strcmp(c->name, "skewness") == 0) return n < 3 ? NAN : skew * sqrt(m * (m - 1)) / (m - 2);
    return kurt;
}

static double naive_product(const Case *c, const Row **rows, int n)
{
    double v = 1;
    for (int i = 0, to; i < n; i = to) {
        to = run_end(c, rows, n, i);
        double x = naive_number(rows[i], COL_D), p = 1;
        for (int k = to - i; k > 0; k >>= 1, x *= x)
            if (k & 1) p *= x;
        v *= p;
    }
    return v;
}

static double naive_entropy(const Case *c, const Row **rows, int n)
{
    double sum = 0;
    for (int i = 0, to; i < n; i = to) {
        to = run_end(c, rows, n, i);
        sum += (double)(to - i) * log2((double)(to - i));
    }
    double bits = log2((double)n) - sum / n;
    return bits > 0 && run_end(c, rows, n, 0) < n ? bits : 0;
}

/* What is found in a sorted list of values. */
static bool naive_sorted(char *out, const Case *c, const Row **rows, int n)
{
    bool counts = strcmp(c->name, "histogram") == 0, set = strcmp(c->name, "collect_set") == 0;
    bool greatest = strcmp(c->name, "topk") == 0, frequent = strcmp(c->name, "approx_top_k") == 0;
    bool number = strstr(c->name, "ness") || strstr(c->name, "kurtosis") || strcmp(c->name, "product") == 0 ||
                  strcmp(c->name, "entropy") == 0 || strcmp(c->name, "approx_median") == 0 ||
                  strcmp(c->name, "weighted_avg") == 0;
    if (!counts && !set && !greatest && !frequent && !number) return false;
    Case by_value = *c;
    by_value.order_col = c->args[0];
    by_value.by_position = by_value.descending = false;
    sort_case = &by_value;
    if (n) qsort(rows, (size_t)n, sizeof *rows, case_order);
    if (n == 0) {
        strcat(out, "NULL|");
    } else if (number) {
        double v, num = 0, den = 0;
        for (int i = 0; i < n; i++) num += rows[i]->d * rows[i]->d, den += rows[i]->d;
        if (strcmp(c->name, "entropy") == 0) v = naive_entropy(c, rows, n);
        else if (strcmp(c->name, "product") == 0) v = naive_product(c, rows, n);
        else if (strcmp(c->name, "approx_median") == 0) v = naive_number(rows[(n + 1) / 2 - 1], COL_D);
        else if (strcmp(c->name, "weighted_avg") == 0) v = den == 0 ? NAN : num / den;
        else v = naive_moment(c, rows, n);
        if (isnan(v)) strcat(out, "NULL|");
        else sprintf(out + strlen(out), "%.17g|", v);
    } else if (greatest || frequent) {
        int best = n - 1, most = 0;
        for (int i = 0, to; frequent && i < n; i = to) {
            to = run_end(c, rows, n, i);
            if (to - i > most) {
                most = to - i;
                best = i;
            }
        }
        strcat(out, "[");
        naive_json(out, c, rows[best]);
        strcat(out, "]|");
    } else {
        for (int i = 0, to; i < n; i = to) {
            to = run_end(c, rows, n, i);
            strcat(out, i ? "," : counts ? "{" : "[");
            naive_json(out, c, rows[i]);
            if (counts) sprintf(out + strlen(out), ":%d", to - i);
        }
        strcat(out, counts ? "}|" : "]|");
    }
    return true;
}

static void naive_other(char *out, const Case *c, const Row **rows, int n)
{
    if (strcmp(c->name, "count_if") == 0) {
        int trues = 0;
        for (int i = 0; i < n; i++) trues += rows[i]->flag == 1;
        sprintf(out + strlen(out), "%d|", trues);
    } else if (strncmp(c->name, "bit_", 4) == 0) naive_bits(out, c, rows, n);
    else if (strncmp(c->name, "bool_", 5) == 0) naive_bool(out, c, rows, n);
    else if (strcmp(c->name, "string_agg") == 0) naive_join(out, rows, n);
    else if (strcmp(c->name, "array_agg") == 0) naive_array(out, c, rows, n);
    else if (strncmp(c->name, "var_", 4) == 0 || strncmp(c->name, "stddev_", 7) == 0) naive_variance(out, c, rows, n);
    else if (strcmp(c->name, "median") == 0 || strcmp(c->name, "mode") == 0) naive_quantile(out, c, rows, n);
    else naive_first(out, c, rows, n);
}

static void naive_value(char *out, const Case *c, const Row *const *all, int nall)
{
    const Row **rows = malloc((size_t)(nall + 1) * sizeof *rows);
    bool keep_nulls = strstr(c->name, "_value") || strncmp(c->name, "arg_", 4) == 0 || strstr(c->name, "array");
    if (strcmp(c->name, "any_value") == 0) keep_nulls = false;
    int n = naive_rows(c, all, nall, keep_nulls, rows);
    char *p = out + strlen(out);
    if (strcmp(c->name, "count") == 0) sprintf(p, "%d|", n);
    else if (strcmp(c->name, "sum") == 0 || strcmp(c->name, "avg") == 0) naive_sum(out, c, rows, n);
    else if (strcmp(c->name, "min") == 0 || strcmp(c->name, "any_value") == 0) naive_best(out, c, rows, n, c->args[0], 1);
    else if (strcmp(c->name, "max") == 0) naive_best(out, c, rows, n, c->args[0], -1);
    else if (naive_sorted(out, c, rows, n)) {}
    else naive_other(out, c, rows, n);
    free(rows);
}

/* ---- cases ------------------------------------------------------------------------------------ */

#define BIGINT {.kind = TYPE_BIGINT, .int_bits = 64}
#define DOUBLE {.kind = TYPE_DOUBLE}
#define TEXT {.kind = TYPE_TEXT}
#define BOOLEAN {.kind = TYPE_BOOLEAN}
#define DECIMAL(p, s) {.kind = TYPE_DECIMAL, .precision = p, .scale = s}
#define PLAIN .filter = -1, .order_col = -1
#define ORDERED .filter = -1, .order_col = COL_T, .by_position = true
static const TypeField COUNT_PARTS[] = {{.type = TEXT}, {.type = BIGINT}};
#define COUNTS {.kind = TYPE_MAP, .args = COUNT_PARTS, .nargs = 2}
static const Case CASES[] = {
    {agg_count, "count", PLAIN, .type = BIGINT},
    {agg_count, "count", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_sum, "sum", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_sum, "sum", {COL_V}, 1, .filter = COL_FLAG, .order_col = -1, .type = BIGINT},
    {agg_sum, "sum", {COL_M}, 1, PLAIN, .overload = 1, .type = DECIMAL(38, 2)},
    {agg_sum, "sum", {COL_D}, 1, PLAIN, .overload = 2, .type = DOUBLE},
    {agg_avg, "avg", {COL_V}, 1, PLAIN, .type = DOUBLE},
    {agg_avg, "avg", {COL_M}, 1, PLAIN, .overload = 1, .type = DECIMAL(38, 6)},
    {agg_min, "min", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_min, "max", {COL_S}, 1, PLAIN, .type = TEXT},
    {agg_min, "min", {COL_S}, 1, .filter = COL_FLAG, .order_col = -1, .type = TEXT},
    {agg_min, "max", {COL_D}, 1, PLAIN, .type = DOUBLE},
    {agg_min, "min", {COL_M}, 1, PLAIN, .type = DECIMAL(18, 2)},
    {agg_min, "max", {COL_FLAG}, 1, PLAIN, .type = BOOLEAN},
    {agg_count, "count", {COL_V}, 1, PLAIN, .distinct = true, .type = BIGINT},
    {agg_count, "count", {COL_S}, 1, .filter = COL_FLAG, .order_col = -1, .distinct = true, .type = BIGINT},
    {agg_sum, "sum", {COL_V}, 1, PLAIN, .distinct = true, .type = BIGINT},
    {agg_first, "first_value", {COL_V}, 1, ORDERED, .type = BIGINT},
    {agg_first, "last_value", {COL_S}, 1, ORDERED, .type = TEXT},
    {agg_first, "arg_min", {COL_S, COL_V}, 2, ORDERED, .type = TEXT},
    {agg_first, "arg_max", {COL_D, COL_M}, 2, .filter = COL_FLAG, .order_col = COL_T, .by_position = true, .type = DOUBLE},
    {agg_first, "first_value", {COL_V}, 1, .filter = -1, .order_col = COL_S, .descending = true, .by_position = true, .type = BIGINT},
    {agg_string, "string_agg", {COL_S}, 1, ORDERED, .type = TEXT},
    {agg_string, "string_agg", {COL_S}, 1, .filter = -1, .order_col = COL_V, .descending = true, .by_position = true, .distinct = true, .type = TEXT},
    {agg_array, "array_agg", {COL_V}, 1, ORDERED, .type = {.kind = TYPE_JSON}},
    {agg_bool, "bool_and", {COL_FLAG}, 1, PLAIN, .type = BOOLEAN},
    {agg_bool, "bool_or", {COL_FLAG}, 1, PLAIN, .type = BOOLEAN},
    {agg_bit, "bit_and", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_bit, "bit_or", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_bit, "bit_xor", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_bit, "bit_xor", {COL_V}, 1, PLAIN, .distinct = true, .type = BIGINT},
    {agg_variance, "var_pop", {COL_V}, 1, PLAIN, .type = DOUBLE},
    {agg_variance, "stddev_samp", {COL_V}, 1, PLAIN, .type = DOUBLE},
    {agg_percentile, "median", {COL_D}, 1, PLAIN, .type = DOUBLE},
    {agg_percentile, "mode", {COL_S}, 1, PLAIN, .type = TEXT},
    {agg_count, "count_if", {COL_FLAG}, 1, PLAIN, .type = BIGINT},
    {agg_min, "any_value", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_frequency, "histogram", {COL_S}, 1, PLAIN, .type = COUNTS},
    {agg_frequency, "collect_set", {COL_V}, 1, PLAIN, .type = {.kind = TYPE_ARRAY}},
    {agg_frequency, "topk", {COL_V}, 1, PLAIN, .type = {.kind = TYPE_ARRAY}},
    {agg_frequency, "approx_top_k", {COL_S}, 1, .filter = COL_FLAG, .order_col = -1, .type = {.kind = TYPE_ARRAY}},
    {agg_frequency, "entropy", {COL_S}, 1, PLAIN, .type = DOUBLE},
    {agg_moments, "skewness", {COL_D}, 1, PLAIN, .type = DOUBLE},
    {agg_moments, "kurtosis_pop", {COL_D}, 1, PLAIN, .type = DOUBLE},
    {agg_moments, "product", {COL_D}, 1, PLAIN, .distinct = true, .type = DOUBLE},
    {agg_moments, "product", {COL_D}, 1, PLAIN, .type = DOUBLE},
    {agg_sketch, "approx_median", {COL_D}, 1, PLAIN, .type = DOUBLE},
    {agg_weighted, "weighted_avg", {COL_D, COL_D}, 2, PLAIN, .type = DOUBLE},
};
enum { NCASES = sizeof CASES / sizeof *CASES };
/* One that often stays as it was, so that nothing may go out. */
static const Case *const STEADY = &CASES[8];

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
