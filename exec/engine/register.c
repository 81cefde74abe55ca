/* register.c: standing queries begin and end: operators, leaves, scans, recovery of their state. */
#include "exec/engine/engine.h"

static QueryEnv query_env(weir *db)
{
    return (QueryEnv){.eval = engine_eval(db), .batch_scratch = &db->epoch.batch,
                      .epoch_scratch = &db->epoch.arena};
}

Query *engine_query(weir *db, int64_t rel_id)
{
    for (ptrdiff_t i = 0; i < db->queries.len; i++)
        if (db->queries.data[i]->rel->id == rel_id) return db->queries.data[i];
    return NULL;
}

static ScanSpec scan_spec(weir *db, Relation *rel)
{
    return (ScanSpec){.rel = rel, .env = &db->env, .eval = engine_eval(db), .once = db->once,
                      .batch_rows = db->settings.batch_rows};
}

Status engine_own_scan(weir *db, Relation *rel, Scan **out)
{
    ScanSpec spec = scan_spec(db, rel);
    return scan_new(&spec, out, &db->diags);
}

Status engine_scan(weir *db, Relation *rel, Scan **out)
{
    for (ptrdiff_t i = 0; i < db->scans.len; i++)
        if (scan_relation(db->scans.data[i])->id == rel->id) {
            *out = db->scans.data[i];
            return WEIR_OK;
        }
    Scan *s;
    TRY(engine_own_scan(db, rel, &s));
    vec_push(&db->scans, &db->arena, s);
    SavedPosition *p;
    int n = 0;
    TRY(storage_load_positions(db->storage, rel->id, &db->call, &p, &n, &db->diags));
    scan_restore(s, p, n);
    *out = s;
    return WEIR_OK;
}

Status engine_open_query(weir *db, Relation *rel, Query **out)
{
    QueryEnv env = query_env(db);
    return query_open(rel->plan, rel, &env, out, &db->diags);
}

/* Whether rows of the stream have been read already, so that a new reader has to catch up. */
static bool has_moved(weir *db, Scan *s)
{
    SavedPosition *p;
    int n = scan_positions(s, &db->call, &p);
    for (int i = 0; i < n; i++)
        if (p[i].rows || p[i].errors || p[i].ended || p[i].offset) return true;
    return false;
}

static Status attach_scan(weir *db, Query *q, Leaf *leaf, bool is_new)
{
    Scan *shared;
    TRY(engine_scan(db, leaf->op.plan->rel, &shared));
    if (!is_new || !scan_has_source(shared) || !has_moved(db, shared)) {
        scan_add(shared, leaf);
        return WEIR_OK;
    }
    Scan *own = NULL;
    for (int i = 0; i < q->nown && !own; i++)
        if (scan_relation(q->own_scans[i]) == leaf->op.plan->rel) own = q->own_scans[i];
    if (!own) {
        TRY(engine_own_scan(db, leaf->op.plan->rel, &own));
        if (!q->own_scans) q->own_scans = new (&q->arena, Scan *, q->nleaves);
        q->own_scans[q->nown++] = own;
    }
    scan_add(own, leaf);
    q->is_live = false;
    return WEIR_OK;
}

static Status attach_view(weir *db, Query *q, Leaf *leaf, bool is_new)
{
    const Relation *rel = leaf->op.plan->rel;
    Query *up = engine_query(db, rel->id);
    if (!up) return diag_error(&db->diags, WEIR_E_INTERNAL, leaf->op.plan->span, "view \"%.*s\" is not running", STR_ARG(rel->name));
    leaf->upstream = up;
    op_connect(up->root, &leaf->op, 0);
    vec_push(&up->readers, &up->arena, q);
    leaf->needs_rows = is_new && op_view_progress(up->root).changes > 0;
    return WEIR_OK;
}

static bool has_timer(const PhysPlan *p)
{
    for (int i = 0; i < p->nops; i++)
        if (p->ops[i]->window && p->ops[i]->window->trigger_us > 0) return true;
    return false;
}

Status engine_attach(weir *db, Query *q, bool is_new)
{
    q->is_live = true;
    vec_push(&db->queries, &db->arena, q);
    for (int i = 0; i < q->nleaves; i++) {
        Leaf *leaf = q->leaves[i];
        if (leaf->op.plan->kind == PHYS_SCAN) TRY(attach_scan(db, q, leaf, is_new));
        if (leaf->op.plan->kind == PHYS_VIEW_INPUT) TRY(attach_view(db, q, leaf, is_new));
    }
    db->has_timers |= has_timer(q->plan);
    db->must_flush = true;
    return WEIR_OK;
}

/* Takes the edges from an upstream view to this query's leaf away again. */
static void unlink_leaf(Leaf *leaf)
{
    Op *from = leaf->upstream->root;
    for (int i = 0; i < from->nouts; i++)
        if (from->outs[i].to == &leaf->op) {
            memmove(from->outs + i, from->outs + i + 1, (size_t)(from->nouts - i - 1) * sizeof *from->outs);
            from->nouts--;
            return;
        }
}

void engine_detach(weir *db, Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        if (q->leaves[i]->scan) scan_remove(q->leaves[i]->scan, q->leaves[i]);
        if (q->leaves[i]->upstream) unlink_leaf(q->leaves[i]);
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
