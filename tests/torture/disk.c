/* disk.c: a disk in memory under SQLite that can be full, busy or broken, and that loses power.
 *
 * Each file keeps what a process would read (`now`), what has surely reached the platter (`safe`) and
 * the changes in between. When the power goes every further call fails; when it comes back each sector
 * of each change has been kept, dropped, torn or filled with garbage, by chance, as disks and file
 * systems do with what was not synced. A name is as lasting as the first sync of its file. */
#include "tests/torture/torture.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char disk_vfs[] = "torture";

enum { SHM_REGIONS_MAX = 16, NAME_MAX_BYTES = 400 };

typedef struct Change {
    struct Change *next;
    int64_t at;    /* of a truncation: the new size */
    int64_t n;     /* -1: a truncation */
    char bytes[];
} Change;

typedef struct Bytes {
    char *p;
    int64_t n, cap;
} Bytes;

typedef struct Handle Handle;

typedef struct DiskFile {
    struct DiskFile *next;
    char name[NAME_MAX_BYTES];
    Bytes now, safe;
    Change *first, **last;
    bool is_named;    /* the name would be there after a power loss */
    bool is_gone;     /* deleted, but the folder was not synced */
    bool is_temporary;
    int handles, shared;
    Handle *reserved, *exclusive; /* who holds these locks of the database file */
    char *shm[SHM_REGIONS_MAX];
    int shm_users, shm_shared[SQLITE_SHM_NLOCK];
    Handle *shm_exclusive[SQLITE_SHM_NLOCK];
} DiskFile;

struct Handle {
    sqlite3_file base;
    DiskFile *file;
    int lock;
    bool has_shm;
    uint16_t shm_shared;
};

static struct {
    DiskFile *files;
    Chance chance;
    int sector;
    bool is_dead, has_failed, persists_wal, is_paused;
    int64_t calls, changes_left; /* until the power goes; 0: never */
    DiskFault fault;
    int64_t fault_in, fault_count;
    DiskStats stats;
} disk;

/* ---- what goes wrong ------------------------------------------------------------------------------ */

/* Whether a call of this kind fails now. */
static bool fails(DiskFault kind)
{
    if (disk.is_paused || disk.fault == DISK_WELL || (disk.fault != kind && disk.fault != DISK_ANY)) return false;
    if (disk.fault_in > 1) {
        disk.fault_in--;
        return false;
    }
    disk.has_failed = true;
    if (--disk.fault_count <= 0) disk.fault = DISK_WELL;
    return true;
}

/* A call that would change the disk: false once the power has gone. */
static bool changes(void)
{
    if (disk.is_dead) return false;
    if (disk.changes_left > 0 && --disk.changes_left == 0) disk.is_dead = true;
    return !disk.is_dead;
}

void disk_die_at(int64_t n) { disk.changes_left = n; }
bool disk_is_dead(void) { return disk.is_dead; }
bool disk_has_failed(void) { return disk.has_failed; }
void disk_pause(bool is_paused) { disk.is_paused = is_paused; }
bool disk_is_well(void) { return disk.fault == DISK_WELL; }
bool disk_fails_for_good(void) { return disk.has_failed && disk.fault != DISK_WELL && disk.fault_count > 1000; }
const DiskStats *disk_stats(void) { return &disk.stats; }

void disk_fail_at(DiskFault kind, int64_t n, int64_t count)
{
    disk.fault = kind;
    disk.fault_in = n;
    disk.fault_count = count;
    disk.has_failed = false;
}

/* ---- bytes ------------------------------------------------------------------------------------------ */

static void bytes_resize(Bytes *b, int64_t n)
{
    if (n > b->cap) {
        int64_t cap = n > 2 * b->cap ? n + 65536 : 2 * b->cap;
        b->p = realloc(b->p, (size_t)cap);
        b->cap = cap;
    }
    if (n > b->n) memset(b->p + b->n, 0, (size_t)(n - b->n));
    b->n = n;
}

