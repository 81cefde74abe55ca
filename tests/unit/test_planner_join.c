/* test_planner_join.c: joins: what is found in their conditions, where filters and columns go, what is
 * known of their rows. */
#include "tests/unit/planner_fixture.h"
#include "planner/rewrite/rewrite.h"

static void conditions(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT b.price, p.note FROM bid b JOIN plain p ON b.auction = p.id",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id,note\n"
                "3(1,2) inner join regular on l.auction = r.id\n"
                "4(3) project price, note\n"
                "5(4) output\n");
    expect_plan(f, "SELECT b.price, p.note FROM bid b, plain p WHERE p.id = b.auction AND b.price > 3 AND p.ok AND b.price < p.v",
                "0 scan bid auction,price,date_time where price > 3\n"
                "1(0) project auction, price\n"
                "2 scan plain id,v,note,ok where ok\n"
                "3(2) project id, v, note\n"
                "4(1,3) inner join regular on l.auction = r.id and CAST(\"l.price\" AS DOUBLE) < \"r.v\"\n"
                "5(4) project price, note\n"
                "6(5) output\n");
    expect_plan(f, "SELECT b.price FROM bid b JOIN plain p ON b.auction + 1 = p.id AND b.channel IS NOT DISTINCT FROM p.note",
                "0 scan bid auction,price,channel,date_time\n"
                "1(0) project price, channel, auction + 1\n"
                "2 scan plain id,note\n"
                "3(1,2) inner join regular on l.auction + 1 = r.id, l.channel == r.note\n"
                "4(3) project price\n"
                "5(4) output\n");
    expect_plan(f, "SELECT b.price FROM bid b JOIN plain p ON b.price = p.v AND TRUE",
                "0 scan bid price,date_time\n"
                "1(0) project price, CAST(price AS DOUBLE)\n"
                "2 scan plain v\n"
                "3(1,2) inner join regular on l.CAST(price AS DOUBLE) = r.v\n"
                "4(3) project price\n"
                "5(4) output\n");
    expect_plan(f, "SELECT b.price, p.id FROM bid b CROSS JOIN plain p",
                "0 scan bid price,date_time\n"
                "1(0) project price\n"
                "2 scan plain id\n"
                "3(1,2) inner join regular\n"
                "4(3) output\n");
    expect_plan(f, "SELECT x.price FROM bid x JOIN bid y ON x.auction = y.auction AND x.auction = y.auction OR x.price = 1",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan bid auction,date_time\n"
                "3(2) project auction\n"
                "4(1,3) inner join regular and ((\"l.auction\" = \"r.auction\") AND (\"l.auction\" = \"r.auction\")) "
                "OR (\"l.price\" = 1)\n"
                "5(4) project price\n"
                "6(5) output\n");
}

