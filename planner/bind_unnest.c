/* bind_unnest.c: functions in FROM that make rows of a value: UNNEST, json_each, generate_series;
 * and LATERAL, which they are without saying so.
 *
 * Over a relation to their left, UNNEST of a list is a node of its own and needs no join. An
 * element of type ROW is as many columns as it has fields. */
#include "planner/bind.h"
#include "planner/casts.h"
#include "planner/resolve.h"
#include "planner/subquery.h"

enum { SERIES_ROWS_MAX = 100000 };

bool is_list_function(const TableRef *t)
{
    return t->kind == TABLE_FUNCTION && t->func->kind == EX_CALL &&
           name_in_list("unnest,json_each,generate_series", t->func->text);
}

bool is_lateral(const TableRef *t)
{
    return t->is_lateral || is_list_function(t);
}

bool is_unnest_call(const Expr *e)
{
    return e->kind == EX_CALL && e->parts.len == 1 && str_ieq(e->text, S("unnest"));
}

/* ---- lists ---------------------------------------------------------------------------------------- */

/* An internal function that gives an array. */
static Status list_call(Binder *b, const char *name, BExpr **args, int n, Span at, BExpr **out)
{
    return resolve_func(b->p, str_z(name), args, n, true, bind_at(b, at), out);
}

/* The entries of a MAP as an array of rows. */
static Status entries_of(Binder *b, BExpr *map, Span at, BExpr **out)
{
    Arena *a = b->p->arena;
    TypeField *fields = new (a, TypeField, 2);
    bool is_typed = map->type.nargs == 2;
    fields[0] = (TypeField){S("key"), is_typed ? map->type.args[0].type : TYPE_OF(TYPE_TEXT)};
    fields[1] = (TypeField){S("value"), is_typed ? map->type.args[1].type : TYPE_OF(TYPE_JSON)};
    Type row = {.kind = TYPE_ROW, .args = fields, .nargs = 2};
    const FuncDef *f = registry_func(b->p->catalog->registry, S("map_entries"), 0);
    if (!f) return bind_unsupported(b, at, "UNNEST of a MAP");
    BExpr **args = new (a, BExpr *, 1);
    args[0] = map;
    *out = bexpr_call(a, f, type_array(row, a), args, 1, bind_at(b, at));
    return WEIR_OK;
}

static Status bind_list_of(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    TRY(bind_expr(b, c, e, out));
    TypeKind kind = (TypeKind)(*out)->type.kind;
    if (kind == TYPE_ARRAY || kind == TYPE_JSON) return WEIR_OK;
    if (kind == TYPE_MAP) return entries_of(b, *out, e->span, out);
    if (bexpr_is_null(*out)) return cast_insert(b->p, *out, TYPE_OF(TYPE_JSON), out);
    Status st = diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->span),
                           "UNNEST takes an ARRAY, MAP or JSON, not %.*s",
                           STR_ARG(type_name((*out)->type, b->p->arena)));
    if (kind == TYPE_TEXT) diag_hint(b->p->diags, "write CAST(… AS JSON) or string_to_array(…, ',')");
    return st;
}

static Type element_of(Type list)
{
    return list.kind == TYPE_ARRAY && list.nargs == 1 ? list.args[0].type : TYPE_OF(TYPE_JSON);
}

/* Lists side by side, the shorter ones padded with NULL: a list of rows. */
static BExpr *zipped(Binder *b, BExpr **lists, int32_t n, Span at)
{
    Arena *a = b->p->arena;
    const FuncDef *f = registry_func(b->p->catalog->registry, S("lists_zip"), 0);
    TypeField *fields = new (a, TypeField, n);
    for (int32_t i = 0; i < n; i++) fields[i] = (TypeField){str_printf(a, "value_%d", i + 1), element_of(lists[i]->type)};
    Type row = {.kind = TYPE_ROW, .args = fields, .nargs = n};
    return f ? bexpr_call(a, f, type_array(row, a), lists, n, bind_at(b, at)) : lists[0];
}

static Status bind_unnest_arg(Binder *b, const ExprContext *c, const Expr *f, BExpr **out)
{
    int32_t n = (int32_t)f->args.len;
    BExpr **lists = new (b->p->arena, BExpr *, n);
    if (n == 0) return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, f->span), "UNNEST takes a list");
    for (int32_t i = 0; i < n; i++) TRY(bind_list_of(b, c, f->args.data[i], &lists[i]));
    *out = n == 1 ? lists[0] : zipped(b, lists, n, f->span);
    return WEIR_OK;
}

