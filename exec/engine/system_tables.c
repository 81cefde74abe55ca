/* system_tables.c: the virtual tables behind weir_operators and its like. */
#include "exec/engine/system_tables.h"

#include "storage/sql.h"

static const SystemTable *const tables[] = {&system_operators, &system_jobs, &system_state, &system_watermarks};

typedef struct SystemVtab {
    sqlite3_vtab base;
    weir *db;
    const SystemTable *table;
} SystemVtab;

typedef struct SystemCursor {
    sqlite3_vtab_cursor base;
    SystemRows rows;
} SystemCursor;

/* What a table is connected with. */
typedef struct SystemModule {
    weir *db;
    const SystemTable *table;
} SystemModule;

Value system_real(double d, int decimals)
{
    static const double POWERS[] = {1, 10, 100, 1000, 10000};
    double p = POWERS[decimals];
    if (d > 1e14 || d < -1e14) decimals = 0;
    if (decimals == 0) return (Value){.type = TYPE_OF(TYPE_DOUBLE), .d = d};
    return (Value){.type = TYPE_OF(TYPE_DOUBLE), .d = (double)(int64_t)(d * p + (d < 0 ? -0.5 : 0.5)) / p};
}

Value *system_row(SystemRows *r)
{
    Value *row = new (&r->arena, Value, r->ncols);
    for (int32_t i = 0; i < r->ncols; i++) row[i].is_null = true;
    vec_push(&r->rows, &r->arena, row);
    return row;
}

void system_fail(SystemRows *r, Status st, const char *fmt, ...)
{
    StrBuf b = {.arena = &r->arena};
    va_list ap;
    if (r->status != WEIR_OK) return;
    va_start(ap, fmt);
    sb_vprintf(&b, fmt, ap);
    va_end(ap);
    r->status = st;
    r->error = sb_done(&b);
}

static int system_connect(sqlite3 *c, void *arg, int argc, const char *const *argv, sqlite3_vtab **out, char **error)
{
    (void)argc, (void)argv, (void)error;
    const SystemModule *m = arg;
    char *sql = sqlite3_mprintf("CREATE TABLE x(%s)", m->table->columns);
    int rc = sql ? sqlite3_declare_vtab(c, sql) : SQLITE_NOMEM;
    sqlite3_free(sql);
    SystemVtab *v = rc == SQLITE_OK ? sqlite3_malloc(sizeof *v) : NULL;
    if (rc != SQLITE_OK || !v) return rc != SQLITE_OK ? rc : SQLITE_NOMEM;
    *v = (SystemVtab){.db = m->db, .table = m->table};
    *out = &v->base;
    return SQLITE_OK;
}

static int system_disconnect(sqlite3_vtab *v)
{
    sqlite3_free(v);
    return SQLITE_OK;
}

/* Arguments come in the order of the columns; the first one must be there. */
static int system_best_index(sqlite3_vtab *base, sqlite3_index_info *x)
{
    const SystemTable *t = ((SystemVtab *)base)->table;
    int at[SYSTEM_ARGS_MAX] = {-1, -1}, n = 0;
    bool is_blocked = false;
    ((SystemVtab *)base)->db->system_used = true;
    for (int i = 0; i < x->nConstraint; i++) {
        int arg = x->aConstraint[i].iColumn - t->ncols;
        if (arg < 0 || arg >= t->nargs || x->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
        if (x->aConstraint[i].usable) at[arg] = i;
        else is_blocked = true;
    }
    if (is_blocked) return SQLITE_CONSTRAINT;
    for (int i = 0; i < t->nargs; i++) {
        if (at[i] < 0) continue;
        x->aConstraintUsage[at[i]].argvIndex = ++n;
        x->aConstraintUsage[at[i]].omit = 1;
        x->idxNum |= 1 << i;
    }
    x->estimatedCost = 1000;
    return SQLITE_OK;
}

/* Not by SQLite's allocator: a Value is aligned to 16 bytes. */
static int system_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    SystemVtab *v = (SystemVtab *)base;
    OomFrame f;
    if (!OOM_TRY(&f)) return SQLITE_NOMEM;
    SystemCursor *c = mem_alloc(sizeof *c);
    OOM_END(&f);
    *c = (SystemCursor){.rows = {.db = v->db}};
    *out = &c->base;
    return SQLITE_OK;
}

