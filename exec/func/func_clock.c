/* func_clock.c: what time it is. One value an epoch; constant over a batch. */
#include "base/datetime.h"
#include "base/tz.h"
#include "exec/func/call.h"

static void constant_int(EvalCtx *c, Column *out, int64_t v)
{
    Value value = {.type = out->type, .i = v};
    *out = column_const(c->arena, &value);
}

static void now(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)args, (void)nargs;
    constant_int(c, out, c->env->now_us);
}
static const FuncImpl now_impl = {.columns = now};

static void watermark(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)args, (void)nargs;
    Value v = {.type = out->type, .i = c->env->watermark_us};
    v.is_null = c->env->watermark_us == INT64_MIN;
    *out = column_const(c->arena, &v);
}
static const FuncImpl watermark_impl = {.columns = watermark};

/* What the clock of the setting time_zone shows. */
static int64_t local_now(EvalCtx *c)
{
    TimeZones zones = {.arena = c->arena};
    const TimeZone *z = c->env->time_zone.n ? tz_find(&zones, c->env->time_zone) : NULL;
    return z ? tz_to_local(z, c->env->now_us) : c->env->now_us;
}

static void current_date(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)args, (void)nargs;
    constant_int(c, out, floor_div(local_now(c), US_PER_DAY));
}
static const FuncImpl current_date_impl = {.columns = current_date};

static void current_time(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)args, (void)nargs;
    constant_int(c, out, floor_mod(local_now(c), US_PER_DAY));
}
static const FuncImpl current_time_impl = {.columns = current_time};

static void localtimestamp(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)args, (void)nargs;
    constant_int(c, out, local_now(c));
}
static const FuncImpl localtimestamp_impl = {.columns = localtimestamp};

static void unix_now(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)args, (void)nargs;
    constant_int(c, out, floor_div(c->env->now_us, US_PER_SECOND));
}
static const FuncImpl unix_now_impl = {.columns = unix_now};

#define FN(n, other, res, f, about) \
    { \
        .name = n, .aliases = other, .args = "", .result = res, .impl = &f, \
        .flags = FUNC_VOLATILE, .group = "time", .doc = about \
    }

const FuncDef func_clock[] = {
    FN("now", "current_timestamp,transaction_timestamp,statement_timestamp,current_row_timestamp",
       "s", now_impl, "the wall clock's time, one value an epoch"),
    FN("proctime", NULL, "s", now_impl, "the time at which the row is processed"),
    FN("watermark", NULL, "s", watermark_impl,
       "the event time up to which the query has seen everything"),
    FN("current_date", NULL, "D", current_date_impl, "today, in the setting time_zone"),
    FN("current_time", "localtime", "T", current_time_impl,
       "the time of day, in the setting time_zone"),
    FN("localtimestamp", NULL, "s", localtimestamp_impl,
       "what the clock of the setting time_zone shows"),
    FN("unix_timestamp", NULL, "i", unix_now_impl, "seconds since 1970, now"),
    {0},
};
