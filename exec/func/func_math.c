/* func_math.c: functions of numbers.
 *
 * A DOUBLE result that would be NaN is NULL. round() rounds half away from zero, a DOUBLE by the
 * digits that are shown: round(0.145e0, 2) is 0.15. Of a BIGINT, abs, sign, ceil and the like stay
 * BIGINT; of a DECIMAL they stay exact. */
#include "base/decimal.h"
#include "base/number.h"
#include "exec/func/call.h"

#include <math.h>

/* ---- of one DOUBLE --------------------------------------------------------------------------- */

#define UNARY(name, f) \
    static void name##_rows(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        double *to = out->data; \
        EACH_ROW (c, row) { \
            double x = ARG(double, 0, row); \
            to[row] = f; \
        } \
        drop_nans(c, out); \
    } \
    static const FuncImpl name##_impl = {.columns = name##_rows};

/* The library's is off by one unit here and there; a step of Newton's puts it right. */
static double cube_root(double x)
{
    double y = cbrt(x);
    if (!isfinite(y) || y == 0 || fabs(x) > 1e300 || fabs(x) < 1e-300) return y;
    return y - (y * y * y - x) / (3 * y * y);
}

static const double PI = 3.14159265358979323846;

UNARY(abs_double, fabs(x))
UNARY(sign_double, (double)((x > 0) - (x < 0)))
UNARY(ceil_double, ceil(x))
UNARY(floor_double, floor(x))
UNARY(trunc_double, trunc(x))
UNARY(sqrt, sqrt(x))
UNARY(cbrt, cube_root(x))
UNARY(exp, exp(x))
UNARY(ln, x > 0 ? log(x) : NAN)
UNARY(log10, x > 0 ? log10(x) : NAN)
UNARY(log2, x > 0 ? log2(x) : NAN)
UNARY(sin, sin(x))
UNARY(cos, cos(x))
UNARY(tan, tan(x))
UNARY(cot, 1 / tan(x))
UNARY(asin, asin(x))
UNARY(acos, acos(x))
UNARY(atan, atan(x))
UNARY(sinh, sinh(x))
UNARY(cosh, cosh(x))
UNARY(tanh, tanh(x))
UNARY(asinh, asinh(x))
UNARY(acosh, acosh(x))
UNARY(atanh, atanh(x))
UNARY(degrees, x *(180 / PI))
UNARY(radians, x *(PI / 180))

/* ---- of two ---------------------------------------------------------------------------------- */

#define BINARY(name, f) \
    static void name##_rows(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        double *to = out->data; \
        EACH_ROW (c, row) { \
            double x = ARG(double, 0, row), y = ARG(double, 1, row); \
            to[row] = f; \
        } \
        drop_nans(c, out); \
    } \
    static const FuncImpl name##_impl = {.columns = name##_rows};

BINARY(power, pow(x, y))
BINARY(atan2, atan2(x, y))
BINARY(log_base, x > 0 && y > 0 && x != 1 ? log(y) / log(x) : NAN)

static void pi_const(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)args, (void)nargs;
    double *to = out->data;
    EACH_ROW (c, row) to[row] = PI;
}
static void e_const(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)args, (void)nargs;
    double *to = out->data;
    EACH_ROW (c, row) to[row] = 2.71828182845904523536;
}
static const FuncImpl pi_impl = {.columns = pi_const};
static const FuncImpl e_impl = {.columns = e_const};

/* ---- BIGINT ---------------------------------------------------------------------------------- */

static void abs_int(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t x = ARG(int64_t, 0, row);
        if (x == INT64_MIN)
            call_failed(c, out, row, "abs(%lld) is out of the range of BIGINT", (long long)x);
        else
            to[row] = x < 0 ? -x : x;
    }
}
static const FuncImpl abs_int_impl = {.columns = abs_int};

static void sign_int(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = (ARG(int64_t, 0, row) > 0) - (ARG(int64_t, 0, row) < 0);
}
static const FuncImpl sign_int_impl = {.columns = sign_int};

