/* func_time.c: fields of times, truncation, arithmetic.
 *
 * A TIMESTAMP is a moment in UTC and its fields are those of UTC; for another zone's write
 * ts AT TIME ZONE 'Europe/Berlin', the reading of that zone's clock. Kernels work a column at a
 * time; the unit is found once, when the query is compiled. */
#include "base/datetime.h"
#include "base/tz.h"
#include "exec/func/call.h"

/* ---- units ----------------------------------------------------------------------------------- */

typedef struct Unit {
    TimeUnit unit;
    const TimeZone *zone; /* of date_trunc's third argument; NULL: UTC */
} Unit;

static Status bad_unit(Diags *d, const BExpr *call, Str name)
{
    Status st = diag_error(d, WEIR_E_VALUE, call->args[0]->span, "unknown unit of time \"%.*s\"",
                           STR_ARG(name));
    diag_hint(d, "microsecond, millisecond, second, minute, hour, day, week, month, quarter, year");
    return st;
}

static Status unit_prepare(const BExpr *call, Arena *a, void **out, Diags *d)
{
    const Value *name = constant_arg(call, 0);
    *out = NULL;
    if (!name) return WEIR_OK;
    Unit *u = new_one(a, Unit);
    if (!time_unit_parse(name->s, &u->unit)) return bad_unit(d, call, name->s);
    *out = u;
    return WEIR_OK;
}

/* The unit of a row; false after marking it. */
static bool unit_of(EvalCtx *c, const Column *args, Column *out, int row, TimeUnit *u)
{
    if (c->prepared) {
        *u = ((const Unit *)c->prepared)->unit;
        return true;
    }
    Str name = ARG_STR(0, row);
    if (time_unit_parse(name, u)) return true;
    call_failed(c, out, row, "unknown unit of time \"%.*s\"", STR_ARG(name));
    return false;
}

/* ---- extract --------------------------------------------------------------------------------- */

/* Fields that a division finds, without the calendar. */
static bool quick_field(TimeUnit u, int64_t us, int64_t *out)
{
    switch (u) {
    case UNIT_SECOND:
        *out = floor_mod(us, US_PER_MINUTE) / US_PER_SECOND;
        return true;
    case UNIT_MINUTE:
        *out = floor_mod(us, US_PER_HOUR) / US_PER_MINUTE;
        return true;
    case UNIT_HOUR:
        *out = floor_mod(us, US_PER_DAY) / US_PER_HOUR;
        return true;
    case UNIT_EPOCH:
        *out = floor_div(us, US_PER_SECOND);
        return true;
    case UNIT_MILLISECOND:
    case UNIT_MICROSECOND:
    case UNIT_DAY:
    case UNIT_WEEK:
    case UNIT_MONTH:
    case UNIT_QUARTER:
    case UNIT_YEAR:
    case UNIT_DECADE:
    case UNIT_CENTURY:
    case UNIT_MILLENNIUM:
    case UNIT_DOW:
    case UNIT_ISODOW:
    case UNIT_DOY:
    case UNIT_ISOYEAR:
    case UNIT_COUNT:
        break;
    }
    return false;
}

static int64_t field_of(TimeUnit u, int64_t us)
{
    int64_t v;
    return quick_field(u, us, &v) ? v : timestamp_extract(us, u);
}

static void extract(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    TimeUnit u;
    EACH_ROW (c, row)
        if (unit_of(c, args, out, row, &u)) to[row] = field_of(u, ARG(int64_t, 1, row));
}
static const FuncImpl extract_impl = {.columns = extract, .prepare = unit_prepare};

static void extract_date(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    TimeUnit u;
    EACH_ROW (c, row)
        if (unit_of(c, args, out, row, &u))
            to[row] = timestamp_extract(ARG(int32_t, 1, row) * US_PER_DAY, u);
}
static const FuncImpl extract_date_impl = {.columns = extract_date, .prepare = unit_prepare};

