/* engine.c: opening and closing an engine, and what every public call does first and last. */
#include "exec/engine/statement.h"
#include "exec/engine/transaction.h"

#include "base/plant.h"
#include "exec/kernel/simd.h"
#include "include/weir_test.h"

#include <stdlib.h>

/* ---- calls -------------------------------------------------------------------------------------- */

Status engine_can(weir *db, EngineNeed need)
{
    if (need == NEED_NOTHING) return WEIR_OK;
    if (!db->is_open) return diag_error(&db->diags, WEIR_E_MISUSE, (Span){0}, "the database is not open");
    if (need == NEED_READ) return WEIR_OK;
    if (db->faulted) return engine_fault(db, "", S(""));
    if (!db->read_only) return WEIR_OK;
    return diag_error(&db->diags, WEIR_E_READONLY, (Span){0}, "the database is open for reading only");
}

Status engine_enter(weir *db, EngineNeed need)
{
    arena_reset(&db->call);
    db->diags = (Diags){.arena = &db->call};
    db->shown = NULL;
    meter_begin(&db->meter, &db->env);
    if (db->workers) workers_pause(db->workers); /* the last call may have run out of memory */
    if (!db->statements) shelf_sweep(db);
    return engine_can(db, need);
}

Status engine_nomem(weir *db)
{
    /* The heap may be exhausted: the sentence must not need any. */
    static Diag nomem = {.code = WEIR_E_NOMEM, .message = {"out of memory", 13}};
    db->diags = (Diags){.arena = &db->call};
    db->diags.list.data = &nomem;
    db->diags.list.len = db->diags.list.cap = 1;
    db->shown = NULL;
    return WEIR_E_NOMEM;
}

Status engine_nomem_fault(weir *db)
{
    if (!db->faulted) db->fault = S("out of memory");
    db->faulted = true;
    return engine_nomem(db);
}

Status engine_fault(weir *db, const char *why, Str detail)
{
    if (!db->faulted) {
        db->faulted = true;
        db->fault = S("out of memory"); /* to say more needs some */
        db->fault = str_printf(&db->arena, "%s%s%.*s", why, detail.n ? ": " : "", STR_ARG(detail));
    }
    Status st = diag_error(&db->diags, WEIR_E_FAULTED, (Span){0}, "the engine has stopped: %.*s",
                           STR_ARG(db->fault));
    diag_hint(&db->diags, "open the database again: it recovers from the last commit");
    return st;
}

EvalEnv engine_eval(const weir *db)
{
    return (EvalEnv){.now_us = db->last_now_us, .watermark_us = INT64_MIN, .seed = db->settings.seed,
                     .regex_match_limit = db->settings.regex_match_limit,
                     .time_zone = db->settings.time_zone};
}

/* ---- settings ----------------------------------------------------------------------------------- */

void engine_apply_settings(weir *db)
{
    const Options *o = &db->catalog.settings;
    db->settings = (Settings){
        .refresh_us = options_us(o, "refresh", 100000),
        .refresh_max_us = options_us(o, "refresh_max", 0),
        .commit_share = (int)options_int(o, "commit_share", 33),
        .poll_us = options_us(o, "poll_interval", 100000),
        .memory_limit = options_int(o, "memory_limit", 0),
        .pull_timeout_us = options_us(o, "pull_timeout", 0),
        .epoch_rows = options_int(o, "epoch_rows", 1 << 20),
        .error_limit = options_int(o, "error_limit", 10000),
        .regex_match_limit = options_int(o, "regex_limit", 1000000),
        .wal_limit = options_int(o, "wal_limit", 128 << 20),
        .changes_retention_us = options_us(o, "changes_retention", INT64_C(3600) * 1000000),
        .changes_limit = options_int(o, "changes_limit", 64 << 20),
        .batch_rows = (int)options_int(o, "batch_rows", BATCH_ROWS_MAX),
        .workers = (int)options_int(o, "workers", 0),
        .morsel_size = options_int(o, "morsel_size", 256 << 10),
        .read_ahead = (int)options_int(o, "read_ahead", 0),
        .strict = options_bool(o, "strict", false),
        .seed = (uint64_t)options_int(o, "seed", 1),
        .time_zone = options_text(o, "time_zone", "UTC"),
        .synchronous = options_text(o, "synchronous", "auto"),
    };
    if (str_ieq(db->settings.time_zone, S("UTC"))) db->settings.time_zone = S("");
    workers_set_count(db->workers, db->settings.workers ? db->settings.workers : db->workers_default);
    db->epoch.error_limit = db->settings.error_limit;
    db->epoch.rows_max = db->settings.epoch_rows;
}

