/* Sources that make rows (nexmark, datagen) and standard input. */
#include "source_fixture.h"

#include <fcntl.h>

static TestSource *nexmark(const char *stream, const char *events, const char *group)
{
    Fixture *f = fixture_new(NULL);
    fixture_option(f, "connector", "nexmark");
    if (stream) fixture_option(f, "stream", stream);
    if (events) fixture_option(f, "events", events);
    if (group) fixture_option(f, "out_of_order_group", group);
    return source_new(f);
}

static void begin(TestSource *t)
{
    Status st = source_begin(t);
    if (st != WEIR_OK) fail_msg("%.*s", STR_ARG(t->diags.list.data[0].message));
}

static Str read_all(TestSource *t)
{
    SourceStatus st;
    begin(t);
    Str got = source_read(t, &st);
    assert_int_equal(st, SOURCE_ENDED);
    return got;
}

static void bid_columns(Fixture *f)
{
    fixture_column(f, "auction", T_INT, NULL);
    fixture_column(f, "bidder", T_INT, NULL);
    fixture_column(f, "price", T_INT, NULL);
    fixture_column(f, "channel", T_TEXT, NULL);
    fixture_column(f, "url", T_TEXT, NULL);
    fixture_column(f, "dateTime", T_TIME(3), NULL);
    fixture_column(f, "extra", T_TEXT, NULL);
}

static void test_nexmark_facts(void **state)
{
    (void)state;
    TestSource *t = nexmark(NULL, "50000", NULL);
    fixture_column(t->f, "event_type", T_INT, NULL);
    fixture_column(t->f, "auction", T_INT, NULL);
    fixture_column(t->f, "bidder", T_INT, NULL);
    fixture_column(t->f, "price", T_INT, NULL);
    fixture_column(t->f, "seller", T_INT, NULL);
    fixture_column(t->f, "id", T_INT, NULL);
    fixture_column(t->f, "channel", T_TEXT, NULL);
    fixture_column(t->f, "date_time", T_TIME(3), NULL);
    fixture_column(t->f, "expires", T_TIME(3), NULL);
    fixture_column(t->f, "extra", T_TEXT, NULL);
    begin(t);
    int64_t kinds[3] = {0}, hot = 0, hot_channel = 0, n = 0, persons = 0, auctions = 0;
    double bid_bytes = 0;
    SourceBatch b;
    while (source_poll(t->source, &b, &t->diags) == SOURCE_ROWS) {
        const Column *c = b.batch.cols;
        for (int i = 0; i < b.batch.rows; i++, n++) {
            int64_t kind = COL(int64_t, &c[0])[i];
            int64_t at = n % 50;
            assert_int_equal(b.batch.offset[i], n);
            assert_int_equal(kind, at == 0 ? 0 : at <= 3 ? 1 : 2);
            kinds[kind]++;
            assert_int_equal(COL(int64_t, &c[7])[i], INT64_C(1704067200000000) + n / 10 * 1000);
            assert_true(col_is_null(&c[1], i) == (kind != 2) && col_is_null(&c[4], i) == (kind != 1));
            if (kind == 0) assert_int_equal(COL(int64_t, &c[5])[i], 1000 + persons++);
            if (kind == 1) {
                assert_int_equal(COL(int64_t, &c[5])[i], 1000 + auctions++);
                assert_in_range(COL(int64_t, &c[4])[i], 1000, 1000 + persons + 10);
                int64_t lasts = COL(int64_t, &c[8])[i] - COL(int64_t, &c[7])[i];
                assert_in_range(lasts, 1000, 334000);
            }
            if (kind != 2) continue;
            assert_in_range(COL(int64_t, &c[1])[i], 1000, 1000 + auctions + 10);
            assert_in_range(COL(int64_t, &c[2])[i], 2000, 2000 + persons + 10);
            assert_in_range(COL(int64_t, &c[3])[i], 100, 100000000);
            hot += auctions > 200 && (COL(int64_t, &c[1])[i] - 1000) == (auctions - 1) / 100 * 100;
            Str channel = text_str(&COL(Text, &c[6])[i]);
            hot_channel += !str_starts(channel, S("channel-"));
            bid_bytes += 32 + COL(Text, &c[9])[i].len;
        }
    }
    assert_int_equal(n, 50000);
    assert_int_equal(kinds[0], 1000);
    assert_int_equal(kinds[1], 3000);
    assert_int_equal(kinds[2], 46000);
    assert_in_range(hot, 46000 * 45 / 100, 46000 * 55 / 100);
    assert_in_range(hot_channel, 46000 * 48 / 100, 46000 * 52 / 100);
    assert_in_range((int64_t)(bid_bytes / 46000), 95, 105);
    source_free(t);
}

