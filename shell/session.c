/* session.c: carries out scripts and statements, and shows their rows. */
#include "shell/session.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/* ---- Ctrl-C ------------------------------------------------------------------------------------------ */

static weir *volatile watched;
static volatile sig_atomic_t interrupts;

static void on_interrupt(int sig)
{
    (void)sig;
    interrupts++;
    if (watched) weir_interrupt(watched);
}

void interrupt_watch(weir *db)
{
    watched = db;
    struct sigaction sa = {.sa_handler = on_interrupt, .sa_flags = 0};
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
}

bool interrupt_seen(void)
{
    bool seen = interrupts > 0;
    interrupts = 0;
    return seen;
}

bool interrupt_waits(void) { return interrupts > 0; }

/* ---- opening ----------------------------------------------------------------------------------------- */

static bool is_environment(weir_status st)
{
    return st == WEIR_E_IO || st == WEIR_E_LOCKED || st == WEIR_E_STORAGE || st == WEIR_E_FORMAT ||
           st == WEIR_E_CORRUPT || st == WEIR_E_NOMEM;
}

int session_open(Session *s, const char *path, bool read_only)
{
    weir_options opt = {.read_only = read_only, .settings = s->settings};
    weir_status st = weir_open(path, &opt, &s->db);
    s->path = path;
    if (st == WEIR_OK) {
        interrupt_watch(s->db);
        return 0;
    }
    session_tell(s);
    weir_close(s->db);
    s->db = NULL;
    return is_environment(st) ? 3 : 1;
}

void session_close(Session *s)
{
    watched = NULL;
    weir_close(s->db);
    s->db = NULL;
    output_to(s, "", false);
    free(s->path_given);
    s->path_given = NULL;
    free(s->null_given);
    free(s->insert_given);
    s->null_given = s->insert_given = NULL;
    s->style.null_text = "";
    s->style.insert_into = NULL;
}

bool session_reopen(Session *s, const char *path)
{
    weir *old = s->db;
    const char *old_path = s->path;
    s->db = NULL;
    if (session_open(s, path, false) == 0) {
        weir_close(old);
        return true;
    }
    s->db = old;
    s->path = old_path;
    interrupt_watch(old);
    return false;
}

Render session_render(const Session *s, FILE *out)
{
    Render r = {.style = s->style, .out = out};
    int lines, columns;
    screen_size(&columns, &lines);
    bool to_screen = s->interactive && !s->out_name;
    r.style.screen = to_screen ? columns : 0;
    r.style.colours = s->style.colours && to_screen;
    return r;
}

void session_read_rc(Session *s)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char *path;
    if (!config && !home) return;
    if (asprintf(&path, "%s%s/weir/weirrc", config ? config : home, config ? "" : "/.config") < 0) return;
    if (access(path, R_OK) == 0) {
        char *text = read_file(path);
        if (text) session_run(s, text, path);
        free(text);
        s->errors_seen = false;
    }
    free(path);
}

void session_tell(Session *s)
{
    int n;
    const weir_diag *d = weir_diags(s->db, &n);
    for (int i = 0; i < n; i++)
        fprintf(stderr, "%s%s%s\n", s->file && !d[i].file && d[i].line ? s->file : "",
                s->file && !d[i].file && d[i].line ? ":" : "", d[i].rendered);
    if (n == 0) fprintf(stderr, "weir: out of memory\n");
}

static const char *skip_blank(const char *p)
{
    for (;;) {
        p += strspn(p, " \t\r\n;");
        if (p[0] == '-' && p[1] == '-') p += strcspn(p, "\n");
        else if (p[0] == '/' && p[1] == '*') {
            const char *e = strstr(p + 2, "*/");
            p = e ? e + 2 : p + strlen(p);
        } else return p;
    }
}

/* ---- statements ---------------------------------------------------------------------------------------- */

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool session_refresh(Session *s)
{
    weir_status st;
    while ((st = weir_run(s->db, 0)) == WEIR_ROW) {}
    if (st == WEIR_DONE || st == WEIR_IDLE || st == WEIR_E_READONLY) return true;
    session_tell(s);
    return false;
}

