/* multiset.h: the values of a group with how often each is there, for aggregates that need them all. */
#ifndef WEIR_EXEC_AGG_MULTISET_H
#define WEIR_EXEC_AGG_MULTISET_H

#include "exec/agg/agg.h"
#include "exec/state/treap.h"

/* AggImpl members over a Treap: keys are the first argument, encoded. */
int multiset_size(const AggCall *call);
void multiset_step(AggCtx *c, const AggRows *in);
void multiset_merge(AggCtx *c, void *dst, const void *src, int sign);
void multiset_destroy(AggCtx *c, void *state);
void multiset_save(AggCtx *c, const void *state, StrBuf *out);
Status multiset_load(AggCtx *c, void *state, StrReader *in);

#define MULTISET_IMPL(final_) \
    {.state_size = multiset_size, .step = multiset_step, .merge = multiset_merge, .final = final_, \
     .destroy = multiset_destroy, .save = multiset_save, .load = multiset_load}

/* for each value of the group at groups[i] + offset, ascending; its node's count is positive. */
#define EACH_VALUE(t, node) \
    for (const TreapNode *node = treap_min(t); node; node = treap_next(node)) \
        if (node->count > 0)

static inline const Treap *multiset_at(const uint8_t *group, ptrdiff_t offset)
{
    return (const Treap *)(const void *)(group + offset);
}
/* The k-th row from the least value, or from the greatest where the call is descending. No counts are
 * negative, 0 <= k < treap_weight. */
static inline const TreapNode *multiset_nth(const AggCall *call, const Treap *t, int64_t k)
{
    return treap_at(t, call->descending ? treap_weight(t) - 1 - k : k);
}
/* The first row that at least the fraction of the rows do not come behind. */
const TreapNode *multiset_at_fraction(const AggCall *call, const Treap *t, double fraction);
/* Text is copied into a. */
Value multiset_value(const AggCall *call, const TreapNode *n, Arena *a);
/* A constant argument as a number: arguments behind the first are constants (AGG_CONST_REST). */
double multiset_number(const AggCall *call, int arg, double fallback);

#endif
