/* table_edit.c: the rows of one table that a transaction touches, over those of the database. */
#include "exec/engine/transaction.h"

#include "base/keyenc.h"

#include <assert.h>

/* ---- life ------------------------------------------------------------------------------------------ */

static TableEdit *known_edit(Transaction *tx, const Relation *rel)
{
    for (TableEdit *e = tx->tables; e; e = e->next)
        if (e->rel_id == rel->id) return e;
    return NULL;
}

Status table_edit_open(Transaction *tx, const Relation *rel, TableEdit **out)
{
    *out = known_edit(tx, rel);
    if (*out) return WEIR_OK;
    TableEdit *e = new_one(&tx->arena, TableEdit);
    *e = (TableEdit){.tx = tx, .rel = rel, .rel_id = rel->id, .key.arena = &tx->arena};
    TRY(view_reader_open_rows(tx->db->storage, rel, &tx->arena, &e->reader, &tx->db->diags));
    e->next = tx->tables;
    *out = tx->tables = e;
    return WEIR_OK;
}

void table_edit_close(TableEdit *e)
{
    view_reader_close(e->reader);
    id_map_free(&e->by_id);
    id_map_free(&e->by_key);
}

/* ---- finding --------------------------------------------------------------------------------------- */

static IdEntry *id_slot(TableEdit *e, int64_t id)
{
    return id_map_get(&e->by_id, str_of((const char *)&id, sizeof id), true);
}

static RowEdit *new_row(TableEdit *e, IdEntry *slot, int64_t id, const Value *old)
{
    RowEdit *r = new_one(&e->tx->arena, RowEdit);
    *r = (RowEdit){.id = id, .old = old, .now = old};
    vec_push(&e->rows, &e->tx->arena, r);
    slot->n = 1;
    slot->ids.one = e->rows.len - 1;
    return r;
}

Status table_edit_row(TableEdit *e, int64_t id, RowEdit **out)
{
    IdEntry *slot = id_slot(e, id);
    if (slot->n) {
        *out = e->rows.data[slot->ids.one];
        return WEIR_OK;
    }
    bool found = false;
    Value *row = new (&e->tx->arena, Value, e->rel->ncols);
    TRY(view_reader_row(e->reader, id, &e->tx->arena, row, &found, &e->tx->db->diags));
    if (!found)
        return diag_error(&e->tx->db->diags, WEIR_E_CORRUPT, (Span){0}, "table \"%.*s\" has lost a row", STR_ARG(e->rel->name));
    *out = new_row(e, slot, id, row);
    return WEIR_OK;
}

static Op *root_of(const TableEdit *e) { return engine_query(e->tx->db, e->rel_id)->root; }

/* Who has the key: asked of the table the first time. */
static IdEntry *key_slot(TableEdit *e, const Value *row)
{
    e->key.n = 0;
    for (int i = 0; i < e->rel->nkey; i++) key_encode_value(&e->key, &row[e->rel->key[i]], KEY_PLAIN);
    Str key = {e->key.p, e->key.n};
    IdEntry *slot = id_map_get(&e->by_key, key, true);
    if (slot->n == 0) {
        slot->n = 1;
        slot->ids.one = op_view_id(root_of(e), key);
    }
    return slot;
}

Status table_edit_find(TableEdit *e, const Value *row, RowEdit **out)
{
    *out = NULL;
    if (e->rel->nkey == 0) return WEIR_OK;
    const IdEntry *slot = key_slot(e, row);
    return slot->ids.one ? table_edit_row(e, slot->ids.one, out) : WEIR_OK;
}

Str table_edit_key_text(const TableEdit *e, const Value *row, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_char(&b, '(');
    for (int i = 0; i < e->rel->nkey; i++) {
        if (i) sb_lit(&b, ", ");
        value_literal(&b, &row[e->rel->key[i]]);
    }
    sb_char(&b, ')');
    return sb_done(&b);
}

/* ---- changing -------------------------------------------------------------------------------------- */

static void set_key(TableEdit *e, const Value *row, int64_t id)
{
    if (e->rel->nkey == 0) return;
    IdEntry *slot = key_slot(e, row);
    vec_push(&e->tx->undo, &e->tx->arena, (Undo){.slot = slot, .id = slot->ids.one});
    slot->ids.one = id;
}

static void set_now(TableEdit *e, RowEdit *r, const Value *now)
{
    vec_push(&e->tx->undo, &e->tx->arena, (Undo){.row = r, .now = r->now});
    r->now = now;
    r->is_shown = false;
    r->statement = e->tx->statement;
}

void table_edit_add(TableEdit *e, const Value *row)
{
    int64_t id = --e->tx->last_id;
    RowEdit *r = new_row(e, id_slot(e, id), id, NULL);
    set_key(e, row, id);
    set_now(e, r, row);
}

void table_edit_release(TableEdit *e, const RowEdit *r) { set_key(e, r->now, 0); }

