/* EXPLAIN as text, JSON and dot. */
#include "ddl_fixture.h"

#include "planner/explain_facts.h"

#include <sqlite3.h>

static Str explain(const char *sql, ExplainFormat f)
{
    StrBuf b = {.arena = &fx.arena};
    explain_plan(create(sql)->plan, f, NULL, &b);
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
    explain_plan(&plan, EXPLAIN_TEXT, NULL, &b);
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

static Str analyzed(ExplainFormat f)
{
    const PhysPlan *plan = create(WINDOWED)->plan;
    OpActual *actual = new (&fx.arena, OpActual, plan->nops);
    for (int i = 0; i < plan->nops; i++)
        actual[i] = (OpActual){.rows_in = 1000 * (i + 1), .rows_out = 2345, .batches = 3, .time_us = 100 + i,
                               .state_rows = i == 1 ? 7 : -1, .state_bytes = 1250, .watermark_us = INT64_MIN};
    actual[0].watermark_us = 1500000;
    actual[1].watermark_us = INT64_MAX;
    actual[1].has_rates = true;
    actual[1].in_per_s = 12345;
    actual[1].busy = 0.125;
    StrBuf b = {.arena = &fx.arena};
    explain_plan(plan, f, actual, &b);
    return sb_done(&b);
}

static void what_operators_did(void **state)
{
    (void)state;
    make_bid();
    Str t = analyzed(EXPLAIN_TEXT);
    has(t, "actual: 1000 rows in, 2345 out; 3 batches; 0.100 ms\n");
    has(t, "watermark now: 1970-01-01 00:00:01.500\n");
    has(t, "holds: 7 rows, 1.2 kB\n");
    has(t, "watermark now: the input has ended\n");
    has(t, "of late: 12.3 k/s in, 0/s out, busy 12.5 %\n");
}

static void what_operators_did_for_programs(void **state)
{
    (void)state;
    make_bid();
    Str t = analyzed(EXPLAIN_JSON);
    is_valid_json(t);
    has(t, "\"actual\": {\"rows_in\": 1000, \"rows_out\": 2345, \"batches\": 3, \"time_ms\": 0.100, "
           "\"watermark\": \"1970-01-01 00:00:01.500\"}");
    has(t, "\"state_rows\": 7, \"state_bytes\": 1250, \"ended\": true, \"rows_in_per_s\": 12345.0");
    assert_ptr_equal(strstr(t.p, "\"state_rows\": -1"), NULL);
}

static void figures_in_words(void **state)
{
    (void)state;
    Arena *a = &fx.arena;
    check_str(explain_bytes(0, a), "0 B");
    check_str(explain_bytes(999, a), "999 B");
    check_str(explain_bytes(1000, a), "1.0 kB");
    check_str(explain_bytes(9949, a), "9.9 kB");
    check_str(explain_bytes(999999, a), "1.0 MB");
    check_str(explain_bytes(123456789, a), "123 MB");
    check_str(explain_time(0, a), "0.000 ms");
    check_str(explain_time(12345, a), "12.3 ms");
    check_str(explain_time(3456789, a), "3.46 s");
    check_str(explain_rate(0.44, a), "0.4");
    check_str(explain_rate(999.6, a), "1.0 k");
    check_str(explain_rate(1234567, a), "1.2 M");
    check_str(explain_moment(0, a), "1970-01-01 00:00:00");
    check_str(explain_moment(-1, a), "1969-12-31 23:59:59.999999");
}

/* Text of a picture: nothing in it may end a tag. */
static void picture(void **state)
{
    (void)state;
    make_bid();
    Str t = explain("CREATE MATERIALIZED VIEW o AS SELECT auction AS \"a<b&c\\\"\"\" FROM bid WHERE price > 3 AND channel <> 'é\x01'", EXPLAIN_SVG);
    assert_true(str_starts(t, S("<svg ")) && str_ends(t, S("</svg>\n")));
    has(t, "a&lt;b&amp;c");
    has(t, "price &gt; 3");
    has(t, "é");
    has_not(t, "\x01");
    Str figures = analyzed(EXPLAIN_SVG);
    has(figures, "2.3 k rows");
    has(figures, "7 rows, 1.2 kB");
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
        TEST(what_operators_did), TEST(what_operators_did_for_programs), TEST(figures_in_words), TEST(picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
