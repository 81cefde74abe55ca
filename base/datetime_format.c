/* datetime_format.c: times and intervals as text. */
#include "base/datetime.h"
#include "base/number.h"

static char *put2(char *p, int v)
{
    *p++ = (char)('0' + v / 10);
    *p++ = (char)('0' + v % 10);
    return p;
}

static char *put_year(char *p, int32_t year)
{
    if (year < 0 || year > 9999) return p + int64_print(year, p);
    return put2(put2(p, year / 100), year % 100);
}

static char *put_fraction(char *p, int32_t us, int digits)
{
    *p++ = '.';
    for (int32_t weight = 100000; digits-- > 0; weight /= 10) *p++ = (char)('0' + us / weight % 10);
    return p;
}

static char *put_date(char *p, Civil c)
{
    p = put_year(p, c.year);
    *p++ = '-';
    p = put2(p, c.month);
    *p++ = '-';
    return put2(p, c.day);
}

static char *put_clock(char *p, int hour, int minute, int second)
{
    p = put2(p, hour);
    *p++ = ':';
    p = put2(p, minute);
    *p++ = ':';
    return put2(p, second);
}

int timestamp_print(int64_t us, int precision, char *out)
{
    TimeParts t = time_parts(us);
    char *p = put_date(out, t.date);
    *p++ = ' ';
    p = put_clock(p, t.hour, t.minute, t.second);
    if (precision > 0) p = put_fraction(p, t.us, precision <= 3 ? 3 : 6);
    *p = 0;
    return (int)(p - out);
}

int date_print(int32_t days, char *out)
{
    char *p = put_date(out, civil_from_days(days));
    *p = 0;
    return (int)(p - out);
}

int time_print(int64_t us, char *out)
{
    TimeParts t = time_parts(us);
    char *p = put_clock(out, t.hour, t.minute, t.second);
    if (t.us) p = put_fraction(p, t.us, t.us % 1000 ? 6 : 3);
    *p = 0;
    return (int)(p - out);
}

static char *put_unit(char *p, char *start, int64_t n, const char *unit)
{
    if (n == 0) return p;
    if (p > start) *p++ = ' ';
    p += int64_print(n, p);
    *p++ = ' ';
    size_t len = strlen(unit);
    memcpy(p, unit, len);
    p += len;
    if (n != 1) *p++ = 's';
    return p;
}

/* The hours have as many digits as they need. */
static char *put_interval_clock(char *p, uint64_t us)
{
    uint64_t hours = us / US_PER_HOUR;
    if (hours < 10) *p++ = '0';
    p += int64_print((int64_t)hours, p);
    *p++ = ':';
    p = put2(p, (int)(us / US_PER_MINUTE % 60));
    *p++ = ':';
    p = put2(p, (int)(us / US_PER_SECOND % 60));
    int32_t fraction = (int32_t)(us % US_PER_SECOND);
    if (fraction == 0) return p;
    p = put_fraction(p, fraction, 6);
    while (p[-1] == '0') p--;
    return p;
}

int interval_print(Interval iv, char *out)
{
    char *p = put_unit(out, out, iv.months / 12, "year");
    p = put_unit(p, out, iv.months % 12, "mon");
    p = put_unit(p, out, iv.days, "day");
    if (iv.us || p == out) {
        if (p > out) *p++ = ' ';
        if (iv.us < 0) *p++ = '-';
        else if (iv.months < 0 || iv.days < 0) *p++ = '+';
        p = put_interval_clock(p, iv.us < 0 ? -(uint64_t)iv.us : (uint64_t)iv.us);
    }
    *p = 0;
    return (int)(p - out);
}
