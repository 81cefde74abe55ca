/* test_planner_rank.c: OVER, Top-N, set operations and grouping sets: SQL in, a plan out. */
#include "tests/unit/planner_fixture.h"

static void over(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT auction, row_number() OVER (PARTITION BY auction ORDER BY price DESC) FROM bid",
                "0 scan bid auction,price,date_time\n"
                "1(0) over by auction order price desc; row_number()\n"
                "2(1) project auction, \"row_number() OVER (PARTITION BY auction ORDER BY price DESC)\"\n"
                "3(2) output\n");
    expect_plan(f, "SELECT bidder, sum(price) OVER w, lag(price + 1, 2, 0) OVER w, max(price) OVER (w ROWS "
                   "3 PRECEDING) FROM bid WINDOW w AS (PARTITION BY auction % 2 ORDER BY date_time)",
                "0 scan bid auction,bidder,price,date_time\n"
                "1(0) project bidder, price, date_time, auction % 2, price + 1, 2, 0\n"
                "2(1) over by auction % 2 order date_time; sum(price); lag(price + 1, 2, 0) #4 #5 #6; max(price)\n"
                "3(2) project bidder, \"sum(price) OVER (PARTITION BY auction % 2 ORDER BY date_time)\", \"lag(price "
                "+ 1, 2, 0) OVER (PARTITION BY auction % 2 ORDER BY date_time)\", \"max(price) OVER (PARTITION BY "
                "auction % 2 ORDER BY date_time ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)\"\n"
                "4(3) output\n");
    expect_plan(f, "SELECT rank() OVER (ORDER BY price), rank() OVER (ORDER BY bidder), 1 + rank() OVER "
                   "(ORDER BY price) FROM bid",
                "0 scan bid bidder,price,date_time\n"
                "1(0) project bidder, price, row_position()\n"
                "2(1) over order price; rank()\n"
                "3(2) over order bidder then row_position; rank(); retracts\n"
                "4(3) project \"rank() OVER (ORDER BY price)\", \"rank() OVER (ORDER BY bidder)\", 1 + \"rank() OVER "
                "(ORDER BY price)\"\n"
                "5(4) output\n");
    expect_plan(f, "SELECT first_value(price) OVER (PARTITION BY auction), row_number() OVER (PARTITION BY "
                   "auction) FROM bid",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price, date_time, row_position()\n"
                "2(1) over by auction then date_time; first_value(price) #1\n"
                "3(2) over by auction then row_position; row_number(); retracts\n"
                "4(3) project \"first_value(price) OVER (PARTITION BY auction)\", \"row_number() OVER (PARTITION BY "
                "auction)\"\n"
                "5(4) output\n");
    expect_plan(f, "SELECT auction, sum(price), rank() OVER (ORDER BY sum(price) DESC, auction), "
                   "sum(sum(price)) OVER () FROM bid GROUP BY auction HAVING count(*) > 1",
                "0 scan bid auction,price,date_time\n"
                "1(0) aggregate by auction; sum(price); count()\n"
                "2(1) filter \"count(*)\" > 1\n"
                "3(2) over order sum(price) desc, auction; rank(); retracts\n"
                "4(3) over then auction; sum(\"sum(price)\"); retracts\n"
                "5(4) project auction, \"sum(price)\", \"rank() OVER (ORDER BY \"\"sum(price)\"\" DESC, "
                "auction)\", \"sum(\"\"sum(price)\"\") OVER ()\"\n"
                "6(5) output\n");
    expect_plan(f, "SELECT window_end, auction, rank() OVER (PARTITION BY window_start, window_end ORDER "
                   "BY count(*) DESC) FROM bid WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY auction EMIT "
                   "FINAL",
                "0 scan bid auction,date_time\n"
                "1(0) aggregate by auction; tumbling 10 on date_time; count(); final\n"
                "2(1) over by window_start, window_end order count(*) desc then auction, "
                "window_end; rank(); key window; final\n"
                "3(2) project window_end, auction, \"rank() OVER (PARTITION BY window_start, "
                "window_end ORDER BY \"\"count(*)\"\" DESC)\"\n"
                "4(3) output\n");
    expect_plan(f, "SELECT price, sum(price) OVER (PARTITION BY auction ORDER BY date_time) FROM bid EMIT "
                   "FINAL",
                "0 scan bid auction,price,date_time\n"
                "1(0) over by auction order date_time; sum(price); final\n"
                "2(1) project price, \"sum(price) OVER (PARTITION BY auction ORDER BY date_time)\"\n"
                "3(2) output\n");
}

