/* views.c: the kinds of views that cases are made of, as SQL. Streams s and r have the columns
 * (ts TIMESTAMP(3), k TEXT, v BIGINT) and s has p, the time at which a row was accepted; table t has
 * (k TEXT PRIMARY KEY, w BIGINT). What a view must hold is said in twin.c, not here. */
#include "tests/torture/torture.h"

#include <stdio.h>
#include <string.h>

#define AGGREGATES "count(*), count(v), sum(v), min(v), max(v), first_value(v), last_value(v)"

int64_t view_param(const View *v, const char *name, int64_t fallback) { return line_number(v->line, name, fallback); }

static const char *emit(const View *v) { return view_param(v, "final", 0) ? " EMIT FINAL" : ""; }

static void sql_group(const View *v, char *out, int cap)
{
    (void)v;
    snprintf(out, (size_t)cap, "SELECT k, count(*), count(v), sum(v), min(v), max(v), count(DISTINCT v) FROM s GROUP BY k");
}

static void sql_global(const View *v, char *out, int cap)
{
    (void)v;
    snprintf(out, (size_t)cap, "SELECT count(*), sum(v), avg(v) FROM s");
}

static void sql_counts(const View *v, char *out, int cap)
{
    (void)v;
    snprintf(out, (size_t)cap, "SELECT k, count(*) FROM s GROUP BY k");
}

static void sql_distinct(const View *v, char *out, int cap)
{
    (void)v;
    snprintf(out, (size_t)cap, "SELECT DISTINCT k, v FROM s");
}

static void sql_histogram(const View *v, char *out, int cap)
{
    (void)v;
    snprintf(out, (size_t)cap,
             "SELECT n, count(*), max(k) FROM (SELECT k, count(*) AS n FROM s GROUP BY k) GROUP BY n");
}

static void sql_filter(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap, "SELECT k, v * 2, ts FROM s WHERE v > %d", (int)view_param(v, "above", 0));
}

static void sql_windows(const View *v, char *out, int cap)
{
    char window[256];
    int size = (int)view_param(v, "size", 10), slide = (int)view_param(v, "slide", size);
    int step = (int)view_param(v, "step", 0), n;
    if (step) n = snprintf(window, sizeof window, "CUMULATING (SIZE %d SECONDS, STEP %d SECONDS", size, step);
    else if (slide == size) n = snprintf(window, sizeof window, "TUMBLING (SIZE %d SECONDS", size);
    else n = snprintf(window, sizeof window, "HOPPING (SIZE %d SECONDS, ADVANCE BY %d SECONDS", size, slide);
    n += snprintf(window + n, sizeof window - (size_t)n, ", OFFSET %d SECONDS, GRACE PERIOD %d SECONDS",
                  (int)view_param(v, "offset", 0), (int)view_param(v, "grace", 0));
    if (view_param(v, "fill", 0)) n += snprintf(window + n, sizeof window - (size_t)n, ", FILL");
    if (view_param(v, "keep", 0)) n += snprintf(window + n, sizeof window - (size_t)n, ", RETENTION %d SECONDS", (int)view_param(v, "keep", 0));
    snprintf(window + n, sizeof window - (size_t)n, ")");
    snprintf(out, (size_t)cap, "SELECT k, window_start, window_end, " AGGREGATES " FROM s WINDOW %s GROUP BY k%s", window,
             emit(v));
}

static void sql_session(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap,
             "SELECT k, window_start, window_end, " AGGREGATES
             " FROM s WINDOW SESSION (GAP %d SECONDS, GRACE PERIOD %d SECONDS) GROUP BY k%s",
             (int)view_param(v, "gap", 5), (int)view_param(v, "grace", 0), emit(v));
}

static void sql_join(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap, "SELECT s.k, s.ts, s.v, r.ts AS rts, r.v AS rv FROM s %s JOIN r ON s.k = r.k",
             view_param(v, "left", 0) ? "LEFT" : "INNER");
}

static void sql_interval(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap,
             "SELECT s.k, s.ts, s.v, r.ts AS rts, r.v AS rv FROM s %s JOIN r ON s.k = r.k AND "
             "s.ts BETWEEN r.ts - INTERVAL '%d' SECOND AND r.ts + INTERVAL '%d' SECOND%s",
             view_param(v, "left", 0) ? "LEFT" : "INNER", (int)view_param(v, "a", 3), (int)view_param(v, "b", 3), emit(v));
}

static const char *direction(const View *v) { return view_param(v, "desc", 1) ? " DESC" : ""; }

static void sql_top(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap,
             "SELECT k, v, ts, rn FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY v%s) AS rn FROM s) WHERE rn <= %d",
             direction(v), (int)view_param(v, "n", 2));
}

static void sql_best(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap,
             "SELECT v, count(*), min(ts), max(ts) FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY v%s) AS rn FROM s) "
             "WHERE rn <= %d GROUP BY v",
             direction(v), (int)view_param(v, "n", 2));
}

static void sql_over(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap,
             "SELECT k, ts, v, row_number() OVER w, lag(v) OVER w, "
             "sum(v) OVER (PARTITION BY k ORDER BY ts ROWS BETWEEN %d PRECEDING AND CURRENT ROW) "
             "FROM s WINDOW w AS (PARTITION BY k ORDER BY ts)%s",
             (int)view_param(v, "n", 2), emit(v));
}

