/* test_op_over.c: window functions over random deltas, against frames taken row by row from the
 * definition: each row of the partition is asked whether it is in the frame. */
#include "tests/unit/rank_fixture.h"

#include "exec/agg/agg.h"

extern const AggDef agg_count[], agg_sum[], agg_min[], agg_string[];

enum { CALLS_MAX = 4 };

typedef enum Naive { NAIVE_COUNT_STAR, NAIVE_COUNT, NAIVE_SUM, NAIVE_SUM_DISTINCT, NAIVE_SUM_D, NAIVE_MIN, NAIVE_MAX, NAIVE_STRINGS, NAIVES } Naive;

static struct {
    OverCall calls[CALLS_MAX];
    Naive naive[CALLS_MAX];
    int n;
} C;

static const AggDef *def_of(const AggDef *list, const char *name, const char *args)
{
    for (const AggDef *d = list; d->name; d++)
        if (strcmp(d->name, name) == 0 && (!args || strcmp(d->args, args) == 0)) return d;
    assert_true(!"no such aggregate");
    return NULL;
}

/* ---- calls -------------------------------------------------------------------------------------- */

static void make_aggregate(OverCall *c, int at)
{
    static const struct {
        const AggDef *list;
        const char *name, *args;
        int arg;
        bool distinct;
        Type type;
    } KINDS[NAIVES] = {
        [NAIVE_COUNT_STAR] = {agg_count, "count", NULL, -1, false, {.kind = TYPE_BIGINT, .int_bits = 64}},
        [NAIVE_COUNT] = {agg_count, "count", NULL, COL_S, false, {.kind = TYPE_BIGINT, .int_bits = 64}},
        [NAIVE_SUM] = {agg_sum, "sum", "i", COL_V, false, {.kind = TYPE_BIGINT, .int_bits = 64}},
        [NAIVE_SUM_DISTINCT] = {agg_sum, "sum", "i", COL_V, true, {.kind = TYPE_BIGINT, .int_bits = 64}},
        [NAIVE_SUM_D] = {agg_sum, "sum", "d", COL_D, false, {.kind = TYPE_DOUBLE}},
        [NAIVE_MIN] = {agg_min, "min", NULL, COL_V, false, {.kind = TYPE_BIGINT, .int_bits = 64}},
        [NAIVE_MAX] = {agg_min, "max", NULL, COL_S, false, {.kind = TYPE_TEXT}},
        [NAIVE_STRINGS] = {agg_string, "string_agg", NULL, COL_S, false, {.kind = TYPE_TEXT}},
    };
    Naive k = (Naive)below(NAIVES);
    Arena *a = &F.plan_arena;
    C.naive[at] = k;
    c->type = KINDS[k].type;
    c->agg = (AggCall){.def = def_of(KINDS[k].list, KINDS[k].name, KINDS[k].args), .args = new (a, int32_t, 2),
                       .nargs = KINDS[k].arg >= 0, .filter = one_in(3) ? COL_F : -1, .distinct = KINDS[k].distinct,
                       .input_retracts = F.plan.input_retracts, .type = c->type, .arg_types = new (a, Type, 2),
                       .consts = new (a, const Value *, 2)};
    if (KINDS[k].arg < 0) return;
    c->agg.args[0] = KINDS[k].arg;
    c->agg.arg_types[0] = COLUMN_TYPES[KINDS[k].arg];
}

static void make_bound(OverBound *b, OverMode mode, const OverBoundKind *kinds, int n)
{
    b->kind = kinds[below(n)];
    b->offset = value_int(one_in(8) ? INT64_MAX : below(4));
    if (mode != OVER_RANGE || (b->kind != OVER_PRECEDING && b->kind != OVER_FOLLOWING)) return;
    Type t = COLUMN_TYPES[F.ranks.order[0].col];
    b->offset.type = t;
    b->offset.i = 0;
    if (t.kind == TYPE_BIGINT) b->offset.i = one_in(8) ? INT64_MAX : below(4);
    if (t.kind == TYPE_DOUBLE) b->offset.d = (double)below(5) / 4;
    if (t.kind == TYPE_DECIMAL) b->offset.dec = below(60);
    if (t.kind == TYPE_TIMESTAMP) b->offset = (Value){.type = TYPE_OF(TYPE_INTERVAL), .iv = {.us = below(30000)}};
}

