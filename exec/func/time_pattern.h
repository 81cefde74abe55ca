/* time_pattern.h: times by the patterns of Java ("yyyy-MM-dd HH:mm") and of PostgreSQL's to_char
 * ("YYYY-MM-DD HH24:MI"). Patterns with % are base/time_format.h's. */
#ifndef WEIR_EXEC_FUNC_TIME_PATTERN_H
#define WEIR_EXEC_FUNC_TIME_PATTERN_H

#include "base/datetime.h"
#include "base/time_format.h"
#include "base/tz.h"

typedef enum PatternStyle { PATTERN_JAVA, PATTERN_POSTGRES, PATTERN_C } PatternStyle;

typedef struct TimePattern TimePattern;

/* NULL, and *error: a letter that means nothing. */
const TimePattern *time_pattern_compile(Arena *a, Str text, PatternStyle style, Str *error);
/* The moment `us` as it is in the zone (NULL: UTC). */
void time_pattern_print(const TimePattern *p, int64_t us, const TimeZone *zone, StrBuf *out);
/* How long a text stands: in UTC, two times of the same such step (counted from 1970) print the same. */
int64_t time_pattern_step(const TimePattern *p);
/* Reads the whole text; without an offset in it, it is the time of the zone (NULL: UTC). */
bool time_pattern_parse(const TimePattern *p, Str s, const TimeZone *zone, int64_t *us);
/* The style a pattern of to_timestamp or to_date is written in. */
PatternStyle time_pattern_guess(Str text);

#endif
