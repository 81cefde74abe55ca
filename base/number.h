/* number.h: text of numbers, the same under every locale. */
#ifndef WEIR_BASE_NUMBER_H
#define WEIR_BASE_NUMBER_H

#include "base/type.h"

/* The shortest decimal that reads back as `d`: "1.0", "0.1", "1e+100", "Infinity", "-Infinity".
 * Has a point, an exponent or is infinite, always. Writes at most DOUBLE_TEXT_MAX bytes and a NUL
 * to `out`; returns the length. */
enum { DOUBLE_TEXT_MAX = 32, INT128_TEXT_MAX = 40 };
int double_print(double d, char *out);
/* Decimal digits with sign; at most INT128_TEXT_MAX bytes and a NUL. Returns the length. */
int int128_print(Int128 v, char *out);
int int64_print(int64_t v, char *out);
/* d rounded toward zero, where that is an int64. False: it is not. */
bool double_to_int64(double d, int64_t *out);

#endif
