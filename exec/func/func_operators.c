/* func_operators.c: operators as functions: arithmetic, comparison, truth.
 *
 * BIGINT overflow is an error of the row; x / 0 and x % 0 are NULL; a DOUBLE result that would be
 * NaN is NULL. Matching (LIKE, REGEXP …) is in func_match.c, -> and ->> in func_json.c, times in
 * func_time.c. */
#include "base/datetime.h"
#include "base/decimal.h"
#include "exec/func/call.h"
#include "exec/kernel/kernel.h"

/* ---- BIGINT ---------------------------------------------------------------------------------- */

typedef bool (*OverflowTest)(int64_t x, int64_t y);
static bool add_overflows(int64_t x, int64_t y)
{
    return __builtin_add_overflow(x, y, &x);
}
static bool sub_overflows(int64_t x, int64_t y)
{
    return __builtin_sub_overflow(x, y, &x);
}
static bool mul_overflows(int64_t x, int64_t y)
{
    return __builtin_mul_overflow(x, y, &x);
}

/* The kernel says that some row overflowed, perhaps one that nobody asked for. */
static void checked(EvalCtx *c, const Column *args, Column *out, CheckedKernel kernel,
                    OverflowTest test, const char *op)
{
    KernelRows r = kernel_rows(c);
    if (!kernel(args[0].data, args[0].is_const, args[1].data, args[1].is_const, out->data, r.sel,
                r.n))
        return;
    EACH_ROW (c, row) {
        int64_t x = ARG(int64_t, 0, row), y = ARG(int64_t, 1, row);
        if (test(x, y))
            call_failed(c, out, row, "%lld %s %lld is out of the range of BIGINT", (long long)x, op,
                        (long long)y);
    }
}

#define CHECKED(name, op) \
    static void name##_int(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        checked(c, args, out, kernel_##name##_i64, name##_overflows, op); \
    } \
    static const FuncImpl name##_int_impl = {.columns = name##_int};
CHECKED(add, "+")
CHECKED(sub, "-")
CHECKED(mul, "*")

static void null_where_zero(EvalCtx *c, const Column *divisor, Column *out)
{
    const int64_t *d = divisor->data;
    if (divisor->is_const && d[0] != 0) return;
    EACH_ROW (c, row)
        if (d[col_at(divisor, row)] == 0) column_set_null(out, c->arena, row);
}

static void div_int(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    KernelRows r = {c->sel, c->n};
    kernel_div_i64(args[0].data, args[0].is_const, args[1].data, args[1].is_const, out->data, r.sel,
                   r.n);
    null_where_zero(c, &args[1], out);
    if (args[1].is_const && ARG(int64_t, 1, 0) != -1) return;
    EACH_ROW (c, row) {
        if (ARG(int64_t, 0, row) == INT64_MIN && ARG(int64_t, 1, row) == -1)
            call_failed(c, out, row, "%lld / -1 is out of the range of BIGINT",
                        (long long)INT64_MIN);
    }
}
static const FuncImpl div_int_impl = {.columns = div_int};

static void mod_int(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    KernelRows r = args[1].is_const ? kernel_rows(c) : (KernelRows){c->sel, c->n};
    kernel_mod_i64(args[0].data, args[0].is_const, args[1].data, args[1].is_const, out->data, r.sel,
                   r.n);
    null_where_zero(c, &args[1], out);
}
static const FuncImpl mod_int_impl = {.columns = mod_int};

static void neg_int(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t x = ARG(int64_t, 0, row);
        to[row] = (int64_t)(0 - (uint64_t)x);
        if (x == INT64_MIN)
            call_failed(c, out, row, "-(%lld) is out of the range of BIGINT", (long long)x);
    }
}
static const FuncImpl neg_int_impl = {.columns = neg_int};

#define BITS(name) \
    static void name##_bits(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        KernelRows r = kernel_rows(c); \
        kernel_##name##_i64(args[0].data, args[0].is_const, args[1].data, args[1].is_const, \
                            out->data, r.sel, r.n); \
    } \
    static const FuncImpl name##_bits_impl = {.columns = name##_bits};
BITS(and)
BITS(or)
BITS(xor)

static void not_bits(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = ~ARG(int64_t, 0, row);
}
static const FuncImpl not_bits_impl = {.columns = not_bits};

