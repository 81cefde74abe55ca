/* file_part.c: knowing a file again by what was read of it (see file_part.h). */
#include "exec/io/file_part.h"
#include "base/hash.h"
#include "base/plant.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IDENTITY_VERSION = 1 };

/* ---- the open file ----------------------------------------------------------------------------- */

Status file_part_open(FilePart *f, const char *path, Diags *d)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int why = errno;
        if (fd >= 0) close(fd);
        return diag_error(d, WEIR_E_IO, (Span){0}, "cannot read \"%s\": %s", path, strerror(why));
    }
    if (!S_ISREG(st.st_mode)) {
        close(fd);
        return diag_error(d, WEIR_E_IO, (Span){0}, "\"%s\" is not a regular file", path);
    }
    file_part_close(f);
    f->fd = fd;
    f->device = (uint64_t)st.st_dev;
    f->inode = (uint64_t)st.st_ino;
    f->size = st.st_size;
    f->at_end = false;
    f->is_link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return WEIR_OK;
}

void file_part_close(FilePart *f)
{
    if (f->fd >= 0) close(f->fd);
    f->fd = -1;
}

int64_t file_changed_ns(const struct stat *st)
{
    return st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec;
}

int64_t file_part_look(const FilePart *f, int64_t *changed_ns)
{
    struct stat st;
    if (fstat(f->fd, &st) != 0) return -1;
    *changed_ns = file_changed_ns(&st);
    return st.st_size;
}

/* ---- marks ------------------------------------------------------------------------------------- */

void file_part_advance(FilePart *f, const char *p, ptrdiff_t n)
{
    if (f->head_n < FILE_MARK_MAX) {
        ptrdiff_t more = FILE_MARK_MAX - f->head_n < n ? FILE_MARK_MAX - f->head_n : n;
        memcpy(f->head + f->head_n, p, (size_t)more);
        f->head_n += (int32_t)more;
    }
    ptrdiff_t fresh = n < FILE_MARK_MAX ? n : FILE_MARK_MAX;
    ptrdiff_t kept = f->tail_n + fresh > FILE_MARK_MAX ? FILE_MARK_MAX - fresh : f->tail_n;
    memmove(f->tail, f->tail + f->tail_n - kept, (size_t)kept);
    memcpy(f->tail + kept, p + n - fresh, (size_t)fresh);
    f->tail_n = (int32_t)(kept + fresh);
    f->offset += (uint64_t)n;
}

FileMark file_part_mark(const FilePart *f)
{
    if (f->is_kept) return f->kept;
    return (FileMark){.length = f->offset, .head = hash_bytes(f->head, f->head_n),
                      .tail = hash_bytes(f->tail, f->tail_n), .inode = f->inode};
}

void file_part_next_generation(FilePart *f)
{
    memmove(f->past + 1, f->past, (FILE_PAST_MAX - 1) * sizeof *f->past);
    f->past[0] = file_part_mark(f);
    if (f->npast < FILE_PAST_MAX) f->npast++;
    f->generation++;
    f->offset = 0;
    f->head_n = f->tail_n = 0;
    f->is_kept = f->at_end = false;
    f->history_end = 0;
    f->line = 1;
    file_part_set_decoder(f, (Str){0});
}

static bool read_all(int fd, char *p, size_t n, uint64_t at)
{
    while (n) {
        ssize_t got = pread(fd, p, n, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        p += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return true;
}

bool file_has_mark(int fd, const FileMark *m)
{
    char bytes[FILE_MARK_MAX];
    struct stat st;
    if (fstat(fd, &st) != 0 || (uint64_t)st.st_size < m->length) return false;
    size_t n = m->length < FILE_MARK_MAX && !WEIR_PLANT("identity-by-first-kb") ? (size_t)m->length : FILE_MARK_MAX;
    if (!read_all(fd, bytes, n, 0) || hash_bytes(bytes, (ptrdiff_t)n) != m->head) return false;
    return read_all(fd, bytes, n, m->length - n) && hash_bytes(bytes, (ptrdiff_t)n) == m->tail;
}

bool file_part_read_marks(FilePart *f)
{
    size_t n = f->offset < FILE_MARK_MAX ? (size_t)f->offset : FILE_MARK_MAX;
    f->head_n = f->tail_n = (int32_t)n;
    f->is_kept = false;
    return read_all(f->fd, f->head, n, 0) && read_all(f->fd, f->tail, n, f->offset - n);
}

void file_part_keep_mark(FilePart *f, const FileMark *m)
{
    f->kept = *m;
    f->is_kept = true;
}

/* ---- identity ---------------------------------------------------------------------------------- */

/* Room for n bytes in a buffer that lives as long as the part and seldom grows. */
static char *room_for(const FilePart *f, char *p, ptrdiff_t *cap, ptrdiff_t n)
{
    if (n <= *cap) return p;
    *cap = 2 * n;
    return arena_alloc_raw(f->arena, *cap, 1);
}

void file_part_set_decoder(FilePart *f, Str state)
{
    if (str_eq(f->decoder, state)) return;
    char *p = room_for(f, (char *)f->decoder.p, &f->decoder_cap, state.n);
    if (state.n) memcpy(p, state.p, (size_t)state.n);
    f->decoder = str_of(p, state.n);
}

static void put_mark(StrBuf *b, const FileMark *m)
{
    sb_varint(b, m->length);
    sb_varint(b, m->inode);
    sb_u64(b, m->head);
    sb_u64(b, m->tail);
}

static FileMark get_mark(StrReader *r)
{
    FileMark m;
    m.length = sr_varint(r);
    m.inode = sr_varint(r);
    m.head = sr_u64(r);
    m.tail = sr_u64(r);
    return m;
}

Str file_part_identity(FilePart *f)
{
    enum { NUMBERS_MAX = 64 + 40 * (FILE_PAST_MAX + 1) };
    FileMark mark = file_part_mark(f);
    f->identity = room_for(f, f->identity, &f->identity_cap, NUMBERS_MAX + f->decoder.n);
    StrBuf b = {.arena = f->arena, .p = f->identity, .cap = f->identity_cap};
    sb_varint(&b, IDENTITY_VERSION);
    sb_varint(&b, HASH_VERSION);
    put_mark(&b, &mark);
    sb_varint(&b, f->history_end);
    sb_varint(&b, (uint64_t)f->line);
    sb_varint(&b, (uint64_t)f->npast);
    for (int i = 0; i < f->npast; i++) put_mark(&b, &f->past[i]);
    sb_str(&b, f->decoder);
    assert(b.p == f->identity);
    return str_of(b.p, b.n);
}

bool file_part_restore(FilePart *f, const SourcePosition *p, FileMark *mark)
{
    StrReader r = {p->identity.p, p->identity.p + p->identity.n, false};
    if (sr_varint(&r) != IDENTITY_VERSION || sr_varint(&r) != HASH_VERSION) return false;
    *mark = get_mark(&r);
    uint64_t history_end = sr_varint(&r), line = sr_varint(&r), npast = sr_varint(&r);
    if (r.bad || npast > FILE_PAST_MAX || mark->length != p->offset) return false;
    f->npast = (int32_t)npast;
    for (int i = 0; i < f->npast; i++) f->past[i] = get_mark(&r);
    if (r.bad) return false;
    f->label = p->label;
    f->generation = p->generation;
    f->offset = p->offset;
    f->ended = p->ended;
    f->history_end = history_end;
    f->line = (int64_t)line;
    file_part_set_decoder(f, str_of(r.at, r.end - r.at));
    return true;
}
