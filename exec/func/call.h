/* call.h: what the bodies of functions share: going over rows, reading arguments, failing. */
#ifndef WEIR_EXEC_FUNC_CALL_H
#define WEIR_EXEC_FUNC_CALL_H

#include "exec/expr/expr.h"

/* for each row that is wanted; NULL ones may be among them. */
#define EACH_ROW(c, row) \
    for (int row##_k = 0, row; \
         row##_k < (c)->n && ((row = (c)->sel ? (c)->sel[row##_k] : row##_k), true); row##_k++)
/* Argument i of type T in a row. */
#define ARG(T, i, row) (((const T *)args[i].data)[args[i].is_const ? 0 : (row)])
#define ARG_STR(i, row) text_str(&((const Text *)args[i].data)[args[i].is_const ? 0 : (row)])

static inline void put_text(Column *out, int row, Str s)
{
    ((Text *)out->data)[row] = text_ref(s.p, s.n);
}
/* Marks the row; the message is made like printf's. */
void call_failed(EvalCtx *c, Column *out, int row, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* DOUBLE results that are NaN become NULL. */
void drop_nans(EvalCtx *c, Column *out);
/* The value of argument i where it is constant and not NULL, else NULL. */
const Value *constant_arg(const BExpr *call, int i);

/* ---- types for result_of --------------------------------------------------------------------- */

#define RESULT_OF(name) \
    static bool name(const Type *args, const Value *const *consts, int nargs, Type *out)
#define UNUSED_TYPES (void)args, (void)consts, (void)nargs

#endif
