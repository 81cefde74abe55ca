/* bexpr.c: making, comparing, copying and printing bound expressions. */
#include "planner/bexpr.h"
#include "planner/casts.h"
#include "planner/subquery.h"
#include "parser/parser.h"

#include <assert.h>

/* ---- making --------------------------------------------------------------------------------- */

static void inherit(BExpr *e)
{
    for (int i = 0; i < e->nargs; i++) {
        e->can_fail |= e->args[i]->can_fail;
        e->is_volatile |= e->args[i]->is_volatile;
    }
}

BExpr *bexpr_const(Arena *a, Value v, Span at)
{
    BExpr *e = new_one(a, BExpr);
    *e = (BExpr){.kind = BE_CONST, .type = v.type, .value = v, .span = at};
    return e;
}

BExpr *bexpr_column(Arena *a, int32_t col, Type t, Span at)
{
    BExpr *e = new_one(a, BExpr);
    *e = (BExpr){.kind = BE_COLUMN, .type = t, .col = col, .span = at};
    return e;
}

BExpr *bexpr_call(Arena *a, const FuncDef *f, Type t, BExpr **args, int32_t nargs, Span at)
{
    BExpr *e = new_one(a, BExpr);
    *e = (BExpr){.kind = BE_CALL, .type = t, .func = f, .args = args, .nargs = nargs, .span = at};
    e->can_fail = (f->flags & FUNC_CAN_FAIL) != 0;
    e->is_volatile = (f->flags & FUNC_VOLATILE) != 0;
    inherit(e);
    return e;
}

BExpr *bexpr_cast(Arena *a, BExpr *arg, Type t, bool is_try, Span at)
{
    BExpr *e = new_one(a, BExpr);
    BExpr **args = new (a, BExpr *, 1);
    args[0] = arg;
    *e =
        (BExpr){.kind = BE_CAST, .type = t, .args = args, .nargs = 1, .span = at, .is_try = is_try};
    e->can_fail = !is_try && cast_can_fail(arg->type, t);
    inherit(e);
    return e;
}

BExpr *bexpr_outer(Arena *a, int32_t param, Type t, Span at)
{
    BExpr *e = bexpr_column(a, param, t, at);
    e->kind = BE_OUTER;
    return e;
}

BExpr *bexpr_subquery(Arena *a, const struct Subquery *sub, Type t, BExpr **args, int32_t nargs,
                      Span at)
{
    BExpr *e = new_one(a, BExpr);
    *e = (BExpr){.kind = BE_SUBQUERY, .type = t, .sub = sub, .args = args, .nargs = nargs, .span = at};
    inherit(e);
    return e;
}

BExpr *bexpr_form(Arena *a, BExprKind k, Type t, BExpr **args, int32_t nargs, Span at)
{
    assert(k >= BE_AND);
    BExpr *e = new_one(a, BExpr);
    *e = (BExpr){.kind = k, .type = t, .args = args, .nargs = nargs, .span = at};
    inherit(e);
    return e;
}

static int32_t conjuncts(const BExpr *e)
{
    return e->kind == BE_AND ? e->nargs : 1;
}

static int32_t put_conjuncts(BExpr **out, int32_t n, BExpr *e)
{
    if (e->kind != BE_AND) {
        out[n] = e;
        return n + 1;
    }
    for (int i = 0; i < e->nargs; i++) out[n + i] = e->args[i];
    return n + e->nargs;
}

BExpr *bexpr_and(Arena *a, BExpr *x, BExpr *y)
{
    if (!x) return y;
    if (!y) return x;
    BExpr **args = new (a, BExpr *, conjuncts(x) + conjuncts(y));
    int32_t n = put_conjuncts(args, put_conjuncts(args, 0, x), y);
    return bexpr_form(a, BE_AND, TYPE_OF(TYPE_BOOLEAN), args, n, span_join(x->span, y->span));
}

BExpr *bexpr_with_args(Arena *a, const BExpr *e, BExpr **args)
{
    switch (e->kind) {
    case BE_CONST: return bexpr_const(a, e->value, e->span);
    case BE_COLUMN: return bexpr_column(a, e->col, e->type, e->span);
    case BE_OUTER: return bexpr_outer(a, e->col, e->type, e->span);
    case BE_SUBQUERY: return bexpr_subquery(a, e->sub, e->type, args, e->nargs, e->span);
    case BE_CALL: return bexpr_call(a, e->func, e->type, args, e->nargs, e->span);
    case BE_CAST: return bexpr_cast(a, args[0], e->type, e->is_try, e->span);
    case BE_AND:
    case BE_OR:
    case BE_CASE:
    case BE_COALESCE:
    case BE_IN: return bexpr_form(a, e->kind, e->type, args, e->nargs, e->span);
    }
    return NULL;
}

