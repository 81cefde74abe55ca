/* agg_table.c: a table of groups whose payloads are cells, and what an epoch changed in it. */
#include "exec/op/aggregate.h"
#include "base/plant.h"

#include <assert.h>

enum { CELLS_AHEAD = 16 }; /* brought into the cache before they are looked at */

void agg_table_init_with(AggregateOp *g, AggTable *t, int extra)
{
    *t = (AggTable){0};
    group_table_init(&t->groups, &g->keys, g->aggs.cell_size + extra);
}

void agg_table_init(AggregateOp *g, AggTable *t)
{
    agg_table_init_with(g, t, g->fill ? (int)sizeof(int64_t) : 0);
}

static void before_forget(AggTable *t)
{
    t->has_lost = false;
    t->blocks.data = NULL;
    t->blocks.len = t->blocks.cap = 0;
    t->before = NULL;
    t->nbefore = t->before_cap = 0;
    t->images.data = NULL;
    t->images.len = t->images.cap = 0;
}

void agg_table_clear(AggTable *t)
{
    group_table_clear(&t->groups);
    before_forget(t);
}

void agg_table_free(AggTable *t)
{
    group_table_free(&t->groups);
    before_forget(t);
}

/* ---- before-images ---------------------------------------------------------------------------- */

static bool has_result(const AggregateOp *g, const uint8_t *cell)
{
    return cell_row_count(cell) > 0 || g->keeps_empty || WEIR_PLANT("empty-group-kept") || (g->fill && *cell_is_filled(g, (uint8_t *)(uintptr_t)cell));
}

/* Whether a group's bytes are all there is of it: then a copy of them is its before-image, and results are
 * made of it when the epoch ends. A fresh one has no rows yet and so had no result, but for a global one. */
static bool copies_payloads(const AggregateOp *g)
{
    return !g->aggs.owns_heap && !g->keeps_empty;
}

static BeforeBlock *block_new(AggregateOp *g, const AggTable *t)
{
    BeforeBlock *b = arena_alloc_raw(&g->epoch, (ptrdiff_t)sizeof *b, 8);
    b->bytes = arena_alloc_raw(&g->epoch, (ptrdiff_t)t->groups.payload * BATCH_ROWS_MAX, 8);
    b->n = 0;
    return b;
}

/* Of touched group i, which is not fresh. */
static inline void payload_take(AggregateOp *g, AggTable *t, uint32_t i)
{
    const uint8_t *cell = t->groups.touched[i];
    BeforeBlock **block = &t->blocks.data[i / BATCH_ROWS_MAX];
    if (!has_result(g, cell)) return;
    if (!*block) *block = block_new(g, t);
    BeforeBlock *b = *block;
    memcpy(b->bytes + (ptrdiff_t)b->n * t->groups.payload, cell, (size_t)t->groups.payload);
    b->at[b->n++] = (uint16_t)(i % BATCH_ROWS_MAX);
}

/* A fresh group had no result. */
static void payloads_take(AggregateOp *g, AggTable *t, uint8_t *const *fresh, int nfresh)
{
    uint32_t to = t->groups.ntouched;
    while ((uint32_t)t->blocks.len * BATCH_ROWS_MAX < to) vec_push(&t->blocks, &g->epoch, (BeforeBlock *)NULL);
    int f = 0;
    for (uint32_t i = t->nbefore; i < to && to - i > (uint32_t)(nfresh - f); i++) {
        bool is_fresh = f < nfresh && fresh[f] == t->groups.touched[i];
        f += is_fresh;
        if (!is_fresh) payload_take(g, t, i);
    }
    t->nbefore = to;
}

static void before_reserve(AggregateOp *g, AggTable *t, uint32_t n)
{
    if (n <= t->before_cap) return;
    uint32_t cap = t->before_cap ? t->before_cap * 2 : 64;
    if (cap < n) cap = n;
    BeforeRef *more = new_raw(&g->epoch, BeforeRef, cap);
    if (t->nbefore) memcpy(more, t->before, t->nbefore * sizeof *more);
    t->before = more;
    t->before_cap = cap;
}

