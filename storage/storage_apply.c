/* storage_apply.c: one epoch: a write set becomes one transaction.
 *
 * Nothing here looks at live state, so a commit that failed for a passing cause is simply applied
 * again. Allocation is confined to statements prepared for the first time. */
#include "base/datetime.h"
#include "base/hash.h"
#include "base/plant.h"
#include "storage/change_log.h"

enum { RELAX_BYTES = 4 << 20 }; /* of the WAL, that are moved while nothing waits */

/* ---- the parts of a write set ------------------------------------------------------------------ */

static Status apply_view(Storage *s, const WriteSet *ws, const ViewDelta *delta, Diags *d)
{
    ViewTable *t;
    ChangeLog *log = change_log_of(s, delta->view->id);
    TRY(view_table_open(&s->db, delta->view, &s->views, &t, d));
    if (log) TRY(change_log_before(s, log, ws, delta, d));
    TRY(view_table_apply(&s->db, &s->feed, t, delta, d));
    if (log) TRY(change_log_after(s, log, t, ws, delta, d));
    return view_table_expire(&s->db, t, delta, d);
}

static Status apply_views(Storage *s, const WriteSet *ws, Diags *d)
{
    for (ptrdiff_t i = 0; i < ws->views.len; i++) TRY(apply_view(s, ws, &ws->views.data[i], d));
    return WEIR_OK;
}

static Status apply_blocks(Storage *s, const WriteSet *ws, Diags *d)
{
    for (ptrdiff_t i = 0; i < ws->blocks.len; i++) {
        const BlockGrant *b = &ws->blocks.data[i];
        SqlStmt *st;
        TRY(sql_cached(&s->db, "INSERT INTO _weir_blocks (view, span, block) VALUES (?1, ?2, ?3)", &st, d));
        sql_put_int(st, b->view);
        sql_put_int(st, b->span);
        sql_put_int(st, b->block);
        TRY(sql_run(&s->db, st, d));
    }
    return WEIR_OK;
}

static Status forget_state(Storage *s, const StateBlob *b, Diags *d)
{
    static const char *const tables[] = {
        "DELETE FROM _weir_state_base WHERE view = ?1 AND op = ?2",
        "DELETE FROM _weir_state_log WHERE view = ?1 AND op = ?2",
    };
    for (int i = 0; i < 2; i++) {
        SqlStmt *st;
        TRY(sql_cached(&s->db, tables[i], &st, d));
        sql_put_int(st, b->view);
        sql_put_int(st, b->op);
        TRY(sql_run(&s->db, st, d));
    }
    return WEIR_OK;
}

static Status apply_page(Storage *s, const BasePage *p, Diags *d)
{
    SqlStmt *st;
    TRY(p->is_gone ? sql_cached(&s->db, "DELETE FROM _weir_state_base WHERE view = ?1 AND op = ?2 AND low = ?3", &st, d)
                   : sql_cached(&s->db,
                                "INSERT INTO _weir_state_base (view, op, low, records, xxh3) VALUES (?1, ?2, ?3, ?4, ?5)"
                                " ON CONFLICT (view, op, low) DO UPDATE SET records = ?4, xxh3 = ?5", &st, d));
    sql_put_int(st, p->view);
    sql_put_int(st, p->op);
    sql_put_blob(st, p->low);
    if (!p->is_gone) {
        sql_put_blob(st, p->records);
        sql_put_int(st, (int64_t)hash_bytes(p->records.p, p->records.n));
    }
    return sql_run(&s->db, st, d);
}

static Status apply_log(Storage *s, const StateBlob *b, int64_t epoch, Diags *d)
{
    SqlStmt *st;
    TRY(sql_cached(&s->db, "INSERT INTO _weir_state_log (view, op, epoch, records, xxh3) VALUES (?1, ?2, ?3, ?4, ?5)", &st, d));
    sql_put_int(st, b->view);
    sql_put_int(st, b->op);
    sql_put_int(st, epoch);
    sql_put_blob(st, b->records);
    sql_put_int(st, (int64_t)hash_bytes(b->records.p, b->records.n));
    return sql_run(&s->db, st, d);
}

static Status apply_trim(Storage *s, const LogTrim *t, Diags *d)
{
    SqlStmt *st;
    TRY(sql_cached(&s->db, "DELETE FROM _weir_state_log WHERE view = ?1 AND op = ?2 AND epoch <= ?3", &st, d));
    sql_put_int(st, t->view);
    sql_put_int(st, t->op);
    sql_put_int(st, t->epoch);
    return sql_run(&s->db, st, d);
}

static Status apply_state(Storage *s, const WriteSet *ws, Diags *d)
{
    for (ptrdiff_t i = 0; i < ws->pages.len; i++) TRY(apply_page(s, &ws->pages.data[i], d));
    for (ptrdiff_t i = 0; i < ws->trims.len; i++) TRY(apply_trim(s, &ws->trims.data[i], d));
    for (ptrdiff_t i = 0; i < ws->state.len; i++) {
        const StateBlob *b = &ws->state.data[i];
        if (b->is_base) TRY(forget_state(s, b, d));
        TRY(b->is_base ? apply_page(s, &(BasePage){.view = b->view, .op = b->op, .low = S(""), .records = b->records}, d)
                       : apply_log(s, b, ws->epoch, d));
    }
    return WEIR_OK;
}

