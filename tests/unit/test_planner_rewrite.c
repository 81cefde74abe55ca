/* test_planner_rewrite.c: rules change how, not what; each can be switched off; a second run of
 * any of them finds nothing to do. */
#include "tests/unit/planner_fixture.h"
#include "planner/bind.h"
#include "planner/rewrite/rewrite.h"

static const char *const QUERIES[] = {
    "SELECT * FROM bid",
    "SELECT auction + 1 FROM (SELECT auction, price * 2 AS p FROM bid) t WHERE p > 1 AND 1 + 1 = 2",
    "SELECT a FROM (SELECT auction a, channel c FROM bid UNION ALL SELECT id, note FROM plain) u WHERE a > 3",
    "SELECT auction, max(p) FROM (SELECT auction, price * 2 AS p FROM bid) t GROUP BY auction HAVING auction > 3 AND max(p) > 1",
    "SELECT window_start, window_end, window_time, auction, sum(price), count(*) FROM TUMBLE(bid, date_time, "
    "INTERVAL '1' MINUTE) WHERE price > 3 GROUP BY window_start, auction, window_end, window_time",
    "SELECT window_end, max(c) FROM (SELECT window_start, window_end, auction, count(*) c FROM HOP(bid, date_time, "
    "INTERVAL '1' SECOND, INTERVAL '3' SECOND) GROUP BY window_start, window_end, auction) t "
    "GROUP BY window_start, window_end HAVING window_end > '2024-01-01'",
    "SELECT DISTINCT auction FROM (SELECT auction, bidder FROM bid WHERE channel LIKE 'a%') t WHERE auction % 2 = 0",
    "SELECT n FROM (SELECT auction, count(*) n, sum(price + 1) FROM bid GROUP BY auction) t WHERE auction = 7",
    "SELECT channel, last_value(price) FROM bid WINDOW SESSION (GAP 1 SECOND) GROUP BY channel",
    "SELECT random() AS r FROM bid WHERE random() > 0.5",
    "SELECT r, r FROM (SELECT random() AS r FROM bid) t WHERE r > 0.5",
    "SELECT count(*) FROM (SELECT auction FROM bid WHERE price > 1) t",
    "SELECT auction FROM bid WHERE EXISTS (SELECT 1 FROM plain WHERE id = auction AND note > channel) AND price > 3",
    "SELECT auction, (SELECT max(note) FROM plain WHERE id < auction) AS m FROM bid WHERE price IN (SELECT id FROM plain)",
    "SELECT auction, v, n FROM bid LEFT JOIN UNNEST(CAST(channel AS JSON)) WITH ORDINALITY AS u(v, n) ON TRUE",
    "SELECT auction FROM bid, UNNEST(CAST(channel AS JSON)) AS u(v) WHERE CAST(v AS BIGINT) > 3 AND auction = 7",
    "VALUES (1), (2)",
    "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC) rn FROM bid) t "
    "WHERE rn <= 3 AND auction > 5 AND price > 7",
    "SELECT price FROM (SELECT *, rank() OVER (ORDER BY price) r, sum(bidder + 1) OVER (PARTITION BY auction) s FROM bid) t",
    "SELECT price FROM (SELECT *, rank() OVER (ORDER BY price) r FROM bid) t WHERE 3 > r AND r <> 2",
    "SELECT auction FROM bid WHERE price > 3 ORDER BY price DESC LIMIT 3 OFFSET 1",
    "SELECT DISTINCT ON (auction) price, bidder FROM bid ORDER BY auction, price",
    "SELECT auction, count(*) c FROM bid WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY auction "
    "QUALIFY dense_rank() OVER (PARTITION BY window_start, window_end ORDER BY count(*) DESC) <= 3 EMIT FINAL",
    "SELECT price, lag(price) OVER (PARTITION BY auction ORDER BY date_time) FROM bid QUALIFY row_number() OVER "
    "(PARTITION BY auction ORDER BY date_time) = 1 EMIT FINAL",
    "SELECT auction, c FROM (SELECT auction, bidder % 2, count(*) c, sum(price) FROM bid GROUP BY auction, CUBE (bidder % 2)) t "
    "WHERE auction > 3 AND c > 1",
    "SELECT window_end, window_start, auction, GROUPING(auction), max(price) FROM TUMBLE(bid, date_time, INTERVAL '10' SECOND) "
    "GROUP BY window_start, window_end, ROLLUP (auction) EMIT FINAL",
    "SELECT a FROM (SELECT auction a, price + 1 p FROM bid INTERSECT SELECT bidder, price FROM bid) t WHERE a > 3 AND p + 1 > 2",
};
enum { NQUERIES = sizeof QUERIES / sizeof *QUERIES };

