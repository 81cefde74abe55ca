/* json_value.c: judging and unescaping pieces of JSON (see json_value.h). */
#include "exec/format/json_value.h"
#include "base/utf8.h"

#include <assert.h>

/* ---- strings ----------------------------------------------------------------------------------- */

/* The first byte of 8 that is a quote, a backslash, below 0x20 or above 0x7f; 8: none. */
static int first_special(const char *p)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t w;
    memcpy(&w, p, 8);
    uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';
    uint64_t hit = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | (w - ones * 0x20) | w;
    hit &= high;
    return hit ? __builtin_ctzll(hit) >> 3 : 8;
}

const char *json_string_end(const char *p, const char *end, bool *has_escape, const char **why)
{
    *has_escape = false;
    while (p < end) {
        if (end - p >= 8) {
            int skip = first_special(p);
            p += skip;
            if (skip == 8) continue;
        }
        unsigned char c = (unsigned char)*p;
        if (c == '"') return p;
        if (c == '\\') {
            *has_escape = true;
            p += 2; /* whatever follows a backslash does not end the string … */
            if (p <= end && (unsigned char)p[-1] >= 0x20 && (unsigned char)p[-1] < 0x80) continue;
            p--; /* … but must itself be a character */
            if (p >= end) break;
            c = (unsigned char)*p;
        }
        if (c < 0x20) {
            *why = "a control character inside a string";
            return NULL;
        }
        int len = c < 0x80 ? 1 : utf8_sequence(p, end);
        if (!len) {
            *why = "not valid UTF-8";
            return NULL;
        }
        p += len;
    }
    *why = "a string does not end";
    return NULL;
}

static int hex4(const char *p)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        v = v << 4 | digit;
    }
    return v;
}

/* \uXXXX at p (behind the u), and its second half where it is a pair. Returns the end, or NULL. */
static const char *unescape_unicode(const char *p, const char *end, StrBuf *b)
{
    if (end - p < 4) return NULL;
    int c = hex4(p);
    if (c < 0) return NULL;
    p += 4;
    if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        int low = hex4(p + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            p += 6;
        }
    }
    if (c >= 0xd800 && c < 0xe000) c = 0xfffd;
    sb_reserve(b, 4);
    b->n += utf8_encode((uint32_t)c, b->p + b->n);
    return p;
}

static char simple_escape(char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    }
    return 0;
}

bool json_unescape(Str s, Arena *a, Str *out)
{
    StrBuf b = {.arena = a};
    const char *p = s.p, *end = s.p + s.n;
    sb_reserve(&b, s.n);
    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        sb_bytes(&b, p, (slash ? slash : end) - p);
        if (!slash) break;
        if (end - slash < 2) return false;
        if (slash[1] == 'u') {
            p = unescape_unicode(slash + 2, end, &b);
            if (!p) return false;
            continue;
        }
        char c = simple_escape(slash[1]);
        if (!c) return false;
        sb_char(&b, c);
        p = slash + 2;
    }
    *out = sb_done(&b);
    return true;
}

/* ---- words and numbers ------------------------------------------------------------------------- */

static bool ends_word(char c)
{
    switch (c) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case ',':
    case ':':
    case '"':
    case '{':
    case '}':
    case '[':
    case ']': return true;
    }
    return false;
}

const char *json_word_end(const char *p, const char *end)
{
    while (p < end && !ends_word(*p)) p++;
    return p;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9') p++;
    return p;
}

/* The end of a number's integer part, or NULL. */
static const char *integer_end(const char *p, const char *end)
{
    if (p < end && *p == '-') p++;
    if (p == end || *p < '0' || *p > '9') return NULL;
    return *p == '0' ? p + 1 : skip_digits(p, end);
}

bool json_is_integer(Str s)
{
    return s.n > 0 && integer_end(s.p, s.p + s.n) == s.p + s.n;
}

bool json_is_number(Str s)
{
    const char *end = s.p + s.n, *p = s.n ? integer_end(s.p, end) : NULL;
    if (!p) return false;
    if (p < end && *p == '.') {
        const char *from = ++p;
        p = skip_digits(p, end);
        if (p == from) return false;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        const char *from = p;
        p = skip_digits(p, end);
        if (p == from) return false;
    }
    return p == end;
}