static void make_frame(OverFrame *f)
{
    static const OverBoundKind STARTS[] = {OVER_UNBOUNDED_PRECEDING, OVER_PRECEDING, OVER_CURRENT_ROW, OVER_FOLLOWING};
    static const OverBoundKind ENDS[] = {OVER_CURRENT_ROW, OVER_FOLLOWING, OVER_UNBOUNDED_FOLLOWING, OVER_PRECEDING};
    bool has_distance = F.ranks.npeer == 1 && F.ranks.order[0].col != COL_S && F.ranks.order[0].col != COL_F;
    f->mode = (OverMode)below(3);
    bool plain = f->mode == OVER_RANGE && !has_distance;
    static const OverBoundKind PLAIN_STARTS[] = {OVER_UNBOUNDED_PRECEDING, OVER_CURRENT_ROW},
                               PLAIN_ENDS[] = {OVER_CURRENT_ROW, OVER_UNBOUNDED_FOLLOWING};
    do {
        make_bound(&f->start, f->mode, plain ? PLAIN_STARTS : STARTS, plain ? 2 : 4);
        make_bound(&f->end, f->mode, plain ? PLAIN_ENDS : ENDS, plain ? 2 : 4);
    } while ((f->start.kind == OVER_CURRENT_ROW && f->end.kind == OVER_PRECEDING) ||
             (f->start.kind == OVER_FOLLOWING && f->end.kind <= OVER_CURRENT_ROW));
    f->exclude = one_in(2) ? OVER_EXCLUDE_NONE : (OverExclude)below(4);
}

static void make_call(int at)
{
    OverCall *c = &C.calls[at];
    *c = (OverCall){.args = new (&F.plan_arena, int32_t, 3), .ignore_nulls = one_in(3), .agg.filter = -1};
    c->func = one_in(2) ? OVER_AGGREGATE : (OverFunc)below(OVER_AGGREGATE);
    c->type = TYPE_BIGINT_;
    make_frame(&c->frame);
    switch (c->func) {
    case OVER_ROW_NUMBER:
    case OVER_RANK:
    case OVER_DENSE_RANK: break;
    case OVER_PERCENT_RANK:
    case OVER_CUME_DIST: c->type = TYPE_OF(TYPE_DOUBLE); break;
    case OVER_NTILE: c->args[c->nargs++] = COL_V; break;
    case OVER_LAG:
    case OVER_LEAD:
        c->args[c->nargs++] = COL_V;
        if (one_in(2)) c->args[c->nargs++] = COL_K;
        if (c->nargs > 1 && one_in(2)) c->args[c->nargs++] = COL_K;
        break;
    case OVER_FIRST_VALUE:
    case OVER_LAST_VALUE:
        c->args[c->nargs++] = COL_S;
        c->type = TYPE_OF(TYPE_TEXT);
        break;
    case OVER_NTH_VALUE:
        c->args[c->nargs++] = COL_S;
        c->args[c->nargs++] = COL_V;
        c->type = TYPE_OF(TYPE_TEXT);
        break;
    case OVER_AGGREGATE: make_aggregate(c, at); break;
    }
}

/* ---- frames by definition ----------------------------------------------------------------------- */

static int groups[LIVE_MAX]; /* of the partition's rows */

static void number_groups(Row **rows, int n)
{
    for (int k = 0; k < n; k++) groups[k] = k ? groups[k - 1] + !are_peers(rows[k - 1], rows[k]) : 0;
}

