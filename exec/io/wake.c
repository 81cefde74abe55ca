/* wake.c: inotify on folders, and standard input, behind one epoll descriptor.
 *
 * A folder is watched, never a file: the watch stays when the file is replaced. */
#include "exec/io/wake.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

struct Wake {
    int both, files;
};

static bool add(int both, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(both, EPOLL_CTL_ADD, fd, &e) == 0;
}

Wake *wake_new(void)
{
    Wake w = {.both = epoll_create1(EPOLL_CLOEXEC), .files = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    if (w.both >= 0 && w.files >= 0 && add(w.both, w.files)) {
        Wake *made = mem_alloc(sizeof *made);
        *made = w;
        return made;
    }
    if (w.files >= 0) close(w.files);
    if (w.both >= 0) close(w.both);
    return NULL;
}

void wake_free(Wake *w)
{
    if (!w) return;
    close(w->files);
    close(w->both);
    mem_free(w, sizeof *w);
}

static bool is_stdin(const Relation *rel) { return str_ieq(options_text(&rel->options, "connector", ""), S("stdin")); }

static bool watch_folder(Wake *w, Str path, Arena *scratch)
{
    return inotify_add_watch(w->files, str_cstr(scratch, path), IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO) >= 0;
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
static bool watch_files(Wake *w, const Relation *rel, Arena *scratch)
{
    Str path = options_text(&rel->options, "path", "");
    if (path.n && path.p[0] != '/' && rel->base_dir.n)
        path = str_printf(scratch, "%.*s/%.*s", STR_ARG(rel->base_dir), STR_ARG(path));
    Str folder = folder_of(path);
    if (has_wildcards(folder)) return false;
    if (path.n && path.p[path.n - 1] != '/') watch_folder(w, str_printf(scratch, "%.*s/", STR_ARG(path)), scratch);
    return watch_folder(w, folder, scratch);
}

bool wake_watch(Wake *w, const Relation *rel, Arena *scratch)
{
    Str connector = options_text(&rel->options, "connector", "");
    if (!connector.n) return true; /* rows by hand: whoever gives them calls */
    if (is_stdin(rel)) return add(w->both, STDIN_FILENO) || errno == EEXIST;
    bool has_files = str_ieq(connector, S("file")) || str_ieq(connector, S("filesystem"));
    return has_files && watch_files(w, rel, scratch);
}

void wake_forget(Wake *w, const Relation *rel)
{
    if (is_stdin(rel)) epoll_ctl(w->both, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
}

int wake_fd(const Wake *w) { return w->both; }

bool wake_clear(Wake *w)
{
    _Alignas(struct inotify_event) char events[4096];
    bool is_moved = false;
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
    struct pollfd p = {.fd = w->both, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}
