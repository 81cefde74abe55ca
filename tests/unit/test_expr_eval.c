/* test_expr_eval.c: evaluation order, three-valued logic, errors as values, sharing, filters. */
#include "tests/unit/expr_fixture.h"

static const Type INT = {.kind = TYPE_BIGINT, .int_bits = 64};
static const Type TXT = {.kind = TYPE_TEXT};
static const Type BOOL = {.kind = TYPE_BOOLEAN};

/* Rows of one BIGINT and one TEXT column; NULL text is NULL. */
static Batch batch_of(const int64_t *ints, const char *const *texts, int n)
{
    Batch b = {.rows = n, .ncols = 2, .cols = new (&fx.arena, Column, 2)};
    b.cols[0] = column_new(&fx.arena, INT, n);
    b.cols[1] = column_new(&fx.arena, TXT, n);
    for (int i = 0; i < n; i++) {
        if (ints) COL(int64_t, &b.cols[0])[i] = ints[i];
        Value v = texts && texts[i] ? value_text(str_z(texts[i])) : value_null(TXT);
        if (texts) column_put(&b.cols[1], &fx.arena, i, &v);
    }
    return b;
}

static BExpr *error_bool(const char *text)
{
    return e_cast(e_text(text), BOOL);
}

static void test_three_valued_logic(void **state)
{
    (void)state;
    BExpr *t = e_bool(true), *f = e_bool(false), *n = e_null(BOOL), *x = error_bool("x");
    assert_value(e_and(t, t), "true");
    assert_value(e_and(t, n), "NULL");
    assert_value(e_and(n, f), "false");
    assert_value(e_and(f, n), "false");
    assert_value(e_or(n, t), "true");
    assert_value(e_or(f, n), "NULL");
    assert_value(e_or(f, f), "false");
    assert_value(e_and(f, x), "false");
    assert_value(e_and(x, f), "false");
    assert_value(e_and(n, x, f), "false");
    assert_value(e_or(x, t), "true");
    assert_value(e_or(t, x), "true");
    assert_value(e_and(x, error_bool("y")), "error: cannot cast \"x\" to BOOLEAN");
    assert_value(e_and(n, x), "error: cannot cast \"x\" to BOOLEAN");
    assert_value(e_call("not", n), "NULL");
    assert_value(e_call("is_true", n), "false");
    assert_value(e_call("is_not_true", n), "true");
    assert_value(e_call("is_distinct", e_int(1), e_null(INT)), "true");
    assert_value(e_call("is_not_distinct", e_null(INT), e_null(INT)), "true");
    assert_value(e_call("is_distinct", e_null(INT), e_cast(e_text("q"), INT)),
                 "error: cannot cast \"q\" to BIGINT");
}

static void test_branches_take_only_their_errors(void **state)
{
    (void)state;
    const char *const texts[] = {"1", "x", NULL, "4", "y"};
    Batch b = batch_of((int64_t[]){1, 2, 3, 4, 5}, texts, 5);
    BExpr *num = e_cast(e_column(1, TXT), INT);
    BExpr *is_x = e_call("=", e_column(1, TXT), e_text("x"));
    Column c = evaluated(e_case(INT, is_x, e_int(-1), num), &b, &TEST_ENV);
    assert_string_equal(cell(&c, 0), "1");
    assert_string_equal(cell(&c, 1), "-1");
    assert_string_equal(cell(&c, 2), "NULL");
    assert_string_equal(cell(&c, 3), "4");
    assert_string_equal(cell(&c, 4), "error: cannot cast \"y\" to BIGINT");
    c = evaluated(e_coalesce(INT, e_try_cast(e_column(1, TXT), INT), num, e_int(0)), &b, &TEST_ENV);
    assert_string_equal(cell(&c, 0), "1");
    assert_string_equal(cell(&c, 1), "error: cannot cast \"x\" to BIGINT");
    assert_string_equal(cell(&c, 2), "0");
}

