/* modulo.c: division by one divisor for all rows, by multiplication.
 *
 * T. Granlund, P. Montgomery, "Division by invariant integers using multiplication" (1994): for
 * x < 2^N and a divisor d ≤ 2^l, m = ceil(2^(N+l) / d) gives floor(x / d) = x * m >> (N + l).
 * Columns whose values all fit 31 bits take a form in which m and all products fit 64 bits and
 * that vectorises; the others multiply into 128 bits. */
#include "exec/kernel/kernel.h"
#include "exec/kernel/target.h"

typedef struct Divisor {
    uint64_t d;       /* absolute value */
    uint64_t magic;   /* ceil(2^(63+shift) / d), 64 bits */
    int shift;        /* l */
    uint32_t magic32; /* ceil(2^(31+shift) / d) where d < 2^31 */
} Divisor;

static Divisor divisor_of(int64_t d)
{
    Divisor v = {.d = d < 0 ? 0 - (uint64_t)d : (uint64_t)d};
    while (v.shift < 63 && ((uint64_t)1 << v.shift) < v.d) v.shift++;
    v.magic = (uint64_t)((((UInt128)1 << (63 + v.shift)) + v.d - 1) / v.d);
    if (v.shift <= 31) v.magic32 = (uint32_t)((((uint64_t)1 << (31 + v.shift)) + v.d - 1) / v.d);
    return v;
}

/* x < 2^63 or x == 2^63. */
static inline uint64_t quotient(uint64_t x, uint64_t magic, int shift)
{
    return (uint64_t)((UInt128)x * magic >> 63 >> shift);
}

KERNEL_CLONES_ALL static int64_t any_bits(const int64_t *restrict a, int n)
{
    int64_t bits = 0;
    for (int i = 0; i < n; i++) bits |= a[i];
    return bits;
}

static bool all_small(const int64_t *a, const Divisor *v, const uint16_t *sel, int n)
{
    return !sel && v->d < (uint64_t)1 << 31 && (uint64_t)any_bits(a, n) < (uint64_t)1 << 31;
}

KERNEL_CLONES_ALL static void mod_small(const int64_t *restrict a, uint32_t d, uint32_t magic,
                                        int shift, int64_t *restrict out, int n)
{
    for (int i = 0; i < n; i++) {
        const uint64_t x = (uint32_t)a[i];
        const uint64_t q = (uint32_t)(x * magic >> shift);
        out[i] = (int64_t)(x - q * d);
    }
}

KERNEL_CLONES_ALL static void div_small(const int64_t *restrict a, uint32_t magic, int shift,
                                        uint64_t sign, int64_t *restrict out, int n)
{
    for (int i = 0; i < n; i++) {
        const uint64_t x = (uint32_t)a[i];
        out[i] = (int64_t)(((x * magic >> shift) ^ sign) - sign);
    }
}

static inline int64_t mod_one(int64_t a, const Divisor *v)
{
    const uint64_t sign = (uint64_t)(a >> 63);
    const uint64_t x = ((uint64_t)a ^ sign) - sign;
    const uint64_t r = x - quotient(x, v->magic, v->shift) * v->d;
    return (int64_t)((r ^ sign) - sign);
}

static inline int64_t div_one(int64_t a, const Divisor *v, uint64_t d_sign)
{
    const uint64_t sign = (uint64_t)(a >> 63);
    const uint64_t x = ((uint64_t)a ^ sign) - sign;
    const uint64_t q = quotient(x, v->magic, v->shift);
    return (int64_t)((q ^ sign ^ d_sign) - (sign ^ d_sign));
}

void kernel_mod_const(const int64_t *a, int64_t d, int64_t *out, const uint16_t *sel, int n)
{
    const Divisor v = divisor_of(d);
    if (all_small(a, &v, sel, n)) {
        mod_small(a, (uint32_t)v.d, v.magic32, 31 + v.shift, out, n);
    } else if (sel) {
        for (int k = 0; k < n; k++) out[sel[k]] = mod_one(a[sel[k]], &v);
    } else {
        for (int i = 0; i < n; i++) out[i] = mod_one(a[i], &v);
    }
}

void kernel_div_const(const int64_t *a, int64_t d, int64_t *out, const uint16_t *sel, int n)
{
    const Divisor v = divisor_of(d);
    const uint64_t d_sign = (uint64_t)(d >> 63);
    if (all_small(a, &v, sel, n)) {
        div_small(a, v.magic32, 31 + v.shift, d_sign, out, n);
    } else if (sel) {
        for (int k = 0; k < n; k++) out[sel[k]] = div_one(a[sel[k]], &v, d_sign);
    } else {
        for (int i = 0; i < n; i++) out[i] = div_one(a[i], &v, d_sign);
    }
}
