/* test_func_library.c: the function library, by SQL. */
#include "tests/unit/func_fixture.h"

static void test_math(void **state)
{
    (void)state;
    static const SqlCase CASES[] = {
        {"abs(-5)", "5"},
        {"abs(-9223372036854775808)", "error"},
        {"abs(-1.50)", "1.50"},
        {"abs(-2e0)", "2.0"},
        {"sign(-3)", "-1"},
        {"sign(0.0)", "0"},
        {"ceil(1.2)", "2"},
        {"ceil(-1.2)", "-1"},
        {"floor(-1.2)", "-2"},
        {"floor(1.2e0)", "1.0"},
        {"ceil(5)", "5"},
        {"ceil(9.99)", "10"},
        {"round(2.5)", "3"},
        {"round(-2.5)", "-3"},
        {"round(2.5e0)", "3.0"},
        {"round(0.145e0, 2)", "0.15"},
        {"round(1.005e0, 2)", "1.01"},
        {"round(-1.25e0, 1)", "-1.3"},
        {"round(1234.567, -2)", "1200"},
        {"round(1.255, 2)", "1.26"},
        {"round(99.995, 2)", "100.00"},
        {"round(1250, -2)", "1300"},
        {"round(-1250, -2)", "-1300"},
        {"round(5, -30)", "0"},
        {"round(9223372036854775807, -1)", "error"},
        {"round(1e300, 2)", "1e+300"},
        {"round(1234.5e0, -2)", "1200.0"},
        {"trunc(2.9)", "2"},
        {"trunc(-2.9e0)", "-2.0"},
        {"trunc(2.987, 2)", "2.98"},
        {"trunc(0.29e0, 2)", "0.29"},
        {"trunc(1299, -2)", "1200"},
        {"mod(7.5, 2)", "1.5"},
        {"power(2, 10)", "1024.0"},
        {"power(-8, 0.5)", "NULL"},
        {"sqrt(2.25)", "1.5"},
        {"sqrt(-1)", "NULL"},
        {"cbrt(27)", "3.0"},
        {"exp(0)", "1.0"},
        {"ln(1)", "0.0"},
        {"ln(0)", "NULL"},
        {"log(1000)", "3.0"},
        {"log(2, 8)", "3.0"},
        {"log10(100)", "2.0"},
        {"log2(8)", "3.0"},
        {"sin(0)", "0.0"},
        {"asin(2)", "NULL"},
        {"atan2(0, 1)", "0.0"},
        {"degrees(pi())", "180.0"},
        {"radians(180) = pi()", "true"},
        {"gcd(12, -18)", "6"},
        {"lcm(4, 6)", "12"},
        {"lcm(0, 6)", "0"},
        {"gcd(0, 0)", "0"},
        {"factorial(20)", "2432902008176640000"},
        {"factorial(21)", "error"},
        {"bit_count(255)", "8"},
        {"width_bucket(5, 0, 10, 5)", "3"},
        {"width_bucket(-1, 0, 10, 5)", "0"},
        {"width_bucket(10, 0, 10, 5)", "6"},
        {"width_bucket(9, 10, 0, 5)", "1"},
        {"abs(CAST(NULL AS BIGINT))", "NULL"},
    };
    assert_table(CASES);
}