static bool interval_field(Interval v, TimeUnit u, int64_t *out)
{
    switch (u) {
    case UNIT_YEAR:
        *out = v.months / 12;
        return true;
    case UNIT_QUARTER:
        *out = v.months % 12 / 3 + 1;
        return true;
    case UNIT_MONTH:
        *out = v.months % 12;
        return true;
    case UNIT_DAY:
        *out = v.days;
        return true;
    case UNIT_HOUR:
        *out = v.us / US_PER_HOUR;
        return true;
    case UNIT_MINUTE:
        *out = v.us / US_PER_MINUTE % 60;
        return true;
    case UNIT_SECOND:
        *out = v.us / US_PER_SECOND % 60;
        return true;
    case UNIT_MILLISECOND:
        *out = v.us % US_PER_MINUTE / 1000;
        return true;
    case UNIT_MICROSECOND:
        *out = v.us % US_PER_MINUTE;
        return true;
    case UNIT_EPOCH:
        /* PostgreSQL's: a year of 365.25 days, months of 30. */
        *out = (int64_t)(v.months / 12) * 31557600 + (int64_t)(v.months % 12) * 2592000 +
               (int64_t)v.days * 86400 + v.us / US_PER_SECOND;
        return true;
    case UNIT_WEEK:
    case UNIT_DECADE:
    case UNIT_CENTURY:
    case UNIT_MILLENNIUM:
    case UNIT_DOW:
    case UNIT_ISODOW:
    case UNIT_DOY:
    case UNIT_ISOYEAR:
    case UNIT_COUNT:
        break;
    }
    return false;
}

static void extract_interval(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    TimeUnit u;
    EACH_ROW (c, row) {
        if (unit_of(c, args, out, row, &u) && !interval_field(ARG(Interval, 1, row), u, &to[row]))
            call_failed(c, out, row, "an interval has no %s", time_unit_name(u));
    }
}
static const FuncImpl extract_interval_impl = {.columns = extract_interval,
                                               .prepare = unit_prepare};

static void extract_clock(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    TimeUnit u;
    EACH_ROW (c, row) {
        if (!unit_of(c, args, out, row, &u)) continue;
        if (u <= UNIT_HOUR || u == UNIT_EPOCH)
            to[row] = timestamp_extract(ARG(int64_t, 1, row), u);
        else
            call_failed(c, out, row, "a time of day has no %s", time_unit_name(u));
    }
}
static const FuncImpl extract_clock_impl = {.columns = extract_clock, .prepare = unit_prepare};

/* year(ts) …: one function a field. */
#define FIELD(name, unit, adjust) \
    static void name##_of_time(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        int64_t *to = out->data; \
        EACH_ROW (c, row) to[row] = field_of(unit, ARG(int64_t, 0, row)) adjust; \
    } \
    static const FuncImpl name##_impl = {.columns = name##_of_time};
FIELD(year, UNIT_YEAR, )
FIELD(quarter, UNIT_QUARTER, )
FIELD(month, UNIT_MONTH, )
FIELD(week, UNIT_WEEK, )
FIELD(day, UNIT_DAY, )
FIELD(dayofyear, UNIT_DOY, )
FIELD(dayofweek, UNIT_DOW, +1)
FIELD(isodow, UNIT_ISODOW, )
FIELD(isoyear, UNIT_ISOYEAR, )
FIELD(hour, UNIT_HOUR, )
FIELD(minute, UNIT_MINUTE, )
FIELD(second, UNIT_SECOND, )
FIELD(millisecond, UNIT_MILLISECOND, )
FIELD(microsecond, UNIT_MICROSECOND, )
FIELD(epoch, UNIT_EPOCH, )

#define EPOCH(name, units) \
    static void name(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        int64_t *to = out->data; \
        EACH_ROW (c, row) to[row] = floor_div(ARG(int64_t, 0, row), units); \
    } \
    static const FuncImpl name##_impl = {.columns = name};
EPOCH(epoch_ms, 1000)
EPOCH(epoch_us, 1)

/* ---- truncation ------------------------------------------------------------------------------ */

static const TimeZone *zone_in(Arena *a, Str name)
{
    TimeZones *z = new_one(a, TimeZones);
    z->arena = a;
    return tz_find(z, name);
}

static Status no_zone(Diags *d, const BExpr *call, int i, Str name)
{
    Status st =
        diag_error(d, WEIR_E_VALUE, call->args[i]->span, "no time zone \"%.*s\"", STR_ARG(name));
    diag_hint(
        d, "names are those of the IANA database, like 'Europe/Berlin', or offsets like '+02:00'");
    return st;
}