void table_edit_change(TableEdit *e, RowEdit *r, const Value *row)
{
    set_key(e, row, r->id);
    set_now(e, r, row);
}

void table_edit_remove(TableEdit *e, RowEdit *r)
{
    set_key(e, r->now, 0);
    set_now(e, r, NULL);
}

/* ---- handing on ------------------------------------------------------------------------------------ */

typedef struct Changes {
    Leaf *leaf;          /* of the table's own plan; or NULL: */
    Scan *scan;          /* of its versions */
    const Relation *rel;
    int64_t watermark;   /* of the versions so far */
    Arena *arena;
    Batch b;
    int32_t *weights;
} Changes;

static void changes_begin(Changes *c)
{
    const Relation *rel = c->rel;
    c->b = (Batch){.ncols = rel->ncols, .cols = new (c->arena, Column, rel->ncols), .judge_max = INT64_MIN};
    for (int i = 0; i < rel->ncols; i++) c->b.cols[i] = column_new(c->arena, rel->cols[i].type, BATCH_ROWS_MAX);
    c->b.weights = c->weights = new_raw(c->arena, int32_t, BATCH_ROWS_MAX);
}

static void changes_flush(Changes *c)
{
    if (c->b.rows == 0) return;
    if (c->leaf) leaf_emit(c->leaf, &c->b);
    else scan_insert(c->scan, &c->b, 1);
}

static void changes_add(Changes *c, const Value *row, int32_t weight)
{
    if (c->b.rows == BATCH_ROWS_MAX) {
        changes_flush(c);
        changes_begin(c);
    }
    for (int i = 0; i < c->rel->ncols; i++) column_put(&c->b.cols[i], c->arena, c->b.rows, &row[i]);
    c->weights[c->b.rows++] = weight;
}

static bool same_row(const Relation *rel, const Value *a, const Value *b)
{
    for (int i = 0; i < rel->ncols; i++)
        if (!value_eq(&a[i], &b[i])) return false;
    return true;
}

static bool is_changed(const TableEdit *e, const RowEdit *r)
{
    if (r->old == r->now) return false;
    return !r->old || !r->now || !same_row(e->rel, r->old, r->now);
}

static bool same_key(const Relation *rel, const Value *a, const Value *b)
{
    for (int i = 0; i < rel->nkey; i++)
        if (!value_eq(&a[rel->key[i]], &b[rel->key[i]])) return false;
    return true;
}

static void add_version(Changes *c, const Value *row, int32_t weight)
{
    int64_t w = row[c->rel->watermark.col].i - c->rel->watermark.delay_us;
    if (!row[c->rel->watermark.col].is_null && w > c->watermark) c->watermark = w;
    changes_add(c, row, weight);
}

/* A deletion has no time of its own: the version ends as early as it can, a tick after the watermark,
 * but not before it has begun. A row without a time was none. */
static void add_end(Changes *c, const Value *row)
{
    if (row[c->rel->watermark.col].is_null) return;
    Value *end = new (c->arena, Value, c->rel->ncols);
    memcpy(end, row, (size_t)c->rel->ncols * sizeof *end);
    Value *time = &end[c->rel->watermark.col];
    if (c->watermark > time->i) time->i = c->watermark;
    time->i += type_tick_us(time->type);
    add_version(c, end, -1);
}

/* Records as a changelog has them: the rows that keys have from their time on, and the ends of rows. */
static Status push_versions(TableEdit *e)
{
    Changes c = {.rel = e->rel, .arena = &e->tx->db->epoch.arena};
    TRY(engine_scan(e->tx->db, e->rel, &c.scan));
    c.watermark = scan_watermark(c.scan);
    changes_begin(&c);
    for (ptrdiff_t i = 0; i < e->rows.len; i++) {
        const RowEdit *r = e->rows.data[i];
        if (!is_changed(e, r)) continue;
        if (r->old && (!r->now || !same_key(e->rel, r->old, r->now))) add_end(&c, r->old);
        if (r->now) add_version(&c, r->now, 1);
    }
    changes_flush(&c);
    return WEIR_OK;
}

Status table_edit_push(TableEdit *e)
{
    Query *q = engine_query(e->tx->db, e->rel_id);
    Changes c = {.leaf = q->leaves[0], .rel = e->rel, .arena = &e->tx->db->epoch.arena};
    assert(c.leaf->op.plan->kind == PHYS_TABLE);
    changes_begin(&c);
    for (ptrdiff_t i = 0; i < e->rows.len; i++) {
        const RowEdit *r = e->rows.data[i];
        if (!is_changed(e, r)) continue;
        if (r->old) changes_add(&c, r->old, -1);
        if (r->now) changes_add(&c, r->now, 1);
    }
    changes_flush(&c);
    return e->rel->watermark.col >= 0 ? push_versions(e) : WEIR_OK;
}
