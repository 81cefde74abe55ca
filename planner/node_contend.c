/* node_contend.c: rows that may be the extreme of a window, as a logical node.
 *
 * Which rows go is no part of the meaning: above it stands a join that none of them would ever meet in. */
#include "planner/node.h"

LNode *lnode_contend(Arena *a, LNode *input, ContendSpec *contend, Span at)
{
    LNode *n = lnode_make(a, L_CONTEND, &input, 1, at);
    n->contend = contend;
    n->fields = input->fields;
    n->nfields = input->nfields;
    lnode_props(a, n);
    return n;
}

void contend_props(LNode *n)
{
    const LNode *in = n->inputs[0];
    n->props = in->props;
    n->window_time = in->window_time;
    n->start_determines_end = in->start_determines_end;
    n->own_state = S("O(groups × open windows)");
    n->props.state_bound = worse_bound(in->props.state_bound, n->own_state);
}
