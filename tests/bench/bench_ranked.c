/* bench_ranked.c: rows per second through Top-N and OVER, in batches of 4,096 and epochs of 16
 * batches: rows like Nexmark's bids, half of them on a hot auction, three quarters by a hot bidder.
 * With state records where an argument is given. */
#include "exec/op/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 1 << 20, EPOCH_BATCHES = 16, AUCTION = 0, BIDDER, PRICE, CHANNEL, URL, TIME, EXTRA, NCOLS };

static Arena plan_arena, arena, batch_scratch, epoch_scratch, data_arena;
static int64_t rows_out, record_bytes;
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
    rows_out += batch_count(b);
}
static const OpClass sink_class = {.name = "sink", .push = sink_push};

static uint64_t state = 1;
static int64_t random_below(int64_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((state >> 33) % (uint64_t)n);
}

static const Type TYPES[NCOLS] = {
    [AUCTION] = {.kind = TYPE_BIGINT, .int_bits = 64}, [BIDDER] = {.kind = TYPE_BIGINT, .int_bits = 64},
    [PRICE] = {.kind = TYPE_BIGINT, .int_bits = 64}, [CHANNEL] = {.kind = TYPE_TEXT}, [URL] = {.kind = TYPE_TEXT},
    [TIME] = {.kind = TYPE_TIMESTAMP, .precision = 3}, [EXTRA] = {.kind = TYPE_TEXT}};

static Batch batches[ROWS / BATCH_ROWS_MAX];

static Text some_text(int64_t least, int64_t most)
{
    int64_t n = least + random_below(most - least + 1);
    char *p = arena_alloc_raw(&data_arena, n, 1);
    for (int64_t i = 0; i < n; i++) p[i] = (char)('a' + random_below(26));
    return text_ref(p, n);
}

static void fill_row(Column *cols, int i, int64_t n)
{
    int64_t auctions = n / 15 + 1, bidders = n / 45 + 1;
    COL(int64_t, &cols[AUCTION])[i] = random_below(2) ? auctions / 100 * 100 : auctions - 1 - random_below(auctions < 100 ? auctions : 100);
    COL(int64_t, &cols[BIDDER])[i] = random_below(4) ? bidders / 100 * 100 : bidders - 1 - random_below(bidders < 1000 ? bidders : 1000);
    COL(int64_t, &cols[PRICE])[i] = (int64_t)1 << random_below(24) | random_below(1000);
    COL(int64_t, &cols[TIME])[i] = n / 10 * 1000;
    COL(Text, &cols[CHANNEL])[i] = some_text(5, 12);
    COL(Text, &cols[URL])[i] = some_text(40, 60);
    COL(Text, &cols[EXTRA])[i] = some_text(20, 120);
}

static void make_rows(void)
{
    for (int k = 0; k < ROWS / BATCH_ROWS_MAX; k++) {
        Column *cols = new (&data_arena, Column, NCOLS);
        for (int c = 0; c < NCOLS; c++) cols[c] = column_new(&data_arena, TYPES[c], BATCH_ROWS_MAX);
        uint64_t *offset = new (&data_arena, uint64_t, BATCH_ROWS_MAX);
        for (int i = 0; i < BATCH_ROWS_MAX; i++) {
            offset[i] = (uint64_t)k * BATCH_ROWS_MAX + (uint64_t)i;
            fill_row(cols, i, (int64_t)offset[i]);
        }
        batches[k] = (Batch){.rows = BATCH_ROWS_MAX, .ncols = NCOLS, .cols = cols, .offset = offset, .judge_max = INT64_MIN};
    }
}

static void end_epoch(Op *op)
{
    op->cls->flush(op, INT64_MIN);
    StateWriter w = {.buf = {.arena = &epoch_scratch}};
    if (saves) op->cls->save(op, &w, false);
    record_bytes += w.buf.n;
    arena_reset(&batch_scratch);
    arena_reset(&epoch_scratch);
}

static void measure(const char *name, PhysOp plan, Status (*open)(const PhysOp *, OpContext *, Arena *, Op **, Diags *))
{
    static Field fields[NCOLS + 1];
    for (int i = 0; i <= NCOLS; i++) fields[i].type = i < NCOLS ? TYPES[i] : TYPE_BIGINT_;
    PhysOp input = {.fields = fields, .nfields = NCOLS, .props = {.is_append_only = true, .has_position = true}};
    PhysOp *inputs[1] = {&input};
    plan.inputs = inputs;
    plan.ninputs = 1;
    plan.fields = fields;
    plan.key_window_end = plan.key_window_start = -1;
    OpContext ctx = {.batch_scratch = &batch_scratch, .epoch_scratch = &epoch_scratch};
    Diags d = {.arena = &plan_arena};
    Op *op, sink;
    if (open(&plan, &ctx, &arena, &op, &d) != WEIR_OK) abort();
    op_init(&sink, &sink_class, &(PhysOp){.ninputs = 1}, &ctx, &arena);
    op_connect(op, &sink, 0);
    rows_out = record_bytes = 0;
    double t = seconds();
    for (int k = 0; k < ROWS / BATCH_ROWS_MAX; k++) {
        op->cls->push(op, 0, &batches[k]);
        arena_reset(&batch_scratch);
        if ((k + 1) % EPOCH_BATCHES == 0) end_epoch(op);
    }
    t = seconds() - t;
    printf("%-24s %6.2f M rows/s, %5.0f ns a row, %8lld out, state %6.1f MB of %lld rows, records %.0f bytes a row\n", name, ROWS / t / 1e6,
           t * 1e9 / ROWS, (long long)rows_out, (double)op->cls->state_bytes(op) / 1e6, (long long)op->cls->state_rows(op),
           (double)record_bytes / ROWS);
    op->cls->close(op);
    arena_free(&arena);
}

int main(int argc, char **argv)
{
    (void)argv;
    saves = argc > 1;
    make_rows();
    OrderKey latest = {.col = TIME, .descending = true}, dearest = {.col = PRICE, .descending = true};
    RankSpec last = {.order = &latest, .norder = 1, .npeer = 1, .rank = TOP_ROW_NUMBER, .limit = 1};
    RankSpec ten = {.order = &dearest, .norder = 1, .npeer = 1, .rank = TOP_ROW_NUMBER, .limit = 10, .shows_rank = true};
    RankSpec all = {.order = &(OrderKey){.col = TIME}, .norder = 1, .npeer = 1};
    OverCall number = {.func = OVER_ROW_NUMBER, .type = TYPE_BIGINT_};
    measure("q18: the last row", (PhysOp){.kind = PHYS_TOPN, .nfields = NCOLS, .keys = (int32_t[]){BIDDER, AUCTION}, .nkeys = 2, .ranks = &last}, op_topn_open);
    measure("q19: ten with rank", (PhysOp){.kind = PHYS_TOPN, .nfields = NCOLS + 1, .keys = (int32_t[]){AUCTION}, .nkeys = 1, .ranks = &ten}, op_topn_open);
    measure("over: row_number", (PhysOp){.kind = PHYS_OVER, .nfields = NCOLS + 1, .keys = (int32_t[]){AUCTION}, .nkeys = 1, .ranks = &all, .overs = &number, .novers = 1}, op_over_open);
    arena_free(&data_arena);
    arena_free(&plan_arena);
    arena_free(&batch_scratch);
    arena_free(&epoch_scratch);
    return 0;
}
