/* fuzz_planner.c: any SQL over a fixed catalog is planned or refused; what is accepted is accepted
 * again in its canonical text, which is what a database keeps of a definition. */
#include "parser/parser.h"
#include "parser/unparse.h"
#include "tests/fuzz/fuzz_engine.h"

static const char CATALOG[] =
    "CREATE STREAM s (k BIGINT, v DOUBLE, name TEXT, d DECIMAL(10,2), b BOOLEAN, j JSON, tags ARRAY<TEXT>,"
    " ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND);"
    "CREATE STREAM r (k BIGINT, w BIGINT, at TIMESTAMP(3), WATERMARK FOR at);"
    "CREATE STREAM plain (a BIGINT, b TEXT);"
    "CREATE TABLE t (k BIGINT PRIMARY KEY, name TEXT, price DECIMAL(8,2));"
    "CREATE MATERIALIZED VIEW m AS SELECT k, count(*) AS n, sum(v) AS total FROM s GROUP BY k;"
    "CREATE MATERIALIZED VIEW w AS SELECT k, window_start, window_end, max(v) AS hi FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k EMIT FINAL;"
    "CREATE VIEW named AS SELECT k, v FROM s WHERE b;";

static FuzzEngine engine;

static bool is_accepted(Str sql)
{
    weir_exec_options check = {.check_only = 1};
    return weir_exec(engine.db, sql.p, sql.n, "fuzz.sql", &check) == WEIR_OK;
}

static bool is_definition(const Stmt *s) { return s->kind == STMT_CREATE_STREAM || s->kind == STMT_CREATE_VIEW; }

/* What is only prepared here changes nothing. */
static bool is_prepared(const Stmt *s)
{
    return s->kind == STMT_SELECT || s->kind == STMT_INSERT || s->kind == STMT_UPDATE || s->kind == STMT_DELETE;
}

static void explain(Arena *a, Str sql)
{
    weir_status st;
    free(fuzz_rows(&engine, str_printf(a, "EXPLAIN %.*s", STR_ARG(sql)).p, &st));
    must(st == WEIR_DONE || st >= WEIR_E_SYNTAX, "EXPLAIN ends with %d", st);
    must(st != WEIR_E_INTERNAL, "%s", weir_errmsg(engine.db));
}

static void plan(Arena *a, const Stmt *s)
{
    Str sql = unparse_stmt_text(a, s);
    weir_stmt *handle = NULL;
    bool is_good = is_accepted(sql);
    if (!is_good) must(*weir_errmsg(engine.db), "refused without a word: %.*s", STR_ARG(sql));
    if (is_prepared(s)) weir_prepare(engine.db, sql.p, sql.n, &handle, NULL);
    weir_finalize(handle);
    if (is_definition(s) || s->kind == STMT_SELECT) explain(a, sql);
}

static void close_catalog(void) { fuzz_close(&engine); }

static void open_catalog(void)
{
    if (engine.db) return;
    atexit(close_catalog); /* the temporary database goes with it */
    must(fuzz_open(&engine) == WEIR_OK, "%s", weir_errmsg(engine.db));
    fuzz_exec(&engine, CATALOG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    Arena arena = {0};
    Str text = str_of((const char *)data, (ptrdiff_t)n);
    Diags diags = {.arena = &arena, .text = text};
    StmtList stmts = {0};
    open_catalog();
    Status st = parser_parse(text, &arena, &diags, &stmts);
    StrBuf canonical = {.arena = &arena};
    bool is_all_planned = st == WEIR_OK && stmts.len > 0;
    for (ptrdiff_t i = 0; i < stmts.len; i++) {
        is_all_planned &= is_definition(stmts.data[i]) || is_prepared(stmts.data[i]);
        sb_str(&canonical, unparse_stmt_text(&arena, stmts.data[i]));
        sb_lit(&canonical, ";\n");
    }
    if (is_all_planned) {
        for (ptrdiff_t i = 0; i < stmts.len; i++) plan(&arena, stmts.data[i]);
        if (is_accepted(text))
            must(is_accepted(sb_done(&canonical)), "accepted, but not as %.*s\n%s", STR_ARG(sb_done(&canonical)), weir_errmsg(engine.db));
    }
    arena_free(&arena);
    return 0;
}
