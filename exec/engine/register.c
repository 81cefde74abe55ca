/* register.c: standing queries begin and end: operators, what their leaves read, the scans. */
#include "exec/engine/engine.h"

/* ---- scans -------------------------------------------------------------------------------------- */

bool engine_is_replayable(const weir *db, const Relation *rel)
{
    const Option *name = options_get(&rel->options, "connector");
    const ConnectorDef *c = name ? registry_connector(&db->registry, name->value) : NULL;
    return c && c->impl && !strcmp(((const SourceImpl *)c->impl)->delivery, "exactly-once");
}

static Scan *new_scan(weir *db, const Relation *rel, Meter *meter, Crew *crew)
{
    ScanSpec spec = {.rel = rel, .env = &db->env, .meter = meter, .eval = engine_eval(db), .once = db->once,
                     .batch_rows = db->settings.batch_rows, .decoding = engine_decoding(db), .crew = crew};
    return scan_new(&spec);
}

Scan *engine_new_scan(weir *db, const Relation *rel, Meter *meter) { return new_scan(db, rel, meter, NULL); }

static Scan *find_scan(const weir *db, int64_t rel_id)
{
    for (ptrdiff_t i = 0; i < db->scans.len; i++)
        if (scan_relation(db->scans.data[i])->id == rel_id) return db->scans.data[i];
    return NULL;
}

Status engine_scan(weir *db, const Relation *rel, Scan **out)
{
    *out = find_scan(db, rel->id);
    if (*out) return WEIR_OK;
    SavedPosition *p;
    Ruling *rulings;
    int n = 0, nrulings = 0;
    TRY(storage_load_positions(db->storage, rel->id, &db->call, &p, &n, &db->diags));
    TRY(storage_load_rulings(db->storage, rel->id, false, &db->call, &rulings, &nrulings, &db->diags));
    vec_push(&db->scans, &db->arena, NULL);
    db->scans.len--; /* there is room now */
    Scan *s = db->scans.data[db->scans.len++] = new_scan(db, rel, &db->meter, db->crew);
    scan_restore(s, p, n, rulings, nrulings);
    *out = s;
    return WEIR_OK;
}

void engine_drop_scan(weir *db, int64_t rel_id)
{
    for (ptrdiff_t i = 0; i < db->scans.len; i++)
        if (scan_relation(db->scans.data[i])->id == rel_id) {
            scan_free(db->scans.data[i]);
            memmove(db->scans.data + i, db->scans.data + i + 1,
                    (size_t)(db->scans.len - i - 1) * sizeof *db->scans.data);
            db->scans.len--;
            return;
        }
}

/* ---- queries ------------------------------------------------------------------------------------ */

bool engine_is_standing(const Relation *rel) { return rel->kind == REL_MATERIALIZED || rel->kind == REL_TABLE; }

Query *engine_query(const weir *db, int64_t rel_id)
{
    for (ptrdiff_t i = 0; i < db->queries.len; i++)
        if (db->queries.data[i]->rel->id == rel_id) return db->queries.data[i];
    return NULL;
}

static Status open_query(weir *db, Relation *rel, bool as_shadow, Query **out)
{
    QueryEnv env = {.eval = engine_eval(db), .batch_scratch = &db->epoch.batch,
                    .epoch_scratch = &db->epoch.arena, .meter = &db->meter, .as_shadow = as_shadow};
    return query_open(rel->plan, rel, &env, out, &db->diags);
}

Status engine_open_query(weir *db, Relation *rel, Query **out) { return open_query(db, rel, false, out); }
Status engine_open_shadow(weir *db, Relation *rel, Query **out) { return open_query(db, rel, true, out); }

Status engine_check_query(weir *db, const Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        const PhysOp *p = q->leaves[i]->op.plan;
        Scan *s = p->kind == PHYS_SCAN ? find_scan(db, p->rel->id) : NULL;
        if (!s || !scan_has_source(s) || !scan_is_open(s)) continue;
        if (engine_is_replayable(db, p->rel) || scan_decodes(s, q->leaves[i])) continue;
        Status st = diag_error(&db->diags, WEIR_E_UNSUPPORTED, p->span,
                               "\"%.*s\" is being read already, without columns that this query needs", STR_ARG(p->rel->name));
        diag_hint(&db->diags, "its rows come once: create all views on it before reading begins");
        return st;
    }
    return WEIR_OK;
}

Status engine_connect(weir *db, Leaf *leaf)
{
    const PhysOp *p = leaf->op.plan;
    if (p->kind == PHYS_SCAN) {
        Scan *shared;
        TRY(engine_scan(db, p->rel, &shared));
        scan_add(shared, leaf);
    } else if (p->kind == PHYS_VIEW_INPUT) {
        leaf_connect(leaf, engine_query(db, p->rel->id));
    }
    return WEIR_OK;
}

Status engine_attach(weir *db, Query *q, bool is_new)
{
    bool lags = false;
    vec_push(&db->queries, &db->arena, q);
    db->must_flush = true;
    q->is_live = true;
    if (is_new) TRY(catchup_is_needed(db, q, &lags));
    if (lags) {
        TRY(catchup_begin(db, q));
        return late_attach(db, q);
    }
    TRY(late_attach(db, q));
    for (int i = 0; i < q->nleaves; i++) TRY(engine_connect(db, q->leaves[i]));
    return WEIR_OK;
}

void engine_detach(weir *db, Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        if (q->leaves[i]->scan) scan_remove(q->leaves[i]->scan, q->leaves[i]);
        leaf_disconnect(q->leaves[i]);
    }
    for (ptrdiff_t i = 0; i < db->queries.len; i++)
        if (db->queries.data[i] == q) {
            memmove(db->queries.data + i, db->queries.data + i + 1,
                    (size_t)(db->queries.len - i - 1) * sizeof *db->queries.data);
            db->queries.len--;
            break;
        }
    query_close(q);
}
