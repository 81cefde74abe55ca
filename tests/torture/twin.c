/* twin.c: what a view must hold, computed row by row from all accepted rows, as the rules of streams,
 * lateness and windows say and with nothing else in mind: no state, no order of arrival, no speed.
 *
 * Rows of a stream stand in the order of their positions. Times are in milliseconds, the tick of the
 * streams' time column. Columns of a row of the answer are joined by '|', NULL is '~'. */
#include "tests/torture/twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400000 };

/* ---- values as text --------------------------------------------------------------------------------- */

const char *key_text(int key)
{
    static const char *const names[KEYS] = {"~", "a", "b", "c, longer than what lies in the column", "d \xc3\xa9, escaped in its record", "e"};
    return names[key];
}

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static int year_days(int year) { return 365 + ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0); }

void time_text(int64_t ms, char out[CELL])
{
    int64_t days = floor_div(ms, DAY_MS), rest = ms - days * DAY_MS;
    int year = 1970, month = 0;
    while (days < 0) days += year_days(--year);
    while (days >= year_days(year)) days -= year_days(year++);
    bool leap = year_days(year) == 366;
    const int lengths[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    while (days >= lengths[month]) days -= lengths[month++];
    snprintf(out, CELL, "%04d-%02d-%02d %02d:%02d:%02d.%03d", year, month + 1, (int)days + 1, (int)(rest / 3600000),
             (int)(rest / 60000 % 60), (int)(rest / 1000 % 60), (int)(rest % 1000));
}

void number_text(bool is_null, int64_t v, char out[CELL])
{
    if (is_null) snprintf(out, CELL, "~");
    else snprintf(out, CELL, "%lld", (long long)v);
}

void v_text(const Row *r, char out[CELL]) { number_text(r->v_is_null, r->v, out); }

/* ---- streams: acceptance and judgement ---------------------------------------------------------------- */

/* A record further ahead of the clock than a day is refused where the file is live. */
static bool is_refused(const Stream *s, const Row *r)
{
    return r->is_bad || (s->follows && !r->is_history && r->at > r->clock + DAY_MS);
}

static void judge_part(Stream *s, Part *p)
{
    int64_t watermark = never;
    for (int i = 0; i < p->taken; i++) {
        Row *r = &p->rows[i];
        r->is_refused = is_refused(s, r);
        r->judge = watermark;
        s->refused += r->is_refused;
        if (r->is_refused) continue;
        if (r->at - s->delay > watermark) watermark = r->at - s->delay;
        r->place = s->nrows;
        s->rows[s->nrows++] = r;
    }
    if (!p->has_ended && watermark < s->watermark) s->watermark = watermark;
    if (watermark > s->greatest) s->greatest = watermark;
}

void stream_judge(Stream *s)
{
    int n = 0;
    stream_forget(s);
    for (int i = 0; i < s->nparts; i++) n += s->parts[i].taken > 0 ? s->parts[i].taken : 0;
    s->rows = calloc((size_t)n + 1, sizeof *s->rows);
    s->watermark = INT64_MAX;
    s->greatest = never;
    s->refused = 0;
    for (int i = 0; i < s->nparts; i++) judge_part(s, &s->parts[i]);
}

void stream_forget(Stream *s)
{
    free(s->rows);
    s->rows = NULL;
    s->nrows = 0;
}

Picked pick(const Stream *s)
{
    Picked p = {calloc((size_t)s->nrows + 1, sizeof *p.rows), 0};
    for (int i = 0; i < s->nrows; i++)
        if (!s->rows[i]->v_is_bad) p.rows[p.n++] = s->rows[i];
    return p;
}

/* ---- aggregates ------------------------------------------------------------------------------------------- */

void tally(Tally *t, const Row *r)
{
    t->n++;
    if (!t->first || r->at < t->first->at) t->first = r;
    if (!t->last || r->at >= t->last->at) t->last = r;
    if (r->v_is_null) return;
    if (!t->nv || r->v < t->least) t->least = r->v;
    if (!t->nv || r->v > t->greatest) t->greatest = r->v;
    t->nv++;
    t->sum += r->v;
}

void tally_text(const Tally *t, char *out, int cap)
{
    char sum[CELL], least[CELL], greatest[CELL], first[CELL], last[CELL];
    number_text(!t->nv, t->sum, sum);
    number_text(!t->nv, t->least, least);
    number_text(!t->nv, t->greatest, greatest);
    v_text(t->first, first);
    v_text(t->last, last);
    snprintf(out, (size_t)cap, "%lld|%lld|%s|%s|%s|%s|%s", (long long)t->n, (long long)t->nv, sum, least, greatest, first, last);
}

/* ---- without windows ----------------------------------------------------------------------------------------- */

static int64_t distinct_values(const Picked *p, int key)
{
    int64_t n = 0;
    for (int i = 0; i < p->n; i++) {
        const Row *r = p->rows[i];
        bool is_new = r->key == key && !r->v_is_null;
        for (int j = 0; j < i && is_new; j++)
            is_new = p->rows[j]->key != key || p->rows[j]->v_is_null || p->rows[j]->v != r->v;
        n += is_new;
    }
    return n;
}

void twin_group(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)v, (void)r, (void)late;
    Picked p = pick(s);
    for (int key = 0; key < KEYS; key++) {
        char sum[CELL], least[CELL], greatest[CELL];
        Tally t = {0};
        for (int i = 0; i < p.n; i++)
            if (p.rows[i]->key == key) tally(&t, p.rows[i]);
        if (!t.n) continue;
        number_text(!t.nv, t.sum, sum);
        number_text(!t.nv, t.least, least);
        number_text(!t.nv, t.greatest, greatest);
        lines_addf(rows, "%s|%lld|%lld|%s|%s|%s|%lld", key_text(key), (long long)t.n, (long long)t.nv, sum, least, greatest,
                   (long long)distinct_values(&p, key));
    }
    free(p.rows);
}