static Status bind_list_args(Binder *b, const ExprContext *c, const Expr *f, int least, int most, BExpr ***out)
{
    int n = (int)f->args.len;
    if (n < least || n > most)
        return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, f->span), "\"%.*s\" takes %d to %d arguments",
                          STR_ARG(f->text), least, most);
    *out = new (b->p->arena, BExpr *, n);
    return bind_list(b, c, (const Expr *const *)f->args.data, n, *out);
}

static Status bind_list_value(Binder *b, const ExprContext *c, const Expr *f, BExpr **out)
{
    BExpr **args;
    if (str_ieq(f->text, S("unnest"))) return bind_unnest_arg(b, c, f, out);
    if (str_ieq(f->text, S("json_each"))) {
        TRY(bind_list_args(b, c, f, 1, 2, &args));
        return list_call(b, "json_members", args, (int)f->args.len, f->span, out);
    }
    TRY(bind_list_args(b, c, f, 2, 3, &args));
    return list_call(b, "series", args, (int)f->args.len, f->span, out);
}

Status bind_unnest_item(Binder *b, const ExprContext *c, const Expr *e, BExpr **list)
{
    if (e->args.len == 1) return bind_list_of(b, c, e->args.data[0], list);
    Status st = diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->span), "unnest in a select list takes one list");
    diag_hint(b->p->diags, "write it in FROM, or unnest(…) several times");
    return st;
}

static Status field_of(Binder *b, const LNode *n, int32_t col, Str field, Span at, BExpr **out)
{
    BExpr **args = new (b->p->arena, BExpr *, 2);
    args[0] = bexpr_column(b->p->arena, col, n->fields[col].type, at);
    args[1] = bexpr_const(b->p->arena, value_text(field), at);
    return bind_operator(b, "subscript", args, 2, at, out);
}

Status unnest_items(Binder *b, LNode **in, BExpr **lists, int32_t n, BExpr **elements)
{
    Arena *a = b->p->arena;
    Span at = lists[0]->span;
    BExpr *list = n == 1 ? lists[0] : zipped(b, lists, n, at);
    *in = lnode_unnest(a, *in, list, element_of(list->type), false, false, at);
    int32_t last = (*in)->nfields - 1;
    if (n == 1) elements[0] = bexpr_column(a, last, (*in)->fields[last].type, at);
    for (int32_t i = 0; i < n && n > 1; i++)
        TRY(field_of(b, *in, last, list->type.args[0].type.args[i].name, lists[i]->span, &elements[i]));
    return WEIR_OK;
}

/* ---- the columns they make ------------------------------------------------------------------------ */

static bool is_spread(Type element)
{
    return element.kind == TYPE_ROW && element.nargs > 0;
}

/* The fields of a ROW element instead of it: [input | value | ordinality] becomes
 * [input | fields | ordinality]. */
static Status spread(Binder *b, LNode *n, int32_t base, Span at, LNode **out)
{
    Arena *a = b->p->arena;
    Type row = n->fields[base].type;
    int32_t width = n->nfields - 1 + row.nargs, k = 0;
    BExpr **exprs = new (a, BExpr *, width);
    Field *fields = new (a, Field, width);
    for (int i = 0; i < n->nfields; i++) {
        if (i != base) {
            fields[k] = n->fields[i];
            exprs[k++] = bexpr_column(a, i, n->fields[i].type, at);
            continue;
        }
        for (int f = 0; f < row.nargs; f++) {
            TRY(field_of(b, n, base, row.args[f].name, at, &exprs[k]));
            fields[k] = (Field){row.args[f].name, exprs[k]->type};
            k++;
        }
    }
    *out = lnode_project(a, n, exprs, fields, width, at);
    return WEIR_OK;
}

/* One column besides its place may be called by the name of the whole, as in PostgreSQL. */
static Scope list_scope(Binder *b, const LNode *n, int32_t base, const TableRef *t)
{
    Str table = t->alias.text.n ? t->alias.text : str_lower(b->p->arena, t->func->text);
    int32_t count = n->nfields - base, ncols = count + (count - t->with_ordinality == 1);
    Scope s = {.cols = new (b->p->arena, ScopeColumn, ncols), .ncols = ncols};
    for (int i = 0; i < count; i++)
        s.cols[i] = (ScopeColumn){.table = table, .name = n->fields[base + i].name, .col = base + i,
                                  .type = n->fields[base + i].type};
    if (ncols == count) return s;
    s.cols[count] = s.cols[0];
    s.cols[count].name = table;
    s.cols[count].hidden = true;
    return s;
}

