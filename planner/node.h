/* node.h: what makes a kind of logical node whole, for kinds that have a file of their own
 * (node_<kind>.c): its properties here, its constructor in logical.h. */
#ifndef WEIR_PLANNER_NODE_H
#define WEIR_PLANNER_NODE_H

#include "planner/logical.h"

/* A node of one kind over its inputs, fields and properties still to be filled. */
LNode *lnode_make(Arena *a, LKind kind, LNode *const *inputs, int32_t ninputs, Span at);
/* Properties of a relation of which nothing is known. */
Props no_props(void);

/* Fill n->props and its companions; called by lnode_props. */
void join_props(Arena *a, LNode *n);
void over_props(Arena *a, LNode *n);
void topn_props(Arena *a, LNode *n);
void setop_props(Arena *a, LNode *n);
void unnest_props(Arena *a, LNode *n);

/* The worse of the state below and what a node itself keeps. */
Str worse_bound(Str below, Str own);

/* planner/node_rank.c. Keys, order and arguments of OVER and Top-N become columns. */
LNode *rank_settle(Arena *a, LNode *n);
void rank_lower(Arena *a, const LNode *n, PhysOp *op);
/* Why OVER has no last value under EMIT FINAL, and where; NULL: it has. */
const char *over_never_finishes(const LNode *n, Span *at);
/* planner/node_setop.c. */
void setop_lower(const LNode *n, PhysOp *op);
/* planner/physical.c. An aggregate whose parts are columns. */
AggCall agg_lower(Arena *a, const LAgg *g, bool input_retracts);

#endif