static void first_rows(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT * FROM (SELECT auction, price, row_number() OVER (PARTITION BY auction ORDER BY "
                   "price DESC) rn FROM bid) t WHERE rn <= 3",
                "0 scan bid auction,price,date_time\n"
                "1(0) top-n by auction order price desc; row_number 0+3 shown\n"
                "2(1) project auction, price, _rank\n"
                "3(2) output\n");
    expect_plan(f, "SELECT price, rn FROM (SELECT auction, price, row_number() OVER (PARTITION BY auction "
                   "ORDER BY price DESC) rn FROM bid) t WHERE rn BETWEEN 2 AND 4 AND auction > 5 AND price "
                   "> 7",
                "0 scan bid auction,price,date_time where auction > 5\n"
                "1(0) top-n by auction order price desc; row_number 1+3 shown\n"
                "2(1) filter price > 7\n"
                "3(2) project price, _rank\n"
                "4(3) output\n");
    expect_plan(f, "SELECT price FROM bid QUALIFY 3 > rank() OVER (ORDER BY price)",
                "0 scan bid price,date_time\n"
                "1(0) top-n order price; rank 0+2\n"
                "2(1) project price\n"
                "3(2) output\n");
    expect_plan(f, "SELECT price FROM bid QUALIFY dense_rank() OVER (ORDER BY price) = 2 OR price = 3",
                "0 scan bid price,date_time\n"
                "1(0) over order price; dense_rank()\n"
                "2(1) filter (\"dense_rank() OVER (ORDER BY price)\" = 2) OR (price = 3)\n"
                "3(2) project price\n"
                "4(3) output\n");
    expect_plan(f, "SELECT price FROM bid QUALIFY row_number() OVER (ORDER BY price) > 2",
                "0 scan bid price,date_time\n"
                "1(0) over order price; row_number()\n"
                "2(1) filter \"row_number() OVER (ORDER BY price)\" > 2\n"
                "3(2) project price\n"
                "4(3) output\n");
    expect_plan(f, "SELECT auction FROM bid QUALIFY row_number() OVER (PARTITION BY auction ORDER BY "
                   "date_time) = 1 EMIT FINAL",
                "0 scan bid auction,date_time\n"
                "1(0) over by auction order date_time; row_number(); final\n"
                "2(1) filter \"row_number() OVER (PARTITION BY auction ORDER BY date_time)\" = 1\n"
                "3(2) project auction\n"
                "4(3) output\n");
    expect_plan(f, "SELECT auction, price * 2 AS p FROM bid WHERE bidder > 1 ORDER BY p DESC, bidder NULLS "
                   "LAST, 1 LIMIT 3 OFFSET 2",
                "0 scan bid auction,bidder,price,date_time where bidder > 1\n"
                "1(0) project auction, bidder, price, price * 2\n"
                "2(1) top-n order price * 2 desc, bidder, auction; row_number 2+3\n"
                "3(2) project auction, price * 2\n"
                "4(3) output\n");
    expect_plan(f, "SELECT price FROM bid ORDER BY price FETCH FIRST 3 ROWS WITH TIES",
                "0 scan bid price,date_time\n"
                "1(0) top-n order price; rank 0+3\n"
                "2(1) project price\n"
                "3(2) output\n");
    expect_plan(f, "SELECT price FROM bid ORDER BY price OFFSET 2 ROWS FETCH FIRST 3 ROWS WITH TIES",
                "0 scan bid price,date_time\n"
                "1(0) project price, row_position()\n"
                "2(1) top-n order price; rank 0+5\n"
                "3(2) top-n order price then row_position; row_number 2+-1; retracts\n"
                "4(3) project price\n"
                "5(4) output\n");
    expect_plan(f, "SELECT max(price) FROM (SELECT price FROM bid LIMIT 3) t",
                "0 scan bid price,date_time\n"
                "1(0) top-n; row_number 0+3\n"
                "2(1) aggregate; max(price); one group; retracts\n"
                "3(2) output\n");
    expect_plan(f, "SELECT DISTINCT ON (auction) price FROM bid ORDER BY auction, date_time DESC",
                "0 scan bid auction,price,date_time\n"
                "1(0) top-n by auction order date_time desc; row_number 0+1\n"
                "2(1) project price\n"
                "3(2) output\n");
    expect_plan(f, "SELECT DISTINCT auction, price FROM bid ORDER BY price LIMIT 2",
                "0 scan bid auction,price,date_time\n"
                "1(0) aggregate by auction, price\n"
                "2(1) top-n order price then auction; row_number 0+2\n"
                "3(2) output\n");
    expect_plan(f, "SELECT id FROM plain UNION ALL SELECT auction FROM bid ORDER BY 1 DESC LIMIT 2",
                "0 scan plain id\n"
                "1 scan bid auction,date_time\n"
                "2(1) project auction\n"
                "3(0,2) union\n"
                "4(3) top-n order id desc; row_number 0+2\n"
                "5(4) output\n");
    expect_plan(f, "CREATE MATERIALIZED VIEW best AS SELECT auction, price FROM bid ORDER BY price DESC "
                   "LIMIT 2",
                "0 scan bid auction,price,date_time\n"
                "1(0) top-n order price desc; row_number 0+2 shown\n"
                "2(1) project auction, price, _rank\n"
                "3(2) view best\n");
    expect_plan(f, "SELECT * FROM best",
                "0 view input best\n"
                "1(0) project auction, price\n"
                "2(1) output\n");
}

static void set_operations(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT auction FROM bid INTERSECT SELECT id FROM plain",
                "0 scan bid auction,date_time\n"
                "1(0) project auction\n"
                "2 scan plain id\n"
                "3(1,2) intersect\n"
                "4(3) output\n");
    expect_plan(f, "SELECT auction, price FROM bid EXCEPT ALL SELECT id, v FROM plain",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, CAST(price AS DOUBLE)\n"
                "2 scan plain id,v\n"
                "3(1,2) except all\n"
                "4(3) output\n");
    expect_plan(f, "SELECT auction FROM bid UNION ALL SELECT bidder FROM bid INTERSECT ALL SELECT price "
                   "FROM bid EXCEPT SELECT id FROM plain",
                "0 scan bid auction,date_time\n"
                "1(0) project auction\n"
                "2 scan bid bidder,date_time\n"
                "3(2) project bidder\n"
                "4 scan bid price,date_time\n"
                "5(4) project price\n"
                "6(3,5) intersect all\n"
                "7(1,6) union\n"
                "8 scan plain id\n"
                "9(7,8) except\n"
                "10(9) output\n");
    expect_plan(f, "SELECT * FROM (SELECT auction a, price p FROM bid EXCEPT SELECT id, id + 1 FROM plain) "
                   "t WHERE a > 3 AND p + 1 > 2",
                "0 scan bid auction,price,date_time where auction > 3\n"
                "1(0) project auction, price\n"
                "2 scan plain id where id > 3\n"
                "3(2) project id, id + 1\n"
                "4(1,3) except\n"
                "5(4) filter (p + 1) > 2\n"
                "6(5) output\n");
    expect_plan(f, "SELECT window_start, window_end, auction FROM bid WINDOW TUMBLING (SIZE 1 SECOND) "
                   "GROUP BY auction INTERSECT SELECT window_start, window_end, bidder FROM bid WINDOW "
                   "TUMBLING (SIZE 1 SECOND) GROUP BY bidder EMIT FINAL",
                "0 scan bid auction,date_time\n"
                "1(0) aggregate by auction; tumbling 1 on date_time; final\n"
                "2(1) project window_start, window_end, auction\n"
                "3 scan bid bidder,date_time\n"
                "4(3) aggregate by bidder; tumbling 1 on date_time; final\n"
                "5(4) project window_start, window_end, bidder\n"
                "6(2,5) intersect; key window\n"
                "7(6) output\n");
}