/* Where row j stands to bound b of row i: -1 before it, 0 on it, 1 behind it. */
static int side_of(Row **rows, const OverFrame *f, const OverBound *b, int i, int j)
{
    if (b->kind == OVER_UNBOUNDED_PRECEDING) return 1;
    if (b->kind == OVER_UNBOUNDED_FOLLOWING) return -1;
    int sign = b->kind == OVER_PRECEDING ? -1 : b->kind == OVER_FOLLOWING ? 1 : 0;
    if (f->mode != OVER_RANGE || sign == 0) {
        __int128 at = f->mode == OVER_ROWS ? i : groups[i], other = f->mode == OVER_ROWS ? j : groups[j];
        at += (__int128)sign * (sign ? b->offset.i : 0);
        return (other > at) - (other < at);
    }
    const OrderKey *k = &F.ranks.order[0];
    bool i_null = rows[i]->null[k->col], j_null = rows[j]->null[k->col];
    if (i_null && j_null) return 0;
    if (i_null || j_null) return j_null == k->nulls_first ? -1 : 1;
    __int128 d = k->col == COL_D ? (__int128)(b->offset.d * 4) : k->col == COL_M ? (__int128)b->offset.dec
                 : k->col == COL_T ? (__int128)b->offset.iv.us : (__int128)b->offset.i;
    __int128 at = (__int128)rows[i]->v[k->col] + (k->descending ? -sign : sign) * d, other = rows[j]->v[k->col];
    int c = (other > at) - (other < at);
    return k->descending ? -c : c;
}

static bool is_in_frame(Row **rows, const OverFrame *f, int i, int j)
{
    if (side_of(rows, f, &f->start, i, j) < 0 || side_of(rows, f, &f->end, i, j) > 0) return false;
    bool peer = groups[i] == groups[j];
    if (f->exclude == OVER_EXCLUDE_CURRENT) return j != i;
    if (f->exclude == OVER_EXCLUDE_GROUP) return !peer;
    if (f->exclude == OVER_EXCLUDE_TIES) return !peer || j == i;
    return true;
}

/* ---- values by definition ----------------------------------------------------------------------- */

static void print_arg(char *out, const Row *r, int col)
{
    if (!r || r->null[col] || (col == COL_V && r->mark)) snprintf(out, LINE_BYTES, r && col == COL_V && r->mark ? "!|" : "NULL|");
    else if (col == COL_S) snprintf(out, LINE_BYTES, "%s|", r->text);
    else snprintf(out, LINE_BYTES, "%" PRId64 "|", r->v[col]);
}

static bool arg_null(const Row *r, int col) { return r->null[col] || (col == COL_V && r->mark); }

static void print_aggregate(char *out, const OverCall *c, Naive kind, Row **in, int n)
{
    int64_t count = 0, sum = 0, least = INT64_MAX;
    const char *most = NULL;
    bool seen[64] = {false}, any = false;
    static char strings[LINE_BYTES / 2];
    strings[0] = 0;
    int col = c->agg.nargs ? c->agg.args[0] : -1;
    for (int i = 0; i < n; i++) {
        const Row *r = in[i];
        if (c->agg.filter >= 0 && (r->null[COL_F] || !r->v[COL_F])) continue;
        if (col >= 0 && arg_null(r, col)) continue;
        if (kind == NAIVE_SUM_DISTINCT && seen[r->v[COL_V] + 32]) continue;
        if (kind == NAIVE_SUM_DISTINCT) seen[r->v[COL_V] + 32] = true;
        count++;
        if (col == COL_V || col == COL_D) sum += r->v[col];
        if (col == COL_V && r->v[col] < least) least = r->v[col];
        if (col == COL_S && (!most || strcmp(r->text, most) > 0)) most = r->text;
        if (kind == NAIVE_STRINGS) snprintf(strings + strlen(strings), sizeof strings - strlen(strings), "%s%s", any ? "," : "", r->text);
        any = true;
    }
    if (kind == NAIVE_COUNT_STAR || kind == NAIVE_COUNT) snprintf(out, LINE_BYTES, "%" PRId64 "|", count);
    else if (!count) snprintf(out, LINE_BYTES, "NULL|");
    else if (kind == NAIVE_SUM || kind == NAIVE_SUM_DISTINCT) snprintf(out, LINE_BYTES, "%" PRId64 "|", sum);
    else if (kind == NAIVE_SUM_D) snprintf(out, LINE_BYTES, "%.17g|", (double)sum / 4);
    else if (kind == NAIVE_MIN) snprintf(out, LINE_BYTES, "%" PRId64 "|", least);
    else snprintf(out, LINE_BYTES, "%s|", kind == NAIVE_MAX ? most : strings);
}

