/* regex.h: regular expressions: PCRE2, compiled once, in machine code where the pattern is fixed.
 *
 * A pattern given as a constant is compiled when the query is; one that changes from row to row is
 * compiled when it does. Every match is bounded by the setting regex_limit. */
#ifndef WEIR_EXEC_FUNC_REGEX_H
#define WEIR_EXEC_FUNC_REGEX_H

#include "exec/func/call.h"

typedef struct Regex Regex;

/* Flags are letters: i without case, s '.' takes newlines too, m ^ and $ at every line, x white
 * space ignored; c, g and n are taken and have no effect here. NULL, and *error: not a pattern. */
const Regex *regex_compile(Arena *a, Str pattern, Str flags, bool use_jit, Str *error);
int regex_groups(const Regex *r);

/* For the evaluation of one batch. */
typedef struct RegexRun {
    EvalCtx *c;
    const Regex *fixed; /* from prepare, or NULL */
    const Regex *last;  /* that of `pattern` and `flags` */
    Str pattern, flags;
    void *match;
    const Regex *match_of;
    const size_t *span; /* of the last match: start and end of group g at 2g; SIZE_MAX: not taken */
    int ngroups;        /* groups in span, the whole included */
} RegexRun;

/* FuncImpl.prepare for calls whose argument 1 is the pattern; flags are argument `flags_at`
 * (-1: none). The result is a Regex, NULL where they are not constant. */
Status regex_prepare(const BExpr *call, int flags_at, Arena *a, void **out, Diags *d);

RegexRun regex_start(EvalCtx *c);
/* The expression for this row, or NULL after marking the row: the pattern is none. */
const Regex *regex_for(RegexRun *run, Str pattern, Str flags, Column *out, int row);
/* Searches from byte `from`. 1: found, 0: not, -1: the limit was reached and the row is marked. */
int regex_find(RegexRun *run, const Regex *r, Str text, ptrdiff_t from, Column *out, int row);
/* The text of group g of the last match; p NULL: not taken. */
Str regex_group(const RegexRun *run, Str text, int g);

#endif
