/* ddl_watermark.c: WATERMARK FOR c AS c - delay [WHEN …]: how a stream's event time advances. */
#include "base/datetime.h"
#include "planner/ddl.h"

/* A constant expression that is a length of time. */
static Status constant_duration(Planner *p, const Expr *e, const char *what, int64_t *us)
{
    BExpr *b;
    TRY(plan_scalar(p, e, NULL, &b));
    TRY(plan_cast(p, b, TYPE_OF(TYPE_INTERVAL), true, &b));
    Value v;
    TRY(p->constant(p->callback_arg, b, p->arena, &v, p->diags));
    if (v.is_null) return diag_error(p->diags, WEIR_E_VALUE, e->span, "%s is NULL", what);
    if (!interval_to_us(v.iv, us)) {
        Status st = diag_error(p->diags, WEIR_E_VALUE, e->span, "%s has months or is too long", what);
        diag_hint(p->diags, "months differ in length; count it in days, hours or seconds");
        return st;
    }
    return WEIR_OK;
}

static Status bad_shape(Planner *p, const Expr *e, Str column)
{
    Status st = diag_error(p->diags, WEIR_E_UNSUPPORTED, e->span,
                           "a watermark can only be a column or a column minus a constant interval");
    diag_hint(p->diags, "write WATERMARK FOR %.*s AS %.*s - INTERVAL '5' SECOND", STR_ARG(column),
              STR_ARG(column));
    return st;
}

static bool is_column(const Expr *e, Str column)
{
    return e->kind == EX_COLUMN && e->parts.len > 0 && str_ieq(e->parts.data[e->parts.len - 1].text, column);
}

/* The delay in `c`, `c - d1 - d2`. */
static Status delay_of(Planner *p, const Expr *e, Str column, int64_t *us)
{
    *us = 0;
    if (!e || is_column(e, column)) return WEIR_OK;
    if (e->kind != EX_OP || !str_eq(e->text, S("-")) || !is_column(e->args.data[0], column))
        return bad_shape(p, e, column);
    for (ptrdiff_t i = 1; i < e->args.len; i++) {
        int64_t part;
        TRY(constant_duration(p, e->args.data[i], "the watermark's delay", &part));
        if (__builtin_add_overflow(*us, part, us))
            return diag_error(p->diags, WEIR_E_VALUE, e->span, "the watermark's delay is too long");
    }
    if (*us >= 0) return WEIR_OK;
    Status st = diag_error(p->diags, WEIR_E_VALUE, e->span, "the watermark's delay is negative");
    diag_hint(p->diags, "a watermark cannot run ahead of the rows that make it");
    return st;
}

static Status time_column(Planner *p, const WatermarkDecl *w, const Relation *rel, int *col)
{
    const Name *name = &w->column.data[w->column.len - 1];
    if (w->column.len > 1) {
        Status st = diag_error(p->diags, WEIR_E_UNSUPPORTED, w->column.data[0].span,
                               "a watermark on a nested field is not built");
        diag_hint(p->diags, "declare a column for it: %.*s TIMESTAMP(3) PATH '$.….%.*s'",
                  STR_ARG(name->text), STR_ARG(name->text));
        return st;
    }
    int i = relation_column(rel, name->text);
    if (i < 0) return ddl_unknown_column(p, rel, name->text, name->span);
    if (rel->cols[i].type.kind == TYPE_TIMESTAMP) {
        *col = i;
        return WEIR_OK;
    }
    Str type = type_name(rel->cols[i].type, p->arena);
    Status st = diag_error(p->diags, WEIR_E_TYPE, name->span, "event time \"%.*s\" is %.*s, not TIMESTAMP",
                           STR_ARG(name->text), STR_ARG(type));
    diag_hint(p->diags, "declare it TIMESTAMP(3), or add a computed column such as ts AS to_timestamp(%.*s)",
              STR_ARG(name->text));
    return st;
}

static Status bind_when(Planner *p, const WatermarkDecl *w, const Relation *rel, WatermarkDef *out)
{
    if (!w->when) return WEIR_OK;
    BExpr *e;
    TRY(plan_scalar(p, w->when, rel, &e));
    TRY(plan_cast(p, e, TYPE_OF(TYPE_BOOLEAN), true, &e));
    out->when = e;
    return WEIR_OK;
}

static Status bind_idle(Planner *p, const WatermarkDecl *w, WatermarkDef *out)
{
    if (!w->close_after_idle) return WEIR_OK;
    TRY(constant_duration(p, w->close_after_idle, "the silence of CLOSE AFTER IDLE", &out->close_after_idle_us));
    if (out->close_after_idle_us > 0) return WEIR_OK;
    return diag_error(p->diags, WEIR_E_VALUE, w->close_after_idle->span, "the silence of CLOSE AFTER IDLE is not positive");
}

Status ddl_watermark(Planner *p, const WatermarkDecl *w, Relation *rel)
{
    WatermarkDef def = {0};
    int col = -1;
    TRY(time_column(p, w, rel, &col));
    def.col = col;
    TRY(delay_of(p, w->expr, rel->cols[col].name, &def.delay_us));
    TRY(bind_when(p, w, rel, &def));
    TRY(bind_idle(p, w, &def));
    def.drop_null_time = w->null_time == NULL_TIME_DROP;
    def.keep_null_time = w->null_time == NULL_TIME_SKIP;
    rel->watermark = def;
    return WEIR_OK;
}
