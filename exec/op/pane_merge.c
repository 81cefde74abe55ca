/* pane_merge.c: see pane_merge.h. Windows begin in the order in which they end. */
#include "exec/op/pane_merge.h"

#include <assert.h>

void pane_merge_init(PaneMerge *m, AggregateOp *g, const PaneGrid *grid)
{
    *m = (PaneMerge){.agg = g, .grid = grid, .closed_end = INT64_MIN};
    m->is_running = grid->impl->is_growing || agg_set_can_subtract(&g->aggs);
    agg_table_init(g, &m->window);
}

static bool window_takes(TimeSpan window, const TimeTable *e)
{
    return e->span.start >= window.start && e->span.end <= window.end && e->from <= window.end;
}

/* ---- running ---------------------------------------------------------------------------------- */

static void take_back(PaneMerge *m, TimeTable *e)
{
    if (!e->is_merged) return;
    agg_table_merge(m->agg, &m->window, &e->table, -1);
    e->is_merged = false;
}

static void add_pane(PaneMerge *m, TimeTable *e)
{
    if (e->is_merged) return;
    agg_table_merge(m->agg, &m->window, &e->table, 1);
    e->is_merged = true;
}

/* All panes are looked at: those that the window does not take leave, those that it takes enter. */
static void move_by_all(PaneMerge *m, const TimeTables *panes, TimeSpan window)
{
    for (int32_t i = 0; i < panes->n; i++) {
        TimeTable *e = panes->heap[i];
        if (window_takes(window, e)) add_pane(m, e);
        else take_back(m, e);
    }
}

static void forget_merged(const TimeTables *panes)
{
    for (int32_t i = 0; i < panes->n; i++) panes->heap[i]->is_merged = false;
}

/* Panes that are in no later window were dropped, and so taken back: what is left is to add those behind the
 * last window. There are as many as a slide has; over a gap in time there may be more than there are panes. */
static void move_by_time(PaneMerge *m, const TimeTables *panes, TimeSpan window)
{
    int64_t at = m->running.end;
    for (int32_t looks = 0; at < window.end; looks++) {
        TimeSpan pane, first;
        if (looks > panes->n || !pane_at(m->grid, at, &pane) || !window_after(m->grid, pane, INT64_MIN, &first)) {
            move_by_all(m, panes, window);
            return;
        }
        TimeTable *e = time_tables_get(panes, pane.start, first.end);
        if (e) add_pane(m, e);
        at = pane.end;
    }
}

static void move_window(PaneMerge *m, const TimeTables *panes, const TimeTables *late, TimeSpan window)
{
    bool goes_on = m->has_running && window.start >= m->running.start && window.start < m->running.end && window.end >= m->running.end;
    if (!goes_on) {
        agg_table_clear(&m->window);
        forget_merged(panes);
        forget_merged(late);
    }
    if (goes_on && !m->has_missed) move_by_time(m, panes, window);
    else move_by_all(m, panes, window);
    move_by_all(m, late, window);
    m->running = window;
    m->has_running = true;
    m->has_missed = false;
    agg_table_settle(m->agg, &m->window, NULL); /* groups without rows go */
}

/* ---- nodes ------------------------------------------------------------------------------------ */

enum { LEVEL_MAX = 40 };

static const TimeTable *pane_number(PaneMerge *m, const TimeTables *panes, int64_t number)
{
    const PaneGrid *g = m->grid;
    TimeSpan pane = {grid_start_of(g, number * g->pane), grid_start_of(g, (number + 1) * g->pane)}, first;
    bool found = window_after(g, pane, INT64_MIN, &first);
    return found ? time_tables_get(panes, pane.start, first.end) : NULL;
}

/* The merge of 2^level panes from `number` on; NULL: they hold nothing. */
static const TimeTable *node_get(PaneMerge *m, const TimeTables *panes, int64_t number, int level)
{
    if (level == 0) return pane_number(m, panes, number);
    TimeTable *node = time_tables_get(&m->nodes, number, level);
    if (!node) {
        int64_t half = (int64_t)1 << (level - 1);
        TimeSpan span = {grid_start_of(m->grid, number * m->grid->pane),
                         grid_start_of(m->grid, (number + 2 * half) * m->grid->pane)};
        const TimeTable *halves[] = {node_get(m, panes, number, level - 1),
                                     node_get(m, panes, number + half, level - 1)};
        node = time_tables_add(m->agg, &m->nodes, number, level, span);
        for (int i = 0; i < 2; i++)
            if (halves[i]) agg_table_merge(m->agg, &node->table, &halves[i]->table, 1);
    }
    return node->table.groups.live ? node : NULL;
}

