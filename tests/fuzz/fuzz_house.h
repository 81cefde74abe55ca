/* fuzz_house.h: a database in which every kind of operator keeps state, closed in the middle of its
 * input: what the targets damage. */
#ifndef WEIR_TESTS_FUZZ_HOUSE_H
#define WEIR_TESTS_FUZZ_HOUSE_H

#include "tests/fuzz/fuzz_engine.h"

#include <sqlite3.h>
#include <sys/stat.h>

static const char HOUSE[] =
    "CREATE STREAM s (k BIGINT, v BIGINT, x DOUBLE, t TEXT, m DECIMAL(20,4), at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '5' SECOND);\n"
    "CREATE STREAM r (k BIGINT, w BIGINT, at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '5' SECOND);\n"
    "CREATE TABLE names (k BIGINT PRIMARY KEY, name TEXT);\n"
    "CREATE MATERIALIZED VIEW groups AS SELECT k, count(*) AS n, sum(v) AS sv, sum(x) AS sx, avg(m) AS am, min(t) AS lo, max(v) AS hi FROM s GROUP BY k;\n"
    "CREATE MATERIALIZED VIEW many AS SELECT t, count(DISTINCT v) AS d, string_agg(t, ',') AS all_t, array_agg(v) AS vs, stddev(x) AS sd,"
    " median(x) AS med, mode(v) AS mo, first_value(v) AS fv, last_value(x) AS lv, arg_max(t, v) AS am, approx_count_distinct(v) AS hll,"
    " approx_percentile(x, 0.5) AS ap, bit_xor(v) AS bx, bool_or(v > 2) AS bo, histogram(v) AS hi, corr(x, v) AS co FROM s GROUP BY t;\n"
    "CREATE MATERIALIZED VIEW above AS SELECT n, count(*) AS c, min(hi) AS lo, max(sx) AS top FROM groups GROUP BY n;\n"
    "CREATE MATERIALIZED VIEW tumbles AS SELECT k, window_start, window_end, count(*) AS n, sum(x) AS sx FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k EMIT FINAL;\n"
    "CREATE MATERIALIZED VIEW hops AS SELECT window_end, max(v) AS hi, min(x) AS lo FROM s WINDOW HOPPING (SIZE 9 SECONDS, ADVANCE BY 2 SECONDS);\n"
    "CREATE MATERIALIZED VIEW sessions AS SELECT k, window_start, window_end, count(*) AS n FROM s WINDOW SESSION (GAP 2 SECONDS) GROUP BY k;\n"
    "CREATE MATERIALIZED VIEW slides AS SELECT k, window_end, sum(v) AS sv FROM s WINDOW SLIDING (SIZE 5 SECONDS) GROUP BY k;\n"
    "CREATE MATERIALIZED VIEW counted AS SELECT k, window_no, sum(v) AS sv FROM s WINDOW COUNT (SIZE 3 ROWS, ADVANCE BY 2 ROWS) GROUP BY k;\n"
    "CREATE MATERIALIZED VIEW globals AS SELECT k, sum(v) AS sv FROM s WINDOW GLOBAL (TRIGGER EVERY 2 ROWS) GROUP BY k;\n"
    "CREATE MATERIALIZED VIEW filled AS SELECT k, window_end, count(*) AS n FROM s WINDOW TUMBLING (SIZE 2 SECONDS, FILL) GROUP BY k EMIT FINAL;\n"
    "CREATE MATERIALIZED VIEW pairs AS SELECT s.k, v, w FROM s LEFT JOIN r ON s.k = r.k;\n"
    "CREATE MATERIALIZED VIEW near AS SELECT s.k, v, w FROM s FULL JOIN r ON s.k = r.k AND s.at BETWEEN r.at - INTERVAL '2' SECOND AND r.at + INTERVAL '2' SECOND;\n"
    "CREATE MATERIALIZED VIEW nearest AS SELECT s.k, v, w FROM s ASOF LEFT JOIN r ON s.k = r.k AND s.at >= r.at;\n"
    "CREATE MATERIALIZED VIEW named AS SELECT s.k, v, name FROM s LEFT JOIN names ON s.k = names.k;\n"
    "CREATE MATERIALIZED VIEW missing AS SELECT k, v FROM s WHERE NOT EXISTS (SELECT 1 FROM r WHERE r.k = s.k AND r.w > s.v);\n"
    "CREATE MATERIALIZED VIEW best AS SELECT * FROM (SELECT k, v, row_number() OVER (PARTITION BY k ORDER BY v DESC) AS n FROM s) AS q WHERE n <= 2;\n"
    "CREATE MATERIALIZED VIEW over_all AS SELECT k, v, sum(v) OVER (PARTITION BY k ORDER BY at ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS sv, lag(v) OVER (PARTITION BY k ORDER BY at) AS before FROM s;\n"
    "CREATE MATERIALIZED VIEW different AS SELECT DISTINCT v, t FROM s;\n"
    "CREATE MATERIALIZED VIEW both AS SELECT k FROM s INTERSECT SELECT k FROM r;\n"
    "CREATE MATERIALIZED VIEW only AS SELECT k, v FROM s EXCEPT ALL SELECT k, w FROM r;\n"
    "CREATE MATERIALIZED VIEW first_ten AS SELECT k, v FROM s ORDER BY v DESC, k LIMIT 5;\n"
    "INSERT INTO names VALUES (0, 'zero'), (1, 'one'), (2, 'two');\n";

