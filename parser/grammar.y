/* grammar.y: the statements that weir reads, for lemon.
 *
 * A rule builds one node and never acts; what a name or a number means is the binder's business.
 * Words that would need more than one token of lookahead arrive here already told apart by the
 * driver (NOT_LA: the NOT of NOT LIKE; see RETAGS in parser.c). Most keywords fall back to names
 * where the grammar has no use for them. Expressions follow PostgreSQL's order of precedence,
 * except that -> and ->> bind tighter than arithmetic. Queries in parentheses follow the pattern of
 * PostgreSQL's grammar: `query_open` has none around it, `query_parens` has.
 *
 * A node's span runs from its first token to the token shifted last (span_to_here), since every
 * reduction happens before its lookahead is shifted. */
%name Grammar
%token_prefix TK_
%token_type {Name}
%default_type {Expr *}
%extra_argument {Build *b}
%stack_size 2048
%start_symbol input

%include {
#include "parser/build.h"
#include "parser/grammar_tables.h"
#include <assert.h>

#define ADD(list, ...) vec_push(&(list), b->arena, __VA_ARGS__)
#define HERE(start) build_span_to_here(b, (start))
}

%syntax_error { b->is_syntax_error = true; }
%stack_overflow { build_too_deep(b, b->here); }

%code {
/* ---- feeding tokens ---- */

/* The bare automaton: states and no values. Its stack is as high as the parser's. */
typedef struct Automaton {
    int top;
    YYACTIONTYPE states[YYSTACKDEPTH];
} Automaton;

/* What the tables say about `token` in the state on top. */
static YYACTIONTYPE automaton_action(const Automaton *m, int token, bool with_fallback)
{
    YYACTIONTYPE state = m->states[m->top];
    if (with_fallback || state > YY_MAX_SHIFT) return yy_find_shift_action((YYCODETYPE)token, state);
    int i = yy_shift_ofst[state] + token;
    return yy_lookahead[i] == token ? yy_action[i] : YY_ERROR_ACTION;
}

/* Takes one token; false: the grammar has no use for it (or is too deep). */
static bool automaton_take(Automaton *m, int token, bool with_fallback)
{
    for (;;) {
        YYACTIONTYPE act = automaton_action(m, token, with_fallback);
        if (act == YY_ACCEPT_ACTION) return true;
        if (act == YY_ERROR_ACTION || act == YY_NO_ACTION) return false;
        if (act < YY_MIN_REDUCE) {
            if (m->top + 1 >= YYSTACKDEPTH) return false;
            if (act > YY_MAX_SHIFT) act = (YYACTIONTYPE)(act + YY_MIN_REDUCE - YY_MIN_SHIFTREDUCE);
            m->states[++m->top] = act;
            return true;
        }
        int rule = act - YY_MIN_REDUCE;
        if (m->top + yyRuleInfoNRhs[rule] + 1 >= YYSTACKDEPTH) return false;
        m->top += yyRuleInfoNRhs[rule];
        YYACTIONTYPE next = yy_find_reduce_action(m->states[m->top], yyRuleInfoLhs[rule]);
        m->states[++m->top] = next;
    }
}

/* A copy of the used part. */
static void automaton_copy(Automaton *to, const Automaton *from)
{
    to->top = from->top;
    memcpy(to->states, from->states, (size_t)(from->top + 1) * sizeof *from->states);
}

static bool automaton_accepts(const Automaton *m, int token, bool with_fallback)
{
    Automaton probe;
    automaton_copy(&probe, m);
    return automaton_take(&probe, token, with_fallback);
}

/* >> closes two types of ARRAY<ROW<…>> where no shift can stand. */
static bool closes_two_types(const Automaton *m, int token)
{
    return token == TK_RSHIFT && !automaton_accepts(m, TK_RSHIFT, false) && automaton_accepts(m, TK_GT, false);
}

static ptrdiff_t automaton_run(Automaton *m, const Token *tokens, ptrdiff_t n)
{
    m->top = 0;
    m->states[0] = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        bool is_split = closes_two_types(m, tokens[i].kind);
        int kind = is_split ? TK_GT : tokens[i].kind;
        if (!automaton_take(m, kind, true)) return i;
        if (is_split && !automaton_take(m, kind, true)) return i;
    }
    return n;
}

static void copy_states(Automaton *m, const yyParser *p)
{
    m->top = (int)(p->yytos - p->yystack);
    for (int i = 0; i <= m->top; i++) m->states[i] = p->yystack[i].stateno;
}

static bool splits(const yyParser *p, int token)
{
    if (token != TK_RSHIFT) return false;
    Automaton m;
    copy_states(&m, p);
    return closes_two_types(&m, token);
}

static bool feed(yyParser *p, Build *b, int kind, Name name)
{
    Grammar(p, kind, name, b);
    b->here = name.span;
    return !b->failed && !b->is_syntax_error;
}

ptrdiff_t grammar_run(Build *b, const Token *tokens, ptrdiff_t n)
{
    yyParser p;
    GrammarInit(&p);
    ptrdiff_t i = 0;
    for (; i < n; i++) {
        bool is_split = splits(&p, tokens[i].kind);
        int kind = is_split ? TK_GT : tokens[i].kind;
        if (is_split && !feed(&p, b, kind, tokens[i].name)) break;
        if (!feed(&p, b, kind, tokens[i].name)) break;
    }
    return i;
}

void grammar_expected(const Token *tokens, ptrdiff_t n, bool *expected)
{
    Automaton m;
    bool is_whole = automaton_run(&m, tokens, n) == n;
    for (int k = 0; k < YYNTOKEN; k++) expected[k] = is_whole && automaton_accepts(&m, k, false);
}

ptrdiff_t grammar_takes(const Token *tokens, ptrdiff_t n)
{
    Automaton m;
    return automaton_run(&m, tokens, n);
}

bool grammar_is_name(int kind)
{
    return kind == TK_ID || GrammarFallback(kind) == TK_ID;
}

_Static_assert(YYNTOKEN <= GRAMMAR_TOKENS_MAX, "raise GRAMMAR_TOKENS_MAX");
}

/* Words that may be names wherever they are not needed as keywords. */
%fallback ID
    ADD ADVANCE AFTER AGGREGATE ALTER ALWAYS ANALYZE ARRAY_LT ASC ASOF AT BACKUP BEGIN BOTH
    CASCADE CHANGES CHECKPOINT CLOSE COLUMN COMMENT COMMIT CONFLICT CONSTRAINT COPY CUBE CURRENT
    DEFINE DELETE DESC DESCRIBE DESCRIPTOR DO DROP EMIT END ENFORCED ESCAPE EVERY EXCLUDE EXPLAIN
    EXTENDED FETCH FILL FILTER FINAL FIRST FOLLOWING FUNCTION GAP GENERATED GRACE GROUPS IDLE IF
    IGNORE IGNORE_LA INDEX INSERT KEY LANGUAGE LAST LATERAL LEADING LOCAL MAP_LT MATCH MATERIALIZED MEASURES
    METADATA NEXT NO NOTHING NULLS OF OFFSET ONE ONLY ORDINALITY OTHERS OUTER OVER OVERLAPS
    PARTITION PAST PATH PATTERN PAUSE PER PERIOD PERMUTE PLACING PRECEDING PRECISION PRIMARY RANGE
    RECOVER RECURSIVE RENAME REPLACE RESET RESPECT RESPECT_LA RESTRICT RESUME RETENTION RETURNING RETURNS
    ROLLBACK ROLLUP ROW ROW_LP ROW_LT ROWS SET SETS SHOW SIMILAR SINCE SINK SIZE SKIP SNAPSHOT SOME START
    STEP STORED STREAM SUBSCRIBE SUBSET SYSTEM_TIME TEMPORARY TIES TIME TO TRAILING TRANSACTION
    TRIGGER UNBOUNDED UNIQUE UNIT UNKNOWN UNSIGNED UPDATE VARYING VIEW VIRTUAL WATERMARK
    WATERMARK_LA WINDOW WINDOW_LA WITHIN WITHOUT ZONE.

/* Lowest first. */
%left UNION EXCEPT.
%left INTERSECT.
%left OR.
%left AND.
%right NOT.
%left IS.
%left EQ NE LT LE GT GE.
%left BETWEEN IN LIKE ILIKE SIMILAR REGEXP NOT_LA.
%left ESCAPE.
%left CONCAT BITAND BITOR LSHIFT RSHIFT MATCHES TILDE OVERLAPS.
%left PLUS MINUS.
%left STAR SLASH PERCENT.
%left ARROW ARROW2.
%left AT.
%right UMINUS.
%left LP RP.
%left DCOLON.
%nonassoc TO. /* INTERVAL '1' DAY TO HOUR: the TO is the interval's */

input ::= stmt(S). { b->stmt = S; }

/* ---- names and types ---- */
name(A) ::= ID(A).
%type name {Name}

%type names {NameList}
names(A) ::= name(X). { A = (NameList){0}; ADD(A, X); }
names(A) ::= names(A) COMMA name(X). { ADD(A, X); }
%type names_opt {NameList}
names_opt(A) ::= . { A = (NameList){0}; }
names_opt(A) ::= LP names(X) RP. { A = X; }

%type path {NameList}
path(A) ::= name(X). { A = (NameList){0}; ADD(A, X); }
path(A) ::= path(A) DOT name(X). { ADD(A, X); }

