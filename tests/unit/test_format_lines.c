/* Line formats: raw, regex, access logs, syslog, logfmt. */
#include "format_fixture.h"

static void check(Fixture *f, const char *text, const char *want)
{
    Str all = str_z(text);
    assert_text(fixture_by_line(f, all, fixture_decode(f, all, 0)), want);
    for (ptrdiff_t cut = 1; cut < 60; cut += 7)
        assert_text(fixture_by_line(f, all, fixture_decode(f, all, cut)), want);
    fixture_free(f);
}

static void test_raw(void **state)
{
    (void)state;
    Fixture *f = fixture_new("raw");
    fixture_column(f, "line", T_TEXT, NULL);
    check(f, "a line\r\n\n {\"x\": 1} \nbad \xff\nno end",
          "1: a line\n3:  {\"x\": 1} \n4! not valid UTF-8 (5)\n5: no end\n");
    f = fixture_new("raw");
    Str message;
    fixture_column(f, "line", T_TEXT, NULL);
    fixture_column(f, "more", T_TEXT, NULL);
    assert_int_equal(fixture_open_status(f, &message), WEIR_E_TYPE);
    fixture_free(f);
}

static void test_regex(void **state)
{
    (void)state;
    Fixture *f = fixture_new("regex");
    fixture_option(f, "pattern", "^(?<word>\\w+) (?<n>-?\\d+)?(?: (?<ts>.*))?$");
    fixture_option(f, "null", "none");
    fixture_option(f, "timestamp_format", "%d.%m.%Y %H:%M");
    fixture_column(f, "n", T_INT, NULL);
    fixture_column(f, "word", T_TEXT, NULL);
    fixture_column(f, "ts", T_TIME(0), NULL);
    check(f,
          "abc 12 24.12.2024 18:00\nnone \nnope!\nx 99999999999999999999\ny 1 24.13.2024 18:00\ngr\xc3\xbc\xc3\x9f 1\n\xff 1\n",
          "1: 12|abc|2024-12-24 18:00:00\n2: ~|~|~\n3! the line does not match the pattern (5)\n"
          "4: !column \"n\": \"99999999999999999999\" does not fit BIGINT|x|~\n"
          "5: 1|y|!column \"ts\": \"24.13.2024 18:00\" does not fit TIMESTAMP(0)\n"
          "6! the line does not match the pattern (8)\n7! not valid UTF-8 (3)\n");
}

static void test_regex_limits(void **state)
{
    (void)state;
    Fixture *f = fixture_new("regex");
    fixture_option(f, "pattern", "^(?<a>(x+x+)+[yz])$");
    fixture_column(f, "a", T_TEXT, NULL);
    check(f, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nxxy\n",
          "1! matching the line takes more than regex_limit steps (43)\n2: xxy\n");
    Str message;
    f = fixture_new("regex");
    fixture_option(f, "pattern", "^(?<a>(x+$");
    fixture_column(f, "a", T_TEXT, NULL);
    assert_int_equal(fixture_open_status(f, &message), WEIR_E_OPTION);
    fixture_free(f);
    f = fixture_new("regex");
    fixture_option(f, "pattern", "^(?<a>x)$");
    fixture_column(f, "b", T_TEXT, NULL);
    assert_int_equal(fixture_open_status(f, &message), WEIR_E_OPTION);
    fixture_free(f);
    f = fixture_new("regex");
    fixture_column(f, "b", T_TEXT, NULL);
    assert_int_equal(fixture_open_status(f, &message), WEIR_E_OPTION);
    fixture_free(f);
}

static Fixture *access_log(const char *format, bool has_agent)
{
    Fixture *f = fixture_new(format);
    fixture_column(f, "client", T_TEXT, NULL);
    fixture_column(f, "user_name", T_TEXT, NULL);
    fixture_column(f, "time", T_TIME(0), NULL);
    fixture_column(f, "method", T_TEXT, NULL);
    fixture_column(f, "path", T_TEXT, NULL);
    fixture_column(f, "protocol", T_TEXT, NULL);
    fixture_column(f, "status", T_INT, NULL);
    fixture_column(f, "bytes", T_INT, NULL);
    if (has_agent) fixture_column(f, "referer", T_TEXT, NULL);
    if (has_agent) fixture_column(f, "agent", T_TEXT, NULL);
    return f;
}

static void test_common(void **state)
{
    (void)state;
    check(access_log("apache_common", false),
          "127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /apache_pb.gif HTTP/1.0\" 200 2326\n"
          "199.72.81.55 - - [01/Jul/1995:00:00:01 -0400] \"GET /history/a b/\" 304 -\n"
          "h - a b [01/Jul/1995:00:00:01 -0400] \"-\" 408 -\n"
          "h - - [01/Jul/1995:00:00:01 -0400] \"GET /say/\"hi\" HTTP/1.0\" 404 0\n"
          "h - - [01/Foo/1995:00:00:01 -0400] \"GET /\" 200 12\n"
          "not a log line\n"
          "h - - [01/Jul/1995:00:00:01 -0400] \"GET / 200 12\n",
          "1: 127.0.0.1|frank|2000-10-10 20:55:36|GET|/apache_pb.gif|HTTP/1.0|200|2326\n"
          "2: 199.72.81.55|~|1995-07-01 04:00:01|GET|/history/a b/|~|304|~\n"
          "3: h|a b|1995-07-01 04:00:01|~|~|~|408|~\n"
          "4: h|~|1995-07-01 04:00:01|GET|/say/\"hi\"|HTTP/1.0|404|0\n"
          "5: h|~|!column \"time\": \"01/Foo/1995:00:00:01 -0400\" does not fit TIMESTAMP(0)|GET|/|~|200|12\n"
          "6! no time in brackets (14)\n7! no request in quotes (48)\n");
}

