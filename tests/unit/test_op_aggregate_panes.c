/* test_op_aggregate_panes.c: GROUP BY, DISTINCT, global aggregates; tumbling, hopping and cumulating
 * windows; aggregates over the window columns of a table function. */
#include "tests/unit/aggregate_harness.h"

extern const WindowDef window_tumbling[], window_hopping[], window_cumulating[];

/* ---- the twin's windows ----------------------------------------------------------------------- */

typedef struct Shape {
    enum { NONE, HOP, CUMULATE } kind;
    int64_t size, slide, offset, grace;
} Shape;
static Shape shape;

/* All windows by the definition: every start that could hold t is tried. */
static int windows_of(int64_t t, int64_t (*out)[2])
{
    int n = 0;
    if (shape.kind == CUMULATE) {
        int64_t base = floor_div(t - shape.offset, shape.size) * shape.size + shape.offset;
        for (int64_t end = base + shape.slide; end <= base + shape.size; end += shape.slide) {
            if (t >= end) continue;
            out[n][0] = base;
            out[n++][1] = end;
        }
        return n;
    }
    for (int64_t s = t - shape.size; s <= t; s += 1000) {
        if (floor_mod(s - shape.offset, shape.slide) != 0 || t < s || t >= s + shape.size) continue;
        out[n][0] = s;
        out[n++][1] = s + shape.size;
    }
    return n;
}

static void check(int64_t watermark)
{
    View expected = {0};
    static int64_t windows[4000][2];
    H.late = H.gaps = 0;
    for (int i = 0; i < H.nrows; i++) {
        const Row *r = &H.rows[i];
        static char key[LINE_MAX_BYTES];
        key_text(key, r);
        if (shape.kind == NONE) {
            group_add(key, r);
            continue;
        }
        int n = windows_of(r->t, windows), taken = 0;
        for (int w = 0; w < n; w++) {
            int64_t limit = windows[w][1] - 1000 + shape.grace;
            if (r->judge >= limit) continue;
            taken++;
            if (H.plan.emit_final && watermark < limit) continue;
            static char line[LINE_MAX_BYTES + 64];
            snprintf(line, sizeof line, H.expands ? "%2$" PRId64 "|%3$" PRId64 "|%1$s" : "%1$s%2$" PRId64 "|%3$" PRId64 "|", key,
                     windows[w][0], windows[w][1]);
            group_add(line, r);
        }
        H.gaps += n == 0;
        H.late += n > 0 && taken == 0;
    }
    if (H.plan.is_global && H.nrows == 0) group_add("", NULL);
    groups_to_view(&expected);
    compare(&expected, "view");
    assert_int_equal(H.ctx.late_rows, H.late);
    if (!H.plan.input_retracts) assert_int_equal(H.ctx.gap_rows, H.gaps); /* what came, whether it went or not */
}

/* ---- runs ------------------------------------------------------------------------------------- */

static bool expands; /* by a table function below, instead of the aggregate's own window */

static void one_run(uint64_t seed, bool retracts, bool final, const int *keys, int nkeys, int ncases)
{
    rng_state = last_seed = seed;
    WindowSpec w = {.time_col = COL_T, .tick_us = 1000, .size_us = shape.size, .slide_us = shape.slide,
                    .offset_us = shape.offset, .grace_us = shape.grace};
    w.def = shape.kind == CUMULATE ? window_cumulating : shape.slide == shape.size ? window_tumbling : window_hopping;
    bool windowed = shape.kind != NONE;
    harness_start(keys, nkeys, windowed ? 2 : 0, CASES, ncases, retracts, final, windowed ? &w : NULL);
    if (expands) harness_expand(keys, nkeys);
    H.check = check;
    H.watermark_lag = shape.grace;
    int64_t spread = windowed ? shape.size * 2 : 10000;
    if (!retracts && windowed)
        run_judged(30, 1 + below(6), spread);
    else
        run_retracting(30, 1 + below(6), spread);
    harness_end();
}

static const int KEY_SETS[][4] = {{COL_K}, {COL_S}, {COL_K, COL_S}, {COL_D, COL_FLAG, COL_M, COL_S}, {0}};
static const int KEY_COUNTS[] = {1, 1, 2, 4, 0};