static Status apply_positions(Storage *s, const WriteSet *ws, Diags *d)
{
    if (WEIR_PLANT("position-apart") && !s->in_ddl) TRY(sql_exec(&s->db, "COMMIT; BEGIN", d));
    for (ptrdiff_t i = 0; i < ws->positions.len; i++) {
        const SavedPosition *p = &ws->positions.data[i];
        SqlStmt *st;
        TRY(sql_cached(&s->db, "INSERT OR REPLACE INTO _weir_positions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                       &st, d));
        sql_put_int(st, p->stream);
        sql_put_str(st, p->partition);
        sql_put_int(st, (int64_t)p->label);
        sql_put_int(st, p->generation);
        sql_put_int(st, (int64_t)p->offset);
        sql_put_blob(st, p->identity);
        sql_put_time(st, p->watermark);
        sql_put_int(st, p->rows);
        sql_put_int(st, p->errors);
        sql_put_int(st, p->ended);
        TRY(sql_run(&s->db, st, d));
    }
    return WEIR_OK;
}

/* Of more errors than are kept only the newest are written at all. */
static Status apply_errors(Storage *s, const WriteSet *ws, Diags *d)
{
    ptrdiff_t first = ws->errors.len > s->error_limit ? ws->errors.len - s->error_limit : 0;
    SqlStmt *st;
    for (ptrdiff_t i = first; i < ws->errors.len; i++) {
        const ErrorRow *e = &ws->errors.data[i];
        char at[TIME_TEXT_MAX];
        int at_len = timestamp_print(e->at_us, 6, at);
        TRY(sql_cached(&s->db, "INSERT INTO weir_errors VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                       &st, d));
        sql_put_str(st, str_of(at, at_len));
        sql_put_str(st, e->stream);
        sql_put_str(st, e->partition);
        sql_put_int(st, e->generation);
        sql_put_int(st, (int64_t)e->offset);
        sql_put_str(st, e->query);
        sql_put_str(st, e->code);
        sql_put_str(st, e->message);
        sql_put_str(st, e->raw); /* text, so that shells show it */
        sql_put_int(st, e->raw_bytes);
        TRY(sql_run(&s->db, st, d));
    }
    if (!ws->errors.len) return WEIR_OK;
    TRY(sql_cached(&s->db, "DELETE FROM weir_errors WHERE seq <= (SELECT max(seq) FROM weir_errors) - ?1", &st, d));
    sql_put_int(st, s->error_limit);
    return sql_run(&s->db, st, d);
}

static Status apply_faults(Storage *s, const WriteSet *ws, Diags *d)
{
    for (ptrdiff_t i = 0; i < ws->faults.len; i++) {
        const FaultRow *f = &ws->faults.data[i];
        SqlStmt *st;
        TRY(f->remove ? sql_cached(&s->db,
                                   "DELETE FROM weir_faults WHERE \"view\" = ?1 AND \"key\" = ?2",
                                   &st, d)
                      : sql_cached(&s->db, "INSERT OR REPLACE INTO weir_faults VALUES (?1, ?2, ?3, ?4, ?5)", &st, d));
        sql_put_str(st, f->view);
        sql_put_str(st, f->key);
        if (!f->remove) {
            sql_put_str(st, f->column);
            sql_put_str(st, f->code);
            sql_put_str(st, f->message);
        }
        TRY(sql_run(&s->db, st, d));
    }
    return WEIR_OK;
}

/* While a stream is silent its closings follow one another at the same place: the last one says all. */
static Status forget_closing(Storage *s, const Ruling *r, Diags *d)
{
    SqlStmt *st;
    TRY(sql_cached(&s->db, "DELETE FROM _weir_rulings WHERE stream = ?1 AND kind = 'closed' AND part = ?2"
                           " AND generation = ?3 AND offset = ?4", &st, d));
    sql_put_int(st, r->stream);
    sql_put_str(st, r->partition);
    sql_put_int(st, r->generation);
    sql_put_int(st, (int64_t)r->offset);
    return sql_run(&s->db, st, d);
}

static Status apply_rulings(Storage *s, const WriteSet *ws, Diags *d)
{
    for (ptrdiff_t i = 0; i < ws->rulings.len; i++) {
        const Ruling *r = &ws->rulings.data[i];
        SqlStmt *st;
        if (str_eq(r->kind, S("closed"))) TRY(forget_closing(s, r, d));
        TRY(sql_cached(&s->db, "INSERT INTO _weir_rulings VALUES (?1, ?2, ?3, ?4, ?5, ?6)", &st, d));
        sql_put_int(st, r->stream);
        sql_put_str(st, r->partition);
        sql_put_int(st, r->generation);
        sql_put_int(st, (int64_t)r->offset);
        sql_put_str(st, r->kind);
        sql_put_int(st, r->value);
        TRY(sql_run(&s->db, st, d));
    }
    return WEIR_OK;
}

static Status apply_progress(Storage *s, const WriteSet *ws, Diags *d)
{
    for (ptrdiff_t i = 0; i < ws->progress.len; i++) {
        const ViewProgress *p = &ws->progress.data[i];
        SqlStmt *st;
        TRY(sql_cached(&s->db, "INSERT OR REPLACE INTO _weir_view_progress VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", &st, d));
        sql_put_int(st, p->view);
        sql_put_int(st, p->rows);
        sql_put_int(st, p->changes);
        sql_put_int(st, p->late_rows);
        sql_put_int(st, p->gap_rows);
        sql_put_int(st, p->errors);
        sql_put_int(st, p->next_id);
        TRY(sql_run(&s->db, st, d));
    }
    return WEIR_OK;
}

static Status apply_epoch(Storage *s, const WriteSet *ws, Diags *d)
{
    SqlStmt *st;
    TRY(sql_cached(&s->db, "UPDATE _weir_epoch SET epoch = ?1, committed_us = ?2", &st, d));
    sql_put_int(st, ws->epoch);
    sql_put_int(st, ws->now_us);
    return sql_run(&s->db, st, d);
}

/* ---- the transaction --------------------------------------------------------------------------- */

static Status apply_all(Storage *s, const WriteSet *ws, Diags *d)
{
    static Status (*const parts[])(Storage *, const WriteSet *, Diags *) = {
        apply_views, apply_blocks, apply_state, apply_positions, apply_errors,
        apply_faults, apply_rulings, apply_progress, apply_epoch,
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) TRY(parts[i](s, ws, d));
    return WEIR_OK;
}

static Status apply_and_commit(Storage *s, const WriteSet *ws, Diags *d)
{
    TRY(storage_begin_owned(s, d));
    Status st = apply_all(s, ws, d);
    if (st == WEIR_OK) st = sql_exec(&s->db, "COMMIT", d);
    if (st != WEIR_OK) storage_undo(s);
    return st;
}

/* Readers are not waited for: what they hold stays in the WAL. What has been moved whole begins anew with
 * the next commit. */
static Status checkpoint(Storage *s, int mode, Diags *d)
{
    int log = -1, moved = 0;
    sqlite3_busy_timeout(s->db.db, 0);
    int rc = sqlite3_wal_checkpoint_v2(s->db.db, NULL, mode, &log, &moved);
    Status st = rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY ? WEIR_OK : sql_error(&s->db, d);
    sqlite3_busy_timeout(s->db.db, s->busy_ms);
    if (st != WEIR_OK) storage_note_failure(s);
    if (rc == SQLITE_OK && log == moved) s->wal_bytes = 0;
    return st;
}

/* Where readers hold the WAL or the disk is full, the next try waits until it has grown by `step`. */
static Status move_wal(Storage *s, int64_t from, int64_t step, Diags *d)
{
    if (s->wal_bytes < s->wal_tried) s->wal_tried = 0; /* it began anew */
    if (s->wal_bytes < from || s->wal_bytes < s->wal_tried + step) return WEIR_OK;
    s->wal_tried = s->wal_bytes;
    Status st = checkpoint(s, SQLITE_CHECKPOINT_PASSIVE, NULL);
    return st == WEIR_OK || sql_can_retry(s->db.last_rc) ? WEIR_OK : sql_error(&s->db, d);
}

/* The WAL is emptied from inside the commit path only when nobody did it in time. */
static Status guard_wal(Storage *s, Diags *d) { return move_wal(s, s->wal_limit / 2, s->wal_limit / 8, d); }

Status storage_relax(Storage *s, Diags *d)
{
    if (s->read_only || s->in_ddl) return WEIR_OK;
    int64_t step = s->wal_limit / 8 < RELAX_BYTES ? s->wal_limit / 8 : RELAX_BYTES;
    return move_wal(s, step, step, d);
}

Status storage_apply(Storage *s, const WriteSet *ws, bool *can_retry, Diags *d)
{
    *can_retry = false;
    TRY(storage_writable(s, d));
    if (s->in_ddl) return apply_all(s, ws, d);
    Status st = apply_and_commit(s, ws, d);
    if (st == WEIR_OK) return guard_wal(s, d);
    *can_retry = st != WEIR_E_LOCKED && sql_can_retry(s->db.last_rc);
    storage_note_failure(s);
    return st;
}

/* ---- the file as a whole ----------------------------------------------------------------------- */

Status storage_checkpoint(Storage *s, bool truncate, Diags *d)
{
    TRY(storage_writable(s, d));
    return checkpoint(s, truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, d);
}

Status storage_backup(Storage *s, Str path, Diags *d)
{
    SqlStmt *st;
    if (s->read_only) TRY(sql_exec(&s->db, "PRAGMA query_only = OFF", d)); /* the copy is written by it */
    TRY(sql_cached(&s->db, "VACUUM INTO ?1", &st, d));
    sql_put_str(st, path);
    Status status = sql_run(&s->db, st, d);
    if (s->read_only && status == WEIR_OK) status = sql_exec(&s->db, "PRAGMA query_only = ON", d);
    return status;
}
