/* bind_expr.c: expressions: names become columns, operators become calls, types become known.
 *
 * One row of the table at the end per kind of expression. Operators are functions of the registry
 * under their own spelling; only forms that evaluate some of their parts conditionally are kinds
 * of their own (AND, OR, CASE, COALESCE, IN). */
#include "parser/unparse.h"
#include "base/decimal.h"
#include "planner/bind.h"
#include "planner/casts.h"
#include "planner/resolve.h"

typedef Status (*BindKind)(Binder *b, const ExprContext *c, const Expr *e, BExpr **out);

Span bind_at(const Binder *b, Span at)
{
    return b->in_view ? b->view_span : at;
}

Status bind_unsupported(Binder *b, Span at, const char *what)
{
    return diag_error(b->p->diags, WEIR_E_UNSUPPORTED, bind_at(b, at), "%s: not supported yet",
                      what);
}

/* Whether a value of type t is the same number as a DECIMAL of type `as`. */
static bool keeps_digits(Type t, Type as)
{
    Type d = decimal_type_of(t);
    return d.scale <= as.scale && d.precision - d.scale <= as.precision - as.scale;
}

/* 38 digits don't hold both sides: they are compared as they are. */
static bool are_apart(const BExpr *x, const BExpr *y)
{
    bool any = x->type.kind == TYPE_DECIMAL || y->type.kind == TYPE_DECIMAL;
    bool all = (x->type.kind == TYPE_DECIMAL || x->type.kind == TYPE_BIGINT) &&
               (y->type.kind == TYPE_DECIMAL || y->type.kind == TYPE_BIGINT);
    if (!any || !all) return false;
    Type common = decimal_type_common(x->type, y->type);
    return !keeps_digits(x->type, common) || !keeps_digits(y->type, common);
}

static bool is_comparison(const char *name)
{
    return name_in_list("=,<>,<,<=,>,>=,is_distinct,is_not_distinct", str_z(name));
}

Status bind_operator(Binder *b, const char *name, BExpr **args, int nargs, Span at, BExpr **out)
{
    if (nargs == 2 && is_comparison(name) && are_apart(args[0], args[1]))
        name = str_printf(b->p->arena, "%s of digits", name).p;
    if (!registry_func(b->p->catalog->registry, str_z(name), 0))
        return diag_error(b->p->diags, WEIR_E_UNSUPPORTED, bind_at(b, at),
                          "operator \"%s\": not supported yet", name);
    return resolve_func(b->p, str_z(name), args, nargs, true, bind_at(b, at), out);
}

Status bind_list(Binder *b, const ExprContext *c, const Expr *const *list, int n, BExpr **out)
{
    Status first = WEIR_OK;
    for (int i = 0; i < n; i++) {
        Status st = bind_expr(b, c, list[i], &out[i]);
        if (first == WEIR_OK) first = st;
    }
    return first;
}

static Status bind_args(Binder *b, const ExprContext *c, const Expr *e, BExpr ***out)
{
    *out = new (b->p->arena, BExpr *, e->args.len);
    return bind_list(b, c, (const Expr *const *)e->args.data, (int)e->args.len, *out);
}

static BExpr **pair(Binder *b, BExpr *x, BExpr *y)
{
    BExpr **args = new (b->p->arena, BExpr *, 2);
    args[0] = x;
    args[1] = y;
    return args;
}

static Status bind_not(Binder *b, BExpr *e, Span at, BExpr **out)
{
    return bind_operator(b, "not", pair(b, e, NULL), 1, at, out);
}

/* `x NOT LIKE y` and its kind. */
static Status negate_if(Binder *b, const Expr *e, BExpr *positive, BExpr **out)
{
    if (!e->negated) {
        *out = positive;
        return WEIR_OK;
    }
    return bind_not(b, positive, e->span, out);
}

/* ---- names ---------------------------------------------------------------------------------- */