%type type {TypeName *}
type(A) ::= type_head(A).
type(A) ::= type(X) LBRACKET RBRACKET. { A = build_type_array(b, X, X->span); }
%type type_head {TypeName *}
type_head(A) ::= type_word(A).
type_head(A) ::= type_word(T) type_args(G). { A = build_type_args(b, T, G); }
type_head(A) ::= type_word(T) type_zone(Z). { A = build_type_zone(b, T, Z); }
type_head(A) ::= type_word(T) type_args(G) type_zone(Z). { A = build_type_zone(b, build_type_args(b, T, G), Z); }
%type type_word {TypeName *}
type_word(A) ::= ID(N). { A = build_type(b, N); }
type_word(A) ::= ID(N) PRECISION|VARYING|UNSIGNED(W). { A = build_type_word(b, build_type(b, N), W); }
%type type_zone {const char *}
type_zone(A) ::= WITH_LA TIME ZONE. { A = " with time zone"; }
type_zone(A) ::= WITH_LA LOCAL TIME ZONE. { A = " with local time zone"; }
type_zone(A) ::= WITHOUT TIME ZONE. { A = " without time zone"; }
type_head(A) ::= ARRAY_LT(K) LT type(X) GT. { A = build_type_array(b, X, K.span); }
type_head(A) ::= MAP_LT(K) LT type(X) COMMA type(Y) GT. { A = build_type_map(b, K, X, Y); }
type_head(A) ::= ROW_LT(K) LT type_fields(F) GT. { A = build_type_row(b, K, F); }
type_head(A) ::= ROW_LP(K) LP type_fields(F) RP. { A = build_type_row(b, K, F); }
%type type_args {NameList}
type_args(A) ::= LP NUMBER(X) RP. { A = (NameList){0}; ADD(A, X); }
type_args(A) ::= LP NUMBER(X) COMMA NUMBER(Y) RP. { A = (NameList){0}; ADD(A, X); ADD(A, Y); }
%type type_fields {TypeFieldList}
type_fields(A) ::= name(N) type(T). { A = (TypeFieldList){0}; ADD(A, (TypeNameField){N, T}); }
type_fields(A) ::= type_fields(A) COMMA name(N) type(T). { ADD(A, (TypeNameField){N, T}); }

/* ---- expressions ---- */
%type exprs {ExprList}
exprs(A) ::= expr(X). { A = (ExprList){0}; ADD(A, X); }
exprs(A) ::= exprs(A) COMMA expr(X). { ADD(A, X); }

expr(A) ::= prim(A).
expr(A) ::= expr(L) OR(O) expr(R). { A = build_binary(b, O, L, R); }
expr(A) ::= expr(L) AND(O) expr(R). { A = build_binary(b, O, L, R); }
expr(A) ::= expr(L) EQ|NE|LT|LE|GT|GE(O) expr(R). { A = build_binary(b, O, L, R); }
expr(A) ::= expr(L) CONCAT|BITAND|BITOR|LSHIFT|RSHIFT|MATCHES|OVERLAPS(O) expr(R).
    { A = build_binary(b, O, L, R); }
expr(A) ::= expr(L) TILDE(O) expr(R). [MATCHES] { A = build_match(b, O, L, R, false); }
expr(A) ::= expr(L) PLUS|MINUS(O) expr(R). { A = build_binary(b, O, L, R); }
expr(A) ::= expr(L) STAR|SLASH|PERCENT(O) expr(R). { A = build_binary(b, O, L, R); }
expr(A) ::= expr(L) ARROW|ARROW2(O) expr(R). { A = build_binary(b, O, L, R); }
expr(A) ::= expr(L) AT(O) TIME ZONE expr(R). [AT] { A = build_at_time_zone(b, O, L, R); }
expr(A) ::= NOT(O) expr(X). { A = build_unary(b, "not", O, X); }
expr(A) ::= MINUS(O) expr(X). [UMINUS] { A = build_unary(b, "neg", O, X); }
expr(A) ::= PLUS(O) expr(X). [UMINUS] { A = build_unary(b, "pos", O, X); }
expr(A) ::= TILDE(O) expr(X). [UMINUS] { A = build_unary(b, "~", O, X); }
expr(A) ::= expr(X) DCOLON(O) type(T). { A = build_cast(b, X->span, O, X, T, false); }

expr(A) ::= expr(L) like(O) expr(R). [LIKE] { A = build_match(b, O, L, R, false); }
expr(A) ::= expr(L) NOT_LA like(O) expr(R). [LIKE] { A = build_match(b, O, L, R, true); }
expr(A) ::= expr(L) like(O) expr(R) ESCAPE expr(E). [LIKE]
    { A = build_escape(b, build_match(b, O, L, R, false), E); }
expr(A) ::= expr(L) NOT_LA like(O) expr(R) ESCAPE expr(E). [LIKE]
    { A = build_escape(b, build_match(b, O, L, R, true), E); }
%type like {Name}
like(A) ::= LIKE|ILIKE(A).
expr(A) ::= expr(L) REGEXP(O) expr(R). [LIKE] { A = build_match(b, O, L, R, false); }
expr(A) ::= expr(L) NOT_LA REGEXP(O) expr(R). [LIKE] { A = build_match(b, O, L, R, true); }
expr(A) ::= expr(L) SIMILAR(O) TO expr(R). [SIMILAR] { A = build_match(b, O, L, R, false); }
expr(A) ::= expr(L) NOT_LA SIMILAR(O) TO expr(R). [SIMILAR] { A = build_match(b, O, L, R, true); }
expr(A) ::= expr(X) BETWEEN(O) symmetric(Y) expr(L) AND expr(H). [BETWEEN]
    { A = build_between(b, O, X, L, H, Y, false); }
expr(A) ::= expr(X) NOT_LA BETWEEN(O) symmetric(Y) expr(L) AND expr(H). [BETWEEN]
    { A = build_between(b, O, X, L, H, Y, true); }
%type symmetric {bool}
symmetric(A) ::= . { A = false; }
symmetric(A) ::= SYMMETRIC. { A = true; }
symmetric(A) ::= ASYMMETRIC. { A = false; }

expr(A) ::= expr(X) IN(O) LP exprs(L) RP. [IN] { A = build_in(b, O, X, L, false); }
expr(A) ::= expr(X) NOT_LA IN(O) LP exprs(L) RP. [IN] { A = build_in(b, O, X, L, true); }
expr(A) ::= expr(X) IN(O) query_parens(Q). [IN] { A = build_in_query(b, O, X, Q, false); }
expr(A) ::= expr(X) NOT_LA IN(O) query_parens(Q). [IN] { A = build_in_query(b, O, X, Q, true); }
expr(A) ::= expr(X) IN(O) in_array(Y). [IN] { A = build_quantified(b, O, X, Y, NULL, false); }
in_array(A) ::= path(P). { A = build_column(b, P); }
in_array(A) ::= STRING(X). { A = build_literal(b, EX_STRING, X); }
in_array(A) ::= call(A).

expr(A) ::= expr(X) IS(O) NULL|TRUE|FALSE|UNKNOWN(W). [IS] { A = build_is(b, O, W, X, false); }
expr(A) ::= expr(X) IS(O) NOT NULL|TRUE|FALSE|UNKNOWN(W). [IS] { A = build_is(b, O, W, X, true); }
expr(A) ::= expr(L) IS(O) DISTINCT FROM expr(R). [IS] { A = build_distinct(b, O, L, R, false); }
expr(A) ::= expr(L) IS(O) NOT DISTINCT FROM expr(R). [IS] { A = build_distinct(b, O, L, R, true); }

expr(A) ::= expr(X) EQ|NE|LT|LE|GT|GE(O) ANY|SOME query_parens(Q). [EQ]
    { A = build_quantified(b, O, X, NULL, Q, false); }
expr(A) ::= expr(X) EQ|NE|LT|LE|GT|GE(O) ALL query_parens(Q). [EQ]
    { A = build_quantified(b, O, X, NULL, Q, true); }
expr(A) ::= expr(X) EQ|NE|LT|LE|GT|GE(O) ANY|SOME LP expr(Y) RP. [EQ]
    { A = build_quantified(b, O, X, Y, NULL, false); }
expr(A) ::= expr(X) EQ|NE|LT|LE|GT|GE(O) ALL LP expr(Y) RP. [EQ]
    { A = build_quantified(b, O, X, Y, NULL, true); }

