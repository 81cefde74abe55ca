/* pull_value.c: types of SQL values, constants, and expressions that weir computes. */
#include "planner/casts.h"
#include "planner/pull.h"

#include "base/datetime.h"
#include "base/decimal.h"
#include "base/number.h"

#include <assert.h>

const PullType PULL_UNKNOWN = {.known = false};

enum { DECIMAL_REAL_DIGITS = 15 }; /* more do not survive in a double: such a DECIMAL is text */

Span pull_at(const Pull *l, Span at)
{
    return l->view_depth ? l->view_span : at;
}

Status pull_unsupported(const Pull *l, Span at, const char *what, const char *hint)
{
    Status st = diag_error(l->p->diags, WEIR_E_UNSUPPORTED, pull_at(l, at),
                           "%s is not built in queries over views", what);
    if (hint) diag_hint(l->p->diags, "%s", hint);
    return st;
}

void pull_name(StrBuf *b, Str name)
{
    sb_char(b, '"');
    for (ptrdiff_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"') sb_char(b, '"');
        sb_char(b, name.p[i]);
    }
    sb_char(b, '"');
}

/* ---- types -------------------------------------------------------------------------------------- */

PullType pull_type(Type t)
{
    PullType p = {.known = true, .type = t, .form = FORM_PLAIN};
    if (t.kind == TYPE_DECIMAL && t.precision > DECIMAL_REAL_DIGITS) p.form = FORM_DECIMAL;
    if (t.kind == TYPE_INTERVAL) p.form = FORM_INTERVAL;
    return p;
}

PullType pull_stored_type(Type t, const Options *o)
{
    PullType p = pull_type(t);
    Str decimals = options_text(o, "decimals", "");
    Str timestamps = options_text(o, "timestamps", "");
    if (t.kind == TYPE_DECIMAL && str_ieq(decimals, S("text"))) p.form = FORM_DECIMAL;
    if (t.kind == TYPE_DECIMAL && str_ieq(decimals, S("real"))) p.form = FORM_PLAIN;
    if (t.kind == TYPE_TIMESTAMP && str_ieq(timestamps, S("ms"))) p.form = FORM_MS;
    if (t.kind == TYPE_TIMESTAMP && str_ieq(timestamps, S("s"))) p.form = FORM_S;
    return p;
}

/* Digits of the fraction that the text of a TIMESTAMP has. */
static int fraction_width(Type t)
{
    return t.precision == 0 ? 0 : t.precision <= 3 ? 3 : 6;
}

/* ---- constants ---------------------------------------------------------------------------------- */

static void print_quoted(StrBuf *b, Str s)
{
    sb_char(b, '\'');
    for (ptrdiff_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'') sb_char(b, '\'');
        sb_char(b, s.p[i]);
    }
    sb_char(b, '\'');
}

/* SQLite's text ends at a NUL: such a text is written as bytes. */
static void print_text(StrBuf *b, Str s)
{
    if (s.n == 0 || !memchr(s.p, 0, (size_t)s.n)) {
        print_quoted(b, s);
        return;
    }
    sb_lit(b, "CAST(x'");
    for (ptrdiff_t i = 0; i < s.n; i++) sb_printf(b, "%02x", (unsigned char)s.p[i]);
    sb_lit(b, "' AS TEXT)");
}

static void print_double(StrBuf *b, double d)
{
    char text[DOUBLE_TEXT_MAX + 1];
    if (d - d != 0) {
        sb_z(b, d > 0 ? "9e999" : "(-9e999)");
        return;
    }
    int n = double_print(d, text);
    sb_z(b, d < 0 ? "(" : "");
    sb_bytes(b, text, n);
    sb_z(b, d < 0 ? ")" : "");
}

static void print_int(StrBuf *b, int64_t i)
{
    if (i == INT64_MIN)
        sb_lit(b, "(-9223372036854775807 - 1)");
    else
        sb_printf(b, i < 0 ? "(%lld)" : "%lld", (long long)i);
}

