/* share_parts.c: aggregates that are written twice run once.
 *
 * Two aggregates are the same if they group the same rows in the same way: the same stream or view, the
 * same filters, projections, windows, keys and calls. Names don't matter, and nothing that is volatile
 * is the same as anything. It comes after all rules, on keys and arguments that are columns already:
 * what one of two readers does not need must not keep it from being shared, and no rule takes the two
 * apart again. */
#include "planner/node_memo.h"
#include "planner/rewrite/rewrite.h"

typedef struct Parts {
    NodeMemo memo;
    VEC(LNode *) kept;    /* aggregates, each different */
} Parts;

static bool same_expr(const BExpr *a, const BExpr *b)
{
    return a && b ? bexpr_eq(a, b) : a == b;
}

static bool same_exprs(BExpr *const *a, BExpr *const *b, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (!bexpr_eq(a[i], b[i])) return false;
    return true;
}

static bool same_window(const WindowSpec *a, const WindowSpec *b)
{
    if (!a || !b) return a == b;
    return a->def == b->def && a->tick_us == b->tick_us && a->size_us == b->size_us && a->slide_us == b->slide_us &&
           a->size_months == b->size_months && a->slide_months == b->slide_months && a->size_days == b->size_days &&
           a->slide_days == b->slide_days && a->offset_us == b->offset_us && a->grace_us == b->grace_us &&
           a->size_rows == b->size_rows && a->advance_rows == b->advance_rows && a->trigger_us == b->trigger_us &&
           a->retention_us == b->retention_us && a->fill == b->fill && a->by_value == b->by_value &&
           str_eq(a->time_zone, b->time_zone);
}

static bool same_agg(const LAgg *a, const LAgg *b)
{
    bool same = a->def == b->def && a->nargs == b->nargs && a->distinct == b->distinct && a->descending == b->descending &&
                a->norder == b->norder && a->by_position == b->by_position && type_eq(a->type, b->type) &&
                same_expr(a->filter, b->filter);
    if (!same || !same_exprs(a->args, b->args, a->nargs)) return false;
    for (int32_t i = 0; i < a->norder; i++) {
        const LOrder *x = &a->order[i], *y = &b->order[i];
        if (x->descending != y->descending || x->nulls_first != y->nulls_first || !bexpr_eq(x->expr, y->expr)) return false;
    }
    for (int32_t i = 0; i < a->nargs; i++) { /* a project below holds the value, not the argument */
        const Value *x = a->consts ? a->consts[i] : NULL, *y = b->consts ? b->consts[i] : NULL;
        if (x && y ? !value_eq(x, y) : x != y) return false;
    }
    return true;
}

static bool same_groups(const LNode *a, const LNode *b)
{
    if (a->nsets || b->nsets || a->nkeys != b->nkeys || a->naggs != b->naggs) return false;
    if (a->is_global != b->is_global || a->emit_final != b->emit_final) return false;
    if (!same_exprs(a->keys, b->keys, a->nkeys)) return false;
    for (int32_t i = 0; i < a->naggs; i++)
        if (!same_agg(&a->aggs[i], &b->aggs[i])) return false;
    return same_window(a->window, b->window) && same_expr(a->time, b->time);
}

static bool same_head(const LNode *a, const LNode *b)
{
    switch (a->kind) {
    case L_SCAN:
        return a->rel == b->rel && same_expr(a->pred, b->pred) &&
               !memcmp(a->scan_cols, b->scan_cols, (size_t)a->nfields * sizeof *a->scan_cols);
    case L_VIEW_INPUT: return a->rel == b->rel;
    case L_FILTER: return bexpr_eq(a->pred, b->pred);
    case L_PROJECT: return same_exprs(a->exprs, b->exprs, a->nfields);
    case L_WINDOW: return !is_session_rows(a) && same_window(a->window, b->window) && same_expr(a->time, b->time);
    case L_AGGREGATE: return same_groups(a, b);
    case L_VALUES:
    case L_UNION:
    case L_JOIN:
    case L_OVER:
    case L_TOPN:
    case L_SETOP:
    case L_UNNEST:
    case L_CONTEND: return false;
    }
    return false;
}

static bool same(const LNode *a, const LNode *b)
{
    if (a == b) return true;
    if (a->kind != b->kind || a->nfields != b->nfields || a->ninputs != b->ninputs) return false;
    for (int32_t i = 0; i < a->nfields; i++)
        if (!type_eq(a->fields[i].type, b->fields[i].type)) return false;
    for (int32_t i = 0; i < a->ninputs; i++)
        if (!same(a->inputs[i], b->inputs[i])) return false;
    return same_head(a, b);
}

static LNode *keep_one(Parts *parts, LNode *n)
{
    if (n->kind != L_AGGREGATE) return n;
    for (ptrdiff_t i = 0; i < parts->kept.len; i++)
        if (same(parts->kept.data[i], n)) return parts->kept.data[i];
    vec_push(&parts->kept, parts->memo.arena, n);
    return n;
}

/* Inputs first, so that what stands below has been put together already. */
static LNode *share(Parts *parts, LNode *n)
{
    LNode *done = node_memo_get(&parts->memo, n);
    if (done) return done;
    LNode **inputs = new (parts->memo.arena, LNode *, n->ninputs);
    bool is_as_before = true;
    for (int32_t i = 0; i < n->ninputs; i++) {
        inputs[i] = share(parts, n->inputs[i]);
        is_as_before &= inputs[i] == n->inputs[i];
    }
    done = keep_one(parts, is_as_before ? n : lnode_with_inputs(parts->memo.arena, n, inputs));
    node_memo_put(&parts->memo, n, done);
    return done;
}

LNode *rewrite_shared(Planner *p, LNode *root)
{
    if (!rewrite_is_on(p, "share_parts")) return root;
    return share(&(Parts){.memo.arena = p->arena}, lnode_settle(p->arena, root));
}
