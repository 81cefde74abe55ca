/* rewrite.c: runs the rules, and what they share. */
#include "planner/rewrite/rewrite.h"

#include "planner/node_memo.h"

enum { ROUNDS_MAX = 10 };

const char *const rewrite_later[] = {"contenders", "share_parts", "contenders,share_parts", NULL};

bool rewrite_is_on(const Planner *p, const char *name)
{
    return !name_in_list(p->rules_off, str_z(name)) && !name_in_list(p->rules_off, S("all"));
}

LNode *rewrite_all(Planner *p, LNode *root)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        const LNode *before = root;
        for (const RewriteRule *const *r = rewrite_table; *r; r++)
            if (rewrite_is_on(p, (*r)->name)) root = (*r)->apply(p, root);
        if (root == before) break;
    }
    return root;
}

/* A node that takes all columns of its input. */
static bool takes_rows(const LNode *n)
{
    if (n->kind == L_JOIN || n->kind == L_OVER || n->kind == L_TOPN || is_session_rows(n)) return true;
    for (int i = 0; i < n->ninputs; i++)
        if (takes_rows(n->inputs[i])) return true;
    return false;
}

extern const RewriteRule rewrite_push_filters, rewrite_prune_columns;

LNode *rewrite_needed(Planner *p, LNode *root)
{
    const LNode *before = NULL;
    for (int round = 0; round < ROUNDS_MAX && root != before && takes_rows(root); round++) {
        before = root;
        root = rewrite_prune_columns.apply(p, rewrite_push_filters.apply(p, root));
    }
    if (!takes_rows(root)) return root;
    return rewrite_prune_columns.apply(p, lnode_settle(p->arena, root)); /* of what keys were computed */
}

typedef struct NodePass {
    Planner *p;
    NodeRule f;
    NodeMemo memo;
} NodePass;

static LNode *pass_node(NodePass *s, LNode *n)
{
    LNode *done = node_memo_get(&s->memo, n), **inputs = new (s->p->arena, LNode *, n->ninputs);
    bool same = true;
    if (done) return done;
    for (int i = 0; i < n->ninputs; i++) {
        inputs[i] = pass_node(s, n->inputs[i]);
        same &= inputs[i] == n->inputs[i];
    }
    done = s->f(s->p, same ? n : lnode_with_inputs(s->p->arena, n, inputs));
    node_memo_put(&s->memo, n, done);
    return done;
}

LNode *rewrite_nodes(Planner *p, LNode *n, NodeRule f)
{
    NodePass s = {.p = p, .f = f, .memo = {.arena = p->arena}};
    return pass_node(&s, n);
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

static LOrder *pass_order(Pass *s, const LOrder *order, int32_t n)
{
    LOrder *out = new (s->arena, LOrder, n);
    for (int i = 0; i < n; i++) {
        out[i] = order[i];
        out[i].expr = pass_one(s, order[i].expr);
    }
    return out;
}

static LAgg pass_agg(Pass *s, const LAgg *agg)
{
    LAgg out = *agg;
    out.args = pass_list(s, agg->args, agg->nargs);
    out.filter = pass_one(s, agg->filter);
    out.order = pass_order(s, agg->order, agg->norder);
    return out;
}

static LAgg *pass_aggs(Pass *s, const LAgg *aggs, int32_t n)
{
    LAgg *out = new (s->arena, LAgg, n);
    for (int i = 0; i < n; i++) out[i] = pass_agg(s, &aggs[i]);
    return out;
}

static LOver *pass_overs(Pass *s, const LOver *overs, int32_t n)
{
    LOver *out = new (s->arena, LOver, n);
    for (int i = 0; i < n; i++) {
        out[i] = overs[i];
        out[i].args = pass_list(s, overs[i].args, overs[i].nargs);
        out[i].agg = pass_agg(s, &overs[i].agg);
    }
    return out;
}

static LJoin *pass_join(Pass *s, const LJoin *join)
{
    LJoin *out = new_one(s->arena, LJoin);
    *out = *join;
    out->on = pass_one(s, join->on);
    out->as_of = pass_one(s, join->as_of);
    return out;
}

LNode *rewrite_exprs(Arena *a, LNode *n, LNode *input, ExprRule f, void *arg)
{
    Pass s = {.arena = a, .f = f, .arg = arg};
    LNode *copy = new_one(a, LNode);
    *copy = *n;
    copy->pred = pass_one(&s, n->pred);
    copy->time = pass_one(&s, n->time);
    copy->unnest = pass_one(&s, n->unnest);
    if (n->kind == L_PROJECT) copy->exprs = pass_list(&s, n->exprs, n->nfields);
    copy->keys = pass_list(&s, n->keys, n->nkeys);
    copy->partition = pass_list(&s, n->partition, n->npartition);
    copy->aggs = pass_aggs(&s, n->aggs, n->naggs);
    copy->order = pass_order(&s, n->order, n->norder);
    copy->overs = pass_overs(&s, n->overs, n->novers);
    if (n->kind == L_JOIN) copy->join = pass_join(&s, n->join);
    if (!s.changed && (n->ninputs == 0 || input == n->inputs[0])) return n;
    if (n->ninputs == 0) {
        lnode_props(a, copy);
        return copy;
    }
    LNode **inputs = new (a, LNode *, n->ninputs);
    for (int i = 0; i < n->ninputs; i++) inputs[i] = i == 0 ? input : n->inputs[i];
    return lnode_with_inputs(a, copy, inputs);
}

static void visit_agg(const LAgg *g, ExprVisit f, void *arg)
{
    for (int k = 0; k < g->nargs; k++) f(arg, g->args[k]);
    for (int k = 0; k < g->norder; k++) f(arg, g->order[k].expr);
    if (g->filter) f(arg, g->filter);
}

void visit_exprs(const LNode *n, ExprVisit f, void *arg)
{
    if (n->pred) f(arg, n->pred);
    if (n->time) f(arg, n->time);
    if (n->join && n->join->on) f(arg, n->join->on);
    if (n->unnest) f(arg, n->unnest);
    if (n->kind == L_PROJECT)
        for (int i = 0; i < n->nfields; i++) f(arg, n->exprs[i]);
    for (int i = 0; i < n->nkeys; i++) f(arg, n->keys[i]);
    for (int i = 0; i < n->npartition; i++) f(arg, n->partition[i]);
    for (int i = 0; i < n->naggs; i++) visit_agg(&n->aggs[i], f, arg);
    for (int i = 0; i < n->norder; i++) f(arg, n->order[i].expr);
    if (n->kind == L_JOIN && n->join->on) f(arg, n->join->on);
    if (n->kind == L_JOIN && n->join->as_of) f(arg, n->join->as_of);
    for (int i = 0; i < n->novers; i++) {
        for (int k = 0; k < n->overs[i].nargs; k++) f(arg, n->overs[i].args[k]);
        visit_agg(&n->overs[i].agg, f, arg);
    }
}

bool reads_only_below(const BExpr *e, int32_t n)
{
    if (e->kind == BE_COLUMN) return e->col < n;
    for (int i = 0; i < e->nargs; i++)
        if (!reads_only_below(e->args[i], n)) return false;
    return true;
}
