/* JSON lines: what is a row, what is refused, and that every way to it gives the same. */
#include "exec/format/json_shape.h"
#include "format_fixture.h"

static Fixture *bids(void)
{
    Fixture *f = fixture_new("json");
    fixture_column(f, "a", T_INT, NULL);
    fixture_column(f, "b", T_TEXT, NULL);
    fixture_column(f, "d", T_DOUBLE, NULL);
    fixture_column(f, "t", T_TIME(3), NULL);
    fixture_column(f, "x", T_BOOL, NULL);
    return f;
}

static void check(Fixture *f, const char *text, const char *want)
{
    Str all = str_z(text);
    assert_text(fixture_by_line(f, all, fixture_decode(f, all, 0)), want);
    for (ptrdiff_t cut = 1; cut < 9; cut += 3)
        assert_text(fixture_by_line(f, all, fixture_decode(f, all, cut)), want);
    fixture_free(f);
}

static void test_values(void **state)
{
    (void)state;
    check(bids(),
          "{\"a\":1,\"b\":\"x\",\"d\":1.5,\"t\":\"2024-01-01T00:00:00.1239Z\",\"x\":true}\n"
          "{\"a\":-7,\"b\":\"a long text that is not inline\",\"d\":-0.25,\"t\":\"2024-02-29 23:59:59\",\"x\":false}\n"
          "{\"a\":0,\"b\":\"\",\"d\":12,\"t\":\"1969-12-31T23:59:59.9999Z\",\"x\":null}\n"
          "{\"a\":9223372036854775807,\"b\":null,\"d\":1e3,\"t\":\"2024-01-01T02:00:00+02:00\",\"x\":true}\n",
          "1: 1|x|1.5|2024-01-01 00:00:00.123|true\n"
          "2: -7|a long text that is not inline|-0.25|2024-02-29 23:59:59.000|false\n"
          "3: 0||12.0|1969-12-31 23:59:59.999|~\n"
          "4: 9223372036854775807|~|1000.0|2024-01-01 00:00:00.000|true\n");
}

static void test_order_space_and_absence(void **state)
{
    (void)state;
    check(bids(),
          " { \"x\" : true , \"zzz\":{\"a\":[1,{\"b\":2}]},\"a\"\t:\t5 } \r\n"
          "\n  \r\n"
          "{}\n"
          "{\"b\":\"last line without end\"}",
          "1: 5|~|~|~|true\n"
          "4: ~|~|~|~|~\n"
          "5: ~|last line without end|~|~|~\n");
}

static void test_column_errors_keep_the_row(void **state)
{
    (void)state;
    check(bids(),
          "{\"a\":1.0,\"b\":\"x\",\"d\":1e400}\n"
          "{\"a\":\"1\",\"b\":5,\"d\":\"2\",\"x\":1}\n"
          "{\"a\":9223372036854775808,\"t\":17}\n"
          "{\"a\":01,\"b\":tru,\"t\":\"2024-13-01\"}\n"
          "{\"a\":-,\"b\":\"\\q\",\"d\":NaN}\n",
          "1: !column \"a\": \"1.0\" does not fit BIGINT|x|!column \"d\": \"1e400\" does not fit DOUBLE|~|~\n"
          "2: !column \"a\": \"1\" does not fit BIGINT|5|!column \"d\": \"2\" does not fit DOUBLE|~|"
          "!column \"x\": \"1\" does not fit BOOLEAN\n"
          "3: !column \"a\": \"9223372036854775808\" does not fit BIGINT|~|~|"
          "!column \"t\": \"17\" does not fit TIMESTAMP(3)|~\n"
          "4: !column \"a\": \"01\" does not fit BIGINT|!column \"b\": \"tru\" does not fit TEXT|~|"
          "!column \"t\": \"2024-13-01\" does not fit TIMESTAMP(3)|~\n"
          "5: !column \"a\": \"-\" does not fit BIGINT|!column \"b\": \"\\q\" does not fit TEXT|"
          "!column \"d\": \"NaN\" does not fit DOUBLE|~|~\n");
}

