/* pull_expr.c: operators and forms in SQLite's SQL.
 *
 * Each is written natively where SQLite means the same by it for operands of these types, and
 * given to weir (pull_computed) everywhere else: arithmetic that overflows, LIKE, casts, times. */
#include "planner/pull.h"

static const Type BOOLEAN = {.kind = TYPE_BOOLEAN};

static bool is_op(const Expr *e, const char *text)
{
    return str_eq(e->text, str_z(text));
}

static bool is_kind(const PullValue *v, TypeKind k)
{
    return !v->type.known || v->type.type.kind == k || v->type.type.kind == TYPE_NULL;
}

static bool all_kind(const PullValue *v, int n, TypeKind k)
{
    for (int i = 0; i < n; i++)
        if (!is_kind(&v[i], k)) return false;
    return true;
}

static bool any_unknown(const PullValue *v, int n)
{
    for (int i = 0; i < n; i++)
        if (!v[i].type.known) return true;
    return false;
}

static Status give(Pull *l, Str sql, PullType t, PullValue *out)
{
    (void)l;
    *out = (PullValue){.sql = sql, .type = t};
    return WEIR_OK;
}

static Status pull_args(const PullContext *c, const Expr *e, PullValue **out)
{
    *out = new (c->pull->arena, PullValue, e->args.len);
    Status first = WEIR_OK;
    for (ptrdiff_t i = 0; i < e->args.len; i++) {
        Status st = pull_value(c, e->args.data[i], &(*out)[i]);
        if (first == WEIR_OK) first = st;
    }
    return first;
}

/* (a op b op c) */
static Str joined(Pull *l, const PullValue *v, int n, const char *op)
{
    StrBuf b = {.arena = l->arena};
    sb_char(&b, '(');
    for (int i = 0; i < n; i++) {
        if (i) sb_printf(&b, " %s ", op);
        sb_str(&b, v[i].sql);
    }
    sb_char(&b, ')');
    return sb_done(&b);
}

/* ---- operators ---------------------------------------------------------------------------------- */

typedef Status (*WriteOp)(const PullContext *c, const Expr *e, const char *sql, PullValue *out);

/* SQLite raises the error of an operand though another one decides. So OR over one that may fail is
 * weir's; AND keeps the others as conditions of SQLite's own (for its indexes), and asks weir after them:
 * where they are true, the whole is what it is by itself. */
static Status guarded_logic(const PullContext *c, const Expr *e, const PullValue *v, const bool *may_fail,
                            PullValue *out)
{
    int n = 0;
    PullValue *kept = new (c->pull->arena, PullValue, e->args.len + 1);
    for (ptrdiff_t i = 0; is_op(e, "and") && i < e->args.len; i++)
        if (!may_fail[i]) kept[n++] = v[i];
    TRY(pull_computed(c, e, &kept[n]));
    if (n > 0) return give(c->pull, joined(c->pull, kept, n + 1, "AND"), pull_type(BOOLEAN), out);
    *out = kept[0];
    return WEIR_OK;
}

static Status write_logic(const PullContext *c, const Expr *e, const char *sql, PullValue *out)
{
    int n = (int)e->args.len;
    PullValue *v = new (c->pull->arena, PullValue, n);
    bool *may_fail = new (c->pull->arena, bool, n), any = false;
    for (int i = 0; i < n; i++) {
        int64_t before = c->pull->fallible;
        TRY(pull_value(c, e->args.data[i], &v[i]));
        any |= may_fail[i] = c->pull->fallible > before;
    }
    if (!all_kind(v, n, TYPE_BOOLEAN)) return pull_computed(c, e, out);
    if (any && !any_unknown(v, n)) return guarded_logic(c, e, v, may_fail, out);
    return give(c->pull, joined(c->pull, v, n, sql), pull_type(BOOLEAN), out);
}

static Status write_not(const PullContext *c, const Expr *e, const char *sql, PullValue *out)
{
    PullValue *v;
    TRY(pull_args(c, e, &v));
    if (!all_kind(v, 1, TYPE_BOOLEAN)) return pull_computed(c, e, out);
    Str text = str_printf(c->pull->arena, "(%s %.*s)", sql, STR_ARG(v[0].sql));
    return give(c->pull, text, pull_type(BOOLEAN), out);
}