/* Primaries: what can be subscripted. */
prim(A) ::= path(P). { A = build_column(b, P); }
prim(A) ::= closed(A).
closed(A) ::= NULL(X). { A = build_literal(b, EX_NULL, X); }
closed(A) ::= TRUE|FALSE(X). { A = build_literal(b, EX_BOOL, X); }
closed(A) ::= NUMBER(X). { A = build_literal(b, EX_NUMBER, X); }
closed(A) ::= STRING(X). { A = build_literal(b, EX_STRING, X); }
closed(A) ::= BLOB(X). { A = build_literal(b, EX_BLOB, X); }
closed(A) ::= PARAM(X). { A = build_literal(b, EX_PARAM, X); }
closed(A) ::= QUESTION(X). { A = build_literal(b, EX_PARAM, (Name){.span = X.span}); }
closed(A) ::= ID(T) STRING(X). { A = build_typed(b, T, X); }
closed(A) ::= NUMBER(X) UNIT(U). { A = build_interval(b, X.span, X, U, (Name){0}); }
closed(A) ::= INTERVAL(K) STRING(X). { A = build_interval(b, K.span, X, (Name){0}, (Name){0}); }
closed(A) ::= INTERVAL(K) STRING(X) UNIT(U). [AT] { A = build_interval(b, K.span, X, U, (Name){0}); }
closed(A) ::= INTERVAL(K) NUMBER(X) UNIT(U). { A = build_interval(b, K.span, X, U, (Name){0}); }
closed(A) ::= INTERVAL(K) STRING(X) UNIT(U) TO UNIT(V). { A = build_interval(b, K.span, X, U, V); }
closed(A) ::= LP(K) expr(X) RP. { A = build_in_parens(b, X, HERE(K.span)); }
closed(A) ::= LP(K) expr(X) COMMA exprs(L) RP. { A = build_row(b, K, X, L); }
closed(A) ::= ROW_LP(K) LP exprs(L) RP. { A = build_row(b, K, NULL, L); }
closed(A) ::= query_parens(Q). [UMINUS] { A = build_query_expr(b, EX_SUBQUERY, Q->span, Q); }
closed(A) ::= EXISTS(K) query_parens(Q). { A = build_query_expr(b, EX_EXISTS, K.span, Q); }
closed(A) ::= ARRAY(K) LBRACKET exprs_opt(L) RBRACKET. { A = build_list_expr(b, EX_ARRAY, K, L); }
closed(A) ::= MAP(K) LBRACKET exprs_opt(L) RBRACKET. { A = build_list_expr(b, EX_MAP, K, L); }
closed(A) ::= CAST(K) LP expr(X) AS type(T) RP. { A = build_cast(b, K.span, K, X, T, false); }
closed(A) ::= TRY_CAST(K) LP expr(X) AS type(T) RP. { A = build_cast(b, K.span, K, X, T, true); }
closed(A) ::= CASE(K) case_operand(X) whens(L) case_else(E) END. { A = build_case(b, K, X, L, E); }
closed(A) ::= closed(X) DOT name(N). { A = build_field(b, X, N); }
closed(A) ::= prim(X) LBRACKET(K) expr(I) RBRACKET. { A = build_subscript(b, K, X, I, NULL); }
closed(A) ::= prim(X) LBRACKET(K) expr(I) COLON expr(J) RBRACKET. { A = build_subscript(b, K, X, I, J); }
closed(A) ::= TIME_FUNC(F). { A = build_call(b, build_path1(b, F), NULL); }
closed(A) ::= TIME_FUNC(F) LP RP. { A = build_call(b, build_path1(b, F), NULL); }
closed(A) ::= TIME_FUNC(F) LP NUMBER(N) RP. { A = build_call1(b, F, build_literal(b, EX_NUMBER, N)); }
closed(A) ::= call(A).

%type exprs_opt {ExprList}
exprs_opt(A) ::= . { A = (ExprList){0}; }
exprs_opt(A) ::= exprs(A).
case_operand(A) ::= . { A = NULL; }
case_operand(A) ::= expr(A).
%type whens {ExprList}
whens(A) ::= WHEN expr(C) THEN expr(X). { A = (ExprList){0}; ADD(A, C); ADD(A, X); }
whens(A) ::= whens(A) WHEN expr(C) THEN expr(X). { ADD(A, C); ADD(A, X); }
case_else(A) ::= . { A = NULL; }
case_else(A) ::= ELSE expr(X). { A = X; }

/* ---- calls ---- */
call(A) ::= call_plain(X) within_group(W) filter(F). { A = build_call_suffix(b, X, W, F, NULLS_UNSAID, NULL); }
call(A) ::= call_plain(X) within_group(W) filter(F) over(O).
    { A = build_call_suffix(b, X, W, F, NULLS_UNSAID, O); }
call(A) ::= call_plain(X) within_group(W) filter(F) IGNORE_LA NULLS over(O).
    { A = build_call_suffix(b, X, W, F, IGNORE_NULLS, O); }
call(A) ::= call_plain(X) within_group(W) filter(F) RESPECT_LA NULLS over(O).
    { A = build_call_suffix(b, X, W, F, RESPECT_NULLS, O); }
call_plain(A) ::= path(F) LP call_args(G) RP. { A = build_call(b, F, G); }
call_plain(A) ::= LEFT|RIGHT(F) LP call_args(G) RP. { A = build_call(b, build_path1(b, F), G); }
call_plain(A) ::= path(F) LP expr(X) FROM expr(Y) RP. { A = build_call_from(b, F, X, Y, NULL); }
call_plain(A) ::= path(F) LP expr(X) FROM expr(Y) FOR expr(Z) RP. { A = build_call_from(b, F, X, Y, Z); }
call_plain(A) ::= path(F) LP expr(X) FOR expr(Z) RP. { A = build_call_from(b, F, X, NULL, Z); }
call_plain(A) ::= path(F) LP LEADING|TRAILING|BOTH(W) FROM expr(Y) RP. { A = build_call_trim(b, F, W, NULL, Y); }
call_plain(A) ::= path(F) LP LEADING|TRAILING|BOTH(W) expr(X) FROM expr(Y) RP. { A = build_call_trim(b, F, W, X, Y); }
call_plain(A) ::= path(F) LP expr(X) PLACING expr(Y) FROM expr(Z) RP.
    { A = build_call_overlay(b, F, X, Y, Z, NULL); }
call_plain(A) ::= path(F) LP expr(X) PLACING expr(Y) FROM expr(Z) FOR expr(N) RP.
    { A = build_call_overlay(b, F, X, Y, Z, N); }
call_plain(A) ::= path(F) LP expr(X) TO UNIT(U) RP. { A = build_call_to_unit(b, F, X, U); }

%type call_args {CallParts *}
call_args(A) ::= . { A = NULL; }
call_args(A) ::= STAR(S). { A = build_args_star(b, S); }
call_args(A) ::= args(L) order_by(O) null_treatment(N). { A = build_args(b, false, L, O, N); }
call_args(A) ::= ALL args(L) order_by(O) null_treatment(N). { A = build_args(b, false, L, O, N); }
call_args(A) ::= DISTINCT args(L) order_by(O) null_treatment(N). { A = build_args(b, true, L, O, N); }
%type args {ExprList}
args(A) ::= arg(X). { A = (ExprList){0}; ADD(A, X); }
args(A) ::= args(A) COMMA arg(X). { ADD(A, X); }
arg(A) ::= plain_arg(A).
arg(A) ::= name(N) FATARROW plain_arg(X). { A = build_named_arg(b, N, X); }
plain_arg(A) ::= expr(A).
plain_arg(A) ::= path(P) DOT STAR. { A = build_star(b, P, HERE(P.data[0].span)); }
plain_arg(A) ::= DESCRIPTOR(K) LP names(L) RP. { A = build_descriptor(b, K, L); }
plain_arg(A) ::= TABLE(K) table_arg(T) arg_partition(P). { A = build_table_arg(b, K, T, P); }
%type table_arg {TableRef *}
table_arg(A) ::= path(P). { A = build_table_name(b, P); }
table_arg(A) ::= query_parens(Q). { A = build_table_query(b, Q->span, Q, false); }
arg_partition(A) ::= . { A = NULL; }
arg_partition(A) ::= PARTITION BY expr(X). { A = X; }

%type within_group {OrderList}
within_group(A) ::= . { A = (OrderList){0}; }
within_group(A) ::= WITHIN GROUP LP ORDER BY orders(X) RP. { A = X; }
filter(A) ::= . { A = NULL; }
filter(A) ::= FILTER LP WHERE expr(X) RP. { A = X; }
%type null_treatment {NullTreatment}
null_treatment(A) ::= . { A = NULLS_UNSAID; }
null_treatment(A) ::= IGNORE NULLS. { A = IGNORE_NULLS; }
null_treatment(A) ::= RESPECT NULLS. { A = RESPECT_NULLS; }
%type over {OverSpec *}
over(A) ::= OVER name(N). { A = build_over_name(b, N); }
over(A) ::= OVER over_spec(X). { A = X; }
%type over_spec {OverSpec *}
over_spec(A) ::= LP(K) over_base(N) partition_by(P) order_by(O) frame(F) RP. { A = build_over(b, K, N, P, O, F); }
%type over_base {Name}
over_base(A) ::= . { A = (Name){0}; }
over_base(A) ::= name(A).
%type partition_by {ExprList}
partition_by(A) ::= . { A = (ExprList){0}; }
partition_by(A) ::= PARTITION BY exprs(X). { A = X; }
%type frame {FrameSpec *}
frame(A) ::= . { A = NULL; }
frame(A) ::= frame_mode(M) bound(S) exclude(X). { A = build_frame(b, M, S, NULL, X); }
frame(A) ::= frame_mode(M) BETWEEN bound(S) AND bound(E) exclude(X). { A = build_frame(b, M, S, &E, X); }
%type frame_mode {Name}
frame_mode(A) ::= ROWS|RANGE|GROUPS(A).
%type bound {FrameBound}
bound(A) ::= UNBOUNDED(K) PRECEDING. { A = (FrameBound){BOUND_UNBOUNDED_PRECEDING, NULL, HERE(K.span)}; }
bound(A) ::= UNBOUNDED(K) FOLLOWING. { A = (FrameBound){BOUND_UNBOUNDED_FOLLOWING, NULL, HERE(K.span)}; }
bound(A) ::= CURRENT(K) ROW. { A = (FrameBound){BOUND_CURRENT_ROW, NULL, HERE(K.span)}; }
bound(A) ::= expr(X) PRECEDING. { A = (FrameBound){BOUND_PRECEDING, X, HERE(X->span)}; }
bound(A) ::= expr(X) FOLLOWING. { A = (FrameBound){BOUND_FOLLOWING, X, HERE(X->span)}; }
%type exclude {FrameExclude}
exclude(A) ::= . { A = EXCLUDE_NONE; }
exclude(A) ::= EXCLUDE NO OTHERS. { A = EXCLUDE_NONE; }
exclude(A) ::= EXCLUDE CURRENT ROW. { A = EXCLUDE_CURRENT; }
exclude(A) ::= EXCLUDE GROUP. { A = EXCLUDE_GROUP; }
exclude(A) ::= EXCLUDE TIES. { A = EXCLUDE_TIES; }

