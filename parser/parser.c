/* parser.c: the driver: text to tokens, tokens to statements, one fresh grammar for each.
 *
 * Between lexer and grammar stands one table (RETAGS): it tells apart the words whose meaning only
 * the next one or two tokens reveal, so that the grammar needs a lookahead of one. */
#include "parser/parser.h"
#include "parser/build.h"
#include "parser/grammar.h"
#include "parser/grammar_tables.h"
#include "parser/token.h"
#include <assert.h>

const char *const OBJECT_KIND_NAMES[] = {"",     "STREAM",   "TABLE",     "VIEW", "MATERIALIZED VIEW",
                                         "SINK", "FUNCTION", "AGGREGATE", "INDEX"};

/* `kind` followed by next[0] and next[1] (ANY: whatever) becomes `to`. The first match counts. */
enum { ANY = -9 };
typedef struct Retag {
    int kind, next[2], to;
} Retag;
static const Retag RETAGS[] = {
    {TK_NOT, {TK_BETWEEN, ANY}, TK_NOT_LA},
    {TK_NOT, {TK_IN, ANY}, TK_NOT_LA},
    {TK_NOT, {TK_LIKE, ANY}, TK_NOT_LA},
    {TK_NOT, {TK_ILIKE, ANY}, TK_NOT_LA},
    {TK_NOT, {TK_REGEXP, ANY}, TK_NOT_LA},
    {TK_NOT, {TK_SIMILAR, TK_TO}, TK_NOT_LA},
    {TK_NOT, {TK_ENFORCED, ANY}, TK_NOT_LA},
    {TK_WITH, {TK_TIME, TK_ZONE}, TK_WITH_LA},
    {TK_WITH, {TK_LOCAL, TK_TIME}, TK_WITH_LA},
    {TK_WITH, {TK_TIES, ANY}, TK_WITH_LA},
    {TK_WITH, {TK_ORDINALITY, ANY}, TK_WITH_LA},
    {TK_WINDOW, {ANY, TK_AS}, TK_WINDOW},
    {TK_WINDOW, {ANY, TK_LP}, TK_WINDOW_LA},
    {TK_WINDOW, {TK_ID, ANY}, TK_WINDOW_LA},
    {TK_ON, {TK_CONFLICT, TK_LP}, TK_ON_LA},
    {TK_ON, {TK_CONFLICT, TK_DO}, TK_ON_LA},
    {TK_INTERVAL, {TK_STRING, ANY}, TK_INTERVAL},
    {TK_INTERVAL, {TK_NUMBER, ANY}, TK_INTERVAL},
    {TK_INTERVAL, {ANY, ANY}, TK_ID},
    {TK_ARRAY, {TK_LBRACKET, ANY}, TK_ARRAY},
    {TK_ARRAY, {TK_LT, ANY}, TK_ARRAY_LT},
    {TK_ARRAY, {ANY, ANY}, TK_ID},
    {TK_MAP, {TK_LBRACKET, ANY}, TK_MAP},
    {TK_MAP, {TK_LT, ANY}, TK_MAP_LT},
    {TK_MAP, {ANY, ANY}, TK_ID},
    {TK_ROW, {TK_LP, ANY}, TK_ROW_LP},
    {TK_ROW, {TK_LT, ANY}, TK_ROW_LT},
    {TK_GROUPING_LA, {TK_SETS, ANY}, TK_GROUPING_LA},
    {TK_GROUPING_LA, {ANY, ANY}, TK_ID},
    {TK_WATERMARK, {TK_FOR, ANY}, TK_WATERMARK_LA},
    {TK_IGNORE, {TK_NULLS, TK_OVER}, TK_IGNORE_LA},
    {TK_RESPECT, {TK_NULLS, TK_OVER}, TK_RESPECT_LA},
    {TK_LBRACE, {TK_MINUS, ANY}, TK_LBRACE_LA},
};

static bool retag_matches(const Retag *r, const Token *t)
{
    if (r->kind != t[0].kind) return false;
    return (r->next[0] == ANY || r->next[0] == t[1].kind) && (r->next[1] == ANY || r->next[1] == t[2].kind);
}

/* `tokens` has two more readable entries behind its last. Tokens are told apart by their original
 * kinds, so it goes from the front. */
static void retag(Token *tokens, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof RETAGS / sizeof *RETAGS; k++)
            if (retag_matches(&RETAGS[k], &tokens[i])) {
                tokens[i].kind = RETAGS[k].to;
                break;
            }
}

/* One statement's tokens: up to its semicolon, and TOKEN_END in the semicolon's place. */
typedef struct Piece {
    TokenList tokens;
    bool is_broken; /* a token was reported */
    bool is_last;   /* the text ended */
    ptrdiff_t end;  /* behind the semicolon */
} Piece;

static void read_piece(Lexer *l, Piece *p)
{
    p->tokens.len = 0;
    p->is_broken = p->is_last = false;
    for (;;) {
        Token t = lexer_next(l);
        bool is_end = t.kind == TOKEN_END || t.kind == TOKEN_SEMICOLON;
        p->is_last = t.kind == TOKEN_END;
        if (is_end) t.kind = TOKEN_END;
        if (t.kind == TOKEN_BROKEN) {
            if (p->is_broken) continue;
            p->is_broken = true;
            l->diags = NULL; /* one report a statement */
            continue;
        }
        if (!p->is_broken) vec_push(&p->tokens, l->arena, t);
        if (is_end) break;
    }
    p->end = l->at;
}