static Status trunc_prepare(const BExpr *call, Arena *a, void **out, Diags *d)
{
    TRY(unit_prepare(call, a, out, d));
    if (call->nargs < 3 || !*out) return WEIR_OK;
    const Value *zone = constant_arg(call, 2);
    Unit *u = *out;
    *out = NULL;
    if (!zone) return WEIR_OK;
    u->zone = zone_in(a, zone->s);
    if (!u->zone) return no_zone(d, call, 2, zone->s);
    *out = u;
    return WEIR_OK;
}

static int64_t unit_us(TimeUnit u)
{
    switch (u) {
    case UNIT_MICROSECOND:
        return 1;
    case UNIT_MILLISECOND:
        return 1000;
    case UNIT_SECOND:
        return US_PER_SECOND;
    case UNIT_MINUTE:
        return US_PER_MINUTE;
    case UNIT_HOUR:
        return US_PER_HOUR;
    case UNIT_DAY:
        return US_PER_DAY;
    case UNIT_WEEK:
    case UNIT_MONTH:
    case UNIT_QUARTER:
    case UNIT_YEAR:
    case UNIT_DECADE:
    case UNIT_CENTURY:
    case UNIT_MILLENNIUM:
    case UNIT_DOW:
    case UNIT_ISODOW:
    case UNIT_DOY:
    case UNIT_ISOYEAR:
    case UNIT_EPOCH:
    case UNIT_COUNT:
        break;
    }
    return 0;
}

static void trunc_rows(EvalCtx *c, const Column *args, Column *out, int64_t size)
{
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t us = ARG(int64_t, 1, row);
        to[row] = us - floor_mod(us, size);
    }
}

/* By the wall clock of `zone`. */
static bool trunc_local(int64_t us, TimeUnit u, const TimeZone *zone, int64_t *out)
{
    if (!zone) return timestamp_trunc(us, u, out);
    int64_t local;
    if (!timestamp_trunc(tz_to_local(zone, us), u, &local)) return false;
    *out = tz_to_utc(zone, local, TZ_EARLIER);
    return true;
}

static void date_trunc(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    const Unit *prepared = c->prepared;
    int64_t *to = out->data;
    if (prepared && !prepared->zone && unit_us(prepared->unit)) {
        trunc_rows(c, args, out, unit_us(prepared->unit));
        return;
    }
    EACH_ROW (c, row) {
        TimeUnit u;
        if (!unit_of(c, args, out, row, &u)) continue;
        const TimeZone *zone = prepared ? prepared->zone : NULL;
        if (!prepared && nargs > 2 && !(zone = zone_in(c->arena, ARG_STR(2, row)))) {
            call_failed(c, out, row, "no time zone \"%.*s\"", STR_ARG(ARG_STR(2, row)));
            continue;
        }
        if (!trunc_local(ARG(int64_t, 1, row), u, zone, &to[row]))
            call_failed(c, out, row, "a time cannot be truncated to %s", time_unit_name(u));
    }
}
static const FuncImpl date_trunc_impl = {.columns = date_trunc, .prepare = trunc_prepare};

static void date_bin(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        Interval v = ARG(Interval, 0, row);
        int64_t us = ARG(int64_t, 1, row), origin = nargs > 2 ? ARG(int64_t, 2, row) : 0, size;
        if (v.months != 0 || !interval_to_us(v, &size) || size <= 0)
            call_failed(c, out, row, "date_bin takes an interval of days or less, above zero");
        else
            to[row] = us - floor_mod(us - origin, size);
    }
}
static const FuncImpl date_bin_impl = {.columns = date_bin};

static void last_day(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int32_t *to = out->data;
    EACH_ROW (c, row) {
        Civil d = civil_from_days((int32_t)floor_div(ARG(int64_t, 0, row), US_PER_DAY));
        d.day = civil_month_days(d.year, d.month);
        to[row] = civil_to_days(d);
    }
}
static const FuncImpl last_day_impl = {.columns = last_day};

/* ---- arithmetic ------------------------------------------------------------------------------ */

static void timestampadd(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        TimeUnit u;
        Interval iv;
        if (!unit_of(c, args, out, row, &u)) continue;
        if (!interval_of(ARG(int64_t, 1, row), u, &iv) ||
            !timestamp_add_interval(ARG(int64_t, 2, row), iv, 1, &to[row]))
            call_failed(c, out, row, "the result is outside the years 1 to 9999");
    }
}
static const FuncImpl timestampadd_impl = {.columns = timestampadd, .prepare = unit_prepare};