/* Twice the same line: the second goes the quick way and must fail alike. */
static void test_errors_both_ways(void **state)
{
    static const char *const values[] = {"1.0", "\"1\"", "01", "-", "1e2", "null", "true", "\"x\\n\"", "[1]",
                                         "{\"q\":1}", "123456789012345678", "-0", "\"\\ud800\"", "1x", "$", "\"é\""};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        Fixture *f = fixture_new("json");
        fixture_column(f, "a", T_INT, NULL);
        fixture_column(f, "s", T_TEXT, "$.a");
        fixture_column(f, "j", T_JSON, "$.j");
        fixture_column(f, "d", T_DOUBLE, "$.d");
        fixture_column(f, "e", T_DEC(5, 2), "$.d");
        Str good = S("{\"a\":1,\"j\":2,\"d\":3}\n");
        Str bad = str_printf(&f->arena, "{\"a\":%s,\"j\":%s,\"d\":%s}\n", values[i], values[i], values[i]);
        Str first = fixture_decode(f, bad, 0);
        Str both = fixture_decode(f, str_printf(&f->arena, "%.*s%.*s%.*s", STR_ARG(good), STR_ARG(good), STR_ARG(bad)), 0);
        ptrdiff_t at = str_find(both, S("\n"));
        Str rest = str_of(both.p + at + 1, both.n - at - 1);
        at = str_find(rest, S("\n"));
        rest = str_of(rest.p + at + 1, rest.n - at - 1);
        Str want = str_printf(&f->arena, "%lld%.*s", (long long)good.n * 2, (int)first.n - 1, first.p + 1);
        if (!str_eq(rest, want)) fail_msg("%s: quick %.*s plain %.*s", values[i], STR_ARG(rest), STR_ARG(want));
        fixture_free(f);
    }
}

static void test_structure(void **state)
{
    static const struct {
        const char *line;
        bool is_row;
    } lines[] = {
        {"{\"a\":1}", true}, {"{\"z\":tru}", true}, {"{\"z\":1 2}", false}, {"{\"z\":}", false},
        {"{\"z\"}", false}, {"{\"z\":1,}", false}, {"{,}", false}, {"{\"z\":1", false}, {"{\"z\":[1,2}", false},
        {"{\"z\":[1,2]]}", false}, {"{\"z\":\"\\q\"}", true}, {"{\"z\":\"\x01\"}", false}, {"{\"z\":\"\t\"}", false},
        {"{\"z\":\"\xff\"}", false}, {"{\"z\":\"\xc0\x80\"}", false}, {"{\"z\":\"\xed\xa0\x80\"}", false},
        {"{\"z\":\"\xf4\x90\x80\x80\"}", false}, {"{\"z\":\"\xe2\x82\xac\"}", true}, {"{\"\xff\":1}", false},
        {"{z:1}", false}, {"1", false}, {"\"x\"", false}, {"null", false}, {"{\"z\":1} x", false},
        {"{\"z\":1}{}", false}, {"{\"z\":[],\"y\":{},\"w\":[[],{}]}", true}, {"{\"z\":[,1]}", false},
        {"{\"z\":[1,]}", false}, {"{\"z\":\"}", false}, {"{\"z\":\"\\\"}", false}, {"{\"z\":\"\\\\\"}", true},
        {"{\"z\"::1}", false}, {"{\"z\":{\"y\":1]}", false}, {"[1]", false}, {"[{},[]]", false}, {"[{}", false},
        {"{\"z\":\"\\\xc3\xa9\"}", true}, {"{\"z\":\"\\\xc3\"}", false}};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        Fixture *f = fixture_new("json");
        fixture_column(f, "a", T_INT, NULL);
        Str text = str_printf(&f->arena, "{\"a\":5}\n%s\n{\"a\":6}\n", lines[i].line);
        Str got = fixture_decode(f, text, 0);
        bool is_row = str_find(got, S("!")) < 0;
        if (is_row != lines[i].is_row) fail_msg("%s: %.*s", lines[i].line, STR_ARG(got));
        assert_true(str_starts(got, S("0: 5\n")));
        assert_true(str_find(got, S(": 6\n")) > 0);
        fixture_free(f);
    }
}

