/* expr_fixture.h: expressions built by hand and batches filled from literals, for tests. */
#ifndef WEIR_TESTS_EXPR_FIXTURE_H
#define WEIR_TESTS_EXPR_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/datetime.h"
#include "exec/expr/expr.h"
#include "exec/expr/nested.h"

#include <stdio.h>
#include <stdlib.h>

static const EvalEnv TEST_ENV = {.now_us = 1700000000000000,
                                 .watermark_us = 1699999990000000,
                                 .seed = 7,
                                 .regex_match_limit = 1000000};

typedef struct Fixture {
    Arena arena;
    Diags diags;
    OomFrame oom;
} Fixture;

static Fixture fx;

static inline int fixture_open(void **state)
{
    (void)state;
    fx = (Fixture){0};
    fx.diags.arena = &fx.arena;
    oom_top = &fx.oom;
    return 0;
}

static inline int fixture_close(void **state)
{
    (void)state;
    oom_top = NULL;
    arena_free(&fx.arena);
    return 0;
}

static inline BExpr *e_const(Value v)
{
    BExpr *e = new_one(&fx.arena, BExpr);
    *e = (BExpr){.kind = BE_CONST, .type = v.type, .value = v};
    return e;
}
static inline BExpr *e_int(int64_t i)
{
    return e_const(value_int(i));
}
static inline BExpr *e_double(double d)
{
    return e_const(value_double(d));
}
static inline BExpr *e_text(const char *z)
{
    return e_const(value_text(str_z(z)));
}
static inline BExpr *e_bool(bool b)
{
    return e_const(value_bool(b));
}
static inline BExpr *e_null(Type t)
{
    return e_const(value_null(t));
}
static inline BExpr *e_ts(const char *z)
{
    Value v = {.type = TYPE_TIMESTAMP_(6)};
    assert_true(timestamp_parse(str_z(z), 6, &v.i));
    return e_const(v);
}
static inline BExpr *e_interval(const char *z)
{
    Value v = {.type = TYPE_OF(TYPE_INTERVAL)};
    assert_true(interval_parse(str_z(z), &v.iv));
    return e_const(v);
}

static inline BExpr *e_column(int col, Type t)
{
    BExpr *e = new_one(&fx.arena, BExpr);
    *e = (BExpr){.kind = BE_COLUMN, .type = t, .col = col};
    return e;
}

static inline BExpr *e_form(BExprKind k, Type t, int n, ...)
{
    BExpr *e = new_one(&fx.arena, BExpr);
    *e = (BExpr){.kind = k, .type = t, .args = new (&fx.arena, BExpr *, n), .nargs = n};
    va_list ap;
    va_start(ap, n);
    for (int i = 0; i < n; i++) e->args[i] = va_arg(ap, BExpr *);
    va_end(ap);
    return e;
}
#define E_COUNT(...) (int)(sizeof((BExpr *[]){__VA_ARGS__}) / sizeof(BExpr *))
#define e_and(...) e_form(BE_AND, TYPE_OF(TYPE_BOOLEAN), E_COUNT(__VA_ARGS__), __VA_ARGS__)
#define e_or(...) e_form(BE_OR, TYPE_OF(TYPE_BOOLEAN), E_COUNT(__VA_ARGS__), __VA_ARGS__)
#define e_in(...) e_form(BE_IN, TYPE_OF(TYPE_BOOLEAN), E_COUNT(__VA_ARGS__), __VA_ARGS__)
#define e_case(t, ...) e_form(BE_CASE, t, E_COUNT(__VA_ARGS__), __VA_ARGS__)
#define e_coalesce(t, ...) e_form(BE_COALESCE, t, E_COUNT(__VA_ARGS__), __VA_ARGS__)

static inline BExpr *e_cast(BExpr *x, Type t)
{
    return e_form(BE_CAST, t, 1, x);
}
static inline BExpr *e_try_cast(BExpr *x, Type t)
{
    BExpr *e = e_form(BE_CAST, t, 1, x);
    e->is_try = true;
    return e;
}

/* ---- choosing an overload: exact kinds, by the letters of the pattern ---- */

static inline bool letter_takes(char letter, Type t)
{
    static const char KINDS[] = "?bidmtxsDTvjA?M";
    if (letter == 'a' || letter == 'c') return true;
    if (letter == 'n') return type_is_number((TypeKind)t.kind);
    const char *at = strchr(KINDS, letter);
    return at && at - KINDS == t.kind;
}

