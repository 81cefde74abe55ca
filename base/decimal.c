/* decimal.c: decimal arithmetic on 128 bits, by way of 256 where a product or quotient needs them.
 *
 * Each operation has a short way for operands that stay within 128 bits, which is nearly all of
 * them, and one exact way through sign and 256-bit magnitude. */
#include "base/decimal.h"
#include "base/number.h"

#include <assert.h>
#include <math.h>

#define E19 ((Int128)10000000000000000000u)
const Int128 DECIMAL_POW10[DECIMAL_DIGITS_MAX + 1] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000,
    100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000,
    10000000000000000, 100000000000000000, 1000000000000000000, E19, E19 * 10, E19 * 100,
    E19 * 1000, E19 * 10000, E19 * 100000, E19 * 1000000, E19 * 10000000, E19 * 100000000,
    E19 * 1000000000, E19 * 10000000000, E19 * 100000000000, E19 * 1000000000000,
    E19 * 10000000000000, E19 * 100000000000000, E19 * 1000000000000000, E19 * 10000000000000000,
    E19 * 100000000000000000, E19 * 1000000000000000000, E19 * E19};

Int128 decimal_pow10(int n)
{
    assert(n >= 0 && n <= DECIMAL_DIGITS_MAX);
    return DECIMAL_POW10[n];
}

/* ---- types ---- */

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static Type bounded(int p, int s)
{
    if (p > DECIMAL_DIGITS_MAX) {
        s = max_int(DECIMAL_DIGITS_MAX - (p - s), min_int(s, 6));
        p = DECIMAL_DIGITS_MAX;
    }
    return TYPE_DECIMAL_((uint8_t)p, (uint8_t)s);
}

Type decimal_type_of(Type t)
{
    if (t.kind == TYPE_DECIMAL) return t;
    return TYPE_DECIMAL_(19, 0);
}

Type decimal_type_common(Type ta, Type tb)
{
    Type a = decimal_type_of(ta), b = decimal_type_of(tb);
    int s = max_int(a.scale, b.scale);
    return bounded(max_int(a.precision - a.scale, b.precision - b.scale) + s, s);
}

Type decimal_type_add(Type ta, Type tb)
{
    Type a = decimal_type_of(ta), b = decimal_type_of(tb);
    int s = max_int(a.scale, b.scale);
    return bounded(max_int(a.precision - a.scale, b.precision - b.scale) + s + 1, s);
}

Type decimal_type_mul(Type ta, Type tb)
{
    Type a = decimal_type_of(ta), b = decimal_type_of(tb);
    return bounded(a.precision + b.precision + 1, a.scale + b.scale);
}

Type decimal_type_div(Type ta, Type tb)
{
    Type a = decimal_type_of(ta), b = decimal_type_of(tb);
    int s = max_int(6, a.scale + b.precision + 1);
    return bounded(a.precision - a.scale + b.scale + s, s);
}

Type decimal_type_mod(Type ta, Type tb)
{
    Type a = decimal_type_of(ta), b = decimal_type_of(tb);
    int s = max_int(a.scale, b.scale);
    int p = min_int(a.precision - a.scale, b.precision - b.scale) + s;
    return bounded(max_int(p, 1), s);
}

/* ---- 256 bits ---- */

typedef struct Wide {
    UInt128 hi, lo; /* magnitude */
    bool negative;
} Wide;

static UInt128 magnitude(Int128 v)
{
    return v < 0 ? -(UInt128)v : (UInt128)v;
}

static Wide wide_of(Int128 v)
{
    return (Wide){0, magnitude(v), v < 0};
}

/* w * m; false when 256 bits don't hold it. */
static bool wide_mul(Wide *w, UInt128 m)
{
    uint64_t in[4] = {(uint64_t)w->lo, (uint64_t)(w->lo >> 64), (uint64_t)w->hi,
                      (uint64_t)(w->hi >> 64)};
    uint64_t by[2] = {(uint64_t)m, (uint64_t)(m >> 64)};
    uint64_t out[6] = {0};
    for (int j = 0; j < 2; j++) {
        uint64_t carry = 0;
        for (int i = 0; i < 4; i++) {
            UInt128 t = (UInt128)in[i] * by[j] + out[i + j] + carry;
            out[i + j] = (uint64_t)t;
            carry = (uint64_t)(t >> 64);
        }
        out[j + 4] = carry;
    }
    w->lo = (UInt128)out[1] << 64 | out[0];
    w->hi = (UInt128)out[3] << 64 | out[2];
    return !out[4] && !out[5];
}

