/* exact.c: the long accumulator.
 *
 * Invariant of a sum with n > 0: its limbs are a two's complement number whose top limb lies in
 * -2^62 .. 2^62 - 1. So two of them, or one and a term below 2^62 of its top limb, add without
 * overflow; afterwards a limb of sign is put on top where the invariant asks for it. */
#include "base/exact.h"

#include <assert.h>
#include <math.h>

/* The exponents of products of two doubles, with room for weights and counts of 2^64, lie within
 * ±2300 bits: 73 limbs. */
enum { LIMBS_MAX = 80, LIMB_AT_MAX = 37, PARTS = 4 };

static uint64_t *limbs_of(ExactSum *s)
{
    return s->cap ? s->limbs : s->fixed;
}

static const uint64_t *limbs_in(const ExactSum *s)
{
    return s->cap ? s->limbs : s->fixed;
}

static uint64_t sign_of(const ExactSum *s)
{
    return s->n ? (uint64_t)((int64_t)limbs_in(s)[s->n - 1] >> 63) : 0;
}

static void reserve(ExactSum *s, ExactMem mem, int n)
{
    assert(n <= LIMBS_MAX);
    if (n <= (s->cap ? s->cap : EXACT_INLINE)) return;
    int cap = n < 6 ? 6 : n + 2;
    uint64_t *p = mem.resize(mem.arg, s->cap ? s->limbs : NULL, s->cap * 8, cap * 8);
    if (!s->cap) memcpy(p, s->fixed, sizeof s->fixed);
    s->limbs = p;
    s->cap = (uint8_t)cap;
}

/* Makes limbs lo..hi part of the number, by zeroes below and signs above. */
static void cover(ExactSum *s, ExactMem mem, int lo, int hi)
{
    uint64_t sign = sign_of(s);
    int old_n = s->n, old_low = s->n ? s->low : lo;
    if (old_low < lo) lo = old_low;
    if (old_n && old_low + old_n > hi) hi = old_low + old_n;
    if (hi - lo == old_n) return;
    reserve(s, mem, hi - lo);
    uint64_t *p = limbs_of(s);
    int below = old_low - lo;
    memmove(p + below, p, (size_t)old_n * 8);
    memset(p, 0, (size_t)below * 8);
    for (int i = below + old_n; i < hi - lo; i++) p[i] = sign;
    s->low = (int16_t)lo;
    s->n = (uint8_t)(hi - lo);
}

static void keep_headroom(ExactSum *s, ExactMem mem)
{
    int64_t top = (int64_t)limbs_of(s)[s->n - 1];
    if (top >> 62 != top >> 63) cover(s, mem, s->low, s->low + s->n + 1);
}

static void add_at(uint64_t *p, int n, const uint64_t *m, int k)
{
    bool carry = false;
    for (int i = 0; i < n && (i < k || carry); i++) {
        uint64_t t;
        bool over = __builtin_add_overflow(p[i], i < k ? m[i] : 0, &t);
        carry = __builtin_add_overflow(t, (uint64_t)carry, &p[i]) || over;
    }
}

static void sub_at(uint64_t *p, int n, const uint64_t *m, int k)
{
    bool borrow = false;
    for (int i = 0; i < n && (i < k || borrow); i++) {
        uint64_t t;
        bool under = __builtin_sub_overflow(p[i], i < k ? m[i] : 0, &t);
        borrow = __builtin_sub_overflow(t, (uint64_t)borrow, &p[i]) || under;
    }
}

/* value · weight · 2^exp as up to PARTS limbs from limb `*at` on, no zero limb at either end. */
static int spread(UInt128 value, uint64_t weight, int exp, uint64_t *m, int *at)
{
    int shift = exp & 63;
    UInt128 lo = (UInt128)(uint64_t)value * weight;
    UInt128 hi = (UInt128)(uint64_t)(value >> 64) * weight + (uint64_t)(lo >> 64);
    uint64_t w[PARTS] = {(uint64_t)lo, (uint64_t)hi, (uint64_t)(hi >> 64), 0};
    for (int i = PARTS - 1; i >= 0 && shift; i--)
        w[i] = w[i] << shift | (i ? w[i - 1] >> (64 - shift) : 0);
    int first = 0, end = PARTS;
    while (first < end && !w[first]) first++;
    while (end > first && !w[end - 1]) end--;
    for (int i = first; i < end; i++) m[i - first] = w[i];
    *at = (exp >> 6) + first;
    return end - first;
}

