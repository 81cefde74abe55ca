/* weir_stream.c: drives an engine from a script: events in, commits, expected rows or deltas.
 *
 * One command a line; see README.md in this folder. A virtual clock replaces time and an epoch is
 * exactly what was pushed before `commit`, so a script gives the same output in every run.
 * Exit status 0: everything as expected; 1: a difference or an error (told on stderr); 2: usage; 77: the processor
 * has not what --simd asks for. */
#include "include/weir.h"
#include "include/weir_test.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1 << 22, NAMES_MAX = 64, SETTINGS_MAX = 8, SKIPPED = 77 };

typedef struct Rows {
    char **text;
    size_t n, cap;
} Rows;

/* What a view held when its delta was last asked for. */
typedef struct Known {
    char *view;
    Rows rows;
} Known;

typedef struct Run {
    weir *db;
    const char *path, *script;
    const char *settings[SETTINGS_MAX + 4]; /* those of other options, and the end */
    FILE *in;
    int line;
    int failures;
    bool print_only;      /* never compare: dump and delta print */
    const char *rules_off;
    int64_t clock_us;
    int simd_off, threads; /* weir_seams */
    const char *folder;   /* temporary: $DIR in a script */
    Known known[NAMES_MAX];
    int nknown;
    char *buf;
} Run;

static Run run;

static int64_t clock_now(void *arg) { return ((Run *)arg)->clock_us; }
static void clock_sleep(void *arg, int64_t us) { ((Run *)arg)->clock_us += us; }

static void fail(const char *fmt, const char *what)
{
    fprintf(stderr, "%s:%d: ", run.script, run.line);
    fprintf(stderr, fmt, what);
    fputc('\n', stderr);
    run.failures++;
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static void rows_add(Rows *r, char *text)
{
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 64;
        r->text = realloc(r->text, r->cap * sizeof *r->text);
    }
    r->text[r->n++] = text;
}

static void rows_free(Rows *r)
{
    for (size_t i = 0; i < r->n; i++) free(r->text[i]);
    free(r->text);
    *r = (Rows){0};
}

static int text_order(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void rows_sort(Rows *r)
{
    if (r->n) qsort(r->text, r->n, sizeof *r->text, text_order);
}

static void json_text(FILE *f, const char *p, int64_t n)
{
    fputc('"', f);
    for (int64_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c == '"' || c == '\\') fprintf(f, "\\%c", c);
        else if (c < 0x20) fprintf(f, "\\u%04x", c);
        else fputc(c, f);
    }
    fputc('"', f);
}

static void json_cell(FILE *f, weir_stmt *s, int i)
{
    int64_t n;
    const char *p = weir_column_text(s, i, &n);
    switch (weir_column_type(s, i)) {
    case WEIR_NULL: fputs("null", f); break;
    case WEIR_INTEGER: fwrite(p, 1, (size_t)n, f); break;
    case WEIR_FLOAT: fprintf(f, "%.17g", weir_column_double(s, i)); break;
    case WEIR_TEXT:
    case WEIR_BLOB: json_text(f, p, n); break;
    }
}

/* The current row as a JSON array. */
static char *json_row(weir_stmt *s)
{
    char *out;
    size_t size;
    FILE *f = open_memstream(&out, &size);
    fputc('[', f);
    for (int i = 0; i < weir_column_count(s); i++) {
        if (i) fputc(',', f);
        json_cell(f, s, i);
    }
    fputc(']', f);
    fclose(f);
    return out;
}

static bool query_rows(const char *sql, Rows *out)
{
    weir_stmt *s;
    if (weir_prepare(run.db, sql, -1, &s, NULL) != WEIR_OK || !s) {
        fail("%s", weir_errmsg(run.db));
        return false;
    }
    weir_status st;
    while ((st = weir_step(s)) == WEIR_ROW) rows_add(out, json_row(s));
    if (st != WEIR_DONE) fail("%s", weir_errmsg(run.db));
    weir_finalize(s);
    rows_sort(out);
    return st == WEIR_DONE;
}

