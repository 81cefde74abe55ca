/* modify.c: UPDATE and DELETE of rows of a table.
 *
 * The rows are found by a SELECT (planner/dml.c) that sees the database and what the transaction has
 * changed. All new rows are made before the first is put in place, so that keys may change places. */
#include "exec/engine/change.h"

typedef struct NewRow {
    RowEdit *edit;
    const Value *row;
} NewRow;

typedef struct ModifyStatement {
    Change change;
    const Select *rows;
    int32_t *targets; /* UPDATE: columns that are assigned */
    int32_t ntargets;
} ModifyStatement;

static ModifyStatement *modify_of(Change *x) { return (ModifyStatement *)x; }

static Status modify_init(weir_stmt *s, const Name *table, ModifyStatement **out)
{
    const Relation *rel;
    TRY(change_find(s->db, table, CHANGES_TABLE, &rel));
    ModifyStatement *m = s->impl = new_one(&s->arena, ModifyStatement);
    change_init(s, &m->change, rel);
    *out = m;
    return WEIR_OK;
}

static void modify_close(weir_stmt *s) { change_close(s->impl); }

/* ---- DELETE ----------------------------------------------------------------------------------------- */

static Status delete_prepare(weir_stmt *s)
{
    const Delete *q = s->ast->delete_from;
    Planner p = statement_planner(s);
    ModifyStatement *m;
    Field *cols;
    int n;
    TRY(modify_init(s, &q->table, &m));
    m->rows = dml_delete_rows(&p, q);
    TRY(change_check_select(s, m->rows, &cols, &n));
    return change_returning(&m->change, &q->alias, &q->returning);
}

static Status delete_work(Change *x)
{
    bool row;
    TRY(change_open_select(x, modify_of(x)->rows));
    for (;;) {
        RowEdit *r;
        TRY(change_next(x, &row));
        if (!row) return WEIR_OK;
        TRY(table_edit_row(x->edit, x->select->row[0].i, &r));
        if (!r->now) continue;
        TRY(change_return(x, r->now));
        table_edit_remove(x->edit, r);
        x->s->changes++;
    }
}

static Status delete_step(weir_stmt *s) { return change_step(s->impl, delete_work); }

/* ---- UPDATE ----------------------------------------------------------------------------------------- */

static Status update_prepare(weir_stmt *s)
{
    const Update *q = s->ast->update;
    Planner p = statement_planner(s);
    ModifyStatement *m;
    Field *cols;
    int n;
    TRY(modify_init(s, &q->table, &m));
    m->ntargets = (int32_t)q->assignments.len;
    TRY(dml_assigned(&p, m->change.rel, &q->assignments, &m->targets));
    m->rows = dml_update_rows(&p, q);
    TRY(change_check_select(s, m->rows, &cols, &n));
    TRY(change_check_casts(&m->change, cols + 1, m->targets, m->ntargets, q->table.span));
    return change_returning(&m->change, &q->alias, &q->returning);
}

static bool is_default(const Change *x, int i)
{
    return x->s->ast->update->assignments.data[i].value->kind == EX_DEFAULT;
}

static Status make_row(Change *x, const RowEdit *r, const Value **out)
{
    const ModifyStatement *m = modify_of(x);
    Value *row = new (&x->tx->arena, Value, x->rel->ncols);
    memcpy(row, r->now, (size_t)x->rel->ncols * sizeof *row);
    for (int i = 0; i < m->ntargets; i++) {
        int col = m->targets[i];
        TRY(is_default(x, i) ? change_default(x, col, &row[col]) : change_value(x, i + 1, col, &row[col]));
    }
    TRY(change_complete(x, row));
    *out = row;
    return WEIR_OK;
}

static Status put_row(Change *x, const NewRow *n)
{
    RowEdit *taken;
    TRY(table_edit_find(x->edit, n->row, &taken));
    if (taken && taken != n->edit)
        return diag_error(&x->s->db->diags, WEIR_E_DATA, x->s->ast->span, "table \"%.*s\" has a row with the key %.*s already",
                          STR_ARG(x->rel->name), STR_ARG(table_edit_key_text(x->edit, n->row, &x->scratch)));
    table_edit_change(x->edit, n->edit, n->row);
    x->s->changes++;
    return change_return(x, n->row);
}

/* A row that FROM matches more than once changes once, by the first match. */
static Status update_work(Change *x)
{
    VEC(NewRow) made = {0};
    bool row;
    TRY(change_open_select(x, modify_of(x)->rows));
    for (;;) {
        NewRow n;
        TRY(change_next(x, &row));
        if (!row) break;
        TRY(table_edit_row(x->edit, x->select->row[0].i, &n.edit));
        if (!n.edit->now || n.edit->statement == x->tx->statement) continue;
        n.edit->statement = x->tx->statement;
        TRY(make_row(x, n.edit, &n.row));
        vec_push(&made, &x->tx->arena, n);
    }
    for (ptrdiff_t i = 0; i < made.len; i++) table_edit_release(x->edit, made.data[i].edit);
    for (ptrdiff_t i = 0; i < made.len; i++) TRY(put_row(x, &made.data[i]));
    return WEIR_OK;
}

static Status update_step(weir_stmt *s) { return change_step(s->impl, update_work); }

const StatementClass update_statement = {update_prepare, update_step, modify_close};
const StatementClass delete_statement = {delete_prepare, delete_step, modify_close};

/* ---- BEGIN, COMMIT, ROLLBACK ------------------------------------------------------------------------- */

static Status no_preparation(weir_stmt *s)
{
    (void)s;
    return WEIR_OK;
}

static Status begin_step(weir_stmt *s)
{
    TRY(engine_can(s->db, NEED_WRITE));
    TRY(transaction_none(s->db, "BEGIN is not possible", s->ast->span));
    s->db->transaction = transaction_new(s->db);
    s->db->transaction->is_explicit = true;
    return WEIR_DONE;
}

static Status no_transaction(weir_stmt *s, const char *what)
{
    return diag_error(&s->db->diags, WEIR_E_MISUSE, s->ast->span, "%s without BEGIN", what);
}

/* One that fails before the commit began leaves the transaction as it is. */
static Status commit_step(weir_stmt *s)
{
    Transaction *tx = s->db->transaction;
    if (!tx) return no_transaction(s, "COMMIT");
    Status st = transaction_commit(tx, NULL);
    if (st != WEIR_OK && !tx->is_handed_on) return st;
    s->db->transaction = NULL;
    transaction_free(tx);
    return st == WEIR_OK ? WEIR_DONE : st;
}

static Status rollback_step(weir_stmt *s)
{
    Transaction *tx = s->db->transaction;
    if (!tx) return no_transaction(s, "ROLLBACK");
    s->db->transaction = NULL;
    transaction_free(tx);
    return WEIR_DONE;
}

const StatementClass begin_statement = {no_preparation, begin_step, NULL};
const StatementClass commit_statement = {no_preparation, commit_step, NULL};
const StatementClass rollback_statement = {no_preparation, rollback_step, NULL};
