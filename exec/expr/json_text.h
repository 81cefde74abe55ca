/* json_text.h: reads JSON text in place, after RFC 8259.
 *
 * A value is the Str of its text. json_check judges a whole text; all else takes the text of a
 * value and is safe on any bytes, but means something for well-formed text only. */
#ifndef WEIR_EXEC_EXPR_JSON_TEXT_H
#define WEIR_EXEC_EXPR_JSON_TEXT_H

#include "base/str.h"

typedef enum JsonKind {
    JSON_INVALID,
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
} JsonKind;

enum { JSON_DEPTH_MAX = 512 };

/* The one value that `text` holds, without the white space around it. */
JsonKind json_check(Str text, Str *value);
JsonKind json_kind(Str value);

/* Walks the members of an array or object: JsonIter it = json_iter(v); while (json_next(&it)). */
typedef struct JsonIter {
    const char *at, *end;
    bool is_object;
    Str key; /* quoted, as written; of objects */
    Str value;
} JsonIter;
JsonIter json_iter(Str container);
bool json_next(JsonIter *it);

int64_t json_count(Str container);
/* The last member of that name; the i-th element, from the end where i is negative. */
bool json_member(Str object, Str key, Str *value);
bool json_element(Str array, int64_t i, Str *value);

/* A string's characters. A lone surrogate is U+FFFD. False: an escape that is none. */
bool json_unquote(Arena *a, Str quoted, Str *out);
void json_quote(StrBuf *b, Str text);

/* '$.a.b[0]', '$."a b"', 'a.b' (SQL/JSON and its usual short forms); '$' is the value itself. */
typedef struct JsonStep {
    Str key; /* p NULL: by index */
    int64_t index;
} JsonStep;
typedef struct JsonPath {
    JsonStep *steps;
    int n;
} JsonPath;
bool json_path_parse(Str text, Arena *a, JsonPath *out);
bool json_path_find(Str value, const JsonPath *path, Str *out);

#endif
