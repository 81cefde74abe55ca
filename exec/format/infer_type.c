/* infer_type.c: from values to a type that holds them all (see infer.h). */
#include "exec/format/infer.h"
#include "base/datetime.h"

static bool has_leading_zero(Str s)
{
    ptrdiff_t i = s.n && s.p[0] == '-';
    return s.n - i > 1 && s.p[i] == '0' && s.p[i + 1] >= '0' && s.p[i + 1] <= '9';
}

/* From 1973 to 2096, in each unit: no number is in two of them. */
static void note_epoch(TypeGuess *g, double v)
{
    g->seconds += v >= 1e8 && v < 4e9;
    g->millis += v >= 1e11 && v < 4e12;
    g->micros += v >= 1e14 && v < 4e15;
}

static bool guess_number(TypeGuess *g, Str s)
{
    int64_t i;
    double d;
    if (has_leading_zero(s) || s.p[0] == '+') return false;
    if (str_to_int64(s, &i)) {
        g->ints++;
        note_epoch(g, (double)i);
        return true;
    }
    if (!field_double(s, false, &d)) return false;
    g->reals++;
    note_epoch(g, d);
    return true;
}

static bool guess_time(TypeGuess *g, Str s)
{
    int32_t days;
    int64_t us;
    if (s.n < 10 || s.p[0] < '0' || s.p[0] > '9') return false;
    if (date_parse(s, &days)) {
        g->dates++;
        return true;
    }
    if (!timestamp_parse(s, 6, &us)) return false;
    const char *point = memchr(s.p, '.', (size_t)s.n);
    int32_t digits = 0;
    while (point && point + 1 + digits < s.p + s.n && point[1 + digits] >= '0' && point[1 + digits] <= '9') digits++;
    if (digits > g->fraction_digits) g->fraction_digits = digits;
    g->times++;
    return true;
}

static bool guess_bool(TypeGuess *g, Str s)
{
    bool is_bool = str_ieq(s, S("true")) || str_ieq(s, S("false"));
    g->bools += is_bool;
    return is_bool;
}

void guess_text(TypeGuess *g, Str s)
{
    s = str_trim(s);
    if (s.n == 0) return;
    g->values++;
    if (!guess_number(g, s) && !guess_bool(g, s)) guess_time(g, s);
}

void guess_json(TypeGuess *g, JsonSpan v)
{
    Str s = {v.p, v.n};
    switch (v.kind) {
    case JSON_NONE: return;
    case JSON_STRING:
        g->values++;
        guess_time(g, s);
        return;
    case JSON_ESCAPED: g->values++; return;
    case JSON_WORD:
        if (str_eq(s, S("null"))) return;
        g->values++;
        if (!guess_bool(g, s) && json_is_number(s)) guess_number(g, s);
        return;
    case JSON_OBJECT:
    case JSON_ARRAY:
        g->values++;
        g->json++;
        return;
    }
}

Type guess_type(const TypeGuess *g)
{
    int64_t n = g->values;
    if (n == 0) return TYPE_OF(TYPE_TEXT);
    if (g->ints == n) return TYPE_BIGINT_;
    if (g->ints + g->reals == n) return TYPE_OF(TYPE_DOUBLE);
    if (g->bools == n) return TYPE_OF(TYPE_BOOLEAN);
    if (g->dates == n) return TYPE_OF(TYPE_DATE);
    if (g->dates + g->times == n)
        return TYPE_TIMESTAMP_(g->fraction_digits == 0 ? 0 : g->fraction_digits <= 3 ? 3 : 6);
    return TYPE_OF(g->json == n ? TYPE_JSON : TYPE_TEXT);
}
