/* storage_impl.h: what the files of this folder share about one open database. */
#ifndef WEIR_STORAGE_IMPL_H
#define WEIR_STORAGE_IMPL_H

#include "storage/frames.h"
#include "storage/sql.h"
#include "storage/storage.h"
#include "storage/view_table.h"

enum { STORAGE_BUSY_MS = 500 }; /* how long a statement waits for another writer: Storage.busy_ms */

typedef struct ChangeLog ChangeLog;

struct Storage {
    Arena arena;             /* lives as long as the database is open */
    Sql db;                  /* the writer; the only one that commits and checkpoints */
    Sql reader;              /* opened on first use */
    char *path;              /* links resolved */
    char *folder;            /* of a temporary database: made by us, removed at close */
    const char *vfs;
    int busy_ms;
    int cache_pages;         /* StorageOptions */
    Frames *frames;          /* the writer's, over that */
    int lock_fd;             /* -1: none */
    bool read_only;
    bool in_ddl;             /* between storage_begin and storage_commit */
    char owner[33];          /* our name in the owner row, hexadecimal */
    int64_t wal_limit, error_limit;
    int64_t changes_retention_us, changes_limit;
    ChangeLog *logs;         /* of views that somebody follows */
    int64_t page_bytes;
    int64_t wal_bytes;       /* after the newest commit */
    int64_t wal_tried;       /* size at which a checkpoint was last tried from inside a commit */
    ViewFeed feed;           /* what the row source of INSERT … SELECT reads */
    ViewTable *views;        /* prepared on first use */
};

/* Begins a transaction and proves that we still own the database. */
Status storage_begin_owned(Storage *s, Diags *d);
/* How many pages the writer keeps, by what is in the database. */
Status storage_size_cache(Storage *s, Diags *d);
/* After a write that failed: a sync that did is never tried again, not even when the file is closed. */
void storage_note_failure(Storage *s);
/* Sets bounds on what a query of a reading connection may need (reader_guard.c). */
void reader_set_limits(sqlite3 *db);
/* Ends whatever transaction is open, undoing it. */
void storage_undo(Storage *s);
/* A writable database is asked for: WEIR_E_READONLY otherwise. */
Status storage_writable(const Storage *s, Diags *d);

#endif
