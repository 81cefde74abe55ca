/* overlay.c: inside BEGIN … COMMIT, statements see what the ones before them did.
 *
 * Pull queries read a table's rows from _weir_mv_<id>. On the reading connection, temporary tables hold
 * the rows that the transaction removed or changed (gone) and those it made (new), and a temporary view
 * of that name shows the one over the other; nobody else sees it. Standing queries follow at COMMIT. */
#include "exec/engine/transaction.h"

#include "storage/sql.h"
#include "storage/view_table.h"

#include <stdio.h>

static const char pointer_name[] = "weir_row";

/* weir_value(row, i): value i of a row, as it stands in a table. */
static void weir_value(sqlite3_context *ctx, int n, sqlite3_value **args)
{
    static const Options defaults;
    (void)n;
    const Value *row = sqlite3_value_pointer(args[0], pointer_name);
    if (!row) {
        sqlite3_result_error(ctx, "weir_value is not for use by hand", -1);
        return;
    }
    const Value *v = &row[sqlite3_value_int(args[1])];
    if (v->is_null) return;
    OomFrame f;
    Arena a = {0};
    if (OOM_TRY(&f)) {
        Column c = column_const(&a, v);
        ViewColumn how = view_column(v->type, &defaults);
        if (v->type.kind == TYPE_BLOB) sqlite3_result_blob64(ctx, v->s.p, (uint64_t)v->s.n, SQLITE_TRANSIENT);
        else if (type_is_text(v->type.kind)) sqlite3_result_text64(ctx, v->s.p, (uint64_t)v->s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
        else how.put(ctx, &how, &c, 0);
        OOM_END(&f);
    } else {
        sqlite3_result_error_nomem(ctx);
    }
    arena_free(&a);
}

static Status failed(Transaction *tx, sqlite3 *reader)
{
    return diag_error(&tx->db->diags, WEIR_E_STORAGE, (Span){0}, "%s", sqlite3_errmsg(reader));
}

static Status run(Transaction *tx, sqlite3 *reader, Str sql)
{
    return sqlite3_exec(reader, sql.p, NULL, NULL, NULL) == SQLITE_OK ? WEIR_OK : failed(tx, reader);
}

static void list_columns(StrBuf *b, const Relation *r)
{
    for (int i = 0; i < r->ncols; i++) {
        sb_lit(b, ", ");
        sql_quote_name(b, relation_stored_name(r, i, b->arena));
    }
}

static Status make(TableEdit *e, sqlite3 *reader)
{
    long long id = e->rel_id;
    StrBuf b = {.arena = &e->tx->arena};
    sb_printf(&b, "CREATE TEMP TABLE IF NOT EXISTS _weir_gone_%lld (_id INTEGER PRIMARY KEY);"
                  "CREATE TEMP TABLE IF NOT EXISTS _weir_new_%lld (_id INTEGER PRIMARY KEY", id, id);
    list_columns(&b, e->rel);
    sb_printf(&b, "); CREATE TEMP VIEW _weir_mv_%lld AS SELECT _id", id);
    list_columns(&b, e->rel);
    sb_printf(&b, " FROM main._weir_mv_%lld WHERE _id NOT IN (SELECT _id FROM temp._weir_gone_%lld) UNION ALL SELECT _id", id, id);
    list_columns(&b, e->rel);
    sb_printf(&b, " FROM temp._weir_new_%lld", id);
    TRY(run(e->tx, reader, sb_done(&b)));
    e->has_overlay = true;
    return WEIR_OK;
}

static Status prepare_put(TableEdit *e, sqlite3 *reader, sqlite3_stmt **put, sqlite3_stmt **gone, sqlite3_stmt **drop)
{
    Arena *a = &e->tx->arena;
    StrBuf b = {.arena = a};
    sb_printf(&b, "INSERT OR REPLACE INTO temp._weir_new_%lld VALUES (?1", (long long)e->rel_id);
    for (int i = 0; i < e->rel->ncols; i++) sb_printf(&b, ", weir_value(?2, %d)", i);
    sb_char(&b, ')');
    Str hide = str_printf(a, "INSERT OR IGNORE INTO temp._weir_gone_%lld VALUES (?1)", (long long)e->rel_id);
    Str take = str_printf(a, "DELETE FROM temp._weir_new_%lld WHERE _id = ?1", (long long)e->rel_id);
    if (sqlite3_prepare_v2(reader, sb_done(&b).p, -1, put, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(reader, hide.p, -1, gone, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(reader, take.p, -1, drop, NULL) == SQLITE_OK)
        return WEIR_OK;
    return failed(e->tx, reader);
}

static bool step(sqlite3_stmt *st, int64_t id)
{
    sqlite3_bind_int64(st, 1, id);
    int rc = sqlite3_step(st);
    return sqlite3_reset(st) == SQLITE_OK && rc == SQLITE_DONE;
}

static Status show_edits(TableEdit *e, sqlite3 *reader)
{
    sqlite3_stmt *put = NULL, *gone = NULL, *drop = NULL;
    Status st = prepare_put(e, reader, &put, &gone, &drop);
    for (ptrdiff_t i = 0; st == WEIR_OK && i < e->rows.len; i++) {
        RowEdit *r = e->rows.data[i];
        if (r->is_shown) continue;
        bool ok = r->id < 0 || step(gone, r->id);
        if (r->now) sqlite3_bind_pointer(put, 2, (void *)r->now, pointer_name, NULL);
        ok = ok && step(r->now ? put : drop, r->id);
        if (!ok) st = failed(e->tx, reader);
        r->is_shown = true;
    }
    sqlite3_finalize(put);
    sqlite3_finalize(gone);
    sqlite3_finalize(drop);
    return st;
}

static Status show_all(Transaction *tx, sqlite3 *reader)
{
    int rc = sqlite3_create_function_v2(reader, "weir_value", 2, SQLITE_UTF8, NULL, weir_value, NULL, NULL, NULL);
    if (rc != SQLITE_OK) return failed(tx, reader);
    for (TableEdit *e = tx->tables; e; e = e->next) {
        if (!e->has_overlay) TRY(make(e, reader));
        TRY(show_edits(e, reader));
    }
    return WEIR_OK;
}

/* The connection is one that only reads: temporary tables are the exception. */
static void allow_writes(sqlite3 *reader, bool allow)
{
    sqlite3_exec(reader, allow ? "PRAGMA query_only = OFF" : "PRAGMA query_only = ON", NULL, NULL, NULL);
}

Status overlay_show(Transaction *tx)
{
    sqlite3 *reader;
    TRY(storage_reader(tx->db->storage, &reader, &tx->db->diags));
    allow_writes(reader, true);
    Status st = show_all(tx, reader);
    allow_writes(reader, false);
    return st;
}

/* What cannot be dropped because a statement reads it is emptied. */
void overlay_hide(Transaction *tx)
{
    Diags quiet = {.arena = &tx->arena};
    sqlite3 *reader = NULL;
    char sql[320];
    for (TableEdit *e = tx->tables; e; e = e->next) {
        if (!e->has_overlay || (!reader && storage_reader(tx->db->storage, &reader, &quiet) != WEIR_OK)) continue;
        allow_writes(reader, true);
        long long id = e->rel_id;
        snprintf(sql, sizeof sql, "DELETE FROM temp._weir_gone_%lld; DELETE FROM temp._weir_new_%lld; DROP VIEW temp._weir_mv_%lld",
                 id, id, id);
        sqlite3_exec(reader, sql, NULL, NULL, NULL);
        allow_writes(reader, false);
    }
}
