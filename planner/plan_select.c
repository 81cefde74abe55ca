/* plan_select.c: queries at any depth, and the way of a whole one: bind, check, rewrite, lower. */
#include "planner/bind.h"
#include "parser/unparse.h"
#include "planner/rewrite/rewrite.h"

#include <assert.h>

/* ---- a query -------------------------------------------------------------------------------- */

static Status refuse_order(Binder *b, const Select *s, bool is_top)
{
    if (s->order_by.len && (s->limit || !is_top))
        return bind_unsupported(b, s->order_by.data[0].span,
                                "ORDER BY in a standing query (Top-N)");
    if (s->order_by.len) {
        Status st =
            diag_error(b->p->diags, WEIR_E_UNSUPPORTED, bind_at(b, s->order_by.data[0].span),
                       "ORDER BY: the rows of a standing query have no order");
        diag_hint(b->p->diags, "order the rows where you read the view");
        return st;
    }
    if (s->limit && !is_top)
        return bind_unsupported(b, s->limit->span, "LIMIT in a standing query (Top-N)");
    if (s->offset) return bind_unsupported(b, s->offset->span, "OFFSET in a standing query");
    if (s->emit != EMIT_UNSAID && !is_top)
        return diag_error(b->p->diags, WEIR_E_EMIT, bind_at(b, s->emit_span),
                          "EMIT belongs to the end of the whole query");
    return WEIR_OK;
}

/* The common tables of WITH: each sees those before it. */
static Status open_with(Binder *b, const Select *s)
{
    if (s->is_recursive) return bind_unsupported(b, s->with.data[0].name.span, "WITH RECURSIVE");
    for (int i = 0; i < s->with.len; i++) {
        CteScope *cte = new_one(b->p->arena, CteScope);
        *cte = (CteScope){&s->with.data[i], b->ctes};
        b->ctes = cte;
    }
    return WEIR_OK;
}

static Status bind_kind(Binder *b, const Select *s, LNode **out)
{
    switch (s->kind) {
    case SELECT_CORE: return bind_core(b, s, out);
    case SELECT_VALUES: return bind_values(b, s, out);
    case SELECT_SET: return bind_set(b, s, out);
    }
    return WEIR_E_INTERNAL;
}

Status bind_select(Binder *b, const Select *s, bool is_top, LNode **out)
{
    if (b->depth >= BIND_DEPTH_MAX)
        return diag_error(b->p->diags, WEIR_E_LIMIT, bind_at(b, s->span),
                          "queries and views are nested at most %d deep", BIND_DEPTH_MAX);
    const CteScope *saved = b->ctes;
    TRY(refuse_order(b, s, is_top));
    TRY(open_with(b, s));
    b->depth++;
    Status st = bind_kind(b, s, out);
    b->depth--;
    b->ctes = saved;
    return st;
}

/* ---- what a query makes of its relation ----------------------------------------------------- */

/* Names declared with the view, CREATE VIEW v (a, b), stay. */
static void fill_columns(Planner *p, const LNode *n, const Field *names, Relation *r)
{
    const ColumnDef *declared = r->ncols == n->nfields ? r->cols : NULL;
    ColumnDef *cols = new (p->arena, ColumnDef, n->nfields);
    for (int i = 0; i < n->nfields; i++) {
        if (declared) cols[i] = declared[i];
        if (cols[i].name.n == 0) cols[i].name = names[i].name;
        cols[i].type = n->fields[i].type;
        cols[i].kind = COL_PHYSICAL;
    }
    r->cols = cols;
    r->ncols = n->nfields;
}

static void fill_relation(Binder *b, const LNode *n, const Field *names, Relation *r)
{
    fill_columns(b->p, n, names, r);
    r->watermark = (WatermarkDef){.col = n->props.time_col};
    r->is_append_only = n->props.is_append_only;
    r->emit_final = b->emit_final;
    r->key = n->props.key;
    r->nkey = n->props.nkey;
    r->depends = b->depends.data;
    r->ndepends = (int32_t)b->depends.len;
}

/* ---- whole queries -------------------------------------------------------------------------- */