static void test_text(void **state)
{
    (void)state;
    static const SqlCase CASES[] = {
        {"length('héllo')", "5"},
        {"octet_length('héllo')", "6"},
        {"char_length('')", "0"},
        {"lower('ÄBC')", "äbc"},
        {"upper('straße longer é text')", "STRAßE LONGER É TEXT"},
        {"initcap('hello wORLD-x')", "Hello World-X"},
        {"trim('  a b  ')", "a b"},
        {"trim(both 'xy' from 'xyaxyx')", "a"},
        {"ltrim('xxa', 'x')", "a"},
        {"rtrim('aéé', 'é')", "a"},
        {"trim('   ')", ""},
        {"substr('hello', 2)", "ello"},
        {"substr('hello', 2, 3)", "ell"},
        {"substring('héllo' from 2 for 2)", "él"},
        {"substr('hello', 0, 2)", "h"},
        {"substr('hello', -1, 4)", "he"},
        {"substr('hello', 10)", ""},
        {"substr('hello', 2, -1)", "error"},
        {"substr('hello', 2, 9223372036854775807)", "ello"},
        {"substr('a text of some length', 3, 14)", "text of some l"},
        {"left('héllo', 2)", "hé"},
        {"left('hello', -2)", "hel"},
        {"right('hello', 2)", "lo"},
        {"right('hello', -2)", "llo"},
        {"right('hello', 10)", "hello"},
        {"left('hi', -5)", ""},
        {"lpad('7', 3, '0')", "007"},
        {"lpad('hello', 2)", "he"},
        {"rpad('a', 4, 'xy')", "axyx"},
        {"lpad('é', 3, 'ab')", "abé"},
        {"lpad('x', 100000000)", "error"},
        {"repeat('ab', 3)", "ababab"},
        {"repeat('ab', -1)", ""},
        {"repeat('abc', 1000000000)", "error"},
        {"reverse('héy')", "yéh"},
        {"concat('a', NULL, 1, true)", "a1true"},
        {"concat_ws('-', 'a', NULL, 'b')", "a-b"},
        {"concat_ws(NULL, 'a')", "NULL"},
        {"overlay('Txxxxas' placing 'hom' from 2 for 4)", "Thomas"},
        {"overlay('abcdef', 'ZZ', 3)", "abZZef"},
        {"ascii('é')", "233"},
        {"ascii('')", "0"},
        {"chr(233)", "é"},
        {"chr(0)", "error"},
        {"quote('it''s')", "'it''s'"},
        {"position('l' in 'hello')", "3"},
        {"position('' in 'hello')", "1"},
        {"strpos('héllo', 'l')", "3"},
        {"instr('hello', 'z')", "0"},
        {"locate('l', 'hello', 4)", "4"},
        {"starts_with('hello', 'he')", "true"},
        {"ends_with('hello', 'lo')", "true"},
        {"contains('hello', 'ell')", "true"},
        {"replace('aXbXc', 'X', '--')", "a--b--c"},
        {"replace('abc', '', 'x')", "abc"},
        {"replace('a longer text without it', 'z', 'y')", "a longer text without it"},
        {"translate('12345', '143', 'ax')", "a2x5"},
        {"count_char('banana', 'a')", "3"},
        {"split_part('a,b,c', ',', 2)", "b"},
        {"split_part('a,b,c', ',', -1)", "c"},
        {"split_part('a,b,c', ',', 9)", ""},
        {"split_part('a', ',', 0)", "error"},
        {"split_part('https://www.nexmark.com/aaa/bbb/item.htm', '/', 4)", "aaa"},
        {"split_index('a/b/c', '/', 1)", "b"},
        {"split_index('a/b/c', '/', 3)", "NULL"},
        {"split_index('a/b/c', '/', -1)", "NULL"},
        {"split_part('abc', '', 1)", "abc"},
        {"format('%s has %d of %5.2f%%', 'x', 3, 2.5)", "x has 3 of  2.50%"},
        {"format('%05d|%-4d|%+d', 42, 7, 1)", "00042|7   |+1"},
        {"format('%,d', 1234567)", "1,234,567"},
        {"format('%x %X %o', 255, 255, 8)", "ff FF 10"},
        {"format('%-5s|%5s|%.2s', 'ab', 'é', 'xyz')", "ab   |    é|xy"},
        {"format('%d', 'x')", "error"},
        {"format('%d')", "error"},
        {"format('%y', 1)", "error"},
        {"format('%q', 'it''s')", "'it''s'"},
        {"format('%s', NULL)", ""},
        {"format('%e', 12345.678e0)", "1.234568e+04"},
        {"md5('abc')", "900150983cd24fb0d6963f7d28e17f72"},
        {"sha256('')", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"crc32('123456789')", "3421780262"},
        {"hex('ab')", "6162"},
        {"hex(255)", "FF"},
        {"CAST(unhex('6162') AS TEXT)", "ab"},
        {"unhex('6')", "NULL"},
        {"to_base64('hello')", "aGVsbG8="},
        {"to_base64('')", ""},
        {"from_base64('aGVsbG8=')", "hello"},
        {"from_base64('aGVsbG8')", "hello"},
        {"from_base64('!')", "error"},
        {"encode('abc', 'hex')", "616263"},
        {"url_decode('a%20b+c%C3%A9')", "a b cé"},
        {"url_decode('%')", "NULL"},
        {"url_decode('%f')", "NULL"},
        {"url_decode('%41')", "A"},
        {"url_encode('a b/é')", "a%20b%2F%C3%A9"},
        {"parse_url('http://u:p@host:8080/a/b?q=1&r=2#frag', 'HOST')", "host"},
        {"parse_url('http://host/a/b?q=1&r=2#frag', 'QUERY', 'r')", "2"},
        {"parse_url('http://host/a/b?q=1&r=2#frag', 'PATH')", "/a/b"},
        {"parse_url('http://host/a/b?q=1&r=2#frag', 'FILE')", "/a/b?q=1&r=2"},
        {"parse_url('http://host/a', 'QUERY')", "NULL"},
        {"parse_url('nothing', 'HOST')", "NULL"},
        {"parse_url('http://[::1]:80/x', 'HOST')", "[::1]"},
        {"parse_url('http://h/', 'X')", "error"},
    };
    assert_table(CASES);
}

