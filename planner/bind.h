/* bind.h: the binder: from what was written to what it means.
 *
 * A Binder lives for one statement. An ExprContext says what an expression at its place may see
 * and use. Binding goes on after an error wherever the rest can still be judged, so that all
 * errors of a select list are reported; what could not be bound is left out. */
#ifndef WEIR_PLANNER_BIND_H
#define WEIR_PLANNER_BIND_H

#include "planner/scope.h"

typedef struct CteScope CteScope;
typedef struct OuterFrame OuterFrame;

enum { BIND_DEPTH_MAX = 64, BIND_NODES_MAX = 10000, EXPR_DEPTH_MAX = 1000,
       EXPR_NODES_MAX = 200000 };

/* Columns that stand for what is not computed yet, numbered from here: window columns, aggregates,
 * OVER. They become columns of a node when the node is made. */
enum { COL_WINDOW = 1 << 28, COL_GROUPING = 3 << 27, COL_AGG = 1 << 29, COL_OVER = 1 << 30 };

typedef struct Binder {
    Planner *p;
    const CteScope *ctes;    /* innermost first */
    bool is_standing;        /* runs for ever: no now(), no ORDER BY */
    bool emit_final;
    bool shows_rank;         /* a Top-N at the top leaves its rank as the last column: */
    bool has_rank;           /* it did */
    bool counts_output;      /* LIMIT without order at the top is the caller's */
    bool in_view;            /* inside the text of a view: errors are shown where it is named */
    Span view_span;
    const TableRef *as_of;   /* the right side of the join in work: it may stand FOR SYSTEM_TIME AS OF */
    OuterFrame *frame;       /* of the subquery that is being bound; NULL: none */
    int32_t depth, nodes, expr_depth;
    VEC(int64_t) depends;
} Binder;

typedef struct Grouping Grouping;
typedef struct OverCalls OverCalls;

/* One output column of a SELECT: an expression, or a column that * stands for. */
typedef struct OutputItem {
    const Expr *expr; /* NULL: `column` */
    const ScopeColumn *column;
    Str name;
    bool is_named;    /* by AS or by being a column */
    Span span;
} OutputItem;
typedef struct OutputList {
    OutputItem *items;
    int32_t n;
} OutputList;

typedef struct ExprContext {
    const Scope *scope;
    const Props *props;        /* of the relation the scope shows; NULL: constants only */
    Grouping *grouping;        /* aggregates and window columns are allowed here; else NULL */
    OverCalls *overs;          /* OVER is allowed here; else NULL */
    const OutputList *aliases; /* names that count where no column has them; else NULL */
    const char *clause;        /* "WHERE", for messages */
    bool in_aggregate;
} ExprContext;

/* A subquery of an expression, or LATERAL, while it is bound. */
struct OuterFrame {
    const ExprContext *context; /* where it stands */
    OuterFrame *outer;
    int32_t hidden;             /* > 0: a common table is being bound that does not see it */
    VEC(BExpr *) params;        /* what it reads of the rows around it, in their terms */
};

/* ---- bind_expr.c ---------------------------------------------------------------------------- */
Status bind_expr(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);
/* All of list, going on after errors; returns the first of them. */
Status bind_list(Binder *b, const ExprContext *c, const Expr *const *list, int n, BExpr **out);
Status bind_condition(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);
/* A call of an operator or internal function by name on bound arguments. */
Status bind_operator(Binder *b, const char *name, BExpr **args, int nargs, Span at, BExpr **out);
Status bind_column_parts(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);
/* Whether the name e means something in this context (be it ambiguous). */
bool context_has(const ExprContext *c, const Expr *e);
/* Where errors about this place are shown: the place itself, or the view that holds it. */
Span bind_at(const Binder *b, Span at);
Status bind_unsupported(Binder *b, Span at, const char *what) MUST_USE;
/* random() and its like, where rows are not those of a stream. */
Status bind_no_row(Binder *b, Span at, Str what) MUST_USE;

/* ---- bind_literal.c ------------------------------------------------------------------------- */
Status bind_literal(Binder *b, const Expr *e, bool negative, BExpr **out);
bool is_number_literal(const Expr *e);