static bool is_row(const Expr *e)
{
    return e->kind == EX_ROW;
}

/* The sides of (a, b) = (c, d), each pair made comparable; *native: SQLite compares every pair as weir does. */
static Status row_sides(const PullContext *c, const Expr *x, const Expr *y, Str *left, Str *right, bool *native)
{
    PullValue *v, *w;
    TRY(pull_args(c, x, &v));
    TRY(pull_args(c, y, &w));
    int n = (int)x->args.len;
    if (n != y->args.len)
        return diag_error(c->pull->p->diags, WEIR_E_TYPE, pull_at(c->pull, y->span),
                          "a row of %d values beside one of %d", n, (int)y->args.len);
    for (int i = 0; i < n; i++) {
        PullValue pair[2] = {v[i], w[i]};
        *native &= pull_comparable(c->pull, pair, 2);
        v[i] = pair[0];
        w[i] = pair[1];
    }
    *left = joined(c->pull, v, n, ",");
    *right = joined(c->pull, w, n, ",");
    return WEIR_OK;
}

static Status compare_rows(const PullContext *c, const Expr *e, const char *sql, PullValue *out)
{
    Str a, b;
    bool native = true, orders = !is_op(e, "=") && !is_op(e, "<>");
    TRY(row_sides(c, e->args.data[0], e->args.data[1], &a, &b, &native));
    if (!native && orders)
        return pull_unsupported(c->pull, e->span, "this comparison of rows", "compare their values one by one");
    if (!native) return pull_computed(c, e, out);
    Str text = str_printf(c->pull->arena, "(%.*s %s %.*s)", STR_ARG(a), sql, STR_ARG(b));
    return give(c->pull, text, pull_type(BOOLEAN), out);
}

/* ARRAY, ROW and MAP stand as text, whose order means nothing. */
static bool lacks_order(const PullValue *v, const char *sql)
{
    bool orders = sql[0] == '>' || (sql[0] == '<' && sql[1] != '>');
    return orders && (type_is_nested(v[0].type.type.kind) || type_is_nested(v[1].type.type.kind));
}

static Status write_comparison(const PullContext *c, const Expr *e, const char *sql, PullValue *out)
{
    if (is_row(e->args.data[0]) && is_row(e->args.data[1])) return compare_rows(c, e, sql, out);
    PullValue *v;
    TRY(pull_args(c, e, &v));
    if (lacks_order(v, sql) || !pull_comparable(c->pull, v, 2)) return pull_computed(c, e, out);
    return give(c->pull, joined(c->pull, v, 2, sql), pull_type(BOOLEAN), out);
}

/* SQLite's double arithmetic is weir's; its integers turn into doubles where weir's overflow. */
static bool is_double_arithmetic(const PullValue *v, int n)
{
    bool any = false;
    for (int i = 0; i < n; i++) {
        const PullType *t = &v[i].type;
        if (t->type.kind != TYPE_BIGINT && t->type.kind != TYPE_DOUBLE) return false;
        any |= t->type.kind == TYPE_DOUBLE;
    }
    return any && v[0].type.type.kind == TYPE_DOUBLE;
}

static Status write_arithmetic(const PullContext *c, const Expr *e, const char *sql, PullValue *out)
{
    PullValue *v;
    int n = (int)e->args.len;
    TRY(pull_args(c, e, &v));
    bool unknown = any_unknown(v, n);
    if (!unknown && !is_double_arithmetic(v, n)) return pull_computed(c, e, out);
    PullType t = unknown ? PULL_UNKNOWN : pull_type(TYPE_OF(TYPE_DOUBLE));
    return give(c->pull, joined(c->pull, v, n, sql), t, out);
}

static Status write_bits(const PullContext *c, const Expr *e, const char *sql, PullValue *out)
{
    PullValue *v;
    int n = (int)e->args.len;
    TRY(pull_args(c, e, &v));
    if (!any_unknown(v, n)) return pull_computed(c, e, out);
    if (n == 1)
        return give(c->pull, str_printf(c->pull->arena, "(%s%.*s)", sql, STR_ARG(v[0].sql)), PULL_UNKNOWN, out);
    return give(c->pull, joined(c->pull, v, n, sql), PULL_UNKNOWN, out);
}

