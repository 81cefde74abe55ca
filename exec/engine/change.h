/* change.h: what INSERT, UPDATE and DELETE have in common: the relation, the SELECT that brings rows,
 * rows completed and checked, RETURNING, and the transaction around it. */
#ifndef WEIR_EXEC_CHANGE_H
#define WEIR_EXEC_CHANGE_H

#include "exec/engine/statement.h"
#include "exec/engine/transaction.h"

/* A cast to a column's type, compiled for the type that came last. */
typedef struct Caster {
    Type from;
    ExprProgram *program; /* NULL: none yet */
} Caster;

typedef struct Change {
    weir_stmt *s;
    const Relation *rel;
    int64_t rel_id;         /* it may be dropped before the step */
    Transaction *tx;        /* while the statement works */
    TableEdit *edit;        /* of a table */
    Arena scratch;          /* of one row */
    EvalEnv env;
    weir_stmt *select;      /* where rows come from, while they are read */
    Stmt select_ast;
    Caster *casters;        /* per column of the SELECT */
    ExprProgram *computed;  /* of the relation's computed columns; NULL: none, or not yet */
    int32_t *computed_cols, ncomputed;
    RowExprs returning;
    ExprProgram *returning_program;
    VEC(Value *) returned;
    ptrdiff_t at;           /* next of `returned` */
    bool is_run;
} Change;

/* What may be changed by a statement: "rows go into" streams and tables; of tables alone. */
typedef enum ChangeScope { CHANGES_ROWS_IN, CHANGES_TABLE } ChangeScope;
Status change_find(weir *db, const Name *name, ChangeScope scope, const Relation **out);
void change_init(weir_stmt *s, Change *x, const Relation *rel);
Status change_returning(Change *x, const Name *alias, const SelectItemList *items);
/* One step of the statement: `work` the first time, in a transaction, then the rows of RETURNING. */
Status change_step(Change *x, Status (*work)(Change *x));
void change_close(Change *x);

/* ---- insert.c: rows that come in batches, all of them or none ----------------------------------- */
typedef struct RowFeed RowFeed;
struct RowFeed {
    Status (*next)(RowFeed *f, const Batch **out); /* *out NULL: no more */
    int32_t *targets, ntargets; /* columns of the relation that those of the batches are for */
    int32_t row;         /* of the batch, from 1, that is in work; 0: none */
};
/* Carried out by `s`, a statement that is an INSERT and nothing else yet; WEIR_DONE: they are in. */
Status insert_feed(weir_stmt *s, const Relation *rel, RowFeed *feed);

/* ---- its SELECT -------------------------------------------------------------------------------- */
/* Finds the errors of q and what columns it has, without running it. */
Status change_check_select(weir_stmt *s, const Select *q, Field **cols, int *ncols);
/* Whether values of the columns can become values of the relation's. */
Status change_check_casts(Change *x, const Field *cols, const int32_t *targets, int n, Span at);
Status change_open_select(Change *x, const Select *q);
/* The next row; its values are those of the SELECT until the next call. False: no more. */
Status change_next(Change *x, bool *row);
void change_close_select(Change *x);
/* Value i of the current row, as one of column `col` of the relation, in the transaction's memory. */
Status change_value(Change *x, int i, int col, Value *out);

/* ---- rows --------------------------------------------------------------------------------------- */
/* The value a column has when none is given. */
Status change_default(Change *x, int col, Value *out);
/* Fills computed columns and refuses what the relation does not take. */
Status change_complete(Change *x, Value *row);
/* An expression over one row (or the row and `excluded`), in `a`. */
Status change_eval(Change *x, const ExprProgram *p, int n, const Value *row, const Value *excluded, Arena *a, Value *out);
/* What RETURNING shows of a row; of a stream's, whose computed columns the scan fills, as they will be. */
Status change_return(Change *x, const Value *row);

#endif
