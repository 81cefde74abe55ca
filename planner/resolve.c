/* resolve.c: overload resolution over the patterns of base/def.h.
 *
 * Functions and aggregates differ only in their definition structs, so both are looked at through
 * an Overload. A candidate is judged by how many arguments it would cast, then by how far; of
 * equals the first listed wins. */
#include "planner/resolve.h"
#include "planner/bind.h"
#include "planner/casts.h"

#include <assert.h>

enum { PATTERN_MAX = 16, CANDIDATES_SHOWN = 6 };

typedef struct Overload {
    const char *name, *args, *result;
    bool (*result_of)(const Type *args, const Value *const *consts, int nargs, Type *out);
    const void *def;
    bool orders; /* takes no nested types */
} Overload;

typedef struct ArgPattern {
    char letters[PATTERN_MAX];
    int n, required;
    bool repeats;
} ArgPattern;

/* How a candidate fits. */
typedef struct Match {
    const Overload *overload;
    int casts, distance;
    Type *types; /* what each argument becomes */
    Type result;
} Match;

/* ---- patterns ------------------------------------------------------------------------------- */

static ArgPattern parse_pattern(const char *text)
{
    ArgPattern p = {.required = -1};
    for (; text && *text; text++) {
        if (*text == '*') {
            p.repeats = true;
        } else if (*text == '?') {
            if (p.required < 0) p.required = p.n - 1;
        } else {
            assert(p.n < PATTERN_MAX);
            p.letters[p.n++] = *text;
        }
    }
    if (p.required < 0) p.required = p.n;
    return p;
}

static bool takes_count(const ArgPattern *p, int nargs)
{
    return nargs >= p->required && (nargs <= p->n || (p->repeats && p->n > 0));
}

static char letter_of(const ArgPattern *p, int i)
{
    return p->letters[i < p->n ? i : p->n - 1];
}

typedef struct Letter {
    char letter;
    TypeKind kind;
    const char *shown;
} Letter;

static const Letter LETTERS[] = {
    {'b', TYPE_BOOLEAN, "BOOLEAN"},     {'i', TYPE_BIGINT, "BIGINT"}, {'d', TYPE_DOUBLE, "DOUBLE"},
    {'m', TYPE_DECIMAL, "DECIMAL"},     {'t', TYPE_TEXT, "TEXT"},     {'x', TYPE_BLOB, "BLOB"},
    {'s', TYPE_TIMESTAMP, "TIMESTAMP"}, {'D', TYPE_DATE, "DATE"},     {'T', TYPE_TIME, "TIME"},
    {'v', TYPE_INTERVAL, "INTERVAL"},   {'j', TYPE_JSON, "JSON"},     {'n', TYPE_NULL, "number"},
    {'a', TYPE_NULL, "any"},            {'c', TYPE_NULL, "any"},      {'A', TYPE_ARRAY, "ARRAY"},
    {'M', TYPE_MAP, "MAP"},
};

static const Letter *letter_info(char c)
{
    for (size_t i = 0; i < sizeof LETTERS / sizeof *LETTERS; i++)
        if (LETTERS[i].letter == c) return &LETTERS[i];
    assert(!"a letter of the pattern language");
    return NULL;
}

/* ---- types ---------------------------------------------------------------------------------- */

static Type plain_type(TypeKind k)
{
    switch (k) {
    case TYPE_BIGINT: return TYPE_BIGINT_;
    case TYPE_DECIMAL: return TYPE_DECIMAL_(28, 10);
    case TYPE_TIMESTAMP: return TYPE_TIMESTAMP_(6);
    case TYPE_NULL:
    case TYPE_BOOLEAN:
    case TYPE_DOUBLE:
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_INTERVAL:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
    case TYPE_COUNT: break;
    }
    return TYPE_OF(k);
}

static bool takes_any_type(const BExpr *e)
{
    return is_text_literal(e) || e->type.kind == TYPE_NULL;
}

/* The common type of those whose type is fixed, then what the literals among them add to it. */
static bool common_of(Planner *p, BExpr *const *exprs, const bool *in, int n, Type *out)
{
    Type t = TYPE_OF(TYPE_NULL);
    bool has_literal = false;
    for (int i = 0; i < n; i++) {
        if (!in[i]) continue;
        has_literal |= is_text_literal(exprs[i]);
        if (!takes_any_type(exprs[i]) && !type_common(t, exprs[i]->type, &t)) return false;
    }
    if (t.kind == TYPE_NULL) {
        *out = TYPE_OF(has_literal ? TYPE_TEXT : TYPE_NULL);
        return true;
    }
    for (int i = 0; i < n; i++)
        if (in[i] && is_text_literal(exprs[i]) && !type_common(t, literal_type(p, exprs[i], t), &t))
            return false;
    *out = t;
    return true;
}

