/* op_global.c: one window per group that shows its value when triggered: after every n rows of the
 * group, or at every tick of processing time, with the rows accepted before it.
 *
 * A group has two cells: of what is shown and of the rows since. A trigger merges the second into
 * the first. The end of the input is the last tick; it triggers no count. */
#include "base/datetime.h"
#include "exec/op/state_rows.h"

/* Payload of a group; two cells follow. */
typedef struct GlobalGroup {
    int64_t rows;        /* arrived so far */
    int64_t triggered;   /* `rows` at the last trigger; 0: never */
    BeforeRef before;    /* what was shown before the epoch, where image >= 0 */
    bool is_taken;       /* before has been set in this epoch */
    bool is_changed;     /* triggered in this epoch */
    bool is_waiting;     /* has rows that no tick has shown */
} GlobalGroup;

typedef struct GlobalOp {
    AggregateOp agg;
    int64_t every_rows, every_us;
    int64_t tick;                /* number of the last one, INT64_MIN: none seen */
    bool is_tick_new;            /* it is to be written */
    GroupTable groups;
    VEC(uint8_t *) changed;      /* in the epoch's arena, as what follows */
    VEC(Column *) images;
} GlobalOp;

static GlobalGroup *global_group(uint8_t *group)
{
    return (GlobalGroup *)(void *)group;
}

static uint8_t *shown_cell(uint8_t *group)
{
    return group + sizeof(GlobalGroup);
}

static uint8_t *later_cell(const GlobalOp *s, uint8_t *group)
{
    return group + sizeof(GlobalGroup) + s->agg.aggs.cell_size;
}

/* ---- triggers --------------------------------------------------------------------------------- */

/* Before-images of groups that are about to be triggered, at most BATCH_ROWS_MAX. */
static void take_before(GlobalOp *s, uint8_t *const *groups, int n, Arena *scratch)
{
    const uint8_t **cells = new_raw(scratch, const uint8_t *, n);
    int taken = 0;
    for (int i = 0; i < n; i++) {
        GlobalGroup *g = global_group(groups[i]);
        if (g->is_taken) continue;
        g->is_taken = true;
        g->before = (BeforeRef){-1, 0};
        if (!g->triggered) continue;
        g->before = (BeforeRef){(int32_t)s->images.len, taken};
        cells[taken++] = shown_cell(groups[i]);
    }
    if (taken == 0) return;
    Column *image = new (&s->agg.epoch, Column, s->agg.aggs.n);
    agg_set_final(&s->agg.aggs, scratch, cells, taken, image, &s->agg.epoch);
    vec_push(&s->images, &s->agg.epoch, image);
}

/* Shows what has come up to the row `upto` of the group. */
static void trigger(GlobalOp *s, uint8_t *group, int64_t upto, Arena *scratch)
{
    GlobalGroup *g = global_group(group);
    StateHeap *heap = &s->groups.heap;
    agg_set_merge(&s->agg.aggs, heap, scratch, shown_cell(group), later_cell(s, group), 1);
    agg_set_destroy(&s->agg.aggs, heap, later_cell(s, group));
    g->triggered = upto;
    g->is_waiting = false;
    if (!g->is_changed) vec_push(&s->changed, &s->agg.epoch, group);
    g->is_changed = true;
    group_table_touch(&s->groups, group);
}

static void trigger_waiting(GlobalOp *s, Arena *scratch)
{
    for (uint32_t i = 0; i < s->groups.len; i++) {
        uint8_t *group = group_table_at(&s->groups, i);
        if (!group || !global_group(group)->is_waiting) continue;
        ArenaMark mark = arena_mark(scratch);
        take_before(s, &group, 1, scratch);
        trigger(s, group, global_group(group)->rows, scratch);
        arena_release(scratch, mark);
    }
}

/* A tick since the last epoch shows what that left, before rows of this one come. */
static void look_at_clock(GlobalOp *s, Arena *scratch)
{
    if (!s->every_us) return;
    int64_t tick = floor_div(s->agg.op.ctx->now_us, s->every_us);
    if (s->tick == tick) return;
    if (s->tick != INT64_MIN && tick > s->tick) trigger_waiting(s, scratch);
    if (tick > s->tick) {
        s->tick = tick;
        s->is_tick_new = true;
    }
}

static void global_begin(GlobalOp *s, Arena *scratch)
{
    if (s->agg.is_settled) return;
    for (ptrdiff_t i = 0; i < s->changed.len; i++) global_group(s->changed.data[i])->is_changed = false;
    for (uint32_t i = 0; i < s->groups.ntouched; i++) global_group(s->groups.touched[i])->is_taken = false;
    group_table_settle(&s->groups);
    s->changed.data = NULL;
    s->changed.len = s->changed.cap = 0;
    s->images.data = NULL;
    s->images.len = s->images.cap = 0;
    arena_reset(&s->agg.epoch);
    s->agg.is_settled = true;
    look_at_clock(s, scratch);
}

/* ---- rows ------------------------------------------------------------------------------------- */

