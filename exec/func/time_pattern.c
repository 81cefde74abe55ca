/* time_pattern.c: patterns become a list of items; printing walks it. For reading the items are
 * written as a strptime pattern, which is what base reads. */
#include "exec/func/time_pattern.h"
#include "exec/func/letter_case.h"

#include <stdio.h>
#include <stdlib.h>

typedef enum Field {
    F_LITERAL,
    F_YEAR,
    F_YEAR_SHORT,
    F_ISO_YEAR,
    F_ISO_WEEK,
    F_MONTH,
    F_MONTH_NAME,
    F_MONTH_ABBR,
    F_DAY,
    F_YEAR_DAY,
    F_DAY_NAME,
    F_DAY_ABBR,
    F_WEEKDAY_ISO,
    F_WEEKDAY_SUNDAY,
    F_MONTH_WEEK,
    F_YEAR_WEEK,
    F_QUARTER,
    F_CENTURY,
    F_JULIAN,
    F_HOUR24,
    F_HOUR12,
    F_HOUR24_ONE,
    F_HOUR12_ZERO,
    F_MINUTE,
    F_SECOND,
    F_DAY_SECOND,
    F_FRACTION,
    F_HALF,
    F_HALF_DOTTED,
    F_OFFSET,
    F_OFFSET_COLON,
    F_OFFSET_Z,
    F_OFFSET_HOUR,
    F_OFFSET_MINUTE,
    F_ZONE
} Field;

typedef enum Letters { CASE_AS_IS, CASE_UPPER, CASE_LOWER } Letters;

typedef struct Item {
    Field field;
    int width; /* digits, at least; names: blanks up to it */
    Letters letters;
    bool ordinal; /* 1st, 2nd */
    Str text;     /* F_LITERAL */
} Item;

struct TimePattern {
    const TimeFormat *c_format; /* PATTERN_C, and for reading */
    bool is_c;
    Item *items;
    int n;
};

typedef VEC(Item) Items;

/* ---- Java ------------------------------------------------------------------------------------ */