/* ---- queries ---- */
%type query {Select *}
query(A) ::= query_open(A).
query(A) ::= query_parens(A).
%type query_parens {Select *}
query_parens(A) ::= LP(K) query_open(Q) RP. { A = build_query_parens(b, Q, HERE(K.span)); }
query_parens(A) ::= LP(K) query_parens(Q) RP. { A = build_query_parens(b, Q, HERE(K.span)); }
%type query_open {Select *}
query_open(A) ::= query_simple(Q). { A = Q; }
query_open(A) ::= query_operand(Q) query_tail(T). { A = build_query(b, Q, NULL, T); }
query_open(A) ::= with_clause(W) query_operand(Q). { A = build_query(b, Q, W, NULL); }
query_open(A) ::= with_clause(W) query_operand(Q) query_tail(T). { A = build_query(b, Q, W, T); }
%type query_operand {Select *}
query_operand(A) ::= query_simple(A).
query_operand(A) ::= query_parens(A).
%type query_simple {Select *}
query_simple(A) ::= SELECT(K) distinct(D) select_items(I) from(F) group_window(W) where(C) group_by(G)
        having(H) named_windows(N) qualify(U). {
    A = build_select(b, K, &(Select){.is_distinct = D != NULL, .items = I, .from = F, .window = W,
                                     .where = C, .group_by = G, .having = H, .windows = N,
                                     .qualify = U}, D);
}
query_simple(A) ::= VALUES(K) value_rows(R). { A = build_values(b, K, R); }
query_simple(A) ::= query_operand(L) UNION(O) set_all(Q) query_operand(R). { A = build_set(b, SET_UNION, O, Q, L, R); }
query_simple(A) ::= query_operand(L) INTERSECT(O) set_all(Q) query_operand(R). { A = build_set(b, SET_INTERSECT, O, Q, L, R); }
query_simple(A) ::= query_operand(L) EXCEPT(O) set_all(Q) query_operand(R). { A = build_set(b, SET_EXCEPT, O, Q, L, R); }
%type set_all {bool}
set_all(A) ::= . { A = false; }
set_all(A) ::= DISTINCT. { A = false; }
set_all(A) ::= ALL. { A = true; }

%type value_rows {RowList}
value_rows(A) ::= LP row_values(R) RP. { A = (RowList){0}; ADD(A, R); }
value_rows(A) ::= value_rows(A) COMMA LP row_values(R) RP. { ADD(A, R); }
%type row_values {ExprList}
row_values(A) ::= row_value(X). { A = (ExprList){0}; ADD(A, X); }
row_values(A) ::= row_values(A) COMMA row_value(X). { ADD(A, X); }
row_value(A) ::= expr(A).
row_value(A) ::= DEFAULT(K). { A = build_literal(b, EX_DEFAULT, K); }

%type with_clause {WithClause *}
with_clause(A) ::= WITH(K) common_tables(L). { A = build_with(b, K, L, false); }
with_clause(A) ::= WITH(K) RECURSIVE common_tables(L). { A = build_with(b, K, L, true); }
%type common_tables {CommonTableList}
common_tables(A) ::= common_table(X). { A = (CommonTableList){0}; ADD(A, X); }
common_tables(A) ::= common_tables(A) COMMA common_table(X). { ADD(A, X); }
%type common_table {CommonTable}
common_table(A) ::= name(N) names_opt(L) AS materialized query_parens(Q). { A = (CommonTable){N, L, Q}; }
materialized ::= .
materialized ::= MATERIALIZED.
materialized ::= NOT MATERIALIZED.

%type query_tail {QueryTail *}
query_tail(A) ::= ORDER BY orders(O). { A = build_tail(b, O, NULL, (EmitClause){0}, NULL); }
query_tail(A) ::= ORDER BY orders(O) limit(L). { A = build_tail(b, O, L, (EmitClause){0}, NULL); }
query_tail(A) ::= ORDER BY orders(O) emit(E) limit_opt(M). { A = build_tail(b, O, NULL, E, M); }
query_tail(A) ::= ORDER BY orders(O) limit(L) emit(E) limit_opt(M). { A = build_tail(b, O, L, E, M); }
query_tail(A) ::= limit(L). { A = build_tail(b, (OrderList){0}, L, (EmitClause){0}, NULL); }
query_tail(A) ::= limit(L) emit(E) limit_opt(M). { A = build_tail(b, (OrderList){0}, L, E, M); }
query_tail(A) ::= emit(E) limit_opt(M). { A = build_tail(b, (OrderList){0}, NULL, E, M); }
%type limit_opt {LimitClause *}
limit_opt(A) ::= . { A = NULL; }
limit_opt(A) ::= limit(A).
%type limit {LimitClause *}
limit(A) ::= LIMIT(K) limit_count(N). { A = build_limit(b, K, N, NULL, false); }
limit(A) ::= LIMIT(K) limit_count(N) OFFSET expr(O) rows_opt. { A = build_limit(b, K, N, O, false); }
limit(A) ::= OFFSET(K) expr(O) rows_opt. { A = build_limit(b, K, NULL, O, false); }
limit(A) ::= OFFSET(K) expr(O) rows_opt LIMIT limit_count(N). { A = build_limit(b, K, N, O, false); }
limit(A) ::= OFFSET(K) expr(O) rows_opt fetch(F). { A = build_limit(b, K, F.count, O, F.with_ties); }
limit(A) ::= fetch(F). { A = build_limit(b, F.start, F.count, NULL, F.with_ties); }
limit_count(A) ::= expr(A).
limit_count(A) ::= ALL. { A = NULL; }
rows_opt ::= .
rows_opt ::= ROW|ROWS.
%type fetch {FetchClause}
fetch(A) ::= FETCH(K) FIRST|NEXT fetch_count(N) ROW|ROWS ONLY. { A = (FetchClause){K, N, false}; }
fetch(A) ::= FETCH(K) FIRST|NEXT fetch_count(N) ROW|ROWS WITH_LA TIES. { A = (FetchClause){K, N, true}; }
fetch_count(A) ::= . { A = build_one(b); }
fetch_count(A) ::= NUMBER(X). { A = build_literal(b, EX_NUMBER, X); }
fetch_count(A) ::= PARAM(X). { A = build_literal(b, EX_PARAM, X); }
fetch_count(A) ::= QUESTION(X). { A = build_literal(b, EX_PARAM, (Name){.span = X.span}); }
fetch_count(A) ::= LP expr(X) RP. { A = X; }
%type emit {EmitClause}
emit(A) ::= EMIT(K) CHANGES. { A = (EmitClause){EMIT_CHANGES, HERE(K.span)}; }
emit(A) ::= EMIT(K) FINAL. { A = (EmitClause){EMIT_FINAL, HERE(K.span)}; }
emit(A) ::= EMIT(K) ON WINDOW CLOSE. { A = (EmitClause){EMIT_FINAL, HERE(K.span)}; }

%type distinct {ExprList *}
distinct(A) ::= . { A = NULL; }
distinct(A) ::= ALL. { A = NULL; }
distinct(A) ::= DISTINCT. { A = build_distinct_on(b, (ExprList){0}); }
distinct(A) ::= DISTINCT ON LP exprs(L) RP. { A = build_distinct_on(b, L); }
%type select_items {SelectItemList}
select_items(A) ::= select_item(X). { A = (SelectItemList){0}; ADD(A, X); }
select_items(A) ::= select_items(A) COMMA select_item(X). { ADD(A, X); }
%type select_item {SelectItem}
select_item(A) ::= expr(X). { A = (SelectItem){X, {0}}; }
select_item(A) ::= expr(X) name(N). { A = (SelectItem){X, N}; }
select_item(A) ::= expr(X) AS name(N). { A = (SelectItem){X, N}; }
select_item(A) ::= STAR(S). { A = (SelectItem){build_star(b, (NameList){0}, S.span), {0}}; }
select_item(A) ::= path(P) DOT STAR. { A = (SelectItem){build_star(b, P, HERE(P.data[0].span)), {0}}; }

