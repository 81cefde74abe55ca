/* frames.c: see frames.h.
 *
 * Held are frames of the log from the moment that the connection has the lock of writers until the
 * frame that commits has been written: readers learn of a commit after that, through the index of the log. What
 * is held when the lock is given back belongs to no commit. Pages of the database are held while they are copied by a
 * connection that has the file to itself, as the last one does when it closes: SQLite then truncates and syncs the file, and looks
 * at what that says, before the log is given up. With others beside it, a checkpoint of a part of the log ends
 * without such a call, so that there each page is written at once. */
#include "storage/frames.h"

#include "base/arena.h"
#include "storage/sql.h"

#include <stdio.h>

enum {
    LOG_HEAD = 32, FRAME_HEAD = 24, /* bytes before the first frame, and before the page of each */
    WRITE_LOCK = 0,                 /* of the locks of the log's index */
    /* Linux has memory of up to 32 KB at hand that was in use just now; more at a time may be memory that is cold. SQLite's
     * own VFS takes less than 128 KB in one write. */
    HELD_BYTES = 8 * (FRAME_HEAD + 4096)
};

typedef struct Handle {
    sqlite3_file base;
    Frames *frames;
    bool is_log;
    bool is_alone; /* has the database file to itself */
    bool moves;    /* a checkpoint copies pages into it meanwhile */
    _Alignas(8) char real[]; /* the file behind it */
} Handle;

struct Frames {
    sqlite3_vfs vfs, *real;
    char name[40];
    int64_t page_bytes;
    bool gathers;       /* the lock of writers is held, and no commit has been written since */
    bool ends;          /* the frame whose head came last commits */
    Handle *of;         /* whose bytes are held */
    int64_t at;         /* where they belong */
    int n;
    char held[HELD_BYTES];
};

#define FRAMES(f) (((Handle *)(f))->frames)
#define REAL(f) ((sqlite3_file *)(void *)((Handle *)(f))->real)
#define CALL(f, method, ...) REAL(f)->pMethods->method(REAL(f), ##__VA_ARGS__)

/* ---- what is held ------------------------------------------------------------------------------ */

static bool holds(const Frames *g, const sqlite3_file *f) { return g->n > 0 && &g->of->base == f; }

static void drop(sqlite3_file *f)
{
    if (holds(FRAMES(f), f)) FRAMES(f)->n = 0;
}

/* What fails stays held. */
static int hand_on(sqlite3_file *f)
{
    Frames *g = FRAMES(f);
    if (!holds(g, f)) return SQLITE_OK;
    int rc = CALL(f, xWrite, g->held, g->n, g->at);
    if (rc == SQLITE_OK) g->n = 0;
    return rc;
}

/* For a write: SQLite takes back the whole transaction when one has failed. */
static int hand_on_or_drop(sqlite3_file *f)
{
    int rc = hand_on(f);
    if (rc != SQLITE_OK) drop(f);
    return rc;
}

static int hold(sqlite3_file *f, const void *p, int n, int64_t at)
{
    Frames *g = FRAMES(f);
    if (!holds(g, f) || at != g->at + g->n || g->n + n > HELD_BYTES) {
        int rc = g->n > 0 ? hand_on_or_drop(&g->of->base) : SQLITE_OK;
        if (rc != SQLITE_OK) return rc;
        g->of = (Handle *)(void *)f;
        g->at = at;
    }
    memcpy(g->held + g->n, p, (size_t)n);
    g->n += n;
    return SQLITE_OK;
}

static bool is_within(const Frames *g, const sqlite3_file *f, int n, int64_t at)
{
    return holds(g, f) && at >= g->at && at + n <= g->at + g->n;
}

static int write_through(sqlite3_file *f, const void *p, int n, int64_t at)
{
    int rc = hand_on_or_drop(f);
    return rc == SQLITE_OK ? CALL(f, xWrite, p, n, at) : rc;
}

/* ---- writing ----------------------------------------------------------------------------------- */

static bool commits(const uint8_t *head) { return head[4] | head[5] | head[6] | head[7]; }

/* A frame comes as two writes: its head, its page. What is neither goes through, and so does a page that is written
 * anew in a frame that has left already. A head that comes once more follows a rollback to a savepoint: what is held from
 * there on is undone. */
