/* node_rank.c: OVER and Top-N as logical nodes: rows of a partition in an order. */
#include "planner/node.h"

#include <assert.h>

/* The columns of the input, room for `more` after them. */
static void widen(Arena *a, LNode *n, int32_t more)
{
    const LNode *in = n->inputs[0];
    n->nfields = in->nfields + more;
    n->fields = new (a, Field, n->nfields);
    memcpy(n->fields, in->fields, (size_t)in->nfields * sizeof(Field));
}

LNode *lnode_over(Arena *a, const LNode *parts, Span at)
{
    LNode *n = lnode_make(a, L_OVER, parts->inputs, 1, at);
    n->keys = parts->keys;
    n->nkeys = parts->nkeys;
    n->order = parts->order;
    n->norder = parts->norder;
    n->npeer = parts->npeer;
    n->overs = parts->overs;
    n->novers = parts->novers;
    n->emit_final = parts->emit_final;
    n->what = parts->what;
    widen(a, n, n->novers);
    for (int i = 0; i < n->novers; i++)
        n->fields[n->inputs[0]->nfields + i] = (Field){n->overs[i].text, n->overs[i].type};
    lnode_props(a, n);
    return n;
}

LNode *lnode_topn(Arena *a, const LNode *parts, Span at)
{
    LNode *n = lnode_make(a, L_TOPN, parts->inputs, 1, at);
    n->keys = parts->keys;
    n->nkeys = parts->nkeys;
    n->order = parts->order;
    n->norder = parts->norder;
    n->npeer = parts->npeer;
    n->rank = parts->rank;
    n->limit = parts->limit;
    n->offset = parts->offset;
    n->shows_rank = parts->shows_rank;
    n->emit_final = parts->emit_final;
    n->what = parts->what;
    widen(a, n, n->shows_rank);
    if (n->shows_rank) n->fields[n->nfields - 1] = (Field){S("_rank"), TYPE_BIGINT_};
    lnode_props(a, n);
    return n;
}

/* ---- properties ----------------------------------------------------------------------------- */

static int32_t key_at(const LNode *n, int32_t col)
{
    for (int i = 0; i < n->nkeys && col >= 0; i++)
        if (n->keys[i]->kind == BE_COLUMN && n->keys[i]->col == col) return i;
    return -1;
}

/* PARTITION BY holds both bounds of a window that was made below: its rows end with it. */
static void find_key_window(LNode *n)
{
    const LNode *in = n->inputs[0];
    if (!in->props.has_watermark) return;
    int32_t start = key_at(n, in->props.window_start), end = key_at(n, in->props.window_end);
    if (start < 0 || end < 0) return;
    n->key_window_start = start;
    n->key_window_end = end;
}

/* Rows come through with columns of their own; those of the input keep their numbers. */
static void rank_props(LNode *n)
{
    const LNode *in = n->inputs[0];
    find_key_window(n);
    n->props = no_props();
    n->props.above_state = true;
    n->props.key = in->props.key;
    n->props.nkey = in->props.nkey;
    if (n->key_window_end < 0) return;
    n->props.window_start = in->props.window_start;
    n->props.window_end = in->props.window_end;
    n->props.has_watermark = true;
    n->props.time_col = n->window_time = in->window_time;
    n->start_determines_end = in->start_determines_end;
    n->props.is_append_only = n->emit_final;
}

static bool is_by_time(const LNode *n)
{
    const LNode *in = n->inputs[0];
    const LOrder *first = n->order;
    return n->npeer > 0 && in->props.time_col >= 0 && in->props.has_watermark && !first->descending &&
           first->expr->kind == BE_COLUMN && first->expr->col == in->props.time_col;
}

/* Whether the value of a row may depend on any row before it, so that none can go. */
static bool needs_every_row(const LOver *c)
{
    bool from_start = c->frame.start.kind == OVER_UNBOUNDED_PRECEDING;
    if (c->func == OVER_FIRST_VALUE || c->func == OVER_NTH_VALUE) return from_start;
    if (c->func == OVER_LAST_VALUE) return from_start && c->ignore_nulls;
    return (c->func == OVER_LAG || c->func == OVER_LEAD) && c->ignore_nulls;
}

static Str over_bound(const LNode *n)
{
    if (n->key_window_end >= 0) return S("O(rows of open windows)");
    if (!n->emit_final) return S("UNBOUNDED: rows");
    for (int i = 0; i < n->novers; i++)
        if (needs_every_row(&n->overs[i])) return S("UNBOUNDED: rows");
    return n->nkeys ? S("UNBOUNDED: partitions × rows of a frame") : S("O(rows of a frame)");
}

void over_props(Arena *a, LNode *n)
{
    (void)a;
    const LNode *in = n->inputs[0];
    rank_props(n);
    if (n->emit_final && n->key_window_end < 0 && is_by_time(n)) {
        n->props.time_col = in->props.time_col;
        n->props.has_watermark = true;
        n->props.is_append_only = in->props.is_append_only;
    }
    n->own_state = over_bound(n);
    n->props.state_bound = worse_bound(in->props.state_bound, n->own_state);
}

