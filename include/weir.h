/* weir.h: the public interface of libweir, a continuous query engine.
 *
 * An engine (`weir`) owns one database file. Statements register streams and standing queries in
 * it; `weir_run` moves rows from the sources through every standing query and commits views, state
 * and source positions in one SQLite transaction per epoch. Any SQLite client may read the views
 * meanwhile.
 *
 *     weir *db;
 *     if (weir_open("app.db", NULL, &db) == WEIR_OK &&
 *         weir_exec(db, script, -1, "app.sql", NULL) == WEIR_OK)
 *         while (weir_run(db, 100) == WEIR_ROW) {}
 *     weir_close(db);
 *
 * Conventions: a function returns a status code; output parameters are untouched on failure; after
 * a failure weir_diag tells what, where and what would work. Strings are UTF-8. A length of -1
 * means "up to the NUL". An engine and its statements are used by one thread at a time;
 * weir_interrupt alone may be called from any thread or signal handler. */
#ifndef WEIR_H
#define WEIR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(WEIR_API)
#define WEIR_API __attribute__((visibility("default")))
#elif !defined(WEIR_API)
#define WEIR_API
#endif

#define WEIR_VERSION "0.1.0"

/* Status codes. Everything from WEIR_E_SYNTAX on is an error. */
typedef enum weir_status {
    WEIR_OK = 0,
    WEIR_ROW,  /* weir_step: a row is ready; weir_run: work was done, call again */
    WEIR_DONE, /* weir_step: no more rows; weir_run: every input has ended */
    WEIR_IDLE, /* weir_run: nothing to read within the time given */
    WEIR_E_SYNTAX = 16, /* the text is not a statement */
    WEIR_E_NAME,        /* an unknown or ambiguous name */
    WEIR_E_TYPE,        /* types that do not go together */
    WEIR_E_VALUE,       /* a value that cannot be: out of range, failed cast */
    WEIR_E_UNSUPPORTED, /* understood, but not built */
    WEIR_E_EMIT,        /* EMIT FINAL over something that never finishes */
    WEIR_E_RETRACT,     /* an operator that cannot take rows back gets retractions */
    WEIR_E_WINDOW,      /* a window that makes no sense */
    WEIR_E_GROUP,       /* a column that is neither grouped nor aggregated */
    WEIR_E_OPTION,      /* an unknown option or unusable value */
    WEIR_E_EXISTS,      /* the name is taken */
    WEIR_E_NOT_FOUND,   /* no such object */
    WEIR_E_DEPENDS,     /* other objects need this one */
    WEIR_E_LIMIT,       /* a named limit was reached */
    WEIR_E_NOMEM,       /* out of memory or over budget */
    WEIR_E_IO,          /* a file or stream could not be read or written */
    WEIR_E_STORAGE,     /* SQLite reported an error */
    WEIR_E_LOCKED,      /* another engine owns the database */
    WEIR_E_CORRUPT,     /* the database's content breaks its own rules */
    WEIR_E_FORMAT,      /* the database was written by a newer weir */
    WEIR_E_DATA,        /* an input record is unusable */
    WEIR_E_ENDED,       /* the stream has ended and takes nothing more */
    WEIR_E_MISUSE,      /* the caller broke the contract */
    WEIR_E_INTERRUPTED, /* weir_interrupt was called */
    WEIR_E_FAULTED,     /* the engine stopped; reopening it recovers */
    WEIR_E_READONLY,    /* a write where only reading is allowed */
    WEIR_E_INTERNAL,    /* a broken invariant: a bug in weir */
    WEIR_E_GONE         /* changes that are not kept any more */
} weir_status;

typedef struct weir weir;           /* an engine on one database */
typedef struct weir_stmt weir_stmt; /* a prepared statement and its cursor */

/* One error, with the place it was found. Offsets and lengths in bytes; line and column from 1
 * (0: no place). Strings belong to the engine until its next call. */
typedef struct weir_diag {
    weir_status code;
    const char *code_name; /* "WEIR_E_SYNTAX" */
    const char *message;   /* one sentence, lower case, no full stop */
    const char *hint;      /* what would work, or NULL */
    const char *file;      /* the script's name, or NULL */
    int line, column, offset, length;
    const char *rendered;  /* message, source line with caret, hint; ready to print */
} weir_diag;

