/* sql.c: connections, cached statements and the translation of SQLite's error codes. */
#include "storage/sql.h"

Status sql_open(Sql *q, const char *path, int flags, const char *vfs, Arena *a, Diags *d)
{
    *q = (Sql){.arena = a};
    int rc = sqlite3_open_v2(path, &q->db, flags, vfs);
    if (rc == SQLITE_OK) {
        sqlite3_extended_result_codes(q->db, 1);
        return WEIR_OK;
    }
    q->last_rc = q->db ? sqlite3_extended_errcode(q->db) : rc;
    int system = q->db ? sqlite3_system_errno(q->db) : 0;
    Status st = diag_error(d, WEIR_E_IO, (Span){0}, "cannot open \"%s\": %s", path,
                           system ? strerror(system) : sqlite3_errstr(rc));
    sqlite3_close(q->db);
    q->db = NULL;
    return st;
}

void sql_close(Sql *q)
{
    if (!q->db) return;
    for (ptrdiff_t i = 0; i < q->cached.len; i++) sqlite3_finalize(q->cached.data[i]->handle);
    q->cached.len = 0;
    arena_free(&q->scratch);
    sqlite3_close_v2(q->db); /* stays until statements are gone that somebody still holds */
    q->db = NULL;
}

static Status sql_code(int extended)
{
    switch (extended & 0xff) {
    case SQLITE_NOMEM: return WEIR_E_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return WEIR_E_CORRUPT;
    case SQLITE_INTERRUPT: return WEIR_E_INTERRUPTED;
    case SQLITE_READONLY: return WEIR_E_READONLY;
    default: return WEIR_E_STORAGE;
    }
}

static Status sql_report(Sql *q, int extended, const char *message, Diags *d)
{
    q->last_rc = extended;
    Status st = sql_code(extended);
    const char *file = sqlite3_db_filename(q->db, "main");
    diag_error(d, st, (Span){0}, "\"%s\": %s", file && *file ? file : "database", message);
    if ((extended & 0xff) == SQLITE_BUSY)
        diag_hint(d, "another program is writing to the database; it is tried again");
    if ((extended & 0xff) == SQLITE_FULL) diag_hint(d, "free some space on the disk");
    if ((extended & 0xff) == SQLITE_NOTADB)
        diag_hint(d, "the file is no SQLite database; name another one");
    return st;
}

Status sql_error(Sql *q, Diags *d)
{
    return sql_report(q, sqlite3_extended_errcode(q->db), sqlite3_errmsg(q->db), d);
}

bool sql_can_retry(int extended_code)
{
    switch (extended_code) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_CORRUPTFS:
    case SQLITE_IOERR_DATA: return false;
    default: break;
    }
    switch (extended_code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR: return true;
    default: return false;
    }
}

Status sql_exec(Sql *q, const char *script, Diags *d)
{
    return sqlite3_exec(q->db, script, NULL, NULL, NULL) == SQLITE_OK ? WEIR_OK : sql_error(q, d);
}

Status sql_execf(Sql *q, Diags *d, const char *fmt, ...)
{
    ArenaMark mark = arena_mark(&q->scratch);
    StrBuf b = {.arena = &q->scratch};
    va_list ap;
    va_start(ap, fmt);
    sb_vprintf(&b, fmt, ap);
    va_end(ap);
    Status st = sql_exec(q, sb_done(&b).p, d);
    arena_release(&q->scratch, mark);
    return st;
}

static Status sql_compile(Sql *q, const char *text, ptrdiff_t n, unsigned flags, SqlStmt *out, Diags *d)
{
    *out = (SqlStmt){.text = text};
    int rc = sqlite3_prepare_v3(q->db, text, (int)n, flags, &out->handle, NULL);
    return rc == SQLITE_OK ? WEIR_OK : sql_error(q, d);
}

