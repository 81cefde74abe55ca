/* arith.c: arithmetic on whole columns.
 *
 * Integers compute with wrapping and gather the sign bits of what went wrong, so that the loop has
 * no branch; whether a row overflowed is known at its end. */
#include "exec/kernel/kernel.h"
#include "exec/kernel/target.h"

#include <math.h>

#define KERNEL_CLONES KERNEL_CLONES_ALL

#define K_NAME kernel_add_i64
#define K_WRAP(x, y) ((x) + (y))
#define K_OVER(x, y, z) (((x) ^ (z)) & ((y) ^ (z)))
#include "exec/kernel/checked_tmpl.h"

#define K_NAME kernel_sub_i64
#define K_WRAP(x, y) ((x) - (y))
#define K_OVER(x, y, z) (((x) ^ (y)) & ((x) ^ (z)))
#include "exec/kernel/checked_tmpl.h"

static inline int64_t mul_over(int64_t x, int64_t y)
{
    int64_t z;
    return -(int64_t)__builtin_mul_overflow(x, y, &z);
}
#define K_NAME kernel_mul_i64
#define K_WRAP(x, y) ((x) * (y))
#define K_OVER(x, y, z) mul_over(x, y)
#include "exec/kernel/checked_tmpl.h"

/* Division traps on two inputs; both are taken out without a branch. */
static inline int64_t safe_div(int64_t x, int64_t y)
{
    if (y == -1) return (int64_t)(0 - (uint64_t)x);
    return y == 0 ? 0 : x / y;
}
static inline int64_t safe_mod(int64_t x, int64_t y)
{
    return y == 0 || y == -1 ? 0 : x % y;
}

#define K_IN int64_t
#define K_OUT int64_t
#define K_NAME div_rows
#define K_EXPR(x, y) safe_div(x, y)
#define K_STATIC static
#undef KERNEL_CLONES
#define KERNEL_CLONES static
#include "exec/kernel/binary_tmpl.h"
#define K_NAME mod_rows
#define K_EXPR(x, y) safe_mod(x, y)
#include "exec/kernel/binary_tmpl.h"
#undef KERNEL_CLONES
#define KERNEL_CLONES KERNEL_CLONES_ALL

void kernel_div_i64(const int64_t *a, bool a_const, const int64_t *b, bool b_const, int64_t *out,
                    const uint16_t *sel, int n)
{
    if (b_const && !a_const && b[0] != 0)
        kernel_div_const(a, b[0], out, sel, n);
    else
        div_rows(a, a_const, b, b_const, out, sel, n);
}

void kernel_mod_i64(const int64_t *a, bool a_const, const int64_t *b, bool b_const, int64_t *out,
                    const uint16_t *sel, int n)
{
    if (b_const && !a_const && b[0] != 0)
        kernel_mod_const(a, b[0], out, sel, n);
    else
        mod_rows(a, a_const, b, b_const, out, sel, n);
}

#define K_NAME kernel_and_i64
#define K_EXPR(x, y) ((x) & (y))
#include "exec/kernel/binary_tmpl.h"
#define K_NAME kernel_or_i64
#define K_EXPR(x, y) ((x) | (y))
#include "exec/kernel/binary_tmpl.h"
#define K_NAME kernel_xor_i64
#define K_EXPR(x, y) ((x) ^ (y))
#include "exec/kernel/binary_tmpl.h"

#undef K_IN
#undef K_OUT
#define K_IN double
#define K_OUT double
#define K_NAME kernel_add_f64
#define K_EXPR(x, y) ((x) + (y))
#include "exec/kernel/binary_tmpl.h"
#define K_NAME kernel_sub_f64
#define K_EXPR(x, y) ((x) - (y))
#include "exec/kernel/binary_tmpl.h"
#define K_NAME kernel_mul_f64
#define K_EXPR(x, y) ((x) * (y))
#include "exec/kernel/binary_tmpl.h"
#define K_NAME kernel_div_f64
#define K_EXPR(x, y) ((y) == 0 ? 0.0 : (x) / (y))
#include "exec/kernel/binary_tmpl.h"

KERNEL_CLONES_ALL bool kernel_any_nan(const double *restrict a, const uint16_t *restrict sel, int n)
{
    int nans = 0;
    if (sel)
        for (int k = 0; k < n; k++) nans |= a[sel[k]] != a[sel[k]];
    else
        for (int i = 0; i < n; i++) nans |= a[i] != a[i];
    return nans;
}
