/* sums.h: states of exact sums, shared by SUM, AVG and what is made of powers. */
#ifndef WEIR_EXEC_AGG_SUMS_H
#define WEIR_EXEC_AGG_SUMS_H

#include "base/exact.h"
#include "exec/agg/agg.h"
#include "exec/agg/wide.h"

/* n counts the values that are not NULL. */
typedef struct BigintSum {
    uint64_t low;
    int64_t high;
    int64_t n;
} BigintSum;
typedef struct DecimalSum {
    Wide sum;
    int64_t n;
} DecimalSum;
typedef struct DoubleSum {
    ExactSum sum;
    int64_t n;
} DoubleSum;

static inline Int128 bigint_sum_value(const BigintSum *s) { return (Int128)((UInt128)s->high << 64 | s->low); }

/* The AggImpl members for each state; _final is the aggregate's own. */
int bigint_sum_size(const AggCall *call);
void bigint_sum_step(AggCtx *c, const AggRows *in);
void bigint_sum_fold(AggCtx *c, void *state, const AggRows *in);
void bigint_sum_merge(AggCtx *c, void *dst, const void *src, int sign);
void bigint_sum_save(AggCtx *c, const void *state, StrBuf *out);
Status bigint_sum_load(AggCtx *c, void *state, StrReader *in);

int decimal_sum_size(const AggCall *call);
void decimal_sum_step(AggCtx *c, const AggRows *in);
void decimal_sum_merge(AggCtx *c, void *dst, const void *src, int sign);
void decimal_sum_save(AggCtx *c, const void *state, StrBuf *out);
Status decimal_sum_load(AggCtx *c, void *state, StrReader *in);

int double_sum_size(const AggCall *call);
void double_sum_step(AggCtx *c, const AggRows *in);
void double_sum_merge(AggCtx *c, void *dst, const void *src, int sign);
void double_sum_destroy(AggCtx *c, void *state);
void double_sum_save(AggCtx *c, const void *state, StrBuf *out);
Status double_sum_load(AggCtx *c, void *state, StrReader *in);

/* A sum of each kind, with the aggregate's own result. */
#define BIGINT_SUM_IMPL(final_) \
    {.state_size = bigint_sum_size, .step = bigint_sum_step, .fold = bigint_sum_fold, .merge = bigint_sum_merge, .final = final_, \
     .save = bigint_sum_save, .load = bigint_sum_load}
#define DECIMAL_SUM_IMPL(final_) \
    {.state_size = decimal_sum_size, .step = decimal_sum_step, .merge = decimal_sum_merge, .final = final_, \
     .save = decimal_sum_save, .load = decimal_sum_load}
#define DOUBLE_SUM_IMPL(final_) \
    {.state_size = double_sum_size, .step = double_sum_step, .merge = double_sum_merge, .final = final_, \
     .destroy = double_sum_destroy, .save = double_sum_save, .load = double_sum_load}

/* Limbs from the heap of the state; from an arena for sums that live in one call. */
ExactMem agg_exact_mem(StateHeap *h);
ExactMem agg_exact_scratch(Arena *a);

/* Row `row` of a result that cannot be computed: NULL, and marked. */
static inline void agg_fault(Column *out, Arena *a, int row, Str message)
{
    column_set_null(out, a, row);
    column_set_err(out, a, row, WEIR_E_VALUE, message);
}

#endif
