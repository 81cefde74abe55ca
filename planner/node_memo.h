/* node_memo.h: what has been made of a node, so that one that is used twice is made once. */
#ifndef WEIR_PLANNER_NODE_MEMO_H
#define WEIR_PLANNER_NODE_MEMO_H

#include "base/map.h"
#include "planner/logical.h"

typedef struct NodeMemo {
    Arena *arena;
    Map map;
} NodeMemo;

void *node_memo_get(const NodeMemo *m, const LNode *n); /* NULL: nothing yet */
void node_memo_put(NodeMemo *m, const LNode *n, void *value);

#endif
