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

bool late_copies_see(LateCopies *l, const Batch *b, int row, bool is_late)
{
    if (!is_late && !l->weight) return false;
    Pos pos = batch_pos(b, row);
    pos.ordinal = ordinal_before(l, l->input, pos.ordinal);
    if (!b->offset || !l->weight || pos_cmp(&l->pos, &pos) != 0) late_copies_count(l);
    l->pos = pos;
    l->weight = is_late ? batch_weight(b, row) : 0;
    return is_late;
}