static void add_term(ExactSum *s, ExactMem mem, UInt128 value, int exp, bool negative,
                     int64_t weight)
{
    uint64_t m[PARTS];
    int at, n = spread(value, weight < 0 ? -(uint64_t)weight : (uint64_t)weight, exp, m, &at);
    if (n == 0) return;
    cover(s, mem, at, at + n + 1);
    uint64_t *p = limbs_of(s) + (at - s->low);
    int rest = s->n - (at - s->low);
    if (negative != (weight < 0))
        sub_at(p, rest, m, n);
    else
        add_at(p, rest, m, n);
    keep_headroom(s, mem);
}

/* |x| = mantissa · 2^exp with an odd mantissa; 0 for 0. */
static uint64_t take_apart(double x, int *exp)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int biased = (int)(bits >> 52 & 0x7ff);
    uint64_t m = bits & (((uint64_t)1 << 52) - 1);
    if (biased) m |= (uint64_t)1 << 52;
    if (!m) return 0;
    int zeroes = __builtin_ctzll(m);
    *exp = (biased ? biased : 1) - 1075 + zeroes;
    return m >> zeroes;
}

/* The usual case of one more term: it falls into two limbs that are there. Asks for headroom to
 * be kept afterwards. */
static bool add_quick(ExactSum *s, uint64_t m, int exp, bool negative)
{
    int at = (exp >> 6) - s->low, shift = exp & 63;
    if (at < 0 || at + 2 > s->n) return false;
    uint64_t *p = limbs_of(s) + at;
    UInt128 term = (UInt128)m << shift;
    uint64_t part[2] = {(uint64_t)term, (uint64_t)(term >> 64)};
    if (negative)
        sub_at(p, s->n - at, part, 2);
    else
        add_at(p, s->n - at, part, 2);
    return true;
}

static void count_infinity(ExactSum *s, double x, int64_t weight)
{
    int64_t *count = isnan(x) ? &s->nan : x > 0 ? &s->pos_inf : &s->neg_inf;
    *count += weight;
}

void exact_add_double(ExactSum *s, ExactMem mem, double x, int64_t weight)
{
    int exp = 0;
    if (!isfinite(x)) {
        count_infinity(s, x, weight);
        return;
    }
    uint64_t m = take_apart(x, &exp);
    bool one = weight == 1 || weight == -1;
    if (m && one && add_quick(s, m, exp, signbit(x) != (weight < 0)))
        keep_headroom(s, mem);
    else
        add_term(s, mem, m, exp, signbit(x), weight);
}

void exact_add_product(ExactSum *s, ExactMem mem, double x, double y, int64_t weight)
{
    int ex = 0, ey = 0;
    if (!isfinite(x) || !isfinite(y)) {
        count_infinity(s, x * y, weight);
        return;
    }
    UInt128 m = (UInt128)take_apart(x, &ex) * take_apart(y, &ey);
    add_term(s, mem, m, ex + ey, signbit(x) != signbit(y), weight);
}

void exact_add_int128(ExactSum *s, ExactMem mem, Int128 v, int64_t weight)
{
    add_term(s, mem, v < 0 ? -(UInt128)v : (UInt128)v, 0, v < 0, weight);
}

/* dst += src, or dst -= src as dst + ~src + 1; above its top src goes on with its sign. */
static void add_limbs(ExactSum *dst, const ExactSum *src, bool subtract)
{
    uint64_t *p = limbs_of(dst) + (src->low - dst->low);
    const uint64_t *q = limbs_in(src);
    uint64_t sign = sign_of(src), flip = subtract ? ~(uint64_t)0 : 0;
    bool carry = subtract;
    for (int i = 0; i < dst->n - (src->low - dst->low); i++) {
        uint64_t t;
        bool over = __builtin_add_overflow(p[i], (i < src->n ? q[i] : sign) ^ flip, &t);
        carry = __builtin_add_overflow(t, (uint64_t)carry, &p[i]) || over;
    }
}

void exact_merge(ExactSum *dst, ExactMem mem, const ExactSum *src, int sign)
{
    assert(dst != src && (sign == 1 || sign == -1));
    dst->pos_inf += sign * src->pos_inf;
    dst->neg_inf += sign * src->neg_inf;
    dst->nan += sign * src->nan;
    if (src->n == 0) return;
    cover(dst, mem, src->low, src->low + src->n);
    add_limbs(dst, src, sign < 0);
    keep_headroom(dst, mem);
}

void exact_free(ExactSum *s, ExactMem mem)
{
    if (s->cap) mem.resize(mem.arg, s->limbs, s->cap * 8, 0);
    *s = (ExactSum){0};
}

bool exact_is_finite(const ExactSum *s)
{
    return !s->pos_inf && !s->neg_inf && !s->nan;
}

bool exact_is_zero(const ExactSum *s)
{
    const uint64_t *p = limbs_in(s);
    for (int i = 0; i < s->n; i++)
        if (p[i]) return false;
    return exact_is_finite(s);
}

