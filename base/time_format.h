/* time_format.h: times by a pattern, as strptime and strftime have it, locale-free.
 *
 *   %Y year, 4 digits   %y year, 2 digits (69..99: 19xx)   %m month   %b %h Jan   %B January
 *   %d %e day   %j day of the year   %a Mon   %A Monday   %u 1..7   %w 0..6   %V %G ISO week, year
 *   %H hour   %k the same padded by a space   %I %l hour of 12   %p AM or PM   %M minute
 *   %S second   %f fraction: reads 1 to 9 digits, writes 6   %L milliseconds, 3 digits
 *   %s seconds since 1970   %z +0200, reads also +02:00, +02, Z   %Z zone name: reads UTC, GMT, Z
 *   %T %H:%M:%S   %R %H:%M   %D %m/%d/%y   %F %Y-%m-%d   %n %t white space   %% percent
 * White space in a pattern takes any amount of white space. Numbers may have fewer digits than
 * they could, and a space before them where C's %e has one. */
#ifndef WEIR_BASE_TIME_FORMAT_H
#define WEIR_BASE_TIME_FORMAT_H

#include "base/diag.h"

typedef struct TimeFormat TimeFormat; /* lives in its arena, read-only */

/* WEIR_E_VALUE: an unknown directive, or one at the end without its letter. */
Status time_format_compile(Arena *a, Str pattern, const TimeFormat **out, Diags *d, Span at);
/* The whole text by the pattern, the fraction cut toward the past to `precision` digits. Without
 * an offset in it (*has_offset false) *us is the local time. What the pattern doesn't name is
 * that of 1970-01-01 00:00:00. False: the text doesn't fit, or no such time. */
bool time_format_parse(const TimeFormat *f, Str s, int precision, int64_t *us, bool *has_offset);
/* The UTC time `us` as it is in a zone `offset` seconds east, called `zone`. */
void time_format_print(const TimeFormat *f, int64_t us, int32_t offset, Str zone, StrBuf *out);

#endif