static bool view_rows(const char *view, Rows *out)
{
    char sql[512];
    snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", view);
    return query_rows(sql, out);
}

/* ---- the script ---------------------------------------------------------------------------------- */

/* $DIR becomes the script's own folder. */
static void put_folder(char *at)
{
    size_t n = strlen(run.folder), rest = strlen(at + 4) + 1;
    if ((size_t)(at - run.buf) + n + rest > LINE_MAX_BYTES) exit(2);
    memmove(at + n, at + 4, rest);
    memcpy(at, run.folder, n);
}

static char *next_line(void)
{
    char *at;
    if (!fgets(run.buf, LINE_MAX_BYTES, run.in)) return NULL;
    run.line++;
    run.buf[strcspn(run.buf, "\n")] = 0;
    while ((at = strstr(run.buf, "$DIR")) != NULL) put_folder(at);
    return run.buf;
}

/* The lines up to `end`, joined. */
static char *block(void)
{
    char *out;
    size_t size;
    FILE *f = open_memstream(&out, &size);
    for (char *l; (l = next_line()) && strcmp(l, "end");) fprintf(f, "%s\n", l);
    fclose(f);
    return out;
}

static Rows block_rows(void)
{
    Rows r = {0};
    for (char *l; (l = next_line()) && strcmp(l, "end");)
        if (*l) rows_add(&r, strdup(l));
    rows_sort(&r);
    return r;
}

static void compare(const char *what, const Rows *want, const Rows *got)
{
    bool same = want->n == got->n;
    for (size_t i = 0; same && i < want->n; i++) same = !strcmp(want->text[i], got->text[i]);
    if (same) return;
    fail("%s differs", what);
    for (size_t i = 0; i < want->n; i++) fprintf(stderr, "  want %s\n", want->text[i]);
    for (size_t i = 0; i < got->n; i++) fprintf(stderr, "  got  %s\n", got->text[i]);
}

static Known *known(const char *view)
{
    for (int i = 0; i < run.nknown; i++)
        if (!strcmp(run.known[i].view, view)) return &run.known[i];
    if (run.nknown == NAMES_MAX) exit(2);
    run.known[run.nknown].view = strdup(view);
    return &run.known[run.nknown++];
}

/* Rows that went and came since the view was last asked for: "- row" and "+ row". */
static Rows delta_rows(const char *view)
{
    Rows now = {0}, out = {0};
    view_rows(view, &now);
    Known *k = known(view);
    size_t i = 0, j = 0;
    while (i < k->rows.n || j < now.n) {
        int c = i == k->rows.n ? 1 : j == now.n ? -1 : strcmp(k->rows.text[i], now.text[j]);
        if (c == 0) { i++, j++; continue; }
        char *text;
        if (asprintf(&text, "%c %s", c < 0 ? '-' : '+', c < 0 ? k->rows.text[i] : now.text[j]) < 0) exit(2);
        rows_add(&out, text);
        if (c < 0) i++;
        else j++;
    }
    rows_free(&k->rows);
    k->rows = now;
    rows_sort(&out);
    return out;
}

static bool open_engine(void)
{
    static weir_seams seams;
    seams = (weir_seams){clock_now, clock_now, clock_sleep, &run, 1, run.rules_off, .state_log_min = 100,
                          .simd_off = run.simd_off, .threads = run.threads};
    weir_options opt = {.settings = run.settings, .seams = &seams};
    if (weir_open(run.path, &opt, &run.db) == WEIR_OK) return true;
    fail("%s", weir_errmsg(run.db));
    return false;
}

/* ---- commands ------------------------------------------------------------------------------------- */

static void do_sql(char *arg)
{
    (void)arg;
    char *sql = block();
    if (weir_exec(run.db, sql, -1, run.script, NULL) != WEIR_OK) fail("%s", weir_errmsg(run.db));
    free(sql);
}