/* ---- magnitudes: sign apart, for results ---- */

enum { MAGNITUDE_LIMBS = 2 * LIMBS_MAX + 4 };
typedef struct Magnitude {
    uint64_t limb[MAGNITUDE_LIMBS];
    int low, n;
    bool negative;
    bool sticky; /* something below the lowest limb is not zero */
} Magnitude;

static void trim(Magnitude *m)
{
    while (m->n && !m->limb[m->n - 1]) m->n--;
}

static void magnitude_of(const ExactSum *s, Magnitude *m)
{
    const uint64_t *p = limbs_in(s);
    *m = (Magnitude){.low = s->low, .n = s->n, .negative = sign_of(s) != 0};
    bool carry = true;
    for (int i = 0; i < s->n; i++) {
        m->limb[i] = p[i];
        if (m->negative) carry = __builtin_add_overflow(~p[i], (uint64_t)carry, &m->limb[i]);
    }
    trim(m);
}

static uint64_t limb_at(const Magnitude *m, int i)
{
    return i >= m->low && i < m->low + m->n ? m->limb[i - m->low] : 0;
}

/* 64 bits from bit `at` on. */
static uint64_t bits_at(const Magnitude *m, int at)
{
    int i = at >> 6, shift = at & 63;
    uint64_t lo = limb_at(m, i) >> shift;
    return shift ? lo | limb_at(m, i + 1) << (64 - shift) : lo;
}

static bool any_below(const Magnitude *m, int at)
{
    if (m->sticky) return true;
    for (int i = 0; i < m->n; i++) {
        int limb = m->low + i, end = at - 64 * limb; /* bits of this limb that lie below */
        if (end <= 0) return false;
        uint64_t below = end >= 64 ? m->limb[i] : m->limb[i] & (((uint64_t)1 << end) - 1);
        if (below) return true;
    }
    return false;
}

/* Round to nearest, ties to even; below 2^-1022 to a multiple of 2^-1074. */
static double magnitude_round(const Magnitude *m)
{
    if (m->n == 0) return 0.0;
    int high = 64 * (m->low + m->n) - 1 - __builtin_clzll(m->limb[m->n - 1]);
    if (high > 1023) return m->negative ? -INFINITY : INFINITY;
    int unit = high - 52 > -1074 ? high - 52 : -1074;
    uint64_t whole = high < unit ? 0 : bits_at(m, unit) & (((uint64_t)1 << (high - unit + 1)) - 1);
    bool half = bits_at(m, unit - 1) & 1;
    if (half && ((whole & 1) || any_below(m, unit - 1))) whole++;
    double d = ldexp((double)whole, unit);
    return m->negative && d != 0 ? -d : d;
}

/* m / n, to 128 bits below the lowest limb. */
static void magnitude_div(Magnitude *m, uint64_t n)
{
    uint64_t r = 0;
    memmove(m->limb + 2, m->limb, (size_t)m->n * 8);
    m->limb[0] = m->limb[1] = 0;
    m->n += 2;
    m->low -= 2;
    for (int i = m->n - 1; i >= 0; i--) {
        UInt128 t = (UInt128)r << 64 | m->limb[i];
        m->limb[i] = (uint64_t)(t / n);
        r = (uint64_t)(t % n);
    }
    m->sticky = r != 0;
    trim(m);
}

static void magnitude_mul(const Magnitude *a, const Magnitude *b, Magnitude *out)
{
    assert(a->n + b->n <= MAGNITUDE_LIMBS);
    *out = (Magnitude){.low = a->low + b->low, .n = a->n + b->n};
    out->negative = a->negative != b->negative;
    for (int i = 0; i < a->n; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < b->n; j++) {
            UInt128 t = (UInt128)a->limb[i] * b->limb[j] + out->limb[i + j] + carry;
            out->limb[i + j] = (uint64_t)t;
            carry = (uint64_t)(t >> 64);
        }
        out->limb[i + b->n] = carry;
    }
    trim(out);
}

static int magnitude_cmp(const Magnitude *a, const Magnitude *b)
{
    int top_a = a->n ? a->low + a->n : INT16_MIN, top_b = b->n ? b->low + b->n : INT16_MIN;
    if (top_a != top_b) return top_a < top_b ? -1 : 1;
    int low = a->low < b->low ? a->low : b->low;
    for (int i = top_a - 1; i >= low; i--) {
        uint64_t x = limb_at(a, i), y = limb_at(b, i);
        if (x != y) return x < y ? -1 : 1;
    }
    return 0;
}

