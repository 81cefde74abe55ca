/* test_func_operators.c: operators and casts, by SQL. */
#include "tests/unit/func_fixture.h"

static void test_integers(void **state)
{
    (void)state;
    static const SqlCase CASES[] = {
        {"1 + 2", "3"},
        {"7 / 2", "3"},
        {"-7 / 2", "-3"},
        {"-7 % 3", "-1"},
        {"7 % -3", "1"},
        {"1 / 0", "NULL"},
        {"1 % 0", "NULL"},
        {"9223372036854775807 + 1", "error: 9223372036854775807 + 1 is out of the range of BIGINT"},
        {"-9223372036854775808 - 1",
         "error: -9223372036854775808 - 1 is out of the range of BIGINT"},
        {"9223372036854775807 * 2", "error: 9223372036854775807 * 2 is out of the range of BIGINT"},
        {"-9223372036854775808 / -1",
         "error: -9223372036854775808 / -1 is out of the range of BIGINT"},
        {"-9223372036854775808 % -1", "0"},
        {"-(-9223372036854775808)", "error"},
        {"CAST(NULL AS BIGINT) + 9223372036854775807", "NULL"},
        {"5 & 3", "1"},
        {"5 | 3", "7"},
        {"1 << 62", "4611686018427387904"},
        {"1 << 64", "0"},
        {"-8 >> 1", "-4"},
        {"-8 >> 100", "-1"},
        {"~5", "-6"},
        {"mod(17, 5)", "2"},
        {"xor(6, 3)", "5"},
        {"div(17, 5)", "3"},
    };
    assert_table(CASES);
}

static void test_doubles(void **state)
{
    (void)state;
    static const SqlCase CASES[] = {
        {"1e0 + 2", "3.0"},
        {"1e0 / 0", "NULL"},
        {"1e308 * 10", "Infinity"},
        {"1e308 * 10 - 1e308 * 10", "NULL"},
        {"5.5e0 % 2", "1.5"},
        {"-1e0 * 0 = 0", "true"},
        {"0.1e0 + 0.2e0", "0.30000000000000004"},
        {"-(1.5e0)", "-1.5"},
    };
    assert_table(CASES);
}

static void test_decimals(void **state)
{
    (void)state;
    static const SqlCase CASES[] = {
        {"0.1 + 0.2", "0.3"},
        {"1.50 * 2", "3.00"},
        {"100 * 0.908", "90.800"},
        {"1.0 / 3", "0.333333333333333333333"},
        {"1.0 / 0", "NULL"},
        {"5.5 % 2", "1.5"},
        {"-(1.25)", "-1.25"},
        {"1.5 < 1.50", "false"},
        {"1.5 = 1.50", "true"},
        {"CAST('99999999999999999999999999999999999999' AS DECIMAL(38,0)) + 1", "error"},
    };
    assert_table(CASES);
}

static void test_times(void **state)
{
    (void)state;
    static const SqlCase CASES[] = {
        {"TIMESTAMP '2024-01-31 10:00:00' + INTERVAL '1' MONTH", "2024-02-29 10:00:00"},
        {"TIMESTAMP '2024-03-01 00:00:00' - INTERVAL '1' DAY", "2024-02-29 00:00:00"},
        {"INTERVAL '90' MINUTE + TIMESTAMP '1969-12-31 23:00:00'", "1970-01-01 00:30:00"},
        {"TIMESTAMP '2024-01-02 00:00:00' - TIMESTAMP '2024-01-01 12:00:00'", "12:00:00"},
        {"DATE '2024-03-01' - DATE '2024-02-01'", "29"},
        {"DATE '2024-02-28' + 2", "2024-03-01"},
        {"DATE '2024-01-01' - INTERVAL '1 hour'", "2023-12-31 23:00:00"},
        {"INTERVAL '1 day' * 3", "3 days"},
        {"INTERVAL '1 month' * 1.5e0", "1 mon 15 days"},
        {"INTERVAL '1 day' = INTERVAL '24 hours'", "true"},
        {"INTERVAL '1 hour' < INTERVAL '1 day'", "true"},
        {"TIME '23:00:00' + INTERVAL '2 hours'", "01:00:00"},
        {"DATE '2024-01-01' + TIME '12:30:00'", "2024-01-01 12:30:00"},
        {"TIMESTAMP '9999-12-31 00:00:00' + INTERVAL '1 day'", "error"},
        {"TIMESTAMP '2024-07-01 12:00:00' AT TIME ZONE 'Europe/Berlin'", "2024-07-01 14:00:00"},
        {"TIMESTAMP '2024-01-01 12:00:00' AT TIME ZONE 'Nowhere/X'", "error"},
        {"DATE '2024-01-01' < TIMESTAMP '2024-01-01 00:00:01'", "true"},
    };
    assert_table(CASES);
}

