/* join_records.c: rows of a join as records: number → weight, matches, key, packed row.
 *
 * A side's rows are a space; in window joins each window's rows of a side are one, which goes at
 * once when the window closes. */
#include "exec/op/join.h"

Str join_space(int side, int64_t end, bool is_window, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_char(&b, side == SIDE_LEFT ? 'l' : 'r');
    if (is_window) sb_signed(&b, end);
    return str_of(b.p, b.n);
}

static Str row_space(const JoinOp *j, const JoinSide *s, const JoinRow *r, Arena *a)
{
    bool is_window = j->spec->match == JOIN_WINDOW;
    return join_space(s->no, is_window ? join_window_end(j, row_group(s, r)) : 0, is_window, a);
}

/* Big-endian: records are folded in the order of their keys. */
Str join_number_key(uint64_t number, Arena *a)
{
    char *p = new_raw(a, char, 8);
    for (int i = 0; i < 8; i++) p[i] = (char)(number >> (56 - 8 * i));
    return str_of(p, 8);
}

static Str row_value(const JoinOp *j, const JoinSide *s, const JoinRow *r, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_signed(&b, r->weight);
    if (s->counts_matches) sb_signed(&b, r->matches);
    group_table_save_key(&j->keys, row_group(s, r), &b);
    key_save(&s->saved, row_words(s, r), group_head(&s->rows, row_entry(r))->nulls, &b);
    return str_of(b.p, b.n);
}

static void save_row(JoinOp *j, JoinSide *s, JoinRow *r, StateWriter *w, bool all)
{
    if (r->flags & ROW_NEVER) return;
    Arena *scratch = j->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    bool is_gone = r->weight == 0 || (r->flags & ROW_GONE);
    bool goes_with_space = j->spec->match == JOIN_WINDOW && (r->flags & ROW_GONE);
    if (!is_gone) {
        state_put(w, row_space(j, s, r, scratch), join_number_key(r->number, scratch), row_value(j, s, r, scratch));
        r->flags |= ROW_SAVED;
    } else if (!all && !goes_with_space && (r->flags & ROW_SAVED)) {
        state_del(w, row_space(j, s, r, scratch), join_number_key(r->number, scratch));
    }
    arena_release(scratch, mark);
}

void join_delete_records(JoinOp *j, JoinSide *s, const JoinList *l, StateWriter *w)
{
    Arena *a = w->buf.arena;
    for (uint32_t i = 0; i < l->n; i++) {
        const JoinRow *r = list_row(l, i);
        if (r->flags & ROW_SAVED) state_del(w, row_space(j, s, r, a), join_number_key(r->number, a));
    }
}

static void drop_windows(JoinOp *j, StateWriter *w)
{
    Arena *scratch = j->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    for (ptrdiff_t i = 0; i < j->closed_ends.len; i++)
        for (int s = 0; s < SIDES; s++) state_drop(w, join_space(s, j->closed_ends.data[i], true, scratch));
    arena_release(scratch, mark);
}

static void save_side(JoinOp *j, JoinSide *s, StateWriter *w, bool all)
{
    uint32_t n = all ? s->rows.len : s->rows.ntouched;
    for (uint32_t i = 0; i < n; i++) {
        if (!all) join_prefetch(s, i + PREFETCH_KEYS);
        uint8_t *entry = all ? group_table_at(&s->rows, i) : s->rows.touched[i];
        if (entry) save_row(j, s, (JoinRow *)(void *)entry, w, all);
    }
}

void join_save(Op *op, StateWriter *w, bool all)
{
    JoinOp *j = (JoinOp *)op;
    ttl_save(&j->ttl, w, all);
    if (!all) drop_windows(j, w);
    for (int s = 0; s < SIDES; s++) save_side(j, &j->side[s], w, all);
}

/* ---- loading ---------------------------------------------------------------------------------- */

bool join_load_number(Str key, uint64_t *number)
{
    if (key.n != 8) return false;
    *number = 0;
    for (int i = 0; i < 8; i++) *number = *number << 8 | (uint8_t)key.p[i];
    return *number > 0;
}

uint8_t *join_load_key(JoinOp *j, StrReader *in, Arena *scratch)
{
    uint64_t *words = new (scratch, uint64_t, j->key_layout.words + 1);
    uint32_t nulls;
    if (!key_load(&j->key_layout, in, words, &nulls)) return NULL;
    bool is_new;
    return group_table_add(&j->keys, words, nulls, key_hash(&j->key_layout, words, nulls), &is_new);
}

static JoinRow *load_row(JoinSide *s, uint8_t *group, StrReader *in, Arena *scratch)
{
    uint64_t *words = new (scratch, uint64_t, s->layout.words);
    uint32_t nulls;
    if (!key_load(&s->saved, in, words, &nulls) || in->at != in->end) return NULL;
    words[s->layout.words - 1] = group_word(group);
    bool is_new = true;
    uint8_t *entry = s->rows.is_store ? group_table_append(&s->rows, words, nulls)
                                      : group_table_add(&s->rows, words, nulls, key_hash(&s->layout, words, nulls), &is_new);
    return is_new ? (JoinRow *)(void *)entry : NULL;
}

static Status load_record(JoinOp *j, JoinSide *s, uint64_t number, StrReader in, Arena *scratch)
{
    int64_t weight = sr_signed(&in), matches = s->counts_matches ? sr_signed(&in) : 0;
    if (in.bad || weight <= 0) return WEIR_E_CORRUPT;
    uint8_t *group = join_load_key(j, &in, scratch);
    JoinRow *r = group ? load_row(s, group, &in, scratch) : NULL;
    group_table_settle(&j->keys);
    group_table_settle(&s->rows);
    if (!r) return WEIR_E_CORRUPT;
    *r = (JoinRow){.weight = weight, .matches = matches, .number = number, .flags = ROW_SAVED};
    if (number >= s->next_number) s->next_number = number + 1;
    s->live++;
    join_key(group)->weight[s->no] += weight;
    join_list_add(j, s, group, r);
    join_await_row(j, s, group, r);
    return WEIR_OK;
}

Status join_load(Op *op, Str space, Str key, Str value)
{
    JoinOp *j = (JoinOp *)op;
    uint64_t number;
    if (ttl_is_space(&j->ttl, space)) return ttl_load(&j->ttl, key, value);
    if (space.n == 0 || (space.p[0] != 'l' && space.p[0] != 'r') || !join_load_number(key, &number)) return WEIR_E_CORRUPT;
    Arena *scratch = j->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    StrReader in = {.at = value.p, .end = value.p + value.n};
    Status st = load_record(j, &j->side[space.p[0] == 'r'], number, in, scratch);
    arena_release(scratch, mark);
    return st;
}
