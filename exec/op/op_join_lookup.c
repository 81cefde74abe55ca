/* op_join_lookup.c: each left row meets the rows of the right side as they are when it is processed.
 *
 * State: the right side's rows by key, with their weights. Left rows wait for the end of their epoch,
 * when the right side's changes of that epoch are all in; then they are handed on, with their judgement
 * and position, and forgotten: what changes on the right later does not touch them. */
#include "base/plant.h"
#include "exec/op/expand.h"
#include "exec/op/join.h"
#include "exec/op/state_rows.h"

#include "exec/state/row_code.h"

#include <assert.h>

typedef struct LookupRow {
    char *row;       /* row_encode, in the table's heap */
    int32_t len;
    int64_t weight;
} LookupRow;

/* Payload of a key. */
typedef struct LookupKey {
    LookupRow *rows;
    int32_t n, cap;
} LookupKey;

typedef struct LookupOp {
    Op op;
    const JoinSpec *spec;
    KeyLayout keys;
    GroupTable table;       /* key -> LookupKey */
    ExprProgram *residual;  /* NULL: none */
    bool above_state;       /* of the left input: marks are faults */
    VEC(Batch) waiting;     /* of this epoch, in its arena */
    VEC(Str) changed;       /* records: the key's length, key, row */
    bool is_settled;
} LookupOp;

static Arena *scratch(const LookupOp *l) { return l->op.ctx->epoch_scratch; }
static LookupKey *lookup_key(uint8_t *group) { return (LookupKey *)(void *)group; }

/* Keys without rows go when nothing refers to them any more. */
static void begin(LookupOp *l)
{
    if (l->is_settled) return;
    for (uint32_t i = 0; i < l->table.ntouched; i++) {
        LookupKey *k = lookup_key(l->table.touched[i]);
        if (k->n > 0) continue;
        heap_free(&l->table.heap, k->rows, k->cap * (ptrdiff_t)sizeof *k->rows);
        group_table_remove(&l->table, l->table.touched[i]);
    }
    group_table_settle(&l->table);
    memset(&l->waiting, 0, sizeof l->waiting);
    memset(&l->changed, 0, sizeof l->changed);
    l->is_settled = true;
}

/* ---- the right side -------------------------------------------------------------------------------- */

static LookupRow *find_row(const LookupKey *k, Str row)
{
    for (int i = 0; i < k->n; i++)
        if (str_eq(str_of(k->rows[i].row, k->rows[i].len), row)) return &k->rows[i];
    return NULL;
}

static LookupRow *add_row(LookupOp *l, LookupKey *k, Str row)
{
    StateHeap *h = &l->table.heap;
    if (k->n == k->cap) {
        int32_t cap = k->cap ? k->cap * 2 : 1;
        k->rows = heap_realloc(h, k->rows, k->cap * (ptrdiff_t)sizeof *k->rows, cap * (ptrdiff_t)sizeof *k->rows);
        k->cap = cap;
    }
    k->rows[k->n] = (LookupRow){.row = heap_copy(h, row.p, row.n), .len = (int32_t)row.n};
    return &k->rows[k->n++];
}

static void change_row(LookupOp *l, uint8_t *group, Str row, int64_t weight)
{
    LookupKey *k = lookup_key(group);
    LookupRow *r = find_row(k, row);
    if (!r) r = add_row(l, k, row);
    r->weight += weight;
    if (r->weight != 0) return;
    heap_free(&l->table.heap, r->row, r->len);
    memmove(r, r + 1, (size_t)(k->rows + k->n - r - 1) * sizeof *r);
    k->n--;
}

static void note_change(LookupOp *l, const uint8_t *group, Str row)
{
    StrBuf key = {.arena = l->op.ctx->batch_scratch}, record = {.arena = scratch(l)};
    group_table_save_key(&l->table, group, &key);
    sb_varint(&record, (uint64_t)key.n);
    sb_bytes(&record, key.p, key.n);
    sb_str(&record, row);
    vec_push(&l->changed, scratch(l), str_of(record.p, record.n));
}

