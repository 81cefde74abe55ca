/* test_planner_window.c: every spelling of a window gives one plan; what makes no sense is said. */
#include "tests/unit/planner_fixture.h"

static void spellings_agree(void **state)
{
    Fixture *f = *state;
    const char *plan = "0 scan bid auction,date_time\n"
                       "1(0) aggregate by auction; hopping 10/2 on date_time; count()\n"
                       "2(1) output\n";
    expect_plan(f, "SELECT auction, window_start, window_end, count(*) FROM bid "
                   "WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 2 SECONDS) GROUP BY auction", plan);
    expect_plan(f, "SELECT auction, HOP_START(date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND), "
                   "HOP_END(date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND), count(*) FROM bid "
                   "GROUP BY HOP(date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND), auction", plan);
    expect_plan(f, "SELECT auction, window_start, window_end, count(*) FROM bid "
                   "GROUP BY auction, HOP(INTERVAL '2' SECOND, INTERVAL '10' SECOND)", plan);
    const char *calls[] = {
        "TABLE(HOP(TABLE bid, DESCRIPTOR(date_time), INTERVAL '2' SECOND, INTERVAL '10' SECOND))",
        "HOP(bid, date_time, INTERVAL '2' SECOND, INTERVAL '10' SECOND)",
        ("TABLE(HOP(DATA => TABLE bid, TIMECOL => DESCRIPTOR(date_time), SLIDE => INTERVAL '2' SECOND, "
         "SIZE => INTERVAL '10' SECOND))")};
    for (int i = 0; i < 3; i++) {
        const char *sql = str_printf(&f->arena, "SELECT auction, window_start, window_end, count(*) FROM %s "
                                                "GROUP BY auction, window_start, window_end", calls[i]).p;
        expect_plan(f, sql, plan);
    }
}

static void kinds(void **state)
{
    Fixture *f = *state;
    static const struct {
        const char *clause, *shown;
    } CASES[] = {
        {"TUMBLING (SIZE 10 SECONDS, OFFSET 2 SECONDS, GRACE PERIOD 5 SECONDS)", "tumbling 10 +2 grace 5 on date_time"},
        {"TUMBLING (10 SECONDS)", "tumbling 10 on date_time"},
        {"TUMBLING (SIZE 1 DAY)", "tumbling 0mon 1d 86400 on date_time"},
        {"TUMBLING (SIZE 24 HOURS)", "tumbling 86400 on date_time"},
        {"TUMBLING (SIZE 1 WEEK)", "tumbling 0mon 7d 604800 +-259200 on date_time"},
        {"TUMBLING (SIZE 1 YEAR)", "tumbling 12mon 0d on date_time"},
        {"HOPPING (SIZE 1 DAY, ADVANCE BY 1 HOUR)", "hopping 86400/3600 on date_time"},
        {"CUMULATING (SIZE 1 DAY, STEP 1 HOUR)", "cumulating 0mon 1d 86400/3600 on date_time"},
        {"SESSION (30 SECONDS)", "session 30 on date_time"},
        {"SESSION (GAP 1 DAY)", "session 86400 on date_time"},
        {"SLIDING (SIZE 10 SECONDS)", "sliding 10 on date_time"},
        {"COUNT (SIZE 100 ROWS)", "count 100r/100r on date_time"},
        {"COUNT (SIZE 100 ROWS, ADVANCE BY 1 ROWS)", "count 100r/1r on date_time"},
        {"GLOBAL (TRIGGER EVERY 100 ROWS)", "global 100r/0r"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const char *sql = str_printf(&f->arena, "SELECT count(*) FROM bid WINDOW %s", CASES[i].clause).p;
        assert_int_equal(plan_sql(f, sql), WEIR_OK);
        if (str_find(f->dump, str_z(CASES[i].shown)) < 0) fail_msg("%s: %s", sql, f->dump.p);
    }
}

static void window_columns(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT window_no, window_start, sum(price) FROM bid WINDOW COUNT (SIZE 3 ROWS) GROUP BY auction",
                "0 scan bid auction,price,date_time\n"
                "1(0) aggregate by auction; count 3r/3r on date_time; sum(price)\n"
                "2(1) project window_no, window_start, \"sum(price)\"\n"
                "3(2) output\n");
    expect_plan(f, "SELECT window_time, window_end FROM bid WINDOW TUMBLING (SIZE 1 MINUTE) EMIT FINAL",
                "0 scan bid date_time\n"
                "1(0) aggregate; tumbling 60 on date_time; final\n"
                "2(1) project window_end - INTERVAL '00:00:00.001', window_end\n"
                "3(2) output\n");
    const Props *p = &f->plan->ops[3]->props;
    assert_true(p->is_append_only && p->above_state && p->has_watermark);
    assert_int_equal(p->time_col, 0);
    assert_int_equal(p->nkey, 1);
    assert_int_equal(p->window_end, 1);
    expect_error(f, "SELECT window_start FROM bid WINDOW GLOBAL (TRIGGER EVERY 5 ROWS)", WEIR_E_NAME,
                 "a global window has no \"window_start\"", "window_start");
    expect_error(f, "SELECT window_no FROM bid WINDOW TUMBLING (SIZE 1 SECOND)", WEIR_E_NAME, "has no \"window_no\"", "window_no");
}

