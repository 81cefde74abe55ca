/* bind_set.c: UNION, INTERSECT and EXCEPT, each with ALL or without. */
#include "planner/bind.h"
#include "planner/casts.h"
#include "planner/resolve.h"

/* The constants among a branch's columns keep their freedom: 'x' takes the other branch's type. */
static BExpr *branch_column(Binder *b, LNode *n, int col)
{
    const BExpr *e = n->kind == L_PROJECT ? n->exprs[col] : NULL;
    if (e && e->kind == BE_CONST) return (BExpr *)e;
    return bexpr_column(b->p->arena, col, n->fields[col].type, n->span);
}

static const char *const SET_NAMES[] = {
    [SET_UNION] = "UNION", [SET_INTERSECT] = "INTERSECT", [SET_EXCEPT] = "EXCEPT"};

static Status column_type(Binder *b, SetOp op, LNode *const *in, int n, int col, Type *out)
{
    BExpr **parts = new (b->p->arena, BExpr *, n);
    for (int i = 0; i < n; i++) parts[i] = branch_column(b, in[i], col);
    if (resolve_common(b->p, parts, n, out)) {
        if (out->kind == TYPE_NULL) *out = TYPE_OF(TYPE_TEXT);
        return WEIR_OK;
    }
    return diag_error(b->p->diags, WEIR_E_TYPE, in[0]->span,
                      "column %d (\"%.*s\") of %s has no common type", col + 1,
                      STR_ARG(in[0]->fields[col].name), SET_NAMES[op]);
}

static Status cast_branch(Binder *b, LNode *in, const Field *fields, int n, LNode **out)
{
    BExpr **exprs = new (b->p->arena, BExpr *, n);
    bool same = true;
    for (int i = 0; i < n; i++) {
        BExpr *col = bexpr_column(b->p->arena, i, in->fields[i].type, in->span);
        if (in->kind == L_PROJECT && in->exprs[i]->kind == BE_CONST) col = in->exprs[i];
        same &= cast_is_needless(in->fields[i].type, fields[i].type);
        TRY(cast_insert(b->p, col, fields[i].type, &exprs[i]));
    }
    *out = same ? in : lnode_project(b->p->arena, in, exprs, fields, n, in->span);
    return WEIR_OK;
}

static Status bind_branches(Binder *b, const Select *s, LNode **in)
{
    Status first = WEIR_OK;
    for (int i = 0; i < s->branches.len; i++) {
        Status st = bind_select(b, s->branches.data[i], false, &in[i]);
        if (first == WEIR_OK) first = st;
    }
    return first;
}

static Status check_counts(Binder *b, const Select *s, LNode *const *in)
{
    for (int i = 1; i < s->branches.len; i++)
        if (in[i]->nfields != in[0]->nfields)
            return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, s->branches.data[i]->span),
                              "this branch has %d columns, the first has %d", in[i]->nfields,
                              in[0]->nfields);
    return WEIR_OK;
}

/* a EXCEPT b EXCEPT c is (a EXCEPT b) EXCEPT c. */
static LNode *chain(Binder *b, const Select *s, LNode *const *in, int n)
{
    SetKind set = s->set_op == SET_INTERSECT ? SETOP_INTERSECT : SETOP_EXCEPT;
    LNode *left = in[0];
    for (int i = 1; i < n; i++) {
        Span at = bind_at(b, span_join(s->branches.data[0]->span, s->branches.data[i]->span));
        left = lnode_setop(b->p->arena, set, s->set_all, b->emit_final, left, in[i], at);
    }
    return left;
}

Status bind_set(Binder *b, const Select *s, LNode **out)
{
    int n = (int)s->branches.len;
    LNode **in = new (b->p->arena, LNode *, n);
    TRY(bind_branches(b, s, in));
    TRY(check_counts(b, s, in));
    int ncols = in[0]->nfields;
    Field *fields = new (b->p->arena, Field, ncols);
    for (int i = 0; i < ncols; i++) {
        fields[i].name = in[0]->fields[i].name;
        TRY(column_type(b, s->set_op, in, n, i, &fields[i].type));
    }
    for (int i = 0; i < n; i++) TRY(cast_branch(b, in[i], fields, ncols, &in[i]));
    if (s->set_op != SET_UNION) {
        *out = chain(b, s, in, n);
        return WEIR_OK;
    }
    *out = lnode_union(b->p->arena, in, n, bind_at(b, s->span));
    if (!s->set_all) *out = bind_distinct(b, *out, bind_at(b, s->span));
    return WEIR_OK;
}