static void switching_off(void **state)
{
    Fixture *f = *state;
    for (int i = 0; i < NQUERIES; i++) {
        f->p.rules_off = NULL;
        assert_int_equal(plan_sql(f, QUERIES[i]), WEIR_OK);
        const PhysOp *with = f->plan->ops[f->plan->nops - 1];
        for (const RewriteRule *const *r = rewrite_table; *r; r++) {
            f->p.rules_off = (*r)->name;
            assert_int_equal(plan_sql(f, QUERIES[i]), WEIR_OK);
            const PhysOp *without = f->plan->ops[f->plan->nops - 1];
            assert_int_equal(with->nfields, without->nfields);
            for (int k = 0; k < with->nfields; k++) {
                assert_true(type_eq(with->fields[k].type, without->fields[k].type));
                assert_true(str_eq(with->fields[k].name, without->fields[k].name));
            }
            assert_int_equal(with->props.is_append_only, without->props.is_append_only);
            assert_int_equal(with->props.time_col, without->props.time_col);
            assert_int_equal(with->props.has_watermark, without->props.has_watermark);
            assert_int_equal(with->props.window_end, without->props.window_end);
        }
    }
}

static void a_second_run_finds_nothing(void **state)
{
    Fixture *f = *state;
    for (int i = 0; i < NQUERIES; i++) {
        const Select *q = parse_one(f, QUERIES[i])->select;
        Binder b = {.p = &f->p, .is_standing = true, .emit_final = q->emit == EMIT_FINAL};
        LNode *root;
        assert_int_equal(bind_select(&b, q, true, &root), WEIR_OK);
        root = rewrite_all(&f->p, root);
        for (const RewriteRule *const *r = rewrite_table; *r; r++)
            if ((*r)->apply(&f->p, root) != root) fail_msg("%s: %s", (*r)->name, QUERIES[i]);
    }
}

static void rules_by_name(void **state)
{
    Fixture *f = *state;
    const char *sql = "SELECT a + 1 FROM (SELECT auction a, price p FROM bid) t WHERE p > 1 + 1";
    expect_plan(f, sql, "0 scan bid auction,price,date_time where price > 2\n"
                        "1(0) project auction + 1\n"
                        "2(1) output\n");
    f->p.rules_off = "fold,push_filters";
    expect_plan(f, sql, "0 scan bid auction,price,date_time\n"
                        "1(0) project auction, price\n"
                        "2(1) filter p > (1 + 1)\n"
                        "3(2) project a + 1\n"
                        "4(3) output\n");
    f->p.rules_off = "all";
    expect_plan(f, sql, "0 scan bid auction,bidder,price,channel,date_time\n"
                        "1(0) project auction, price\n"
                        "2(1) filter p > (1 + 1)\n"
                        "3(2) project a + 1\n"
                        "4(3) output\n");
    f->p.rules_off = "collapse_windows";
    expect_plan(f, "SELECT window_start, window_end, count(*) FROM TUMBLE(bid, date_time, INTERVAL '1' SECOND) "
                   "GROUP BY window_start, window_end",
                "0 scan bid date_time\n"
                "1(0) window tumbling 1 on date_time\n"
                "2(1) aggregate by window_start, window_end; count(); key window\n"
                "3(2) output\n");
}

