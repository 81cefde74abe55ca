/* bind_agg.c: calls of aggregates: arguments, FILTER, and the order in which rows are taken.
 *
 * An aggregate that depends on order always gets a whole one: what was written, else the event
 * time; then position, or, where rows have none, the columns that tell them apart. */
#include "base/decimal.h"
#include "planner/bind.h"
#include "planner/resolve.h"

/* ---- where aggregates may stand ------------------------------------------------------------- */

static Status misplaced(Binder *b, const ExprContext *c, const Expr *e)
{
    Span at = bind_at(b, e->span);
    if (c->in_aggregate)
        return diag_error(b->p->diags, WEIR_E_GROUP, at, "aggregate \"%.*s\" inside an aggregate",
                          STR_ARG(e->text));
    Status st = diag_error(b->p->diags, WEIR_E_GROUP, at, "%s takes no aggregate (\"%.*s\")",
                           c->clause, STR_ARG(e->text));
    if (strcmp(c->clause, "WHERE") == 0)
        diag_hint(b->p->diags, "conditions on aggregates go to HAVING");
    return st;
}

/* ---- order ---------------------------------------------------------------------------------- */

static void add_order(LAgg *agg, BExpr *e, bool descending, bool nulls_first)
{
    for (int i = 0; i < agg->norder; i++)
        if (bexpr_eq(agg->order[i].expr, e)) return;
    agg->order[agg->norder++] = (LOrder){e, descending, nulls_first};
}

static Status add_written_order(Binder *b, const ExprContext *c, const OrderList *list, LAgg *agg)
{
    for (int i = 0; i < list->len; i++) {
        const OrderItem *o = &list->data[i];
        BExpr *e;
        TRY(bind_expr(b, c, o->expr, &e));
        bool first = o->nulls == NULLS_DEFAULT ? !o->is_desc : o->nulls == NULLS_FIRST;
        add_order(agg, e, o->is_desc, first);
    }
    return WEIR_OK;
}

static BExpr *column_of(Binder *b, const LNode *in, int32_t col, Span at)
{
    return bexpr_column(b->p->arena, col, in->fields[col].type, at);
}

static Status unseen_order(Binder *b, const LAgg *agg)
{
    Status st = diag_error(b->p->diags, WEIR_E_SYNTAX, agg->span,
                           "\"%s\" takes rows in an order, and the subquery's is by what it does not select", agg->def->name);
    diag_hint(b->p->diags, "add ORDER BY inside the call, or select what the subquery orders by");
    return st;
}

/* Completes the order so that no two rows are equal in it. */
static Status add_implicit_order(Binder *b, const LNode *in, LAgg *agg)
{
    const Props *p = &in->props;
    if (agg->norder == 0 && in->nsorted < 0) return unseen_order(b, agg);
    for (int i = 0, none = agg->norder == 0; i < in->nsorted && none; i++)
        add_order(agg, column_of(b, in, in->sorted[i].col, agg->span), in->sorted[i].descending, in->sorted[i].nulls_first);
    int32_t time = p->row_time >= 0 ? p->row_time : p->time_col;
    if (agg->norder == 0 && time >= 0) add_order(agg, column_of(b, in, time, agg->span), false, true);
    agg->by_position = p->has_position;
    if (p->has_position) return WEIR_OK;
    int32_t *cols, n = lnode_identity(in, b->p->arena, &cols);
    for (int i = 0; i < n; i++) add_order(agg, column_of(b, in, cols[i], agg->span), false, true);
    return WEIR_OK;
}

static Status bind_order(Binder *b, const ExprContext *c, const LNode *in, const OrderList *written,
                         LAgg *agg)
{
    if (!(agg->def->flags & AGG_ORDERED)) return WEIR_OK; /* an order would show in nothing */
    ptrdiff_t n = (written ? written->len : 0) + in->nfields + 1 + (in->nsorted > 0 ? in->nsorted : 0);
    agg->order = new (b->p->arena, LOrder, n);
    if (written) TRY(add_written_order(b, c, written, agg));
    return add_implicit_order(b, in, agg);
}

/* ---- arguments ------------------------------------------------------------------------------ */

static bool is_star_call(const Expr *e)
{
    return e->args.len == 1 && e->args.data[0]->kind == EX_STAR;
}

/* percentile_cont(0.5) WITHIN GROUP (ORDER BY x) is percentile_cont(x, 0.5). */
static bool takes_group_order(const Binder *b, const Expr *e)
{
    const AggDef *d = registry_agg(b->p->catalog->registry, e->text, 0);
    return e->call && e->call->is_within_group && !(d->flags & AGG_ORDERED);
}

