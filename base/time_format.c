/* time_format.c: patterns of strptime and strftime.
 *
 * Compiling checks the directives and writes the composite ones out, so that reading and writing
 * walk a flat list. Reading collects fields, which are put together at the end. */
#include "base/time_format.h"
#include "base/datetime.h"
#include "base/number.h"

typedef struct Item {
    char directive; /* a letter, ' ' white space, 0 the literal byte */
    char literal;
} Item;

struct TimeFormat {
    VEC(Item) items;
};

static const char DIRECTIVES[] = "YymbhBdejaAuwVGHkIlpMSfLsZz";
typedef struct Composite {
    char letter;
    const char *pattern;
} Composite;
static const Composite COMPOSITES[] = {
    {'T', "%H:%M:%S"}, {'R', "%H:%M"}, {'D', "%m/%d/%y"}, {'F', "%Y-%m-%d"},
    {'n', " "},        {'t', " "},     {0, NULL}};

static const char *const MONTHS[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const WEEKDAYS[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *composite(char letter)
{
    for (const Composite *c = COMPOSITES; c->letter; c++)
        if (c->letter == letter) return c->pattern;
    return NULL;
}

static void push(TimeFormat *f, Arena *a, char directive, char literal)
{
    Item item = {directive, literal};
    vec_push(&f->items, a, item);
}

/* Adds `pattern`; gives the place of the directive that is not known, or -1. */
static ptrdiff_t add_pattern(TimeFormat *f, Arena *a, Str pattern)
{
    for (ptrdiff_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];
        if (c != '%') {
            push(f, a, is_space(c) ? ' ' : 0, c);
            continue;
        }
        char letter = ++i < pattern.n ? pattern.p[i] : 0;
        const char *parts = letter ? composite(letter) : NULL;
        if (parts)
            add_pattern(f, a, str_z(parts));
        else if (letter == '%')
            push(f, a, 0, '%');
        else if (letter && strchr(DIRECTIVES, letter))
            push(f, a, letter, 0);
        else
            return i - 1;
    }
    return -1;
}

Status time_format_compile(Arena *a, Str pattern, const TimeFormat **out, Diags *d, Span at)
{
    TimeFormat *f = new_one(a, TimeFormat);
    ptrdiff_t bad = add_pattern(f, a, pattern);
    if (bad < 0) {
        *out = f;
        return WEIR_OK;
    }
    Str rest = str_of(pattern.p + bad, pattern.n - bad > 2 ? 2 : pattern.n - bad);
    diag_error(d, WEIR_E_VALUE, at, "unknown directive \"%.*s\" in the time pattern \"%.*s\"",
               STR_ARG(rest), STR_ARG(pattern));
    diag_hint(d, "known are %%Y %%y %%m %%b %%B %%d %%e %%j %%a %%A %%H %%I %%p %%M %%S %%f %%L "
                 "%%s %%z %%Z %%T %%R %%D %%F %%u %%w %%G %%V %%%%");
    return WEIR_E_VALUE;
}

/* ---- reading ---- */

typedef struct Fields {
    int64_t epoch;
    int32_t year, month, day, year_day, iso_year, iso_week, weekday; /* 0: not given (weekday) */
    int32_t hour, minute, second, us, offset;
    bool has_epoch, has_offset, is_12, is_pm;
} Fields;

typedef struct Cursor {
    const char *at, *end;
} Cursor;

static void skip_spaces(Cursor *c)
{
    while (c->at < c->end && is_space(*c->at)) c->at++;
}

/* 1 to `digits` digits, value within min..max. */
static bool take_int(Cursor *c, int digits, int32_t min, int32_t max, int32_t *out)
{
    int32_t v = 0, n = 0;
    for (; n < digits && c->at < c->end && *c->at >= '0' && *c->at <= '9'; n++, c->at++)
        v = v * 10 + (*c->at - '0');
    *out = v;
    return n > 0 && v >= min && v <= max;
}

static bool take_padded(Cursor *c, int digits, int32_t min, int32_t max, int32_t *out)
{
    if (c->at < c->end && *c->at == ' ') c->at++;
    return take_int(c, digits, min, max, out);
}

/* One of n names, whole or its first three letters; gives its number from 1. */
static bool take_name(Cursor *c, const char *const *names, int n, int32_t *out)
{
    Str rest = str_of(c->at, c->end - c->at);
    for (int i = 0; i < n; i++) {
        Str name = str_z(names[i]);
        if (!str_istarts(rest, str_of(name.p, 3))) continue;
        c->at += str_istarts(rest, name) ? name.n : 3;
        *out = i + 1;
        return true;
    }
    return false;
}

static bool take_fraction(Cursor *c, int32_t *us)
{
    int32_t weight = 100000, n = 0;
    *us = 0;
    for (; n < 9 && c->at < c->end && *c->at >= '0' && *c->at <= '9'; n++, c->at++, weight /= 10)
        *us += weight * (*c->at - '0');
    return n > 0;
}

static bool take_millis(Cursor *c, int32_t *us)
{
    const char *start = c->at;
    return take_fraction(c, us) && c->at - start <= 3;
}

static bool take_half(Cursor *c, Fields *f)
{
    Str two = str_of(c->at, c->end - c->at < 2 ? 0 : 2);
    f->is_pm = str_ieq(two, S("PM"));
    c->at += two.n;
    return f->is_pm || str_ieq(two, S("AM"));
}

static bool take_epoch(Cursor *c, Fields *f)
{
    const char *start = c->at;
    if (c->at < c->end && *c->at == '-') c->at++;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') c->at++;
    f->has_epoch = f->has_offset = true;
    return str_to_int64(str_of(start, c->at - start), &f->epoch);
}

static bool take_offset(Cursor *c, Fields *f)
{
    int32_t h, m = 0;
    f->has_offset = true;
    if (c->at == c->end) return false;
    char sign = *c->at++;
    if (sign == 'Z' || sign == 'z') return true;
    const char *hours = c->at;
    if ((sign != '+' && sign != '-') || !take_int(c, 2, 0, 23, &h)) return false;
    if (c->at - hours != 2) return false;
    bool colon = c->at < c->end && *c->at == ':';
    c->at += colon;
    bool more = colon || (c->at < c->end && *c->at >= '0' && *c->at <= '9');
    if (more && !take_int(c, 2, 0, 59, &m)) return false;
    f->offset = (sign == '-' ? -1 : 1) * (h * 3600 + m * 60);
    return true;
}

static bool take_zone(Cursor *c, Fields *f)
{
    Str rest = str_of(c->at, c->end - c->at);
    bool is_utc = str_istarts(rest, S("UTC")) || str_istarts(rest, S("GMT"));
    if (!is_utc && !str_istarts(rest, S("Z"))) return false;
    c->at += is_utc ? 3 : 1;
    f->has_offset = true;
    return true;
}

static bool take_short_year(Cursor *c, Fields *f)
{
    if (!take_int(c, 2, 0, 99, &f->year)) return false;
    f->year += f->year < 69 ? 2000 : 1900;
    return true;
}

static bool take_weekday_0(Cursor *c, Fields *f)
{
    if (!take_int(c, 1, 0, 6, &f->weekday)) return false;
    if (f->weekday == 0) f->weekday = 7;
    return true;
}

static bool take_hour_12(Cursor *c, Fields *f)
{
    f->is_12 = true;
    return take_padded(c, 2, 1, 12, &f->hour);
}

static bool take_directive(Cursor *c, char directive, Fields *f)
{
    switch (directive) {
    case 'Y': return take_int(c, 4, 1, 9999, &f->year);
    case 'y': return take_short_year(c, f);
    case 'm': return take_int(c, 2, 1, 12, &f->month);
    case 'b':
    case 'h':
    case 'B': return take_name(c, MONTHS, 12, &f->month);
    case 'd':
    case 'e': return take_padded(c, 2, 1, 31, &f->day);
    case 'j': return take_int(c, 3, 1, 366, &f->year_day);
    case 'a':
    case 'A': return take_name(c, WEEKDAYS, 7, &f->weekday);
    case 'u': return take_int(c, 1, 1, 7, &f->weekday);
    case 'w': return take_weekday_0(c, f);
    case 'V': return take_int(c, 2, 1, 53, &f->iso_week);
    case 'G': return take_int(c, 4, 1, 9999, &f->iso_year);
    case 'H':
    case 'k': return take_padded(c, 2, 0, 23, &f->hour);
    case 'I':
    case 'l': return take_hour_12(c, f);
    case 'p': return take_half(c, f);
    case 'M': return take_int(c, 2, 0, 59, &f->minute);
    case 'S': return take_int(c, 2, 0, 60, &f->second);
    case 'f': return take_fraction(c, &f->us);
    case 'L': return take_millis(c, &f->us);
    case 's': return take_epoch(c, f);
    case 'z': return take_offset(c, f);
    case 'Z': return take_zone(c, f);
    }
    return false;
}

static bool fields_day(const Fields *f, int32_t *day)
{
    if (f->iso_year && f->iso_week) {
        int32_t fourth = civil_to_days((Civil){f->iso_year, 1, 4}); /* is in week 1 */
        int32_t monday = fourth - weekday_iso(fourth) + 1;
        *day = monday + (f->iso_week - 1) * 7 + (f->weekday ? f->weekday - 1 : 0);
        return iso_week(*day).week == f->iso_week;
    }
    int32_t year = f->year ? f->year : 1970;
    if (f->year_day && !f->month) {
        *day = civil_to_days((Civil){year, 1, 1}) + f->year_day - 1;
        return f->year_day <= 365 + civil_is_leap(year);
    }
    Civil c = {year, f->month ? f->month : 1, f->day ? f->day : 1};
    *day = civil_is_valid(c.year, c.month, c.day) ? civil_to_days(c) : 0;
    return civil_is_valid(c.year, c.month, c.day);
}

static bool fields_time(const Fields *f, int64_t *us)
{
    int32_t day, hour = f->hour;
    if (f->has_epoch) {
        if (!timestamp_from_epoch(f->epoch, 1, us)) return false;
        *us += f->us;
        return true;
    }
    if (!fields_day(f, &day)) return false;
    if (f->is_12) hour = hour % 12 + (f->is_pm ? 12 : 0);
    *us = day * US_PER_DAY + hour * US_PER_HOUR + f->minute * US_PER_MINUTE +
          f->second * US_PER_SECOND + f->us;
    return true;
}

bool time_format_parse(const TimeFormat *f, Str s, int precision, int64_t *us, bool *has_offset)
{
    Cursor c = {s.p, s.p + s.n};
    Fields fields = {0};
    int64_t t;
    for (ptrdiff_t i = 0; i < f->items.len; i++) {
        Item item = f->items.data[i];
        if (item.directive == ' ')
            skip_spaces(&c);
        else if (item.directive) {
            if (!take_directive(&c, item.directive, &fields)) return false;
        } else if (c.at == c.end || *c.at++ != item.literal)
            return false;
    }
    if (c.at != c.end || !fields_time(&fields, &t)) return false;
    t -= floor_mod(t, type_tick_us(TYPE_TIMESTAMP_((uint8_t)precision)));
    t -= fields.offset * US_PER_SECOND;
    if (!timestamp_is_valid(t)) return false;
    *us = t;
    *has_offset = fields.has_offset;
    return true;
}

/* ---- writing ---- */

typedef struct Moment {
    TimeParts p;
    int64_t utc_us;
    int32_t day, offset;
    Str zone;
} Moment;

static void put_int(StrBuf *out, int64_t v, int width, char pad)
{
    char digits[24];
    int n = int64_print(v, digits);
    for (int i = n; i < width; i++) sb_char(out, pad);
    sb_bytes(out, digits, n);
}

static void put_short(StrBuf *out, const char *name)
{
    sb_bytes(out, name, 3);
}

static void put_offset(StrBuf *out, int32_t offset)
{
    int32_t minutes = (offset < 0 ? -offset : offset) / 60;
    sb_char(out, offset < 0 ? '-' : '+');
    put_int(out, minutes / 60, 2, '0');
    put_int(out, minutes % 60, 2, '0');
}

static int hour_12(int hour)
{
    return hour % 12 ? hour % 12 : 12;
}

static void put_directive(StrBuf *out, char directive, const Moment *m)
{
    const TimeParts *p = &m->p;
    int weekday = weekday_iso(m->day);
    switch (directive) {
    case 'Y': put_int(out, p->date.year, 4, '0'); break;
    case 'y': put_int(out, floor_mod(p->date.year, 100), 2, '0'); break;
    case 'm': put_int(out, p->date.month, 2, '0'); break;
    case 'b':
    case 'h': put_short(out, MONTHS[p->date.month - 1]); break;
    case 'B': sb_z(out, MONTHS[p->date.month - 1]); break;
    case 'd': put_int(out, p->date.day, 2, '0'); break;
    case 'e': put_int(out, p->date.day, 2, ' '); break;
    case 'j': put_int(out, day_of_year(m->day), 3, '0'); break;
    case 'a': put_short(out, WEEKDAYS[weekday - 1]); break;
    case 'A': sb_z(out, WEEKDAYS[weekday - 1]); break;
    case 'u': put_int(out, weekday, 1, '0'); break;
    case 'w': put_int(out, weekday % 7, 1, '0'); break;
    case 'V': put_int(out, iso_week(m->day).week, 2, '0'); break;
    case 'G': put_int(out, iso_week(m->day).year, 4, '0'); break;
    case 'H': put_int(out, p->hour, 2, '0'); break;
    case 'k': put_int(out, p->hour, 2, ' '); break;
    case 'I': put_int(out, hour_12(p->hour), 2, '0'); break;
    case 'l': put_int(out, hour_12(p->hour), 2, ' '); break;
    case 'p': sb_z(out, p->hour < 12 ? "AM" : "PM"); break;
    case 'M': put_int(out, p->minute, 2, '0'); break;
    case 'S': put_int(out, p->second, 2, '0'); break;
    case 'f': put_int(out, p->us, 6, '0'); break;
    case 'L': put_int(out, p->us / 1000, 3, '0'); break;
    case 's': put_int(out, floor_div(m->utc_us, US_PER_SECOND), 1, '0'); break;
    case 'z': put_offset(out, m->offset); break;
    case 'Z': sb_str(out, m->zone); break;
    }
}

void time_format_print(const TimeFormat *f, int64_t us, int32_t offset, Str zone, StrBuf *out)
{
    int64_t local = us + offset * US_PER_SECOND;
    Moment m = {.p = time_parts(local), .utc_us = us, .offset = offset, .zone = zone};
    m.day = (int32_t)floor_div(local, US_PER_DAY);
    for (ptrdiff_t i = 0; i < f->items.len; i++) {
        Item item = f->items.data[i];
        if (item.directive && item.directive != ' ')
            put_directive(out, item.directive, &m);
        else
            sb_char(out, item.literal);
    }
}
