/* change.c: see change.h. */
#include "exec/engine/change.h"

/* ---- what is changed ------------------------------------------------------------------------------- */

static Status not_changeable(weir *db, const Name *name, const Relation *r, ChangeScope scope)
{
    static const char *const words[] = {[REL_STREAM] = "stream", [REL_TABLE] = "table", [REL_VIEW] = "view",
                                        [REL_MATERIALIZED] = "materialized view", [REL_SINK] = "sink"};
    const char *what = scope == CHANGES_TABLE ? "only rows of tables can be changed" : "rows go into streams and tables";
    return diag_error(&db->diags, WEIR_E_READONLY, name->span, "\"%.*s\" is a %s; %s", STR_ARG(name->text), words[r->kind], what);
}

Status change_find(weir *db, const Name *name, ChangeScope scope, const Relation **out)
{
    const Relation *r = catalog_find(&db->catalog, name->text);
    if (!r)
        return diag_error(&db->diags, WEIR_E_NOT_FOUND, name->span, "there is no %s \"%.*s\"",
                          scope == CHANGES_TABLE ? "table" : "stream or table", STR_ARG(name->text));
    if (r->kind != REL_TABLE && (r->kind != REL_STREAM || scope == CHANGES_TABLE)) return not_changeable(db, name, r, scope);
    if (options_get(&r->options, "connector"))
        return diag_error(&db->diags, WEIR_E_READONLY, name->span, "\"%.*s\" gets its rows from its connector", STR_ARG(name->text));
    if (scope == CHANGES_ROWS_IN) TRY(budget_check(db));
    *out = r;
    return WEIR_OK;
}

void change_init(weir_stmt *s, Change *x, const Relation *rel)
{
    x->s = s;
    x->rel = rel;
    x->rel_id = rel->id;
}

void change_close(Change *x)
{
    if (!x) return;
    change_close_select(x);
    if (x->tx && !x->tx->is_explicit) transaction_free(x->tx);
    x->tx = NULL;
    arena_free(&x->scratch);
}

/* ---- the statement ---------------------------------------------------------------------------------- */

static Status begin(Change *x)
{
    weir_stmt *s = x->s;
    weir *db = s->db;
    TRY(transaction_get_ready(db));
    if (catalog_by_id(&db->catalog, x->rel_id) != x->rel)
        return diag_error(&db->diags, WEIR_E_NOT_FOUND, s->ast->span, "\"%.*s\" has been dropped", STR_ARG(x->rel->name));
    x->env = engine_eval(db);
    x->env.now_us = engine_now(db);
    x->tx = transaction_join(db);
    transaction_begin_statement(x->tx);
    return x->rel->kind == REL_TABLE ? table_edit_open(x->tx, x->rel, &x->edit) : WEIR_OK;
}

static Status do_work(Change *x, Status (*work)(Change *x))
{
    TRY(begin(x));
    if (x->s->mark) mark_set(x->tx, x->rel, x->s->mark_text, x->s->mark);
    return work(x);
}

/* Whatever happens, a failed statement leaves the transaction as it was. */
static Status work_or_undo(Change *x, Status (*work)(Change *x))
{
    OomFrame f;
    Status volatile st = WEIR_E_NOMEM;
    bool volatile is_short = true;
    if (OOM_TRY(&f)) {
        st = do_work(x, work);
        OOM_END(&f);
        is_short = false;
    }
    change_close_select(x);
    if (x->tx && (is_short || st != WEIR_OK)) transaction_undo_statement(x->tx);
    if (is_short) oom_raise();
    return st;
}

static Status finish(Change *x)
{
    Transaction *tx = x->tx;
    if (tx->is_explicit) {
        x->tx = NULL;
        return overlay_show(tx);
    }
    int64_t accepted;
    TRY(transaction_commit(tx, &accepted));
    if (x->rel->kind == REL_STREAM) x->s->changes = accepted;
    x->tx = NULL;
    transaction_free(tx);
    return WEIR_OK;
}

Status change_step(Change *x, Status (*work)(Change *x))
{
    if (!x->is_run) {
        TRY(work_or_undo(x, work));
        TRY(finish(x));
        x->is_run = true;
    }
    if (x->at == x->returned.len) return WEIR_DONE;
    memcpy(x->s->row, x->returned.data[x->at++], (size_t)x->s->ncols * sizeof *x->s->row);
    return WEIR_ROW;
}

/* ---- rows ------------------------------------------------------------------------------------------- */

static Value keep(const Value *v, Arena *a)
{
    Value copy = *v;
    if (!copy.is_null && type_is_text(copy.type.kind)) copy.s = str_dup(a, copy.s);
    return copy;
}

Status change_default(Change *x, int col, Value *out)
{
    const ColumnDef *def = &x->rel->cols[col];
    *out = value_null(def->type);
    if (def->kind != COL_PHYSICAL || !def->default_value) return WEIR_OK;
    TRY(expr_constant(def->default_value, &x->env, &x->tx->arena, out, &x->s->db->diags));
    out->type = def->type;
    return WEIR_OK;
}

static void put_row(Change *x, Batch *b, int from, const Value *row)
{
    for (int i = 0; row && i < x->rel->ncols; i++) b->cols[from + i] = column_const(&x->scratch, &row[i]);
}

Status change_eval(Change *x, const ExprProgram *p, int n, const Value *row, const Value *excluded, Arena *a, Value *out)
{
    Batch b = {.rows = 1, .ncols = x->rel->ncols * (excluded ? 2 : 1), .judge_max = INT64_MIN};
    b.cols = new (&x->scratch, Column, b.ncols);
    put_row(x, &b, 0, row);
    put_row(x, &b, x->rel->ncols, excluded);
    Column *cols = new (&x->scratch, Column, n);
    expr_eval(p, &b, &x->env, &x->scratch, cols);
    for (int k = 0; k < n; k++) {
        const RowError *e = col_is_err(&cols[k], 0) ? column_error(&cols[k], 0) : NULL;
        if (e) return diag_error(&x->s->db->diags, e->code, x->s->ast->span, "%.*s", STR_ARG(e->message));
        Value v = column_value(&cols[k], 0);
        out[k] = keep(&v, a);
    }
    return WEIR_OK;
}