static void print_shifted(char *out, const OverCall *c, Row **rows, int n, int i)
{
    if (c->nargs > 1 && rows[i]->null[COL_K]) {
        strcpy(out, "NULL|");
        return;
    }
    int64_t k = c->nargs > 1 ? rows[i]->v[COL_K] : 1;
    int step = c->func == OVER_LAG ? -1 : 1, at = i;
    if (!c->ignore_nulls) at = i + step * (int)k;
    else
        while (k > 0 && (at += step) >= 0 && at < n) k -= !arg_null(rows[at], c->args[0]);
    if (at >= 0 && at < n) print_arg(out, rows[at], c->args[0]);
    else if (c->nargs > 2) print_arg(out, rows[i], c->args[2]);
    else strcpy(out, "NULL|");
}

static void print_framed(char *out, const OverCall *c, Row **rows, int i, Row **in, int n)
{
    int64_t k = 1;
    if (c->func == OVER_NTH_VALUE) {
        if (arg_null(rows[i], COL_V)) {
            strcpy(out, "NULL|");
            return;
        }
        k = rows[i]->v[COL_V];
        if (k <= 0) {
            strcpy(out, "!|");
            return;
        }
    }
    const Row *found = NULL;
    for (int j = 0; j < n && !found; j++) {
        const Row *r = in[c->func == OVER_LAST_VALUE ? n - 1 - j : j];
        if (c->ignore_nulls && arg_null(r, c->args[0])) continue;
        if (--k == 0) found = r;
    }
    print_arg(out, found, c->args[0]);
}

static void print_call(char *out, int at, Row **rows, int n, int i, Row **in)
{
    const OverCall *c = &C.calls[at];
    int inside = 0, from = i, to = i + 1;
    for (int j = 0; j < n; j++)
        if (is_in_frame(rows, &c->frame, i, j)) in[inside++] = rows[j];
    while (from > 0 && groups[from - 1] == groups[i]) from--;
    while (to < n && groups[to] == groups[i]) to++;
    switch (c->func) {
    case OVER_ROW_NUMBER: snprintf(out, LINE_BYTES, "%d|", i + 1); break;
    case OVER_RANK: snprintf(out, LINE_BYTES, "%d|", from + 1); break;
    case OVER_DENSE_RANK: snprintf(out, LINE_BYTES, "%d|", groups[i] + 1); break;
    case OVER_PERCENT_RANK: snprintf(out, LINE_BYTES, "%.17g|", n > 1 ? (double)from / (n - 1) : 0); break;
    case OVER_CUME_DIST: snprintf(out, LINE_BYTES, "%.17g|", (double)to / n); break;
    case OVER_NTILE: {
        int64_t b = rows[i]->v[COL_V], place = 0;
        if (arg_null(rows[i], COL_V)) strcpy(out, "NULL|");
        else if (b <= 0) strcpy(out, "!|");
        else {
            for (int64_t t = 1; t <= b; t++) {
                place += n / b + (t <= n % b);
                if (i < place) {
                    snprintf(out, LINE_BYTES, "%" PRId64 "|", t);
                    break;
                }
            }
        }
        break;
    }
    case OVER_LAG:
    case OVER_LEAD: print_shifted(out, c, rows, n, i); break;
    case OVER_FIRST_VALUE:
    case OVER_LAST_VALUE:
    case OVER_NTH_VALUE: print_framed(out, c, rows, i, in, inside); break;
    case OVER_AGGREGATE: print_aggregate(out, c, C.naive[at], in, inside); break;
    }
}

static void add_rows(Row **rows, int n, void *arg)
{
    static char line[LINE_BYTES], value[LINE_BYTES];
    Row **in = calloc((size_t)n + 1, sizeof *in);
    number_groups(rows, n);
    for (int i = 0; i < n; i++) {
        print_row(line, rows[i]);
        for (int k = 0; k < C.n; k++) {
            print_call(value, k, rows, n, i, in);
            snprintf(line + strlen(line), sizeof line - strlen(line), "%s", value);
        }
        bag_add(arg, line, 1);
    }
    free(in);
}

static void check_changes(void)
{
    Bag expected = {0};
    each_partition(add_rows, &expected);
    compare(&expected, "over");
    bag_clear(&expected);
}

/* ---- plans -------------------------------------------------------------------------------------- */

