/* resolve.h: which definition a call means: overloads, implicit casts, result types. */
#ifndef WEIR_PLANNER_RESOLVE_H
#define WEIR_PLANNER_RESOLVE_H

#include "planner/planner.h"

/* Chooses the overload of `name` for the bound arguments: the first that fits as it is, else the
 * one with the fewest implicit casts, which are inserted. `is_operator`: the name is an operator's
 * or one that the binder made ("+", "is_null"), so internal definitions count and messages speak
 * of an operator. WEIR_E_NAME: no such function; WEIR_E_TYPE: none takes these types. */
Status resolve_func(Planner *p, Str name, BExpr **args, int nargs, bool is_operator, Span at,
                    BExpr **out);

/* The same for aggregates; args[0..nargs) are replaced by their casts. is_star: count(*). */
Status resolve_agg(Planner *p, Str name, BExpr **args, int nargs, bool is_star, Span at,
                   const AggDef **def, Type *type);

/* An unknown function: reports it with the nearest name as a hint. */
Status resolve_unknown(Planner *p, Str name, Span at);

/* Brings n expressions to their common type (CASE, IN, COALESCE, UNION). Literals take the type of
 * the others. False: there is none; nothing is changed. */
bool resolve_common(Planner *p, BExpr *const *exprs, int n, Type *out);

#endif
