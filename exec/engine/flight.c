/* flight.c: a commit beside the taking of the next epoch's rows.
 *
 * The write set refers to no live state, so a worker applies it while the engine's thread takes rows and pushes them
 * through the operators. Nothing is saved before it has landed: the next write set, the log's folding and the
 * next commit see the one before. At most one is in the air, and none when a call returns. Where it fails for a
 * cause that can pass, the rows taken meanwhile are saved into a second write set, and both wait (commit.c). */
#include "exec/engine/engine.h"

#include <assert.h>

enum { CALL_REFRESHES = 4 /* a call goes on with new epochs for so many times refresh */ };

/* ---- in the air -------------------------------------------------------------------------------- */

static void apply_beside(void *arg)
{
    weir *db = arg;
    Flight *f = &db->flight;
    OomFrame frame;
    f->is_short = true;
    int64_t began = db->env.mono_us(db->env.arg);
    if (OOM_TRY(&frame)) {
        f->status = storage_apply(db->storage, &f->ws, &f->can_retry, &f->diags);
        OOM_END(&frame);
        f->is_short = false;
    }
    f->us = db->env.mono_us(db->env.arg) - began;
}

void flight_begin(weir *db)
{
    Flight *f = &db->flight;
    Epoch *e = &db->epoch;
    assert(!f->is_on && !f->is_pending);
    engine_seal(db);
    f->ws = e->ws;
    f->number = e->number;
    epoch_set_aside(e, &f->arena, &f->batch);
    crew_keep_epoch(db->crew);
    arena_reset(&f->said);
    f->diags = (Diags){.arena = &f->said};
    f->task = (Task){.run = apply_beside, .arg = db, .is_apart = true};
    workers_submit(db->workers, &f->task); /* memory may run out before there is a task to wait for */
    f->is_on = true;
}

bool flight_goes_on(weir *db) { return db->flight.is_on && workers_are_at(db->workers, &db->flight.task); }

/* ---- landing ----------------------------------------------------------------------------------- */

static void end(weir *db)
{
    Flight *f = &db->flight;
    memset(&f->ws, 0, sizeof f->ws);
    arena_reset(&f->arena);
    arena_reset(&f->batch);
    crew_end_kept(db->crew);
    db->epoch_number = f->number;
    db->hindrance = NULL;
}

static void await(weir *db)
{
    Flight *f = &db->flight;
    int64_t *was = meter_switch(&db->meter, NULL); /* what is waited for has its own time */
    workers_finish(db->workers, &f->task);
    meter_switch(&db->meter, was);
    f->is_on = false;
    db->commit_us += f->us;
    db->commit_cost_us = f->us;
    db->commit_end_us = db->env.mono_us(db->env.arg);
}

static Status settle(weir *db)
{
    Flight *f = &db->flight;
    f->is_pending = true;
    int64_t *was = meter_switch(&db->meter, &db->commit_us);
    Status st = engine_apply_set(db, &f->ws, &f->is_pending);
    meter_switch(&db->meter, was);
    TRY(st);
    f->is_pending = false;
    end(db);
    return WEIR_OK;
}

Status flight_land(weir *db)
{
    Flight *f = &db->flight;
    if (f->is_pending) return settle(db);
    if (!f->is_on) return WEIR_OK;
    await(db);
    if (f->is_short) oom_raise();
    if (f->status == WEIR_OK) {
        end(db);
        return WEIR_OK;
    }
    if (f->can_retry) return settle(db);
    return engine_fault(db, "the commit failed", f->diags.list.len ? f->diags.list.data[0].message : S(""));
}

void flight_abandon(weir *db)
{
    if (db->flight.is_on) workers_finish(db->workers, &db->flight.task);
    db->flight.is_on = false;
}

void flight_free(weir *db)
{
    flight_abandon(db);
    arena_free(&db->flight.arena);
    arena_free(&db->flight.batch);
    arena_free(&db->flight.said);
}

/* ---- when -------------------------------------------------------------------------------------- */

static bool all_live(const weir *db)
{
    for (ptrdiff_t i = 0; i < db->queries.len; i++)
        if (!db->queries.data[i]->is_live) return false;
    return true;
}

bool flight_pays(const weir *db, int64_t began_us)
{
    if (workers_count(db->workers) < 2 || db->epoch.rows < db->flight_rows_min || !db->has_backlog) return false;
    if (db->env.mono_us(db->env.arg) - began_us >= CALL_REFRESHES * db->settings.refresh_us) return false;
    return !db->is_wal_long && !budget_is_spent(db) && all_live(db);
}