/* ---- copying -------------------------------------------------------------------------------- */

static BExpr *map_leaves(Arena *a, BExpr *e, BExprKind leaf, BExprColumnMap map, void *arg)
{
    if (e->kind == leaf) return map(arg, e);
    if (e->nargs == 0) return e;
    BExpr **args = new (a, BExpr *, e->nargs);
    bool same = true;
    for (int i = 0; i < e->nargs; i++) {
        args[i] = map_leaves(a, e->args[i], leaf, map, arg);
        same &= args[i] == e->args[i];
    }
    return same ? e : bexpr_with_args(a, e, args);
}

BExpr *bexpr_map(Arena *a, BExpr *e, BExprColumnMap map, void *arg)
{
    return map_leaves(a, e, BE_COLUMN, map, arg);
}

BExpr *bexpr_map_outer(Arena *a, BExpr *e, BExprColumnMap map, void *arg)
{
    return map_leaves(a, e, BE_OUTER, map, arg);
}

static BExpr *to_expr(void *arg, const BExpr *e)
{
    BExpr *const *exprs = arg;
    return exprs[e->col];
}

BExpr *bexpr_substitute(Arena *a, BExpr *e, BExpr *const *exprs)
{
    return bexpr_map(a, e, to_expr, (void *)exprs);
}

typedef struct Renumbering {
    Arena *arena;
    const int32_t *to;
} Renumbering;

static BExpr *to_number(void *arg, const BExpr *e)
{
    Renumbering *r = arg;
    assert(r->to[e->col] >= 0);
    return bexpr_column(r->arena, r->to[e->col], e->type, e->span);
}

BExpr *bexpr_renumber(Arena *a, BExpr *e, const int32_t *to)
{
    return bexpr_map(a, e, to_number, &(Renumbering){a, to});
}

/* ---- comparing ------------------------------------------------------------------------------ */

static bool same_head(const BExpr *a, const BExpr *b)
{
    if (a->kind != b->kind || a->nargs != b->nargs || !type_eq(a->type, b->type)) return false;
    switch (a->kind) {
    case BE_CONST: return value_eq(&a->value, &b->value);
    case BE_COLUMN:
    case BE_OUTER: return a->col == b->col;
    case BE_SUBQUERY: return subquery_same(a->sub, b->sub);
    case BE_CALL: return a->func == b->func && !(a->func->flags & FUNC_VOLATILE);
    case BE_CAST: return a->is_try == b->is_try && a->type.int_bits == b->type.int_bits;
    case BE_AND:
    case BE_OR:
    case BE_CASE:
    case BE_COALESCE:
    case BE_IN: return true;
    }
    return false;
}

/* What is left of `most` behind the nodes of e; below 0: they are more. */
static int64_t left_behind(const BExpr *e, int64_t most)
{
    most--;
    for (int i = 0; i < e->nargs && most >= 0; i++) most = left_behind(e->args[i], most);
    return most;
}

bool bexpr_is_larger(const BExpr *e, int64_t most)
{
    return left_behind(e, most) < 0;
}

bool bexpr_eq(const BExpr *a, const BExpr *b)
{
    if (!same_head(a, b)) return false;
    for (int i = 0; i < a->nargs; i++)
        if (!bexpr_eq(a->args[i], b->args[i])) return false;
    return true;
}

void bexpr_columns(const BExpr *e, bool *used)
{
    if (e->kind == BE_COLUMN) used[e->col] = true;
    for (int i = 0; i < e->nargs; i++) bexpr_columns(e->args[i], used);
}

/* ---- printing ------------------------------------------------------------------------------- */

/* How operators that are not written name(args) are written: before a between b after. */
typedef struct Notation {
    const char *name;
    const char *before, *between, *after;
} Notation;

static const Notation NOTATIONS[] = {
    {"not", "NOT ", "", ""},
    {"neg", "-", "", ""},
    {"bit_not", "~", "", ""},
    {"is_null", "", "", " IS NULL"},
    {"is_not_null", "", "", " IS NOT NULL"},
    {"is_true", "", "", " IS TRUE"},
    {"is_false", "", "", " IS FALSE"},
    {"is_distinct", "", " IS DISTINCT FROM ", ""},
    {"is_not_distinct", "", " IS NOT DISTINCT FROM ", ""},
    {"like", "", " LIKE ", ""},
    {"ilike", "", " ILIKE ", ""},
    {"similar", "", " SIMILAR TO ", ""},
    {"regexp", "", " REGEXP ", ""},
    {"at_time_zone", "", " AT TIME ZONE ", ""},
    {"subscript", "", "[", "]"},
};

