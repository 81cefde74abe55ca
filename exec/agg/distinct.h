/* distinct.h: DISTINCT around any aggregate that does not see to it itself.
 *
 * Calls over the same arguments are a family: in each cell one set has the values of all of them, with a
 * count for each call, so that a row looks a value up once, whatever the number of FILTERs. A call is told
 * of a value when its first row comes and when its last one goes. */
#ifndef WEIR_EXEC_AGG_DISTINCT_H
#define WEIR_EXEC_AGG_DISTINCT_H

#include "exec/agg/agg.h"
#include "exec/agg/value_set.h"

enum { FAMILY_MAX = 32 };

typedef struct DistinctFamily {
    ValueShape shape;          /* a count for each call */
    int32_t set_at;            /* of the ValueSet in the cell */
    const AggCall *calls[FAMILY_MAX];
    int32_t offset[FAMILY_MAX]; /* of each call's own state in the cell */
    int32_t n;
} DistinctFamily;

/* Whether the call may join: the same arguments, and room. */
bool distinct_takes(const DistinctFamily *f, const AggCall *call);
/* Row rows[i] goes to cells[i]; FILTER and NULL rules are settled here. */
void distinct_step(const DistinctFamily *f, StateHeap *h, Arena *scratch, const Batch *b, const int32_t *rows, int n,
                   uint8_t *const *cells);
/* dst += sign * src, for all calls. */
void distinct_merge(const DistinctFamily *f, StateHeap *h, Arena *scratch, uint8_t *dst, const uint8_t *src, int sign);
/* Gives the set back; the calls' own states are not its. */
void distinct_destroy(const DistinctFamily *f, StateHeap *h, uint8_t *cell);
/* The values of one call; its own state is not among them. */
void distinct_save(const DistinctFamily *f, int member, const uint8_t *cell, StrBuf *out);
Status distinct_load(const DistinctFamily *f, int member, StateHeap *h, Arena *scratch, uint8_t *cell, StrReader *in);

#endif
