/* run.c: the epoch loop: take what the sources have, flush every query, commit.
 *
 * One transaction moves all live views to the same input positions. The write set refers to no
 * live state, so a commit that fails for a cause that can pass is tried again with the same bytes;
 * memory is never rolled back. */
#include "exec/engine/engine.h"

enum { POLLS_PER_TURN = 16, RETRY_FIRST_US = 10000, RETRY_LAST_US = 1000000, WAIT_US = 2000 };

void engine_begin_epoch(weir *db)
{
    Epoch *e = &db->epoch;
    e->number = db->epoch_number + 1;
    int64_t now = db->env.now_us(db->env.arg);
    if (now > db->last_now_us) db->last_now_us = now;
    e->now_us = db->last_now_us;
    e->diags = &db->diags;
    e->rows = 0;
    e->errors = 0;
    memset(&e->ws, 0, sizeof e->ws);
}

static void end_epoch(weir *db)
{
    memset(&db->epoch.ws, 0, sizeof db->epoch.ws);
    arena_reset(&db->epoch.batch);
    arena_reset(&db->epoch.arena);
}

static Status apply(weir *db)
{
    int64_t wait = RETRY_FIRST_US;
    for (;;) {
        bool can_retry = false;
        ptrdiff_t known = db->diags.list.len;
        Status st = storage_apply(db->storage, &db->epoch.ws, &can_retry, &db->diags);
        if (st == WEIR_OK) return st;
        if (!can_retry || atomic_load(&db->interrupted))
            return engine_fault(db, "the commit failed", db->diags.list.data[known].message);
        db->diags.list.len = known;
        db->env.sleep_us(db->env.arg, wait);
        wait = wait * 2 < RETRY_LAST_US ? wait * 2 : RETRY_LAST_US;
    }
}

/* Commits what is in the write set already. */
Status engine_apply(weir *db)
{
    Epoch *e = &db->epoch;
    e->ws.epoch = e->number;
    e->ws.now_us = e->now_us;
    TRY(apply(db));
    db->epoch_number = e->number;
    end_epoch(db);
    return WEIR_OK;
}

Status engine_save_query(weir *db, Query *q)
{
    if (q->ctx.broken.n) return engine_fault(db, "a broken invariant", q->ctx.broken);
    query_save(q);
    return WEIR_OK;
}

Status engine_commit(weir *db)
{
    for (ptrdiff_t i = 0; i < db->queries.len; i++)
        if (db->queries.data[i]->is_live) query_flush(db->queries.data[i]);
    for (ptrdiff_t i = 0; i < db->queries.len; i++)
        if (db->queries.data[i]->is_live) TRY(engine_save_query(db, db->queries.data[i]));
    for (ptrdiff_t i = 0; i < db->scans.len; i++) scan_save(db->scans.data[i], &db->epoch);
    TRY(engine_apply(db));
    db->must_flush = false;
    return WEIR_OK;
}

/* ---- taking rows ------------------------------------------------------------------------------- */

typedef struct Intake {
    int sources, ended, drained; /* of the scans with a connector and readers */
    bool has_rows, has_ended;    /* something came; an input ended just now */
    Status failed;
} Intake;

static ScanStatus poll_scan(weir *db, Scan *s, Intake *in)
{
    ScanStatus st = SCAN_EMPTY;
    for (int i = 0; i < POLLS_PER_TURN && db->epoch.rows < db->epoch.rows_max; i++) {
        int64_t before = db->epoch.rows + db->epoch.errors;
        st = scan_poll(s, &db->epoch, NULL, 0);
        if (st != SCAN_ROWS) break;
        in->has_rows |= db->epoch.rows + db->epoch.errors > before;
    }
    return st;
}