static int level_at(int64_t number, int64_t panes)
{
    int level = 63 - __builtin_clzll((unsigned long long)panes);
    int aligned = number ? __builtin_ctzll((unsigned long long)number) : LEVEL_MAX;
    return aligned < level ? aligned : level;
}

static void merge_nodes(PaneMerge *m, const TimeTables *panes, TimeSpan window)
{
    int64_t number = grid_unit_of(m->grid, window.start) / m->grid->pane;
    int64_t last = grid_unit_of(m->grid, window.end) / m->grid->pane;
    while (number < last) {
        int level = level_at(number, last - number);
        const TimeTable *node = node_get(m, panes, number, level);
        if (node) agg_table_merge(m->agg, &m->window, &node->table, 1);
        number += (int64_t)1 << level;
    }
}

static void merge_late(PaneMerge *m, const TimeTables *late, TimeSpan window)
{
    for (int32_t i = 0; i < late->n; i++)
        if (window_takes(window, late->heap[i])) agg_table_merge(m->agg, &m->window, &late->heap[i]->table, 1);
}

/* Nodes that no window from this one on holds as a whole. */
static void drop_nodes(PaneMerge *m, TimeSpan window)
{
    for (int32_t i = m->nodes.n - 1; i >= 0; i--)
        if (i < m->nodes.n && m->nodes.heap[i]->span.start < window.start) time_tables_drop(&m->nodes, m->nodes.heap[i]);
}

/* ---- windows ---------------------------------------------------------------------------------- */

static void emit_window(PaneMerge *m, TimeSpan window)
{
    aggregate_emit_window(m->agg, &m->window, window);
    m->closed_end = window.end;
    m->is_moved = true;
}

/* The first window not yet written that takes rows of the pane. */
static bool window_of_pane(const PaneMerge *m, const TimeTable *e, TimeSpan *window)
{
    int64_t after = m->closed_end;
    if (after < e->from - 1) after = e->from - 1;
    return window_after(m->grid, e->span, after, window);
}

static void drop_pane(PaneMerge *m, TimeTables *panes, TimeTable *e)
{
    time_tables_prefetch(panes);
    if (!m->grid->impl->is_growing) take_back(m, e); /* else the next window starts anew */
    time_tables_drop(panes, e);
}

/* Of rows in time, windows with the oldest pane come first. False: no pane is left. */
static bool next_on_time(PaneMerge *m, TimeTables *panes, TimeSpan *window)
{
    for (TimeTable *e; (e = time_tables_first(panes)); drop_pane(m, panes, e))
        if (window_of_pane(m, e, window)) return true;
    return false;
}

/* Of late rows the oldest pane may be the one that counts latest: all are looked at, there are few.
 * One that is missed because others moved up is dropped the next time. */
static bool next_late(PaneMerge *m, TimeTables *late, TimeSpan *window)
{
    TimeSpan w;
    bool found = false;
    for (int32_t i = late->n - 1; i >= 0; i--)
        if (i < late->n && !window_of_pane(m, late->heap[i], &w)) drop_pane(m, late, late->heap[i]);
    for (int32_t i = 0; i < late->n; i++) {
        if (!window_of_pane(m, late->heap[i], &w)) continue;
        if (!found || w.end < window->end) *window = w;
        found = true;
    }
    return found;
}

void pane_merge_close(PaneMerge *m, TimeTables *panes, TimeTables *late, int64_t end)
{
    for (;;) {
        TimeSpan window, other;
        bool has = next_on_time(m, panes, &window), has_late = next_late(m, late, &other);
        if (has_late && (!has || other.end < window.end)) window = other;
        if ((!has && !has_late) || window.end > end) break;
        if (m->is_running) {
            move_window(m, panes, late, window);
            emit_window(m, window);
            continue;
        }
        merge_nodes(m, panes, window);
        merge_late(m, late, window);
        emit_window(m, window);
        agg_table_clear(&m->window);
        drop_nodes(m, window);
    }
}

void pane_merge_save(PaneMerge *m, StateWriter *w, bool all)
{
    if (m->closed_end == INT64_MIN || (!m->is_moved && !all)) return;
    char bytes[sizeof m->closed_end];
    memcpy(bytes, &m->closed_end, sizeof bytes);
    state_put(w, (Str){0}, S("closed"), str_of(bytes, sizeof bytes));
    m->is_moved = false;
}

Status pane_merge_load(PaneMerge *m, Str key, Str value)
{
    if (!str_eq(key, S("closed")) || value.n != sizeof m->closed_end) return WEIR_E_CORRUPT;
    memcpy(&m->closed_end, value.p, sizeof m->closed_end);
    return WEIR_OK;
}

void pane_merge_free(PaneMerge *m)
{
    agg_table_free(&m->window);
    time_tables_free(&m->nodes);
}