/* One kind alone, only some columns, any batch size, any restart: the same events. */
static void test_nexmark_is_a_function_of_the_number(void **state)
{
    (void)state;
    TestSource *t = nexmark("bid", "3000", "37"), *u = nexmark("bid", "3000", "37");
    bid_columns(t->f);
    bid_columns(u->f);
    Str whole = read_all(t);
    StrBuf out = {.arena = &u->saved_arena};
    u->f->rows_max = 77;
    begin(u);
    while (source_rows(u, &out) == SOURCE_ROWS) {
        source_save(u);
        source_stop(u);
        begin(u);
    }
    assert_text(sb_done(&out), whole.p);
    assert_true(str_find(whole, S("|https://www.nexmark.com/")) > 0);
    source_save(u);
    source_stop(u);
    begin(u);
    source_free(t);
    source_free(u);
}

static void test_nexmark_order(void **state)
{
    (void)state;
    TestSource *t = nexmark(NULL, "1000", "100");
    fixture_column(t->f, "date_time", T_TIME(3), NULL);
    begin(t);
    SourceBatch b;
    assert_int_equal(source_poll(t->source, &b, &t->diags), SOURCE_ROWS);
    int64_t greatest = 0, behind = 0;
    for (int i = 0; i < b.batch.rows; i++) {
        int64_t at = COL(int64_t, &b.batch.cols[0])[i];
        if (at < greatest) behind++;
        if (at > greatest) greatest = at;
        assert_true(greatest - at < 10000); /* 100 events last 10 ms */
    }
    assert_true(behind > 100);
    source_free(t);
}

static void test_nexmark_refuses(void **state)
{
    (void)state;
    TestSource *t = nexmark("bid", "10", "953");
    assert_int_equal(source_begin(t), WEIR_E_OPTION);
    source_free(t);
    t = nexmark("bid", "10", NULL);
    fixture_column(t->f, "seller", T_INT, NULL);
    assert_int_equal(source_begin(t), WEIR_E_NAME);
    source_free(t);
    t = nexmark("bid", "10", NULL);
    fixture_column(t->f, "price", T_TEXT, NULL);
    assert_int_equal(source_begin(t), WEIR_E_TYPE);
    source_free(t);
    t = nexmark("person", "10", NULL);
    fixture_option(t->f, "person_proportion", "0");
    assert_int_equal(source_begin(t), WEIR_E_OPTION);
    source_free(t);
}

static TestSource *datagen(const char *rows)
{
    Fixture *f = fixture_new(NULL);
    fixture_option(f, "connector", "datagen");
    fixture_option(f, "rows", rows);
    return source_new(f);
}

static void test_datagen(void **state)
{
    (void)state;
    TestSource *t = datagen("5");
    fixture_option(t->f, "n.kind", "sequence");
    fixture_option(t->f, "n.min", "3");
    fixture_option(t->f, "n.max", "5");
    fixture_option(t->f, "u.kind", "sequence");
    fixture_option(t->f, "k.min", "7");
    fixture_option(t->f, "k.max", "7");
    fixture_option(t->f, "d.min", "1.25");
    fixture_option(t->f, "d.max", "1.25");
    fixture_option(t->f, "e.null", "1");
    fixture_option(t->f, "rate", "2");
    fixture_column(t->f, "n", T_INT, NULL);
    fixture_column(t->f, "u", T_TEXT, NULL);
    fixture_column(t->f, "k", T_TEXT, NULL);
    fixture_column(t->f, "d", T_DEC(5, 2), NULL);
    fixture_column(t->f, "e", T_BOOL, NULL);
    fixture_column(t->f, "t", T_TIME(0), NULL);
    assert_text(read_all(t),
                "0: 3|0|7|1.25|~|2024-01-01 00:00:00\n1: 4|1|7|1.25|~|2024-01-01 00:00:00\n"
                "2: 5|2|7|1.25|~|2024-01-01 00:00:01\n3: 3|3|7|1.25|~|2024-01-01 00:00:01\n"
                "4: 4|4|7|1.25|~|2024-01-01 00:00:02\n");
    source_free(t);
}

