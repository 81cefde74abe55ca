/* func_url.c: parts of URLs and their escapes (RFC 3986). */
#include "base/utf8.h"
#include "exec/func/call.h"

/* ---- escapes --------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* %xx and, as forms have it, + for a space. False: a % without its digits, or no text. */
static bool unescape(Arena *a, Str s, Str *out)
{
    char *p = arena_alloc_raw(a, s.n, 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            int high = i + 2 < s.n ? digit_of(s.p[i + 1]) : -1;
            int low = i + 2 < s.n ? digit_of(s.p[i + 2]) : -1;
            if (high < 0 || low < 0) return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        p[n++] = c;
    }
    *out = str_of(p, n);
    return utf8_is_valid(*out);
}

static void url_decode(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str s;
        if (unescape(c->arena, ARG_STR(0, row), &s))
            put_text(out, row, s);
        else
            column_set_null(out, c->arena, row);
    }
}
static const FuncImpl url_decode_impl = {.columns = url_decode};

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_.~", c));
}

static void url_encode(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row);
        StrBuf b = {.arena = c->arena};
        for (ptrdiff_t i = 0; i < s.n; i++) {
            if (is_plain(s.p[i]))
                sb_char(&b, s.p[i]);
            else
                sb_printf(&b, "%%%02X", (unsigned char)s.p[i]);
        }
        put_text(out, row, str_of(b.p, b.n));
    }
}
static const FuncImpl url_encode_impl = {.columns = url_encode};

/* ---- parts ----------------------------------------------------------------------------------- */

typedef struct Url {
    Str scheme, authority, userinfo, host, port, path, query, fragment; /* p NULL: absent */
} Url;

static ptrdiff_t find_char(Str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, (size_t)s.n) : NULL;
    return at ? at - s.p : -1;
}

static Str behind(Str s, ptrdiff_t at)
{
    return str_of(s.p + at + 1, s.n - at - 1);
}

static void read_authority(Url *u)
{
    Str rest = u->authority;
    ptrdiff_t at = find_char(rest, '@');
    if (at >= 0) {
        u->userinfo = str_of(rest.p, at);
        rest = behind(rest, at);
    }
    ptrdiff_t bracket = find_char(rest, ']');
    Str tail = bracket >= 0 ? behind(rest, bracket) : rest;
    ptrdiff_t colon = find_char(tail, ':');
    u->host = rest;
    if (colon < 0) return;
    u->host = str_of(rest.p, tail.p + colon - rest.p);
    u->port = behind(tail, colon);
}

static bool read_url(Str s, Url *u)
{
    *u = (Url){0};
    ptrdiff_t at = find_char(s, '#');
    if (at >= 0) {
        u->fragment = behind(s, at);
        s.n = at;
    }
    if ((at = find_char(s, '?')) >= 0) {
        u->query = behind(s, at);
        s.n = at;
    }
    at = find_char(s, ':');
    if (at <= 0) return false;
    u->scheme = str_of(s.p, at);
    s = behind(s, at);
    if (str_starts(s, S("//"))) {
        s = str_of(s.p + 2, s.n - 2);
        at = find_char(s, '/');
        u->authority = str_of(s.p, at < 0 ? s.n : at);
        s = str_of(s.p + u->authority.n, s.n - u->authority.n);
        read_authority(u);
    }
    u->path = s;
    return true;
}

/* The value of a parameter in a query; p NULL: there is none of that name. */
static Str parameter(Str query, Str name)
{
    while (query.n > 0) {
        ptrdiff_t end = find_char(query, '&');
        Str item = str_of(query.p, end < 0 ? query.n : end);
        ptrdiff_t eq = find_char(item, '=');
        if (str_eq(str_of(item.p, eq < 0 ? item.n : eq), name))
            return eq < 0 ? str_of(item.p + item.n, 0) : behind(item, eq);
        if (end < 0) break;
        query = behind(query, end);
    }
    return (Str){0};
}

static Str file_of(const Url *u)
{
    if (!u->query.p) return u->path;
    return str_of(u->path.p, u->query.p + u->query.n - u->path.p);
}

/* False: no part of that name. */
static bool part_of(const Url *u, Str part, Str *out)
{
    static const char *const NAMES[] = {"PROTOCOL", "SCHEME", "AUTHORITY", "USERINFO", "HOST",
                                        "PORT",     "PATH",   "QUERY",     "REF",      "FRAGMENT"};
    const Str values[] = {u->scheme, u->scheme, u->authority, u->userinfo, u->host,
                          u->port,   u->path,   u->query,     u->fragment, u->fragment};
    for (int i = 0; i < 10; i++) {
        if (!str_ieq(part, str_z(NAMES[i]))) continue;
        *out = values[i];
        return true;
    }
    if (!str_ieq(part, S("FILE"))) return false;
    *out = file_of(u);
    return true;
}

static void parse_url(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    EACH_ROW (c, row) {
        Url u;
        Str part = {0};
        bool is_url = read_url(ARG_STR(0, row), &u);
        if (is_url && !part_of(&u, ARG_STR(1, row), &part)) {
            call_failed(c, out, row,
                        "parse_url knows HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY, "
                        "USERINFO, PORT");
            continue;
        }
        if (part.p && nargs > 2)
            part =
                str_ieq(ARG_STR(1, row), S("QUERY")) ? parameter(part, ARG_STR(2, row)) : (Str){0};
        if (part.p)
            put_text(out, row, part);
        else
            column_set_null(out, c->arena, row);
    }
}
static const FuncImpl parse_url_impl = {.columns = parse_url};

#define FN(n, other, pattern, f, more, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = "t", .impl = &f, .flags = more, \
        .group = "text", .doc = about \
    }

const FuncDef func_url[] = {
    FN("url_decode", NULL, "t", url_decode_impl, 0,
       "with %xx and + as the characters they stand for; NULL where that is no text"),
    FN("url_encode", NULL, "t", url_encode_impl, 0,
       "with %xx for all but letters, digits and - _ . ~"),
    FN("parse_url", NULL, "ttt?", parse_url_impl, FUNC_CAN_FAIL,
       "a part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY, USERINFO, PORT; of "
       "QUERY a parameter by name"),
    {0},
};