static void bytes_put(Bytes *b, int64_t at, const char *p, int64_t n)
{
    if (at + n > b->n) bytes_resize(b, at + n);
    memcpy(b->p + at, p, (size_t)n);
}

static void bytes_copy(Bytes *to, const Bytes *from)
{
    bytes_resize(to, from->n);
    if (from->n) memcpy(to->p, from->p, (size_t)from->n);
}

/* ---- changes not synced yet -------------------------------------------------------------------------- */

static void change_add(DiskFile *f, int64_t at, const char *p, int64_t n)
{
    Change *c = malloc(sizeof *c + (size_t)(n > 0 ? n : 0));
    c->next = NULL;
    c->at = at;
    c->n = n;
    if (n > 0) memcpy(c->bytes, p, (size_t)n);
    *f->last = c;
    f->last = &c->next;
}

static void changes_forget(DiskFile *f)
{
    for (Change *c = f->first; c;) {
        Change *next = c->next;
        free(c);
        c = next;
    }
    f->first = NULL;
    f->last = &f->first;
}

static void changes_sync(DiskFile *f)
{
    for (Change *c = f->first; c; c = c->next) {
        if (c->n < 0) bytes_resize(&f->safe, c->at);
        else bytes_put(&f->safe, c->at, c->bytes, c->n);
    }
    changes_forget(f);
}

/* Names come and go for good. */
static void folder_sync(void)
{
    for (DiskFile *f = disk.files; f; f = f->next) {
        f->is_named = !f->is_gone;
        if (!f->is_gone) continue;
        changes_forget(f);
        bytes_resize(&f->safe, 0);
    }
}

/* ---- power comes back --------------------------------------------------------------------------------- */

/* How a power loss treats what was not synced: of 100 sectors so many are kept, torn and garbled. */
typedef struct Loss {
    int kept, torn, garbled;
    bool in_order; /* nothing after the first loss is kept */
} Loss;
static const Loss losses[] = {{100, 0, 0, false}, {0, 0, 0, false}, {50, 0, 0, false}, {95, 0, 0, true},
                              {70, 20, 0, false}, {60, 10, 20, false}, {97, 0, 3, false}, {90, 5, 0, true}};

static void fill_garbage(Chance *c, char *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++) p[i] = (char)chance_next(c);
}

/* One sector of a change: bytes [at, at + n) of the file. False: lost. */
static bool sector_survives(DiskFile *f, Chance *c, const Loss *loss, int64_t at, const char *p, int64_t n)
{
    int dice = chance_below(c, 100);
    if (dice < loss->kept) {
        bytes_put(&f->safe, at, p, n);
        disk.stats.kept++;
        return true;
    }
    dice -= loss->kept;
    if (dice < loss->torn) {
        int64_t some = chance_below(c, (int)n);
        bytes_put(&f->safe, at, p, some);
        disk.stats.torn++;
    } else if (dice < loss->torn + loss->garbled) {
        if (at + n > f->safe.n) bytes_resize(&f->safe, at + n);
        fill_garbage(c, f->safe.p + at, n);
        disk.stats.garbled++;
    } else {
        disk.stats.dropped++;
    }
    return false;
}

static bool change_survives(DiskFile *f, Chance *c, const Loss *loss, const Change *x)
{
    if (x->n < 0) {
        bool is_kept = chance_below(c, 100) < loss->kept;
        if (is_kept) bytes_resize(&f->safe, x->at);
        return is_kept;
    }
    bool all = true;
    for (int64_t done = 0, n; done < x->n; done += n) {
        n = disk.sector - (x->at + done) % disk.sector;
        if (n > x->n - done) n = x->n - done;
        all &= sector_survives(f, c, loss, x->at + done, x->bytes + done, n);
        if (!all && loss->in_order) return false;
    }
    return all;
}

static void file_power_up(DiskFile *f, Chance *c, const Loss *loss)
{
    for (Change *x = f->first; x; x = x->next)
        if (!change_survives(f, c, loss, x) && loss->in_order) break;
    changes_forget(f);
    if (!f->is_named && (loss->kept == 0 || (loss->kept < 100 && chance_one_in(c, 2)))) f->is_gone = true;
    else if (f->is_gone) f->is_gone = chance_one_in(c, 2);
    f->is_named = !f->is_gone;
    if (f->is_gone) bytes_resize(&f->safe, 0);
    bytes_copy(&f->now, &f->safe);
}