static Status write_sign(const PullContext *c, const Expr *e, const char *sql, PullValue *out)
{
    PullValue *v;
    TRY(pull_args(c, e, &v));
    bool is_double = v[0].type.type.kind == TYPE_DOUBLE && !v[0].constant;
    if (v[0].type.known && !is_double) return pull_computed(c, e, out);
    return give(c->pull, str_printf(c->pull->arena, "(%s%.*s)", sql, STR_ARG(v[0].sql)), v[0].type, out);
}

static Status write_concat(const PullContext *c, const Expr *e, const char *sql, PullValue *out)
{
    PullValue *v;
    int n = (int)e->args.len;
    TRY(pull_args(c, e, &v));
    if (!all_kind(v, n, TYPE_TEXT)) return pull_computed(c, e, out);
    return give(c->pull, joined(c->pull, v, n, sql), pull_type(TYPE_OF(TYPE_TEXT)), out);
}

/* `x IS NULL` and its like; sql holds the positive and, after a bar, the negated words. */
static Status write_test(const PullContext *c, const Expr *e, const char *sql, PullValue *out)
{
    PullValue *v;
    TRY(pull_args(c, e, &v));
    bool is_null = is_op(e, "is_null");
    if (!is_null && !all_kind(v, 1, TYPE_BOOLEAN)) return pull_computed(c, e, out);
    Str text = str_printf(c->pull->arena, "(%.*s IS %s%s)", STR_ARG(v[0].sql), e->negated ? "NOT " : "", sql);
    return give(c->pull, text, pull_type(BOOLEAN), out);
}

static Status write_distinct(const PullContext *c, const Expr *e, const char *sql, PullValue *out)
{
    (void)sql;
    return write_comparison(c, e, e->negated ? "IS" : "IS NOT", out);
}

typedef struct Operator {
    const char *text, *sql;
    WriteOp write;
} Operator;

static const Operator OPERATORS[] = {
    {"and", "AND", write_logic},
    {"or", "OR", write_logic},
    {"not", "NOT", write_not},
    {"=", "=", write_comparison},
    {"<>", "<>", write_comparison},
    {"<", "<", write_comparison},
    {"<=", "<=", write_comparison},
    {">", ">", write_comparison},
    {">=", ">=", write_comparison},
    {"is_distinct", "", write_distinct},
    {"+", "+", write_arithmetic},
    {"-", "-", write_arithmetic},
    {"*", "*", write_arithmetic},
    {"/", "/", write_arithmetic},
    {"%", "%", write_bits},
    {"&", "&", write_bits},
    {"|", "|", write_bits},
    {"<<", "<<", write_bits},
    {">>", ">>", write_bits},
    {"~", "~", write_bits},
    {"neg", "-", write_sign},
    {"pos", "+", write_sign},
    {"||", "||", write_concat},
    {"is_null", "NULL", write_test},
    {"is_true", "TRUE", write_test},
    {"is_false", "FALSE", write_test},
    {"is_unknown", "NULL", write_test},
};

static Status value_op(const PullContext *c, const Expr *e, PullValue *out)
{
    for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++)
        if (is_op(e, OPERATORS[i].text)) return OPERATORS[i].write(c, e, OPERATORS[i].sql, out);
    return pull_computed(c, e, out);
}

/* ---- forms -------------------------------------------------------------------------------------- */

static Status value_between(const PullContext *c, const Expr *e, PullValue *out)
{
    PullValue *v;
    TRY(pull_args(c, e, &v));
    if (e->is_symmetric || !pull_comparable(c->pull, v, 3)) return pull_computed(c, e, out);
    Str text = str_printf(c->pull->arena, "(%.*s %sBETWEEN %.*s AND %.*s)", STR_ARG(v[0].sql),
                          e->negated ? "NOT " : "", STR_ARG(v[1].sql), STR_ARG(v[2].sql));
    return give(c->pull, text, pull_type(BOOLEAN), out);
}

static Status write_row(const PullContext *c, const Expr *e, Str *sql)
{
    PullValue *v;
    TRY(pull_args(c, e, &v));
    *sql = joined(c->pull, v, (int)e->args.len, ",");
    return WEIR_OK;
}

/* (a, b) IN ((1, 2), (3, 4)) is (a, b) = (1, 2) OR … */
static Status rows_in(const PullContext *c, const Expr *e, PullValue *out)
{
    StrBuf b = {.arena = c->pull->arena};
    bool native = true;
    Str left, right;
    sb_z(&b, e->negated ? "(NOT (" : "((");
    for (ptrdiff_t i = 1; i < e->args.len; i++) {
        if (!is_row(e->args.data[i])) return pull_unsupported(c->pull, e->span, "a row beside what is none", NULL);
        TRY(row_sides(c, e->args.data[0], e->args.data[i], &left, &right, &native));
        sb_printf(&b, "%s%.*s = %.*s", i > 1 ? " OR " : "", STR_ARG(left), STR_ARG(right));
    }
    sb_lit(&b, "))");
    if (!native) return pull_computed(c, e, out);
    return give(c->pull, sb_done(&b), pull_type(BOOLEAN), out);
}

static Status value_in(const PullContext *c, const Expr *e, PullValue *out)
{
    if (is_row(e->args.data[0])) return rows_in(c, e, out);
    PullValue *v;
    TRY(pull_args(c, e, &v));
    if (!pull_comparable(c->pull, v, (int)e->args.len)) return pull_computed(c, e, out);
    Str list = joined(c->pull, v + 1, (int)e->args.len - 1, ",");
    Str text = str_printf(c->pull->arena, "(%.*s %sIN %.*s)", STR_ARG(v[0].sql), e->negated ? "NOT " : "",
                          STR_ARG(list));
    return give(c->pull, text, pull_type(BOOLEAN), out);
}

/* All values have one type and form, or are NULL; *t is it. */
static bool one_type(const PullValue *const *v, int n, PullType *t)
{
    *t = pull_type(TYPE_OF(TYPE_NULL));
    for (int i = 0; i < n; i++) {
        if (!v[i]->type.known) {
            *t = PULL_UNKNOWN;
            return true;
        }
        if (v[i]->type.type.kind == TYPE_NULL) continue;
        bool first = t->type.kind == TYPE_NULL;
        if (!first && (!type_eq(v[i]->type.type, t->type) || v[i]->type.form != t->form)) return false;
        *t = v[i]->type;
    }
    return true;
}

static bool case_conditions_fit(Pull *l, const Expr *e, const PullValue *operand, const PullValue *v)
{
    for (ptrdiff_t i = 0; i + 1 < e->args.len; i += 2) {
        if (!operand && !is_kind(&v[i], TYPE_BOOLEAN)) return false;
        if (!operand) continue;
        PullValue pair[2] = {*operand, v[i]};
        if (!pull_comparable(l, pair, 2) || !str_eq(pair[1].sql, v[i].sql)) return false;
    }
    return true;
}

static bool case_results_fit(Arena *a, const Expr *e, const PullValue *v, PullType *t)
{
    int n = 0;
    const PullValue **results = new (a, const PullValue *, e->args.len);
    for (ptrdiff_t i = 1; i < e->args.len; i += 2) results[n++] = &v[i];
    if (e->args.len % 2) results[n++] = &v[e->args.len - 1];
    return one_type(results, n, t);
}

static Status value_case(const PullContext *c, const Expr *e, PullValue *out)
{
    Pull *l = c->pull;
    PullValue *v, operand;
    PullType t;
    TRY(pull_args(c, e, &v));
    if (e->operand) TRY(pull_value(c, e->operand, &operand));
    bool native = case_conditions_fit(l, e, e->operand ? &operand : NULL, v) && case_results_fit(l->arena, e, v, &t);
    if (!native) return pull_computed(c, e, out);
    StrBuf b = {.arena = l->arena};
    sb_lit(&b, "CASE");
    if (e->operand) sb_printf(&b, " %.*s", STR_ARG(operand.sql));
    ptrdiff_t i = 0;
    for (; i + 1 < e->args.len; i += 2)
        sb_printf(&b, " WHEN %.*s THEN %.*s", STR_ARG(v[i].sql), STR_ARG(v[i + 1].sql));
    if (i < e->args.len) sb_printf(&b, " ELSE %.*s", STR_ARG(v[i].sql));
    sb_lit(&b, " END");
    return give(l, sb_done(&b), t, out);
}

/* ---- subqueries --------------------------------------------------------------------------------- */

