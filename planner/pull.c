/* pull.c: SELECT … FROM over views and tables as SQLite's SQL, clause by clause.
 *
 * What SQLite lacks is written around it: QUALIFY, DISTINCT ON and WITH TIES become a query with
 * hidden columns inside another that filters by them; GROUPING SETS a query for each set, put together
 * inside another. */
#include "planner/pull.h"

#include <assert.h>

/* One column of the result. */
typedef struct Item {
    PullValue value;
    Str name;
    bool is_named; /* by AS or by being a column */
    const Expr *expr; /* NULL: one of those that * stands for */
    Str table;     /* "t".* of an open table: written as it is */
    bool is_star;
} Item;

/* A SELECT on its way to SQL. */
typedef struct Core {
    Pull *l;
    const Select *q;
    PullScope scope;
    PullContext ctx;
    VEC(Item) items;
    VEC(Str) keys;      /* GROUP BY, as SQL */
    VEC(Str) orders;    /* ORDER BY, each with its direction */
    VEC(Str) hidden;    /* of the inner query of a wrapped one: `expr AS "name"` */
    bool is_grouped, is_open, is_wrapped;
    Str from, where, having, filter; /* filter: of the outer query */
} Core;

/* ---- output columns ----------------------------------------------------------------------------- */

static void add_column_item(Core *c, const PullColumn *col)
{
    Item item = {.value = {.sql = col->sql, .type = col->type}, .name = col->name, .is_named = true};
    const PullSet *set = c->ctx.set;
    for (ptrdiff_t i = 0; set && i < set->keys.len; i++)
        if (!(set->mask >> i & 1) && str_eq(set->keys.data[i], col->sql)) item.value.sql = S("NULL");
    vec_push(&c->items, c->l->arena, item);
}

static bool has_twin(const PullScope *s, const PullColumn *col)
{
    for (ptrdiff_t i = 0; i < s->cols.len; i++)
        if (s->cols.data[i].is_merged && str_ieq(s->cols.data[i].name, col->name)) return true;
    return false;
}

/* `*`: columns of USING first, then all others. */
static void expand_all(Core *c)
{
    for (int joined = 1; joined >= 0; joined--)
        for (ptrdiff_t i = 0; i < c->scope.cols.len; i++) {
            const PullColumn *col = &c->scope.cols.data[i];
            if (!col->hidden && !col->is_merged && has_twin(&c->scope, col) == (joined == 1)) add_column_item(c, col);
        }
}

static Status expand_table(Core *c, const Expr *e, Str table)
{
    bool any = false;
    for (ptrdiff_t i = 0; i < c->scope.tables.len; i++) any |= str_ieq(c->scope.tables.data[i], table);
    if (!any)
        return diag_error(c->l->p->diags, WEIR_E_NAME, pull_at(c->l, e->span), "there is no \"%.*s\" in FROM",
                          STR_ARG(table));
    for (ptrdiff_t i = 0; i < c->scope.cols.len; i++) {
        const PullColumn *col = &c->scope.cols.data[i];
        if (!col->hidden && str_ieq(col->table, table)) add_column_item(c, col);
    }
    return WEIR_OK;
}

static bool is_open_table(const Core *c, Str table)
{
    for (ptrdiff_t i = 0; i < c->scope.open_tables.len; i++)
        if (table.n == 0 || str_ieq(c->scope.open_tables.data[i], table)) return true;
    return false;
}

static Status add_star(Core *c, const Expr *e)
{
    Str table = e->parts.len ? e->parts.data[e->parts.len - 1].text : (Str){0};
    if (c->scope.tables.len == 0)
        return diag_error(c->l->p->diags, WEIR_E_NAME, pull_at(c->l, e->span), "* without FROM");
    if (is_open_table(c, table)) {
        c->is_open = true;
        vec_push(&c->items, c->l->arena, (Item){.table = table, .is_star = true, .is_named = true});
        return WEIR_OK;
    }
    if (table.n) return expand_table(c, e, table);
    expand_all(c);
    return WEIR_OK;
}

static Str column_name(const Expr *e)
{
    if (e->kind == EX_COLUMN || e->kind == EX_FIELD) return e->parts.data[e->parts.len - 1].text;
    return (Str){0};
}

