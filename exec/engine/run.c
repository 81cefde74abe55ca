/* run.c: the epoch loop: take what the sources have, flush every query, commit.
 *
 * One transaction moves all live views to the same input positions (commit.c). */
#include "exec/engine/engine.h"

#include "exec/pipeline/compact.h"

enum {
    POLLS_PER_TURN = 16,
    REFRESH_GROWTH = 4 /* refresh_max by default, in refresh */
};

/* ---- an epoch begins and is committed ---------------------------------------------------------- */

int64_t engine_now(weir *db)
{
    int64_t wall = db->env.now_us(db->env.arg), mono = db->env.mono_us(db->env.arg);
    if (wall >= db->last_now_us) {
        db->last_now_us = wall;
        db->last_mono_us = mono;
    } else if (mono > db->last_mono_us) {
        int64_t step = (mono - db->last_mono_us) / 2;
        db->last_now_us += step;
        db->last_mono_us += 2 * step;
    }
    return db->last_now_us;
}

void engine_begin_epoch(weir *db)
{
    Epoch *e = &db->epoch;
    e->number = db->epoch_number + 1 + db->flight.is_on;
    e->now_us = engine_now(db);
    e->diags = &db->diags;
    e->rows = 0;
    e->errors = 0;
    e->has_earliest = false;
    memset(&e->ws, 0, sizeof e->ws);
}

static Status check_invariants(weir *db, const Query *q)
{
    return q->ctx.broken.n ? engine_fault(db, "a broken invariant", q->ctx.broken) : WEIR_OK;
}

/* It is saved: what its operators have logged may move into their base. */
static Status end_query(weir *db, Query *q)
{
    TRY(check_invariants(db, q));
    ptrdiff_t known = db->diags.list.len;
    if (query_compact(q, db->storage, db->epoch_number, db->state_log_min, &db->diags) == WEIR_OK) return WEIR_OK;
    return engine_fault(db, "the saved state cannot be read", db->diags.list.data[known].message);
}

Status engine_save_query(weir *db, Query *q)
{
    if (!q->ctx.broken.n) query_save(q);
    return end_query(db, q);
}

static Query *query_at(void *arg, int i) { return ((weir *)arg)->queries.data[i]; }

static void flush_and_save(void *arg, int i)
{
    Query *q = query_at(arg, i);
    if (!q->is_live) return;
    query_flush(q);
    if (!q->ctx.broken.n) query_save(q);
}

/* Upstream first. */
static void flush_queries(weir *db)
{
    CrewWork work = {(int)db->queries.len, query_at, flush_and_save, db, db->epoch.rows};
    if (crew_run(db->crew, &db->epoch, &work)) return;
    for (int i = 0; i < work.n; i++) flush_and_save(db, i);
}

/* `may_move`: the commit before it is made, so that logs may move into their bases. */
static Status save_live(weir *db, bool may_move)
{
    TRY(engine_take_late(db));
    flush_queries(db);
    for (ptrdiff_t i = 0; i < db->queries.len; i++) {
        if (!db->queries.data[i]->is_live) continue;
        TRY(may_move ? end_query(db, db->queries.data[i]) : check_invariants(db, db->queries.data[i]));
    }
    for (ptrdiff_t i = 0; i < db->scans.len; i++) scan_save(db->scans.data[i], &db->epoch);
    return WEIR_OK;
}

Status engine_flush_live(weir *db) { return save_live(db, true); }

/* What the epoch holds becomes a write set. Where the commit before it could not be made it waits behind that one. */
static Status save_epoch(weir *db, Status landed)
{
    if (db->faulted) return landed;
    TRY(save_live(db, landed == WEIR_OK));
    db->must_flush = false;
    db->last_flush_us = db->epoch.now_us;
    db->is_pending = landed != WEIR_OK;
    return landed;
}

Status engine_commit(weir *db)
{
    Status landed = flight_land(db);
    int64_t began = db->env.mono_us(db->env.arg);
    TRY(save_epoch(db, landed));
    Status st = engine_apply(db);
    db->commit_end_us = db->env.mono_us(db->env.arg);
    db->commit_cost_us = db->commit_end_us - began;
    return st;
}

/* The same, and the next epoch may begin meanwhile. */
static Status commit_beside(weir *db)
{
    TRY(save_epoch(db, flight_land(db)));
    flight_begin(db);
    return WEIR_OK;
}