void disk_power_up(uint64_t seed)
{
    Chance c = {seed};
    const Loss *loss = &losses[chance_below(&c, sizeof losses / sizeof *losses)];
    for (DiskFile *f = disk.files; f; f = f->next) file_power_up(f, &c, loss);
    disk.is_dead = false;
    disk.changes_left = 0;
}

/* ---- files ---------------------------------------------------------------------------------------------- */

static DiskFile *file_named(const char *name)
{
    for (DiskFile *f = disk.files; f; f = f->next)
        if (!f->is_temporary && !strcmp(f->name, name)) return f;
    return NULL;
}

static DiskFile *file_new(const char *name)
{
    DiskFile *f = calloc(1, sizeof *f);
    snprintf(f->name, sizeof f->name, "%s", name ? name : "");
    f->is_temporary = name == NULL;
    f->last = &f->first;
    f->next = disk.files;
    disk.files = f;
    return f;
}

static void shm_drop(DiskFile *f)
{
    for (int i = 0; i < SHM_REGIONS_MAX; i++) {
        free(f->shm[i]);
        f->shm[i] = NULL;
    }
}

static void file_free(DiskFile *f)
{
    DiskFile **at = &disk.files;
    while (*at != f) at = &(*at)->next;
    *at = f->next;
    changes_forget(f);
    shm_drop(f);
    free(f->now.p);
    free(f->safe.p);
    free(f);
}

void disk_reset(uint64_t seed, int sector)
{
    DiskStats stats = disk.stats;
    while (disk.files) file_free(disk.files);
    memset(&disk, 0, sizeof disk);
    disk.stats = stats;
    disk.chance.state = seed;
    disk.sector = sector;
}

static Handle *handle_of(sqlite3_file *file) { return (Handle *)(void *)file; }

static int disk_close(sqlite3_file *file)
{
    Handle *h = handle_of(file);
    if (--h->file->handles == 0 && h->file->is_temporary) file_free(h->file);
    return SQLITE_OK;
}

static int disk_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    const Bytes *b = &handle_of(file)->file->now;
    disk.calls++;
    if (disk.is_dead || fails(DISK_ANY)) return SQLITE_IOERR_READ;
    int64_t have = at >= b->n ? 0 : b->n - at < n ? b->n - at : n;
    if (have) memcpy(to, b->p + at, (size_t)have);
    if (have == n) return SQLITE_OK;
    memset((char *)to + have, 0, (size_t)(n - have));
    return SQLITE_IOERR_SHORT_READ;
}

static int disk_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    DiskFile *f = handle_of(file)->file;
    disk.calls++;
    disk.stats.writes++;
    if (fails(DISK_FULL)) return SQLITE_FULL;
    if (fails(DISK_IOERR)) return SQLITE_IOERR_WRITE;
    /* What is under way when the power goes may reach the disk in part. */
    bool was_dead = disk.is_dead, goes_on = changes();
    if (was_dead) return SQLITE_IOERR_WRITE;
    if (!f->is_temporary) change_add(f, at, p, n);
    if (!goes_on) return SQLITE_IOERR_WRITE;
    bytes_put(&f->now, at, p, n);
    return SQLITE_OK;
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    DiskFile *f = handle_of(file)->file;
    disk.calls++;
    if (fails(DISK_IOERR)) return SQLITE_IOERR_TRUNCATE;
    bool was_dead = disk.is_dead, goes_on = changes();
    if (was_dead) return SQLITE_IOERR_TRUNCATE;
    if (!f->is_temporary) change_add(f, size, NULL, -1);
    if (!goes_on) return SQLITE_IOERR_TRUNCATE;
    bytes_resize(&f->now, size);
    return SQLITE_OK;
}

