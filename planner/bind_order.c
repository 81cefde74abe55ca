/* bind_order.c: ORDER BY with LIMIT and DISTINCT ON: the first rows of an order.
 *
 * Rows of a standing query have no order; what these clauses say is which rows are kept. An order
 * is always a whole one: where the text leaves rows equal, what tells them apart decides. */
#include "planner/bind.h"
#include "planner/casts.h"

/* ---- numbers of rows ------------------------------------------------------------------------ */

Status bind_constant_value(Binder *b, const char *clause, const Expr *e, Type t, Value *out)
{
    ExprContext c = {.clause = clause};
    BExpr *bound;
    TRY(bind_expr(b, &c, e, &bound));
    TRY(plan_cast(b->p, bound, t, true, &bound));
    if (bound->kind == BE_CONST) {
        *out = bound->value;
        out->type = t;
        return WEIR_OK;
    }
    if (!b->p->constant || bound->is_volatile)
        return diag_error(b->p->diags, WEIR_E_VALUE, bind_at(b, e->span), "%s takes a constant", clause);
    TRY(b->p->constant(b->p->callback_arg, bound, b->p->arena, out, b->p->diags));
    out->type = t;
    return WEIR_OK;
}

static Status bind_count(Binder *b, const char *clause, const Expr *e, int64_t fallback, int64_t *out)
{
    Value v;
    *out = fallback;
    if (!e) return WEIR_OK;
    TRY(bind_constant_value(b, clause, e, TYPE_BIGINT_, &v));
    if (v.is_null) return WEIR_OK;
    *out = v.i;
    if (v.i >= 0) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_VALUE, bind_at(b, e->span), "%s takes a number of rows", clause);
}

/* A materialized view keeps its rows in order; in a subquery or view the order is for what takes rows
 * by it (lnode_sort); rows that are handed on as they change have none. */
static Status order_without_limit(Binder *b, const Select *s, bool is_top, RowLimit *out)
{
    Span at = bind_at(b, s->order_by.data[0].span);
    if (is_top && b->counts_output) {
        Status st = diag_error(b->p->diags, WEIR_E_SYNTAX, at, "ORDER BY: rows of a stream come as they change, in no order");
        diag_hint(b->p->diags, "add LIMIT to keep the first of them, or order the rows of a view where you read it");
        return st;
    }
    if (!is_top || !b->shows_rank) return WEIR_OK;
    out->any = out->shows_rank = b->has_rank = true;
    out->span = at;
    return WEIR_OK;
}

Status bind_row_limit(Binder *b, const Select *s, bool is_top, RowLimit *out)
{
    *out = (RowLimit){.limit = -1, .with_ties = s->with_ties};
    bool cuts = s->limit || s->offset;
    if (s->order_by.len && !cuts && s->distinct_on.len == 0) return order_without_limit(b, s, is_top, out);
    if (!cuts) return WEIR_OK;
    if (s->with_ties && s->order_by.len == 0)
        return diag_error(b->p->diags, WEIR_E_SYNTAX, bind_at(b, s->limit->span),
                          "WITH TIES needs ORDER BY");
    TRY(bind_count(b, "LIMIT", s->limit, -1, &out->limit));
    TRY(bind_count(b, "OFFSET", s->offset, 0, &out->offset));
    if (is_top && b->counts_output && s->order_by.len == 0 && !s->offset) return WEIR_OK;
    out->any = true;
    out->shows_rank = is_top && b->shows_rank;
    b->has_rank |= out->shows_rank;
    out->span = bind_at(b, s->limit ? s->limit->span : s->offset->span);
    if (s->order_by.len) out->span = bind_at(b, s->order_by.data[0].span);
    return WEIR_OK;
}

/* ---- orders --------------------------------------------------------------------------------- */

void order_add(LOrder *order, int32_t *n, BExpr *e, bool descending, bool nulls_first)
{
    if (e->kind == BE_CONST) return;
    for (int i = 0; i < *n; i++)
        if (bexpr_eq(order[i].expr, e)) return;
    order[(*n)++] = (LOrder){e, descending, nulls_first};
}

LOrder *order_whole(Binder *b, const LNode *in, const LOrder *order, int32_t norder, int32_t *n)
{
    Arena *a = b->p->arena;
    bool is_told_apart = in->props.has_position && in->props.is_append_only; /* by position */
    int32_t *cols, ncols = is_told_apart ? 0 : lnode_identity(in, a, &cols);
    LOrder *whole = new (a, LOrder, norder + ncols);
    *n = 0;
    for (int i = 0; i < norder; i++)
        order_add(whole, n, order[i].expr, order[i].descending, order[i].nulls_first);
    for (int i = 0; i < ncols; i++)
        order_add(whole, n, bexpr_column(a, cols[i], in->fields[cols[i]].type, in->span), false, true);
    return whole;
}

