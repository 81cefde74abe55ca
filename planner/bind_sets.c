/* bind_sets.c: GROUPING SETS, ROLLUP and CUBE: which keys each set has.
 *
 * A set is a mask over the keys of the whole GROUP BY. Its elements multiply: every set of one with
 * every set of the next. ROLLUP is its prefixes from the longest to none, CUBE all subsets. */
#include "planner/bind.h"

static Status too_many(Binder *b, Span at)
{
    return diag_error(b->p->diags, WEIR_E_LIMIT, bind_at(b, at), "GROUP BY makes at most %d grouping sets",
                      GROUPING_SETS_MAX);
}

static Status push_set(Binder *b, GroupSets *list, uint64_t set, Span at)
{
    if (list->len >= GROUPING_SETS_MAX) return too_many(b, at);
    vec_push(list, b->p->arena, set);
    return WEIR_OK;
}

/* The keys of (a, b), or of a alone. A window belongs to every set, so it is no part of one. */
static Status mask_of(Grouping *g, const ExprContext *c, const GroupItem *item, const OutputList *items,
                      uint64_t *out)
{
    *out = 0;
    for (int i = 0; i < item->exprs.len; i++) {
        uint64_t key;
        TRY(grouping_key_mask(g, c, item->exprs.data[i], items, &key));
        *out |= key;
    }
    return WEIR_OK;
}

static Status part_of(Binder *b, Grouping *g, const ExprContext *c, const GroupItem *item,
                      const OutputList *items, uint64_t *out)
{
    TRY(mask_of(g, c, item, items, out));
    if (*out || item->exprs.len == 0) return WEIR_OK;
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, item->span),
                           "the window belongs to every grouping set: it cannot be left out of one");
    diag_hint(b->p->diags, "write it beside the sets: GROUP BY TUMBLE(…), ROLLUP (…)");
    return st;
}

/* The elements of ROLLUP (…) and CUBE (…). */
static Status elements(Binder *b, Grouping *g, const ExprContext *c, const GroupItem *item,
                       const OutputList *items, GroupSets *out)
{
    for (int i = 0; i < item->items.len; i++) {
        uint64_t mask;
        TRY(part_of(b, g, c, &item->items.data[i], items, &mask));
        TRY(push_set(b, out, mask, item->span));
    }
    return WEIR_OK;
}

static Status rollup(Binder *b, const GroupSets *elements_of, Span at, GroupSets *out)
{
    for (ptrdiff_t n = elements_of->len; n >= 0; n--) {
        uint64_t set = 0;
        for (ptrdiff_t i = 0; i < n; i++) set |= elements_of->data[i];
        TRY(push_set(b, out, set, at));
    }
    return WEIR_OK;
}

/* From all elements to none; the first element is the last to go. */
static Status cube(Binder *b, const GroupSets *elements_of, Span at, GroupSets *out)
{
    ptrdiff_t n = elements_of->len;
    if (n > 8) return too_many(b, at);
    for (unsigned pick = 1u << n; pick-- > 0;) {
        uint64_t set = 0;
        for (ptrdiff_t i = 0; i < n; i++)
            if (pick >> (n - 1 - i) & 1) set |= elements_of->data[i];
        TRY(push_set(b, out, set, at));
    }
    return WEIR_OK;
}

static Status sets_of(Binder *b, Grouping *g, const ExprContext *c, const GroupItem *item,
                      const OutputList *items, GroupSets *out)
{
    GroupSets parts = {0};
    uint64_t mask;
    switch (item->kind) {
    case GROUP_EXPR:
    case GROUP_SET: TRY(part_of(b, g, c, item, items, &mask)); return push_set(b, out, mask, item->span);
    case GROUP_ROLLUP: TRY(elements(b, g, c, item, items, &parts)); return rollup(b, &parts, item->span, out);
    case GROUP_CUBE: TRY(elements(b, g, c, item, items, &parts)); return cube(b, &parts, item->span, out);
    case GROUP_SETS: break;
    }
    for (int i = 0; i < item->items.len; i++) TRY(sets_of(b, g, c, &item->items.data[i], items, out));
    return WEIR_OK;
}

Status bind_grouping_sets(Binder *b, Grouping *g, const ExprContext *c, const GroupItem *item,
                          const OutputList *items, GroupSets *sets)
{
    GroupSets more = {0}, product = {0};
    uint64_t plain;
    if (item->kind == GROUP_EXPR || item->kind == GROUP_SET) {
        TRY(mask_of(g, c, item, items, &plain));
        TRY(push_set(b, &more, plain, item->span));
    } else {
        TRY(sets_of(b, g, c, item, items, &more));
    }
    if (sets->len == 0) TRY(push_set(b, sets, 0, item->span));
    for (int i = 0; i < sets->len; i++)
        for (int k = 0; k < more.len; k++)
            TRY(push_set(b, &product, sets->data[i] | more.data[k], item->span));
    *sets = product;
    return WEIR_OK;
}
