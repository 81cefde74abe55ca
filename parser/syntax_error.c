/* syntax_error.c: what to say of a token that the grammar refuses.
 *
 * The tables know every token that could stand there. A reader wants a few words: tokens that can
 * begin an expression become "an expression", binary operators "an operator", and what remains is
 * named in an order that puts the likely first. A misspelled keyword is found by trying: the word
 * itself, or the one before it (FORM was taken for an alias), is replaced by a keyword near to it,
 * and the guess counts if the grammar then gets further. */
#include "parser/grammar.h"
#include "parser/grammar_tables.h"
#include "parser/parser.h"
#include "parser/token.h"

enum { EXPECTED_MAX = 8 };

/* Named first, in this order; what is in none of the lists follows in the order of the alphabet. */
static const int FIRST_NAMED[] = {
    TK_COMMA, TK_RP, TK_RBRACKET, TK_RBRACE, TK_GT, TK_EQ, TK_AS, TK_FROM, TK_JOIN, TK_ON, TK_USING, TK_WHERE,
    TK_GROUP, TK_HAVING, TK_ORDER, TK_LIMIT, TK_EMIT, TK_WITH, TK_LP,
};
static const int BEGINS_EXPRESSION[] = {
    TK_NUMBER, TK_STRING, TK_BLOB, TK_PARAM, TK_QUESTION, TK_LP, TK_MINUS, TK_PLUS, TK_TILDE, TK_NOT, TK_CASE, TK_CAST,
    TK_TRY_CAST, TK_EXISTS, TK_NULL, TK_TRUE, TK_FALSE, TK_INTERVAL, TK_ARRAY, TK_MAP, TK_ROW_LP,
    TK_TIME_FUNC, TK_LEFT, TK_RIGHT, TK_ID, TK_DESCRIPTOR, TK_LEADING, TK_TRAILING, TK_BOTH, TK_STAR,
    TK_ALL, TK_ANY, TK_SOME, TK_DISTINCT, TK_SYMMETRIC, TK_ASYMMETRIC,
};
static const int OPERATORS[] = {
    TK_PLUS, TK_MINUS, TK_STAR, TK_SLASH, TK_PERCENT, TK_CONCAT, TK_BITOR, TK_BITAND, TK_LSHIFT, TK_RSHIFT,
    TK_TILDE, TK_MATCHES, TK_EQ, TK_NE, TK_LT, TK_LE, TK_GT, TK_GE, TK_ARROW, TK_ARROW2, TK_IS, TK_IN,
    TK_BETWEEN, TK_LIKE, TK_ILIKE, TK_REGEXP, TK_SIMILAR, TK_NOT_LA, TK_AND, TK_OR, TK_AT, TK_DCOLON,
    TK_LBRACKET, TK_OVERLAPS, TK_DOT, TK_UNIT, TK_LP, TK_ESCAPE, TK_STRING,
};
static const int BEGINS_TYPE[] = {TK_ID, TK_ARRAY_LT, TK_MAP_LT, TK_ROW_LT, TK_ROW_LP};
static const int INSIDE_CALL[] = {TK_FROM, TK_FOR, TK_PLACING, TK_TO, TK_IGNORE, TK_RESPECT};
static const int OPTION_WORDS[] = {TK_NULL, TK_LIMIT, TK_FROM, TK_ON, TK_TABLE, TK_DEFAULT, TK_ORDER, TK_GROUP};
static const int BEHIND_NAME[] = {TK_DOT, TK_LP};
#define COUNT(a) ((ptrdiff_t)(sizeof(a) / sizeof *(a)))

static void drop(bool *expected, const int *kinds, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) expected[kinds[i]] = false;
}

typedef struct Phrases {
    const char *list[EXPECTED_MAX];
    int n;
} Phrases;

static void add_phrase(Phrases *p, const char *phrase)
{
    for (int i = 0; i < p->n && i < EXPECTED_MAX; i++)
        if (!strcmp(p->list[i], phrase)) return;
    if (p->n < EXPECTED_MAX) p->list[p->n] = phrase;
    p->n++;
}

static void add_kind(Phrases *p, bool *expected, int kind)
{
    if (!expected[kind]) return;
    expected[kind] = false;
    const char *phrase = token_display(kind);
    if (phrase) add_phrase(p, phrase);
}

