/* migrate.c: format version and migrations. */
#include "storage/migrate.h"

static const char *const migrations[STORAGE_FORMAT] = {migration_1, migration_2, migration_3};

static Status one_int(Sql *q, const char *text, int64_t *out, Diags *d)
{
    SqlStmt st;
    TRY(sql_prepare(q, str_z(text), &st, d));
    Status status = sql_one_int(q, &st, out, d);
    sql_finalize(&st);
    return status;
}

/* 0: weir has not written to this file yet. */
static Status read_format(Sql *q, int64_t *format, Diags *d)
{
    int64_t has_meta = 0;
    TRY(one_int(q, "SELECT count(*) FROM sqlite_schema WHERE name = '_weir_meta'", &has_meta, d));
    *format = 0;
    if (!has_meta) return WEIR_OK;
    *format = -1;
    TRY(one_int(q, "SELECT value FROM _weir_meta WHERE key = 'format'", format, d));
    if (*format > 0) return WEIR_OK;
    diag_error(d, WEIR_E_CORRUPT, (Span){0}, "table \"_weir_meta\" names no format");
    return WEIR_E_CORRUPT;
}

static Status refuse_newer(int64_t format, Diags *d)
{
    diag_error(d, WEIR_E_FORMAT, (Span){0},
               "the database has format %lld, this weir knows formats up to %d", (long long)format,
               STORAGE_FORMAT);
    diag_hint(d, "open it with the weir that wrote it, or a newer one");
    return WEIR_E_FORMAT;
}

static Status refuse_reading(int64_t format, Diags *d)
{
    if (format == 0) {
        diag_error(d, WEIR_E_NOT_FOUND, (Span){0}, "the database holds nothing of weir's");
        return WEIR_E_NOT_FOUND;
    }
    diag_error(d, WEIR_E_FORMAT, (Span){0}, "the database has the older format %lld", (long long)format);
    diag_hint(d, "open it once for writing: that brings it to format %d", STORAGE_FORMAT);
    return WEIR_E_FORMAT;
}

/* Names that weir needs, in a file that is somebody else's. */
static Status refuse_taken_names(Sql *q, Diags *d)
{
    int64_t taken = 0;
    TRY(one_int(q,
                "SELECT count(*) FROM sqlite_schema WHERE lower(name) GLOB 'weir_*'"
                " OR lower(name) GLOB '_weir_*'", &taken, d));
    if (!taken) return WEIR_OK;
    diag_error(d, WEIR_E_EXISTS, (Span){0},
               "the database has tables whose names begin with \"weir_\" but are not weir's");
    diag_hint(d, "rename them, or use another file");
    return WEIR_E_EXISTS;
}

static Status step_up(Sql *q, int64_t from, bool is_new, Diags *d)
{
    if (from == 0) TRY(refuse_taken_names(q, d));
    if (is_new) TRY(sql_execf(q, d, "PRAGMA application_id = %d", STORAGE_APPLICATION_ID));
    for (int64_t v = from; v < STORAGE_FORMAT; v++) TRY(sql_exec(q, migrations[v], d));
    return sql_execf(q, d,
                     "INSERT OR IGNORE INTO _weir_meta VALUES ('created_by', '%s');"
                     "INSERT OR REPLACE INTO _weir_meta VALUES ('format', %d)", WEIR_VERSION, STORAGE_FORMAT);
}

Status migrate(Sql *q, bool read_only, Diags *d)
{
    int64_t format = 0, tables = 0;
    TRY(read_format(q, &format, d));
    if (format > STORAGE_FORMAT) return refuse_newer(format, d);
    if (format == STORAGE_FORMAT) return WEIR_OK;
    if (read_only) return refuse_reading(format, d);
    TRY(sql_exec(q, "BEGIN IMMEDIATE", d));
    Status st = one_int(q, "SELECT count(*) FROM sqlite_schema", &tables, d);
    if (st == WEIR_OK) st = step_up(q, format, tables == 0, d);
    if (st == WEIR_OK) st = sql_exec(q, "COMMIT", d);
    if (st != WEIR_OK) sqlite3_exec(q->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}
