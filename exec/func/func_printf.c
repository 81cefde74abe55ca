/* func_printf.c: format(): text by a pattern like C's printf.
 *
 *   %[-+ 0,][width][.precision] and one of: d i (BIGINT), u x X o (its bits), f e g E G (DOUBLE),
 *   c (first character), s (any value), q %L (a literal of SQL), %I (a name), %% */
#include "base/utf8.h"
#include "exec/func/call.h"
#include "base/decimal.h"
#include "base/number.h"

#include <stdio.h>

enum { WIDTH_MAX = 1000000, PRECISION_MAX = 100 };

typedef struct Directive {
    bool left, plus, space, zero, commas;
    int width, precision; /* -1: none */
    char letter;
} Directive;

static const char *read_int(const char *p, const char *end, int max, int *out)
{
    int v = 0;
    while (p < end && *p >= '0' && *p <= '9' && v <= max) v = v * 10 + (*p++ - '0');
    *out = v;
    return v <= max ? p : NULL;
}

/* p behind the '%'; returns the end, or NULL. */
static const char *read_directive(const char *p, const char *end, Directive *d)
{
    *d = (Directive){.precision = -1};
    for (; p < end && *p && strchr("-+ 0,", *p); p++) {
        d->left |= *p == '-';
        d->plus |= *p == '+';
        d->space |= *p == ' ';
        d->zero |= *p == '0';
        d->commas |= *p == ',';
    }
    if (!(p = read_int(p, end, WIDTH_MAX, &d->width))) return NULL;
    if (p < end && *p == '.' && !(p = read_int(p + 1, end, PRECISION_MAX, &d->precision)))
        return NULL;
    while (p < end && *p == 'l') p++;
    if (p >= end) return NULL;
    d->letter = *p;
    return p + 1;
}

static void put_padded(StrBuf *b, const Directive *d, Str s, bool number)
{
    int64_t missing = d->width - utf8_count(s);
    if (missing > 0 && !d->left && d->zero && number) {
        bool sign = s.n && (s.p[0] == '-' || s.p[0] == '+' || s.p[0] == ' ');
        if (sign) sb_char(b, s.p[0]);
        while (missing-- > 0) sb_char(b, '0');
        sb_str(b, str_of(s.p + sign, s.n - sign));
        return;
    }
    for (int64_t i = 0; i < missing && !d->left; i++) sb_char(b, ' ');
    sb_str(b, s);
    for (int64_t i = 0; i < missing && d->left; i++) sb_char(b, ' ');
}

static bool int_of(const Value *v, int64_t *out)
{
    switch ((TypeKind)v->type.kind) {
    case TYPE_BIGINT:
    case TYPE_BOOLEAN:
        *out = v->i;
        return true;
    case TYPE_DOUBLE:
        return double_to_int64(v->d, out);
    case TYPE_DECIMAL:
        return decimal_to_int64(v->dec, v->type.scale, out);
    case TYPE_TEXT:
        return str_to_int64(str_trim(v->s), out);
    case TYPE_NULL:
    case TYPE_BLOB:
    case TYPE_TIMESTAMP:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_INTERVAL:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
    case TYPE_COUNT:
        break;
    }
    return false;
}

static bool double_of(const Value *v, double *out)
{
    int64_t i;
    if (v->type.kind == TYPE_DOUBLE) {
        *out = v->d;
    } else if (v->type.kind == TYPE_DECIMAL) {
        *out = decimal_to_double(v->dec, v->type.scale);
    } else if (v->type.kind == TYPE_TEXT) {
        return str_to_double(str_trim(v->s), out);
    } else {
        if (!int_of(v, &i)) return false;
        *out = (double)i;
    }
    return true;
}

/* Groups of three before the point. */
static Str with_commas(Arena *a, Str digits)
{
    StrBuf b = {.arena = a};
    ptrdiff_t start = digits.n && (digits.p[0] < '0' || digits.p[0] > '9'), end = start;
    while (end < digits.n && digits.p[end] >= '0' && digits.p[end] <= '9') end++;
    for (ptrdiff_t i = 0; i < digits.n; i++) {
        if (i > start && i < end && (end - i) % 3 == 0) sb_char(&b, ',');
        sb_char(&b, digits.p[i]);
    }
    return str_of(b.p, b.n);
}

static const char *sign_of(const Directive *d, bool negative)
{
    return negative ? "-" : d->plus ? "+" : d->space ? " " : "";
}

static bool put_int(StrBuf *b, const Directive *d, const Value *v)
{
    int64_t i;
    if (!int_of(v, &i)) return false;
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    Str s = str_printf(b->arena, "%s%.*llu", sign_of(d, i < 0), d->precision < 0 ? 1 : d->precision,
                       (unsigned long long)u);
    if (d->commas) s = with_commas(b->arena, s);
    put_padded(b, d, s, d->precision < 0);
    return true;
}

