/* grow_records.c: records of kept rows, in the form of join_records.c: number → weight, key, row; and
 * of the sides of an interval join the time up to which rows have passed, under an empty key. */
#include "exec/op/grow.h"
#include "exec/op/state_rows.h"

#include <stdlib.h>

typedef struct Saving {
    Grow *g;
    int side;
    StateWriter *w;
    Arena *scratch;
    Str space;
    uint64_t *words; /* of a row */
} Saving;

static Saving saving_of(Grow *g, int side, StateWriter *w, Str space)
{
    Arena *scratch = g->j.op.ctx->batch_scratch;
    return (Saving){.g = g, .side = side, .w = w, .scratch = scratch, .space = space,
                    .words = new (scratch, uint64_t, g->side[side].layout.words + 1)};
}

static Str bucket_space(const Grow *g, int side, int64_t bucket, Arena *a)
{
    bool is_window = g->j.spec->match == JOIN_WINDOW;
    return join_space(side, is_window ? bucket : 0, is_window, a);
}

static uint64_t row_number(const GrowBlock *b, int row) { return b->first_number + b->numbers[row]; }

static void put_row(const Saving *s, const GrowBlock *b, int row)
{
    const GrowSide *side = &s->g->side[s->side];
    const GroupTable *keys = &s->g->j.keys;
    ArenaMark mark = arena_mark(s->scratch);
    StrBuf value = {.arena = s->scratch};
    sb_signed(&value, grow_weight(b, row));
    group_table_save_key(keys, group_table_at(keys, b->keys[row]), &value);
    uint32_t nulls = grow_row_words(side, b, row, s->words);
    key_save(&side->layout, s->words, nulls, &value);
    state_put(s->w, s->space, join_number_key(row_number(b, row), s->scratch), str_of(value.p, value.n));
    arena_release(s->scratch, mark);
}

static void put_rows(const Saving *s, GrowBlock *b, int from)
{
    for (int row = from; row < b->n; row++) put_row(s, b, row);
    b->nsaved = b->n;
}

static void delete_rows(const Saving *s, const GrowBlock *b)
{
    for (int row = 0; row < b->nsaved; row++) {
        ArenaMark mark = arena_mark(s->scratch);
        state_del(s->w, s->space, join_number_key(row_number(b, row), s->scratch));
        arena_release(s->scratch, mark);
    }
}

static void save_all(Grow *g, int side, StateWriter *w)
{
    const GrowSide *s = &g->side[side];
    for (int32_t i = s->ngone; i < s->nbuckets; i++) {
        Saving to = saving_of(g, side, w, bucket_space(g, side, s->buckets[i].number, g->j.op.ctx->batch_scratch));
        for (GrowBlock *b = s->buckets[i].blocks; b; b = b->older) put_rows(&to, b, 0);
    }
}

/* What has left in this epoch. */
static void delete_gone(Grow *g, int side, StateWriter *w)
{
    const GrowSide *s = &g->side[side];
    for (int32_t i = 0; i < s->ngone; i++) {
        Saving to = saving_of(g, side, w, bucket_space(g, side, s->buckets[i].number, g->j.op.ctx->batch_scratch));
        if (g->j.spec->match == JOIN_WINDOW) {
            state_drop(w, to.space);
            continue;
        }
        for (const GrowBlock *b = s->buckets[i].blocks; b; b = b->older) delete_rows(&to, b);
    }
}

static void put_dirty(Grow *g, StateWriter *w)
{
    for (ptrdiff_t i = 0; i < g->dirty.len; i++) {
        GrowBlock *b = g->dirty.data[i];
        const GrowSide *s = &g->side[b->side];
        if (s->blocks[b->no] != b) continue; /* it has left */
        Saving to = saving_of(g, b->side, w, bucket_space(g, b->side, b->bucket, g->j.op.ctx->batch_scratch));
        put_rows(&to, b, b->nsaved);
    }
}

static void save_passed(Grow *g, StateWriter *w, bool all)
{
    Arena *scratch = g->j.op.ctx->batch_scratch;
    for (int s = 0; s < SIDES; s++) {
        GrowSide *side = &g->side[s];
        if (side->passed == (all ? INT64_MIN : side->saved_passed)) continue;
        ArenaMark mark = arena_mark(scratch);
        StrBuf value = {.arena = scratch};
        sb_signed(&value, side->passed);
        state_put(w, join_space(s, 0, false, scratch), (Str){0}, str_of(value.p, value.n));
        side->saved_passed = side->passed;
        arena_release(scratch, mark);
    }
}

