/* transaction.c: see transaction.h. */
#include "exec/engine/transaction.h"

#include <assert.h>

/* ---- life ------------------------------------------------------------------------------------------ */

Transaction *transaction_new(weir *db)
{
    Transaction *tx = mem_alloc(sizeof *tx);
    tx->db = db;
    return tx;
}

Transaction *transaction_join(weir *db) { return db->transaction ? db->transaction : transaction_new(db); }

void transaction_free(Transaction *tx)
{
    if (!tx) return;
    overlay_hide(tx);
    for (TableEdit *e = tx->tables; e; e = e->next) table_edit_close(e);
    arena_free(&tx->arena);
    mem_free(tx, sizeof *tx);
}

Status transaction_none(weir *db, const char *what, Span at)
{
    if (!db->transaction) return WEIR_OK;
    Status st = diag_error(&db->diags, WEIR_E_MISUSE, at, "%s while a transaction is open", what);
    diag_hint(&db->diags, "COMMIT or ROLLBACK first");
    return st;
}

/* ---- statements ------------------------------------------------------------------------------------ */

void transaction_begin_statement(Transaction *tx)
{
    tx->statement++;
    tx->undo.len = 0;
}

/* Needs no memory. */
void transaction_undo_statement(Transaction *tx)
{
    for (ptrdiff_t i = tx->undo.len - 1; i >= 0; i--) {
        const Undo *u = &tx->undo.data[i];
        if (u->slot) {
            u->slot->ids.one = u->id;
        } else {
            u->row->now = u->now;
            u->row->is_shown = false;
        }
    }
    tx->undo.len = 0;
}

static Batch copy_batch(Arena *a, const Batch *b)
{
    Batch copy = {.rows = b->rows, .ncols = b->ncols, .cols = new (a, Column, b->ncols)};
    for (int i = 0; i < b->ncols; i++)
        if (b->cols[i].data) copy.cols[i] = column_gather(a, &b->cols[i], NULL, b->rows);
        else copy.cols[i].type = b->cols[i].type;
    return copy;
}

void transaction_add_stream(Transaction *tx, const Relation *rel, const Batch *batches, int n)
{
    StreamRows rows = {.rel = rel, .rel_id = rel->id, .nbatches = n, .batches = new (&tx->arena, Batch, n)};
    for (int i = 0; i < n; i++) rows.batches[i] = copy_batch(&tx->arena, &batches[i]);
    vec_push(&tx->streams, &tx->arena, rows);
}

/* ---- commit ---------------------------------------------------------------------------------------- */

Status transaction_get_ready(weir *db)
{
    TRY(engine_can(db, NEED_WRITE));
    TRY(engine_settle(db));
    for (bool worked = true; worked;) {
        worked = false;
        TRY(engine_catch_up(db, &worked));
    }
    return WEIR_OK;
}

/* Rows that wait in streams: those that weir_push left too. */
static Status poll_inserts(weir *db)
{
    for (ptrdiff_t i = 0; i < db->scans.len; i++) {
        Scan *s = db->scans.data[i];
        while (scan_has_inserts(s))
            if (scan_poll(s, &db->epoch) == SCAN_FAILED) return engine_source_failed(db);
    }
    return WEIR_OK;
}

static int64_t rows_taken(const weir *db)
{
    int64_t n = 0;
    for (ptrdiff_t i = 0; i < db->scans.len; i++) {
        ScanStats st;
        if (scan_has_source(db->scans.data[i]) || scan_relation(db->scans.data[i])->kind == REL_TABLE) continue;
        scan_stats(db->scans.data[i], &st);
        n += st.rows;
    }
    return n;
}

/* Tables change before rows of streams come. */
static Status commit_epoch(Transaction *tx, int64_t *accepted)
{
    weir *db = tx->db;
    tx->is_handed_on = true;
    engine_begin_queries(db);
    TRY(poll_inserts(db)); /* what waited before is not the transaction's */
    int64_t before = rows_taken(db);
    for (TableEdit *e = tx->tables; e; e = e->next) TRY(table_edit_push(e));
    for (ptrdiff_t i = 0; i < tx->streams.len; i++) {
        Scan *scan;
        TRY(engine_scan(db, tx->streams.data[i].rel, &scan));
        scan_insert(scan, tx->streams.data[i].batches, tx->streams.data[i].nbatches);
    }
    TRY(poll_inserts(db));
    if (accepted) *accepted = rows_taken(db) - before;
    for (ptrdiff_t i = 0; i < tx->marks.len; i++) {
        StateBlob mark = tx->marks.data[i];
        mark.records = str_dup(&db->epoch.arena, mark.records);
        vec_push(&db->epoch.ws.state, &db->epoch.arena, mark);
    }
    return engine_commit(db);
}

/* Memory may run out when operators have begun to change: then the engine stops. */
static Status commit_guarded(Transaction *tx, int64_t *accepted)
{
    OomFrame f;
    if (OOM_TRY(&f)) {
        Status st = commit_epoch(tx, accepted);
        OOM_END(&f);
        return st;
    }
    engine_nomem_fault(tx->db);
    oom_raise();
}

static Status check_still_there(Transaction *tx)
{
    weir *db = tx->db;
    for (TableEdit *e = tx->tables; e; e = e->next)
        if (catalog_by_id(&db->catalog, e->rel_id) != e->rel)
            return diag_error(&db->diags, WEIR_E_NOT_FOUND, (Span){0}, "a table of the transaction has been dropped");
    for (ptrdiff_t i = 0; i < tx->streams.len; i++)
        if (catalog_by_id(&db->catalog, tx->streams.data[i].rel_id) != tx->streams.data[i].rel)
            return diag_error(&db->diags, WEIR_E_NOT_FOUND, (Span){0}, "a stream of the transaction has been dropped");
    return WEIR_OK;
}

static bool has_changes(const Transaction *tx) { return tx->tables || tx->streams.len || tx->marks.len; }

Status transaction_commit(Transaction *tx, int64_t *accepted)
{
    if (accepted) *accepted = 0;
    if (!has_changes(tx)) return WEIR_OK;
    TRY(transaction_get_ready(tx->db));
    TRY(check_still_there(tx));
    return commit_guarded(tx, accepted);
}
