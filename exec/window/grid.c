/* grid.c: the arithmetic that window kinds share, in whole units, by floor.
 *
 * For fixed sizes a unit is a microsecond counted from the offset. For calendar sizes it is a day
 * or month of the zone: it begins at the first instant whose local time has reached its start. */
#include "exec/window/window.h"
#include "base/datetime.h"
#include "base/plant.h"
#include "base/tz.h"

#include <assert.h>

/* ---- units and instants ----------------------------------------------------------------------- */

static int64_t unit_local_start(const PaneGrid *g, int64_t unit)
{
    int64_t days = unit;
    if (g->unit == GRID_MONTHS) {
        int64_t year = 1970 + floor_div(unit, 12);
        days = civil_to_days((Civil){(int32_t)year, (int32_t)floor_mod(unit, 12) + 1, 1});
    }
    return days * US_PER_DAY + g->offset_us;
}

static int64_t unit_of_local(const PaneGrid *g, int64_t local_us)
{
    int64_t days = floor_div(local_us - g->offset_us, US_PER_DAY);
    if (g->unit == GRID_DAYS) return days;
    Civil c = civil_from_days((int32_t)days);
    return (int64_t)(c.year - 1970) * 12 + c.month - 1;
}

int64_t grid_start_of(const PaneGrid *g, int64_t unit)
{
    if (g->unit == GRID_US) return unit + g->offset_us;
    int64_t local = unit_local_start(g, unit);
    return g->tz ? tz_to_utc(g->tz, local, TZ_EARLIER) : local;
}

/* Where clocks go back over a boundary, local time passes it twice; the unit begins the first
 * time, so what the local clock says is only a guess. */
int64_t grid_unit_of(const PaneGrid *g, int64_t t)
{
    if (g->unit == GRID_US) return t - g->offset_us;
    int64_t unit = unit_of_local(g, g->tz ? tz_to_local(g->tz, t) : t);
    while (t < grid_start_of(g, unit)) unit--;
    while (t >= grid_start_of(g, unit + 1)) unit++;
    return unit;
}

/* ---- fixed distance: tumbling, hopping -------------------------------------------------------- */

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

Status hop_fit(const WindowSpec *w, PaneGrid *g, Diags *d)
{
    (void)w, (void)d;
    if (g->slide == 0) g->slide = g->size;
    g->pane = g->slide > g->size ? g->size : gcd(g->size, g->slide);
    return WEIR_OK;
}

static inline TimeSpan grid_span(const PaneGrid *g, int64_t unit, int64_t units)
{
    return (TimeSpan){grid_start_of(g, unit), grid_start_of(g, unit + units)};
}

bool hop_pane_at(const PaneGrid *g, int64_t t, TimeSpan *pane)
{
    int64_t unit = grid_unit_of(g, t);
    if (g->slide > g->size) {
        int64_t start = floor_div(unit, g->slide) * g->slide;
        if (unit >= start + g->size) return false;
        *pane = grid_span(g, start, g->size);
        return true;
    }
    *pane = grid_span(g, (WEIR_PLANT("truncation") ? unit / g->pane : floor_div(unit, g->pane)) * g->pane, g->pane);
    return true;
}

bool hop_window_after(const PaneGrid *g, TimeSpan pane, int64_t after, TimeSpan *window)
{
    int64_t first = grid_unit_of(g, pane.start);             /* of the pane */
    int64_t last = floor_div(first, g->slide) * g->slide;    /* start of the last window with it */
    if (after >= grid_start_of(g, last + g->size)) return false;
    int64_t end = first + g->pane;                           /* it must end at or after this … */
    if (after >= pane.end) {
        int64_t past = grid_unit_of(g, after) + 1;           /* … and later than `after` */
        if (past > end) end = past;
    }
    int64_t start = -floor_div(-(end - g->size), g->slide) * g->slide;
    assert(start <= last);
    *window = grid_span(g, start, g->size);
    return true;
}

TimeSpan hop_window_next(const PaneGrid *g, TimeSpan w)
{
    return grid_span(g, grid_unit_of(g, w.start) + g->slide, g->size);
}

/* ---- making ----------------------------------------------------------------------------------- */

static Status grid_measures(const WindowSpec *w, PaneGrid *g, Diags *d)
{
    g->offset_us = w->offset_us;
    if (w->size_months) {
        g->unit = GRID_MONTHS;
        g->size = w->size_months;
        g->slide = w->slide_months;
    } else if (w->size_days) {
        g->unit = GRID_DAYS;
        g->size = w->size_days;
        g->slide = w->slide_days;
    } else {
        g->unit = GRID_US;
        g->size = w->size_us;
        g->slide = w->slide_us;
    }
    if (g->size <= 0)
        return diag_error(d, WEIR_E_WINDOW, (Span){0}, "the size of a window must be positive");
    bool mixed = g->unit != GRID_US && g->slide == 0 && w->slide_us != 0;
    if (mixed) g->step_us = w->slide_us;
    if (g->slide < 0 || g->step_us < 0)
        return diag_error(d, WEIR_E_WINDOW, (Span){0}, "the distance of windows must be positive");
    return WEIR_OK;
}

Status pane_grid_new(const WindowSpec *w, Arena *a, PaneGrid *out, Diags *d)
{
    PaneGrid g = {.impl = w->def->impl};
    assert(w->def->shape == WINDOW_SHAPE_PANES && g.impl);
    TRY(grid_measures(w, &g, d));
    if (g.unit != GRID_US && w->time_zone.n) {
        TimeZones *zones = new_one(a, TimeZones);
        zones->arena = a;
        g.tz = tz_find(zones, w->time_zone);
        if (!g.tz)
            return diag_error(d, WEIR_E_VALUE, (Span){0}, "unknown time zone \"%.*s\"",
                              STR_ARG(w->time_zone));
    }
    TRY(g.impl->fit(w, &g, d));
    *out = g;
    return WEIR_OK;
}

/* A calendar day lasts at most 25 hours or so; two days stand for it when steps are counted. */
int64_t pane_grid_windows_max(const PaneGrid *g)
{
    if (g->step_us) {
        int64_t days = g->unit == GRID_MONTHS ? g->size * 31 : g->size;
        return (days + 1) * US_PER_DAY / g->step_us + 1;
    }
    return (g->size + g->slide - 1) / g->slide;
}

uint32_t pane_grid_copies(const PaneGrid *g)
{
    int64_t copies = pane_grid_windows_max(g);
    return copies < 1 ? 1 : copies > UINT16_MAX ? UINT16_MAX : (uint32_t)copies;
}

bool pane_grid_is_flat(const PaneGrid *g)
{
    return g->pane == g->size && g->step_us == 0;
}