static WindowColumn window_column_named(Str name)
{
    if (str_ieq(name, S("window_start"))) return WINCOL_START;
    if (str_ieq(name, S("window_end"))) return WINCOL_END;
    if (str_ieq(name, S("window_time"))) return WINCOL_TIME;
    if (str_ieq(name, S("window_no"))) return WINCOL_NO;
    return WINCOL_NONE;
}

static const OutputItem *find_alias(const ExprContext *c, Str name)
{
    if (!c->aliases) return NULL;
    for (int i = 0; i < c->aliases->n; i++) {
        const OutputItem *item = &c->aliases->items[i];
        if (item->is_named && item->expr && str_ieq(item->name, name)) return item;
    }
    return NULL;
}

/* current_timestamp and its like are written without parentheses. */
static bool is_bare_function(Str name)
{
    return name_in_list("current_timestamp,current_date,current_time,localtimestamp,localtime",
                        name);
}

static Status bind_bare_function(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    Expr call = *e;
    call.kind = EX_CALL;
    call.text = e->parts.data[0].text;
    return bind_call(b, c, &call, out);
}

static Status bind_alias(Binder *b, const ExprContext *c, const OutputItem *item, BExpr **out)
{
    ExprContext inner = *c;
    inner.aliases = NULL;
    return bind_expr(b, &inner, item->expr, out);
}

static Status no_columns(Binder *b, const ExprContext *c, const Expr *e)
{
    return diag_error(b->p->diags, WEIR_E_NAME, bind_at(b, e->span),
                      "%s takes a constant, and \"%.*s\" is a column", c->clause,
                      STR_ARG(e->parts.data[0].text));
}

bool context_has(const ExprContext *c, const Expr *e)
{
    const Name *parts = e->parts.data;
    bool ambiguous = false;
    if (e->parts.len == 1) {
        WindowColumn which = window_column_named(parts[0].text);
        if (which != WINCOL_NONE && c->grouping && !c->in_aggregate && grouping_has_window(c->grouping)) return true;
        if (find_alias(c, parts[0].text)) return true;
    }
    if (!c->scope) return false;
    if (e->parts.len > 1 && (scope_find(c->scope, parts[0].text, parts[1].text, &ambiguous) || ambiguous)) return true;
    if (e->parts.len > 1 && scope_has_table(c->scope, parts[0].text)) return true;
    return scope_find(c->scope, (Str){0}, parts[0].text, &ambiguous) || ambiguous;
}

static Status bind_name(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    const Name *name = &e->parts.data[0];
    WindowColumn which = window_column_named(name->text);
    if (which != WINCOL_NONE && c->grouping && !c->in_aggregate && grouping_has_window(c->grouping))
        return grouping_window_column(c->grouping, which, bind_at(b, e->span), out);
    bool ambiguous = false;
    const ScopeColumn *col =
        c->scope ? scope_find(c->scope, (Str){0}, name->text, &ambiguous) : NULL;
    if (col) {
        *out = bexpr_column(b->p->arena, col->col, col->type, bind_at(b, e->span));
        return WEIR_OK;
    }
    const OutputItem *alias = ambiguous ? NULL : find_alias(c, name->text);
    if (alias) return bind_alias(b, c, alias, out);
    if (!ambiguous && b->frame) {
        TRY(bind_outer_column(b, e, out));
        if (*out) return WEIR_OK;
    }
    if (!ambiguous && !name->quoted && is_bare_function(name->text))
        return bind_bare_function(b, c, e, out);
    if (!c->scope) return no_columns(b, c, e);
    return scope_error(b->p, c->scope, (Str){0}, name->text, ambiguous, bind_at(b, e->span));
}

/* base.f1.f2 …: fields of a ROW or JSON value. */
static Status bind_fields(Binder *b, BExpr *base, const Name *fields, int n, BExpr **out)
{
    *out = base;
    for (int i = 0; i < n; i++) {
        Span at = bind_at(b, fields[i].span);
        BExpr *key = bexpr_const(b->p->arena, value_text(fields[i].text), at);
        TRY(bind_operator(b, "subscript", pair(b, *out, key), 2, at, out));
    }
    return WEIR_OK;
}

