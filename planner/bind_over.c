/* bind_over.c: calls with OVER (…).
 *
 * A call met while the select list, QUALIFY or ORDER BY is bound becomes a column with a number
 * from COL_OVER on. When all is bound, the calls become nodes above the aggregate (or above FROM
 * and WHERE), one for each different partition and order, chained; every node adds its calls as
 * columns behind those of its input, so that what was bound below keeps its numbers. */
#include "planner/bind.h"
#include "planner/casts.h"
#include "planner/resolve.h"
#include "planner/subquery.h"

#include <assert.h>

/* A call before its node is made. */
typedef struct BoundOver {
    LOver call;
    BExpr **keys;
    int32_t nkeys;
    LOrder *order;
    int32_t norder;
    bool by_time;  /* without ORDER BY rows are taken by event time */
    Span span;     /* of OVER (…) */
    int32_t col;   /* of the result, when the node is made */
} BoundOver;

struct OverCalls {
    Binder *b;
    const NamedWindowList *windows;
    VEC(BoundOver) list;
};

OverCalls *overs_new(Binder *b, const NamedWindowList *windows)
{
    OverCalls *o = new_one(b->p->arena, OverCalls);
    o->b = b;
    o->windows = windows;
    return o;
}

/* ---- functions ------------------------------------------------------------------------------ */

const OverDef OVER_FUNCTIONS[] = {
    {"row_number", OVER_ROW_NUMBER, 0, 0, false, "", "i", "place in the order, from 1"},
    {"rank", OVER_RANK, 0, 0, false, "", "i", "1 and the number of rows before it; rows equal in the order share it"},
    {"dense_rank", OVER_DENSE_RANK, 0, 0, false, "", "i", "1 and the number of different ranks before it"},
    {"percent_rank", OVER_PERCENT_RANK, 0, 0, false, "", "d", "(rank - 1) / (rows - 1), 0 for a single row"},
    {"cume_dist", OVER_CUME_DIST, 0, 0, false, "", "d", "share of the rows that are not behind it"},
    {"ntile", OVER_NTILE, 1, 1, false, "i", "i", "which of n parts of almost equal size, from 1"},
    {"lag", OVER_LAG, 1, 3, false, "ai?c", "1", "the value n rows before (1 unless given), else the default"},
    {"lead", OVER_LEAD, 1, 3, false, "ai?c", "1", "the value n rows after (1 unless given), else the default"},
    {"first_value", OVER_FIRST_VALUE, 1, 1, true, "a", "1", "the value of the first row of the frame"},
    {"last_value", OVER_LAST_VALUE, 1, 1, true, "a", "1", "the value of the last row of the frame"},
    {"nth_value", OVER_NTH_VALUE, 2, 2, true, "ai", "1", "the value of the nth row of the frame, NULL where there are fewer"},
    {0},
};

static const OverDef *find_function(Str name)
{
    for (const OverDef *d = OVER_FUNCTIONS; d->name; d++)
        if (str_ieq(str_z(d->name), name)) return d;
    return NULL;
}

bool is_over_function(Str name)
{
    return find_function(name) != NULL;
}

static Status misplaced(Binder *b, const ExprContext *c, const Expr *e)
{
    Span at = bind_at(b, e->span);
    const char *where = c->in_aggregate ? "an aggregate" : c->clause;
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, at, "%s takes no OVER (\"%.*s\")", where,
                           STR_ARG(e->text));
    bool is_filter = !c->in_aggregate && name_in_list("WHERE,HAVING", str_z(c->clause));
    diag_hint(b->p->diags, "%s", is_filter ? "filter by it with QUALIFY, or in a query around this one"
                                           : "compute it in a subquery");
    return st;
}

/* ---- windows, named and not ----------------------------------------------------------------- */

static Status unknown_window(Binder *b, const OverCalls *o, const Name *name)
{
    Str *names = new (b->p->arena, Str, o->windows->len);
    for (int i = 0; i < o->windows->len; i++) names[i] = o->windows->data[i].name.text;
    Status st = diag_error(b->p->diags, WEIR_E_NAME, bind_at(b, name->span),
                           "unknown window \"%.*s\"", STR_ARG(name->text));
    Str near = diag_nearest(name->text, names, o->windows->len);
    if (near.n)
        diag_hint(b->p->diags, "did you mean \"%.*s\"?", STR_ARG(near));
    else
        diag_hint(b->p->diags, "declare it: WINDOW %.*s AS (…)", STR_ARG(name->text));
    return st;
}