static void test_combined(void **state)
{
    (void)state;
    static const char log[] =
        "::1 - - [10/Oct/2000:13:55:36 +0000] \"POST /x HTTP/1.1\" 201 5 \"-\" \"curl/8.0\"\n"
        "::1 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/2.0\" 200 5 \"http://a/\" \"say \\\"hi\\\" \\\\ \\x41\"\n"
        "::1 - - [10/Oct/2000:13:55:37 +0000] \"GET / HTTP/2.0\" 200 5 \"http://a/\" \"\" \"1.2.3.4\" 0.001\n"
        "::1 - - [10/Oct/2000:13:55:37 +0000] \"GET / HTTP/2.0\" 200 5\n";
    static const char rows[] =
        "1: ::1|~|2000-10-10 13:55:36|POST|/x|HTTP/1.1|201|5|~|curl/8.0\n"
        "2: ::1|~|2000-10-10 13:55:36|GET|/|HTTP/2.0|200|5|http://a/|say \"hi\" \\ \\x41\n"
        "3: ::1|~|2000-10-10 13:55:37|GET|/|HTTP/2.0|200|5|http://a/|\n"
        "4! no referer in quotes (59)\n";
    check(access_log("apache_combined", true), log, rows);
    check(access_log("nginx", true), log, rows);
    Str message;
    Fixture *f = access_log("apache_common", true);
    assert_int_equal(fixture_open_status(f, &message), WEIR_E_NAME);
    assert_text(message, "such lines have no \"referer\"");
    fixture_free(f);
}

static void test_syslog(void **state)
{
    (void)state;
    Fixture *f = fixture_new("syslog");
    fixture_option(f, "year", "2003");
    fixture_column(f, "severity", T_INT, NULL);
    fixture_column(f, "time", T_TIME(3), NULL);
    fixture_column(f, "host", T_TEXT, NULL);
    fixture_column(f, "program", T_TEXT, NULL);
    fixture_column(f, "pid", T_INT, NULL);
    fixture_column(f, "data", T_TEXT, NULL);
    fixture_column(f, "message", T_TEXT, NULL);
    check(f,
          "<34>1 2003-10-11T22:14:15.003Z mymachine su - ID47 - 'su root' failed\n"
          "<165>1 2003-10-11T22:14:15.003Z h prog 12 ID47 [a b=\"]\\\"\"][c] it\n"
          "<34>Oct 11 22:14:15 mymachine su[7]: failed: twice\n"
          "Oct  1 02:14:15 h kernel: [    0.1] boot\n"
          "2024-01-01T12:00:00.123456+01:00 h systemd[1]: Started.\n"
          "Oct 11 22:14:15 h just words\n"
          "nothing\n"
          "<34>1 2003-10-11T22:14:15Z h p 1 - [a b=\"\n",
          "1: 2|2003-10-11 22:14:15.003|mymachine|su|~|~|'su root' failed\n"
          "2: 5|2003-10-11 22:14:15.003|h|prog|12|[a b=\"]\\\"\"][c]|it\n"
          "3: 2|2003-10-11 22:14:15.000|mymachine|su|7|~|failed: twice\n"
          "4: ~|2003-10-01 02:14:15.000|h|kernel|~|~|[    0.1] boot\n"
          "5: ~|2024-01-01 11:00:00.123|h|systemd|1|~|Started.\n"
          "6: ~|2003-10-11 22:14:15.000|h|~|~|~|just words\n"
          "7! no time (7)\n8! the structured data does not end (41)\n");
}

static void test_logfmt(void **state)
{
    (void)state;
    Fixture *f = fixture_new("logfmt");
    fixture_column(f, "level", T_TEXT, NULL);
    fixture_column(f, "msg", T_TEXT, NULL);
    fixture_column(f, "took", T_DOUBLE, NULL);
    fixture_column(f, "ok", T_BOOL, NULL);
    fixture_column(f, "id", T_INT, "$.req.id");
    check(f,
          "level=info msg=\"hello \\\"you\\\"\\n\" took=1.5 ok req.id=7\n"
          "  ok=false level= took= msg=\"\" other=\"x y\" level=b\r\n"
          "level=\"open\nmsg=\"a\"b\n=x\nmsg=\"\\q\"\nok=maybe\n",
          "1: info|hello \"you\"\n|1.5|true|7\n2: b||~|false|~\n"
          "3! not a line of key=value pairs (11)\n4! not a line of key=value pairs (8)\n"
          "5! not a line of key=value pairs (2)\n6! not a line of key=value pairs (8)\n"
          "7: ~|~|~|!column \"ok\": \"maybe\" does not fit BOOLEAN|~\n");
}