/* Over rows that are never taken back those that have fallen out of the first N never return; of
 * rows tied in rank there may be any number. */
static Str topn_bound(const LNode *n)
{
    bool keeps_n = n->inputs[0]->props.is_append_only && n->rank == TOP_ROW_NUMBER && n->limit >= 0;
    if (n->key_window_end >= 0)
        return keeps_n ? S("O(partitions of open windows × N)") : S("O(rows of open windows)");
    if (!keeps_n) return S("UNBOUNDED: rows");
    return n->nkeys ? S("UNBOUNDED: partitions × N") : S("O(N)");
}

/* A partition shows one row, or one of each row number: the partition's columns name it. */
static void topn_key(Arena *a, LNode *n)
{
    bool is_one = n->limit == 1;
    if (n->rank != TOP_ROW_NUMBER || !(is_one || n->shows_rank)) return;
    Props *p = &n->props;
    p->row_key = new (a, int32_t, n->nkeys + 1);
    for (int i = 0; i < n->nkeys; i++) {
        if (n->keys[i]->kind != BE_COLUMN) return;
        p->row_key[i] = n->keys[i]->col;
    }
    if (!is_one) p->row_key[n->nkeys] = n->nfields - 1;
    p->nrow_key = n->nkeys + !is_one;
    p->has_row_key = p->nkey == 0;
}

void topn_props(Arena *a, LNode *n)
{
    rank_props(n);
    topn_key(a, n);
    n->own_state = topn_bound(n);
    n->props.state_bound = worse_bound(n->inputs[0]->props.state_bound, n->own_state);
}

/* ---- what EMIT FINAL needs ------------------------------------------------------------------ */

/* The value depends on rows up to the current one only. */
static bool looks_back(const LOver *o)
{
    const BExpr *offset = o->nargs > 1 ? o->args[1] : NULL;
    switch (o->func) {
    case OVER_ROW_NUMBER:
    case OVER_RANK:
    case OVER_DENSE_RANK: return true;
    case OVER_PERCENT_RANK:
    case OVER_CUME_DIST:
    case OVER_NTILE:
    case OVER_LEAD: return false;
    case OVER_LAG:
        return !offset || (offset->kind == BE_CONST && (offset->value.is_null || offset->value.i >= 0));
    case OVER_FIRST_VALUE:
    case OVER_LAST_VALUE:
    case OVER_NTH_VALUE:
    case OVER_AGGREGATE: break;
    }
    OverBoundKind end = o->frame.end.kind;
    return end == OVER_PRECEDING || end == OVER_CURRENT_ROW;
}

const char *over_never_finishes(const LNode *n, Span *at)
{
    *at = n->span;
    if (n->key_window_end >= 0) return NULL;
    if (!is_by_time(n)) return ": its ORDER BY does not start with event time";
    for (int i = 0; i < n->novers; i++) {
        *at = n->overs[i].span;
        if (!looks_back(&n->overs[i])) return ": rows to come change its values";
    }
    return NULL;
}

/* ---- settling: keys, order and arguments become columns ------------------------------------- */

/* The input's columns, then the expressions that are none. */
typedef struct Settling {
    Arena *arena;
    BExpr **exprs;
    int32_t n, base;
} Settling;

static void settle_one(Settling *s, BExpr **e)
{
    if (!*e || (*e)->kind == BE_COLUMN) return;
    int32_t i = s->base;
    while (i < s->n && !bexpr_eq(s->exprs[i], *e)) i++;
    if (i == s->n) s->exprs[s->n++] = *e;
    *e = bexpr_column(s->arena, i, (*e)->type, (*e)->span);
}

static void settle_list(Settling *s, BExpr ***list, int32_t n)
{
    BExpr **copy = new (s->arena, BExpr *, n);
    for (int i = 0; i < n; i++) {
        copy[i] = (*list)[i];
        settle_one(s, &copy[i]);
    }
    *list = copy;
}

static void settle_order(Settling *s, LOrder **list, int32_t n)
{
    LOrder *copy = new (s->arena, LOrder, n);
    for (int i = 0; i < n; i++) {
        copy[i] = (*list)[i];
        settle_one(s, &copy[i].expr);
    }
    *list = copy;
}

/* A constant argument stays known as such, for aggregates that want its value. */
static void settle_call(Settling *s, LOver *o)
{
    LAgg *g = &o->agg;
    g->consts = new (s->arena, const Value *, g->nargs);
    for (int i = 0; i < g->nargs; i++)
        if (g->args[i]->kind == BE_CONST) g->consts[i] = &g->args[i]->value;
    settle_list(s, &o->args, o->nargs);
    settle_list(s, &g->args, g->nargs);
    settle_order(s, &g->order, g->norder);
    settle_one(s, &g->filter);
}