/* What is about one side only goes below where no row is padded for it. */
static void one_side(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT b.price, p.v FROM bid b LEFT JOIN plain p ON b.auction = p.id AND b.price > 3 AND p.v > 0",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id,v where v > 0.0e0\n"
                "3(1,2) left join regular on l.auction = r.id and \"l.price\" > 3\n"
                "4(3) project price, v\n"
                "5(4) output\n");
    expect_plan(f, "SELECT b.price, p.v FROM bid b RIGHT JOIN plain p ON b.auction = p.id AND b.price > 3 AND p.v > 0",
                "0 scan bid auction,price,date_time where price > 3\n"
                "1(0) project auction, price\n"
                "2 scan plain id,v\n"
                "3(1,2) right join regular on l.auction = r.id and \"r.v\" > 0.0e0\n"
                "4(3) project price, v\n"
                "5(4) output\n");
    expect_plan(f, "SELECT b.price, p.v FROM bid b FULL JOIN plain p ON b.auction = p.id AND b.price > 3 AND p.v > 0",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id,v\n"
                "3(1,2) full join regular on l.auction = r.id and (\"l.price\" > 3) AND (\"r.v\" > 0.0e0)\n"
                "4(3) project price, v\n"
                "5(4) output\n");
    expect_plan(f, "SELECT b.price, p.v FROM bid b LEFT JOIN plain p ON b.auction = p.id WHERE b.price > 3 AND p.v > 0",
                "0 scan bid auction,price,date_time where price > 3\n"
                "1(0) project auction, price\n"
                "2 scan plain id,v\n"
                "3(1,2) left join regular on l.auction = r.id\n"
                "4(3) filter v > 0.0e0\n"
                "5(4) project price, v\n"
                "6(5) output\n");
    expect_plan(f, "SELECT t.price FROM (SELECT b.price, p.v, p.id FROM bid b LEFT JOIN plain p ON b.auction = p.id) t "
                   "WHERE t.price > 3 AND t.id IS NULL",
                "0 scan bid auction,price,date_time where price > 3\n"
                "1(0) project auction, price\n"
                "2 scan plain id\n"
                "3(1,2) left join regular on l.auction = r.id\n"
                "4(3) filter id IS NULL\n"
                "5(4) project price\n"
                "6(5) output\n");
    /* what can fail stays where it is asked, errors being part of the answer */
    expect_plan(f, "SELECT b.price FROM bid b JOIN plain p ON b.auction = p.id WHERE b.price + 1 > 3 AND b.bidder + 1 = p.id",
                "0 scan bid auction,bidder,price,date_time\n"
                "1(0) project auction, bidder, price\n"
                "2 scan plain id\n"
                "3(1,2) inner join regular on l.auction = r.id\n"
                "4(3) filter ((price + 1) > 3) AND ((bidder + 1) = id)\n"
                "5(4) project price\n"
                "6(5) output\n");
    expect_plan(f, "SELECT b.price FROM bid b JOIN plain p ON b.auction = p.id AND b.price + 1 > p.v",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price, CAST(price + 1 AS DOUBLE)\n"
                "2 scan plain id,v\n"
                "3(1,2) inner join regular on l.auction = r.id and \"l.CAST(price + 1 AS DOUBLE)\" > \"r.v\"\n"
                "4(3) project price\n"
                "5(4) output\n");
}

static void several(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT a.price FROM bid a, plain p, bid c WHERE a.auction = p.id AND c.bidder = p.id AND c.price > 7",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id\n"
                "3(1,2) inner join regular on l.auction = r.id\n"
                "4(3) project price, id\n"
                "5 scan bid bidder,price,date_time where price > 7\n"
                "6(5) project bidder\n"
                "7(4,6) inner join regular on l.id = r.bidder\n"
                "8(7) project price\n"
                "9(8) output\n");
    /* pairs that nothing connects are not made */
    expect_plan(f, "SELECT a.price, b.bidder FROM bid a, bid b, plain p WHERE a.auction = p.id AND b.bidder = p.id AND a.price < b.price",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan bid bidder,price,date_time\n"
                "3(2) project bidder, price\n"
                "4 scan plain id\n"
                "5(3,4) inner join regular on l.bidder = r.id\n"
                "6(1,5) inner join regular on l.auction = r.id and \"l.price\" < \"r.price\"\n"
                "7(6) project price, bidder\n"
                "8(7) output\n");
    expect_plan(f, "SELECT a.price, b.bidder FROM bid a, bid b, plain p WHERE a.auction = p.id",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id\n"
                "3(1,2) inner join regular on l.auction = r.id\n"
                "4(3) project price\n"
                "5 scan bid bidder,date_time\n"
                "6(5) project bidder\n"
                "7(4,6) inner join regular\n"
                "8(7) output\n");
    expect_plan(f, "SELECT a.price, b.bidder FROM bid a, bid b, bid c, plain p WHERE a.auction = p.id AND b.bidder = p.id AND c.price = p.id",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan bid bidder,date_time\n"
                "3(2) project bidder\n"
                "4 scan bid price,date_time\n"
                "5(4) project price\n"
                "6 scan plain id\n"
                "7(5,6) inner join regular on l.price = r.id\n"
                "8(7) project id\n"
                "9(3,8) inner join regular on l.bidder = r.id\n"
                "10(1,9) inner join regular on l.auction = r.id\n"
                "11(10) project price, bidder\n"
                "12(11) output\n");
    expect_plan(f, "SELECT a.price FROM bid a LEFT JOIN (plain p JOIN bid c ON p.id = c.bidder) ON a.auction = p.id",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id\n"
                "3 scan bid bidder,date_time\n"
                "4(3) project bidder\n"
                "5(2,4) inner join regular on l.id = r.bidder\n"
                "6(5) project id\n"
                "7(1,6) left join regular on l.auction = r.id\n"
                "8(7) project price\n"
                "9(8) output\n");
}