static void same_int(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = ARG(int64_t, 0, row);
}
static const FuncImpl same_int_impl = {.columns = same_int};

/* Rounds to 10^-n, half away from zero or toward it; n ≥ 0 changes nothing. */
static bool round_int(int64_t x, int64_t n, bool half_up, int64_t *out)
{
    if (n >= 0) {
        *out = x;
        return true;
    }
    if (n < -19) {
        *out = 0;
        return true;
    }
    Int128 unit = decimal_pow10((int)-n), rest = x % unit, v = x - rest;
    if (half_up && (rest < 0 ? -rest : rest) * 2 >= unit) v += x < 0 ? -unit : unit;
    *out = (int64_t)v;
    return v >= INT64_MIN && v <= INT64_MAX;
}

static void round_ints(EvalCtx *c, const Column *args, bool half_up, Column *out)
{
    int64_t *to = out->data;
    EACH_ROW (c, row)
        if (!round_int(ARG(int64_t, 0, row), ARG(int64_t, 1, row), half_up, &to[row]))
            call_failed(c, out, row, "the result is out of the range of BIGINT");
}
static void round_int_to(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    round_ints(c, args, true, out);
}
static void trunc_int_to(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    round_ints(c, args, false, out);
}
static const FuncImpl round_int_to_impl = {.columns = round_int_to};
static const FuncImpl trunc_int_to_impl = {.columns = trunc_int_to};

static int64_t gcd_of(int64_t a, int64_t b)
{
    uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
    while (y) {
        uint64_t t = x % y;
        x = y;
        y = t;
    }
    return (int64_t)x;
}
static void gcd(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        to[row] = gcd_of(ARG(int64_t, 0, row), ARG(int64_t, 1, row));
        if (to[row] < 0) call_failed(c, out, row, "the result is out of the range of BIGINT");
    }
}
static void lcm(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t a = ARG(int64_t, 0, row), b = ARG(int64_t, 1, row), g = gcd_of(a, b), v;
        if (g == 0)
            to[row] = 0;
        else if (g < 0 || __builtin_mul_overflow(a / g, b, &v) || v == INT64_MIN)
            call_failed(c, out, row, "the result is out of the range of BIGINT");
        else
            to[row] = v < 0 ? -v : v;
    }
}
static const FuncImpl gcd_impl = {.columns = gcd};
static const FuncImpl lcm_impl = {.columns = lcm};

static void factorial(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t n = ARG(int64_t, 0, row), v = 1;
        for (int64_t i = 2; i <= n && n <= 20; i++) v *= i;
        to[row] = v;
        if (n < 0 || n > 20) call_failed(c, out, row, "factorial takes 0 to 20");
    }
}
static const FuncImpl factorial_impl = {.columns = factorial};

static void bit_count(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = __builtin_popcountll((uint64_t)ARG(int64_t, 0, row));
}
static const FuncImpl bit_count_impl = {.columns = bit_count};

/* ---- rounding a DOUBLE ----------------------------------------------------------------------- */

/* Through the shortest text, so that what looks like a half is one. */
static double round_shown(double x, int64_t n, bool half_up)
{
    Int128 v, r;
    if (!isfinite(x) || n > 17) return x;
    if (n < -308) return 0;
    double scale = pow(10, (double)(n < 0 ? -n : n));
    if (half_up && n >= 0 && n <= 18 && fabs(x) < 1e15 &&
        decimal_from_double(x, TYPE_DECIMAL_(38, 20), &v) && decimal_round(v, 20, (int)n, 38, &r))
        return decimal_to_double(r, 20);
    if (n >= 0) {
        double y = x * scale;
        return isfinite(y) ? (half_up ? round(y) : trunc(y)) / scale : x;
    }
    return (half_up ? round(x / scale) : trunc(x / scale)) * scale;
}

