/* test_op_aggregate_rows.c: windows that count rows: COUNT, and GLOBAL with its triggers. */
#include "tests/unit/aggregate_harness.h"

extern const WindowDef window_count[], window_global[];

static int64_t size, advance;
static int64_t every_us, ticks_at; /* global: rows accepted before this have been shown */

static void group_rows_by_key(void)
{
    static char key[LINE_MAX_BYTES];
    for (int i = 0; i < H.nrows; i++) {
        key_text(key, &H.rows[i]);
        group_add(key, &H.rows[i]);
    }
}

static void add_window(View *v, const char *key, int64_t no, const Row *const *rows, int n)
{
    static char line[LINE_MAX_BYTES];
    int64_t least = INT64_MAX, greatest = INT64_MIN;
    for (int i = 0; i < n; i++) {
        if (rows[i]->t < least) least = rows[i]->t;
        if (rows[i]->t > greatest) greatest = rows[i]->t;
    }
    snprintf(line, sizeof line, "%s%" PRId64 "|", key, no);
    if (H.window.time_col < 0) strcat(line, "NULL|NULL|");
    else sprintf(line + strlen(line), "%" PRId64 "|%" PRId64 "|", least, greatest);
    naive_results(line, rows, n);
    view_add(v, line, 1);
}

static void check_count(int64_t watermark)
{
    (void)watermark;
    View expected = {0};
    group_rows_by_key();
    for (int g = 0; g < ngroups; g++) {
        int64_t next = 1; /* the next window to close */
        for (int64_t i = 1; i <= groups[g].n; i++) {
            if (i < size || (i - size) % advance != 0) continue;
            add_window(&expected, groups[g].key, next++, groups[g].rows + (i - size), (int)size);
        }
        int64_t start = (next - 1) * advance; /* rows before the open window */
        if (!H.plan.emit_final && start < groups[g].n)
            add_window(&expected, groups[g].key, next, groups[g].rows + start, (int)(groups[g].n - start));
    }
    groups_clear();
    compare(&expected, "count windows");
}

static void check_global(int64_t watermark)
{
    View expected = {0};
    static char line[LINE_MAX_BYTES];
    group_rows_by_key();
    for (int g = 0; g < ngroups; g++) {
        int n = groups[g].n;
        if (size) {
            n -= n % (int)size;
        } else if (watermark != INT64_MAX) {
            n = 0;
            while (n < groups[g].n && groups[g].rows[n]->judge < ticks_at) n++; /* judge: when it was accepted */
        }
        if (n == 0) continue;
        strcpy(line, groups[g].key);
        naive_results(line, groups[g].rows, n);
        view_add(&expected, line, 1);
    }
    groups_clear();
    compare(&expected, "global windows");
}

static void run(int epochs, int64_t keys)
{
    H.ctx.now_us = -3000000;
    for (int e = 0; e < epochs; e++) {
        H.ctx.now_us += below(3) * 700000;
        if (every_us) ticks_at = floor_div(H.ctx.now_us, every_us) * every_us;
        for (int k = (int)below(4); k > 0; k--) {
            Row rows[60];
            int n = 1 + (int)below(one_in(3) ? 60 : 5);
            for (int i = 0; i < n; i++) {
                rows[i] = random_row(keys, -20000, 20000);
                rows[i].offset = H.offsets[0]++;
                rows[i].judge = H.ctx.now_us;
                rows_add(&rows[i]);
            }
            push_batch(rows, NULL, n, false);
        }
        end_epoch(INT64_MIN);
        H.check(INT64_MIN);
        if (one_in(6)) restart();
    }
    assert_int_equal(end_epoch(INT64_MAX), INT64_MAX);
    H.check(INT64_MAX);
}

static const int KEY_SETS[][2] = {{COL_K}, {COL_S}, {0}};
static const int KEY_COUNTS[] = {1, 1, 0};

static void test_count(void **state)
{
    (void)state;
    static const int64_t SHAPES[][2] = {{1, 1}, {5, 5}, {6, 4}, {7, 1}, {3, 5}, {10, 5}, {40, 8}};
    for (uint64_t seed = 1; seed <= runs_of(4); seed++)
        for (int shape = 0; shape < 7; shape++)
            for (int k = 0; k < 3; k++)
                for (int final = 0; final < 2; final++) {
                    rng_state = last_seed = seed * 1000 + (uint64_t)shape * 10 + (uint64_t)k;
                    size = SHAPES[shape][0];
                    advance = SHAPES[shape][1];
                    WindowSpec w = {.def = window_count, .time_col = seed & 1 ? COL_T : -1, .tick_us = 1000,
                                    .size_rows = size, .advance_rows = advance == size && seed & 2 ? 0 : advance};
                    harness_start(KEY_SETS[k], KEY_COUNTS[k], 3, seed == 4 ? STEADY : CASES, seed == 4 ? 1 : NCASES, false, final, &w);
                    H.check = check_count;
                    run(25, 1 + below(6));
                    harness_end();
                }
}

static void test_global(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= runs_of(10); seed++)
        for (int k = 0; k < 3; k++)
            for (int timed = 0; timed < 2; timed++) {
                rng_state = last_seed = seed * 100 + (uint64_t)k;
                size = timed ? 0 : 1 + below(12);
                every_us = timed ? 1000000 : 0;
                WindowSpec w = {.def = window_global, .time_col = -1, .size_rows = size, .trigger_us = every_us};
                harness_start(KEY_SETS[k], KEY_COUNTS[k], 0, seed == 4 ? STEADY : CASES, seed == 4 ? 1 : NCASES, false, false, &w);
                H.check = check_global;
                run(30, 1 + below(6));
                harness_end();
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_count), cmocka_unit_test(test_global)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
