/* op_upsert.c: the changelog of a table becomes changes of its rows.
 *
 * Input: rows of a stream with positions; weight +1: the row that its key has from there on; -1: the
 * key has none. Of a key's records the one of the greatest position counts, in whatever order the
 * partitions of the source were read; so the position stays when the row has gone. A record that
 * cannot be used in full (a value in error) is withheld and logged; of a deletion only the key counts.
 * Deleting a key that has no row does nothing and is counted (gap_rows).
 *
 * State: position and row of each key. Flush hands on, per key that changed, the row before the epoch
 * and the row after it. */
#include "exec/op/state_rows.h"

#include "base/keyenc.h"
#include "exec/state/group_table.h"
#include "exec/state/row_code.h"

#include <assert.h>

typedef struct UpsertCell {
    Pos pos;
    char *row;         /* in the table's heap; NULL: the key has no row */
    int32_t row_len;
    int32_t before;    /* index + 1 into UpsertOp.before while the key is touched */
} UpsertCell;

typedef struct UpsertOp {
    Op op;
    KeyLayout keys;
    GroupTable table;  /* key -> UpsertCell */
    VEC(Str) before;   /* rows at the beginning of the epoch; p NULL: none */
    bool is_settled;   /* of what the last epoch touched */
} UpsertOp;

static Arena *scratch(const UpsertOp *u) { return u->op.ctx->epoch_scratch; }

static void begin(UpsertOp *u)
{
    if (u->is_settled) return;
    for (uint32_t i = 0; i < u->table.ntouched; i++) ((UpsertCell *)(void *)u->table.touched[i])->before = 0;
    group_table_settle(&u->table);
    memset(&u->before, 0, sizeof u->before);
    u->is_settled = true;
}

/* ---- taking records ------------------------------------------------------------------------------- */

static const RowError *first_error(const UpsertOp *u, const Batch *b, int row)
{
    const PhysOp *p = u->op.plan;
    if (batch_weight(b, row) < 0) {
        for (int i = 0; i < p->rel->nkey; i++)
            if (col_is_err(&b->cols[p->rel->key[i]], row)) return column_error(&b->cols[p->rel->key[i]], row);
        return NULL;
    }
    for (int c = 0; c < b->ncols; c++)
        if (col_is_err(&b->cols[c], row)) return column_error(&b->cols[c], row);
    return NULL;
}

static void replace(UpsertOp *u, UpsertCell *c, Str row)
{
    if (!c->before) {
        Str was = c->row ? str_dup(scratch(u), str_of(c->row, c->row_len)) : (Str){0};
        vec_push(&u->before, scratch(u), was);
        c->before = (int32_t)u->before.len;
    }
    heap_free(&u->table.heap, c->row, c->row_len);
    c->row = row.p ? heap_copy(&u->table.heap, row.p, row.n) : NULL;
    c->row_len = (int32_t)row.n;
}

static void take(UpsertOp *u, UpsertCell *c, const Batch *b, int row, StrBuf *buf, bool is_new)
{
    Pos pos = batch_pos(b, row);
    if (!is_new && pos_cmp(&pos, &c->pos) < 0) return;
    c->pos = pos;
    if (batch_weight(b, row) < 0) {
        if (!c->row) u->op.ctx->gap_rows++;
        replace(u, c, (Str){0});
        return;
    }
    buf->n = 0;
    row_encode(buf, b->cols, b->ncols, row);
    replace(u, c, str_of(buf->p, buf->n));
}

static const RowError *upsert_row_error(const Op *op, int port, const Batch *b, int row)
{
    (void)port;
    return first_error((const UpsertOp *)op, b, row);
}

static int usable_rows(UpsertOp *u, const Batch *b, int32_t *rows)
{
    int n = 0;
    for (int i = 0; i < batch_count(b); i++) {
        int row = batch_row(b, i);
        const RowError *e = first_error(u, b, row);
        if (e) op_row_error(&u->op, b, row, e->code, e->message);
        else rows[n++] = row;
    }
    return n;
}

