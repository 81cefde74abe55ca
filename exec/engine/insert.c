/* insert.c: INSERT into streams without connector and into tables; weir_push. */
#include "exec/engine/change.h"

#include "exec/format/format.h"

typedef struct InsertStatement {
    Change change;
    int32_t *targets;  /* columns of the relation, in the order of the values */
    int32_t ntargets;
    BExpr ***rows;     /* VALUES: rows[i][target]; NULL: DEFAULT */
    int32_t nrows;
    bool is_select;
    BExpr **assigned;  /* DO UPDATE SET: values, of the columns */
    int32_t *assigned_cols, nassigned;
    ExprProgram *update, *update_where; /* or NULL */
} InsertStatement;

static InsertStatement *insert_of(Change *x) { return (InsertStatement *)x; }

/* ---- columns and values ------------------------------------------------------------------------------ */

static Status find_targets(weir_stmt *s, InsertStatement *x)
{
    const Insert *in = s->ast->insert;
    const Relation *rel = x->change.rel;
    Planner p = statement_planner(s);
    x->ntargets = (int32_t)in->columns.len;
    if (x->ntargets) return dml_targets(&p, rel, &in->columns, &x->targets);
    x->targets = new (&s->arena, int32_t, rel->ncols);
    for (int i = 0; in->query && i < rel->ncols; i++)
        if (rel->cols[i].kind == COL_PHYSICAL) x->targets[x->ntargets++] = i;
    return WEIR_OK;
}

static Status wrong_count(weir_stmt *s, int given, int wanted, Span at)
{
    return diag_error(&s->db->diags, WEIR_E_TYPE, at, "%d values for %d columns", given, wanted);
}

static Status bind_cell(weir_stmt *s, Planner *p, const ColumnDef *c, const Expr *e, BExpr **out)
{
    static const Relation nothing;
    (void)s;
    *out = NULL;
    if (e->kind == EX_DEFAULT) return WEIR_OK;
    TRY(plan_scalar(p, e, &nothing, out));
    TRY(plan_cast(p, *out, c->type, false, out));
    if ((*out)->is_volatile || (*out)->kind == BE_CONST) return WEIR_OK;
    Value v; /* what does not fit is told before anything is done */
    TRY(p->constant(p->callback_arg, *out, p->arena, &v, p->diags));
    *out = bexpr_const(p->arena, v, (*out)->span);
    return WEIR_OK;
}

static Status bind_rows(weir_stmt *s, InsertStatement *x)
{
    const Select *q = s->ast->insert->query;
    Planner p = statement_planner(s);
    x->nrows = (int32_t)q->rows.len;
    x->rows = new (&s->arena, BExpr **, x->nrows);
    Status first = WEIR_OK;
    for (int r = 0; r < x->nrows; r++) {
        const ExprList *cells = &q->rows.data[r];
        if (cells->len != x->ntargets) return wrong_count(s, (int)cells->len, x->ntargets, cells->len ? cells->data[0]->span : q->span);
        x->rows[r] = new (&s->arena, BExpr *, x->ntargets);
        for (int c = 0; c < x->ntargets; c++) {
            Status st = bind_cell(s, &p, &x->change.rel->cols[x->targets[c]], cells->data[c], &x->rows[r][c]);
            if (first == WEIR_OK) first = st;
        }
    }
    return first;
}

static bool has_subquery(const Expr *e)
{
    if (e->query) return true;
    for (ptrdiff_t i = 0; i < e->args.len; i++)
        if (has_subquery(e->args.data[i])) return true;
    return e->operand && has_subquery(e->operand);
}

/* VALUES of constants need no query; the rest is a SELECT like any other. */
static bool is_constant_rows(const Select *q)
{
    if (q->kind != SELECT_VALUES || q->limit || q->offset || q->order_by.len || q->with.len) return false;
    for (ptrdiff_t r = 0; r < q->rows.len; r++)
        for (ptrdiff_t c = 0; c < q->rows.data[r].len; c++)
            if (has_subquery(q->rows.data[r].data[c])) return false;
    return true;
}

static Status bind_select(weir_stmt *s, InsertStatement *x)
{
    const Select *q = s->ast->insert->query;
    Field *cols;
    int n;
    x->is_select = true;
    TRY(change_check_select(s, q, &cols, &n));
    if (n != x->ntargets) return wrong_count(s, n, x->ntargets, q->span);
    return change_check_casts(&x->change, cols, x->targets, n, q->span);
}

