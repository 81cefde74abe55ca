/* physical.c: from the logical tree to the graph that exec runs.
 *
 * First every aggregate is settled: a project below it computes its keys, arguments, filters and
 * order keys, each distinct expression once, unless all of them are columns already. Then nodes
 * become operators one by one, inputs first; the index in that order is the operator's id. */
#include "planner/node.h"
#include "planner/node_memo.h"

#include <assert.h>

/* ---- settling ------------------------------------------------------------------------------- */

/* The columns that an aggregate needs, as expressions over its input. */
typedef struct Needs {
    Arena *arena;
    VEC(BExpr *) exprs;
    bool all_columns;
} Needs;

static int32_t need(Needs *s, BExpr *e)
{
    s->all_columns &= e->kind == BE_COLUMN;
    for (int i = 0; i < s->exprs.len; i++)
        if (bexpr_eq(s->exprs.data[i], e)) return i;
    vec_push(&s->exprs, s->arena, e);
    return (int32_t)s->exprs.len - 1;
}

/* Replaces *e by the column that will hold it. */
static void take(Needs *s, BExpr **e)
{
    if (*e) *e = bexpr_column(s->arena, need(s, *e), (*e)->type, (*e)->span);
}

static void take_list(Needs *s, BExpr ***list, int32_t n)
{
    BExpr **copy = new (s->arena, BExpr *, n);
    for (int i = 0; i < n; i++) {
        copy[i] = (*list)[i];
        take(s, &copy[i]);
    }
    *list = copy;
}

/* A constant argument stays known as such, for aggregates that want its value. */
static void take_agg(Needs *s, LAgg *g)
{
    BExpr **args = g->args;
    take_list(s, &g->args, g->nargs);
    g->consts = new (s->arena, const Value *, g->nargs);
    for (int i = 0; i < g->nargs; i++)
        if (args[i]->kind == BE_CONST) g->consts[i] = &args[i]->value;
    take(s, &g->filter);
    LOrder *order = new (s->arena, LOrder, g->norder);
    for (int i = 0; i < g->norder; i++) {
        order[i] = g->order[i];
        take(s, &order[i].expr);
    }
    g->order = order;
}

static void take_all(Needs *s, LNode *parts)
{
    take_list(s, &parts->keys, parts->nkeys);
    take(s, &parts->time);
    LAgg *aggs = new (s->arena, LAgg, parts->naggs);
    for (int i = 0; i < parts->naggs; i++) {
        aggs[i] = parts->aggs[i];
        take_agg(s, &aggs[i]);
    }
    parts->aggs = aggs;
}

static Str expr_name(Arena *a, const LNode *in, const BExpr *e)
{
    if (e->kind == BE_COLUMN) return in->fields[e->col].name;
    Str *names = new (a, Str, in->nfields);
    for (int i = 0; i < in->nfields; i++) names[i] = in->fields[i].name;
    StrBuf b = {.arena = a};
    bexpr_print(&b, e, names);
    return sb_done(&b);
}

static LNode *needs_project(Needs *s, LNode *in, Span at)
{
    int32_t n = (int32_t)s->exprs.len;
    Field *fields = new (s->arena, Field, n);
    for (int i = 0; i < n; i++) fields[i].name = expr_name(s->arena, in, s->exprs.data[i]);
    return lnode_project(s->arena, in, s->exprs.data, fields, n, at);
}

static LNode *settle(Arena *a, LNode *n)
{
    Needs s = {.arena = a, .all_columns = true};
    LNode parts = *n;
    take_all(&s, &parts);
    if (s.all_columns) return n;
    LNode *project = needs_project(&s, n->inputs[0], n->span);
    parts.inputs = &project;
    LNode *settled = lnode_aggregate(a, &parts, n->span);
    settled->fields = n->fields;
    return settled;
}

/* A project over one that only takes columns away, as settling leaves it, takes them itself. */
static LNode *skip_restoring(Arena *a, LNode *n)
{
    const LNode *below = n->inputs[0];
    if (n->kind != L_PROJECT || below->kind != L_PROJECT) return n;
    for (int i = 0; i < below->nfields; i++)
        if (below->exprs[i]->kind != BE_COLUMN) return n;
    BExpr **exprs = new (a, BExpr *, n->nfields);
    for (int i = 0; i < n->nfields; i++) exprs[i] = bexpr_substitute(a, n->exprs[i], below->exprs);
    return lnode_project(a, below->inputs[0], exprs, n->fields, n->nfields, n->span);
}

