/* ast.h: what was written, as a tree.
 *
 * The tree says what the text says and nothing more: names are unresolved, literals keep their
 * text, types are names. Every node and every name knows its place in the script. All nodes live
 * in the arena that the parser was given. A NULL pointer or a list of length 0 means that the
 * clause was not written. Lists are {data, len, cap}.
 *
 * Three types to know: Stmt (one statement), Select (a query at any depth), Expr (an expression).
 * Where several spellings mean the same they give the same tree: `x::t` is CAST, SUBSTRING(x FROM
 * 2) is a call, `!=` is "<>", FETCH FIRST is LIMIT. */
#ifndef WEIR_PARSER_AST_H
#define WEIR_PARSER_AST_H

#include "base/diag.h"

typedef struct Expr Expr;
typedef struct Select Select;
typedef struct TableRef TableRef;
typedef struct OverSpec OverSpec;

/* An identifier without its quotes; text.n 0: not given. */
typedef struct Name {
    Str text;
    Span span;
    bool quoted;
} Name;

typedef VEC(Name) NameList;
typedef VEC(Expr *) ExprList;
typedef VEC(ExprList) RowList;
typedef VEC(Select *) SelectList;

/* ---- types ------------------------------------------------------------------------------------ */
typedef struct TypeNameField TypeNameField;

/* A type as written: VARCHAR(20), ARRAY<INT>, INT[], ROW<a INT, b ROW<…>>, MAP<STRING, INT>.
 * Compound names are joined with one space: "double precision", "bigint unsigned", "timestamp with
 * time zone". The name is in lower case and unresolved. */
typedef struct TypeName {
    Span span;
    Name word;               /* a simple name as written */
    Str name;                /* "array", "row" ("struct"), "map", or a simple name */
    int32_t args[2], nargs;  /* (p) or (p, s) */
    int32_t depth;           /* height, 1 for a simple name */
    TypeNameField *fields;   /* array: one (element); map: two (key, value); row: named */
    int32_t nfields;
} TypeName;

struct TypeNameField {
    Name name; /* row fields only */
    TypeName *type;
};

/* ---- expressions ------------------------------------------------------------------------------ */
typedef enum ExprKind {
    EX_NULL,
    EX_BOOL,       /* text "true" or "false" */
    EX_NUMBER,     /* text as written: 12, 1.50, 1e3, 0x1F; no sign */
    EX_STRING,     /* text unquoted */
    EX_BLOB,       /* x'…': text is the hex digits */
    EX_TYPED,      /* TIMESTAMP '…', DATE '…', JSON '…': type, text */
    EX_INTERVAL,   /* text between the quotes (or the number of `10 SECONDS`), unit, unit_to */
    EX_PARAM,      /* :name, ?1 ($1), ?: text is the name, the number, or empty */
    EX_COLUMN,     /* c, t.c, a.b.c…: parts; whether b is a field or a column the binder decides */
    EX_STAR,       /* *, t.*: parts before the star. In SELECT lists, RETURNING, and count(*) */
    EX_OP,         /* text is the operator (see below), args; negated */
    EX_CALL,       /* f(args): parts (schema-qualified names have more than one), call */
    EX_CAST,       /* args[0], type; is_try */
    EX_CASE,       /* operand or NULL; args: when1, then1, when2, then2, …, [else] */
    EX_BETWEEN,    /* args[0] [NOT] BETWEEN args[1] AND args[2]; negated; is_symmetric */
    EX_IN,         /* args[0] [NOT] IN (args[1], …) ; negated */
    EX_IN_QUERY,   /* args[0] [NOT] IN (query); negated; args[0] may be EX_ROW */
    EX_EXISTS,     /* EXISTS (query); NOT EXISTS is the operator "not" above it */
    EX_SUBQUERY,   /* (query) as a value */
    EX_QUANTIFIED, /* args[0] text ANY/ALL (query), or of the array args[1]; is_all */
    EX_ROW,        /* ROW(a, b), (a, b) */
    EX_ARRAY,      /* ARRAY[a, b] */
    EX_MAP,        /* MAP[k1, v1, k2, v2, …] */
    EX_SUBSCRIPT,  /* args[0][args[1]]; args[0][args[1]:args[2]] has three */
    EX_FIELD,      /* (args[0]).parts[0] */
    EX_NAMED_ARG,  /* parts[0] => args[0], in a call */
    EX_TABLE_ARG,  /* TABLE t [PARTITION BY args…] [ORDER BY call->order_by], in a table function */
    EX_DESCRIPTOR, /* DESCRIPTOR(c, …): parts */
    EX_DEFAULT     /* DEFAULT as a value of INSERT or UPDATE */
} ExprKind;

