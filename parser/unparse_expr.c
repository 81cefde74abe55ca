/* unparse_expr.c: expressions as canonical SQL.
 *
 * Parentheses stand where the grammar's precedence needs them (Level is its order). A name that was
 * read without quotes is written without: it stands where it stood. */
#include "parser/parser.h"
#include "parser/unparse.h"
#include <assert.h>

typedef enum Level {
    LEVEL_ANY,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_IS,
    LEVEL_COMPARE,
    LEVEL_MATCH, /* LIKE, IN, BETWEEN, … */
    LEVEL_OTHER, /* ||, &, <<, ~, … */
    LEVEL_ADD,
    LEVEL_MULTIPLY,
    LEVEL_ARROW,
    LEVEL_AT,
    LEVEL_UNARY,
    LEVEL_PRIMARY
} Level;

typedef enum OperatorShape { SHAPE_CHAIN, SHAPE_PAIR, SHAPE_PREFIX, SHAPE_POSTFIX } OperatorShape;
typedef struct OperatorText {
    const char *op;
    OperatorShape shape;
    Level level;
    const char *text, *negated;
} OperatorText;
static const OperatorText OPERATORS[] = {
    {"or", SHAPE_CHAIN, LEVEL_OR, "OR", NULL},
    {"and", SHAPE_CHAIN, LEVEL_AND, "AND", NULL},
    {"not", SHAPE_PREFIX, LEVEL_NOT, "NOT ", NULL},
    {"is_null", SHAPE_POSTFIX, LEVEL_IS, "IS NULL", "IS NOT NULL"},
    {"is_true", SHAPE_POSTFIX, LEVEL_IS, "IS TRUE", "IS NOT TRUE"},
    {"is_false", SHAPE_POSTFIX, LEVEL_IS, "IS FALSE", "IS NOT FALSE"},
    {"is_unknown", SHAPE_POSTFIX, LEVEL_IS, "IS UNKNOWN", "IS NOT UNKNOWN"},
    {"is_distinct", SHAPE_PAIR, LEVEL_IS, "IS DISTINCT FROM", "IS NOT DISTINCT FROM"},
    {"=", SHAPE_PAIR, LEVEL_COMPARE, "=", NULL},
    {"<>", SHAPE_PAIR, LEVEL_COMPARE, "<>", NULL},
    {"<", SHAPE_PAIR, LEVEL_COMPARE, "<", NULL},
    {"<=", SHAPE_PAIR, LEVEL_COMPARE, "<=", NULL},
    {">", SHAPE_PAIR, LEVEL_COMPARE, ">", NULL},
    {">=", SHAPE_PAIR, LEVEL_COMPARE, ">=", NULL},
    {"like", SHAPE_PAIR, LEVEL_MATCH, "LIKE", "NOT LIKE"},
    {"ilike", SHAPE_PAIR, LEVEL_MATCH, "ILIKE", "NOT ILIKE"},
    {"similar", SHAPE_PAIR, LEVEL_MATCH, "SIMILAR TO", "NOT SIMILAR TO"},
    {"regexp", SHAPE_PAIR, LEVEL_MATCH, "REGEXP", "NOT REGEXP"},
    {"iregexp", SHAPE_CHAIN, LEVEL_OTHER, "~*", "!~*"},
    {"overlaps", SHAPE_CHAIN, LEVEL_OTHER, "OVERLAPS", NULL},
    {"||", SHAPE_CHAIN, LEVEL_OTHER, "||", NULL},
    {"&", SHAPE_CHAIN, LEVEL_OTHER, "&", NULL},
    {"|", SHAPE_CHAIN, LEVEL_OTHER, "|", NULL},
    {"<<", SHAPE_CHAIN, LEVEL_OTHER, "<<", NULL},
    {">>", SHAPE_CHAIN, LEVEL_OTHER, ">>", NULL},
    {"+", SHAPE_CHAIN, LEVEL_ADD, "+", NULL},
    {"-", SHAPE_CHAIN, LEVEL_ADD, "-", NULL},
    {"*", SHAPE_CHAIN, LEVEL_MULTIPLY, "*", NULL},
    {"/", SHAPE_CHAIN, LEVEL_MULTIPLY, "/", NULL},
    {"%", SHAPE_CHAIN, LEVEL_MULTIPLY, "%", NULL},
    {"->", SHAPE_CHAIN, LEVEL_ARROW, "->", NULL},
    {"->>", SHAPE_CHAIN, LEVEL_ARROW, "->>", NULL},
    {"at_time_zone", SHAPE_CHAIN, LEVEL_AT, "AT TIME ZONE", NULL},
    {"neg", SHAPE_PREFIX, LEVEL_UNARY, "-", NULL},
    {"pos", SHAPE_PREFIX, LEVEL_UNARY, "+", NULL},
    {"~", SHAPE_PREFIX, LEVEL_UNARY, "~", NULL},
};

