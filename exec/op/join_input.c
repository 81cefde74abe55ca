/* join_input.c: rows of a batch into the state of their side.
 *
 * A row is withheld for a column error below the first stateful operator, and dropped where it is
 * late there. One that nothing can match, for a NULL in its key or time, is taken for one epoch
 * where unmatched rows are shown, and not at all elsewhere. */
#include "exec/kernel/kernel.h"
#include "exec/op/join.h"

#include <assert.h>

typedef struct Input {
    JoinOp *j;
    JoinSide *s;
    const Batch *b;
    int32_t *rows;
    bool *never;     /* per row taken */
    int n;
    Arena *scratch;
} Input;

static void take_selected(Input *in)
{
    in->n = batch_count(in->b);
    in->rows = new_raw(in->scratch, int32_t, in->n);
    for (int i = 0; i < in->n; i++) in->rows[i] = batch_row(in->b, i);
}

/* ---- errors ----------------------------------------------------------------------------------- */

static const RowError *needed_error(const JoinSide *s, const Batch *b, int row)
{
    for (int c = 0; c < b->ncols; c++)
        if (s->needed[c] && col_is_err(&b->cols[c], row)) return column_error(&b->cols[c], row);
    return NULL;
}

const RowError *join_row_error(const Op *op, int port, const Batch *b, int row)
{
    const JoinSide *s = &((const JoinOp *)op)->side[port];
    return s->above_state ? NULL : needed_error(s, b, row);
}

static bool has_marks(const JoinSide *s, const Batch *b)
{
    for (int c = 0; c < b->ncols; c++)
        if (s->needed[c] && b->cols[c].err) return true;
    return false;
}

static void withhold_errors(Input *in)
{
    if (in->s->above_state || !has_marks(in->s, in->b)) return;
    int kept = 0;
    for (int i = 0; i < in->n; i++) {
        int row = in->rows[i];
        const RowError *e = needed_error(in->s, in->b, row);
        if (e) op_row_error(&in->j->op, in->b, row, e->code, e->message);
        else in->rows[kept++] = row;
    }
    in->n = kept;
}

/* ---- lateness --------------------------------------------------------------------------------- */

static bool is_late(const Input *in, const Column *time, int row)
{
    return !col_is_null(time, row) && COL(int64_t, time)[col_at(time, row)] <= batch_judge(in->b, row);
}

/* Whether all rows are later than any of them is judged by. NULLs may hold any time: no. */
static bool are_prompt(const Input *in, const Column *time)
{
    int64_t least, greatest;
    if (in->n == 0 || time->is_const || in->n < in->b->rows) return in->n == 0;
    kernel_bounds_i64(time->data, in->n, &least, &greatest);
    return least > in->b->judge_max;
}

static void drop_late(Input *in)
{
    const Column *time = &in->b->cols[in->s->time_col];
    int kept = 0;
    if (are_prompt(in, time)) return;
    for (int i = 0; i < in->n; i++) {
        int row = in->rows[i];
        if (!is_late(in, time, row)) in->rows[kept++] = row;
        else op_late(&in->j->op, in->b, row, LATE_NO_WINDOW, LATE_NO_WINDOW);
    }
    in->n = kept;
}

/* Whether the row's window has ended: window_end <= J + 1 tick. */
static bool has_ended(const Input *in, const Column *end, int row)
{
    if (col_is_null(end, row)) return false;
    int64_t closed = watermark_minus(batch_judge(in->b, row), -in->j->window_tick);
    return COL(int64_t, end)[col_at(end, row)] <= closed;
}

static void drop_ended(Input *in)
{
    const Column *end = &in->b->cols[in->s->keys[in->j->spec->key_window_end]];
    int kept = 0;
    for (int i = 0; i < in->n; i++)
        if (!late_copies_see(&in->s->late, in->b, in->rows[i], has_ended(in, end, in->rows[i])))
            in->rows[kept++] = in->rows[i];
    in->n = kept;
}

static void judge(Input *in)
{
    if (in->s->above_state) return;
    switch (in->j->spec->match) {
    case JOIN_INTERVAL:
    case JOIN_TEMPORAL: drop_late(in); return;
    case JOIN_WINDOW: drop_ended(in); return;
    case JOIN_ASOF:
        if (in->j->spec->emit_final) drop_late(in);
        return;
    case JOIN_REGULAR:
    case JOIN_LOOKUP: return;
    }
}