/* Operators, by the text of EX_OP.
 *   n-ary, left to right, flat (a + b + c has three args):
 *     "or" "and" "+" "-" "*" "/" "%" "||" "&" "|"
 *   two args: "=" "<>" "<" "<=" ">" ">=" "<<" ">>" "->" "->>" "at_time_zone" (value, zone)
 *     "is_distinct", "similar" (SIMILAR TO), "regexp" (REGEXP, ~), "iregexp" (~*), "overlaps"
 *     with `negated`: IS NOT DISTINCT FROM, NOT SIMILAR TO, !~, …
 *   two args, or three with ESCAPE: "like" "ilike", with `negated`
 *   one arg: "neg" (-x) "pos" (+x) "~" (bitwise not) "not"
 *     "is_null" "is_true" "is_false" "is_unknown", with `negated` (IS NOT NULL) */

/* (base/datetime.h has TimeUnit with UNIT_SECOND, …: these are the words of the grammar.) */
typedef enum IntervalUnit {
    IUNIT_NONE, /* `INTERVAL '1 hour 30 minutes'`: the text says it */
    IUNIT_MICROSECOND,
    IUNIT_MILLISECOND,
    IUNIT_SECOND,
    IUNIT_MINUTE,
    IUNIT_HOUR,
    IUNIT_DAY,
    IUNIT_WEEK,
    IUNIT_MONTH,
    IUNIT_QUARTER,
    IUNIT_YEAR
} IntervalUnit;
extern const char *const INTERVAL_UNIT_NAMES[]; /* "", "microsecond", …, "year" */

typedef enum NullsOrder { NULLS_DEFAULT, NULLS_FIRST, NULLS_LAST } NullsOrder;
typedef struct OrderItem {
    Expr *expr;
    bool is_desc;
    NullsOrder nulls;
    Span span;
} OrderItem;
typedef VEC(OrderItem) OrderList;

typedef enum NullTreatment { NULLS_UNSAID, RESPECT_NULLS, IGNORE_NULLS } NullTreatment;

/* What a call has beside its arguments. Expr.call is NULL when it has none of it. */
typedef struct CallInfo {
    bool is_distinct;      /* agg(DISTINCT x) */
    OrderList order_by;    /* agg(x ORDER BY y); LISTAGG(…) WITHIN GROUP (ORDER BY y) too */
    bool is_within_group;  /* the order was written as WITHIN GROUP: percentile_cont(0.5) */
    Expr *filter;          /* FILTER (WHERE …) */
    OverSpec *over;        /* OVER (…), OVER w */
    NullTreatment nulls;   /* IGNORE NULLS */
    TableRef *table;       /* EX_TABLE_ARG */
} CallInfo;

struct Expr {
    ExprKind kind;
    bool negated, is_try, is_all, is_symmetric;
    int32_t depth;              /* height of the tree, 1 for a leaf; at most PARSER_DEPTH_MAX */
    IntervalUnit unit, unit_to; /* EX_INTERVAL */
    Span span;                  /* the whole expression */
    Span op_span;               /* its operator or function name; else the same as span */
    Str text;                   /* literal or operator; EX_CALL: the last part of its name, as written */
    NameList parts;             /* EX_COLUMN, EX_CALL, EX_STAR, EX_FIELD, EX_NAMED_ARG, EX_DESCRIPTOR */
    ExprList args;
    Expr *operand;              /* EX_CASE */
    TypeName *type;             /* EX_CAST, EX_TYPED */
    Select *query;              /* EX_IN_QUERY, EX_EXISTS, EX_SUBQUERY, EX_QUANTIFIED */
    CallInfo *call;             /* EX_CALL, EX_TABLE_ARG */
};

/* ---- windows ---------------------------------------------------------------------------------- */
/* The group-window clause: WINDOW kind (SIZE …, ADVANCE BY …, …). Which of them a kind needs is the
 * planner's business. Durations are any expression, mostly EX_INTERVAL; counts of rows (`100 ROWS`)
 * are in the *_rows fields. */
