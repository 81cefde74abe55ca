/* window_hopping.c: windows of one size, one every ADVANCE BY; they may overlap or leave gaps. */
#include "base/def.h"
#include "exec/window/window.h"

static Status hopping_fit(const WindowSpec *w, PaneGrid *g, Diags *d)
{
    if (g->step_us || g->slide == 0)
        return diag_error(d, WEIR_E_WINDOW, (Span){0},
                          "SIZE and ADVANCE BY of a hopping window must both be fixed, both days or both months");
    return hop_fit(w, g, d);
}

static const PaneImpl hopping_impl = {hopping_fit, hop_pane_at, hop_window_after, hop_window_next, false};

extern const WindowDef window_hopping[];
const WindowDef window_hopping[] = {
    {.name = "hopping", .table_func = "hop", .shape = WINDOW_SHAPE_PANES,
     .required = WINDOW_SIZE | WINDOW_ADVANCE,
     .optional = WINDOW_OFFSET | WINDOW_CALENDAR | WINDOW_GRACE, .impl = &hopping_impl,
     .doc = "windows of a fixed size, one every ADVANCE BY"},
    {0},
};
