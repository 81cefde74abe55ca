/* fill.c: see fill.h. Under EMIT CHANGES everything after the last closed window with rows is looked
 * at again in each epoch that changed something: FILL is for views of few groups. */
#include "exec/op/fill.h"
#include "base/plant.h"

#include <assert.h>
#include <stdlib.h>

static int64_t *first_end(uint8_t *known)
{
    return (int64_t *)(void *)known;
}

void fill_init(Fill *f, AggregateOp *g, const PaneGrid *grid)
{
    *f = (Fill){.agg = g, .grid = grid};
    group_table_init(&f->known, &g->keys, sizeof(int64_t));
    agg_table_init(g, &f->gap);
}

void fill_free(Fill *f)
{
    group_table_free(&f->known);
    agg_table_free(&f->gap);
}

void fill_settle(Fill *f)
{
    for (uint32_t i = 0; i < f->known.ntouched; i++) {
        uint8_t *known = f->known.touched[i];
        group_head(&f->known, known)->touched = 0;
        if (*first_end(known) == INT64_MAX) group_table_remove(&f->known, known);
    }
    f->known.ntouched = 0;
    f->is_last_new = false;
}

/* ---- cells ------------------------------------------------------------------------------------ */

static uint8_t *cell_of(const AggTable *t, const GroupTable *other, const uint8_t *group)
{
    const GroupHead *h = group_head(other, group);
    return group_table_get(&t->groups, group_words(other, group), h->nulls, h->hash);
}

/* The group's cell in a table, made where it is missing; its before-image is taken. */
static uint8_t *cell_touch(Fill *f, AggTable *t, const uint8_t *known)
{
    const GroupHead *h = group_head(&f->known, known);
    PackedKeys key = {.n = 1, .words = group_words(&f->known, known), .nulls = &(uint32_t){h->nulls},
                      .hash = &(uint32_t){h->hash}};
    uint8_t *cell;
    agg_table_touch(f->agg, t, &key, &cell);
    return cell;
}

static uint8_t *known_add(Fill *f, const AggTable *t, const uint8_t *cell)
{
    const GroupHead *h = group_head(&t->groups, cell);
    bool is_new;
    uint8_t *known = group_table_get(&f->known, group_words(&t->groups, cell), h->nulls, h->hash);
    if (known) return known;
    known = group_table_add(&f->known, group_words(&t->groups, cell), h->nulls, h->hash, &is_new);
    *first_end(known) = INT64_MAX;
    return known;
}

static bool has_rows(const AggTable *t)
{
    for (uint32_t i = 0; i < t->groups.len; i++) {
        const uint8_t *cell = group_table_at(&t->groups, i);
        if (cell && cell_row_count(cell) > 0) return true;
    }
    return false;
}

/* ---- EMIT FINAL ------------------------------------------------------------------------------- */

static void flag_missing(Fill *f, AggTable *t)
{
    for (uint32_t i = 0; i < f->known.len; i++) {
        uint8_t *known = group_table_at(&f->known, i);
        if (!known) continue;
        uint8_t *cell = cell_touch(f, t, known);
        if (cell_row_count(cell) <= 0) *cell_is_filled(f->agg, cell) = 1;
    }
}

static void emit_gaps(Fill *f, TimeSpan window)
{
    Arena *scratch = f->agg->op.ctx->batch_scratch;
    int64_t n = 0;
    for (TimeSpan w = window_next(f->grid, f->last); w.end < window.end && n <= FILL_RUN_MAX; n++) w = window_next(f->grid, w);
    if (n > FILL_RUN_MAX) fill_add_run(f, (TimeSpan){f->last.end, window.end});
    if (n == 0 || n > FILL_RUN_MAX) return;
    flag_missing(f, &f->gap);
    for (TimeSpan w = window_next(f->grid, f->last); w.end < window.end; w = window_next(f->grid, w)) {
        ArenaMark mark = arena_mark(scratch);
        agg_table_emit_all(f->agg, &f->gap, aggregate_span_columns(f->agg, w.start, w.end, scratch));
        arena_release(scratch, mark);
    }
    agg_table_clear(&f->gap);
}

