/* recover.c: an engine takes up where the last commit left off.
 *
 * Definitions are parsed and planned again from their SQL; state is the fold of each operator's
 * base and log; positions and watermarks come from the same commit. */
#include "exec/engine/engine.h"

#include "exec/state/log.h"
#include "parser/parser.h"

/* ---- what was declared ------------------------------------------------------------------------- */

Status recover_parse(weir *db, Str name, Str sql, Arena *a, Stmt **out)
{
    StmtList stmts = {0};
    TRY(parser_parse(str_dup(a, sql), a, &db->diags, &stmts));
    bool is_one = stmts.len == 1 && (stmts.data[0]->kind == STMT_CREATE_STREAM || stmts.data[0]->kind == STMT_CREATE_VIEW);
    if (!is_one)
        return diag_error(&db->diags, WEIR_E_CORRUPT, (Span){0}, "the definition of \"%.*s\" is not one statement", STR_ARG(name));
    *out = stmts.data[0];
    return WEIR_OK;
}

static Status restore_definition(weir *db, const SavedRelation *saved)
{
    Shelf *shelf = shelf_new(db);
    Arena *a = &shelf->arena;
    Stmt *s = NULL;
    TRY(recover_parse(db, saved->name, saved->sql, a, &s));
    Planner p = engine_planner(db, a, str_dup(a, saved->base_dir));
    Relation *rel;
    if (s->kind == STMT_CREATE_STREAM) TRY(ddl_stream(&p, s->create_stream, &rel));
    else TRY(ddl_view(&p, s->create_view, &rel));
    if (!str_ieq(rel->name, saved->name) || rel->kind != saved->kind || catalog_find(&db->catalog, rel->name))
        return diag_error(&db->diags, WEIR_E_CORRUPT, (Span){0}, "the definition of \"%.*s\" is that of something else", STR_ARG(saved->name));
    if (catalog_by_id(&db->catalog, saved->id))
        return diag_error(&db->diags, WEIR_E_CORRUPT, (Span){0}, "\"%.*s\" has the number of another definition", STR_ARG(saved->name));
    rel->id = saved->id;
    rel->sql = str_dup(a, saved->sql);
    rel->base_dir = p.base_dir;
    catalog_put(&db->catalog, rel);
    shelf_hold(shelf, rel->id);
    shelf_done(shelf);
    return WEIR_OK;
}

Status engine_recover_catalog(weir *db)
{
    SavedRelation *saved;
    int n = 0;
    int64_t last_id = 0;
    TRY(storage_load_epoch(db->storage, &db->epoch_number, &db->diags));
    TRY(storage_load_last_id(db->storage, &last_id, &db->diags));
    TRY(storage_load_relations(db->storage, &db->call, &saved, &n, &db->diags));
    /* Definitions carry what they need of the settings they were made under. */
    for (int i = 0; i < n; i++) TRY(restore_definition(db, &saved[i]));
    TRY(storage_load_settings(db->storage, &db->arena, &db->catalog.settings, &db->diags));
    engine_apply_settings(db);
    db->catalog.next_id = last_id + 1;
    return WEIR_OK;
}

/* ---- state ------------------------------------------------------------------------------------- */

enum { RECORDS_AHEAD = 16 };

/* Records wait a little before they are loaded, so that what they need can come from memory meanwhile. */
typedef struct OpLoad {
    Query *q;
    int op;
    StateRecord waiting[RECORDS_AHEAD];
    int nwaiting, oldest;
    StateFold *fold;
    StateMerge merge;
    int64_t log_bytes, base_bytes;
} OpLoad;

static Status add_records(void *arg, Str records)
{
    OpLoad *l = arg;
    l->log_bytes += records.n;
    return state_fold_add(l->fold, records);
}

static Status load_oldest(OpLoad *l)
{
    const StateRecord *r = &l->waiting[l->oldest];
    l->oldest = (l->oldest + 1) % RECORDS_AHEAD;
    l->nwaiting--;
    return query_load_op(l->q, l->op, r->space, r->key, r->value);
}

static Status load_waiting(OpLoad *l)
{
    while (l->nwaiting) TRY(load_oldest(l));
    return WEIR_OK;
}

static Status load_record(void *arg, Str space, Str key, Str value)
{
    OpLoad *l = arg;
    if (l->nwaiting == RECORDS_AHEAD) TRY(load_oldest(l));
    query_foresee_op(l->q, l->op, space, key);
    l->waiting[(l->oldest + l->nwaiting++) % RECORDS_AHEAD] = (StateRecord){STATE_PUT, space, key, value};
    return WEIR_OK;
}

/* The page goes when it is done. */
static Status merge_page(void *arg, Str records)
{
    OpLoad *l = arg;
    l->base_bytes += records.n;
    TRY(state_merge_page(&l->merge, records));
    return load_waiting(l);
}

/* What base and log of an operator say, in order. Memory is db->work's until the next call. */
static Status load_op(weir *db, Query *q, int op, OpLoad *l)
{
    arena_reset(&db->work);
    *l = (OpLoad){.q = q, .op = op, .fold = state_fold_new(&db->work)};
    TRY(storage_load_log(db->storage, q->rel->id, op, add_records, l, &db->diags));
    state_fold_sort(l->fold);
    l->merge = state_merge_begin(l->fold, load_record, l);
    TRY(storage_load_base(db->storage, q->rel->id, op, merge_page, l, &db->diags));
    TRY(state_merge_rest(&l->merge));
    return load_waiting(l);
}