/* The name that an expression without alias gets: as in a standing query. */
static Str implicit_name(Arena *a, const Expr *e, int number)
{
    Str name = column_name(e);
    if (name.n) return name;
    if (e->kind == EX_CALL) return str_lower(a, e->text);
    if (e->kind == EX_CAST) return implicit_name(a, e->args.data[0], number);
    if (e->kind == EX_CASE) return S("case");
    return str_printf(a, "column%d", number);
}

static Status add_item(Core *c, const SelectItem *i)
{
    Item item = {.expr = i->expr, .is_named = i->alias.text.n > 0 || column_name(i->expr).n > 0};
    item.name = i->alias.text.n ? i->alias.text : implicit_name(c->l->arena, i->expr, (int)c->items.len + 1);
    PullContext ctx = c->ctx;
    ctx.aliases = NULL;
    ctx.allow_agg = true;
    ctx.allow_window = !ctx.set;
    ctx.clause = "SELECT";
    TRY(pull_value(&ctx, i->expr, &item.value));
    vec_push(&c->items, c->l->arena, item);
    return WEIR_OK;
}

static bool is_taken(const Core *c, ptrdiff_t except, Str name)
{
    for (ptrdiff_t i = 0; i < c->items.len; i++) {
        const Item *other = &c->items.data[i];
        if (i != except && (other->is_named || i < except) && str_ieq(other->name, name)) return true;
    }
    return false;
}

/* count(*), count(x): the second becomes "count_1". */
static void make_unique(Core *c)
{
    for (ptrdiff_t i = 0; i < c->items.len; i++) {
        Item *item = &c->items.data[i];
        Str base = item->name;
        for (int n = 1; !item->is_named && is_taken(c, i, item->name); n++)
            item->name = str_printf(c->l->arena, "%.*s_%d", STR_ARG(base), n);
    }
}

static Status core_items(Core *c, const NameList *names)
{
    Status first = WEIR_OK;
    for (ptrdiff_t i = 0; i < c->q->items.len; i++) {
        const SelectItem *item = &c->q->items.data[i];
        Status st = item->expr->kind == EX_STAR ? add_star(c, item->expr) : add_item(c, item);
        if (first == WEIR_OK) first = st;
    }
    TRY(first);
    make_unique(c);
    if (!names) return WEIR_OK;
    if (c->is_open || names->len > c->items.len)
        return diag_error(c->l->p->diags, WEIR_E_NAME, pull_at(c->l, c->q->span), "%d names for %d columns",
                          (int)names->len, (int)c->items.len);
    for (ptrdiff_t i = 0; i < names->len; i++) c->items.data[i].name = names->data[i].text;
    return WEIR_OK;
}

/* ---- GROUP BY ----------------------------------------------------------------------------------- */

/* GROUP BY 2 is the second column of the result. */
static Status ordinal(const Core *c, const Expr *e, int64_t *out)
{
    *out = 0;
    if (e->kind != EX_NUMBER || !str_to_int64(e->text, out)) return WEIR_OK;
    if (*out >= 1 && (*out <= c->items.len || c->is_open)) return WEIR_OK;
    return diag_error(c->l->p->diags, WEIR_E_NAME, pull_at(c->l, e->span), "there is no column %.*s in the select list",
                      STR_ARG(e->text));
}

static Status key_sql(Core *c, const Expr *e, Str *out)
{
    int64_t n;
    TRY(ordinal(c, e, &n));
    PullContext ctx = c->ctx;
    ctx.clause = "GROUP BY";
    PullValue v;
    if (n > 0 && !c->is_open && c->items.data[n - 1].expr) e = c->items.data[n - 1].expr;
    if (pull_has_aggregate(&ctx, e))
        return diag_error(c->l->p->diags, WEIR_E_GROUP, pull_at(c->l, e->span), "GROUP BY cannot use an aggregate");
    if (n > 0 && !c->is_open)
        v = c->items.data[n - 1].value;
    else
        TRY(pull_value(&ctx, e, &v));
    if (v.constant) v.sql = str_printf(c->l->arena, "CAST(%.*s AS TEXT)", STR_ARG(v.sql)); /* not an ordinal */
    *out = v.sql;
    return WEIR_OK;
}