/* a - b. */
static void magnitude_sub(const Magnitude *a, const Magnitude *b, Magnitude *out)
{
    int low = a->low < b->low ? a->low : b->low;
    int top_a = a->low + a->n, top_b = b->low + b->n;
    bool add = a->negative != b->negative, swap = !add && magnitude_cmp(a, b) < 0;
    const Magnitude *big = swap ? b : a, *small = swap ? a : b;
    *out = (Magnitude){.low = low, .negative = a->negative != swap};
    out->n = (top_a > top_b ? top_a : top_b) - low + 1;
    assert(out->n <= MAGNITUDE_LIMBS);
    for (int i = 0; i < out->n; i++) out->limb[i] = limb_at(big, low + i);
    uint64_t other[MAGNITUDE_LIMBS];
    for (int i = 0; i < out->n; i++) other[i] = limb_at(small, low + i);
    if (add)
        add_at(out->limb, out->n, other, out->n);
    else
        sub_at(out->limb, out->n, other, out->n);
    trim(out);
}

/* The sum of infinities, if there is one. */
static bool infinite_result(const ExactSum *s, double *out)
{
    if (s->nan || (s->pos_inf && s->neg_inf)) return false;
    *out = s->pos_inf ? INFINITY : -INFINITY;
    return true;
}

bool exact_round(const ExactSum *s, double *out)
{
    if (!exact_is_finite(s)) return infinite_result(s, out);
    Magnitude m;
    magnitude_of(s, &m);
    *out = magnitude_round(&m);
    return true;
}

bool exact_round_div(const ExactSum *s, int64_t n, double *out)
{
    assert(n > 0);
    if (!exact_is_finite(s)) return infinite_result(s, out);
    Magnitude m;
    magnitude_of(s, &m);
    magnitude_div(&m, (uint64_t)n);
    *out = magnitude_round(&m);
    return true;
}

bool exact_round_moment(int64_t n, const ExactSum *sum_x, const ExactSum *sum_y,
                        const ExactSum *sum_xy, double *out)
{
    if (!exact_is_finite(sum_x) || !exact_is_finite(sum_y) || !exact_is_finite(sum_xy))
        return false;
    assert(n >= 0);
    Magnitude x, y, product, scaled, count = {.limb = {(uint64_t)n}, .n = 1};
    magnitude_of(sum_x, &x);
    magnitude_of(sum_y, &y);
    magnitude_mul(&x, &y, &product);
    magnitude_of(sum_xy, &x);
    magnitude_mul(&count, &x, &scaled);
    magnitude_sub(&scaled, &product, &y);
    *out = magnitude_round(&y);
    return true;
}

/* ---- saved form: flags (1: infinities), their counts, low, n, limbs without needless ends ---- */

static void used_limbs(const ExactSum *s, int *first, int *end)
{
    const uint64_t *p = limbs_in(s);
    *first = 0;
    *end = s->n;
    while (*first < *end && p[*first] == 0) ++*first;
    while (*end - *first > 1 && p[*end - 1] == (uint64_t)((int64_t)p[*end - 2] >> 63)) --*end;
}

void exact_save(const ExactSum *s, StrBuf *out)
{
    int first, end;
    used_limbs(s, &first, &end);
    sb_char(out, exact_is_finite(s) ? 0 : 1);
    if (!exact_is_finite(s)) {
        sb_signed(out, s->pos_inf);
        sb_signed(out, s->neg_inf);
        sb_signed(out, s->nan);
    }
    sb_varint(out, (uint64_t)(end - first));
    if (end > first) sb_signed(out, s->low + first);
    for (int i = first; i < end; i++) sb_u64(out, limbs_in(s)[i]);
}

/* How many terms were not finite: more than any stream has rows, in either direction, is nothing that was saved. */
static int64_t load_count(StrReader *in)
{
    int64_t n = sr_signed(in), most = (int64_t)1 << 56;
    if (n < -most || n > most) in->bad = true;
    return n;
}

bool exact_load(ExactSum *s, ExactMem mem, StrReader *in)
{
    assert(s->n == 0);
    Str flags = sr_bytes(in, 1);
    if (flags.n && flags.p[0]) {
        s->pos_inf = load_count(in);
        s->neg_inf = load_count(in);
        s->nan = load_count(in);
    }
    uint64_t n = sr_varint(in);
    if (in->bad || (flags.p[0] & ~1) || n > 2 * LIMB_AT_MAX) return false;
    if (n == 0) return true;
    int64_t low = sr_signed(in);
    if (low < -LIMB_AT_MAX || low > LIMB_AT_MAX - (int64_t)n) return false;
    cover(s, mem, (int)low, (int)low + (int)n);
    for (uint64_t i = 0; i < n; i++) limbs_of(s)[i] = sr_u64(in);
    keep_headroom(s, mem);
    return !in->bad;
}