static void test_faults_are_nulls(void **state)
{
    (void)state;
    EvalEnv env = TEST_ENV;
    env.faults = true;
    const char *const texts[] = {"1", "x"};
    Batch b = batch_of((int64_t[]){1, 2}, texts, 2);
    column_set_err(&b.cols[0], &fx.arena, 1, WEIR_E_VALUE, S("sum too large"));
    BExpr *i = e_column(0, INT), *num = e_cast(e_column(1, TXT), INT);
    Column c = evaluated(e_call("+", i, e_int(1)), &b, &env);
    assert_string_equal(cell(&c, 0), "2");
    assert_true(col_is_null(&c, 1));
    assert_true(col_is_err(&c, 1));
    c = evaluated(e_coalesce(INT, num, e_int(9)), &b, &env);
    assert_string_equal(cell(&c, 0), "1");
    assert_string_equal(cell(&c, 1), "9");
    c = evaluated(e_call("is_null", i), &b, &env);
    assert_string_equal(cell(&c, 1), "true");
    c = evaluated(e_case(INT, e_call(">", i, e_int(0)), e_int(1), e_int(2)), &b, &env);
    assert_string_equal(cell(&c, 1), "2");
    uint16_t sel[2];
    ErrMask *errors;
    const BExpr *root = e_call(">", i, e_int(0));
    assert_int_equal(expr_filter(compiled(&root, 1), &b, &env, &fx.arena, sel, &errors), 1);
    assert_int_equal(sel[0], 0);
}

static void test_marks_of_input_propagate(void **state)
{
    (void)state;
    Batch b = batch_of((int64_t[]){1, 2, 3}, NULL, 3);
    column_set_err(&b.cols[0], &fx.arena, 1, WEIR_E_DATA, S("no number"));
    BExpr *i = e_column(0, INT);
    Column c = evaluated(e_call("*", i, e_int(10)), &b, &TEST_ENV);
    assert_string_equal(cell(&c, 0), "10");
    assert_string_equal(cell(&c, 1), "error: no number");
    assert_string_equal(cell(&c, 2), "30");
    c = evaluated(e_call("is_null", i), &b, &TEST_ENV);
    assert_string_equal(cell(&c, 1), "error: no number");
    assert_string_equal(cell(&c, 2), "false");
    c = evaluated(e_coalesce(INT, i, e_int(5)), &b, &TEST_ENV);
    assert_string_equal(cell(&c, 1), "error: no number");
    c = evaluated(e_in(i, e_int(1), e_int(2)), &b, &TEST_ENV);
    assert_string_equal(cell(&c, 1), "error: no number");
}

static void test_first_error_is_the_leftmost(void **state)
{
    (void)state;
    const char *const texts[] = {"a"};
    Batch b = batch_of(NULL, texts, 1);
    BExpr *left = e_cast(e_column(1, TXT), INT);
    BExpr *right = e_cast(e_call("||", e_column(1, TXT), e_text("!")), INT);
    Column c = evaluated(e_call("+", left, right), &b, &TEST_ENV);
    assert_string_equal(cell(&c, 0), "error: cannot cast \"a\" to BIGINT");
    c = evaluated(e_call("+", right, left), &b, &TEST_ENV);
    assert_string_equal(cell(&c, 0), "error: cannot cast \"a!\" to BIGINT");
}

static void test_in(void **state)
{
    (void)state;
    assert_value(e_in(e_int(3), e_int(1), e_int(3)), "true");
    assert_value(e_in(e_int(3), e_int(1), e_null(INT)), "NULL");
    assert_value(e_in(e_int(1), e_int(1), e_null(INT)), "true");
    assert_value(e_in(e_null(INT), e_int(1)), "NULL");
    assert_value(e_in(e_double(-0.0), e_double(0.0)), "true");
    BExpr *bad = e_cast(e_text("z"), INT);
    assert_value(e_in(e_int(1), bad, e_int(1)), "true");
    assert_value(e_in(e_int(2), bad, e_int(1)), "error: cannot cast \"z\" to BIGINT");
    enum { N = 400 };
    BExpr **args = new (&fx.arena, BExpr *, N + 1);
    int64_t values[1000];
    for (int i = 0; i < N; i++) args[i + 1] = e_int(i * 2);
    for (int i = 0; i < 1000; i++) values[i] = i;
    args[0] = e_column(0, INT);
    BExpr *in = e_form(BE_IN, BOOL, 0);
    in->args = args;
    in->nargs = N + 1;
    Batch b = batch_of(values, NULL, 1000);
    Column c = evaluated(in, &b, &TEST_ENV);
    for (int i = 0; i < 1000; i++) assert_int_equal(COL(uint8_t, &c)[i], i % 2 == 0 && i < 2 * N);
    const char *const texts[] = {"a long text beyond twelve", "b", NULL};
    b = batch_of(NULL, texts, 3);
    c = evaluated(e_in(e_column(1, TXT), e_text("a long text beyond twelve"), e_text("c")), &b,
                  &TEST_ENV);
    assert_string_equal(cell(&c, 0), "true");
    assert_string_equal(cell(&c, 1), "false");
    assert_string_equal(cell(&c, 2), "NULL");
}

