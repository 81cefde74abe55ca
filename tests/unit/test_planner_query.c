/* test_planner_query.c: SQL in, a plan out. */
#include "tests/unit/planner_fixture.h"

static Str field(Fixture *f, int i)
{
    const PhysOp *root = f->plan->ops[f->plan->nops - 1];
    return str_printf(&f->arena, "%.*s %.*s", STR_ARG(root->fields[i].name),
                      STR_ARG(type_name(root->fields[i].type, &f->arena)));
}
#define expect_field(f, i, text) assert_string_equal(field((f), (i)).p, (text))

static void plain_queries(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT * FROM bid",
                "0 scan bid auction,bidder,price,channel,date_time\n"
                "1(0) output\n");
    assert_int_equal(f->plan->limit, -1);
    expect_plan(f, "SELECT auction AS a, b.price * 2 FROM bid b WHERE price > 100 LIMIT 5",
                "0 scan bid auction,price,date_time where price > 100\n"
                "1(0) project auction, price * 2\n"
                "2(1) output\n");
    assert_int_equal(f->plan->limit, 5);
    expect_field(f, 0, "a BIGINT");
    expect_plan(f, "SELECT b.*, 1 FROM bid AS b(x)",
                "0 scan bid auction,bidder,price,channel,date_time\n"
                "1(0) project auction, bidder, price, channel, date_time, 1\n"
                "2(1) output\n");
    expect_field(f, 0, "x BIGINT");
    expect_field(f, 1, "bidder BIGINT");
    expect_plan(f, "SELECT 1 + 1", "0 values 1x1\n1(0) project 2\n2(1) output\n");
    expect_plan(f, "VALUES (1, 'a'), (2.5, NULL)", "0 values 2x2\n1(0) output\n");
}

static void names_and_types(void **state)
{
    Fixture *f = *state;
    assert_int_equal(plan_sql(f, "SELECT id + v, id + d, v + d, NULL, 0.908, 1e3, -9223372036854775808, "
                                 "99999999999999999999, 'x', ts - ts, day, CAST(id AS SMALLINT), count(id), "
                                 "count(v) FROM plain GROUP BY id, v, d, ts, day"), WEIR_OK);
    expect_field(f, 0, "column1 DOUBLE");
    expect_field(f, 1, "column2 DECIMAL(38, 2)");
    expect_field(f, 2, "column3 DOUBLE");
    expect_field(f, 3, "column4 TEXT");
    expect_field(f, 4, "column5 DECIMAL(3, 3)");
    expect_field(f, 5, "column6 DOUBLE");
    expect_field(f, 6, "column7 BIGINT");
    expect_field(f, 7, "column8 DECIMAL(20, 0)");
    expect_field(f, 8, "column9 TEXT");
    expect_field(f, 9, "column10 INTERVAL");
    expect_field(f, 10, "day DATE");
    expect_field(f, 11, "id SMALLINT");
    expect_field(f, 12, "count BIGINT");
    expect_field(f, 13, "count_1 BIGINT");
    assert_int_equal(plan_sql(f, "SELECT greatest(id, 2.5), greatest(note, 'x'), greatest('1', id), "
                                 "coalesce(NULL, day, ts), CASE WHEN ok THEN 1 ELSE v END FROM plain"), WEIR_OK);
    expect_field(f, 0, "greatest DECIMAL(20, 1)");
    expect_field(f, 1, "greatest_1 TEXT");
    expect_field(f, 2, "greatest_2 BIGINT");
    expect_field(f, 3, "coalesce TIMESTAMP(6)");
    expect_field(f, 4, "case DOUBLE");
}

