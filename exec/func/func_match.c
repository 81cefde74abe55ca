/* func_match.c: LIKE, ILIKE, SIMILAR TO, REGEXP, and the functions on regular expressions.
 *
 * LIKE knows no escape character but the one that ESCAPE names, as in the standard. A pattern that
 * is constant is prepared once; one that is none is then an error of the statement. */
#include "base/utf8.h"
#include "exec/expr/json_text.h"
#include "exec/func/like.h"
#include "exec/func/regex.h"

/* ---- LIKE ------------------------------------------------------------------------------------ */

static Status like_prepare(const BExpr *call, Arena *a, void **out, Diags *d)
{
    const Value *pattern = constant_arg(call, 1);
    const Value *escape = call->nargs > 2 ? constant_arg(call, 2) : NULL;
    *out = NULL;
    if (!pattern || (call->nargs > 2 && !escape)) return WEIR_OK;
    bool ignore_case = call->func->name[0] == 'i';
    *out = (void *)like_compile(a, pattern->s, escape ? escape->s : (Str){0}, ignore_case);
    if (*out) return WEIR_OK;
    return diag_error(d, WEIR_E_VALUE, call->args[1]->span,
                      "after the escape character stands %%, _ or itself");
}

static void like(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    const LikePattern *p = c->prepared;
    bool ignore_case = c->call->func->name[0] == 'i';
    uint8_t *to = out->data;
    EACH_ROW (c, row) {
        const LikePattern *q = p;
        if (!q)
            q = like_compile(c->arena, ARG_STR(1, row), nargs > 2 ? ARG_STR(2, row) : (Str){0},
                             ignore_case);
        if (q)
            to[row] = like_matches(q, ARG_STR(0, row));
        else
            call_failed(c, out, row, "after the escape character stands %%, _ or itself");
    }
}
static const FuncImpl like_impl = {.columns = like, .prepare = like_prepare};

/* ---- SIMILAR TO ------------------------------------------------------------------------------ */

/* The same pattern as a regular expression over the whole text. */
static Str similar_to_regex(Arena *a, Str p)
{
    StrBuf b = {.arena = a};
    bool in_class = false;
    sb_lit(&b, "\\A(?:");
    for (ptrdiff_t i = 0; i < p.n; i++) {
        char c = p.p[i];
        if (c == '\\' && i + 1 < p.n) {
            if ((p.p[i + 1] & 0x80) == 0) sb_char(&b, '\\');
            sb_char(&b, p.p[++i]);
        } else if (in_class) {
            in_class = c != ']';
            sb_char(&b, c);
        } else if (c == '%') {
            sb_lit(&b, ".*");
        } else if (c == '_') {
            sb_char(&b, '.');
        } else {
            if (strchr(".^$", c) && c) sb_char(&b, '\\');
            in_class = c == '[';
            sb_char(&b, c);
        }
    }
    sb_lit(&b, ")\\z");
    return sb_done(&b);
}

static Status similar_prepare(const BExpr *call, Arena *a, void **out, Diags *d)
{
    const Value *pattern = constant_arg(call, 1);
    Str error;
    *out = NULL;
    if (!pattern) return WEIR_OK;
    *out = (void *)regex_compile(a, similar_to_regex(a, pattern->s), S("s"), true, &error);
    if (*out) return WEIR_OK;
    return diag_error(d, WEIR_E_VALUE, call->args[1]->span, "%.*s", STR_ARG(error));
}

static void search(EvalCtx *c, const Column *args, Column *out, Str fixed_flags, int flags_at,
                   bool similar)
{
    RegexRun run = regex_start(c);
    uint8_t *to = out->data;
    EACH_ROW (c, row) {
        Str pattern = {0}, flags = fixed_flags;
        if (!run.fixed) {
            pattern = similar ? similar_to_regex(c->arena, ARG_STR(1, row)) : ARG_STR(1, row);
            if (flags_at > 0) flags = ARG_STR(flags_at, row);
        }
        const Regex *r = regex_for(&run, pattern, flags, out, row);
        if (r) to[row] = regex_find(&run, r, ARG_STR(0, row), 0, out, row) > 0;
    }
}

static void similar(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    search(c, args, out, S("s"), 0, true);
}
static const FuncImpl similar_impl = {.columns = similar, .prepare = similar_prepare};

/* ---- REGEXP ---------------------------------------------------------------------------------- */