static int disk_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    disk.calls++;
    disk.stats.syncs++;
    if (fails(DISK_NO_SYNC)) return SQLITE_IOERR_FSYNC;
    if (!changes()) return SQLITE_IOERR_FSYNC;
    DiskFile *f = handle_of(file)->file;
    changes_sync(f);
    if (!f->is_named && !f->is_temporary) folder_sync(); /* as SQLite has it for new logs and journals */
    return SQLITE_OK;
}

static int disk_size(sqlite3_file *file, sqlite3_int64 *size)
{
    disk.calls++;
    if (disk.is_dead || fails(DISK_ANY)) return SQLITE_IOERR_FSTAT;
    *size = handle_of(file)->file->now.n;
    return SQLITE_OK;
}

/* ---- locks of the database file --------------------------------------------------------------------------- */

static int disk_lock(sqlite3_file *file, int level)
{
    Handle *h = handle_of(file);
    DiskFile *f = h->file;
    disk.calls++;
    if (h->lock >= level) return SQLITE_OK;
    if (fails(DISK_ANY)) return SQLITE_IOERR_LOCK;
    if (f->exclusive && f->exclusive != h) return SQLITE_BUSY;
    if (h->lock == SQLITE_LOCK_NONE) f->shared++;
    if (h->lock == SQLITE_LOCK_NONE) h->lock = SQLITE_LOCK_SHARED;
    if (level == SQLITE_LOCK_SHARED) return SQLITE_OK;
    if (f->reserved && f->reserved != h) return SQLITE_BUSY;
    f->reserved = h;
    h->lock = SQLITE_LOCK_RESERVED;
    if (level == SQLITE_LOCK_RESERVED) return SQLITE_OK;
    if (f->shared > 1) return SQLITE_BUSY;
    f->exclusive = h;
    h->lock = SQLITE_LOCK_EXCLUSIVE;
    return SQLITE_OK;
}

static int disk_unlock(sqlite3_file *file, int level)
{
    Handle *h = handle_of(file);
    DiskFile *f = h->file;
    if (h->lock <= level) return SQLITE_OK;
    if (f->exclusive == h) f->exclusive = NULL;
    if (f->reserved == h) f->reserved = NULL;
    if (level == SQLITE_LOCK_NONE) f->shared--;
    h->lock = level;
    return SQLITE_OK;
}

static int disk_reserved(sqlite3_file *file, int *out)
{
    *out = handle_of(file)->file->reserved != NULL;
    return SQLITE_OK;
}

/* ---- memory that connections share ---------------------------------------------------------------------------- */

static int shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
    Handle *h = handle_of(file);
    DiskFile *f = h->file;
    disk.calls++;
    *out = NULL;
    if (region >= SHM_REGIONS_MAX || fails(DISK_ANY)) return SQLITE_IOERR_SHMMAP;
    if (!h->has_shm) f->shm_users++;
    h->has_shm = true;
    if (!f->shm[region] && extend) f->shm[region] = calloc(1, (size_t)size);
    *out = f->shm[region];
    return SQLITE_OK;
}

static bool shm_is_free(const Handle *h, int slot, bool exclusive)
{
    const DiskFile *f = h->file;
    if (f->shm_exclusive[slot] && f->shm_exclusive[slot] != h) return false;
    return !exclusive || f->shm_shared[slot] == (h->shm_shared >> slot & 1);
}

static void shm_release(Handle *h, int slot)
{
    DiskFile *f = h->file;
    if (f->shm_exclusive[slot] == h) f->shm_exclusive[slot] = NULL;
    if (h->shm_shared >> slot & 1) f->shm_shared[slot]--;
    h->shm_shared &= (uint16_t)~(1u << slot);
}

