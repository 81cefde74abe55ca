/* storage_catalog.c: what was declared: relations, settings, indexes for readers. */
#include "storage/change_log.h"

#include <assert.h>

Status storage_begin(Storage *s, Diags *d)
{
    TRY(storage_writable(s, d));
    assert(!s->in_ddl);
    TRY(storage_begin_owned(s, d));
    s->in_ddl = true;
    return WEIR_OK;
}

Status storage_commit(Storage *s, Diags *d)
{
    assert(s->in_ddl);
    Status st = sql_exec(&s->db, "COMMIT", d);
    if (st != WEIR_OK) storage_undo(s);
    s->in_ddl = false;
    return st;
}

void storage_rollback(Storage *s) { storage_undo(s); }

/* ---- relations --------------------------------------------------------------------------------- */

static const char *const kind_words[] = {
    [REL_STREAM] = "stream", [REL_TABLE] = "table", [REL_VIEW] = "view",
    [REL_MATERIALIZED] = "materialized view", [REL_SINK] = "sink",
};

static bool is_standing(const Relation *r) { return r->kind == REL_MATERIALIZED || r->kind == REL_SINK; }
static bool has_rows(const Relation *r) { return r->kind == REL_MATERIALIZED || r->kind == REL_TABLE; }

static Str columns_text(const Relation *r, Arena *a)
{
    StrBuf b = {.arena = a};
    for (int32_t i = 0; i < r->ncols; i++) {
        if (i) sb_lit(&b, ", ");
        sb_str(&b, r->cols[i].name);
        sb_char(&b, ' ');
        sb_str(&b, type_name(r->cols[i].type, a));
    }
    return sb_done(&b);
}

static Str key_text(const Relation *r, Arena *a)
{
    StrBuf b = {.arena = a};
    for (int32_t i = 0; i < r->nkey; i++) {
        if (i) sb_lit(&b, ", ");
        sb_str(&b, r->cols[r->key[i]].name);
    }
    return sb_done(&b);
}

static void put_str_or_null(SqlStmt *st, bool given, Str v)
{
    if (given)
        sql_put_str(st, v);
    else
        sql_put_null(st);
}

static Status save_row(Storage *s, const Relation *r, Arena *a, Diags *d)
{
    SqlStmt *st;
    TRY(sql_cached(&s->db,
                   "INSERT INTO _weir_relations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                   " ON CONFLICT (id) DO UPDATE SET kind = ?2, name = ?3, sql = ?4, base_dir = ?5,"
                   " columns = ?6, event_time = ?7, row_key = ?8, emit = ?9", &st, d));
    bool has_time = r->watermark.col >= 0 && r->watermark.col < r->ncols;
    sql_put_int(st, r->id);
    sql_put_str(st, str_z(kind_words[r->kind]));
    sql_put_str(st, r->name);
    sql_put_str(st, r->sql);
    sql_put_str(st, r->base_dir);
    sql_put_str(st, columns_text(r, a));
    put_str_or_null(st, has_time, has_time ? r->cols[r->watermark.col].name : S(""));
    put_str_or_null(st, r->nkey > 0, key_text(r, a));
    put_str_or_null(st, is_standing(r), r->emit_final ? S("final") : S("changes"));
    TRY(sql_run(&s->db, st, d));
    TRY(sql_cached(&s->db,
                   "INSERT INTO _weir_meta VALUES ('last_id', ?1)"
                   " ON CONFLICT (key) DO UPDATE SET value = max(value, ?1)", &st, d));
    sql_put_int(st, r->id);
    return sql_run(&s->db, st, d);
}

static Status save_depends(Storage *s, const Relation *r, Diags *d)
{
    SqlStmt *st;
    TRY(sql_cached(&s->db, "DELETE FROM _weir_depends WHERE relation = ?1", &st, d));
    sql_put_int(st, r->id);
    TRY(sql_run(&s->db, st, d));
    for (int32_t i = 0; i < r->ndepends; i++) {
        TRY(sql_cached(&s->db, "INSERT OR IGNORE INTO _weir_depends VALUES (?1, ?2)", &st, d));
        sql_put_int(st, r->id);
        sql_put_int(st, r->depends[i]);
        TRY(sql_run(&s->db, st, d));
    }
    return WEIR_OK;
}

/* Another relation of that name; the constraint of the table would say it less clearly. */
static Status check_relation_name(Storage *s, const Relation *r, Diags *d)
{
    SqlStmt *st;
    int64_t taken = 0;
    TRY(sql_cached(&s->db, "SELECT count(*) FROM _weir_relations WHERE name = ?1 COLLATE NOCASE AND id <> ?2",
                   &st, d));
    sql_put_str(st, r->name);
    sql_put_int(st, r->id);
    TRY(sql_one_int(&s->db, st, &taken, d));
    if (!taken) return WEIR_OK;
    return diag_error(d, WEIR_E_EXISTS, (Span){0}, "\"%.*s\" exists already", STR_ARG(r->name));
}