static void test_shared_in_branch_and_outside(void **state)
{
    (void)state;
    /* The sum is met first inside a branch that few rows take, then needed for all. */
    Batch b = batch_of((int64_t[]){1, 2, 3, 4}, NULL, 4);
    BExpr *i = e_column(0, INT), *sum = e_call("*", i, e_int(100));
    const BExpr *roots[] = {
        e_case(INT, e_call("=", i, e_int(2)), e_call("+", sum, e_int(1)), e_int(0)),
        e_call("-", e_call("*", i, e_int(100)), e_int(1)),
        e_case(INT, e_call("=", i, e_int(3)), e_call("+", e_int(7), e_call("*", i, e_int(3))),
               e_int(0)),
        e_case(INT, e_call("=", i, e_int(4)), e_call("+", e_int(7), e_call("*", i, e_int(3))),
               e_int(0)),
    };
    Column out[4];
    expr_eval(compiled(roots, 4), &b, &TEST_ENV, &fx.arena, out);
    static const int64_t WANT[4][4] = {
        {0, 201, 0, 0}, {99, 199, 299, 399}, {0, 0, 16, 0}, {0, 0, 0, 19}};
    for (int r = 0; r < 4; r++)
        for (int k = 0; k < 4; k++) assert_int_equal(COL(int64_t, &out[r])[k], WANT[r][k]);
}

/* A node that every row needs is met first inside a branch that has computed a part of it. */
static void test_hoisting_takes_nothing_from_a_branch(void **state)
{
    (void)state;
    Batch b = batch_of((int64_t[]){1, 2, 3, 4}, NULL, 4);
    BExpr *i = e_column(0, INT);
    BExpr *big = e_call(">", e_call("*", i, e_int(2)), e_int(5)); /* rows 2 and 3 */
    BExpr *both = e_and(e_call(">", i, e_int(0)), big);
    const BExpr *roots[] = {
        e_case(BOOL, e_call("=", i, e_int(1)), e_coalesce(BOOL, e_call("not", big), both), both),
        e_call("not", both),
    };
    Column out[2];
    expr_eval(compiled(roots, 2), &b, &TEST_ENV, &fx.arena, out);
    static const uint8_t WANT[2][4] = {{1, 0, 1, 1}, {1, 1, 0, 0}};
    for (int r = 0; r < 2; r++)
        for (int k = 0; k < 4; k++) assert_int_equal(COL(uint8_t, &out[r])[k], WANT[r][k]);
}

/* Compiling stays quick, and values right, for what no person would write. */
static void test_large_expressions(void **state)
{
    (void)state;
    enum { TERMS = 1500, ITEMS = 20000 };
    Batch b = batch_of((int64_t[]){5, 1499, 40000, -1}, NULL, 4);
    BExpr *any = e_form(BE_OR, BOOL, 0), *in = e_form(BE_IN, BOOL, 0);
    any->args = new (&fx.arena, BExpr *, TERMS);
    any->nargs = TERMS;
    for (int k = 0; k < TERMS; k++) any->args[k] = e_call("=", e_column(0, INT), e_int(k));
    in->args = new (&fx.arena, BExpr *, ITEMS + 1);
    in->nargs = ITEMS + 1;
    in->args[0] = e_column(0, INT);
    for (int k = 0; k < ITEMS; k++) in->args[k + 1] = e_int(2 * k + 2);
    const BExpr *roots[] = {any, in};
    Column out[2];
    expr_eval(compiled(roots, 2), &b, &TEST_ENV, &fx.arena, out);
    static const uint8_t WANT[2][4] = {{1, 1, 0, 0}, {0, 0, 1, 0}};
    for (int r = 0; r < 2; r++)
        for (int k = 0; k < 4; k++) assert_int_equal(COL(uint8_t, &out[r])[k], WANT[r][k]);
}

static void test_selection_is_kept(void **state)
{
    (void)state;
    int64_t values[100];
    for (int i = 0; i < 100; i++) values[i] = i == 50 ? INT64_MAX : i;
    Batch b = batch_of(values, NULL, 100);
    uint16_t sel[] = {3, 7, 50, 99};
    b.sel = sel;
    b.nsel = 4;
    Column c = evaluated(e_call("+", e_column(0, INT), e_int(1)), &b, &TEST_ENV);
    assert_int_equal(COL(int64_t, &c)[3], 4);
    assert_int_equal(COL(int64_t, &c)[99], 100);
    assert_true(col_is_err(&c, 50));
    uint16_t most[99];
    for (int i = 0, n = 0; i < 100; i++)
        if (i != 50) most[n++] = (uint16_t)i;
    b.sel = most;
    b.nsel = 99;
    c = evaluated(e_call("+", e_column(0, INT), e_int(1)), &b, &TEST_ENV);
    assert_null(c.err);
    assert_int_equal(COL(int64_t, &c)[98], 99);
}