/* ---- ON CONFLICT -------------------------------------------------------------------------------------- */

static bool names_key(const Relation *rel, const NameList *names)
{
    int found = 0;
    for (ptrdiff_t i = 0; i < names->len; i++)
        for (int k = 0; k < rel->nkey; k++) found += str_ieq(rel->cols[rel->key[k]].name, names->data[i].text);
    return found == rel->nkey && names->len == rel->nkey;
}

static Status check_target(weir_stmt *s, const Relation *rel)
{
    const Insert *in = s->ast->insert;
    if (rel->nkey == 0) {
        Status st = diag_error(&s->db->diags, WEIR_E_NAME, in->into.span, "\"%.*s\" has no primary key: its rows never conflict", STR_ARG(rel->name));
        diag_hint(&s->db->diags, rel->kind == REL_TABLE ? "declare PRIMARY KEY (…) with the table" : "CREATE TABLE keeps one row of a key");
        return st;
    }
    if (in->conflict_target.len == 0 || names_key(rel, &in->conflict_target)) return WEIR_OK;
    return diag_error(&s->db->diags, WEIR_E_NAME, in->conflict_target.data[0].span, "ON CONFLICT names the primary key of \"%.*s\", all of it",
                      STR_ARG(rel->name));
}

static Status bind_conflict(weir_stmt *s, InsertStatement *x)
{
    const Insert *in = s->ast->insert;
    Planner p = statement_planner(s);
    BExpr *where;
    if (!in->or_replace && in->conflict == CONFLICT_NONE) return WEIR_OK;
    TRY(check_target(s, x->change.rel));
    if (in->conflict != CONFLICT_UPDATE) return WEIR_OK;
    x->nassigned = (int32_t)in->assignments.len;
    TRY(dml_assigned(&p, x->change.rel, &in->assignments, &x->assigned_cols));
    TRY(dml_conflict(&p, x->change.rel, in, &x->assigned, &where));
    TRY(expr_compile((const BExpr *const *)x->assigned, x->nassigned, &s->arena, &x->update, &s->db->diags));
    const BExpr *root = where;
    return where ? expr_compile(&root, 1, &s->arena, &x->update_where, &s->db->diags) : WEIR_OK;
}

static Status insert_prepare(weir_stmt *s)
{
    const Insert *in = s->ast->insert;
    InsertStatement *x = new_one(&s->arena, InsertStatement);
    const Relation *rel;
    TRY(change_find(s->db, &in->into, CHANGES_ROWS_IN, &rel));
    s->impl = x;
    change_init(s, &x->change, rel);
    TRY(find_targets(s, x));
    TRY(bind_conflict(s, x));
    if (in->query) TRY(is_constant_rows(in->query) ? bind_rows(s, x) : bind_select(s, x));
    return change_returning(&x->change, &in->alias, &in->returning);
}

/* ---- into a table ------------------------------------------------------------------------------------- */

static Status key_taken(Change *x, const Value *row)
{
    Status st = diag_error(&x->s->db->diags, WEIR_E_DATA, x->s->ast->span, "table \"%.*s\" has a row with the key %.*s already",
                           STR_ARG(x->rel->name), STR_ARG(table_edit_key_text(x->edit, row, &x->scratch)));
    diag_hint(&x->s->db->diags, "INSERT OR REPLACE takes its place; ON CONFLICT DO NOTHING leaves it, DO UPDATE changes it");
    return st;
}

static Status satisfies(Change *x, const Value *there, const Value *row, bool *yes)
{
    Value v;
    *yes = true;
    if (!insert_of(x)->update_where) return WEIR_OK;
    TRY(change_eval(x, insert_of(x)->update_where, 1, there, row, &x->scratch, &v));
    *yes = !v.is_null && v.i;
    return WEIR_OK;
}

static Status replace_row(Change *x, RowEdit *there, const Value *row)
{
    RowEdit *taken;
    table_edit_release(x->edit, there);
    TRY(table_edit_find(x->edit, row, &taken));
    if (taken && taken != there) return key_taken(x, row);
    table_edit_change(x->edit, there, row);
    x->s->changes++;
    return change_return(x, row);
}

