/* view_value.c: how a value of each type stands in a view, for every SQLite client to read.
 *
 * Times are text of fixed width, so that they sort and SQLite's date functions take them. A
 * decimal of up to 15 digits survives the way to a double and back, so it is REAL and compares as
 * a number; a longer one is text. */
#include "storage/view_table.h"

#include "base/datetime.h"
#include "base/decimal.h"

static void put_boolean(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v;
    sqlite3_result_int(ctx, COL(const uint8_t, c)[row] != 0);
}

static void put_bigint(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v;
    sqlite3_result_int64(ctx, COL(const int64_t, c)[row]);
}

static void put_double(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v;
    sqlite3_result_double(ctx, COL(const double, c)[row]);
}

static void put_decimal_real(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v;
    sqlite3_result_double(ctx, decimal_to_double(COL(const Int128, c)[row], c->type.scale));
}

static void put_decimal_text(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v;
    char text[DECIMAL_TEXT_MAX + 1];
    int n = decimal_print(COL(const Int128, c)[row], c->type.scale, text);
    sqlite3_result_text(ctx, text, n, SQLITE_TRANSIENT);
}

static void put_text(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v;
    const Text *t = &COL(const Text, c)[row];
    sqlite3_result_text64(ctx, text_p(t), t->len, SQLITE_STATIC, SQLITE_UTF8);
}

static void put_blob(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v;
    const Text *t = &COL(const Text, c)[row];
    sqlite3_result_blob64(ctx, text_p(t), t->len, SQLITE_STATIC);
}

static void put_timestamp_text(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    char text[TIME_TEXT_MAX + 1];
    int n = timestamp_print(COL(const int64_t, c)[row], v->type.precision, text);
    sqlite3_result_text(ctx, text, n, SQLITE_TRANSIENT);
}

static void put_timestamp_ms(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v;
    sqlite3_result_int64(ctx, floor_div(COL(const int64_t, c)[row], US_PER_SECOND / 1000));
}

static void put_timestamp_s(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v;
    sqlite3_result_int64(ctx, floor_div(COL(const int64_t, c)[row], US_PER_SECOND));
}

static void put_date(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v;
    char text[TIME_TEXT_MAX + 1];
    int n = date_print(COL(const int32_t, c)[row], text);
    sqlite3_result_text(ctx, text, n, SQLITE_TRANSIENT);
}

static void put_time(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v;
    char text[TIME_TEXT_MAX + 1];
    int n = time_print(COL(const int64_t, c)[row], text);
    sqlite3_result_text(ctx, text, n, SQLITE_TRANSIENT);
}

static void put_interval(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v;
    char text[TIME_TEXT_MAX + 1];
    int n = interval_print(COL(const Interval, c)[row], text);
    sqlite3_result_text(ctx, text, n, SQLITE_TRANSIENT);
}

static void put_nothing(sqlite3_context *ctx, const ViewColumn *v, const Column *c, int row)
{
    (void)v, (void)c, (void)row;
    sqlite3_result_null(ctx);
}

enum { DECIMAL_REAL_DIGITS = 15 };

static ViewColumn decimal_column(Type t, Str option)
{
    bool as_text = str_ieq(option, S("text")) || (!str_ieq(option, S("real")) && t.precision > DECIMAL_REAL_DIGITS);
    return as_text ? (ViewColumn){put_decimal_text, "TEXT", t} : (ViewColumn){put_decimal_real, "REAL", t};
}

static ViewColumn timestamp_column(Type t, Str option)
{
    if (str_ieq(option, S("ms"))) return (ViewColumn){put_timestamp_ms, "INTEGER", t};
    if (str_ieq(option, S("s"))) return (ViewColumn){put_timestamp_s, "INTEGER", t};
    return (ViewColumn){put_timestamp_text, "TEXT", t};
}

ViewColumn view_column(Type t, const Options *o)
{
    static const ViewColumn plain[TYPE_COUNT] = {
        [TYPE_NULL] = {put_nothing, ""},          [TYPE_BOOLEAN] = {put_boolean, "INTEGER"},
        [TYPE_BIGINT] = {put_bigint, "INTEGER"},  [TYPE_DOUBLE] = {put_double, "REAL"},
        [TYPE_TEXT] = {put_text, "TEXT"},         [TYPE_BLOB] = {put_blob, "BLOB"},
        [TYPE_DATE] = {put_date, "TEXT"},         [TYPE_TIME] = {put_time, "TEXT"},
        [TYPE_INTERVAL] = {put_interval, "TEXT"}, [TYPE_JSON] = {put_text, "TEXT"},
        [TYPE_ARRAY] = {put_text, "TEXT"},        [TYPE_ROW] = {put_text, "TEXT"},
        [TYPE_MAP] = {put_text, "TEXT"},
    };
    if (t.kind == TYPE_DECIMAL) return decimal_column(t, options_text(o, "decimals", ""));
    if (t.kind == TYPE_TIMESTAMP) return timestamp_column(t, options_text(o, "timestamps", ""));
    ViewColumn column = plain[t.kind];
    column.type = t;
    return column;
}
