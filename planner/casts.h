/* casts.h: which types turn into which, by themselves or when told to. */
#ifndef WEIR_PLANNER_CASTS_H
#define WEIR_PLANNER_CASTS_H

#include "planner/bexpr.h"

struct Planner;

/* CAST(x AS t) may be written. */
bool cast_is_possible(Type from, Type to);
/* The binder inserts it unasked: NULL to anything, BIGINT to DECIMAL to DOUBLE, DATE to TIMESTAMP,
 * JSON to TEXT, ARRAY, ROW and MAP to JSON, and between parameters of one kind. */
bool cast_is_implicit(Type from, Type to);
/* Some value of `from` has no place in `to`. */
bool cast_can_fail(Type from, Type to);
/* Values of `from` are values of `to` as they are: no cast is needed. */
bool cast_is_needless(Type from, Type to);

/* A TEXT literal: takes the type that its context asks for. */
static inline bool is_text_literal(const BExpr *e)
{
    return e->kind == BE_CONST && e->type.kind == TYPE_TEXT && !e->value.is_null;
}
/* The type a TEXT literal takes where `wanted` is asked for: digits beyond the wanted precision
 * are kept, so that comparisons are exact. */
Type literal_type(struct Planner *p, const BExpr *literal, Type wanted);
/* e as a value of t, by an implicit cast that is known to be allowed. A literal that does not
 * read as t is reported at its place. */
Status cast_insert(struct Planner *p, BExpr *e, Type t, BExpr **out);

#endif
