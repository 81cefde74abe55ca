/* commit.c: what an epoch changes becomes a commit, sooner or later.
 *
 * The write set refers to no live state, so a commit that fails for a cause that can pass (the disk is
 * full, another program writes) is tried again with the same bytes; memory is never rolled back and no
 * further row is taken meanwhile. The waits grow and are uneven, so that two programs do not meet again
 * and again. When the caller's time is over, or it interrupts, the write set waits for the next call.
 * Readers read on; the engine's state says what stands in the way. */
#include "exec/engine/engine.h"

#include "base/hash.h"
#include "base/plant.h"

enum {
    RETRY_FIRST_US = 10000, RETRY_LAST_US = 1000000, RETRY_LOOK_US = 50000,
    PATIENCE_US = 1000000, /* of a call whose time is over already */
    WAL_HARD = 4,          /* times wal_limit: nothing more is taken */
    WAL_SLOW = 8           /* epochs are so much longer beyond wal_limit */
};

/* ---- waiting ----------------------------------------------------------------------------------- */

Status engine_interrupted(weir *db)
{
    if (!atomic_exchange(&db->interrupted, 0)) return WEIR_OK;
    return diag_error(&db->diags, WEIR_E_INTERRUPTED, (Span){0}, "interrupted");
}

/* Sleeps, but not through an interrupt. */
void engine_wait(weir *db, int64_t us)
{
    while (us > 0 && !atomic_load(&db->interrupted)) {
        int64_t part = us < RETRY_LOOK_US ? us : RETRY_LOOK_US;
        db->env.sleep_us(db->env.arg, part);
        us -= part;
    }
}

/* Between a half of it and the whole. */
static int64_t uneven(weir *db, int64_t us)
{
    db->retries++;
    return us / 2 + (int64_t)(hash_u64(db->env.seed + (uint64_t)db->retries) % (uint64_t)(us / 2 + 1));
}

/* ---- the commit -------------------------------------------------------------------------------- */

static bool out_of_patience(const weir *db, int64_t began)
{
    int64_t now = db->env.mono_us(db->env.arg);
    return now >= db->patience_us && now - began >= PATIENCE_US;
}

/* One try. What it says is forgotten where it can be tried again: tries may go on for days. */
static Status try_apply(weir *db, const WriteSet *ws, bool *can_retry)
{
    Diags said = db->diags;
    ArenaMark mark = arena_mark(said.arena);
    *can_retry = false;
    Status st = storage_apply(db->storage, ws, can_retry, &db->diags);
    if (st == WEIR_OK) return st;
    if (!*can_retry) {
        ptrdiff_t known = said.list.len;
        Str why = db->diags.list.len > known ? db->diags.list.data[known].message : S("");
        db->diags.list.len = known;
        return engine_fault(db, "the commit failed", why);
    }
    db->diags.list = said.list;
    arena_release(said.arena, mark);
    return st;
}

Status engine_apply_set(weir *db, WriteSet *ws, bool *is_pending)
{
    int64_t wait = RETRY_FIRST_US, began = db->env.mono_us(db->env.arg);
    for (;;) {
        bool can_retry;
        Status st = try_apply(db, ws, &can_retry);
        if (!can_retry) return st;
        *is_pending = true;
        db->hindrance = storage_hindrance(db->storage);
        if (WEIR_PLANT("letters-lost-on-retry")) ws->errors.len = 0;
        TRY(engine_interrupted(db));
        if (out_of_patience(db, began)) return WEIR_IDLE;
        engine_wait(db, uneven(db, wait));
        wait = wait * 2 < RETRY_LAST_US ? wait * 2 : RETRY_LAST_US;
    }
}

static void end_epoch(weir *db)
{
    memset(&db->epoch.ws, 0, sizeof db->epoch.ws);
    db->epoch.has_earliest = false;
    arena_reset(&db->epoch.batch);
    arena_reset(&db->epoch.arena);
    crew_end_epoch(db->crew);
}

void engine_seal(weir *db)
{
    Epoch *e = &db->epoch;
    epoch_sort_errors(e);
    e->ws.epoch = e->number;
    e->ws.now_us = e->now_us;
}

/* Commits what is in the write set already. Nothing may be left to do after it: it may be put off, and
 * is then made up for by engine_settle. */
Status engine_apply(weir *db)
{
    Epoch *e = &db->epoch;
    engine_seal(db);
    int64_t *was = meter_switch(&db->meter, &db->commit_us);
    Status st = engine_apply_set(db, &e->ws, &db->is_pending);
    meter_switch(&db->meter, was);
    TRY(st);
    db->is_pending = false;
    db->hindrance = NULL;
    db->epoch_number = e->number;
    end_epoch(db);
    return WEIR_OK;
}

Status engine_settle(weir *db)
{
    TRY(flight_land(db));
    return db->is_pending ? engine_apply(db) : WEIR_OK;
}

/* ---- the write-ahead log ----------------------------------------------------------------------- */

static bool wal_is_over(const weir *db, int64_t times)
{
    return storage_wal_bytes(db->storage) > times * db->settings.wal_limit;
}

int64_t engine_refresh_us(const weir *db)
{
    return wal_is_over(db, 1) ? db->settings.refresh_us * WAL_SLOW : db->settings.refresh_us;
}

/* A reader that stays keeps the log from beginning anew. Beyond the limit epochs grow, so that it grows
 * less; far beyond it nothing is taken until the reader has gone. */
Status engine_guard_wal(weir *db)
{
    if (!wal_is_over(db, 1)) {
        db->is_wal_long = false;
        return WEIR_OK;
    }
    TRY(storage_checkpoint(db->storage, false, &db->diags));
    db->is_wal_long = wal_is_over(db, 1);
    if (!wal_is_over(db, WAL_HARD)) return WEIR_OK;
    TRY(engine_interrupted(db));
    int64_t left = db->patience_us == INT64_MAX ? RETRY_LAST_US : db->patience_us - db->env.mono_us(db->env.arg);
    if (left > 0) engine_wait(db, left < RETRY_LAST_US ? left : RETRY_LAST_US);
    return WEIR_IDLE;
}

/* ---- what it is at ----------------------------------------------------------------------------- */

static Str long_wal(const weir *db, Arena *a)
{
    int64_t pid = storage_wal_reader(db->storage);
    StrBuf b = {.arena = a};
    sb_printf(&b, "%s: the write-ahead log has %lld MB", wal_is_over(db, WAL_HARD) ? "degraded" : "slowed down",
              (long long)(storage_wal_bytes(db->storage) >> 20));
    if (pid) sb_printf(&b, ", process %lld reads an old commit", (long long)pid);
    return sb_done(&b);
}

Str engine_state(const weir *db, Arena *a)
{
    if (db->read_only) return S("read only");
    if (db->faulted) return str_printf(a, "faulted: %.*s", STR_ARG(db->fault));
    if (db->hindrance) return str_printf(a, "degraded: %s", db->hindrance);
    if (budget_is_spent(db)) return S("degraded: memory_limit is reached");
    return db->is_wal_long ? long_wal(db, a) : S("running");
}

const char *weir_state(weir *db)
{
    OomFrame f;
    if (!db || !db->is_open) return "closed";
    if (OOM_TRY(&f)) {
        const char *text = str_cstr(&db->call, engine_state(db, &db->call));
        OOM_END(&f);
        return text;
    }
    return "out of memory";
}