static const OperatorText *operator_text(Str op)
{
    for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++)
        if (str_eq(op, str_z(OPERATORS[i].op))) return &OPERATORS[i];
    assert(!"an operator without a text");
    return NULL;
}

static void print(StrBuf *b, const Expr *e, Level min);

/* ---- names, literals, types ---- */

void unparse_string(StrBuf *b, Str text)
{
    sb_char(b, '\'');
    for (ptrdiff_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'') sb_char(b, '\'');
        sb_char(b, text.p[i]);
    }
    sb_char(b, '\'');
}

void unparse_name(StrBuf *b, Name name)
{
    if (!name.quoted || parser_is_plain_name(name.text)) {
        sb_str(b, name.text);
        return;
    }
    sb_char(b, '"');
    for (ptrdiff_t i = 0; i < name.text.n; i++) {
        if (name.text.p[i] == '"') sb_char(b, '"');
        sb_char(b, name.text.p[i]);
    }
    sb_char(b, '"');
}

void unparse_names(StrBuf *b, NameList names)
{
    for (ptrdiff_t i = 0; i < names.len; i++) {
        if (i) sb_lit(b, ", ");
        unparse_name(b, names.data[i]);
    }
}

static void print_path(StrBuf *b, NameList parts)
{
    for (ptrdiff_t i = 0; i < parts.len; i++) {
        if (i) sb_char(b, '.');
        unparse_name(b, parts.data[i]);
    }
}

static void print_upper(StrBuf *b, Str s)
{
    for (ptrdiff_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        sb_char(b, c >= 'a' && c <= 'z' ? (char)(c - 32) : c);
    }
}

/* (p, s) goes before WITH TIME ZONE, behind any other word. */
static void print_simple_type(StrBuf *b, const TypeName *t)
{
    Str head = t->name, tail = {0};
    ptrdiff_t zone = str_find(t->name, S(" with"));
    if (zone >= 0) {
        head = str_of(t->name.p, zone);
        tail = str_of(t->name.p + zone, t->name.n - zone);
    }
    bool is_quoted = t->word.quoted && !parser_is_plain_name(t->word.text);
    if (is_quoted) unparse_name(b, t->word);
    else print_upper(b, head);
    if (t->nargs == 1) sb_printf(b, "(%d)", t->args[0]);
    if (t->nargs == 2) sb_printf(b, "(%d, %d)", t->args[0], t->args[1]);
    if (!is_quoted) print_upper(b, tail);
}

void unparse_type(StrBuf *b, const TypeName *t)
{
    if (!t->nfields) {
        print_simple_type(b, t);
        return;
    }
    print_upper(b, t->name);
    sb_char(b, '<');
    for (int32_t i = 0; i < t->nfields; i++) {
        if (i) sb_lit(b, ", ");
        if (t->fields[i].name.text.n) {
            unparse_name(b, t->fields[i].name);
            sb_char(b, ' ');
        }
        unparse_type(b, t->fields[i].type);
    }
    sb_char(b, '>');
}

static void print_interval(StrBuf *b, const Expr *e)
{
    sb_lit(b, "INTERVAL ");
    unparse_string(b, e->text);
    if (!e->unit) return;
    sb_char(b, ' ');
    print_upper(b, str_z(INTERVAL_UNIT_NAMES[e->unit]));
    if (!e->unit_to) return;
    sb_lit(b, " TO ");
    print_upper(b, str_z(INTERVAL_UNIT_NAMES[e->unit_to]));
}

/* ---- operators ---- */