/* Digits cut off as they are shown. */
static double trunc_shown(double x, int64_t n)
{
    Int128 v;
    if (n < 0 || n > 18 || !(fabs(x) < 1e15) || !decimal_from_double(x, TYPE_DECIMAL_(38, 20), &v))
        return round_shown(x, n, false);
    return decimal_to_double(v - v % decimal_pow10(20 - (int)n), 20);
}

UNARY(round_double, round_shown(x, 0, true))
static void round_double_to(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    double *to = out->data;
    EACH_ROW (c, row) to[row] = round_shown(ARG(double, 0, row), ARG(int64_t, 1, row), true);
}
static void trunc_double_to(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    double *to = out->data;
    EACH_ROW (c, row) to[row] = trunc_shown(ARG(double, 0, row), ARG(int64_t, 1, row));
}
static const FuncImpl round_double_to_impl = {.columns = round_double_to};
static const FuncImpl trunc_double_to_impl = {.columns = trunc_double_to};

/* ---- DECIMAL --------------------------------------------------------------------------------- */

static void abs_decimal(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    Int128 *to = out->data;
    EACH_ROW (c, row) {
        Int128 x = ARG(Int128, 0, row);
        to[row] = x < 0 ? -x : x;
    }
}
static const FuncImpl abs_decimal_impl = {.columns = abs_decimal};

static void sign_decimal(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = (ARG(Int128, 0, row) > 0) - (ARG(Int128, 0, row) < 0);
}
static const FuncImpl sign_decimal_impl = {.columns = sign_decimal};

typedef enum Rounding { ROUND_HALF, ROUND_ZERO, ROUND_UP, ROUND_DOWN } Rounding;

static Int128 to_units(Int128 x, Int128 unit, Rounding how)
{
    Int128 rest = x % unit, v = x - rest;
    switch (how) {
    case ROUND_HALF:
        if ((rest < 0 ? -rest : rest) * 2 >= unit) v += x < 0 ? -unit : unit;
        break;
    case ROUND_ZERO:
        break;
    case ROUND_UP:
        if (rest > 0) v += unit;
        break;
    case ROUND_DOWN:
        if (rest < 0) v -= unit;
        break;
    }
    return v;
}

/* Rounds to `digits` behind the point, into out's type, whose scale may be smaller. */
static void round_decimals(EvalCtx *c, const Column *args, const Column *digits, Rounding how,
                           Column *out)
{
    Int128 *to = out->data;
    int from = args[0].type.scale, scale = out->type.scale;
    EACH_ROW (c, row) {
        int64_t n = digits ? COL(int64_t, digits)[col_at(digits, row)] : 0;
        Int128 x = ARG(Int128, 0, row), v = x;
        if (n < from - 38)
            v = 0;
        else if (n < from)
            v = to_units(x, decimal_pow10((int)(from - n)), how);
        if (!decimal_rescale(v, from, out->type, &to[row]))
            call_failed(c, out, row, "the result does not fit DECIMAL(%d, %d)", out->type.precision,
                        scale);
    }
}
#define ROUNDING(name, digits, how) \
    static void name(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        round_decimals(c, args, digits, how, out); \
    } \
    static const FuncImpl name##_impl = {.columns = name};
ROUNDING(round_decimal, NULL, ROUND_HALF)
ROUNDING(trunc_decimal, NULL, ROUND_ZERO)
ROUNDING(ceil_decimal, NULL, ROUND_UP)
ROUNDING(floor_decimal, NULL, ROUND_DOWN)
ROUNDING(round_decimal_to, &args[1], ROUND_HALF)
ROUNDING(trunc_decimal_to, &args[1], ROUND_ZERO)

/* No digit behind the point, one more before it for what is carried. */
RESULT_OF(whole_type)
{
    UNUSED_TYPES;
    int p = args[0].precision - args[0].scale + (args[0].scale > 0);
    *out = TYPE_DECIMAL_(p > 38 ? 38 : p < 1 ? 1 : (uint8_t)p, 0);
    return true;
}

