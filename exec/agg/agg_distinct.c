/* agg_distinct.c: see distinct.h. */
#include "exec/agg/distinct.h"

enum { AHEAD = 8 };

static ValueSet *set_of(const DistinctFamily *f, uint8_t *cell)
{
    return (ValueSet *)(void *)(cell + f->set_at);
}

static const ValueSet *set_seen(const DistinctFamily *f, const uint8_t *cell)
{
    return (const ValueSet *)(const void *)(cell + f->set_at);
}

bool distinct_takes(const DistinctFamily *f, const AggCall *call)
{
    const AggCall *first = f->calls[0];
    if (f->n == FAMILY_MAX || call->nargs != first->nargs) return false;
    if ((call->def->flags ^ first->def->flags) & AGG_NULL_INPUT) return false;
    for (int i = 0; i < call->nargs; i++)
        if (call->args[i] != first->args[i]) return false;
    return true;
}

/* ---- values that change, as rows for the calls ------------------------------------------------ */

typedef struct Changes {
    int32_t *weights, *rows; /* weights by row */
    uint8_t **cells;
    int32_t n;
} Changes;

typedef struct Counting {
    const DistinctFamily *f;
    StateHeap *heap;
    Arena *scratch;
    int32_t rows_max;
    Changes *changes;        /* one per call */
} Counting;

static Counting counting_new(const DistinctFamily *f, StateHeap *h, Arena *scratch, int rows_max)
{
    return (Counting){f, h, scratch, rows_max, new (scratch, Changes, f->n)};
}

static void change_add(Counting *c, int member, int row, uint8_t *cell, int change)
{
    Changes *to = &c->changes[member];
    if (!to->rows) {
        to->rows = new_raw(c->scratch, int32_t, c->rows_max);
        to->weights = new_raw(c->scratch, int32_t, c->rows_max);
        to->cells = new_raw(c->scratch, uint8_t *, c->rows_max);
    }
    to->weights[row] = change;
    to->rows[to->n] = row;
    to->cells[to->n++] = cell;
}

/* Adds to the count of one call; `row` is told where the value comes or goes. False: the count is 0. */
static inline bool count_add(Counting *c, ValueElem *e, int member, int64_t weight, int row, uint8_t *cell)
{
    bool was = e->counts[member] > 0;
    e->counts[member] += weight;
    bool is = e->counts[member] > 0;
    if (is != was) change_add(c, member, row, cell, (int)is - (int)was);
    return e->counts[member] != 0;
}

static bool is_counted(const DistinctFamily *f, const ValueElem *e)
{
    int64_t any = 0;
    for (int m = 0; m < f->n; m++) any |= e->counts[m];
    return any != 0;
}

static void changes_step(Counting *c, const Batch *b, const Column *args)
{
    for (int m = 0; m < c->f->n; m++) {
        Changes *done = &c->changes[m];
        if (done->n == 0) continue;
        AggCtx ctx = {.call = c->f->calls[m], .heap = c->heap, .scratch = c->scratch};
        Batch changed = *b;
        changed.weights = done->weights;
        AggRows in = {.batch = &changed, .args = args, .rows = done->rows, .n = done->n, .groups = done->cells,
                      .offset = c->f->offset[m]};
        agg_impl(ctx.call)->step(&ctx, &in);
        done->n = 0;
    }
}

/* ---- rows ------------------------------------------------------------------------------------- */

/* Rows that count for some call, and for which: a bit for each. */
typedef struct Taken {
    int32_t *rows;
    uint8_t **cells;
    uint32_t *calls;
    int32_t n;
} Taken;

static void mark_takers(const Column *filter, int member, const int32_t *rows, int n, uint32_t *calls)
{
    const uint8_t *truth = filter ? filter->data : NULL;
    if (!filter)
        for (int i = 0; i < n; i++) calls[i] |= (uint32_t)1 << member;
    else if (!filter->valid && !filter->is_const)
        for (int i = 0; i < n; i++) calls[i] |= (uint32_t)truth[rows[i]] << member;
    else
        for (int i = 0; i < n; i++)
            calls[i] |= (uint32_t)(!col_is_null(filter, rows[i]) && truth[col_at(filter, rows[i])]) << member;
}

static Taken take_rows(const DistinctFamily *f, const Batch *b, const int32_t *rows, int n, uint8_t *const *cells,
                       Arena *scratch)
{
    Taken t = {new_raw(scratch, int32_t, n), new_raw(scratch, uint8_t *, n), new (scratch, uint32_t, n), 0};
    for (int m = 0; m < f->n; m++) {
        int filter = f->calls[m]->filter;
        mark_takers(filter >= 0 ? &b->cols[filter] : NULL, m, rows, n, t.calls);
    }
    bool skips_nulls = f->calls[0]->nargs > 0 && !(f->calls[0]->def->flags & AGG_NULL_INPUT);
    const Column *arg = skips_nulls ? &b->cols[f->calls[0]->args[0]] : NULL;
    for (int i = 0; i < n; i++) {
        t.rows[t.n] = rows[i];
        t.cells[t.n] = cells[i];
        t.calls[t.n] = t.calls[i];
        t.n += t.calls[i] && !(arg && col_is_null(arg, rows[i]));
    }
    return t;
}

static Column *arg_columns(const AggCall *call, const Batch *b, Arena *scratch)
{
    Column *args = new (scratch, Column, call->nargs);
    for (int i = 0; i < call->nargs; i++) args[i] = b->cols[call->args[i]];
    return args;
}

