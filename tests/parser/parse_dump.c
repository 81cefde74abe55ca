/* parse_dump.c: prints what the parser makes of a script, for the golden files beside it.
 *
 *     parse_dump [-q] file.sql
 *
 * For each statement its canonical SQL and its tree, then the errors as the user sees them. Every
 * statement is also sent around: its canonical text must parse to the same tree and give the same
 * text again. A failed round trip is printed and makes the exit code 1. -q prints only those. */
#include "parser/parser.h"
#include "parser/unparse.h"
#include <stdio.h>

static Str dump_text(Arena *a, const Stmt *s)
{
    StrBuf b = {.arena = a};
    dump_stmt(&b, s);
    return sb_done(&b);
}

static void print(const char *label, Str s)
{
    printf("%s%.*s\n", label, STR_ARG(s));
}

static bool round_trip(Arena *a, const Stmt *s)
{
    Str canonical = unparse_stmt_text(a, s), tree = dump_text(a, s);
    Diags diags = {.arena = a, .text = canonical};
    StmtList again = {0};
    if (parser_parse(canonical, a, &diags, &again) != WEIR_OK || again.len != 1) {
        print("ROUND TRIP: not one statement: ", canonical);
        if (diags.list.len) print("", diag_render(&diags, &diags.list.data[0], a));
        return false;
    }
    Str canonical2 = unparse_stmt_text(a, again.data[0]), tree2 = dump_text(a, again.data[0]);
    bool is_same = str_eq(canonical, canonical2) && str_eq(tree, tree2);
    if (is_same) return true;
    print("ROUND TRIP: ", canonical);
    print("         -> ", canonical2);
    print("from ", tree);
    print("to ", tree2);
    return false;
}

static Str read_file(Arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return (Str){0};
    StrBuf b = {.arena = a};
    char chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) sb_bytes(&b, chunk, (ptrdiff_t)n);
    fclose(f);
    return sb_done(&b);
}

int main(int argc, char **argv)
{
    bool is_quiet = argc == 3 && !strcmp(argv[1], "-q");
    if (argc != 2 + is_quiet) return fprintf(stderr, "usage: parse_dump [-q] file.sql\n"), 2;
    Arena arena = {0};
    Str text = read_file(&arena, argv[argc - 1]);
    Diags diags = {.arena = &arena, .text = text};
    StmtList stmts = {0};
    Status st = parser_parse(text, &arena, &diags, &stmts);
    bool is_good = (st == WEIR_OK) == (diags.list.len == 0);
    for (ptrdiff_t i = 0; i < stmts.len; i++) {
        if (!is_quiet) {
            const Stmt *s = stmts.data[i];
            printf("-- %d:%d\n", s->span.line, s->span.col);
            print("", unparse_stmt_text(&arena, s));
            print("", dump_text(&arena, s));
        }
        is_good &= round_trip(&arena, stmts.data[i]);
    }
    for (ptrdiff_t i = 0; i < diags.list.len && !is_quiet; i++)
        print("", diag_render(&diags, &diags.list.data[i], &arena));
    arena_free(&arena);
    return is_good ? 0 : 1;
}