static Status group_window(const Core *c, const Expr *e, bool *is_window)
{
    *is_window = e->kind == EX_CALL && pull_is_window_function(c->l, e->text);
    if (!*is_window) return WEIR_OK;
    return pull_unsupported(c->l, e->span, "a window", "let a materialized view make the windows, or use date_bin");
}

static Status core_group(Core *c)
{
    for (ptrdiff_t i = 0; i < c->q->group_by.len; i++) {
        const GroupItem *g = &c->q->group_by.data[i];
        for (ptrdiff_t k = 0; k < g->exprs.len; k++) {
            bool is_window;
            Str sql;
            TRY(group_window(c, g->exprs.data[k], &is_window));
            TRY(key_sql(c, g->exprs.data[k], &sql));
            vec_push(&c->keys, c->l->arena, sql);
        }
    }
    return WEIR_OK;
}

/* ---- what is neither grouped nor aggregated ------------------------------------------------------ */

static bool is_key(const Core *c, Str sql)
{
    for (ptrdiff_t i = 0; i < c->keys.len; i++)
        if (str_eq(c->keys.data[i], sql)) return true;
    return false;
}

static Status check_grouped(const Core *c, const Expr *e);

static Status check_list(const Core *c, const ExprList *list)
{
    for (ptrdiff_t i = 0; i < list->len; i++) TRY(check_grouped(c, list->data[i]));
    return WEIR_OK;
}

static Status check_over(const Core *c, const OverSpec *o)
{
    TRY(check_list(c, &o->partition_by));
    for (ptrdiff_t i = 0; i < o->order_by.len; i++) TRY(check_grouped(c, o->order_by.data[i].expr));
    return WEIR_OK;
}

static Status check_name(const Core *c, const Expr *e)
{
    bool ambiguous;
    const Name *last = &e->parts.data[e->parts.len - 1];
    Str table = e->parts.len > 1 ? e->parts.data[0].text : (Str){0};
    bool own = pull_own_column(&c->scope, table, last->text, &ambiguous) ||
               pull_own_column(&c->scope, (Str){0}, e->parts.data[0].text, &ambiguous);
    if (!own) return WEIR_OK; /* an outer query's, an alias, or not known */
    Status st = diag_error(c->l->p->diags, WEIR_E_GROUP, pull_at(c->l, e->span),
                           "column \"%.*s\" is neither grouped nor aggregated", STR_ARG(last->text));
    diag_hint(c->l->p->diags, "add it to GROUP BY, or write max(%.*s)", STR_ARG(last->text));
    return st;
}

static Status check_grouped(const Core *c, const Expr *e)
{
    PullContext ctx = c->ctx;
    ctx.allow_agg = ctx.allow_window = true;
    PullValue v;
    bool is_query = e->kind == EX_SUBQUERY || e->kind == EX_EXISTS || e->kind == EX_IN_QUERY || e->query;
    if (e->kind == EX_STAR || is_query || pull_is_aggregate(&ctx, e)) return WEIR_OK;
    if (e->kind != EX_ROW) {
        TRY(pull_value(&ctx, e, &v));
        if (v.constant || is_key(c, v.sql) || (c->ctx.set && str_eq(v.sql, S("NULL")))) return WEIR_OK;
        if (pull_is_grouping(&ctx, e)) return WEIR_OK;
    }
    if (e->kind == EX_COLUMN) return check_name(c, e);
    if (e->operand) TRY(check_grouped(c, e->operand));
    if (e->call && e->call->over) TRY(check_over(c, e->call->over));
    return check_list(c, &e->args);
}

static bool needs_grouping(const Core *c)
{
    if (c->keys.len || (c->q->having && pull_has_aggregate(&c->ctx, c->q->having))) return true;
    for (ptrdiff_t i = 0; i < c->items.len; i++)
        if (c->items.data[i].expr && pull_has_aggregate(&c->ctx, c->items.data[i].expr)) return true;
    for (ptrdiff_t i = 0; i < c->q->order_by.len; i++)
        if (pull_has_aggregate(&c->ctx, c->q->order_by.data[i].expr)) return true;
    return false;
}

