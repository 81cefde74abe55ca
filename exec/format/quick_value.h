/* quick_value.h: the common spellings of values, read without a branch on their length.
 *
 * What these do not take is not an error: the caller then asks field.h, which knows all spellings.
 * What they take they read as field.h would. They load up to 24 bytes from where they are told. */
#ifndef WEIR_EXEC_QUICK_VALUE_H
#define WEIR_EXEC_QUICK_VALUE_H

#include "base/batch.h"
#include "base/datetime.h"

static inline uint64_t load8(const char *p)
{
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
}

/* Writes base + the place of each of the bits, lowest first, in groups of eight. */
static inline void positions_put(uint16_t *to, uint32_t base, uint64_t bits)
{
    while (bits) {
        for (int k = 0; k < 8; k++) {
            to[k] = (uint16_t)(base + (bits ? (uint32_t)__builtin_ctzll(bits) : 0));
            bits &= bits - 1;
        }
        to += 8;
    }
}

/* ---- text -------------------------------------------------------------------------------------- */

/* text_ref without a branch on the length; 16 bytes at p can be read. */
static inline void put_text(Text *t, const char *p, uint32_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    static const uint64_t low[13] = {0, 0xff, 0xffff, 0xffffff, -1u, -1u, -1u, -1u, -1u, -1u, -1u, -1u, -1u};
    static const uint64_t high[13] = {
        0, 0, 0, 0, 0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff, -1ull};
    uint64_t w0 = load8(p), w1 = load8(p + 4);
    bool is_inline = n <= TEXT_INLINE;
    uint32_t at = is_inline ? n : TEXT_INLINE;
    w0 = (w0 & low[at]) << 32 | n;
    w1 = is_inline ? w1 & high[at] : (uint64_t)(uintptr_t)p;
    memcpy(t, &w0, 8);
    memcpy((char *)t + 8, &w1, 8);
#else
    *t = text_ref(p, n);
#endif
}

/* ---- numbers ----------------------------------------------------------------------------------- */

#define EIGHT(c) (0x0101010101010101u * (unsigned char)(c))

/* How many of the 8 bytes at p are digits before the first other one. */
static inline int digit_run(uint64_t w)
{
    uint64_t t = w ^ EIGHT('0');
    uint64_t other = ((t + EIGHT(0x76)) | t) & EIGHT(0x80);
    return other ? __builtin_ctzll(other) >> 3 : 8;
}

/* The first of two characters from p on; end: there is none. */
static inline const char *quick_find(const char *p, const char *end, char a, char b)
{
    for (; p < end; p += 8) {
        uint64_t w = load8(p), x = w ^ EIGHT(a), y = w ^ EIGHT(b);
        uint64_t hit = (((x - EIGHT(1)) & ~x) | ((y - EIGHT(1)) & ~y)) & EIGHT(0x80);
        if (!hit) continue;
        p += __builtin_ctzll(hit) >> 3;
        return p < end ? p : end;
    }
    return end;
}

/* The number whose n digits (1..8) are the first bytes of w. */
static inline uint64_t digits_value(uint64_t w, int n)
{
    uint64_t t = (w ^ EIGHT('0')) << (8 - n) * 8;
    t = (t * 10 + (t >> 8)) & 0x00ff00ff00ff00ffu;
    t = (t * 100 + (t >> 16)) & 0x0000ffff0000ffffu;
    return (uint32_t)(t * 10000 + (t >> 32));
}

