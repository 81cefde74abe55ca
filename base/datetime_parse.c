/* datetime_parse.c: times and intervals from text.
 *
 * Nearly every timestamp of a stream has one of a few fixed layouts, so the first 19 bytes are
 * tried as two words of digits (a byte of the word per character); everything else takes the
 * careful way. */
#include "base/datetime.h"

enum { DATE_TEXT = 10 }; /* bytes of "2024-02-29" */

typedef struct Cursor {
    const char *at, *end;
} Cursor;

static bool take(Cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted) return false;
    c->at++;
    return true;
}

static bool at_digit(const Cursor *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

/* Exactly n digits. */
static bool take_digits(Cursor *c, int n, int32_t *out)
{
    int32_t v = 0;
    for (int i = 0; i < n; i++) {
        if (!at_digit(c)) return false;
        v = v * 10 + (*c->at++ - '0');
    }
    *out = v;
    return true;
}

static bool take_date(Cursor *c, int32_t *days)
{
    int32_t y, m, d;
    if (!take_digits(c, 4, &y) || !take(c, '-') || !take_digits(c, 2, &m) || !take(c, '-') ||
        !take_digits(c, 2, &d) || !civil_is_valid(y, m, d))
        return false;
    *days = civil_to_days((Civil){y, m, d});
    return true;
}

/* 1 to 9 digits behind a point or comma, as microseconds; all but `precision` digits are cut off,
 * which is toward the past, since the fraction counts forward from its second. */
static bool take_fraction(Cursor *c, int precision, int64_t *us)
{
    static const int32_t WEIGHT[] = {100000, 10000, 1000, 100, 10, 1};
    *us = 0;
    if (c->at == c->end || (*c->at != '.' && *c->at != ',')) return true;
    c->at++;
    int n = 0;
    for (; at_digit(c); n++, c->at++)
        if (n < precision) *us += (int64_t)WEIGHT[n] * (*c->at - '0');
    return n >= 1 && n <= 9;
}

/* hh:mm[:ss[.fraction]]; second 60 is the first of the next minute. */
static bool take_time(Cursor *c, int precision, int64_t *us)
{
    int32_t h, m, s = 0;
    int64_t fraction = 0;
    if (!take_digits(c, 2, &h) || !take(c, ':') || !take_digits(c, 2, &m)) return false;
    if (take(c, ':') && (!take_digits(c, 2, &s) || !take_fraction(c, precision, &fraction)))
        return false;
    if (h > 23 || m > 59 || s > 60) return false;
    *us = h * US_PER_HOUR + m * US_PER_MINUTE + s * US_PER_SECOND + fraction;
    return true;
}

/* Z, UTC, ±hh, ±hhmm, ±hh:mm, perhaps after a space; seconds east of UTC. */
static bool take_offset(Cursor *c, int32_t *seconds)
{
    int32_t h, m = 0;
    take(c, ' ');
    *seconds = 0;
    if (take(c, 'Z') || take(c, 'z')) return true;
    if (c->end - c->at == 3 && str_ieq(str_of(c->at, 3), S("UTC"))) {
        c->at += 3;
        return true;
    }
    int sign = take(c, '+') ? 1 : take(c, '-') ? -1 : 0;
    if (!sign || !take_digits(c, 2, &h)) return false;
    bool colon = take(c, ':');
    if ((colon || at_digit(c)) && !take_digits(c, 2, &m)) return false;
    *seconds = sign * (h * 3600 + m * 60);
    return h <= 23 && m <= 59;
}

/* Eight characters as byte lanes, '0' taken off the digits and `marks` off the others; false when
 * a lane that should hold a digit doesn't, or another mark stands there. */
#define LANES(c) (0x0101010101010101u * (c))
static bool digit_lanes(const char *p, uint64_t expected, uint64_t digits, uint64_t *out)
{
    uint64_t x;
    memcpy(&x, p, 8);
    x ^= expected;
    *out = x;
    return ((x | (x + LANES(0x76))) & LANES(0x80)) == 0 && (x & ~digits) == 0;
}

static int pair(uint64_t lanes, int i)
{
    return (int)(lanes >> (8 * i) & 0xff);
}

/* "YYYY-MM-DD?hh:mm:ss" at p. */
static bool fixed_layout(const char *p, int64_t *us)
{
    uint64_t date, time;
    unsigned d1 = (unsigned char)p[8] - '0', d0 = (unsigned char)p[9] - '0';
    if (!digit_lanes(p, 0x2d30302d30303030u, 0x00ffff00ffffffffu, &date) ||
        !digit_lanes(p + 11, 0x30303a30303a3030u, 0xffff00ffff00ffffu, &time) || d1 > 9 || d0 > 9)
        return false;
    date = date * 10 + (date >> 8); /* each lane: tens and ones */
    time = time * 10 + (time >> 8);
    int year = pair(date, 0) * 100 + pair(date, 2), month = pair(date, 5);
    int hour = pair(time, 0), minute = pair(time, 3), second = pair(time, 6);
    int day = (int)(d1 * 10 + d0);
    if (!civil_is_valid(year, month, day) || hour > 23 || minute > 59 || second > 60) return false;
    *us = civil_to_days((Civil){year, month, day}) * US_PER_DAY + hour * US_PER_HOUR +
          minute * US_PER_MINUTE + second * US_PER_SECOND;
    return true;
}

static bool is_separator(char c)
{
    return c == 'T' || c == ' ' || c == 't';
}

static bool take_date_time(Cursor *c, int precision, int64_t *us)
{
    int32_t days;
    int64_t time = 0, fraction;
    if (c->end - c->at >= 19 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&
        is_separator(c->at[10]) && fixed_layout(c->at, us)) {
        c->at += 19;
        if (!take_fraction(c, precision, &fraction)) return false;
        *us += fraction;
        return true;
    }
    if (!take_date(c, &days)) return false;
    if (c->at < c->end && is_separator(*c->at)) {
        c->at++;
        if (!take_time(c, precision, &time)) return false;
    }
    *us = days * US_PER_DAY + time;
    return true;
}

bool timestamp_parse_local(Str s, int precision, int64_t *us, bool *has_offset)
{
    Cursor c = {s.p, s.p + s.n};
    int64_t t;
    int32_t offset = 0;
    if (!take_date_time(&c, precision, &t)) return false;
    bool offset_given = c.at < c.end;
    if (offset_given && (c.at - s.p == DATE_TEXT || !take_offset(&c, &offset))) return false;
    t -= offset * US_PER_SECOND;
    if (c.at != c.end || !timestamp_is_valid(t)) return false;
    *us = t;
    *has_offset = offset_given;
    return true;
}

bool timestamp_parse(Str s, int precision, int64_t *us)
{
    bool has_offset;
    return timestamp_parse_local(s, precision, us, &has_offset);
}

bool date_parse(Str s, int32_t *days)
{
    Cursor c = {s.p, s.p + s.n};
    int32_t d;
    if (!take_date(&c, &d) || c.at != c.end) return false;
    *days = d;
    return true;
}

bool time_parse(Str s, int64_t *us)
{
    Cursor c = {s.p, s.p + s.n};
    int64_t t;
    if (!take_time(&c, 6, &t) || c.at != c.end || t >= US_PER_DAY) return false;
    *us = t;
    return true;
}

bool timestamp_from_epoch(int64_t v, int64_t units_per_second, int64_t *us)
{
    int64_t t;
    if (__builtin_mul_overflow(v, US_PER_SECOND / units_per_second, &t) || !timestamp_is_valid(t))
        return false;
    *us = t;
    return true;
}

/* ---- intervals ---- */

/* A number with up to nine digits of fraction, in units of 10^-9. */
typedef Int128 Nano;
#define NANO INT64_C(1000000000)

static void skip_spaces(Cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n')) c->at++;
}

/* Digits with at most one point; no sign. */
static bool take_number(Cursor *c, Nano *out)
{
    Int128 whole = 0;
    int64_t fraction = 0, weight = NANO / 10;
    const char *start = c->at;
    for (; at_digit(c); c->at++) {
        whole = whole * 10 + (*c->at - '0');
        if (whole > INT64_MAX) return false;
    }
    bool any = c->at > start;
    if (take(c, '.'))
        for (; at_digit(c); c->at++, weight /= 10, any = true) fraction += weight * (*c->at - '0');
    *out = whole * NANO + fraction;
    return any;
}

static Str take_word(Cursor *c)
{
    const char *start = c->at;
    while (c->at < c->end && ((*c->at | 32) >= 'a' && (*c->at | 32) <= 'z')) c->at++;
    return str_of(start, c->at - start);
}

static bool add64(int64_t *sum, Int128 v)
{
    return v >= INT64_MIN && v <= INT64_MAX && !__builtin_add_overflow(*sum, (int64_t)v, sum);
}

static bool add32(int32_t *sum, Int128 v)
{
    return v >= INT32_MIN && v <= INT32_MAX && !__builtin_add_overflow(*sum, (int32_t)v, sum);
}

/* iv += n units. A fraction of a month is taken of 30 days, one of a day of 24 hours. */
static bool interval_add(Interval *iv, Nano n, TimeUnit u)
{
    Interval one;
    if (!interval_of(1, u, &one)) return false;
    Int128 months = n * one.months, days = n * one.days + months % NANO * 30;
    if (one.months % 12 == 0) days = n * one.days; /* fractions of years stop at months */
    Int128 us = n * one.us + days % NANO * US_PER_DAY;
    return add32(&iv->months, months / NANO) && add32(&iv->days, days / NANO) &&
           add64(&iv->us, us / NANO);
}

/* The rest of hh:mm[:ss[.f]] after the hours. */
static bool interval_clock(Cursor *c, Nano hours, int sign, Interval *iv)
{
    int32_t m;
    Nano s = 0;
    if (hours % NANO || !take(c, ':') || !take_digits(c, 2, &m) || m > 59) return false;
    if (take(c, ':') && (!take_number(c, &s) || s >= 60 * NANO)) return false;
    return interval_add(iv, sign * hours, UNIT_HOUR) &&
           interval_add(iv, sign * (Nano)m * NANO, UNIT_MINUTE) &&
           interval_add(iv, sign * s, UNIT_SECOND);
}

static int take_sign(Cursor *c)
{
    if (take(c, '-')) return -1;
    take(c, '+');
    return 1;
}

/* What follows a number without unit: a clock, then the number is days, or the end: seconds. */
static bool interval_bare(Cursor *c, Nano n, int sign, Interval *iv)
{
    Nano hours;
    if (c->at == c->end) return interval_add(iv, sign * n, UNIT_SECOND);
    int clock_sign = take_sign(c);
    return interval_add(iv, sign * n, UNIT_DAY) && take_number(c, &hours) && c->at < c->end &&
           interval_clock(c, hours, clock_sign, iv);
}

/* One "[+-] number unit" or "[+-] hh:mm:ss". */
static bool interval_term(Cursor *c, Interval *iv)
{
    Nano n;
    TimeUnit u;
    int sign = take_sign(c);
    skip_spaces(c);
    if (!take_number(c, &n)) return false;
    if (c->at < c->end && *c->at == ':') return interval_clock(c, n, sign, iv);
    skip_spaces(c);
    Str word = take_word(c);
    if (word.n == 0) return interval_bare(c, n, sign, iv);
    return time_unit_parse(word, &u) && interval_add(iv, sign * n, u);
}

/* P1Y2M3W4DT5H6M7.8S */
static bool interval_iso(Cursor *c, Interval *iv)
{
    bool in_time = false;
    const char *start = c->at;
    while (c->at < c->end) {
        Nano n;
        TimeUnit u;
        if (!in_time && take(c, 'T')) in_time = true;
        int sign = take(c, '-') ? -1 : 1;
        if (!take_number(c, &n) || c->at == c->end) return false;
        char letter = *c->at++;
        if (!in_time && letter == 'M')
            u = UNIT_MONTH;
        else if (!memchr(in_time ? "HMS" : "YWD", letter, 3) ||
                 !time_unit_parse(str_of(&letter, 1), &u))
            return false;
        if (!interval_add(iv, sign * n, u)) return false;
    }
    return c->at > start && c->at[-1] != 'T';
}

static bool interval_negate(Interval *iv)
{
    return !__builtin_sub_overflow(0, iv->months, &iv->months) &&
           !__builtin_sub_overflow(0, iv->days, &iv->days) &&
           !__builtin_sub_overflow(INT64_C(0), iv->us, &iv->us);
}

static bool interval_terms(Cursor *c, Interval *iv)
{
    bool any = false;
    for (skip_spaces(c); c->at < c->end; skip_spaces(c), any = true) {
        if (any && str_ieq(str_of(c->at, c->end - c->at), S("ago"))) {
            c->at = c->end;
            return interval_negate(iv);
        }
        if (!interval_term(c, iv)) return false;
    }
    return any;
}

bool interval_parse(Str text, Interval *out)
{
    Str s = str_trim(text);
    Cursor c = {s.p, s.p + s.n};
    Interval iv = {0};
    bool negative = s.n > 1 && s.p[0] == '-' && s.p[1] == 'P';
    if (negative) c.at++;
    bool ok = take(&c, 'P') ? interval_iso(&c, &iv) && (!negative || interval_negate(&iv))
                            : interval_terms(&c, &iv);
    if (ok) *out = iv;
    return ok;
}

bool interval_parse_unit(Str number, TimeUnit u, Interval *out)
{
    Str s = str_trim(number);
    Cursor c = {s.p, s.p + s.n};
    Interval iv = {0};
    Nano n;
    int sign = take_sign(&c);
    if (!take_number(&c, &n) || c.at != c.end || !interval_add(&iv, sign * n, u)) return false;
    *out = iv;
    return true;
}

bool interval_to_us(Interval iv, int64_t *us)
{
    int64_t days;
    if (iv.months || __builtin_mul_overflow((int64_t)iv.days, US_PER_DAY, &days) ||
        __builtin_add_overflow(days, iv.us, &days))
        return false;
    *us = days;
    return true;
}
