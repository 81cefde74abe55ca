/* unparse.h: from the tree back to text.
 *
 * Canonical SQL is one line with one spelling for each meaning: it parses back to the same tree,
 * and the canonical SQL of that is the same text. It is what the database keeps of a definition and
 * what EXPLAIN shows. The dump is the tree itself, as an S-expression, for tests. */
#ifndef WEIR_PARSER_UNPARSE_H
#define WEIR_PARSER_UNPARSE_H

#include "parser/ast.h"

/* Without a semicolon. */
void unparse_stmt(StrBuf *b, const Stmt *s);
void unparse_select(StrBuf *b, const Select *q);
void unparse_expr(StrBuf *b, const Expr *e);
void unparse_type(StrBuf *b, const TypeName *t);
/* Where needed in quotes. */
void unparse_name(StrBuf *b, Name name);
/* 'text', quotes doubled. */
void unparse_string(StrBuf *b, Str text);
Str unparse_stmt_text(Arena *a, const Stmt *s);

/* The tree of a statement, indented; spans are left out. */
void dump_stmt(StrBuf *b, const Stmt *s);

/* For each other. */
void unparse_names(StrBuf *b, NameList names);         /* a, b */
void unparse_exprs(StrBuf *b, ExprList list);          /* a, b */
void unparse_orders(StrBuf *b, OrderList list);        /* a DESC, b */
void unparse_over(StrBuf *b, const OverSpec *o);
void unparse_select_items(StrBuf *b, SelectItemList items);
void unparse_table(StrBuf *b, const TableRef *t);
void unparse_file_options(StrBuf *b, OptionList list); /* (k = v, …) */

#endif
