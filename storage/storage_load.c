/* storage_load.c: what an engine reads when it opens a database: the way back to the newest commit. */
#include "base/hash.h"
#include "storage/storage_impl.h"

static RelKind kind_of(Str word)
{
    if (str_eq(word, S("stream"))) return REL_STREAM;
    if (str_eq(word, S("table"))) return REL_TABLE;
    if (str_eq(word, S("view"))) return REL_VIEW;
    return str_eq(word, S("sink")) ? REL_SINK : REL_MATERIALIZED;
}

Status storage_load_relations(Storage *s, Arena *a, SavedRelation **out, int *n, Diags *d)
{
    VEC(SavedRelation) list = {0};
    SqlStmt *st;
    bool row;
    TRY(sql_cached(&s->db, "SELECT id, kind, name, sql, base_dir FROM _weir_relations ORDER BY id", &st, d));
    for (;;) {
        TRY(sql_step(&s->db, st, &row, d));
        if (!row) break;
        SavedRelation r = {.id = sql_int(st, 0), .kind = kind_of(sql_str(st, 1))};
        r.name = str_dup(a, sql_str(st, 2));
        r.sql = str_dup(a, sql_str(st, 3));
        r.base_dir = str_dup(a, sql_str(st, 4));
        vec_push(&list, a, r);
    }
    *out = list.data;
    *n = (int)list.len;
    return WEIR_OK;
}

Status storage_load_settings(Storage *s, Arena *a, Options *out, Diags *d)
{
    VEC(Option) list = {0};
    SqlStmt *st;
    bool row;
    TRY(sql_cached(&s->db, "SELECT name, value FROM _weir_settings ORDER BY name", &st, d));
    for (;;) {
        TRY(sql_step(&s->db, st, &row, d));
        if (!row) break;
        Option o = {.name = str_dup(a, sql_str(st, 0))};
        o.value = str_dup(a, sql_str(st, 1));
        vec_push(&list, a, o);
    }
    *out = (Options){.items = list.data, .n = (int32_t)list.len};
    return WEIR_OK;
}

Status storage_load_epoch(Storage *s, int64_t *epoch, Diags *d)
{
    SqlStmt *st;
    *epoch = 0;
    TRY(sql_cached(&s->db, "SELECT epoch FROM _weir_epoch", &st, d));
    return sql_one_int(&s->db, st, epoch, d);
}

Status storage_load_last_id(Storage *s, int64_t *id, Diags *d)
{
    SqlStmt *st;
    *id = 0;
    TRY(sql_cached(&s->db, "SELECT value FROM _weir_meta WHERE key = 'last_id'", &st, d));
    return sql_one_int(&s->db, st, id, d);
}

/* ---- trees of pages ---------------------------------------------------------------------------- */

static Status tree_corrupt(const char *table, Str what, Diags *d)
{
    diag_error(d, WEIR_E_CORRUPT, (Span){0}, "table \"%s\" is damaged: %.*s", table, STR_ARG(what));
    diag_hint(d, "go back to a copy of the file; where only an index is wrong, REINDEX in sqlite3 makes it anew");
    return WEIR_E_CORRUPT;
}

static Status check_table(Storage *s, const char *table, Diags *d)
{
    SqlStmt *st;
    bool is_bad;
    TRY(sql_cached(&s->db, "SELECT integrity_check FROM pragma_integrity_check(?1) WHERE integrity_check <> 'ok' LIMIT 1", &st, d));
    sql_put_str(st, str_z(table));
    TRY(sql_step(&s->db, st, &is_bad, d));
    if (!is_bad) return WEIR_OK;
    Status status = tree_corrupt(table, sql_str(st, 0), d);
    sql_reset(st);
    return status;
}

Status storage_check(Storage *s, Diags *d)
{
    static const char *const tables[] = {
        "_weir_meta", "_weir_epoch", "_weir_settings", "_weir_relations", "_weir_depends", "_weir_positions", "_weir_rulings",
        "_weir_view_progress", "_weir_blocks", "_weir_state_base", "_weir_state_log",
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) TRY(check_table(s, tables[i], d));
    return WEIR_OK;
}

/* ---- operator state ---------------------------------------------------------------------------- */

static Status state_corrupt(int64_t view, int32_t op, Diags *d)
{
    diag_error(d, WEIR_E_CORRUPT, (Span){0}, "the state of operator %d of view %lld is damaged", (int)op,
               (long long)view);
    diag_hint(d, "rebuild the view: drop it and create it again");
    return WEIR_E_CORRUPT;
}