static void table_functions(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT window_start, price FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(date_time), INTERVAL '10' SECOND)) "
                   "WHERE price > 3 AND window_end > '2024-01-01'",
                "0 scan bid price,date_time where price > 3\n"
                "1(0) window tumbling 10 on date_time\n"
                "2(1) filter window_end > TIMESTAMP '2024-01-01 00:00:00.000'\n"
                "3(2) project window_start, price\n"
                "4(3) output\n");
    /* not windowed: an ordinary aggregate over the expanded rows */
    expect_plan(f, "SELECT window_start, count(*) FROM TUMBLE(bid, date_time, INTERVAL '10' SECOND) GROUP BY window_start",
                "0 scan bid date_time\n"
                "1(0) window tumbling 10 on date_time\n"
                "2(1) aggregate by window_start; count()\n"
                "3(2) output\n");
    /* the window's time as a key stays event time */
    expect_plan(f, "SELECT window_time, count(*) FROM TUMBLE(bid, date_time, INTERVAL '10' SECOND) "
                   "GROUP BY window_start, window_end, window_time",
                "0 scan bid date_time\n"
                "1(0) aggregate; tumbling 10 on date_time; count()\n"
                "2(1) project window_end - INTERVAL '00:00:00.001', \"count(*)\"\n"
                "3(2) output\n");
    assert_int_equal(f->plan->ops[3]->props.time_col, 0);
    /* an aggregate that looks at the window itself needs the rows */
    expect_plan(f, "SELECT max(window_end) FROM TUMBLE(bid, date_time, INTERVAL '10' SECOND) "
                   "GROUP BY window_start, window_end",
                "0 scan bid date_time\n"
                "1(0) window tumbling 10 on date_time\n"
                "2(1) aggregate by window_start, window_end; max(window_end); key window\n"
                "3(2) project \"max(window_end)\"\n"
                "4(3) output\n");
    expect_plan(f, "SELECT bidder, window_start, window_end, count(*) FROM TABLE(SESSION(TABLE bid PARTITION BY bidder, "
                   "DESCRIPTOR(date_time), INTERVAL '10' SECOND)) WHERE bidder > 3 "
                   "GROUP BY bidder, window_start, window_end EMIT FINAL",
                "0 scan bid bidder,date_time where bidder > 3\n"
                "1(0) aggregate by bidder; session 10 on date_time; count(); final\n"
                "2(1) output\n");
    expect_plan(f, "SELECT bidder, window_start FROM TABLE(SESSION(TABLE bid PARTITION BY bidder, "
                   "DESCRIPTOR(date_time), INTERVAL '10' SECOND))",
                "0 scan bid bidder,date_time\n"
                "1(0) window session 10 on date_time\n"
                "2(1) project bidder, window_start\n"
                "3(2) output\n");
    /* a filter of rows is one of rows that have their session */
    expect_plan(f, "SELECT bidder, count(*) FROM TABLE(SESSION(TABLE bid PARTITION BY bidder, "
                   "DESCRIPTOR(date_time), INTERVAL '10' SECOND)) WHERE price > 3 GROUP BY bidder, window_start, window_end",
                "0 scan bid bidder,price,date_time\n"
                "1(0) window session 10 on date_time\n"
                "2(1) filter price > 3\n"
                "3(2) aggregate by bidder, window_start, window_end; count(); key window; retracts\n"
                "4(3) project bidder, \"count(*)\"\n"
                "5(4) output\n");
}

