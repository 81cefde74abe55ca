/* number.c: numbers from and to text.
 *
 * Reading: up to 19 digits and a small power of ten are one exact division or multiplication
 * (W. Clinger, "How to read floating point numbers accurately", 1990); the rest goes to libc in
 * the C locale, cut to the 768 digits that can matter and one that stands for what follows.
 * Writing: a decimal of at most 15 digits that reads back is the only one of its length, so it is
 * looked for by multiplication first. */
#include "base/number.h"

#include <assert.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double POW10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { DIGITS_KEPT = 780, EXP_LIMIT = 100000 };

/* digits · 10^exp; `first` holds what fits into 64 bits of the leading digits. */
typedef struct Scan {
    char digits[DIGITS_KEPT + 1];
    int n;
    int exp;
    uint64_t first;
    bool negative;
} Scan;

static void scan_digit(Scan *s, char c, bool fraction)
{
    if (s->n == 0 && c == '0') {
        s->exp -= fraction;
    } else if (s->n < DIGITS_KEPT) {
        s->digits[s->n++] = c;
        if (s->n <= 19) s->first = s->first * 10 + (unsigned)(c - '0');
        s->exp -= fraction;
    } else {
        if (c != '0') s->digits[DIGITS_KEPT - 1] = '1'; /* sticky: only that it is not a tie */
        s->exp += !fraction;
    }
}

static const char *scan_exponent(Scan *s, const char *p, const char *end)
{
    if (p == end || (*p != 'e' && *p != 'E')) return p;
    p++;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return NULL;
    int e = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if (e < EXP_LIMIT) e = e * 10 + (*p - '0');
    s->exp += negative ? -e : e;
    return p;
}

static bool scan_number(Scan *s, const char *p, const char *end)
{
    int seen = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++, seen++) scan_digit(s, *p, false);
    if (p < end && *p == '.')
        for (p++; p < end && *p >= '0' && *p <= '9'; p++, seen++) scan_digit(s, *p, true);
    if (!seen) return false;
    const char *digit_end = p;
    p = scan_exponent(s, p, end);
    return p == end && (p == digit_end || (p[-1] >= '0' && p[-1] <= '9'));
}

static double libc_read(char *z)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* glibc: a constant, nothing is made */
    double d = strtod_l(z, NULL, c);
    freelocale(c);
    return d;
}

static double scan_value(Scan *s)
{
    if (s->n == 0) return 0.0;
    if (s->n <= 15 && s->exp >= -22 && s->exp <= 22)
        return s->exp < 0 ? (double)s->first / POW10[-s->exp] : (double)s->first * POW10[s->exp];
    if (s->n + s->exp > 400) return INFINITY;
    if (s->n + s->exp < -400) return 0.0;
    char z[DIGITS_KEPT + 16];
    memcpy(z, s->digits, (size_t)s->n);
    snprintf(z + s->n, 16, "e%d", s->exp);
    return libc_read(z);
}

bool str_to_double(Str s, double *out)
{
    Scan scan;
    scan.n = scan.exp = 0;
    scan.first = 0;
    const char *p = s.p, *end = s.p + s.n;
    scan.negative = s.n > 0 && *p == '-';
    if (s.n > 0 && (*p == '-' || *p == '+')) p++;
    Str rest = {p, end - p};
    double d;
    if (str_ieq(rest, S("inf")) || str_ieq(rest, S("infinity")))
        d = INFINITY;
    else if (scan_number(&scan, p, end))
        d = scan_value(&scan);
    else
        return false;
    *out = scan.negative ? -d : d;
    return true;
}

int int128_print(Int128 v, char *out)
{
    char digits[INT128_TEXT_MAX];
    int n = 0, len = 0;
    UInt128 u = v < 0 ? -(UInt128)v : (UInt128)v;
    do digits[n++] = (char)('0' + (int)(u % 10));
    while ((u /= 10) != 0);
    if (v < 0) out[len++] = '-';
    while (n) out[len++] = digits[--n];
    out[len] = 0;
    return len;
}

int int64_print(int64_t v, char *out)
{
    char digits[24];
    int n = 0, len = 0;
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
    do digits[n++] = (char)('0' + u % 10);
    while ((u /= 10) != 0);
    if (v < 0) out[len++] = '-';
    while (n) out[len++] = digits[--n];
    out[len] = 0;
    return len;
}