/* The window of that name among the first n; -1: none. */
static int find_window(const OverCalls *o, Str name, int n)
{
    for (int i = 0; i < n; i++)
        if (str_ieq(o->windows->data[i].name.text, name)) return i;
    return -1;
}

static Status cannot_extend(Binder *b, const OverSpec *spec, const char *what)
{
    return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, spec->span),
                      "window \"%.*s\" is extended, and %s", STR_ARG(spec->base.text), what);
}

static Status check_extension(Binder *b, const OverSpec *spec, const OverSpec *base)
{
    if (spec->is_name) return WEIR_OK;
    if (spec->partition_by.len)
        return cannot_extend(b, spec, "PARTITION BY is its own affair");
    if (spec->order_by.len && base->order_by.len)
        return cannot_extend(b, spec, "it has an ORDER BY already");
    if (base->frame) return cannot_extend(b, spec, "it has a frame: write OVER w, without parentheses");
    return WEIR_OK;
}

/* Puts together a window and those it extends, which stand before it; `before`: how many do. */
static Status flatten(Binder *b, const OverCalls *o, const OverSpec *spec, int before, OverSpec *out)
{
    *out = *spec;
    if (spec->base.text.n == 0) return WEIR_OK;
    int i = find_window(o, spec->base.text, before);
    if (i < 0) return unknown_window(b, o, &spec->base);
    OverSpec base;
    TRY(flatten(b, o, o->windows->data[i].spec, i, &base));
    TRY(check_extension(b, spec, &base));
    out->partition_by = base.partition_by;
    if (base.order_by.len) out->order_by = base.order_by;
    if (base.frame) out->frame = base.frame;
    return WEIR_OK;
}

static Status bind_partition(Binder *b, const ExprContext *c, const ExprList *list, BoundOver *o)
{
    o->keys = new (b->p->arena, BExpr *, list->len);
    for (int i = 0; i < list->len; i++) {
        BExpr *key;
        TRY(bind_expr(b, c, list->data[i], &key));
        bool is_new = key->kind != BE_CONST;
        for (int k = 0; k < o->nkeys; k++) is_new &= !bexpr_eq(o->keys[k], key);
        if (is_new) o->keys[o->nkeys++] = key;
    }
    return WEIR_OK;
}

static Status bind_window_order(Binder *b, const ExprContext *c, const OrderList *list,
                                BoundOver *o)
{
    o->order = new (b->p->arena, LOrder, list->len);
    for (int i = 0; i < list->len; i++) {
        const OrderItem *item = &list->data[i];
        BExpr *e;
        TRY(bind_expr(b, c, item->expr, &e));
        bool first = item->nulls == NULLS_DEFAULT ? !item->is_desc : item->nulls == NULLS_FIRST;
        order_add(o->order, &o->norder, e, item->is_desc, first);
    }
    return WEIR_OK;
}

static Status bind_spec(Binder *b, const ExprContext *c, const OverCalls *calls,
                        const OverSpec *spec, int before, BoundOver *o)
{
    OverSpec whole;
    TRY(flatten(b, calls, spec, before, &whole));
    o->span = bind_at(b, spec->span);
    Status keys = bind_partition(b, c, &whole.partition_by, o);
    Status order = bind_window_order(b, c, &whole.order_by, o);
    TRY(keys);
    TRY(order);
    return bind_frame(b, whole.frame, o->order, o->norder, &o->call.frame);
}

static ExprContext inside(const ExprContext *c)
{
    ExprContext inner = *c;
    inner.clause = "OVER";
    inner.overs = NULL;
    inner.aliases = NULL;
    return inner;
}

Status overs_check(OverCalls *o, const ExprContext *c)
{
    Status first = WEIR_OK;
    ExprContext inner = inside(c);
    for (int i = 0; i < o->windows->len; i++) {
        const NamedWindow *w = &o->windows->data[i];
        BoundOver unused = {0};
        Status st = WEIR_OK;
        if (find_window(o, w->name.text, i) >= 0)
            st = diag_error(o->b->p->diags, WEIR_E_NAME, bind_at(o->b, w->name.span),
                            "window \"%.*s\" is declared twice", STR_ARG(w->name.text));
        else
            st = bind_spec(o->b, &inner, o, w->spec, i, &unused);
        if (first == WEIR_OK) first = st;
    }
    return first;
}

/* ---- calls ---------------------------------------------------------------------------------- */