static Status corrupt_state(weir *db, const Relation *rel, int op)
{
    return diag_error(&db->diags, WEIR_E_CORRUPT, (Span){0},
                      "the saved state of view \"%.*s\", operator %d, cannot be read",
                      STR_ARG(rel->name), op);
}

/* What the query keeps beside its operators' state: a few records, replaced as a whole. */
static Status fold_own(weir *db, const Relation *rel, int op, OpLoad *l)
{
    arena_reset(&db->work);
    *l = (OpLoad){.op = op, .fold = state_fold_new(&db->work)};
    ptrdiff_t known = db->diags.list.len;
    Status st = storage_load_base(db->storage, rel->id, op, add_records, l, &db->diags);
    if (st == WEIR_OK) st = storage_load_log(db->storage, rel->id, op, add_records, l, &db->diags);
    return st == WEIR_OK || db->diags.list.len > known ? st : corrupt_state(db, rel, op);
}

static Status same_shape(void *arg, Str space, Str key, Str value)
{
    (void)space, (void)key;
    uint64_t shape = query_shape(arg);
    return value.n == sizeof shape && !memcmp(value.p, &shape, sizeof shape) ? WEIR_OK : WEIR_E_FORMAT;
}

/* State can only be read by operators like the ones that wrote it; where it was not, the view has to be
 * made anew. */
Status recover_check_shape(weir *db, Query *q)
{
    OpLoad l;
    TRY(fold_own(db, q->rel, QUERY_SHAPE_OP, &l));
    q->has_saved_shape = l.log_bytes > 0;
    q->is_rebuilt = state_fold_each(l.fold, same_shape, q) != WEIR_OK;
    return WEIR_OK;
}

static Status load_ops(weir *db, Query *q)
{
    for (int i = 0; i < q->nops; i++) {
        OpLoad l;
        ptrdiff_t known = db->diags.list.len;
        Status st = load_op(db, q, i, &l);
        if (st != WEIR_OK) return db->diags.list.len > known ? st : corrupt_state(db, q->rel, i);
        q->logs[i] = (OpLog){.base_bytes = l.base_bytes, .base_records = l.merge.records,
                             .log_bytes = l.log_bytes, .log_records = l.fold->records};
    }
    return WEIR_OK;
}

/* ---- queries ----------------------------------------------------------------------------------- */

/* One that was catching up has positions of its own. */
static Status attach_restored(weir *db, Query *q, bool is_new, const OpLoad *own)
{
    bool is_behind = own->log_bytes > 0;
    TRY(engine_attach(db, q, is_new || is_behind));
    if (!is_behind) return WEIR_OK;
    if (q->is_live) return corrupt_state(db, q->rel, QUERY_POSITIONS_OP);
    return catchup_load(db, q, own->fold);
}

/* A view that never took part in a commit is as new as one created now; one that was catching up
 * goes on where its own positions were. From engine_attach on the engine has it. */
static Status restore_query(weir *db, Query **at)
{
    Query *q = *at;
    ViewProgress progress = {.view = q->rel->id};
    TRY(storage_load_progress(db->storage, q->rel->id, &progress, &db->diags));
    bool is_new = progress.next_id == 0;
    OpLoad own; /* before the engine has it: whoever has not been attached is closed by us */
    TRY(fold_own(db, q->rel, QUERY_POSITIONS_OP, &own));
    if (is_new) q->has_saved_shape = false;
    *at = NULL;
    TRY(attach_restored(db, q, is_new, &own));
    if (is_new) return WEIR_OK;
    op_view_restore(q->root, &progress);
    return load_ops(db, q);
}

static Status open_queries(weir *db, Rebuild *r)
{
    const Map *m = &db->catalog.relations; /* in the order of their ids */
    r->queries = new (&db->call, Query *, m->len);
    for (ptrdiff_t i = 0; i < m->len; i++) {
        Relation *rel = m->items[i].value;
        if (!rel || !engine_is_standing(rel)) continue;
        TRY(engine_open_query(db, rel, &r->queries[r->n]));
        r->n++;
        TRY(recover_check_shape(db, r->queries[r->n - 1]));
    }
    if (db->rebuilds_all) TRY(rebuild_choose(db, r));
    return rebuild_begin(db, r);
}

static Status restore_queries(weir *db, Rebuild *r)
{
    TRY(open_queries(db, r));
    for (int i = 0; i < r->n; i++) TRY(restore_query(db, &r->queries[i]));
    return WEIR_OK;
}

static void close_unattached(const Rebuild *r)
{
    for (int i = 0; i < r->n; i++) query_close(r->queries[i]);
}

Status engine_recover_queries(weir *db)
{
    Rebuild *r = new_one(&db->call, Rebuild);
    OomFrame f;
    if (OOM_TRY(&f)) {
        Status st = restore_queries(db, r);
        OOM_END(&f);
        close_unattached(r);
        arena_free(&db->work); /* logs take more of it than anything will again */
        return st;
    }
    close_unattached(r);
    oom_raise();
}