Status storage_save_relation(Storage *s, const Relation *r, Diags *d)
{
    assert(s->in_ddl && r->id > 0);
    TRY(check_relation_name(s, r, d));
    if (has_rows(r)) {
        view_table_close(&s->views, r->id); /* its columns may have changed their shape */
        TRY(change_log_drop(s, r->id, d));
        TRY(view_table_create(&s->db, r, d));
    }
    ArenaMark mark = arena_mark(&s->db.scratch);
    Status st = save_row(s, r, &s->db.scratch, d);
    arena_release(&s->db.scratch, mark);
    return st == WEIR_OK ? save_depends(s, r, d) : st;
}

Status storage_rename_relation(Storage *s, int64_t id, Str name, Diags *d)
{
    static const char *const texts[] = {
        "UPDATE weir_faults SET \"view\" = ?1 WHERE \"view\" = (SELECT name FROM _weir_relations WHERE id = ?2)",
        "UPDATE weir_errors SET \"query\" = ?1 WHERE \"query\" = (SELECT name FROM _weir_relations WHERE id = ?2)",
    };
    assert(s->in_ddl);
    for (int i = 0; i < 2; i++) {
        SqlStmt *st;
        TRY(sql_cached(&s->db, texts[i], &st, d));
        sql_put_str(st, name);
        sql_put_int(st, id);
        TRY(sql_run(&s->db, st, d));
    }
    return WEIR_OK;
}

static Status forget(Storage *s, const char *const *texts, int n, const Relation *r, Diags *d)
{
    for (int i = 0; i < n; i++) {
        SqlStmt *st;
        TRY(sql_cached(&s->db, texts[i], &st, d));
        sql_put_int(st, r->id);
        TRY(sql_run(&s->db, st, d));
    }
    return WEIR_OK;
}

/* What a view has beside its definition. */
static Status forget_content(Storage *s, const Relation *r, Diags *d)
{
    static const char *const texts[] = {
        "DELETE FROM weir_faults WHERE \"view\" = (SELECT name FROM _weir_relations WHERE id = ?1)",
        "DELETE FROM _weir_view_progress WHERE view = ?1",
        "DELETE FROM _weir_blocks WHERE view = ?1",
        "DELETE FROM _weir_state_base WHERE view = ?1",
        "DELETE FROM _weir_state_log WHERE view = ?1",
    };
    return forget(s, texts, (int)(sizeof texts / sizeof *texts), r, d);
}

Status storage_empty_view(Storage *s, const Relation *r, Diags *d)
{
    assert(s->in_ddl && has_rows(r));
    TRY(forget_content(s, r, d));
    TRY(change_log_drop(s, r->id, d)); /* who follows it has to begin anew */
    return sql_execf(&s->db, d, "DELETE FROM _weir_mv_%lld", (long long)r->id);
}

Status storage_drop_relation(Storage *s, const Relation *r, Diags *d)
{
    static const char *const texts[] = {
        "DELETE FROM _weir_relations WHERE id = ?1",
        "DELETE FROM _weir_depends WHERE relation = ?1",
        "DELETE FROM _weir_positions WHERE stream = ?1",
        "DELETE FROM _weir_rulings WHERE stream = ?1",
    };
    assert(s->in_ddl);
    if (has_rows(r)) {
        view_table_close(&s->views, r->id);
        TRY(change_log_drop(s, r->id, d));
        TRY(view_table_drop(&s->db, r->id, d));
    }
    TRY(forget_content(s, r, d));
    return forget(s, texts, (int)(sizeof texts / sizeof *texts), r, d);
}

Status storage_save_setting(Storage *s, Str name, Str value, Diags *d)
{
    SqlStmt *st;
    TRY(storage_writable(s, d));
    TRY(sql_cached(&s->db, "INSERT OR REPLACE INTO _weir_settings VALUES (?1, ?2)", &st, d));
    sql_put_str(st, name);
    sql_put_str(st, value);
    return sql_run(&s->db, st, d);
}

Status storage_create_index(Storage *s, Str name, const Relation *r, Str cols, Diags *d)
{
    assert(s->in_ddl && has_rows(r));
    TRY(view_table_check_name(&s->db, name, d));
    ArenaMark mark = arena_mark(&s->db.scratch);
    StrBuf b = {.arena = &s->db.scratch};
    sb_lit(&b, "CREATE INDEX ");
    sql_quote_name(&b, name);
    sb_printf(&b, " ON _weir_mv_%lld (%.*s)", (long long)r->id, STR_ARG(cols));
    Status st = sql_exec(&s->db, sb_done(&b).p, d);
    arena_release(&s->db.scratch, mark);
    return st == WEIR_OK ? storage_size_cache(s, d) : st;
}
