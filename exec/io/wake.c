/* wake.c: inotify on folders, standard input and a bell behind one epoll descriptor.
 *
 * A folder is watched, never a file: the watch stays when the file is replaced. */
#include "exec/io/wake.h"

#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

/* One folder, by the number that inotify gave. */
typedef struct Watched {
    int number;
    WakeTells tells;
} Watched;

struct Wake {
    int all, files, bell;
    atomic_bool is_rung;
    Arena arena;
    VEC(Watched) folders;
};

static bool add(int all, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(all, EPOLL_CTL_ADD, fd, &e) == 0;
}

static void shut(int fd)
{
    if (fd >= 0) close(fd);
}

Wake *wake_new(void)
{
    Wake *w = mem_alloc(sizeof *w);
    w->all = epoll_create1(EPOLL_CLOEXEC);
    w->files = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    w->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->all >= 0 && w->files >= 0 && w->bell >= 0 && add(w->all, w->files) && add(w->all, w->bell)) return w;
    wake_free(w);
    return NULL;
}

void wake_free(Wake *w)
{
    if (!w) return;
    shut(w->bell);
    shut(w->files);
    shut(w->all);
    arena_free(&w->arena);
    mem_free(w, sizeof *w);
}

static bool is_stdin(const Relation *rel) { return str_ieq(options_text(&rel->options, "connector", ""), S("stdin")); }

/* File systems that nobody changes but through this machine's kernel. */
static bool is_local(const char *path)
{
    static const unsigned long kinds[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC,
                                          F2FS_SUPER_MAGIC, RAMFS_MAGIC, REISERFS_SUPER_MAGIC};
    struct statfs fs;
    if (statfs(path, &fs) != 0) return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((unsigned long)fs.f_type == kinds[i]) return true;
    return false;
}

static WakeTells watch_folder(Wake *w, Str path, Arena *scratch)
{
    const char *name = str_cstr(scratch, path);
    int number = inotify_add_watch(w->files, name, IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO);
    if (number < 0) return TELLS_NOTHING;
    for (ptrdiff_t i = 0; i < w->folders.len; i++)
        if (w->folders.data[i].number == number) return w->folders.data[i].tells;
    WakeTells tells = is_local(name) ? TELLS_ALL : TELLS_SOME;
    vec_push(&w->folders, &w->arena, (Watched){number, tells});
    return tells;
}

static Str folder_of(Str path)
{
    ptrdiff_t n = path.n;
    while (n > 0 && path.p[n - 1] != '/') n--;
    return n ? str_of(path.p, n) : S(".");
}

static bool has_wildcards(Str s)
{
    for (ptrdiff_t i = 0; i < s.n; i++)
        if (strchr("*?[", s.p[i])) return true;
    return false;
}

/* The files of a folder, or those beside one. */
static WakeTells watch_files(Wake *w, const Relation *rel, Arena *scratch)
{
    Str path = options_text(&rel->options, "path", "");
    if (path.n && path.p[0] != '/' && rel->base_dir.n)
        path = str_printf(scratch, "%.*s/%.*s", STR_ARG(rel->base_dir), STR_ARG(path));
    Str folder = folder_of(path);
    if (has_wildcards(folder)) return TELLS_NOTHING;
    WakeTells tells = watch_folder(w, folder, scratch), within = TELLS_NOTHING;
    if (path.n && path.p[path.n - 1] != '/') within = watch_folder(w, str_printf(scratch, "%.*s/", STR_ARG(path)), scratch);
    return within == TELLS_SOME ? TELLS_SOME : tells;
}

WakeTells wake_watch(Wake *w, const Relation *rel, Arena *scratch)
{
    Str connector = options_text(&rel->options, "connector", "");
    if (!connector.n) return TELLS_ALL; /* rows by hand: whoever gives them calls */
    if (is_stdin(rel)) return add(w->all, STDIN_FILENO) || errno == EEXIST ? TELLS_ALL : TELLS_NOTHING;
    bool has_files = str_ieq(connector, S("file")) || str_ieq(connector, S("filesystem"));
    return has_files ? watch_files(w, rel, scratch) : TELLS_NOTHING;
}

void wake_forget(Wake *w, const Relation *rel)
{
    if (is_stdin(rel)) epoll_ctl(w->all, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
}

int wake_fd(const Wake *w) { return w->all; }

void wake_ring(Wake *w)
{
    int before = errno;
    atomic_store(&w->is_rung, true);
    ssize_t n = write(w->bell, &(uint64_t){1}, sizeof(uint64_t));
    (void)n; /* it cannot be more than rung */
    errno = before;
}

static void stop_ringing(Wake *w)
{
    uint64_t times;
    if (!atomic_exchange(&w->is_rung, false)) return;
    ssize_t n = read(w->bell, &times, sizeof times);
    (void)n;
}

bool wake_clear(Wake *w)
{
    _Alignas(struct inotify_event) char events[4096];
    bool is_moved = false;
    stop_ringing(w);
    for (ssize_t n; (n = read(w->files, events, sizeof events)) > 0;)
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *e = (const void *)(events + at);
            is_moved |= (e->mask & (IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE)) != 0;
            at += (ssize_t)(sizeof *e + e->len);
        }
    return is_moved;
}

bool wake_tells(const Wake *w)
{
    struct pollfd p = {.fd = w->all, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}
