/* change_log.c: see change_log.h.
 *
 * Everything that a commit needs to know is in the file and part of its transaction, so that a commit that
 * failed is simply made again. */
#include "storage/change_log.h"

/* ---- the logs of a database ------------------------------------------------------------------------- */

static ChangeLog *add_log(Storage *s, int64_t view, int64_t seen_us)
{
    ChangeLog *log = mem_alloc(sizeof *log);
    log->view = view;
    log->seen_us = seen_us;
    log->next = s->logs;
    return s->logs = log;
}

Status change_logs_load(Storage *s, Diags *d)
{
    SqlStmt *st;
    bool row = true;
    TRY(sql_cached(&s->db, "SELECT view, seen_us FROM _weir_subscribed", &st, d));
    while (row) {
        TRY(sql_step(&s->db, st, &row, d));
        if (row) add_log(s, sql_int(st, 0), sql_int(st, 1));
    }
    return WEIR_OK;
}

static void forget_statements(ChangeLog *log)
{
    sql_finalize(&log->taken);
    sql_finalize(&log->given);
    log->taken = log->given = (SqlStmt){0};
}

void change_logs_close(Storage *s)
{
    while (s->logs) {
        ChangeLog *log = s->logs;
        s->logs = log->next;
        forget_statements(log);
        mem_free(log, sizeof *log);
    }
}

ChangeLog *change_log_of(Storage *s, int64_t view)
{
    ChangeLog *log = s->logs;
    while (log && log->view != view) log = log->next;
    return log;
}

static Status drop_tables(Storage *s, int64_t view, Diags *d)
{
    return sql_execf(&s->db, d,
                     "DROP TABLE IF EXISTS _weir_changes_%lld; DELETE FROM _weir_changes WHERE view = %lld;"
                     "DELETE FROM _weir_subscribed WHERE view = %lld",
                     (long long)view, (long long)view, (long long)view);
}

/* A log that is over stays on the list: should the transaction be undone, it goes with the next one. */
Status change_log_drop(Storage *s, int64_t view, Diags *d)
{
    ChangeLog *log = change_log_of(s, view);
    if (!log) return WEIR_OK;
    forget_statements(log);
    log->is_over = true;
    return drop_tables(s, view, d);
}

/* ---- writing ---------------------------------------------------------------------------------------- */

static void put_columns(StrBuf *b, const Relation *r, const char *format_z)
{
    for (int32_t i = 0; i < r->ncols; i++) {
        if (r->cols[i].hidden) continue;
        sb_z(b, format_z);
        sql_quote_name(b, relation_stored_name(r, i, b->arena));
    }
}

static Status prepare_log(Storage *s, ChangeLog *log, const Relation *r, Diags *d)
{
    if (log->taken.handle) return WEIR_OK;
    StrBuf taken = {.arena = &s->db.scratch}, given = {.arena = &s->db.scratch};
    long long id = r->id;
    sb_printf(&taken, "INSERT INTO _weir_changes_%lld SELECT NULL, ?1, -1", id);
    put_columns(&taken, r, ", ");
    sb_printf(&taken, " FROM _weir_mv_%lld WHERE _id = ?2", id);
    sb_printf(&given, "INSERT INTO _weir_changes_%lld SELECT NULL, ?1, 1", id);
    put_columns(&given, r, ", m.");
    sb_printf(&given, " FROM _weir_delta x CROSS JOIN _weir_mv_%lld m ON m._id = x.id", id);
    TRY(sql_prepare(&s->db, sb_done(&taken), &log->taken, d));
    Status st = sql_prepare(&s->db, sb_done(&given), &log->given, d);
    if (st != WEIR_OK) forget_statements(log);
    return st;
}

static bool is_unread(const Storage *s, const ChangeLog *log, const WriteSet *ws)
{
    return ws->now_us - log->seen_us > s->changes_retention_us;
}

Status change_log_before(Storage *s, ChangeLog *log, const WriteSet *ws, const ViewDelta *delta, Diags *d)
{
    if (log->is_over || is_unread(s, log, ws)) return change_log_drop(s, log->view, d);
    ArenaMark mark = arena_mark(&s->db.scratch);
    Status st = prepare_log(s, log, delta->view, d);
    arena_release(&s->db.scratch, mark);
    for (int32_t i = 0; i < delta->n && st == WEIR_OK; i++) {
        if (delta->change[i] == ROW_INSERT) continue;
        sql_put_int(&log->taken, ws->epoch);
        sql_put_int(&log->taken, delta->ids[i]);
        st = sql_run(&s->db, &log->taken, d);
    }
    return st;
}

