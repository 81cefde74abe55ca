/* test_op_join_timed.c: interval and ASOF joins (wounds 23 and 24). */
#include "tests/unit/join_harness.h"

static bool is_behind(const Row *r) { return r->judge != INT64_MIN && r->t <= r->judge; }

static bool is_never(const Row *r) { return has_null_key(r) || r->null[COL_T]; }

static int64_t minus(int64_t w, int64_t d) { return w == INT64_MIN || w == INT64_MAX ? w : w - d; }
static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

/* Advances the watermarks of sides above state, and pushes something to either side. */
static void push_some(int64_t keys, int64_t at[2], int64_t spread, bool (*is_late)(const Row *))
{
    for (int k = (int)below(4); k > 0; k--) {
        int side = (int)below(2);
        int64_t from = H.watermark[side] == INT64_MIN ? 0 : H.watermark[side] + TICK;
        if (is_above(side)) push_changes(side, keys, from, from + spread);
        else push_judged(side, keys, &at[side], spread, is_late);
    }
    judge_watermarks();
    for (int s = 0; s < 2; s++)
        if (is_above(s) && one_in(2)) H.watermark[s] = (H.watermark[s] == INT64_MIN ? -TICK : H.watermark[s]) + below(8) * TICK;
}

static void run_timed(int epochs, int64_t keys, void (*check)(void), bool (*is_late)(const Row *))
{
    int64_t at[2] = {0, 0};
    for (int e = 0; e < epochs; e++) {
        push_some(keys, at, 12 * TICK, is_late);
        end_epoch();
        check();
        if (one_in(5)) restart();
    }
    int first = (int)below(2); /* one input ends, the other goes on */
    H.watermark[first] = INT64_MAX;
    end_epoch();
    check();
    for (int i = 0; i < 3; i++) {
        int64_t from = H.watermark[1 - first] == INT64_MIN ? 0 : H.watermark[1 - first] + TICK;
        if (is_above(1 - first)) push_changes(1 - first, keys, from, from + 40 * TICK);
        else push_judged(1 - first, keys, &at[1 - first], 12 * TICK, is_late);
        judge_watermarks();
        end_epoch();
        check();
        if (one_in(3)) restart();
    }
    H.watermark[L] = H.watermark[R] = INT64_MAX;
    assert_int_equal(end_epoch(), INT64_MAX);
    check();
}

/* ---- intervals -------------------------------------------------------------------------------- */

static bool matches_interval(const Row *l, const Row *r)
{
    return !is_never(l) && !is_never(r) && keys_match(l, r) && residual_holds(l, r) && l->t >= r->t - H.spec.before_us &&
           l->t <= r->t + H.spec.after_us;
}

/* Whether nothing to come can match the row. */
static bool is_past(int side, const Row *r)
{
    int64_t other = side == L ? minus(H.watermark[R], H.spec.before_us) : minus(H.watermark[L], H.spec.after_us);
    if (retracts(side)) other = lesser(other, H.watermark[side]);
    return r->t <= other;
}
static bool shows_interval(int side, const Row *r)
{
    return !H.spec.emit_final || is_never(r) || is_past(side, r);
}

static int64_t rows_needed(void)
{
    int64_t n = 0;
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < H.nrows[s]; i++) n += !is_never(&H.rows[s][i]) && !is_past(s, &H.rows[s][i]);
    return n;
}

static void check_interval(void)
{
    int64_t least = least_watermark();
    int64_t out = lesser(least, lesser(minus(H.watermark[R], H.spec.before_us), minus(H.watermark[L], H.spec.after_us)));
    assert_int_equal(H.out_watermark, out);
    expect_join(matches_interval, shows_interval);
    compare();
    if (!is_above(L) && !is_above(R) && !is_half()) assert_int_equal(H.op->cls->state_rows(H.op), rows_needed());
}

static const int32_t KEYS[][2] = {{0}, {COL_K}, {COL_K, COL_S}};

