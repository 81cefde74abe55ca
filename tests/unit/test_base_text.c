/* test_base_text.c: memory, text, maps, diagnoses, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/catalog.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define assert_text(s, z) assert_true(str_eq((s), str_z(z)))

static void arenas_align_zero_and_give_back(void **state)
{
    (void)state;
    int64_t before = mem_in_use();
    Arena a = {0};
    for (int i = 0; i < 1000; i++) {
        char *p = arena_alloc(&a, i, (ptrdiff_t)1 << i % 7);
        assert_int_equal((uintptr_t)p % (1u << i % 7), 0);
        for (int k = 0; k < i; k++) assert_int_equal(p[k], 0);
        memset(p, 0xff, (size_t)i);
    }
    ArenaMark m = arena_mark(&a);
    char *first = arena_alloc(&a, 100, 8);
    arena_alloc(&a, 5 << 20, 8);
    arena_release(&a, m);
    assert_ptr_equal(arena_alloc(&a, 100, 8), first);
    assert_true(mem_in_use() - before < 4 << 20);
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 10, 1));
    arena_free(&a);
    arena_free(&a);
    assert_int_equal(mem_in_use(), before);
}

static void what_is_large_grows_by_a_part(void **state)
{
    (void)state;
    int64_t before = mem_in_use(), used = 0;
    Arena a = {0};
    for (int i = 0; i < 2000; i++, used += 50000) memset(arena_alloc_raw(&a, 50000, 8), i, 50000);
    assert_true(a.bytes >= used && a.bytes < used + used / 6);
    assert_int_equal(mem_in_use() - before, a.bytes);
    arena_reset(&a);
    assert_true(a.bytes <= 32 << 20);
    arena_free(&a);
    assert_int_equal(mem_in_use(), before);
}

static void blocks_keep_what_they_hold_as_they_grow(void **state)
{
    (void)state;
    int64_t before = mem_in_use();
    ptrdiff_t sizes[] = {1000, (2 << 20) - 1, 2 << 20, 5000001, 9 << 20, 3 << 20, 77}, had = 0;
    unsigned char *p = NULL;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        p = mem_realloc(p, had, sizes[i]);
        for (ptrdiff_t k = 0; k < sizes[i]; k += 7) assert_int_equal(p[k], k < had ? 0xa5 : 0);
        memset(p, 0xa5, (size_t)sizes[i]);
        had = sizes[i];
        assert_int_equal(mem_in_use() - before, had);
    }
    mem_free(p, had);
    assert_int_equal(mem_in_use(), before);
}

static void what_was_used_before_is_zeroed_where_it_must_be(void **state)
{
    (void)state;
    enum { SIZE = 3 << 20, MANY = 40 };
    unsigned char *p = mem_alloc_raw(SIZE), *many[MANY];
    memset(p, 0xa5, SIZE);
    mem_free(p, SIZE);
    p = mem_alloc(SIZE);
    for (ptrdiff_t k = 0; k < SIZE; k++) assert_int_equal(p[k], 0);
    mem_free(p, SIZE);
    for (int i = 0; i < MANY; i++) memset(many[i] = mem_alloc_raw(SIZE), i, SIZE); /* more than is kept */
    for (int i = 0; i < MANY; i++) {
        assert_true(many[i][0] == i && many[i][SIZE - 1] == i);
        mem_free(many[i], SIZE);
    }
}

static void running_out_leaves_by_the_innermost_frame(void **state)
{
    (void)state;
    Arena a = {0};
    OomFrame outer, inner;
    volatile int reached = 0;
    if (OOM_TRY(&outer)) {
        if (OOM_TRY(&inner)) {
            mem_fail_after(1);
            arena_alloc(&a, 100, 1);
            fail();
        } else {
            reached = 1;
        }
        assert_ptr_equal(oom_top, &outer);
        OOM_END(&outer);
    } else {
        fail();
    }
    assert_int_equal(reached, 1);
    assert_null(oom_top);
    assert_non_null(arena_alloc(&a, 100, 1)); /* one failure only */
    if (OOM_TRY(&outer)) {
        checked_mul(PTRDIFF_MAX / 2, 3);
        fail();
    }
    arena_free(&a);
}

static void vectors_grow(void **state)
{
    (void)state;
    Arena a = {0};
    VEC(int64_t) v = {0};
    for (int64_t i = 0; i < 1000; i++) vec_push(&v, &a, i * i);
    assert_int_equal(v.len, 1000);
    for (int64_t i = 0; i < 1000; i++) assert_int_equal(v.data[i], i * i);
    arena_free(&a);
}

