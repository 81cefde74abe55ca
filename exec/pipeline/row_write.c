/* row_write.c: see row_write.h. The ids of an epoch lie close together, so that their distance from the
 * least one has few digits. */
#include "exec/pipeline/row_write.h"

#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, FEW = 32 };

static bool is_sorted(const RowWrite *w, int64_t n)
{
    for (int64_t i = 1; i < n; i++)
        if (w[i].id < w[i - 1].id) return false;
    return true;
}

static void sort_few(RowWrite *w, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        RowWrite x = w[i];
        int64_t at = i;
        for (; at > 0 && w[at - 1].id > x.id; at--) w[at] = w[at - 1];
        w[at] = x;
    }
}

static uint64_t span(const RowWrite *w, int64_t n, int64_t *least)
{
    int64_t most = *least = w[0].id;
    for (int64_t i = 1; i < n; i++) {
        if (w[i].id < *least) *least = w[i].id;
        if (w[i].id > most) most = w[i].id;
    }
    return (uint64_t)most - (uint64_t)*least;
}

static void sort_digit(const RowWrite *from, RowWrite *to, int64_t n, int64_t least, int shift)
{
    int64_t start[DIGITS] = {0}, at = 0;
    for (int64_t i = 0; i < n; i++) start[((uint64_t)from[i].id - (uint64_t)least) >> shift & (DIGITS - 1)]++;
    for (int d = 0; d < DIGITS; d++) {
        int64_t count = start[d];
        start[d] = at;
        at += count;
    }
    for (int64_t i = 0; i < n; i++) to[start[((uint64_t)from[i].id - (uint64_t)least) >> shift & (DIGITS - 1)]++] = from[i];
}

void row_writes_sort(RowWrite *w, int64_t n, Arena *scratch)
{
    if (is_sorted(w, n)) return;
    if (n <= FEW) {
        sort_few(w, n);
        return;
    }
    int64_t least;
    uint64_t far = span(w, n, &least);
    RowWrite *from = w, *to = new_raw(scratch, RowWrite, n);
    for (int shift = 0; shift < 64 && far >> shift; shift += DIGIT_BITS) {
        sort_digit(from, to, n, least, shift);
        RowWrite *spare = from;
        from = to;
        to = spare;
    }
    if (from != w) memcpy(w, from, (size_t)n * sizeof *w);
}
