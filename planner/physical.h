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
    int32_t *key;          /* columns that identify a row; nkey 0: none known */
    int32_t nkey;
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

typedef enum PhysKind {
    PHYS_SCAN,      /* rows of a stream: `rel`; output: `scan_cols` of it */
    PHYS_VIEW_INPUT,/* changes of another materialized view `rel`: all its columns */
    PHYS_VALUES,    /* constant rows, once */
    PHYS_FILTER,    /* `pred` */
    PHYS_PROJECT,   /* `exprs` */
    PHYS_WINDOW,    /* table function: input columns, then window_start, window_end, window_time */
    PHYS_AGGREGATE, /* output: keys, then window columns (see below), then aggregates */
    PHYS_UNION,     /* all inputs, columns of one shape */
    PHYS_VIEW,      /* a materialized view `rel`; root of a plan */
    PHYS_OUTPUT     /* a push query's or sink's rows; root of a plan */
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
    int32_t *scan_cols;    /* SCAN: columns of rel, one per output field */
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
    bool emit_final;       /* AGGREGATE: only closed windows */
    bool input_retracts;
    /* An aggregate whose keys hold the bounds of a window that an upstream PHYS_WINDOW or a
     * windowed view made (not its own `window`): index into keys, -1: none. Its groups end when
     * the watermark passes window_end; rows with window_end - 1 tick <= J are late in it. */
    int32_t key_window_start, key_window_end;
};

typedef struct PhysPlan {
    PhysOp **ops;          /* topological: inputs before their users; the last is the root */
    int32_t nops;
    Str sql;               /* canonical text of the query */
    int64_t limit;         /* push queries: rows after which it is done, -1: no limit */
} PhysPlan;

#endif