static Status one_column(const PullContext *c, const Expr *e, PullRows *rows, int ncols)
{
    TRY(pull_select(c->pull, e->query, c->scope, NULL, rows));
    if (rows->is_open || rows->cols.len == ncols) return WEIR_OK;
    return diag_error(c->pull->p->diags, WEIR_E_TYPE, pull_at(c->pull, e->span),
                      "this subquery gives %d columns; %d %s wanted here", (int)rows->cols.len, ncols,
                      ncols == 1 ? "is" : "are");
}

static Status value_exists(const PullContext *c, const Expr *e, PullValue *out)
{
    PullRows rows;
    TRY(pull_select(c->pull, e->query, c->scope, NULL, &rows));
    return give(c->pull, str_printf(c->pull->arena, "EXISTS (%.*s)", STR_ARG(rows.sql)), pull_type(BOOLEAN), out);
}

static PullType column_type(const PullRows *rows)
{
    return rows->cols.len == 1 && !rows->is_open ? rows->cols.data[0].type : PULL_UNKNOWN;
}

static Status value_subquery(const PullContext *c, const Expr *e, PullValue *out)
{
    PullRows rows;
    TRY(one_column(c, e, &rows, 1));
    return give(c->pull, str_printf(c->pull->arena, "(%.*s)", STR_ARG(rows.sql)), column_type(&rows), out);
}

/* x IN (SELECT …): where the two sides do not compare as they stand, x takes the column's type. */
static Status in_query(const PullContext *c, const Expr *e, bool negated, PullValue *out)
{
    Pull *l = c->pull;
    const Expr *left = e->args.data[0];
    PullRows rows;
    PullValue v[2];
    Str sql;
    TRY(one_column(c, e, &rows, is_row(left) ? (int)left->args.len : 1));
    if (is_row(left)) {
        TRY(write_row(c, left, &sql));
    } else {
        TRY(pull_value(c, left, &v[0]));
        v[1] = (PullValue){.type = column_type(&rows)};
        if (!pull_comparable(l, v, 2)) TRY(pull_cast(l, &v[0], v[1].type.type, pull_at(l, left->span), &v[0]));
        if (!pull_comparable(l, v, 2) || v[1].sql.n > 0) /* its column would have to become another type */
            return pull_unsupported(l, e->span, "IN over these types", "cast the column of the subquery");
        sql = v[0].sql;
    }
    Str text = str_printf(l->arena, "(%.*s %sIN (%.*s))", STR_ARG(sql), negated ? "NOT " : "", STR_ARG(rows.sql));
    return give(l, text, pull_type(BOOLEAN), out);
}

static Status value_in_query(const PullContext *c, const Expr *e, PullValue *out)
{
    return in_query(c, e, e->negated, out);
}

/* = ANY is IN, <> ALL is NOT IN. */
static Status value_quantified(const PullContext *c, const Expr *e, PullValue *out)
{
    bool in = is_op(e, "=") && !e->is_all, not_in = is_op(e, "<>") && e->is_all;
    if (e->query && (in || not_in)) return in_query(c, e, not_in, out);
    return pull_unsupported(c->pull, e->op_span, "this comparison with ANY or ALL",
                            "compare with (SELECT min(…)) or (SELECT max(…)), or use EXISTS");
}

/* ---- names and literals ------------------------------------------------------------------------- */

static const SelectItem *find_alias(const PullContext *c, const Expr *e)
{
    if (!c->aliases || e->parts.len != 1) return NULL;
    for (ptrdiff_t i = 0; i < c->aliases->len; i++)
        if (str_ieq(c->aliases->data[i].alias.text, e->parts.data[0].text)) return &c->aliases->data[i];
    return NULL;
}

static bool is_bare_function(const Expr *e)
{
    return e->parts.len == 1 && !e->parts.data[0].quoted &&
           name_in_list("current_timestamp,current_date,current_time,localtimestamp,localtime",
                        e->parts.data[0].text);
}

/* A column of this query's own FROM counts first, then the select list's names, then outer ones. */
static bool is_alias(const PullContext *c, const Expr *e)
{
    bool ambiguous;
    if (!find_alias(c, e)) return false;
    return !pull_own_column(c->scope, (Str){0}, e->parts.data[0].text, &ambiguous) && !ambiguous;
}

static bool is_own_column(const PullContext *c, const Expr *e)
{
    bool ambiguous;
    return pull_own_column(c->scope, (Str){0}, e->parts.data[0].text, &ambiguous) || ambiguous;
}

