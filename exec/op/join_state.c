/* join_state.c: what a join remembers: a table of keys with lists of rows, a table of rows a side.
 *
 * A side whose input may retract finds its rows again by their content, equal rows being one of
 * greater weight; a side that only grows keeps them one by one and needs no index. */
#include "exec/op/join.h"

#include <assert.h>
#include <stddef.h>

/* ---- making ----------------------------------------------------------------------------------- */

static bool is_timed(const JoinSpec *spec)
{
    return spec->match == JOIN_INTERVAL || join_is_nearest(spec);
}

static int key_of_column(const JoinOp *j, const JoinSide *s, int col)
{
    for (int i = 0; i < j->spec->nkeys; i++)
        if (s->keys[i] == col) return i;
    return -1;
}

static bool is_kept(const JoinOp *j, const JoinSide *s, int col, const bool *residual)
{
    if (col == s->time_col) return true;
    if (key_of_column(j, s, col) >= 0) return false;
    bool is_out = s->no == SIDE_LEFT || !j->is_half;
    return is_out || residual[(s->no ? j->side[SIDE_LEFT].input->nfields : 0) + col];
}

/* Columns that identify a row come first, so that packed rows are ordered as their relation is. */
static void choose_columns(JoinOp *j, JoinSide *s, const bool *residual, Arena *a)
{
    int n = s->input->nfields;
    const Props *props = &s->input->props;
    bool *taken = new (a, bool, n);
    s->cols = new (a, int32_t, n);
    s->needed = new (a, bool, n);
    for (int i = 0; i < props->nkey; i++) {
        int c = props->key[i];
        if (taken[c] || !is_kept(j, s, c, residual)) continue;
        taken[c] = true;
        s->cols[s->ncols++] = c;
    }
    for (int c = 0; c < n; c++)
        if (!taken[c] && is_kept(j, s, c, residual)) s->cols[s->ncols++] = c;
    for (int i = 0; i < s->ncols; i++) s->needed[s->cols[i]] = true;
    for (int i = 0; i < j->spec->nkeys; i++) s->needed[s->keys[i]] = true;
}

static void make_layout(JoinOp *j, JoinSide *s, Arena *a)
{
    bool has_pos = join_is_nearest(j->spec) && s->no == SIDE_RIGHT && s->input->props.has_position &&
                   !j->spec->right_retracts;
    Type *types = new (a, Type, s->ncols + 6);
    int n = 0;
    s->npos = has_pos ? 4 : 0;
    while (n < s->npos) types[n++] = TYPE_BIGINT_;
    s->first_col = n;
    for (int i = 0; i < s->ncols; i++) types[n++] = s->input->fields[s->cols[i]].type;
    s->marks = s->above_state ? n : -1;
    if (s->above_state) types[n++] = TYPE_OF(TYPE_TEXT);
    types[n++] = TYPE_BIGINT_;
    s->layout = key_layout_new(a, types, n);
    s->saved = s->layout;
    s->saved.ncols--;
    for (int i = 0; i < s->ncols; i++)
        if (s->cols[i] == s->time_col) s->time_word = s->layout.cols[s->first_col + i].at;
}

static void side_init(JoinOp *j, int no, const bool *residual, Arena *a)
{
    const JoinSpec *spec = j->spec;
    JoinSide *s = &j->side[no];
    s->keys = no ? spec->right_keys : spec->left_keys;
    s->time_col = !is_timed(spec) ? -1 : no ? spec->right_time : spec->left_time;
    s->above_state = s->input->props.above_state;
    s->is_ordered = s->time_col >= 0;
    switch (spec->kind) {
    case JOIN_INNER:
    case JOIN_SEMI: break;
    case JOIN_LEFT:
    case JOIN_ANTI: s->shows_unmatched = no == SIDE_LEFT; break;
    case JOIN_RIGHT: s->shows_unmatched = no == SIDE_RIGHT; break;
    case JOIN_FULL: s->shows_unmatched = true; break;
    }
    bool is_asked = s->shows_unmatched || (spec->kind == JOIN_SEMI && no == SIDE_LEFT);
    s->counts_matches = is_asked && (j->residual || spec->match == JOIN_INTERVAL);
    choose_columns(j, s, residual, a);
    make_layout(j, s, a);
    group_table_init(&s->rows, &s->layout, sizeof(JoinRow));
    bool merges_equal = j->is_half && no == SIDE_RIGHT; /* only how many there are is of interest */
    s->rows.is_store = !(no ? spec->right_retracts : spec->left_retracts) && !merges_equal;
    s->next_number = 1;
}

