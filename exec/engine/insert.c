/* insert.c: rows by hand: INSERT and weir_push, for streams without a connector. */
#include "exec/engine/statement.h"

#include "exec/format/format.h"

/* ---- taking them in --------------------------------------------------------------------------------- */

/* What must be done before rows wait in a scan, so that nothing but their commit is left to fail. */
static Status get_ready(weir *db)
{
    TRY(engine_can(db, NEED_WRITE));
    TRY(engine_settle(db));
    for (bool worked = true; worked;) {
        worked = false;
        TRY(engine_catch_up(db, &worked));
    }
    return WEIR_OK;
}

static Status poll_inserts(weir *db, bool *has_more)
{
    *has_more = false;
    for (ptrdiff_t i = 0; i < db->scans.len; i++) {
        Scan *s = db->scans.data[i];
        while (scan_has_inserts(s) && !engine_epoch_is_full(db))
            if (scan_poll(s, &db->epoch) == SCAN_FAILED) return engine_source_failed(db);
        *has_more |= scan_has_inserts(s);
    }
    return WEIR_OK;
}

/* Epochs of nothing but the rows that wait; views read afterwards show them. */
static Status take_inserts(weir *db)
{
    bool has_more;
    do {
        engine_begin_queries(db);
        TRY(poll_inserts(db, &has_more));
        TRY(engine_commit(db));
    } while (has_more);
    return WEIR_OK;
}

static Status take_inserts_guarded(weir *db)
{
    OomFrame f;
    if (OOM_TRY(&f)) {
        Status st = take_inserts(db);
        OOM_END(&f);
        return st;
    }
    engine_nomem_fault(db);
    oom_raise();
}

static Status insertable(weir *db, Str name, Span at, const Relation **out)
{
    const Relation *r = catalog_find(&db->catalog, name);
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
    const Relation *rel;
    int64_t rel_id;    /* it may be dropped before the step */
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
    x->rel_id = x->rel->id;
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

/* A row that the stream would refuse is an error of the statement. */
static Status check_batch(weir_stmt *s, const Relation *rel, const Batch *b)
{
    for (int c = 0; c < b->ncols; c++) {
        const ColumnDef *def = &rel->cols[c];
        bool is_time = c == rel->watermark.col && !rel->watermark.drop_null_time;
        if (def->kind != COL_PHYSICAL || (!def->not_null && !def->primary_key && !is_time)) continue;
        for (int r = 0; r < b->rows; r++) {
            if (!col_is_null(&b->cols[c], r)) continue;
            return diag_error(&s->db->diags, WEIR_E_DATA, s->ast->span, is_time ? "event time \"%.*s\" is missing"
                              : "column \"%.*s\" is NULL but declared NOT NULL", STR_ARG(def->name));
        }
    }
    return WEIR_OK;
}

static int64_t accepted(const Scan *s)
{
    ScanStats st;
    scan_stats(s, &st);
    return st.rows;
}

/* All rows wait in the scan, or none. */
static Status add_rows(weir_stmt *s, InsertStatement *x, Scan *scan)
{
    VEC(Batch) batches = {0};
    for (int at = 0; at < x->nrows; at += BATCH_ROWS_MAX) {
        int n = x->nrows - at < BATCH_ROWS_MAX ? x->nrows - at : BATCH_ROWS_MAX;
        Batch b = {.rows = n, .ncols = x->rel->ncols, .cols = new (&s->row_arena, Column, x->rel->ncols)};
        TRY(fill_batch(s, x, at, &b));
        TRY(check_batch(s, x->rel, &b));
        vec_push(&batches, &s->row_arena, b);
    }
    scan_insert(scan, batches.data, (int)batches.len);
    return WEIR_OK;
}

static Status insert_step(weir_stmt *s)
{
    InsertStatement *x = s->impl;
    weir *db = s->db;
    Scan *scan;
    TRY(get_ready(db));
    if (catalog_by_id(&db->catalog, x->rel_id) != x->rel)
        return diag_error(&db->diags, WEIR_E_NOT_FOUND, s->ast->span, "the stream has been dropped");
    TRY(engine_scan(db, x->rel, &scan));
    if (scan_has_inserts(scan)) TRY(take_inserts_guarded(db));
    int64_t before = accepted(scan);
    TRY(add_rows(s, x, scan));
    TRY(take_inserts_guarded(db));
    s->changes = accepted(scan) - before;
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

static Relation *with_format(const Relation *rel, const char *format, Arena *a)
{
    Relation *copy = new_one(a, Relation);
    *copy = *rel;
    Option *items = new (a, Option, rel->options.n + 1);
    if (rel->options.n) memcpy(items, rel->options.items, (size_t)rel->options.n * sizeof *items);
    items[rel->options.n] = (Option){S("format"), str_z(format), (Span){0}};
    copy->options = (Options){items, rel->options.n + 1};
    return copy;
}

static Status open_decoder(weir *db, const Relation *rel, const char *format, Decoder **out)
{
    bool *wanted = new (&db->call, bool, rel->ncols);
    for (int i = 0; i < rel->ncols; i++) wanted[i] = rel->cols[i].kind == COL_PHYSICAL;
    return format_open(&db->registry, with_format(rel, format, &db->call), wanted, &db->call, out, &db->diags);
}

/* Decoders may read a little past the end. */
static const char *padded(weir *db, const char *data, ptrdiff_t len)
{
    enum { PADDING = 64 };
    char *p = arena_alloc(&db->call, len + PADDING, 64);
    if (len) memcpy(p, data, (size_t)len);
    return p;
}

static Status push_checked(weir *db, Str stream, const char *format, const char *data, ptrdiff_t len)
{
    const Relation *rel;
    Decoder *dec;
    Scan *scan;
    VEC(Batch) batches = {0};
    TRY(engine_enter(db, NEED_WRITE));
    TRY(insertable(db, stream, (Span){0}, &rel));
    TRY(open_decoder(db, rel, format, &dec));
    TRY(engine_scan(db, rel, &scan));
    const char *p = padded(db, data, len);
    for (ptrdiff_t at = 0, used = 1; at < len && used > 0; at += used) {
        RowBuilder b = builder_of(rel, &db->call);
        used = dec->impl->decode(dec, p + at, len - at, true, (uint64_t)at, &b);
        if (b.errors.len) return diag_error(&db->diags, WEIR_E_DATA, (Span){0}, "%.*s", STR_ARG(b.errors.data[0].message));
        if (b.rows > 0) vec_push(&batches, &db->call, (Batch){.rows = b.rows, .ncols = b.ncols, .cols = b.cols});
    }
    scan_insert(scan, batches.data, (int)batches.len);
    return WEIR_OK;
}

weir_status weir_push(weir *db, const char *stream, const char *format, const char *data, int64_t len)
{
    OomFrame f;
    if (!db || !stream || !format || !data) return WEIR_E_MISUSE;
    if (OOM_TRY(&f)) {
        Status st = push_checked(db, str_z(stream), format, data, len < 0 ? (ptrdiff_t)strlen(data) : (ptrdiff_t)len);
        OOM_END(&f);
        return st;
    }
    return engine_nomem(db);
}