/* ---- what is kept ------------------------------------------------------------------------------------- */

/* The epoch's rows are entered: those behind the last one entered. */
static Status enter_epoch(Storage *s, const WriteSet *ws, const Relation *r, Diags *d)
{
    StrBuf b = {.arena = &s->db.scratch};
    long long id = r->id;
    sb_printf(&b, "INSERT OR REPLACE INTO _weir_changes SELECT %lld, %lld, %lld, first, last, bytes FROM"
                  " (SELECT min(seq) AS first, max(seq) AS last, CAST(total(32", id, (long long)ws->epoch, (long long)ws->now_us);
    for (int32_t i = 0, c = 0; i < r->ncols; i++)
        if (!r->cols[i].hidden) sb_printf(&b, " + coalesce(length(c%d), 0)", c++);
    sb_printf(&b, ") AS INTEGER) AS bytes FROM _weir_changes_%lld WHERE seq > (SELECT coalesce(max(last), 0) FROM _weir_changes"
                  " WHERE view = %lld AND epoch < %lld)) WHERE first IS NOT NULL", id, id, (long long)ws->epoch);
    return sql_exec(&s->db, sb_done(&b).p, d);
}

typedef struct Oldest {
    int64_t epoch, at_us, last, bytes;
    bool is_there;
} Oldest;

static Status find_oldest(Storage *s, int64_t view, Oldest *out, Diags *d)
{
    SqlStmt *st;
    TRY(sql_cached(&s->db, "SELECT epoch, at_us, last, bytes FROM _weir_changes WHERE view = ?1 ORDER BY epoch LIMIT 1", &st, d));
    sql_put_int(st, view);
    TRY(sql_step(&s->db, st, &out->is_there, d));
    if (!out->is_there) return WEIR_OK;
    *out = (Oldest){sql_int(st, 0), sql_int(st, 1), sql_int(st, 2), sql_int(st, 3), true};
    sql_reset(st);
    return WEIR_OK;
}

static Status bytes_of(Storage *s, int64_t view, int64_t *out, Diags *d)
{
    SqlStmt *st;
    TRY(sql_cached(&s->db, "SELECT bytes FROM _weir_subscribed WHERE view = ?1", &st, d));
    sql_put_int(st, view);
    return sql_one_int(&s->db, st, out, d);
}

/* The newest epoch stays, however long it is: who follows closely misses nothing. */
static Status prune(Storage *s, const ChangeLog *log, const WriteSet *ws, Diags *d)
{
    int64_t bytes = 0;
    Oldest o = {0};
    TRY(bytes_of(s, log->view, &bytes, d));
    for (;;) {
        TRY(find_oldest(s, log->view, &o, d));
        bool is_old = ws->now_us - o.at_us > s->changes_retention_us || bytes > s->changes_limit;
        if (!o.is_there || o.epoch == ws->epoch || !is_old) return WEIR_OK;
        bytes -= o.bytes;
        TRY(sql_execf(&s->db, d,
                      "DELETE FROM _weir_changes_%lld WHERE seq <= %lld; DELETE FROM _weir_changes WHERE view = %lld AND epoch = %lld;"
                      "UPDATE _weir_subscribed SET floor = %lld, bytes = %lld WHERE view = %lld",
                      (long long)log->view, (long long)o.last, (long long)log->view, (long long)o.epoch, (long long)o.epoch,
                      (long long)bytes, (long long)log->view));
    }
}

static Status note_size(Storage *s, const ChangeLog *log, const WriteSet *ws, Diags *d)
{
    SqlStmt *st;
    TRY(sql_cached(&s->db,
                   "UPDATE _weir_subscribed SET seen_us = ?2, bytes = bytes + coalesce((SELECT bytes FROM _weir_changes"
                   " WHERE view = ?1 AND epoch = ?3), 0) WHERE view = ?1", &st, d));
    sql_put_int(st, log->view);
    sql_put_int(st, log->seen_us);
    sql_put_int(st, ws->epoch);
    return sql_run(&s->db, st, d);
}