void twin_global(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)v, (void)r, (void)late;
    char sum[CELL], average[CELL] = "~";
    Picked p = pick(s);
    Tally t = {0};
    for (int i = 0; i < p.n; i++) tally(&t, p.rows[i]);
    number_text(!t.nv, t.sum, sum);
    if (t.nv) snprintf(average, sizeof average, "%.17g", (double)t.sum / (double)t.nv);
    lines_addf(rows, "%lld|%s|%s", (long long)t.n, sum, average);
    free(p.rows);
}

static int64_t rows_of_key(const Stream *s, int key)
{
    int64_t n = 0;
    for (int i = 0; i < s->nrows; i++) n += s->rows[i]->key == key;
    return n;
}

void twin_counts(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)v, (void)r, (void)late;
    for (int key = 0; key < KEYS; key++)
        if (rows_of_key(s, key)) lines_addf(rows, "%s|%lld", key_text(key), (long long)rows_of_key(s, key));
}

void twin_histogram(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)v, (void)r, (void)late;
    for (int64_t n = 1; n <= s->nrows; n++) {
        int64_t keys = 0;
        int greatest = 0;
        for (int key = 0; key < KEYS; key++) {
            if (rows_of_key(s, key) != n) continue;
            keys++;
            greatest = key;
        }
        if (keys) lines_addf(rows, "%lld|%lld|%s", (long long)n, (long long)keys, key_text(greatest));
    }
}

void twin_distinct(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)v, (void)r, (void)late;
    Picked p = pick(s);
    for (int i = 0; i < p.n; i++) {
        char value[CELL];
        bool is_new = true;
        for (int j = 0; j < i && is_new; j++)
            is_new = p.rows[j]->key != p.rows[i]->key || p.rows[j]->v_is_null != p.rows[i]->v_is_null ||
                     (!p.rows[j]->v_is_null && p.rows[j]->v != p.rows[i]->v);
        v_text(p.rows[i], value);
        if (is_new) lines_addf(rows, "%s|%s", key_text(p.rows[i]->key), value);
    }
    free(p.rows);
}

void twin_filter(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r, (void)late;
    Picked p = pick(s);
    for (int i = 0; i < p.n; i++) {
        char at[CELL];
        const Row *x = p.rows[i];
        if (x->v_is_null || x->v <= view_param(v, "above", 0)) continue;
        time_text(x->at, at);
        lines_addf(rows, "%s|%lld|%s", key_text(x->key), (long long)(2 * x->v), at);
    }
    free(p.rows);
}

