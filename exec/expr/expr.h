/* expr.h: runs bound expressions over batches.
 *
 * A program is a flat list of steps over registers, each register a Column; equal subexpressions
 * are computed once across all roots. CASE, AND, OR, COALESCE evaluate only the rows that need
 * it. Values that cannot be computed are marked in Column.err (see base/batch.h). */
#ifndef WEIR_EXEC_EXPR_H
#define WEIR_EXEC_EXPR_H

#include "base/batch.h"
#include "base/env.h"
#include "planner/bexpr.h"

/* What an evaluation may depend on besides its input. */
typedef struct EvalEnv {
    int64_t now_us;       /* one value per epoch */
    int64_t watermark_us; /* data watermark of the query, INT64_MIN: none */
    uint64_t seed;
    int64_t regex_match_limit;
    Str time_zone; /* default zone for local-time functions, "" = UTC */
    bool faults;   /* above a stateful operator: errors give NULL plus a mark, and
                      marks of the input are NULLs, not errors */
} EvalEnv;

typedef struct ExprProgram ExprProgram;

/* Compiles `n` roots that read the columns of one input. Lives in `a`. Constant subexpressions
 * are folded (an error in one is kept as an error value: it is raised per row). */
Status expr_compile(const BExpr *const *roots, int n, Arena *a, ExprProgram **out, Diags *d);

/* Evaluates root i into out[i], for the selected rows of b only; other rows hold anything. Results
 * live in `scratch` or are columns of b. */
void expr_eval(const ExprProgram *p, const Batch *b, const EvalEnv *env, Arena *scratch,
               Column *out);

/* Narrows b's selection to the rows where root 0 (BOOLEAN) is true, into sel (room for
 * BATCH_ROWS_MAX). Returns how many. Rows whose predicate is in error are dropped and, if `errors`
 * is given, marked in it with their error. */
int expr_filter(const ExprProgram *p, const Batch *b, const EvalEnv *env, Arena *scratch,
                uint16_t *sel, ErrMask **errors);

/* One value, for constants: options, defaults, INSERT … VALUES. The expression reads no column. */
Status expr_constant(const BExpr *e, const EvalEnv *env, Arena *a, Value *out, Diags *d);

/* What a FuncDef.impl points to: exactly one of the two is set. */
typedef struct EvalCtx {
    const EvalEnv *env;
    Arena *arena;        /* results and scratch of this evaluation */
    const Batch *batch;  /* positions for random(), uuid() */
    const uint16_t *sel; /* rows to compute; NULL: all */
    int n;               /* number of them */
    int rows;            /* rows that columns have: 1 where all arguments are constant */
    const BExpr *call;   /* the call itself: types, constants */
    void *prepared;      /* what FuncImpl.prepare made, or NULL */
} EvalCtx;

/* The rows for a kernel that neither fails nor traps: all of them where most are wanted anyway,
 * since a plain loop is several times faster than one by selection. */
typedef struct KernelRows {
    const uint16_t *sel;
    int n;
} KernelRows;
static inline KernelRows kernel_rows(const EvalCtx *c)
{
    if (!c->sel || c->n > c->rows / 4) return (KernelRows){NULL, c->rows};
    return (KernelRows){c->sel, c->n};
}

typedef struct FuncImpl {
    /* Vectorised: fills out->data for the rows wanted. NULLs and marks of arguments are already
     * merged into out->valid and out->err (unless FUNC_NULL_CALL); rows that are NULL or marked
     * hold defined bytes and may be computed or skipped. More NULLs: column_set_null. Errors:
     * column_set_err. */
    void (*columns)(EvalCtx *c, const Column *args, int nargs, Column *out);
    /* Row by row, for functions where a call is dear anyway. out->type is set; fill its value
     * (text in c->arena), set is_null, or return an error code and *message. */
    Status (*row)(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message);
    /* Once per compiled call: e.g. compiles a constant pattern. Optional. */
    Status (*prepare)(const BExpr *call, Arena *a, void **out, Diags *d);
} FuncImpl;

#endif
