/* token.h: words of the language: cutting text into tokens, keywords, how tokens are shown.
 *
 * Token kinds are the TK_ constants of the generated parser/grammar.h. */
#ifndef WEIR_PARSER_TOKEN_H
#define WEIR_PARSER_TOKEN_H

#include "parser/ast.h"

enum {
    TOKEN_END = 0,        /* the end of the statement */
    TOKEN_SEMICOLON = -1, /* outside the grammar */
    TOKEN_BROKEN = -2     /* reported by the lexer */
};

/* name.text: the content without quotes; name.span: its place. */
typedef struct Token {
    int kind;
    Name name;
} Token;
typedef VEC(Token) TokenList;

typedef struct Lexer {
    Str text;          /* NUL-terminated behind its end */
    ptrdiff_t at;      /* the next byte */
    ptrdiff_t line_at; /* where the current line begins */
    int32_t line;      /* from 1 */
    Arena *arena;
    Diags *diags;      /* NULL: broken tokens are not reported */
    char open;         /* a token that never ends: '\'', '"', '`', '*'; 0 */
} Lexer;

Lexer lexer_init(Str text, Arena *arena, Diags *diags);
/* The next token, TOKEN_END at the end of the text. A broken token is reported and skipped. */
Token lexer_next(Lexer *l);

/* The keyword's token kind, or that of a name. */
int keyword_kind(Str word);
/* The keyword (in capitals) or sign of a token kind; NULL for kinds without one of their own. */
const char *token_spelling(int kind);
/* How an error calls it: "FROM", "\",\"", "a number". */
const char *token_display(int kind);

/* What an error says of a token out of place, with expected set and hint. tokens[at] is it; n is
 * the number of tokens including TOKEN_END. */
void syntax_error_report(Diags *d, Arena *a, const Token *tokens, ptrdiff_t n, ptrdiff_t at);

#endif
