/* parameters.c: values for ?, ?1 ($1) and :name in a prepared statement.
 *
 * A parameter is a constant that is not written yet. Binding writes it: the literal of the value takes
 * the parameter's place in the statement's tree, and the next step plans the statement with it. So a
 * value means what it would mean in the text (a text becomes a time where a time is compared), and
 * nothing below knows of parameters. What has no value is NULL. */
#include "exec/engine/statement.h"

#include <math.h>

struct Parameter {
    Str name;       /* as it is written: ":a", "?1"; empty: only by its number */
    weir_type type;
    int64_t i;
    double d;
    Str text;       /* of TEXT and BLOB */
    Arena memory;   /* of the text */
};

/* ---- numbers ---------------------------------------------------------------------------------------- */

enum { PARAMETER_MAX = 32766 };

static bool is_numbered(Str text) { return text.n > 0 && text.p[0] >= '0' && text.p[0] <= '9'; }

static int find_name(const Str *names, int n, Str name)
{
    for (int i = 0; i < n; i++)
        if (str_eq(names[i], name)) return i;
    return -1;
}

static Status bad_number(weir_stmt *s, const Expr *e)
{
    return diag_error(&s->db->diags, WEIR_E_SYNTAX, e->span, "parameters are numbered from 1 to %d", PARAMETER_MAX);
}

/* Which of the parameters the node is; SQLite's rule: ? is one more than the greatest so far. */
static Status number_of(weir_stmt *s, const Expr *e, Str *names, int *count, int *out)
{
    int64_t number = *count + 1;
    int known = e->text.n && !is_numbered(e->text) ? find_name(names, *count, e->text) : -1;
    if (known >= 0) number = known + 1;
    else if (is_numbered(e->text) && !str_to_int64(e->text, &number)) return bad_number(s, e);
    if (number < 1 || number > PARAMETER_MAX) return bad_number(s, e);
    if (number > *count) *count = (int)number;
    if (e->text.n && !is_numbered(e->text)) names[number - 1] = e->text;
    *out = (int)number - 1;
    return WEIR_OK;
}

static bool takes_parameters(StmtKind k)
{
    return k == STMT_SELECT || k == STMT_INSERT || k == STMT_UPDATE || k == STMT_DELETE;
}

/* How many there can be at most: those with a number of their own, and the others behind. */
static int64_t room_for(const Stmt *ast)
{
    int64_t greatest = 0, number;
    for (ptrdiff_t i = 0; i < ast->params.len; i++) {
        Str text = ast->params.data[i]->text;
        if (is_numbered(text) && str_to_int64(text, &number) && number <= PARAMETER_MAX && number > greatest) greatest = number;
    }
    return greatest + ast->params.len;
}

Status parameters_find(weir_stmt *s, const Stmt *ast)
{
    Arena *a = &s->source;
    ptrdiff_t n = ast->params.len;
    if (n == 0 || !takes_parameters(ast->kind)) return WEIR_OK;
    Str *names = new (a, Str, room_for(ast));
    int *numbers = new (a, int, n);
    for (ptrdiff_t i = 0; i < n; i++) TRY(number_of(s, ast->params.data[i], names, &s->nparameters, &numbers[i]));
    s->parameter_of = numbers;
    s->parameters = new (a, Parameter, s->nparameters);
    for (int i = 0; i < s->nparameters; i++)
        if (names[i].n) s->parameters[i].name = str_printf(a, ":%.*s", STR_ARG(names[i]));
    for (ptrdiff_t i = 0; i < n; i++)
        if (is_numbered(ast->params.data[i]->text))
            s->parameters[numbers[i]].name = str_printf(a, "?%d", numbers[i] + 1);
    return WEIR_OK;
}

/* ---- literals --------------------------------------------------------------------------------------- */

static Expr leaf(const Expr *at, ExprKind kind, Str text)
{
    return (Expr){.kind = kind, .text = text, .depth = 1, .span = at->span, .op_span = at->op_span};
}

static void put_negative(Expr *e, Str digits, Arena *a)
{
    Expr *number = new_one(a, Expr);
    *number = leaf(e, EX_NUMBER, digits);
    *e = leaf(e, EX_OP, S("neg"));
    e->depth = 2;
    vec_push(&e->args, a, number);
}

/* The least BIGINT has no positive counterpart, infinity no digits: their texts are cast. */
static void put_cast(Expr *e, Str text, Str type, Arena *a)
{
    Expr *string = new_one(a, Expr);
    *string = leaf(e, EX_STRING, text);
    *e = leaf(e, EX_CAST, (Str){0});
    e->depth = 2;
    e->type = new_one(a, TypeName);
    *e->type = (TypeName){.span = e->span, .word = {.text = type, .span = e->span}, .name = type, .depth = 1};
    vec_push(&e->args, a, string);
}