static void grouping_sets(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT auction, bidder, sum(price), GROUPING(auction, bidder) FROM bid GROUP BY ROLLUP "
                   "(auction, bidder)",
                "0 scan bid auction,bidder,price,date_time where ((auction IS NULL) IS NOT NULL) "
                "AND ((bidder IS NULL) IS NOT NULL) AND ((price IS NULL) IS NOT NULL)\n"
                "1(0) aggregate by auction, bidder; sum(price)\n"
                "2(1) project auction, bidder, \"sum(price)\", 0\n"
                "3(0) aggregate by auction; sum(price)\n"
                "4(3) project auction, NULL, \"sum(price)\", 2\n"
                "5(0) aggregate; sum(price); one group\n"
                "6(5) project NULL, NULL, \"sum(price)\", 3\n"
                "7(2,4,6) union\n"
                "8(7) project auction, bidder, \"sum(price)\", CASE WHEN grouping_id = 0 THEN 0 WHEN "
                "grouping_id = 2 THEN 1 WHEN grouping_id = 3 THEN 3 ELSE 0 END\n"
                "9(8) output\n");
    expect_plan(f, "SELECT auction, count(*) FROM bid GROUP BY auction, GROUPING SETS ((bidder), ()) "
                   "HAVING auction > 3 AND count(*) > 1",
                "0 scan bid auction,bidder,date_time where ((auction IS NULL) IS NOT NULL) AND "
                "((bidder IS NULL) IS NOT NULL) AND (auction > 3)\n"
                "1(0) aggregate by auction, bidder; count()\n"
                "2(1) project auction, bidder, \"count(*)\", 0\n"
                "3(0) aggregate by auction; count()\n"
                "4(3) project auction, NULL, \"count(*)\", 2\n"
                "5(2,4) union\n"
                "6(5) filter \"count(*)\" > 1\n"
                "7(6) project auction, \"count(*)\"\n"
                "8(7) output\n");
    expect_plan(f, "SELECT window_end, window_start, auction, max(price) FROM TUMBLE(bid, date_time, "
                   "INTERVAL '10' SECOND) GROUP BY window_start, window_end, CUBE (auction) EMIT FINAL",
                "0 scan bid auction,price,date_time where ((auction IS NULL) IS NOT NULL) AND "
                "((price IS NULL) IS NOT NULL)\n"
                "1(0) aggregate by auction; tumbling 10 on date_time; max(price); final\n"
                "2(1) project auction, window_start, window_end, \"max(price)\", 0\n"
                "3(0) aggregate; tumbling 10 on date_time; max(price); final\n"
                "4(3) project NULL, window_start, window_end, \"max(price)\", 4\n"
                "5(2,4) union\n"
                "6(5) project window_end, window_start, auction, \"max(price)\"\n"
                "7(6) output\n");
    expect_plan(f, "SELECT auction FROM bid GROUP BY GROUPING SETS (auction, auction)",
                "0 scan bid auction,date_time where (auction IS NULL) IS NOT NULL\n"
                "1(0) aggregate by auction\n"
                "2(1) project auction, 0\n"
                "3(0) aggregate by auction\n"
                "4(3) project auction, 0\n"
                "5(2,4) union\n"
                "6(5) project auction\n"
                "7(6) output\n");
    expect_plan(f, "SELECT max(n) FROM (SELECT channel, count(*) n FROM bid WINDOW TUMBLING (SIZE 1 "
                   "SECOND) GROUP BY ROLLUP ((channel, bidder))) t",
                "0 scan bid bidder,channel,date_time where ((channel IS NULL) IS NOT NULL) AND "
                "((bidder IS NULL) IS NOT NULL)\n"
                "1(0) aggregate by channel, bidder; tumbling 1 on date_time; count()\n"
                "2(1) project channel, bidder, window_start, window_end, \"count(*)\", 0\n"
                "3(0) aggregate; tumbling 1 on date_time; count()\n"
                "4(3) project NULL, NULL, window_start, window_end, \"count(*)\", 3\n"
                "5(2,4) union\n"
                "6(5) aggregate; max(count(*)); one group; retracts\n"
                "7(6) output\n");
}

