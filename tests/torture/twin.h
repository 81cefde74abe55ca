/* twin.h: what the naive computations of views have in common (twin.c). */
#ifndef WEIR_TORTURE_TWIN_H
#define WEIR_TORTURE_TWIN_H

#include "tests/torture/torture.h"

enum { CELL = 64 };
static const int64_t never = INT64_MIN;

/* Values as a reader sees them. */
const char *key_text(int key);
void time_text(int64_t ms, char out[CELL]);
void number_text(bool is_null, int64_t v, char out[CELL]);
void v_text(const Row *r, char out[CELL]);
int64_t floor_div(int64_t a, int64_t b);

/* The rows that a query that reads v gets: without those whose v cannot be read. Freed by the caller. */
typedef struct Picked {
    const Row **rows;
    int n;
} Picked;
Picked pick(const Stream *s);
int by_time(const void *a, const void *b); /* for qsort: time, then position */

typedef struct Tally {
    int64_t n, nv, sum, least, greatest;
    const Row *first, *last; /* by time, then position */
} Tally;
void tally(Tally *t, const Row *r);
/* The columns count(*), count(v), sum(v), min(v), max(v), first_value(v), last_value(v). */
void tally_text(const Tally *t, char *out, int cap);

#endif
