/* pull.c: a SELECT over views, answered by SQLite at one commit on the read-only connection.
 *
 * The planner writes SQLite's SQL; what SQLite cannot compute as weir means it stands there as
 * weir_expr(:weir, i, …), which evaluates a bound expression over the arguments as one row. */
#include "exec/engine/statement.h"
#include "exec/engine/system_tables.h"

#include "base/datetime.h"
#include "base/decimal.h"
#include "storage/view_table.h"

enum { PROGRESS_STEPS = 20000 }; /* SQLite's instructions between looks at weir_interrupt */
static const char pointer_name[] = "weir_pull";

typedef struct PullStatement {
    sqlite3 *db;
    sqlite3_stmt *handle;
    PullQuery query;
    ExprProgram **programs; /* one per query.exprs */
    EvalEnv env;
    bool is_begun;
    int64_t deadline_us;    /* on the monotonic clock, 0: none */
    Status error;           /* of the expression that failed, WEIR_OK: none */
    Arena scratch;          /* of one call of weir_expr */
} PullStatement;

/* ---- values in and out ---------------------------------------------------------------------------- */

static Str value_str(sqlite3_value *x)
{
    const char *p = (const char *)sqlite3_value_text(x);
    return (Str){p ? p : "", sqlite3_value_bytes(x)};
}

static bool to_timestamp(sqlite3_value *x, Type t, int64_t *us)
{
    if (sqlite3_value_type(x) == SQLITE_INTEGER) return timestamp_from_epoch(sqlite3_value_int64(x), 1000, us);
    return timestamp_parse(value_str(x), t.precision, us);
}

static bool to_decimal(sqlite3_value *x, Type t, Int128 *out)
{
    if (sqlite3_value_type(x) == SQLITE_FLOAT) return decimal_from_double(sqlite3_value_double(x), t, out);
    return decimal_parse(value_str(x), t, out) == DECIMAL_OK;
}

/* A value as SQLite has it, as a value of type v->type. False: it is none. */
static bool to_value(sqlite3_value *x, Value *v)
{
    int32_t days;
    v->is_null = sqlite3_value_type(x) == SQLITE_NULL;
    if (v->is_null) return true;
    switch ((TypeKind)v->type.kind) {
    case TYPE_BOOLEAN: v->i = sqlite3_value_int64(x) != 0; return true;
    case TYPE_BIGINT: v->i = sqlite3_value_int64(x); return true;
    case TYPE_DOUBLE: v->d = sqlite3_value_double(x); return true;
    case TYPE_DECIMAL: return to_decimal(x, v->type, &v->dec);
    case TYPE_TIMESTAMP: return to_timestamp(x, v->type, &v->i);
    case TYPE_DATE:
        if (!date_parse(value_str(x), &days)) return false;
        v->i = days;
        return true;
    case TYPE_TIME: return time_parse(value_str(x), &v->i);
    case TYPE_INTERVAL: return interval_parse(value_str(x), &v->iv);
    case TYPE_TEXT: case TYPE_BLOB: case TYPE_JSON: case TYPE_ARRAY: case TYPE_ROW: case TYPE_MAP:
        v->s = value_str(x);
        return true;
    case TYPE_NULL: case TYPE_COUNT: v->is_null = true; return true;
    }
    return false;
}