/* ---- rows that nothing matches ---------------------------------------------------------------- */

static void mark_nulls(Input *in, int col)
{
    const Column *c = &in->b->cols[col];
    for (int i = 0; c->valid && i < in->n; i++) in->never[i] |= col_is_null(c, in->rows[i]);
}

/* What EMIT FINAL writes stays, so rows that may be taken back wait for the window's end. */
static bool waits_for_window(const Input *in)
{
    const JoinSpec *spec = in->j->spec;
    bool retracts = in->s->no == SIDE_LEFT ? spec->left_retracts : spec->right_retracts;
    return spec->match == JOIN_WINDOW && spec->emit_final && retracts && in->s->shows_unmatched;
}

/* Whether a column may make a row one of them. */
static bool has_nulls(const Input *in)
{
    const JoinSpec *spec = in->j->spec;
    for (int i = 0; i < spec->nkeys; i++)
        if (!spec->null_safe[i] && in->b->cols[in->s->keys[i]].valid) return true;
    return in->s->time_col >= 0 && in->b->cols[in->s->time_col].valid;
}

static void find_never(Input *in)
{
    const JoinSpec *spec = in->j->spec;
    in->never = new (in->scratch, bool, in->n);
    if (waits_for_window(in) || !has_nulls(in)) return;
    for (int i = 0; i < spec->nkeys; i++)
        if (!spec->null_safe[i]) mark_nulls(in, in->s->keys[i]);
    if (in->s->time_col >= 0) mark_nulls(in, in->s->time_col);
    if (in->s->shows_unmatched) return;
    int kept = 0;
    for (int i = 0; i < in->n; i++)
        if (!in->never[i]) in->rows[kept++] = in->rows[i];
    in->n = kept;
    memset(in->never, 0, (size_t)kept);
}

/* ---- packing ---------------------------------------------------------------------------------- */

/* The error marks of a row's columns as text: (column, code, message) each; none: empty. */
static Text marks_of(const Input *in, int row)
{
    StrBuf b = {.arena = in->scratch};
    for (int c = 0; c < in->b->ncols; c++) {
        if (!in->s->needed[c] || !col_is_err(&in->b->cols[c], row)) continue;
        const RowError *e = column_error(&in->b->cols[c], row);
        sb_varint(&b, (uint64_t)c);
        sb_varint(&b, (uint64_t)e->code);
        sb_varint(&b, (uint64_t)e->message.n);
        sb_str(&b, e->message);
    }
    return text_ref(b.p, b.n);
}

static Column marks_column(const Input *in)
{
    if (!has_marks(in->s, in->b)) return column_const(in->scratch, &(Value){.type = TYPE_OF(TYPE_TEXT)});
    Column c = column_new(in->scratch, TYPE_OF(TYPE_TEXT), in->b->rows);
    for (int i = 0; i < in->n; i++) COL(Text, &c)[in->rows[i]] = marks_of(in, in->rows[i]);
    return c;
}

static Column bigint_const(Arena *a, int64_t v)
{
    return column_const(a, &(Value){.type = TYPE_BIGINT_, .i = v});
}

static void position_columns(const Input *in, Column *cols)
{
    Arena *a = in->scratch;
    cols[0] = bigint_const(a, (int64_t)in->b->label);
    cols[1] = bigint_const(a, in->b->generation);
    cols[2] = bigint_const(a, 0);
    cols[3] = bigint_const(a, 0);
    if (in->b->offset) cols[2] = (Column){.type = TYPE_BIGINT_, .data = (void *)(uintptr_t)in->b->offset};
    if (!in->b->ordinal) return;
    cols[3] = column_new(a, TYPE_BIGINT_, in->b->rows);
    for (int i = 0; i < in->b->rows; i++) COL(int64_t, &cols[3])[i] = in->b->ordinal[i];
}

static PackedKeys pack_rows(const Input *in, uint8_t *const *groups)
{
    const JoinSide *s = in->s;
    Column *cols = join_kept_columns(s, in->b, in->rows, in->n, in->scratch);
    if (s->npos) position_columns(in, cols);
    Column *key = &cols[s->layout.ncols - 1];
    *key = column_new(in->scratch, TYPE_BIGINT_, in->b->rows);
    for (int i = 0; i < in->n; i++) COL(uint64_t, key)[in->rows[i]] = group_word(groups[i]);
    return key_pack(&s->layout, cols, NULL, in->rows, in->n, in->scratch);
}

