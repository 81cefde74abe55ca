/* rank_filters.c: WHERE rn <= N over row_number, rank or dense_rank becomes a Top-N.
 *
 * OVER keeps the rows of a partition; a Top-N over rows that are never taken back keeps N of them,
 * and a row beyond the Nth changes nothing. Only an OVER that computes this one rank can go. Under
 * EMIT FINAL a Top-N ends with a window; OVER by event time, which does not, stays as it is. */
#include "planner/rewrite/rewrite.h"

/* What a filter says of the rank: first <= rank <= last; INT64_MAX: no end. */
typedef struct Bounds {
    int64_t first, last;
    int32_t col;  /* of the rank */
    BExpr *rest;  /* the conjuncts about anything else */
} Bounds;

static bool rank_of(OverFunc f, TopRank *out)
{
    if (f != OVER_ROW_NUMBER && f != OVER_RANK && f != OVER_DENSE_RANK) return false;
    *out = f == OVER_RANK ? TOP_RANK : f == OVER_DENSE_RANK ? TOP_DENSE_RANK : TOP_ROW_NUMBER;
    return true;
}

static bool is_rank(const BExpr *e, int32_t col)
{
    return e->kind == BE_COLUMN && e->col == col;
}

static bool is_number(const BExpr *e)
{
    return e->kind == BE_CONST && !e->value.is_null && e->type.kind == TYPE_BIGINT &&
           e->value.i > INT64_MIN && e->value.i < INT64_MAX;
}

static void at_least(Bounds *b, int64_t n)
{
    if (n > b->first) b->first = n;
}

static void at_most(Bounds *b, int64_t n)
{
    if (n < b->last) b->last = n;
}

/* rank op n; `flipped`: n op rank. False: no comparison that bounds. */
static bool narrow(Bounds *b, const BExpr *e, int64_t n, bool flipped)
{
    bool less = bexpr_is_call(e, "<"), more = bexpr_is_call(e, ">");
    bool le = bexpr_is_call(e, "<="), ge = bexpr_is_call(e, ">=");
    if (bexpr_is_call(e, "=")) {
        at_least(b, n);
        at_most(b, n);
    } else if (flipped ? more : less) {
        at_most(b, n - 1);
    } else if (flipped ? less : more) {
        at_least(b, n + 1);
    } else if (flipped ? ge : le) {
        at_most(b, n);
    } else if (flipped ? le : ge) {
        at_least(b, n);
    } else {
        return false;
    }
    return true;
}

static void take_conjunct(Planner *p, Bounds *b, BExpr *e)
{
    bool two = e->kind == BE_CALL && e->nargs == 2;
    if (two && is_rank(e->args[0], b->col) && is_number(e->args[1]) && narrow(b, e, e->args[1]->value.i, false))
        return;
    if (two && is_rank(e->args[1], b->col) && is_number(e->args[0]) && narrow(b, e, e->args[0]->value.i, true))
        return;
    b->rest = bexpr_and(p->arena, b->rest, e);
}

static Bounds bounds_of(Planner *p, BExpr *pred, int32_t col)
{
    Bounds b = {.first = 1, .last = INT64_MAX, .col = col};
    if (pred->kind != BE_AND)
        take_conjunct(p, &b, pred);
    else
        for (int i = 0; i < pred->nargs; i++) take_conjunct(p, &b, pred->args[i]);
    return b;
}

static LNode *top_of(Planner *p, const LNode *over, TopRank rank, const Bounds *b)
{
    LNode parts = *over;
    parts.rank = rank;
    parts.offset = b->first - 1;
    parts.limit = b->last - b->first + 1;
    parts.shows_rank = true;
    LNode *n = lnode_topn(p->arena, &parts, over->span);
    n->fields = over->fields;
    return n;
}

static LNode *rank_filter(Planner *p, LNode *n)
{
    TopRank rank;
    if (n->kind != L_FILTER || n->inputs[0]->kind != L_OVER) return n;
    const LNode *over = n->inputs[0];
    if (over->novers != 1 || !rank_of(over->overs[0].func, &rank)) return n;
    if (over->emit_final && over->key_window_end < 0) return n;
    Bounds b = bounds_of(p, n->pred, over->nfields - 1);
    if (b.last == INT64_MAX || b.last < b.first) return n;
    LNode *top = top_of(p, over, rank, &b);
    return b.rest ? lnode_filter(p->arena, top, b.rest, n->span) : top;
}

static LNode *apply(Planner *p, LNode *root)
{
    return rewrite_nodes(p, root, rank_filter);
}

extern const RewriteRule rewrite_rank_filters;
const RewriteRule rewrite_rank_filters = {"rank_filters", apply, "a filter by rank keeps the first rows only"};