/* Rows of a batch that can be met: NULL equals nothing, unless the condition says so. */
static int keyed_rows(const LookupOp *l, const Batch *b, const int32_t *cols, int32_t *rows, bool *never)
{
    int n = 0;
    for (int i = 0; i < batch_count(b); i++) {
        int row = batch_row(b, i);
        bool is_null = false;
        for (int k = 0; k < l->spec->nkeys; k++) is_null |= !l->spec->null_safe[k] && col_is_null(&b->cols[cols[k]], row);
        if (never) never[n] = is_null;
        else if (is_null) continue;
        rows[n++] = row;
    }
    return n;
}

static void push_right(LookupOp *l, const Batch *b)
{
    Arena *a = l->op.ctx->batch_scratch;
    int32_t *rows = new_raw(a, int32_t, BATCH_ROWS_MAX);
    int n = keyed_rows(l, b, l->spec->right_keys, rows, NULL);
    PackedKeys keys = key_pack(&l->keys, b->cols, l->spec->right_keys, rows, n, a);
    StrBuf row = {.arena = a};
    for (int i = 0; i < n; i++) {
        bool is_new;
        uint8_t *group = group_table_add(&l->table, keys.words + (ptrdiff_t)i * l->keys.words, keys.nulls[i], keys.hash[i], &is_new);
        row.n = 0;
        row_encode(&row, b->cols, b->ncols, rows[i]);
        change_row(l, group, str_of(row.p, row.n), batch_weight(b, rows[i]));
        note_change(l, group, str_of(row.p, row.n));
    }
}

/* ---- the left side --------------------------------------------------------------------------------- */

static const RowError *first_error(const Batch *b, int row)
{
    for (int c = 0; c < b->ncols; c++)
        if (col_is_err(&b->cols[c], row)) return column_error(&b->cols[c], row);
    return NULL;
}

static const RowError *lookup_row_error(const Op *op, int port, const Batch *b, int row)
{
    return port > 0 || ((const LookupOp *)op)->above_state ? NULL : first_error(b, row);
}

static int usable_rows(LookupOp *l, const Batch *b, int32_t *rows)
{
    int n = 0;
    for (int i = 0; i < batch_count(b); i++) {
        int row = batch_row(b, i);
        const RowError *e = l->above_state ? NULL : first_error(b, row);
        if (e) op_row_error(&l->op, b, row, e->code, e->message);
        else rows[n++] = row;
    }
    return n;
}

/* A copy of the rows that lives as long as the epoch. */
static void hold(LookupOp *l, const Batch *b, const int32_t *rows, int n)
{
    Arena *a = scratch(l);
    uint32_t *ordinal = new_raw(a, uint32_t, n);
    for (int i = 0; i < n; i++) ordinal[i] = b->ordinal ? b->ordinal[rows[i]] : 0;
    Batch held = batch_expand(b, rows, ordinal, n, 0, a);
    for (int c = 0; c < b->ncols; c++) {
        Column copy = column_gather(a, &b->cols[c], rows, n);
        copy.err = held.cols[c].err;
        held.cols[c] = copy;
    }
    vec_push(&l->waiting, a, held);
}

static void lookup_push(Op *op, int port, const Batch *b)
{
    LookupOp *l = (LookupOp *)op;
    Arena *a = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    begin(l);
    if (port == SIDE_RIGHT) {
        push_right(l, b);
    } else {
        int32_t *rows = new_raw(a, int32_t, BATCH_ROWS_MAX);
        int n = usable_rows(l, b, rows);
        if (n > 0) hold(l, b, rows, n);
    }
    arena_release(a, mark);
}

/* ---- pairs ----------------------------------------------------------------------------------------- */

/* Pairs of a waiting batch on their way out. */
typedef struct Pairs {
    LookupOp *l;
    const Batch *left;
    Arena *arena;
    int32_t *rows;       /* of the left batch */
    uint32_t *ordinal;
    const LookupRow **right; /* NULL: none */
    int32_t n;
    uint32_t *met;       /* per left row: how many it has met */
    bool *withheld;      /* per left row: the residual has an error for one of its pairs */
    bool is_looking;     /* for such rows: nothing goes out */
} Pairs;

