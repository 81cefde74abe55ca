/* planner.h: from a statement's AST to what exec runs.
 *
 * The planner reads the catalog, reports errors with their spans, and never touches files or
 * runtime structures (file reading for inference is a callback). All results live in the arena
 * given. */
#ifndef WEIR_PLANNER_PLANNER_H
#define WEIR_PLANNER_PLANNER_H

#include "parser/ast.h"
#include "planner/physical.h"

/* Columns of a file named in SQL, found by reading its head: CREATE STREAM s FROM 'x.ndjson',
 * SELECT … FROM 'x.csv'. Fills rel->cols, watermark and options (connector, path, format). */
typedef Status (*InferFile)(void *arg, Str path, const Options *given, Relation *rel, Span at, Diags *d);
/* The columns of a connector that brings its own (nexmark, datagen); false: none. *time_column (empty:
 * none) is its event time where the statement declares none, *delay_us its watermark's delay. */
typedef bool (*ConnectorSchema)(void *arg, const ConnectorDef *c, const Options *o,
                                const ColumnDef **cols, int *ncols, Str *time_column, int64_t *delay_us);

typedef struct Planner {
    Catalog *catalog;
    Arena *arena;
    Diags *diags;
    Str base_dir;             /* relative paths in the statement are relative to this */
    InferFile infer_file;
    ConnectorSchema connector_schema;
    void *callback_arg;
    /* Evaluates a constant expression (folding options, defaults, LIMIT): exec's expr_constant. */
    Status (*constant)(void *arg, const BExpr *e, Arena *a, Value *out, Diags *d);
    Str time_zone;            /* of calendar windows; empty: the setting's */
    bool rows_by_hand;        /* connectors are checked and then forgotten: a rehearsal */
    bool may_redefine;        /* names that are taken are the caller's business */
    bool strict;              /* SET strict: unbounded state is refused */
    const char *rules_off;    /* rewrite rules not to use, "fold,prune"; "all"; NULL: use all */
    /* Whether the database has a table or view of that name that is not weir's own relation, with
     * its columns (types by declaration, TYPE_NULL where none is declared; *ncols 0: not known).
     * NULL: pull queries reach the catalog's relations and names that begin with weir_. */
    bool (*sqlite_table)(void *arg, Str name, Arena *a, Field **cols, int *ncols);
} Planner;

/* ---- planner/bind_expr.c: expressions --------------------------------------------------------- */
/* Binds `e` over the columns of one relation (computed columns, watermark conditions, filters). */
Status plan_scalar(Planner *p, const Expr *e, const Relation *rel, BExpr **out);
/* Inserts the cast of e to t where needed; `implicit`: refuses what is not implicitly castable. */
Status plan_cast(Planner *p, BExpr *e, Type t, bool implicit, BExpr **out);
/* The type an AST type name denotes. */
Status plan_type(Planner *p, const TypeName *t, Type *out);

/* ---- planner/plan_select.c: queries ----------------------------------------------------------- */
/* Plans a query as the body of materialized view or sink `rel` (its name, options; fills rel's
 * cols, properties, key, depends, emit_final) or, with rel == NULL, as a push query. */
Status plan_query(Planner *p, const Select *q, Relation *rel, PhysPlan **out);
/* The columns of a query without planning it further (CREATE VIEW): fills rel->cols, depends. */
Status plan_view_shape(Planner *p, const Select *q, Relation *rel);
/* Whether a SELECT reads a stream (directly or through views): push; else pull. Reports unknown
 * names. */
Status plan_is_push(Planner *p, const Select *q, bool *out);

/* ---- planner/ddl.c: definitions --------------------------------------------------------------- */
/* CREATE STREAM / TABLE (with connector): columns, types, watermark, options all checked. */
Status ddl_stream(Planner *p, const CreateStream *s, Relation **out);
/* CREATE [MATERIALIZED] VIEW, CREATE SINK: shape and plan. */
Status ddl_view(Planner *p, const CreateView *s, Relation **out);
/* Plans a materialized view anew, as saved, by the planner's rules. An error leaves it as it was. */
Status ddl_plan_again(Planner *p, const CreateView *s, Relation *rel);
/* late_into: a column that is made by what refused the row: window_start, window_end, watermark. */
bool late_is_own(Str name);
/* Checks WITH options against lists (unknown keys name the near ones, values fit their types). */
Status ddl_options(Planner *p, const OptionList *given, const OptionDef *const *lists, int nlists, Options *out);
/* SET k = v against registry->settings; *out is the canonical value. */
Status ddl_setting(Planner *p, Name name, Str value, Span at, Str *out);
/* The relations that read r, directly or through others, nearest first: dropping them from the
 * last to the first is safe. Fills at most max; returns how many there are. */
int ddl_dependants(const Catalog *c, const Relation *r, Relation **out, int max);
/* Refuses names that are weir's or SQLite's own and, unless may_exist, names that are taken.
 * ddl_stream and ddl_view call it; may_exist there is OR REPLACE or IF NOT EXISTS. */
