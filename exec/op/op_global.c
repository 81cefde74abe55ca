/* op_global.c: one window per group that shows its value when triggered: after every n rows of the
 * group, or at every tick of processing time, with the rows accepted before it.
 *
 * A group has two cells: of what is shown and of the rows since. A trigger merges the second into
 * the first. The end of the input is the last tick; it triggers no count. */
#include "base/datetime.h"
#include "exec/op/aggregate.h"

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

static void cells_init(GlobalOp *s, uint8_t *group, Arena *scratch)
{
    agg_set_init(&s->agg.aggs, &s->groups.heap, scratch, shown_cell(group));
    agg_set_init(&s->agg.aggs, &s->groups.heap, scratch, later_cell(s, group));
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
    agg_set_init(&s->agg.aggs, heap, scratch, later_cell(s, group));
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

/* Groups whose count reaches a multiple within the batch. */
static void trigger_counts(GlobalOp *s, uint8_t *const *groups, int n, Arena *scratch)
{
    uint8_t **due = new_raw(scratch, uint8_t *, n);
    int ndue = 0;
    for (int i = 0; i < n; i++) {
        GlobalGroup *g = global_group(groups[i]);
        int64_t was = g->rows++;
        g->is_waiting = true;
        if ((was + 1) % s->every_rows == 0) due[ndue++] = groups[i];
    }
    take_before(s, due, ndue, scratch);
    for (int i = 0; i < ndue; i++) {
        GlobalGroup *g = global_group(due[i]);
        int64_t upto = g->rows / s->every_rows * s->every_rows;
        if (g->triggered < upto) trigger(s, due[i], upto, scratch);
    }
}

static void push_rows(GlobalOp *s, const Batch *b, const int32_t *rows, int n, Arena *scratch)
{
    AggregateOp *g = &s->agg;
    PackedKeys keys = key_pack(&g->keys, b->cols, g->op.plan->keys, rows, n, scratch);
    uint8_t **groups = new_raw(scratch, uint8_t *, n), **fresh = new_raw(scratch, uint8_t *, n);
    int64_t *number = new_raw(scratch, int64_t, n);
    int nfresh = group_table_find(&s->groups, &keys, groups, fresh);
    for (int i = 0; i < nfresh; i++) cells_init(s, fresh[i], scratch);
    if (s->every_rows) {
        for (int i = 0; i < n; i++) number[i] = ++global_group(groups[i])->rows;
        for (int i = 0; i < n; i++) global_group(groups[i])->rows = 0; /* counted again below */
        for (int i = n - 1; i >= 0; i--) {
            GlobalGroup *group = global_group(groups[i]);
            if (group->rows == 0) group->rows = number[i];
        }
    }
    (void)trigger_counts;
    uint8_t **cells = groups;
    for (int i = 0; i < n; i++) cells[i] = later_cell(s, groups[i]);
    agg_set_step(&g->aggs, &s->groups.heap, scratch, b, rows, n, cells);
}
