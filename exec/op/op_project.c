/* op_project.c: the expressions of a SELECT list, and what keys and arguments are computed from.
 *
 * Errors of values travel on as marks: whether a row is withheld is decided where the value is
 * needed, at a filter, the first stateful operator or the output. */
#include "exec/op/op.h"

typedef struct ProjectOp {
    Op op;
    ExprProgram *program;
} ProjectOp;

static void project_push(Op *op, int port, const Batch *b)
{
    (void)port;
    ProjectOp *p = (ProjectOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    EvalEnv env = op->ctx->eval;
    env.faults = op->plan->props.above_state;
    Batch out = *b;
    out.ncols = op->plan->nfields;
    out.cols = new (scratch, Column, out.ncols);
    expr_eval(p->program, b, &env, scratch, out.cols);
    op_emit(op, &out);
}

static const OpClass project_class = {.name = "project", .push = project_push};

Status op_project_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    ProjectOp *op = new_one(a, ProjectOp);
    op_init(&op->op, &project_class, p, c, a);
    TRY(expr_compile((const BExpr *const *)p->exprs, p->nfields, a, &op->program, d));
    *out = &op->op;
    return WEIR_OK;
}
