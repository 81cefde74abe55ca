/* func_text.c: measuring, cutting and changing text.
 *
 * Positions and lengths count characters. Text that is ASCII takes a way without decoding; what a
 * function cuts out of its argument is referred to, not copied. */
#include "base/utf8.h"
#include "exec/func/call.h"
#include "exec/func/letter_case.h"

enum { RESULT_MAX = 64 << 20 }; /* bytes of one text that a function makes */

/* ---- lengths --------------------------------------------------------------------------------- */

static void length(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = utf8_count(ARG_STR(0, row));
}
static const FuncImpl length_impl = {.columns = length};

static void octets(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = ARG(Text, 0, row).len;
}
static const FuncImpl octets_impl = {.columns = octets};

static void bits(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = INT64_C(8) * ARG(Text, 0, row).len;
}
static const FuncImpl bits_impl = {.columns = bits};

/* ---- case ------------------------------------------------------------------------------------ */

typedef char (*AsciiCase)(char);
typedef uint32_t (*LetterCase)(uint32_t);

static Str change_ascii(Arena *a, Str s, AsciiCase f, char *small)
{
    char *p = s.n <= TEXT_INLINE ? small : arena_alloc_raw(a, s.n, 1);
    for (ptrdiff_t i = 0; i < s.n; i++) p[i] = f(s.p[i]);
    return str_of(p, s.n);
}

static Str change_letters(Arena *a, Str s, LetterCase f)
{
    StrBuf b = {.arena = a};
    for (ptrdiff_t i = 0; i < s.n; i += utf8_len(s, i)) {
        char bytes[4];
        sb_bytes(&b, bytes, utf8_encode(f(utf8_decode(s, i)), bytes));
    }
    return str_of(b.p, b.n);
}

static void change_case(EvalCtx *c, const Column *args, AsciiCase ascii, LetterCase letters,
                        Column *out)
{
    EACH_ROW (c, row) {
        char small[TEXT_INLINE];
        Str s = ARG_STR(0, row);
        if (!utf8_is_ascii(s))
            put_text(out, row, change_letters(c->arena, s, letters));
        else
            put_text(out, row, change_ascii(c->arena, s, ascii, small));
    }
}
static void lower(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    change_case(c, args, ascii_lower, letter_lower, out);
}
static void upper(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    change_case(c, args, ascii_upper, letter_upper, out);
}
static const FuncImpl lower_impl = {.columns = lower};
static const FuncImpl upper_impl = {.columns = upper};

static void initcap(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row);
        StrBuf b = {.arena = c->arena};
        bool inside = false;
        for (ptrdiff_t i = 0; i < s.n; i += utf8_len(s, i)) {
            char bytes[4];
            uint32_t ch = utf8_decode(s, i);
            sb_bytes(&b, bytes, utf8_encode(inside ? letter_lower(ch) : letter_upper(ch), bytes));
            inside = letter_is_alnum(ch);
        }
        put_text(out, row, str_of(b.p, b.n));
    }
}
static const FuncImpl initcap_impl = {.columns = initcap};

/* ---- trim ------------------------------------------------------------------------------------ */

/* Whether the character at s.p[at..at+n) is one of `set`. */
static bool in_set(Str s, ptrdiff_t at, ptrdiff_t n, Str set)
{
    for (ptrdiff_t i = 0; i < set.n; i += utf8_len(set, i))
        if (utf8_len(set, i) == n && memcmp(set.p + i, s.p + at, (size_t)n) == 0) return true;
    return false;
}

static Str trim_left(Str s, Str set)
{
    while (s.n > 0) {
        ptrdiff_t n = utf8_len(s, 0);
        if (!in_set(s, 0, n, set)) break;
        s = str_of(s.p + n, s.n - n);
    }
    return s;
}

static Str trim_right(Str s, Str set)
{
    while (s.n > 0) {
        ptrdiff_t at = s.n - 1;
        while (at > 0 && utf8_is_tail(s.p[at])) at--;
        if (!in_set(s, at, s.n - at, set)) break;
        s.n = at;
    }
    return s;
}

static void trim(EvalCtx *c, const Column *args, int nargs, bool left, bool right, Column *out)
{
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row), set = nargs > 1 ? ARG_STR(1, row) : S(" ");
        if (left) s = trim_left(s, set);
        if (right) s = trim_right(s, set);
        put_text(out, row, s);
    }
}
static void btrim(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    trim(c, args, nargs, true, true, out);
}
static void ltrim(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    trim(c, args, nargs, true, false, out);
}
static void rtrim(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    trim(c, args, nargs, false, true, out);
}
static const FuncImpl btrim_impl = {.columns = btrim};
static const FuncImpl ltrim_impl = {.columns = ltrim};
static const FuncImpl rtrim_impl = {.columns = rtrim};

/* ---- slices ---------------------------------------------------------------------------------- */

