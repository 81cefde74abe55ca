/* session.c: carries out scripts and statements, and shows their rows. */
#include "shell/session.h"
#include "shell/remote/client.h"
#include "shell/remote/server.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/* ---- opening ----------------------------------------------------------------------------------------- */

enum { JOIN_TRIES = 10, JOIN_TRIES_MORE = 100, JOIN_WAIT_US = 50000 };

static bool is_environment(weir_status st)
{
    return st == WEIR_E_IO || st == WEIR_E_LOCKED || st == WEIR_E_STORAGE || st == WEIR_E_FORMAT ||
           st == WEIR_E_CORRUPT || st == WEIR_E_NOMEM;
}

static weir_status open_engine(Session *s, const char *path, bool read_only)
{
    weir_options opt = {.read_only = read_only, .settings = read_only && s->client ? NULL : s->settings};
    return weir_open(path, &opt, &s->db);
}

/* The owner may have just begun, or just gone; beside a socket that nobody hears it has just begun.
 * WEIR_E_LOCKED: it serves nobody. */
static weir_status join(Session *s, const char *path)
{
    weir_status st = WEIR_E_LOCKED;
    int tries = JOIN_TRIES;
    for (int i = 0; i < tries && st == WEIR_E_LOCKED && !s->client && !s->trouble; i++) {
        if (i > 0) usleep(JOIN_WAIT_US);
        s->client = client_open(path, &s->trouble);
        if (!s->client && errno == ECONNREFUSED) tries = JOIN_TRIES_MORE;
        if (s->client || s->trouble) break;
        weir_close(s->db);
        st = open_engine(s, path, false);
    }
    if (!s->client) return st;
    s->generation = s->client->generation;
    weir_close(s->db);
    return open_engine(s, path, true);
}

enum { BAR_NAME = sizeof ((Bar *)0)->what };

/* A name for the bar: the end of a path, cut between characters. */
static void name_bar(char out[BAR_NAME], const char *what)
{
    const char *slash = strrchr(what, '/');
    const char *name = slash ? slash + 1 : what;
    size_t n = strlen(name);
    if (n >= BAR_NAME) n = BAR_NAME - 1;
    while (n > 0 && (name[n] & 0xC0) == 0x80) n--;
    memcpy(out, name, n);
    out[n] = 0;
}

static void show_progress(void *arg, const weir_progress *p)
{
    Session *s = arg;
    char name[BAR_NAME];
    if (!s->is_at_work) return;
    name_bar(name, p->what);
    if (!s->bar.is_on || p->done < s->bar_done || strcmp(name, s->bar.what) != 0) {
        bar_end(&s->bar);
        s->bar = bar_begin(true, p->total);
        memcpy(s->bar.what, name, sizeof name);
    }
    s->bar_done = p->done;
    s->bar.total = p->total;
    bar_tick(&s->bar, p->done, p->rows);
}

void session_busy(Session *s)
{
    s->bar = (Bar){0};
    s->is_at_work = true;
}

void session_idle(Session *s)
{
    bar_end(&s->bar);
    s->is_at_work = false;
}

int session_open(Session *s, const char *path, bool read_only)
{
    weir_status st = open_engine(s, path, read_only);
    if (st == WEIR_E_LOCKED && s->may_join) st = join(s, path);
    s->path = path;
    if (st == WEIR_OK) {
        weir_on_progress(s->db, s->shows_progress ? show_progress : NULL, s);
        interrupt_watch(s->db);
        return 0;
    }
    session_tell(s);
    weir_close(s->db);
    client_close(s->client);
    s->db = NULL;
    s->client = NULL;
    return is_environment(st) ? 3 : 1;
}

void session_serve(Session *s, bool is_driven)
{
    if (s->path && !s->client) s->server = server_start(s->db, s->path, is_driven);
}