/* Rows up to the last multiple that their group reaches in this batch are shown, the others wait. */
static void place_counted(GlobalOp *s, uint8_t **groups, int n, Arena *scratch)
{
    int64_t *number = new_raw(scratch, int64_t, n);
    uint8_t **due = new_raw(scratch, uint8_t *, n);
    int ndue = 0;
    for (int i = 0; i < n; i++) {
        number[i] = ++global_group(groups[i])->rows;
        if (number[i] % s->every_rows == 0) due[ndue++] = groups[i];
    }
    take_before(s, due, ndue, scratch);
    for (int i = 0; i < ndue; i++) {
        int64_t rows = global_group(due[i])->rows;
        trigger(s, due[i], rows - rows % s->every_rows, scratch);
    }
    for (int i = 0; i < n; i++)
        groups[i] = number[i] <= global_group(groups[i])->triggered ? shown_cell(groups[i]) : later_cell(s, groups[i]);
}

static void place_timed(GlobalOp *s, uint8_t **groups, int n)
{
    for (int i = 0; i < n; i++) {
        GlobalGroup *g = global_group(groups[i]);
        g->rows++;
        g->is_waiting = true;
        groups[i] = later_cell(s, groups[i]);
    }
}

static void push_rows(GlobalOp *s, const Batch *b, const int32_t *rows, int n, Arena *scratch)
{
    AggregateOp *g = &s->agg;
    PackedKeys keys = key_pack(&g->keys, b->cols, g->op.plan->keys, rows, n, scratch);
    uint8_t **groups = new_raw(scratch, uint8_t *, n);
    group_table_find(&s->groups, &keys, groups, NULL);
    if (s->every_rows)
        place_counted(s, groups, n, scratch);
    else
        place_timed(s, groups, n);
    agg_set_step(&g->aggs, &s->groups.heap, scratch, b, rows, n, groups);
}

