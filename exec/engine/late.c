/* late.c: rows that are too late for a view with late_into go to their stream in the same commit. */
#include "exec/engine/engine.h"
#include "base/plant.h"

/* ---- what such a view needs of the streams that it reads ---------------------------------------- */

static bool wants(const Relation *into, const ColumnDef *c)
{
    int i = relation_column(into, c->name);
    return i >= 0 && into->cols[i].kind != COL_COMPUTED && !late_is_own(c->name);
}

static Status want_columns(weir *db, Scan *s, const Relation *into)
{
    const Relation *rel = scan_relation(s);
    for (int i = 0; i < rel->ncols; i++) {
        if (!wants(into, &rel->cols[i])) continue;
        if (scan_is_open(s) && !scan_is_decoded(s, i) && scan_has_source(s) && !engine_is_replayable(db, rel))
            return diag_error(&db->diags, WEIR_E_UNSUPPORTED, (Span){0},
                              "\"%.*s\" is being read already, without the column \"%.*s\" that late_into needs",
                              STR_ARG(rel->name), STR_ARG(rel->cols[i].name));
        scan_want(s, i);
    }
    return WEIR_OK;
}

static Status want_of_inputs(weir *db, const Query *q, const Relation *into)
{
    for (ptrdiff_t i = 0; i < q->own_scans.len; i++) TRY(want_columns(db, q->own_scans.data[i], into));
    for (int i = 0; i < q->nleaves; i++) {
        const PhysOp *p = q->leaves[i]->op.plan;
        Scan *shared;
        if (p->kind == PHYS_VIEW_INPUT) TRY(want_of_inputs(db, engine_query(db, p->rel->id), into));
        if (p->kind != PHYS_SCAN) continue;
        TRY(engine_scan(db, p->rel, &shared));
        TRY(want_columns(db, shared, into));
    }
    return WEIR_OK;
}

Status late_attach(weir *db, Query *q)
{
    const Relation *into = q->rel->late_into ? catalog_by_id(&db->catalog, q->rel->late_into) : NULL;
    if (!into) return WEIR_OK;
    query_hand_on_late(q, into);
    return want_of_inputs(db, q, into);
}

/* ---- handing on ----------------------------------------------------------------------------------- */

bool late_is_waiting(const weir *db)
{
    for (ptrdiff_t i = 0; i < db->queries.len; i++)
        if (db->queries.data[i]->late.len > 0) return true;
    return false;
}

static Status hand_on(weir *db, Query *q)
{
    Scan *to;
    Batch *batches;
    TRY(engine_scan(db, q->late_into, &to));
    int n = query_take_late(q, &db->epoch.arena, &batches);
    if (!WEIR_PLANT("late-lost-in-catching-up") || q->is_live) scan_insert(to, batches, n);
    while (scan_has_inserts(to))
        if (scan_poll(to, &db->epoch) == SCAN_FAILED) return engine_source_failed(db);
    return WEIR_OK;
}

Status engine_take_late(weir *db)
{
    while (late_is_waiting(db))
        for (ptrdiff_t i = 0; i < db->queries.len; i++)
            if (db->queries.data[i]->late.len > 0) TRY(hand_on(db, db->queries.data[i]));
    return WEIR_OK;
}
