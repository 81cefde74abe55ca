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
void contend_props(LNode *n);

/* The worse of the state below and what a node itself keeps. */
Str worse_bound(Str below, Str own);

/* ---- joins ---------------------------------------------------------------------------------- */

int32_t conjunct_count(const BExpr *e); /* NULL: 0 */
BExpr *conjunct_at(BExpr *e, int32_t i);

/* Which sides of a join an expression over left, then right columns reads. */
typedef enum JoinReads { READS_LEFT, READS_RIGHT, READS_BOTH, READS_NEITHER } JoinReads;
JoinReads join_reads(const BExpr *e, int32_t nleft);
/* An expression about one side over that side's columns; base: number of the side's first column. */
BExpr *join_side_expr(Arena *a, BExpr *e, int32_t base);
bool join_is_half(const LJoin *j); /* SEMI, ANTI: shows left columns only */

/* planner/join_terms.c: fills what is found in n->join->on. */
void join_find(Arena *a, LNode *n);
/* A conjunct as an equality of the sides: e->args[*left] is over left columns, the other over right. */
bool join_is_key(const BExpr *e, int32_t nleft, int *left);
/* Narrows [low, high], which column `left` minus column `right` lies in, by what a conjunct says of these times. */
void join_narrow_times(const BExpr *e, int32_t left, int32_t right, int64_t *low, int64_t *high);
/* A conjunct that has become a time bound or the order of ASOF. */
bool join_is_time(const LNode *n, const BExpr *e);
/* planner/join_lower.c. Keys become columns of the inputs. */
LNode *join_settle(Arena *a, LNode *n);
void join_lower(Arena *a, const LNode *n, PhysOp *op);

/* planner/node_rank.c. Keys, order and arguments of OVER and Top-N, and of sessions, become columns. */
LNode *rank_settle(Arena *a, LNode *n);
void rank_lower(Arena *a, const LNode *n, PhysOp *op);
/* Why OVER has no last value under EMIT FINAL, and where; NULL: it has. */
const char *over_never_finishes(const LNode *n, Span *at);
/* planner/node_setop.c. */
void setop_lower(const LNode *n, PhysOp *op);
/* planner/physical.c. An aggregate whose parts are columns. */
AggCall agg_lower(Arena *a, const LAgg *g, bool input_retracts);

#endif
