/* test_parser_api.c: what scripts do not show: completeness, one statement at a time, spans,
 * keywords, names that need no quotes. */
#include "parser/parser.h"
#include "parser/unparse.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

typedef struct Completeness {
    const char *text;
    bool is_complete;
    int wants;
} Completeness;

static void knows_when_a_statement_is_complete(void **state)
{
    (void)state;
    static const Completeness CASES[] = {
        {"", false, 0},
        {" \n -- only a comment\n", false, 0},
        {"SELECT 1", false, ';'},
        {"SELECT 1;", true, 0},
        {"SELECT 1; -- done\n", true, 0},
        {"SELECT 1; SELECT", false, ';'},
        {"SELECT (1", false, '('},
        {"SELECT (1;", true, 0},
        {"SELECT (1)", false, ';'},
        {"SELECT ';", false, '\''},
        {"SELECT 'it''s';", true, 0},
        {"SELECT \"a;", false, '"'},
        {"SELECT `a;", false, '`'},
        {"SELECT 1; /* open", false, '*'},
        {"SELECT $;", true, 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int wants = -1;
        assert_int_equal(parser_complete(str_z(CASES[i].text), &wants), CASES[i].is_complete);
        assert_int_equal(wants, CASES[i].wants);
        assert_int_equal(parser_complete(str_z(CASES[i].text), NULL), CASES[i].is_complete);
    }
}

static void reads_one_statement_at_a_time(void **state)
{
    (void)state;
    Arena arena = {0};
    Diags diags = {.arena = &arena};
    Str text = S(" ; SELECT 1 ; SELEC 2; -- end\n ");
    Stmt *s;
    ptrdiff_t end;
    assert_int_equal(parser_parse_first(text, &arena, &diags, &s, &end), WEIR_OK);
    assert_int_equal(end, 13);
    assert_int_equal(s->span.off, 3);
    assert_true(str_eq(s->text, S("SELECT 1")));
    Str rest = str_of(text.p + end, text.n - end);
    assert_int_equal(parser_parse_first(rest, &arena, &diags, &s, &end), WEIR_E_SYNTAX);
    assert_null(s);
    assert_int_equal(end, 9);
    rest = str_of(rest.p + end, rest.n - end);
    assert_int_equal(parser_parse_first(rest, &arena, &diags, &s, &end), WEIR_OK);
    assert_null(s);
    assert_int_equal(end, rest.n);
    arena_free(&arena);
}

static Stmt *parse(Arena *a, const char *sql)
{
    Diags diags = {.arena = a};
    StmtList list = {0};
    assert_int_equal(parser_parse(str_z(sql), a, &diags, &list), WEIR_OK);
    assert_int_equal(list.len, 1);
    return list.data[0];
}

static void assert_span(Span at, int off, int len, int line, int col)
{
    assert_int_equal(at.off, off);
    assert_int_equal(at.len, len);
    assert_int_equal(at.line, line);
    assert_int_equal(at.col, col);
}

static void nodes_know_their_place(void **state)
{
    (void)state;
    Arena a = {0};
    const Select *q = parse(&a, "SELECT 'ü' || a AS x,\n  (f(b) + 2) * -c\nFROM t LEFT JOIN u ON b = 1")->select;
    assert_span(q->items.data[0].expr->span, 7, 9, 1, 8);
    assert_span(q->items.data[0].expr->op_span, 12, 2, 1, 13);
    assert_span(q->items.data[0].alias.span, 20, 1, 1, 21);
    const Expr *product = q->items.data[1].expr;
    assert_span(product->span, 25, 15, 2, 3);
    assert_span(product->args.data[0]->span, 25, 10, 2, 3);
    assert_span(product->args.data[0]->args.data[0]->span, 26, 4, 2, 4);
    assert_span(q->from->join_span, 48, 9, 3, 8);
    assert_span(q->from->span, 46, 22, 3, 6);
    assert_span(q->span, 0, 68, 1, 1);
    arena_free(&a);
}

static void an_explained_statement_has_a_place(void **state)
{
    (void)state;
    Arena a = {0};
    const Stmt *s = parse(&a, "  EXPLAIN SELECT 1  ");
    assert_span(s->span, 2, 16, 1, 3);
    assert_true(s->explain->stmt->text.n > 0);
    arena_free(&a);
}

static void the_text_may_go_away(void **state)
{
    (void)state;
    Arena a = {0};
    char text[] = "SELECT name FROM 'file' WHERE x = 'y'";
    const Stmt *s = parse(&a, text);
    memset(text, '?', sizeof text - 1);
    assert_true(str_eq(unparse_stmt_text(&a, s), S("SELECT name FROM 'file' WHERE x = 'y'")));
    arena_free(&a);
}

static void keywords_are_sorted(void **state)
{
    (void)state;
    int n = 0;
    for (; parser_keyword(n); n++)
        if (n) assert_true(str_icmp(str_z(parser_keyword(n - 1)), str_z(parser_keyword(n))) < 0);
    assert_true(n > 150);
    assert_null(parser_keyword(-1));
}

static void names_that_need_quotes(void **state)
{
    (void)state;
    assert_true(parser_is_plain_name(S("a_1$")));
    assert_true(parser_is_plain_name(S("Timestamp")));
    assert_true(parser_is_plain_name(S("offset")));
    assert_false(parser_is_plain_name(S("")));
    assert_false(parser_is_plain_name(S("1a")));
    assert_false(parser_is_plain_name(S("a b")));
    assert_false(parser_is_plain_name(S("a\"b")));
    assert_false(parser_is_plain_name(S("select")));
    assert_false(parser_is_plain_name(S("Row")));
}

/* Every keyword in quotes is a name: in canonical text too, wherever names stand. */
static void any_word_can_be_quoted(void **state)
{
    (void)state;
    for (int i = 0; parser_keyword(i); i++) {
        Arena a = {0};
        const char *w = parser_keyword(i);
        Str sql = str_printf(&a,
                             "SELECT \"%s\", t.\"%s\", CASE WHEN \"%s\" THEN \"%s\" END AS \"%s\", \"%s\"(1), "
                             "sum(\"%s\") OVER (\"%s\" PARTITION BY \"%s\") FROM \"%s\" AS \"%s\" WHERE \"%s\" IN (1) "
                             "GROUP BY \"%s\" HAVING \"%s\" ORDER BY \"%s\" LIMIT \"%s\"",
                             w, w, w, w, w, w, w, w, w, w, w, w, w, w, w, w);
        StrBuf first = {.arena = &a}, second = {.arena = &a};
        const Stmt *s = parse(&a, sql.p);
        dump_stmt(&first, s);
        dump_stmt(&second, parse(&a, unparse_stmt_text(&a, s).p));
        assert_true(str_eq(sb_done(&first), sb_done(&second)));
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_when_a_statement_is_complete), cmocka_unit_test(reads_one_statement_at_a_time),
        cmocka_unit_test(nodes_know_their_place),             cmocka_unit_test(an_explained_statement_has_a_place),
        cmocka_unit_test(the_text_may_go_away),               cmocka_unit_test(keywords_are_sorted),
        cmocka_unit_test(names_that_need_quotes),             cmocka_unit_test(any_word_can_be_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
