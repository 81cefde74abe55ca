/* pull_call.c: aggregates and window functions, as far as SQLite has them. */
#include "planner/pull.h"
#include "planner/resolve.h"

/* ---- which calls are which ---------------------------------------------------------------------- */

/* How an aggregate is written in SQLite; %s is its argument, already cast as weir wants it. */
typedef enum AggShape {
    SHAPE_PLAIN,     /* f(x) */
    SHAPE_COUNT_IF,  /* count(*) FILTER (WHERE x) */
    SHAPE_SUM,       /* sum(x), rounded to its scale where x is a DECIMAL */
    SHAPE_SUM_ZERO,  /* coalesce(sum(x), 0) */
    SHAPE_AVERAGE,
    SHAPE_EXTREME,   /* min, max: by the value's order */
    SHAPE_JOIN,      /* group_concat(x, separator) */
    SHAPE_JSON       /* json_group_array(x): JSON inside JSON, not text */
} AggShape;

typedef struct NativeAgg {
    const char *names, *sqlite;
    AggShape shape;
} NativeAgg;

static const NativeAgg NATIVE[] = {
    {"count", "count", SHAPE_PLAIN},
    {"sum", "sum", SHAPE_SUM},
    {"sum0", "sum", SHAPE_SUM_ZERO},
    {"avg,mean", "avg", SHAPE_AVERAGE},
    {"min,any_value,bool_and,every,logical_and,booland_agg", "min", SHAPE_EXTREME},
    {"max,bool_or,bool_any,logical_or,boolor_agg", "max", SHAPE_EXTREME},
    {"count_if,countif", "count", SHAPE_COUNT_IF},
    {"string_agg,listagg,group_concat", "group_concat", SHAPE_JOIN},
    {"array_agg,collect_list,list,json_agg,json_group_array,json_arrayagg,jsonb_agg", "json_group_array", SHAPE_JSON},
};

static const NativeAgg *find_native(Str name)
{
    for (size_t i = 0; i < sizeof NATIVE / sizeof *NATIVE; i++)
        if (name_in_list(NATIVE[i].names, name)) return &NATIVE[i];
    return NULL;
}

/* Functions that need OVER. The result's type: that of the first argument for TYPE_NULL. */
typedef struct WindowFunc {
    const char *name;
    TypeKind result;
} WindowFunc;

static const WindowFunc WINDOW_FUNCS[] = {
    {"row_number", TYPE_BIGINT},   {"rank", TYPE_BIGINT},      {"dense_rank", TYPE_BIGINT},
    {"percent_rank", TYPE_DOUBLE}, {"cume_dist", TYPE_DOUBLE}, {"ntile", TYPE_BIGINT},
    {"lag", TYPE_NULL},            {"lead", TYPE_NULL},        {"first_value", TYPE_NULL},
    {"last_value", TYPE_NULL},     {"nth_value", TYPE_NULL},
};

static const WindowFunc *find_window_func(Str name)
{
    for (size_t i = 0; i < sizeof WINDOW_FUNCS / sizeof *WINDOW_FUNCS; i++)
        if (str_ieq(name, str_z(WINDOW_FUNCS[i].name))) return &WINDOW_FUNCS[i];
    return NULL;
}

bool pull_is_aggregate(const PullContext *c, const Expr *e)
{
    if (e->kind != EX_CALL || (e->call && e->call->over) || pull_is_grouping(c, e)) return false;
    return registry_has_agg(c->pull->p->catalog->registry, e->text);
}

bool pull_has_aggregate(const PullContext *c, const Expr *e)
{
    if (!e) return false;
    if (pull_is_aggregate(c, e)) return true;
    if (e->operand && pull_has_aggregate(c, e->operand)) return true;
    for (ptrdiff_t i = 0; i < e->args.len; i++)
        if (pull_has_aggregate(c, e->args.data[i])) return true;
    return false;
}

/* ---- arguments ---------------------------------------------------------------------------------- */

