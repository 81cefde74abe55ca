/* bind_call.c: f(args): scalar functions, and calls that are forms of their own.
 *
 * Aggregates go to bind_agg.c, window accessors (TUMBLE_START) to the grouping. */
#include "planner/bind.h"
#include "planner/casts.h"
#include "planner/resolve.h"

/* ---- clocks and other volatile functions ---------------------------------------------------- */

/* Functions that move by themselves: meaningful in a standing query only as a temporal filter. */
static bool is_clock(Str name)
{
    return name_in_list("now,current_timestamp,current_date,current_time,localtime,localtimestamp,"
                        "transaction_timestamp,statement_timestamp,unix_timestamp,watermark", name);
}

static Status clock_in_standing(Binder *b, Str name, Span at)
{
    Status st =
        diag_error(b->p->diags, WEIR_E_UNSUPPORTED, at,
                   "\"%.*s\" in a standing query: only temporal filters may use it, and they are "
                   "not supported yet",
                   STR_ARG(name));
    diag_hint(b->p->diags, "use the event time of the rows, or proctime()");
    return st;
}

Status bind_no_row(Binder *b, Span at, Str what)
{
    Status st = diag_error(b->p->diags, WEIR_E_TYPE, at,
                           "%.*s is a function of a stream's row, and these rows are derived", STR_ARG(what));
    diag_hint(b->p->diags, "call it where the stream is read: in a subquery in FROM");
    return st;
}

static Status check_volatile(Binder *b, const ExprContext *c, const BExpr *call, const Expr *e)
{
    if (call->kind != BE_CALL || !(call->func->flags & FUNC_VOLATILE) || !b->is_standing)
        return WEIR_OK;
    Span at = bind_at(b, e->span);
    if (is_clock(e->text) || is_clock(str_z(call->func->name)))
        return clock_in_standing(b, e->text, at);
    if (c->props && c->props->has_position) return WEIR_OK;
    return bind_no_row(b, at, str_printf(b->p->arena, "\"%.*s\"", STR_ARG(e->text)));
}

/* ---- forms ---------------------------------------------------------------------------------- */

static Status wrong_count(Binder *b, const Expr *e, const char *takes)
{
    return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->span), "\"%.*s\" takes %s",
                      STR_ARG(e->text), takes);
}

static Status common_args(Binder *b, const Expr *e, BExpr **args, int n, Type *t)
{
    if (!resolve_common(b->p, args, n, t))
        return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->span),
                          "the arguments of \"%.*s\" have no common type", STR_ARG(e->text));
    if (t->kind == TYPE_NULL) *t = TYPE_OF(TYPE_TEXT);
    for (int i = 0; i < n; i++) TRY(cast_insert(b->p, args[i], *t, &args[i]));
    return WEIR_OK;
}

static Status form_coalesce(Binder *b, const Expr *e, BExpr **args, int n, BExpr **out)
{
    Type t;
    if (n < 1) return wrong_count(b, e, "at least one argument");
    TRY(common_args(b, e, args, n, &t));
    *out = bexpr_form(b->p->arena, BE_COALESCE, t, args, n, bind_at(b, e->span));
    return WEIR_OK;
}

/* CASE WHEN x = y THEN NULL ELSE x END */
static Status form_nullif(Binder *b, const Expr *e, BExpr **args, int n, BExpr **out)
{
    if (n != 2) return wrong_count(b, e, "two arguments");
    BExpr **parts = new (b->p->arena, BExpr *, 3);
    BExpr **sides = new (b->p->arena, BExpr *, 2);
    sides[0] = args[0];
    sides[1] = args[1];
    if (args[0]->type.kind == TYPE_NULL)
        args[0] = bexpr_const(b->p->arena, value_null(args[1]->type), args[0]->span);
    TRY(bind_operator(b, "=", sides, 2, e->span, &parts[0]));
    parts[1] = bexpr_const(b->p->arena, value_null(args[0]->type), bind_at(b, e->span));
    parts[2] = args[0];
    *out = bexpr_form(b->p->arena, BE_CASE, args[0]->type, parts, 3, bind_at(b, e->span));
    return WEIR_OK;
}

/* IF(c, x, y) */
static Status form_if(Binder *b, const Expr *e, BExpr **args, int n, BExpr **out)
{
    Type t;
    if (n != 2 && n != 3) return wrong_count(b, e, "a condition and one or two values");
    TRY(plan_cast(b->p, args[0], TYPE_OF(TYPE_BOOLEAN), true, &args[0]));
    TRY(common_args(b, e, args + 1, n - 1, &t));
    *out = bexpr_form(b->p->arena, BE_CASE, t, args, n, bind_at(b, e->span));
    return WEIR_OK;
}

typedef struct Form {
    const char *names;
    Status (*bind)(Binder *b, const Expr *e, BExpr **args, int n, BExpr **out);
} Form;
static const Form FORMS[] = {
    {"coalesce,ifnull,nvl", form_coalesce},
    {"nullif", form_nullif},
    {"if,iif,iff", form_if},
};

static const Form *find_form(Str name)
{
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++)
        if (name_in_list(FORMS[i].names, name)) return &FORMS[i];
    return NULL;
}