/* Takes the results of the groups touched since the last call, but for the fresh ones, whose
 * numbers of rows are still 0. At most BATCH_ROWS_MAX at a time. */
static void before_take(AggregateOp *g, AggTable *t, uint8_t *const *fresh, int nfresh, Arena *scratch)
{
    uint32_t from = t->nbefore, to = t->groups.ntouched;
    if (copies_payloads(g)) {
        payloads_take(g, t, fresh, nfresh);
        return;
    }
    before_reserve(g, t, to);
    const uint8_t **cells = new_raw(scratch, const uint8_t *, to - from);
    int n = 0, f = 0;
    for (uint32_t i = from; i < to; i++) {
        uint8_t *cell = t->groups.touched[i];
        bool is_fresh = f < nfresh && fresh[f] == cell;
        f += is_fresh;
        bool had = !is_fresh && has_result(g, cell);
        t->before[i] = had ? (BeforeRef){(int32_t)t->images.len, n} : (BeforeRef){-1, 0};
        if (had) cells[n++] = cell;
    }
    assert(n <= BATCH_ROWS_MAX && f == nfresh);
    t->nbefore = to;
    if (n == 0) return;
    Column *image = new (&g->epoch, Column, g->aggs.n);
    agg_set_final(&g->aggs, scratch, cells, n, image, &g->epoch);
    vec_push(&t->images, &g->epoch, image);
}

/* ---- changing --------------------------------------------------------------------------------- */

void agg_table_touch(AggregateOp *g, AggTable *t, const PackedKeys *keys, uint8_t **cells)
{
    Arena *scratch = g->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    uint8_t **fresh = new_raw(scratch, uint8_t *, keys->n);
    int nfresh = group_table_find(&t->groups, keys, cells, fresh);
    if (g->shows_changes && t->nbefore < t->groups.ntouched) before_take(g, t, fresh, nfresh, scratch);
    arena_release(scratch, mark);
}

/* All rows have the first of the keys. */
static void push_one(AggregateOp *g, AggTable *t, const Batch *b, PackedKeys keys, const int32_t *rows, int n)
{
    uint8_t *cell;
    keys.n = 1;
    agg_table_touch(g, t, &keys, &cell);
    agg_set_fold(&g->aggs, &t->groups.heap, g->op.ctx->batch_scratch, b, rows, n, cell);
}

void agg_table_push(AggregateOp *g, AggTable *t, const Batch *b, const PackedKeys *keys, const int32_t *rows)
{
    if (keys->n == 0) return;
    if (keys->n > 1 && keys_are_one(&g->keys, keys)) {
        push_one(g, t, b, *keys, rows, keys->n);
        return;
    }
    Arena *scratch = g->op.ctx->batch_scratch;
    uint8_t **cells = new_raw(scratch, uint8_t *, keys->n);
    agg_table_touch(g, t, keys, cells);
    agg_set_step(&g->aggs, &t->groups.heap, scratch, b, rows, keys->n, cells);
}

static bool keys_are_const(const AggregateOp *g, const Batch *b)
{
    for (int i = 0; i < g->op.plan->nkeys; i++)
        if (!b->cols[g->op.plan->keys[i]].is_const) return false;
    return true;
}

void agg_table_push_rows(AggregateOp *g, AggTable *t, const Batch *b, const int32_t *rows, int n)
{
    if (n == 0) return;
    bool is_one = n > 1 && keys_are_const(g, b);
    PackedKeys keys = key_pack(&g->keys, b->cols, g->op.plan->keys, rows, is_one ? 1 : n, g->op.ctx->batch_scratch);
    if (is_one) push_one(g, t, b, keys, rows, n);
    else agg_table_push(g, t, b, &keys, rows);
}

