/* physical.h: what exec runs: a directed acyclic graph of operators in topological order.
 *
 * The plan is read-only and names no runtime structure; exec builds a parallel graph of operator
 * states from it. Aggregates, keys and order keys are column numbers: the planner puts a project
 * below that computes them, so that errors of expressions are settled before any state. */
#ifndef WEIR_PLANNER_PHYSICAL_H
#define WEIR_PLANNER_PHYSICAL_H

#include "planner/bexpr.h"

typedef struct Field {
    Str name;
    Type type;
} Field;

/* What is known of an operator's output. */
typedef struct Props {
    bool is_append_only;   /* never a negative weight */
    bool has_position;     /* rows carry positions of a stream (stateless from a scan) */
    bool above_state;      /* at least one stateful operator below: errors are faults */
    bool has_watermark;    /* event time passes here, even where no column shows it */
    int32_t time_col;      /* event time, -1: none */
    int32_t row_time;      /* behind a session table function: the rows' own time, by which first and last
                              go; -1: none */
    int32_t other_time;    /* of an interval join: the other side's, by which it may go as well; -1: none */
    int32_t *key;          /* columns that identify a row; nkey 0: none known */
    int32_t nkey;
    bool has_row_key;      /* nkey is 0, but row_key names a row all the same; nrow_key 0: there is one at most */
    int32_t *row_key;
    int32_t nrow_key;
    int32_t window_start, window_end; /* columns, -1: not windowed */
    Str state_bound;       /* "none", "O(groups × open windows)", "UNBOUNDED: …" */
} Props;

/* A window with its parameters, times in microseconds. */
typedef struct WindowSpec {
    const WindowDef *def;
    int32_t time_col;          /* in the input; -1: rows are grouped by no time (count, global) */
    int64_t tick_us;           /* of the time column's type */
    int64_t size_us, slide_us; /* slide: ADVANCE BY, STEP; gap in size_us for sessions */
    int32_t size_months, slide_months, size_days, slide_days; /* calendar units, else 0 */
    int64_t offset_us, grace_us;
    int64_t size_rows, advance_rows; /* COUNT; GLOBAL: size_rows = TRIGGER EVERY n ROWS */
    int64_t trigger_us;        /* GLOBAL: EVERY d, 0: none */
    int64_t retention_us;      /* 0: forever */
    bool fill;                 /* FILL: empty windows appear */
    bool by_value;             /* input without event time: nothing is late, nothing closes */
    Str time_zone;             /* of calendar units, "" is UTC */
} WindowSpec;

typedef struct OrderKey {
    int32_t col;
    bool descending, nulls_first;
} OrderKey;

typedef struct AggCall {
    const AggDef *def;
    int32_t *args; /* columns of the input */
    int32_t nargs;
    int32_t filter; /* BOOLEAN column, -1: none */
    bool distinct;
    bool descending; /* the values of the first argument are taken from the greatest down */
    /* Ordered aggregates: rows are taken in this order; then by position where `by_position`. */
    OrderKey *order;
    int32_t norder;
    bool by_position;
    bool input_retracts;
    Type type;        /* of the result */
    Type *arg_types;
    const Value **consts; /* per argument: its value where constant, else NULL */
    Str text;         /* SQL, for EXPLAIN and errors */
    Span span;
} AggCall;

/* ---- joins ------------------------------------------------------------------------------------ */

typedef enum JoinKind {
    JOIN_INNER, /* CROSS too: without keys and condition */
    JOIN_LEFT,
    JOIN_RIGHT,
    JOIN_FULL,
    JOIN_SEMI, /* left rows that have a match; output: the left columns only */
    JOIN_ANTI  /* left rows that have none */
} JoinKind;
typedef enum JoinMatch {
    JOIN_REGULAR,  /* every pair that fulfils the condition */
    JOIN_INTERVAL, /* and left.time BETWEEN right.time - before AND right.time + after */
    JOIN_WINDOW,   /* and the keys hold the bounds of a window of both sides */
    JOIN_ASOF,     /* the nearest right row by `asof` */
    JOIN_TEMPORAL, /* the version of the right row at left.time */
    JOIN_LOOKUP    /* the right row when the left row is processed */
} JoinMatch;
typedef enum AsofOp { ASOF_GE, ASOF_GT, ASOF_LE, ASOF_LT } AsofOp; /* left.time op right.time */