static void merged_columns(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT * FROM (SELECT auction, price FROM bid) a JOIN (SELECT auction, bidder FROM bid) b USING (auction)",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan bid auction,bidder,date_time\n"
                "3(2) project auction, bidder\n"
                "4(1,3) inner join regular on l.auction = r.auction\n"
                "5(4) project auction, price, bidder\n"
                "6(5) output\n");
    expect_plan(f, "SELECT * FROM (SELECT auction, price FROM bid) a FULL JOIN (SELECT auction, bidder FROM bid) b USING (auction)",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan bid auction,bidder,date_time\n"
                "3(2) project auction, bidder\n"
                "4(1,3) full join regular on l.auction = r.auction\n"
                "5(4) project coalesce(auction, auction), price, bidder\n"
                "6(5) output\n");
    expect_plan(f, "SELECT auction, a.auction, b.auction, b.* FROM (SELECT auction, price FROM bid) a NATURAL RIGHT JOIN "
                   "(SELECT auction, bidder FROM bid) b",
                "0 scan bid auction,date_time\n"
                "1(0) project auction\n"
                "2 scan bid auction,bidder,date_time\n"
                "3(2) project auction, bidder\n"
                "4(1,3) right join regular on l.auction = r.auction\n"
                "5(4) project auction, auction, auction, auction, bidder\n"
                "6(5) output\n");
    expect_plan(f, "SELECT * FROM (SELECT auction FROM bid) a JOIN (SELECT auction FROM bid) b USING (auction) LEFT JOIN "
                   "(SELECT auction FROM bid) c USING (auction)",
                "0 scan bid auction,date_time\n"
                "1(0) project auction\n"
                "2 scan bid auction,date_time\n"
                "3(2) project auction\n"
                "4(1,3) inner join regular on l.auction = r.auction\n"
                "5(4) project auction\n"
                "6 scan bid auction,date_time\n"
                "7(6) project auction\n"
                "8(5,7) left join regular on l.auction = r.auction\n"
                "9(8) project auction\n"
                "10(9) output\n");
    expect_plan(f, "SELECT * FROM (SELECT auction FROM bid) a NATURAL JOIN (SELECT id FROM plain) b",
                "0 scan bid auction,date_time\n"
                "1(0) project auction\n"
                "2 scan plain id\n"
                "3(1,2) inner join regular\n"
                "4(3) output\n");
}