static Status check_items(const Core *c)
{
    if (!c->is_grouped) return WEIR_OK;
    for (ptrdiff_t i = 0; i < c->items.len; i++) {
        const Item *item = &c->items.data[i];
        if (item->expr) {
            TRY(check_grouped(c, item->expr));
        } else if (!item->is_star && !is_key(c, item->value.sql) && !str_eq(item->value.sql, S("NULL"))) {
            return diag_error(c->l->p->diags, WEIR_E_GROUP, pull_at(c->l, c->q->span),
                              "column \"%.*s\" is neither grouped nor aggregated", STR_ARG(item->name));
        }
    }
    return c->q->having ? check_grouped(c, c->q->having) : WEIR_OK;
}

/* ---- ORDER BY ----------------------------------------------------------------------------------- */

/* The column of the result that an ORDER BY item names: from 1; 0: it is an expression. */
static Status named_output(const Core *c, const Expr *e, int64_t *out)
{
    TRY(ordinal(c, e, out));
    if (*out || e->kind != EX_COLUMN || e->parts.len != 1 || c->is_open) return WEIR_OK;
    for (ptrdiff_t i = 0; i < c->items.len && *out == 0; i++)
        if (str_ieq(c->items.data[i].name, e->parts.data[0].text)) *out = i + 1;
    return WEIR_OK;
}

Str pull_inner_name(Arena *a, const char *kind, int64_t n)
{
    return str_printf(a, "\"%s%lld\"", kind, (long long)n);
}

static Status order_output(Core *c, int64_t n, PullValue *v)
{
    Arena *a = c->l->arena;
    *v = (PullValue){.type = c->is_open ? PULL_UNKNOWN : c->items.data[n - 1].value.type};
    v->sql = c->is_wrapped ? pull_inner_name(a, "c", n) : str_printf(a, "%lld", (long long)n);
    return WEIR_OK;
}

/* An expression of ORDER BY: in a wrapped query a hidden column of the inner one. */
static Status order_expression(Core *c, const Expr *e, PullValue *v)
{
    PullContext ctx = c->ctx;
    ctx.allow_agg = true;
    ctx.allow_window = !ctx.set;
    ctx.clause = "ORDER BY";
    TRY(pull_value(&ctx, e, v));
    if (c->is_grouped) TRY(check_grouped(c, e));
    if (!c->is_wrapped || (v->constant && !ctx.set)) return WEIR_OK;
    Str name = pull_inner_name(c->l->arena, "o", c->hidden.len + 1);
    vec_push(&c->hidden, c->l->arena, str_printf(c->l->arena, "%.*s AS %.*s", STR_ARG(v->sql), STR_ARG(name)));
    v->sql = name;
    return WEIR_OK;
}

static Status core_order(Core *c)
{
    for (ptrdiff_t i = 0; i < c->q->order_by.len; i++) {
        const OrderItem *item = &c->q->order_by.data[i];
        PullValue v;
        int64_t n;
        TRY(named_output(c, item->expr, &n));
        TRY(n ? order_output(c, n, &v) : order_expression(c, item->expr, &v));
        if (v.constant && !c->ctx.set) continue; /* a number would be read as an ordinal */
        StrBuf b = {.arena = c->l->arena};
        pull_order_words(&v, item, &b);
        vec_push(&c->orders, c->l->arena, sb_done(&b));
    }
    return WEIR_OK;
}

/* ---- LIMIT -------------------------------------------------------------------------------------- */

static Status row_count(Pull *l, const Expr *e, const char *clause, const PullScope *outer, Str *out)
{
    *out = (Str){0};
    if (!e) return WEIR_OK;
    PullContext ctx = {.pull = l, .scope = outer, .clause = clause};
    PullValue v;
    TRY(pull_value(&ctx, e, &v));
    if (v.constant && v.constant->is_null) return WEIR_OK;
    bool is_int = !v.type.known || v.type.type.kind == TYPE_BIGINT;
    if (!is_int || (v.constant && v.constant->i < 0))
        return diag_error(l->p->diags, WEIR_E_VALUE, pull_at(l, e->span), "%s takes a number of rows", clause);
    *out = v.sql;
    return WEIR_OK;
}

Status pull_limit(Pull *l, const Select *q, const PullScope *outer, StrBuf *sql)
{
    Str limit, offset;
    TRY(row_count(l, q->limit, "LIMIT", outer, &limit));
    TRY(row_count(l, q->offset, "OFFSET", outer, &offset));
    if (limit.n) sb_printf(sql, " LIMIT %.*s", STR_ARG(limit));
    if (offset.n) sb_printf(sql, "%s OFFSET %.*s", limit.n ? "" : " LIMIT -1", STR_ARG(offset));
    return WEIR_OK;
}