static bool is_star(const Expr *e)
{
    return e->args.len == 0 || (e->args.len == 1 && e->args.data[0]->kind == EX_STAR);
}

/* The context inside an aggregate's parentheses: no other aggregate, no window function. */
static PullContext inside(const PullContext *c, const char *clause)
{
    PullContext in = *c;
    in.set = NULL;
    in.allow_agg = in.allow_window = false;
    in.clause = clause;
    return in;
}

/* Checks the arguments against the registry and casts them; *type is the result's. */
static Status resolve(const PullContext *c, const Expr *e, PullValue *v, int n, PullType *type)
{
    Pull *l = c->pull;
    Span at = pull_at(l, e->span);
    const AggDef *def;
    BExpr **bound = new (l->arena, BExpr *, n);
    *type = PULL_UNKNOWN;
    for (int i = 0; i < n; i++) {
        if (!v[i].type.known) return WEIR_OK;
        bound[i] = pull_bound(l, &v[i], i, at);
    }
    Type t;
    TRY(resolve_agg(l->p, e->text, bound, n, is_star(e), at, &def, &t));
    for (int i = 0; i < n; i++)
        if (!type_eq(v[i].type.type, bound[i]->type)) TRY(pull_cast(l, &v[i], bound[i]->type, at, &v[i]));
    *type = pull_type(t);
    return WEIR_OK;
}

/* ---- aggregates --------------------------------------------------------------------------------- */

static Status check_clauses(const PullContext *c, const Expr *e)
{
    const CallInfo *i = e->call;
    if (!c->allow_agg)
        return diag_error(c->pull->p->diags, WEIR_E_GROUP, pull_at(c->pull, e->span),
                          "%s cannot use the aggregate \"%.*s\"", c->clause, STR_ARG(e->text));
    if (!i) return WEIR_OK;
    if (i->is_within_group) return pull_unsupported(c->pull, e->span, "WITHIN GROUP", NULL);
    if (i->order_by.len)
        return pull_unsupported(c->pull, e->span, "ORDER BY inside an aggregate",
                                "let a materialized view compute it");
    if (i->is_distinct && e->args.len > 1 && find_native(e->text) && find_native(e->text)->shape != SHAPE_JOIN)
        return pull_unsupported(c->pull, e->span, "DISTINCT over several values", NULL);
    return WEIR_OK;
}

/* Values of text forms that do not sort as text. */
static const char *collation(const PullType *t)
{
    if (!t->known) return "";
    if (t->form == FORM_DECIMAL) return " COLLATE weir_decimal";
    return t->form == FORM_INTERVAL ? " COLLATE weir_interval" : "";
}

/* ---- sums of decimals --------------------------------------------------------------------------- */

enum { SCALE_MAX = 18 }; /* 10^18 is a BIGINT */

static BExpr *power_of_ten(Arena *a, int exponent, Span at)
{
    Int128 v = 1;
    for (int i = 0; i < exponent; i++) v *= 10;
    Type t = exponent > 0 ? TYPE_DECIMAL_((uint8_t)(exponent + 1), 0) : TYPE_DECIMAL_((uint8_t)-exponent, (uint8_t)-exponent);
    return bexpr_const(a, (Value){.type = t, .dec = v}, at);
}

static Status times(Pull *l, BExpr *x, BExpr *y, Span at, BExpr **out)
{
    BExpr *args[] = {x, y};
    return resolve_func(l->p, S("*"), args, 2, true, at, out);
}

/* A DECIMAL that stands as text, as a whole number of its last digit, which SQLite adds exactly. */
static Status to_digits(Pull *l, PullValue *v, Span at)
{
    int scale = v->type.type.scale;
    BExpr *e = pull_bound(l, v, 0, at);
    if (scale) TRY(times(l, e, power_of_ten(l->arena, scale, at), at, &e));
    e = bexpr_cast(l->arena, e, TYPE_BIGINT_, false, at);
    return pull_emit(l, e, v, v->constant ? 0 : 1, v);
}

