/* tz.h: time zones: "UTC", "+02:00", "Europe/Berlin".
 *
 * Named zones are read from the system's database, /usr/share/zoneinfo, TZif of version 2 and up
 * (RFC 8536); beyond the last transition its closing rule applies. A TimeZones keeps what was
 * loaded for as long as its arena lives. Offsets are seconds east of UTC. */
#ifndef WEIR_BASE_TZ_H
#define WEIR_BASE_TZ_H

#include "base/map.h"

typedef struct TimeZone TimeZone;

/* Zero-initialise, set arena. `folder` may name another database (tests). */
typedef struct TimeZones {
    Arena *arena;
    const char *folder; /* NULL: /usr/share/zoneinfo */
    Map loaded;
} TimeZones;

/* NULL: no such zone. A name is written as in the database, or in lower case. */
const TimeZone *tz_find(TimeZones *z, Str name);
/* From the bytes of a TZif file. NULL: not one. */
const TimeZone *tz_from_bytes(Arena *a, Str name, Str bytes);
Str tz_name(const TimeZone *z);

/* What holds at a moment. */
typedef struct TzOffset {
    int32_t seconds;
    bool is_dst;
    Str abbreviation; /* "CEST" */
} TzOffset;
TzOffset tz_at(const TimeZone *z, int64_t utc_us);

static inline int64_t tz_shift(int64_t us, int32_t seconds)
{
    return us + seconds * INT64_C(1000000);
}
/* The wall clock's reading at a moment, as microseconds since 1970 on that clock. */
int64_t tz_to_local(const TimeZone *z, int64_t utc_us);
/* The moment at which the wall clock shows `local_us`. Shown twice: the earlier one, or the later
 * if so asked. Never shown (clocks were set forward over it): the moment of the change. */
typedef enum TzChoice { TZ_EARLIER, TZ_LATER } TzChoice;
int64_t tz_to_utc(const TimeZone *z, int64_t local_us, TzChoice choice);

/* The version of the system's database ("2025b"), for the record; "" if it says none. */
Str tz_database_version(TimeZones *z, Arena *a);

#endif
