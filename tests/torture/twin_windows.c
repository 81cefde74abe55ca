/* twin_windows.c: what windowed views must hold: tumbling, hopping and cumulating ones, with FILL, sliding
 * ones, those that count rows, those by the clock; and the rows that came too late for theirs. */
#include "tests/torture/twin.h"

#include <stdio.h>
#include <stdlib.h>

enum { WINDOWS_MAX = 64, FILL_MAX = 10000 };

/* ---- windows at fixed places -------------------------------------------------------------------------------------- */

typedef struct Grid {
    int64_t size, slide, step, offset, grace; /* step: of a cumulating window, else 0 */
} Grid;

typedef struct Bounds {
    int64_t start, end;
} Bounds;

static Grid grid_of(const View *v)
{
    Grid g = {.size = 1000 * view_param(v, "size", 10), .offset = 1000 * view_param(v, "offset", 0),
              .grace = 1000 * view_param(v, "grace", 0), .step = 1000 * view_param(v, "step", 0)};
    g.slide = g.step ? g.size : 1000 * view_param(v, "slide", g.size / 1000);
    return g;
}

/* The windows that a time is in, those that end last first. */
static int windows_of(const Grid *g, int64_t t, Bounds out[WINDOWS_MAX])
{
    int n = 0;
    int64_t last = floor_div(t - g->offset, g->slide) * g->slide + g->offset;
    if (g->step)
        for (int64_t end = last + g->size; end > t; end -= g->step) out[n++] = (Bounds){last, end};
    else
        for (int64_t start = last; start > t - g->size; start -= g->slide) out[n++] = (Bounds){start, start + g->size};
    return n;
}

/* Late for a window whose end is `end`: its partition's watermark had reached the last tick in it. */
static bool is_late(const Row *r, int64_t end, int64_t grace) { return r->judge != never && r->judge >= end - 1 + grace; }

static bool has_closed(const Stream *s, int64_t end, int64_t grace)
{
    return s->watermark == INT64_MAX || (s->watermark != never && s->watermark >= end - 1 + grace);
}

static Tally tally_window(const Picked *p, Bounds w, int64_t grace, int key)
{
    Tally t = {0};
    for (int i = 0; i < p->n; i++) {
        const Row *r = p->rows[i];
        if (r->key == key && r->at >= w.start && r->at < w.end && !is_late(r, w.end, grace)) tally(&t, r);
    }
    return t;
}

static void add_row(int key, Bounds w, const Tally *t, Lines *rows)
{
    char from[CELL], to[CELL], results[512] = "0|0|~|~|~|~|~";
    time_text(w.start, from);
    time_text(w.end, to);
    if (t) tally_text(t, results, sizeof results);
    lines_addf(rows, "%s|%s|%s|%s", key_text(key), from, to, results);
}

/* Rows go once the greatest watermark that rows have made is `keep` past the end of their window; the end of an
 * input makes none. */
static bool is_shown(const View *v, const Stream *s, int64_t end, int64_t grace)
{
    int64_t keep = 1000 * view_param(v, "keep", 0);
    if (keep && s->greatest != never && s->greatest >= end + keep) return false;
    return !view_param(v, "final", 0) || has_closed(s, end, grace);
}

/* The last of the windows of a row that is late for all of them; false: there are none, or it is not. */
static bool is_late_for_all(const Row *r, const Grid *g, Bounds *last)
{
    Bounds windows[WINDOWS_MAX];
    int n = windows_of(g, r->at, windows), missed = 0;
    for (int i = 0; i < n; i++) missed += is_late(r, windows[i].end, g->grace);
    *last = windows[0];
    return n > 0 && missed == n;
}

/* Windows that are shown and have rows; freed by the caller. */
static Bounds *shown_windows(const View *v, const Stream *s, const Picked *p, const Grid *g, int *n)
{
    Bounds *out = calloc((size_t)p->n * WINDOWS_MAX + 1, sizeof *out);
    *n = 0;
    for (int i = 0; i < p->n; i++) { /* the windows of each row that no row before it has */
        Bounds mine[WINDOWS_MAX];
        int windows = windows_of(g, p->rows[i]->at, mine);
        for (int k = 0; k < windows; k++) {
            bool is_known = false;
            for (int j = 0; j < i && !is_known; j++) is_known = p->rows[j]->at >= mine[k].start && p->rows[j]->at < mine[k].end;
            if (!is_known && is_shown(v, s, mine[k].end, g->grace)) out[(*n)++] = mine[k];
        }
    }
    return out;
}

static int by_start(const void *a, const void *b)
{
    const Bounds *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* From a group's first window to the last in which any group has a row. */
static void fill(const Picked *p, const Grid *g, Bounds *w, int n, Lines *rows)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        bool has_rows = false;
        for (int key = 0; key < KEYS; key++) has_rows |= tally_window(p, w[i], g->grace, key).n > 0;
        if (has_rows) w[kept++] = w[i];
    }
    if (kept) qsort(w, (size_t)kept, sizeof *w, by_start);
    for (int key = 0; key < KEYS; key++) {
        bool has_begun = false;
        for (int i = 0; i < kept; i++) {
            bool is_empty = tally_window(p, w[i], g->grace, key).n == 0;
            bool has_gap = i > 0 && (w[i].start - w[i - 1].end) / g->size <= FILL_MAX;
            for (int64_t start = has_begun && has_gap ? w[i - 1].end : w[i].start; start < w[i].start; start += g->size)
                add_row(key, (Bounds){start, start + g->size}, NULL, rows);
            if (has_begun && is_empty) add_row(key, w[i], NULL, rows);
            has_begun |= !is_empty;
        }
    }
}

