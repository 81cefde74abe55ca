/* type.h: the types of values. */
#ifndef WEIR_BASE_TYPE_H
#define WEIR_BASE_TYPE_H

#include "base/str.h"

typedef enum TypeKind {
    TYPE_NULL,      /* of the literal NULL only; casts to anything */
    TYPE_BOOLEAN,   /* uint8_t 0/1 */
    TYPE_BIGINT,    /* int64_t */
    TYPE_DOUBLE,    /* double, never NaN */
    TYPE_DECIMAL,   /* Int128 scaled by 10^scale */
    TYPE_TEXT,      /* Text, UTF-8 */
    TYPE_BLOB,      /* Text */
    TYPE_TIMESTAMP, /* int64_t microseconds since 1970-01-01 UTC */
    TYPE_DATE,      /* int32_t days since 1970-01-01 */
    TYPE_TIME,      /* int64_t microseconds of the day */
    TYPE_INTERVAL,  /* Interval */
    TYPE_JSON,      /* Text, RFC 8259 */
    TYPE_ARRAY,     /* Text, a JSON array; elem in args[0] */
    TYPE_ROW,       /* Text, a JSON object; fields in args */
    TYPE_MAP,       /* Text, a JSON object; key, value in args */
    TYPE_COUNT
} TypeKind;

typedef struct TypeField TypeField;

typedef struct Type {
    uint8_t kind;      /* TypeKind */
    uint8_t precision; /* DECIMAL 1..38; TIMESTAMP 0..6, digits of the fraction */
    uint8_t scale;     /* DECIMAL */
    uint8_t int_bits;  /* BIGINT: 8, 16, 32 where declared narrower (range-checked), else 64;
                          65: unsigned 64, stored as int64 with range 0..2^63-1 */
    const TypeField *args; /* ARRAY, ROW, MAP */
    int32_t nargs;
} Type;

struct TypeField {
    Str name;
    Type type;
};

typedef __int128 Int128;
typedef unsigned __int128 UInt128;

typedef struct Interval {
    int32_t months, days;
    int64_t us;
} Interval;

#define TYPE_OF(k) ((Type){.kind = (k)})
#define TYPE_BIGINT_ ((Type){.kind = TYPE_BIGINT, .int_bits = 64})
#define TYPE_TIMESTAMP_(p) ((Type){.kind = TYPE_TIMESTAMP, .precision = (p)})
#define TYPE_DECIMAL_(p, s) ((Type){.kind = TYPE_DECIMAL, .precision = (p), .scale = (s)})

bool type_eq(Type a, Type b);          /* kind and parameters; int_bits is ignored */
Type type_array(Type element, Arena *a);
Type type_map(Type key, Type value, Arena *a);
int type_width(TypeKind k);            /* bytes of one value in a column: 1, 4, 8 or 16 */
bool type_is_nested(TypeKind k);       /* ARRAY ROW MAP */
bool type_is_text(TypeKind k);         /* stored as Text: TEXT BLOB JSON ARRAY ROW MAP */
bool type_is_number(TypeKind k);       /* BIGINT DOUBLE DECIMAL */
Str type_name(Type t, Arena *a);       /* canonical SQL: "DECIMAL(10, 2)", "TIMESTAMP(3)", "INT" */
const char *type_kind_name(TypeKind k);
int64_t type_tick_us(Type timestamp);  /* one tick of TIMESTAMP(p), microseconds */
/* The type both convert to without loss of kind: NULL with any, BIGINT+DECIMAL, number+DOUBLE,
 * DATE+TIMESTAMP, equal kinds with the wider parameters. False: none. */
bool type_common(Type a, Type b, Type *out);

#endif
