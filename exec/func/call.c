/* call.c: see call.h. */
#include "exec/func/call.h"
#include "exec/kernel/kernel.h"

void call_failed(EvalCtx *c, Column *out, int row, const char *fmt, ...)
{
    StrBuf b = {.arena = c->arena};
    va_list ap;
    va_start(ap, fmt);
    sb_vprintf(&b, fmt, ap);
    va_end(ap);
    column_set_err(out, c->arena, row, WEIR_E_VALUE, sb_done(&b));
}

void drop_nans(EvalCtx *c, Column *out)
{
    const double *v = out->data;
    if (!kernel_any_nan(v, c->sel, c->n)) return;
    EACH_ROW (c, row)
        if (v[row] != v[row]) column_set_null(out, c->arena, row);
}

const Value *constant_arg(const BExpr *call, int i)
{
    if (i >= call->nargs || call->args[i]->kind != BE_CONST || call->args[i]->value.is_null)
        return NULL;
    return &call->args[i]->value;
}
