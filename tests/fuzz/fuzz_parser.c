/* fuzz_parser.c: any text is cut into statements or refused; a statement's canonical text parses to
 * the same tree and gives the same text again. */
#include "parser/parser.h"
#include "parser/unparse.h"
#include "tests/fuzz/fuzz.h"

static Str tree_text(Arena *a, const Stmt *s)
{
    StrBuf b = {.arena = a};
    dump_stmt(&b, s);
    return sb_done(&b);
}

static void round_trip(Arena *a, const Stmt *s)
{
    Str text = unparse_stmt_text(a, s);
    Diags diags = {.arena = a, .text = text};
    StmtList again = {0};
    Status st = parser_parse(text, a, &diags, &again);
    /* What canonical text adds (names in full, parentheses) may pass a limit that the text kept. */
    if (st == WEIR_E_LIMIT) return;
    must(st == WEIR_OK && again.len == 1, "canonical text is not one statement: %.*s", STR_ARG(text));
    must_be_same(text, unparse_stmt_text(a, again.data[0]), "canonical text");
    must_be_same(tree_text(a, s), tree_text(a, again.data[0]), "tree");
}

static void first_is_first(Arena *a, Str text, const StmtList *all, Status whole)
{
    Diags diags = {.arena = a, .text = text};
    Stmt *first = NULL;
    ptrdiff_t end = 0;
    Status st = parser_parse_first(text, a, &diags, &first, &end);
    must(end >= 0 && end <= text.n, "statement ends at %td of %td", end, text.n);
    if (whole != WEIR_OK || st != WEIR_OK) return;
    must((first != NULL) == (all->len > 0), "the first statement is not there alone");
    if (first) must_be_same(tree_text(a, first), tree_text(a, all->data[0]), "first statement");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    Arena arena = {0};
    Str text = str_of((const char *)data, (ptrdiff_t)n);
    Diags diags = {.arena = &arena, .text = text};
    StmtList stmts = {0};
    Status st = parser_parse(text, &arena, &diags, &stmts);
    must((st == WEIR_OK) == (diags.list.len == 0), "status %d with %td errors", st, diags.list.len);
    for (ptrdiff_t i = 0; i < diags.list.len; i++) {
        Span at = diags.list.data[i].span;
        /* What is missing has its place behind the last byte. */
        must(at.off >= 0 && at.len >= 0 && at.off + at.len <= text.n + 1, "place %d+%d in a text of %td", at.off, at.len, text.n);
        diag_render(&diags, &diags.list.data[i], &arena);
    }
    for (ptrdiff_t i = 0; i < stmts.len; i++) round_trip(&arena, stmts.data[i]);
    first_is_first(&arena, text, &stmts, st);
    int wants;
    parser_complete(text, &wants);
    arena_free(&arena);
    return 0;
}
