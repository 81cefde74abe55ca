/* command_test.c: weir test: files of SQL with what is expected of it.
 *
 * A test is BEGIN TEST 'name' … END. What stands before a file's first test is carried out before each of
 * them, in an engine of its own whose streams take rows by hand and whose clock stands still. */
#include "shell/command.h"
#include "shell/test_rows.h"
#include "shell/test_script.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VIEWS_MAX = 64 };

/* What EXPECT CHANGES saw last of a view. */
typedef struct Seen {
    char *view;
    RowBag rows;
} Seen;

typedef struct Outcome {
    const char *file;
    char *name, *failure; /* NULL: passed */
    double seconds;
    int line;
} Outcome;

typedef struct Outcomes {
    Outcome *list;
    int n, cap, failed;
} Outcomes;

/* One test at work. */
typedef struct Trial {
    Session s;
    const char *file;
    FILE *failure;
    bool has_failed;
    Seen seen[VIEWS_MAX];
    int nseen;
} Trial;

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- failures ------------------------------------------------------------------------------------------- */

static void fail_at(Trial *t, int line)
{
    fprintf(t->failure, "%s:%d: ", t->file, line);
    t->has_failed = true;
}

static void fail_engine(Trial *t, int line)
{
    int n;
    const weir_diag *d = weir_diags(t->s.db, &n);
    fail_at(t, line);
    for (int i = 0; i < n; i++) fprintf(t->failure, "%s\n", d[i].rendered);
}

static void fail_rows(Trial *t, const TestStep *step, RowBag *expected, RowBag *actual)
{
    RowBag missing = {0}, extra = {0};
    row_bag_diff(expected, actual, &missing, &extra);
    if (missing.n || extra.n) {
        fail_at(t, step->line);
        fprintf(t->failure, "\"%s\" has %d row%s of the %d expected", step->name, expected->n - missing.n,
                expected->n - missing.n == 1 ? "" : "s", expected->n);
        fprintf(t->failure, extra.n ? " and %d more\n" : "\n", extra.n);
        for (int i = 0; i < missing.n; i++) fprintf(t->failure, "  - %s\n", missing.lines[i]);
        for (int i = 0; i < extra.n; i++) fprintf(t->failure, "  + %s\n", extra.lines[i]);
    }
    free(missing.lines);
    free(extra.lines);
}

/* ---- rows ----------------------------------------------------------------------------------------------- */

static bool query_rows(Trial *t, int line, const char *sql, RowBag *out)
{
    weir_stmt *stmt = NULL;
    weir_status st = weir_prepare(t->s.db, sql, -1, &stmt, NULL);
    if (st == WEIR_OK)
        while ((st = weir_step(stmt)) == WEIR_ROW) row_bag_add_row(out, stmt);
    if (st != WEIR_DONE) fail_engine(t, line);
    weir_finalize(stmt);
    return st == WEIR_DONE;
}

static bool view_rows(Trial *t, const TestStep *step, RowBag *out)
{
    char *name = sql_quoted(step->name, '"'), *sql;
    bool ok = asprintf(&sql, "SELECT * FROM %s", name) >= 0 && query_rows(t, step->line, sql, out);
    free(name);
    free(sql);
    return ok;
}

/* "CAST(column1 AS BIGINT), …": what a row of values becomes in a view. */
static char *casts_for(Trial *t, const TestStep *step)
{
    char *name = sql_quoted(step->name, '"'), *sql, *casts;
    size_t size;
    weir_stmt *stmt = NULL;
    if (asprintf(&sql, "SELECT * FROM %s", name) < 0) sql = NULL;
    free(name);
    if (!sql || weir_prepare(t->s.db, sql, -1, &stmt, NULL) != WEIR_OK) {
        fail_engine(t, step->line);
        free(sql);
        return NULL;
    }
    FILE *f = open_memstream(&casts, &size);
    for (int i = 0; i < weir_column_count(stmt); i++)
        fprintf(f, "%sCAST(column%d AS %s)", i ? ", " : "", i + 1, weir_column_decltype(stmt, i));
    fclose(f);
    weir_finalize(stmt);
    free(sql);
    return casts;
}