/* ---- what is refused -------------------------------------------------------------------------- */

static void misplaced(void **state)
{
    Fixture *f = *state;
    expect_error(f, "SELECT price FROM bid WHERE rank() OVER (ORDER BY price) < 3", WEIR_E_WINDOW, "WHERE takes no OVER",
                 "rank() OVER (ORDER BY price)");
    assert_true(str_find(f->diags.list.data[0].hint, S("QUALIFY")) >= 0);
    expect_error(f, "SELECT auction FROM bid GROUP BY auction HAVING rank() OVER () = 1", WEIR_E_WINDOW, "HAVING takes no OVER", NULL);
    expect_error(f, "SELECT count(*) FROM bid GROUP BY rank() OVER ()", WEIR_E_WINDOW, "GROUP BY takes no OVER", NULL);
    expect_error(f, "SELECT sum(rank() OVER ()) FROM bid", WEIR_E_WINDOW, "an aggregate takes no OVER", NULL);
    expect_error(f, "SELECT sum(rank() OVER ()) OVER () FROM bid", WEIR_E_WINDOW, "OVER takes no OVER", NULL);
    expect_error(f, "SELECT rank() FROM bid", WEIR_E_WINDOW, "\"rank\" needs OVER", "rank()");
    expect_error(f, "SELECT abs(price) OVER () FROM bid", WEIR_E_TYPE, "takes no OVER", NULL);
    expect_error(f, "SELECT foo(price) OVER () FROM bid", WEIR_E_NAME, "unknown function", "foo");
    expect_error(f, "SELECT price, rank() OVER (ORDER BY bidder) FROM bid GROUP BY price", WEIR_E_GROUP,
                 "\"bidder\" must be in GROUP BY", "bidder");
}

