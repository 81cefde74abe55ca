/* def.h: what a name may denote: functions, aggregates, windows, connectors, formats, settings.
 *
 * Definitions are constant tables, one file each, listed by the build. The planner reads names,
 * types and flags; `impl` is opaque to it and belongs to exec. This cuts the knot that the planner
 * needs functions and functions need kernels. */
#ifndef WEIR_BASE_DEF_H
#define WEIR_BASE_DEF_H

#include "base/diag.h"
#include "base/value.h"

/* Argument patterns are one letter an argument:
 *   b BOOLEAN  i BIGINT  d DOUBLE  m DECIMAL  t TEXT  x BLOB  s TIMESTAMP  D DATE  T TIME
 *   v INTERVAL  j JSON   n any number (numbers are brought to one type)
 *   A ARRAY of anything  M MAP of anything
 *   a any type, left as it is            c any type, all c's brought to their common type
 * '?' after a letter: this and what follows may be left out. '*' at the end: the last repeats.
 * An argument is cast implicitly along: NULL to anything, BIGINT to DECIMAL to DOUBLE,
 * DATE to TIMESTAMP, TEXT literal to what is asked for, JSON to TEXT. */

enum FuncFlags {
    FUNC_CAN_FAIL = 1,  /* a value may give an error, which is a row error or a fault */
    FUNC_NULL_CALL = 2, /* called for NULL arguments too; otherwise any NULL gives NULL */
    FUNC_VOLATILE = 4,  /* depends on position, clock or seed: not folded, not shared */
    FUNC_INTERNAL = 8,  /* an operator's name ("+", "like"): not callable by name, not listed */
    FUNC_SETTING = 16,  /* depends on a setting (time zone, limits): not folded when compiled */
    FUNC_ORDERS = 32    /* asks which value is less: ARRAY, ROW and MAP have no order */
};

typedef struct FuncDef {
    const char *name;    /* lower case; several definitions of one name are overloads, in order */
    const char *aliases; /* "char_length,character_length" or NULL */
    const char *args;    /* pattern */
    /* Result: a letter of the pattern language, or "1".."9": the type of that argument (after
     * casts), or "c"/"n": the common type; 'A' before one of these: an ARRAY of it, 'e' before a
     * digit: what that ARRAY holds; 'M' before a digit: a MAP of it to BIGINT. NULL: result_of decides. */
    const char *result;
    /* Decides the result type from the (cast) argument types; consts[i] is the argument's value
     * where it is a constant, else NULL. False: these types do not fit. */
    bool (*result_of)(const Type *args, const Value *const *consts, int nargs, Type *out);
    unsigned flags;
    const void *impl;  /* exec/expr: FuncImpl */
    const char *group; /* "math", "text", "time", "json", "conditional" */
    const char *doc;   /* one line: "absolute value"; the manual is made from it */
} FuncDef;

enum AggFlags {
    AGG_RETRACTABLE = 1,  /* negative weights are fine */
    AGG_MERGEABLE = 2,    /* merge is defined: panes and sessions may use it */
    AGG_ORDERED = 4,      /* depends on the order of rows; takes ORDER BY inside */
    AGG_NULL_INPUT = 8,   /* sees rows whose (first) argument is NULL */
    AGG_STAR = 16,        /* count(*): may be called with no argument */
    AGG_INTERNAL = 32,    /* made by the planner: not callable by name, not listed */
    AGG_CONST_REST = 64,  /* arguments behind the first are constants, and not NULL */
    AGG_FRACTION = 128    /* the second argument is from 0 to 1 */
};

typedef struct AggDef {
    const char *name;
    const char *aliases;
    const char *args; /* pattern, may be "" */
    const char *result;
    bool (*result_of)(const Type *args, const Value *const *consts, int nargs, Type *out);
    unsigned flags;
    const void *impl; /* exec/agg: AggImpl */
    const char *doc;
} AggDef;