static int log_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    Frames *g = FRAMES(f);
    int64_t frame = FRAME_HEAD + g->page_bytes, within = (at - LOG_HEAD) % frame;
    bool is_head = n == FRAME_HEAD && within == 0, is_page = n == g->page_bytes && within == FRAME_HEAD;
    if (!g->gathers || at < LOG_HEAD || frame > HELD_BYTES || !(is_head || is_page)) return write_through(f, p, n, at);
    if (is_head && is_within(g, f, n, at)) g->n = (int)(at - g->at);
    if (is_within(g, f, n, at)) {
        memcpy(g->held + (at - g->at), p, (size_t)n);
        return SQLITE_OK;
    }
    if (is_page && !(holds(g, f) && at == g->at + g->n)) return write_through(f, p, n, at);
    if (is_head) g->ends = commits(p);
    int rc = hold(f, p, n, at);
    if (rc != SQLITE_OK || is_head || !g->ends) return rc;
    g->gathers = false;
    return hand_on_or_drop(f);
}

static int frames_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    const Handle *h = (Handle *)(void *)f;
    if (h->is_log) return h->frames->page_bytes > 0 ? log_write(f, p, n, at) : CALL(f, xWrite, p, n, at);
    return h->moves && n <= HELD_BYTES ? hold(f, p, n, at) : write_through(f, p, n, at);
}

/* ---- everything else --------------------------------------------------------------------------- */

static bool overlaps(const Frames *g, const sqlite3_file *f, int n, int64_t at)
{
    return holds(g, f) && at < g->at + g->n && g->at < at + n;
}

static int frames_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    const Frames *g = FRAMES(f);
    if (is_within(g, f, n, at)) {
        memcpy(p, g->held + (at - g->at), (size_t)n);
        return SQLITE_OK;
    }
    int rc = overlaps(g, f, n, at) ? hand_on(f) : SQLITE_OK;
    return rc == SQLITE_OK ? CALL(f, xRead, p, n, at) : rc;
}

static int frames_close(sqlite3_file *f)
{
    drop(f);
    return CALL(f, xClose);
}

static int frames_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    int rc = hand_on(f);
    return rc == SQLITE_OK ? CALL(f, xTruncate, n) : rc;
}

static int frames_sync(sqlite3_file *f, int flags)
{
    int rc = hand_on(f);
    return rc == SQLITE_OK ? CALL(f, xSync, flags) : rc;
}

static int frames_size(sqlite3_file *f, sqlite3_int64 *n)
{
    int rc = hand_on(f);
    return rc == SQLITE_OK ? CALL(f, xFileSize, n) : rc;
}

static int frames_lock(sqlite3_file *f, int level)
{
    int rc = CALL(f, xLock, level);
    if (rc == SQLITE_OK) ((Handle *)(void *)f)->is_alone = level == SQLITE_LOCK_EXCLUSIVE;
    return rc;
}

/* Pages of a checkpoint that failed may go: the log still has them. */
static int frames_unlock(sqlite3_file *f, int level)
{
    drop(f);
    ((Handle *)(void *)f)->is_alone = false;
    return CALL(f, xUnlock, level);
}

static int frames_reserved(sqlite3_file *f, int *out) { return CALL(f, xCheckReservedLock, out); }

static int frames_control(sqlite3_file *f, int op, void *arg)
{
    Handle *h = (Handle *)(void *)f;
    if (op == SQLITE_FCNTL_CKPT_START) h->moves = h->is_alone;
    if (op == SQLITE_FCNTL_CKPT_DONE) {
        hand_on(f); /* where it fails, the truncation that follows says so */
        h->moves = false;
    }
    return CALL(f, xFileControl, op, arg);
}

static int frames_sector(sqlite3_file *f) { return CALL(f, xSectorSize); }
static int frames_device(sqlite3_file *f) { return CALL(f, xDeviceCharacteristics); }
static int frames_shm_map(sqlite3_file *f, int i, int n, int extend, void volatile **p) { return CALL(f, xShmMap, i, n, extend, p); }

static int frames_shm_lock(sqlite3_file *f, int i, int n, int flags)
{
    Frames *g = FRAMES(f);
    if (i != WRITE_LOCK) return CALL(f, xShmLock, i, n, flags);
    g->gathers = false;
    g->n = 0;
    int rc = CALL(f, xShmLock, i, n, flags);
    g->gathers = rc == SQLITE_OK && flags & SQLITE_SHM_LOCK;
    return rc;
}

static void frames_barrier(sqlite3_file *f) { CALL(f, xShmBarrier); }
static int frames_shm_unmap(sqlite3_file *f, int remove) { return CALL(f, xShmUnmap, remove); }

