/* backfill.c: a new view over an existing one starts from the rows that one has at this commit. */
#include "exec/engine/engine.h"

#include "storage/view_reader.h"

Status engine_backfill(weir *db, Leaf *leaf)
{
    const Relation *rel = leaf->op.plan->rel;
    leaf->needs_rows = false;
    ViewReader *r;
    TRY(view_reader_open(db->storage, rel, &db->epoch.arena, &r, &db->diags));
    Status st;
    for (;;) {
        Batch b = {.judge_max = INT64_MIN};
        st = view_reader_next(r, &db->epoch.batch, &b, &db->diags);
        if (st != WEIR_OK || b.rows == 0) break;
        leaf->op.cls->push(&leaf->op, 0, &b);
        arena_reset(&db->epoch.batch);
    }
    view_reader_close(r);
    return st;
}
