/* env.c: the real world behind the seams. */
#include "base/env.h"

#include <poll.h>
#include <stddef.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t system_now(void *arg)
{
    (void)arg;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_mono(void *arg)
{
    (void)arg;
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t system_cpu(void *arg)
{
    (void)arg;
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static void system_sleep(void *arg, int64_t us)
{
    (void)arg;
    if (us <= 0) return;
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

static void system_wait(void *arg, int64_t us, int fd)
{
    (void)arg;
    if (us <= 0) return;
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ppoll(&p, 1, &t, NULL);
}

Env env_system(void)
{
    Env e = {.now_us = system_now, .mono_us = system_mono, .cpu_us = system_cpu, .sleep_us = system_sleep, .wait_us = system_wait};
    if (getrandom(&e.seed, sizeof e.seed, 0) != (ssize_t)sizeof e.seed)
        e.seed = (uint64_t)system_now(NULL);
    return e;
}