/* Shifting by 64 or more leaves the sign or nothing; by a negative count shifts the other way. */
static int64_t shift_left(int64_t x, int64_t n);
static int64_t shift_right(int64_t x, int64_t n)
{
    if (n < 0) return n == INT64_MIN ? 0 : shift_left(x, -n);
    return x >> (n > 63 ? 63 : n);
}
static int64_t shift_left(int64_t x, int64_t n)
{
    if (n < 0) return shift_right(x, n == INT64_MIN ? INT64_MAX : -n);
    return n > 63 ? 0 : (int64_t)((uint64_t)x << n);
}
#define SHIFT(name) \
    static void shift_##name##_rows(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        int64_t *to = out->data; \
        EACH_ROW (c, row) to[row] = shift_##name(ARG(int64_t, 0, row), ARG(int64_t, 1, row)); \
    } \
    static const FuncImpl shift_##name##_impl = {.columns = shift_##name##_rows};
SHIFT(left)
SHIFT(right)

/* ---- DOUBLE ---------------------------------------------------------------------------------- */

static void doubles(EvalCtx *c, const Column *args, Column *out, DoubleKernel kernel)
{
    KernelRows r = kernel_rows(c);
    kernel(args[0].data, args[0].is_const, args[1].data, args[1].is_const, out->data, r.sel, r.n);
    drop_nans(c, out);
}

#define DOUBLES(name) \
    static void name##_double(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        doubles(c, args, out, kernel_##name##_f64); \
    } \
    static const FuncImpl name##_double_impl = {.columns = name##_double};
DOUBLES(add)
DOUBLES(sub)
DOUBLES(mul)

static void null_where_zero_double(EvalCtx *c, const Column *args, Column *out)
{
    if (args[1].is_const && ARG(double, 1, 0) != 0) return;
    EACH_ROW (c, row)
        if (ARG(double, 1, row) == 0) column_set_null(out, c->arena, row);
}

static void div_double(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    doubles(c, args, out, kernel_div_f64);
    null_where_zero_double(c, args, out);
}
static const FuncImpl div_double_impl = {.columns = div_double};

static void mod_double(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    double *to = out->data;
    EACH_ROW (c, row) {
        double y = ARG(double, 1, row);
        to[row] = y == 0 ? 0 : __builtin_fmod(ARG(double, 0, row), y);
    }
    drop_nans(c, out);
    null_where_zero_double(c, args, out);
}
static const FuncImpl mod_double_impl = {.columns = mod_double};

static void neg_double(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    double *to = out->data;
    EACH_ROW (c, row) to[row] = -ARG(double, 0, row);
}
static const FuncImpl neg_double_impl = {.columns = neg_double};

/* ---- DECIMAL --------------------------------------------------------------------------------- */

typedef bool (*DecimalOp)(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out);

static void decimal_failed(EvalCtx *c, Column *out, int row, const char *op)
{
    Str t = type_name(out->type, c->arena);
    call_failed(c, out, row, "the result of %s does not fit %.*s", op, STR_ARG(t));
}

static void decimals(EvalCtx *c, const Column *args, Column *out, DecimalOp f, bool divides,
                     const char *op)
{
    Int128 *to = out->data;
    int as = args[0].type.scale, bs = args[1].type.scale;
    EACH_ROW (c, row) {
        Int128 y = ARG(Int128, 1, row);
        if (divides && y == 0)
            column_set_null(out, c->arena, row);
        else if (!f(ARG(Int128, 0, row), as, y, bs, out->type, &to[row]))
            decimal_failed(c, out, row, op);
    }
}

static void digits(EvalCtx *c, const Column *args, Column *out, DigitsKernel kernel)
{
    KernelRows r = kernel_rows(c);
    kernel(args[0].data, args[0].is_const, args[1].data, args[1].is_const, out->data, r.sel, r.n);
}

/* Whether every sum, difference or product of such values is one of the result's type, digits as they are. */
static bool sum_fits(const Column *args, Type to)
{
    Type a = args[0].type, b = args[1].type;
    return a.scale == b.scale && a.scale == to.scale && a.precision < to.precision && b.precision < to.precision;
}
static bool product_fits(const Column *args, Type to)
{
    Type a = args[0].type, b = args[1].type;
    return a.scale + b.scale == to.scale && a.precision + b.precision <= to.precision;
}