void session_close(Session *s)
{
    interrupt_watch(NULL);
    server_stop(s->server);
    client_close(s->client);
    weir_close(s->db);
    s->db = NULL;
    s->server = NULL;
    s->client = NULL;
    output_to(s, "", false);
    free(s->path_given);
    s->path_given = NULL;
    free(s->null_given);
    free(s->insert_given);
    free(s->trouble);
    s->null_given = s->insert_given = s->trouble = NULL;
    s->style.null_text = "";
    s->style.insert_into = NULL;
}

bool session_reopen(Session *s, const char *path)
{
    Session old = *s;
    s->db = NULL;
    s->client = NULL;
    s->server = NULL;
    if (session_open(s, path, false) == 0) {
        server_stop(old.server);
        client_close(old.client);
        weir_close(old.db);
        if (s->interactive) session_serve(s, false);
        return true;
    }
    s->db = old.db;
    s->client = old.client;
    s->server = old.server;
    s->path = old.path;
    interrupt_watch(s->db);
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

void session_trouble(Session *s, const char *text)
{
    free(s->trouble);
    s->trouble = strdup(text);
}

/* A script's name stands before what has a line but no name. */
static void tell(const Session *s, const char *file, int line, const char *text)
{
    bool has_place = s->file && !file && line > 0;
    fprintf(stderr, "%s%s%s\n", has_place ? s->file : "", has_place ? ":" : "", text);
}

void session_tell(Session *s)
{
    bar_end(&s->bar);
    int n, remote = s->client ? s->client->nerrors : 0;
    const weir_diag *d = weir_diags(s->db, &n);
    if (s->trouble) {
        fprintf(stderr, "weir: %s\n", s->trouble);
    } else if (s->client && s->client->is_lost) {
        fprintf(stderr, "weir: the engine has stopped; reconnect with .open %s\n", s->path);
    } else if (remote) {
        for (int i = 0; i < remote; i++) tell(s, s->client->errors[i].file, s->client->errors[i].line, s->client->errors[i].text);
    } else {
        for (int i = 0; i < n; i++) tell(s, d[i].file, d[i].line, d[i].rendered);
        if (n == 0) fprintf(stderr, "weir: out of memory\n");
    }
    if (s->client) client_told(s->client);
    free(s->trouble);
    s->trouble = NULL;
}

/* ---- statements ---------------------------------------------------------------------------------------- */

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Beyond memory_limit nothing is taken, but what is committed can be looked at. */
static bool is_spent(const Session *s, weir_status st, const char *why)
{
    if (st != WEIR_E_LIMIT || !strstr(why, "memory_limit is reached")) return false;
    if (!s->quiet) fputs("weir: memory_limit is reached: rows are those of the last commit\n", stderr);
    return true;
}

static bool take_here(Session *s)
{
    weir_status st;
    while ((st = weir_run(s->db, 0)) == WEIR_ROW) server_turn(s->server, 0);
    return st == WEIR_DONE || st == WEIR_IDLE || st == WEIR_E_READONLY || is_spent(s, st, weir_errmsg(s->db));
}

/* With the definitions that hold now. */
static bool read_again(Session *s)
{
    if (s->generation == s->client->generation) return true;
    weir_close(s->db);
    s->generation = s->client->generation;
    weir_status st = open_engine(s, s->path, true);
    interrupt_watch(s->db);
    return st == WEIR_OK;
}

bool session_take(Session *s)
{
    if (!s->client) return take_here(s);
    client_ask_run(s->client);
    weir_status st = client_finish(s->client);
    bool spent = s->client->nerrors > 0 && is_spent(s, st, s->client->errors[0].text);
    if (spent) client_told(s->client);
    return (st == WEIR_DONE || spent) && read_again(s);
}

bool session_reread(Session *s)
{
    if (!s->client) return true;
    client_ask_statement(s->client, "", 0);
    return client_finish(s->client) == WEIR_DONE && read_again(s);
}

bool session_refresh(Session *s)
{
    if (session_take(s)) return true;
    session_tell(s);
    return false;
}

bool session_work(Session *s, int ms)
{
    weir_status st = s->client ? WEIR_DONE : weir_run(s->db, s->server ? 0 : ms);
    if (s->server) server_turn(s->server, st == WEIR_ROW ? 0 : ms);
    else if (st == WEIR_DONE || st == WEIR_E_READONLY) poll(NULL, 0, ms);
    return st == WEIR_DONE || st == WEIR_E_READONLY || st == WEIR_ROW || st == WEIR_IDLE || st == WEIR_E_INTERRUPTED;
}

bool session_push(Session *s, const char *stream, const char *format, const char *record, int64_t n)
{
    if (!s->client) return weir_push(s->db, stream, format, record, n) == WEIR_OK;
    client_ask_push(s->client, stream, format, record, n);
    return client_finish(s->client) == WEIR_DONE;
}

static bool show_rows(Session *s, Cursor *c)
{
    Paging paging;
    bool has_rows = c->ncols > 0;
    Render r = session_render(s, c->is_push || !has_rows ? s->out : paging_begin(s, &paging));
    weir_status st;
    if (has_rows) render_begin(&r, c);
    while ((st = cursor_next(s, c)) == WEIR_ROW) {
        bar_end(&s->bar);
        render_row(&r, c);
    }
    bar_end(&s->bar);
    if (has_rows) render_end(&r);
    if (has_rows && !c->is_push) paging_end(s, &paging);
    if (st == WEIR_E_INTERRUPTED && c->is_push) { /* the way a push query ends */
        interrupt_seen();
        if (s->interactive) fprintf(stderr, "(%lld rows)\n", (long long)r.count);
        return true;
    }
    if (st != WEIR_DONE) session_tell(s);
    return st == WEIR_DONE;
}

/* What standing queries have taken in so far. */
static int64_t rows_taken(const Session *s)
{
    int64_t rows = 0;
    weir_source_stats st;
    for (int i = 0; !s->client && weir_source_stat(s->db, i, &st) == WEIR_OK; i++) rows += st.rows;
    return rows;
}

static void tell_time(double seconds, int64_t rows)
{
    fprintf(stderr, "Run time: %.3f s", seconds);
    if (rows > 0) fprintf(stderr, ", %lld rows taken in, %.0f/s", (long long)rows, seconds > 0 ? (double)rows / seconds : 0);
    fputc('\n', stderr);
}

static bool carry_out_one(Session *s, const char *sql, const char **tail, bool looks_only)
{
    Cursor c;
    double start = seconds_now();
    int64_t taken = s->timer ? rows_taken(s) : 0;
    if (!cursor_open(s, sql, tail, looks_only, &c)) {
        session_tell(s);
        return false;
    }
    bar_end(&s->bar);
    bool ok = c.is_blank || show_rows(s, &c);
    bool is_blank = c.is_blank;
    cursor_close(&c);
    server_changed(s->server);
    output_done(s);
    if (s->timer && !is_blank) tell_time(seconds_now() - start, rows_taken(s) - taken);
    return ok;
}

static bool carry_out(Session *s, const char *sql, const char **tail, bool looks_only)
{
    session_busy(s);
    bool ok = carry_out_one(s, sql, tail, looks_only);
    session_idle(s);
    return ok;
}

bool session_statement(Session *s, const char *sql, const char **tail) { return carry_out(s, sql, tail, false); }

static bool formatted(Session *s, bool looks_only, const char *fmt, va_list ap)
{
    char *sql;
    if (vasprintf(&sql, fmt, ap) < 0) return false;
    bool ok = carry_out(s, sql, NULL, looks_only);
    free(sql);
    return ok;
}

bool session_query(Session *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    bool ok = formatted(s, false, fmt, ap);
    va_end(ap);
    return ok;
}

bool session_look(Session *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    bool ok = formatted(s, true, fmt, ap);
    va_end(ap);
    return ok;
}