void fill_window(Fill *f, AggTable *t, TimeSpan window)
{
    if (!has_rows(t)) return;
    if (f->has_last && !WEIR_PLANT("gap-forgotten")) emit_gaps(f, window);
    flag_missing(f, t);
    for (uint32_t i = 0; i < t->groups.len; i++) {
        uint8_t *cell = group_table_at(&t->groups, i);
        if (!cell || cell_row_count(cell) <= 0) continue;
        uint8_t *known = known_add(f, t, cell);
        if (*first_end(known) > window.end) *first_end(known) = window.end;
    }
    f->last = window;
    f->has_last = f->is_last_new = true;
}

/* ---- EMIT CHANGES ----------------------------------------------------------------------------- */

static int end_order(const void *a, const void *b)
{
    int64_t x = (*(TimeTable *const *)a)->span.end, y = (*(TimeTable *const *)b)->span.end;
    return (x > y) - (x < y);
}

/* The open windows in order. */
typedef struct OpenWindows {
    TimeTable **list;
    int32_t n;
} OpenWindows;

static OpenWindows open_windows(const TimeTables *t, Arena *a)
{
    OpenWindows o = {new_raw(a, TimeTable *, t->n), t->n};
    if (t->n) memcpy(o.list, t->heap, (size_t)t->n * sizeof *o.list);
    if (t->n) qsort(o.list, (size_t)t->n, sizeof *o.list, end_order);
    return o;
}

/* The first window of every group, from the open ones where it is not a closed one. */
static void find_known(Fill *f, const OpenWindows *open, Arena *scratch)
{
    int64_t *old = new_raw(scratch, int64_t, f->known.len);
    uint32_t nold = f->known.len;
    for (uint32_t i = 0; i < nold; i++) {
        uint8_t *known = group_table_at(&f->known, i);
        if (!known) continue;
        old[i] = *first_end(known);
        bool is_kept = f->has_last && old[i] <= f->last.end;
        if (!is_kept) *first_end(known) = INT64_MAX;
    }
    for (int32_t k = 0; k < open->n; k++) {
        const AggTable *t = &open->list[k]->table;
        for (uint32_t i = 0; i < t->groups.len; i++) {
            uint8_t *cell = group_table_at(&t->groups, i);
            if (!cell || cell_row_count(cell) <= 0) continue;
            uint8_t *known = known_add(f, t, cell);
            if (*first_end(known) > open->list[k]->span.end) *first_end(known) = open->list[k]->span.end;
        }
    }
    for (uint32_t i = 0; i < f->known.len; i++) {
        uint8_t *known = group_table_at(&f->known, i);
        if (known && (i >= nold || old[i] != *first_end(known))) group_table_touch(&f->known, known);
    }
}

/* Sets the flag of every group in one window. is_filled: it lies where groups are filled. */
static void set_flags(Fill *f, TimeTable *e, bool is_filled)
{
    for (uint32_t i = 0; i < f->known.len; i++) {
        uint8_t *known = group_table_at(&f->known, i);
        if (!known) continue;
        uint8_t *cell = cell_of(&e->table, &f->known, known);
        bool wanted = is_filled && *first_end(known) < e->span.end && !(cell && cell_row_count(cell) > 0);
        bool is = cell && *cell_is_filled(f->agg, cell);
        if (wanted == is) continue;
        time_tables_touch(e);
        cell = cell_touch(f, &e->table, known);
        *cell_is_filled(f->agg, cell) = wanted;
    }
}

/* Windows between two with rows, neither included; -1 where there are too many to fill. */
static int64_t windows_between(const Fill *f, TimeSpan a, TimeSpan b)
{
    int64_t n = 0;
    for (TimeSpan w = window_next(f->grid, a); w.end < b.end; w = window_next(f->grid, w))
        if (++n > FILL_RUN_MAX) return -1;
    return n;
}

void fill_changes(Fill *f, TimeTables *windows)
{
    Arena *scratch = f->agg->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    OpenWindows open = open_windows(windows, scratch);
    find_known(f, &open, scratch);
    bool *is_filled = new (scratch, bool, open.n);
    bool has_before = f->has_last;
    TimeSpan before = f->last;
    VEC(TimeSpan) runs = {0};
    int32_t next = 0; /* the first window after `before` */
    for (int32_t i = 0; i < open.n; i++) {
        if (!has_rows(&open.list[i]->table)) continue;
        TimeSpan at = open.list[i]->span;
        int64_t between = has_before ? windows_between(f, before, at) : 0;
        if (between < 0) vec_push(&runs, scratch, (TimeSpan){before.end, at.end});
        if (between > 0) {
            for (TimeSpan w = window_next(f->grid, before); w.end < at.end; w = window_next(f->grid, w))
                set_flags(f, time_tables_add(f->agg, windows, w.end, w.end, w), true);
            for (int32_t k = next; k < i; k++) is_filled[k] = true;
        }
        set_flags(f, open.list[i], true);
        is_filled[i] = true;
        has_before = true;
        before = at;
        next = i + 1;
    }
    for (int32_t i = 0; i < open.n; i++)
        if (!is_filled[i]) set_flags(f, open.list[i], false);
    fill_set_runs(f, runs.data, (int)runs.len);
    arena_release(scratch, mark);
}

