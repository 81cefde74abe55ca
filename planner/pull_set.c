/* pull_set.c: VALUES, UNION, INTERSECT and EXCEPT in SQLite's SQL: rows of several origins in the
 * types that their columns have in common. */
#include "planner/pull.h"
#include "planner/resolve.h"

/* ---- VALUES ------------------------------------------------------------------------------------- */

/* The values of one column in one type. */
static Status unite_values(Pull *l, PullValue **rows, int n, int col, Span at, PullType *type)
{
    BExpr **bound = new (l->arena, BExpr *, n);
    *type = PULL_UNKNOWN;
    for (int i = 0; i < n; i++) {
        if (!rows[i][col].type.known) return WEIR_OK;
        bound[i] = pull_bound(l, &rows[i][col], 0, at);
    }
    Type t;
    if (!resolve_common(l->p, bound, n, &t))
        return diag_error(l->p->diags, WEIR_E_TYPE, pull_at(l, at), "the values of column %d have no common type", col + 1);
    for (int i = 0; i < n; i++) TRY(pull_cast(l, &rows[i][col], t, pull_at(l, at), &rows[i][col]));
    *type = pull_type(t);
    return WEIR_OK;
}

static Status values_row(Pull *l, const Select *q, const PullScope *outer, ptrdiff_t i, PullValue **out)
{
    const ExprList *row = &q->rows.data[i];
    PullContext ctx = {.pull = l, .scope = outer, .clause = "VALUES"};
    if (row->len != q->rows.data[0].len)
        return diag_error(l->p->diags, WEIR_E_TYPE, pull_at(l, row->data[0]->span),
                          "this row has %d values, the first has %d", (int)row->len, (int)q->rows.data[0].len);
    *out = new (l->arena, PullValue, row->len);
    for (ptrdiff_t k = 0; k < row->len; k++) TRY(pull_value(&ctx, row->data[k], &(*out)[k]));
    return WEIR_OK;
}

static void write_rows(PullValue **rows, int n, int ncols, StrBuf *sql)
{
    sb_lit(sql, " FROM (VALUES ");
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < ncols; k++)
            sb_printf(sql, "%s%.*s", k ? ", " : i ? ", (" : "(", STR_ARG(rows[i][k].sql));
        sb_char(sql, ')');
    }
    sb_char(sql, ')');
}

Status pull_values(Pull *l, const Select *q, const PullScope *outer, const NameList *names, StrBuf *sql,
                            PullRows *out)
{
    int n = (int)q->rows.len, ncols = (int)q->rows.data[0].len;
    PullValue **rows = new (l->arena, PullValue *, n);
    for (int i = 0; i < n; i++) TRY(values_row(l, q, outer, i, &rows[i]));
    if (names && names->len > ncols)
        return diag_error(l->p->diags, WEIR_E_NAME, pull_at(l, q->span), "%d names for %d columns", (int)names->len, ncols);
    for (int k = 0; k < ncols; k++) {
        PullColumn col = {.name = str_printf(l->arena, "column%d", k + 1)};
        TRY(unite_values(l, rows, n, k, q->span, &col.type));
        sb_printf(sql, "%s\"column%d\" AS ", k ? ", " : "SELECT ", k + 1);
        if (names && k < names->len) col.name = names->data[k].text;
        pull_name(sql, col.name);
        vec_push(&out->cols, l->arena, col);
    }
    write_rows(rows, n, ncols, sql);
    return WEIR_OK;
}

/* ---- UNION, INTERSECT, EXCEPT ------------------------------------------------------------------- */

static const char *const SET_WORDS[] = {[SET_UNION] = " UNION ", [SET_INTERSECT] = " INTERSECT ", [SET_EXCEPT] = " EXCEPT "};

static bool is_known(const PullRows *r, ptrdiff_t col)
{
    return r->cols.data[col].type.known;
}

/* The types that the columns of all branches take. */
static Status common_types(Pull *l, const Select *q, PullRows *rows, PullType *types)
{
    for (ptrdiff_t k = 0; k < rows[0].cols.len; k++) {
        Type t = TYPE_OF(TYPE_NULL);
        bool known = true;
        for (ptrdiff_t i = 0; i < q->branches.len; i++) known &= is_known(&rows[i], k);
        for (ptrdiff_t i = 0; i < q->branches.len && known; i++)
            if (!type_common(t, rows[i].cols.data[k].type.type, &t))
                return diag_error(l->p->diags, WEIR_E_TYPE, pull_at(l, q->span), "the types of column %d have nothing in common",
                                  (int)k + 1);
        types[k] = known ? pull_type(t) : PULL_UNKNOWN;
        bool same = known;
        for (ptrdiff_t i = 0; i < q->branches.len && same; i++) {
            const PullType *p = &rows[i].cols.data[k].type;
            same = type_eq(p->type, rows[0].cols.data[k].type.type) && p->form == rows[0].cols.data[k].type.form;
        }
        if (same) types[k] = rows[0].cols.data[k].type;
    }
    return WEIR_OK;
}