static void test_interval(void **state)
{
    (void)state;
    static const int64_t BOUNDS[][2] = {{0, 0}, {5, 5}, {3, 0}, {0, 4}, {-2, 6}, {7, -3}, {2, -5}, {20, 1}};
    for (uint64_t seed = 0; seed < 480; seed++) {
        rng_state = last_seed = seed;
        int bounds = (int)below(8), k = (int)below(3);
        JoinSpec spec = {.kind = (JoinKind)(seed % 6), .match = JOIN_INTERVAL, .key_window_end = -1,
                         .before_us = BOUNDS[bounds][0] * TICK, .after_us = BOUNDS[bounds][1] * TICK,
                         .left_retracts = one_in(3), .right_retracts = one_in(3), .emit_final = one_in(2),
                         .residual = one_in(2) ? make_residual() : NULL};
        if (one_in(3)) only_grows(&spec);
        for (int s = 0; s < 2; s++) above_anyway[s] = one_in(3);
        harness_start(&spec, KEYS[k], k, one_in(3));
        H.checks_time = true;
        run_timed(20, 1 + below(5), check_interval, is_behind);
        if (!is_half()) assert_int_equal(H.op->cls->state_rows(H.op), 0);
        harness_end();
    }
    above_anyway[L] = above_anyway[R] = false;
}

/* Long enough that the state has gone many times over: few keys of many rows, and many of few. */
static void test_moving_on(void **state)
{
    (void)state;
    static const int64_t BOUNDS[][2] = {{0, 200}, {300, 0}, {150, 150}, {900, 900}}, NKEYS[] = {1, 3, 2000};
    for (uint64_t seed = 0; seed < 6; seed++) {
        rng_state = last_seed = seed;
        JoinSpec spec = {.kind = JOIN_INNER, .match = JOIN_INTERVAL, .key_window_end = -1,
                         .before_us = BOUNDS[seed % 4][0] * TICK, .after_us = BOUNDS[seed % 4][1] * TICK};
        harness_start(&spec, KEYS[1], 1, one_in(3));
        H.checks_time = true;
        int64_t at[2] = {0, 0};
        for (int e = 1; e <= 180; e++) {
            for (int k = 0; k < 3; k++) {
                int side = seed / 3 % 2 ? e / 20 % 2 : (int)below(2); /* one side is ahead of the other, by turns */
                push_judged(side, NKEYS[seed % 3], &at[side], 600 * TICK, is_behind);
            }
            judge_watermarks();
            end_epoch();
            if (e % 60 == 0) check_interval();
            if (one_in(30)) restart();
        }
        H.watermark[L] = H.watermark[R] = INT64_MAX;
        end_epoch();
        check_interval();
        assert_int_equal(H.op->cls->state_rows(H.op), 0);
        harness_end();
    }
}

/* Rows in the order of time, so that whole batches stand in one bucket: those that stay, among such that don't, and
 * many more than are needed at a time. */
static void test_staying(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 8; seed++) {
        rng_state = last_seed = seed;
        JoinSpec spec = {.kind = JOIN_INNER, .match = JOIN_INTERVAL, .key_window_end = -1, .before_us = 90 * TICK, .after_us = 60 * TICK};
        harness_start(&spec, KEYS[1], 1, false);
        H.stays = H.checks_time = true;
        int64_t at[2] = {0, 0};
        for (int e = 1; e <= 80; e++) {
            Row rows[30];
            int side = at[L] > at[R], n = 5 + (int)below(25);
            for (int i = 0; i < n; i++) {
                rows[i] = random_row(9, at[side] * TICK, at[side] * TICK);
                for (int c = 0; c < NCOLS && (c == COL_K || e % 2); c++) rows[i].null[c] = false;
                rows[i].offset = H.offsets[side][0]++;
                rows[i].judge = H.marks[side][0];
                rows_add(side, &rows[i]);
                at[side] += one_in(3);
            }
            for (int p = 0; p < PARTITIONS; p++) H.marks[side][p] = (at[side] - 1) * TICK - 1;
            push_rows(side, rows, NULL, n);
            judge_watermarks();
            end_epoch();
            if (e % 10 == 0) check_interval();
            if (one_in(30)) restart();
        }
        harness_end();
    }
}

/* ---- ASOF ------------------------------------------------------------------------------------- */

static bool is_beside(const Row *l, const Row *r)
{
    switch (H.spec.asof) {
    case ASOF_GE: return l->t >= r->t;
    case ASOF_GT: return l->t > r->t;
    case ASOF_LE: return l->t <= r->t;
    case ASOF_LT: return l->t < r->t;
    }
    return false;
}