static void named_windows(void **state)
{
    Fixture *f = *state;
    expect_error(f, "SELECT rank() OVER w FROM bid WINDOW v AS (ORDER BY price)", WEIR_E_NAME, "unknown window \"w\"", "w");
    expect_error(f, "SELECT price FROM bid WINDOW v AS (ORDER BY pric)", WEIR_E_NAME, "unknown column", "pric");
    expect_error(f, "SELECT price FROM bid WINDOW v AS (), v AS ()", WEIR_E_NAME, "declared twice", "v");
    expect_error(f, "SELECT rank() OVER (w PARTITION BY price) FROM bid WINDOW w AS ()", WEIR_E_WINDOW, "PARTITION BY", NULL);
    expect_error(f, "SELECT rank() OVER (w ORDER BY price) FROM bid WINDOW w AS (ORDER BY price)", WEIR_E_WINDOW, "ORDER BY", NULL);
    expect_error(f, "SELECT sum(price) OVER (w) FROM bid WINDOW w AS (ROWS 3 PRECEDING)", WEIR_E_WINDOW, "it has a frame", NULL);
    expect_error(f, "SELECT rank() OVER w FROM bid WINDOW w AS (v), v AS ()", WEIR_E_NAME, "unknown window \"v\"", NULL);
    assert_int_equal(plan_sql(f, "SELECT sum(price) OVER w FROM bid WINDOW v AS (PARTITION BY auction), w AS (v ROWS 3 PRECEDING)"),
                     WEIR_OK);
}

static void frames(void **state)
{
    Fixture *f = *state;
    expect_error(f, "SELECT sum(price) OVER (ORDER BY price, bidder RANGE 1 PRECEDING) FROM bid", WEIR_E_WINDOW,
                 "exactly one ORDER BY column", "1 PRECEDING");
    expect_error(f, "SELECT sum(price) OVER (RANGE 1 PRECEDING) FROM bid", WEIR_E_WINDOW, "exactly one ORDER BY column", NULL);
    expect_error(f, "SELECT sum(price) OVER (ORDER BY channel RANGE 1 PRECEDING) FROM bid", WEIR_E_TYPE, "not TEXT", NULL);
    expect_error(f, "SELECT sum(price) OVER (ORDER BY date_time RANGE 1 PRECEDING) FROM bid", WEIR_E_TYPE, "INTERVAL", "1");
    assert_true(str_find(f->diags.list.data[0].hint, S("SECOND")) >= 0);
    expect_error(f, "SELECT sum(price) OVER (ORDER BY price ROWS -1 PRECEDING) FROM bid", WEIR_E_VALUE, "not negative", "-1");
    expect_error(f, "SELECT sum(price) OVER (ORDER BY price ROWS NULL PRECEDING) FROM bid", WEIR_E_VALUE, "not NULL", NULL);
    expect_error(f, "SELECT sum(price) OVER (ORDER BY price ROWS price PRECEDING) FROM bid", WEIR_E_NAME, "takes a constant", NULL);
    expect_error(f, "SELECT sum(price) OVER (GROUPS 1 PRECEDING) FROM bid", WEIR_E_WINDOW, "GROUPS needs ORDER BY", NULL);
    expect_error(f, "SELECT sum(price) OVER (ROWS UNBOUNDED FOLLOWING) FROM bid", WEIR_E_WINDOW, "does not start", NULL);
    expect_error(f, "SELECT sum(price) OVER (ROWS BETWEEN 1 FOLLOWING AND CURRENT ROW) FROM bid", WEIR_E_WINDOW, "does not end", NULL);
    assert_int_equal(plan_sql(f, "SELECT sum(price) OVER (ORDER BY date_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND "
                                 "INTERVAL '1' SECOND FOLLOWING EXCLUDE TIES) FROM bid"), WEIR_OK);
    const OverFrame *frame = &f->plan->ops[1]->overs[0].frame;
    assert_int_equal(frame->mode, OVER_RANGE);
    assert_int_equal(frame->start.kind, OVER_PRECEDING);
    assert_int_equal(frame->start.offset.iv.us, 3600000000LL);
    assert_int_equal(frame->end.kind, OVER_FOLLOWING);
    assert_int_equal(frame->exclude, OVER_EXCLUDE_TIES);
}

