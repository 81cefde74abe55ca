/* bench_groups.c: nanoseconds per key of a table of groups that grows from nothing, in batches of 4,096 and epochs of
 * 16 batches; the least of several runs. Beside it, to compare: keys and sums in one open-addressed array. */
#include "exec/state/group_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 9, EPOCH_BATCHES = 16, PAYLOAD = 32 };

static Arena arena;
static KeyLayout layout;
static int64_t *keys;
static int32_t rows[BATCH_ROWS_MAX];

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint8_t *groups[BATCH_ROWS_MAX], *fresh[BATCH_ROWS_MAX];

/* Finds or makes the groups of n keys; with `steps` each counts and sums. */
static void table_run(int n, bool steps)
{
    GroupTable t;
    group_table_init(&t, &layout, PAYLOAD);
    for (int at = 0, batch = 0; at < n; at += BATCH_ROWS_MAX, batch++) {
        ArenaMark mark = arena_mark(&arena);
        Column c = {.type = TYPE_BIGINT_, .data = keys + at};
        int some = n - at < BATCH_ROWS_MAX ? n - at : BATCH_ROWS_MAX;
        PackedKeys k = key_pack(&layout, &c, NULL, rows, some, &arena);
        group_table_find(&t, &k, groups, fresh);
        for (int i = 0; steps && i < some; i++) {
            int64_t *cell = (int64_t *)(void *)groups[i];
            cell[0]++;
            cell[1] += keys[at + i];
        }
        if (batch % EPOCH_BATCHES == EPOCH_BATCHES - 1) group_table_settle(&t);
        arena_release(&arena, mark);
    }
    group_table_free(&t);
}

typedef struct Simple {
    int64_t key, count, sum;
} Simple;

static size_t simple_home(int64_t key, size_t size) { return (uint64_t)key * 0x9e3779b97f4a7c15u >> 32 & (size - 1); }

static void simple_run(int n, bool steps)
{
    (void)steps;
    size_t size = 16, live = 0;
    Simple *t = calloc(size, sizeof *t);
    for (int i = 0; i < n; i++) {
        if (live * 2 >= size) {
            Simple *old = t;
            t = calloc(size * 2, sizeof *t);
            for (size_t o = 0; o < size; o++) {
                if (!old[o].count) continue;
                size_t at = simple_home(old[o].key, size * 2);
                while (t[at].count) at = (at + 1) & (size * 2 - 1);
                t[at] = old[o];
            }
            free(old);
            size *= 2;
        }
        size_t at = simple_home(keys[i], size);
        while (t[at].count && t[at].key != keys[i]) at = (at + 1) & (size - 1);
        live += !t[at].count;
        t[at].key = keys[i];
        t[at].count++;
        t[at].sum += keys[i];
    }
    free(t);
}

static double best(void (*run)(int n, bool steps), int n, bool steps)
{
    double least = 1e9;
    for (int r = 0; r < RUNS; r++) {
        double start = seconds();
        run(n, steps);
        double took = seconds() - start;
        if (took < least) least = took;
    }
    return least / n * 1e9;
}

int main(void)
{
    OomFrame f;
    if (!OOM_TRY(&f)) return 1;
    enum { MOST = 3 << 20 };
    Type type = TYPE_BIGINT_;
    layout = key_layout_new(&arena, &type, 1);
    keys = calloc(MOST, sizeof *keys);
    for (int i = 0; i < BATCH_ROWS_MAX; i++) rows[i] = i;
    static const struct { const char *name; int n; uint64_t of; } CASES[] = {
        {"300 k rows of 10 M keys", 300000, 10000000}, {"300 k of 1 M", 300000, 1000000}, {"300 k of 10 k", 300000, 10000},
        {"3 M of 10 M", 3000000, 10000000}, {"3 M of 1 M", 3000000, 1000000}};
    for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++) {
        uint64_t x = 1;
        for (int i = 0; i < CASES[c].n; i++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            keys[i] = (int64_t)((x >> 33) % CASES[c].of);
        }
        printf("%-26s find %6.1f   find and step %6.1f   simple %6.1f\n", CASES[c].name, best(table_run, CASES[c].n, false),
               best(table_run, CASES[c].n, true), best(simple_run, CASES[c].n, true));
    }
    free(keys);
    OOM_END(&f);
    return 0;
}
