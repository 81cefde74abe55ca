/* Parameters of prepared statements: numbers, names, values of every kind, statements that run again. */
#include "tests/unit/engine_fixture.h"

#include <math.h>

static weir_stmt *prepared(Engine *e, const char *sql)
{
    weir_stmt *s = NULL;
    ok(e, weir_prepare(e->db, sql, -1, &s, NULL));
    return s;
}

static void with_table(Engine *e)
{
    engine_open(e);
    ok(e, exec_in(e, "CREATE TABLE t (k BIGINT PRIMARY KEY, name TEXT, x DOUBLE, at TIMESTAMP(0), d DECIMAL(10, 2), b BLOB, yes BOOLEAN);"
                     "INSERT INTO t VALUES (1, 'one', 1.5, '2024-01-01 00:00:00', 1.25, x'01', true),"
                     "(2, 'two', 2.5, '2024-01-02 00:00:00', 2.25, x'02', false)"));
}

static void expect_text(Engine *e, const char *sql, const char *wanted)
{
    weir_stmt *s = prepared(e, sql);
    assert_int_equal(weir_step(s), WEIR_ROW);
    assert_string_equal(weir_column_text(s, 0, NULL), wanted);
    assert_int_equal(weir_step(s), WEIR_DONE);
    weir_finalize(s);
}

/* The first value of the only row; -1: there is none. */
static int64_t only(Engine *e, weir_stmt *s)
{
    if (weir_step(s) != WEIR_ROW) return -1;
    int64_t v = weir_column_int64(s, 0);
    assert_int_equal(weir_step(s), WEIR_DONE);
    (void)e;
    return v;
}

static void numbers(void **state)
{
    Engine *e = *state;
    with_table(e);
    weir_stmt *s = prepared(e, "SELECT ?3, ?, :a, $2, :a, ?");
    assert_int_equal(weir_bind_count(s), 6);
    assert_string_equal(weir_bind_name(s, 3), "?3");
    assert_null(weir_bind_name(s, 4));
    assert_int_equal(weir_bind_index(s, ":a"), 5);
    assert_int_equal(weir_bind_index(s, "a"), 0);
    assert_int_equal(weir_column_count(s), 6);
    for (int i = 1; i <= 6; i++) ok(e, weir_bind_int64(s, i, i));
    assert_int_equal(weir_step(s), WEIR_ROW);
    const int wanted[] = {3, 4, 5, 2, 5, 6};
    for (int i = 0; i < 6; i++) assert_int_equal(weir_column_int64(s, i), wanted[i]);
    assert_int_equal(weir_bind_int64(s, 1, 1), WEIR_E_MISUSE); /* rows are being read */
    ok(e, weir_reset(s));
    assert_int_equal(weir_bind_int64(s, 0, 1), WEIR_E_MISUSE);
    assert_int_equal(weir_bind_int64(s, 7, 1), WEIR_E_MISUSE);
    weir_finalize(s);
    weir_stmt *none;
    assert_error(e, weir_prepare(e->db, "SELECT ?0", -1, &none, NULL), WEIR_E_SYNTAX);
    assert_error(e, weir_prepare(e->db, "SELECT ?99999999", -1, &none, NULL), WEIR_E_SYNTAX);
    assert_int_equal(weir_bind_count(NULL), 0);
    assert_int_equal(weir_bind_text(NULL, 1, "", 0), WEIR_E_MISUSE);
    assert_int_equal(weir_reset(NULL), WEIR_E_MISUSE);
}

static void values(void **state)
{
    Engine *e = *state;
    with_table(e);
    weir_stmt *s = prepared(e, "INSERT INTO t VALUES (:k, :name, :x, :at, :d, :b, :yes) ON CONFLICT DO UPDATE SET name = excluded.name || :more");
    char name[] = "it's";
    ok(e, weir_bind_int64(s, weir_bind_index(s, ":k"), INT64_MIN));
    ok(e, weir_bind_text(s, 2, name, -1));
    name[0] = '?'; /* it has been copied */
    ok(e, weir_bind_double(s, 3, -0.1));
    ok(e, weir_bind_text(s, 4, "2024-02-03 04:05:06 and more", 19));
    ok(e, weir_bind_text(s, 5, "-3.14", -1));
    ok(e, weir_bind_blob(s, 6, "\0\xff", 2));
    ok(e, weir_bind_text(s, 7, "true", -1));
    assert_int_equal(weir_step(s), WEIR_DONE);
    assert_int_equal(weir_changes(s), 1);
    ok(e, weir_reset(s)); /* the values stay */
    ok(e, weir_bind_text(s, 8, "!", -1));
    assert_int_equal(weir_step(s), WEIR_DONE);
    weir_finalize(s);
    expect_text(e, "SELECT concat_ws('|', k, name, x, at, d, hex(b), yes) FROM t WHERE k < 0",
                "-9223372036854775808|it's!|-0.1|2024-02-03 04:05:06|-3.14|00FF|true");
    s = prepared(e, "SELECT k FROM t WHERE x = ? AND at = ? AND d < ? AND yes IS NOT DISTINCT FROM ?");
    ok(e, weir_bind_double(s, 1, 2.5));
    ok(e, weir_bind_text(s, 2, "2024-01-02 00:00:00", -1));
    ok(e, weir_bind_double(s, 3, INFINITY));
    ok(e, weir_bind_text(s, 4, "false", -1));
    assert_int_equal(only(e, s), 2);
    ok(e, weir_reset(s));
    ok(e, weir_bind_double(s, 3, NAN)); /* NULL */
    assert_int_equal(only(e, s), -1);
    ok(e, weir_reset(s));
    ok(e, weir_bind_text(s, 2, "yesterday", -1));
    assert_error(e, weir_step(s), WEIR_E_VALUE);
    assert_error(e, weir_step(s), WEIR_E_MISUSE);
    ok(e, weir_reset(s)); /* heals it */
    ok(e, weir_bind_text(s, 2, "2024-01-02", -1));
    ok(e, weir_bind_int64(s, 3, 3));
    assert_int_equal(only(e, s), 2);
    weir_finalize(s);
}