static Status compile_computed(Change *x)
{
    Arena *a = &x->s->arena;
    const Relation *r = x->rel;
    const BExpr **roots = new (a, const BExpr *, r->ncols);
    if (x->computed_cols) return WEIR_OK;
    x->computed_cols = new (a, int32_t, r->ncols);
    for (int i = 0; i < r->ncols; i++) {
        if (r->cols[i].kind != COL_COMPUTED) continue;
        roots[x->ncomputed] = r->cols[i].expr;
        x->computed_cols[x->ncomputed++] = i;
    }
    return x->ncomputed ? expr_compile(roots, x->ncomputed, a, &x->computed, &x->s->db->diags) : WEIR_OK;
}

static Status compute(Change *x, Value *row)
{
    TRY(compile_computed(x));
    if (!x->computed) return WEIR_OK;
    Value *out = new (&x->scratch, Value, x->ncomputed);
    TRY(change_eval(x, x->computed, x->ncomputed, row, NULL, &x->tx->arena, out));
    for (int i = 0; i < x->ncomputed; i++) row[x->computed_cols[i]] = out[i];
    return WEIR_OK;
}

/* Rows by hand are refused before anything is done; a computed time is the scan's to judge. */
static Status check_future(Change *x, const Value *row)
{
    const Relation *r = x->rel;
    int col = r->watermark.col;
    const Option *o = options_get(&r->options, "max_future");
    if (r->kind != REL_STREAM || col < 0 || !o || str_ieq(o->value, S("off"))) return WEIR_OK;
    int64_t now = engine_now(x->s->db), limit;
    bool is_far = !__builtin_add_overflow(now, options_us(&r->options, "max_future", 0), &limit) &&
                  r->cols[col].kind == COL_PHYSICAL && !row[col].is_null && row[col].i > limit;
    if (!is_far) return WEIR_OK;
    return diag_error(&x->s->db->diags, WEIR_E_DATA, x->s->ast->span,
                      "event time \"%.*s\" is further ahead of the clock than max_future allows", STR_ARG(r->cols[col].name));
}

Status change_complete(Change *x, Value *row)
{
    const Relation *r = x->rel;
    TRY(check_future(x, row));
    if (r->kind == REL_TABLE) TRY(compute(x, row)); /* of a stream the scan does it */
    for (int i = 0; i < r->ncols; i++) {
        const ColumnDef *c = &r->cols[i];
        row[i].type = c->type;
        bool is_time = i == r->watermark.col && !r->watermark.drop_null_time && !r->watermark.keep_null_time;
        if (!row[i].is_null || (!c->not_null && !c->primary_key && !is_time)) continue;
        if (r->kind == REL_STREAM && c->kind != COL_PHYSICAL) continue;
        return diag_error(&x->s->db->diags, WEIR_E_DATA, x->s->ast->span, is_time ? "event time \"%.*s\" is missing"
                          : "column \"%.*s\" is NULL but declared NOT NULL", STR_ARG(c->name));
    }
    return WEIR_OK;
}

/* ---- RETURNING -------------------------------------------------------------------------------------- */

/* What a stream's computed column takes from the clock or the row's place is known when the row is accepted. */
static Status check_returning(const Change *x)
{
    const Relation *r = x->rel;
    bool *used = new (&x->s->arena, bool, r->ncols);
    for (ptrdiff_t i = 0; i < x->returning.exprs.len; i++) bexpr_columns(x->returning.exprs.data[i], used);
    for (int i = 0; i < r->ncols && r->kind == REL_STREAM; i++) {
        if (!used[i] || r->cols[i].kind == COL_PHYSICAL) continue;
        if (r->cols[i].kind == COL_COMPUTED && !r->cols[i].expr->is_volatile) continue;
        return diag_error(&x->s->db->diags, WEIR_E_TYPE, x->s->ast->span,
                          "RETURNING: column \"%.*s\" has its value when the stream has accepted the row", STR_ARG(r->cols[i].name));
    }
    return WEIR_OK;
}

Status change_returning(Change *x, const Name *alias, const SelectItemList *items)
{
    weir_stmt *s = x->s;
    Planner p = statement_planner(s);
    if (!items->len) return WEIR_OK;
    TRY(dml_returning(&p, x->rel, alias, items, &x->returning));
    TRY(check_returning(x));
    s->ncols = (int32_t)x->returning.fields.len;
    s->cols = x->returning.fields.data;
    s->row = new (&s->arena, Value, s->ncols);
    const BExpr *const *roots = (const BExpr *const *)x->returning.exprs.data;
    return expr_compile(roots, s->ncols, &s->arena, &x->returning_program, &s->db->diags);
}

Status change_return(Change *x, const Value *row)
{
    if (!x->returning_program) return WEIR_OK;
    Value *out = new (&x->s->arena, Value, x->s->ncols);
    if (x->rel->kind == REL_STREAM) {
        Value *whole = new (&x->scratch, Value, x->rel->ncols);
        memcpy(whole, row, (size_t)x->rel->ncols * sizeof *whole);
        TRY(compute(x, whole));
        row = whole;
    }
    TRY(change_eval(x, x->returning_program, x->s->ncols, row, NULL, &x->s->arena, out));
    vec_push(&x->returned, &x->s->arena, out);
    return WEIR_OK;
}