/* The rows of EXPECT whose sign is `sign`. */
static bool expected_rows(Trial *t, const TestStep *step, char sign, RowBag *out)
{
    char *casts = casts_for(t, step), *row, *sql, has;
    const char *p = step->text;
    bool ok = casts != NULL;
    while (ok && (row = test_row_next(&p, &has))) {
        bool wanted = has == sign || (sign == '+' && step->verb == TEST_CHANGES && has == 0);
        if (wanted) {
            ok = asprintf(&sql, "SELECT %s FROM (VALUES %s%s%s)", casts, *row == '(' ? "" : "(", row, *row == '(' ? "" : ")") >= 0;
            ok = ok && query_rows(t, step->line, sql, out);
            free(sql);
        }
        free(row);
    }
    free(casts);
    return ok;
}

static void expect_view(Trial *t, const TestStep *step)
{
    RowBag expected = {0}, actual = {0};
    if (expected_rows(t, step, 0, &expected) && view_rows(t, step, &actual)) fail_rows(t, step, &expected, &actual);
    row_bag_free(&expected);
    row_bag_free(&actual);
}

static Seen *seen_of(Trial *t, const char *view)
{
    for (int i = 0; i < t->nseen; i++)
        if (!strcmp(t->seen[i].view, view)) return &t->seen[i];
    if (t->nseen == VIEWS_MAX) return NULL;
    t->seen[t->nseen].view = strdup(view);
    return &t->seen[t->nseen++];
}

/* Rows that came or went, with their sign. */
static void add_signed(RowBag *to, const RowBag *from, char sign)
{
    for (int i = 0; i < from->n; i++) {
        char *line;
        if (asprintf(&line, "%c(%s)", sign, from->lines[i]) >= 0) row_bag_add(to, line);
    }
}

static void compare_changes(Trial *t, const TestStep *step, RowBag *before, RowBag *now)
{
    RowBag gone = {0}, come = {0}, expected = {0}, actual = {0}, plus = {0}, minus = {0};
    row_bag_diff(before, now, &gone, &come);
    add_signed(&actual, &come, '+');
    add_signed(&actual, &gone, '-');
    if (expected_rows(t, step, '+', &plus) && expected_rows(t, step, '-', &minus)) {
        add_signed(&expected, &plus, '+');
        add_signed(&expected, &minus, '-');
        fail_rows(t, step, &expected, &actual);
    }
    free(gone.lines);
    free(come.lines);
    row_bag_free(&expected);
    row_bag_free(&actual);
    row_bag_free(&plus);
    row_bag_free(&minus);
}

static void expect_changes(Trial *t, const TestStep *step)
{
    Seen *seen = seen_of(t, step->name);
    RowBag now = {0};
    if (seen && view_rows(t, step, &now)) {
        compare_changes(t, step, &seen->rows, &now);
        row_bag_copy(&seen->rows, &now);
    }
    row_bag_free(&now);
}

/* ---- time ----------------------------------------------------------------------------------------------- */

/* The number that a constant expression is. */
static bool constant(Trial *t, int line, const char *fmt, const char *text, int64_t *out)
{
    char *sql;
    weir_stmt *stmt = NULL;
    if (asprintf(&sql, fmt, text) < 0) return false;
    bool ok = weir_prepare(t->s.db, sql, -1, &stmt, NULL) == WEIR_OK && weir_step(stmt) == WEIR_ROW &&
              weir_column_type(stmt, 0) == WEIR_INTEGER;
    if (ok) *out = weir_column_int64(stmt, 0);
    else fail_engine(t, line);
    weir_finalize(stmt);
    free(sql);
    return ok;
}

static void advance_clock(Trial *t, const TestStep *step)
{
    static const char by[] = "SELECT CAST(epoch(TIMESTAMP '1970-01-01 00:00:00' + %s) * 1000000 AS BIGINT)";
    int64_t us;
    if (constant(t, step->line, by, step->text, &us) && weir_advance_clock(t->s.db, us) != WEIR_OK) fail_engine(t, step->line);
}