static JoinColumn column_of(const JoinOp *j, const JoinSide *s, int col)
{
    JoinColumn c = {.type = s->input->fields[col].type, .side = s->no, .key = -1, .col = -1, .input = col};
    for (int i = 0; i < s->ncols; i++)
        if (s->cols[i] == col) c.col = s->first_col + i;
    if (c.col < 0) c.key = key_of_column(j, s, col);
    return c;
}

static Status make_residual(JoinOp *j, bool *used, Arena *a, Diags *d)
{
    if (!j->spec->residual) return WEIR_OK;
    const BExpr *root = j->spec->residual;
    bexpr_columns(root, used);
    return expr_compile(&root, 1, a, &j->residual, d);
}

static void pairs_init(JoinPairs *p, Arena *a)
{
    for (int s = 0; s < SIDES; s++) p->rows[s] = new_raw(a, JoinRow *, BATCH_ROWS_MAX);
    p->weights = new_raw(a, int64_t, BATCH_ROWS_MAX);
}

static void make_columns(JoinOp *j, const bool *residual, Arena *a)
{
    j->columns = new (a, JoinColumn, j->ncolumns);
    for (int s = 0, n = 0; s < SIDES; s++)
        for (int c = 0; c < j->side[s].input->nfields; c++, n++) {
            j->columns[n] = column_of(j, &j->side[s], c);
            j->columns[n].is_residual = residual[n];
        }
}

static bool forget_key(void *arg, uint8_t *group, StateWriter *w);

Status join_init(JoinOp *j, const OpClass *cls, const PhysOp *p, OpContext *c, Arena *a, Diags *d)
{
    op_init(&j->op, cls, p, c, a);
    const JoinSpec *spec = j->spec = p->join;
    j->is_half = spec->kind == JOIN_SEMI || spec->kind == JOIN_ANTI;
    for (int s = 0; s < SIDES; s++) {
        j->side[s].no = s;
        j->side[s].input = p->inputs[s];
        j->ncolumns += p->inputs[s]->nfields;
        TRY(late_copies_init(&j->side[s].late, p->inputs[s], c, a, d));
    }
    bool *residual = new (a, bool, j->ncolumns);
    TRY(make_residual(j, residual, a, d));
    Type *types = new (a, Type, spec->nkeys);
    for (int i = 0; i < spec->nkeys; i++) types[i] = p->inputs[SIDE_LEFT]->fields[spec->left_keys[i]].type;
    j->key_layout = key_layout_new(a, types, spec->nkeys);
    bool may_wait = spec->match != JOIN_REGULAR;
    int payload = may_wait ? (int)sizeof(JoinKey) : (int)offsetof(JoinKey, due);
    group_table_init(&j->keys, &j->key_layout, payload + ttl_payload(p->state_ttl_us));
    ttl_init(&j->ttl, p->state_ttl_us, &j->keys, forget_key, j);
    for (int s = 0; s < SIDES; s++) side_init(j, s, residual, a);
    make_columns(j, residual, a);
    pairs_init(&j->out, a);
    if (j->residual) pairs_init(&j->candidates, a);
    j->window_tick = spec->window_tick_us > 0 ? spec->window_tick_us : 1;
    assert(p->nfields == (j->is_half ? p->inputs[SIDE_LEFT]->nfields : j->ncolumns));
    return WEIR_OK;
}

void join_close(Op *op)
{
    JoinOp *j = (JoinOp *)op;
    for (int s = 0; s < SIDES; s++) {
        group_table_free(&j->side[s].rows);
        due_heap_free(&j->side[s].due);
    }
    group_table_free(&j->keys);
    ttl_free(&j->ttl);
    arena_free(&j->epoch);
}

int64_t join_bytes(const Op *op)
{
    const JoinOp *j = (const JoinOp *)op;
    int64_t bytes = group_table_bytes(&j->keys);
    for (int s = 0; s < SIDES; s++)
        bytes += group_table_bytes(&j->side[s].rows) + j->side[s].due.cap * (int64_t)sizeof(DueItem);
    return bytes;
}

int64_t join_rows(const Op *op)
{
    const JoinOp *j = (const JoinOp *)op;
    return j->side[SIDE_LEFT].live + j->side[SIDE_RIGHT].live;
}

/* ---- touching --------------------------------------------------------------------------------- */

void join_touch_row(JoinOp *j, JoinSide *s, JoinRow *r)
{
    if (!group_head(&s->rows, row_entry(r))->touched) group_table_touch(&s->rows, row_entry(r));
    if (s->before.len < (ptrdiff_t)s->rows.ntouched)
        vec_push(&s->before, &j->epoch, (RowBefore){r->weight, r->matches});
    assert(s->before.len == (ptrdiff_t)s->rows.ntouched);
}