static int shm_lock(sqlite3_file *file, int at, int n, int flags)
{
    Handle *h = handle_of(file);
    bool exclusive = flags & SQLITE_SHM_EXCLUSIVE;
    disk.calls++;
    if (flags & SQLITE_SHM_UNLOCK) {
        for (int i = at; i < at + n; i++) shm_release(h, i);
        return SQLITE_OK;
    }
    if (at == 0 && exclusive && fails(DISK_BUSY)) return SQLITE_BUSY;
    for (int i = at; i < at + n; i++)
        if (!shm_is_free(h, i, exclusive)) return SQLITE_BUSY;
    for (int i = at; i < at + n; i++) {
        if (exclusive) {
            h->file->shm_exclusive[i] = h;
        } else if (!(h->shm_shared >> i & 1)) {
            h->file->shm_shared[i]++;
            h->shm_shared |= (uint16_t)(1u << i);
        }
    }
    return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *file) { (void)file; }

static int shm_unmap(sqlite3_file *file, int delete)
{
    (void)delete;
    Handle *h = handle_of(file);
    if (!h->has_shm) return SQLITE_OK;
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++) shm_release(h, i);
    h->has_shm = false;
    if (--h->file->shm_users == 0) shm_drop(h->file);
    return SQLITE_OK;
}

/* ---- facts ------------------------------------------------------------------------------------------------------ */

static int disk_control(sqlite3_file *file, int op, void *arg)
{
    (void)file;
    if (op != SQLITE_FCNTL_PERSIST_WAL) return SQLITE_NOTFOUND;
    if (*(int *)arg >= 0) disk.persists_wal = *(int *)arg;
    *(int *)arg = disk.persists_wal;
    return SQLITE_OK;
}

static int disk_sector(sqlite3_file *file)
{
    (void)file;
    return disk.sector;
}

static int disk_character(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, .xClose = disk_close, .xRead = disk_read, .xWrite = disk_write, .xTruncate = disk_truncate,
    .xSync = disk_sync, .xFileSize = disk_size, .xLock = disk_lock, .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_reserved, .xFileControl = disk_control, .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_character, .xShmMap = shm_map, .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier, .xShmUnmap = shm_unmap};

/* ---- the file system ---------------------------------------------------------------------------------------------- */

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    (void)vfs;
    Handle *h = handle_of(file);
    memset(h, 0, sizeof *h);
    disk.calls++;
    if (disk.is_dead || fails(DISK_ANY)) return SQLITE_CANTOPEN;
    DiskFile *f = name ? file_named(name) : NULL;
    if ((!f || f->is_gone) && !(flags & SQLITE_OPEN_CREATE)) return SQLITE_CANTOPEN;
    if (!f) f = file_new(name);
    f->is_gone = false;
    f->handles++;
    h->base.pMethods = &methods;
    h->file = f;
    if (out_flags) *out_flags = flags;
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    DiskFile *f = file_named(name);
    disk.calls++;
    if (fails(DISK_IOERR)) return SQLITE_IOERR_DELETE;
    if (!changes()) return SQLITE_IOERR_DELETE;
    if (!f || f->is_gone) return SQLITE_IOERR_DELETE_NOENT;
    f->is_gone = true;
    bytes_resize(&f->now, 0);
    change_add(f, 0, NULL, -1);
    if (sync) folder_sync();
    return SQLITE_OK;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs, (void)flags;
    const DiskFile *f = file_named(name);
    disk.calls++;
    if (disk.is_dead || fails(DISK_ANY)) return SQLITE_IOERR_ACCESS;
    *out = f && !f->is_gone;
    return SQLITE_OK;
}

static int disk_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    snprintf(out, (size_t)n, "%s", name);
    return SQLITE_OK;
}

static int disk_random(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    fill_garbage(&disk.chance, out, n);
    return n;
}

static int disk_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us; /* nobody else is at work here: waiting changes nothing */
}

static int disk_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    *out = INT64_C(210866760000000); /* 1970 */
    return SQLITE_OK;
}

void disk_register(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2, .szOsFile = sizeof(Handle), .mxPathname = NAME_MAX_BYTES - 20, .zName = disk_vfs,
        .xOpen = disk_open, .xDelete = disk_delete, .xAccess = disk_access, .xFullPathname = disk_path,
        .xRandomness = disk_random, .xSleep = disk_sleep, .xCurrentTimeInt64 = disk_time};
    sqlite3_vfs_register(&vfs, 0);
}
