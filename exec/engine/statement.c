/* statement.c: the public life of a statement, and the kinds that are small. */
#include "exec/engine/statement.h"

#include "parser/parser.h"

/* ---- rows of text: SHOW, DESCRIBE ------------------------------------------------------ */

typedef struct TextCursor {
    TextRows rows;
    ptrdiff_t at;
} TextCursor;

static Status text_step(weir_stmt *s)
{
    TextCursor *c = s->impl;
    if (c->at == c->rows.rows.len) return WEIR_DONE;
    Str *row = c->rows.rows.data[c->at++];
    for (int i = 0; i < s->ncols; i++) {
        s->row[i] = value_text(row[i]);
        s->row[i].is_null = row[i].p == NULL;
    }
    return WEIR_ROW;
}

static TextCursor *text_cursor(weir_stmt *s)
{
    return s->impl = new_one(&s->arena, TextCursor);
}

static void text_columns(weir_stmt *s)
{
    TextCursor *c = s->impl;
    statement_columns(s, c->rows.names, c->rows.ncols, TYPE_OF(TYPE_TEXT));
}

static Status show_prepare(weir_stmt *s)
{
    Planner p = statement_planner(s);
    StrBuf sql = {.arena = &s->arena};
    bool is_query;
    TRY(show_query(&p, s->ast->show, &is_query, &sql));
    if (is_query) {
        s->cls = &sql_statement;
        return pull_prepare_sql(s, sb_done(&sql));
    }
    TRY(show_rows(&p, s->ast->show, &text_cursor(s)->rows));
    text_columns(s);
    return WEIR_OK;
}

static Status describe_prepare(weir_stmt *s)
{
    Planner p = statement_planner(s);
    TRY(describe_rows(&p, s->ast->describe, &text_cursor(s)->rows));
    text_columns(s);
    return WEIR_OK;
}

/* ---- statements without rows --------------------------------------------------------------------- */

static Status define_prepare(weir_stmt *s)
{
    (void)s;
    return WEIR_OK;
}

/* Definitions outlive the statement: its text is parsed again on a shelf of their own. */
static Status define_step(weir_stmt *s)
{
    Stmt *stmt = NULL;
    ptrdiff_t end;
    Shelf *shelf = s->impl = shelf_new(s->db);
    Str text = str_dup(&shelf->arena, s->text); /* whole, so that places are the same */
    TRY(parser_parse_first(text, &shelf->arena, &s->db->diags, &stmt, &end));
    TRY(script_define(s->db, &stmt, 1, s->base_dir, &(DefineOptions){.shelf = shelf}));
    return WEIR_DONE;
}

static void define_close(weir_stmt *s) { shelf_done(s->impl); }

static Status checkpoint_step(weir_stmt *s)
{
    TRY(engine_can(s->db, NEED_WRITE));
    TRY(engine_settle(s->db));
    TRY(storage_checkpoint(s->db->storage, true, &s->db->diags));
    return WEIR_DONE;
}

static Status backup_step(weir_stmt *s)
{
    TRY(engine_settle(s->db));
    Str path = s->ast->backup->path;
    bool is_relative = s->base_dir.n && !str_starts(path, S("/"));
    if (is_relative) path = str_printf(&s->arena, "%.*s/%.*s", STR_ARG(s->base_dir), STR_ARG(path));
    TRY(storage_backup(s->db->storage, path, &s->db->diags));
    return WEIR_DONE;
}

Status statement_unsupported(weir_stmt *s, const char *what)
{
    return diag_error(&s->db->diags, WEIR_E_UNSUPPORTED, s->ast->span, "%s is not built yet", what);
}

static Status unsupported_prepare(weir_stmt *s)
{
    static const char *const words[] = {
        [STMT_RECOVER] = "RECOVER",
    };
    return statement_unsupported(s, words[s->ast->kind]);
}

/* ---- SELECT: pull or push ------------------------------------------------------------------------ */

static Status select_prepare(weir_stmt *s)
{
    Planner p = statement_planner(s);
    bool is_push;
    TRY(plan_is_push(&p, s->ast->select, &is_push));
    s->cls = is_push ? &push_statement : &pull_statement;
    return s->cls->prepare(s);
}