/* ---- QUALIFY, DISTINCT ON, WITH TIES ------------------------------------------------------------ */

static bool is_plain_distinct(const Select *q)
{
    return q->is_distinct && q->distinct_on.len == 0;
}

static Status one_wrapping(const Core *c)
{
    const Select *q = c->q;
    int n = (q->qualify != NULL) + (q->distinct_on.len > 0) + (q->with_ties && q->limit);
    if (n + is_plain_distinct(q) <= 1 || (n == 1 && q->qualify)) return WEIR_OK;
    return pull_unsupported(c->l, q->span, "DISTINCT, DISTINCT ON, QUALIFY and WITH TIES together",
                            "put one of them into a subquery");
}

static PullContext windowed(const Core *c, const char *clause)
{
    PullContext ctx = c->ctx;
    ctx.allow_agg = ctx.allow_window = true;
    ctx.clause = clause;
    return ctx;
}

static Status wrap_qualify(Core *c)
{
    PullContext ctx = windowed(c, "QUALIFY");
    PullValue v;
    TRY(pull_condition(&ctx, c->q->qualify, &v));
    if (c->is_grouped) TRY(check_grouped(c, c->q->qualify));
    vec_push(&c->hidden, c->l->arena, str_printf(c->l->arena, "%.*s AS \"q\"", STR_ARG(v.sql)));
    c->filter = S("\"q\"");
    return WEIR_OK;
}

/* ORDER BY inside a window function that does what the query's ORDER BY does. */
static Status order_inside(Core *c, StrBuf *b)
{
    PullContext ctx = windowed(c, "ORDER BY");
    for (ptrdiff_t i = 0; i < c->q->order_by.len; i++) {
        const OrderItem *item = &c->q->order_by.data[i];
        PullValue v;
        int64_t n;
        TRY(named_output(c, item->expr, &n));
        if (n)
            v = c->items.data[n - 1].value;
        else
            TRY(pull_value(&ctx, item->expr, &v));
        sb_z(b, i ? ", " : " ORDER BY ");
        pull_order_words(&v, item, b);
    }
    return WEIR_OK;
}

static Status wrap_distinct_on(Core *c)
{
    PullContext ctx = windowed(c, "DISTINCT ON");
    StrBuf b = {.arena = c->l->arena};
    sb_lit(&b, "row_number() OVER (PARTITION BY ");
    for (ptrdiff_t i = 0; i < c->q->distinct_on.len; i++) {
        PullValue v;
        int64_t n;
        TRY(named_output(c, c->q->distinct_on.data[i], &n));
        if (n)
            v = c->items.data[n - 1].value;
        else
            TRY(pull_value(&ctx, c->q->distinct_on.data[i], &v));
        sb_printf(&b, "%s%.*s", i ? ", " : "", STR_ARG(v.sql));
    }
    TRY(order_inside(c, &b));
    sb_lit(&b, ") AS \"q\"");
    vec_push(&c->hidden, c->l->arena, sb_done(&b));
    c->filter = S("\"q\" = 1");
    return WEIR_OK;
}

/* The rows that the offset leaves, as far as the last of them has equals. */
static Status wrap_ties(Core *c)
{
    Arena *a = c->l->arena;
    Str limit, offset;
    TRY(row_count(c->l, c->q->limit, "LIMIT", c->scope.outer, &limit));
    TRY(row_count(c->l, c->q->offset, "OFFSET", c->scope.outer, &offset));
    if (c->q->order_by.len == 0)
        return diag_error(c->l->p->diags, WEIR_E_VALUE, pull_at(c->l, c->q->span), "WITH TIES needs ORDER BY");
    if (offset.n == 0) offset = S("0");
    StrBuf b = {.arena = a};
    TRY(order_inside(c, &b));
    Str order = sb_done(&b);
    vec_push(&c->hidden, a, str_printf(a, "rank() OVER (%.*s) AS \"q\"", STR_ARG(order)));
    vec_push(&c->hidden, a, str_printf(a, "row_number() OVER (%.*s) AS \"r\"", STR_ARG(order)));
    c->filter = str_printf(a, "\"q\" <= %.*s + %.*s AND \"r\" > %.*s", STR_ARG(offset), STR_ARG(limit), STR_ARG(offset));
    return WEIR_OK;
}

