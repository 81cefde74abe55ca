/* logical.h: a query as a tree of relations, between binding and running.
 *
 * Nodes are what the text says, with every expression still an expression: keys and arguments of
 * an aggregate become columns only when the plan is made physical. Rewrites build new nodes and
 * never change one that another may share. */
#ifndef WEIR_PLANNER_LOGICAL_H
#define WEIR_PLANNER_LOGICAL_H

#include "planner/physical.h"

struct Planner;

typedef enum LKind {
    L_SCAN,       /* rel, scan_cols; pred: filter over the output, or NULL */
    L_VIEW_INPUT, /* rel */
    L_VALUES,     /* rows */
    L_FILTER,     /* pred */
    L_PROJECT,    /* exprs */
    L_WINDOW,     /* window, time, partition: input columns, then window_start, _end, _time */
    L_AGGREGATE,  /* keys, window, aggs, sets: keys, then window columns, then aggregates, then
                     with sets the set of the row */
    L_UNION,
    L_JOIN,       /* join: left columns, then right columns (SEMI, ANTI: left only) */
    L_OVER,       /* keys, order, overs: input columns, then one per call */
    L_TOPN,       /* keys, order, ranks: input columns, then the rank where shown */
    L_SETOP,      /* set, set_all: INTERSECT, EXCEPT of two inputs */
    L_UNNEST,     /* unnest: input columns, then value, then ordinality where shown */
    L_CONTEND     /* contend; made after all rules, from settled plans */
} LKind;

typedef struct LOrder {
    BExpr *expr;
    bool descending, nulls_first;
} LOrder;

typedef struct LAgg {
    const AggDef *def;
    BExpr **args;
    int32_t nargs;
    const Value **consts; /* per argument: its value where constant; filled when settled */
    BExpr *filter; /* or NULL */
    bool distinct;
    bool descending; /* WITHIN GROUP (ORDER BY x DESC): the first argument is taken from its end */
    LOrder *order; /* the whole order, the implicit part included; with OVER: what was written */
    int32_t norder;
    bool by_position;
    Type type;
    Str text;
    Span span;
} LAgg;

/* A join as it was written, and what was found in its condition: join_props fills that anew
 * whenever the inputs or the condition are others. */
typedef struct LJoin {
    JoinKind kind;
    JoinMatch wanted;           /* ASOF, TEMPORAL, LOOKUP: as written; REGULAR: what `on` makes it */
    BExpr *on;                  /* over left, then right columns; NULL: TRUE */
    BExpr *as_of;               /* TEMPORAL: FOR SYSTEM_TIME AS OF, over left columns */
    bool emit_final;
    bool is_settled;            /* `on` holds keys and residual only; the rest stays as it was found */
    /* found: */
    JoinMatch match;
    BExpr **left_keys, **right_keys; /* over the columns of each side */
    bool *null_safe;
    int32_t nkeys;
    BExpr *residual;            /* over left, then right columns; NULL: none */
    int32_t left_time, right_time; /* columns of each side */
    int64_t before_us, after_us;
    int32_t key_window_end;
    AsofOp asof;
} LJoin;

typedef struct LOver {
    OverFunc func;
    LAgg agg;      /* OVER_AGGREGATE */
    BExpr **args;  /* the other functions */
    int32_t nargs;
    bool ignore_nulls;
    OverFrame frame;
    Type type;
    Str text;
    Span span;
} LOver;

/* One of GROUPING SETS: a bit for each key that it has. */
typedef struct GroupSet {
    uint64_t keys;
    int64_t left_out; /* names the set among others: bits of the keys it lacks, as they were written */
} GroupSet;

typedef struct LNode LNode;
struct LNode {
    LKind kind;
    LNode **inputs;
    int32_t ninputs;
    Field *fields;
    int32_t nfields;
    Span span;

