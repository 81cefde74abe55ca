/* catchup.c: a new view over streams or views that are under way reads their past first.
 *
 * It has scans of its own, with their own positions and watermarks, kept with its state (as
 * operator QUERY_POSITIONS_OP) so that a crash loses nothing. Stateless views between it and a stream
 * are computed once more beside it (shadows), so that its rows come with the judgement they were made
 * with; other views give their present rows in the end (backfill.c). While a query catches up the
 * live scans stand still, so it meets them exactly: at the positions they had when it began. */
#include "exec/engine/engine.h"

/* ---- whether it has to ---------------------------------------------------------------------------- */

static bool has_moved(weir *db, Scan *s)
{
    SavedPosition *p;
    int n = scan_positions(s, &db->call, &p);
    for (int i = 0; i < n; i++)
        if (p[i].rows || p[i].errors || p[i].ended || p[i].offset || p[i].generation) return true;
    return false;
}

/* Versions of a table that statements change: those that were are gone, but for the present ones. */
static bool is_versions_by_hand(const PhysOp *p)
{
    return p->kind == PHYS_SCAN && p->rel->kind == REL_TABLE && !options_get(&p->rel->options, "connector");
}

static Status leaf_lags(weir *db, const Leaf *leaf, bool *lags)
{
    const PhysOp *p = leaf->op.plan;
    if (p->kind == PHYS_VIEW_INPUT) {
        const Query *up = engine_query(db, p->rel->id);
        *lags |= !up->is_live || op_view_progress(up->root).changes > 0;
    } else if (p->kind == PHYS_SCAN && engine_is_replayable(db, p->rel)) {
        Scan *shared;
        TRY(engine_scan(db, p->rel, &shared));
        *lags |= has_moved(db, shared);
    } else if (is_versions_by_hand(p)) {
        *lags |= op_view_progress(engine_query(db, p->rel->id)->root).changes > 0;
    }
    return WEIR_OK;
}

Status catchup_is_needed(weir *db, Query *q, bool *is_needed)
{
    *is_needed = false;
    for (int i = 0; i < q->nleaves; i++) TRY(leaf_lags(db, q->leaves[i], is_needed));
    return WEIR_OK;
}

/* ---- its scans and shadows -------------------------------------------------------------------------- */

/* A query without state over streams that can be read again: computed once more it gives its rows
 * once more. */
static bool can_shadow(weir *db, const Query *q)
{
    if (q->root->plan->props.above_state) return false;
    for (int i = 0; i < q->nleaves; i++) {
        const PhysOp *p = q->leaves[i]->op.plan;
        if (p->kind == PHYS_VALUES) return false; /* would come again after a restart */
        if (p->kind == PHYS_SCAN && !engine_is_replayable(db, p->rel)) return false;
        if (p->kind == PHYS_VIEW_INPUT && !can_shadow(db, engine_query(db, p->rel->id))) return false;
    }
    return true;
}

static Scan *own_scan(weir *db, Query *q, const Relation *rel)
{
    for (ptrdiff_t i = 0; i < q->own_scans.len; i++)
        if (scan_relation(q->own_scans.data[i]) == rel) return q->own_scans.data[i];
    vec_push(&q->own_scans, &q->arena, NULL);
    return q->own_scans.data[q->own_scans.len - 1] = engine_new_scan(db, rel, &db->meter);
}

static Query *shadow_of(const Query *q, const Relation *rel)
{
    for (ptrdiff_t i = 0; i < q->shadows.len; i++)
        if (q->shadows.data[i]->rel == rel) return q->shadows.data[i];
    return NULL;
}

static Status open_shadow(weir *db, Query *q, Relation *rel);

/* Gives the leaves of a shadow, or of q itself, something to read: scans and shadows of q. */
static Status feed(weir *db, Query *q, Query *reader)
{
    for (int i = 0; i < reader->nleaves; i++) {
        Leaf *leaf = reader->leaves[i];
        const PhysOp *p = leaf->op.plan;
        if (p->kind == PHYS_SCAN && engine_is_replayable(db, p->rel)) {
            scan_add(own_scan(db, q, p->rel), leaf);
        } else if (is_versions_by_hand(p)) {
            leaf->needs_rows = true;
        } else if (p->kind == PHYS_VIEW_INPUT) {
            leaf->needs_rows = !can_shadow(db, engine_query(db, p->rel->id));
            if (leaf->needs_rows) continue;
            TRY(open_shadow(db, q, p->rel));
            leaf_connect(leaf, shadow_of(q, p->rel));
        }
    }
    return WEIR_OK;
}