static void count_row(Counting *c, ValueElem *e, uint32_t calls, int64_t weight, int row, uint8_t *cell)
{
    bool is_left = false;
    for (; calls; calls &= calls - 1) is_left |= count_add(c, e, __builtin_ctz(calls), weight, row, cell);
    if (!is_left && !is_counted(c->f, e)) value_set_remove(set_of(c->f, cell), &c->f->shape, c->heap, e);
}

void distinct_step(const DistinctFamily *f, StateHeap *h, Arena *scratch, const Batch *b, const int32_t *rows, int n,
                   uint8_t *const *cells)
{
    Taken t = take_rows(f, b, rows, n, cells, scratch);
    if (t.n == 0) return;
    Column *args = arg_columns(f->calls[0], b, scratch);
    PackedKeys keys = key_pack(&f->shape.keys, args, NULL, t.rows, t.n, scratch);
    Counting c = counting_new(f, h, scratch, b->rows);
    for (int i = 0; i < t.n; i++) {
        if (i + AHEAD < t.n) value_set_prefetch(set_of(f, t.cells[i + AHEAD]), keys.hash[i + AHEAD]);
        ValueElem *e = value_set_get(set_of(f, t.cells[i]), &f->shape, h, keys.words + (ptrdiff_t)i * f->shape.keys.words,
                                     keys.nulls[i], keys.hash[i]);
        count_row(&c, e, t.calls[i], batch_weight(b, t.rows[i]), t.rows[i], t.cells[i]);
    }
    changes_step(&c, b, args);
}

/* ---- whole sets ------------------------------------------------------------------------------- */

static Column *value_columns(const AggCall *call, int n, Arena *a)
{
    Column *cols = new (a, Column, call->nargs);
    for (int i = 0; i < call->nargs; i++) cols[i] = column_new(a, call->arg_types[i], n);
    return cols;
}

static bool has_changes(const Counting *c)
{
    for (int m = 0; m < c->f->n; m++)
        if (c->changes[m].n) return true;
    return false;
}

static void merge_values(Counting *c, Column *cols, uint8_t *dst, const ValueSet *from, uint32_t at, uint32_t end, int sign)
{
    const DistinctFamily *f = c->f;
    const KeyLayout *k = &f->shape.keys;
    for (uint32_t i = at; i < end; i++) {
        ValueElem *e = value_set_at(from, &f->shape, i);
        const uint64_t *words = value_words(&f->shape, e);
        ValueElem *to = value_set_get(set_of(f, dst), &f->shape, c->heap, words, e->nulls, e->hash);
        for (int m = 0; m < f->n; m++) count_add(c, to, m, sign * e->counts[m], (int)(i - at), dst);
        for (int col = 0; col < k->ncols; col++) key_unpack(k, words, e->nulls, col, &cols[col], c->scratch, (int)(i - at));
        if (!is_counted(f, to)) value_set_remove(set_of(f, dst), &f->shape, c->heap, to);
    }
    if (!has_changes(c)) return;
    Batch b = {.rows = (int32_t)(end - at), .ncols = k->ncols, .cols = cols, .judge_max = INT64_MIN};
    changes_step(c, &b, cols);
}

void distinct_merge(const DistinctFamily *f, StateHeap *h, Arena *scratch, uint8_t *dst, const uint8_t *src, int sign)
{
    const ValueSet *from = set_seen(f, src);
    for (uint32_t at = 0; at < from->n; at += BATCH_ROWS_MAX) {
        ArenaMark mark = arena_mark(scratch);
        uint32_t end = from->n - at < BATCH_ROWS_MAX ? from->n : at + BATCH_ROWS_MAX;
        Counting c = counting_new(f, h, scratch, (int)(end - at));
        merge_values(&c, value_columns(f->calls[0], (int)(end - at), scratch), dst, from, at, end, sign);
        arena_release(scratch, mark);
    }
}

void distinct_destroy(const DistinctFamily *f, StateHeap *h, uint8_t *cell)
{
    value_set_free(set_of(f, cell), &f->shape, h);
}

/* ---- as bytes --------------------------------------------------------------------------------- */

void distinct_save(const DistinctFamily *f, int member, const uint8_t *cell, StrBuf *out)
{
    const ValueSet *s = set_seen(f, cell);
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->n; i++) n += value_set_at(s, &f->shape, i)->counts[member] != 0;
    sb_varint(out, n);
    for (uint32_t i = 0; i < s->n; i++) {
        ValueElem *e = value_set_at(s, &f->shape, i);
        if (e->counts[member] == 0) continue;
        key_save(&f->shape.keys, value_words(&f->shape, e), e->nulls, out);
        agg_put_int(out, e->counts[member]);
    }
}

Status distinct_load(const DistinctFamily *f, int member, StateHeap *h, Arena *scratch, uint8_t *cell, StrReader *in)
{
    const KeyLayout *k = &f->shape.keys;
    uint64_t *words = new (scratch, uint64_t, k->words), n = sr_varint(in);
    for (uint64_t i = 0; i < n; i++) {
        uint32_t nulls;
        if (in->bad || !key_load(k, in, words, &nulls)) return WEIR_E_CORRUPT;
        value_set_get(set_of(f, cell), &f->shape, h, words, nulls, key_hash(k, words, nulls))->counts[member] = agg_get_int(in);
    }
    return WEIR_OK;
}