/* Where `sign` could stand, the others say no more than `phrase` (NULL: nothing). */
typedef struct TokenClass {
    int sign;
    const char *phrase;
    const int *kinds;
    ptrdiff_t n;
} TokenClass;
static const TokenClass CLASSES[] = {
    {TK_CASE, "an expression", BEGINS_EXPRESSION, COUNT(BEGINS_EXPRESSION)},
    {TK_ARRAY_LT, "a type", BEGINS_TYPE, COUNT(BEGINS_TYPE)},
    {TK_PLACING, NULL, INSIDE_CALL, COUNT(INSIDE_CALL)},
    {TK_TABLE, NULL, OPTION_WORDS, COUNT(OPTION_WORDS)},
    {TK_DOT, NULL, BEHIND_NAME, COUNT(BEHIND_NAME)},
};

static void phrase_class(const TokenClass *c, bool *expected, Phrases *p)
{
    if (!expected[c->sign]) return;
    bool is_option_key = c->sign != TK_TABLE || (expected[TK_ID] && expected[TK_NULL]);
    if (!is_option_key) return;
    if (c->phrase) add_phrase(p, c->phrase);
    drop(expected, c->kinds, c->n);
}

/* Turns the set into phrases, likely ones first. */
static void phrase_expected(bool *expected, Phrases *p)
{
    bool after_expression = !expected[TK_CASE] && expected[TK_PLUS] && expected[TK_EQ];
    for (ptrdiff_t i = 0; i < COUNT(CLASSES); i++) phrase_class(&CLASSES[i], expected, p);
    if (after_expression) drop(expected, OPERATORS, COUNT(OPERATORS));
    for (ptrdiff_t i = 0; i < COUNT(FIRST_NAMED); i++) add_kind(p, expected, FIRST_NAMED[i]);
    bool is_alias_place = expected[TOKEN_END] && p->n > 0;
    if (is_alias_place) expected[TK_ID] = false;
    add_kind(p, expected, TK_ID);
    add_kind(p, expected, TOKEN_END);
    if (after_expression) add_phrase(p, "an operator");
    for (int i = 0; parser_keyword(i); i++) add_kind(p, expected, keyword_kind(str_z(parser_keyword(i))));
    for (int k = 1; k < GRAMMAR_TOKENS_MAX; k++) add_kind(p, expected, k);
}

/* "a, b or c", "a, b, c …" where there were more. */
static Str join_phrases(Arena *a, const Phrases *p)
{
    StrBuf b = {.arena = a};
    int shown = p->n < EXPECTED_MAX ? p->n : EXPECTED_MAX;
    for (int i = 0; i < shown; i++) {
        bool is_last = i == p->n - 1;
        if (i) sb_z(&b, is_last ? " or " : ", ");
        sb_z(&b, p->list[i]);
    }
    if (p->n > shown) sb_lit(&b, " …");
    return sb_done(&b);
}

static Str token_text(Arena *a, const Token *t)
{
    if (t->kind == TK_STRING) return S("a string");
    return str_printf(a, "\"%.*s\"", STR_ARG(t->name.text));
}

/* The keyword that tokens[i] was meant to be, judged by how far the grammar gets with it. */
static const char *meant_keyword(Arena *a, const Token *tokens, ptrdiff_t n, ptrdiff_t i, ptrdiff_t at)
{
    bool is_word = tokens[i].name.text.n > 1 && !tokens[i].name.quoted && token_display(tokens[i].kind) &&
                   (tokens[i].kind == TK_ID || token_spelling(tokens[i].kind));
    if (!is_word) return NULL;
    bool expected[GRAMMAR_TOKENS_MAX] = {0};
    grammar_expected(tokens, i, expected);
    Token *trial = new (a, Token, n);
    memcpy(trial, tokens, (size_t)n * sizeof *tokens);
    const char *best = NULL;
    int best_distance = tokens[i].name.text.n <= 3 ? 2 : 3;
    for (int k = 0; parser_keyword(k); k++) {
        Str word = str_z(parser_keyword(k));
        int kind = keyword_kind(word);
        int distance = str_edit_distance(tokens[i].name.text, word, 2);
        if (!distance || distance >= best_distance || !expected[kind]) continue;
        trial[i].kind = kind;
        ptrdiff_t taken = grammar_takes(trial, n);
        if (taken <= at && taken <= i + 1 && taken < n) continue;
        best = word.p;
        best_distance = distance;
    }
    return best;
}

/* A copy of the tokens without, or with another kind for, tokens[i]. */
static bool is_whole_with(Arena *a, const Token *tokens, ptrdiff_t n, ptrdiff_t i, int kind)
{
    Token *trial = new (a, Token, n);
    memcpy(trial, tokens, (size_t)n * sizeof *tokens);
    trial[i].kind = kind;
    return grammar_takes(trial, n) == n;
}