static void global_push(Op *op, int port, const Batch *b)
{
    (void)port;
    GlobalOp *s = (GlobalOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    global_begin(s, scratch);
    int32_t *rows;
    int n = aggregate_rows(&s->agg, b, &rows, scratch);
    if (n > 0) push_rows(s, b, rows, n, scratch);
    arena_release(scratch, mark);
}

/* ---- output ----------------------------------------------------------------------------------- */

static bool is_as_before(const GlobalOp *s, const GlobalGroup *g, const Column *now, int at)
{
    const Column *image = g->before.image < 0 ? NULL : s->images.data[g->before.image];
    for (int k = 0; image && k < s->agg.aggs.n; k++)
        if (!result_eq(&image[k], g->before.row, &now[k], at)) return false;
    return image != NULL;
}

static void emit_some(GlobalOp *s, uint8_t *const *groups, int n, Arena *scratch)
{
    const uint8_t **cells = new_raw(scratch, const uint8_t *, n);
    for (int i = 0; i < n; i++) cells[i] = shown_cell(groups[i]);
    Column *now = new (scratch, Column, s->agg.aggs.n);
    agg_set_final(&s->agg.aggs, scratch, cells, n, now, scratch);
    OutBuffer gone, come;
    out_buffer_init(&gone, &s->agg, &s->groups, -1, n);
    out_buffer_init(&come, &s->agg, &s->groups, 1, n);
    for (int i = 0; i < n; i++) {
        const GlobalGroup *g = global_group(groups[i]);
        if (is_as_before(s, g, now, i)) continue;
        if (g->before.image >= 0) out_buffer_add(&gone, groups[i], NULL, s->images.data[g->before.image], g->before.row);
        out_buffer_add(&come, groups[i], NULL, now, i);
    }
    out_buffer_flush(&gone);
    out_buffer_flush(&come);
    out_buffer_free(&gone);
    out_buffer_free(&come);
}

static int64_t global_flush(Op *op, int64_t watermark)
{
    GlobalOp *s = (GlobalOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    global_begin(s, scratch);
    if (watermark == INT64_MAX && s->every_us) trigger_waiting(s, scratch);
    for (ptrdiff_t at = 0; at < s->changed.len; at += BATCH_ROWS_MAX) {
        ArenaMark inner = arena_mark(scratch);
        ptrdiff_t left = s->changed.len - at;
        emit_some(s, s->changed.data + at, (int)(left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX), scratch);
        arena_release(scratch, inner);
    }
    arena_release(scratch, mark);
    s->agg.is_settled = false;
    return watermark == INT64_MAX ? INT64_MAX : INT64_MIN;
}

/* ---- records: key → counts, cells; the last tick in a space of its own ------------------------ */

static void save_group(GlobalOp *s, uint8_t *group, StateWriter *w, Arena *scratch)
{
    ArenaMark mark = arena_mark(scratch);
    const GlobalGroup *g = global_group(group);
    StrBuf key = {.arena = scratch}, value = {.arena = scratch};
    group_table_save_key(&s->groups, group, &key);
    agg_put_int(&value, g->rows);
    agg_put_int(&value, g->triggered);
    agg_put_int(&value, g->is_waiting);
    agg_set_save(&s->agg.aggs, scratch, shown_cell(group), &value);
    agg_set_save(&s->agg.aggs, scratch, later_cell(s, group), &value);
    state_put(w, (Str){0}, str_of(key.p, key.n), str_of(value.p, value.n));
    arena_release(scratch, mark);
}

static void global_save(Op *op, StateWriter *w, bool all)
{
    GlobalOp *s = (GlobalOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    for (uint32_t i = 0; !all && i < s->groups.ntouched; i++) save_group(s, s->groups.touched[i], w, scratch);
    for (uint32_t i = 0; all && i < s->groups.len; i++) save_group(s, group_table_at(&s->groups, i), w, scratch);
    if (s->tick == INT64_MIN || (!s->is_tick_new && !all)) return;
    char bytes[sizeof s->tick];
    memcpy(bytes, &s->tick, sizeof bytes);
    state_put(w, S("clock"), (Str){0}, str_of(bytes, sizeof bytes));
    s->is_tick_new = false;
}

static Status load_clock(GlobalOp *s, Str value)
{
    if (value.n != sizeof s->tick) return WEIR_E_CORRUPT;
    memcpy(&s->tick, value.p, sizeof s->tick);
    return WEIR_OK;
}

static Status global_load(Op *op, Str space, Str key, Str value)
{
    GlobalOp *s = (GlobalOp *)op;
    Arena *scratch = op->ctx->batch_scratch;
    if (space.n) return load_clock(s, value);
    StrReader in = {.at = key.p, .end = key.p + key.n};
    uint64_t *words = new (scratch, uint64_t, s->agg.keys.words + 1);
    uint32_t nulls;
    if (!key_load(&s->agg.keys, &in, words, &nulls) || in.at != in.end) return WEIR_E_CORRUPT;
    bool is_new;
    uint8_t *group = group_table_add(&s->groups, words, nulls, key_hash(&s->agg.keys, words, nulls), &is_new);
    group_table_settle(&s->groups);
    if (!is_new) return WEIR_E_CORRUPT;
    GlobalGroup *g = global_group(group);
    in = (StrReader){.at = value.p, .end = value.p + value.n};
    g->rows = agg_get_int(&in);
    g->triggered = agg_get_int(&in);
    g->is_waiting = agg_get_int(&in) != 0;
    TRY(agg_set_load(&s->agg.aggs, &s->groups.heap, scratch, shown_cell(group), &in));
    return agg_set_load(&s->agg.aggs, &s->groups.heap, scratch, later_cell(s, group), &in);
}

/* ---- the class -------------------------------------------------------------------------------- */

static void global_close(Op *op)
{
    GlobalOp *s = (GlobalOp *)op;
    group_table_free(&s->groups);
    aggregate_close(&s->agg);
}

static int64_t global_bytes(const Op *op)
{
    return group_table_bytes(&((const GlobalOp *)op)->groups);
}

static int64_t global_rows(const Op *op)
{
    return ((const GlobalOp *)op)->groups.live;
}

static void global_tell(Op *op, StateRows *out)
{
    GlobalOp *s = (GlobalOp *)op;
    ArenaMark mark = arena_mark(out->scratch);
    uint8_t **groups = new_raw(out->scratch, uint8_t *, s->groups.live);
    uint32_t n = group_table_list(&s->groups, groups);
    group_table_sort(&s->groups, groups, n, out->scratch);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *cells[] = {shown_cell(groups[i]), later_cell(s, groups[i])};
        StateCells shown = {"shown", NULL, &s->groups, &groups[i], &cells[0], 1, NULL};
        StateCells later = {"waiting", NULL, &s->groups, &groups[i], &cells[1], 1, NULL};
        if (cell_row_count(cells[0]) != 0) state_rows_cells(out, &s->agg, &shown);
        if (cell_row_count(cells[1]) != 0) state_rows_cells(out, &s->agg, &later);
    }
    arena_release(out->scratch, mark);
}

static const OpClass global_class = {
    .name = "global window aggregate", .push = global_push, .row_error = aggregate_row_error, .flush = global_flush, .save = global_save,
    .load = global_load, .close = global_close, .state_bytes = global_bytes, .state_rows = global_rows,
    .tell = global_tell,
};

Status op_global_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    GlobalOp *s = new_one(a, GlobalOp);
    TRY(aggregate_init(&s->agg, &global_class, p, c, a, d));
    s->every_rows = p->window->size_rows;
    s->every_us = s->every_rows ? 0 : p->window->trigger_us;
    if (s->every_rows <= 0 && s->every_us <= 0)
        return diag_error(d, WEIR_E_WINDOW, p->span, "a TRIGGER needs a positive number of rows or length of time");
    s->tick = INT64_MIN;
    s->agg.is_settled = false; /* the clock is looked at when the first epoch begins */
    group_table_init(&s->groups, &s->agg.keys, (int)sizeof(GlobalGroup) + 2 * s->agg.aggs.cell_size);
    *out = &s->agg.op;
    return WEIR_OK;
}