static void test_depth(void **state)
{
    (void)state;
    for (int depth = 60; depth < 70; depth++) {
        Fixture *f = fixture_new("json");
        fixture_column(f, "a", T_INT, "$.z[0][0]");
        StrBuf b = {.arena = &f->arena};
        sb_lit(&b, "{\"z\":");
        for (int i = 1; i < depth; i++) sb_char(&b, '[');
        for (int i = 1; i < depth; i++) sb_char(&b, ']');
        sb_lit(&b, "}\n");
        Str got = fixture_decode(f, sb_done(&b), 0);
        assert_int_equal(str_find(got, S("nested")) < 0, depth <= 64);
        fixture_free(f);
    }
}

static void test_escapes(void **state)
{
    (void)state;
    Fixture *f = fixture_new("json");
    fixture_column(f, "b", T_TEXT, NULL);
    check(f,
          "{\"b\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"}\n"
          "{\"b\":\"\\ud83d\\ude00 \\ud83d \\ude00\\ud83dx\"}\n"
          "{\"\\u0062\":\"key\"}\n",
          "1: a\"\\/\b\f\n\r\t\u00e9\n2: \U0001f600 \ufffd \ufffd\ufffdx\n3: key\n");
}

static void test_nul_is_kept(void **state)
{
    (void)state;
    Fixture *f = fixture_new("json");
    fixture_column(f, "b", T_TEXT, NULL);
    Str got = fixture_decode(f, S("{\"b\":\"x\\u0000y\"}\n"), 0);
    assert_int_equal(got.n, 7);
    assert_memory_equal(got.p, "0: x\0y\n", 7);
    fixture_free(f);
}

static void test_last_of_equal_keys(void **state)
{
    (void)state;
    Fixture *f = fixture_new("json");
    fixture_column(f, "a", T_INT, NULL);
    fixture_column(f, "b", T_INT, "$.o.b");
    check(f,
          "{\"a\":1,\"a\":2,\"o\":{\"b\":3}}\n"
          "{\"a\":1,\"a\":null,\"o\":{\"b\":3},\"o\":{}}\n"
          "{\"a\":1,\"a\":2,\"o\":{\"b\":4}}\n"
          "{\"a\":1,\"a\":null,\"o\":{\"b\":3},\"o\":{}}\n"
          "{\"o\":{\"b\":3},\"o\":7,\"A\":4}\n",
          "1: 2|3\n2: ~|~\n3: 2|4\n4: ~|~\n5: ~|~\n");
}

static void test_paths(void **state)
{
    (void)state;
    Fixture *f = fixture_new("json");
    fixture_column(f, "x", T_INT, "$.a.b[1]");
    fixture_column(f, "y", T_TEXT, "$.a");
    fixture_column(f, "z", T_JSON, "$.a.b");
    fixture_column(f, "w.v", T_INT, NULL);
    fixture_column(f, "u", T_INT, "$[\"odd key\"][0]");
    check(f,
          "{\"a\":{\"b\":[1,2,3]},\"w.v\":4,\"odd key\":[5]}\n"
          "{\"a\":{\"b\":[6,7,8]},\"w.v\":9,\"odd key\":[10]}\n"
          "{\"a\":{\"b\":[6]},\"w.v\":9}\n"
          "{\"a\":7}\n",
          "1: 2|{\"b\":[1,2,3]}|[1,2,3]|4|5\n"
          "2: 7|{\"b\":[6,7,8]}|[6,7,8]|9|10\n"
          "3: ~|{\"b\":[6]}|[6]|9|~\n"
          "4: ~|7|~|~|~\n");
}