static void upsert_push(Op *op, int port, const Batch *b)
{
    (void)port;
    UpsertOp *u = (UpsertOp *)op;
    Arena *a = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    begin(u);
    int32_t *rows = new_raw(a, int32_t, BATCH_ROWS_MAX);
    int n = usable_rows(u, b, rows);
    PackedKeys keys = key_pack(&u->keys, b->cols, op->plan->rel->key, rows, n, a);
    StrBuf buf = {.arena = a};
    for (int i = 0; i < n; i++) {
        bool is_new;
        uint8_t *cell = group_table_add(&u->table, keys.words + (ptrdiff_t)i * u->keys.words, keys.nulls[i], keys.hash[i], &is_new);
        take(u, (UpsertCell *)(void *)cell, b, rows[i], &buf, is_new);
    }
    arena_release(a, mark);
}

/* ---- handing on ------------------------------------------------------------------------------------ */

typedef struct Delta {
    Batch b;
    int32_t *weights;
} Delta;

static void delta_begin(UpsertOp *u, Delta *d)
{
    const PhysOp *p = u->op.plan;
    Arena *a = scratch(u);
    d->b = (Batch){.ncols = p->nfields, .cols = new (a, Column, p->nfields), .judge_max = INT64_MIN};
    for (int i = 0; i < p->nfields; i++) d->b.cols[i] = column_new(a, p->fields[i].type, BATCH_ROWS_MAX);
    d->b.weights = d->weights = new_raw(a, int32_t, BATCH_ROWS_MAX);
}

static void delta_add(UpsertOp *u, Delta *d, Str row, int32_t weight)
{
    if (!row.p) return;
    if (d->b.rows == BATCH_ROWS_MAX) {
        op_emit(&u->op, &d->b);
        delta_begin(u, d);
    }
    if (!row_decode(row, d->b.cols, d->b.ncols, d->b.rows, scratch(u))) u->op.ctx->broken = S("a table's row cannot be read");
    d->weights[d->b.rows++] = weight;
}

static void emit_changes(UpsertOp *u)
{
    uint32_t n = u->table.ntouched;
    uint8_t **cells = new_raw(scratch(u), uint8_t *, n);
    memcpy(cells, u->table.touched, n * sizeof *cells);
    group_table_sort(&u->table, cells, n, scratch(u));
    Delta d;
    delta_begin(u, &d);
    for (uint32_t i = 0; i < n; i++) {
        const UpsertCell *c = (const UpsertCell *)(const void *)cells[i];
        if (!c->before) continue;
        Str was = u->before.data[c->before - 1], is = str_of(c->row, c->row ? c->row_len : 0);
        if (was.p && is.p && str_eq(was, is)) continue;
        delta_add(u, &d, was, -1);
        delta_add(u, &d, is, 1);
    }
    if (d.b.rows) op_emit(&u->op, &d.b);
}

static int64_t upsert_flush(Op *op, int64_t watermark)
{
    UpsertOp *u = (UpsertOp *)op;
    begin(u);
    if (u->table.ntouched) emit_changes(u);
    u->is_settled = false;
    return watermark == INT64_MAX ? INT64_MAX : INT64_MIN; /* no event time; it may have ended */
}

/* ---- state ----------------------------------------------------------------------------------------- */

static void save_cell(const UpsertOp *u, StateWriter *w, const uint8_t *cell, StrBuf *key, StrBuf *value)
{
    const UpsertCell *c = (const UpsertCell *)(const void *)cell;
    key->n = value->n = 0;
    group_table_save_key(&u->table, cell, key);
    key_encode_pos(value, c->pos);
    sb_char(value, c->row != NULL);
    sb_bytes(value, c->row, c->row ? c->row_len : 0);
    state_put(w, S(""), str_of(key->p, key->n), str_of(value->p, value->n));
}

