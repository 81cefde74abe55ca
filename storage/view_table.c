/* view_table.c: tables of materialized views: making them and applying deltas. */
#include "storage/view_table.h"

#include <assert.h>

/* ---- the virtual table that shows a delta ------------------------------------------------------ */

enum { FEED_COLUMNS = 1999 }; /* with the id: SQLite's limit */

typedef struct FeedTable {
    sqlite3_vtab base;
    ViewFeed *feed;
} FeedTable;

typedef struct FeedCursor {
    sqlite3_vtab_cursor base;
    const ViewDelta *delta;
    const ViewColumn *cols;
    int32_t row;
} FeedCursor;

static int feed_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                        char **error)
{
    (void)argc, (void)argv, (void)error;
    sqlite3_str *text = sqlite3_str_new(db);
    sqlite3_str_appendall(text, "CREATE TABLE x(id INTEGER");
    for (int i = 0; i < FEED_COLUMNS; i++) sqlite3_str_appendf(text, ",c%d", i);
    sqlite3_str_appendall(text, ")");
    char *sql = sqlite3_str_finish(text);
    int rc = sql ? sqlite3_declare_vtab(db, sql) : SQLITE_NOMEM;
    sqlite3_free(sql);
    if (rc != SQLITE_OK) return rc;
    FeedTable *t = sqlite3_malloc(sizeof *t);
    if (!t) return SQLITE_NOMEM;
    *t = (FeedTable){.feed = aux};
    *out = &t->base;
    return SQLITE_OK;
}

static int feed_disconnect(sqlite3_vtab *t)
{
    sqlite3_free(t);
    return SQLITE_OK;
}

static int feed_best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
    (void)t;
    info->estimatedCost = 1000;
    return SQLITE_OK;
}

static int feed_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
    FeedCursor *c = sqlite3_malloc(sizeof *c);
    if (!c) return SQLITE_NOMEM;
    const ViewFeed *feed = ((FeedTable *)t)->feed;
    *c = (FeedCursor){.delta = feed->delta, .cols = feed->cols};
    *out = &c->base;
    return SQLITE_OK;
}

static int feed_close(sqlite3_vtab_cursor *c)
{
    sqlite3_free(c);
    return SQLITE_OK;
}

static void feed_skip_deletes(FeedCursor *c)
{
    while (c->row < c->delta->n && c->delta->change[c->row] == ROW_DELETE) c->row++;
}

static int feed_filter(sqlite3_vtab_cursor *base, int n, const char *text, int argc, sqlite3_value **argv)
{
    (void)n, (void)text, (void)argc, (void)argv;
    FeedCursor *c = (FeedCursor *)base;
    c->row = 0;
    feed_skip_deletes(c);
    return SQLITE_OK;
}

static int feed_next(sqlite3_vtab_cursor *base)
{
    FeedCursor *c = (FeedCursor *)base;
    c->row++;
    feed_skip_deletes(c);
    return SQLITE_OK;
}

static int feed_eof(sqlite3_vtab_cursor *base)
{
    FeedCursor *c = (FeedCursor *)base;
    return c->row >= c->delta->n;
}

static int feed_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx, int i)
{
    FeedCursor *c = (FeedCursor *)base;
    if (i == 0) {
        sqlite3_result_int64(ctx, c->delta->ids[c->row]);
        return SQLITE_OK;
    }
    const Column *col = &c->delta->cols[i - 1];
    if (!col_is_null(col, c->row)) c->cols[i - 1].put(ctx, &c->cols[i - 1], col, col_at(col, c->row));
    return SQLITE_OK; /* without a result: NULL */
}

static int feed_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = ((FeedCursor *)base)->row;
    return SQLITE_OK;
}

static const sqlite3_module feed_module = {
    .xConnect = feed_connect,
    .xBestIndex = feed_best_index,
    .xDisconnect = feed_disconnect,
    .xOpen = feed_open,
    .xClose = feed_close,
    .xFilter = feed_filter,
    .xNext = feed_next,
    .xEof = feed_eof,
    .xColumn = feed_column,
    .xRowid = feed_rowid,
};

Status view_feed_register(Sql *q, ViewFeed *feed, Diags *d)
{
    int rc = sqlite3_create_module(q->db, "_weir_delta", &feed_module, feed);
    return rc == SQLITE_OK ? WEIR_OK : sql_error(q, d);
}

