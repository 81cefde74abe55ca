/* window.h: where windows made of panes lie in time.
 *
 * A pane is the largest span that no window boundary crosses: every window is a run of panes, so
 * a row is added to one pane whatever the number of its windows. Tumbling windows are their own
 * panes. Spans are half-open [start, end), in microseconds; all rounding is toward the past. */
#ifndef WEIR_EXEC_WINDOW_H
#define WEIR_EXEC_WINDOW_H

#include "base/diag.h"
#include "planner/physical.h"

typedef struct TimeSpan {
    int64_t start, end;
} TimeSpan;

struct TimeZone;

/* A window's measures in units: microseconds, or days or months of a time zone. A boundary is
 * named by the unit that begins there; unit 0 begins at 1970-01-01 plus the offset. */
typedef struct PaneGrid {
    const struct PaneImpl *impl;
    enum { GRID_US, GRID_DAYS, GRID_MONTHS } unit;
    int64_t size, slide, pane; /* units */
    int64_t step_us;           /* cumulating: a step shorter than the calendar units, else 0 */
    int64_t offset_us;
    const struct TimeZone *tz; /* NULL: UTC */
} PaneGrid;

/* What WindowDef.impl points to for WINDOW_SHAPE_PANES. */
typedef struct PaneImpl {
    /* Fills grid from the measures that pane_grid_new has put into units. */
    Status (*fit)(const WindowSpec *w, PaneGrid *grid, Diags *d);
    /* The pane that holds t; false: t lies in no window. */
    bool (*pane_at)(const PaneGrid *g, int64_t t, TimeSpan *pane);
    /* Of the windows that hold the pane, the first to end later than `after`; false: none. */
    bool (*window_after)(const PaneGrid *g, TimeSpan pane, int64_t after, TimeSpan *window);
    /* The window that ends next after w. */
    TimeSpan (*window_next)(const PaneGrid *g, TimeSpan w);
    bool is_growing; /* windows of one start follow each other, each holding the one before */
} PaneImpl;

/* The grid of a specification. WEIR_E_WINDOW: measures that do not go together; WEIR_E_VALUE: an
 * unknown time zone. Lives in `a`. */
Status pane_grid_new(const WindowSpec *w, Arena *a, PaneGrid *out, Diags *d);

static inline bool pane_at(const PaneGrid *g, int64_t t, TimeSpan *pane) { return g->impl->pane_at(g, t, pane); }
static inline bool window_after(const PaneGrid *g, TimeSpan pane, int64_t after, TimeSpan *window)
{
    return g->impl->window_after(g, pane, after, window);
}
static inline TimeSpan window_next(const PaneGrid *g, TimeSpan w) { return g->impl->window_next(g, w); }
/* Most windows that one row can be in. */
int64_t pane_grid_windows_max(const PaneGrid *g);
/* By how much a table function multiplies ordinals, so that the copies of a row have their own. */
uint32_t pane_grid_copies(const PaneGrid *g);
/* Whether each window is exactly one pane. */
bool pane_grid_is_flat(const PaneGrid *g);

/* grid.c: units and instants, for the window kinds. */
int64_t grid_unit_of(const PaneGrid *g, int64_t t);
int64_t grid_start_of(const PaneGrid *g, int64_t unit);
Status hop_fit(const WindowSpec *w, PaneGrid *g, Diags *d);
bool hop_pane_at(const PaneGrid *g, int64_t t, TimeSpan *pane);
bool hop_window_after(const PaneGrid *g, TimeSpan pane, int64_t after, TimeSpan *window);
TimeSpan hop_window_next(const PaneGrid *g, TimeSpan w);

#endif