static void inner_windows_hide(void **state)
{
    Fixture *f = *state;
    assert_int_equal(plan_sql(f, "CREATE MATERIALIZED VIEW v AS SELECT window_start, window_end, window_time, "
                                 "sum(price) s FROM bid WINDOW TUMBLING (SIZE 10 SECONDS)"), WEIR_OK);
    expect_plan(f, "SELECT * FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(window_time), INTERVAL '1' MINUTE)) t",
                "0 view input v\n"
                "1(0) window tumbling 60 on window_time\n"
                "2(1) project s, window_start, window_end, window_time\n"
                "3(2) output\n");
    assert_int_equal(f->plan->ops[2]->exprs[1]->col, 4);
    expect_plan(f, "SELECT window_start, v.window_start, t.window_start FROM TABLE(TUMBLE(TABLE v, "
                   "DESCRIPTOR(window_time), INTERVAL '1' MINUTE)) t",
                "0 view input v\n"
                "1(0) window tumbling 60 on window_time\n"
                "2(1) project window_start, window_start, window_start\n"
                "3(2) output\n");
    assert_int_equal(f->plan->ops[2]->exprs[0]->col, 4);
    assert_int_equal(f->plan->ops[2]->exprs[1]->col, 0);
    assert_int_equal(f->plan->ops[2]->exprs[2]->col, 4);
}

static void cascades(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT window_start, window_end, max(c) FROM (SELECT auction, window_start, window_end, count(*) c "
                   "FROM TUMBLE(bid, date_time, INTERVAL '10' SECOND) GROUP BY auction, window_start, window_end) x "
                   "GROUP BY window_start, window_end EMIT FINAL",
                "0 scan bid auction,date_time\n"
                "1(0) aggregate by auction; tumbling 10 on date_time; count(); final\n"
                "2(1) aggregate by window_start, window_end; max(count(*)); key window; final\n"
                "3(2) output\n");
    expect_plan(f, "SELECT count(*) FROM (SELECT window_time, count(*) FROM bid WINDOW TUMBLING (SIZE 1 SECOND)) x "
                   "WINDOW TUMBLING (SIZE 1 MINUTE) EMIT FINAL",
                "0 scan bid date_time\n"
                "1(0) aggregate; tumbling 1 on date_time; final\n"
                "2(1) project window_end - INTERVAL '00:00:00.001'\n"
                "3(2) aggregate; tumbling 60 on window_end - INTERVAL '00:00:00.001'; count(); final\n"
                "4(3) project \"count(*)\"\n"
                "5(4) output\n");
}

static void by_value(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT window_start, count(*) FROM plain WINDOW TUMBLING (SIZE 1 MONTH, ON ts)",
                "0 scan plain ts\n"
                "1(0) aggregate; tumbling 1mon 0d on ts by value; count()\n"
                "2(1) project window_start, \"count(*)\"\n"
                "3(2) output\n");
    assert_false(f->plan->ops[3]->props.has_watermark);
    expect_error(f, "SELECT count(*) FROM plain WINDOW TUMBLING (SIZE 1 SECOND, ON ts) EMIT FINAL", WEIR_E_EMIT,
                 "not over event time", NULL);
    expect_error(f, "SELECT count(*) FROM TUMBLE(plain, ts, INTERVAL '1' SECOND) GROUP BY window_start, window_end EMIT FINAL",
                 WEIR_E_EMIT, "never finishes", "window_start, window_end");
    expect_error(f, "SELECT count(*) FROM plain WINDOW TUMBLING (SIZE 1 SECOND)", WEIR_E_WINDOW, "no event time", NULL);
    expect_error(f, "SELECT count(*) FROM plain WINDOW TUMBLING (SIZE 1 SECOND, ON day)", WEIR_E_WINDOW, "goes by a TIMESTAMP", "day");
}