static void mark(weir *db)
{
    int64_t now = meter_now(&db->meter);
    meter_mark(&db->commit_mark, now, db->commit_us);
    for (ptrdiff_t i = 0; i < db->scans.len; i++) scan_sample(db->scans.data[i], now);
}

void engine_begin_queries(weir *db)
{
    engine_begin_epoch(db);
    mark(db);
    for (ptrdiff_t i = 0; i < db->queries.len; i++) query_begin(db->queries.data[i], &db->epoch);
}

/* ---- taking rows ------------------------------------------------------------------------------- */

typedef struct Intake {
    int sources, ended, drained; /* of the scans with a connector and readers */
    bool has_rows, has_ended;    /* something came; an input ended just now */
    bool has_failed;
    const Scan *stopped;         /* at a bad record: on_error = 'fail' */
} Intake;

/* More dead letters than are kept would only take memory. */
bool engine_epoch_is_full(const weir *db)
{
    const Epoch *e = &db->epoch;
    return e->rows >= e->rows_max || (e->error_limit > 0 && e->errors >= e->error_limit) || budget_is_spent(db);
}

static ScanStatus poll_scan(weir *db, Scan *s, Intake *in)
{
    ScanStatus st = SCAN_EMPTY;
    for (int i = 0; i < POLLS_PER_TURN && !engine_epoch_is_full(db); i++) {
        st = scan_poll(s, &db->epoch);
        if (st != SCAN_ROWS) break;
        in->has_rows = true;
    }
    return st;
}

/* A scan that nobody reads stands still; rows by hand are taken in all the same. */
static bool is_idle(const Scan *s)
{
    if (scan_readers(s)) return false;
    return scan_has_source(s) || (!scan_has_inserts(s) && !scan_watches_silence(s));
}

static void take_scan(weir *db, Scan *s, Intake *in, bool *more)
{
    bool was_ended = scan_is_ended(s);
    ScanStatus st = poll_scan(db, s, in);
    in->has_ended |= st == SCAN_ENDED && !was_ended;
    in->has_failed |= st == SCAN_FAILED;
    if (st == SCAN_STOPPED) in->stopped = s;
    *more |= st == SCAN_ROWS;
    if (!scan_has_source(s)) return;
    in->sources++;
    in->ended += st == SCAN_ENDED;
    in->drained += st == SCAN_DRAINED || st == SCAN_ENDED;
}

/* A table whose versions are kept (it has a watermark) keeps pace with the streams by its times. */
static bool comes_first(const Scan *s)
{
    return scan_relation(s)->kind == REL_TABLE && scan_relation(s)->watermark.col < 0;
}

/* ---- max_drift --------------------------------------------------------------------------------- */

typedef struct Peers {
    const Scan *of;
    int64_t least;  /* watermark of the other scans of its queries */
    bool has_it;    /* the query in work reads it */
} Peers;

static void look_at(Peers *p, const Query *q, bool counts)
{
    for (int i = 0; i < q->nleaves; i++) {
        const Scan *s = q->leaves[i]->scan;
        if (q->leaves[i]->upstream) look_at(p, q->leaves[i]->upstream, counts);
        if (!s) continue;
        p->has_it |= s == p->of;
        bool is_other = s != p->of && scan_has_source(s) && !scan_is_ended(s) && !scan_is_dry(s) && scan_relation(s)->watermark.col >= 0;
        if (counts && is_other && scan_watermark(s) < p->least) p->least = scan_watermark(s);
    }
}

static bool is_ahead(const weir *db, const Scan *s)
{
    Peers p = {.of = s, .least = INT64_MAX};
    if (!scan_has_drift(s)) return false;
    for (ptrdiff_t i = 0; i < db->queries.len; i++) {
        p.has_it = false;
        look_at(&p, db->queries.data[i], false);
        if (p.has_it) look_at(&p, db->queries.data[i], true);
    }
    return scan_is_ahead(s, p.least);
}

/* First those that are not ahead of others; the rest only if these have nothing. */
static void take_scans(weir *db, bool tables, Intake *in, bool *more)
{
    for (ptrdiff_t i = 0; i < db->scans.len; i++) scan_set_waits(db->scans.data[i], is_ahead(db, db->scans.data[i]));
    for (int waiting = 0; waiting <= 1; waiting++) {
        for (ptrdiff_t i = 0; i < db->scans.len && !in->has_failed; i++) {
            Scan *s = db->scans.data[i];
            if (comes_first(s) != tables || is_idle(s) || scan_waits(s) != waiting) continue;
            if (waiting && *more) in->sources++; /* neither ended nor drained */
            else take_scan(db, s, in, more);
        }
    }
}

