/* progress.c: one line a source (rows, pace, part read, time left, watermark, errors), one a view, redrawn in place
 * on a terminal. */
#include "shell/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static const double redraw_seconds = 0.1;

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_begin(Progress *p, bool live, weir *db)
{
    *p = (Progress){.live = live, .started = seconds_now()};
    weir_source_stats s;
    weir_view_stats v;
    for (int i = 0; i < PACES_MAX && weir_source_stat(db, i, &s) == WEIR_OK; i++) {
        p->rows[i] = (Pace){.value = s.rows, .at = p->started};
        p->bytes[i] = (Pace){.value = s.bytes, .at = p->started};
    }
    for (int i = 0; i < PACES_MAX && weir_view_stat(db, i, &v) == WEIR_OK; i++)
        p->changes[i] = (Pace){.value = v.changes, .at = p->started};
}

static void show_time(int64_t us)
{
    time_t s = (time_t)(us / 1000000);
    struct tm tm;
    char text[32];
    if (us == INT64_MIN || !gmtime_r(&s, &tm)) {
        fputs("-", stderr);
        return;
    }
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    fputs(text, stderr);
}

static void show_rate(double per_second)
{
    if (per_second >= 1e6) fprintf(stderr, "%.1f M/s", per_second / 1e6);
    else if (per_second >= 1e3) fprintf(stderr, "%.1f k/s", per_second / 1e3);
    else fprintf(stderr, "%.0f/s", per_second);
}

/* One that has come later is paced from now on. */
static double pace(Pace *of, int64_t value)
{
    static const double memory_seconds = 2;
    double now = seconds_now();
    if (of->at == 0) {
        *of = (Pace){.value = value, .at = now};
        return 0;
    }
    double gone = now - of->at;
    if (gone < redraw_seconds / 2) return of->per_second;
    double grown = (double)(value - of->value) / gone, weight = of->per_second > 0 ? gone / (gone + memory_seconds) : 1;
    of->per_second += (grown - of->per_second) * weight;
    of->value = value;
    of->at = now;
    return of->per_second;
}

static void show_left(double seconds)
{
    if (seconds < 1) return;
    if (seconds < 100) fprintf(stderr, "  %.0f s left", seconds);
    else if (seconds < 6000) fprintf(stderr, "  %.0f min left", seconds / 60);
    else fprintf(stderr, "  %.1f h left", seconds / 3600);
}

static void draw_source(Progress *p, int i, const weir_source_stats *s)
{
    fprintf(stderr, "\x1b[2K%-20s %12" PRId64 " rows  ", s->stream, s->rows);
    show_rate(i < PACES_MAX ? pace(&p->rows[i], s->rows) : 0);
    if (s->bytes_total > 0) {
        double bytes = i < PACES_MAX ? pace(&p->bytes[i], s->bytes) : 0;
        fprintf(stderr, "  %3.0f %%", 100.0 * (double)s->bytes / (double)s->bytes_total);
        if (bytes > 0) show_left((double)(s->bytes_total - s->bytes) / bytes);
    }
    fputs("  watermark ", stderr);
    show_time(s->watermark_us);
    if (s->errors) fprintf(stderr, "  %" PRId64 " errors", s->errors);
    fputs(s->ended ? "  ended\n" : "\n", stderr);
    p->lines++;
}

static void draw_view(Progress *p, int i, const weir_view_stats *v)
{
    fprintf(stderr, "\x1b[2K%-20s %12" PRId64 " rows  %" PRId64 " changes  ", v->view, v->rows, v->changes);
    show_rate(i < PACES_MAX ? pace(&p->changes[i], v->changes) : 0);
    if (v->late_rows) fprintf(stderr, "  %" PRId64 " late", v->late_rows);
    if (v->errors) fprintf(stderr, "  %" PRId64 " errors", v->errors);
    fputc('\n', stderr);
    p->lines++;
}

static void draw(Progress *p, weir *db)
{
    if (p->lines) fprintf(stderr, "\x1b[%dA", p->lines);
    p->lines = 0;
    for (int i = 0; i < weir_source_count(db); i++) {
        weir_source_stats s;
        if (weir_source_stat(db, i, &s) == WEIR_OK) draw_source(p, i, &s);
    }
    for (int i = 0; i < weir_view_count(db); i++) {
        weir_view_stats v;
        if (weir_view_stat(db, i, &v) == WEIR_OK) draw_view(p, i, &v);
    }
    p->drawn = seconds_now();
}

void progress_tick(Progress *p, weir *db)
{
    if (p->live && seconds_now() - p->drawn >= redraw_seconds) draw(p, db);
}

void progress_end(Progress *p, weir *db, bool summary)
{
    if (p->live) draw(p, db);
    if (!summary) return;
    int64_t rows = 0, errors = 0, late = 0;
    for (int i = 0; i < weir_source_count(db); i++) {
        weir_source_stats s;
        if (weir_source_stat(db, i, &s) != WEIR_OK) continue;
        rows += s.rows;
        errors += s.errors;
    }
    for (int i = 0; i < weir_view_count(db); i++) {
        weir_view_stats v;
        if (weir_view_stat(db, i, &v) != WEIR_OK) continue;
        errors += v.errors;
        late += v.late_rows;
    }
    double seconds = seconds_now() - p->started;
    fprintf(stderr, "%" PRId64 " rows in %.2f s", rows, seconds);
    if (late) fprintf(stderr, ", %" PRId64 " late", late);
    if (errors) fprintf(stderr, ", %" PRId64 " in error (see weir_errors)", errors);
    fputc('\n', stderr);
}