void twin_windows(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r;
    int n;
    Picked p = pick(s);
    Grid g = grid_of(v);
    Bounds *shown = shown_windows(v, s, &p, &g, &n);
    for (int i = 0; i < n; i++)
        for (int key = 0; key < KEYS; key++) {
            Tally t = tally_window(&p, shown[i], g.grace, key);
            if (t.n) add_row(key, shown[i], &t, rows);
        }
    if (view_param(v, "fill", 0)) fill(&p, &g, shown, n, rows);
    for (int i = 0; i < p.n; i++) *late += is_late_for_all(p.rows[i], &g, &(Bounds){0});
    free(shown);
    free(p.rows);
}

/* The rows of the stream that late_into names. */
void twin_late(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r, (void)late;
    Picked p = pick(s);
    Grid g = grid_of(v);
    for (int i = 0; i < p.n; i++) {
        Bounds last;
        char at[CELL], value[CELL], end[CELL], judge[CELL];
        if (!is_late_for_all(p.rows[i], &g, &last)) continue;
        time_text(p.rows[i]->at, at);
        v_text(p.rows[i], value);
        time_text(last.end, end);
        time_text(p.rows[i]->judge, judge);
        lines_addf(rows, "%s|%s|%s|%s|%s", key_text(p.rows[i]->key), value, at, end, judge);
    }
    free(p.rows);
}

/* By the time at which rows were accepted: nothing is late, nothing closes. */
void twin_clock(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r, (void)late;
    Picked p = pick(s);
    Grid g = {.size = 1000 * view_param(v, "size", 10), .slide = 1000 * view_param(v, "size", 10)};
    for (int i = 0; i < p.n; i++) {
        Bounds w[WINDOWS_MAX];
        Tally t = {0};
        bool is_known = false;
        windows_of(&g, p.rows[i]->clock, w);
        for (int k = 0; k < p.n; k++) {
            if (p.rows[k]->key != p.rows[i]->key || p.rows[k]->clock < w->start || p.rows[k]->clock >= w->end) continue;
            is_known |= k < i;
            tally(&t, p.rows[k]);
        }
        if (!is_known) add_row(p.rows[i]->key, *w, &t, rows);
    }
    free(p.rows);
}

/* ---- sliding --------------------------------------------------------------------------------------------------------- */

/* One window for each time at which the group has a row that was not late for it. */
void twin_sliding(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r;
    Picked p = pick(s);
    int64_t size = 1000 * view_param(v, "size", 10), grace = 1000 * view_param(v, "grace", 0);
    for (int i = 0; i < p.n; i++) {
        const Row *x = p.rows[i];
        Bounds w = {x->at - size + 1, x->at + 1};
        bool is_known = false;
        *late += is_late(x, x->at + size, grace);
        for (int j = 0; j < i && !is_known; j++)
            is_known = p.rows[j]->key == x->key && p.rows[j]->at == x->at && !is_late(p.rows[j], w.end, grace);
        if (is_known || is_late(x, w.end, grace) || !is_shown(v, s, w.end, grace)) continue;
        Tally t = tally_window(&p, w, grace, x->key);
        add_row(x->key, w, &t, rows);
    }
    free(p.rows);
}

/* ---- counted rows ------------------------------------------------------------------------------------------------------ */

/* The rows of one key, in the order of arrival, which in one partition is that of positions. */
static Picked of_key(const Picked *p, int key)
{
    Picked mine = {calloc((size_t)p->n + 1, sizeof *mine.rows), 0};
    for (int i = 0; i < p->n; i++)
        if (p->rows[i]->key == key) mine.rows[mine.n++] = p->rows[i];
    return mine;
}

static void count_window(int key, int64_t number, const Picked *p, int64_t from, int64_t to, Lines *rows)
{
    char first[CELL], last[CELL], results[512];
    Tally t = {0};
    int64_t least = INT64_MAX, greatest = INT64_MIN;
    for (int64_t i = from; i < to; i++) {
        tally(&t, p->rows[i]);
        if (p->rows[i]->at < least) least = p->rows[i]->at;
        if (p->rows[i]->at > greatest) greatest = p->rows[i]->at;
    }
    time_text(least, first);
    time_text(greatest, last);
    tally_text(&t, results, sizeof results);
    lines_addf(rows, "%s|%lld|%s|%s|%s", key_text(key), (long long)number, first, last, results);
}

void twin_count(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r, (void)late;
    Picked p = pick(s);
    int64_t size = view_param(v, "size", 3), advance = view_param(v, "step", 1);
    for (int key = 0; key < KEYS; key++) {
        Picked mine = of_key(&p, key);
        int64_t number = 1, from = 0;
        for (; from + size <= mine.n; from += advance) count_window(key, number++, &mine, from, from + size, rows);
        if (from < mine.n && !view_param(v, "final", 0)) count_window(key, number, &mine, from, mine.n, rows);
        free(mine.rows);
    }
    free(p.rows);
}

/* Shown at every n-th row of a group. */
void twin_trigger(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r, (void)late;
    Picked p = pick(s);
    int64_t every = view_param(v, "n", 2);
    for (int key = 0; key < KEYS; key++) {
        char results[512];
        Picked mine = of_key(&p, key);
        Tally t = {0};
        for (int64_t i = 0; i < mine.n - mine.n % every; i++) tally(&t, mine.rows[i]);
        if (t.n) tally_text(&t, results, sizeof results);
        if (t.n) lines_addf(rows, "%s|%s", key_text(key), results);
        free(mine.rows);
    }
    free(p.rows);
}
