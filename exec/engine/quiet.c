/* quiet.c: what an engine does while its sources have nothing: it waits until one of them tells, and meanwhile
 * the write-ahead log moves into the database, so that no commit has to.
 *
 * Where the sources cannot tell (generators; a clock of a test's own) it looks every few milliseconds. Of what
 * they tell the most may be in vain, even all of it where a source is ready that is not to be read yet: after
 * some of those in a row it is slept through. */
#include "exec/engine/engine.h"

enum {
    WAIT_FIRST_US = 500, WAIT_LAST_US = 4000, /* between looks where sources cannot tell */
    WAIT_MOVED_US = 5000,                     /* where files change their names */
    VAIN_MAX = 4
};

/* A rotation is a rename, a new file and some last lines, one after the other: it is not looked at halfway. */
void quiet_look(weir *db)
{
    if (!db->wake || !wake_clear(db->wake)) return;
    engine_wait(db, WAIT_MOVED_US);
    wake_clear(db->wake);
}

static bool watch_scan(weir *db, const Scan *s)
{
    if (!scan_is_ended(s)) return wake_watch(db->wake, scan_relation(s), &db->epoch.batch);
    wake_forget(db->wake, scan_relation(s));
    return true;
}

/* Whether every source tells. */
static bool watch_all(weir *db)
{
    if (!db->env.wait_us) return false;
    if (!db->wake) db->wake = wake_new();
    bool all = db->wake != NULL;
    for (ptrdiff_t i = 0; i < db->scans.len && all; i++)
        if (scan_readers(db->scans.data[i])) all = watch_scan(db, db->scans.data[i]);
    if (!all || !wake_tells(db->wake)) db->told_in_vain = 0;
    else db->told_in_vain++;
    return all && db->told_in_vain < VAIN_MAX;
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
    bool is_told = watch_all(db);
    int64_t last = db->settings.poll_us;
    if (!is_told && last > WAIT_LAST_US) last = WAIT_LAST_US;
    if (last < WAIT_FIRST_US) last = WAIT_FIRST_US;
    *wait_us = *wait_us == 0 ? WAIT_FIRST_US : *wait_us * 2 < last ? *wait_us * 2 : last;
    int64_t us = is_told ? last : *wait_us;
    if (us > left_us) us = left_us;
    if (atomic_load(&db->interrupted)) return;
    if (is_told) db->env.wait_us(db->env.arg, us, wake_fd(db->wake));
    else engine_wait(db, us);
}

int weir_wait_fd(weir *db)
{
    OomFrame f;
    int volatile fd = -1;
    if (!db || !db->is_open || db->read_only || db->faulted) return -1;
    if (!OOM_TRY(&f)) return -1;
    if (watch_all(db)) fd = wake_fd(db->wake);
    OOM_END(&f);
    return fd;
}