static LNode *settle_all(NodeMemo *memo, LNode *n);

static LNode *settle_node(NodeMemo *memo, LNode *n)
{
    Arena *a = memo->arena;
    LNode **inputs = new (a, LNode *, n->ninputs);
    bool same = true;
    for (int i = 0; i < n->ninputs; i++) {
        inputs[i] = settle_all(memo, n->inputs[i]);
        same &= inputs[i] == n->inputs[i];
    }
    if (!same) n = skip_restoring(a, lnode_with_inputs(a, n, inputs));
    if (n->kind == L_OVER || n->kind == L_TOPN || is_session_rows(n)) return rank_settle(a, n);
    if (n->kind == L_JOIN) return join_settle(a, n);
    return n->kind == L_AGGREGATE ? settle(a, n) : n;
}

static LNode *settle_all(NodeMemo *memo, LNode *n)
{
    LNode *done = node_memo_get(memo, n);
    if (!done) {
        done = settle_node(memo, n);
        node_memo_put(memo, n, done);
    }
    return done;
}

LNode *lnode_settle(Arena *a, LNode *n)
{
    return settle_all(&(NodeMemo){.arena = a}, n);
}

/* ---- lowering ------------------------------------------------------------------------------- */

typedef struct Lower {
    Arena *arena;
    Diags *diags;
    VEC(PhysOp *) ops;
    VEC(Str) streams; /* names of those that are scanned */
    NodeMemo memo;    /* operators: a node that is used twice runs once */
} Lower;

static Status lower(Lower *s, const LNode *n, PhysOp **out);

static int32_t column(const BExpr *e)
{
    assert(e->kind == BE_COLUMN);
    return e->col;
}

static int32_t *columns(Arena *a, BExpr *const *list, int32_t n)
{
    int32_t *out = new (a, int32_t, n);
    for (int i = 0; i < n; i++) out[i] = column(list[i]);
    return out;
}

static WindowSpec *lower_window(Arena *a, const LNode *n)
{
    if (!n->window) return NULL;
    WindowSpec *w = new_one(a, WindowSpec);
    *w = *n->window;
    w->time_col = n->time ? column(n->time) : -1;
    return w;
}

AggCall agg_lower(Arena *a, const LAgg *g, bool input_retracts)
{
    AggCall c = {.def = g->def, .nargs = g->nargs, .distinct = g->distinct, .descending = g->descending, .norder = g->norder,
                 .by_position = g->by_position, .input_retracts = input_retracts, .type = g->type,
                 .text = g->text, .span = g->span};
    c.args = columns(a, g->args, g->nargs);
    c.filter = g->filter ? column(g->filter) : -1;
    c.order = new (a, OrderKey, g->norder);
    for (int i = 0; i < g->norder; i++)
        c.order[i] =
            (OrderKey){column(g->order[i].expr), g->order[i].descending, g->order[i].nulls_first};
    c.arg_types = new (a, Type, g->nargs);
    c.consts = new (a, const Value *, g->nargs);
    for (int i = 0; i < g->nargs; i++) {
        c.arg_types[i] = g->args[i]->type;
        if (g->consts) c.consts[i] = g->consts[i];
    }
    return c;
}

static Status lower_aggregate(Lower *s, const LNode *n, PhysOp *op)
{
    Arena *a = s->arena;
    op->window = lower_window(a, n);
    op->keys = columns(a, n->keys, n->nkeys);
    op->nkeys = n->nkeys;
    op->naggs = n->naggs;
    op->aggs = new (a, AggCall, n->naggs);
    for (int i = 0; i < n->naggs; i++) op->aggs[i] = agg_lower(a, &n->aggs[i], op->input_retracts);
    op->is_global = n->is_global;
    op->emit_final = n->emit_final;
    op->key_window_start = n->key_window_start;
    op->key_window_end = n->key_window_end;
    return WEIR_OK;
}

