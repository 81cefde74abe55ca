/* engine.h: the inside of a `weir`: one database, its catalog, its standing queries at work.
 *
 * The walk of an epoch is run.c; of a statement, script.c and statement.c; of an opening,
 * recover.c. Everything that can fail reports into db->diags and returns a Status. */
#ifndef WEIR_EXEC_ENGINE_H
#define WEIR_EXEC_ENGINE_H

#include "exec/io/wake.h"
#include "exec/pipeline/crew.h"
#include "exec/pipeline/scan.h"
#include "exec/pipeline/view.h"
#include "exec/state/fold.h"
#include "planner/planner.h"
#include "storage/storage.h"

#include <stdatomic.h>

/* Settings in the units the engine uses. */
typedef struct Settings {
    int64_t refresh_us, refresh_max_us, poll_us, pull_timeout_us, epoch_rows, error_limit, regex_match_limit, wal_limit,
            changes_retention_us, changes_limit, memory_limit;
    int batch_rows, workers, read_ahead, commit_share;
    int64_t morsel_size;
    bool strict;
    uint64_t seed;
    Str time_zone, synchronous;
} Settings;

/* Memory of definitions that came together: texts, ASTs, relations, plans. It goes when the last of
 * its relations has been dropped and no statement is open that might refer to them. */
typedef struct Shelf {
    struct Shelf *next;
    Arena arena;
    VEC(int64_t) relations; /* ids */
    bool is_in_use;         /* by the call that made it */
} Shelf;

typedef struct Transaction Transaction;

/* A commit that a worker makes while rows of the next epoch are taken (flight.c). */
typedef struct Flight {
    Task task;
    WriteSet ws;
    Arena arena, batch;    /* of the epoch that was */
    int64_t number;
    bool is_on;            /* not landed yet */
    bool is_pending;       /* it failed for a cause that can pass */
    Status status;
    bool can_retry, is_short; /* of memory */
    Arena said;
    Diags diags;
    int64_t us;
} Flight;

struct weir {
    Arena arena;           /* as long as the engine */
    Arena call;            /* results of the last call: diagnoses, names */
    Arena work;            /* of one step of recovery */
    Shelf *shelves;
    Catalog catalog;       /* its map lies in names[names_at] */
    Arena names[2];
    int names_at;
    Arena *plan_arena;     /* of the planner in work */
    Registry registry;
    Storage *storage;
    int workers_default;   /* where the setting says 0 */
    Workers *workers;      /* its threads work inside of calls that run epochs only */
    Crew *crew;            /* of queries, by the workers */
    Env env;
    Settings settings;
    Diags diags;
    weir_diag *shown;      /* diags.list as handed out */
    weir_stmt *statements; /* not finalized yet */
    struct sqlite3 *reader; /* the reading connection, once it has our functions */
    bool system_used;       /* the statement that was prepared last reads them */
    Status system_error;    /* of the system table that failed last (system_tables.h) */
    struct sqlite3 *system_reader; /* the same, once it has our tables */
    Transaction *transaction; /* from BEGIN on; NULL: none */
    VEC(Scan *) scans;
    VEC(Query *) queries;  /* in the order of their relations' ids: upstream first */
    Meter meter;           /* of the call that runs */
    int64_t commit_us;     /* spent on commits */
    MeterMark commit_mark;
    Epoch epoch;           /* the one in work */
    Flight flight;         /* the one before */
    int64_t flight_rows_min; /* epochs of fewer rows are committed at once */
    int64_t state_log_min; /* weir_seams */
    bool rebuilds_all;     /* weir_seams.rebuild */
    int64_t epoch_number, last_now_us, last_mono_us, last_flush_us;
    bool is_open;          /* weir_open was successful */
    bool read_only, faulted, once;
    bool is_pending;       /* epoch.ws is still to be committed: engine_settle */
    const char *hindrance; /* why it is; NULL: nothing */
    bool is_wal_long;
    _Atomic(Wake *) wake;  /* tells that a source may have something; NULL: not asked yet, or there is none */
    int told_in_vain;      /* times in a row */
    bool has_backlog;      /* the last epoch ended with rows left to take */
    int64_t commit_end_us, commit_cost_us; /* of the newest: when it was over, by the monotonic clock; what it took */
    int64_t patience_us;   /* until when a commit may be waited for, by the monotonic clock */
    int64_t retries;
    bool must_flush;       /* something was registered: run an epoch even without rows */
    Str fault;
    Str base_dir;          /* of prepared statements: in the arena base_arena */
    Arena base_arena;
    int64_t pull_deadline_us; /* of the pull query that runs, 0: none */
    atomic_int interrupted;
    const char *rules_off; /* rewrite rules not to use (tests) */
    weir_progress_each progress_each; /* NULL: nobody asks */
    void *progress_arg;
    int64_t progress_us;   /* when it was told last */
    bool is_rehearsal;     /* see weir_options */
    int64_t rehearsal_us;  /* its clock */
};

