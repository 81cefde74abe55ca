/* bench_kernels.c: cycles per row of kernels and of whole expressions, the naive loop beside them.
 * Prints one line each; the figure is the least of many runs over 4,096 rows that lie in L2. */
#include "base/decimal.h"
#include "exec/expr/expr.h"
#include "exec/kernel/kernel.h"
#include "exec/state/kept_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = BATCH_ROWS_MAX, RUNS = 2000 };

#if defined(__x86_64__)
static uint64_t ticks(void)
{
    return __builtin_ia32_rdtsc();
}
#else
static uint64_t ticks(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
#endif

extern const FuncDef *const func_table[];

static Arena arena;
static int64_t ints[ROWS], small[ROWS], out[ROWS];
static double doubles[ROWS], double_out[ROWS];
static uint8_t bytes[ROWS];
static uint16_t half[ROWS];
static int nhalf;
static Int128 digits[ROWS], digits_out[ROWS];

typedef void (*Load)(void);

static double best(Load f)
{
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < RUNS; i++) {
        uint64_t t = ticks();
        f();
        t = ticks() - t;
        if (t < least) least = t;
    }
    return (double)least / ROWS;
}

static void report(const char *name, Load f, Load naive)
{
    printf("%-32s %6.2f", name, best(f));
    if (naive) printf("   naive %6.2f", best(naive));
    printf("\n");
}

static const int64_t SEVEN = 7, DIVISOR = 123, BOUND = 1 << 20;
static const double FACTOR = 0.908;

static void add(void)
{
    kernel_add_i64(ints, false, &SEVEN, true, out, NULL, ROWS);
}
static void add_half(void)
{
    kernel_add_i64(ints, false, &SEVEN, true, out, half, nhalf);
}
static void mul(void)
{
    kernel_mul_i64(small, false, &SEVEN, true, out, NULL, ROWS);
}
static void mod_small(void)
{
    kernel_mod_i64(small, false, &DIVISOR, true, out, NULL, ROWS);
}
static void mod_large(void)
{
    kernel_mod_i64(ints, false, &DIVISOR, true, out, NULL, ROWS);
}
static void mul_double(void)
{
    kernel_mul_f64(doubles, false, &FACTOR, true, double_out, NULL, ROWS);
}
static const Int128 DIGITS = 908;
static void mul_digits(void)
{
    kernel_mul_i128(digits, false, &DIGITS, true, digits_out, NULL, ROWS);
}
static void mul_digits_naive(void)
{
    for (int i = 0; i < ROWS; i++) decimal_mul(DIGITS, 3, digits[i], 0, TYPE_DECIMAL_(23, 3), &digits_out[i]);
}
static void widen(void)
{
    kernel_widen_i64(small, 1, digits_out, NULL, ROWS);
}
static void widen_naive(void)
{
    for (int i = 0; i < ROWS; i++) decimal_rescale(small[i], 0, TYPE_DECIMAL_(19, 0), &digits_out[i]);
}
static void less(void)
{
    kernel_compare(TYPE_BIGINT, CMP_LT)(small, false, &BOUND, true, bytes, NULL, ROWS);
}

#ifdef __clang__
#define NAIVE /* its loops are vectorised: the naive twin is not so naive */
#else
#define NAIVE __attribute__((optimize("no-tree-vectorize")))
#endif
static void NAIVE add_naive(void)
{
    for (int i = 0; i < ROWS; i++)
        if (__builtin_add_overflow(ints[i], SEVEN, &out[i])) out[i] = 0;
}
static void NAIVE mod_naive(void)
{
    const volatile int64_t *d = &DIVISOR;
    for (int i = 0; i < ROWS; i++) out[i] = small[i] % *d;
}
static void NAIVE less_naive(void)
{
    for (int i = 0; i < ROWS; i++) bytes[i] = small[i] < BOUND;
}

/* ---- whole expressions ---- */

static ExprProgram *program;
static Batch batch;
static Column cols[2];
static EvalEnv env = {.watermark_us = INT64_MIN, .regex_match_limit = 1000000};

static const FuncDef *find(const char *name, const char *args)
{
    for (const FuncDef *const *l = func_table; *l; l++)
        for (const FuncDef *f = *l; f->name; f++)
            if (strcmp(f->name, name) == 0 && strcmp(f->args, args) == 0) return f;
    exit(1);
}

static BExpr *call(const char *name, const char *pattern, Type t, BExpr *x, BExpr *y)
{
    BExpr *e = new_one(&arena, BExpr);
    *e = (BExpr){.kind = BE_CALL, .type = t, .func = find(name, pattern), .nargs = 2};
    e->args = new (&arena, BExpr *, 2);
    e->args[0] = x;
    e->args[1] = y;
    return e;
}
static BExpr *constant(int64_t v)
{
    BExpr *e = new_one(&arena, BExpr);
    *e = (BExpr){.kind = BE_CONST, .type = TYPE_BIGINT_, .value = value_int(v)};
    return e;
}
static BExpr *column(int i)
{
    BExpr *e = new_one(&arena, BExpr);
    *e = (BExpr){.kind = BE_COLUMN, .type = TYPE_BIGINT_, .col = i};
    return e;
}