/* What came of a call that should have failed with `code`. */
static void expect_error(weir_status st, const char *code)
{
    int n;
    const weir_diag *d = weir_diags(run.db, &n);
    if (st < WEIR_E_SYNTAX) fail("no error, want %s", code);
    else if (n == 0 || strcmp(d[0].code_name, code)) fail("another error: %s", weir_errmsg(run.db));
}

static void do_error(char *code)
{
    char *sql = block();
    expect_error(weir_exec(run.db, sql, -1, run.script, NULL), code);
    free(sql);
}

static void do_push(char *arg)
{
    char *json = strchr(arg, ' ');
    if (!json) { fail("push STREAM JSON: %s", arg); return; }
    *json++ = 0;
    weir_status st = weir_push(run.db, arg, "json", json, -1);
    if (st != WEIR_OK && run.print_only) printf("refused %s\n", weir_errmsg(run.db));
    else if (st != WEIR_OK) fail("%s", weir_errmsg(run.db));
}

static void do_commit(char *arg)
{
    (void)arg;
    weir_status st = weir_run(run.db, 0);
    if (st > WEIR_IDLE) fail("%s", weir_errmsg(run.db));
}

/* Runs until every source has ended or has nothing more. */
static void do_run(char *arg)
{
    (void)arg;
    weir_status st;
    while ((st = weir_run(run.db, 0)) == WEIR_ROW) {}
    if (st > WEIR_IDLE) fail("%s", weir_errmsg(run.db));
}

static void do_run_error(char *code)
{
    weir_status st;
    while ((st = weir_run(run.db, 0)) == WEIR_ROW) {}
    expect_error(st, code);
}

static void show_or_compare(const char *what, Rows *got, bool compare_them)
{
    if (compare_them) {
        Rows want = block_rows();
        compare(what, &want, got);
        rows_free(&want);
    } else {
        for (size_t i = 0; i < got->n; i++) puts(got->text[i]);
        puts(".");
        fflush(stdout);
    }
    rows_free(got);
}

static void do_dump(char *view)
{
    Rows r = {0};
    view_rows(view, &r);
    show_or_compare(view, &r, false);
}

static void do_delta(char *view)
{
    Rows r = delta_rows(view);
    show_or_compare(view, &r, !run.print_only);
}

static void do_view(char *view)
{
    Rows r = {0};
    view_rows(view, &r);
    show_or_compare(view, &r, !run.print_only);
}

static void do_query(char *sql)
{
    Rows r = {0};
    query_rows(sql, &r);
    show_or_compare(sql, &r, !run.print_only);
}

static void do_clock(char *arg)
{
    double seconds = atof(arg + (*arg == '+'));
    run.clock_us = (*arg == '+' ? run.clock_us : 0) + (int64_t)(seconds * 1e6);
}

/* append FILE TEXT: a line more */
static void do_append(char *arg)
{
    char *text = strchr(arg, ' ');
    FILE *f;
    if (text) *text++ = 0;
    f = fopen(arg, "a");
    if (!f) { fail("cannot write %s", arg); return; }
    fprintf(f, "%s\n", text ? text : "");
    fclose(f);
}

/* rename FILE FILE */
static void do_rename(char *arg)
{
    char *to = strchr(arg, ' ');
    if (to) *to++ = 0;
    if (!to || rename(arg, to) != 0) fail("cannot rename %s", arg);
}

static void do_restart(char *arg)
{
    (void)arg;
    weir_close(run.db);
    if (!open_engine()) exit(1);
}

static void do_echo(char *arg)
{
    puts(arg);
    fflush(stdout);
}

/* state VIEW N */
static void do_state(char *arg)
{
    char *number = strchr(arg, ' ');
    if (number) *number++ = 0;
    char what[64];
    int64_t rows = weir_test_state_rows(run.db, arg);
    snprintf(what, sizeof what, "%lld", (long long)rows);
    if (!number || rows != strtoll(number, NULL, 10)) fail("the operators keep %s rows", what);
}