static void test_filter_errors(void **state)
{
    (void)state;
    const char *const texts[] = {"1", "x", "3", NULL, "y", "6"};
    Batch b = batch_of((int64_t[]){1, 2, 3, 4, 5, 6}, texts, 6);
    BExpr *num = e_cast(e_column(1, TXT), INT);
    const BExpr *root = e_and(e_call(">", num, e_int(1)), e_call("<>", e_column(0, INT), e_int(5)));
    uint16_t sel[6];
    ErrMask *errors = NULL;
    int n = expr_filter(compiled(&root, 1), &b, &TEST_ENV, &fx.arena, sel, &errors);
    assert_int_equal(n, 2);
    assert_int_equal(sel[0], 2);
    assert_int_equal(sel[1], 5);
    assert_non_null(errors);
    assert_int_equal(errors->n, 1); /* row 4 is refused by the other conjunct */
    assert_int_equal(errors->list[0].row, 1);
    root = e_and(e_null(BOOL), e_call(">", num, e_int(1)));
    n = expr_filter(compiled(&root, 1), &b, &TEST_ENV, &fx.arena, sel, &errors);
    assert_int_equal(n, 0);
    assert_int_equal(errors->n, 2);
    root = e_bool(true);
    assert_int_equal(expr_filter(compiled(&root, 1), &b, &TEST_ENV, &fx.arena, sel, NULL), 6);
    root = error_bool("q");
    assert_int_equal(expr_filter(compiled(&root, 1), &b, &TEST_ENV, &fx.arena, sel, &errors), 0);
    assert_int_equal(errors->n, 6);
    b.rows = 0;
    assert_int_equal(expr_filter(compiled(&root, 1), &b, &TEST_ENV, &fx.arena, sel, &errors), 0);
}

/* Random trees over random rows with NULLs, against a direct recursion on single values. */
static uint64_t random_state = 88172645463325252u;
static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % n;
}

typedef enum Truth { NO, YES, UNKNOWN, BOTTOM } Truth;

static BExpr *random_bool(int depth)
{
    uint32_t pick = random_below(depth > 0 ? 8 : 3);
    if (pick == 0)
        return e_call("<", e_column((int)random_below(2) * 2, INT), e_int(random_below(10)));
    if (pick == 1) return e_cast(e_column(1, TXT), BOOL);
    if (pick == 2) return e_call("=", e_column(0, INT), e_column(2, INT));
    if (pick == 3) return e_call("not", random_bool(depth - 1));
    BExpr *x = random_bool(depth - 1), *y = random_bool(depth - 1), *z = random_bool(depth - 1);
    if (pick == 4) return e_and(x, y, z);
    if (pick == 5) return e_or(x, y, z);
    if (pick == 6) return e_case(BOOL, x, y, z);
    return e_coalesce(BOOL, x, y, z);
}

static Truth naive(const BExpr *e, const Batch *b, int row)
{
    Truth t[3] = {UNKNOWN, UNKNOWN, UNKNOWN};
    if (e->kind == BE_CAST) {
        if (col_is_null(&b->cols[1], row)) return UNKNOWN;
        Str s = text_str(&COL(Text, &b->cols[1])[row]);
        return s.p[0] == 't' ? YES : s.p[0] == 'f' ? NO : BOTTOM;
    }
    if (e->kind == BE_CALL && e->nargs == 2) {
        Value v[2];
        for (int i = 0; i < 2; i++)
            v[i] = e->args[i]->kind == BE_CONST ? e->args[i]->value
                                                : column_value(&b->cols[e->args[i]->col], row);
        if (v[0].is_null || v[1].is_null) return UNKNOWN;
        return (e->func->name[0] == '<' ? v[0].i < v[1].i : v[0].i == v[1].i) ? YES : NO;
    }
    for (int i = 0; i < e->nargs; i++) t[i] = naive(e->args[i], b, row);
    if (e->kind == BE_CALL) return t[0] == YES ? NO : t[0] == NO ? YES : t[0];
    if (e->kind == BE_CASE) return t[0] == BOTTOM ? BOTTOM : t[0] == YES ? t[1] : t[2];
    if (e->kind == BE_COALESCE) {
        for (int i = 0; i < 3; i++)
            if (t[i] != UNKNOWN) return t[i];
        return UNKNOWN;
    }
    Truth decider = e->kind == BE_AND ? NO : YES, result = e->kind == BE_AND ? YES : NO;
    for (int i = 0; i < 3; i++)
        if (t[i] == decider) return decider;
    for (int i = 0; i < 3; i++)
        if (t[i] == BOTTOM) return BOTTOM;
    for (int i = 0; i < 3; i++)
        if (t[i] == UNKNOWN) return UNKNOWN;
    return result;
}

