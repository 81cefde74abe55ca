/* weir_test.h: the seams through which tests drive an engine. Not installed.
 *
 * A virtual clock replaces time; an epoch takes exactly what was pushed before weir_run; batches
 * can be cut to any size (setting batch_rows). */
#ifndef WEIR_TEST_H
#define WEIR_TEST_H

#include "include/weir.h"

typedef struct weir_seams {
    int64_t (*now_us)(void *arg);  /* wall clock, microseconds since 1970 UTC */
    int64_t (*mono_us)(void *arg); /* monotonic clock, microseconds */
    void (*sleep_us)(void *arg, int64_t us);
    void *arg;
    uint64_t seed;
} weir_seams;

/* The next n-th allocation of the process fails (-1: none). */
WEIR_API void weir_test_fail_allocation(int64_t n);
/* Rewrite rules not to use: "fold,prune", "all"; NULL: use all. The text is referred to. */
WEIR_API void weir_test_rewrites_off(weir *db, const char *rules);
/* Drives one standing query over batches kept in memory into a counting sink, without any
 * database work, for benchmarks: reads `stream`'s rows once, then runs `sql` over them. Returns
 * nanoseconds of the run; *rows_in and *rows_out count rows. WEIR_E_* codes as weir_prepare. */
typedef struct weir_bench_result {
    int64_t rows_in, rows_out, nanoseconds;
    uint64_t hash;  /* order-free hash of the rows out */
} weir_bench_result;
WEIR_API weir_status weir_bench_operators(weir *db, const char *sql, weir_bench_result *out);

#endif