static void plan_over(uint64_t seed, bool retracts, bool above_state)
{
    static char what[300];
    C.n = 1 + (int)below(CALLS_MAX - 1);
    fixture_plan(PHYS_OVER, 1, C.n, retracts, above_state);
    static const int COLS[] = {COL_T, COL_V, COL_S, COL_D, COL_M, COL_F, COL_T};
    for (int i = (int)below(3); i > 0; i--) order_by(COLS[below(7)], one_in(2), one_in(2));
    if (F.ranks.npeer == 2 && F.ranks.order[0].col == F.ranks.order[1].col) F.ranks.norder = F.ranks.npeer = 1;
    for (int k = 0; k < C.n; k++) {
        make_call(k);
        F.plan.fields[NCOLS + k].type = C.calls[k].type;
    }
    order_whole();
    F.plan.overs = C.calls;
    F.plan.novers = C.n;
    F.plan.nkeys = (int)below(2);
    F.plan.keys[0] = COL_K;
    what[0] = 0;
    for (int k = 0; k < C.n; k++) {
        const OverCall *c = &C.calls[k];
        sprintf(what + strlen(what), "func %d/%d mode %d %d(%d)..%d(%d) excl %d; ", c->func, c->func == OVER_AGGREGATE ? (int)C.naive[k] : c->nargs,
                c->frame.mode, c->frame.start.kind, (int)c->frame.start.offset.i, c->frame.end.kind, (int)c->frame.end.offset.i, c->frame.exclude);
    }
    for (int i = 0; i < F.ranks.npeer; i++)
        sprintf(what + strlen(what), "by %d%s%s ", F.ranks.order[i].col, F.ranks.order[i].descending ? " desc" : "",
                F.ranks.order[i].nulls_first ? " nulls first" : "");
    last_what = what;
    last_seed = seed;
}

static void test_changes(void **state)
{
    (void)state;
    const char *only = getenv("SEED");
    for (uint64_t seed = only ? strtoull(only, NULL, 10) : 1; seed <= 400; seed++) {
        rng_state = seed;
        bool retracts = one_in(2), above_state = retracts || one_in(3);
        plan_over(seed, retracts, above_state);
        fixture_open(op_over_open);
        run_changes(&(Run){.epochs = 14, .batch_max = one_in(4) ? 40 : 4, .keys = 1 + below(5), .span = 1000 + below(60000),
                           .retracts = retracts, .marks = above_state, .check = check_changes});
        fixture_end();
        if (only) break;
    }
}

/* ---- windows ------------------------------------------------------------------------------------ */

static int64_t watermark;

static void add_closed(Row **rows, int n, void *arg)
{
    if (rows[0]->v[COL_END] - 1000 <= watermark) add_rows(rows, n, arg);
}

static void check_closed(void)
{
    Bag expected = {0};
    each_partition(F.plan.emit_final ? add_closed : add_rows, &expected);
    compare(&expected, "windows");
    bag_clear(&expected);
}

static void test_windows(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        rng_state = seed;
        plan_over(seed, false, false);
        F.plan.nkeys = 2;
        F.plan.keys[0] = COL_START;
        F.plan.keys[1] = COL_END;
        F.plan.key_window_start = 0;
        F.plan.key_window_end = 1;
        F.plan.emit_final = one_in(2);
        fixture_open(op_over_open);
        int64_t mark = INT64_MIN, at = 0, late = 0;
        for (int e = 0; e < 25; e++) {
            for (int k = (int)below(3); k > 0; k--) {
                Row rows[12];
                int n = 1 + (int)below(12);
                for (int i = 0; i < n; i++) {
                    at += below(1500);
                    rows[i] = random_row(3, at - 30000, at, true);
                    rows[i].offset = F.offsets[0]++;
                    rows[i].judge = mark;
                    if (rows[i].v[COL_T] - 9000 > mark) mark = rows[i].v[COL_T] - 9000;
                    if (rows[i].v[COL_END] - 1000 <= rows[i].judge) late++;
                    else live_add(&rows[i]);
                }
                push_rows(0, rows, NULL, n, true);
            }
            watermark = mark;
            assert_int_equal(end_epoch(mark), mark);
            check_closed();
            assert_int_equal(F.ctx.late_rows, late);
            if (one_in(6)) restart();
        }
        watermark = INT64_MAX;
        assert_int_equal(end_epoch(INT64_MAX), INT64_MAX);
        check_closed();
        assert_int_equal(F.op->cls->state_rows(F.op), 0);
        check_no_records();
        fixture_end();
    }
}