where(A) ::= . { A = NULL; }
where(A) ::= WHERE expr(X). { A = X; }
having(A) ::= . { A = NULL; }
having(A) ::= HAVING expr(X). { A = X; }
qualify(A) ::= . { A = NULL; }
qualify(A) ::= QUALIFY expr(X). { A = X; }
%type group_by {GroupList}
group_by(A) ::= . { A = (GroupList){0}; }
group_by(A) ::= GROUP BY group_items(X). { A = X; }
%type group_items {GroupList}
group_items(A) ::= group_item(X). { A = (GroupList){0}; ADD(A, X); }
group_items(A) ::= group_items(A) COMMA group_item(X). { ADD(A, X); }
%type group_item {GroupItem}
group_item(A) ::= expr(X). { A = build_group_expr(b, X); }
group_item(A) ::= LP(K) RP. { A = (GroupItem){.kind = GROUP_SET, .span = HERE(K.span)}; }
group_item(A) ::= ROLLUP(K) LP group_items(L) RP. { A = (GroupItem){.kind = GROUP_ROLLUP, .span = HERE(K.span), .items = L}; }
group_item(A) ::= CUBE(K) LP group_items(L) RP. { A = (GroupItem){.kind = GROUP_CUBE, .span = HERE(K.span), .items = L}; }
group_item(A) ::= GROUPING_LA(K) SETS LP group_items(L) RP. { A = (GroupItem){.kind = GROUP_SETS, .span = HERE(K.span), .items = L}; }
%type named_windows {NamedWindowList}
named_windows(A) ::= . { A = (NamedWindowList){0}; }
named_windows(A) ::= WINDOW window_list(X). { A = X; }
%type window_list {NamedWindowList}
window_list(A) ::= name(N) AS over_spec(S). { A = (NamedWindowList){0}; ADD(A, (NamedWindow){N, S}); }
window_list(A) ::= window_list(A) COMMA name(N) AS over_spec(S). { ADD(A, (NamedWindow){N, S}); }

%type order_by {OrderList}
order_by(A) ::= . { A = (OrderList){0}; }
order_by(A) ::= ORDER BY orders(X). { A = X; }
%type orders {OrderList}
orders(A) ::= order(X). { A = (OrderList){0}; ADD(A, X); }
orders(A) ::= orders(A) COMMA order(X). { ADD(A, X); }
%type order {OrderItem}
order(A) ::= expr(X) direction(D) nulls_order(N). { A = (OrderItem){X, D, N, HERE(X->span)}; }
%type direction {bool}
direction(A) ::= . { A = false; }
direction(A) ::= ASC. { A = false; }
direction(A) ::= DESC. { A = true; }
%type nulls_order {NullsOrder}
nulls_order(A) ::= . { A = NULLS_DEFAULT; }
nulls_order(A) ::= NULLS FIRST. { A = NULLS_FIRST; }
nulls_order(A) ::= NULLS LAST. { A = NULLS_LAST; }

/* ---- the group-window clause ---- */
%type group_window {WindowClause *}
group_window(A) ::= . { A = NULL; }
group_window(A) ::= WINDOW_LA(K) name(N) LP window_items(I) RP. { A = build_window(b, K, N, I); }
%type window_items {WindowItemList}
window_items(A) ::= window_item(X). { A = (WindowItemList){0}; ADD(A, X); }
window_items(A) ::= window_items(A) COMMA window_item(X). { ADD(A, X); }
%type window_item {WindowItem}
window_item(A) ::= expr(X). { A = (WindowItem){WINDOW_ITEM_BARE, X, false, X->span}; }
window_item(A) ::= SIZE(K) expr(X) rows_word(R). { A = (WindowItem){WINDOW_ITEM_SIZE, X, R, HERE(K.span)}; }
window_item(A) ::= ADVANCE(K) BY expr(X) rows_word(R). { A = (WindowItem){WINDOW_ITEM_ADVANCE, X, R, HERE(K.span)}; }
window_item(A) ::= STEP(K) expr(X). { A = (WindowItem){WINDOW_ITEM_STEP, X, false, HERE(K.span)}; }
window_item(A) ::= GAP(K) expr(X). { A = (WindowItem){WINDOW_ITEM_GAP, X, false, HERE(K.span)}; }
window_item(A) ::= OFFSET(K) expr(X). { A = (WindowItem){WINDOW_ITEM_OFFSET, X, false, HERE(K.span)}; }
window_item(A) ::= GRACE(K) PERIOD expr(X). { A = (WindowItem){WINDOW_ITEM_GRACE, X, false, HERE(K.span)}; }
window_item(A) ::= RETENTION(K) expr(X). { A = (WindowItem){WINDOW_ITEM_RETENTION, X, false, HERE(K.span)}; }
window_item(A) ::= ON(K) path(P). { A = (WindowItem){WINDOW_ITEM_ON, build_column(b, P), false, HERE(K.span)}; }
window_item(A) ::= TRIGGER EVERY(K) expr(X) rows_word(R). { A = (WindowItem){WINDOW_ITEM_TRIGGER, X, R, HERE(K.span)}; }
window_item(A) ::= EVERY(K) expr(X) rows_word(R). { A = (WindowItem){WINDOW_ITEM_TRIGGER, X, R, HERE(K.span)}; }
window_item(A) ::= FILL(K). { A = (WindowItem){WINDOW_ITEM_FILL, NULL, false, K.span}; }
%type rows_word {bool}
rows_word(A) ::= . { A = false; }
rows_word(A) ::= ROW|ROWS. { A = true; }

/* ---- FROM ---- */
%type from {TableRef *}
from(A) ::= . { A = NULL; }
from(A) ::= FROM table_refs(X). { A = X; }
%type table_refs {TableRef *}
table_refs(A) ::= table_ref(A).
table_refs(A) ::= table_refs(L) COMMA(K) table_ref(R).
    { A = build_join(b, L, R, &(TableRef){.join = AST_JOIN_CROSS, .is_comma = true, .join_span = K.span}); }
%type table_ref {TableRef *}
table_ref(A) ::= table_prim(A).
table_ref(A) ::= joined(A).
%type joined {TableRef *}
joined(A) ::= table_ref(L) CROSS(K) JOIN(J) table_prim(R).
    { A = build_join(b, L, R, &(TableRef){.join = AST_JOIN_CROSS, .join_span = span_join(K.span, J.span)}); }
joined(A) ::= table_ref(L) join_kind(T) JOIN(J) table_prim(R) join_condition(C).
    { A = build_join(b, L, R, build_join_kind(b, T, J, C)); }
joined(A) ::= table_ref(L) ASOF join_kind(T) JOIN(J) table_prim(R) join_condition(C).
    { C->is_asof = true; A = build_join(b, L, R, build_join_kind(b, T, J, C)); }
joined(A) ::= table_ref(L) NATURAL join_kind(T) JOIN(J) table_prim(R).
    { A = build_join(b, L, R, build_join_kind(b, T, J, &(TableRef){.is_natural = true})); }
%type join_kind {JoinWord}
join_kind(A) ::= . { A = (JoinWord){AST_JOIN_INNER, {0}}; }
join_kind(A) ::= INNER(K). { A = (JoinWord){AST_JOIN_INNER, K.span}; }
join_kind(A) ::= LEFT(K) outer. { A = (JoinWord){AST_JOIN_LEFT, K.span}; }
join_kind(A) ::= RIGHT(K) outer. { A = (JoinWord){AST_JOIN_RIGHT, K.span}; }
join_kind(A) ::= FULL(K) outer. { A = (JoinWord){AST_JOIN_FULL, K.span}; }
outer ::= .
outer ::= OUTER.
%type join_condition {TableRef *}
join_condition(A) ::= ON expr(X). { A = build_join_on(b, X, (NameList){0}); }
join_condition(A) ::= USING LP names(L) RP. { A = build_join_on(b, NULL, L); }

%type table_prim {TableRef *}
table_prim(A) ::= path(P) alias_opt(L). { A = build_alias(b, build_table_name(b, P), L); }
table_prim(A) ::= path(P) FOR SYSTEM_TIME AS OF expr(X) alias_opt(L).
    { A = build_alias(b, build_system_time(b, build_table_name(b, P), X), L); }
table_prim(A) ::= path(P) alias(L) FOR SYSTEM_TIME AS OF expr(X).
    { A = build_system_time(b, build_alias(b, build_table_name(b, P), L), X); }
table_prim(A) ::= STRING(F) alias_opt(L). { A = build_alias(b, build_table_file(b, F, (OptionList){0}), L); }
table_prim(A) ::= STRING(F) copy_options(O) alias_opt(L). { A = build_alias(b, build_table_file(b, F, O), L); }
table_prim(A) ::= query_parens(Q) alias_opt(L). { A = build_alias(b, build_table_query(b, Q->span, Q, false), L); }
table_prim(A) ::= LATERAL(K) query_parens(Q) alias_opt(L).
    { A = build_alias(b, build_table_query(b, K.span, Q, true), L); }
table_prim(A) ::= table_func(F) alias_opt(L). { A = build_alias(b, build_table_func(b, F->span, F, false, false), L); }
table_prim(A) ::= LATERAL(K) table_func(F) alias_opt(L).
    { A = build_alias(b, build_table_func(b, K.span, F, true, false), L); }
table_prim(A) ::= table_func(F) WITH_LA ORDINALITY alias_opt(L).
    { A = build_alias(b, build_table_func(b, F->span, F, false, true), L); }
table_prim(A) ::= LATERAL(K) table_func(F) WITH_LA ORDINALITY alias_opt(L).
    { A = build_alias(b, build_table_func(b, K.span, F, true, true), L); }
table_prim(A) ::= LP(K) joined(J) RP. { A = J; A->span = HERE(K.span); }
table_prim(A) ::= table_prim(T) MATCH_RECOGNIZE(K) LP match(M) RP alias_opt(L).
    { A = build_alias(b, build_table_match(b, T, K, M), L); }
table_func(A) ::= path(F) LP call_args(G) RP. { A = build_call(b, F, G); }
table_func(A) ::= TABLE(K) LP table_func(F) RP. { A = F; A->span = HERE(K.span); }
%type alias_opt {AliasClause}
alias_opt(A) ::= . { A = (AliasClause){0}; }
alias_opt(A) ::= alias(A).
%type alias {AliasClause}
alias(A) ::= AS name(N). { A = (AliasClause){N, {0}}; }
alias(A) ::= name(N). { A = (AliasClause){N, {0}}; }
alias(A) ::= AS name(N) LP names(L) RP. { A = (AliasClause){N, L}; }
alias(A) ::= name(N) LP names(L) RP. { A = (AliasClause){N, L}; }