/* Inputs: left, right. Output: left columns, then right columns (SEMI, ANTI: left only). */
typedef struct JoinSpec {
    JoinKind kind;
    JoinMatch match;
    int32_t *left_keys, *right_keys; /* columns of the inputs, of one type pairwise */
    bool *null_safe;                 /* per key: IS NOT DISTINCT FROM */
    int32_t nkeys;
    BExpr *residual;                 /* over left columns, then right columns; NULL: none */
    int32_t left_time, right_time;   /* INTERVAL, ASOF, TEMPORAL: columns of the inputs; else -1 */
    int64_t before_us, after_us;     /* INTERVAL: inclusive, of any sign */
    int32_t key_window_end;          /* WINDOW: index into the keys, else -1 */
    int64_t window_tick_us;          /* WINDOW: of the type of window_end */
    AsofOp asof;
    bool left_retracts, right_retracts;
    bool emit_final;
} JoinSpec;

/* ---- OVER, Top-N, set operations ---------------------------------------------------------------- */

typedef enum OverFunc {
    OVER_ROW_NUMBER,
    OVER_RANK,
    OVER_DENSE_RANK,
    OVER_PERCENT_RANK,
    OVER_CUME_DIST,
    OVER_NTILE,       /* args: buckets */
    OVER_LAG,         /* args: value, [offset, [default]] */
    OVER_LEAD,
    OVER_FIRST_VALUE, /* args: value */
    OVER_LAST_VALUE,
    OVER_NTH_VALUE,   /* args: value, n */
    OVER_AGGREGATE    /* agg */
} OverFunc;
typedef enum OverMode { OVER_RANGE, OVER_ROWS, OVER_GROUPS } OverMode;
typedef enum OverBoundKind {
    OVER_UNBOUNDED_PRECEDING,
    OVER_PRECEDING, /* offset */
    OVER_CURRENT_ROW,
    OVER_FOLLOWING, /* offset */
    OVER_UNBOUNDED_FOLLOWING
} OverBoundKind;
typedef enum OverExclude { OVER_EXCLUDE_NONE, OVER_EXCLUDE_CURRENT, OVER_EXCLUDE_GROUP, OVER_EXCLUDE_TIES } OverExclude;
typedef struct OverBound {
    OverBoundKind kind;
    Value offset; /* ROWS, GROUPS: BIGINT >= 0; RANGE: what is added to or taken from the order column:
                     INTERVAL for TIMESTAMP and DATE, else of the column's type; never negative */
} OverBound;
typedef struct OverFrame {
    OverMode mode;
    OverBound start, end;
    OverExclude exclude;
} OverFrame;
typedef struct OverCall {
    OverFunc func;
    AggCall agg;        /* OVER_AGGREGATE: arguments, filter, DISTINCT; an order of its own, then that of the rows */
    int32_t *args;      /* other functions: columns of the input */
    int32_t nargs;
    bool ignore_nulls;
    OverFrame frame;    /* always filled: RANGE UNBOUNDED PRECEDING … CURRENT ROW is the default */
    Type type;          /* of the result */
    Str text;           /* SQL, for EXPLAIN and errors */
    Span span;
} OverCall;

typedef enum TopRank { TOP_ROW_NUMBER, TOP_RANK, TOP_DENSE_RANK } TopRank;

/* What PHYS_OVER and PHYS_TOPN share: rows of one partition (`keys`) in one order. `order` is the
 * whole order, the identity of the rows at its end, so that no two different rows are equal in it;
 * the first `npeer` columns are those of the text: rows equal in them are peers. Rows of an
 * append-only input with positions are told apart by these, behind the columns of the text. */
typedef struct RankSpec {
    OrderKey *order;
    int32_t norder, npeer;
    /* TOPN: rows whose rank lies in (offset, offset + limit] */
    TopRank rank;
    int64_t limit, offset; /* limit -1: no end */
    bool shows_rank;       /* the output has the rank (BIGINT) as its last column */
} RankSpec;

typedef enum SetKind { SETOP_INTERSECT, SETOP_EXCEPT } SetKind;

/* Rows that may hold MAX(value), or MIN, of a window that they can meet in a join above: the others go no
 * further (planner/rewrite/contenders.c). */
typedef struct ContendSpec {
    const WindowSpec *window;  /* of the aggregate: fixed size and slide; rows are in it by `time` */
    int32_t time, value;       /* columns */
    int32_t *keys;             /* columns by which both are grouped */
    int32_t nkeys;
    bool is_least;             /* MIN */
    int64_t after_us, until_us; /* a row at t meets windows that end in [t + after, t + until] */
    bool judges_time;          /* the join drops rows by their time, not by the end of their window */
    Str text;                  /* SQL of the aggregate, for EXPLAIN */
} ContendSpec;

/* Versions of a table's rows, as its changelog brings them: a column of scan_cols that says whether the
 * record ends the row of its key. All rows then have the weight 1. */
enum { SCAN_END_OF_ROW = -1 };