static void sql_sliding(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap,
             "SELECT k, window_start, window_end, " AGGREGATES
             " FROM s WINDOW SLIDING (SIZE %d SECONDS, GRACE PERIOD %d SECONDS) GROUP BY k%s",
             (int)view_param(v, "size", 10), (int)view_param(v, "grace", 0), emit(v));
}

static void sql_count(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap,
             "SELECT k, window_no, window_start, window_end, " AGGREGATES
             " FROM s WINDOW COUNT (SIZE %d ROWS, ADVANCE BY %d ROWS) GROUP BY k%s",
             (int)view_param(v, "size", 3), (int)view_param(v, "step", 1), emit(v));
}

static void sql_trigger(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap, "SELECT k, " AGGREGATES " FROM s WINDOW GLOBAL (TRIGGER EVERY %d ROWS) GROUP BY k",
             (int)view_param(v, "n", 2));
}

static void sql_clock(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap,
             "SELECT k, window_start, window_end, " AGGREGATES " FROM s WINDOW TUMBLING (SIZE %d SECONDS, ON p) GROUP BY k",
             (int)view_param(v, "size", 10));
}

static void before_late(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap,
             "CREATE STREAM late_%s (k TEXT, v BIGINT, ts TIMESTAMP(3), window_end TIMESTAMP(3), watermark TIMESTAMP(3));\n"
             "CREATE MATERIALIZED VIEW of_%s WITH (late_into = 'late_%s') AS ", v->name, v->name, v->name);
    int n = (int)strlen(out);
    sql_windows(v, out + n, cap - n);
    n = (int)strlen(out);
    snprintf(out + n, (size_t)(cap - n), ";\n");
}

static void sql_late(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap, "SELECT k, v, ts, window_end, watermark FROM late_%s", v->name);
}

static void sql_table_join(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap, "SELECT s.k, s.ts, s.v, t.w FROM s %s JOIN t ON s.k = t.k", view_param(v, "left", 0) ? "LEFT" : "INNER");
}

static void sql_lookup(const View *v, char *out, int cap)
{
    snprintf(out, (size_t)cap, "SELECT s.k, s.ts, s.v, t.w FROM s %s JOIN t FOR SYSTEM_TIME AS OF proctime() ON s.k = t.k",
             view_param(v, "left", 0) ? "LEFT" : "INNER");
}

static void sql_table(const View *v, char *out, int cap)
{
    (void)v;
    snprintf(out, (size_t)cap, "SELECT w, count(*) FROM t GROUP BY w");
}

const ViewKind view_kinds[] = {
    {"group", sql_group, twin_group, .params = ""},
    {"global", sql_global, twin_global, .params = ""},
    {"counts", sql_counts, twin_counts, .params = "", .leaves_v = true},
    {"distinct", sql_distinct, twin_distinct, .params = ""},
    {"histogram", sql_histogram, twin_histogram, .params = "", .leaves_v = true},
    {"filter", sql_filter, twin_filter, .params = "above"},
    {"tumbling", sql_windows, twin_windows, .params = "size,offset,grace,keep,fill,final"},
    {"hopping", sql_windows, twin_windows, .params = "size,slide,offset,grace,keep,final"},
    {"cumulating", sql_windows, twin_windows, .params = "size,step,offset,grace,keep,final"},
    {"sliding", sql_sliding, twin_sliding, .params = "size,grace,final"},
    {"session", sql_session, twin_session, .params = "gap,grace,final"},
    {"count", sql_count, twin_count, .params = "size,step,final"},
    {"trigger", sql_trigger, twin_trigger, .params = "n"},
    {"clock", sql_clock, twin_clock, .params = "size"},
    {"late", sql_late, twin_late, .before = before_late, .params = "size,slide,offset,grace,final", .leaves_v = true},
    {"join", sql_join, twin_join, .params = "left", .reads_r = true},
    {"interval", sql_interval, twin_interval, .params = "a,b,left,final", .reads_r = true},
    {"top", sql_top, twin_top, .params = "n,desc"},
    {"best", sql_best, twin_best, .params = "n,desc"},
    {"over", sql_over, twin_over, .params = "n,final"},
    {"table", sql_table, twin_table, .params = "", .leaves_v = true, .reads_table = true},
    {"table-join", sql_table_join, twin_table_join, .params = "left", .reads_table = true},
    {"lookup", sql_lookup, twin_lookup, .params = "left", .reads_table = true},
    {0},
};

const ViewKind *view_kind(const char *name)
{
    for (const ViewKind *k = view_kinds; k->name; k++)
        if (!strcmp(k->name, name)) return k;
    return NULL;
}

void view_sql(const View *v, char *out, int cap)
{
    *out = 0;
    if (v->kind->before) v->kind->before(v, out, cap);
    int n = (int)strlen(out);
    n += snprintf(out + n, (size_t)(cap - n), "CREATE MATERIALIZED VIEW %s AS ", v->name);
    v->kind->sql(v, out + n, cap - n);
    n += (int)strlen(out + n);
    snprintf(out + n, (size_t)(cap - n), ";\n");
}