typedef struct WindowClause {
    Span span;
    Name kind;              /* tumbling, hopping, … */
    Expr *size, *size_rows; /* SIZE; a duration without a keyword (SESSION (30 SECONDS)) is `bare` */
    Expr *advance, *advance_rows; /* ADVANCE BY */
    Expr *step;             /* STEP */
    Expr *gap;              /* GAP */
    Expr *bare;
    Expr *trigger, *trigger_rows; /* TRIGGER EVERY … [/ EVERY …] */
    Expr *offset;           /* OFFSET */
    Expr *grace;            /* GRACE PERIOD */
    Expr *retention;        /* RETENTION */
    Expr *on;               /* ON column */
    bool fill;              /* FILL */
} WindowClause;

typedef enum FrameMode { FRAME_RANGE, FRAME_ROWS, FRAME_GROUPS } FrameMode;
typedef enum FrameBoundKind {
    BOUND_UNBOUNDED_PRECEDING,
    BOUND_PRECEDING, /* value */
    BOUND_CURRENT_ROW,
    BOUND_FOLLOWING, /* value */
    BOUND_UNBOUNDED_FOLLOWING
} FrameBoundKind;
typedef enum FrameExclude { EXCLUDE_NONE, EXCLUDE_CURRENT, EXCLUDE_GROUP, EXCLUDE_TIES } FrameExclude;
typedef struct FrameBound {
    FrameBoundKind kind;
    Expr *value;
    Span span;
} FrameBound;
/* start and end are always filled: `ROWS 5 PRECEDING` ends at CURRENT ROW. */
typedef struct FrameSpec {
    Span span;
    FrameMode mode;
    FrameBound start, end;
    FrameExclude exclude;
} FrameSpec;

/* OVER w has only base, and is_name set; OVER (w PARTITION BY …) extends the named window base. */
struct OverSpec {
    Span span;
    bool is_name;
    Name base;
    ExprList partition_by;
    OrderList order_by;
    FrameSpec *frame;
};
typedef struct NamedWindow {
    Name name;
    OverSpec *spec;
} NamedWindow;
typedef VEC(NamedWindow) NamedWindowList;

/* ---- options ---------------------------------------------------------------------------------- */
/* WITH (key = value, 'other.key' = value): the value's text without quotes; -5, 1.5, true, 10
 * SECONDS, MiB are taken as written. */
typedef struct OptionItem {
    Name key;
    Str value;
    bool is_string; /* the value was quoted */
    Span span;      /* the value */
} OptionItem;
typedef VEC(OptionItem) OptionList;

/* ---- queries ---------------------------------------------------------------------------------- */
typedef struct SelectItem {
    Expr *expr; /* EX_STAR for * and t.* */
    Name alias;
} SelectItem;
typedef VEC(SelectItem) SelectItemList;

typedef enum GroupKind {
    GROUP_EXPR,   /* exprs[0] */
    GROUP_SET,    /* (a, b), or () : one set of several columns */
    GROUP_ROLLUP, /* ROLLUP (sets…) */
    GROUP_CUBE,
    GROUP_SETS    /* GROUPING SETS (items…) */
} GroupKind;
typedef struct GroupItem GroupItem;
typedef VEC(GroupItem) GroupList;
struct GroupItem {
    GroupKind kind;
    Span span;
    ExprList exprs;  /* GROUP_EXPR, GROUP_SET */
    GroupList items; /* GROUP_ROLLUP, GROUP_CUBE, GROUP_SETS */
};

typedef struct CommonTable {
    Name name;
    NameList columns;
    Select *query;
} CommonTable;
typedef VEC(CommonTable) CommonTableList;

typedef enum SelectKind {
    SELECT_CORE,   /* SELECT … FROM … */
    SELECT_VALUES, /* VALUES (…), (…): rows */
    SELECT_SET     /* branches[0] op branches[1] op …, left to right, one operator */
} SelectKind;
typedef enum SetOp { SET_UNION, SET_INTERSECT, SET_EXCEPT } SetOp;
typedef enum EmitKind { EMIT_UNSAID, EMIT_CHANGES, EMIT_FINAL } EmitKind;

struct Select {
    SelectKind kind;
    Span span;
    int32_t depth;
    /* every kind */
    CommonTableList with;
    bool is_recursive; /* WITH RECURSIVE */
    OrderList order_by;
    Expr *limit, *offset; /* LIMIT ALL is no limit */
    bool with_ties;       /* FETCH FIRST n ROWS WITH TIES */
    EmitKind emit;
    Span emit_span;
    /* SELECT_CORE */
    bool is_distinct;
    ExprList distinct_on;
    SelectItemList items;
    TableRef *from; /* NULL: no FROM. a, b is a cross join */
    WindowClause *window;
    Expr *where;
    GroupList group_by;
    Expr *having;
    NamedWindowList windows;
    Expr *qualify;
    /* SELECT_VALUES */
    RowList rows;
    /* SELECT_SET */
    SetOp set_op;
    bool set_all;
    SelectList branches;
};