static void finishing(void **state)
{
    Fixture *f = *state;
    expect_error(f, "SELECT rank() OVER (ORDER BY price) FROM bid EMIT FINAL", WEIR_E_EMIT,
                 "\"OVER (ORDER BY price)\" never finishes: its ORDER BY", "(ORDER BY price)");
    expect_error(f, "SELECT rank() OVER (ORDER BY date_time DESC) FROM bid EMIT FINAL", WEIR_E_EMIT, "its ORDER BY", NULL);
    expect_error(f, "SELECT lead(price) OVER (ORDER BY date_time) FROM bid EMIT FINAL", WEIR_E_EMIT, "rows to come", NULL);
    expect_error(f, "SELECT lag(price, -1) OVER (ORDER BY date_time) FROM bid EMIT FINAL", WEIR_E_EMIT, "rows to come", NULL);
    expect_error(f, "SELECT sum(price) OVER (ORDER BY date_time ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) FROM bid EMIT FINAL",
                 WEIR_E_EMIT, "rows to come", NULL);
    expect_error(f, "SELECT price FROM bid ORDER BY date_time LIMIT 3 EMIT FINAL", WEIR_E_EMIT, "never finishes", "date_time");
    expect_error(f, "SELECT DISTINCT ON (auction) price FROM bid EMIT FINAL", WEIR_E_EMIT, "never finishes", NULL);
    expect_error(f, "SELECT auction FROM bid EXCEPT SELECT id FROM plain EMIT FINAL", WEIR_E_EMIT, "\"EXCEPT\" never finishes", NULL);
    expect_error(f, "SELECT approx_count_distinct(n) OVER () FROM (SELECT count(*) n FROM bid GROUP BY auction) t", WEIR_E_RETRACT,
                 "\"GROUP BY auction\" below it", NULL);
    assert_int_equal(plan_sql(f, "SELECT DISTINCT ON (auction) price FROM bid ORDER BY auction, date_time EMIT FINAL"), WEIR_OK);
    assert_true(f->plan->ops[f->plan->nops - 1]->props.is_append_only);
    assert_int_equal(plan_sql(f, "SELECT date_time, lag(price) OVER (PARTITION BY auction ORDER BY date_time) FROM bid EMIT FINAL"), WEIR_OK);
    assert_int_equal(f->plan->ops[f->plan->nops - 1]->props.time_col, 0);
}

static void limits(void **state)
{
    Fixture *f = *state;
    expect_error(f, "SELECT price FROM bid ORDER BY price", WEIR_E_SYNTAX, "in no order", "price");
    expect_error(f, "SELECT price FROM bid ORDER BY 2 LIMIT 3", WEIR_E_NAME, "ORDER BY 2", "2");
    expect_error(f, "SELECT price FROM bid ORDER BY price LIMIT -1", WEIR_E_VALUE, "a number of rows", "-1");
    expect_error(f, "SELECT price FROM bid FETCH FIRST 3 ROWS WITH TIES", WEIR_E_SYNTAX, "WITH TIES needs ORDER BY", NULL);
    expect_error(f, "SELECT DISTINCT price FROM bid ORDER BY bidder LIMIT 3", WEIR_E_SYNTAX, "takes what is selected", "bidder");
    assert_int_equal(plan_sql(f, "SELECT price FROM bid LIMIT 1 + 2"), WEIR_OK);
    assert_int_equal(f->plan->limit, 3);
    assert_int_equal(plan_sql(f, "SELECT price FROM bid ORDER BY price LIMIT 3"), WEIR_OK);
    assert_int_equal(f->plan->limit, -1);
}

