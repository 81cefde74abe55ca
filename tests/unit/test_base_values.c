/* test_base_values.c: values, columns, decimals, exact sums, key encodings. base_oracle.py asks
 * the arithmetic many more questions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/batch.h"
#include "base/datetime.h"
#include "base/decimal.h"
#include "base/exact.h"
#include "base/keyenc.h"

#include <math.h>
#include <stdio.h>

#define assert_text(s, z) assert_string_equal((s).p, (z))

static Str printed(Arena *a, Value v)
{
    StrBuf b = {.arena = a};
    value_print(&b, &v);
    return sb_done(&b);
}

static Str literal(Arena *a, Value v)
{
    StrBuf b = {.arena = a};
    value_literal(&b, &v);
    return sb_done(&b);
}

static Value typed(Type t, int64_t i)
{
    return (Value){.type = t, .i = i};
}

static Value decimal(int p, int s, Int128 v)
{
    return (Value){.type = TYPE_DECIMAL_((uint8_t)p, (uint8_t)s), .dec = v};
}

static void values_print_and_quote(void **state)
{
    (void)state;
    Arena a = {0};
    Value text = value_text(S("it's")), blob = value_text(S("\x01\xfe"));
    blob.type = TYPE_OF(TYPE_BLOB);
    Value json = value_text(S("{}"));
    json.type = TYPE_OF(TYPE_JSON);
    assert_text(printed(&a, value_bool(true)), "true");
    assert_text(printed(&a, value_null(TYPE_BIGINT_)), "NULL");
    assert_text(printed(&a, text), "it's");
    assert_text(literal(&a, text), "'it''s'");
    assert_text(literal(&a, blob), "X'01FE'");
    assert_text(literal(&a, json), "CAST('{}' AS JSON)");
    assert_text(literal(&a, value_double(1)), "1.0e0");
    assert_text(literal(&a, value_double(1e300)), "1e+300");
    assert_text(literal(&a, value_double(-INFINITY)), "CAST('-Infinity' AS DOUBLE)");
    assert_text(literal(&a, decimal(3, 2, -5)), "-0.05");
    assert_text(literal(&a, decimal(3, 0, 12)), "12.");
    assert_text(literal(&a, typed(TYPE_OF(TYPE_DATE), 0)), "DATE '1970-01-01'");
    assert_text(literal(&a, typed(TYPE_TIMESTAMP_(3), 1500)), "TIMESTAMP '1970-01-01 00:00:00.001'");
    assert_true(value_eq(&(Value){.type = TYPE_OF(TYPE_DOUBLE), .d = -0.0}, &(Value){.type = TYPE_OF(TYPE_DOUBLE)}));
    Value null = value_null(TYPE_BIGINT_), one = value_int(1), other = decimal(5, 1, 10), same = decimal(5, 2, 100);
    assert_true(value_eq(&null, &null) && !value_eq(&null, &one) && value_eq(&other, &same));
    arena_free(&a);
}

static void columns_hold_what_is_put_in(void **state)
{
    (void)state;
    Arena a = {0};
    Value cases[] = {value_bool(true), value_int(-7), value_double(2.5), decimal(38, 4, -(Int128)1e30),
                     value_text(S("short")), value_text(S("a text of more than twelve bytes")),
                     typed(TYPE_TIMESTAMP_(6), 12345), typed(TYPE_OF(TYPE_DATE), -3),
                     typed(TYPE_OF(TYPE_TIME), 99),
                     {.type = TYPE_OF(TYPE_INTERVAL), .iv = {1, -2, 3}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Value null = value_null(cases[i].type);
        Column c = column_new(&a, cases[i].type, 100), k = column_const(&a, &cases[i]);
        assert_int_equal((uintptr_t)c.data % 64, 0);
        column_put(&c, &a, 7, &cases[i]);
        column_put(&c, &a, 8, &cases[i]);
        column_put(&c, &a, 8, &null);
        Value seven = column_value(&c, 7), constant = column_value(&k, 99), gone = column_value(&c, 8);
        assert_true(value_eq(&seven, &cases[i]) && value_eq(&constant, &cases[i]) && gone.is_null);
        column_set_err(&c, &a, 9, WEIR_E_VALUE, S("first"));
        column_set_err(&c, &a, 9, WEIR_E_TYPE, S("second"));
        int32_t rows[] = {9, 8, 7, 7};
        Column g = column_gather(&a, &c, rows, 4), gk = column_gather(&a, &k, rows, 4);
        Value moved = column_value(&g, 3), spread = column_value(&gk, 3);
        assert_true(value_eq(&moved, &cases[i]) && value_eq(&spread, &cases[i]));
        assert_true(col_is_null(&g, 1) && !col_is_null(&g, 0) && col_is_err(&g, 0));
        assert_text(column_error(&g, 0)->message, "first");
        assert_null(column_error(&g, 1));
        column_put(&c, &a, 8, &cases[i]);
        assert_false(col_is_null(&c, 8));
    }
    Column empty = column_gather(&a, &(Column){.type = TYPE_BIGINT_, .data = NULL}, NULL, 0);
    assert_null(empty.data);
    arena_free(&a);
}

static void positions_are_ordered(void **state)
{
    (void)state;
    Pos list[] = {{1, 5, 0, 0}, {1, 5, 0, 1}, {1, 6, 0, 0}, {1, 0, 1, 0}, {2, 0, 0, 0}};
    Arena a = {0};
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 5; j++) {
            StrBuf x = {.arena = &a}, y = {.arena = &a};
            key_encode_pos(&x, list[i]);
            key_encode_pos(&y, list[j]);
            int by_bytes = memcmp(x.p, y.p, KEY_POS_BYTES);
            assert_int_equal(x.n, KEY_POS_BYTES);
            assert_int_equal(pos_cmp(&list[i], &list[j]), (i > j) - (i < j));
            assert_int_equal((by_bytes > 0) - (by_bytes < 0), (i > j) - (i < j));
        }
        StrBuf b = {.arena = &a};
        Pos back;
        key_encode_pos(&b, list[i]);
        StrReader r = {.at = b.p, .end = b.p + b.n};
        assert_true(key_decode_pos(&r, &back));
        assert_memory_equal(&back, &list[i], sizeof back);
    }
    arena_free(&a);
}

static void decimals_know_their_types(void **state)
{
    (void)state;
    Type t;
    Int128 v;
    assert_int_equal(decimal_parse_literal(S("0.908"), &t, &v), DECIMAL_OK);
    assert_true(type_eq(t, TYPE_DECIMAL_(3, 3)) && v == 908);
    assert_int_equal(decimal_parse_literal(S("00.50"), &t, &v), DECIMAL_OK);
    assert_true(type_eq(t, TYPE_DECIMAL_(2, 2)) && v == 50);
    assert_int_equal(decimal_parse_literal(S("12."), &t, &v), DECIMAL_OK);
    assert_true(type_eq(t, TYPE_DECIMAL_(2, 0)) && v == 12);
    assert_int_equal(decimal_parse_literal(S("0.0"), &t, &v), DECIMAL_OK);
    assert_true(type_eq(t, TYPE_DECIMAL_(1, 1)) && v == 0);
    assert_int_equal(decimal_parse_literal(S("1.2.3"), &t, &v), DECIMAL_MALFORMED);
    assert_int_equal(decimal_parse_literal(S("0.000000000000000000000000000000000000001"), &t, &v),
                     DECIMAL_OVERFLOW);
    assert_true(type_eq(decimal_type_add(TYPE_BIGINT_, TYPE_DECIMAL_(3, 2)), TYPE_DECIMAL_(22, 2)));
    assert_true(type_eq(decimal_type_div(TYPE_DECIMAL_(10, 2), TYPE_DECIMAL_(5, 1)), TYPE_DECIMAL_(17, 8)));
    assert_true(type_eq(decimal_type_mul(TYPE_DECIMAL_(28, 10), TYPE_DECIMAL_(28, 10)), TYPE_DECIMAL_(38, 6)));
    const char *bad[] = {"", "-", ".", "1e", "e1", "1 ", "0x1", "1.2.3", "--1", "1e1.5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(decimal_parse(str_z(bad[i]), TYPE_DECIMAL_(38, 2), &v), DECIMAL_MALFORMED);
}

static void decimals_meet_other_numbers(void **state)
{
    (void)state;
    Int128 v = 0;
    int64_t i;
    assert_true(decimal_from_double(0.145, TYPE_DECIMAL_(10, 2), &v) && v == 15);
    assert_true(decimal_from_double(-1e20, TYPE_DECIMAL_(38, 2), &v) && v == -(Int128)1e20 * 100);
    assert_false(decimal_from_double(INFINITY, TYPE_DECIMAL_(38, 2), &v));
    assert_false(decimal_from_double(1e38, TYPE_DECIMAL_(38, 2), &v));
    assert_true(decimal_to_int64(-199, 2, &i) && i == -1);
    assert_false(decimal_to_int64((Int128)1 << 63, 0, &i));
    assert_true(decimal_to_double(1, 1) == 0.1);
    assert_true(decimal_round(-12350, 2, 0, 10, &v) && v == -12400);
    assert_true(decimal_round(12345, 2, -2, 10, &v) && v == 10000);
    assert_true(decimal_round(55, 2, -5, 10, &v) && v == 0);
    assert_false(decimal_round(999, 0, -1, 3, &v));
    assert_true(decimal_div_int(-5, 0, 2, TYPE_DECIMAL_(38, 0), &v) && v == -3);
    char text[DECIMAL_TEXT_MAX + 1];
    decimal_print(decimal_pow10(38) - 1, 38, text);
    assert_string_equal(text, "0.99999999999999999999999999999999999999");
    decimal_print(-7, 3, text);
    assert_string_equal(text, "-0.007");
}

static void *resize(void *arg, void *p, ptrdiff_t old_size, ptrdiff_t new_size)
{
    (void)arg;
    if (new_size > 0) return mem_realloc(p, old_size, new_size);
    mem_free(p, old_size);
    return NULL;
}

static void sums_forget_what_was_taken_back(void **state)
{
    (void)state;
    const ExactMem mem = {.resize = resize};
    ExactSum s = {0}, part = {0};
    double d;
    exact_add_double(&s, mem, 1e308, 1);
    exact_add_double(&s, mem, 1e308, 1);
    assert_true(exact_round(&s, &d) && d == INFINITY);
    exact_add_double(&part, mem, 5e-324, 3);
    exact_add_double(&part, mem, 1e308, 2);
    exact_merge(&s, mem, &part, -1);
    assert_true(exact_round(&s, &d) && d == -15e-324);
    exact_add_double(&s, mem, 5e-324, 3);
    assert_true(exact_is_zero(&s) && exact_round(&s, &d) && d == 0 && !signbit(d));
    exact_add_double(&s, mem, INFINITY, 1);
    exact_add_double(&s, mem, -INFINITY, 1);
    assert_false(exact_round(&s, &d));
    exact_add_double(&s, mem, -INFINITY, -1);
    assert_true(exact_round_div(&s, 3, &d) && d == INFINITY);
    exact_free(&s, mem);
    for (int i = 0; i < 10; i++) exact_add_double(&s, mem, 0.1, 1);
    assert_true(exact_round(&s, &d) && d == 1.0);
    exact_free(&s, mem);
    exact_free(&part, mem);
}

static void sums_refuse_foreign_bytes(void **state)
{
    (void)state;
    const ExactMem mem = {.resize = resize};
    const Str bad[] = {S(""), S("\x02\x00"), S("\x00\xff"), S("\x00\x05"), S("\x00\x01\xff\x01"),
                       S("\x00\x01\x00\x01\x02"), S("\x01\x01")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ExactSum s = {0};
        StrReader r = {.at = bad[i].p, .end = bad[i].p + bad[i].n};
        assert_false(exact_load(&s, mem, &r));
        exact_free(&s, mem);
    }
}

/* Values of one type in ascending order: their encodings must compare alike, and read back. */
static void check_order(const Value *v, int n)
{
    Arena a = {0};
    const KeyOrder orders[] = {{false, true}, {false, false}, {true, true}, {true, false}};
    for (int o = 0; o < 4; o++) {
        for (int i = 0; i < n; i++) {
            StrBuf x = {.arena = &a};
            Column c = column_const(&a, &v[i]);
            Value back;
            key_encode(&x, &c, 0, orders[o]);
            sb_char(&x, 'z'); /* what follows must not matter */
            StrReader r = {.at = x.p, .end = x.p + x.n};
            assert_true(key_decode(&r, v[i].type, orders[o], &a, &back) && value_eq(&back, &v[i]));
            assert_int_equal(r.end - r.at, 1);
            for (int j = 0; j < n; j++) {
                StrBuf y = {.arena = &a};
                key_encode_value(&y, &v[j], orders[o]);
                sb_char(&y, 'a');
                if (i == j) continue;
                int want = i < j ? -1 : 1;
                if (v[i].is_null != v[j].is_null)
                    want = v[i].is_null == orders[o].nulls_first ? -1 : 1;
                else if (orders[o].descending)
                    want = -want;
                int got = str_cmp(str_of(x.p, x.n), str_of(y.p, y.n));
                if ((got < 0 ? -1 : 1) != want) fail_msg("order %d: %d against %d", o, i, j);
            }
            for (ptrdiff_t cut = 0; cut < x.n - 1; cut++) { /* a part of it is not taken for it */
                StrReader part = {.at = x.p, .end = x.p + cut};
                assert_false(key_decode(&part, v[i].type, orders[o], &a, &back));
            }
        }
    }
    arena_free(&a);
}