static void test_datagen_is_random_and_repeats(void **state)
{
    (void)state;
    TestSource *t = datagen("1000"), *u = datagen("1000");
    TestSource *both[] = {t, u};
    for (int i = 0; i < 2; i++) {
        Fixture *f = both[i]->f;
        fixture_option(f, "a.min", "-5");
        fixture_option(f, "a.max", "5");
        fixture_option(f, "s.length", "20");
        fixture_option(f, "b.null", "0.5");
        fixture_column(f, "a", T_INT, NULL);
        fixture_column(f, "s", T_TEXT, NULL);
        fixture_column(f, "b", T_DOUBLE, NULL);
        fixture_column(f, "day", T_DATE, NULL);
    }
    u->f->rows_max = 13;
    Str x = read_all(t), y = read_all(u);
    assert_text(x, y.p);
    int64_t nulls = 0;
    for (ptrdiff_t i = 0; i < x.n; i++) nulls += x.p[i] == '~';
    assert_in_range(nulls, 400, 600);
    assert_true(str_find(x, S(": -5|")) > 0 && str_find(x, S(": 5|")) > 0);
    assert_true(str_find(x, S(": 6|")) < 0 && str_find(x, S(": -6|")) < 0);
    source_free(t);
    source_free(u);
    t = datagen("1");
    fixture_option(t->f, "a.min", "5");
    fixture_option(t->f, "a.max", "4");
    fixture_column(t->f, "a", T_INT, NULL);
    assert_int_equal(source_begin(t), WEIR_E_OPTION);
    source_free(t);
}

/* ---- standard input ---------------------------------------------------------------------------- */

static void test_stdin(void **state)
{
    (void)state;
    int fds[2], kept = dup(STDIN_FILENO);
    assert_int_equal(pipe(fds), 0);
    dup2(fds[0], STDIN_FILENO);
    Fixture *f = fixture_new("csv");
    fixture_option(f, "connector", "stdin");
    fixture_column(f, "a", T_INT, NULL);
    TestSource *t = source_new(f);
    SourceStatus st;
    begin(t);
    assert_string_equal(source_delivery(t->source), "at-most-once");
    assert_text(source_read(t, &st), "");
    assert_int_equal(st, SOURCE_EMPTY);
    assert_int_equal(write(fds[1], "a\n1\n2", 5), 5);
    assert_text(source_read(t, &st), "2: 1\n");
    assert_int_equal(st, SOURCE_EMPTY);
    assert_int_equal(write(fds[1], "0\n3", 3), 3);
    assert_text(source_read(t, &st), "4: 20\n");
    close(fds[1]);
    assert_text(source_read(t, &st), "7: 3\n");
    assert_int_equal(st, SOURCE_ENDED);
    source_save(t);
    assert_true(t->saved[0].ended);
    source_stop(t);
    begin(t); /* nothing new */
    assert_text(source_read(t, &st), "");
    assert_int_equal(st, SOURCE_ENDED);
    source_stop(t);
    close(fds[0]);
    assert_int_equal(pipe(fds), 0);
    dup2(fds[0], STDIN_FILENO);
    assert_int_equal(write(fds[1], "9\n", 2), 2);
    assert_int_equal(source_begin(t), WEIR_E_ENDED);
    t->saved[0].ended = false; /* as after --once: goes on from the offset */
    t->once = true;
    begin(t);
    close(fds[1]);
    assert_text(source_read(t, &st), "8: 9\n");
    assert_int_equal(st, SOURCE_DRAINED);
    source_free(t);
    dup2(kept, STDIN_FILENO);
    close(kept);
    close(fds[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nexmark_facts),
        cmocka_unit_test(test_nexmark_is_a_function_of_the_number),
        cmocka_unit_test(test_nexmark_order),
        cmocka_unit_test(test_nexmark_refuses),
        cmocka_unit_test(test_datagen),
        cmocka_unit_test(test_datagen_is_random_and_repeats),
        cmocka_unit_test(test_stdin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