static void everywhere(void **state)
{
    Engine *e = *state;
    with_table(e);
    weir_stmt *s = prepared(e, "UPDATE t SET name = ?2 WHERE k = ?1 RETURNING name");
    ok(e, weir_bind_int64(s, 1, 2));
    ok(e, weir_bind_text(s, 2, "zwei", -1));
    assert_int_equal(weir_step(s), WEIR_ROW);
    assert_string_equal(weir_column_text(s, 0, NULL), "zwei");
    assert_int_equal(weir_step(s), WEIR_DONE);
    weir_finalize(s);
    s = prepared(e, "SELECT k FROM t WHERE k IN (?, ?, 7) OR EXISTS (SELECT 1 FROM t u WHERE u.k = ?) ORDER BY k DESC LIMIT ? OFFSET ?");
    for (int i = 1; i <= 5; i++) ok(e, weir_bind_int64(s, i, i == 4 ? 1 : i == 5 ? 0 : i));
    assert_int_equal(only(e, s), 2);
    ok(e, weir_reset(s));
    ok(e, weir_bind_int64(s, 5, 1));
    assert_int_equal(only(e, s), 1);
    weir_finalize(s);
    s = prepared(e, "DELETE FROM t WHERE k = ?");
    for (int k = 1; k <= 2; k++) {
        ok(e, weir_bind_int64(s, 1, k));
        assert_int_equal(weir_step(s), WEIR_DONE);
        assert_int_equal(weir_changes(s), 1);
        ok(e, weir_reset(s));
    }
    weir_finalize(s);
    expect_text(e, "SELECT 'n' || count(*) FROM t", "n0");
}

/* A definition is kept as text, a script has nobody who could bind. */
static void nowhere(void **state)
{
    Engine *e = *state;
    with_table(e);
    weir_stmt *s;
    static const char *const DEFINITIONS[] = {
        "CREATE MATERIALIZED VIEW v AS SELECT k FROM t WHERE k > ?", "CREATE VIEW v AS SELECT k FROM t WHERE k > :a",
        "CREATE STREAM s (v BIGINT DEFAULT ?1)", "EXPLAIN SELECT k FROM t WHERE k > ?"};
    for (size_t i = 0; i < sizeof DEFINITIONS / sizeof *DEFINITIONS; i++) {
        s = NULL;
        weir_status st = weir_prepare(e->db, DEFINITIONS[i], -1, &s, NULL);
        if (st == WEIR_OK) st = weir_step(s);
        assert_error(e, st, WEIR_E_VALUE);
        assert_non_null(strstr(weir_errmsg(e->db), "has no value here"));
        weir_finalize(s);
    }
    assert_error(e, exec_in(e, "INSERT INTO t (k) VALUES (:k)"), WEIR_E_VALUE);
    assert_error(e, exec_in(e, "SELECT k FROM t WHERE k = ?1"), WEIR_E_VALUE);
}

/* Checking, too, reads the values of INSERT, and tells of each that does not fit. */
static void values_are_checked(void **state)
{
    Engine *e = *state;
    int n;
    with_table(e);
    weir_exec_options check = {.base_dir = e->folder, .check_only = 1};
    assert_error(e, weir_exec(e->db, "INSERT INTO t (k, at, d) VALUES (3, 'yesterday', 1.5), ('x', '2024-01-01', 1e30); SELECT 1", -1, "f.sql", &check),
                 WEIR_E_VALUE);
    const weir_diag *d = weir_diags(e->db, &n);
    assert_int_equal(n, 3);
    assert_non_null(strstr(d[0].message, "yesterday"));
    assert_int_equal(d[0].column, 37);
    ok(e, weir_exec(e->db, "INSERT INTO t (k, at) VALUES (1 + 2, '2024-01-01')", -1, "f.sql", &check));
    expect_text(e, "SELECT 'n' || count(*) FROM t", "n2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(numbers), TEST(values), TEST(everywhere), TEST(nowhere), TEST(values_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
