/* scope.h: which names an expression can see, and what they mean. */
#ifndef WEIR_PLANNER_SCOPE_H
#define WEIR_PLANNER_SCOPE_H

#include "planner/logical.h"
#include "planner/planner.h"

typedef struct ScopeColumn {
    Str table;   /* how the relation is called in FROM; empty: it has no name */
    Str name;
    Type type;
    int32_t col; /* in the node that FROM built */
    bool hidden; /* not part of *; found where nothing else is, or by its table */
    bool is_merged; /* USING shows another instead: found by its table only, part of table.* */
} ScopeColumn;

/* The columns of a FROM clause. */
typedef struct Scope {
    ScopeColumn *cols;
    int32_t ncols;
} Scope;

/* The columns of a node under one name. */
Scope scope_of(Arena *a, const LNode *n, Str table);
/* Finds `name`, of `table` if that is not empty. NULL: not there; *ambiguous: several are. */
const ScopeColumn *scope_find(const Scope *s, Str table, Str name, bool *ambiguous);
bool scope_has_table(const Scope *s, Str table);
/* Reports that a column is unknown or ambiguous, with the nearest name. */
Status scope_error(Planner *p, const Scope *s, Str table, Str name, bool ambiguous, Span at);

#endif