/* How an engine is opened; zero-initialise and set what differs from the default. */
typedef struct weir_options {
    int read_only;                  /* pull queries only; takes no lock */
    const char *const *settings;    /* "name=value", NULL-terminated, or NULL */
    int rehearsal;                  /* no source is opened: streams and tables take rows by INSERT and
                                     * weir_push; the clock stands at 2000-01-01 until it is moved */
    const struct weir_seams *seams; /* tests only (weir_test.h), or NULL */
} weir_options;

/* Opens or creates the database `path` (NULL: a temporary one, removed at close), takes its lock
 * and recovers its state. WEIR_E_LOCKED names the owner's process id. On failure *out is an engine
 * that holds only the diagnosis (close it too), or NULL when out of memory. */
WEIR_API weir_status weir_open(const char *path, const weir_options *opt, weir **out);
/* Commits nothing more, releases everything. NULL is allowed. Statements that are still there may
 * only be finalized any more. */
WEIR_API void weir_close(weir *db);

/* The errors of the last failed call, in source order; *n is their number. */
WEIR_API const weir_diag *weir_diags(weir *db, int *n);
WEIR_API const char *weir_errmsg(weir *db); /* the first one rendered, or "" */
WEIR_API const char *weir_status_name(weir_status s);
WEIR_API const char *weir_version(void);

/* Carries out a script. Its DDL is one transaction, carried out first; SELECT, INSERT and COPY run
 * after it, their rows discarded unless `each` is given, which gets every statement that has rows
 * before it is stepped. `name` stands in error messages; relative paths are relative to
 * `base_dir` (NULL: the working folder). */
typedef int (*weir_each)(void *arg, weir_stmt *stmt);
/* What a definition does: "same", "create", "replace" or "drop"; told before anything is done. */
typedef void (*weir_change_each)(void *arg, const char *action, const char *kind, const char *name);
typedef struct weir_exec_options {
    const char *base_dir;
    weir_each each;
    void *each_arg;
    int check_only; /* parse, bind and plan; change nothing */
    int reregister; /* the same definition again is no error; a changed view replaces the old one */
    weir_change_each change;
    void *change_arg;
} weir_exec_options;
WEIR_API weir_status weir_exec(weir *db, const char *sql, int64_t len, const char *name,
                               const weir_exec_options *opt);

/* Prepares the first statement of `sql`; *tail (if given) is what follows it. *out is NULL for
 * blank text. A statement that changes something does so at its first step. */
WEIR_API weir_status weir_prepare(weir *db, const char *sql, int64_t len, weir_stmt **out,
                                  const char **tail);
/* What relative paths in prepared statements are relative to from now on; NULL: the working folder. */
WEIR_API weir_status weir_set_base_dir(weir *db, const char *dir);
/* WEIR_ROW, WEIR_DONE or an error, after which the statement can only be finalized. A push query
 * waits for rows. What a statement reads may be dropped while it is open. */
WEIR_API weir_status weir_step(weir_stmt *s);
/* The same, but WEIR_IDLE when a push query has no row within `timeout_ms` (0: what there is now); it
 * may be stepped again. Negative: waits for ever, as weir_step does. */
WEIR_API weir_status weir_step_for(weir_stmt *s, int timeout_ms);
WEIR_API void weir_finalize(weir_stmt *s);
/* Back to before the first step, whatever has happened since; values that are bound stay. */
WEIR_API weir_status weir_reset(weir_stmt *s);

/* Parameters of SELECT, INSERT, UPDATE and DELETE: ? (the next number), ?7 or $7, :name. They are
 * numbered from 1. A value means what its literal would mean in the text: a text is read as a
 * TIMESTAMP where one is compared with it or inserted. Values are given before the first step or
 * after weir_reset (else WEIR_E_MISUSE), and stay until they are given anew; NULL until then. Texts
 * and blobs are copied at once: the caller keeps its own; len -1: up to the first zero byte. Types
 * of columns may be others after the next step. */