static Status from_digits(Pull *l, Str sum, PullType type, Span at, Str *sql)
{
    PullValue v = {.sql = sum, .type = pull_type(TYPE_BIGINT_)};
    BExpr *e = bexpr_cast(l->arena, pull_bound(l, &v, 0, at), TYPE_DECIMAL_(19, 0), false, at);
    if (type.type.scale) TRY(times(l, e, power_of_ten(l->arena, -type.type.scale, at), at, &e));
    e = bexpr_cast(l->arena, e, type.type, false, at);
    TRY(pull_emit(l, e, &v, 1, &v));
    *sql = v.sql;
    return WEIR_OK;
}

static bool is_decimal(const PullValue *v)
{
    return v->type.known && v->type.type.kind == TYPE_DECIMAL;
}

/* Before the sum: what is to be added. */
static Status prepare_sum(const PullContext *c, const Expr *e, const NativeAgg *f, PullValue *v)
{
    bool sums = f->shape == SHAPE_SUM || f->shape == SHAPE_SUM_ZERO;
    if (!is_decimal(v) || v->type.form != FORM_DECIMAL) return WEIR_OK;
    if (sums && v->type.type.scale <= SCALE_MAX) return to_digits(c->pull, v, pull_at(c->pull, e->span));
    if (!sums && f->shape != SHAPE_AVERAGE) return WEIR_OK;
    return pull_unsupported(c->pull, e->span, "this aggregate of a DECIMAL of more than 15 digits",
                            "cast it to DOUBLE, or let a materialized view compute it");
}

/* After it: `before` is the argument as it was written. Decimals that stand as doubles have fewer
 * digits than a double: rounding gives the exact sum while it has fewer, too. */
static Status finish_sum(const PullContext *c, const Expr *e, const NativeAgg *f, const PullValue *before,
                         PullType *type, Str *sql)
{
    if (f->shape != SHAPE_SUM && f->shape != SHAPE_SUM_ZERO && f->shape != SHAPE_AVERAGE) return WEIR_OK;
    if (is_decimal(before) && before->type.form == FORM_DECIMAL)
        return from_digits(c->pull, *sql, *type, pull_at(c->pull, e->span), sql);
    if (!is_decimal(before) || type->type.kind != TYPE_DECIMAL) return WEIR_OK;
    *sql = str_printf(c->pull->arena, "round(%.*s, %d)", STR_ARG(*sql), type->type.scale);
    type->form = FORM_PLAIN;
    return WEIR_OK;
}

/* SQLite writes numbers into JSON in its own way, DECIMALs of many digits as text, and an empty array of no
 * rows: the elements are read as what they are, and of no rows there is NULL. */
static Status finish_json(const PullContext *c, const Expr *e, const PullValue *item, PullType *type, Str *sql)
{
    Pull *l = c->pull;
    *sql = str_printf(l->arena, "nullif(%.*s, '[]')", STR_ARG(*sql));
    if (!item->type.known || item->type.type.kind == TYPE_NULL) return WEIR_OK;
    PullValue json = {.sql = *sql, .type = pull_type(TYPE_OF(TYPE_JSON))}, made;
    BExpr *column = pull_bound(l, &json, 0, pull_at(l, e->span));
    BExpr *cast = bexpr_cast(l->arena, column, type_array(item->type.type, l->arena), false, pull_at(l, e->span));
    TRY(pull_emit(l, cast, &json, 1, &made));
    *sql = made.sql;
    if (type->type.kind == TYPE_ARRAY) *type = made.type;
    return WEIR_OK;
}

/* ---- writing aggregates ------------------------------------------------------------------------- */

static Str json_item(Arena *a, const PullValue *v)
{
    TypeKind k = v->type.known ? (TypeKind)v->type.type.kind : TYPE_TEXT;
    if (k == TYPE_JSON || k == TYPE_ARRAY || k == TYPE_ROW || k == TYPE_MAP)
        return str_printf(a, "json(%.*s)", STR_ARG(v->sql));
    if (k == TYPE_BOOLEAN)
        return str_printf(a, "json(CASE %.*s WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END)", STR_ARG(v->sql));
    return v->sql;
}