static Status check_decorations(Binder *b, const OverDef *d, const Expr *e)
{
    const CallInfo *i = e->call;
    const char *what = i->is_distinct    ? "DISTINCT"
                       : i->filter       ? "FILTER"
                       : i->order_by.len ? "ORDER BY"
                                         : NULL;
    bool takes_nulls = d->min_args > 0 && d->func != OVER_NTILE;
    if (!what && i->nulls != NULLS_UNSAID && !takes_nulls) what = "IGNORE NULLS";
    if (!what) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->span),
                      "\"%s\" with OVER takes no %s", d->name, what);
}

static Status to_number(Binder *b, const OverDef *d, BExpr **e)
{
    if ((*e)->type.kind == TYPE_BIGINT || bexpr_is_null(*e))
        return plan_cast(b->p, *e, TYPE_BIGINT_, true, e);
    Str type = type_name((*e)->type, b->p->arena);
    return diag_error(b->p->diags, WEIR_E_TYPE, (*e)->span, "\"%s\" counts rows with BIGINT, not %.*s",
                      d->name, STR_ARG(type));
}

/* LAG(value, offset, default): value and default come to one type. */
static Status unite_default(Binder *b, LOver *o)
{
    BExpr *both[] = {o->args[0], o->nargs == 3 ? o->args[2] : o->args[0]};
    if (!resolve_common(b->p, both, 2, &o->type))
        return diag_error(b->p->diags, WEIR_E_TYPE, o->span,
                          "the value and its default have no common type");
    if (o->type.kind == TYPE_NULL) o->type = TYPE_OF(TYPE_TEXT);
    TRY(cast_insert(b->p, o->args[0], o->type, &o->args[0]));
    return o->nargs == 3 ? cast_insert(b->p, o->args[2], o->type, &o->args[2]) : WEIR_OK;
}

static Status type_call(Binder *b, const OverDef *d, LOver *o)
{
    switch (d->func) {
    case OVER_ROW_NUMBER:
    case OVER_RANK:
    case OVER_DENSE_RANK: o->type = TYPE_BIGINT_; return WEIR_OK;
    case OVER_PERCENT_RANK:
    case OVER_CUME_DIST: o->type = TYPE_OF(TYPE_DOUBLE); return WEIR_OK;
    case OVER_NTILE: o->type = TYPE_BIGINT_; return to_number(b, d, &o->args[0]);
    case OVER_LAG:
    case OVER_LEAD:
        if (o->nargs > 1) TRY(to_number(b, d, &o->args[1]));
        return unite_default(b, o);
    case OVER_NTH_VALUE: TRY(to_number(b, d, &o->args[1])); return unite_default(b, o);
    case OVER_FIRST_VALUE:
    case OVER_LAST_VALUE: return unite_default(b, o);
    case OVER_AGGREGATE: break;
    }
    return WEIR_E_INTERNAL;
}

static Status wrong_count(Binder *b, const OverDef *d, Span at)
{
    if (d->max_args == d->min_args)
        return diag_error(b->p->diags, WEIR_E_TYPE, at, "\"%s\" takes %d argument%s", d->name,
                          d->max_args, d->max_args == 1 ? "" : "s");
    return diag_error(b->p->diags, WEIR_E_TYPE, at, "\"%s\" takes %d to %d arguments", d->name,
                      d->min_args, d->max_args);
}

static Status bind_function(Binder *b, const ExprContext *c, const OverDef *d, const Expr *e,
                            LOver *o)
{
    int n = (int)e->args.len;
    TRY(check_decorations(b, d, e));
    if (n < d->min_args || n > d->max_args) return wrong_count(b, d, o->span);
    o->func = d->func;
    o->ignore_nulls = e->call->nulls == IGNORE_NULLS;
    o->args = new (b->p->arena, BExpr *, n);
    o->nargs = n;
    TRY(bind_list(b, c, (const Expr *const *)e->args.data, n, o->args));
    return type_call(b, d, o);
}

static Status bind_aggregate(Binder *b, const ExprContext *c, const Expr *e, LOver *o)
{
    o->func = OVER_AGGREGATE;
    o->agg = (LAgg){.span = o->span};
    TRY(bind_over_aggregate(b, c, e, &o->agg));
    o->type = o->agg.type;
    return WEIR_OK;
}

/* Rows without ORDER BY are taken by position; by event time where values are first or last. */
static bool takes_time(const OverDef *d, const LOver *o)
{
    return d ? d->reads_frame : (o->agg.def->flags & AGG_ORDERED) != 0;
}