/* Equal aggregates run once, whatever they are called; what differs anywhere, or is drawn anew, runs for itself. */
static void equal_parts(void **state)
{
    Fixture *f = *state;
#define COUNTS(size, of, where) \
    "(SELECT auction k, count(" of ") n, window_end FROM TUMBLE(bid, date_time, INTERVAL '" size "' SECOND) " where \
    " GROUP BY auction, window_start, window_end)"
#define BOTH(one, other) "SELECT x.n, y.n FROM " one " x JOIN " other " y ON x.window_end = y.window_end"
    static const struct {
        const char *sql;
        int aggregates;
    } cases[] = {
        {BOTH(COUNTS("5", "*", ""), COUNTS("5", "*", "")), 1},
        {BOTH(COUNTS("5", "*", "WHERE price > 3"), COUNTS("5", "*", "WHERE price > 3")), 1},
        {BOTH(COUNTS("5", "price", ""), COUNTS("5", "price", "")), 1},
        {BOTH(COUNTS("5", "*", ""), COUNTS("6", "*", "")), 2},
        {BOTH(COUNTS("5", "*", "WHERE price > 3"), COUNTS("5", "*", "WHERE price > 4")), 2},
        {BOTH(COUNTS("5", "price", ""), COUNTS("5", "bidder", "")), 2},
        {BOTH(COUNTS("5", "price", ""), COUNTS("5", "DISTINCT price", "")), 2},
        {BOTH(COUNTS("5", "*", "WHERE random() > 0.5"), COUNTS("5", "*", "WHERE random() > 0.5")), 2},
        {"SELECT max(n) m FROM " COUNTS("5", "*", "") " t GROUP BY window_end UNION ALL "
         "SELECT max(n) FROM " COUNTS("5", "*", "") " u GROUP BY window_end", 2}, /* each of the two levels */
    };
#undef COUNTS
#undef BOTH
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(plan_sql(f, cases[i].sql), WEIR_OK);
        int n = 0;
        for (int k = 0; k < f->plan->nops; k++) n += f->plan->ops[k]->kind == PHYS_AGGREGATE;
        if (n != cases[i].aggregates) fail_msg("%d aggregates: %s", n, cases[i].sql);
    }
}

/* What can fail stays on its side of an aggregate and behind the filter that was asked first. */
static void errors_stay(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT auction, count(*) FROM bid GROUP BY auction HAVING auction + 1 > 3 AND auction < 5",
                "0 scan bid auction,date_time where auction < 5\n"
                "1(0) aggregate by auction; count()\n"
                "2(1) filter (auction + 1) > 3\n"
                "3(2) output\n");
    expect_plan(f, "SELECT a FROM (SELECT auction + 1 AS a FROM bid GROUP BY auction + 1) t WHERE a < 5",
                "0 scan bid auction,date_time\n"
                "1(0) project auction + 1\n"
                "2(1) aggregate by auction + 1\n"
                "3(2) filter \"auction + 1\" < 5\n"
                "4(3) output\n");
    expect_plan(f, "SELECT price FROM (SELECT * FROM bid WHERE price + 1 > 0) t WHERE price < 5",
                "0 scan bid price,date_time where (price + 1) > 0\n"
                "1(0) filter price < 5\n"
                "2(1) project price\n"
                "3(2) output\n");
    expect_plan(f, "SELECT price FROM (SELECT * FROM bid WHERE price < 5) t WHERE price + 1 > 0",
                "0 scan bid price,date_time where (price < 5) AND ((price + 1) > 0)\n"
                "1(0) project price\n"
                "2(1) output\n");
    /* an aggregate whose argument can fail is computed though nobody reads it */
    expect_plan(f, "SELECT n FROM (SELECT auction, count(*) n, sum(price + 1) s, max(price) m FROM bid GROUP BY auction) t",
                "0 scan bid auction,price,date_time\n"
                "1(0) project auction, price + 1\n"
                "2(1) aggregate by auction; count(); sum(price + 1)\n"
                "3(2) project \"count(*)\"\n"
                "4(3) output\n");
}