static Status bad_ordinal(Binder *b, const Expr *e, int64_t number, int32_t n)
{
    return diag_error(b->p->diags, WEIR_E_NAME, bind_at(b, e->span),
                      "ORDER BY %lld: the select list has %d column%s", (long long)number, n, n == 1 ? "" : "s");
}

/* A name or number of an output column means that column. */
static Status find_item(Binder *b, const Expr *e, const OutputList *items, int32_t *out)
{
    int64_t number;
    *out = -1;
    if (e->kind == EX_NUMBER && str_to_int64(e->text, &number)) {
        if (number < 1 || number > items->n) return bad_ordinal(b, e, number, items->n);
        *out = (int32_t)number - 1;
        return WEIR_OK;
    }
    if (e->kind != EX_COLUMN || e->parts.len != 1) return WEIR_OK;
    for (int32_t i = 0; i < items->n && *out < 0; i++)
        if (items->items[i].is_named && str_ieq(items->items[i].name, e->parts.data[0].text)) *out = i;
    return WEIR_OK;
}

static Status bind_order_item(Binder *b, const ExprContext *c, const OrderItem *o,
                              const OutputList *items, BExpr *const *exprs, BExpr **out)
{
    int32_t i;
    TRY(find_item(b, o->expr, items, &i));
    if (i < 0) return bind_expr(b, c, o->expr, out);
    *out = exprs[i];
    return *out ? WEIR_OK : WEIR_E_NAME; /* that item has its error already */
}

