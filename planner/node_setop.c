/* node_setop.c: INTERSECT and EXCEPT as logical nodes. */
#include "planner/node.h"

LNode *lnode_setop(Arena *a, SetKind set, bool all, LNode *left, LNode *right, Span at)
{
    LNode *inputs[] = {left, right};
    LNode *n = lnode_make(a, L_SETOP, inputs, 2, at);
    n->set = set;
    n->set_all = all;
    n->fields = left->fields;
    n->nfields = left->nfields;
    lnode_props(a, n);
    return n;
}

void setop_props(Arena *a, LNode *n)
{
    (void)a;
    n->props = no_props();
    n->props.above_state = true;
    n->props.state_bound = S("UNBOUNDED: rows");
}