    /* Filled by lnode_props. */
    Props props;
    int32_t window_time;        /* column that holds window_end - 1 tick, -1: none */
    OrderKey *sorted;           /* the ORDER BY of a subquery, by columns, for what takes rows in order and
                                   has none of its own; nsorted -1: by what is not shown */
    int32_t nsorted;
    bool start_determines_end;  /* window_start alone names a window (all kinds but cumulating) */
    Str own_state;              /* bound of what it keeps itself; empty: nothing */
    int32_t key_window_start, key_window_end; /* AGGREGATE, OVER, TOPN, SETOP: see PhysOp */

    Relation *rel;              /* SCAN, VIEW_INPUT */
    int32_t *scan_cols;         /* SCAN: columns of rel, one per field */
    BExpr *pred;                /* FILTER, SCAN */
    BExpr **exprs;              /* PROJECT: one per field */
    BExpr ***rows;              /* VALUES: rows[i][col], constants */
    int32_t nrows;
    WindowSpec *window;         /* WINDOW, AGGREGATE (or NULL); its time_col is set when lowered */
    BExpr *time;                /* WINDOW, AGGREGATE: the window's time, NULL: none */
    BExpr **partition;          /* WINDOW: of a session */
    int32_t npartition;
    BExpr **keys;               /* AGGREGATE */
    int32_t nkeys;
    LAgg *aggs;
    int32_t naggs;
    GroupSet *sets;             /* AGGREGATE: GROUPING SETS; nsets 0: all keys together. Keys that a
                                   set leaves out are NULL; the last column is its left_out */
    int32_t nsets;
    bool is_global, emit_final;
    LJoin *join;                /* JOIN */
    LOrder *order;              /* OVER, TOPN: the whole order, the identity of rows at its end */
    int32_t norder, npeer;      /* npeer: columns of the order that the text has */
    LOver *overs;               /* OVER */
    int32_t novers;
    TopRank rank;               /* TOPN: see RankSpec */
    int64_t limit, offset;
    bool shows_rank;
    SetKind set;                /* SETOP */
    bool set_all;
    BExpr *unnest;              /* UNNEST */
    bool unnest_outer, unnest_ordinality;
    ContendSpec *contend;       /* CONTEND */
    Str what;                   /* AGGREGATE: as messages call it: "GROUP BY auction", "DISTINCT" */
};

/* ---- making nodes: each is complete, properties included ------------------------------------ */
LNode *lnode_scan(Arena *a, Relation *rel, const int32_t *cols, int32_t ncols, Span at);
LNode *lnode_view_input(Arena *a, Relation *rel, Span at);
LNode *lnode_values(Arena *a, BExpr ***rows, int32_t nrows, Field *fields, int32_t nfields,
                    Span at);
LNode *lnode_filter(Arena *a, LNode *input, BExpr *pred, Span at);
LNode *lnode_project(Arena *a, LNode *input, BExpr **exprs, const Field *fields, int32_t n,
                     Span at);
/* `emit_final`: the rows of a session come when it has closed; other windows come with their rows. */
LNode *lnode_window(Arena *a, LNode *input, WindowSpec *w, BExpr *time, BExpr **partition,
                    int32_t npartition, bool emit_final, Span at);
/* SESSION as a table function: it keeps rows. */
static inline bool is_session_rows(const LNode *n)
{
    return n->kind == L_WINDOW && n->window->def->shape == WINDOW_SHAPE_SESSION;
}
LNode *lnode_union(Arena *a, LNode **inputs, int32_t n, Span at);
/* From a node whose input, keys, window, time, aggs, is_global, emit_final, what are set. */
LNode *lnode_aggregate(Arena *a, const LNode *parts, Span at);
/* planner/node_join.c. `on` is over the left, then the right columns; NULL: TRUE. Keys, time bounds
 * and windows are found in it; conjuncts about one side become filters below it where that is the
 * same, so an input may be another node than the one given, of the same columns. */