static Status bind_qualified(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    const Name *parts = e->parts.data;
    int n = (int)e->parts.len, used = 2;
    bool ambiguous = false, is_table = c->scope && scope_has_table(c->scope, parts[0].text);
    if (b->frame && !context_has(c, e)) {
        TRY(bind_outer_column(b, e, out));
        if (*out) return WEIR_OK;
    }
    if (!c->scope) return no_columns(b, c, e);
    const ScopeColumn *col = scope_find(c->scope, parts[0].text, parts[1].text, &ambiguous);
    if (!col && !is_table) {
        used = 1;
        col = scope_find(c->scope, (Str){0}, parts[0].text, &ambiguous);
    }
    if (!col)
        return scope_error(b->p, c->scope, parts[0].text, parts[1].text, ambiguous,
                           bind_at(b, e->span));
    BExpr *base = bexpr_column(b->p->arena, col->col, col->type, bind_at(b, e->span));
    return bind_fields(b, base, parts + used, n - used, out);
}

static Status bind_column(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    return e->parts.len == 1 ? bind_name(b, c, e, out) : bind_qualified(b, c, e, out);
}

static Status bind_field(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    BExpr *base;
    TRY(bind_expr(b, c, e->args.data[0], &base));
    return bind_fields(b, base, e->parts.data, (int)e->parts.len, out);
}

/* ---- operators ------------------------------------------------------------------------------ */

static Status to_boolean(Binder *b, BExpr *e, const char *who, BExpr **out)
{
    if (e->type.kind == TYPE_BOOLEAN || bexpr_is_null(e) || is_text_literal(e))
        return cast_insert(b->p, e, TYPE_OF(TYPE_BOOLEAN), out);
    Str type = type_name(e->type, b->p->arena);
    Status st = diag_error(b->p->diags, WEIR_E_TYPE, e->span, "%s takes a BOOLEAN, not %.*s", who,
                           STR_ARG(type));
    if (type_is_number(e->type.kind)) diag_hint(b->p->diags, "write … <> 0");
    return st;
}

Status bind_condition(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    TRY(bind_expr(b, c, e, out));
    return to_boolean(b, *out, c->clause, out);
}

static Status bind_logic(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    BExprKind k = str_eq(e->text, S("and")) ? BE_AND : BE_OR;
    BExpr **args;
    TRY(bind_args(b, c, e, &args));
    for (int i = 0; i < e->args.len; i++)
        TRY(to_boolean(b, args[i], k == BE_AND ? "AND" : "OR", &args[i]));
    *out = bexpr_form(b->p->arena, k, TYPE_OF(TYPE_BOOLEAN), args, (int32_t)e->args.len,
                      bind_at(b, e->span));
    return WEIR_OK;
}

/* a + b + c is written flat and means (a + b) + c. */
static Status bind_chain(Binder *b, const Expr *e, const char *name, BExpr **args, int n,
                         BExpr **out)
{
    if (n > EXPR_DEPTH_MAX)
        return diag_error(b->p->diags, WEIR_E_LIMIT, bind_at(b, e->span),
                          "at most %d operands in one expression", EXPR_DEPTH_MAX);
    *out = args[0];
    for (int i = 1; i < n; i++) {
        Span at = bind_at(b, span_join(e->args.data[0]->span, e->args.data[i]->span));
        TRY(bind_operator(b, name, pair(b, *out, args[i]), 2, at, out));
    }
    return WEIR_OK;
}

/* Operators whose function has another name, and those that have a twin for their negation. */
typedef struct OperatorName {
    const char *text, *func, *negated;
} OperatorName;
static const OperatorName OPERATORS[] = {
    {"~", "bit_not", "bit_not"},
    {"is_null", "is_null", "is_not_null"},
    {"is_unknown", "is_null", "is_not_null"},
    {"is_distinct", "is_distinct", "is_not_distinct"},
    {"is_true", "is_true", "is_not_true"},
    {"is_false", "is_false", "is_not_false"},
};

