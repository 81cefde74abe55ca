/* bind_subquery.c: subqueries in expressions, and names that mean columns of a query around them.
 *
 * While a subquery is bound, a frame on the stack knows the expression context that it stands in. A
 * name that its own FROM does not have is bound there (or further out) and becomes a parameter. */
#include "planner/bind.h"
#include "parser/unparse.h"
#include "planner/casts.h"
#include "planner/resolve.h"
#include "planner/subquery.h"

/* ---- names of outer queries -------------------------------------------------------------------- */

static BExpr *parameter(Binder *b, OuterFrame *f, BExpr *e)
{
    ptrdiff_t i = 0;
    while (i < f->params.len && !bexpr_eq(f->params.data[i], e)) i++;
    if (i == f->params.len) vec_push(&f->params, b->p->arena, e);
    return bexpr_outer(b->p->arena, (int32_t)i, e->type, e->span);
}

/* Binds e outside of frame f by `bind`, where that context or one around it has it. */
static Status bind_outside(Binder *b, OuterFrame *f, const Expr *e, BExpr **out)
{
    BExpr *value = NULL;
    Status st = WEIR_OK;
    if (!f) return WEIR_OK;
    b->frame = f->outer;
    if (!f->hidden && context_has(f->context, e))
        st = bind_expr(b, f->context, e, &value);
    else
        st = bind_outside(b, f->outer, e, &value);
    b->frame = f;
    if (st == WEIR_OK && value) *out = parameter(b, f, value);
    return st;
}

Status bind_outer_column(Binder *b, const Expr *e, BExpr **out)
{
    *out = NULL;
    return bind_outside(b, b->frame, e, out);
}

static bool reads_column(const BExpr *e)
{
    if (e->kind == BE_COLUMN || e->kind == BE_SUBQUERY) return true;
    for (int i = 0; i < e->nargs; i++)
        if (reads_column(e->args[i])) return true;
    return false;
}

/* An aggregate of nothing but outer columns belongs to the query around, if that is grouped. */
Status bind_outer_aggregate(Binder *b, const Expr *e, const LAgg *agg, ptrdiff_t nparams, BExpr **out)
{
    OuterFrame *f = b->frame;
    bool is_outer = false;
    *out = NULL;
    for (int i = 0; i < agg->nargs; i++) {
        if (reads_column(agg->args[i])) return WEIR_OK;
        is_outer |= expr_is_correlated(agg->args[i]);
    }
    if (!f || f->hidden || !is_outer || (agg->filter && reads_column(agg->filter))) return WEIR_OK;
    if (!f->context->grouping || f->context->in_aggregate) return WEIR_OK;
    BExpr *value;
    b->frame = f->outer;
    Status st = bind_expr(b, f->context, e, &value);
    b->frame = f;
    f->params.len = nparams;
    if (st == WEIR_OK) *out = parameter(b, f, value);
    return st;
}

/* ---- plans with parameters --------------------------------------------------------------------- */

Status bind_correlated(Binder *b, const ExprContext *c, const Select *q, LNode **plan, BExpr ***params,
                       int32_t *nparams)
{
    OuterFrame f = {.context = c, .outer = b->frame};
    b->frame = &f;
    Status st = bind_select(b, q, false, plan);
    b->frame = f.outer;
    *params = f.params.data;
    *nparams = (int32_t)f.params.len;
    return st;
}

/* The frames between here and the one a common table was defined in do not exist for it. */
void frames_hide(Binder *b, const OuterFrame *seen, int by)
{
    for (OuterFrame *f = b->frame; f && f != seen; f = f->outer) f->hidden += by;
}

/* ---- the expressions ---------------------------------------------------------------------------- */

static Str text_of(Binder *b, const Expr *e)
{
    StrBuf t = {.arena = b->p->arena};
    unparse_expr(&t, e);
    return sb_done(&t);
}

static Status make(Binder *b, const Expr *e, Subquery *sub, Type t, BExpr *const *operands, BExpr *const *params,
                   int32_t nparams, BExpr **out)
{
    BExpr **args = new (b->p->arena, BExpr *, sub->noperands + nparams);
    for (int i = 0; i < sub->noperands; i++) args[i] = operands[i];
    for (int i = 0; i < nparams; i++) args[sub->noperands + i] = params[i];
    sub->text = text_of(b, e);
    *out = bexpr_subquery(b->p->arena, sub, t, args, sub->noperands + nparams, bind_at(b, e->span));
    return WEIR_OK;
}

