/* CSV and TSV: records, headers, quotes, and that every cut of the input gives the same. */
#include "exec/format/csv_impl.h"
#include "format_fixture.h"

static Fixture *trades(const char *format)
{
    Fixture *f = fixture_new(format);
    fixture_column(f, "id", T_INT, NULL);
    fixture_column(f, "name", T_TEXT, NULL);
    fixture_column(f, "price", T_DOUBLE, NULL);
    fixture_column(f, "ts", T_TIME(3), NULL);
    return f;
}

static void check(Fixture *f, const char *text, const char *want)
{
    Str all = str_z(text);
    assert_text(fixture_by_line(f, all, fixture_decode(f, all, 0)), want);
    for (ptrdiff_t cut = 1; cut < 9; cut += 2)
        assert_text(fixture_by_line(f, all, fixture_decode(f, all, cut)), want);
    fixture_free(f);
}

static void test_by_order(void **state)
{
    (void)state;
    check(trades("csv"),
          "1,ann,1.5,2024-01-01T00:00:00Z\n"
          "-2,,,\r\n"
          "3,\"\",1e2,\n"
          "\n"
          "4,a name longer than twelve,-0.5,2024-01-01 00:00:00.123456\n"
          "5,last,0,",
          "1: 1|ann|1.5|2024-01-01 00:00:00.000\n"
          "2: -2|~|~|~\n"
          "3: 3||100.0|~\n"
          "5: 4|a name longer than twelve|-0.5|2024-01-01 00:00:00.123\n"
          "6: 5|last|0.0|~\n");
}

static void test_by_header(void **state)
{
    (void)state;
    check(trades("csv"),
          "\xef\xbb\xbfts, Name ,other,ID\n"
          "2024-01-01 00:00:00,ann,x,7\n"
          ",\"b,\"\"q\"\"\n2\",y,8\n"
          "1,2,3\n"
          "2024-01-01 00:00:01,c,y,9\n",
          "2: 7|ann|~|2024-01-01 00:00:00.000\n"
          "3: 8|b,\"q\"\n2|~|~\n"
          "5! 3 fields instead of 4 (5)\n"
          "6: 9|c|~|2024-01-01 00:00:01.000\n");
}

static void test_header_option(void **state)
{
    (void)state;
    Fixture *f = fixture_new("csv");
    fixture_option(f, "header", "true");
    fixture_column(f, "a", T_TEXT, NULL);
    fixture_column(f, "b", T_TEXT, NULL);
    check(f, "x,y\n1,2\n", "2: 1|2\n"); /* names nothing: by order */
    f = fixture_new("csv");
    fixture_option(f, "header", "false");
    fixture_column(f, "a", T_TEXT, NULL);
    fixture_column(f, "b", T_TEXT, NULL);
    check(f, "a,b\n1,2\n", "1: a|b\n2: 1|2\n");
}

static void test_wanted_fields_only(void **state)
{
    (void)state;
    Fixture *f = trades("csv");
    f->wanted[0] = f->wanted[1] = f->wanted[3] = false;
    check(f, "1,ann,1.5,junk\nx,y,2.5,z\n1,2,3\n", "1: 1.5\n2: 2.5\n3! 3 fields instead of 4 (5)\n");
}

static void test_quotes(void **state)
{
    (void)state;
    Fixture *f = fixture_new("csv");
    fixture_column(f, "a", T_TEXT, NULL);
    fixture_column(f, "b", T_TEXT, NULL);
    check(f,
          "\"x\",\"y\"\n"
          "a\"b,\"c\"\"d\"\n"
          "\"two\nlines\",z\r\n"
          "\"x\"y,z\n"
          "\"p\",\"q\"\r\n"
          "\"\xc3\xa9\",\"\xff\"\n"
          "m,\"open\nto the end\n",
          "1: x|y\n"
          "2: a\"b|c\"d\n"
          "3: two\nlines|z\n"
          "5! text behind the closing quote of a field (6)\n"
          "6: p|q\n"
          "7! not valid UTF-8 (8)\n"
          "8! a quoted field does not end (18)\n");
    f = fixture_new("csv");
    fixture_option(f, "quote", "");
    fixture_column(f, "a", T_TEXT, NULL);
    fixture_column(f, "b", T_TEXT, NULL);
    check(f, "\"x,y\"\n", "1: \"x|y\"\n");
}