WEIR_API int weir_bind_count(weir_stmt *s);
WEIR_API int weir_bind_index(weir_stmt *s, const char *name); /* of ":name" or "?7"; 0: none */
WEIR_API const char *weir_bind_name(weir_stmt *s, int i);     /* until finalize; NULL: it has none */
WEIR_API weir_status weir_bind_null(weir_stmt *s, int i);
WEIR_API weir_status weir_bind_int64(weir_stmt *s, int i, int64_t v);
WEIR_API weir_status weir_bind_double(weir_stmt *s, int i, double v); /* NaN is NULL */
WEIR_API weir_status weir_bind_text(weir_stmt *s, int i, const char *text, int64_t len);
WEIR_API weir_status weir_bind_blob(weir_stmt *s, int i, const void *data, int64_t len);

/* Whether sql[0..len) holds a complete statement. `*wants` (if given) says what is missing:
 * 0 nothing, ';', '\'', '"', '`', '(', '*' (an open comment). */
WEIR_API int weir_complete(const char *sql, int64_t len, int *wants);
/* Bytes of the first statement, its semicolon and what is blank before it included; 0: no semicolon ends
 * it yet. */
WEIR_API int64_t weir_statement_length(const char *sql, int64_t len);
/* Whether BEGIN has been carried out and its COMMIT or ROLLBACK has not. */
WEIR_API int weir_in_transaction(weir *db);

/* The shape of the result, valid from prepare to finalize, and the current row. */
typedef enum weir_type { WEIR_NULL, WEIR_INTEGER, WEIR_FLOAT, WEIR_TEXT, WEIR_BLOB } weir_type;
WEIR_API int weir_column_count(weir_stmt *s);
WEIR_API const char *weir_column_name(weir_stmt *s, int i);
WEIR_API const char *weir_column_decltype(weir_stmt *s, int i);
WEIR_API weir_type weir_column_type(weir_stmt *s, int i);
WEIR_API int64_t weir_column_int64(weir_stmt *s, int i);
WEIR_API double weir_column_double(weir_stmt *s, int i);
WEIR_API const char *weir_column_text(weir_stmt *s, int i, int64_t *len); /* until next step */
WEIR_API int weir_row_weight(weir_stmt *s);   /* +n inserted, -n deleted; 1 for pull queries */
WEIR_API int weir_is_push(weir_stmt *s);      /* rows are changes and arrive as they happen */
WEIR_API int weir_has_retractions(weir_stmt *s);
WEIR_API int weir_reads_engine(weir_stmt *s); /* a pull query of what only the engine at work knows */
WEIR_API int64_t weir_changes(weir_stmt *s);  /* rows that an INSERT accepted */

/* The changes of a materialized view or table, as they are committed: a statement to be stepped like a push
 * query, what SUBSCRIBE [TO] view [WITH SNAPSHOT] [SINCE epoch] prepares. Columns: the epoch, then those of the
 * view; weir_row_weight says whether a row came or went. `with_snapshot`: the rows that stand now come first, at
 * the epoch of one commit. `since` >= 0 instead: the changes of later epochs; WEIR_E_GONE if they are not
 * all kept any more (settings changes_retention, changes_limit). Else: what changes from now on. No change is
 * left out and none comes twice, also where the engine or the program was started anew meanwhile and goes on
 * with `since`. While it waits, weir_step runs the engine, as weir_run does, and is WEIR_DONE when every input has
 * ended; with weir_step_for(s, 0) the caller runs the engine. Rows that RETENTION removes are no changes. */
WEIR_API weir_status weir_subscribe(weir *db, const char *view, int with_snapshot, int64_t since, weir_stmt **out);
/* The epoch to go on from: all changes up to it have been handed out. -1: none yet (within a snapshot). */
WEIR_API int64_t weir_resume_epoch(weir_stmt *s);

/* Runs an epoch: takes what the sources have (waiting at most `timeout_ms` for something),
 * commits; under load, with several workers, a few of them, for about four times `refresh`. WEIR_ROW: did work.
 * WEIR_IDLE: nothing came. WEIR_DONE: every input has ended, or there is none but rows by hand. A commit that fails for a cause that can pass (the disk is full, another
 * process writes) is tried again, by later calls too; nothing is taken meanwhile (weir_state), and what
 * WEIR_IDLE says is that the time is over. A source that cannot be opened
 * is an error and changes nothing; one that fails later stops the engine at its last commit. */