bool pull_is_leaf(const PullContext *c, const Expr *e)
{
    PullValue v;
    bool lacks;
    if (pull_is_grouping(c, e) || (pull_lacks(c, e, &lacks, &v) == WEIR_OK && lacks)) return true;
    switch (e->kind) {
    case EX_COLUMN: return !is_bare_function(e) || is_own_column(c, e) || is_alias(c, e);
    case EX_CALL: return (e->call && e->call->over) || pull_is_aggregate(c, e);
    case EX_IN_QUERY:
    case EX_EXISTS:
    case EX_SUBQUERY: return true;
    case EX_QUANTIFIED: return e->query != NULL;
    case EX_NULL:
    case EX_BOOL:
    case EX_NUMBER:
    case EX_STRING:
    case EX_BLOB:
    case EX_TYPED:
    case EX_INTERVAL:
    case EX_PARAM:
    case EX_STAR:
    case EX_OP:
    case EX_CAST:
    case EX_CASE:
    case EX_BETWEEN:
    case EX_IN:
    case EX_ROW:
    case EX_ARRAY:
    case EX_MAP:
    case EX_SUBSCRIPT:
    case EX_FIELD:
    case EX_NAMED_ARG:
    case EX_TABLE_ARG:
    case EX_DESCRIPTOR:
    case EX_DEFAULT: break;
    }
    return false;
}

/* The open table that an unqualified name belongs to, where there is only one. Without it, SQLite
 * would take an unknown quoted name for a text. */
static Str only_open_table(const PullContext *c)
{
    for (const PullScope *s = c->scope; s; s = s->outer)
        if (s->open_tables.len) return s->open_tables.len == 1 ? s->open_tables.data[0] : (Str){0};
    return (Str){0};
}

/* A name of an open table: as it is written. */
static PullValue open_column(const PullContext *c, const Expr *e)
{
    StrBuf b = {.arena = c->pull->arena};
    Str table = e->parts.len > 1 ? e->parts.data[0].text : only_open_table(c);
    if (table.n) {
        pull_name(&b, table);
        sb_char(&b, '.');
    }
    pull_name(&b, e->parts.data[e->parts.len > 1].text);
    return (PullValue){.sql = sb_done(&b), .type = PULL_UNKNOWN};
}

static Status value_column(const PullContext *c, const Expr *e, PullValue *out)
{
    const PullColumn *col;
    int nparts;
    if (is_alias(c, e)) {
        PullContext inner = *c;
        inner.aliases = NULL;
        return pull_value(&inner, find_alias(c, e)->expr, out);
    }
    if (!pull_is_leaf(c, e)) return pull_computed(c, e, out);
    TRY(pull_find_column(c, e, &col, &nparts));
    if (nparts < e->parts.len) return pull_computed(c, e, out);
    *out = col ? (PullValue){.sql = col->sql, .type = col->type} : open_column(c, e);
    return WEIR_OK;
}

static Status value_star(const PullContext *c, const Expr *e, PullValue *out)
{
    (void)out;
    return diag_error(c->pull->p->diags, WEIR_E_SYNTAX, pull_at(c->pull, e->span), "* is not a value here");
}

/* ---- all of them -------------------------------------------------------------------------------- */

static Status value_cast(const PullContext *c, const Expr *e, PullValue *out)
{
    PullValue v;
    Type t;
    TRY(plan_type(c->pull->p, e->type, &t));
    TRY(pull_value(c, e->args.data[0], &v));
    bool same = v.type.known && type_eq(v.type.type, t) && v.type.type.int_bits == t.int_bits;
    if (!same) return pull_computed(c, e, out);
    *out = v;
    return WEIR_OK;
}

/* coalesce and ifnull where all arguments are of one type. */
static Status value_coalesce(const PullContext *c, const Expr *e, PullValue *out)
{
    PullValue *v;
    int n = (int)e->args.len;
    PullType t;
    TRY(pull_args(c, e, &v));
    const PullValue **all = new (c->pull->arena, const PullValue *, n);
    for (int i = 0; i < n; i++) all[i] = &v[i];
    if (n < 2 || !one_type(all, n, &t)) return pull_computed(c, e, out);
    Str list = joined(c->pull, v, n, ",");
    return give(c->pull, str_printf(c->pull->arena, "coalesce%.*s", STR_ARG(list)), t, out);
}

