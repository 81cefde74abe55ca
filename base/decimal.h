/* decimal.h: exact decimal numbers of up to 38 digits: an Int128 counting units of 10^-scale.
 *
 * The result types are the dialect's: + - keep the larger scale, * adds scales, / has at least
 * six digits behind the point; beyond 38 digits the scale gives way, but not below min(scale, 6).
 * Results round half away from zero; what has more digits than its type is an overflow (false).
 * Outputs are untouched then. */
#ifndef WEIR_BASE_DECIMAL_H
#define WEIR_BASE_DECIMAL_H

#include "base/type.h"

enum { DECIMAL_DIGITS_MAX = 38, DECIMAL_TEXT_MAX = 48 };

/* Types. Operands are DECIMAL or BIGINT, which counts as DECIMAL(19, 0). */
Type decimal_type_of(Type t);
Type decimal_type_common(Type a, Type b); /* holds both, as far as 38 digits go */
Type decimal_type_add(Type a, Type b);    /* and of a - b */
Type decimal_type_mul(Type a, Type b);
Type decimal_type_div(Type a, Type b);
Type decimal_type_mod(Type a, Type b);

/* 10^n, n in 0..38. */
Int128 decimal_pow10(int n);
static inline bool decimal_fits(Int128 v, int precision)
{
    extern const Int128 DECIMAL_POW10[DECIMAL_DIGITS_MAX + 1];
    return v < DECIMAL_POW10[precision] && v > -DECIMAL_POW10[precision];
}

/* Values. `as`, `bs`: scales of the operands; `to`: result type, one of the above. */
bool decimal_add(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out);
bool decimal_sub(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out);
bool decimal_mul(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out);
bool decimal_div(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out); /* b != 0 */
bool decimal_mod(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out); /* b != 0 */
int decimal_cmp(Int128 a, int as, Int128 b, int bs);
/* v of scale `from` as a value of type `to`. */
bool decimal_rescale(Int128 v, int from, Type to, Int128 *out);
/* v / n rounded half away from zero, at the scale of `to`: the AVG of a sum. n != 0. */
bool decimal_div_int(Int128 v, int scale, int64_t n, Type to, Int128 *out);
/* Rounds to `digits` behind the point (negative: before it), keeping the scale. */
bool decimal_round(Int128 v, int scale, int digits, int precision, Int128 *out);

typedef enum DecimalParse { DECIMAL_OK, DECIMAL_MALFORMED, DECIMAL_OVERFLOW } DecimalParse;
/* Whole text: sign, digits with at most one point, optional exponent. */
DecimalParse decimal_parse(Str s, Type to, Int128 *out);
/* A literal as written: "0.908" is DECIMAL(3, 3). At most 38 digits, no sign, no exponent. */
DecimalParse decimal_parse_literal(Str s, Type *type, Int128 *out);
/* "-1.50" for -150 at scale 2. At most DECIMAL_TEXT_MAX bytes and a NUL; returns the length. */
int decimal_print(Int128 v, int scale, char *out);

double decimal_to_double(Int128 v, int scale); /* the nearest double */
/* By the shortest text of d, as one reads it: 0.145e0 to two digits is 0.15. */
bool decimal_from_double(double d, Type to, Int128 *out);
bool decimal_to_int64(Int128 v, int scale, int64_t *out); /* truncates toward zero */

#endif
