/* calendar.c: days and civil dates, units of time, fields.
 *
 * Days to dates: H. Hinnant, "chrono-compatible low-level date algorithms": years that begin in
 * March, so that the leap day comes last, in eras of 400 years. */
#include "base/datetime.h"

#include <assert.h>

enum { DAYS_PER_ERA = 146097, MARCH_OFFSET = 719468 /* days from 0000-03-01 to 1970-01-01 */ };

bool civil_is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int civil_month_days(int32_t year, int32_t month)
{
    static const int8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    assert(month >= 1 && month <= 12);
    return DAYS[month - 1] + (month == 2 && civil_is_leap(year));
}

bool civil_is_valid(int64_t year, int64_t month, int64_t day)
{
    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= civil_month_days((int32_t)year, (int32_t)month);
}

int32_t civil_to_days(Civil c)
{
    int32_t y = c.year - (c.month <= 2);
    int32_t era = (y >= 0 ? y : y - 399) / 400;
    int32_t year_of_era = y - era * 400;
    int32_t day_of_year_ = (153 * (c.month + (c.month > 2 ? -3 : 9)) + 2) / 5 + c.day - 1;
    int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year_;
    return era * DAYS_PER_ERA + day_of_era - MARCH_OFFSET;
}

Civil civil_from_days(int32_t days)
{
    int64_t z = (int64_t)days + MARCH_OFFSET;
    int32_t era = (int32_t)floor_div(z, DAYS_PER_ERA);
    int32_t doe = (int32_t)(z - (int64_t)era * DAYS_PER_ERA);
    int32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int32_t mp = (5 * doy + 2) / 153;
    Civil c = {.day = doy - (153 * mp + 2) / 5 + 1, .month = mp < 10 ? mp + 3 : mp - 9};
    c.year = yoe + era * 400 + (c.month <= 2);
    return c;
}

int weekday_iso(int32_t days)
{
    return (int)floor_mod((int64_t)days + 3, 7) + 1; /* 1970-01-01 was a Thursday */
}

int day_of_year(int32_t days)
{
    Civil first = {civil_from_days(days).year, 1, 1};
    return days - civil_to_days(first) + 1;
}

IsoWeek iso_week(int32_t days)
{
    int32_t thursday = days - weekday_iso(days) + 4;
    return (IsoWeek){civil_from_days(thursday).year, (day_of_year(thursday) - 1) / 7 + 1};
}

TimeParts time_parts(int64_t us)
{
    int64_t day = floor_div(us, US_PER_DAY);
    int64_t rest = us - day * US_PER_DAY;
    return (TimeParts){
        .date = civil_from_days((int32_t)day),
        .hour = (int32_t)(rest / US_PER_HOUR),
        .minute = (int32_t)(rest / US_PER_MINUTE % 60),
        .second = (int32_t)(rest / US_PER_SECOND % 60),
        .us = (int32_t)(rest % US_PER_SECOND),
    };
}

int64_t time_from_parts(TimeParts p)
{
    int64_t months = (int64_t)p.date.year * 12 + p.date.month - 1;
    Civil first = {(int32_t)floor_div(months, 12), (int32_t)floor_mod(months, 12) + 1, 1};
    int64_t days = (int64_t)civil_to_days(first) + p.date.day - 1;
    return days * US_PER_DAY + p.hour * US_PER_HOUR + p.minute * US_PER_MINUTE +
           p.second * US_PER_SECOND + p.us;
}

bool date_add_months(int32_t days, int64_t months, int32_t *out)
{
    Civil c = civil_from_days(days);
    int64_t total;
    if (__builtin_add_overflow(months, (int64_t)c.year * 12 + c.month - 1, &total)) return false;
    int64_t year = floor_div(total, 12);
    if (year < 1 || year > 9999) return false;
    c.year = (int32_t)year;
    c.month = (int32_t)floor_mod(total, 12) + 1;
    int last = civil_month_days(c.year, c.month);
    if (c.day > last) c.day = last;
    *out = civil_to_days(c);
    return true;
}