static void test_options(void **state)
{
    (void)state;
    Fixture *f = trades("csv");
    fixture_option(f, "delimiter", ";");
    fixture_option(f, "null", "NA");
    fixture_option(f, "comment", "#");
    fixture_option(f, "timestamp_format", "epoch_s");
    check(f,
          "# a comment, with ; in it\n1;NA;NA;1700000000\n#x\n2;\"NA\";1;0\n3;;;\n",
          "2: 1|~|~|2023-11-14 22:13:20.000\n4: 2|NA|1.0|1970-01-01 00:00:00.000\n"
          "5: 3||!column \"price\": \"\" does not fit DOUBLE|!column \"ts\": \"\" does not fit TIMESTAMP(3)\n");
    check(trades("tsv"), "1\ta,b\t2\t\n", "1: 1|a,b|2.0|~\n");
    f = trades("csv");
    fixture_option(f, "delimiter", "\\t");
    check(f, "1\ta,b\t2\t\n", "1: 1|a,b|2.0|~\n");
    Str message;
    f = trades("csv");
    fixture_option(f, "delimiter", "::");
    assert_int_equal(fixture_open_status(f, &message), WEIR_E_OPTION);
    fixture_free(f);
    f = trades("csv");
    fixture_option(f, "delimiter", "");
    assert_int_equal(fixture_open_status(f, &message), WEIR_E_OPTION);
    fixture_free(f);
}

static void test_misfits(void **state)
{
    (void)state;
    check(trades("csv"),
          "x,a,1e999,yesterday\n 7 ,b, 2 , 2024-01-01 \n",
          "1: !column \"id\": \"x\" does not fit BIGINT|a|!column \"price\": \"1e999\" does not fit DOUBLE|"
          "!column \"ts\": \"yesterday\" does not fit TIMESTAMP(3)\n"
          "2: 7|b|2.0|2024-01-01 00:00:00.000\n");
}

static void test_long_records(void **state)
{
    (void)state;
    Fixture *f = fixture_new("csv");
    fixture_option(f, "line_limit", "16");
    fixture_column(f, "a", T_TEXT, NULL);
    fixture_column(f, "b", T_TEXT, NULL);
    check(f, "12345678,1234567\n12345678,12345678\n\"a,\nb,\nc,\nd,\ne,\nf,\ng,\nh\ni,j\nk,l\n",
          "1: 12345678|1234567\n2! record of 17 bytes is longer than line_limit (16) (17)\n"
          "3! record of 18 bytes is longer than line_limit (16) (18)\n9: g|~\n"
          "10! 1 field instead of 2 (1)\n11: i|j\n12: k|l\n");
}

static void test_saved_header(void **state)
{
    (void)state;
    Fixture *f = trades("csv");
    Decoder *dec = fixture_open(f);
    Str text = S("name,id,ts,price\na,1,,\nb,2,,\n"), rest = S("b,2,,\n");
    fixture_decode_with(f, dec, text, 0, 0);
    Str saved = str_dup(&f->arena, dec->impl->save(dec, &f->arena));
    format_close(dec);
    dec = fixture_open(f);
    assert_int_equal(dec->impl->load(dec, saved), WEIR_OK);
    assert_text(fixture_decode_with(f, dec, rest, 0, (uint64_t)(text.n - rest.n)), "23: 2|b|~|~\n");
    assert_int_equal(dec->impl->load(dec, S("x")), WEIR_E_CORRUPT);
    assert_int_equal(dec->impl->load(dec, S("nab")), WEIR_E_CORRUPT);
    format_close(dec);
    fixture_free(f);
}

static uint64_t seed;
static uint32_t dice(uint32_t n)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) >> 32) % n;
}