void fill_close(Fill *f, TimeTables *windows, int64_t end)
{
    Arena *scratch = f->agg->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    OpenWindows open = open_windows(windows, scratch);
    for (int32_t i = 0; i < open.n && open.list[i]->span.end <= end; i++) {
        if (!has_rows(&open.list[i]->table)) continue;
        f->last = open.list[i]->span;
        f->has_last = f->is_last_new = true;
    }
    for (int32_t i = 0; f->has_last && i < open.n && open.list[i]->span.end <= f->last.end; i++)
        time_tables_drop(windows, open.list[i]);
    arena_release(scratch, mark);
}

void fill_restore(Fill *f, TimeTables *windows)
{
    if (!f->is_loaded) return;
    f->is_loaded = false;
    bool shows = f->agg->shows_changes;
    if (!shows) return;
    f->agg->shows_changes = false; /* what is shown already needs no before-image */
    fill_changes(f, windows);
    f->agg->shows_changes = shows;
    time_tables_settle(f->agg, windows);
    group_table_settle(&f->known);
}

/* ---- records: "f": key → end of its first window; "f.last": the last closed window with rows --- */

static void save_known(const Fill *f, const uint8_t *known, StateWriter *w)
{
    Arena *scratch = f->agg->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    StrBuf key = {.arena = scratch}, value = {.arena = scratch};
    group_table_save_key(&f->known, known, &key);
    sb_u64(&value, *(const uint64_t *)(const void *)known);
    if (*(const int64_t *)(const void *)known == INT64_MAX)
        state_del(w, S("f"), str_of(key.p, key.n));
    else
        state_put(w, S("f"), str_of(key.p, key.n), str_of(value.p, value.n));
    arena_release(scratch, mark);
}

void fill_save(Fill *f, StateWriter *w, bool all)
{
    for (uint32_t i = 0; !all && i < f->known.ntouched; i++) save_known(f, f->known.touched[i], w);
    for (uint32_t i = 0; all && i < f->known.len; i++) {
        const uint8_t *known = group_table_at(&f->known, i);
        if (known) save_known(f, known, w);
    }
    fill_save_runs(f, w, all);
    if (!f->has_last || (!f->is_last_new && !all)) return;
    char bytes[sizeof f->last];
    memcpy(bytes, &f->last, sizeof bytes);
    state_put(w, S("f.last"), (Str){0}, str_of(bytes, sizeof bytes));
}

Status fill_load(Fill *f, Str space, Str key, Str value)
{
    f->is_loaded = true;
    if (str_eq(space, S("f.runs"))) return fill_load_runs(f, value);
    if (str_eq(space, S("f.last"))) {
        if (value.n != sizeof f->last) return WEIR_E_CORRUPT;
        memcpy(&f->last, value.p, sizeof f->last);
        f->has_last = true;
        return WEIR_OK;
    }
    Arena *scratch = f->agg->op.ctx->batch_scratch;
    StrReader in = {.at = key.p, .end = key.p + key.n};
    uint64_t *words = new (scratch, uint64_t, f->agg->keys.words + 1);
    uint32_t nulls;
    if (!key_load(&f->agg->keys, &in, words, &nulls) || in.at != in.end) return WEIR_E_CORRUPT;
    bool is_new;
    uint8_t *known = group_table_add(&f->known, words, nulls, key_hash(&f->agg->keys, words, nulls), &is_new);
    group_table_settle(&f->known);
    in = (StrReader){.at = value.p, .end = value.p + value.n};
    *first_end(known) = (int64_t)sr_u64(&in);
    return in.bad || !is_new ? WEIR_E_CORRUPT : WEIR_OK;
}