/* Magnitudes: *w /= d, gives the remainder. D. Knuth, TAOCP 2, 4.3.1, algorithm D, for a divisor
 * of one or two 64-bit digits: the dividend enters a 128-bit remainder a bit at a time only where
 * the high half is not empty. */
static UInt128 wide_divmod(Wide *w, UInt128 d)
{
    if (w->hi == 0) {
        UInt128 q = w->lo / d, r = w->lo % d;
        w->lo = q;
        return r;
    }
    UInt128 r = w->hi % d, q_lo = 0;
    w->hi /= d;
    for (int bit = 127; bit >= 0; bit--) {
        bool carry = r >> 127;
        r = r << 1 | (w->lo >> bit & 1);
        if (carry || r >= d) {
            r -= d;
            q_lo |= (UInt128)1 << bit;
        }
    }
    w->lo = q_lo;
    return r;
}

static void wide_add_magnitude(Wide *w, UInt128 hi, UInt128 lo)
{
    w->lo += lo;
    w->hi += hi + (w->lo < lo);
}

static bool wide_less(const Wide *a, const Wide *b)
{
    return a->hi != b->hi ? a->hi < b->hi : a->lo < b->lo;
}

static Wide wide_sum(Wide a, Wide b)
{
    if (a.negative == b.negative) {
        wide_add_magnitude(&a, b.hi, b.lo);
        return a;
    }
    if (wide_less(&a, &b)) {
        Wide t = a;
        a = b;
        b = t;
    }
    a.hi -= b.hi + (a.lo < b.lo);
    a.lo -= b.lo;
    return a;
}

/* w / 10^n rounded half away from zero, n in 0..76: floors nest, so one half and two divisions. */
static void wide_drop_digits(Wide *w, int n)
{
    if (n == 0) return;
    Wide half = {.lo = 5};
    int rest = n - 1;
    for (; rest > DECIMAL_DIGITS_MAX; rest -= DECIMAL_DIGITS_MAX)
        wide_mul(&half, (UInt128)DECIMAL_POW10[DECIMAL_DIGITS_MAX]);
    wide_mul(&half, (UInt128)DECIMAL_POW10[rest]);
    wide_add_magnitude(w, half.hi, half.lo);
    for (; n > DECIMAL_DIGITS_MAX; n -= DECIMAL_DIGITS_MAX)
        wide_divmod(w, (UInt128)DECIMAL_POW10[DECIMAL_DIGITS_MAX]);
    wide_divmod(w, (UInt128)DECIMAL_POW10[n]);
}

static bool wide_result(const Wide *w, int precision, Int128 *out)
{
    if (w->hi || w->lo >= (UInt128)DECIMAL_POW10[precision]) return false;
    *out = w->negative ? -(Int128)w->lo : (Int128)w->lo;
    return true;
}

/* ---- values ---- */

static bool scaled_up(Int128 *v, int digits)
{
    return digits <= DECIMAL_DIGITS_MAX && !__builtin_mul_overflow(*v, DECIMAL_POW10[digits], v);
}

static bool store(Int128 v, int precision, Int128 *out)
{
    if (!decimal_fits(v, precision)) return false;
    *out = v;
    return true;
}

bool decimal_rescale(Int128 v, int from, Type to, Int128 *out)
{
    if (to.scale >= from)
        return v == 0 ? store(0, to.precision, out)
                      : scaled_up(&v, to.scale - from) && store(v, to.precision, out);
    Wide w = wide_of(v);
    wide_drop_digits(&w, from - to.scale);
    return wide_result(&w, to.precision, out);
}

static bool add_wide(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out)
{
    int s = max_int(as, bs);
    Wide x = wide_of(a), y = wide_of(b);
    wide_mul(&x, (UInt128)DECIMAL_POW10[s - as]); /* below 10^77 < 2^256 */
    wide_mul(&y, (UInt128)DECIMAL_POW10[s - bs]);
    Wide sum = wide_sum(x, y);
    if (to.scale > s && !wide_mul(&sum, (UInt128)DECIMAL_POW10[to.scale - s])) return false;
    if (to.scale < s) wide_drop_digits(&sum, s - to.scale);
    return wide_result(&sum, to.precision, out);
}

bool decimal_add(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out)
{
    Int128 x = a, y = b, sum;
    int s = max_int(as, bs);
    if (to.scale == s && scaled_up(&x, s - as) && scaled_up(&y, s - bs) &&
        !__builtin_add_overflow(x, y, &sum))
        return store(sum, to.precision, out);
    return add_wide(a, as, b, bs, to, out);
}

bool decimal_sub(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out)
{
    return decimal_add(a, as, -b, bs, to, out);
}