/* Values in a random spelling, and the rows they must give. */
static void test_any_spelling(void **state)
{
    static const char *const texts[] = {"", "a", "x,y", "say \"hi\"", "two\nlines", "gr\xc3\xbc\xc3\x9f",
                                        "a text of more than sixty-four bytes so that it crosses a block, or even two of them",
                                        "\"", "\r", "twelve bytes"};
    (void)state;
    for (seed = 1; seed < 30; seed++) {
        uint64_t keep = seed;
        Fixture *f = trades("csv");
        StrBuf in = {.arena = &f->arena}, want = {.arena = &f->arena};
        for (int i = 0; i < 300; i++) {
            const char *text = texts[dice(10)];
            bool must_quote = strpbrk(text, ",\"\n\r") || *text == 0;
            int id = (int)dice(1u << 30) - (1 << 29);
            sb_printf(&want, "%td: %d|%s|%d.5|2024-01-01 00:00:%02d.000\n", in.n, id, text, i, i % 60);
            sb_printf(&in, dice(10) ? "%d," : "\"%d\",", id);
            bool quoted = must_quote || dice(3) == 0;
            if (quoted) sb_char(&in, '"');
            for (const char *p = text; *p; p++) {
                sb_char(&in, *p);
                if (*p == '"') sb_char(&in, '"');
            }
            if (quoted) sb_char(&in, '"');
            sb_printf(&in, ",%d.5,2024-01-01 00:00:%02d%s", i, i % 60, dice(4) ? "\n" : "\r\n");
        }
        Str text = sb_done(&in);
        f->rows_max = dice(2) ? BATCH_ROWS_MAX : 1 + (int)dice(40);
        assert_text(fixture_decode(f, text, 0), sb_done(&want).p);
        assert_text(fixture_decode(f, text, 1 + dice(2000)), sb_done(&want).p);
        for (int level = 0; level < 2; level++) {
            Decoder *dec = fixture_open(f);
            csv_quick_level((CsvDecoder *)dec, level);
            assert_text(fixture_decode_with(f, dec, text, 0, 0), sb_done(&want).p);
            format_close(dec);
        }
        fixture_free(f);
        seed = keep;
    }
}

static void test_garbage(void **state)
{
    static const char bytes[] = "\"\",,\n\r\t 0e.-\x80\xc3\xa9\x01";
    (void)state;
    for (seed = 1; seed < 100; seed++) {
        uint64_t keep = seed;
        Fixture *f = trades("csv");
        StrBuf in = {.arena = &f->arena};
        for (uint32_t i = 0, n = dice(3000); i < n; i++) {
            if (dice(8) == 0) sb_lit(&in, "1,abc,2.5,\n");
            else sb_char(&in, bytes[dice(sizeof bytes)]);
        }
        if (dice(2)) fixture_option(f, "line_limit", "64");
        Str text = sb_done(&in);
        Str whole = fixture_decode(f, text, 0);
        assert_true(str_eq(fixture_decode(f, text, 1 + dice(300)), whole));
        fixture_free(f);
        seed = keep;
    }
}

/* ---- every way alike --------------------------------------------------------------------------- */

static void even_field(StrBuf *b, int col, uint32_t regular)
{
    static const char *const odd[] = {"", "x", "-", "007", "1.5", "99999999999999999", "\"q\"", "\"a,b\"", "\"a\nb\"", "\"a\"\"b\"",
                                      "a\"b", " 5", "gr\xc3\xbc\xc3\x9f", "\xff", "\r", "2024-02-30 00:00:00", "NA"};
    static const char *const texts[] = {"a", "twelve bytes", "thirteen byte", "a text of more than sixty-four bytes so that it crosses a block, or even two"};
    if (dice(regular) == 0) {
        sb_z(b, odd[dice(sizeof odd / sizeof *odd)]);
        return;
    }
    switch (col % 4) {
    case 0: sb_printf(b, "%s%u", dice(9) ? "" : "-", dice(UINT32_MAX) >> dice(32)); return;
    case 1: sb_z(b, texts[dice(4)]); return;
    case 2: sb_printf(b, "%u.%u", dice(1000), dice(1000)); return;
    case 3: sb_printf(b, "2024-01-0%u 10:%02u:%02u.%03u", 1 + dice(20) / 19, dice(20) / 19, dice(dice(30) ? 60 : 62), dice(1000)); return;
    }
}

static Str even_records(Arena *a, int ncols, int n, int errors)
{
    static const char bytes[] = "\"\",,\n\n\r#0e.-\x80\xc3\xa9\x01", *const tails[] = {",", "\n", "\n\n", "\n#x", "\r"};
    const char *end = dice(3) ? "\n" : "\r\n";
    uint32_t regular = dice(5) ? 100 : 5;
    StrBuf b = {.arena = a};
    for (int i = 0; i < n; i++) {
        for (int col = 0; col < ncols; col++) {
            if (col) sb_char(&b, ',');
            even_field(&b, col, regular);
        }
        sb_printf(&b, "%s%s", dice(100) ? "" : tails[dice(5)], dice(200) ? end : "\n");
    }
    Str text = sb_done(&b);
    for (int i = 0; i < errors; i++) ((char *)text.p)[dice((uint32_t)text.n)] = bytes[dice(sizeof bytes - 1)];
    return text;
}

