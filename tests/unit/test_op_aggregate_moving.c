/* test_op_aggregate_moving.c: windows that move with the rows: sessions and sliding windows. */
#include "tests/unit/aggregate_harness.h"

extern const WindowDef window_session[], window_sliding[];

static int64_t size, grace; /* size: the gap of sessions */

/* The rows of one key, by time. */
static int time_order(const void *a, const void *b)
{
    const Row *x = *(const Row *const *)a, *y = *(const Row *const *)b;
    return (x->t > y->t) - (x->t < y->t);
}

static void window_add(const char *key, int64_t start, int64_t end, const Row *const *rows, int n)
{
    static char line[LINE_MAX_BYTES];
    snprintf(line, sizeof line, "%s%" PRId64 "|%" PRId64 "|", key, start, end);
    for (int i = 0; i < n; i++) group_add(line, rows[i]);
}

/* Groups by key alone, taken out of the twin's list so that windows can be put there. */
static Group *take_groups(int *n)
{
    Group *taken = groups;
    *n = ngroups;
    groups = NULL;
    ngroups = 0;
    for (int g = 0; g < *n; g++) qsort(taken[g].rows, (size_t)taken[g].n, sizeof *taken[g].rows, time_order);
    return taken;
}

static void give_back(Group *taken, int n)
{
    for (int g = 0; g < n; g++) {
        free(taken[g].key);
        free(taken[g].rows);
    }
    free(taken);
}

static void add_by_key(const Row *r)
{
    static char key[LINE_MAX_BYTES];
    key_text(key, r);
    group_add(key, r);
}

static void check_sessions(int64_t watermark)
{
    View expected = {0};
    int n;
    H.late = 0;
    for (int i = 0; i < H.nrows; i++) {
        const Row *r = &H.rows[i];
        if (r->judge != INT64_MIN && r->t <= r->judge - grace) H.late++;
        else add_by_key(r);
    }
    Group *keys = take_groups(&n);
    for (int g = 0; g < n; g++) {
        for (int first = 0, i = 1; i <= keys[g].n; i++) {
            if (i < keys[g].n && keys[g].rows[i]->t - keys[g].rows[i - 1]->t <= size) continue;
            int64_t end = keys[g].rows[i - 1]->t + size;
            bool is_closed = watermark != INT64_MIN && watermark >= end + grace;
            if (!H.plan.emit_final || is_closed)
                window_add(keys[g].key, keys[g].rows[first]->t, end, keys[g].rows + first, i - first);
            first = i;
        }
    }
    give_back(keys, n);
    groups_to_view(&expected);
    compare(&expected, "sessions");
    assert_int_equal(H.ctx.late_rows, H.late);
}

static void check_sliding(int64_t watermark)
{
    View expected = {0};
    int n;
    H.late = 0;
    for (int i = 0; i < H.nrows; i++) {
        const Row *r = &H.rows[i];
        if (r->judge >= r->t + size - 1000 + grace) H.late++;
        else add_by_key(r);
    }
    Group *keys = take_groups(&n);
    for (int g = 0; g < n; g++) {
        for (int i = 0; i < keys[g].n; i++) {
            int64_t u = keys[g].rows[i]->t;
            bool makes = false, is_first = i == 0 || keys[g].rows[i - 1]->t != u;
            if (!is_first) continue;
            for (int k = i; k < keys[g].n && keys[g].rows[k]->t == u; k++) makes |= keys[g].rows[k]->judge < u + grace;
            if (!makes || (H.plan.emit_final && (watermark == INT64_MIN || watermark < u + grace))) continue;
            for (int k = 0; k < keys[g].n; k++) {
                const Row *r = keys[g].rows[k];
                if (r->t > u - size && r->t <= u && r->judge < u + grace)
                    window_add(keys[g].key, u - size + 1000, u + 1000, &r, 1);
            }
        }
    }
    give_back(keys, n);
    groups_to_view(&expected);
    compare(&expected, "sliding windows");
    assert_int_equal(H.ctx.late_rows, H.late);
}

static const int KEY_SETS[][2] = {{COL_K}, {COL_S}, {COL_K, COL_S}, {0}};
static const int KEY_COUNTS[] = {1, 1, 2, 0};

static void one_run(uint64_t seed, bool sliding, bool retracts, bool final, int keys, bool by_value)
{
    rng_state = last_seed = seed;
    WindowSpec w = {.def = sliding ? window_sliding : window_session, .time_col = COL_T, .tick_us = 1000,
                    .size_us = size, .grace_us = grace, .by_value = by_value};
    bool steady = seed / 100 % 5 == 4;
    harness_start(KEY_SETS[keys], KEY_COUNTS[keys], 2, steady ? STEADY : CASES, steady ? 1 : NCASES, retracts, final, &w);
    H.check = sliding ? check_sliding : check_sessions;
    H.watermark_lag = grace + (sliding ? 0 : 1000);
    int64_t spread = size * (1 + below(4)) * (1 + below(4));
    if (retracts) run_retracting(30, 1 + below(4), spread);
    else run_judged(30, 1 + below(4), spread);
    harness_end();
}

static void run_all(bool sliding)
{
    for (uint64_t seed = 1; seed <= runs_of(12); seed++)
        for (int k = 0; k < 4; k++)
            for (int mode = 0; mode < 4; mode++) {
                size = 1000 * (1 + (int64_t)seed % 4 * 3);
                grace = seed % 3 == 0 ? 4000 : 0;
                one_run(seed * 100 + (uint64_t)k, sliding, mode & 1, mode & 2, k, false);
            }
}

static void test_sessions(void **state)
{
    (void)state;
    run_all(false);
}

static void test_sliding(void **state)
{
    (void)state;
    run_all(true);
}

/* Without event time nothing closes and nothing is late. */
static void test_by_value(void **state)
{
    (void)state;
    size = 3000;
    grace = 0;
    for (uint64_t seed = 1; seed <= runs_of(6); seed++)
        for (int sliding = 0; sliding < 2; sliding++) one_run(seed, sliding, true, false, 0, true);
}

/* A bridge between two sessions that are shown: two rows go, one comes; when it goes, they return. */
static void test_bridge(void **state)
{
    (void)state;
    size = 2000;
    grace = 0;
    WindowSpec w = {.def = window_session, .time_col = COL_T, .tick_us = 1000, .size_us = size};
    for (int retracts = 0; retracts < 2; retracts++) {
        harness_start((int[]){COL_K}, 1, 2, CASES, 1, retracts, false, &w);
        Row ends[2] = {{.k = 1, .t = 0, .judge = INT64_MIN}, {.k = 1, .t = 4000, .judge = INT64_MIN, .offset = 1}};
        Row bridge = {.k = 1, .t = 2000, .judge = INT64_MIN, .offset = 2};
        for (int i = 0; i < 2; i++) rows_add(&ends[i]);
        push_batch(ends, NULL, 2, true);
        end_epoch(INT64_MIN);
        assert_int_equal(H.emitted, 2);
        rows_add(&bridge);
        push_batch(&bridge, NULL, 1, true);
        end_epoch(INT64_MIN);
        assert_int_equal(H.emitted, 3);
        check_sessions(INT64_MIN);
        if (retracts) {
            push_batch(&bridge, (int32_t[]){-1}, 1, true);
            rows_remove(2);
            end_epoch(INT64_MIN);
            assert_int_equal(H.emitted, 3);
            check_sessions(INT64_MIN);
        }
        harness_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bridge),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_sliding),
        cmocka_unit_test(test_by_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
