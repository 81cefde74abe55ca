/* fuzz_pipeline.c: a byte string draws queries, rows and where they are cut. The same rows in one
 * commit, and in many with a row a batch, without rewrites and with restarts, give the same views. */
#include "tests/fuzz/fuzz_engine.h"

enum { VIEWS_MAX = 3, ROWS_MAX = 60, EVENT_BYTES = 5 };

static const char STREAMS[] =
    "CREATE STREAM s (k BIGINT, v BIGINT, x DOUBLE, t TEXT, at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '3' SECOND ON NULL TIME DROP);"
    "CREATE STREAM r (k BIGINT, w BIGINT, at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '2' SECOND);"
    "CREATE TABLE names (k BIGINT PRIMARY KEY, name TEXT);";

/* %n a small number, %g a list of aggregates, %k a key, %w a window, %e EMIT, %c a condition. */
static const char *const QUERIES[] = {
    "SELECT %k AS k, %g FROM s WHERE %c GROUP BY %k",
    "SELECT %k AS k, window_start, window_end, %g FROM s WINDOW %w WHERE %c GROUP BY %k %e",
    "SELECT window_start, window_end, %g FROM s WINDOW %w %e",
    "SELECT s.k, v, w FROM s %j JOIN r ON s.k = r.k AND s.at BETWEEN r.at - INTERVAL '%n' SECOND AND r.at + INTERVAL '%n' SECOND %e",
    "SELECT s.k, v, w FROM s %j JOIN r ON s.k = r.k",
    "SELECT s.k, v, w FROM s ASOF LEFT JOIN r ON s.k = r.k AND s.at >= r.at %e",
    "SELECT s.k, v, name FROM s %j JOIN names ON s.k = names.k",
    "SELECT k, count(*) AS n, min(w) AS lo FROM (SELECT s.k, w FROM s %j JOIN r ON s.k = r.k) AS j GROUP BY k",
    "SELECT k, v FROM s WHERE %x EXISTS (SELECT 1 FROM r WHERE r.k = s.k AND r.w > s.v)",
    "SELECT * FROM (SELECT k, v, row_number() OVER (PARTITION BY k ORDER BY v DESC, at) AS n FROM s) AS q WHERE n <= %n",
    "SELECT k, v, at, sum(v) OVER (PARTITION BY k ORDER BY at ROWS BETWEEN %n PRECEDING AND CURRENT ROW) AS o, lag(v) OVER (PARTITION BY k ORDER BY at) AS p FROM s %e",
    "SELECT k, v, max(v) OVER (PARTITION BY k ORDER BY at RANGE BETWEEN INTERVAL '%n' SECOND PRECEDING AND CURRENT ROW) AS o FROM s",
    "SELECT DISTINCT k, t FROM s WHERE %c",
    "SELECT k, v FROM s %s SELECT k, w FROM r",
    "SELECT n, count(*) AS c, max(hi) AS hi FROM (SELECT k, count(*) AS n, max(v) AS hi FROM s WHERE %c GROUP BY k) AS q GROUP BY n",
    "SELECT k, window_no, window_end, %g FROM s WINDOW COUNT (SIZE %n ROWS, ADVANCE BY %n ROWS) GROUP BY k %e",
    "SELECT k, %g FROM s WINDOW GLOBAL (TRIGGER EVERY %n ROWS) GROUP BY k",
    "SELECT k, v, t FROM s ORDER BY v DESC, t, k LIMIT %n",
    "SELECT k, t, %g, GROUPING(k) AS gk FROM s GROUP BY ROLLUP (k, t)",
    "SELECT window_end, k, n, rank() OVER (PARTITION BY window_end ORDER BY n DESC) AS place FROM (SELECT k, window_end, count(*) AS n FROM s WINDOW TUMBLING (SIZE 4 SECONDS) GROUP BY k) AS q",
    "SELECT a.k, a.window_end, n, m FROM (SELECT k, window_end, window_start, count(*) AS n FROM s WINDOW %w GROUP BY k) AS a %j JOIN (SELECT k, window_end, window_start, count(*) AS m FROM r WINDOW %w GROUP BY k) AS b ON a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end",
};
static const char *const AGGREGATES[] = {
    "count(*) AS a, sum(v) AS b, sum(x) AS c", "min(v) AS a, max(x) AS b, avg(x) AS c", "count(DISTINCT v) AS a, string_agg(t, ',') AS b",
    "first_value(v) AS a, last_value(v) AS b, arg_max(t, x) AS c", "stddev(x) AS a, median(v) AS b, mode(v) AS c",
    "count(*) FILTER (WHERE v > 3) AS a, array_agg(v ORDER BY v, k) AS b", "bit_xor(v) AS a, bool_or(v > 5) AS b, corr(x, v) AS c",
    "sum(v * 4000000000000000000) AS a, count(v) AS b", "approx_count_distinct(v) AS a, approx_percentile(x, 0.5) AS b",
};
static const char *const WINDOWS[] = {
    "TUMBLING (SIZE %n SECONDS)", "HOPPING (SIZE 6 SECONDS, ADVANCE BY %n SECONDS)", "HOPPING (SIZE %n SECONDS, ADVANCE BY 2 SECONDS)",
    "SESSION (GAP %n SECONDS)", "SLIDING (SIZE %n SECONDS)", "CUMULATING (SIZE 6 SECONDS, STEP 2 SECONDS)", "TUMBLING (SIZE 3 SECONDS, GRACE PERIOD %n SECONDS)",
    "SESSION (GAP 2 SECONDS, GRACE PERIOD %n SECONDS)", "TUMBLING (SIZE 2 SECONDS, FILL)", "HOPPING (SIZE 4 SECONDS, ADVANCE BY 1 SECOND, OFFSET %n SECONDS)",
};
static const char *const KEYS[] = {"k", "t", "v % 3", "coalesce(k, 0)"};
static const char *const CONDITIONS[] = {"TRUE", "v > 2", "x IS NOT NULL", "10 / (v - 4) < 9 OR v = 4", "t LIKE 'a%'", "k IN (1, 2, NULL)"};
static const char *const JOINS[] = {"", "LEFT", "RIGHT", "FULL"};
static const char *const SETS[] = {"UNION ALL", "UNION", "INTERSECT", "EXCEPT", "EXCEPT ALL", "INTERSECT ALL"};
static const char *const EMITS[] = {"", "EMIT FINAL"};
static const char *const NOTS[] = {"", "NOT"};