static void intervals(void **state)
{
    Fixture *f = *state;
#define ON "SELECT a.price FROM bid a JOIN bid b ON a.auction = b.auction AND "
    expect_plan(f, ON "a.date_time BETWEEN b.date_time - INTERVAL '10' SECOND AND b.date_time + INTERVAL '1' MINUTE",
                "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,date_time\n"
                "2(0,1) inner join interval on l.auction = r.auction [-10000000, 60000000]\n"
                "3(2) project price\n"
                "4(3) output\n");
    expect_plan(f, ON "b.date_time - INTERVAL '10' SECOND < a.date_time AND b.date_time + INTERVAL '1' DAY > a.date_time",
                "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,date_time\n"
                "2(0,1) inner join interval on l.auction = r.auction [-9999999, 86399999999]\n"
                "3(2) project price\n"
                "4(3) output\n");
    expect_plan(f, ON "a.date_time - b.date_time <= INTERVAL '5' SECOND AND INTERVAL '2' SECOND <= a.date_time - b.date_time",
                "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,date_time\n"
                "2(0,1) inner join interval on l.auction = r.auction [2000000, 5000000]\n"
                "3(2) project price\n"
                "4(3) output\n");
    expect_plan(f, ON "a.date_time + INTERVAL '5' SECOND >= b.date_time AND b.date_time >= a.date_time",
                "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,date_time\n"
                "2(0,1) inner join interval on l.auction = r.auction [-5000000, 0]\n"
                "3(2) project price\n"
                "4(3) output\n");
    expect_plan(f, ON "a.date_time = b.date_time", "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,date_time\n"
                "2(0,1) inner join interval on l.auction = r.auction, l.date_time = r.date_time [0, 0]\n"
                "3(2) project price\n"
                "4(3) output\n");
    expect_plan(f, ON "a.date_time = b.date_time + INTERVAL '5' SECOND", "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,date_time\n"
                "2(1) project auction, date_time, date_time + INTERVAL '00:00:05'\n"
                "3(0,2) inner join interval on l.auction = r.auction, l.date_time = r.date_time + INTERVAL "
                "'00:00:05' [5000000, 5000000]\n"
                "4(3) project price\n"
                "5(4) output\n");
    /* no bound: one end only, months, no event time */
    expect_plan(f, ON "a.date_time >= b.date_time", "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,date_time\n"
                "2(0,1) inner join regular on l.auction = r.auction and \"l.date_time\" >= \"r.date_time\"\n"
                "3(2) project price\n"
                "4(3) output\n");
    expect_plan(f, ON "a.date_time BETWEEN b.date_time - INTERVAL '1' MONTH AND b.date_time", "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,date_time\n"
                "2(1) project auction, date_time, date_time - INTERVAL '1 mon'\n"
                "3(0,2) inner join regular on l.auction = r.auction and (\"l.date_time\" >= \"r.date_time - INTERVAL "
                "'1 mon'\") AND (\"l.date_time\" <= \"r.date_time\")\n"
                "4(3) project price\n"
                "5(4) output\n");
    expect_plan(f, ON "a.date_time BETWEEN b.date_time - INTERVAL '10' SECOND AND b.date_time + CASE WHEN 1 = 1 THEN INTERVAL '1' SECOND END",
                "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,date_time\n"
                "2(0,1) inner join interval on l.auction = r.auction [-10000000, 1000000]\n"
                "3(2) project price\n"
                "4(3) output\n");
#undef ON
    /* a filter from further above doesn't make a plain join another one */
    expect_plan(f, "SELECT p FROM (SELECT a.price p, a.date_time t, b.date_time u FROM bid a JOIN bid b ON a.auction = b.auction) t "
                   "WHERE t BETWEEN u AND u + INTERVAL '1' SECOND AND t = u",
                "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,date_time\n"
                "2(0,1) inner join regular on l.auction = r.auction\n"
                "3(2) filter (date_time >= date_time) AND (date_time <= (date_time + INTERVAL '00:00:01')) AND "
                "(date_time = date_time)\n"
                "4(3) project price\n"
                "5(4) output\n");
    /* from WHERE as well */
    expect_plan(f, "SELECT a.price FROM bid a, bid b WHERE a.auction = b.auction AND a.date_time BETWEEN b.date_time AND "
                   "b.date_time + INTERVAL '1' SECOND EMIT FINAL",
                "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,date_time\n"
                "2(0,1) inner join interval on l.auction = r.auction [0, 1000000] final\n"
                "3(2) project price\n"
                "4(3) output\n");
}

