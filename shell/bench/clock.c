/* clock.c: the two clocks of a benchmark. */
#include "shell/bench/load.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t bench_wall_us(void) { return read_clock(CLOCK_MONOTONIC); }
int64_t bench_cpu_us(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }
