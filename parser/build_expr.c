/* build_expr.c: nodes of types and expressions.
 *
 * a + b + c is one node with three operands, so that a chain of any length that the limits allow
 * costs no recursion later. What has several spellings gets its one name here (OPERATORS). */
#include "parser/build.h"
#include "parser/parser.h"

Span build_span_to_here(const Build *b, Span start)
{
    return span_join(start, b->here);
}

static void limit_reached(Build *b, Span at, const char *what, int limit)
{
    if (b->failed) return;
    b->failed = true;
    diag_error(b->diags, WEIR_E_LIMIT, at, "the statement has %s %d", what, limit);
}

void build_too_deep(Build *b, Span at)
{
    if (b->failed) return;
    limit_reached(b, at, "expressions or queries nested deeper than", PARSER_DEPTH_MAX);
    diag_hint(b->diags, "split it with WITH or a view");
}

void build_count(Build *b, ptrdiff_t n, Span at)
{
    if (n > PARSER_NODES_MAX - b->nodes) {
        if (b->failed) return;
        limit_reached(b, at, "more parts than", PARSER_NODES_MAX);
        diag_hint(b->diags, "use several statements");
        return;
    }
    b->nodes += (int32_t)n;
}

void build_raise(Build *b, int32_t *depth, int32_t child, Span at)
{
    if (child + 1 > *depth) *depth = child + 1;
    if (*depth > PARSER_DEPTH_MAX) build_too_deep(b, at);
}

int32_t build_exprs_depth(ExprList l)
{
    int32_t depth = 0;
    for (ptrdiff_t i = 0; i < l.len; i++)
        if (l.data[i]->depth > depth) depth = l.data[i]->depth;
    return depth;
}

int32_t build_order_depth(OrderList o)
{
    int32_t depth = 0;
    for (ptrdiff_t i = 0; i < o.len; i++)
        if (o.data[i].expr->depth > depth) depth = o.data[i].expr->depth;
    return depth;
}

Expr *build_node(Build *b, ExprKind kind, Span span)
{
    build_count(b, 1, span);
    Expr *e = new_one(b->arena, Expr);
    e->kind = kind;
    e->span = e->op_span = span;
    e->depth = 1;
    return e;
}

void build_add(Build *b, Expr *parent, Expr *child)
{
    if (!child) return;
    vec_push(&parent->args, b->arena, child);
    build_raise(b, &parent->depth, child->depth, child->span);
}

static void add_list(Build *b, Expr *parent, ExprList list)
{
    for (ptrdiff_t i = 0; i < list.len; i++) build_add(b, parent, list.data[i]);
}

/* ---- types ---- */

static TypeName *new_type(Build *b, Str name, Span span)
{
    build_count(b, 1, span);
    TypeName *t = new_one(b->arena, TypeName);
    t->name = name;
    t->span = span;
    return t;
}

TypeName *build_type(Build *b, Name word)
{
    TypeName *t = new_type(b, str_lower(b->arena, word.text), word.span);
    t->depth = 1;
    t->word = word;
    return t;
}

TypeName *build_type_word(Build *b, TypeName *t, Name word)
{
    Str second = str_lower(b->arena, word.text);
    t->name = str_printf(b->arena, "%.*s %.*s", STR_ARG(t->name), STR_ARG(second));
    t->span = build_span_to_here(b, t->span);
    return t;
}

/* Precision, scale and length: whole numbers. */
static int32_t type_number(Build *b, Name n)
{
    int64_t v;
    if (!str_to_int64(n.text, &v) || v < 0 || v > INT32_MAX) {
        if (!b->failed)
            diag_error(b->diags, WEIR_E_SYNTAX, n.span, "\"%.*s\" is not a length or precision",
                       STR_ARG(n.text));
        b->failed = true;
        return 0;
    }
    return (int32_t)v;
}