/* Drops the rows that take from groups more than they have; returns how many are left. */
static int drop_missing(AggregateOp *g, const Batch *b, int32_t *rows, uint8_t **cells, int n)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        int weight = batch_weight(b, rows[i]);
        if (cell_row_count(cells[i]) + weight < 0) {
            op_count_missing(&g->op, -weight);
            continue;
        }
        *cell_rows(cells[i]) += weight;
        rows[kept] = rows[i];
        cells[kept++] = cells[i];
    }
    for (int i = 0; i < kept; i++) *cell_rows(cells[i]) -= batch_weight(b, rows[i]); /* the step adds them */
    return kept;
}

void agg_table_push_present(AggregateOp *g, AggTable *t, const Batch *b, const PackedKeys *keys, int32_t *rows)
{
    if (keys->n == 0) return;
    Arena *scratch = g->op.ctx->batch_scratch;
    uint8_t **cells = new_raw(scratch, uint8_t *, keys->n);
    agg_table_touch(g, t, keys, cells);
    int n = b->weights ? drop_missing(g, b, rows, cells, keys->n) : keys->n;
    agg_set_step(&g->aggs, &t->groups.heap, scratch, b, rows, n, cells);
}

static void merge_some(AggregateOp *g, AggTable *t, const AggTable *src, uint8_t *const *from, int n, int sign,
                       Arena *scratch)
{
    uint8_t **to = new_raw(scratch, uint8_t *, n), **fresh = new_raw(scratch, uint8_t *, n);
    int nfresh = 0;
    for (int i = 0; i < n; i++) {
        const GroupHead *h = group_head(&src->groups, from[i]);
        bool is_new;
        to[i] = group_table_add(&t->groups, group_words(&src->groups, from[i]), h->nulls, h->hash, &is_new);
        if (is_new) fresh[nfresh++] = to[i];
    }
    if (g->shows_changes && t->nbefore < t->groups.ntouched) before_take(g, t, fresh, nfresh, scratch);
    for (int i = 0; i < n; i++) agg_set_merge(&g->aggs, &t->groups.heap, scratch, to[i], from[i], sign);
}

void agg_table_merge(AggregateOp *g, AggTable *t, const AggTable *src, int sign)
{
    Arena *scratch = g->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    uint8_t **from = new_raw(scratch, uint8_t *, src->groups.live);
    int64_t n = group_table_list(&src->groups, from);
    t->has_lost |= sign < 0;
    for (int64_t i = 0; i < n; i += BATCH_ROWS_MAX) {
        ArenaMark inner = arena_mark(scratch);
        merge_some(g, t, src, from + i, (int)(n - i < BATCH_ROWS_MAX ? n - i : BATCH_ROWS_MAX), sign, scratch);
        arena_release(scratch, inner);
    }
    arena_release(scratch, mark);
}

/* ---- output ----------------------------------------------------------------------------------- */

/* Which of n touched groups, from the i-th on, go and come. */
typedef struct Changes {
    uint8_t **gone, **come;
    int32_t ngone, ncome;
    Column *old, *now; /* their results */
} Changes;

static Column *results_new(const AggregateOp *g, int n, Arena *a)
{
    Column *cols = new (a, Column, g->aggs.n);
    for (int i = 0; i < g->aggs.n; i++) cols[i] = column_new(a, g->aggs.slots[i].call->type, n);
    return cols;
}

static bool results_eq(const AggregateOp *g, const Column *a, int i, const Column *b, int j)
{
    for (int k = 0; k < g->aggs.n; k++)
        if (!result_eq(&a[k], i, &b[k], j)) return false;
    return true;
}

static void results_add(const AggregateOp *g, Column *to, Arena *a, int row, const Column *from, int at)
{
    for (int k = 0; k < g->aggs.n; k++) result_copy(&to[k], a, row, &from[k], at);
}