/* PRAGMA, EXPLAIN QUERY PLAN: SQLite's own, on the read-only connection. */
static Status native_prepare(weir_stmt *s)
{
    s->cls = &sql_statement;
    return pull_prepare_sql(s, s->ast->text);
}

static const StatementClass native_statement = {native_prepare, NULL, NULL};
static const StatementClass select_statement = {select_prepare, NULL, NULL};
static const StatementClass show_statement = {show_prepare, text_step, NULL};
static const StatementClass describe_statement = {describe_prepare, text_step, NULL};
static const StatementClass define_statement = {define_prepare, define_step, define_close};
static const StatementClass checkpoint_statement = {define_prepare, checkpoint_step, NULL};
static const StatementClass backup_statement = {define_prepare, backup_step, NULL};
static const StatementClass unsupported_statement = {unsupported_prepare, NULL, NULL};

static const StatementClass *const classes[] = {
    [STMT_SELECT] = &select_statement,          [STMT_CREATE_STREAM] = &define_statement,
    [STMT_CREATE_VIEW] = &define_statement,     [STMT_CREATE_FUNCTION] = &define_statement,
    [STMT_CREATE_INDEX] = &define_statement,    [STMT_DROP] = &define_statement,
    [STMT_ALTER] = &define_statement,           [STMT_INSERT] = &insert_statement,
    [STMT_UPDATE] = &update_statement,          [STMT_DELETE] = &delete_statement,
    [STMT_BEGIN] = &begin_statement,            [STMT_COMMIT] = &commit_statement,
    [STMT_ROLLBACK] = &rollback_statement,      [STMT_SHOW] = &show_statement,
    [STMT_DESCRIBE] = &describe_statement,      [STMT_EXPLAIN] = &explain_statement,
    [STMT_SUBSCRIBE] = &subscribe_statement,  [STMT_SET] = &define_statement,
    [STMT_CHECKPOINT] = &checkpoint_statement,  [STMT_BACKUP] = &backup_statement,
    [STMT_RECOVER] = &unsupported_statement,    [STMT_COPY] = &copy_statement,
    [STMT_SQLITE] = &native_statement,
};

bool statement_is_definition(StmtKind k) { return classes[k] == &define_statement; }

/* ---- life ---------------------------------------------------------------------------------------- */

Planner statement_planner(weir_stmt *s) { return engine_planner(s->db, &s->arena, s->base_dir); }

void statement_columns(weir_stmt *s, const char *const *names, int n, Type t)
{
    s->ncols = n;
    s->cols = new (&s->arena, Field, n);
    s->row = new (&s->arena, Value, n);
    for (int i = 0; i < n; i++) s->cols[i] = (Field){str_z(names[i]), t};
}

weir_stmt *statement_new(weir *db)
{
    weir_stmt *s = mem_alloc(sizeof *s);
    s->db = db;
    s->weight = 1;
    s->deadline_us = INT64_MAX;
    s->next = db->statements;
    if (s->next) s->next->previous = s;
    return db->statements = s;
}

static void name_columns(weir_stmt *s)
{
    s->names = new (&s->arena, const char *, s->ncols);
    s->types = new (&s->arena, const char *, s->ncols);
    for (int i = 0; i < s->ncols; i++) {
        Type t = s->cols[i].type;
        s->names[i] = str_cstr(&s->arena, s->cols[i].name);
        s->types[i] = t.kind == TYPE_NULL ? "" : str_cstr(&s->arena, type_name(t, &s->arena));
    }
}

Status statement_prepare(weir_stmt *s, const Stmt *ast, Str text, Str file, Str base_dir)
{
    s->ast = ast;
    s->text = text;
    s->file = file;
    s->base_dir = base_dir;
    s->cls = classes[ast->kind];
    TRY(s->cls->prepare(s));
    name_columns(s);
    return WEIR_OK;
}

/* What the class holds goes. */
static void close_class(weir_stmt *s)
{
    if (s->cls && s->cls->close) s->cls->close(s);
    s->cls = NULL;
    s->impl = NULL;
}

