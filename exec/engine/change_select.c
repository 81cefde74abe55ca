/* change_select.c: the SELECT inside INSERT, UPDATE and DELETE: a statement of its own, whose values
 * become values of the relation's columns. */
#include "exec/engine/change.h"

#include "base/datetime.h"
#include "base/decimal.h"

/* ---- checking --------------------------------------------------------------------------------------- */

Status change_check_select(weir_stmt *s, const Select *q, Field **cols, int *ncols)
{
    Planner p = statement_planner(s);
    bool is_push;
    TRY(plan_is_push(&p, q, &is_push));
    if (!is_push) {
        PullQuery query;
        TRY(pull_translate(&p, q, &query));
        *cols = query.cols;
        *ncols = query.ncols;
        return WEIR_OK;
    }
    PhysPlan *plan;
    TRY(plan_query(&p, q, NULL, &plan));
    const PhysOp *root = plan->ops[plan->nops - 1];
    if (!root->props.is_append_only)
        return diag_error(&s->db->diags, WEIR_E_RETRACT, q->span, "rows of this SELECT may be taken back; what is inserted stays");
    *cols = root->fields;
    *ncols = root->nfields;
    return WEIR_OK;
}

/* The cast of column 0 of type `from` to the column's type; *out NULL: none is needed. */
static Status cast_of(Change *x, Type from, const ColumnDef *to, Span at, BExpr **out)
{
    Planner p = statement_planner(x->s);
    *out = NULL;
    if (type_eq(from, to->type) && from.int_bits == to->type.int_bits) return WEIR_OK;
    return plan_cast(&p, bexpr_column(&x->s->arena, 0, from, at), to->type, false, out);
}

Status change_check_casts(Change *x, const Field *cols, const int32_t *targets, int n, Span at)
{
    for (int i = 0; i < n; i++) {
        BExpr *e;
        if (cols[i].type.kind != TYPE_NULL) TRY(cast_of(x, cols[i].type, &x->rel->cols[targets[i]], at, &e));
    }
    return WEIR_OK;
}

/* ---- reading ---------------------------------------------------------------------------------------- */

Status change_open_select(Change *x, const Select *q)
{
    weir_stmt *s = x->s;
    x->select_ast = (Stmt){.kind = STMT_SELECT, .span = q->span, .select = (Select *)q};
    x->select = statement_new(s->db);
    TRY(statement_prepare(x->select, &x->select_ast, s->text, s->file, s->base_dir));
    x->casters = new (&s->arena, Caster, x->select->ncols);
    return WEIR_OK;
}

void change_close_select(Change *x)
{
    statement_close(x->select);
    x->select = NULL;
}

Status change_next(Change *x, bool *row)
{
    arena_reset(&x->scratch);
    Status st = statement_next(x->select);
    *row = st == WEIR_ROW;
    return st == WEIR_ROW || st == WEIR_DONE ? WEIR_OK : st;
}

/* ---- values ----------------------------------------------------------------------------------------- */

static Str text_of(const Value *v, Arena *a)
{
    if (type_is_text(v->type.kind)) return v->s;
    StrBuf b = {.arena = a};
    value_print(&b, v);
    return sb_done(&b);
}

static bool read_decimal(const Value *v, Type t, Arena *a, Int128 *out)
{
    if (v->type.kind == TYPE_DOUBLE) return decimal_from_double(v->d, t, out);
    return decimal_parse(text_of(v, a), t, out) == DECIMAL_OK;
}

static bool read_timestamp(const Value *v, Type t, Arena *a, int64_t *us)
{
    if (v->type.kind == TYPE_BIGINT) return timestamp_from_epoch(v->i, 1000, us);
    return timestamp_parse(text_of(v, a), t.precision, us);
}

static bool read_date(const Value *v, Arena *a, int64_t *out)
{
    int32_t days = 0;
    bool ok = date_parse(text_of(v, a), &days);
    *out = days;
    return ok;
}

/* A value as SQLite has it, as one of type t (which is the query's). False: it is none. */
static bool typed(const Value *v, Type t, Arena *a, Value *out)
{
    *out = (Value){.type = t};
    switch ((TypeKind)t.kind) {
    case TYPE_BOOLEAN: out->i = v->type.kind == TYPE_DOUBLE ? v->d != 0 : v->i != 0; return true;
    case TYPE_BIGINT: out->i = v->i; return v->type.kind == TYPE_BIGINT;
    case TYPE_DOUBLE: out->d = v->type.kind == TYPE_DOUBLE ? v->d : (double)v->i; return !type_is_text(v->type.kind);
    case TYPE_DECIMAL: return read_decimal(v, t, a, &out->dec);
    case TYPE_TIMESTAMP: return read_timestamp(v, t, a, &out->i);
    case TYPE_DATE: return read_date(v, a, &out->i);
    case TYPE_TIME: return time_parse(text_of(v, a), &out->i);
    case TYPE_INTERVAL: return interval_parse(text_of(v, a), &out->iv);
    case TYPE_TEXT: case TYPE_BLOB: case TYPE_JSON: case TYPE_ARRAY: case TYPE_ROW: case TYPE_MAP:
        out->s = text_of(v, a);
        return true;
    case TYPE_NULL: case TYPE_COUNT: *out = *v; return true;
    }
    return false;
}

static Status compile_cast(Change *x, Caster *c, Type from, const ColumnDef *to)
{
    BExpr *e;
    if (c->program && type_eq(c->from, from)) return WEIR_OK;
    TRY(cast_of(x, from, to, x->s->ast->span, &e));
    const BExpr *root = e;
    c->from = from;
    return expr_compile(&root, 1, &x->s->arena, &c->program, &x->s->db->diags);
}

static Status cast_value(Change *x, Caster *c, const Value *v, const ColumnDef *to, Value *out)
{
    TRY(compile_cast(x, c, v->type, to));
    Column in = column_const(&x->scratch, v), cast;
    Batch b = {.rows = 1, .ncols = 1, .cols = &in, .judge_max = INT64_MIN};
    expr_eval(c->program, &b, &x->env, &x->scratch, &cast);
    const RowError *e = col_is_err(&cast, 0) ? column_error(&cast, 0) : NULL;
    if (e)
        return diag_error(&x->s->db->diags, e->code, x->s->ast->span, "column \"%.*s\": %.*s", STR_ARG(to->name), STR_ARG(e->message));
    *out = column_value(&cast, 0);
    return WEIR_OK;
}

Status change_value(Change *x, int i, int col, Value *out)
{
    const ColumnDef *to = &x->rel->cols[col];
    const Value *raw = &x->select->row[i];
    Type t = x->select->cols[i].type;
    Value v = *raw;
    *out = value_null(to->type);
    if (raw->is_null) return WEIR_OK;
    if (raw->type.kind != t.kind && !typed(raw, t, &x->scratch, &v))
        return diag_error(&x->s->db->diags, WEIR_E_VALUE, x->s->ast->span, "\"%.*s\" is not a %.*s", STR_ARG(text_of(raw, &x->scratch)),
                          STR_ARG(type_name(t, &x->scratch)));
    if (raw->type.kind == t.kind) v.type = t;
    bool same = type_eq(v.type, to->type) && v.type.int_bits == to->type.int_bits;
    if (!same) TRY(cast_value(x, &x->casters[i], &v, to, &v));
    v.type = to->type;
    if (!v.is_null && type_is_text(v.type.kind)) v.s = str_dup(&x->tx->arena, v.s);
    *out = v;
    return WEIR_OK;
}