/* Rows of both streams, from the i-th on; so long that no sum overflows. */
static void house_rows(FuzzEngine *e, int from, int to, bool must_work)
{
    for (int i = from; i < to; i++) {
        char row[256];
        snprintf(row, sizeof row, "{\"k\":%d,\"v\":%d,\"x\":%g,\"t\":\"%s\",\"m\":%d.25,\"at\":\"2024-01-01 00:00:%02d.%03d\"}", i % 4, i * 7 % 11,
                 i % 5 * 0.37, i % 3 ? "a" : "a text of some length", i, i % 50 + i / 50, i * 37 % 1000);
        weir_status st = weir_push(e->db, "s", "json", row, -1);
        snprintf(row, sizeof row, "{\"k\":%d,\"w\":%d,\"at\":\"2024-01-01 00:00:%02d.000\"}", i % 5, i * 5 % 9, i % 50 + i / 50);
        if (st == WEIR_OK && i % 2) st = weir_push(e->db, "r", "json", row, -1);
        if (must_work) must(st == WEIR_OK, "%s", weir_errmsg(e->db));
        else if (st != WEIR_OK) return;
    }
}

typedef struct House {
    uint8_t *bytes; /* of the file, its WAL moved into it */
    size_t n;
} House;

static House house_read(const char *path)
{
    House h = {0};
    struct stat st;
    FILE *f = fopen(path, "rb");
    must(f && fstat(fileno(f), &st) == 0, "cannot read %s", path);
    h.n = (size_t)st.st_size;
    h.bytes = malloc(h.n);
    must(fread(h.bytes, 1, h.n, f) == h.n, "cannot read %s", path);
    fclose(f);
    return h;
}

static void sql_do(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    must(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", sql, why);
}

/* Built once: after three commits and a restart, so that there are bases and logs. */
static House house_build(void)
{
    char *path = fuzz_path("house.db");
    FuzzEngine e = {.path = path, .settings = {"synchronous=off"}};
    for (int part = 0; part < 3; part++) {
        must(fuzz_open(&e) == WEIR_OK, "%s", weir_errmsg(e.db));
        if (part == 0) fuzz_exec(&e, HOUSE);
        house_rows(&e, part * 6, part * 6 + 6, true);
        must(fuzz_run(&e) == WEIR_OK, "%s", weir_errmsg(e.db));
        fuzz_close(&e);
    }
    sqlite3 *db;
    must(sqlite3_open(e.path, &db) == SQLITE_OK, "cannot open %s", e.path);
    sql_do(db, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; PRAGMA wal_checkpoint");
    sqlite3_close(db);
    House h = house_read(path);
    free(path);
    return h;
}

static const House *house(void)
{
    static House h;
    if (!h.bytes) {
        h = house_build();
        atexit(fuzz_remove_folder);
    }
    return &h;
}

/* Opens the database and goes on with it; any error is fine, every row must come to an end. */
static weir_status house_go_on(FuzzEngine *e)
{
    weir_status st = fuzz_open(e);
    if (st == WEIR_OK) {
        house_rows(e, 18, 30, false);
        st = fuzz_run(e);
    }
    if (st != WEIR_OK) must(!e->db || *weir_errmsg(e->db), "status %d without a word", st);
    return st;
}

static const char *const HOUSE_VIEWS[] = {"groups",  "many",  "above",   "tumbles", "hops",    "sessions", "slides",   "counted", "globals", "filled", "pairs",
                                          "near",    "nearest", "named", "missing", "best",    "over_all", "different", "both",   "only",    "first_ten"};

#endif
