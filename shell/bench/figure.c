/* figure.c: how what a load has cost is shown: medians by what the processors were used, wall time beside. */
#include "shell/bench/load.h"

#include <inttypes.h>
#include <stdlib.h>

void figure_add(Figure *f, const char *name, double value)
{
    int n = 0;
    while (f->more[n].name) n++;
    if (n < FIGURE_MORE - 1) f->more[n] = (Named){name, value};
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void figure_times(Figure *f, int64_t *us, int n, const char *p50, const char *p99, const char *most)
{
    if (n == 0) return;
    qsort(us, (size_t)n, sizeof *us, by_value);
    figure_add(f, p50, (double)us[n / 2]);
    figure_add(f, p99, (double)us[n - 1 - n / 100]);
    figure_add(f, most, (double)us[n - 1]);
}

static int by_cpu(const void *a, const void *b)
{
    const weir_bench_run *x = a, *y = b;
    return (x->cpu_us > y->cpu_us) - (x->cpu_us < y->cpu_us);
}

static double a_second(int64_t n, int64_t us) { return us > 0 ? (double)n / (double)us * 1e6 : 0; }

static void show_json(const Load *l, const Figure *f, const weir_bench_run *median)
{
    printf("{\"load\":\"%s\",\"rows_in\":%" PRId64 ",\"rows_out\":%" PRId64, l->name, f->r.rows_in, f->r.rows_out);
    if (f->runs) printf(",\"cpu_s\":%.6f,\"wall_s\":%.6f,\"events_per_second\":%.0f", (double)median->cpu_us / 1e6,
                        (double)median->wall_us / 1e6, a_second(f->r.rows_in, median->cpu_us));
    if (f->r.hash) printf(",\"hash\":\"%016" PRIx64 "\"", f->r.hash);
    if (f->r.state_rows) printf(",\"state_bytes\":%" PRId64 ",\"state_rows\":%" PRId64, f->r.state_bytes, f->r.state_rows);
    for (const Named *m = f->more; m->name; m++) printf(",\"%s\":%.3f", m->name, m->value);
    printf(",\"runs\":[");
    for (int i = 0; i < f->runs; i++)
        printf("%s{\"cpu_us\":%" PRId64 ",\"wall_us\":%" PRId64 "}", i ? "," : "", f->r.runs[i].cpu_us, f->r.runs[i].wall_us);
    puts("]}");
}

static void show_line(const Load *l, const Figure *f, const weir_bench_run *median)
{
    printf("%-13s", l->name);
    if (f->r.rows_in) printf(" %10" PRId64 " rows in %10" PRId64 " out", f->r.rows_in, f->r.rows_out);
    if (f->runs)
        printf(" %9.1f ns/row %8.2f M rows/s, %8.2f by the clock", (double)median->cpu_us * 1e3 / (double)(f->r.rows_in ? f->r.rows_in : 1),
               a_second(f->r.rows_in, median->cpu_us) / 1e6, a_second(f->r.rows_in, median->wall_us) / 1e6);
    for (const Named *m = f->more; m->name; m++) printf("  %s %.1f", m->name, m->value);
    printf("   %s\n", l->what);
}

void figure_show(const Load *l, Figure *f, bool json)
{
    qsort(f->r.runs, (size_t)f->runs, sizeof *f->r.runs, by_cpu);
    weir_bench_run median = f->r.runs[f->runs / 2];
    if (json) show_json(l, f, &median);
    else show_line(l, f, &median);
    fflush(stdout);
}
