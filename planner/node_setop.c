/* node_setop.c: INTERSECT and EXCEPT as logical nodes. */
#include "planner/node.h"

LNode *lnode_setop(Arena *a, SetKind set, bool all, bool emit_final, LNode *left, LNode *right, Span at)
{
    LNode *inputs[] = {left, right};
    LNode *n = lnode_make(a, L_SETOP, inputs, 2, at);
    n->set = set;
    n->set_all = all;
    n->emit_final = emit_final;
    n->what = set == SETOP_INTERSECT ? S("INTERSECT") : S("EXCEPT");
    n->fields = left->fields;
    n->nfields = left->nfields;
    lnode_props(a, n);
    return n;
}

/* Both sides hold the bounds of a window in the same columns: rows of it meet while it is open. */
static void find_window(LNode *n)
{
    const Props *l = &n->inputs[0]->props, *r = &n->inputs[1]->props;
    if (!l->has_watermark || !r->has_watermark || l->window_end < 0 || l->window_start < 0) return;
    if (l->window_start != r->window_start || l->window_end != r->window_end) return;
    n->key_window_start = l->window_start;
    n->key_window_end = l->window_end;
}

static void window_props(LNode *n)
{
    const LNode *l = n->inputs[0], *r = n->inputs[1];
    Props *p = &n->props;
    if (n->key_window_end < 0) return;
    p->has_watermark = true;
    p->window_start = n->key_window_start;
    p->window_end = n->key_window_end;
    if (l->window_time == r->window_time) p->time_col = n->window_time = l->window_time;
    n->start_determines_end = l->start_determines_end && r->start_determines_end;
}

/* What both sides have grows with them; what the other side lacks does not. */
static bool writes_once(const LNode *n)
{
    if (n->emit_final && n->key_window_end >= 0) return true;
    return n->set == SETOP_INTERSECT && n->inputs[0]->props.is_append_only &&
           n->inputs[1]->props.is_append_only;
}

void setop_props(Arena *a, LNode *n)
{
    Props *p = &n->props;
    *p = no_props();
    find_window(n);
    window_props(n);
    p->above_state = true;
    p->is_append_only = writes_once(n);
    if (!n->set_all) {
        p->nkey = n->nfields;
        p->key = new (a, int32_t, n->nfields);
        for (int i = 0; i < n->nfields; i++) p->key[i] = i;
    }
    n->own_state = n->key_window_end >= 0 ? S("O(rows of open windows)") : S("UNBOUNDED: rows");
    p->state_bound = worse_bound(n->inputs[0]->props.state_bound, n->own_state);
    p->state_bound = worse_bound(n->inputs[1]->props.state_bound, p->state_bound);
}

void setop_lower(const LNode *n, PhysOp *op)
{
    op->set = n->set;
    op->set_all = n->set_all;
    op->emit_final = n->emit_final;
    op->key_window_start = n->key_window_start;
    op->key_window_end = n->key_window_end;
}
