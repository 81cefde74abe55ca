/* Decoding ahead changes nothing: random files of every format, read by one worker and by several, in
 * morsels from a byte to all of it, give the same rows, errors, lines and positions; stopped anywhere
 * and taken up again by others, too. */
#include "random.h"
#include "source_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

/* ---- files ------------------------------------------------------------------------------------- */

static void put_file(int number, Str text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/f%d", folder, number);
    int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.p, (size_t)text.n), text.n);
    close(fd);
}

static void add_word(StrBuf *b, const char *letters)
{
    size_t n = strlen(letters);
    for (int64_t k = below(12); k > 0; k--) sb_char(b, letters[below((int64_t)n)]);
}

static void end_line(StrBuf *b)
{
    sb_z(b, one_in(4) ? "\r\n" : one_in(30) ? "\n\n" : "\n");
}

static void long_word(StrBuf *b)
{
    for (int i = 0; i < 400; i++) sb_char(b, 'x');
}

static void json_record(StrBuf *b)
{
    if (one_in(40)) sb_z(b, "not json \"");
    else if (one_in(60)) sb_printf(b, "[{\"a\": 1}, {\"a\": %d}, {\"a\": 3}]", (int)below(9));
    else sb_printf(b, one_in(9) ? "{\"t\": \"%d\", \"a\": %d}" : "{\"a\": %d, \"t\": \"%d\\u00e4\"}", (int)below(1000), (int)below(99999));
    if (one_in(90)) long_word(b);
    end_line(b);
}

static void csv_record(StrBuf *b)
{
    sb_printf(b, "%d,", (int)below(100000));
    bool is_quoted = one_in(3);
    if (is_quoted) sb_char(b, '"');
    add_word(b, is_quoted ? "ab,\n\r c" : "abc d\"");
    if (is_quoted && one_in(4)) sb_z(b, "\"\"");
    if (is_quoted && one_in(90)) long_word(b);
    if (is_quoted && !one_in(100)) sb_char(b, '"');
    if (one_in(70)) sb_z(b, ",too many");
    end_line(b);
}

static void plain_record(StrBuf *b)
{
    sb_printf(b, "%d,", (int)below(100000));
    add_word(b, "abc");
    end_line(b);
}

static void logfmt_record(StrBuf *b)
{
    sb_printf(b, "a=%d t=\"", (int)below(1000));
    add_word(b, "ab c");
    sb_z(b, one_in(40) ? "" : "\"");
    end_line(b);
}

static void regex_record(StrBuf *b)
{
    sb_printf(b, one_in(20) ? "? %d" : "%d ", (int)below(1000));
    add_word(b, "abc");
    end_line(b);
}

typedef struct Kind {
    const char *format, *head, *other_head; /* of some files, NULL: of none */
    void (*record)(StrBuf *b);
    const char *option, *value;
} Kind;

static const Kind KINDS[] = {
    {"json", "\xef\xbb\xbf", NULL, json_record, NULL, NULL},
    {"csv", "a,t\n", "t,a\n", csv_record, NULL, NULL},
    {"csv", "", NULL, csv_record, "header", "false"},
    {"csv", "\xef\xbb\xbft,b,a\r\n", "a,b\n", plain_record, NULL, NULL},
    {"csv", "a,t\n", "b,t\n", csv_record, "quote", ""},
    {"tsv", "t,a\n", NULL, csv_record, "delimiter", ","},
    {"logfmt", "", NULL, logfmt_record, NULL, NULL},
    {"regex", "", NULL, regex_record, "pattern", "^(?<a>[0-9]+) (?<t>.*)$"},
};
enum { FILES = 3, KINDS_COUNT = sizeof KINDS / sizeof *KINDS };

static Str make_text(const Kind *k, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_z(&b, k->other_head && one_in(3) ? k->other_head : k->head);
    for (int64_t n = 5 + below(300); n > 0; n--) k->record(&b);
    if (one_in(2)) b.n -= below(b.n < 8 ? b.n : 8); /* its last line lacks something */
    return sb_done(&b);
}

/* ---- reading ----------------------------------------------------------------------------------- */

