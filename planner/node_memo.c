/* node_memo.c: see node_memo.h. */
#include "planner/node_memo.h"

enum { DIGITS = 16 };

/* The node's address as letters: maps don't tell upper case from lower. */
static Str address(const LNode *n, char *buf)
{
    uintptr_t p = (uintptr_t)n;
    for (int i = 0; i < DIGITS; i++, p >>= 4) buf[i] = (char)('a' + (p & 15));
    return (Str){buf, DIGITS};
}

void *node_memo_get(const NodeMemo *m, const LNode *n)
{
    char buf[DIGITS];
    return map_get(&m->map, address(n, buf));
}

void node_memo_put(NodeMemo *m, const LNode *n, void *value)
{
    map_put(&m->map, m->arena, address(n, new_raw(m->arena, char, DIGITS)), value);
}
