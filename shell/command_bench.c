/* command_bench.c: weir bench: Nexmark queries over ready batches into a counting sink. */
#include "shell/command.h"

#include "include/weir_test.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 5, EVENTS_DEFAULT = 2000000 };

typedef struct BenchQuery {
    const char *name, *sql;
} BenchQuery;

static const BenchQuery queries[] = {
    {"q0", "SELECT auction, bidder, price, date_time FROM bid"},
    {"q1", "SELECT auction, bidder, CAST(0.908 * price AS DECIMAL(23, 3)) AS price, date_time FROM bid"},
    {"q2", "SELECT auction, price FROM bid WHERE auction % 123 = 0"},
    {"q5", "SELECT auction, count(*) AS num, window_start, window_end FROM TABLE(HOP(TABLE bid, "
           "DESCRIPTOR(date_time), INTERVAL '2' SECOND, INTERVAL '10' SECOND)) "
           "GROUP BY auction, window_start, window_end EMIT FINAL"},
    {"q7a", "SELECT max(price) AS price, window_start, window_end FROM TABLE(TUMBLE(TABLE bid, "
            "DESCRIPTOR(date_time), INTERVAL '10' SECOND)) GROUP BY window_start, window_end EMIT FINAL"},
    {"q12", "SELECT bidder, count(*) AS bids, window_start, window_end FROM TABLE(TUMBLE(TABLE bid, "
            "DESCRIPTOR(date_time), INTERVAL '10' SECOND)) GROUP BY bidder, window_start, window_end EMIT FINAL"},
    {"q12b", "SELECT auction, count(*) AS n, sum(price) AS total, min(price) AS low, max(price) AS high, "
             "window_start, window_end FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(date_time), INTERVAL '10' SECOND)) "
             "GROUP BY auction, window_start, window_end EMIT FINAL"},
    {NULL, NULL}};

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool wanted(const char *list, const char *name)
{
    if (!list || !strcmp(list, "all")) return true;
    size_t n = strlen(name);
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == n && !strncmp(p, name, n)) return true;
    return false;
}

static void show(const BenchQuery *q, weir_bench_result *r, bool json)
{
    qsort(r->nanoseconds, RUNS, sizeof *r->nanoseconds, by_value);
    double ns = (double)r->nanoseconds[RUNS / 2];
    double rate = ns > 0 ? (double)r->rows_in / ns * 1e9 : 0;
    if (json)
        printf("{\"query\":\"%s\",\"rows_in\":%" PRId64 ",\"rows_out\":%" PRId64 ",\"seconds\":%.6f,"
               "\"events_per_second\":%.0f,\"hash\":\"%016" PRIx64 "\"}\n",
               q->name, r->rows_in, r->rows_out, ns / 1e9, rate, r->hash);
    else
        printf("%-5s %10" PRId64 " rows in %10" PRId64 " out %9.1f ns/row %9.2f M rows/s\n", q->name, r->rows_in,
               r->rows_out, ns / (double)(r->rows_in ? r->rows_in : 1), rate / 1e6);
    fflush(stdout);
}

static bool make_stream(Session *s, int64_t events)
{
    return session_query(s, "CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = %" PRId64 ")",
                         events);
}

/* Reading a file of bids (NDJSON or CSV) into columns. */
static bool bench_file(Session *s, const Args *a, const char *format)
{
    static const char columns[] =
        "auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP(3), extra TEXT";
    char *sql;
    if (a->nfiles != 1) {
        fputs("weir: bench --query ndjson|csv takes the file to read\n", stderr);
        return false;
    }
    if (asprintf(&sql, "CREATE STREAM bids (%s) WITH (connector = 'file', path = '%s', format = '%s')", columns,
                 a->files[0], format) < 0) return false;
    weir_bench_result r;
    bool ok = session_query(s, "%s", sql);
    free(sql);
    if (ok && weir_bench_decode(s->db, "bids", NULL, RUNS, &r) != WEIR_OK) {
        session_tell(s);
        ok = false;
    }
    if (ok) show(&(BenchQuery){strcmp(format, "csv") ? "ndjson" : "csv", NULL}, &r, a->json);
    return ok;
}

int command_bench(const Args *a)
{
    Session s = session_of(a);
    int code = session_open(&s, NULL, false);
    if (code == EXIT_DONE && a->query && (!strcmp(a->query, "ndjson") || !strcmp(a->query, "csv"))) {
        bool done = bench_file(&s, a, strcmp(a->query, "csv") ? "json" : "csv");
        session_close(&s);
        return done ? EXIT_DONE : EXIT_FAILED;
    }
    bool ok = code == EXIT_DONE && make_stream(&s, a->events > 0 ? a->events : EVENTS_DEFAULT);
    for (const BenchQuery *q = queries; ok && q->name; q++) {
        if (!wanted(a->query, q->name)) continue;
        weir_bench_result r;
        ok = weir_bench_operators(s.db, q->sql, RUNS, 1, &r) == WEIR_OK;
        if (ok) show(q, &r, a->json);
        else session_tell(&s);
    }
    session_close(&s);
    return code ? code : ok ? EXIT_DONE : EXIT_FAILED;
}