static void print_operator(StrBuf *b, const Expr *e, const OperatorText *o)
{
    const char *text = e->negated ? o->negated : o->text;
    Level left = o->shape == SHAPE_CHAIN ? o->level : o->level + 1;
    if (o->shape == SHAPE_PREFIX) {
        sb_z(b, text);
        print(b, e->args.data[0], o->level == LEVEL_NOT ? LEVEL_NOT : LEVEL_PRIMARY);
        return;
    }
    print(b, e->args.data[0], left);
    sb_printf(b, " %s", text);
    if (o->shape == SHAPE_POSTFIX) return;
    sb_char(b, ' ');
    print(b, e->args.data[1], o->level + 1);
    for (ptrdiff_t i = 2; i < e->args.len; i++) {
        sb_printf(b, " %s ", o->shape == SHAPE_CHAIN ? text : "ESCAPE");
        print(b, e->args.data[i], o->level + 1);
    }
}

void unparse_exprs(StrBuf *b, ExprList list)
{
    for (ptrdiff_t i = 0; i < list.len; i++) {
        if (i) sb_lit(b, ", ");
        print(b, list.data[i], LEVEL_ANY);
    }
}

static ExprList behind_first(ExprList l)
{
    return (ExprList){l.data + 1, l.len - 1, l.cap - 1};
}

static void print_query(StrBuf *b, const Select *q)
{
    sb_char(b, '(');
    unparse_select(b, q);
    sb_char(b, ')');
}

static void print_between(StrBuf *b, const Expr *e)
{
    print(b, e->args.data[0], LEVEL_OTHER);
    sb_z(b, e->negated ? " NOT BETWEEN " : " BETWEEN ");
    if (e->is_symmetric) sb_lit(b, "SYMMETRIC ");
    print(b, e->args.data[1], LEVEL_OTHER);
    sb_lit(b, " AND ");
    print(b, e->args.data[2], LEVEL_OTHER);
}

static void print_in(StrBuf *b, const Expr *e)
{
    print(b, e->args.data[0], LEVEL_OTHER);
    sb_z(b, e->negated ? " NOT IN " : " IN ");
    if (e->kind == EX_IN_QUERY) {
        print_query(b, e->query);
        return;
    }
    sb_char(b, '(');
    unparse_exprs(b, behind_first(e->args));
    sb_char(b, ')');
}

static void print_quantified(StrBuf *b, const Expr *e)
{
    print(b, e->args.data[0], LEVEL_MATCH);
    sb_printf(b, " %.*s %s ", STR_ARG(e->text), e->is_all ? "ALL" : "ANY");
    if (e->query) {
        print_query(b, e->query);
        return;
    }
    sb_char(b, '(');
    print(b, e->args.data[1], LEVEL_ANY);
    sb_char(b, ')');
}

/* ---- calls ---- */

void unparse_orders(StrBuf *b, OrderList list)
{
    for (ptrdiff_t i = 0; i < list.len; i++) {
        const OrderItem *o = &list.data[i];
        if (i) sb_lit(b, ", ");
        print(b, o->expr, LEVEL_ANY);
        if (o->is_desc) sb_lit(b, " DESC");
        if (o->nulls == NULLS_FIRST) sb_lit(b, " NULLS FIRST");
        if (o->nulls == NULLS_LAST) sb_lit(b, " NULLS LAST");
    }
}

static void print_bound(StrBuf *b, const FrameBound *f)
{
    static const char *const TEXTS[] = {"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW", " FOLLOWING",
                                        "UNBOUNDED FOLLOWING"};
    if (f->value) print(b, f->value, LEVEL_OTHER);
    sb_z(b, TEXTS[f->kind]);
}

static void print_frame(StrBuf *b, const FrameSpec *f)
{
    static const char *const MODES[] = {"RANGE", "ROWS", "GROUPS"};
    static const char *const EXCLUDES[] = {"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"};
    sb_printf(b, "%s BETWEEN ", MODES[f->mode]);
    print_bound(b, &f->start);
    sb_lit(b, " AND ");
    print_bound(b, &f->end);
    sb_z(b, EXCLUDES[f->exclude]);
}

/* A space between the clauses in parentheses. */
static void separate(StrBuf *b)
{
    if (b->p[b->n - 1] != '(') sb_char(b, ' ');
}