static void literals_take_the_other_type(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT auction FROM bid WHERE date_time >= '2024-01-31'",
                "0 scan bid auction,date_time where date_time >= TIMESTAMP '2024-01-31 00:00:00.000'\n"
                "1(0) project auction\n"
                "2(1) output\n");
    /* digits beyond the column's are kept */
    expect_plan(f, "SELECT date_time < '2024-01-31 00:00:00.0005' FROM bid",
                "0 scan bid date_time\n"
                "1(0) project date_time < TIMESTAMP '2024-01-31 00:00:00.000500'\n"
                "2(1) output\n");
    expect_plan(f, "SELECT id FROM plain WHERE id = '5' AND ts - '2024-01-31' < '1 day'",
                "0 scan plain id,ts where (id = 5) AND ((ts - TIMESTAMP '2024-01-31 00:00:00.000000') < INTERVAL '1 day')\n"
                "1(0) project id\n"
                "2(1) output\n");
    expect_error(f, "SELECT * FROM bid WHERE date_time > 'soon'", WEIR_E_VALUE, "does not read as TIMESTAMP(3)", "'soon'");
    expect_error(f, "SELECT id = 'x' FROM plain", WEIR_E_VALUE, "does not read as BIGINT", "'x'");
}

static void forms(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT id BETWEEN 1 AND 3, id NOT IN (1, 2), note IS NOT NULL, id IS NOT DISTINCT FROM 1, "
                   "NULLIF(id, 0), id + id + id, NOT ok AND ok, ok IS NOT TRUE, note NOT LIKE 'a%' FROM plain",
                "0 scan plain id,note,ok\n"
                "1(0) project (id >= 1) AND (id <= 3), NOT (id IN (1, 2)), note IS NOT NULL, "
                "id IS NOT DISTINCT FROM 1, CASE WHEN id = 0 THEN NULL ELSE id END, (id + id) + id, "
                "(NOT ok) AND ok, is_not_true(ok), NOT (note LIKE 'a%')\n"
                "2(1) output\n");
    expect_plan(f, "SELECT EXTRACT(YEAR FROM ts), CASE id WHEN 1 THEN 'a' ELSE NULL END FROM plain",
                "0 scan plain id,ts\n"
                "1(0) project extract('year', ts), CASE WHEN id = 1 THEN 'a' ELSE NULL END\n"
                "2(1) output\n");
}

static void groups(void **state)
{
    Fixture *f = *state;
    const char *plan = "0 scan bid auction,price,date_time\n"
                       "1(0) project auction + 1, price\n"
                       "2(1) aggregate by auction + 1; count(); sum(price)\n";
    expect_plan(f, "SELECT auction + 1, count(*), sum(price) FROM bid GROUP BY auction + 1",
                str_printf(&f->arena, "%s3(2) output\n", plan).p);
    expect_plan(f, "SELECT auction + 1 AS a, count(*), sum(price) FROM bid GROUP BY a",
                str_printf(&f->arena, "%s3(2) output\n", plan).p);
    expect_plan(f, "SELECT auction + 1, count(*), sum(price) FROM bid GROUP BY 1",
                str_printf(&f->arena, "%s3(2) output\n", plan).p);
    expect_plan(f, "SELECT (auction + 1) * 2, sum(price) + sum(price), count(*) FROM bid GROUP BY auction + 1 "
                   "HAVING count(*) > 1",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction + 1, price\n"
                "2(1) aggregate by auction + 1; sum(price); count()\n"
                "3(2) filter \"count(*)\" > 1\n"
                "4(3) project \"auction + 1\" * 2, \"sum(price)\" + \"sum(price)\", \"count(*)\"\n"
                "5(4) output\n");
    expect_plan(f, "SELECT count(*) FROM bid",
                "0 scan bid date_time\n1(0) aggregate; count(); one group\n2(1) output\n");
    expect_plan(f, "SELECT DISTINCT channel FROM bid",
                "0 scan bid channel,date_time\n1(0) aggregate by channel\n2(1) output\n");
    assert_true(f->plan->ops[1]->props.is_append_only);
}