static int frames_fetch(sqlite3_file *f, sqlite3_int64 at, int n, void **p)
{
    int rc = hand_on(f);
    return rc == SQLITE_OK ? CALL(f, xFetch, at, n, p) : rc;
}

static int frames_unfetch(sqlite3_file *f, sqlite3_int64 at, void *p) { return CALL(f, xUnfetch, at, p); }

#define METHODS(version) \
    {version, frames_close, frames_read, frames_write, frames_truncate, frames_sync, frames_size, frames_lock, frames_unlock, \
     frames_reserved, frames_control, frames_sector, frames_device, frames_shm_map, frames_shm_lock, frames_barrier, \
     frames_shm_unmap, frames_fetch, frames_unfetch}
static const sqlite3_io_methods plain_methods = METHODS(2), mapped_methods = METHODS(3);

/* ---- the VFS ----------------------------------------------------------------------------------- */

#define BEHIND(v) (((Frames *)(v)->pAppData)->real)

/* Files of other kinds are those of the VFS below. */
static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
    sqlite3_vfs *real = BEHIND(v);
    bool is_log = flags & SQLITE_OPEN_WAL;
    if (!is_log && !(flags & SQLITE_OPEN_MAIN_DB)) return real->xOpen(real, name, f, flags, out);
    Handle *h = (Handle *)(void *)f;
    *h = (Handle){.frames = v->pAppData, .is_log = is_log};
    int rc = real->xOpen(real, name, REAL(f), flags, out);
    const sqlite3_io_methods *m = REAL(f)->pMethods;
    if (m) h->base.pMethods = m->iVersion < 3 ? &plain_methods : &mapped_methods;
    return rc;
}

static int vfs_delete(sqlite3_vfs *v, const char *name, int sync) { return BEHIND(v)->xDelete(BEHIND(v), name, sync); }
static int vfs_access(sqlite3_vfs *v, const char *name, int flags, int *out) { return BEHIND(v)->xAccess(BEHIND(v), name, flags, out); }
static int vfs_path(sqlite3_vfs *v, const char *name, int n, char *out) { return BEHIND(v)->xFullPathname(BEHIND(v), name, n, out); }
static int vfs_random(sqlite3_vfs *v, int n, char *out) { return BEHIND(v)->xRandomness(BEHIND(v), n, out); }
static int vfs_sleep(sqlite3_vfs *v, int us) { return BEHIND(v)->xSleep(BEHIND(v), us); }
static int vfs_time(sqlite3_vfs *v, double *out) { return BEHIND(v)->xCurrentTime(BEHIND(v), out); }
static int vfs_time_ms(sqlite3_vfs *v, sqlite3_int64 *out) { return BEHIND(v)->xCurrentTimeInt64(BEHIND(v), out); }
static int vfs_error(sqlite3_vfs *v, int n, char *out) { return BEHIND(v)->xGetLastError(BEHIND(v), n, out); }

Frames *frames_new(const char *vfs)
{
    sqlite3_vfs *real = sqlite3_vfs_find(vfs);
    if (!real) return NULL;
    Frames *g = mem_alloc(sizeof *g);
    g->real = real;
    snprintf(g->name, sizeof g->name, "weir-frames-%p", (void *)g);
    g->vfs = (sqlite3_vfs){
        .iVersion = real->iVersion < 2 ? 1 : 2, .szOsFile = (int)sizeof(Handle) + real->szOsFile, .mxPathname = real->mxPathname,
        .zName = g->name, .pAppData = g, .xOpen = vfs_open, .xDelete = vfs_delete, .xAccess = vfs_access, .xFullPathname = vfs_path,
        .xRandomness = vfs_random, .xSleep = vfs_sleep, .xCurrentTime = real->xCurrentTime ? vfs_time : NULL, .xGetLastError = real->xGetLastError ? vfs_error : NULL,
        .xCurrentTimeInt64 = real->iVersion >= 2 && real->xCurrentTimeInt64 ? vfs_time_ms : NULL};
    sqlite3_vfs_register(&g->vfs, 0);
    return g;
}

const char *frames_name(const Frames *f) { return f->name; }

void frames_set_page(Frames *f, int page_bytes) { f->page_bytes = page_bytes; }

void frames_free(Frames *f)
{
    if (!f) return;
    sqlite3_vfs_unregister(&f->vfs);
    mem_free(f, sizeof *f);
}