/* ---- making and dropping ----------------------------------------------------------------------- */

static bool is_reserved(Str name)
{
    return str_istarts(name, S("weir_")) || str_istarts(name, S("_weir_")) || str_istarts(name, S("sqlite_"));
}

static Status has_object(Sql *q, Str name, const char **what, Diags *d)
{
    SqlStmt *st;
    bool row;
    TRY(sql_cached(q, "SELECT type FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE", &st, d));
    sql_put_str(st, name);
    TRY(sql_step(q, st, &row, d));
    *what = NULL;
    if (!row) return WEIR_OK;
    *what = str_eq(sql_str(st, 0), S("index")) ? "an index" : str_eq(sql_str(st, 0), S("view")) ? "a view" : "a table";
    sql_reset(st);
    return WEIR_OK;
}

Status view_table_check_name(Sql *q, Str name, Diags *d)
{
    if (is_reserved(name)) {
        diag_error(d, WEIR_E_NAME, (Span){0}, "names like \"%.*s\" are reserved", STR_ARG(name));
        diag_hint(d, "choose one that does not begin with \"weir_\", \"_weir_\" or \"sqlite_\"");
        return WEIR_E_NAME;
    }
    const char *what;
    TRY(has_object(q, name, &what, d));
    if (!what) return WEIR_OK;
    diag_error(d, WEIR_E_EXISTS, (Span){0}, "the database has %s named \"%.*s\" already", what, STR_ARG(name));
    diag_hint(d, "choose another name; weir leaves what is not its own alone");
    return WEIR_E_EXISTS;
}

static Str create_table_sql(const Relation *r, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_printf(&b, "CREATE TABLE _weir_mv_%lld ( -- rows of %s ", (long long)r->id, r->kind == REL_TABLE ? "table" : "view");
    for (ptrdiff_t i = 0; i < r->name.n; i++) sb_char(&b, r->name.p[i] == '\n' ? ' ' : r->name.p[i]);
    sb_lit(&b, "\n    _id INTEGER PRIMARY KEY");
    for (int32_t i = 0; i < r->ncols; i++) {
        sb_lit(&b, ",\n    ");
        sql_quote_name(&b, relation_stored_name(r, i, a));
        sb_printf(&b, " %s", view_column(r->cols[i].type, &r->options).affinity);
    }
    sb_lit(&b, "\n)");
    return sb_done(&b);
}

/* Statements find rows of a table by its key. */
static Str create_key_sql(const Relation *r, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_printf(&b, "CREATE INDEX IF NOT EXISTS _weir_key_%lld ON _weir_mv_%lld (", (long long)r->id, (long long)r->id);
    for (int32_t i = 0; i < r->nkey; i++) {
        if (i) sb_lit(&b, ", ");
        sql_quote_name(&b, relation_stored_name(r, r->key[i], a));
    }
    sb_char(&b, ')');
    return sb_done(&b);
}

/* The statement as a comment; a comment's end inside it would end it early. */
static void comment_sql(StrBuf *b, Str sql)
{
    sb_lit(b, "/* ");
    for (ptrdiff_t i = 0; i < sql.n; i++) {
        sb_char(b, sql.p[i]);
        if (sql.p[i] == '*' && i + 1 < sql.n && sql.p[i + 1] == '/') sb_char(b, ' ');
    }
    sb_lit(b, " */");
}

/* A view's hidden column is its rows' place in the order of its Top-N: they come out by it. */
static void order_by_rank(StrBuf *b, const Relation *r)
{
    const char *sep = "\nORDER BY ";
    for (int32_t i = 0; i < r->ncols; i++) {
        if (!r->cols[i].hidden) continue;
        sb_z(b, sep);
        sql_quote_name(b, relation_stored_name(r, i, b->arena));
        sep = ", ";
    }
}

static Str create_view_sql(const Relation *r, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_lit(&b, "CREATE VIEW ");
    sql_quote_name(&b, r->name);
    sb_lit(&b, " AS ");
    comment_sql(&b, r->sql);
    const char *sep = "\nSELECT ";
    for (int32_t i = 0; i < r->ncols; i++) {
        if (r->cols[i].hidden) continue;
        sb_z(&b, sep);
        Str stored = relation_stored_name(r, i, a);
        sql_quote_name(&b, stored);
        if (!str_eq(stored, r->cols[i].name)) {
            sb_lit(&b, " AS ");
            sql_quote_name(&b, r->cols[i].name);
        }
        sep = ", ";
    }
    sb_printf(&b, "\nFROM _weir_mv_%lld", (long long)r->id);
    order_by_rank(&b, r);
    return sb_done(&b);
}

