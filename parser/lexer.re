/* lexer.re: text into tokens, for re2c.
 *
 * Words and signs are regular; what stands in quotes is scanned by hand, because it may span lines
 * and has to be decoded. Bytes of identifiers and strings must be UTF-8. */
#include "parser/grammar.h"
#include "parser/parser.h"
#include "parser/token.h"

Lexer lexer_init(Str text, Arena *arena, Diags *diags)
{
    return (Lexer){.text = text, .line = 1, .arena = arena, .diags = diags};
}

static Span span_at(const Lexer *l, ptrdiff_t from, ptrdiff_t to)
{
    return (Span){(int32_t)from, (int32_t)(to - from), l->line, (int32_t)(from - l->line_at) + 1};
}

/* Counts the lines of text[from, to). */
static void count_lines(Lexer *l, ptrdiff_t from, ptrdiff_t to)
{
    for (ptrdiff_t i = from; i < to; i++)
        if (l->text.p[i] == '\n') {
            l->line++;
            l->line_at = i + 1;
        }
}

static Token broken(Span at)
{
    return (Token){TOKEN_BROKEN, {.span = at}};
}

/* Length of the UTF-8 character at p, 0 if it is none. Overlong forms and surrogates are none. */
static int utf8_length(const unsigned char *p, ptrdiff_t n)
{
    if (p[0] < 0x80) return 1;
    int len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || len > n) return 0;
    for (int i = 1; i < len; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    bool is_bad = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
                  (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F);
    return is_bad ? 0 : len;
}

static bool is_utf8(Str s)
{
    for (ptrdiff_t i = 0; i < s.n;) {
        int len = utf8_length((const unsigned char *)s.p + i, s.n - i);
        if (!len) return false;
        i += len;
    }
    return true;
}

/* The content between quotes, a doubled quote standing for one. */
static Str unquoted(Arena *a, Str inner, char quote)
{
    StrBuf b = {.arena = a};
    for (ptrdiff_t i = 0; i < inner.n; i++) {
        sb_char(&b, inner.p[i]);
        if (inner.p[i] == quote) i++;
    }
    return sb_done(&b);
}

static Token never_ends(Lexer *l, ptrdiff_t from, const char *what, char open)
{
    Span at = span_at(l, from, from + (open == '*' ? 2 : 1));
    diag_error(l->diags, WEIR_E_SYNTAX, at, "the %s that begins here never ends", what);
    if (open == '*') diag_hint(l->diags, "close it with */");
    else diag_hint(l->diags, "close it with %c; a %c inside is written twice", open, open);
    l->open = open;
    l->at = l->text.n;
    return broken(at);
}

/* A string or quoted name from its opening quote on; *inner is its decoded content. */
static bool scan_quoted(Lexer *l, ptrdiff_t quote_at, Str *inner)
{
    char quote = l->text.p[quote_at];
    ptrdiff_t i = quote_at + 1;
    bool has_doubled = false;
    for (;; i++) {
        if (i >= l->text.n) return false;
        if (l->text.p[i] != quote) continue;
        bool is_doubled = i + 1 < l->text.n && l->text.p[i + 1] == quote;
        if (!is_doubled) break;
        has_doubled = true;
        i++;
    }
    *inner = str_of(l->text.p + quote_at + 1, i - quote_at - 1);
    if (has_doubled) *inner = unquoted(l->arena, *inner, quote);
    l->at = i + 1;
    return true;
}

static Token string_token(Lexer *l, ptrdiff_t from, ptrdiff_t quote_at, int kind)
{
    Str inner;
    if (!scan_quoted(l, quote_at, &inner)) return never_ends(l, quote_at, "string", '\'');
    Span at = span_at(l, from, l->at);
    count_lines(l, from, l->at);
    if (!is_utf8(inner)) {
        diag_error(l->diags, WEIR_E_SYNTAX, at, "the string is not UTF-8");
        return broken(at);
    }
    return (Token){kind, {.text = inner, .span = at}};
}