static void volatile_stays(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT r, r FROM (SELECT random() AS r FROM bid) t WHERE r > 0.5e0",
                "0 scan bid date_time\n"
                "1(0) project random()\n"
                "2(1) filter r > 0.5e0\n"
                "3(2) project r, r\n"
                "4(3) output\n");
}

static void folding(void **state)
{
    Fixture *f = *state;
    expect_plan(f, "SELECT CASE WHEN 1 = 2 THEN id WHEN 1 = 1 THEN id + 1 ELSE 0 END, coalesce(NULL, id, 5, v), "
                   "ok AND 1 = 1, ok OR 1 = 1, ok AND 1 = 2, 9223372036854775807 + 1 FROM plain WHERE 1 = 1",
                "0 scan plain id,ok\n"
                "1(0) project id + 1, coalesce(CAST(id AS DOUBLE), 5.0e0), ok, true, false, 9223372036854775807 + 1\n"
                "2(1) output\n");
}

static void windows_keep_their_rows(void **state)
{
    Fixture *f = *state;
    /* FILL shows windows in which other groups have rows; a global aggregate has a row of nothing */
    expect_plan(f, "SELECT auction FROM bid WINDOW TUMBLING (SIZE 1 SECOND, FILL) GROUP BY auction HAVING auction < 5",
                "0 scan bid auction,date_time\n"
                "1(0) aggregate by auction; tumbling 1 on date_time\n"
                "2(1) filter auction < 5\n"
                "3(2) project auction\n"
                "4(3) output\n");
    expect_plan(f, "SELECT count(*) FROM bid HAVING 1 = 2",
                "0 scan bid date_time\n"
                "1(0) aggregate; count(); one group\n"
                "2(1) filter false\n"
                "3(2) output\n");
}

/* ---- contenders --------------------------------------------------------------------------------- */

#define TUMBLE "TABLE(TUMBLE(TABLE bid, DESCRIPTOR(date_time), INTERVAL '10' SECOND))"
#define BEST "(SELECT max(price) AS best, window_start, window_end FROM " TUMBLE " GROUP BY window_start, window_end) m"
#define NEAR "b.price = m.best AND b.date_time BETWEEN m.window_end - INTERVAL '10' SECOND AND m.window_end"
#define SAME "b.price = m.best AND b.window_start = m.window_start AND b.window_end = m.window_end"

/* `wanted`: what is told of the operator; NULL: there is none. */
static void check_contend(Fixture *f, const char *sql, const char *wanted)
{
    assert_int_equal(plan_sql(f, sql), WEIR_OK);
    const PhysOp *op = NULL;
    for (int i = 0; i < f->plan->nops; i++)
        if (f->plan->ops[i]->kind == PHYS_CONTEND) op = f->plan->ops[i];
    StrBuf b = {.arena = &f->arena};
    if (op) dump_op(&b, op);
    Str got = sb_done(&b);
    if (!str_eq(got, str_z(wanted ? wanted : ""))) fail_msg("%s\n%.*s", sql, STR_ARG(got));
}