static void test_time(void **state)
{
    (void)state;
    static const SqlCase CASES[] = {
        {"EXTRACT(HOUR FROM TIMESTAMP '2024-03-05 14:07:09.123456')", "14"},
        {"date_part('minute', TIMESTAMP '2024-03-05 14:07:09')", "7"},
        {"extract(year from DATE '1969-12-31')", "1969"},
        {"extract(day from INTERVAL '3 days 2 hours')", "3"},
        {"extract(hour from TIME '05:06:07')", "5"},
        {"extract(year from TIME '05:06:07')", "error"},
        {"year(TIMESTAMP '1969-12-31 23:59:59')", "1969"},
        {"hour(TIMESTAMP '1969-12-31 23:59:59')", "23"},
        {"second(TIMESTAMP '1969-12-31 23:59:59.5')", "59"},
        {"quarter(DATE '2024-05-01')", "2"},
        {"week(DATE '2021-01-03')", "53"},
        {"isoyear(DATE '2021-01-03')", "2020"},
        {"dayofweek(DATE '2024-03-03')", "1"},
        {"isodow(DATE '2024-03-03')", "7"},
        {"dayofyear(DATE '2024-12-31')", "366"},
        {"epoch(TIMESTAMP '1969-12-31 23:59:59.5')", "-1"},
        {"epoch_ms(TIMESTAMP '1970-01-01 00:00:01.5')", "1500"},
        {"millisecond(TIMESTAMP '2024-01-01 00:00:12.345')", "12345"},
        {"date_trunc('hour', TIMESTAMP '1969-12-31 23:59:59')", "1969-12-31 23:00:00"},
        {"date_trunc('month', TIMESTAMP '2024-02-29 12:00:00')", "2024-02-01 00:00:00"},
        {"date_trunc('week', TIMESTAMP '2024-03-03 12:00:00')", "2024-02-26 00:00:00"},
        {"date_trunc('day', TIMESTAMP '2024-07-01 23:00:00', 'Europe/Berlin')",
         "2024-07-01 22:00:00"},
        {"date_trunc('nonsense', TIMESTAMP '2024-02-29 12:00:00')", "error"},
        {"date_bin(INTERVAL '15 minutes', TIMESTAMP '2024-01-01 10:59:59')", "2024-01-01 10:45:00"},
        {"date_bin(INTERVAL '15 minutes', TIMESTAMP '2024-01-01 10:59:59', TIMESTAMP '2024-01-01 "
         "00:05:00')",
         "2024-01-01 10:50:00"},
        {"date_bin(INTERVAL '1 month', TIMESTAMP '2024-01-01 10:59:59')", "error"},
        {"last_day(DATE '2024-02-01')", "2024-02-29"},
        {"timestampadd(MONTH, 1, TIMESTAMP '2024-01-31 00:00:00')", "2024-02-29 00:00:00"},
        {"timestampdiff(DAY, TIMESTAMP '2024-01-01 12:00:00', TIMESTAMP '2024-01-03 11:00:00')",
         "1"},
        {"timestampdiff(MONTH, TIMESTAMP '2024-03-31 00:00:00', TIMESTAMP '2024-02-29 00:00:00')",
         "-1"},
        {"date_diff('day', TIMESTAMP '2024-01-01 23:00:00', TIMESTAMP '2024-01-02 01:00:00')", "1"},
        {"datediff(DATE '2024-03-01', DATE '2024-02-01')", "29"},
        {"date_add(DATE '2024-01-31', 1)", "2024-02-01"},
        {"date_sub(DATE '2024-03-01', 1)", "2024-02-29"},
        {"date_add(TIMESTAMP '2024-01-31 00:00:00', INTERVAL '1 month')", "2024-02-29 00:00:00"},
        {"age(TIMESTAMP '2024-04-10 00:00:00', TIMESTAMP '2023-02-28 12:00:00')",
         "1 year 1 mon 12 days 12:00:00"},
        {"make_timestamp(2024, 2, 29, 1, 2, 3.5)", "2024-02-29 01:02:03.500000"},
        {"make_timestamp(2023, 2, 29, 1, 2, 3.5)", "error"},
        {"make_date(2024, 2, 29)", "2024-02-29"},
        {"make_time(23, 59, 59.5)", "23:59:59.500"},
        {"make_time(24, 0, 0)", "error"},
        {"timezone('Europe/Berlin', TIMESTAMP '2024-07-01 12:00:00')", "2024-07-01 14:00:00"},
        {"to_utc_timestamp(TIMESTAMP '2024-07-01 14:00:00', 'Europe/Berlin')",
         "2024-07-01 12:00:00"},
        {"strftime(TIMESTAMP '2024-03-05 14:07:09', '%Y/%m/%d %H-%M-%S')", "2024/03/05 14-07-09"},
        {"strftime('%j', DATE '2024-03-05')", "065"},
        {"strftime('%Q', DATE '2024-03-05')", "error"},
        {"date_format(TIMESTAMP '2024-03-05 14:07:09.123', 'yyyy-MM-dd HH:mm:ss.SSS')",
         "2024-03-05 14:07:09.123"},
        {"date_format(TIMESTAMP '2024-03-05 04:07:09', 'd/M/yy h a EEE MMM ''at'' X')",
         "5/3/24 4 AM Tue Mar at Z"},
        {"date_format(TIMESTAMP '2024-03-05 04:07:09', '%H:%M')", "04:07"},
        {"date_format(TIMESTAMP '2024-03-05 04:07:09', 'B')", "error"},
        {"to_char(TIMESTAMP '2024-03-05 14:07:09.123456', 'YYYY-MM-DD HH24:MI:SS.US')",
         "2024-03-05 14:07:09.123456"},
        {"to_char(TIMESTAMP '2024-03-05 14:07:09', 'FMDay, DDth FMMonth YYYY HH12:MI AM')",
         "Tuesday, 05th March 2024 02:07 PM"},
        {"to_char(TIMESTAMP '2024-03-05 14:07:09', 'Month|DY|Q|IW|\"W\"DDD')",
         "March    |TUE|1|10|W065"},
        {"to_timestamp('2024-03-05 14:07:09', 'yyyy-MM-dd HH:mm:ss')", "2024-03-05 14:07:09"},
        {"to_timestamp('05.03.2024 14:07', 'DD.MM.YYYY HH24:MI')", "2024-03-05 14:07:00"},
        {"to_timestamp('2024-03-05', '%Y-%m-%d')", "2024-03-05 00:00:00"},
        {"to_timestamp('2024-03-05T01:02:03Z')", "2024-03-05 01:02:03"},
        {"to_timestamp('x')", "error"},
        {"to_timestamp('x', '%Y')", "error"},
        {"to_timestamp(1.5)", "1970-01-01 00:00:01.500000"},
        {"to_timestamp(-1)", "1969-12-31 23:59:59"},
        {"to_timestamp_ltz(1500, 3)", "1970-01-01 00:00:01.500"},
        {"to_timestamp_ltz(15, 0)", "1970-01-01 00:00:15"},
        {"from_epoch_ms(-1)", "1969-12-31 23:59:59.999"},
        {"to_date('2024-03-05')", "2024-03-05"},
        {"to_date('05/03/2024', 'DD/MM/YYYY')", "2024-03-05"},
        {"from_unixtime(0)", "1970-01-01 00:00:00"},
        {"from_unixtime(3600, 'HH:mm')", "01:00"},
        {"unix_timestamp('1970-01-02 00:00:00')", "86400"},
        {"unix_timestamp(TIMESTAMP '1970-01-01 00:01:00')", "60"},
        {"dayname(DATE '2024-03-05')", "Tuesday"},
        {"monthname(DATE '2024-03-05')", "March"},
        {"now()", "2023-11-14 22:13:20"},
        {"current_timestamp", "2023-11-14 22:13:20"},
        {"watermark()", "2023-11-14 22:13:10"},
        {"current_date", "2023-11-14"},
        {"localtime", "22:13:20"},
        {"now() - INTERVAL '1 hour'", "2023-11-14 21:13:20"},
        {"unix_timestamp()", "1700000000"},
    };
    assert_table(CASES);
    sql_env.time_zone = S("Europe/Berlin");
    assert_sql("from_unixtime(0)", "1970-01-01 01:00:00");
    assert_sql("unix_timestamp('1970-01-01 01:00:00')", "0");
    assert_sql("localtime", "23:13:20");
    sql_env.watermark_us = INT64_MIN;
    assert_sql("watermark()", "NULL");
}