static Status bind_whole(Binder *b, const Select *q, LNode **out)
{
    b->is_standing = true;
    b->emit_final = q->emit == EMIT_FINAL;
    return bind_select(b, q, true, out);
}

static Status find_limit(Binder *b, const Select *q, const Relation *rel, int64_t *limit)
{
    *limit = -1;
    if (!q->limit) return WEIR_OK;
    if (rel) return bind_unsupported(b, q->limit->span, "LIMIT in a standing query (Top-N)");
    ExprContext c = {.clause = "LIMIT"};
    BExpr *e;
    TRY(bind_expr(b, &c, q->limit, &e));
    if (e->kind == BE_CONST && !e->value.is_null && e->type.kind == TYPE_BIGINT &&
        e->value.i >= 0) {
        *limit = e->value.i;
        return WEIR_OK;
    }
    return diag_error(b->p->diags, WEIR_E_VALUE, bind_at(b, q->limit->span),
                      "LIMIT takes a number of rows");
}

static Status bound_and_checked(Binder *b, const Select *q, LNode **out)
{
    TRY(bind_whole(b, q, out));
    return lnode_check(b->p->diags, *out, b->emit_final, b->p->strict);
}

/* `names`: the output columns as they were selected; a rewrite may drop what only renames. */
static void add_root(Planner *p, PhysPlan *plan, const Select *q, Relation *rel, const Field *names)
{
    PhysOp *top = plan->ops[plan->nops - 1], *root = new_one(p->arena, PhysOp);
    PhysOp **ops = new (p->arena, PhysOp *, plan->nops + 1);
    memcpy(ops, plan->ops, (size_t)plan->nops * sizeof *ops);
    *root = (PhysOp){.kind = rel && rel->kind == REL_MATERIALIZED ? PHYS_VIEW : PHYS_OUTPUT,
                     .id = plan->nops,
                     .inputs = new (p->arena, PhysOp *, 1),
                     .ninputs = 1,
                     .nfields = top->nfields,
                     .props = top->props,
                     .span = q->span,
                     .rel = rel,
                     .key_window_start = -1,
                     .key_window_end = -1,
                     .input_retracts = !top->props.is_append_only};
    root->inputs[0] = top;
    root->fields = new (p->arena, Field, top->nfields);
    for (int i = 0; i < top->nfields; i++)
        root->fields[i] = (Field){rel ? rel->cols[i].name : names[i].name, top->fields[i].type};
    ops[plan->nops++] = root;
    plan->ops = ops;
}

/* Errors of any statement may have been reported before: only new ones count. */
static Status new_error(const Planner *p, ptrdiff_t before, Status st)
{
    if (st != WEIR_OK || !p->diags || p->diags->list.len == before) return st;
    return p->diags->list.data[before].code;
}

static Str canonical(Planner *p, const Select *q)
{
    StrBuf b = {.arena = p->arena};
    unparse_select(&b, q);
    return sb_done(&b);
}

Status plan_query(Planner *p, const Select *q, Relation *rel, PhysPlan **out)
{
    ptrdiff_t before = p->diags ? p->diags->list.len : 0;
    Binder b = {.p = p};
    LNode *root;
    int64_t limit;
    TRY(new_error(p, before, bound_and_checked(&b, q, &root)));
    TRY(find_limit(&b, q, rel, &limit));
    LNode *best = rewrite_all(p, root);
    PhysPlan *plan;
    TRY(lnode_lower(p->arena, best, p->diags, &plan));
    for (int i = 0; i < best->nfields; i++)
        assert(type_eq(best->fields[i].type, root->fields[i].type));
    if (rel) fill_relation(&b, best, root->fields, rel);
    add_root(p, plan, q, rel, root->fields);
    plan->limit = limit;
    plan->sql = canonical(p, q);
    *out = plan;
    return WEIR_OK;
}

Status plan_view_shape(Planner *p, const Select *q, Relation *rel)
{
    ptrdiff_t before = p->diags ? p->diags->list.len : 0;
    Binder b = {.p = p};
    LNode *root;
    TRY(new_error(p, before, bind_whole(&b, q, &root)));
    fill_relation(&b, root, root->fields, rel);
    return WEIR_OK;
}