static Status check_blob(SqlStmt *st, int col, int64_t view, int32_t op, Str *out, Diags *d)
{
    *out = sql_str(st, col);
    return (int64_t)hash_bytes(out->p, out->n) == sql_int(st, col + 1) ? WEIR_OK : state_corrupt(view, op, d);
}

/* The query gives records and xxh3 first, and is bound to (view, op). */
static Status each_blob(Storage *s, SqlStmt *st, int64_t view, int32_t op,
                        Status (*each)(void *arg, Str records), void *arg, Diags *d)
{
    bool row;
    for (;;) {
        Str records;
        TRY(sql_step(&s->db, st, &row, d));
        if (!row) return WEIR_OK;
        Status status = check_blob(st, 0, view, op, &records, d);
        if (status == WEIR_OK) status = each(arg, records);
        if (status == WEIR_OK) continue;
        sql_reset(st);
        return status;
    }
}

Status storage_load_log(Storage *s, int64_t view, int32_t op, Status (*each)(void *arg, Str records), void *arg, Diags *d)
{
    SqlStmt *st;
    TRY(sql_cached(&s->db, "SELECT records, xxh3 FROM _weir_state_log WHERE view = ?1 AND op = ?2 ORDER BY id", &st, d));
    sql_put_int(st, view);
    sql_put_int(st, op);
    return each_blob(s, st, view, op, each, arg, d);
}

Status storage_load_base(Storage *s, int64_t view, int32_t op, Status (*each)(void *arg, Str records), void *arg, Diags *d)
{
    SqlStmt *st;
    TRY(sql_cached(&s->db, "SELECT records, xxh3 FROM _weir_state_base WHERE view = ?1 AND op = ?2 ORDER BY low", &st, d));
    sql_put_int(st, view);
    sql_put_int(st, op);
    return each_blob(s, st, view, op, each, arg, d);
}

/* ---- compaction -------------------------------------------------------------------------------- */

Status storage_next_log(Storage *s, LogEntry *e, Str *records, Arena *a, Diags *d)
{
    SqlStmt *st;
    bool row;
    TRY(sql_cached(&s->db,
                   "SELECT records, xxh3, id, epoch FROM _weir_state_log WHERE view = ?1 AND op = ?2 AND id > ?3"
                   " ORDER BY id LIMIT 1", &st, d));
    sql_put_int(st, e->view);
    sql_put_int(st, e->op);
    sql_put_int(st, e->id);
    TRY(sql_step(&s->db, st, &row, d));
    e->id = row ? sql_int(st, 2) : 0;
    e->epoch = row ? sql_int(st, 3) : 0;
    Status status = row ? check_blob(st, 0, e->view, e->op, records, d) : WEIR_OK;
    if (row && status == WEIR_OK) *records = str_dup(a, *records);
    sql_reset(st);
    return status;
}

Status storage_load_lows(Storage *s, int64_t view, int32_t op, Arena *a, Str **out, ptrdiff_t *n, Diags *d)
{
    VEC(Str) list = {0};
    SqlStmt *st;
    bool row;
    TRY(sql_cached(&s->db, "SELECT low FROM _weir_state_base WHERE view = ?1 AND op = ?2 ORDER BY low", &st, d));
    sql_put_int(st, view);
    sql_put_int(st, op);
    for (;;) {
        TRY(sql_step(&s->db, st, &row, d));
        if (!row) break;
        Str low = str_dup(a, sql_str(st, 0));
        vec_push(&list, a, low);
    }
    *out = list.data;
    *n = list.len;
    return WEIR_OK;
}

Status storage_load_page(Storage *s, int64_t view, int32_t op, Str low, Arena *a, Str *records, Diags *d)
{
    SqlStmt *st;
    bool row;
    *records = S("");
    TRY(sql_cached(&s->db, "SELECT records, xxh3 FROM _weir_state_base WHERE view = ?1 AND op = ?2 AND low = ?3", &st, d));
    sql_put_int(st, view);
    sql_put_int(st, op);
    sql_put_blob(st, low);
    TRY(sql_step(&s->db, st, &row, d));
    if (!row) return WEIR_OK;
    Status status = check_blob(st, 0, view, op, records, d);
    if (status == WEIR_OK) *records = str_dup(a, *records);
    sql_reset(st);
    return status;
}

/* ---- positions, rulings, counters -------------------------------------------------------------- */

