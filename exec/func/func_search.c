/* func_search.c: finding, splitting and replacing inside text. */
#include "base/utf8.h"
#include "exec/func/call.h"

/* Byte offset of `what` in s from `from` on, or -1. */
static ptrdiff_t find_from(Str s, Str what, ptrdiff_t from)
{
    if (from > s.n || what.n > s.n - from) return -1;
    if (what.n == 0) return from;
    const char *at = what.n == 1 ? memchr(s.p + from, what.p[0], (size_t)(s.n - from))
                                 : memmem(s.p + from, (size_t)(s.n - from), what.p, (size_t)what.n);
    return at ? at - s.p : -1;
}

/* ---- position -------------------------------------------------------------------------------- */

static int64_t position_of(Str s, Str what, int64_t from)
{
    if (from < 1) return 0;
    ptrdiff_t start = from == 1 ? 0 : utf8_offset(s, from - 1);
    ptrdiff_t at = find_from(s, what, start);
    return at < 0 ? 0 : utf8_count(str_of(s.p, at)) + 1;
}

/* strpos(s, what) */
static void strpos_rows(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = position_of(ARG_STR(0, row), ARG_STR(1, row), 1);
}
static const FuncImpl strpos_impl = {.columns = strpos_rows};

/* position(what IN s), locate(what, s[, from]) */
static void locate(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    int64_t *to = out->data;
    EACH_ROW (c, row)
        to[row] =
            position_of(ARG_STR(1, row), ARG_STR(0, row), nargs > 2 ? ARG(int64_t, 2, row) : 1);
}
static const FuncImpl locate_impl = {.columns = locate};

#define PREDICATE(name, test) \
    static void name(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        uint8_t *to = out->data; \
        EACH_ROW (c, row) to[row] = test; \
    } \
    static const FuncImpl name##_impl = {.columns = name};
PREDICATE(starts_with, str_starts(ARG_STR(0, row), ARG_STR(1, row)))
PREDICATE(ends_with, str_ends(ARG_STR(0, row), ARG_STR(1, row)))
PREDICATE(contains, find_from(ARG_STR(0, row), ARG_STR(1, row), 0) >= 0)

/* ---- counting -------------------------------------------------------------------------------- */

static int64_t count_in(Str s, Str what)
{
    int64_t n = 0;
    if (what.n == 0) return 0;
    if (what.n == 1) {
        for (ptrdiff_t i = 0; i < s.n; i++) n += s.p[i] == what.p[0];
        return n;
    }
    for (ptrdiff_t at = 0; (at = find_from(s, what, at)) >= 0; at += what.n) n++;
    return n;
}

static void count_char(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = count_in(ARG_STR(0, row), ARG_STR(1, row));
}
static const FuncImpl count_char_impl = {.columns = count_char};

/* ---- splitting ------------------------------------------------------------------------------- */

/* Field i from 0 of s; false: there are not so many. */
static bool field_at(Str s, Str separator, int64_t i, Str *out)
{
    ptrdiff_t start = 0;
    if (i < 0) return false;
    for (;; i--) {
        ptrdiff_t end = separator.n ? find_from(s, separator, start) : -1;
        if (i == 0) {
            *out = str_of(s.p + start, (end < 0 ? s.n : end) - start);
            return true;
        }
        if (end < 0) return false;
        start = end + separator.n;
    }
}

static int64_t field_count(Str s, Str separator)
{
    return separator.n ? count_in(s, separator) + 1 : 1;
}

/* PostgreSQL's: from 1, negative from the end, beyond it ''. */
static void split_part(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row), separator = ARG_STR(1, row), field;
        int64_t n = ARG(int64_t, 2, row);
        if (n == 0) {
            call_failed(c, out, row, "split_part counts fields from 1");
            continue;
        }
        if (n < 0) n += field_count(s, separator) + 1;
        put_text(out, row, field_at(s, separator, n - 1, &field) ? field : str_of(s.p, 0));
    }
}
static const FuncImpl split_part_impl = {.columns = split_part};

/* Flink's: from 0, beyond the fields NULL. */
static void split_index(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str field;
        if (field_at(ARG_STR(0, row), ARG_STR(1, row), ARG(int64_t, 2, row), &field))
            put_text(out, row, field);
        else
            column_set_null(out, c->arena, row);
    }
}
static const FuncImpl split_index_impl = {.columns = split_index};

/* ---- replacing ------------------------------------------------------------------------------- */

static Str replace_all(Arena *a, Str s, Str what, Str with)
{
    ptrdiff_t at = what.n ? find_from(s, what, 0) : -1, copied = 0;
    if (at < 0) return s;
    StrBuf b = {.arena = a};
    for (; at >= 0; at = find_from(s, what, copied)) {
        sb_bytes(&b, s.p + copied, at - copied);
        sb_str(&b, with);
        copied = at + what.n;
    }
    sb_bytes(&b, s.p + copied, s.n - copied);
    return str_of(b.p, b.n);
}

static void replace(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row)
        put_text(out, row,
                 replace_all(c->arena, ARG_STR(0, row), ARG_STR(1, row), ARG_STR(2, row)));
}
static const FuncImpl replace_impl = {.columns = replace};

/* Each character of `from` becomes the one at its place in `to`, or goes. */
static void translate(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row), from = ARG_STR(1, row), with = ARG_STR(2, row);
        StrBuf b = {.arena = c->arena};
        for (ptrdiff_t i = 0, n; i < s.n; i += n) {
            n = utf8_len(s, i);
            int64_t k = position_of(from, str_of(s.p + i, n), 1);
            if (k == 0) {
                sb_bytes(&b, s.p + i, n);
                continue;
            }
            ptrdiff_t at = utf8_offset(with, k - 1);
            if (at < with.n) sb_bytes(&b, with.p + at, utf8_len(with, at));
        }
        put_text(out, row, str_of(b.p, b.n));
    }
}
static const FuncImpl translate_impl = {.columns = translate};

/* ---- definitions ----------------------------------------------------------------------------- */

#define FN(n, other, pattern, res, f, more, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, .flags = more, \
        .group = "text", .doc = about \
    }

const FuncDef func_search[] = {
    FN("position", "locate", "tti?", "i", locate_impl, 0,
       "where the first text begins in the second, from 1; 0: nowhere"),
    FN("strpos", "instr", "tt", "i", strpos_impl, 0,
       "where the second text begins in the first, from 1; 0: nowhere"),
    FN("starts_with", "startswith,prefix", "tt", "b", starts_with_impl, 0,
       "whether the text begins with the other"),
    FN("ends_with", "endswith,suffix", "tt", "b", ends_with_impl, 0,
       "whether the text ends with the other"),
    FN("contains", NULL, "tt", "b", contains_impl, 0, "whether the other is in the text"),
    FN("count_char", "count_substring", "tt", "i", count_char_impl, 0,
       "how often the other is in the text, without overlap"),
    FN("split_part", NULL, "tti", "t", split_part_impl, FUNC_CAN_FAIL,
       "field n from 1 (negative from the end) between separators; '' beyond"),
    FN("split_index", NULL, "tti", "t", split_index_impl, 0,
       "field n from 0 between separators; NULL beyond"),
    FN("replace", NULL, "ttt", "t", replace_impl, 0,
       "every occurrence of the second text replaced by the third"),
    FN("translate", NULL, "ttt", "t", translate_impl, 0,
       "characters of the second text replaced by those of the third"),
    {0},
};
