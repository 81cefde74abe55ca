/* storage.h: the database file: catalog, views, operator state, positions, dead letters.
 *
 * One connection writes. An epoch is one write set, applied and committed in one transaction;
 * that transaction is the checkpoint. SQLite is reached through storage/sql.h only. */
#ifndef WEIR_STORAGE_H
#define WEIR_STORAGE_H

#include "base/batch.h"
#include "base/catalog.h"
#include "storage/write_set.h"

typedef struct Storage Storage;
struct sqlite3;

typedef struct StorageOptions {
    bool read_only;
    Str synchronous;      /* "normal", "full", "off" */
    int64_t wal_limit;    /* bytes; 0: 128 MB */
    int64_t error_limit;  /* rows kept in weir_errors; 0: 10,000 */
    int64_t changes_retention_us, changes_limit; /* how long, and in how many bytes a view, changes are kept */
    const char *vfs;      /* name of a registered VFS (tests), NULL: SQLite's default */
    int cache_pages;      /* that the writer keeps; 0: by what is in the database */
    bool has_no_clock;    /* nothing is waited for here: who asks again does that, by a clock of its own (tests) */
} StorageOptions;

/* Opens or creates the file, takes the owner's lock (<db>-weir.lock), migrates. NULL path: a
 * temporary file, removed at close. Names that are not weir's are left alone. */
Status storage_open(const char *path, const StorageOptions *o, Storage **out, Diags *d);
void storage_close(Storage *s);
/* Options that SET changes while the database is open (synchronous, wal_limit, error_limit). */
Status storage_configure(Storage *s, const StorageOptions *o, Diags *d);
const char *storage_path(const Storage *s);
/* What commits are synced with now, as SQLite says: "off", "normal", "full". */
const char *storage_synchronous(Storage *s);
/* The read-only connection for pull queries (struct sqlite3 *), opened on first use. */
Status storage_reader(Storage *s, struct sqlite3 **out, Diags *d);
/* While it is on, what is prepared there reads tables and views of the file and does nothing else. */
void storage_guard_reader(struct sqlite3 *reader, bool is_on);
/* One more, of the caller's, which sees its own commits while it has a statement open: sql_close. */
struct Sql;
Status storage_new_reader(const Storage *s, struct Sql *out, Arena *a, Diags *d);

/* DDL: between begin and commit, relations are added and removed together with their tables. */
Status storage_begin(Storage *s, Diags *d);
Status storage_commit(Storage *s, Diags *d);
void storage_rollback(Storage *s);
/* Saves a new relation, and makes a materialized view's table; or changes the row of one that has
 * this id (RENAME, SET). WEIR_E_EXISTS, WEIR_E_NAME: the database has something of that name, or
 * the name is reserved. */
Status storage_save_relation(Storage *s, const Relation *r, Diags *d);
/* Before a relation is saved under another name: what is listed under its old one. */
Status storage_rename_relation(Storage *s, int64_t id, Str name, Diags *d);
/* Forgets rows, state and counters of a view: it is as new. */
Status storage_empty_view(Storage *s, const Relation *r, Diags *d);
/* Drops it with its table, state, positions, counters. */
Status storage_drop_relation(Storage *s, const Relation *r, Diags *d);
Status storage_save_setting(Storage *s, Str name, Str value, Diags *d);
/* Index for readers, "CREATE INDEX i ON v (…)". `cols` is SQL. */
Status storage_create_index(Storage *s, Str name, const Relation *r, Str cols, Diags *d);

/* Recovery. Relations come back as their SQL, in the order of their ids. */
typedef struct SavedRelation {
    int64_t id;
    RelKind kind;
    Str name, sql, base_dir;
} SavedRelation;
/* Looks at the trees of pages of the tables that recovery reads, by SQLite's integrity_check: a blob has a
 * checksum, but an index that misses a row would hide it. WEIR_E_CORRUPT: the first thing found. */