static inline bool pattern_takes(const char *p, BExpr *const *args, int n)
{
    int i = 0;
    char last = 0;
    bool optional = false;
    for (; *p; p++) {
        if (*p == '?') {
            optional = true;
        } else if (*p == '*') {
            while (i < n && letter_takes(last, args[i]->type)) i++;
        } else {
            last = *p;
            if (i < n && !letter_takes(last, args[i]->type)) return false;
            if (i >= n && !optional && p[1] != '?') return false;
            i += i < n;
        }
    }
    return i == n;
}

static inline Type letter_type(char letter)
{
    static const char KINDS[] = "?bidmtxsDTvjA?M";
    TypeKind k = (TypeKind)(strchr(KINDS, letter) - KINDS);
    return k == TYPE_BIGINT ? TYPE_BIGINT_ : k == TYPE_TIMESTAMP ? TYPE_TIMESTAMP_(6) : TYPE_OF(k);
}

static inline bool call_type(const FuncDef *f, BExpr *const *args, int n, Type *out)
{
    if (!f->result_of) {
        char r = f->result[0];
        if (r == 'e') {
            *out = nested_element(args[f->result[1] - '1']->type);
            return true;
        }
        if (r == 'A' && f->result[1]) {
            *out = type_array(letter_type('t'), &fx.arena);
            return true;
        }
        *out = r >= '1' && r <= '9'   ? args[r - '1']->type
               : r == 'c' || r == 'n' ? args[strchr(f->args, r) - f->args]->type
                                      : letter_type(r);
        return true;
    }
    Type *types = new (&fx.arena, Type, n);
    const Value **consts = new (&fx.arena, const Value *, n);
    for (int i = 0; i < n; i++) {
        types[i] = args[i]->type;
        consts[i] = args[i]->kind == BE_CONST ? &args[i]->value : NULL;
    }
    return f->result_of(types, consts, n, out);
}

extern const FuncDef *const func_table[];

static inline BExpr *e_call_(const char *name, int n, BExpr **args)
{
    for (const FuncDef *const *l = func_table; *l; l++) {
        for (const FuncDef *f = *l; f->name; f++) {
            Type t;
            if (!str_ieq(str_z(f->name), str_z(name)) &&
                !(f->aliases && name_in_list(f->aliases, str_z(name))))
                continue;
            if (!pattern_takes(f->args, args, n) || !call_type(f, args, n, &t)) continue;
            BExpr *e = new_one(&fx.arena, BExpr);
            *e = (BExpr){.kind = BE_CALL, .type = t, .func = f, .nargs = n};
            e->args = new (&fx.arena, BExpr *, n);
            for (int i = 0; i < n; i++) e->args[i] = args[i];
            return e;
        }
    }
    fail_msg("no function %s with these %d arguments", name, n);
    return NULL;
}
#define e_call(name, ...) e_call_(name, E_COUNT(__VA_ARGS__), (BExpr *[]){__VA_ARGS__})
#define e_call0(name) e_call_(name, 0, NULL)

/* ---- running ---- */

static inline ExprProgram *compiled(const BExpr *const *roots, int n)
{
    ExprProgram *p = NULL;
    Status st = expr_compile(roots, n, &fx.arena, &p, &fx.diags);
    if (st != WEIR_OK) fail_msg("compiling failed: %.*s", STR_ARG(fx.diags.list.data[0].message));
    return p;
}

static inline Column evaluated(const BExpr *e, const Batch *b, const EvalEnv *env)
{
    Column out;
    expr_eval(compiled(&e, 1), b, env, &fx.arena, &out);
    return out;
}

/* "NULL", "error: …" or the value's text. */
static inline const char *cell(const Column *c, int row)
{
    StrBuf b = {.arena = &fx.arena};
    const RowError *err = column_error(c, row);
    Value v = column_value(c, row);
    if (err)
        sb_printf(&b, "error: %.*s", STR_ARG(err->message));
    else
        value_print(&b, &v);
    return sb_done(&b).p;
}

/* The value of an expression without columns, evaluated both folded and per row. */
static inline const char *value_of(const BExpr *e)
{
    Batch one = {.rows = 1};
    Column c = evaluated(e, &one, &TEST_ENV);
    return cell(&c, 0);
}
#define assert_value(e, text) assert_string_equal(value_of(e), text)

#endif