static Status within_group(Binder *b, const ExprContext *c, const Expr *e, LAgg *agg)
{
    const OrderList *o = &e->call->order_by;
    if (o->len != 1)
        return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, o->data[1].expr->span),
                          "\"%.*s\" is of one value: WITHIN GROUP orders by that alone", STR_ARG(e->text));
    agg->descending = o->data[0].is_desc;
    return bind_expr(b, c, o->data[0].expr, &agg->args[0]);
}

static Status bind_agg_args(Binder *b, const ExprContext *c, const Expr *e, LAgg *agg)
{
    int n = is_star_call(e) ? 0 : (int)e->args.len, first = takes_group_order(b, e) ? 1 : 0;
    agg->args = new (b->p->arena, BExpr *, n + 1);
    agg->nargs = n + first;
    if (first) TRY(within_group(b, c, e, agg));
    return bind_list(b, c, (const Expr *const *)e->args.data, n, agg->args + first);
}

/* IGNORE NULLS: rows whose value is NULL are left out, as by a filter. */
static Status add_ignore_nulls(Binder *b, const Expr *e, LAgg *agg)
{
    if (!e->call || e->call->nulls != IGNORE_NULLS || agg->nargs == 0) return WEIR_OK;
    BExpr **arg = new (b->p->arena, BExpr *, 1), *test;
    arg[0] = agg->args[0];
    TRY(bind_operator(b, "is_not_null", arg, 1, e->span, &test));
    agg->filter = bexpr_and(b->p->arena, agg->filter, test);
    return WEIR_OK;
}

static Status bind_filter(Binder *b, const ExprContext *c, const Expr *e, LAgg *agg)
{
    if (!e->call || !e->call->filter) return WEIR_OK;
    ExprContext inner = *c;
    inner.clause = "FILTER";
    return bind_condition(b, &inner, e->call->filter, &agg->filter);
}

/* ---- text ----------------------------------------------------------------------------------- */

static void print_args(StrBuf *t, const LAgg *agg, const Str *names)
{
    if (agg->nargs == 0 && (agg->def->flags & AGG_STAR)) sb_char(t, '*');
    if (agg->distinct) sb_lit(t, "DISTINCT ");
    for (int i = 0; i < agg->nargs; i++) {
        if (i) sb_lit(t, ", ");
        bexpr_print(t, agg->args[i], names);
    }
    if (agg->descending) sb_lit(t, " DESC");
}

static void print_order(StrBuf *t, const LAgg *agg, int written, const Str *names)
{
    for (int i = 0; i < written; i++) {
        sb_z(t, i ? ", " : " ORDER BY ");
        bexpr_print(t, agg->order[i].expr, names);
        if (agg->order[i].descending) sb_lit(t, " DESC");
        if (agg->order[i].nulls_first == agg->order[i].descending)
            sb_z(t, agg->order[i].nulls_first ? " NULLS FIRST" : " NULLS LAST");
    }
}

Str agg_text(Binder *b, const LNode *in, const LAgg *agg, int written)
{
    Str *names = new (b->p->arena, Str, in->nfields);
    for (int i = 0; i < in->nfields; i++) names[i] = in->fields[i].name;
    StrBuf t = {.arena = b->p->arena};
    sb_printf(&t, "%s(", agg->def->name);
    print_args(&t, agg, names);
    print_order(&t, agg, written, names);
    sb_char(&t, ')');
    if (agg->filter) {
        sb_lit(&t, " FILTER (WHERE ");
        bexpr_print(&t, agg->filter, names);
        sb_char(&t, ')');
    }
    return sb_done(&t);
}

/* ---- the call ------------------------------------------------------------------------------- */

static bool is_constant_filter(const LAgg *agg)
{
    return agg->filter && agg->filter->kind == BE_CONST && !agg->filter->value.is_null &&
           agg->filter->value.i == 1;
}

static bool takes_star(const Binder *b, const Expr *e)
{
    const AggDef *d = registry_agg(b->p->catalog->registry, e->text, 0);
    return (d->flags & AGG_STAR) != 0;
}

static double number_of(const Value *v)
{
    if (v->type.kind == TYPE_DOUBLE) return v->d;
    return v->type.kind == TYPE_DECIMAL ? decimal_to_double(v->dec, v->type.scale) : (double)v->i;
}