TypeName *build_type_args(Build *b, TypeName *t, NameList numbers)
{
    t->nargs = (int32_t)numbers.len;
    for (int32_t i = 0; i < t->nargs; i++) t->args[i] = type_number(b, numbers.data[i]);
    t->span = build_span_to_here(b, t->span);
    return t;
}

TypeName *build_type_zone(Build *b, TypeName *t, const char *words)
{
    t->name = str_printf(b->arena, "%.*s%s", STR_ARG(t->name), words);
    t->span = build_span_to_here(b, t->span);
    return t;
}

static TypeName *compound_type(Build *b, Str name, Span start, TypeFieldList fields)
{
    TypeName *t = new_type(b, name, build_span_to_here(b, start));
    t->fields = fields.data;
    t->nfields = (int32_t)fields.len;
    t->depth = 1;
    for (int32_t i = 0; i < t->nfields; i++)
        build_raise(b, &t->depth, t->fields[i].type->depth, t->span);
    return t;
}

TypeName *build_type_array(Build *b, TypeName *item, Span start)
{
    TypeFieldList fields = {0};
    vec_push(&fields, b->arena, (TypeNameField){.type = item});
    return compound_type(b, S("array"), start, fields);
}

TypeName *build_type_map(Build *b, Name word, TypeName *key, TypeName *value)
{
    TypeFieldList fields = {0};
    vec_push(&fields, b->arena, (TypeNameField){.type = key});
    vec_push(&fields, b->arena, (TypeNameField){.type = value});
    return compound_type(b, S("map"), word.span, fields);
}

TypeName *build_type_row(Build *b, Name word, TypeFieldList fields)
{
    return compound_type(b, S("row"), word.span, fields);
}

/* ---- leaves ---- */

Expr *build_literal(Build *b, ExprKind kind, Name token)
{
    Expr *e = build_node(b, kind, token.span);
    e->text = kind == EX_BOOL ? str_lower(b->arena, token.text) : token.text;
    if (kind == EX_NULL || kind == EX_DEFAULT) e->text = (Str){0};
    if (kind == EX_PARAM) vec_push(&b->params, b->arena, e);
    return e;
}

Expr *build_one(Build *b)
{
    return build_literal(b, EX_NUMBER, (Name){.text = S("1"), .span = b->here});
}

Expr *build_typed(Build *b, Name type, Name text)
{
    Expr *e = build_node(b, EX_TYPED, span_join(type.span, text.span));
    e->type = build_type(b, type);
    e->text = text.text;
    return e;
}

const char *const INTERVAL_UNIT_NAMES[] = {"",    "microsecond", "millisecond", "second",  "minute", "hour",
                                           "day", "week",        "month",       "quarter", "year"};

/* The unit a word names, in the singular or the plural. */
static IntervalUnit unit_of(Str word)
{
    for (int u = IUNIT_MICROSECOND; u <= IUNIT_YEAR; u++) {
        Str name = str_z(INTERVAL_UNIT_NAMES[u]);
        Str head = str_of(word.p, word.n < name.n ? word.n : name.n);
        if (str_ieq(head, name) && word.n <= name.n + 1) return (IntervalUnit)u;
    }
    return IUNIT_NONE;
}

Expr *build_interval(Build *b, Span start, Name text, Name unit, Name unit_to)
{
    Expr *e = build_node(b, EX_INTERVAL, build_span_to_here(b, start));
    e->text = text.text;
    e->unit = unit_of(unit.text);
    e->unit_to = unit_of(unit_to.text);
    return e;
}

Expr *build_column(Build *b, NameList path)
{
    Span span = span_join(path.data[0].span, path.data[path.len - 1].span);
    Expr *e = build_node(b, EX_COLUMN, span);
    e->parts = path;
    return e;
}

Expr *build_star(Build *b, NameList path, Span span)
{
    Expr *e = build_node(b, EX_STAR, span);
    e->parts = path;
    return e;
}

/* ---- operators ---- */

