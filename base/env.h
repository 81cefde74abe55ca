/* env.h: the seams through which weir meets the world. Nothing calls the system's clock or random
 * directly; tests put a virtual clock and a seed here, and take instructions away. */
#ifndef WEIR_BASE_ENV_H
#define WEIR_BASE_ENV_H

#include <stdint.h>

typedef struct Env {
    int64_t (*now_us)(void *arg);            /* wall clock, microseconds since 1970 UTC */
    int64_t (*mono_us)(void *arg);           /* monotonic clock, microseconds */
    int64_t (*cpu_us)(void *arg);            /* what the process has used of all its processors, microseconds */
    void (*sleep_us)(void *arg, int64_t us); /* may return early */
    void (*wait_us)(void *arg, int64_t us, int fd); /* the same, and does when fd can be read; NULL: there are none */
    void *arg;
    uint64_t seed;
    int simd_off;                            /* levels of vector instructions not to use, the highest first */
} Env;

Env env_system(void);

#endif