/* round(x, n): the scale is n where n is constant and smaller. */
RESULT_OF(rounded_type)
{
    UNUSED_TYPES;
    int scale = args[0].scale;
    if (consts[1] && !consts[1]->is_null && consts[1]->i < scale)
        scale = consts[1]->i < 0 ? 0 : (int)consts[1]->i;
    int p = args[0].precision - args[0].scale + 1 + scale;
    *out = TYPE_DECIMAL_(p > 38 ? 38 : (uint8_t)p, (uint8_t)scale);
    return true;
}

/* ---- buckets --------------------------------------------------------------------------------- */

/* 1 to n between low and high, 0 below, n + 1 from high on; low above high counts downward. */
static void width_bucket(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        double x = ARG(double, 0, row), low = ARG(double, 1, row), high = ARG(double, 2, row);
        int64_t n = ARG(int64_t, 3, row);
        if (n <= 0 || n > INT32_MAX || low == high || !isfinite(low) || !isfinite(high)) {
            call_failed(c, out, row,
                        "width_bucket takes two different finite bounds and a count above 0");
            continue;
        }
        bool down = low > high;
        bool below = down ? x > low : x < low, above = down ? x <= high : x >= high;
        double part = below || above ? 0 : floor((x - low) / (high - low) * (double)n) + 1;
        if (part > (double)n) part = (double)n;
        to[row] = above ? n + 1 : (int64_t)part;
    }
}
static const FuncImpl width_bucket_impl = {.columns = width_bucket};

/* ---- definitions ----------------------------------------------------------------------------- */

#define FN(n, other, pattern, res, f, more, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, .flags = more, \
        .group = "math", .doc = about \
    }
#define FN_OF(n, other, pattern, of, f, more, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result_of = of, .impl = &f, .flags = more, \
        .group = "math", .doc = about \
    }