/* d = m / 10^scale with m < 10^15, the least such scale. Magnitudes from 1e-4 only. */
static bool short_decimal(double d, uint64_t *m, int *scale)
{
    if (d >= 1e15 || d < 1e-4) return false;
    for (int k = 0; k <= 18; k++) {
        double scaled = rint(d * POW10[k]);
        if (scaled >= 1e15) return false;
        if (scaled / POW10[k] == d) {
            *m = (uint64_t)scaled;
            *scale = k;
            return true;
        }
    }
    return false;
}

static int print_fixed(uint64_t m, int scale, char *out)
{
    char digits[24];
    int n = int64_print((int64_t)m, digits), len = 0;
    int whole = n - scale;
    if (whole <= 0) out[len++] = '0';
    for (int i = 0; i < whole; i++) out[len++] = digits[i];
    out[len++] = '.';
    for (int i = whole; i < 0; i++) out[len++] = '0';
    for (int i = whole > 0 ? whole : 0; i < n; i++) out[len++] = digits[i];
    if (scale == 0) out[len++] = '0';
    return len;
}

static void print_exponent(double d, int precision, char *z, size_t room)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before = uselocale(c);
    snprintf(z, room, "%.*e", precision - 1, d);
    uselocale(before);
    freelocale(c);
}

/* Above a power of two the doubles lie twice as far apart as below: the nearest decimal of 16
 * digits may be nearer to the neighbour below, and the next one up reads back all the same. */
static bool next_up_reads_back(double d, char *z)
{
    char *last = strchr(z, 'e') - 1;
    if (*last == '9') return false;
    ++*last;
    return libc_read(z) == d;
}

/* The shortest digits that read back, by trial; d > 0. Gives d = 0.DIGITS · 10^point. */
static int shortest_digits(double d, char *digits, int *point)
{
    char z[40];
    for (int precision = d < DBL_MIN ? 1 : 15;; precision++) {
        print_exponent(d, precision, z, sizeof z);
        if (precision == 17 || libc_read(z) == d) break;
        if (precision == 16 && next_up_reads_back(d, z)) break;
    }
    int n = 0;
    char *e = strchr(z, 'e');
    for (char *p = z; p < e; p++)
        if (*p != '.') digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0') n--;
    int64_t exp = 0;
    str_to_int64(str_z(e + 1), &exp);
    *point = (int)exp + 1;
    return n;
}

static int print_digits(const char *digits, int n, int point, char *out)
{
    int len = 0;
    if (point > 16 || point < -3) {
        out[len++] = digits[0];
        if (n > 1) out[len++] = '.';
        for (int i = 1; i < n; i++) out[len++] = digits[i];
        return len + snprintf(out + len, 8, "e%+03d", point - 1);
    }
    for (int i = 0; i < point || i < n; i++) {
        if (i == 0 && point <= 0) {
            out[len++] = '0';
            out[len++] = '.';
            for (int k = point; k < 0; k++) out[len++] = '0';
        } else if (i == point) {
            out[len++] = '.';
        }
        out[len++] = i < n ? digits[i] : '0';
    }
    if (n <= point) {
        out[len++] = '.';
        out[len++] = '0';
    }
    return len;
}

int double_print(double d, char *out)
{
    char *p = out;
    assert(!isnan(d));
    if (signbit(d) && d != 0) *p++ = '-';
    d = fabs(d);
    uint64_t m = 0;
    int scale = 0;
    if (isinf(d)) {
        memcpy(p, "Infinity", 8);
        p += 8;
    } else if (d == 0 || short_decimal(d, &m, &scale)) {
        p += print_fixed(m, scale, p);
    } else {
        char digits[24];
        int point, n = shortest_digits(d, digits, &point);
        p += print_digits(digits, n, point, p);
    }
    *p = 0;
    return (int)(p - out);
}

bool double_to_int64(double d, int64_t *out)
{
    double t = trunc(d);
    if (!(t >= -0x1p63 && t < 0x1p63)) return false;
    *out = (int64_t)t;
    return true;
}