static Batch random_batch(int n)
{
    static const char *const TEXTS[] = {"t", "f", NULL, "bad", "true", "false"};
    int64_t *ints = new (&fx.arena, int64_t, n);
    const char **texts = new (&fx.arena, const char *, n);
    for (int i = 0; i < n; i++) {
        ints[i] = random_below(10);
        texts[i] = TEXTS[random_below(6)];
    }
    Batch b = batch_of(ints, texts, n);
    Column *cols = new (&fx.arena, Column, 3);
    memcpy(cols, b.cols, 2 * sizeof *cols);
    cols[2] = column_new(&fx.arena, INT, n);
    for (int i = 0; i < n; i++) {
        COL(int64_t, &cols[2])[i] = random_below(10);
        if (random_below(5) == 0) column_set_null(&cols[2], &fx.arena, i);
    }
    b.cols = cols;
    b.ncols = 3;
    return b;
}

static void test_random_trees(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        ArenaMark mark = arena_mark(&fx.arena);
        int n = 1 + (int)random_below(200), nsel = 0;
        Batch b = random_batch(n);
        uint16_t *sel = new (&fx.arena, uint16_t, n);
        for (int i = 0; i < n; i++)
            if (random_below(3)) sel[nsel++] = (uint16_t)i;
        if (round % 2) {
            b.sel = sel;
            b.nsel = nsel;
        }
        const BExpr *roots[] = {random_bool(3), random_bool(2)};
        Column out[2];
        expr_eval(compiled(roots, 2), &b, &TEST_ENV, &fx.arena, out);
        for (int r = 0; r < 2; r++) {
            for (int k = 0; k < batch_count(&b); k++) {
                int row = batch_row(&b, k);
                Truth got = col_is_err(&out[r], row)                      ? BOTTOM
                            : col_is_null(&out[r], row)                   ? UNKNOWN
                            : COL(uint8_t, &out[r])[col_at(&out[r], row)] ? YES
                                                                          : NO;
                assert_int_equal(got, naive(roots[r], &b, row));
            }
        }
        uint16_t kept[256];
        ErrMask *errors = NULL;
        int nkept = expr_filter(compiled(roots, 1), &b, &TEST_ENV, &fx.arena, kept, &errors),
            at = 0, bad = 0;
        for (int k = 0; k < batch_count(&b); k++) {
            int row = batch_row(&b, k);
            Truth want = naive(roots[0], &b, row);
            if (want == YES) assert_int_equal(kept[at++], row);
            if (want == BOTTOM) {
                bad++;
                assert_true(bit_get(errors->bits, row));
            }
        }
        assert_int_equal(at, nkept);
        assert_int_equal(errors ? errors->n : 0, bad);
        arena_release(&fx.arena, mark);
    }
}

static void test_constants(void **state)
{
    (void)state;
    Value v;
    BExpr *e = e_call("+", e_int(40), e_int(2));
    assert_int_equal(expr_constant(e, &TEST_ENV, &fx.arena, &v, &fx.diags), WEIR_OK);
    assert_int_equal(v.i, 42);
    e = e_call("+", e_int(INT64_MAX), e_int(2));
    assert_int_equal(expr_constant(e, &TEST_ENV, &fx.arena, &v, &fx.diags), WEIR_E_VALUE);
    e = e_null(INT);
    assert_int_equal(expr_constant(e, &TEST_ENV, &fx.arena, &v, &fx.diags), WEIR_OK);
    assert_true(v.is_null);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_three_valued_logic, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_branches_take_only_their_errors, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(test_faults_are_nulls, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_marks_of_input_propagate, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_first_error_is_the_leftmost, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(test_in, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_shared_in_branch_and_outside, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(test_hoisting_takes_nothing_from_a_branch, fixture_open,
                                        fixture_close),
        cmocka_unit_test_setup_teardown(test_large_expressions, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_selection_is_kept, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_filter_errors, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_random_trees, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_constants, fixture_open, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
