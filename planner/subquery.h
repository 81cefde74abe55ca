/* subquery.h: subqueries of expressions, on their way from text to joins.
 *
 * The binder makes a BE_SUBQUERY of each: a plan in which columns of the query around it are
 * parameters (BE_OUTER), and the values of those parameters as arguments. attach.c makes joins of
 * such expressions as soon as the relation under them is known; decorrelate.c frees their plans of
 * parameters. Nothing after the binder sees either kind. */
#ifndef WEIR_PLANNER_SUBQUERY_H
#define WEIR_PLANNER_SUBQUERY_H

#include "planner/logical.h"
#include "planner/planner.h"

typedef enum SubqueryKind {
    SUBQUERY_SCALAR, /* its one column of its one row, NULL where there is none */
    SUBQUERY_EXISTS, /* whether there is a row */
    SUBQUERY_ANY     /* whether `op` holds between the operands and some row; NULL by SQL's rule */
} SubqueryKind;

typedef struct Subquery {
    SubqueryKind kind;
    LNode *plan;
    int32_t noperands; /* ANY: one per column of the plan */
    const char *op;    /* ANY: "=" (IN), "<>", "<", "<=", ">", ">=" */
    Str text;          /* SQL */
} Subquery;

/* The same text in one query means the same. */
bool subquery_same(const Subquery *a, const Subquery *b);

/* ---- attach.c: subqueries become joins; emit_final as in the query around ---------------------- */
bool has_subquery(const BExpr *e);
/* (x1, x2) op (y1, y2): the first that differ decide. `call` makes an operator's call. */
typedef Status (*RowOperator)(void *arg, const char *op, BExpr *x, BExpr *y, Span at, BExpr **out);
Status rows_compare(Arena *a, RowOperator call, void *arg, const char *op, BExpr *const *x, BExpr *const *y, int32_t n,
                    Span at, BExpr **out);
/* Rows of `in` for which pred holds; columns as they were. */
Status attach_filter(Planner *p, bool emit_final, LNode *in, BExpr *pred, Span at, LNode **out);
/* Widens *node by what the subqueries in exprs[0..n) give, and makes the exprs read that. Columns
 * that were there keep their numbers. NULL exprs are skipped. */
Status attach_values(Planner *p, bool emit_final, LNode **node, BExpr **exprs, int32_t n);
/* `left` and, for each of its rows, the rows of a plan with parameters: left columns, then the
 * plan's. `on` is over both, NULL: TRUE. kind: INNER or LEFT. */
Status attach_lateral(Planner *p, bool emit_final, JoinKind kind, LNode *left, LNode *plan, BExpr **params,
                      BExpr *on, Span at, LNode **out);
/* What is left of subqueries and outer columns in a whole query is an error. */
Status attach_check(Planner *p, const LNode *root);

/* ---- decorrelate.c: plans without parameters -------------------------------------------------- */
/* A plan freed of its parameters: its columns, then keys. Under given parameters its rows are
 * those whose keys equal `outer`, which is over the parameters. */
typedef struct Keyed {
    LNode *node;
    int32_t ncols, nkeys;
    BExpr **outer;
    bool *null_safe;  /* per key: IS NOT DISTINCT FROM, else = */
    BExpr **nothing;  /* the plan has one row whatever the parameters: its columns, constants, where
                         `node` has none; else NULL */
} Keyed;

bool expr_is_correlated(const BExpr *e);
bool plan_is_correlated(const LNode *n);
/* `params` are over `around`, whose rows the plan is for. `first`: a relation that has (at least) the
 * same values in its columns, which are the first of around's. */
Status decorrelate(Planner *p, bool emit_final, LNode *plan, LNode *first, LNode *around, BExpr *const *params,
                   Keyed *out);
/* A call of an operator that the binder knows to fit. */
Status subquery_call(Planner *p, const char *name, BExpr *x, BExpr *y, Span at, BExpr **out);
LNode *subquery_join(Arena *a, bool emit_final, JoinKind kind, LNode *left, LNode *right, BExpr *on, Span at);
/* The distinct values of exprs over n. */
LNode *subquery_distinct(Arena *a, bool emit_final, LNode *n, BExpr *const *exprs, int32_t nexprs, Span at);

#endif