bool decimal_mul(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out)
{
    Int128 product;
    int s = as + bs;
    if (to.scale == s && !__builtin_mul_overflow(a, b, &product))
        return store(product, to.precision, out);
    Wide w = wide_of(a);
    wide_mul(&w, magnitude(b));
    w.negative = (a < 0) != (b < 0);
    if (to.scale > s && !wide_mul(&w, (UInt128)DECIMAL_POW10[to.scale - s])) return false;
    if (to.scale < s) wide_drop_digits(&w, s - to.scale);
    return wide_result(&w, to.precision, out);
}

/* n / d rounded half away from zero; signs apart. */
static bool quotient(Wide n, UInt128 d, int precision, Int128 *out)
{
    UInt128 r = wide_divmod(&n, d);
    if (r >= d - r) wide_add_magnitude(&n, 0, 1);
    return wide_result(&n, precision, out);
}

bool decimal_div(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out)
{
    assert(b != 0);
    int shift = to.scale - as + bs; /* a · 10^shift / b */
    Wide n = wide_of(a);
    n.negative = (a < 0) != (b < 0);
    if (shift < 0) {
        Wide d = wide_of(b);
        wide_mul(&d, (UInt128)DECIMAL_POW10[-shift]);
        if (d.hi) { /* more than any numerator, but perhaps not than twice it */
            Wide twice = n;
            wide_mul(&twice, 2);
            n.lo = !wide_less(&twice, &d);
            return wide_result(&n, to.precision, out);
        }
        return quotient(n, d.lo, to.precision, out);
    }
    for (; shift > DECIMAL_DIGITS_MAX; shift -= DECIMAL_DIGITS_MAX)
        if (!wide_mul(&n, (UInt128)DECIMAL_POW10[DECIMAL_DIGITS_MAX])) return false;
    if (!wide_mul(&n, (UInt128)DECIMAL_POW10[shift])) return false; /* then the quotient > 10^38 */
    return quotient(n, magnitude(b), to.precision, out);
}

bool decimal_mod(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out)
{
    assert(b != 0);
    int s = max_int(as, bs);
    Wide n = wide_of(a), d = wide_of(b);
    wide_mul(&n, (UInt128)DECIMAL_POW10[s - as]);
    wide_mul(&d, (UInt128)DECIMAL_POW10[s - bs]);
    if (wide_less(&n, &d)) {
        d = n;
    } else { /* one side was not scaled, so a d that is not larger fits into 128 bits */
        assert(d.hi == 0);
        d.lo = wide_divmod(&n, d.lo);
    }
    d.negative = a < 0;
    if (to.scale < s) wide_drop_digits(&d, s - to.scale);
    if (to.scale > s && !wide_mul(&d, (UInt128)DECIMAL_POW10[to.scale - s])) return false;
    return wide_result(&d, to.precision, out);
}

int decimal_cmp(Int128 a, int as, Int128 b, int bs)
{
    Int128 x = a, y = b;
    int s = max_int(as, bs);
    if (a && !scaled_up(&x, s - as)) return a < 0 ? -1 : 1;
    if (b && !scaled_up(&y, s - bs)) return b < 0 ? 1 : -1;
    return (x > y) - (x < y);
}

bool decimal_div_int(Int128 v, int scale, int64_t n, Type to, Int128 *out)
{
    return decimal_div(v, scale, n, 0, to, out);
}

bool decimal_round(Int128 v, int scale, int digits, int precision, Int128 *out)
{
    int drop = scale - digits;
    if (drop <= 0) return store(v, precision, out);
    if (drop > DECIMAL_DIGITS_MAX) return store(0, precision, out);
    Wide w = wide_of(v);
    wide_drop_digits(&w, drop);
    if (!wide_mul(&w, (UInt128)DECIMAL_POW10[drop])) return false;
    return wide_result(&w, precision, out);
}

/* ---- text ---- */

/* Digits as they are read: value · 10^exp, what didn't fit is dropped but for its first digit. */
typedef struct Digits {
    UInt128 value;
    int kept;    /* significant digits in value */
    int64_t exp;
    int next;    /* first digit that was dropped */
    bool full, any;
} Digits;

static void digits_add(Digits *d, int digit, bool fraction)
{
    d->any = true;
    if (d->full || d->kept == DECIMAL_DIGITS_MAX) {
        if (!d->full) d->next = digit;
        d->full = true;
        d->exp += !fraction;
        return;
    }
    d->value = d->value * 10 + (unsigned)digit;
    if (d->value) d->kept++;
    d->exp -= fraction;
}

