/* engine.h: the inside of a `weir`: one database, its catalog, its standing queries at work.
 *
 * The walk of an epoch is run.c; of a statement, script.c and statement.c; of an opening,
 * recover.c. Everything that can fail reports into db->diags and returns a Status. */
#ifndef WEIR_EXEC_ENGINE_H
#define WEIR_EXEC_ENGINE_H

#include "exec/pipeline/scan.h"
#include "exec/pipeline/view.h"
#include "planner/planner.h"
#include "storage/storage.h"

#include <stdatomic.h>

/* Settings in the units the engine uses. */
typedef struct Settings {
    int64_t refresh_us, epoch_rows, error_limit, regex_match_limit, wal_limit;
    int batch_rows;
    bool strict;
    uint64_t seed;
    Str time_zone;
} Settings;

struct weir {
    Arena arena;           /* as long as the engine */
    Arena call;            /* results of the last call: diagnoses, names */
    Catalog catalog;
    Registry registry;
    Storage *storage;
    Env env;
    Settings settings;
    Diags diags;
    weir_diag *shown;      /* diags.list as handed out */
    VEC(Scan *) scans;
    VEC(Query *) queries;  /* in the order of their relations' ids: upstream first */
    Epoch epoch;           /* the one in work */
    int64_t epoch_number, last_now_us;
    bool read_only, faulted, once;
    bool must_flush;       /* something was registered: run an epoch even without rows */
    bool has_timers;       /* a window fires by processing time */
    Str fault;
    atomic_int interrupted;
    const char *rules_off; /* rewrite rules not to use (tests) */
};

/* ---- engine.c ---------------------------------------------------------------------------------- */
/* Begins a public call: forgets the last one's diagnoses. */
void engine_enter(weir *db);
/* Ends a public call that may have run out of memory. */
Status engine_nomem(weir *db);
/* Marks the engine stopped: nothing is committed any more. */
Status engine_fault(weir *db, const char *why, Str detail);
EvalEnv engine_eval(const weir *db);

/* SET name = value: checked, kept in the catalog's settings, applied. */
Status engine_set(weir *db, Planner *p, Name name, Str value, Span at);
/* Reads registry->settings into db->settings. */
void engine_apply_settings(weir *db);

/* ---- definitions.c: the tables of settings and of options that exec gives the planner ----------- */
void definitions_fill(Registry *r);

/* ---- bind.c: a planner over the engine's catalog ------------------------------------------------ */
Planner engine_planner(weir *db, Arena *a, Str base_dir);

/* ---- register.c: standing queries begin and end ------------------------------------------------- */
/* The scan of a stream, made on first use. */
Status engine_scan(weir *db, Relation *rel, Scan **out);
/* Opens the operators of a view. `is_new`: it may have to catch up with its streams. */
Status engine_open_query(weir *db, Relation *rel, Query **out);
Status engine_attach(weir *db, Query *q, bool is_new);
void engine_detach(weir *db, Query *q);
Query *engine_query(weir *db, int64_t rel_id);
/* A scan that feeds one query only: while it catches up, or a push query. */
Status engine_own_scan(weir *db, Relation *rel, Scan **out);
void engine_drop_scan(weir *db, int64_t rel_id);

/* ---- run.c -------------------------------------------------------------------------------------- */
/* Flushes and commits what the epoch holds. */
Status engine_commit(weir *db);
void engine_begin_epoch(weir *db);
/* The view delta, state and progress of one query into the write set; then the commit itself. */
Status engine_save_query(weir *db, Query *q);
Status engine_apply(weir *db);

/* ---- catchup.c ---------------------------------------------------------------------------------- */
/* One epoch of the first query that lags behind; *worked says whether there was one. */
Status engine_catch_up(weir *db, bool *worked);
/* Private positions of a query that lags: into its state, and back. */
Status catchup_load(weir *db, Query *q, StateFold *fold);

/* ---- backfill.c --------------------------------------------------------------------------------- */
/* Pushes the rows that an existing view has now into a leaf of a new query over it. */
Status engine_backfill(weir *db, Leaf *leaf);

/* ---- recover.c ---------------------------------------------------------------------------------- */
Status engine_recover(weir *db);

#endif
