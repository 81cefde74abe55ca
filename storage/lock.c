/* lock.c: the owner's lock.
 *
 * An OFD lock belongs to the open file, not to the process: unlike a POSIX lock it is not dropped
 * when some other descriptor of the same file is closed, and it also keeps two engines of one
 * process apart. */
#include "storage/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static Status path_error(const char *what, const char *path, Diags *d)
{
    return diag_error(d, WEIR_E_IO, (Span){0}, "cannot %s \"%s\": %s", what, path, strerror(errno));
}

Status lock_real_path(const char *path, Arena *a, char **out, Diags *d)
{
    char real[PATH_MAX];
    if (realpath(path, real)) {
        *out = str_cstr(a, str_z(real));
        return WEIR_OK;
    }
    if (errno != ENOENT) return path_error("open", path, d);
    const char *slash = strrchr(path, '/');
    Str folder = !slash ? S(".") : slash == path ? S("/") : str_of(path, slash - path);
    if (!realpath(str_cstr(a, folder), real)) return path_error("open", path, d);
    Str parent = str_z(real);
    *out = (char *)str_printf(a, "%.*s%s%s", STR_ARG(parent), str_ends(parent, S("/")) ? "" : "/",
                              slash ? slash + 1 : path).p;
    return WEIR_OK;
}

/* The pid that the lock's owner wrote; 0: nothing readable yet. */
static int64_t owner_pid(int fd)
{
    char text[32];
    ssize_t n = pread(fd, text, sizeof text, 0);
    int64_t pid = 0;
    return n > 0 && str_to_int64(str_trim(str_of(text, n)), &pid) ? pid : 0;
}

static Status locked_error(const char *db, int fd, Diags *d)
{
    int64_t pid = owner_pid(fd);
    if (!pid)
        return diag_error(d, WEIR_E_LOCKED, (Span){0}, "\"%s\" is in use by another engine", db);
    Status st = diag_error(d, WEIR_E_LOCKED, (Span){0}, "\"%s\" is in use by process %lld", db, (long long)pid);
    diag_hint(d, "stop process %lld, or open the database read-only", (long long)pid);
    return st;
}

static bool write_pid(int fd)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%lld\n", (long long)getpid());
    return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n;
}

Status lock_take(const char *db, Arena *scratch, int *out, Diags *d)
{
    const char *path = str_printf(scratch, "%s-weir.lock", db).p;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return path_error("create lock file", path, d);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) != 0) {
        Status st = errno == EAGAIN || errno == EACCES ? locked_error(db, fd, d) : path_error("lock", path, d);
        close(fd);
        return st;
    }
    if (!write_pid(fd)) { /* a full disk: the lock holds, only its owner stays nameless */
        if (ftruncate(fd, 0) != 0) errno = 0;
    }
    *out = fd;
    return WEIR_OK;
}

void lock_release(int fd)
{
    if (fd >= 0) close(fd);
}
