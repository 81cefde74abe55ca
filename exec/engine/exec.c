/* exec.c: the public ways in for SQL text: weir_exec for scripts, weir_prepare for one statement. */
#include "exec/engine/statement.h"
#include "exec/engine/transaction.h"

#include "parser/parser.h"
#include "parser/unparse.h"

static Str text_of(const char *sql, int64_t len)
{
    return (Str){sql, len < 0 ? (ptrdiff_t)strlen(sql) : (ptrdiff_t)len};
}

/* ---- scripts ------------------------------------------------------------------------------------ */

typedef struct Script {
    weir *db;
    Shelf *shelf;
    Str text, file, base_dir;
    const weir_exec_options *opt;
    Stmt **definitions, **others;
    int ndefinitions, nothers;
    weir_stmt *running;
    VEC(Str) changes; /* texts of statements that change tables, so far */
} Script;

/* Steps a statement to its end, or hands it to the caller. */
static Status run_steps(Script *x, weir_stmt *s)
{
    if (x->opt->each && s->ncols > 0) {
        if (x->opt->each(x->opt->each_arg, s)) return diag_status(&x->db->diags) ? diag_status(&x->db->diags) : WEIR_E_INTERRUPTED;
        return diag_status(&x->db->diags);
    }
    Status st;
    while ((st = weir_step(s)) == WEIR_ROW) {}
    return st == WEIR_DONE ? WEIR_OK : st;
}

static const Relation *changed_table(const weir *db, const Stmt *ast)
{
    const Name *name = ast->kind == STMT_INSERT   ? &ast->insert->into
                       : ast->kind == STMT_UPDATE ? &ast->update->table
                       : ast->kind == STMT_DELETE ? &ast->delete_from->table
                       : ast->kind == STMT_COPY && !ast->copy->is_to ? &ast->copy->name
                                                  : NULL;
    const Relation *r = name ? catalog_find(&db->catalog, name->text) : NULL;
    return r && r->kind == REL_TABLE ? r : NULL;
}

/* A file that is registered again does not change its tables again: see marks.c. */
static Status mark_statement(Script *x, const Stmt *ast, weir_stmt *s, bool *has_run)
{
    const Relation *r = x->opt->reregister ? changed_table(x->db, ast) : NULL;
    *has_run = false;
    if (!r) return WEIR_OK;
    s->mark_text = unparse_stmt_text(&x->shelf->arena, ast);
    s->mark = 1;
    for (ptrdiff_t i = 0; i < x->changes.len; i++) s->mark += str_eq(x->changes.data[i], s->mark_text);
    vec_push(&x->changes, &x->shelf->arena, s->mark_text);
    return mark_is_set(x->db, r, s->mark_text, s->mark, has_run);
}

static Status run_statement(Script *x, const Stmt *ast)
{
    weir_stmt *s = x->running = statement_new(x->db);
    bool has_run;
    Status st = mark_statement(x, ast, s, &has_run);
    if (st == WEIR_OK && !has_run) st = statement_prepare(s, ast, x->text, x->file, x->base_dir);
    if (st == WEIR_OK && !has_run) st = run_steps(x, s);
    x->running = NULL;
    statement_close(s);
    return st;
}

/* Finds the errors of one that is not to be run. */
static Status check_statement(Script *x, const Stmt *ast)
{
    weir_stmt *s = x->running = statement_new(x->db);
    Status st = statement_check(s, ast, x->text, x->file, x->base_dir);
    x->running = NULL;
    statement_close(s);
    return st;
}

static void sort_statements(Script *x, const StmtList *list)
{
    x->definitions = new (&x->shelf->arena, Stmt *, list->len);
    x->others = new (&x->shelf->arena, Stmt *, list->len);
    for (ptrdiff_t i = 0; i < list->len; i++) {
        Stmt *s = list->data[i];
        if (statement_is_definition(s->kind)) x->definitions[x->ndefinitions++] = s;
        else x->others[x->nothers++] = s;
    }
}

/* While the definitions of a script hold that is only checked. */
static Status check_others(void *arg)
{
    Script *x = arg;
    Status first = WEIR_OK;
    for (int i = 0; i < x->nothers; i++) {
        Status st = check_statement(x, x->others[i]);
        if (first == WEIR_OK) first = st;
    }
    return first;
}

/* A file ends its own transactions. */
static Status end_transaction(Script *x, Status st)
{
    Transaction *tx = x->db->transaction;
    if (!tx) return st;
    x->db->transaction = NULL;
    transaction_free(tx);
    return st ? st : diag_error(&x->db->diags, WEIR_E_MISUSE, (Span){0}, "the file ends without COMMIT: its transaction is rolled back");
}