static bool has_ties(const Select *q)
{
    return q->with_ties && q->limit;
}

static Status core_wrapping(Core *c)
{
    const Select *q = c->q;
    c->is_wrapped = q->qualify || q->distinct_on.len || has_ties(q);
    if (!c->is_wrapped) return WEIR_OK;
    TRY(one_wrapping(c));
    if (c->is_open) return pull_unsupported(c->l, q->span, "* of a table whose columns are not known here", "name the columns");
    if (q->qualify) return wrap_qualify(c);
    return q->distinct_on.len ? wrap_distinct_on(c) : wrap_ties(c);
}

/* ---- writing ------------------------------------------------------------------------------------ */

static void write_list(StrBuf *b, const char *before, const Str *list, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        sb_z(b, i ? ", " : before);
        sb_str(b, list[i]);
    }
}

static void write_item(const Core *c, ptrdiff_t i, StrBuf *b)
{
    const Item *item = &c->items.data[i];
    if (item->is_star) {
        if (item->table.n) pull_name(b, item->table);
        sb_z(b, item->table.n ? ".*" : "*");
        return;
    }
    sb_str(b, item->value.sql);
    sb_lit(b, " AS ");
    if (c->is_wrapped)
        sb_str(b, pull_inner_name(b->arena, "c", i + 1));
    else
        pull_name(b, item->name);
}

static Status write_windows(const Core *c, StrBuf *b)
{
    PullContext ctx = windowed(c, "WINDOW");
    for (ptrdiff_t i = 0; i < c->q->windows.len; i++) {
        const NamedWindow *w = &c->q->windows.data[i];
        sb_z(b, i ? ", " : " WINDOW ");
        pull_name(b, w->name.text);
        sb_lit(b, " AS ");
        TRY(pull_window_spec(&ctx, w->spec, b));
    }
    return WEIR_OK;
}

/* SELECT … WINDOW …, without ORDER BY. */
static Status write_body(const Core *c, StrBuf *b)
{
    sb_z(b, is_plain_distinct(c->q) && !c->is_wrapped ? "SELECT DISTINCT " : "SELECT ");
    for (ptrdiff_t i = 0; i < c->items.len; i++) {
        if (i) sb_lit(b, ", ");
        write_item(c, i, b);
    }
    write_list(b, ", ", c->hidden.data, c->hidden.len);
    if (c->from.n) sb_printf(b, " FROM %.*s", STR_ARG(c->from));
    if (c->where.n) sb_printf(b, " WHERE %.*s", STR_ARG(c->where));
    write_list(b, " GROUP BY ", c->keys.data, c->keys.len);
    if (c->having.n) sb_printf(b, " HAVING %.*s", STR_ARG(c->having));
    return write_windows(c, b);
}

/* SELECT … FROM ( */
static void write_wrapping(const Core *c, StrBuf *b)
{
    sb_z(b, is_plain_distinct(c->q) ? "SELECT DISTINCT " : "SELECT ");
    for (ptrdiff_t i = 0; i < c->items.len; i++) {
        if (i) sb_lit(b, ", ");
        sb_str(b, pull_inner_name(b->arena, "c", i + 1));
        sb_lit(b, " AS ");
        pull_name(b, c->items.data[i].name);
    }
    sb_lit(b, " FROM (");
}

static Status write_core(const Core *c, StrBuf *b)
{
    if (c->is_wrapped) write_wrapping(c, b);
    TRY(write_body(c, b));
    if (c->is_wrapped) sb_printf(b, ") WHERE %.*s", STR_ARG(c->filter));
    write_list(b, " ORDER BY ", c->orders.data, c->orders.len);
    return has_ties(c->q) ? WEIR_OK : pull_limit(c->l, c->q, c->scope.outer, b);
}

/* ---- SELECT … FROM … ---------------------------------------------------------------------------- */

