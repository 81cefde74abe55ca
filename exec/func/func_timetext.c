/* func_timetext.c: times as text and back: strftime, date_format, to_char, to_timestamp ….
 *
 * strftime has C's patterns, date_format Java's (or C's where it has a %), to_char PostgreSQL's;
 * to_timestamp and to_date tell by the letters. Text without an offset is UTC. */
#include "exec/func/call.h"
#include "exec/func/time_pattern.h"
#include "exec/kernel/kernel.h"

/* ---- patterns -------------------------------------------------------------------------------- */

typedef PatternStyle (*StyleOf)(Str pattern);
static PatternStyle style_c(Str s)
{
    (void)s;
    return PATTERN_C;
}
static PatternStyle style_postgres(Str s)
{
    (void)s;
    return PATTERN_POSTGRES;
}
static PatternStyle style_java(Str s)
{
    return str_find(s, S("%")) >= 0 ? PATTERN_C : PATTERN_JAVA;
}

static Status prepare_at(const BExpr *call, int at, StyleOf style, Arena *a, void **out, Diags *d)
{
    const Value *v = constant_arg(call, at);
    Str error;
    *out = NULL;
    if (!v) return WEIR_OK;
    *out = (void *)time_pattern_compile(a, v->s, style(v->s), &error);
    return *out ? WEIR_OK
                : diag_error(d, WEIR_E_VALUE, call->args[at]->span, "%.*s", STR_ARG(error));
}
#define PREPARE(name, at, style) \
    static Status name(const BExpr *call, Arena *a, void **out, Diags *d) \
    { \
        return prepare_at(call, at, style, a, out, d); \
    }
PREPARE(prepare_strftime, 1, style_c)
PREPARE(prepare_strftime_first, 0, style_c)
PREPARE(prepare_date_format, 1, style_java)
PREPARE(prepare_to_char, 1, style_postgres)
PREPARE(prepare_guess, 1, time_pattern_guess)

/* The pattern of a row; NULL after marking it. Of a column of patterns the last one is kept. */
typedef struct PatternRun {
    const TimePattern *last;
    Str text;
} PatternRun;
static const TimePattern *pattern_for(EvalCtx *c, PatternRun *run, Str text, StyleOf style,
                                      Column *out, int row)
{
    Str error;
    if (c->prepared) return c->prepared;
    if (run->last && str_eq(run->text, text)) return run->last;
    *run = (PatternRun){time_pattern_compile(c->arena, text, style(text), &error), text};
    if (!run->last) call_failed(c, out, row, "%.*s", STR_ARG(error));
    return run->last;
}

static const TimeZone *setting_zone(EvalCtx *c, TimeZones *zones)
{
    *zones = (TimeZones){.arena = c->arena};
    return c->env->time_zone.n ? tz_find(zones, c->env->time_zone) : NULL;
}

/* ---- to text --------------------------------------------------------------------------------- */

/* The text of the last row: rows of a stream lie close together, and "yyyy-MM-dd" is one text for a whole day. */
typedef struct PrintRun {
    const TimePattern *pattern;
    int64_t step, from; /* it stands from here for a step */
    Str text;
} PrintRun;
static Str print(PrintRun *run, const TimePattern *p, int64_t us, Arena *a)
{
    if (run->pattern == p && us >= run->from && us - run->from < run->step) return run->text;
    StrBuf b = {.arena = a};
    time_pattern_print(p, us, NULL, &b);
    int64_t step = run->pattern == p ? run->step : time_pattern_step(p);
    *run = (PrintRun){p, step, floor_div(us, step) * step, str_of(b.p, b.n)};
    return run->text;
}

static void wanted_bounds(const EvalCtx *c, const int64_t *times, int64_t *least, int64_t *greatest)
{
    if (!c->sel) {
        kernel_bounds_i64(times, c->n, least, greatest);
        return;
    }
    *least = *greatest = times[c->sel[0]];
    for (int i = 1; i < c->n; i++) {
        int64_t t = times[c->sel[i]];
        *least = t < *least ? t : *least;
        *greatest = t > *greatest ? t : *greatest;
    }
}