static bool is_whole_without(Arena *a, const Token *tokens, ptrdiff_t n, ptrdiff_t i)
{
    Token *trial = new (a, Token, n);
    memcpy(trial, tokens, (size_t)i * sizeof *tokens);
    memcpy(trial + i, tokens + i + 1, (size_t)(n - i - 1) * sizeof *tokens);
    return grammar_takes(trial, n - 1) == n - 1;
}

/* A reserved word where a name was meant. FROM and WHERE begin clauses far more often. */
static bool is_meant_as_name(Arena *a, const Token *tokens, ptrdiff_t n, ptrdiff_t at)
{
    const Token *t = &tokens[at];
    bool is_word = t->kind > 0 && t->kind != TK_ID && !t->name.quoted && token_spelling(t->kind);
    if (!is_word) return false;
    bool is_sure = tokens[at - 1].kind == TK_AS || tokens[at - 1].kind == TK_DOT;
    bool begins_clause = t->kind == TK_FROM || t->kind == TK_WHERE || t->kind == TK_SELECT;
    return (is_sure || !begins_clause) && is_whole_with(a, tokens, n, at, TK_ID);
}

static bool closes_nothing(const Token *tokens, ptrdiff_t at)
{
    ptrdiff_t depth = 0;
    for (ptrdiff_t i = 0; i < at; i++) depth += (tokens[i].kind == TK_LP) - (tokens[i].kind == TK_RP);
    return tokens[at].kind == TK_RP && depth <= 0;
}

/* SELECT … WHERE … WINDOW TUMBLING (…): the word stands behind a clause that it has to precede. */
static bool is_late_window(const Token *tokens, ptrdiff_t at)
{
    ptrdiff_t depth = 0;
    if (tokens[at].kind != TK_WINDOW_LA) return false;
    for (ptrdiff_t i = at - 1; i >= 0 && depth >= 0; i--) {
        int k = tokens[i].kind;
        depth += (k == TK_RP) - (k == TK_LP);
        if (depth == 0 && (k == TK_WHERE || k == TK_GROUP || k == TK_HAVING)) return true;
        if (depth == 0 && k == TK_SELECT) return false;
    }
    return false;
}

static void add_hint(Diags *d, Arena *a, const Token *tokens, ptrdiff_t n, ptrdiff_t at)
{
    const char *word = meant_keyword(a, tokens, n, at, at);
    if (!word) word = meant_keyword(a, tokens, n, at - 1, at);
    if (is_late_window(tokens, at))
        diag_hint(d, "the WINDOW clause stands after FROM, before WHERE");
    else if (word)
        diag_hint(d, "did you mean %s?", word);
    else if (closes_nothing(tokens, at))
        diag_hint(d, "there is no \"(\" that it closes");
    else if (tokens[at - 1].kind == TK_COMMA && is_whole_without(a, tokens, n, at - 1))
        diag_hint(d, "remove the comma before it");
    else if (is_meant_as_name(a, tokens, n, at))
        diag_hint(d, "\"%.*s\" is a keyword; write it in double quotes to use it as a name",
                  STR_ARG(tokens[at].name.text));
}

static void report_start(Diags *d, Arena *a, const Token *tokens, ptrdiff_t n)
{
    Str text = token_text(a, &tokens[0]);
    diag_error(d, WEIR_E_SYNTAX, tokens[0].name.span, "no statement begins with %.*s", STR_ARG(text));
    const char *word = meant_keyword(a, tokens, n, 0, 0);
    if (word) diag_hint(d, "did you mean %s?", word);
    else diag_hint(d, "statements begin with CREATE, SELECT, INSERT, DROP, SHOW, EXPLAIN, SET …");
}

void syntax_error_report(Diags *d, Arena *a, const Token *tokens, ptrdiff_t n, ptrdiff_t at)
{
    if (at == 0) {
        report_start(d, a, tokens, n);
        return;
    }
    bool expected[GRAMMAR_TOKENS_MAX] = {0};
    grammar_expected(tokens, at, expected);
    Phrases phrases = {.n = 0};
    phrase_expected(expected, &phrases);
    Str wanted = join_phrases(a, &phrases);
    Span place = tokens[at].name.span;
    if (tokens[at].kind == TOKEN_END) {
        place.len = 1;
        diag_error(d, WEIR_E_SYNTAX, place, "the statement ends too early; expected %.*s", STR_ARG(wanted));
    } else {
        Str text = token_text(a, &tokens[at]);
        diag_error(d, WEIR_E_SYNTAX, place, "unexpected %.*s; expected %.*s", STR_ARG(text), STR_ARG(wanted));
    }
    add_hint(d, a, tokens, n, at);
}
