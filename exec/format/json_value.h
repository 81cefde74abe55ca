/* json_value.h: the parts of RFC 8259, each judged on its own.
 *
 * The structure of a record (brackets, commas, colons, strings' ends, control characters, UTF-8)
 * is judged for every record; numbers, words and escapes only where somebody reads them. */
#ifndef WEIR_EXEC_JSON_VALUE_H
#define WEIR_EXEC_JSON_VALUE_H

#include "base/type.h"

enum { JSON_DEPTH_MAX = 64 };

typedef enum JsonKind {
    JSON_NONE,   /* not there */
    JSON_STRING, /* span: between the quotes */
    JSON_ESCAPED,/* the same, with backslashes in it */
    JSON_WORD,   /* number, true, false, null or something unusable */
    JSON_OBJECT, /* span: with the brackets */
    JSON_ARRAY
} JsonKind;

typedef struct JsonSpan {
    const char *p;
    ptrdiff_t n;
    JsonKind kind;
} JsonSpan;

static inline bool json_is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static inline const char *json_skip_space(const char *p, const char *end)
{
    while (p < end && json_is_space(*p)) p++;
    return p;
}

/* The end of the string whose first byte behind the quote is p: the closing quote. NULL with
 * *why set: it does not end, holds a byte below 0x20, or is not UTF-8. */
const char *json_string_end(const char *p, const char *end, bool *has_escape, const char **why);
/* A run of bytes that are neither space nor structure. */
const char *json_word_end(const char *p, const char *end);

/* Where structure is broken, and how. */
typedef struct JsonFault {
    const char *at, *why;
} JsonFault;
/* Judges the structure of the value at p, which lies inside `depth` brackets, and returns its end,
 * or NULL with *f filled. */
const char *json_value_end(const char *p, const char *end, int depth, JsonFault *f);

/* ---- judged where read ---- */
bool json_is_number(Str s);
bool json_is_integer(Str s); /* a number without fraction and exponent */
/* Text of a string's inside with its escapes replaced; a lone surrogate is U+FFFD. False: an
 * escape that RFC 8259 does not know. */
bool json_unescape(Str s, Arena *a, Str *out);
/* One whole JSON text, judged in full: its structure, numbers, words and escapes. `kind`: what it
 * must be for a column of that type. */
bool json_is_value(Str s, TypeKind kind);

#endif
