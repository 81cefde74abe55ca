/* node_join.c: joins as logical nodes. */
#include "planner/node.h"

LNode *lnode_join(Arena *a, JoinKind kind, LNode *left, LNode *right, BExpr *on, Span at)
{
    LNode *inputs[] = {left, right};
    LNode *n = lnode_make(a, L_JOIN, inputs, 2, at);
    n->join = new_one(a, LJoin);
    *n->join = (LJoin){.kind = kind, .match = JOIN_REGULAR, .on = on, .residual = on,
                       .left_time = -1, .right_time = -1, .key_window_end = -1};
    bool is_half = kind == JOIN_SEMI || kind == JOIN_ANTI;
    n->nfields = left->nfields + (is_half ? 0 : right->nfields);
    n->fields = new (a, Field, n->nfields);
    memcpy(n->fields, left->fields, (size_t)left->nfields * sizeof(Field));
    if (!is_half) memcpy(n->fields + left->nfields, right->fields, (size_t)right->nfields * sizeof(Field));
    lnode_props(a, n);
    return n;
}

void join_props(Arena *a, LNode *n)
{
    (void)a;
    n->props = no_props();
    n->props.above_state = true;
    n->props.state_bound = S("UNBOUNDED: regular join, add a time bound or state_ttl");
}