/* ---- engine.c ---------------------------------------------------------------------------------- */
typedef enum EngineNeed { NEED_NOTHING, NEED_READ, NEED_WRITE } EngineNeed;
/* Begins a public call: forgets the last one's diagnoses; whether the engine can do what it needs. */
Status engine_enter(weir *db, EngineNeed need);
/* The same in the middle of a call. */
Status engine_can(weir *db, EngineNeed need);
/* Ends a public call that has run out of memory; of the second kind, one that had begun to change
 * what is in memory: the engine stops. */
Status engine_nomem(weir *db);
Status engine_nomem_fault(weir *db);
/* Marks the engine stopped: nothing is committed any more. */
Status engine_fault(weir *db, const char *why, Str detail);
EvalEnv engine_eval(const weir *db);
/* Who decodes what sources read. */
Decoding engine_decoding(const weir *db);
/* Reads catalog.settings into db->settings; gives storage its part. */
void engine_apply_settings(weir *db);
Status engine_configure_storage(weir *db);

/* ---- shelf.c ------------------------------------------------------------------------------------ */
/* A new one, in use until shelf_done. */
Shelf *shelf_new(weir *db);
void shelf_done(Shelf *s);
void shelf_hold(Shelf *s, int64_t rel_id);
void shelf_release(weir *db, int64_t rel_id);
/* Frees what nobody holds. */
void shelf_sweep(weir *db);
void shelf_free_all(weir *db);

/* ---- definitions.c: the tables of settings and of options that exec gives the planner ----------- */
void definitions_fill(Registry *r);

/* ---- bind.c: a planner over the engine's catalog ------------------------------------------------ */
Planner engine_planner(weir *db, Arena *a, Str base_dir);
/* SET name = value: checked, kept in the catalog's settings, applied. */
Status engine_set(weir *db, Planner *p, Name name, Str value, Span at);

/* ---- register.c: standing queries begin and end ------------------------------------------------- */
/* Whether it has a plan at work and rows: a materialized view, a table. */
bool engine_is_standing(const Relation *rel);
/* Whether its source can be read again from the start. */
bool engine_is_replayable(const weir *db, const Relation *rel);
/* The shared scan of a stream, made on first use; one that belongs to the caller. */
Status engine_scan(weir *db, const Relation *rel, Scan **out);
Scan *engine_new_scan(weir *db, const Relation *rel, Meter *meter);
void engine_drop_scan(weir *db, int64_t rel_id);
Query *engine_query(const weir *db, int64_t rel_id);
/* Opens the operators of a view; of a shadow of it (query.h). */
Status engine_open_query(weir *db, Relation *rel, Query **out);
Status engine_open_shadow(weir *db, Relation *rel, Query **out);
/* Whether it can be fed as things are. */
Status engine_check_query(weir *db, const Query *q);
/* Lets a query take part. `is_new`: it may have to catch up. An error leaves it in db->queries. */
Status engine_attach(weir *db, Query *q, bool is_new);
void engine_detach(weir *db, Query *q);
/* Feeds a leaf from the shared scan or from the view that it reads. */
Status engine_connect(weir *db, Leaf *leaf);

/* ---- run.c -------------------------------------------------------------------------------------- */
/* The wall clock, which never goes back: set back, it goes on at half its pace until it is true again. */
int64_t engine_now(weir *db);
void engine_begin_epoch(weir *db);
void engine_begin_queries(weir *db);
/* Whether the epoch should take no more rows. */
bool engine_epoch_is_full(const weir *db);
/* Hands the late rows over, flushes the live queries and saves them and the positions: nothing is committed. */
Status engine_flush_live(weir *db);
/* Flushes and commits what the epoch holds. */
Status engine_commit(weir *db);
/* The view delta, state and progress of one query into the write set. */
Status engine_save_query(weir *db, Query *q);
/* A source failed in the middle of an epoch: the engine stops; the source's error. */
Status engine_source_failed(weir *db);
/* One epoch inside of another call, waiting for rows until `deadline_us`; as weir_run. */
Status engine_run_within(weir *db, int64_t deadline_us);

