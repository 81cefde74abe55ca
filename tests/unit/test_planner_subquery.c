/* test_planner_subquery.c: what subqueries become: which joins, which groups, which domains. */
#include "tests/unit/planner_fixture.h"

static void conditions(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT price FROM bid WHERE EXISTS (SELECT 1 FROM plain WHERE id = auction)",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id\n"
                "3(1,2) semi join regular on l.auction = r.id\n"
                "4(3) project price\n"
                "5(4) output\n");
    expect_plan(f, "SELECT price FROM bid WHERE NOT EXISTS (SELECT 1 FROM plain WHERE id = auction AND note > channel AND ok)",
                "0 scan bid auction,price,channel,date_time\n"
                "1(0) project auction, price, channel\n"
                "2 scan plain id,note,ok where ok\n"
                "3(2) project id, note\n"
                "4(1,3) anti join regular on l.auction = r.id and \"r.note\" > \"l.channel\"\n"
                "5(4) project price\n"
                "6(5) output\n");
    expect_plan(f, "SELECT price FROM bid WHERE EXISTS (SELECT 1 FROM plain) AND price > 3",
                "0 scan bid price,date_time where price > 3\n"
                "1(0) project price\n"
                "2 scan plain\n"
                "3(2) project true\n"
                "4(3) aggregate by true\n"
                "5(4) project\n"
                "6(1,5) semi join regular\n"
                "7(6) output\n");
    expect_plan(f, "SELECT price FROM bid WHERE auction IN (SELECT id FROM plain)",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id\n"
                "3(1,2) semi join regular on l.auction = r.id\n"
                "4(3) project price\n"
                "5(4) output\n");
    expect_plan(f, "SELECT price FROM bid WHERE auction NOT IN (SELECT id FROM plain)",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id,v,d,note,ok,ts,day\n"
                "3(2) project id\n"
                "4(1,3) anti join regular on l.auction = r.id\n"
                "5 scan plain id where id IS NULL\n"
                "6(5) project true\n"
                "7(6) aggregate by true\n"
                "8(7) project\n"
                "9(4,8) anti join regular\n"
                "10(2) project true\n"
                "11(10) aggregate by true\n"
                "12(11) project\n"
                "13(9,12) anti join regular and \"l.auction\" IS NULL\n"
                "14(13) project price\n"
                "15(14) output\n");
    expect_plan(f, "SELECT price FROM bid WHERE 7 NOT IN (SELECT id FROM plain WHERE note = channel)",
                "0 scan bid price,channel,date_time\n"
                "1(0) project price, channel\n"
                "2 scan plain id,note where 7 = id\n"
                "3(2) project note\n"
                "4(1,3) anti join regular on l.channel = r.note\n"
                "5 scan plain id,note where id IS NULL\n"
                "6(5) aggregate by note\n"
                "7(4,6) anti join regular on l.channel = r.note\n"
                "8(7) project price\n"
                "9(8) output\n");
}

static void values(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT price, (SELECT max(note) FROM plain WHERE id = auction) AS m FROM bid",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id,note\n"
                "3(2) aggregate by id; max(note)\n"
                "4(3) project \"max(note)\", id\n"
                "5(1,4) left join regular on l.auction = r.id\n"
                "6(5) project price, \"max(note)\"\n"
                "7(6) output\n");
    expect_plan(f, "SELECT price, (SELECT count(*) FROM plain WHERE id = auction) AS n FROM bid",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id\n"
                "3(2) aggregate by id; count()\n"
                "4(3) project \"count(*)\", id, true\n"
                "5(1,4) left join regular on l.auction = r.id\n"
                "6(5) project price, CASE WHEN is_row THEN \"count(*)\" ELSE 0 END\n"
                "7(6) output\n");
    expect_plan(f, "SELECT price, (SELECT count(*) FROM plain WHERE id < auction) AS n FROM bid",
                "0 scan bid auction,bidder,price,channel,date_time\n"
                "1(0) project auction, price\n"
                "2(0) aggregate by auction\n"
                "3 scan plain id\n"
                "4(3) project id, true\n"
                "5(2,4) left join regular and \"r.id\" < \"l.auction\"\n"
                "6(5) aggregate by auction; count() if is_row; retracts\n"
                "7(6) project \"count(*)\", auction\n"
                "8(1,7) left join regular on l.auction == r.auction\n"
                "9(8) project price, \"count(*)\"\n"
                "10(9) output\n");
    expect_plan(f, "SELECT price, EXISTS (SELECT 1 FROM plain WHERE id = auction) AS e FROM bid",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id\n"
                "3(2) aggregate by id\n"
                "4(3) project id, true\n"
                "5(1,4) left join regular on l.auction = r.id\n"
                "6(5) project price, is_row IS NOT NULL\n"
                "7(6) output\n");
    expect_plan(f, "SELECT price, (SELECT max(id) FROM plain) AS m FROM bid",
                "0 scan bid price,date_time\n"
                "1(0) project price\n"
                "2 scan plain id\n"
                "3(2) aggregate; max(id); one group\n"
                "4(1,3) inner join regular\n"
                "5(4) output\n");
}

static void lateral(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT price, x.note FROM bid, LATERAL (SELECT note FROM plain WHERE id = auction) x",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id,note\n"
                "3(1,2) inner join regular on l.auction = r.id\n"
                "4(3) project price, note\n"
                "5(4) output\n");
    expect_plan(f, "SELECT price, x.n FROM bid LEFT JOIN LATERAL (SELECT note || channel AS n FROM plain WHERE id > auction) x ON TRUE",
                "0 scan bid auction,price,channel,date_time\n"
                "1(0) project auction, price, channel\n"
                "2 scan plain id,note\n"
                "3(2) project id, note, true\n"
                "4(1,3) left join regular and \"r.id\" > \"l.auction\"\n"
                "5(4) project price, CASE WHEN is_row THEN note || channel END\n"
                "6(5) output\n");
    expect_plan(f, "SELECT price, x.n FROM bid, LATERAL (SELECT note AS n FROM plain WHERE id = auction ORDER BY v LIMIT 1) x",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id,v,note\n"
                "3(2) project v, note, id\n"
                "4(3) top-n by id order v; row_number 0+1\n"
                "5(4) project note, id\n"
                "6(1,5) inner join regular on l.auction = r.id\n"
                "7(6) project price, note\n"
                "8(7) output\n");
}

static void nested(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT price FROM bid b WHERE EXISTS (SELECT 1 FROM plain p WHERE p.id = b.auction AND p.note IN "
                   "(SELECT q.note FROM plain q WHERE q.id = b.auction))",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price\n"
                "2 scan plain id,note\n"
                "3(2) project note, id\n"
                "4 scan plain id,note\n"
                "5(4) project note, id\n"
                "6(3,5) semi join regular on l.note = r.note, l.id = r.id\n"
                "7(6) project id\n"
                "8(1,7) semi join regular on l.auction = r.id\n"
                "9(8) project price\n"
                "10(9) output\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {T(conditions), T(values), T(lateral), T(nested)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
