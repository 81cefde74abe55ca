/* Files: ends, restarts at any place, growth, rotation, truncation, replacement (wounds 42 and 43). */
#include "source_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static const char *path_of(const char *name)
{
    static char path[4][160];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static void append(const char *name, const char *text)
{
    int fd = open(path_of(name), O_WRONLY | O_APPEND | O_CREAT, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void put(const char *name, const char *text)
{
    int fd = open(path_of(name), O_WRONLY | O_TRUNC | O_CREAT, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void move(const char *from, const char *to)
{
    assert_int_equal(rename(path_of(from), path_of(to)), 0);
}

static TestSource *open_path(const char *path, const char *format, bool follow)
{
    Fixture *f = fixture_new(format);
    f->rel.base_dir = str_z(folder);
    fixture_option(f, "connector", "file");
    fixture_option(f, "path", path);
    if (follow) fixture_option(f, "follow", "true");
    fixture_column(f, "a", T_INT, NULL);
    return source_new(f);
}

static void begin(TestSource *t)
{
    Status st = source_begin(t);
    if (st != WEIR_OK) fail_msg("%.*s", STR_ARG(t->diags.list.data[0].message));
}

static void expect(TestSource *t, SourceStatus want, const char *rows)
{
    SourceStatus st;
    Str got = source_read(t, &st);
    if (st == SOURCE_FAILED) fail_msg("%.*s", STR_ARG(t->diags.list.data[0].message));
    assert_text(got, rows);
    assert_int_equal(st, want);
}

/* What a commit and a restart do. */
static void restart(TestSource *t)
{
    source_save(t);
    source_stop(t);
    begin(t);
}

static void test_bounded(void **state)
{
    (void)state;
    put("x.ndjson", "{\"a\":1}\nnonsense\n{\"a\":2}");
    TestSource *t = open_path("x.ndjson", "json", false);
    begin(t);
    assert_true(source_is_bounded(t->source));
    assert_string_equal(source_delivery(t->source), "exactly-once");
    expect(t, SOURCE_ENDED,
           "x.ndjson/0 0: 1\n"
           "x.ndjson/0 8! not JSON: the record is neither an object nor an array of objects at byte 1 (8)\n"
           "x.ndjson/0 17: 2\n");
    int64_t read, total;
    source_progress(t->source, &read, &total);
    assert_int_equal(read, 24);
    assert_int_equal(total, 24);
    restart(t);
    expect(t, SOURCE_ENDED, "");
    source_save(t);
    source_stop(t);
    append("x.ndjson", "\n{\"a\":3}\n");
    assert_int_equal(source_begin(t), WEIR_E_ENDED);
    put("x.ndjson", "{\"a\":1}\nnonsense\n{\"a\":9}");
    assert_int_equal(source_begin(t), WEIR_E_ENDED);
    source_free(t);
}

static void test_missing(void **state)
{
    (void)state;
    SourceStatus st;
    TestSource *t = open_path("nothing.json", "json", false);
    begin(t);
    source_read(t, &st);
    assert_int_equal(st, SOURCE_FAILED);
    assert_int_equal(t->diags.list.data[0].code, WEIR_E_IO);
    source_free(t);
    t = open_path("no*.json", "json", false);
    begin(t);
    source_read(t, &st);
    assert_int_equal(st, SOURCE_FAILED);
    source_free(t);
    t = open_path("packed.json.gz", "json", false);
    assert_int_equal(source_begin(t), WEIR_E_UNSUPPORTED);
    source_free(t);
}

static void test_set_of_files(void **state)
{
    (void)state;
    put("b.json", "{\"a\":2}\n");
    put("a.json", "{\"a\":1}\n");
    put("c.json", "");
    put("other.txt", "{\"a\":7}\n");
    TestSource *t = open_path("*.json", "json", false);
    begin(t);
    expect(t, SOURCE_ENDED, "a.json/0 0: 1\nb.json/0 0: 2\n");
    const SourcePosition *p;
    assert_int_equal(source_positions(t->source, &p), 3);
    assert_true(p[0].label < p[1].label && p[1].label < p[2].label && p[2].label < UINT64_C(1) << 48);
    assert_text(p[0].partition, "a.json");
    source_save(t);
    source_stop(t);
    put("d.json", "{\"a\":4}\n");
    assert_int_equal(source_begin(t), WEIR_E_ENDED); /* a new file of its path */
    source_free(t);
    t = open_path(".", "json", false);
    begin(t);
    expect(t, SOURCE_ENDED, "a.json/0 0: 1\nb.json/0 0: 2\nd.json/0 0: 4\nother.txt/0 0: 7\n");
    source_free(t);
}

/* Stopped after every batch, of every size: the rows are those of one run. */
static void test_restart_anywhere(void **state)
{
    (void)state;
    Arena a = {0};
    StrBuf text = {.arena = &a};
    sb_lit(&text, "b,a\n");
    for (int i = 0; i < 300; i++) sb_printf(&text, i % 7 ? "%d,%d\n" : "\"%d\n\",%d\r\n", i, i * i);
    put("x.csv", sb_done(&text).p);
    put("y.csv", "a,b\n1,2\n\n3,4\n5\n6,7");
    for (int rows = 1; rows < 200; rows += 37) {
        TestSource *t = open_path("*.csv", "csv", false), *u = open_path("*.csv", "csv", false);
        StrBuf out = {.arena = &a};
        SourceStatus st;
        begin(t);
        Str whole = source_read(t, &st);
        u->f->rows_max = rows;
        begin(u);
        while ((st = source_rows(u, &out)) == SOURCE_ROWS) restart(u);
        assert_int_equal(st, SOURCE_ENDED);
        assert_text(sb_done(&out), str_dup(&a, whole).p);
        source_free(t);
        source_free(u);
    }
    arena_free(&a);
}

static void test_array_across_batches(void **state)
{
    (void)state;
    put("x.json", "[{\"a\":1},{\"a\":2},{\"a\":3},{\"a\":4},{\"a\":5}]\n{\"a\":6}\n");
    TestSource *t = open_path("x.json", "json", false);
    StrBuf out = {.arena = &t->saved_arena};
    t->f->rows_max = 2;
    begin(t);
    while (source_rows(t, &out) == SOURCE_ROWS) restart(t);
    assert_text(sb_done(&out), "x.json/0 0: 1\nx.json/0 0.1: 2\nx.json/0 0.2: 3\nx.json/0 0.3: 4\n"
                               "x.json/0 0.4: 5\nx.json/0 42: 6\n");
    source_free(t);
}

static void test_once(void **state)
{
    (void)state;
    put("x.json", "{\"a\":1}\n{\"a\":2");
    TestSource *t = open_path("x.json", "json", false);
    t->once = true;
    begin(t);
    expect(t, SOURCE_DRAINED, "x.json/0 0: 1\n");
    restart(t);
    expect(t, SOURCE_DRAINED, "");
    append("x.json", "0}\n{\"a\":3}\n");
    restart(t);
    expect(t, SOURCE_DRAINED, "x.json/0 8: 20\nx.json/0 17: 3\n");
    t->once = false;
    restart(t);
    append("x.json", "{\"a\":4}");
    expect(t, SOURCE_ENDED, "x.json/0 25: 4\n");
    source_free(t);
}

static void test_follow_growth(void **state)
{
    (void)state;
    TestSource *t = open_path("x.json", "json", true);
    begin(t);
    assert_false(source_is_bounded(t->source));
    expect(t, SOURCE_EMPTY, "");
    put("x.json", "{\"a\":1}\n{\"a\"");
    expect(t, SOURCE_EMPTY, "x.json/0 0: 1\n");
    append("x.json", ":2}\n");
    expect(t, SOURCE_EMPTY, "x.json/0 8: 2\n");
    append("x.json", "{\"a\":3}");
    expect(t, SOURCE_EMPTY, "");
    restart(t);
    append("x.json", "\n");
    expect(t, SOURCE_EMPTY, "x.json/0 16: 3\n");
    source_free(t);
}

static void test_rotation(void **state)
{
    (void)state;
    put("x.log", "{\"a\":1}\n");
    TestSource *t = open_path("x.log", "json", true);
    begin(t);
    expect(t, SOURCE_EMPTY, "x.log/0 0: 1\n");
    append("x.log", "{\"a\":2}\n{\"a\":3}"); /* without its newline */
    move("x.log", "x.log.1");
    put("x.log", "{\"a\":4}\n");
    expect(t, SOURCE_EMPTY, "x.log/0 8: 2\nx.log/0 16: 3\nx.log/1 0: 4\n");
    append("x.log", "{\"a\":5}\n");
    expect(t, SOURCE_EMPTY, "x.log/1 8: 5\n");
    restart(t);
    move("x.log", "x.log.1");
    expect(t, SOURCE_EMPTY, "");
    put("x.log", "");
    expect(t, SOURCE_EMPTY, ""); /* an empty new file: the writer may still have the old one */
    append("x.log.1", "{\"a\":6}\n");
    expect(t, SOURCE_EMPTY, "x.log/1 16: 6\n");
    append("x.log", "{\"a\":7}\n");
    expect(t, SOURCE_EMPTY, "x.log/2 0: 7\n");
    source_free(t);
}

static void test_rotation_while_down(void **state)
{
    (void)state;
    put("x.log", "{\"a\":1}\n");
    TestSource *t = open_path("x.log*", "json", true);
    begin(t);
    expect(t, SOURCE_EMPTY, "x.log/0 0: 1\n");
    source_save(t);
    source_stop(t);
    append("x.log", "{\"a\":2}\n");
    move("x.log", "x.log.1");
    put("x.log", "{\"a\":3}\n");
    begin(t);
    expect(t, SOURCE_EMPTY, "x.log/0 8: 2\nx.log/1 0: 3\n");
    restart(t); /* x.log.1 is known: it is not a new file */
    expect(t, SOURCE_EMPTY, "");
    move("x.log.1", "x.log.2");
    move("x.log", "x.log.1");
    put("x.log", "{\"a\":4}\n");
    expect(t, SOURCE_EMPTY, "x.log/2 0: 4\n");
    put("x.log.new", "{\"a\":9}\n");
    expect(t, SOURCE_EMPTY, "x.log.new/0 0: 9\n");
    source_free(t);
}

/* Rotated files that have partitions of their own from the start. */
static void test_chain_of_rotated_files(void **state)
{
    (void)state;
    put("x.log", "{\"a\":3}\n");
    put("x.log.1", "{\"a\":2}\n");
    put("x.log.2", "{\"a\":1}\n");
    TestSource *t = open_path("x.log*", "json", true);
    begin(t);
    expect(t, SOURCE_EMPTY, "x.log/0 0: 3\nx.log.1/0 0: 2\nx.log.2/0 0: 1\n");
    move("x.log.2", "x.log.3");
    move("x.log.1", "x.log.2");
    move("x.log", "x.log.1");
    put("x.log", "{\"a\":4}\n");
    expect(t, SOURCE_EMPTY, "x.log/1 0: 4\n");
    restart(t);
    expect(t, SOURCE_EMPTY, "");
    append("x.log", "{\"a\":5}\n");
    expect(t, SOURCE_EMPTY, "x.log/1 8: 5\n");
    source_free(t);
}

static void test_truncation(void **state)
{
    (void)state;
    put("x.log", "{\"a\":1}\n{\"a\":2}\n");
    TestSource *t = open_path("x.log", "json", true);
    begin(t);
    expect(t, SOURCE_EMPTY, "x.log/0 0: 1\nx.log/0 8: 2\n");
    put("x.log", "{\"a\":3}\n");
    expect(t, SOURCE_EMPTY, "x.log/1 0: 3\n");
    put("x.log", "{\"a\":4}\n{\"a\":5}\n{\"a\":6}\n"); /* longer than before */
    expect(t, SOURCE_EMPTY, "x.log/2 0: 4\nx.log/2 8: 5\nx.log/2 16: 6\n");
    source_save(t);
    source_stop(t);
    put("x.log", "{\"a\":7}\n{\"a\":8}\n{\"a\":9}\n{\"a\":10}\n"); /* while nobody looks */
    begin(t);
    expect(t, SOURCE_EMPTY, "x.log/3 0: 7\nx.log/3 8: 8\nx.log/3 16: 9\nx.log/3 24: 10\n");
    source_free(t);
}

/* Rotation by copying and truncating: the copy is known. */
static void test_copy_and_truncate(void **state)
{
    (void)state;
    put("x.log", "{\"a\":1}\n{\"a\":2}\n");
    TestSource *t = open_path("x.log*", "json", true);
    begin(t);
    expect(t, SOURCE_EMPTY, "x.log/0 0: 1\nx.log/0 8: 2\n");
    put("x.log.1", "{\"a\":1}\n{\"a\":2}\n");
    put("x.log", "{\"a\":3}\n");
    expect(t, SOURCE_EMPTY, "x.log/1 0: 3\n");
    expect(t, SOURCE_EMPTY, "");
    put("x.log.2", "{\"a\":1}\n{\"a\":7}\n"); /* begins alike, but is another file */
    expect(t, SOURCE_EMPTY, "x.log.2/0 0: 1\nx.log.2/0 8: 7\n");
    source_free(t);
}

/* Gives a file a time of change of its own: rewritten files of a test may share one. */
static void touch(const char *name, int seconds)
{
    struct timespec t[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path_of(name), t, 0), 0);
}

/* Written anew with as many bytes, in its place, while it is open and while it is not. */
static void test_replaced_by_the_same_size(void **state)
{
    (void)state;
    put("x.log", "{\"a\":1}\n{\"a\":2}\n");
    touch("x.log", 1000);
    TestSource *t = open_path("x.log", "json", true);
    begin(t);
    expect(t, SOURCE_EMPTY, "x.log/0 0: 1\nx.log/0 8: 2\n");
    touch("x.log", 1001); /* touched, but the same */
    expect(t, SOURCE_EMPTY, "");
    put("x.log", "{\"a\":3}\n{\"a\":4}\n");
    touch("x.log", 1002);
    expect(t, SOURCE_EMPTY, "x.log/1 0: 3\nx.log/1 8: 4\n");
    source_save(t);
    source_stop(t);
    put("x.log", "{\"a\":5}\n{\"a\":6}\n");
    begin(t);
    expect(t, SOURCE_EMPTY, "x.log/2 0: 5\nx.log/2 8: 6\n");
    put("y.log", "{\"a\":7}\n{\"a\":8}\n");
    move("y.log", "x.log");
    expect(t, SOURCE_EMPTY, "x.log/3 0: 7\nx.log/3 8: 8\n");
    append("x.log", "{\"a\":9}\n");
    expect(t, SOURCE_EMPTY, "x.log/3 16: 9\n");
    source_free(t);
}

/* A link that names another file from now on, as logs of the day do. */
static void test_symlink_swapped(void **state)
{
    (void)state;
    put("monday", "{\"a\":1}\n");
    put("tuesday", "{\"a\":2}\n");
    assert_int_equal(symlink("monday", path_of("current")), 0);
    TestSource *t = open_path("current", "json", true);
    begin(t);
    expect(t, SOURCE_EMPTY, "current/0 0: 1\n");
    append("monday", "{\"a\":3}\n");
    assert_int_equal(symlink("tuesday", path_of("next")), 0);
    move("next", "current");
    expect(t, SOURCE_EMPTY, "current/0 8: 3\ncurrent/1 0: 2\n"); /* the old one to its end first */
    restart(t);
    append("tuesday", "{\"a\":4}\n");
    expect(t, SOURCE_EMPTY, "current/1 8: 4\n");
    source_free(t);
}

static void put_numbered(const char *name, char first, char middle, char last)
{
    FILE *f = fopen(path_of(name), "w");
    fprintf(f, "{\"a\":%c}\n", first);
    for (int i = 0; i < 2000; i++) fprintf(f, "{\"a\":%c}\n", i == 1000 ? middle : '0');
    fprintf(f, "{\"a\":%c}\n", last);
    fclose(f);
}

/* What was read is known by its first and its last 1,024 bytes, whatever the inode says. */
static void test_identity_is_content(void **state)
{
    (void)state;
    put_numbered("x.log", '1', '2', '3');
    TestSource *t = open_path("x.log", "json", true);
    SourceStatus st;
    begin(t);
    source_read(t, &st);
    source_save(t);
    source_stop(t);
    put_numbered("copy", '1', '2', '3'); /* restored from a backup: another inode, the same file */
    append("copy", "{\"a\":4}\n");
    move("copy", "x.log");
    begin(t);
    expect(t, SOURCE_EMPTY, "x.log/0 16016: 4\n");
    source_save(t);
    source_stop(t);
    put_numbered("x.log", '1', '2', '7'); /* the same inode and beginning, another end */
    append("x.log", "{\"a\":4}\n{\"a\":5}\n");
    begin(t);
    assert_true(str_starts(source_read(t, &st), S("x.log/1 0: 1\n")));
    source_free(t);
}

/* Under a path of several files a renamed one is read on under its new name, to its end, and its
 * rows keep their partition. */
static void test_renamed_across_a_pattern(void **state)
{
    (void)state;
    put("a.log", "{\"a\":1}\n");
    put("b.log", "{\"a\":5}\n");
    TestSource *t = open_path("*.log", "json", true);
    begin(t);
    expect(t, SOURCE_EMPTY, "a.log/0 0: 1\nb.log/0 0: 5\n");
    append("a.log", "{\"a\":2}\n");
    move("a.log", "z.log");
    append("z.log", "{\"a\":3}\n");
    expect(t, SOURCE_EMPTY, "a.log/0 8: 2\na.log/0 16: 3\n");
    source_save(t);
    source_stop(t);
    append("z.log", "{\"a\":4}\n");
    move("z.log", "c.log");
    put("a.log", "{\"a\":9}\n");
    begin(t);
    expect(t, SOURCE_EMPTY, "a.log/0 24: 4\na.log/1 0: 9\n");
    source_free(t);
}

/* A folder that goes (an unmounted disk) and comes back: nothing is read twice. */
static void test_vanished_folder(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_of("in"), 0755), 0);
    put("in/x.log", "{\"a\":1}\n");
    TestSource *t = open_path("in", "json", true);
    begin(t);
    expect(t, SOURCE_EMPTY, "x.log/0 0: 1\n");
    move("in", "away");
    expect(t, SOURCE_EMPTY, "");
    restart(t);
    expect(t, SOURCE_EMPTY, "");
    move("away", "in");
    append("in/x.log", "{\"a\":2}\n");
    expect(t, SOURCE_EMPTY, "x.log/0 8: 2\n");
    source_save(t);
    source_stop(t);
    move("in", "away");
    t->once = true;
    begin(t);
    expect(t, SOURCE_DRAINED, "");
    move("away", "in");
    append("in/x.log", "{\"a\":3}\n");
    restart(t);
    expect(t, SOURCE_DRAINED, "x.log/0 16: 3\n");
    source_free(t);
}

static void test_start_at_end(void **state)
{
    (void)state;
    put("x.csv", "b,a\n0,1\n0,2\n0,");
    TestSource *t = open_path("x.csv", "csv", true);
    fixture_option(t->f, "start", "end");
    begin(t);
    expect(t, SOURCE_EMPTY, "");
    append("x.csv", "3\n0,4\n");
    expect(t, SOURCE_EMPTY, "x.csv/0 12: 3\nx.csv/0 16: 4\n");
    source_free(t);
}

static void test_metadata(void **state)
{
    (void)state;
    put("x.csv", "a\n1\n\n2\n\"3\"\n");
    TestSource *t = open_path("x.csv", "csv", false);
    static const char *const keys[] = {"file", "line", "offset", "partition", "headers"};
    for (int i = 0; i < 5; i++) {
        ColumnDef *c = fixture_column(t->f, keys[i], i == 1 || i == 2 ? T_INT : T_TEXT, NULL);
        c->kind = COL_METADATA;
    }
    t->f->rows_max = 2;
    begin(t);
    Str want = str_printf(&t->saved_arena,
                          "x.csv/0 2: 1|%s/x.csv|2|2|x.csv|~\nx.csv/0 5: 2|%s/x.csv|4|5|x.csv|~\n"
                          "x.csv/0 7: 3|%s/x.csv|5|7|x.csv|~\n", folder, folder, folder);
    expect(t, SOURCE_ENDED, want.p);
    source_free(t);
    t = open_path("x.csv", "csv", false);
    ColumnDef *c = fixture_column(t->f, "nonsense", T_TEXT, NULL);
    c->kind = COL_METADATA;
    assert_int_equal(source_begin(t), WEIR_E_NAME);
    source_free(t);
}

/* Rows and records larger than any buffer's share. */
static void test_long_records(void **state)
{
    (void)state;
    FILE *out = fopen(path_of("x.json"), "w");
    fprintf(out, "{\"a\":1}\n{\"a\":2,\"b\":\"%0900000d\"}\n", 0);
    fprintf(out, "{\"a\":3,\"b\":\"%04000000d\"}\n{\"a\":4}\n", 0);
    for (int i = 0; i < 200000; i++) fprintf(out, "{\"a\":%d}\n", i);
    fclose(out);
    TestSource *t = open_path("x.json", "json", false);
    begin(t);
    StrBuf text = {.arena = &t->saved_arena};
    assert_int_equal(source_rows(t, &text), SOURCE_ROWS);
    source_save(t);
    while (t->saved[0].offset < 900010) { /* until the long one is next */
        assert_int_equal(source_rows(t, &text), SOURCE_ROWS);
        source_save(t);
    }
    restart(t);
    SourceStatus st;
    Str rest = source_read(t, &st);
    assert_int_equal(st, SOURCE_ENDED);
    int lines = 0;
    for (ptrdiff_t i = 0; i < rest.n; i++) lines += rest.p[i] == '\n';
    for (ptrdiff_t i = 0; i < text.n; i++) lines += text.p[i] == '\n';
    assert_int_equal(lines, 200004);
    sb_str(&text, rest);
    assert_true(str_find(sb_done(&text), S("record of 4000014 bytes is longer than line_limit (1048576) (4000014)")) > 0);
    assert_true(str_ends(sb_done(&text), S(": 199999\n")));
    source_free(t);
}

static void test_history(void **state)
{
    (void)state;
    put("x.json", "{\"a\":1}\n");
    TestSource *t = open_path("x.json", "json", true);
    SourceBatch b;
    begin(t);
    append("x.json", "{\"a\":2}\n");
    assert_int_equal(source_poll(t->source, &b, &t->diags), SOURCE_ROWS);
    assert_int_equal(b.batch.rows, 2);
    assert_true(b.is_history); /* there at the first look */
    append("x.json", "{\"a\":3}\n");
    assert_int_equal(source_poll(t->source, &b, &t->diags), SOURCE_ROWS);
    assert_false(b.is_history);
    append("x.json", "{\"a\":4}\n");
    restart(t);
    assert_int_equal(source_poll(t->source, &b, &t->diags), SOURCE_ROWS);
    assert_false(b.is_history); /* came in while nobody read */
    source_free(t);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_bounded),       TEST(test_missing),
        TEST(test_set_of_files),  TEST(test_restart_anywhere),
        TEST(test_array_across_batches), TEST(test_once),
        TEST(test_follow_growth), TEST(test_rotation),
        TEST(test_rotation_while_down), TEST(test_chain_of_rotated_files),
        TEST(test_truncation),    TEST(test_copy_and_truncate),
        TEST(test_start_at_end),
        TEST(test_replaced_by_the_same_size), TEST(test_symlink_swapped),
        TEST(test_identity_is_content), TEST(test_renamed_across_a_pattern),
        TEST(test_vanished_folder),
        TEST(test_metadata),      TEST(test_long_records),
        TEST(test_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