/* The view's plan once more; what it reads comes before it. */
static Status open_shadow(weir *db, Query *q, Relation *rel)
{
    if (shadow_of(q, rel)) return WEIR_OK;
    const Query *real = engine_query(db, rel->id);
    for (int i = 0; i < real->nleaves; i++)
        if (real->leaves[i]->op.plan->kind == PHYS_VIEW_INPUT) TRY(open_shadow(db, q, real->leaves[i]->op.plan->rel));
    Query *shadow;
    TRY(engine_open_shadow(db, rel, &shadow));
    q->shadows.data[q->shadows.len++] = shadow;
    return feed(db, q, shadow);
}

Status catchup_begin(weir *db, Query *q)
{
    q->is_live = false;
    q->shadows.cap = db->queries.len;
    q->shadows.data = new (&q->arena, Query *, q->shadows.cap); /* at most one of each view */
    return feed(db, q, q);
}

/* ---- its positions ---------------------------------------------------------------------------------- */

static void put_position(StateWriter *w, Arena *a, const SavedPosition *p)
{
    StrBuf space = {.arena = a}, v = {.arena = a};
    sb_u64(&space, (uint64_t)p->stream);
    sb_u64(&v, p->label);
    sb_varint(&v, p->generation);
    sb_u64(&v, p->offset);
    sb_u64(&v, (uint64_t)p->watermark);
    sb_varint(&v, (uint64_t)p->rows);
    sb_varint(&v, (uint64_t)p->errors);
    sb_char(&v, p->ended);
    sb_varint(&v, (uint64_t)p->identity.n);
    sb_str(&v, p->identity);
    state_put(w, str_of(space.p, space.n), p->partition, str_of(v.p, v.n));
}

static SavedPosition get_position(Str space, Str key, Str value, bool *bad)
{
    StrReader s = {space.p, space.p + space.n, false}, r = {value.p, value.p + value.n, false};
    SavedPosition p = {.stream = (int64_t)sr_u64(&s), .partition = key};
    p.label = sr_u64(&r);
    p.generation = (uint32_t)sr_varint(&r);
    p.offset = sr_u64(&r);
    p.watermark = (int64_t)sr_u64(&r);
    p.rows = (int64_t)sr_varint(&r);
    p.errors = (int64_t)sr_varint(&r);
    Str ended = sr_bytes(&r, 1);
    p.ended = ended.n && ended.p[0];
    p.identity = sr_bytes(&r, (ptrdiff_t)sr_varint(&r));
    *bad = s.bad || r.bad;
    return p;
}

/* Private positions into the write set; none once the query is live. */
static void save_positions(weir *db, Query *q)
{
    Arena *a = &db->epoch.arena;
    StateWriter w = {.buf.arena = a};
    for (ptrdiff_t i = 0; i < q->own_scans.len && !q->is_live; i++) {
        SavedPosition *p;
        int n = scan_positions(q->own_scans.data[i], a, &p);
        for (int k = 0; k < n; k++) {
            p[k].stream = scan_relation(q->own_scans.data[i])->id;
            put_position(&w, a, &p[k]);
        }
    }
    vec_push(&db->epoch.ws.state, a, (StateBlob){q->rel->id, QUERY_POSITIONS_OP, true, str_of(w.buf.p, w.buf.n)});
}

typedef struct Restore {
    weir *db;
    Query *q;
    VEC(SavedPosition) found;
} Restore;

static Status restore_one(void *arg, Str space, Str key, Str value)
{
    Restore *r = arg;
    bool bad;
    SavedPosition p = get_position(space, key, value, &bad);
    if (bad) return WEIR_E_CORRUPT;
    vec_push(&r->found, &r->db->call, p);
    return WEIR_OK;
}

Status catchup_load(weir *db, Query *q, StateFold *fold)
{
    Restore r = {.db = db, .q = q};
    for (int i = 0; i < q->nleaves; i++) /* tables came with its first epoch */
        if (q->leaves[i]->needs_rows && q->leaves[i]->op.plan->rel->kind == REL_TABLE) q->leaves[i]->needs_rows = false;
    TRY(state_fold_each(fold, restore_one, &r));
    for (ptrdiff_t i = 0; i < q->own_scans.len; i++) {
        Scan *own = q->own_scans.data[i];
        SavedPosition *p = new (&db->call, SavedPosition, r.found.len);
        int n = 0;
        for (ptrdiff_t k = 0; k < r.found.len; k++)
            if (r.found.data[k].stream == scan_relation(own)->id) p[n++] = r.found.data[k];
        scan_restore(own, p, n, NULL, 0);
    }
    return WEIR_OK;
}

/* ---- an epoch of it ----------------------------------------------------------------------------------- */

