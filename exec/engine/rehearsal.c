/* rehearsal.c: an engine whose time and rows are in the hands of whoever tries statements out.
 *
 * The planner forgets the connectors of streams and tables, so that rows come by hand; the wall clock stands still until it is
 * moved; watermarks can be moved without a row. Everything else is as it will be. */
#include "exec/engine/engine.h"

/* 2000-01-01 00:00:00 UTC */
#define REHEARSAL_START_US 946684800000000LL

static int64_t rehearsal_now(void *arg) { return ((const weir *)arg)->rehearsal_us; }

void rehearsal_begin(weir *db)
{
    db->is_rehearsal = true;
    db->rehearsal_us = REHEARSAL_START_US;
    db->env.now_us = db->env.mono_us = rehearsal_now; /* sleeping takes no argument */
    db->env.arg = db;
}

static Status check(weir *db)
{
    TRY(engine_enter(db, NEED_WRITE));
    if (db->is_rehearsal) return engine_settle(db);
    return diag_error(&db->diags, WEIR_E_MISUSE, (Span){0}, "only the clock of a rehearsal can be moved");
}

/* One epoch without rows, in which what is due happens. */
static Status flush(weir *db)
{
    engine_begin_queries(db);
    return engine_commit(db);
}

static Status advance_clock(weir *db, int64_t by_us)
{
    TRY(check(db));
    if (by_us > 0) db->rehearsal_us += by_us;
    return flush(db);
}

static Status advance_watermark(weir *db, const char *stream, int64_t us)
{
    TRY(check(db));
    const Relation *only = stream ? catalog_find(&db->catalog, str_z(stream)) : NULL;
    if (stream && (!only || only->watermark.col < 0))
        return diag_error(&db->diags, WEIR_E_NAME, (Span){0}, "there is no stream \"%s\" with a watermark", stream);
    const Map *m = &db->catalog.relations;
    for (ptrdiff_t i = 0; i < m->len; i++) {
        const Relation *r = m->items[i].value;
        if (!r || (r->kind != REL_STREAM && r->kind != REL_TABLE) || r->watermark.col < 0 || (only && r != only)) continue;
        Scan *s;
        TRY(engine_scan(db, r, &s));
        scan_advance(s, us);
    }
    return flush(db);
}

weir_status weir_advance_clock(weir *db, int64_t by_us)
{
    OomFrame f;
    if (!db) return WEIR_E_MISUSE;
    if (OOM_TRY(&f)) {
        Status st = advance_clock(db, by_us);
        OOM_END(&f);
        return st;
    }
    return engine_nomem_fault(db);
}

weir_status weir_advance_watermark(weir *db, const char *stream, int64_t us)
{
    OomFrame f;
    if (!db) return WEIR_E_MISUSE;
    if (OOM_TRY(&f)) {
        Status st = advance_watermark(db, stream, us);
        OOM_END(&f);
        return st;
    }
    return engine_nomem_fault(db);
}
