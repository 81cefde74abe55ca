/* window_tumbling.c: windows of one size, one after the other: a hop as far as it is long. */
#include "base/def.h"
#include "exec/window/window.h"

static Status tumbling_fit(const WindowSpec *w, PaneGrid *g, Diags *d)
{
    g->slide = g->size;
    g->step_us = 0;
    return hop_fit(w, g, d);
}

static const PaneImpl tumbling_impl = {tumbling_fit, hop_pane_at, hop_window_after, hop_window_next, false};

extern const WindowDef window_tumbling[];
const WindowDef window_tumbling[] = {
    {.name = "tumbling", .table_func = "tumble", .shape = WINDOW_SHAPE_PANES, .required = WINDOW_SIZE,
     .optional = WINDOW_OFFSET | WINDOW_CALENDAR | WINDOW_GRACE, .impl = &tumbling_impl,
     .doc = "windows of a fixed size that do not overlap"},
    {0},
};
