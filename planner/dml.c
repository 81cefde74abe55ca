/* dml.c: what UPDATE, DELETE, ON CONFLICT and RETURNING mean.
 *
 * Which rows an UPDATE or DELETE is about, and what it makes of them, is a pull query: a SELECT with
 * the number of the row as its first column, then the new values. What is computed from rows that the
 * statement has at hand (ON CONFLICT, RETURNING) is bound over them. */
#include "planner/bind.h"
#include "planner/ddl.h"
#include "planner/pull.h"

#include "parser/unparse.h"

/* ---- the rows of an UPDATE or DELETE -------------------------------------------------------------- */

static Expr *column_expr(Arena *a, Name table, const char *column)
{
    Expr *e = new_one(a, Expr);
    *e = (Expr){.kind = EX_COLUMN, .depth = 1, .span = table.span, .op_span = table.span};
    vec_push(&e->parts, a, table);
    vec_push(&e->parts, a, (Name){.text = str_z(column), .span = table.span});
    return e;
}

static Expr *null_expr(Arena *a, Span at)
{
    Expr *e = new_one(a, Expr);
    *e = (Expr){.kind = EX_NULL, .depth = 1, .span = at, .op_span = at};
    return e;
}

static TableRef *table_ref(Arena *a, Name table, Name alias)
{
    TableRef *t = new_one(a, TableRef);
    *t = (TableRef){.kind = TABLE_NAME, .span = table.span, .depth = 1, .alias = alias};
    vec_push(&t->parts, a, table);
    return t;
}

static TableRef *beside(Arena *a, TableRef *left, TableRef *right)
{
    if (!right) return left;
    TableRef *t = new_one(a, TableRef);
    *t = (TableRef){.kind = TABLE_JOIN, .span = right->span, .depth = right->depth + 1, .left = left, .right = right,
                    .join = AST_JOIN_CROSS, .is_comma = true};
    return t;
}

static Select *rows_of(Arena *a, Name table, Name alias, TableRef *from, Expr *where)
{
    Select *q = new_one(a, Select);
    *q = (Select){.kind = SELECT_CORE, .span = table.span, .depth = 1, .where = where};
    q->from = beside(a, table_ref(a, table, alias), from);
    Expr *id = column_expr(a, alias.text.n ? alias : table, PULL_ROW_ID);
    vec_push(&q->items, a, (SelectItem){.expr = id, .alias = (Name){.text = S("row")}});
    return q;
}

Select *dml_delete_rows(Planner *p, const Delete *s)
{
    return rows_of(p->arena, s->table, s->alias, NULL, s->where);
}

/* SET c = DEFAULT has no value of the query's: NULL stands for it. */
Select *dml_update_rows(Planner *p, const Update *s)
{
    Select *q = rows_of(p->arena, s->table, s->alias, s->from, s->where);
    for (ptrdiff_t i = 0; i < s->assignments.len; i++) {
        const Assignment *set = &s->assignments.data[i];
        Expr *value = set->value->kind == EX_DEFAULT ? null_expr(p->arena, set->value->span) : set->value;
        Name name = {.text = str_printf(p->arena, "set%d", (int)i)};
        vec_push(&q->items, p->arena, (SelectItem){.expr = value, .alias = name});
    }
    return q;
}

/* ---- assignments ---------------------------------------------------------------------------------- */

static Status find_target(Planner *p, const Relation *rel, const Name *n, const int32_t *before, int nbefore, int32_t *out)
{
    int col = relation_column(rel, n->text);
    if (col < 0) return ddl_unknown_column(p, rel, n->text, n->span);
    if (rel->cols[col].kind != COL_PHYSICAL)
        return diag_error(p->diags, WEIR_E_READONLY, n->span, "column \"%.*s\" is computed", STR_ARG(rel->cols[col].name));
    for (int i = 0; i < nbefore; i++)
        if (before[i] == col)
            return diag_error(p->diags, WEIR_E_NAME, n->span, "column \"%.*s\" is named twice", STR_ARG(rel->cols[col].name));
    *out = col;
    return WEIR_OK;
}

Status dml_targets(Planner *p, const Relation *rel, const NameList *names, int32_t **out)
{
    *out = new (p->arena, int32_t, names->len);
    for (int i = 0; i < names->len; i++) TRY(find_target(p, rel, &names->data[i], *out, i, &(*out)[i]));
    return WEIR_OK;
}

