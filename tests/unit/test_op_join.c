/* test_op_join.c: regular and window joins (wounds 22 and 26). */
#include "tests/unit/join_harness.h"

static bool never_late(const Row *r)
{
    (void)r;
    return false;
}

/* ---- regular ---------------------------------------------------------------------------------- */

static bool matches_regular(const Row *l, const Row *r)
{
    return keys_match(l, r) && residual_holds(l, r);
}
static bool shows_all(int side, const Row *r)
{
    (void)side, (void)r;
    return true;
}

static void check_regular(void)
{
    expect_join(matches_regular, shows_all);
    compare();
}

static void clear_side(int side)
{
    while (H.nrows[side]) {
        push_rows(side, &H.rows[side][0], (int32_t[]){-1}, 1);
        rows_remove(side, 0);
    }
}

static void run_regular(int epochs, int64_t keys, int max)
{
    int64_t at[2] = {0, 0};
    for (int e = 0; e < epochs; e++) {
        for (int k = (int)below(4); k > 0; k--) {
            int side = (int)below(2);
            if (H.nrows[side] > max) continue;
            if (is_above(side)) push_changes(side, keys, 0, 3 * TICK);
            else push_judged(side, keys, &at[side], TICK, never_late);
        }
        end_epoch();
        check_regular();
        if (one_in(5)) restart();
    }
    for (int side = 0; side < 2; side++) {
        if (!retracts(side)) continue;
        clear_side(side);
        end_epoch();
        check_regular();
    }
    if (!retracts(L) || !retracts(R)) return;
    end_epoch();
    assert_int_equal(H.op->cls->state_rows(H.op), 0);
}

static const int32_t KEYS[][2] = {{0}, {COL_K}, {COL_S}, {COL_K, COL_S}, {COL_D}};
static const int NKEYS[] = {0, 1, 1, 2, 1};

static void test_regular(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 360; seed++) {
        rng_state = last_seed = seed;
        JoinSpec spec = {.kind = (JoinKind)(seed % 6), .match = JOIN_REGULAR, .key_window_end = -1,
                         .left_retracts = one_in(2), .right_retracts = one_in(2),
                         .residual = one_in(2) ? make_residual() : NULL};
        int k = (int)below(5);
        if (one_in(3)) only_grows(&spec);
        for (int s = 0; s < 2; s++) above_anyway[s] = one_in(3);
        harness_start(&spec, KEYS[k], NKEYS[k], one_in(3));
        run_regular(20, 1 + below(12), k ? 60 : 25);
        harness_end();
    }
    above_anyway[L] = above_anyway[R] = false;
}

/* More pairs than a batch holds, of one key. */
static void test_skew(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 6; seed++) {
        rng_state = last_seed = seed;
        JoinSpec spec = {.kind = (JoinKind)seed, .match = JOIN_REGULAR, .key_window_end = -1, .left_retracts = seed & 1,
                         .right_retracts = seed & 2, .residual = seed & 1 ? make_residual() : NULL};
        harness_start(&spec, KEYS[1], 1, false);
        run_regular(12, 1, 200);
        harness_end();
    }
}

/* Batches that stay, behind rows of the batch that nobody has selected, among such that don't. */
static void test_staying(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        rng_state = last_seed = seed;
        JoinSpec spec = {.kind = JOIN_INNER, .match = JOIN_REGULAR, .key_window_end = -1, .residual = one_in(2) ? make_residual() : NULL};
        harness_start(&spec, KEYS[1], 1, false);
        H.stays = true;
        for (int e = 0; e < 20; e++) {
            Row rows[30];
            int side = (int)below(2), n = 5 + (int)below(25);
            for (int i = 0; i < n; i++) {
                rows[i] = random_row(30, 0, 9 * TICK);
                rows[i].null[COL_K] = false;
                for (int c = 0; c < NCOLS && e % 2; c++) rows[i].null[c] = false;
                rows[i].offset = H.offsets[side][0]++;
                rows_add(side, &rows[i]);
            }
            push_rows(side, rows, NULL, n);
            end_epoch();
            check_regular();
            if (one_in(5)) restart();
        }
        harness_end();
    }
}