static void print_decimal(StrBuf *b, const Value *v)
{
    char text[DECIMAL_TEXT_MAX + 1];
    int n = decimal_print(v->dec, v->type.scale, text);
    if (v->type.precision > DECIMAL_REAL_DIGITS)
        print_quoted(b, str_of(text, n));
    else
        print_double(b, decimal_to_double(v->dec, v->type.scale));
}

static void print_time(StrBuf *b, const Value *v)
{
    char text[TIME_TEXT_MAX + 1];
    int n = 0;
    if (v->type.kind == TYPE_TIMESTAMP) n = timestamp_print(v->i, v->type.precision, text);
    if (v->type.kind == TYPE_DATE) n = date_print((int32_t)v->i, text);
    if (v->type.kind == TYPE_TIME) n = time_print(v->i, text);
    if (v->type.kind == TYPE_INTERVAL) n = interval_print(v->iv, text);
    print_quoted(b, str_of(text, n));
}

static void print_blob(StrBuf *b, Str s)
{
    sb_lit(b, "x'");
    for (ptrdiff_t i = 0; i < s.n; i++) sb_printf(b, "%02x", (unsigned char)s.p[i]);
    sb_char(b, '\'');
}

static void print_constant(StrBuf *b, const Value *v)
{
    if (v->is_null) {
        sb_lit(b, "NULL");
        return;
    }
    switch ((TypeKind)v->type.kind) {
    case TYPE_NULL: sb_lit(b, "NULL"); break;
    case TYPE_BOOLEAN:
    case TYPE_BIGINT: print_int(b, v->i); break;
    case TYPE_DOUBLE: print_double(b, v->d); break;
    case TYPE_DECIMAL: print_decimal(b, v); break;
    case TYPE_BLOB: print_blob(b, v->s); break;
    case TYPE_TEXT:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP: print_text(b, v->s); break;
    case TYPE_TIMESTAMP:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_INTERVAL: print_time(b, v); break;
    case TYPE_COUNT: break;
    }
}

PullValue pull_constant(Pull *l, const Value *v)
{
    StrBuf b = {.arena = l->arena};
    print_constant(&b, v);
    Value *copy = new_one(l->arena, Value);
    *copy = *v;
    return (PullValue){.sql = sb_done(&b), .type = pull_type(v->type), .constant = copy};
}

/* ---- comparing ---------------------------------------------------------------------------------- */

static bool is_null_constant(const PullValue *v)
{
    return v->constant && v->constant->is_null;
}

/* The type that a constant has to take next to a value of type t, if it can. */
static bool retarget(Pull *l, PullValue *v, Type t)
{
    const Value *c = v->constant;
    if (c->is_null || type_eq(c->type, t)) return true;
    bool is_time = t.kind == TYPE_TIMESTAMP && (c->type.kind == TYPE_TIMESTAMP || c->type.kind == TYPE_DATE);
    if (c->type.kind != TYPE_TEXT && !is_time) return true;
    BExpr *e = bexpr_const(l->arena, *c, (Span){0});
    Type finest = t.kind == TYPE_TIMESTAMP ? TYPE_TIMESTAMP_(6) : t;
    Value out;
    if (!l->p->constant) return false;
    BExpr *cast = bexpr_cast(l->arena, e, finest, false, e->span);
    if (l->p->constant(l->p->callback_arg, cast, l->arena, &out, NULL) != WEIR_OK || out.is_null) return false;
    out.type = finest;
    if (t.kind == TYPE_TIMESTAMP && out.i % type_tick_us(t) == 0) out.type = t;
    *v = pull_constant(l, &out);
    return true;
}

static bool is_number(const PullType *t)
{
    return type_is_number(t->type.kind) && t->form == FORM_PLAIN;
}