static TestSource *source_of(const Kind *k, int rows_max)
{
    Fixture *f = fixture_new(k->format);
    f->rel.base_dir = str_z(folder);
    f->rows_max = rows_max;
    fixture_option(f, "connector", "file");
    fixture_option(f, "path", "f?");
    fixture_option(f, "line_limit", "300");
    if (k->option) fixture_option(f, k->option, k->value);
    fixture_column(f, "a", T_INT, NULL);
    fixture_column(f, "t", T_TEXT, NULL);
    if (strcmp(k->format, "regex")) fixture_column(f, "line", T_INT, NULL)->kind = COL_METADATA;
    return source_new(f);
}

static const int64_t MORSELS[] = {1, 7, 64, 300, 4096, 1 << 20};
static const int ROWS[] = {1, 3, 64, 4096};

static Decoding some_decoding(Workers *w)
{
    return (Decoding){.workers = w, .morsel_bytes = MORSELS[below(6)], .ahead_max = (int)below(3) * 3};
}

/* All rows, in one run or in many, each but the last ended after some batches. */
static Str read_all(TestSource *t, Workers *w, bool stops)
{
    StrBuf out = {.arena = &t->f->arena};
    for (bool is_done = false; !is_done;) {
        t->decoding = some_decoding(w);
        if (source_begin(t) != WEIR_OK) fail_msg("%.*s", STR_ARG(t->diags.list.data[0].message));
        SourceStatus st = SOURCE_ROWS;
        for (int64_t left = stops ? 1 + below(20) : INT64_MAX; left > 0 && st == SOURCE_ROWS; left--)
            st = source_rows(t, &out);
        is_done = st != SOURCE_ROWS;
        if (is_done) assert_int_equal(st, SOURCE_ENDED);
        source_save(t);
        source_stop(t);
    }
    return sb_done(&out);
}

/* Positions as one text. */
static Str positions_of(const TestSource *t, Arena *a)
{
    StrBuf b = {.arena = a};
    for (int i = 0; i < t->nsaved; i++) {
        sb_printf(&b, "%llu ", (unsigned long long)t->saved[i].offset);
        sb_str(&b, t->saved[i].identity);
    }
    return sb_done(&b);
}

static void check_files(const Kind *k, int64_t round)
{
    Arena a = {0};
    Str want = {0}, places = {0};
    for (int i = 0; i < FILES; i++) put_file(i, make_text(k, &a));
    for (int way = 0; way < 5; way++) { /* alone; by its caller's hand; by threads; the same with stops */
        TestSource *t = source_of(k, ROWS[below(4)]);
        Workers *w = way ? workers_new(way == 1 || way == 3 ? 2 : 4, way == 1 || way == 3) : NULL;
        if (w) workers_resume(w);
        Str got = read_all(t, w, way >= 3);
        if (!way) want = str_dup(&a, got);
        if (!way) places = positions_of(t, &a);
        if (!str_eq(got, want)) fail_msg("round %d, %s, way %d:\n%.*s\nwanted:\n%.*s", (int)round, k->format, way, STR_ARG(got), STR_ARG(want));
        assert_int_equal(t->nsaved, FILES);
        assert_true(str_eq(positions_of(t, &a), places));
        source_free(t);
        if (w) workers_pause(w);
        workers_free(w);
    }
    arena_free(&a);
}

static void test_same_rows(void **state)
{
    (void)state;
    const char *rounds = getenv("WEIR_AHEAD_ROUNDS");
    int64_t n = rounds ? strtoll(rounds, NULL, 10) : 12;
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < KINDS_COUNT; k++) check_files(&KINDS[k], i);
}

/* ---- running short of memory ------------------------------------------------------------------- */

/* Wherever memory runs out once, all rows come or the caller learns of it. */
static void test_memory(void **state)
{
    (void)state;
    const Kind *k = &KINDS[1];
    Arena a = {0};
    put_file(0, make_text(k, &a));
    TestSource *t = source_of(k, 3);
    Str want = str_dup(&a, read_all(t, NULL, false));
    source_free(t);
    bool volatile was_short = true;
    for (int64_t volatile n = 0; was_short; n += 1 + n / 8) {
        OomFrame f;
        TestSource *volatile s = source_of(k, 3);
        Workers *w = workers_new(2, n & 1);
        workers_resume(w);
        was_short = true;
        mem_fail_after(n);
        if (OOM_TRY(&f)) {
            Str got = read_all(s, w, false);
            OOM_END(&f);
            was_short = mem_fail_after(-1) < 0;
            assert_true(str_eq(got, want));
        }
        mem_fail_after(-1);
        source_free(s);
        workers_pause(w);
        workers_free(w);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_rows, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_memory, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
