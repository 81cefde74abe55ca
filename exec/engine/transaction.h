/* transaction.h: what statements change, between their beginning and their commit.
 *
 * Rows of tables and of streams without connector wait here: nothing of it is in an operator before
 * the commit, which puts all of it into one epoch. So a statement, or all of BEGIN … COMMIT, is in the
 * views at one commit or not at all, and to take it back is to forget it. A statement without BEGIN
 * has a transaction of its own. */
#ifndef WEIR_EXEC_TRANSACTION_H
#define WEIR_EXEC_TRANSACTION_H

#include "exec/engine/engine.h"
#include "exec/state/id_map.h"
#include "storage/view_reader.h"

/* One row of a table: as the database has it, and as it is to be. Both NULL: came and went. */
typedef struct RowEdit {
    int64_t id;          /* of the database's row; negative: the transaction's */
    const Value *old;    /* NULL: not in the database */
    const Value *now;    /* NULL: not there */
    uint64_t statement;  /* that changed it last */
    bool is_shown;       /* in the overlay as it is now */
} RowEdit;

typedef struct TableEdit TableEdit;
struct TableEdit {
    TableEdit *next;
    Transaction *tx;
    const Relation *rel;
    int64_t rel_id;
    ViewReader *reader;  /* of rows by id */
    VEC(RowEdit *) rows; /* in the order in which they were first touched */
    IdMap by_id;         /* id -> index in rows */
    IdMap by_key;        /* key -> id of the row that has it, 0: none */
    StrBuf key;
    bool has_overlay;    /* overlay.c */
};

typedef struct Undo {
    RowEdit *row;        /* was `now`; or */
    const Value *now;
    IdEntry *slot;       /* had `id` */
    int64_t id;
} Undo;

typedef struct StreamRows {
    const Relation *rel;
    int64_t rel_id;
    Batch *batches;
    int nbatches;
} StreamRows;

struct Transaction {
    weir *db;
    Arena arena;
    TableEdit *tables;
    VEC(StreamRows) streams;
    VEC(Undo) undo;       /* of the statement in work */
    VEC(StateBlob) marks; /* statements of files that have run: marks.c */
    uint64_t statement;   /* number of the one in work */
    int64_t last_id;      /* of a new row, counting down */
    bool is_explicit;     /* BEGIN */
    bool is_handed_on;    /* to the operators: it can no longer be taken back */
};

/* ---- transaction.c ------------------------------------------------------------------------------ */
/* The one that BEGIN opened, or a new one that ends with the statement. */
Transaction *transaction_join(weir *db);
Transaction *transaction_new(weir *db);
/* Forgets everything. NULL is allowed. */
void transaction_free(Transaction *tx);
/* A statement begins: what it changes can be taken back up to here; it failed. */
void transaction_begin_statement(Transaction *tx);
void transaction_undo_statement(Transaction *tx);
/* Rows for a stream; they are copied. */
void transaction_add_stream(Transaction *tx, const Relation *rel, const Batch *batches, int n);
/* What must be done before a commit, so that nothing but it is left to fail. */
Status transaction_get_ready(weir *db);
/* All of it, in one epoch; *accepted (or NULL): rows that streams took. */
Status transaction_commit(Transaction *tx, int64_t *accepted);
/* Refuses what is not possible between BEGIN and COMMIT. */
Status transaction_none(weir *db, const char *what, Span at);

/* ---- table_edit.c ------------------------------------------------------------------------------- */
Status table_edit_open(Transaction *tx, const Relation *rel, TableEdit **out);
void table_edit_close(TableEdit *e);
/* The row of an id of the database's or the transaction's. */
Status table_edit_row(TableEdit *e, int64_t id, RowEdit **out);
/* The row that has the key of `row`; *out NULL: none. A table without primary key has none. */
Status table_edit_find(TableEdit *e, const Value *row, RowEdit **out);
/* Adds a row, changes one, removes it. The key must be free. */
void table_edit_add(TableEdit *e, const Value *row);
void table_edit_change(TableEdit *e, RowEdit *r, const Value *row);
void table_edit_remove(TableEdit *e, RowEdit *r);
/* Gives up the key of a row that is about to be changed. */
void table_edit_release(TableEdit *e, const RowEdit *r);
/* "(1, 'a')": the key of a row, for messages. */
Str table_edit_key_text(const TableEdit *e, const Value *row, Arena *a);
/* Hands its changes to the operators of the table; and, with WATERMARK, its versions to the scan of them. */
Status table_edit_push(TableEdit *e);

/* ---- overlay.c: what a SELECT inside a transaction sees ----------------------------------------- */
/* Shows on the reading connection what the transaction has changed so far; and no longer. */
Status overlay_show(Transaction *tx);
void overlay_hide(Transaction *tx);

/* ---- marks.c: statements of a file run once ----------------------------------------------------- */
/* Whether the nth statement of this text has run for the relation already. */
Status mark_is_set(weir *db, const Relation *rel, Str text, int nth, bool *is_set);
void mark_set(Transaction *tx, const Relation *rel, Str text, int nth);

#endif