/* ---- calls that are the same ---------------------------------------------------------------- */

static bool same_exprs(BExpr *const *x, int32_t nx, BExpr *const *y, int32_t ny)
{
    if (nx != ny) return false;
    for (int i = 0; i < nx; i++)
        if (!bexpr_eq(x[i], y[i])) return false;
    return true;
}

static bool same_order(const LOrder *x, int32_t nx, const LOrder *y, int32_t ny)
{
    if (nx != ny) return false;
    for (int i = 0; i < nx; i++)
        if (!bexpr_eq(x[i].expr, y[i].expr) || x[i].descending != y[i].descending ||
            x[i].nulls_first != y[i].nulls_first)
            return false;
    return true;
}

static bool same_window(const BoundOver *x, const BoundOver *y)
{
    return same_exprs(x->keys, x->nkeys, y->keys, y->nkeys) &&
           same_order(x->order, x->norder, y->order, y->norder) && x->by_time == y->by_time;
}

static bool same_agg(const LAgg *x, const LAgg *y)
{
    bool same_filter = x->filter && y->filter ? bexpr_eq(x->filter, y->filter) : x->filter == y->filter;
    return x->def == y->def && x->distinct == y->distinct && x->descending == y->descending && same_filter &&
           same_exprs(x->args, x->nargs, y->args, y->nargs) && same_order(x->order, x->norder, y->order, y->norder);
}

static bool same_bound(const OverBound *x, const OverBound *y)
{
    bool has_offset = x->kind == OVER_PRECEDING || x->kind == OVER_FOLLOWING;
    return x->kind == y->kind && (!has_offset || value_eq(&x->offset, &y->offset));
}

static bool same_frame(const OverFrame *x, const OverFrame *y)
{
    return x->mode == y->mode && x->exclude == y->exclude && same_bound(&x->start, &y->start) &&
           same_bound(&x->end, &y->end);
}

static bool same_call(const BoundOver *x, const BoundOver *y)
{
    const LOver *a = &x->call, *b = &y->call;
    if (a->func != b->func || a->ignore_nulls != b->ignore_nulls || !type_eq(a->type, b->type)) return false;
    if (!same_window(x, y) || !same_frame(&a->frame, &b->frame)) return false;
    return a->func == OVER_AGGREGATE ? same_agg(&a->agg, &b->agg)
                                     : same_exprs(a->args, a->nargs, b->args, b->nargs);
}

static BExpr *add_call(OverCalls *o, const BoundOver *call)
{
    ptrdiff_t i = 0;
    while (i < o->list.len && !same_call(&o->list.data[i], call)) i++;
    if (i == o->list.len) vec_push(&o->list, o->b->p->arena, *call);
    return bexpr_column(o->b->p->arena, COL_OVER + (int32_t)i, call->call.type, call->call.span);
}

Status bind_over_call(Binder *b, const ExprContext *c, const Expr *e, BExpr **out)
{
    if (!c->overs) return misplaced(b, c, e);
    const OverDef *d = find_function(e->text);
    if (!d && !registry_has_agg(b->p->catalog->registry, e->text)) {
        if (!registry_func(b->p->catalog->registry, e->text, 0))
            return resolve_unknown(b->p, e->text, bind_at(b, e->op_span));
        return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, e->span),
                          "\"%.*s\" is a function of one row and takes no OVER", STR_ARG(e->text));
    }
    ExprContext inner = inside(c);
    BoundOver o = {.call = {.span = bind_at(b, e->span)}};
    Status spec = bind_spec(b, &inner, c->overs, e->call->over, (int)c->overs->windows->len, &o);
    Status call = d ? bind_function(b, &inner, d, e, &o.call) : bind_aggregate(b, &inner, e, &o.call);
    TRY(spec);
    TRY(call);
    if (d && !d->reads_frame) o.call.frame = DEFAULT_FRAME;
    o.by_time = o.norder == 0 && takes_time(d, &o.call);
    *out = add_call(c->overs, &o);
    return WEIR_OK;
}

/* ---- over groups ---------------------------------------------------------------------------- */

static Status group_list(Grouping *g, BExpr **list, int32_t n)
{
    Status first = WEIR_OK;
    for (int i = 0; i < n; i++) {
        Status st = grouping_finish(g, list[i], &list[i]);
        if (first == WEIR_OK) first = st;
    }
    return first;
}

