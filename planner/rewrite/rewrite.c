/* rewrite.c: runs the rules, and what they share. */
#include "planner/rewrite/rewrite.h"

enum { ROUNDS_MAX = 10 };

static bool is_on(const Planner *p, const RewriteRule *r)
{
    return !name_in_list(p->rules_off, str_z(r->name)) && !name_in_list(p->rules_off, S("all"));
}

LNode *rewrite_all(Planner *p, LNode *root)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        const LNode *before = root;
        for (const RewriteRule *const *r = rewrite_table; *r; r++)
            if (is_on(p, *r)) root = (*r)->apply(p, root);
        if (root == before) break;
    }
    return root;
}

LNode *rewrite_nodes(Planner *p, LNode *n, NodeRule f)
{
    LNode **inputs = new (p->arena, LNode *, n->ninputs);
    bool same = true;
    for (int i = 0; i < n->ninputs; i++) {
        inputs[i] = rewrite_nodes(p, n->inputs[i], f);
        same &= inputs[i] == n->inputs[i];
    }
    return f(p, same ? n : lnode_with_inputs(p->arena, n, inputs));
}

/* ---- expressions of a node ------------------------------------------------------------------ */

typedef struct Pass {
    Arena *arena;
    ExprRule f;
    void *arg;
    bool changed;
} Pass;

static BExpr *pass_one(Pass *s, BExpr *e)
{
    if (!e) return NULL;
    BExpr *r = s->f(s->arg, e);
    s->changed |= r != e;
    return r;
}

static BExpr **pass_list(Pass *s, BExpr **list, int32_t n)
{
    BExpr **out = new (s->arena, BExpr *, n);
    for (int i = 0; i < n; i++) out[i] = pass_one(s, list[i]);
    return out;
}

static LAgg *pass_aggs(Pass *s, const LAgg *aggs, int32_t n)
{
    LAgg *out = new (s->arena, LAgg, n);
    for (int i = 0; i < n; i++) {
        out[i] = aggs[i];
        out[i].args = pass_list(s, aggs[i].args, aggs[i].nargs);
        out[i].filter = pass_one(s, aggs[i].filter);
        out[i].order = new (s->arena, LOrder, aggs[i].norder);
        for (int k = 0; k < aggs[i].norder; k++) {
            out[i].order[k] = aggs[i].order[k];
            out[i].order[k].expr = pass_one(s, aggs[i].order[k].expr);
        }
    }
    return out;
}

LNode *rewrite_exprs(Arena *a, LNode *n, LNode *input, ExprRule f, void *arg)
{
    Pass s = {.arena = a, .f = f, .arg = arg};
    LNode *copy = new_one(a, LNode);
    *copy = *n;
    copy->pred = pass_one(&s, n->pred);
    copy->time = pass_one(&s, n->time);
    if (n->kind == L_PROJECT) copy->exprs = pass_list(&s, n->exprs, n->nfields);
    copy->keys = pass_list(&s, n->keys, n->nkeys);
    copy->partition = pass_list(&s, n->partition, n->npartition);
    copy->aggs = pass_aggs(&s, n->aggs, n->naggs);
    if (!s.changed && (n->ninputs == 0 || input == n->inputs[0])) return n;
    if (n->ninputs == 0) {
        lnode_props(a, copy);
        return copy;
    }
    LNode **inputs = new (a, LNode *, n->ninputs);
    for (int i = 0; i < n->ninputs; i++) inputs[i] = i == 0 ? input : n->inputs[i];
    return lnode_with_inputs(a, copy, inputs);
}

void visit_exprs(const LNode *n, ExprVisit f, void *arg)
{
    if (n->pred) f(arg, n->pred);
    if (n->time) f(arg, n->time);
    if (n->kind == L_PROJECT)
        for (int i = 0; i < n->nfields; i++) f(arg, n->exprs[i]);
    for (int i = 0; i < n->nkeys; i++) f(arg, n->keys[i]);
    for (int i = 0; i < n->npartition; i++) f(arg, n->partition[i]);
    for (int i = 0; i < n->naggs; i++) {
        const LAgg *g = &n->aggs[i];
        for (int k = 0; k < g->nargs; k++) f(arg, g->args[k]);
        for (int k = 0; k < g->norder; k++) f(arg, g->order[k].expr);
        if (g->filter) f(arg, g->filter);
    }
}

bool reads_only_below(const BExpr *e, int32_t n)
{
    if (e->kind == BE_COLUMN) return e->col < n;
    for (int i = 0; i < e->nargs; i++)
        if (!reads_only_below(e->args[i], n)) return false;
    return true;
}