/* Characters [from, to) of s, from 0; bounds may lie outside. */
static Str slice(Str s, int64_t from, int64_t to)
{
    if (from < 0) from = 0;
    if (to <= from) return str_of(s.p, 0);
    if (utf8_is_ascii(s)) {
        if (from > s.n) from = s.n;
        if (to > s.n) to = s.n;
        return str_of(s.p + from, to - from);
    }
    ptrdiff_t start = utf8_offset(s, from);
    Str rest = str_of(s.p + start, s.n - start);
    return str_of(rest.p, utf8_offset(rest, to - from));
}

static int64_t saturating_add(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

/* As the standard: positions from 1, and those before the text count against the length. */
static void substr(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row);
        int64_t from = saturating_add(ARG(int64_t, 1, row), -1), to = INT64_MAX;
        if (nargs > 2 && ARG(int64_t, 2, row) < 0) {
            call_failed(c, out, row, "the length of a substring is negative");
            continue;
        }
        if (nargs > 2) to = saturating_add(from, ARG(int64_t, 2, row));
        put_text(out, row, slice(s, from, to));
    }
}
static const FuncImpl substr_impl = {.columns = substr};

/* A negative count leaves that many out at the other end. */
static void left(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row);
        int64_t n = ARG(int64_t, 1, row);
        put_text(out, row, slice(s, 0, n < 0 ? saturating_add(utf8_count(s), n) : n));
    }
}
static void right(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row);
        int64_t n = ARG(int64_t, 1, row);
        int64_t from = n < 0 ? (n == INT64_MIN ? INT64_MAX : -n) : utf8_count(s) - n;
        put_text(out, row, slice(s, from, INT64_MAX));
    }
}
static const FuncImpl left_impl = {.columns = left};
static const FuncImpl right_impl = {.columns = right};

/* ---- making longer --------------------------------------------------------------------------- */

static void too_long(EvalCtx *c, Column *out, int row)
{
    call_failed(c, out, row, "the text would be longer than %d bytes", RESULT_MAX);
}

static void fill(StrBuf *b, Str with, int64_t chars)
{
    int64_t whole = chars / utf8_count(with), rest = chars % utf8_count(with);
    for (int64_t i = 0; i < whole; i++) sb_str(b, with);
    sb_str(b, slice(with, 0, rest));
}

static void pad(EvalCtx *c, const Column *args, int nargs, bool at_left, Column *out)
{
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row), with = nargs > 2 ? ARG_STR(2, row) : S(" ");
        int64_t n = ARG(int64_t, 1, row), has = utf8_count(s);
        StrBuf b = {.arena = c->arena};
        if (n <= has || with.n == 0) {
            put_text(out, row, slice(s, 0, n));
            continue;
        }
        if (n > RESULT_MAX / 4) {
            too_long(c, out, row);
            continue;
        }
        if (at_left) fill(&b, with, n - has);
        sb_str(&b, s);
        if (!at_left) fill(&b, with, n - has);
        put_text(out, row, str_of(b.p, b.n));
    }
}
static void lpad(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    pad(c, args, nargs, true, out);
}
static void rpad(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    pad(c, args, nargs, false, out);
}
static const FuncImpl lpad_impl = {.columns = lpad};
static const FuncImpl rpad_impl = {.columns = rpad};

static void repeat(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row);
        int64_t n = ARG(int64_t, 1, row);
        StrBuf b = {.arena = c->arena};
        if (s.n && n > RESULT_MAX / s.n) {
            too_long(c, out, row);
            continue;
        }
        for (int64_t i = 0; s.n && i < n; i++) sb_str(&b, s);
        put_text(out, row, str_of(b.p, b.n));
    }
}
static const FuncImpl repeat_impl = {.columns = repeat};

static void reverse(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row);
        char *p = arena_alloc_raw(c->arena, s.n, 1);
        for (ptrdiff_t i = 0; i < s.n;) {
            ptrdiff_t n = utf8_len(s, i);
            memcpy(p + s.n - i - n, s.p + i, (size_t)n);
            i += n;
        }
        put_text(out, row, str_of(p, s.n));
    }
}
static const FuncImpl reverse_impl = {.columns = reverse};

/* concat and concat_ws leave NULLs out. */
static void join(EvalCtx *c, const Column *args, int nargs, int first, Column *out)
{
    EACH_ROW (c, row) {
        StrBuf b = {.arena = c->arena};
        bool any = false;
        if (col_is_null(out, row)) continue;
        if (first && col_is_null(&args[0], row)) {
            column_set_null(out, c->arena, row);
            continue;
        }
        for (int i = first; i < nargs; i++) {
            if (col_is_null(&args[i], row)) continue;
            Value v = column_value(&args[i], row);
            if (any && first) sb_str(&b, ARG_STR(0, row));
            value_print(&b, &v);
            any = true;
        }
        put_text(out, row, str_of(b.p, b.n));
    }
}
static void concat(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    join(c, args, nargs, 0, out);
}
static void concat_ws(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    join(c, args, nargs, 1, out);
}
static const FuncImpl concat_impl = {.columns = concat};
static const FuncImpl concat_ws_impl = {.columns = concat_ws};