/* ---- sessions ----------------------------------------------------------------------------------------------------- */

int by_time(const void *a, const void *b)
{
    const Row *x = *(const Row *const *)a, *y = *(const Row *const *)b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static void session_row(const View *v, const Stream *s, int key, const Row *const *chain, int n, Lines *rows)
{
    char from[CELL], to[CELL], results[512];
    int64_t gap = 1000 * view_param(v, "gap", 5), end = chain[n - 1]->at + gap;
    int64_t closes = end + 1000 * view_param(v, "grace", 0);
    bool is_closed = s->watermark == INT64_MAX || (s->watermark != never && s->watermark >= closes);
    if (view_param(v, "final", 0) && !is_closed) return;
    Tally t = {0};
    for (int i = 0; i < n; i++) tally(&t, chain[i]);
    time_text(chain[0]->at, from);
    time_text(end, to);
    tally_text(&t, results, sizeof results);
    lines_addf(rows, "%s|%s|%s|%s", key_text(key), from, to, results);
}

void twin_session(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r;
    Picked p = pick(s);
    int64_t gap = 1000 * view_param(v, "gap", 5), grace = 1000 * view_param(v, "grace", 0);
    const Row **mine = calloc((size_t)p.n + 1, sizeof *mine);
    for (int key = 0; key < KEYS; key++) {
        int n = 0;
        for (int i = 0; i < p.n; i++) {
            const Row *x = p.rows[i];
            if (x->key != key) continue;
            bool is_late_row = x->judge != never && x->at <= x->judge - grace;
            *late += is_late_row;
            if (!is_late_row) mine[n++] = x;
        }
        if (n) qsort(mine, (size_t)n, sizeof *mine, by_time);
        for (int from = 0, to; from < n; from = to) {
            for (to = from + 1; to < n && mine[to]->at - mine[to - 1]->at <= gap; to++) {}
            session_row(v, s, key, mine + from, to - from, rows);
        }
    }
    free(mine);
    free(p.rows);
}

/* ---- joins ---------------------------------------------------------------------------------------------------------- */

static void pair(const Row *l, const Row *r, Lines *rows)
{
    char lt[CELL], lv[CELL], rt[CELL] = "~", rv[CELL] = "~";
    time_text(l->at, lt);
    v_text(l, lv);
    if (r) time_text(r->at, rt);
    if (r) v_text(r, rv);
    lines_addf(rows, "%s|%s|%s|%s|%s", key_text(l->key), lt, lv, rt, rv);
}

void twin_join(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)late;
    Picked left = pick(s), right = pick(r);
    for (int i = 0; i < left.n; i++) {
        int partners = 0;
        for (int j = 0; j < right.n; j++) {
            if (left.rows[i]->key == 0 || left.rows[i]->key != right.rows[j]->key) continue;
            pair(left.rows[i], right.rows[j], rows);
            partners++;
        }
        if (!partners && view_param(v, "left", 0)) pair(left.rows[i], NULL, rows);
    }
    free(left.rows);
    free(right.rows);
}

static Picked pick_in_time(const Stream *s, int64_t *late)
{
    Picked p = pick(s);
    int n = 0;
    for (int i = 0; i < p.n; i++) {
        bool is_late_row = p.rows[i]->judge != never && p.rows[i]->at <= p.rows[i]->judge;
        *late += is_late_row;
        if (!is_late_row) p.rows[n++] = p.rows[i];
    }
    p.n = n;
    return p;
}

void twin_interval(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    int64_t a = 1000 * view_param(v, "a", 3), b = 1000 * view_param(v, "b", 3);
    Picked left = pick_in_time(s, late), right = pick_in_time(r, late);
    for (int i = 0; i < left.n; i++) {
        const Row *l = left.rows[i];
        int partners = 0;
        for (int j = 0; j < right.n; j++) {
            const Row *x = right.rows[j];
            if (l->key == 0 || l->key != x->key || l->at < x->at - a || l->at > x->at + b) continue;
            pair(l, x, rows);
            partners++;
        }
        /* A partner's time is at most l.t + a. */
        bool is_alone = r->watermark == INT64_MAX || (r->watermark != never && r->watermark >= l->at + a);
        /* One without key can have no partner. */
        bool is_shown = !view_param(v, "final", 0) || is_alone || l->key == 0;
        if (!partners && view_param(v, "left", 0) && is_shown) pair(l, NULL, rows);
    }
    free(left.rows);
    free(right.rows);
}

