/* backfill.c: a new view over an existing one starts from the rows that one has at this commit. */
#include "exec/engine/engine.h"

#include "storage/view_reader.h"

static Status push_rows(weir *db, Leaf *leaf, ViewReader *r)
{
    for (;;) {
        Batch b = {.judge_max = INT64_MIN};
        TRY(view_reader_next(r, &db->epoch.batch, &b, &db->diags));
        if (b.rows == 0) return WEIR_OK;
        if (leaf->op.plan->kind == PHYS_SCAN) leaf_push(leaf, &b); /* the present versions of a table */
        else op_take(&leaf->op, 0, &b);
        arena_reset(&db->epoch.batch);
    }
}

Status engine_backfill(weir *db, Leaf *leaf)
{
    ViewReader *r;
    leaf->needs_rows = false;
    TRY(view_reader_open(db->storage, leaf->op.plan->rel, &db->epoch.arena, &r, &db->diags));
    Status st = push_rows(db, leaf, r);
    view_reader_close(r);
    return st;
}