static void text_is_compared_and_found(void **state)
{
    (void)state;
    Str none = {0};
    assert_true(str_cmp(S("a"), S("ab")) < 0 && str_cmp(S("b"), S("ab")) > 0);
    assert_int_equal(str_cmp(none, S("")), 0);
    assert_true(str_ieq(S("WaterMark"), S("watermark")) && !str_ieq(S("a"), S("ab")));
    assert_false(str_ieq(S("@"), S("`")));
    assert_true(str_starts(S("abc"), S("ab")) && !str_starts(S("a"), S("ab")) && str_starts(none, none));
    assert_true(str_ends(S("abc"), S("bc")) && !str_ends(S("c"), S("bc")) && str_ends(S("x"), none));
    assert_int_equal(str_find(S("hello"), S("l")), 2);
    assert_int_equal(str_find(S("hello"), S("")), 0);
    assert_int_equal(str_find(none, S("x")), -1);
    assert_text(str_trim(S(" \t x y \n")), "x y");
    assert_int_equal(str_trim(S("   ")).n, 0);
    assert_int_equal(str_edit_distance(S("date_tiem"), S("date_time"), 2), 2);
    assert_int_equal(str_edit_distance(S("Count"), S("count"), 2), 0);
    assert_int_equal(str_edit_distance(S("abc"), S("xyz"), 2), 3);
    assert_int_equal(str_edit_distance(S("a"), S("abcdef"), 2), 3);
}