bool timestamp_add_months(int64_t us, int64_t months, int64_t *out)
{
    int64_t day = floor_div(us, US_PER_DAY);
    int32_t moved;
    if (!date_add_months((int32_t)day, months, &moved)) return false;
    *out = moved * US_PER_DAY + (us - day * US_PER_DAY);
    return true;
}

bool timestamp_add_interval(int64_t us, Interval iv, int sign, int64_t *out)
{
    int64_t t = us, length;
    if (iv.months && !timestamp_add_months(t, (int64_t)iv.months * sign, &t)) return false;
    if (__builtin_mul_overflow((int64_t)iv.days * sign, US_PER_DAY, &length)) return false;
    if (__builtin_add_overflow(t, length, &t)) return false;
    if (__builtin_mul_overflow(iv.us, (int64_t)sign, &length)) return false;
    if (__builtin_add_overflow(t, length, &t) || !timestamp_is_valid(t)) return false;
    *out = t;
    return true;
}

/* ---- units ---- */

typedef struct UnitInfo {
    const char *name;
    const char *spellings; /* singular or abbreviated; a plural s is allowed behind each */
    int32_t months, days;
    int64_t us; /* length; all zero: not a length of time */
} UnitInfo;

static const UnitInfo UNITS[UNIT_COUNT] = {
    [UNIT_MICROSECOND] = {"microsecond", "microsecond,us,usec", 0, 0, 1},
    [UNIT_MILLISECOND] = {"millisecond", "millisecond,ms,msec", 0, 0, 1000},
    [UNIT_SECOND] = {"second", "second,s,sec", 0, 0, US_PER_SECOND},
    [UNIT_MINUTE] = {"minute", "minute,m,min", 0, 0, US_PER_MINUTE},
    [UNIT_HOUR] = {"hour", "hour,h,hr", 0, 0, US_PER_HOUR},
    [UNIT_DAY] = {"day", "day,d", 0, 1, 0},
    [UNIT_WEEK] = {"week", "week,w", 0, 7, 0},
    [UNIT_MONTH] = {"month", "month,mon", 1, 0, 0},
    [UNIT_QUARTER] = {"quarter", "quarter,qtr", 3, 0, 0},
    [UNIT_YEAR] = {"year", "year,y,yr", 12, 0, 0},
    [UNIT_DECADE] = {"decade", "decade", 120, 0, 0},
    [UNIT_CENTURY] = {"century", "century,centuries", 1200, 0, 0},
    [UNIT_MILLENNIUM] = {"millennium", "millennium,millennia", 12000, 0, 0},
    [UNIT_DOW] = {"dow", "dow,dayofweek", 0, 0, 0},
    [UNIT_ISODOW] = {"isodow", "isodow", 0, 0, 0},
    [UNIT_DOY] = {"doy", "doy,dayofyear", 0, 0, 0},
    [UNIT_ISOYEAR] = {"isoyear", "isoyear", 0, 0, 0},
    [UNIT_EPOCH] = {"epoch", "epoch", 0, 0, 0},
};

static bool is_spelling(const char *list, Str name)
{
    Str rest = str_z(list);
    while (rest.n) {
        ptrdiff_t comma = str_find(rest, S(","));
        ptrdiff_t n = comma < 0 ? rest.n : comma;
        if (str_ieq(str_of(rest.p, n), name)) return true;
        ptrdiff_t used = comma < 0 ? rest.n : comma + 1;
        rest = str_of(rest.p + used, rest.n - used);
    }
    return false;
}

bool time_unit_parse(Str name, TimeUnit *out)
{
    Str singular = name;
    if (name.n > 2 && (name.p[name.n - 1] | 32) == 's') singular.n--;
    for (int u = 0; u < UNIT_COUNT; u++) {
        if (!is_spelling(UNITS[u].spellings, name) && !is_spelling(UNITS[u].spellings, singular))
            continue;
        *out = (TimeUnit)u;
        return true;
    }
    return false;
}

const char *time_unit_name(TimeUnit u)
{
    assert(u < UNIT_COUNT);
    return UNITS[u].name;
}

