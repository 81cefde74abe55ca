/* state_ttl.c: WITH (state_ttl = …): which operators of a plan let state go that nothing touches.
 *
 * Those that would keep the state of a key for ever: GROUP BY without a window, DISTINCT, regular joins
 * on keys, Top-N and OVER of partitions, set operations. What is bounded by other means stays as it is.
 * The view says for how long; where it does not, the streams and tables do if each of them does: then
 * the longest holds. */
#include "planner/explain_facts.h"
#include "planner/node.h"

static bool is_leaf(const PhysOp *op)
{
    return op->kind == PHYS_SCAN || op->kind == PHYS_VIEW_INPUT || op->kind == PHYS_TABLE;
}

static bool is_table(const PhysOp *op)
{
    return op->rel->kind == REL_TABLE;
}

/* 0: some input has none. */
static int64_t ttl_of_inputs(const PhysPlan *plan)
{
    int64_t longest = 0;
    for (int i = 0; i < plan->nops; i++) {
        const PhysOp *op = plan->ops[i];
        if (!is_leaf(op)) continue;
        bool is_source = op->rel->kind == REL_STREAM || is_table(op);
        int64_t us = is_source ? options_us(&op->rel->options, "state_ttl", 0) : 0;
        if (us <= 0) return 0;
        if (us > longest) longest = us;
    }
    return longest;
}

/* Whether watermark() has a value: all streams and views that are read have one. Tables don't count. */
static bool has_watermark(const PhysPlan *plan)
{
    bool any = false;
    for (int i = 0; i < plan->nops; i++) {
        const PhysOp *op = plan->ops[i];
        if (!is_leaf(op) || (op->kind != PHYS_SCAN && is_table(op))) continue;
        const PhysPlan *view = op->kind == PHYS_VIEW_INPUT ? op->rel->plan : NULL;
        if (view ? view->ops[view->nops - 1]->ttl_by_clock : op->rel->watermark.col < 0) return false;
        any = true;
    }
    return any;
}

static bool is_kept_by_key(const PhysOp *op)
{
    switch (op->kind) {
    case PHYS_AGGREGATE: return !op->window && !op->is_global;
    case PHYS_JOIN: return op->join->match == JOIN_REGULAR && op->join->nkeys > 0;
    case PHYS_OVER:
    case PHYS_TOPN: return op->nkeys > 0;
    case PHYS_SETOP: return true;
    case PHYS_SCAN:
    case PHYS_VIEW_INPUT:
    case PHYS_VALUES:
    case PHYS_TABLE:
    case PHYS_UPSERT:
    case PHYS_FILTER:
    case PHYS_PROJECT:
    case PHYS_WINDOW:
    case PHYS_UNION:
    case PHYS_UNNEST:
    case PHYS_CONTEND:
    case PHYS_VIEW:
    case PHYS_OUTPUT: break;
    }
    return false;
}

static void bound_state(PhysOp *op, int64_t us, Arena *a)
{
    bool goes = us > 0 && str_starts(op->own_state, S("UNBOUNDED")) && is_kept_by_key(op);
    Str own = op->own_state;
    if (goes) {
        Str span = explain_duration(us, a);
        own = str_printf(a, "O(keys touched within %.*s)", STR_ARG(span));
        op->state_ttl_us = us;
    }
    if (op->ninputs == 0) return;
    Str bound = own.n ? own : S("none");
    for (int i = 0; i < op->ninputs; i++) bound = worse_bound(op->inputs[i]->props.state_bound, bound);
    op->props.state_bound = bound;
}

void state_ttl_apply(PhysPlan *plan, const Relation *rel, Arena *a)
{
    int64_t us = rel ? options_us(&rel->options, "state_ttl", 0) : 0;
    if (us <= 0) us = ttl_of_inputs(plan);
    bool by_clock = !has_watermark(plan);
    for (int i = 0; i < plan->nops; i++) {
        PhysOp *op = plan->ops[i];
        if (us > 0) bound_state(op, us, a);
        op->ttl_by_clock = by_clock;
    }
}

bool state_ttl_forgets(const PhysPlan *plan)
{
    for (int i = 0; i < plan->nops; i++) {
        const PhysOp *op = plan->ops[i];
        const PhysPlan *view = op->kind == PHYS_VIEW_INPUT ? op->rel->plan : NULL;
        if (op->state_ttl_us > 0 || (view && view->ops[view->nops - 1]->is_forgetful)) return true;
    }
    return false;
}