/* Rows of one day, and no NULL among them: one text stands for all. */
static bool format_as_one(EvalCtx *c, const Column *times, Column *out)
{
    const TimePattern *p = c->prepared;
    int64_t least, greatest;
    if (!p || c->n == 0 || times->is_const || out->valid || out->err) return false;
    int64_t step = time_pattern_step(p);
    if (step <= 1) return false;
    wanted_bounds(c, times->data, &least, &greatest);
    if (floor_div(least, step) != floor_div(greatest, step)) return false;
    StrBuf b = {.arena = c->arena};
    time_pattern_print(p, least, NULL, &b);
    put_text(out, 0, str_of(b.p, b.n));
    out->is_const = true;
    return true;
}

static void format(EvalCtx *c, const Column *times, const Column *patterns, StyleOf style,
                   Column *out)
{
    if (format_as_one(c, times, out)) return;
    PatternRun run = {0};
    PrintRun printed = {0};
    EACH_ROW (c, row) {
        Str text = text_str(&COL(Text, patterns)[col_at(patterns, row)]);
        const TimePattern *p = pattern_for(c, &run, text, style, out, row);
        if (p) put_text(out, row, print(&printed, p, COL(int64_t, times)[col_at(times, row)], c->arena));
    }
}

#define FORMAT(name, time, pattern, style, prepares) \
    static void name(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        format(c, &args[time], &args[pattern], style, out); \
    } \
    static const FuncImpl name##_impl = {.columns = name, .prepare = prepares};
FORMAT(strftime_, 0, 1, style_c, prepare_strftime)
FORMAT(strftime_first, 1, 0, style_c, prepare_strftime_first)
FORMAT(date_format, 0, 1, style_java, prepare_date_format)
FORMAT(to_char, 0, 1, style_postgres, prepare_to_char)

/* from_unixtime: by the clock of the setting time_zone. */
static void from_unixtime(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    TimeZones zones;
    const TimeZone *zone = setting_zone(c, &zones);
    PatternRun run = {0};
    EACH_ROW (c, row) {
        int64_t us;
        Str text = nargs > 1 ? ARG_STR(1, row) : S("yyyy-MM-dd HH:mm:ss");
        const TimePattern *p = pattern_for(c, &run, text, style_java, out, row);
        if (!p) continue;
        if (!timestamp_from_epoch(ARG(int64_t, 0, row), 1, &us)) {
            call_failed(c, out, row, "the time is outside the years 1 to 9999");
            continue;
        }
        StrBuf b = {.arena = c->arena};
        time_pattern_print(p, us, zone, &b);
        put_text(out, row, str_of(b.p, b.n));
    }
}
static Status prepare_unixtime(const BExpr *call, Arena *a, void **out, Diags *d)
{
    *out = NULL;
    return call->nargs > 1 ? prepare_at(call, 1, style_java, a, out, d) : WEIR_OK;
}
static const FuncImpl from_unixtime_impl = {.columns = from_unixtime, .prepare = prepare_unixtime};

/* ---- from text ------------------------------------------------------------------------------- */

static void unreadable(EvalCtx *c, Column *out, int row, Str text)
{
    call_failed(c, out, row, "\"%.*s\" does not fit the pattern", (int)(text.n < 60 ? text.n : 60),
                text.p);
}

static void to_timestamp(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    PatternRun run = {0};
    EACH_ROW (c, row) {
        Str text = ARG_STR(0, row);
        const TimePattern *p = pattern_for(c, &run, ARG_STR(1, row), time_pattern_guess, out, row);
        if (p && !time_pattern_parse(p, text, NULL, &to[row])) unreadable(c, out, row, text);
    }
}
static const FuncImpl to_timestamp_impl = {.columns = to_timestamp, .prepare = prepare_guess};

static void read_timestamp(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        Str text = ARG_STR(0, row);
        if (!timestamp_parse(str_trim(text), 6, &to[row]))
            call_failed(c, out, row, "\"%.*s\" is no timestamp", (int)(text.n < 60 ? text.n : 60),
                        text.p);
    }
}
static const FuncImpl read_timestamp_impl = {.columns = read_timestamp};

static void to_date(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int32_t *to = out->data;
    PatternRun run = {0};
    EACH_ROW (c, row) {
        int64_t us;
        Str text = ARG_STR(0, row);
        const TimePattern *p = pattern_for(c, &run, ARG_STR(1, row), time_pattern_guess, out, row);
        if (p && time_pattern_parse(p, text, NULL, &us))
            to[row] = (int32_t)floor_div(us, US_PER_DAY);
        else if (p)
            unreadable(c, out, row, text);
    }
}
static const FuncImpl to_date_impl = {.columns = to_date, .prepare = prepare_guess};