static bool fits(const PullRows *r, const PullType *types)
{
    for (ptrdiff_t k = 0; k < r->cols.len; k++) {
        const PullType *t = &r->cols.data[k].type;
        bool is_null = t->known && t->type.kind == TYPE_NULL;
        if (types[k].known && !is_null && (!type_eq(t->type, types[k].type) || t->form != types[k].form)) return false;
    }
    return true;
}

/* SELECT cast(c1) AS a, … FROM (branch): the branch in the common types. */
static Status cast_branch(Pull *l, const Select *branch, const PullScope *outer, const PullType *types, PullRows *rows)
{
    NameList names = {0};
    for (ptrdiff_t k = 0; k < rows->cols.len; k++)
        vec_push(&names, l->arena, (Name){.text = str_printf(l->arena, "c%d", (int)k + 1)});
    PullRows inner;
    TRY(pull_select(l, branch, outer, &names, &inner));
    StrBuf b = {.arena = l->arena};
    for (ptrdiff_t k = 0; k < rows->cols.len; k++) {
        PullValue v = {.sql = pull_inner_name(l->arena, "c", k + 1), .type = inner.cols.data[k].type};
        if (types[k].known) TRY(pull_cast(l, &v, types[k].type, branch->span, &v));
        sb_printf(&b, "%s%.*s AS ", k ? ", " : "SELECT ", STR_ARG(v.sql));
        pull_name(&b, rows->cols.data[k].name);
    }
    sb_printf(&b, " FROM (%.*s)", STR_ARG(inner.sql));
    rows->sql = sb_done(&b);
    return WEIR_OK;
}

static bool needs_parentheses(const Select *branch)
{
    return branch->kind == SELECT_SET || branch->order_by.len || branch->limit || branch->offset || branch->with.len;
}

/* ORDER BY after a set operation: columns of the result only. */
Status pull_set_order(Pull *l, const Select *q, const PullRows *rows, StrBuf *sql)
{
    for (ptrdiff_t i = 0; i < q->order_by.len; i++) {
        const OrderItem *item = &q->order_by.data[i];
        const Expr *e = item->expr;
        int64_t n = 0;
        if (e->kind == EX_NUMBER && !str_to_int64(e->text, &n)) n = 0;
        for (ptrdiff_t k = 0; k < rows->cols.len && n == 0; k++)
            if (e->kind == EX_COLUMN && e->parts.len == 1 && str_ieq(rows->cols.data[k].name, e->parts.data[0].text)) n = k + 1;
        if (n < 1 || n > rows->cols.len) {
            Status st = diag_error(l->p->diags, WEIR_E_NAME, pull_at(l, e->span), "this is not a column of the result");
            diag_hint(l->p->diags, "after a set operation, order by columns of the first SELECT");
            return st;
        }
        PullValue v = {.sql = str_printf(l->arena, "%lld", (long long)n), .type = rows->cols.data[n - 1].type};
        sb_z(sql, i ? ", " : " ORDER BY ");
        pull_order_words(&v, item, sql);
    }
    return WEIR_OK;
}

static Status translate_branches(Pull *l, const Select *q, const PullScope *outer, const NameList *names, PullRows *rows)
{
    Status first = WEIR_OK;
    for (ptrdiff_t i = 0; i < q->branches.len; i++) {
        Status st = pull_select(l, q->branches.data[i], outer, i == 0 ? names : NULL, &rows[i]);
        if (st == WEIR_OK && !rows[0].is_open && !rows[i].is_open && rows[i].cols.len != rows[0].cols.len)
            st = diag_error(l->p->diags, WEIR_E_TYPE, pull_at(l, q->branches.data[i]->span),
                            "this SELECT has %d columns, the first has %d", (int)rows[i].cols.len, (int)rows[0].cols.len);
        if (first == WEIR_OK) first = st;
        if (i == 0 && st != WEIR_OK) return st;
    }
    return first;
}

static bool any_open(const PullRows *rows, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (rows[i].is_open) return true;
    return false;
}

/* ---- EXCEPT ALL, INTERSECT ALL ------------------------------------------------------------------ */