/* Spellings that are not the operator's name in lower case. */
typedef struct OperatorSpelling {
    const char *spelling, *op;
    bool negated;
} OperatorSpelling;
static const OperatorSpelling OPERATORS[] = {
    {"==", "=", false},        {"!=", "<>", false},       {"rlike", "regexp", false},
    {"~", "regexp", false},    {"~*", "iregexp", false},  {"!~", "regexp", true},
    {"!~*", "iregexp", true},
};
/* Operators whose chains are one node. */
static const char *const CHAINS[] = {"or", "and", "+", "-", "*", "/", "%", "||", "&", "|"};

static Str operator_name(Build *b, Name token, bool *negated)
{
    for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++)
        if (str_ieq(token.text, str_z(OPERATORS[i].spelling))) {
            *negated ^= OPERATORS[i].negated;
            return str_z(OPERATORS[i].op);
        }
    return str_lower(b->arena, token.text);
}

static bool is_chain(Str op)
{
    for (size_t i = 0; i < sizeof CHAINS / sizeof *CHAINS; i++)
        if (str_eq(op, str_z(CHAINS[i]))) return true;
    return false;
}

static Expr *operator_node(Build *b, Str op, Name token, Span span)
{
    Expr *e = build_node(b, EX_OP, span);
    e->text = op;
    e->op_span = token.span;
    return e;
}

Expr *build_unary(Build *b, const char *op, Name token, Expr *x)
{
    Expr *e = operator_node(b, str_z(op), token, span_join(token.span, x->span));
    build_add(b, e, x);
    return e;
}

static Expr *two_operands(Build *b, Str op, Name token, Expr *l, Expr *r)
{
    Expr *e = operator_node(b, op, token, span_join(l->span, build_span_to_here(b, r->span)));
    build_add(b, e, l);
    build_add(b, e, r);
    return e;
}

static Expr *extend_chain(Build *b, Expr *chain, Expr *r)
{
    if (chain->args.len >= PARSER_CHAIN_MAX) {
        if (!b->failed)
            diag_error(b->diags, WEIR_E_LIMIT, r->span, "the chain of \"%.*s\" has more operands than %d",
                       STR_ARG(chain->text), PARSER_CHAIN_MAX);
        b->failed = true;
        return chain;
    }
    build_add(b, chain, r);
    chain->span = span_join(chain->span, r->span);
    return chain;
}

Expr *build_binary(Build *b, Name op, Expr *l, Expr *r)
{
    bool negated = false;
    Str name = operator_name(b, op, &negated);
    bool continues = l->kind == EX_OP && str_eq(l->text, name) && l->args.len >= 2 && is_chain(name);
    if (continues) return extend_chain(b, l, r);
    Expr *e = two_operands(b, name, op, l, r);
    e->negated = negated;
    return e;
}

Expr *build_match(Build *b, Name op, Expr *l, Expr *r, bool negated)
{
    Str name = operator_name(b, op, &negated);
    Expr *e = two_operands(b, name, op, l, r);
    e->negated = negated;
    return e;
}

Expr *build_escape(Build *b, Expr *match, Expr *escape)
{
    build_add(b, match, escape);
    match->span = span_join(match->span, escape->span);
    return match;
}

Expr *build_at_time_zone(Build *b, Name op, Expr *l, Expr *r)
{
    return two_operands(b, S("at_time_zone"), op, l, r);
}

Expr *build_between(Build *b, Name op, Expr *x, Expr *low, Expr *high, bool symmetric, bool negated)
{
    Expr *e = build_node(b, EX_BETWEEN, span_join(x->span, high->span));
    e->op_span = op.span;
    e->is_symmetric = symmetric;
    e->negated = negated;
    build_add(b, e, x);
    build_add(b, e, low);
    build_add(b, e, high);
    return e;
}

Expr *build_in(Build *b, Name op, Expr *x, ExprList list, bool negated)
{
    Expr *e = build_node(b, EX_IN, build_span_to_here(b, x->span));
    e->op_span = op.span;
    e->negated = negated;
    build_add(b, e, x);
    add_list(b, e, list);
    return e;
}