Status bind_order_list(Binder *b, const ExprContext *c, const OrderList *list,
                       const OutputList *items, BExpr *const *exprs, LOrder **out, int32_t *n)
{
    *out = new (b->p->arena, LOrder, list->len);
    *n = 0;
    for (int i = 0; i < list->len; i++) {
        const OrderItem *o = &list->data[i];
        BExpr *e;
        TRY(bind_order_item(b, c, o, items, exprs, &e));
        bool first = o->nulls == NULLS_DEFAULT ? !o->is_desc : o->nulls == NULLS_FIRST;
        (*out)[(*n)++] = (LOrder){e, o->is_desc, first};
    }
    return WEIR_OK;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

/* Fills parts and makes the node of them; its columns are those of `in`, then the rank if it shows. */
static LNode *top(Binder *b, LNode *in, LNode *parts, const LOrder *order, int32_t norder, Span at)
{
    LNode **rows = new_one(b->p->arena, LNode *);
    int32_t ncols = in->nfields;
    LOrder *plain = new (b->p->arena, LOrder, norder);
    int32_t n = 0;
    for (int i = 0; i < norder; i++)
        order_add(plain, &n, order[i].expr, order[i].descending, order[i].nulls_first);
    bool has_position = in->props.has_position && in->props.is_append_only;
    *rows = has_position ? in : lnode_identified(b->p, in);
    parts->inputs = rows;
    parts->order = order_whole(b, *rows, plain, n, &parts->norder);
    parts->npeer = n;
    parts->emit_final = b->emit_final;
    LNode *node = lnode_topn(b->p->arena, parts, at);
    return lnode_narrowed(b->p->arena, node, ncols, node->nfields - 1, parts->shows_rank);
}

/* The rows tied with the last of OFFSET m … n ROWS WITH TIES come in, those tied with the last
 * that OFFSET skips don't: ranks up to m + n, of which the first m rows go. */
static LNode *top_with_ties(Binder *b, LNode *in, const RowLimit *l, const LOrder *order, int32_t norder)
{
    int64_t last;
    if (__builtin_add_overflow(l->limit, l->offset, &last)) last = -1;
    LNode ties = {.rank = TOP_RANK, .limit = last, .shows_rank = l->shows_rank && l->offset == 0,
                  .what = S("ORDER BY … WITH TIES")};
    if (l->offset == 0) return top(b, in, &ties, order, norder, l->span);
    LNode *n = top(b, lnode_identified(b->p, in), &ties, order, norder, l->span);
    LNode rest = {.rank = TOP_ROW_NUMBER, .limit = -1, .offset = l->offset, .shows_rank = l->shows_rank,
                  .what = S("OFFSET")};
    n = top(b, n, &rest, order, norder, l->span);
    return lnode_narrowed(b->p->arena, n, in->nfields, n->nfields - 1, l->shows_rank);
}

/* LIMIT over a subquery with ORDER BY. */
static const LOrder *order_of_rows(Binder *b, const LNode *in, int32_t *n)
{
    LOrder *out = new (b->p->arena, LOrder, in->nsorted);
    *n = in->nsorted;
    for (int i = 0; i < *n; i++) {
        const OrderKey *k = &in->sorted[i];
        out[i] = (LOrder){bexpr_column(b->p->arena, k->col, in->fields[k->col].type, in->span), k->descending, k->nulls_first};
    }
    return out;
}

void lnode_sort(Arena *a, LNode *n, BExpr *const *shown, const LOrder *order, int32_t norder)
{
    n->sorted = new (a, OrderKey, norder);
    n->nsorted = norder;
    for (int i = 0; i < norder; i++) {
        int32_t col = 0;
        while (col < n->nfields && !bexpr_eq(shown[col], order[i].expr)) col++;
        n->sorted[i] = (OrderKey){col, order[i].descending, order[i].nulls_first};
        if (col < n->nfields) continue;
        n->nsorted = -1;
        return;
    }
}

LNode *bind_row_top(Binder *b, LNode *in, const RowLimit *l, const LOrder *order, int32_t norder)
{
    if (l->with_ties && l->limit >= 0) return top_with_ties(b, in, l, order, norder);
    LNode parts = {.rank = TOP_ROW_NUMBER, .limit = l->limit, .offset = l->offset,
                   .shows_rank = l->shows_rank, .what = norder ? S("ORDER BY … LIMIT") : S("LIMIT")};
    if (l->limit < 0 && l->offset == 0) parts.what = S("ORDER BY");
    if (norder == 0 && in->nsorted > 0) order = order_of_rows(b, in, &norder);
    return top(b, in, &parts, order, norder, l->span);
}

Status bind_output_top(Binder *b, const Select *s, const RowLimit *l, LNode *in, LNode **out)
{
    Arena *a = b->p->arena;
    *out = in;
    if (!l->any && s->order_by.len == 0) return WEIR_OK;
    Scope scope = scope_of(a, in, (Str){0});
    OutputList items = {new (a, OutputItem, in->nfields), in->nfields};
    BExpr **exprs = new (a, BExpr *, in->nfields);
    for (int32_t i = 0; i < in->nfields; i++) {
        items.items[i] = (OutputItem){.name = in->fields[i].name, .is_named = true, .span = in->span};
        exprs[i] = bexpr_column(a, i, in->fields[i].type, in->span);
    }
    ExprContext c = {.scope = &scope, .props = &in->props, .clause = "ORDER BY"};
    LOrder *order;
    int32_t n;
    TRY(bind_order_list(b, &c, &s->order_by, &items, exprs, &order, &n));
    if (l->any) {
        *out = bind_row_top(b, in, l, order, n);
        return WEIR_OK;
    }
    *out = lnode_project(a, in, exprs, in->fields, in->nfields, in->span);
    lnode_sort(a, *out, exprs, order, n);
    return WEIR_OK;
}

/* By event time under EMIT FINAL there is no window to end a Top-N: OVER knows the first row of a key
 * when the watermark has reached it. */
static Status first_by_over(Binder *b, const LNode *parts, Span at, LNode **out)
{
    Arena *a = b->p->arena;
    LNode over = *parts;
    over.overs = new_one(a, LOver);
    over.novers = 1;
    over.overs[0] = (LOver){.func = OVER_ROW_NUMBER, .frame = DEFAULT_FRAME, .type = TYPE_BIGINT_,
                            .text = S("row_number() OVER (DISTINCT ON)"), .span = at};
    LNode *n = lnode_over(a, &over, at);
    BExpr **args = new (a, BExpr *, 2), *is_first;
    args[0] = bexpr_column(a, parts->inputs[0]->nfields, TYPE_BIGINT_, at);
    args[1] = bexpr_const(a, value_int(1), at);
    TRY(bind_operator(b, "=", args, 2, at, &is_first));
    *out = lnode_filter(a, n, is_first, at);
    return WEIR_OK;
}

/* Rows of one key are equal in it: ORDER BY begins with it only because PostgreSQL wants it so. */
static const LOrder *order_within(Binder *b, BExpr *const *keys, int32_t nkeys, const LOrder *order,
                                  int32_t *norder)
{
    LOrder *rest = new (b->p->arena, LOrder, *norder);
    int32_t n = 0;
    for (int i = 0; i < *norder; i++) {
        bool is_key = false;
        for (int k = 0; k < nkeys; k++) is_key |= bexpr_eq(order[i].expr, keys[k]);
        if (!is_key) rest[n++] = order[i];
    }
    *norder = n;
    return rest;
}

Status bind_first_rows(Binder *b, LNode *in, BExpr **keys, int32_t nkeys, const LOrder *order,
                       int32_t norder, Span at, LNode **out)
{
    LNode parts = {.keys = keys, .nkeys = nkeys, .rank = TOP_ROW_NUMBER, .limit = 1,
                   .what = S("DISTINCT ON")};
    order = order_within(b, keys, nkeys, order, &norder);
    *out = top(b, in, &parts, order, norder, at);
    const LNode *node = (*out)->kind == L_PROJECT ? (*out)->inputs[0] : *out;
    if (!b->emit_final || node->key_window_end >= 0) return WEIR_OK;
    return first_by_over(b, &parts, at, out);
}
