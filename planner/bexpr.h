/* bexpr.h: bound expressions: every name resolved, every cast explicit, every type known. */
#ifndef WEIR_PLANNER_BEXPR_H
#define WEIR_PLANNER_BEXPR_H

#include "base/catalog.h"

typedef enum BExprKind {
    BE_CONST,    /* value */
    BE_COLUMN,   /* col: index into the input's columns */
    BE_CALL,     /* func(args): operators too ("+", "=", "like", "not", "is_null") */
    BE_CAST,     /* args[0] to `type`; is_try: NULL instead of an error */
    BE_AND,      /* n-ary, three-valued, errors by semantics.md §7 */
    BE_OR,
    BE_CASE,     /* args: when1, then1, …, [else]; only the branch taken is evaluated */
    BE_COALESCE, /* first non-NULL, later arguments only where needed */
    BE_IN,       /* args[0] among args[1..] (all of one type); NULL by SQL's rule */
    /* While binding only; planner/attach.c makes joins of them: */
    BE_OUTER,    /* col: parameter of the subquery that it stands in */
    BE_SUBQUERY  /* sub; args: its operands, then its parameters, over the rows around it */
} BExprKind;

typedef struct BExpr BExpr;
struct Subquery; /* planner/subquery.h */
struct BExpr {
    BExprKind kind;
    Type type;
    Span span;
    bool can_fail;      /* some value may give an error (this node or below) */
    bool is_volatile;
    bool is_try;        /* BE_CAST */
    int32_t col;        /* BE_COLUMN, BE_OUTER */
    Value value;        /* BE_CONST */
    const FuncDef *func; /* BE_CALL */
    const struct Subquery *sub; /* BE_SUBQUERY */
    BExpr **args;
    int32_t nargs;
};

/* Structural equality (spans ignored). Volatile calls are never equal. */
bool bexpr_eq(const BExpr *a, const BExpr *b);
/* Whether it has more than `most` nodes, those that are used twice counted twice. */
bool bexpr_is_larger(const BExpr *e, int64_t most);
/* SQL of an expression over columns called `names`. */
void bexpr_print(StrBuf *b, const BExpr *e, const Str *names);
/* Sets used[i] for every column i that e reads. */
void bexpr_columns(const BExpr *e, bool *used);

/* ---- making them: types are already right; can_fail and is_volatile follow from the parts --- */
BExpr *bexpr_const(Arena *a, Value v, Span at);
BExpr *bexpr_column(Arena *a, int32_t col, Type t, Span at);
BExpr *bexpr_call(Arena *a, const FuncDef *f, Type t, BExpr **args, int32_t nargs, Span at);
BExpr *bexpr_cast(Arena *a, BExpr *e, Type t, bool is_try, Span at);
BExpr *bexpr_outer(Arena *a, int32_t param, Type t, Span at);
BExpr *bexpr_subquery(Arena *a, const struct Subquery *sub, Type t, BExpr **args, int32_t nargs,
                      Span at);
/* BE_AND, BE_OR, BE_CASE, BE_COALESCE, BE_IN of a type. */
BExpr *bexpr_form(Arena *a, BExprKind k, Type t, BExpr **args, int32_t nargs, Span at);
/* a AND b, flattened; NULL stands for TRUE. */
BExpr *bexpr_and(Arena *a, BExpr *x, BExpr *y);
/* A copy of e with other arguments. */
BExpr *bexpr_with_args(Arena *a, const BExpr *e, BExpr **args);

/* What a column becomes: `e` is a BE_COLUMN. */
typedef BExpr *(*BExprColumnMap)(void *arg, const BExpr *e);
/* A copy of e in which every column went through `map`; subtrees without columns are shared. */
BExpr *bexpr_map(Arena *a, BExpr *e, BExprColumnMap map, void *arg);
/* The same for parameters: `e` is a BE_OUTER. */
BExpr *bexpr_map_outer(Arena *a, BExpr *e, BExprColumnMap map, void *arg);
/* e over the outputs of a project becomes e over its input: column i is exprs[i]. */
BExpr *bexpr_substitute(Arena *a, BExpr *e, BExpr *const *exprs);
/* Column i becomes column to[i]. */
BExpr *bexpr_renumber(Arena *a, BExpr *e, const int32_t *to);

static inline bool bexpr_is_null(const BExpr *e) { return e->kind == BE_CONST && e->value.is_null; }
static inline bool bexpr_is_call(const BExpr *e, const char *name)
{
    return e->kind == BE_CALL && strcmp(e->func->name, name) == 0;
}

#endif
