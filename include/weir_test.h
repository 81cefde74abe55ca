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
    const char *rules_off; /* rewrite rules not to use: "fold,prune", "all"; NULL: use all */
    const char *vfs;       /* the SQLite VFS, registered by the caller, that has the database; NULL: files */
    int rebuild;           /* at opening, every view whose past is there is made anew (weir_verify) */
    int threads;           /* workers (setting workers) are threads; 0: the caller does their tasks, in order */
    int64_t state_log_min; /* bytes of an operator's log that begin a compaction; 0: 1 MB */
    int cache_pages;       /* of the database that the writer keeps; 0: as many as fit into 4 MB, or 64 with an index */
    int simd_off;          /* vector instructions that decoders leave out: 1 AVX-512, 2 AVX2 or NEON as well */
    void (*wait_us)(void *arg, int64_t us, int fd); /* until fd can be read, or less; NULL: beside sleep_us nobody is told of news */
} weir_seams;

/* The next n-th allocation of the process fails (-1: none). Returns what was left of the last request: -1, it
 * has failed or there was none. */
WEIR_API int64_t weir_test_fail_allocation(int64_t n);
/* Wakes one of the bugs that a build with -Dplanted=true holds (base/plant.h), and no other; NULL: none.
 * 0: this build holds none. */
WEIR_API int weir_test_plant(const char *name);
/* Vector instructions of this processor that decoders know of: 2 AVX-512, 1 AVX2 or NEON, 0 none. */
WEIR_API int weir_test_simd(void);
/* Bytes that the library has allocated in this process. */
WEIR_API int64_t weir_test_memory_used(void);
/* Rows that the operators of a view keep as state, its own rows aside; -1: no such view. */
WEIR_API int64_t weir_test_state_rows(weir *db, const char *view);
/* How commits are synced: "off", "normal", "full". */
WEIR_API const char *weir_test_synchronous(weir *db);
/* Benchmarks: reads the rows of the streams that `sql` (a SELECT) is over into memory, then runs its operators
 * over the ready batches into a counting sink, `runs` times, without any database work. Several streams come
 * interleaved, each at the pace at which all end together. `with_hash`: a run before the others hashes the rows
 * out, untimed. WEIR_E_* as weir_prepare. */
enum { WEIR_BENCH_RUNS_MAX = 64 };
typedef struct weir_bench_run {
    int64_t wall_us, cpu_us;
} weir_bench_run;
typedef struct weir_bench_result {
    int64_t rows_in, rows_out;
    weir_bench_run runs[WEIR_BENCH_RUNS_MAX];
    uint64_t hash;         /* order-free hash of the rows out, 0 without with_hash */
    int64_t state_bytes;   /* that the library has allocated for the query by the end of a run */
    int64_t state_rows;    /* that its operators keep then */
} weir_bench_result;
WEIR_API weir_status weir_bench_operators(weir *db, const char *sql, int runs, int with_hash,
                                          weir_bench_result *out);
/* The same rows through the operators of a standing view into its table, with a commit every 65,536 rows: one run of
 * a database that has not run before and will not afterwards. */
WEIR_API weir_status weir_bench_sink(weir *db, const char *view, weir_bench_result *out);
/* Reads all rows of a stream into columns and drops them: `columns` is a list of names, or NULL
 * for all. Returns as above; rows_out is 0. */
WEIR_API weir_status weir_bench_decode(weir *db, const char *stream, const char *columns, int runs,
                                       weir_bench_result *out);
/* What commits have taken so far, by the clock. */
WEIR_API int64_t weir_bench_commit_us(weir *db);

#endif