#define DECIMALS(name, divides, op) \
    static void name##_decimal(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        decimals(c, args, out, decimal_##name, divides, op); \
    } \
    DECIMAL_DEFINED(name)
#define DECIMALS_OR_DIGITS(name, fits, op) \
    static void name##_decimal(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        if (fits(args, out->type)) digits(c, args, out, kernel_##name##_i128); \
        else decimals(c, args, out, decimal_##name, false, op); \
    } \
    DECIMAL_DEFINED(name)
#define DECIMAL_DEFINED(name) \
    RESULT_OF(name##_decimal_type) \
    { \
        UNUSED_TYPES; \
        *out = decimal_type_##name(args[0], args[1]); \
        return true; \
    } \
    static const FuncImpl name##_decimal_impl = {.columns = name##_decimal};
#define decimal_type_sub decimal_type_add
DECIMALS_OR_DIGITS(add, sum_fits, "+")
DECIMALS_OR_DIGITS(sub, sum_fits, "-")
DECIMALS_OR_DIGITS(mul, product_fits, "*")
DECIMALS(div, true, "/")
DECIMALS(mod, true, "%")

static void neg_decimal(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    Int128 *to = out->data;
    EACH_ROW (c, row) to[row] = -ARG(Int128, 0, row);
}
static const FuncImpl neg_decimal_impl = {.columns = neg_decimal};

/* ---- times ----------------------------------------------------------------------------------- */

/* The result is cut toward the past to its type's ticks. */
static void shift_time(EvalCtx *c, const Column *t, const Column *iv, int sign, Column *out)
{
    const int64_t tick = type_tick_us(out->type);
    const int64_t *in = t->data;
    const Interval *by = iv->data;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t x = in[col_at(t, row)], y;
        const Interval v = by[col_at(iv, row)];
        if (timestamp_add_interval(x, v, sign, &y))
            to[row] = v.us % tick == 0 ? y : y - floor_mod(y, tick);
        else
            call_failed(c, out, row, "the result is outside the years 1 to 9999");
    }
}

static void add_time_interval(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    shift_time(c, &args[0], &args[1], 1, out);
}
static const FuncImpl add_time_interval_impl = {.columns = add_time_interval};

static void add_interval_time(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    shift_time(c, &args[1], &args[0], 1, out);
}
static const FuncImpl add_interval_time_impl = {.columns = add_interval_time};

static void sub_time_interval(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    shift_time(c, &args[0], &args[1], -1, out);
}
static const FuncImpl sub_time_interval_impl = {.columns = sub_time_interval};

/* The result keeps the timestamp's ticks unless the interval is constant and finer. */
static uint8_t finest(Type t, const Value *iv)
{
    if (!iv) return t.precision;
    uint8_t p = t.precision;
    while (p < 6 && iv->iv.us % type_tick_us(TYPE_TIMESTAMP_(p)) != 0) p++;
    return p;
}
static bool shifted_type(Type t, const Value *iv, Type *out)
{
    *out = TYPE_TIMESTAMP_(finest(t, iv));
    return true;
}
RESULT_OF(time_interval_type)
{
    UNUSED_TYPES;
    return shifted_type(args[0], consts[1], out);
}
RESULT_OF(interval_time_type)
{
    UNUSED_TYPES;
    return shifted_type(args[1], consts[0], out);
}

/* PostgreSQL's difference: days and the time of day, no months. */
static void sub_times(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    Interval *to = out->data;
    EACH_ROW (c, row) {
        int64_t us = ARG(int64_t, 0, row) - ARG(int64_t, 1, row);
        to[row] = (Interval){.days = (int32_t)(us / US_PER_DAY), .us = us % US_PER_DAY};
    }
}
static const FuncImpl sub_times_impl = {.columns = sub_times};

static void sub_dates(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = (int64_t)ARG(int32_t, 0, row) - ARG(int32_t, 1, row);
}
static const FuncImpl sub_dates_impl = {.columns = sub_dates};