Status change_log_after(Storage *s, ChangeLog *log, const ViewTable *t, const WriteSet *ws, const ViewDelta *delta, Diags *d)
{
    if (log->is_over) return WEIR_OK;
    s->feed = (ViewFeed){.delta = delta, .cols = t->cols};
    sql_put_int(&log->given, ws->epoch);
    Status st = sql_run(&s->db, &log->given, d);
    s->feed = (ViewFeed){0};
    ArenaMark mark = arena_mark(&s->db.scratch);
    if (st == WEIR_OK) st = enter_epoch(s, ws, delta->view, d);
    arena_release(&s->db.scratch, mark);
    if (st == WEIR_OK) st = note_size(s, log, ws, d);
    return st == WEIR_OK ? prune(s, log, ws, d) : st;
}

/* ---- following ---------------------------------------------------------------------------------------- */

static Str create_sql(const Relation *r, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_printf(&b, "CREATE TABLE _weir_changes_%lld ( -- changes of ", (long long)r->id);
    for (ptrdiff_t i = 0; i < r->name.n; i++) sb_char(&b, r->name.p[i] == '\n' ? ' ' : r->name.p[i]);
    sb_lit(&b, " for those who follow it\n    seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, weight INTEGER NOT NULL");
    for (int32_t i = 0, c = 0; i < r->ncols; i++)
        if (!r->cols[i].hidden) sb_printf(&b, ", c%d", c++);
    sb_lit(&b, "\n)");
    return sb_done(&b);
}

/* It begins with an epoch of its own, so that no number handed out by an older view of the name, or by a log that
 * has ended, is one of this log's. */
static Status begin_log(Storage *s, const Relation *r, int64_t now_us, Diags *d)
{
    ArenaMark mark = arena_mark(&s->db.scratch);
    Status st = drop_tables(s, r->id, d);
    if (st == WEIR_OK) st = sql_exec(&s->db, create_sql(r, &s->db.scratch).p, d);
    arena_release(&s->db.scratch, mark);
    if (st != WEIR_OK) return st;
    return sql_execf(&s->db, d, "UPDATE _weir_epoch SET epoch = epoch + 1; INSERT INTO _weir_subscribed SELECT %lld, epoch, 0, %lld FROM _weir_epoch", (long long)r->id,
                     (long long)now_us);
}

Status storage_follow(Storage *s, const Relation *r, int64_t now_us, int64_t *epoch, Diags *d)
{
    ChangeLog *log = change_log_of(s, r->id);
    if (log && !log->is_over) {
        if (now_us > log->seen_us) log->seen_us = now_us;
        return WEIR_OK;
    }
    TRY(storage_writable(s, d));
    TRY(storage_begin_owned(s, d));
    Status st = begin_log(s, r, now_us, d);
    if (st == WEIR_OK) st = sql_exec(&s->db, "COMMIT", d);
    if (st != WEIR_OK) {
        storage_undo(s);
        return st;
    }
    if (!log) log = add_log(s, r->id, now_us);
    log->is_over = false;
    log->seen_us = now_us;
    ++*epoch;
    return WEIR_OK;
}

Str storage_changes_sql(const Relation *r, Arena *a)
{
    StrBuf b = {.arena = a};
    long long id = r->id;
    sb_lit(&b, "SELECT e.epoch, s.floor, x.epoch, c.weight");
    for (int32_t i = 0, n = 0; i < r->ncols; i++)
        if (!r->cols[i].hidden) sb_printf(&b, ", c.c%d", n++);
    sb_printf(&b, " FROM _weir_epoch e LEFT JOIN _weir_subscribed s ON s.view = %lld"
                  " LEFT JOIN _weir_changes x ON x.view = %lld AND x.epoch > ?1"
                  " LEFT JOIN _weir_changes_%lld c ON c.seq BETWEEN x.first AND x.last ORDER BY x.epoch, c.seq", id, id, id);
    return sb_done(&b);
}

Str storage_snapshot_sql(const Relation *r, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_printf(&b, "SELECT e.epoch, (SELECT floor FROM _weir_subscribed WHERE view = %lld), m._id, 1", (long long)r->id);
    put_columns(&b, r, ", m.");
    sb_printf(&b, " FROM _weir_epoch e LEFT JOIN _weir_mv_%lld m", (long long)r->id);
    return sb_done(&b);
}