static void test_arrays_of_objects(void **state)
{
    (void)state;
    Fixture *f = fixture_new("json");
    fixture_column(f, "a", T_INT, NULL);
    check(f,
          "[{\"a\":1},{\"a\":2} , {\"a\":3}]\n[]\n[ ]\n{\"a\":4}\n[{\"a\":5},{\"a\":6}\n",
          "1: 1\n1.1: 2\n1.2: 3\n4: 4\n5! not JSON: a bracket is not closed at byte 17 (16)\n");
    f = fixture_new("json");
    fixture_column(f, "a", T_INT, NULL);
    f->rows_max = 2; /* fewer than the array has */
    check(f, "{\"a\":0}\n[{\"a\":1},{\"a\":2},{\"a\":3},{\"a\":4},{\"a\":5}]\n{\"a\":9}\n",
          "1: 0\n2: 1\n2.1: 2\n2.2: 3\n2.3: 4\n2.4: 5\n3: 9\n");
}

static void test_root(void **state)
{
    (void)state;
    Fixture *f = fixture_new("json");
    fixture_option(f, "root", "$.data.items");
    fixture_column(f, "a", T_INT, NULL);
    check(f,
          "{\"data\":{\"items\":[{\"a\":1},{\"a\":2}]}}\n"
          "{\"data\":{\"items\":{\"a\":3}}}\n"
          "{\"data\":{}}\n"
          "{\"data\":{\"items\":[]}}\n"
          "{\"data\":{\"items\":[]}]\n",
          "1: 1\n1.1: 2\n2: 3\n"
          "3! the record has no object or array of objects at \"$.data.items\" (11)\n"
          "5! not JSON: a comma or a closing bracket is missing at byte 21 (21)\n");
}

static void test_marks_and_limits(void **state)
{
    (void)state;
    Fixture *f = fixture_new("json");
    fixture_option(f, "line_limit", "16");
    fixture_column(f, "a", T_INT, NULL);
    check(f,
          "\xef\xbb\xbf{\"a\":1}\n"
          "{\"a\":2,\"b\":\"0123456789\"}\n"
          "{\"a\":3,\"b\":1234}\n"
          "{\"a\":4,\"b\":12345}\n"
          "\xef\xbb\xbf{\"a\":5}\n"
          "{\"a\":6,\"b\":\"0123456789\"}",
          "3: 1\n"
          "2! record of 24 bytes is longer than line_limit (16) (24)\n"
          "3: 3\n"
          "4! record of 17 bytes is longer than line_limit (16) (17)\n"
          "5! not JSON: the record is neither an object nor an array of objects at byte 1 (10)\n"
          "6! record of 24 bytes is longer than line_limit (16) (24)\n");
}

static void test_lenient_and_epochs(void **state)
{
    (void)state;
    Fixture *f = fixture_new("json");
    fixture_option(f, "lenient", "true");
    fixture_option(f, "timestamp_format", "epoch_ms");
    fixture_column(f, "a", T_INT, NULL);
    fixture_column(f, "x", T_BOOL, NULL);
    fixture_column(f, "t", T_TIME(3), NULL);
    fixture_column(f, "p", T_TIME(0), "$.t");
    fixture_column(f, "d", T_DEC(6, 2), NULL);
    fixture_column(f, "i", T_SMALL, NULL);
    check(f,
          "{\"a\":\"12\",\"x\":\"true\",\"t\":\"1700000000123\",\"d\":\"1.005\",\"i\":32767}\n"
          "{\"a\":12,\"x\":1,\"t\":1700000000123.9,\"d\":-12345.5,\"i\":-32769}\n"
          "{\"a\":12,\"x\":0,\"t\":-1,\"d\":1e2,\"i\":5}\n"
          "{\"a\":12,\"x\":0,\"t\":-0.5,\"d\":0.12,\"i\":5}\n",
          "1: 12|true|2023-11-14 22:13:20.123|2023-11-14 22:13:20|1.01|32767\n"
          "2: 12|true|2023-11-14 22:13:20.123|2023-11-14 22:13:20|"
          "!column \"d\": \"-12345.5\" does not fit DECIMAL(6, 2)|!column \"i\": \"-32769\" does not fit SMALLINT\n"
          "3: 12|false|1969-12-31 23:59:59.999|1969-12-31 23:59:59|100.00|5\n"
          "4: 12|false|1969-12-31 23:59:59.999|1969-12-31 23:59:59|0.12|5\n");
}