static Status value_call(const PullContext *c, const Expr *e, PullValue *out)
{
    if (e->call && e->call->over) return pull_over(c, e, out);
    if (pull_is_aggregate(c, e)) return pull_aggregate(c, e, out);
    if (name_in_list("coalesce,ifnull,nvl", e->text)) return value_coalesce(c, e, out);
    return pull_computed(c, e, out);
}

typedef Status (*WriteKind)(const PullContext *c, const Expr *e, PullValue *out);
static const WriteKind KINDS[] = {
    [EX_NULL] = pull_computed,      [EX_BOOL] = pull_computed,
    [EX_NUMBER] = pull_computed,    [EX_STRING] = pull_computed,
    [EX_BLOB] = pull_computed,      [EX_TYPED] = pull_computed,
    [EX_INTERVAL] = pull_computed,  [EX_PARAM] = pull_computed,
    [EX_COLUMN] = value_column,     [EX_STAR] = value_star,
    [EX_OP] = value_op,             [EX_CALL] = value_call,
    [EX_CAST] = value_cast,         [EX_CASE] = value_case,
    [EX_BETWEEN] = value_between,   [EX_IN] = value_in,
    [EX_IN_QUERY] = value_in_query, [EX_EXISTS] = value_exists,
    [EX_SUBQUERY] = value_subquery, [EX_QUANTIFIED] = value_quantified,
    [EX_ROW] = pull_computed,       [EX_ARRAY] = pull_computed,
    [EX_MAP] = pull_computed,       [EX_SUBSCRIPT] = pull_computed,
    [EX_FIELD] = pull_computed,     [EX_NAMED_ARG] = pull_computed,
    [EX_TABLE_ARG] = pull_computed, [EX_DESCRIPTOR] = pull_computed,
    [EX_DEFAULT] = pull_computed,
};

static bool is_subquery(const Expr *e)
{
    return e->kind == EX_IN_QUERY || e->kind == EX_EXISTS || e->kind == EX_SUBQUERY ||
           (e->kind == EX_QUANTIFIED && e->query);
}

Status pull_value(const PullContext *c, const Expr *e, PullValue *out)
{
    Pull *l = c->pull;
    bool lacks;
    TRY(pull_lacks(c, e, &lacks, out));
    if (lacks) return WEIR_OK;
    if (pull_is_grouping(c, e)) return pull_grouping(c, e, out);
    if (!is_subquery(e)) return KINDS[e->kind](c, e, out);
    for (ptrdiff_t i = 0; i < l->memo.len; i++)
        if (l->memo.data[i].expr == e) {
            *out = l->memo.data[i].value;
            return WEIR_OK;
        }
    TRY(KINDS[e->kind](c, e, out));
    vec_push(&l->memo, l->arena, (PullMemo){e, *out});
    return WEIR_OK;
}

Status pull_condition(const PullContext *c, const Expr *e, PullValue *out)
{
    TRY(pull_value(c, e, out));
    if (is_kind(out, TYPE_BOOLEAN)) return WEIR_OK;
    Str type = type_name(out->type.type, c->pull->arena);
    return diag_error(c->pull->p->diags, WEIR_E_TYPE, pull_at(c->pull, e->span), "%s is %.*s, not BOOLEAN",
                      c->clause, STR_ARG(type));
}

void pull_order_words(const PullValue *v, const OrderItem *item, StrBuf *sql)
{
    sb_str(sql, v->sql);
    if (v->type.known && v->type.form == FORM_DECIMAL) sb_lit(sql, " COLLATE weir_decimal");
    if (v->type.known && v->type.form == FORM_INTERVAL) sb_lit(sql, " COLLATE weir_interval");
    if (item->is_desc) sb_lit(sql, " DESC");
    if (item->nulls == NULLS_FIRST) sb_lit(sql, " NULLS FIRST");
    if (item->nulls == NULLS_LAST) sb_lit(sql, " NULLS LAST");
}

Status pull_order(const PullContext *c, const OrderItem *item, StrBuf *sql)
{
    PullValue v;
    TRY(pull_value(c, item->expr, &v));
    pull_order_words(&v, item, sql);
    return WEIR_OK;
}