static Changes changes_find(const AggregateOp *g, const AggTable *t, uint32_t at, int n, Arena *a)
{
    uint8_t *const *groups = t->groups.touched + at;
    Column *now = new (a, Column, g->aggs.n);
    agg_set_final(&g->aggs, a, (const uint8_t *const *)groups, n, now, a);
    Changes c = {new_raw(a, uint8_t *, n), new_raw(a, uint8_t *, n), 0, 0, results_new(g, n, a), results_new(g, n, a)};
    for (int i = 0; i < n; i++) {
        BeforeRef b = t->before[at + (uint32_t)i];
        const Column *image = b.image < 0 ? NULL : t->images.data[b.image];
        bool is = has_result(g, groups[i]);
        if (image && is && results_eq(g, image, b.row, now, i)) continue;
        if (image) {
            results_add(g, c.old, a, c.ngone, image, b.row);
            c.gone[c.ngone++] = groups[i];
        }
        if (is) {
            results_add(g, c.now, a, c.ncome, now, i);
            c.come[c.ncome++] = groups[i];
        }
    }
    return c;
}

static void emit_images(AggregateOp *g, AggTable *t, uint32_t at, int n, const Column *window, Arena *scratch)
{
    Changes c = changes_find(g, t, at, n, scratch);
    aggregate_emit(g, &(OutRows){.table = &t->groups, .groups = c.gone, .n = c.ngone, .window = window, .results = c.old, .weight = -1});
    aggregate_emit(g, &(OutRows){.table = &t->groups, .groups = c.come, .n = c.ncome, .window = window, .results = c.now, .weight = 1});
}

/* same[i] stays where row i of a is row at[i] of b, which has more rows or as many. */
static void mark_same(const Column *a, const Column *b, const uint16_t *at, bool has_more, int n, uint8_t *same)
{
    bool is_plain = !a->valid && !b->valid && !a->err && !b->err && type_width(a->type.kind) == 8;
    if (is_plain && !has_more)
        for (int i = 0; i < n; i++) same[i] &= COL(uint64_t, a)[i] == COL(uint64_t, b)[i];
    else if (is_plain)
        for (int i = 0; i < n; i++) same[i] &= COL(uint64_t, a)[i] == COL(uint64_t, b)[at[i]];
    else
        for (int i = 0; i < n; i++) same[i] = same[i] && result_eq(a, i, b, at[i]);
}

static Column *results_of(const AggregateOp *g, const uint8_t *const *cells, int n, Arena *a)
{
    Column *results = new (a, Column, g->aggs.n);
    agg_set_final(&g->aggs, a, cells, n, results, a);
    return results;
}

/* Which of some groups had results before the epoch. */
typedef struct Had {
    const uint8_t **was; /* their bytes then */
    uint8_t **groups;
    const uint16_t *at;  /* their places among the groups */
    uint8_t *same;       /* their results have not changed */
    int32_t n;
} Had;

static Had find_had(const AggregateOp *g, const AggTable *t, uint32_t at, Arena *a)
{
    const BeforeBlock *b = t->blocks.data[at / BATCH_ROWS_MAX];
    if (!b) return (Had){0};
    uint8_t *const *groups = t->groups.touched + at;
    Had h = {new_raw(a, const uint8_t *, b->n), new_raw(a, uint8_t *, b->n), b->at, new_raw(a, uint8_t, b->n), b->n};
    for (int i = 0; i < h.n; i++) {
        if (i + CELLS_AHEAD < h.n) __builtin_prefetch(groups[b->at[i + CELLS_AHEAD]]);
        h.was[i] = b->bytes + (ptrdiff_t)i * t->groups.payload;
        h.groups[i] = groups[b->at[i]];
        h.same[i] = has_result(g, h.groups[i]);
    }
    return h;
}