static void test_quick_epoch(void **state)
{
    (void)state;
    Fixture *f = fixture_new("json");
    fixture_option(f, "timestamp_format", "epoch_ms");
    fixture_column(f, "t", T_TIME(3), NULL);
    check(f, "{\"t\":0}\n{\"t\":1700000000123}\n{\"t\":-1}\n{\"t\":99999999999999999}\n{\"t\":\"1\"}\n",
          "1: 1970-01-01 00:00:00.000\n2: 2023-11-14 22:13:20.123\n3: 1969-12-31 23:59:59.999\n"
          "4: !column \"t\": \"99999999999999999\" does not fit TIMESTAMP(3)\n"
          "5: !column \"t\": \"1\" does not fit TIMESTAMP(3)\n");
}

static void test_pattern_and_zone(void **state)
{
    (void)state;
    Fixture *f = fixture_new("json");
    fixture_option(f, "timestamp_format", "%d/%b/%Y:%H:%M:%S %z");
    fixture_column(f, "t", T_TIME(0), NULL);
    check(f, "{\"t\":\"10/Oct/2000:13:55:36 -0700\"}\n", "1: 2000-10-10 20:55:36\n");
    f = fixture_new("json");
    fixture_option(f, "time_zone", "+02:00");
    fixture_column(f, "t", T_TIME(0), NULL);
    check(f, "{\"t\":\"2024-01-01 02:00:00\"}\n{\"t\":\"2024-01-01T00:00:00Z\"}\n",
          "1: 2024-01-01 00:00:00\n2: 2024-01-01 00:00:00\n");
}

static void test_bad_options(void **state)
{
    (void)state;
    Str message;
    Fixture *f = fixture_new("json");
    fixture_option(f, "timestamp_format", "nonsense");
    assert_int_equal(fixture_open_status(f, &message), WEIR_E_OPTION);
    fixture_free(f);
    f = fixture_new("json");
    fixture_column(f, "a", T_INT, "a.b");
    assert_int_equal(fixture_open_status(f, &message), WEIR_E_OPTION);
    assert_text(message, "\"a.b\" is not a path");
    fixture_free(f);
    f = fixture_new("nothing");
    assert_int_equal(fixture_open_status(f, &message), WEIR_E_OPTION);
    fixture_free(f);
}

/* ---- random lines ------------------------------------------------------------------------------ */

static uint64_t seed;
static uint32_t dice(uint32_t n)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) >> 32) % n;
}

static void random_value(StrBuf *b, int depth)
{
    static const char *const scalars[] = {
        "1", "-1", "0", "12345678", "123456789", "1234567890123456", "12345678901234567", "-9223372036854775808",
        "1.5", "0.1", "-0.0", "1e5", "1E-3", "123456.789012", "true", "false", "null", "\"\"", "\"abc\"",
        "\"twelve bytes\"", "\"thirteen byte\"", "\"2024-01-01T00:00:00Z\"", "\"2024-01-01 10:20:30.123456\"",
        "\"1999-12-31T23:59:59.5+01:00\"", "\"\\u00e9\\n\"", "\"gr\xc3\xbc\xc3\x9f\"", "\"\xf0\x9f\x98\x80\"",
        "\"a string that is a good deal longer than any vector of any machine is, surely it is\"", "nope", "1.", "\"\\x\""};
    uint32_t kind = dice(depth > 3 ? 8 : 10);
    if (kind < 8) {
        sb_z(b, scalars[dice(sizeof scalars / sizeof *scalars)]);
        return;
    }
    int n = (int)dice(4);
    sb_char(b, kind == 8 ? '{' : '[');
    for (int i = 0; i < n; i++) {
        if (i) sb_char(b, ',');
        if (kind == 8) sb_printf(b, "\"%c\":", 'a' + (int)dice(4));
        random_value(b, depth + 1);
    }
    sb_char(b, kind == 8 ? '}' : ']');
}

