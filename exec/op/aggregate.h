/* aggregate.h: what the aggregate operators share; each window shape is an operator of its own.
 *
 * A push turns a batch into rows that count, packs their keys once and adds the rows to cells
 * (exec/agg/agg_set.h) in tables of groups. A flush hands on what became different: before-images
 * are taken when a group is first touched in an epoch, so a group touched a thousand times gives
 * one -old and one +new, and nothing where they are equal. */
#ifndef WEIR_EXEC_OP_AGGREGATE_H
#define WEIR_EXEC_OP_AGGREGATE_H

#include "exec/agg/agg_set.h"
#include "exec/op/op.h"
#include "exec/state/group_table.h"
#include "exec/state/ttl.h"

typedef struct AggregateOp {
    Op op;
    KeyLayout keys;
    AggSet aggs;
    const WindowSpec *window;
    int64_t tick, grace;    /* of the window, microseconds */
    bool shows_changes;     /* EMIT CHANGES: before-images are kept */
    bool keeps_empty;       /* a global aggregate: its group is there over nothing too */
    struct Fill *fill;      /* FILL: cells of tables end with a flag (fill.h); or NULL */
    bool above_state;       /* marks of the input are NULLs, nothing is withheld */
    bool is_settled;        /* the epoch's lists have been cleared */
    Arena epoch;            /* before-images; reset when the next epoch begins */
    Arena out[2];           /* of OutBuffers: rows that come, rows that go */
    int32_t nwindow;        /* window columns of the output */
    int64_t closed_at;      /* the watermark of the last flush */
} AggregateOp;

/* WEIR_E_UNSUPPORTED: an aggregate that is not built. */
Status aggregate_init(AggregateOp *g, const OpClass *cls, const PhysOp *p, OpContext *c, Arena *a, Diags *d);
void aggregate_close(AggregateOp *g);
const RowError *aggregate_row_error(const Op *op, int port, const Batch *b, int row);

/* The rows of b that take part, into a new array: not withheld for an error, with a time where the
 * window needs one (rows without are counted as in no window). */
int aggregate_rows(AggregateOp *g, const Batch *b, int32_t **rows, Arena *scratch);
/* The times of a column, one per row even where it is constant. */
const int64_t *aggregate_times(const Batch *b, int col, Arena *scratch);
/* Counts rows that no window takes any more; [start, end) is the last one that would have. */
static inline void aggregate_late(AggregateOp *g, const Batch *b, int row, int64_t start, int64_t end)
{
    if (!g->op.plan->is_repeat) op_late(&g->op, b, row, start, end);
}

/* Windows that end at or before this are closed once the watermark is w, and take no row of
 * judgement w: window_end <= w + tick - grace. Saturates. */
int64_t aggregate_closed_end(const AggregateOp *g, int64_t w);
/* The same for a row: of its own judgement and of what has been closed here. */
static inline int64_t aggregate_late_end(const AggregateOp *g, const Batch *b, int row)
{
    int64_t j = batch_judge(b, row);
    return aggregate_closed_end(g, j > g->closed_at ? j : g->closed_at);
}

/* ---- output ----------------------------------------------------------------------------------- */

/* n <= BATCH_ROWS_MAX rows: keys of groups, window columns, results; all with one weight. */
typedef struct OutRows {
    const GroupTable *table;
    uint8_t *const *groups;
    int32_t n;
    const Column *window;  /* nwindow columns */
    const Column *results; /* naggs columns */
    int32_t weight;
    const Column *keys;    /* made before (aggregate_key_columns), or NULL */
    const uint16_t *sel;   /* of the n rows those that go out; NULL: all */
    int32_t nsel;
} OutRows;
/* Hands them on. Allocates from the batch scratch and gives it back. */
void aggregate_emit(AggregateOp *g, const OutRows *rows);
const Column *aggregate_key_columns(AggregateOp *g, const GroupTable *table, uint8_t *const *groups, int n, Arena *a);
/* Gathers rows that differ in their window columns and hands them on BATCH_ROWS_MAX at a time. */
typedef struct OutBuffer {
    AggregateOp *agg;
    const GroupTable *table;
    int32_t weight, n;
    int32_t cap;           /* rows that go out together, at most BATCH_ROWS_MAX */
    Arena *arena;          /* of what follows: the operator's, which lives on when memory runs out */
    uint8_t **groups;
    Column *window, *results;
} OutBuffer;
/* `rows`: about how many are to come. */
void out_buffer_init(OutBuffer *o, AggregateOp *g, const GroupTable *table, int weight, int64_t rows);
/* Results are row `at` of results, their text stays until the flush; window[i] is the i-th window
 * column, NULL where it is WINDOW_TIME_NONE. */