/* SQLite takes one argument only next to DISTINCT, and joins with a comma then. */
static Status write_join(const PullContext *c, const Expr *e, const PullValue *v, int n, StrBuf *b)
{
    bool distinct = e->call && e->call->is_distinct;
    bool comma = n == 1 || str_eq(v[1].sql, S("','"));
    if (distinct && !comma)
        return pull_unsupported(c->pull, e->span, "DISTINCT with a separator other than ','", NULL);
    sb_str(b, v[0].sql);
    if (n > 1 && !distinct) sb_printf(b, ", %.*s", STR_ARG(v[1].sql));
    return WEIR_OK;
}

/* SQLite's JSON holds no BLOB: in base 64 it does. */
static Status base64_item(const PullContext *c, const Expr *e, const PullValue *v, PullValue *out)
{
    Pull *l = c->pull;
    const FuncDef *def = NULL;
    for (int i = 0; (def = registry_func(l->p->catalog->registry, S("to_base64"), i)) && def->args[0] != 'x';) i++;
    if (!def) return pull_unsupported(l, e->span, "an array of BLOB", NULL);
    BExpr **args = new (l->arena, BExpr *, 1);
    args[0] = pull_bound(l, v, 0, pull_at(l, e->span));
    return pull_emit(l, bexpr_call(l->arena, def, TYPE_OF(TYPE_TEXT), args, 1, pull_at(l, e->span)), v, 1, out);
}

/* What stands between the parentheses. */
static Status write_args(const PullContext *c, const Expr *e, const NativeAgg *f, const PullValue *v, int n, StrBuf *b)
{
    if (is_star(e) || f->shape == SHAPE_COUNT_IF) {
        sb_char(b, '*');
        return WEIR_OK;
    }
    if (e->call && e->call->is_distinct) sb_lit(b, "DISTINCT ");
    if (f->shape == SHAPE_JOIN) return write_join(c, e, v, n, b);
    PullValue text;
    if (f->shape == SHAPE_JSON && v->type.known && v->type.type.kind == TYPE_BLOB) {
        TRY(base64_item(c, e, v, &text));
        v = &text;
    }
    if (f->shape == SHAPE_JSON) {
        sb_str(b, json_item(b->arena, &v[0]));
        return WEIR_OK;
    }
    sb_str(b, v[0].sql);
    if (f->shape == SHAPE_EXTREME) sb_z(b, collation(&v[0].type));
    return WEIR_OK;
}

static Status write_filter(const PullContext *c, const Expr *e, const NativeAgg *f, const PullValue *v, StrBuf *b)
{
    PullContext in = inside(c, "FILTER");
    PullValue cond;
    bool counts = f->shape == SHAPE_COUNT_IF, filters = e->call && e->call->filter;
    if (filters) TRY(pull_condition(&in, e->call->filter, &cond));
    if (counts && filters)
        sb_printf(b, " FILTER (WHERE %.*s AND %.*s)", STR_ARG(v[0].sql), STR_ARG(cond.sql));
    else if (counts || filters)
        sb_printf(b, " FILTER (WHERE %.*s)", STR_ARG(counts ? v[0].sql : cond.sql));
    return WEIR_OK;
}

static Status aggregate_args(const PullContext *c, const Expr *e, PullValue **v, int *n)
{
    PullContext in = inside(c, "an aggregate's argument");
    if (e->call && e->call->over) in.allow_agg = c->allow_agg; /* sum(count(*)) OVER () */
    *n = is_star(e) ? 0 : (int)e->args.len;
    *v = new (c->pull->arena, PullValue, *n);
    for (int i = 0; i < *n; i++) TRY(pull_value(&in, e->args.data[i], &(*v)[i]));
    return WEIR_OK;
}