/* ---- into the state --------------------------------------------------------------------------- */

static uint8_t **find_keys(Input *in)
{
    JoinOp *j = in->j;
    uint8_t **groups = new_raw(in->scratch, uint8_t *, in->n);
    PackedKeys keys = key_pack(&j->key_layout, in->b->cols, in->s->keys, in->rows, in->n, in->scratch);
    group_table_find(&j->keys, &keys, groups, NULL);
    for (uint32_t i = (uint32_t)j->before.len; i < j->keys.ntouched; i++) {
        const JoinKey *k = join_key(j->keys.touched[i]);
        vec_push(&j->before, &j->epoch, (KeyBefore){{k->weight[SIDE_LEFT], k->weight[SIDE_RIGHT]}});
    }
    return groups;
}

static JoinRow **find_rows(Input *in, uint8_t *const *groups)
{
    JoinSide *s = in->s;
    PackedKeys packed = pack_rows(in, groups);
    uint8_t **rows = new_raw(in->scratch, uint8_t *, in->n);
    if (s->rows.is_store)
        for (int i = 0; i < in->n; i++)
            rows[i] = group_table_append(&s->rows, packed.words + (ptrdiff_t)i * s->layout.words, packed.nulls[i]);
    else
        group_table_find(&s->rows, &packed, rows, NULL);
    for (uint32_t i = (uint32_t)s->before.len; i < s->rows.ntouched; i++) {
        const JoinRow *r = (const JoinRow *)(const void *)s->rows.touched[i];
        vec_push(&s->before, &in->j->epoch, (RowBefore){r->weight, r->matches});
    }
    return (JoinRow **)(void *)rows;
}

static void row_enter(Input *in, JoinRow *r, uint8_t *group, bool is_never)
{
    JoinSide *s = in->s;
    r->number = s->next_number++;
    if (is_never) {
        r->flags |= ROW_NEVER;
        return;
    }
    s->live++;
    join_list_add(in->j, s, group, r);
    join_await_row(in->j, s, group, r);
}

/* Brings the end of a list into the cache, where a row is to be added. */
PREFETCHER void prefetch_list(const JoinList *l)
{
    if (l->rows) __builtin_prefetch(&l->rows[l->first + l->n]);
}

static void add_rows(Input *in)
{
    uint8_t **groups = find_keys(in);
    JoinRow **rows = find_rows(in, groups);
    for (int i = 0; i < in->n; i++) {
        JoinRow *r = rows[i];
        if (i + PREFETCH_LISTS < in->n) prefetch_list(&join_key(groups[i + PREFETCH_LISTS])->list[in->s->no]);
        if (r->number == 0) row_enter(in, r, groups[i], in->never[i]);
        int weight = batch_weight(in->b, in->rows[i]);
        r->weight += weight;
        if (!in->never[i]) join_key(groups[i])->weight[in->s->no] += weight;
    }
}

int join_take(JoinOp *j, JoinSide *s, const Batch *b, int32_t **rows, Arena *scratch)
{
    Input in = {.j = j, .s = s, .b = b, .scratch = scratch};
    take_selected(&in);
    withhold_errors(&in);
    judge(&in);
    find_never(&in);
    *rows = in.rows;
    return in.n;
}

Column *join_kept_columns(const JoinSide *s, const Batch *b, const int32_t *rows, int n, Arena *scratch)
{
    Input in = {.s = (JoinSide *)(uintptr_t)s, .b = b, .rows = (int32_t *)(uintptr_t)rows, .n = n, .scratch = scratch};
    Column *cols = new (scratch, Column, s->layout.ncols);
    for (int i = 0; i < s->ncols; i++) cols[s->first_col + i] = b->cols[s->cols[i]];
    if (s->marks >= 0) cols[s->marks] = marks_column(&in);
    return cols;
}

void join_push(Op *op, int port, const Batch *b)
{
    JoinOp *j = (JoinOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    join_begin(j);
    Input in = {.j = j, .s = &j->side[port], .b = b, .scratch = scratch};
    take_selected(&in);
    withhold_errors(&in);
    judge(&in);
    find_never(&in);
    if (in.n > 0) add_rows(&in);
    arena_release(scratch, mark);
}
