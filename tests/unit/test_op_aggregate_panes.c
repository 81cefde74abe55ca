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

/* What FILL needs: keys, windows with rows, and which key has which window. */
enum { KEYS_MAX = 200, WINDOWS_MAX = 2000 };
typedef struct Present {
    char *keys[KEYS_MAX];
    int64_t windows[WINDOWS_MAX][2];
    bool has[KEYS_MAX][WINDOWS_MAX];
    int nkeys, nwindows;
} Present;
static Present present;

static void present_add(const char *key, int64_t start, int64_t end)
{
    int k = 0, w = 0;
    while (k < present.nkeys && strcmp(present.keys[k], key) != 0) k++;
    while (w < present.nwindows && (present.windows[w][0] != start || present.windows[w][1] != end)) w++;
    assert_true(k < KEYS_MAX && w < WINDOWS_MAX);
    if (k == present.nkeys) present.keys[present.nkeys++] = strdup(key);
    if (w == present.nwindows) {
        present.windows[present.nwindows][0] = start;
        present.windows[present.nwindows++][1] = end;
    }
    present.has[k][w] = true;
}

static int present_window(int64_t end)
{
    for (int w = 0; w < present.nwindows; w++)
        if (present.windows[w][1] == end) return w;
    return -1;
}

/* The start of the window that ends at `end`; false: none does. */
static bool window_ending(int64_t end, int64_t *start)
{
    *start = end - shape.size;
    if (shape.kind == HOP) return floor_mod(*start - shape.offset, shape.slide) == 0;
    int64_t base = floor_div(end - 1 - shape.offset, shape.size) * shape.size + shape.offset;
    *start = base;
    return (end - base) % shape.slide == 0;
}

static void fill_line(View *v, int key, int64_t start, int64_t end)
{
    static char line[LINE_MAX_BYTES];
    snprintf(line, sizeof line, "%s%" PRId64 "|%" PRId64 "|", present.keys[key], start, end);
    naive_results(line, NULL, 0);
    view_add(v, line, 1);
}

static void fill_expected(View *v)
{
    int64_t least = INT64_MAX, greatest = INT64_MIN, last = 0, start;
    for (int w = 0; w < present.nwindows; w++) {
        if (present.windows[w][1] < least) least = present.windows[w][1];
        if (present.windows[w][1] > greatest) greatest = present.windows[w][1];
    }
    for (int64_t end = last = least; present.nwindows && end <= greatest; end += 1000) {
        if (!window_ending(end, &start)) continue;
        int w = present_window(end);
        if (w >= 0) last = end;
        int64_t next = end, run = 0;
        while (w < 0 && present_window(next) < 0) next += 1000;
        for (int64_t e = last + 1000, unused; w < 0 && e < next; e += 1000) run += window_ending(e, &unused);
        if (run > 10000) continue;
        for (int k = 0; k < present.nkeys; k++) {
            bool started = false;
            for (int x = 0; x < present.nwindows; x++) started |= present.has[k][x] && present.windows[x][1] < end;
            if (started && (w < 0 || !present.has[k][w])) fill_line(v, k, start, end);
        }
    }
}

static void present_clear(void)
{
    for (int k = 0; k < present.nkeys; k++) free(present.keys[k]);
    memset(&present, 0, sizeof present);
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
            if (H.window.fill) present_add(key, windows[w][0], windows[w][1]);
        }
        H.gaps += n == 0;
        H.late += n > 0 && taken == 0;
    }
    if (H.plan.is_global && H.nrows == 0) group_add("", NULL);
    groups_to_view(&expected);
    if (H.window.fill) fill_expected(&expected);
    present_clear();
    compare(&expected, "view");
    assert_int_equal(H.ctx.late_rows, H.late);
    if (!H.plan.input_retracts) assert_int_equal(H.ctx.gap_rows, H.gaps); /* what came, whether it went or not */
}

/* ---- runs ------------------------------------------------------------------------------------- */

static bool fills;
static bool expands; /* by a table function below, instead of the aggregate's own window */

static void one_run(uint64_t seed, bool retracts, bool final, const int *keys, int nkeys, int ncases)
{
    rng_state = last_seed = seed;
    WindowSpec w = {.time_col = COL_T, .tick_us = 1000, .size_us = shape.size, .slide_us = shape.slide,
                    .offset_us = shape.offset, .grace_us = shape.grace, .fill = fills};
    w.def = shape.kind == CUMULATE ? window_cumulating : shape.slide == shape.size ? window_tumbling : window_hopping;
    bool windowed = shape.kind != NONE;
    harness_start(keys, nkeys, windowed ? 2 : 0, ncases == 1 ? STEADY : CASES, ncases, retracts, final,
                  windowed ? &w : NULL);
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
    for (uint64_t seed = 1; seed <= runs_of(4); seed++)
        for (int k = 0; k < 4; k++) one_run(seed, true, false, KEY_SETS[k], KEY_COUNTS[k], seed < 3 ? NCASES : seed == 4);
}

static void test_global(void **state)
{
    (void)state;
    shape = (Shape){NONE};
    for (uint64_t seed = 1; seed <= runs_of(10); seed++) {
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
    for (uint64_t seed = 1; seed <= runs_of(5); seed++)
        for (int mode = 0; mode < 4; mode++) {
            int k = (int)(seed % 5);
            if (fills && k == 3) k = 0; /* not too many groups */
            one_run(seed * 100, mode & 1, mode & 2, KEY_SETS[k], KEY_COUNTS[k], seed == 4 ? 1 : seed % 2 ? NCASES : NSUMS);
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

static void test_fill(void **state)
{
    (void)state;
    static const Shape SHAPES[] = {{HOP, 5000, 5000, 0, 0}, {HOP, 10000, 4000, 1000, 3000}, {HOP, 2000, 5000, 0, 0},
                                   {CUMULATE, 12000, 3000, 2000, 0}};
    fills = true;
    for (int i = 0; i < 4; i++) {
        shape = SHAPES[i];
        run_shape();
    }
    fills = false;
}

/* Runs of empty windows at the limit are filled, longer ones are not. */
static void test_fill_limit(void **state)
{
    (void)state;
    shape = (Shape){HOP, 1000, 1000, 0, 0};
    for (int final = 0; final < 2; final++) {
        WindowSpec w = {.def = window_tumbling, .time_col = COL_T, .tick_us = 1000, .size_us = 1000, .fill = true};
        harness_start((int[]){COL_K}, 1, 2, CASES, 1, false, final, &w);
        H.check = check;
        static const int64_t TIMES[] = {0, 10001, 20003};
        for (int i = 0; i < 3; i++) {
            Row r = {.k = 1, .t = TIMES[i] * 1000, .judge = INT64_MIN, .offset = i};
            rows_add(&r);
            push_batch(&r, NULL, 1, true);
            if (i == 1) end_epoch(INT64_MIN);
        }
        end_epoch(INT64_MAX);
        assert_int_equal(H.view.n, 3 + 10000);
        H.nrows = 0;
        harness_end();
    }
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
        cmocka_unit_test(test_fill),          cmocka_unit_test(test_fill_limit),
        cmocka_unit_test(test_table_function), cmocka_unit_test(test_many_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
