/* tz.c: finding zones, and the arithmetic between wall clocks and moments. */
#include "base/tz.h"
#include "base/datetime.h"
#include "base/file.h"
#include "base/tz_data.h"

enum { ZONE_NAME_MAX = 100, ZONE_FILE_MAX = 1 << 20 };

static bool is_name_char(char c)
{
    return ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '+' ||
           c == '-' || c == '/';
}

/* A name is a path inside the database and nothing else: no dot can be in it. */
static bool is_valid_name(Str name)
{
    if (name.n == 0 || name.n > ZONE_NAME_MAX || name.p[0] == '/') return false;
    for (ptrdiff_t i = 0; i < name.n; i++)
        if (!is_name_char(name.p[i])) return false;
    return str_find(name, S("//")) < 0 && name.p[name.n - 1] != '/';
}

static bool two_digits(Str s, ptrdiff_t at, int32_t *out)
{
    int64_t v;
    if (at + 2 > s.n || s.p[at] < '0' || s.p[at] > '9') return false;
    if (!str_to_int64(str_of(s.p + at, 2), &v)) return false;
    *out = (int32_t)v;
    return true;
}

/* "+02", "+0200", "-05:30" */
static bool parse_offset(Str s, int32_t *seconds)
{
    int32_t h, m = 0;
    if (s.n < 3 || (s.p[0] != '+' && s.p[0] != '-') || !two_digits(s, 1, &h)) return false;
    ptrdiff_t at = s.n > 3 && s.p[3] == ':' ? 4 : 3;
    if (s.n > 3 && (!two_digits(s, at, &m) || s.n != at + 2)) return false;
    if (h > 23 || m > 59) return false;
    *seconds = (s.p[0] == '-' ? -1 : 1) * (h * 3600 + m * 60);
    return true;
}

static TimeZone *fixed_zone(Arena *a, Str name, int32_t seconds)
{
    TimeZone *z = new_one(a, TimeZone);
    z->name = str_dup(a, name);
    z->types = new_one(a, TzOffset);
    z->types[0] = (TzOffset){.seconds = seconds, .abbreviation = z->name};
    z->ntypes = 1;
    return z;
}

static TimeZone *load_zone(TimeZones *zones, Str name)
{
    Arena *a = zones->arena;
    Str bytes;
    Str path = str_printf(a, "%s/%.*s", zones->folder ? zones->folder : "/usr/share/zoneinfo",
                          STR_ARG(name));
    return file_read(a, path.p, ZONE_FILE_MAX, &bytes) ? tz_data_read(a, name, bytes) : NULL;
}

/* "europe/berlin" as the database spells names: "Europe/Berlin". */
static Str title_case(Arena *a, Str name)
{
    Str s = str_lower(a, name);
    char *p = (char *)s.p;
    bool in_word = false;
    for (ptrdiff_t i = 0; i < s.n; i++) {
        bool is_letter = p[i] >= 'a' && p[i] <= 'z';
        if (is_letter && !in_word) p[i] = (char)(p[i] - 32);
        in_word = is_letter;
    }
    return s;
}

static Str upper_case(Arena *a, Str name)
{
    Str s = str_dup(a, name);
    char *p = (char *)s.p;
    for (ptrdiff_t i = 0; i < s.n; i++)
        if (p[i] >= 'a' && p[i] <= 'z') p[i] = (char)(p[i] - 32);
    return s;
}

static TimeZone *make_zone(TimeZones *zones, Str name)
{
    int32_t seconds;
    Arena *a = zones->arena;
    if (str_ieq(name, S("UTC")) || str_ieq(name, S("Z")) || str_ieq(name, S("GMT")))
        return fixed_zone(a, S("UTC"), 0);
    if (parse_offset(name, &seconds)) return fixed_zone(a, name, seconds);
    if (!is_valid_name(name)) return NULL;
    TimeZone *z = load_zone(zones, name);
    if (!z) z = load_zone(zones, title_case(a, name));
    return z ? z : load_zone(zones, upper_case(a, name));
}

const TimeZone *tz_find(TimeZones *zones, Str name)
{
    TimeZone *z = map_get(&zones->loaded, name);
    if (z) return z;
    z = make_zone(zones, name);
    if (z) map_put(&zones->loaded, zones->arena, name, z);
    return z;
}