/* Lines of a few builds, their values at random. */
static Str random_lines(Arena *a, int n)
{
    static const char *const builds[][6] = {
        {"{\"a\":", ",\"b\":", ",\"d\":", ",\"t\":", ",\"x\":", "}"},
        {"{\"t\": ", ", \"a\": ", ", \"zz\": ", ", \"b\": ", ", \"d\": ", " }"},
        {"{\"o\":{\"p\":[", ",", "]},\"a\":", ",\"d\":", ",\"b\":", "}"},
        {"{\"x\":", ",\"a\":", ",\"a\":", ",\"b\":", ",\"o\":{\"p\":", "}}"}};
    StrBuf b = {.arena = a};
    for (int i = 0; i < n; i++) {
        const char *const *build = builds[dice(8) == 0 ? dice(4) : (uint32_t)(i / 50) % 4];
        for (int k = 0; k < 5; k++) {
            sb_z(&b, build[k]);
            random_value(&b, dice(3) ? 9 : 0);
        }
        sb_z(&b, build[5]);
        sb_z(&b, dice(20) ? "\n" : "\r\n");
    }
    return sb_done(&b);
}

static Fixture *random_fixture(void)
{
    Fixture *f = bids();
    fixture_column(f, "e", T_DEC(12, 3), "$.d");
    fixture_column(f, "j", T_JSON, "$.b");
    fixture_column(f, "p", T_INT, "$.o.p[1]");
    fixture_column(f, "o", T_JSON, NULL);
    fixture_column(f, "s", T_TEXT, "$.t");
    for (int i = 0; i < f->rel.ncols; i++) f->wanted[i] = dice(4) != 0;
    f->rows_max = dice(2) ? BATCH_ROWS_MAX : 1 + (int)dice(50);
    return f;
}

/* Every line by a decoder that has learned nothing. */
static Str line_by_line(Fixture *f, Str text)
{
    StrBuf out = {.arena = &f->arena};
    for (ptrdiff_t at = 0; at < text.n;) {
        const char *newline = memchr(text.p + at, '\n', (size_t)(text.n - at));
        ptrdiff_t n = (newline ? newline + 1 - text.p : text.n) - at;
        Decoder *dec = fixture_open(f);
        sb_str(&out, fixture_decode_with(f, dec, str_of(text.p + at, n), 0, (uint64_t)at));
        format_close(dec);
        at += n;
    }
    return sb_done(&out);
}

static void assert_alike(Str x, Str y)
{
    if (str_eq(x, y)) return;
    for (ptrdiff_t i = 0; i < x.n && i < y.n; i++)
        if (x.p[i] != y.p[i])
            fail_msg("differ at %td: %.*s\n--- and\n%.*s", i, (int)(x.n - i < 300 ? x.n - i : 300), x.p + i,
                     (int)(y.n - i < 300 ? y.n - i : 300), y.p + i);
    fail_msg("differ in length: %td %td", x.n, y.n);
}

static void test_quick_is_plain(void **state)
{
    (void)state;
    for (seed = 1; seed < 16; seed++) {
        uint64_t keep = seed;
        Fixture *f = random_fixture();
        Str text = random_lines(&f->arena, 400);
        Str whole = fixture_decode(f, text, 0);
        assert_alike(whole, line_by_line(f, text));
        assert_alike(whole, fixture_decode(f, text, 1 + dice(3000)));
        fixture_free(f);
        seed = keep;
    }
}

/* By every instruction set's loop, at once and in cuts, the rows of lines read alone. */
static void assert_every_way(Fixture *f, Str text)
{
    Str plain = line_by_line(f, text);
    for (int level = 0; level <= 2; level++) {
        for (int cut = 0; cut < 2; cut++) {
            Decoder *dec = fixture_open(f);
            if (shape_set_level(json_decoder_shapes(dec), level) == level)
                assert_alike(plain, fixture_decode_with(f, dec, text, cut ? 1 + dice(3000) : 0, 0));
            format_close(dec);
        }
    }
}

static void test_levels(void **state)
{
    (void)state;
    for (seed = 1; seed < 12; seed++) {
        uint64_t keep = seed;
        Fixture *f = random_fixture();
        assert_every_way(f, random_lines(&f->arena, 200));
        fixture_free(f);
        seed = keep;
    }
}