static void shift_date(EvalCtx *c, const Column *d, const Column *n, bool minus, Column *out)
{
    int32_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t by = COL(int64_t, n)[col_at(n, row)], day;
        int64_t from = COL(int32_t, d)[col_at(d, row)];
        bool bad =
            minus ? __builtin_sub_overflow(from, by, &day) : __builtin_add_overflow(from, by, &day);
        if (bad || !date_is_valid(day))
            call_failed(c, out, row, "the date is outside the years 1 to 9999");
        else
            to[row] = (int32_t)day;
    }
}
static void add_date_days(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    shift_date(c, &args[0], &args[1], false, out);
}
static void add_days_date(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    shift_date(c, &args[1], &args[0], false, out);
}
static void sub_date_days(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    shift_date(c, &args[0], &args[1], true, out);
}
static const FuncImpl add_date_days_impl = {.columns = add_date_days};
static const FuncImpl add_days_date_impl = {.columns = add_days_date};
static const FuncImpl sub_date_days_impl = {.columns = sub_date_days};

/* DATE + TIME: the moment. */
static void add_date_time(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = ARG(int32_t, 0, row) * US_PER_DAY + ARG(int64_t, 1, row);
}
static const FuncImpl add_date_time_impl = {.columns = add_date_time};

/* A time of day goes round; days and months of the interval do not matter. */
static void turn_clock(EvalCtx *c, const Column *args, int sign, Column *out)
{
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t by = ARG(Interval, 1, row).us % US_PER_DAY;
        to[row] = floor_mod(ARG(int64_t, 0, row) + sign * by, US_PER_DAY);
    }
}
static void add_clock(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    turn_clock(c, args, 1, out);
}
static void sub_clock(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    turn_clock(c, args, -1, out);
}
static const FuncImpl add_clock_impl = {.columns = add_clock};
static const FuncImpl sub_clock_impl = {.columns = sub_clock};

static void sub_clocks(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    Interval *to = out->data;
    EACH_ROW (c, row) to[row] = (Interval){.us = ARG(int64_t, 0, row) - ARG(int64_t, 1, row)};
}
static const FuncImpl sub_clocks_impl = {.columns = sub_clocks};

/* ---- INTERVAL -------------------------------------------------------------------------------- */

static bool add_intervals(Interval a, Interval b, int sign, Interval *out)
{
    int64_t months = (int64_t)a.months + sign * (int64_t)b.months;
    int64_t days = (int64_t)a.days + sign * (int64_t)b.days, us;
    bool bad = sign > 0 ? __builtin_add_overflow(a.us, b.us, &us)
                        : __builtin_sub_overflow(a.us, b.us, &us);
    if (bad || months != (int32_t)months || days != (int32_t)days) return false;
    *out = (Interval){(int32_t)months, (int32_t)days, us};
    return true;
}

static void sum_intervals(EvalCtx *c, const Column *args, int sign, Column *out)
{
    Interval *to = out->data;
    EACH_ROW (c, row) {
        if (!add_intervals(ARG(Interval, 0, row), ARG(Interval, 1, row), sign, &to[row]))
            call_failed(c, out, row, "the interval is too long");
    }
}
static void add_interval(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    sum_intervals(c, args, 1, out);
}
static void sub_interval(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    sum_intervals(c, args, -1, out);
}
static const FuncImpl add_interval_impl = {.columns = add_interval};
static const FuncImpl sub_interval_impl = {.columns = sub_interval};

static void neg_interval(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    Interval *to = out->data;
    EACH_ROW (c, row) {
        if (!add_intervals((Interval){0}, ARG(Interval, 0, row), -1, &to[row]))
            call_failed(c, out, row, "the interval is too long");
    }
}
static const FuncImpl neg_interval_impl = {.columns = neg_interval};

/* Parts of a month become days (30 a month), parts of a day microseconds, as in PostgreSQL. */
static bool scale_interval(Interval a, double f, Interval *out)
{
    double months = a.months * f, days = a.days * f, us = (double)a.us * f;
    double whole_months = __builtin_trunc(months);
    days += (months - whole_months) * 30;
    double whole_days = __builtin_trunc(days);
    us = __builtin_rint(us + (days - whole_days) * (double)US_PER_DAY);
    if (!(whole_months > -2e9 && whole_months < 2e9 && whole_days > -2e9 && whole_days < 2e9 &&
          us > -9e18 && us < 9e18))
        return false;
    *out = (Interval){(int32_t)whole_months, (int32_t)whole_days, (int64_t)us};
    return true;
}