static Status refuse_unbuilt(const Pull *l, const Select *q)
{
    if (q->emit == EMIT_UNSAID && !q->window) return WEIR_OK;
    if (q->window)
        return pull_unsupported(l, q->window->span, "a window", "let a materialized view make the windows, or use date_bin");
    Status st = diag_error(l->p->diags, WEIR_E_EMIT, pull_at(l, q->emit_span), "EMIT: the rows of a view are read once");
    diag_hint(l->p->diags, "EMIT belongs to CREATE MATERIALIZED VIEW");
    return st;
}

static Status core_from(Core *c)
{
    StrBuf b = {.arena = c->l->arena};
    c->ctx.clause = "FROM";
    if (c->q->from) TRY(pull_from(&c->ctx, c->q->from, &c->scope, &b));
    c->from = b.n ? sb_done(&b) : (Str){0};
    return WEIR_OK;
}

static Status core_where(Core *c)
{
    PullValue v;
    if (!c->q->where) return WEIR_OK;
    c->ctx.clause = "WHERE";
    TRY(pull_condition(&c->ctx, c->q->where, &v));
    c->where = v.sql;
    return WEIR_OK;
}

static Status core_having(Core *c)
{
    PullValue v;
    if (!c->q->having) return WEIR_OK;
    PullContext ctx = c->ctx;
    ctx.allow_agg = true;
    ctx.clause = "HAVING";
    TRY(pull_condition(&ctx, c->q->having, &v));
    c->having = v.sql;
    return WEIR_OK;
}

static void core_rows(const Core *c, PullRows *out)
{
    out->is_open = c->is_open;
    for (ptrdiff_t i = 0; i < c->items.len; i++) {
        const Item *item = &c->items.data[i];
        if (!item->is_star)
            vec_push(&out->cols, c->l->arena, (PullColumn){.name = item->name, .type = item->value.type});
    }
}

/* ---- GROUPING SETS ------------------------------------------------------------------------------ */

/* FROM, WHERE and the select list. */
static Status begin_core(Pull *l, const Select *q, const PullScope *outer, const NameList *names, const PullSet *set, Core **out)
{
    Core *c = *out = new_one(l->arena, Core);
    *c = (Core){.l = l, .q = q, .scope = {.outer = outer}};
    c->ctx = (PullContext){.pull = l, .scope = &c->scope, .windows = &q->windows};
    TRY(core_from(c));
    Status where = core_where(c);
    c->ctx.set = set;
    c->is_wrapped = set != NULL;
    Status items = core_items(c, names);
    if (where != WEIR_OK || items != WEIR_OK) return where != WEIR_OK ? where : items;
    c->ctx.aliases = &q->items;
    return WEIR_OK;
}

static Status check_beside_sets(const Core *c)
{
    const Select *q = c->q;
    if (c->is_open) return pull_unsupported(c->l, q->span, "* of a table whose columns are not known here", "name the columns");
    if (!q->qualify && q->distinct_on.len == 0 && !has_ties(q)) return WEIR_OK;
    return pull_unsupported(c->l, q->span, "GROUPING SETS with QUALIFY, DISTINCT ON or WITH TIES", "put the sets into a subquery in FROM");
}

typedef struct SetKeys {
    Core *core;
    PullSet *set;
} SetKeys;

static Status bit_of_key(void *arg, const Expr *e, uint64_t *bit)
{
    SetKeys *s = arg;
    Str sql;
    bool is_window;
    ptrdiff_t i = 0;
    TRY(group_window(s->core, e, &is_window));
    TRY(key_sql(s->core, e, &sql));
    while (i < s->set->keys.len && !str_eq(s->set->keys.data[i], sql)) i++;
    if (i == s->set->keys.len) vec_push(&s->set->keys, s->core->l->arena, sql);
    if (i >= 63) return diag_error(s->core->l->p->diags, WEIR_E_LIMIT, pull_at(s->core->l, e->span), "too many keys in GROUP BY");
    *bit = (uint64_t)1 << i;
    return WEIR_OK;
}

/* The groups of one set. A set without keys is one group, of no rows too. */
static Status one_set(Core *c)
{
    const PullSet *set = c->ctx.set;
    for (ptrdiff_t i = 0; i < set->keys.len; i++)
        if (set->mask >> i & 1) vec_push(&c->keys, c->l->arena, set->keys.data[i]);
    c->is_grouped = true;
    vec_push(&c->hidden, c->l->arena, S("count(*) AS \"g\""));
    TRY(core_having(c));
    TRY(check_items(c));
    return core_order(c);
}