/* What is gone takes no memory, and a row that is not there can't be taken back. */
static void test_forgetting(void **state)
{
    (void)state;
    JoinSpec spec = {.kind = JOIN_FULL, .match = JOIN_REGULAR, .key_window_end = -1, .left_retracts = true, .right_retracts = true};
    harness_start(&spec, KEYS[3], 2, false);
    H.stays = false;
    Row row = {.s = "more than twelve bytes of text"};
    int64_t settled = 0;
    for (int i = 0; i < 3000; i++) {
        push_rows(i % 2, &row, (int32_t[]){1}, 1);
        end_epoch();
        push_rows(i % 2, &row, (int32_t[]){-1}, 1);
        end_epoch();
        row.k++;
        arena_reset(&H.fold_arena);
        H.fold = state_fold_new(&H.fold_arena);
        lines_settle(&H.view);
        assert_int_equal(H.view.n, 0);
        if (i == 100) settled = mem_in_use();
    }
    assert_true(mem_in_use() <= settled);
    push_rows(L, &row, (int32_t[]){-1}, 1);
    H.op->cls->flush(H.op, INT64_MIN);
    assert_true(H.ctx.broken.n > 0);
    harness_end();
}

/* ---- windows ---------------------------------------------------------------------------------- */

static bool window_is_late(const Row *r) { return r->judge != INT64_MIN && r->e <= r->judge + TICK; }
static bool is_closed(const Row *r)
{
    int64_t w = least_watermark();
    return w == INT64_MAX || (w != INT64_MIN && r->e <= w + TICK);
}
static bool matches_window(const Row *l, const Row *r)
{
    return matches_regular(l, r) && (!H.spec.emit_final || is_closed(l));
}
static bool shows_window(int side, const Row *r)
{
    bool is_at_once = has_null_key(r) && !retracts(side);
    return !H.spec.emit_final || is_at_once || is_closed(r);
}

static int64_t open_rows(void)
{
    int64_t n = 0;
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < H.nrows[s]; i++) n += !is_closed(&H.rows[s][i]) && !has_null_key(&H.rows[s][i]);
    return n;
}

static void check_window(void)
{
    expect_join(matches_window, shows_window);
    compare();
    if (!is_above(L) && !is_above(R) && !is_half()) assert_int_equal(H.op->cls->state_rows(H.op), open_rows());
}

static void run_window(int epochs, int64_t keys)
{
    int64_t at[2] = {0, 0}, spread = 20 * TICK;
    for (int e = 0; e < epochs; e++) {
        for (int k = (int)below(4); k > 0; k--) {
            int side = (int)below(2);
            int64_t from = H.watermark[side] == INT64_MIN ? 0 : H.watermark[side] + TICK;
            if (is_above(side)) push_changes(side, keys, from, from + spread);
            else push_judged(side, keys, &at[side], spread, window_is_late);
        }
        judge_watermarks();
        for (int s = 0; s < 2; s++)
            if (is_above(s) && one_in(2)) H.watermark[s] = (H.watermark[s] == INT64_MIN ? -TICK : H.watermark[s]) + below(8) * TICK;
        int64_t out = end_epoch();
        assert_int_equal(out, least_watermark());
        check_window();
        if (one_in(5)) restart();
    }
    H.watermark[one_in(2)] = INT64_MAX;
    end_epoch();
    check_window();
    H.watermark[L] = H.watermark[R] = INT64_MAX;
    assert_int_equal(end_epoch(), INT64_MAX);
    check_window();
    assert_int_equal(H.op->cls->state_rows(H.op), 0);
}

static void test_window(void **state)
{
    (void)state;
    static const int32_t WINDOW_KEYS[] = {COL_K, COL_E};
    for (uint64_t seed = 0; seed < 300; seed++) {
        rng_state = last_seed = seed;
        JoinSpec spec = {.kind = (JoinKind)(seed % 6), .match = JOIN_WINDOW, .key_window_end = 1, .window_tick_us = TICK,
                         .left_retracts = one_in(3), .right_retracts = one_in(3), .emit_final = one_in(2),
                         .residual = one_in(2) ? make_residual() : NULL};
        if (one_in(3)) only_grows(&spec);
        for (int s = 0; s < 2; s++) above_anyway[s] = one_in(3);
        harness_start(&spec, WINDOW_KEYS, 2, one_in(3));
        run_window(20, 1 + below(5));
        harness_end();
    }
    above_anyway[L] = above_anyway[R] = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_regular, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_skew, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_staying, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_forgetting, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_window, fixture_open, fixture_close),
    };
    return cmocka_run_group_tests_name("op_join", tests, NULL, NULL);
}