Status sql_cached(Sql *q, const char *literal, SqlStmt **out, Diags *d)
{
    for (ptrdiff_t i = 0; i < q->cached.len; i++) {
        if (q->cached.data[i]->text != literal) continue;
        *out = q->cached.data[i];
        sql_reset(*out);
        return WEIR_OK;
    }
    SqlStmt *st = new_one(q->arena, SqlStmt);
    vec_push(&q->cached, q->arena, st);
    q->cached.len--; /* room is there: nothing can be lost between here and the push */
    TRY(sql_compile(q, literal, -1, SQLITE_PREPARE_PERSISTENT, st, d));
    q->cached.data[q->cached.len++] = st;
    *out = st;
    return WEIR_OK;
}

Status sql_prepare(Sql *q, Str text, SqlStmt *out, Diags *d)
{
    return sql_compile(q, text.p, text.n, SQLITE_PREPARE_PERSISTENT, out, d);
}

void sql_finalize(SqlStmt *st)
{
    sqlite3_finalize(st->handle);
    *st = (SqlStmt){0};
}

void sql_reset(SqlStmt *st)
{
    sqlite3_reset(st->handle);
    if (st->bound) sqlite3_clear_bindings(st->handle);
    st->bound = 0;
    st->bind_rc = SQLITE_OK;
}

static void sql_bound(SqlStmt *st, int rc)
{
    if (st->bind_rc == SQLITE_OK) st->bind_rc = rc;
}

void sql_put_int(SqlStmt *st, int64_t v)
{
    sql_bound(st, sqlite3_bind_int64(st->handle, ++st->bound, v));
}

void sql_put_time(SqlStmt *st, int64_t v)
{
    if (v == INT64_MIN)
        sql_put_null(st);
    else
        sql_put_int(st, v);
}

void sql_put_str(SqlStmt *st, Str v)
{
    sql_bound(st, sqlite3_bind_text64(st->handle, ++st->bound, v.p ? v.p : "", (sqlite3_uint64)v.n,
                                      SQLITE_STATIC, SQLITE_UTF8));
}

void sql_put_blob(SqlStmt *st, Str v)
{
    sql_bound(st, sqlite3_bind_blob64(st->handle, ++st->bound, v.p ? v.p : "", (sqlite3_uint64)v.n,
                                      SQLITE_STATIC));
}

void sql_put_null(SqlStmt *st)
{
    sql_bound(st, sqlite3_bind_null(st->handle, ++st->bound));
}

Status sql_step(Sql *q, SqlStmt *st, bool *row, Diags *d)
{
    *row = false;
    int rc = st->bind_rc;
    if (rc != SQLITE_OK) {
        sql_reset(st);
        return sql_report(q, rc, sqlite3_errstr(rc), d);
    }
    rc = sqlite3_step(st->handle);
    if (rc == SQLITE_ROW) {
        *row = true;
        return WEIR_OK;
    }
    Status out = rc == SQLITE_DONE ? WEIR_OK : sql_error(q, d);
    sql_reset(st);
    return out;
}

Status sql_run(Sql *q, SqlStmt *st, Diags *d)
{
    bool row = true;
    while (row) TRY(sql_step(q, st, &row, d));
    return WEIR_OK;
}

Status sql_one_int(Sql *q, SqlStmt *st, int64_t *out, Diags *d)
{
    bool row;
    TRY(sql_step(q, st, &row, d));
    if (!row) return WEIR_OK;
    *out = sql_int(st, 0);
    sql_reset(st);
    return WEIR_OK;
}

int64_t sql_int(SqlStmt *st, int col) { return sqlite3_column_int64(st->handle, col); }

int64_t sql_time(SqlStmt *st, int col)
{
    return sqlite3_column_type(st->handle, col) == SQLITE_NULL ? INT64_MIN : sql_int(st, col);
}

Str sql_str(SqlStmt *st, int col)
{
    const void *p = sqlite3_column_blob(st->handle, col); /* the bytes as they are stored */
    return (Str){p, sqlite3_column_bytes(st->handle, col)};
}

static void quote(StrBuf *b, Str s, char mark)
{
    sb_char(b, mark);
    for (ptrdiff_t i = 0; i < s.n; i++) {
        if (s.p[i] == mark) sb_char(b, mark);
        sb_char(b, s.p[i]);
    }
    sb_char(b, mark);
}

void sql_quote_name(StrBuf *b, Str name) { quote(b, name, '"'); }

void sql_quote_text(StrBuf *b, Str text) { quote(b, text, '\''); }