static Status update_row(Change *x, RowEdit *there, const Value *row)
{
    InsertStatement *in = insert_of(x);
    bool yes;
    TRY(satisfies(x, there->now, row, &yes));
    if (!yes) return WEIR_OK;
    Value *made = new (&x->tx->arena, Value, x->rel->ncols), *set = new (&x->scratch, Value, in->nassigned);
    memcpy(made, there->now, (size_t)x->rel->ncols * sizeof *made);
    TRY(change_eval(x, in->update, in->nassigned, there->now, row, &x->tx->arena, set));
    for (int i = 0; i < in->nassigned; i++) made[in->assigned_cols[i]] = set[i];
    TRY(change_complete(x, made));
    return replace_row(x, there, made);
}

static Status put_row(Change *x, const Value *row)
{
    const Insert *in = x->s->ast->insert;
    RowEdit *there;
    TRY(table_edit_find(x->edit, row, &there));
    if (!there) {
        table_edit_add(x->edit, row);
        x->s->changes++;
        return change_return(x, row);
    }
    if (in->or_replace) return replace_row(x, there, row);
    switch (in->conflict) {
    case CONFLICT_NONE: return key_taken(x, row);
    case CONFLICT_NOTHING: return WEIR_OK;
    case CONFLICT_UPDATE: return update_row(x, there, row);
    }
    return WEIR_E_INTERNAL;
}

/* ---- into a stream: the scan computes columns --------------------------------------------------------- */

typedef struct StreamBatches {
    VEC(Batch) list;
    Batch b;
} StreamBatches;

static void put_stream_row(Change *x, StreamBatches *out, const Value *row)
{
    Arena *a = &x->s->row_arena;
    const Relation *rel = x->rel;
    if (!out->b.cols || out->b.rows == BATCH_ROWS_MAX) {
        if (out->b.cols) vec_push(&out->list, a, out->b);
        out->b = (Batch){.ncols = rel->ncols, .cols = new (a, Column, rel->ncols)};
        for (int c = 0; c < rel->ncols; c++) out->b.cols[c] = column_new(a, rel->cols[c].type, BATCH_ROWS_MAX);
    }
    for (int c = 0; c < rel->ncols; c++) column_put(&out->b.cols[c], a, out->b.rows, &row[c]);
    out->b.rows++;
}

/* ---- the rows ------------------------------------------------------------------------------------------- */

static Status new_row(Change *x, Value **out)
{
    Value *row = *out = new (&x->tx->arena, Value, x->rel->ncols);
    for (int c = 0; c < x->rel->ncols; c++) row[c] = value_null(x->rel->cols[c].type);
    return WEIR_OK;
}

/* Columns that no value is given for. */
static Status fill_rest(Change *x, Value *row)
{
    InsertStatement *in = insert_of(x);
    bool *given = new (&x->scratch, bool, x->rel->ncols);
    for (int t = 0; t < in->ntargets; t++) given[in->targets[t]] = true;
    for (int c = 0; c < x->rel->ncols; c++)
        if (!given[c]) TRY(change_default(x, c, &row[c]));
    return WEIR_OK;
}

static Status put_any(Change *x, StreamBatches *out, Value *row)
{
    TRY(fill_rest(x, row));
    TRY(change_complete(x, row));
    if (x->rel->kind == REL_TABLE) return put_row(x, row);
    put_stream_row(x, out, row);
    return change_return(x, row);
}

static Status value_row(Change *x, int at, Value *row)
{
    InsertStatement *in = insert_of(x);
    for (int t = 0; t < in->ntargets; t++) {
        int col = in->targets[t];
        const BExpr *e = in->rows[at][t];
        TRY(e ? expr_constant(e, &x->env, &x->tx->arena, &row[col], &x->s->db->diags) : change_default(x, col, &row[col]));
    }
    return WEIR_OK;
}

static Status insert_values(Change *x, StreamBatches *out)
{
    int n = x->s->ast->insert->query ? insert_of(x)->nrows : 1; /* DEFAULT VALUES */
    for (int i = 0; i < n; i++) {
        Value *row;
        arena_reset(&x->scratch);
        TRY(new_row(x, &row));
        if (x->s->ast->insert->query) TRY(value_row(x, i, row));
        TRY(put_any(x, out, row));
    }
    return WEIR_OK;
}