static const OperatorName *operator_name(Str text)
{
    for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++)
        if (str_eq(str_z(OPERATORS[i].text), text)) return &OPERATORS[i];
    return NULL;
}

static Status bind_neg(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    const Expr *arg = e->args.data[0];
    if (is_number_literal(arg)) return bind_literal(b, arg, true, out);
    BExpr **args;
    TRY(bind_args(b, c, e, &args));
    return bind_operator(b, "neg", args, 1, e->span, out);
}

static Status bind_pos(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    TRY(bind_expr(b, c, e->args.data[0], out));
    if (type_is_number((*out)->type.kind) || (*out)->type.kind == TYPE_INTERVAL) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->span), "+ takes a number, not %.*s",
                      STR_ARG(type_name((*out)->type, b->p->arena)));
}

static Status bind_op(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    if (str_eq(e->text, S("and")) || str_eq(e->text, S("or"))) return bind_logic(b, c, e, out);
    if (is_row_comparison(e)) return bind_row_comparison(b, c, e, out);
    if (str_eq(e->text, S("neg"))) return bind_neg(b, c, e, out);
    if (str_eq(e->text, S("pos"))) return bind_pos(b, c, e, out);
    BExpr **args;
    int n = (int)e->args.len;
    TRY(bind_args(b, c, e, &args));
    const OperatorName *other = operator_name(e->text);
    const char *name = other ? other->func : str_cstr(b->p->arena, e->text);
    if (e->negated && other)
        return bind_operator(b, other->negated, args, n, e->span, out);
    if (n > 2 && !str_eq(e->text, S("like")) && !str_eq(e->text, S("ilike")))
        return bind_chain(b, e, name, args, n, out);
    BExpr *positive;
    TRY(bind_operator(b, name, args, n, e->span, &positive));
    return negate_if(b, e, positive, out);
}

/* ---- forms ---------------------------------------------------------------------------------- */

static Status no_common_type(Binder *b, const char *who, BExpr *const *exprs, int n, Span at)
{
    StrBuf types = {.arena = b->p->arena};
    for (int i = 0; i < n; i++) {
        if (i) sb_lit(&types, ", ");
        sb_str(&types, type_name(exprs[i]->type, b->p->arena));
    }
    Str shown = sb_done(&types);
    Status st = diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, at), "%s: no common type of %.*s",
                           who, STR_ARG(shown));
    diag_hint(b->p->diags, "write CAST(… AS …)");
    return st;
}

/* Casts exprs[0], exprs[step], … to their common type. */
static Status bring_together(Binder *b, const char *who, BExpr **exprs, int n, Span at, Type *out)
{
    if (!resolve_common(b->p, exprs, n, out)) return no_common_type(b, who, exprs, n, at);
    if (out->kind == TYPE_NULL) *out = TYPE_OF(TYPE_TEXT);
    for (int i = 0; i < n; i++) TRY(cast_insert(b->p, exprs[i], *out, &exprs[i]));
    return WEIR_OK;
}

static Status bind_between(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    BExpr **a, *ge, *le, *both;
    TRY(bind_args(b, c, e, &a));
    TRY(bind_operator(b, ">=", pair(b, a[0], a[1]), 2, e->span, &ge));
    TRY(bind_operator(b, "<=", pair(b, a[0], a[2]), 2, e->span, &le));
    both = bexpr_and(b->p->arena, ge, le);
    if (e->is_symmetric) {
        TRY(bind_operator(b, ">=", pair(b, a[0], a[2]), 2, e->span, &ge));
        TRY(bind_operator(b, "<=", pair(b, a[0], a[1]), 2, e->span, &le));
        BExpr **ways = pair(b, both, bexpr_and(b->p->arena, ge, le));
        both = bexpr_form(b->p->arena, BE_OR, TYPE_OF(TYPE_BOOLEAN), ways, 2, bind_at(b, e->span));
    }
    both->span = bind_at(b, e->span);
    return negate_if(b, e, both, out);
}

static bool any_apart(BExpr *const *args, int n)
{
    for (int i = 1; i < n; i++)
        if (are_apart(args[0], args[i])) return true;
    return false;
}