static void test_comparison(void **state)
{
    (void)state;
    static const SqlCase CASES[] = {
        {"'abc' < 'abd'", "true"},
        {"'abcdefghijklmnop' < 'abcdefghijklmnoq'", "true"},
        {"'abcdefghijklmnop' = 'abcdefghijklmnop'", "true"},
        {"'' < 'a'", "true"},
        {"'é' > 'z'", "true"},
        {"'ab' >= 'abc'", "false"},
        {"1 = 1e0", "true"},
        {"1 < 1.5", "true"},
        {"true > false", "true"},
        {"NULL = 1", "NULL"},
        {"1 IS DISTINCT FROM NULL", "true"},
        {"'' IS NOT DISTINCT FROM NULL", "false"},
        {"2 BETWEEN 1 AND 3", "true"},
        {"2 NOT IN (1, 3)", "true"},
        {"2 IN (1, NULL)", "NULL"},
        {"'b' IN ('a', 'b')", "true"},
        {"DATE '2024-01-01' IN (DATE '2024-01-01')", "true"},
        {"1.5 IN (1.50, 2)", "true"},
        {"CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"},
        {"CASE WHEN false THEN 1 END", "NULL"},
        {"coalesce(NULL, NULL, 3)", "3"},
        {"nullif(1, 1)", "NULL"},
        {"nullif(1, 2)", "1"},
        {"greatest(1, 3, NULL, 2)", "3"},
        {"least('b', 'a')", "a"},
        {"greatest(NULL, NULL)", "NULL"},
        {"if(true, 1, 2)", "1"},
        {"'a' || 'b' || 'c'", "abc"},
        {"'a long text to ' || 'be put together'", "a long text to be put together"},
        {"'n=' || 5", "n=5"},
        {"1 || 'x'", "1x"},
        {"NULL || 'x'", "NULL"},
        {"NOT true", "false"},
    };
    assert_table(CASES);
}

static void test_casts(void **state)
{
    (void)state;
    static const SqlCase CASES[] = {
        {"CAST(' 42 ' AS BIGINT)", "42"},
        {"CAST('4x' AS BIGINT)", "error: cannot cast \"4x\" to BIGINT"},
        {"TRY_CAST('4x' AS BIGINT)", "NULL"},
        {"CAST(300 AS TINYINT)", "error: cannot cast \"300\" to TINYINT"},
        {"TRY_CAST(300 AS TINYINT)", "NULL"},
        {"CAST(-128 AS TINYINT)", "-128"},
        {"CAST(2.9e0 AS BIGINT)", "2"},
        {"CAST(-2.9 AS BIGINT)", "-2"},
        {"CAST(1e300 AS BIGINT)", "error"},
        {"CAST(1 AS DOUBLE)", "1.0"},
        {"CAST(1.255 AS DECIMAL(10,2))", "1.26"},
        {"CAST(-1.255 AS DECIMAL(10,2))", "-1.26"},
        {"CAST(0.145e0 AS DECIMAL(10,2))", "0.15"},
        {"CAST(12345 AS DECIMAL(4,0))", "error"},
        {"CAST('1.5' AS DECIMAL(5,2))", "1.50"},
        {"CAST('true' AS BOOLEAN)", "true"},
        {"CAST('off' AS BOOLEAN)", "false"},
        {"CAST(5 AS BOOLEAN)", "true"},
        {"CAST(true AS BIGINT)", "1"},
        {"CAST(true AS TEXT)", "true"},
        {"CAST(1.50 AS TEXT)", "1.50"},
        {"CAST(-9223372036854775808 AS TEXT)", "-9223372036854775808"},
        {"CAST('2024-02-29T12:30:00.123456789Z' AS TIMESTAMP(3))", "2024-02-29 12:30:00.123"},
        {"CAST(TIMESTAMP '1969-12-31 23:59:59.999' AS TIMESTAMP(0))", "1969-12-31 23:59:59"},
        {"CAST('2024-02-30' AS DATE)", "error"},
        {"CAST('2024-02-29 10:00:00' AS DATE)", "2024-02-29"},
        {"CAST(TIMESTAMP '1969-12-31 23:00:00' AS DATE)", "1969-12-31"},
        {"CAST(TIMESTAMP '1969-12-31 23:00:00' AS TIME)", "23:00:00"},
        {"CAST('1 hour 30 minutes' AS INTERVAL)", "01:30:00"},
        {"CAST('NaN' AS DOUBLE)", "error"},
        {"CAST(X'c3a9' AS TEXT)", "é"},
        {"CAST(X'ff' AS TEXT)", "error"},
        {"CAST('{\"a\": 1}' AS JSON)", "{\"a\": 1}"},
        {"CAST('{\"a\": 1' AS JSON)", "error"},
        {"CAST(CAST('\"42\"' AS JSON) AS BIGINT)", "42"},
        {"CAST(CAST('null' AS JSON) AS BIGINT)", "NULL"},
        {"'5'::BIGINT + 1", "6"},
    };
    assert_table(CASES);
}