const FuncDef func_math[] = {
    FN("abs", NULL, "i", "i", abs_int_impl, FUNC_CAN_FAIL, "the value without its sign"),
    FN("abs", NULL, "m", "1", abs_decimal_impl, 0, "the value without its sign"),
    FN("abs", NULL, "d", "d", abs_double_impl, 0, "the value without its sign"),
    FN("sign", "signum", "i", "i", sign_int_impl, 0, "-1, 0 or 1"),
    FN("sign", "signum", "m", "i", sign_decimal_impl, 0, "-1, 0 or 1"),
    FN("sign", "signum", "d", "d", sign_double_impl, 0, "-1, 0 or 1"),
    FN("ceil", "ceiling", "i", "i", same_int_impl, 0, "the least whole number not below"),
    FN_OF("ceil", "ceiling", "m", whole_type, ceil_decimal_impl, FUNC_CAN_FAIL,
          "the least whole number not below"),
    FN("ceil", "ceiling", "d", "d", ceil_double_impl, 0, "the least whole number not below"),
    FN("floor", NULL, "i", "i", same_int_impl, 0, "the greatest whole number not above"),
    FN_OF("floor", NULL, "m", whole_type, floor_decimal_impl, FUNC_CAN_FAIL,
          "the greatest whole number not above"),
    FN("floor", NULL, "d", "d", floor_double_impl, 0, "the greatest whole number not above"),
    FN("round", NULL, "i", "i", same_int_impl, 0,
       "the nearest whole number, halves away from zero"),
    FN_OF("round", NULL, "m", whole_type, round_decimal_impl, FUNC_CAN_FAIL,
          "the nearest whole number, halves away from zero"),
    FN("round", NULL, "d", "d", round_double_impl, 0,
       "the nearest whole number, halves away from zero"),
    FN("round", NULL, "ii", "i", round_int_to_impl, FUNC_CAN_FAIL,
       "rounded to so many digits behind the point"),
    FN_OF("round", NULL, "mi", rounded_type, round_decimal_to_impl, FUNC_CAN_FAIL,
          "rounded to so many digits behind the point"),
    FN("round", NULL, "di", "d", round_double_to_impl, 0,
       "rounded to so many digits behind the point"),
    FN("trunc", "truncate", "i", "i", same_int_impl, 0, "without the digits behind the point"),
    FN_OF("trunc", "truncate", "m", whole_type, trunc_decimal_impl, FUNC_CAN_FAIL,
          "without the digits behind the point"),
    FN("trunc", "truncate", "d", "d", trunc_double_impl, 0, "without the digits behind the point"),
    FN("trunc", "truncate", "ii", "i", trunc_int_to_impl, FUNC_CAN_FAIL,
       "cut to so many digits behind the point"),
    FN_OF("trunc", "truncate", "mi", rounded_type, trunc_decimal_to_impl, FUNC_CAN_FAIL,
          "cut to so many digits behind the point"),
    FN("trunc", "truncate", "di", "d", trunc_double_to_impl, 0,
       "cut to so many digits behind the point"),
    FN("power", "pow", "dd", "d", power_impl, 0, "the first to the power of the second"),
    FN("sqrt", NULL, "d", "d", sqrt_impl, 0, "square root; NULL of a negative"),
    FN("cbrt", NULL, "d", "d", cbrt_impl, 0, "cube root"),
    FN("exp", NULL, "d", "d", exp_impl, 0, "e to that power"),
    FN("ln", NULL, "d", "d", ln_impl, 0, "natural logarithm; NULL of what is not above zero"),
    FN("log", "log10", "d", "d", log10_impl, 0, "logarithm to base 10"),
    FN("log", NULL, "dd", "d", log_base_impl, 0,
       "logarithm of the second to the base of the first"),
    FN("log2", NULL, "d", "d", log2_impl, 0, "logarithm to base 2"),
    FN("sin", NULL, "d", "d", sin_impl, 0, "sine, of radians"),
    FN("cos", NULL, "d", "d", cos_impl, 0, "cosine"),
    FN("tan", NULL, "d", "d", tan_impl, 0, "tangent"),
    FN("cot", NULL, "d", "d", cot_impl, 0, "cotangent"),
    FN("asin", NULL, "d", "d", asin_impl, 0, "inverse sine"),
    FN("acos", NULL, "d", "d", acos_impl, 0, "inverse cosine"),
    FN("atan", NULL, "d", "d", atan_impl, 0, "inverse tangent"),
    FN("atan2", NULL, "dd", "d", atan2_impl, 0, "angle of the point (second, first)"),
    FN("sinh", NULL, "d", "d", sinh_impl, 0, "hyperbolic sine"),
    FN("cosh", NULL, "d", "d", cosh_impl, 0, "hyperbolic cosine"),
    FN("tanh", NULL, "d", "d", tanh_impl, 0, "hyperbolic tangent"),
    FN("asinh", NULL, "d", "d", asinh_impl, 0, "inverse hyperbolic sine"),
    FN("acosh", NULL, "d", "d", acosh_impl, 0, "inverse hyperbolic cosine"),
    FN("atanh", NULL, "d", "d", atanh_impl, 0, "inverse hyperbolic tangent"),
    FN("degrees", NULL, "d", "d", degrees_impl, 0, "radians in degrees"),
    FN("radians", NULL, "d", "d", radians_impl, 0, "degrees in radians"),
    FN("pi", NULL, "", "d", pi_impl, 0, "3.141592653589793"),
    FN("e", NULL, "", "d", e_impl, 0, "2.718281828459045"),
    FN("gcd", "greatest_common_divisor", "ii", "i", gcd_impl, FUNC_CAN_FAIL,
       "greatest common divisor"),
    FN("lcm", "least_common_multiple", "ii", "i", lcm_impl, FUNC_CAN_FAIL, "least common multiple"),
    FN("factorial", NULL, "i", "i", factorial_impl, FUNC_CAN_FAIL, "1 · 2 · … · n, n up to 20"),
    FN("bit_count", NULL, "i", "i", bit_count_impl, 0, "number of bits set"),
    FN("width_bucket", NULL, "dddi", "i", width_bucket_impl, FUNC_CAN_FAIL,
       "which of n equal parts of a range holds the value, 0 below, n + 1 above"),
    {0},
};
