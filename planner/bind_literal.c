/* bind_literal.c: constants as they are written. */
#include "planner/bind.h"
#include "planner/casts.h"
#include "planner/interval.h"
#include "base/decimal.h"

#include <assert.h>

static Status give(Binder *b, Value v, Span at, BExpr **out)
{
    *out = bexpr_const(b->p->arena, v, at);
    return WEIR_OK;
}

bool is_number_literal(const Expr *e)
{
    return e->kind == EX_NUMBER;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static bool is_hex(Str s)
{
    return s.n > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X');
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_to_int64(Str s, int64_t *out)
{
    uint64_t v = 0;
    if (s.n > 18) return false;
    for (ptrdiff_t i = 2; i < s.n; i++) {
        int d = hex_digit(s.p[i]);
        if (d < 0) return false;
        v = v << 4 | (uint64_t)d;
    }
    *out = (int64_t)v;
    return true;
}

static bool has_any(Str s, const char *chars)
{
    for (ptrdiff_t i = 0; i < s.n; i++)
        if (strchr(chars, s.p[i])) return true;
    return false;
}

static Status bad_number(Binder *b, const Expr *e, const char *why)
{
    return diag_error(b->p->diags, WEIR_E_VALUE, bind_at(b, e->span), "number \"%.*s\" %s",
                      STR_ARG(e->text), why);
}

static Status bind_decimal(Binder *b, const Expr *e, bool negative, Span at, BExpr **out)
{
    Value v = {0};
    switch (decimal_parse_literal(e->text, &v.type, &v.dec)) {
    case DECIMAL_OK: break;
    case DECIMAL_MALFORMED: return bad_number(b, e, "does not read as one");
    case DECIMAL_OVERFLOW:
        return bad_number(b, e, "has more than 38 digits; write it with an exponent");
    }
    if (negative) v.dec = -v.dec;
    return give(b, v, at, out);
}

static Status bind_number(Binder *b, const Expr *e, bool negative, BExpr **out)
{
    Span at = bind_at(b, e->span);
    Str text = negative ? str_printf(b->p->arena, "-%.*s", STR_ARG(e->text)) : e->text;
    int64_t i;
    double d;
    if (is_hex(e->text)) {
        if (!hex_to_int64(e->text, &i)) return bad_number(b, e, "is not a BIGINT");
        return give(b, value_int(negative ? (int64_t)-(uint64_t)i : i), at, out);
    }
    if (has_any(e->text, "eE")) {
        if (!str_to_double(text, &d)) return bad_number(b, e, "does not read as one");
        if (d - d != 0) return bad_number(b, e, "is beyond DOUBLE");
        return give(b, value_double(d), at, out);
    }
    if (!has_any(e->text, ".") && str_to_int64(text, &i)) return give(b, value_int(i), at, out);
    return bind_decimal(b, e, negative, at, out);
}

/* ---- others --------------------------------------------------------------------------------- */

static Status bind_blob(Binder *b, const Expr *e, BExpr **out)
{
    ptrdiff_t n = e->text.n / 2;
    char *bytes = new (b->p->arena, char, n + 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        int hi = hex_digit(e->text.p[2 * i]), lo = hex_digit(e->text.p[2 * i + 1]);
        if (hi < 0 || lo < 0 || e->text.n % 2)
            return diag_error(b->p->diags, WEIR_E_VALUE, bind_at(b, e->span),
                              "x'…' takes pairs of hexadecimal digits");
        bytes[i] = (char)(hi << 4 | lo);
    }
    return give(b, (Value){.type = TYPE_OF(TYPE_BLOB), .s = str_of(bytes, n)}, bind_at(b, e->span),
                out);
}

static Status bind_typed(Binder *b, const Expr *e, BExpr **out)
{
    Type t;
    TRY(plan_type(b->p, e->type, &t));
    BExpr *text = bexpr_const(b->p->arena, value_text(e->text), bind_at(b, e->span));
    return cast_insert(b->p, text, t, out);
}

static const char *unit_name(IntervalUnit u)
{
    return u == IUNIT_NONE ? "" : INTERVAL_UNIT_NAMES[u];
}

static Status bind_interval(Binder *b, const Expr *e, BExpr **out)
{
    Interval iv;
    if (!interval_literal(e->text, unit_name(e->unit), unit_name(e->unit_to), &iv)) {
        Status st = diag_error(b->p->diags, WEIR_E_VALUE, bind_at(b, e->span),
                               "interval '%.*s' does not read as one", STR_ARG(e->text));
        diag_hint(b->p->diags, "write INTERVAL '10' SECOND or INTERVAL '1 hour 30 minutes'");
        return st;
    }
    Value v = {.type = TYPE_OF(TYPE_INTERVAL), .iv = iv};
    return give(b, v, bind_at(b, e->span), out);
}

Status bind_literal(Binder *b, const Expr *e, bool negative, BExpr **out)
{
    Span at = bind_at(b, e->span);
    if (e->kind == EX_NULL) return give(b, value_null(TYPE_OF(TYPE_NULL)), at, out);
    if (e->kind == EX_BOOL) return give(b, value_bool(str_ieq(e->text, S("true"))), at, out);
    if (e->kind == EX_NUMBER) return bind_number(b, e, negative, out);
    if (e->kind == EX_BLOB) return bind_blob(b, e, out);
    if (e->kind == EX_TYPED) return bind_typed(b, e, out);
    if (e->kind == EX_INTERVAL) return bind_interval(b, e, out);
    assert(e->kind == EX_STRING);
    return give(b, value_text(e->text), at, out);
}
