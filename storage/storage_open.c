/* storage_open.c: opening and closing a database file: the owner's lock, how SQLite is set up, the
 * owner row. */
#include "base/plant.h"
#include "storage/change_log.h"
#include "storage/lock.h"
#include "storage/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CACHE_KIB = 4 * 1024,        /* pages the writer keeps: those of a large commit go while they are in the processor's cache */
    INDEX_CACHE_KIB = 64 * 1024, /* the same where a view has an index, whose pages change in no order */
    READER_CACHE_KIB = 4 * 1024,
    MMAP_BYTES = 256 << 20
};
static const int64_t wal_limit_default = 128 << 20, error_limit_default = 10000;
static const int64_t changes_retention_default_us = INT64_C(3600) * 1000000, changes_limit_default = 64 << 20;

/* ---- where the file is ------------------------------------------------------------------------- */

/* A folder of our own in the place for temporary files. */
static Status make_temporary(Storage *s, Diags *d)
{
    const char *place = getenv("TMPDIR");
    char *folder = (char *)str_printf(&s->arena, "%s/weir-XXXXXX", place && *place ? place : "/tmp").p;
    if (!mkdtemp(folder))
        return diag_error(d, WEIR_E_IO, (Span){0}, "cannot make a temporary folder \"%s\": %s", folder,
                          strerror(errno));
    s->folder = folder;
    s->path = (char *)str_printf(&s->arena, "%s/temporary.db", folder).p;
    return WEIR_OK;
}

static void remove_temporary(Storage *s)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    if (!s->folder) return;
    for (int i = 0; i < 4; i++) unlink(str_printf(&s->arena, "%s%s", s->path, suffixes[i]).p);
    rmdir(s->folder);
}

static bool is_temporary(const char *path) { return !path || !*path || !strcmp(path, ":memory:"); }

/* ---- connections ------------------------------------------------------------------------------- */

static const char *synchronous_word(Str given)
{
    static const char *const words[] = {"NORMAL", "FULL", "OFF", "EXTRA"};
    for (int i = 0; i < 4; i++)
        if (str_ieq(given, str_z(words[i]))) return words[i];
    return "NORMAL";
}

static Status enter_wal_mode(Storage *s, Diags *d)
{
    SqlStmt *st;
    bool row;
    TRY(sql_cached(&s->db, "PRAGMA journal_mode = WAL", &st, d));
    TRY(sql_step(&s->db, st, &row, d));
    bool is_wal = row && str_ieq(sql_str(st, 0), S("wal"));
    sql_reset(st);
    if (is_wal) return WEIR_OK;
    diag_error(d, WEIR_E_STORAGE, (Span){0}, "\"%s\" cannot have a write-ahead log", s->path);
    diag_hint(d, "put the database on a local disk");
    return WEIR_E_STORAGE;
}

