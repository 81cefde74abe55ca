/* casts.c: the table of casts, and casts of literals.
 *
 * A literal is cast while binding, so that a misspelt timestamp is an error of the statement and
 * not of every row. */
#include "planner/casts.h"
#include "planner/planner.h"

#include <assert.h>

/* Rows: from, columns: to, in the order of TypeKind.
 *   .  not at all     e  when written     E  when written, may fail     i  by itself
 * Between parameters of one kind (the diagonal) see narrows(). */
static const char CASTS[TYPE_COUNT][TYPE_COUNT + 1] = {
    /*                  NbidmtxsDTvjARM */
    [TYPE_NULL] =      "iiiiiiiiiiiiiii",
    [TYPE_BOOLEAN] =   ".ie..e.....e...",
    [TYPE_BIGINT] =    ".eiiie.....e...",
    [TYPE_DOUBLE] =    ".eEiEe.....e...",
    [TYPE_DECIMAL] =   ".eEiie.....e...",
    [TYPE_TEXT] =      ".EEEEieEEEEEEEE",
    [TYPE_BLOB] =      ".....Ei........",
    [TYPE_TIMESTAMP] = ".....e.iee.....",
    [TYPE_DATE] =      ".....e.ii......",
    [TYPE_TIME] =      ".....e...i.....",
    [TYPE_INTERVAL] =  ".....e....i....",
    [TYPE_JSON] =      ".EEEEiEEEEEiEEE",
    [TYPE_ARRAY] =     ".....e.....iE..",
    [TYPE_ROW] =       ".....e.....i.E.",
    [TYPE_MAP] =       ".....e.....i..E",
};

static char rule(Type from, Type to)
{
    return CASTS[from.kind][to.kind];
}

/* Between nested types of one kind: whether `asks` holds for every part. Parts of no written type are JSON. */
static bool parts_all(Type from, Type to, bool (*asks)(Type, Type))
{
    if (from.nargs != to.nargs) return from.nargs == 0 || to.nargs == 0;
    for (int i = 0; i < from.nargs; i++)
        if (!asks(from.args[i].type, to.args[i].type)) return false;
    return true;
}

bool cast_is_possible(Type from, Type to)
{
    if (from.kind == to.kind && type_is_nested(from.kind)) return parts_all(from, to, cast_is_possible);
    return rule(from, to) != '.';
}

bool cast_is_implicit(Type from, Type to)
{
    if (from.kind == to.kind && type_is_nested(from.kind) && from.nargs == to.nargs)
        return parts_all(from, to, cast_is_implicit);
    return rule(from, to) == 'i';
}

static int int_bits(Type t)
{
    return t.int_bits ? t.int_bits : 64;
}

/* Some integer of `from` is outside `to`. 65 is unsigned: 0 to 2^63 - 1. */
static bool narrows_int(Type from, Type to)
{
    int f = int_bits(from), t = int_bits(to);
    return t == 65 ? f != 65 : t < 64 && (f > t);
}

static int whole_digits(Type decimal)
{
    return decimal.precision - decimal.scale;
}

bool cast_can_fail(Type from, Type to)
{
    if (rule(from, to) == 'E') return true;
    if (from.kind == TYPE_BIGINT && to.kind == TYPE_BIGINT) return narrows_int(from, to);
    if (from.kind == TYPE_BOOLEAN || to.kind != TYPE_DECIMAL) return false;
    /* 19 digits hold every BIGINT; rounding can carry into a new digit. */
    if (from.kind == TYPE_BIGINT) return whole_digits(to) < 19;
    return from.kind == TYPE_DECIMAL &&
           whole_digits(to) < whole_digits(from) + (to.scale < from.scale);
}

bool cast_is_needless(Type from, Type to)
{
    if (!type_eq(from, to)) return false;
    return from.kind != TYPE_BIGINT || !narrows_int(from, to);
}

/* ---- literals ------------------------------------------------------------------------------- */

static Type decimal_literal_type(Str text, Type wanted)
{
    Str t = str_trim(text);
    ptrdiff_t point = str_find(t, S("."));
    ptrdiff_t scale = point < 0 ? 0 : t.n - point - 1;
    if (scale <= wanted.scale || scale > 38) return wanted;
    int whole = whole_digits(wanted);
    int precision = whole + (int)scale > 38 ? 38 : whole + (int)scale;
    return TYPE_DECIMAL_(precision, (uint8_t)scale);
}

