/* test_planner_errors.c: what is refused, with which code, and where the caret stands. */
#include "tests/unit/planner_fixture.h"

static void names(void **state)
{
    Fixture *f = *state;
    expect_error(f, "SELECT auctio FROM bid", WEIR_E_NAME, "unknown column \"auctio\"", "auctio");
    assert_true(str_find(f->diags.list.data[0].hint, S("auction")) >= 0);
    expect_error(f, "SELECT * FROM bids", WEIR_E_NAME, "unknown stream or view \"bids\"", "bids");
    assert_true(str_find(f->diags.list.data[0].hint, S("bid")) >= 0);
    expect_error(f, "SELECT lenght(channel) FROM bid", WEIR_E_NAME, "unknown function", "lenght");
    assert_true(str_find(f->diags.list.data[0].hint, S("length")) >= 0);
    expect_error(f, "SELECT x.price FROM bid", WEIR_E_NAME, "unknown column \"x.price\"", "x.price");
    expect_error(f, "SELECT x.* FROM bid", WEIR_E_NAME, "no \"x\" in FROM", NULL);
    expect_error(f, "SELECT a FROM (SELECT auction a, price a FROM bid) t", WEIR_E_NAME, "ambiguous", "a");
    expect_error(f, "SELECT price FROM bid GROUP BY 7", WEIR_E_NAME, "GROUP BY 7", "7");
    expect_error(f, "SELECT is_null(price) FROM bid", WEIR_E_NAME, "unknown function", "is_null");
    expect_error(f, "SELECT price FROM bid LIMIT price", WEIR_E_NAME, "LIMIT takes a constant", "price");
}

/* All errors of a select list are reported, not only the first. */
static void several(void **state)
{
    Fixture *f = *state;
    expect_error(f, "SELECT auctio, price, foo(1), sum(channel) FROM bid WHERE pric > 1 GROUP BY auction, nope",
                 WEIR_E_NAME, "pric", "pric");
    assert_int_equal(f->diags.list.len, 5);
    expect_error(f, "SELECT price, bidder FROM bid GROUP BY auction", WEIR_E_GROUP, "\"price\" must be in GROUP BY", "price");
    assert_int_equal(f->diags.list.len, 2);
}

static void types(void **state)
{
    Fixture *f = *state;
    expect_error(f, "SELECT channel + 1 FROM bid", WEIR_E_TYPE, "operator \"+\" does not take (TEXT, BIGINT)", "channel + 1");
    expect_error(f, "SELECT sum(channel) FROM bid", WEIR_E_TYPE, "candidates: sum(BIGINT), sum(DOUBLE)", "sum(channel)");
    expect_error(f, "SELECT count(price, 1) FROM bid", WEIR_E_TYPE, "no \"count\" takes", NULL);
    expect_error(f, "SELECT sum(*) FROM bid", WEIR_E_TYPE, "does not take *", NULL);
    expect_error(f, "SELECT * FROM bid WHERE price", WEIR_E_TYPE, "WHERE takes a BOOLEAN", "price");
    expect_error(f, "SELECT ok AND id FROM plain", WEIR_E_TYPE, "AND takes a BOOLEAN", "id");
    expect_error(f, "SELECT CASE WHEN ok THEN 1 ELSE note END FROM plain", WEIR_E_TYPE, "no common type of BIGINT, TEXT", NULL);
    expect_error(f, "SELECT coalesce(note, 1) FROM plain", WEIR_E_TYPE, "no common type", NULL);
    expect_error(f, "SELECT id IN (1, note) FROM plain", WEIR_E_TYPE, "no common type", NULL);
    expect_error(f, "SELECT CAST(ts AS BIGINT) FROM plain", WEIR_E_TYPE, "cannot be cast", NULL);
    expect_error(f, "SELECT CAST(id AS BIGIN) FROM plain", WEIR_E_TYPE, "unknown type", "BIGIN");
    expect_error(f, "SELECT CAST(id AS DECIMAL(50)) FROM plain", WEIR_E_TYPE, "1 to 38 digits", NULL);
    expect_error(f, "SELECT CAST(ts AS TIMESTAMP(9)) FROM plain", WEIR_E_TYPE, "0 to 6", NULL);
    expect_error(f, "SELECT id FROM plain UNION ALL SELECT note FROM plain", WEIR_E_TYPE, "no common type", NULL);
    expect_error(f, "SELECT id FROM plain UNION ALL SELECT id, note FROM plain", WEIR_E_TYPE, "has 2 columns", NULL);
    expect_error(f, "VALUES (1), (2, 3)", WEIR_E_TYPE, "has 2 values", NULL);
    expect_error(f, "SELECT lower(DISTINCT note) FROM plain", WEIR_E_TYPE, "belongs to an aggregate", NULL);
}

static void groups(void **state)
{
    Fixture *f = *state;
    expect_error(f, "SELECT max(sum(price)) FROM bid", WEIR_E_GROUP, "inside an aggregate", "sum(price)");
    expect_error(f, "SELECT * FROM bid WHERE count(*) > 1", WEIR_E_GROUP, "WHERE takes no aggregate", "count(*)");
    expect_error(f, "SELECT count(*) FROM bid GROUP BY count(*)", WEIR_E_GROUP, "GROUP BY takes no aggregate", NULL);
    expect_error(f, "SELECT * FROM bid WINDOW TUMBLING (SIZE 1 SECOND)", WEIR_E_GROUP, "\"auction\" must be in GROUP BY", "*");
    expect_error(f, "SELECT auction FROM bid HAVING auction > 1", WEIR_E_GROUP, "must be in GROUP BY", "auction");
}

