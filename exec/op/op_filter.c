/* op_filter.c: WHERE and HAVING: narrows the selection. Rows whose condition cannot be computed
 * are withheld from the query below its first stateful operator; above it they are NULL. */
#include "exec/op/op.h"

typedef struct FilterOp {
    Op op;
    ExprProgram *pred;
} FilterOp;

static void report_errors(Op *op, const Batch *b, const ErrMask *errors)
{
    if (!errors) return;
    for (int i = 0; i < errors->n; i++)
        op_row_error(op, b, errors->list[i].row, errors->list[i].code, errors->list[i].message);
}

static void filter_push(Op *op, int port, const Batch *b)
{
    (void)port;
    FilterOp *f = (FilterOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    EvalEnv env = op->ctx->eval;
    env.faults = op->plan->props.above_state;
    uint16_t *sel = new_raw(scratch, uint16_t, BATCH_ROWS_MAX);
    ErrMask *errors = NULL;
    int n = expr_filter(f->pred, b, &env, scratch, sel, env.faults ? NULL : &errors);
    report_errors(op, b, errors);
    Batch out = *b;
    out.sel = sel;
    out.nsel = n;
    op_emit(op, &out);
}

static const OpClass filter_class = {.name = "filter", .push = filter_push};

Status op_filter_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    FilterOp *f = new_one(a, FilterOp);
    op_init(&f->op, &filter_class, p, c, a);
    TRY(expr_compile((const BExpr *const *)&p->pred, 1, a, &f->pred, d));
    *out = &f->op;
    return WEIR_OK;
}