typedef enum TableRefKind {
    TABLE_NAME,     /* parts; system_time */
    TABLE_FILE,     /* file, options: FROM 'x.csv' [(header = true, …)] */
    TABLE_SUBQUERY, /* query; is_lateral */
    TABLE_FUNCTION, /* func (EX_CALL; its arguments may be EX_TABLE_ARG, EX_DESCRIPTOR, EX_NAMED_ARG);
                       is_lateral; with_ordinality. TABLE(f(…)) is f(…). UNNEST is a function */
    TABLE_JOIN,     /* left, right, join … */
    TABLE_MATCH     /* input MATCH_RECOGNIZE (match) */
} TableRefKind;
typedef enum AstJoin { AST_JOIN_INNER, AST_JOIN_LEFT, AST_JOIN_RIGHT, AST_JOIN_FULL, AST_JOIN_CROSS } AstJoin;
typedef struct MatchClause MatchClause;

struct TableRef {
    TableRefKind kind;
    Span span;
    int32_t depth;
    Name alias;
    NameList columns; /* AS t(a, b) */
    bool is_lateral, with_ordinality;
    NameList parts;      /* TABLE_NAME */
    Expr *system_time;   /* FOR SYSTEM_TIME AS OF … */
    Str file;            /* TABLE_FILE */
    OptionList options;  /* TABLE_FILE */
    Select *query;       /* TABLE_SUBQUERY */
    Expr *func;          /* TABLE_FUNCTION */
    TableRef *left, *right; /* TABLE_JOIN; left is MATCH_RECOGNIZE's input as well */
    AstJoin join;
    bool is_asof, is_natural, is_comma; /* is_comma: written a, b */
    Span join_span;      /* the words LEFT JOIN */
    Expr *on;
    NameList using_columns;
    MatchClause *match;
};

/* ---- MATCH_RECOGNIZE -------------------------------------------------------------------------- */
typedef enum PatternKind {
    PATTERN_VAR,      /* name */
    PATTERN_CONCAT,   /* items one after the other; none: the empty pattern () */
    PATTERN_ALT,      /* a | b */
    PATTERN_REPEAT,   /* items[0] {min,max}; max -1: no end; is_reluctant */
    PATTERN_PERMUTE,  /* PERMUTE(a, b) */
    PATTERN_EXCLUDE   /* {- a -} */
} PatternKind;
typedef struct Pattern Pattern;
typedef VEC(Pattern *) PatternList;
struct Pattern {
    PatternKind kind;
    Span span;
    Name name;
    PatternList items;
    int32_t depth, min, max;
    bool is_reluctant;
};
typedef struct MatchItem { /* of MEASURES: expr AS name; of DEFINE: name AS expr */
    Name name;
    Expr *expr;
    Span span;
} MatchItem;
typedef VEC(MatchItem) MatchItemList;
typedef struct MatchSubset { /* SUBSET u = (a, b) */
    Name name;
    NameList members;
} MatchSubset;
typedef VEC(MatchSubset) MatchSubsetList;
typedef enum MatchRows { MATCH_ROWS_UNSAID, MATCH_ONE_ROW, MATCH_ALL_ROWS } MatchRows;
typedef enum MatchSkip {
    SKIP_UNSAID,
    SKIP_PAST_LAST_ROW,
    SKIP_TO_NEXT_ROW,
    SKIP_TO_FIRST, /* skip_to */
    SKIP_TO_LAST   /* skip_to */
} MatchSkip;
struct MatchClause {
    Span span;
    ExprList partition_by;
    OrderList order_by;
    MatchItemList measures;
    MatchRows rows;
    MatchSkip skip;
    Name skip_to;
    Pattern *pattern;
    Expr *within;
    MatchSubsetList subsets;
    MatchItemList defines;
};

/* ---- statements: definitions ------------------------------------------------------------------ */
typedef enum ColumnDeclKind { DECL_PHYSICAL, DECL_COMPUTED, DECL_METADATA } ColumnDeclKind;
typedef struct ColumnDecl {
    ColumnDeclKind kind;
    Span span;
    Name name;
    TypeName *type;      /* NULL: not given (computed columns only) */
    bool not_null, primary_key, unique;
    Expr *default_value;
    Expr *expr;          /* DECL_COMPUTED */
    Str path;            /* PATH '$.a.b[0]' */
    Span path_span;
    Str metadata;        /* DECL_METADATA: FROM 'key', or the column's name */
    Str comment;         /* COMMENT '…' */
} ColumnDecl;
typedef VEC(ColumnDecl) ColumnDeclList;