static const uint32_t TENS[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/* Up to 16 digits at p. Returns their end; p: none, or too many. */
static inline const char *read_digits(const char *p, uint64_t *value)
{
    uint64_t w = load8(p);
    int n = digit_run(w);
    if (n == 0) return p;
    uint64_t v = digits_value(w, n);
    if (n == 8) {
        w = load8(p + 8);
        int more = digit_run(w);
        if (more) v = v * TENS[more] + digits_value(w, more);
        n += more;
        if (n == 16 && p[16] >= '0' && p[16] <= '9') return p;
    }
    *value = v;
    return p + n;
}

/* An integer as RFC 8259 has it, of at most 16 digits. NULL: something else. */
static inline const char *quick_integer(const char *p, int64_t *value)
{
    bool negative = *p == '-';
    const char *from = p + negative;
    uint64_t v = 0;
    p = read_digits(from, &v);
    if (p == from || (*from == '0' && p - from > 1)) return NULL;
    *value = negative ? -(int64_t)v : (int64_t)v;
    return p;
}

/* The n bytes that begin with those of w as an integer of 1 to 8 digits, in a way that can be done to
 * many at once. Not 0: they are something else. */
static inline uint64_t short_integer(uint64_t w, uint64_t n, int64_t *value)
{
    uint64_t t = (w ^ EIGHT('0')) << (8 - n) % 8 * 8;
    uint64_t odd = ((t + EIGHT(0x76)) | t) & EIGHT(0x80);
    odd |= n - 1 > 7;
    odd |= (w & 0xff) == '0' && n > 1;
    t = (t * 10 + (t >> 8)) & 0x00ff00ff00ff00ffu;
    t = (t * 100 + (t >> 16)) & 0x0000ffff0000ffffu;
    *value = (uint32_t)(t * 10000 + (t >> 32));
    return odd;
}

/* The same of n bytes that are known to be all of it. False: something else, or more digits. */
static inline bool exact_integer(const char *p, ptrdiff_t n, int64_t *value)
{
    bool negative = *p == '-';
    p += negative;
    n -= negative;
    if ((size_t)n - 1 > 15 || (*p == '0' && n > 1)) return false;
    int first = n < 8 ? (int)n : 8;
    uint64_t w = load8(p) << (8 - first) * 8 | (first < 8 ? EIGHT('0') >> first * 8 : 0);
    uint64_t t = w ^ EIGHT('0');
    if (((t + EIGHT(0x76)) | t) & EIGHT(0x80)) return false;
    uint64_t v = digits_value(w, 8);
    if (n > 8) {
        uint64_t more = 0;
        if (read_digits(p + 8, &more) != p + n) return false;
        v = v * TENS[n - 8] + more;
    }
    *value = negative ? -(int64_t)v : (int64_t)v;
    return true;
}

static inline bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '+' ||
           (c >= 'A' && c <= 'Z');
}

/* The end of a number or word; p: there is none. */
static inline const char *skip_word(const char *p)
{
    int n;
    do {
        n = digit_run(load8(p));
        p += n;
    } while (n == 8);
    while (is_word_byte(*p)) p++;
    return p;
}

/* A number with at most 15 digits and 22 of them behind the point: exact in one division.
 * NULL: anything else. */