/* x = a OR x = b */
static Status bind_in_apart(Binder *b, const Expr *e, BExpr **args, int n, BExpr **out)
{
    BExpr **ways = new (b->p->arena, BExpr *, n);
    for (int i = 1; i < n; i++) TRY(bind_operator(b, "=", pair(b, args[0], args[i]), 2, e->span, &ways[i - 1]));
    *out = n == 2 ? ways[0]
                  : bexpr_form(b->p->arena, BE_OR, TYPE_OF(TYPE_BOOLEAN), ways, n - 1, bind_at(b, e->span));
    return negate_if(b, e, *out, out);
}

static Status bind_in(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    if (is_row_comparison(e)) return bind_row_comparison(b, c, e, out);
    BExpr **args;
    Type t;
    TRY(bind_args(b, c, e, &args));
    if (any_apart(args, (int)e->args.len)) return bind_in_apart(b, e, args, (int)e->args.len, out);
    TRY(bring_together(b, "IN", args, (int)e->args.len, e->span, &t));
    BExpr *in = bexpr_form(b->p->arena, BE_IN, TYPE_OF(TYPE_BOOLEAN), args, (int32_t)e->args.len,
                           bind_at(b, e->span));
    return negate_if(b, e, in, out);
}

/* CASE x WHEN v …: the conditions are x = v. */
static Status bind_when(Binder *b, const ExprContext *c, const Expr *e, BExpr *operand,
                        BExpr **when)
{
    if (!operand) return to_boolean(b, *when, "WHEN", when);
    (void)c;
    return bind_operator(b, "=", pair(b, operand, *when), 2, e->span, when);
}

static Status bind_case(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    BExpr **args, *operand = NULL;
    int n = (int)e->args.len, nthen = 0;
    if (e->operand) TRY(bind_expr(b, c, e->operand, &operand));
    TRY(bind_args(b, c, e, &args));
    for (int i = 0; i + 1 < n; i += 2) TRY(bind_when(b, c, e, operand, &args[i]));
    BExpr **results = new (b->p->arena, BExpr *, n);
    for (int i = 1; i < n; i += 2) results[nthen++] = args[i];
    if (n % 2) results[nthen++] = args[n - 1];
    Type t;
    TRY(bring_together(b, "CASE", results, nthen, e->span, &t));
    for (int i = 1, r = 0; i < n; i += 2) args[i] = results[r++];
    if (n % 2) args[n - 1] = results[nthen - 1];
    *out = bexpr_form(b->p->arena, BE_CASE, t, args, n, bind_at(b, e->span));
    return WEIR_OK;
}

static Status bind_cast(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    Type t;
    BExpr *arg;
    TRY(plan_type(b->p, e->type, &t));
    TRY(bind_expr(b, c, e->args.data[0], &arg));
    TRY(plan_cast(b->p, arg, t, false, out));
    if (e->is_try && *out != arg && (*out)->kind == BE_CAST)
        *out = bexpr_cast(b->p->arena, arg, t, true, bind_at(b, e->span));
    else if (*out != arg)
        (*out)->span = bind_at(b, e->span);
    return WEIR_OK;
}

static Status bind_subscript(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    BExpr **args;
    TRY(bind_args(b, c, e, &args));
    if (e->args.len > 2) return bind_operator(b, "array_slice", args, 3, e->span, out);
    return bind_operator(b, "subscript", args, 2, e->span, out);
}

static Status bind_constant(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    (void)c;
    return bind_literal(b, e, false, out);
}

/* ---- what has no meaning as a value ---------------------------------------------------------- */

/* Where one has a value a constant stands in its place. */
static Status bind_param(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    (void)c;
    (void)out;
    StrBuf name = {.arena = b->p->arena};
    unparse_expr(&name, e);
    Status st = diag_error(b->p->diags, WEIR_E_VALUE, bind_at(b, e->span), "parameter \"%.*s\" has no value here",
                           STR_ARG(sb_done(&name)));
    diag_hint(b->p->diags, "weir_bind_… gives one to SELECT, INSERT, UPDATE and DELETE; a definition takes none");
    return st;
}