static Type timestamp_literal_type(struct Planner *p, const BExpr *literal, Type wanted)
{
    Type finest = TYPE_TIMESTAMP_(6);
    Value v;
    if (!p->constant) return wanted;
    BExpr *cast = bexpr_cast(p->arena, (BExpr *)literal, finest, false, literal->span);
    if (p->constant(p->callback_arg, cast, p->arena, &v, NULL) != WEIR_OK || v.is_null)
        return wanted;
    return v.i % type_tick_us(wanted) == 0 ? wanted : finest;
}

Type literal_type(struct Planner *p, const BExpr *literal, Type wanted)
{
    assert(is_text_literal(literal));
    if (wanted.kind == TYPE_DECIMAL) return decimal_literal_type(literal->value.s, wanted);
    if (wanted.kind == TYPE_TIMESTAMP) return timestamp_literal_type(p, literal, wanted);
    if (wanted.kind == TYPE_BIGINT) return TYPE_BIGINT_;
    return wanted;
}

static Status bad_literal(struct Planner *p, const BExpr *e, Type t)
{
    Status st = diag_error(p->diags, WEIR_E_VALUE, e->span, "'%.*s' does not read as %.*s",
                           STR_ARG(e->value.s), STR_ARG(type_name(t, p->arena)));
    switch ((TypeKind)t.kind) {
    case TYPE_TIMESTAMP: diag_hint(p->diags, "write '2024-01-31 12:00:00'"); break;
    case TYPE_DATE: diag_hint(p->diags, "write '2024-01-31'"); break;
    case TYPE_TIME: diag_hint(p->diags, "write '12:00:00'"); break;
    case TYPE_INTERVAL: diag_hint(p->diags, "write '10 seconds' or '1 hour 30 minutes'"); break;
    case TYPE_NULL:
    case TYPE_BOOLEAN:
    case TYPE_BIGINT:
    case TYPE_DOUBLE:
    case TYPE_DECIMAL:
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
    case TYPE_COUNT: break;
    }
    return st;
}

Status cast_insert(struct Planner *p, BExpr *e, Type t, BExpr **out)
{
    if (cast_is_needless(e->type, t)) {
        *out = e;
        return WEIR_OK;
    }
    if (bexpr_is_null(e)) {
        *out = bexpr_const(p->arena, value_null(t), e->span);
        return WEIR_OK;
    }
    BExpr *cast = bexpr_cast(p->arena, e, t, false, e->span);
    *out = cast;
    if (e->kind != BE_CONST || !p->constant) return WEIR_OK;
    Value v;
    if (p->constant(p->callback_arg, cast, p->arena, &v, NULL) != WEIR_OK)
        return is_text_literal(e) ? bad_literal(p, e, t) : WEIR_OK;
    v.type = t;
    *out = bexpr_const(p->arena, v, e->span);
    return WEIR_OK;
}

/* ---- casts asked for ------------------------------------------------------------------------ */

static Status no_cast(struct Planner *p, const BExpr *e, Type t, bool implicit)
{
    Str from = type_name(e->type, p->arena), to = type_name(t, p->arena);
    if (!cast_is_possible(e->type, t))
        return diag_error(p->diags, WEIR_E_TYPE, e->span, "%.*s cannot be cast to %.*s",
                          STR_ARG(from), STR_ARG(to));
    assert(implicit);
    Status st = diag_error(p->diags, WEIR_E_TYPE, e->span, "%.*s does not become %.*s by itself",
                           STR_ARG(from), STR_ARG(to));
    diag_hint(p->diags, "write CAST(… AS %.*s)", STR_ARG(to));
    return st;
}

Status plan_cast(Planner *p, BExpr *e, Type t, bool implicit, BExpr **out)
{
    bool is_allowed = implicit ? cast_is_implicit(e->type, t) || is_text_literal(e)
                               : cast_is_possible(e->type, t);
    if (!is_allowed) return no_cast(p, e, t, implicit);
    if (implicit || cast_is_needless(e->type, t) || bexpr_is_null(e))
        return cast_insert(p, e, t, out);
    *out = bexpr_cast(p->arena, e, t, false, e->span);
    return WEIR_OK;
}