/* f(args) FILTER (…) OVER …; `over` is empty or has its OVER. */
static Status write_native(const PullContext *c, const Expr *e, const NativeAgg *f, const PullValue *v, int n, Str over,
                           Str *sql)
{
    StrBuf b = {.arena = c->pull->arena};
    sb_printf(&b, "%s(", f->sqlite);
    TRY(write_args(c, e, f, v, n, &b));
    sb_char(&b, ')');
    TRY(write_filter(c, e, f, v, &b));
    sb_str(&b, over);
    *sql = sb_done(&b);
    return WEIR_OK;
}

static Status write_aggregate(const PullContext *c, const Expr *e, Str over, PullValue *out)
{
    Pull *l = c->pull;
    const NativeAgg *f = find_native(e->text);
    if (!f) {
        Str what = str_printf(l->arena, "the aggregate \"%.*s\"", STR_ARG(e->text));
        return pull_unsupported(l, e->span, what.p, "let a materialized view compute it");
    }
    PullValue *v, before = {0};
    int n;
    PullType type;
    Str sql;
    TRY(aggregate_args(c, e, &v, &n));
    TRY(resolve(c, e, v, n, &type));
    if (n > 0) before = v[0];
    if (n > 0) TRY(prepare_sum(c, e, f, &v[0]));
    if (f->shape == SHAPE_JSON) TRY(pull_cast(l, &v[0], v[0].type.type, pull_at(l, e->span), &v[0]));
    TRY(write_native(c, e, f, v, n, over, &sql));
    TRY(finish_sum(c, e, f, &before, &type, &sql));
    if (f->shape == SHAPE_JSON) TRY(finish_json(c, e, &v[0], &type, &sql));
    if (f->shape == SHAPE_SUM_ZERO) sql = str_printf(l->arena, "coalesce(%.*s, 0)", STR_ARG(sql));
    if (f->shape == SHAPE_EXTREME && type.known) type = before.type;
    *out = (PullValue){.sql = sql, .type = type};
    return WEIR_OK;
}

Status pull_aggregate(const PullContext *c, const Expr *e, PullValue *out)
{
    TRY(check_clauses(c, e));
    return write_aggregate(c, e, (Str){0}, out);
}

/* ---- windows ------------------------------------------------------------------------------------ */

static const char *const FRAME_MODES[] = {"RANGE", "ROWS", "GROUPS"};
static const char *const EXCLUDES[] = {"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"};
static const char *const BOUNDS[] = {
    [BOUND_UNBOUNDED_PRECEDING] = "UNBOUNDED PRECEDING", [BOUND_PRECEDING] = "PRECEDING",
    [BOUND_CURRENT_ROW] = "CURRENT ROW",                 [BOUND_FOLLOWING] = "FOLLOWING",
    [BOUND_UNBOUNDED_FOLLOWING] = "UNBOUNDED FOLLOWING",
};

static Status frame_bound(const PullContext *c, const FrameSpec *f, const FrameBound *bound, StrBuf *sql)
{
    if (bound->kind == BOUND_PRECEDING || bound->kind == BOUND_FOLLOWING) {
        PullValue v;
        TRY(pull_value(c, bound->value, &v));
        bool number = v.type.known && type_is_number(v.type.type.kind) && v.type.form == FORM_PLAIN;
        if (!number)
            return pull_unsupported(c->pull, f->span, "a frame measured in time",
                                    "let a materialized view compute it, or count ROWS");
        sb_printf(sql, "%.*s ", STR_ARG(v.sql));
    }
    sb_z(sql, BOUNDS[bound->kind]);
    return WEIR_OK;
}

static Status window_frame(const PullContext *c, const FrameSpec *f, StrBuf *sql)
{
    sb_printf(sql, " %s BETWEEN ", FRAME_MODES[f->mode]);
    TRY(frame_bound(c, f, &f->start, sql));
    sb_lit(sql, " AND ");
    TRY(frame_bound(c, f, &f->end, sql));
    sb_z(sql, EXCLUDES[f->exclude]);
    return WEIR_OK;
}