#define ONE_OF(c, list) (list)[choose((c), sizeof(list) / sizeof *(list))]

/* ---- a case ---------------------------------------------------------------------------------------------- */

typedef struct Event {
    uint8_t what, k, v, t, at;
} Event;

typedef struct Case {
    char *views[VIEWS_MAX];
    int nviews;
    Event events[ROWS_MAX];
    int nevents;
} Case;

/* What one letter stands for is drawn once a query, so that keys and windows agree. */
typedef struct Draw {
    const char *g, *k, *w, *e, *c, *j, *s, *x;
    Choices *choices;
} Draw;

static void write_query(FILE *f, const Draw *d, const char *template)
{
    static const char LETTERS[] = "gkwecjsx";
    const char *const with[] = {d->g, d->k, d->w, d->e, d->c, d->j, d->s, d->x};
    for (const char *p = template; *p; p++) {
        const char *at = *p == '%' && p[1] ? strchr(LETTERS, p[1]) : NULL;
        if (at) write_query(f, d, with[at - LETTERS]), p++;
        else if (*p == '%' && p[1] == 'n') fprintf(f, "%u", 1 + choose(d->choices, 5)), p++;
        else fputc(*p, f);
    }
}

static char *choose_query(Choices *c)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    const char *template = ONE_OF(c, QUERIES);
    Draw d = {ONE_OF(c, AGGREGATES), ONE_OF(c, KEYS), ONE_OF(c, WINDOWS), ONE_OF(c, EMITS), ONE_OF(c, CONDITIONS),
              ONE_OF(c, JOINS), ONE_OF(c, SETS), ONE_OF(c, NOTS), c};
    write_query(f, &d, template);
    fclose(f);
    return text;
}

static Case choose_case(Choices *c)
{
    Case t = {.nviews = 1 + (int)choose(c, VIEWS_MAX)};
    for (int i = 0; i < t.nviews; i++) t.views[i] = choose_query(c);
    while (c->end - c->at >= EVENT_BYTES && t.nevents < ROWS_MAX) {
        memcpy(&t.events[t.nevents++], c->at, EVENT_BYTES);
        c->at += EVENT_BYTES;
    }
    return t;
}

/* ---- what is done with it -------------------------------------------------------------------------------- */

static void maybe(FILE *f, bool is_null, const char *fmt, long long v)
{
    if (is_null) fputs("null", f);
    else fprintf(f, fmt, v);
}

static void push_row(FuzzEngine *e, const Event *v, bool is_left)
{
    static const char *const texts[] = {"a", "b", "ab", "a text of more than twelve", ""};
    char *row;
    size_t size;
    FILE *f = open_memstream(&row, &size);
    long long ms = (long long)(v->at & 31) * 500 - 4000 + v->at / 64;
    fputs("{\"k\":", f), maybe(f, v->k % 8 == 7, "%lld", v->k % 4);
    fputs(is_left ? ",\"v\":" : ",\"w\":", f), maybe(f, v->v % 16 == 15, "%lld", v->v % 8);
    if (is_left) {
        fputs(",\"x\":", f), maybe(f, v->v % 32 == 3, "%lld.37", v->v / 16 - 4);
        fprintf(f, ",\"t\":\"%s\"", texts[v->t % 5]);
    }
    int second = (int)((ms + 10000) / 1000), milli = (int)((ms + 10000) % 1000);
    if (is_left && v->t == 255) fputs(",\"at\":null}", f);
    else fprintf(f, ",\"at\":\"1969-12-31 23:59:%02d.%03d\"}", 35 + second, milli);
    fclose(f);
    must(weir_push(e->db, is_left ? "s" : "r", "json", row, -1) == WEIR_OK, "%s: %s", row, weir_errmsg(e->db));
    free(row);
}