/* One kind of window: its name and which parameters its clause takes. */
typedef enum WindowShape {
    WINDOW_SHAPE_PANES,   /* fixed windows made of panes: tumbling, hopping, cumulating */
    WINDOW_SHAPE_SESSION,
    WINDOW_SHAPE_SLIDING,
    WINDOW_SHAPE_COUNT,
    WINDOW_SHAPE_GLOBAL
} WindowShape;
enum WindowParams {
    WINDOW_SIZE = 1, WINDOW_ADVANCE = 2, WINDOW_STEP = 4, WINDOW_GAP = 8, WINDOW_ROWS = 16,
    WINDOW_TRIGGER = 32, WINDOW_OFFSET = 64, WINDOW_CALENDAR = 128, WINDOW_GRACE = 256
};
typedef struct WindowDef {
    const char *name;        /* "tumbling", as in WINDOW TUMBLING (…) */
    const char *table_func;  /* "tumble", as in TUMBLE(TABLE t, …), or NULL */
    WindowShape shape;
    unsigned required, optional; /* WindowParams */
    const void *impl;        /* exec/window: PaneImpl for WINDOW_SHAPE_PANES */
    const char *doc;
} WindowDef;

/* An option: of WITH (…) or SET. */
typedef enum OptionType { OPT_TEXT, OPT_BOOL, OPT_INT, OPT_DOUBLE, OPT_INTERVAL, OPT_ENUM } OptionType;
typedef struct OptionDef {
    const char *name;     /* "*.min" is that option of any column: "price.min" */
    OptionType type;
    const char *choices;  /* OPT_ENUM: "skip,fail" */
    const char *fallback; /* default as text, NULL: none */
    int64_t min, max;     /* OPT_INT, bounds if min < max */
    const char *doc;
    bool is_required;     /* a stream's statement must give it */
} OptionDef; /* lists end with name == NULL */

typedef struct ConnectorDef {
    const char *name, *aliases;
    bool is_source, is_sink;
    bool makes_rows;       /* rows come ready, without a format (generators) */
    const OptionDef *options;
    const void *impl;      /* exec/io: SourceImpl */
    const char *doc;
} ConnectorDef;

typedef struct FormatDef {
    const char *name, *aliases;
    const OptionDef *options;
    const void *impl;      /* exec/format: FormatImpl */
    const char *doc;
    bool is_changelog;     /* of tables with a primary key only */
} FormatDef;

/* Everything exec registers, found by name. Each member is a NULL-terminated array of lists, one
 * list a source file; a list ends with an entry whose name is NULL. */
typedef struct Registry {
    const FuncDef *const *funcs;
    const AggDef *const *aggs;
    const WindowDef *const *windows;
    const ConnectorDef *const *connectors;
    const FormatDef *const *formats;
    const OptionDef *settings;         /* SET k = v */
    const OptionDef *stream_options;   /* WITH (…) of every source */
    const OptionDef *view_options;     /* WITH (…) of a materialized view */
} Registry;

/* Lookup by name or alias, without case. NULL: none. */
const AggDef *registry_agg(const Registry *r, Str name, int nth); /* nth overload */
bool registry_has_agg(const Registry *r, Str name); /* one that may be called */
const FuncDef *registry_func(const Registry *r, Str name, int nth);
const WindowDef *registry_window(const Registry *r, Str name);
const ConnectorDef *registry_connector(const Registry *r, Str name);
const FormatDef *registry_format(const Registry *r, Str name);
const OptionDef *options_find(const OptionDef *list, Str name);
bool name_in_list(const char *comma_list, Str name);

/* Options as given: name → Value (TEXT as written, NULL type for absent). */
typedef struct Option {
    Str name;
    Str value;
    Span span;
} Option;
typedef struct Options {
    Option *items;
    int32_t n;
} Options;
const Option *options_get(const Options *o, const char *name); /* NULL: not given */
/* A list of its own; the texts are shared. */
Options options_copy(const Options *o, Arena *a);
Str options_text(const Options *o, const char *name, const char *fallback);
bool options_bool(const Options *o, const char *name, bool fallback);
int64_t options_int(const Options *o, const char *name, int64_t fallback);
double options_double(const Options *o, const char *name, double fallback);
int64_t options_us(const Options *o, const char *name, int64_t fallback); /* '10 SECONDS', '1 DAY' */

#endif