static Status lower_values(Lower *s, const LNode *n, PhysOp *op)
{
    op->nrows = n->nrows;
    op->rows = new (s->arena, Value *, n->nrows);
    for (int i = 0; i < n->nrows; i++) {
        op->rows[i] = new (s->arena, Value, n->nfields);
        for (int k = 0; k < n->nfields; k++) {
            const BExpr *e = n->rows[i][k];
            if (e->kind != BE_CONST)
                return diag_error(s->diags, WEIR_E_VALUE, e->span, "VALUES takes constants");
            op->rows[i][k] = e->value;
        }
    }
    return WEIR_OK;
}

static Status lower_scan(Lower *s, const LNode *n, PhysOp *op)
{
    op->rel = n->rel;
    op->scan_cols = n->scan_cols;
    op->scan_filter = n->pred;
    for (int i = 0; i < s->streams.len; i++)
        if (str_ieq(s->streams.data[i], n->rel->name)) return WEIR_OK;
    vec_push(&s->streams, s->arena, n->rel->name);
    return WEIR_OK;
}

/* Sessions are chains of rows in the order of time. */
static Status lower_table_window(Lower *s, const LNode *n, PhysOp *op)
{
    op->window = lower_window(s->arena, n);
    if (!is_session_rows(n)) return WEIR_OK;
    op->keys = columns(s->arena, n->partition, n->npartition);
    op->nkeys = n->npartition;
    op->emit_final = n->emit_final;
    op->ranks = new_one(s->arena, RankSpec);
    *op->ranks = (RankSpec){.norder = 1, .npeer = 1, .limit = -1, .order = new_one(s->arena, OrderKey)};
    *op->ranks->order = (OrderKey){.col = op->window->time_col, .nulls_first = true};
    return WEIR_OK;
}

static Status lower_kind(Lower *s, const LNode *n, PhysOp *op)
{
    switch (n->kind) {
    case L_SCAN: return lower_scan(s, n, op);
    case L_VIEW_INPUT: op->rel = n->rel; return WEIR_OK;
    case L_VALUES: return lower_values(s, n, op);
    case L_FILTER: op->pred = n->pred; return WEIR_OK;
    case L_PROJECT: op->exprs = n->exprs; return WEIR_OK;
    case L_WINDOW: return lower_table_window(s, n, op);
    case L_AGGREGATE: return lower_aggregate(s, n, op);
    case L_UNION: return WEIR_OK;
    case L_JOIN: join_lower(s->arena, n, op); return WEIR_OK;
    case L_OVER:
    case L_TOPN: rank_lower(s->arena, n, op); return WEIR_OK;
    case L_SETOP: setop_lower(n, op); return WEIR_OK;
    case L_UNNEST:
        op->unnest = n->unnest;
        op->unnest_outer = n->unnest_outer;
        op->unnest_ordinality = n->unnest_ordinality;
        return WEIR_OK;
    case L_CONTEND: op->contend = n->contend; return WEIR_OK;
    }
    return WEIR_E_INTERNAL;
}

static const PhysKind PHYS_KINDS[] = {
    [L_SCAN] = PHYS_SCAN,     [L_VIEW_INPUT] = PHYS_VIEW_INPUT, [L_VALUES] = PHYS_VALUES,
    [L_FILTER] = PHYS_FILTER, [L_PROJECT] = PHYS_PROJECT,       [L_WINDOW] = PHYS_WINDOW,
    [L_AGGREGATE] = PHYS_AGGREGATE, [L_UNION] = PHYS_UNION,
    [L_JOIN] = PHYS_JOIN,     [L_OVER] = PHYS_OVER,             [L_TOPN] = PHYS_TOPN,
    [L_SETOP] = PHYS_SETOP,   [L_UNNEST] = PHYS_UNNEST,
    [L_CONTEND] = PHYS_CONTEND};

/* The operator of n over inputs that are operators already. */
static Status add_op(Lower *s, const LNode *n, PhysOp *const *inputs, PhysOp **out)
{
    PhysOp *op = node_memo_get(&s->memo, n);
    if (op) {
        *out = op;
        return WEIR_OK;
    }
    op = new_one(s->arena, PhysOp);
    *op = (PhysOp){.kind = PHYS_KINDS[n->kind],
                   .ninputs = n->ninputs,
                   .fields = n->fields,
                   .nfields = n->nfields,
                   .props = n->props,
                   .span = n->span,
                   .own_state = n->own_state,
                   .key_window_start = -1,
                   .key_window_end = -1};
    op->inputs = new (s->arena, PhysOp *, n->ninputs);
    for (int i = 0; i < n->ninputs; i++) {
        op->inputs[i] = inputs[i];
        op->input_retracts |= !n->inputs[i]->props.is_append_only;
    }
    TRY(lower_kind(s, n, op));
    op->id = (int32_t)s->ops.len;
    vec_push(&s->ops, s->arena, op);
    node_memo_put(&s->memo, n, op);
    *out = op;
    return WEIR_OK;
}

