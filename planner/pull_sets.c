/* pull_sets.c: GROUPING SETS, ROLLUP and CUBE of a pull query: which keys each set has, and what the
 * keys that it lacks become. SQLite has none of them; pull.c writes a query for each set. */
#include "planner/pull.h"

enum { PULL_SETS_MAX = 256 };

bool pull_has_sets(const Select *q)
{
    for (ptrdiff_t i = 0; i < q->group_by.len; i++) {
        const GroupItem *g = &q->group_by.data[i];
        if (g->kind != GROUP_EXPR && (g->kind != GROUP_SET || g->exprs.len == 0)) return true;
    }
    return false;
}

/* ---- masks -------------------------------------------------------------------------------------- */

typedef struct Masks {
    Pull *pull;
    PullKeyBit bit_of;
    void *arg;
} Masks;

static Status push_mask(const Masks *m, PullMasks *list, uint64_t mask, Span at)
{
    if (list->len >= PULL_SETS_MAX)
        return diag_error(m->pull->p->diags, WEIR_E_LIMIT, pull_at(m->pull, at), "GROUP BY makes at most %d grouping sets",
                          PULL_SETS_MAX);
    vec_push(list, m->pull->arena, mask);
    return WEIR_OK;
}

static Status mask_of(const Masks *m, const GroupItem *g, uint64_t *out)
{
    *out = 0;
    for (ptrdiff_t i = 0; i < g->exprs.len; i++) {
        uint64_t bit;
        TRY(m->bit_of(m->arg, g->exprs.data[i], &bit));
        *out |= bit;
    }
    return WEIR_OK;
}

/* Prefixes of the elements, from all to none. */
static Status rollup(const Masks *m, const PullMasks *parts, Span at, PullMasks *out)
{
    for (ptrdiff_t n = parts->len; n >= 0; n--) {
        uint64_t mask = 0;
        for (ptrdiff_t i = 0; i < n; i++) mask |= parts->data[i];
        TRY(push_mask(m, out, mask, at));
    }
    return WEIR_OK;
}

static Status cube(const Masks *m, const PullMasks *parts, Span at, PullMasks *out)
{
    ptrdiff_t n = parts->len < 9 ? parts->len : 9; /* more are too many */
    for (unsigned pick = 1u << n; pick-- > 0;) {
        uint64_t mask = 0;
        for (ptrdiff_t i = 0; i < n; i++)
            if (pick >> (n - 1 - i) & 1) mask |= parts->data[i];
        TRY(push_mask(m, out, mask, at));
    }
    return WEIR_OK;
}

static Status sets_of(const Masks *m, const GroupItem *g, PullMasks *out)
{
    PullMasks parts = {0};
    uint64_t mask;
    if (g->kind == GROUP_EXPR || g->kind == GROUP_SET) {
        TRY(mask_of(m, g, &mask));
        return push_mask(m, out, mask, g->span);
    }
    for (ptrdiff_t i = 0; i < g->items.len; i++)
        TRY(sets_of(m, &g->items.data[i], g->kind == GROUP_SETS ? out : &parts));
    if (g->kind == GROUP_ROLLUP) return rollup(m, &parts, g->span, out);
    return g->kind == GROUP_CUBE ? cube(m, &parts, g->span, out) : WEIR_OK;
}

/* Every set of one element of GROUP BY with every set of the next. */
Status pull_masks(Pull *l, const GroupList *list, PullKeyBit bit_of, void *arg, PullMasks *out)
{
    Masks m = {l, bit_of, arg};
    *out = (PullMasks){0};
    vec_push(out, l->arena, 0);
    for (ptrdiff_t i = 0; i < list->len; i++) {
        PullMasks more = {0}, product = {0};
        TRY(sets_of(&m, &list->data[i], &more));
        for (ptrdiff_t k = 0; k < out->len; k++)
            for (ptrdiff_t j = 0; j < more.len; j++)
                TRY(push_mask(&m, &product, out->data[k] | more.data[j], list->data[i].span));
        *out = product;
    }
    return WEIR_OK;
}

/* ---- keys --------------------------------------------------------------------------------------- */

/* Where e stands among the keys of the set; -1: it is none. */
static Status key_at(const PullContext *c, const Expr *e, ptrdiff_t *out, PullValue *v)
{
    PullContext plain = *c;
    plain.set = NULL;
    TRY(pull_value(&plain, e, v));
    *out = c->set->keys.len - 1;
    while (*out >= 0 && !str_eq(c->set->keys.data[*out], v->sql)) --*out;
    return WEIR_OK;
}

static bool has_query(const Expr *e)
{
    return e->query || e->kind == EX_SUBQUERY || e->kind == EX_EXISTS || e->kind == EX_IN_QUERY;
}

static bool has_grouping(const PullContext *c, const Expr *e)
{
    if (pull_is_grouping(c, e) || (e->operand && has_grouping(c, e->operand))) return true;
    for (ptrdiff_t i = 0; i < e->args.len; i++)
        if (has_grouping(c, e->args.data[i])) return true;
    return false;
}

static bool may_be_key(const PullContext *c, const Expr *e)
{
    bool is_value = e->kind == EX_COLUMN || e->kind == EX_FIELD || e->kind == EX_CALL || e->kind == EX_OP ||
                    e->kind == EX_CAST || e->kind == EX_CASE || e->kind == EX_SUBSCRIPT;
    return is_value && !(e->call && e->call->over) && !has_grouping(c, e) && !pull_has_aggregate(c, e);
}

Status pull_lacks(const PullContext *c, const Expr *e, bool *lacks, PullValue *out)
{
    ptrdiff_t at;
    PullValue v;
    *lacks = false;
    if (c->set && has_query(e))
        return pull_unsupported(c->pull, e->span, "a subquery over GROUPING SETS", "put the sets into a subquery in FROM");
    if (!c->set || !may_be_key(c, e)) return WEIR_OK;
    TRY(key_at(c, e, &at, &v));
    *lacks = at >= 0 && !(c->set->mask >> at & 1);
    if (*lacks) *out = (PullValue){.sql = S("NULL"), .type = v.type};
    return WEIR_OK;
}

bool pull_is_grouping(const PullContext *c, const Expr *e)
{
    return c->set && e->kind == EX_CALL && !(e->call && e->call->over) && name_in_list("grouping,grouping_id", e->text);
}

Status pull_grouping(const PullContext *c, const Expr *e, PullValue *out)
{
    int64_t bits = 0;
    for (ptrdiff_t i = 0; i < e->args.len && !c->set->is_sought; i++) {
        ptrdiff_t at;
        PullValue v;
        TRY(key_at(c, e->args.data[i], &at, &v));
        if (at < 0)
            return diag_error(c->pull->p->diags, WEIR_E_GROUP, pull_at(c->pull, e->args.data[i]->span),
                              "GROUPING takes keys of GROUP BY");
        bits = bits << 1 | !(c->set->mask >> at & 1);
    }
    *out = (PullValue){.sql = str_printf(c->pull->arena, "%lld", (long long)bits), .type = pull_type(TYPE_BIGINT_)};
    return WEIR_OK;
}
