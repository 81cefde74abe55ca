/* request.c: carries out what a client asks for, over weir.h; its answer goes into the client's buffer. */
#include "shell/remote/request.h"
#include "shell/remote/watchman.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { OUT_MAX = 256 << 10, RUN_MS = 200, STEP_MS = 20 };

static int64_t ms_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- answers --------------------------------------------------------------------------------------------- */

static void put_state(Service *s, Peer *p)
{
    wire_put_number(&p->out, s->generation);
    wire_put_number(&p->out, p->has_transaction);
}

static void answer_done(Service *s, Peer *p, int64_t changes)
{
    size_t at = wire_begin(&p->out, WIRE_DONE);
    put_state(s, p);
    wire_put_number(&p->out, changes);
    wire_end(&p->out, at, WIRE_ANSWER_MAX);
}

static void put_error(Peer *p, int code, int line, const char *file, const char *text)
{
    wire_put_number(&p->out, code);
    wire_put_number(&p->out, line);
    wire_put_string(&p->out, file);
    wire_put_string(&p->out, text);
}

static void answer_failed(Service *s, Peer *p)
{
    int n;
    const weir_diag *d = weir_diags(s->db, &n);
    size_t at = wire_begin(&p->out, WIRE_FAILED);
    put_state(s, p);
    wire_put_number(&p->out, n);
    for (int i = 0; i < n; i++) put_error(p, d[i].code, d[i].line, d[i].file, d[i].rendered);
    wire_end(&p->out, at, WIRE_ANSWER_MAX);
}

static void answer_error(Service *s, Peer *p, weir_status code, const char *text)
{
    size_t at = wire_begin(&p->out, WIRE_FAILED);
    put_state(s, p);
    wire_put_number(&p->out, 1);
    put_error(p, code, 0, NULL, text);
    wire_end(&p->out, at, WIRE_ANSWER_MAX);
}

static void break_off(Service *s, Peer *p, const char *why)
{
    request_drop(s, p);
    answer_error(s, p, WEIR_E_MISUSE, why);
    p->is_leaving = true;
}

static void answer_columns(Peer *p)
{
    int n = weir_column_count(p->stmt);
    size_t at = wire_begin(&p->out, WIRE_COLUMNS);
    wire_put_number(&p->out, n);
    wire_put_number(&p->out, weir_is_push(p->stmt));
    wire_put_number(&p->out, weir_has_retractions(p->stmt));
    for (int i = 0; i < n; i++) wire_put_string(&p->out, weir_column_name(p->stmt, i));
    wire_end(&p->out, at, WIRE_ANSWER_MAX);
}

static bool answer_row(Peer *p)
{
    size_t at = wire_begin(&p->out, WIRE_ROW);
    wire_put_number(&p->out, weir_row_weight(p->stmt));
    for (int i = 0; i < weir_column_count(p->stmt); i++) {
        int64_t n = 0;
        const char *text = weir_column_text(p->stmt, i, &n);
        wire_put_number(&p->out, weir_column_type(p->stmt, i));
        wire_put_text(&p->out, text, n);
    }
    return wire_end(&p->out, at, WIRE_ANSWER_MAX);
}

/* ---- statements ------------------------------------------------------------------------------------------ */

/* What cannot change a definition. */
static bool keeps_definitions(const char *sql)
{
    static const char *const words[] = {"insert", "update", "delete", "select", "with", "values", "show",
                                        "explain", "describe", "begin", "commit", "rollback", "subscribe", "copy"};
    sql += strspn(sql, " \t\r\n;(");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strncasecmp(sql, words[i], strlen(words[i]))) return true;
    return false;
}

static void note_transaction(Service *s, Peer *p)
{
    p->has_transaction = weir_in_transaction(s->db);
    if (p->has_transaction) s->holder = p;
    else if (s->holder == p) s->holder = NULL;
}

static void end_statement(Service *s, Peer *p, weir_status st)
{
    bool has_failed = st != WEIR_DONE;
    int64_t changes = has_failed ? 0 : weir_changes(p->stmt);
    note_transaction(s, p);
    if (has_failed) answer_failed(s, p);
    weir_finalize(p->stmt);
    p->stmt = NULL;
    if (!has_failed) answer_done(s, p, changes);
}

/* An engine call that may take long; the client may cancel it. */
static weir_status step_first(Service *s, Peer *p)
{
    Watchman w;
    watchman_begin(&w, s->db, p->fd);
    weir_status st = weir_step_for(p->stmt, s->wait_ms);
    if (watchman_end(&w)) s->has_strayed |= st != WEIR_E_INTERRUPTED;
    return st;
}

static void begin_statement(Service *s, Peer *p)
{
    char *sql = p->asked;
    p->asked = NULL;
    weir_set_base_dir(s->db, p->folder);
    weir_status st = weir_prepare(s->db, sql, -1, &p->stmt, NULL);
    weir_set_base_dir(s->db, NULL);
    s->generation += !keeps_definitions(sql);
    free(sql);
    p->has_begun = false;
    if (st != WEIR_OK) answer_failed(s, p);
    else if (!p->stmt) answer_done(s, p, 0);
    else answer_columns(p);
}