static void integers_are_read_whole_or_not(void **state)
{
    (void)state;
    int64_t v = 7;
    assert_true(str_to_int64(S("-9223372036854775808"), &v) && v == INT64_MIN);
    assert_true(str_to_int64(S("9223372036854775807"), &v) && v == INT64_MAX);
    assert_true(str_to_int64(S("+0012"), &v) && v == 12);
    const char *bad[] = {"", "-", "+", "9223372036854775808", "-9223372036854775809", "1 ", " 1", "1.0", "x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(str_to_int64(str_z(bad[i]), &v));
    assert_int_equal(v, 12);
}

static void doubles_print_with_a_point_or_exponent(void **state)
{
    (void)state;
    const struct { double d; const char *text; } cases[] = {
        {0, "0.0"}, {-0.0, "0.0"}, {1, "1.0"}, {-1.5, "-1.5"}, {0.1, "0.1"}, {1e15, "1000000000000000.0"},
        {1e16, "1e+16"}, {1e100, "1e+100"}, {1.0 / 3, "0.3333333333333333"}, {1e-4, "0.0001"},
        {1e-5, "1e-05"}, {123456789.25, "123456789.25"}, {INFINITY, "Infinity"}, {-INFINITY, "-Infinity"},
        {9007199254740993.0, "9007199254740992.0"}, {5e-324, "5e-324"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[DOUBLE_TEXT_MAX + 1];
        double_print(cases[i].d, text);
        assert_string_equal(text, cases[i].text);
    }
    double d;
    int64_t v;
    assert_true(str_to_double(S("-inf"), &d) && d == -INFINITY);
    assert_true(double_to_int64(-1.9, &v) && v == -1);
    assert_false(double_to_int64(0x1p63, &v));
    assert_true(double_to_int64(-0x1p63, &v) && v == INT64_MIN);
}

static void builders_and_readers_agree(void **state)
{
    (void)state;
    Arena a = {0};
    StrBuf b = {.arena = &a};
    const int64_t numbers[] = {0, 1, -1, 63, 64, -64, -65, 300, INT64_MAX, INT64_MIN};
    sb_printf(&b, "%0500d", 7);
    for (int i = 0; i < 10; i++) sb_signed(&b, numbers[i]);
    for (int i = 0; i < 10; i++) sb_varint(&b, (uint64_t)numbers[i]);
    for (int i = 0; i < 10; i++) sb_u64(&b, (uint64_t)numbers[i]);
    Str s = sb_done(&b);
    assert_int_equal(s.p[s.n], 0);
    StrReader r = {.at = s.p, .end = s.p + s.n};
    assert_int_equal(sr_bytes(&r, 500).p[499], '7');
    for (int i = 0; i < 10; i++) assert_int_equal(sr_signed(&r), numbers[i]);
    for (int i = 0; i < 10; i++) assert_int_equal(sr_varint(&r), (uint64_t)numbers[i]);
    for (int i = 0; i < 10; i++) assert_int_equal(sr_u64(&r), (uint64_t)numbers[i]);
    assert_false(r.bad);
    assert_int_equal(sr_u64(&r), 0);
    assert_true(r.bad);
    StrReader endless = {.at = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", .end = NULL};
    endless.end = endless.at + 12;
    sr_varint(&endless);
    assert_true(endless.bad);
    arena_free(&a);
}

static void maps_keep_order_and_ignore_case(void **state)
{
    (void)state;
    Arena a = {0};
    Map m = {0};
    int values[500];
    assert_null(map_get(&m, S("x")));
    for (int i = 0; i < 500; i++) map_put(&m, &a, str_printf(&a, "Name%d", i), &values[i]);
    for (int i = 0; i < 500; i++) assert_ptr_equal(map_get(&m, str_printf(&a, "nAME%d", i)), &values[i]);
    assert_true(map_remove(&m, S("name7")) && !map_remove(&m, S("name7")));
    assert_null(map_get(&m, S("name7")));
    map_put(&m, &a, S("NAME8"), &values[0]);
    assert_ptr_equal(map_get(&m, S("name8")), &values[0]);
    map_put(&m, &a, S("name7"), &values[1]);
    Map copy = map_clone(&m, &a);
    assert_int_equal(copy.len, 500);
    assert_text(copy.items[0].key, "Name0");
    assert_text(copy.items[499].key, "name7");
    arena_free(&a);
}

static void errors_show_their_place(void **state)
{
    (void)state;
    Arena a = {0};
    Diags d = {.arena = &a, .file = S("q.sql"), .text = S("SELECT 1;\nSELECT\td\xc3\xa9tail FROM t")};
    assert_int_equal(diag_status(&d), WEIR_OK);
    Span at = {.off = 17, .len = 7, .line = 2, .col = 8};
    Status st = diag_error(&d, WEIR_E_NAME, at, "unknown column \"%s\"", "d\xc3\xa9tail");
    diag_hint(&d, "did you mean \"%s\"?", "detail");
    assert_int_equal(st, WEIR_E_NAME);
    assert_int_equal(diag_status(&d), WEIR_E_NAME);
    assert_text(diag_render(&d, &d.list.data[0], &a),
                "q.sql:2:8: WEIR_E_NAME: unknown column \"d\xc3\xa9tail\"\n"
                "  SELECT\td\xc3\xa9tail FROM t\n"
                "        \t^^^^^^\n"
                "  hint: did you mean \"detail\"?");
    diag_error(&d, WEIR_E_IO, (Span){0}, "gone");
    assert_text(diag_render(&d, &d.list.data[1], &a), "q.sql: WEIR_E_IO: gone");
    diag_error(&d, WEIR_E_SYNTAX, (Span){.off = 999, .len = 1, .line = 9, .col = 1}, "end");
    assert_non_null(diag_render(&d, &d.list.data[2], &a).p);
    assert_int_equal(diag_error(NULL, WEIR_E_IO, at, "x"), WEIR_E_IO);
    Span joined = span_join((Span){.off = 20, .len = 5, .line = 2, .col = 1}, (Span){.off = 3, .len = 2, .line = 1, .col = 4});
    assert_int_equal(joined.off, 3);
    assert_int_equal(joined.len, 22);
    assert_int_equal(joined.line, 1);
    assert_int_equal(span_join((Span){0}, at).off, 17);
    Str names[] = {S("date_trunc"), S("date_time"), S("datum")};
    assert_text(diag_nearest(S("date_tiem"), names, 3), "date_time");
    assert_int_equal(diag_nearest(S("zzz"), names, 3).n, 0);
    arena_free(&a);
}

static void types_have_names_and_meet(void **state)
{
    (void)state;
    Arena a = {0};
    Type t, small = TYPE_BIGINT_;
    TypeField fields[] = {{S("a"), TYPE_DECIMAL_(10, 2)}, {S("b"), TYPE_OF(TYPE_TEXT)}};
    Type row = {.kind = TYPE_ROW, .args = fields, .nargs = 2};
    small.int_bits = 32;
    assert_text(type_name(small, &a), "INT");
    assert_text(type_name(TYPE_TIMESTAMP_(3), &a), "TIMESTAMP(3)");
    assert_text(type_name(row, &a), "ROW<a DECIMAL(10, 2), b TEXT>");
    assert_true(type_eq(small, TYPE_BIGINT_) && !type_eq(TYPE_TIMESTAMP_(3), TYPE_TIMESTAMP_(6)));
    assert_true(type_common(TYPE_OF(TYPE_NULL), row, &t) && type_eq(t, row));
    assert_true(type_common(TYPE_BIGINT_, TYPE_DECIMAL_(5, 2), &t) && type_eq(t, TYPE_DECIMAL_(21, 2)));
    assert_true(type_common(TYPE_DECIMAL_(5, 2), TYPE_OF(TYPE_DOUBLE), &t) && t.kind == TYPE_DOUBLE);
    assert_true(type_common(TYPE_OF(TYPE_DATE), TYPE_TIMESTAMP_(0), &t) && t.kind == TYPE_TIMESTAMP);
    assert_true(type_common(TYPE_TIMESTAMP_(6), TYPE_TIMESTAMP_(3), &t) && t.precision == 6);
    assert_false(type_common(TYPE_OF(TYPE_TEXT), TYPE_BIGINT_, &t));
    assert_int_equal(type_tick_us(TYPE_TIMESTAMP_(3)), 1000);
    arena_free(&a);
}

static void definitions_and_options_are_found(void **state)
{
    (void)state;
    static const FuncDef first[] = {{.name = "abs", .args = "i"}, {.name = "abs", .args = "d"}, {0}};
    static const FuncDef second[] = {{.name = "length", .aliases = "char_length, character_length"}, {0}};
    static const FuncDef *const lists[] = {first, second, NULL};
    static const OptionDef options[] = {{.name = "path"}, {.name = "follow"}, {0}};
    Registry r = {.funcs = lists};
    assert_ptr_equal(registry_func(&r, S("ABS"), 1), &first[1]);
    assert_null(registry_func(&r, S("abs"), 2));
    assert_ptr_equal(registry_func(&r, S("Character_Length"), 0), &second[0]);
    assert_null(registry_window(&r, S("x")));
    assert_false(name_in_list("ab,cd", S("b,c")) || name_in_list(NULL, S("x")) || name_in_list("a", S("")));
    assert_ptr_equal(options_find(options, S("FOLLOW")), &options[1]);
    Option given[] = {{.name = S("Refresh"), .value = S("100 ms")}, {.name = S("n"), .value = S("1")},
                      {.name = S("N"), .value = S("12")}, {.name = S("follow"), .value = S("TRUE")}};
    Options o = {given, 4};
    assert_int_equal(options_us(&o, "refresh", 5), 100000);
    assert_int_equal(options_us(&o, "other", 5), 5);
    assert_int_equal(options_int(&o, "n", 0), 12);
    assert_true(options_bool(&o, "follow", false));
    assert_text(options_text(&o, "x", "y"), "y");
    assert_true(options_double(&o, "n", 0) == 12);
}

static void catalogs_find_by_name_and_id(void **state)
{
    (void)state;
    Arena a = {0};
    Catalog c = {.arena = &a};
    ColumnDef cols[] = {{.name = S("Id")}, {.name = S("price")}};
    Relation bid = {.id = 4, .name = S("Bid"), .cols = cols, .ncols = 2};
    catalog_put(&c, &bid);
    assert_ptr_equal(catalog_find(&c, S("bid")), &bid);
    assert_ptr_equal(catalog_by_id(&c, 4), &bid);
    assert_int_equal(c.next_id, 5);
    assert_int_equal(relation_column(&bid, S("PRICE")), 1);
    assert_int_equal(relation_column(&bid, S("x")), -1);
    catalog_remove(&c, S("BID"));
    assert_null(catalog_find(&c, S("bid")));
    assert_null(catalog_by_id(&c, 4));
    arena_free(&a);
}

static void small_files_are_read(void **state)
{
    (void)state;
    Arena a = {0};
    Str content;
    char path[] = "/tmp/weir-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(write(fd, "abc", 3) == 3);
    close(fd);
    assert_true(file_read(&a, path, 3, &content));
    assert_text(content, "abc");
    assert_false(file_read(&a, path, 2, &content));
    assert_false(file_read(&a, "/tmp", 1 << 20, &content));
    unlink(path);
    assert_false(file_read(&a, path, 3, &content));
    arena_free(&a);
}

static void hashes_follow_values(void **state)
{
    (void)state;
    assert_true(hash_double(0.0) == hash_double(-0.0));
    assert_true(hash_int64(1) != hash_int64(2));
    assert_true(hash_mix(1, 2) != hash_mix(2, 1));
    assert_true(hash_bytes("", 0) == hash_bytes(NULL, 0));
    /* What is persisted depends on this: a change needs another HASH_VERSION. */
    assert_int_equal(HASH_VERSION, 1);
    assert_true(hash_bytes("weir", 4) == XXH3_64bits("weir", 4));
    assert_true(hash_u64(1) == 0x5692161d100b05e5u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arenas_align_zero_and_give_back),
        cmocka_unit_test(what_is_large_grows_by_a_part),
        cmocka_unit_test(blocks_keep_what_they_hold_as_they_grow),
        cmocka_unit_test(what_was_used_before_is_zeroed_where_it_must_be),
        cmocka_unit_test(running_out_leaves_by_the_innermost_frame),
        cmocka_unit_test(vectors_grow),
        cmocka_unit_test(text_is_compared_and_found),
        cmocka_unit_test(integers_are_read_whole_or_not),
        cmocka_unit_test(doubles_print_with_a_point_or_exponent),
        cmocka_unit_test(builders_and_readers_agree),
        cmocka_unit_test(maps_keep_order_and_ignore_case),
        cmocka_unit_test(errors_show_their_place),
        cmocka_unit_test(types_have_names_and_meet),
        cmocka_unit_test(definitions_and_options_are_found),
        cmocka_unit_test(catalogs_find_by_name_and_id),
        cmocka_unit_test(small_files_are_read),
        cmocka_unit_test(hashes_follow_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