/* ---- commit.c ----------------------------------------------------------------------------------- */
/* The write set is complete. */
void engine_seal(weir *db);
/* Commits the write set. WEIR_IDLE, WEIR_E_INTERRUPTED: not yet; engine_settle makes up for it. */
Status engine_apply(weir *db);
/* The same of any that is complete; *is_pending: it is put off. */
Status engine_apply_set(weir *db, WriteSet *ws, bool *is_pending);
/* Makes the commit that was put off. Before anything else that changes something. */
Status engine_settle(weir *db);
/* WEIR_E_INTERRUPTED, once, if weir_interrupt was called. */
Status engine_interrupted(weir *db);
void engine_wait(weir *db, int64_t us);
/* Keeps the write-ahead log short, if readers let it. WEIR_IDLE: it is so long that nothing may be taken. */
Status engine_guard_wal(weir *db);
int64_t engine_refresh_us(const weir *db);
/* "running", "degraded: disk full", …: SHOW JOBS. */
Str engine_state(const weir *db, Arena *a);

/* ---- flight.c ----------------------------------------------------------------------------------- */
/* Whether the epoch, whose rows have been taken by a call that began then, should be committed beside the next. */
bool flight_pays(const weir *db, int64_t began_us);
/* Lets a worker commit what the write set holds; the next epoch may begin. None may be in the air. */
void flight_begin(weir *db);
/* Whether a worker is at it. */
bool flight_goes_on(weir *db);
/* Returns when it is committed; otherwise as engine_apply, and again by the next call. */
Status flight_land(weir *db);
/* Waits for it, whatever has become of it. */
void flight_abandon(weir *db);
void flight_free(weir *db);

/* ---- budget.c ----------------------------------------------------------------------------------- */
/* Whether memory_limit is reached; the error that it is then. */
bool budget_is_spent(const weir *db);
Status budget_check(weir *db);

/* ---- quiet.c ------------------------------------------------------------------------------------ */
/* Before the sources are looked at. */
void quiet_look(weir *db);
/* Nothing has come: moves the write-ahead log into the database, where it has grown. */
Status quiet_relax(weir *db);
/* Sleeps at most `left_us` while there is nothing to take: until a source tells, or it is time to look again, where
 * none can the later the more often it has looked in vain (*wait_us, 0 at first). */
void quiet_rest(weir *db, int64_t left_us, int64_t *wait_us);

/* ---- catchup.c ---------------------------------------------------------------------------------- */
/* Whether a new query has something to read before it can take part. */
Status catchup_is_needed(weir *db, Query *q, bool *is_needed);
/* Gives it scans and shadows of its own; it is not live until it has caught up. */
Status catchup_begin(weir *db, Query *q);
/* Its positions, from its state. */
Status catchup_load(weir *db, Query *q, StateFold *fold);
/* One epoch of the first query that lags behind; *worked says whether there was one. */
Status engine_catch_up(weir *db, bool *worked);

/* ---- figures.c ---------------------------------------------------------------------------------- */
/* Whether somebody wants to know how far long work is, and has not just been told. */
bool engine_progress_is_due(weir *db);
void engine_tell_progress(weir *db, Str what, int64_t done, int64_t total, int64_t rows);

/* ---- late.c ------------------------------------------------------------------------------------- */
/* Lets the late rows of a view go to the stream that its option late_into names. */
Status late_attach(weir *db, Query *q);
bool late_is_waiting(const weir *db);
/* The late rows of this epoch become rows of their streams: before anything is flushed. */
Status engine_take_late(weir *db);

/* ---- backfill.c --------------------------------------------------------------------------------- */
/* Pushes the rows that an existing view has now into a leaf of a new query over it. */
Status engine_backfill(weir *db, Leaf *leaf);

/* ---- rehearsal.c -------------------------------------------------------------------------------- */
/* Makes the engine one for trying statements out: before anything is opened. */
void rehearsal_begin(weir *db);

/* ---- rebuild.c ---------------------------------------------------------------------------------- */
/* All standing queries while they are taken up again, upstream first. */
typedef struct Rebuild {
    Query **queries;
    int n;
} Rebuild;
Query *rebuild_query(const Rebuild *r, int64_t rel_id);
/* Marks all views whose past is there, and that of whoever reads them. */
Status rebuild_choose(weir *db, const Rebuild *r);
/* Empties the views that are marked (Query.is_rebuilt) and those that read them: from then on they are
 * new. WEIR_E_FORMAT: the past of one is not there; nothing was changed. */
Status rebuild_begin(weir *db, Rebuild *r);

/* ---- recover.c ---------------------------------------------------------------------------------- */
/* What was declared and the settings; then, with the settings that hold, what runs. */
Status engine_recover_catalog(weir *db);
Status engine_recover_queries(weir *db);
/* Its definition. */
struct Stmt;
Status recover_parse(weir *db, Str name, Str sql, Arena *a, struct Stmt **out);
/* Query.is_rebuilt: what was saved was saved by other operators. */
Status recover_check_shape(weir *db, Query *q);

#endif
