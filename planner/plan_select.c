/* plan_select.c: queries at any depth, and the way of a whole one: bind, check, rewrite, lower. */
#include "planner/bind.h"
#include "parser/unparse.h"
#include "planner/rewrite/rewrite.h"
#include "planner/subquery.h"

#include <assert.h>

/* ---- a query -------------------------------------------------------------------------------- */

static Status refuse_emit(Binder *b, const Select *s, bool is_top)
{
    if (s->emit == EMIT_UNSAID || is_top) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_EMIT, bind_at(b, s->emit_span),
                      "EMIT belongs to the end of the whole query");
}

/* The common tables of WITH: each sees those before it. */
static Status open_with(Binder *b, const Select *s)
{
    if (s->is_recursive) return bind_unsupported(b, s->with.data[0].name.span, "WITH RECURSIVE");
    for (int i = 0; i < s->with.len; i++) {
        CteScope *cte = new_one(b->p->arena, CteScope);
        *cte = (CteScope){&s->with.data[i], b->ctes, b->frame, new_one(b->p->arena, LNode *)};
        b->ctes = cte;
    }
    return WEIR_OK;
}

static Status bind_kind(Binder *b, const Select *s, const RowLimit *l, LNode **out)
{
    if (s->kind == SELECT_CORE) return bind_core(b, s, l, out);
    LNode *rows;
    TRY(s->kind == SELECT_VALUES ? bind_values(b, s, &rows) : bind_set(b, s, &rows));
    return bind_output_top(b, s, l, rows, out);
}

Status bind_select(Binder *b, const Select *s, bool is_top, LNode **out)
{
    if (b->depth >= BIND_DEPTH_MAX)
        return diag_error(b->p->diags, WEIR_E_LIMIT, bind_at(b, s->span),
                          "queries and views are nested at most %d deep", BIND_DEPTH_MAX);
    const CteScope *saved = b->ctes;
    RowLimit limit;
    TRY(refuse_emit(b, s, is_top));
    TRY(bind_row_limit(b, s, is_top, &limit));
    TRY(open_with(b, s));
    b->depth++;
    Status st = bind_kind(b, s, &limit, out);
    b->depth--;
    b->ctes = saved;
    return st;
}

/* ---- what a query makes of its relation ----------------------------------------------------- */

/* "_rank", or what is left of it where a column has that name. */
static Str rank_name(Arena *a, const ColumnDef *cols, int32_t n)
{
    Str name = S("_rank");
    for (int i = 0; i < n; i++) {
        if (!str_ieq(cols[i].name, name)) continue;
        name = str_printf(a, "%.*s_", STR_ARG(name));
        i = -1;
    }
    return name;
}

/* Names declared with the view, CREATE VIEW v (a, b), stay. `has_rank`: the last column is the rank
 * of its Top-N. */
static void fill_columns(Planner *p, const LNode *n, const Field *names, bool has_rank, Relation *r)
{
    int32_t shown = n->nfields - has_rank;
    const ColumnDef *declared = r->ncols == shown ? r->cols : NULL;
    ColumnDef *cols = new (p->arena, ColumnDef, n->nfields);
    for (int i = 0; i < n->nfields; i++) {
        if (declared && i < shown) cols[i] = declared[i];
        if (cols[i].name.n == 0) cols[i].name = names[i].name;
        cols[i].type = n->fields[i].type;
        cols[i].kind = COL_PHYSICAL;
    }
    if (has_rank) {
        cols[shown].name = rank_name(p->arena, cols, shown);
        cols[shown].hidden = true;
    }
    r->cols = cols;
    r->ncols = n->nfields;
}

static void fill_relation(Binder *b, const LNode *n, const Field *names, Relation *r)
{
    fill_columns(b->p, n, names, b->has_rank, r);
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

/* LIMIT without an order: the first rows of the output, whatever they are. */
static Status find_limit(Binder *b, const Select *q, int64_t *limit)
{
    RowLimit l;
    TRY(bind_row_limit(b, q, true, &l));
    *limit = l.any ? -1 : l.limit;
    return WEIR_OK;
}

static Status bound_and_checked(Binder *b, const Select *q, LNode **out)
{
    TRY(bind_whole(b, q, out));
    TRY(attach_check(b->p, *out));
    if (b->emit_final) *out = lnode_final(b->p->arena, *out);
    return lnode_check(b->p->diags, *out, b->emit_final);
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
                     .input_retracts = !top->props.is_append_only,
                     .ttl_by_clock = top->ttl_by_clock,
                     .is_forgetful = state_ttl_forgets(plan)};
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

static Status optimized(Planner *p, LNode *root, Relation *rel, LNode **best, PhysPlan **plan)
{
    *best = rewrite_contenders(p, rel, rewrite_shared(p, rewrite_needed(p, rewrite_all(p, root))));
    TRY(lnode_lower(p->arena, *best, p->diags, plan));
    state_ttl_apply(*plan, rel, p->arena);
    return WEIR_OK;
}

/* Judged of the plan that runs, for OVER may have become a Top-N; but rules that are switched off
 * don't change a verdict. */
static Status check_strict(Planner *p, LNode *root, Relation *rel, const PhysPlan *plan)
{
    Planner with_rules = *p;
    PhysPlan *best_plan;
    LNode *best;
    with_rules.rules_off = NULL;
    if (!p->strict) return WEIR_OK;
    if (p->rules_off) {
        TRY(optimized(&with_rules, root, rel, &best, &best_plan));
        plan = best_plan;
    }
    return check_bound(p->diags, plan->ops[plan->nops - 1]->props.state_bound, root->span);
}

Status plan_query(Planner *p, const Select *q, Relation *rel, PhysPlan **out)
{
    ptrdiff_t before = p->diags ? p->diags->list.len : 0;
    Binder b = {.p = p, .counts_output = !rel, .shows_rank = rel && rel->kind == REL_MATERIALIZED};
    LNode *root;
    int64_t limit;
    TRY(new_error(p, before, bound_and_checked(&b, q, &root)));
    TRY(find_limit(&b, q, &limit));
    LNode *best;
    PhysPlan *plan;
    TRY(optimized(p, root, rel, &best, &plan));
    TRY(check_strict(p, root, rel, plan));
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
