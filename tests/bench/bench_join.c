/* bench_join.c: rows per second through one join operator, in batches of 4,096 and epochs of 16
 * batches; with an argument state records are made too. Left: a row per key, right: many; each right row finds one left. */
#include "exec/op/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { KEYS = 100000, RIGHT_ROWS = 2000000, EPOCH_BATCHES = 16, NCOLS = 3 };

static Arena plan_arena, arena, batch_scratch, epoch_scratch;
static int64_t pairs, record_bytes;
static bool saves;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void sink_push(Op *op, int port, const Batch *b)
{
    (void)op, (void)port;
    pairs += batch_count(b);
}
static const OpClass sink_class = {.name = "sink", .push = sink_push};

static uint64_t state = 1;
static int64_t random_below(int64_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((state >> 33) % (uint64_t)n);
}

static const Type TYPES[NCOLS] = {
    {.kind = TYPE_BIGINT, .int_bits = 64}, {.kind = TYPE_TIMESTAMP, .precision = 3}, {.kind = TYPE_BIGINT, .int_bits = 64}};

/* key, time, value of `rows` rows from number `at` on. */
static void push_some(Op *op, int port, int64_t at, int rows)
{
    static int64_t data[NCOLS][BATCH_ROWS_MAX];
    Column cols[NCOLS];
    for (int c = 0; c < NCOLS; c++) cols[c] = (Column){.type = TYPES[c], .data = data[c]};
    for (int i = 0; i < rows; i++) {
        data[0][i] = port ? random_below(KEYS) : at + i;
        data[1][i] = port ? (at + i) * 1000 : 0;
        data[2][i] = at + i;
    }
    Batch b = {.rows = rows, .ncols = NCOLS, .cols = cols, .judge_max = INT64_MIN};
    op->cls->push(op, port, &b);
    arena_reset(&batch_scratch);
}

static void end_epoch(Op *op, int64_t left, int64_t right)
{
    op->port_watermark[0] = left;
    op->port_watermark[1] = right;
    op->cls->flush(op, left < right ? left : right);
    StateWriter w = {.buf = {.arena = &epoch_scratch}};
    if (saves) op->cls->save(op, &w, false);
    record_bytes += w.buf.n;
    arena_reset(&batch_scratch);
    arena_reset(&epoch_scratch);
}

/* Rows per second of the right side. */
static double run(Op *op, int64_t lag)
{
    for (int64_t at = 0; at < KEYS; at += BATCH_ROWS_MAX) push_some(op, 0, at, KEYS - at < BATCH_ROWS_MAX ? (int)(KEYS - at) : BATCH_ROWS_MAX);
    end_epoch(op, INT64_MIN, INT64_MIN);
    record_bytes = 0;
    double t = seconds();
    int batches = 0;
    for (int64_t at = 0; at < RIGHT_ROWS; at += BATCH_ROWS_MAX) {
        push_some(op, 1, at, BATCH_ROWS_MAX);
        if (++batches % EPOCH_BATCHES == 0) end_epoch(op, (at - lag) * 1000, INT64_MIN);
    }
    end_epoch(op, INT64_MIN, INT64_MIN);
    return RIGHT_ROWS / (seconds() - t);
}

static void measure(const char *name, JoinSpec spec, int64_t lag)
{
    static int32_t key[1] = {0};
    static bool safe[1];
    static PhysOp inputs[2];
    static PhysOp *both[2] = {&inputs[0], &inputs[1]};
    static Field fields[2 * NCOLS];
    for (int i = 0; i < 2 * NCOLS; i++) fields[i].type = TYPES[i % NCOLS];
    for (int s = 0; s < 2; s++) inputs[s] = (PhysOp){.fields = fields + s * NCOLS, .nfields = NCOLS};
    spec.left_keys = spec.right_keys = key;
    spec.null_safe = safe;
    spec.nkeys = 1;
    spec.left_time = spec.right_time = 1;
    spec.key_window_end = -1;
    PhysOp plan = {.kind = PHYS_JOIN, .inputs = both, .ninputs = 2, .fields = fields, .nfields = 2 * NCOLS, .join = &spec};
    OpContext ctx = {.batch_scratch = &batch_scratch, .epoch_scratch = &epoch_scratch};
    Diags d = {.arena = &plan_arena};
    Op *op, sink;
    if (op_join_open(&plan, &ctx, &arena, &op, &d) != WEIR_OK) abort();
    op_init(&sink, &sink_class, &(PhysOp){.ninputs = 1}, &ctx, &arena);
    op_connect(op, &sink, 0);
    pairs = 0;
    double rate = run(op, lag);
    printf("%-24s %6.2f M rows/s, %4.0f ns a row, %8lld pairs, state %6.1f MB of %lld rows, records %.0f bytes a row\n", name, rate / 1e6,
           1e9 / rate, (long long)pairs, (double)op->cls->state_bytes(op) / 1e6, (long long)op->cls->state_rows(op),
           (double)record_bytes / RIGHT_ROWS);
    op->cls->close(op);
    arena_free(&arena);
}

int main(int argc, char **argv)
{
    (void)argv;
    saves = argc > 1;
    measure("inner", (JoinSpec){.kind = JOIN_INNER}, 0);
    measure("left", (JoinSpec){.kind = JOIN_LEFT}, 0);
    measure("inner, retracting", (JoinSpec){.kind = JOIN_INNER, .left_retracts = true, .right_retracts = true}, 0);
    JoinSpec interval = {.kind = JOIN_INNER, .match = JOIN_INTERVAL, .before_us = INT64_C(1) << 50};
    measure("interval", interval, 200000);
    arena_free(&plan_arena);
    arena_free(&batch_scratch);
    arena_free(&epoch_scratch);
    return 0;
}
