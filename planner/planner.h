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
/* The declared columns of a connector that brings its own (nexmark, datagen); false: none. */
typedef bool (*ConnectorSchema)(void *arg, const ConnectorDef *c, const Options *o,
                                const ColumnDef **cols, int *ncols);

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
    bool strict;              /* SET strict: unbounded state is refused */
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
/* Checks WITH options against lists (unknown keys name the near ones, values fit their types). */
Status ddl_options(Planner *p, const OptionList *given, const OptionDef *const *lists, int nlists, Options *out);
/* SET k = v against registry->settings; *out is the canonical value. */
Status ddl_setting(Planner *p, Name name, Str value, Span at, Str *out);
/* Names of the relations that depend on r, for DROP. */
int ddl_dependants(const Catalog *c, const Relation *r, Relation **out, int max);

/* ---- planner/explain.c: plans as text --------------------------------------------------------- */
typedef enum ExplainFormat { EXPLAIN_TEXT, EXPLAIN_JSON, EXPLAIN_DOT } ExplainFormat;
void explain_plan(const PhysPlan *plan, ExplainFormat f, StrBuf *out);

/* ---- planner/pull.c: pull queries as SQLite's SQL --------------------------------------------- */
/* Checks names against the catalog and writes the SELECT in SQLite's dialect; weir's functions
 * are called by their names, which exec registers on the connection. */
Status pull_translate(Planner *p, const Select *q, StrBuf *out);

#endif