/* ---- bind_nested.c -------------------------------------------------------------------------- */
Status bind_array(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);
Status bind_row_value(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);
Status bind_map(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);
/* (a, b) = (c, d) and its kind. */
bool is_row_comparison(const Expr *e);
Status bind_row_comparison(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);

/* ---- bind_subquery.c ------------------------------------------------------------------------ */
Status bind_scalar_subquery(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);
Status bind_exists(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);
Status bind_in_query(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);
Status bind_quantified(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);
/* A name that no relation of this query has, in the queries around it. *out NULL: not there either. */
Status bind_outer_column(Binder *b, const Expr *e, BExpr **out);
/* The call e whose bound form is agg: *out is its value in the query around where it belongs there,
 * and its arguments are no parameters: there were nparams before them. */
Status bind_outer_aggregate(Binder *b, const Expr *e, const LAgg *agg, ptrdiff_t nparams, BExpr **out);
/* A query that sees the names of c: columns of c's relation are parameters in it. */
Status bind_correlated(Binder *b, const ExprContext *c, const Select *q, LNode **plan, BExpr ***params,
                       int32_t *nparams);
/* by 1: frames inside of `seen` do not exist; by -1: they do again. */
void frames_hide(Binder *b, const OuterFrame *seen, int by);

/* ---- bind_call.c ---------------------------------------------------------------------------- */
Status bind_call(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);

/* ---- bind_window.c: all five spellings of a window ------------------------------------------ */
typedef struct BoundWindow {
    WindowSpec *spec;
    BExpr *time;      /* NULL: none */
    Span span;
} BoundWindow;
/* WINDOW TUMBLING (…) over the relation of c. */
Status bind_window_clause(Binder *b, const ExprContext *c, const WindowClause *w, BoundWindow *out);
/* TUMBLE(ts, INTERVAL …) in GROUP BY. */
bool is_group_window(const Binder *b, const Expr *e);
Status bind_group_window(Binder *b, const ExprContext *c, const Expr *e, BoundWindow *out);
/* TUMBLE_START(…): which window column is meant. */
typedef enum WindowColumn {
    WINCOL_NO,
    WINCOL_START,
    WINCOL_END,
    WINCOL_TIME,
    WINCOL_NONE
} WindowColumn;
WindowColumn window_accessor(const Binder *b, const Expr *e, const WindowDef **def);
/* TABLE(TUMBLE(TABLE bid, …)), TUMBLE(bid, ts, …). */
bool is_table_window(const Binder *b, const TableRef *t);
Status bind_table_window(Binder *b, const TableRef *t, LNode **out, Scope *scope);
bool window_same(const BoundWindow *a, const BoundWindow *b);

/* ---- bind_group.c: GROUP BY and aggregates -------------------------------------------------- */
Grouping *grouping_new(Binder *b, LNode *input, const Scope *scope);
Status grouping_set_window(Grouping *g, const BoundWindow *w);
/* The elements of GROUP BY; `items` for ordinals and aliases. */
Status grouping_add_keys(Grouping *g, const ExprContext *c, const GroupList *list,
                         const OutputList *items);
/* Adds a call of an aggregate; *out stands for its result until grouping_finish. */
Status grouping_add_agg(Grouping *g, const LAgg *agg, BExpr **out);
/* window_start and its like; WEIR_E_NAME where this window has no such column. */
Status grouping_window_column(Grouping *g, WindowColumn which, Span at, BExpr **out);
Status grouping_accessor(Grouping *g, const ExprContext *c, const Expr *e, BExpr **out);
bool grouping_has_window(const Grouping *g);
LNode *grouping_input(const Grouping *g);
/* The same, with columns behind its own by which its rows are ordered where they have no position. */
LNode *grouping_identified(Grouping *g);
bool grouping_is_needed(const Grouping *g, const Select *s);
/* The aggregate itself. */
Status grouping_node(Grouping *g, Span at, LNode **out);
/* An expression bound inside the grouping becomes one over grouping_node's columns;
 * WEIR_E_GROUP for what is neither grouped nor aggregated. */