static Status regexp_prepare(const BExpr *call, Arena *a, void **out, Diags *d)
{
    return regex_prepare(call, 2, a, out, d);
}

static void regexp(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    search(c, args, out, (Str){0}, nargs > 2 ? 2 : 0, false);
}
static const FuncImpl regexp_impl = {.columns = regexp, .prepare = regexp_prepare};

static Status iregexp_prepare(const BExpr *call, Arena *a, void **out, Diags *d)
{
    const Value *pattern = constant_arg(call, 1);
    Str error;
    *out = NULL;
    if (!pattern) return WEIR_OK;
    *out = (void *)regex_compile(a, pattern->s, S("i"), true, &error);
    if (*out) return WEIR_OK;
    return diag_error(d, WEIR_E_VALUE, call->args[1]->span, "%.*s", STR_ARG(error));
}

static void iregexp(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    search(c, args, out, S("i"), 0, false);
}
static const FuncImpl iregexp_impl = {.columns = iregexp, .prepare = iregexp_prepare};

/* ---- regexp_extract -------------------------------------------------------------------------- */

static Status plain_prepare(const BExpr *call, Arena *a, void **out, Diags *d)
{
    return regex_prepare(call, -1, a, out, d);
}

static void regexp_extract(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    RegexRun run = regex_start(c);
    EACH_ROW (c, row) {
        Str text = ARG_STR(0, row), group = {0};
        int64_t g = nargs > 2 ? ARG(int64_t, 2, row) : 0;
        const Regex *r =
            regex_for(&run, run.fixed ? (Str){0} : ARG_STR(1, row), (Str){0}, out, row);
        if (!r) continue;
        if (g < 0 || g > regex_groups(r)) {
            call_failed(c, out, row, "the expression has no group %lld", (long long)g);
            continue;
        }
        int found = regex_find(&run, r, text, 0, out, row);
        if (found > 0) group = regex_group(&run, text, (int)g);
        if (group.p)
            put_text(out, row, group);
        else if (found >= 0)
            column_set_null(out, c->arena, row);
    }
}
static const FuncImpl regexp_extract_impl = {.columns = regexp_extract, .prepare = plain_prepare};

/* ---- regexp_match: an array of the groups ---------------------------------------------------- */

static void put_groups(EvalCtx *c, const RegexRun *run, const Regex *r, Str text, Column *out,
                       int row)
{
    StrBuf b = {.arena = c->arena};
    int first = regex_groups(r) > 0;
    sb_char(&b, '[');
    for (int g = first; g <= regex_groups(r); g++) {
        Str s = regex_group(run, text, g);
        if (g > first) sb_char(&b, ',');
        if (s.p)
            json_quote(&b, s);
        else
            sb_lit(&b, "null");
    }
    sb_char(&b, ']');
    put_text(out, row, str_of(b.p, b.n));
}

static void regexp_match(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    RegexRun run = regex_start(c);
    EACH_ROW (c, row) {
        Str text = ARG_STR(0, row), pattern = {0}, flags = {0};
        if (!run.fixed) {
            pattern = ARG_STR(1, row);
            if (nargs > 2) flags = ARG_STR(2, row);
        }
        const Regex *r = regex_for(&run, pattern, flags, out, row);
        if (!r) continue;
        int found = regex_find(&run, r, text, 0, out, row);
        if (found > 0)
            put_groups(c, &run, r, text, out, row);
        else if (found == 0)
            column_set_null(out, c->arena, row);
    }
}
static const FuncImpl regexp_match_impl = {.columns = regexp_match, .prepare = regexp_prepare};

RESULT_OF(array_of_text)
{
    static const TypeField ELEMENT[] = {{.type = {.kind = TYPE_TEXT}}};
    UNUSED_TYPES;
    *out = (Type){.kind = TYPE_ARRAY, .args = ELEMENT, .nargs = 1};
    return true;
}

/* ---- all matches ------------------------------------------------------------------------------ */

static ptrdiff_t after_match(const RegexRun *run, Str text);

static void put_part(StrBuf *b, Str part)
{
    if (b->n > 1) sb_char(b, ',');
    if (part.p)
        json_quote(b, part);
    else
        sb_lit(b, "null");
}