static bool is_length(TimeUnit u)
{
    return u < UNIT_DOW;
}

static void timestampdiff(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        TimeUnit u;
        if (!unit_of(c, args, out, row, &u)) continue;
        if (is_length(u))
            to[row] = timestamp_diff(ARG(int64_t, 1, row), ARG(int64_t, 2, row), u);
        else
            call_failed(c, out, row, "%s is not a length of time", time_unit_name(u));
    }
}
static const FuncImpl timestampdiff_impl = {.columns = timestampdiff, .prepare = unit_prepare};

/* How many boundaries of the unit lie between. */
static void datediff(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        TimeUnit u;
        int64_t a, b;
        if (!unit_of(c, args, out, row, &u)) continue;
        if (is_length(u) && timestamp_trunc(ARG(int64_t, 1, row), u, &a) &&
            timestamp_trunc(ARG(int64_t, 2, row), u, &b))
            to[row] = timestamp_diff(a, b, u);
        else
            call_failed(c, out, row, "%s is not a length of time", time_unit_name(u));
    }
}
static const FuncImpl datediff_impl = {.columns = datediff, .prepare = unit_prepare};

static void days_between(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = (int64_t)ARG(int32_t, 0, row) - ARG(int32_t, 1, row);
}
static const FuncImpl days_between_impl = {.columns = days_between};

static void shift(EvalCtx *c, const Column *args, int sign, Column *out)
{
    int64_t *to = out->data;
    EACH_ROW (c, row)
        if (!timestamp_add_interval(ARG(int64_t, 0, row), ARG(Interval, 1, row), sign, &to[row]))
            call_failed(c, out, row, "the result is outside the years 1 to 9999");
}
static void date_add(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    shift(c, args, 1, out);
}
static void date_sub(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    shift(c, args, -1, out);
}
static const FuncImpl date_add_impl = {.columns = date_add};
static const FuncImpl date_sub_impl = {.columns = date_sub};

static void shift_days(EvalCtx *c, const Column *args, bool back, Column *out)
{
    int32_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t day = ARG(int32_t, 0, row), n = ARG(int64_t, 1, row);
        bool bad =
            back ? __builtin_sub_overflow(day, n, &day) : __builtin_add_overflow(day, n, &day);
        if (bad || !date_is_valid(day))
            call_failed(c, out, row, "the date is outside the years 1 to 9999");
        else
            to[row] = (int32_t)day;
    }
}
static void add_days(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    shift_days(c, args, false, out);
}
static void sub_days(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    shift_days(c, args, true, out);
}
static const FuncImpl add_days_impl = {.columns = add_days};
static const FuncImpl sub_days_impl = {.columns = sub_days};

static void add_months(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row)
        if (!timestamp_add_months(ARG(int64_t, 0, row), ARG(int64_t, 1, row), &to[row]))
            call_failed(c, out, row, "the result is outside the years 1 to 9999");
}
static const FuncImpl add_months_impl = {.columns = add_months};

/* PostgreSQL's age: whole months, then days, then the rest. */
static Interval age_between(int64_t from, int64_t to)
{
    int sign = from > to ? -1 : 1;
    int64_t a = sign > 0 ? from : to, b = sign > 0 ? to : from, mid;
    int32_t months = (int32_t)timestamp_diff(a, b, UNIT_MONTH);
    if (!timestamp_add_months(a, months, &mid)) mid = a, months = 0;
    int64_t rest = b - mid;
    return (Interval){sign * months, (int32_t)(sign * (rest / US_PER_DAY)),
                      sign * (rest % US_PER_DAY)};
}

static void age(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    Interval *to = out->data;
    EACH_ROW (c, row) to[row] = age_between(ARG(int64_t, 1, row), ARG(int64_t, 0, row));
}
static const FuncImpl age_impl = {.columns = age};

/* ---- making ---------------------------------------------------------------------------------- */

static bool clock_us(int64_t hour, int64_t minute, double second, int64_t *us)
{
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || !(second >= 0 && second < 60))
        return false;
    *us = hour * US_PER_HOUR + minute * US_PER_MINUTE + (int64_t)__builtin_rint(second * 1e6);
    return true;
}

