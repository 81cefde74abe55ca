/* bar.c: see bar.h. */
#include "shell/bar.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { CELLS = 30 };
static const double quiet_seconds = 0.5, redraw_seconds = 0.1;

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

Bar bar_begin(bool is_on, int64_t total) { return (Bar){.is_on = is_on, .began = seconds_now(), .total = total}; }

/* "1:05"; "" where what has been done says nothing yet. */
static const char *time_left(double seconds, int64_t done, int64_t total, char out[32])
{
    out[0] = 0;
    if (done <= 0 || done >= total || seconds < quiet_seconds) return out;
    int64_t left = (int64_t)(seconds * (double)(total - done) / (double)done + 0.5);
    if (left >= 3600) snprintf(out, 32, "%" PRId64 ":%02d:%02d", left / 3600, (int)(left / 60 % 60), (int)(left % 60));
    else snprintf(out, 32, "%d:%02d", (int)(left / 60), (int)(left % 60));
    return out;
}

static void draw(const Bar *b, double seconds, int64_t bytes, int64_t rows)
{
    char left[32];
    int64_t done = bytes < b->total ? bytes : b->total;
    int cells = *b->what ? CELLS - (int)sizeof b->what : CELLS;
    int full = b->total > 0 ? (int)((double)done / (double)b->total * cells) : 0;
    fprintf(stderr, "\r\x1b[2K%s%s", b->what, *b->what ? "  " : "");
    for (int i = 0; b->total > 0 && i < cells; i++) fputs(i < full ? "█" : "░", stderr);
    if (b->total > 0) fprintf(stderr, " %3d %%", (int)((double)done / (double)b->total * 100));
    fprintf(stderr, "  %" PRId64 " rows  %.0f/s", rows, seconds > 0 ? (double)rows / seconds : 0);
    if (*time_left(seconds, done, b->total, left)) fprintf(stderr, "  %s left", left);
    fflush(stderr);
}

void bar_tick(Bar *b, int64_t bytes, int64_t rows)
{
    if (!b->is_on) return;
    double now = seconds_now();
    if (now - b->began < quiet_seconds || now - b->drawn < redraw_seconds) return;
    draw(b, now - b->began, bytes, rows);
    b->drawn = now;
    b->is_drawn = true;
}

void bar_end(Bar *b)
{
    if (b->is_drawn) fputs("\r\x1b[2K", stderr);
    b->is_drawn = false;
}