static Batch pair_batch(const Pairs *p)
{
    const PhysOp *right = p->l->op.plan->inputs[SIDE_RIGHT];
    int nleft = p->left->ncols, nright = right->nfields;
    Batch b = batch_expand(p->left, p->rows, p->ordinal, p->n, nright, p->arena);
    for (int c = 0; c < nright; c++) b.cols[nleft + c] = column_new(p->arena, right->fields[c].type, p->n);
    int32_t *weights = new_raw(p->arena, int32_t, p->n);
    for (int i = 0; i < p->n; i++) {
        const LookupRow *r = p->right[i];
        weights[i] = batch_weight(p->left, p->rows[i]) * (r ? (int32_t)r->weight : 1);
        if (r && !row_decode(str_of(r->row, r->len), b.cols + nleft, nright, i, p->arena)) p->l->op.ctx->broken = S("a row to look up cannot be read");
        for (int c = 0; !r && c < nright; c++) column_set_null(&b.cols[nleft + c], p->arena, i);
    }
    b.weights = weights;
    return b;
}

/* Below state an error in the residual withholds the left row: its first one counts. */
static void withhold(const Pairs *p, const Batch *b, const ErrMask *errors)
{
    const RowError **of = new (p->arena, const RowError *, p->n);
    for (int i = 0; i < errors->n; i++) of[errors->list[i].row] = &errors->list[i];
    for (int i = 0; i < p->n; i++) {
        bool *withheld = &p->withheld[p->rows[i]];
        if (of[i] && !*withheld) op_row_error(&p->l->op, b, i, of[i]->code, of[i]->message);
        *withheld |= of[i] != NULL;
    }
}

/* Pairs that fulfil the residual. */
static void select_pairs(const Pairs *p, Batch *b)
{
    uint16_t *sel = new_raw(p->arena, uint16_t, BATCH_ROWS_MAX);
    ErrMask *errors = NULL;
    EvalEnv env = p->l->op.ctx->eval;
    env.faults = p->l->above_state;
    b->nsel = expr_filter(p->l->residual, b, &env, p->arena, sel, &errors);
    b->sel = sel;
    if (p->is_looking && errors) withhold(p, b, errors);
    for (int i = 0; i < b->nsel && !p->is_looking; i++) p->met[p->rows[sel[i]]]++;
}

static void send(Pairs *p, bool is_tested)
{
    if (p->n == 0) return;
    ArenaMark mark = arena_mark(p->arena);
    Batch b = pair_batch(p);
    if (is_tested) select_pairs(p, &b);
    if (batch_count(&b) > 0 && !p->is_looking) op_emit(&p->l->op, &b);
    arena_release(p->arena, mark);
    p->n = 0;
}

static void add_pair(Pairs *p, int32_t row, const LookupRow *right, uint32_t nth, bool is_tested)
{
    if (p->withheld[row]) return;
    if (p->n == BATCH_ROWS_MAX) send(p, is_tested);
    p->rows[p->n] = row;
    p->right[p->n] = right;
    p->ordinal[p->n++] = p->left->ordinal[row] + nth;
}

static void add_matches(Pairs *p, const PackedKeys *keys, const bool *never)
{
    LookupOp *l = p->l;
    bool is_tested = l->residual != NULL, is_left = l->spec->kind == JOIN_LEFT && !p->is_looking;
    for (int i = 0; i < p->left->rows; i++) {
        uint8_t *group = never[i] ? NULL : group_table_get(&l->table, keys->words + (ptrdiff_t)i * l->keys.words, keys->nulls[i], keys->hash[i]);
        const LookupKey *k = group ? lookup_key(group) : NULL;
        for (int r = 0; k && r < k->n; r++) add_pair(p, i, &k->rows[r], (uint32_t)r, is_tested);
        if (is_left && !is_tested && !(k && k->n)) add_pair(p, i, NULL, 0, false);
    }
    send(p, is_tested);
    for (int i = 0; is_left && is_tested && i < p->left->rows; i++)
        if (!p->met[i]) add_pair(p, i, NULL, 0, false);
    send(p, false);
}