static bool times_interval(Interval a, int64_t n, Interval *out)
{
    int64_t months, days, us;
    bool bad = __builtin_mul_overflow((int64_t)a.months, n, &months) ||
               __builtin_mul_overflow((int64_t)a.days, n, &days) ||
               __builtin_mul_overflow(a.us, n, &us);
    if (bad || months != (int32_t)months || days != (int32_t)days) return false;
    *out = (Interval){(int32_t)months, (int32_t)days, us};
    return true;
}

#define TIMES_INTERVAL(name, iv, number, T, f, factor) \
    static void name(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        Interval *to = out->data; \
        EACH_ROW (c, row) { \
            T x = ARG(T, number, row); \
            if (!f(ARG(Interval, iv, row), factor, &to[row])) \
                call_failed(c, out, row, "the interval is too long"); \
        } \
    } \
    static const FuncImpl name##_impl = {.columns = name};
TIMES_INTERVAL(interval_times_int, 0, 1, int64_t, times_interval, x)
TIMES_INTERVAL(int_times_interval, 1, 0, int64_t, times_interval, x)
TIMES_INTERVAL(interval_times_double, 0, 1, double, scale_interval, x)
TIMES_INTERVAL(double_times_interval, 1, 0, double, scale_interval, x)

static void interval_by_double(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    Interval *to = out->data;
    EACH_ROW (c, row) {
        double x = ARG(double, 1, row);
        if (x == 0)
            column_set_null(out, c->arena, row);
        else if (!scale_interval(ARG(Interval, 0, row), 1 / x, &to[row]))
            call_failed(c, out, row, "the interval is too long");
    }
}
static const FuncImpl interval_by_double_impl = {.columns = interval_by_double};

/* ---- comparison ------------------------------------------------------------------------------ */

static void compare(EvalCtx *c, const Column *args, Column *out, CompareOp op)
{
    TypeKind kind = (TypeKind)args[0].type.kind;
    KernelRows r = type_is_text(kind) ? (KernelRows){c->sel, c->n} : kernel_rows(c);
    kernel_compare(kind, op)(args[0].data, args[0].is_const, args[1].data, args[1].is_const,
                             out->data, r.sel, r.n);
}

#define COMPARE(name, op) \
    static void name(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        compare(c, args, out, op); \
    } \
    static const FuncImpl name##_impl = {.columns = name};
COMPARE(cmp_eq, CMP_EQ)
COMPARE(cmp_ne, CMP_NE)
COMPARE(cmp_lt, CMP_LT)
COMPARE(cmp_le, CMP_LE)
COMPARE(cmp_gt, CMP_GT)
COMPARE(cmp_ge, CMP_GE)

/* DECIMALs whose digits no common type holds. */
static bool holds(CompareOp op, int order)
{
    switch (op) {
    case CMP_EQ: return order == 0;
    case CMP_NE: return order != 0;
    case CMP_LT: return order < 0;
    case CMP_LE: return order <= 0;
    case CMP_GT: return order > 0;
    case CMP_GE: return order >= 0;
    case CMP_COUNT: break;
    }
    return false;
}

static void compare_digits(EvalCtx *c, const Column *args, Column *out, CompareOp op)
{
    EACH_ROW (c, row) {
        int order = decimal_cmp(ARG(Int128, 0, row), args[0].type.scale, ARG(Int128, 1, row), args[1].type.scale);
        COL(uint8_t, out)[row] = holds(op, order);
    }
}

#define COMPARE_DIGITS(name, op) \
    static void name(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        compare_digits(c, args, out, op); \
    } \
    static const FuncImpl name##_impl = {.columns = name};
COMPARE_DIGITS(digits_eq, CMP_EQ)
COMPARE_DIGITS(digits_ne, CMP_NE)
COMPARE_DIGITS(digits_lt, CMP_LT)
COMPARE_DIGITS(digits_le, CMP_LE)
COMPARE_DIGITS(digits_gt, CMP_GT)
COMPARE_DIGITS(digits_ge, CMP_GE)

static void differ_digits(EvalCtx *c, const Column *args, bool is_distinct, Column *out)
{
    EACH_ROW (c, row) {
        bool a = col_is_null(&args[0], row), b = col_is_null(&args[1], row);
        bool same = a || b ? a && b
                           : decimal_cmp(ARG(Int128, 0, row), args[0].type.scale, ARG(Int128, 1, row), args[1].type.scale) == 0;
        COL(uint8_t, out)[row] = same != is_distinct;
    }
}

static void distinct_digits(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    differ_digits(c, args, true, out);
}