static void test_json(void **state)
{
    (void)state;
    static const SqlCase CASES[] = {
        {"'{\"a\": {\"b\": [1, 2, \"x\"]}}' -> 'a'", "{\"b\": [1, 2, \"x\"]}"},
        {"'{\"a\": {\"b\": [1, 2, \"x\"]}}' -> 'a' -> 'b' ->> 2", "x"},
        {"'{\"a\": {\"b\": [1, 2, \"x\"]}}' ->> '$.a.b[0]'", "1"},
        {"'[1,2,3]' -> -1", "3"},
        {"'[1,2,3]' -> 5", "NULL"},
        {"'{\"a\":null}' ->> 'a'", "NULL"},
        {"'{\"a\":null}' -> 'a'", "null"},
        {"'{\"a\":1,\"a\":2}' ->> 'a'", "2"},
        {"'{\"\\u0061\":1}' ->> 'a'", "1"},
        {"'{\"a\":\"\\u00e9\\ud83d\\ude00\\n\"}' ->> 'a'", "é😀\n"},
        {"'{\"a\":\"\\ud83d\"}' ->> 'a'", "\xef\xbf\xbd"},
        {"'{bad}' -> 'a'", "error"},
        {"'[1,]' -> 0", "error"},
        {"'{\"a\":01}' -> 'a'", "error"},
        {"CAST('{\"a\": \"x\"}' AS JSON) ->> 'a'", "x"},
        {"json_extract('{\"a\":[{\"b\":true}]}', '$.a[0].b')", "true"},
        {"json_extract('{}', '$.a')", "NULL"},
        {"json_extract('{}', '$x')", "error"},
        {"json_extract('{\"a b\":1}', '$.\"a b\"')", "1"},
        {"json_extract_string('{\"a\":\"x\"}', '$.a')", "x"},
        {"json_value('{\"a\":[1]}', '$.a')", "NULL"},
        {"json_value('{\"a\":1.50}', '$.a')", "1.50"},
        {"json_value('nope', '$.a')", "NULL"},
        {"json_query('{\"a\":[1]}', '$.a')", "[1]"},
        {"json_query('{\"a\":1}', '$.a')", "NULL"},
        {"json_exists('{\"a\":null}', '$.a')", "true"},
        {"json_exists('{\"a\":1}', '$.b')", "false"},
        {"json_array_length('[1,[2,3],{\"a\":[]}]')", "3"},
        {"json_array_length('[]')", "0"},
        {"json_array_length('{}')", "NULL"},
        {"json_array_length('{\"a\":[1]}', '$.a')", "1"},
        {"json_type('{\"a\":1.5}', '$.a')", "real"},
        {"json_type('[1]', '$[0]')", "integer"},
        {"json_typeof(CAST('[]' AS JSON))", "array"},
        {"json_valid('{\"a\":1}')", "true"},
        {"json_valid('{a:1}')", "false"},
        {"json_keys(CAST('{\"a\":1,\"b\":{}}' AS JSON))", "[\"a\",\"b\"]"},
        {"to_json('a\"b')", "\"a\\\"b\""},
        {"to_json(1.50)", "1.50"},
        {"to_json(TIMESTAMP '2024-01-01 00:00:00')", "\"2024-01-01 00:00:00.000000\""},
        {"json_array(1, 'x', NULL, true)", "[1,\"x\",null,true]"},
        {"json_array()", "[]"},
        {"json_object('a', 1, 'b', CAST('[1]' AS JSON))", "{\"a\":1,\"b\":[1]}"},
        {"json_object('a')", "error"},
        {"(CAST('[10,20]' AS JSON))[0]", "10"},
        {"(CAST('{\"k\":{\"z\":5}}' AS JSON))['k']", "{\"z\":5}"},
        {"CAST('{\"a\":7}' AS JSON) ->> 'a'", "7"},
        {"CAST((CAST('{\"a\":7}' AS JSON) -> 'a') AS BIGINT) + 1", "8"},
        {"CAST('[1,2,3]' AS ARRAY<BIGINT>)[2] + 1", "3"},
        {"CAST('[\"x\",null]' AS ARRAY<TEXT>)[1]", "x"},
        {"CAST('[\"x\",null]' AS ARRAY<TEXT>)[2]", "NULL"},
        {"CAST('{\"a\":\"q\"}' AS MAP<TEXT, TEXT>)['a']", "q"},
    };
    assert_table(CASES);
}

