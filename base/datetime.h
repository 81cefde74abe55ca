/* datetime.h: calendar time in UTC: days, timestamps, times of day, intervals, and their texts.
 *
 * The calendar is the proleptic Gregorian one. A TIMESTAMP counts microseconds since 1970 and lies
 * in the years 1 to 9999; functions that could leave them return false and leave the output
 * untouched. Zones: tz.h. Patterns of strptime and strftime: time_format.h. */
#ifndef WEIR_BASE_DATETIME_H
#define WEIR_BASE_DATETIME_H

#include "base/type.h"

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_MINUTE (60 * US_PER_SECOND)
#define US_PER_HOUR (60 * US_PER_MINUTE)
#define US_PER_DAY (24 * US_PER_HOUR)
#define DATE_MIN INT32_C(-719162) /* 0001-01-01 */
#define DATE_MAX INT32_C(2932896) /* 9999-12-31 */
#define TIMESTAMP_MIN_US (DATE_MIN * US_PER_DAY)
#define TIMESTAMP_MAX_US ((DATE_MAX + 1) * US_PER_DAY - 1)

/* Toward minus infinity; b > 0. */
static inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
static inline int64_t floor_mod(int64_t a, int64_t b) { return a % b + (a % b < 0 ? b : 0); }
static inline bool timestamp_is_valid(int64_t us)
{
    return us >= TIMESTAMP_MIN_US && us <= TIMESTAMP_MAX_US;
}
static inline bool date_is_valid(int64_t days) { return days >= DATE_MIN && days <= DATE_MAX; }

/* ---- calendar.c ---- */

typedef struct Civil {
    int32_t year;
    int32_t month, day; /* from 1 */
} Civil;

typedef struct IsoWeek {
    int32_t year, week; /* ISO 8601: week 1 has the year's first Thursday */
} IsoWeek;

typedef struct TimeParts {
    Civil date;
    int32_t hour, minute, second, us;
} TimeParts;

bool civil_is_leap(int32_t year);
int civil_month_days(int32_t year, int32_t month);
bool civil_is_valid(int64_t year, int64_t month, int64_t day); /* and in the years 1..9999 */
int32_t civil_to_days(Civil c); /* days since 1970-01-01; any year within ±5 million */
Civil civil_from_days(int32_t days);
int weekday_iso(int32_t days);   /* 1 Monday .. 7 Sunday */
int day_of_year(int32_t days);   /* 1..366 */
IsoWeek iso_week(int32_t days);
TimeParts time_parts(int64_t us);
int64_t time_from_parts(TimeParts p); /* the parts may lie outside their ranges */

/* The same day n months on, or the month's last where it has none. */
bool date_add_months(int32_t days, int64_t months, int32_t *out);
bool timestamp_add_months(int64_t us, int64_t months, int64_t *out);
/* Months first, then days, then microseconds, as PostgreSQL. `sign` is 1 or -1. */
bool timestamp_add_interval(int64_t us, Interval iv, int sign, int64_t *out);

typedef enum TimeUnit {
    UNIT_MICROSECOND, UNIT_MILLISECOND, UNIT_SECOND, UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_WEEK,
    UNIT_MONTH, UNIT_QUARTER, UNIT_YEAR, UNIT_DECADE, UNIT_CENTURY, UNIT_MILLENNIUM,
    /* Fields that can be extracted, but not truncated to: */
    UNIT_DOW, UNIT_ISODOW, UNIT_DOY, UNIT_ISOYEAR, UNIT_EPOCH,
    UNIT_COUNT
} TimeUnit;
/* "second", "seconds", "sec", "s", "mons" …, without case. False: no such unit. */
bool time_unit_parse(Str name, TimeUnit *out);
const char *time_unit_name(TimeUnit u);
/* The start of the unit that holds the time. False: cannot be truncated to. Weeks begin Monday. */
bool timestamp_trunc(int64_t us, TimeUnit u, int64_t *out);
/* A field, as EXTRACT gives it. Sub-second units include the seconds, as in PostgreSQL: 12.345 s
 * has milliseconds 12345. SECOND and EPOCH are cut to whole seconds toward the past. */
int64_t timestamp_extract(int64_t us, TimeUnit u);
/* How many whole units lie from `from` to `to` (toward zero): TIMESTAMPDIFF. */
int64_t timestamp_diff(int64_t from, int64_t to, TimeUnit u);
/* n units as an interval. False: not a length of time, or overflow. */
bool interval_of(int64_t n, TimeUnit u, Interval *out);

/* ---- datetime_parse.c ---- */

/* ISO 8601: "2024-02-29T12:30:00.123456789+02:00", with T or a space, seconds and fraction
 * optional, fraction cut toward the past to `precision` digits, offset Z, ±hh:mm, ±hhmm or ±hh
 * (absent: UTC), or a date alone. Whole text, no white space around. */
bool timestamp_parse(Str s, int precision, int64_t *us);
/* The same; *has_offset says whether the text named one (otherwise *us is the local time). */
bool timestamp_parse_local(Str s, int precision, int64_t *us, bool *has_offset);
bool date_parse(Str s, int32_t *days);     /* "2024-02-29" */
bool time_parse(Str s, int64_t *us);       /* "12:30", "12:30:00", "12:30:00.5" */
/* "10" (seconds), "1 hour 30 minutes", "1.5 days", "-3 mons", "1 day 02:03:04.5", "P1DT2H". */
bool interval_parse(Str s, Interval *out);
/* INTERVAL 'number' UNIT: "10" and SECOND, "1.5" and HOUR, "-2" and MONTH. */
bool interval_parse_unit(Str number, TimeUnit u, Interval *out);
/* As microseconds, days taken as 24 hours. False: it has months, or overflow. */
bool interval_to_us(Interval iv, int64_t *us);

/* An integer timestamp: units per second 1, 1000 or 1000000. False: out of range. */
bool timestamp_from_epoch(int64_t v, int64_t units_per_second, int64_t *us);

/* ---- datetime_format.c: at most TIME_TEXT_MAX bytes and a NUL; they return the length ---- */
enum { TIME_TEXT_MAX = 80 };
/* Fixed width: "2024-02-29 12:30:00", with .fff for precision 1..3, .ffffff above. */
int timestamp_print(int64_t us, int precision, char *out);
int date_print(int32_t days, char *out);
int time_print(int64_t us, char *out);      /* "12:30:00", and .fff or .ffffff where not zero */
int interval_print(Interval iv, char *out); /* "1 year 2 mons 3 days 04:05:06.5", "00:00:00" */

#endif