/* ---- MATCH_RECOGNIZE ---- */
%type match {MatchClause *}
match(A) ::= partition_by(P) order_by(O) measures(M) match_rows(R) match_skip(S) PATTERN LP pattern(X) RP
        within(W) match_subsets(U) DEFINE match_defines(D). {
    A = build_match_clause(b, &(MatchClause){.partition_by = P, .order_by = O, .measures = M, .rows = R,
                                             .skip = S.skip, .skip_to = S.to, .pattern = X, .within = W,
                                             .defines = D}, U);
}
%type measures {MatchItemList}
measures(A) ::= . { A = (MatchItemList){0}; }
measures(A) ::= MEASURES measure_list(X). { A = X; }
%type measure_list {MatchItemList}
measure_list(A) ::= expr(X) AS name(N). { A = (MatchItemList){0}; ADD(A, (MatchItem){N, X, HERE(X->span)}); }
measure_list(A) ::= measure_list(A) COMMA expr(X) AS name(N). { ADD(A, (MatchItem){N, X, HERE(X->span)}); }
%type match_rows {MatchRows}
match_rows(A) ::= . { A = MATCH_ROWS_UNSAID; }
match_rows(A) ::= ONE ROW PER MATCH. { A = MATCH_ONE_ROW; }
match_rows(A) ::= ALL ROWS PER MATCH. { A = MATCH_ALL_ROWS; }
%type match_skip {SkipClause}
match_skip(A) ::= . { A = (SkipClause){SKIP_UNSAID, {0}}; }
match_skip(A) ::= AFTER MATCH SKIP PAST LAST ROW. { A = (SkipClause){SKIP_PAST_LAST_ROW, {0}}; }
match_skip(A) ::= AFTER MATCH SKIP TO NEXT ROW. { A = (SkipClause){SKIP_TO_NEXT_ROW, {0}}; }
match_skip(A) ::= AFTER MATCH SKIP TO FIRST name(N). { A = (SkipClause){SKIP_TO_FIRST, N}; }
match_skip(A) ::= AFTER MATCH SKIP TO LAST name(N). { A = (SkipClause){SKIP_TO_LAST, N}; }
match_skip(A) ::= AFTER MATCH SKIP TO name(N). { A = (SkipClause){SKIP_TO_LAST, N}; }
within(A) ::= . { A = NULL; }
within(A) ::= WITHIN expr(X). { A = X; }
%type match_subsets {MatchSubsetList}
match_subsets(A) ::= . { A = (MatchSubsetList){0}; }
match_subsets(A) ::= SUBSET subset_list(X). { A = X; }
%type subset_list {MatchSubsetList}
subset_list(A) ::= name(N) EQ LP names(L) RP. { A = (MatchSubsetList){0}; ADD(A, (MatchSubset){N, L}); }
subset_list(A) ::= subset_list(A) COMMA name(N) EQ LP names(L) RP. { ADD(A, (MatchSubset){N, L}); }
%type match_defines {MatchItemList}
match_defines(A) ::= name(N) AS expr(X). { A = (MatchItemList){0}; ADD(A, (MatchItem){N, X, HERE(N.span)}); }
match_defines(A) ::= match_defines(A) COMMA name(N) AS expr(X). { ADD(A, (MatchItem){N, X, HERE(N.span)}); }

%type pattern {Pattern *}
pattern(A) ::= pattern_row(A).
pattern(A) ::= pattern(L) BITOR pattern_row(R). { A = build_pattern_join(b, PATTERN_ALT, L, R); }
%type pattern_row {Pattern *}
pattern_row(A) ::= pattern_item(A).
pattern_row(A) ::= pattern_row(L) pattern_item(R). { A = build_pattern_join(b, PATTERN_CONCAT, L, R); }
%type pattern_item {Pattern *}
pattern_item(A) ::= pattern_atom(A).
pattern_item(A) ::= pattern_atom(X) STAR reluctant(R). { A = build_pattern_repeat(b, X, (Name){0}, (Name){0}, 0, -1, R); }
pattern_item(A) ::= pattern_atom(X) PLUS reluctant(R). { A = build_pattern_repeat(b, X, (Name){0}, (Name){0}, 1, -1, R); }
pattern_item(A) ::= pattern_atom(X) QUESTION reluctant(R). { A = build_pattern_repeat(b, X, (Name){0}, (Name){0}, 0, 1, R); }
pattern_item(A) ::= pattern_atom(X) LBRACE NUMBER(M) RBRACE reluctant(R). { A = build_pattern_repeat(b, X, M, M, 0, 0, R); }
pattern_item(A) ::= pattern_atom(X) LBRACE NUMBER(M) COMMA RBRACE reluctant(R). { A = build_pattern_repeat(b, X, M, (Name){0}, 0, -1, R); }
pattern_item(A) ::= pattern_atom(X) LBRACE COMMA NUMBER(N) RBRACE reluctant(R). { A = build_pattern_repeat(b, X, (Name){0}, N, 0, 0, R); }
pattern_item(A) ::= pattern_atom(X) LBRACE NUMBER(M) COMMA NUMBER(N) RBRACE reluctant(R). { A = build_pattern_repeat(b, X, M, N, 0, 0, R); }
%type reluctant {bool}
reluctant(A) ::= . { A = false; }
reluctant(A) ::= QUESTION. { A = true; }
%type pattern_atom {Pattern *}
pattern_atom(A) ::= name(N). { A = build_pattern_var(b, N); }
pattern_atom(A) ::= LP(K) RP. { A = build_pattern_list(b, PATTERN_CONCAT, K, (PatternList){0}); }
pattern_atom(A) ::= LP pattern(X) RP. { A = X; }
pattern_atom(A) ::= LBRACE_LA(K) MINUS pattern(X) MINUS RBRACE. { A = build_pattern_list(b, PATTERN_EXCLUDE, K, build_patterns1(b, X)); }
pattern_atom(A) ::= PERMUTE(K) LP patterns(L) RP. { A = build_pattern_list(b, PATTERN_PERMUTE, K, L); }
%type patterns {PatternList}
patterns(A) ::= pattern(X). { A = (PatternList){0}; ADD(A, X); }
patterns(A) ::= patterns(A) COMMA pattern(X). { ADD(A, X); }

/* ---- options ---- */
%type with_options {OptionClause}
with_options(A) ::= . { A = (OptionClause){0}; }
with_options(A) ::= WITH(K) options(L). { A = (OptionClause){L, HERE(K.span), true}; }
%type options {OptionList}
options(A) ::= LP option_list(L) RP. { A = L; }
%type option_list {OptionList}
option_list(A) ::= option(X). { A = (OptionList){0}; ADD(A, X); }
option_list(A) ::= option_list(A) COMMA option(X). { ADD(A, X); }
%type option {OptionItem}
option(A) ::= option_key(K) EQ option_value(V). { A = V; A.key = K; }
%type option_key {Name}
option_key(A) ::= STRING(A).
option_key(A) ::= option_word(A).
%type option_word {Name}
option_word(A) ::= ID|NULL|LIMIT|FROM|ON|TABLE|DEFAULT|ORDER|GROUP(A).
option_word(A) ::= option_word(K) DOT ID|NULL|LIMIT|FROM|ON|TABLE|DEFAULT|ORDER|GROUP(X). { A = build_dotted(b, K, X); }
%type option_value {OptionItem}
option_value(A) ::= STRING(X). { A = build_option_value(b, X, X, true); }
option_value(A) ::= NUMBER(X). { A = build_option_value(b, X, X, false); }
option_value(A) ::= ID|TRUE|FALSE|NULL|ON|FULL(X). { A = build_option_value(b, X, X, false); }
option_value(A) ::= PLUS|MINUS(X) NUMBER(Y). { A = build_option_value(b, X, Y, false); }
option_value(A) ::= NUMBER(X) UNIT|ID(Y). { A = build_option_value(b, X, Y, false); }
option_value(A) ::= INTERVAL(K) STRING(X) UNIT(U). { A = build_option_interval(b, K, X, U); }
option_value(A) ::= INTERVAL(K) STRING(X). { A = build_option_interval(b, K, X, (Name){0}); }
/* (FORMAT csv, HEADER, delimiter = ';'): of COPY, EXPLAIN and FROM 'file' */
%type copy_options {OptionList}
copy_options(A) ::= LP copy_list(L) RP. { A = L; }
%type copy_list {OptionList}
copy_list(A) ::= copy_option(X). { A = (OptionList){0}; ADD(A, X); }
copy_list(A) ::= copy_list(A) COMMA copy_option(X). { ADD(A, X); }
%type copy_option {OptionItem}
copy_option(A) ::= option(A).
copy_option(A) ::= option_word(K). { A = (OptionItem){.key = K, .value = S("true"), .span = K.span}; }
copy_option(A) ::= option_word(K) option_value(V). { A = V; A.key = K; }

/* ---- definitions ---- */
%type stmt {Stmt *}
%type if_not_exists {bool}
if_not_exists(A) ::= . { A = false; }
if_not_exists(A) ::= IF NOT EXISTS. { A = true; }
%type if_exists {bool}
if_exists(A) ::= . { A = false; }
if_exists(A) ::= IF EXISTS. { A = true; }
%type create {CreateWord}
create(A) ::= CREATE. { A = (CreateWord){0}; }
create(A) ::= CREATE OR REPLACE. { A = (CreateWord){.or_replace = true}; }
create(A) ::= CREATE TEMPORARY. { A = (CreateWord){.is_temporary = true}; }
create(A) ::= CREATE OR REPLACE TEMPORARY. { A = (CreateWord){.or_replace = true, .is_temporary = true}; }

