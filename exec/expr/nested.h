/* nested.h: ARRAY, ROW and MAP values as JSON text, in one form only.
 *
 * No white space; elements and fields as nested_put writes a value of their type; a ROW has all its
 * fields, in the order of the type; a MAP's keys are the text of the keys, ascending by bytes, each
 * once. So equal values are equal bytes, and grouping, joining and comparing need nothing more. */
#ifndef WEIR_EXEC_EXPR_NESTED_H
#define WEIR_EXEC_EXPR_NESTED_H

#include "base/value.h"

/* A value as JSON. Infinities are the strings "Infinity" and "-Infinity"; times are strings; the bytes of a
 * BLOB are a string in base 64. */
void nested_put(StrBuf *b, const Value *v);
/* The text of a MAP's key: of a nested one its JSON. */
void nested_put_key(StrBuf *b, const Value *key);

/* What reads JSON as a value: whether numbers, truth values and times may stand in strings or as
 * words, as CAST takes them, or only in JSON's own kind, as a stream's column does. */
typedef enum NestedReading { NESTED_STRICT, NESTED_CAST } NestedReading;

/* Well-formed JSON text as a value of type t, which may be nested. `from`: the type it is a value of
 * already (a ROW then goes by the places of its fields), or NULL. Text is in `a` or in `json`.
 * False: it does not fit. */
bool nested_read(Str json, const Type *from, Type t, NestedReading how, Arena *a, Value *out);

/* An array of no written element type holds JSON. */
Type nested_element(Type array);

#endif
