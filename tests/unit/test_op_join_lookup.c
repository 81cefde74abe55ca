/* test_op_join_lookup.c: lookups: a left row meets the right rows that are there at the end of its epoch, once. */
#include "tests/unit/join_harness.h"

static Lines written; /* what left rows have met so far: it stays, whatever the right side does later */

static bool never_late(const Row *r)
{
    (void)r;
    return false;
}

/* l.d < r.d, which cannot fail. */
static BExpr *less(void) { return e_call("<", e_column(COL_D, TYPES[COL_D]), e_column(NCOLS + COL_D, TYPES[COL_D])); }

static bool meets(const Row *l, const Row *r)
{
    if (!keys_match(l, r)) return false;
    return !H.spec.residual || (!l->null[COL_D] && !r->null[COL_D] && l->d < r->d);
}

/* What the right side could not compute is a plain NULL in what has met it. */
static void note(const Row *l, const Row *r)
{
    char line[2000];
    Row plain = r ? *r : (Row){0};
    plain.is_marked = false;
    print_row(print_row(line, l), r ? &plain : NULL);
    lines_add(&written, line, 1, 0);
}

static void look_up(const Row *l)
{
    bool any = false;
    for (int j = 0; j < H.nrows[R]; j++) {
        if (!meets(l, &H.rows[R][j])) continue;
        note(l, &H.rows[R][j]);
        any = true;
    }
    if (!any && H.spec.kind == JOIN_LEFT) note(l, NULL);
}

static void check(void)
{
    for (int i = 0; i < H.nrows[L]; i++) look_up(&H.rows[L][i]);
    H.nrows[L] = 0;
    for (int64_t i = 0; i < written.n; i++) lines_add(&H.expected, written.list[i].text, written.list[i].weight, 0);
    compare();
}

static void run(int epochs, int64_t keys)
{
    int64_t at = 0;
    for (int e = 0; e < epochs; e++) {
        for (int k = (int)below(5); k > 0; k--) {
            if (one_in(2) && H.nrows[R] < 60) push_changes(R, keys, 0, 3 * TICK);
            else push_judged(L, keys, &at, TICK, never_late);
        }
        judge_watermarks();
        assert_int_equal(end_epoch(), H.watermark[L]); /* the right side holds no time back */
        check();
        if (one_in(5)) restart();
    }
    while (H.nrows[R]) {
        push_rows(R, &H.rows[R][0], (int32_t[]){-1}, 1);
        rows_remove(R, 0);
    }
    end_epoch();
    check();
    push_judged(L, keys, &at, TICK, never_late);
    end_epoch();
    check();
    end_epoch();
    assert_int_equal(H.op->cls->state_rows(H.op), 0);
}

static void test_lookup(void **state)
{
    (void)state;
    static const int32_t KEYS[] = {COL_K, COL_S, COL_D};
    for (uint64_t seed = 0; seed < 200; seed++) {
        rng_state = last_seed = seed;
        JoinSpec spec = {.kind = one_in(2) ? JOIN_LEFT : JOIN_INNER, .match = JOIN_LOOKUP, .key_window_end = -1,
                         .right_retracts = true, .residual = one_in(2) ? less() : NULL};
        harness_start(&spec, KEYS, 1 + (int)below(2), one_in(3));
        run(20, 1 + below(5));
        harness_end();
        lines_clear(&written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_lookup, fixture_open, fixture_close)};
    return cmocka_run_group_tests_name("op_join_lookup", tests, NULL, NULL);
}