static const char *read_digits(Digits *d, const char *p, const char *end)
{
    bool fraction = false;
    for (; p < end; p++) {
        if (*p == '.' && !fraction)
            fraction = true;
        else if (*p >= '0' && *p <= '9')
            digits_add(d, *p - '0', fraction);
        else
            break;
    }
    return p;
}

static bool read_exponent(Digits *d, const char *p, const char *end)
{
    if (p == end) return true;
    int64_t e;
    if (*p != 'e' && *p != 'E') return false;
    if (!str_to_int64(str_of(p + 1, end - p - 1), &e)) return false;
    if (e > 100000) e = 100000;
    if (e < -100000) e = -100000;
    d->exp += e;
    return true;
}

/* value · 10^exp at the scale of `to`. All 38 kept digits are exact; when more were dropped the
 * value is at least 10^37 · 10^exp, so it fits only if digits go, and then those dropped before
 * matter only when none goes now. */
static DecimalParse digits_store(const Digits *d, Type to, bool negative, Int128 *out)
{
    int64_t shift = d->exp + to.scale;
    Wide w = {.lo = d->value, .negative = negative};
    if (d->value == 0) shift = 0;
    if (shift == 0 && d->full && d->next >= 5) wide_add_magnitude(&w, 0, 1);
    if (shift > DECIMAL_DIGITS_MAX) return DECIMAL_OVERFLOW;
    if (shift > 0 && !wide_mul(&w, (UInt128)DECIMAL_POW10[shift])) return DECIMAL_OVERFLOW;
    if (shift > 0 && d->full) return DECIMAL_OVERFLOW;
    if (shift < -DECIMAL_DIGITS_MAX - 1) w.lo = 0;
    else if (shift < 0) wide_drop_digits(&w, (int)-shift);
    return wide_result(&w, to.precision, out) ? DECIMAL_OK : DECIMAL_OVERFLOW;
}

DecimalParse decimal_parse(Str s, Type to, Int128 *out)
{
    const char *p = s.p, *end = s.p + s.n;
    Digits d = {0};
    bool negative = s.n > 0 && *p == '-';
    if (s.n > 0 && (*p == '-' || *p == '+')) p++;
    p = read_digits(&d, p, end);
    if (!d.any || !read_exponent(&d, p, end)) return DECIMAL_MALFORMED;
    return digits_store(&d, to, negative, out);
}

DecimalParse decimal_parse_literal(Str s, Type *type, Int128 *out)
{
    Digits d = {0};
    if (read_digits(&d, s.p, s.p + s.n) != s.p + s.n || !d.any) return DECIMAL_MALFORMED;
    if (d.full || d.exp < -DECIMAL_DIGITS_MAX) return DECIMAL_OVERFLOW;
    int scale = (int)-d.exp;
    int precision = max_int(max_int(d.kept, scale), 1);
    *type = TYPE_DECIMAL_((uint8_t)precision, (uint8_t)scale);
    *out = (Int128)d.value;
    return DECIMAL_OK;
}

int decimal_print(Int128 v, int scale, char *out)
{
    char digits[INT128_TEXT_MAX + 1];
    int n = int128_print(v < 0 ? -v : v, digits), len = 0;
    if (v < 0) out[len++] = '-';
    int whole = n - scale;
    if (whole <= 0) out[len++] = '0';
    for (int i = 0; i < whole; i++) out[len++] = digits[i];
    if (scale > 0) out[len++] = '.';
    for (int i = whole; i < 0; i++) out[len++] = '0';
    for (int i = max_int(whole, 0); i < n; i++) out[len++] = digits[i];
    out[len] = 0;
    return len;
}

/* ---- other numbers ---- */

double decimal_to_double(Int128 v, int scale)
{
    static const double POW10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const Int128 exact = (Int128)1 << 53;
    if (scale <= 22 && v <= exact && v >= -exact) return (double)(int64_t)v / POW10[scale];
    char text[DECIMAL_TEXT_MAX + 1];
    double d = 0;
    bool ok = str_to_double(str_of(text, decimal_print(v, scale, text)), &d);
    assert(ok);
    (void)ok;
    return d;
}

bool decimal_from_double(double d, Type to, Int128 *out)
{
    char text[DOUBLE_TEXT_MAX + 1];
    if (!isfinite(d)) return false;
    return decimal_parse(str_of(text, double_print(d, text)), to, out) == DECIMAL_OK;
}

bool decimal_to_int64(Int128 v, int scale, int64_t *out)
{
    Int128 whole = v / DECIMAL_POW10[scale];
    if (whole > INT64_MAX || whole < INT64_MIN) return false;
    *out = (int64_t)whole;
    return true;
}