static void contenders(void **state)
{
    Fixture *f = *state;
    check_contend(f, "SELECT b.channel FROM bid b JOIN " BEST " ON " NEAR, "contend max price [0, 10000000]");
    check_contend(f, "SELECT b.channel FROM bid b JOIN " BEST " ON b.price = m.best WHERE b.date_time BETWEEN "
                     "m.window_end - INTERVAL '10' SECOND AND m.window_end", "contend max price [0, 10000000]");
    check_contend(f, "SELECT b.channel FROM " BEST " JOIN bid b ON b.price = m.best AND b.date_time >= m.window_start AND "
                     "m.window_end > b.date_time", "contend max price [1, 10000000]");
    check_contend(f, "SELECT b.channel FROM " TUMBLE " b JOIN " BEST " ON " SAME " EMIT FINAL", "contend max price [1, 10000000]");
    check_contend(f, "SELECT b.channel FROM " TUMBLE " b WHERE b.bidder > 3 AND (b.price, b.window_start, b.window_end) IN "
                     "(SELECT min(price), window_start, window_end FROM " TUMBLE " GROUP BY window_start, window_end)",
                  "contend min price [1, 10000000]");
    check_contend(f, "SELECT b.channel FROM bid b JOIN (SELECT auction, min(price) AS best, window_start, window_end FROM bid WINDOW "
                     "HOPPING (SIZE 10 SECONDS, ADVANCE BY 2 SECONDS) WHERE bidder > 3 GROUP BY auction) m ON b.auction = m.auction AND "
                     "b.bidder > 3 AND " NEAR, "contend min price [0, 10000000], auction");
    f->p.rules_off = "contenders";
    check_contend(f, "SELECT b.channel FROM bid b JOIN " BEST " ON " NEAR, NULL);
    f->p.rules_off = NULL;
}

/* The operator would know more than the aggregate, or hide what the join has to say. */
static void no_contenders(void **state)
{
    Fixture *f = *state;
#define MAX_OF(sql) "SELECT b.channel FROM bid b JOIN (SELECT " sql ") m ON " NEAR
    check_contend(f, "SELECT b.channel FROM bid b JOIN " BEST " ON b.price = m.best", NULL);
    check_contend(f, "SELECT b.channel FROM bid b JOIN " BEST " ON b.price = m.best AND b.date_time <= m.window_end", NULL);
    check_contend(f, "SELECT b.channel FROM bid b JOIN " BEST " ON b.auction = m.best AND b.date_time BETWEEN m.window_end - INTERVAL "
                     "'10' SECOND AND m.window_end", NULL);
    check_contend(f, "SELECT b.channel FROM " TUMBLE " b LEFT JOIN " BEST " ON " SAME, NULL);
    check_contend(f, "SELECT b.channel FROM (SELECT *, CAST(channel AS BIGINT) AS n FROM " TUMBLE ") b JOIN " BEST " ON b.n > 0 AND " SAME, NULL);
    check_contend(f, MAX_OF("max(price) AS best, window_start, window_end FROM " TUMBLE " WHERE bidder > 3 GROUP BY window_start, window_end"), NULL);
    check_contend(f, MAX_OF("max(price) FILTER (WHERE bidder > 3) AS best, window_start, window_end FROM " TUMBLE
                            " GROUP BY window_start, window_end"), NULL);
    check_contend(f, MAX_OF("max(price) AS best, max(bidder), window_start, window_end FROM " TUMBLE
                            " GROUP BY window_start, window_end HAVING max(bidder) > 3"), NULL);
    check_contend(f, MAX_OF("auction, max(price) AS best, window_start, window_end FROM " TUMBLE " GROUP BY auction, window_start, window_end"), NULL);
    check_contend(f, MAX_OF("avg(price) AS best, window_start, window_end FROM " TUMBLE " GROUP BY window_start, window_end"), NULL);
    check_contend(f, MAX_OF("max(price) AS best, window_start, window_end FROM bid WINDOW TUMBLING (SIZE 1 DAY)"), NULL);
    check_contend(f, MAX_OF("max(price) AS best, window_start, window_end FROM bid WINDOW HOPPING (SIZE 1 HOUR, ADVANCE BY 1 SECOND)"), NULL);
    check_contend(f, "SELECT b.channel FROM TABLE(HOP(TABLE bid, DESCRIPTOR(date_time), INTERVAL '20' SECOND, INTERVAL '10' SECOND)) b JOIN " BEST
                     " ON " SAME " AND b.date_time >= m.window_start AND b.date_time < m.window_end", NULL); /* rows in gaps are counted */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {T(switching_off), T(a_second_run_finds_nothing), T(rules_by_name), T(equal_parts), T(errors_stay),
                                       T(volatile_stays), T(folding), T(windows_keep_their_rows), T(contenders), T(no_contenders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