/* Rows that share a record have ordinals of their own already: those of the pairs go between. */
static void emit_batch(LookupOp *l, Batch *left)
{
    Arena *a = l->op.ctx->batch_scratch; /* who gets the pairs may keep things in the epoch's */
    ArenaMark mark = arena_mark(a);
    int32_t *rows = new_raw(a, int32_t, left->rows);
    bool *never = new (a, bool, left->rows);
    uint32_t *ordinal = new (a, uint32_t, left->rows);
    if (left->ordinal) memcpy(ordinal, left->ordinal, (size_t)left->rows * sizeof *ordinal);
    left->ordinal = ordinal;
    int n = keyed_rows(l, left, l->spec->left_keys, rows, never);
    PackedKeys keys = key_pack(&l->keys, left->cols, l->spec->left_keys, rows, n, a);
    Pairs p = {.l = l, .left = left, .arena = a, .met = new (a, uint32_t, left->rows)};
    p.rows = new_raw(a, int32_t, BATCH_ROWS_MAX);
    p.ordinal = new_raw(a, uint32_t, BATCH_ROWS_MAX);
    p.right = new_raw(a, const LookupRow *, BATCH_ROWS_MAX);
    p.withheld = new (a, bool, left->rows);
    if (l->residual && l->spec->residual->can_fail && !l->above_state) {
        p.is_looking = true;
        add_matches(&p, &keys, never);
        p.is_looking = false;
    }
    add_matches(&p, &keys, never);
    arena_release(a, mark);
}

static int64_t lookup_flush(Op *op, int64_t watermark)
{
    LookupOp *l = (LookupOp *)op;
    (void)watermark;
    begin(l);
    for (uint32_t i = 0; i < l->table.ntouched; i++) {
        const LookupKey *k = lookup_key(l->table.touched[i]);
        for (int r = 0; r < k->n; r++)
            if (k->rows[r].weight < 0) op->ctx->broken = S("a row to look up has a weight below zero");
    }
    for (ptrdiff_t i = 0; i < l->waiting.len; i++) emit_batch(l, &l->waiting.data[i]);
    l->is_settled = false;
    return op->port_watermark[SIDE_LEFT]; /* the right side holds no time back */
}

/* ---- state ----------------------------------------------------------------------------------------- */

static void put_row(StateWriter *w, Str record, int64_t weight, StrBuf *value)
{
    value->n = 0;
    sb_signed(value, weight);
    state_put(w, S(""), record, str_of(value->p, value->n));
}

/* The key in a record, then the row. */
static bool split_record(Str record, Str *key, Str *row)
{
    StrReader r = {record.p, record.p + record.n, false};
    *key = sr_bytes(&r, (ptrdiff_t)sr_varint(&r));
    *row = str_of(r.at, r.end - r.at);
    return !r.bad;
}

static bool read_key(const LookupOp *l, Str bytes, uint64_t *words, uint32_t *nulls)
{
    StrReader r = {bytes.p, bytes.p + bytes.n, false};
    return key_load(&l->keys, &r, words, nulls);
}

static void save_changed(LookupOp *l, StateWriter *w, Str record, StrBuf *value)
{
    Str key, row;
    uint32_t nulls;
    uint64_t *words = new (scratch(l), uint64_t, l->keys.words);
    if (!split_record(record, &key, &row) || !read_key(l, key, words, &nulls)) return;
    uint8_t *group = group_table_get(&l->table, words, nulls, key_hash(&l->keys, words, nulls));
    const LookupRow *r = group ? find_row(lookup_key(group), row) : NULL;
    if (r) put_row(w, record, r->weight, value);
    else state_del(w, S(""), record);
}

static void save_key(LookupOp *l, StateWriter *w, const uint8_t *group, StrBuf *value)
{
    const LookupKey *k = (const LookupKey *)(const void *)group;
    StrBuf key = {.arena = scratch(l)}, record = {.arena = scratch(l)};
    group_table_save_key(&l->table, group, &key);
    for (int i = 0; i < k->n; i++) {
        record.n = 0;
        sb_varint(&record, (uint64_t)key.n);
        sb_bytes(&record, key.p, key.n);
        sb_bytes(&record, k->rows[i].row, k->rows[i].len);
        put_row(w, str_of(record.p, record.n), k->rows[i].weight, value);
    }
}

