/* bind_set.c: UNION [ALL]. INTERSECT and EXCEPT have their place here when they are built. */
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

static Status column_type(Binder *b, LNode *const *in, int n, int col, Type *out)
{
    BExpr **parts = new (b->p->arena, BExpr *, n);
    for (int i = 0; i < n; i++) parts[i] = branch_column(b, in[i], col);
    if (resolve_common(b->p, parts, n, out)) {
        if (out->kind == TYPE_NULL) *out = TYPE_OF(TYPE_TEXT);
        return WEIR_OK;
    }
    return diag_error(b->p->diags, WEIR_E_TYPE, in[0]->span,
                      "column %d (\"%.*s\") of UNION has no common type", col + 1,
                      STR_ARG(in[0]->fields[col].name));
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

Status bind_set(Binder *b, const Select *s, LNode **out)
{
    if (s->set_op != SET_UNION)
        return bind_unsupported(b, s->span, s->set_op == SET_INTERSECT ? "INTERSECT" : "EXCEPT");
    int n = (int)s->branches.len;
    LNode **in = new (b->p->arena, LNode *, n);
    TRY(bind_branches(b, s, in));
    TRY(check_counts(b, s, in));
    int ncols = in[0]->nfields;
    Field *fields = new (b->p->arena, Field, ncols);
    for (int i = 0; i < ncols; i++) {
        fields[i].name = in[0]->fields[i].name;
        TRY(column_type(b, in, n, i, &fields[i].type));
    }
    for (int i = 0; i < n; i++) TRY(cast_branch(b, in[i], fields, ncols, &in[i]));
    *out = lnode_union(b->p->arena, in, n, bind_at(b, s->span));
    if (!s->set_all) *out = bind_distinct(b, *out, bind_at(b, s->span));
    return WEIR_OK;
}
