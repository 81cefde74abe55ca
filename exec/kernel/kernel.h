/* kernel.h: the inner loops: small free functions on plain arrays.
 *
 * `sel` names the rows to compute, NULL: 0..n. A side with its `_const` flag set is one value.
 * Rows of NULLs hold zero bytes and may be computed; no kernel traps on any input. */
#ifndef WEIR_EXEC_KERNEL_H
#define WEIR_EXEC_KERNEL_H

#include "base/batch.h"

/* ---- compare.c: out[i] = 0 or 1 -------------------------------------------------------------- */

typedef enum CompareOp { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE, CMP_COUNT } CompareOp;
typedef void (*CompareKernel)(const void *a, bool a_const, const void *b, bool b_const,
                              uint8_t *out, const uint16_t *sel, int n);
/* For two columns of one kind; DECIMALs of one scale. Text compares by bytes, -0.0 equals 0.0,
 * intervals by interval_span. */
CompareKernel kernel_compare(TypeKind kind, CompareOp op);

/* The length of an interval in microseconds, months taken as 30 days and days as 24 hours. */
static inline Int128 interval_span(Interval iv)
{
    return ((Int128)iv.months * 30 + iv.days) * 86400000000 + iv.us;
}
static inline int text_cmp(const Text *a, const Text *b)
{
    uint32_t n = a->len < b->len ? a->len : b->len;
    int c = memcmp(a->prefix, b->prefix, n < 4 ? n : 4);
    if (c == 0 && n > 4) c = memcmp(text_p(a) + 4, text_p(b) + 4, n - 4);
    return c ? c : (a->len > b->len) - (a->len < b->len);
}

/* found[i] = whether a[i] is one of items[0..nitems). */
void kernel_in_i64(const int64_t *a, const int64_t *items, int nitems, uint8_t *found,
                   const uint16_t *sel, int n);

/* The least and the greatest of n > 0 values. */
void kernel_bounds_i64(const int64_t *a, int n, int64_t *least, int64_t *greatest);
/* The first of from..n that is not below the bar; n: none. */
int kernel_next_at_least_i64(const int64_t *a, int from, int n, int64_t bar);

/* ---- arith.c --------------------------------------------------------------------------------- */

/* 64-bit integers, wrapping; true: some row overflowed. */
typedef bool (*CheckedKernel)(const int64_t *a, bool a_const, const int64_t *b, bool b_const,
                              int64_t *out, const uint16_t *sel, int n);
bool kernel_add_i64(const int64_t *a, bool a_const, const int64_t *b, bool b_const, int64_t *out,
                    const uint16_t *sel, int n);
bool kernel_sub_i64(const int64_t *a, bool a_const, const int64_t *b, bool b_const, int64_t *out,
                    const uint16_t *sel, int n);
bool kernel_mul_i64(const int64_t *a, bool a_const, const int64_t *b, bool b_const, int64_t *out,
                    const uint16_t *sel, int n);

/* x / 0 and x % 0 give 0 (the caller makes them NULL), INT64_MIN / -1 gives INT64_MIN. */
typedef void (*IntKernel)(const int64_t *a, bool a_const, const int64_t *b, bool b_const,
                          int64_t *out, const uint16_t *sel, int n);
void kernel_div_i64(const int64_t *a, bool a_const, const int64_t *b, bool b_const, int64_t *out,
                    const uint16_t *sel, int n);
void kernel_mod_i64(const int64_t *a, bool a_const, const int64_t *b, bool b_const, int64_t *out,
                    const uint16_t *sel, int n);
void kernel_and_i64(const int64_t *a, bool a_const, const int64_t *b, bool b_const, int64_t *out,
                    const uint16_t *sel, int n);
void kernel_or_i64(const int64_t *a, bool a_const, const int64_t *b, bool b_const, int64_t *out,
                   const uint16_t *sel, int n);
void kernel_xor_i64(const int64_t *a, bool a_const, const int64_t *b, bool b_const, int64_t *out,
                    const uint16_t *sel, int n);

/* IEEE; NaN results are the caller's to make NULL. x / 0 gives 0, likewise. */
typedef void (*DoubleKernel)(const double *a, bool a_const, const double *b, bool b_const,
                             double *out, const uint16_t *sel, int n);
void kernel_add_f64(const double *a, bool a_const, const double *b, bool b_const, double *out,
                    const uint16_t *sel, int n);
void kernel_sub_f64(const double *a, bool a_const, const double *b, bool b_const, double *out,
                    const uint16_t *sel, int n);
void kernel_mul_f64(const double *a, bool a_const, const double *b, bool b_const, double *out,
                    const uint16_t *sel, int n);
void kernel_div_f64(const double *a, bool a_const, const double *b, bool b_const, double *out,
                    const uint16_t *sel, int n);
/* Whether any of the rows is NaN. */
bool kernel_any_nan(const double *a, const uint16_t *sel, int n);

/* ---- digits.c: what DECIMALs are counted in ---------------------------------------------------- */

/* In 128 bits, wrapping: for results that the types of both sides hold. */
typedef void (*DigitsKernel)(const Int128 *a, bool a_const, const Int128 *b, bool b_const, Int128 *out,
                             const uint16_t *sel, int n);
void kernel_add_i128(const Int128 *a, bool a_const, const Int128 *b, bool b_const, Int128 *out,
                     const uint16_t *sel, int n);
void kernel_sub_i128(const Int128 *a, bool a_const, const Int128 *b, bool b_const, Int128 *out,
                     const uint16_t *sel, int n);
void kernel_mul_i128(const Int128 *a, bool a_const, const Int128 *b, bool b_const, Int128 *out,
                     const uint16_t *sel, int n);
/* out[i] = a[i] * unit. */
void kernel_widen_i64(const int64_t *a, uint64_t unit, Int128 *out, const uint16_t *sel, int n);

/* ---- modulo.c -------------------------------------------------------------------------------- */

/* a[i] % d and a[i] / d for one d != 0, without a division a row. */
void kernel_mod_const(const int64_t *a, int64_t d, int64_t *out, const uint16_t *sel, int n);
void kernel_div_const(const int64_t *a, int64_t d, int64_t *out, const uint16_t *sel, int n);

#endif
