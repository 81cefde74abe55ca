/* interval.h: INTERVAL literals, and lengths of time in windows. */
#ifndef WEIR_PLANNER_INTERVAL_H
#define WEIR_PLANNER_INTERVAL_H

#include "base/type.h"

/* INTERVAL 'text' UNIT [TO UNIT]: unit and unit_to are names ("hour"), "" where not written. */
bool interval_literal(Str text, const char *unit, const char *unit_to, Interval *out);
/* In microseconds, days as 24 hours. False: it has months, or overflow. */
bool interval_length_us(Interval iv, int64_t *us);
int64_t us_of_days(int64_t days);

#endif