/* ---- event time --------------------------------------------------------------------------------- */

static bool looks_back(const OverCall *c)
{
    if (c->func <= OVER_DENSE_RANK) return true;
    if (c->func == OVER_LAG) return c->nargs < 2;
    return c->func >= OVER_FIRST_VALUE && (c->frame.end.kind == OVER_PRECEDING || c->frame.end.kind == OVER_CURRENT_ROW);
}

static void add_reached(Row **rows, int n, void *arg)
{
    int reached = 0;
    while (reached < n && rows[reached]->v[COL_T] <= watermark) reached++;
    add_rows(rows, reached, arg);
}

static void check_reached(void)
{
    Bag expected = {0};
    each_partition(add_reached, &expected);
    compare(&expected, "event time");
    bag_clear(&expected);
    for (int i = 1; i < F.norder; i++) { /* in the order of time: the third column */
        long long a, b;
        const char *p = strchr(strchr(F.order[i - 1], '|') + 1, '|') + 1, *q = strchr(strchr(F.order[i], '|') + 1, '|') + 1;
        a = atoll(p);
        b = atoll(q);
        assert_true(a <= b);
    }
}

static void plan_by_time(uint64_t seed)
{
    plan_over(seed, false, false);
    F.ranks.norder = F.ranks.npeer = 0;
    order_by(COL_T, false, true);
    if (one_in(4)) order_by(COL_V, one_in(2), one_in(2));
    order_whole();
    for (int k = 0; k < C.n; k++) {
        do make_call(k);
        while (!looks_back(&C.calls[k]) || (F.ranks.npeer > 1 && C.calls[k].frame.mode == OVER_RANGE));
        F.plan.fields[NCOLS + k].type = C.calls[k].type;
    }
    F.plan.emit_final = true;
}

static void test_by_time(void **state)
{
    (void)state;
    const char *only = getenv("SEED");
    for (uint64_t seed = only ? strtoull(only, NULL, 10) : 1; seed <= 200; seed++) {
        rng_state = seed;
        plan_by_time(seed);
        fixture_open(op_over_open);
        int64_t marks[2] = {INT64_MIN, INT64_MIN}, at[2] = {0, 0}, late = 0, keys = 1 + below(4);
        for (int e = 0; e < 40; e++) {
            for (int k = (int)below(3); k > 0; k--) {
                Row rows[8];
                int n = 1 + (int)below(8), p = (int)below(2);
                for (int i = 0; i < n; i++) {
                    at[p] += below(3000);
                    rows[i] = random_row(keys, at[p] - 8000, at[p], true);
                    rows[i].offset = F.offsets[p]++;
                    rows[i].partition = p;
                    rows[i].judge = marks[p];
                    if (rows[i].v[COL_T] - 5000 > marks[p]) marks[p] = rows[i].v[COL_T] - 5000;
                    if (rows[i].v[COL_T] <= rows[i].judge) late++;
                    else live_add(&rows[i]);
                }
                push_rows(0, rows, NULL, n, true);
            }
            watermark = marks[0] < marks[1] ? marks[0] : marks[1];
            assert_int_equal(end_epoch(watermark), watermark);
            check_reached();
            assert_int_equal(F.ctx.late_rows, late);
            if (one_in(6)) restart();
        }
        if (one_in(2)) { /* what goes by itself goes before */
            watermark = (at[0] > at[1] ? at[0] : at[1]) + 1000000;
            end_epoch(watermark);
            check_reached();
        }
        watermark = INT64_MAX;
        assert_int_equal(end_epoch(INT64_MAX), INT64_MAX);
        check_reached();
        assert_int_equal(F.op->cls->state_rows(F.op), 0);
        check_no_records();
        fixture_end();
        if (only) break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes), cmocka_unit_test(test_windows),
                                       cmocka_unit_test(test_by_time)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
