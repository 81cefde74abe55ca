/* bind_nested.c: ARRAY[…], ROW(…) and MAP[…], slices, and rows compared with rows.
 *
 * Constructors are calls of the internal functions "array", "row" and "map", whose type is known
 * here. (a, b) = (c, d) is a = c AND b = d, so that a NULL in it makes it unknown, as the standard
 * has it; values of type ROW compare as wholes. */
#include "planner/bind.h"
#include "planner/casts.h"
#include "planner/resolve.h"
#include "planner/subquery.h"

static Status bind_items(Binder *b, const ExprContext *c, const Expr *e, BExpr ***out)
{
    *out = new (b->p->arena, BExpr *, e->args.len);
    return bind_list(b, c, (const Expr *const *)e->args.data, (int)e->args.len, *out);
}

/* Casts exprs[0], exprs[step], … to their common type; TEXT where none of them has one. */
static Status bring_together(Binder *b, BExpr **exprs, int n, int step, const char *what, Type *t)
{
    BExpr **list = new (b->p->arena, BExpr *, n);
    int count = 0;
    for (int i = 0; i < n; i += step) list[count++] = exprs[i];
    if (!resolve_common(b->p, list, count, t)) {
        Status st = diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, list[0]->span), "the %s have no common type", what);
        diag_hint(b->p->diags, "write CAST(… AS …)");
        return st;
    }
    if (t->kind == TYPE_NULL) *t = TYPE_OF(TYPE_TEXT);
    for (int i = 0; i < n; i += step) TRY(cast_insert(b->p, exprs[i], *t, &exprs[i]));
    return WEIR_OK;
}

static Status constructed(Binder *b, const char *name, Type t, BExpr **args, int n, Span at, BExpr **out)
{
    const FuncDef *def = registry_func(b->p->catalog->registry, str_z(name), 0);
    if (!def) return bind_unsupported(b, at, "constructors of nested values");
    *out = bexpr_call(b->p->arena, def, t, args, n, bind_at(b, at));
    return WEIR_OK;
}

Status bind_array(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    BExpr **items;
    Type element;
    int n = (int)e->args.len;
    TRY(bind_items(b, c, e, &items));
    TRY(bring_together(b, items, n, 1, "elements of ARRAY", &element));
    return constructed(b, "array", type_array(element, b->p->arena), items, n, e->span, out);
}

/* The fields of ROW(…) are f1, f2, …, until a cast names them. */
Status bind_row_value(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    BExpr **items;
    int n = (int)e->args.len;
    TRY(bind_items(b, c, e, &items));
    TypeField *fields = new (b->p->arena, TypeField, n);
    for (int i = 0; i < n; i++) {
        Type t = items[i]->type.kind == TYPE_NULL ? TYPE_OF(TYPE_TEXT) : items[i]->type;
        fields[i] = (TypeField){str_printf(b->p->arena, "f%d", i + 1), t};
        TRY(cast_insert(b->p, items[i], t, &items[i]));
    }
    Type row = {.kind = TYPE_ROW, .args = fields, .nargs = n};
    return constructed(b, "row", row, items, n, e->span, out);
}

Status bind_map(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    BExpr **items;
    TypeField *parts = new (b->p->arena, TypeField, 2);
    int n = (int)e->args.len;
    if (n % 2)
        return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->span),
                          "MAP takes keys and values in turn, and the last key has no value");
    TRY(bind_items(b, c, e, &items));
    TRY(bring_together(b, items, n, 2, "keys of MAP", &parts[0].type));
    TRY(bring_together(b, items + 1, n - 1, 2, "values of MAP", &parts[1].type));
    return constructed(b, "map", (Type){.kind = TYPE_MAP, .args = parts, .nargs = 2}, items, n, e->span, out);
}

/* ---- rows beside rows ------------------------------------------------------------------------ */

static bool are_rows(const Expr *const *list, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (list[i]->kind != EX_ROW) return false;
    return n > 0;
}

typedef struct RowBinder {
    Binder *b;
    Span at;
} RowBinder;

static Status row_operator(void *arg, const char *op, BExpr *x, BExpr *y, Span at, BExpr **out)
{
    RowBinder *r = arg;
    BExpr **sides = new (r->b->p->arena, BExpr *, 2);
    (void)at;
    sides[0] = x;
    sides[1] = y;
    return bind_operator(r->b, op, sides, 2, r->at, out);
}

static Status rows_beside(Binder *b, const ExprContext *c, const char *op, const Expr *x, const Expr *y, Span at, BExpr **out)
{
    int n = (int)x->args.len;
    BExpr **left = new (b->p->arena, BExpr *, n), **right = new (b->p->arena, BExpr *, n);
    if (n != y->args.len)
        return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, at), "a row of %d values beside one of %d", n,
                          (int)y->args.len);
    TRY(bind_list(b, c, (const Expr *const *)x->args.data, n, left));
    TRY(bind_list(b, c, (const Expr *const *)y->args.data, n, right));
    TRY(rows_compare(b->p->arena, row_operator, &(RowBinder){b, at}, op, left, right, n, at, out));
    (*out)->span = bind_at(b, at);
    return WEIR_OK;
}

static Status negated(Binder *b, BExpr *e, Span at, BExpr **out)
{
    BExpr **arg = new (b->p->arena, BExpr *, 1);
    arg[0] = e;
    return bind_operator(b, "not", arg, 1, at, out);
}

bool is_row_comparison(const Expr *e)
{
    bool compares = e->kind == EX_IN || name_in_list("=,<>,<,<=,>,>=", e->text);
    return compares && e->args.len > 1 && are_rows((const Expr *const *)e->args.data, e->args.len);
}

/* (a, b) = (c, d) and by <>, <, <=, >, >=; (a, b) [NOT] IN ((c, d), …) */
Status bind_row_comparison(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    int n = (int)e->args.len - 1;
    BExpr **ways = new (b->p->arena, BExpr *, n);
    const char *op = e->kind == EX_IN ? "=" : str_cstr(b->p->arena, e->text);
    for (int i = 0; i < n; i++) TRY(rows_beside(b, c, op, e->args.data[0], e->args.data[i + 1], e->span, &ways[i]));
    *out = n == 1 ? ways[0]
                  : bexpr_form(b->p->arena, BE_OR, TYPE_OF(TYPE_BOOLEAN), ways, n, bind_at(b, e->span));
    return e->kind == EX_IN && e->negated ? negated(b, *out, e->span, out) : WEIR_OK;
}
