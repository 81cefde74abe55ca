/* pull.h: the inside of the translation of pull queries to SQLite's SQL.
 *
 * SQLite does what it does as weir does (joins, grouping, sorting, logic, comparisons of values
 * whose stored form compares right); everything else in an expression is bound like any expression
 * of weir and stands in the SQL as a call of weir_expr. So the translator follows types: every
 * piece of SQL comes with the type and stored form of its value, where they are known.
 *
 *   pull.c        SELECT … FROM …
 *   pull_sets.c   GROUPING SETS, ROLLUP, CUBE: which keys each set has
 *   pull_set.c    VALUES, set operations
 *   pull_from.c   FROM: tables, views, joins, CTEs; what names mean
 *   pull_expr.c   operators and forms
 *   pull_call.c   calls: aggregates, window functions, the rest
 *   pull_value.c  types and forms, constants, weir_expr */
#ifndef WEIR_PLANNER_PULL_H
#define WEIR_PLANNER_PULL_H

#include "planner/planner.h"

/* How a value stands in SQL, as far as comparing goes. */
typedef enum PullForm {
    FORM_PLAIN,    /* SQLite compares it as weir does */
    FORM_DECIMAL,  /* text of a DECIMAL: COLLATE weir_decimal */
    FORM_INTERVAL, /* text of an INTERVAL: COLLATE weir_interval */
    FORM_MS,       /* a TIMESTAMP as integer milliseconds */
    FORM_S         /* a TIMESTAMP as integer seconds */
} PullForm;

typedef struct PullType {
    bool known;
    Type type;
    PullForm form;
} PullType;

typedef struct PullValue {
    Str sql;               /* atomic: needs no parentheses around it */
    PullType type;
    const Value *constant; /* or NULL */
} PullValue;

typedef struct PullColumn {
    Str table, name;
    Str sql;               /* "t"."c" */
    PullType type;
    bool hidden;
    bool is_merged;        /* by USING: found through its twin, unless its table is named */
} PullColumn;
typedef VEC(PullColumn) PullColumnList;

/* The names of a FROM clause. An open table has columns that are not known. */
typedef struct PullScope PullScope;
struct PullScope {
    PullColumnList cols;
    VEC(Str) tables;
    VEC(Str) open_tables;
    const PullScope *outer;
};

/* A table of WITH. */
typedef struct PullCte PullCte;
struct PullCte {
    Str name;
    const Field *cols;     /* types TYPE_NULL where not known */
    const PullForm *forms;
    int32_t ncols;
    bool is_open;
    const PullCte *next;
};

/* A query that has been translated: its text and its columns. */
typedef struct PullRows {
    Str sql;
    PullColumnList cols;   /* name and type */
    bool is_open;          /* has columns that are not known */
} PullRows;

typedef struct PullMemo {
    const Expr *expr;
    PullValue value;
} PullMemo;

typedef struct Pull {
    Planner *p;
    Arena *arena;
    VEC(PullExpr) exprs;
    VEC(PullMemo) memo;    /* subqueries in expressions, translated once */
    const PullCte *ctes;
    int64_t fallible;      /* calls of weir_expr written so far whose value may be an error */
    int depth, view_depth;
    Span view_span;        /* inside a view: where it is named */
} Pull;

/* One of GROUPING SETS: the keys of all, as SQL, and a bit for each that it has. */
typedef struct PullSet {
    VEC(Str) keys;
    uint64_t mask;
    bool is_sought;        /* the keys are not known yet */
} PullSet;
typedef VEC(uint64_t) PullMasks;

/* What an expression at its place may see and use. */
typedef struct PullContext {
    Pull *pull;
    const PullScope *scope;
    const SelectItemList *aliases; /* names of the select list that count here, or NULL */
    const NamedWindowList *windows;
    const char *clause;            /* for messages: "WHERE" */
    bool allow_agg, allow_window;
    const PullSet *set;            /* over the groups of one set: keys that it lacks are NULL; or NULL */
} PullContext;

enum { PULL_DEPTH_MAX = 64 };
/* Hidden column of a table: the number of its row. */
#define PULL_ROW_ID "_weir_row"

/* ---- pull.c ---- */
/* `names` call the columns, where given (else NULL). */
Status pull_select(Pull *l, const Select *q, const PullScope *outer, const NameList *names, PullRows *out);

/* LIMIT and OFFSET; they see `outer` only. */
Status pull_limit(Pull *l, const Select *q, const PullScope *outer, StrBuf *sql);
/* "c3", quoted: a column of a query inside another. */
Str pull_inner_name(Arena *a, const char *kind, int64_t n);

