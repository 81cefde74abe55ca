/* grow_records.c: records of kept rows, in the form of join_records.c: number → weight, key, row; and
 * of the sides of an interval join the time up to which rows have passed, under an empty key. */
#include "exec/op/grow.h"
#include "exec/op/state_rows.h"

#include <stdlib.h>

static Str row_value(const Grow *g, int side, const uint8_t *row, Arena *a)
{
    StrBuf b = {.arena = a};
    const KeptRows *k = &g->side[side].rows;
    sb_signed(&b, grow_row(row)->weight);
    group_table_save_key(&g->j.keys, grow_row(row)->group, &b);
    key_save(&k->layout, kept_words(k, row), kept_head(k, row)->nulls, &b);
    return str_of(b.p, b.n);
}

static Str row_space(const Grow *g, int side, const uint8_t *row, Arena *a)
{
    bool is_window = g->j.spec->match == JOIN_WINDOW;
    return join_space(side, is_window ? join_window_end(&g->j, grow_row(row)->group) : 0, is_window, a);
}

static void put_row(Grow *g, uint8_t *row, int side, StateWriter *w)
{
    Arena *scratch = g->j.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    state_put(w, row_space(g, side, row, scratch), join_number_key(grow_row(row)->number, scratch), row_value(g, side, row, scratch));
    grow_row(row)->is_saved = g->are_saved = true;
    arena_release(scratch, mark);
}

static void del_row(Grow *g, const uint8_t *row, int side, StateWriter *w)
{
    Arena *scratch = g->j.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    state_del(w, row_space(g, side, row, scratch), join_number_key(grow_row(row)->number, scratch));
    arena_release(scratch, mark);
}

static void save_all(Grow *g, StateWriter *w)
{
    for (uint32_t i = 0; i < g->j.keys.len; i++) {
        uint8_t *group = group_table_at(&g->j.keys, i);
        for (int s = 0; group && s < SIDES; s++) {
            GrowList *l = &grow_key(group)->list[s];
            for (uint32_t k = 0; k < l->n; k++) put_row(g, grow_entries(l)[k].row, s, w);
        }
    }
}

static void drop_windows(Grow *g, StateWriter *w)
{
    Arena *scratch = g->j.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    for (ptrdiff_t i = 0; i < g->j.closed_ends.len; i++)
        for (int s = 0; s < SIDES; s++) state_drop(w, join_space(s, g->j.closed_ends.data[i], true, scratch));
    arena_release(scratch, mark);
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
    ttl_save(&g->j.ttl, w, all);
    save_passed(g, w, all);
    if (all) {
        save_all(g, w);
        return;
    }
    drop_windows(g, w);
    for (ptrdiff_t i = 0; i < g->gone.len && g->j.spec->match != JOIN_WINDOW; i++)
        if (grow_row(g->gone.data[i])->is_saved) del_row(g, g->gone.data[i], grow_row(g->gone.data[i])->side, w);
    for (ptrdiff_t i = 0; i < g->fresh.len; i++)
        if (!grow_has_left(g, g->fresh.data[i])) put_row(g, g->fresh.data[i], grow_row(g->fresh.data[i])->side, w);
}

void grow_delete_records(Grow *g, int side, GrowList *l, StateWriter *w)
{
    for (uint32_t i = 0; i < l->n; i++)
        if (grow_row(grow_entries(l)[i].row)->is_saved) del_row(g, grow_entries(l)[i].row, side, w);
}

/* ---- loading ------------------------------------------------------------------------------------ */

static Status load_row(Grow *g, int side, uint64_t number, StrReader in, Arena *scratch)
{
    JoinSide *s = &g->j.side[side];
    const KeptRows *k = &g->side[side].rows;
    int64_t weight = sr_signed(&in);
    if (in.bad || weight <= 0 || weight > INT32_MAX) return WEIR_E_CORRUPT;
    uint8_t *group = join_load_key(&g->j, &in, scratch);
    uint64_t *words = new (scratch, uint64_t, k->layout.words + 1);
    uint32_t nulls;
    group_table_settle(&g->j.keys);
    if (!group || !key_load(&k->layout, &in, words, &nulls) || in.at != in.end) return WEIR_E_CORRUPT;
    int64_t time = s->time_col >= 0 ? (int64_t)words[s->time_word] : 0;
    GrowRoom *room = grow_room(g, side, time);
    uint8_t *row = room ? kept_row_make_in(k, &room->arena, words, nulls, (Str){0}) : kept_row_make(k, &g->j.keys.heap, words, nulls, (Str){0});
    if (room) room->bytes += kept_head(k, row)->bytes;
    g->are_saved = true;
    *grow_row(row) = (GrowRow){.number = number, .weight = (int32_t)weight, .side = (uint8_t)side, .is_saved = true};
    if (number >= s->next_number) s->next_number = number + 1;
    grow_load_row(g, side, group, row);
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
    if (ttl_is_space(&g->j.ttl, space)) return ttl_load(&g->j.ttl, key, value);
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

static void tell_kept(const Grow *g, int side, uint8_t *row, StrBuf *members)
{
    const JoinSide *s = &g->j.side[side];
    for (int i = 0; i < s->ncols; i++) {
        const Field *f = &s->input->fields[s->cols[i]];
        Column col = column_new(members->arena, f->type, 1);
        kept_rows_column(&g->side[side].rows, &row, 1, i, &col, members->arena);
        state_rows_column(members, f->name, &col, 0);
    }
}

static int number_order(const void *a, const void *b)
{
    uint64_t x = grow_row(*(uint8_t *const *)a)->number, y = grow_row(*(uint8_t *const *)b)->number;
    return (x > y) - (x < y);
}

/* Of rows that have not passed, in the order in which they came. */
static void tell_side(const Grow *g, int side, StateRows *out)
{
    ArenaMark whole = arena_mark(out->scratch);
    uint8_t **rows = new_raw(out->scratch, uint8_t *, g->side[side].live);
    size_t n = 0;
    for (uint32_t i = 0; i < g->j.keys.len; i++) {
        uint8_t *group = group_table_at(&g->j.keys, i);
        GrowList *l = group ? &grow_key(group)->list[side] : NULL;
        for (uint32_t k = 0; l && k < l->n; k++)
            if (grow_entries(l)[k].time > g->side[side].passed) rows[n++] = grow_entries(l)[k].row;
    }
    if (n > 0) qsort(rows, n, sizeof *rows, number_order);
    for (size_t i = 0; i < n; i++) {
        ArenaMark mark = arena_mark(out->scratch);
        StateRow row = {.part = side == SIDE_LEFT ? "left" : "right", .key.arena = out->scratch, .value.arena = out->scratch,
                        .count = grow_row(rows[i])->weight};
        join_tell_key(&g->j, &g->j.side[side], grow_row(rows[i])->group, &row.key);
        tell_kept(g, side, rows[i], &row.value);
        out->take(out, &row);
        arena_release(out->scratch, mark);
    }
    arena_release(out->scratch, whole);
}

void grow_tell(Op *op, StateRows *out)
{
    tell_side((const Grow *)op, SIDE_LEFT, out);
    tell_side((const Grow *)op, SIDE_RIGHT, out);
}
