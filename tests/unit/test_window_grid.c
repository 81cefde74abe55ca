/* test_window_grid.c: where windows lie: floors, offsets, gaps, calendar units and clock changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/datetime.h"
#include "exec/window/window.h"

extern const WindowDef window_tumbling[], window_hopping[], window_cumulating[];

static Arena arena;

static PaneGrid grid_of(WindowSpec w)
{
    PaneGrid g;
    Diags d = {.arena = &arena};
    assert_int_equal(pane_grid_new(&w, &arena, &g, &d), WEIR_OK);
    return g;
}

static int64_t at(const char *text)
{
    int64_t us;
    assert_true(timestamp_parse(str_z(text), 6, &us));
    return us;
}

static uint64_t seed = 1;
static int64_t below(int64_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((seed >> 11) % (uint64_t)n);
}

/* What must hold of every grid: panes hold their time and touch each other, windows are in the order
 * of their ends, hold the pane, end on pane boundaries; nothing is skipped by `after`. */
static void check_grid(const PaneGrid *g, int64_t t)
{
    TimeSpan pane, again, w, next;
    if (!pane_at(g, t, &pane)) return;
    assert_true(pane.start <= t && t < pane.end);
    assert_true(pane_at(g, pane.start, &again) && again.start == pane.start && again.end == pane.end);
    assert_true(pane_at(g, pane.end - 1, &again) && again.start == pane.start);
    int64_t n = 0, after = INT64_MIN;
    for (; window_after(g, pane, after, &w); after = w.end, n++) {
        assert_true(w.end > after && w.start <= pane.start && w.end >= pane.end);
        assert_true(pane_at(g, w.start, &again) && again.start == w.start);
        assert_true(pane_at(g, w.end - 1, &again) && again.end == w.end);
        assert_true(window_after(g, pane, w.end - 1, &next) && next.end == w.end);
    }
    assert_true(n >= 1 && n <= pane_grid_windows_max(g));
    assert_false(window_after(g, pane, INT64_MAX, &w));
}

static void test_random(void **state)
{
    (void)state;
    static const char *const ZONES[] = {"", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "+05:30"};
    for (int i = 0; i < 400; i++) {
        WindowSpec w = {.def = window_hopping, .offset_us = below(20000000) - 10000000};
        int kind = (int)below(6);
        if (kind == 0) w = (WindowSpec){.def = window_hopping, .size_us = 1000 * (1 + below(50)), .slide_us = 1000 * (1 + below(50)), .offset_us = w.offset_us};
        if (kind == 1) w = (WindowSpec){.def = window_tumbling, .size_us = 1 + below(5000000), .offset_us = w.offset_us};
        if (kind == 2) {
            int64_t step = 1 + below(1000);
            w = (WindowSpec){.def = window_cumulating, .size_us = step * (1 + below(20)), .slide_us = step};
        }
        if (kind == 3) w = (WindowSpec){.def = window_tumbling, .size_days = 1 + (int)below(10), .time_zone = str_z(ZONES[below(5)])};
        if (kind == 4) w = (WindowSpec){.def = window_hopping, .size_months = 1 + (int)below(14), .slide_months = 1 + (int)below(6), .time_zone = str_z(ZONES[below(5)])};
        if (kind == 5) w = (WindowSpec){.def = window_cumulating, .size_days = 1 + (int)below(3), .slide_us = US_PER_HOUR * (1 << below(3)), .time_zone = str_z(ZONES[below(5)])};
        PaneGrid g = grid_of(w);
        for (int k = 0; k < 50; k++) {
            check_grid(&g, below(4 * INT64_C(1000000000000000)) - 2 * INT64_C(1000000000000000));
            check_grid(&g, below(20000) - 10000);
        }
    }
}

static void expect(const PaneGrid *g, const char *time, const char *start, const char *end)
{
    TimeSpan pane, w;
    assert_true(pane_at(g, at(time), &pane));
    assert_true(window_after(g, pane, INT64_MIN, &w));
    assert_int_equal(w.start, at(start));
    assert_int_equal(w.end, at(end));
}

static void test_floor(void **state)
{
    (void)state;
    PaneGrid g = grid_of((WindowSpec){.def = window_tumbling, .size_us = 10 * US_PER_SECOND});
    expect(&g, "1969-12-31 23:59:59.999999", "1969-12-31 23:59:50", "1970-01-01 00:00:00");
    expect(&g, "1970-01-01 00:00:00", "1970-01-01 00:00:00", "1970-01-01 00:00:10");
    g = grid_of((WindowSpec){.def = window_tumbling, .size_us = 10 * US_PER_SECOND, .offset_us = -23 * US_PER_SECOND});
    expect(&g, "1970-01-01 00:00:00", "1969-12-31 23:59:57", "1970-01-01 00:00:07");
}