/* One turn over all scans; true: some of them may have more. */
static bool take_turn(weir *db, Intake *in)
{
    bool more = false;
    in->sources = in->ended = in->drained = 0;
    for (ptrdiff_t i = 0; i < db->scans.len; i++) {
        Scan *s = db->scans.data[i];
        if (!scan_readers(s)) continue;
        bool was_ended = scan_is_ended(s);
        ScanStatus st = poll_scan(db, s, in);
        in->has_ended |= st == SCAN_ENDED && !was_ended;
        if (st == SCAN_FAILED) in->failed = diag_status(&db->diags);
        more |= st == SCAN_ROWS;
        if (!scan_has_source(s)) continue;
        in->sources++;
        in->ended += st == SCAN_ENDED;
        in->drained += st == SCAN_DRAINED || st == SCAN_ENDED;
    }
    return more && in->failed == WEIR_OK;
}

/* Prepares every query for the epoch; new ones over existing views get those views' rows. */
static Status begin_queries(weir *db)
{
    for (ptrdiff_t i = 0; i < db->queries.len; i++) {
        Query *q = db->queries.data[i];
        query_begin(q, &db->epoch);
        for (int l = 0; l < q->nleaves; l++)
            if (q->leaves[l]->needs_rows) TRY(engine_backfill(db, q->leaves[l]));
    }
    return WEIR_OK;
}

static Intake take_rows(weir *db)
{
    Intake in = {0};
    int64_t deadline = db->env.mono_us(db->env.arg) + db->settings.refresh_us;
    while (take_turn(db, &in)) {
        if (db->epoch.rows >= db->epoch.rows_max || atomic_load(&db->interrupted)) break;
        if (db->env.mono_us(db->env.arg) >= deadline) break;
    }
    return in;
}

static Status run_epoch(weir *db, int64_t deadline)
{
    bool worked = false;
    TRY(engine_catch_up(db, &worked));
    if (worked) return WEIR_ROW;
    engine_begin_epoch(db);
    TRY(begin_queries(db));
    for (;;) {
        Intake in = take_rows(db);
        if (in.failed != WEIR_OK) {
            engine_fault(db, "a source failed", db->diags.list.data[0].message);
            db->diags.list.len = 1; /* the cause alone is shown */
            return in.failed;
        }
        if (in.has_rows || in.has_ended || db->must_flush) {
            bool had_rows = in.has_rows;
            TRY(engine_commit(db));
            return !had_rows && in.ended == in.sources ? WEIR_DONE : WEIR_ROW;
        }
        if (in.ended == in.sources || (db->once && in.drained == in.sources)) return WEIR_DONE;
        if (atomic_exchange(&db->interrupted, 0))
            return diag_error(&db->diags, WEIR_E_INTERRUPTED, (Span){0}, "interrupted");
        int64_t left = deadline - db->env.mono_us(db->env.arg);
        if (db->has_timers && left <= 0) {
            TRY(engine_commit(db));
            return WEIR_IDLE;
        }
        if (left <= 0) return WEIR_IDLE;
        db->env.sleep_us(db->env.arg, left < WAIT_US ? left : WAIT_US);
    }
}

static Status run_checked(weir *db, int timeout_ms, bool once)
{
    engine_enter(db);
    if (db->faulted) return engine_fault(db, "", S(""));
    if (db->read_only) return diag_error(&db->diags, WEIR_E_READONLY, (Span){0}, "the database is open for reading only");
    if (db->once != once) {
        db->once = once;
        for (ptrdiff_t i = 0; i < db->scans.len; i++) scan_set_once(db->scans.data[i], once);
    }
    return run_epoch(db, db->env.mono_us(db->env.arg) + (int64_t)timeout_ms * 1000);
}

static weir_status run_guarded(weir *db, int timeout_ms, bool once)
{
    OomFrame f;
    if (OOM_TRY(&f)) {
        Status st = run_checked(db, timeout_ms, once);
        OOM_END(&f);
        return st;
    }
    db->faulted = true; /* the epoch is lost; the database has the last commit */
    db->fault = S("out of memory");
    return engine_nomem(db);
}

weir_status weir_run(weir *db, int timeout_ms) { return run_guarded(db, timeout_ms, false); }

weir_status weir_run_once(weir *db) { return run_guarded(db, 0, true); }
