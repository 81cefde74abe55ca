/* exact.h: exact sums of doubles, products of doubles and integers, rounded once when asked.
 *
 * The state is a fixed-point number in two's complement, in limbs of 64 bits; only the limbs
 * between the least and the greatest exponent seen are kept. Infinities are counted apart. So a
 * sum depends on the set of its terms alone, not on order, partition or what was taken back.
 * Idea: U. Kulisch, "Computer Arithmetic and Validity" (the long accumulator). */
#ifndef WEIR_BASE_EXACT_H
#define WEIR_BASE_EXACT_H

#include "base/type.h"

/* Memory for limbs: like realloc, with the old size given; new_size 0 frees. Never gives NULL for
 * new_size > 0. Contents are kept up to the smaller size; the rest need not be zeroed. */
typedef struct ExactMem {
    void *(*resize)(void *arg, void *p, ptrdiff_t old_size, ptrdiff_t new_size);
    void *arg;
} ExactMem;

enum { EXACT_INLINE = 3 };

/* Zero-initialised is 0. */
typedef struct ExactSum {
    union {
        uint64_t fixed[EXACT_INLINE];
        uint64_t *limbs; /* when cap > 0 */
    };
    int64_t pos_inf, neg_inf; /* terms that were +Inf, -Inf (negative while changes are pending) */
    int64_t nan;              /* products of an infinity and zero */
    int16_t low;              /* limb 0 counts units of 2^(64 · low) */
    uint8_t n, cap;           /* limbs used; capacity of `limbs`, 0: `fixed` is used */
} ExactSum;

/* weight · x, · (x · y), · v · 2^exp2. x and y are not NaN. */
void exact_add_double(ExactSum *s, ExactMem mem, double x, int64_t weight);
void exact_add_product(ExactSum *s, ExactMem mem, double x, double y, int64_t weight);
void exact_add_int128(ExactSum *s, ExactMem mem, Int128 v, int64_t weight);
/* dst += sign · src; sign is 1 or -1. */
void exact_merge(ExactSum *dst, ExactMem mem, const ExactSum *src, int sign);
void exact_free(ExactSum *s, ExactMem mem); /* leaves 0 */

bool exact_is_zero(const ExactSum *s); /* of the finite part; false with infinities */
bool exact_is_finite(const ExactSum *s);
/* The sum as the nearest double, ties to even, beyond the range an infinity. False: it is no
 * number, infinities of both signs being in it. Never gives -0.0. */
bool exact_round(const ExactSum *s, double *out);
/* The sum divided by n > 0, rounded once. */
bool exact_round_div(const ExactSum *s, int64_t n, double *out);
/* n·Σxy − Σx·Σy, exact and rounded once; with x = y that is n·Σx² − (Σx)². False: infinities. */
bool exact_round_moment(int64_t n, const ExactSum *sum_x, const ExactSum *sum_y,
                        const ExactSum *sum_xy, double *out);

/* A text of bytes that is a function of the value alone. exact_load adds to a zero sum;
 * false: not what exact_save wrote. */
void exact_save(const ExactSum *s, StrBuf *out);
bool exact_load(ExactSum *s, ExactMem mem, StrReader *in);

#endif