static void change_table(FuzzEngine *e, const Event *v)
{
    char sql[160];
    if (v->v % 4 == 0) snprintf(sql, sizeof sql, "DELETE FROM names WHERE k = %d", v->k % 4);
    else snprintf(sql, sizeof sql, "INSERT INTO names VALUES (%d, 'n%d') ON CONFLICT (k) DO UPDATE SET name = excluded.name", v->k % 4, v->t % 8);
    must(weir_exec(e->db, sql, -1, "fuzz.sql", NULL) == WEIR_OK, "%s: %s", sql, weir_errmsg(e->db));
}

static void commit(FuzzEngine *e)
{
    must(fuzz_run(e) == WEIR_OK, "%s", weir_errmsg(e->db));
}

static void restart(FuzzEngine *e)
{
    commit(e); /* rows by hand that no commit holds go with the engine */
    fuzz_close(e);
    must(fuzz_open(e) == WEIR_OK, "%s", weir_errmsg(e->db));
}

/* Statements on tables commit what is before them; so in both ways they stand at the same place. */
static void play(FuzzEngine *e, const Case *t, bool is_cut)
{
    for (int i = 0; i < t->nevents; i++) {
        const Event *v = &t->events[i];
        switch (v->what % 8) {
        case 0: case 1: case 2: case 3: push_row(e, v, true); break;
        case 4: case 5: push_row(e, v, false); break;
        case 6: change_table(e, v); break;
        default:
            if (is_cut && v->k % 4 == 0) restart(e);
            else if (is_cut) commit(e);
        }
    }
    commit(e);
}

static bool define(FuzzEngine *e, const Case *t)
{
    fuzz_exec(e, STREAMS);
    int made = 0;
    for (int i = 0; i < t->nviews; i++) {
        char *sql;
        must(asprintf(&sql, "CREATE MATERIALIZED VIEW v%d AS %s", i, t->views[i]) > 0, "no memory");
        weir_status st = weir_exec(e->db, sql, -1, "fuzz.sql", NULL);
        must(st != WEIR_E_SYNTAX && st != WEIR_E_INTERNAL, "%s", weir_errmsg(e->db));
        made += st == WEIR_OK;
        free(sql);
    }
    return made > 0;
}

static int line_order(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The rows of a view in the order of their text, NULL where there is no such view. */
static char *sorted_rows(FuzzEngine *e, int view)
{
    char sql[64], *lines[4096], *out;
    size_t size;
    int n = 0;
    weir_status st;
    snprintf(sql, sizeof sql, "SELECT * FROM v%d", view);
    char *text = fuzz_rows(e, sql, &st);
    for (char *l = strtok(text, "\n"); l && n < 4096; l = strtok(NULL, "\n")) lines[n++] = l;
    qsort(lines, (size_t)n, sizeof *lines, line_order);
    FILE *f = open_memstream(&out, &size);
    for (int i = 0; i < n; i++) fprintf(f, "%s\n", lines[i]);
    fprintf(f, "%d\n", (int)st);
    fclose(f);
    free(text);
    return out;
}

static void remove_database(const char *path)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-weir.lock"};
    for (int i = 0; i < 4; i++) {
        char *file;
        must(asprintf(&file, "%s%s", path, endings[i]) > 0, "no memory");
        unlink(file);
        free(file);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char *one, *other;
    if (!one) {
        one = fuzz_path("one.db");
        other = fuzz_path("other.db");
        atexit(fuzz_remove_folder);
    }
    Choices c = {data, data + n};
    Case t = choose_case(&c);
    FuzzEngine a = {.path = one, .settings = {"synchronous=off"}};
    FuzzEngine b = {.path = other, .settings = {"synchronous=off", "batch_rows=1"}, .rules_off = "all"};
    remove_database(one), remove_database(other);
    must(fuzz_open(&a) == WEIR_OK && fuzz_open(&b) == WEIR_OK, "%s", weir_errmsg(a.db));
    bool is_made = define(&a, &t);
    must(is_made == define(&b, &t), "accepted with rewrites only, or without");
    if (is_made) {
        play(&a, &t, false);
        play(&b, &t, true);
    }
    for (int i = 0; i < t.nviews && is_made; i++) {
        char *x = sorted_rows(&a, i), *y = sorted_rows(&b, i);
        must(!strcmp(x, y), "%s\nin one commit:\n%sin many:\n%s", t.views[i], x, y);
        free(x), free(y);
    }
    for (int i = 0; i < t.nviews; i++) free(t.views[i]);
    fuzz_close(&a);
    fuzz_close(&b);
    return 0;
}