static void emit_gone(AggregateOp *g, const AggTable *t, const Had *h, const Column *before, const Column *keys, const Column *window, Arena *scratch)
{
    uint16_t *gone = new_raw(scratch, uint16_t, h->n);
    int n = 0;
    for (int i = 0; i < h->n; i++) {
        gone[n] = (uint16_t)i;
        n += !h->same[i];
    }
    aggregate_emit(g, &(OutRows){.table = &t->groups, .groups = h->groups, .n = h->n, .window = window, .results = before, .weight = -1,
                                 .keys = keys, .sel = gone, .nsel = n});
}

/* Where all groups had results the same keys serve the rows that go and those that come. */
static void emit_payloads(AggregateOp *g, AggTable *t, uint32_t at, int n, const Column *window, Arena *scratch)
{
    uint8_t *const *groups = t->groups.touched + at;
    Had had = find_had(g, t, at, scratch);
    const Column *now = results_of(g, (const uint8_t *const *)groups, n, scratch), *keys = NULL;
    bool all_had = had.n == n;
    uint8_t *stays = all_had ? had.same : new (scratch, uint8_t, n);
    if (had.n) {
        const Column *before = results_of(g, had.was, had.n, scratch);
        for (int k = 0; k < g->aggs.n; k++) mark_same(&before[k], &now[k], had.at, !all_had, had.n, had.same);
        for (int i = 0; i < had.n && !all_had; i++) stays[had.at[i]] = had.same[i];
        if (all_had) keys = aggregate_key_columns(g, &t->groups, groups, n, scratch);
        emit_gone(g, t, &had, before, keys, window, scratch);
    }
    uint16_t *come = new_raw(scratch, uint16_t, n);
    int ncome = 0;
    for (int i = 0; i < n; i++) {
        come[ncome] = (uint16_t)i;
        ncome += !stays[i] && has_result(g, groups[i]);
    }
    aggregate_emit(g, &(OutRows){.table = &t->groups, .groups = groups, .n = n, .window = window, .results = now, .weight = 1,
                                 .keys = keys, .sel = ncome < n ? come : NULL, .nsel = ncome});
}

void agg_table_emit_changes(AggregateOp *g, AggTable *t, const Column *window)
{
    Arena *scratch = g->op.ctx->batch_scratch;
    assert(!g->shows_changes || t->nbefore == t->groups.ntouched);
    for (uint32_t at = 0; at < t->groups.ntouched; at += BATCH_ROWS_MAX) {
        uint32_t left = t->groups.ntouched - at;
        int n = (int)(left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX);
        ArenaMark mark = arena_mark(scratch);
        if (copies_payloads(g)) emit_payloads(g, t, at, n, window, scratch);
        else emit_images(g, t, at, n, window, scratch);
        arena_release(scratch, mark);
    }
}

void agg_table_emit_all(AggregateOp *g, AggTable *t, const Column *window)
{
    Arena *scratch = g->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    uint8_t **groups = new_raw(scratch, uint8_t *, t->groups.live);
    int64_t all = group_table_list(&t->groups, groups), n = 0;
    for (int64_t i = 0; i < all; i++)
        if (has_result(g, groups[i])) groups[n++] = groups[i];
    group_table_sort(&t->groups, groups, n, scratch);
    for (int64_t i = 0; i < n; i += BATCH_ROWS_MAX) {
        int rows = (int)(n - i < BATCH_ROWS_MAX ? n - i : BATCH_ROWS_MAX);
        ArenaMark inner = arena_mark(scratch);
        Column *results = new (scratch, Column, g->aggs.n);
        agg_set_final(&g->aggs, scratch, (const uint8_t *const *)(groups + i), rows, results, scratch);
        aggregate_emit(g, &(OutRows){.table = &t->groups, .groups = groups + i, .n = rows, .window = window, .results = results, .weight = 1});
        arena_release(scratch, inner);
    }
    arena_release(scratch, mark);
}