static const struct {
    const char *name;
    void (*run)(char *arg);
} commands[] = {
    {"sql", do_sql},     {"error", do_error}, {"push", do_push},   {"commit", do_commit},
    {"run", do_run},     {"dump", do_dump},   {"delta", do_delta}, {"view", do_view},
    {"query", do_query}, {"clock", do_clock}, {"restart", do_restart}, {"echo", do_echo},
    {"run_error", do_run_error}, {"state", do_state}, {"append", do_append}, {"rename", do_rename},
};

static void do_line(char *line)
{
    if (!*line || *line == '#') return;
    size_t n = strcspn(line, " ");
    char *arg = line + n + (line[n] == ' ');
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strlen(commands[i].name) == n && !strncmp(commands[i].name, line, n)) {
            char *copy = strdup(arg);
            commands[i].run(copy);
            free(copy);
            return;
        }
    fail("unknown command: %s", line);
}

static int usage(void)
{
    fputs("usage: weir-stream [--print] [--batch N] [--epoch-rows N] [--rules-off LIST] [--set NAME=VALUE]\n"
          "                   [--simd portable|avx2|avx512|neon] [--threads] [--db FILE] SCRIPT|-\n", stderr);
    return 2;
}

static const char *setting(const char *name, const char *value)
{
    char *text;
    if (asprintf(&text, "%s=%s", name, value) < 0) exit(2);
    return text;
}

/* The instructions that decoders are left; where the processor has no such, the run is one to be skipped. */
static void choose_simd(const char *name)
{
#if defined(__aarch64__)
    const bool is_arm = true;
#else
    const bool is_arm = false;
#endif
    const struct {
        const char *name;
        int level;
        bool is_here;
    } known[] = {{"portable", 0, true}, {"avx2", 1, !is_arm}, {"avx512", 2, !is_arm}, {"neon", 1, is_arm}};
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, known[i].name) != 0) continue;
        if (!known[i].is_here || known[i].level > weir_test_simd()) exit(SKIPPED);
        run.simd_off = 2 - known[i].level;
        return;
    }
    fprintf(stderr, "no such instructions: %s\n", name);
    exit(2);
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

int main(int argc, char **argv)
{
    int nset = 0;
    run.settings[nset++] = "synchronous=off"; /* no power is lost here */
    run.clock_us = INT64_C(1700000000) * 1000000;
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (!strcmp(argv[i], "--print")) run.print_only = true;
        else if (!strcmp(argv[i], "--batch") && has_value) run.settings[nset++] = setting("batch_rows", argv[++i]);
        else if (!strcmp(argv[i], "--epoch-rows") && has_value) run.settings[nset++] = setting("epoch_rows", argv[++i]);
        else if (!strcmp(argv[i], "--set") && has_value && nset < SETTINGS_MAX) run.settings[nset++] = argv[++i];
        else if (!strcmp(argv[i], "--simd") && has_value) choose_simd(argv[++i]);
        else if (!strcmp(argv[i], "--threads")) run.threads = 1;
        else if (!strcmp(argv[i], "--rules-off") && has_value) run.rules_off = argv[++i];
        else if (!strcmp(argv[i], "--db") && has_value) run.path = argv[++i];
        else if (run.script || (argv[i][0] == '-' && argv[i][1])) return usage();
        else run.script = argv[i];
    }
    if (!run.script) return usage();
    run.in = strcmp(run.script, "-") ? fopen(run.script, "r") : stdin;
    if (!run.in) { perror(run.script); return 2; }
    run.buf = malloc(LINE_MAX_BYTES);
    char folder[] = "/tmp/weir-stream-XXXXXX", path[sizeof folder + 16];
    if (!mkdtemp(folder)) return 2;
    run.folder = folder;
    snprintf(path, sizeof path, "%s/s.db", folder);
    if (!run.path) run.path = path; /* restarts need a file that stays */
    if (open_engine())
        for (char *l; (l = next_line());) do_line(l);
    weir_close(run.db);
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return run.failures ? 1 : 0;
}
