/* node_rank.c: OVER and Top-N as logical nodes: rows of a partition in an order. */
#include "planner/node.h"

/* The columns of the input, room for `more` after them. */
static void widen(Arena *a, LNode *n, int32_t more)
{
    const LNode *in = n->inputs[0];
    n->nfields = in->nfields + more;
    n->fields = new (a, Field, n->nfields);
    memcpy(n->fields, in->fields, (size_t)in->nfields * sizeof(Field));
}

LNode *lnode_over(Arena *a, const LNode *parts, Span at)
{
    LNode *n = lnode_make(a, L_OVER, parts->inputs, 1, at);
    n->keys = parts->keys;
    n->nkeys = parts->nkeys;
    n->order = parts->order;
    n->norder = parts->norder;
    n->npeer = parts->npeer;
    n->overs = parts->overs;
    n->novers = parts->novers;
    n->emit_final = parts->emit_final;
    n->what = parts->what;
    widen(a, n, n->novers);
    for (int i = 0; i < n->novers; i++)
        n->fields[n->inputs[0]->nfields + i] = (Field){n->overs[i].text, n->overs[i].type};
    lnode_props(a, n);
    return n;
}

LNode *lnode_topn(Arena *a, const LNode *parts, Span at)
{
    LNode *n = lnode_make(a, L_TOPN, parts->inputs, 1, at);
    n->keys = parts->keys;
    n->nkeys = parts->nkeys;
    n->order = parts->order;
    n->norder = parts->norder;
    n->npeer = parts->npeer;
    n->rank = parts->rank;
    n->limit = parts->limit;
    n->offset = parts->offset;
    n->shows_rank = parts->shows_rank;
    n->emit_final = parts->emit_final;
    n->what = parts->what;
    widen(a, n, n->shows_rank);
    if (n->shows_rank) n->fields[n->nfields - 1] = (Field){S("_rank"), TYPE_BIGINT_};
    lnode_props(a, n);
    return n;
}

static void rank_props(LNode *n)
{
    n->props = no_props();
    n->props.above_state = true;
    n->props.state_bound = S("UNBOUNDED: rows");
}

void over_props(Arena *a, LNode *n)
{
    (void)a;
    rank_props(n);
}

void topn_props(Arena *a, LNode *n)
{
    (void)a;
    rank_props(n);
}
