/* client.c: see client.h. */
#include "shell/remote/client.h"
#include "shell/remote/listen.h"
#include "shell/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10, ERRORS_MAX = 10000 };

/* ---- errors ---------------------------------------------------------------------------------------------- */

void client_told(Client *c)
{
    for (int i = 0; i < c->nerrors; i++) {
        free(c->errors[i].file);
        free(c->errors[i].text);
    }
    free(c->errors);
    c->errors = NULL;
    c->nerrors = 0;
}

static void keep_error(Client *c, weir_status code, int line, char *file, char *text)
{
    c->errors = realloc(c->errors, (size_t)(c->nerrors + 1) * sizeof *c->errors);
    c->errors[c->nerrors++] = (RemoteError){code, line, file, text};
}

static weir_status lose(Client *c)
{
    client_told(c);
    keep_error(c, WEIR_E_IO, 0, NULL, strdup("the engine has stopped; reconnect with .open"));
    c->is_lost = true;
    c->is_asking = false;
    return WEIR_E_IO;
}

/* ---- bytes ----------------------------------------------------------------------------------------------- */

static void send_all(Client *c, Wire *w)
{
    while (wire_waits(w) > 0 && !c->is_lost) {
        ssize_t n = send(c->fd, w->data + w->head, wire_waits(w), MSG_NOSIGNAL);
        if (n > 0) wire_sent(w, (size_t)n);
        else if (errno != EINTR) c->is_lost = true; /* told by client_next */
    }
    wire_free(w);
}

static void send_cancel(Client *c)
{
    Wire w = {0};
    wire_end(&w, wire_begin(&w, WIRE_CANCEL), WIRE_REQUEST_MAX);
    send_all(c, &w);
}

/* Waits for bytes; Ctrl-C is let through only while waiting, and cancels once. */
static bool wait_for_bytes(Client *c)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    sigset_t stop, before;
    int got = 0;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, &before);
    do {
        if (interrupt_waits() && !c->has_cancelled) {
            c->has_cancelled = true;
            send_cancel(c);
        }
        got = ppoll(&p, 1, NULL, &before);
    } while (got < 0 && errno == EINTR);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return got > 0;
}

static bool read_some(Client *c)
{
    ssize_t n;
    while ((n = recv(c->fd, wire_room(&c->in, READ_BYTES), READ_BYTES, 0)) < 0 && errno == EINTR) {}
    if (n > 0) wire_added(&c->in, (size_t)n);
    return n > 0;
}

/* ---- answers --------------------------------------------------------------------------------------------- */

static weir_status take_failed(Client *c, Frame *f)
{
    c->generation = frame_number(f);
    c->in_transaction = frame_number(f) != 0;
    int64_t n = frame_number(f);
    for (int64_t i = 0; i < n && i < ERRORS_MAX && !f->is_bad; i++) {
        weir_status code = (weir_status)frame_number(f);
        int line = (int)frame_number(f);
        int64_t len;
        const char *file = frame_text(f, &len);
        char *copy = file ? strndup(file, (size_t)len) : NULL;
        keep_error(c, code, line, copy, frame_string(f));
    }
    return c->nerrors ? c->errors[0].code : WEIR_E_INTERNAL;
}

static weir_status take_done(Client *c, Frame *f)
{
    c->generation = frame_number(f);
    c->in_transaction = frame_number(f) != 0;
    c->changes = frame_number(f);
    return WEIR_DONE;
}

static weir_status take_answer(Client *c, Frame *f)
{
    if (f->kind == WIRE_ROW || f->kind == WIRE_COLUMNS) return WEIR_ROW;
    c->is_asking = false;
    if (f->kind == WIRE_DONE) return take_done(c, f);
    if (f->kind == WIRE_FAILED) return take_failed(c, f);
    return lose(c);
}