static void upsert_save(Op *op, StateWriter *w, bool all)
{
    UpsertOp *u = (UpsertOp *)op;
    StrBuf key = {.arena = scratch(u)}, value = {.arena = scratch(u)};
    for (uint32_t i = 0; all && i < u->table.len; i++) {
        const uint8_t *cell = group_table_at(&u->table, i);
        if (cell) save_cell(u, w, cell, &key, &value);
    }
    for (uint32_t i = 0; !all && i < u->table.ntouched; i++) save_cell(u, w, u->table.touched[i], &key, &value);
}

static Status upsert_load(Op *op, Str space, Str key, Str value)
{
    UpsertOp *u = (UpsertOp *)op;
    Arena *a = scratch(u);
    StrReader k = {key.p, key.p + key.n, false}, v = {value.p, value.p + value.n, false};
    uint64_t *words = new (a, uint64_t, u->keys.words);
    uint32_t nulls;
    Pos pos;
    bool is_new;
    if (space.n || !key_load(&u->keys, &k, words, &nulls) || !key_decode_pos(&v, &pos)) return WEIR_E_CORRUPT;
    Str has_row = sr_bytes(&v, 1);
    if (v.bad) return WEIR_E_CORRUPT;
    uint8_t *cell = group_table_add(&u->table, words, nulls, key_hash(&u->keys, words, nulls), &is_new);
    UpsertCell *c = (UpsertCell *)(void *)cell;
    c->pos = pos;
    if (has_row.p[0]) {
        c->row_len = (int32_t)(v.end - v.at);
        c->row = heap_copy(&u->table.heap, v.at, c->row_len);
    }
    return WEIR_OK;
}

static void upsert_close(Op *op) { group_table_free(&((UpsertOp *)op)->table); }
static int64_t upsert_bytes(const Op *op) { return group_table_bytes(&((const UpsertOp *)op)->table); }
static int64_t upsert_rows(const Op *op) { return ((const UpsertOp *)op)->table.live; }

static void upsert_tell(Op *op, StateRows *out)
{
    UpsertOp *u = (UpsertOp *)op;
    const Relation *rel = op->plan->rel;
    ArenaMark mark = arena_mark(out->scratch);
    uint8_t **groups = new_raw(out->scratch, uint8_t *, u->table.live);
    uint32_t n = group_table_list(&u->table, groups);
    group_table_sort(&u->table, groups, n, out->scratch);
    for (uint32_t i = 0; i < n; i++) {
        const UpsertCell *c = (const UpsertCell *)(const void *)groups[i];
        if (!c->row) continue;
        ArenaMark inner = arena_mark(out->scratch);
        StateRow row = {.part = "row", .key.arena = out->scratch, .value.arena = out->scratch, .count = 1};
        for (int k = 0; k < rel->nkey; k++) state_rows_key(&row.key, rel->cols[rel->key[k]].name, &u->table, groups[i], k);
        state_rows_encoded(&row.value, op->plan->inputs[0]->fields, op->plan->inputs[0]->nfields, str_of(c->row, c->row_len));
        out->take(out, &row);
        arena_release(out->scratch, inner);
    }
    arena_release(out->scratch, mark);
}

static const OpClass upsert_class = {
    .name = "upsert", .push = upsert_push, .row_error = upsert_row_error, .flush = upsert_flush, .save = upsert_save, .load = upsert_load,
    .close = upsert_close, .state_bytes = upsert_bytes, .state_rows = upsert_rows,
    .tell = upsert_tell,
};

Status op_upsert_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    (void)d;
    UpsertOp *u = new_one(a, UpsertOp);
    op_init(&u->op, &upsert_class, p, c, a);
    assert(p->rel && p->rel->nkey > 0);
    Type *types = new (a, Type, p->rel->nkey);
    for (int i = 0; i < p->rel->nkey; i++) types[i] = p->rel->cols[p->rel->key[i]].type;
    u->keys = key_layout_new(a, types, p->rel->nkey);
    group_table_init(&u->table, &u->keys, sizeof(UpsertCell));
    *out = &u->op;
    return WEIR_OK;
}
