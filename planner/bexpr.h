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
    BE_IN        /* args[0] among args[1..] (all of one type); NULL by SQL's rule */
} BExprKind;

typedef struct BExpr BExpr;
struct BExpr {
    BExprKind kind;
    Type type;
    Span span;
    bool can_fail;      /* some value may give an error (this node or below) */
    bool is_volatile;
    bool is_try;        /* BE_CAST */
    int32_t col;        /* BE_COLUMN */
    Value value;        /* BE_CONST */
    const FuncDef *func; /* BE_CALL */
    BExpr **args;
    int32_t nargs;
};

/* Structural equality (spans ignored). Volatile calls are never equal. */
bool bexpr_eq(const BExpr *a, const BExpr *b);
/* SQL of an expression over columns called `names`. */
void bexpr_print(StrBuf *b, const BExpr *e, const Str *names);
/* Sets used[i] for every column i that e reads. */
void bexpr_columns(const BExpr *e, bool *used);

#endif