weir_status client_next(Client *c, Frame *f)
{
    client_told(c);
    if (c->is_too_long) {
        keep_error(c, WEIR_E_LIMIT, 0, NULL, strdup("WEIR_E_LIMIT: the text is too long to be sent"));
        c->is_too_long = c->is_asking = false;
        return WEIR_E_LIMIT;
    }
    for (;;) {
        if (c->is_lost) return lose(c);
        WireTaken taken = wire_take(&c->in, WIRE_ANSWER_MAX, f);
        if (taken == WIRE_TOO_LONG) return lose(c);
        if (taken == WIRE_TAKEN && f->kind != WIRE_WELCOME) return take_answer(c, f);
        if (taken == WIRE_SHORT && (!wait_for_bytes(c) || !read_some(c))) return lose(c);
        if (taken == WIRE_TAKEN) return WEIR_ROW;
    }
}

weir_status client_finish(Client *c)
{
    Frame f;
    weir_status st;
    while ((st = client_next(c, &f)) == WEIR_ROW) {}
    return st;
}

void client_give_up(Client *c)
{
    if (!c->is_asking) return;
    send_cancel(c);
    client_finish(c);
}

/* ---- asking ---------------------------------------------------------------------------------------------- */

static void ask(Client *c, Wire *w, size_t at)
{
    client_give_up(c);
    c->is_too_long = !wire_end(w, at, WIRE_REQUEST_MAX);
    c->is_asking = true;
    c->has_cancelled = false;
    send_all(c, w);
}

void client_ask_statement(Client *c, const char *sql, int64_t n)
{
    Wire w = {0};
    size_t at = wire_begin(&w, WIRE_STATEMENT);
    wire_put_text(&w, sql, n);
    ask(c, &w, at);
}

void client_ask_run(Client *c)
{
    Wire w = {0};
    ask(c, &w, wire_begin(&w, WIRE_RUN));
}

void client_ask_push(Client *c, const char *stream, const char *format, const char *record, int64_t n)
{
    Wire w = {0};
    size_t at = wire_begin(&w, WIRE_PUSH);
    wire_put_string(&w, stream);
    wire_put_string(&w, format);
    wire_put_text(&w, record, n);
    ask(c, &w, at);
}

/* ---- hello ----------------------------------------------------------------------------------------------- */

static void say_hello(Client *c)
{
    Wire w = {0};
    char *folder = realpath(".", NULL);
    size_t at = wire_begin(&w, WIRE_HELLO);
    wire_put_string(&w, "weir");
    wire_put_number(&w, WIRE_VERSION);
    wire_put_string(&w, folder);
    ask(c, &w, at);
    free(folder);
}

/* The first answer is the engine's name, then that all is well. */
static bool hear_welcome(Client *c, char **refusal)
{
    Frame f;
    weir_status st = client_next(c, &f);
    int64_t n;
    if (st == WEIR_ROW && f.kind == WIRE_WELCOME) {
        frame_text(&f, &n);
        frame_number(&f);
        c->version = frame_string(&f);
        c->pid = frame_number(&f);
        st = frame_is_whole(&f) ? client_finish(c) : WEIR_E_IO;
    }
    if (st != WEIR_DONE) *refusal = strdup(c->nerrors ? c->errors[0].text : "the engine does not answer");
    return st == WEIR_DONE;
}

Client *client_open(const char *db, char **refusal)
{
    *refusal = NULL;
    int fd = listen_connect(db);
    if (fd < 0) return NULL;
    Client *c = calloc(1, sizeof *c);
    c->fd = fd;
    if (!listen_is_ours(fd)) {
        *refusal = strdup("the socket belongs to another user");
    } else {
        say_hello(c);
        if (hear_welcome(c, refusal)) return c;
    }
    client_close(c);
    return NULL;
}

void client_close(Client *c)
{
    if (!c) return;
    close(c->fd);
    client_told(c);
    wire_free(&c->in);
    free(c->version);
    free(c);
}
