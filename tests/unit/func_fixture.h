/* func_fixture.h: functions tested by SQL: assert_sql("upper('a')", "A").
 *
 * Every expression is evaluated twice: as written, where its constants are folded and its patterns
 * prepared, and again with every constant taken from a column. Both must agree. */
#ifndef WEIR_TESTS_FUNC_FIXTURE_H
#define WEIR_TESTS_FUNC_FIXTURE_H

#include "parser/parser.h"
#include "planner/planner.h"
#include "tests/unit/expr_fixture.h"

static EvalEnv sql_env;

static inline Status sql_constant(void *arg, const BExpr *e, Arena *a, Value *out, Diags *d)
{
    (void)arg;
    return expr_constant(e, &sql_env, a, out, d);
}

static inline const char *sql_error(void)
{
    Str m = fx.diags.list.len ? fx.diags.list.data[0].message : S("no diagnosis");
    return str_printf(&fx.arena, "error: %.*s", STR_ARG(m)).p;
}

static inline Status sql_bind(const char *text, BExpr **out)
{
    static Registry registry;
    registry.funcs = func_table;
    StmtList list = {0};
    Catalog catalog = {.arena = &fx.arena, .registry = &registry};
    Planner p = {
        .catalog = &catalog, .arena = &fx.arena, .diags = &fx.diags, .constant = sql_constant};
    Str sql = str_printf(&fx.arena, "SELECT %s;", text);
    memset(&fx.diags.list, 0, sizeof fx.diags.list);
    TRY(parser_parse(sql, &fx.arena, &fx.diags, &list));
    return plan_scalar(&p, list.data[0]->select->items.data[0].expr, NULL, out);
}

typedef struct Unfolding {
    Column cols[64];
    int n;
} Unfolding;

/* A copy of e in which constants are columns 0, 1, … of three equal rows. */
static inline BExpr *unfold(const BExpr *e, Unfolding *u)
{
    BExpr *copy = new_one(&fx.arena, BExpr);
    *copy = *e;
    if (e->kind == BE_CONST) {
        assert_true(u->n < 64);
        u->cols[u->n] = column_new(&fx.arena, e->type, 3);
        for (int row = 0; row < 3; row++) column_put(&u->cols[u->n], &fx.arena, row, &e->value);
        *copy = (BExpr){.kind = BE_COLUMN, .type = e->type, .col = u->n++};
        return copy;
    }
    copy->args = new (&fx.arena, BExpr *, e->nargs);
    for (int i = 0; i < e->nargs; i++) copy->args[i] = unfold(e->args[i], u);
    return copy;
}

/* A TIMESTAMP has six digits behind the second; zeroes are left out here. */
static inline const char *shown(const Column *c, int row)
{
    Str s = str_z(cell(c, row));
    if (c->type.kind == TYPE_TIMESTAMP && str_ends(s, S(".000000"))) s.n -= 7;
    return str_dup(&fx.arena, s).p;
}

static inline void assert_sql_at(const char *text, const char *want, const char *file, int line)
{
    BExpr *e;
    Column c;
    Batch one = {.rows = 1};
    ArenaMark mark = arena_mark(&fx.arena);
    const char *got = NULL, *by_row = NULL;
    ExprProgram *p;
    Status st = sql_bind(text, &e);
    if (st == WEIR_OK) st = expr_compile((const BExpr *const *)&e, 1, &fx.arena, &p, &fx.diags);
    if (st != WEIR_OK) {
        got = sql_error();
    } else {
        expr_eval(p, &one, &sql_env, &fx.arena, &c);
        got = shown(&c, 0);
        Unfolding u = {.n = 0};
        BExpr *columns = unfold(e, &u);
        Batch three = {.rows = 3, .ncols = u.n, .cols = u.cols};
        uint16_t sel[] = {2};
        c = evaluated(columns, &three, &sql_env);
        by_row = shown(&c, 1);
        three.sel = sel;
        three.nsel = 1;
        c = evaluated(columns, &three, &sql_env);
        if (strcmp(by_row, shown(&c, 2)) != 0) {
            print_error("%s by selection: %s, dense: %s\n", text, shown(&c, 2), by_row);
            _fail(file, line);
        }
    }
    bool any_error = strcmp(want, "error") == 0;
    bool same = any_error ? strncmp(got, "error", 5) == 0 : strcmp(got, want) == 0;
    if (same && by_row && !any_error) same = strcmp(by_row, want) == 0;
    if (!same) {
        print_error("%s\n  wanted %s\n  folded %s\n  by row %s\n", text, want, got,
                    by_row ? by_row : "-");
        _fail(file, line);
    }
    arena_release(&fx.arena, mark);
}
#define assert_sql(text, want) assert_sql_at(text, want, __FILE__, __LINE__)

typedef struct SqlCase {
    const char *text, *want;
} SqlCase;
#define assert_table(cases) \
    for (size_t case_i = 0; case_i < sizeof(cases) / sizeof *(cases); case_i++) \
    assert_sql((cases)[case_i].text, (cases)[case_i].want)

static inline int sql_open(void **state)
{
    sql_env = TEST_ENV;
    return fixture_open(state);
}
#define sql_test(f) cmocka_unit_test_setup_teardown(f, sql_open, fixture_close)

#endif