bool interval_of(int64_t n, TimeUnit u, Interval *out)
{
    const UnitInfo *unit = &UNITS[u];
    Interval iv = {0};
    if (__builtin_mul_overflow(n, unit->us, &iv.us) ||
        __builtin_mul_overflow(n, unit->days, &iv.days) ||
        __builtin_mul_overflow(n, unit->months, &iv.months))
        return false;
    if (!unit->us && !unit->days && !unit->months) return false;
    *out = iv;
    return true;
}

/* The first year of a span of `years` that begins with year `origin`. */
static int32_t span_start(int32_t year, int32_t years, int32_t origin)
{
    return year - (int32_t)floor_mod(year - origin, years);
}

static bool trunc_date(int32_t day, TimeUnit u, int64_t *out)
{
    Civil c = civil_from_days(day);
    c.day = 1;
    if (u == UNIT_QUARTER) c.month -= (c.month - 1) % 3;
    if (u >= UNIT_YEAR) c.month = 1;
    if (u == UNIT_DECADE) c.year = span_start(c.year, 10, 0);
    if (u == UNIT_CENTURY) c.year = span_start(c.year, 100, 1);
    if (u == UNIT_MILLENNIUM) c.year = span_start(c.year, 1000, 1);
    int64_t t = civil_to_days(c) * US_PER_DAY;
    if (!timestamp_is_valid(t)) return false;
    *out = t;
    return true;
}

bool timestamp_trunc(int64_t us, TimeUnit u, int64_t *out)
{
    if (u > UNIT_MILLENNIUM) return false;
    if (u < UNIT_DAY) {
        *out = us - floor_mod(us, UNITS[u].us);
        return true;
    }
    int32_t day = (int32_t)floor_div(us, US_PER_DAY);
    if (u >= UNIT_MONTH) return trunc_date(day, u, out);
    if (u == UNIT_WEEK) day -= weekday_iso(day) - 1;
    *out = day * US_PER_DAY;
    return true;
}

int64_t timestamp_extract(int64_t us, TimeUnit u)
{
    int32_t day = (int32_t)floor_div(us, US_PER_DAY);
    TimeParts p = time_parts(us);
    switch (u) {
    case UNIT_MICROSECOND: return p.second * US_PER_SECOND + p.us;
    case UNIT_MILLISECOND: return p.second * 1000 + p.us / 1000;
    case UNIT_SECOND: return p.second;
    case UNIT_MINUTE: return p.minute;
    case UNIT_HOUR: return p.hour;
    case UNIT_DAY: return p.date.day;
    case UNIT_WEEK: return iso_week(day).week;
    case UNIT_MONTH: return p.date.month;
    case UNIT_QUARTER: return (p.date.month + 2) / 3;
    case UNIT_YEAR: return p.date.year;
    case UNIT_DECADE: return floor_div(p.date.year, 10);
    case UNIT_CENTURY: return floor_div(p.date.year + 99, 100);
    case UNIT_MILLENNIUM: return floor_div(p.date.year + 999, 1000);
    case UNIT_DOW: return weekday_iso(day) % 7;
    case UNIT_ISODOW: return weekday_iso(day);
    case UNIT_DOY: return day_of_year(day);
    case UNIT_ISOYEAR: return iso_week(day).year;
    case UNIT_EPOCH: return floor_div(us, US_PER_SECOND);
    case UNIT_COUNT: break;
    }
    assert(!"a unit");
    return 0;
}

/* Whole months from `from` to `to`, from <= to. */
static int64_t months_between(int64_t from, int64_t to)
{
    TimeParts a = time_parts(from), b = time_parts(to);
    int64_t months = ((int64_t)b.date.year - a.date.year) * 12 + b.date.month - a.date.month;
    int64_t reached;
    if (months > 0 && timestamp_add_months(from, months, &reached) && reached > to) months--;
    return months;
}

int64_t timestamp_diff(int64_t from, int64_t to, TimeUnit u)
{
    const UnitInfo *unit = &UNITS[u];
    if (from > to) return -timestamp_diff(to, from, u);
    if (unit->months) return months_between(from, to) / unit->months;
    int64_t length = unit->us + unit->days * US_PER_DAY;
    return length ? (to - from) / length : 0;
}