static inline const char *quick_double(const char *p, double *value)
{
    static const double pow10[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    bool negative = *p == '-';
    const char *from = p + negative;
    uint64_t whole = 0, fraction = 0;
    p = read_digits(from, &whole);
    ptrdiff_t nwhole = p - from, nfraction = 0;
    if (nwhole == 0 || (*from == '0' && nwhole > 1)) return NULL;
    if (*p == '.') {
        const char *point = p + 1;
        p = read_digits(point, &fraction);
        nfraction = p - point;
        if (nfraction == 0) return NULL;
    }
    if (nwhole + nfraction > 15 || is_word_byte(*p)) return NULL;
    uint64_t digits = whole;
    for (ptrdiff_t left = nfraction; left > 0; left -= 8) digits *= TENS[left < 8 ? left : 8];
    double v = (double)(digits + fraction) / pow10[nfraction];
    *value = negative ? -v : v;
    return p;
}

/* ---- times ------------------------------------------------------------------------------------- */

/* The minute of the last timestamp, which rows of a stream mostly share: "yyyy-mm-dd hh:mm", its bits
 * inverted, so that an empty cache equals no text. */
typedef struct TimeCache {
    uint64_t text[2];
    int64_t us;
} TimeCache;

/* The number of two digits at p; more than 99: it is none. */
static inline uint32_t two_digits(const char *p)
{
    uint32_t high = (uint32_t)(unsigned char)p[0] - '0', low = (uint32_t)(unsigned char)p[1] - '0';
    return high > 9 || low > 9 ? 100 : high * 10 + low;
}

static __attribute__((noinline, unused)) bool time_cache_read(TimeCache *c, const char *p)
{
    int32_t days;
    uint32_t hour = two_digits(p + 11), minute = two_digits(p + 14);
    if ((p[10] != 'T' && p[10] != ' ') || p[13] != ':' || hour > 23 || minute > 59) return false;
    if (!date_parse(str_of(p, 10), &days)) return false;
    c->text[0] = ~load8(p);
    c->text[1] = ~load8(p + 8);
    c->us = days * US_PER_DAY + (hour * 60 + minute) * 60 * US_PER_SECOND;
    return true;
}

/* What is behind the seconds: p[0..n), "[.f…][Z]", at most 8 bytes. */
static inline bool quick_fraction(const char *p, ptrdiff_t n, int precision, int64_t *us)
{
    *us = 0;
    n -= n > 0 && p[n - 1] == 'Z';
    if (n == 0) return true;
    uint64_t w = load8(p + 1);
    int digits = digit_run(w);
    if (*p != '.' || 1 + digits != n || digits == 0 || digits > 6) return false;
    uint64_t fraction = digits_value(w, digits);
    if (digits > precision) {
        fraction /= TENS[digits - precision];
        digits = precision;
    }
    *us = (int64_t)(fraction * TENS[6 - digits]);
    return true;
}

/* The ISO 8601 text p[0..n), "yyyy-mm-dd hh:mm:ss[.f…][Z]", in the common spellings.
 * False: another one, or not a time. */
static inline bool quick_time(TimeCache *cache, const char *p, ptrdiff_t n, int precision, int64_t *us)
{
    if (n < 19 || n > 27) return false;
    if ((load8(p) != ~cache->text[0] || load8(p + 8) != ~cache->text[1]) && !time_cache_read(cache, p)) return false;
    int64_t fraction;
    uint32_t seconds = two_digits(p + 17);
    if (p[16] != ':' || seconds > 59 || !quick_fraction(p + 19, n - 19, precision, &fraction)) return false;
    *us = cache->us + seconds * US_PER_SECOND + fraction;
    return true;
}

/* The most usual spelling: ":ss.mmm" behind the minute of the cache. False: any other. */
static inline bool usual_time(const TimeCache *cache, const char *p, ptrdiff_t n, int64_t *us)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t w = load8(p + 16) ^ 0x003030302e30303au;
    uint64_t odd = (load8(p) ^ ~cache->text[0]) | (load8(p + 8) ^ ~cache->text[1]) | (uint64_t)(n ^ 23);
    odd |= ((w + 0x007676767f76767fu) | w) & 0x0080808080808080u; /* digits up to 9, colon and point 0 */
    uint32_t seconds = (uint32_t)(w >> 8 & 0xff) * 10 + (uint32_t)(w >> 16 & 0xff);
    uint32_t ms = (uint32_t)(w >> 32 & 0xff) * 100 + (uint32_t)(w >> 40 & 0xff) * 10 + (uint32_t)(w >> 48 & 0xff);
    *us = cache->us + seconds * US_PER_SECOND + ms * 1000;
    return !odd && seconds < 60;
#else
    (void)cache, (void)p, (void)n, (void)us;
    return false;
#endif
}

/* 0 <= v units of unit_us microseconds, if that is inside the years of a TIMESTAMP. */
static inline bool quick_epoch(int64_t v, int64_t unit_us, int64_t *us)
{
    if (v < 0 || v > INT64_C(60000000000000000) / unit_us) return false;
    *us = v * unit_us;
    return true;
}

#endif