/* The shared scan is open, so that its positions are those of the files as they are now. */
static Status set_target(weir *db, Scan *own)
{
    Scan *shared;
    SavedPosition *until;
    Ruling *rulings;
    int nrulings = 0;
    TRY(engine_scan(db, scan_relation(own), &shared));
    TRY(scan_open(shared, &db->diags));
    int n = scan_positions(shared, &db->call, &until);
    TRY(storage_load_rulings(db->storage, scan_relation(own)->id, true, &db->call, &rulings, &nrulings, &db->diags));
    scan_follow(own, until, n, rulings, nrulings);
    return scan_open(own, &db->diags);
}

/* Before anything is read: what cannot be opened is an error, but loses nothing. */
static Status open_own(weir *db, Query *q)
{
    for (ptrdiff_t i = 0; i < q->own_scans.len; i++) TRY(set_target(db, q->own_scans.data[i]));
    return WEIR_OK;
}

/* Of the bytes that live scans have read. */
static void tell_progress(weir *db, const Query *q)
{
    int64_t done = 0, total = 0, rows = 0;
    if (!engine_progress_is_due(db)) return;
    for (ptrdiff_t i = 0; i < q->own_scans.len; i++) {
        ScanStats own, live;
        Scan *shared;
        if (engine_scan(db, scan_relation(q->own_scans.data[i]), &shared) != WEIR_OK) return;
        scan_stats(q->own_scans.data[i], &own);
        scan_stats(shared, &live);
        done += own.bytes_read;
        total += live.bytes_read;
        rows += own.rows;
    }
    engine_tell_progress(db, q->rel->name, done, total, rows);
}

/* Reads up to where the live scan of the same stream stands. False: there is more to read. */
static bool read_own(weir *db, const Query *q, Scan *own, bool *has_failed)
{
    while (!engine_epoch_is_full(db) && !atomic_load(&db->interrupted)) {
        ScanStatus st = scan_poll(own, &db->epoch);
        tell_progress(db, q);
        *has_failed = st == SCAN_FAILED;
        if (st != SCAN_ROWS) return true; /* reached, or nothing more of what the stream once read is there */
    }
    return false;
}

static Status read_all(weir *db, Query *q, bool *is_done)
{
    *is_done = true;
    for (ptrdiff_t i = 0; i < q->own_scans.len; i++) {
        bool has_failed = false;
        *is_done &= read_own(db, q, q->own_scans.data[i], &has_failed);
        if (has_failed) return engine_source_failed(db);
    }
    return WEIR_OK;
}

/* From the next epoch on the query is fed as all the others. */
static Status join_live(weir *db, Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        Leaf *leaf = q->leaves[i];
        if (leaf->scan) scan_remove(leaf->scan, leaf);
        leaf_disconnect(leaf);
        TRY(engine_connect(db, leaf));
        if (leaf->needs_rows) TRY(engine_backfill(db, leaf));
    }
    q->is_live = true;
    return WEIR_OK;
}

/* The present rows of tables come before the first row of the past: it may look them up. Tables do not
 * change while a query catches up, so they come once, whenever it ends. */
static Status take_tables(weir *db, Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        Leaf *leaf = q->leaves[i];
        if (leaf->needs_rows && leaf->op.plan->rel->kind == REL_TABLE) TRY(engine_backfill(db, leaf));
    }
    return WEIR_OK;
}

/* Its late rows are rows of a stream that others read: these take part in the epoch. */
static Status hand_on_late(weir *db)
{
    if (!late_is_waiting(db)) return WEIR_OK;
    for (ptrdiff_t i = 0; i < db->queries.len; i++)
        if (db->queries.data[i]->is_live) query_begin(db->queries.data[i], &db->epoch);
    return engine_flush_live(db);
}

static Status catch_up_query(weir *db, Query *q)
{
    bool is_done;
    TRY(open_own(db, q));
    engine_begin_epoch(db);
    query_begin(q, &db->epoch);
    TRY(take_tables(db, q));
    TRY(read_all(db, q, &is_done));
    query_flush_shadows(q);
    TRY(hand_on_late(db));
    if (is_done) TRY(join_live(db, q));
    query_flush(q);
    TRY(engine_save_query(db, q));
    save_positions(db, q);
    if (is_done) {
        query_drop_helpers(q);
        db->must_flush = true;
    }
    return engine_apply(db);
}

/* The first one that lags reads no other that does. */
Status engine_catch_up(weir *db, bool *worked)
{
    for (ptrdiff_t i = 0; i < db->queries.len; i++) {
        if (db->queries.data[i]->is_live) continue;
        TRY(budget_check(db)); /* who waits for the view would wait for good */
        *worked = true;
        TRY(catch_up_query(db, db->queries.data[i]));
        return engine_interrupted(db);
    }
    return WEIR_OK;
}