stmt(A) ::= create(C) STREAM|TABLE(K) if_not_exists(E) name(N) LP column_items(L) RP table_comment(M) with_options(O).
    { A = build_create_stream(b, L, &(CreateHead){C, K, E, N, M}, O); }
stmt(A) ::= create(C) STREAM|TABLE(K) if_not_exists(E) name(N) with_options(O).
    { A = build_create_stream(b, NULL, &(CreateHead){C, K, E, N, {0}}, O); }
stmt(A) ::= create(C) STREAM|TABLE(K) if_not_exists(E) name(N) FROM STRING(F) with_options(O).
    { A = build_create_from(b, F, &(CreateHead){C, K, E, N, {0}}, O); }
stmt(A) ::= create(C) STREAM|TABLE(K) if_not_exists(E) name(N) LIKE name(S) with_options(O).
    { A = build_create_like(b, S, &(CreateHead){C, K, E, N, {0}}, O); }
%type table_comment {Name}
table_comment(A) ::= . { A = (Name){0}; }
table_comment(A) ::= COMMENT STRING(X). { A = X; }
%type column_items {CreateStream *}
column_items(A) ::= column_item(X). { A = build_column_item(b, NULL, X); }
column_items(A) ::= column_items(A) COMMA column_item(X). { A = build_column_item(b, A, X); }
%type column_item {ColumnItem}
column_item(A) ::= column(X). { A = (ColumnItem){.column = X}; }
column_item(A) ::= constraint_name PRIMARY(K) KEY LP names(L) RP not_enforced.
    { A = (ColumnItem){.primary_key = L, .span = HERE(K.span)}; }
column_item(A) ::= WATERMARK_LA(K) FOR path(P) AS expr(X) watermark_options(W).
    { A = (ColumnItem){.watermark = build_watermark(b, K, P, X, W)}; }
constraint_name ::= .
constraint_name ::= CONSTRAINT name.
not_enforced ::= .
not_enforced ::= NOT_LA ENFORCED.
column_item(A) ::= WATERMARK_LA(K) FOR path(P) watermark_options(W).
    { A = (ColumnItem){.watermark = build_watermark(b, K, P, NULL, W)}; }
%type watermark_options {WatermarkDecl *}
watermark_options(A) ::= . { A = build_watermark_options(b); }
watermark_options(A) ::= watermark_options(A) WHEN expr(X). { A->when = X; }
watermark_options(A) ::= watermark_options(A) ON NULL TIME DROP. { A->null_time = NULL_TIME_DROP; }
watermark_options(A) ::= watermark_options(A) ON NULL TIME SKIP WATERMARK. { A->null_time = NULL_TIME_SKIP; }
watermark_options(A) ::= watermark_options(A) SKIP WATERMARK. { A->null_time = NULL_TIME_SKIP; }
watermark_options(A) ::= watermark_options(A) CLOSE AFTER IDLE expr(X). { A->close_after_idle = X; }

%type column {ColumnDecl *}
column(A) ::= name(N) type(T) column_options(O). { A = build_column_decl(b, N, T, NULL, O); }
column(A) ::= name(N) type(T) AS expr(X) column_options(O). { A = build_column_decl(b, N, T, X, O); }
column(A) ::= name(N) AS expr(X) column_options(O). { A = build_column_decl(b, N, NULL, X, O); }
column(A) ::= name(N) type(T) GENERATED ALWAYS AS LP expr(X) RP column_options(O).
    { A = build_column_decl(b, N, T, X, O); }
%type column_options {ColumnDecl *}
column_options(A) ::= . { A = build_column_options(b); }
column_options(A) ::= column_options(A) NULL.
column_options(A) ::= column_options(A) NOT NULL. { A->not_null = true; }
column_options(A) ::= column_options(A) PRIMARY KEY not_enforced. { A->primary_key = true; }
column_options(A) ::= column_options(A) UNIQUE. { A->unique = true; }
column_options(A) ::= column_options(A) DEFAULT expr(X). { A->default_value = X; }
column_options(A) ::= column_options(A) PATH STRING(X). { A->path = X.text; A->path_span = X.span; }
column_options(A) ::= column_options(A) METADATA. { A->kind = DECL_METADATA; }
column_options(A) ::= column_options(A) METADATA FROM STRING(X). { A->kind = DECL_METADATA; A->metadata = X.text; }
column_options(A) ::= column_options(A) VIRTUAL|STORED.
column_options(A) ::= column_options(A) COMMENT STRING(X). { A->comment = X.text; }

stmt(A) ::= create(C) VIEW(K) if_not_exists(E) name(N) names_opt(L) AS query(Q).
    { A = build_create_view(b, VIEW_PLAIN, &(CreateHead){C, K, E, N, {0}}, L, (OptionClause){0}, Q); }
stmt(A) ::= create(C) MATERIALIZED(K) VIEW if_not_exists(E) name(N) names_opt(L) with_options(O) AS query(Q).
    { A = build_create_view(b, VIEW_MATERIALIZED, &(CreateHead){C, K, E, N, {0}}, L, O, Q); }
stmt(A) ::= create(C) SINK(K) if_not_exists(E) name(N) FROM name(V) with_options(O).
    { A = build_create_sink(b, &(CreateHead){C, K, E, N, {0}}, V, O); }
stmt(A) ::= create(C) SINK(K) if_not_exists(E) name(N) AS query(Q) with_options(O).
    { A = build_create_view(b, VIEW_SINK, &(CreateHead){C, K, E, N, {0}}, (NameList){0}, O, Q); }
stmt(A) ::= create(C) SINK(K) if_not_exists(E) name(N) WITH(W) options(O) AS query(Q).
    { A = build_create_view(b, VIEW_SINK, &(CreateHead){C, K, E, N, {0}}, (NameList){0}, (OptionClause){O, W.span, true}, Q); }
stmt(A) ::= create(C) SINK(K) if_not_exists(E) name(N) WITH(W) options(O) FROM name(V).
    { A = build_create_sink(b, &(CreateHead){C, K, E, N, {0}}, V, (OptionClause){O, W.span, true}); }

stmt(A) ::= create(C) FUNCTION|AGGREGATE(K) if_not_exists(E) name(N) LP params_opt(P) RP returns(T) AS expr(X).
    { A = build_create_macro(b, &(CreateHead){C, K, E, N, {0}}, P, T, X); }
stmt(A) ::= create(C) FUNCTION|AGGREGATE(K) if_not_exists(E) name(N) LP params_opt(P) RP returns(T) LANGUAGE name(L) AS STRING(F).
    { A = build_create_external(b, &(CreateHead){C, K, E, N, {0}}, P, T, &(ExternalCode){L, F, {0}}); }
stmt(A) ::= create(C) FUNCTION|AGGREGATE(K) if_not_exists(E) name(N) LP params_opt(P) RP returns(T) LANGUAGE name(L) AS STRING(F) COMMA STRING(Y).
    { A = build_create_external(b, &(CreateHead){C, K, E, N, {0}}, P, T, &(ExternalCode){L, F, Y}); }
%type returns {TypeName *}
returns(A) ::= . { A = NULL; }
returns(A) ::= RETURNS type(X). { A = X; }
%type params_opt {ParamList}
params_opt(A) ::= . { A = (ParamList){0}; }
params_opt(A) ::= params(A).
%type params {ParamList}
params(A) ::= param(X). { A = (ParamList){0}; ADD(A, X); }
params(A) ::= params(A) COMMA param(X). { ADD(A, X); }
%type param {FunctionParam}
param(A) ::= type(T). { A = (FunctionParam){{0}, T}; }
param(A) ::= ID(N) type(T). { A = (FunctionParam){N, T}; }

stmt(A) ::= create(C) unique(U) INDEX(K) if_not_exists(E) name(N) ON name(V) LP orders(L) RP.
    { A = build_create_index(b, &(CreateHead){C, K, E, N, {0}}, U, V, L); }
%type unique {bool}
unique(A) ::= . { A = false; }
unique(A) ::= UNIQUE. { A = true; }

%type object_kind {ObjectKind}
object_kind(A) ::= STREAM. { A = OBJECT_STREAM; }
object_kind(A) ::= TABLE. { A = OBJECT_TABLE; }
object_kind(A) ::= VIEW. { A = OBJECT_VIEW; }
object_kind(A) ::= MATERIALIZED VIEW. { A = OBJECT_MATERIALIZED_VIEW; }
object_kind(A) ::= SINK. { A = OBJECT_SINK; }
object_kind(A) ::= FUNCTION. { A = OBJECT_FUNCTION; }
object_kind(A) ::= AGGREGATE. { A = OBJECT_AGGREGATE; }
object_kind(A) ::= INDEX. { A = OBJECT_INDEX; }
%type object_kind_opt {ObjectKind}
object_kind_opt(A) ::= . { A = OBJECT_ANY; }
object_kind_opt(A) ::= object_kind(A).

stmt(A) ::= DROP object_kind(K) if_exists(E) names(L) cascade(C).
    { A = build_drop(b, &(Drop){.what = K, .if_exists = E, .names = L, .cascade = C}); }