/* ---- records ---------------------------------------------------------------------------------- */

static void save_group(AggregateOp *g, const AggTable *t, const uint8_t *group, Str space, StateWriter *w,
                       bool all)
{
    Arena *scratch = g->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    StrBuf key = {.arena = scratch}, value = {.arena = scratch};
    group_table_save_key(&t->groups, group, &key);
    bool is_gone = cell_row_count(group) == 0 && !g->keeps_empty;
    if (!is_gone) {
        agg_set_save(&g->aggs, scratch, group, &value);
        state_put(w, space, str_of(key.p, key.n), str_of(value.p, value.n));
    } else if (!all) {
        state_del(w, space, str_of(key.p, key.n));
    }
    arena_release(scratch, mark);
}

void agg_table_save(AggregateOp *g, const AggTable *t, Str space, StateWriter *w, bool all)
{
    if (!all) {
        for (uint32_t i = 0; i < t->groups.ntouched; i++)
            save_group(g, t, t->groups.touched[i], space, w, false);
        return;
    }
    for (uint32_t i = 0; i < t->groups.len; i++) {
        const uint8_t *group = group_table_at(&t->groups, i);
        if (group) save_group(g, t, group, space, w, true);
    }
}

Status agg_table_load(AggregateOp *g, AggTable *t, Str key, Str value)
{
    Arena *scratch = g->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    StrReader in = {.at = key.p, .end = key.p + key.n};
    uint64_t *words = new (scratch, uint64_t, g->keys.words + 1);
    uint32_t nulls;
    if (!key_load(&g->keys, &in, words, &nulls) || in.at != in.end) return WEIR_E_CORRUPT;
    bool is_new;
    uint8_t *cell = group_table_add(&t->groups, words, nulls, key_hash(&g->keys, words, nulls), &is_new);
    group_table_settle(&t->groups);
    if (!is_new) return WEIR_E_CORRUPT;
    in = (StrReader){.at = value.p, .end = value.p + value.n};
    Status st = agg_set_load(&g->aggs, &t->groups.heap, scratch, cell, &in);
    arena_release(scratch, mark);
    return st;
}

void agg_table_foresee(const AggregateOp *g, const AggTable *t, Str key)
{
    enum { WORDS_MAX = 16 };
    StrReader in = {.at = key.p, .end = key.p + key.n};
    uint64_t words[WORDS_MAX];
    uint32_t nulls;
    if (g->keys.words > WORDS_MAX || !key_load(&g->keys, &in, words, &nulls)) return;
    group_table_prefetch(&t->groups, key_hash(&g->keys, words, nulls));
}

/* Whether a group may have no rows left, or none yet. */
static bool may_have_empty(const AggregateOp *g, const AggTable *t)
{
    return t->has_lost || g->fill || !g->op.plan->inputs[0]->props.is_append_only;
}

static void settle_each(AggregateOp *g, AggTable *t, Ttl *leave)
{
    GroupTable *groups = &t->groups;
    for (uint32_t i = 0; i < groups->ntouched; i++) {
        uint8_t *cell = groups->touched[i];
        if (i + CELLS_AHEAD < groups->ntouched) __builtin_prefetch(group_head(groups, groups->touched[i + CELLS_AHEAD]), 1);
        group_head(groups, cell)->touched = 0;
        if (cell_row_count(cell) != 0 || has_result(g, cell)) continue;
        agg_set_destroy(&g->aggs, &groups->heap, cell);
        if (leave) ttl_leave(leave, cell);
        group_table_remove(groups, cell);
    }
    groups->ntouched = 0;
}

void agg_table_settle(AggregateOp *g, AggTable *t, Ttl *leave)
{
    bool has_ttl = leave && leave->span_us > 0;
    if (may_have_empty(g, t) || has_ttl) settle_each(g, t, leave);
    else group_table_settle_at_once(&t->groups);
    before_forget(t);
}
