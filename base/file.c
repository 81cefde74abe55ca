/* file.c: reading a small file whole. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_all(int fd, char *p, ptrdiff_t n)
{
    while (n > 0) {
        ssize_t got = read(fd, p, (size_t)n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        p += got;
        n -= got;
    }
    return true;
}

static bool small_enough(int fd, ptrdiff_t max, ptrdiff_t *n)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return false;
    errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
    *n = (ptrdiff_t)st.st_size;
    return S_ISREG(st.st_mode) && st.st_size <= max;
}

/* Memory for n bytes; the file is closed when there is none. */
static char *memory_for(Arena *a, int fd, ptrdiff_t n)
{
    OomFrame f;
    if (OOM_TRY(&f)) {
        char *p = arena_alloc_raw(a, n + 1, 1);
        OOM_END(&f);
        return p;
    }
    close(fd);
    oom_raise();
}

bool file_read(Arena *a, const char *path, ptrdiff_t max, Str *out)
{
    ptrdiff_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) return false;
    bool ok = small_enough(fd, max, &n);
    char *p = ok ? memory_for(a, fd, n) : NULL;
    if (ok) p[n] = 0;
    ok = ok && read_all(fd, p, n);
    int error = errno;
    close(fd);
    errno = error;
    if (ok) *out = str_of(p, n);
    return ok;
}