/* ---- grouping sets -------------------------------------------------------------------------- */

/* The aggregate of one set, with the keys that it has. */
static LNode *set_aggregate(Arena *a, const LNode *n, uint64_t set)
{
    LNode parts = *n;
    parts.keys = new (a, BExpr *, n->nkeys);
    parts.nkeys = parts.nsets = 0;
    for (int i = 0; i < n->nkeys; i++)
        if (set >> i & 1) parts.keys[parts.nkeys++] = n->keys[i];
    bool has_end = n->window && n->window->def->shape != WINDOW_SHAPE_GLOBAL;
    parts.is_global = parts.nkeys == 0 && !has_end;
    return lnode_aggregate(a, &parts, n->span);
}

/* Its columns as those of n: NULL for the keys that it lacks, and which set it is. */
static LNode *set_columns(Arena *a, const LNode *n, LNode *agg, const GroupSet *set)
{
    BExpr **exprs = new (a, BExpr *, n->nfields);
    int32_t from = 0, last = n->nfields - 1;
    for (int i = 0; i < last; i++) {
        Type t = n->fields[i].type;
        bool lacks = i < n->nkeys && !(set->keys >> i & 1);
        exprs[i] = lacks ? bexpr_const(a, value_null(t), n->span) : bexpr_column(a, from++, t, n->span);
    }
    exprs[last] = bexpr_const(a, value_int(set->left_out), n->span);
    return lnode_project(a, agg, exprs, n->fields, n->nfields, n->span);
}

/* All sets read one input; their rows are put together. */
static Status lower_sets(Lower *s, const LNode *n, PhysOp *input, PhysOp **out)
{
    LNode **branches = new (s->arena, LNode *, n->nsets);
    PhysOp **tops = new (s->arena, PhysOp *, n->nsets);
    for (int i = 0; i < n->nsets; i++) {
        LNode *agg = set_aggregate(s->arena, n, n->sets[i].keys);
        PhysOp *op;
        TRY(add_op(s, agg, &input, &op));
        op->is_repeat = i > 0;
        branches[i] = set_columns(s->arena, n, agg, &n->sets[i]);
        TRY(add_op(s, branches[i], &op, &tops[i]));
    }
    LNode *all = lnode_union(s->arena, branches, n->nsets, n->span);
    TRY(add_op(s, all, tops, out));
    (*out)->props = n->props;
    return WEIR_OK;
}

/* ---- the tree ------------------------------------------------------------------------------- */

static Status lower(Lower *s, const LNode *n, PhysOp **out)
{
    PhysOp **inputs = new (s->arena, PhysOp *, n->ninputs);
    for (int i = 0; i < n->ninputs; i++) TRY(lower(s, n->inputs[i], &inputs[i]));
    return n->nsets ? lower_sets(s, n, inputs[0], out) : add_op(s, n, inputs, out);
}

/* Rows of several streams are ordered by the streams' names. */
static void rank_streams(Lower *s)
{
    for (int i = 0; i < s->ops.len; i++) {
        PhysOp *op = s->ops.data[i];
        if (op->kind != PHYS_SCAN) continue;
        op->stream_rank = 0;
        for (int k = 0; k < s->streams.len; k++)
            op->stream_rank += str_icmp(s->streams.data[k], op->rel->name) < 0;
    }
}

Status lnode_lower(Arena *a, LNode *root, Diags *d, PhysPlan **out)
{
    Lower s = {.arena = a, .diags = d, .memo = {.arena = a}};
    PhysOp *top;
    TRY(lower(&s, lnode_settle(a, root), &top));
    rank_streams(&s);
    PhysPlan *plan = new_one(a, PhysPlan);
    *plan = (PhysPlan){.ops = s.ops.data, .nops = (int32_t)s.ops.len, .limit = -1};
    *out = plan;
    return WEIR_OK;
}