static void set_query(Build *b, Expr *e, Select *q)
{
    e->query = q;
    build_raise(b, &e->depth, q->depth, e->span);
}

Expr *build_in_query(Build *b, Name op, Expr *x, Select *q, bool negated)
{
    Expr *e = build_node(b, EX_IN_QUERY, build_span_to_here(b, x->span));
    e->op_span = op.span;
    e->negated = negated;
    build_add(b, e, x);
    set_query(b, e, q);
    return e;
}

Expr *build_is(Build *b, Name op, Name word, Expr *x, bool negated)
{
    Str suffix = str_lower(b->arena, word.text);
    Str name = str_printf(b->arena, "is_%.*s", STR_ARG(suffix));
    Expr *e = operator_node(b, name, op, build_span_to_here(b, x->span));
    e->negated = negated;
    build_add(b, e, x);
    return e;
}

Expr *build_distinct(Build *b, Name op, Expr *l, Expr *r, bool negated)
{
    Expr *e = two_operands(b, S("is_distinct"), op, l, r);
    e->negated = negated;
    return e;
}

Expr *build_quantified(Build *b, Name op, Expr *x, Expr *array, Select *q, bool is_all)
{
    bool negated = false;
    Expr *e = build_node(b, EX_QUANTIFIED, build_span_to_here(b, x->span));
    e->text = str_ieq(op.text, S("in")) ? S("=") : operator_name(b, op, &negated);
    e->op_span = op.span;
    e->is_all = is_all;
    build_add(b, e, x);
    build_add(b, e, array);
    if (q) set_query(b, e, q);
    return e;
}

/* ---- the rest ---- */

Expr *build_cast(Build *b, Span start, Name op, Expr *x, TypeName *t, bool is_try)
{
    Expr *e = build_node(b, EX_CAST, build_span_to_here(b, start));
    e->op_span = op.span;
    e->type = t;
    e->is_try = is_try;
    build_add(b, e, x);
    return e;
}

Expr *build_in_parens(Build *b, Expr *x, Span span)
{
    (void)b;
    x->span = span;
    return x;
}

Expr *build_row(Build *b, Name start, Expr *first, ExprList rest)
{
    Expr *e = build_node(b, EX_ROW, build_span_to_here(b, start.span));
    build_add(b, e, first);
    add_list(b, e, rest);
    return e;
}

Expr *build_query_expr(Build *b, ExprKind kind, Span start, Select *q)
{
    Expr *e = build_node(b, kind, build_span_to_here(b, start));
    set_query(b, e, q);
    return e;
}

Expr *build_list_expr(Build *b, ExprKind kind, Name word, ExprList items)
{
    Expr *e = build_node(b, kind, build_span_to_here(b, word.span));
    add_list(b, e, items);
    return e;
}

Expr *build_case(Build *b, Name word, Expr *operand, ExprList whens, Expr *otherwise)
{
    Expr *e = build_node(b, EX_CASE, build_span_to_here(b, word.span));
    e->op_span = word.span;
    e->operand = operand;
    if (operand) build_raise(b, &e->depth, operand->depth, operand->span);
    add_list(b, e, whens);
    build_add(b, e, otherwise);
    return e;
}

Expr *build_field(Build *b, Expr *x, Name field)
{
    Expr *e = build_node(b, EX_FIELD, span_join(x->span, field.span));
    e->op_span = field.span;
    vec_push(&e->parts, b->arena, field);
    build_add(b, e, x);
    return e;
}

Expr *build_subscript(Build *b, Name bracket, Expr *x, Expr *from, Expr *to)
{
    Expr *e = build_node(b, EX_SUBSCRIPT, build_span_to_here(b, x->span));
    e->op_span = bracket.span;
    build_add(b, e, x);
    build_add(b, e, from);
    build_add(b, e, to);
    return e;
}