static void put_int(Expr *e, int64_t i, Arena *a)
{
    if (i == INT64_MIN) put_cast(e, S("-9223372036854775808"), S("bigint"), a);
    else if (i < 0) put_negative(e, str_printf(a, "%lld", (long long)-i), a);
    else *e = leaf(e, EX_NUMBER, str_printf(a, "%lld", (long long)i));
}

static void put_double(Expr *e, double d, Arena *a)
{
    if (isinf(d)) put_cast(e, d > 0 ? S("Infinity") : S("-Infinity"), S("double"), a);
    else if (signbit(d)) put_negative(e, str_printf(a, "%.16e", -d), a);
    else *e = leaf(e, EX_NUMBER, str_printf(a, "%.16e", d));
}

static Str hex_of(Str bytes, Arena *a)
{
    StrBuf b = {.arena = a};
    for (ptrdiff_t i = 0; i < bytes.n; i++) sb_printf(&b, "%02x", (unsigned)(unsigned char)bytes.p[i]);
    return sb_done(&b);
}

static void put_value(Expr *e, const Parameter *p, Arena *a)
{
    switch (p->type) {
    case WEIR_NULL: *e = leaf(e, EX_NULL, (Str){0}); return;
    case WEIR_INTEGER: put_int(e, p->i, a); return;
    case WEIR_FLOAT: put_double(e, p->d, a); return;
    case WEIR_TEXT: *e = leaf(e, EX_STRING, p->text); return;
    case WEIR_BLOB: *e = leaf(e, EX_BLOB, hex_of(p->text, a)); return;
    }
}

void parameters_put(weir_stmt *s, const Stmt *ast)
{
    for (ptrdiff_t i = 0; s->nparameters && i < ast->params.len; i++)
        put_value(ast->params.data[i], &s->parameters[s->parameter_of[i]], &s->arena);
}

void parameters_free(weir_stmt *s)
{
    for (int i = 0; i < s->nparameters; i++) arena_free(&s->parameters[i].memory);
}

/* ---- the public interface ----------------------------------------------------------------------------- */

int weir_bind_count(weir_stmt *s) { return s ? s->nparameters : 0; }

const char *weir_bind_name(weir_stmt *s, int i)
{
    bool is_named = s && i >= 1 && i <= s->nparameters && s->parameters[i - 1].name.n;
    return is_named ? s->parameters[i - 1].name.p : NULL;
}

int weir_bind_index(weir_stmt *s, const char *name)
{
    for (int i = 0; s && name && i < s->nparameters; i++)
        if (str_eq(s->parameters[i].name, str_z(name))) return i + 1;
    return 0;
}

/* NULL: there is no such parameter, or rows are being read. */
static Parameter *to_bind(weir_stmt *s, int i, weir_type type)
{
    if (!s || !s->db || s->is_started || i < 1 || i > s->nparameters) return NULL;
    s->must_plan = true;
    s->parameters[i - 1].type = type;
    return &s->parameters[i - 1];
}

weir_status weir_bind_null(weir_stmt *s, int i) { return to_bind(s, i, WEIR_NULL) ? WEIR_OK : WEIR_E_MISUSE; }

weir_status weir_bind_int64(weir_stmt *s, int i, int64_t v)
{
    Parameter *p = to_bind(s, i, WEIR_INTEGER);
    if (!p) return WEIR_E_MISUSE;
    p->i = v;
    return WEIR_OK;
}

weir_status weir_bind_double(weir_stmt *s, int i, double v)
{
    Parameter *p = to_bind(s, i, isnan(v) ? WEIR_NULL : WEIR_FLOAT);
    if (!p) return WEIR_E_MISUSE;
    p->d = v;
    return WEIR_OK;
}

static weir_status keep_text(weir_stmt *s, Parameter *p, Str given)
{
    OomFrame f;
    if (OOM_TRY(&f)) {
        arena_reset(&p->memory);
        p->text = str_dup(&p->memory, given);
        OOM_END(&f);
        return WEIR_OK;
    }
    p->type = WEIR_NULL;
    return engine_nomem(s->db);
}

static weir_status bind_bytes(weir_stmt *s, int i, weir_type type, const char *bytes, int64_t len)
{
    Parameter *p = to_bind(s, i, bytes ? type : WEIR_NULL);
    if (!p) return WEIR_E_MISUSE;
    return bytes ? keep_text(s, p, (Str){bytes, len < 0 ? (ptrdiff_t)strlen(bytes) : (ptrdiff_t)len}) : WEIR_OK;
}

weir_status weir_bind_text(weir_stmt *s, int i, const char *text, int64_t len)
{
    return bind_bytes(s, i, WEIR_TEXT, text, len);
}

weir_status weir_bind_blob(weir_stmt *s, int i, const void *data, int64_t len)
{
    return data && len < 0 ? WEIR_E_MISUSE : bind_bytes(s, i, WEIR_BLOB, data, len);
}