void join_touch_key(JoinOp *j, uint8_t *group)
{
    group_table_touch(&j->keys, group);
    const JoinKey *k = join_key(group);
    if (j->before.len < (ptrdiff_t)j->keys.ntouched)
        vec_push(&j->before, &j->epoch, (KeyBefore){{k->weight[SIDE_LEFT], k->weight[SIDE_RIGHT]}});
    assert(j->before.len == (ptrdiff_t)j->keys.ntouched);
}

/* ---- lists ------------------------------------------------------------------------------------ */

/* Order of a side's rows of equal time: as their relation is ordered, then as they came. */
static int row_order(const JoinOp *j, const JoinSide *s, const JoinRow *a, const JoinRow *b)
{
    if (join_is_nearest(j->spec) && s->no == SIDE_RIGHT) {
        int order = key_cmp(&s->saved, row_words(s, a), group_head(&s->rows, row_entry(a))->nulls, row_words(s, b),
                            group_head(&s->rows, row_entry(b))->nulls);
        if (order) return order;
    }
    return (a->number > b->number) - (a->number < b->number);
}

static bool comes_before(const JoinOp *j, const JoinSide *s, const JoinRow *a, const JoinRow *b)
{
    int64_t at = row_time(s, a), bt = row_time(s, b);
    return at != bt ? at < bt : row_order(j, s, a, b) < 0;
}

/* Where r is or would be. */
static uint32_t place_of(const JoinOp *j, const JoinSide *s, const JoinList *l, const JoinRow *r)
{
    if (l->n == 0 || comes_before(j, s, list_row(l, l->n - 1), r)) return l->n; /* the usual place */
    uint32_t low = 0, high = l->n - 1;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (comes_before(j, s, list_row(l, mid), r)) low = mid + 1;
        else high = mid;
    }
    return low;
}

uint32_t join_list_from(const JoinSide *s, const JoinList *l, int64_t t)
{
    uint32_t low = 0, high = l->n;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (row_time(s, list_row(l, mid)) < t) low = mid + 1;
        else high = mid;
    }
    return low;
}

uint32_t join_list_after(const JoinSide *s, const JoinList *l, int64_t t)
{
    return t == INT64_MAX ? l->n : join_list_from(s, l, t + 1);
}

static void list_reserve(JoinList *l, StateHeap *h)
{
    if (l->first + l->n < l->cap) return;
    if (l->first > l->n) { /* the free part in front is the greater one */
        memmove(l->rows, l->rows + l->first, l->n * sizeof *l->rows);
        l->first = 0;
        return;
    }
    uint32_t cap = l->cap ? l->cap * 2 : 2;
    l->rows = heap_realloc(h, l->rows, (ptrdiff_t)l->cap * (ptrdiff_t)sizeof *l->rows, checked_mul(cap, sizeof *l->rows));
    l->cap = cap;
}

static void list_free(JoinList *l, StateHeap *h)
{
    heap_free(h, l->rows, (ptrdiff_t)l->cap * (ptrdiff_t)sizeof *l->rows);
    *l = (JoinList){0};
}

void join_list_add(JoinOp *j, JoinSide *s, uint8_t *group, JoinRow *r)
{
    JoinList *l = &join_key(group)->list[s->no];
    list_reserve(l, &j->keys.heap);
    uint32_t at = s->is_ordered ? place_of(j, s, l, r) : l->n;
    JoinRow **to = l->rows + l->first + at;
    memmove(to + 1, to, (l->n - at) * sizeof *to);
    *to = r;
    r->at = at;
    l->n++;
    r->flags |= ROW_LISTED;
}

static void list_remove(JoinOp *j, JoinSide *s, uint8_t *group, JoinRow *r)
{
    JoinList *l = &join_key(group)->list[s->no];
    uint32_t at = s->is_ordered ? place_of(j, s, l, r) : r->at;
    JoinRow **to = l->rows + l->first + at;
    assert(*to == r);
    if (s->is_ordered) {
        memmove(to, to + 1, (l->n - at - 1) * sizeof *to);
    } else {
        *to = list_row(l, l->n - 1);
        (*to)->at = at;
    }
    l->n--;
    r->flags &= ~(uint32_t)ROW_LISTED;
    if (l->n == 0) list_free(l, &j->keys.heap);
}

void join_drop_front(JoinOp *j, JoinSide *s, uint8_t *group, uint32_t n)
{
    JoinList *l = &join_key(group)->list[s->no];
    for (uint32_t i = 0; i < n; i++) {
        JoinRow *r = list_row(l, i);
        join_touch_row(j, s, r);
        r->flags = (r->flags & ~(uint32_t)ROW_LISTED) | ROW_GONE;
    }
    s->live -= n;
    l->first += n;
    l->n -= n;
    join_touch_key(j, group);
    if (l->n == 0) list_free(l, &j->keys.heap);
}

/* ---- waiting ---------------------------------------------------------------------------------- */