static void not_distinct_digits(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    differ_digits(c, args, false, out);
}
static const FuncImpl distinct_digits_impl = {.columns = distinct_digits};
static const FuncImpl not_distinct_digits_impl = {.columns = not_distinct_digits};

/* NULL counts as a value. Rows in error are marked already and stay so. */
static void distinct(EvalCtx *c, const Column *args, Column *out, bool is_distinct)
{
    uint8_t *to = out->data;
    compare(c, args, out, is_distinct ? CMP_NE : CMP_EQ);
    if (!args[0].valid && !args[1].valid) return;
    EACH_ROW (c, row) {
        bool a = col_is_null(&args[0], row), b = col_is_null(&args[1], row);
        if (a || b) to[row] = (a == b) != is_distinct;
    }
}
static void is_distinct(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    distinct(c, args, out, true);
}
static void is_not_distinct(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    distinct(c, args, out, false);
}
static const FuncImpl is_distinct_impl = {.columns = is_distinct};
static const FuncImpl is_not_distinct_impl = {.columns = is_not_distinct};

/* ---- truth and NULL -------------------------------------------------------------------------- */

static void not_truth(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    uint8_t *to = out->data;
    EACH_ROW (c, row) to[row] = !ARG(uint8_t, 0, row);
}
static const FuncImpl not_impl = {.columns = not_truth};

static void null_test(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    uint8_t *to = out->data;
    EACH_ROW (c, row) to[row] = col_is_null(&args[0], row);
}
static void not_null_test(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    uint8_t *to = out->data;
    EACH_ROW (c, row) to[row] = !col_is_null(&args[0], row);
}
static const FuncImpl is_null_impl = {.columns = null_test};
static const FuncImpl is_not_null_impl = {.columns = not_null_test};

/* IS [NOT] TRUE, IS [NOT] FALSE: NULL is neither. */
#define TRUTH_TEST(name, wanted, result) \
    static void name(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        uint8_t *to = out->data; \
        EACH_ROW (c, row) { \
            bool is = !col_is_null(&args[0], row) && ARG(uint8_t, 0, row) == wanted; \
            to[row] = is == result; \
        } \
    } \
    static const FuncImpl name##_impl = {.columns = name};
TRUTH_TEST(is_true, 1, true)
TRUTH_TEST(is_false, 0, true)
TRUTH_TEST(is_not_true, 1, false)
TRUTH_TEST(is_not_false, 0, false)

/* ---- || -------------------------------------------------------------------------------------- */

static void concat_two(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str x = ARG_STR(0, row), y = ARG_STR(1, row);
        char small[TEXT_INLINE];
        char *p = x.n + y.n <= TEXT_INLINE ? small : arena_alloc_raw(c->arena, x.n + y.n, 1);
        if (x.n) memcpy(p, x.p, (size_t)x.n);
        if (y.n) memcpy(p + x.n, y.p, (size_t)y.n);
        put_text(out, row, str_of(p, x.n + y.n));
    }
}
static const FuncImpl concat_impl = {.columns = concat_two};

/* A value that is no text is written as CAST(x AS TEXT) writes it. */
static Status concat_any(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)message;
    StrBuf b = {.arena = c->arena};
    for (int i = 0; i < nargs; i++) value_print(&b, &args[i]);
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl concat_any_impl = {.row = concat_any};

/* ---- definitions ----------------------------------------------------------------------------- */

#define OP(n, pattern, res, f, more, about) \
    { \
        .name = n, .args = pattern, .result = res, .flags = FUNC_INTERNAL | (more), .impl = &f, \
        .group = "operator", .doc = about \
    }
#define OP_OF(n, pattern, of, f, more, about) \
    { \
        .name = n, .args = pattern, .result_of = of, .flags = FUNC_INTERNAL | (more), .impl = &f, \
        .group = "operator", .doc = about \
    }

#define AS_FUNCTION(n, other, pattern, res, f, more, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = res, .flags = more, .impl = &f, \
        .group = "math", .doc = about \
    }