static Status insert_select(Change *x, StreamBatches *out)
{
    InsertStatement *in = insert_of(x);
    TRY(change_open_select(x, x->s->ast->insert->query));
    for (;;) {
        Value *row;
        bool more;
        TRY(change_next(x, &more));
        if (!more) return WEIR_OK;
        TRY(new_row(x, &row));
        for (int t = 0; t < in->ntargets; t++) TRY(change_value(x, t, in->targets[t], &row[in->targets[t]]));
        TRY(put_any(x, out, row));
    }
}

/* ---- rows that come in batches ------------------------------------------------------------------------ */

typedef struct FeedStatement {
    InsertStatement insert;
    RowFeed *feed;
} FeedStatement;

static Status take_value(Change *x, const Column *col, int at, Value *out)
{
    const RowError *e = col_is_err(col, at) ? column_error(col, at) : NULL;
    if (e) return diag_error(&x->s->db->diags, e->code, x->s->ast->span, "%.*s", STR_ARG(e->message));
    *out = column_value(col, at);
    if (!out->is_null && type_is_text(out->type.kind)) out->s = str_dup(&x->tx->arena, out->s);
    return WEIR_OK;
}

static Status feed_batch(Change *x, StreamBatches *out, RowFeed *feed, const Batch *b)
{
    for (int i = 0; i < b->rows; i++) {
        Value *row;
        feed->row = i + 1;
        arena_reset(&x->scratch);
        TRY(new_row(x, &row));
        for (int t = 0; t < feed->ntargets; t++) TRY(take_value(x, &b->cols[t], i, &row[feed->targets[t]]));
        TRY(put_any(x, out, row));
    }
    feed->row = 0;
    return WEIR_OK;
}

static Status insert_fed(Change *x, StreamBatches *out)
{
    RowFeed *feed = ((FeedStatement *)x)->feed;
    for (const Batch *b;;) {
        TRY(feed->next(feed, &b));
        if (!b) return WEIR_OK;
        TRY(feed_batch(x, out, feed, b));
    }
}

static Status work_with(Change *x, Status (*put_rows)(Change *x, StreamBatches *out))
{
    StreamBatches out = {0};
    TRY(put_rows(x, &out));
    if (x->rel->kind == REL_TABLE) return WEIR_OK;
    if (out.b.cols) vec_push(&out.list, &x->s->row_arena, out.b);
    x->s->changes = 0;
    for (ptrdiff_t i = 0; i < out.list.len; i++) x->s->changes += out.list.data[i].rows;
    transaction_add_stream(x->tx, x->rel, out.list.data, (int)out.list.len);
    return WEIR_OK;
}

static Status insert_work(Change *x) { return work_with(x, insert_of(x)->is_select ? insert_select : insert_values); }
static Status feed_work(Change *x) { return work_with(x, insert_fed); }

Status insert_feed(weir_stmt *s, const Relation *rel, RowFeed *feed)
{
    FeedStatement *x = new_one(&s->arena, FeedStatement);
    s->cls = &insert_statement;
    s->impl = x;
    x->feed = feed;
    x->insert.targets = feed->targets;
    x->insert.ntargets = feed->ntargets;
    change_init(s, &x->insert.change, rel);
    return change_step(&x->insert.change, feed_work);
}

static Status insert_step(weir_stmt *s) { return change_step(s->impl, insert_work); }
static void insert_close(weir_stmt *s) { change_close(s->impl); }

const StatementClass insert_statement = {insert_prepare, insert_step, insert_close};

/* ---- weir_push --------------------------------------------------------------------------------------- */

static RowBuilder builder_of(const Relation *rel, Arena *a)
{
    RowBuilder b = {.arena = a, .cols = new (a, Column, rel->ncols), .ncols = rel->ncols, .cap = BATCH_ROWS_MAX,
                    .offset = new (a, uint64_t, BATCH_ROWS_MAX), .ordinal = new (a, uint32_t, BATCH_ROWS_MAX),
                    .weight = new (a, int32_t, BATCH_ROWS_MAX), .time_us = new (a, int64_t, BATCH_ROWS_MAX)};
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
    TRY(format_open(&db->registry, with_format(rel, format, &db->call), wanted, &db->call, out, &db->diags));
    format_adapt(*out, &db->env);
    return WEIR_OK;
}

/* Decoders may read a little past the end. */
static const char *padded(weir *db, const char *data, ptrdiff_t len)
{
    enum { PADDING = 64 };
    char *p = arena_alloc(&db->call, len + PADDING, 64);
    if (len) memcpy(p, data, (size_t)len);
    return p;
}