/* ---- arguments ------------------------------------------------------------------------------ */

/* EXTRACT(YEAR FROM ts), TIMESTAMPADD(HOUR, 1, ts): a unit is written like a column. */
static bool takes_unit_first(Str name)
{
    return name_in_list(
        "extract,date_part,datepart,date_trunc,timestampadd,timestampdiff,datediff,dateadd", name);
}

static bool is_unit_word(const ExprContext *c, const Expr *e)
{
    bool ambiguous;
    if (e->kind != EX_COLUMN || e->parts.len != 1 || e->parts.data[0].quoted) return false;
    return !c->scope || !scope_find(c->scope, (Str){0}, e->parts.data[0].text, &ambiguous) ||
           name_in_list(
               "microsecond,millisecond,second,minute,hour,day,week,month,quarter,year,dow,doy,"
               "isodow,isoyear,epoch,decade,century,millennium",
               e->parts.data[0].text);
}

static BExpr *unit_text(Binder *b, const Expr *e)
{
    Str unit = str_lower(b->p->arena, e->parts.data[0].text);
    return bexpr_const(b->p->arena, value_text(unit), bind_at(b, e->span));
}

static Status bind_call_args(Binder *b, const ExprContext *c, const Expr *e, BExpr ***out)
{
    int n = (int)e->args.len, first = 0;
    BExpr **args = new (b->p->arena, BExpr *, n);
    *out = args;
    if (n > 0 && takes_unit_first(e->text) && is_unit_word(c, e->args.data[0]))
        args[first++] = unit_text(b, e->args.data[0]);
    return bind_list(b, c, (const Expr *const *)e->args.data + first, n - first, args + first);
}

static Status check_decorations(Binder *b, const Expr *e)
{
    const CallInfo *i = e->call;
    if (!i) return WEIR_OK;
    const char *what = i->is_distinct       ? "DISTINCT"
                       : i->filter          ? "FILTER"
                       : i->order_by.len    ? "ORDER BY"
                       : i->nulls           ? "IGNORE NULLS"
                                            : NULL;
    if (!what) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->span),
                      "%s belongs to an aggregate, and \"%.*s\" is a function", what,
                      STR_ARG(e->text));
}

static bool is_callable(const Binder *b, Str name)
{
    const FuncDef *d;
    for (int i = 0; (d = registry_func(b->p->catalog->registry, name, i)) != NULL; i++)
        if (!(d->flags & FUNC_INTERNAL)) return true;
    return false;
}

static Status bind_scalar_call(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    TRY(check_decorations(b, e));
    const Form *form = find_form(e->text);
    bool is_known = form || is_callable(b, e->text);
    BExpr **args;
    Status st = bind_call_args(b, c, e, &args);
    if (!is_known) return resolve_unknown(b->p, e->text, bind_at(b, e->op_span));
    TRY(st);
    int n = (int)e->args.len;
    if (form) return form->bind(b, e, args, n, out);
    TRY(resolve_func(b->p, e->text, args, n, false, bind_at(b, e->span), out));
    return check_volatile(b, c, *out, e);
}

static Status misplaced_window(Binder *b, const Expr *e)
{
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, e->span),
                           "\"%.*s\" stands in GROUP BY or in FROM", STR_ARG(e->text));
    diag_hint(b->p->diags, "select window_start and window_end");
    return st;
}

static Status misplaced_grouping(Binder *b, const ExprContext *c, const Expr *e)
{
    return diag_error(b->p->diags, WEIR_E_GROUP, bind_at(b, e->span), "%s takes no GROUPING",
                      c->in_aggregate ? "an aggregate" : c->clause);
}

static Status needs_over(Binder *b, const Expr *e)
{
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, e->span),
                           "\"%.*s\" needs OVER (…)", STR_ARG(e->text));
    diag_hint(b->p->diags, "%.*s() OVER (PARTITION BY … ORDER BY …)", STR_ARG(e->text));
    return st;
}

Status bind_call(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    const WindowDef *d;
    if (e->parts.len > 1)
        return diag_error(b->p->diags, WEIR_E_NAME, bind_at(b, e->span),
                          "functions have no schema: write \"%.*s\"", STR_ARG(e->text));
    if (e->call && e->call->over) return bind_over_call(b, c, e, out);
    if (registry_has_agg(b->p->catalog->registry, e->text)) return bind_aggregate_call(b, c, e, out);
    if (is_over_function(e->text)) return needs_over(b, e);
    if (is_grouping_call(b, e)) {
        if (c->grouping && !c->in_aggregate) return grouping_call(c->grouping, c, e, out);
        return misplaced_grouping(b, c, e);
    }
    if (window_accessor(b, e, &d) != WINCOL_NONE) {
        if (c->grouping && !c->in_aggregate) return grouping_accessor(c->grouping, c, e, out);
        return misplaced_window(b, e);
    }
    if (is_group_window(b, e) && !registry_func(b->p->catalog->registry, e->text, 0))
        return misplaced_window(b, e);
    return bind_scalar_call(b, c, e, out);
}
