/* insert.c: rows by hand: INSERT and weir_push, for streams without a connector. */
#include "exec/engine/statement.h"

#include "exec/format/format.h"

/* ---- taking them in --------------------------------------------------------------------------------- */

/* One epoch of nothing but the rows that wait; views read afterwards show them. */
Status engine_take_inserts(weir *db)
{
    if (db->faulted) return engine_fault(db, "", S(""));
    for (bool worked = true; worked;) {
        worked = false;
        TRY(engine_catch_up(db, &worked));
    }
    engine_begin_epoch(db);
    for (ptrdiff_t i = 0; i < db->queries.len; i++) query_begin(db->queries.data[i], &db->epoch);
    for (ptrdiff_t i = 0; i < db->scans.len; i++) {
        if (scan_has_source(db->scans.data[i])) continue;
        ScanStatus st;
        while ((st = scan_poll(db->scans.data[i], &db->epoch, NULL, 0)) == SCAN_ROWS) {}
        if (st == SCAN_FAILED) return engine_fault(db, "rows by hand failed", db->diags.list.data[0].message);
    }
    return engine_commit(db);
}

static Status insertable(weir *db, Str name, Span at, Relation **out)
{
    Relation *r = catalog_find(&db->catalog, name);
    if (!r) return diag_error(&db->diags, WEIR_E_NOT_FOUND, at, "there is no stream \"%.*s\"", STR_ARG(name));
    if (r->kind != REL_STREAM)
        return diag_error(&db->diags, WEIR_E_READONLY, at, "\"%.*s\" is not a stream; rows go into streams", STR_ARG(name));
    if (options_get(&r->options, "connector"))
        return diag_error(&db->diags, WEIR_E_READONLY, at, "\"%.*s\" gets its rows from its connector", STR_ARG(name));
    *out = r;
    return WEIR_OK;
}

/* ---- INSERT ------------------------------------------------------------------------------------------ */

typedef struct InsertStatement {
    Relation *rel;
    int32_t *targets;  /* columns of rel, in the order of the values */
    int32_t ntargets;
    BExpr ***rows;     /* rows[i][target] */
    int32_t nrows;
} InsertStatement;

static Status add_target(weir_stmt *s, InsertStatement *x, int col, Span at)
{
    const ColumnDef *c = &x->rel->cols[col];
    if (c->kind != COL_PHYSICAL)
        return diag_error(&s->db->diags, WEIR_E_READONLY, at, "column \"%.*s\" is computed", STR_ARG(c->name));
    for (int i = 0; i < x->ntargets; i++)
        if (x->targets[i] == col)
            return diag_error(&s->db->diags, WEIR_E_NAME, at, "column \"%.*s\" is named twice", STR_ARG(c->name));
    x->targets[x->ntargets++] = col;
    return WEIR_OK;
}

static Status find_targets(weir_stmt *s, InsertStatement *x)
{
    const Insert *in = s->ast->insert;
    x->targets = new (&s->arena, int32_t, x->rel->ncols + in->columns.len);
    for (ptrdiff_t i = 0; i < in->columns.len; i++) {
        Name n = in->columns.data[i];
        int col = relation_column(x->rel, n.text);
        if (col < 0)
            return diag_error(&s->db->diags, WEIR_E_NAME, n.span, "stream \"%.*s\" has no column \"%.*s\"", STR_ARG(x->rel->name), STR_ARG(n.text));
        TRY(add_target(s, x, col, n.span));
    }
    for (int i = 0; in->columns.len == 0 && i < x->rel->ncols; i++)
        if (x->rel->cols[i].kind == COL_PHYSICAL) x->targets[x->ntargets++] = i;
    return WEIR_OK;
}

static Status bind_cell(weir_stmt *s, Planner *p, const ColumnDef *c, const Expr *e, BExpr **out)
{
    static const Relation nothing;
    if (e->kind == EX_DEFAULT) {
        *out = (BExpr *)c->default_value;
        return WEIR_OK;
    }
    TRY(plan_scalar(p, e, &nothing, out));
    (void)s;
    return plan_cast(p, *out, c->type, false, out);
}

static Status bind_rows(weir_stmt *s, InsertStatement *x)
{
    const Select *q = s->ast->insert->query;
    Planner p = statement_planner(s);
    x->nrows = (int32_t)q->rows.len;
    x->rows = new (&s->arena, BExpr **, x->nrows);
    for (int r = 0; r < x->nrows; r++) {
        const ExprList *cells = &q->rows.data[r];
        if (cells->len != x->ntargets)
            return diag_error(&s->db->diags, WEIR_E_TYPE, cells->len ? cells->data[0]->span : q->span,
                              "%d values for %d columns", (int)cells->len, x->ntargets);
        x->rows[r] = new (&s->arena, BExpr *, x->ntargets);
        for (int c = 0; c < x->ntargets; c++)
            TRY(bind_cell(s, &p, &x->rel->cols[x->targets[c]], cells->data[c], &x->rows[r][c]));
    }
    return WEIR_OK;
}

static Status insert_prepare(weir_stmt *s)
{
    const Insert *in = s->ast->insert;
    InsertStatement *x = s->impl = new_one(&s->arena, InsertStatement);
    TRY(insertable(s->db, in->into.text, in->into.span, &x->rel));
    if (in->or_replace || in->conflict != CONFLICT_NONE) return statement_unsupported(s, "INSERT … ON CONFLICT into a stream");
    if (in->returning.len) return statement_unsupported(s, "RETURNING");
    if (!in->query) return statement_unsupported(s, "INSERT … DEFAULT VALUES");
    if (in->query->kind != SELECT_VALUES || in->query->limit || in->query->order_by.len || in->query->with.len)
        return statement_unsupported(s, "INSERT … SELECT");
    TRY(find_targets(s, x));
    return bind_rows(s, x);
}