const FuncDef func_operators[] = {
    OP("+", "ii", "i", add_int_impl, FUNC_CAN_FAIL, "sum"),
    OP_OF("+", "mm", add_decimal_type, add_decimal_impl, FUNC_CAN_FAIL, "sum"),
    OP("+", "dd", "d", add_double_impl, 0, "sum"),
    OP("+", "Di", "D", add_date_days_impl, FUNC_CAN_FAIL, "so many days later"),
    OP("+", "iD", "D", add_days_date_impl, FUNC_CAN_FAIL, "so many days later"),
    OP_OF("+", "sv", time_interval_type, add_time_interval_impl, FUNC_CAN_FAIL,
          "later by the interval"),
    OP_OF("+", "vs", interval_time_type, add_interval_time_impl, FUNC_CAN_FAIL,
          "later by the interval"),
    OP("+", "vv", "v", add_interval_impl, FUNC_CAN_FAIL, "sum of intervals"),
    OP("+", "DT", "s", add_date_time_impl, 0, "that time on that day"),
    OP("+", "Tv", "T", add_clock_impl, 0, "time of day after the interval"),
    OP("-", "ii", "i", sub_int_impl, FUNC_CAN_FAIL, "difference"),
    OP_OF("-", "mm", sub_decimal_type, sub_decimal_impl, FUNC_CAN_FAIL, "difference"),
    OP("-", "dd", "d", sub_double_impl, 0, "difference"),
    OP("-", "DD", "i", sub_dates_impl, 0, "days between the dates"),
    OP("-", "Di", "D", sub_date_days_impl, FUNC_CAN_FAIL, "so many days earlier"),
    OP_OF("-", "sv", time_interval_type, sub_time_interval_impl, FUNC_CAN_FAIL,
          "earlier by the interval"),
    OP("-", "ss", "v", sub_times_impl, 0, "time between the timestamps"),
    OP("-", "vv", "v", sub_interval_impl, FUNC_CAN_FAIL, "difference of intervals"),
    OP("-", "TT", "v", sub_clocks_impl, 0, "time between"),
    OP("-", "Tv", "T", sub_clock_impl, 0, "time of day before the interval"),
    OP("*", "ii", "i", mul_int_impl, FUNC_CAN_FAIL, "product"),
    OP_OF("*", "mm", mul_decimal_type, mul_decimal_impl, FUNC_CAN_FAIL, "product"),
    OP("*", "dd", "d", mul_double_impl, 0, "product"),
    OP("*", "vi", "v", interval_times_int_impl, FUNC_CAN_FAIL, "that many times the interval"),
    OP("*", "iv", "v", int_times_interval_impl, FUNC_CAN_FAIL, "that many times the interval"),
    OP("*", "vd", "v", interval_times_double_impl, FUNC_CAN_FAIL, "that many times the interval"),
    OP("*", "dv", "v", double_times_interval_impl, FUNC_CAN_FAIL, "that many times the interval"),
    OP("/", "ii", "i", div_int_impl, FUNC_CAN_FAIL, "quotient, cut toward zero; NULL by zero"),
    OP_OF("/", "mm", div_decimal_type, div_decimal_impl, FUNC_CAN_FAIL, "quotient; NULL by zero"),
    OP("/", "dd", "d", div_double_impl, 0, "quotient; NULL by zero"),
    OP("/", "vd", "v", interval_by_double_impl, FUNC_CAN_FAIL, "that part of the interval"),
    OP("%", "ii", "i", mod_int_impl, 0, "remainder, with the dividend's sign; NULL by zero"),
    OP_OF("%", "mm", mod_decimal_type, mod_decimal_impl, FUNC_CAN_FAIL, "remainder; NULL by zero"),
    OP("%", "dd", "d", mod_double_impl, 0, "remainder; NULL by zero"),
    OP("neg", "i", "i", neg_int_impl, FUNC_CAN_FAIL, "negation"),
    OP("neg", "m", "1", neg_decimal_impl, 0, "negation"),
    OP("neg", "d", "d", neg_double_impl, 0, "negation"),
    OP("neg", "v", "v", neg_interval_impl, FUNC_CAN_FAIL, "negation"),
    OP("&", "ii", "i", and_bits_impl, 0, "bits set in both"),
    OP("|", "ii", "i", or_bits_impl, 0, "bits set in either"),
    OP("#", "ii", "i", xor_bits_impl, 0, "bits set in one of both"),
    OP("<<", "ii", "i", shift_left_impl, 0, "bits moved up"),
    OP(">>", "ii", "i", shift_right_impl, 0, "bits moved down, the sign kept"),
    OP("bit_not", "i", "i", not_bits_impl, 0, "every bit the other way"),
    OP("||", "tt", "t", concat_impl, 0, "both texts, one after the other"),
    OP("||", "xx", "x", concat_impl, 0, "both, one after the other"),
    OP("||", "ta", "t", concat_any_impl, 0, "the text and the value as text"),
    OP("||", "at", "t", concat_any_impl, 0, "the value as text and the text"),
    OP("=", "cc", "b", cmp_eq_impl, 0, "equal"),
    OP("<>", "cc", "b", cmp_ne_impl, 0, "not equal"),
    OP("<", "cc", "b", cmp_lt_impl, FUNC_ORDERS, "less"),
    OP("<=", "cc", "b", cmp_le_impl, FUNC_ORDERS, "less or equal"),
    OP(">", "cc", "b", cmp_gt_impl, FUNC_ORDERS, "greater"),
    OP(">=", "cc", "b", cmp_ge_impl, FUNC_ORDERS, "greater or equal"),
    OP("is_distinct", "cc", "b", is_distinct_impl, FUNC_NULL_CALL, "different, NULL being a value"),
    OP("is_not_distinct", "cc", "b", is_not_distinct_impl, FUNC_NULL_CALL,
       "the same, NULL being a value"),
    OP("= of digits", "mm", "b", digits_eq_impl, 0, "equal, of DECIMALs without a common type"),
    OP("<> of digits", "mm", "b", digits_ne_impl, 0, "not equal"),
    OP("< of digits", "mm", "b", digits_lt_impl, 0, "less"),
    OP("<= of digits", "mm", "b", digits_le_impl, 0, "less or equal"),
    OP("> of digits", "mm", "b", digits_gt_impl, 0, "greater"),
    OP(">= of digits", "mm", "b", digits_ge_impl, 0, "greater or equal"),
    OP("is_distinct of digits", "mm", "b", distinct_digits_impl, FUNC_NULL_CALL, "different, NULL being a value"),
    OP("is_not_distinct of digits", "mm", "b", not_distinct_digits_impl, FUNC_NULL_CALL, "the same, NULL being a value"),
    OP("not", "b", "b", not_impl, 0, "negation"),
    OP("is_null", "a", "b", is_null_impl, FUNC_NULL_CALL, "whether there is no value"),
    OP("is_not_null", "a", "b", is_not_null_impl, FUNC_NULL_CALL, "whether there is a value"),
    OP("is_true", "b", "b", is_true_impl, FUNC_NULL_CALL, "true, not NULL"),
    OP("is_false", "b", "b", is_false_impl, FUNC_NULL_CALL, "false, not NULL"),
    OP("is_not_true", "b", "b", is_not_true_impl, FUNC_NULL_CALL, "false or NULL"),
    OP("is_not_false", "b", "b", is_not_false_impl, FUNC_NULL_CALL, "true or NULL"),
    AS_FUNCTION("mod", NULL, "ii", "i", mod_int_impl, 0,
                "remainder, with the dividend's sign; NULL by zero"),
    {.name = "mod",
     .args = "mm",
     .result_of = mod_decimal_type,
     .impl = &mod_decimal_impl,
     .flags = FUNC_CAN_FAIL,
     .group = "math",
     .doc = "remainder; NULL by zero"},
    AS_FUNCTION("mod", NULL, "dd", "d", mod_double_impl, 0, "remainder; NULL by zero"),
    AS_FUNCTION("div", NULL, "ii", "i", div_int_impl, FUNC_CAN_FAIL,
                "whole quotient, cut toward zero; NULL by zero"),
    AS_FUNCTION("bit_and", "bitand", "ii", "i", and_bits_impl, 0, "bits set in both"),
    AS_FUNCTION("bit_or", "bitor", "ii", "i", or_bits_impl, 0, "bits set in either"),
    AS_FUNCTION("xor", "bit_xor,bitxor", "ii", "i", xor_bits_impl, 0, "bits set in one of both"),
    AS_FUNCTION("xor", NULL, "bb", "b", cmp_ne_impl, 0, "one of both, not both"),
    AS_FUNCTION("shiftleft", "bit_shift_left", "ii", "i", shift_left_impl, 0, "bits moved up"),
    AS_FUNCTION("shiftright", "bit_shift_right", "ii", "i", shift_right_impl, 0,
                "bits moved down, the sign kept"),
    {0},
};