static void emit(void **state)
{
    Fixture *f = *state;
    expect_error(f, "SELECT auction, count(*) FROM bid GROUP BY auction EMIT FINAL", WEIR_E_EMIT,
                 "\"GROUP BY auction\" never finishes", "auction");
    expect_error(f, "SELECT DISTINCT auction FROM bid EMIT FINAL", WEIR_E_EMIT, "\"DISTINCT\" never finishes", NULL);
    expect_error(f, "SELECT count(*) FROM bid EMIT FINAL", WEIR_E_EMIT, "aggregate without GROUP BY", NULL);
    expect_error(f, "SELECT count(*) FROM bid WINDOW GLOBAL (TRIGGER EVERY 3 ROWS) EMIT FINAL", WEIR_E_EMIT, "no end", NULL);
    expect_error(f, "SELECT max(c) FROM (SELECT count(*) c FROM bid GROUP BY auction) t EMIT FINAL", WEIR_E_EMIT,
                 "\"GROUP BY auction\" never finishes", "auction");
    assert_int_equal(plan_sql(f, "CREATE VIEW v AS SELECT auction, count(*) n FROM bid GROUP BY auction"), WEIR_OK);
    expect_error(f, "SELECT n FROM v EMIT FINAL", WEIR_E_EMIT, "\"GROUP BY auction\"", "v");
    assert_int_equal(plan_sql(f, "SELECT * FROM bid EMIT FINAL"), WEIR_OK);
    assert_int_equal(plan_sql(f, "SELECT count(*) FROM bid WINDOW COUNT (SIZE 3 ROWS) EMIT FINAL"), WEIR_OK);
    assert_true(f->plan->ops[f->plan->nops - 1]->props.is_append_only);
}

static void retraction(void **state)
{
    Fixture *f = *state;
    const char *sql = "SELECT approx_count_distinct(c) FROM (SELECT auction, count(*) c FROM bid GROUP BY auction) t";
    expect_error(f, sql, WEIR_E_RETRACT, "\"GROUP BY auction\" below it", "approx_count_distinct(c)");
    expect_error(f, "SELECT count(*) FROM (SELECT count(*) c FROM bid GROUP BY auction) t WINDOW COUNT (SIZE 3 ROWS)",
                 WEIR_E_RETRACT, "\"count\" cannot take rows back", NULL);
    assert_int_equal(plan_sql(f, "CREATE MATERIALIZED VIEW v AS SELECT auction, count(*) n FROM bid GROUP BY auction"), WEIR_OK);
    expect_error(f, "SELECT approx_count_distinct(n) FROM v", WEIR_E_RETRACT, "\"v\" below it", NULL);
    expect_error(f, "SELECT sum(n) FROM v WINDOW GLOBAL (TRIGGER EVERY 3 ROWS)", WEIR_E_RETRACT, "\"global\"", NULL);
    assert_int_equal(plan_sql(f, "SELECT approx_count_distinct(auction) FROM bid"), WEIR_OK);
    assert_int_equal(plan_sql(f, "SELECT approx_count_distinct(c) FROM (SELECT count(*) c FROM bid WINDOW TUMBLING "
                                 "(SIZE 1 SECOND)) t WINDOW COUNT (SIZE 3 ROWS) EMIT FINAL"), WEIR_OK);
    f->p.strict = true;
    expect_error(f, "SELECT auction, count(*) FROM bid GROUP BY auction", WEIR_E_LIMIT, "strict", NULL);
    assert_int_equal(plan_sql(f, "SELECT auction, count(*) FROM bid WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY auction"), WEIR_OK);
}

static void not_built(void **state)
{
    Fixture *f = *state;
    static const char *const CASES[] = {
        "SELECT now() FROM bid",
        "SELECT * FROM bid WHERE date_time > now() - INTERVAL '1' HOUR",
        "WITH RECURSIVE r AS (SELECT 1) SELECT * FROM r",
        "SELECT * FROM UNNEST(ARRAY[1, 2]) AS u(x)",
        "SELECT ARRAY[1, 2]",
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Status st = plan_sql(f, CASES[i]);
        if (st != WEIR_E_UNSUPPORTED) fail_msg("%s: %s", CASES[i], st ? f->diags.list.data[0].message.p : f->dump.p);
        if (f->diags.list.data[0].span.line == 0) fail_msg("%s: no place", CASES[i]);
    }
}

/* random() is a function of a stream's row. */
static void derived_rows(void **state)
{
    Fixture *f = *state;
    static const char *const CASES[] = {
        "SELECT random() FROM (SELECT count(*) FROM bid) t",
        "SELECT random() FROM bid GROUP BY price",
        "SELECT random(), row_number() OVER () FROM bid",
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        expect_error(f, CASES[i], WEIR_E_TYPE, "is a function of a stream's row, and these rows are derived", NULL);
}

static void limits(void **state)
{
    Fixture *f = *state;
    assert_int_equal(plan_sql(f, "CREATE VIEW v0 AS SELECT auction FROM bid"), WEIR_OK);
    for (int i = 1; i < 12; i++) {
        const char *sql = str_printf(&f->arena, "CREATE VIEW v%d AS SELECT auction FROM v%d UNION ALL SELECT * FROM v%d "
                                                "UNION ALL SELECT * FROM v%d", i, i - 1, i - 1, i - 1).p;
        Status st = plan_sql(f, sql);
        if (st == WEIR_OK) continue;
        assert_int_equal(st, WEIR_E_LIMIT);
        return;
    }
    fail_msg("views that grow without end were planned");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {T(names), T(several), T(types), T(groups), T(emit), T(retraction),
                                       T(not_built), T(derived_rows), T(limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