void unparse_over(StrBuf *b, const OverSpec *o)
{
    if (o->is_name) {
        unparse_name(b, o->base);
        return;
    }
    sb_char(b, '(');
    unparse_name(b, o->base);
    if (o->partition_by.len) {
        separate(b);
        sb_lit(b, "PARTITION BY ");
        unparse_exprs(b, o->partition_by);
    }
    if (o->order_by.len) {
        separate(b);
        sb_lit(b, "ORDER BY ");
        unparse_orders(b, o->order_by);
    }
    if (o->frame) {
        separate(b);
        print_frame(b, o->frame);
    }
    sb_char(b, ')');
}

static void print_call_suffix(StrBuf *b, const CallInfo *c)
{
    if (c->is_within_group) {
        sb_lit(b, " WITHIN GROUP (ORDER BY ");
        unparse_orders(b, c->order_by);
        sb_char(b, ')');
    }
    if (c->filter) {
        sb_lit(b, " FILTER (WHERE ");
        print(b, c->filter, LEVEL_ANY);
        sb_char(b, ')');
    }
    if (c->over) {
        sb_lit(b, " OVER ");
        unparse_over(b, c->over);
    }
}

/* CURRENT_TIMESTAMP and its kin stand without parentheses. */
static bool is_time_word(const Expr *e)
{
    static const char *const WORDS[] = {"current_date", "current_time", "current_timestamp", "localtimestamp"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (str_ieq(e->text, str_z(WORDS[i]))) return !e->args.len && !e->call && !e->parts.data[0].quoted;
    return false;
}

static void print_call(StrBuf *b, const Expr *e)
{
    const CallInfo *c = e->call;
    print_path(b, e->parts);
    if (is_time_word(e)) return;
    sb_z(b, c && c->is_distinct ? "(DISTINCT " : "(");
    unparse_exprs(b, e->args);
    if (c && c->order_by.len && !c->is_within_group) {
        sb_lit(b, " ORDER BY ");
        unparse_orders(b, c->order_by);
    }
    if (c && c->nulls == IGNORE_NULLS) sb_lit(b, " IGNORE NULLS");
    if (c && c->nulls == RESPECT_NULLS) sb_lit(b, " RESPECT NULLS");
    sb_char(b, ')');
    if (c) print_call_suffix(b, c);
}

static void print_table_arg(StrBuf *b, const Expr *e)
{
    sb_lit(b, "TABLE ");
    unparse_table(b, e->call->table);
    if (e->args.len) {
        sb_lit(b, " PARTITION BY ");
        if (e->args.len > 1) sb_char(b, '(');
        unparse_exprs(b, e->args);
        if (e->args.len > 1) sb_char(b, ')');
    }
    if (!e->call->order_by.len) return;
    sb_lit(b, " ORDER BY ");
    unparse_orders(b, e->call->order_by);
}

/* ---- the rest ---- */

static void print_case(StrBuf *b, const Expr *e)
{
    sb_lit(b, "CASE");
    if (e->operand) {
        sb_char(b, ' ');
        print(b, e->operand, LEVEL_ANY);
    }
    ptrdiff_t i = 0;
    for (; i + 1 < e->args.len; i += 2) {
        sb_lit(b, " WHEN ");
        print(b, e->args.data[i], LEVEL_ANY);
        sb_lit(b, " THEN ");
        print(b, e->args.data[i + 1], LEVEL_ANY);
    }
    if (i < e->args.len) {
        sb_lit(b, " ELSE ");
        print(b, e->args.data[i], LEVEL_ANY);
    }
    sb_lit(b, " END");
}

static void print_list(StrBuf *b, const char *open, ExprList list, char close)
{
    sb_z(b, open);
    unparse_exprs(b, list);
    sb_char(b, close);
}

static void print_subscript(StrBuf *b, const Expr *e)
{
    print(b, e->args.data[0], LEVEL_PRIMARY);
    sb_char(b, '[');
    print(b, e->args.data[1], LEVEL_ANY);
    if (e->args.len > 2) {
        sb_lit(b, " : ");
        print(b, e->args.data[2], LEVEL_ANY);
    }
    sb_char(b, ']');
}

/* The dot behind a column or a number would be read as part of it. */
static void print_field(StrBuf *b, const Expr *e)
{
    const Expr *of = e->args.data[0];
    bool needs_parens = of->kind == EX_COLUMN || of->kind == EX_NUMBER;
    if (needs_parens) sb_char(b, '(');
    print(b, of, needs_parens ? LEVEL_ANY : LEVEL_PRIMARY);
    if (needs_parens) sb_char(b, ')');
    sb_char(b, '.');
    unparse_name(b, e->parts.data[0]);
}

static void print_star(StrBuf *b, const Expr *e)
{
    print_path(b, e->parts);
    sb_z(b, e->parts.len ? ".*" : "*");
}

static void print_named(StrBuf *b, const Expr *e)
{
    unparse_name(b, e->parts.data[0]);
    sb_lit(b, " => ");
    print(b, e->args.data[0], LEVEL_ANY);
}

static void print_cast(StrBuf *b, const Expr *e)
{
    sb_z(b, e->is_try ? "TRY_CAST(" : "CAST(");
    print(b, e->args.data[0], LEVEL_ANY);
    sb_lit(b, " AS ");
    unparse_type(b, e->type);
    sb_char(b, ')');
}

static void print_typed(StrBuf *b, const Expr *e)
{
    unparse_type(b, e->type);
    sb_char(b, ' ');
    unparse_string(b, e->text);
}

static void print_words(StrBuf *b, const char *open, NameList names)
{
    sb_z(b, open);
    unparse_names(b, names);
    sb_char(b, ')');
}

static void print_param(StrBuf *b, Str text)
{
    bool is_name = text.n > 0 && (text.p[0] < '0' || text.p[0] > '9');
    sb_char(b, is_name ? ':' : '?');
    sb_str(b, text);
}

static void print_kind(StrBuf *b, const Expr *e)
{
    switch (e->kind) {
    case EX_NULL: sb_lit(b, "NULL"); break;
    case EX_BOOL: print_upper(b, e->text); break;
    case EX_NUMBER: sb_str(b, e->text); break;
    case EX_STRING: unparse_string(b, e->text); break;
    case EX_BLOB: sb_printf(b, "x'%.*s'", STR_ARG(e->text)); break;
    case EX_TYPED: print_typed(b, e); break;
    case EX_INTERVAL: print_interval(b, e); break;
    case EX_PARAM: print_param(b, e->text); break;
    case EX_COLUMN: print_path(b, e->parts); break;
    case EX_STAR: print_star(b, e); break;
    case EX_OP: print_operator(b, e, operator_text(e->text)); break;
    case EX_CALL: print_call(b, e); break;
    case EX_CAST: print_cast(b, e); break;
    case EX_CASE: print_case(b, e); break;
    case EX_BETWEEN: print_between(b, e); break;
    case EX_IN:
    case EX_IN_QUERY: print_in(b, e); break;
    case EX_EXISTS: sb_lit(b, "EXISTS "); print_query(b, e->query); break;
    case EX_SUBQUERY: print_query(b, e->query); break;
    case EX_QUANTIFIED: print_quantified(b, e); break;
    case EX_ROW: print_list(b, e->args.len > 1 ? "(" : "ROW(", e->args, ')'); break;
    case EX_ARRAY: print_list(b, "ARRAY[", e->args, ']'); break;
    case EX_MAP: print_list(b, "MAP[", e->args, ']'); break;
    case EX_SUBSCRIPT: print_subscript(b, e); break;
    case EX_FIELD: print_field(b, e); break;
    case EX_NAMED_ARG: print_named(b, e); break;
    case EX_TABLE_ARG: print_table_arg(b, e); break;
    case EX_DESCRIPTOR: print_words(b, "DESCRIPTOR(", e->parts); break;
    case EX_DEFAULT: sb_lit(b, "DEFAULT"); break;
    }
}

static Level level_of(const Expr *e)
{
    if (e->kind == EX_OP) return operator_text(e->text)->level;
    if (e->kind == EX_BETWEEN || e->kind == EX_IN || e->kind == EX_IN_QUERY) return LEVEL_MATCH;
    return e->kind == EX_QUANTIFIED ? LEVEL_COMPARE : LEVEL_PRIMARY;
}

/* In parentheses where e binds less tightly than `min`. */
static void print(StrBuf *b, const Expr *e, Level min)
{
    bool needs_parens = level_of(e) < min;
    if (needs_parens) sb_char(b, '(');
    print_kind(b, e);
    if (needs_parens) sb_char(b, ')');
}

void unparse_expr(StrBuf *b, const Expr *e)
{
    print(b, e, LEVEL_ANY);
}