static void advance_watermark(Trial *t, const TestStep *step)
{
    static const char to[] = "SELECT CAST(epoch(CAST(%s AS TIMESTAMP)) * 1000000 AS BIGINT)";
    int64_t us;
    if (constant(t, step->line, to, step->text, &us) && weir_advance_watermark(t->s.db, step->name, us) != WEIR_OK)
        fail_engine(t, step->line);
}

/* ---- a test --------------------------------------------------------------------------------------------- */

static void sql_step(Trial *t, const TestStep *step)
{
    if (*step->text == '.') {
        if (!session_dot(&t->s, step->text)) fail_at(t, step->line);
        return;
    }
    char *folder = folder_of(t->file);
    weir_exec_options opt = {.base_dir = folder};
    if (weir_exec(t->s.db, step->text, -1, NULL, &opt) != WEIR_OK) fail_engine(t, step->line);
    free(folder);
}

static void run_step(Trial *t, const TestStep *step)
{
    switch (step->verb) {
    case TEST_SQL: sql_step(t, step); break;
    case TEST_CLOCK: advance_clock(t, step); break;
    case TEST_WATERMARK: advance_watermark(t, step); break;
    case TEST_VIEW: expect_view(t, step); break;
    case TEST_CHANGES: expect_changes(t, step); break;
    case TEST_BEGIN:
    case TEST_END: break;
    case TEST_BROKEN:
        fail_at(t, step->line);
        fprintf(t->failure, "%s\n", step->text);
        break;
    }
}

/* Steps from..to; expectations go on after one that is not met, anything else stops the test. */
static void run_steps(Trial *t, const TestScript *script, int from, int to)
{
    for (int i = from; i < to; i++) {
        const TestStep *step = &script->steps[i];
        bool before = t->has_failed;
        run_step(t, step);
        if (t->has_failed && !before && step->verb != TEST_VIEW && step->verb != TEST_CHANGES) return;
    }
}

static void trial_free(Trial *t)
{
    for (int i = 0; i < t->nseen; i++) {
        free(t->seen[i].view);
        row_bag_free(&t->seen[i].rows);
    }
    session_close(&t->s);
}

/* The steps before the first test, then those of the test that begins at `at`. */
static Outcome run_test(const Args *a, const char *file, const TestScript *script, int prelude, int at, int end)
{
    char *failure = NULL;
    size_t size;
    double start = seconds_now();
    Trial t = {.s = session_of(a), .file = file, .failure = open_memstream(&failure, &size)};
    const char *settings[ARGS_MAX + 2] = {"synchronous=off"}; /* nothing of it is kept */
    memcpy(settings + 1, a->settings, (size_t)a->nsettings * sizeof *settings);
    weir_options opt = {.rehearsal = 1, .settings = settings};
    t.s.out = t.failure;
    if (weir_open(NULL, &opt, &t.s.db) != WEIR_OK) fail_engine(&t, script->steps[at].line);
    else {
        run_steps(&t, script, 0, prelude);
        if (!t.has_failed) run_steps(&t, script, at + 1, end);
    }
    bool failed = t.has_failed;
    trial_free(&t);
    fclose(t.failure);
    if (!failed) {
        free(failure);
        failure = NULL;
    }
    return (Outcome){file, strdup(script->steps[at].name), failure, seconds_now() - start, script->steps[at].line};
}

/* ---- files ---------------------------------------------------------------------------------------------- */

static void add_outcome(Outcomes *o, Outcome x)
{
    if (o->n == o->cap) o->list = realloc(o->list, (size_t)(o->cap = o->cap ? o->cap * 2 : 16) * sizeof *o->list);
    o->list[o->n++] = x;
    o->failed += x.failure != NULL;
}

static int next_of(const TestScript *s, int from, TestVerb verb)
{
    while (from < s->n && s->steps[from].verb != verb) from++;
    return from;
}

static bool wrong_shape(const char *file, const TestScript *s, int at, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, at < s->n ? s->steps[at].line : 1, what);
    return false;
}