const TimeZone *tz_from_bytes(Arena *a, Str name, Str bytes)
{
    return tz_data_read(a, name, bytes);
}

Str tz_name(const TimeZone *z)
{
    return z->name;
}

/* The number of transitions at or before t (seconds). */
static int32_t transitions_until(const TimeZone *z, int64_t t)
{
    int32_t lo = 0, hi = z->ntimes;
    while (lo < hi) {
        int32_t mid = lo + (hi - lo) / 2;
        if (z->times[mid] <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* When the change of rule `c` happens in `year`, on the clock that shows it, in seconds. */
static int64_t change_in_year(const TzChange *c, int32_t year)
{
    int32_t first = civil_to_days((Civil){year, 1, 1});
    int32_t day = first + c->day;
    if (c->kind == TZ_JULIAN) { /* day 1..365, the 29th of February is not counted */
        day = first + c->day - 1 + (civil_is_leap(year) && c->day >= 60);
    } else if (c->kind == TZ_WEEKDAY) {
        int32_t month_first = civil_to_days((Civil){year, c->month, 1});
        int32_t weekday = weekday_iso(month_first) % 7;
        day = month_first + (int32_t)floor_mod(c->day - weekday, 7) + (c->week - 1) * 7;
        if (day >= month_first + civil_month_days(year, c->month)) day -= 7;
    }
    return (int64_t)day * 86400 + c->seconds;
}

static TzOffset rule_at(const TzRule *r, int64_t t)
{
    if (!r->has_dst) return r->std;
    int32_t year = civil_from_days((int32_t)floor_div(t + r->std.seconds, 86400)).year;
    int64_t start = change_in_year(&r->start, year) - r->std.seconds;
    int64_t end = change_in_year(&r->end, year) - r->dst.seconds;
    bool is_dst = start < end ? t >= start && t < end : t >= start || t < end;
    return is_dst ? r->dst : r->std;
}

TzOffset tz_at(const TimeZone *z, int64_t utc_us)
{
    int64_t t = floor_div(utc_us, US_PER_SECOND);
    int32_t n = transitions_until(z, t);
    if (n == z->ntimes && z->has_rule) return rule_at(&z->rule, t);
    return z->types[n ? z->type_of[n - 1] : 0];
}

int64_t tz_to_local(const TimeZone *z, int64_t utc_us)
{
    return tz_shift(utc_us, tz_at(z, utc_us).seconds);
}

/* The first moment in (before, after] whose offset is not that of `before`, to the second. */
static int64_t change_between(const TimeZone *z, int64_t before, int64_t after)
{
    int32_t offset = tz_at(z, before).seconds;
    int64_t lo = floor_div(before, US_PER_SECOND), hi = floor_div(after, US_PER_SECOND);
    while (hi - lo > 1) {
        int64_t mid = lo + (hi - lo) / 2;
        if (tz_at(z, mid * US_PER_SECOND).seconds == offset)
            lo = mid;
        else
            hi = mid;
    }
    return hi * US_PER_SECOND;
}

int64_t tz_to_utc(const TimeZone *z, int64_t local_us, TzChoice choice)
{
    int64_t best = 0;
    int32_t least = INT32_MAX, most = INT32_MIN;
    bool found = false;
    for (int day = -1; day <= 1; day++) { /* offsets in force around */
        int32_t offset = tz_at(z, local_us + day * US_PER_DAY).seconds;
        int64_t moment = tz_shift(local_us, -offset);
        if (offset < least) least = offset;
        if (offset > most) most = offset;
        if (tz_at(z, moment).seconds != offset) continue;
        if (!found || (choice == TZ_EARLIER ? moment < best : moment > best)) best = moment;
        found = true;
    }
    if (found) return best;
    return change_between(z, tz_shift(local_us, -most), tz_shift(local_us, -least));
}

Str tz_database_version(TimeZones *zones, Arena *a)
{
    Str text;
    const char *folder = zones->folder ? zones->folder : "/usr/share/zoneinfo";
    Str path = str_printf(a, "%s/tzdata.zi", folder);
    Str head = S("# version ");
    if (!file_read(a, path.p, ZONE_FILE_MAX, &text) || !str_starts(text, head)) return S("");
    Str rest = str_of(text.p + head.n, text.n - head.n);
    ptrdiff_t end = str_find(rest, S("\n"));
    return str_trim(str_of(rest.p, end < 0 ? rest.n : end));
}