Status grouping_finish(Grouping *g, BExpr *e, BExpr **out);
/* GROUPING (a, b): a bit for each argument that the row's grouping set leaves out. */
bool is_grouping_call(const Binder *b, const Expr *e);
Status grouping_call(Grouping *g, const ExprContext *c, const Expr *e, BExpr **out);
/* The bit of a key, which is added if it is new. */
Status grouping_key_mask(Grouping *g, const ExprContext *c, const Expr *e, const OutputList *items,
                         uint64_t *out);
/* DISTINCT: an aggregate over all columns of n. */
LNode *bind_distinct(Binder *b, LNode *n, Span at);

/* ---- bind_sets.c: GROUPING SETS, ROLLUP, CUBE ----------------------------------------------- */
enum { GROUPING_SETS_MAX = 256, GROUPING_KEYS_MAX = 64 };
typedef VEC(uint64_t) GroupSets; /* masks over the keys */
/* Multiplies *sets (none: the empty set) by those of one more element of GROUP BY. */
Status bind_grouping_sets(Binder *b, Grouping *g, const ExprContext *c, const GroupItem *item,
                          const OutputList *items, GroupSets *sets);

/* ---- bind_agg.c ----------------------------------------------------------------------------- */
Status bind_aggregate_call(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);

/* Function, arguments and FILTER of an aggregate that is called with OVER. */
Status bind_over_aggregate(Binder *b, const ExprContext *c, const Expr *e, LAgg *out);
/* name(args) FILTER (WHERE …) over the columns of `in`, with `written` columns of its order. */
Str agg_text(Binder *b, const LNode *in, const LAgg *agg, int written);

/* ---- bind_over.c: calls with OVER (…) ------------------------------------------------------- */
/* The calls of one SELECT; `windows` are its named ones. */
OverCalls *overs_new(Binder *b, const NamedWindowList *windows);
/* Named windows are judged whether or not a call names them. */
Status overs_check(OverCalls *o, const ExprContext *c);
/* The call's result is a column from COL_OVER on until overs_column. */
Status bind_over_call(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);
/* row_number and its kind, which are nothing without OVER; the list ends with name NULL. */
typedef struct OverDef {
    const char *name;
    OverFunc func;
    int min_args, max_args;
    bool reads_frame;
    const char *args, *result; /* patterns as in base/def.h */
    const char *doc;
} OverDef;
extern const OverDef OVER_FUNCTIONS[];
bool is_over_function(Str name);
/* What the calls read becomes columns of the aggregate. */
Status overs_group(OverCalls *o, Grouping *g);
/* Joins what subqueries inside the calls give to *in. */
Status overs_attach(OverCalls *o, LNode **in);
/* The nodes of all calls over `in`, one for each different partition and order. */
LNode *overs_node(OverCalls *o, LNode *in);
/* An expression bound beside the calls becomes one over overs_node's columns. */
BExpr *overs_column(OverCalls *o, BExpr *e);

/* ---- bind_frame.c --------------------------------------------------------------------------- */
extern const OverFrame DEFAULT_FRAME;
/* The frame over rows ordered by order[0..norder); f NULL: not written. */
Status bind_frame(Binder *b, const FrameSpec *f, const LOrder *order, int32_t norder,
                  OverFrame *out);

/* ---- bind_order.c: ORDER BY, LIMIT, DISTINCT ON --------------------------------------------- */
/* What ORDER BY, LIMIT, OFFSET and WITH TIES keep of a query. */
typedef struct RowLimit {
    bool any;          /* something is to be kept from something */
    int64_t limit, offset; /* limit -1: no end */
    bool with_ties, shows_rank;
    Span span;
} RowLimit;
Status bind_row_limit(Binder *b, const Select *s, bool is_top, RowLimit *out);
/* A constant of type t, computed now; `clause` for messages. */
Status bind_constant_value(Binder *b, const char *clause, const Expr *e, Type t, Value *out);
/* Appends to order[0..*n) what is not constant and not in it yet. */
void order_add(LOrder *order, int32_t *n, BExpr *e, bool descending, bool nulls_first);
/* `order` (norder columns of the text), then what tells the rows of `in` apart. */
LOrder *order_whole(Binder *b, const LNode *in, const LOrder *order, int32_t norder, int32_t *n);
/* ORDER BY over bound items: names and numbers of items first, then what c sees. */
Status bind_order_list(Binder *b, const ExprContext *c, const OrderList *list,
                       const OutputList *items, BExpr *const *exprs, LOrder **out, int32_t *n);
