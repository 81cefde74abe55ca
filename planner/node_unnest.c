/* node_unnest.c: UNNEST as a logical node: a row for each element of a list. */
#include "planner/node.h"

LNode *lnode_unnest(Arena *a, LNode *input, BExpr *list, Type element, bool outer, bool ordinality, Span at)
{
    LNode *n = lnode_make(a, L_UNNEST, &input, 1, at);
    n->unnest = list;
    n->unnest_outer = outer;
    n->unnest_ordinality = ordinality;
    n->nfields = input->nfields + 1 + ordinality;
    n->fields = new (a, Field, n->nfields);
    memcpy(n->fields, input->fields, (size_t)input->nfields * sizeof(Field));
    n->fields[input->nfields] = (Field){S("value"), element};
    if (ordinality) n->fields[n->nfields - 1] = (Field){S("ordinality"), TYPE_BIGINT_};
    lnode_props(a, n);
    return n;
}

/* Stateless: what is known of the input stays, but a row may come several times. */
void unnest_props(Arena *a, LNode *n)
{
    (void)a;
    n->props = n->inputs[0]->props;
    n->props.nkey = 0;
    n->props.has_row_key = false;
    n->window_time = n->inputs[0]->window_time;
    n->start_determines_end = n->inputs[0]->start_determines_end;
}