/* Every match, or that group of every match. */
static void regexp_extract_all(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    RegexRun run = regex_start(c);
    EACH_ROW (c, row) {
        Str text = ARG_STR(0, row);
        int64_t group = nargs > 2 ? ARG(int64_t, 2, row) : 0;
        const Regex *r = regex_for(&run, run.fixed ? (Str){0} : ARG_STR(1, row), (Str){0}, out, row);
        if (!r) continue;
        if (group < 0 || group > regex_groups(r)) {
            call_failed(c, out, row, "the pattern has no group %lld", (long long)group);
            continue;
        }
        StrBuf b = {.arena = c->arena};
        sb_char(&b, '[');
        for (ptrdiff_t at = 0; at <= text.n && regex_find(&run, r, text, at, out, row) > 0;) {
            put_part(&b, regex_group(&run, text, (int)group));
            at = after_match(&run, text);
        }
        sb_char(&b, ']');
        put_text(out, row, str_of(b.p, b.n));
    }
}
static const FuncImpl regexp_extract_all_impl = {.columns = regexp_extract_all, .prepare = plain_prepare};

/* The parts between matches; a match of nothing parts nothing. */
static void regexp_split(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    RegexRun run = regex_start(c);
    EACH_ROW (c, row) {
        Str text = ARG_STR(0, row);
        const Regex *r = regex_for(&run, run.fixed ? (Str){0} : ARG_STR(1, row), (Str){0}, out, row);
        if (!r) continue;
        StrBuf b = {.arena = c->arena};
        ptrdiff_t from = 0;
        sb_char(&b, '[');
        for (ptrdiff_t at = 0; at <= text.n && regex_find(&run, r, text, at, out, row) > 0; at = after_match(&run, text)) {
            ptrdiff_t start = (ptrdiff_t)run.span[0], end = (ptrdiff_t)run.span[1];
            if (end == start) continue;
            put_part(&b, str_of(text.p + from, start - from));
            from = end;
        }
        put_part(&b, text.n ? str_of(text.p + from, text.n - from) : S(""));
        sb_char(&b, ']');
        put_text(out, row, str_of(b.p, b.n));
    }
}
static const FuncImpl regexp_split_impl = {.columns = regexp_split, .prepare = plain_prepare};

/* Where the first match begins, in characters from 1; 0: nowhere. */
static void regexp_instr(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    RegexRun run = regex_start(c);
    EACH_ROW (c, row) {
        Str text = ARG_STR(0, row);
        const Regex *r = regex_for(&run, run.fixed ? (Str){0} : ARG_STR(1, row), (Str){0}, out, row);
        bool found = r && regex_find(&run, r, text, 0, out, row) > 0;
        COL(int64_t, out)[row] = found ? utf8_count(str_of(text.p, (ptrdiff_t)run.span[0])) + 1 : 0;
    }
}
static const FuncImpl regexp_instr_impl = {.columns = regexp_instr, .prepare = plain_prepare};

/* ---- regexp_count, regexp_replace ------------------------------------------------------------ */

/* Where the search goes on after a match: an empty one moves by a character. */
static ptrdiff_t after_match(const RegexRun *run, Str text)
{
    ptrdiff_t start = (ptrdiff_t)run->span[0], end = (ptrdiff_t)run->span[1];
    if (end > start) return end;
    while (++end < text.n && ((unsigned char)text.p[end] & 0xc0) == 0x80) {
    }
    return end;
}

static void regexp_count(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    RegexRun run = regex_start(c);
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        Str text = ARG_STR(0, row);
        const Regex *r =
            regex_for(&run, run.fixed ? (Str){0} : ARG_STR(1, row), (Str){0}, out, row);
        int64_t n = 0;
        for (ptrdiff_t at = 0; r && at <= text.n && regex_find(&run, r, text, at, out, row) > 0;
             n++)
            at = after_match(&run, text);
        to[row] = n;
    }
}
static const FuncImpl regexp_count_impl = {.columns = regexp_count, .prepare = plain_prepare};

/* \1 … \9 are groups, \& and \0 the whole match, \\ a backslash. */
static void put_replacement(StrBuf *b, const RegexRun *run, Str text, Str with)
{
    for (ptrdiff_t i = 0; i < with.n; i++) {
        char c = with.p[i];
        char next = i + 1 < with.n ? with.p[i + 1] : 0;
        if (c == '\\' && next >= '0' && next <= '9') {
            sb_str(b, regex_group(run, text, next - '0'));
            i++;
        } else if (c == '\\' && next == '&') {
            sb_str(b, regex_group(run, text, 0));
            i++;
        } else {
            sb_char(b, c);
            i += c == '\\' && next == '\\';
        }
    }
}