static void lookup_save(Op *op, StateWriter *w, bool all)
{
    LookupOp *l = (LookupOp *)op;
    StrBuf value = {.arena = scratch(l)};
    for (uint32_t i = 0; all && i < l->table.len; i++) {
        const uint8_t *group = group_table_at(&l->table, i);
        if (group) save_key(l, w, group, &value);
    }
    for (ptrdiff_t i = 0; !all && i < l->changed.len; i++) save_changed(l, w, l->changed.data[i], &value);
}

static Status lookup_load(Op *op, Str space, Str record, Str value)
{
    if (WEIR_PLANT("looked-up-forgotten")) return WEIR_OK;
    LookupOp *l = (LookupOp *)op;
    Str key, row;
    uint32_t nulls;
    bool is_new;
    uint64_t *words = new (scratch(l), uint64_t, l->keys.words);
    StrReader v = {value.p, value.p + value.n, false};
    int64_t weight = sr_signed(&v);
    if (space.n || v.bad || !split_record(record, &key, &row) || !read_key(l, key, words, &nulls)) return WEIR_E_CORRUPT;
    uint8_t *group = group_table_add(&l->table, words, nulls, key_hash(&l->keys, words, nulls), &is_new);
    change_row(l, group, row, weight);
    return WEIR_OK;
}

static void lookup_close(Op *op) { group_table_free(&((LookupOp *)op)->table); }
static int64_t lookup_bytes(const Op *op) { return group_table_bytes(&((const LookupOp *)op)->table); }
static int64_t lookup_rows(const Op *op) { return ((const LookupOp *)op)->table.live; }

static void lookup_tell(Op *op, StateRows *out)
{
    LookupOp *l = (LookupOp *)op;
    const PhysOp *right = op->plan->inputs[SIDE_RIGHT];
    ArenaMark mark = arena_mark(out->scratch);
    uint8_t **groups = new_raw(out->scratch, uint8_t *, l->table.live);
    uint32_t n = group_table_list(&l->table, groups);
    group_table_sort(&l->table, groups, n, out->scratch);
    for (uint32_t i = 0; i < n; i++) {
        const LookupKey *key = lookup_key(groups[i]);
        for (int32_t k = 0; k < key->n; k++) {
            ArenaMark inner = arena_mark(out->scratch);
            StateRow row = {.part = "right", .key.arena = out->scratch, .value.arena = out->scratch, .count = key->rows[k].weight};
            for (int c = 0; c < l->spec->nkeys; c++)
                state_rows_key(&row.key, right->fields[l->spec->right_keys[c]].name, &l->table, groups[i], c);
            state_rows_encoded(&row.value, right->fields, right->nfields, str_of(key->rows[k].row, key->rows[k].len));
            out->take(out, &row);
            arena_release(out->scratch, inner);
        }
    }
    arena_release(out->scratch, mark);
}

static const OpClass lookup_class = {
    .name = "lookup join", .push = lookup_push, .row_error = lookup_row_error, .flush = lookup_flush, .save = lookup_save, .load = lookup_load,
    .close = lookup_close, .state_bytes = lookup_bytes, .state_rows = lookup_rows,
    .tell = lookup_tell,
};

Status op_join_lookup_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    const JoinSpec *spec = p->join;
    const PhysOp *right = p->inputs[SIDE_RIGHT];
    assert(spec->nkeys > 0 && (spec->kind == JOIN_INNER || spec->kind == JOIN_LEFT));
    LookupOp *l = new_one(a, LookupOp);
    op_init(&l->op, &lookup_class, p, c, a);
    l->spec = spec;
    l->above_state = p->inputs[SIDE_LEFT]->props.above_state;
    Type *types = new (a, Type, spec->nkeys);
    for (int i = 0; i < spec->nkeys; i++) types[i] = right->fields[spec->right_keys[i]].type;
    l->keys = key_layout_new(a, types, spec->nkeys);
    group_table_init(&l->table, &l->keys, sizeof(LookupKey));
    const BExpr *root = spec->residual;
    if (root) TRY(expr_compile(&root, 1, a, &l->residual, d));
    *out = &l->op;
    return WEIR_OK;
}
