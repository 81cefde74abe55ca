/* watchman.c: a thread that looks at one connection while the engine's thread is inside of a call.
 * It reads nothing: what comes is left for the server. */
#include "shell/remote/watchman.h"
#include "shell/remote/wire.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static bool wants_out(int fd)
{
    char head[WIRE_HEAD];
    ssize_t n = recv(fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n == WIRE_HEAD && head[WIRE_HEAD - 1] == WIRE_CANCEL);
}

static void *watch(void *arg)
{
    Watchman *w = arg;
    struct pollfd p[2] = {{.fd = w->fd, .events = POLLIN}, {.fd = w->stop[0], .events = POLLIN}};
    while (poll(p, 2, -1) < 0) {}
    if (p[1].revents || !p[0].revents || !wants_out(w->fd)) return NULL;
    atomic_store(&w->has_interrupted, true);
    weir_interrupt(w->db);
    return NULL;
}

/* Signals are the main thread's. */
void watchman_begin(Watchman *w, weir *db, int fd)
{
    sigset_t all, before;
    *w = (Watchman){.db = db, .fd = fd};
    if (pipe(w->stop)) return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->is_on = pthread_create(&w->thread, NULL, watch, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (w->is_on) return;
    close(w->stop[0]);
    close(w->stop[1]);
}

bool watchman_end(Watchman *w)
{
    if (!w->is_on) return false;
    close(w->stop[1]); /* the other end hears it */
    pthread_join(w->thread, NULL);
    close(w->stop[0]);
    return atomic_load(&w->has_interrupted);
}
