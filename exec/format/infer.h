/* infer.h: columns, types and event time of an input nobody has declared, from its first bytes.
 *
 * What is found is a declaration like one a person would write, and is shown as such; nothing is
 * inferred again when rows are read. */
#ifndef WEIR_EXEC_INFER_H
#define WEIR_EXEC_INFER_H

#include "exec/format/field.h"
#include "exec/format/json_value.h"

enum { INFER_COLUMNS_MAX = 1000, INFER_RECORDS_MAX = 5000 };

/* What the values of one column look like. */
typedef struct TypeGuess {
    int64_t values, ints, reals, bools, times, dates, json; /* of values: how many are such */
    int32_t fraction_digits;                                /* of times, the most */
    int64_t seconds, millis, micros;                        /* numbers that may count from 1970 in these */
} TypeGuess;

typedef struct InferredColumn {
    Str name;              /* as in the input */
    TypeGuess guess;
} InferredColumn;

/* An inference in work: the head of the input, and what was found. */
typedef struct Inference {
    Str head;              /* whole lines, unless the input is all of one line */
    const Options *given;  /* options the user wrote */
    Arena *arena;          /* of what is found */
    Arena *scratch;
    VEC(InferredColumn) found;   /* by formats whose columns are in the data */
    VEC(ColumnDef) cols;         /* by formats whose columns are known, or made from `found` */
    int32_t time_col;            /* -1: none */
    VEC(Option) options;         /* to be declared besides connector, path and format */
    int32_t year;                /* of the input's last change, for times without one */
} Inference;

/* Notes a value: a field's text, or a JSON value. NULLs (empty text, null) say nothing. */
void guess_text(TypeGuess *g, Str s);
void guess_json(TypeGuess *g, JsonSpan v);
/* The type that holds all values, times as numbers apart: TEXT where there is none. */
Type guess_type(const TypeGuess *g);
/* The column called `name`, made if need be; NULL: there are too many. */
TypeGuess *infer_column(Inference *inf, Str name);
void infer_option(Inference *inf, const char *name, Str value);

/* Finds format, columns and event time of `head`, the first bytes of the input at `path` (its
 * ending is a hint), and fills rel's columns, options (path and connector are the caller's) and
 * watermark. `year`: of the input's last change. WEIR_E_DATA: nothing can be made of it. */
Status format_infer(const Registry *r, Str path, Str head, int32_t year, const Options *given,
                    Relation *rel, Arena *a, Span at, Diags *d);

#endif