/* Whether a statement reads views, so that their standing queries should take what there is first. */
static bool reads_views(const char *sql)
{
    static const char *const words[] = {"select", "with", "values"};
    sql = skip_blank(sql);
    sql += strspn(sql, "( \t\r\n");
    for (int i = 0; i < 3; i++)
        if (!strncasecmp(sql, words[i], strlen(words[i]))) return true;
    return false;
}

static bool show_rows(Session *s, weir_stmt *stmt)
{
    Paging paging;
    bool has_rows = weir_column_count(stmt) > 0, is_push = weir_is_push(stmt);
    Render r = session_render(s, is_push || !has_rows ? s->out : paging_begin(s, &paging));
    weir_status st;
    if (has_rows) render_begin(&r, stmt);
    while ((st = weir_step(stmt)) == WEIR_ROW) render_row(&r, stmt);
    if (has_rows) render_end(&r);
    if (has_rows && !is_push) paging_end(s, &paging);
    if (st == WEIR_E_INTERRUPTED && is_push) { /* the way a push query ends */
        interrupt_seen();
        if (s->interactive) fprintf(stderr, "(%lld rows)\n", (long long)r.count);
        return true;
    }
    if (st != WEIR_DONE) session_tell(s);
    return st == WEIR_DONE;
}

bool session_statement(Session *s, const char *sql, const char **tail)
{
    weir_stmt *stmt;
    double start = seconds_now();
    if (weir_prepare(s->db, sql, -1, &stmt, tail) != WEIR_OK) {
        session_tell(s);
        return false;
    }
    if (!stmt) return true;
    bool ok = true;
    if (reads_views(sql) && !weir_is_push(stmt)) ok = session_refresh(s);
    if (ok) ok = show_rows(s, stmt);
    weir_finalize(stmt);
    output_done(s);
    if (s->timer) fprintf(stderr, "Run time: %.3f s\n", seconds_now() - start);
    return ok;
}

bool session_query(Session *s, const char *fmt, ...)
{
    char *sql;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&sql, fmt, ap);
    va_end(ap);
    if (n < 0) return false;
    bool ok = session_statement(s, sql, NULL);
    free(sql);
    return ok;
}

/* ---- scripts -------------------------------------------------------------------------------------------- */

static const char *dot_line(Session *s, const char *p, bool *ok)
{
    size_t n = strcspn(p, "\n");
    char *line = strndup(p, n);
    *ok = session_dot(s, line);
    free(line);
    return p + n;
}

/* The statement at `p` behind as many blank lines and columns as come before it in the script, so
 * that errors name their place there. */
static bool placed_statement(Session *s, const char *text, const char *p, const char **tail)
{
    size_t lines = 0, columns = 0, n = strlen(p);
    for (const char *c = text; c < p; c++) {
        lines += *c == '\n';
        columns = *c == '\n' ? 0 : columns + 1;
    }
    char *copy = malloc(lines + columns + n + 1);
    memset(copy, '\n', lines);
    memset(copy + lines, ' ', columns);
    memcpy(copy + lines + columns, p, n + 1);
    const char *end = copy + lines + columns + n;
    bool ok = session_statement(s, copy, &end);
    *tail = p + (end - copy - (ptrdiff_t)(lines + columns));
    free(copy);
    return ok;
}

bool session_run(Session *s, const char *text, const char *file)
{
    const char *outer = s->file;
    bool all_ok = true;
    s->file = file;
    for (const char *p = skip_blank(text); *p && !s->quit; p = skip_blank(p)) {
        bool ok;
        const char *tail = p + strlen(p);
        if (*p == '.' || *p == '\\') tail = dot_line(s, p, &ok);
        else ok = placed_statement(s, text, p, &tail);
        p = tail;
        all_ok &= ok;
        if (!ok && s->bail) break;
    }
    s->file = outer;
    s->errors_seen |= !all_ok;
    return all_ok;
}

char *read_file(const char *path)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
    if (!f) {
        fprintf(stderr, "weir: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    char *text = NULL;
    size_t n = 0, cap = 0, got;
    do {
        if (cap - n < 65536) text = realloc(text, cap = (cap + 65536) * 2);
        got = fread(text + n, 1, cap - n - 1, f);
        n += got;
    } while (got > 0);
    text[n] = 0;
    if (f != stdin) fclose(f);
    return text;
}