static void make_timestamp(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t y = ARG(int64_t, 0, row), m = ARG(int64_t, 1, row), d = ARG(int64_t, 2, row), us;
        if (civil_is_valid(y, m, d) &&
            clock_us(ARG(int64_t, 3, row), ARG(int64_t, 4, row), ARG(double, 5, row), &us))
            to[row] = civil_to_days((Civil){(int32_t)y, (int32_t)m, (int32_t)d}) * US_PER_DAY + us;
        else
            call_failed(c, out, row, "there is no such time");
    }
}
static const FuncImpl make_timestamp_impl = {.columns = make_timestamp};

static void make_date(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int32_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t y = ARG(int64_t, 0, row), m = ARG(int64_t, 1, row), d = ARG(int64_t, 2, row);
        if (civil_is_valid(y, m, d))
            to[row] = civil_to_days((Civil){(int32_t)y, (int32_t)m, (int32_t)d});
        else
            call_failed(c, out, row, "there is no such date");
    }
}
static const FuncImpl make_date_impl = {.columns = make_date};

static void make_time(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row)
        if (!clock_us(ARG(int64_t, 0, row), ARG(int64_t, 1, row), ARG(double, 2, row), &to[row]))
            call_failed(c, out, row, "there is no such time of day");
}
static const FuncImpl make_time_impl = {.columns = make_time};

/* ---- zones ----------------------------------------------------------------------------------- */

/* The zone is argument 1, of timezone(zone, ts) argument 0. */
static int zone_at(const BExpr *call)
{
    return type_is_text((TypeKind)call->args[0]->type.kind) ? 0 : 1;
}

static Status zone_prepare(const BExpr *call, Arena *a, void **out, Diags *d)
{
    const Value *name = constant_arg(call, zone_at(call));
    *out = NULL;
    if (!name) return WEIR_OK;
    *out = (void *)zone_in(a, name->s);
    return *out ? WEIR_OK : no_zone(d, call, zone_at(call), name->s);
}

static void convert(EvalCtx *c, const Column *args, bool to_utc, Column *out)
{
    int zi = zone_at(c->call);
    const TimeZone *zone = c->prepared;
    TimeZones zones = {.arena = c->arena};
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t us = ARG(int64_t, 1 - zi, row);
        if (!c->prepared) zone = tz_find(&zones, ARG_STR(zi, row));
        if (!zone) {
            call_failed(c, out, row, "no time zone \"%.*s\"", STR_ARG(ARG_STR(zi, row)));
            continue;
        }
        to[row] = to_utc ? tz_to_utc(zone, us, TZ_EARLIER) : tz_to_local(zone, us);
        if (!timestamp_is_valid(to[row]))
            call_failed(c, out, row, "the result is outside the years 1 to 9999");
    }
}
static void at_time_zone(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    convert(c, args, false, out);
}
static void to_utc_timestamp(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    convert(c, args, true, out);
}
static const FuncImpl at_time_zone_impl = {.columns = at_time_zone, .prepare = zone_prepare};
static const FuncImpl to_utc_impl = {.columns = to_utc_timestamp, .prepare = zone_prepare};

/* ---- definitions ----------------------------------------------------------------------------- */

#define FN(n, other, pattern, res, f, more, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, .flags = more, \
        .group = "time", .doc = about \
    }