bool resolve_common(Planner *p, BExpr *const *exprs, int n, Type *out)
{
    bool *in = new (p->arena, bool, n);
    memset(in, 1, (size_t)n);
    return common_of(p, exprs, in, n, out);
}

/* The common type of the arguments under letter 'c' or 'n'. */
static bool group_type(Planner *p, const ArgPattern *pat, char letter, BExpr *const *args,
                       int nargs, Type *out)
{
    bool *in = new (p->arena, bool, nargs);
    bool any = false;
    for (int i = 0; i < nargs; i++) any |= in[i] = letter_of(pat, i) == letter;
    *out = TYPE_OF(TYPE_NULL);
    if (any && !common_of(p, args, in, nargs, out)) return false;
    if (letter == 'c') return true;
    if (out->kind == TYPE_NULL) *out = TYPE_BIGINT_;
    if (out->kind == TYPE_BIGINT) out->int_bits = 64; /* arithmetic is on 64 bits */
    return type_is_number(out->kind);
}

/* What an argument becomes where a kind is asked for. False: it cannot. */
static bool type_for_kind(Planner *p, const BExpr *arg, TypeKind k, Type *out)
{
    Type from = arg->type;
    *out = plain_type(k);
    if (from.kind == k)
        *out = from;
    else if (from.kind == TYPE_BIGINT && k == TYPE_DECIMAL)
        *out = TYPE_DECIMAL_(19, 0);
    else if (is_text_literal(arg))
        *out = literal_type(p, arg, k == TYPE_DECIMAL ? TYPE_DECIMAL_(19, 0) : *out);
    else
        return cast_is_implicit(from, *out);
    return true;
}

static bool has_kind(BExpr *const *args, int nargs, TypeKind k)
{
    for (int i = 0; i < nargs; i++)
        if (!takes_any_type(args[i]) && args[i]->type.kind == k) return true;
    return false;
}

/* Adds the cost of turning argument i into m->types[i]. */
static void add_cost(BExpr *const *args, int nargs, int i, Match *m)
{
    TypeKind from = args[i]->type.kind, to = m->types[i].kind;
    if (from == to) return;
    if (from != TYPE_NULL) m->casts++;
    if (takes_any_type(args[i]))
        m->distance += has_kind(args, nargs, to) ? 0 : 2;
    else
        m->distance += from == TYPE_BIGINT && to == TYPE_DOUBLE ? 2 : 1;
}

static bool match_args(Planner *p, const ArgPattern *pat, BExpr *const *args, int nargs, Match *m)
{
    Type common, number;
    if (!group_type(p, pat, 'c', args, nargs, &common)) return false;
    if (!group_type(p, pat, 'n', args, nargs, &number)) return false;
    for (int i = 0; i < nargs; i++) {
        char letter = letter_of(pat, i);
        if (letter == 'a')
            m->types[i] = args[i]->type;
        else if (letter == 'c' || letter == 'n')
            m->types[i] = letter == 'c' ? common : number;
        else if (!type_for_kind(p, args[i], letter_info(letter)->kind, &m->types[i]))
            return false;
        if (m->types[i].kind == TYPE_NULL) m->types[i] = TYPE_OF(TYPE_TEXT);
        add_cost(args, nargs, i, m);
    }
    return true;
}

/* ---- results -------------------------------------------------------------------------------- */

/* The value of a constant argument as type t, else NULL. */
static const Value *constant_as(Planner *p, BExpr *e, Type t)
{
    if (e->kind != BE_CONST) return NULL;
    if (e->value.is_null || cast_is_needless(e->type, t)) return &e->value;
    Value *v = new_one(p->arena, Value);
    if (!p->constant) return NULL;
    BExpr *cast = bexpr_cast(p->arena, e, t, false, e->span);
    return p->constant(p->callback_arg, cast, p->arena, v, NULL) == WEIR_OK ? v : NULL;
}

/* The type behind the first argument that carries `letter`. */
static Type type_under(const ArgPattern *pat, const Match *m, int nargs, char letter)
{
    for (int i = 0; i < nargs; i++)
        if (letter_of(pat, i) == letter) return m->types[i];
    return plain_type(letter_info(letter)->kind);
}

