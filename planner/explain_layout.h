/* explain_layout.h: where the boxes of a plan's picture stand.
 *
 * Rows flow down: an operator stands a layer below its inputs, a source right above its first user.
 * An edge over more than one layer bends in each of those between, so that it passes no box. */
#ifndef WEIR_PLANNER_EXPLAIN_LAYOUT_H
#define WEIR_PLANNER_EXPLAIN_LAYOUT_H

#include "planner/physical.h"

typedef struct LayoutNode {
    double w, h;          /* given for operators; a bend has none */
    double x, y;          /* found: the centre, the upper edge */
    int32_t layer, place; /* place: in the layer, from the left */
    VEC(int32_t) above, below; /* nodes of the neighbouring layers */
} LayoutNode;

/* Nodes of an edge from an input to its user: both, and the bends between. */
typedef struct LayoutEdge {
    VEC(int32_t) path;
    int32_t port;         /* which input of the user it is */
} LayoutEdge;

typedef struct Layout {
    VEC(LayoutNode) nodes;  /* operators by id, then bends */
    VEC(LayoutEdge) edges;
    int32_t nlayers;
    double w, h;
    Arena *arena;
} Layout;

/* Fills all but the sizes of the operators' nodes. */
void layout_begin(Layout *l, const PhysPlan *plan, Arena *a);
/* Sizes are known: places everything. */
void layout_place(Layout *l);

#endif