static bool replace_in(EvalCtx *c, RegexRun *run, const Regex *r, Str text, Str with, bool all,
                       Column *out, int row)
{
    StrBuf b = {.arena = c->arena};
    ptrdiff_t copied = 0;
    for (ptrdiff_t at = 0; at <= text.n;) {
        int found = regex_find(run, r, text, at, out, row);
        if (found < 0) return false;
        if (found == 0) break;
        ptrdiff_t start = (ptrdiff_t)run->span[0], end = (ptrdiff_t)run->span[1];
        sb_bytes(&b, text.p + copied, start - copied);
        put_replacement(&b, run, text, with);
        copied = end;
        at = after_match(run, text);
        if (!all) break;
    }
    if (copied == 0 && b.n == 0) {
        put_text(out, row, text);
        return true;
    }
    sb_bytes(&b, text.p + copied, text.n - copied);
    put_text(out, row, str_of(b.p, b.n));
    return true;
}

static Status replace_prepare(const BExpr *call, Arena *a, void **out, Diags *d)
{
    return regex_prepare(call, 3, a, out, d);
}

static void regexp_replace(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    RegexRun run = regex_start(c);
    EACH_ROW (c, row) {
        Str flags = nargs > 3 ? ARG_STR(3, row) : (Str){0};
        const Regex *r = regex_for(&run, run.fixed ? (Str){0} : ARG_STR(1, row), flags, out, row);
        bool all = flags.n && memchr(flags.p, 'g', (size_t)flags.n);
        if (r) replace_in(c, &run, r, ARG_STR(0, row), ARG_STR(2, row), all, out, row);
    }
}
static const FuncImpl regexp_replace_impl = {.columns = regexp_replace, .prepare = replace_prepare};

/* ---- definitions ----------------------------------------------------------------------------- */

#define OP(n, pattern, f, about) \
    { \
        .name = n, .args = pattern, .result = "b", .impl = &f, .group = "operator", .doc = about, \
        .flags = FUNC_INTERNAL | FUNC_CAN_FAIL | FUNC_SETTING \
    }
#define FN(n, other, pattern, res, f, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, .group = "text", \
        .doc = about, .flags = FUNC_CAN_FAIL | FUNC_SETTING \
    }

const FuncDef func_match[] = {
    {.name = "like",
     .args = "ttt?",
     .result = "b",
     .impl = &like_impl,
     .group = "operator",
     .flags = FUNC_INTERNAL | FUNC_CAN_FAIL,
     .doc = "fits the pattern"},
    {.name = "ilike",
     .args = "ttt?",
     .result = "b",
     .impl = &like_impl,
     .group = "operator",
     .flags = FUNC_INTERNAL | FUNC_CAN_FAIL,
     .doc = "fits the pattern, without case"},
    OP("similar", "tt", similar_impl, "fits the SQL regular expression as a whole"),
    OP("regexp", "tt", regexp_impl, "holds a match of the regular expression"),
    OP("iregexp", "tt", iregexp_impl, "the same without case"),
    FN("regexp_like", "regexp_matches", "ttt?", "b", regexp_impl,
       "whether the text holds a match; flags i, s, m, x"),
    FN("regexp_extract", "regexp_substr", "tti?", "t", regexp_extract_impl,
       "the first match, or that group of it; NULL if there is none"),
    {.name = "regexp_match",
     .args = "ttt?",
     .result_of = array_of_text,
     .impl = &regexp_match_impl,
     .group = "text",
     .flags = FUNC_CAN_FAIL | FUNC_SETTING,
     .doc = "the groups of the first match as an array, or the match if it has no groups"},
    FN("regexp_replace", NULL, "tttt?", "t", regexp_replace_impl,
       "the first match replaced, every one with the flag g; \\1 is a group, \\& the match"),
    FN("regexp_count", NULL, "tt", "i", regexp_count_impl, "how many matches"),
    FN("regexp_extract_all", NULL, "tti?", "At", regexp_extract_all_impl,
       "all matches, or that group of each, as an array; NULL for a group that was not taken"),
    FN("regexp_split_to_array", "string_split_regex,str_split_regex", "tt", "At", regexp_split_impl,
       "the parts of the text between matches"),
    FN("regexp_instr", NULL, "tt", "i", regexp_instr_impl, "where the first match begins, from 1; 0: nowhere"),
    {0},
};