int64_t join_window_end(const JoinOp *j, const uint8_t *group)
{
    int col = j->spec->key_window_end;
    const uint64_t *words = group_words(&j->keys, group);
    if (key_column_is_null(&j->key_layout, words, group_head(&j->keys, group)->nulls, col)) return INT64_MAX;
    return (int64_t)words[j->key_layout.cols[col].at];
}

static void await_key(JoinSide *s, uint8_t *group, int64_t due)
{
    JoinKey *k = join_key(group);
    if (k->waiting[s->no] && k->due[s->no] <= due) return;
    due_heap_add(&s->due, due, group);
    k->due[s->no] = due;
    k->waiting[s->no]++;
}

void join_await_row(JoinOp *j, JoinSide *s, uint8_t *group, const JoinRow *r)
{
    switch (j->spec->match) {
    case JOIN_INTERVAL: await_key(s, group, row_time(s, r)); return;
    case JOIN_WINDOW: await_key(&j->side[SIDE_LEFT], group, join_window_end(j, group)); return;
    case JOIN_ASOF:
        if (j->spec->emit_final) await_key(s, group, row_time(s, r));
        return;
    case JOIN_TEMPORAL: await_key(s, group, row_time(s, r)); return;
    case JOIN_REGULAR:
    case JOIN_LOOKUP: return;
    }
}

uint8_t *join_take_due(JoinOp *j, JoinSide *s, int64_t limit)
{
    while (s->due.n > 0 && s->due.items[0].due <= limit) {
        DueItem item = due_heap_take(&s->due);
        if (s->due.n > 0) __builtin_prefetch(s->due.items[0].item);
        uint8_t *group = item.item;
        JoinKey *k = join_key(group);
        bool is_current = k->due[s->no] == item.due;
        k->waiting[s->no]--;
        if (is_current) k->due[s->no] = INT64_MAX; /* what else is in the heap is out of date */
        if (k->list[SIDE_LEFT].n + k->list[SIDE_RIGHT].n == 0) join_touch_key(j, group); /* it may go now */
        else if (is_current) return group;
    }
    return NULL;
}

/* ---- forgetting ------------------------------------------------------------------------------- */

/* Both lists of a key that state_ttl takes. None of its rows has been touched in this epoch. */
static bool forget_key(void *arg, uint8_t *group, StateWriter *w)
{
    JoinOp *j = arg;
    for (int i = 0; i < SIDES; i++) {
        JoinSide *s = &j->side[i];
        JoinList *l = &join_key(group)->list[i];
        join_delete_records(j, s, l, w);
        for (uint32_t k = 0; k < l->n; k++) group_table_remove(&s->rows, row_entry(list_row(l, k)));
        s->live -= l->n;
        list_free(l, &j->keys.heap);
    }
    return true;
}

static void settle_rows(JoinOp *j, JoinSide *s)
{
    for (uint32_t i = 0; i < s->rows.ntouched; i++) {
        uint8_t *entry = s->rows.touched[i];
        JoinRow *r = (JoinRow *)(void *)entry;
        group_head(&s->rows, entry)->touched = 0;
        if (r->weight != 0 && !(r->flags & (ROW_GONE | ROW_NEVER))) continue;
        uint8_t *group = row_group(s, r);
        if (r->flags & ROW_LISTED) list_remove(j, s, group, r);
        join_touch_key(j, group);
        s->live -= !(r->flags & (ROW_GONE | ROW_NEVER));
        group_table_remove(&s->rows, entry);
    }
    s->rows.ntouched = 0;
    s->before.data = NULL;
    s->before.len = s->before.cap = 0;
}

static void settle_keys(JoinOp *j)
{
    bool may_wait = j->spec->match != JOIN_REGULAR;
    for (uint32_t i = 0; i < j->keys.ntouched; i++) {
        uint8_t *group = j->keys.touched[i];
        const JoinKey *k = join_key(group);
        group_head(&j->keys, group)->touched = 0;
        if (k->list[SIDE_LEFT].n + k->list[SIDE_RIGHT].n > 0) continue;
        if (may_wait && k->waiting[SIDE_LEFT] + k->waiting[SIDE_RIGHT] > 0) continue;
        ttl_leave(&j->ttl, group);
        group_table_remove(&j->keys, group);
    }
    j->keys.ntouched = 0;
    j->before.data = NULL;
    j->before.len = j->before.cap = 0;
}

void join_begin(JoinOp *j)
{
    if (j->is_settled) return;
    for (int s = 0; s < SIDES; s++) settle_rows(j, &j->side[s]);
    settle_keys(j);
    j->closed_ends.data = NULL;
    j->closed_ends.len = j->closed_ends.cap = 0;
    arena_reset(&j->epoch);
    j->is_settled = true;
    ttl_expire(&j->ttl, op_ttl_now(&j->op));
}