/* Both stand in forms that SQLite compares as weir compares the values. `finer`: the second is a
 * constant, whose longer fraction sorts right. */
static bool forms_agree(const PullType *a, const PullType *b, bool has_constant)
{
    if (is_number(a) && is_number(b)) return true;
    if (a->type.kind != b->type.kind || a->form != b->form) return false;
    if (a->form == FORM_DECIMAL || a->form == FORM_INTERVAL) return false;
    if (a->type.kind == TYPE_TIMESTAMP && a->form == FORM_PLAIN)
        return has_constant || fraction_width(a->type) == fraction_width(b->type);
    return true;
}

static const PullValue *first_column(const PullValue *v, int n)
{
    for (int i = 0; i < n; i++)
        if (!v[i].constant && v[i].type.known) return &v[i];
    return NULL;
}

static bool all_plain_text(const PullValue *v, int n)
{
    for (int i = 0; i < n; i++)
        if (!is_null_constant(&v[i]) && v[i].type.type.kind != TYPE_TEXT) return false;
    return true;
}

/* SQLite compares an integer with a double exactly; here the integer becomes a double first. */
static void as_doubles(Pull *l, PullValue *v, int n)
{
    bool any_double = false;
    for (int i = 0; i < n; i++) any_double |= !is_null_constant(&v[i]) && v[i].type.type.kind == TYPE_DOUBLE;
    for (int i = 0; any_double && i < n; i++) {
        if (v[i].type.type.kind != TYPE_BIGINT || is_null_constant(&v[i])) continue;
        v[i].sql = str_printf(l->arena, "CAST(%.*s AS REAL)", STR_ARG(v[i].sql));
        v[i].type = pull_type(TYPE_OF(TYPE_DOUBLE));
    }
}

bool pull_comparable(Pull *l, PullValue *v, int n)
{
    for (int i = 0; i < n; i++)
        if (!v[i].type.known) return true; /* nothing is known: SQLite's rules */
    const PullValue *model = first_column(v, n);
    if (!model) return all_plain_text(v, n);
    Type t = model->type.type;
    if (model->type.form != FORM_PLAIN && model->type.form != FORM_MS && model->type.form != FORM_S) return false;
    for (int i = 0; i < n; i++)
        if (v[i].constant && !retarget(l, &v[i], t)) return false;
    for (int i = 0; i < n; i++)
        if (!is_null_constant(&v[i]) && !forms_agree(&model->type, &v[i].type, v[i].constant != NULL)) return false;
    as_doubles(l, v, n);
    return true;
}

/* ---- weir_expr ---------------------------------------------------------------------------------- */

/* Leaves of an expression on their way to be columns of a relation of their own. */
typedef struct Leaves {
    const PullContext *c;
    VEC(PullValue) values;
    VEC(ColumnDef) cols;
} Leaves;

static bool has_name(const Leaves *l, Str name)
{
    for (ptrdiff_t i = 0; i < l->cols.len; i++)
        if (str_ieq(l->cols.data[i].name, name)) return true;
    return false;
}

/* The name under which messages speak of the leaf; unique. */
static Str leaf_name(Leaves *l, const Expr *e)
{
    Arena *a = l->c->pull->arena;
    Str name = e->kind == EX_COLUMN ? e->parts.data[e->parts.len - 1].text : e->text;
    if (name.n == 0) name = S("value");
    Str unique = name;
    for (int i = 2; has_name(l, unique); i++) unique = str_printf(a, "%.*s:%d", STR_ARG(name), i);
    return unique;
}

/* A TIMESTAMP in seconds is given to weir in milliseconds, which it knows. */
static PullValue as_argument(Pull *l, PullValue v)
{
    if (!v.type.known || v.type.form != FORM_S) return v;
    v.sql = str_printf(l->arena, "(%.*s * 1000)", STR_ARG(v.sql));
    v.type.form = FORM_MS;
    return v;
}