static void settle_parts(Settling *s, LNode *parts)
{
    settle_list(s, &parts->keys, parts->nkeys);
    settle_list(s, &parts->partition, parts->npartition);
    settle_one(s, &parts->time);
    settle_order(s, &parts->order, parts->norder);
    LOver *overs = new (s->arena, LOver, parts->novers);
    for (int i = 0; i < parts->novers; i++) {
        overs[i] = parts->overs[i];
        settle_call(s, &overs[i]);
    }
    parts->overs = overs;
}

static int32_t expression_count(const LNode *n)
{
    int32_t count = n->nkeys + n->npartition + 1 + n->norder;
    for (int i = 0; i < n->novers; i++) count += n->overs[i].nargs + n->overs[i].agg.nargs + n->overs[i].agg.norder + 1;
    return count;
}

static LNode *settled_input(const Settling *s, LNode *in, Span at)
{
    Field *fields = new (s->arena, Field, s->n);
    memcpy(fields, in->fields, (size_t)s->base * sizeof *fields);
    Str *names = new (s->arena, Str, s->base);
    for (int i = 0; i < s->base; i++) names[i] = in->fields[i].name;
    for (int i = s->base; i < s->n; i++) {
        StrBuf b = {.arena = s->arena};
        bexpr_print(&b, s->exprs[i], names);
        fields[i].name = sb_done(&b);
    }
    return lnode_project(s->arena, in, s->exprs, fields, s->n, at);
}

/* The columns that `old` had, out of a node with computed ones among them. */
static LNode *without_settled(const Settling *s, LNode *n, const LNode *old)
{
    BExpr **exprs = new (s->arena, BExpr *, old->nfields);
    for (int i = 0; i < old->nfields; i++) {
        int32_t col = i < s->base ? i : i + s->n - s->base;
        exprs[i] = bexpr_column(s->arena, col, old->fields[i].type, n->span);
    }
    return lnode_project(s->arena, n, exprs, old->fields, old->nfields, n->span);
}

static LNode *over_settled(Arena *a, const LNode *n, LNode *parts, LNode *in)
{
    parts->inputs = &in;
    if (n->kind == L_OVER) return lnode_over(a, parts, n->span);
    if (n->kind == L_TOPN) return lnode_topn(a, parts, n->span);
    return lnode_window(a, in, n->window, parts->time, parts->partition, n->npartition, n->emit_final, n->span);
}

LNode *rank_settle(Arena *a, LNode *n)
{
    LNode *in = n->inputs[0];
    Settling s = {.arena = a, .n = in->nfields, .base = in->nfields};
    s.exprs = new (a, BExpr *, in->nfields + expression_count(n));
    for (int i = 0; i < in->nfields; i++) s.exprs[i] = bexpr_column(a, i, in->fields[i].type, n->span);
    LNode parts = *n;
    settle_parts(&s, &parts);
    if (s.n == s.base) return n;
    LNode *project = settled_input(&s, in, n->span);
    return without_settled(&s, over_settled(a, n, &parts, project), n);
}

/* ---- lowering ------------------------------------------------------------------------------- */

static int32_t *columns(Arena *a, BExpr *const *list, int32_t n)
{
    int32_t *out = new (a, int32_t, n);
    for (int i = 0; i < n; i++) {
        assert(list[i]->kind == BE_COLUMN);
        out[i] = list[i]->col;
    }
    return out;
}

static OverCall lower_call(Arena *a, const LOver *o, bool input_retracts)
{
    OverCall c = {.func = o->func, .nargs = o->nargs, .ignore_nulls = o->ignore_nulls, .frame = o->frame,
                  .type = o->type, .text = o->text, .span = o->span};
    c.args = columns(a, o->args, o->nargs);
    if (o->func == OVER_AGGREGATE) c.agg = agg_lower(a, &o->agg, input_retracts);
    return c;
}

void rank_lower(Arena *a, const LNode *n, PhysOp *op)
{
    RankSpec *r = new_one(a, RankSpec);
    *r = (RankSpec){.norder = n->norder, .npeer = n->npeer, .rank = n->rank, .limit = n->limit,
                    .offset = n->offset, .shows_rank = n->shows_rank};
    r->order = new (a, OrderKey, n->norder);
    for (int i = 0; i < n->norder; i++) {
        assert(n->order[i].expr->kind == BE_COLUMN);
        r->order[i] =
            (OrderKey){n->order[i].expr->col, n->order[i].descending, n->order[i].nulls_first};
    }
    op->ranks = r;
    op->keys = columns(a, n->keys, n->nkeys);
    op->nkeys = n->nkeys;
    op->emit_final = n->emit_final;
    op->key_window_start = n->key_window_start;
    op->key_window_end = n->key_window_end;
    op->novers = n->novers;
    op->overs = new (a, OverCall, n->novers);
    for (int i = 0; i < n->novers; i++) op->overs[i] = lower_call(a, &n->overs[i], op->input_retracts);
}