/* WATERMARK FOR column AS expr [WHEN cond] [ON NULL TIME DROP | SKIP WATERMARK]
 * [CLOSE AFTER IDLE d]; `column` may be a path of a nested field. */
typedef enum NullTime { NULL_TIME_ERROR, NULL_TIME_DROP, NULL_TIME_SKIP } NullTime;
typedef struct WatermarkDecl {
    Span span;
    NameList column;
    Expr *expr;
    Expr *when;
    NullTime null_time;
    Expr *close_after_idle;
} WatermarkDecl;

/* CREATE STREAM and CREATE TABLE. */
typedef struct CreateStream {
    bool is_table;        /* as written; Flink's CREATE TABLE with a watermark is the planner's to see */
    bool or_replace, if_not_exists, is_temporary;
    Name name;
    ColumnDeclList columns;
    NameList primary_key; /* PRIMARY KEY (…) as an item; PRIMARY KEY at a column sets its flag */
    Span primary_key_span;
    WatermarkDecl *watermark;
    OptionList options;
    Span options_span;
    bool has_options;     /* WITH was written */
    Str from_file;        /* FROM 'file.ndjson' */
    Span from_file_span;
    Name like;            /* LIKE other */
    Str comment;
} CreateStream;

/* CREATE VIEW, CREATE MATERIALIZED VIEW, CREATE SINK, and INSERT INTO sink SELECT is Insert. */
typedef enum ViewKind { VIEW_PLAIN, VIEW_MATERIALIZED, VIEW_SINK } ViewKind;
typedef struct CreateView {
    ViewKind kind;
    bool or_replace, if_not_exists, is_temporary;
    Name name;
    NameList columns;   /* CREATE VIEW v (a, b) AS … */
    OptionList options;
    Span options_span;
    Select *query;      /* CREATE SINK n FROM v: SELECT * FROM v */
    Name from;          /* CREATE SINK n FROM v: v */
} CreateView;

typedef struct FunctionParam {
    Name name;          /* empty for C functions declared by types */
    TypeName *type;     /* or NULL */
} FunctionParam;
typedef VEC(FunctionParam) ParamList;
/* CREATE [OR REPLACE] FUNCTION f(…) AS (expr), … RETURNS t LANGUAGE C AS 'lib', 'symbol';
 * CREATE AGGREGATE likewise. */
typedef struct CreateFunction {
    bool is_aggregate, or_replace, if_not_exists;
    Name name;
    ParamList params;
    TypeName *returns;
    Expr *body;         /* macro, or NULL */
    Name language;
    Str library, symbol;
    Span library_span;
} CreateFunction;

typedef struct CreateIndex {
    bool is_unique, if_not_exists;
    Name name;
    Name on;
    OrderList columns;
} CreateIndex;

typedef enum ObjectKind {
    OBJECT_ANY, /* DESCRIBE n, EXPLAIN n, SHOW CREATE n */
    OBJECT_STREAM,
    OBJECT_TABLE,
    OBJECT_VIEW,
    OBJECT_MATERIALIZED_VIEW,
    OBJECT_SINK,
    OBJECT_FUNCTION,
    OBJECT_AGGREGATE,
    OBJECT_INDEX
} ObjectKind;
extern const char *const OBJECT_KIND_NAMES[]; /* "", "STREAM", …, "MATERIALIZED VIEW", … */

typedef struct Drop {
    ObjectKind what;
    bool if_exists, cascade;
    NameList names;
} Drop;

typedef enum AlterAction {
    ALTER_PAUSE,
    ALTER_RESUME,
    ALTER_RENAME,     /* new_name */
    ALTER_SET,        /* options */
    ALTER_RESET,      /* options: keys only */
    ALTER_ADD_COLUMN  /* column */
} AlterAction;
typedef struct Alter {
    ObjectKind what;
    bool if_exists;
    Name name;
    AlterAction action;
    Name new_name;
    OptionList options;
    ColumnDecl *column;
} Alter;

/* ---- statements: rows ------------------------------------------------------------------------- */
typedef struct Assignment {
    Name column;
    Expr *value;
} Assignment;
typedef VEC(Assignment) AssignmentList;