Decoding engine_decoding(const weir *db)
{
    return (Decoding){.workers = db->workers, .morsel_bytes = db->settings.morsel_size,
                      .ahead_max = db->settings.read_ahead};
}

/* Rows that nobody can send again: those of INSERT and weir_push, and of what is pushed to us. */
static bool is_pushed(const weir *db, const Relation *r)
{
    if (r->kind == REL_SINK) return true;
    if (r->kind != REL_STREAM && r->kind != REL_TABLE) return false;
    const Option *name = options_get(&r->options, "connector");
    const ConnectorDef *c = name ? registry_connector(&db->registry, name->value) : NULL;
    return !c || !c->impl || !strcmp(((const SourceImpl *)c->impl)->delivery, "at-least-once");
}

/* A power loss may take the newest commits under "normal": they are made again from the input's position. */
static Str synchronous_of(const weir *db)
{
    if (!str_ieq(db->settings.synchronous, S("auto"))) return db->settings.synchronous;
    const Map *m = &db->catalog.relations;
    bool is_full = false;
    for (ptrdiff_t i = 0; i < m->len; i++)
        if (m->items[i].value) is_full |= is_pushed(db, m->items[i].value);
    return is_full ? S("full") : S("normal");
}

static StorageOptions storage_options(const weir *db)
{
    return (StorageOptions){.read_only = db->read_only, .synchronous = synchronous_of(db),
                            .wal_limit = db->settings.wal_limit, .error_limit = db->settings.error_limit,
                            .changes_retention_us = db->settings.changes_retention_us,
                            .changes_limit = db->settings.changes_limit};
}

Status engine_configure_storage(weir *db)
{
    StorageOptions so = storage_options(db);
    return storage_configure(db->storage, &so, &db->diags);
}

/* "name=value" settings given at open come before those saved in the database. */
static Status settings_given(weir *db, const weir_options *opt)
{
    Planner p = engine_planner(db, &db->arena, S(""));
    for (const char *const *s = opt ? opt->settings : NULL; s && *s; s++) {
        Str text = str_z(*s);
        ptrdiff_t eq = str_find(text, S("="));
        if (eq < 0)
            return diag_error(&db->diags, WEIR_E_OPTION, (Span){0}, "\"%s\" is not name=value", *s);
        Str value = {text.p + eq + 1, text.n - eq - 1};
        TRY(engine_set(db, &p, (Name){.text = {text.p, eq}}, value, (Span){0}));
    }
    return WEIR_OK;
}

/* ---- open and close ----------------------------------------------------------------------------- */

static Env env_of(const weir_options *opt)
{
    Env env = env_system();
    if (!opt || !opt->seams) return env;
    const weir_seams *s = opt->seams;
    if (s->now_us) env.now_us = s->now_us;
    if (s->mono_us) env.mono_us = s->mono_us;
    if (s->sleep_us) {
        env.sleep_us = s->sleep_us;
        env.wait_us = NULL; /* time that is made up passes by sleeping alone */
    }
    if (s->wait_us) env.wait_us = s->wait_us;
    env.arg = s->arg;
    if (s->seed) env.seed = s->seed;
    env.simd_off = s->simd_off;
    return env;
}

enum { CREW_ROWS_MIN = 512, FLIGHT_ROWS_MIN = 4096 }; /* below, waking a thread takes longer than the work */

/* Tests that have a clock of their own have one order of things, unless they ask for threads. */
static void make_workers(weir *db, const weir_options *opt)
{
    bool is_driven = opt && opt->seams && !opt->seams->threads;
    db->workers_default = is_driven || (opt && opt->rehearsal) ? 1 : workers_cores();
    db->workers = workers_new(db->workers_default, is_driven);
    bool is_tried = opt && opt->seams && opt->seams->now_us; /* whatever it gains */
    db->crew = crew_new(db->workers, &db->env, is_tried ? 1 : CREW_ROWS_MIN);
    db->flight_rows_min = is_tried ? 1 : FLIGHT_ROWS_MIN;
}

