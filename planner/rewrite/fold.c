/* fold.c: constant expressions become their values, and logic over constants its outcome.
 *
 * An expression that fails is left as it is: its error belongs to the rows that reach it. Only
 * what holds for errors too is simplified: false AND x is false, whatever x does. */
#include "planner/rewrite/rewrite.h"

static bool all_constant(const BExpr *e)
{
    for (int i = 0; i < e->nargs; i++)
        if (e->args[i]->kind != BE_CONST) return false;
    return true;
}

static bool is_bool(const BExpr *e, bool value)
{
    return e->kind == BE_CONST && e->type.kind == TYPE_BOOLEAN && !e->value.is_null &&
           (e->value.i != 0) == value;
}

static BExpr *constant(Planner *p, bool value, const BExpr *like)
{
    return bexpr_const(p->arena, value_bool(value), like->span);
}

/* AND: `absorbing` is false, its opposite leaves no trace. OR: the other way round. */
static BExpr *fold_logic(Planner *p, BExpr *e)
{
    bool absorbing = e->kind == BE_OR;
    BExpr **args = new (p->arena, BExpr *, e->nargs);
    int32_t n = 0;
    for (int i = 0; i < e->nargs; i++) {
        if (is_bool(e->args[i], absorbing)) return constant(p, absorbing, e);
        if (!is_bool(e->args[i], !absorbing)) args[n++] = e->args[i];
    }
    if (n == e->nargs) return e;
    if (n == 0) return constant(p, !absorbing, e);
    return n == 1 ? args[0] : bexpr_form(p->arena, e->kind, e->type, args, n, e->span);
}

/* Branches that are never taken go; one that is always taken ends the list. */
static BExpr *fold_case(Planner *p, BExpr *e)
{
    BExpr **args = new (p->arena, BExpr *, e->nargs);
    int32_t n = 0, i = 0;
    for (; i + 1 < e->nargs; i += 2) {
        const BExpr *when = e->args[i];
        if (is_bool(when, false) || bexpr_is_null(when)) continue;
        if (is_bool(when, true)) break;
        args[n++] = e->args[i];
        args[n++] = e->args[i + 1];
    }
    if (i + 1 < e->nargs)
        args[n++] = e->args[i + 1];
    else if (i < e->nargs)
        args[n++] = e->args[i];
    if (n == e->nargs) return e;
    if (n == 0) return bexpr_const(p->arena, value_null(e->type), e->span);
    return n == 1 ? args[0] : bexpr_form(p->arena, BE_CASE, e->type, args, n, e->span);
}

static BExpr *fold_coalesce(Planner *p, BExpr *e)
{
    BExpr **args = new (p->arena, BExpr *, e->nargs);
    int32_t n = 0;
    for (int i = 0; i < e->nargs; i++) {
        if (bexpr_is_null(e->args[i])) continue;
        args[n++] = e->args[i];
        if (e->args[i]->kind == BE_CONST) break;
    }
    if (n == e->nargs) return e;
    if (n == 0) return bexpr_const(p->arena, value_null(e->type), e->span);
    return n == 1 ? args[0] : bexpr_form(p->arena, BE_COALESCE, e->type, args, n, e->span);
}

static BExpr *fold_form(Planner *p, BExpr *e)
{
    switch (e->kind) {
    case BE_AND:
    case BE_OR: return fold_logic(p, e);
    case BE_CASE: return fold_case(p, e);
    case BE_COALESCE: return fold_coalesce(p, e);
    case BE_CONST:
    case BE_COLUMN:
    case BE_OUTER:
    case BE_SUBQUERY:
    case BE_CALL:
    case BE_CAST:
    case BE_IN: return e;
    }
    return e;
}

static BExpr *evaluate(Planner *p, BExpr *e)
{
    Value v;
    if (!p->constant || e->is_volatile || e->kind == BE_CONST || e->kind == BE_COLUMN) return e;
    if (!all_constant(e) || p->constant(p->callback_arg, e, p->arena, &v, NULL) != WEIR_OK)
        return e;
    v.type = e->type;
    return bexpr_const(p->arena, v, e->span);
}

static BExpr *fold(void *arg, BExpr *e)
{
    Planner *p = arg;
    if (e->nargs > 0) {
        BExpr **args = new (p->arena, BExpr *, e->nargs);
        bool same = true;
        for (int i = 0; i < e->nargs; i++) {
            args[i] = fold(p, e->args[i]);
            same &= args[i] == e->args[i];
        }
        if (!same) e = bexpr_with_args(p->arena, e, args);
    }
    return evaluate(p, fold_form(p, e));
}

BExpr *rewrite_folded(Planner *p, BExpr *e)
{
    return fold(p, e);
}

static LNode *fold_node(Planner *p, LNode *n)
{
    if (n->kind == L_VALUES) return n;
    n = rewrite_exprs(p->arena, n, n->ninputs ? n->inputs[0] : NULL, fold, p);
    if (n->kind == L_JOIN && n->join->on && is_bool(n->join->on, true))
        return lnode_join_with_on(p->arena, n, NULL, n->inputs[0], n->inputs[1]);
    return n->kind == L_FILTER && is_bool(n->pred, true) ? n->inputs[0] : n;
}

static LNode *apply(Planner *p, LNode *root)
{
    return rewrite_nodes(p, root, fold_node);
}

extern const RewriteRule rewrite_fold;
const RewriteRule rewrite_fold = {"fold", apply, "constant expressions become their values"};