static void test_gaps(void **state)
{
    (void)state;
    TimeSpan pane;
    PaneGrid g = grid_of((WindowSpec){.def = window_hopping, .size_us = 3, .slide_us = 7});
    assert_true(pane_at(&g, 2, &pane));
    assert_false(pane_at(&g, 3, &pane));
    assert_false(pane_at(&g, -1, &pane));
    assert_true(pane_at(&g, -5, &pane));
    assert_int_equal(pane.start, -7);
}

/* Clocks go forward on 2024-03-31 and back on 2024-10-27 in Berlin. */
static void test_days(void **state)
{
    (void)state;
    PaneGrid g = grid_of((WindowSpec){.def = window_tumbling, .size_days = 1, .time_zone = S("Europe/Berlin")});
    expect(&g, "2024-03-31 12:00:00", "2024-03-30 23:00:00", "2024-03-31 22:00:00"); /* 23 hours */
    expect(&g, "2024-10-27 12:00:00", "2024-10-26 22:00:00", "2024-10-27 23:00:00"); /* 25 hours */
    expect(&g, "2024-07-01 21:59:59", "2024-06-30 22:00:00", "2024-07-01 22:00:00");
    expect(&g, "2024-07-01 22:00:00", "2024-07-01 22:00:00", "2024-07-02 22:00:00");
    /* São Paulo's clocks went forward at midnight: 2018-11-04 began at 01:00, 03:00 UTC. */
    g = grid_of((WindowSpec){.def = window_tumbling, .size_days = 1, .time_zone = S("America/Sao_Paulo")});
    expect(&g, "2018-11-04 12:00:00", "2018-11-04 03:00:00", "2018-11-05 02:00:00");
    expect(&g, "2018-11-04 02:59:59", "2018-11-03 03:00:00", "2018-11-04 03:00:00");
    /* … and back at midnight: 2018-02-17 had 25 hours. */
    expect(&g, "2018-02-18 02:30:00", "2018-02-17 02:00:00", "2018-02-18 03:00:00");
}

static void test_weeks_and_months(void **state)
{
    (void)state;
    PaneGrid g = grid_of((WindowSpec){.def = window_tumbling, .size_days = 7, .offset_us = -3 * US_PER_DAY});
    expect(&g, "2024-02-29 10:00:00", "2024-02-26 00:00:00", "2024-03-04 00:00:00"); /* Monday */
    g = grid_of((WindowSpec){.def = window_tumbling, .size_months = 1});
    expect(&g, "2024-02-29 23:59:59.999999", "2024-02-01 00:00:00", "2024-03-01 00:00:00");
    expect(&g, "1969-12-31 23:00:00", "1969-12-01 00:00:00", "1970-01-01 00:00:00");
    g = grid_of((WindowSpec){.def = window_tumbling, .size_months = 12, .time_zone = S("Europe/Berlin")});
    expect(&g, "2024-06-01 00:00:00", "2023-12-31 23:00:00", "2024-12-31 23:00:00");
}

/* A step of hours over a day of 23: the last window ends with the day. */
static void test_cumulating_day(void **state)
{
    (void)state;
    PaneGrid g = grid_of((WindowSpec){.def = window_cumulating, .size_days = 1, .slide_us = 6 * US_PER_HOUR,
                                      .time_zone = S("Europe/Berlin")});
    TimeSpan pane, w;
    assert_true(pane_at(&g, at("2024-03-31 20:30:00"), &pane));
    assert_int_equal(pane.start, at("2024-03-31 17:00:00"));
    assert_int_equal(pane.end, at("2024-03-31 22:00:00"));
    assert_true(window_after(&g, pane, INT64_MIN, &w));
    assert_int_equal(w.start, at("2024-03-30 23:00:00"));
    assert_int_equal(w.end, at("2024-03-31 22:00:00"));
    assert_false(window_after(&g, pane, w.end, &w));
}

static void refused(WindowSpec w)
{
    PaneGrid g;
    Diags d = {.arena = &arena};
    assert_int_not_equal(pane_grid_new(&w, &arena, &g, &d), WEIR_OK);
    assert_int_equal(d.list.len, 1);
}

static void test_refused(void **state)
{
    (void)state;
    refused((WindowSpec){.def = window_tumbling});
    refused((WindowSpec){.def = window_hopping, .size_us = 10});
    refused((WindowSpec){.def = window_cumulating, .size_us = 10, .slide_us = 3});
    refused((WindowSpec){.def = window_tumbling, .size_days = 1, .time_zone = S("Mars/Olympus")});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random), cmocka_unit_test(test_floor), cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_days), cmocka_unit_test(test_weeks_and_months),
        cmocka_unit_test(test_cumulating_day), cmocka_unit_test(test_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
