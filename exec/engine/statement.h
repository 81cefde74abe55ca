/* statement.h: one prepared statement: what it is, its columns, where its rows come from. */
#ifndef WEIR_EXEC_STATEMENT_H
#define WEIR_EXEC_STATEMENT_H

#include "exec/engine/engine.h"
#include "storage/sql.h"

typedef struct StatementClass StatementClass;

struct weir_stmt {
    weir *db;
    const StatementClass *cls;
    Arena arena;          /* as long as the statement */
    Arena source;         /* its text and AST, where it owns them */
    Arena row_arena;      /* texts of the current row */
    const Stmt *ast;
    Str text, file;       /* the script it came from, for messages */
    Str base_dir;
    int32_t ncols;
    Field *cols;
    Value *row;
    int32_t weight;
    int64_t changes;
    bool is_push, has_retractions, is_started, is_done;
    void *impl;           /* the class's */
};

/* A kind of statement. `prepare` checks everything that can be checked without doing it and says
 * what columns there will be; `step` gives WEIR_ROW with row and weight filled, WEIR_DONE, or an
 * error. */
struct StatementClass {
    Status (*prepare)(weir_stmt *s);
    Status (*step)(weir_stmt *s);
    void (*close)(weir_stmt *s); /* or NULL */
};

/* ---- statement.c ---- */
/* Makes a statement of an AST that lives in s->arena or longer. */
Status statement_new(weir *db, const Stmt *ast, Str text, Str file, Str base_dir, weir_stmt **out);
void statement_close(weir_stmt *s);
Planner statement_planner(weir_stmt *s);
/* Declares n columns of a type. */
void statement_columns(weir_stmt *s, const char *const *names, int n, Type t);
/* Changes something: definitions, settings. */
bool statement_is_definition(StmtKind k);
Status statement_unsupported(weir_stmt *s, const char *what);

/* ---- pull.c ---- */
extern const StatementClass pull_statement, sql_statement;
/* A SELECT in SQLite's own SQL, on the reading connection. */
Status pull_prepare_sql(weir_stmt *s, Str sql);
/* ---- push.c ---- */
extern const StatementClass push_statement;
/* ---- insert.c ---- */
extern const StatementClass insert_statement;
/* Commits the rows given by hand that wait in the scans. */
Status engine_take_inserts(weir *db);
/* ---- script.c ---- */
/* Carries out definitions in one transaction. */
typedef struct DefineOptions {
    bool check_only;
    bool reregister; /* the same definition again is no error; a changed view replaces the old */
} DefineOptions;
Status script_define(weir *db, Stmt *const *stmts, int n, Str base_dir, const DefineOptions *o);

#endif