static const Notation *notation_of(const char *name)
{
    for (size_t i = 0; i < sizeof NOTATIONS / sizeof *NOTATIONS; i++)
        if (strcmp(NOTATIONS[i].name, name) == 0) return &NOTATIONS[i];
    return NULL;
}

static bool is_symbol(const char *name)
{
    return strchr("+-*/%|=<>&", name[0]) != NULL;
}

static void print_name(StrBuf *b, Str n)
{
    if (parser_is_plain_name(n)) {
        sb_str(b, n);
        return;
    }
    sb_char(b, '"');
    for (ptrdiff_t i = 0; i < n.n; i++) {
        if (n.p[i] == '"') sb_char(b, '"');
        sb_char(b, n.p[i]);
    }
    sb_char(b, '"');
}

static void print_list(StrBuf *b, BExpr *const *args, int n, const char *sep, const Str *names);

static bool is_infix(const BExpr *e)
{
    if (e->kind == BE_AND || e->kind == BE_OR || e->kind == BE_IN) return true;
    return e->kind == BE_CALL && (notation_of(e->func->name) || is_symbol(e->func->name));
}

/* An operand: in parentheses where it is an operator itself. */
static void print_operand(StrBuf *b, const BExpr *e, const Str *names)
{
    if (is_infix(e)) sb_char(b, '(');
    bexpr_print(b, e, names);
    if (is_infix(e)) sb_char(b, ')');
}

static void print_notation(StrBuf *b, const Notation *n, const BExpr *e, const Str *names)
{
    sb_z(b, n->before);
    print_operand(b, e->args[0], names);
    if (e->nargs > 1) {
        sb_z(b, n->between);
        print_operand(b, e->args[1], names);
    }
    sb_z(b, n->after);
    if (e->nargs > 2) {
        sb_lit(b, " ESCAPE ");
        print_operand(b, e->args[2], names);
    }
}

static void print_call(StrBuf *b, const BExpr *e, const Str *names)
{
    const Notation *n = notation_of(e->func->name);
    if (n && e->nargs > 0) {
        print_notation(b, n, e, names);
    } else if (is_symbol(e->func->name) && e->nargs == 2) {
        print_operand(b, e->args[0], names);
        sb_printf(b, " %s ", e->func->name);
        print_operand(b, e->args[1], names);
    } else {
        sb_printf(b, "%s(", e->func->name);
        print_list(b, e->args, e->nargs, ", ", names);
        sb_char(b, ')');
    }
}

static void print_case(StrBuf *b, const BExpr *e, const Str *names)
{
    sb_lit(b, "CASE");
    int i = 0;
    for (; i + 1 < e->nargs; i += 2) {
        sb_lit(b, " WHEN ");
        bexpr_print(b, e->args[i], names);
        sb_lit(b, " THEN ");
        bexpr_print(b, e->args[i + 1], names);
    }
    if (i < e->nargs) {
        sb_lit(b, " ELSE ");
        bexpr_print(b, e->args[i], names);
    }
    sb_lit(b, " END");
}

static void print_list(StrBuf *b, BExpr *const *args, int n, const char *sep, const Str *names)
{
    for (int i = 0; i < n; i++) {
        if (i) sb_z(b, sep);
        if (sep[0] == ' ')
            print_operand(b, args[i], names);
        else
            bexpr_print(b, args[i], names);
    }
}

void bexpr_print(StrBuf *b, const BExpr *e, const Str *names)
{
    switch (e->kind) {
    case BE_CONST: value_literal(b, &e->value); break;
    case BE_COLUMN: print_name(b, names[e->col]); break;
    case BE_OUTER: sb_printf(b, "outer%d", e->col + 1); break;
    case BE_SUBQUERY: sb_str(b, e->sub->text); break;
    case BE_CALL: print_call(b, e, names); break;
    case BE_CAST:
        sb_z(b, e->is_try ? "TRY_CAST(" : "CAST(");
        bexpr_print(b, e->args[0], names);
        sb_lit(b, " AS ");
        sb_str(b, type_name(e->type, b->arena));
        sb_char(b, ')');
        break;
    case BE_AND: print_list(b, e->args, e->nargs, " AND ", names); break;
    case BE_OR: print_list(b, e->args, e->nargs, " OR ", names); break;
    case BE_CASE: print_case(b, e, names); break;
    case BE_COALESCE:
        sb_lit(b, "coalesce(");
        print_list(b, e->args, e->nargs, ", ", names);
        sb_char(b, ')');
        break;
    case BE_IN:
        print_operand(b, e->args[0], names);
        sb_lit(b, " IN (");
        print_list(b, e->args + 1, e->nargs - 1, ", ", names);
        sb_char(b, ')');
        break;
    }
}