static bool must_wait(const Service *s, const Peer *p) { return weir_in_transaction(s->db) && s->holder != p; }

/* The next call of the engine takes the interrupt, and does nothing else. */
static void catch_stray(Service *s)
{
    if (s->has_strayed) weir_run(s->db, 0);
    s->has_strayed = false;
}

/* Rows of a statement that comes to an end are taken at once: while it is open it holds a commit for all that
 * the engine reads. */
void request_step(Service *s, Peer *p)
{
    weir_status st = WEIR_ROW;
    int64_t until = ms_now() + STEP_MS;
    if (p->asked && !must_wait(s, p)) begin_statement(s, p);
    while (p->stmt && st == WEIR_ROW && (!weir_is_push(p->stmt) || (wire_waits(&p->out) < OUT_MAX && ms_now() < until))) {
        st = p->has_begun ? weir_step_for(p->stmt, s->wait_ms) : step_first(s, p);
        p->has_begun = true;
        if (st == WEIR_ROW && !answer_row(p)) {
            request_drop(s, p);
            answer_error(s, p, WEIR_E_LIMIT, "a row is too long to be sent");
        } else if (st != WEIR_ROW && st != WEIR_IDLE) {
            end_statement(s, p, st);
        }
    }
    p->has_more = p->stmt && st == WEIR_ROW;
    catch_stray(s);
}

void request_drop(Service *s, Peer *p)
{
    weir_finalize(p->stmt);
    p->stmt = NULL;
    free(p->asked);
    p->asked = NULL;
    (void)s;
}

/* ---- the other requests ---------------------------------------------------------------------------------- */

static void take_hello(Service *s, Peer *p, Frame *f)
{
    int64_t n;
    const char *magic = frame_text(f, &n);
    bool is_weir = magic && n == 4 && !memcmp(magic, "weir", 4);
    int64_t version = frame_number(f);
    char *folder = frame_string(f);
    if (!p->folder && is_weir && version == WIRE_VERSION && frame_is_whole(f)) {
        p->folder = folder;
        size_t at = wire_begin(&p->out, WIRE_WELCOME);
        wire_put_string(&p->out, "weir");
        wire_put_number(&p->out, WIRE_VERSION);
        wire_put_string(&p->out, weir_version());
        wire_put_number(&p->out, getpid());
        wire_end(&p->out, at, WIRE_ANSWER_MAX);
        answer_done(s, p, 0);
        return;
    }
    free(folder);
    break_off(s, p, is_weir && version != WIRE_VERSION
                        ? "the engine is of another version of weir; use the same one for both"
                        : "this is not what a weir says first");
}

/* Everything that the sources have now, but no longer than a moment: others wait. */
static void take_run(Service *s, Peer *p)
{
    weir_status st = WEIR_ROW;
    Watchman w;
    watchman_begin(&w, s->db, p->fd);
    for (int64_t until = ms_now() + RUN_MS; st == WEIR_ROW && ms_now() < until;) st = weir_run(s->db, 0);
    if (watchman_end(&w)) s->has_strayed |= st != WEIR_E_INTERRUPTED;
    if (st == WEIR_ROW || st == WEIR_IDLE || st == WEIR_DONE) answer_done(s, p, 0);
    else answer_failed(s, p);
    catch_stray(s);
}

static void take_push(Service *s, Peer *p, Frame *f)
{
    int64_t n;
    if (must_wait(s, p)) {
        answer_error(s, p, WEIR_E_LOCKED, "WEIR_E_LOCKED: another shell has a transaction open");
        return;
    }
    char *stream = frame_string(f), *format = frame_string(f);
    const char *record = frame_text(f, &n);
    weir_status st = record && frame_is_whole(f) ? weir_push(s->db, stream, format, record, n) : WEIR_E_MISUSE;
    free(stream);
    free(format);
    if (f->is_bad) break_off(s, p, "a frame is broken");
    else if (st == WEIR_OK) answer_done(s, p, 1);
    else answer_failed(s, p);
}

static void take_statement(Service *s, Peer *p, Frame *f)
{
    p->asked = frame_string(f);
    if (!frame_is_whole(f)) break_off(s, p, "a frame is broken");
}

/* What has ended already cannot be cancelled; that is no mistake. */
static void take_cancel(Service *s, Peer *p)
{
    if (!p->stmt && !p->asked) return;
    request_drop(s, p);
    answer_error(s, p, WEIR_E_INTERRUPTED, "WEIR_E_INTERRUPTED: interrupted");
}

void request_take(Service *s, Peer *p, Frame *f)
{
    bool is_busy = p->stmt || p->asked;
    if (f->kind == WIRE_CANCEL) take_cancel(s, p);
    else if (is_busy) break_off(s, p, "a request came before the answer to the last one");
    else if (f->kind == WIRE_HELLO) take_hello(s, p, f);
    else if (!p->folder) break_off(s, p, "this is not what a weir says first");
    else if (f->kind == WIRE_STATEMENT) take_statement(s, p, f);
    else if (f->kind == WIRE_RUN) take_run(s, p);
    else if (f->kind == WIRE_PUSH) take_push(s, p, f);
    else break_off(s, p, "a frame is of no known kind");
}