static void read_date(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int32_t *to = out->data;
    EACH_ROW (c, row) {
        Str text = ARG_STR(0, row);
        if (!date_parse(str_trim(text), &to[row]))
            call_failed(c, out, row, "\"%.*s\" is no date", (int)(text.n < 60 ? text.n : 60),
                        text.p);
    }
}
static const FuncImpl read_date_impl = {.columns = read_date};

static void date_of_time(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int32_t *to = out->data;
    EACH_ROW (c, row) to[row] = (int32_t)floor_div(ARG(int64_t, 0, row), US_PER_DAY);
}
static const FuncImpl date_of_time_impl = {.columns = date_of_time};

/* ---- numbers --------------------------------------------------------------------------------- */

static void from_seconds(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        double us = __builtin_rint(ARG(double, 0, row) * 1e6);
        if (us >= (double)TIMESTAMP_MIN_US && us <= (double)TIMESTAMP_MAX_US)
            to[row] = (int64_t)us;
        else
            call_failed(c, out, row, "the time is outside the years 1 to 9999");
    }
}
static const FuncImpl from_seconds_impl = {.columns = from_seconds};

static void from_epoch(EvalCtx *c, const Column *args, int64_t units, Column *out)
{
    int64_t *to = out->data;
    EACH_ROW (c, row)
        if (!timestamp_from_epoch(ARG(int64_t, 0, row), units, &to[row]))
            call_failed(c, out, row, "the time is outside the years 1 to 9999");
}
static void from_epoch_s(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    from_epoch(c, args, 1, out);
}
static void from_epoch_ms(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    from_epoch(c, args, 1000, out);
}
static void from_epoch_us(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    from_epoch(c, args, 1000000, out);
}
static const FuncImpl from_epoch_s_impl = {.columns = from_epoch_s};
static const FuncImpl from_epoch_ms_impl = {.columns = from_epoch_ms};
static const FuncImpl from_epoch_us_impl = {.columns = from_epoch_us};

/* The number's unit is 10^-precision seconds. */
static void to_timestamp_ltz(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t p = nargs > 1 ? ARG(int64_t, 1, row) : 3;
        int64_t units = p == 0 ? 1 : p == 3 ? 1000 : p == 6 ? 1000000 : 0;
        if (!units)
            call_failed(c, out, row, "to_timestamp_ltz takes a precision of 0, 3 or 6");
        else if (!timestamp_from_epoch(ARG(int64_t, 0, row), units, &to[row]))
            call_failed(c, out, row, "the time is outside the years 1 to 9999");
    }
}
static const FuncImpl to_timestamp_ltz_impl = {.columns = to_timestamp_ltz};

RESULT_OF(timestamp_ltz_type)
{
    UNUSED_TYPES;
    int64_t p = nargs > 1 && consts[1] && !consts[1]->is_null ? consts[1]->i : nargs > 1 ? 6 : 3;
    *out = TYPE_TIMESTAMP_(p == 0 ? 0 : p == 3 ? 3 : 6);
    return true;
}
RESULT_OF(milliseconds_type)
{
    UNUSED_TYPES;
    *out = TYPE_TIMESTAMP_(3);
    return true;
}
RESULT_OF(seconds_type)
{
    UNUSED_TYPES;
    *out = TYPE_TIMESTAMP_(0);
    return true;
}

static void unix_of_time(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = floor_div(ARG(int64_t, 0, row), US_PER_SECOND);
}
static const FuncImpl unix_of_time_impl = {.columns = unix_of_time};

/* Text is a time by the clock of the setting time_zone. */
static void unix_of_text(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    TimeZones zones;
    const TimeZone *zone = setting_zone(c, &zones);
    int64_t *to = out->data;
    PatternRun run = {0};
    EACH_ROW (c, row) {
        int64_t us;
        Str text = ARG_STR(0, row),
            pattern = nargs > 1 ? ARG_STR(1, row) : S("yyyy-MM-dd HH:mm:ss");
        const TimePattern *p = pattern_for(c, &run, pattern, style_java, out, row);
        if (p && time_pattern_parse(p, text, zone, &us))
            to[row] = floor_div(us, US_PER_SECOND);
        else if (p)
            unreadable(c, out, row, text);
    }
}
static const FuncImpl unix_of_text_impl = {.columns = unix_of_text, .prepare = prepare_unixtime};

