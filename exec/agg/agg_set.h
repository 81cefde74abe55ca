/* agg_set.h: the aggregates of one operator, as one block of state.
 *
 * A cell is such a block: the sum of the weights of its rows, then the state of each call. The set
 * sees to what all aggregates share: FILTER, skipping NULLs, DISTINCT, the order of rows. Cells
 * begin as zeroes. What they hold beyond their bytes comes from one StateHeap. */
#ifndef WEIR_EXEC_AGG_SET_H
#define WEIR_EXEC_AGG_SET_H

#include "exec/agg/agg.h"

typedef struct AggSlot {
    const AggCall *call;
    const AggImpl *impl;
    int32_t offset;       /* in the cell */
    bool is_row_count;    /* count(*): the cell's own sum of weights */
    bool is_truth_count;  /* count(*) with a FILTER: a sum of weights too */
    bool is_ordered;
    bool is_alias;        /* its state is that of a call before it: SUM and AVG of one argument */
    struct DistinctFamily *family; /* DISTINCT: the calls that share its set; or NULL */
    int32_t member;       /* its number there; 0 sees to the set */
} AggSlot;

typedef struct AggSet {
    AggSlot *slots;
    int32_t n;
    int32_t cell_size;  /* a multiple of 8 */
    bool owns_heap;     /* cells hold memory of the heap: they must be destroyed */
} AggSet;

/* WEIR_E_UNSUPPORTED: a call that is not built. */
Status agg_set_new(const AggCall *calls, int ncalls, Arena *a, AggSet *out, Diags *d);

static inline int64_t *cell_rows(uint8_t *cell) { return (int64_t *)(void *)cell; }
static inline int64_t cell_row_count(const uint8_t *cell) { return *(const int64_t *)(const void *)cell; }

/* Row rows[i] of b goes to cells[i], with its weight. Cells may repeat. */
void agg_set_step(const AggSet *s, StateHeap *h, Arena *scratch, const Batch *b, const int32_t *rows,
                  int n, uint8_t *const *cells);
/* The same with one cell for all rows. */
void agg_set_fold(const AggSet *s, StateHeap *h, Arena *scratch, const Batch *b, const int32_t *rows, int n,
                  uint8_t *cell);
/* dst += sign * src. */
void agg_set_merge(const AggSet *s, StateHeap *h, Arena *scratch, uint8_t *dst, const uint8_t *src, int sign);
/* Results of n <= BATCH_ROWS_MAX cells: out[i] is a new column of call i, in `a`. */
void agg_set_final(const AggSet *s, Arena *scratch, const uint8_t *const *cells, int n, Column *out, Arena *a);
/* Gives back what the cell holds and zeroes it. */
void agg_set_destroy(const AggSet *s, StateHeap *h, uint8_t *cell);
void agg_set_save(const AggSet *s, Arena *scratch, const uint8_t *cell, StrBuf *out);
/* Into an initialised cell. */
Status agg_set_load(const AggSet *s, StateHeap *h, Arena *scratch, uint8_t *cell, StrReader *in);

/* Whether every aggregate can take states back (merge with sign -1). */
bool agg_set_can_subtract(const AggSet *s);

/* agg_order.c: keys[i] orders rows[i] by the call's ORDER BY, then by position. The bytes live in
 * scratch and compare with memcmp. */
void agg_order_keys(const AggCall *call, const Batch *b, const int32_t *rows, int n, Str *keys,
                    Arena *scratch);

#endif