static void even_value(StrBuf *b, int kind)
{
    static const char *const odd[] = {"null", "true", "-1", "0", "00", "-", "1.5", "\"\"", "\"\\n\"", "\"x\"", "[1]", "{}", "x", "1 ",
                                      "99999999999999999", "-9223372036854775808", "\"2024-02-30 00:00:00\""};
    static const char *const texts[] = {"a", "twelve bytes", "thirteen byte", "", "gr\xc3\xbc\xc3\x9f",
                                        "a string that is a good deal longer than any vector of any machine is, surely it is"};
    if (dice(150) == 0) {
        sb_z(b, odd[dice(sizeof odd / sizeof *odd)]);
        return;
    }
    int64_t number = (int64_t)(((uint64_t)dice(UINT32_MAX) << 32 | dice(UINT32_MAX)) >> (1 + dice(63)));
    switch (kind) {
    case 0: sb_printf(b, "%lld", (long long)number % 100000000); return;
    case 1: sb_printf(b, "%s%lld", dice(9) ? "" : "-", (long long)number); return;
    case 2: sb_printf(b, "\"%s\"", texts[dice(dice(30) ? 4 : 6)]); return;
    case 3:
        sb_printf(b, "\"2024-01-%02u%c%02u:%02u:%02u", 1 + dice(20) / 19, dice(20) ? ' ' : 'T', dice(20) / 19, dice(20) / 19, dice(dice(20) ? 60 : 64));
        if (dice(4)) sb_printf(b, ".%.*s", dice(3) ? 3 : (int)dice(8), "1234567");
        if (dice(6) == 0) b->p[b->n - 1 - (ptrdiff_t)dice(8)] = "0:.;/,9a"[dice(8)];
        sb_z(b, dice(4) ? "\"" : "Z\"");
        return;
    case 4: sb_printf(b, "%d.%d", (int)dice(1000) - 500, (int)dice(1000)); return;
    case 5: sb_z(b, dice(2) ? "true" : "false"); return;
    }
}

/* Long runs of lines of one build, hardly ever interrupted. */
static Str even_lines(Arena *a, int n, int errors)
{
    static const char *const keys[] = {"a", "b", "d", "t", "x", "zz"};
    static const char *const spaces[] = {"", " ", "                                        "};
    const char *key[8], *space = spaces[dice(8) ? 0 : dice(3)], *end = dice(4) ? "\n" : "\r\n";
    int kind[8], nvalues = 1 + (int)dice(8);
    StrBuf b = {.arena = a};
    for (int k = 0; k < nvalues; k++) {
        static const int usual[] = {0, 2, 4, 3, 5, 1};
        int which = (int)dice(6);
        key[k] = keys[which];
        kind[k] = dice(10) ? usual[which] : (int)dice(6);
    }
    for (int i = 0; i < n; i++) {
        sb_char(&b, '{');
        for (int k = 0; k < nvalues; k++) {
            sb_printf(&b, "%s%s\"%s\":%s", k ? "," : "", space, key[k], dice(5) ? "" : space);
            even_value(&b, kind[k]);
        }
        static const char *const tails[] = {" ", "x", "}", "\r", "\"\""};
        sb_printf(&b, "%s}%s%s", space, dice(100) ? "" : tails[dice(5)], dice(200) ? end : "\n");
    }
    Str text = sb_done(&b);
    static const char bytes[] = "\"\\{}[]:,\n\r\t 0e.-\x80\xc3\xff\x01";
    for (int i = 0; i < errors; i++) ((char *)text.p)[dice((uint32_t)text.n)] = bytes[dice(sizeof bytes)];
    return text;
}

/* The most usual spelling of a time, and every other one that differs in a byte. */
static void test_times_nearly_usual(void **state)
{
    (void)state;
    static const char usual[] = "2024-01-31 10:20:30.123", bytes[] = "0123569/:;.,-T Za";
    Fixture *f = bids();
    StrBuf b = {.arena = &f->arena};
    for (size_t at = 0; at < sizeof usual - 1; at++) {
        for (const char *c = bytes; *c; c++) {
            sb_printf(&b, "{\"t\":\"%s\"}\n{\"t\":\"%.*s%c%s\"}\n", usual, (int)at, usual, *c, usual + at + 1);
        }
    }
    assert_every_way(f, sb_done(&b));
    fixture_free(f);
}

