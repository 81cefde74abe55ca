/* server.c: connections of the owner's socket: takes frames, hands their answers on, never waits for one
 * client alone. */
#include "shell/remote/server.h"
#include "shell/remote/listen.h"
#include "shell/remote/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_BYTES = 64 << 10, ROWS_WAIT_MS = 20, TURN_MS = 20
};

struct Server {
    Service service;
    Listener listener;
    Peer *peers[SERVER_CLIENTS_MAX];
    int n;
};

Server *server_start(weir *db, const char *path, bool is_driven)
{
    Server *s = calloc(1, sizeof *s);
    s->service = (Service){.db = db, .wait_ms = !is_driven};
    if (listen_open(path, &s->listener)) return s;
    fprintf(stderr, "weir: no other shell can join: cannot listen on \"%s-weir\": %s\n", path, strerror(errno));
    free(s);
    return NULL;
}

/* ---- connections ----------------------------------------------------------------------------------------- */

static void roll_back(Service *s)
{
    weir_stmt *stmt = NULL;
    if (weir_prepare(s->db, "ROLLBACK;", -1, &stmt, NULL) == WEIR_OK) weir_step(stmt);
    weir_finalize(stmt);
}

/* A client that goes takes its transaction with it. */
static void leave(Server *s, int i)
{
    Peer *p = s->peers[i];
    request_drop(&s->service, p);
    if (s->service.holder == p) {
        s->service.holder = NULL;
        roll_back(&s->service);
    }
    close(p->fd);
    wire_free(&p->in);
    wire_free(&p->out);
    free(p->folder);
    free(p);
    s->peers[i] = s->peers[--s->n];
}

void server_stop(Server *s)
{
    if (!s) return;
    while (s->n > 0) leave(s, s->n - 1);
    listen_close(&s->listener);
    free(s);
}

static void welcome(Server *s)
{
    int fd = accept4(s->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (s->n == SERVER_CLIENTS_MAX || !listen_is_ours(fd)) {
        close(fd);
        return;
    }
    Peer *p = calloc(1, sizeof *p);
    p->fd = fd;
    s->peers[s->n++] = p;
}

/* ---- bytes ----------------------------------------------------------------------------------------------- */

static void send_out(Peer *p, bool *is_gone)
{
    while (wire_waits(&p->out) > 0) {
        ssize_t n = send(p->fd, p->out.data + p->out.head, wire_waits(&p->out), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (n <= 0) {
            *is_gone = true;
            return;
        }
        wire_sent(&p->out, (size_t)n);
    }
    *is_gone |= p->is_leaving;
}

static void read_in(Peer *p, bool *is_gone)
{
    ssize_t n = recv(p->fd, wire_room(&p->in, READ_BYTES), READ_BYTES, MSG_DONTWAIT);
    if (n > 0) wire_added(&p->in, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) *is_gone = true;
}

static bool take_frames(Server *s, Peer *p)
{
    Frame f;
    WireTaken taken = WIRE_SHORT;
    bool has_taken = false;
    while (!p->is_leaving && (taken = wire_take(&p->in, WIRE_REQUEST_MAX, &f)) == WIRE_TAKEN) {
        request_take(&s->service, p, &f);
        has_taken = true;
    }
    p->is_leaving |= taken == WIRE_TOO_LONG;
    return has_taken;
}

/* ---- a turn ---------------------------------------------------------------------------------------------- */

int server_poll(const Server *s, struct pollfd *out, int *wait_ms)
{
    if (!s) return 0;
    out[0] = (struct pollfd){.fd = s->listener.fd, .events = POLLIN};
    for (int i = 0; i < s->n; i++) {
        const Peer *p = s->peers[i];
        bool has_out = wire_waits(&p->out) > 0;
        out[1 + i] = (struct pollfd){.fd = p->fd, .events = (short)(POLLIN | (has_out ? POLLOUT : 0))};
        int wait = p->has_more ? 0 : ROWS_WAIT_MS;
        if ((p->stmt || p->asked) && !has_out && (*wait_ms < 0 || *wait_ms > wait)) *wait_ms = wait;
    }
    return 1 + s->n;
}

/* What one client has asked, and its rows. True: it has asked. */
static bool serve(Server *s, int i, short events)
{
    Peer *p = s->peers[i];
    bool is_gone = false, has_asked = false;
    if (events & (POLLIN | POLLHUP | POLLERR)) read_in(p, &is_gone);
    if (!is_gone) has_asked = take_frames(s, p);
    if (!is_gone && !p->is_leaving) request_step(&s->service, p);
    if (!is_gone) send_out(p, &is_gone);
    if (is_gone) leave(s, i);
    return has_asked;
}

/* `other` ends the wait, too; -1: there is none. */
static bool serve_all(Server *s, int wait_ms, int other)
{
    struct pollfd p[SERVER_POLL_MAX + 1];
    bool has_asked = false;
    int n = server_poll(s, p, &wait_ms);
    p[n] = (struct pollfd){.fd = other, .events = POLLIN};
    if (poll(p, (nfds_t)n + 1, wait_ms) < 0) return false;
    for (int i = n - 2; i >= 0; i--) has_asked |= serve(s, i, p[1 + i].revents); /* the last takes a gone one's place */
    if (p[0].revents && s->n < SERVER_CLIENTS_MAX) welcome(s);
    return has_asked;
}

static int64_t ms_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Who asks again and again, as .import does for each record, is not to wait for a commit each time. */
void server_turn(Server *s, int wait_ms)
{
    if (!s) return;
    for (int64_t until = ms_now() + TURN_MS; serve_all(s, wait_ms, -1) && ms_now() < until; wait_ms = 1) {}
}

void server_rest(Server *s, int most_ms)
{
    if (!s) return;
    int ms, fd = weir_wait_fd(s->service.db, &ms);
    if (serve_all(s, ms < most_ms ? ms : most_ms, fd)) server_turn(s, 1);
}

/* ---- what the owner must know ---------------------------------------------------------------------------- */

bool server_is_held(const Server *s) { return s && s->service.holder; }

void server_changed(Server *s)
{
    if (s) s->service.generation++;
}
