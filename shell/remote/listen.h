/* listen.h: the socket `<db>-weir` beside a database: binding it, finding it. */
#ifndef WEIR_SHELL_LISTEN_H
#define WEIR_SHELL_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

/* A bound socket, and by what it is known again before it is unlinked. */
typedef struct Listener {
    int fd, folder; /* of the socket; of its folder */
    char *name;     /* within the folder */
    dev_t device;
    ino_t inode;
} Listener;

/* For the holder of the database's lock only: a socket that is there already is nobody's any more and
 * goes. False: there is none, with the reason in errno. */
bool listen_open(const char *db, Listener *out);
void listen_close(Listener *l);
/* A connection; -1: nobody listens, errno says why. */
int listen_connect(const char *db);
/* Whether the other end belongs to this user (or to root). */
bool listen_is_ours(int fd);

#endif