static Status select_sets(Pull *l, const Select *q, const PullScope *outer, const NameList *names, StrBuf *sql, PullRows *out)
{
    Core *c;
    PullSet all = {0}, sought = {.is_sought = true};
    PullMasks masks = {0};
    TRY(begin_core(l, q, outer, names, &sought, &c));
    TRY(check_beside_sets(c));
    TRY(pull_masks(l, &q->group_by, bit_of_key, &(SetKeys){c, &all}, &masks));
    for (ptrdiff_t i = 0; i < masks.len; i++) {
        PullSet *set = new_one(l->arena, PullSet);
        *set = all;
        set->mask = masks.data[i];
        TRY(begin_core(l, q, outer, names, set, &c));
        TRY(one_set(c));
        if (i == 0) write_wrapping(c, sql);
        if (i > 0) sb_lit(sql, " UNION ALL ");
        TRY(write_body(c, sql));
    }
    sb_char(sql, ')');
    write_list(sql, " ORDER BY ", c->orders.data, c->orders.len);
    core_rows(c, out);
    return pull_limit(l, q, outer, sql);
}

static Status select_core(Pull *l, const Select *q, const PullScope *outer, const NameList *names, StrBuf *sql,
                          PullRows *out)
{
    Core *c;
    if (pull_has_sets(q)) return select_sets(l, q, outer, names, sql, out);
    TRY(begin_core(l, q, outer, names, NULL, &c));
    TRY(core_group(c));
    c->is_grouped = needs_grouping(c);
    TRY(core_having(c));
    TRY(check_items(c));
    TRY(core_wrapping(c));
    TRY(core_order(c));
    TRY(write_core(c, sql));
    core_rows(c, out);
    return WEIR_OK;
}

/* ---- a query at any depth ----------------------------------------------------------------------- */

static Status select_any(Pull *l, const Select *q, const PullScope *outer, const NameList *names, StrBuf *sql, PullRows *out)
{
    switch (q->kind) {
    case SELECT_CORE: return select_core(l, q, outer, names, sql, out);
    case SELECT_VALUES: TRY(pull_values(l, q, outer, names, sql, out)); break;
    case SELECT_SET: TRY(pull_set(l, q, outer, names, sql, out)); break;
    }
    TRY(pull_set_order(l, q, out, sql));
    return pull_limit(l, q, outer, sql);
}

Status pull_select(Pull *l, const Select *q, const PullScope *outer, const NameList *names, PullRows *out)
{
    if (l->depth >= PULL_DEPTH_MAX)
        return diag_error(l->p->diags, WEIR_E_LIMIT, pull_at(l, q->span), "queries and views are nested at most %d deep",
                          PULL_DEPTH_MAX);
    const PullCte *ctes = l->ctes;
    StrBuf sql = {.arena = l->arena};
    *out = (PullRows){0};
    TRY(refuse_unbuilt(l, q));
    l->depth++;
    Status st = pull_with(l, q, outer, &sql);
    if (st == WEIR_OK) st = select_any(l, q, outer, names, &sql, out);
    l->depth--;
    l->ctes = ctes;
    out->sql = sb_done(&sql);
    return st;
}

static void take_result(Pull *l, const PullRows *rows, PullQuery *out)
{
    *out = (PullQuery){.sql = rows->sql, .exprs = l->exprs.data, .nexprs = (int32_t)l->exprs.len};
    if (rows->is_open) return; /* SQLite knows the columns */
    out->ncols = (int32_t)rows->cols.len;
    out->cols = new (l->arena, Field, rows->cols.len);
    for (ptrdiff_t i = 0; i < rows->cols.len; i++) {
        const PullColumn *c = &rows->cols.data[i];
        out->cols[i] = (Field){c->name, c->type.known ? c->type.type : TYPE_OF(TYPE_NULL)};
    }
}

Status pull_translate(Planner *p, const Select *q, PullQuery *out)
{
    Pull l = {.p = p, .arena = p->arena};
    PullRows rows;
    TRY(pull_select(&l, q, NULL, NULL, &rows));
    take_result(&l, &rows, out);
    return WEIR_OK;
}