WEIR_API weir_status weir_run(weir *db, int timeout_ms);
/* Reads what is there now without ending anything; WEIR_DONE when every source is drained. */
WEIR_API weir_status weir_run_once(weir *db);
/* A descriptor that can be read when a source may have rows, or after weir_interrupt, to wait for with poll(2) beside
 * others after weir_run said WEIR_IDLE; what it has told is forgotten by the next weir_run. It may tell in vain, and not of
 * all: wait for no longer than *wait_ms (NULL: 100), which grows while nothing comes. -1: there is none now. Valid
 * until weir_close. */
WEIR_API int weir_wait_fd(weir *db, int *wait_ms);
/* "running"; "degraded: disk full" and the like while a commit waits; "faulted: …" when the engine has
 * stopped; "read only"; "closed". Belongs to the engine until its next call. */
WEIR_API const char *weir_state(weir *db);
/* Makes the call that is running, or else the next one that runs or waits, return
 * WEIR_E_INTERRUPTED, after its current commit. Where that commit itself has to wait it is put off:
 * the next call that changes anything makes it first. */
WEIR_API void weir_interrupt(weir *db);

/* Rows by hand: records in `format` ("json", "csv"), all of them or none. Into a stream without
 * connector: the rows are in the views after the next weir_run. Into a table without connector: each
 * record is the row that its key has from there on ("debezium" and "upsert" delete rows too); they are
 * in the views at once, or, between BEGIN and COMMIT, with the others. */
WEIR_API weir_status weir_push(weir *db, const char *stream, const char *format, const char *data,
                               int64_t len);

/* Rehearsals only: moves the clock on; makes a stream's watermark (NULL: that of every stream)
 * at least `us`, microseconds since 1970, as if a row had brought it there. What that closes is in
 * the views when the call returns. */
WEIR_API weir_status weir_advance_clock(weir *db, int64_t by_us);
WEIR_API weir_status weir_advance_watermark(weir *db, const char *stream, int64_t us);

/* Makes every view anew, in a temporary copy, from what can be read again, up to where the streams stand,
 * and compares: `each` is called once per view. The database, which may be open for reading only, is left
 * as it is. */
typedef struct weir_verdict {
    const char *view;
    int is_compared;        /* 0: not all that it has read is still there, or: */
    int is_forgetful;       /* by state_ttl its rows depend on when commits were made */
    int64_t rows;           /* that it should have */
    int64_t missing, extra; /* of them not there; there, but not of them */
} weir_verdict;
typedef void (*weir_verdict_each)(void *arg, const weir_verdict *v);
WEIR_API weir_status weir_verify(weir *db, weir_verdict_each each, void *arg);

/* Told now and then while a call works for long, or never: a COPY, a new view that reads what has been, weir_verify.
 * `each` must not call the engine; NULL: nobody is told. */
typedef struct weir_progress {
    const char *what;    /* the file or the view */
    int64_t done, total; /* in bytes, of COPY … TO in rows; total 0: unknown */
    int64_t rows;
} weir_progress;
typedef void (*weir_progress_each)(void *arg, const weir_progress *p);
WEIR_API void weir_on_progress(weir *db, weir_progress_each each, void *arg);

/* Figures for progress displays; strings belong to the engine until its next call. */
typedef struct weir_source_stats {
    const char *stream;
    int64_t rows, errors, bytes, bytes_total; /* bytes_total -1: unknown */
    int64_t watermark_us;                     /* INT64_MIN: none yet */
    int ended;
} weir_source_stats;
typedef struct weir_view_stats {
    const char *view;
    int64_t rows, changes, late_rows, errors;
} weir_view_stats;
WEIR_API int weir_source_count(weir *db);
WEIR_API int weir_view_count(weir *db);
WEIR_API weir_status weir_source_stat(weir *db, int i, weir_source_stats *out);
WEIR_API weir_status weir_view_stat(weir *db, int i, weir_view_stats *out);

/* Names for completion: keywords, relations, functions, settings that begin with `prefix`.
 * Calls `each` once per name; returns the number of names. */
typedef void (*weir_name_each)(void *arg, const char *name, const char *kind);
WEIR_API int weir_names(weir *db, const char *prefix, weir_name_each each, void *arg);

#ifdef __cplusplus
}
#endif
#endif
