/* explain.c: EXPLAIN: a plan, and with ANALYZE what its operators have done.
 *
 * A view that is at work is only looked at. A SELECT is run, its rows dropped: one over streams to
 * the end of its inputs, one over views by SQLite, whose own plan is shown. */
#include "exec/engine/statement.h"

#include <string.h>

typedef struct ExplainStatement {
    TextRows rows;
    ptrdiff_t at;
    ExplainFormat format;
    bool analyze, watermark, is_made;
} ExplainStatement;

/* ---- options -------------------------------------------------------------------------------------- */

static Status read_format(weir_stmt *s, const OptionItem *o, ExplainFormat *f)
{
    static const char *const NAMES[] = {
        [EXPLAIN_TEXT] = "text", [EXPLAIN_JSON] = "json", [EXPLAIN_DOT] = "dot", [EXPLAIN_SVG] = "svg"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (str_ieq(o->value, str_z(NAMES[i]))) {
            *f = (ExplainFormat)i;
            return WEIR_OK;
        }
    return diag_error(&s->db->diags, WEIR_E_OPTION, o->span, "format \"%.*s\" is not text, json, dot or svg", STR_ARG(o->value));
}

static Status read_flag(weir_stmt *s, const OptionItem *o, bool *out)
{
    *out = name_in_list("true,on,1", o->value) || o->value.n == 0;
    if (*out || name_in_list("false,off,0", o->value)) return WEIR_OK;
    return diag_error(&s->db->diags, WEIR_E_OPTION, o->span, "\"%.*s\" is neither true nor false", STR_ARG(o->value));
}

static Status read_options(weir_stmt *s, ExplainStatement *x)
{
    const Explain *e = s->ast->explain;
    for (ptrdiff_t i = 0; i < e->options.len; i++) {
        const OptionItem *o = &e->options.data[i];
        if (str_ieq(o->key.text, S("format"))) TRY(read_format(s, o, &x->format));
        else if (str_ieq(o->key.text, S("analyze"))) TRY(read_flag(s, o, &x->analyze));
        else if (str_ieq(o->key.text, S("watermark"))) TRY(read_flag(s, o, &x->watermark));
        else return diag_error(&s->db->diags, WEIR_E_UNSUPPORTED, o->key.span, "EXPLAIN (%.*s) is not built yet", STR_ARG(o->key.text));
    }
    return WEIR_OK;
}

/* ---- plans ---------------------------------------------------------------------------------------- */

static Status named_relation(weir_stmt *s, const Relation **out)
{
    const Name *name = &s->ast->explain->name;
    *out = catalog_find(&s->db->catalog, name->text);
    if (*out && (*out)->plan) return WEIR_OK;
    return diag_error(&s->db->diags, WEIR_E_NOT_FOUND, name->span, "there is no materialized view \"%.*s\"", STR_ARG(name->text));
}

static Status explained_plan(weir_stmt *s, const PhysPlan **plan)
{
    const Explain *x = s->ast->explain;
    Planner p = statement_planner(s);
    if (!x->stmt) {
        const Relation *r;
        TRY(named_relation(s, &r));
        *plan = r->plan;
        return WEIR_OK;
    }
    if (x->stmt->kind == STMT_SELECT) return plan_query(&p, x->stmt->select, NULL, (PhysPlan **)plan);
    if (x->stmt->kind == STMT_CREATE_VIEW && x->stmt->create_view->kind == VIEW_MATERIALIZED) {
        Relation *r;
        TRY(ddl_view(&p, x->stmt->create_view, &r));
        *plan = r->plan;
        return WEIR_OK;
    }
    return diag_error(&s->db->diags, WEIR_E_UNSUPPORTED, x->stmt->span, "EXPLAIN is for SELECT and CREATE MATERIALIZED VIEW");
}

/* ---- ANALYZE -------------------------------------------------------------------------------------- */

static int64_t mono(const weir_stmt *s) { return s->db->env.mono_us(s->db->env.arg); }

static Status not_at_work(weir_stmt *s, const Relation *r, const char *what)
{
    Status st = diag_error(&s->db->diags, WEIR_E_READONLY, s->ast->explain->name.span, "\"%.*s\" is not at work here", STR_ARG(r->name));
    diag_hint(&s->db->diags, "%s is known to the weir that runs it", what);
    return st;
}

static Status analyze_view(weir_stmt *s, const ExplainStatement *x, StrBuf *out)
{
    const Relation *r;
    TRY(named_relation(s, &r));
    const Query *q = engine_query(s->db, r->id);
    if (!q) return not_at_work(s, r, "what its operators do");
    explain_plan(q->plan, x->format, query_actuals(q, mono(s), &s->arena), out);
    return WEIR_OK;
}

/* Runs a statement to its end; its rows. */
static Status drain(weir_stmt *inner, int64_t *rows)
{
    Status st;
    *rows = 0;
    while ((st = statement_next(inner)) == WEIR_ROW) (*rows)++;
    return st == WEIR_DONE ? WEIR_OK : st;
}

static Status tell_push(weir_stmt *s, const ExplainStatement *x, weir_stmt *inner, StrBuf *out)
{
    int64_t rows, start = mono(s);
    TRY(drain(inner, &rows));
    const Query *q = push_query(inner);
    OpActual *actual = query_actuals(q, mono(s), &s->arena);
    for (int i = 0; i < q->nops; i++) actual[i].has_rates = false; /* it is over */
    explain_plan(q->plan, x->format, actual, out);
    if (x->format == EXPLAIN_TEXT) sb_printf(out, "run: %lld rows in %.3f ms\n", (long long)rows, (double)(mono(s) - start) / 1e3);
    return WEIR_OK;
}

static Status tell_pull(weir_stmt *s, const ExplainStatement *x, weir_stmt *inner, StrBuf *out)
{
    if (x->format != EXPLAIN_TEXT)
        return diag_error(&s->db->diags, WEIR_E_UNSUPPORTED, s->ast->span, "SQLite answers this query: its plan comes as text only");
    int64_t rows, start = mono(s);
    TRY(drain(inner, &rows));
    double ms = (double)(mono(s) - start) / 1e3;
    sb_lit(out, "SQLite, at the newest commit\n");
    TRY(pull_query_plan(inner, out));
    sb_printf(out, "run: %lld rows in %.3f ms\n", (long long)rows, ms);
    return WEIR_OK;
}

static Status analyze_select(weir_stmt *s, const ExplainStatement *x, StrBuf *out)
{
    weir_stmt *inner = statement_new(s->db);
    Status st = statement_prepare(inner, s->ast->explain->stmt, s->text, s->file, s->base_dir);
    if (st == WEIR_OK) st = inner->is_push ? tell_push(s, x, inner, out) : tell_pull(s, x, inner, out);
    statement_close(inner);
    return st;
}

static Status analyze(weir_stmt *s, const ExplainStatement *x, StrBuf *out)
{
    const Stmt *of = s->ast->explain->stmt;
    if (!of) return analyze_view(s, x, out);
    if (of->kind == STMT_SELECT) return analyze_select(s, x, out);
    Status st = diag_error(&s->db->diags, WEIR_E_UNSUPPORTED, of->span, "EXPLAIN ANALYZE is for SELECT and for views that are there");
    diag_hint(&s->db->diags, "create the view, then EXPLAIN ANALYZE its name");
    return st;
}

/* ---- WATERMARK ------------------------------------------------------------------------------------ */

/* What holds the view's time back first, what counts for nothing last. */
static Status watermark_prepare(weir_stmt *s)
{
    const Relation *r;
    if (s->ast->explain->stmt)
        return diag_error(&s->db->diags, WEIR_E_UNSUPPORTED, s->ast->explain->stmt->span, "EXPLAIN WATERMARK is for views that are there");
    TRY(named_relation(s, &r));
    if (!engine_query(s->db, r->id)) return not_at_work(s, r, "what holds its time back");
    StrBuf sql = {.arena = &s->arena};
    Value name = value_text(r->name);
    sb_lit(&sql, "SELECT source, \"partition\", state, watermark, round(behind_s, 3) AS behind_s, round(silent_s, 1) AS silent_s"
                 " FROM weir_watermarks WHERE \"view\" = ");
    value_literal(&sql, &name);
    sb_lit(&sql, " ORDER BY state IN ('idle', 'ended'), watermark, source, \"partition\"");
    s->cls = &sql_statement;
    s->impl = NULL;
    return pull_prepare_sql(s, sb_done(&sql));
}

/* ---- the statement -------------------------------------------------------------------------------- */

static void text_to_rows(weir_stmt *s, ExplainStatement *x, Str text)
{
    while (text.n > 0) {
        ptrdiff_t nl = str_find(text, S("\n"));
        Str *row = new_one(&s->arena, Str);
        *row = (Str){text.p, nl < 0 ? text.n : nl};
        vec_push(&x->rows.rows, &s->arena, row);
        text = nl < 0 ? (Str){0} : (Str){text.p + nl + 1, text.n - nl - 1};
    }
    x->is_made = true;
}

static Status explain_prepare(weir_stmt *s)
{
    static const char *const names[] = {"plan"};
    const PhysPlan *plan;
    ExplainStatement *x = s->impl = new_one(&s->arena, ExplainStatement);
    TRY(read_options(s, x));
    if (x->watermark) return watermark_prepare(s);
    statement_columns(s, names, 1, TYPE_OF(TYPE_TEXT));
    if (x->analyze) return WEIR_OK;
    StrBuf b = {.arena = &s->arena};
    TRY(explained_plan(s, &plan));
    explain_plan(plan, x->format, NULL, &b);
    text_to_rows(s, x, sb_done(&b));
    return WEIR_OK;
}

static Status explain_step(weir_stmt *s)
{
    ExplainStatement *x = s->impl;
    if (!x->is_made) {
        StrBuf b = {.arena = &s->arena};
        TRY(analyze(s, x, &b));
        text_to_rows(s, x, sb_done(&b));
    }
    if (x->at == x->rows.rows.len) return WEIR_DONE;
    s->row[0] = value_text(x->rows.rows.data[x->at++][0]);
    return WEIR_ROW;
}

const StatementClass explain_statement = {explain_prepare, explain_step, NULL};
