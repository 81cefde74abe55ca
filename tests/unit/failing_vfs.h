/* failing_vfs.h: a VFS "shim" over SQLite's default one that fails its n-th write or sync when it is
 * told to, and counts writes and syncs. */
#ifndef WEIR_TESTS_FAILING_VFS_H
#define WEIR_TESTS_FAILING_VFS_H

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

typedef enum FailKind { FAIL_WRITE, FAIL_SYNC } FailKind;

static struct {
    sqlite3_vfs vfs, *real;
    FailKind kind;
    int code;       /* what a failing call returns */
    int countdown;  /* calls of the kind until the one that fails; 0: none fails */
    bool hit;
    bool stays;     /* all later ones fail too */
    int syncs, writes; /* since arm */
} shim;

typedef struct ShimFile {
    sqlite3_file base;
    sqlite3_file *real; /* behind this */
} ShimFile;

#define REAL(f) (((ShimFile *)(f))->real)
#define CALL(f, method, ...) REAL(f)->pMethods->method(REAL(f), ##__VA_ARGS__)

static bool fails(FailKind kind)
{
    if (kind != shim.kind || shim.countdown == 0) return false;
    if (shim.hit && shim.stays) return true;
    if (shim.hit || --shim.countdown > 0) return false;
    shim.countdown = 1;
    return shim.hit = true;
}

static int shim_close(sqlite3_file *f) { return CALL(f, xClose); }
static int shim_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) { return CALL(f, xRead, p, n, at); }
static int shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    shim.writes++;
    return fails(FAIL_WRITE) ? shim.code : CALL(f, xWrite, p, n, at);
}
static int shim_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    return fails(FAIL_WRITE) ? shim.code : CALL(f, xTruncate, n);
}
static int shim_sync(sqlite3_file *f, int flags)
{
    shim.syncs++;
    return fails(FAIL_SYNC) ? shim.code : CALL(f, xSync, flags);
}
static int shim_size(sqlite3_file *f, sqlite3_int64 *n) { return CALL(f, xFileSize, n); }
static int shim_lock(sqlite3_file *f, int level) { return CALL(f, xLock, level); }
static int shim_unlock(sqlite3_file *f, int level) { return CALL(f, xUnlock, level); }
static int shim_reserved(sqlite3_file *f, int *out) { return CALL(f, xCheckReservedLock, out); }
static int shim_control(sqlite3_file *f, int op, void *arg) { return CALL(f, xFileControl, op, arg); }
static int shim_sector(sqlite3_file *f) { return CALL(f, xSectorSize); }
static int shim_device(sqlite3_file *f) { return CALL(f, xDeviceCharacteristics); }
static int shim_shm_map(sqlite3_file *f, int i, int n, int extend, void volatile **p) { return CALL(f, xShmMap, i, n, extend, p); }
static int shim_shm_lock(sqlite3_file *f, int i, int n, int flags) { return CALL(f, xShmLock, i, n, flags); }
static void shim_barrier(sqlite3_file *f) { CALL(f, xShmBarrier); }
static int shim_shm_unmap(sqlite3_file *f, int delete_it) { return CALL(f, xShmUnmap, delete_it); }

static const sqlite3_io_methods shim_methods = {
    2, shim_close, shim_read, shim_write, shim_truncate, shim_sync, shim_size, shim_lock, shim_unlock,
    shim_reserved, shim_control, shim_sector, shim_device, shim_shm_map, shim_shm_lock, shim_barrier,
    shim_shm_unmap, NULL, NULL,
};

static int shim_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
    (void)v;
    REAL(f) = (sqlite3_file *)((ShimFile *)f + 1);
    f->pMethods = NULL;
    int rc = shim.real->xOpen(shim.real, name, REAL(f), flags, out);
    if (REAL(f)->pMethods) f->pMethods = &shim_methods;
    return rc;
}

static void shim_register(void)
{
    shim.real = sqlite3_vfs_find(NULL);
    shim.vfs = *shim.real;
    shim.vfs.pNext = NULL;
    shim.vfs.zName = "shim";
    shim.vfs.szOsFile = (int)sizeof(ShimFile) + shim.real->szOsFile;
    shim.vfs.xOpen = shim_open;
    assert_int_equal(sqlite3_vfs_register(&shim.vfs, 0), SQLITE_OK);
}

static void arm(FailKind kind, int code, int nth, bool stays)
{
    shim.kind = kind, shim.code = code, shim.countdown = nth, shim.stays = stays, shim.hit = false, shim.syncs = shim.writes = 0;
}

static void disarm(void) { shim.countdown = 0; }

#endif