static bool test_file(const Args *a, const char *file, const TestScript *s, Outcomes *out)
{
    int prelude = next_of(s, 0, TEST_BEGIN);
    if (prelude == s->n) return wrong_shape(file, s, s->n, "there is no BEGIN TEST 'name' in this file");
    for (int at = prelude; at < s->n;) {
        int end = next_of(s, at, TEST_END), next = next_of(s, at + 1, TEST_BEGIN);
        if (s->steps[at].verb != TEST_BEGIN) return wrong_shape(file, s, at, "this stands between two tests");
        if (end == s->n || next < end) return wrong_shape(file, s, at, "this test has no END");
        add_outcome(out, run_test(a, file, s, prelude, at, end));
        at = end + 1;
    }
    return true;
}

/* ---- reports -------------------------------------------------------------------------------------------- */

static void xml(FILE *f, const char *p)
{
    for (; *p; p++) {
        if (*p == '<') fputs("&lt;", f);
        else if (*p == '&') fputs("&amp;", f);
        else if (*p == '"') fputs("&quot;", f);
        else if ((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t') fputs("?", f);
        else fputc(*p, f);
    }
}

static void report_junit(const Outcomes *o, FILE *f)
{
    fprintf(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"weir\" tests=\"%d\" failures=\"%d\">\n", o->n, o->failed);
    for (int i = 0; i < o->n; i++) {
        const Outcome *x = &o->list[i];
        fputs("  <testcase classname=\"", f);
        xml(f, x->file);
        fputs("\" name=\"", f);
        xml(f, x->name);
        fprintf(f, "\" time=\"%.3f\"", x->seconds);
        if (!x->failure) {
            fputs("/>\n", f);
            continue;
        }
        fputs("><failure>", f);
        xml(f, x->failure);
        fputs("</failure></testcase>\n", f);
    }
    fputs("</testsuite>\n", f);
}

static void indent(FILE *f, const char *text, const char *before)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        fputs(before, f);
        fwrite(text, 1, n, f);
        fputc('\n', f);
        text += n + (text[n] == '\n');
    }
}

static void report_tap(const Outcomes *o, FILE *f)
{
    fprintf(f, "TAP version 13\n1..%d\n", o->n);
    for (int i = 0; i < o->n; i++) {
        const Outcome *x = &o->list[i];
        fprintf(f, "%s %d - %s: %s\n", x->failure ? "not ok" : "ok", i + 1, x->file, x->name);
        if (x->failure) indent(f, x->failure, "# ");
    }
}

static void report_text(const Outcomes *o, FILE *f, bool quiet)
{
    double seconds = 0;
    for (int i = 0; i < o->n; i++) {
        const Outcome *x = &o->list[i];
        seconds += x->seconds;
        if (x->failure || !quiet) fprintf(f, "%s  %s: %s (%.0f ms)\n", x->failure ? "FAILED" : "ok    ", x->file, x->name, x->seconds * 1e3);
        if (x->failure) indent(f, x->failure, "    ");
    }
    fprintf(f, "%d passed, %d failed in %.0f ms\n", o->n - o->failed, o->failed, seconds * 1e3);
}

static void report(const Outcomes *o, const Args *a)
{
    if (a->tap) report_tap(o, stdout);
    else if (a->junit) report_junit(o, stdout);
    else report_text(o, stdout, a->quiet);
}

int command_test(const Args *a)
{
    Outcomes o = {0};
    int code = a->nfiles ? EXIT_DONE : EXIT_USAGE;
    if (!a->nfiles) fputs("weir: test needs a file of tests; weir help test\n", stderr);
    for (int i = 0; i < a->nfiles && !code; i++) {
        char *text = read_file(a->files[i]);
        if (!text) return EXIT_ENVIRONMENT;
        TestScript s = test_script_read(text);
        if (!test_file(a, a->files[i], &s, &o)) code = EXIT_FAILED;
        test_script_free(&s);
        free(text);
    }
    if (!code) report(&o, a);
    if (!code && o.failed) code = EXIT_FAILED;
    for (int i = 0; i < o.n; i++) {
        free(o.list[i].name);
        free(o.list[i].failure);
    }
    free(o.list);
    return code;
}