/* ---- pull_sets.c ---- */
bool pull_has_sets(const Select *q);
/* Gives an expression of GROUP BY its bit. */
typedef Status (*PullKeyBit)(void *arg, const Expr *e, uint64_t *bit);
Status pull_masks(Pull *l, const GroupList *list, PullKeyBit bit_of, void *arg, PullMasks *out);
/* Whether e is a key that the set of the context lacks; *out is NULL of its type then. */
Status pull_lacks(const PullContext *c, const Expr *e, bool *lacks, PullValue *out);
/* GROUPING(k, …) */
bool pull_is_grouping(const PullContext *c, const Expr *e);
Status pull_grouping(const PullContext *c, const Expr *e, PullValue *out);

/* ---- pull_set.c: append the query without ORDER BY and fill out->cols ---- */
Status pull_values(Pull *l, const Select *q, const PullScope *outer, const NameList *names, StrBuf *sql,
                   PullRows *out);
Status pull_set(Pull *l, const Select *q, const PullScope *outer, const NameList *names, StrBuf *sql,
                PullRows *out);
/* ORDER BY columns of the result. */
Status pull_set_order(Pull *l, const Select *q, const PullRows *rows, StrBuf *sql);

/* ---- pull_from.c ---- */
/* Appends the FROM items and fills the scope. */
Status pull_from(PullContext *c, const TableRef *t, PullScope *scope, StrBuf *sql);
/* The column of that name. *found NULL: none, but an open table may have it. */
Status pull_find_column(const PullContext *c, const Expr *e, const PullColumn **found, int *nparts);
/* Whether the scope itself (not those around it) has such a column. */
const PullColumn *pull_own_column(const PullScope *s, Str table, Str name, bool *ambiguous);
/* TUMBLE, HOP, …: functions that make windows. */
bool pull_is_window_function(const Pull *l, Str name);
Status pull_with(Pull *l, const Select *q, const PullScope *outer, StrBuf *sql);

/* ---- pull_expr.c ---- */
Status pull_value(const PullContext *c, const Expr *e, PullValue *out);
/* A condition: a BOOLEAN. */
Status pull_condition(const PullContext *c, const Expr *e, PullValue *out);
/* ORDER BY of a window or a query: expression, collation, direction. */
Status pull_order(const PullContext *c, const OrderItem *item, StrBuf *sql);
void pull_order_words(const PullValue *v, const OrderItem *item, StrBuf *sql);
/* Whether e is a value that SQLite has to bring (column, aggregate, subquery), not weir_expr. */
bool pull_is_leaf(const PullContext *c, const Expr *e);

/* ---- pull_call.c ---- */
bool pull_is_aggregate(const PullContext *c, const Expr *e);
/* Whether e has an aggregate of this query (not of a subquery). */
bool pull_has_aggregate(const PullContext *c, const Expr *e);
Status pull_aggregate(const PullContext *c, const Expr *e, PullValue *out);
Status pull_over(const PullContext *c, const Expr *e, PullValue *out);
Status pull_window_spec(const PullContext *c, const OverSpec *o, StrBuf *sql);

/* ---- pull_value.c ---- */
PullType pull_type(Type t);                       /* in the default form */
PullType pull_stored_type(Type t, const Options *o); /* of a view with these options */
extern const PullType PULL_UNKNOWN;
PullValue pull_constant(Pull *l, const Value *v);
/* e, computed by weir: over the leaves in it, which are translated in c. */
Status pull_computed(const PullContext *c, const Expr *e, PullValue *out);
/* A bound expression over `args` in SQL: constants and plain columns need no call of weir_expr. */
Status pull_emit(Pull *l, BExpr *e, const PullValue *args, int n, PullValue *out);
/* v as a value of t; unchanged where v's type is not known. */
Status pull_cast(Pull *l, const PullValue *v, Type t, Span at, PullValue *out);
/* v as the binder sees it: a constant, or column i. */
BExpr *pull_bound(Pull *l, const PullValue *v, int i, Span at);
/* Gives constants among the values the type of the others, so that their forms agree; whether all
 * then compare in SQLite as in weir. */
bool pull_comparable(Pull *l, PullValue *v, int n);
Status pull_unsupported(const Pull *l, Span at, const char *what, const char *hint) MUST_USE;
Span pull_at(const Pull *l, Span at);
/* Appends a quoted name. */
void pull_name(StrBuf *b, Str name);

#endif
