/* catchup.c: a new view over a stream that is under way reads the stream's past first.
 *
 * It has scans of its own, with their own positions and watermarks, kept with its state (as
 * operator QUERY_POSITIONS_OP) so that a crash loses nothing. While a query catches up the live scans
 * stand still, so it meets them exactly: at the positions they had when it began. */
#include "exec/engine/engine.h"

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
    for (int i = 0; i < q->nown && !q->is_live; i++) {
        SavedPosition *p;
        int n = scan_positions(q->own_scans[i], a, &p);
        for (int k = 0; k < n; k++) {
            p[k].stream = scan_relation(q->own_scans[i])->id;
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
    TRY(state_fold_each(fold, restore_one, &r));
    for (int i = 0; i < q->nown; i++) {
        SavedPosition *p = new (&db->call, SavedPosition, r.found.len);
        int n = 0;
        for (ptrdiff_t k = 0; k < r.found.len; k++)
            if (r.found.data[k].stream == scan_relation(q->own_scans[i])->id) p[n++] = r.found.data[k];
        scan_restore(q->own_scans[i], p, n);
    }
    return WEIR_OK;
}

/* Reads up to where the live scan of the same stream stands. *done: it stands there too. */
static Status read_own(weir *db, Scan *own, bool *done)
{
    Scan *shared;
    TRY(engine_scan(db, (Relation *)scan_relation(own), &shared));
    SavedPosition *until;
    int n = scan_positions(shared, &db->call, &until);
    while (db->epoch.rows < db->epoch.rows_max && !atomic_load(&db->interrupted)) {
        ScanStatus st = scan_poll(own, &db->epoch, until, n);
        if (st == SCAN_FAILED) return engine_fault(db, "a source failed while a view caught up",
                                                   db->diags.list.data[0].message);
        if (st == SCAN_ROWS) continue;
        *done = true; /* drained, ended, or nothing more of what the stream once read is there */
        break;
    }
    return WEIR_OK;
}

static Status join_live(weir *db, Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        Leaf *leaf = q->leaves[i];
        if (!leaf->scan) continue;
        Scan *shared;
        TRY(engine_scan(db, leaf->op.plan->rel, &shared));
        if (leaf->scan == shared) continue;
        scan_remove(leaf->scan, leaf);
        scan_add(shared, leaf);
    }
    q->is_live = true;
    return WEIR_OK;
}

static Status catch_up_query(weir *db, Query *q)
{
    engine_begin_epoch(db);
    query_begin(q, &db->epoch);
    bool all_done = true;
    for (int i = 0; i < q->nown; i++) {
        bool done = false;
        TRY(read_own(db, q->own_scans[i], &done));
        all_done &= done;
    }
    if (all_done) TRY(join_live(db, q));
    query_flush(q);
    TRY(engine_save_query(db, q));
    save_positions(db, q);
    TRY(engine_apply(db));
    if (!all_done) return WEIR_OK;
    for (int i = 0; i < q->nown; i++) scan_free(q->own_scans[i]);
    q->nown = 0;
    db->must_flush = true;
    return WEIR_OK;
}

Status engine_catch_up(weir *db, bool *worked)
{
    for (ptrdiff_t i = 0; i < db->queries.len; i++) {
        if (db->queries.data[i]->is_live) continue;
        *worked = true;
        return catch_up_query(db, db->queries.data[i]);
    }
    return WEIR_OK;
}