static Status exec_checked(Script *x, Str text, Str file)
{
    weir *db = x->db;
    Arena *a = &x->shelf->arena;
    x->text = str_dup(a, text);
    x->file = str_dup(a, file);
    x->base_dir = str_dup(a, str_z(x->opt->base_dir));
    db->diags.text = x->text;
    db->diags.file = x->file;
    StmtList list = {0};
    Status syntax = parser_parse(x->text, a, &db->diags, &list);
    sort_statements(x, &list);
    DefineOptions define = {.shelf = x->shelf, .check_only = x->opt->check_only || syntax != WEIR_OK,
                            .reregister = x->opt->reregister, .change = x->opt->change,
                            .change_arg = x->opt->change_arg, .then = syntax ? NULL : check_others, .then_arg = x};
    Status st = WEIR_OK;
    if (x->ndefinitions > 0 || define.check_only) st = script_define(db, x->definitions, x->ndefinitions, x->base_dir, &define);
    if (syntax != WEIR_OK) return syntax;
    for (int i = 0; i < x->nothers && st == WEIR_OK && !define.check_only; i++) st = run_statement(x, x->others[i]);
    return x->opt->reregister ? end_transaction(x, st) : st;
}

static Script *script_new(weir *db, const weir_exec_options *opt)
{
    static const weir_exec_options none;
    Shelf *shelf = shelf_new(db);
    Script *x = new_one(&shelf->arena, Script);
    *x = (Script){.db = db, .shelf = shelf, .opt = opt ? opt : &none};
    return x;
}

weir_status weir_exec(weir *db, const char *sql, int64_t len, const char *name, const weir_exec_options *opt)
{
    if (!db || !sql) return WEIR_E_MISUSE;
    OomFrame f;
    Script *volatile x = NULL;
    Status st = WEIR_E_NOMEM;
    if (OOM_TRY(&f)) {
        st = engine_enter(db, NEED_READ);
        if (st == WEIR_OK) x = script_new(db, opt);
        if (x) st = exec_checked(x, text_of(sql, len), str_z(name));
        OOM_END(&f);
    } else {
        st = engine_nomem(db);
        if (x) statement_close(x->running);
    }
    if (x) shelf_done(x->shelf);
    return st;
}

/* ---- one statement ------------------------------------------------------------------------------ */

static Status prepare_checked(weir_stmt *s, Str text, bool *is_blank, ptrdiff_t *end)
{
    Stmt *first = NULL;
    Str copy = str_dup(&s->source, text);
    s->db->diags.text = str_dup(&s->db->call, copy);
    *end = text.n;
    TRY(parser_parse_first(copy, &s->source, &s->db->diags, &first, end));
    *is_blank = !first;
    if (!first) return WEIR_OK;
    TRY(parameters_find(s, first));
    parameters_put(s, first);
    return statement_prepare(s, first, copy, S(""), str_dup(&s->source, s->db->base_dir));
}

weir_status weir_set_base_dir(weir *db, const char *dir)
{
    OomFrame f;
    if (!db) return WEIR_E_MISUSE;
    db->base_dir = (Str){0};
    arena_reset(&db->base_arena);
    if (!dir) return WEIR_OK;
    if (OOM_TRY(&f)) {
        db->base_dir = str_dup(&db->base_arena, str_z(dir));
        OOM_END(&f);
        return WEIR_OK;
    }
    return engine_nomem(db);
}

weir_status weir_prepare(weir *db, const char *sql, int64_t len, weir_stmt **out, const char **tail)
{
    if (!db || !sql || !out) return WEIR_E_MISUSE;
    OomFrame f;
    weir_stmt *volatile s = NULL;
    Status st = WEIR_E_NOMEM;
    volatile bool is_blank = false;
    if (OOM_TRY(&f)) {
        Str text = text_of(sql, len);
        ptrdiff_t end = text.n;
        st = engine_enter(db, NEED_READ);
        if (st == WEIR_OK) {
            s = statement_new(db);
            bool blank = false;
            st = prepare_checked(s, text, &blank, &end);
            is_blank = blank;
        }
        if (tail) *tail = sql + end;
        OOM_END(&f);
    } else {
        st = engine_nomem(db);
    }
    if (st == WEIR_OK) *out = is_blank ? NULL : s;
    if (st != WEIR_OK || is_blank) statement_close(s);
    return st;
}

int64_t weir_statement_length(const char *sql, int64_t len)
{
    OomFrame f;
    int64_t n = 0;
    if (sql && OOM_TRY(&f)) {
        n = parser_first_end(text_of(sql, len));
        OOM_END(&f);
    }
    return n;
}

int weir_in_transaction(weir *db) { return db && db->transaction; }

int weir_complete(const char *sql, int64_t len, int *wants)
{
    int missing = 0;
    bool complete = !sql || parser_complete(text_of(sql, len), &missing);
    if (wants) *wants = missing;
    return complete;
}
