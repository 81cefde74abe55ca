/* grammar_tables.h: running the generated grammar, and asking its tables what could come next. */
#ifndef WEIR_PARSER_GRAMMAR_TABLES_H
#define WEIR_PARSER_GRAMMAR_TABLES_H

#include "parser/build.h"
#include "parser/token.h"

enum { GRAMMAR_TOKENS_MAX = 320 };

/* Feeds the tokens (the last one is TOKEN_END) and sets b->stmt. Stops at the first token that the
 * grammar refuses (b->is_syntax_error) or that breaks a limit (b->failed), and returns its index;
 * n: all were taken. */
ptrdiff_t grammar_run(Build *b, const Token *tokens, ptrdiff_t n);
/* expected[k] (k < GRAMMAR_TOKENS_MAX, zeroed by the caller): token k could follow tokens[0..n).
 * Keywords count only where they mean something. Builds nothing. */
void grammar_expected(const Token *tokens, ptrdiff_t n, bool *expected);
/* How many of the tokens the grammar takes. Builds nothing. */
ptrdiff_t grammar_takes(const Token *tokens, ptrdiff_t n);
/* Whether a token is a name, or a keyword that is one where the keyword has no use. */
bool grammar_is_name(int kind);

#endif