/* The type that one letter or digit of a result stands for. */
static bool letter_type(const ArgPattern *pat, const Match *m, int nargs, char r, Type *out)
{
    if (r >= '1' && r <= '9') {
        if (r - '1' >= nargs) return false;
        *out = m->types[r - '1'];
    } else if (r == 'c' || r == 'n' || r == 'a' || r == 'm') {
        *out = type_under(pat, m, nargs, r);
    } else {
        *out = plain_type(letter_info(r)->kind);
    }
    return true;
}

static bool element_type(Type array, Type *out)
{
    *out = array.nargs == 1 ? array.args[0].type : TYPE_OF(TYPE_JSON);
    return array.kind == TYPE_ARRAY;
}

static bool find_result(Planner *p, const ArgPattern *pat, BExpr *const *args, int nargs, Match *m)
{
    const Overload *o = m->overload;
    if (o->result_of) {
        const Value **consts = new (p->arena, const Value *, nargs);
        for (int i = 0; i < nargs; i++) consts[i] = constant_as(p, args[i], m->types[i]);
        return o->result_of(m->types, consts, nargs, &m->result);
    }
    const char *r = o->result;
    if (r[0] == 'e') return element_type(m->types[r[1] - '1'], &m->result);
    if ((r[0] != 'A' && r[0] != 'M') || !r[1]) return letter_type(pat, m, nargs, r[0], &m->result);
    Type part;
    if (!letter_type(pat, m, nargs, r[1], &part)) return false;
    m->result = r[0] == 'A' ? type_array(part, p->arena) : type_map(part, TYPE_BIGINT_, p->arena);
    return true;
}

/* ---- choice --------------------------------------------------------------------------------- */

static bool is_better(const Match *a, const Match *b)
{
    if (!b->overload) return true;
    return a->casts != b->casts ? a->casts < b->casts : a->distance < b->distance;
}

static bool choose(Planner *p, const Overload *list, int n, BExpr *const *args, int nargs,
                   Match *best)
{
    *best = (Match){0};
    for (int i = 0; i < n; i++) {
        ArgPattern pat = parse_pattern(list[i].args);
        Match m = {.overload = &list[i], .types = new (p->arena, Type, nargs)};
        if (!takes_count(&pat, nargs) || !match_args(p, &pat, args, nargs, &m)) continue;
        if (list[i].orders && nargs > 0 && type_is_nested(m.types[0].kind)) continue;
        if (is_better(&m, best) && find_result(p, &pat, args, nargs, &m)) *best = m;
    }
    return best->overload != NULL;
}

/* A timestamp is a number of microseconds whatever its precision: where the result's type does
 * not come from the arguments, a cast between precisions would only cost time. */
static bool is_same_timestamp(const Match *m, Type from, Type to)
{
    if (from.kind != TYPE_TIMESTAMP || to.kind != TYPE_TIMESTAMP) return false;
    return !m->overload->result_of && m->result.kind != TYPE_TIMESTAMP;
}

static Status insert_casts(Planner *p, const Match *m, BExpr **args, int nargs)
{
    for (int i = 0; i < nargs; i++)
        if (!is_same_timestamp(m, args[i]->type, m->types[i]))
            TRY(cast_insert(p, args[i], m->types[i], &args[i]));
    return WEIR_OK;
}

/* ---- messages ------------------------------------------------------------------------------- */

static void show_pattern(StrBuf *b, const Overload *o)
{
    ArgPattern p = parse_pattern(o->args);
    sb_printf(b, "%s(", o->name);
    for (int i = 0; i < p.n; i++) {
        if (i == p.required) sb_char(b, '[');
        if (i) sb_lit(b, ", ");
        sb_z(b, letter_info(p.letters[i])->shown);
    }
    if (p.repeats) sb_lit(b, ", …");
    if (p.required < p.n) sb_char(b, ']');
    sb_char(b, ')');
}

static Str show_candidates(Arena *a, const Overload *list, int n)
{
    StrBuf b = {.arena = a};
    for (int i = 0; i < n && i < CANDIDATES_SHOWN; i++) {
        if (i) sb_lit(&b, ", ");
        show_pattern(&b, &list[i]);
    }
    if (n > CANDIDATES_SHOWN) sb_lit(&b, ", …");
    return sb_done(&b);
}

static Str show_args(Arena *a, BExpr *const *args, int nargs)
{
    StrBuf b = {.arena = a};
    for (int i = 0; i < nargs; i++) {
        if (i) sb_lit(&b, ", ");
        sb_str(&b, type_name(args[i]->type, a));
    }
    return sb_done(&b);
}