static void test_patterns(void **state)
{
    (void)state;
    static const SqlCase CASES[] = {
        {"'apple' LIKE 'a%e'", "true"},
        {"'apple' LIKE 'A%'", "false"},
        {"'apple' ILIKE 'A%'", "true"},
        {"'ÄPFEL' ILIKE 'ä%'", "true"},
        {"'apple' LIKE 'apple'", "true"},
        {"'apple' LIKE '%pp%'", "true"},
        {"'apple' LIKE '%le'", "true"},
        {"'apple' LIKE 'a__le'", "true"},
        {"'é' LIKE '_'", "true"},
        {"'' LIKE '%'", "true"},
        {"'' LIKE '_'", "false"},
        {"'aXbXc' LIKE '%X%X%'", "true"},
        {"'aXbc' LIKE '%X%X%'", "false"},
        {"'mississippi' LIKE '%iss%ip%i'", "true"},
        {"'10%' LIKE '10!%' ESCAPE '!'", "true"},
        {"'100' LIKE '10!%' ESCAPE '!'", "false"},
        {"'x' LIKE 'x!' ESCAPE '!'", "error"},
        {"'x' NOT LIKE 'y'", "true"},
        {"'abc' SIMILAR TO '(a|b)%'", "true"},
        {"'abc' SIMILAR TO 'a'", "false"},
        {"'a.c' SIMILAR TO 'a.c'", "true"},
        {"'abc' SIMILAR TO 'a.c'", "false"},
        {"'foobar' ~ 'o+b'", "true"},
        {"'foobar' ~ '^b'", "false"},
        {"'FOO' ~* 'foo'", "true"},
        {"'foo' !~ 'x'", "true"},
        {"'foobar' ~ '('", "error"},
        {"regexp_like('Hello', 'hello', 'i')", "true"},
        {"regexp_extract('channel_id=42&x', '(&|^)channel_id=([^&]*)', 2)", "42"},
        {"regexp_extract('abc', 'x')", "NULL"},
        {"regexp_extract('abc', 'b')", "b"},
        {"regexp_extract('abc', 'b', 3)", "error"},
        {"regexp_replace('aXbX', 'X', '-')", "a-bX"},
        {"regexp_replace('aXbX', 'X', '-', 'g')", "a-b-"},
        {"regexp_replace('john smith', '(\\w+) (\\w+)', '\\2 \\1')", "smith john"},
        {"regexp_replace('abc', 'x*', '-', 'g')", "-a-b-c-"},
        {"regexp_count('banana', 'an')", "2"},
        {"regexp_match('a1b2', '([a-z])(\\d)')", "[\"a\",\"1\"]"},
        {"(regexp_match('a1b2', '([a-z])(\\d)'))[2]", "1"},
        {"(regexp_match('a1b2', '([a-z])(\\d)'))[3]", "NULL"},
        {"regexp_like('é', '^.$')", "true"},
    };
    assert_table(CASES);
    sql_env.regex_match_limit = 1000;
    assert_sql("regexp_like('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab', '^(a|aa)*$')",
               "error: a regular expression reached regex_limit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        sql_test(test_integers), sql_test(test_doubles),    sql_test(test_decimals),
        sql_test(test_times),    sql_test(test_comparison), sql_test(test_casts),
        sql_test(test_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
