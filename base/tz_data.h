/* tz_data.h: a time zone as it was read. Private to tz.c and tz_data.c. */
#ifndef WEIR_BASE_TZ_DATA_H
#define WEIR_BASE_TZ_DATA_H

#include "base/tz.h"

typedef enum TzChangeKind {
    TZ_JULIAN,  /* Jn: day 1..365 of a year without leap day */
    TZ_DAY,     /* n: day 0..365 of the year */
    TZ_WEEKDAY  /* Mm.w.d: weekday d (0 Sunday) of week w (5: the last) of month m */
} TzChangeKind;

typedef struct TzChange {
    TzChangeKind kind;
    int32_t month, week, day;
    int32_t seconds; /* of the day, may be negative or beyond it */
} TzChange;

/* POSIX TZ: "CET-1CEST,M3.5.0,M10.5.0/3" */
typedef struct TzRule {
    TzOffset std, dst;
    bool has_dst;
    TzChange start, end;
} TzRule;

struct TimeZone {
    Str name;
    int64_t *times;   /* transitions, seconds since 1970, ascending */
    uint8_t *type_of; /* what holds from times[i] on */
    int32_t ntimes, ntypes;
    TzOffset *types;  /* types[0] holds before the first transition */
    bool has_rule;    /* `rule` holds from the last transition on */
    TzRule rule;
};

/* NULL: not a TZif file of version 2 or later. */
TimeZone *tz_data_read(Arena *a, Str name, Str bytes);

#endif