static bool java_item(char letter, int n, Item *out)
{
    Item i = {.width = n};
    switch (letter) {
    case 'y':
    case 'u':
    case 'Y':
        i.field = n == 2 ? F_YEAR_SHORT : F_YEAR;
        break;
    case 'M':
    case 'L':
        i.field = n <= 2 ? F_MONTH : n == 3 ? F_MONTH_ABBR : F_MONTH_NAME;
        break;
    case 'd':
        i.field = F_DAY;
        break;
    case 'D':
        i.field = F_YEAR_DAY;
        break;
    case 'E':
        i.field = n <= 3 ? F_DAY_ABBR : F_DAY_NAME;
        break;
    case 'e':
        i.field = F_WEEKDAY_ISO;
        break;
    case 'w':
        i.field = F_ISO_WEEK;
        break;
    case 'Q':
    case 'q':
        i.field = F_QUARTER;
        break;
    case 'H':
        i.field = F_HOUR24;
        break;
    case 'h':
        i.field = F_HOUR12;
        break;
    case 'k':
        i.field = F_HOUR24_ONE;
        break;
    case 'K':
        i.field = F_HOUR12_ZERO;
        break;
    case 'm':
        i.field = F_MINUTE;
        break;
    case 's':
        i.field = F_SECOND;
        break;
    case 'S':
        i.field = F_FRACTION;
        break;
    case 'a':
        i.field = F_HALF, i.letters = CASE_UPPER;
        break;
    case 'z':
        i.field = F_ZONE;
        break;
    case 'Z':
        i.field = F_OFFSET;
        break;
    case 'x':
        i.field = n >= 3 ? F_OFFSET_COLON : F_OFFSET;
        break;
    case 'X':
        i.field = F_OFFSET_Z;
        break;
    default:
        return false;
    }
    if (i.field == F_MONTH_ABBR || i.field == F_MONTH_NAME || i.field == F_DAY_ABBR ||
        i.field == F_DAY_NAME)
        i.width = 0;
    *out = i;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void add_literal(Items *v, Arena *a, Str s)
{
    if (s.n) vec_push(v, a, (Item){.field = F_LITERAL, .text = s});
}

/* 'text' or '' at s.p[i]; returns where it ends. */
static ptrdiff_t java_quoted(Items *v, Arena *a, Str s, ptrdiff_t i)
{
    StrBuf b = {.arena = a};
    if (i + 1 < s.n && s.p[i + 1] == '\'') {
        add_literal(v, a, S("'"));
        return i + 2;
    }
    for (i++; i < s.n; i++) {
        if (s.p[i] == '\'') {
            if (i + 1 >= s.n || s.p[i + 1] != '\'') break;
            i++;
        }
        sb_char(&b, s.p[i]);
    }
    add_literal(v, a, str_of(b.p, b.n));
    return i + 1;
}

static bool read_java(Items *v, Arena *a, Str s, Str *error)
{
    for (ptrdiff_t i = 0; i < s.n;) {
        if (s.p[i] == '\'') {
            i = java_quoted(v, a, s, i);
            continue;
        }
        ptrdiff_t start = i;
        if (!is_letter(s.p[i])) {
            while (i < s.n && !is_letter(s.p[i]) && s.p[i] != '\'') i++;
            add_literal(v, a, str_of(s.p + start, i - start));
            continue;
        }
        while (i < s.n && s.p[i] == s.p[start]) i++;
        Item item;
        if (!java_item(s.p[start], (int)(i - start), &item)) {
            *error = str_printf(a, "\"%c\" means nothing in a time pattern", s.p[start]);
            return false;
        }
        vec_push(v, a, item);
    }
    return true;
}

/* ---- PostgreSQL ------------------------------------------------------------------------------ */

typedef struct PgWord {
    const char *word;
    Field field;
    int width;
    Letters letters;
    bool any_case;
} PgWord;

/* Longer words before their beginnings. */
static const PgWord PG_WORDS[] = {
    {"HH24", F_HOUR24, 2, CASE_AS_IS, true},
    {"HH12", F_HOUR12, 2, CASE_AS_IS, true},
    {"HH", F_HOUR12, 2, CASE_AS_IS, true},
    {"MI", F_MINUTE, 2, CASE_AS_IS, true},
    {"SSSSS", F_DAY_SECOND, 1, CASE_AS_IS, true},
    {"SSSS", F_DAY_SECOND, 1, CASE_AS_IS, true},
    {"SS", F_SECOND, 2, CASE_AS_IS, true},
    {"MS", F_FRACTION, 3, CASE_AS_IS, true},
    {"US", F_FRACTION, 6, CASE_AS_IS, true},
    {"FF1", F_FRACTION, 1, CASE_AS_IS, true},
    {"FF2", F_FRACTION, 2, CASE_AS_IS, true},
    {"FF3", F_FRACTION, 3, CASE_AS_IS, true},
    {"FF4", F_FRACTION, 4, CASE_AS_IS, true},
    {"FF5", F_FRACTION, 5, CASE_AS_IS, true},
    {"FF6", F_FRACTION, 6, CASE_AS_IS, true},
    {"A.M.", F_HALF_DOTTED, 0, CASE_UPPER, false},
    {"P.M.", F_HALF_DOTTED, 0, CASE_UPPER, false},
    {"a.m.", F_HALF_DOTTED, 0, CASE_LOWER, false},
    {"p.m.", F_HALF_DOTTED, 0, CASE_LOWER, false},
    {"AM", F_HALF, 0, CASE_UPPER, false},
    {"PM", F_HALF, 0, CASE_UPPER, false},
    {"am", F_HALF, 0, CASE_LOWER, false},
    {"pm", F_HALF, 0, CASE_LOWER, false},
    {"IYYY", F_ISO_YEAR, 4, CASE_AS_IS, true},
    {"YYYY", F_YEAR, 4, CASE_AS_IS, true},
    {"YY", F_YEAR_SHORT, 2, CASE_AS_IS, true},
    {"MONTH", F_MONTH_NAME, 9, CASE_UPPER, false},
    {"Month", F_MONTH_NAME, 9, CASE_AS_IS, false},
    {"month", F_MONTH_NAME, 9, CASE_LOWER, false},
    {"MON", F_MONTH_ABBR, 0, CASE_UPPER, false},
    {"Mon", F_MONTH_ABBR, 0, CASE_AS_IS, false},
    {"mon", F_MONTH_ABBR, 0, CASE_LOWER, false},
    {"MM", F_MONTH, 2, CASE_AS_IS, true},
    {"DAY", F_DAY_NAME, 9, CASE_UPPER, false},
    {"Day", F_DAY_NAME, 9, CASE_AS_IS, false},
    {"day", F_DAY_NAME, 9, CASE_LOWER, false},
    {"DY", F_DAY_ABBR, 0, CASE_UPPER, false},
    {"Dy", F_DAY_ABBR, 0, CASE_AS_IS, false},
    {"dy", F_DAY_ABBR, 0, CASE_LOWER, false},
    {"DDD", F_YEAR_DAY, 3, CASE_AS_IS, true},
    {"DD", F_DAY, 2, CASE_AS_IS, true},
    {"ID", F_WEEKDAY_ISO, 1, CASE_AS_IS, true},
    {"IW", F_ISO_WEEK, 2, CASE_AS_IS, true},
    {"WW", F_YEAR_WEEK, 2, CASE_AS_IS, true},
    {"W", F_MONTH_WEEK, 1, CASE_AS_IS, true},
    {"D", F_WEEKDAY_SUNDAY, 1, CASE_AS_IS, true},
    {"CC", F_CENTURY, 2, CASE_AS_IS, true},
    {"J", F_JULIAN, 1, CASE_AS_IS, true},
    {"Q", F_QUARTER, 1, CASE_AS_IS, true},
    {"TZH", F_OFFSET_HOUR, 2, CASE_AS_IS, true},
    {"TZM", F_OFFSET_MINUTE, 2, CASE_AS_IS, true},
    {"TZ", F_ZONE, 0, CASE_UPPER, false},
    {"tz", F_ZONE, 0, CASE_LOWER, false},
    {"OF", F_OFFSET_COLON, 0, CASE_AS_IS, true},
};

static const PgWord *pg_word(Str rest)
{
    for (size_t i = 0; i < sizeof PG_WORDS / sizeof *PG_WORDS; i++) {
        Str w = str_z(PG_WORDS[i].word);
        if (PG_WORDS[i].any_case ? str_istarts(rest, w) : str_starts(rest, w)) return &PG_WORDS[i];
    }
    return NULL;
}

static ptrdiff_t pg_quoted(Items *v, Arena *a, Str s, ptrdiff_t i)
{
    ptrdiff_t start = ++i;
    while (i < s.n && s.p[i] != '"') i++;
    add_literal(v, a, str_of(s.p + start, i - start));
    return i + 1;
}

static void read_postgres(Items *v, Arena *a, Str s)
{
    bool unpadded = false;
    for (ptrdiff_t i = 0; i < s.n;) {
        Str rest = str_of(s.p + i, s.n - i);
        const PgWord *w = pg_word(rest);
        if (s.p[i] == '"') {
            i = pg_quoted(v, a, s, i);
        } else if (str_istarts(rest, S("FM"))) {
            unpadded = true;
            i += 2;
            continue;
        } else if (w) {
            Item item = {.field = w->field, .width = w->width, .letters = w->letters};
            if (unpadded && w->field != F_FRACTION) item.width = 0;
            i += (ptrdiff_t)strlen(w->word);
            item.ordinal = str_istarts(str_of(s.p + i, s.n - i), S("TH"));
            if (item.ordinal) i += 2;
            vec_push(v, a, item);
        } else {
            add_literal(v, a, str_of(s.p + i, 1));
            i++;
        }
        unpadded = false;
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static const char *strptime_directive(Field f)
{
    switch (f) {
    case F_YEAR:
    case F_ISO_YEAR:
        return "%Y";
    case F_YEAR_SHORT:
        return "%y";
    case F_MONTH:
        return "%m";
    case F_MONTH_NAME:
        return "%B";
    case F_MONTH_ABBR:
        return "%b";
    case F_DAY:
        return "%d";
    case F_YEAR_DAY:
        return "%j";
    case F_DAY_NAME:
        return "%A";
    case F_DAY_ABBR:
        return "%a";
    case F_HOUR24:
        return "%H";
    case F_HOUR12:
        return "%I";
    case F_MINUTE:
        return "%M";
    case F_SECOND:
        return "%S";
    case F_FRACTION:
        return "%f";
    case F_HALF:
        return "%p";
    case F_OFFSET:
    case F_OFFSET_COLON:
    case F_OFFSET_Z:
        return "%z";
    case F_ZONE:
        return "%Z";
    case F_LITERAL:
    case F_ISO_WEEK:
    case F_WEEKDAY_ISO:
    case F_WEEKDAY_SUNDAY:
    case F_MONTH_WEEK:
    case F_YEAR_WEEK:
    case F_QUARTER:
    case F_CENTURY:
    case F_JULIAN:
    case F_HOUR24_ONE:
    case F_HOUR12_ZERO:
    case F_DAY_SECOND:
    case F_HALF_DOTTED:
    case F_OFFSET_HOUR:
    case F_OFFSET_MINUTE:
        break;
    }
    return NULL;
}

/* NULL: some item can only be written. */
static const TimeFormat *reading_format(Arena *a, const Items *v)
{
    StrBuf b = {.arena = a};
    for (ptrdiff_t i = 0; i < v->len; i++) {
        const Item *item = &v->data[i];
        const char *directive = strptime_directive(item->field);
        if (item->field == F_LITERAL) {
            for (ptrdiff_t k = 0; k < item->text.n; k++) {
                if (item->text.p[k] == '%') sb_char(&b, '%');
                sb_char(&b, item->text.p[k]);
            }
        } else if (directive) {
            sb_z(&b, directive);
        } else {
            return NULL;
        }
    }
    const TimeFormat *f;
    Str pattern = sb_done(&b);
    return time_format_compile(a, pattern, &f, NULL, (Span){0}) == WEIR_OK ? f : NULL;
}

const TimePattern *time_pattern_compile(Arena *a, Str text, PatternStyle style, Str *error)
{
    TimePattern *p = new_one(a, TimePattern);
    Items v = {0};
    *error = (Str){0};
    if (style == PATTERN_C) {
        Diags d = {.arena = a};
        p->is_c = true;
        if (time_format_compile(a, text, &p->c_format, &d, (Span){0}) == WEIR_OK) return p;
        *error = d.list.len ? d.list.data[0].message : S("not a time pattern");
        return NULL;
    }
    if (style == PATTERN_JAVA && !read_java(&v, a, text, error)) return NULL;
    if (style == PATTERN_POSTGRES) read_postgres(&v, a, text);
    p->items = v.data;
    p->n = (int)v.len;
    p->c_format = reading_format(a, &v);
    return p;
}

bool time_pattern_parse(const TimePattern *p, Str s, const TimeZone *zone, int64_t *us)
{
    bool has_offset;
    int64_t t;
    if (!p->c_format || !time_format_parse(p->c_format, s, 6, &t, &has_offset)) return false;
    if (zone && !has_offset) t = tz_to_utc(zone, t, TZ_EARLIER);
    if (!timestamp_is_valid(t)) return false;
    *us = t;
    return true;
}

PatternStyle time_pattern_guess(Str s)
{
    if (str_find(s, S("%")) >= 0) return PATTERN_C;
    bool java = str_find(s, S("y")) >= 0 || str_find(s, S("mm")) >= 0;
    if (str_find(s, S("mi")) >= 0 || str_find(s, S("24")) >= 0) java = false;
    return java ? PATTERN_JAVA : PATTERN_POSTGRES;
}

/* ---- printing -------------------------------------------------------------------------------- */

typedef struct Moment {
    TimeParts parts;
    int32_t days;
    TzOffset offset;
} Moment;

static const char *const MONTHS[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const DAYS[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                   "Friday", "Saturday", "Sunday"};

static void put_name(StrBuf *b, const Item *i, Str name)
{
    for (ptrdiff_t k = 0; k < name.n; k++) {
        char c = name.p[k];
        sb_char(b, i->letters == CASE_UPPER   ? ascii_upper(c)
                   : i->letters == CASE_LOWER ? ascii_lower(c)
                                              : c);
    }
    for (ptrdiff_t k = name.n; k < i->width; k++) sb_char(b, ' ');
}

static void put_number(StrBuf *b, const Item *i, int64_t v)
{
    sb_printf(b, "%0*lld", i->width, (long long)v);
    if (!i->ordinal) return;
    int tens = (int)(v / 10 % 10), ones = (int)(v % 10);
    sb_z(b, tens == 1 ? "th" : ones == 1 ? "st" : ones == 2 ? "nd" : ones == 3 ? "rd" : "th");
}

static void put_fraction(StrBuf *b, const Item *i, int us)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%06d", us);
    for (int k = 0; k < i->width; k++) sb_char(b, k < 6 ? digits[k] : '0');
}

static void put_offset(StrBuf *b, int32_t seconds, bool colon)
{
    int minutes = (seconds < 0 ? -seconds : seconds) / 60;
    sb_printf(b, "%c%02d%s%02d", seconds < 0 ? '-' : '+', minutes / 60, colon ? ":" : "",
              minutes % 60);
}

static int hour12(int hour)
{
    return hour % 12 ? hour % 12 : 12;
}

static void put_item(StrBuf *b, const Item *i, const Moment *m)
{
    const TimeParts *p = &m->parts;
    int weekday = weekday_iso(m->days);
    switch (i->field) {
    case F_LITERAL:
        sb_str(b, i->text);
        break;
    case F_YEAR:
        put_number(b, i, p->date.year);
        break;
    case F_YEAR_SHORT:
        put_number(b, i, p->date.year % 100);
        break;
    case F_ISO_YEAR:
        put_number(b, i, iso_week(m->days).year);
        break;
    case F_ISO_WEEK:
        put_number(b, i, iso_week(m->days).week);
        break;
    case F_MONTH:
        put_number(b, i, p->date.month);
        break;
    case F_MONTH_NAME:
        put_name(b, i, str_z(MONTHS[p->date.month - 1]));
        break;
    case F_MONTH_ABBR:
        put_name(b, i, str_of(MONTHS[p->date.month - 1], 3));
        break;
    case F_DAY:
        put_number(b, i, p->date.day);
        break;
    case F_YEAR_DAY:
        put_number(b, i, day_of_year(m->days));
        break;
    case F_DAY_NAME:
        put_name(b, i, str_z(DAYS[weekday - 1]));
        break;
    case F_DAY_ABBR:
        put_name(b, i, str_of(DAYS[weekday - 1], 3));
        break;
    case F_WEEKDAY_ISO:
        put_number(b, i, weekday);
        break;
    case F_WEEKDAY_SUNDAY:
        put_number(b, i, weekday % 7 + 1);
        break;
    case F_MONTH_WEEK:
        put_number(b, i, (p->date.day - 1) / 7 + 1);
        break;
    case F_YEAR_WEEK:
        put_number(b, i, (day_of_year(m->days) - 1) / 7 + 1);
        break;
    case F_QUARTER:
        put_number(b, i, (p->date.month + 2) / 3);
        break;
    case F_CENTURY:
        put_number(b, i, (p->date.year + 99) / 100);
        break;
    case F_JULIAN:
        put_number(b, i, m->days + INT64_C(2440588));
        break;
    case F_HOUR24:
        put_number(b, i, p->hour);
        break;
    case F_HOUR12:
        put_number(b, i, hour12(p->hour));
        break;
    case F_HOUR24_ONE:
        put_number(b, i, p->hour ? p->hour : 24);
        break;
    case F_HOUR12_ZERO:
        put_number(b, i, p->hour % 12);
        break;
    case F_MINUTE:
        put_number(b, i, p->minute);
        break;
    case F_SECOND:
        put_number(b, i, p->second);
        break;
    case F_DAY_SECOND:
        put_number(b, i, p->hour * 3600 + p->minute * 60 + p->second);
        break;
    case F_FRACTION:
        put_fraction(b, i, p->us);
        break;
    case F_HALF:
        put_name(b, i, p->hour < 12 ? S("AM") : S("PM"));
        break;
    case F_HALF_DOTTED:
        put_name(b, i, p->hour < 12 ? S("A.M.") : S("P.M."));
        break;
    case F_OFFSET:
        put_offset(b, m->offset.seconds, false);
        break;
    case F_OFFSET_COLON:
        put_offset(b, m->offset.seconds, true);
        break;
    case F_OFFSET_Z:
        if (m->offset.seconds == 0)
            sb_char(b, 'Z');
        else
            put_offset(b, m->offset.seconds, i->width >= 3);
        break;
    case F_OFFSET_HOUR:
        sb_printf(b, "%c%02d", m->offset.seconds < 0 ? '-' : '+', abs(m->offset.seconds) / 3600);
        break;
    case F_OFFSET_MINUTE:
        sb_printf(b, "%02d", abs(m->offset.seconds) / 60 % 60);
        break;
    case F_ZONE:
        put_name(b, i, m->offset.abbreviation);
        break;
    }
}

static int64_t field_step(Field f)
{
    switch (f) {
    case F_FRACTION:
        return 1;
    case F_SECOND: case F_DAY_SECOND:
        return US_PER_DAY / 86400;
    case F_MINUTE:
        return US_PER_DAY / 1440;
    case F_HOUR24: case F_HOUR12: case F_HOUR24_ONE: case F_HOUR12_ZERO: case F_HALF: case F_HALF_DOTTED:
        return US_PER_DAY / 24;
    case F_LITERAL: case F_YEAR: case F_YEAR_SHORT: case F_ISO_YEAR: case F_ISO_WEEK: case F_MONTH: case F_MONTH_NAME:
    case F_MONTH_ABBR: case F_DAY: case F_YEAR_DAY: case F_DAY_NAME: case F_DAY_ABBR: case F_WEEKDAY_ISO:
    case F_WEEKDAY_SUNDAY: case F_MONTH_WEEK: case F_YEAR_WEEK: case F_QUARTER: case F_CENTURY: case F_JULIAN:
    case F_OFFSET: case F_OFFSET_COLON: case F_OFFSET_Z: case F_OFFSET_HOUR: case F_OFFSET_MINUTE: case F_ZONE:
        return US_PER_DAY;
    }
    return 1;
}

int64_t time_pattern_step(const TimePattern *p)
{
    int64_t least = p->is_c ? 1 : US_PER_DAY;
    for (int i = 0; i < p->n; i++)
        if (field_step(p->items[i].field) < least) least = field_step(p->items[i].field);
    return least;
}

void time_pattern_print(const TimePattern *p, int64_t us, const TimeZone *zone, StrBuf *out)
{
    Moment m = {.offset = {.abbreviation = S("UTC")}};
    if (zone) m.offset = tz_at(zone, us);
    if (p->is_c) {
        time_format_print(p->c_format, us, m.offset.seconds, m.offset.abbreviation, out);
        return;
    }
    int64_t local = tz_shift(us, m.offset.seconds);
    m.parts = time_parts(local);
    m.days = (int32_t)floor_div(local, US_PER_DAY);
    for (int i = 0; i < p->n; i++) put_item(out, &p->items[i], &m);
}
