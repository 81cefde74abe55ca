/* statement.h: one prepared statement: what it is, its columns, where its rows come from. */
#ifndef WEIR_EXEC_STATEMENT_H
#define WEIR_EXEC_STATEMENT_H

#include "exec/engine/engine.h"
#include "storage/sql.h"

typedef struct StatementClass StatementClass;
typedef struct Parameter Parameter;

struct weir_stmt {
    weir *db;
    const StatementClass *cls;
    int64_t deadline_us; /* of this step, by the monotonic clock; INT64_MAX: none */
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
    bool is_push, has_retractions, reads_engine, is_done;
    bool goes_on;         /* WEIR_DONE is not its end */
    int mark;             /* of a registered file: runs once, as the nth of its text; 0: no */
    Str mark_text;
    bool is_failed;       /* a step ended in an error, or is not back yet */
    Parameter *parameters; /* parameters.c */
    int nparameters;
    int *parameter_of;    /* of each of the tree's params, from 0 */
    bool is_started;      /* a step has been made since the beginning, or weir_reset */
    bool must_plan;       /* before the next step: values have been bound, or it has been reset */
    const char **names, **types; /* of the columns, as C strings */
    weir_stmt *next, *previous;  /* among the engine's */
    void *impl;           /* the class's */
};

/* A kind of statement. `prepare` checks everything that can be checked without doing it and says
 * what columns there will be; `step` gives WEIR_ROW with row and weight filled, WEIR_DONE, WEIR_IDLE
 * where it waits for rows and the deadline has passed, or an error. */
struct StatementClass {
    Status (*prepare)(weir_stmt *s);
    Status (*step)(weir_stmt *s);
    void (*close)(weir_stmt *s); /* or NULL */
};

/* ---- statement.c ---- */
/* Makes an empty statement of the engine; what it is made of lives in its arenas or longer. */
weir_stmt *statement_new(weir *db);
Status statement_prepare(weir_stmt *s, const Stmt *ast, Str text, Str file, Str base_dir);
void statement_close(weir_stmt *s);
/* One step of a statement inside another. */
Status statement_next(weir_stmt *s);
/* The engine goes: the statement can only be finalized any more. */
void statement_abandon(weir_stmt *s);
/* Finds the errors of one that is not to be run; its tables need not exist yet. */
Status statement_check(weir_stmt *s, const Stmt *ast, Str text, Str file, Str base_dir);
Planner statement_planner(weir_stmt *s);
/* Declares n columns of a type. */
void statement_columns(weir_stmt *s, const char *const *names, int n, Type t);
/* Changes something: definitions, settings. */
bool statement_is_definition(StmtKind k);
Status statement_unsupported(weir_stmt *s, const char *what);

/* ---- parameters.c ---- */
/* Numbers the parameters of a statement that takes them, once. */
Status parameters_find(weir_stmt *s, const Stmt *ast);
/* Their values take their places in the tree, until the next call; the literals live in s->arena. */
void parameters_put(weir_stmt *s, const Stmt *ast);
void parameters_free(weir_stmt *s);

/* ---- pull.c ---- */
extern const StatementClass pull_statement, sql_statement;
/* A SELECT in SQLite's own SQL, on the reading connection. */
Status pull_prepare_sql(weir_stmt *s, Str sql);
/* How SQLite goes about it, a line a step. */
Status pull_query_plan(weir_stmt *s, StrBuf *out);
/* The current row of a reader's statement, its columns from number `from` on. */
void pull_take_row(weir_stmt *s, sqlite3_stmt *handle, int from);
/* ---- subscribe.c ---- */
extern const StatementClass subscribe_statement;
/* ---- push.c ---- */
extern const StatementClass push_statement;
/* Its operators. */
const Query *push_query(const weir_stmt *s);
/* ---- explain.c ---- */
extern const StatementClass explain_statement;
/* ---- insert.c ---- */
extern const StatementClass insert_statement;
/* ---- copy.c ---- */
extern const StatementClass copy_statement;
/* ---- modify.c ---- */
extern const StatementClass update_statement, delete_statement;
extern const StatementClass begin_statement, commit_statement, rollback_statement;
/* ---- script.c ---- */
typedef struct DefineOptions {
    Shelf *shelf;    /* where the statements are, and what is made of them */
    bool check_only; /* changes nothing; `then` runs while the definitions hold */
    bool reregister; /* the same definition again is no error; a changed view replaces the old */
    weir_change_each change; /* told what each definition does, or NULL */
    void *change_arg;
    Status (*then)(void *arg);
    void *then_arg;
} DefineOptions;
/* Carries out definitions in one transaction: all of them, or none. */
Status script_define(weir *db, Stmt *const *stmts, int n, Str base_dir, const DefineOptions *o);

#endif
