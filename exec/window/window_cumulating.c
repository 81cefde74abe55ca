/* window_cumulating.c: windows that grow by STEP from a common start until they reach SIZE.
 *
 * A pane is one step. Over calendar units a step may be a fixed time; it is then counted from the
 * local start, and the last one ends with the unit, however long the clock change made that. */
#include "base/datetime.h"
#include "base/def.h"
#include "exec/window/window.h"

static Status cumulating_fit(const WindowSpec *w, PaneGrid *g, Diags *d)
{
    int64_t step = g->step_us ? g->step_us : g->slide;
    int64_t size = g->size;
    if (g->step_us && g->unit == GRID_DAYS) size *= US_PER_DAY;
    bool divides = step > 0 && (size % step == 0 || (g->step_us && g->unit == GRID_MONTHS &&
                                                     US_PER_DAY % step == 0));
    if (!divides)
        return diag_error(d, WEIR_E_WINDOW, (Span){0},
                          "SIZE of a cumulating window must be a multiple of STEP");
    (void)w;
    g->pane = g->step_us ? g->size : g->slide;
    return WEIR_OK;
}

/* The units from the common start to the longest window's end. */
static int64_t base_of(const PaneGrid *g, int64_t unit)
{
    return floor_div(unit, g->size) * g->size;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool cumulating_pane_at(const PaneGrid *g, int64_t t, TimeSpan *pane)
{
    int64_t unit = grid_unit_of(g, t), base = base_of(g, unit);
    if (g->step_us) {
        int64_t from = grid_start_of(g, base), to = grid_start_of(g, base + g->size);
        pane->start = from + floor_div(t - from, g->step_us) * g->step_us;
        pane->end = least(pane->start + g->step_us, to);
        return true;
    }
    int64_t first = base + floor_div(unit - base, g->slide) * g->slide;
    *pane = (TimeSpan){grid_start_of(g, first), grid_start_of(g, first + g->slide)};
    return true;
}

static bool cumulating_window_after(const PaneGrid *g, TimeSpan pane, int64_t after, TimeSpan *window)
{
    int64_t base = base_of(g, grid_unit_of(g, pane.start));
    int64_t from = grid_start_of(g, base), to = grid_start_of(g, base + g->size);
    if (after >= to) return false;
    *window = (TimeSpan){from, pane.end};
    if (after < pane.end) return true;
    if (g->step_us) {
        window->end = least(from + (floor_div(after - from, g->step_us) + 1) * g->step_us, to);
        return true;
    }
    int64_t steps = floor_div(grid_unit_of(g, after) - base, g->slide) + 1;
    window->end = grid_start_of(g, base + steps * g->slide);
    return true;
}

static TimeSpan cumulating_window_next(const PaneGrid *g, TimeSpan w)
{
    TimeSpan pane, next;
    cumulating_pane_at(g, w.end - 1, &pane);
    if (cumulating_window_after(g, pane, w.end, &next)) return next;
    cumulating_pane_at(g, w.end, &pane);
    cumulating_window_after(g, pane, w.end, &next);
    return next;
}

static const PaneImpl cumulating_impl = {cumulating_fit, cumulating_pane_at, cumulating_window_after, cumulating_window_next, true};

extern const WindowDef window_cumulating[];
const WindowDef window_cumulating[] = {
    {.name = "cumulating", .table_func = "cumulate", .shape = WINDOW_SHAPE_PANES,
     .required = WINDOW_SIZE | WINDOW_STEP,
     .optional = WINDOW_OFFSET | WINDOW_CALENDAR | WINDOW_GRACE, .impl = &cumulating_impl,
     .doc = "windows that grow by STEP until they reach SIZE, then start anew"},
    {0},
};