static bool is_known_word(Str s)
{
    return str_eq(s, S("true")) || str_eq(s, S("false")) || str_eq(s, S("null")) || json_is_number(s);
}

/* ---- structure --------------------------------------------------------------------------------- */

/* A walk over a value. `strict` judges words and escapes too. */
typedef struct Walk {
    const char *p, *end;
    int room; /* brackets that may be open at once */
    bool strict;
    JsonFault fault;
} Walk;

static bool broken(Walk *w, const char *why)
{
    w->fault = (JsonFault){w->p, why};
    return false;
}

static bool escapes_are_known(const char *p, const char *end)
{
    for (; p < end; p++) {
        if (*p != '\\') continue;
        p++;
        if (p < end && *p == 'u') {
            if (end - p < 5 || hex4(p + 1) < 0) return false;
            p += 4;
        } else if (p >= end || !simple_escape(*p)) {
            return false;
        }
    }
    return true;
}

static bool walk_string(Walk *w)
{
    bool has_escape;
    const char *why, *start = w->p + 1;
    const char *quote = json_string_end(start, w->end, &has_escape, &why);
    if (!quote) return broken(w, why);
    if (w->strict && has_escape && !escapes_are_known(start, quote))
        return broken(w, "an unknown escape");
    w->p = quote + 1;
    return true;
}

static bool walk_scalar(Walk *w)
{
    if (*w->p == '"') return walk_string(w);
    const char *start = w->p;
    w->p = json_word_end(start, w->end);
    if (w->p == start) return broken(w, "a value is missing");
    if (w->strict && !is_known_word(str_of(start, w->p - start)))
        return broken(w, "neither a number nor a word of JSON");
    return true;
}

static void walk_space(Walk *w)
{
    w->p = json_skip_space(w->p, w->end);
}

/* "key" : */
static bool walk_key(Walk *w)
{
    walk_space(w);
    if (w->p == w->end || *w->p != '"') return broken(w, "a key is missing");
    if (!walk_string(w)) return false;
    walk_space(w);
    if (w->p == w->end || *w->p != ':') return broken(w, "a colon is missing");
    w->p++;
    return true;
}

/* Without recursion: `closers` are the brackets still open. */
static bool walk_value(Walk *w)
{
    char closers[JSON_DEPTH_MAX];
    int depth = 0;
    for (;;) {
        walk_space(w);
        if (w->p == w->end) return broken(w, "a value is missing");
        bool is_open = *w->p == '{' || *w->p == '[';
        if (is_open) {
            if (depth == w->room) return broken(w, "nested more than 64 deep");
            closers[depth++] = *w->p++ == '{' ? '}' : ']';
            walk_space(w);
            if (w->p < w->end && *w->p == closers[depth - 1]) {
                w->p++;
                depth--;
                is_open = false;
            }
        } else if (!walk_scalar(w)) {
            return false;
        }
        if (!is_open) { /* a value is complete: what follows it? */
            for (;;) {
                if (depth == 0) return true;
                walk_space(w);
                if (w->p == w->end) return broken(w, "a bracket is not closed");
                if (*w->p == ',') break;
                if (*w->p != closers[depth - 1]) return broken(w, "a comma or a closing bracket is missing");
                w->p++;
                depth--;
            }
            w->p++;
        }
        if (closers[depth - 1] == '}' && !walk_key(w)) return false;
    }
}

const char *json_value_end(const char *p, const char *end, int depth, JsonFault *f)
{
    Walk w = {.p = p, .end = end, .room = JSON_DEPTH_MAX - depth};
    if (walk_value(&w)) return w.p;
    *f = w.fault;
    return NULL;
}

bool json_is_value(Str s, TypeKind kind)
{
    if (s.n == 0 || (kind == TYPE_ARRAY && s.p[0] != '[')) return false;
    if ((kind == TYPE_ROW || kind == TYPE_MAP) && s.p[0] != '{') return false;
    Walk w = {.p = s.p, .end = s.p + s.n, .room = JSON_DEPTH_MAX, .strict = true};
    if (!walk_value(&w)) return false;
    walk_space(&w);
    return w.p == w.end;
}