static void keys_compare_as_values_do(void **state)
{
    (void)state;
    Type i64 = TYPE_BIGINT_, date = TYPE_OF(TYPE_DATE), interval = TYPE_OF(TYPE_INTERVAL);
    Value ints[] = {value_null(i64), value_int(INT64_MIN), value_int(-256), value_int(-1), value_int(0),
                    value_int(1), value_int(255), value_int(INT64_MAX)};
    check_order(ints, 8);
    Value doubles[] = {value_null(TYPE_OF(TYPE_DOUBLE)), value_double(-INFINITY), value_double(-1e300),
                       value_double(-1), value_double(-5e-324), value_double(0), value_double(5e-324),
                       value_double(1), value_double(INFINITY)};
    check_order(doubles, 9);
    Value texts[] = {value_null(TYPE_OF(TYPE_TEXT)), value_text(S("")), value_text(S("\0")),
                     value_text(S("\0\0")), value_text(S("\0\1")), value_text(S("\0\xff")),
                     value_text(S("\1")), value_text(S("a")),
                     value_text(S("a\0")), value_text(S("a\0b")), value_text(S("a\1")), value_text(S("ab")),
                     value_text(S("abcdefghijklmnopq")), value_text(S("b")), value_text(S("\xc3\xa9")),
                     value_text(S("\xff"))};
    check_order(texts, 16);
    Value decimals[] = {value_null(TYPE_DECIMAL_(38, 2)), decimal(38, 2, 1 - decimal_pow10(38)),
                        decimal(38, 2, -1), decimal(38, 2, 0), decimal(38, 2, 1),
                        decimal(38, 2, (Int128)1 << 64), decimal(38, 2, decimal_pow10(38) - 1)};
    check_order(decimals, 7);
    Value dates[] = {value_null(date), typed(date, DATE_MIN), typed(date, -1), typed(date, 0), typed(date, DATE_MAX)};
    check_order(dates, 5);
    Value bools[] = {value_null(TYPE_OF(TYPE_BOOLEAN)), value_bool(false), value_bool(true)};
    check_order(bools, 3);
    Value intervals[] = {value_null(interval), {.type = interval, .iv = {INT32_MIN, INT32_MIN, INT64_MIN}},
                         {.type = interval, .iv = {0, -1, 0}}, {.type = interval, .iv = {0, 0, -1}},
                         {.type = interval, .iv = {0, 0, US_PER_DAY - 1}}, {.type = interval, .iv = {0, 0, US_PER_DAY}},
                         {.type = interval, .iv = {0, 1, 0}}, {.type = interval, .iv = {0, 30, 0}},
                         {.type = interval, .iv = {1, 0, 0}}, {.type = interval, .iv = {1, 0, 1}},
                         {.type = interval, .iv = {INT32_MAX, INT32_MAX, INT64_MAX}}};
    check_order(intervals, 11);
    Arena a = {0};
    StrBuf x = {.arena = &a}, y = {.arena = &a};
    Value zero = value_double(0.0), minus = value_double(-0.0);
    key_encode_value(&x, &zero, KEY_PLAIN);
    key_encode_value(&y, &minus, KEY_PLAIN);
    assert_true(str_eq(str_of(x.p, x.n), str_of(y.p, y.n)));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_print_and_quote),
        cmocka_unit_test(columns_hold_what_is_put_in),
        cmocka_unit_test(positions_are_ordered),
        cmocka_unit_test(decimals_know_their_types),
        cmocka_unit_test(decimals_meet_other_numbers),
        cmocka_unit_test(sums_forget_what_was_taken_back),
        cmocka_unit_test(sums_refuse_foreign_bytes),
        cmocka_unit_test(keys_compare_as_values_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