%type cascade {bool}
cascade(A) ::= . { A = false; }
cascade(A) ::= RESTRICT. { A = false; }
cascade(A) ::= CASCADE. { A = true; }

stmt(A) ::= ALTER object_kind(K) if_exists(E) name(N) alter_action(X). { A = build_alter(b, X, K, E, N); }
%type alter_action {Alter *}
alter_action(A) ::= PAUSE. { A = build_alter_action(b, &(Alter){.action = ALTER_PAUSE}); }
alter_action(A) ::= RESUME. { A = build_alter_action(b, &(Alter){.action = ALTER_RESUME}); }
alter_action(A) ::= RENAME TO name(N). { A = build_alter_action(b, &(Alter){.action = ALTER_RENAME, .new_name = N}); }
alter_action(A) ::= SET options(O). { A = build_alter_action(b, &(Alter){.action = ALTER_SET, .options = O}); }
alter_action(A) ::= RESET copy_options(O). { A = build_alter_action(b, &(Alter){.action = ALTER_RESET, .options = O}); }
alter_action(A) ::= ADD column(C). { A = build_alter_action(b, &(Alter){.action = ALTER_ADD_COLUMN, .column = C}); }
alter_action(A) ::= ADD COLUMN column(C). { A = build_alter_action(b, &(Alter){.action = ALTER_ADD_COLUMN, .column = C}); }

/* ---- rows ---- */
stmt(A) ::= query(Q). { A = build_select_stmt(b, Q); }
stmt(A) ::= insert(I). { A = build_insert_stmt(b, I, NULL); }
stmt(A) ::= with_clause(W) insert(I). { A = build_insert_stmt(b, I, W); }
%type insert {Insert *}
insert(A) ::= INSERT insert_or(O) INTO name(N) insert_alias(S) insert_rows(Q) conflict(C) returning(R).
    { A = build_insert(b, C, &(Insert){.or_replace = O, .into = N, .alias = S, .columns = Q.columns, .query = Q.query, .returning = R}); }
insert(A) ::= REPLACE INTO name(N) insert_alias(S) insert_rows(Q) returning(R).
    { A = build_insert(b, NULL, &(Insert){.or_replace = true, .into = N, .alias = S, .columns = Q.columns, .query = Q.query, .returning = R}); }
%type insert_or {bool}
insert_or(A) ::= . { A = false; }
insert_or(A) ::= OR REPLACE. { A = true; }
%type insert_alias {Name}
insert_alias(A) ::= . { A = (Name){0}; }
insert_alias(A) ::= AS name(N). { A = N; }
%type insert_rows {InsertRows}
insert_rows(A) ::= query(Q). { A = (InsertRows){{0}, Q}; }
insert_rows(A) ::= LP names(L) RP query(Q). { A = (InsertRows){L, Q}; }
insert_rows(A) ::= DEFAULT VALUES. { A = (InsertRows){0}; }
%type conflict {Insert *}
conflict(A) ::= . { A = NULL; }
conflict(A) ::= ON_LA CONFLICT names_opt(L) DO NOTHING. { A = build_conflict(b, &(Insert){.conflict = CONFLICT_NOTHING, .conflict_target = L}); }
conflict(A) ::= ON_LA CONFLICT names_opt(L) DO UPDATE SET assignments(S) where(W).
    { A = build_conflict(b, &(Insert){.conflict = CONFLICT_UPDATE, .conflict_target = L, .assignments = S, .conflict_where = W}); }
%type returning {SelectItemList}
returning(A) ::= . { A = (SelectItemList){0}; }
returning(A) ::= RETURNING select_items(X). { A = X; }
%type assignments {AssignmentList}
assignments(A) ::= assignment(X). { A = (AssignmentList){0}; ADD(A, X); }
assignments(A) ::= assignments(A) COMMA assignment(X). { ADD(A, X); }
%type assignment {Assignment}
assignment(A) ::= name(N) EQ row_value(X). { A = (Assignment){N, X}; }

stmt(A) ::= UPDATE name(N) dml_alias(S) SET assignments(L) from(F) where(W) returning(R).
    { A = build_update(b, &(Update){.table = N, .alias = S, .assignments = L, .from = F, .where = W, .returning = R}); }
stmt(A) ::= DELETE FROM name(N) dml_alias(S) where(W) returning(R).
    { A = build_delete(b, &(Delete){.table = N, .alias = S, .where = W, .returning = R}); }
%type dml_alias {Name}
dml_alias(A) ::= . { A = (Name){0}; }
dml_alias(A) ::= name(A).
dml_alias(A) ::= AS name(N). { A = N; }

stmt(A) ::= BEGIN transaction_word. { A = build_stmt(b, STMT_BEGIN); }
stmt(A) ::= START TRANSACTION. { A = build_stmt(b, STMT_BEGIN); }
stmt(A) ::= COMMIT transaction_word. { A = build_stmt(b, STMT_COMMIT); }
stmt(A) ::= END transaction_word. { A = build_stmt(b, STMT_COMMIT); }
stmt(A) ::= ROLLBACK transaction_word. { A = build_stmt(b, STMT_ROLLBACK); }
transaction_word ::= .
transaction_word ::= TRANSACTION.

/* ---- the rest ---- */
stmt(A) ::= SHOW name(W) show_like(L) show_from(F). { A = build_show(b, &(Show){.what = W, .like = L, .from = F}); }
stmt(A) ::= SHOW MATERIALIZED(M) name(W) show_like(L). { A = build_show(b, &(Show){.what = build_spaced(b, M, W), .like = L}); }
stmt(A) ::= SHOW ALL(W). { A = build_show(b, &(Show){.what = W}); }
stmt(A) ::= SHOW CREATE(W) object_kind_opt(K) name(N). { A = build_show(b, &(Show){.what = W, .object = K, .name = N}); }
show_like(A) ::= . { A = NULL; }
show_like(A) ::= LIKE STRING(X). { A = build_literal(b, EX_STRING, X); }
%type show_from {Name}
show_from(A) ::= . { A = (Name){0}; }
show_from(A) ::= FROM|FOR|IN name(N). { A = N; }

stmt(A) ::= DESCRIBE|DESC extended(E) object_kind_opt(K) name(N). { A = build_describe(b, &(Describe){.what = K, .is_extended = E, .name = N}); }
%type extended {bool}
extended(A) ::= . { A = false; }
extended(A) ::= EXTENDED. { A = true; }

stmt(A) ::= EXPLAIN explained(S). { A = build_explain(b, (OptionList){0}, S); }
stmt(A) ::= EXPLAIN explain_options(O) explained(S). { A = build_explain(b, O, S); }
%type explain_options {OptionList}
explain_options(A) ::= copy_options(A).
explain_options(A) ::= ANALYZE(K). { A = (OptionList){0}; ADD(A, (OptionItem){.key = K, .value = S("true"), .span = K.span}); }
explain_options(A) ::= WATERMARK(K). { A = (OptionList){0}; ADD(A, (OptionItem){.key = K, .value = S("true"), .span = K.span}); }
%type explained {Stmt *}
explained(A) ::= object_kind_opt(K) name(N). { A = build_explained_name(b, K, N); }
explained(A) ::= query(Q). { A = build_select_stmt(b, Q); }
explained(A) ::= insert(I). { A = build_insert_stmt(b, I, NULL); }
explained(A) ::= create(C) MATERIALIZED(K) VIEW if_not_exists(E) name(N) names_opt(L) with_options(O) AS query(Q).
    { A = build_create_view(b, VIEW_MATERIALIZED, &(CreateHead){C, K, E, N, {0}}, L, O, Q); }

stmt(A) ::= SUBSCRIBE to_opt name(N) snapshot(W) since(X). { A = build_subscribe(b, &(Subscribe){.view = N, .with_snapshot = W, .since = X}); }
stmt(A) ::= SUBSCRIBE to_opt query_parens(Q) snapshot(W) since(X). { A = build_subscribe(b, &(Subscribe){.query = Q, .with_snapshot = W, .since = X}); }
to_opt ::= .
to_opt ::= TO.
%type snapshot {bool}
snapshot(A) ::= . { A = false; }
snapshot(A) ::= WITH SNAPSHOT. { A = true; }
since(A) ::= . { A = NULL; }
since(A) ::= SINCE expr(X). { A = X; }

stmt(A) ::= SET option_key(K) EQ|TO option_value(V). { A = build_setting(b, K, V, false); }
stmt(A) ::= SET option_key(K) EQ|TO DEFAULT. { A = build_setting(b, K, (OptionItem){.span = b->here}, true); }
stmt(A) ::= RESET option_key(K). { A = build_setting(b, K, (OptionItem){.span = K.span}, true); }
stmt(A) ::= CHECKPOINT. { A = build_stmt(b, STMT_CHECKPOINT); }
stmt(A) ::= RECOVER. { A = build_stmt(b, STMT_RECOVER); }
stmt(A) ::= BACKUP TO STRING(F). { A = build_backup(b, F); }
stmt(A) ::= COPY name(N) names_opt(L) FROM|TO(D) STRING(F) with_word copy_options_opt(O).
    { A = build_copy(b, D, F, &(Copy){.name = N, .columns = L, .options = O}); }
stmt(A) ::= COPY query_parens(Q) TO(D) STRING(F) with_word copy_options_opt(O).
    { A = build_copy(b, D, F, &(Copy){.query = Q, .options = O}); }
with_word ::= .
with_word ::= WITH.
%type copy_options_opt {OptionList}
copy_options_opt(A) ::= . { A = (OptionList){0}; }
copy_options_opt(A) ::= copy_options(A).