static Status rename_columns(Binder *b, const TableRef *t, Scope *s, int32_t shown)
{
    if (t->columns.len > shown)
        return diag_error(b->p->diags, WEIR_E_NAME, bind_at(b, t->span), "%d names for %d columns",
                          (int)t->columns.len, shown);
    for (int i = 0; i < t->columns.len; i++) s->cols[i].name = t->columns.data[i].text;
    return WEIR_OK;
}

/* `in` and, behind its columns, those of the function; *scope: only the latter. */
static Status unnest_over(Binder *b, const ExprContext *c, const TableRef *t, LNode *in, bool outer, LNode **out,
                          Scope *scope)
{
    BExpr *list;
    Span at = bind_at(b, t->span);
    int32_t base = in->nfields;
    LNode *under = in;
    TRY(bind_list_value(b, c, t->func, &list));
    TRY(attach_values(b->p, b->emit_final, &under, &list, 1));
    LNode *n = lnode_unnest(b->p->arena, under, list, element_of(list->type), outer, t->with_ordinality, at);
    n = lnode_narrowed(b->p->arena, n, base, under->nfields, n->nfields - under->nfields);
    bool is_zipped = bexpr_is_call(list, "lists_zip");
    if (is_spread(n->fields[base].type)) TRY(spread(b, n, base, at, &n));
    for (int32_t i = base; is_zipped && i < n->nfields; i++)
        if (is_spread(n->fields[i].type)) TRY(spread(b, n, i, at, &n));
    *out = n;
    *scope = list_scope(b, n, base, t);
    return rename_columns(b, t, scope, n->nfields - base);
}

/* ---- alone in FROM -------------------------------------------------------------------------------- */

/* generate_series of constants: rows like those of VALUES. */
static Status bind_series(Binder *b, const TableRef *t, BExpr *const *args, LNode **out)
{
    Arena *a = b->p->arena;
    int64_t first = args[0]->value.i, last = args[1]->value.i, step = t->func->args.len > 2 ? args[2]->value.i : 1;
    VEC(BExpr **) rows = {0};
    Span at = bind_at(b, t->span);
    if (step == 0) return diag_error(b->p->diags, WEIR_E_VALUE, at, "the step of a series is not 0");
    for (int64_t v = first; step > 0 ? v <= last : v >= last;) {
        BExpr **row = new (a, BExpr *, 2);
        row[0] = bexpr_const(a, value_int(v), at);
        row[1] = bexpr_const(a, value_int((int64_t)rows.len + 1), at);
        vec_push(&rows, a, row);
        if (rows.len > SERIES_ROWS_MAX)
            return diag_error(b->p->diags, WEIR_E_LIMIT, at, "a series has at most %d values", SERIES_ROWS_MAX);
        if (__builtin_add_overflow(v, step, &v)) break;
    }
    Field *fields = new (a, Field, 2);
    fields[0] = (Field){S("value"), TYPE_BIGINT_};
    fields[1] = (Field){S("ordinality"), TYPE_BIGINT_};
    *out = lnode_values(a, rows.data, (int32_t)rows.len, fields, 1 + t->with_ordinality, at);
    return WEIR_OK;
}

static bool is_constant_series(const TableRef *t, BExpr *const *args)
{
    for (int i = 0; i < t->func->args.len; i++)
        if (args[i]->kind != BE_CONST || args[i]->type.kind != TYPE_BIGINT || args[i]->value.is_null) return false;
    return true;
}

Status bind_list_function(Binder *b, const TableRef *t, LNode **out, Scope *scope)
{
    Scope none = {0};
    Props props = {0};
    ExprContext c = {.scope = &none, .props = &props, .clause = "a function in FROM"};
    if (str_ieq(t->func->text, S("generate_series"))) {
        BExpr **args;
        TRY(bind_list_args(b, &c, t->func, 2, 3, &args));
        if (is_constant_series(t, args)) {
            TRY(bind_series(b, t, args, out));
            *scope = list_scope(b, *out, 0, t);
            return rename_columns(b, t, scope, (*out)->nfields);
        }
    }
    return unnest_over(b, &c, t, bind_one_row(b, bind_at(b, t->span)), false, out, scope);
}

/* ---- beside other relations ----------------------------------------------------------------------- */

