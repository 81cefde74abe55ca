/* wide.h: sums of 128-bit integers in 192 bits: no sum of DECIMALs overflows on the way. */
#ifndef WEIR_EXEC_AGG_WIDE_H
#define WEIR_EXEC_AGG_WIDE_H

#include "base/type.h"

/* Two's complement, least word first. */
typedef struct Wide {
    uint64_t w[3];
} Wide;

void wide_add(Wide *to, const Wide *v, int sign);
void wide_add_int128(Wide *to, Int128 v, int64_t weight);
/* False: beyond 128 bits. */
bool wide_to_int128(const Wide *v, Int128 *out);
/* v / n at `more` more digits behind the point, rounded half away from zero; n > 0, more <= 18.
 * False: beyond 128 bits. */
bool wide_div(const Wide *v, int64_t n, int more, Int128 *out);

#endif