static void test_chance(void **state)
{
    (void)state;
    BExpr *e;
    assert_int_equal(sql_bind("random()", &e), WEIR_OK);
    enum { N = 4096 };
    uint64_t *offsets = new (&fx.arena, uint64_t, N);
    for (int i = 0; i < N; i++) offsets[i] = (uint64_t)i * 100;
    Batch b = {.rows = N, .offset = offsets, .label = 5};
    Column c = evaluated(e, &b, &sql_env);
    double sum = 0;
    for (int i = 0; i < N; i++) {
        double v = COL(double, &c)[i];
        assert_true(v >= 0 && v < 1);
        sum += v;
    }
    assert_true(sum / N > 0.48 && sum / N < 0.52);
    Column again = evaluated(e, &b, &sql_env);
    assert_memory_equal(c.data, again.data, N * sizeof(double));
    Batch one = {.rows = 1, .offset = offsets + 7, .label = 5};
    again = evaluated(e, &one, &sql_env);
    assert_true(COL(double, &again)[0] == COL(double, &c)[7]);
    assert_int_equal(sql_bind("uuid()", &e), WEIR_OK);
    c = evaluated(e, &b, &sql_env);
    Str u = text_str(&COL(Text, &c)[0]);
    assert_int_equal(u.n, 36);
    assert_true(u.p[14] == '4' && strchr("89ab", u.p[19]));
    assert_false(text_eq(&COL(Text, &c)[0], &COL(Text, &c)[1]));
}