static Status check_place(Binder *b, const ExprContext *c, const Expr *e)
{
    if (b->is_standing && c->scope) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_VALUE, bind_at(b, e->span), "%s takes no subquery", c->clause);
}

Status bind_scalar_subquery(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    Subquery *sub = new_one(b->p->arena, Subquery);
    BExpr **params;
    int32_t n;
    TRY(check_place(b, c, e));
    TRY(bind_correlated(b, c, e->query, &sub->plan, &params, &n));
    sub->kind = SUBQUERY_SCALAR;
    if (sub->plan->nfields == 1) return make(b, e, sub, sub->plan->fields[0].type, NULL, params, n, out);
    return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->span),
                      "a subquery as a value has one column, and this has %d", sub->plan->nfields);
}

Status bind_exists(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    Subquery *sub = new_one(b->p->arena, Subquery);
    BExpr **params;
    int32_t n;
    TRY(check_place(b, c, e));
    TRY(bind_correlated(b, c, e->query, &sub->plan, &params, &n));
    sub->kind = SUBQUERY_EXISTS;
    return make(b, e, sub, TYPE_OF(TYPE_BOOLEAN), NULL, params, n, out);
}

/* ---- IN, ANY, ALL ------------------------------------------------------------------------------- */

static Status bind_operands(Binder *b, const ExprContext *c, const Expr *left, BExpr ***out, int32_t *n)
{
    bool is_row = left->kind == EX_ROW;
    *n = is_row ? (int32_t)left->args.len : 1;
    *out = new (b->p->arena, BExpr *, *n);
    return bind_list(b, c, is_row ? (const Expr *const *)left->args.data : &left, *n, *out);
}

/* Operand i and column i of the plan get one type; constants keep their freedom. */
static Status unite(Binder *b, const Expr *e, LNode **plan, BExpr **operands, int32_t n)
{
    Arena *a = b->p->arena;
    BExpr **cols = new (a, BExpr *, n);
    bool same = true;
    for (int i = 0; i < n; i++) {
        const LNode *p = *plan;
        BExpr *col = bexpr_column(a, i, p->fields[i].type, bind_at(b, e->span));
        bool is_const = p->kind == L_PROJECT && p->exprs[i]->kind == BE_CONST;
        BExpr *pair[] = {operands[i], is_const ? p->exprs[i] : col};
        Type t;
        if (is_const && p->exprs[i]->value.is_null)
            pair[1] = bexpr_const(a, value_null(TYPE_OF(TYPE_NULL)), p->span);
        if (!resolve_common(b->p, pair, 2, &t))
            return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->span), "no common type of %.*s and %.*s",
                              STR_ARG(type_name(operands[i]->type, a)), STR_ARG(type_name(col->type, a)));
        if (t.kind == TYPE_NULL) t = TYPE_OF(TYPE_TEXT);
        TRY(cast_insert(b->p, operands[i], t, &operands[i]));
        cols[i] = col;
        if (cast_is_needless(col->type, t)) continue;
        TRY(cast_insert(b->p, pair[1], t, &cols[i]));
        same = false;
    }
    if (!same) *plan = lnode_project(a, *plan, cols, (*plan)->fields, n, (*plan)->span);
    return WEIR_OK;
}

/* x op ALL (…) is NOT x op' ANY (…), op' being the opposite of op; IN is = ANY. */
typedef struct Comparison {
    const char *op, *opposite;
} Comparison;
static const Comparison COMPARISONS[] = {{"=", "<>"}, {"<>", "="}, {"<", ">="},
                                         {">=", "<"}, {">", "<="}, {"<=", ">"}};

static const Comparison *comparison(Str op)
{
    for (size_t i = 0; i < sizeof COMPARISONS / sizeof *COMPARISONS; i++)
        if (str_eq(str_z(COMPARISONS[i].op), op)) return &COMPARISONS[i];
    return NULL;
}

static Status bind_any(Binder *b, const ExprContext *c, const Expr *e, const char *op, bool negated, BExpr **out)
{
    Subquery *sub = new_one(b->p->arena, Subquery);
    BExpr **params, **operands;
    int32_t n, noperands;
    TRY(check_place(b, c, e));
    Status left = bind_operands(b, c, e->args.data[0], &operands, &noperands);
    TRY(bind_correlated(b, c, e->query, &sub->plan, &params, &n));
    TRY(left);
    if (sub->plan->nfields != noperands)
        return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->span),
                          "the subquery has %d columns, and %d value%s compared with it", sub->plan->nfields,
                          noperands, noperands == 1 ? " is" : "s are");
    TRY(unite(b, e, &sub->plan, operands, noperands));
    sub->kind = SUBQUERY_ANY;
    sub->noperands = noperands;
    sub->op = op;
    TRY(make(b, e, sub, TYPE_OF(TYPE_BOOLEAN), operands, params, n, out));
    if (!negated) return WEIR_OK;
    BExpr **arg = new (b->p->arena, BExpr *, 1);
    arg[0] = *out;
    return bind_operator(b, "not", arg, 1, e->span, out);
}