static Status set_up_writer(Storage *s, const StorageOptions *o, Diags *d)
{
    Sql *q = &s->db;
    sqlite3_busy_timeout(q->db, s->busy_ms);
    /* Readers without write permission need the WAL to stay after a clean stop. */
    int keep = 1;
    sqlite3_file_control(q->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
    sqlite3_db_config(q->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    TRY(enter_wal_mode(s, d));
    TRY(sql_execf(q, d,
                  "PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = %d;"
                  "PRAGMA secure_delete = OFF; PRAGMA temp_store = FILE; PRAGMA foreign_keys = OFF",
                  MMAP_BYTES));
    return storage_configure(s, o, d);
}

Status storage_size_cache(Storage *s, Diags *d)
{
    SqlStmt *st;
    int64_t has_index = 0;
    TRY(sql_cached(&s->db, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND tbl_name GLOB '_weir_mv_*')", &st, d));
    TRY(sql_one_int(&s->db, st, &has_index, d));
    int size = s->cache_pages > 0 ? s->cache_pages : has_index ? -INDEX_CACHE_KIB : -CACHE_KIB; /* as PRAGMA has it */
    return sql_execf(&s->db, d, "PRAGMA cache_size = %d", size);
}

Status storage_configure(Storage *s, const StorageOptions *o, Diags *d)
{
    s->wal_limit = o->wal_limit > 0 ? o->wal_limit : wal_limit_default;
    s->error_limit = o->error_limit > 0 ? o->error_limit : error_limit_default;
    s->changes_retention_us = o->changes_retention_us > 0 ? o->changes_retention_us : changes_retention_default_us;
    s->changes_limit = o->changes_limit > 0 ? o->changes_limit : changes_limit_default;
    if (s->read_only) return WEIR_OK;
    return sql_execf(&s->db, d, "PRAGMA synchronous = %s; PRAGMA journal_size_limit = %lld",
                     s->folder || WEIR_PLANT("skipped-sync") ? "OFF" : synchronous_word(o->synchronous), (long long)s->wal_limit);
}

const char *storage_synchronous(Storage *s)
{
    static const char *const words[] = {"off", "normal", "full", "extra"};
    SqlStmt st;
    int64_t level = 0;
    if (sql_prepare(&s->db, S("PRAGMA synchronous"), &st, NULL) != WEIR_OK) return "";
    Status status = sql_one_int(&s->db, &st, &level, NULL);
    sql_finalize(&st);
    return status == WEIR_OK ? words[level & 3] : "";
}

static Status set_up_reader(Sql *q, Diags *d)
{
    sqlite3_busy_timeout(q->db, STORAGE_BUSY_MS);
    sqlite3_db_config(q->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(q->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return sql_execf(q, d,
                     "PRAGMA query_only = ON; PRAGMA cache_size = -%d; PRAGMA mmap_size = %d;"
                     "PRAGMA temp_store = FILE",
                     READER_CACHE_KIB, MMAP_BYTES);
}

/* SQLite tells the length of the WAL after each commit. */
static int on_commit(void *arg, sqlite3 *db, const char *schema, int pages)
{
    (void)db, (void)schema;
    Storage *s = arg;
    s->wal_bytes = pages * (s->page_bytes + 24);
    return SQLITE_OK;
}

/* ---- the owner row ----------------------------------------------------------------------------- */

/* Puts our name into the file: an engine that was stopped meanwhile finds another one than its own
 * at its next commit and gives up. */
static Status become_owner(Storage *s, Diags *d)
{
    uint64_t name[2];
    sqlite3_randomness(sizeof name, name);
    snprintf(s->owner, sizeof s->owner, "%016llx%016llx", (unsigned long long)name[0], (unsigned long long)name[1]);
    SqlStmt *st;
    TRY(sql_cached(&s->db, "UPDATE _weir_epoch SET owner = ?1, pid = ?2", &st, d));
    sql_put_str(st, str_z(s->owner));
    sql_put_int(st, getpid());
    return sql_run(&s->db, st, d);
}

static Status fenced_off(Storage *s, Diags *d)
{
    SqlStmt *st;
    int64_t pid = 0;
    TRY(sql_cached(&s->db, "SELECT pid FROM _weir_epoch", &st, d));
    TRY(sql_one_int(&s->db, st, &pid, d));
    diag_error(d, WEIR_E_LOCKED, (Span){0}, "process %lld has taken over \"%s\"", (long long)pid, s->path);
    return WEIR_E_LOCKED;
}

Status storage_begin_owned(Storage *s, Diags *d)
{
    SqlStmt *st;
    int64_t ours = 0;
    s->db.last_rc = SQLITE_OK;
    storage_undo(s); /* what a call that ran out of memory left open */
    TRY(sql_exec(&s->db, "BEGIN IMMEDIATE", d));
    Status status = sql_cached(&s->db, "SELECT count(*) FROM _weir_epoch WHERE owner = ?1", &st, d);
    if (status == WEIR_OK) {
        sql_put_str(st, str_z(s->owner));
        status = sql_one_int(&s->db, st, &ours, d);
    }
    if (status == WEIR_OK && !ours) status = fenced_off(s, d);
    if (status != WEIR_OK) storage_undo(s);
    return status;
}

void storage_undo(Storage *s)
{
    s->in_ddl = false;
    s->feed = (ViewFeed){0};
    if (!sqlite3_get_autocommit(s->db.db)) sqlite3_exec(s->db.db, "ROLLBACK", NULL, NULL, NULL);
}

void storage_note_failure(Storage *s)
{
    if (sql_can_retry(s->db.last_rc)) return;
    sqlite3_db_config(s->db.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

Status storage_writable(const Storage *s, Diags *d)
{
    if (!s->read_only) return WEIR_OK;
    diag_error(d, WEIR_E_READONLY, (Span){0}, "\"%s\" is open for reading only", s->path);
    return WEIR_E_READONLY;
}

/* ---- open and close ---------------------------------------------------------------------------- */

static Status open_writer(Storage *s, const StorageOptions *o, Diags *d)
{
    SqlStmt *st;
    if (!s->folder) TRY(lock_take(s->path, &s->arena, &s->lock_fd, d));
    s->frames = frames_new(s->vfs);
    TRY(sql_open(&s->db, s->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                 s->frames ? frames_name(s->frames) : s->vfs, &s->arena, d));
    TRY(set_up_writer(s, o, d));
    TRY(migrate(&s->db, false, d));
    TRY(storage_size_cache(s, d));
    TRY(become_owner(s, d));
    TRY(change_logs_load(s, d));
    TRY(view_feed_register(&s->db, &s->feed, d));
    TRY(sql_cached(&s->db, "PRAGMA page_size", &st, d));
    TRY(sql_one_int(&s->db, st, &s->page_bytes, d));
    if (s->frames) frames_set_page(s->frames, (int)s->page_bytes);
    sqlite3_wal_hook(s->db.db, on_commit, s);
    return WEIR_OK;
}

static Status open_read_only(Storage *s, Diags *d)
{
    TRY(sql_open(&s->db, s->path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, s->vfs, &s->arena, d));
    TRY(set_up_reader(&s->db, d));
    return migrate(&s->db, true, d);
}

static Status open_all(Storage *s, const char *path, const StorageOptions *o, Diags *d)
{
    TRY(is_temporary(path) ? make_temporary(s, d) : lock_real_path(path, &s->arena, &s->path, d));
    return s->read_only ? open_read_only(s, d) : open_writer(s, o, d);
}

Status storage_open(const char *path, const StorageOptions *o, Storage **out, Diags *d)
{
    Arena arena = {0};
    Storage *s = new_one(&arena, Storage);
    s->arena = arena;
    s->lock_fd = -1;
    s->vfs = o->vfs;
    s->busy_ms = o->has_no_clock ? 0 : STORAGE_BUSY_MS;
    s->read_only = o->read_only;
    s->cache_pages = o->cache_pages;
    *out = s;
    Status st = open_all(s, path, o, d);
    if (st == WEIR_OK) return WEIR_OK;
    *out = NULL;
    storage_close(s);
    return st;
}

void storage_close(Storage *s)
{
    if (!s) return;
    if (s->db.db) storage_undo(s);
    while (s->views) view_table_close(&s->views, s->views->view);
    change_logs_close(s);
    sql_close(&s->reader);
    sql_close(&s->db);
    frames_free(s->frames);
    remove_temporary(s);
    lock_release(s->lock_fd);
    Arena arena = s->arena;
    arena_free(&arena);
}

const char *storage_path(const Storage *s) { return s->path; }

int64_t storage_wal_bytes(const Storage *s) { return s->wal_bytes; }

Status storage_new_reader(const Storage *s, Sql *out, Arena *a, Diags *d)
{
    TRY(sql_open(out, s->path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, s->vfs, a, d));
    Status st = set_up_reader(out, d);
    if (st != WEIR_OK) sql_close(out);
    return st;
}

Status storage_reader(Storage *s, struct sqlite3 **out, Diags *d)
{
    if (!s->reader.db) {
        TRY(storage_new_reader(s, &s->reader, &s->arena, d));
        reader_set_limits(s->reader.db);
    }
    *out = s->reader.db;
    return WEIR_OK;
}