static int add_leaf(Leaves *l, const Expr *e, const PullValue *v)
{
    for (ptrdiff_t i = 0; i < l->values.len; i++)
        if (str_eq(l->values.data[i].sql, v->sql)) return (int)i;
    Arena *a = l->c->pull->arena;
    Type t = v->type.known ? v->type.type : TYPE_OF(TYPE_TEXT);
    vec_push(&l->cols, a, (ColumnDef){.name = leaf_name(l, e), .type = t});
    vec_push(&l->values, a, as_argument(l->c->pull, *v));
    return (int)l->values.len - 1;
}

static Expr *column_expr(Arena *a, Str name, Span at)
{
    Expr *e = new_one(a, Expr);
    *e = (Expr){.kind = EX_COLUMN, .span = at, .op_span = at};
    vec_push(&e->parts, a, (Name){.text = name, .span = at, .quoted = true});
    return e;
}

/* a.b.c where a.b is a column: the field c of it. */
static Expr *with_fields(Arena *a, Expr *base, const Expr *e, int from)
{
    for (ptrdiff_t i = from; i < e->parts.len; i++) {
        Expr *field = new_one(a, Expr);
        *field = (Expr){.kind = EX_FIELD, .span = e->span, .op_span = e->op_span};
        vec_push(&field->args, a, base);
        vec_push(&field->parts, a, e->parts.data[i]);
        base = field;
    }
    return base;
}

static Status strip(Leaves *l, const Expr *e, Expr **out);

static Status strip_leaf(Leaves *l, const Expr *e, Expr **out)
{
    Pull *pull = l->c->pull;
    Expr whole = *e;
    int nparts = (int)e->parts.len;
    if (e->kind == EX_COLUMN) {
        const PullColumn *col;
        TRY(pull_find_column(l->c, e, &col, &nparts));
        whole.parts.len = nparts;
    }
    PullValue v;
    TRY(pull_value(l->c, e->kind == EX_COLUMN ? &whole : e, &v));
    int k = add_leaf(l, &whole, &v);
    *out = column_expr(pull->arena, l->cols.data[k].name, pull_at(pull, e->span));
    if (e->kind == EX_COLUMN) *out = with_fields(pull->arena, *out, e, nparts);
    return WEIR_OK;
}

/* EXTRACT(YEAR FROM ts): a unit is written like a column. */
static bool is_unit_word(const Leaves *l, const Expr *call, const Expr *e)
{
    static const char TAKES_UNIT[] =
        "extract,date_part,datepart,date_trunc,timestampadd,timestampdiff,datediff,dateadd";
    TimeUnit unit;
    bool ambiguous;
    if (call->kind != EX_CALL || call->args.data[0] != e || !name_in_list(TAKES_UNIT, call->text)) return false;
    if (e->kind != EX_COLUMN || e->parts.len != 1 || e->parts.data[0].quoted) return false;
    Str name = e->parts.data[0].text;
    return time_unit_parse(name, &unit) || !pull_own_column(l->c->scope, (Str){0}, name, &ambiguous);
}

static Status strip_args(Leaves *l, const Expr *e, Expr *copy)
{
    Arena *a = l->c->pull->arena;
    copy->args = (ExprList){0};
    for (ptrdiff_t i = 0; i < e->args.len; i++) {
        Expr *arg = e->args.data[i];
        if (!is_unit_word(l, e, arg)) TRY(strip(l, arg, &arg));
        vec_push(&copy->args, a, arg);
    }
    return WEIR_OK;
}

/* A copy of e in which every leaf is a column of l. */
static Status strip(Leaves *l, const Expr *e, Expr **out)
{
    if (pull_is_leaf(l->c, e)) return strip_leaf(l, e, out);
    Expr *copy = new_one(l->c->pull->arena, Expr);
    *copy = *e;
    copy->span = pull_at(l->c->pull, e->span);
    TRY(strip_args(l, e, copy));
    if (e->operand) TRY(strip(l, e->operand, &copy->operand));
    *out = copy;
    return WEIR_OK;
}