static void test_group(void **state)
{
    (void)state;
    shape = (Shape){NONE};
    for (uint64_t seed = 1; seed <= 10; seed++)
        for (int k = 0; k < 4; k++) one_run(seed, true, false, KEY_SETS[k], KEY_COUNTS[k], seed % 3 ? NCASES : 0);
}

static void test_global(void **state)
{
    (void)state;
    shape = (Shape){NONE};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        rng_state = seed;
        harness_start(NULL, 0, 0, CASES, NCASES, true, false, NULL);
        H.op->cls->close(H.op);
        H.plan.is_global = true;
        arena_free(&H.arena);
        harness_open();
        H.check = check;
        end_epoch(INT64_MIN);
        check(INT64_MIN);
        assert_int_equal(H.emitted, 1);
        end_epoch(INT64_MIN);
        assert_int_equal(H.emitted, 0);
        restart();
        end_epoch(INT64_MIN);
        assert_int_equal(H.emitted, 0);
        run_retracting(30, 3, 10000);
        harness_end();
    }
}

enum { NSUMS = 8 }; /* the first cases can be taken back, so windows of EMIT FINAL are carried on */

static void run_shape(void)
{
    for (uint64_t seed = 1; seed <= 10; seed++)
        for (int mode = 0; mode < 4; mode++) {
            int k = (int)(seed % 5);
            one_run(seed * 100, mode & 1, mode & 2, KEY_SETS[k], KEY_COUNTS[k], seed % 2 ? NCASES : NSUMS);
        }
}

static void test_tumbling(void **state)
{
    (void)state;
    shape = (Shape){HOP, 10000, 10000, 0, 0};
    run_shape();
    shape = (Shape){HOP, 7000, 7000, 3000, 5000};
    run_shape();
}

static void test_hopping(void **state)
{
    (void)state;
    shape = (Shape){HOP, 10000, 2000, 0, 0};
    run_shape();
    shape = (Shape){HOP, 10000, 4000, -1000, 3000};
    run_shape();
    shape = (Shape){HOP, 37000, 1000, 0, 2000};
    run_shape();
}

static void test_hopping_gaps(void **state)
{
    (void)state;
    shape = (Shape){HOP, 3000, 7000, 1000, 1000};
    run_shape();
}

static void test_cumulating(void **state)
{
    (void)state;
    shape = (Shape){CUMULATE, 12000, 3000, 0, 0};
    run_shape();
    shape = (Shape){CUMULATE, 8000, 1000, 5000, 2000};
    run_shape();
}

static void test_table_function(void **state)
{
    (void)state;
    static const Shape SHAPES[] = {{HOP, 10000, 10000, 0, 0}, {HOP, 10000, 4000, 1000, 0}, {HOP, 2000, 5000, 0, 0},
                                   {CUMULATE, 12000, 3000, 2000, 0}};
    expands = true;
    for (int i = 0; i < 4; i++) {
        shape = SHAPES[i];
        run_shape();
    }
    expands = false;
}

/* Many groups and rows in one epoch: several output batches, growing tables. */
static void test_many_groups(void **state)
{
    (void)state;
    shape = (Shape){HOP, 10000, 10000, 0, 0};
    rng_state = 7;
    WindowSpec w = {.def = window_tumbling, .time_col = COL_T, .tick_us = 1000, .size_us = 10000};
    harness_start((int[]){COL_K}, 1, 2, CASES, 1, false, true, &w);
    enum { N = 9000 };
    for (int from = 0; from < N; from += 1000) {
        Row rows[1000];
        for (int i = 0; i < 1000; i++) {
            rows[i] = (Row){.k = (from + i) * 7919 % N, .t = 1000 * (i % 10), .judge = INT64_MIN};
            H.nrows++;
        }
        push_batch(rows, NULL, 1000, true);
    }
    end_epoch(20000);
    assert_int_equal(H.emitted, N);
    assert_int_equal(H.view.n, N);
    H.nrows = 0;
    harness_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group),        cmocka_unit_test(test_global),
        cmocka_unit_test(test_tumbling),     cmocka_unit_test(test_hopping),
        cmocka_unit_test(test_hopping_gaps), cmocka_unit_test(test_cumulating),
        cmocka_unit_test(test_table_function), cmocka_unit_test(test_many_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