Status storage_load_positions(Storage *s, int64_t stream, Arena *a, SavedPosition **out, int *n, Diags *d)
{
    VEC(SavedPosition) list = {0};
    SqlStmt *st;
    bool row;
    TRY(sql_cached(&s->db,
                   "SELECT part, label, generation, offset, identity, watermark, rows, errors, ended"
                   " FROM _weir_positions WHERE stream = ?1 ORDER BY part", &st, d));
    sql_put_int(st, stream);
    for (;;) {
        TRY(sql_step(&s->db, st, &row, d));
        if (!row) break;
        SavedPosition p = {.stream = stream, .label = (uint64_t)sql_int(st, 1)};
        p.partition = str_dup(a, sql_str(st, 0));
        p.generation = (uint32_t)sql_int(st, 2);
        p.offset = (uint64_t)sql_int(st, 3);
        p.identity = str_dup(a, sql_str(st, 4));
        p.watermark = sql_time(st, 5);
        p.rows = sql_int(st, 6);
        p.errors = sql_int(st, 7);
        p.ended = sql_int(st, 8) != 0;
        vec_push(&list, a, p);
    }
    *out = list.data;
    *n = (int)list.len;
    return WEIR_OK;
}

Status storage_load_rulings(Storage *s, int64_t stream, bool with_refusals, Arena *a, Ruling **out, int *n, Diags *d)
{
    VEC(Ruling) list = {0};
    SqlStmt *st;
    bool row;
    TRY(sql_cached(&s->db,
                   "SELECT part, generation, offset, kind, value FROM _weir_rulings WHERE stream = ?1"
                   " AND (?2 OR kind NOT IN ('max_future', 'regex_limit')) ORDER BY rowid", &st, d));
    sql_put_int(st, stream);
    sql_put_int(st, with_refusals);
    for (;;) {
        TRY(sql_step(&s->db, st, &row, d));
        if (!row) break;
        Ruling r = {.stream = stream, .partition = str_dup(a, sql_str(st, 0))};
        r.generation = (uint32_t)sql_int(st, 1);
        r.offset = (uint64_t)sql_int(st, 2);
        r.kind = str_dup(a, sql_str(st, 3));
        r.value = sql_int(st, 4);
        vec_push(&list, a, r);
    }
    *out = list.data;
    *n = (int)list.len;
    return WEIR_OK;
}

Status storage_load_progress(Storage *s, int64_t view, ViewProgress *out, Diags *d)
{
    SqlStmt *st;
    bool row;
    *out = (ViewProgress){.view = view};
    TRY(sql_cached(&s->db,
                   "SELECT rows, changes, late_rows, gap_rows, errors, next_id FROM _weir_view_progress"
                   " WHERE view = ?1", &st, d));
    sql_put_int(st, view);
    TRY(sql_step(&s->db, st, &row, d));
    if (!row) return WEIR_OK;
    out->rows = sql_int(st, 0);
    out->changes = sql_int(st, 1);
    out->late_rows = sql_int(st, 2);
    out->gap_rows = sql_int(st, 3);
    out->errors = sql_int(st, 4);
    out->next_id = sql_int(st, 5);
    sql_reset(st);
    return WEIR_OK;
}

Status storage_load_blocks(Storage *s, int64_t view, Arena *a, BlockGrant **out, int *n, Diags *d)
{
    VEC(BlockGrant) list = {0};
    SqlStmt *st;
    bool row;
    TRY(sql_cached(&s->db, "SELECT span, block FROM _weir_blocks WHERE view = ?1 ORDER BY block", &st, d));
    sql_put_int(st, view);
    for (;;) {
        TRY(sql_step(&s->db, st, &row, d));
        if (!row) break;
        vec_push(&list, a, (BlockGrant){.view = view, .span = sql_int(st, 0), .block = sql_int(st, 1)});
    }
    *out = list.data;
    *n = (int)list.len;
    return WEIR_OK;
}

Status storage_view_max_id(Storage *s, int64_t view, int64_t *out, Diags *d)
{
    ArenaMark mark = arena_mark(&s->db.scratch);
    SqlStmt st;
    *out = 0;
    Status status = sql_prepare(
        &s->db, str_printf(&s->db.scratch, "SELECT coalesce(max(_id), 0) FROM _weir_mv_%lld", (long long)view), &st, d);
    arena_release(&s->db.scratch, mark);
    if (status != WEIR_OK) return status;
    status = sql_one_int(&s->db, &st, out, d);
    sql_finalize(&st);
    return status;
}