Status pull_window_spec(const PullContext *c, const OverSpec *o, StrBuf *sql)
{
    sb_char(sql, '(');
    if (o->base.text.n) pull_name(sql, o->base.text);
    for (ptrdiff_t i = 0; i < o->partition_by.len; i++) {
        PullValue v;
        TRY(pull_value(c, o->partition_by.data[i], &v));
        sb_printf(sql, "%s%.*s", i ? ", " : " PARTITION BY ", STR_ARG(v.sql));
    }
    for (ptrdiff_t i = 0; i < o->order_by.len; i++) {
        sb_z(sql, i ? ", " : " ORDER BY ");
        TRY(pull_order(c, &o->order_by.data[i], sql));
    }
    if (o->frame) TRY(window_frame(c, o->frame, sql));
    sb_char(sql, ')');
    return WEIR_OK;
}

static Status check_base(const PullContext *c, const OverSpec *o)
{
    if (o->base.text.n == 0) return WEIR_OK;
    for (ptrdiff_t i = 0; c->windows && i < c->windows->len; i++)
        if (str_ieq(c->windows->data[i].name.text, o->base.text)) return WEIR_OK;
    return diag_error(c->pull->p->diags, WEIR_E_NAME, pull_at(c->pull, o->base.span), "unknown window \"%.*s\"",
                      STR_ARG(o->base.text));
}

static Status write_over(const PullContext *c, const OverSpec *o, StrBuf *sql)
{
    TRY(check_base(c, o));
    sb_lit(sql, " OVER ");
    if (!o->is_name) return pull_window_spec(c, o, sql);
    pull_name(sql, o->base.text);
    return WEIR_OK;
}

/* lag(x, 1, 0): the default takes the value's type. */
static Status window_args(const PullContext *c, const Expr *e, StrBuf *b, PullType *first)
{
    *first = PULL_UNKNOWN;
    for (ptrdiff_t i = 0; i < e->args.len; i++) {
        PullValue v;
        TRY(pull_value(c, e->args.data[i], &v));
        if (i == 0) *first = v.type;
        if (i == 2 && first->known) TRY(pull_cast(c->pull, &v, first->type, e->args.data[i]->span, &v));
        sb_printf(b, "%s%.*s", i ? ", " : "", STR_ARG(v.sql));
    }
    return WEIR_OK;
}

static Status write_window_func(const PullContext *c, const Expr *e, const WindowFunc *f, Str over, PullValue *out)
{
    StrBuf b = {.arena = c->pull->arena};
    PullType first;
    sb_printf(&b, "%s(", f->name);
    TRY(window_args(c, e, &b, &first));
    sb_char(&b, ')');
    sb_str(&b, over);
    Type t = f->result == TYPE_BIGINT ? TYPE_BIGINT_ : TYPE_OF(f->result);
    *out = (PullValue){.sql = sb_done(&b), .type = f->result == TYPE_NULL ? first : pull_type(t)};
    return WEIR_OK;
}

Status pull_over(const PullContext *c, const Expr *e, PullValue *out)
{
    Pull *l = c->pull;
    if (!c->allow_window)
        return diag_error(l->p->diags, WEIR_E_GROUP, pull_at(l, e->span), "%s cannot use a window function",
                          c->clause);
    if (e->call->nulls == IGNORE_NULLS) return pull_unsupported(l, e->span, "IGNORE NULLS", NULL);
    PullContext in = *c;
    in.allow_window = false;
    in.clause = "a window function";
    StrBuf over = {.arena = l->arena};
    TRY(write_over(&in, e->call->over, &over));
    const WindowFunc *f = find_window_func(e->text);
    if (f) return write_window_func(&in, e, f, sb_done(&over), out);
    if (!registry_has_agg(l->p->catalog->registry, e->text)) return resolve_unknown(l->p, e->text, pull_at(l, e->op_span));
    if (e->call->is_distinct || e->call->order_by.len)
        return pull_unsupported(l, e->span, "DISTINCT or ORDER BY inside a window function", NULL);
    in.allow_agg = c->allow_agg;
    return write_aggregate(&in, e, sb_done(&over), out);
}