static Status no_match(Planner *p, Str name, const Overload *list, int n, BExpr *const *args,
                       int nargs, bool is_operator, Span at)
{
    Str types = show_args(p->arena, args, nargs);
    Str shown = show_candidates(p->arena, list, n);
    Status st = is_operator ? diag_error(p->diags, WEIR_E_TYPE, at,
                                         "operator \"%.*s\" does not take (%.*s); it takes %.*s",
                                         STR_ARG(name), STR_ARG(types), STR_ARG(shown))
                            : diag_error(p->diags, WEIR_E_TYPE, at,
                                         "no \"%.*s\" takes (%.*s); candidates: %.*s",
                                         STR_ARG(name), STR_ARG(types), STR_ARG(shown));
    diag_hint(p->diags, "write CAST(… AS …) to choose the types");
    return st;
}

typedef VEC(Str) KnownNames;

static void add_names(KnownNames *v, Arena *a, const char *name, const char *aliases)
{
    vec_push(v, a, str_z(name));
    for (Str rest = str_z(aliases); rest.n;) {
        ptrdiff_t comma = str_find(rest, S(","));
        ptrdiff_t end = comma < 0 ? rest.n : comma;
        vec_push(v, a, str_trim(str_of(rest.p, end)));
        ptrdiff_t used = comma < 0 ? rest.n : comma + 1;
        rest = str_of(rest.p + used, rest.n - used);
    }
}

Status resolve_unknown(Planner *p, Str name, Span at)
{
    const Registry *r = p->catalog->registry;
    KnownNames v = {0};
    for (const FuncDef *const *l = r->funcs; l && *l; l++)
        for (const FuncDef *d = *l; d->name; d++)
            if (!(d->flags & FUNC_INTERNAL)) add_names(&v, p->arena, d->name, d->aliases);
    for (const AggDef *const *l = r->aggs; l && *l; l++)
        for (const AggDef *d = *l; d->name; d++)
            if (!(d->flags & AGG_INTERNAL)) add_names(&v, p->arena, d->name, d->aliases);
    for (const OverDef *d = OVER_FUNCTIONS; d->name; d++) add_names(&v, p->arena, d->name, NULL);
    Status st = diag_error(p->diags, WEIR_E_NAME, at, "unknown function \"%.*s\"", STR_ARG(name));
    Str near = diag_nearest(name, v.data, v.len);
    if (near.n)
        diag_hint(p->diags, "did you mean \"%.*s\"?", STR_ARG(near));
    else
        diag_hint(p->diags, "SHOW FUNCTIONS lists all functions");
    return st;
}

/* ---- functions and aggregates --------------------------------------------------------------- */

typedef VEC(Overload) OverloadList;

Status resolve_func(Planner *p, Str name, BExpr **args, int nargs, bool is_operator, Span at,
                    BExpr **out)
{
    OverloadList list = {0};
    const FuncDef *d;
    for (int i = 0; (d = registry_func(p->catalog->registry, name, i)) != NULL; i++)
        if (is_operator || !(d->flags & FUNC_INTERNAL))
            vec_push(&list, p->arena, (Overload){d->name, d->args, d->result, d->result_of, d,
                                                 (d->flags & FUNC_ORDERS) != 0});
    if (list.len == 0) return resolve_unknown(p, name, at);
    Match m;
    if (!choose(p, list.data, (int)list.len, args, nargs, &m))
        return no_match(p, name, list.data, (int)list.len, args, nargs, is_operator, at);
    BExpr **cast = new (p->arena, BExpr *, nargs);
    for (int i = 0; i < nargs; i++) cast[i] = args[i];
    TRY(insert_casts(p, &m, cast, nargs));
    *out = bexpr_call(p->arena, m.overload->def, m.result, cast, nargs, at);
    return WEIR_OK;
}

Status resolve_agg(Planner *p, Str name, BExpr **args, int nargs, bool is_star, Span at,
                   const AggDef **def, Type *type)
{
    OverloadList list = {0};
    const AggDef *d;
    for (int i = 0; (d = registry_agg(p->catalog->registry, name, i)) != NULL; i++)
        if (!is_star || (d->flags & AGG_STAR)) {
            const char *pattern = is_star ? "" : d->args;
            vec_push(&list, p->arena, (Overload){d->name, pattern, d->result, d->result_of, d, false});
        }
    if (list.len == 0)
        return diag_error(p->diags, WEIR_E_TYPE, at, "\"%.*s\" does not take *; only count(*) does",
                          STR_ARG(name));
    Match m;
    if (!choose(p, list.data, (int)list.len, args, nargs, &m))
        return no_match(p, name, list.data, (int)list.len, args, nargs, false, at);
    TRY(insert_casts(p, &m, args, nargs));
    *def = m.overload->def;
    *type = m.result;
    return WEIR_OK;
}