Status ddl_check_name(Planner *p, const Name *name, bool may_exist);

/* ---- planner/dml.c: statements that change rows ----------------------------------------------- */
/* The pull query of an UPDATE or DELETE: its rows, as the number each has in the table's own table
 * (its `_id`); then, of an UPDATE, the values assigned, in order (NULL where DEFAULT is). */
Select *dml_update_rows(Planner *p, const Update *s);
Select *dml_delete_rows(Planner *p, const Delete *s);
/* The columns that are named, or assigned to: physical, none twice. */
Status dml_targets(Planner *p, const Relation *rel, const NameList *names, int32_t **out);
Status dml_assigned(Planner *p, const Relation *rel, const AssignmentList *set, int32_t **out);
/* ON CONFLICT DO UPDATE: the values assigned, of their columns' types, and the condition (or NULL), over
 * the columns of the row that is there, then those of `excluded`. */
Status dml_conflict(Planner *p, const Relation *rel, const Insert *s, BExpr ***values, BExpr **where);
/* RETURNING, over the columns of the row. */
typedef struct RowExprs {
    VEC(BExpr *) exprs;
    VEC(Field) fields;
} RowExprs;
Status dml_returning(Planner *p, const Relation *rel, const Name *alias, const SelectItemList *items, RowExprs *out);

/* ---- planner/show.c: the catalog as rows of text ---------------------------------------------- */
typedef struct TextRows {
    const char *const *names; /* of the columns */
    int32_t ncols;
    VEC(Str *) rows;          /* rows[i][col]; .p NULL: NULL */
} TextRows;
/* SHOW STREAMS, TABLES, VIEWS, SINKS, FUNCTIONS, SETTINGS [LIKE …], SHOW CREATE n, SHOW setting. */
Status show_rows(Planner *p, const Show *s, TextRows *out);
Status describe_rows(Planner *p, const Describe *s, TextRows *out);
/* SHOW JOBS [LIKE …], SHOW ERRORS [FROM s] [LIKE …]: SQLite's SQL to run instead on the reading
 * connection. Otherwise show_rows answers it. */
Status show_query(Planner *p, const Show *s, bool *is_query, StrBuf *sql);

/* ---- planner/explain.c: plans as text --------------------------------------------------------- */
typedef enum ExplainFormat { EXPLAIN_TEXT, EXPLAIN_JSON, EXPLAIN_DOT, EXPLAIN_SVG } ExplainFormat;
/* What an operator has done, where the plan is at work. */
typedef struct OpActual {
    int64_t rows_in, rows_out, batches;
    int64_t time_us;      /* its own, without what it handed rows on to */
    int64_t state_rows, state_bytes; /* -1: it keeps none */
    int64_t watermark_us; /* INT64_MIN: none; INT64_MAX: the input has ended */
    bool has_rates;       /* the last seconds: */
    double in_per_s, out_per_s, busy; /* busy: part of the time */
} OpActual;
/* `actual`: one per operator, or NULL. */
void explain_plan(const PhysPlan *plan, ExplainFormat f, const OpActual *actual, StrBuf *out);
/* One line: what the operator is to do, without its columns and what follows from it. */
Str explain_detail(const PhysPlan *plan, const PhysOp *op, Arena *a);
/* "Aggregate" */
const char *explain_kind(const PhysOp *op);

/* ---- planner/pull.c: pull queries as SQLite's SQL --------------------------------------------- */
/* An expression that SQLite cannot compute as weir means it. In the SQL it stands as
 *     weir_expr(:weir, i, x0, x1, …)     i: its index in PullQuery.exprs
 * `expr` reads column k where xk stands. Arguments come as they stand in views (view_column's
 * forms; a TIMESTAMP may come as INTEGER milliseconds) and as what SQLite makes of them, so a value
 * may have another storage class than its type; the result goes back in view_column's default
 * form of expr->type. */
typedef struct PullExpr {
    BExpr *expr;
    const Type *types; /* of the arguments */
    int32_t nargs;
    const Str *text;   /* the arguments as SQL: with expr, what makes it equal to another */
} PullExpr;

/* What exec has to bring on the connection and statement that run `sql`:
 *   weir_expr(ptr, i, …)  deterministic, any number of arguments; ptr is what exec binds to the
 *                         parameter :weir (sqlite3_bind_pointer), to find `exprs`. A value in
 *                         error: the statement fails with it
 *   COLLATE weir_decimal  texts of DECIMAL by value
 *   COLLATE weir_interval texts of INTERVAL by value (month 30 days, day 24 hours) */
typedef struct PullQuery {
    Str sql;
    PullExpr *exprs;
    int32_t nexprs;
    Field *cols;       /* of the result; type TYPE_NULL where it is not known */
    int32_t ncols;
} PullQuery;
/* Checks names and types against the catalog and writes the SELECT in SQLite's dialect. */
Status pull_translate(Planner *p, const Select *q, PullQuery *out);

#endif