/* Rows of a join go by what tells the rows of each side apart, left to right; of a side that has
 * neither positions nor a key that is all of it. */
static void ties_of_joins(void **state)
{
    Fixture *f = *state;
    assert_int_equal(plan_sql(f, "CREATE MATERIALIZED VIEW v AS SELECT id, ok FROM plain"), WEIR_OK);
    expect_plan(f, "SELECT max(price) FROM (SELECT price FROM bid JOIN v ON auction = id LIMIT 3) t",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price, row_position()\n"
                "2 view input v\n"
                "3(1,2) inner join regular on l.auction = r.id\n"
                "4(3) project price, id, ok, row_position\n"
                "5(4) top-n then row_position, id, ok; row_number 0+3\n"
                "6(5) aggregate; max(price); one group; retracts\n"
                "7(6) output\n");
}

/* The rank of a view is a column that * does not show. */
static void stored_rank(void **state)
{
    Fixture *f = *state;
    assert_int_equal(plan_sql(f, "CREATE MATERIALIZED VIEW best AS SELECT price AS _rank FROM bid ORDER BY price LIMIT 3"), WEIR_OK);
    const Relation *r = catalog_find(&f->catalog, S("best"));
    assert_int_equal(r->ncols, 2);
    assert_false(r->cols[0].hidden);
    assert_true(r->cols[1].hidden);
    assert_string_equal(r->cols[1].name.p, "_rank_");
    assert_int_equal(plan_sql(f, "SELECT * FROM best"), WEIR_OK);
    assert_int_equal(f->plan->ops[f->plan->nops - 1]->nfields, 1);
    assert_int_equal(plan_sql(f, "CREATE MATERIALIZED VIEW plain_one AS SELECT price FROM (SELECT price FROM bid LIMIT 3) t"), WEIR_OK);
    assert_int_equal(catalog_find(&f->catalog, S("plain_one"))->ncols, 1);
}

static void grouping(void **state)
{
    Fixture *f = *state;
    expect_error(f, "SELECT GROUPING(price) FROM bid GROUP BY ROLLUP (auction)", WEIR_E_GROUP, "GROUPING takes what is in GROUP BY",
                 "price");
    expect_error(f, "SELECT sum(GROUPING(auction)) FROM bid GROUP BY ROLLUP (auction)", WEIR_E_GROUP, "an aggregate takes no GROUPING",
                 NULL);
    expect_error(f, "SELECT 1 FROM bid WHERE GROUPING(auction) = 1 GROUP BY ROLLUP (auction)", WEIR_E_GROUP, "WHERE takes no GROUPING",
                 NULL);
    expect_error(f, "SELECT count(*) FROM bid GROUP BY ROLLUP (TUMBLE(date_time, INTERVAL '1' SECOND), auction)", WEIR_E_WINDOW,
                 "the window belongs to every grouping set", NULL);
    assert_int_equal(plan_sql(f, "SELECT count(*) FROM bid GROUP BY TUMBLE(date_time, INTERVAL '1' SECOND), ROLLUP (auction)"), WEIR_OK);
    expect_error(f, "SELECT price FROM bid GROUP BY CUBE (auction)", WEIR_E_GROUP, "\"price\" must be in GROUP BY", "price");
    expect_error(f, "SELECT 1 FROM bid GROUP BY CUBE (auction, bidder, price, channel), CUBE (auction, bidder, price, channel), "
                    "ROLLUP (auction)", WEIR_E_LIMIT, "at most 256 grouping sets", NULL);
    expect_error(f, "SELECT auction FROM bid GROUP BY ROLLUP (auction) EMIT FINAL", WEIR_E_EMIT, "never finishes", NULL);
    assert_int_equal(plan_sql(f, "SELECT auction, count(*) FROM bid GROUP BY ROLLUP (auction)"), WEIR_OK);
    assert_int_equal(f->plan->ops[f->plan->nops - 1]->props.nkey, 0);
    assert_int_equal(plan_sql(f, "SELECT GROUPING(auction), auction FROM bid GROUP BY auction"), WEIR_OK);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {T(over), T(first_rows), T(set_operations), T(grouping_sets), T(misplaced), T(named_windows), T(frames), T(finishing), T(limits), T(ties_of_joins), T(stored_rank), T(grouping)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