static Token blob_token(Lexer *l, ptrdiff_t from)
{
    Token t = string_token(l, from, from + 1, TK_BLOB);
    if (t.kind == TOKEN_BROKEN) return t;
    bool is_hex = t.name.text.n % 2 == 0;
    for (ptrdiff_t i = 0; i < t.name.text.n; i++)
        if (!memchr("0123456789abcdefABCDEF", t.name.text.p[i], 22)) is_hex = false;
    if (is_hex) return t;
    diag_error(l->diags, WEIR_E_SYNTAX, t.name.span, "x'…' takes an even number of hexadecimal digits");
    return broken(t.name.span);
}

/* A name must not be empty or longer than the limit; its bytes must be UTF-8. */
static Token name_token(Lexer *l, Str text, Span at, bool quoted)
{
    if (text.n > PARSER_NAME_MAX) {
        diag_error(l->diags, WEIR_E_LIMIT, at, "the name is longer than %d bytes", PARSER_NAME_MAX);
        return broken(at);
    }
    if (!text.n || !is_utf8(text)) {
        diag_error(l->diags, WEIR_E_SYNTAX, at, text.n ? "the name is not UTF-8" : "the name is empty");
        return broken(at);
    }
    return (Token){quoted ? TK_ID : keyword_kind(text), {.text = text, .span = at, .quoted = quoted}};
}

static Token quoted_name(Lexer *l, ptrdiff_t from)
{
    Str inner;
    char quote = l->text.p[from];
    if (!scan_quoted(l, from, &inner)) return never_ends(l, from, "quoted name", quote);
    Span at = span_at(l, from, l->at);
    count_lines(l, from, l->at);
    return name_token(l, inner, at, true);
}

static Token sign(Lexer *l, int kind, ptrdiff_t from)
{
    return (Token){kind, {.text = str_of(l->text.p + from, l->at - from), .span = span_at(l, from, l->at)}};
}

/* Skips a comment from behind its opening; false: it never ends. */
static bool skip_comment(Lexer *l, ptrdiff_t from)
{
    ptrdiff_t end = str_find(str_of(l->text.p + l->at, l->text.n - l->at), S("*/"));
    if (end < 0) return false;
    l->at += end + 2;
    count_lines(l, from, l->at);
    return true;
}

static Token bad_number(Lexer *l, ptrdiff_t from)
{
    Span at = span_at(l, from, l->at);
    Str text = str_of(l->text.p + from, l->at - from);
    diag_error(l->diags, WEIR_E_SYNTAX, at, "\"%.*s\" is not a number", STR_ARG(text));
    diag_hint(l->diags, "a name that begins with a digit is written in double quotes");
    return broken(at);
}

static Token unknown_character(Lexer *l, ptrdiff_t from)
{
    const unsigned char *p = (const unsigned char *)l->text.p + from;
    int len = utf8_length(p, l->text.n - from);
    bool is_shown = len && p[0] >= 0x20 && p[0] != 0x7F;
    l->at = from + (len ? len : 1);
    Span at = span_at(l, from, l->at);
    if (is_shown) diag_error(l->diags, WEIR_E_SYNTAX, at, "unexpected character \"%.*s\"", len, (const char *)p);
    else diag_error(l->diags, WEIR_E_SYNTAX, at, "unexpected byte 0x%02X", p[0]);
    return broken(at);
}

static Token typographic_quote(Lexer *l, ptrdiff_t from)
{
    Token t = unknown_character(l, from);
    diag_hint(l->diags, "quote strings with ' and names with \"");
    return t;
}