/* Kept databases know the numbers: new kinds come at the end. */
typedef enum PhysKind {
    PHYS_SCAN,      /* rows of a stream: `rel`; output: `scan_cols` of it */
    PHYS_VIEW_INPUT,/* changes of another materialized view `rel`: all its columns */
    PHYS_VALUES,    /* constant rows, once */
    PHYS_TABLE,     /* changes that statements make to table `rel`: all its columns */
    PHYS_UPSERT,    /* changelog of table `rel`, +1 a row of a key, -1 its end: changes of its rows */
    PHYS_FILTER,    /* `pred` */
    PHYS_PROJECT,   /* `exprs` */
    PHYS_WINDOW,    /* table function: input columns, then window_start, window_end, window_time; SESSION
                       partitions by `keys` and orders by `ranks` */
    PHYS_AGGREGATE, /* output: keys, then window columns (see below), then aggregates */
    PHYS_UNION,     /* all inputs, columns of one shape */
    PHYS_JOIN,      /* `join` */
    PHYS_OVER,      /* `keys`, `ranks`, `overs`; output: the input's columns, then one per call */
    PHYS_TOPN,      /* `keys`, `ranks`; output: the input's columns, then the rank where shown */
    PHYS_SETOP,     /* `set`, `set_all`; two inputs of one shape */
    PHYS_UNNEST,    /* `unnest`; output: the input's columns, then value, then ordinality where shown */
    PHYS_VIEW,      /* a materialized view `rel`; root of a plan */
    PHYS_OUTPUT,    /* a push query's or sink's rows; root of a plan */
    PHYS_CONTEND    /* `contend` */
} PhysKind;

typedef struct PhysOp PhysOp;
struct PhysOp {
    PhysKind kind;
    int32_t id;            /* index in the plan, stable for the same text: names the op's state */
    PhysOp **inputs;
    int32_t ninputs;
    Field *fields;         /* output columns */
    int32_t nfields;
    Props props;
    Span span;

    Relation *rel;         /* SCAN, VIEW_INPUT, VIEW */
    int32_t *scan_cols;    /* SCAN: columns of rel, one per output field; or SCAN_END_OF_ROW */
    BExpr *scan_filter;    /* SCAN: over the output fields, or NULL: pushed down */
    uint16_t stream_rank;  /* SCAN: order of the stream's name among the query's streams */
    BExpr *pred;           /* FILTER */
    BExpr **exprs;         /* PROJECT: one per field */
    Value **rows;          /* VALUES: rows[i][col] */
    int32_t nrows;
    /* WINDOW, AGGREGATE. Window columns of an aggregate: none without a window;
     * window_start, window_end; COUNT: window_no, window_start, window_end; GLOBAL: none. */
    WindowSpec *window;    /* NULL: not windowed */
    int32_t *keys;         /* AGGREGATE: group key columns of the input */
    int32_t nkeys;
    AggCall *aggs;
    int32_t naggs;
    bool is_global;        /* AGGREGATE without GROUP BY: one row even over nothing */
    bool is_repeat;        /* AGGREGATE: another one over the same rows counts those that are late */
    bool emit_final;       /* AGGREGATE, TOPN, SETOP: only closed windows; OVER: those, or, where
                              key_window_end is -1, each row when the watermark has reached
                              order[0], its event time */
    bool input_retracts;
    /* An aggregate whose keys hold the bounds of a window that an upstream PHYS_WINDOW or a
     * windowed view made (not its own `window`): index into keys, -1: none. Its groups end when
     * the watermark passes window_end; rows with window_end - 1 tick <= J are late in it.
     * OVER, TOPN: the same of partitions. SETOP: the columns that hold them on both sides. */
    int32_t key_window_start, key_window_end;

    JoinSpec *join;        /* JOIN */
    RankSpec *ranks;       /* OVER, TOPN; PARTITION BY is `keys` */
    OverCall *overs;       /* OVER */
    int32_t novers;
    SetKind set;           /* SETOP */
    bool set_all;
    BExpr *unnest;         /* UNNEST: the list, over the input's columns */
    bool unnest_outer;     /* a row with an empty list stays, with NULL */
    bool unnest_ordinality; /* shows the place in the list, from 1 */
    const ContendSpec *contend; /* CONTEND */
    /* planner/state_ttl.c */
    Str own_state;         /* bound of what the operator keeps itself; empty: nothing */
    int64_t state_ttl_us;  /* state of a key untouched for so long goes; 0: never */
    bool ttl_by_clock;     /* by processing time: there is no watermark() */
    bool is_forgetful;     /* VIEW: a row of a key may come anew without the old one having gone */
};

typedef struct PhysPlan {
    PhysOp **ops;          /* topological: inputs before their users; the last is the root */
    int32_t nops;
    Str sql;               /* canonical text of the query */
    int64_t limit;         /* push queries: rows after which it is done, -1: no limit */
} PhysPlan;

#endif