/* And the statement leaves the engine's list. */
void statement_abandon(weir_stmt *s)
{
    if (!s->db) return;
    close_class(s);
    if (s->next) s->next->previous = s->previous;
    if (s->previous) s->previous->next = s->next;
    else s->db->statements = s->next;
    s->db = NULL;
}

void statement_close(weir_stmt *s)
{
    if (!s) return;
    statement_abandon(s);
    parameters_free(s);
    arena_free(&s->row_arena);
    arena_free(&s->arena);
    arena_free(&s->source);
    mem_free(s, sizeof *s);
}

void weir_finalize(weir_stmt *s) { statement_close(s); }

Status statement_next(weir_stmt *s)
{
    if (s->is_done) return WEIR_DONE;
    if (s->row) memset(s->row, 0, (size_t)s->ncols * sizeof *s->row);
    arena_reset(&s->row_arena);
    Status st = s->cls->step(s);
    s->is_done = st == WEIR_DONE && !s->goes_on;
    return st;
}

/* From the tree on, with the values that are bound now. */
static Status plan_again(weir_stmt *s)
{
    close_class(s);
    s->must_plan = s->is_done = s->is_push = s->has_retractions = false;
    s->ncols = 0;
    s->row = NULL;
    s->changes = 0;
    s->weight = 1;
    arena_reset(&s->row_arena);
    arena_reset(&s->arena);
    parameters_put(s, s->ast);
    return statement_prepare(s, s->ast, s->text, s->file, s->base_dir);
}

static Status step_checked(weir_stmt *s)
{
    TRY(engine_enter(s->db, NEED_READ));
    s->db->diags.text = s->text;
    s->db->diags.file = s->file;
    if (s->is_failed) return diag_error(&s->db->diags, WEIR_E_MISUSE, (Span){0}, "the statement has failed already");
    bool was_done = s->is_done;
    s->is_failed = s->is_started = true;
    Status st = s->must_plan ? plan_again(s) : WEIR_OK;
    if (st == WEIR_OK) st = statement_next(s);
    s->is_failed = st != WEIR_ROW && st != WEIR_DONE && st != WEIR_IDLE;
    if (was_done) return st;
    if (s->is_failed) { /* the diagnosis outlives the statement */
        s->db->diags.text = str_dup(&s->db->call, s->text);
        s->db->diags.file = str_dup(&s->db->call, s->file);
    }
    return st;
}

weir_status weir_step(weir_stmt *s) { return weir_step_for(s, -1); }

weir_status weir_step_for(weir_stmt *s, int timeout_ms)
{
    OomFrame f;
    if (!s || !s->db) return WEIR_E_MISUSE;
    const Env *env = &s->db->env;
    s->deadline_us = timeout_ms < 0 ? INT64_MAX : env->mono_us(env->arg) + (int64_t)timeout_ms * 1000;
    if (OOM_TRY(&f)) {
        Status st = step_checked(s);
        OOM_END(&f);
        return st;
    }
    return engine_nomem(s->db);
}

weir_status weir_reset(weir_stmt *s)
{
    if (!s || !s->db) return WEIR_E_MISUSE;
    close_class(s);
    s->ncols = 0;
    s->row = NULL;
    s->is_started = s->is_failed = s->is_done = false;
    s->must_plan = true;
    return WEIR_OK;
}

/* ---- checking only -------------------------------------------------------------------------------- */

/* A pull query is not prepared by SQLite: the tables of views that are only checked do not exist. */
static Status check_select(weir_stmt *s)
{
    Planner p = statement_planner(s);
    bool is_push;
    PhysPlan *plan;
    PullQuery query;
    TRY(plan_is_push(&p, s->ast->select, &is_push));
    return is_push ? plan_query(&p, s->ast->select, NULL, &plan) : pull_translate(&p, s->ast->select, &query);
}

Status statement_check(weir_stmt *s, const Stmt *ast, Str text, Str file, Str base_dir)
{
    if (ast->kind == STMT_SQLITE || ast->kind == STMT_SHOW) return WEIR_OK;
    if (ast->kind != STMT_SELECT) return statement_prepare(s, ast, text, file, base_dir);
    s->ast = ast;
    s->base_dir = base_dir;
    return check_select(s);
}