typedef enum ConflictAction { CONFLICT_NONE, CONFLICT_NOTHING, CONFLICT_UPDATE } ConflictAction;
typedef struct Insert {
    bool or_replace;      /* INSERT OR REPLACE, REPLACE INTO */
    Name into;
    Name alias;
    NameList columns;
    Select *query;        /* SELECT_VALUES for VALUES; NULL: DEFAULT VALUES. A WITH written before
                             INSERT is the query's */
    ConflictAction conflict;
    NameList conflict_target;
    AssignmentList assignments;
    Expr *conflict_where;
    SelectItemList returning;
} Insert;
typedef struct Update {
    Name table;
    Name alias;
    AssignmentList assignments;
    TableRef *from;
    Expr *where;
    SelectItemList returning;
} Update;
typedef struct Delete {
    Name table;
    Name alias;
    Expr *where;
    SelectItemList returning;
} Delete;

/* ---- statements: the rest --------------------------------------------------------------------- */
typedef struct Show {
    Name what;          /* STREAMS, TABLES, …; SHOW CREATE n: "create" */
    ObjectKind object;  /* SHOW CREATE [STREAM] n */
    Name name;          /* SHOW CREATE n; SHOW n: setting */
    Expr *like;         /* SHOW STREAMS LIKE 'a%' */
    Name from;          /* SHOW ERRORS FROM s */
} Show;
typedef struct Describe {
    ObjectKind what;
    bool is_extended;
    Name name;
} Describe;

struct Stmt;
typedef struct Explain {
    OptionList options;  /* format = text, analyze, logical: keys without a value have value "true" */
    struct Stmt *stmt;   /* EXPLAIN SELECT …, EXPLAIN CREATE …; or */
    ObjectKind what;
    Name name;           /* EXPLAIN [VIEW] v */
} Explain;

typedef struct Subscribe {
    Name view;
    Select *query;       /* SUBSCRIBE TO (SELECT …) */
    bool with_snapshot;
    Expr *since;
} Subscribe;
typedef struct SetOption {
    Name name;           /* a.b is one name with a dot */
    Str value;           /* without quotes */
    bool is_string, is_default; /* SET k = DEFAULT, RESET k */
    Span span;           /* the value */
} SetOption;
typedef struct Backup {
    Str path;
    Span path_span;
} Backup;
typedef struct Copy {
    bool is_to;          /* else FROM */
    Name name;           /* or */
    Select *query;       /* COPY (SELECT …) TO … */
    NameList columns;
    Str path;
    Span path_span;
    OptionList options;
} Copy;

typedef enum StmtKind {
    STMT_SELECT,           /* select */
    STMT_CREATE_STREAM,    /* create_stream: streams and tables */
    STMT_CREATE_VIEW,      /* create_view: views, materialized views, sinks */
    STMT_CREATE_FUNCTION,  /* create_function: aggregates too */
    STMT_CREATE_INDEX,     /* create_index */
    STMT_DROP,             /* drop */
    STMT_ALTER,            /* alter */
    STMT_INSERT,           /* insert */
    STMT_UPDATE,           /* update */
    STMT_DELETE,           /* delete_from */
    STMT_BEGIN,
    STMT_COMMIT,
    STMT_ROLLBACK,
    STMT_SHOW,             /* show */
    STMT_DESCRIBE,         /* describe */
    STMT_EXPLAIN,          /* explain */
    STMT_SUBSCRIBE,        /* subscribe */
    STMT_SET,              /* set; RESET k too */
    STMT_CHECKPOINT,
    STMT_BACKUP,           /* backup */
    STMT_RECOVER,
    STMT_COPY,             /* copy */
    STMT_SQLITE            /* PRAGMA …, EXPLAIN QUERY PLAN …: only `text` */
} StmtKind;

typedef struct Stmt {
    StmtKind kind;
    Span span; /* from its first token to its last, without the semicolon */
    Str text;  /* that part of the script, as written */
    ExprList params; /* every EX_PARAM in it, in the order of the text */
    union {
        Select *select;
        CreateStream *create_stream;
        CreateView *create_view;
        CreateFunction *create_function;
        CreateIndex *create_index;
        Drop *drop;
        Alter *alter;
        Insert *insert;
        Update *update;
        Delete *delete_from;
        Show *show;
        Describe *describe;
        Explain *explain;
        Subscribe *subscribe;
        SetOption *set;
        Backup *backup;
        Copy *copy;
    };
} Stmt;
typedef VEC(Stmt *) StmtList;

#endif