/* Text of an expression lives no longer than the call: SQLite takes a copy. */
static void give_text(sqlite3_context *ctx, const Column *c)
{
    const Text *t = &COL(const Text, c)[col_at(c, 0)];
    if (c->type.kind == TYPE_BLOB) sqlite3_result_blob64(ctx, text_p(t), t->len, SQLITE_TRANSIENT);
    else sqlite3_result_text64(ctx, text_p(t), t->len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void eval_expr(sqlite3_context *ctx, PullStatement *p, int i, sqlite3_value **args)
{
    const PullExpr *e = &p->query.exprs[i];
    Batch b = {.rows = 1, .ncols = e->nargs, .cols = new (&p->scratch, Column, e->nargs), .judge_max = INT64_MIN};
    for (int k = 0; k < e->nargs; k++) {
        Value v = {.type = e->types[k]};
        if (!to_value(args[k], &v)) {
            Str t = type_name(v.type, &p->scratch);
            Str m = str_printf(&p->scratch, "\"%.*s\" is not a %.*s", STR_ARG(value_str(args[k])), STR_ARG(t));
            p->error = WEIR_E_VALUE;
            sqlite3_result_error(ctx, m.p, (int)m.n);
            return;
        }
        b.cols[k] = column_new(&p->scratch, e->types[k], 1);
        column_put(&b.cols[k], &p->scratch, 0, &v);
    }
    Column out;
    expr_eval(p->programs[i], &b, &p->env, &p->scratch, &out);
    if (col_is_err(&out, 0)) {
        p->error = column_error(&out, 0)->code;
        Str m = column_error(&out, 0)->message;
        sqlite3_result_error(ctx, m.p, (int)m.n);
    } else if (col_is_null(&out, 0)) {
        sqlite3_result_null(ctx);
    } else {
        static const Options defaults;
        ViewColumn how = view_column(out.type, &defaults);
        if (type_is_text(out.type.kind)) give_text(ctx, &out);
        else how.put(ctx, &how, &out, 0);
    }
}

static void weir_expr(sqlite3_context *ctx, int n, sqlite3_value **args)
{
    PullStatement *p = n >= 2 ? sqlite3_value_pointer(args[0], pointer_name) : NULL;
    int i = n >= 2 ? sqlite3_value_int(args[1]) : -1;
    if (!p || i < 0 || i >= p->query.nexprs || n - 2 != p->query.exprs[i].nargs) {
        sqlite3_result_error(ctx, "weir_expr is not for use by hand", -1);
        return;
    }
    OomFrame f;
    if (OOM_TRY(&f)) {
        eval_expr(ctx, p, i, args + 2);
        OOM_END(&f);
    } else {
        sqlite3_result_error_nomem(ctx);
    }
    arena_reset(&p->scratch);
}

/* ---- collations: decimals and intervals that stand as text ----------------------------------------- */

static int sign_of(Int128 v) { return (v > 0) - (v < 0); }

static int compare_decimals(void *arg, int na, const void *a, int nb, const void *b)
{
    (void)arg;
    Type t = TYPE_DECIMAL_(38, 18);
    Int128 x, y;
    Str sa = {a, na}, sb = {b, nb};
    if (decimal_parse(sa, t, &x) != DECIMAL_OK || decimal_parse(sb, t, &y) != DECIMAL_OK) return str_cmp(sa, sb);
    return (x > y) - (x < y);
}

static Int128 interval_length(Interval v)
{
    enum { DAYS_A_MONTH = 30 };
    return ((Int128)v.months * DAYS_A_MONTH + v.days) * US_PER_DAY + v.us;
}

static int compare_intervals(void *arg, int na, const void *a, int nb, const void *b)
{
    (void)arg;
    Interval x, y;
    Str sa = {a, na}, sb = {b, nb};
    if (!interval_parse(sa, &x) || !interval_parse(sb, &y)) return str_cmp(sa, sb);
    return sign_of(interval_length(x) - interval_length(y));
}

/* ---- the statement ----------------------------------------------------------------------------------- */

/* SQLite asks now and then whether to go on. */
static int look_at_interrupt(void *arg)
{
    weir *db = arg;
    if (atomic_load(&db->interrupted)) return 1;
    return db->pull_deadline_us && db->env.mono_us(db->env.arg) >= db->pull_deadline_us;
}

static int64_t deadline_from_now(weir *db)
{
    int64_t most = db->settings.pull_timeout_us;
    return most > 0 ? db->env.mono_us(db->env.arg) + most : 0;
}

static Status took_too_long(weir_stmt *s)
{
    Span at = s->ast ? s->ast->span : (Span){0};
    diag_error(&s->db->diags, WEIR_E_LIMIT, at, "the query takes longer than pull_timeout");
    diag_hint(&s->db->diags, "let it read fewer rows, or SET pull_timeout = '0 SECONDS'");
    return WEIR_E_LIMIT;
}

static Status only_reading(weir_stmt *s)
{
    diag_error(&s->db->diags, WEIR_E_READONLY, s->ast ? s->ast->span : (Span){0}, "only reading is possible here");
    diag_hint(&s->db->diags, "PRAGMAs that tell something are: table_info, index_list, integrity_check and their like");
    return WEIR_E_READONLY;
}

/* What SQLite says where a query is larger than it takes. */
static bool is_limit(int rc, const char *message)
{
    static const char *const said[] = {"Expression tree is too large", "too many terms", "parser stack overflow", "too many columns",
                                       "too many arguments", "too many FROM clause terms", "at most 64 tables"};
    if (rc == SQLITE_TOOBIG) return true;
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (str_starts(str_z(message), str_z(said[i]))) return true;
    return false;
}

static Status reader_error(weir_stmt *s, PullStatement *p)
{
    TRY(engine_interrupted(s->db));
    int rc = sqlite3_errcode(p->db);
    if (rc == SQLITE_INTERRUPT) return took_too_long(s);
    if (rc == SQLITE_AUTH) return only_reading(s);
    Status code = p->error != WEIR_OK ? p->error : rc == SQLITE_NOMEM                       ? WEIR_E_NOMEM
                  : is_limit(rc, sqlite3_errmsg(p->db)) ? WEIR_E_LIMIT
                                                        : WEIR_E_STORAGE;
    if (s->db->system_error != WEIR_OK) code = s->db->system_error;
    p->error = s->db->system_error = WEIR_OK;
    return diag_error(&s->db->diags, code, s->ast ? s->ast->span : (Span){0}, "%s", sqlite3_errmsg(p->db));
}

/* SQLite does not let functions be given again while a statement runs. */
static int prepare_connection(weir *db, sqlite3 *reader)
{
    if (db->reader == reader) return SQLITE_OK;
    int rc = sqlite3_create_function_v2(reader, "weir_expr", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, weir_expr, NULL, NULL, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_create_collation_v2(reader, "weir_decimal", SQLITE_UTF8, NULL, compare_decimals, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_create_collation_v2(reader, "weir_interval", SQLITE_UTF8, NULL, compare_intervals, NULL);
    sqlite3_progress_handler(reader, PROGRESS_STEPS, look_at_interrupt, db);
    if (rc == SQLITE_OK) rc = system_tables_register(db, reader);
    if (rc == SQLITE_OK) db->reader = reader;
    return rc;
}

static Status open_reader(weir_stmt *s, PullStatement *p)
{
    TRY(storage_reader(s->db->storage, &p->db, &s->db->diags));
    return prepare_connection(s->db, p->db) == SQLITE_OK ? WEIR_OK : reader_error(s, p);
}

static Type type_of_class(int sqlite_type)
{
    switch (sqlite_type) {
    case SQLITE_INTEGER: return TYPE_BIGINT_;
    case SQLITE_FLOAT: return TYPE_OF(TYPE_DOUBLE);
    case SQLITE_BLOB: return TYPE_OF(TYPE_BLOB);
    default: return TYPE_OF(TYPE_TEXT);
    }
}

/* Values keep SQLite's storage class: that is how they stand in the file. */
void pull_take_row(weir_stmt *s, sqlite3_stmt *handle, int from)
{
    for (int i = from; i < s->ncols + from; i++) {
        int t = sqlite3_column_type(handle, i);
        Value *v = &s->row[i - from];
        *v = (Value){.type = type_of_class(t), .is_null = t == SQLITE_NULL};
        if (t == SQLITE_INTEGER) v->i = sqlite3_column_int64(handle, i);
        else if (t == SQLITE_FLOAT) v->d = sqlite3_column_double(handle, i);
        else if (t != SQLITE_NULL) {
            const char *text = sqlite3_column_blob(handle, i);
            v->s = (Str){text ? text : "", sqlite3_column_bytes(handle, i)};
        }
    }
}

static Status pull_step(weir_stmt *s)
{
    PullStatement *p = s->impl;
    if (!p->is_begun) p->deadline_us = deadline_from_now(s->db);
    p->is_begun = true;
    s->db->pull_deadline_us = p->deadline_us;
    int rc = sqlite3_step(p->handle);
    s->db->pull_deadline_us = 0;
    if (rc == SQLITE_DONE) {
        sqlite3_reset(p->handle); /* a statement left open would pin the WAL */
        return WEIR_DONE;
    }
    if (rc != SQLITE_ROW) return reader_error(s, p);
    pull_take_row(s, p->handle, 0);
    return WEIR_ROW;
}

static void pull_close(weir_stmt *s)
{
    PullStatement *p = s->impl;
    if (!p) return;
    sqlite3_finalize(p->handle);
    arena_free(&p->scratch);
}

static void name_columns(weir_stmt *s, PullStatement *p)
{
    s->ncols = sqlite3_column_count(p->handle);
    s->cols = new (&s->arena, Field, s->ncols);
    s->row = new (&s->arena, Value, s->ncols);
    for (int i = 0; i < s->ncols; i++) {
        s->cols[i].name = str_dup(&s->arena, str_z(sqlite3_column_name(p->handle, i)));
        if (i >= p->query.ncols) continue;
        s->cols[i].type = p->query.cols[i].type;
        if (p->query.cols[i].name.n) s->cols[i].name = p->query.cols[i].name;
    }
}

Status pull_prepare_sql(weir_stmt *s, Str sql)
{
    PullStatement *p = s->impl;
    if (!p) p = s->impl = new_one(&s->arena, PullStatement);
    TRY(open_reader(s, p));
    s->db->system_used = false;
    storage_guard_reader(p->db, true);
    int rc = sqlite3_prepare_v2(p->db, sql.p, (int)sql.n, &p->handle, NULL);
    storage_guard_reader(p->db, false);
    if (rc != SQLITE_OK) return reader_error(s, p);
    s->reads_engine = s->db->system_used;
    int at = sqlite3_bind_parameter_index(p->handle, ":weir");
    if (at > 0) sqlite3_bind_pointer(p->handle, at, p, pointer_name, NULL);
    name_columns(s, p);
    return WEIR_OK;
}

static int depth_of(const int *ids, const int *parents, int n, int parent)
{
    for (int i = n - 1; i >= 0; i--)
        if (ids[i] == parent) return 1 + depth_of(ids, parents, i, parents[i]);
    return 0;
}

Status pull_query_plan(weir_stmt *s, StrBuf *out)
{
    enum { STEPS_MAX = 256 };
    int ids[STEPS_MAX], parents[STEPS_MAX], n = 0, rc = SQLITE_ROW;
    PullStatement *p = s->impl;
    sqlite3_stmt *steps;
    Str sql = str_printf(&s->arena, "EXPLAIN QUERY PLAN %.*s", STR_ARG(p->query.sql));
    if (sqlite3_prepare_v2(p->db, sql.p, (int)sql.n, &steps, NULL) != SQLITE_OK) return reader_error(s, p);
    while (n < STEPS_MAX && (rc = sqlite3_step(steps)) == SQLITE_ROW) {
        ids[n] = sqlite3_column_int(steps, 0);
        parents[n] = sqlite3_column_int(steps, 1);
        int depth = 1 + depth_of(ids, parents, n, parents[n]);
        sb_printf(out, "%*s%s\n", 2 * depth, "", (const char *)sqlite3_column_text(steps, 3));
        n++;
    }
    sqlite3_finalize(steps);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? WEIR_OK : reader_error(s, p);
}

static Status pull_prepare(weir_stmt *s)
{
    Planner planner = statement_planner(s);
    PullStatement *p = s->impl = new_one(&s->arena, PullStatement);
    TRY(pull_translate(&planner, s->ast->select, &p->query));
    p->env = engine_eval(s->db);
    p->env.now_us = engine_now(s->db);
    p->programs = new (&s->arena, ExprProgram *, p->query.nexprs);
    for (int i = 0; i < p->query.nexprs; i++) {
        const BExpr *root = p->query.exprs[i].expr;
        TRY(expr_compile(&root, 1, &s->arena, &p->programs[i], &s->db->diags));
    }
    return pull_prepare_sql(s, p->query.sql);
}

static Status sql_prepare_nothing(weir_stmt *s)
{
    (void)s;
    return WEIR_OK;
}

const StatementClass pull_statement = {pull_prepare, pull_step, pull_close};
const StatementClass sql_statement = {sql_prepare_nothing, pull_step, pull_close};
