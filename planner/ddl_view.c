/* ddl_view.c: CREATE VIEW and CREATE MATERIALIZED VIEW; who depends on what. */
#include "planner/ddl.h"

#include "parser/unparse.h"

static Str statement_text(Planner *p, const CreateView *s)
{
    StrBuf b = {.arena = p->arena};
    Stmt stmt = {.kind = STMT_CREATE_VIEW, .create_view = (CreateView *)s};
    unparse_stmt(&b, &stmt);
    return sb_done(&b);
}

/* ---- the column list of CREATE VIEW v (a, b) ---------------------------------------------------- */

/* SELECT * FROM (query) AS v(a, b): the query with its columns called a, b. */
static Select *renamed_query(Planner *p, const CreateView *s)
{
    TableRef *from = new_one(p->arena, TableRef);
    *from = (TableRef){.kind = TABLE_SUBQUERY, .span = s->query->span, .alias = s->name,
                       .columns = s->columns, .query = s->query};
    Expr *star = new_one(p->arena, Expr);
    *star = (Expr){.kind = EX_STAR, .span = s->query->span, .op_span = s->query->span};
    Select *q = new_one(p->arena, Select);
    *q = (Select){.kind = SELECT_CORE, .span = s->query->span, .from = from};
    vec_push(&q->items, p->arena, (SelectItem){.expr = star});
    return q;
}

static int32_t visible_columns(const Relation *rel)
{
    int32_t n = 0;
    for (int32_t i = 0; i < rel->ncols; i++) n += !rel->cols[i].hidden;
    return n;
}

static Status rename_columns(Planner *p, const CreateView *s, Relation *rel)
{
    if (s->columns.len == 0) return WEIR_OK;
    if (s->columns.len != visible_columns(rel))
        return diag_error(p->diags, WEIR_E_NAME, span_join(s->columns.data[0].span, s->columns.data[s->columns.len - 1].span),
                          "\"%.*s\" names %d columns, its query has %d", STR_ARG(rel->name),
                          (int)s->columns.len, visible_columns(rel));
    ptrdiff_t k = 0;
    for (int32_t i = 0; i < rel->ncols; i++) {
        if (rel->cols[i].hidden) continue;
        rel->cols[i].name = str_dup(p->arena, s->columns.data[k].text);
        rel->cols[i].span = s->columns.data[k++].span;
    }
    return WEIR_OK;
}

/* The root of a materialized view's plan shows the names of the view. */
static void rename_root(PhysPlan *plan, const Relation *rel)
{
    PhysOp *root = plan->ops[plan->nops - 1];
    for (int32_t i = 0; i < root->nfields && i < rel->ncols; i++) root->fields[i].name = rel->cols[i].name;
}

static Status check_output(Planner *p, const CreateView *s, const Relation *rel)
{
    Status st = ddl_check_columns(p, rel, "view", s->query->span);
    if (st == WEIR_E_NAME) diag_hint(p->diags, "give one of them another name with AS");
    return st;
}

/* ---- the statements ----------------------------------------------------------------------------- */

static Status plain_view(Planner *p, const CreateView *s, Relation *rel)
{
    if (s->options.len > 0)
        return diag_error(p->diags, WEIR_E_OPTION, s->options.data[0].key.span,
                          "a view takes no options; a materialized view does");
    TRY(plan_view_shape(p, s->query, rel));
    TRY(rename_columns(p, s, rel));
    rel->query = s->columns.len ? renamed_query(p, s) : s->query;
    return check_output(p, s, rel);
}

static Status materialized_view(Planner *p, const CreateView *s, Relation *rel)
{
    const OptionDef *lists[] = {p->catalog->registry->view_options};
    TRY(ddl_options(p, &s->options, lists, 1, &rel->options));
    PhysPlan *plan;
    TRY(plan_query(p, s->query, rel, &plan));
    TRY(rename_columns(p, s, rel));
    if (s->columns.len) rename_root(plan, rel);
    rel->query = s->query;
    rel->plan = plan;
    return check_output(p, s, rel);
}

static Status sink(Planner *p, const CreateView *s)
{
    Status st = diag_error(p->diags, WEIR_E_UNSUPPORTED, s->name.span, "CREATE SINK is not built");
    diag_hint(p->diags, "CREATE MATERIALIZED VIEW keeps the rows where any SQLite client reads them");
    return st;
}

Status ddl_view(Planner *p, const CreateView *s, Relation **out)
{
    TRY(ddl_check_name(p, &s->name, s->or_replace || s->if_not_exists));
    if (s->kind == VIEW_SINK) return sink(p, s);
    Relation *rel = new_one(p->arena, Relation);
    *rel = (Relation){.kind = s->kind == VIEW_PLAIN ? REL_VIEW : REL_MATERIALIZED,
                      .name = str_dup(p->arena, s->name.text),
                      .base_dir = str_dup(p->arena, p->base_dir), .watermark = {.col = -1}};
    TRY(s->kind == VIEW_PLAIN ? plain_view(p, s, rel) : materialized_view(p, s, rel));
    rel->sql = statement_text(p, s);
    *out = rel;
    return WEIR_OK;
}

/* ---- who reads a relation ----------------------------------------------------------------------- */

static bool reads(const Relation *r, int64_t id)
{
    for (int32_t i = 0; i < r->ndepends; i++)
        if (r->depends[i] == id) return true;
    return false;
}

/* How many steps lie between `from` and r on the longest way; 0: it does not read r. */
static int distance(const Catalog *c, const Relation *from, const Relation *r, int limit)
{
    if (from == r || limit == 0) return 0;
    int best = reads(from, r->id);
    for (int32_t i = 0; i < from->ndepends; i++) {
        const Relation *next = catalog_by_id(c, from->depends[i]);
        int d = next ? distance(c, next, r, limit - 1) : 0;
        if (d > 0 && d + 1 > best) best = d + 1;
    }
    return best;
}

int ddl_dependants(const Catalog *c, const Relation *r, Relation **out, int max)
{
    int n = 0, left = 0, limit = (int)c->relations.len;
    for (int step = 1; step == 1 || left > 0; step++) {
        left = 0;
        for (ptrdiff_t i = 0; i < c->relations.len; i++) {
            Relation *other = c->relations.items[i].value;
            int d = other ? distance(c, other, r, limit) : 0;
            left += d > step;
            if (d == step && n++ < max) out[n - 1] = other;
        }
    }
    return n;
}