static void aggregates(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT last_value(price), string_agg(channel, ',' ORDER BY price DESC), "
                   "count(DISTINCT bidder) FILTER (WHERE price > 10), last_value(channel IGNORE NULLS) FROM bid",
                "0 scan bid bidder,price,channel,date_time\n"
                "1(0) project price, date_time, channel, ',', bidder, price > 10, channel IS NOT NULL\n"
                "2(1) aggregate; last_value(price) order date_time by position; "
                "string_agg(channel, ',') order price desc by position; "
                "count(bidder) distinct if price > 10; "
                "last_value(channel) if channel IS NOT NULL order date_time by position; one group\n"
                "3(2) output\n");
    assert_non_null(f->plan->ops[2]->aggs[1].consts[1]);
    assert_string_equal(str_cstr(&f->arena, f->plan->ops[2]->aggs[1].consts[1]->s), ",");
    assert_null(f->plan->ops[2]->aggs[1].consts[0]);
    expect_plan(f, "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY price) FROM bid",
                "0 scan bid price,date_time\n"
                "1(0) project CAST(price AS DOUBLE), CAST(0.5 AS DOUBLE)\n"
                "2(1) aggregate; percentile_cont(CAST(price AS DOUBLE), CAST(0.5 AS DOUBLE)); one group\n"
                "3(2) output\n");
    /* without positions the key, else all columns, order the rows */
    expect_plan(f, "SELECT last_value(c) FROM (SELECT auction, count(*) AS c FROM bid GROUP BY auction) AS t",
                "0 scan bid auction,date_time\n"
                "1(0) aggregate by auction; count()\n"
                "2(1) aggregate; last_value(count(*)) order auction; one group; retracts\n"
                "3(2) output\n");
}

static void unions(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT auction, date_time FROM bid WHERE price > 1 UNION ALL SELECT id, ts FROM plain",
                "0 scan bid auction,price,date_time where price > 1\n"
                "1(0) project auction, CAST(date_time AS TIMESTAMP(6))\n"
                "2 scan plain id,ts\n"
                "3(1,2) union\n"
                "4(3) output\n");
    assert_int_equal(f->plan->ops[0]->stream_rank, 0);
    assert_int_equal(f->plan->ops[2]->stream_rank, 1);
    assert_int_equal(f->plan->ops[1]->props.time_col, 1);
    assert_int_equal(f->plan->ops[3]->props.time_col, -1);
    expect_plan(f, "SELECT n FROM (SELECT auction AS n, channel FROM bid UNION SELECT id, note FROM plain) AS u "
                   "WHERE n > 7",
                "0 scan bid auction,channel,date_time where auction > 7\n"
                "1(0) project auction, channel\n"
                "2 scan plain id,note where id > 7\n"
                "3(1,2) union\n"
                "4(3) aggregate by n, channel\n"
                "5(4) project n\n"
                "6(5) output\n");
}

static void views(void **state)
{
    Fixture *f = *state;
    assert_int_equal(plan_sql(f, "CREATE VIEW dear AS SELECT auction, price AS p, date_time FROM bid WHERE price > 10"), WEIR_OK);
    expect_plan(f, "WITH x AS (SELECT auction, p FROM dear), y(a, q) AS (SELECT * FROM x WHERE p < 90) "
                   "SELECT a, max(q) FROM y GROUP BY a",
                "0 scan bid auction,price,date_time where (price > 10) AND (price < 90)\n"
                "1(0) aggregate by auction; max(price)\n"
                "2(1) output\n");
    expect_plan(f, "CREATE MATERIALIZED VIEW w AS SELECT auction, window_start, window_end, window_time, count(*) c "
                   "FROM dear WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY auction",
                "0 scan bid auction,price,date_time where price > 10\n"
                "1(0) aggregate by auction; tumbling 10 on date_time; count()\n"
                "2(1) project auction, window_start, window_end, window_end - INTERVAL '00:00:00.001', \"count(*)\"\n"
                "3(2) view w\n");
    Relation *w = catalog_find(&f->catalog, S("w"));
    assert_int_equal(w->watermark.col, 3);
    assert_int_equal(w->ndepends, 2);
    assert_int_equal(w->nkey, 2);
    assert_int_equal(w->key[1], 2);
    assert_false(w->is_append_only);
    expect_plan(f, "SELECT window_start, window_end, max(c) FROM w GROUP BY window_start, window_end EMIT FINAL",
                "0 view input w\n"
                "1(0) aggregate by window_start, window_end; max(c); key window; final; retracts\n"
                "2(1) output\n");
    expect_plan(f, "SELECT auction, sum(c) FROM w WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY auction",
                "0 view input w\n"
                "1(0) aggregate by auction; tumbling 60 on window_time; sum(c); retracts\n"
                "2(1) project auction, \"sum(c)\"\n"
                "3(2) output\n");
}