/* What an aggregate wants of its arguments besides their types. */
static Status check_constants(Binder *b, const LAgg *agg)
{
    Diags *d = b->p->diags;
    for (int i = 1; (agg->def->flags & AGG_CONST_REST) && i < agg->nargs; i++) {
        const BExpr *e = agg->args[i];
        if (e->kind != BE_CONST || e->value.is_null)
            return diag_error(d, WEIR_E_TYPE, e->span, "\"%s\" takes a constant here", agg->def->name);
    }
    if (!(agg->def->flags & AGG_FRACTION) || agg->nargs < 2) return WEIR_OK;
    double f = number_of(&agg->args[1]->value);
    if (f >= 0 && f <= 1) return WEIR_OK;
    Status st = diag_error(d, WEIR_E_VALUE, agg->args[1]->span, "\"%s\" takes a fraction from 0 to 1", agg->def->name);
    diag_hint(d, "0.95 asks for the 95th percentile");
    return st;
}

static Status finish_agg(Binder *b, const ExprContext *c, const Expr *e, LAgg *agg)
{
    const OrderList *written = e->call && !takes_group_order(b, e) ? &e->call->order_by : NULL;
    bool is_star = is_star_call(e) || (agg->nargs == 0 && takes_star(b, e));
    TRY(resolve_agg(b->p, e->text, agg->args, agg->nargs, is_star, agg->span, &agg->def,
                    &agg->type));
    TRY(check_constants(b, agg));
    agg->distinct = e->call && e->call->is_distinct;
    bool is_ordered = (agg->def->flags & AGG_ORDERED) != 0;
    const LNode *in = is_ordered ? grouping_identified(c->grouping) : grouping_input(c->grouping);
    TRY(bind_order(b, c, in, written, agg));
    if (is_constant_filter(agg)) agg->filter = NULL;
    int shown = written && agg->norder ? (int)written->len : 0;
    agg->text = agg_text(b, in, agg, shown < agg->norder ? shown : agg->norder);
    return WEIR_OK;
}

/* Where a query takes no aggregate of its own, there may be one of the query around it. */
static bool may_be_outer(const Binder *b, const ExprContext *c)
{
    return b->frame && b->frame->context->grouping && !c->in_aggregate;
}

Status bind_aggregate_call(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    bool is_misplaced = !c->grouping || c->in_aggregate;
    if (is_misplaced && !may_be_outer(b, c)) return misplaced(b, c, e);
    ExprContext inner = *c;
    inner.in_aggregate = true;
    inner.aliases = NULL;
    inner.overs = NULL;
    LAgg agg = {.span = bind_at(b, e->span)};
    ptrdiff_t nparams = b->frame ? b->frame->params.len : 0;
    Status args = bind_agg_args(b, &inner, e, &agg), filter = bind_filter(b, &inner, e, &agg);
    TRY(args);
    TRY(filter);
    TRY(bind_outer_aggregate(b, e, &agg, nparams, out));
    if (*out) return WEIR_OK;
    if (is_misplaced) return misplaced(b, c, e);
    TRY(add_ignore_nulls(b, e, &agg));
    TRY(finish_agg(b, &inner, e, &agg));
    return grouping_add_agg(c->grouping, &agg, out);
}

/* An order of its own; rows equal in it come in the order of the window. */
static Status bind_own_order(Binder *b, const ExprContext *c, const Expr *e, LAgg *agg)
{
    const OrderList *written = &e->call->order_by;
    if (takes_group_order(b, e) || !(agg->def->flags & AGG_ORDERED)) return WEIR_OK;
    agg->order = new (b->p->arena, LOrder, written->len);
    return add_written_order(b, c, written, agg);
}

Status bind_over_aggregate(Binder *b, const ExprContext *c, const Expr *e, LAgg *agg)
{
    Status args = bind_agg_args(b, c, e, agg), filter = bind_filter(b, c, e, agg);
    TRY(args);
    TRY(filter);
    TRY(add_ignore_nulls(b, e, agg));
    bool is_star = is_star_call(e) || (agg->nargs == 0 && takes_star(b, e));
    TRY(resolve_agg(b->p, e->text, agg->args, agg->nargs, is_star, agg->span, &agg->def,
                    &agg->type));
    TRY(check_constants(b, agg));
    TRY(bind_own_order(b, c, e, agg));
    agg->distinct = e->call->is_distinct;
    if (is_constant_filter(agg)) agg->filter = NULL;
    return WEIR_OK;
}
