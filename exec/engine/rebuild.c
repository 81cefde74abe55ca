/* rebuild.c: a view whose saved state does not fit its plan any more is made anew from its past; where that is gone
 * it goes on with the plan that an earlier version made, if that fits.
 *
 * What it reads must still be there from its first row on: files that were never rotated, tables, views
 * that keep all their rows. What reads it is made anew with it. Its rows, state and counters go in one
 * transaction; then it catches up as a new view does. */
#include "exec/engine/engine.h"

#include "parser/parser.h"
#include "planner/rewrite/rewrite.h"

/* ---- whether the past is there ----------------------------------------------------------------- */

static const SavedPosition *position_of(const SavedPosition *list, int n, Str partition)
{
    for (int i = 0; i < n; i++)
        if (str_eq(list[i].partition, partition)) return &list[i];
    return NULL;
}

/* Every partition that was ever read is there, and is what it was. */
static Status stream_is_whole(weir *db, const Relation *rel, bool *is_whole)
{
    SavedPosition *saved, *now;
    Scan *s;
    int n = 0;
    *is_whole = false;
    if (!engine_is_replayable(db, rel)) return WEIR_OK;
    TRY(storage_load_positions(db->storage, rel->id, &db->call, &saved, &n, &db->diags));
    TRY(engine_scan(db, rel, &s));
    TRY(scan_open(s, &db->diags));
    int nnow = scan_positions(s, &db->call, &now);
    *is_whole = true;
    for (int i = 0; i < n; i++) {
        const SavedPosition *p = position_of(now, nnow, saved[i].partition);
        *is_whole &= p && p->generation == 0 && saved[i].generation == 0;
    }
    return WEIR_OK;
}

static bool keeps_all_rows(const Query *q)
{
    bool is_kept = options_us(&q->rel->options, "retention", 0) <= 0;
    for (int i = 0; i < q->nops; i++) is_kept &= !q->plan->ops[i]->window || q->plan->ops[i]->window->retention_us <= 0;
    return is_kept;
}

static Status check_past(weir *db, const Rebuild *r, const Query *q);

static Status check_leaf(weir *db, const Rebuild *r, const Query *q, const PhysOp *p)
{
    bool is_whole = true;
    if (p->kind == PHYS_SCAN) {
        TRY(stream_is_whole(db, p->rel, &is_whole));
    } else if (p->kind == PHYS_VIEW_INPUT && p->rel->kind != REL_TABLE) {
        const Query *up = rebuild_query(r, p->rel->id);
        is_whole = keeps_all_rows(up);
        if (is_whole && !up->root->plan->props.above_state) return check_past(db, r, up);
    }
    if (is_whole) return WEIR_OK;
    Status st = diag_error(&db->diags, WEIR_E_FORMAT, (Span){0},
                           "the state of view \"%.*s\" was saved by another version of its plan, and \"%.*s\" does not keep the past"
                           " to make it anew from", STR_ARG(q->rel->name), STR_ARG(p->rel->name));
    diag_hint(&db->diags, "go on with the weir that wrote it, or, with that one, drop the view and create it again with this one");
    return st;
}

static Status check_past(weir *db, const Rebuild *r, const Query *q)
{
    for (int i = 0; i < q->nleaves; i++) TRY(check_leaf(db, r, q, q->leaves[i]->op.plan));
    return WEIR_OK;
}

static bool has_past(weir *db, const Rebuild *r, const Query *q)
{
    ptrdiff_t known = db->diags.list.len;
    bool is_there = check_past(db, r, q) == WEIR_OK;
    db->diags.list.len = known;
    return is_there;
}

/* ---- a plan of before -------------------------------------------------------------------------- */

static Status plan_without(weir *db, Relation *rel, const char *rules)
{
    Shelf *shelf = shelf_new(db);
    Stmt *s;
    TRY(recover_parse(db, rel->name, rel->sql, &shelf->arena, &s));
    Planner p = engine_planner(db, &shelf->arena, rel->base_dir);
    p.rules_off = rules;
    p.strict = false; /* it was made when it was */
    TRY(ddl_plan_again(&p, s->create_view, rel));
    shelf_hold(shelf, rel->id);
    shelf_done(shelf);
    return WEIR_OK;
}

static Status open_again(weir *db, Relation *rel, Query **at)
{
    query_close(*at);
    *at = NULL;
    TRY(engine_open_query(db, rel, at));
    return recover_check_shape(db, *at);
}

/* The state of *at is that of another plan, and there is no past to make it anew from. It may be the plan that an
 * earlier version made of it, which had fewer rules: that one goes on. */
static Status plan_as_saved(weir *db, Query **at)
{
    Relation *rel = (*at)->rel, now = *rel;
    if (!(*at)->has_saved_shape) return WEIR_OK;
    for (const char *const *rules = rewrite_later; *rules; rules++) {
        TRY(plan_without(db, rel, *rules));
        TRY(open_again(db, rel, at));
        if (!(*at)->is_rebuilt) return WEIR_OK;
    }
    *rel = now;
    return open_again(db, rel, at);
}

/* ---- which, and how ---------------------------------------------------------------------------- */

Query *rebuild_query(const Rebuild *r, int64_t rel_id)
{
    for (int i = 0; i < r->n; i++)
        if (r->queries[i]->rel->id == rel_id) return r->queries[i];
    return NULL;
}

static bool reads_rebuilt(const Rebuild *r, const Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        const PhysOp *p = q->leaves[i]->op.plan;
        const Query *up = p->kind == PHYS_VIEW_INPUT ? rebuild_query(r, p->rel->id) : NULL;
        if (up && up->is_rebuilt) return true;
    }
    return false;
}

static void spare_inputs(const Rebuild *r, const Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        const PhysOp *p = q->leaves[i]->op.plan;
        Query *up = p->kind == PHYS_VIEW_INPUT ? rebuild_query(r, p->rel->id) : NULL;
        if (up) up->is_rebuilt = false;
    }
}

Status rebuild_choose(weir *db, const Rebuild *r)
{
    for (int i = 0; i < r->n; i++) {
        Query *q = r->queries[i];
        q->is_rebuilt = q->rel->kind != REL_TABLE && has_past(db, r, q);
    }
    for (int i = r->n - 1; i >= 0; i--)
        if (!r->queries[i]->is_rebuilt) spare_inputs(r, r->queries[i]);
    return WEIR_OK;
}

/* In the order of their ids: what is read comes before what reads it. */
Status rebuild_begin(weir *db, Rebuild *r)
{
    bool any = false;
    for (int i = 0; i < r->n; i++) {
        if (r->queries[i]->is_rebuilt && !has_past(db, r, r->queries[i])) TRY(plan_as_saved(db, &r->queries[i]));
        Query *q = r->queries[i];
        q->is_rebuilt |= reads_rebuilt(r, q);
        if (q->is_rebuilt) TRY(check_past(db, r, q));
        any |= q->is_rebuilt;
    }
    if (!any) return WEIR_OK;
    TRY(storage_begin(db->storage, &db->diags));
    for (int i = 0; i < r->n; i++) {
        Status st = r->queries[i]->is_rebuilt ? storage_empty_view(db->storage, r->queries[i]->rel, &db->diags) : WEIR_OK;
        if (st == WEIR_OK) continue;
        storage_rollback(db->storage);
        return st;
    }
    return storage_commit(db->storage, &db->diags);
}