/* Other programs that would write to a table are told who may. The triggers go with the VIEW. */
static Str refuse_writes_sql(const Relation *r, Arena *a)
{
    static const char *const verbs[] = {"INSERT", "UPDATE", "DELETE"};
    StrBuf b = {.arena = a};
    for (int i = 0; i < 3; i++) {
        sb_printf(&b, "CREATE TRIGGER _weir_refuse_%s_%lld INSTEAD OF %s ON ", verbs[i], (long long)r->id, verbs[i]);
        sql_quote_name(&b, r->name);
        sb_lit(&b, " BEGIN SELECT RAISE(ABORT, ");
        sql_quote_text(&b, str_printf(a, "use weir to change \"%.*s\"", STR_ARG(r->name)));
        sb_lit(&b, "); END;");
    }
    return sb_done(&b);
}

/* Drops the SQL VIEW over a table, whatever its name is now. */
static Status drop_sql_view(Sql *q, int64_t view, Arena *a, Diags *d)
{
    SqlStmt *st;
    bool row;
    TRY(sql_cached(q, "SELECT name FROM _weir_relations WHERE id = ?1", &st, d));
    sql_put_int(st, view);
    TRY(sql_step(q, st, &row, d));
    if (!row) return WEIR_OK;
    StrBuf b = {.arena = a};
    sb_lit(&b, "DROP VIEW IF EXISTS ");
    sql_quote_name(&b, sql_str(st, 0));
    sql_reset(st);
    return sql_exec(q, sb_done(&b).p, d);
}

static Status create_both(Sql *q, const Relation *r, Arena *a, Diags *d)
{
    const char *table;
    TRY(has_object(q, str_printf(a, "_weir_mv_%lld", (long long)r->id), &table, d));
    if (table) TRY(drop_sql_view(q, r->id, a, d));
    TRY(view_table_check_name(q, r->name, d));
    if (!table) TRY(sql_exec(q, create_table_sql(r, a).p, d));
    if (r->kind == REL_TABLE && r->nkey > 0) TRY(sql_exec(q, create_key_sql(r, a).p, d));
    TRY(sql_exec(q, create_view_sql(r, a).p, d));
    return r->kind == REL_TABLE ? sql_exec(q, refuse_writes_sql(r, a).p, d) : WEIR_OK;
}

Status view_table_create(Sql *q, const Relation *r, Diags *d)
{
    ArenaMark mark = arena_mark(&q->scratch);
    Status st = create_both(q, r, &q->scratch, d);
    arena_release(&q->scratch, mark);
    return st;
}

Status view_table_drop(Sql *q, int64_t view, Diags *d)
{
    ArenaMark mark = arena_mark(&q->scratch);
    Status st = drop_sql_view(q, view, &q->scratch, d);
    arena_release(&q->scratch, mark);
    if (st == WEIR_OK) st = sql_execf(q, d, "DROP TABLE IF EXISTS _weir_mv_%lld", (long long)view);
    return st;
}

/* ---- applying ---------------------------------------------------------------------------------- */

/* "INSERT OR FAIL INTO _weir_mv_7 SELECT id,c0,c1 FROM _weir_delta". OR FAIL and OR REPLACE need
 * no statement journal; the transaction undoes what a failure leaves. */
static Str insert_sql(const ViewTable *t, const char *conflict, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_printf(&b, "INSERT OR %s INTO _weir_mv_%lld SELECT id", conflict, (long long)t->view);
    for (int32_t i = 0; i < t->ncols; i++) sb_printf(&b, ",c%d", i);
    sb_lit(&b, " FROM _weir_delta");
    return sb_done(&b);
}