/* Whatever a function is given, it neither crashes nor leaves its types: every definition is
 * called with columns of NULLs, zeroes and extremes. */
static Value extreme_of(Type t, int i)
{
    static const char *const TEXTS[] = {"",     "a",   "%",     "\\",  "yyyy", "$.a",
                                        "year", "hex", "héé (", "UTC", "[1]",  "{\"a\":1}"};
    Value v = {.type = t};
    switch ((TypeKind)t.kind) {
    case TYPE_BOOLEAN:
        v.i = i & 1;
        break;
    case TYPE_BIGINT:
        v.i = (int64_t[]){0, 1, -1, INT64_MAX, INT64_MIN, 3, 64, -5}[i % 8];
        break;
    case TYPE_DOUBLE:
        v.d = (double[]){0, -0.0, 1.5, 1e308, -1e308, __builtin_inf(), 5e-324, -3}[i % 8];
        break;
    case TYPE_DECIMAL:
        v.dec = (Int128[]){0, 1, -1, 99999, -99999}[i % 5];
        break;
    case TYPE_TIMESTAMP:
        v.i = (int64_t[]){0, -1, TIMESTAMP_MIN_US, TIMESTAMP_MAX_US}[i % 4];
        break;
    case TYPE_DATE:
        v.i = (int64_t[]){0, -1, DATE_MIN, DATE_MAX}[i % 4];
        break;
    case TYPE_TIME:
        v.i = (int64_t[]){0, US_PER_DAY - 1}[i % 2];
        break;
    case TYPE_INTERVAL:
        v.iv = (Interval[]){{0},
                            {1, 1, 1},
                            {INT32_MAX, INT32_MAX, INT64_MAX},
                            {INT32_MIN, INT32_MIN, INT64_MIN}}[i % 4];
        break;
    case TYPE_ARRAY:
        v.s = str_z((const char *[]){"[]", "[null]", "[1,\"a\",null,[2]]", "[\"\\u0000\",1]"}[i % 4]);
        break;
    case TYPE_ROW:
    case TYPE_MAP:
        v.s = str_z((const char *[]){"{}", "{\"a\":null}", "{\"\":1,\"b\":[2]}"}[i % 3]);
        break;
    case TYPE_JSON:
        v.s = str_z((const char *[]){"null", "[1,2]", "{\"a\":\"x\"}", "\"s\"", "1e5"}[i % 5]);
        break;
    case TYPE_BLOB:
        v.s = str_of("\xff\x00"
                     "a",
                     i % 4);
        break;
    case TYPE_TEXT:
        v.s = str_z(TEXTS[i % 12]);
        break;
    case TYPE_NULL:
    case TYPE_COUNT:
        v.is_null = true;
        break;
    }
    return v;
}

