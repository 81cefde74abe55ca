/* digits.c: DECIMALs: arithmetic in 128 bits where the types say that every result fits, so that no
 * row needs a check. */
#include "exec/kernel/kernel.h"
#include "exec/kernel/target.h"

#define KERNEL_CLONES KERNEL_CLONES_ALL

#define K_IN Int128
#define K_OUT Int128
#define K_NAME kernel_add_i128
#define K_EXPR(x, y) ((UInt128)(x) + (UInt128)(y))
#include "exec/kernel/binary_tmpl.h"
#define K_NAME kernel_sub_i128
#define K_EXPR(x, y) ((UInt128)(x) - (UInt128)(y))
#include "exec/kernel/binary_tmpl.h"
#define K_NAME kernel_mul_i128
#define K_EXPR(x, y) ((UInt128)(x) * (UInt128)(y))
#include "exec/kernel/binary_tmpl.h"

KERNEL_CLONES_ALL void kernel_widen_i64(const int64_t *restrict a, uint64_t unit, Int128 *restrict out,
                                        const uint16_t *restrict sel, int n)
{
    if (sel)
        for (int k = 0; k < n; k++) out[sel[k]] = (Int128)((UInt128)a[sel[k]] * unit);
    else if (unit == 1)
        for (int i = 0; i < n; i++) out[i] = a[i];
    else
        for (int i = 0; i < n; i++) out[i] = (Int128)((UInt128)a[i] * unit);
}