static Status prepare_all(Sql *q, ViewTable *t, Arena *a, Diags *d)
{
    long long id = t->view;
    TRY(sql_prepare(q, insert_sql(t, "FAIL", a), &t->insert, d));
    TRY(sql_prepare(q, insert_sql(t, "REPLACE", a), &t->upsert, d));
    TRY(sql_prepare(q, str_printf(a, "DELETE FROM _weir_mv_%lld WHERE _id = ?1", id), &t->remove, d));
    TRY(sql_prepare(q, str_printf(a, "DELETE FROM _weir_mv_%lld WHERE _id BETWEEN ?1 AND ?2", id),
                    &t->remove_range, d));
    return sql_prepare(q,
                       str_printf(a, "DELETE FROM _weir_blocks WHERE view = %lld AND block BETWEEN ?1 AND ?2", id),
                       &t->remove_blocks, d);
}

Status view_table_open(Sql *q, const Relation *r, ViewTable **list, ViewTable **out, Diags *d)
{
    for (*out = *list; *out; *out = (*out)->next)
        if ((*out)->view == r->id) return WEIR_OK;
    ViewTable *t = mem_alloc(sizeof *t);
    t->view = r->id;
    t->next = *list;
    *list = t;
    t->cols = mem_alloc(checked_mul(r->ncols, sizeof *t->cols));
    t->ncols = r->ncols;
    for (int32_t i = 0; i < r->ncols; i++) t->cols[i] = view_column(r->cols[i].type, &r->options);
    ArenaMark mark = arena_mark(&q->scratch);
    Status st = prepare_all(q, t, &q->scratch, d);
    arena_release(&q->scratch, mark);
    if (st != WEIR_OK) view_table_close(list, r->id);
    *out = st == WEIR_OK ? t : NULL;
    return st;
}

void view_table_close(ViewTable **list, int64_t view)
{
    while (*list && (*list)->view != view) list = &(*list)->next;
    ViewTable *t = *list;
    if (!t) return;
    sql_finalize(&t->insert);
    sql_finalize(&t->upsert);
    sql_finalize(&t->remove);
    sql_finalize(&t->remove_range);
    sql_finalize(&t->remove_blocks);
    *list = t->next;
    mem_free(t->cols, t->ncols * (ptrdiff_t)sizeof *t->cols);
    mem_free(t, sizeof *t);
}

static Status apply_rows(Sql *q, ViewTable *t, const ViewDelta *delta, Diags *d)
{
    int32_t count[ROW_DELETE + 1] = {0};
    for (int32_t i = 0; i < delta->n; i++) {
        assert(i == 0 || delta->ids[i] > delta->ids[i - 1]);
        count[delta->change[i]]++;
    }
    if (count[ROW_UPDATE])
        TRY(sql_run(q, &t->upsert, d));
    else if (count[ROW_INSERT])
        TRY(sql_run(q, &t->insert, d));
    for (int32_t i = 0; i < delta->n && count[ROW_DELETE]; i++) {
        if (delta->change[i] != ROW_DELETE) continue;
        sql_put_int(&t->remove, delta->ids[i]);
        TRY(sql_run(q, &t->remove, d));
        count[ROW_DELETE]--;
    }
    return WEIR_OK;
}

/* Removes rows first..last, and the blocks that lie wholly in the range. */
static Status apply_drop(Sql *q, ViewTable *t, int64_t first, int64_t last, Diags *d)
{
    sql_put_int(&t->remove_range, first);
    sql_put_int(&t->remove_range, last);
    TRY(sql_run(q, &t->remove_range, d));
    int64_t first_block = (first >> 20) + ((first & 0xfffff) != 0);
    int64_t last_block = (last >> 20) - ((last & 0xfffff) != 0xfffff);
    if (first_block > last_block) return WEIR_OK;
    sql_put_int(&t->remove_blocks, first_block);
    sql_put_int(&t->remove_blocks, last_block);
    return sql_run(q, &t->remove_blocks, d);
}

Status view_table_apply(Sql *q, ViewFeed *feed, ViewTable *t, const ViewDelta *delta, Diags *d)
{
    *feed = (ViewFeed){.delta = delta, .cols = t->cols};
    Status st = apply_rows(q, t, delta, d);
    *feed = (ViewFeed){0};
    return st;
}

Status view_table_expire(Sql *q, ViewTable *t, const ViewDelta *delta, Diags *d)
{
    for (int32_t i = 0; i < delta->ndrops; i++) TRY(apply_drop(q, t, delta->drop_ranges[2 * i], delta->drop_ranges[2 * i + 1], d));
    return WEIR_OK;
}