static void windows(void **state)
{
    Fixture *f = *state;
    f->p.rules_off = "share_parts"; /* two sides, though they say the same */
#define SIDE(n) "(SELECT window_start, window_end, auction, count(*) c FROM bid WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY auction) " n
    expect_plan(f, "SELECT x.c, y.c FROM " SIDE("x") " LEFT JOIN " SIDE("y") " USING (window_start, window_end, auction) EMIT FINAL",
                "0 scan bid auction,date_time\n"
                "1(0) aggregate by auction; tumbling 60 on date_time; count(); final\n"
                "2(1) project window_start, window_end, auction, \"count(*)\"\n"
                "3 scan bid auction,date_time\n"
                "4(3) aggregate by auction; tumbling 60 on date_time; count(); final\n"
                "5(4) project window_start, window_end, auction, \"count(*)\"\n"
                "6(2,5) left join window on l.window_start = r.window_start, l.window_end = r.window_end, l.auction "
                "= r.auction final\n"
                "7(6) project c, c\n"
                "8(7) output\n");
    expect_plan(f, "SELECT x.c, y.c FROM " SIDE("x") " JOIN " SIDE("y") " ON x.window_end = y.window_end", "0 scan bid auction,date_time\n"
                "1(0) aggregate by auction; tumbling 60 on date_time; count()\n"
                "2(1) project window_end, \"count(*)\"\n"
                "3 scan bid auction,date_time\n"
                "4(3) aggregate by auction; tumbling 60 on date_time; count()\n"
                "5(4) project window_end, \"count(*)\"\n"
                "6(2,5) inner join window on l.window_end = r.window_end\n"
                "7(6) project c, c\n"
                "8(7) output\n");
    expect_plan(f, "SELECT x.c, y.c FROM " SIDE("x") " JOIN " SIDE("y") " ON x.window_start = y.window_start", "0 scan bid auction,date_time\n"
                "1(0) aggregate by auction; tumbling 60 on date_time; count()\n"
                "2(1) project window_start, \"count(*)\"\n"
                "3 scan bid auction,date_time\n"
                "4(3) aggregate by auction; tumbling 60 on date_time; count()\n"
                "5(4) project window_start, \"count(*)\"\n"
                "6(2,5) inner join regular on l.window_start = r.window_start\n"
                "7(6) project c, c\n"
                "8(7) output\n");
#undef SIDE
    expect_plan(f, "SELECT window_end, count(*) FROM (SELECT l.window_start, l.window_end FROM TUMBLE(bid, date_time, INTERVAL '1' MINUTE) l "
                   "JOIN TUMBLE(bid, date_time, INTERVAL '1' MINUTE) r ON l.bidder = r.bidder AND l.window_start = r.window_start AND "
                   "l.window_end = r.window_end) t GROUP BY window_start, window_end EMIT FINAL",
                "0 scan bid bidder,date_time\n"
                "1(0) window tumbling 60 on date_time\n"
                "2(1) project bidder, window_start, window_end\n"
                "3 scan bid bidder,date_time\n"
                "4(3) window tumbling 60 on date_time\n"
                "5(4) project bidder, window_start, window_end\n"
                "6(2,5) inner join window on l.bidder = r.bidder, l.window_start = r.window_start, l.window_end = "
                "r.window_end final\n"
                "7(6) aggregate by window_start, window_end; count(); key window; final\n"
                "8(7) project window_end, \"count(*)\"\n"
                "9(8) output\n");
}

static void nearest(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT a.price, b.price FROM bid a ASOF LEFT JOIN bid b ON a.auction = b.auction AND b.date_time <= a.date_time",
                "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,price,date_time\n"
                "2(0,1) left join asof on l.auction = r.auction by 2 0 2\n"
                "3(2) project price, price\n"
                "4(3) output\n");
    expect_plan(f, "SELECT a.price, b.price FROM bid a ASOF JOIN bid b ON a.auction = b.auction AND a.date_time < b.date_time EMIT FINAL",
                "0 scan bid auction,price,date_time\n"
                "1 scan bid auction,price,date_time\n"
                "2(0,1) inner join asof on l.auction = r.auction by 2 3 2 final\n"
                "3(2) project price, price\n"
                "4(3) output\n");
}

/* Rows of a join are ordered by the positions of both sides. */
static void order(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT a.price, row_number() OVER (ORDER BY a.price) FROM bid a JOIN plain p ON a.auction = p.id WHERE p.v > 1",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price, row_position()\n"
                "2 scan plain id,v where v > 1.0e0\n"
                "3(2) project id, row_position()\n"
                "4(1,3) inner join regular on l.auction = r.id\n"
                "5(4) project price, row_position, row_position\n"
                "6(5) over order price then row_position, row_position; row_number()\n"
                "7(6) project price, \"row_number() OVER (ORDER BY price)\"\n"
                "8(7) output\n");
    expect_plan(f, "SELECT price FROM (SELECT a.price FROM bid a LEFT JOIN plain p ON a.auction = p.id) t ORDER BY price LIMIT 3",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price, row_position()\n"
                "2 scan plain id\n"
                "3(2) project id, row_position()\n"
                "4(1,3) left join regular on l.auction = r.id\n"
                "5(4) project price, row_position, row_position\n"
                "6(5) top-n order price then row_position, row_position; row_number 0+3; retracts\n"
                "7(6) project price\n"
                "8(7) output\n");
    expect_plan(f, "SELECT string_agg(p.note, ',') FROM bid a JOIN plain p ON a.auction = p.id GROUP BY a.bidder",
                "0 scan bid auction,bidder,date_time\n"
                "1(0) project auction, bidder, row_position()\n"
                "2 scan plain id,note\n"
                "3(2) project id, note, row_position()\n"
                "4(1,3) inner join regular on l.auction = r.id\n"
                "5(4) project bidder, note, ',', row_position, row_position\n"
                "6(5) aggregate by bidder; string_agg(note, ',') order row_position,row_position\n"
                "7(6) project \"string_agg(note, ',')\"\n"
                "8(7) output\n");
}