static Type type_of_letter(char l, int round)
{
    static const char LETTERS[] = "bidtxsDTvj";
    if (l == 'm') return TYPE_DECIMAL_(5, 2);
    if (l == 'a' || l == 'c') l = LETTERS[round % 10];
    if (l == 'n') l = 'i';
    return letter_type(l);
}

static void call_with_extremes(const FuncDef *f, int round)
{
    enum { ROWS = 97 };
    BExpr *args[16];
    Column cols[16];
    int n = 0;
    char last = 0;
    for (const char *p = f->args; *p && n < 6; p++) {
        if (*p == '?') continue;
        if (*p != '*') last = *p;
        Type t = type_of_letter(last, round);
        cols[n] = column_new(&fx.arena, t, ROWS);
        for (int i = 0; i < ROWS; i++) {
            Value v = extreme_of(t, i / (n ? n * 8 : 1) + i * (n + 1) + round);
            if (i % 11 == n) v = value_null(t);
            column_put(&cols[n], &fx.arena, i, &v);
        }
        args[n] = e_column(n, t);
        n++;
    }
    Type result;
    if (!call_type(f, args, n, &result)) return;
    BExpr call = {.kind = BE_CALL, .type = result, .func = f, .args = args, .nargs = n};
    Batch b = {.rows = ROWS, .ncols = n, .cols = cols};
    Column c = evaluated(&call, &b, &sql_env);
    assert_int_equal(c.type.kind, result.kind);
    for (int i = 0; i < ROWS; i++) {
        Value v = column_value(&c, i);
        if (col_is_err(&c, i)) assert_true(f->flags & FUNC_CAN_FAIL);
        if (v.is_null) continue;
        if (result.kind == TYPE_DOUBLE) assert_true(v.d == v.d);
        if (result.kind == TYPE_BOOLEAN) assert_true(v.i == 0 || v.i == 1);
        if (result.kind == TYPE_TIMESTAMP && !(f->flags & FUNC_VOLATILE))
            assert_true(timestamp_is_valid(v.i));
    }
}

static void test_every_function_takes_anything(void **state)
{
    (void)state;
    for (const FuncDef *const *l = func_table; *l; l++) {
        for (const FuncDef *f = *l; f->name; f++) {
            for (int round = 0; round < 10; round++) {
                ArenaMark m = arena_mark(&fx.arena);
                call_with_extremes(f, round);
                arena_release(&fx.arena, m);
            }
            assert_non_null(f->doc);
            assert_non_null(f->group);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        sql_test(test_math), sql_test(test_text),   sql_test(test_time),
        sql_test(test_json), sql_test(test_chance), sql_test(test_every_function_takes_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