static bool same_types(const PullExpr *e, const Type *types, int n)
{
    if (e->nargs != n) return false;
    for (int i = 0; i < n; i++)
        if (!type_eq(e->types[i], types[i]) || e->types[i].int_bits != types[i].int_bits) return false;
    return true;
}

/* The index of the expression among those of the query; equal ones are one. */
static int register_expr(Pull *l, BExpr *e, const PullValue *args, int n)
{
    Type *types = new (l->arena, Type, n);
    Str *text = new (l->arena, Str, n);
    for (int i = 0; i < n; i++) {
        types[i] = args[i].type.known ? args[i].type.type : TYPE_OF(TYPE_TEXT);
        text[i] = args[i].sql;
    }
    for (ptrdiff_t i = 0; i < l->exprs.len; i++)
        if (same_types(&l->exprs.data[i], types, n) && bexpr_eq(l->exprs.data[i].expr, e)) return (int)i;
    vec_push(&l->exprs, l->arena, (PullExpr){.expr = e, .types = types, .nargs = n, .text = text});
    return (int)l->exprs.len - 1;
}

static PullValue call_expr(Pull *l, BExpr *e, const PullValue *args, int n)
{
    StrBuf b = {.arena = l->arena};
    sb_printf(&b, "weir_expr(:weir, %d", register_expr(l, e, args, n));
    for (int i = 0; i < n; i++) {
        sb_lit(&b, ", ");
        sb_str(&b, args[i].sql);
    }
    sb_char(&b, ')');
    l->fallible += e->can_fail;
    return (PullValue){.sql = sb_done(&b), .type = pull_type(e->type)};
}

Status pull_emit(Pull *l, BExpr *e, const PullValue *args, int n, PullValue *out)
{
    if (e->kind == BE_COLUMN) {
        *out = args[e->col];
        return WEIR_OK;
    }
    if (n == 0 && !e->is_volatile && l->p->constant) {
        Value v;
        TRY(l->p->constant(l->p->callback_arg, e, l->arena, &v, l->p->diags));
        v.type = e->type;
        *out = pull_constant(l, &v);
        return WEIR_OK;
    }
    if (e->kind == BE_CONST)
        *out = pull_constant(l, &e->value);
    else
        *out = call_expr(l, e, args, n);
    return WEIR_OK;
}

Status pull_computed(const PullContext *c, const Expr *e, PullValue *out)
{
    Leaves l = {.c = c};
    Expr *stripped;
    TRY(strip(&l, e, &stripped));
    Relation rel = {.kind = REL_STREAM, .cols = l.cols.data, .ncols = (int32_t)l.cols.len};
    BExpr *bound;
    TRY(plan_scalar(c->pull->p, stripped, &rel, &bound));
    return pull_emit(c->pull, bound, l.values.data, (int)l.values.len, out);
}

BExpr *pull_bound(Pull *l, const PullValue *v, int i, Span at)
{
    if (v->constant) return bexpr_const(l->arena, *v->constant, at);
    return bexpr_column(l->arena, i, v->type.known ? v->type.type : TYPE_OF(TYPE_TEXT), at);
}

Status pull_cast(Pull *l, const PullValue *v, Type t, Span at, PullValue *out)
{
    *out = *v;
    PullType wanted = pull_type(t);
    if (!v->type.known || (type_eq(v->type.type, t) && v->type.form == wanted.form)) return WEIR_OK;
    BExpr *e = pull_bound(l, v, 0, at);
    TRY(plan_cast(l->p, e, t, true, &e));
    PullValue arg = as_argument(l, *v);
    if (e->kind == BE_COLUMN) e = bexpr_cast(l->arena, e, t, false, at);
    return pull_emit(l, e, &arg, v->constant ? 0 : 1, out);
}
