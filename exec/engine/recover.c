/* recover.c: an engine takes up where the last commit left off.
 *
 * Definitions are parsed and planned again from their SQL; state is the fold of each operator's
 * base and log; positions and watermarks come from the same commit. */
#include "exec/engine/engine.h"

#include "parser/parser.h"

static Status restore_definition(weir *db, const SavedRelation *saved)
{
    StmtList stmts = {0};
    Arena *a = db->catalog.arena;
    TRY(parser_parse(saved->sql, a, &db->diags, &stmts));
    if (stmts.len != 1)
        return diag_error(&db->diags, WEIR_E_CORRUPT, (Span){0}, "the definition of \"%.*s\" is not one statement", STR_ARG(saved->name));
    Planner p = engine_planner(db, a, saved->base_dir);
    Relation *rel;
    const Stmt *s = stmts.data[0];
    if (s->kind == STMT_CREATE_STREAM) TRY(ddl_stream(&p, s->create_stream, &rel));
    else TRY(ddl_view(&p, s->create_view, &rel));
    rel->id = saved->id;
    rel->sql = saved->sql;
    rel->base_dir = saved->base_dir;
    catalog_put(&db->catalog, rel);
    return WEIR_OK;
}

typedef struct OpLoad {
    Query *q;
    int op;
    StateFold *fold;
    int64_t bytes;
} OpLoad;

static Status add_records(void *arg, Str records)
{
    OpLoad *l = arg;
    l->bytes += records.n;
    return state_fold_add(l->fold, records);
}

static Status load_record(void *arg, Str space, Str key, Str value)
{
    OpLoad *l = arg;
    return query_load_op(l->q, l->op, space, key, value);
}

static Status fold_op(weir *db, Query *q, int op, Arena *a, OpLoad *out)
{
    *out = (OpLoad){.q = q, .op = op, .fold = state_fold_new(a)};
    return storage_load_state(db->storage, q->rel->id, op, add_records, out, &db->diags);
}

static Status corrupt_state(weir *db, Query *q, int op)
{
    return diag_error(&db->diags, WEIR_E_CORRUPT, (Span){0},
                      "the saved state of view \"%.*s\", operator %d, cannot be read",
                      STR_ARG(q->rel->name), op);
}

static Status same_shape(void *arg, Str space, Str key, Str value)
{
    (void)space, (void)key;
    const OpLoad *l = arg;
    uint64_t shape = query_shape(l->q);
    return value.n == sizeof shape && !memcmp(value.p, &shape, sizeof shape) ? WEIR_OK : WEIR_E_FORMAT;
}

/* State can only be read by operators like the ones that wrote it. */
static Status check_shape(weir *db, Query *q)
{
    Arena a = {0};
    OpLoad l;
    Status st = fold_op(db, q, QUERY_SHAPE_OP, &a, &l);
    if (st == WEIR_OK && state_fold_each(l.fold, same_shape, &l) != WEIR_OK) {
        st = diag_error(&db->diags, WEIR_E_FORMAT, (Span){0},
                        "the state of view \"%.*s\" was saved by another version of its plan", STR_ARG(q->rel->name));
        diag_hint(&db->diags, "open the database with the weir that wrote it, or build the views anew in a new file");
    }
    q->has_saved_shape = st == WEIR_OK && l.bytes > 0;
    arena_free(&a);
    return st;
}

static Status load_ops(weir *db, Query *q)
{
    TRY(check_shape(db, q));
    for (int i = 0; i < q->nops; i++) {
        Arena a = {0};
        OpLoad l;
        Status st = fold_op(db, q, i, &a, &l);
        if (st == WEIR_OK && state_fold_each(l.fold, load_record, &l) != WEIR_OK)
            st = corrupt_state(db, q, i);
        q->logs[i].log_bytes = l.bytes;
        arena_free(&a);
        TRY(st);
    }
    return WEIR_OK;
}

/* A view that never took part in a commit is as new as one created now; one that was catching up
 * goes on where its own positions were. */
static Status restore_query(weir *db, Relation *rel)
{
    Query *q;
    TRY(engine_open_query(db, rel, &q));
    ViewProgress progress = {.view = rel->id};
    Arena a = {0};
    OpLoad own;
    Status st = storage_load_progress(db->storage, rel->id, &progress, &db->diags);
    if (st == WEIR_OK) st = fold_op(db, q, QUERY_POSITIONS_OP, &a, &own);
    bool is_new = progress.next_id == 0, is_behind = st == WEIR_OK && own.bytes > 0;
    if (st == WEIR_OK) st = engine_attach(db, q, is_new || is_behind);
    if (st == WEIR_OK && is_behind) st = catchup_load(db, q, own.fold);
    arena_free(&a);
    TRY(st);
    for (int i = 0; i < q->nleaves && !is_new; i++) q->leaves[i]->needs_rows = false;
    if (is_new) return WEIR_OK;
    op_view_restore(q->root, &progress);
    return load_ops(db, q);
}

Status engine_recover(weir *db)
{
    SavedRelation *saved;
    int n = 0;
    int64_t last_id = 0;
    TRY(storage_load_settings(db->storage, &db->arena, &db->catalog.settings, &db->diags));
    engine_apply_settings(db);
    TRY(storage_load_epoch(db->storage, &db->epoch_number, &db->diags));
    TRY(storage_load_last_id(db->storage, &last_id, &db->diags));
    TRY(storage_load_relations(db->storage, &db->arena, &saved, &n, &db->diags));
    for (int i = 0; i < n; i++) TRY(restore_definition(db, &saved[i]));
    db->catalog.next_id = last_id + 1;
    if (db->read_only) return WEIR_OK;
    for (int i = 0; i < n; i++) {
        Relation *rel = catalog_by_id(&db->catalog, saved[i].id);
        if (rel->kind == REL_MATERIALIZED) TRY(restore_query(db, rel));
    }
    return WEIR_OK;
}
