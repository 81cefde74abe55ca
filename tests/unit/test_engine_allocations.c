/* Nothing is allocated per row: what a view asks the system for grows with its epochs, its windows and
 * its keys, not with the rows that come. Counted are the allocations of a short run and of a long one. */
#include "tests/unit/engine_fixture.h"

#include "base/arena.h"

enum { SHORT_ROWS = 50000, LONG_ROWS = 250000, ROWS_PER_ALLOCATION = 100 };

typedef struct Family {
    const char *name, *select;
} Family;

#define WINDOW(f) "TABLE(" f ") GROUP BY "
#define TUMBLE WINDOW("TUMBLE(TABLE bid, DESCRIPTOR(date_time), INTERVAL '1' SECOND)")
#define HOP WINDOW("HOP(TABLE bid, DESCRIPTOR(date_time), INTERVAL '1' SECOND, INTERVAL '5' SECOND)")
#define CUMULATE WINDOW("CUMULATE(TABLE bid, DESCRIPTOR(date_time), INTERVAL '1' SECOND, INTERVAL '5' SECOND)")
#define BOUNDS "window_start, window_end"

static const Family families[] = {
    {"filter", "SELECT auction, price * 2 AS p FROM bid WHERE auction % 12300 = 0"},
    {"one row", "SELECT count(*) AS n, sum(price) AS s, max(price) AS m FROM bid"},
    {"groups", "SELECT bidder % 100 AS k, count(*) AS n, sum(price) AS s, avg(price) AS a FROM bid GROUP BY bidder % 100"},
    {"text", "SELECT substr(channel, 1, 2) AS k, count(*) AS n FROM bid GROUP BY substr(channel, 1, 2)"},
    {"distinct", "SELECT bidder % 10 AS k, count(DISTINCT auction % 50) AS a, count(DISTINCT auction % 50) FILTER (WHERE price > 1000) AS b "
                 "FROM bid GROUP BY bidder % 10"},
    {"tumbling", "SELECT bidder % 100 AS k, count(*) AS n, max(price) AS m, " BOUNDS " FROM " TUMBLE "bidder % 100, " BOUNDS " EMIT FINAL"},
    {"tumbling, changes", "SELECT bidder % 100 AS k, count(*) AS n, " BOUNDS " FROM " TUMBLE "bidder % 100, " BOUNDS},
    {"hopping", "SELECT bidder % 100 AS k, count(*) AS n, " BOUNDS " FROM " HOP "bidder % 100, " BOUNDS " EMIT FINAL"},
    {"hopping, best", "SELECT bidder % 100 AS k, max(price) AS m, " BOUNDS " FROM " HOP "bidder % 100, " BOUNDS " EMIT FINAL"},
    {"cumulating", "SELECT bidder % 100 AS k, sum(price) AS n, " BOUNDS " FROM " CUMULATE "bidder % 100, " BOUNDS},
    {"sessions", "SELECT bidder % 100 AS k, count(*) AS n, SESSION_START(date_time, INTERVAL '1' SECOND) AS a FROM bid "
                 "GROUP BY bidder % 100, SESSION(date_time, INTERVAL '1' SECOND) EMIT FINAL"},
    {"above state", "SELECT n % 7 AS r, max(k) AS m, count(*) AS c FROM (SELECT bidder % 100 AS k, count(*) AS n FROM bid GROUP BY bidder % 100) AS g GROUP BY n % 7"},
};

static int64_t allocations_of(Engine *e, const Family *f, int run, int64_t nrows)
{
    char sql[1000];
    snprintf(e->path, sizeof e->path, "%s/%d.db", e->folder, run);
    engine_open(e);
    snprintf(sql, sizeof sql, "CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = %lld); CREATE MATERIALIZED VIEW v AS %s;",
             (long long)(nrows * 50 / 46), f->select);
    ok(e, exec_in(e, sql));
    int64_t before = mem_allocations();
    run_all(e);
    int64_t after = mem_allocations();
    if (!strcmp(f->name, "one row")) assert_in_range(atoll(rows(e, "SELECT n FROM v")), nrows - 50, nrows);
    engine_close(e);
    return after - before;
}

static void nothing_is_allocated_per_row(void **state)
{
    Engine *e = *state;
    const char *told = getenv("WEIR_ALLOCATION_ROWS");
    int64_t rows = told ? atoll(told) : LONG_ROWS;
    int failed = 0, n = sizeof families / sizeof *families;
    e->settings[0] = "synchronous=off";
    for (int i = 0; i < n; i++) {
        int64_t few = allocations_of(e, &families[i], 2 * i, SHORT_ROWS), many = allocations_of(e, &families[i], 2 * i + 1, SHORT_ROWS + rows);
        if ((many - few) * ROWS_PER_ALLOCATION <= rows) continue;
        print_error("%s: %lld allocations in %d rows, %lld in %lld more\n", families[i].name, (long long)few, SHORT_ROWS,
                    (long long)(many - few), (long long)rows);
        failed++;
    }
    assert_int_equal(failed, 0);
    snprintf(e->path, sizeof e->path, "%s/e.db", e->folder);
    engine_open(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_allocated_per_row, engine_setup, engine_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
