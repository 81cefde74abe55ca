/* lock.h: one engine a database: an OFD lock on `<db>-weir.lock`, which holds the owner's pid.
 *
 * The file is never unlinked: a second engine could otherwise lock a file that has no name any
 * more while a third locks its successor. */
#ifndef WEIR_STORAGE_LOCK_H
#define WEIR_STORAGE_LOCK_H

#include "base/diag.h"

/* WEIR_E_LOCKED names the pid of the owner. *fd is to be given to lock_release. `db` is the
 * database's path with symbolic links resolved. */
Status lock_take(const char *db, Arena *scratch, int *fd, Diags *d);
void lock_release(int fd); /* -1 is allowed */
/* The path that all names of one file have in common: links resolved; the file need not exist. */
Status lock_real_path(const char *path, Arena *a, char **out, Diags *d);

#endif