static int system_close(sqlite3_vtab_cursor *base)
{
    arena_free(&((SystemCursor *)base)->rows.arena);
    arena_free(&((SystemCursor *)base)->rows.scratch);
    mem_free(base, sizeof(SystemCursor));
    return SQLITE_OK;
}

static Value argument(sqlite3_value *x, Arena *a)
{
    if (sqlite3_value_type(x) == SQLITE_NULL) return value_null(TYPE_OF(TYPE_TEXT));
    if (sqlite3_value_type(x) == SQLITE_INTEGER) return (Value){.type = TYPE_BIGINT_, .i = sqlite3_value_int64(x)};
    const char *text = (const char *)sqlite3_value_text(x);
    return value_text(str_dup(a, str_of(text ? text : "", sqlite3_value_bytes(x))));
}

static int system_filter(sqlite3_vtab_cursor *base, int given, const char *text, int argc, sqlite3_value **argv)
{
    (void)text, (void)argc;
    SystemRows *r = &((SystemCursor *)base)->rows;
    const SystemTable *t = ((SystemVtab *)base->pVtab)->table;
    OomFrame f;
    if (!OOM_TRY(&f)) return SQLITE_NOMEM;
    arena_reset(&r->arena);
    arena_reset(&r->scratch);
    *r = (SystemRows){.db = r->db, .arena = r->arena, .scratch = r->scratch, .ncols = t->ncols};
    for (int i = 0, n = 0; i < SYSTEM_ARGS_MAX; i++)
        r->args[i] = given & 1 << i ? argument(argv[n++], &r->arena) : value_null(TYPE_OF(TYPE_TEXT));
    t->fill(r);
    OOM_END(&f);
    if (r->status == WEIR_OK) return SQLITE_OK;
    r->db->system_error = r->status;
    sqlite3_free(base->pVtab->zErrMsg);
    base->pVtab->zErrMsg = sqlite3_mprintf("%.*s", (int)r->error.n, r->error.p);
    return SQLITE_ERROR;
}

static int system_next(sqlite3_vtab_cursor *base)
{
    ((SystemCursor *)base)->rows.at++;
    return SQLITE_OK;
}

static int system_eof(sqlite3_vtab_cursor *base)
{
    const SystemRows *r = &((SystemCursor *)base)->rows;
    return r->at >= r->rows.len;
}

static int system_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx, int i)
{
    const SystemRows *r = &((SystemCursor *)base)->rows;
    const Value *v = i < r->ncols ? &r->rows.data[r->at][i] : &r->args[i - r->ncols];
    if (v->is_null) return SQLITE_OK; /* without a result: NULL */
    if (v->type.kind == TYPE_BIGINT) sqlite3_result_int64(ctx, v->i);
    else if (v->type.kind == TYPE_DOUBLE) sqlite3_result_double(ctx, v->d);
    else sqlite3_result_text64(ctx, v->s.p, (sqlite3_uint64)v->s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
    return SQLITE_OK;
}

static int system_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = ((SystemCursor *)base)->rows.at;
    return SQLITE_OK;
}

/* Without xCreate a table is there by its module's name alone. */
static const sqlite3_module system_module = {
    .xConnect = system_connect,
    .xBestIndex = system_best_index,
    .xDisconnect = system_disconnect,
    .xOpen = system_open,
    .xClose = system_close,
    .xFilter = system_filter,
    .xNext = system_next,
    .xEof = system_eof,
    .xColumn = system_column,
    .xRowid = system_rowid,
};

/* Connected now: a guarded query may not declare anything. */
static int connect_now(sqlite3 *reader, const char *name)
{
    sqlite3_stmt *stmt = NULL;
    char *sql = sqlite3_mprintf("SELECT 1 FROM %s", name);
    int rc = sql ? sqlite3_prepare_v2(reader, sql, -1, &stmt, NULL) : SQLITE_NOMEM;
    sqlite3_finalize(stmt);
    sqlite3_free(sql);
    return rc;
}

int system_tables_register(weir *db, sqlite3 *reader)
{
    if (db->system_reader == reader) return SQLITE_OK;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        SystemModule *m = new_one(&db->arena, SystemModule);
        *m = (SystemModule){db, tables[i]};
        int rc = sqlite3_create_module(reader, tables[i]->name, &system_module, m);
        if (rc == SQLITE_OK) rc = connect_now(reader, tables[i]->name);
        if (rc != SQLITE_OK) return rc;
    }
    db->system_reader = reader;
    return SQLITE_OK;
}