LNode *lnode_join(Arena *a, JoinKind kind, LNode *left, LNode *right, BExpr *on, Span at);
/* The same from kind, wanted, on, as_of, emit_final. */
LNode *lnode_join_of(Arena *a, const LJoin *parts, LNode *left, LNode *right, Span at);
/* A copy of a join over inputs of other columns; `on` is over those. */
LNode *lnode_join_with_on(Arena *a, const LNode *n, BExpr *on, LNode *left, LNode *right);
/* The rows of n that fulfil `pred`. Over joins, conjuncts become part of the condition or go below
 * where that is the same; those that may fail don't pass a join. */
LNode *lnode_where(Arena *a, LNode *n, BExpr *pred, Span at);
/* The same for rewrites: no join becomes one of another match by it. */
LNode *lnode_where_judged(Arena *a, LNode *n, BExpr *pred, Span at);
/* planner/node_rank.c. From a node whose input, keys, order, norder, npeer and overs (OVER) or rank,
 * limit, offset, shows_rank (TOPN), emit_final, what are set. */
LNode *lnode_over(Arena *a, const LNode *parts, Span at);
LNode *lnode_topn(Arena *a, const LNode *parts, Span at);
/* planner/node_setop.c. Two relations of the same types. */
LNode *lnode_setop(Arena *a, SetKind set, bool all, bool emit_final, LNode *left, LNode *right, Span at);
/* planner/node_unnest.c. `list` is over the input's columns. */
LNode *lnode_unnest(Arena *a, LNode *input, BExpr *list, Type element, bool outer, bool ordinality, Span at);
LNode *lnode_contend(Arena *a, LNode *input, ContendSpec *contend, Span at);
/* The joins that were made without being asked are under EMIT FINAL too. */
LNode *lnode_final(Arena *a, LNode *n);
/* A copy of n with other inputs (of the same columns), properties computed anew. */
LNode *lnode_with_inputs(Arena *a, const LNode *n, LNode **inputs);

/* Number of window columns in the output of an aggregate: 0, 2, or 3 with window_no. */
int32_t window_column_count(const WindowSpec *w);
/* The type of window_start and window_end. */
Type window_bound_type(const LNode *n);
/* planner/node_identity.c. Columns that say which row is which, in the relation's total order:
 * positions where they are shown as columns, the key, else all. */
int32_t lnode_identity(const LNode *n, Arena *a, int32_t **cols);
/* The rows of n with more columns behind its own where positions must be shown for that. */
LNode *lnode_identified(struct Planner *p, LNode *n);
/* The first `ncols` columns of n and `count` of them from `at` on: n itself where that is all. */
LNode *lnode_narrowed(Arena *a, LNode *n, int32_t ncols, int32_t at, int32_t count);
#define ROW_POSITION "row_position" /* the function that shows a row's position */

/* planner/properties.c: fills n->props and its companions from its inputs. */
void lnode_props(Arena *a, LNode *n);
/* planner/check.c: what a standing query may not be: EMIT FINAL over operators that never finish,
 * operators that cannot take rows back over inputs that do; under strict: state without a bound. */
Status lnode_check(Diags *d, const LNode *root, bool emit_final);
Status check_bound(Diags *d, Str bound, Span at);
/* planner/physical.c: keys, arguments and orders of stateful nodes become columns of their inputs. */
LNode *lnode_settle(Arena *a, LNode *n);
/* The plan that exec runs, without its root. */
Status lnode_lower(Arena *a, LNode *root, Diags *d, PhysPlan **out);

/* planner/state_ttl.c: state that goes when nothing has touched it for long enough, as view `rel` (or
 * NULL) or the sources say; sets state_ttl_us, ttl_by_clock and the bounds of state. */
void state_ttl_apply(PhysPlan *plan, const Relation *rel, Arena *a);
/* Whether rows may come anew without the old ones having gone: here or in a view that is read. */
bool state_ttl_forgets(const PhysPlan *plan);

#endif
