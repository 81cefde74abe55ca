/* bind_values.c: VALUES (…), (…): rows of constants and subqueries; in a subquery, of columns around it too. */
#include "planner/bind.h"
#include "planner/casts.h"
#include "planner/resolve.h"
#include "planner/subquery.h"

static Status bind_row(Binder *b, const ExprList *row, ptrdiff_t ncols, BExpr ***out)
{
    static const Scope NONE;
    ExprContext c = {.scope = b->is_standing ? &NONE : NULL, .clause = "VALUES"};
    if (row->len != ncols)
        return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, row->data[0]->span),
                          "this row has %d values, the first has %d", (int)row->len, (int)ncols);
    *out = new (b->p->arena, BExpr *, ncols);
    return bind_list(b, &c, (const Expr *const *)row->data, (int)ncols, *out);
}

static Status fold(Binder *b, BExpr **e)
{
    if ((*e)->kind == BE_CONST || !b->p->constant || expr_is_correlated(*e) || has_subquery(*e)) return WEIR_OK;
    Value v;
    TRY(b->p->constant(b->p->callback_arg, *e, b->p->arena, &v, b->p->diags));
    v.type = (*e)->type;
    *e = bexpr_const(b->p->arena, v, (*e)->span);
    return WEIR_OK;
}

static Status unite_column(Binder *b, BExpr ***rows, int nrows, int col, Type *t)
{
    BExpr **column = new (b->p->arena, BExpr *, nrows);
    for (int i = 0; i < nrows; i++) column[i] = rows[i][col];
    if (!resolve_common(b->p, column, nrows, t))
        return diag_error(b->p->diags, WEIR_E_TYPE, column[0]->span,
                          "the values of column %d have no common type", col + 1);
    if (t->kind == TYPE_NULL) *t = TYPE_OF(TYPE_TEXT);
    for (int i = 0; i < nrows; i++) {
        TRY(cast_insert(b->p, column[i], *t, &rows[i][col]));
        TRY(fold(b, &rows[i][col]));
    }
    return WEIR_OK;
}

static bool any_computed(BExpr ***rows, int nrows, int ncols)
{
    for (int i = 0; i < nrows; i++)
        for (int k = 0; k < ncols; k++)
            if (expr_is_correlated(rows[i][k]) || has_subquery(rows[i][k])) return true;
    return false;
}

/* Rows that depend on those around or on subqueries: each is computed from a row of nothing. */
static Status computed_rows(Binder *b, BExpr ***rows, int nrows, const Field *fields, int ncols, Span at, LNode **out)
{
    LNode **in = new (b->p->arena, LNode *, nrows);
    for (int i = 0; i < nrows; i++) {
        LNode *row = bind_one_row(b, at);
        TRY(attach_values(b->p, b->emit_final, &row, rows[i], ncols));
        in[i] = lnode_project(b->p->arena, row, rows[i], fields, ncols, at);
    }
    *out = nrows == 1 ? in[0] : lnode_union(b->p->arena, in, nrows, at);
    return WEIR_OK;
}

Status bind_values(Binder *b, const Select *s, LNode **out)
{
    Arena *a = b->p->arena;
    int nrows = (int)s->rows.len, ncols = (int)s->rows.data[0].len;
    BExpr ***rows = new (a, BExpr **, nrows);
    Status first = WEIR_OK;
    for (int i = 0; i < nrows; i++) {
        Status st = bind_row(b, &s->rows.data[i], ncols, &rows[i]);
        if (first == WEIR_OK) first = st;
    }
    TRY(first);
    Field *fields = new (a, Field, ncols);
    for (int i = 0; i < ncols; i++) {
        fields[i].name = str_printf(a, "column%d", i + 1);
        TRY(unite_column(b, rows, nrows, i, &fields[i].type));
    }
    Span at = bind_at(b, s->span);
    if (any_computed(rows, nrows, ncols)) return computed_rows(b, rows, nrows, fields, ncols, at, out);
    *out = lnode_values(a, rows, nrows, fields, ncols, at);
    return WEIR_OK;
}