static void test_runs(void **state)
{
    (void)state;
    for (seed = 1; seed < 60; seed++) {
        uint64_t keep = seed;
        Fixture *f = random_fixture();
        if (dice(8) == 0) fixture_option(f, "line_limit", "100");
        assert_every_way(f, even_lines(&f->arena, 300, (int)dice(3) * 4));
        fixture_free(f);
        seed = keep;
    }
}

/* The last line is built otherwise than the others, and shorter than what it is compared with: nothing
 * is read past the buffer's padding. */
static void test_end_of_buffer(void **state)
{
    static const char *const tails[] = {",\"y\":[]}", ",\"y\":{}}", ",\"\":1}", "}"};
    (void)state;
    for (int level = 0; level <= 2; level++) {
        for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
            Fixture *f = bids();
            Str line = str_printf(&f->arena, "{\"a\":1,\"%0500d\":[]}\n", 0);
            Str text = str_printf(&f->arena, "%.*s%.*s%.*s{\"a\":2%s\n", STR_ARG(line), STR_ARG(line), STR_ARG(line), tails[i]);
            Decoder *dec = fixture_open(f);
            shape_set_level(json_decoder_shapes(dec), level);
            f->at_start = true;
            assert_text(fixture_by_line(f, text, fixture_decode_with(f, dec, text, 0, 0)),
                        "1: 1|~|~|~|~\n2: 1|~|~|~|~\n3: 1|~|~|~|~\n4: 2|~|~|~|~\n");
            format_close(dec);
            fixture_free(f);
        }
    }
}

/* Nothing before the buffer is read either: what the first line lacks would lie there. */
static void test_start_of_buffer(void **state)
{
    (void)state;
    for (int level = 0; level <= 2; level++) {
        Fixture *f = bids();
        Str line = str_printf(&f->arena, "{\"a\":1%500s,%500s\"b\":\"x\",\"z\":2%500s}\n", "", "", "");
        Str other = S("{\"a\":1,\"b\":\"x\",\"z\":2}\n"), empty = S("{\"\":\"\",\"\":\"\"}\n");
        Decoder *dec = fixture_open(f);
        shape_set_level(json_decoder_shapes(dec), level);
        fixture_decode_with(f, dec, str_printf(&f->arena, "%.*s%.*s", STR_ARG(line), STR_ARG(line)), 0, 0);
        f->at_start = false;
        assert_text(fixture_decode_with(f, dec, other, 0, 0), "0: 1|x|~|~|~\n");
        f->at_start = false;
        assert_text(fixture_decode_with(f, dec, empty, 0, 0), "0: ~|~|~|~|~\n");
        format_close(dec);
        fixture_free(f);
    }
}

static void test_garbage(void **state)
{
    (void)state;
    for (seed = 1; seed < 24; seed++) {
        uint64_t keep = seed;
        Fixture *f = random_fixture();
        Str text = random_lines(&f->arena, 100);
        char *p = (char *)text.p;
        for (uint32_t i = 0, n = dice(200); i < n; i++) {
            uint32_t at = dice((uint32_t)text.n);
            static const char bytes[] = "\"\\{}[]:,\n\r\t 0e.-\x80\xc3\xff\x01";
            p[at] = bytes[dice(sizeof bytes)];
        }
        assert_every_way(f, text);
        fixture_free(f);
        seed = keep;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_order_space_and_absence),
        cmocka_unit_test(test_column_errors_keep_the_row),
        cmocka_unit_test(test_errors_both_ways),
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_nul_is_kept),
        cmocka_unit_test(test_last_of_equal_keys),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_arrays_of_objects),
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_marks_and_limits),
        cmocka_unit_test(test_lenient_and_epochs),
        cmocka_unit_test(test_quick_epoch),
        cmocka_unit_test(test_pattern_and_zone),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_quick_is_plain),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_times_nearly_usual),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_end_of_buffer),
        cmocka_unit_test(test_start_of_buffer),
        cmocka_unit_test(test_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