void out_buffer_add(OutBuffer *o, uint8_t *group, const int64_t *window, const Column *results, int at);
void out_buffer_flush(OutBuffer *o);
void out_buffer_free(OutBuffer *o);
#define WINDOW_TIME_NONE INT64_MIN

/* Column `i` of the window columns, the same time in all rows. */
Column aggregate_window_const(const AggregateOp *g, int i, int64_t us, Arena *a);
/* The window columns start and end of `span`. */
const Column *aggregate_span_columns(const AggregateOp *g, int64_t start, int64_t end, Arena *a);
/* Whether row i of a is row j of b, error marks included. */
bool result_eq(const Column *a, int i, const Column *b, int j);
/* Copies a value, its NULL and its mark; text is referred to. */
void result_copy(Column *to, Arena *a, int row, const Column *from, int at);

/* ---- tables of cells -------------------------------------------------------------------------- */

/* Where the results of a touched group before this epoch are; image < 0: it had none. */
typedef struct BeforeRef {
    int32_t image, row;
} BeforeRef;

/* Of BATCH_ROWS_MAX touched groups, those that had results before this epoch, and their bytes then. */
typedef struct BeforeBlock {
    uint8_t *bytes;
    int32_t n;
    uint16_t at[BATCH_ROWS_MAX]; /* places among the groups */
} BeforeBlock;

typedef struct AggTable {
    GroupTable groups;       /* payload: a cell */
    bool has_lost;           /* in this epoch cells were merged that take rows away */
    uint32_t nbefore;        /* touched groups whose before-images are taken; these lie in the epoch's arena */
    VEC(BeforeBlock *) blocks; /* where cells hold nothing but their bytes; NULL: none had a result */
    BeforeRef *before;       /* else: one per touched group */
    uint32_t before_cap;
    VEC(Column *) images;    /* results of up to BATCH_ROWS_MAX groups each */
} AggTable;

/* FILL: whether an empty cell is shown. */
static inline int64_t *cell_is_filled(const AggregateOp *g, uint8_t *cell)
{
    return (int64_t *)(void *)(cell + g->aggs.cell_size);
}

void agg_table_init(AggregateOp *g, AggTable *t);
/* The same with `extra` bytes at the end of each payload. */
void agg_table_init_with(AggregateOp *g, AggTable *t, int extra);
void agg_table_clear(AggTable *t);
void agg_table_free(AggTable *t);
/* Adds the rows to their groups. */
void agg_table_push_rows(AggregateOp *g, AggTable *t, const Batch *b, const int32_t *rows, int n);
/* Adds row rows[i] to the group of key i. */
void agg_table_push(AggregateOp *g, AggTable *t, const Batch *b, const PackedKeys *keys, const int32_t *rows);
/* The same under state_ttl, where a row that is taken back may have gone before: counted then. */
void agg_table_push_present(AggregateOp *g, AggTable *t, const Batch *b, const PackedKeys *keys, int32_t *rows);
/* Makes the groups of the keys (cells[i]), initialised, with their before-images taken: what
 * agg_table_push does before it adds the rows. At most BATCH_ROWS_MAX keys. */
void agg_table_touch(AggregateOp *g, AggTable *t, const PackedKeys *keys, uint8_t **cells);
/* t += sign * src, group by group; only groups that src has. */
void agg_table_merge(AggregateOp *g, AggTable *t, const AggTable *src, int sign);
/* Hands on how the touched groups changed. */
void agg_table_emit_changes(AggregateOp *g, AggTable *t, const Column *window);
/* Hands on all groups that have rows, in the order of their keys. */
void agg_table_emit_all(AggregateOp *g, AggTable *t, const Column *window);
/* Writes the touched groups (`all`: every group) as records of `space`. */
void agg_table_save(AggregateOp *g, const AggTable *t, Str space, StateWriter *w, bool all);
Status agg_table_load(AggregateOp *g, AggTable *t, Str key, Str value);
/* Brings near what loading the record will need. */
void agg_table_foresee(const AggregateOp *g, const AggTable *t, Str key);
/* The epoch is over: groups without rows go, nothing is touched. `leave` (or NULL) is told of each. */
void agg_table_settle(AggregateOp *g, AggTable *t, Ttl *leave);

/* ---- the shapes ------------------------------------------------------------------------------- */
Status op_group_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_panes_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_keyed_window_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_session_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_session_atoms_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_sliding_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_count_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_global_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);

#endif
