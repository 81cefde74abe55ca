/* quiet.c: what an engine does while its sources have nothing: it waits until one of them tells, and meanwhile
 * the write-ahead log moves into the database, so that no commit has to.
 *
 * What they tell may be lost or never said, so it looks by itself, too. Where each says all, and nothing waits for
 * the clock, it rests as long as nothing has come already, up to QUIET_GROWTH times poll_interval: news
 * that nobody tells of waits no longer than the silence before it. Where the sources cannot tell (generators; a
 * clock of a test's own) it looks every few milliseconds. Of what they tell the most may be in vain, even all of it
 * where a source is ready that is not to be read yet: after some of those in a row it is slept through. */
#include "exec/engine/engine.h"

enum {
    WAIT_FIRST_US = 500, WAIT_LAST_US = 4000, /* between looks where sources cannot tell */
    WAIT_MOVED_US = 5000,                     /* where files change their names */
    VAIN_MAX = 4,
    QUIET_GROWTH = 20
};

/* A rotation is a rename, a new file and some last lines, one after the other: it is not looked at halfway. */
void quiet_look(weir *db)
{
    if (!db->wake || !wake_clear(db->wake)) return;
    engine_wait(db, WAIT_MOVED_US);
    wake_clear(db->wake);
}

static WakeTells watch_scan(weir *db, const Scan *s)
{
    if (!scan_is_ended(s)) {
        WakeTells tells = wake_watch(db->wake, scan_relation(s), &db->epoch.batch);
        return tells == TELLS_ALL && !scan_is_near(s) ? TELLS_SOME : tells;
    }
    wake_forget(db->wake, scan_relation(s));
    return TELLS_ALL;
}

/* What every source does. */
static WakeTells watch_all(weir *db)
{
    if (!db->env.wait_us) return TELLS_NOTHING;
    if (!db->wake) atomic_store(&db->wake, wake_new());
    WakeTells least = db->wake ? TELLS_ALL : TELLS_NOTHING;
    for (ptrdiff_t i = 0; i < db->scans.len && least != TELLS_NOTHING; i++) {
        if (!scan_readers(db->scans.data[i])) continue;
        WakeTells tells = watch_scan(db, db->scans.data[i]);
        if (tells < least) least = tells;
    }
    if (least == TELLS_NOTHING || !wake_tells(db->wake)) db->told_in_vain = 0;
    else db->told_in_vain++;
    return db->told_in_vain < VAIN_MAX ? least : TELLS_NOTHING;
}

/* Whether time alone makes something to do. */
static bool has_clock(const weir *db)
{
    if (db->is_pending || db->flight.is_pending || db->is_wal_long) return true;
    for (ptrdiff_t i = 0; i < db->queries.len; i++)
        if (query_has_clock(db->queries.data[i])) return true;
    for (ptrdiff_t i = 0; i < db->scans.len; i++)
        if (scan_watches_silence(db->scans.data[i])) return true;
    return false;
}

/* How long after a look in vain the next one comes, where sources tell. */
static int64_t told_rest_us(const weir *db, WakeTells tells)
{
    int64_t least = db->settings.poll_us > WAIT_FIRST_US ? db->settings.poll_us : WAIT_FIRST_US;
    if (tells != TELLS_ALL || has_clock(db)) return least;
    int64_t silence = db->env.mono_us(db->env.arg) - db->commit_end_us;
    if (silence > QUIET_GROWTH * least) silence = QUIET_GROWTH * least;
    return silence > least ? silence : least;
}

static int64_t untold_rest_us(const weir *db, int64_t before_us)
{
    int64_t most = db->settings.poll_us < WAIT_LAST_US ? db->settings.poll_us : WAIT_LAST_US;
    if (most < WAIT_FIRST_US) most = WAIT_FIRST_US;
    if (before_us == 0) return WAIT_FIRST_US;
    return before_us * 2 < most ? before_us * 2 : most;
}

Status quiet_relax(weir *db)
{
    ptrdiff_t known = db->diags.list.len;
    if (storage_relax(db->storage, &db->diags) == WEIR_OK) return WEIR_OK;
    Str why = db->diags.list.len > known ? db->diags.list.data[known].message : S("");
    db->diags.list.len = known;
    return engine_fault(db, "the write-ahead log cannot be moved into the database", why);
}

void quiet_rest(weir *db, int64_t left_us, int64_t *wait_us)
{
    WakeTells tells = watch_all(db);
    int64_t us = tells ? told_rest_us(db, tells) : (*wait_us = untold_rest_us(db, *wait_us));
    if (us > left_us) us = left_us;
    if (atomic_load(&db->interrupted)) return;
    if (tells) db->env.wait_us(db->env.arg, us, wake_fd(db->wake));
    else engine_wait(db, us);
}

int weir_wait_fd(weir *db, int *wait_ms)
{
    OomFrame f;
    int volatile fd = -1;
    if (wait_ms) *wait_ms = WAIT_LAST_US / 1000;
    if (!db || !db->is_open || db->read_only || db->faulted) return -1;
    if (!OOM_TRY(&f)) return -1;
    WakeTells tells = watch_all(db);
    if (tells) {
        fd = wake_fd(db->wake);
        int64_t ms = (told_rest_us(db, tells) + 999) / 1000;
        if (wait_ms) *wait_ms = ms < INT32_MAX ? (int)ms : INT32_MAX;
    }
    OOM_END(&f);
    return fd;
}