static Status bind_misplaced(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    static const char *const OF_TABLES[] = {
        [EX_NAMED_ARG] = "a named argument", [EX_DESCRIPTOR] = "DESCRIPTOR", [EX_TABLE_ARG] = "TABLE"};
    bool is_of_table = e->kind == EX_NAMED_ARG || e->kind == EX_DESCRIPTOR || e->kind == EX_TABLE_ARG;
    (void)c;
    (void)out;
    if (is_of_table)
        return diag_error(b->p->diags, WEIR_E_SYNTAX, bind_at(b, e->span), "%s stands in a table function only",
                          OF_TABLES[e->kind]);
    return diag_error(b->p->diags, WEIR_E_SYNTAX, bind_at(b, e->span), "%s is not a value here",
                      e->kind == EX_STAR ? "*" : "DEFAULT");
}

static const BindKind BIND_KINDS[] = {
    [EX_NULL] = bind_constant,         [EX_BOOL] = bind_constant,
    [EX_NUMBER] = bind_constant,       [EX_STRING] = bind_constant,
    [EX_BLOB] = bind_constant,         [EX_TYPED] = bind_constant,
    [EX_INTERVAL] = bind_constant,     [EX_PARAM] = bind_param,
    [EX_COLUMN] = bind_column,         [EX_STAR] = bind_misplaced,
    [EX_OP] = bind_op,                 [EX_CALL] = bind_call,
    [EX_CAST] = bind_cast,             [EX_CASE] = bind_case,
    [EX_BETWEEN] = bind_between,       [EX_IN] = bind_in,
    [EX_IN_QUERY] = bind_in_query,     [EX_EXISTS] = bind_exists,
    [EX_SUBQUERY] = bind_scalar_subquery, [EX_QUANTIFIED] = bind_quantified,
    [EX_ROW] = bind_row_value,             [EX_ARRAY] = bind_array,
    [EX_MAP] = bind_map,               [EX_SUBSCRIPT] = bind_subscript,
    [EX_FIELD] = bind_field,           [EX_NAMED_ARG] = bind_misplaced,
    [EX_TABLE_ARG] = bind_misplaced,   [EX_DESCRIPTOR] = bind_misplaced,
    [EX_DEFAULT] = bind_misplaced,
};

Status bind_expr(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    if (b->expr_depth >= EXPR_DEPTH_MAX)
        return diag_error(b->p->diags, WEIR_E_LIMIT, bind_at(b, e->span),
                          "expressions are nested at most %d deep", EXPR_DEPTH_MAX);
    b->expr_depth++;
    Status st = BIND_KINDS[e->kind](b, c, e, out);
    b->expr_depth--;
    /* BETWEEN and NULLIF use an operand twice: nested, they double what everything behind has to walk. */
    if (st != WEIR_OK || e->args.len == 0 || !bexpr_is_larger(*out, EXPR_NODES_MAX)) return st;
    return diag_error(b->p->diags, WEIR_E_LIMIT, bind_at(b, e->span), "the expression has more than %d parts when BETWEEN and NULLIF are written out",
                      EXPR_NODES_MAX);
}

/* ---- for definitions ------------------------------------------------------------------------ */

Status plan_scalar(Planner *p, const Expr *e, const Relation *rel, BExpr **out)
{
    Binder b = {.p = p};
    Props props = {.has_position = true};
    ExprContext c = {.clause = "this expression"};
    Scope s = {0};
    if (rel) {
        s.cols = new (p->arena, ScopeColumn, rel->ncols);
        s.ncols = rel->ncols;
        for (int i = 0; i < rel->ncols; i++)
            s.cols[i] = (ScopeColumn){.table = rel->name, .name = rel->cols[i].name, .col = i,
                                      .type = rel->cols[i].type};
        c.scope = &s;
        c.props = &props;
    }
    return bind_expr(&b, &c, e, out);
}