static void senseless_windows(void **state)
{
    Fixture *f = *state;
    static const struct {
        const char *clause, *message;
    } CASES[] = {
        {"TUBLING (SIZE 1 SECOND)", "unknown window"},
        {"TUMBLING (GAP 1 SECOND)", "takes no GAP"},
        {"TUMBLING (ADVANCE BY 1 SECOND)", "takes no ADVANCE BY"},
        {"HOPPING (SIZE 1 SECOND)", "needs ADVANCE BY"},
        {"TUMBLING (SIZE 0 SECONDS)", "must be positive"},
        {"TUMBLING (SIZE 'x')", ""},
        {"TUMBLING (SIZE 10)", "takes a length of time"},
        {"TUMBLING (SIZE 100 ROWS)", "takes no SIZE … ROWS"},
        {"TUMBLING (SIZE 0.0005 SECONDS)", "finer than its time column"},
        {"TUMBLING (SIZE '1 month 2 days')", "mixes months"},
        {"HOPPING (SIZE 1 MONTH, ADVANCE BY 1 DAY)", "mixes months"},
        {"CUMULATING (SIZE 10 SECONDS, STEP 3 SECONDS)", "multiple of STEP"},
        {"CUMULATING (SIZE 1 MONTH, STEP 5 HOURS)", "multiple of STEP"},
        {"SESSION (GAP 1 MONTH)", "fixed length"},
        {"SESSION (GAP 1 SECOND, OFFSET 1 SECOND)", "takes no OFFSET"},
        {"SESSION (GAP 1 SECOND) ", NULL},
        {"COUNT (SIZE 0 ROWS)", "number of rows from 1 on"},
        {"COUNT (SIZE 10 SECONDS)", "takes no SIZE"},
        {"COUNT (SIZE 10 ROWS, ADVANCE BY 1 SECOND)", "takes a number of rows"},
        {"GLOBAL (SIZE 1 SECOND)", "takes no SIZE"},
        {"HOPPING (SIZE 10000 SECONDS, ADVANCE BY 1 SECOND)", NULL},
        {"HOPPING (SIZE 10001 SECONDS, ADVANCE BY 1 SECOND)", "10001 panes at a time; at most 10000"},
        {"HOPPING (SIZE 1 DAY, ADVANCE BY 1 SECOND)", "86400 panes"},
        {"HOPPING (SIZE 10001 SECONDS, ADVANCE BY 2 SECONDS)", "10002 panes"},
        {"HOPPING (SIZE 10.001 SECONDS, ADVANCE BY 10 SECONDS)", NULL},
        {"HOPPING (SIZE 3 YEARS, ADVANCE BY 1 MONTH)", NULL},
        {"HOPPING (SIZE 900 YEARS, ADVANCE BY 1 MONTH)", "10800 panes"},
        {"CUMULATING (SIZE 1 DAY, STEP 1 SECOND)", "86400 panes"},
        {"CUMULATING (SIZE 1 MONTH, STEP 1 SECOND)", "2678400 panes"},
        {"COUNT (SIZE 10000 ROWS, ADVANCE BY 1 ROWS)", NULL},
        {"COUNT (SIZE 1000000 ROWS, ADVANCE BY 1 ROWS)", "1000000 panes"},
        {"COUNT (SIZE 1000000 ROWS)", NULL},
        {"GLOBAL (TRIGGER EVERY 1000000 ROWS)", NULL},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const char *sql = str_printf(&f->arena, "SELECT count(*) FROM bid WINDOW %s", CASES[i].clause).p;
        Status st = plan_sql(f, sql);
        if (!CASES[i].message) {
            assert_int_equal(st, WEIR_OK);
            continue;
        }
        if (st == WEIR_OK || str_find(f->diags.list.data[0].message, str_z(CASES[i].message)) < 0)
            fail_msg("%s: %s", sql, st ? f->diags.list.data[0].message.p : f->dump.p);
    }
    expect_error(f, "SELECT TUMBLE_START(date_time, INTERVAL '5' SECOND) FROM bid GROUP BY TUMBLE(date_time, INTERVAL '10' SECOND)",
                 WEIR_E_WINDOW, "another", NULL);
    expect_error(f, "SELECT TUMBLE_START(date_time, INTERVAL '5' SECOND) FROM bid GROUP BY auction", WEIR_E_WINDOW,
                 "needs GROUP BY tumble", NULL);
    expect_error(f, "SELECT TUMBLE(date_time, INTERVAL '5' SECOND) FROM bid", WEIR_E_WINDOW, "stands in GROUP BY", NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {T(spellings_agree), T(kinds), T(window_columns), T(table_functions),
                                       T(inner_windows_hide), T(cascades), T(by_value), T(senseless_windows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