static void filter(void)
{
    static uint16_t sel[ROWS];
    ArenaMark m = arena_mark(&arena);
    expr_filter(program, &batch, &env, &arena, sel, NULL);
    arena_release(&arena, m);
}
static void evaluate(void)
{
    Column c;
    ArenaMark m = arena_mark(&arena);
    expr_eval(program, &batch, &env, &arena, &c);
    arena_release(&arena, m);
}

static void bench_expressions(void)
{
    Type b = TYPE_OF(TYPE_BOOLEAN), i = TYPE_BIGINT_;
    BExpr *mod = call("%", "ii", i, column(1), constant(123));
    const BExpr *e = call("=", "cc", b, mod, constant(0));
    cols[0] = (Column){.type = i, .data = ints};
    cols[1] = (Column){.type = i, .data = small};
    batch = (Batch){.rows = ROWS, .ncols = 2, .cols = cols};
    expr_compile(&e, 1, &arena, &program, NULL);
    report("WHERE x % 123 = 0", filter, NULL);
    e = call("<", "cc", b, column(1), constant(BOUND));
    expr_compile(&e, 1, &arena, &program, NULL);
    report("WHERE x < c", filter, less_naive);
    e = call("+", "ii", i, call("*", "ii", i, column(1), constant(3)), constant(1));
    expr_compile(&e, 1, &arena, &program, NULL);
    report("SELECT x * 3 + 1", evaluate, NULL);
}

/* ---- wide rows, kept ---- */

enum { WIDE = 6, TEXT_BYTES = 60 };
static Column wide[WIDE];
static KeptRows kept;
static StateHeap heap;
static int32_t all[ROWS];
static uint8_t *blocks[ROWS];

static void free_blocks(void)
{
    for (int i = 0; i < ROWS; i++) kept_row_free(&kept, &heap, blocks[i]);
}
static void keep(void)
{
    kept_rows_make(&kept, &heap, wide, NULL, NULL, all, ROWS, blocks);
    free_blocks();
}
static void keep_one_by_one(void)
{
    ArenaMark m = arena_mark(&arena);
    PackedKeys k = key_pack(&kept.layout, wide, NULL, all, ROWS, &arena);
    for (int i = 0; i < ROWS; i++)
        blocks[i] = kept_row_make(&kept, &heap, k.words + (ptrdiff_t)i * kept.layout.words, k.nulls[i], (Str){0});
    free_blocks();
    arena_release(&arena, m);
}

static void bench_kept(void)
{
    Type types[WIDE];
    for (int c = 0; c < WIDE; c++) {
        types[c] = c % 2 ? TYPE_OF(TYPE_TEXT) : TYPE_BIGINT_;
        wide[c] = column_new(&arena, types[c], ROWS);
        for (int i = 0; i < ROWS; i++) {
            all[i] = i;
            if (c % 2) COL(Text, &wide[c])[i] = text_ref(new (&arena, char, TEXT_BYTES), TEXT_BYTES);
            else COL(int64_t, &wide[c])[i] = ints[i];
        }
    }
    KeyLayout layout = key_layout_new(&arena, types, WIDE);
    kept = kept_rows_new(&layout, 24, false);
    report("keep 3 numbers, 3 texts", keep, keep_one_by_one);
    for (int c = 0; c < WIDE; c++) wide[c].is_lasting = true;
    report("… that last", keep, NULL);
    heap_clear(&heap);
}

int main(void)
{
    OomFrame f;
    if (!OOM_TRY(&f)) return 1;
    uint64_t x = 1;
    for (int i = 0; i < ROWS; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        ints[i] = (int64_t)(x >> 12);
        small[i] = (int64_t)(x >> 40);
        doubles[i] = (double)small[i];
        digits[i] = small[i];
        if (x >> 63) half[nhalf++] = (uint16_t)i;
    }
    printf("cycles per row of 4,096\n");
    report("a + c", add, add_naive);
    report("a + c, half of the rows", add_half, NULL);
    report("a * c", mul, NULL);
    report("a % c, a below 2^31", mod_small, mod_naive);
    report("a % c, a large", mod_large, mod_naive);
    report("double a * c", mul_double, NULL);
    report("decimal a * c", mul_digits, mul_digits_naive);
    report("decimal of a", widen, widen_naive);
    report("a < c", less, less_naive);
    bench_expressions();
    bench_kept();
    OOM_END(&f);
    return 0;
}
