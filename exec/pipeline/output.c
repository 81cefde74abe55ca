/* output.c: the root of a push query: keeps changed rows as values until the cursor takes them. */
#include "exec/pipeline/query.h"
#include "exec/pipeline/settle.h"

#include "base/hash.h"
#include "base/keyenc.h"

typedef struct OutputOp {
    Op op;
    Arena arena;      /* rows not yet taken */
    VEC(OutputRow) rows;
    ptrdiff_t taken;
    bool is_counting, with_hash;
    uint64_t hash;    /* sum over rows of weight * hash of the row */
} OutputOp;

static void keep_row(OutputOp *o, const Batch *b, int row)
{
    OutputRow r = {.values = new (&o->arena, Value, b->ncols), .weight = batch_weight(b, row)};
    for (int c = 0; c < b->ncols; c++) {
        r.values[c] = column_value(&b->cols[c], row);
        if (!r.values[c].is_null && type_is_text(r.values[c].type.kind))
            r.values[c].s = str_dup(&o->arena, r.values[c].s);
    }
    vec_push(&o->rows, &o->arena, r);
}

static void hash_rows(OutputOp *o, const Batch *b)
{
    StrBuf key = {.arena = o->op.ctx->batch_scratch};
    for (int i = 0; i < batch_count(b); i++) {
        int row = batch_row(b, i);
        key.n = 0;
        for (int c = 0; c < b->ncols; c++) key_encode(&key, &b->cols[c], row, KEY_PLAIN);
        o->hash += (uint64_t)(int64_t)batch_weight(b, row) * hash_bytes(key.p, key.n);
    }
}

static void output_push(Op *op, int port, const Batch *b)
{
    (void)port;
    OutputOp *o = (OutputOp *)op;
    b = settle_errors(op, b);
    int n = batch_count(b);
    if (o->is_counting) {
        if (o->with_hash) hash_rows(o, b);
        return;
    }
    for (int i = 0; i < n; i++) keep_row(o, b, batch_row(b, i));
}

static void output_close(Op *op) { arena_free(&((OutputOp *)op)->arena); }

static const OpClass output_class = {.name = "output", .push = output_push, .row_error = settle_row_error, .close = output_close};

Status op_output_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    (void)d;
    OutputOp *o = new_one(a, OutputOp);
    op_init(&o->op, &output_class, p, c, a);
    *out = &o->op;
    return WEIR_OK;
}

bool op_output_next(Op *op, OutputRow *row)
{
    OutputOp *o = (OutputOp *)op;
    if (o->taken == o->rows.len) {
        memset(&o->rows, 0, sizeof o->rows);
        o->taken = 0;
        arena_reset(&o->arena);
        return false;
    }
    *row = o->rows.data[o->taken++];
    return true;
}

void op_output_count(Op *op, bool with_hash)
{
    OutputOp *o = (OutputOp *)op;
    o->is_counting = true;
    o->with_hash = with_hash;
}

uint64_t op_output_hash(const Op *op) { return ((const OutputOp *)op)->hash; }