Status dml_assigned(Planner *p, const Relation *rel, const AssignmentList *set, int32_t **out)
{
    NameList names = {0};
    for (ptrdiff_t i = 0; i < set->len; i++) vec_push(&names, p->arena, set->data[i].column);
    return dml_targets(p, rel, &names, out);
}

/* ---- expressions over rows at hand ---------------------------------------------------------------- */

static void add_columns(Scope *s, const Relation *rel, Str table, bool hidden)
{
    for (int i = 0; i < rel->ncols; i++)
        s->cols[s->ncols + i] = (ScopeColumn){.table = table, .name = rel->cols[i].name, .type = rel->cols[i].type,
                                              .col = s->ncols + i, .hidden = hidden};
    s->ncols += rel->ncols;
}

static Scope row_scope(Planner *p, const Relation *rel, const Name *alias, bool with_excluded)
{
    Scope s = {.cols = new (p->arena, ScopeColumn, 2 * (ptrdiff_t)rel->ncols)};
    add_columns(&s, rel, alias->text.n ? alias->text : rel->name, false);
    if (with_excluded) add_columns(&s, rel, S("excluded"), true);
    return s;
}

static Status bind_over(Planner *p, const Relation *rel, const Name *alias, bool with_excluded, const char *clause,
                        const Expr *e, bool is_condition, BExpr **out)
{
    Binder b = {.p = p};
    Props props = {.time_col = -1, .window_start = -1, .window_end = -1};
    Scope scope = row_scope(p, rel, alias, with_excluded);
    ExprContext c = {.scope = &scope, .props = &props, .clause = clause};
    return is_condition ? bind_condition(&b, &c, e, out) : bind_expr(&b, &c, e, out);
}

Status dml_conflict(Planner *p, const Relation *rel, const Insert *s, BExpr ***values, BExpr **where)
{
    *values = new (p->arena, BExpr *, s->assignments.len);
    int32_t *targets;
    TRY(dml_assigned(p, rel, &s->assignments, &targets));
    for (ptrdiff_t i = 0; i < s->assignments.len; i++) {
        const Expr *e = s->assignments.data[i].value;
        const ColumnDef *c = &rel->cols[targets[i]];
        if (e->kind == EX_DEFAULT) {
            (*values)[i] = c->default_value ? (BExpr *)c->default_value : bexpr_const(p->arena, value_null(c->type), e->span);
            continue;
        }
        TRY(bind_over(p, rel, &s->alias, true, "DO UPDATE SET", e, false, &(*values)[i]));
        TRY(plan_cast(p, (*values)[i], c->type, false, &(*values)[i]));
    }
    *where = NULL;
    return s->conflict_where ? bind_over(p, rel, &s->alias, true, "WHERE", s->conflict_where, true, where) : WEIR_OK;
}

/* ---- RETURNING ------------------------------------------------------------------------------------ */

static Str item_name(Planner *p, const SelectItem *item)
{
    if (item->alias.text.n) return item->alias.text;
    if (item->expr->kind == EX_COLUMN) return item->expr->parts.data[item->expr->parts.len - 1].text;
    StrBuf b = {.arena = p->arena};
    unparse_expr(&b, item->expr);
    return sb_done(&b);
}

static Status add_star(Planner *p, const Relation *rel, const Name *alias, const Expr *star, RowExprs *out)
{
    Str table = star->parts.len ? star->parts.data[star->parts.len - 1].text : (Str){0};
    if (table.n && !str_ieq(table, alias->text.n ? alias->text : rel->name))
        return diag_error(p->diags, WEIR_E_NAME, star->span, "there is no table \"%.*s\" here", STR_ARG(table));
    for (int i = 0; i < rel->ncols; i++) {
        vec_push(&out->exprs, p->arena, bexpr_column(p->arena, i, rel->cols[i].type, star->span));
        vec_push(&out->fields, p->arena, (Field){rel->cols[i].name, rel->cols[i].type});
    }
    return WEIR_OK;
}

Status dml_returning(Planner *p, const Relation *rel, const Name *alias, const SelectItemList *items, RowExprs *out)
{
    *out = (RowExprs){0};
    for (ptrdiff_t i = 0; i < items->len; i++) {
        const SelectItem *item = &items->data[i];
        BExpr *e;
        if (item->expr->kind == EX_STAR) {
            TRY(add_star(p, rel, alias, item->expr, out));
            continue;
        }
        TRY(bind_over(p, rel, alias, false, "RETURNING", item->expr, false, &e));
        vec_push(&out->exprs, p->arena, e);
        vec_push(&out->fields, p->arena, (Field){item_name(p, item), e->type});
    }
    return WEIR_OK;
}
