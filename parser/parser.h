/* parser.h: from the text of a script to statements.
 *
 *     StmtList stmts = {0};
 *     Status st = parser_parse(text, arena, &diags, &stmts);
 *
 * The text is cut at its semicolons; each statement goes to a fresh grammar, so that every broken
 * one is reported, once, and the others still come out. Everything lives in `arena`; nothing
 * points into `text`. */
#ifndef WEIR_PARSER_PARSER_H
#define WEIR_PARSER_PARSER_H

#include "parser/ast.h"

/* Limits that keep hostile text harmless. Each breaks with WEIR_E_LIMIT and its name. */
enum {
    PARSER_TEXT_MAX = 1 << 20,         /* bytes of one statement */
    PARSER_SCRIPT_MAX = 256 << 20,     /* bytes of a script */
    PARSER_DEPTH_MAX = 256,            /* height of a statement's tree */
    PARSER_CHAIN_MAX = 2000,           /* operands of one left-associative chain, branches of UNION */
    PARSER_NODES_MAX = 100000,         /* nodes of a statement */
    PARSER_NAME_MAX = 1000             /* bytes of an identifier */
};

/* Parses all of `text`. *out gets the statements that are whole, in order, also when others are
 * broken; the result is the first error's code. Errors: WEIR_E_SYNTAX, WEIR_E_LIMIT. */
Status parser_parse(Str text, Arena *arena, Diags *diags, StmtList *out);

/* Parses the first statement that is not blank. *out is NULL if there is none; *end is the offset
 * behind its semicolon, also when it is broken. Spans count from the start of `text`. */
Status parser_parse_first(Str text, Arena *arena, Diags *diags, Stmt **out, ptrdiff_t *end);

/* Whether `text` ends with a complete statement (one that a semicolon ends). *wants (if not NULL)
 * is what is missing: 0 nothing (blank text too), ';', '\'', '"', '`', '(', '*' (a comment). */
bool parser_complete(Str text, int *wants);

/* The offset behind the semicolon that ends the first statement that is not blank; 0: there is none. */
ptrdiff_t parser_first_end(Str text);

/* The i-th keyword in upper case, in alphabetical order; NULL behind the last. */
const char *parser_keyword(int i);

/* Whether a name needs no quotes to be read back wherever canonical SQL writes one. */
bool parser_is_plain_name(Str name);
/* The same for the key of an option, where more keywords are names. */
bool parser_is_plain_key(Str key);

#endif