void grow_save(Op *op, StateWriter *w, bool all)
{
    Grow *g = (Grow *)op;
    ArenaMark mark = arena_mark(op->ctx->batch_scratch);
    save_passed(g, w, all);
    for (int s = 0; s < SIDES; s++) {
        if (all) save_all(g, s, w);
        else delete_gone(g, s, w);
    }
    if (!all) put_dirty(g, w);
    arena_release(op->ctx->batch_scratch, mark);
}

/* ---- loading ------------------------------------------------------------------------------------ */

static Status load_row(Grow *g, int side, uint64_t number, StrReader in, Arena *scratch)
{
    JoinSide *s = &g->j.side[side];
    const KeyLayout *k = &g->side[side].layout;
    int64_t weight = sr_signed(&in);
    if (in.bad || weight <= 0 || weight > INT32_MAX) return WEIR_E_CORRUPT;
    uint8_t *group = join_load_key(&g->j, &in, scratch);
    uint64_t *words = new (scratch, uint64_t, k->words + 1);
    uint32_t nulls;
    group_table_unlist(&g->j.keys);
    if (!group || !key_load(k, &in, words, &nulls) || in.at != in.end) return WEIR_E_CORRUPT;
    int64_t bucket = grow_bucket_of(g, side, group, s->time_col >= 0 ? (int64_t)words[s->time_word] : 0);
    GrowBlock *b = grow_row_load(g, side, bucket, words, nulls, number, (int)weight);
    b->keys[b->n - 1] = group_head(&g->j.keys, group)->number;
    grow_chain_add(g, side, &group, b, b->n - 1, 1);
    if (number >= s->next_number) s->next_number = number + 1;
    return WEIR_OK;
}

static Status load_passed(GrowSide *side, Str value)
{
    StrReader in = {.at = value.p, .end = value.p + value.n};
    side->passed = side->saved_passed = sr_signed(&in);
    return in.bad || in.at != in.end ? WEIR_E_CORRUPT : WEIR_OK;
}

Status grow_load(Op *op, Str space, Str key, Str value)
{
    Grow *g = (Grow *)op;
    uint64_t number;
    if (space.n == 1 && key.n == 0) return load_passed(&g->side[space.p[0] == 'r'], value);
    if (space.n == 0 || (space.p[0] != 'l' && space.p[0] != 'r') || !join_load_number(key, &number)) return WEIR_E_CORRUPT;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    StrReader in = {.at = value.p, .end = value.p + value.n};
    Status st = load_row(g, space.p[0] == 'r', number, in, scratch);
    arena_release(scratch, mark);
    return st;
}

/* ---- telling ------------------------------------------------------------------------------------ */

typedef struct Told {
    uint64_t number;
    const GrowBlock *block;
    int32_t row;
} Told;

static int number_order(const void *a, const void *b)
{
    uint64_t x = ((const Told *)a)->number, y = ((const Told *)b)->number;
    return (x > y) - (x < y);
}

/* The rows that have not passed. */
static size_t told_rows(const Grow *g, int side, Told *rows)
{
    const GrowSide *s = &g->side[side];
    size_t n = 0;
    for (int32_t i = s->ngone; i < s->nbuckets; i++)
        for (const GrowBlock *b = s->buckets[i].blocks; b; b = b->older)
            for (int32_t row = 0; row < b->n; row++)
                if (!grow_is_timed(g) || grow_times(s, b)[row] > s->passed) rows[n++] = (Told){row_number(b, row), b, row};
    return n;
}

static void tell_row(const Grow *g, int side, const Told *told, StateRows *out)
{
    const JoinSide *s = &g->j.side[side];
    ArenaMark mark = arena_mark(out->scratch);
    StateRow row = {.part = side == SIDE_LEFT ? "left" : "right", .key.arena = out->scratch, .value.arena = out->scratch,
                    .count = grow_weight(told->block, told->row)};
    join_tell_key(&g->j, s, group_table_at(&g->j.keys, told->block->keys[told->row]), &row.key);
    for (int i = 0; i < s->ncols; i++) state_rows_column(&row.value, s->input->fields[s->cols[i]].name, &told->block->cols[i], told->row);
    out->take(out, &row);
    arena_release(out->scratch, mark);
}

/* In the order in which they came. */
static void tell_side(const Grow *g, int side, StateRows *out)
{
    ArenaMark whole = arena_mark(out->scratch);
    Told *rows = new_raw(out->scratch, Told, g->side[side].live);
    size_t n = told_rows(g, side, rows);
    if (n > 0) qsort(rows, n, sizeof *rows, number_order);
    for (size_t i = 0; i < n; i++) tell_row(g, side, &rows[i], out);
    arena_release(out->scratch, whole);
}

void grow_tell(Op *op, StateRows *out)
{
    tell_side((const Grow *)op, SIDE_LEFT, out);
    tell_side((const Grow *)op, SIDE_RIGHT, out);
}
