/* value.h: one value of any type: constants, options, test rows. Never used per row in a hot path. */
#ifndef WEIR_BASE_VALUE_H
#define WEIR_BASE_VALUE_H

#include "base/type.h"

typedef struct Value {
    Type type;
    bool is_null;
    union {
        int64_t i; /* BOOLEAN BIGINT TIMESTAMP DATE TIME */
        double d;
        Int128 dec; /* scaled by type.scale */
        Interval iv;
        Str s; /* text kinds */
    };
} Value;

static inline Value value_null(Type t) { return (Value){.type = t, .is_null = true}; }
static inline Value value_bool(bool b) { return (Value){.type = TYPE_OF(TYPE_BOOLEAN), .i = b}; }
static inline Value value_int(int64_t i) { return (Value){.type = TYPE_BIGINT_, .i = i}; }
static inline Value value_double(double d) { return (Value){.type = TYPE_OF(TYPE_DOUBLE), .d = d}; }
static inline Value value_text(Str s) { return (Value){.type = TYPE_OF(TYPE_TEXT), .s = s}; }

/* SQL's text of a value as CAST(x AS TEXT) gives it; "NULL" for NULL. */
void value_print(StrBuf *b, const Value *v);
/* The value as a SQL literal that parses back to it. */
void value_literal(StrBuf *b, const Value *v);
/* Same type kind, same value; NULL equals NULL, -0.0 equals 0.0. */
bool value_eq(const Value *a, const Value *b);

#endif
