/* query.h: a standing query at work: the operators of one plan, wired together. */
#ifndef WEIR_EXEC_QUERY_H
#define WEIR_EXEC_QUERY_H

#include "exec/op/op.h"
#include "exec/pipeline/epoch.h"
#include "planner/planner.h"

struct Scan;
typedef struct Query Query;

/* Numbers under which a query keeps state that is no operator's. */
enum { QUERY_POSITIONS_OP = -1, QUERY_SHAPE_OP = -2, QUERY_MARKS_OP = -3 };

/* Where rows enter a query: a scan of a stream, another view's changes, constant rows. */
typedef struct Leaf {
    Op op;
    Query *query;
    ExprProgram *filter;  /* scan_filter, or NULL */
    struct Scan *scan;    /* PHYS_SCAN: shared or the query's own */
    Query *upstream;      /* PHYS_VIEW_INPUT */
    int64_t next_watermark; /* set before flush */
    bool is_done, is_saved; /* PHYS_VALUES: handed out; known to the database */
    bool needs_rows;      /* of a new query: starts from the view's or table's present rows */
} Leaf;

typedef struct Compaction Compaction;

/* How much of an operator's state lies in its base and in its log, and the round that moves it over. */
typedef struct OpLog {
    int64_t base_bytes, base_records, log_bytes, log_records;
    int64_t new_bytes, new_records; /* logged by the epoch in work */
    Compaction *round;    /* NULL: none goes on (compact.h) */
} OpLog;

/* For rates of an operator. */
typedef struct OpMarks {
    MeterMark time_us, rows_in, rows_out;
} OpMarks;

/* A row that was too late for a view with late_into, as one of that stream: a value per column. */
typedef struct LateRow {
    Value *values;
    int32_t times; /* 0: taken back */
} LateRow;

struct Query {
    Arena arena, state_arena;
    const PhysPlan *plan;
    Relation *rel;        /* NULL: a push query */
    OpContext ctx;
    Op **ops;             /* as in the plan */
    OpLog *logs;
    int32_t nops;
    Op *root;
    Leaf **leaves;
    int32_t nleaves;
    struct Scan *current; /* the scan whose batch is being pushed, for dead letters */
    Epoch *epoch;
    uint64_t has_erred[BATCH_WORDS]; /* rows of a batch that have a dead letter of this query … */
    const struct Scan *erred_scan; /* … which batch */
    int64_t erred_batch;
    VEC(struct Scan *) own_scans; /* while catching up, and of push queries */
    VEC(Query *) shadows; /* while catching up: plans of stateless views it reads, upstream first */
    bool is_live;         /* fed by the shared scans and by the views themselves */
    bool is_shadow;       /* hands on what another query computes as well; logs and keeps nothing */
    bool is_rebuilt;      /* made anew from the past when the database was opened */
    bool has_saved_shape; /* query_shape is kept with its state */
    ViewProgress saved_progress; /* as last put into a write set */
    uint64_t crew_run;    /* the last one of crew.c that has met it … */
    int32_t crew_group;   /* … and its place there */
    OpMarks *marks;       /* per operator; NULL: never marked */
    const Relation *late_into; /* NULL: its late rows are only counted */
    VEC(LateRow) late;    /* of the epoch in work, in its arena */
};

typedef struct QueryEnv {
    EvalEnv eval;
    Arena *batch_scratch, *epoch_scratch;
    Meter *meter;         /* or NULL */
    bool as_shadow;
} QueryEnv;

Status query_open(const PhysPlan *plan, Relation *rel, const QueryEnv *env, Query **out, Diags *d);
void query_close(Query *q);
/* Gives up what only catching up needs. */
void query_drop_helpers(Query *q);
/* Takes back what query_save wrote: folded records of one operator. */
Status query_load_op(Query *q, int op, Str space, Str key, Str value);
/* The record will be taken back soon. */
void query_foresee_op(const Query *q, int op, Str space, Str key);
/* What the records of a plan's state depend on: kinds, types, keys, aggregates and windows of its
 * operators. State saved under another shape cannot be read. */
uint64_t query_shape(const Query *q);
/* Before the first push of an epoch. */
void query_begin(Query *q, Epoch *e);
/* All pushes are in: flushes every operator in topological order. Shadows come before their reader. */
void query_flush_shadows(Query *q);
void query_flush(Query *q);
/* The view's delta, state records and progress into the epoch's write set. */
void query_save(Query *q);
/* Takes marks where the last ones are old enough; called whenever the loop comes by. */
void query_mark(Query *q, int64_t mono_us);
/* Whether nothing can come any more. */
bool query_has_ended(const Query *q);
/* What operator i, or each of them, has done; rates are up to `mono_us`. */
OpActual query_actual(const Query *q, int i, int64_t mono_us);
OpActual *query_actuals(const Query *q, int64_t mono_us, Arena *a);
/* The scan whose batch comes to the query next, for dead letters; NULL: none any more. */
void query_enter(Query *q, struct Scan *scan);
/* Reads the changes of another query from now on, or no more. */
void leaf_connect(Leaf *leaf, Query *upstream);
void leaf_disconnect(Leaf *leaf);
/* Whether one of its windows fires by processing time, and a tick lies in (from, to]. */
bool query_ticks(const Query *q, int64_t from_us, int64_t to_us);
bool query_has_clock(const Query *q); /* whether it ever will */
/* late.c: its late rows go to a stream; those of this epoch so far as batches of that stream, taken
 * away from the query. */
void query_hand_on_late(Query *q, const Relation *into); /* NULL: no more */
int query_take_late(Query *q, Arena *a, Batch **out);
/* A batch of a scan (columns by the stream's numbers) to one leaf. */
void leaf_push(Leaf *leaf, const Batch *b);
/* The second half of it: a batch with the leaf's own columns through its filter. */
void leaf_emit(Leaf *leaf, Batch *b);

/* PHYS_OUTPUT: rows of a push query, kept until they are taken. */
typedef struct OutputRow {
    Value *values;
    int32_t weight;
} OutputRow;
Status op_output_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
/* The next row; texts are valid until the next epoch of the query. False: none. */
bool op_output_next(Op *op, OutputRow *row);
/* From now on rows are only counted (op->rows_in) and, if asked, hashed without regard to order. */
void op_output_count(Op *op, bool with_hash);
uint64_t op_output_hash(const Op *op);

#endif