Token lexer_next(Lexer *l)
{
    const char *cursor, *marker, *limit = l->text.p + l->text.n;
    ptrdiff_t from;
again:
    from = l->at;
    cursor = l->text.p + from;
#define TOKEN(kind) return l->at = cursor - l->text.p, sign(l, (kind), from)
#define AT_CURSOR() (l->at = cursor - l->text.p)
    /*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYCURSOR = cursor;
    re2c:define:YYMARKER = marker;
    re2c:define:YYLIMIT = limit;
    re2c:yyfill:enable = 0;
    re2c:eof = 0;

    tail = [\x80-\xBF];
    u2 = "\xC2" (tail \ "\xA0") | [\xC3-\xDF] tail;
    u3 = [\xE0\xE1\xE3-\xEE] tail{2} | "\xE2" (tail \ "\x80") tail | "\xE2\x80" (tail \ [\x98-\x9F]) |
         "\xEF" (tail \ "\xBB") tail | "\xEF\xBB" (tail \ "\xBF");
    u4 = [\xF0-\xF4] tail{3};
    letter = [A-Za-z_] | u2 | u3 | u4;
    word = letter (letter | [0-9$])*;
    digits = [0-9]+;
    number = (digits ("." digits?)? | "." digits) ([eE] [+-]? digits)?;
    hex = "0" [xX] [0-9A-Fa-f]+;
    space = [ \t\r\f\v] | "\xC2\xA0" | "\xEF\xBB\xBF";

    $ { l->at = l->text.n; return (Token){TOKEN_END, {.span = span_at(l, l->text.n, l->text.n)}}; }
    * { return unknown_character(l, from); }
    space+ { AT_CURSOR(); goto again; }
    "\n" { AT_CURSOR(); l->line++; l->line_at = l->at; goto again; }
    "--" [^\n]* { AT_CURSOR(); goto again; }
    "/*" {
        AT_CURSOR();
        if (!skip_comment(l, from)) return never_ends(l, from, "comment", '*');
        goto again;
    }
    ['] { return string_token(l, from, from, TK_STRING); }
    [xX] ['] { return blob_token(l, from); }
    ["`] { return quoted_name(l, from); }
    "\xE2\x80" [\x98-\x9F] { return typographic_quote(l, from); }
    number | hex { TOKEN(TK_NUMBER); }
    (digits | hex | digits "." digits) letter (letter | [0-9$])* { AT_CURSOR(); return bad_number(l, from); }
    word {
        AT_CURSOR();
        return name_token(l, str_of(l->text.p + from, l->at - from), span_at(l, from, l->at), false);
    }
    ":" word {
        AT_CURSOR();
        return (Token){TK_PARAM, {.text = str_of(l->text.p + from + 1, l->at - from - 1), .span = span_at(l, from, l->at)}};
    }
    [?$] digits {
        AT_CURSOR();
        return (Token){TK_PARAM, {.text = str_of(l->text.p + from + 1, l->at - from - 1), .span = span_at(l, from, l->at)}};
    }
    ";" { TOKEN(TOKEN_SEMICOLON); }
    "," { TOKEN(TK_COMMA); }
    "." { TOKEN(TK_DOT); }
    "(" { TOKEN(TK_LP); }
    ")" { TOKEN(TK_RP); }
    "[" { TOKEN(TK_LBRACKET); }
    "]" { TOKEN(TK_RBRACKET); }
    "{" { TOKEN(TK_LBRACE); }
    "}" { TOKEN(TK_RBRACE); }
    "?" { TOKEN(TK_QUESTION); }
    ":" { TOKEN(TK_COLON); }
    "::" { TOKEN(TK_DCOLON); }
    "+" { TOKEN(TK_PLUS); }
    "-" { TOKEN(TK_MINUS); }
    "*" { TOKEN(TK_STAR); }
    "/" { TOKEN(TK_SLASH); }
    "%" { TOKEN(TK_PERCENT); }
    "||" { TOKEN(TK_CONCAT); }
    "|" { TOKEN(TK_BITOR); }
    "&" { TOKEN(TK_BITAND); }
    "<<" { TOKEN(TK_LSHIFT); }
    ">>" { TOKEN(TK_RSHIFT); }
    "~" { TOKEN(TK_TILDE); }
    "~*" | "!~" | "!~*" { TOKEN(TK_MATCHES); }
    "=" | "==" { TOKEN(TK_EQ); }
    "<>" | "!=" { TOKEN(TK_NE); }
    "<" { TOKEN(TK_LT); }
    "<=" { TOKEN(TK_LE); }
    ">" { TOKEN(TK_GT); }
    ">=" { TOKEN(TK_GE); }
    "->" { TOKEN(TK_ARROW); }
    "->>" { TOKEN(TK_ARROW2); }
    "=>" { TOKEN(TK_FATARROW); }
    */
}
