/* sql.h: the one door to SQLite.
 *
 * A connection with its cached statements; every failure becomes a Status and a diagnosis. Nothing
 * else includes <sqlite3.h>, so that the same sources can later be built against the table of a
 * host that loads weir as an extension. No call here has effect on the process as a whole (frames.h adds a VFS
 * that only the connection knows). */
#ifndef WEIR_STORAGE_SQL_H
#define WEIR_STORAGE_SQL_H

#include "base/diag.h"
#include <sqlite3.h>

/* A statement and what has been bound to it so far. */
typedef struct SqlStmt {
    sqlite3_stmt *handle;
    const char *text; /* the key in the cache: compared by address */
    int bound;        /* parameters bound since the last reset */
    int bind_rc;      /* first failure among them */
} SqlStmt;

typedef struct Sql {
    sqlite3 *db;
    Arena *arena;           /* of the statement cache */
    Arena scratch;          /* for texts that are needed no longer than a call */
    VEC(SqlStmt *) cached;
    int last_rc;            /* extended code of the newest failure */
} Sql;

/* `flags` are SQLITE_OPEN_*; `vfs` NULL: the default. On failure nothing is left open. */
Status sql_open(Sql *q, const char *path, int flags, const char *vfs, Arena *a, Diags *d);
/* Finalizes the cache and closes. A connection that is not open is allowed. */
void sql_close(Sql *q);

/* Runs a script without parameters and without interest in rows. */
Status sql_exec(Sql *q, const char *script, Diags *d);
/* The same with a formatted text of one or more statements. */
Status sql_execf(Sql *q, Diags *d, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The cached statement of a literal: reset, without bindings. Valid until sql_close. */
Status sql_cached(Sql *q, const char *literal, SqlStmt **out, Diags *d);
/* A statement of the caller's, to be ended with sql_finalize. */
Status sql_prepare(Sql *q, Str text, SqlStmt *out, Diags *d);
void sql_finalize(SqlStmt *st);

/* Bind the next parameter. Text and blobs are referred to until the statement is reset. A failure
 * shows at the next step. */
void sql_put_int(SqlStmt *st, int64_t v);
void sql_put_time(SqlStmt *st, int64_t v); /* INT64_MIN: NULL */
void sql_put_str(SqlStmt *st, Str v);
void sql_put_blob(SqlStmt *st, Str v);
void sql_put_null(SqlStmt *st);

/* *row: a row is ready. At the end and on failure the statement is reset. */
Status sql_step(Sql *q, SqlStmt *st, bool *row, Diags *d);
/* Steps to the end, dropping rows. */
Status sql_run(Sql *q, SqlStmt *st, Diags *d);
void sql_reset(SqlStmt *st);
/* Runs a query that gives one integer; without a row *out keeps its value. Resets. */
Status sql_one_int(Sql *q, SqlStmt *st, int64_t *out, Diags *d);

int64_t sql_int(SqlStmt *st, int col);
int64_t sql_time(SqlStmt *st, int col); /* NULL: INT64_MIN */
Str sql_str(SqlStmt *st, int col);      /* until the next step */

/* Reports the connection's newest error and remembers its code. */
Status sql_error(Sql *q, Diags *d);
/* Whether what failed with this extended code may succeed when tried again: the disk was full,
 * somebody else was writing, memory was short, a write failed. A failed sync never can. */
bool sql_can_retry(int extended_code);

/* Appends `name` as a quoted identifier, or `text` as a string literal. */
void sql_quote_name(StrBuf *b, Str name);
void sql_quote_text(StrBuf *b, Str text);

#endif