Status bind_in_query(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    return bind_any(b, c, e, "=", e->negated, out);
}

/* ---- ANY, ALL of an array ----------------------------------------------------------------------- */

static Status array_call(Binder *b, const char *name, BExpr *x, BExpr *y, Span at, BExpr **out)
{
    BExpr **args = new (b->p->arena, BExpr *, 2);
    args[0] = x;
    args[1] = y;
    return bind_operator(b, name, args, y ? 2 : 1, at, out);
}

/* Whether some element fulfils x op element: the least and the greatest tell, but for =. */
static Status array_finds(Binder *b, const char *op, BExpr *x, BExpr *array, Span at, BExpr **out)
{
    BExpr *least, *most, *other, **ways = new (b->p->arena, BExpr *, 2);
    if (strcmp(op, "=") == 0) return array_call(b, "array_contains", array, x, at, out);
    TRY(array_call(b, "array_min", array, NULL, at, &least));
    TRY(array_call(b, "array_max", array, NULL, at, &most));
    TRY(array_call(b, op, x, op[0] == '>' ? least : most, at, out));
    if (strcmp(op, "<>") != 0) return WEIR_OK;
    TRY(array_call(b, op, x, least, at, &other));
    ways[0] = *out;
    ways[1] = other;
    *out = bexpr_form(b->p->arena, BE_OR, TYPE_OF(TYPE_BOOLEAN), ways, 2, bind_at(b, at));
    return WEIR_OK;
}

/* CASE WHEN found THEN TRUE WHEN the array is empty THEN FALSE
 *      WHEN it is NULL OR holds a NULL OR x is NULL THEN NULL ELSE FALSE END */
static Status array_any(Binder *b, const char *op, BExpr *x, BExpr *array, Span at, BExpr **out)
{
    Arena *a = b->p->arena;
    Type boolean = TYPE_OF(TYPE_BOOLEAN);
    BExpr *zero = bexpr_const(a, value_int(0), at), *null = bexpr_const(a, value_null(array->type.args[0].type), at);
    BExpr *n, *known, **parts = new (a, BExpr *, 7), **holds = new (a, BExpr *, 3);
    TRY(array_finds(b, op, x, array, at, &parts[0]));
    TRY(array_call(b, "cardinality", array, NULL, at, &n));
    TRY(array_call(b, "=", n, zero, at, &parts[2]));
    TRY(array_call(b, "array_remove", array, null, at, &known));
    TRY(array_call(b, "cardinality", known, NULL, at, &known));
    TRY(array_call(b, "is_null", array, NULL, at, &holds[0]));
    TRY(array_call(b, "<", known, n, at, &holds[1]));
    TRY(array_call(b, "is_null", x, NULL, at, &holds[2]));
    parts[1] = bexpr_const(a, value_bool(true), at);
    parts[3] = parts[6] = bexpr_const(a, value_bool(false), at);
    parts[4] = bexpr_form(a, BE_OR, boolean, holds, 3, at);
    parts[5] = bexpr_const(a, value_null(boolean), at);
    *out = bexpr_form(a, BE_CASE, boolean, parts, 7, bind_at(b, at));
    return WEIR_OK;
}

static Status bind_array_any(Binder *b, const ExprContext *c, const Expr *e, const Comparison *op, BExpr **out)
{
    BExpr *args[2];
    TRY(bind_list(b, c, (const Expr *const *)e->args.data, 2, args));
    if (args[1]->type.kind != TYPE_ARRAY || args[1]->type.nargs != 1)
        return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->args.data[1]->span),
                          "ANY and ALL take a subquery or an ARRAY of a written type");
    TRY(array_any(b, e->is_all ? op->opposite : op->op, args[0], args[1], e->span, out));
    return e->is_all ? array_call(b, "not", *out, NULL, e->span, out) : WEIR_OK;
}

Status bind_quantified(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    const Comparison *op = comparison(e->text);
    if (!op) return bind_unsupported(b, e->op_span, "ANY and ALL with this operator");
    if (!e->query) return bind_array_any(b, c, e, op, out);
    return bind_any(b, c, e, e->is_all ? op->opposite : op->op, e->is_all, out);
}
