/* agg.h: how an aggregate works: a state per group, steps over rows, merges of states.
 *
 * State is `state_size` bytes inside the group's entry, zeroes to begin with. What does not fit is
 * allocated from ctx->heap and released by `destroy`. Rows have weights: a negative weight takes
 * rows back that were added before (only with AGG_RETRACTABLE, or never when !input_retracts);
 * in a state that collects one epoch's changes it may also come first. */
#ifndef WEIR_EXEC_AGG_H
#define WEIR_EXEC_AGG_H

#include "exec/state/heap.h"
#include "base/batch.h"
#include "planner/physical.h"

typedef struct AggCtx {
    const AggCall *call;
    StateHeap *heap;   /* of the state that is being changed; NULL in final and save */
    Arena *scratch;    /* until the call returns; NULL in destroy */
} AggCtx;

/* The rows of one step: for i in 0..n, row rows[i] with weight weights[rows[i]] (NULL: +1) goes to
 * the state at groups[i] + offset. FILTER and NULL rules are settled before. */
typedef struct AggRows {
    const Batch *batch;
    const Column *args;   /* call->nargs columns */
    const int32_t *rows;
    int32_t n;
    uint8_t *const *groups;
    ptrdiff_t offset;
    const Str *order_key; /* AGG_ORDERED: memcmp-able key of rows[i], NULL otherwise */
} AggRows;

/* Whether rows are 0 … n-1, so that a loop may do without them. */
static inline bool agg_rows_are_all(const AggRows *in)
{
    int32_t differ = 0;
    for (int i = 0; i < in->n; i++) differ |= in->rows[i] ^ i;
    return differ == 0;
}
/* The sum of their weights. */
static inline int64_t agg_rows_weight(const AggRows *in)
{
    const int32_t *weights = in->batch->weights;
    int64_t sum = 0;
    for (int i = 0; weights && i < in->n; i++) sum += weights[in->rows[i]];
    return weights ? sum : in->n;
}

typedef struct AggImpl {
    /* Bytes of state for this call (8-byte aligned); may depend on types and input_retracts. */
    int (*state_size)(const AggCall *call);
    void (*step)(AggCtx *c, const AggRows *in);
    /* The same where all rows go to one state; in->groups and offset are not set. NULL: step does. */
    void (*fold)(AggCtx *c, void *state, const AggRows *in);
    /* dst += sign * src; src is untouched. sign -1 only for AGG_RETRACTABLE. */
    void (*merge)(AggCtx *c, void *dst, const void *src, int sign);
    /* Results of n states into rows 0..n of out (of call->type, made by column_new). Text is copied
     * into out_arena, so results outlive the states. */
    void (*final)(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out,
                  Arena *out_arena);
    void (*destroy)(AggCtx *c, void *state);               /* NULL: nothing to release */
    bool (*is_flat)(const AggCall *call);                  /* nothing for this call either; NULL: for none */
    void (*save)(AggCtx *c, const void *state, StrBuf *out);
    Status (*load)(AggCtx *c, void *state, StrReader *in); /* into zeroes */
    bool keeps_best; /* !input_retracts: the state is one best value, nothing can be taken back */
    bool ignores_distinct; /* DISTINCT changes nothing (min), or the aggregate sees to it itself */
} AggImpl;

/* Signed numbers of states as bytes: small ones are short. */
static inline void agg_put_int(StrBuf *out, int64_t v) { sb_varint(out, (uint64_t)v << 1 ^ (uint64_t)(v >> 63)); }
static inline int64_t agg_get_int(StrReader *in)
{
    uint64_t v = sr_varint(in);
    return (int64_t)(v >> 1 ^ -(v & 1));
}

static inline const AggImpl *agg_impl(const AggCall *call) { return call->def->impl; }

#endif
