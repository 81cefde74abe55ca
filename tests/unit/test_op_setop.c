/* test_op_setop.c: INTERSECT and EXCEPT over random deltas on both sides, against counts of all rows
 * so far. */
#include "tests/unit/rank_fixture.h"

static Row sides[2][LIVE_MAX];
static int counts[2];
static int64_t watermark;

static bool is_shown(const Row *r)
{
    return !F.plan.emit_final || r->v[COL_END] - 1000 <= watermark;
}

static void check(void)
{
    Bag bags[2] = {{0}}, expected = {0};
    static char line[LINE_BYTES];
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < counts[s]; i++) {
            print_row(line, &sides[s][i]);
            if (is_shown(&sides[s][i])) bag_add(&bags[s], line, 1);
        }
    for (int i = 0; i < bags[0].n; i++) {
        int64_t l = bags[0].lines[i].count, r = bag_count(&bags[1], bags[0].lines[i].text), n = 0;
        if (F.plan.set == SETOP_INTERSECT) n = F.plan.set_all ? (l < r ? l : r) : r > 0;
        else n = F.plan.set_all ? (l > r ? l - r : 0) : r == 0;
        if (n) bag_add(&expected, bags[0].lines[i].text, n);
    }
    compare(&expected, "set operation");
    bag_clear(&bags[0]);
    bag_clear(&bags[1]);
    bag_clear(&expected);
}

/* Few different rows. */
static Row small_row(int64_t from, int64_t to)
{
    Row r = random_row(2, from, to, true);
    for (int c = 0; c < NCOLS; c++) {
        if (c == COL_K || c == COL_S || c == COL_D || c == COL_START || c == COL_END) continue;
        r.null[c] = false;
        r.v[c] = 1;
    }
    if (one_in(3)) r.v[COL_D] = 0, r.null[COL_D] = false;
    return r;
}

static void push_some(bool retracts, bool marks)
{
    Row rows[60];
    int32_t weights[60];
    int side = (int)below(2), n = 1 + (int)below(60);
    for (int i = 0; i < n; i++) {
        int victim = counts[side] ? (int)below(counts[side]) : -1;
        weights[i] = 1;
        if (retracts && victim >= 0 && one_in(2)) {
            rows[i] = sides[side][victim];
            weights[i] = -1;
            sides[side][victim] = sides[side][--counts[side]];
            continue;
        }
        rows[i] = small_row(0, 1000);
        if (marks && one_in(5)) rows[i].mark = rows[i].null[COL_V] = true, rows[i].v[COL_V] = 0;
        rows[i].offset = F.offsets[0]++;
        sides[side][counts[side]++] = rows[i];
    }
    push_rows(side, rows, weights, n, false);
}

static void plan_setop(uint64_t seed, bool retracts, bool above_state)
{
    static char what[100];
    counts[0] = counts[1] = 0;
    fixture_plan(PHYS_SETOP, 2, 0, retracts, above_state);
    F.plan.set = one_in(2) ? SETOP_INTERSECT : SETOP_EXCEPT;
    F.plan.set_all = one_in(2);
    snprintf(what, sizeof what, "%s%s", F.plan.set == SETOP_INTERSECT ? "INTERSECT" : "EXCEPT", F.plan.set_all ? " ALL" : "");
    last_what = what;
    last_seed = seed;
}

static void test_changes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        rng_state = seed;
        bool retracts = one_in(2), above_state = one_in(2);
        plan_setop(seed, retracts, above_state);
        fixture_open(op_setop_open);
        for (int e = 0; e < 30; e++) {
            for (int k = (int)below(4); k > 0; k--) push_some(retracts, above_state);
            end_epoch(INT64_MIN);
            check();
            if (one_in(6)) restart();
        }
        for (int s = 0; s < 2 && retracts; s++)
            for (int i = 0; i < counts[s]; i++) push_rows(s, &sides[s][i], (int32_t[]){-1}, 1, false);
        if (retracts) counts[0] = counts[1] = 0;
        end_epoch(INT64_MIN);
        check();
        end_epoch(INT64_MIN);
        if (retracts) assert_int_equal(F.op->cls->state_rows(F.op), 0);
        fixture_end();
    }
}

static void test_windows(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        rng_state = seed;
        plan_setop(seed, false, false);
        F.plan.key_window_start = COL_START;
        F.plan.key_window_end = COL_END;
        F.plan.emit_final = one_in(2);
        fixture_open(op_setop_open);
        int64_t marks[2] = {INT64_MIN, INT64_MIN}, at[2] = {0, 0}, late = 0;
        for (int e = 0; e < 40; e++) {
            for (int k = (int)below(4); k > 0; k--) {
                Row rows[20];
                int n = 1 + (int)below(20), side = (int)below(2);
                for (int i = 0; i < n; i++) {
                    at[side] += below(1500);
                    rows[i] = small_row(at[side] - 30000, at[side]);
                    rows[i].v[COL_T] = rows[i].v[COL_START]; /* so that some are equal */
                    rows[i].offset = F.offsets[0]++;
                    rows[i].judge = marks[side];
                    if (at[side] - 9000 > marks[side]) marks[side] = at[side] - 9000;
                    if (rows[i].v[COL_END] - 1000 <= rows[i].judge) late++;
                    else sides[side][counts[side]++] = rows[i];
                }
                push_rows(side, rows, NULL, n, true);
            }
            watermark = marks[0] < marks[1] ? marks[0] : marks[1];
            assert_int_equal(end_epoch(watermark), watermark);
            check();
            assert_int_equal(F.ctx.late_rows, late);
            if (one_in(6)) restart();
        }
        watermark = INT64_MAX;
        assert_int_equal(end_epoch(INT64_MAX), INT64_MAX);
        check();
        end_epoch(INT64_MAX);
        assert_int_equal(F.op->cls->state_rows(F.op), 0);
        fixture_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes), cmocka_unit_test(test_windows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