static Status group_call(Grouping *g, BoundOver *o)
{
    TRY(group_list(g, o->keys, o->nkeys));
    for (int i = 0; i < o->norder; i++)
        TRY(grouping_finish(g, o->order[i].expr, &o->order[i].expr));
    TRY(group_list(g, o->call.args, o->call.nargs));
    TRY(group_list(g, o->call.agg.args, o->call.agg.nargs));
    for (int i = 0; i < o->call.agg.norder; i++)
        TRY(grouping_finish(g, o->call.agg.order[i].expr, &o->call.agg.order[i].expr));
    if (!o->call.agg.filter) return WEIR_OK;
    return grouping_finish(g, o->call.agg.filter, &o->call.agg.filter);
}

Status overs_group(OverCalls *o, Grouping *g)
{
    Status first = WEIR_OK;
    for (int i = 0; i < o->list.len; i++) {
        Status st = group_call(g, &o->list.data[i]);
        if (first == WEIR_OK) first = st;
    }
    return first;
}

/* ---- subqueries in calls --------------------------------------------------------------------- */

static Status attach_call(const Binder *b, LNode **in, BoundOver *o)
{
    Planner *p = b->p;
    LAgg *agg = &o->call.agg;
    TRY(attach_values(p, b->emit_final, in, o->keys, o->nkeys));
    for (int i = 0; i < o->norder; i++) TRY(attach_values(p, b->emit_final, in, &o->order[i].expr, 1));
    TRY(attach_values(p, b->emit_final, in, o->call.args, o->call.nargs));
    TRY(attach_values(p, b->emit_final, in, agg->args, agg->nargs));
    for (int i = 0; i < agg->norder; i++) TRY(attach_values(p, b->emit_final, in, &agg->order[i].expr, 1));
    return attach_values(p, b->emit_final, in, &agg->filter, 1);
}

Status overs_attach(OverCalls *o, LNode **in)
{
    for (int i = 0; i < o->list.len; i++) TRY(attach_call(o->b, in, &o->list.data[i]));
    return WEIR_OK;
}

/* ---- texts ---------------------------------------------------------------------------------- */

static void print_exprs(StrBuf *t, const char *before, BExpr *const *list, int32_t n, const Str *names)
{
    for (int i = 0; i < n; i++) {
        sb_z(t, i ? ", " : before);
        bexpr_print(t, list[i], names);
    }
}

static void print_window_order(StrBuf *t, const BoundOver *o, const Str *names)
{
    for (int i = 0; i < o->norder; i++) {
        const LOrder *k = &o->order[i];
        sb_z(t, i ? ", " : o->nkeys ? " ORDER BY " : "ORDER BY ");
        bexpr_print(t, k->expr, names);
        if (k->descending) sb_lit(t, " DESC");
        if (k->nulls_first == k->descending) sb_z(t, k->nulls_first ? " NULLS FIRST" : " NULLS LAST");
    }
}

static void print_bound(StrBuf *t, const OverBound *b)
{
    static const char *const WORDS[] = {[OVER_UNBOUNDED_PRECEDING] = "UNBOUNDED PRECEDING",
                                        [OVER_PRECEDING] = " PRECEDING",
                                        [OVER_CURRENT_ROW] = "CURRENT ROW",
                                        [OVER_FOLLOWING] = " FOLLOWING",
                                        [OVER_UNBOUNDED_FOLLOWING] = "UNBOUNDED FOLLOWING"};
    if (b->kind == OVER_PRECEDING || b->kind == OVER_FOLLOWING) value_literal(t, &b->offset);
    sb_z(t, WORDS[b->kind]);
}

static void print_frame(StrBuf *t, const OverFrame *f, bool is_first)
{
    static const char *const MODE_WORDS[] = {
        [OVER_RANGE] = "RANGE", [OVER_ROWS] = "ROWS", [OVER_GROUPS] = "GROUPS"};
    static const char *const EXCLUDE_WORDS[] = {[OVER_EXCLUDE_NONE] = "",
                                                [OVER_EXCLUDE_CURRENT] = " EXCLUDE CURRENT ROW",
                                                [OVER_EXCLUDE_GROUP] = " EXCLUDE GROUP",
                                                [OVER_EXCLUDE_TIES] = " EXCLUDE TIES"};
    if (same_frame(f, &DEFAULT_FRAME)) return;
    sb_printf(t, "%s%s BETWEEN ", is_first ? "" : " ", MODE_WORDS[f->mode]);
    print_bound(t, &f->start);
    sb_lit(t, " AND ");
    print_bound(t, &f->end);
    sb_z(t, EXCLUDE_WORDS[f->exclude]);
}

