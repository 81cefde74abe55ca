/* compare.c: the six comparisons of every type. */
#include "exec/kernel/kernel.h"
#include "exec/kernel/target.h"

#define KERNEL_CLONES KERNEL_CLONES_ALL
#define EQ(x, y) ((x) == (y))
#define NE(x, y) ((x) != (y))
#define LT(x, y) ((x) < (y))
#define LE(x, y) ((x) <= (y))
#define GT(x, y) ((x) > (y))
#define GE(x, y) ((x) >= (y))

/* Text has no operators; equality is tested apart from order because it ends sooner. */
#define TEXT_EQ(x, y) text_eq(&(x), &(y))
#define TEXT_NE(x, y) (!text_eq(&(x), &(y)))
#define TEXT_LT(x, y) (text_cmp(&(x), &(y)) < 0)
#define TEXT_LE(x, y) (text_cmp(&(x), &(y)) <= 0)
#define TEXT_GT(x, y) (text_cmp(&(x), &(y)) > 0)
#define TEXT_GE(x, y) (text_cmp(&(x), &(y)) >= 0)

#define SPAN_EQ(x, y) (interval_span(x) == interval_span(y))
#define SPAN_NE(x, y) (interval_span(x) != interval_span(y))
#define SPAN_LT(x, y) (interval_span(x) < interval_span(y))
#define SPAN_LE(x, y) (interval_span(x) <= interval_span(y))
#define SPAN_GT(x, y) (interval_span(x) > interval_span(y))
#define SPAN_GE(x, y) (interval_span(x) >= interval_span(y))

#define K_IN uint8_t
#define K_TYPE u8
#include "exec/kernel/compare_tmpl.h"
#define K_IN int32_t
#define K_TYPE i32
#include "exec/kernel/compare_tmpl.h"
#define K_IN int64_t
#define K_TYPE i64
#include "exec/kernel/compare_tmpl.h"
#define K_IN double
#define K_TYPE f64
#include "exec/kernel/compare_tmpl.h"
#define K_IN Int128
#define K_TYPE i128
#include "exec/kernel/compare_tmpl.h"

#undef EQ
#undef NE
#undef LT
#undef LE
#undef GT
#undef GE
#define EQ TEXT_EQ
#define NE TEXT_NE
#define LT TEXT_LT
#define LE TEXT_LE
#define GT TEXT_GT
#define GE TEXT_GE
/* Nothing here to vectorise: one copy. */
#undef KERNEL_CLONES
#define KERNEL_CLONES
#define K_IN Text
#define K_TYPE text
#include "exec/kernel/compare_tmpl.h"

#undef EQ
#undef NE
#undef LT
#undef LE
#undef GT
#undef GE
#define EQ SPAN_EQ
#define NE SPAN_NE
#define LT SPAN_LT
#define LE SPAN_LE
#define GT SPAN_GT
#define GE SPAN_GE
#define K_IN Interval
#define K_TYPE span
#include "exec/kernel/compare_tmpl.h"

#define ROW(t) \
    { \
        eq_##t, ne_##t, lt_##t, le_##t, gt_##t, ge_##t \
    }
static const CompareKernel KERNELS[TYPE_COUNT][CMP_COUNT] = {
    [TYPE_NULL] = ROW(u8),    [TYPE_BOOLEAN] = ROW(u8),    [TYPE_BIGINT] = ROW(i64),
    [TYPE_DOUBLE] = ROW(f64), [TYPE_DECIMAL] = ROW(i128),  [TYPE_TEXT] = ROW(text),
    [TYPE_BLOB] = ROW(text),  [TYPE_TIMESTAMP] = ROW(i64), [TYPE_DATE] = ROW(i32),
    [TYPE_TIME] = ROW(i64),   [TYPE_INTERVAL] = ROW(span), [TYPE_JSON] = ROW(text),
    [TYPE_ARRAY] = ROW(text), [TYPE_ROW] = ROW(text),      [TYPE_MAP] = ROW(text),
};

CompareKernel kernel_compare(TypeKind kind, CompareOp op)
{
    return KERNELS[kind][op];
}

/* ---- IN -------------------------------------------------------------------------------------- */

KERNEL_CLONES_ALL void kernel_in_i64(const int64_t *restrict a, const int64_t *restrict items,
                                     int nitems, uint8_t *restrict found,
                                     const uint16_t *restrict sel, int n)
{
    if (sel) {
        for (int k = 0; k < n; k++) {
            uint8_t hit = 0;
            for (int j = 0; j < nitems; j++) hit |= a[sel[k]] == items[j];
            found[sel[k]] = hit;
        }
        return;
    }
    memset(found, 0, (size_t)n);
    for (int j = 0; j < nitems; j++) {
        const int64_t item = items[j];
        for (int i = 0; i < n; i++) found[i] |= a[i] == item;
    }
}

/* ---- bounds ---------------------------------------------------------------------------------- */

KERNEL_CLONES_ALL void kernel_bounds_i64(const int64_t *restrict a, int n, int64_t *restrict least,
                                         int64_t *restrict greatest)
{
    int64_t lo = a[0], hi = a[0];
    for (int i = 1; i < n; i++) {
        lo = a[i] < lo ? a[i] : lo;
        hi = a[i] > hi ? a[i] : hi;
    }
    *least = lo;
    *greatest = hi;
}

enum { NEXT_BLOCK = 32 };

KERNEL_CLONES_ALL int kernel_next_at_least_i64(const int64_t *a, int from, int n, int64_t bar)
{
    for (; from + NEXT_BLOCK <= n; from += NEXT_BLOCK) {
        int64_t below = 1;
        for (int i = 0; i < NEXT_BLOCK; i++) below &= a[from + i] < bar;
        if (!below) break;
    }
    while (from < n && a[from] < bar) from++;
    return from;
}