/* The rows of `in` that `l` keeps; the rank is its last column where it is shown. */
/* The rows of n, whose columns are `shown`, are meant in this order (LNode.sorted). */
void lnode_sort(Arena *a, LNode *n, BExpr *const *shown, const LOrder *order, int32_t norder);
LNode *bind_row_top(Binder *b, LNode *in, const RowLimit *l, const LOrder *order, int32_t norder);
/* The same by columns of `in`, for queries that are not a SELECT … FROM. */
Status bind_output_top(Binder *b, const Select *s, const RowLimit *l, LNode *in, LNode **out);
/* DISTINCT ON (keys): the first row of each key. */
Status bind_first_rows(Binder *b, LNode *in, BExpr **keys, int32_t nkeys, const LOrder *order,
                       int32_t norder, Span at, LNode **out);

/* ---- bind_from.c ---------------------------------------------------------------------------- */
struct CteScope {
    const CommonTable *table;
    const CteScope *outer;  /* what its own query sees, and who asks further */
    const OuterFrame *frame; /* of the subquery that WITH stands in */
    LNode **bound;          /* its relation, once it is bound: all who name it share it */
};
Status bind_from(Binder *b, const TableRef *t, LNode **out, Scope *scope);
/* A table FOR SYSTEM_TIME AS OF an event time: its columns, then (hidden) whether the row ends. */
Status bind_versions(Binder *b, const TableRef *t, LNode **out, Scope *scope);
/* One row of nothing, for what reads no relation. */
LNode *bind_one_row(Binder *b, Span at);

/* ---- bind_unnest.c ------------------------------------------------------------------------------ */
/* UNNEST, json_each, generate_series in FROM. */
bool is_list_function(const TableRef *t);
/* Sees the relations to its left. */
bool is_lateral(const TableRef *t);
Status bind_list_function(Binder *b, const TableRef *t, LNode **out, Scope *scope);
/* A join whose right side is lateral. */
Status bind_lateral_join(Binder *b, const TableRef *t, LNode **out, Scope *scope);
/* unnest(x) as an item of the select list: x, and then its elements; those of several go side by side. */
bool is_unnest_call(const Expr *e);
Status bind_unnest_item(Binder *b, const ExprContext *c, const Expr *e, BExpr **list);
Status unnest_items(Binder *b, LNode **in, BExpr **lists, int32_t n, BExpr **elements);

/* ---- bind_join.c ---------------------------------------------------------------------------- */
Status bind_join(Binder *b, const TableRef *t, LNode **out, Scope *scope);
/* `pairs`: left, then right columns, what an inner join gives. With the rows that an outer one of that kind
 * keeps beside them. */
Status bind_outer_rows(Binder *b, JoinKind kind, LNode *left, LNode *right, LNode *pairs, Span at, LNode **out);
/* USING and NATURAL with LATERAL: `on` over left, then the plan's columns; later the scope of those. */
typedef struct UsingColumns {
    struct Joining *joining;
    struct Merged *merged;
    BExpr *on;
} UsingColumns;
Status bind_lateral_using(Binder *b, const TableRef *t, JoinKind kind, LNode *left, LNode *plan, const Scope *l,
                          const Scope *r, UsingColumns *out);
void using_scope(const UsingColumns *u, LNode **n, Scope *scope);

/* ---- plan_select.c -------------------------------------------------------------------------- */
/* A query at any depth; its columns are the fields of *out. `is_top`: LIMIT is the caller's. */
Status bind_select(Binder *b, const Select *s, bool is_top, LNode **out);

/* ---- bind_core.c, bind_values.c, bind_set.c: the kinds of SELECT ---------------------------- */
Status bind_core(Binder *b, const Select *s, const RowLimit *l, LNode **out);
Status bind_values(Binder *b, const Select *s, LNode **out);
Status bind_set(Binder *b, const Select *s, LNode **out);

#endif