static const Props *props_of(Fixture *f, const char *sql)
{
    if (plan_sql(f, sql) != WEIR_OK) fail_msg("%s: %s", sql, f->diags.list.data[0].message.p);
    return &f->plan->ops[f->plan->nops - 1]->props;
}

static void known_of_rows(void **state)
{
    Fixture *f = *state;
    const char *bounded = "SELECT a.date_time, b.date_time AS other FROM bid a %s JOIN bid b ON a.auction = b.auction AND a.date_time "
                          "BETWEEN b.date_time AND b.date_time + INTERVAL '1' SECOND %s";
    static const struct {
        const char *kind, *emit;
        bool appends;
        int time_col;
    } CASES[] = {{"", "", true, 0},           {"LEFT", "", false, 0},       {"LEFT", "EMIT FINAL", true, 0},
                 {"RIGHT", "EMIT FINAL", true, 1}, {"FULL", "EMIT FINAL", true, -1}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const Props *p = props_of(f, str_printf(&f->arena, bounded, CASES[i].kind, CASES[i].emit).p);
        assert_int_equal(p->is_append_only, CASES[i].appends);
        assert_int_equal(p->time_col, CASES[i].time_col);
        assert_int_equal(p->has_watermark, CASES[i].time_col >= 0);
        assert_true(str_eq(p->state_bound, S("O(rows in 1 second)")));
    }
    assert_int_equal(plan_sql(f, "CREATE MATERIALIZED VIEW v AS SELECT auction, count(*) n FROM bid GROUP BY auction"), WEIR_OK);
    assert_int_equal(plan_sql(f, "CREATE MATERIALIZED VIEW w AS SELECT bidder, count(*) n FROM bid GROUP BY bidder"), WEIR_OK);
    /* one row of w for each of v */
    const Props *p = props_of(f, "SELECT v.auction, v.n, w.n AS m FROM v LEFT JOIN w ON v.n = w.bidder");
    assert_int_equal(p->nkey, 1);
    assert_int_equal(p->key[0], 0);
    assert_false(p->is_append_only);
    p = props_of(f, "SELECT v.auction, w.bidder FROM v JOIN w ON v.n < w.n");
    assert_int_equal(p->nkey, 2);
    /* a padded row of either side could look like one of the other */
    assert_int_equal(props_of(f, "SELECT v.auction, w.bidder FROM v FULL JOIN w ON v.auction = w.bidder")->nkey, 0);
    assert_int_equal(props_of(f, "SELECT v.auction FROM v WHERE EXISTS (SELECT 1 FROM w WHERE w.bidder = v.n)")->nkey, 1);
    assert_true(props_of(f, "SELECT a.auction FROM bid a JOIN plain p ON a.auction = p.id")->is_append_only);
    assert_false(props_of(f, "SELECT a.auction FROM bid a LEFT JOIN plain p ON a.auction = p.id")->is_append_only);
    assert_false(props_of(f, "SELECT a.auction FROM bid a ASOF JOIN bid b ON a.date_time >= b.date_time")->is_append_only);
    p = props_of(f, "SELECT a.date_time FROM bid a ASOF JOIN bid b ON a.date_time >= b.date_time EMIT FINAL");
    assert_true(p->is_append_only && p->has_watermark);
    assert_int_equal(p->time_col, 0);
}

