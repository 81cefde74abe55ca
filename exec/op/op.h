/* op.h: an operator at work.
 *
 * push takes a delta: a stateless operator hands on at once, a stateful one updates state and
 * marks what is dirty. flush runs once per epoch in topological order: it hands on one
 * consolidated delta and what the watermark closes, then returns the operator's own output
 * watermark. A watermark never overtakes data. Nothing here returns an error: out of memory
 * leaves by oom_raise, row errors go to op_row_error, broken invariants to assert. */
#ifndef WEIR_EXEC_OP_H
#define WEIR_EXEC_OP_H

#include "base/batch.h"
#include "exec/expr/expr.h"
#include "exec/op/meter.h"
#include "exec/state/log.h"
#include "planner/physical.h"

typedef struct Op Op;

/* Who looks a batch through for errors: it goes the way of the rows, but changes nothing. */
typedef struct OpLook {
    void (*tell)(void *arg, const Batch *b, int row, Str message);
    void *arg;
} OpLook;

/* What the operators of one query share. */
typedef struct OpContext {
    EvalEnv eval;            /* of operators below state; flush sets now and watermark */
    Arena *batch_scratch;    /* freed after each batch pushed from a source */
    Arena *epoch_scratch;    /* freed after the commit; both are others with each push: not to be kept */
    int64_t epoch;           /* number of the epoch in work, from 1 */
    int64_t data_watermark;  /* watermark that rows have made; the end of an input moves it not */
    int64_t now_us;          /* wall clock of the epoch */
    int64_t late_rows, gap_rows, row_errors; /* counters of the query */
    /* Takes a row error of this query: `row` of `b`. Set by the pipeline. */
    void (*on_error)(struct OpContext *c, const Op *op, const Batch *b, int row, Status code, Str message);
    Meter *meter;            /* or NULL: nothing is measured */
    /* Takes a row of positive weight that no window takes any more, and the last window that refused it
     * (LATE_NO_WINDOW: none); gives a number by which it may be taken back. NULL: nobody asks. */
    int64_t (*on_late)(struct OpContext *c, const Batch *b, int row, int64_t start, int64_t end);
    void (*off_late)(struct OpContext *c, int64_t number);
    /* Lists something that is missing from the view in weir_faults, or no more. NULL: nobody asks. */
    void (*on_fault)(struct OpContext *c, bool is_there, Str key, Str column, Status code, Str message);
    const OpLook *look;      /* set while a batch is only looked through */
    Str broken;              /* first broken invariant: the engine faults before it commits */
    void *owner;             /* the pipeline's */
} OpContext;

struct StateRows;

typedef struct OpClass {
    const char *name;                  /* as EXPLAIN shows it */
    int version;                       /* of what save writes: one more with each change of it */
    void (*push)(Op *op, int port, const Batch *b);
    /* All pushes of the epoch are in; `watermark` is the minimum over the inputs (INT64_MIN: none
     * yet, INT64_MAX: all ended). Emits, then returns the output watermark. NULL: passes it on. */
    int64_t (*flush)(Op *op, int64_t watermark);
    /* Appends what changed in this epoch (after flush); `all`: the whole state instead. */
    void (*save)(Op *op, StateWriter *w, bool all);
    /* Takes back one record of save, before the first push. */
    Status (*load)(Op *op, Str space, Str key, Str value);
    /* The record will be loaded soon: brings near what that needs. NULL: nothing. */
    void (*foresee)(const Op *op, Str space, Str key);
    /* With state: the error for which a row would be withheld here; NULL: none. */
    const RowError *(*row_error)(const Op *op, int port, const Batch *b, int row);
    bool hands_on;           /* with state, but its rows go on at once */
    void (*close)(Op *op);
    int64_t (*state_bytes)(const Op *op);
    int64_t (*state_rows)(const Op *op);
    /* Tells the state row by row (state_rows.h), between two epochs. NULL: it cannot yet. */
    void (*tell)(Op *op, struct StateRows *out);
} OpClass;

typedef struct OpEdge {
    Op *to;
    int32_t port;
} OpEdge;

struct Op {
    const OpClass *cls;
    const PhysOp *plan;
    OpContext *ctx;
    OpEdge *outs;
    int32_t nouts, outs_cap;
    int64_t *port_watermark; /* last watermark of each input */
    int32_t nports;
    int64_t watermark;       /* last output watermark */
    int64_t rows_in, rows_out, batches_in; /* since the query was opened */
    int64_t time_us;         /* spent in it and in nobody that it pushes to */
    Arena *arena;            /* of the query: freed at DROP */
};

/* One constructor per kind; they live in op_<kind>.c and embed Op as first member. */
Status op_filter_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_project_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_session_rows_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_window_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_upsert_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_unnest_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_union_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_aggregate_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_join_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_over_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_topn_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_setop_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_contend_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);

/* Fills what every operator has. */
void op_init(Op *op, const OpClass *cls, const PhysOp *p, OpContext *c, Arena *a);
void op_connect(Op *from, Op *to, int port);
/* A delta comes to op: counted, timed, pushed. */
void op_take(Op *op, int port, const Batch *b);
/* Marks the columns of op's that who takes them reads: others need not be there (Column.data NULL). */
void op_read_columns(const Op *op, bool *read);
/* Hands a delta to every user of op. */
void op_emit(Op *op, const Batch *b);
/* The clock by which state_ttl counts; INT64_MIN: no time yet. */
static inline int64_t op_ttl_now(const Op *op)
{
    return op->plan->ttl_by_clock ? op->ctx->now_us : op->ctx->data_watermark;
}
/* Retractions of rows that state_ttl may have taken: counted, and nothing else. */
static inline void op_count_missing(Op *op, int64_t rows) { op->ctx->gap_rows += rows; }
/* Rows of b withheld from this query. */
static inline void op_row_error(Op *op, const Batch *b, int row, Status code, Str message)
{
    const OpLook *look = op->ctx->look;
    if (look) look->tell(look->arg, b, row, message);
    else op->ctx->on_error(op->ctx, op, b, row, code, message);
}

/* w - d, where INT64_MIN and INT64_MAX stay. */
static inline int64_t watermark_minus(int64_t w, int64_t d)
{
    if (w == INT64_MIN || w == INT64_MAX) return w;
    int64_t out;
    if (__builtin_sub_overflow(w, d, &out)) return d > 0 ? INT64_MIN : INT64_MAX - 1;
    return out;
}

#define LATE_NO_WINDOW INT64_MIN
/* A row that is late for everything: counted, and handed to who asks for it. */
static inline void op_late(Op *op, const Batch *b, int row, int64_t start, int64_t end)
{
    int weight = batch_weight(b, row);
    if (weight <= 0) return;
    op->ctx->late_rows += weight;
    if (op->ctx->on_late) op->ctx->on_late(op->ctx, b, row, start, end);
}

#endif
