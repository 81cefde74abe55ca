/* pane_merge.c: see pane_merge.h. Of the windows with the oldest pane the one that ends first is
 * the next to close, since windows begin in the order in which they end. */
#include "exec/op/pane_merge.h"

void pane_merge_init(PaneMerge *m, AggregateOp *g, const PaneGrid *grid)
{
    *m = (PaneMerge){.agg = g, .grid = grid, .closed_end = INT64_MIN};
    agg_table_init(g, &m->window);
}

static void merge_on_time(PaneMerge *m, const TimeTables *panes, TimeSpan window)
{
    TimeSpan pane, first;
    for (int64_t t = window.start; t < window.end && pane_at(m->grid, t, &pane); t = pane.end) {
        bool found = window_after(m->grid, pane, INT64_MIN, &first);
        const TimeTable *e = found ? time_tables_get(panes, pane.start, first.end) : NULL;
        if (e) agg_table_merge(m->agg, &m->window, &e->table, 1);
    }
}

static void merge_late(PaneMerge *m, const TimeTables *late, TimeSpan window)
{
    for (int32_t i = 0; i < late->n; i++) {
        const TimeTable *e = late->heap[i];
        if (e->span.start >= window.start && e->span.end <= window.end && e->from <= window.end)
            agg_table_merge(m->agg, &m->window, &e->table, 1);
    }
}

static void emit_window(PaneMerge *m, TimeSpan window)
{
    Arena *scratch = m->agg->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    agg_table_emit_all(m->agg, &m->window, aggregate_span_columns(m->agg, window.start, window.end, scratch));
    arena_release(scratch, mark);
    m->closed_end = window.end;
    m->is_moved = true;
}

/* The next window to close: of those with the oldest pane. Panes whose windows have all been
 * written go. False: no pane is left. */
static bool next_window(PaneMerge *m, TimeTables *panes, TimeSpan *window)
{
    for (TimeTable *e; (e = time_tables_first(panes));) {
        int64_t after = m->closed_end;
        if (after < e->from - 1) after = e->from - 1; /* nothing of it in earlier ones */
        if (window_after(m->grid, e->span, after, window)) return true;
        time_tables_drop(panes, e);
    }
    return false;
}

/* The same of panes with late rows: each has a first window of its own, so all have to be asked. */
static bool next_late_window(PaneMerge *m, TimeTables *late, TimeSpan *window)
{
    bool found = false;
    for (int32_t i = 0; i < late->n; i++) {
        TimeTable *e = late->heap[i];
        int64_t after = m->closed_end < e->from - 1 ? e->from - 1 : m->closed_end;
        TimeSpan w;
        if (!window_after(m->grid, e->span, after, &w)) {
            time_tables_drop(late, e);
            found = false;
            i = -1; /* the heap has moved */
        } else if (!found || w.end < window->end) {
            *window = w;
            found = true;
        }
    }
    return found;
}

void pane_merge_close(PaneMerge *m, TimeTables *panes, TimeTables *late, int64_t end)
{
    for (;;) {
        TimeSpan window, other;
        bool has = next_window(m, panes, &window), has_late = next_late_window(m, late, &other);
        if (has_late && (!has || other.end < window.end)) window = other;
        if ((!has && !has_late) || window.end > end) break;
        agg_table_clear(&m->window);
        merge_on_time(m, panes, window);
        merge_late(m, late, window);
        emit_window(m, window);
    }
    agg_table_clear(&m->window);
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
}