static Span piece_span(const Piece *p)
{
    const Token *t = p->tokens.data;
    return span_join(t[0].name.span, t[p->tokens.len - 2].name.span);
}

/* PRAGMA …, EXPLAIN QUERY PLAN … are SQLite's. */
static bool is_for_sqlite(const TokenList *t)
{
    if (str_ieq(t->data[0].name.text, S("pragma")) && !t->data[0].name.quoted) return true;
    return t->len > 3 && t->data[0].kind == TK_EXPLAIN && str_ieq(t->data[1].name.text, S("query")) &&
           str_ieq(t->data[2].name.text, S("plan"));
}

static Status check_size(Span span, Diags *diags)
{
    if (span.len <= PARSER_TEXT_MAX) return WEIR_OK;
    Span start = span;
    start.len = 1;
    diag_error(diags, WEIR_E_LIMIT, start, "the statement is longer than %d bytes", PARSER_TEXT_MAX);
    diag_hint(diags, "use several statements, or COPY … FROM a file");
    return WEIR_E_LIMIT;
}

/* NULL: an error was reported. */
static Stmt *parse_piece(Piece *p, Span span, Arena *arena, Diags *diags)
{
    if (check_size(span, diags) != WEIR_OK) return NULL;
    Build b = {.arena = arena, .diags = diags};
    if (is_for_sqlite(&p->tokens)) return build_stmt(&b, STMT_SQLITE);
    ptrdiff_t n = p->tokens.len;
    Token end = p->tokens.data[n - 1];
    vec_push(&p->tokens, arena, end);
    vec_push(&p->tokens, arena, end);
    retag(p->tokens.data, n);
    ptrdiff_t taken = grammar_run(&b, p->tokens.data, n);
    if (b.is_syntax_error && !b.failed) syntax_error_report(diags, arena, p->tokens.data, n, taken);
    bool is_bad = b.is_syntax_error || b.failed;
    assert(is_bad || b.stmt);
    if (is_bad) return NULL;
    b.stmt->params = b.params;
    return b.stmt;
}

static void set_place(Stmt *s, Span span, Str text)
{
    s->span = span;
    s->text = str_of(text.p + span.off, span.len);
    bool has_inner = s->kind == STMT_EXPLAIN && s->explain->stmt;
    if (has_inner) set_place(s->explain->stmt, span, text);
}

static Status check_script(Str text, Diags *diags)
{
    if (text.n <= PARSER_SCRIPT_MAX) return WEIR_OK;
    return diag_error(diags, WEIR_E_LIMIT, (Span){0}, "the script is longer than %d bytes", PARSER_SCRIPT_MAX);
}

/* The next statement of the lexer's text that is not blank. false: no more. *out is NULL where it
 * was broken. */
static bool next_stmt(Lexer *l, Piece *p, Diags *diags, Stmt **out)
{
    do {
        l->diags = diags;
        read_piece(l, p);
    } while (!p->is_last && !p->is_broken && p->tokens.len == 1);
    *out = NULL;
    if (p->is_broken) return true;
    if (p->tokens.len == 1) return false;
    Span span = piece_span(p);
    *out = parse_piece(p, span, l->arena, diags);
    if (*out) set_place(*out, span, l->text);
    return true;
}

Status parser_parse(Str text, Arena *arena, Diags *diags, StmtList *out)
{
    ptrdiff_t errors = diags->list.len;
    TRY(check_script(text, diags));
    Lexer l = lexer_init(str_dup(arena, text), arena, diags);
    Piece p = {0};
    Stmt *s;
    while (next_stmt(&l, &p, diags, &s)) {
        if (s) vec_push(out, arena, s);
        if (p.is_last) break;
    }
    return diags->list.len > errors ? diags->list.data[errors].code : WEIR_OK;
}

Status parser_parse_first(Str text, Arena *arena, Diags *diags, Stmt **out, ptrdiff_t *end)
{
    ptrdiff_t errors = diags->list.len;
    TRY(check_script(text, diags));
    Lexer l = lexer_init(str_dup(arena, text), arena, diags);
    Piece p = {0};
    next_stmt(&l, &p, diags, out);
    *end = p.end;
    return diags->list.len > errors ? diags->list.data[errors].code : WEIR_OK;
}

bool parser_complete(Str text, int *wants)
{
    Arena arena = {0};
    Lexer l = lexer_init(str_dup(&arena, text), &arena, NULL);
    int depth = 0;
    bool is_blank = true, is_ended = false;
    for (;;) {
        int kind = lexer_next(&l).kind;
        if (kind == TOKEN_END) break;
        is_blank = false;
        is_ended = kind == TOKEN_SEMICOLON;
        if (is_ended) depth = 0;
        else if (kind == TK_LP) depth++;
        else if (kind == TK_RP && depth > 0) depth--;
    }
    arena_free(&arena);
    int missing = l.open ? l.open : is_blank || is_ended ? 0 : depth ? '(' : ';';
    if (wants) *wants = missing;
    return is_ended && !l.open;
}

ptrdiff_t parser_first_end(Str text)
{
    Arena arena = {0};
    Lexer l = lexer_init(str_dup(&arena, text), &arena, NULL);
    ptrdiff_t end = 0;
    bool is_blank = true;
    for (Token t = lexer_next(&l); t.kind != TOKEN_END && !end; t = lexer_next(&l)) {
        if (t.kind == TOKEN_SEMICOLON && !is_blank) end = t.name.span.off + t.name.span.len;
        is_blank &= t.kind == TOKEN_SEMICOLON;
    }
    arena_free(&arena);
    return end;
}
