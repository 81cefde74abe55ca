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

/* The names stand in rel->cols before the query is planned, which keeps them. */
static void declare_columns(Planner *p, const CreateView *s, Relation *rel)
{
    rel->ncols = (int32_t)s->columns.len;
    rel->cols = new (p->arena, ColumnDef, rel->ncols);
    for (int32_t i = 0; i < rel->ncols; i++) {
        const Name *n = &s->columns.data[i];
        rel->cols[i] = (ColumnDef){.name = str_dup(p->arena, n->text), .span = n->span};
    }
}

static Status check_count(Planner *p, const CreateView *s, const Relation *rel)
{
    int32_t shown = 0;
    for (int32_t i = 0; i < rel->ncols; i++) shown += !rel->cols[i].hidden;
    if (s->columns.len == 0 || s->columns.len == shown) return WEIR_OK;
    Span at = span_join(s->columns.data[0].span, s->columns.data[s->columns.len - 1].span);
    return diag_error(p->diags, WEIR_E_NAME, at, "\"%.*s\" names %d columns, its query has %d",
                      STR_ARG(rel->name), (int)s->columns.len, shown);
}

static Status check_output(Planner *p, const CreateView *s, const Relation *rel)
{
    TRY(check_count(p, s, rel));
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
    rel->query = s->query;
    return check_output(p, s, rel);
}

/* A view keeps the time zone it was made under: it becomes an option of its own. */
static CreateView with_time_zone(Planner *p, const CreateView *s)
{
    CreateView copy = *s;
    Str zone = options_text(&p->catalog->settings, "time_zone", "");
    bool known = options_find(p->catalog->registry->view_options, S("time_zone")) != NULL;
    bool given = false;
    for (ptrdiff_t i = 0; i < s->options.len; i++) given |= str_ieq(s->options.data[i].key.text, S("time_zone"));
    if (s->kind != VIEW_MATERIALIZED || !known || given || zone.n == 0 || str_ieq(zone, S("UTC"))) return copy;
    copy.options = (OptionList){0};
    for (ptrdiff_t i = 0; i < s->options.len; i++) vec_push(&copy.options, p->arena, s->options.data[i]);
    OptionItem item = {.key = {.text = S("time_zone")}, .value = str_dup(p->arena, zone), .is_string = true};
    vec_push(&copy.options, p->arena, item);
    return copy;
}

static Status materialized_view(Planner *p, const CreateView *s, Relation *rel)
{
    const OptionDef *lists[] = {p->catalog->registry->view_options};
    TRY(ddl_options(p, &s->options, lists, 1, &rel->options));
    PhysPlan *plan;
    Planner local = *p;
    local.time_zone = options_text(&rel->options, "time_zone", "");
    TRY(plan_query(&local, s->query, rel, &plan));
    rel->query = s->query;
    rel->plan = plan;
    TRY(ddl_late(p, rel));
    return check_output(p, s, rel);
}

static Status sink(Planner *p, const CreateView *s)
{
    Status st = diag_error(p->diags, WEIR_E_UNSUPPORTED, s->name.span, "CREATE SINK is not built");
    diag_hint(p->diags, "CREATE MATERIALIZED VIEW keeps the rows where any SQLite client reads them");
    return st;
}

Status ddl_view(Planner *p, const CreateView *written, Relation **out)
{
    CreateView zoned = with_time_zone(p, written);
    const CreateView *s = &zoned;
    TRY(ddl_check_name(p, &s->name, s->or_replace || s->if_not_exists));
    if (s->kind == VIEW_SINK) return sink(p, s);
    Relation *rel = new_one(p->arena, Relation);
    *rel = (Relation){.kind = s->kind == VIEW_PLAIN ? REL_VIEW : REL_MATERIALIZED,
                      .name = str_dup(p->arena, s->name.text),
                      .base_dir = str_dup(p->arena, p->base_dir), .watermark = {.col = -1}};
    rel->sql = statement_text(p, s);
    declare_columns(p, s, rel);
    TRY(s->kind == VIEW_PLAIN ? plain_view(p, s, rel) : materialized_view(p, s, rel));
    *out = rel;
    return WEIR_OK;
}

Status ddl_plan_again(Planner *p, const CreateView *s, Relation *rel)
{
    Relation before = *rel;
    *rel = (Relation){.kind = before.kind, .id = before.id, .name = before.name, .sql = before.sql, .base_dir = before.base_dir,
                      .watermark = {.col = -1}};
    declare_columns(p, s, rel);
    Status st = materialized_view(p, s, rel);
    if (st != WEIR_OK) *rel = before;
    return st;
}

/* ---- who reads a relation ----------------------------------------------------------------------- */

static bool reads(const Relation *r, int64_t id)
{
    for (int32_t i = 0; i < r->ndepends; i++)
        if (r->depends[i] == id) return true;
    return r->late_into == id;
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
