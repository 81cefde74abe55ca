/* EXPLAIN as text, JSON and dot. */
#include "ddl_fixture.h"

#include "planner/explain_facts.h"

#include <sqlite3.h>

static Str explain(const char *sql, ExplainFormat f)
{
    StrBuf b = {.arena = &fx.arena};
    explain_plan(create(sql)->plan, f, &b);
    return sb_done(&b);
}

static void make_bid(void)
{
    create("CREATE STREAM bid (auction BIGINT, price BIGINT, channel TEXT, ts TIMESTAMP(3), "
           "WATERMARK FOR ts AS ts - INTERVAL '4' SECOND) WITH (connector = 'file', path = 'x', format = 'json')");
}

static void has(Str text, const char *part)
{
    if (str_find(text, str_z(part)) < 0) fail_msg("no \"%s\" in\n%s", part, text.p);
}

static void has_not(Str text, const char *part)
{
    if (str_find(text, str_z(part)) >= 0) fail_msg("\"%s\" in\n%s", part, text.p);
}

static const char WINDOWED[] =
    "CREATE MATERIALIZED VIEW hot AS SELECT auction, window_start, count(*) AS n FROM bid "
    "WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 90 SECONDS, RETENTION 1 DAY) "
    "WHERE price > 100 GROUP BY auction EMIT FINAL";

static void tree(void **state)
{
    (void)state;
    make_bid();
    Str t = explain(WINDOWED, EXPLAIN_TEXT);
    assert_true(str_starts(t, S("Materialized View hot\n    columns: auction BIGINT, window_start TIMESTAMP(3), n BIGINT\n"
                                "    emits: final\n")));
    has(t, "group by: auction\n");
    has(t, "aggregates: count(*)\n");
    has(t, "window: tumbling of 10 seconds on ts\n");
    has(t, "closes: when the watermark is 1 minute 30 seconds past its end\n");
    has(t, "retention: 24 hours after closing\n");
    has(t, "-> Scan bid\n");
    has(t, "filter: price > 100\n");
    has(t, "watermark: ts - 4 seconds\n");
    has(t, "one scan for all queries over bid\n");
    has(t, "changes: append-only; event time: ts; state: none\n");
    has_not(t, "order: arrival");
    has_not(t, "channel"); /* nobody needs it */
}

static void inputs_stand_deeper(void **state)
{
    (void)state;
    make_bid();
    Str t = explain("CREATE MATERIALIZED VIEW u AS SELECT auction FROM bid UNION ALL SELECT price FROM bid WHERE channel = 'x'", EXPLAIN_TEXT);
    has(t, "\n  -> Union\n");
    has(t, "\n    -> ");
    has(t, "filter: channel = 'x'\n");
}

static void order_of_arrival(void **state)
{
    (void)state;
    make_bid();
    Str t = explain("CREATE MATERIALIZED VIEW c AS SELECT auction, sum(price) AS s FROM bid "
                    "WINDOW COUNT (SIZE 100 ROWS, ADVANCE BY 10 ROWS) GROUP BY auction", EXPLAIN_TEXT);
    has(t, "window: the last 100 rows, every 10 rows\n");
    has(t, "order: arrival\n");
    has_not(t, "closes:");
}

static void one_event_time_window_over_a_view(void **state)
{
    (void)state;
    make_bid();
    create(WINDOWED);
    Str t = explain("CREATE MATERIALIZED VIEW m AS SELECT max(n) AS m FROM hot", EXPLAIN_TEXT);
    has(t, "-> View Input hot\n");
    has(t, "changes: retracts");
}

static void shared_operators(void **state)
{
    (void)state;
    Type t = TYPE_BIGINT_;
    Field field = {S("a"), t};
    PhysOp scan = {.kind = PHYS_VALUES, .id = 0, .fields = &field, .nfields = 1, .props = {.time_col = -1}};
    PhysOp *twice[] = {&scan, &scan};
    PhysOp both = {.kind = PHYS_UNION, .id = 1, .inputs = twice, .ninputs = 2, .fields = &field, .nfields = 1, .props = {.time_col = -1}};
    PhysOp *ops[] = {&scan, &both};
    PhysPlan plan = {.ops = ops, .nops = 2};
    StrBuf b = {.arena = &fx.arena};
    explain_plan(&plan, EXPLAIN_TEXT, &b);
    check_str(sb_done(&b), "Union\n    changes: retracts\n  -> Values (#0, shared)\n      columns: a BIGINT\n      rows: 0\n"
                           "      changes: retracts\n  -> Values (#0, as above)\n");
}

static void is_valid_json(Str text)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT json_valid(?1), ?1 -> '$.operators[0].id'", -1, &st, NULL), SQLITE_OK);
    sqlite3_bind_text(st, 1, text.p, (int)text.n, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(st, 0), 1);
    assert_string_equal(sqlite3_column_text(st, 1), "0");
    sqlite3_finalize(st);
    sqlite3_close(db);
}

static void json(void **state)
{
    (void)state;
    make_bid();
    Str t = explain(WINDOWED, EXPLAIN_JSON);
    is_valid_json(t);
    has(t, "\"operator\": \"Materialized View\", \"relation\": \"hot\", \"inputs\": [");
    has(t, "\"group_by\": [\"auction\"]");
    has(t, "\"event_time\": \"ts\"");
}

static void json_of_odd_names(void **state)
{
    (void)state;
    make_bid();
    Str t = explain("CREATE MATERIALIZED VIEW o AS SELECT auction AS \"a\"\"b\\\n\t\x01\", channel AS \"ä\" FROM bid "
                    "WHERE channel <> 'x\"y\\'", EXPLAIN_JSON);
    is_valid_json(t);
    has(t, "a\\\"b\\\\\\n\\t\\u0001");
    has(t, "ä");
}

static void dot(void **state)
{
    (void)state;
    make_bid();
    Str t = explain("CREATE MATERIALIZED VIEW o AS SELECT auction AS \"a\"\"b\" FROM bid WHERE price > 3", EXPLAIN_DOT);
    assert_true(str_starts(t, S("digraph plan {\n")) && str_ends(t, S("}\n")));
    has(t, "op0 -> op1;\n");
    has(t, "a\\\"b");
    has(t, "filter: price > 3\\l");
}

static void durations(void **state)
{
    (void)state;
    check_str(explain_duration(0, &fx.arena), "0 seconds");
    check_str(explain_duration(1000000, &fx.arena), "1 second");
    check_str(explain_duration(5400000000, &fx.arena), "1 hour 30 minutes");
    check_str(explain_duration(250000, &fx.arena), "250 milliseconds");
    check_str(explain_duration(1, &fx.arena), "1 microsecond");
    check_str(explain_duration(-1000000, &fx.arena), "-1 second");
    check_str(explain_duration(INT64_C(86400000000), &fx.arena), "24 hours");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tree), TEST(inputs_stand_deeper), TEST(order_of_arrival), TEST(one_event_time_window_over_a_view),
        TEST(shared_operators), TEST(json), TEST(json_of_odd_names), TEST(dot), TEST(durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