/* One turn over all scans; true: some of them may have more. Streams wait while tables have rows: what
 * there is in a table when reading begins is seen by the first row that looks it up. */
static bool take_turn(weir *db, Intake *in)
{
    bool more = false;
    in->sources = in->ended = in->drained = 0;
    for (int tables = 1; tables >= 0; tables--) {
        take_scans(db, tables, in, &more);
        if (tables && more) break;
    }
    return more && !in->has_failed && !in->stopped;
}

/* How long the other work is to take beside the last commit: commit_share. */
static int64_t work_us(const weir *db)
{
    int share = db->settings.commit_share;
    return db->commit_cost_us * (100 - share) / share;
}

/* Under load an epoch is longer, for all views alike: a commit then shows more rows that have changed more
 * than once, and takes less of the time. */
static int64_t intake_us(const weir *db)
{
    int64_t refresh = db->flight.is_on ? db->settings.refresh_us : engine_refresh_us(db);
    int64_t us = work_us(db), most = db->settings.refresh_max_us;
    if (!most) most = refresh * REFRESH_GROWTH;
    if (us > most) us = most;
    return us > refresh ? us : refresh;
}

/* While a worker commits the epoch before, rows are taken rather than waited with, for twice as long. */
static Intake take_rows(weir *db)
{
    Intake in = {0};
    int64_t us = intake_us(db), began = db->env.mono_us(db->env.arg);
    while ((db->has_backlog = take_turn(db, &in))) {
        if (engine_epoch_is_full(db) || atomic_load(&db->interrupted)) break;
        int64_t gone = db->env.mono_us(db->env.arg) - began;
        if (gone >= us && (gone >= 2 * us || !flight_goes_on(db))) break;
    }
    return in;
}

/* Before anything is taken: what cannot be opened is an error, but loses nothing. */
static Status open_scans(weir *db)
{
    for (ptrdiff_t i = 0; i < db->scans.len; i++)
        if (!is_idle(db->scans.data[i])) TRY(scan_open(db->scans.data[i], &db->diags));
    return WEIR_OK;
}

/* Rows of the epoch are in the operators but will not be committed. */
Status engine_source_failed(weir *db)
{
    if (!db->diags.list.len) diag_error(&db->diags, WEIR_E_IO, (Span){0}, "a source failed");
    Status st = diag_status(&db->diags);
    Diag cause = db->diags.list.data[0];
    engine_fault(db, "a source failed", cause.message);
    db->diags.list.data[0] = cause;
    db->diags.list.len = 1; /* the cause alone is shown */
    return st;
}

/* ---- one call ---------------------------------------------------------------------------------- */

static bool has_tick(const weir *db)
{
    for (ptrdiff_t i = 0; i < db->queries.len; i++)
        if (db->queries.data[i]->is_live && query_ticks(db->queries.data[i], db->last_flush_us, db->epoch.now_us))
            return true;
    return false;
}

/* Everything before the bad record is kept; the next call stops at it again. */
static Status stop(weir *db, const Intake *in)
{
    if (in->has_rows || in->has_ended || db->epoch.ws.rulings.len > 0) TRY(engine_commit(db));
    return scan_stop_error(in->stopped, &db->diags);
}

/* What a commit of the rows taken tells the caller. */
static Status commit_taken(weir *db, const Intake *in, bool all_done)
{
    bool was_asked = in->has_ended || db->must_flush, has_flown = db->flight.is_on;
    TRY(engine_commit(db));
    TRY(engine_interrupted(db));
    if (in->has_rows || has_flown) return WEIR_ROW;
    if (all_done) return WEIR_DONE;
    return was_asked ? WEIR_ROW : WEIR_IDLE; /* a tick of the clock is no work */
}

static bool may_come(const weir *db)
{
    for (ptrdiff_t i = 0; i < db->scans.len; i++)
        if (scan_has_source(db->scans.data[i]) && !is_idle(db->scans.data[i]) && !scan_is_ended(db->scans.data[i])) return true;
    return false;
}

/* Commits that follow one another leave time between them, by what the last one took: rows that come meanwhile
 * are taken together. After a silence there is nothing to wait for, and where rows wait already, or none can come,
 * nothing is gained. */
