/* late_copies.c: see late_copies.h. */
#include "exec/op/late_copies.h"
#include "exec/window/window.h"

static Status find_expanders(LateCopies *l, const PhysOp *p, Arena *a, Diags *d)
{
    bool is_stateless = p->kind == PHYS_FILTER || p->kind == PHYS_PROJECT || p->kind == PHYS_UNION;
    for (int i = 0; is_stateless && i < p->ninputs; i++) TRY(find_expanders(l, p->inputs[i], a, d));
    if (p->kind != PHYS_WINDOW || p->window->def->shape != WINDOW_SHAPE_PANES) return WEIR_OK;
    PaneGrid grid;
    TRY(pane_grid_new(p->window, a, &grid, d));
    vec_push(&l->expanders, a, (WindowExpander){p, pane_grid_copies(&grid)});
    return WEIR_OK;
}

Status late_copies_init(LateCopies *l, const PhysOp *input, OpContext *c, Arena *a, Diags *d)
{
    *l = (LateCopies){.input = input, .ctx = c};
    return find_expanders(l, input, a, d);
}

static uint32_t copies_of(const LateCopies *l, const PhysOp *window)
{
    for (ptrdiff_t i = 0; i < l->expanders.len; i++)
        if (l->expanders.data[i].plan == window) return l->expanders.data[i].copies;
    return 1;
}

/* The ordinal that the row had before table functions copied it; the branches of a UNION ALL stay
 * apart. */
static uint32_t ordinal_before(const LateCopies *l, const PhysOp *p, uint32_t ordinal)
{
    while (p->kind == PHYS_FILTER || p->kind == PHYS_PROJECT) p = p->inputs[0];
    if (p->kind == PHYS_WINDOW) return ordinal / copies_of(l, p);
    if (p->kind != PHYS_UNION) return ordinal;
    uint32_t n = (uint32_t)p->ninputs;
    return ordinal_before(l, p->inputs[ordinal % n], ordinal / n) * n + ordinal % n;
}

void late_copies_count(LateCopies *l)
{
    if (l->weight > 0 && !l->is_repeat) l->ctx->late_rows += l->weight;
    l->weight = 0;
}

static int64_t bound_of(const Batch *b, int32_t col, int row)
{
    return col < 0 || col_is_null(&b->cols[col], row) ? LATE_NO_WINDOW : COL(int64_t, &b->cols[col])[col_at(&b->cols[col], row)];
}

/* The last copy of a row says which window refused it. */
static void hand_on(LateCopies *l, const Batch *b, int row, bool is_copy)
{
    OpContext *c = l->ctx;
    const Props *p = &l->input->props;
    if (!c->on_late || l->is_repeat) return;
    if (is_copy) c->off_late(c, l->handed_on);
    if (l->weight > 0) l->handed_on = c->on_late(c, b, row, bound_of(b, p->window_start, row), bound_of(b, p->window_end, row));
}

bool late_copies_see(LateCopies *l, const Batch *b, int row, bool is_late)
{
    if (!is_late && !l->weight) return false;
    Pos pos = batch_pos(b, row);
    pos.ordinal = ordinal_before(l, l->input, pos.ordinal);
    bool is_copy = b->offset && l->weight && pos_cmp(&l->pos, &pos) == 0;
    if (!is_copy) late_copies_count(l);
    bool was_handed_on = l->weight > 0;
    l->pos = pos;
    l->weight = is_late ? batch_weight(b, row) : 0;
    hand_on(l, b, row, is_copy && was_handed_on);
    return is_late;
}
