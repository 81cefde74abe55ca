/* listen.c: the owner's socket. A socket's path ends at 107 bytes, so it is reached through the descriptor
 * of its folder, /proc/self/fd/<n>/<name>. */
#include "shell/remote/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAITING_MAX = 16 };

/* The folder of the database, links followed, and the socket's name in it. */
static int open_folder(const char *db, char **name)
{
    char *real = realpath(db, NULL), *slash = real ? strrchr(real, '/') : NULL;
    int fd = -1;
    *name = NULL;
    if (slash && asprintf(name, "%s-weir", slash + 1) >= 0) {
        *slash = 0;
        fd = open(*real ? real : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    if (fd < 0) {
        free(*name);
        *name = NULL;
    }
    free(real);
    return fd;
}

static bool address_of(int folder, const char *name, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/%s", folder, name);
    if (n > 0 && (size_t)n < sizeof out->sun_path) return true;
    errno = ENAMETOOLONG;
    return false;
}

/* What has the name and is no socket stays. */
static bool make_way(int folder, const char *name)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW)) return errno == ENOENT;
    if (S_ISSOCK(st.st_mode)) return unlinkat(folder, name, 0) == 0;
    errno = EEXIST;
    return false;
}

static bool bind_listener(Listener *l)
{
    struct sockaddr_un a;
    struct stat st;
    if (!address_of(l->folder, l->name, &a) || !make_way(l->folder, l->name)) return false;
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0) return false;
    mode_t old = umask(0177);
    int rc = bind(l->fd, (struct sockaddr *)&a, sizeof a);
    umask(old);
    if (rc || fstatat(l->folder, l->name, &st, AT_SYMLINK_NOFOLLOW)) return false;
    l->device = st.st_dev;
    l->inode = st.st_ino;
    return listen(l->fd, WAITING_MAX) == 0;
}

bool listen_open(const char *db, Listener *out)
{
    *out = (Listener){.fd = -1};
    out->folder = open_folder(db, &out->name);
    if (out->folder >= 0 && bind_listener(out)) return true;
    int why = errno;
    listen_close(out);
    errno = why;
    return false;
}

void listen_close(Listener *l)
{
    struct stat st;
    bool is_bound = l->fd >= 0 && l->inode && fstatat(l->folder, l->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_bound && st.st_dev == l->device && st.st_ino == l->inode) unlinkat(l->folder, l->name, 0);
    if (l->fd >= 0) close(l->fd);
    if (l->folder >= 0) close(l->folder);
    free(l->name);
    *l = (Listener){.fd = -1, .folder = -1};
}

int listen_connect(const char *db)
{
    struct sockaddr_un a;
    char *name;
    int folder = open_folder(db, &name), fd = -1, why = errno;
    if (folder < 0) return -1;
    if (address_of(folder, name, &a)) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    why = errno;
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a)) {
        why = errno;
        close(fd);
        fd = -1;
    }
    close(folder);
    free(name);
    errno = why;
    return fd;
}

bool listen_is_ours(int fd)
{
    struct ucred who;
    socklen_t n = sizeof who;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n)) return false;
    return who.uid == geteuid() || who.uid == 0;
}