static bool looks_back(void) { return H.spec.asof == ASOF_GE || H.spec.asof == ASOF_GT; }

static int value_order(const Row *a, const Row *b, int col)
{
    if (a->null[col] != b->null[col]) return a->null[col] ? -1 : 1;
    if (a->null[col]) return col == COL_V ? a->is_marked - b->is_marked : 0;
    switch (col) {
    case COL_S: return strcmp(a->s, b->s);
    case COL_T: return (a->t > b->t) - (a->t < b->t);
    case COL_V: return (a->v > b->v) - (a->v < b->v);
    case COL_E: return (a->e > b->e) - (a->e < b->e);
    case COL_D: return (a->d > b->d) - (a->d < b->d);
    default: return (a->k > b->k) - (a->k < b->k);
    }
}

/* The total order of right rows of one time: positions, or all columns. The marks come last. */
static bool is_greater(const Row *a, const Row *b)
{
    if (!retracts(R) && a->partition != b->partition) return a->partition > b->partition;
    if (!retracts(R)) return a->offset != b->offset ? a->offset > b->offset : a->ordinal > b->ordinal;
    for (int c = 0; c < NCOLS; c++) {
        bool is_key = false;
        for (int k = 0; k < H.spec.nkeys; k++) is_key |= H.spec.right_keys[k] == c;
        int order = is_key ? 0 : value_order(a, b, c);
        if (c == COL_V && !is_key && a->null[c] && b->null[c]) continue;
        if (order) return order > 0;
    }
    return a->is_marked > b->is_marked;
}

static bool is_nearer(const Row *r, const Row *best)
{
    if (!best) return true;
    if (r->t != best->t) return looks_back() ? r->t > best->t : r->t < best->t;
    return is_greater(r, best);
}

static const Row *nearest(const Row *l)
{
    const Row *best = NULL;
    for (int i = 0; i < H.nrows[R]; i++) {
        const Row *r = &H.rows[R][i];
        if (!is_never(r) && !is_never(l) && keys_match(l, r) && is_beside(l, r) && is_nearer(r, best)) best = r;
    }
    return best;
}

/* EMIT FINAL: whether the row is written. */
static bool is_final(const Row *l, const Row *r)
{
    if (!H.spec.emit_final || is_never(l)) return true;
    if (H.watermark[L] < l->t || H.watermark[R] < l->t) return false;
    return H.watermark[R] == INT64_MAX || looks_back() || (r && r->t <= H.watermark[R]);
}

static void check_asof(void)
{
    int64_t waiting = INT64_MAX;
    for (int i = 0; i < H.nrows[L]; i++) {
        const Row *l = &H.rows[L][i], *r = nearest(l);
        if (!is_final(l, r)) {
            waiting = lesser(waiting, l->t - 1);
            continue;
        }
        if (r || H.spec.kind == JOIN_LEFT) expect(l, r);
    }
    compare();
    int64_t out = H.spec.emit_final ? lesser(least_watermark(), waiting) : least_watermark() == INT64_MAX ? INT64_MAX : INT64_MIN;
    assert_int_equal(H.out_watermark, out);
}

static bool asof_late(const Row *r) { return H.spec.emit_final && is_behind(r); }

static void test_asof(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        rng_state = last_seed = seed;
        JoinSpec spec = {.kind = seed & 1 ? JOIN_INNER : JOIN_LEFT, .match = JOIN_ASOF, .key_window_end = -1,
                         .asof = (AsofOp)(seed / 2 % 4), .left_retracts = one_in(3), .right_retracts = one_in(3),
                         .emit_final = one_in(2)};
        int k = (int)below(3);
        harness_start(&spec, KEYS[k], k, one_in(3));
        run_timed(20, 1 + below(5), check_asof, asof_late);
        if (spec.emit_final) assert_true(H.op->cls->state_rows(H.op) <= (k ? 80 : 1)); /* the last of each key */
        harness_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_interval, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_moving_on, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_staying, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_asof, fixture_open, fixture_close),
    };
    return cmocka_run_group_tests_name("op_join_timed", tests, NULL, NULL);
}
