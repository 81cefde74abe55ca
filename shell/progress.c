/* progress.c: one line a source, one a view, redrawn in place on a terminal. */
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

void progress_begin(Progress *p, bool live)
{
    *p = (Progress){.live = live, .started = seconds_now()};
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

static void draw_source(Progress *p, const weir_source_stats *s, double seconds)
{
    fprintf(stderr, "\x1b[2K%-20s %12" PRId64 " rows  ", s->stream, s->rows);
    show_rate(seconds > 0 ? (double)s->rows / seconds : 0);
    if (s->bytes_total > 0) fprintf(stderr, "  %3.0f %%", 100.0 * (double)s->bytes / (double)s->bytes_total);
    fputs("  watermark ", stderr);
    show_time(s->watermark_us);
    if (s->errors) fprintf(stderr, "  %" PRId64 " errors", s->errors);
    fputs(s->ended ? "  ended\n" : "\n", stderr);
    p->lines++;
}

static void draw_view(Progress *p, const weir_view_stats *v)
{
    fprintf(stderr, "\x1b[2K%-20s %12" PRId64 " rows  %" PRId64 " changes", v->view, v->rows, v->changes);
    if (v->late_rows) fprintf(stderr, "  %" PRId64 " late", v->late_rows);
    if (v->errors) fprintf(stderr, "  %" PRId64 " errors", v->errors);
    fputc('\n', stderr);
    p->lines++;
}

static void draw(Progress *p, weir *db)
{
    double seconds = seconds_now() - p->started;
    if (p->lines) fprintf(stderr, "\x1b[%dA", p->lines);
    p->lines = 0;
    for (int i = 0; i < weir_source_count(db); i++) {
        weir_source_stats s;
        if (weir_source_stat(db, i, &s) == WEIR_OK) draw_source(p, &s, seconds);
    }
    for (int i = 0; i < weir_view_count(db); i++) {
        weir_view_stats v;
        if (weir_view_stat(db, i, &v) == WEIR_OK) draw_view(p, &v);
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