/* A few columns, or the first one of them; some not wanted, some read by no quick way. */
static Fixture *random_fixture(int *ncols)
{
    Fixture *f = fixture_new("csv");
    *ncols = dice(6) ? dice(4) ? 4 : 10 : 1;
    fixture_column(f, "id", dice(4) ? T_INT : T_SMALL, NULL);
    if (*ncols > 1) {
        fixture_column(f, "name", T_TEXT, NULL);
        fixture_column(f, "price", dice(4) ? T_DOUBLE : T_DEC(12, 3), NULL);
        fixture_column(f, "ts", T_TIME(3), NULL);
    }
    for (int i = 4; i < *ncols; i++) fixture_column(f, i % 4 == 0 ? "more" : i % 4 == 1 ? "text" : i % 4 == 2 ? "real" : "time",
                                                   i % 4 == 0 ? T_INT : i % 4 == 1 ? T_TEXT : i % 4 == 2 ? T_DOUBLE : T_TIME(6), NULL);
    if (dice(6) == 0) fixture_column(f, "missing", T_INT, NULL);
    for (int i = 0; i < f->rel.ncols; i++) f->wanted[i] = dice(5) != 0;
    fixture_option(f, "header", "false");
    if (dice(6) == 0) fixture_option(f, "line_limit", "64");
    if (dice(6) == 0) fixture_option(f, "comment", "#");
    if (dice(6) == 0) fixture_option(f, "null", "NA");
    if (dice(8) == 0) fixture_option(f, "quote", "");
    if (dice(2)) f->rows_max = 1 + (int)dice(100);
    return f;
}

static Str at_level(Fixture *f, Str text, int level, ptrdiff_t cut)
{
    Decoder *dec = fixture_open(f);
    csv_quick_level((CsvDecoder *)dec, level);
    Str rows = fixture_decode_with(f, dec, text, cut, 0);
    format_close(dec);
    return rows;
}

static void assert_alike(Str plain, Str quick, int level)
{
    ptrdiff_t i = 0;
    while (i < plain.n && i < quick.n && plain.p[i] == quick.p[i]) i++;
    if (i == plain.n && i == quick.n) return;
    i = i > 60 ? i - 60 : 0;
    fail_msg("seed %llu, level %d, plain:\n%.300s\n--- quick:\n%.300s", (unsigned long long)seed, level, plain.p + i, quick.p + i);
}

/* What the plain way alone reads, every loop reads. */
static void test_every_way(void **state)
{
    (void)state;
    for (uint64_t run = 1; run < 80; run++) {
        int ncols;
        seed = run;
        Fixture *f = random_fixture(&ncols);
        Str text = even_records(&f->arena, ncols, 300, (int)dice(3) * 4);
        Str plain = at_level(f, text, -1, 0);
        for (int level = 0; level <= 2; level++) {
            assert_alike(plain, at_level(f, text, level, 0), level);
            assert_alike(plain, at_level(f, text, level, 1 + dice(3000)), level);
        }
        fixture_free(f);
    }
}

/* More values that the quick way leaves to the plain one than there is room for in a run. */
static void test_many_odd_values(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    Fixture *f = fixture_new("csv");
    StrBuf b = {.arena = &f->arena};
    for (int i = 0; i < 6; i++) fixture_column(f, names[i], T_INT, NULL);
    for (int i = 0; i < 300; i++) sb_printf(&b, i % 100 < 90 ? " 1, 2, 3, 4,%s5,x\n" : "1,2,3,%s,4,5\n", i % 16 ? "" : " ");
    Str text = sb_done(&b), plain = at_level(f, text, -1, 0);
    for (int level = 0; level <= 2; level++) assert_alike(plain, at_level(f, text, level, 0), level);
    fixture_free(f);
}

/* An empty cache of times equals no text. */
static void test_nul_is_no_time(void **state)
{
    (void)state;
    static const char text[] = "1,a,2,\0\0\0\0\0\0\0\0\0\0 00:00:00\n1,a,2,\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0:00.000\n";
    Fixture *f = trades("csv");
    Str rows = fixture_decode(f, str_of(text, sizeof text - 1), 0);
    assert_true(str_find(rows, S("1970")) < 0);
    assert_true(str_find(rows, S("does not fit TIMESTAMP(3)")) > 0);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_order),
        cmocka_unit_test(test_by_header),
        cmocka_unit_test(test_header_option),
        cmocka_unit_test(test_wanted_fields_only),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_misfits),
        cmocka_unit_test(test_long_records),
        cmocka_unit_test(test_saved_header),
        cmocka_unit_test(test_any_spelling),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_every_way),
        cmocka_unit_test(test_many_odd_values),
        cmocka_unit_test(test_nul_is_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
