/* exec.c: the public ways in for SQL text: weir_exec for scripts, weir_prepare for one statement. */
#include "exec/engine/statement.h"

#include "parser/parser.h"

static Str text_of(const char *sql, int64_t len)
{
    return (Str){sql, len < 0 ? (ptrdiff_t)strlen(sql) : (ptrdiff_t)len};
}

/* Steps a statement to its end, or hands it to the caller. */
static Status run_statement(weir *db, const Stmt *ast, Str text, Str file, const weir_exec_options *opt)
{
    weir_stmt *s;
    TRY(statement_new(db, ast, text, file, opt->base_dir ? str_z(opt->base_dir) : S(""), &s));
    Status st = WEIR_OK;
    if (!opt->check_only) {
        if (opt->each && s->ncols > 0) {
            st = opt->each(opt->each_arg, s) ? WEIR_E_INTERRUPTED : WEIR_OK;
            if (st == WEIR_OK) st = diag_status(&db->diags);
        } else {
            while ((st = weir_step(s)) == WEIR_ROW) {}
            if (st == WEIR_DONE) st = WEIR_OK;
        }
    }
    statement_close(s);
    return st;
}

static Status exec_checked(weir *db, Str text, Str file, const weir_exec_options *opt)
{
    engine_enter(db);
    text = str_dup(&db->arena, text);
    file = str_dup(&db->arena, file);
    db->diags.text = text;
    db->diags.file = file;
    StmtList script = {0};
    Status syntax = parser_parse(text, &db->arena, &db->diags, &script);
    Stmt **defs = new (&db->call, Stmt *, script.len);
    int ndefs = 0;
    for (ptrdiff_t i = 0; i < script.len; i++)
        if (statement_is_definition(script.data[i]->kind)) defs[ndefs++] = script.data[i];
    DefineOptions define = {.check_only = opt->check_only || syntax != WEIR_OK, .reregister = opt->reregister};
    Str base = opt->base_dir ? str_dup(&db->arena, str_z(opt->base_dir)) : S("");
    Status st = script_define(db, defs, ndefs, base, &define);
    if (syntax != WEIR_OK) return syntax;
    TRY(st);
    for (ptrdiff_t i = 0; i < script.len; i++) {
        if (statement_is_definition(script.data[i]->kind)) continue;
        TRY(run_statement(db, script.data[i], text, file, opt));
    }
    return WEIR_OK;
}

weir_status weir_exec(weir *db, const char *sql, int64_t len, const char *name, const weir_exec_options *opt)
{
    static const weir_exec_options none;
    OomFrame f;
    if (OOM_TRY(&f)) {
        Status st = exec_checked(db, text_of(sql, len), str_z(name), opt ? opt : &none);
        OOM_END(&f);
        return st;
    }
    return engine_nomem(db);
}

/* ---- one statement ------------------------------------------------------------------------------ */

static Status prepare_checked(weir *db, Str text, weir_stmt **out, const char **tail)
{
    engine_enter(db);
    Arena a = {0};
    Stmt *first = NULL;
    ptrdiff_t end = text.n;
    Str copy = str_dup(&a, text);
    db->diags.text = copy;
    Status st = parser_parse_first(copy, &a, &db->diags, &first, &end);
    if (tail) *tail = text.p + end;
    weir_stmt *s = NULL;
    if (st == WEIR_OK && first) st = statement_new(db, first, copy, S(""), S(""), &s);
    if (s) {
        s->source = a;
        *out = s;
        return WEIR_OK;
    }
    db->diags.text = str_dup(&db->call, copy);
    arena_free(&a);
    if (st == WEIR_OK) *out = NULL;
    return st;
}

weir_status weir_prepare(weir *db, const char *sql, int64_t len, weir_stmt **out, const char **tail)
{
    OomFrame f;
    if (OOM_TRY(&f)) {
        Status st = prepare_checked(db, text_of(sql, len), out, tail);
        OOM_END(&f);
        return st;
    }
    return engine_nomem(db);
}

int weir_complete(const char *sql, int64_t len, int *wants)
{
    int missing = 0;
    bool complete = parser_complete(text_of(sql, len), &missing);
    if (wants) *wants = missing;
    return complete;
}
