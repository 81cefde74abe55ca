/* test_op_topn.c: Top-N over random deltas, against ranks computed from all rows so far. */
#include "tests/unit/rank_fixture.h"

static void add_shown(Row **rows, int n, void *arg)
{
    Bag *expected = arg;
    static char line[LINE_BYTES];
    int64_t last = F.ranks.limit < 0 ? INT64_MAX : F.ranks.limit + F.ranks.offset, rank = 0, dense = 0;
    for (int i = 0; i < n; i++) {
        if (i == 0 || !are_peers(rows[i - 1], rows[i])) {
            rank = i + 1;
            dense++;
        }
        int64_t own = F.ranks.rank == TOP_ROW_NUMBER ? i + 1 : F.ranks.rank == TOP_RANK ? rank : dense;
        if (own <= F.ranks.offset || own > last) continue;
        print_row(line, rows[i]);
        if (F.ranks.shows_rank) snprintf(line + strlen(line), 30, "%" PRId64 "|", own);
        bag_add(expected, line, 1);
    }
}

static void check_changes(void)
{
    Bag expected = {0};
    each_partition(add_shown, &expected);
    compare(&expected, "top-n");
    bag_clear(&expected);
}

static void plan_topn(uint64_t seed, bool retracts, bool above_state)
{
    static char what[200];
    bool shows_rank = one_in(2);
    fixture_plan(PHYS_TOPN, 1, shows_rank, retracts, above_state);
    F.ranks.shows_rank = shows_rank;
    if (shows_rank) F.plan.fields[NCOLS].type = TYPE_BIGINT_;
    F.ranks.rank = (TopRank)below(3);
    static const int64_t LIMITS[] = {-1, 0, 1, 2, 3, 5, 10, 40};
    F.ranks.limit = LIMITS[below(8)];
    F.ranks.offset = one_in(2) ? 0 : below(6);
    static const int COLS[] = {COL_T, COL_V, COL_S, COL_D, COL_M, COL_F, COL_K};
    for (int i = (int)below(3); i >= 0; i--)
        if (!one_in(4)) order_by(COLS[below(7)], one_in(2), one_in(2));
    order_whole();
    F.plan.nkeys = (int)below(3);
    F.plan.keys[0] = one_in(2) ? COL_K : COL_S;
    F.plan.keys[1] = COL_F;
    F.stays = one_in(2);
    snprintf(what, sizeof what, "rank %d, limit %d, offset %d, %d peers, %s%s", F.ranks.rank, (int)F.ranks.limit,
             (int)F.ranks.offset, F.ranks.npeer, retracts ? "retracting" : "append-only", F.stays ? ", batches stay" : "");
    last_what = what;
    last_seed = seed;
}

static void test_changes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 600; seed++) {
        rng_state = seed;
        bool retracts = one_in(2), above_state = retracts || one_in(3);
        plan_topn(seed, retracts, above_state);
        fixture_open(op_topn_open);
        run_changes(&(Run){.epochs = 30, .batch_max = F.stays ? 100 : 40, .copies = one_in(3), .keys = 1 + below(5), .span = 1000 + below(60000),
                           .retracts = retracts, .marks = above_state, .check = check_changes});
        fixture_end();
    }
}

/* Append-only input keeps no more than it needs, whatever comes in one epoch. */
static void test_bounded(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        rng_state = last_seed = seed;
        fixture_plan(PHYS_TOPN, 1, 0, false, false);
        F.ranks.limit = 3;
        F.plan.nkeys = 1;
        F.plan.keys[0] = COL_K;
        order_by(COL_V, true, false);
        order_whole();
        fixture_open(op_topn_open);
        int64_t most = 0;
        for (int e = 0; e < 3; e++) {
            for (int i = 0; i < 200; i++) {
                Row rows[50];
                for (int k = 0; k < 50; k++) {
                    rows[k] = random_row(2, 0, 1000, false);
                    rows[k].v[COL_V] = below(1000000) + 1;
                    rows[k].offset = F.offsets[0]++;
                    if (F.nlive == LIVE_MAX) rows[k].v[COL_V] = 0; /* outranked */
                    else live_add(&rows[k]);
                }
                push_rows(0, rows, NULL, 50, false);
                int64_t bytes = F.op->cls->state_bytes(F.op);
                if (e == 0 && i < 100 && bytes > most) most = bytes;
                assert_true(i < 100 || bytes <= most * 5 / 4);
            }
            end_epoch(INT64_MIN);
            check_changes();
            assert_int_equal(F.op->cls->state_rows(F.op), 6);
        }
        fixture_end();
    }
}

/* ---- windows ------------------------------------------------------------------------------------ */

static int64_t watermark;

static void add_closed(Row **rows, int n, void *arg)
{
    if (rows[0]->v[COL_END] - 1000 <= watermark) add_shown(rows, n, arg);
}

static void check_final(void)
{
    Bag expected = {0};
    each_partition(add_closed, &expected);
    compare(&expected, "closed windows");
    bag_clear(&expected);
}

static void check_open(void)
{
    check_changes();
}

static void test_windows(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        rng_state = seed;
        plan_topn(seed, false, false);
        bool final = one_in(2);
        F.plan.nkeys = 3;
        F.plan.keys[0] = COL_START;
        F.plan.keys[1] = COL_K;
        F.plan.keys[2] = COL_END;
        F.plan.key_window_start = 0;
        F.plan.key_window_end = 2;
        F.plan.emit_final = final;
        F.inputs[0].props.window_end = COL_END;
        fixture_open(op_topn_open);
        watermark = INT64_MIN;
        int64_t mark = INT64_MIN, at = 0, late = 0;
        for (int e = 0; e < 40; e++) {
            for (int k = (int)below(4); k > 0; k--) {
                Row rows[20];
                int n = 1 + (int)below(20);
                for (int i = 0; i < n; i++) {
                    at += below(800);
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
            final ? check_final() : check_open();
            assert_int_equal(F.ctx.late_rows, late);
            if (one_in(6)) restart();
        }
        watermark = INT64_MAX;
        assert_int_equal(end_epoch(INT64_MAX), INT64_MAX);
        final ? check_final() : check_open();
        assert_int_equal(F.op->cls->state_rows(F.op), 0);
        check_no_records();
        fixture_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes), cmocka_unit_test(test_bounded),
                                       cmocka_unit_test(test_windows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