/* ---- order ------------------------------------------------------------------------------------------------------------ */

/* NULL comes first ascending, last descending; of equals the least position wins. */
static bool comes_before(const Row *x, const Row *y, bool descends)
{
    if (x->v_is_null != y->v_is_null) return descends ? y->v_is_null : x->v_is_null;
    if (!x->v_is_null && x->v != y->v) return descends ? x->v > y->v : x->v < y->v;
    return x->place < y->place;
}

static int rank_of(const Picked *p, const Row *r, bool descends)
{
    int rank = 1;
    for (int i = 0; i < p->n; i++)
        rank += p->rows[i]->key == r->key && comes_before(p->rows[i], r, descends);
    return rank;
}

void twin_top(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r, (void)late;
    Picked p = pick(s);
    for (int i = 0; i < p.n; i++) {
        char value[CELL], at[CELL];
        int rank = rank_of(&p, p.rows[i], view_param(v, "desc", 1));
        if (rank > view_param(v, "n", 2)) continue;
        v_text(p.rows[i], value);
        time_text(p.rows[i]->at, at);
        lines_addf(rows, "%s|%s|%s|%d", key_text(p.rows[i]->key), value, at, rank);
    }
    free(p.rows);
}

static void best_row(const Row *const *best, int n, int i, Lines *rows)
{
    char value[CELL], from[CELL], to[CELL];
    int64_t count = 0, least = best[i]->at, greatest = best[i]->at;
    for (int j = 0; j < n; j++) {
        bool same = best[j]->v_is_null == best[i]->v_is_null && (best[j]->v_is_null || best[j]->v == best[i]->v);
        if (same && j < i) return; /* told already */
        if (!same) continue;
        count++;
        if (best[j]->at < least) least = best[j]->at;
        if (best[j]->at > greatest) greatest = best[j]->at;
    }
    v_text(best[i], value);
    time_text(least, from);
    time_text(greatest, to);
    lines_addf(rows, "%s|%lld|%s|%s", value, (long long)count, from, to);
}

void twin_best(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r, (void)late;
    Picked p = pick(s);
    const Row **best = calloc((size_t)p.n + 1, sizeof *best);
    int n = 0;
    for (int i = 0; i < p.n; i++)
        if (rank_of(&p, p.rows[i], view_param(v, "desc", 1)) <= view_param(v, "n", 2)) best[n++] = p.rows[i];
    for (int i = 0; i < n; i++) best_row(best, n, i, rows);
    free(best);
    free(p.rows);
}

/* ---- OVER --------------------------------------------------------------------------------------------------------------- */

static void over_rows(const View *v, const Stream *s, const Row *const *mine, int n, Lines *rows)
{
    for (int i = 0; i < n; i++) {
        char at[CELL], value[CELL], before[CELL] = "~", sum[CELL];
        Tally t = {0};
        if (view_param(v, "final", 0) && s->watermark != INT64_MAX && s->watermark < mine[i]->at) continue;
        for (int j = i; j >= 0 && j >= i - view_param(v, "n", 2); j--) tally(&t, mine[j]);
        time_text(mine[i]->at, at);
        v_text(mine[i], value);
        if (i) v_text(mine[i - 1], before);
        number_text(!t.nv, t.sum, sum);
        lines_addf(rows, "%s|%s|%s|%d|%s|%s", key_text(mine[i]->key), at, value, i + 1, before, sum);
    }
}

void twin_over(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r;
    bool is_final = view_param(v, "final", 0);
    Picked p = is_final ? pick_in_time(s, late) : pick(s);
    const Row **mine = calloc((size_t)p.n + 1, sizeof *mine);
    for (int key = 0; key < KEYS; key++) {
        int n = 0;
        for (int i = 0; i < p.n; i++)
            if (p.rows[i]->key == key) mine[n++] = p.rows[i];
        if (n) qsort(mine, (size_t)n, sizeof *mine, by_time);
        over_rows(v, s, mine, n, rows);
    }
    free(mine);
    free(p.rows);
}