static void init(weir *db, const weir_options *opt)
{
    definitions_fill(&db->registry);
    db->env = env_of(opt);
    db->epoch.env = &db->env;
    db->state_log_min = opt && opt->seams && opt->seams->state_log_min > 0 ? opt->seams->state_log_min : 1 << 20;
    db->rebuilds_all = opt && opt->seams && opt->seams->rebuild;
    db->rules_off = opt && opt->seams ? opt->seams->rules_off : NULL;
    db->catalog = (Catalog){.arena = &db->names[0], .next_id = 1, .registry = &db->registry};
    db->read_only = opt && opt->read_only;
    if (opt && opt->rehearsal) rehearsal_begin(db);
    db->patience_us = INT64_MAX;
    db->last_now_us = db->env.now_us(db->env.arg);
    db->last_mono_us = db->commit_end_us = db->env.mono_us(db->env.arg);
    db->last_flush_us = db->last_now_us;
}

static Status open_inside(weir *db, const char *path, const weir_options *opt)
{
    TRY(engine_enter(db, NEED_NOTHING));
    init(db, opt);
    make_workers(db, opt);
    engine_apply_settings(db);
    StorageOptions so = storage_options(db);
    so.vfs = opt && opt->seams ? opt->seams->vfs : NULL;
    so.cache_pages = opt && opt->seams ? opt->seams->cache_pages : 0;
    so.has_no_clock = opt && opt->seams && opt->seams->sleep_us;
    TRY(storage_open(path, &so, &db->storage, &db->diags));
    if (!db->read_only) TRY(storage_check(db->storage, &db->diags));
    TRY(engine_recover_catalog(db));
    TRY(settings_given(db, opt));
    TRY(engine_configure_storage(db));
    if (!db->read_only) TRY(engine_recover_queries(db));
    db->is_open = true;
    return WEIR_OK;
}

weir_status weir_open(const char *path, const weir_options *opt, weir **out)
{
    OomFrame f;
    weir *volatile db = NULL;
    if (!out) return WEIR_E_MISUSE;
    *out = NULL;
    if (OOM_TRY(&f)) {
        db = mem_alloc(sizeof *db);
        *out = db;
        Status st = open_inside(db, path, opt);
        OOM_END(&f);
        return st;
    }
    return db ? engine_nomem(db) : WEIR_E_NOMEM;
}

void weir_close(weir *db)
{
    if (!db) return;
    while (db->statements) statement_abandon(db->statements);
    transaction_free(db->transaction);
    for (ptrdiff_t i = 0; i < db->queries.len; i++) query_close(db->queries.data[i]);
    for (ptrdiff_t i = 0; i < db->scans.len; i++) scan_free(db->scans.data[i]);
    flight_free(db);
    crew_free(db->crew);
    workers_free(db->workers);
    wake_free(db->wake);
    if (db->storage) storage_close(db->storage);
    arena_free(&db->epoch.arena);
    arena_free(&db->epoch.batch);
    shelf_free_all(db);
    arena_free(&db->names[0]);
    arena_free(&db->names[1]);
    arena_free(&db->work);
    arena_free(&db->call);
    arena_free(&db->base_arena);
    arena_free(&db->arena);
    mem_free(db, sizeof *db);
}

const char *weir_version(void) { return WEIR_VERSION; }

void weir_interrupt(weir *db)
{
    if (!db) return;
    atomic_store(&db->interrupted, 1);
    Wake *w = atomic_load(&db->wake);
    if (w) wake_ring(w);
}

int64_t weir_test_fail_allocation(int64_t n) { return mem_fail_after(n); }

const char *weir_test_synchronous(weir *db) { return storage_synchronous(db->storage); }

int weir_test_simd(void) { return simd_level(SIMD_MOST); }

int64_t weir_test_memory_used(void) { return mem_in_use(); }

int weir_test_plant(const char *name)
{
#ifdef WEIR_PLANTED
    plant_wake(name);
    return 1;
#else
    (void)name;
    return 0;
#endif
}