Status storage_check(Storage *s, Diags *d);
Status storage_load_relations(Storage *s, Arena *a, SavedRelation **out, int *n, Diags *d);
Status storage_load_settings(Storage *s, Arena *a, Options *out, Diags *d);
Status storage_load_epoch(Storage *s, int64_t *epoch, Diags *d);
/* The largest relation id that was ever saved: ids are not used again after DROP. 0: none. */
Status storage_load_last_id(Storage *s, int64_t *id, Diags *d);
/* Blobs of state records of (view, op): the pages of the base in order, what was logged since. Checksums
 * are verified. */
Status storage_load_base(Storage *s, int64_t view, int32_t op,
                         Status (*each)(void *arg, Str records), void *arg, Diags *d);
Status storage_load_log(Storage *s, int64_t view, int32_t op,
                        Status (*each)(void *arg, Str records), void *arg, Diags *d);
/* For compaction: the blob of the log after e->id, which it moves to (0: there is none); where the pages
 * of the base begin, ascending; the page that begins at low ("" where there is none). */
typedef struct LogEntry {
    int64_t view;
    int32_t op;
    int64_t id, epoch;
} LogEntry;
Status storage_next_log(Storage *s, LogEntry *e, Str *records, Arena *a, Diags *d);
Status storage_load_lows(Storage *s, int64_t view, int32_t op, Arena *a, Str **out, ptrdiff_t *n, Diags *d);
Status storage_load_page(Storage *s, int64_t view, int32_t op, Str low, Arena *a, Str *records, Diags *d);
Status storage_load_positions(Storage *s, int64_t stream, Arena *a, SavedPosition **out, int *n, Diags *d);
/* Counters of a view saved with its last epoch. */
Status storage_load_progress(Storage *s, int64_t view, ViewProgress *out, Diags *d);
/* Blocks given to a view and not dropped since, ascending by block. */
Status storage_load_blocks(Storage *s, int64_t view, Arena *a, BlockGrant **out, int *n, Diags *d);
/* Rulings of a stream, in the order in which they were made: with those that refused a row, which may
 * be many, or without. */
Status storage_load_rulings(Storage *s, int64_t stream, bool with_refusals, Arena *a, Ruling **out, int *n, Diags *d);
/* The largest _id in a view's table; 0: empty. */
Status storage_view_max_id(Storage *s, int64_t view, int64_t *out, Diags *d);

/* Applies a write set in one transaction (inside storage_begin … commit: in that one).
 * WEIR_E_STORAGE with `can_retry`: nothing was changed, the same write set may be applied again
 * later. WEIR_E_LOCKED: another engine has taken over the file. Once in a while, when the WAL has
 * grown past half of wal_limit, it is checkpointed after the commit. */
Status storage_apply(Storage *s, const WriteSet *ws, bool *can_retry, Diags *d);
/* Keeps the changes of a relation with rows from now on, for those who follow it, with an empty epoch, the
 * next after *epoch, as the first; or notes that somebody still does. Not inside a transaction, but for the note. */
Status storage_follow(Storage *s, const Relation *r, int64_t now_us, int64_t *epoch, Diags *d);
/* SQL for a reader, of one commit: its epoch; the epoch up to which changes are no longer there (NULL: none are
 * kept); then, NULL where there is none, of each change after epoch ?1 in order: its epoch, its weight, the
 * visible columns. And of each row that stands: its id, 1, the visible columns. */
Str storage_changes_sql(const Relation *r, Arena *a);
Str storage_snapshot_sql(const Relation *r, Arena *a);
/* Moves WAL content into the database, as far as readers allow. Not inside a transaction. */
Status storage_checkpoint(Storage *s, bool truncate, Diags *d);
/* While nothing waits: the same for a WAL that has grown a little, so that no commit has to. An error is one
 * that cannot pass. */
Status storage_relax(Storage *s, Diags *d);
/* Length of the WAL after the newest commit, bytes. Readers that stay keep it from shrinking. */
int64_t storage_wal_bytes(const Storage *s);
/* The process that keeps the WAL from beginning anew by reading an old commit; 0: none is known. */
int64_t storage_wal_reader(const Storage *s);
/* What made the newest write fail, for people: "disk full". */
const char *storage_hindrance(const Storage *s);
/* A consistent copy of the database at `path`, which must not exist: BACKUP TO. */
Status storage_backup(Storage *s, Str path, Diags *d);

#endif