/* overlay(s, with, from[, length]) */
static void overlay(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row), with = ARG_STR(1, row);
        int64_t from = ARG(int64_t, 2, row);
        int64_t n = nargs > 3 ? ARG(int64_t, 3, row) : utf8_count(with);
        StrBuf b = {.arena = c->arena};
        if (from < 1) {
            call_failed(c, out, row, "overlay takes a position from 1 on");
            continue;
        }
        sb_str(&b, slice(s, 0, from - 1));
        sb_str(&b, with);
        sb_str(&b, slice(s, saturating_add(from - 1, n), INT64_MAX));
        put_text(out, row, str_of(b.p, b.n));
    }
}
static const FuncImpl overlay_impl = {.columns = overlay};

/* ---- characters ------------------------------------------------------------------------------ */

static void ascii(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row);
        to[row] = s.n ? utf8_decode(s, 0) : 0;
    }
}
static const FuncImpl ascii_impl = {.columns = ascii};

static void chr(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        char bytes[4];
        int64_t v = ARG(int64_t, 0, row);
        if (v <= 0 || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
            call_failed(c, out, row, "%lld is no character", (long long)v);
        else
            put_text(out, row, str_of(bytes, utf8_encode((uint32_t)v, bytes)));
    }
}
static const FuncImpl chr_impl = {.columns = chr};

static void quote_with(EvalCtx *c, Str s, char q, Column *out, int row)
{
    StrBuf b = {.arena = c->arena};
    sb_char(&b, q);
    for (ptrdiff_t i = 0; i < s.n; i++) {
        if (s.p[i] == q) sb_char(&b, q);
        sb_char(&b, s.p[i]);
    }
    sb_char(&b, q);
    put_text(out, row, str_of(b.p, b.n));
}
static void quote_literal(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) quote_with(c, ARG_STR(0, row), '\'', out, row);
}
static void quote_ident(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) quote_with(c, ARG_STR(0, row), '"', out, row);
}
static const FuncImpl quote_literal_impl = {.columns = quote_literal};
static const FuncImpl quote_ident_impl = {.columns = quote_ident};

/* ---- definitions ----------------------------------------------------------------------------- */

#define FN(n, other, pattern, res, f, more, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, .flags = more, \
        .group = "text", .doc = about \
    }

const FuncDef func_text[] = {
    FN("length", "char_length,character_length,len", "t", "i", length_impl, 0,
       "number of characters"),
    FN("length", NULL, "x", "i", octets_impl, 0, "number of bytes"),
    FN("octet_length", "strlen", "t", "i", octets_impl, 0, "number of bytes"),
    FN("octet_length", "strlen", "x", "i", octets_impl, 0, "number of bytes"),
    FN("bit_length", NULL, "t", "i", bits_impl, 0, "number of bits"),
    FN("lower", "lcase", "t", "t", lower_impl, 0, "in small letters"),
    FN("upper", "ucase", "t", "t", upper_impl, 0, "in capital letters"),
    FN("initcap", NULL, "t", "t", initcap_impl, 0, "every word with a capital first letter"),
    FN("trim", "btrim", "tt?", "t", btrim_impl, 0,
       "without spaces, or without those characters, at both ends"),
    FN("ltrim", NULL, "tt?", "t", ltrim_impl, 0, "the same at the start"),
    FN("rtrim", NULL, "tt?", "t", rtrim_impl, 0, "the same at the end"),
    FN("substr", "substring,mid", "tii?", "t", substr_impl, FUNC_CAN_FAIL,
       "from a position on, counted from 1, so many characters"),
    FN("left", NULL, "ti", "t", left_impl, 0,
       "the first characters; a negative number leaves out the last"),
    FN("right", NULL, "ti", "t", right_impl, 0,
       "the last characters; a negative number leaves out the first"),
    FN("lpad", NULL, "tit?", "t", lpad_impl, FUNC_CAN_FAIL,
       "filled at the start, or cut, to so many characters"),
    FN("rpad", NULL, "tit?", "t", rpad_impl, FUNC_CAN_FAIL,
       "filled at the end, or cut, to so many characters"),
    FN("repeat", NULL, "ti", "t", repeat_impl, FUNC_CAN_FAIL, "the text so many times"),
    FN("reverse", NULL, "t", "t", reverse_impl, 0, "the characters from last to first"),
    FN("concat", NULL, "a*", "t", concat_impl, FUNC_NULL_CALL,
       "all arguments as text in a row, without NULLs"),
    FN("concat_ws", NULL, "ta*", "t", concat_ws_impl, FUNC_NULL_CALL,
       "the same with the first argument between them"),
    FN("overlay", NULL, "ttii?", "t", overlay_impl, FUNC_CAN_FAIL,
       "the second text put over the first from a position on"),
    FN("ascii", "unicode,ord", "t", "i", ascii_impl, 0, "the number of the first character"),
    FN("chr", "char", "i", "t", chr_impl, FUNC_CAN_FAIL, "the character of that number"),
    FN("quote", "quote_literal", "t", "t", quote_literal_impl, 0, "as a literal of SQL"),
    FN("quote_ident", NULL, "t", "t", quote_ident_impl, 0, "as a quoted name of SQL"),
    {0},
};