static Scope joined_scope(Arena *a, const Scope *l, const Scope *r, int32_t shift)
{
    Scope s = {.cols = new (a, ScopeColumn, l->ncols + r->ncols), .ncols = l->ncols + r->ncols};
    for (int i = 0; i < l->ncols; i++) s.cols[i] = l->cols[i];
    for (int i = 0; i < r->ncols; i++) {
        s.cols[l->ncols + i] = r->cols[i];
        s.cols[l->ncols + i].col += shift;
    }
    return s;
}

static bool is_true(const Expr *on)
{
    return !on || (on->kind == EX_BOOL && str_ieq(on->text, S("true")));
}

static Status check_form(Binder *b, const TableRef *t)
{
    bool is_left = t->join == AST_JOIN_LEFT;
    if (!t->is_asof && (is_left || t->join == AST_JOIN_INNER || t->join == AST_JOIN_CROSS)) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_SYNTAX, bind_at(b, t->join_span.line ? t->join_span : t->span),
                      "LATERAL depends on the rows to its left: it takes JOIN, CROSS JOIN and LEFT JOIN");
}

/* A plan whose parameters are columns of `left`. */
static Status bind_lateral_plan(Binder *b, const TableRef *r, const ExprContext *c, LNode **plan, BExpr ***params,
                                Scope *scope)
{
    OuterFrame f = {.context = c, .outer = b->frame};
    b->frame = &f;
    Status st = bind_from(b, r, plan, scope);
    b->frame = f.outer;
    *params = f.params.data;
    return st;
}

static Status bind_on(Binder *b, const TableRef *t, const Scope *scope, BExpr **on)
{
    *on = NULL;
    if (is_true(t->on)) return WEIR_OK;
    ExprContext c = {.scope = scope, .clause = "ON"};
    return bind_condition(b, &c, t->on, on);
}

/* The left rows, each with the elements of its list. */
static Status bind_unnest_join(Binder *b, const TableRef *t, const ExprContext *c, LNode *left, const Scope *l,
                               LNode **out, Scope *scope)
{
    Scope r;
    BExpr *on;
    TRY(unnest_over(b, c, t->right, left, t->join == AST_JOIN_LEFT, out, &r));
    *scope = joined_scope(b->p->arena, l, &r, 0);
    TRY(bind_on(b, t, scope, &on));
    return on ? attach_filter(b->p, b->emit_final, *out, on, bind_at(b, t->on->span), out) : WEIR_OK;
}

/* With a subquery in ON: the pairs, what they are asked, and the left rows that then are in none. */
static Status lateral_by_parts(Binder *b, JoinKind kind, LNode *left, LNode *plan, BExpr **params, BExpr *on, Span at,
                               LNode **out)
{
    LNode *pairs;
    TRY(attach_lateral(b->p, b->emit_final, JOIN_INNER, left, plan, params, NULL, at, &pairs));
    TRY(attach_filter(b->p, b->emit_final, pairs, on, on->span, &pairs));
    return bind_outer_rows(b, kind, left, NULL, pairs, at, out);
}

static Status beside(Binder *b, const TableRef *t, LNode *left, const Scope *l, LNode **out, Scope *scope)
{
    ExprContext c = {.scope = l, .props = &left->props, .clause = "LATERAL"};
    bool is_left = t->join == AST_JOIN_LEFT;
    LNode *plan;
    BExpr **params, *on;
    Scope r;
    JoinKind kind = is_left ? JOIN_LEFT : JOIN_INNER;
    Span at = bind_at(b, t->span);
    UsingColumns by;
    bool has_using = t->is_natural || t->using_columns.len;
    TRY(check_form(b, t));
    if (is_list_function(t->right) && !has_using && (!is_left || is_true(t->on)))
        return bind_unnest_join(b, t, &c, left, l, out, scope);
    TRY(bind_lateral_plan(b, t->right, &c, &plan, &params, &r));
    *scope = joined_scope(b->p->arena, l, &r, left->nfields);
    TRY(bind_lateral_using(b, t, kind, left, plan, l, &r, &by));
    TRY(bind_on(b, t, scope, &on));
    on = bexpr_and(b->p->arena, by.on, on);
    if (on && has_subquery(on))
        TRY(lateral_by_parts(b, kind, left, plan, params, on, at, out));
    else
        TRY(attach_lateral(b->p, b->emit_final, kind, left, plan, params, on, at, out));
    if (has_using) using_scope(&by, out, scope);
    return WEIR_OK;
}

Status bind_lateral_join(Binder *b, const TableRef *t, LNode **out, Scope *scope)
{
    LNode *left;
    Scope l;
    TRY(bind_from(b, t->left, &left, &l));
    return beside(b, t, left, &l, out, scope);
}