/* ---- names ----------------------------------------------------------------------------------- */

static void name_of(EvalCtx *c, const Column *args, const char *pattern, Column *out)
{
    Str error;
    const TimePattern *p = time_pattern_compile(c->arena, str_z(pattern), PATTERN_C, &error);
    EACH_ROW (c, row) {
        StrBuf b = {.arena = c->arena};
        time_pattern_print(p, ARG(int64_t, 0, row), NULL, &b);
        put_text(out, row, str_of(b.p, b.n));
    }
}
static void monthname(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    name_of(c, args, "%B", out);
}
static void dayname(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    name_of(c, args, "%A", out);
}
static const FuncImpl monthname_impl = {.columns = monthname};
static const FuncImpl dayname_impl = {.columns = dayname};

/* ---- definitions ----------------------------------------------------------------------------- */

#define FN(n, other, pattern, res, f, more, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, .flags = more, \
        .group = "time", .doc = about \
    }
#define FN_OF(n, other, pattern, of, f, more, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result_of = of, .impl = &f, .flags = more, \
        .group = "time", .doc = about \
    }

const FuncDef func_timetext[] = {
    FN("strftime", NULL, "st", "t", strftime__impl, FUNC_CAN_FAIL,
       "the time by a pattern like '%Y-%m-%d'"),
    FN("strftime", NULL, "ts", "t", strftime_first_impl, FUNC_CAN_FAIL,
       "the same, the pattern first"),
    FN("date_format", "format_timestamp,format_date", "st", "t", date_format_impl, FUNC_CAN_FAIL,
       "the time by a pattern like 'yyyy-MM-dd HH:mm'"),
    FN("to_char", NULL, "st", "t", to_char_impl, FUNC_CAN_FAIL,
       "the time by a pattern like 'YYYY-MM-DD HH24:MI'"),
    FN("from_unixtime", NULL, "it?", "t", from_unixtime_impl, FUNC_CAN_FAIL | FUNC_SETTING,
       "the time so many seconds after 1970, as text in the setting time_zone"),
    FN("to_timestamp", "strptime,parse_timestamp", "tt", "s", to_timestamp_impl, FUNC_CAN_FAIL,
       "the time that a text means by a pattern of any of the three kinds"),
    FN("to_timestamp", NULL, "t", "s", read_timestamp_impl, FUNC_CAN_FAIL,
       "the time that a text means, ISO 8601"),
    FN("to_timestamp", NULL, "d", "s", from_seconds_impl, FUNC_CAN_FAIL,
       "the time so many seconds after 1970"),
    FN_OF("to_timestamp_ltz", NULL, "ii?", timestamp_ltz_type, to_timestamp_ltz_impl, FUNC_CAN_FAIL,
          "the time so many units of 10^-precision seconds after 1970 (3: milliseconds)"),
    FN_OF("from_epoch_s", "timestamp_seconds", "i", seconds_type, from_epoch_s_impl, FUNC_CAN_FAIL,
          "the time so many seconds after 1970"),
    FN_OF("from_epoch_ms", "timestamp_millis,make_timestamp_ms", "i", milliseconds_type,
          from_epoch_ms_impl, FUNC_CAN_FAIL, "the time so many milliseconds after 1970"),
    FN("from_epoch_us", "timestamp_micros", "i", "s", from_epoch_us_impl, FUNC_CAN_FAIL,
       "the time so many microseconds after 1970"),
    FN("to_date", NULL, "tt", "D", to_date_impl, FUNC_CAN_FAIL,
       "the date that a text means by a pattern"),
    FN("to_date", NULL, "t", "D", read_date_impl, FUNC_CAN_FAIL,
       "the date that a text means, yyyy-mm-dd"),
    FN("to_date", "date", "s", "D", date_of_time_impl, 0, "the date of a time"),
    FN("unix_timestamp", NULL, "s", "i", unix_of_time_impl, 0, "seconds since 1970"),
    FN("unix_timestamp", NULL, "tt?", "i", unix_of_text_impl, FUNC_CAN_FAIL | FUNC_SETTING,
       "seconds since 1970 of a text 'yyyy-MM-dd HH:mm:ss', or by a pattern, in the setting "
       "time_zone"),
    FN("monthname", NULL, "s", "t", monthname_impl, 0, "January to December"),
    FN("dayname", NULL, "s", "t", dayname_impl, 0, "Monday to Sunday"),
    {0},
};