static void refused(void **state)
{
    Fixture *f = *state;
    expect_error(f, "SELECT * FROM bid JOIN bid ON TRUE", WEIR_E_NAME, "two tables in FROM are called \"bid\"", "bid");
    expect_error(f, "SELECT price FROM bid a JOIN bid b ON a.auction = b.auction", WEIR_E_NAME, "\"price\" is ambiguous", "price");
    expect_error(f, "SELECT 1 FROM bid a JOIN bid b ON auction = 1", WEIR_E_NAME, "\"auction\" is ambiguous", "auction");
    expect_error(f, "SELECT 1 FROM bid a, plain p JOIN bid b ON a.auction = b.auction", WEIR_E_NAME, "unknown column \"a.auction\"",
                 "a.auction");
    expect_error(f, "SELECT 1 FROM bid a JOIN plain b USING (auction)", WEIR_E_NAME, "unknown column \"auction\"", "auction");
    expect_error(f, "SELECT 1 FROM bid a JOIN plain b USING (id)", WEIR_E_NAME, "unknown column \"id\"", "id");
    expect_error(f, "SELECT 1 FROM bid a JOIN plain b ON a.channel = b.id", WEIR_E_TYPE, "=", NULL);
    expect_error(f, "SELECT 1 FROM bid a JOIN plain b ON a.price", WEIR_E_TYPE, "ON takes a BOOLEAN", NULL);
    expect_error(f, "SELECT 1 FROM bid a JOIN plain b ON count(*) = b.id", WEIR_E_GROUP, "ON", NULL);
    expect_error(f, "SELECT a.price FROM bid a LEFT JOIN bid b ON a.auction = b.auction EMIT FINAL", WEIR_E_EMIT,
                 "\"LEFT JOIN\" never finishes", "LEFT JOIN");
    expect_error(f, "SELECT a.price FROM bid a ASOF JOIN plain p ON a.date_time >= p.ts EMIT FINAL", WEIR_E_EMIT,
                 "does not go by the event time", "JOIN");
    expect_error(f, "SELECT a.price FROM bid a ASOF JOIN bid b ON a.auction = b.auction", WEIR_E_TYPE, "one comparison", "JOIN");
    expect_error(f, "SELECT a.price FROM bid a ASOF JOIN bid b ON a.date_time > b.date_time AND a.price > b.price", WEIR_E_TYPE,
                 "equalities and one comparison", "a.price > b.price");
    f->p.strict = true;
    expect_error(f, "SELECT a.price FROM bid a JOIN plain p ON a.auction = p.id", WEIR_E_LIMIT, "UNBOUNDED: regular join", NULL);
    assert_int_equal(plan_sql(f, "SELECT a.price FROM bid a JOIN bid b ON a.auction = b.auction AND a.date_time = b.date_time"), WEIR_OK);
}

/* However many meet in one, no two of them make all their pairs. */
static void stars(void **state)
{
    Fixture *f = *state;
    StrBuf b = {.arena = &f->arena};
    sb_lit(&b, "SELECT t0.price FROM bid t0");
    for (int i = 1; i < 40; i++) sb_printf(&b, ", bid t%d", i);
    for (int i = 0; i < 39; i++) sb_printf(&b, "%s t%d.auction = t39.%s", i ? " AND" : " WHERE", i, i % 2 ? "price" : "bidder");
    assert_int_equal(plan_sql(f, sb_done(&b).p), WEIR_OK);
    int joins = 0;
    for (int i = 0; i < f->plan->nops; i++) {
        if (f->plan->ops[i]->kind != PHYS_JOIN) continue;
        joins++;
        assert_true(f->plan->ops[i]->join->nkeys > 0);
    }
    assert_int_equal(joins, 39);
}

/* A query that is used twice is planned once. */
static void shared(void **state)
{
    Fixture *f = *state;
    LNode *scan, *both;
    int32_t cols[] = {0, 2};
    PhysPlan *plan;
    scan = lnode_scan(&f->arena, catalog_find(&f->catalog, S("bid")), cols, 2, (Span){0});
    both = lnode_join(&f->arena, JOIN_INNER, scan, scan, NULL, (Span){0});
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lnode_lower(&f->arena, both, &f->diags, &plan), WEIR_OK);
        assert_int_equal(plan->nops, 2);
        assert_ptr_equal(plan->ops[1]->inputs[0], plan->ops[1]->inputs[1]);
        both = rewrite_needed(&f->p, rewrite_all(&f->p, both));
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {T(conditions), T(one_side), T(several), T(merged_columns), T(intervals), T(windows),
                                       T(nearest), T(order), T(known_of_rows), T(refused), T(stars), T(shared)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