static bool put_bits(StrBuf *b, const Directive *d, const Value *v)
{
    int64_t i;
    if (!int_of(v, &i)) return false;
    const char *f = d->letter == 'x'   ? "%llx"
                    : d->letter == 'X' ? "%llX"
                    : d->letter == 'o' ? "%llo"
                                       : "%llu";
    char text[32];
    int n = snprintf(text, sizeof text, f, (unsigned long long)i);
    put_padded(b, d, str_of(text, n), true);
    return true;
}

static Str shown_double(Arena *a, char letter, int precision, double x)
{
    switch (letter) {
    case 'e':
        return str_printf(a, "%.*e", precision, x);
    case 'E':
        return str_printf(a, "%.*E", precision, x);
    case 'g':
        return str_printf(a, "%.*g", precision, x);
    case 'G':
        return str_printf(a, "%.*G", precision, x);
    default:
        return str_printf(a, "%.*f", precision, x);
    }
}

static bool put_double(StrBuf *b, const Directive *d, const Value *v)
{
    double x;
    if (!double_of(v, &x)) return false;
    bool negative = __builtin_signbit(x);
    Str s =
        shown_double(b->arena, d->letter, d->precision < 0 ? 6 : d->precision, negative ? -x : x);
    s = str_printf(b->arena, "%s%.*s", sign_of(d, negative), STR_ARG(s));
    if (d->commas) s = with_commas(b->arena, s);
    put_padded(b, d, s, true);
    return true;
}

static Str quoted(Arena *a, Str s, char q)
{
    StrBuf b = {.arena = a};
    sb_char(&b, q);
    for (ptrdiff_t i = 0; i < s.n; i++) {
        if (s.p[i] == q) sb_char(&b, q);
        sb_char(&b, s.p[i]);
    }
    sb_char(&b, q);
    return str_of(b.p, b.n);
}

static void put_value(StrBuf *b, const Directive *d, const Value *v)
{
    StrBuf text = {.arena = b->arena};
    if (!v->is_null) value_print(&text, v);
    Str s = str_of(text.p, text.n);
    if (d->letter == 'c') s.n = utf8_offset(s, 1);
    if (d->letter == 's' && d->precision >= 0) s.n = utf8_offset(s, d->precision);
    if (d->letter == 'q' || d->letter == 'L')
        s = v->is_null ? S("NULL") : quoted(b->arena, s, '\'');
    if (d->letter == 'I') s = quoted(b->arena, s, '"');
    put_padded(b, d, s, false);
}

static bool put_argument(StrBuf *b, const Directive *d, const Value *v)
{
    if (strchr("scqLI", d->letter)) {
        put_value(b, d, v);
        return true;
    }
    if (v->is_null) {
        put_padded(b, d, S(""), false);
        return true;
    }
    if (strchr("di", d->letter)) return put_int(b, d, v);
    if (strchr("uxXo", d->letter)) return put_bits(b, d, v);
    return put_double(b, d, v);
}

static Status fail_with(EvalCtx *c, Str *message, const char *what, char letter)
{
    *message = str_printf(c->arena, "format: %s \"%%%c\"", what, letter ? letter : ' ');
    return WEIR_E_VALUE;
}

static Status format_row(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    StrBuf b = {.arena = c->arena};
    int next = 1;
    if (args[0].is_null) {
        out->is_null = true;
        return WEIR_OK;
    }
    const char *p = args[0].s.p, *end = p + args[0].s.n;
    while (p < end) {
        Directive d;
        if (*p != '%') {
            sb_char(&b, *p++);
            continue;
        }
        p = read_directive(p + 1, end, &d);
        if (!p) return fail_with(c, message, "an unfinished directive", ' ');
        if (d.letter == '%') {
            sb_char(&b, '%');
            continue;
        }
        if (!d.letter || !strchr("scqLIdiuxXofeEgG", d.letter))
            return fail_with(c, message, "there is no", d.letter);
        if (next >= nargs) return fail_with(c, message, "no argument for", d.letter);
        if (!put_argument(&b, &d, &args[next++]))
            return fail_with(c, message, "not a number for", d.letter);
    }
    out->s = str_of(b.p, b.n);
    return WEIR_OK;
}
static const FuncImpl format_impl = {.row = format_row};

const FuncDef func_printf[] = {
    {.name = "format",
     .aliases = "printf",
     .args = "ta?*",
     .result = "t",
     .impl = &format_impl,
     .flags = FUNC_NULL_CALL | FUNC_CAN_FAIL,
     .group = "text",
     .doc = "the arguments by a pattern like that of C: '%s has %5.2f'"},
    {0},
};