/* "c1", "c2", … */
static void inner_columns(Pull *l, ptrdiff_t n, StrBuf *sql)
{
    for (ptrdiff_t k = 0; k < n; k++) {
        Str name = pull_inner_name(l->arena, "c", k + 1);
        sb_printf(sql, "%s%.*s", k ? ", " : "", STR_ARG(name));
    }
}

/* Equal rows are numbered: what is there often enough on both sides has the same numbers. */
static void numbered(Pull *l, ptrdiff_t n, Str rows, StrBuf *sql)
{
    sb_lit(sql, "SELECT ");
    inner_columns(l, n, sql);
    sb_lit(sql, ", row_number() OVER (PARTITION BY ");
    inner_columns(l, n, sql);
    sb_printf(sql, ") FROM (%.*s)", STR_ARG(rows));
}

/* A branch in the common types, its columns called c1, c2, … */
static Status inner_branch(Pull *l, const Select *branch, const PullScope *outer, const PullType *types, PullRows rows,
                           Str *out)
{
    PullColumnList named = {0};
    for (ptrdiff_t k = 0; k < rows.cols.len; k++) {
        PullColumn col = rows.cols.data[k];
        col.name = str_printf(l->arena, "c%d", (int)k + 1);
        vec_push(&named, l->arena, col);
    }
    rows.cols = named;
    TRY(cast_branch(l, branch, outer, types, &rows));
    *out = rows.sql;
    return WEIR_OK;
}

/* Two sides after the other: what is left of the first two is numbered anew for the third. */
static Status set_of_all(Pull *l, const Select *q, const PullScope *outer, const PullRows *rows, const PullType *types,
                         StrBuf *sql)
{
    ptrdiff_t n = rows[0].cols.len;
    Str left, right;
    TRY(inner_branch(l, q->branches.data[0], outer, types, rows[0], &left));
    for (ptrdiff_t i = 1; i < q->branches.len; i++) {
        StrBuf b = {.arena = l->arena};
        TRY(inner_branch(l, q->branches.data[i], outer, types, rows[i], &right));
        sb_lit(&b, "SELECT ");
        inner_columns(l, n, &b);
        sb_lit(&b, " FROM (");
        numbered(l, n, left, &b);
        sb_z(&b, SET_WORDS[q->set_op]);
        numbered(l, n, right, &b);
        sb_char(&b, ')');
        left = sb_done(&b);
    }
    for (ptrdiff_t k = 0; k < n; k++) {
        Str name = pull_inner_name(l->arena, "c", k + 1);
        sb_printf(sql, "%s%.*s AS ", k ? ", " : "SELECT ", STR_ARG(name));
        pull_name(sql, rows[0].cols.data[k].name);
    }
    sb_printf(sql, " FROM (%.*s)", STR_ARG(left));
    return WEIR_OK;
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static Status set_of_branches(Pull *l, const Select *q, const PullScope *outer, PullRows *rows, const PullType *types,
                              bool open, StrBuf *sql)
{
    for (ptrdiff_t i = 0; i < q->branches.len; i++) {
        const Select *branch = q->branches.data[i];
        bool cast = !open && !fits(&rows[i], types);
        if (cast) TRY(cast_branch(l, branch, outer, types, &rows[i]));
        if (i) sb_printf(sql, "%s%s", SET_WORDS[q->set_op], q->set_all ? "ALL " : "");
        bool wrap = needs_parentheses(branch) && !cast;
        sb_printf(sql, wrap ? "SELECT * FROM (%.*s)" : "%.*s", STR_ARG(rows[i].sql));
    }
    return WEIR_OK;
}

Status pull_set(Pull *l, const Select *q, const PullScope *outer, const NameList *names, StrBuf *sql,
                         PullRows *out)
{
    PullRows *rows = new (l->arena, PullRows, q->branches.len);
    TRY(translate_branches(l, q, outer, names, rows));
    PullType *types = new (l->arena, PullType, rows[0].cols.len);
    bool open = any_open(rows, q->branches.len), all = q->set_all && q->set_op != SET_UNION;
    if (all && open)
        return pull_unsupported(l, q->span, q->set_op == SET_EXCEPT ? "EXCEPT ALL" : "INTERSECT ALL", "name the columns");
    if (!open) TRY(common_types(l, q, rows, types));
    TRY(all ? set_of_all(l, q, outer, rows, types, sql) : set_of_branches(l, q, outer, rows, types, open, sql));
    out->cols = rows[0].cols;
    out->is_open = open;
    for (ptrdiff_t k = 0; k < out->cols.len && !open; k++) out->cols.data[k].type = types[k];
    return WEIR_OK;
}