static void push_or_pull(void **state)
{
    Fixture *f = *state;
    static const struct {
        const char *sql;
        bool is_push;
    } CASES[] = {
        {"SELECT * FROM bid", true},
        {"SELECT * FROM w", false},
        {"SELECT * FROM dear", true},
        {"SELECT * FROM over_w", false},
        {"SELECT 1", false},
        {"SELECT * FROM w WHERE c IN (SELECT price FROM bid)", true},
        {"WITH bid AS (SELECT * FROM w) SELECT * FROM bid", false},
        {"SELECT * FROM TUMBLE(bid, date_time, INTERVAL '1' SECOND)", true},
        {"SELECT * FROM TABLE(TUMBLE(TABLE w, DESCRIPTOR(window_time), INTERVAL '1' SECOND))", false},
        {"SELECT c FROM w UNION ALL SELECT price FROM bid", true},
    };
    assert_int_equal(plan_sql(f, "CREATE VIEW dear AS SELECT * FROM bid WHERE price > 10"), WEIR_OK);
    assert_int_equal(plan_sql(f, "CREATE MATERIALIZED VIEW w AS SELECT window_time, count(*) c FROM bid "
                                 "WINDOW TUMBLING (SIZE 1 SECOND)"), WEIR_OK);
    assert_int_equal(plan_sql(f, "CREATE VIEW over_w AS SELECT * FROM w"), WEIR_OK);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        bool is_push = !CASES[i].is_push;
        assert_int_equal(plan_is_push(&f->p, parse_one(f, CASES[i].sql)->select, &is_push), WEIR_OK);
        if (is_push != CASES[i].is_push) fail_msg("%s", CASES[i].sql);
    }
    bool out;
    assert_int_equal(plan_is_push(&f->p, parse_one(f, "SELECT * FROM nowhere")->select, &out), WEIR_E_NAME);
}

static void scalars(void **state)
{
    Fixture *f = *state;
    Select *q = parse_one(f, "SELECT price + 1, pric, now() FROM bid")->select;
    const Relation *bid = catalog_find(&f->catalog, S("bid"));
    BExpr *e;
    assert_int_equal(plan_scalar(&f->p, q->items.data[0].expr, bid, &e), WEIR_OK);
    assert_int_equal(e->args[0]->col, 2);
    assert_true(e->can_fail);
    assert_int_equal(plan_scalar(&f->p, q->items.data[1].expr, bid, &e), WEIR_E_NAME);
    assert_int_equal(plan_scalar(&f->p, q->items.data[2].expr, NULL, &e), WEIR_OK);
    assert_int_equal(plan_scalar(&f->p, q->items.data[0].expr, NULL, &e), WEIR_E_NAME);
    BExpr *cast;
    e = bexpr_column(&f->arena, 0, TYPE_OF(TYPE_TEXT), (Span){0});
    assert_int_equal(plan_cast(&f->p, e, TYPE_BIGINT_, true, &cast), WEIR_E_TYPE);
    assert_int_equal(plan_cast(&f->p, e, TYPE_BIGINT_, false, &cast), WEIR_OK);
    assert_true(cast->can_fail);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {T(plain_queries), T(names_and_types), T(literals_take_the_other_type),
                                       T(forms), T(groups), T(aggregates), T(unions), T(views), T(push_or_pull),
                                       T(scalars)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