static Status keep_pace(weir *db, int64_t deadline)
{
    int64_t now = db->env.mono_us(db->env.arg), due = db->commit_end_us + work_us(db);
    if (due > db->commit_end_us + db->settings.refresh_us / 2) due = db->commit_end_us + db->settings.refresh_us / 2;
    if (due > deadline) due = deadline;
    if (now >= due || db->has_backlog || !may_come(db)) return WEIR_OK;
    TRY(quiet_relax(db));
    engine_wait(db, due - db->env.mono_us(db->env.arg));
    return engine_interrupted(db);
}

static Status run_epoch(weir *db, int64_t deadline)
{
    bool worked = false;
    TRY(engine_settle(db));
    TRY(engine_interrupted(db));
    TRY(engine_guard_wal(db));
    TRY(budget_check(db));
    TRY(open_scans(db));
    TRY(engine_catch_up(db, &worked));
    if (worked) return WEIR_ROW;
    if (!db->once) TRY(keep_pace(db, deadline));
    int64_t began = db->env.mono_us(db->env.arg);
    for (int64_t wait = 0;;) {
        if (!db->flight.is_on) quiet_look(db);
        engine_begin_queries(db);
        Intake in = take_rows(db);
        if (in.has_failed) return engine_source_failed(db);
        if (in.stopped) return stop(db, &in);
        bool all_done = in.ended == in.sources || (db->once && in.drained == in.sources);
        bool has_news = in.has_rows || in.has_ended || db->epoch.ws.rulings.len > 0;
        if (has_news && !atomic_load(&db->interrupted) && flight_pays(db, began)) {
            TRY(commit_beside(db));
            continue;
        }
        if (has_news || db->must_flush || has_tick(db)) return commit_taken(db, &in, all_done);
        if (db->flight.is_on) return WEIR_ROW; /* what it holds */
        if (all_done) return WEIR_DONE;
        TRY(quiet_relax(db));
        int64_t left = deadline - db->env.mono_us(db->env.arg);
        if (left <= 0) return engine_interrupted(db) ? WEIR_E_INTERRUPTED : WEIR_IDLE;
        quiet_rest(db, left, &wait);
        TRY(engine_interrupted(db));
        TRY(budget_check(db));
    }
}

/* No commit is left in the air. One that waits already is the next call's: this one's time is over, or it was interrupted. */
static Status run_landed(weir *db, int64_t deadline)
{
    Status st = run_epoch(db, deadline);
    if (db->faulted) flight_abandon(db);
    Status landed = db->flight.is_on ? flight_land(db) : WEIR_OK;
    return st == WEIR_ROW ? (landed == WEIR_OK ? st : landed) : st;
}

static Status run_checked(weir *db, int timeout_ms, bool once)
{
    TRY(engine_enter(db, NEED_WRITE));
    workers_resume(db->workers);
    if (db->once != once) {
        db->once = once;
        for (ptrdiff_t i = 0; i < db->scans.len; i++) scan_set_once(db->scans.data[i], once);
    }
    int64_t deadline = db->env.mono_us(db->env.arg) + (int64_t)timeout_ms * 1000;
    db->patience_us = once ? INT64_MAX : deadline;
    Status st = run_landed(db, deadline);
    db->patience_us = INT64_MAX;
    return st;
}

static weir_status run_guarded(weir *db, int timeout_ms, bool once)
{
    OomFrame f;
    if (!db) return WEIR_E_MISUSE;
    if (OOM_TRY(&f)) {
        Status st = run_checked(db, timeout_ms, once);
        OOM_END(&f);
        workers_pause(db->workers);
        return st;
    }
    flight_abandon(db);
    workers_pause(db->workers);
    db->patience_us = INT64_MAX;
    return engine_nomem_fault(db); /* the epoch is lost; the database has the last commit */
}

/* Memory may run out when operators have begun to change: then the engine stops. */
Status engine_run_within(weir *db, int64_t deadline_us)
{
    OomFrame f;
    if (OOM_TRY(&f)) {
        Status st = engine_can(db, NEED_WRITE);
        db->patience_us = deadline_us;
        workers_resume(db->workers);
        if (st == WEIR_OK) st = run_landed(db, deadline_us);
        db->patience_us = INT64_MAX;
        OOM_END(&f);
        workers_pause(db->workers);
        return st;
    }
    flight_abandon(db);
    workers_pause(db->workers);
    db->patience_us = INT64_MAX;
    engine_nomem_fault(db);
    oom_raise();
}

weir_status weir_run(weir *db, int timeout_ms) { return run_guarded(db, timeout_ms, false); }

weir_status weir_run_once(weir *db) { return run_guarded(db, 0, true); }