static Status fill_cell(weir_stmt *s, Batch *b, int col, int row, const BExpr *e, const EvalEnv *env)
{
    Value v = value_null(b->cols[col].type);
    if (e) TRY(expr_constant(e, env, &s->row_arena, &v, &s->db->diags));
    v.type = b->cols[col].type;
    column_put(&b->cols[col], &s->row_arena, row, &v);
    return WEIR_OK;
}

static Status fill_batch(weir_stmt *s, InsertStatement *x, int from, Batch *b)
{
    EvalEnv env = engine_eval(s->db);
    env.now_us = s->db->env.now_us(s->db->env.arg);
    for (int c = 0; c < b->ncols; c++) {
        const ColumnDef *def = &x->rel->cols[c];
        b->cols[c] = column_new(&s->row_arena, def->type, b->rows);
        for (int r = 0; r < b->rows; r++)
            TRY(fill_cell(s, b, c, r, def->kind == COL_PHYSICAL ? def->default_value : NULL, &env));
    }
    for (int r = 0; r < b->rows; r++)
        for (int t = 0; t < x->ntargets; t++)
            TRY(fill_cell(s, b, x->targets[t], r, x->rows[from + r][t], &env));
    return WEIR_OK;
}

static Status insert_step(weir_stmt *s)
{
    InsertStatement *x = s->impl;
    Scan *scan;
    TRY(engine_scan(s->db, x->rel, &scan));
    VEC(Batch) batches = {0};
    for (int at = 0; at < x->nrows; at += BATCH_ROWS_MAX) {
        int n = x->nrows - at < BATCH_ROWS_MAX ? x->nrows - at : BATCH_ROWS_MAX;
        Batch b = {.rows = n, .ncols = x->rel->ncols, .cols = new (&s->row_arena, Column, x->rel->ncols)};
        TRY(fill_batch(s, x, at, &b));
        vec_push(&batches, &s->row_arena, b);
    }
    for (ptrdiff_t i = 0; i < batches.len; i++) scan_insert(scan, &batches.data[i]);
    s->changes = x->nrows;
    TRY(engine_take_inserts(s->db));
    return WEIR_DONE;
}

const StatementClass insert_statement = {insert_prepare, insert_step, NULL};

/* ---- weir_push --------------------------------------------------------------------------------------- */

static RowBuilder builder_of(const Relation *rel, Arena *a)
{
    RowBuilder b = {.arena = a, .cols = new (a, Column, rel->ncols), .ncols = rel->ncols, .cap = BATCH_ROWS_MAX,
                    .offset = new (a, uint64_t, BATCH_ROWS_MAX), .ordinal = new (a, uint32_t, BATCH_ROWS_MAX)};
    for (int i = 0; i < rel->ncols; i++) {
        b.cols[i].type = rel->cols[i].type;
        if (rel->cols[i].kind == COL_PHYSICAL) b.cols[i] = column_new(a, rel->cols[i].type, BATCH_ROWS_MAX);
    }
    return b;
}

static Relation *with_format(Relation *rel, const char *format, Arena *a)
{
    Relation *copy = new_one(a, Relation);
    *copy = *rel;
    Option *items = new (a, Option, rel->options.n + 1);
    if (rel->options.n) memcpy(items, rel->options.items, (size_t)rel->options.n * sizeof *items);
    items[rel->options.n] = (Option){S("format"), str_z(format), (Span){0}};
    copy->options = (Options){items, rel->options.n + 1};
    return copy;
}

static Status push_checked(weir *db, Str stream, const char *format, const char *data, ptrdiff_t len)
{
    engine_enter(db);
    Relation *rel;
    TRY(insertable(db, stream, (Span){0}, &rel));
    bool *wanted = new (&db->call, bool, rel->ncols);
    for (int i = 0; i < rel->ncols; i++) wanted[i] = rel->cols[i].kind == COL_PHYSICAL;
    Decoder *dec;
    TRY(format_open(&db->registry, with_format(rel, format, &db->call), wanted, &db->call, &dec, &db->diags));
    Scan *scan;
    TRY(engine_scan(db, rel, &scan));
    enum { PADDING = 64 };
    char *padded = arena_alloc(&db->call, len + PADDING, 64);
    if (len) memcpy(padded, data, (size_t)len);
    for (ptrdiff_t at = 0; at < len;) {
        RowBuilder b = builder_of(rel, &db->call);
        ptrdiff_t used = dec->impl->decode(dec, padded + at, len - at, true, (uint64_t)at, &b);
        if (b.errors.len)
            return diag_error(&db->diags, WEIR_E_DATA, (Span){0}, "%.*s", STR_ARG(b.errors.data[0].message));
        Batch rows = {.rows = b.rows, .ncols = b.ncols, .cols = b.cols};
        if (b.rows > 0) scan_insert(scan, &rows);
        if (used <= 0) break;
        at += used;
    }
    return WEIR_OK;
}

weir_status weir_push(weir *db, const char *stream, const char *format, const char *data, int64_t len)
{
    OomFrame f;
    if (OOM_TRY(&f)) {
        Status st = push_checked(db, str_z(stream), format, data, len < 0 ? (ptrdiff_t)strlen(data) : (ptrdiff_t)len);
        OOM_END(&f);
        return st;
    }
    return engine_nomem(db);
}
