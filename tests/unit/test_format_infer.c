/* Inference: what declaration a file's first lines suggest. */
#include "exec/format/infer.h"
#include "format_fixture.h"

/* The declaration as text: columns, options, watermark; or the error. */
static Str infer_with(Arena *a, const char *path, const char *text, const char *option, const char *value)
{
    Registry registry = {.formats = format_table};
    Option given = {.name = str_z(option), .value = str_z(value)};
    Options options = {&given, option ? 1 : 0};
    Relation rel = {.name = S("s")};
    Diags d = {.arena = a};
    StrBuf b = {.arena = a};
    Status st = format_infer(&registry, str_z(path), str_z(text), 2020, &options, &rel, a, (Span){0}, &d);
    if (st != WEIR_OK) {
        sb_printf(&b, "%s: %.*s", status_name(st), STR_ARG(d.list.data[0].message));
        return sb_done(&b);
    }
    for (int i = 0; i < rel.ncols; i++) {
        sb_printf(&b, "%s%.*s %.*s", i ? ", " : "", STR_ARG(rel.cols[i].name), STR_ARG(type_name(rel.cols[i].type, a)));
        if (rel.cols[i].path.n) sb_printf(&b, " PATH %.*s", STR_ARG(rel.cols[i].path));
    }
    sb_z(&b, " |");
    for (int i = 0; i < rel.options.n; i++)
        sb_printf(&b, " %.*s=%.*s", STR_ARG(rel.options.items[i].name), STR_ARG(rel.options.items[i].value));
    if (rel.watermark.col >= 0)
        sb_printf(&b, " | %.*s - %llds", STR_ARG(rel.cols[rel.watermark.col].name),
                  (long long)rel.watermark.delay_us / 1000000);
    return sb_done(&b);
}

static void check(const char *path, const char *text, const char *want)
{
    Arena a = {0};
    assert_text(infer_with(&a, path, text, NULL, NULL), want);
    arena_free(&a);
}

static void check_given(const char *path, const char *text, const char *option, const char *value, const char *want)
{
    Arena a = {0};
    assert_text(infer_with(&a, path, text, option, value), want);
    arena_free(&a);
}

static void test_json(void **state)
{
    (void)state;
    check("x.ndjson",
          "{\"id\":1,\"name\":\"a\",\"price\":1.5,\"ok\":true,\"tags\":[1],\"at\":\"2024-01-01T00:00:00.123Z\",\"none\":null}\n"
          "{\"id\":2,\"price\":2,\"more\":\"x\",\"day\":\"2024-01-01\",\"at\":\"2024-01-01T00:00:01Z\"}\n",
          "id BIGINT, name TEXT, price DOUBLE, ok BOOLEAN, tags JSON, at TIMESTAMP(3), none TEXT, more TEXT, "
          "day DATE | format=json | at - 5s");
    check("x", "[{\"a\":1},{\"a\":\"x\"}]\n", "a TEXT | format=json");
    check("x.json", "{\"ts\":1700000000123,\"n\":1700000000123,\"created_at\":1700000000123}\n",
          "ts TIMESTAMP(3), n BIGINT, created_at TIMESTAMP(3) | format=json timestamp_format=epoch_ms | ts - 5s");
    check("x.json", "{\"time\":1700000000.5}\n{\"time\":1700000040.25}\n{\"time\":1700000001}\n",
          "time TIMESTAMP(6) | format=json timestamp_format=epoch_s | time - 300s");
    check("x.json", "{\"other\":\"2024-01-01 00:00:00\",\"date_time\":\"2024-01-01 00:00:00.123456\"}\n",
          "other TIMESTAMP(0), date_time TIMESTAMP(6) | format=json | date_time - 5s");
    check("x.json", "{\"a\":1,\"A\":\"x\"}\n", "a BIGINT, A_2 TEXT PATH $[\"A\"] | format=json");
    check("x.json", "[\n{\"a\":1},\n{\"a\":2}\n]\n", "WEIR_E_DATA: most of the first lines are not a JSON object");
    check("x.json", "nothing\n", "WEIR_E_DATA: most of the first lines are not a JSON object");
    check("x.json", "", "WEIR_E_DATA: \"x.json\" is empty");
    check_given("x.json", "{\"data\":{\"rows\":[{\"q\":1}]}}\n", "root", "$.data.rows", "q BIGINT | format=json");
}

static void test_csv(void **state)
{
    (void)state;
    check("x.csv", "id,name,ts,zip\n1,a,2024-01-01 00:00:00,00123\n2,\"b,c\",2024-01-01 00:00:01,10001\n",
          "id BIGINT, name TEXT, ts TIMESTAMP(0), zip TEXT | format=csv header=true | ts - 5s");
    check("x.csv", "1;2,5;x\n3;4,5;y\n", "c1 BIGINT, c2 TEXT, c3 TEXT | format=csv delimiter=; header=false");
    check("x.tsv", "a\tb\n1\t\n2\t3.5\n", "a BIGINT, b DOUBLE | format=tsv header=true");
    check("data", "time,v\n1700000000,1\n", "time TIMESTAMP(0), v BIGINT | format=csv header=true timestamp_format=epoch_s | time - 5s");
    check_given("x.csv", "a,b\nc,d\n", "header", "false", "c1 TEXT, c2 TEXT | format=csv");
}

static void test_lines(void **state)
{
    (void)state;
    check("access.log", "h - - [01/Jul/1995:00:00:01 -0400] \"GET / HTTP/1.0\" 200 12\n",
          "client TEXT, ident TEXT, user_name TEXT, time TIMESTAMP(0), method TEXT, path TEXT, protocol TEXT, "
          "status BIGINT, bytes BIGINT | format=apache_common | time - 5s");
    check("access.log", "h - - [01/Jul/1995:00:00:01 -0400] \"GET / HTTP/1.0\" 200 12 \"-\" \"x\"\n",
          "client TEXT, ident TEXT, user_name TEXT, time TIMESTAMP(0), method TEXT, path TEXT, protocol TEXT, "
          "status BIGINT, bytes BIGINT, referer TEXT, agent TEXT | format=apache_combined | time - 5s");
    check("syslog", "Oct 11 22:14:15 h su[7]: failed\n",
          "priority BIGINT, time TIMESTAMP(6), host TEXT, program TEXT, pid BIGINT, message TEXT | "
          "format=syslog year=2020 | time - 5s");
    check("app.log", "ts=2024-01-01T00:00:00Z level=info took=1.5\nts=2024-01-01T00:00:01Z level=warn n=2\n",
          "ts TIMESTAMP(0), level TEXT, took DOUBLE, n BIGINT | format=logfmt | ts - 5s");
    check("x.txt", "just words\n", "line TEXT | format=raw");
    check_given("x.txt", "just words\n", "format", "regex",
                "WEIR_E_UNSUPPORTED: columns cannot be found in format \"regex\"; list them");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json), cmocka_unit_test(test_csv), cmocka_unit_test(test_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