/* Decoded records, batch by batch; the weights say what ends rows. */
typedef struct Decoded {
    VEC(Batch) batches;
} Decoded;

static Status decode_records(weir *db, const Relation *rel, Decoder *dec, Str data, Decoded *out)
{
    const char *p = padded(db, data.p, data.n);
    for (ptrdiff_t at = 0, used = 1; at < data.n && used > 0; at += used) {
        RowBuilder b = builder_of(rel, &db->call);
        used = dec->impl->decode(dec, p + at, data.n - at, true, (uint64_t)at, &b);
        if (b.errors.len) return diag_error(&db->diags, WEIR_E_DATA, (Span){0}, "%.*s", STR_ARG(b.errors.data[0].message));
        Batch batch = {.rows = b.rows, .ncols = b.ncols, .cols = b.cols, .weights = b.has_weights ? b.weight : NULL};
        if (b.rows > 0) vec_push(&out->batches, &db->call, batch);
    }
    return WEIR_OK;
}

static Status decode_all(weir *db, const Relation *rel, const char *format, Str data, Decoded *out)
{
    Decoder *dec;
    const FormatDef *f = registry_format(&db->registry, str_z(format));
    if (f && f->is_changelog && rel->nkey == 0)
        return diag_error(&db->diags, WEIR_E_OPTION, (Span){0}, "format \"%s\" is of tables with a primary key, and \"%.*s\" has none",
                          f->name, STR_ARG(rel->name));
    TRY(open_decoder(db, rel, format, &dec));
    Status st = decode_records(db, rel, dec, data, out);
    format_close(dec);
    return st;
}

/* ---- into a table: a record is the row that its key has from there on ------------------------------- */

typedef struct PushStatement {
    InsertStatement insert;
    const Decoded *rows;
} PushStatement;

static Status take_values(Change *x, const Batch *b, int at, Value *row)
{
    for (int c = 0; c < x->rel->ncols; c++)
        if (b->cols[c].data) TRY(take_value(x, &b->cols[c], at, &row[c]));
    return WEIR_OK;
}

static Status push_row(Change *x, const Batch *b, int at)
{
    Value *row;
    RowEdit *there = NULL;
    arena_reset(&x->scratch);
    TRY(new_row(x, &row));
    TRY(take_values(x, b, at, row));
    if (batch_weight(b, at) > 0) {
        TRY(change_complete(x, row));
        return put_row(x, row);
    }
    TRY(table_edit_find(x->edit, row, &there));
    if (there) table_edit_remove(x->edit, there);
    return WEIR_OK;
}

static Status push_work(Change *x)
{
    const Decoded *d = ((PushStatement *)x)->rows;
    for (ptrdiff_t i = 0; i < d->batches.len; i++)
        for (int k = 0; k < d->batches.data[i].rows; k++) TRY(push_row(x, &d->batches.data[i], k));
    return WEIR_OK;
}

static Status push_into_table(weir *db, const Relation *rel, const Decoded *rows)
{
    Insert replace = {.or_replace = true};
    Stmt ast = {.kind = STMT_INSERT, .insert = &replace};
    weir_stmt *s = statement_new(db);
    PushStatement *x = new_one(&s->arena, PushStatement);
    s->ast = &ast;
    s->cls = &insert_statement;
    s->impl = x;
    x->rows = rows;
    change_init(s, &x->insert.change, rel);
    OomFrame f;
    Status volatile st = WEIR_E_NOMEM;
    bool volatile is_short = true;
    if (OOM_TRY(&f)) {
        st = change_step(&x->insert.change, push_work);
        OOM_END(&f);
        is_short = false;
    }
    statement_close(s);
    if (is_short) oom_raise();
    return st == WEIR_DONE ? WEIR_OK : st;
}

static Status push_checked(weir *db, Str name, const char *format, const char *data, ptrdiff_t len)
{
    const Relation *rel;
    Scan *scan;
    Decoded rows = {0};
    TRY(engine_enter(db, NEED_WRITE));
    TRY(change_find(db, &(Name){.text = name}, CHANGES_ROWS_IN, &rel));
    TRY(decode_all(db, rel, format, str_of(data, len), &rows));
    if (rel->kind == REL_TABLE) return push_into_table(db, rel, &rows);
    TRY(engine_scan(db, rel, &scan));
    scan_insert(scan, rows.batches.data, (int)rows.batches.len);
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