static Str window_text(Binder *b, const BoundOver *o, const OverFrame *f, const Str *names)
{
    StrBuf t = {.arena = b->p->arena};
    sb_lit(&t, "OVER (");
    print_exprs(&t, "PARTITION BY ", o->keys, o->nkeys, names);
    print_window_order(&t, o, names);
    print_frame(&t, f, o->nkeys == 0 && o->norder == 0);
    sb_char(&t, ')');
    return sb_done(&t);
}

static Str call_text(Binder *b, const LNode *in, const BoundOver *o, const Str *names)
{
    const LOver *c = &o->call;
    StrBuf t = {.arena = b->p->arena};
    if (c->func == OVER_AGGREGATE) {
        sb_str(&t, agg_text(b, in, &c->agg, c->agg.norder));
    } else {
        for (const OverDef *d = OVER_FUNCTIONS; d->name; d++)
            if (d->func == c->func) sb_printf(&t, "%s(", d->name);
        print_exprs(&t, "", c->args, c->nargs, names);
        sb_char(&t, ')');
        if (c->ignore_nulls) sb_lit(&t, " IGNORE NULLS");
    }
    sb_char(&t, ' ');
    sb_str(&t, window_text(b, o, &c->frame, names));
    return sb_done(&t);
}

/* ---- nodes ---------------------------------------------------------------------------------- */

/* The order of the text, or event time where values without one are taken by it; then what tells
 * rows apart. Only columns of the text make peers. */
static void set_order(Binder *b, const LNode *in, const BoundOver *o, LNode *parts)
{
    const LOrder *order = o->order;
    int32_t n = o->norder, time = in->props.time_col;
    LOrder by_time;
    if (o->by_time && time >= 0) {
        by_time = (LOrder){bexpr_column(b->p->arena, time, in->fields[time].type, o->span), false, true};
        order = &by_time;
        n = 1;
    }
    parts->order = order_whole(b, in, order, n, &parts->norder);
    parts->npeer = o->norder;
}

/* All calls over the window of `first`, above `in`. */
static LNode *window_node(OverCalls *o, BoundOver *first, LNode *in)
{
    Binder *b = o->b;
    Arena *a = b->p->arena;
    Str *names = new (a, Str, in->nfields);
    for (int i = 0; i < in->nfields; i++) names[i] = in->fields[i].name;
    LNode parts = {.inputs = &in, .keys = first->keys, .nkeys = first->nkeys,
                   .emit_final = b->emit_final,
                   .what = window_text(b, first, &DEFAULT_FRAME, names)};
    set_order(b, in, first, &parts);
    parts.overs = new (a, LOver, o->list.len);
    for (BoundOver *call = first; call < o->list.data + o->list.len; call++) {
        if (call->col >= 0 || !same_window(call, first)) continue;
        call->col = in->nfields + parts.novers;
        call->call.text = call_text(b, in, call, names);
        call->call.agg.text = call->call.text;
        parts.overs[parts.novers++] = call->call;
    }
    return lnode_over(a, &parts, first->span);
}

/* Above OVER rows have no positions any more: what is to tell them apart there is a column. */
static bool shows_identity(const OverCalls *o, const LNode *in)
{
    bool has_position = in->props.has_position && in->props.is_append_only;
    for (int i = 0; i < o->list.len; i++)
        if (!has_position || !same_window(&o->list.data[i], &o->list.data[0])) return true;
    return false;
}

LNode *overs_node(OverCalls *o, LNode *in)
{
    if (shows_identity(o, in)) in = lnode_identified(o->b->p, in);
    for (int i = 0; i < o->list.len; i++) o->list.data[i].col = -1;
    for (int i = 0; i < o->list.len; i++)
        if (o->list.data[i].col < 0) in = window_node(o, &o->list.data[i], in);
    return in;
}

static BExpr *placed(void *arg, const BExpr *e)
{
    OverCalls *o = arg;
    if (e->col < COL_OVER) return (BExpr *)e;
    return bexpr_column(o->b->p->arena, o->list.data[e->col - COL_OVER].col, e->type, e->span);
}

BExpr *overs_column(OverCalls *o, BExpr *e)
{
    return bexpr_map(o->b->p->arena, e, placed, o);
}