static uint64_t seed;
static uint32_t dice(uint32_t n)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    return (uint32_t)((z ^ z >> 31) >> 32) % n;
}

static void test_garbage(void **state)
{
    static const char *const formats[] = {"apache_common", "apache_combined", "syslog", "logfmt", "raw"};
    static const char *const columns[] = {"time", "time", "time", "time", "time"};
    static const char *const seeds[] = {
        "::1 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/2.0\" 200 5 \"http://a/\" \"x\"\n",
        "<34>1 2003-10-11T22:14:15.003Z mymachine su - ID47 [x y=\"z\"] 'su root' failed\n",
        "<34>Oct 11 22:14:15 mymachine su[7]: failed: twice\n", "time=2024-01-01 msg=\"a \\\"b\"\n"};
    (void)state;
    for (seed = 1; seed < 200; seed++) {
        uint64_t keep = seed;
        uint32_t which = dice(5);
        Fixture *f = fixture_new(formats[which]);
        fixture_column(f, columns[which], which == 4 ? T_TEXT : T_TIME(3), NULL);
        StrBuf b = {.arena = &f->arena};
        for (int i = 0; i < 20; i++) sb_z(&b, seeds[dice(4)]);
        Str text = sb_done(&b);
        for (uint32_t i = 0, n = dice(100); i < n; i++) {
            static const char bytes[] = "\"\\[]=<> \n\r-0\xc3\xff";
            ((char *)text.p)[dice((uint32_t)text.n)] = bytes[dice(sizeof bytes)];
        }
        Str whole = fixture_decode(f, text, 0);
        assert_true(str_eq(fixture_decode(f, text, 1 + dice(200)), whole));
        fixture_free(f);
        seed = keep;
    }
}

/* A line behind another one is read as it is alone. */
static void assert_as_alone(Fixture *f, Str before, Str line)
{
    Str alone = fixture_decode(f, line, 0);
    Str both = fixture_decode(f, str_printf(&f->arena, "%.*s%.*s", STR_ARG(before), STR_ARG(line)), 0);
    const char *newline = memchr(both.p, '\n', (size_t)both.n);
    Str behind = str_of(newline + 1, both.n - (newline + 1 - both.p));
    Str want = str_printf(&f->arena, "%lld%.*s", (long long)before.n, (int)alone.n - 1, alone.p + 1);
    if (!str_eq(behind, want)) fail_msg("%.*s: %.*s, not %.*s", STR_ARG(line), STR_ARG(behind), STR_ARG(want));
}

/* A time that differs from the one before it in a byte or in two. */
static void test_times_alike(void **state)
{
    (void)state;
    static const char usual[] = "31/Oct/2000:13:55:36 -0700", bytes[] = "0135679 :/+-Jx";
    Fixture *f = access_log("apache_common", false);
    for (size_t at = 0; at < sizeof usual - 1; at++) {
        for (const char *c = bytes; *c; c++) {
            char time[sizeof usual];
            memcpy(time, usual, sizeof usual);
            time[at] = *c;
            time[18] = *c == 'J' ? '6' : '4';
            Str before = str_printf(&f->arena, "a - - [%s] \"GET / HTTP/1.0\" 200 1\n", usual);
            Str line = str_printf(&f->arena, "a - - [%s] \"GET / HTTP/1.0\" 200 1\n", time);
            assert_as_alone(f, before, line);
            fixture_decode(f, line, 0);
        }
    }
    fixture_free(f);
}

/* Quoted pieces of every length, with quotes and backslashes at every place. */
static void test_quoted_pieces(void **state)
{
    (void)state;
    for (int n = 0; n < 20; n++) {
        for (int at = 0; at < n; at++) {
            Fixture *f = access_log("apache_combined", true);
            char text[21] = {0};
            memset(text, 'x', (size_t)n);
            text[at] = '"';
            char want[120];
            snprintf(want, sizeof want, "%s|%.*sy\"%s\n", text, at, text, text + at + 1);
            StrBuf b = {.arena = &f->arena};
            sb_printf(&b, "a - - [31/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1 \"%s\" \"%.*sy\\\"%s\"\n", text, at, text, text + at + 1);
            Str rows = fixture_decode(f, sb_done(&b), 0);
            if (str_find(rows, str_z(want)) < 0) fail_msg("%.*s lacks %s", STR_ARG(rows), want);
            fixture_free(f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raw),      cmocka_unit_test(test_regex),  cmocka_unit_test(test_regex_limits),
        cmocka_unit_test(test_common),   cmocka_unit_test(test_combined), cmocka_unit_test(test_syslog),
        cmocka_unit_test(test_logfmt),   cmocka_unit_test(test_garbage), cmocka_unit_test(test_times_alike),
        cmocka_unit_test(test_quoted_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