const FuncDef func_time[] = {
    FN("extract", "date_part,datepart", "ts", "i", extract_impl, FUNC_CAN_FAIL,
       "a field of a time: EXTRACT(HOUR FROM ts)"),
    FN("extract", "date_part,datepart", "tD", "i", extract_date_impl, FUNC_CAN_FAIL,
       "a field of a date"),
    FN("extract", "date_part,datepart", "tv", "i", extract_interval_impl, FUNC_CAN_FAIL,
       "a field of an interval"),
    FN("extract", "date_part,datepart", "tT", "i", extract_clock_impl, FUNC_CAN_FAIL,
       "a field of a time of day"),
    FN("year", NULL, "s", "i", year_impl, 0, "the year"),
    FN("quarter", NULL, "s", "i", quarter_impl, 0, "the quarter, 1 to 4"),
    FN("month", NULL, "s", "i", month_impl, 0, "the month, 1 to 12"),
    FN("week", "weekofyear", "s", "i", week_impl, 0, "the ISO week, 1 to 53"),
    FN("day", "dayofmonth", "s", "i", day_impl, 0, "the day of the month"),
    FN("dayofyear", "doy", "s", "i", dayofyear_impl, 0, "the day of the year, 1 to 366"),
    FN("dayofweek", NULL, "s", "i", dayofweek_impl, 0, "the day of the week, 1 (Sunday) to 7"),
    FN("isodow", NULL, "s", "i", isodow_impl, 0, "the day of the week, 1 (Monday) to 7"),
    FN("isoyear", NULL, "s", "i", isoyear_impl, 0, "the year of the ISO week"),
    FN("hour", NULL, "s", "i", hour_impl, 0, "the hour, 0 to 23"),
    FN("minute", NULL, "s", "i", minute_impl, 0, "the minute, 0 to 59"),
    FN("second", NULL, "s", "i", second_impl, 0, "the whole second, 0 to 59"),
    FN("millisecond", "milliseconds", "s", "i", millisecond_impl, 0, "milliseconds of the minute"),
    FN("microsecond", "microseconds", "s", "i", microsecond_impl, 0, "microseconds of the minute"),
    FN("epoch", NULL, "s", "i", epoch_impl, 0, "seconds since 1970, cut toward the past"),
    FN("epoch_ms", "unix_millis", "s", "i", epoch_ms_impl, 0, "milliseconds since 1970"),
    FN("epoch_us", "unix_micros", "s", "i", epoch_us_impl, 0, "microseconds since 1970"),
    FN("date_trunc", NULL, "tst?", "2", date_trunc_impl, FUNC_CAN_FAIL,
       "the start of the unit that holds the time, in a zone where one is named"),
    FN("date_bin", "time_bucket", "vss?", "2", date_bin_impl, FUNC_CAN_FAIL,
       "the start of the interval that holds the time, counted from an origin (1970)"),
    FN("last_day", NULL, "s", "D", last_day_impl, 0, "the last day of the month"),
    FN("timestampadd", "dateadd,date_add", "tis", "3", timestampadd_impl, FUNC_CAN_FAIL,
       "the time so many units later"),
    FN("date_add", NULL, "sv", "1", date_add_impl, FUNC_CAN_FAIL, "the time later by the interval"),
    FN("date_add", NULL, "Di", "D", add_days_impl, FUNC_CAN_FAIL, "the date so many days later"),
    FN("date_sub", NULL, "sv", "1", date_sub_impl, FUNC_CAN_FAIL,
       "the time earlier by the interval"),
    FN("date_sub", NULL, "Di", "D", sub_days_impl, FUNC_CAN_FAIL, "the date so many days earlier"),
    FN("add_months", NULL, "si", "1", add_months_impl, FUNC_CAN_FAIL,
       "the same day so many months later, or the month's last"),
    FN("timestampdiff", NULL, "tss", "i", timestampdiff_impl, FUNC_CAN_FAIL,
       "whole units from the second argument to the third"),
    FN("date_diff", "datediff", "tss", "i", datediff_impl, FUNC_CAN_FAIL,
       "boundaries of the unit from the second argument to the third"),
    FN("date_diff", "datediff", "DD", "i", days_between_impl, 0,
       "days from the second argument to the first"),
    FN("age", NULL, "ss", "v", age_impl, 0,
       "the first time less the second, in years, months, days"),
    FN("make_timestamp", NULL, "iiiiid", "s", make_timestamp_impl, FUNC_CAN_FAIL,
       "the time of year, month, day, hour, minute, seconds"),
    FN("make_date", NULL, "iii", "D", make_date_impl, FUNC_CAN_FAIL,
       "the date of year, month, day"),
    FN("make_time", NULL, "iid", "T", make_time_impl, FUNC_CAN_FAIL,
       "the time of day of hour, minute, seconds"),
    FN("timezone", NULL, "ts", "2", at_time_zone_impl, FUNC_CAN_FAIL,
       "what the clock of the zone shows at that moment"),
    FN("from_utc_timestamp", NULL, "st", "1", at_time_zone_impl, FUNC_CAN_FAIL,
       "what the clock of the zone shows at that moment"),
    FN("to_utc_timestamp", NULL, "st", "1", to_utc_impl, FUNC_CAN_FAIL,
       "the moment at which the clock of the zone shows that"),
    {.name = "at_time_zone",
     .args = "st",
     .result = "1",
     .impl = &at_time_zone_impl,
     .flags = FUNC_INTERNAL | FUNC_CAN_FAIL,
     .group = "operator",
     .doc = "what the clock of the zone shows at that moment"},
    {0},
};
